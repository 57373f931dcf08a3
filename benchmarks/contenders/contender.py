"""What a contender is: how it is installed, how it is started, and what it is asked."""

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import urllib3

from benchmarks.calls import Request, WrongAnswerError, submit_json

START_S = 60
# What a submit is answered with, by every server that answers a fixed text.
ANSWER = {
    "showapi_res_error": "", "showapi_res_id": "f64f2c119d3eecd91caeb856", "showapi_res_code": 0,
    "showapi_fee_num": 1, "showapi_res_body": {
        "ret_code": 0, "remark": "提交成功!", "task_id": "4ca4a4c534d61728d01e2411"},
}  # fmt: skip
ANSWER_TEXT = json.dumps(ANSWER, ensure_ascii=False, separators=(",", ":"))


class NotInstalledError(Exception):
    """A contender cannot be had on this machine; the message says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A server that answers: its address, and the process whose tree does the work."""

    url: str
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One server to compare with.

    `install` puts it below a folder, or raises NotInstalledError. `command` is what starts it on a
    port, with files of its own in a scratch folder; its first 200 comes from `request`, once
    `prepare` has been called. `warm_ups`: rounds that do not count.
    """

    name: str
    says: str
    install: Callable[[Path], None]
    command: Callable[[Path, Path, int], Sequence[str]]
    request: Callable[[str], Request]
    prepare: Callable[[str], None] = lambda _: None
    warm_ups: int = 2

    def started(self, installed: Path, scratch: Path) -> AbstractContextManager[Started]:
        """Start it for a `with` block; give it once it answers what it is asked."""
        port = free_port()
        scratch.mkdir(parents=True, exist_ok=True)
        url = f"http://127.0.0.1:{port}"
        return _running(self, self.command(installed, scratch, port), url, scratch / "log.txt")


@contextmanager
def _running(
    contender: Contender, command: Sequence[str], url: str, log: Path
) -> Iterator[Started]:
    with log.open("wb") as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
        try:
            request = contender.request(url)
            wait_for_answer(process, url, log)
            contender.prepare(url)
            wait_for_answer(process, request.url, log, request)
            yield Started(url=url, pid=process.pid)
        finally:
            process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for_answer(
    process: "subprocess.Popen[bytes]", url: str, log: Path, request: Request | None = None
) -> None:
    """Wait until a server answers; with a request, until it answers that with 200, and rightly."""
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise WrongAnswerError(f"it ended with {process.returncode}: {_end_of(log)}")
        if _has_answered(url, request):
            return
        time.sleep(0.002)
    raise WrongAnswerError(f"{url} did not answer in {START_S} s: {_end_of(log)}")


def _has_answered(url: str, request: Request | None) -> bool:
    try:
        if request is None:
            urllib3.request("GET", url, retries=False, timeout=5)
            return True
        answer = urllib3.request(
            request.method, request.url, body=request.body or None,
            headers=dict(request.headers), retries=False, timeout=5,
        )  # fmt: skip
    except urllib3.exceptions.HTTPError:
        return False
    if answer.status == 200:
        request.check(answer.data)
    return answer.status == 200


def _end_of(log: Path) -> str:
    return log.read_text("utf-8", "replace")[-500:].strip() or "it printed nothing"


def stub_request(base_url: str) -> Request:
    """Return a submit to a server that answers it with a fixed text."""
    return submit_json(base_url, "0" * 32).to(f"{base_url}/submitTask", is_the_stub)


def is_the_stub(answer: bytes) -> None:
    """Check that the fixed text came whole. Raises WrongAnswerError."""
    try:
        same = json.loads(answer) == ANSWER
    except ValueError:
        same = False
    if not same:
        raise WrongAnswerError(f"not the text of the stub: {answer[:300]!r}")


def free_port() -> int:
    """Return a port of this machine that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
