"""Dice: every random draw is a pure function of a seed and words, never of a shared stream.

Rule 1: the same seed and words give the same number in any process, in any order.
Rule 2: this module does not know what is drawn; callers choose words that identify one draw.
"""

from hashlib import blake2b

Word = str | int


def hex_digits(seed: int, *words: Word, digits: int) -> str:
    """Return `digits` lower-case hex digits (at most 128)."""
    text = ":".join(map(str, (seed, *words)))
    return blake2b(text.encode(), digest_size=(digits + 1) // 2).hexdigest()[:digits]


def between(seed: int, *words: Word, low: int, high: int) -> int:
    """Return a whole number from `low` to `high`, both included."""
    draw = int(hex_digits(seed, *words, digits=16), 16)
    return low + draw % (high - low + 1)


def happens(seed: int, *words: Word, probability: float) -> bool:
    """Return whether an event of this probability (0 to 1) happens."""
    draw = int(hex_digits(seed, *words, digits=12), 16)  # 48 bits: a float holds them exactly
    return draw / 2**48 < probability
