"""What a person copies from the page of a call makes the same call again, whatever was in it."""

import html
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.support.live import Buyer, Live, live
from tests.support.raw import connect

pytestmark = pytest.mark.skipif(
    shutil.which("curl") is None or shutil.which("bash") is None, reason="curl is not installed"
)
FORM = b"Content-Type: application/x-www-form-urlencoded; charset=utf-8"
# What curl or the server adds, or what is made anew.
NOT_COMPARED = {"host", "user-agent", "accept", "content-length", "authorization", "connection"}


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live() as started:
        yield started


ODD = (
    (b"POST /submitTask", FORM, b'text=it\'s "$HOME" `id` !! \\ $(id)&style_id=pet_cat'),
    (b"POST /submitTask", FORM, b"text=a\nb\r\n\tc&style_id=pet_cat\n"),
    (b"POST /submitTask", FORM, b"text=\xff\xfe\x1b[2J\xc2\x85&style_id=\xe5\x80\xbc"),
    (b"POST /submitTask", FORM, b"text=a\0b&style_id=100%\\0"),
    (b"POST /submitTask", b"Content-Type: application/json", '{"text": "二维码\\n"}'.encode()),
    (b"POST /submitTask", b"X-None: 1", b"text=without a type"),
    (b"POST /submitTask", FORM, b"@/etc/hostname"),
    (b"POST /a{b,c}[1-3]?x={y}", FORM, b"text=x"),
    (b"POST /a/../submitTask?q=/../", FORM, b"text=x"),
    (b"POST /submitTask?a=%zz&b=%20'#frag", FORM, b"text=x"),
    (b"POST //elsewhere.test/submitTask", FORM, b"text=x"),
    (b"PATCH /taskList", b"X-Empty:\r\nX-Quoted: 'a\" $x\r\nX-Bytes: \xff\xe5", b""),
    (b"GET /taskList?page=1", b"X-At: @/etc/hostname", b""),
    (b"HEAD /taskList", b"X-One: 1", b""),
)


@pytest.mark.parametrize("sent", ODD, ids=range(len(ODD)))
def test_a_copied_command_makes_the_same_call(
    server: Live, tmp_path: Path, sent: tuple[bytes, bytes, bytes]
) -> None:
    buyer = server.buyer()
    line, headers, body = sent
    raw_call(buyer, line, headers, body)
    (before,) = buyer.world.calls()
    done = subprocess.run(
        ["bash", "-c", f"{command(server, before)} -s -o answer"],
        cwd=tmp_path, check=False, capture_output=True, timeout=30,
        env={"PATH": "/usr/bin:/bin", "ARTQR_APP_CODE": buyer.app_code},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    before, after = buyer.world.calls()

    assert list(tmp_path.iterdir()) == [tmp_path / "answer"] or line.startswith(b"HEAD")
    assert facts(after) == facts(before)


def facts(call: dict[str, Any]) -> tuple[object, ...]:
    """Return what the same call has in common."""
    request = call["request"]
    kept = [pair for pair in request["headers"] if pair[0].lower() not in NOT_COMPARED]
    return call["method"], call["path"], sorted(kept), request["body"], call["status"]


def command(server: Live, call: dict[str, Any]) -> str:
    """Return the command on the page of a call, as a browser copies it."""
    path = f"/_mock/inspect/{call['account']}/calls/{call['id']}"
    answer = urllib3.request("GET", server.url + path).data.decode()
    found = re.search(r'<pre class="curl"[^>]*>(.*?)</pre>', answer, re.DOTALL)
    assert found, answer
    return html.unescape(found[1])


def raw_call(buyer: Buyer, line: bytes, headers: bytes, body: bytes) -> None:
    code = f"Authorization: APPCODE {buyer.app_code}".encode()
    head = b"\r\n".join(
        [line + b" HTTP/1.1", b"Host: localhost", code, headers, b"Connection: close",
         f"Content-Length: {len(body)}".encode()]
    )  # fmt: skip
    with connect(buyer.url) as sock:
        sock.sendall(head + b"\r\n\r\n" + body)
        while sock.recv(65536):
            pass
