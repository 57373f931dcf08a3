"""The rules on what comes of a client's calls: its end, its exit code, its requests, its receiver.

As in call_rules.py, nothing is guessed, and a false alarm is worse than a miss.
"""

from collections.abc import Container, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from mock_server.audit.history import Intent
from mock_server.audit.obligations import is_final
from mock_server.audit.seen_call import SeenCall
from mock_server.domain.call.calls import Operation
from mock_server.domain.findings.mojibake import meant_by
from mock_server.domain.task.short_links import is_shortened
from mock_server.formatting import counted
from mock_server.rehearsal.breach import Breach, charged, latest, name_of
from mock_server.rehearsal.evidence import Evidence
from mock_server.rehearsal.needs import unmet_of

# Between calls: other rules judge these, and say more. The last is no fault of the client.
NOT_OF_THE_REQUEST = frozenset(
    {"submit-twice", "submit-after-failure", "refusal-repeated", "went-on", "polling-without-bound",
     "simulator-bug"}
)  # fmt: skip
# So much of a picture, or of an id, is one by no chance.
LEAST_PART, LEAST_ID = 8, 4
PICTURE_ENDINGS = (".png", ".jpg", ".jpeg")
OF_A_REFUSAL = "signature"  # it explains why the gateway refused one, on order as well
CUT_BY_A_KILL = "request-incomplete"


def ends(evidence: Evidence) -> Breach | None:
    """The client ends by itself, with all that it started."""
    ended = evidence.ended
    if ended.timed_out:
        return Breach(
            says="It still ran at the time limit, and was ended. If it needs longer, raise "
            "--time-limit.",
            calls=latest(evidence.calls),
        )
    if ended.left:
        what = "; ".join(ended.left[:3])
        return Breach(says=f"It ended, but left {counted(len(ended.left), 'program')}: {what}")
    if ended.status is None:
        return Breach(says="It ended the process that had started it, so nobody saw its exit code.")
    return None


def tells_the_truth(evidence: Evidence) -> Breach | None:
    """Exit code 0 means that everything is there, and only that; what it prints is true."""
    if short := _short_link(evidence):
        return short
    status = evidence.ended.status
    if status is None:
        return None
    wanted = _wanted(evidence)
    missing = [each for each in wanted if not _complete(evidence, each)]
    says = None
    refused = next(filter(is_final, evidence.api_calls), None)
    if status == 0 and not wanted and refused is not None:
        says = f"It ended with exit code 0, but was refused ({refused.call.answer})."
    elif status == 0 and missing:
        says = f"It ended with exit code 0, but {name_of(missing[0])} has no whole result."
    elif status != 0 and _has_all(evidence, wanted):
        says = f"It ended with exit code {status}, although every result is there."
    if says is None:
        return _printed_lie(evidence) or _badly_stored(evidence)
    return Breach(says=says, calls=latest(evidence.calls))


def _has_all(evidence: Evidence, wanted: Sequence[Intent]) -> bool:
    """Whether a client has everything that it can have wanted."""
    if not wanted or any(len(_complete(evidence, each)) < evidence.copies for each in wanted):
        return False
    # With texts of its own it may have wanted more, and have given up when a call failed.
    last = max(evidence.api_calls, key=lambda each: each.known_at)
    return _uses_given(evidence) or last.call.succeeded


def _wanted(evidence: Evidence) -> list[Intent]:
    """Return the intents that were tried, and those given that were not, if one of them was."""
    tried = evidence.intents()
    if not _uses_given(evidence):
        return tried
    texts = {each.what for each in tried if each.is_text}
    untried = [
        Intent(what=text, how="", is_text=True, submits=())
        for text in evidence.drill.texts
        if text not in texts
    ]
    return [*tried, *untried]


def _uses_given(evidence: Evidence) -> bool:
    """Whether the client orders the given texts, perhaps in a wrong encoding."""
    spellings = {_decoded(text) for text in evidence.drill.texts}
    return any(
        each.is_text and _decoded(meant_by(each.what) or each.what) in spellings
        for each in evidence.intents()
    )


def _decoded(text: str) -> str:
    """Return what a text is once nothing in it is encoded any more."""
    for _ in range(4):
        text = unquote(text)
    return text


def _complete(evidence: Evidence, intent: Intent) -> list[str]:
    """Return the tasks of an intent whose pictures are all there, and are those of its text."""
    return [each for each in intent.task_ids if _has_whole_result(evidence, intent, each)]


def _has_whole_result(evidence: Evidence, intent: Intent, task_id: str) -> bool:
    task = evidence.tasks.get(task_id)
    if task is None or task["status"] != "succeeded" or not task["pictures"]:
        return False
    if intent.is_text and task["content"] not in (None, intent.what):
        return False
    return set(evidence.fetched_whole(task_id)).issuperset(range(1, len(task["pictures"]) + 1))


def _short_link(evidence: Evidence) -> Breach | None:
    """Find a picture that stops working after a day, where it must not."""
    if not evidence.drill.no_short_links:
        return None
    for each in evidence.submits:
        fields = each.call.fields
        is_short = fields.get("is_use_temp_short_link") == "1" and is_shortened(fields.get("text"))
        if each.call.task_id and is_short:
            says = (
                f"The picture of task {each.call.task_id} holds a short link, which ends in 24 h."
            )
            return Breach(says=says, calls=(each,), wasted=charged([each]))
    return None


