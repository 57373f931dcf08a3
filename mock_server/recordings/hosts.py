"""Sorts recorded calls: to the API, to another host, or to another path of the API's host."""

from collections.abc import Set as AbstractSet
from enum import StrEnum
from urllib.parse import urlsplit

from mock_server.domain.call.calls import ROUTES, VENDOR_HOST
from mock_server.domain.urls import comparable_host, is_this_machine
from mock_server.domain.usage_errors import UsageError

# Pictures and short links are not part of the API.
FETCHED = ("/pictures/", "/s/")
PATHS = frozenset(path.lower() for _, path in ROUTES)


class Whose(StrEnum):
    """The kinds of target of a recorded call."""

    API = "API"
    OTHER_HOST = "other hosts"
    OTHER_PATH = "other paths"


def whose(method: str, url: str, hosts: AbstractSet[str]) -> Whose:
    """Return the kind of target of a call in a HAR file; `hosts` are names besides the vendor's.

    It reads only the address, which other hosts may write in any odd form. Raises UsageError if it
    finds no host.
    """
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.netloc.rpartition("@")[2]
    except ValueError:
        raise UsageError(f"{url[:80]!r} is not a URL") from None
    if parts.scheme not in ("http", "https") or not name:
        return Whose.OTHER_HOST  # data:, blob:, a socket, a browser extension
    is_named = bool({_spelling(name), _spelling(port)} & {VENDOR_HOST, *map(_spelling, hosts)})
    if not is_named and not is_this_machine(name):
        return Whose.OTHER_HOST
    path = parts.path.rstrip("/").lower()
    if method.upper() == "CONNECT":
        return Whose.OTHER_PATH  # a request to a proxy for a tunnel
    if is_named:
        return Whose.OTHER_PATH if path.startswith((*FETCHED, "/_mock")) else Whose.API
    # Other servers run on this machine too.
    return Whose.API if path in PATHS else Whose.OTHER_PATH


def whose_in_journal(path: str) -> Whose:
    """Return the kind of target of a call in a journal; a journal has fetched pictures and
    links too.
    """
    return Whose.OTHER_PATH if path.lower().startswith(FETCHED) else Whose.API


def _spelling(host: str) -> str:
    """Return a host, or `host:port`, in the one spelling that is compared."""
    name, colon, port = host.partition(":")
    is_ipv6 = host.startswith("[") or ":" in port
    return host.lower() if is_ipv6 else f"{comparable_host(name)}{colon}{port}"
