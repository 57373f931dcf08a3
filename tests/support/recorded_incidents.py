"""Recordings of incidents that never were: a client's calls in a world with random readings,
credits and faults, as a HAR file has them.

`python -m tests.support.recorded_incidents [COUNT]` imports so many and prints what each import
leaves unexpressed.
"""

import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from mock_server.contract import load_catalogue
from mock_server.domain.account.accounts import AccountTemplate
from mock_server.domain.answer.envelope import service_body
from mock_server.domain.call.calls import Answer, Call, operation_of
from mock_server.domain.call.wire_script import Delivered
from mock_server.domain.readings import ALLOWED, DEFAULT_READINGS, value_of
from mock_server.recordings.reader import read_recording
from mock_server.recordings.scenario.deduction import UNSEEN
from mock_server.recordings.scenario.imported import ImportedScenario, imported
from mock_server.recordings.scenario.outcome import Outcome, damaged
from mock_server.recordings.scenario.world import World, world

START_AT = 1_790_000_000_000
HOST = "aiart.market.alicloudapi.com"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
SECRET = "0123456789abcdef0123456789abcdef"
MAIL = "buyer@shop.example"
GATEWAY = ("X503BZ", "T429PA", "D504TO", "X500ER", "D503CB", "B403MO", "A403IP")
Order = dict[str, Any]


def incident_orders(dice: random.Random) -> Iterator[Order]:
    """Yield the faults of an incident."""
    for _ in range(dice.randint(0, 6)):
        operation = dice.choice(("submit_task", "query_task", "list_tasks"))
        when = dice.choice((
            {"nth": dice.randint(1, 6)}, {"first": dice.randint(1, 4)},
            {"after": dice.randint(1, 4), "first": dice.randint(1, 5)},
            {"every": dice.randint(2, 4)},
        ))  # fmt: skip
        what = dice.choice((
            {"kind": "gateway_error", "code": dice.choice(GATEWAY)},
            {"kind": "gateway_error", "code": dice.choice(GATEWAY)},
            {"kind": "refusal", "remark": f"系统繁忙,请联系{MAIL}"},
            {"kind": "platform_error", "platform_code": dice.choice((-3, -1009, -2))},
            {"kind": "html_page", "status": dice.choice((502, 504, 200)),
             "commit": dice.choice(("before", "after"))},
            {"kind": "reset", "commit": dice.choice(("before", "after"))},
            {"kind": "truncate", "keep_bytes": dice.randint(0, 150)},
            {"kind": "invalid_json"}, {"kind": "ghost", "code": "D504TO"},
            {"kind": "delay", "for_ms": dice.choice((2_500, 30_000))},
        ))  # fmt: skip
        yield {**what, "operation": operation, **when}
    if dice.random() < 0.4:
        yield {"kind": dice.choice(("task_fails", "empty_result", "task_never_ends")),
               "nth": dice.randint(1, 3)}  # fmt: skip


def incident(seed: int) -> tuple[AccountTemplate, random.Random]:
    """Return the account of an incident, and the dice that go on."""
    dice = random.Random(seed)
    names = [name for name in ALLOWED if not name.startswith(UNSEEN) and dice.random() < 0.15]
    readings = {name: dice.choice(ALLOWED[name]) for name in names if name != "gateway.profile"}
    template = AccountTemplate(
        readings=readings,
        credits=dice.choice((3, 10, 25, 1000, 1000)),
        clock_at=START_AT,
        older_tasks=dice.choice((0, 0, 2)),
        faults=tuple(incident_orders(dice)),
    )
    return template, dice


