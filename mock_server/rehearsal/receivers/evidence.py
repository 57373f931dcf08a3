"""What a delivery has shown: the answers of the receiver, its downloads, and what it now knows.

Rule 1: the truth is that of the server: a task has succeeded or failed, whatever was delivered.
Rule 2: what a receiver knows is only known from the oracle; what it fetches is in the journal.
"""

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlsplit

from mock_server.audit.history import PICTURE
from mock_server.audit.seen_call import SeenCall
from mock_server.rehearsal.evidence import Evidence
from mock_server.rehearsal.receivers.belief import UNKNOWN, Belief
from mock_server.rehearsal.receivers.delivery import ACCEPTED, ReceiverDrill

ENDED = ("succeeded", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackReply:
    """What became of one attempt of a callback. `ms`: until the last byte of the answer came.

    `answers`: what it may be answered. `is_reached`: there was a connection, and it was written to.
    """

    task_id: str
    answers: str
    status: int | None
    error: str | None
    ms: int
    is_again: bool
    is_reached: bool
    body: str
    body_bytes: int

    @property
    def may_be_refused(self) -> bool:
        """Whether a good receiver may answer it with 4xx."""
        return self.answers != ACCEPTED


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverEvidence(Evidence):
    """All that a rule may look at. `calls` are the receiver's own; `tasks` those of the delivery.

    `has_oracle`: there is one; `before`, `after`: what it said of each task; `untold`: why it said
    nothing.  `true_links`: the paths of all pictures of the account.
    """

    output_title: ClassVar[str] = "score.answers"
    has_bill: ClassVar[bool] = False

    delivery: ReceiverDrill
    answer_ms: int = 5000
    has_oracle: bool = False
    before: Mapping[str, Belief] = field(default_factory=dict)
    after: Mapping[str, Belief] = field(default_factory=dict)
    untold: str | None = None
    true_links: frozenset[str] = frozenset()

    @property
    def replies(self) -> list[CallbackReply]:
        """Return what became of each attempt, in the order of the callbacks."""
        return [reply for callback in self.callbacks for reply in self._replies(callback)]

    @property
    def fetched(self) -> dict[str, list[SeenCall]]:
        """Return the fetches of pictures by their path."""
        found: dict[str, list[SeenCall]] = {}
        for each in self.of(PICTURE):
            found.setdefault(urlsplit(each.call.raw["path"]).path, []).append(each)
        return found

    @property
    def invented_ids(self) -> list[str]:
        """Return the ids of tasks that the callbacks named and that do not exist."""
        named = [name for each in self.callbacks for name in _named(each)]
        return [name for name in dict.fromkeys(named) if name not in self.tasks]

    def truth(self, task_id: str) -> str:
        """Return the status of a task."""
        return str(self.tasks[task_id]["status"]) if task_id in self.tasks else UNKNOWN

    def links(self, task_id: str) -> list[str]:
        """Return the paths of a task's pictures."""
        return [urlsplit(url).path for url in self.tasks.get(task_id, {}).get("pictures", ())]

    @property
    def more(self) -> dict[str, Any]:
        """Return what a report has beside the members of every drill."""
        return {
            "attempts": [
                {"task_id": each.task_id, "status": each.status, "error": each.error,
                 "ms": each.ms, "again": each.is_again, "expected": each.answers}
                for each in self.replies
            ],
            "beliefs": [each.as_json() for each in self.after.values()],
        }  # fmt: skip

    def _replies(self, callback: Mapping[str, Any]) -> Iterator[CallbackReply]:
        is_faulty = str((callback["fault"] or {}).get("kind", "")).startswith("callback_")
        for number, attempt in enumerate(callback["attempts"]):
            answer = attempt["answer"] or {"body": "", "encoding": "utf-8"}
            text, is_text = answer["body"], answer["encoding"] != "base64"
            yield CallbackReply(
                task_id=callback["task_id"],
                answers=self.delivery.answers if is_faulty and not number else ACCEPTED,
                status=attempt["status"],
                error=attempt["error"],
                ms=max(0, attempt["duration_ms"] - (0 if number else self.delivery.lasts_ms)),
                is_again=bool(number) or callback["copy_of"] is not None,
                is_reached=attempt["request"] is not None,
                body=text if is_text else "",
                body_bytes=len(text) if is_text else len(b64decode(text)),
            )


def _named(callback: Mapping[str, Any]) -> Iterator[str]:
    for attempt in callback["attempts"]:
        try:
            told = json.loads((attempt["request"] or {}).get("body", ""))
        except (ValueError, RecursionError):
            continue
        task_id = told.get("task_id") if isinstance(told, dict) else None
        if isinstance(task_id, str):
            yield task_id
