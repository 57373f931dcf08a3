"""An earlier report.json, and what got better or worse since.

Rule 1: a baseline changes no verdict and no exit code: it never hides a failure.
Rule 2: the file may be of another version, so only what is compared is looked at, and all of that
is checked: nothing of the file but ids, verdicts, amounts and waived rules comes into a report.
Rule 3: of drills that did not run both times nothing is compared.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import counted, printable, yuan
from mock_server.rehearsal.verdicts import Verdict
from mock_server.rehearsal.words import PROGRAM, RECEIVER, Words

MOST_BYTES = 32 * 1024 * 1024
MOST_DRILLS = 1000
MOST_FEN = 10**12
MOST_NAMES = 10  # in a line of the terminal
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
# From the best to the worst.
RANKS = (Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FLAKY, Verdict.FAIL)
HINT = "give the report.json that `artqr-mock rehearse --report FOLDER` has written"


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierDrill:
    """A drill of an earlier report. `broken`: the rules that counted; `waived`: those that did
    not, because somebody had waived them."""

    verdict: Verdict
    fen: int
    broken: frozenset[str]
    waived: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An earlier report."""

    command: Sequence[str]
    interrupted: bool
    drills: Mapping[str, EarlierDrill]


def read_baseline(file: Path, words: Words = PROGRAM) -> Earlier:
    """Return an earlier report of a client's program, or of what `words` say.

    Raises UsageError, which names the file and says what to do.
    """
    where = f"baseline {printable(str(file))}"
    try:
        found = _json(file)
        if not isinstance(found, Mapping):
            raise _ForeignError("it is not an object")
        judged = RECEIVER if "receiver" in found else PROGRAM
        drills = dict(_drills(found.get("drills")))
        if judged is not words:
            raise _UnreadableError(
                f"it is the report of a {judged.judged}, and this rehearsal is of a "
                f"{words.judged}: give a report of the same kind"
            )
        command = found.get("command")
        return Earlier(
            command=tuple(map(str, command)) if isinstance(command, list) else (),
            interrupted=found.get("interrupted") is True,
            drills=drills,
        )
    except _ForeignError as error:
        raise UsageError(f"{where} is not a report of a rehearsal ({error}): {HINT}") from None
    except _UnreadableError as error:
        raise UsageError(f"{where}: {error}") from None


class _UnreadableError(Exception):
    """The file cannot be read, or is not whole."""


class _ForeignError(Exception):
    """The file is something else."""


def _content(file: Path) -> bytes:
    try:
        if file.is_dir():
            raise _UnreadableError("it is a folder; name the report.json in it")
        if not file.exists():
            raise _UnreadableError(f"there is no such file; {HINT}")
        if not file.is_file():  # a device or a pipe may have no end
            raise _UnreadableError(f"it is not a file; {HINT}")
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise _UnreadableError(f"it cannot be read: {reason}") from None
    if len(data) > MOST_BYTES:
        raise _UnreadableError(f"it is larger than {MOST_BYTES // 1024**2} MiB; {HINT}")
    if not data.strip():
        raise _UnreadableError(f"it is empty; {HINT}")
    return data


