"""A call and its answer, the same under `serve` and under WSGI, and the routes of the gateway.

Rule 1: a `Call` is the request before any check; its header names are in lower case.
Rule 2: an `Answer` is complete: its header names, their case and order go to the wire unchanged.
Rule 3: method and path must match exactly, otherwise the API is not found (claim
wrong-path-or-method).
"""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from mock_server.domain.call.wire_script import Damage
from mock_server.domain.readings import Readings
from mock_server.domain.records import dataclass

Header = tuple[str, str]
Headers = tuple[Header, ...]

# The limits on URL and headers together (claim limit-head) and on the body (claim limit-body).
MAX_HEAD_BYTES = 8 * 1024
MAX_BODY_BYTES = 8 * 1024 * 1024


class Operation(StrEnum):
    """The operation that a call asks for. Only the first three are the vendor's and can cost a
    credit.
    """

    SUBMIT_TASK = "submit_task"
    LIST_TASKS = "list_tasks"
    QUERY_TASK = "query_task"
    GET_PICTURE = "get_picture"
    FOLLOW_SHORT_LINK = "follow_short_link"


# claim submit-route; the other two paths are invented: claims list-route, query-route
ROUTES = {
    ("POST", "/submitTask"): Operation.SUBMIT_TASK,
    ("POST", "/taskList"): Operation.LIST_TASKS,
    ("POST", "/queryTask"): Operation.QUERY_TASK,
}
# Routes added by reading query.method: the same queries by GET, with their fields in the query.
GET_ROUTES = {
    ("GET", "/taskList"): Operation.LIST_TASKS,
    ("GET", "/queryTask"): Operation.QUERY_TASK,
}
VENDOR_OPERATIONS = tuple(ROUTES.values())
OWN_PATHS: Mapping[Operation, str] = {operation: path for (_, path), operation in ROUTES.items()}
# The header of an answer that a bug of the simulator caused; it names the exception.
BUG_HEADER = "X-Mock-Server-Bug"
VENDOR_HOST = "aiart.market.alicloudapi.com"  # claim vendor-host


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """Why a server could not read a whole call: the gateway's error and its reason.

    `code` is empty if nothing was answered. `finding` is the finding that explains it, if any, with
    its place (`at`), the sent value and, if the finding's own words do not fit, `says`.
    """

    code: str
    reason: str
    finding: str = ""
    says: str = ""
    at: str = "/protocol"
    sent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. `path` and `query` are raw. `body` is whole, or empty if the call has a defect.

    `named` has the headers by name; the first one counts if a name is repeated, as at the gateway.
    """

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""
    scheme: str = "http"
    defect: Defect | None = None
    named: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the headers by name, because every call reads about a dozen."""
        object.__setattr__(self, "named", dict(self.headers[::-1]))

    @property
    def target(self) -> str:
        """The request target, as in the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, booked or about to be booked.

    The server that writes it applies `delay_ms` (real time) and `damage`. `call_id` is its row in
    the journal, where that server records a client that disconnected early.
    """

    status: int
    headers: Headers
    body: bytes = b""
    delay_ms: int = 0
    damage: Damage | None = None
    call_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """The operations by method and path; `by_get` has those of the reading query.method."""

    by_post: Mapping[tuple[str, str], Operation] = field(default_factory=lambda: ROUTES)
    by_get: Mapping[tuple[str, str], Operation] = field(default_factory=lambda: GET_ROUTES)

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of all operations."""
        return tuple(path for _, path in self.by_post)


OWN_ROUTES = Routes()


def routes_at(paths: Mapping[Operation, str]) -> Routes:
    """Return the routes with some operations at other paths."""
    known = {**OWN_PATHS, **paths}
    return Routes(
        by_post={("POST", path): operation for operation, path in known.items()},
        by_get={("GET", known[each]): each for each in GET_ROUTES.values()},
    )


def operation_of(call: Call, readings: Readings, routes: Routes = OWN_ROUTES) -> Operation | None:
    """Return the operation that a call asks for; None: the API has no such route (claim
    query-method).
    """
    place = (call.method, call.path)
    found = routes.by_post.get(place)
    if found is None and readings.query_method == "post-or-get":
        return routes.by_get.get(place)
    return found


def header(call: Call, name: str) -> str | None:
    """Return the first value of a header (name in lower case); None if it is absent."""
    return call.named.get(name)


def head_bytes(call: Call) -> int:
    """Return the size that counts for the limit on URL and headers, in bytes."""
    size = len(call.method) + len(call.target) + len(" HTTP/1.1\r\n") + 1
    for name, value in call.headers:
        size += len(name) + len(value) + len(": \r\n")
    return size
