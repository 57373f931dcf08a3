"""The options of the plugin, what it costs, and a project that does not want it."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mock_server import pytest_plugin

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
# What nobody who merely has the package installed should wait for.
HEAVY = {"flask", "uvicorn", "urllib3", "PIL", "yaml", "rich", "click", "hypothesis", "sqlite3",
         "aiohttp", "jsonschema_rs", "trustme", "mock_server.testing"}  # fmt: skip

POLLS = """
    from shop import submit, call

    def test_it(artqr):
        for _ in range(3):
            call(artqr, "/taskList")
        print("charged", artqr.bill.charges)
"""


@pytest.mark.parametrize("name", pytest_plugin.OPTIONS)
def test_an_option_is_in_the_readme_and_a_flag(name: str, pytester: pytest.Pytester) -> None:
    assert f"`{name}`" in README

    parser = pytester.parseconfig()
    assert parser.getoption(name) is None
    assert parser.getini(name) == ""


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
    """A project that runs the suite with a good client."""
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


@pytest.mark.parametrize(
    ("flag", "value", "says"),
    [
        ("--artqr-url", "localhost", "*artqr_url = localhost: write an address such as*"),
        ("--artqr-url", "http://", "*artqr_url = http://: write an address such as*"),
        ("--artqr-url", "http://[::1", "*artqr_url = http://[[]::1: write an address such as*"),
        ("--artqr-url", "http://a:99999", "*artqr_url = http://a:99999: write an address*"),
        ("--artqr-seed", "-1", "*artqr_seed = -1: write a whole number*"),
        ("--artqr-seed", "9" * 5000, "*artqr_seed = 999*9: write a whole number*"),
        ("--artqr-max-yuan", "much", "*artqr_max_yuan = much: write yuan*"),
        ("--artqr-max-yuan", "nan", "*artqr_max_yuan = nan: write yuan*"),
        ("--artqr-max-yuan", "-0.01", "*artqr_max_yuan = -0.01: write yuan*"),
        ("--artqr-max-yuan", "inf", "*artqr_max_yuan = inf: write yuan*"),
        ("--artqr-findings", "grave", "*artqr_findings = grave: there is error, warning, advice*"),
        ("--artqr-readings", "x", "*artqr_readings = x: write ID=WORD*"),
        ("--artqr-readings", "charge.pols=a", "*no reading is called 'charge.pols': did you mean*"),
        ("--artqr-readings", "charge.polls=some", "*charge.polls takes 'every-200' or 'submit-o*"),
        (
            "--artqr-readings",
            "charge.polls=every-200, charge.polls=submit-only",
            "*artqr_readings: charge.polls is every-200 and submit-only*",
        ),
    ],
)
def test_an_option_that_cannot_be_stops_the_run_before_it_starts(
    project: pytest.Pytester, flag: str, value: str, says: str
) -> None:
    result = project.runpytest_inprocess(f"{flag}={value}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([says])


def test_a_server_that_is_not_there_is_said_in_one_line(project: pytest.Pytester) -> None:
    project.makepyfile(POLLS)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        result = project.runpytest_inprocess("--artqr-url", url)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"E   pytest.UsageError: artqr_url cannot be used: *{url}*"])


def test_an_ini_option_counts_and_a_flag_beats_it(project: pytest.Pytester) -> None:
    project.makepyfile(POLLS)
    project.makeini("[pytest]\nartqr_max_yuan = 0.10\nartqr_readings =\n    charge.polls=every-200")

    project.runpytest_inprocess().assert_outcomes(failed=1)
    project.runpytest_inprocess("--artqr-max-yuan=9").assert_outcomes(passed=1)


def test_a_project_can_do_without_it(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(): pass")

    without = project.runpytest_inprocess("-p", "no:artqr")
    unused = project.runpytest_inprocess()

    without.assert_outcomes(passed=1)
    assert "artqr" not in without.stdout.str()
    assert "artqr-mock =" not in unused.stdout.str()


def test_unused_it_loads_nothing_that_loads_slowly() -> None:
    program = (
        "import sys, pytest; before = set(sys.modules); import mock_server.pytest_plugin; "
        "print(*(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert set(done.stdout.split()) == {"mock_server", "mock_server.pytest_plugin"}


def test_a_run_that_does_not_use_it_loads_nothing_that_loads_slowly(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        f"""
        import sys

        def test_it():
            assert not {HEAVY!r} & set(sys.modules)
        """
    )

    plugins = ("-p", "no:schemathesis", "-p", "no:hypothesispytest", "-p", "no:anyio")
    pytester.runpytest_subprocess(*plugins).assert_outcomes(passed=1)


@pytest.mark.slow
def test_processes_of_xdist_have_a_server_each_and_are_summed_up(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        from shop import submit

        @pytest.mark.parametrize("number", range(6))
        def test_it(artqr, number):
            submit(artqr)
            artqr.bill.assert_charges(1)
        """
    )

    result = project.runpytest_subprocess("-n", "2")

    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(
        ["6 calls, 6 charged, 1.68 yuan of the simulator's money, 0 findings"]
    )
