"""Addresses: taken apart once, and judged in one place; and the names of this machine."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

MAX_ADDRESS_LENGTH = 2048

IpAddress = IPv4Address | IPv6Address


class AddressError(ValueError):
    """An address that cannot be called; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address taken apart. `host` is lower case, an IPv6 address without brackets."""

    url: str
    scheme: str
    host: str
    port: int

    @property
    def netloc(self) -> str:
        """Host and port as a person reads them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_address(url: str) -> bool:
    """Whether a text is an http:// or https:// address."""
    try:
        parse_address(url)
    except AddressError:
        return False
    return True


def parse_address(url: str) -> Address:
    """Return the address of a callback. Raises AddressError for what is no http(s) address."""
    if len(url) > MAX_ADDRESS_LENGTH:
        raise AddressError(f"the address is longer than {MAX_ADDRESS_LENGTH} characters")
    if any(char <= " " or char == "\x7f" for char in url):
        raise AddressError("the address contains a space or a control character")
    parts = split_http(url)
    port = port_of(parts) or (443 if parts.scheme == "https" else 80)
    return Address(url=url, scheme=parts.scheme, host=parts.hostname or "", port=port)


def parse_server(url: str) -> Address:
    """Return the address of a server that one of our tools is to call. Port 0 is refused too.

    Raises AddressError, whose message quotes the text.
    """
    try:
        address = parse_address(url)
        if port_of(urlsplit(url)) != 0:
            return address
    except AddressError:
        pass
    raise AddressError(f"{url[:80]!r} is not an address such as http://127.0.0.1:3040")


def split_http(url: str) -> SplitResult:
    """Return the parts of an http(s) address that names a host; `port_of` judges its port.

    Scheme and hostname are lower case in it. Raises AddressError.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise AddressError(f"not an address: {error}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise AddressError("not an http:// or https:// address")
    return parts


def port_of(parts: SplitResult) -> int | None:
    """Return the port that an address names, None if it names none. Raises AddressError."""
    try:
        return parts.port
    except ValueError as error:
        raise AddressError(f"not an address: {error}") from None


def parse_ip(text: str) -> IpAddress:
    """Return an IP address; an IPv4 address that is written as IPv6 counts as IPv4.

    Raises ValueError.
    """
    address = ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address


def is_loopback(host: str) -> bool:
    """Whether a host, without brackets, is certain to be this machine: for decisions on access and
    money. Only `localhost` and loopback addresses are: another name says nothing about where it
    leads."""
    try:
        return parse_ip(host).is_loopback
    except ValueError:
        return _name(host) == "localhost"


def is_this_machine(host: str) -> bool:
    """Whether a client's call to this host, without brackets, went to its own machine.

    Beside loopback these are the unspecified address (0.0.0.0) and every name under `localhost`.
    """
    try:
        return is_loopback(host) or parse_ip(host).is_unspecified
    except ValueError:
        return _name(host).endswith(".localhost")


def _name(host: str) -> str:
    return host.lower().removesuffix(".")
