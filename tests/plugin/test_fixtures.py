"""The fixtures of the plugin, in a user's project."""

import re
import threading

import pytest

from mock_server import artqr_mock_server
from mock_server.testing import MockServer


def test_a_test_gets_a_world_of_its_own_with_everything_in_it(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from shop import call, submit

        def test_one(artqr, artqr_callback_receiver):
            answer = submit(artqr, call_back=artqr_callback_receiver.url)
            task_id = answer.json()["showapi_res_body"]["task_id"]
            event = artqr.clock.next()
            (callback,) = artqr_callback_receiver.wait_for(1)
            assert event["task_id"] == task_id == callback.json["task_id"]
            assert (callback.method, callback.headers["content-type"][:16]) == (
                "POST", "application/json")
            assert artqr.tasks.get(task_id)["status"] == "succeeded"
            assert artqr.callbacks[0]["state"] == "delivered"
            assert artqr.env == {
                "ARTQR_BASE_URL": artqr.base_url, "ARTQR_APP_CODE": artqr.app_code,
                "ARTQR_APP_KEY": artqr.app_key, "ARTQR_APP_SECRET": artqr.app_secret}
            artqr.bill.assert_charges(1)
            artqr.bill.assert_yuan("0.28")
            artqr.calls.assert_count(1)
            artqr.calls.assert_no_findings()
            artqr.assert_no_duplicate_submits()
            assert [each.id for each in artqr.findings] == ["callback-unreachable"]

        def test_two(artqr, artqr_server):
            assert len(artqr.calls) == len(artqr.tasks) == 0
            other = artqr_server.account(credits=1)
            submit(other)
            assert (len(other.tasks), len(artqr.tasks)) == (1, 0)

        def test_three(artqr):
            armed = artqr.faults.add("T429PA", operation="query_task", calls=1)
            assert call(artqr, "/queryTask", task_id="x").status == 429
            assert artqr.faults.all()[0]["hits"] == 1 and armed["calls_left"] == 1
            artqr.faults.clear()
            assert artqr.faults.all() == []
            before = artqr.clock.freeze()
            assert artqr.clock.advance("1h") == before + 3_600_000
            assert artqr.tasks[:] == []
            submit(artqr)
            assert artqr.tasks.force(artqr.tasks[0]["task_id"], "failed")["status"] == "failed"
        """
    )

    result = project.runpytest_inprocess()

    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        ["artqr-mock *: a server of its own for each process, seed 1", "*= artqr-mock =*",
         "4 calls, 3 charged, 0.76 yuan of *, 3 findings (2 warnings, 1 advice)"]
    )  # fmt: skip


def test_a_seed_and_a_name_give_the_same_ids_in_every_run(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from shop import submit

        def test_it(artqr):
            submit(artqr)
            print("\\nid", artqr.tasks[0]["task_id"])
        """
    )

    def ids(*flags: str) -> list[str]:
        return [
            line
            for line in project.runpytest_inprocess("-s", *flags).outlines
            if line.startswith("id ")
        ]

    first = ids()
    assert len(first) == 1
    assert first == ids() != ids("--artqr-seed", "2")


def test_a_failed_test_shows_the_calls_once(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from shop import submit

        def test_plain(artqr):
            submit(artqr)
            assert False

        def test_ours(artqr):
            submit(artqr)
            artqr.bill.assert_charges(2)
        """
    )

    result = project.runpytest_inprocess()

    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["*Captured artqr calls*", "time * call * answer  yuan", "* submit_task  200 * task *",
         "1 call, 1 charged, 0.28 yuan", "E * AssertionError: expected 2 charged, found 1",
         "E * submit_task  200     0.28  task *"]
    )  # fmt: skip
    # The report does not repeat what one of our assertions said.
    assert result.stdout.str().count("Captured artqr calls") == 1


def test_the_summary_puts_together_what_is_wrong_in_the_same_way(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from shop import submit

        def test_it(artqr):
            for _ in range(4):
                submit(artqr)
        """
    )

    result = project.runpytest_inprocess()

    result.stdout.fnmatch_lines(["  3 x error submit-twice (submit_task): *sent 'the body *"])


def test_a_failed_unittest_shows_its_calls_and_is_kept(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import unittest
        import pytest
        from shop import submit

        class TestUnit(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _world(self, artqr):
                self.artqr = artqr

            def test_good(self):
                submit(self.artqr)

            def test_bad(self):
                submit(self.artqr)
                self.fail("by itself")
        """
    )
    with artqr_mock_server() as server:
        result = project.runpytest_inprocess("--artqr-url", server.url)
        kept = {each["name"] for each in server.admin.get("/accounts")["accounts"]}

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*Captured artqr calls*", "* submit_task  200 * task *"])
    assert "test_bad" in kept
    assert "test_good" not in kept


def test_a_running_server_can_be_used_and_keeps_only_what_failed(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from shop import submit

        def test_good(artqr):
            submit(artqr)

        def test_bad(artqr):
            assert submit(artqr).status == 450
        """
    )
    with artqr_mock_server(token="sesame") as server:
        server_flags = ("--artqr-url", server.url)
        refused = project.runpytest_inprocess(*server_flags, "--artqr-token", "wrong")
        result = project.runpytest_inprocess(*server_flags, "--artqr-token", "sesame")
        kept = [each["name"] for each in server.admin.get("/accounts")["accounts"]]

    refused.assert_outcomes(errors=2)
    refused.stdout.fnmatch_lines(["*UsageError: artqr_url cannot be used: *"])
    result.assert_outcomes(passed=1, failed=1)
    assert "test_bad" in kept
    assert "test_good" not in kept


def test_no_thread_is_left(project: pytest.Pytester) -> None:
    before = set(threading.enumerate())
    project.makepyfile(
        """
        from shop import submit

        def test_it(artqr, artqr_callback_receiver):
            submit(artqr, call_back=artqr_callback_receiver.url)
            artqr.clock.next()
            artqr_callback_receiver.wait_for(1)
        """
    )

    project.runpytest_inprocess().assert_outcomes(passed=1)

    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"credit": 3}, "account(): unknown argument 'credit'; did you mean 'credits'?"),
        (
            {"wealth": 3},
            "account(): unknown argument 'wealth'; valid: credits, seed, readings,",
        ),
        ({"scenario": "x"}, "account() takes no scenario: play one in a world, world.play("),
    ],
)
def test_a_world_that_cannot_be_is_refused_with_what_can(
    artqr_server: MockServer, wish: dict[str, object], says: str
) -> None:
    with pytest.raises(TypeError, match=re.escape(says)):
        artqr_server.account(**wish)


def test_wrong_use_of_the_fixtures_is_shown_at_the_line_of_the_test(
    project: pytest.Pytester,
) -> None:
    project.makepyfile(
        """
        def test_it(artqr):
            artqr.faults.add("D504T0")
        """
    )

    done = project.runpytest_inprocess()

    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        [
            '>*artqr.faults.add("D504T0")',
            "E *unknown error code 'D504T0'; did you mean 'D504TO'?*",
            "*test_wrong_use_*.py:2: *RefusedError",
        ]
    )
    done.stdout.no_fnmatch_line("*admin_client.py:*")
