"""Bytes that are not UTF-8: the charset that they most likely are in, or that they were cut."""

import re

from mock_server.domain.call.charsets import MAX_PIECE, cut_at, in_gbk

_WESTERN = re.compile(rb"[\x00-\x7f\xc0-\xff]+")
# A percent-encoded byte that was cut off.
_HALF = re.compile(rb"%[0-9A-Fa-f]?\Z")


def reads_as(raw: bytes) -> str:
    """Return the end of a sentence on bytes that are not UTF-8; empty where nothing is known."""
    unless = ", unless it was cut inside a character" if cut_at(raw) is not None else ""
    if meant := in_gbk(raw):
        return f": in GBK it reads as `{meant}`{unless}"
    if _WESTERN.fullmatch(raw):
        return f": in Latin-1 it reads as `{raw.decode('latin-1')[:MAX_PIECE]}`{unless}"
    return ""


def is_cut(raw: bytes) -> bool:
    """Whether bytes are, without doubt, UTF-8 that ends inside a character."""
    start = cut_at(_HALF.sub(b"", raw))
    return start is not None and not raw[:start].isascii()
