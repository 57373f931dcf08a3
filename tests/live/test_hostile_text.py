"""What clients and receivers send never reaches a terminal, a spreadsheet or a page as it is."""

import csv
import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from mock_server.audit.records import RecordedCall
from mock_server.cli.main import main
from mock_server.testing.tables import calls_table
from tests.support.live import Buyer, Live, live
from tests.support.raw import connect
from tests.support.raw_receivers import receiver as receiving_raw
from tests.support.stubs import answering

HOSTILE = (
    "\x1b[2J\x1b]52;c;aGk=\x07\x9b31m\u202egnp.exe\u200f\x00\x08\x7f[/red][bold]\r\n\t"
    "<b>&\x85\u2028"
)
ANSWER = (
    b"HTTP/1.1 200 OK\r\nX-Evil: \x1b]52;c;aGk=\x07\x9b\xc2\x9b31m[/red]\r\n"
    b"Content-Length: 64\r\n\r\n"
    + (HOSTILE.encode()[:60] + b"\xed\xa0\x80\xff")[:64].ljust(64, b"\x1b")
)


def assert_prints(text: str) -> None:
    odd = {char for char in text if not char.isprintable() and char != "\n"}
    assert not odd, f"{odd!a} in {text!a}"


def raw_call(buyer: Buyer, head: bytes, body: bytes = b"") -> None:
    length = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    with connect(buyer.url) as sock:
        sock.sendall(head + b"\r\nHost: x\r\n" + length + body)
        while sock.recv(65536):
            pass


def attack(buyer: Buyer, receiver: str) -> None:
    """Send hostile text wherever a client can."""
    code = f"Authorization: APPCODE {buyer.app_code}".encode()
    form = b"Content-Type: application/x-www-form-urlencoded"
    buyer.submit(call_back=f"{receiver}/\u202e[/red]\u200f?x=%1b")
    buyer.submit(text=HOSTILE[:24].replace("\0", ""))
    buyer.call("/queryTask", task_id=HOSTILE)
    buyer.call("/[/red]" + quote(HOSTILE))
    buyer.call("/[/red]/[bold]", **{HOSTILE: HOSTILE})
    raw_call(buyer, b"POST /taskList HTTP/1.1\r\n" + code + b"\r\n" + form,
             b"page=\x1b[2J\xff\x00&" + HOSTILE.encode() + b"=1")  # fmt: skip
    raw_call(buyer, b"=CMD|A!0 /x HTTP/1.1\r\n" + code)
    raw_call(buyer, b"-GET /\x1b[31m\x9b HTTP/1.1\r\n" + code)
    raw_call(
        buyer, b"POST /submitTask HTTP/1.1\r\nX-Evil: \x9b[31m\xe2\x80\xae\r\n" + code, b"{\x1b"
    )
    raw_call(buyer, b"POST /submitTask HTTP/1.1\r\nX-Ca-Key: \xe2\x80\xae\xc2\x9b\r\n"
             b"X-Ca-Signature: \xc2\x9b\r\nX-Ca-Signature-Headers: \x9b", b"text=1")  # fmt: skip
    key = buyer.world.get()["app_key"].encode()
    raw_call(buyer, b"POST /submitTask HTTP/1.1\r\nX-Ca-Key: " + key + b"\r\nX-Ca-Signature: "
             b"\xc2\x9b\xe2\x80\xae\r\nX-Ca-Signature-Headers: x-a\r\nX-A: \xc2\x9b2J\xe2\x80\xae"
             b"\r\n" + form, b"text=%1b[2J&style_id=\x1b]52;c;x\x07")  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live() as running, receiving_raw(ANSWER) as receiver:
        attack(running.default, f"http://127.0.0.1:{receiver.port}")
        running.default.clock(to_next_event=True, settle=True)
        running.default.clock(advance="10m", settle=True)
        yield running


def command(server: Live, *words: str, given: str | None = None) -> Result:
    at = [] if words[0] in ("lint", "contract") else ["--url", server.url]
    done = CliRunner().invoke(main, [*words, *at], input=given)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


