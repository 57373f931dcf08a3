"""What observed readings say of the claims that they rest on: confirmed, refuted, untouched."""

from collections.abc import Mapping
from typing import Any

from mock_server.contract import load_toml
from mock_server.domain.records import dataclass
from mock_server.formatting import printable

CONFIRMED, REFUTED, UNTOUCHED = "confirmed", "refuted", "untouched"
MOST = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A claim, its certainty until now, the reading that switches it, and what was observed."""

    claim: str
    says: str
    certainty: str
    reading: str
    verdict: str
    default: str
    observed: str
    evidence: str


def judged(content: Mapping[str, Any]) -> list[Judged]:
    """Return the claim of each reading, judged by the content of an observed.toml."""
    claims = {row["id"]: row for row in load_toml("claims.toml")["claim"]}
    seen = {row["reading"]: row for row in content.get("observed", [])}
    still = {row.get("reading"): row.get("why", "") for row in content.get("open", [])}
    found = []
    for row in load_toml("readings.toml")["reading"]:
        name, default = row["id"], row["default"]
        value = str(seen.get(name, {}).get("value", ""))
        verdict = UNTOUCHED if not value else CONFIRMED if value == default else REFUTED
        evidence = seen.get(name, {}).get("shows", "") if value else still.get(name, "")
        found.append(Judged(
            claim=row["claim"], says=claims[row["claim"]]["says"], certainty=row["certainty"],
            reading=name, verdict=verdict, default=default, observed=value,
            evidence=printable(str(evidence), MOST),
        ))  # fmt: skip
    return found


def markdown(rows: list[Judged], content: Mapping[str, Any]) -> str:
    """Return the page: the claims by verdict. It has no secret, for observed.toml has none."""
    probe = content.get("probe", {})
    place, at = _cell(probe.get("url", "unknown")), _cell(probe.get("at", "unknown"))
    lines = ["# What a probe says of our claims", "", f"Probed: {place}, {at}.", ""]
    for verdict in (REFUTED, CONFIRMED, UNTOUCHED):
        chosen = [each for each in rows if each.verdict == verdict]
        lines += [f"## {verdict.capitalize()}: {len(chosen)}", ""]
        if chosen:
            lines += ["| Claim | Until now | Reading | Default | Observed | Evidence |",
                      "|---|---|---|---|---|---|"]  # fmt: skip
        lines += [
            f"| {_cell(each.says)} (`{each.claim}`) | {each.certainty} | `{each.reading}` "
            f"| `{each.default}` | {f'`{each.observed}`' if each.observed else 'open'} "
            f"| {_cell(each.evidence)} |"
            for each in chosen
        ]
        lines.append("")
    for new in content.get("new_shape", []):
        lines.append(
            f"- new shape in call {_cell(new.get('call'))}: {_cell(new.get('part'))} is "
            f"{_cell(new.get('got'))}"
        )
    return "\n".join(lines).rstrip() + "\n"


def _cell(text: object) -> str:
    """Return a text that a table of Markdown can hold; what a server sent stays text."""
    shown = printable(str(text), 300)
    for char in "\\`*_[]<>|#":
        shown = shown.replace(char, f"\\{char}") if char != "<" else shown.replace("<", "&lt;")
    return shown
