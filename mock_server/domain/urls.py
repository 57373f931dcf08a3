"""Addresses: taken apart once, and judged in one place.

Rule 1: an address is sent as it was written: its target goes out byte for byte, without the
fragment. Only spaces, control characters and characters beyond ASCII are percent-encoded, because
they cannot stand in a request line (claim callback-target). User and password become basic
authentication in UTF-8 (claim callback-login). `called_addresses` has the readings of both.
Rule 2: two spellings of a host are one host: `normal_host` gives the spelling that is compared,
resolved and connected to.
"""

import re
import unicodedata
from base64 import b64encode
from dataclasses import field
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from mock_server.domain.records import dataclass

MAX_ADDRESS_LENGTH = 2048
MAX_HOST_LENGTH = 253
MAX_LABEL_LENGTH = 63

_DOTS = re.compile("[\u3002\uff0e\uff61]")
# What Unicode's rules for host names (UTS 46) drop, and what they keep although it folds.
_IGNORED = re.compile("[\u00ad\u200b\u2060\ufeff\ufe00-\ufe0f]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_KEPT = "ßς\u200c\u200d"
_IN_HOST = re.compile(r"[a-z0-9._~!$&'()*+,;=-]+")

IpAddress = IPv4Address | IPv6Address


class AddressError(ValueError):
    """An address that cannot be requested; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address taken apart. `host` is as `normal_host` gives it, IPv6 without brackets.

    `target` is what the request line says, `login` the bytes of `user:password` if it has them.
    """

    url: str = field(repr=False)  # it may hold a password
    scheme: str
    host: str
    port: int
    target: str = "/"
    login: bytes | None = field(default=None, repr=False)

    @property
    def authority(self) -> str:
        """Return the host, with its port unless that is the scheme's own: the header Host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _default_port(self.scheme) else f"{host}:{self.port}"

    @property
    def sent_url(self) -> str:
        """Return the address as it goes over the wire, without user and password."""
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def authorization(self) -> str | None:
        """Return the header Authorization for its user and password, which are sent in UTF-8."""
        return None if self.login is None else f"Basic {b64encode(self.login).decode()}"

    @property
    def netloc(self) -> str:
        """Host and port as a person reads them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_address(url: str) -> bool:
    """Whether a text is an http:// or https:// address, without spaces and control characters."""
    try:
        _parts(url)
    except AddressError:
        return False
    return " " not in url and _CONTROLS.search(url) is None


def is_path(text: str) -> bool:
    """Whether a text is a path as a request line has it, without a query."""
    is_plain = text.isascii() and text.isprintable() and len(text) <= MAX_ADDRESS_LENGTH
    return text.startswith("/") and is_plain and not any(each in text for each in " ?#")


@lru_cache(maxsize=1024)  # a client has few addresses, and each is called again and again
def parse_address(url: str) -> Address:
    """Return an address taken apart. Raises AddressError for what cannot be requested."""
    parts = _parts(url)
    if " " in parts.netloc:
        raise AddressError("not an address: there is a space before its path")
    if parts.port == 0:
        raise AddressError("not an address: no server listens on port 0")
    scheme = parts.scheme.lower()
    return Address(
        url=url,
        scheme=scheme,
        host=normal_host(parts.hostname or ""),
        port=parts.port or _default_port(scheme),
        target=_target(url),
        login=_login(parts),
    )


def _parts(url: str) -> SplitResult:
    """Return the parts of what has the form of an address. Raises AddressError."""
    if len(url) > MAX_ADDRESS_LENGTH:
        raise AddressError(f"the address is longer than {MAX_ADDRESS_LENGTH} characters")
    if url.startswith(" "):
        raise AddressError("the address begins with a space")
    # Encoded before they are taken apart: `urlsplit` would drop line breaks and tabs. Within a host
    # they are refused, as every percent sign is.
    parts = split_http(_CONTROLS.sub(lambda each: f"%{ord(each[0]):02X}", url))
    port_of(parts)
    return parts


def parse_server(url: str) -> Address:
    """Return the address of a server that one of our tools is to call.

    Raises AddressError, whose message quotes the text.
    """
    try:
        return parse_address(url)
    except AddressError:
        raise AddressError(
            f"{url[:80]!r} is not an address such as http://127.0.0.1:3040"
        ) from None


def split_http(url: str) -> SplitResult:
    """Return the parts of an http(s) address that names a host; `port_of` judges its port.

    Scheme and hostname are lower case in it. Raises AddressError.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:  # its message may quote a password
        raise AddressError("not an address: its host or port cannot be read") from None
    if parts.scheme not in ("http", "https") or not host:
        raise AddressError("not an http:// or https:// address")
    return parts


def normal_host(host: str) -> str:
    """Return the one spelling of a host: ASCII, lower case, without a final dot.

    It follows UTS 46 as browsers do: 例子.测试 becomes its xn-- form, ß stays apart from ss.
    Raises AddressError for what cannot be a host.
    """
    if ":" in host:
        return host.lower()
    dotted = _DOTS.sub(".", unicodedata.normalize("NFKC", host)).removesuffix(".")
    name = ".".join(map(_normal_label, dotted.split(".")))
    if not _IN_HOST.fullmatch(name) or len(name) > MAX_HOST_LENGTH or ".." in f".{name}.":
        raise AddressError(f"not an address: {host[:80]!r} cannot be the name of a host")
    return name


def comparable_host(host: str) -> str:
    """Return the spelling of a host that is compared, also of what cannot be one."""
    try:
        return normal_host(host)
    except AddressError:
        return host.lower()


def port_of(parts: SplitResult) -> int | None:
    """Return the port that an address names, None if it names none. Raises AddressError."""
    try:
        return parts.port
    except ValueError:  # its message may quote a password
        raise AddressError("not an address: its host or port cannot be read") from None


@lru_cache(maxsize=1024)
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
    name = comparable_host(host)
    try:
        return parse_ip(name).is_loopback
    except ValueError:
        return name == "localhost"


def is_this_machine(host: str) -> bool:
    """Whether a client's call to this host, without brackets, went to its own machine.

    Beside loopback these are the unspecified address (0.0.0.0) and every name under `localhost`.
    """
    name = comparable_host(host)
    try:
        return is_loopback(name) or parse_ip(name).is_unspecified
    except ValueError:
        return name.endswith(".localhost")


def _normal_label(label: str) -> str:
    folded = "".join(
        char if char in _KEPT else "ß" if char == "ẞ" else char.casefold() for char in label
    )
    plain = _IGNORED.sub("", unicodedata.normalize("NFKC", folded))
    ascii_label = plain if plain.isascii() else f"xn--{plain.encode('punycode').decode()}"
    if len(ascii_label) > MAX_LABEL_LENGTH:
        raise AddressError(f"not an address: a part of its host is over {MAX_LABEL_LENGTH} letters")
    return ascii_label


def _target(url: str) -> str:
    rest = url.partition("//")[2].partition("#")[0]
    target = rest[len(re.split(r"[/?]", rest, maxsplit=1)[0]) :]
    slash = "" if target.startswith("/") else "/"
    return slash + "".join(
        chr(byte) if 0x21 <= byte <= 0x7E else f"%{byte:02X}" for byte in _utf8(target)
    )


def _login(parts: SplitResult) -> bytes | None:
    login, at, _ = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    if not at or not (user or password):
        return None
    return unquote_to_bytes(_utf8(user)) + b":" + unquote_to_bytes(_utf8(password))


def _utf8(text: str) -> bytes:
    """Return a text in UTF-8; a byte that was not read as text (PEP 383) is itself again."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
