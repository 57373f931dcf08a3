"""A finding: what is off in a request, where, what was sent, what to send instead, on what ground.

Rule 1: a rule says which row of contracts/findings.toml it hits and where; the row has the words.
Rule 2: what was sent is cut and has every credential hidden.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mock_server.domain.call.charsets import escaped
from mock_server.domain.call.redaction import HIDDEN, redact_shapes, redact_signed
from mock_server.domain.readings import DEFAULT_READINGS, Readings, as_mapping

MAX_SENT = 120
MAX_AT = 200
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
        words = as_mapping(readings) if self.refused else {}
        return any(words[name] == word for name, word in self.refused.items())


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


Findings = list[Finding]
FindingRows = Mapping[str, FindingRow]
NONE: Findings = []


def pointer(*steps: str) -> str:
    """Return a JSON pointer (RFC 6901)."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def render_finding(
    hit: Finding, rows: FindingRows, secrets: Iterable[str], readings: Readings = DEFAULT_READINGS
) -> dict[str, Any]:
    """Return a finding as the journal and the admin API have it."""
    row = rows[hit.id]

    hide = tuple(secrets)
    refused = " Under this account's readings, it is refused." if row.is_refused(readings) else ""

    def safe(text: str, most: int) -> str:
        # Half a credential is not found again: what is read is cut first, and what may be half of
        # one is cut off after the others are hidden.
        told = redact_shapes(redact_signed(text[:MAX_READ], hide))
        if len(text) > MAX_READ:
            told = told[:-LONGEST_CREDENTIAL]
        told = escaped(told)
        return told if len(told) <= most else told[: most - 1] + "…"

    return {
        "id": row.id,
        "severity": Severity.ERROR if refused else row.severity,
        "says": safe(f"{hit.says or row.says}{refused}", 1000),
        "at": safe(hit.at, MAX_AT),
        "sent": None if hit.sent is None else safe(hit.sent, MAX_SENT),
        "instead": safe(row.instead.replace("{hint}", hit.hint), 500),
        "claim": row.claim,
        "contract": hit.contract or row.contract,
    }


def hidden(value: str) -> str:
    """Return what may be shown of a value that is a credential."""
    scheme, space, rest = value.partition(" ")
    return f"{scheme} {HIDDEN}" if space and rest and scheme.isalpha() else HIDDEN
