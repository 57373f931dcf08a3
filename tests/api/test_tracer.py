"""One call through all layers: submit, journal, bill."""

import json

import pytest
import urllib3

from mock_server.server import running
from mock_server.settings import Settings
from tests.support.worlds import APP_CODE, World


def test_a_submit_is_journalled_and_billed_through_flask(world: World) -> None:
    task_id = world.submit()

    (call,) = world.calls()
    assert (call["operation"], call["status"], call["charged"]) == ("submit_task", 200, True)
    assert call["task_id"] == task_id
    assert world.bill()["charges"] == 1
    assert world.bill()["balance"] == 999


@pytest.mark.claim("billing-only-200")
def test_a_submit_is_journalled_and_billed_through_serve() -> None:
    with running(Settings(port=0, database=":memory:")) as server, urllib3.PoolManager() as pool:
        body = "text=https://example.com&style_id=food_fryrice"
        answer = pool.request("POST", f"{server.url}/submitTask", body=body, headers=APP_CODE)
        admin = f"{server.url}/_mock/accounts/default"

        (call,) = pool.request("GET", f"{admin}/calls").json()["calls"]
        bill = pool.request("GET", f"{admin}/bill").json()

    assert answer.status == 200
    assert json.loads(answer.data)["showapi_res_body"]["task_id"] == call["task_id"]
    assert (call["charged"], bill["charges"], bill["fen"]) == (True, 1, 28)
