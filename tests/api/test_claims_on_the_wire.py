"""The vendor's statements on tasks, as a client sees them: submit, query, list, pictures."""

import json

import pytest
from werkzeug.test import TestResponse

from mock_server import contract
from tests.support.worlds import APP_CODE, World, body_of

STYLE = {"style_id": "food_fryrice"}
TEXT = {"text": "https://example.com"}
DAY = "24h"


def remark(answer: TestResponse) -> str:
    """Return the text of a refusal."""
    assert answer.status_code == 450, answer.get_data(as_text=True)
    assert "X-Ca-Error-Code" not in answer.headers
    text: str = body_of(answer)["remark"]
    return text


def content(world: World, **fields: str) -> str:
    """Submit and return the content that the picture will encode."""
    answer = world.vendor("/submitTask", fields)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    last: str = world.admin("GET", "/accounts/default/tasks")["tasks"][-1]["content"]
    return last


@pytest.mark.claim("submit-route")
@pytest.mark.claim("submit-body")
def test_a_submit_answers_json_with_the_id_of_the_task(world: World) -> None:
    answer = world.vendor("/submitTask", TEXT | STYLE)

    assert answer.mimetype == "application/json"
    assert list(body_of(answer)) == ["ret_code", "remark", "task_id"]


@pytest.mark.claim("query-route")
@pytest.mark.claim("query-field")
@pytest.mark.claim("query-body")
@pytest.mark.claim("task-unfinished")
def test_a_query_of_an_unfinished_task_succeeds_with_no_pictures(world: World) -> None:
    task_id = world.submit()

    body = world.query(task_id)

    assert list(body) == ["ret_code", "remark", "task_id", "status", "resList"]
    assert (body["ret_code"], body["task_id"], body["resList"]) == (0, task_id, [])


@pytest.mark.claim("task-words")
def test_a_task_is_pending_then_running_then_succeeded(world: World) -> None:
    task_id = world.submit()
    words = [world.query(task_id)["status"]]
    (task,) = world.admin("GET", "/accounts/default/tasks")["tasks"]
    for at in (task["starts_at"], task["ends_at"]):
        world.clock(now=at)
        words.append(world.query(task_id)["status"])

    assert words == ["pending", "running", "succeeded"]


@pytest.mark.claim("task-words")
def test_a_forced_failure_is_called_failed_and_has_no_pictures(world: World) -> None:
    task_id = world.submit()
    world.admin("POST", f"/accounts/default/tasks/{task_id}", {"state": "failed"})

    body = world.query(task_id)

    assert (body["status"], body["resList"]) == ("failed", [])


@pytest.mark.claim("task-duration")
def test_every_task_takes_5_to_20_seconds(world: World) -> None:
    for _ in range(30):
        world.submit()

    tasks = world.admin("GET", "/accounts/default/tasks")["tasks"]

    lasts = [task["ends_at"] - task["submitted_at"] for task in tasks]
    assert 5_000 <= min(lasts) < max(lasts) <= 20_000


@pytest.mark.claim("task-id-form")
def test_a_task_id_is_24_hex_digits(world: World) -> None:
    task_id = world.submit()

    assert (len(task_id), set(task_id) - set("0123456789abcdef")) == (24, set())


@pytest.mark.claim("result-count")
@pytest.mark.claim("result-item")
def test_a_finished_task_has_the_address_of_one_picture(world: World) -> None:
    task_id = world.submit()
    world.clock(to_next_event=True)

    (address,) = world.query(task_id)["resList"]

    assert world.http.get(address).mimetype == "image/png"


@pytest.mark.claim("picture-lifetime")
@pytest.mark.claim("picture-gone")
def test_a_picture_can_be_fetched_for_24_hours_and_is_404_then(world: World) -> None:
    task_id = world.submit()
    world.clock(to_next_event=True)
    (address,) = world.query(task_id)["resList"]

    world.clock(advance="23h59m59s")
    assert world.http.get(address).status_code == 200
    world.clock(advance="1s")
    assert world.http.get(address).status_code == 404


@pytest.mark.claim("unknown-task")
def test_the_query_of_anothers_task_is_refused_like_one_that_never_was(world: World) -> None:
    task_id = world.submit()
    other = world.account()["app_code"]

    refused = [
        world.vendor("/queryTask", {"task_id": task_id}, other),
        world.vendor("/queryTask", {"task_id": "0" * 24}),
    ]

    assert {remark(answer) for answer in refused} == {"未查到相关信息！"}


@pytest.mark.claim("no-idempotency")
def test_the_same_submit_twice_is_two_tasks_and_two_charges(world: World) -> None:
    assert world.submit() != world.submit()
    assert world.bill()["charges"] == 2


@pytest.mark.claim("text-or-image")
@pytest.mark.claim("style-or-prompt")
@pytest.mark.claim("refusal-texts")
@pytest.mark.parametrize(
    ("fields", "named"),
    [(STYLE, ["text", "qr_code_url"]), (TEXT, ["style_id", "your_prompt"]), ({}, ["text"])],
)
def test_a_submit_without_one_of_a_pair_is_refused_and_free(
    world: World, fields: dict[str, str], named: list[str]
) -> None:
    said = remark(world.vendor("/submitTask", fields))

    assert [name for name in named if name not in said] == []
    assert world.bill()["charges"] == 0


