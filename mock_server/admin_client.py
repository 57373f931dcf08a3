"""The admin API as a Python caller sees it: over HTTP, like anybody else."""

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, unquote, urlencode

from mock_server.direct_http import READ_S, DirectHttp, LateError, NoAnswerError, Reply
from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.call.redaction import redact_address
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import printable_lines

# pytest shows the line of the test that called, not the lines of this module.
__tracebackhide__ = True

MOST_IDS = 10
PAGE = 500  # rows
NEWEST = 2**62  # above every id and number
FINDINGS_PAGE = 500  # calls with findings
FORM = "application/x-www-form-urlencoded; charset=UTF-8"


Query = Mapping[str, str | int]


class UnreachableError(Exception):
    """Nobody answers at the address."""


class RefusedError(Exception):
    """The server refused; the message is its own."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(printable_lines(detail))
        self.status = status


class AdminClient:
    """Talks to `/_mock` of a running server. Every method raises UnreachableError, RefusedError."""

    def __init__(
        self, base_url: str, token: str | None = None, ca_file: Path | None = None
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._shown = redact_address(self.base_url)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = DirectHttp(ca_file)

    def __enter__(self) -> Self:
        """Use the client for the length of a `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close its connections."""
        self._http.close()

    def get(self, path: str, **query: str | int) -> Any:
        """Return what GET `/_mock{path}` answers."""
        return self._call("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Return what POST `/_mock{path}` answers."""
        return self._call("POST", path, body or {})

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        """Return what PATCH `/_mock{path}` answers."""
        return self._call("PATCH", path, body)

    def delete(self, path: str) -> None:
        """DELETE `/_mock{path}`."""
        self._call("DELETE", path)

    def every(self, path: str, name: str, after: int = 0) -> list[dict[str, Any]]:
        """Return everything of a listing, read page by page; `name` is its field."""
        return [row for page in self.pages(path, name, after) for row in page]

    def pages(
        self, path: str, name: str, after: int = 0, query: Query | None = None
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield a listing page by page; `name` is its field."""
        following: int | None = after
        while following is not None:
            page = self.get(path, after=following, limit=PAGE, **(query or {}))
            yield page[name]
            following = page["next"]

    def pages_back(
        self, path: str, name: str, size: int = PAGE, query: Query | None = None
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield a listing from its end, page by page; the rows of each are oldest first."""
        before, size = NEWEST, min(size, PAGE)
        while True:
            rows: list[dict[str, Any]] = self.get(path, before=before, limit=size, **(query or {}))[
                name
            ]
            if rows:
                yield rows
            if len(rows) < size:
                return
            before = rows[0]["number" if name == "tasks" else "id"]

    def reset_all(self) -> dict[str, Any]:
        """Delete every account but the default one, reset that, and drop the calls without one.

        Returns `deleted`, how many accounts that were, and `account`, the default one.
        """
        done: dict[str, Any] = self.post("/reset")
        return done

    def findings(
        self, severity: str | None = None, path: str = "", *, ended: bool = False
    ) -> dict[str, Any]:
        """Return every finding with the counts, read page by page: of the account that `path` is,
        else of the calls that name none. `ended`: no more calls come."""
        wanted = {} if severity is None else {"severity": severity}
        wanted |= {"ended": "true"} if ended else {}
        what = f"{path}/findings"
        found: dict[str, Any] = self.get(what, limit=FINDINGS_PAGE, **wanted)
        while found["next"] is not None:
            query: dict[str, str | int] = {**wanted, "after": found["next"]}
            page = self.get(what, limit=FINDINGS_PAGE, **query)
            found = {**page, "findings": found["findings"] + page["findings"]}
        return found

    def account_named(self, name_or_id: str) -> "AccountClient":
        """Return the client of the account with this id, else of the only one with this name.

        Raises UsageError where no account, or more than one, has the name.
        """
        if name_or_id == DEFAULT_ID:
            return self.account(DEFAULT_ID)
        accounts = self.get("/accounts")["accounts"]
        if any(each["id"] == name_or_id for each in accounts):
            return self.account(name_or_id)
        ids = [each["id"] for each in accounts if each["name"] == name_or_id]
        if len(ids) == 1:
            return self.account(ids[0])
        if ids:
            raise UsageError(
                f"{len(ids)} accounts are named {name_or_id[:64]!r}: choose one by its id: "
                f"{', '.join(ids[:MOST_IDS])}{', …' * (len(ids) > MOST_IDS)}"
            )
        raise UsageError(
            f"no account has the id or name {name_or_id[:64]!r}: `artqr-mock account list` lists "
            "them, `artqr-mock account create` makes one"
        )

    def account(self, account_id: str) -> "AccountClient":
        """Return the client of one account's routes."""
        return AccountClient(self, f"/accounts/{quote(account_id, safe='')}")

    def wait_until_ready(self, seconds: float) -> bool:
        """Wait for a server that answers; False if there is none within the time."""
        return self.why_not_ready(seconds) is None

    def why_not_ready(self, seconds: float) -> str | None:
        """Wait for a server that answers; return why the last try failed after the time."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.get("/readyz")
            except UnreachableError as error:
                why = str(error)
            except RefusedError as error:
                why = f"{self._shown} is not ready: {error}"
            else:
                return None
            left = deadline - time.monotonic()
            if left <= 0:
                return why
            time.sleep(min(0.05, left))

    def submit(self, app_code: str, fields: Mapping[str, str]) -> None:
        """Submit a task as a client of the API would, and make nothing of the answer."""
        headers = {"Authorization": f"APPCODE {app_code}", "Content-Type": FORM}
        self._send("POST", f"{self.base_url}/submitTask", headers, urlencode(fields).encode())

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        url = f"{self.base_url}/_mock{path}"
        typed = {} if body is None else {"Content-Type": "application/json"}
        data = b"" if body is None else json.dumps(body).encode()
        answer = self._send(method, url, {**self._headers, **typed}, data)
        value = _value(answer)
        if answer.status >= 400:
            said = value.get("detail") if isinstance(value, dict) else None
            if not isinstance(said, str):
                said = f"HTTP {answer.status} at {self._shown}/_mock{path}"
            raise RefusedError(answer.status, said)
        return value

    def _send(self, method: str, url: str, headers: Mapping[str, str], data: bytes) -> Reply:
        try:
            return self._http.request(method, url, headers, data)
        except LateError:
            raise UnreachableError(
                f"{self._shown} took the call and has not answered for {READ_S:g} s"
            ) from None
        except NoAnswerError as error:
            raise UnreachableError(
                f"no artqr-mock answers at {self._shown} ({error}): start one with "
                "`artqr-mock serve`, or name another with --url"
            ) from None


def _value(answer: Reply) -> Any:
    """Return the JSON of an answer, else its bytes: another server may call anything JSON."""
    if "json" not in answer.headers.get("content-type", ""):
        return answer.data
    try:
        return json.loads(answer.data)
    except (ValueError, RecursionError):
        return answer.data


class AccountClient:
    """The routes of one account."""

    def __init__(self, admin: AdminClient, path: str) -> None:
        self._admin = admin
        self._path = path
        self.id = unquote(path.rpartition("/")[2])
        self.base_url = admin.base_url

    def get(self, what: str = "", **query: str | int) -> Any:
        """Return what GET of this account, or of something of it, answers."""
        return self._admin.get(self._path + what, **query)

    def post(self, what: str, body: dict[str, Any] | None = None) -> Any:
        """Return what POST to something of this account answers."""
        return self._admin.post(self._path + what, body)

    def patch(self, body: dict[str, Any], what: str = "") -> Any:
        """Return what PATCH of this account, or of something of it, answers."""
        return self._admin.patch(self._path + what, body)

    def delete(self, what: str) -> None:
        """DELETE something of this account."""
        self._admin.delete(self._path + what)

    def dropped_calls(self) -> int:
        """Return how many calls the bounded journal has let go."""
        dropped: int = self.get("/calls", limit=1)["dropped"]
        return dropped

    def findings(self, severity: str | None = None, *, ended: bool = False) -> dict[str, Any]:
        """Return every finding, page by page, with the counts."""
        return self._admin.findings(severity, self._path, ended=ended)

    def calls(self, after: int = 0) -> list[dict[str, Any]]:
        """Return every journalled call; only those after one, by its id."""
        return self.every("/calls", "calls", after)

    def every(self, what: str, name: str, after: int = 0) -> list[dict[str, Any]]:
        """Return everything of a listing, read page by page; `name` is its field."""
        return self._admin.every(self._path + what, name, after)

    def pages(
        self, what: str, name: str, after: int = 0, query: Query | None = None
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield a listing page by page; `name` is its field."""
        return self._admin.pages(self._path + what, name, after, query)

    def pages_back(
        self, what: str, name: str, size: int = PAGE, query: Query | None = None
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield a listing from its end, page by page; the rows of each are oldest first."""
        return self._admin.pages_back(self._path + what, name, size, query)

    def last_calls(self, count: int) -> list[dict[str, Any]]:
        """Return the last `count` journalled calls, oldest first."""
        return last(self.pages_back("/calls", "calls", count), count)


def last(pages_back: Iterator[list[dict[str, Any]]], count: int) -> list[dict[str, Any]]:
    """Return the last `count` rows of a listing that is read from its end, oldest first."""
    found: list[dict[str, Any]] = []
    for page in pages_back:
        found = page + found
        if len(found) >= count:
            break
    return found[-count:]
