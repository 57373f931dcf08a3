"""For each rule of findings, a request that has the finding and a very similar one that has not."""

import gzip
from dataclasses import dataclass, replace
from typing import Any

from mock_server.contract import document, load_catalogue
from mock_server.domain.call import defects
from mock_server.domain.call.calls import MAX_BODY_BYTES, Call, Defect, Header, operation_of
from mock_server.domain.findings import Findings, JudgedRequest, judge, judged_body, request_of
from mock_server.domain.readings import DEFAULT_READINGS, Readings, with_readings

FORM = "application/x-www-form-urlencoded; charset=UTF-8"
JSON = "application/json"
GOOD = "text=https://example.com&style_id=food_fryrice"
TASK = "0f3f1c2b5a6d7e8f90a1b2c3"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request that is right, except for the given values."""

    path: str = "/submitTask"
    body: str | bytes = GOOD
    method: str = "POST"
    query: str = ""
    content_type: str | None = FORM
    authorization: str | None = "APPCODE mock-demo"
    headers: tuple[Header, ...] = ()
    readings: Readings = DEFAULT_READINGS
    defect: Defect | None = None

    @property
    def call(self) -> Call:
        """The call in the form of a server's."""
        headers = list(self.headers)
        if self.content_type is not None:
            headers.append(("content-type", self.content_type))
        if self.authorization is not None:
            headers.append(("authorization", self.authorization))
        body = self.body.encode() if isinstance(self.body, str) else self.body
        return Call(
            method=self.method, path=self.path, query=self.query, headers=tuple(headers), body=body,
            defect=self.defect,
        )  # fmt: skip

    @property
    def request(self) -> JudgedRequest:
        """The request in the form of the rules."""
        call = self.call
        operation = None if call.defect else operation_of(call, self.readings)
        body = judged_body(call) if operation else None
        compiled = load_catalogue().requests(self.readings)
        return request_of(call, operation, body, compiled, self.readings)

    @property
    def hits(self) -> Findings:
        """Its findings."""
        return judge(self.request)


def submit(body: str | bytes, content_type: str | None = FORM) -> Sent:
    return Sent(body=body, content_type=content_type)


def page(body: str) -> Sent:
    return Sent(path="/taskList", body=body)


def query(body: str) -> Sent:
    return Sent(path="/queryTask", body=body)


def signed(*headers: Header, body: str = GOOD, content_type: str = FORM) -> Sent:
    """Return a signed request with a nonce and a timestamp; `headers` come first and count."""
    rest = (
        ("x-ca-key", "200000001"), ("x-ca-signature", "c2lnbmF0dXJl"), ("x-ca-nonce", "n-1"),
        ("x-ca-timestamp", "1700000000000"), ("x-ca-signature-headers", "X-Ca-Key,X-Ca-Nonce"),
    )  # fmt: skip
    named = {name for name, _ in headers}
    kept = tuple(each for each in rest if each[0] not in named)
    return Sent(
        body=body,
        content_type=content_type,
        authorization=None,
        headers=tuple(each for each in (*headers, *kept) if each[1]),
    )


def with_text(text: str, rest: str = "", content_type: str = FORM) -> Sent:
    return submit(f"text={text}&style_id=pet_cat{rest}", content_type)


def place(pointer: str) -> Any:
    """Return the value at a place in the contract. Raises LookupError."""
    value: Any = document("openapi")
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value


LONG = "https://example.com/" + "a" * 20
CAT = "style_id=pet_cat"
CLEAN = Sent()


def unparsable(reason: str, data: bytes, *, follows: bool = False, in_body: bool = False) -> Sent:
    """A request that cannot be parsed: what the parser says, and the bytes it was given."""
    defect = defects.unparsable(reason, data, follows=follows, in_body=in_body)
    return Sent(method="", path="", body="", defect=defect)


NO_METHOD = "Invalid method encountered"
GARBAGE = unparsable(NO_METHOD, b"hello")
PREFLIGHT = (("access-control-request-method", "POST"), ("origin", "https://shop.example"))


