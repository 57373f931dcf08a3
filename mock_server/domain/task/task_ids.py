"""Task ids: they look drawn by lot, and yet have the number of their task in them.

Rule 1: an id is a tag, which is drawn from the seed, and the number, which the tag disguises. So no
two tasks of an account share an id, and a task is found by its number. An index by ids would have
each submit write to a place of its own, which no other submit shares.
Rule 2: `number_of` only says which task could have an id; the task's own id decides.
"""

from mock_server.domain import dice
from mock_server.domain.readings import DEFAULT_READINGS, Readings

DIGITS = 24
_TAG_DIGITS = 14
_NUMBERS = 2**40  # what the other digits can say
# The other form (claim task-id-form): a decimal number.
_DECIMAL_DIGITS = 19
_DECIMAL_NUMBERS = 10**10
_LOWEST_TAG, _HIGHEST_TAG = 10**8, 10**9 - 1
_HEX = frozenset("0123456789abcdef")
_GOLDEN = 0x9E3779B97F4A7C15  # 2**64 divided by the golden ratio: its product mixes all bits


def task_id(seed: int, number: int, readings: Readings = DEFAULT_READINGS) -> str:
    """Return the id of the account's `number`-th task (claim task-id-form)."""
    if readings.task_id_form == "digits-19":
        tag = dice.between(seed, "task", number, "id", low=_LOWEST_TAG, high=_HIGHEST_TAG)
        return str(tag * _DECIMAL_NUMBERS + (number + _mixed(tag)) % _DECIMAL_NUMBERS)
    drawn = dice.hex_digits(seed, "task", number, "id", digits=_TAG_DIGITS)
    disguised = (number + _mixed(int(drawn, 16))) % _NUMBERS
    return f"{drawn}{disguised:010x}"


def number_of(text: str) -> int:
    """Return the number of the only task of an account that can have this id; 0: none can."""
    if len(text) == DIGITS and _HEX.issuperset(text):
        tag, disguised = int(text[:_TAG_DIGITS], 16), int(text[_TAG_DIGITS:], 16)
        return (disguised - _mixed(tag)) % _NUMBERS
    if len(text) == _DECIMAL_DIGITS and text.isascii() and text.isdecimal():
        tag, disguised = divmod(int(text), _DECIMAL_NUMBERS)
        return (disguised - _mixed(tag)) % _DECIMAL_NUMBERS
    return 0


def _mixed(tag: int) -> int:
    return tag * _GOLDEN >> 24
