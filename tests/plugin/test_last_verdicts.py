"""A bug of the simulator at the end of a test or of the run still fails: in teardowns too."""

import pytest

from mock_server import artqr_mock_server
from mock_server.testing import SimulatorBugError
from mock_server.testing.server import started
from tests.support.planted_bugs import command
from tests.support.plugin_users import SAID, query, reported_failures

pytestmark = pytest.mark.usefixtures("broken_queries")

# For processes of their own: the simulator fails on each query.
BREAK = f"""
from mock_server.testing import process

process.command = lambda: {command("query_task")!r}
"""

TEARDOWN = """
    import pytest
    from shop import call, submit

    @pytest.fixture
    def client(artqr):
        yield
        call(artqr, "/queryTask", task_id="x")

    @pytest.fixture
    def other(artqr_server):
        world = artqr_server.account()
        yield world
        call(world, "/queryTask", task_id="x")

    @pytest.fixture
    def late():
        worlds = []
        yield worlds
        call(worlds[0], "/queryTask", task_id="x")  # after `artqr` has let go of its world

    def test_fine_before(artqr):
        submit(artqr)

    def test_own(artqr, client):
        submit(artqr)

    def test_other(other):
        submit(other)

    def test_late(late, artqr):
        late.append(artqr)

    def test_both(artqr, client):
        call(artqr, "/queryTask", task_id="x")

    def test_fine_after(artqr):
        submit(artqr)
"""


@pytest.mark.parametrize("order", ["", "last"])
def test_a_bug_in_a_teardown_is_an_error_there(project: pytest.Pytester, order: str) -> None:
    project.makepyfile(TEARDOWN)
    chosen = (
        ["-k", "test_own or test_other or test_late"] if order else []
    )  # this also ends the server

    result = project.runpytest_inprocess("-p", "no:logging", *chosen)

    if order:
        result.assert_outcomes(passed=3, errors=3, deselected=3)
        assert reported_failures(result) == 3
    else:
        result.assert_outcomes(passed=5, failed=1, errors=4)
        assert reported_failures(result) == 5
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_own*", f"{SAID}*"])


@pytest.mark.parametrize("scope", ["module", "session"])
def test_a_bug_in_the_teardown_of_a_module_is_told(project: pytest.Pytester, scope: str) -> None:
    project.makepyfile(
        f"""
        import pytest
        from shop import call

        @pytest.fixture(scope={scope!r})
        def world(artqr_server):
            world = artqr_server.account()
            yield world
            call(world, "/queryTask", task_id="x")

        def test_it(world):
            pass
        """
    )

    result = project.runpytest_inprocess("-p", "no:logging")

    result.assert_outcomes(passed=1, errors=1)
    assert reported_failures(result) == 1


def test_a_bug_after_a_run_was_stopped_is_told_in_the_summary(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        from shop import call

        @pytest.fixture(scope="session")
        def world(artqr_server):
            world = artqr_server.account()
            yield world
            call(world, "/queryTask", task_id="x")

        def test_it(world):
            pytest.exit("that is enough", returncode=0)

        def test_next(world):
            pass
        """
    )

    result = project.runpytest_inprocess("-p", "no:logging")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert reported_failures(result) == 1


def meets_a_bug(*, then: Exception | None = None, in_default: bool = False) -> None:
    with artqr_mock_server() as server:
        gone = server.account()
        server.admin.delete(f"/accounts/{gone.id}")
        query(server.default if in_default else server.account())
        if then:
            raise then


@pytest.mark.parametrize("in_default", [False, True])
def test_without_pytest_it_is_raised_at_the_end(*, in_default: bool) -> None:
    with pytest.raises(SimulatorBugError, match="failed on query_task"):
        meets_a_bug(in_default=in_default)


def test_without_pytest_what_is_under_way_goes_on_with_a_note() -> None:
    with pytest.raises(LookupError, match="mine") as caught:
        meets_a_bug(then=LookupError("mine"))

    assert "failed on query_task" in caught.value.__notes__[0]


def test_what_was_kept_of_a_running_server_is_what_met_a_bug_in_its_teardown(
    project: pytest.Pytester,
) -> None:
    project.makepyfile(TEARDOWN)
    with started() as server:
        result = project.runpytest_inprocess(
            "-p",
            "no:logging",
            "-k",
            "test_own or test_fine_after or test_late",
            "--artqr-url",
            server.url,
        )
        kept = {each["name"] for each in server.admin.get("/accounts")["accounts"]}

    result.assert_outcomes(passed=3, errors=2, deselected=3)
    assert {"test_own", "test_late"} <= kept
    assert "test_fine_after" not in kept


@pytest.mark.slow
def test_processes_of_xdist_tell_it_too(project: pytest.Pytester) -> None:
    project.makeconftest(BREAK)
    project.makepyfile(TEARDOWN)

    result = project.runpytest_subprocess("-n", "2", "-p", "no:logging")

    result.assert_outcomes(passed=5, failed=1, errors=4)
    assert reported_failures(result) == 5