BOTH = [
    ("callbacks", "list"), ("callbacks", "show", "1"), ("calls",), ("tasks",), ("findings",),
    ("findings", "--nobody"), ("calls", "--nobody"), ("account", "show"), ("account", "list"),
    ("fault", "list"), ("clock", "show"), ("account", "notices"),
    *[("bill", "--by", by) for by in ("call", "task", "operation", "day", "package", "reading")],
]  # fmt: skip
PLAIN = [
    *[("bill", "--format", "csv", "--by", by) for by in ("call", "task", "operation")],
    *[("coverage", "--format", form) for form in ("table", "json", "html", "xml")],
    ("coverage", "--all", "--format", "html"), ("bill", "--invoice"), ("env",),
    ("tasks", "--account", HOSTILE.replace("\0", "")), ("callbacks", "show", "99"),
]  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [*BOTH, *[(*each, "--json") for each in BOTH], *PLAIN],
    ids=lambda each: ascii(each)[:60],
)
def test_no_command_prints_a_control_character(server: Live, words: tuple[str, ...]) -> None:
    done = command(server, *words)

    assert_prints(done.output)
    assert done.output.strip()
    assert "Traceback" not in done.output


def test_the_receivers_answer_is_shown_in_escapes_and_a_line_for_each_of_its_lines(
    server: Live,
) -> None:
    shown = command(server, "callbacks", "show", "1").output

    assert r"\x1b]52;c;aGk=\x07" in shown
    assert "[/red]" in shown
    assert r"\u202e" in shown
    assert json.loads(command(server, "callbacks", "show", "1", "--json").output)["attempts"]


def test_every_call_is_explained_in_characters_that_print(server: Live) -> None:
    calls = [*server.admin.every("/calls", "calls"), *server.default.world.calls()]
    assert len(calls) > 8

    for call in calls:
        number = str(call["id"])
        for words in (("explain", number), ("explain", number, "--json")):
            done = command(server, *words)
            assert "HTTP" in done.output or "status" in done.output
            assert_prints(done.output)
        assert_prints(command(server, "sign", "--explain", number).output)


def test_what_is_linted_is_shown_in_characters_that_print(server: Live) -> None:
    listed = command(server, "calls", "--json").output

    done = command(server, "lint", "-", given=listed)

    assert "in " in done.stdout
    assert_prints(done.output)


def test_texts_of_the_tools_for_tests_print(server: Live) -> None:
    calls = [RecordedCall.of(each) for each in server.default.world.calls()]

    assert_prints(calls_table(calls))


def test_no_cell_of_the_bill_is_a_formula(server: Live) -> None:
    text = command(server, "bill", "--format", "csv").stdout
    rows = list(csv.reader(text.splitlines()))

    assert len(rows) > 5
    assert not [cell for row in rows for cell in row if re.match(r"\s*[=+@-]", cell)]


def test_the_page_of_the_coverage_has_no_markup_of_others(server: Live) -> None:
    account = server.buyer(name="<script>alert(1)</script>")
    page = command(server, "coverage", "--account", account.id, "--format", "html").output

    assert "<script" not in page


# A server that is checked.


def stub(status: int, body: bytes, headers: bytes = b"") -> Any:
    """Return what answers every request with these bytes."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        length = f"Content-Length: {len(body)}\r\n\r\n".encode()
        typed = b"Content-Type: application/json\r\n"
        handler.wfile.write(f"HTTP/1.1 {status} X\r\n".encode() + typed + headers + length + body)
        handler.close_connection = True

    return answering(answer, ["GET", "POST"])


def test_what_a_checked_server_answers_is_shown_in_characters_that_print(tmp_path: Path) -> None:
    pytest.importorskip("schemathesis")
    junit, har = tmp_path / "j.xml", tmp_path / "c.har"
    said = {"ret_code": -1, "remark": f"{HOSTILE}\ud800"}
    body = json.dumps({"showapi_res_code": 0, "showapi_res_body": said}).encode()
    headers = (
        b"X-Ca-Error-Message: \x1b]52;c;x\x07\x9b\xe2\x80\xae\r\nX-Ca-Error-Code: [/red]\x1b\r\n"
    )
    with stub(418, body, headers) as url:
        words = ["check", url, "--max-calls", "25", "--junit", str(junit), "--har", str(har)]
        done = CliRunner().invoke(main, words)

    assert done.exit_code == 1, done.output
    assert_prints(done.output)
    for file in (junit, har):
        assert_prints(file.read_text("utf-8"))
    cases = ElementTree.fromstring(junit.read_bytes()).iter()  # noqa: S314 - it is ours
    assert any(r"\x1b" in text for case in cases for text in case.attrib.values())
    assert len(json.loads(har.read_text("utf-8"))["log"]["entries"]) == 25


def test_the_refusal_of_a_server_that_is_none_of_ours_is_one_clear_line() -> None:
    for said in (b"[1]", b"{", b'{"detail": 7}', json.dumps({"detail": HOSTILE}).encode()):
        with stub(404, said) as url:
            done = CliRunner().invoke(main, ["calls", "--url", url])
        assert isinstance(done.exception, SystemExit), done.exception
        assert_prints(done.output)
        assert done.exit_code == 2
