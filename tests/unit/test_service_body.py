"""What the service says, taken out of an answer with or without an envelope."""

from typing import Any

import pytest

from mock_server.domain.answer.envelope import service_body


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b'{"showapi_res_code":0,"showapi_res_body":{"ret_code":0}}', {"ret_code": 0}),
        (b'{"ret_code":0}', {"ret_code": 0}),
        (b'{"showapi_res_body":{}}', {}),
        (b"{}", {}),
        (b'{"showapi_res_body":[]}', None),
        (b'{"showapi_res_body":null}', None),
        (b"[]", None),
        (b"null", None),
        (b"", None),
        (b'{"ret_code":', None),
        (b"\xff\xfe", None),
        (b"[" * 100_000, None),
    ],
)
def test_the_body_of_the_service_is_found(answer: bytes, body: dict[str, Any] | None) -> None:
    assert service_body(answer) == body
