"""The reports of `artqr-mock check`: text, JUnit and HAR. No report contains a credential."""

import base64
import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree as Xml

from mock_server.checker.commands import curl
from mock_server.checker.order import CheckCredentials
from mock_server.checker.run import Checked, Run
from mock_server.checker.transport import CheckAnswer, SentRequest, body_of
from mock_server.domain.call import redaction
from mock_server.formatting import counted, json_text, printable, printable_lines

# The screen shows a few kinds of failures; the reports have them all.
MOST_SHOWN = 20


def lines(run: Run) -> list[str]:
    """Return the printed lines: each kind of failure once, then one line per operation."""
    hidden = run.wire.credentials.hidden
    kinds: dict[tuple[str, str], list[Checked]] = {}
    for each in run.failed:
        for breach in each.breaches:
            kinds.setdefault((_group(each), _kind(breach)), []).append(each)
    found: list[str] = []
    for (_, kind), calls in list(kinds.items())[:MOST_SHOWN]:
        breach = next(text for text in calls[0].breaches if _kind(text) == kind)
        more = f" ({len(calls)} calls)" if len(calls) > 1 else ""
        command = curl(calls[0].sent, run.wire.credentials, run.wire.trusted)
        said = f"FAILED {_title(calls[0])}{more}\n  {printable(breach)}"
        found += [redaction.redact_text(said, hidden), f"  {command}", ""]
    if len(kinds) > MOST_SHOWN:
        found.append(f"... and {len(kinds) - MOST_SHOWN} more kinds of failures, see --junit")
    if any("$ARTQR_APP_CODE" in line for line in found):
        found += ["set ARTQR_APP_CODE to the app code before you run a command", ""]
    return [*map(printable_lines, found), *_table(run)]


def _table(run: Run) -> list[str]:
    probes = [each for each in run.checked if each.planned.expected is not None]
    rows: dict[str, list[Checked]] = {}
    for each in run.checked:
        if each.planned.expected is None:
            rows.setdefault(each.planned.label, []).append(each)
    shown = [
        f"{name}: {_count(calls)}" + ("; then left out" if run.is_settled(name) else "")
        for name, calls in rows.items()
    ]
    if probes:
        shown.insert(0, f"requests that have to be refused: {_count(probes)}")
    if run.unsent_probes:
        shown.append(f"not sent: {run.unsent_probes} requests that have to be refused")
    return shown


def _count(calls: list[Checked]) -> str:
    right = sum(not each.breaches for each in calls)
    silent = sum(each.sent.answer is None for each in calls)
    wrong = len(calls) - right - silent
    counts = [counted(len(calls), "call"), f"{right} as promised"]
    if wrong:
        counts.append(f"{wrong} not")
    if silent:
        counts.append(f"{silent} not answered")
    return ", ".join(counts)


def _title(checked: Checked) -> str:
    planned = checked.planned
    return f"{planned.label}: {planned.name}"


def _group(checked: Checked) -> str:
    """Return the group in which failures are reported: the operation; each probe is its own
    group.
    """
    return _title(checked) if checked.planned.expected else checked.planned.label


def _kind(breach: str) -> str:
    """Return the common part of breaches of one kind, without sent or received values."""
    return re.sub(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|\d{4,}', "", breach)[:120]


def junit(run: Run) -> bytes:
    """Return the run as JUnit XML: a case for each operation and kind of request."""
    cases: dict[tuple[str, str], list[Checked]] = {}
    for each in run.checked:
        cases.setdefault((each.planned.label, each.planned.name), []).append(each)
    counts: Counter[str] = Counter(tests=len(cases), failures=0, errors=0)
    suite = Xml.Element("testsuite")
    for (label, name), calls in cases.items():
        took_s = sum(each.sent.took_ms for each in calls) / 1000
        case = Xml.SubElement(suite, "testcase", classname=label, name=name, time=f"{took_s:.3f}")
        bad = [each for each in calls if each.breaches]
        if bad:
            kind = "failure" if any(each.sent.answer for each in bad) else "error"
            counts[f"{kind}s"] += 1
            text = "\n\n".join(_told(each, run) for each in bad)
            first = _clean(bad[0].breaches[0], run.wire.credentials)
            Xml.SubElement(case, kind, message=first).text = text
    named = {key: str(value) for key, value in counts.items()}
    suite.attrib.update(name="artqr-mock check", **named)
    whole = Xml.Element("testsuites", named)
    whole.append(suite)
    written: bytes = Xml.tostring(whole, "utf-8", xml_declaration=True)
    return written


def _told(checked: Checked, run: Run) -> str:
    own = run.wire.credentials
    said = _clean("\n".join(checked.breaches), own)
    return f"{said}\n{printable_lines(curl(checked.sent, own, run.wire.trusted))}"


def _clean(text: str, own: CheckCredentials) -> str:
    return redaction.redact_text(printable_lines(text), own.hidden)


def har(run: Run) -> bytes:
    """Return every call in order, as HTTP Archive 1.2."""
    hidden = run.wire.credentials.hidden
    entries = [_entry(sent, hidden) for sent in run.wire.calls]
    log = {
        "version": "1.2",
        "creator": {"name": "artqr-mock check", "version": "1"},
        "entries": entries,
    }
    return json_text({"log": log}, indent=1).encode()


def _entry(sent: SentRequest, hidden: tuple[str, ...]) -> dict[str, Any]:
    started = datetime.fromtimestamp(sent.started_at / 1000, UTC).isoformat(timespec="milliseconds")
    made: dict[str, Any] = {
        "startedDateTime": started.replace("+00:00", "Z"),
        "time": sent.took_ms,
        "request": _har_request(sent, hidden),
        "response": _har_response(sent.answer, hidden),
        "cache": {},
        "timings": {"send": 0, "wait": sent.took_ms, "receive": 0},
    }
    return {**made, "comment": f"no answer: {sent.error}"} if sent.answer is None else made


def _har_request(sent: SentRequest, hidden: tuple[str, ...]) -> dict[str, Any]:
    request, body = sent.request, body_of(sent.request)
    url = redaction.redact_target(str(request.url), hidden)
    named = [
        (name, value.decode("latin-1") if isinstance(value, bytes) else str(value))
        for name, value in request.headers.items()
    ]
    made: dict[str, Any] = {
        "method": request.method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _har_headers(redaction.header_lines(tuple(named), hidden)),
        "queryString": [
            {"name": name, "value": value}
            for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True)
        ],
        "headersSize": -1,
        "bodySize": len(body),
    }
    if body:
        content_type = str(request.headers.get("Content-Type", ""))
        made["postData"] = {
            "mimeType": content_type,
            "text": redaction.redact_text(body.decode("utf-8", "replace"), hidden),
        }
    return made


def _har_headers(text: str) -> list[dict[str, str]]:
    parts = [line.partition(": ") for line in text.split("\n") if line]
    return [{"name": name, "value": value} for name, _, value in parts]


def _har_response(answer: CheckAnswer | None, hidden: tuple[str, ...]) -> dict[str, Any]:
    body = answer.body if answer else b""
    headers = tuple(answer.headers.items()) if answer else ()
    try:
        content: dict[str, Any] = {"text": redaction.redact_text(body.decode("utf-8"), hidden)}
    except UnicodeDecodeError:
        content = {"text": base64.b64encode(body).decode(), "encoding": "base64"}
    return {
        "status": answer.status if answer else 0,
        "statusText": answer.reason if answer else "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _har_headers(redaction.header_lines(headers, hidden)),
        "content": {
            "size": len(body),
            "mimeType": dict(headers).get("content-type", "x-unknown"),
            **content,
        },
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": len(body),
    }
