"""The databases for tests: a private file, and a schema of a real PostgreSQL server."""

import pytest

from tests.support import postgres

SQLITE = pytest.param("sqlite", id="sqlite")
POSTGRES = pytest.param("postgres", id="postgres", marks=pytest.mark.slow)
BOTH = [SQLITE, POSTGRES]


def on_both(metafunc: pytest.Metafunc, modules: set[str]) -> None:
    """Run the tests of these modules on each database, except tests that chose one."""
    chosen = {mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")}
    wants = "address" in metafunc.fixturenames and "address" not in chosen
    if wants and metafunc.module.__name__.rpartition(".")[2] in modules:
        metafunc.parametrize("address", BOTH, indirect=True)


def address_of(kind: str) -> str:
    """Return the address of a new, empty database of a kind."""
    return postgres.empty_schema() if kind == "postgres" else ":memory:"
