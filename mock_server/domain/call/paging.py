"""The pages of the task list (claim list-paging)."""

import re

from mock_server.domain.call.answer_rules import AnswerRule
from mock_server.domain.call.bodies import Fields, text_field
from mock_server.domain.call.errors import Refusal
from mock_server.domain.records import dataclass

DEFAULT_SIZE = 20
MAX_SIZE = 50
MAX_PAGE = 1_000_000
_WHOLE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the list that a call asks for: `number` counts from 1, `size` is its tasks."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        """The number of tasks before this page."""
        return (self.number - 1) * self.size

    def of(self, total: int) -> int:
        """Return the number of pages that `total` tasks fill."""
        return -(-total // self.size)


def parse_page(fields: Fields) -> Page:
    """Return the page that a list call asks for. Raises Refusal for invalid fields."""
    return Page(
        number=_whole(fields, "page", default=1, most=MAX_PAGE),
        size=_whole(fields, "maxResult", default=DEFAULT_SIZE, most=MAX_SIZE),
    )


def _whole(fields: Fields, name: str, *, default: int, most: int) -> int:
    text = text_field(fields, name)
    if text is None:
        return default
    number = int(text.strip()) if _WHOLE.fullmatch(text.strip()) else 0
    if not 1 <= number <= most:
        raise Refusal(f"参数{name}不合法: 1-{most}", rule=AnswerRule.PAGE_OUT_OF_RANGE)
    return number
