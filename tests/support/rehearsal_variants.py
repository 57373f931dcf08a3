"""Variants of the sample clients, one bug each, and the drills that each of them fails.

A variant is made by replacing lines of the source; each of them must stand there exactly once.
`python -m tests.support.rehearsal_variants [ID ...]` rehearses them in every drill, and prints the
table of variants and drills.
"""

import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mock_server.rehearsal import RehearsalOrder, Verdict
from mock_server.rehearsal.runner import rehearse_order

# Late answers come after 1.5 times that: the less, the sooner a rehearsal is over.
TIMEOUT_S = 3.0
CLIENTS = Path(__file__).parents[2] / "fixtures" / "clients"
API, CAREFUL, CALLBACKS = "artqr_client.py", "careful.py", "careful_callbacks.py"

FINAL_REFUSALS = frozenset({
    "quota-exhausted", "quota-mid-batch", "package-expired", "arrears", "package-expires-mid-task",
    "unknown-app-code", "signature-refused",
})  # fmt: skip
LOST_SUBMITS = frozenset({
    "submit-charged-then-reset", "submit-charged-truncated", "submit-charged-slow",
    "submit-slow-drip", "submit-garbage", "submit-charged-then-closed",
    "submit-charged-then-reset-behind-many-pages", "submit-charged-slow-behind-many-pages",
})  # fmt: skip
FAILED_SUBMITS = frozenset({
    "submit-not-executed-504", "submit-executed-then-504", "submit-html-502", "internal-500-once",
    "submit-executed-then-504-behind-many-pages",
})  # fmt: skip
BEHIND_MANY_PAGES = frozenset({
    "submit-charged-then-reset-behind-many-pages", "submit-executed-then-504-behind-many-pages",
    "submit-charged-slow-behind-many-pages",
})  # fmt: skip
# In these, no client has a result: what goes wrong only with results goes wrong in all others.
WITHOUT_RESULTS = frozenset({
    "quota-exhausted", "package-expired", "arrears", "package-expires-mid-task",
    "unknown-app-code", "signature-refused", "refused-450", "refused-in-200",
    "platform-maintenance-in-200", "quota-mid-batch",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A client with one bug. `replaced`: file, old text, new text.

    `fails`: every drill that it fails. `fails_all_but`: it fails all others than these; then
    `fails` says nothing. `unsure`: whether it fails these depends on how fast the machine is.
    `env`, `restartable` and `time_limit_s`: how it is rehearsed.
    """

    id: str
    client: str = CAREFUL
    replaced: tuple[tuple[str, str, str], ...]
    fails: frozenset[str] = frozenset()
    fails_all_but: frozenset[str] | None = None
    unsure: frozenset[str] = frozenset()
    env: Mapping[str, str] = field(default_factory=dict)
    restartable: bool = False
    time_limit_s: float = 60.0

    def must_fail(self, drill: str) -> bool:
        """Whether it fails a drill."""
        return (
            drill in self.fails if self.fails_all_but is None else drill not in self.fails_all_but
        )

    def write(self, folder: Path) -> Path:
        """Write the variant with what it needs to an empty folder; return its program."""
        shutil.copytree(CLIENTS, folder, dirs_exist_ok=True)
        for name, old, new in self.replaced:
            text = (folder / name).read_text(encoding="utf-8")
            if text.count(old) != 1:
                raise ValueError(f"{self.id}: {old!r} stands {text.count(old)} times in {name}")
            (folder / name).write_text(text.replace(old, new), encoding="utf-8")
        return folder / self.client


VARIANTS = (
    Variant(
        id="submits-again-after-a-5xx",
        replaced=((API, "raise Unknown(text)", "raise Busy(text)"),),
        fails=FAILED_SUBMITS,
    ),
    Variant(
        id="submits-again-after-a-lost-answer",
        replaced=((API, 'raise Unknown(f"{type(error).__name__}: {error}") from None',
                   'raise Busy(f"{type(error).__name__}: {error}") from None'),
                  (API, "        except Unknown:\n            self._connection.close()",
                   "        except Busy:\n            self._connection.close()")),
        fails=LOST_SUBMITS,
    ),
    Variant(
        id="looks-at-the-first-page-only",
        replaced=((API, 'if page >= int(body["allPages"]):', "if page >= 1:"),),
        fails=BEHIND_MANY_PAGES,
        env={"ARTQR_SHARED": "1"},
    ),
    Variant(
        id="submits-again-after-a-refusal",
        replaced=((API, "raise (Refused if status == 450 else Final)(text)",
                   "raise (Busy if status == 450 else Final)(text)"),),
        fails=frozenset({"refused-450"}),
    ),
    Variant(
        id="goes-on-after-a-final-refusal",
        replaced=((API, "raise (Refused if status == 450 else Final)(text)",
                   "raise Refused(text)"),),
        fails=FINAL_REFUSALS,
    ),
    Variant(
        id="does-not-pause-when-it-is-throttled",
        replaced=((CAREFUL, "        PATIENCE.pause(tries)\n    raise Refused",
                   "        PATIENCE.pause(tries) if is_open else None\n    raise Refused"),),
        fails=frozenset({"throttled-429", "throttled-classic-403", "breaker-open-503",
                         "outage-then-recovery"}),
    ),
    Variant(
        id="polls-every-20-ms",
        replaced=((CAREFUL, "PATIENCE.pause(min(rounds, 1))",
                   '__import__("time").sleep(0.02)'),),
        fails_all_but=WITHOUT_RESULTS | {"query-slow"},
        # With many tasks a round takes long; after a late answer the tasks have ended.
        unsure=frozenset({"quota-mid-batch", "concurrent-batch", "submit-slow-drip",
                          "submit-charged-slow", "submit-charged-slow-behind-many-pages",
                          "callback-before-answer"}),
    ),
    Variant(
        id="polls-for-ever",
        replaced=((API, "return time.monotonic() > self.ends_at", "return False"),),
        fails=frozenset({"task-stuck"}),
        time_limit_s=30.0,
    ),
    Variant(
        id="takes-a-failed-task-for-done",
        replaced=((CAREFUL, 'raise Lost("the task ended without a picture")', "return []"),),
        fails=frozenset({"task-failed", "task-empty-result"}),
    ),
    Variant(
        id="fetches-one-of-four-pictures",
        replaced=((CAREFUL, "enumerate(links, 1)", "enumerate(links[:1], 1)"),),
        fails=frozenset({"four-pictures"}),
    ),
    Variant(
        id="saves-no-picture",
        replaced=((CAREFUL, "write_bytes(picture(link))", 'write_bytes(b"")'),),
        fails_all_but=WITHOUT_RESULTS,
        # Its first query may still bring a result.
        unsure=frozenset({"package-expires-mid-task"}),
    ),
    Variant(
        id="encodes-the-text-twice",
        replaced=((API, '{"text": text,', '{"text": urllib.parse.quote(text, safe=":/?=&#"),'),),
        fails=frozenset({"text-with-percent"}),
    ),
    Variant(
        id="gives-up-at-the-first-failed-query",
        replaced=((CAREFUL, "if failures[text] < MOST_TRIES and", "if failures[text] < 1 and"),),
        fails=frozenset({"query-lost", "query-flaky", "query-not-yet-known"}),
    ),
    Variant(
        id="waits-a-second-for-the-answer-to-a-query",
        replaced=((API, "threading.Timer(TIMEOUT_S,",
                   'threading.Timer(1 if target == "/queryTask" else TIMEOUT_S,'),),
        fails=frozenset({"query-slow"}),
    ),
    Variant(
        id="orders-again-what-takes-long",
        replaced=((CAREFUL, "                if links is None:\n",
                   "                if links is None and rounds == 4:\n"
                   "                    API.submit(text)\n"
                   "                if links is None:\n"),),
        fails=frozenset({"task-slow", "task-stuck", "clock-skew"}),
    ),
    Variant(
        id="takes-numbers-for-the-end",
        replaced=((API, '"processing", "0", "1", ', '"processing", '),),
        fails=frozenset({"other-shapes"}),
    ),
    Variant(
        id="leaves-a-process",
        replaced=((CAREFUL, "    sys.exit(main())",
                   '    __import__("subprocess").Popen(["sleep", "30"])\n    sys.exit(main())'),),
        fails_all_but=frozenset(),
    ),
    Variant(
        id="signs-with-the-time-of-its-start",
        replaced=((API, "str(int(time.time() * 1000))", "STARTED_AT"),
                  (API, "# For a whole answer", "STARTED_AT = str(int(time.time() * 1000))\n"
                   "# For a whole answer")),
        fails=frozenset({"clock-skew"}),
        env={"ARTQR_SIGN": "1"},
    ),
    Variant(
        id="forgets-its-orders-in-a-restart",
        replaced=((CAREFUL, "if self._path.exists():", "if False:"),),
        fails=frozenset({"client-killed-after-submit", "client-killed-while-polling",
                         "quota-topped-up"}),
        restartable=True,
    ),
    Variant(
        id="trusts-the-links-of-callbacks",
        client=CALLBACKS,
        replaced=(
            (CALLBACKS, 'return str(json.loads(body)["task_id"])',
             "content = json.loads(body)\n"
             '        told = content["resList"]\n'
             '        TOLD[content["task_id"]] = [getattr(each, "get", {}.get)("url", each) '
             "for each in told]\n"
             '        return str(content["task_id"])'),
            (CALLBACKS, "links = API.links(each.task_id)",
             "links = TOLD.get(each.task_id) or API.links(each.task_id)"),
            (CALLBACKS, "UNCLEAR = []", "TOLD = {}\nUNCLEAR = []"),
        ),
        fails=frozenset({"callback-forged", "callback-crossed", "callback-unknown-task"}),
    ),
    Variant(
        id="waits-for-callbacks-only",
        client=CALLBACKS,
        replaced=((CALLBACKS, "SILENCE_S = 8", "SILENCE_S = 30"),),
        fails=frozenset({"callback-lost", "callback-malformed", "callback-unknown-task"}),
    ),
    Variant(
        id="answers-500-to-a-repeated-callback",
        client=CALLBACKS,
        replaced=(
            (CALLBACKS, "self.send_response(known if task_id else 400)",
             "HAD.append(task_id)\n"
             "        self.send_response(500 if HAD.count(task_id) > 1 else known)"),
            (CALLBACKS, "UNCLEAR = []", "HAD = []\nUNCLEAR = []"),
        ),
        fails=frozenset({"callback-duplicate", "callback-concurrent-duplicate",
                         "callback-forged"}),
    ),
)  # fmt: skip


def verdicts(
    variant: Variant, folder: Path, *, only: Sequence[str] = (), jobs: int = 3,
    server: str | None = None, limit_s: float | None = None,
) -> dict[str, Verdict]:  # fmt: skip
    """Rehearse a variant that is written to a folder; return its verdicts by drill."""
    return rehearsed(
        sys.executable, str(variant.write(folder)), only=tuple(only), jobs=jobs, server=server,
        env=variant.env, restartable=variant.restartable,
        time_limit_s=limit_s or variant.time_limit_s,
    )  # fmt: skip


def rehearsed(*command: str, env: Mapping[str, str], **more: Any) -> dict[str, Verdict]:
    """Rehearse a sample client that waits so long for an answer; return its verdicts by drill."""
    report = rehearse_order(RehearsalOrder(
        command=command, env={**env, "ARTQR_TIMEOUT": f"{TIMEOUT_S:g}"},
        client_timeout_s=TIMEOUT_S, **more,
    ))  # fmt: skip
    assert report.trouble is None
    return {each.evidence.drill.id: each.verdict for each in report.results}


def main(ids: Sequence[str]) -> int:
    """Print the table of variants and drills; return how many verdicts are not as they must be."""
    wrong = 0
    for variant in VARIANTS:
        if ids and variant.id not in ids:
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = verdicts(variant, Path(folder), jobs=4)
        failed = [drill for drill, verdict in found.items() if verdict is Verdict.FAIL]
        sure = [drill for drill in found if drill not in variant.unsure]
        missed = [drill for drill in sure if variant.must_fail(drill) and drill not in failed]
        false = [drill for drill in sure if drill in failed and not variant.must_fail(drill)]
        wrong += len(missed) + len(false)
        print(f"{variant.id}: fails {len(failed)} of {len(found)}")
        for name, drills in (("not failed", missed), ("failed beyond", false)):
            if drills:
                print(f"  {name}: {', '.join(drills)}")
    return wrong


if __name__ == "__main__":
    sys.exit(min(1, main(sys.argv[1:])))
