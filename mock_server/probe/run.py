"""One run of a probe: chooses, writes down, sends, learns, until nothing affordable is left."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mock_server.domain.call.calls import VENDOR_HOST, Operation
from mock_server.probe import journal
from mock_server.probe.planner import Choice, Planner
from mock_server.probe.request import Sender
from mock_server.probe.session import Session
from mock_server.probe.transport import LostError, ProbeClock, Transport

Write = Callable[[Mapping[str, Any]], None]
MOST_STEPS = 500


@dataclass(slots=True, kw_only=True)
class Run:
    """A run of a probe. `write` adds a record to its file, `show` is told of each call,
    `after` when it is over."""

    session: Session
    planner: Planner
    transport: Transport
    clock: ProbeClock
    sender: Sender
    write: Write
    show: Callable[[Choice, int], None] = lambda _choice, _number: None
    after: Callable[[], None] = lambda: None
    nonce: Callable[[], str] = lambda: str(uuid.uuid4())
    made: list[Choice] = field(default_factory=list)

    def go(self) -> None:
        """Make calls as long as one settles something."""
        while len(self.made) < MOST_STEPS:
            choice = self.planner.best(self.session, self.clock.now())
            if choice is None:
                return
            if choice.wait_ms:
                self.clock.wait(choice.wait_ms)
            self.made.append(choice)
            self._make(choice)
            self.after()

    def _make(self, choice: Choice) -> None:
        number = self.session.calls + 1
        self.show(choice, number)
        self._record({"kind": "call", "n": number, "move": choice.move.name,
                      "at": self.clock.now()})  # fmt: skip
        try:
            answer = self._send(choice)
        except LostError as error:
            self._record({"kind": "lost", "n": number, "at": self.clock.now(), "why": str(error),
                          "was_sent": error.was_sent})  # fmt: skip
            return
        self._record({"kind": "answer", "n": number, "at": self.clock.now(),
                      **journal.answer_record(answer)})  # fmt: skip

    def _send(self, choice: Choice) -> Any:
        session, move = self.session, choice.move
        if move.operation is Operation.GET_PICTURE:
            task = session.task(str(move.task))
            return self.transport.fetch(task.picture if task else "")
        sender = replace(
            self.sender,
            tasks={task.move: task.id for task in session.tasks},
            now=self.clock.now(),
            nonce=self.nonce(),
            host=VENDOR_HOST if session.uses_vendor_host else self.sender.host,
        )
        return self.transport.send(move.build(sender))

    def note_balance(self, shown: int) -> None:
        """Take over how many credits the console shows."""
        self._record({"kind": "balance", "credits": shown, "at": self.clock.now()})

    def _record(self, record: Mapping[str, Any]) -> None:
        self.write(record)
        self.session.apply(record)
