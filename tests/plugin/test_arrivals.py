"""Assertions judge a client by the answers that it was sent, not by those that were decided."""

import contextlib

import pytest
import urllib3

from mock_server.testing import MockServer, World
from mock_server.testing.calls import asks_to_wait
from tests.support.processes import until

TEXT = "text=https%3A%2F%2Fexample.com&style_id=food_fryrice"


def submit(world: World, timeout: float = 10) -> None:
    """Submit a task and ignore the answer, if any."""
    headers = {
        "Authorization": f"APPCODE {world.app_code}",
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
    }
    lost = contextlib.suppress(urllib3.exceptions.HTTPError)
    with urllib3.PoolManager(retries=False) as pool, lost:
        url = f"{world.base_url}/submitTask"
        pool.request("POST", url, body=TEXT, headers=headers, timeout=timeout)


@pytest.mark.parametrize(
    ("rule", "status", "shown"),
    [
        ({"kind": "reset"}, 0, "200, reset"),
        ({"kind": "reset", "commit": "before"}, 0, "reset"),
        ({"kind": "close"}, 0, "200, closed"),
        ({"kind": "garbage"}, 0, "200, garbage"),
        ({"kind": "truncate", "keep_bytes": 5}, 200, "200, cut"),
        ({"kind": "invalid_json"}, 200, "200, altered"),
        ({"kind": "html_page"}, 502, "200 (sent 502)"),
        ({"kind": "html_page", "commit": "before"}, 502, "502"),
        ({"kind": "html_page", "status": 200}, 200, "200, a web page"),
    ],
)
def test_what_was_sent_counts(
    artqr_server: MockServer, rule: dict[str, object], status: int, shown: str
) -> None:
    world = artqr_server.account(clock={"frozen": True})
    world.faults.add(**rule, calls=1)
    submit(world)
    submit(world)

    spoilt, whole = world.calls
    assert (spoilt.status, spoilt.answer, spoilt.succeeded) == (status, shown, False)
    assert (whole.status, whole.answer, whole.succeeded) == (200, "200", True)
    assert spoilt.decided_status == (0 if rule.get("commit") == "before" else 200)
    assert f"submit_task  {shown} " in repr(world.calls)
    assert asks_to_wait(spoilt)
    assert not asks_to_wait(whole)
    pattern = f"an answer {shown}" if status else f"no answer \\({shown}\\)"
    with pytest.raises(AssertionError, match="again 0s after"):
        world.calls.assert_backed_off("1s")
    with pytest.raises(AssertionError, match=pattern.replace("(sent 502)", r"\(sent 502\)")):
        world.calls.assert_backed_off("1s")


def test_a_client_that_hung_up_has_no_answer(artqr_server: MockServer) -> None:
    world = artqr_server.account()
    world.faults.add(kind="delay", for_ms=300, calls=1)
    submit(world, timeout=0.1)
    # The record is complete once the answer was written, so wait for that.
    until(lambda: world.calls[0].mishap)
    world.clock.advance("1s")
    submit(world)

    assert [call.answer for call in world.calls] == ["200, hung up", "200"]
    world.calls.assert_backed_off("1s")


def test_a_late_answer_is_an_answer(artqr_server: MockServer) -> None:
    world = artqr_server.account()
    world.faults.add(kind="delay", for_ms=20)
    submit(world)

    assert world.calls[0].succeeded
    with pytest.raises(AssertionError, match="nothing to back off from"):
        world.calls.assert_backed_off("1s")


def test_what_a_page_hides_is_not_read_from_behind_it(artqr_server: MockServer) -> None:
    world = artqr_server.account()
    world.faults.add("T429PA")
    submit(world)
    world.faults.add(kind="html_page", status=404)
    submit(world)

    throttled, hidden = world.calls
    assert (throttled.status, throttled.message != "") == (429, True)
    assert (hidden.status, hidden.message, hidden.answer) == (404, "", "429 T429PA (sent 404)")
    assert not asks_to_wait(hidden)
