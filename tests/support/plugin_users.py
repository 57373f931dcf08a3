"""Test files of the plugin's users, and the reports they get if the simulator fails."""

import pytest
import urllib3

from mock_server.testing import World

CLIENT = """
import urllib3

FORM = "application/x-www-form-urlencoded; charset=UTF-8"

def call(artqr, path, **fields):
    with urllib3.PoolManager(retries=False) as pool:
        return pool.request_encode_body(
            "POST", artqr.base_url + path, fields=fields, encode_multipart=False,
            headers={"Authorization": "APPCODE " + artqr.app_code, "Content-Type": FORM},
        )

def submit(artqr, text="https://example.com", **fields):
    return call(artqr, "/submitTask", text=text, style_id="food_fryrice", **fields)
"""

POLLS = """
    from shop import submit, call

    def test_it(artqr):
        for _ in range(3):
            call(artqr, "/taskList")
        print("charged", artqr.bill.charges)
"""

SAID = "the simulator failed on query_task (call "


def query(world: World) -> None:
    """Query as a careless client does, which ignores the answer."""
    headers = {"Authorization": f"APPCODE {world.app_code}"}
    with urllib3.PoolManager(retries=False) as pool:
        assert pool.request("POST", f"{world.base_url}/queryTask", headers=headers).status == 500


def reported_failures(result: pytest.RunResult) -> int:
    """Return the number of tests whose report shows a failure of the simulator."""
    return result.stdout.str().count(f"\n{SAID}")
