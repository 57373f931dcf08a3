"""Where a load may go: to this machine, to hosts that the user names, never to the vendor.

Rule 1: two spellings of a host are one host (domain/urls.py), so no spelling of the vendor passes.
Rule 2: the process of Locust checks every connection again, whatever a locustfile calls (`Guard`).
"""

from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from mock_server.domain.call.calls import VENDOR_HOST
from mock_server.domain.urls import (
    Address,
    AddressError,
    comparable_host,
    is_loopback,
    parse_ip,
    parse_server,
)
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import printable

# The marketplace serves every vendor below this domain.
VENDOR_DOMAIN = VENDOR_HOST.partition(".market.")[2]
NEVER = "a load costs real money there, and may be taken for an attack"
ANY_LENGTH = 100
MOST_REFUSED = 10


def check_target(url: str, allowed: Collection[str] = ()) -> Address:
    """Return the address of the server that a load goes to. Raises UsageError if it may not."""
    for host in allowed:
        check_allowed(host)
    try:
        place = parse_server(url)
    except AddressError as error:
        raise UsageError(f"server: {error}") from None
    check_allowed(place.host)
    if "@" in urlsplit(url).netloc:
        raise UsageError(
            "server: leave the user name and the password out: what clients send in Authorization "
            "is their app code"
        )
    if not may_call(place.host, allowed):
        shown = printable(place.host, ANY_LENGTH)
        raise UsageError(
            f"{shown} is not this machine, and a load goes to this machine only: if the server at "
            f"{shown} is yours, say --allow-host {shown}"
        )
    return place


def check_allowed(host: str) -> None:
    """Raise UsageError for a host of the vendor, in whatever spelling."""
    if is_vendor(host):
        raise UsageError(
            f"{printable(host, ANY_LENGTH)} is the vendor's: no load goes there, because {NEVER}; "
            "leave it out"
        )


def is_vendor(host: str) -> bool:
    """Whether a host, without port, is the vendor's or another one of its marketplace."""
    name = comparable_host(host.strip().strip("[]"))
    return name == VENDOR_DOMAIN or name.endswith(f".{VENDOR_DOMAIN}")


def may_call(host: str, allowed: Collection[str]) -> bool:
    """Whether a load may call a host."""
    if is_vendor(host):
        return False
    names = {comparable_host(each) for each in allowed}
    return is_loopback(host) or comparable_host(host) in names


class Guard:
    """A hook of Python's audit events: it refuses every connection that a load may not make.

    Names are checked before they are resolved, and addresses before they are connected to; an
    address is good if it is this machine's, was allowed, or is what an allowed name led to.
    `refused`: the hosts that were called in vain, MOST_REFUSED at most.
    """

    def __init__(self, allowed: Collection[str], resolve: Any) -> None:
        self.refused: dict[str, None] = {}
        self._allowed = tuple(allowed)
        names = [host for host in allowed if not is_vendor(host)]
        self._good = {address for host in names for address in resolve(host)}

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Raise PermissionError for a connection that may not be."""
        if event == "socket.getaddrinfo" and arguments[0] is not None:
            self._check(_text(arguments[0]))
        elif event in ("socket.connect", "socket.sendto"):
            address = arguments[1]
            if isinstance(address, tuple) and address:
                self._check(_text(address[0]))

    def _check(self, host: str) -> None:
        name = host.partition("%")[0]
        if may_call(name, self._allowed) or name in self._good or _is_unspecified(name):
            return
        shown = printable(name, ANY_LENGTH)
        if len(self.refused) < MOST_REFUSED:
            self.refused[shown] = None
        why = f"if it is yours, say --allow-host {shown}"
        if is_vendor(name):
            why = f"it is the vendor's, and {NEVER}"
        raise PermissionError(f"artqr-mock load does not call {shown}: {why}")


def _is_unspecified(host: str) -> bool:
    try:
        return parse_ip(host).is_unspecified
    except ValueError:
        return host == ""


def _text(host: object) -> str:
    return host.decode("utf-8", "replace") if isinstance(host, bytes) else str(host)
