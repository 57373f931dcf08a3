"""PostgreSQL connections that can store every text that SQLite can.

PostgreSQL's text cannot contain the character NUL, which a client may send. NUL and its escape
character are written as two characters each, and decoded when they are read.
"""

import re
from typing import Any

import psycopg
from psycopg import adapt
from psycopg.abc import Buffer
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row
from psycopg.types.string import StrDumper, TextLoader

Connection = psycopg.Connection[dict[str, Any]]

MARK = "\x1a"
_TWO = {"\0": f"{MARK}0", MARK: f"{MARK}{MARK}"}
_ONE = {two: one for one, two in _TWO.items()}
_NEEDS_TWO = re.compile(f"[\0{MARK}]")
_IS_TWO = re.compile(f"{MARK}[0{MARK}]")


def written(text: str) -> str:
    """Return a text encoded for PostgreSQL."""
    return _NEEDS_TWO.sub(lambda found: _TWO[found[0]], text)


def read(text: str) -> str:
    """Return the decoded text."""
    return _IS_TWO.sub(lambda found: _ONE[found[0]], text) if MARK in text else text


class _TextDumper(StrDumper):
    # Quoted, because in psycopg 3.2.1 this name is a string, not a class.
    def dump(self, obj: str) -> "Buffer | None":
        return super().dump(written(obj) if "\0" in obj or MARK in obj else obj)


class _TextLoader(TextLoader):
    def load(self, data: Buffer) -> str:
        return read(str(super().load(data)))


def _adapters() -> adapt.AdaptersMap:
    adapters = adapt.AdaptersMap(psycopg.adapters)
    adapters.register_dumper(str, _TextDumper)
    adapters.register_loader("text", _TextLoader)
    return adapters


_ADAPTERS = _adapters()
_DEFAULTS = {"application_name": "artqr-mock", "connect_timeout": 5}


def connection_options(address: str) -> dict[str, Any]:
    """Return our connection options; options in the address win."""
    said = conninfo_to_dict(address)
    ours = {name: value for name, value in _DEFAULTS.items() if name not in said}
    return {**ours, "row_factory": dict_row, "context": _Context()}


class _Context:
    """The object that psycopg takes its adapters from."""

    adapters = _ADAPTERS
    connection = None
