"""The probes of `artqr-mock check` are certain, and the simulator refuses them as promised."""

from collections.abc import Iterator

import pytest

from mock_server.admin_client import AdminClient
from mock_server.checker.budget import Budget
from mock_server.checker.order import CheckCredentials, CheckOrder
from mock_server.checker.plan import probes
from mock_server.checker.run import run_of
from mock_server.contract import document_under, load_toml, values_of_reading
from tests.support.live import Live, live

READINGS = [
    (row["id"], word)
    for row in load_toml("readings.toml")["reading"]
    for word in (row["default"], *row["alternatives"])
    if word != "vendor-host"  # this server does not have that host name
]


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live() as running:
        yield running


@pytest.mark.slow
@pytest.mark.parametrize("way", ["app code", "signature"])
@pytest.mark.parametrize(("reading", "word"), READINGS, ids=str)
def test_what_has_to_be_refused_is_refused_by_the_simulator_in_every_reading(
    server: Live, way: str, reading: str, word: str
) -> None:
    with AdminClient(server.url) as admin:
        made = admin.post("/accounts", {"credits": 1000, "readings": {reading: word}})
    own = CheckCredentials(app_code=made["app_code"])
    if way == "signature":
        own = CheckCredentials(key=made["app_key"], secret=made["app_secret"])

    for words in ({}, {reading: word}):
        order = CheckOrder(
            url=server.url,
            document=document_under(words),
            values=words,
            mode="all",
            credentials=own,
            budget=Budget(most_calls=20, most_fen=None, price_fen=30),
        )
        wanted = sum(1 for _ in probes(server.url, words, is_signed=way == "signature"))
        found = run_of(order)
        for planned in [*found.examples(), *found.probes()]:
            found.make(planned)

        assert [(each.planned.name, each.breaches) for each in found.failed] == []
        assert sum(each.planned.expected is not None for each in found.checked) == wanted >= 10


def test_what_has_to_be_refused_rests_on_claims_that_are_certain() -> None:
    certainty = {row["id"]: row["certainty"] for row in load_toml("claims.toml")["claim"]}
    rows = load_toml("probes.toml")["probe"]
    resting = {row["claim"] for row in rows}

    # Only a part of these is certain: a buyer must pay, and an empty form names no task.
    assert {each for each in resting if certainty[each] == "assumed"} == {
        "no-credentials",
        "query-field",
    }
    assert len({row["name"] for row in rows}) == len(rows)
    for row in rows:
        assert row["answer"] == "refused" or 200 not in row["answer"]
        assert set(row) <= {
            "name", "method", "path", "fields", "credentials", "run", "where", "answer", "by",
            "says", "claim",
        }  # fmt: skip
        for reading, words in {**row.get("where", {}), **row.get("by", {})}.items():
            assert set(words) <= set(values_of_reading(reading))
