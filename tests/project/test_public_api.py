"""The names that users' tests depend on; none of them may disappear."""

import inspect
import re
from importlib.metadata import entry_points
from typing import Any

import pytest

import mock_server
from mock_server import client_suite, pytest_options, pytest_plugin, testing
from mock_server.audit import charge, records, retry_bill
from mock_server.testing import bill, calls, controls

# Every public name of version 0.1, by the place where a user finds it.
MODULES = {
    testing: {
        "CallbackReceiver", "MockServer", "SimulatorBugError", "World", "artqr_mock_server",
        "receiving_callbacks",
    },
    client_suite: {"Adapter", "ClientMistakeError", "ClientSuite", "TaskResult"},
}  # fmt: skip
CLASSES: dict[type[Any], str] = {
    testing.CallbackReceiver: "clear received status take url wait_for",
    testing.MockServer: (
        "account admin adopt before_emptied default discard forget_image let_go nobodys_calls"
        " on_retired readings retire source_image url worlds"
    ),
    testing.World: (
        "admin app_code app_key app_secret assert_no_duplicate_submits base_url bill callbacks"
        " calls calls_after clock env faults findings id judged play readings seed submit tasks"
    ),
    client_suite.Adapter: "list_tasks query submit",
    client_suite.ClientMistakeError: "is_endless steps",
    client_suite.ClientSuite: (
        "adapter hypothesis late_seconds open pause_seconds readings step_seconds steps"
        " test_every_error_of_the_gateway_is_raised test_every_reading_of_what_nobody_knows"
        " test_generated_worlds test_known_pitfalls worlds"
    ),
    client_suite.TaskResult: "agrees_with is_unfinished pictures status task_id",
    controls.ClockControl: "advance freeze next now rate set thaw",
    controls.Faults: "add all clear",
    controls.ReadingsControl: "set",
    controls.Tasks: "force get",
    bill.AccountBill: (
        "assert_at_most_yuan assert_charges assert_no_waste assert_yuan balance calls charges"
        " explained fen packages raw yuan"
    ),
    retry_bill.RetryBill: (
        "charges dropped fen_wasted intents of praise sentence submits sums wasted"
    ),
    charge.Charge: "call fen id intent is_wasted kind why",
    calls.Calls: (
        "assert_backed_off assert_count assert_no_duplicate_submits assert_no_findings charged fen"
        " findings of"
    ),
    records.Finding: "at_least call_id id of operation raw says severity text",
    records.RecordedCall: (
        "answer at charged decided_status error_code fen fields findings headers id is_bug message"
        " mishap of operation raw reason result status succeeded task_id"
    ),
}
FIXTURES = ("artqr", "artqr_server", "artqr_callback_receiver")
OPTIONS = (
    "artqr_url", "artqr_token", "artqr_seed", "artqr_callback_hosts", "artqr_readings",
    "artqr_max_yuan", "artqr_findings",
)  # fmt: skip
MARKER = ("scenario", "credits", "seed", "clock", "readings", "faults", "max_yuan")


def names_of(cls: type[Any]) -> set[str]:
    """Return the names of an instance: methods, fields, and the attributes that `self.x = …`
    sets.
    """
    found: set[str] = set()
    for base in cls.__mro__:
        if base.__module__.startswith("mock_server"):
            found |= {*vars(base), *getattr(base, "__annotations__", {})}
            found |= set(re.findall(r"self\.([a-z]\w*)(?:: [^=\n]+)? = ", inspect.getsource(base)))
    return found


def test_the_package_offers_a_server_for_tests() -> None:
    assert mock_server.artqr_mock_server is testing.artqr_mock_server


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_a_module_exports_what_it_did(module: Any) -> None:
    assert MODULES[module] <= set(module.__all__)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_a_class_has_the_names_it_had(cls: type[Any]) -> None:
    assert set(CLASSES[cls].split()) <= names_of(cls)


@pytest.mark.parametrize("name", FIXTURES)
def test_the_plugin_has_its_fixtures(name: str) -> None:
    assert hasattr(pytest_plugin, name)


def test_the_plugin_has_its_options_and_its_marker() -> None:
    assert set(OPTIONS) <= set(pytest_options.OPTIONS)
    assert all(f"{name}=" in pytest_plugin.MARKER for name in MARKER)


def test_the_entry_points_are_where_they_were() -> None:
    scripts = {each.name: each.value for each in entry_points(group="console_scripts")}
    plugins = {each.name: each.value for each in entry_points(group="pytest11")}

    assert scripts["artqr-mock"] == "mock_server.cli.main:main"
    assert plugins["artqr"] == "mock_server.pytest_plugin"
