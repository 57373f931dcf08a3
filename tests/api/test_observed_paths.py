"""The paths of the operations are settings of a server: observed ones, or those that were given."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import yaml

from mock_server import contract
from mock_server.domain.account.accounts import DEFAULT_APP_CODE
from mock_server.domain.call.calls import OWN_PATHS, Operation
from mock_server.observed import toml
from mock_server.probe import request as of
from mock_server.probe.lone_world import lone_simulator
from mock_server.probe.request import ProbeRequest, Sender
from mock_server.probe.shape import SeenAnswer
from mock_server.probe.world_transport import WorldTransport
from mock_server.settings import Settings, SettingsError
from mock_server.web.flask_app import create_app

OBSERVED = {"query_task": "/getTask", "list_tasks": "/task/list"}


@contextmanager
def served(folder: Path, **settings: str) -> Iterator[tuple[WorldTransport, Sender]]:
    """Give a server with observed paths, and a sender that knows them."""
    file = folder / "o.toml"
    file.write_text(toml([("paths", OBSERVED)]), "utf-8")
    wanted = Settings(database=":memory:", seed=1, observed=(str(file),), **settings)  # type: ignore[arg-type]
    with closing(lone_simulator(wanted, lambda: 1_800_000_000_000)) as simulator:
        from mock_server.actions.accounts.accounts import ensure_default  # noqa: PLC0415

        account = simulator.database.run(lambda tx: ensure_default(tx, simulator))
        paths = {**OWN_PATHS, **{Operation(name): path for name, path in OBSERVED.items()}}
        yield WorldTransport(simulator), Sender(
            app_code=DEFAULT_APP_CODE, key=account.app_key, secret=account.app_secret, host="x",
            paths=paths, now=1_800_000_000_000, nonce="n",
        )  # fmt: skip


def query(sender: Sender, path: str) -> ProbeRequest:
    return of.to_path(sender, path, {"task_id": "x"})


def error(answer: SeenAnswer) -> str:
    return answer.headers.get("x-ca-error-code", "")


def test_observed_paths_take_the_place_of_ours(tmp_path: Path) -> None:
    """The operation is at the observed path, signed or not, and our own path is none."""
    with served(tmp_path) as (way, sender):
        answer = way.send(query(sender, "/getTask"))
        assert b"ret_code" in answer.body
        signed = way.send(of.signed(query(sender, "/getTask"), sender))
        assert signed.body.count(b"ret_code") == 1
        assert b"contentlist" in way.send(of.to_path(sender, "/task/list", {"page": "1"})).body
        assert error(way.send(query(sender, "/queryTask"))) == "I404NF"


def test_a_path_that_was_given_wins(tmp_path: Path) -> None:
    """Settings that name a path are later than what was observed."""
    with served(tmp_path, query_path="/mine") as (way, sender):
        assert b"ret_code" in way.send(query(sender, "/mine")).body
        assert error(way.send(query(sender, "/getTask"))) == "I404NF"
        assert b"contentlist" in way.send(of.to_path(sender, "/task/list", {"page": "1"})).body


def test_a_path_by_get_is_observed_too(tmp_path: Path) -> None:
    """The reading query.method adds GET at the same path."""
    from mock_server.actions.accounts import readings  # noqa: PLC0415

    with served(tmp_path) as (way, sender):
        simulator = way._simulator
        simulator.database.run(
            lambda tx: readings.change(tx, simulator, "default", {"query.method": "post-or-get"})
        )
        assert b"ret_code" in way.send(of.by_get(query(sender, "/getTask"))).body


def test_the_finding_names_the_paths_of_this_server(tmp_path: Path) -> None:
    """Who calls our own path is told the observed ones."""
    with served(tmp_path) as (way, sender):
        way.send(query(sender, "/nonsense"))
        rows = way._simulator.database.read(
            lambda tx: tx.all("select findings from call order by id")
        )
    assert "/task/list" in rows[-1]["findings"]
    assert "/taskList" not in rows[-1]["findings"]


def test_the_document_has_the_paths_of_this_server(tmp_path: Path) -> None:
    """Who reads it, or tries it out in the viewer, calls what is there."""
    with served(tmp_path, query_path="/a\\b") as (way, _):
        client = create_app(way._simulator).test_client()
        told = client.get("/openapi.json").json
        text = client.get("/openapi.yaml").get_data(as_text=True)

    assert told is not None
    assert set(told["paths"]) == {"/submitTask", "/a\\b", "/task/list"}
    assert told["paths"]["/a\\b"] == contract.document("openapi")["paths"]["/queryTask"]
    assert yaml.safe_load(text) == told
    assert "/taskList:" not in text


@pytest.mark.parametrize("path", ["x", "/a b", "/a?b", "", "/\u4e2d", "/a\n"])
def test_a_setting_that_is_no_path(path: str) -> None:
    """The message says what to write."""
    with pytest.raises(SettingsError, match="is no path: write one such as /taskList"):
        Settings(list_path=path)
