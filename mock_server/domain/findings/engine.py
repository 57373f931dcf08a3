"""Judging one request: the compiled contract first, then what a schema cannot say.

Rule 1: a finding never changes an answer; the vendor's leniency does that.
Rule 2: whatever the contract refuses has a finding: that of a rule which says why, or `contract`.
"""

from dataclasses import replace
from functools import cache

from mock_server.domain.call.calls import Call, Defect, Operation
from mock_server.domain.findings.context import Breach, JudgedRequest, Rule, When, instance
from mock_server.domain.findings.finding import MAX_HITS, NONE, Finding, Findings
from mock_server.domain.findings.headers import preflight
from mock_server.domain.findings.rules import RULES

# Browsers, crawlers, scrapers of metrics and health checks ask for these, not clients of the API.
NOT_A_CLIENT = frozenset(
    {
        "/",
        "/apple-touch-icon-precomposed.png",
        "/apple-touch-icon.png",
        "/favicon.ico",
        "/health",
        "/healthz",
        "/livez",
        "/metrics",
        "/ping",
        "/readyz",
        "/robots.txt",
        "/sitemap.xml",
    }
)
UNREADABLE = frozenset(
    {"multipart-body", "json-sent-as-form", "json-broken", "byte-order-mark", "body-compressed",
     "body-not-utf8", "body-unreadable"}
)  # fmt: skip
NO_TEXT = frozenset({"not-utf8", "cut-inside-a-character"})
OF_A_GET = "body-of-get"  # the only one of a GET that is about its body
# No server reads such a body to its end.
TOO_LARGE: Findings = [Finding(id="body-too-large", at="/body")]
OF_OPERATION = {
    Operation.SUBMIT_TASK: When.SUBMIT,
    Operation.LIST_TASKS: When.LIST,
    Operation.QUERY_TASK: When.QUERY,
}


def judge(request: JudgedRequest) -> Findings:
    """Return what is off in a request, at most MAX_HITS."""
    operation = request.operation
    call = request.call
    if call.defect is not None:
        return _of_defect(call.defect)
    if operation is None and call.method == "OPTIONS":
        return preflight(request)
    if operation is None and _is_no_client(call):
        return NONE
    hits: Findings = []
    is_signed = "x-ca-signature" in request.headers
    for each in _rules(operation, request.body is not None, is_signed, call.query != ""):
        if found := each(request):
            hits += found
    if any(hit.id in UNREADABLE for hit in hits):
        # Its fields are not what the client meant: nothing that they lack is worth a word.
        return [hit for hit in hits if hit.id in UNREADABLE or not hit.at.startswith("/body")]
    if operation is not None and request.body is not None:
        value = instance(request)
        if not request.contract.fits[operation](value):
            hits += _breached(request, hits, request.contract.breaches[operation](value))
    if request.is_by_get:
        hits = [hit if hit.id == OF_A_GET else replace(hit, at=_in_query(hit.at)) for hit in hits]
    return hits[:MAX_HITS]


def _is_no_client(call: Call) -> bool:
    """Whether a call comes from a browser or a probe; a client that posts to `/` is one."""
    return call.method in ("GET", "HEAD") and call.path in NOT_A_CLIENT


def _of_defect(defect: Defect) -> Findings:
    if defect.code == "I413RL":
        return TOO_LARGE
    if not defect.finding:
        return NONE
    return [
        Finding(
            id=defect.finding, at=defect.at, sent=defect.sent, says=defect.says or None,
        )
    ]  # fmt: skip


def _in_query(at: str) -> str:
    return f"/query{at.removeprefix('/body')}" if at.startswith("/body") else at


@cache
def _rules(
    operation: Operation | None,
    has_body: bool,  # noqa: FBT001 - a key of the cache
    is_signed: bool,  # noqa: FBT001
    has_query: bool,  # noqa: FBT001
) -> tuple[Rule, ...]:
    found = [*RULES[When.UNROUTED]] if operation is None else []
    if has_query:
        found += RULES[When.WITH_QUERY]
    found += RULES[When.ALWAYS]
    if is_signed:
        found += RULES[When.SIGNED]
    if not has_body:
        found += RULES[When.BODY_SKIPPED]
    elif operation is not None:
        found += [*RULES[When.BODY], *RULES[OF_OPERATION[operation]]]
    return tuple(found)


def _breached(request: JudgedRequest, found: Findings, breaches: list[Breach]) -> Findings:
    """Return why the contract refuses a request, each breach explained or told as it is."""
    explained = [hit for each in RULES[When.BREACH] for hit in each(request)]
    places = {hit.at for hit in (*found, *explained)}
    # A field that is no field of the operation is a breach of the body as a whole.
    if any(hit.at.startswith("/body") for hit in explained) or any(
        hit.id in NO_TEXT for hit in found
    ):
        places.add("/body")
    return explained + [_told(breach) for breach in breaches if breach.at not in places]


def _told(breach: Breach) -> Finding:
    _, kind, name = f"{breach.at}//".split("/", 2)
    where = f"The header {name.strip('/')}: " if kind == "header" else ""
    says = f"{where}{breach.message} (contract {breach.contract})"
    return Finding(
        id="contract", at=breach.at, sent=breach.sent, says=says, contract=breach.contract
    )
