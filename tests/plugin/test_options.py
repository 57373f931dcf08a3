"""The options of the plugin, its cost, and a project that turns it off."""

import socket
import subprocess
import sys

import pytest

from mock_server import pytest_options
from tests.support.documents import pages
from tests.support.plugin_users import POLLS

# Modules that must not be loaded merely because the package is installed.
HEAVY = {"flask", "uvicorn", "urllib3", "PIL", "yaml", "rich", "click", "hypothesis", "sqlite3",
         "aiohttp", "jsonschema_rs", "trustme", "mock_server.testing"}  # fmt: skip


@pytest.mark.parametrize("name", pytest_options.OPTIONS)
def test_an_option_is_documented_and_a_flag(name: str, pytester: pytest.Pytester) -> None:
    assert f"`{name}`" in pages.page("docs/guides/testing.md").text

    parser = pytester.parseconfig()
    assert parser.getoption(name) is None
    assert parser.getini(name) == ""


@pytest.mark.parametrize(
    ("flag", "value", "says"),
    [
        ("--artqr-url", "localhost", "*artqr_url: 'localhost' is not an address such as*"),
        ("--artqr-url", "http://", "*artqr_url: 'http://' is not an address such as*"),
        ("--artqr-url", "http://[::1", "*artqr_url: 'http://[[]::1' is not an address such as*"),
        ("--artqr-url", "http://a:99999", "*artqr_url: 'http://a:99999' is not an address*"),
        ("--artqr-seed", "-1", "*artqr_seed = -1: write a whole number*"),
        ("--artqr-seed", "9" * 5000, "*artqr_seed = 999*9: write a whole number*"),
        ("--artqr-max-yuan", "much", "*artqr_max_yuan: 'much' is not an amount of yuan: write *"),
        ("--artqr-max-yuan", "nan", "*artqr_max_yuan: 'nan' is not an amount of yuan: write *"),
        ("--artqr-max-yuan", "-0.01", "*artqr_max_yuan: '-0.01' is not an amount of yuan: write *"),
        ("--artqr-max-yuan", "inf", "*artqr_max_yuan: 'inf' is not an amount of yuan: write *"),
        (
            "--artqr-findings",
            "grave",
            "*artqr_findings: unknown severity 'grave'; valid: error, warning, advice*",
        ),
        ("--artqr-readings", "x", "*artqr_readings = x: write ID=VALUE*"),
        ("--artqr-readings", "charge.pols=a", "*unknown reading 'charge.pols'; did you mean*"),
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

    assert set(done.stdout.split()) == {
        "mock_server",
        "mock_server.pytest_options",
        "mock_server.pytest_plugin",
    }


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
        ["6 calls, 6 charged, 1.68 yuan of the simulator's money, 6 findings (6 warnings)"]
    )
