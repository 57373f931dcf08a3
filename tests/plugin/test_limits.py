"""Limits of a test's cost and findings, and the readings of every world."""

from pathlib import Path

import pytest

from mock_server.testing.session import Totals
from tests.support.plugin_users import POLLS


def test_a_test_that_costs_too_much_fails(project: pytest.Pytester) -> None:
    project.makepyfile(POLLS)

    project.runpytest_inprocess("--artqr-max-yuan", "0.84").assert_outcomes(passed=1)
    result = project.runpytest_inprocess("--artqr-max-yuan", "0.83")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["cost 0.84 yuan, artqr_max_yuan is 0.83", "*list_tasks  200 *"])


def test_every_world_can_have_another_reading(project: pytest.Pytester) -> None:
    project.makepyfile(POLLS)

    result = project.runpytest_inprocess("-s", "--artqr-readings", "charge.polls=submit-only")

    result.stdout.fnmatch_lines(["*charged 0*"])


def test_every_world_is_every_one_and_what_is_said_of_one_wins(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        from shop import submit

        def words(world):
            return world.readings["charge.polls"], world.readings["envelope"]

        def test_of_a_world_more(artqr_server):
            assert words(artqr_server.account()) == ("submit-only", "bare")
            other = artqr_server.account(readings={"envelope": "showapi"})
            assert words(other) == ("submit-only", "showapi")

        @pytest.mark.artqr(readings={"envelope": "showapi"})
        def test_of_a_marker(artqr):
            assert words(artqr) == ("submit-only", "showapi")

        @pytest.mark.artqr(scenario="quota-runs-out")
        def test_of_a_scenario(artqr):
            assert words(artqr) == ("submit-only", "bare")
        """
    )

    flag = "--artqr-readings=charge.polls=submit-only,envelope=bare"
    project.runpytest_inprocess(flag).assert_outcomes(passed=3)


SUITE = """
    from mock_server.client_suite import ClientSuite
    from reference import Client

    met = set()

    class TestClient(ClientSuite):
        late_seconds = 0.5

        def adapter(self, env):
            return Client(env["ARTQR_BASE_URL"], env["ARTQR_APP_CODE"])

        def open(self, server, readings):
            play = super().open(server, readings)
            words = dict(play._world.readings)
            met.add((words["refusal.status"], words["charge.polls"]))
            return play

    def test_what_was_met():
        print("met", sorted(met))
"""


@pytest.fixture
def suite(project: pytest.Pytester) -> pytest.Pytester:
    """A project that runs the suite with a correct client."""
    source = Path(__file__).parents[1] / "clients" / "reference" / "client.py"
    project.makepyfile(reference=source.read_text("utf-8"))
    project.makepyfile(SUITE)
    return project


def test_the_suite_takes_readings_for_settled(suite: pytest.Pytester) -> None:
    flags = ("-s", "-k", "pitfalls or met")
    flipped = suite.runpytest_inprocess(*flags)
    settled = suite.runpytest_inprocess(
        *flags, "--artqr-readings=refusal.status=450,charge.polls=submit-only"
    )

    flipped.assert_outcomes(passed=2, deselected=3)
    flipped.stdout.fnmatch_lines(["*met [[]('200', 'every-200'), ('450', 'every-200')]"])
    settled.assert_outcomes(passed=2, deselected=3)
    settled.stdout.fnmatch_lines(["*met [[]('450', 'submit-only')]"])


def test_what_the_suite_costs_is_on_the_budget(suite: pytest.Pytester) -> None:
    result = suite.runpytest_inprocess("-k", "pitfalls", "--artqr-max-yuan=1")

    result.assert_outcomes(failed=1, deselected=4)
    result.stdout.fnmatch_lines(
        ["cost * yuan, artqr_max_yuan is 1.00; * of it in worlds of the client suite"]
    )


def test_the_budget_of_a_test_is_for_all_of_its_worlds_and_until_its_end(
    project: pytest.Pytester,
) -> None:
    project.makepyfile(
        """
        import pytest
        from shop import submit

        @pytest.fixture
        def tidy(artqr):
            yield
            submit(artqr)

        def test_two_worlds(artqr, artqr_server):
            submit(artqr)
            submit(artqr_server.account())

        def test_until_the_end(artqr, tidy):
            submit(artqr)

        def test_is_too_dear_before(artqr, tidy):
            submit(artqr)
            submit(artqr)

        def test_cheap(artqr):
            submit(artqr)
        """
    )

    result = project.runpytest_inprocess("--artqr-max-yuan=0.50")

    result.assert_outcomes(passed=2, failed=2, errors=1)
    assert result.stdout.str().count("\ncost 0.56 yuan, artqr_max_yuan is 0.50") == 3


def test_a_test_may_have_a_budget_of_its_own(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        from shop import submit

        @pytest.mark.artqr(max_yuan=0)
        def test_free(artqr):
            submit(artqr)

        @pytest.mark.artqr(max_yuan=0.56)
        def test_dear(artqr_server):
            submit(artqr_server.account())
            submit(artqr_server.account())
        """
    )

    result = project.runpytest_inprocess("--artqr-max-yuan=0.28")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["cost 0.28 yuan, max_yuan of its marker is 0.00"])
    assert "\ncost 0.56" not in result.stdout.str()


def test_findings_can_fail_a_test_and_are_summed_up(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import urllib3

        def test_it(artqr):
            headers = {"X-Ca-Key": artqr.app_key, "X-Ca-Signature": "bm8="}
            with urllib3.PoolManager() as pool:
                assert pool.request("POST", artqr.base_url + "/taskList", headers=headers).status
        """
    )

    lenient = project.runpytest_inprocess()
    strict = project.runpytest_inprocess("--artqr-findings", "error")

    lenient.assert_outcomes(passed=1)
    lenient.stdout.fnmatch_lines(["1 call, 0 charged, *, 3 findings (1 error, 2 advice)",
                                  "  1 x error signature (list_tasks): *"])  # fmt: skip
    strict.assert_outcomes(failed=1)
    strict.stdout.fnmatch_lines(["1 finding, artqr_findings is error:", "  error signature *"])


def test_what_was_called_before_a_scenario_counts(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from shop import call

        def test_it(artqr):
            for _ in range(3):
                call(artqr, "/taskList")
            artqr.play("quota-runs-out")
        """
    )

    result = project.runpytest_inprocess("--artqr-max-yuan", "0.56")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*cost 0.84 yuan, artqr_max_yuan is 0.56*", "3 calls, 3 charged*"])


def test_the_summary_counts_findings_in_plurals() -> None:
    counts = Totals()
    counts.findings.update({"error": 2, "advice": 3, "warning": 1})

    assert counts.lines()[0].endswith("6 findings (2 errors, 1 warning, 3 advice)")
