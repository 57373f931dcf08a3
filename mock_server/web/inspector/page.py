"""What a page of the inspector is: a name, and how its region is read.

Rule 1: a region is the part of a page that is live: it is rendered on the first request, and again
whenever its mark has changed.
Rule 2: mark and region only read, in one transaction, through actions; no page has SQL.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from flask import Blueprint

from mock_server.domain.account.accounts import Account
from mock_server.simulator import Simulator
from mock_server.store.engine.transaction import Transaction
from mock_server.words import Words

if TYPE_CHECKING:
    from mock_server.web.inspector.frame import Inspector

# The place in an address of the calls that name no account.
NOBODY = "-"


def digest(*values: object) -> str:
    """Return a mark of a region that is short enough to be read as a whole: it changes with any of
    these values.
    """
    return f"{zlib.crc32(repr(values).encode('utf-8', 'replace')):08x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a page is shown for.

    `account` None: the calls that name no account. `query`: the parameters of the address, as the
    browser sent them. `base_url`: the address that it reached the server at. `since`: the mark of
    what it has already; empty on a first request. `key`: which one thing, on a page of one.
    """

    simulator: Simulator
    account: Account | None
    query: Mapping[str, str]
    words: Words
    base_url: str
    since: str = ""
    key: str = ""

    @property
    def account_id(self) -> str | None:
        """The id of the account; None for the calls that name no account."""
        return self.account.id if self.account else None


def _no_routes(_routes: Blueprint, _inspector: "Inspector") -> None:
    """Add nothing: the page is its region."""


def _no_values(_tx: Transaction, _view: View) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page. `name` is its place in an address, and names its words (`page.NAME.title`) and its
    template, `templates/NAME.html`.

    `mark(tx, view)` is a short text that changes when the region would. `region(tx, view)` returns
    the values of the template; it raises UsageError for a query that is wrong. `top(tx, view)`
    returns those of the part above the region, `templates/NAME_top.html`, which is rendered once:
    forms that a person fills in; `has_top` says that there is one. `add_routes` adds what else the
    page has, such as forms that post. `one` is the page of one of its things, whose key is one more
    step of the address; its title is `NAME.title` of the catalogue, with the key as `id`.
    `for_nobody`: it has something to show of calls that name no account.
    """

    name: str
    mark: Callable[[Transaction, View], str]
    region: Callable[[Transaction, View], dict[str, Any]]
    top: Callable[[Transaction, View], dict[str, Any]] = _no_values
    add_routes: Callable[[Blueprint, "Inspector"], None] = field(default=_no_routes)
    for_nobody: bool = False
    has_top: bool = False
    one: Self | None = None
