"""What only the end of a test shows: results that were paid for, and never looked at."""

import pytest

TASKS = """
    import json
    import pytest, urllib3
    from shop import call, submit

    def task_of(answer):
        return json.loads(answer.data)["showapi_res_body"]["task_id"]

    def fetch(address):
        with urllib3.PoolManager() as pool:
            assert pool.request("GET", address).status == 200

    def test_forgets(artqr):
        submit(artqr)

    def test_queries(artqr):
        call(artqr, "/queryTask", task_id=task_of(submit(artqr)))

    def test_is_called_back(artqr, artqr_callback_receiver):
        submit(artqr, call_back=artqr_callback_receiver.url)
        artqr.clock.advance("1m")
        artqr_callback_receiver.wait_for(1)

    @pytest.mark.artqr(readings={"result.count": "4"})
    def test_fetches_one_of_four(artqr):
        task_id = task_of(submit(artqr))
        artqr.clock.advance("1m")
        fetch(artqr.tasks[0].pictures[0])

    @pytest.mark.artqr(credits=0)
    def test_is_refused(artqr):
        assert submit(artqr).status == 403

    def test_keeps_a_world(artqr_server):
        submit(artqr_server.account())  # it goes on: nobody has said that it ends

    def test_fails(artqr):
        submit(artqr)
        assert False
    """


def test_the_end_of_a_test_shows_what_was_paid_for_in_vain(project: pytest.Pytester) -> None:
    project.makepyfile(TASKS)

    lenient = project.runpytest_inprocess()
    strict = project.runpytest_inprocess("--artqr-findings=warning")

    lenient.assert_outcomes(passed=6, failed=1)
    lenient.stdout.fnmatch_lines([
        "  1 x warning task-never-looked-at (submit_task): *",
        "  1 x warning pictures-not-fetched (submit_task): *1 of the 4 pictures of task *",
    ])  # fmt: skip
    strict.assert_outcomes(passed=6, failed=1, errors=2)
    strict.stdout.fnmatch_lines([
        "*ERROR at teardown of test_forgets*",
        "1 finding, artqr_findings is warning:",
        "  warning task-never-looked-at (submit_task): *",
        "*ERROR at teardown of test_fetches_one_of_four*",
    ])  # fmt: skip


def test_what_was_said_while_the_test_ran_is_not_said_again(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from shop import call, submit

        def test_it(artqr):
            submit(artqr)
            artqr.clock.advance("3d")
            assert [each.id for each in artqr.findings] == ["task-never-looked-at"]
        """
    )

    result = project.runpytest_inprocess()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["1 call, 1 charged, *, 1 finding (1 warning)"])


def test_the_last_test_of_a_run_is_judged_like_the_others(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from shop import submit

        def test_it(artqr):
            submit(artqr)
        """
    )

    result = project.runpytest_inprocess("--artqr-findings=warning")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_it*", "1 call, *(1 warning)"])
