"""The pages Tasks and Callbacks, and one of each in full."""

from collections.abc import Callable

import pytest

from mock_server.actions.gateway import pipeline
from mock_server.delivery.qr_reader import read_code
from mock_server.domain.callback.payload import Outcome
from tests.support.inspector import page, post
from tests.support.worlds import World

HOOK = "http://127.0.0.1:9/hook"


def hrefs(world: World, path: str) -> list[str | None]:
    return [attrs.get("href") for _, attrs in page(world, path).tags]


def test_empty_pages_have_a_curl_line_that_makes_what_they_show(world: World) -> None:
    tasks = page(world, "/default/tasks").text
    callbacks = page(world, "/default/callbacks").text

    assert "No task has been submitted yet" in tasks
    assert "curl http://localhost/submitTask" in tasks
    assert "call_back=http://localhost/_mock/inbox/default" in callbacks


def test_a_task_is_listed_with_the_state_that_the_clock_gives_it(world: World) -> None:
    task_id = world.submit()
    before = page(world, "/default/tasks").text
    world.clock(advance="1m")
    after = page(world, "/default/tasks")

    assert f"1 {task_id} pending" in before
    assert f"1 {task_id} succeeded" in after.text
    assert f"/_mock/inspect/default/tasks/{task_id}" in hrefs(world, "/default/tasks")


def test_the_region_is_sent_again_when_a_task_changes_its_state(world: World) -> None:
    world.submit()

    assert_news(world, "tasks", "succeeded", lambda: world.clock(advance="1m"))


def test_a_task_in_full_is_sent_again_when_it_changes(world: World) -> None:
    task_id = world.submit(call_back=HOOK)
    one = f"tasks/{task_id}"

    assert_news(world, one, "query_task", lambda: world.query(task_id))
    assert_news(world, one, "a phone reads", lambda: world.clock(advance="1m"))
    assert_news(world, one, "expired", lambda: world.clock(advance="25h"))


def test_a_task_in_full_shows_how_far_it_is_while_the_clock_runs(world: World) -> None:
    task_id = world.submit()
    asked = f"/_mock/inspect/default/tasks/{task_id}/region"
    bars = []
    for _ in range(2):
        bars.append(world.http.get(asked).get_data(as_text=True).partition('class="now" x=')[2][:5])
        world.clock(advance="500ms")

    assert bars[0] == '"0%" '
    assert bars[1] not in ('"0%" ', "")


def test_a_callback_in_full_is_sent_again_with_each_attempt(world: World) -> None:
    world.admin("PATCH", "/accounts/default/readings", {"callback.delivery": "retried"})
    world.postbox.outcome = Outcome(status=503, body=b"busy")
    world.submit(call_back=HOOK)
    one = "callbacks/1"

    assert_news(world, one, "Attempt 1", lambda: world.clock(to_next_event=True))
    assert_news(world, one, "Attempt 2", lambda: world.clock(to_next_event=True))


def test_a_call_in_full_is_sent_again_when_its_client_was_found_to_have_left(world: World) -> None:
    world.submit()
    run = world.simulator.database.run

    assert_news(
        world, "calls/1", "hung up", lambda: run(lambda tx: pipeline.record_disconnect(tx, 1, 5))
    )


def assert_news(world: World, path: str, says: str, change: Callable[[], object]) -> None:
    """Check that a region is sent again after a change, with these words, and not before."""
    asked = f"/_mock/inspect/default/{path}/region"
    first = world.http.get(asked).get_data(as_text=True)
    mark = first.split("mark=")[1].split('"')[0]
    nothing_new = world.http.get(f"{asked}?mark={mark}")
    change()
    later = world.http.get(f"{asked}?mark={mark}")

    assert (nothing_new.status_code, later.status_code) == (204, 200)
    assert says not in first
    assert says in later.get_data(as_text=True)


def test_many_tasks_are_turned_over_page_by_page(world: World) -> None:
    ids = [world.submit() for _ in range(52)]
    first = page(world, "/default/tasks").text
    second = page(world, "/default/tasks?before=3").text

    assert ids[51] in first
    assert ids[2] in first
    assert ids[1] not in first
    assert "/_mock/inspect/default/tasks?before=3" in hrefs(world, "/default/tasks")
    assert ids[0] in second
    assert ids[1] in second
    assert ids[2] not in second
    page(world, "/default/tasks?before=x", 422)


def test_a_task_in_full_has_its_timeline_calls_and_callbacks(world: World) -> None:
    task_id = world.submit(call_back=HOOK)
    coming = page(world, f"/default/tasks/{task_id}").text
    world.query(task_id)
    world.clock(advance="1m")
    shown = page(world, f"/default/tasks/{task_id}").text

    assert "succeeds to come" in coming
    assert "callback 1 is due to come" in coming
    assert "succeeds to come" not in shown
    order = ("submitted", "call submit_task 200", "starts to run", "succeeds",
             "callback 1, delivered", "its pictures expire to come")  # fmt: skip
    places = [shown.index(each) for each in order]
    assert places == sorted(places)
    for href in ("calls/1", "calls/2", "callbacks/1", f"calls?task={task_id}"):
        assert f"/_mock/inspect/default/{href}" in hrefs(world, f"/default/tasks/{task_id}")


