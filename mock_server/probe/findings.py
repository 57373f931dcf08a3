"""What a probe found, as the tables of observed.toml: values with their evidence, and what is open.

Rule: no secret is in it. A request is written with the credentials left out.
"""

from collections.abc import Mapping
from typing import Any

from mock_server import __version__
from mock_server.domain.call.calls import Operation
from mock_server.domain.call.redaction import HIDDEN, redact_text
from mock_server.domain.readings import ALLOWED
from mock_server.formatting import cut, instant, printable, yuan
from mock_server.probe import callbacks, moves
from mock_server.probe.request import Sender
from mock_server.probe.session import Session
from mock_server.probe.unseen import CALLED_BACK, UNSEEN

MOST_TEXT = 300
LATER = {
    "picture.lifetime": "a picture has to be a day old: --continue tomorrow",
    "picture.gone": "a picture has to be a day old: --continue tomorrow",
    "list.retention": "a task has to be a day old: --continue tomorrow",
}

CHANGED = {"address.target": callbacks.ADDRESS, "address.login": callbacks.LOGIN}

Table = tuple[str, Mapping[str, Any]]


def tables(session: Session, sender: Sender, url: str, at: int) -> list[Table]:
    """Return the tables of observed.toml."""
    settled = session.hypotheses.settled
    head = {
        "url": url, "at": instant(at), "made_by": f"artqr-mock {__version__}",
        "calls": session.calls, "at_most_yuan": yuan(session.spent.fen),
    }  # fmt: skip
    paths = {operation.value: path for operation, path in sender.paths.items()}
    found: list[Table] = [("probe", head), ("paths", paths)]
    found += [
        ("observed[]", _observed(session, sender, name, settled[name])) for name in sorted(settled)
    ]
    found += [("open[]", {"reading": name, "possible": sorted(session.hypotheses.possible[name]),
                          "why": why_open(session, name)})
              for name in sorted(session.hypotheses.open)]  # fmt: skip
    for new in session.new_shapes:
        found.append(("new_shape[]", {
            "call": new.call, "part": new.part, "got": printable(_safe(new.got, sender), MOST_TEXT),
            "expected": list(new.expected), "readings": list(new.readings),
        }))  # fmt: skip
    return found


def why_open(session: Session, name: str) -> str:
    """Return why a reading is open, and what would settle it."""
    reasons = (_why_of_reading(session, name), _why_of_options(session, name), _why_now(session))
    return next(filter(None, reasons), "no call was left that the budget allows and that shows it")


# Readings that show only where another one has this value: (reading, other, value, why).
ONLY_WHERE = (
    ("classic.route", "gateway.profile", "vpc", "only older instances differ in it"),
    ("appcode.unknown", "gateway.profile", "classic", "older instances answer both alike"),
    ("picture.gone", "picture.lifetime", "unlimited", "no picture goes"),
    ("image.charset", "image.content", "address", "no source image is read"),
    ("text.too_long", "text.not_url", "refused",
     "no text that is too long is a URL, so it is refused in any case"),
)  # fmt: skip


def _why_of_reading(session: Session, name: str) -> str:
    hypotheses = session.hypotheses
    if name in hypotheses.surprises:
        return hypotheses.surprises[name]
    for reading, other, value, why in ONLY_WHERE:
        if reading == name and hypotheses.settled.get(other) == value:
            return why
    if len(hypotheses.possible[name]) < len(ALLOWED[name]):
        return f"the answers leave {' and '.join(sorted(hypotheses.possible[name]))}"
    return UNSEEN.get(name, "")


def _why_of_options(session: Session, name: str) -> str:
    if name.startswith("signature.") and not session.has_signature:
        return "it shows in signed calls: --app-key and --app-secret"
    if name in CALLED_BACK:
        return _why_unheard(session, name)
    return LATER.get(name, "") if session.tasks else ""


def _why_unheard(session: Session, name: str) -> str:
    """Return why a reading is open that shows in what the service calls."""
    hearing = session.hearing
    if not session.has_listener:
        return ("it shows in what the service calls: --callback-listen, and --callback-url for the "
                "tunnel that leads there")  # fmt: skip
    if CHANGED.get(name) in hearing.unclear:
        return "the way to --callback-listen changes it: use another tunnel"
    if hearing.silent and not hearing.heard:
        return "no callback came while the probe listened"
    if name == "callback.on_failure" and hearing.heard:
        return "no task was seen to fail"
    return ""


def _why_now(session: Session) -> str:
    if session.stopped:
        return f"the probe stopped: {session.stopped}"
    return "the account has no credit left" if session.no_credit else ""


def _observed(session: Session, sender: Sender, name: str, value: str) -> dict[str, Any]:
    row: dict[str, Any] = {"reading": name, "value": value, "certainty": "observed"}
    evidence = session.evidence.get(name)
    if evidence is None:
        return row
    if not evidence.move:
        return {**row, "shows": evidence.shows}
    row |= {"at": instant(evidence.at), "call": evidence.call, "shows": evidence.shows[:MOST_TEXT]}
    row["request"] = _request(session, sender, evidence.move)
    is_heard = moves.find(evidence.move).is_heard
    answer = None if is_heard else session.answers.get(evidence.call)
    if answer is not None:
        body = answer[1].body.decode("utf-8", "replace")
        error = " ".join(answer[1].headers.get(each, "") for each in
                         ("x-ca-error-code", "x-ca-error-message")).strip()  # fmt: skip
        text = f"HTTP {answer[1].status} {error} {body}".strip()
        row["answer"] = cut(printable(_safe(text, sender)), MOST_TEXT)
    return row


def _request(session: Session, sender: Sender, name: str) -> str:
    """Return a request as a person reads it, without credentials."""
    move = moves.find(name)
    if move.operation is Operation.GET_PICTURE:
        return "GET the picture's address"
    if move.is_heard:
        return printable(move.says, MOST_TEXT)
    hidden = Sender(
        app_code=HIDDEN, key=HIDDEN, secret=HIDDEN, host=sender.host, paths=sender.paths,
        tasks={task.move: task.id for task in session.tasks}, listener="http://the-listener",
    )  # fmt: skip
    request = move.build(hidden)
    text = f"{move.says}: {request.method} {request.target} {request.body.decode()}".strip()
    return cut(printable(_safe(text, sender)), MOST_TEXT)


def _safe(text: str, sender: Sender) -> str:
    secrets = tuple(each for each in (sender.app_code, sender.secret) if len(each) > 3)
    return redact_text(text, secrets)
