"""Scenarios: each shipped one can be loaded, and the account is then as it describes."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from mock_server import contract
from mock_server.actions.accounts import scenarios
from mock_server.domain.faults.kinds import KINDS
from mock_server.domain.usage_errors import UsageError
from tests.support.worlds import World

SHIPPED = contract.scenarios()
FOLDER = contract.folder("fixtures") / "scenarios"
SENTENCES = {"says": "Two credits.", "client": "It stops."}


def load(world: World, scenario: dict[str, Any], account: str, expect: int = 200) -> Any:
    path = f"/accounts/{account}/scenario"
    return world.admin("POST", path, {"scenario": {**SENTENCES, **scenario}}, expect)


def test_there_are_scenarios_for_every_kind_of_trouble() -> None:
    assert len(SHIPPED) >= 15
    stages = {
        KINDS[order["kind"]].stage for each in SHIPPED.values() for order in each.get("faults", ())
    }
    assert {"gateway", "service", "wire", "callback"} <= {str(stage) for stage in stages}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_scenario_says_what_happens_and_what_a_good_client_does(name: str) -> None:
    scenario = scenarios.shipped(name)

    assert scenario.says.endswith(".")
    assert scenario.client.startswith("It ")
    assert scenario.client.endswith(".")
    assert {**SHIPPED[name], "says": "", "client": ""} != {"says": "", "client": ""}


def test_a_scenario_is_what_the_account_starts_with_and_what_reset_goes_back_to(
    world: World,
) -> None:
    account = world.account()
    scenario = {
        "readings": {"charge.polls": "submit-only"},
        "clock": {"now": 5_000, "frozen": True},
        "packages": [{"offer": "50", "valid_days": 2}, {"credits": 3}],
        "throttle": {"per_second": 5, "burst": 10},
        "faults": [{"kind": "refusal", "remark": "忙", "operation": "submit_task", "nth": 1}],
    }

    loaded = load(world, scenario, account["id"])

    def check(shown: dict[str, Any]) -> None:
        assert shown["app_code"] == account["app_code"]
        assert shown["clock"] == {"now": 5_000, "rate": 1, "frozen": True}
        assert shown["readings"]["charge.polls"] == "submit-only"
        assert shown["throttle"] == {"per_second": 5, "burst": 10}
        packages = world.bill(account["id"])["packages"]
        assert [(each["offer"], each["credits"], each["fen"]) for each in packages] == [
            ("50", 50, 1500), ("custom", 3, 84)
        ]  # fmt: skip
        assert packages[0]["expires_at"] == 5_000 + 2 * 86_400_000
        answers = [world.vendor("/submitTask", {"text": "x", "style_id": "pet_cat"},
                                account["app_code"]).status_code for _ in range(2)]  # fmt: skip
        assert answers == [450, 200]

    check(loaded)
    world.admin("PATCH", f"/accounts/{account['id']}", {"standing": "arrears"})
    check(world.admin("POST", f"/accounts/{account['id']}/reset"))
    assert world.calls("default") == []


@pytest.mark.parametrize("name", [name for name, each in SHIPPED.items() if not any(
    KINDS[order["kind"]].connection for order in each.get("faults", ()))])  # fmt: skip
def test_a_shipped_scenario_can_be_loaded(world: World, name: str) -> None:
    account = world.account()

    shown = world.admin("POST", f"/accounts/{account['id']}/scenario", {"name": name})

    readings = SHIPPED[name].get("readings", {})
    assert readings.items() <= shown["readings"].items()
    faults = world.admin("GET", f"/accounts/{account['id']}/faults")["faults"]
    assert [each["kind"] for each in faults] == [
        order["kind"] for order in SHIPPED[name].get("faults", ())
    ]


def test_the_scenarios_are_listed_as_they_are_written(world: World) -> None:
    listed = world.admin("GET", "/scenarios")["scenarios"]

    assert listed == [{"name": name, **values} for name, values in SHIPPED.items()]
    assert [each["name"] for each in listed] == sorted(file.stem for file in FOLDER.iterdir())


@pytest.mark.parametrize(
    ("scenario", "says"),
    [
        ({"readings": {"charge.pols": "submit-only"}}, "did you mean 'charge.polls'"),
        ({"faults": [{"kind": "task_fail"}]}, "fault 1: unknown fault 'task_fail'"),
        ({"faults": [{"kind": "task_slow"}]}, "lasts_ms"),
        ({"packages": [{"offer": "51"}]}, "valid: 1, 50, 200"),
        ({"packages": [{"offer": "50", "credits": 5}]}, "/packages/0"),
        ({"credits": 5, "packages": [{"offer": "50"}]}, "not"),
        ({"clock": {"now": -1}}, "/clock/now"),
        ({"standing": "bad"}, "/standing"),
        ({"notify_url": "no address"}, "notify_url"),
        ({"colour": "red"}, "colour"),
        ({"older_tasks": -1}, "/older_tasks"),
        ({"older_tasks": 1001}, "/older_tasks"),
        ({"older_tasks": "5"}, "/older_tasks"),
        ({"older_tasks": 2, "clock": {"now": 119_999}}, "make it at least 120000"),
    ],
)
def test_a_scenario_that_cannot_be_is_refused_and_nothing_is_lost(
    world: World, scenario: dict[str, Any], says: str
) -> None:
    task_id = world.submit()

    assert says in load(world, scenario, "default", expect=422)["detail"]
    assert world.query(task_id)["task_id"] == task_id


def test_an_unknown_scenario_is_refused_with_the_nearest(world: World) -> None:
    path = "/accounts/default/scenario"

    assert "did you mean 'arrears'" in world.admin("POST", path, {"name": "arears"}, 404)["detail"]
    world.admin("POST", path, {}, expect=422)
    world.admin("POST", path, {"name": "arrears", "scenario": SENTENCES}, expect=422)


def test_a_file_of_ones_own_is_read_or_refused_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('says = "One."\nclient = "It stops."\ncredits = 1\n', "utf-8")
    assert scenarios.find(str(file)).origin.credits == 1
    assert tomllib.loads(file.read_text("utf-8"))["credits"] == 1

    file.write_text("says = ", "utf-8")
    with pytest.raises(UsageError, match="is not TOML"):
        scenarios.find(str(file))
    file.write_text('says = "x"\nclient = "y"\n[clock]\nnow = 2026-01-01T00:00:00\n', "utf-8")
    with pytest.raises(UsageError, match="/clock/now is a date"):
        scenarios.find(str(file))
    with pytest.raises(UsageError, match="cannot read"):
        scenarios.find(str(tmp_path / "none.toml"))
    file.write_text(f'says = "{"x" * 300_000}"', "utf-8")
    with pytest.raises(UsageError, match="larger than a scenario"):
        scenarios.find(str(file))


@pytest.mark.parametrize("depth", [65, 300, 900, 100_000])
def test_a_file_that_is_nested_too_deep_is_refused(tmp_path: Path, depth: int) -> None:
    file = tmp_path / "deep.toml"
    file.write_text(f"credits = {'[' * depth}{']' * depth}\n")

    with pytest.raises(UsageError, match="nested"):
        scenarios.find(str(file))
