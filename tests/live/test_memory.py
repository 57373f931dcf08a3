"""Memory stays bounded, whatever peers announce, request, or leave unread."""

import os
from pathlib import Path

import pytest

from mock_server.server import running
from mock_server.settings import Settings
from tests.support.raw import connect, exchange, request

STATM = Path("/proc/self/statm")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not STATM.exists(), reason="memory is read from /proc"),
]


def assert_alive(url: str) -> None:
    assert [answer.status for answer in exchange(url, request())] == [200]


def rss_mib() -> float:
    return int(STATM.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_many_bodies_that_are_announced_and_not_sent_take_only_what_was_sent() -> None:
    part = request(body=b"x" * 65_536, headers=(b"Content-Length: 8388608",), length=False)
    with running(Settings(port=0, database=":memory:", request_timeout=30)) as server:
        assert_alive(server.url)
        before = rss_mib()
        held = [connect(server.url) for _ in range(200)]
        for connection in held:
            connection.sendall(part)
        assert_alive(server.url)
        # 200 x 64 KiB were sent, and each is in memory at most three times on its way.
        assert rss_mib() - before < 3 * 200 * 65_536 / 2**20 + 20
        for connection in held:
            connection.close()
        assert_alive(server.url)


@pytest.mark.parametrize("target", [b"/openapi.yaml", b"/taskList"])
def test_who_asks_on_and_never_reads_is_not_read_from(target: bytes) -> None:
    flood = request(target, method=b"GET") * 1000
    with running(Settings(port=0, database=":memory:", request_timeout=30)) as server:
        assert_alive(server.url)
        before, bytes_sent = rss_mib(), 0
        with connect(server.url) as connection:
            connection.settimeout(1.0)
            try:
                while bytes_sent < 64 * 2**20:
                    bytes_sent += connection.send(flood)
            except TimeoutError:
                pass
            assert bytes_sent < 64 * 2**20
            assert rss_mib() - before < 60
        assert_alive(server.url)
