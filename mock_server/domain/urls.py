"""Addresses: taken apart once, and judged in one place."""

from dataclasses import dataclass
from urllib.parse import urlsplit

MAX_ADDRESS_LENGTH = 2048


class AddressError(ValueError):
    """A callback address that cannot be posted to; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A callback address taken apart. `host` is lower case, an IPv6 address without brackets."""

    url: str
    scheme: str
    host: str
    port: int


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
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressError(f"not an address: {error}") from None
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https") or not host:
        raise AddressError("not an http:// or https:// address")
    default = 443 if scheme == "https" else 80
    return Address(url=url, scheme=scheme, host=host.lower(), port=port or default)
