"""The official npm package `aliyun-api-gateway`, both of its clients, in a process of its own.

It is installed once, from the lock file beside this test, into the folder of the environment.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.clients.buyers import Buyer, driven
from tests.support import node

HERE = Path(__file__).with_name("node")
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
GOOD = {"text": "https://例子.测试/?a=1&b=2 c+d", "style_id": "food_fryrice"}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def packages() -> Path:
    """The folder of the package; installed on first use."""
    proof = "aliyun-api-gateway/index.js"
    return node.installed(HERE, "clients-node", proof) / "package.json"


def played(packages: Path, buyer: Buyer, *calls: dict[str, Any]) -> list[dict[str, Any]]:
    """Make calls and return what the client returned or threw."""
    job = {
        "url": buyer.url,
        "key": buyer.key,
        "secret": buyer.secret,
        "appCode": buyer.app_code,
        "calls": calls,
    }
    driver = str(HERE / "driver.js")
    return driven(["node", "--no-deprecation", driver, str(packages)], job)


def call(path: str, data: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"path": path, "data": data, **more}


def body(answer: dict[str, Any]) -> dict[str, Any]:
    assert answer["status"] == 200, answer
    found: dict[str, Any] = answer["body"]["showapi_res_body"]
    return found


@pytest.mark.claim("string-to-sign")
@pytest.mark.claim("body-sniffed")
@pytest.mark.parametrize("client", ["Client", "SimpleClient"])
@pytest.mark.parametrize("type_", [FORM, None], ids=["form", "json"])
def test_all_three_operations(packages: Path, buyer: Buyer, client: str, type_: str | None) -> None:
    how = {"client": client, "type": type_}
    (submitted,) = played(packages, buyer, call("/submitTask", GOOD, **how))
    task_id = body(submitted)["task_id"]

    queried, listed = played(
        packages,
        buyer,
        call("/queryTask", {"task_id": task_id}, **how),
        call("/taskList", {"page": "1"}, **how),
    )

    assert body(queried)["task_id"] == task_id
    assert [each["task_id"] for each in body(listed)["contentlist"]] == [task_id]
    assert buyer.task()["text"] == GOOD["text"]
    assert buyer.charges == 3
    assert buyer.errors == []


@pytest.mark.claim("string-empty-value")
@pytest.mark.claim("string-name-clash")
def test_empty_values_a_query_and_a_name_in_both_are_signed_alike(
    packages: Path, buyer: Buyer
) -> None:
    data = {**GOOD, "call_back": ""}
    query = {"e": "", "z": "你 好", "text": "in the query"}

    (answer,) = played(packages, buyer, call("/submitTask", data, type=FORM, query=query))

    assert body(answer)["task_id"]
    assert buyer.task()["text"] == GOOD["text"]


@pytest.mark.claim("signature-echo")
def test_a_wrong_secret_is_thrown_with_the_string_and_the_request_id(
    packages: Path, buyer: Buyer
) -> None:
    (answer,) = played(packages, buyer, call("/submitTask", GOOD, type=FORM, secret="wrong"))

    assert answer["status"] == 403
    assert answer["headers"]["x-ca-request-id"] in answer["message"]
    assert "Invalid Signature, Server StringToSign:`POST#application/json#" in answer["message"]
    assert buyer.charges == 0


@pytest.mark.claim("appcode-unknown")
def test_a_wrong_app_code_is_thrown(packages: Path, buyer: Buyer) -> None:
    buyer.app_code = "nobody's"

    (answer,) = played(packages, buyer, call("/submitTask", GOOD, client="SimpleClient"))

    assert answer["status"] == 400
    assert "Invalid AppCode `not exists`" in answer["message"]
