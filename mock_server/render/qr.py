"""Encodes text as a QR symbol: version, level, mask, and the square of dark and light modules.

Rules: the error correction falls as the text grows, so that a symbol stays coarse enough to scan.
Text that is not pure ASCII is marked as UTF-8, because a reader may otherwise guess another
charset. The mask is the one with the lowest penalty of the QR standard.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from qrcode import QRCode, base, constants, util

LADDER = (("H", 10), ("Q", 14), ("M", 20), ("L", 40))
"""Error correction levels, strongest first, each with the largest version it may use."""

_CODES = {
    "H": constants.ERROR_CORRECT_H,
    "Q": constants.ERROR_CORRECT_Q,
    "M": constants.ERROR_CORRECT_M,
    "L": constants.ERROR_CORRECT_L,
}
_UTF8_DESIGNATOR = (0x71A, 12)  # mode 0111 (ECI), assignment 26 (UTF-8)
_BYTE_MODE = 4
_MASKS = range(8)


class TextTooLongError(ValueError):
    """No QR code can hold this text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """One QR code: `dark` holds one byte a module, row by row, 255 for dark and 0 for light."""

    version: int
    level: str
    size: int
    dark: bytes


def encode(text: str) -> Symbol:
    """Return the symbol for `text`. Raises TextTooLongError above 2,953 UTF-8 bytes."""
    data = text.encode("utf-8")
    for declared in (False,) if text.isascii() else (True, False):
        for level, largest in LADDER:
            version = _smallest_version(len(data), level, declared=declared)
            if version <= largest:
                words = _codewords(data, version, level, declared=declared)
                return _symbol(words, version, level)
    raise TextTooLongError(f"{len(data)} bytes of text; a QR code holds at most 2,953")


def _header_bits(version: int, *, declared: bool) -> int:
    count_bits: int = util.length_in_bits(_BYTE_MODE, version)
    return 4 + count_bits + (_UTF8_DESIGNATOR[1] if declared else 0)


@lru_cache(maxsize=200)
def _capacity(version: int, level: str) -> int:
    return sum(block.data_count for block in base.rs_blocks(version, _CODES[level]))


def _smallest_version(length: int, level: str, *, declared: bool) -> int:
    for version in range(1, 41):
        needed = _header_bits(version, declared=declared) + 8 * length
        if needed <= 8 * _capacity(version, level):
            return version
    return 41


def _codewords(data: bytes, version: int, level: str, *, declared: bool) -> list[int]:
    """Return the data and correction codewords in the order in which they are placed."""
    capacity = _capacity(version, level)
    bits, value = 0, 0
    if declared:
        value, bits = _UTF8_DESIGNATOR
    count_bits = util.length_in_bits(_BYTE_MODE, version)
    value = ((value << 4 | _BYTE_MODE) << count_bits) | len(data)
    value = value << 8 * len(data) | int.from_bytes(data, "big")
    bits += 4 + count_bits + 8 * len(data)
    filler = min(4, 8 * capacity - bits)
    filler += -(bits + filler) % 8
    stream = (value << filler).to_bytes((bits + filler) // 8, "big")
    padding = (b"\xec\x11" * capacity)[: capacity - len(stream)]
    buffer = util.BitBuffer()
    buffer.buffer = list(stream + padding)
    words: list[int] = util.create_bytes(buffer, base.rs_blocks(version, _CODES[level]))
    return words


def _symbol(words: list[int], version: int, level: str) -> Symbol:
    code = _drawn(version, level, words, 0)
    mask = _best_mask(code.modules, version)
    if mask:
        code = _drawn(version, level, words, mask)
    dark = bytes(255 if module else 0 for row in code.modules for module in row)
    return Symbol(version=version, level=level, size=code.modules_count, dark=dark)


def _drawn(version: int, level: str, words: list[int], mask: int, *, bare: bool = False) -> QRCode:
    code = QRCode(version=version, error_correction=_CODES[level], mask_pattern=mask)
    code.data_cache = words
    code.makeImpl(bare, mask)
    return code


def _best_mask(unmasked: list[list[bool]], version: int) -> int:
    """Return the mask with the lowest penalty, given the modules as mask 0 leaves them."""
    rows, columns = _packed(unmasked), _packed(zip(*unmasked, strict=True))
    stride = len(unmasked) + 1
    scores = []
    for mask, (row_flips, column_flips) in enumerate(_flips(version)):
        across, down = rows ^ row_flips, columns ^ column_flips
        scores.append((_penalty(across, down, stride), mask))
    return min(scores)[1]


@lru_cache(maxsize=40)
def _flips(version: int) -> tuple[tuple[int, int], ...]:
    """Return, for each mask, the modules in which it differs from mask 0: by rows, by columns."""
    bare = [_drawn(version, "L", [], mask, bare=True).modules for mask in _MASKS]
    packed = [(_packed(rows), _packed(zip(*rows, strict=True))) for rows in bare]
    return tuple((r ^ packed[0][0], c ^ packed[0][1]) for r, c in packed)


def _packed(rows: Iterable[Iterable[bool]]) -> int:
    """Pack lines of modules into one integer, a light bit after each line, so runs end there."""
    lines = ("".join("1" if module else "0" for module in row) for row in rows)
    return int("0".join(lines), 2)


def _penalty(across: int, down: int, stride: int) -> int:
    inside = _inside(stride)
    score = 0
    for dark in (across, down):
        light = inside & ~dark
        score += _runs(dark) + _runs(light) + _false_finders(dark, light)
    for same in (across, inside & ~across):
        pairs = same & same >> 1
        score += 3 * (pairs & pairs >> stride).bit_count()
    share = 100 * across.bit_count() / (stride - 1) ** 2
    return score + 10 * int(abs(share - 50) / 5)


@lru_cache(maxsize=40)
def _inside(stride: int) -> int:
    return int("0".join(["1" * (stride - 1)] * (stride - 1)), 2)


def _runs(bits: int) -> int:
    """Score runs of five and more: three points, and one for every module beyond the fifth."""
    pairs = bits & bits >> 1
    fives = pairs & pairs >> 2 & bits >> 4
    return fives.bit_count() + 2 * (fives & ~(fives << 1)).bit_count()


def _false_finders(dark: int, light: int) -> int:
    core = dark & light >> 1 & dark >> 2 & dark >> 3 & dark >> 4 & light >> 5 & dark >> 6
    four = light & light >> 1 & light >> 2 & light >> 3
    return 40 * ((core & four >> 7).bit_count() + (core & four << 4).bit_count())
