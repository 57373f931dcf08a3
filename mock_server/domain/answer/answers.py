"""Turns results, refusals and gateway errors into HTTP answers; nothing else does.

Rule 1: a gateway error has an empty body; all of it is in the headers (claim error-empty-body).
Rule 2: envelope.py makes the body of every result and refusal.
Rule 3: `showapi_fee_num` is 1 exactly where the ledger has an entry (claims fee-num, fee-num-free).
"""

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
from mock_server.domain.records import dataclass

SERVER = "Kaede/3.5.3.523(simulator)"  # claim server-header: "(simulator)" marks it as ours
ERROR_TYPE = "application/oct-stream"  # claim error-content-type: sic, as captured
RESULT_TYPE = "application/json;charset=utf-8"  # claim result-content-type
MAX_MESSAGE = 4096  # the message echoes the string to sign, which can hold a whole form body
DEBUG_INFO = '{"ServiceLatency":0,"TotalLatency":0}'  # claim debug-info

# Older instances (reading gateway.profile = classic), as captured (claims classic-headers,
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
    """The gateway's request id and instant (ms), which every answer carries.

    `classic`: in the form of an older instance. `debug`: with the latency header.
    """

    request_id: str
    now: int
    classic: bool = False
    debug: bool = False


def gateway_answer(error: GatewayError, tables: ErrorTables, stamp: Stamp) -> Answer:
    """Return a gateway error as an answer: no body, headers in the captured order."""
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
    """Return an older instance's answer to OPTIONS (claim classic-preflight)."""
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
    """Return HTTP 200 with the body in the envelope; `fault` is the platform's code and text."""
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
    """Return the service's refusal: HTTP 450 and free, or by a reading HTTP 200 and charged."""
    fault = (refusal.platform_code, refusal.remark) if refusal.platform_code else NO_PLATFORM_ERROR
    # claim platform-envelope: the envelope has the platform's code and text, and an empty body
    body = base_body(REFUSED, refusal.remark, readings) if fault is NO_PLATFORM_ERROR else {}
    if refusal_status(readings) == 200:
        return result_answer(body, readings, res_id, stamp, charged=charged, fault=fault)
    content = wrap(body, res_id, 0, readings, fault)
    headers = _gateway_headers(stamp, RESULT_TYPE, length=len(content))
    return Answer(status=450, headers=headers, body=content)


def refusal_status(readings: Readings) -> int:
    """Return the HTTP status of a refusal (claim refusal-450)."""
    return int(readings.refusal_status)


def _gateway_headers(stamp: Stamp, content_type: str, *, length: int) -> tuple[Header, ...]:
    headers = (
        ("Server", CLASSIC_SERVER if stamp.classic else SERVER),
        ("Date", http_date(stamp.now // 1000)),
        ("Content-Type", content_type),
        ("Content-Length", str(length)),
        ("X-Ca-Request-Id", stamp.request_id),
    )
    return (*headers, ("X-Ca-Debug-Info", DEBUG_INFO)) if stamp.debug else headers


@lru_cache(maxsize=128)
def http_date(second: int) -> str:
    """Return a second since 1970 as the header Date has it."""
    return formatdate(second, usegmt=True)


def _header_text(text: str) -> str:
    """Return the text as one line of Latin-1, even if it echoes a client's control characters.

    Bytes above 0x7F pass: the echo of a signed string is UTF-8, as the client sent it.
    """
    one_line = "".join(char if char >= " " and char != "\x7f" else "?" for char in text)
    return one_line[:MAX_MESSAGE].encode("latin-1", "replace").decode("latin-1")
