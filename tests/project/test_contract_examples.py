"""The named examples of the contract are exchanges of fixtures/calls, which other tests play
live.
"""

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.contract.documents import VENDOR
from tests.support import exchanges

FIXTURES = {path.stem: json.loads(path.read_text("utf-8")) for path in exchanges.files()}
CALLED = {"submitTask": "/submitTask", "listTasks": "/taskList", "queryTask": "/queryTask"}
OPERATIONS = {
    path: VENDOR.value["paths"][path]["post"] for path in ("/submitTask", "/taskList", "/queryTask")
}
CALLBACK = OPERATIONS["/submitTask"]["callbacks"]["taskCompleted"]["{$request.body#/call_back}"]


def named(content: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return name and example of every media type."""
    return [each for media in content.values() for each in media["examples"].items()]


REQUESTS = [
    pytest.param(path, example, id=f"{path}-{name}")
    for path, operation in OPERATIONS.items()
    for name, example in named(operation["requestBody"]["content"])
]
ANSWERS = [
    pytest.param(path, status, example, id=f"{path}-{status}-{name}")
    for path, operation in OPERATIONS.items()
    for status, response in operation["responses"].items()
    for name, example in named(VENDOR.follow(response).get("content", {}))
]


def step_of(example: dict[str, Any]) -> dict[str, Any]:
    """Return the step of the fixture that an example names."""
    name, _, number = example["x-fixture"].partition("/")
    step: dict[str, Any] = FIXTURES[name]["steps"][int(number)]
    return step


def body_of(example: dict[str, Any]) -> Any:
    """Return the answer of its fixture, in the form for the default account."""
    return json.loads(step_of(example)["answer"]["body"].replace("{account}", "default"))


def first_task(example: dict[str, Any]) -> str:
    """Return the first task id in the answers of the fixture."""
    steps = FIXTURES[example["x-fixture"].partition("/")[0]]["steps"]
    answer = json.loads(steps[0]["answer"]["body"])
    task_id: str = answer["showapi_res_body"].get("task_id", "")
    return task_id


@pytest.mark.parametrize(("path", "example"), REQUESTS)
def test_an_example_of_a_request_is_a_request_of_a_fixture(
    path: str, example: dict[str, Any]
) -> None:
    request = step_of(example)["request"]
    sent = dict(parse_qsl(request["body"].replace("{task_1}", first_task(example))))

    assert (request["target"], sent) == (path, example["value"])


@pytest.mark.parametrize(("path", "status", "example"), ANSWERS)
def test_an_example_of_an_answer_is_an_answer_of_a_fixture(
    path: str, status: str, example: dict[str, Any]
) -> None:
    step = step_of(example)

    assert body_of(example) == example["value"]
    assert str(step["answer"]["status"]) == status
    # The document has one refusal for all operations.
    assert status == "450" or step["request"]["target"] == path


def test_the_example_of_a_callback_is_what_the_query_of_its_fixture_said() -> None:
    ((_, example),) = named(CALLBACK["post"]["requestBody"]["content"])
    queried = body_of(example)["showapi_res_body"]

    assert example["value"] == {name: queried[name] for name in ("resList", "task_id")}


def test_a_code_and_a_message_of_the_gateway_in_a_fixture_are_examples_of_its_status() -> None:
    for fixture in FIXTURES.values():
        for step in fixture["steps"]:
            answer = step.get("answer", {"headers": []})
            headers = dict(answer["headers"])
            code = headers.get("X-Ca-Error-Code")
            if code and step["request"]["target"] in OPERATIONS:
                response = OPERATIONS[step["request"]["target"]]["responses"][str(answer["status"])]
                promised = VENDOR.follow(response)["headers"]
                assert promised["X-Ca-Error-Code"]["examples"][code]["value"] == code
                assert code in VENDOR.follow(promised["X-Ca-Error-Message"])["examples"]


def test_both_ways_to_authenticate_are_described_and_asked_for_by_every_operation() -> None:
    schemes = VENDOR.value["components"]["securitySchemes"]

    assert [list(each) for each in VENDOR.value["security"]] == [
        ["AppCode"],
        ["AppKey", "Signature"],
    ]
    assert [schemes[name]["name"] for name in ("AppCode", "AppKey", "Signature")] == [
        "Authorization", "X-Ca-Key", "X-Ca-Signature",
    ]  # fmt: skip
    assert [path for path, each in OPERATIONS.items() if "security" in each] == []


def test_every_error_of_the_gateway_is_described_with_its_headers_and_has_no_body() -> None:
    for operation in OPERATIONS.values():
        for status, reference in operation["responses"].items():
            response = VENDOR.follow(reference)
            if status not in ("200", "450"):
                assert "content" not in response
                assert response["headers"].keys() >= {
                    "X-Ca-Request-Id", "X-Ca-Error-Code", "X-Ca-Error-Message",
                }, status  # fmt: skip


def test_every_link_and_callback_leads_to_an_operation_and_takes_fields_that_it_has() -> None:
    links = OPERATIONS["/submitTask"]["responses"]["200"]["links"]

    assert set(links) == {"queryTask", "listTasks"}
    for link in links.values():
        target = OPERATIONS[CALLED[link["operationId"]]]["requestBody"]["content"]
        for media in target.values():
            assert set(link["requestBody"]) <= set(VENDOR.follow(media["schema"])["properties"])
    assert CALLBACK["post"]["operationId"] == "taskCompleted"


@pytest.mark.parametrize(
    "chinese",
    [
        "提交创作任务", "创作任务查询", "任务列表查询", "艺术二维码", "短链接", "推送结果",
        "失败响应", "识别率", "扣减", "余量", "到期", "资源包", "次数", "订购",
    ],
)  # fmt: skip
def test_the_words_of_the_vendor_stand_beside_ours(chinese: str) -> None:
    assert chinese in json.dumps(VENDOR.value, ensure_ascii=False)
