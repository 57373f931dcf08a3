"""Tools that replace the clock, the sockets or the clients of a process: ours go on working."""

import sys

import pytest

# A callback comes by a server of its own, so nothing that is patched here can lose it.
USES = """
    from shop import submit

    def use(artqr, receiver):
        before = artqr.clock.now
        artqr.faults.add("D504TO", calls=1)
        artqr.faults.clear()
        artqr.admin.get("/bill")
        assert artqr.clock.advance("1s") >= before + 1000
        assert artqr.clock.now < 4_000_000_000_000  # it is not the year 5121
        assert receiver.received == []

    def buy(artqr, receiver):
        assert submit(artqr, call_back=receiver.url).status == 200
        artqr.clock.next()
        (callback,) = receiver.wait_for(1)
        assert callback.json["task_id"] == artqr.tasks[0]["task_id"]
        artqr.bill.assert_charges(1)
"""

CLOCKS = """
    import datetime
    import freezegun
    import pytest
    import time_machine
    from uses import buy, use

    @pytest.mark.parametrize("day", ["2001-01-01", "2026-01-01", "9999-12-30"])
    def test_freezegun(artqr_callback_receiver, request, day):
        with freezegun.freeze_time(day):
            artqr = request.getfixturevalue("artqr")
            use(artqr, artqr_callback_receiver)
            buy(artqr, artqr_callback_receiver)
            with pytest.raises(AssertionError, match="1 of 2 callbacks came within 0.05 s"):
                artqr_callback_receiver.wait_for(2, 0.05)

    @pytest.mark.parametrize("day", [datetime.date(2001, 1, 1), datetime.date(2090, 1, 1)])
    def test_time_machine(artqr_callback_receiver, request, day):
        with time_machine.travel(day, tick=False):
            artqr = request.getfixturevalue("artqr")
            use(artqr, artqr_callback_receiver)
            buy(artqr, artqr_callback_receiver)
            with pytest.raises(AssertionError, match="1 of 2 callbacks came within 0.05 s"):
                artqr_callback_receiver.wait_for(2, 0.05)

    def test_a_test_after_them(artqr, artqr_callback_receiver):
        use(artqr, artqr_callback_receiver)
        buy(artqr, artqr_callback_receiver)
"""

CLIENTS = """
    import aioresponses
    import pytest
    import vcr
    from uses import buy, use

    def test_vcr_that_refuses_every_call(artqr_callback_receiver, request, tmp_path):
        cassette = tmp_path / "none.yaml"
        with vcr.use_cassette(str(cassette), record_mode="none"):
            use(request.getfixturevalue("artqr"), artqr_callback_receiver)

    def test_vcr_records_the_calls_of_the_client_alone(artqr, artqr_callback_receiver, tmp_path):
        cassette = tmp_path / "all.yaml"
        with vcr.use_cassette(str(cassette)):
            use(artqr, artqr_callback_receiver)
            buy(artqr, artqr_callback_receiver)
        text = cassette.read_text()
        assert text.count("- request:") == 1
        assert "_mock" not in text

    def test_aioresponses(artqr_callback_receiver, request):
        with aioresponses.aioresponses():
            artqr = request.getfixturevalue("artqr")
            use(artqr, artqr_callback_receiver)
            buy(artqr, artqr_callback_receiver)

    @pytest.mark.allow_hosts(["127.0.0.1"])
    def test_pytest_socket_that_lets_this_machine_in(artqr, artqr_callback_receiver):
        use(artqr, artqr_callback_receiver)
        buy(artqr, artqr_callback_receiver)

    @pytest.mark.disable_socket
    def test_pytest_socket(artqr, socket_disabled):
        assert artqr.clock.now
        assert artqr.tasks[:] == []

    @pytest.mark.disable_socket
    def test_what_needs_a_socket_names_the_tool(artqr, socket_disabled, request):
        with pytest.raises(RuntimeError, match="cannot listen, because pytest_socket blocks"):
            request.getfixturevalue("artqr_callback_receiver")
"""

GEVENT = """
    import gevent
    from uses import buy, use

    def test_gevent(artqr, artqr_callback_receiver):
        use(artqr, artqr_callback_receiver)
        buy(artqr, artqr_callback_receiver)

    def test_greenlets_run_while_we_wait(artqr):
        ran = []
        other = gevent.spawn(lambda: ran.append(True))
        artqr.clock.advance("1s")
        assert ran
        other.join()
"""

PROCESSES = """
    import subprocess
    import pytest
    from mock_server import artqr_mock_server
    from mock_server.testing import process

    class FakePopen:
        __module__ = "pytest_subprocess.fake_popen"

    def test_it(monkeypatch):
        monkeypatch.setattr(subprocess, "Popen", FakePopen)
        with pytest.raises(OSError, match="pytest_subprocess has replaced subprocess.Popen: start"):
            with artqr_mock_server():
                pass
"""


@pytest.mark.parametrize(
    ("tests", "flags", "passed"),
    [
        (CLOCKS, ("-W", "ignore"), 6),
        (CLIENTS, ("-W", "ignore"), 6),
        (PROCESSES, (), 1),
    ],
    ids=["clocks", "clients", "processes"],
)
def test_what_they_replace_does_not_matter(
    project: pytest.Pytester, tests: str, flags: tuple[str, ...], passed: int
) -> None:
    project.makepyfile(uses=USES)
    project.makepyfile(test_it=tests)

    result = project.runpytest_subprocess(*flags, timeout=120)

    result.assert_outcomes(passed=passed)


@pytest.mark.parametrize("when", ["before", "after"])
def test_gevent_may_have_patched_everything(project: pytest.Pytester, when: str) -> None:
    project.makepyfile(uses=USES)
    project.makepyfile(test_it=GEVENT)
    early = ["-m", "gevent.monkey", "--module"] if when == "before" else ["-m"]
    if when == "after":
        project.makeconftest("from gevent import monkey; monkey.patch_all()")

    result = project.run(
        sys.executable, *early, "pytest", "-W", "ignore", "-p", "no:randomly", timeout=120
    )

    result.assert_outcomes(passed=2)
