"""Which tables a statement names, and whether it only reads: told from its text, once."""

import re
from functools import lru_cache

from mock_server.domain.records import dataclass

_TABLE = re.compile(r"\b(?:from|join|into|update)\s+([a-z_]+)", re.IGNORECASE)
_INSERT = re.compile(r"insert into ([a-z_]+) \(([^)]+)\) values \((.+)\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Footprint:
    """The tables that a statement may read or change; none: it may be any of them."""

    tables: frozenset[str]
    only_reads: bool


@lru_cache(maxsize=1024)
def footprint(sql: str) -> Footprint:
    """Return the footprint of a statement. There are no triggers, no views and no cascades."""
    tables = frozenset(name.lower() for name in _TABLE.findall(sql))
    return Footprint(tables, only_reads=sql.lstrip()[:6].lower() == "select")


@lru_cache(maxsize=64)
def table_of(sql: str) -> str:
    """Return the table that an insert or update changes; it may name no other."""
    (table,) = footprint(sql).tables - {"set"}  # of "do update set"
    return table


@lru_cache(maxsize=64)
def with_id(sql: str) -> str:
    """Return an insert without an id as one whose first value is the id."""
    found = _INSERT.fullmatch(sql)
    if found is None:
        raise ValueError(f"not a plain insert with its columns: {sql}")
    table, columns, values = found.groups()
    return f"insert into {table} (id, {columns}) values (?,{values})"
