"""Bytes that are not UTF-8, in a call whose signature is wrong: kept in escapes, charset named."""

import pytest
from click.testing import CliRunner

from mock_server.cli.main import main
from mock_server.domain.call.charsets import escaped, foreign_charset
from tests.support import databases
from tests.support.signed import Request, Signer, send
from tests.support.worlds import World

# Where the bytes stand: a request, what is kept of them, and what is said of their charset.
FOREIGN: dict[str, tuple[Request, str, str]] = {
    "GBK in a form": (
        Request(body=b"text=%D6%D0&style_id=x"), "text=\\xd6\\xd0", "in GBK it reads as `中`",
    ),
    "GBK, not encoded": (
        Request(body=b"text=\xd6\xd0&style_id=x"), "text=\\xd6\\xd0", "in GBK it reads as `中`",
    ),
    "half a character": (
        Request(body=b"text=%E4%BD&style_id=x"), "text=\\xe4\\xbd", "cut inside a character",
    ),
    "a query": (
        Request(target="/submitTask?a=%D6"), "a=\\xd6", "in Latin-1 it reads as `Ö`",
    ),
    "a header": (
        Request(headers={"X-Ca-Note": "caf\xe9 au lait"}),
        "X-Ca-Note:caf\\xe9 au lait", "in Latin-1 it reads as `café`",
    ),
    "the Windows of the west": (
        Request(body=b"text=%93hi%94&style_id=x"), "text=\\x93hi\\x94", "Windows-1252",
    ),
    "a name": (Request(body=b"%D6%D0=1&style_id=x"), "\\xd6\\xd0=1", "in GBK it reads as `中`"),
}  # fmt: skip


@pytest.mark.parametrize("address", databases.BOTH, indirect=True)
@pytest.mark.parametrize("where", FOREIGN)
def test_the_diagnosis_survives_bytes_that_are_not_utf8(world: World, where: str) -> None:
    request, kept, charset = FOREIGN[where]
    account = world.account()
    prepared = Signer.of(account).prepared(request)
    listed = ",".join(name for name in prepared.headers if name.startswith("X-Ca-"))
    wrong = prepared.with_headers(X_Ca_Signature_Headers=listed, X_Ca_Signature="YWJj" * 11)

    send(world, wrong)

    (call,) = world.calls(account["id"])
    (found,) = [each for each in call["findings"] if each["id"] == "signature"]
    assert kept in found["server_string"]
    assert charset in found["says"]
    assert "simulator-bug" not in {each["id"] for each in call["findings"]}


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"plain", "plain"),
        ("中é".encode(), "中é"),
        (b"\xd6", "\\xd6"),
        (b"a\x80b\xff", "a\\x80b\\xff"),
        (b"\\xd6", "\\xd6"),
    ],
)
def test_bytes_that_are_not_utf8_are_shown_as_escapes(raw: bytes, shown: str) -> None:
    assert escaped(raw.decode("utf-8", "surrogateescape")) == shown
    assert (foreign_charset(raw.decode("utf-8", "surrogateescape")) is None) is (
        raw.decode("utf-8", "ignore").encode() == raw
    )


def test_every_byte_alone_can_be_shown_and_has_a_sentence() -> None:
    for each in range(0x80, 0x100):
        text = bytes([each]).decode("utf-8", "surrogateescape")

        assert escaped(text).isascii()
        assert (foreign_charset(text) or "").endswith(".")


def test_half_of_a_surrogate_pair_is_shown_as_json_writes_it() -> None:
    assert escaped("a\ud83d") == "a\\ud83d"


def test_a_request_on_standard_input_has_its_charset_named_too() -> None:
    raw = (
        b"POST /submitTask HTTP/1.1\r\nX-Ca-Key: k\r\nX-Ca-Signature: " + b"YWJj" * 11 + b"\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\ntext=%D6%D0&style_id=x"
    )

    shown = CliRunner().invoke(main, ["sign", "--key", "k", "--secret", "not-in-it"], input=raw)

    assert "text=\\xd6\\xd0" in shown.output
    assert "in GBK it reads as `中`" in shown.output
