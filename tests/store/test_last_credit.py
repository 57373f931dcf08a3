"""Many threads, few credits: exactly as many calls are charged as credits were bought."""

import threading
from collections import Counter

import pytest
from werkzeug.test import Client

from mock_server.web.flask_app import create_app
from tests.support.worlds import World, body_of

THREADS = 64
CALLS = 3
CREDITS = 50


@pytest.mark.claim("quota-exhausted")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_last_credit_is_spent_once_however_many_ask_for_it(world: World, seed: int) -> None:
    account = world.account(credits=CREDITS, seed=seed)
    app = create_app(world.simulator)
    statuses: list[int] = []
    task_ids: list[str] = []
    balances: list[int] = []
    start = threading.Barrier(THREADS)

    def submit_some() -> None:
        client = Client(app)
        headers = {"Authorization": f"APPCODE {account['app_code']}"}
        fields = {"text": "https://example.com", "style_id": "pet_cat"}
        start.wait(timeout=30)
        for _ in range(CALLS):
            answer = client.post("/submitTask", data=fields, headers=headers)
            statuses.append(answer.status_code)
            if answer.status_code == 200:
                task_ids.append(body_of(answer)["task_id"])
            found = client.get(f"/_mock/accounts/{account['id']}")
            balances.append(found.get_json()["balance"])

    threads = [threading.Thread(target=submit_some) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    bill = world.bill(account["id"])
    charged = world.admin("GET", f"/accounts/{account['id']}/calls?charged=true")["calls"]
    assert Counter(statuses) == {200: CREDITS, 403: THREADS * CALLS - CREDITS}
    assert len(set(task_ids)) == CREDITS
    assert (min(balances), bill["balance"]) == (0, 0)
    assert (bill["charges"], bill["fen"]) == (CREDITS, 1500)
    assert sorted(call["task_id"] for call in charged) == sorted(task_ids)
