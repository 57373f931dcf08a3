"""`/_mock/metrics` shows what happened, by labels that no client can choose."""

import sys

import pytest
from prometheus_client import CONTENT_TYPE_LATEST

from mock_server import __version__, contract
from mock_server.domain.callback.payload import Outcome
from mock_server.metrics import definitions, recorder
from mock_server.metrics.definitions import METRICS, Kind
from mock_server.simulator import Simulator, with_recorder
from tests.support.metrics import OPEN_METRICS, Scrape
from tests.support.worlds import Postbox, RealClock, World

CALLBACK = "http://127.0.0.1:9/x"


@pytest.fixture
def counted(simulator: Simulator, real_now: RealClock, postbox: Postbox) -> World:
    """A world whose server counts."""
    made = recorder.recorder()
    assert made is not None
    return World(with_recorder(simulator, made), real_now, postbox)


def scrape(world: World, accept: str = "") -> Scrape:
    answer = world.http.get("/_mock/metrics", headers={"Accept": accept})
    assert answer.status_code == 200
    return Scrape(answer.get_data(as_text=True), is_open_metrics="openmetrics" in accept)


def test_calls_are_counted_by_operation_status_and_error(counted: World) -> None:
    task_id = counted.submit()
    counted.submit()
    counted.query(task_id)
    counted.vendor("/submitTask", {"text": "x"}, app_code="nobody")
    counted.vendor("/nothing")

    found = scrape(counted)

    calls = {
        (labels["operation"], labels["status"], labels["error"]): sample.value
        for sample in found.families["artqr_mock_calls"].samples
        if (labels := sample.labels)
    }
    assert calls == {
        ("submit_task", "200", ""): 2,
        ("query_task", "200", ""): 1,
        ("submit_task", "400", "A400AC"): 1,
        ("none", "404", "I404NF"): 1,
    }
    assert found.value("call_duration_seconds_count", operation="submit_task") == 3
    assert found.value("call_duration_seconds_count", operation="none") == 1


def test_what_a_call_can_cost_is_shown_before_the_first_charge(counted: World) -> None:
    shown = scrape(counted).samples

    for operation in ("submit_task", "query_task", "list_tasks"):
        for name in ("charges_total", "charged_fen_total"):
            assert shown[f"artqr_mock_{name}", (("operation", operation),)] == 0


def test_charges_are_those_of_the_bill(counted: World) -> None:
    account = counted.account(credits=3)
    for _ in range(4):  # the fourth is refused
        counted.vendor("/submitTask", {"text": "x", "style_id": "pet_cat"}, account["app_code"])
    counted.vendor("/submitTask", {"style_id": "pet_cat"})

    found, bills = scrape(counted), [counted.bill(account["id"]), counted.bill()]

    assert found.total("charges_total") == sum(bill["charges"] for bill in bills) > 0
    assert found.total("charged_fen_total") == sum(bill["fen"] for bill in bills) > 0


def test_tasks_are_counted_with_the_time_that_they_are_to_take(counted: World) -> None:
    account = counted.account()
    counted.submit(account["app_code"])
    counted.admin("POST", f"/accounts/{account['id']}/faults", {"kind": "task_fails"}, expect=201)
    counted.submit(account["app_code"])
    tasks = counted.admin("GET", f"/accounts/{account['id']}/tasks")["tasks"]

    found = scrape(counted)

    assert found.value("tasks_total", outcome="succeeded", ends="time") == 1
    assert found.value("tasks_total", outcome="failed", ends="time") == 1
    planned = sum(task["ends_at"] - task["submitted_at"] for task in tasks) / 1000
    assert found.total("task_duration_seconds_sum") == pytest.approx(planned)


def test_callbacks_are_counted_by_their_attempts_and_by_what_is_to_come(
    counted: World, postbox: Postbox
) -> None:
    for _ in range(3):
        counted.submit(call_back=CALLBACK)
    assert scrape(counted).value("callback_queue", state="planned") == 3

    counted.admin("POST", "/accounts/default/clock", {"advance": "1m"})
    due = scrape(counted)
    postbox.outcome = Outcome(status=500, duration_ms=20)
    counted.clock(advance="1s")
    postbox.outcome = Outcome(status=200, duration_ms=1)
    counted.submit(call_back=CALLBACK)
    counted.clock(advance="1h")
    done = scrape(counted)

    assert due.value("callback_queue", state="due") == 3
    assert 40 <= due.value("callback_oldest_due_seconds") <= 60
    assert done.value("callback_attempts_total", result="refused") == 3
    assert done.value("callback_attempts_total", result="acknowledged") == 1
    assert done.total("callback_queue") == 0
    assert done.value("callback_oldest_due_seconds") == 0
    assert done.value("callback_attempt_duration_seconds_count") == 4


def test_turns_of_the_database_are_counted(counted: World) -> None:
    before = scrape(counted)
    for _ in range(5):
        counted.submit()
    after = scrape(counted)

    turns = [each.value("database_turn_duration_seconds_count") for each in (before, after)]
    works = [each.value("database_works_total", end="done") for each in (before, after)]
    assert turns[1] - turns[0] == 5
    assert works[1] - works[0] == 5


