"""Source images over a real network: limits on time and size, from allowed hosts only."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from mock_server.delivery.outbound import Outbound
from mock_server.domain.task.source_images import MAX_BYTES, SourceRead
from mock_server.domain.urls import parse_address
from tests.support.receivers import Received, Receiver, Reply, receiving


def spelt(content: bytes) -> SourceRead:
    """Replace the reading of a picture."""
    return SourceRead(content=content.decode())


@contextlib.contextmanager
def answering(**reply: Any) -> Iterator[Receiver]:
    def answer(_: Received) -> Reply:
        return Reply(**reply)

    with receiving(answer) as running:
        yield running


def fetch(url: str, **options: Any) -> SourceRead:
    out = Outbound(**options)
    try:
        return out.fetch(parse_address(url), spelt).result(timeout=20)
    finally:
        out.close()


def test_an_image_is_fetched_by_get_and_read() -> None:
    with answering(body=b"hello") as server:
        assert fetch(f"{server.url}/a.png?b=c") == SourceRead(content="hello")

    (received,) = server.received
    assert received.path == "/a.png?b=c"
    assert received.headers["Accept"] == "image/*"


@pytest.mark.claim("image-failure")
@pytest.mark.parametrize("status", [204, 301, 302, 307, 403, 404, 500])
def test_another_status_than_200_is_a_failure_and_redirects_are_not_followed(status: int) -> None:
    with answering(status=status, headers={"Location": "/other.png"}, body=b"") as server:
        found = fetch(server.url)

    assert found == SourceRead(remark=f"创作失败: qr_code_url无法访问 (HTTP {status})")
    assert len(server.received) == 1


@pytest.mark.claim("image-limits")
def test_an_image_at_the_limit_is_read_and_one_byte_more_is_too_large() -> None:
    with answering(body=b"x" * MAX_BYTES) as server:
        assert len(fetch(server.url).content or "") == MAX_BYTES
    with answering(body=b"x" * (MAX_BYTES + 1)) as server:
        assert fetch(server.url).remark == f"创作失败: qr_code_url图片过大 (over {MAX_BYTES} bytes)"


def test_an_image_that_does_not_come_in_time_is_a_failure() -> None:
    with answering(silent=True) as server:
        found = fetch(server.url, timeout=0.2)

    assert found.remark == "创作失败: qr_code_url无法访问 (no answer within 0.2 s)"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://nowhere.invalid/"])
def test_an_image_from_nowhere_is_a_failure(url: str) -> None:
    assert "无法访问" in (fetch(url, allowed=["*"]).remark or "")


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "[fe80::1]", "2130706433"])
def test_an_image_from_a_host_that_is_not_allowed_is_not_fetched(host: str) -> None:
    found = fetch(f"http://{host}/")

    assert found.remark == "创作失败: qr_code_url无法访问"
    reason = found.reason or ""
    assert "are not allowed" in reason or "not a whole IP address" in reason


def test_a_reader_that_breaks_breaks_nothing_else() -> None:
    with answering(body=b"\xff") as server:
        found = fetch(server.url)

    assert found.remark == "创作失败: qr_code_url无法访问"
    assert "UnicodeDecodeError" in (found.reason or "")
