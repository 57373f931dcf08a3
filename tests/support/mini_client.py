"""A small client of the API in the process of the test, which gets into the situation of any drill.

It submits every text at once, so that tasks are open together, and queries each until it ends.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import urllib3

from mock_server.domain.answer.envelope import service_body
from mock_server.rehearsal.drill import Drill
from mock_server.testing.world import World
from tests.support.receivers import receiving
from tests.support.signed import Request, Signer, with_app_code

LONGEST_S = 5.0
PAUSE_S = 0.1
PATIENT_S = 10.0
STYLE = {"style_id": "pet_cat"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MiniClient:
    """`call_back`: the address that it passes; `timeout_s`: how long it waits for an answer."""

    world: World
    signs: bool = False
    call_back: str | None = None
    timeout_s: float = PATIENT_S

    def submit(self, text: str) -> str | None:
        """Return the id of a new task, None if the answer has none."""
        fields = {**STYLE, "text": text}
        if self.call_back is not None:
            fields["call_back"] = self.call_back
        task_id = self.call("/submitTask", fields).get("task_id")
        return None if task_id is None else str(task_id)

    def pictures(self, task_id: str) -> list[str]:
        """Query a task, and return its links: none while it has not ended."""
        links = self.call("/queryTask", {"task_id": task_id}).get("resList") or []
        return [each if isinstance(each, str) else each["url"] for each in links]

    def call(self, path: str, fields: Mapping[str, str]) -> dict[str, Any]:
        """Return what the service says, nothing if the answer is no good."""
        try:
            answer = self.answer(path, fields)
        except urllib3.exceptions.HTTPError:
            return {}
        return service_body(answer.data) or {}

    def answer(
        self, path: str, fields: Mapping[str, str], *, signed_ago_ms: int = 0
    ) -> urllib3.BaseHTTPResponse:
        """Return the answer to a call, which may have been signed some time ago."""
        request = Request(target=path, body=urlencode(fields).encode())
        if self.signs:
            signed_at = str(time.time_ns() // 1_000_000 - signed_ago_ms)
            signer = Signer(key=self.world.app_key, secret=self.world.app_secret)
            request = signer.signed(request.with_headers(X_Ca_Timestamp=signed_at))
        else:
            request = with_app_code(self.world.app_code, request)
        return urllib3.request(
            request.method, self.world.base_url + path, body=request.body,
            headers=dict(request.headers), retries=False, timeout=self.timeout_s,
        )  # fmt: skip

    def work(self, drill: Drill) -> None:
        """Submit every text, query each task until it ends, and fetch its pictures."""
        waiting = [task_id for text in drill.texts if (task_id := self.submit(text))]
        deadline = time.monotonic() + LONGEST_S
        while waiting and time.monotonic() < deadline:
            time.sleep(PAUSE_S)
            for task_id in list(waiting):
                if links := self.pictures(task_id):
                    waiting.remove(task_id)
                    for link in links:
                        urllib3.request("GET", link, retries=False, timeout=PATIENT_S)


@contextmanager
def able_client(world: World, drill: Drill, impatient_s: float) -> Iterator[MiniClient]:
    """A client that can meet the needs of a drill: it signs, calls back or hangs up, if it must."""
    with receiving() as receiver:
        yield MiniClient(
            world=world,
            signs="signs" in drill.needs,
            call_back=receiver.url + "/" if "calls-back" in drill.needs else None,
            timeout_s=impatient_s if "gave-up-waiting" in drill.needs else PATIENT_S,
        )
