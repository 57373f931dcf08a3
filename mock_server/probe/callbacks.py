"""Callbacks: what came for a task, and what the model says that comes; both have the same shape.

Rule 1: the first attempt of a task's callback is refused, every later one acknowledged: so it shows
whether the service sends again what was refused, and what was acknowledged.
Rule 2: what comes rules out at once what it contradicts. That nothing more comes is learned only
where the probe has listened for the whole time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mock_server.domain.answer.envelope import parsed, pictures_shape
from mock_server.domain.callback import payload
from mock_server.domain.callback.payload import CONTENT_TYPE, Outcome
from mock_server.domain.callback.retries import Progress, after_attempt
from mock_server.domain.called_addresses import called_address
from mock_server.domain.readings import Readings
from mock_server.domain.task.tasks import Task
from mock_server.formatting import printable
from mock_server.probe import moves
from mock_server.probe.shape import AUTHOR, NOT_TOLD, SERVICE, Shape, pictures_of

REFUSED, ACKNOWLEDGED = 500, 200
ATTEMPTS = "attempts of the callback"
ADDRESS, LOGIN = "address of the callback", "login of the callback"
CAME = "a callback"
SENT, ABSENT, OTHER = "sent", "absent", "another one"
# What a way to the listener may change, so that it has to be seen to arrive as it was sent.
CHANGEABLE = (ADDRESS, LOGIN)
MOST_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One attempt of a callback. `at`: ms. `target`: path and query behind those of the listener.
    `login`: SENT, ABSENT or OTHER.
    """

    at: int
    target: str
    login: str
    content_type: str
    body: bytes

    @property
    def task_id(self) -> str:
        """The task that the body names; '' if it names none."""
        content = parsed(self.body)
        found = content.get("task_id") if isinstance(content, dict) else None
        return str(found)[:MOST_SHOWN] if isinstance(found, str | int) else ""


def answer_to(number: int) -> int:
    """Return the status that an attempt is answered, by its number from 1 on."""
    return REFUSED if number == 1 else ACKNOWLEDGED


def login_of(authorization: str | None) -> str:
    """Return what a header Authorization says: the login of the probe, none, or another one."""
    if authorization is None:
        return ABSENT
    return SENT if authorization == moves.CALLBACK_AUTHORIZATION else OTHER


def expected(task: Task, readings: Readings, prefix: str, now: int) -> list[Heard]:
    """Return the attempts that the simulator makes for a task that is over, answered as we do.

    `prefix` is the target of the listener.
    """
    if not task.call_back or task.plan.ends_at is None or task.plan.ends_at > now:
        return []
    if not payload.is_pushed(task.plan.outcome, readings):
        return []
    address = called_address(task.call_back, readings)
    one = Heard(
        at=now,
        target=address.target.removeprefix(prefix),
        login=login_of(address.authorization),
        content_type=CONTENT_TYPE,
        body=payload.encoded(payload.payload(task.id, pictures_shape(task, readings))),
    )
    return [one] * _attempts(readings, now)


def _attempts(readings: Readings, now: int) -> int:
    tries, is_acknowledged = 0, False
    while True:
        tries += 1
        progress = Progress(tries=tries, acknowledged=is_acknowledged, is_extra=False, ended_at=now)
        state = after_attempt(Outcome(status=answer_to(tries)), progress, readings, now)
        if state.next_at is None:
            return tries
        is_acknowledged = state.acknowledged


def shape_of(heard: Sequence[Heard], label: str, unclear: Sequence[str] = ()) -> Shape:
    """Return the shape of what came for a task; `unclear`: the parts that its way may change."""
    if not heard:
        return {AUTHOR: SERVICE, CAME: "absent"}
    first = heard[0]
    content = parsed(first.body)
    fields = sorted(content) if isinstance(content, dict) else []
    shape = {
        AUTHOR: SERVICE,
        CAME: "came",
        ADDRESS: printable(first.target, MOST_SHOWN),
        LOGIN: first.login,
        "type of the callback": printable(first.content_type.partition(";")[0].lower(), MOST_SHOWN),
        "fields of the callback": printable(", ".join(fields), MOST_SHOWN) or "no JSON object",
        **(pictures_of(content, label) if isinstance(content, dict) else {}),
        ATTEMPTS: str(len(heard)),
    }
    return {part: NOT_TOLD if part in unclear else value for part, value in shape.items()}


def so_far(count: int) -> Callable[[Shape], Shape]:
    """Return the view of a callback of which so many attempts have come, and more may."""

    def view(shape: Shape) -> Shape:
        if ATTEMPTS not in shape:
            return shape
        return {**shape, ATTEMPTS: str(min(count, int(shape[ATTEMPTS])))}

    return view


def record(heard: Heard) -> dict[str, object]:
    """Return an attempt for the file."""
    return {
        "kind": "callback", "at": heard.at, "target": heard.target, "login": heard.login,
        "content_type": heard.content_type, "body": heard.body.decode("utf-8", "replace"),
    }  # fmt: skip


def heard_of(record: Mapping[str, object]) -> Heard:
    """Return the attempt in a record."""
    return Heard(
        at=int(str(record["at"])),
        target=str(record["target"]),
        login=str(record["login"]),
        content_type=str(record["content_type"]),
        body=str(record["body"]).encode(),
    )
