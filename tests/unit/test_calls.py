import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.call.calls import ROUTES, Call, Operation, head_bytes, header


@pytest.mark.claim("submit-route")
def test_the_submit_has_the_route_of_the_vendors_page() -> None:
    assert ROUTES["POST", "/submitTask"] is Operation.SUBMIT_TASK


@pytest.mark.claim("list-route")
@pytest.mark.claim("query-route")
def test_the_two_queries_have_the_routes_made_up_for_them() -> None:
    assert ROUTES["POST", "/taskList"] is Operation.LIST_TASKS
    assert ROUTES["POST", "/queryTask"] is Operation.QUERY_TASK
    assert len(ROUTES) == 3


def test_a_header_given_twice_has_its_first_value() -> None:
    call = Call(method="POST", path="/", headers=(("a", "1"), ("b", "2"), ("b", "3")))

    assert header(call, "b") == "2"
    assert header(call, "c") is None


def test_the_target_has_its_question_mark_only_with_a_query() -> None:
    assert Call(method="GET", path="/a").target == "/a"
    assert Call(method="GET", path="/a", query="b=c").target == "/a?b=c"


@pytest.mark.claim("limit-head")
@given(
    path=st.text("abc/", max_size=50),
    query=st.text("abc=&", max_size=50),
    headers=st.lists(st.tuples(st.text("abc", max_size=9), st.text("abc", max_size=9))),
)
def test_the_head_is_as_large_as_its_bytes_on_the_wire(
    path: str, query: str, headers: list[tuple[str, str]]
) -> None:
    call = Call(method="POST", path=path, query=query, headers=tuple(headers))
    lines = [f"POST {call.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]

    assert head_bytes(call) == sum(len(line) + 2 for line in lines)
