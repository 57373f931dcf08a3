"""Bad input: each gets a clear answer of the right kind, loses nothing, and is never our HTTP
500.
"""

import io
import json

import pytest
from werkzeug.test import TestResponse

from mock_server.domain.call.calls import MAX_BODY_BYTES
from tests.support.worlds import APP_CODE, World, body_of

GOOD = {"text": "https://example.com", "style_id": "food_fryrice"}
PAIR = "text和qr_code_url必须二选一"
ODD_TYPES = [None, "application/json", "text/plain", "application/xml", "x", "application/json; y"]


def sent(world: World, body: bytes, content_type: str | None = None) -> TestResponse:
    return world.http.post("/submitTask", data=body, headers=APP_CODE, content_type=content_type)


def remark(answer: TestResponse) -> str:
    assert answer.status_code == 450, (answer.status_code, answer.data)
    found: str = body_of(answer)["remark"]
    return found


@pytest.mark.claim("body-sniffed")
@pytest.mark.parametrize("content_type", ODD_TYPES)
def test_json_and_forms_are_both_read_under_any_other_content_type(
    world: World, content_type: str | None
) -> None:
    as_json = sent(world, json.dumps(GOOD).encode(), content_type)
    as_form = sent(world, b"text=https://example.com&style_id=food_fryrice", content_type)

    assert (as_json.status_code, as_form.status_code) == (200, 200)
    for task in world.admin("GET", "/accounts/default/tasks")["tasks"]:
        assert (task["text"], task["style_id"]) == ("https://example.com", "food_fryrice")


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b'["text"]', b"null", b"1", b'"text"', b"{", b'{"text":', b"\xff\xfe",
     b'{"text":"\xff","style_id":"pet_cat"}', b"<text>x</text>", b"\x00", b"&&&", b"====",
     b'{"x":' * 50_000, b"[" * 50_000, b'{"text' + b'":"x'],
)  # fmt: skip
def test_a_body_without_the_fields_is_refused_for_the_missing_pair(
    world: World, body: bytes
) -> None:
    assert remark(sent(world, body, "application/json")) == PAIR


@pytest.mark.parametrize(
    "name",
    ["text", "qr_code_url", "style_id", "your_prompt", "call_back", "is_use_temp_short_link"],
)
@pytest.mark.parametrize("value", ["null", "[]", '{"a":1}', '"a\\u0000"', '"\\udfff"', "NaN"])
def test_the_refusal_of_a_value_that_is_not_text_names_the_field(
    world: World, name: str, value: str
) -> None:
    others = ",".join(f'"{key}":"{text}"' for key, text in GOOD.items() if key != name)

    answer = sent(world, f'{{{others},"{name}":{value}}}'.encode())

    assert f"参数{name}不合法" in remark(answer)
    assert world.bill()["charges"] == 0


@pytest.mark.parametrize("path", ["/queryTask", "/taskList"])
@pytest.mark.parametrize("value", ["null", "[1]", "{}", '"\\u0000"', '"\\ud800"'])
def test_a_query_with_no_text_for_an_id_or_a_page_is_refused(
    world: World, path: str, value: str
) -> None:
    body = f'{{"task_id":{value},"page":{value}}}'.encode()

    answer = world.http.post(path, data=body, headers=APP_CODE)

    assert answer.status_code == 450
    assert "不合法" in body_of(answer)["remark"]


@pytest.mark.parametrize("body", [b"text=%ff&style_id=pet_cat", b"text=\xc3\x28&style_id=pet_cat"])
def test_invalid_utf_8_in_a_form_is_refused_naming_the_field(world: World, body: bytes) -> None:
    assert "参数text不合法" in remark(sent(world, body))


def test_a_field_nobody_asks_for_may_be_anything(world: World) -> None:
    body = b'{"text":"x","style_id":"pet_cat","extra":[null,"\\ud800"],"":{}}'

    assert sent(world, body).status_code == 200


