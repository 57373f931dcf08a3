"""Addresses that the service calls for a client, call_back and qr_code_url, by the readings.

Rule 1: an address is requested as it was written (claim callback-target); by the reading
address.target it is requested in the normal form of RFC 3986, as many HTTP libraries do.
Rule 2: its user and password are sent (claim callback-login); by the reading address.login they
are left out.
"""

import re
from dataclasses import replace

from mock_server.domain.readings import Readings
from mock_server.domain.urls import Address, parse_address

_ESCAPE = re.compile("%([0-9A-Fa-f]{2})")
_UNRESERVED = re.compile("[A-Za-z0-9._~-]")
# An escape stays one unit; whatever else cannot stand in a path or a query gets one.
_NOT_PLAIN = re.compile(r"%[0-9A-F]{2}|[^A-Za-z0-9._~!$&'()*+,;=:@/?-]")


def called_address(url: str, readings: Readings) -> Address:
    """Return the address that the service calls for this text. Raises AddressError."""
    address = parse_address(url)
    if readings.address_target == "normalized":
        address = replace(address, target=normal_target(address.target))
    return address if readings.address_login == "sent" else replace(address, login=None)


def normal_target(target: str) -> str:
    """Return a target in normal form: escapes in capitals and only where they are needed, no dot
    segments, no empty query.
    """
    path, _, query = target.partition("?")
    path = "/".join(_without_dots(_normal(path).split("/")))
    return f"{path}?{_normal(query)}" if query else path


def _normal(text: str) -> str:
    decoded = _ESCAPE.sub(_plain_or_capitals, text)
    return _NOT_PLAIN.sub(
        lambda found: found[0] if len(found[0]) > 1 else f"%{ord(found[0]):02X}", decoded
    )


def _plain_or_capitals(escape: re.Match[str]) -> str:
    char = chr(int(escape[1], 16))
    return char if _UNRESERVED.fullmatch(char) else escape[0].upper()


def _without_dots(segments: list[str]) -> list[str]:
    """Return the segments of an absolute path, the first of which is empty, without . and .. ."""
    kept: list[str] = []
    for segment in segments:
        if segment == "..":
            del kept[max(1, len(kept) - 1) :]
        elif segment != ".":
            kept.append(segment)
    return [*kept, ""] if segments[-1] in (".", "..") else kept