@pytest.mark.claim("text-wins")
def test_text_counts_when_an_image_is_given_as_well(world: World) -> None:
    assert content(world, text="t", qr_code_url="https://qr.test/a.png", **STYLE) == "t"


@pytest.mark.claim("style-wins")
def test_the_style_counts_when_a_prompt_is_given_as_well(world: World) -> None:
    world.submit(your_prompt="a lighthouse")

    (task,) = world.admin("GET", "/accounts/default/tasks")["tasks"]
    assert (task["style_id"], task["your_prompt"]) == ("food_fryrice", None)


@pytest.mark.claim("style-list")
def test_each_of_the_26_listed_styles_is_accepted(world: World) -> None:
    styles = contract.load_catalogue().styles

    assert len(styles) == 26
    assert styles["fantasy_mecha"].names == ("科幻机甲", "动漫机甲")
    for style in styles:
        world.submit(style_id=style)


@pytest.mark.claim("style-closed-list")
@pytest.mark.claim("refusal-texts")
def test_a_style_that_is_not_listed_is_refused_by_name(world: World) -> None:
    assert "food_noodles" in remark(
        world.vendor("/submitTask", {**TEXT, "style_id": "food_noodles"})
    )


@pytest.mark.claim("text-advice")
def test_a_text_longer_than_advised_is_accepted(world: World) -> None:
    example = "https://www.showapi.com/apiGateway/view/3040/2?tab=2"

    assert len(example) == 52
    assert content(world, text=example, **STYLE) == example


@pytest.mark.claim("text-too-long")
def test_2953_bytes_are_accepted_and_one_more_is_refused(world: World) -> None:
    world.submit(text="x" * 2953)

    assert "2954" in remark(world.vendor("/submitTask", {"text": "x" * 2954, **STYLE}))


@pytest.mark.claim("short-link-flag")
@pytest.mark.parametrize("flag", ["0", "1", "", "yes"])
def test_the_short_link_flag_is_accepted_whatever_it_says(world: World, flag: str) -> None:
    assert content(world, is_use_temp_short_link=flag, **TEXT, **STYLE) == TEXT["text"]


@pytest.mark.claim("unknown-fields")
def test_an_unknown_field_is_ignored(world: World) -> None:
    assert content(world, colour="red", **TEXT, **STYLE) == TEXT["text"]


@pytest.mark.claim("empty-is-absent")
def test_an_empty_field_is_the_same_as_none(world: World) -> None:
    assert content(world, text="https://a.test", qr_code_url="", **STYLE) == "https://a.test"
    assert "text" in remark(world.vendor("/submitTask", {"text": "", **STYLE}))


@pytest.mark.claim("body-sniffed")
@pytest.mark.parametrize("content_type", [None, "application/json", "text/plain", "image/png"])
def test_json_is_read_under_any_content_type_and_under_none(
    world: World, content_type: str | None
) -> None:
    headers = APP_CODE | ({"Content-Type": content_type} if content_type else {})

    answer = world.http.post("/submitTask", data=json.dumps(TEXT | STYLE), headers=headers)

    assert answer.status_code == 200


@pytest.mark.claim("body-sniffed")
def test_a_body_that_is_no_json_object_is_read_as_a_form(world: World) -> None:
    headers = APP_CODE | {"Content-Type": "application/json"}

    form = world.http.post("/submitTask", data="text=a&style_id=food_fryrice", headers=headers)
    array = world.http.post("/submitTask", data="[1]", headers=headers)

    assert form.status_code == 200
    assert "text" in remark(array)


@pytest.mark.claim("wrong-types")
@pytest.mark.parametrize(("sent", "read"), [(12, "12"), (1.0, "1.0"), (True, "true")])
def test_a_number_or_a_boolean_counts_as_its_text(world: World, sent: object, read: str) -> None:
    world.http.post("/submitTask", json={"text": sent, **STYLE}, headers=APP_CODE)

    (task,) = world.admin("GET", "/accounts/default/tasks")["tasks"]
    assert task["content"] == read


@pytest.mark.claim("wrong-types")
@pytest.mark.parametrize("sent", [None, [], ["a"], {}])
def test_null_an_array_or_an_object_is_refused_by_name(world: World, sent: object) -> None:
    answer = world.http.post("/submitTask", json={"text": sent, **STYLE}, headers=APP_CODE)

    assert "text" in remark(answer)


@pytest.mark.claim("form-first-value")
def test_the_first_of_a_repeated_form_field_counts(world: World) -> None:
    body = "text=first&text=second&style_id=food_fryrice"

    world.http.post("/submitTask", data=body, headers=APP_CODE)

    (task,) = world.admin("GET", "/accounts/default/tasks")["tasks"]
    assert task["content"] == "first"


@pytest.mark.claim("ret-code")
def test_the_body_says_0_for_success_and_something_else_for_a_refusal(world: World) -> None:
    result = body_of(world.vendor("/taskList"))
    refusal = body_of(world.vendor("/queryTask"))

    assert (result["ret_code"], result["remark"]) == (0, "查询成功!")
    assert refusal["ret_code"] not in (0, "0")
