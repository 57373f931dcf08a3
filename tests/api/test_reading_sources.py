"""Where the value of a reading comes from: of default, observed, scenario and hand the later one
counts, and does so after a restart.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mock_server.actions.accounts import accounts, lookup, readings
from mock_server.cli.main import main
from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.account.accounts import AccountTemplate
from mock_server.domain.readings import as_mapping
from mock_server.observed import toml
from mock_server.probe.lone_world import lone_simulator
from mock_server.settings import Settings
from mock_server.simulator import Simulator
from mock_server.store.engine.transaction import Transaction
from tests.support.worlds import World

SHOWN = ("envelope", "refusal.status", "list.shape", "ret_code.type")
OBSERVED = {"envelope": "bare", "refusal.status": "200", "list.shape": "pagebean"}


@contextmanager
def started(folder: Path, observed: dict[str, str]) -> Iterator[Callable[..., Any]]:
    """Start a server on one file of rows; gives what does a work on them."""
    file = folder / "o.toml"
    rows = [("observed[]", {"reading": name, "value": value}) for name, value in observed.items()]
    file.write_text(toml(rows), "utf-8")
    settings = Settings(database=str(folder / "rows.sqlite3"), seed=1, observed=(str(file),))
    with closing(lone_simulator(settings, lambda: 1_800_000_000_000)) as simulator:
        simulator.database.run(lambda tx: accounts.ensure_default(tx, simulator))

        def run(work: Callable[[Transaction, Simulator], Any]) -> Any:
            return simulator.database.run(lambda tx: work(tx, simulator))

        yield run


def change(**values: str) -> Callable[[Transaction, Simulator], Any]:
    named = {name.replace("__", "."): value for name, value in values.items()}
    return lambda tx, simulator: readings.change(tx, simulator, DEFAULT_ID, named)


def told(tx: Transaction, simulator: Simulator) -> dict[str, tuple[str, str]]:
    """Return value and source of the readings that these tests are about."""
    account = lookup.find(tx, DEFAULT_ID)
    sources = readings.sources(simulator, account)
    values = as_mapping(account.readings)
    return {name: (values[name], str(sources[name])) for name in SHOWN}


def test_the_later_one_counts_and_is_named(tmp_path: Path) -> None:
    template = AccountTemplate(readings={"refusal.status": "450"})
    with started(tmp_path, OBSERVED) as run:
        run(lambda tx, it: accounts.reset(tx, it, DEFAULT_ID, template))
        run(change(list__shape="flat"))
        assert run(told) == {
            "envelope": ("bare", "observed"), "refusal.status": ("450", "scenario"),
            "list.shape": ("flat", "by-hand"), "ret_code.type": ("integer", "default"),
        }  # fmt: skip


def test_a_restart_changes_only_what_was_observed(tmp_path: Path) -> None:
    """A default that was set by hand over an observed value stays, and so does any other value."""
    with started(tmp_path, OBSERVED) as run:
        run(change(envelope="showapi", ret_code__type="string"))
    with started(tmp_path, {"refusal.status": "450", "list.shape": "pagebean"}) as run:
        assert run(told) == {
            "envelope": ("showapi", "by-hand"), "refusal.status": ("450", "observed"),
            "list.shape": ("pagebean", "observed"), "ret_code.type": ("string", "by-hand"),
        }  # fmt: skip
    with started(tmp_path, {}) as run:
        run(lambda tx, it: accounts.reset(tx, it, DEFAULT_ID))
        assert set(run(told).values()) <= {
            ("showapi", "default"), ("450", "default"), ("flat", "default"), ("integer", "default"),
        }  # fmt: skip


def test_values_in_rows_of_before_count_as_set_by_hand(tmp_path: Path) -> None:
    """Rows that do not say what was set by hand lose nothing."""
    with started(tmp_path, {}) as run:
        text = '{"envelope": "bare"}'
        run(lambda tx, _: tx.execute("update account set readings = ?", (text,)))
    with started(tmp_path, {"list.shape": "pagebean"}) as run:
        assert run(told)["envelope"] == ("bare", "by-hand")
        assert run(told)["list.shape"] == ("pagebean", "observed")


def test_the_route_says_it_of_every_reading(world: World) -> None:
    made = world.account(readings={"envelope": "bare"})
    world.admin("PATCH", f"/accounts/{made['id']}/readings", {"list.shape": "flat"})

    found = world.admin("GET", f"/accounts/{made['id']}/readings/sources")

    assert found.keys() == made["readings"].keys()
    assert {name for name, source in found.items() if source != "default"} == {
        "envelope", "list.shape",
    }  # fmt: skip
    assert (found["envelope"], found["list.shape"]) == ("scenario", "by-hand")
    world.admin("GET", "/accounts/nobody/readings/sources", expect=404)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "envelope: showapi, bare  (documented; showapi: default)"),
        (["--observed", "o.toml"], "envelope: showapi, bare  (documented; bare: observed)"),
        (["--observed", "o.toml", "--lang", "zh"], "bare：实测"),
    ],
)
def test_the_list_names_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "o.toml").write_text(
        toml([("observed[]", {"reading": "envelope", "value": "bare"})]), "utf-8"
    )
    done = CliRunner().invoke(main, ["readings", "list", *words])
    assert done.exit_code == 0, done.output
    assert line in done.output


def test_files_and_an_account_do_not_go_together() -> None:
    done = CliRunner().invoke(main, ["readings", "list", "--observed", "x", "--account", "y"])
    assert done.exit_code == 2
    assert "leave --account out" in done.output
