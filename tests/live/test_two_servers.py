"""Several servers on one PostgreSQL database are one service."""

from pathlib import Path

import pytest

from mock_server.client import AdminClient
from tests.support import postgres
from tests.support.live import Buyer
from tests.support.processes import serving


@pytest.mark.slow
def test_a_task_submitted_to_one_server_is_known_to_the_other(tmp_path: Path) -> None:
    database = postgres.empty_schema()
    with (
        serving(tmp_path, database=database) as first,
        serving(tmp_path, database=database) as second,
        AdminClient(first.url) as admin,
        AdminClient(second.url) as other_admin,
    ):
        account = admin.post("/accounts", {"credits": 3})
        here = Buyer(first.url, account, admin)
        there = Buyer(second.url, account, other_admin)

        task_ids = [here.submit(), there.submit(), here.submit()]
        there.clock(advance="1m", settle=True)

        assert there.call("/submitTask", text="x", style_id="pet_cat").status == 403
        tasks = there.world.get("/tasks")["tasks"]
        assert [task["task_id"] for task in tasks] == task_ids
        assert {task["status"] for task in here.world.get("/tasks")["tasks"]} == {"succeeded"}
        assert here.world.get("/bill") == there.world.get("/bill")
