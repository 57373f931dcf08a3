"""The one place that turns outcomes into the wire: results, refusals, gateway errors.

Rule 1: a gateway error has an empty body, everything is in its headers (claim error-empty-body).
Rule 2: what the service says, result or refusal, is in the ShowAPI envelope (claim envelope-kept).
Rule 3: `showapi_fee_num` is 1 exactly where the ledger has an entry (claims fee-num, fee-num-free).
"""

import json
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache

from mock_server.domain.calls import Answer, Header
from mock_server.domain.errors import ErrorRow, GatewayError, Refusal
from mock_server.domain.readings import Readings

SERVER = "Kaede/3.5.3.523(simulator)"  # claim server-header: the word keeps it honest
ERROR_TYPE = "application/oct-stream"  # claim error-content-type: sic, as captured
RESULT_TYPE = "application/json;charset=utf-8"  # claim result-content-type
REFUSED = -1  # claim ret-code

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What every answer carries: the gateway's id of the request and its instant (ms)."""

    request_id: str
    now: int


def gateway_answer(error: GatewayError, row: ErrorRow, stamp: Stamp) -> Answer:
    """Return the gateway's own answer: no body, and headers in the captured order."""
    message = row.message.replace("{reason}", error.reason).strip()
    headers = (
        *_gateway_headers(stamp, ERROR_TYPE, length=0),
        ("X-Ca-Error-Code", row.code),
        ("X-Ca-Error-Message", _header_text(message)),
    )
    return Answer(status=row.status, headers=headers)


def result_answer(body: dict[str, object], res_id: str, stamp: Stamp, *, charged: bool) -> Answer:
    """Return a 200 with the service's result in the envelope."""
    content = _envelope(body, res_id, fee=int(charged))
    headers = _gateway_headers(stamp, RESULT_TYPE, length=len(content))
    if charged:
        headers = (*headers, ("showapi_fee_num", "1"))
    return Answer(status=200, headers=headers, body=content)


def refusal_answer(
    refusal: Refusal, readings: Readings, res_id: str, stamp: Stamp, *, charged: bool
) -> Answer:
    """Return the service's refusal: 450 and free, or under a reading 200 and charged."""
    body: dict[str, object] = {"ret_code": REFUSED, "remark": refusal.remark}
    if refusal_status(readings) == 200:
        return result_answer(body, res_id, stamp, charged=charged)
    content = _envelope(body, res_id, fee=0)
    headers = _gateway_headers(stamp, RESULT_TYPE, length=len(content))
    return Answer(status=450, headers=headers, body=content)


def refusal_status(readings: Readings) -> int:
    """Return the HTTP status that the service refuses with (claim refusal-450)."""
    return int(readings.refusal_status)


def _envelope(body: dict[str, object], res_id: str, *, fee: int) -> bytes:
    # claim envelope-order: error, id, code, fee, body
    envelope = {
        "showapi_res_error": "",
        "showapi_res_id": res_id,
        "showapi_res_code": 0,
        "showapi_fee_num": fee,
        "showapi_res_body": body,
    }
    return _JSON.encode(envelope).encode()


def _gateway_headers(stamp: Stamp, content_type: str, *, length: int) -> tuple[Header, ...]:
    return (
        ("Server", SERVER),
        ("Date", _http_date(stamp.now // 1000)),
        ("Content-Type", content_type),
        ("Content-Length", str(length)),
        ("X-Ca-Request-Id", stamp.request_id),
    )


@lru_cache(maxsize=128)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)


def _header_text(text: str) -> str:
    """Keep a header one line of Latin-1, whatever a client got echoed into it."""
    printable = "".join(char if char.isprintable() else "?" for char in text)
    return printable.encode("latin-1", "replace").decode("latin-1")
