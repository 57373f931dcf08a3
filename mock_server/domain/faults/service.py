"""Faults of the service behind the gateway: it refuses, or makes something else of a task."""

from collections.abc import Callable
from dataclasses import dataclass

from mock_server.domain.errors import Refusal, VendorError
from mock_server.domain.faults.rules import Kind, Stage
from mock_server.domain.tasks import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a fault of the service does: `says` instead of the operation, `answers` instead of
    what the operation, carried out, would have answered; `shape` is what it makes of a new task."""

    says: VendorError | None = None
    answers: VendorError | None = None
    shape: Callable[[Task], Task] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The service refuses with a remark."""

    remark: str


def refused(fault: Refused) -> Effect:
    """Return the refusal that was ordered."""
    return Effect(says=Refusal(fault.remark))


KINDS = (Kind(name="refusal", stage=Stage.SERVICE, fault=Refused, act=refused, slot="service"),)