@dataclass
class RecordingClient:
    """A client whose calls are recorded as entries of a HAR file."""

    world: World
    dice: random.Random
    at: int = START_AT
    entries: list[dict[str, Any]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def call(self, path: str, fields: dict[str, str]) -> Answer:
        """Make a call and record it."""
        self.at += self.dice.choice((200, 1_500, 3_000, 8_000))
        body = urlencode(fields).encode()
        headers = (
            ("host", HOST), ("content-type", FORM), ("content-length", str(len(body))),
            ("authorization", f"APPCODE {self.world.account.app_code}"),
        )  # fmt: skip
        call = Call(method="POST", path=path, headers=headers, body=body)
        self.world.pass_to(self.at)
        answer, _ = self.world.play(call)
        operation = operation_of(call, self.world.account.readings)
        tables = load_catalogue().errors
        self.outcomes.append(damaged(answer, operation, tables))
        self.entries.append(self._entry(call, answer))
        return answer

    def _entry(self, call: Call, answer: Answer) -> dict[str, Any]:
        status, body = answer.status, answer.body
        if answer.damage is not None:
            script = answer.damage(b"", body)
            body = body[: script.body_bytes]
            if script.what in (Delivered.NOTHING, Delivered.GARBAGE):
                status, body = 0, b""
        stamp = datetime.fromtimestamp(self.at / 1000, UTC).isoformat()
        headers = [{"name": name, "value": value} for name, value in answer.headers]
        sent = [
            {"name": name, "value": f"APPCODE {SECRET}" if name == "authorization" else value}
            for name, value in call.headers
        ]
        return {
            "startedDateTime": stamp,
            "time": 120 + answer.delay_ms,
            "request": {
                "method": call.method, "url": f"https://{HOST}{call.path}", "headers": sent,
                "postData": {"mimeType": FORM, "text": call.body.decode()},
            },
            "response": {
                "status": status, "headers": headers if status else [],
                "content": {"size": len(body), "text": body.decode("utf-8", "replace")},
            },
        }  # fmt: skip

    def live(self, steps: int) -> None:
        """Submit, query and list at random."""
        for _ in range(steps):
            chance = self.dice.random()
            if chance < 0.35 or not self.ids:
                style = self.dice.choice(("food_fryrice", "food_fryrice", "no_such_style"))
                text = f"https://shop.example/{self.dice.randint(1, 99)}"
                self._take(self.call("/submitTask", {"text": text, "style_id": style}))
            elif chance < 0.8:
                self.call("/queryTask", {"task_id": self.dice.choice(self.ids)})
            else:
                self._take(self.call("/taskList", {"page": "1"}))

    def _take(self, answer: Answer) -> None:
        if answer.damage is not None:
            return
        body = service_body(answer.body) or {}
        items = body.get("pagebean", body).get("contentlist") or [body]
        self.ids += [str(each["task_id"]) for each in items if each.get("task_id")]


def recorded(seed: int, steps: int = 40) -> tuple[bytes, list[Outcome]]:
    """Return the HAR file of an incident, and what the client saw of each call."""
    template, dice = incident(seed)
    with world(template, START_AT) as played:
        client = RecordingClient(played, dice)
        client.live(steps)
    har = {"log": {"version": "1.2", "entries": client.entries}}
    return json.dumps(har).encode(), client.outcomes


def imported_again(raw: bytes) -> ImportedScenario:
    """Return the scenario that the import makes of a recording."""
    return imported(read_recording(raw), "incident", late_ms=2_000, readings={})


def main(count: int) -> None:
    """Print what is left unexpressed."""
    calls = left = 0
    for seed in range(count):
        raw, outcomes = recorded(seed)
        made = imported_again(raw)
        hidden = incident(seed)[0].readings
        for name, value in made.readings.items():
            if hidden.get(name, value_of(DEFAULT_READINGS, name)) != value:
                print(f"{seed}: {name} is not {value}")
        calls += len(outcomes)
        left += len(made.differences)
        for each in made.differences:
            print(f"{seed}: call {each.number}: {each.recorded.says} -> {each.played.says}"
                  f" ({each.why})")  # fmt: skip
    print(f"{count} recordings, {calls} calls: {left} not expressed")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
