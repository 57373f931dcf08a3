"""The bounds of a load, and what its process is told."""

import re
from pathlib import Path
from typing import Any

import pytest

from mock_server.domain.usage_errors import UsageError
from mock_server.load import locust_settings
from mock_server.load.locust_program import operation_of, shown_exception
from mock_server.load.locust_settings import Place, settings
from mock_server.load.order import LoadOrder
from mock_server.load.runner import check_locust
from mock_server.load.timeline import timeline_of


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"users": 0}, "--users 0: a load needs a user"),
        ({"users": -3}, "--users -3"),
        ({"users": 1001}, "--unbounded allows more"),
        ({"spawn_rate": 0}, "--spawn-rate: 0"),
        ({"spawn_rate": float("nan")}, "--spawn-rate: nan"),
        ({"run_ms": 0}, "--run-time: a load runs for 1s at least"),
        ({"run_ms": 3_600_001}, "--unbounded allows more"),
        ({"drain_ms": 600_001}, "--drain: at most 10m"),
        ({"most_calls": 0}, "--most-calls 0"),
        ({"most_calls": 1_000_001}, "--unbounded allows more"),
        ({"clock_rate": 0}, "--clock-rate"),
        ({"locustfile": Path("/nowhere/locustfile.py")}, "there is no locustfile"),
        ({"server": "http://example.com"}, "--allow-host example.com"),
        ({"server": "https://aiart.market.alicloudapi.com"}, "is the vendor's"),
        ({"events": timeline_of(["at 60s: outage"])}, "comes too late"),
        ({"user_classes": ["no-such-user"]}, "no-such-user"),
    ],
)
def test_what_cannot_be_is_refused_with_the_option(values: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as refused:
        LoadOrder(**values)
    assert says in str(refused.value)


def test_unbounded_allows_more_but_not_nothing() -> None:
    LoadOrder(users=2000, run_ms=7_200_000, most_calls=5_000_000, unbounded=True)
    with pytest.raises(UsageError, match="--users 0"):
        LoadOrder(users=0, unbounded=True)


def test_the_space_is_said_before() -> None:
    said = LoadOrder(most_calls=1000).space

    assert said == "every call is kept: up to 1000 calls, about 1 MiB in a temporary file"
    named = LoadOrder(most_calls=1_000_000, server="http://127.0.0.1:1").space
    assert named.endswith("about 1.4 GiB in the database of the server")


def test_without_locust_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"load needs Locust: pip install .*\[load\]"):
        check_locust()


def told(order: LoadOrder, tmp_path: Path) -> dict[str, str]:
    place = Place(
        base_url="http://127.0.0.1:1", credentials={"ARTQR_APP_CODE": "secret"}, folder=tmp_path
    )
    inherited = {"PATH": "/bin", "LOCUST_USERS": "999", "ARTQR_MOCK_TOKEN": "admin-token"}
    return settings(order, place, inherited)


def test_locust_is_told_by_its_environment_and_gets_no_token(tmp_path: Path) -> None:
    found = told(LoadOrder(users=7, run_ms=90_000, clock_rate=10), tmp_path)

    assert (found["LOCUST_USERS"], found["LOCUST_RUN_TIME"]) == ("7", "90s")
    assert found["LOCUST_HEADLESS"] == "true"
    assert found[locust_settings.USER_CLASSES] == "SubmitThenPoll"
    assert float(found[locust_settings.POLL_S]) == locust_settings.LEAST_POLL_S
    assert (found["PATH"], found["ARTQR_APP_CODE"]) == ("/bin", "secret")
    assert "ARTQR_MOCK_TOKEN" not in found


def test_the_page_of_locust_is_on_loopback_and_begins_and_ends_by_itself(tmp_path: Path) -> None:
    found = told(LoadOrder(page_port=8089), tmp_path)

    assert "LOCUST_HEADLESS" not in found
    assert (found["LOCUST_WEB_HOST"], found["LOCUST_WEB_PORT"]) == ("127.0.0.1", "8089")
    assert {"LOCUST_AUTOSTART", "LOCUST_AUTOQUIT"} <= set(found)


def test_a_locustfile_runs_all_its_classes_if_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "locustfile.py"
    file.touch()

    assert told(LoadOrder(locustfile=file), tmp_path)[locust_settings.USER_CLASSES] == ""
    named = told(LoadOrder(locustfile=file, user_classes=["A", "B"]), tmp_path)
    assert named[locust_settings.USER_CLASSES] == "A B"


@pytest.mark.parametrize(
    ("url", "operation"),
    [
        ("http://127.0.0.1:1/submitTask", "submit_task"),
        ("/queryTask", "query_task"),
        ("http://127.0.0.1:1/taskList?page=1", "list_tasks"),
        ("http://127.0.0.1:1/pictures/a/b/1.png", "get_picture"),
        ("http://127.0.0.1:1/elsewhere", "other"),
        ("picture", "other"),
        ("http://localhost:1/submitTask", "submit_task"),
        ("http://127.0.0.1:2/submitTask", "other"),
    ],
)
def test_calls_are_counted_by_operation(url: str, operation: str) -> None:
    assert operation_of(url, "http://127.0.0.1:1") == operation


def test_an_exception_is_shown_with_its_line() -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError as error:
        says = shown_exception(error, error.__traceback__)

    assert re.fullmatch(r"ValueError: first second \(test_load_order\.py, line \d+\)", says)
