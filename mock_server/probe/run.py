"""One run of a probe: chooses, writes down, sends, learns, until nothing affordable is left."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mock_server.domain.call.calls import VENDOR_HOST, Operation
from mock_server.probe import callbacks, journal
from mock_server.probe.planner import Choice, Planner
from mock_server.probe.request import Sender
from mock_server.probe.session import Session
from mock_server.probe.transport import Listener, LostError, ProbeClock, Transport

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
    listener: Listener | None = None
    write: Write
    show: Callable[[Choice, int], None] = lambda _choice, _number: None
    after: Callable[[], None] = lambda: None
    nonce: Callable[[], str] = lambda: str(uuid.uuid4())
    made: list[Choice] = field(default_factory=list)

    def go(self) -> None:
        """Make calls as long as one settles something."""
        while len(self.made) < MOST_STEPS:
            self._hear(self.clock.now())
            choice = self.planner.best(self.session, self.clock.now())
            if choice is None:
                return
            if choice.move.is_heard:
                self.show(choice, self.session.calls)
            if choice.wait_ms and self._wait(choice.wait_ms):
                continue  # what came may make another call the best one
            self.made.append(choice)
            if choice.move.is_heard:
                self.note({"kind": "listened", "move": choice.move.name,
                              "at": self.clock.now()})  # fmt: skip
            else:
                self._make(choice)
            self.after()

    def _wait(self, ms: int) -> bool:
        """Let time pass; return whether a callback came, and ended the wait."""
        if self.listener is not None:
            return self._hear(self.clock.now() + ms)
        self.clock.wait(ms)
        return False

    def _hear(self, until: int) -> bool:
        """Take over the next callback that comes by then, with all that came at once."""
        came = False
        while self.listener is not None:
            heard = self.listener.hear(self.clock.now() if came else until)
            if heard is None:
                break
            self.note(callbacks.record(heard))
            came = True
        return came

    def _make(self, choice: Choice) -> None:
        number = self.session.calls + 1
        self.show(choice, number)
        self.note({"kind": "call", "n": number, "move": choice.move.name,
                      "at": self.clock.now()})  # fmt: skip
        try:
            answer = self._send(choice)
        except LostError as error:
            self.note({"kind": "lost", "n": number, "at": self.clock.now(), "why": str(error),
                          "was_sent": error.was_sent})  # fmt: skip
            return
        self.note({"kind": "answer", "n": number, "at": self.clock.now(),
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
            listener=self.listener.url if self.listener else "",
            host=VENDOR_HOST if session.uses_vendor_host else self.sender.host,
        )
        return self.transport.send(move.build(sender))

    def note_balance(self, shown: int) -> None:
        """Take over how many credits the console shows."""
        self.note({"kind": "balance", "credits": shown, "at": self.clock.now()})

    def note(self, record: Mapping[str, Any]) -> None:
        """Write a record down, and take over what it says."""
        self.write(record)
        self.session.apply(record)