def _json(file: Path) -> Any:
    data = _content(file)
    try:
        return json.loads(data.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        if data.lstrip().startswith(b"{"):
            raise _UnreadableError(
                f"it is cut off or broken at line {error.lineno}, column {error.colno}; rehearse "
                "again to write a whole one"
            ) from None
        raise _ForeignError("it is not JSON") from None
    except UnicodeDecodeError:
        raise _ForeignError("it is not UTF-8") from None
    except (ValueError, RecursionError):  # a number of thousands of digits; too deep
        raise _ForeignError("no report has such JSON") from None


def _drills(found: Any) -> Iterator[tuple[str, EarlierDrill]]:
    if not isinstance(found, list):
        raise _ForeignError("it has no list of drills")
    if len(found) > MOST_DRILLS:
        raise _ForeignError(f"it has more than {MOST_DRILLS} drills")
    seen = set()
    for number, drill in enumerate(found):
        place = f"drills[{number}]"
        if not isinstance(drill, Mapping):
            raise _ForeignError(f"{place} is not an object")
        name = _id(drill.get("id"), f"{place}.id")
        if name in seen:
            raise _ForeignError(f"{place} is a second {name}")
        seen.add(name)
        if drill.get("verdict") not in [str(each) for each in Verdict]:
            raise _ForeignError(f"{place}.verdict is no verdict")
        fen = drill.get("fen_wasted")
        if not isinstance(fen, int) or isinstance(fen, bool) or not 0 <= fen <= MOST_FEN:
            raise _ForeignError(f"{place}.fen_wasted is no amount")
        broken, waived = _rules(drill.get("rules"), place)
        yield name, EarlierDrill(verdict=Verdict(drill["verdict"]), fen=fen, broken=broken,
                                 waived=waived)  # fmt: skip


def _rules(found: Any, place: str) -> tuple[frozenset[str], frozenset[str]]:
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise _ForeignError(f"{place}.rules is no list of rules")
    counted_rules = [each for each in found if each.get("is_note") is not True]
    named = [(_id(each.get("id"), f"{place}.rules"), each.get("waived")) for each in counted_rules]
    return (
        frozenset(name for name, waived in named if waived is None),
        frozenset(name for name, waived in named if waived is not None),
    )


def _id(value: Any, place: str) -> str:
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise _ForeignError(f"{place} is no name")
    return value


def compared(
    earlier: Earlier, command: Sequence[str], drills: Sequence[Mapping[str, Any]],
    words: Words = PROGRAM,
) -> dict[str, Any]:  # fmt: skip
    """Return what changed, as `baseline` of report.json; `command` and `drills` are today's."""
    now = {each["id"]: each for each in drills}
    both = [name for name in now if name in earlier.drills]
    changes = [
        *(_new(each) for name, each in now.items() if name not in earlier.drills),
        *filter(None, (_change(name, earlier.drills[name], now[name]) for name in both)),
        *(_gone(name, each) for name, each in earlier.drills.items() if name not in now),
    ]
    order = ("worse", "better", "changed", "new", "gone")
    changes.sort(key=lambda each: order.index(each["change"]))
    counts = {kind: sum(each["change"] == kind for each in changes) for kind in order}
    before = sum(earlier.drills[name].fen for name in both)
    after = sum(now[name]["fen_wasted"] for name in both)
    broken_then = {rule for each in earlier.drills.values() for rule in each.broken}
    broken_now = {rule for each in drills for rule in _broken(each)}
    found = {
        **counts,
        "compared": len(both),
        "fen": {"before": before, "now": after, "difference": after - before},
        "rules_newly_broken": sorted(broken_now - broken_then),
        "notes": list(_notes(earlier, command, changes)),
        "changes": changes,
    }
    return {"sentence": _sentence(found, words), **found}


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield what changed, a line for each drill, as a terminal shows it."""
    for each in found["changes"]:
        if each["change"] in ("new", "gone"):
            continue
        verdicts = " -> ".join(filter(None, (each["before"], each["now"])))
        rules = [("breaks", each["broken"]), ("keeps", each["mended"]), ("waived", each["waived"])]
        said = "; ".join(f"{word} {', '.join(names)}" for word, names in rules if names)
        yield f"{each['change']} {each['id']}: {verdicts}{f' ({said})' if said else ''}"
    for kind, says in (("new", "not in the baseline"), ("gone", "in the baseline, not run now")):
        if names := [each["id"] for each in found["changes"] if each["change"] == kind]:
            more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
            yield f"{says}: {', '.join(names[:MOST_NAMES])}{more}"
    if rules := found["rules_newly_broken"]:
        yield f"rules that no drill of the baseline broke: {', '.join(rules)}"
    yield from (f"mind: {each}" for each in found["notes"])


def _change(name: str, then: EarlierDrill, now: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return how a drill changed; None if it did not: amounts alone vary from run to run."""
    rules_now = _broken(now)
    broken, mended = sorted(rules_now - then.broken), sorted(then.broken - rules_now)
    waived = sorted(_waived(now) - then.waived)
    worse = RANKS.index(now["verdict"]) - RANKS.index(then.verdict)
    if not worse and not broken and not mended:
        return None
    if not worse:
        worse = bool(broken) - bool(mended)
    return {
        "id": name, "change": "worse" if worse > 0 else "better" if worse < 0 else "changed",
        "before": then.verdict, "now": now["verdict"], "broken": broken,
        "mended": [each for each in mended if each not in waived], "waived": waived,
        "fen": now["fen_wasted"] - then.fen,
    }  # fmt: skip


def _new(now: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": now["id"], "change": "new", "before": None, "now": now["verdict"],
            "broken": sorted(_broken(now)), "mended": [], "waived": sorted(_waived(now)),
            "fen": None}  # fmt: skip


def _gone(name: str, then: EarlierDrill) -> dict[str, Any]:
    return {"id": name, "change": "gone", "before": then.verdict, "now": None, "broken": [],
            "mended": [], "waived": [], "fen": None}  # fmt: skip


def counting(drill: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the broken rules of a drill of report.json that make it fail: none that is waived,
    and no note."""
    return [each for each in drill["rules"] if not each["is_note"] and each["waived"] is None]


def _broken(drill: Mapping[str, Any]) -> set[str]:
    return {each["id"] for each in counting(drill)}


def _waived(drill: Mapping[str, Any]) -> set[str]:
    rules = drill["rules"]
    return {each["id"] for each in rules if not each["is_note"] and each["waived"] is not None}


def _notes(
    earlier: Earlier, command: Sequence[str], changes: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    if list(earlier.command) != list(command):
        yield "the baseline is of another command."
    if earlier.interrupted:
        yield "the baseline's rehearsal was interrupted, so it lacks drills."
    waived = [each["id"] for each in changes if each["waived"] and each["change"] == "better"]
    if waived:
        yield (
            f"{', '.join(waived[:5])}{' and others' * (len(waived) > 5)}: better only because a "
            "rule is waived now that was not waived then, or in part because of that."
        )


def _sentence(found: Mapping[str, Any], words: Words) -> str:
    rest = "".join(f", {found[kind]} {kind}" for kind in ("changed", "new", "gone") if found[kind])
    return f"{found['worse']} worse, {found['better']} better{rest}; {_amount(found, words)}."


def _amount(found: Mapping[str, Any], words: Words) -> str:
    """Return what the drills that ran both times cost more or less."""
    if not found["compared"]:
        return f"no {words.drill} ran both times"
    ran = f"{counted(found['compared'], words.drill)} that ran both times"
    if not words.has_bill:
        return f"compared: the {ran}"
    more = found["fen"]["difference"]
    word = "more" if more > 0 else "less"
    amount = f"{yuan(abs(more))} yuan {word}" if more else "as much as before"
    return f"in the {ran} broken rules cost {amount}"
