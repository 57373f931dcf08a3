"""The databases a test may run on: a private file, and a schema of a real PostgreSQL server."""

import pytest

from tests.support import postgres

SQLITE = pytest.param("sqlite", id="sqlite")
POSTGRES = pytest.param("postgres", id="postgres", marks=pytest.mark.slow)
BOTH = [SQLITE, POSTGRES]


def address_of(kind: str) -> str:
    """Return the address of a new, empty database of a kind."""
    return postgres.empty_schema() if kind == "postgres" else ":memory:"
