"""How an order may be spelt: `for` or `for_ms`, a duration such as `3s` or milliseconds.

Rule 1: whoever sends an order may use either name; what we answer has the name with `_ms`.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from mock_server.domain.durations import parse_duration
from mock_server.domain.faults.rules import FaultError
from mock_server.domain.usage_errors import UsageError

UNIT = "_ms"
# The conditions of every fault that are durations.
CONDITIONS = ("starts_in_ms", "expires_in_ms")
MOST_DIGITS = 18


def short_name(name: str) -> str:
    """Return the other name of a duration, such as `for` for `for_ms`; other names unchanged."""
    return name.removesuffix(UNIT)


def option(name: str) -> str:
    """Return the option of the command line for a parameter or a condition."""
    return "--" + short_name(name).replace("_", "-")


def in_ms(order: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Return an order with every duration under its name with `_ms`, as milliseconds if it is one.

    `names` are the parameters of the kind. Raises FaultError for both names at once and
    for a text that is no duration.
    """
    plain = dict(order)
    for name in (*names, *CONDITIONS):
        if not name.endswith(UNIT):
            continue
        short = short_name(name)
        if short in plain:
            if name in plain:
                raise FaultError(f"{short} and {name} are the same parameter: give one of them")
            plain[name] = plain.pop(short)
        if isinstance(plain.get(name), str):
            plain[name] = _milliseconds(name, plain[name])
    return plain


def _milliseconds(name: str, text: str) -> int:
    if re.fullmatch(r"[0-9]+", text.strip(), re.ASCII) and len(text) <= MOST_DIGITS:
        return int(text)
    try:
        return parse_duration(text)
    except UsageError as error:
        raise FaultError(f"{short_name(name)}: {error}, or milliseconds such as 300") from None