BY_GET = Sent(
    path="/taskList", method="GET", body="", content_type=None,
    readings=with_readings(DEFAULT_READINGS, {"query.method": "post-or-get"}),
)  # fmt: skip
CODED = replace(CLEAN, query="AppCode=mock-demo", authorization=None)
# id: (the request that has it, one that has not)
PAIRS: dict[str, tuple[Sent, Sent]] = {
    "wrong-method": (replace(query(""), method="GET"), query(f"task_id={TASK}")),
    "wrong-path": (replace(CLEAN, path="/submittask/"), CLEAN),
    "credentials-missing": (replace(CLEAN, authorization=None), CLEAN),
    "credentials-misplaced": (replace(CLEAN, query="AppCode=mock-demo"), CLEAN),
    "appcode-in-query": (
        replace(CODED, readings=with_readings(DEFAULT_READINGS, {"appcode.in_query": "accepted"})),
        CODED,
    ),
    "authorization-malformed": (replace(CLEAN, authorization="Bearer mock-demo"), CLEAN),
    "scheme-case": (replace(CLEAN, authorization="AppCode mock-demo"), CLEAN),
    "two-credentials": (replace(signed(), authorization="APPCODE mock-demo"), signed()),
    "key-missing": (signed(("x-ca-key", "")), signed()),
    "signature-missing": (signed(("x-ca-signature", "")), signed()),
    "nonce-missing": (signed(("x-ca-nonce", "")), signed()),
    "timestamp-missing": (signed(("x-ca-timestamp", "")), signed()),
    "timestamp-unreadable": (signed(("x-ca-timestamp", "2023-11-14T22:13:20Z")), signed()),
    "signature-method-unknown": (
        signed(("x-ca-signature-method", "HMAC-SHA256")),
        signed(("x-ca-signature-method", "HmacSHA1")),
    ),
    "signed-header-absent": (
        signed(("x-ca-signature-headers", "X-Ca-Key,X-Ca-Stage")),
        signed(("x-ca-signature-headers", "x-ca-key")),
    ),
    "digest-of-a-form": (signed(("content-md5", "kAFQmDzST7DWlj99KOF/cg==")), signed()),
    "digest-missing": (
        signed(body='{"text":"x","style_id":"pet_cat"}', content_type=JSON),
        signed(
            ("content-md5", "kAFQmDzST7DWlj99KOF/cg=="),
            body='{"text":"x","style_id":"pet_cat"}', content_type=JSON,
        ),
    ),
    "stage-not-release": (
        replace(CLEAN, headers=(("x-ca-stage", "TEST"),)),
        replace(CLEAN, headers=(("x-ca-stage", "RELEASE"),)),
    ),
    "mode-unknown": (
        replace(CLEAN, headers=(("x-ca-request-mode", "verbose"),)),
        replace(CLEAN, headers=(("x-ca-request-mode", "debug"),)),
    ),
    "field-in-query": (replace(CLEAN, query="text=x"), CLEAN),
    "query-unused": (replace(CLEAN, query="_t=17"), CLEAN),
    "body-not-judged": (submit("your_prompt=" + "x" * 70_000), submit(GOOD)),
    "body-too-large": (
        submit("your_prompt=" + "x" * MAX_BODY_BYTES), submit("your_prompt=" + "x" * 70_000),
    ),
    "multipart-body": (submit("--x--", "multipart/form-data; boundary=x"), CLEAN),
    "charset-missing": (submit(GOOD, "application/x-www-form-urlencoded"), CLEAN),
    "charset-of-text-missing": (
        submit("text=%E7%A0%81&style_id=pet_cat", "application/x-www-form-urlencoded"),
        submit("text=%E7%A0%81&style_id=pet_cat"),
    ),
    "charset-other": (
        submit(GOOD, "application/x-www-form-urlencoded; charset=US-ASCII"),
        submit(GOOD, "application/x-www-form-urlencoded;charset=utf-8"),
    ),
    "charset-wrong": (
        with_text("%C2%EB", content_type="application/x-www-form-urlencoded; charset=GBK"),
        submit(GOOD, "application/x-www-form-urlencoded; charset=GBK"),
    ),
    "content-type-missing": (submit(GOOD, None), CLEAN),
    "content-type-other": (submit(GOOD, "text/plain; charset=utf-8"), CLEAN),
    "json-body": (submit('{"text":"x","style_id":"pet_cat"}', JSON), CLEAN),
    "json-sent-as-form": (submit('{"text":"x","style_id":"pet_cat"}'), CLEAN),
    "form-sent-as-json": (submit(GOOD, JSON), CLEAN),
    "json-broken": (submit("{'text': 'x'}", JSON), submit('{"text":"x","style_id":"a"}', JSON)),
    "body-compressed": (submit(gzip.compress(GOOD.encode(), mtime=0), JSON), submit(GOOD, JSON)),
    "content-encoding-wrong": (
        replace(CLEAN, headers=(("content-encoding", "gzip"),)),
        replace(CLEAN, headers=(("content-encoding", "identity"),)),
    ),
    "body-not-utf8": (submit(GOOD.encode("utf-16-le"), JSON), submit(GOOD, JSON)),
    "body-unreadable": (submit("undefined", JSON), submit(GOOD, JSON)),
    "body-of-get": (
        replace(BY_GET, body="page=2"), replace(BY_GET, query="page=2", body="{}"),
    ),
    "byte-order-mark": (submit(b"\xef\xbb\xbf" + GOOD.encode()), CLEAN),
    "not-utf8": (with_text("%C2%EB%"), with_text("%E7%A0%81")),
    "cut-inside-a-character": (
        submit(f"{CAT}&text=二维码".encode()[:-1]), submit(f"{CAT}&text=二维码"),
    ),
    "encoded-twice": (with_text("https%253A%252F%252Fexample.com"), with_text("100%25")),
    "mojibake": (with_text("äºŒç»´ç\xa0\x81"), with_text("二维码, café")),
    "template-unfilled": (with_text("{{text}}"), with_text("{text: 1}")),
    "foreign-escape": (with_text("%25u4e2d%25u6587"), with_text("100%25 unique")),
    "letters-lost": (with_text("????"), with_text("what??")),
    "field-repeated": (submit(f"{GOOD}&text=other"), CLEAN),
    "member-repeated": (
        submit('{"text":"x","text":"y","style_id":"pet_cat"}', JSON),
        submit('{"text":"x","style_id":"pet_cat"}', JSON),
    ),
    "empty-field": (submit(f"{GOOD}&call_back="), CLEAN),
    "field-misspelt": (submit(f"{GOOD}&callBack=http://example.com/"), CLEAN),
    "field-unknown": (submit(f"{GOOD}&format=json"), CLEAN),
    "wrong-type": (
        submit('{"text":null,"style_id":"pet_cat"}', JSON),
        submit('{"text":"x","style_id":"pet_cat"}', JSON),
    ),
    "number-not-text": (
        submit('{"text":17,"style_id":"pet_cat"}', JSON),
        submit('{"text":"17","style_id":"pet_cat"}', JSON),
    ),
    "no-value": (submit(f"{GOOD}&call_back=undefined"), CLEAN),
    "printed-value": (with_text("b'hi'"), with_text("it's 'hi'")),
    "nul-character": (with_text("a%00b"), with_text("ab")),
    "untrimmed": (with_text("https://example.com%0A"), with_text("https://example.com")),
    "text-or-image-missing": (submit(CAT), submit(f"{CAT}&qr_code_url=https://example.com/q.png")),
    "image-shadowed": (submit(f"{GOOD}&qr_code_url=https://example.com/q.png"), CLEAN),
    "style-or-prompt-missing": (submit("text=x"), submit("text=x&your_prompt=a+cat")),
    "prompt-shadowed": (submit(f"{GOOD}&your_prompt=a+cat"), CLEAN),
    "style-unknown": (submit("text=x&style_id=food_friedrice"), submit(f"text=x&{CAT}")),
    "text-too-long": (with_text("%E7%A0%81" * 985), with_text("%E7%A0%81" * 984)),
    "text-long": (with_text("a" * 36), with_text("a" * 35)),
    "short-link-stored": (
        with_text(LONG, "&is_use_temp_short_link=1"), with_text(LONG, "&is_use_temp_short_link=0"),
    ),
    "short-link-needless": (
        with_text("a" * 35, "&is_use_temp_short_link=1"),
        with_text(LONG, "&is_use_temp_short_link=1"),
    ),
    "short-link-flag": (
        submit(f"{GOOD}&is_use_temp_short_link=yes"), submit(f"{GOOD}&is_use_temp_short_link=0"),
    ),
    "address-not-http": (
        submit(f"{GOOD}&call_back=example.com/done"),
        submit(f"{GOOD}&call_back=http://example.com/done"),
    ),
    "address-cut": (
        with_text("https://e.co/?a=1&b=2"), with_text("https%3A%2F%2Fe.co%2F%3Fa%3D1%26b%3D2"),
    ),
    "address-with-space": (
        with_text("https://e.co/?a=1+2"), with_text("https://e.co/?a=1%2B2"),
    ),
    "address-too-long": (
        submit(f"{GOOD}&call_back=http://example.com/{'a' * 2040}"),
        submit(f"{GOOD}&call_back=http://example.com/{'a' * 2000}"),
    ),
    "address-with-credentials": (
        submit(f"{GOOD}&call_back=http://me:word@example.com/"),
        submit(f"{GOOD}&call_back=http://example.com/"),
    ),
    "callback-unreachable": (
        submit(f"{GOOD}&call_back=http://127.0.0.1:8080/"),
        submit(f"{GOOD}&call_back=http://example.com:8080/"),
    ),
    "image-unreachable": (
        submit(f"{CAT}&qr_code_url=http://files.internal/q.png"),
        submit(f"{CAT}&qr_code_url=http://files.example.com/q.png"),
    ),
    "callback-https": (
        submit(f"{GOOD}&call_back=https://example.com/"),
        submit(f"{GOOD}&call_back=http://example.com/"),
    ),
    "page-out-of-range": (page("page=0"), page("page=1000000")),
    "page-size-out-of-range": (page("maxResult=51"), page("maxResult=50")),
    "number-spelt-oddly": (page("page=007"), page("page=7")),
    "task-id-missing": (query(""), query(f"task_id={TASK}")),
    "task-id-changed": (query(f"task_id={TASK.upper()}"), query(f"task_id={TASK}")),
    "browser-preflight": (
        Sent(method="OPTIONS", authorization=None, headers=PREFLIGHT), Sent(method="OPTIONS"),
    ),
    "contract": (submit(f"{GOOD}&call_back=http://example.com/%01"), CLEAN),
}  # fmt: skip
# The same of what never is a whole request: no client library sends it, and no recording has it.
UNREADABLE: dict[str, tuple[Sent, Sent]] = {
    "request-incomplete": (replace(CLEAN, defect=defects.incomplete_body(52, 60)), CLEAN),
    "request-unparsable": (GARBAGE, unparsable(NO_METHOD, b"hello", follows=True)),
    "target-unencoded": (
        replace(CLEAN, defect=defects.bad_target("GET /taskList?名=值".encode())), GARBAGE,
    ),
    "head-too-large": (replace(CLEAN, defect=defects.head_too_large(65536)), GARBAGE),
    "bare-line-feed": (
        unparsable("Expected CRLF after version", b"GET / HTTP/1.1\nHost: a\n\n"),
        unparsable("Expected CRLF after version", b"GET / HTTP/1.1x\r\n\r\n"),
    ),
    "chunks-broken": (
        unparsable("Invalid character in chunk size", b"zz\r\n", in_body=True),
        unparsable("Request has invalid `Transfer-Encoding`", b"", in_body=True),
    ),
    "body-length-short": (unparsable(NO_METHOD, b"ce_fryrice", follows=True), GARBAGE),
    "tls-to-plain-port": (unparsable(NO_METHOD, b"\x16\x03\x01\x02"), GARBAGE),
    "plain-to-tls-port": (
        Sent(path="", body="", defect=defects.refused_handshake("HTTP_REQUEST")), CLEAN,
    ),
    "tls-certificate-refused": (
        Sent(path="", body="", defect=defects.refused_handshake("TLSV1_ALERT_UNKNOWN_CA")), CLEAN,
    ),
    "http2-prior-knowledge": (
        unparsable("Pause on PRI/Upgrade", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), GARBAGE,
    ),
}  # fmt: skip
