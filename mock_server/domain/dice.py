"""Dice: every random draw is a pure function of a seed and words, never of a shared stream.

Rule 1: the same seed and words give the same number in any process, in any order.
Rule 2: this module does not know what is drawn; callers choose words that identify one draw.
"""

from hashlib import blake2b

Word = str | int


def hex_digits(seed: int, *words: Word, digits: int) -> str:
    """Return `digits` lower-case hex digits (at most 128)."""
    return _digest(seed, words, (digits + 1) // 2).hex()[:digits]


def between(seed: int, *words: Word, low: int, high: int) -> int:
    """Return a whole number from `low` to `high`, both included."""
    draw = int.from_bytes(_digest(seed, words, 8), "big")
    return low + draw % (high - low + 1)


def happens(seed: int, *words: Word, probability: float) -> bool:
    """Return whether an event of this probability (0 to 1) happens."""
    draw = int.from_bytes(_digest(seed, words, 6), "big")  # 48 bits: a float holds them exactly
    return draw / 2**48 < probability


def _digest(seed: int, words: tuple[Word, ...], size: int) -> bytes:
    text = ":".join([str(seed), *map(str, words)])
    return blake2b(text.encode(), digest_size=size).digest()
