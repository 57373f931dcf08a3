"""Drills that start the client again: when they do, and what is seen of both runs."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mock_server.rehearsal import needs
from mock_server.rehearsal.conduct import Conduct
from mock_server.rehearsal.drills import all_drills
from mock_server.rehearsal.evidence import Evidence
from mock_server.rehearsal.order import RehearsalOrder
from tests.support.live import Live, live

# The beginning of a client; `again` says whether it is the second run.
HEAD = """
import os, sys, time, urllib.error, urllib.parse, urllib.request

state = os.environ["ARTQR_STATE"]
again = os.path.exists(state)
open(state, "w").close()
print("second run" if again else "first run", flush=True)


def call(path, **fields):
    request = urllib.request.Request(
        os.environ["ARTQR_BASE_URL"] + path,
        data=urllib.parse.urlencode(fields).encode(),
        headers={"Authorization": "APPCODE " + os.environ["ARTQR_APP_CODE"]},
    )
    try:
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        return error.code


def submit():
    return call("/submitTask", text="https://example.com/one", style_id="pet_cat")


"""
DRILLS = {drill.id: drill for drill in all_drills() if drill.restart}
# For each drill a client that gets into its situation.
ABLE = {
    "client-killed-after-submit": "if not again: submit()",
    "client-killed-while-polling": """
if not again:
    submit()
    while True:
        call("/queryTask", task_id="0")
        time.sleep(0.05)
""",
    "quota-topped-up": "sys.exit(0 if {submit() for _ in range(4)} == {200} else 1)",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live() as running:
        yield running


def ran(
    server: Live, folder: Path, name: str, program: str, time_limit_s: float = 20.0
) -> Evidence:
    """Return what a drill has shown of a program."""
    script = folder / "client.py"
    script.write_text(HEAD + program)
    command = (sys.executable, str(script))
    order = RehearsalOrder(command=command, time_limit_s=time_limit_s)
    return Conduct(order, server.admin, DRILLS[name], threading.Event()).run()


def test_every_restarting_drill_has_a_client_here() -> None:
    assert set(ABLE) == set(DRILLS)


@pytest.mark.parametrize("name", DRILLS)
def test_the_needs_of_a_restarting_drill_are_met_and_both_runs_are_seen(
    server: Live, tmp_path: Path, name: str
) -> None:
    evidence = ran(server, tmp_path, name, ABLE[name])

    assert needs.unmet(evidence) == []
    assert evidence.ended.stdout.split(b"\n")[:2] == [b"first run", b"second run"]
    assert evidence.ended.status == 0
    (first,) = evidence.earlier
    assert (first.status, first.timed_out) == (1 if name == "quota-topped-up" else None, False)


@pytest.mark.parametrize("name", DRILLS)
def test_a_client_that_ends_with_success_by_itself_is_not_started_again(
    server: Live, tmp_path: Path, name: str
) -> None:
    evidence = ran(server, tmp_path, name, "sys.exit(0)")

    assert (evidence.earlier, evidence.restarted_after) == ((), None)
    assert evidence.ended.stdout == b"first run\n"
    assert needs.unmet(evidence) != []


def test_credits_are_bought_between_the_two_runs(server: Live, tmp_path: Path) -> None:
    evidence = ran(server, tmp_path, "quota-topped-up", ABLE["quota-topped-up"])

    after = evidence.restarted_after
    assert after is not None
    first = [each.status for each in evidence.calls if each.id <= after]
    second = [each.status for each in evidence.calls if each.id > after]
    assert first == [200, 200, 200, 403]
    assert second == [200, 200, 200, 200]


def test_a_killed_submit_is_charged_and_was_never_heard(server: Live, tmp_path: Path) -> None:
    program = "sys.exit(0 if submit() == 200 else 1)"

    evidence = ran(server, tmp_path, "client-killed-after-submit", program)

    killed, heard = evidence.submits
    assert (killed.call.charged, killed.heard, killed.leaves_open) == (True, False, True)
    assert (heard.call.charged, heard.heard) == (True, True)


def test_a_client_that_hangs_at_the_refusal_is_not_started_again(
    server: Live, tmp_path: Path
) -> None:
    evidence = ran(server, tmp_path, "quota-topped-up", "time.sleep(97)", time_limit_s=1.0)

    assert evidence.ended.timed_out
    assert evidence.earlier == ()


@pytest.mark.parametrize("name", ["submit-slow-drip", "submit-charged-slow"])
def test_a_client_that_ends_as_soon_as_it_gives_up_has_given_up(
    server: Live, tmp_path: Path, name: str
) -> None:
    """The server notices only afterwards that it has gone."""
    script = tmp_path / "client.py"
    script.write_text(
        HEAD.replace("urlopen(request)", "urlopen(request, timeout=0.3)") + "submit()"
    )
    drill = next(each for each in all_drills() if each.id == name)
    order = RehearsalOrder(command=(sys.executable, str(script)))

    evidence = Conduct(order, server.admin, drill, threading.Event()).run()

    assert needs.unmet(evidence) == []