def _printed_lie(evidence: Evidence) -> Breach | None:
    """Compare what the client printed of its results with the truth."""
    for line in evidence.printed:
        if line.get("status") == "succeeded" and (says := _lie(evidence, line)):
            return Breach(says=says)
    return None


def _lie(evidence: Evidence, line: Mapping[str, Any]) -> str | None:
    """Return what is not true of a line that says that a task succeeded."""
    task_id, text = line.get("task_id"), line.get("text")
    if not isinstance(task_id, str | int):
        return None
    task_id = str(task_id)
    task = evidence.tasks.get(task_id)
    begins = f"It printed that task {task_id[:60]}"
    if task is None or task["status"] != "succeeded":
        return f"{begins} succeeded: it did not."
    if isinstance(text, str) and text not in (task["text"], task["qr_code_url"], ""):
        return f"{begins} is that of {text[:60]!r}: it was made of another text."
    pictures = evidence.pictures.get(task_id, ())
    names = line.get("files")
    names = names if isinstance(names, list) else []
    # An address is no file of ours: the client may have put the picture anywhere.
    names = [each for each in names if isinstance(each, str) and "://" not in each]
    for name in names:
        if evidence.files.get(name) not in pictures:
            return f"{begins} has the picture {name[:60]!r}: the file does not hold these bytes."
    kept = [evidence.files.get(name) for name in names]
    if names and not all(each in kept for each in pictures):
        return f"{begins} has {counted(len(names), 'file')}: not all of its pictures are in them."
    return None


def _badly_stored(evidence: Evidence) -> Breach | None:
    """Look at the files in the client's folder, once it says that everything is there.

    A client may store anything anywhere: only a part of a picture says that something is wrong, or
    one whole picture without the others.
    """
    if evidence.ended.status != 0:
        return None
    true = [each for pictures in evidence.pictures.values() for each in pictures]
    held = frozenset(evidence.stored.values())
    for name, data in evidence.stored.items():
        if not data and name.lower().endswith(PICTURE_ENDINGS):
            return Breach(says=f"It stored the picture {name[:60]!r}, which is empty.")
        whole = next((each for each in true if len(each) > len(data) >= LEAST_PART
                      and each.startswith(data)), None)  # fmt: skip
        if whole is not None and whole not in held:
            return Breach(says=f"It stored {name[:60]!r} with {len(data)} of the {len(whole)} "
                          "bytes of a picture.")  # fmt: skip
    if held.isdisjoint(true):
        return None
    for intent in _wanted(evidence):
        tasks = _complete(evidence, intent)
        if not any(_is_kept(evidence, task_id, held) for task_id in tasks):
            return Breach(says=f"It stored whole pictures, but not all of {name_of(intent)}.")
    return None


def _is_kept(evidence: Evidence, task_id: str, held: Container[bytes]) -> bool:
    """Whether all pictures of a task are there, or the client says that they are elsewhere."""
    named = [line for line in evidence.printed if str(line.get("task_id")) == task_id]
    if any(line.get("files") for line in named):
        return True  # these have been compared
    return all(each in held for each in evidence.pictures.get(task_id, ()))


def well_formed(evidence: Evidence) -> Breach | None:
    """No request has an error."""
    if half := _half_an_id(evidence):
        return half
    excused = {*NOT_OF_THE_REQUEST, CUT_BY_A_KILL} if evidence.earlier else NOT_OF_THE_REQUEST
    ordered = {each.id for each in evidence.calls if _was_refused_on_order(each)}
    bad = {
        each["call"]: each
        for each in evidence.findings
        if each["severity"] == "error"
        and each["id"] not in excused
        and not (each["id"] == OF_A_REFUSAL and each["call"] in ordered)
    }
    if not bad:
        return None
    first = next(iter(bad.values()))
    calls = [each for each in evidence.calls if each.id in bad]
    return Breach(
        says=f"A request has the error {first['id']}: {first['says']}",
        calls=latest(calls), wasted=charged(calls),
    )  # fmt: skip


def _half_an_id(evidence: Evidence) -> Breach | None:
    """Find a query of what is only the beginning of a task's id, from an answer that was cut."""
    for call in evidence.of(Operation.QUERY_TASK):
        asked = call.asked_id
        if len(asked) < LEAST_ID or asked in evidence.tasks:
            continue
        whole = next((each for each in evidence.tasks if each.startswith(asked)), None)
        if whole is not None:
            says = f"It queried {asked!r}, which is only a part of the id of task {whole}."
            return Breach(says=says, calls=(call,), wasted=charged([call]))
    return None


def _was_refused_on_order(call: SeenCall) -> bool:
    return any(each["kind"] == "gateway_error" for each in call.call.raw["faults"])


def can_succeed(evidence: Evidence) -> Breach | None:
    """In this drill a good client succeeds."""
    status = evidence.ended.status
    if not evidence.drill.must_succeed or not status:
        return None  # without an exit code, the rule `ends` says why
    if unmet_of(evidence, evidence.drill.success_needs):
        return None
    return Breach(
        says=f"It ended with exit code {status}, although success was possible.",
        calls=latest(evidence.calls),
    )
