"""How a client may have made a signature of a string: keyed or not, and how it wrote the bytes."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote


def _hmac(name: str) -> Callable[[bytes, bytes], bytes]:
    return lambda secret, text: hmac.digest(secret, text, name)


def _plain(name: str, glue: Callable[[bytes, bytes], bytes]) -> Callable[[bytes, bytes], bytes]:
    return lambda secret, text: hashlib.new(
        name, glue(secret, text), usedforsecurity=False
    ).digest()


def _swapped(of: Callable[[bytes, bytes], bytes]) -> Callable[[bytes, bytes], bytes]:
    return lambda secret, text: of(text, secret)


@dataclass(frozen=True, slots=True)
class Digest:
    """A way to make bytes of secret and text."""

    size: int
    of: Callable[[bytes, bytes], bytes]


SIZES = {"md5": 16, "sha1": 20, "sha256": 32, "sha512": 64}
GLUES: dict[str, Callable[[bytes, bytes], bytes]] = {
    "the string alone": lambda _, text: text,
    "the secret followed by the string": lambda secret, text: secret + text,
    "the string followed by the secret": lambda secret, text: text + secret,
}
HMACS = {f"Hmac{name.upper()}": Digest(size, _hmac(name)) for name, size in SIZES.items()}
PLAIN = {
    f"{name.upper()} of {what}": Digest(size, _plain(name, glue))
    for name, size in SIZES.items()
    for what, glue in GLUES.items()
}
KINDS = {
    **HMACS,
    **{f"swapped {name}": Digest(kind.size, _swapped(kind.of)) for name, kind in HMACS.items()},
    **PLAIN,
}


def _standard(sent: str) -> bytes | None:
    try:
        found = base64.b64decode(sent, validate=True)
    except ValueError:
        return None
    # Several texts decode to the same bytes; only one of them is their base64.
    return found if base64.b64encode(found).decode() == sent else None


def _padded(sent: str) -> str:
    """Return a base64 text with as many `=` at its end as it needs."""
    digits = sent.rstrip("=")
    return digits + "=" * (-len(digits) % 4)


def _unpadded(sent: str) -> bytes | None:
    right = _padded(sent)
    return _standard(right) if len(sent) < len(right) else None


def _overpadded(sent: str) -> bytes | None:
    right = _padded(sent)
    return _standard(right) if len(sent) > len(right) else None


def _url_safe(sent: str) -> bytes | None:
    if "-" not in sent and "_" not in sent:
        return None  # both alphabets write it alike: something else is wrong with it
    return _standard(_padded(sent).translate(_FROM_URL_SAFE))


def _hex(sent: str) -> bytes | None:
    return bytes.fromhex(sent) if _HEX.fullmatch(sent) else None


def _hex_in_base64(sent: str) -> bytes | None:
    text = _standard(sent) or b""
    return _hex(text.decode("ascii", "replace"))


def _openssl(sent: str) -> bytes | None:
    """Read what a command prints, label and newline and all, or its base64."""
    bare = "".join(sent.split())
    for text in (sent.encode("utf-8", "surrogateescape"), _standard(bare) or b""):
        if found := _PRINTED.fullmatch(text):
            return bytes.fromhex(found[1].decode())
        # The bytes themselves, with the newline that `echo` or an editor adds.
        if text.endswith(b"\n") and len(text) - 1 in SIZES.values():
            return text[:-1]
    return None


def _twice(sent: str) -> bytes | None:
    inner = (_standard(sent) or b"").rstrip(b"\r\n")
    return _standard(inner.decode("ascii", "replace"))


def _utf8(sent: str) -> bytes | None:
    """Read the base64 of bytes that were taken for letters and written in UTF-8."""
    try:
        return (_standard(sent) or b"").decode("utf-8").encode("latin-1")
    except UnicodeError:
        return None


def _spaced(sent: str) -> bytes | None:
    """Read a signature whose plus signs were taken for spaces."""
    lost = "=" if "=" in sent else ""
    text = sent.replace(" ", "+")
    text = text.rjust(-(-len(text) // 4) * 4, "+") if lost else text
    return None if text == sent else _standard(text)


def _wrapped(sent: str) -> bytes | None:
    """Read a signature in quotation marks, as Python shows bytes, or in several lines."""
    found = _SHOWN.fullmatch(sent)
    return _standard("".join((found[2] or found[4]).split())) if found else None


def _quoted(sent: str) -> bytes | None:
    return _standard(unquote(sent)) if "%" in sent else None


_HEX = re.compile(r"(?:[0-9a-f]{2})+|(?:[0-9A-F]{2})+")
_LABEL = rb"(?:[\w .-]*\([^()]*\) ?= ?)?"
_PRINTED = re.compile(
    rb"\s*" + _LABEL + rb"((?:[0-9a-fA-F]{2}){16,64})(?:  ?\*?[\w./-]+)?\s*"
)  # `SHA2-256(stdin)= 0f…`, or `0f… *stdin`
_SHOWN = re.compile(r"(b?['\"])(.*)['\"]|()([A-Za-z0-9+/=]+(?:\s+[A-Za-z0-9+/=]+)+)")
_FROM_URL_SAFE = str.maketrans("-_", "+/")

# How a signature may have been written, and how to read it; the right one first.
READERS: Mapping[str, Callable[[str], bytes | None]] = {
    "": _standard,
    "signature-hex": _hex,
    "signature-unpadded": _unpadded,
    "signature-overpadded": _overpadded,
    "signature-base64url": _url_safe,
    "signature-hex-in-base64": _hex_in_base64,
    "signature-quoted": _quoted,
    "signature-printed": _openssl,
    "signature-twice": _twice,
    "signature-as-letters": _utf8,
    "signature-plus-lost": _spaced,
    "signature-in-quotes": _wrapped,
}