def test_pictures_are_shown_with_what_a_phone_reads_and_are_no_call(world: World) -> None:
    task_id = world.submit()
    world.clock(advance="1m")
    shown = page(world, f"/default/tasks/{task_id}")
    sources = [attrs["src"] for tag, attrs in shown.tags if tag == "img"]
    picture = world.http.get(sources[0] or "")

    assert "a phone reads https://example.com" in shown.text
    assert picture.mimetype == "image/png"
    assert read_code(picture.data) == "https://example.com"
    assert [each["operation"] for each in world.calls()] == ["submit_task"]
    world.clock(advance="25h")
    assert "The pictures have expired" in page(world, f"/default/tasks/{task_id}").text
    assert world.http.get(sources[0] or "").status_code == 404


def test_a_state_is_forced_by_form_and_never_goes_back(world: World) -> None:
    task_id = world.submit()
    answer = post(world, f"/inspect/default/tasks/{task_id}/force", state="failed")
    again = post(world, f"/inspect/default/tasks/{task_id}/force", state="running")

    assert answer.location == f"/_mock/inspect/default/tasks/{task_id}?said=forced"
    assert world.query(task_id)["status"] == "failed"
    assert again.status_code == 409
    assert "its state is final" in page(world, f"/default/tasks/{task_id}").text


@pytest.mark.parametrize("state", ["", "finished", "x" * 100])
def test_a_state_that_there_is_not_is_refused(world: World, state: str) -> None:
    task_id = world.submit()

    assert post(world, f"/inspect/default/tasks/{task_id}/force", state=state).status_code == 422


def test_a_task_that_nothing_ends_says_so(world: World) -> None:
    world.admin("POST", "/accounts/default/faults", {"kind": "task_never_ends"}, 201)
    task_id = world.submit()

    assert "Nothing ends it but you" in page(world, f"/default/tasks/{task_id}").text


def test_what_is_not_there_is_not_found(world: World) -> None:
    other = world.account()
    task_id = world.submit(call_back=HOOK)

    page(world, "/default/tasks/0123456789", 404)
    page(world, f"/{other['id']}/tasks/{task_id}", 404)
    page(world, f"/{other['id']}/callbacks/1", 404)
    page(world, "/default/callbacks/99", 404)
    assert world.http.get(
        f"/_mock/inspect/{other['id']}/tasks/{task_id}/pictures/1"
    ).status_code == 404  # fmt: skip


def test_a_callback_in_full_shows_payload_and_answer_and_is_sent_again(world: World) -> None:
    task_id = world.submit(call_back=HOOK)
    assert "It was not attempted yet" in page(world, "/default/callbacks/1").text
    world.clock(advance="1m")
    shown = page(world, "/default/callbacks/1").text
    answer = post(world, "/inspect/default/callbacks/1/resend")
    copy = page(world, "/default/callbacks/2").text

    assert "Attempt 1 200" in shown
    assert f"POST {HOOK}" in shown
    assert f'"task_id": "{task_id}"' in shown
    assert "HTTP 200" in shown
    assert answer.location == "/_mock/inspect/default/callbacks/2?said=resent"
    assert len(world.postbox.posted) == 2
    assert "Repeats callback 1" in copy
    assert "sent by hand" in page(world, "/default/callbacks").text


def test_the_password_of_a_call_back_is_on_no_page(world: World) -> None:
    task_id = world.submit(call_back="http://user:hidden-word@127.0.0.1:9/hook")
    world.clock(advance="1m")

    for path in ("tasks", f"tasks/{task_id}", "callbacks", "callbacks/1"):
        assert "hidden-word" not in page(world, f"/default/{path}").text


def test_a_callback_that_failed_says_what_it_was_answered(world: World) -> None:
    account = world.account(readings={"callback.delivery": "retried"})
    world.postbox.outcome = Outcome(status=500, body=b"no <b>room</b>", duration_ms=3)
    world.submit(account["app_code"], call_back=HOOK)
    world.clock(account["id"], advance="20s")
    shown = page(world, f"/{account['id']}/callbacks/1")

    assert "Attempt 1 500" in shown.text
    assert "no <b>room</b>" in shown.text
    assert "again at" in page(world, f"/{account['id']}/callbacks").text


def test_a_callback_that_reached_nobody_says_why(world: World) -> None:
    world.postbox.outcome = Outcome(error="refused: <i>nobody</i> listens", hopeless=True)
    world.submit(call_back=HOOK)
    world.clock(advance="20s")

    assert "refused: <i>nobody</i> listens" in page(world, "/default/callbacks/1").text
    assert "1 failed" in page(world, "/default/callbacks").text
