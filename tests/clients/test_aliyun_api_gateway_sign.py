"""The published package `aliyun-api-gateway-sign`, the official demo code, in its own process.

It is installed separately, by `pip install --no-deps --target`, because it contains `com/aliyun` as
another client does: into the folder `clients` of this environment, or ARTQR_SIGN_CLIENT.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.clients.buyers import Buyer, driven
from tests.support.node import missing

DRIVER = Path(__file__).with_name("old_python_driver.py")
FORM = "application/x-www-form-urlencoded"
GOOD = {"text": "https://例子.测试/?a=1&b=2 c+d", "style_id": "food_fryrice"}
OCTETS = "application/octet-stream"


@pytest.fixture(scope="session")
def package() -> Path:
    """The folder of the package."""
    named = os.environ.get("ARTQR_SIGN_CLIENT")
    folder = Path(named) if named else Path(sys.prefix) / "clients"
    if not (folder / "com" / "aliyun" / "api" / "gateway" / "sdk" / "client.py").is_file():
        missing(
            f"aliyun-api-gateway-sign is not in {folder}: pip install --no-deps --target {folder} "
            "aliyun-api-gateway-sign==1.0.4"
        )
    return folder


def played(package: Path, buyer: Buyer, *calls: dict[str, Any]) -> list[dict[str, Any]]:
    """Make calls, each with `path`, `type` and `body`, and return the answers."""
    job = {"url": buyer.url, "key": buyer.key, "secret": buyer.secret, "calls": calls}
    return driven([sys.executable, str(DRIVER)], job, PYTHONPATH=str(package))


def form(path: str, **fields: str) -> dict[str, Any]:
    return {"path": path, "type": FORM, "body": fields}


def body(answer: dict[str, Any]) -> dict[str, Any]:
    assert answer["status"] == 200, answer
    found: dict[str, Any] = json.loads(answer["body"])["showapi_res_body"]
    return found


@pytest.mark.claim("string-to-sign")
@pytest.mark.claim("string-parameters")
def test_all_three_operations(package: Path, buyer: Buyer) -> None:
    (submitted,) = played(package, buyer, form("/submitTask", **GOOD))
    task_id = body(submitted)["task_id"]

    queried, listed = played(
        package, buyer, form("/queryTask", task_id=task_id), form("/taskList", page="1")
    )

    assert body(queried)["task_id"] == task_id
    assert [each["task_id"] for each in body(listed)["contentlist"]] == [task_id]
    assert buyer.task()["text"] == GOOD["text"]
    assert buyer.charges == 3
    assert buyer.errors == []


@pytest.mark.claim("content-md5")
@pytest.mark.claim("body-sniffed")
def test_json_is_sent_as_octets_with_their_md5(package: Path, buyer: Buyer) -> None:
    call = {"path": "/submitTask", "type": OCTETS, "body": json.dumps(GOOD)}

    (answer,) = played(package, buyer, call)

    assert body(answer)["task_id"]
    (seen,) = buyer.world.calls()
    assert "content-md5" in dict(seen["request"]["headers"])
    assert buyer.task()["text"] == GOOD["text"]


@pytest.mark.claim("string-empty-value")
def test_a_query_and_empty_values_are_signed_alike(package: Path, buyer: Buyer) -> None:
    call = form("/submitTask?b=2&a=1&e=", text="https://example.com", style_id="pet_cat",
                call_back="")  # fmt: skip

    (answer,) = played(package, buyer, call)

    assert body(answer)["task_id"]


@pytest.mark.claim("signature-echo")
def test_a_wrong_secret_is_refused_with_the_string(package: Path, buyer: Buyer) -> None:
    (answer,) = played(package, buyer, {**form("/submitTask", text="x"), "secret": "wrong"})

    headers = dict(answer["headers"])
    assert (answer["status"], headers["X-Ca-Error-Code"], answer["body"]) == (403, "A403IS", "")
    message = headers["X-Ca-Error-Message"]
    assert message.startswith("Invalid Signature, Server StringToSign:`POST#application/json##")
    assert message.endswith("#/submitTask?text=x`")
    assert buyer.charges == 0
