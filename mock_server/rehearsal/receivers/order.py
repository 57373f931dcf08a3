"""What the rehearsal of a receiver is asked to do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mock_server.domain.urls import Address, AddressError, parse_address
from mock_server.domain.usage_errors import UsageError
from mock_server.rehearsal.order import (
    CHECKS,
    RehearsalOrder,
    check_reasons,
    check_seconds,
    check_text,
    check_words,
)
from mock_server.rehearsal.receivers.rules import RULES
from mock_server.settings import Settings, SettingsError

# What only a client needs, with its usual value.
USUAL = {"jobs": 1, "repeat": 1, "copies": 1, "client_timeout_s": 10.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverOrder(RehearsalOrder):
    """A receiver of callbacks and how to rehearse it. Raises UsageError for a value that cannot be.

    `receiver`: its address. `oracle`: a command for the shell, which prints what the receiver knows
    of a task. `answer_time_s`: how long it may take for an answer. `settle_s`: how long it may take
    to carry out what it has answered. `callback_hosts`: where callbacks may go beside loopback, on
    a server of our own. `app_code`: that of the account, None for any. `time_limit_s` is for one
    run of the oracle, the setup or the teardown. `only`, `skip` are ids of deliveries.
    """

    command: Sequence[str] = ()
    receiver: str = field(repr=False)  # it may hold a password
    oracle: str | None = None
    answer_time_s: float = 5.0
    settle_s: float = 2.0
    callback_hosts: Sequence[str] = ()
    app_code: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Check the values, and that they go together."""
        super(ReceiverOrder, self).__post_init__()
        if self.server is not None and self.callback_hosts:
            raise UsageError(
                "callback-host goes with no server of yours: leave it out, and start that server "
                f"with `artqr-mock serve --callback-host {self.callback_hosts[0]}`"
            )

    @property
    def address(self) -> Address:
        """Return the receiver's address, taken apart."""
        return parse_address(self.receiver)

    def checks(self) -> Mapping[str, Callable[[str, Any], None]]:
        """Return what checks each value."""
        return RECEIVER_CHECKS


def _receiver(_: str, url: Any) -> None:
    if not isinstance(url, str):
        raise UsageError("receiver must be an address such as http://127.0.0.1:8000/callback")
    try:
        parse_address(url)
    except AddressError as error:
        raise UsageError(
            f"receiver: {error}: write it such as http://127.0.0.1:8000/callback"
        ) from None


def _hosts(name: str, hosts: Any) -> None:
    check_words(name, hosts)
    try:
        Settings(callback_hosts=tuple(hosts))
    except SettingsError as error:
        raise UsageError(str(error)) from None


def _waived(_: str, reasons: Any) -> None:
    check_reasons(reasons, [rule.id for rule in RULES])


def _empty(name: str, value: Any) -> None:
    if value:
        raise UsageError(f"{name} goes with no receiver: leave it out")


def _unchanged(name: str, value: Any) -> None:
    if value != USUAL[name]:
        raise UsageError(f"{name} goes with no receiver: leave it out")


RECEIVER_CHECKS: dict[str, Callable[[str, Any], None]] = {
    **CHECKS, "receiver": _receiver, "oracle": check_text, "answer_time_s": check_seconds,
    "settle_s": check_seconds, "callback_hosts": _hosts, "app_code": check_text,
    "waived": _waived, "command": _empty, "restartable": _empty, "env": _empty,
    **dict.fromkeys(USUAL, _unchanged),
}  # fmt: skip
