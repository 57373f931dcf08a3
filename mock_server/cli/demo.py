"""`artqr-mock demo`: the whole story against a real server over real HTTP."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import urllib3
from rich.console import Console
from rich.markup import escape

from mock_server.admin_client import AdminClient
from mock_server.cli.bill import print_bill
from mock_server.cli.common import COULD_NOT_RUN, check_output, fail, write_output
from mock_server.delivery.qr_reader import read_code
from mock_server.domain.answer.envelope import service_body
from mock_server.domain.task.source_images import SourceError
from mock_server.formatting import printable
from mock_server.settings import PREFIX
from mock_server.testing import CallbackReceiver, receiving_callbacks

TEXT = "https://www.showapi.com/apiGateway/view/3040/2?tab=2"
STYLE = "food_fryrice"
START_S = 30.0
CALLBACK_S = 15.0


@click.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False),
              help="Keep the picture in this file.")  # fmt: skip
def demo(*, out: Path | None) -> None:
    """Run a demonstration: submit, query, callback, picture, bill."""
    if out is not None:
        check_output(out)
    with _server() as base_url, receiving_callbacks() as receiver:
        DemoStory(base_url, receiver, out).tell()


class DemoStory:
    """The steps of the demo, each of which ends the program if it does not come true."""

    def __init__(self, base_url: str, receiver: CallbackReceiver, out: Path | None) -> None:
        self._base_url = base_url
        self._receiver = receiver
        self._out = out
        self._console = Console(highlight=False)
        self._pool = urllib3.PoolManager(retries=False, timeout=30.0)

    def tell(self) -> None:
        """Play it from submit to bill."""
        self._say("server", f"{self._base_url}, on a private SQLite file")
        task_id = self._submit()
        status = self._query(task_id)["status"]
        self._expect(status in ("pending", "running"), f"an unfinished task, not {status}")
        self._say("query", f"{status}: the task takes time, and every query costs")
        with AdminClient(self._base_url) as admin:
            moved = admin.account("default").post("/clock", {"to_next_event": True, "settle": True})
            self._say("clock", f"moved to the next event: {moved['event']['kind']}")
            self._take_callback(task_id)
            self._take_picture(self._query(task_id)["resList"][0])
            listed = self._vendor("/taskList", {})["contentlist"]
            self._expect([each["task_id"] for each in listed] == [task_id], "one task in the list")
            self._say("list", f"{len(listed)} task, {listed[0]['status']}")
            self._console.print()
            account = admin.account("default")
            print_bill(self._console, account.get("/bill"), account.calls())
        if self._out is None:
            click.echo("picture: not kept; `artqr-mock demo --out FILE` keeps it")
        else:
            click.echo(f"picture: {self._out}")

    def _submit(self) -> str:
        fields = {"text": TEXT, "style_id": STYLE, "call_back": self._receiver.url}
        task_id: str = self._vendor("/submitTask", fields)["task_id"]
        self._say("submit", f"accepted: task {task_id}")
        return task_id

    def _query(self, task_id: str) -> dict[str, Any]:
        return self._vendor("/queryTask", {"task_id": task_id})

    def _take_callback(self, task_id: str) -> None:
        try:
            (received,) = self._receiver.wait_for(1, CALLBACK_S)
        except AssertionError:
            fail("the demo failed: no callback arrived", COULD_NOT_RUN)
        self._expect(received.json["task_id"] == task_id, "a callback about this task")
        self._say("callback", received.body.decode())

    def _take_picture(self, url: str) -> None:
        answer = self._pool.request("GET", url)
        self._expect(answer.status == 200, f"the picture with HTTP 200, not {answer.status}")
        self._expect(_says(answer.data, TEXT), "a QR code that encodes the text")
        if self._out is not None:
            write_output(self._out, answer.data)
        self._say("picture", f"{len(answer.data):,} bytes, its QR code encodes {TEXT}")

    def _vendor(self, path: str, fields: dict[str, str]) -> dict[str, Any]:
        answer = self._pool.request_encode_body(
            "POST",
            self._base_url + path,
            fields=fields,
            encode_multipart=False,
            headers={"Authorization": "APPCODE mock-demo"},
        )
        self._expect(answer.status == 200, f"HTTP 200 from {path}, not {answer.status}")
        return service_body(answer.data) or {}

    def _say(self, step: str, what: str) -> None:
        self._console.print(f"[bold cyan]{step:>9}[/]  {escape(printable(what))}", soft_wrap=True)

    def _expect(self, held: bool, what: str) -> None:
        if not held:
            fail(f"the demo failed: expected {what}", COULD_NOT_RUN)


def _says(picture: bytes, text: str) -> bool:
    """Whether the QR code of a picture says a text."""
    try:
        return read_code(picture) == text
    except SourceError:
        return False


@contextmanager
def _server() -> Iterator[str]:
    """Run a server in a process of its own, on a free port and a private file."""
    with tempfile.TemporaryDirectory(prefix="artqr-mock-") as folder:
        ready_file = Path(folder) / "ready.json"
        command = [sys.executable, "-m", "mock_server", "serve", "--port", "0",
                   "--database", str(Path(folder) / "demo.sqlite3"),
                   "--ready-file", str(ready_file)]  # fmt: skip
        # Settings of the user's own server, a token for one, are not meant for this one.
        env = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        process = subprocess.Popen(  # noqa: S603 - ourselves
            command, stdout=subprocess.DEVNULL, env=env
        )
        try:
            yield _wait_for(ready_file, process)
        finally:
            process.terminate()
            process.wait(timeout=15)


def _wait_for(ready_file: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + START_S
    while not ready_file.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            fail("the server of the demo did not start", COULD_NOT_RUN)
        time.sleep(0.02)
    url: str = json.loads(ready_file.read_text("utf-8"))["url"]
    return url
