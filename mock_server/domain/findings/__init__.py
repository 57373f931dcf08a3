"""Findings: what the contract, and more than a schema can say, has against a request.

Rule 1: a rule is one function in the table of rules.py, or of between_calls.py; its words are a row
of contracts/findings.toml.
Rule 2: no finding ever changes an answer.
"""

from mock_server.domain.findings.between_calls import (
    FINAL,
    SAME_WISH_MS,
    SHORT_PAUSE_MS,
    Told,
    judge_sequence,
)
from mock_server.domain.findings.call_events import (
    CallEvent,
    ListPage,
    asked_id,
    event_of,
    has_ended,
    intent_of,
    known_at,
    list_page,
)
from mock_server.domain.findings.context import (
    MAX_JUDGED_BYTES,
    Breach,
    Contract,
    JudgedRequest,
    judged_body,
    request_of,
)
from mock_server.domain.findings.engine import judge
from mock_server.domain.findings.fast_path import plain_findings
from mock_server.domain.findings.finding import (
    SEVERITIES,
    Finding,
    FindingRow,
    FindingRows,
    Findings,
    Severity,
    hidden,
    kept_finding,
    pointer,
    render_finding,
    worded_finding,
)
from mock_server.domain.findings.near_misses import mistaken
from mock_server.domain.findings.outcomes import (
    ONLY_AT_THE_END,
    Outcomes,
    TaskFacts,
    judge_outcomes,
)

__all__ = [
    "FINAL",
    "MAX_JUDGED_BYTES",
    "ONLY_AT_THE_END",
    "SAME_WISH_MS",
    "SEVERITIES",
    "SHORT_PAUSE_MS",
    "Breach",
    "CallEvent",
    "Contract",
    "Finding",
    "FindingRow",
    "FindingRows",
    "Findings",
    "JudgedRequest",
    "ListPage",
    "Outcomes",
    "Severity",
    "TaskFacts",
    "Told",
    "asked_id",
    "event_of",
    "has_ended",
    "hidden",
    "intent_of",
    "judge",
    "judge_outcomes",
    "judge_sequence",
    "judged_body",
    "kept_finding",
    "known_at",
    "list_page",
    "mistaken",
    "plain_findings",
    "pointer",
    "render_finding",
    "request_of",
    "worded_finding",
]