def test_of_a_name_given_twice_a_form_takes_the_first_and_json_the_last(world: World) -> None:
    assert sent(world, b"text=a&text=b&style_id=pet_cat").status_code == 200
    assert sent(world, b'{"text":"a","text":"b","style_id":"pet_cat"}').status_code == 200

    first, second = world.admin("GET", "/accounts/default/tasks")["tasks"]
    assert (first["text"], second["text"]) == ("a", "b")


@pytest.mark.claim("multipart-refused")
def test_multipart_is_refused_by_the_gateway_with_the_credit_untouched(world: World) -> None:
    answer = world.http.post(
        "/submitTask", data=GOOD, headers=APP_CODE, content_type="multipart/form-data"
    )

    assert (answer.status_code, answer.headers["X-Ca-Error-Code"]) == (400, "I400CT")
    assert answer.data == b""
    assert world.bill()["balance"] == 1000


@pytest.mark.claim("limit-body")
@pytest.mark.parametrize("announced", [True, False])
def test_nine_megabytes_are_too_large_and_eight_are_not(world: World, announced: bool) -> None:
    if announced:
        large = sent(world, b"x" * 9_000_000)
    else:  # the form in which a server passes a chunked body
        large = world.http.post(
            "/submitTask",
            input_stream=io.BytesIO(b"x" * 9_000_000),
            headers={**APP_CODE, "Transfer-Encoding": "chunked"},
            environ_overrides={"wsgi.input_terminated": True},
        )
    fits = sent(world, b"text=x&style_id=pet_cat&pad=".ljust(MAX_BODY_BYTES, b"x"))

    assert (large.status_code, large.headers["X-Ca-Error-Code"]) == (413, "I413RL")
    assert large.data == b""
    assert fits.status_code == 200
    assert [(call["status"], call["charged"]) for call in world.calls()] == [
        (413, False),
        (200, True),
    ]


@pytest.mark.claim("limit-head")
@pytest.mark.parametrize("where", ["query", "path", "header"])
def test_nine_kilobytes_of_url_or_headers_are_too_large(world: World, where: str) -> None:
    long = "x" * 9_000
    target = {"query": f"/submitTask?a={long}", "path": f"/{long}"}.get(where, "/submitTask")
    headers = {**APP_CODE, **({"X-Long": long} if where == "header" else {})}

    answer = world.http.post(target, data=GOOD, headers=headers)

    assert (answer.status_code, answer.headers["X-Ca-Error-Code"]) == (413, "I413UL")
    assert answer.headers["X-Ca-Error-Message"] == "Request URL too Large"
    assert answer.data == b""


@pytest.mark.claim("wrong-path-or-method")
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "BREW"])
@pytest.mark.parametrize("path", ["/submitTask", "/"])
def test_no_other_method_is_an_api_and_none_gets_an_automatic_answer(
    world: World, method: str, path: str
) -> None:
    answer = world.http.open(path, method=method, headers=APP_CODE)

    assert (answer.status_code, answer.headers["X-Ca-Error-Code"]) == (404, "I404NF")
    assert "Allow" not in answer.headers
    assert answer.data == b""


@pytest.mark.claim("wrong-path-or-method")
@pytest.mark.parametrize(
    "path",
    ["/", "/submitTask/", "//submitTask", "/submittask", "/submitTask/x", "/submitTas%6B",
     "/x/../submitTask", "/%ff", "/%00", "/submitTask;x", "/favicon.ico", "/static/x"],
)  # fmt: skip
def test_no_other_path_is_an_api(world: World, path: str) -> None:
    answer = world.http.post(path, data=GOOD, headers=APP_CODE)

    assert (answer.status_code, answer.headers["X-Ca-Error-Code"]) == (404, "I404NF")
    assert world.bill()["charges"] == 0


@pytest.mark.claim("task-id-form")
@pytest.mark.parametrize("task_id", ["", "0" * 24, "x", "'; drop table task; --", "x" * 100_000])
def test_an_id_that_names_no_task_is_refused(world: World, task_id: str) -> None:
    world.submit()

    answer = world.vendor("/queryTask", {"task_id": task_id})

    assert answer.status_code == 450
    assert body_of(answer)["ret_code"] == -1
