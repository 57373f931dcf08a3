"""Plays recorded calls in a world: with its credentials, and with the ids that it gave out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from mock_server.domain.call.bodies import FORM_TYPE
from mock_server.domain.call.calls import Answer, Call, Headers, Operation
from mock_server.recordings.scenario.calls import RecordedCall
from mock_server.recordings.scenario.tasks import TaskFacts
from mock_server.recordings.scenario.world import Accept, World

# What the world's own credentials and body replace.
REPLACED = frozenset({"authorization", "cookie", "content-length", "transfer-encoding"})
SIGNED = "x-ca-"
EXAMPLE = {"text": "https://example.com/", "style_id": "food_fryrice"}


@dataclass(kw_only=True)
class Player:
    """Plays the calls of a recording in their order. `ids`: recorded ids to those of the world."""

    world: World
    calls: Sequence[RecordedCall]
    facts: TaskFacts
    ids: dict[str, str] = field(default_factory=dict)
    _last_number: int = 0

    def __post_init__(self) -> None:
        """Give the tasks from before the recording to the world's own older tasks."""
        older = self.world.older_ids()
        self.ids |= dict(zip(self.facts.older, older, strict=False))
        self._last_number = len(older)

    def play(self, place: int, accept: Accept | None = None) -> tuple[Answer, bool]:
        """Play the call at a place; see `World.play`."""
        call = self.calls[place]
        self.world.pass_to(call.at)
        answer, is_kept = self.world.play(self._request(call), accept)
        if is_kept and call.operation is Operation.SUBMIT_TASK:
            self._learn(place)
        return answer, is_kept

    def _request(self, call: RecordedCall) -> Call:
        """Return a call as it is sent to the world."""
        sent = call.exchange.call
        if not call.exchange.is_whole and not sent.body and sent.method == "POST":
            sent = _with_example(sent, call)
        code = self.world.account.app_code
        kept = tuple(pair for pair in sent.headers if not _is_replaced(pair[0]))
        headers: Headers = (*kept, ("authorization", f"APPCODE {code}"))
        body, query = sent.body, sent.query
        if call.asked is not None and (played := self.ids.get(call.asked)) is not None:
            body = body.replace(call.asked.encode(), played.encode())
            query = query.replace(call.asked, played)
        return replace(sent, headers=headers, body=body, query=query)

    def _learn(self, place: int) -> None:
        """Take down which task a submit made."""
        made = self.world.made_after(self._last_number)
        if made is None:
            return
        self._last_number = made.number
        if (recorded := self.facts.made.get(place)) is not None:
            self.ids[recorded] = made.id


def _is_replaced(name: str) -> bool:
    return name in REPLACED or name.startswith(SIGNED)


def _with_example(sent: Call, call: RecordedCall) -> Call:
    """Return a call whose body was not recorded with an example of one."""
    fields: Mapping[str, str] = EXAMPLE if call.operation is Operation.SUBMIT_TASK else {}
    typed = tuple(pair for pair in sent.headers if pair[0] != "content-type")
    headers = (*typed, ("content-type", f"{FORM_TYPE}; charset=UTF-8"))
    return replace(sent, headers=headers, body=urlencode(fields).encode())
