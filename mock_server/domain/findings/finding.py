"""A finding: what is off in a request, where, what was sent, what to send instead, on what ground.

Rule 1: a rule says which row of contracts/findings.toml it hits and where; the row has the words.
Rule 2: what was sent is cut and has every credential hidden.
"""

from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from mock_server.domain.call.charsets import escaped
from mock_server.domain.call.redaction import HIDDEN, redact_shapes, redact_signed
from mock_server.domain.readings import DEFAULT_READINGS, Readings, value_of
from mock_server.domain.records import dataclass

MAX_SENT = 120
MAX_AT = 200
MAX_SAYS = 1000
MAX_INSTEAD = 500
MAX_READ = 4096
LONGEST_CREDENTIAL = 128
# A call that is off in a hundred places is told the first of them.
MAX_HITS = 20


class Severity(StrEnum):
    """How bad it is: an error breaks or costs, a warning may, advice makes things better."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


SEVERITIES = tuple(each.value for each in Severity)  # worst first


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """A row of contracts/findings.toml. It rests on a claim or on a place in the contract.
    `refused` has readings, with the word under which it is refused: an error then."""

    id: str
    severity: Severity
    says: str
    instead: str
    claim: str | None = None
    contract: str | None = None
    refused: Mapping[str, str] = field(default_factory=dict)

    def is_refused(self, readings: Readings) -> bool:
        """Whether what is off is refused under these readings."""
        return any(value_of(readings, name) == word for name, word in self.refused.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule found. `at` is a JSON pointer into the request: `/method`, `/path`,
    `/query/page`, `/header/content-type`, `/body/text`; empty: the whole. `hint` fills the
    `{hint}` of its row. Clinic and contract say more than a row can: `says`, and `contract`, the
    place it rests on."""

    id: str
    at: str = ""
    sent: str | None = None
    hint: str = ""
    says: str | None = None
    contract: str | None = None


# A file may be older, or newer, than the program.
OF_ANOTHER_VERSION: Mapping[str, Any] = {
    "severity": Severity.WARNING, "instead": "",
    "says": "Another version of artqr-mock found this, and only that one has the words.",
}  # fmt: skip
# The members of a finding in the journal.
KEPT = frozenset({"id", "at", "sent", "hint", "says", "contract", "refused"})

Findings = list[Finding]
FindingRows = Mapping[str, FindingRow]
NONE: Findings = []


def pointer(*steps: str) -> str:
    """Return a JSON pointer (RFC 6901)."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def kept_finding(hit: Finding, secrets: Iterable[str], *, refused: bool = False) -> dict[str, Any]:
    """Return a finding as the journal keeps it: the id of its row, and what only this request has,
    bounded and with every credential hidden. `refused`: the account's readings refuse it.
    """
    hide = tuple(secrets)
    kept: dict[str, Any] = {"id": hit.id, "at": _safe(hit.at, MAX_AT, hide)}
    if hit.sent is not None:
        kept["sent"] = _safe(hit.sent, MAX_SENT, hide)
    if hit.hint:
        kept["hint"] = _safe(hit.hint, MAX_INSTEAD, hide)
    if hit.says is not None:
        kept["says"] = _safe(hit.says, MAX_SAYS, hide)
    if hit.contract is not None:
        kept["contract"] = hit.contract
    return {**kept, "refused": True} if refused else kept


def worded_finding(kept: Mapping[str, Any], rows: FindingRows) -> dict[str, Any]:
    """Return a finding as the admin API has it, with the words of its row."""
    row = rows.get(kept["id"]) or FindingRow(id=kept["id"], **OF_ANOTHER_VERSION)
    refused = " Under this account's readings, it is refused." if kept.get("refused") else ""
    worded = {
        "id": row.id,
        "severity": Severity.ERROR if refused else row.severity,
        "says": _cut(f"{kept.get('says') or row.says}{refused}", MAX_SAYS),
        "at": kept["at"],
        "sent": kept.get("sent"),
        "instead": _cut(row.instead.replace("{hint}", kept.get("hint", "")), MAX_INSTEAD),
        "claim": row.claim,
        "contract": kept.get("contract") or row.contract,
    }
    # A diagnosis tells more.
    return {**worded, **{name: kept[name] for name in kept.keys() - KEPT}}


def render_finding(
    hit: Finding, rows: FindingRows, secrets: Iterable[str], readings: Readings = DEFAULT_READINGS
) -> dict[str, Any]:
    """Return a finding that is not kept as the admin API has it."""
    kept = kept_finding(hit, secrets, refused=rows[hit.id].is_refused(readings))
    return worded_finding(kept, rows)


def _safe(text: str, most: int, secrets: tuple[str, ...]) -> str:
    # Half a credential is not found again: what is read is cut first, and what may be half of
    # one is cut off after the others are hidden.
    told = redact_shapes(redact_signed(text[:MAX_READ], secrets))
    if len(text) > MAX_READ:
        told = told[:-LONGEST_CREDENTIAL]
    return _cut(escaped(told), most)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def hidden(value: str) -> str:
    """Return what may be shown of a value that is a credential."""
    scheme, space, rest = value.partition(" ")
    return f"{scheme} {HIDDEN}" if space and rest and scheme.isalpha() else HIDDEN
