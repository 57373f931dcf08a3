"""The values of `--database`: a file, or an address of PostgreSQL; never a file named like an
address.
"""

from pathlib import Path

import pytest

from mock_server.store.engine import database
from mock_server.store.engine.database import Database
from mock_server.store.engine.files import DatabaseFileError

SECRET = "s3cretpw"


@pytest.mark.parametrize(
    "address",
    [
        f"POSTGRESQL://me:{SECRET}@127.0.0.1/x", f"postgresql+psycopg://me:{SECRET}@127.0.0.1/x",
        f"host=127.0.0.1 user=me password={SECRET}", f"dbname = x password={SECRET}",
        f"mysql://me:{SECRET}@db/x", f"postgresql:/me:{SECRET}@127.0.0.1/x",
        f" host=127.0.0.1 password={SECRET}", f"'postgresql://me:{SECRET}@127.0.0.1/x'",
        f"\ufeffpostgresql://me:{SECRET}@127.0.0.1/x", f"jdbc:postgresql://me:{SECRET}@h/x",
        f"DATABASE_URL=postgresql://me:{SECRET}@127.0.0.1/x", f"\u200bpostgresql:/me:{SECRET}@h/x",
    ],
)  # fmt: skip
def test_what_looks_like_an_address_is_no_file(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    for use in (Database, database.remove):
        with pytest.raises(DatabaseFileError, match="begins with postgresql://") as refused:
            use(address)
        assert SECRET not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_an_unescaped_at_sign_in_a_password_is_not_taken_for_a_host() -> None:
    with pytest.raises(DatabaseFileError, match="%40") as refused:
        Database("postgresql://me:s3cret@pw@127.0.0.1:1/x")

    assert "pw@" not in str(refused.value)


@pytest.mark.parametrize("name", ["a.sqlite3", "odd=name.sqlite3", "c/d.sqlite3"])
def test_a_file_may_have_an_odd_name(name: str, tmp_path: Path) -> None:
    kept = Database(str(tmp_path / name))
    kept.close()

    assert (tmp_path / name).exists()


@pytest.mark.parametrize("space", [" ", "\t", "\n", "\r\n", "\u00a0", "  \n"])
@pytest.mark.parametrize("at_the_end", [False, True])
def test_a_space_around_an_address_does_not_make_a_file_of_it(
    space: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, at_the_end: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    address = f"postgresql://me:{SECRET}@127.0.0.1:1/x"

    for use in (Database, database.remove):
        with pytest.raises(DatabaseFileError, match="cannot use the PostgreSQL") as refused:
            use(address + space if at_the_end else space + address)
        assert SECRET not in str(refused.value)
    assert list(tmp_path.iterdir()) == []
