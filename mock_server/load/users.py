"""What a locustfile of your own can use: `from mock_server.load.users import ArtqrUser`.

Rule 1: this module imports Locust, which replaces the sockets of its process: import it in a
locustfile only. Everything here waits as gevent does.
Rule 2: the settings are those of the environment that `artqr-mock load` makes: ARTQR_APP_CODE and
its like. They are never on a command line, and not in what Locust prints.
"""

import itertools
import os
import random
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import gevent  # type: ignore[import-untyped]
from gevent.lock import Semaphore  # type: ignore[import-untyped]
from locust import FastHttpUser

from mock_server import contract
from mock_server.domain.answer.envelope import service_body
from mock_server.domain.call.errors import ErrorTables, Means
from mock_server.load import locust_settings as names

FORM = "application/x-www-form-urlencoded; charset=UTF-8"
CALL_S = 10.0
MOST_TRIES = 8
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.5, 30.0
STOPPED_S = 30.0  # after an error that only a person can mend
MOST_POLLS = 120
PAGES = 3  # that are read to find a task
UNFINISHED = ("pending", "running")

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back for a call. `status` 0: nothing. `body`: what the service said, empty if it
    said nothing; `means`: what a client has to do, None after a result."""

    status: int
    code: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    means: Means | None = None

    @property
    def ok(self) -> bool:
        """Whether it is a result."""
        return self.means is None

    @property
    def task_id(self) -> str | None:
        """The task that a submit made."""
        found = self.body.get("task_id")
        return None if found is None else str(found)

    @property
    def has_ended(self) -> bool:
        """Whether a query said that the task has ended."""
        return self.ok and self.body.get("status") not in UNFINISHED

    @property
    def links(self) -> list[str]:
        """The pictures that a query told."""
        found = self.body.get("resList") or []
        return [each if isinstance(each, str) else str(each.get("url")) for each in found]


class ArtqrApi:
    """The three operations, and pictures, over the client of any user of Locust.

    It does what it is told, once: no retry, no pause.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._headers = {
            "Authorization": f"APPCODE {os.environ['ARTQR_APP_CODE']}", "Content-Type": FORM,
        }  # fmt: skip

    def submit(self, **fields: str) -> Reply:
        """Submit a task."""
        return self._call("/submitTask", fields)

    def query(self, task_id: str) -> Reply:
        """Query a task."""
        return self._call("/queryTask", {"task_id": task_id})

    def list_tasks(self, page: int = 1) -> Reply:
        """Read a page of the task list."""
        return self._call("/taskList", {"page": str(page), "maxResult": "50"})

    def fetch(self, link: str) -> int:
        """Fetch a picture; return the status, 0 for no answer."""
        with self._client.get(link, name="picture", catch_response=True) as response:
            status = int(response.status_code or 0)
            if status == 200:
                response.success()
            return status

    def _call(self, path: str, fields: Mapping[str, str]) -> Reply:
        data = urlencode(fields)
        with self._client.post(
            path, data=data, headers=self._headers, name=path, catch_response=True
        ) as response:
            reply = _reply(path, response)
            if reply.ok:
                response.success()
            elif reply.status:
                response.failure(f"{reply.status} {reply.code}".strip())
            return reply


