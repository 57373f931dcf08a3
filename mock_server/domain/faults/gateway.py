"""Faults of the gateway: it answers with an error before it verifies the call. Only the journal
records such a call.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from mock_server.domain.call.answer_rules import AnswerRule
from mock_server.domain.call.errors import ErrorTables, GatewayError
from mock_server.domain.faults.parameters import described, length
from mock_server.domain.faults.rules import FaultError, Kind, Rule, Stage
from mock_server.domain.suggestions import nearest, unlisted

# How much alike a code has to be that is offered in place of an unknown one: 5 of 6 characters.
ALIKE = 0.8
CODE = described("A code from the error table, or a message of older instances.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedFault:
    """The gateway answers with an error from the error table, before it verifies the call."""

    code: Annotated[str, length(1, 100), CODE]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainFault:
    """Named aliases for common error codes: quota_exhausted B403MQ, package_expired B403ME,
    arrears B403MO, throttled T429PA, breaker_open D503CB, wrong_stage I400SG, maintenance
    X503BZ (needs an end).
    """


def check_code(code: str, tables: ErrorTables, *, classic: bool) -> None:
    """Check that the error table has this code or message. Raises FaultError."""
    if code in tables.classic:
        if not classic:
            raise FaultError(
                f"{code!r} is a message of older instances: set the reading "
                "gateway.profile = classic first, or name a code"
            )
    elif code not in tables.rows:
        there = [*tables.rows, *(tables.classic if classic else ())]
        kind = f"; if it is a kind of fault, write kind = {code[:64]!r}" if code.islower() else ""
        guess = nearest(code.upper(), tables.rows, ALIKE)
        raise FaultError(unlisted("error code", code, there, guess) + kind)


def error_named(code: str) -> GatewayError:
    """Return the error for a code, or for a message of older instances."""
    # A classic message has no code. If the account's profile changed since the fault was armed,
    # the client gets the code that is nearest to the message.
    if code.isalnum() and code.isupper() and len(code) == 6:
        return GatewayError(code, "ordered", rule=AnswerRule.FAULT_OF_GATEWAY)
    nearest_code = "T429PA" if "Flow Control" in code else "X500ER"
    return GatewayError(nearest_code, rule=AnswerRule.FAULT_OF_GATEWAY, classic=code)


def coded(fault: CodedFault) -> GatewayError:
    """Return the error that the fault orders."""
    return error_named(fault.code)


# Named aliases for common error codes.
NAMED = {
    "quota_exhausted": "B403MQ",
    "package_expired": "B403ME",
    "arrears": "B403MO",
    "throttled": "T429PA",
    "breaker_open": "D503CB",
    "wrong_stage": "I400SG",
    "maintenance": "X503BZ",
}


F = TypeVar("F")
GatewayAct = Callable[[Any], GatewayError]


def _kind(name: str, fault: type[F], act: Callable[[F], GatewayError]) -> Kind[GatewayAct]:
    return Kind(name=name, stage=Stage.GATEWAY, fault=fault, act=act, slot=SLOT)


def _named(name: str, code: str) -> Kind[GatewayAct]:
    def act(_fault: PlainFault) -> GatewayError:
        return error_named(code)

    return _kind(name, PlainFault, act)


SLOT = "gateway"
KINDS = (
    _kind("gateway_error", CodedFault, coded),
    *(_named(name, code) for name, code in NAMED.items()),
)
_ACTS = {kind.name: kind.act for kind in KINDS}


def error_of(rule: Rule) -> GatewayError:
    """Return the gateway's error when a rule of this stage fires."""
    return _ACTS[rule.kind.name](rule.fault)
