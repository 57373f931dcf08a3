"""Faults of the gateway: it answers by itself, before anything is verified; nothing is booked
but the journal."""

from dataclasses import dataclass

from mock_server.domain.call.errors import ErrorTables, GatewayError
from mock_server.domain.faults.rules import FaultError, Kind, Stage
from mock_server.domain.suggestions import unlisted


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A row of the error table: its code, or a message of older instances."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """A failure that needs no parameters."""


def check_code(code: str, tables: ErrorTables, *, classic: bool) -> None:
    """Check that there is such a row. Raises FaultError."""
    if code in tables.classic:
        if not classic:
            raise FaultError(
                f"{code!r} is a message of older instances: set the reading "
                "gateway.profile = classic first, or name a code"
            )
    elif code not in tables.rows:
        there = [*tables.rows, *(tables.classic if classic else ())]
        kind = f"; if it is a kind of fault, write kind = {code[:64]!r}" if code.islower() else ""
        raise FaultError(unlisted("error code", code, there) + kind)


def error_of(code: str) -> GatewayError:
    """Return the error that a code, or a message of older instances, names."""
    # A classic message stands in for a code that no table has. Under another profile than the one
    # it was armed for, it is at least a failure of its sort.
    if code.isalnum() and code.isupper() and len(code) == 6:
        return GatewayError(code, "ordered")
    return GatewayError("T429PA" if "Flow Control" in code else "X500ER", classic=code)


def coded(fault: Coded) -> GatewayError:
    """Return the row that was ordered."""
    return error_of(fault.code)


# Failures by their names, for who does not know the codes.
NAMED = {
    "quota_exhausted": "B403MQ",
    "package_expired": "B403ME",
    "arrears": "B403MO",
    "throttled": "T429PA",
    "breaker_open": "D503CB",
    "wrong_stage": "I400SG",
    "maintenance": "X503BZ",
}


def _named(name: str, code: str) -> Kind:
    def act(_fault: Plain) -> GatewayError:
        return error_of(code)

    return Kind(name=name, stage=Stage.GATEWAY, fault=Plain, act=act, slot="gateway")


KINDS = (
    Kind(name="gateway_error", stage=Stage.GATEWAY, fault=Coded, act=coded, slot="gateway"),
    *(_named(name, code) for name, code in NAMED.items()),
)