class ArtqrUser(FastHttpUser):
    """A user with `self.api`, and with the steps of a careful client: `order`, `wait_for`.

    A careful client waits longer after each failure, looks into the task list before it repeats a
    submit whose outcome is open, and stops for a while at an error that only a person can mend.
    """

    abstract = True
    network_timeout = CALL_S
    connection_timeout = CALL_S
    styles = ("pet_cat", "food_fryrice", "pet_dog2")

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.api = ArtqrApi(self.client)
        self.poll_s = float(os.environ[names.POLL_S])

    def new_text(self) -> str:
        """Return a text that no user has wanted before: an intent of its own."""
        # Short enough for the 35 characters that the vendor advises, for a million of them.
        return f"https://example.com/{os.getpid()}-{next(_numbers)}"

    def new_style(self) -> str:
        """Return a style."""
        return random.choice(self.styles)  # noqa: S311 - it is a load

    def order(self, text: str, **fields: str) -> str | None:
        """Submit a text until it has a task; return its id, None if the user gave up."""
        fields = {"text": text, "style_id": self.new_style(), **fields}
        is_open, since = False, 0.0
        for tries in range(MOST_TRIES):
            if is_open:
                found, has_looked = self.look_for(since)
                if found is not None:
                    return found
                if not has_looked:
                    self.pause_after(Reply(status=0, means=Means.LOOK), tries)
                    continue
            reply = self.api.submit(**fields)
            if reply.ok:
                _tasks.add(reply.task_id)
                return reply.task_id
            if reply.means is Means.FIX:
                return None
            # The error table advises to look after every 5xx.
            is_open, since = reply.means is Means.LOOK or reply.status >= 500, monotonic()
            self.pause_after(reply, tries)
        return None

    def look_for(self, since: float) -> tuple[str | None, bool]:
        """Return a task of the list that no user knows, that of a submit without an answer; and
        whether the list was read since an instant (of `monotonic`).

        The list does not tell what a task was made of, so each user that looks takes another one.
        What one user has read, the others need not pay for again.
        """
        with _tasks.lock:
            if _tasks.read_at < since:
                wait_s = _tasks.tried_at + names.LEAST_POLL_S - monotonic()
                if wait_s > 0 and _tasks.tried_at > _tasks.read_at:
                    return None, False  # somebody has just tried in vain
                gevent.sleep(max(0.0, wait_s))
                if not self._read_list():
                    return None, False
        return _tasks.take(), True

    def _read_list(self) -> bool:
        began = _tasks.tried_at = monotonic()
        for page in range(1, PAGES + 1):
            reply = self.api.list_tasks(page)
            if not reply.ok:
                return False
            _tasks.offer(str(each["task_id"]) for each in reply.body.get("contentlist", ()))
            if page >= int(reply.body.get("allPages", 1)):
                break
        _tasks.read_at = began
        return True

    def wait_for(self, task_id: str) -> list[str]:
        """Poll a task until it has ended; return its pictures, none if it failed."""
        failures = 0
        for _ in range(MOST_POLLS):
            gevent.sleep(self.poll_s)
            reply = self.api.query(task_id)
            if reply.has_ended:
                return reply.links
            if reply.ok:
                failures = 0
                continue
            failures += 1
            if failures >= MOST_TRIES:
                return []
            self.pause_after(reply, failures)
        return []

    def wait_for_all(self, task_ids: Collection[str]) -> dict[str, list[str]]:
        """Read the list until tasks have ended; return the pictures of each. What the first pages
        do not show, because others have submitted since, is queried."""
        links: dict[str, list[str]] = {}
        for _ in range(MOST_POLLS):
            gevent.sleep(self.poll_s)
            left = set(task_ids) - set(links)
            listed = self._listed(left)
            links |= {each: reply.links for each, reply in listed.items() if reply.has_ended}
            links |= {each: self.wait_for(each) for each in left - set(listed)}
            if len(links) == len(task_ids):
                break
        return links

    def _listed(self, wanted: Collection[str]) -> dict[str, Reply]:
        found: dict[str, Reply] = {}
        for page in range(1, PAGES + 1):
            reply = self.api.list_tasks(page)
            rows = {str(each["task_id"]): each for each in reply.body.get("contentlist", ())}
            found |= {n: Reply(status=200, body=rows[n]) for n in wanted if n in rows}
            if len(found) == len(wanted) or page >= int(reply.body.get("allPages", 1)):
                break
        return found

    def pause_after(self, reply: Reply, tries: int) -> None:
        """Wait as long as a careful client does after a failure, longer after each."""
        if reply.means in (Means.BUY, Means.STOP):
            gevent.sleep(STOPPED_S)
            return
        most = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**tries)
        gevent.sleep(most * random.uniform(0.5, 1.0))  # noqa: S311


class _Tasks:
    """The tasks that users of this process know, and those that nobody does. `tried_at`, `read_at`:
    when somebody last tried to read the list, and did."""

    def __init__(self) -> None:
        self.lock = Semaphore()
        self.tried_at = 0.0
        self.read_at = 0.0
        self._known: set[str] = set()
        self._found: dict[str, None] = {}

    def add(self, task_id: str | None) -> None:
        """Note a task that a user knows."""
        if task_id is not None:
            self._known.add(task_id)
            self._found.pop(task_id, None)

    def offer(self, task_ids: Iterable[str]) -> None:
        """Note what the list shows."""
        self._found |= dict.fromkeys(each for each in task_ids if each not in self._known)

    def take(self) -> str | None:
        """Return a task that nobody knows; from now on somebody does."""
        found = next(iter(self._found), None)
        self.add(found)
        return found


_tasks = _Tasks()


def _reply(path: str, response: Any) -> Reply:
    status = int(response.status_code or 0)
    if not status:
        return Reply(status=0, means=Means.LOOK if path == "/submitTask" else Means.WAIT)
    headers = response.headers or {}
    code = str(headers.get("X-Ca-Error-Code") or "")
    body = service_body(response.content or b"")
    if status == 200 and body and str(body.get("ret_code")) == "0":
        return Reply(status=status, body=body)
    return Reply(status=status, code=code, body=body or {}, means=_means(path, status, code, body))


def _means(path: str, status: int, code: str, body: Mapping[str, Any] | None) -> Means:
    """Return what an error asks of a client."""
    row = _tables().row_of(code, status, "") if code else None
    asked = row.means if row is not None else None
    if asked is None and status == 450:
        asked = Means.FIX if path == "/submitTask" else Means.WAIT
    if asked is None:
        is_service = body is not None and status == 200
        asked = Means.WAIT if is_service or status == 429 else Means.LOOK
    is_question = path != "/submitTask"
    return Means.WAIT if asked is Means.LOOK and is_question else asked


@cache
def _tables() -> ErrorTables:
    return contract.load_catalogue().errors
