"""The one place that turns outcomes into the wire: results, refusals, gateway errors.

Rule 1: a gateway error has an empty body, everything is in its headers (claim error-empty-body).
Rule 2: what the service says, result or refusal, has the shape that shapes.py gives it.
Rule 3: `showapi_fee_num` is 1 exactly where the ledger has an entry (claims fee-num, fee-num-free).
"""

from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache

from mock_server.domain.answer.envelope import (
    NO_PLATFORM_ERROR,
    REFUSED,
    PlatformFault,
    Shape,
    base_body,
    wrap,
)
from mock_server.domain.call.calls import Answer, Header
from mock_server.domain.call.errors import ErrorTables, GatewayError, Refusal, classic_row
from mock_server.domain.readings import Readings

SERVER = "Kaede/3.5.3.523(simulator)"  # claim server-header: the word keeps it honest
ERROR_TYPE = "application/oct-stream"  # claim error-content-type: sic, as captured
RESULT_TYPE = "application/json;charset=utf-8"  # claim result-content-type
MAX_MESSAGE = 4096  # an echoed string can hold a whole form body
DEBUG_INFO = '{"ServiceLatency":0,"TotalLatency":0}'  # claim debug-info

# The older instances (reading gateway.profile = classic), as captured (claims classic-headers,
# classic-cors, classic-ok).
CLASSIC_SERVER = "Tengine"
CLASSIC_ERROR_TYPE = "text/plain;charset=UTF-8"
CLASSIC_ERROR_CORS: tuple[Header, ...] = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "GET,POST,PUT,DELETE,HEAD,OPTIONS,PATCH"),
    (
        "Access-Control-Allow-Headers",
        "X-Requested-With,X-Sequence,X-Ca-Key,X-Ca-Secret,X-Ca-Version,X-Ca-Timestamp,X-Ca-Nonce,"
        "X-Ca-API-Key,X-Ca-Stage,X-Ca-Client-DeviceId,X-Ca-Client-AppId,X-Ca-Signature,"
        "X-Ca-Signature-Headers,X-Ca-Signature-Method,Authorization,Content-Type,Accept",
    ),
    ("Access-Control-Max-Age", "172800"),
)
CLASSIC_RESULT_HEADERS: tuple[Header, ...] = (
    ("Vary", "Accept-Encoding"),
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
    ("Access-Control-Allow-Headers", "*"),
    ("Access-Control-Max-Age", "1728000"),
    ("Access-Control-Allow-Credentials", "true"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What every answer carries: the gateway's id of the request and its instant (ms).

    `classic` writes it as an older instance does, `debug` adds the latencies.
    """

    request_id: str
    now: int
    classic: bool = False
    debug: bool = False


def gateway_answer(error: GatewayError, tables: ErrorTables, stamp: Stamp) -> Answer:
    """Return the gateway's own answer: no body, and headers in the captured order."""
    if stamp.classic:
        status, message = classic_row(error, tables)
        code: tuple[Header, ...] = ()
    else:
        row = tables.rows[error.code]
        status, message = row.status, row.message
        code = (("X-Ca-Error-Code", row.code),)
    message = message.replace("{reason}", error.reason).strip()
    error_type = CLASSIC_ERROR_TYPE if stamp.classic else ERROR_TYPE
    headers = (
        *_gateway_headers(stamp, error_type, length=0),
        *code,
        ("X-Ca-Error-Message", _header_text(message)),
        *(CLASSIC_ERROR_CORS if stamp.classic else ()),
    )
    if error.retry_after_s is not None:  # claim throttle-retry-after
        headers = (*headers, ("Retry-After", str(error.retry_after_s)))
    return Answer(status=status, headers=headers)


def preflight_answer(stamp: Stamp) -> Answer:
    """Return what an older instance answers to OPTIONS (claim classic-preflight)."""
    headers = (*_gateway_headers(stamp, CLASSIC_ERROR_TYPE, length=0), *CLASSIC_ERROR_CORS)
    return Answer(status=200, headers=headers)


def result_answer(
    body: Shape,
    readings: Readings,
    res_id: str,
    stamp: Stamp,
    *,
    charged: bool,
    fault: PlatformFault = NO_PLATFORM_ERROR,
) -> Answer:
    """Return a 200 with the service's result in the envelope; `fault` is the platform's."""
    content = wrap(body, res_id, int(charged), readings, fault)
    headers = _gateway_headers(stamp, RESULT_TYPE, length=len(content))
    if stamp.classic:
        headers = (*headers, ("X-Ca-Error-Message", "OK"), *CLASSIC_RESULT_HEADERS)
    if charged:
        headers = (*headers, ("showapi_fee_num", "1"))
    return Answer(status=200, headers=headers, body=content)


def refusal_answer(
    refusal: Refusal, readings: Readings, res_id: str, stamp: Stamp, *, charged: bool
) -> Answer:
    """Return the service's refusal: 450 and free, or under a reading 200 and charged."""
    fault = (refusal.platform_code, refusal.remark) if refusal.platform_code else NO_PLATFORM_ERROR
    # claim platform-envelope: the platform's code and text are in the envelope, which is empty
    body = base_body(REFUSED, refusal.remark, readings) if fault is NO_PLATFORM_ERROR else {}
    if refusal_status(readings) == 200:
        return result_answer(body, readings, res_id, stamp, charged=charged, fault=fault)
    content = wrap(body, res_id, 0, readings, fault)
    headers = _gateway_headers(stamp, RESULT_TYPE, length=len(content))
    return Answer(status=450, headers=headers, body=content)


def refusal_status(readings: Readings) -> int:
    """Return the HTTP status that the service refuses with (claim refusal-450)."""
    return int(readings.refusal_status)


def _gateway_headers(stamp: Stamp, content_type: str, *, length: int) -> tuple[Header, ...]:
    headers = (
        ("Server", CLASSIC_SERVER if stamp.classic else SERVER),
        ("Date", _http_date(stamp.now // 1000)),
        ("Content-Type", content_type),
        ("Content-Length", str(length)),
        ("X-Ca-Request-Id", stamp.request_id),
    )
    return (*headers, ("X-Ca-Debug-Info", DEBUG_INFO)) if stamp.debug else headers


@lru_cache(maxsize=128)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)


def _header_text(text: str) -> str:
    """Keep a header one line of Latin-1, whatever a client got echoed into it.

    Bytes over 0x7F pass: a signed string is echoed as the UTF-8 that it was.
    """
    one_line = "".join(char if char >= " " and char != "\x7f" else "?" for char in text)
    return one_line[:MAX_MESSAGE].encode("latin-1", "replace").decode("latin-1")
