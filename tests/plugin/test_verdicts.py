"""A bug of the simulator fails the test that met it: once, wherever the call was made."""

import pytest
import urllib3

import mock_server.actions.vendor as vendor_actions
from mock_server import artqr_mock_server
from mock_server.domain.calls import Operation
from mock_server.testing import SimulatorBugError, World
from mock_server.testing.server import started

SAID = "the simulator failed on query_task (call "

# For a process of its own: the simulator fails on each query.
BREAK = """
import mock_server.actions.vendor as actions
from mock_server.domain.calls import Operation

def broken(*_):
    raise LookupError

actions.OPERATIONS[Operation.QUERY_TASK] = broken
"""


@pytest.fixture(autouse=True)
def _broken_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        raise LookupError

    monkeypatch.setitem(vendor_actions.OPERATIONS, Operation.QUERY_TASK, broken)


def query(world: World) -> None:
    """What the careless client does, which makes nothing of the answer."""
    headers = {"Authorization": f"APPCODE {world.app_code}"}
    with urllib3.PoolManager(retries=False) as pool:
        assert pool.request("POST", f"{world.base_url}/queryTask", headers=headers).status == 500


def told(result: pytest.RunResult) -> int:
    return result.stdout.str().count(f"\n{SAID}")


def test_a_bug_fails_a_test_whose_client_swallowed_it(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from shop import call, submit

        def test_swallows(artqr):
            call(artqr, "/queryTask", task_id="x")

        def test_swallows_in_another_world(artqr_server):
            call(artqr_server.account(), "/queryTask", task_id="x")

        def test_swallows_in_the_default_world(artqr_server):
            call(artqr_server.default, "/queryTask", task_id="x")

        def test_fails_by_itself(artqr):
            call(artqr, "/queryTask", task_id="x")
            assert False

        def test_is_not_concerned(artqr):
            submit(artqr)
        """
    )

    result = project.runpytest_inprocess("-p", "no:logging")

    result.assert_outcomes(failed=4, passed=1)
    result.stdout.fnmatch_lines([f"{SAID}*): this is a bug of artqr-mock, not of your *"])
    assert told(result) == 4


def test_a_magic_credential_hides_no_bug(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from types import SimpleNamespace
        from shop import call

        def test_it(artqr_server):
            magic = SimpleNamespace(base_url=artqr_server.url, app_code="mock-charged-but-lost")
            try:
                call(magic, "/queryTask", task_id="x")
            except Exception:
                pass
        """
    )

    project.runpytest_inprocess("-p", "no:logging").assert_outcomes(failed=1)


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
    )  # with it the server ends

    result = project.runpytest_inprocess("-p", "no:logging", *chosen)

    if order:
        result.assert_outcomes(passed=3, errors=3, deselected=3)
        assert told(result) == 3
    else:
        result.assert_outcomes(passed=5, failed=1, errors=4)
        assert told(result) == 5
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
    assert told(result) == 1


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
    assert told(result) == 1


def test_neither_a_skip_nor_an_expected_failure_hides_a_bug(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import unittest
        import pytest
        from shop import call

        @pytest.mark.xfail
        def test_expected(artqr):
            call(artqr, "/queryTask", task_id="x")
            assert False

        @pytest.mark.xfail
        def test_expected_and_passes(artqr):
            call(artqr, "/queryTask", task_id="x")

        def test_skips(artqr):
            call(artqr, "/queryTask", task_id="x")
            pytest.skip("no")

        class TestUnit(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _world(self, artqr):
                self.artqr = artqr

            def test_skips(self):
                call(self.artqr, "/queryTask", task_id="x")
                self.skipTest("no")

            def test_swallows(self):
                call(self.artqr, "/queryTask", task_id="x")

            def test_fails(self):
                call(self.artqr, "/queryTask", task_id="x")
                self.fail("by itself")

        @pytest.mark.xfail
        def test_is_not_concerned(artqr):
            assert False
        """
    )

    result = project.runpytest_inprocess("-p", "no:logging")

    result.assert_outcomes(failed=6, xfailed=1)
    assert told(result) == 6


def test_a_bug_that_a_fixture_met_before_it_failed_is_shown(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        from shop import call

        @pytest.fixture
        def client(artqr):
            call(artqr, "/queryTask", task_id="x")
            raise LookupError("a fixture of mine")

        def test_it(client):
            pass
        """
    )

    result = project.runpytest_inprocess("-p", "no:logging")

    result.assert_outcomes(errors=1)
    assert told(result) == 1


@pytest.mark.slow
def test_processes_of_xdist_tell_it_too(project: pytest.Pytester) -> None:
    project.makeconftest(BREAK)
    project.makepyfile(TEARDOWN)

    result = project.runpytest_subprocess("-n", "2", "-p", "no:logging")

    result.assert_outcomes(passed=5, failed=1, errors=4)
    assert told(result) == 5


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


def test_a_server_that_is_gone_is_said_of_each_test(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest

        def test_deletes_its_world(artqr):
            artqr.admin.delete("")

        def test_it(artqr, artqr_server):
            artqr_server.admin.base_url = "http://127.0.0.1:1"

        def test_next(artqr):
            pass
        """
    )
    with started() as server:
        shared = project.runpytest_inprocess("--artqr-url", server.url)
    own = project.runpytest_inprocess()

    for result in (own, shared):
        result.assert_outcomes(passed=1, failed=1, errors=1)
        result.stdout.fnmatch_lines(
            [
                "the world of *test_next cannot be made: no artqr-mock answers at *",
                "the calls of this test cannot be read: no artqr-mock answers at *",
            ]
        )
        assert "INTERNALERROR" not in result.stdout.str()


def test_the_image_is_of_no_test() -> None:
    with artqr_mock_server() as server:
        assert server.source_image()
        server.adopt()
        assert [world.id for world in server.worlds] == ["default"]
