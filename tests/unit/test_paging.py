import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.call.errors import Refusal
from mock_server.domain.call.paging import MAX_PAGE, MAX_SIZE, Page, parse_page

pytestmark = pytest.mark.claim("list-paging")


def test_a_list_starts_at_page_one_with_twenty_tasks() -> None:
    assert parse_page({}) == Page(number=1, size=20)
    assert parse_page({"page": "", "maxResult": ""}) == Page(number=1, size=20)


@pytest.mark.parametrize(
    ("fields", "page"),
    [
        ({"page": "3", "maxResult": "50"}, Page(number=3, size=50)),
        ({"page": "1000000", "maxResult": "1"}, Page(number=MAX_PAGE, size=1)),
        ({"page": " 2 "}, Page(number=2, size=20)),
        ({"page": "007"}, Page(number=7, size=20)),
    ],
)
def test_a_page_and_its_size_are_whole_numbers_in_range(fields: dict[str, str], page: Page) -> None:
    assert parse_page(fields) == page


@pytest.mark.parametrize("name", ["page", "maxResult"])
@pytest.mark.parametrize("text", ["0", "-1", "1.0", "x", "1e1", "１", "9" * 30, "1000001", "+1"])
def test_any_other_page_or_size_is_refused_naming_the_field(name: str, text: str) -> None:
    with pytest.raises(Refusal, match=f"参数{name}不合法: 1-"):
        parse_page({name: text})


def test_a_size_over_fifty_is_refused() -> None:
    with pytest.raises(Refusal, match="参数maxResult不合法: 1-50"):
        parse_page({"maxResult": "51"})


@given(total=st.integers(0, 5_000), size=st.integers(1, MAX_SIZE))
def test_the_pages_hold_every_task_once(total: int, size: int) -> None:
    first = Page(number=1, size=size)
    tasks = list(range(total))
    pages = [Page(number=n, size=size) for n in range(1, first.of(total) + 1)]
    shown = [task for page in pages for task in tasks[page.offset : page.offset + page.size]]

    assert shown == tasks
    assert tasks[Page(number=first.of(total) + 1, size=size).offset :] == []


@pytest.mark.parametrize("space", [each for each in map(chr, range(0x3001)) if each.isspace()])
def test_a_space_around_a_number_is_no_bug(space: str) -> None:
    fields = {"page": f"{space}7", "maxResult": f"9{space}"}

    assert parse_page(fields) == Page(number=7, size=9)
