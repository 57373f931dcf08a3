"""A bug of the simulator fails the test that caused it, once, wherever the call was made."""

import pytest

from mock_server import artqr_mock_server
from mock_server.testing.server import started
from tests.support.plugin_users import SAID, reported_failures

pytestmark = pytest.mark.usefixtures("broken_queries")


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
    result.stdout.fnmatch_lines(
        [f"{SAID}*): this is a bug of artqr-mock, not of your *", "the end of its log:",
         "LookupError: a planted bug", "* query_task  500 *"]
    )  # fmt: skip
    assert reported_failures(result) == 4
    # Each test is shown what was logged since the one before.
    assert result.stdout.str().count("LookupError: a planted bug") == 4


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
    assert reported_failures(result) == 6


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
    assert reported_failures(result) == 1


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