def test_findings_and_bugs_are_counted(counted: World, monkeypatch: pytest.MonkeyPatch) -> None:
    counted.vendor("/submittask")
    monkeypatch.setattr("mock_server.store.tasks.insert", lambda *_: 1 / 0)
    failed = counted.vendor("/submitTask", {"text": "x", "style_id": "pet_cat"})

    found = scrape(counted)

    assert failed.status_code == 500
    assert found.value("findings_total", finding="wrong-path") == 1
    assert found.value("bugs_total") == 1
    assert found.value("database_works_total", end="failed") == 1


def test_a_failure_of_a_route_of_our_own_is_counted(
    counted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_server.store.accounts.list_all", lambda *_: 1 / 0)
    failed = counted.http.get("/_mock/accounts")

    assert failed.status_code == 500
    assert scrape(counted).value("bugs_total") == 1


def test_what_was_counted_is_shown_while_the_database_is_away(
    counted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted.submit()
    monkeypatch.setattr("mock_server.store.callback_queue.look", lambda *_: 1 / 0)

    found = scrape(counted)

    assert found.value("charges_total", operation="submit_task") == 1
    assert found.value("build_info", version=__version__, contract=contract.version()) == 1
    assert not found.families["artqr_mock_callback_queue"].samples
    assert not found.families["artqr_mock_accounts"].samples


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8"),
        ("text/html", "text/plain; version=0.0.4; charset=utf-8"),
        ("text/plain;version=0.0.4", "text/plain; version=0.0.4; charset=utf-8"),
        (OPEN_METRICS, "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        # What Prometheus sends, without the versions that came later.
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*",
         "application/openmetrics-text; version=1.0.0; charset=utf-8"),
    ],
)  # fmt: skip
def test_the_format_is_the_one_that_is_asked_for(
    counted: World, accept: str, content_type: str
) -> None:
    counted.submit()

    answers = [
        counted.http.open("/_mock/metrics", method=method, headers={"Accept": accept})
        for method in ("GET", "HEAD")
    ]

    for answer in answers:
        found = answer.headers["Content-Type"]
        assert found.partition("; escaping=")[0] == content_type
    body = answers[0].get_data(as_text=True)
    assert answers[1].get_data() == b""
    parsed = Scrape(body, is_open_metrics="openmetrics" in content_type)
    assert parsed.value("calls_total", operation="submit_task", status="200", error="") == 1
    assert body.endswith("# EOF\n") == ("openmetrics" in content_type)


def test_every_metric_of_the_table_is_shown_and_no_other(counted: World) -> None:
    found = scrape(counted, OPEN_METRICS).families

    assert {name: family.type for name, family in found.items()} == {
        metric.name: metric.kind.value for metric in METRICS
    }
    assert {name: family.documentation for name, family in found.items()} == {
        metric.name: metric.says for metric in METRICS
    }
    assert CONTENT_TYPE_LATEST  # the library is installed, else all of this was skipped


def test_no_label_holds_what_a_client_sent(counted: World) -> None:
    account = counted.account(name="team-secret-name")
    secret = 'evil"}\n# HELP'
    counted.vendor(f"/{secret}", {"text": secret}, account["app_code"])
    counted.http.open("/submitTask", method="EVIL", headers={"Authorization": "APPCODE evil"})
    task_id = counted.submit(account["app_code"], call_back=f"{CALLBACK}/{secret}", text=secret)
    counted.clock(account["id"], advance="1m")

    text = counted.http.get("/_mock/metrics").get_data(as_text=True)

    said = [account["id"], "team-secret-name", account["app_code"], task_id, "evil", "EVIL"]
    assert [each for each in said if each in text] == []


def test_what_is_met_too_often_is_counted_as_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MOST_SERIES", 3)
    made = recorder.recorder()
    assert made is not None
    for number in range(10):
        made._of(definitions.FINDINGS, f"rule-{number}").inc()

    empty: dict[str, dict[tuple[str, ...], float]] = {each.name: {} for each in definitions.READ}
    found = Scrape(made.exposition("", empty)[0].decode())

    assert len(found.families["artqr_mock_findings"].samples) == 4
    assert found.value("findings_total", finding="other") == 7


def test_a_server_that_counts_nothing_says_what_to_do(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = world.admin("GET", "/metrics", expect=501)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    missing = world.admin("GET", "/metrics", expect=501)

    assert "`artqr-mock serve`" in elsewhere["detail"]
    assert "metrics need prometheus_client: pip install " in missing["detail"]
    assert "[metrics]" in missing["detail"]
    assert recorder.recorder() is None


def test_names_follow_the_conventions_of_prometheus() -> None:
    for metric in METRICS:
        assert metric.name.startswith("artqr_mock_")
        assert metric.says.endswith(".")
        assert not metric.name.endswith(("_total", "_count", "_sum", "_bucket"))
        is_seconds = "duration" in metric.name or "lag" in metric.name or "oldest" in metric.name
        assert metric.name.endswith("_seconds") or not is_seconds
        assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)
        assert not set(metric.labels) & {"account", "task", "task_id", "app_code", "le", "pid"}
