"""What is off before the body: route, query, credentials, headers of the gateway."""

from urllib.parse import parse_qsl

from mock_server.domain.auth.credentials import QUERY_NAMES, app_code_in_query
from mock_server.domain.call.bodies import FORM_TYPE
from mock_server.domain.call.redaction import HIDDEN
from mock_server.domain.findings.context import JudgedRequest
from mock_server.domain.findings.finding import NONE, Finding, Findings, hidden, pointer
from mock_server.domain.suggestions import nearest

CREDENTIAL_NAMES = frozenset({"appcode", "appsecret", "appkey", "xcaappcode", "xcasecret"})
MAX_QUERY_FIELDS = 20
MAX_DIGITS = 18  # of a timestamp


def squeezed(name: str) -> str:
    """Return a name without case and without what joins words."""
    return name.lower().replace("_", "").replace("-", "")


def route(request: JudgedRequest) -> Findings:
    """wrong-method, wrong-path."""
    call = request.call
    if call.path in request.paths:
        return [Finding(id="wrong-method", at="/method", sent=call.method, hint=call.path)]
    lowered = {path.lower(): path for path in request.paths}
    last = "/" + call.path.rstrip("/").rpartition("/")[2].lower()
    near = nearest(last, lowered)
    hint = (
        f"did you mean {lowered[near]}?" if near else f"the paths are {', '.join(request.paths)}."
    )
    return [Finding(id="wrong-path", at="/path", sent=call.path, hint=hint)]


def preflight(request: JudgedRequest) -> Findings:
    """browser-preflight: only a browser asks whether a page of another site may call."""
    asked = request.headers.get("access-control-request-method")
    if asked is None:
        return NONE
    origin = request.headers.get("origin")
    sent = f"a page of {origin}" if origin else asked
    return [Finding(id="browser-preflight", at="/method", sent=sent)]


def query(request: JudgedRequest) -> Findings:
    """appcode-in-query, credentials-misplaced, field-in-query, query-unused."""
    hits: Findings = []
    pairs = parse_qsl(request.call.query[:8192], keep_blank_values=True, errors="surrogateescape")
    for name, value in pairs[:MAX_QUERY_FIELDS]:
        at = pointer("query", name)
        if name in QUERY_NAMES and request.readings.appcode_in_query == "accepted":
            hits.append(Finding(id="appcode-in-query", at=at, sent=f"{name}={HIDDEN}"))
        elif request.is_by_get and name not in QUERY_NAMES:
            continue  # it is a field, and judged as one
        elif squeezed(name) in CREDENTIAL_NAMES:
            hits.append(Finding(id="credentials-misplaced", at=at, sent=f"{name}={HIDDEN}"))
        elif any(name in fields for fields in request.contract.fields.values()):
            if request.call.method != "POST":
                continue  # with a GET there is no other place: the method is what is wrong
            hits.append(Finding(id="field-in-query", at=at, sent=f"{name}={value}"))
        else:
            hits.append(Finding(id="query-unused", at=at, sent=f"{name}={value}"))
    return hits


def credentials(request: JudgedRequest) -> Findings:
    """credentials-missing, authorization-malformed, scheme-case, two-credentials and the like."""
    headers = request.headers
    sent = headers.get("authorization")
    if "x-ca-signature" in headers or "x-ca-key" in headers:
        return _signed(headers.get("x-ca-key"), headers.get("x-ca-signature"), sent)
    if not sent:
        return _nowhere(request)
    scheme, _, code = sent.strip().partition(" ")
    if scheme == "APPCODE" and code:
        return NONE
    at = "/header/authorization"
    if scheme.upper() == "APPCODE" and code.strip():
        return [Finding(id="scheme-case", at=at, sent=hidden(sent))]
    return [Finding(id="authorization-malformed", at=at, sent=hidden(sent))]


def _signed(key: str | None, signature: str | None, app_code: str | None) -> Findings:
    hits: Findings = []
    if not key:
        hits.append(Finding(id="key-missing", at="/header/x-ca-key"))
    if not signature and not app_code:
        hits.append(Finding(id="signature-missing", at="/header/x-ca-signature"))
    if app_code:
        hits.append(
            Finding(id="two-credentials", at="/header/authorization", sent=hidden(app_code))
        )
    return hits


def _nowhere(request: JudgedRequest) -> Findings:
    if request.readings.appcode_in_query == "accepted" and app_code_in_query(request.call):
        return NONE
    for name in request.headers:
        if squeezed(name) in CREDENTIAL_NAMES:
            return [Finding(id="credentials-misplaced", at=pointer("header", name), sent=HIDDEN)]
    return [Finding(id="credentials-missing", at="/header/authorization")]


def freshness(request: JudgedRequest) -> Findings:
    """nonce-missing, timestamp-missing: a signed call that anybody can send again."""
    hits: Findings = []
    if not request.headers.get("x-ca-nonce"):
        hits.append(Finding(id="nonce-missing", at="/header/x-ca-nonce"))
    if "x-ca-timestamp" not in request.headers:
        hits.append(Finding(id="timestamp-missing", at="/header/x-ca-timestamp"))
    return hits


def signed_headers(request: JudgedRequest) -> Findings:
    """signed-header-absent, digest-of-a-form, digest-missing."""
    headers = request.headers
    listed = [name.strip() for name in headers.get("x-ca-signature-headers", "").split(",")]
    at = "/header/x-ca-signature-headers"
    hits = [
        Finding(id="signed-header-absent", at=at, sent=name)
        for name in listed[:MAX_QUERY_FIELDS]
        if name and name.lower() not in headers
    ]
    digest = headers.get("content-md5")
    if digest and request.media == FORM_TYPE:
        hits.append(Finding(id="digest-of-a-form", at="/header/content-md5", sent=digest))
    if not digest and request.body is not None and request.body.members is not None:
        hits.append(Finding(id="digest-missing", at="/header/content-md5"))
    return hits


def gateway_headers(request: JudgedRequest) -> Findings:
    """timestamp-unreadable, signature-method-unknown, stage-not-release, mode-unknown."""
    headers = request.headers
    hits: Findings = []
    timestamp = headers.get("x-ca-timestamp", "0")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= MAX_DIGITS):
        hits.append(_at("timestamp-unreadable", "x-ca-timestamp", timestamp))
    method = headers.get("x-ca-signature-method")
    if method is not None and method not in ("HmacSHA256", "HmacSHA1"):
        hits.append(_at("signature-method-unknown", "x-ca-signature-method", method))
    stage = headers.get("x-ca-stage")
    if stage not in (None, "RELEASE"):
        hits.append(_at("stage-not-release", "x-ca-stage", stage or ""))
    mode = headers.get("x-ca-request-mode")
    if mode not in (None, "debug"):
        hits.append(_at("mode-unknown", "x-ca-request-mode", mode or ""))
    return hits


def _at(finding: str, header: str, sent: str) -> Finding:
    return Finding(id=finding, at=pointer("header", header), sent=sent)
