"""A database file of an earlier schema is refused, which needs a new version for each new
schema.
"""

from dataclasses import fields
from hashlib import sha256
from importlib import resources

from mock_server.domain.account.accounts import AccountTemplate
from mock_server.domain.findings.finding import KEPT
from mock_server.store.engine.files import SCHEMA_VERSION

# Change these together: a new shape, a new version.
VERSION = 9
SCHEMA = "25b1d6b57e29d8421e4afb4fcb860317686bed970ade556ee7c83d5c6a292c1c"
ORIGIN = (
    "credits", "unlimited", "keep_calls", "packages", "package", "readings", "standing",
    "per_second", "burst", "faults", "clock_at", "rate", "frozen", "notify_url", "older_tasks",
)  # fmt: skip

FINDING = ("id", "at", "sent", "hint", "says", "contract", "refused")


def test_the_schema_is_the_one_of_its_version() -> None:
    schema = resources.files("mock_server.store.engine").joinpath("schema.sql").read_bytes()

    assert SCHEMA_VERSION == VERSION
    assert sha256(schema).hexdigest() == SCHEMA, "raise SCHEMA_VERSION with the schema"


def test_what_is_kept_as_json_is_of_the_same_version() -> None:
    assert tuple(field.name for field in fields(AccountTemplate)) == ORIGIN, "raise SCHEMA_VERSION"
    assert frozenset(FINDING) == KEPT, "raise SCHEMA_VERSION"
