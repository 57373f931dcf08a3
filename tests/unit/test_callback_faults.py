import json
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.contract import admin_validator
from mock_server.domain.callback.payload import (
    CONTENT_TYPE,
    MAX_LASTS_MS,
    Posting,
    encoded,
    payload,
)
from mock_server.domain.faults.callback import MET_WHEN_DUE, MIB, CallbackEffect
from mock_server.domain.faults.kinds import KINDS, read_order
from mock_server.domain.faults.rules import FaultError, Stage, check_match

CONTENT = payload("0f3f1c2b5a6d7e8f90a1b2c3", ["http://h/1.png"])
BODY = encoded(CONTENT)
OF_CALLBACKS = [name for name, kind in KINDS.items() if kind.stage is Stage.CALLBACK]


def mishap(name: str, **parameters: object) -> CallbackEffect:
    order = read_order({"kind": f"callback_{name}", **parameters})
    made: CallbackEffect = order.kind.act(order.fault)
    return made


def shaped(name: str, content: dict[str, object] = CONTENT, **parameters: object) -> Posting:
    shape = mishap(name, **parameters).shape
    assert shape is not None
    return shape(content, 7)


def test_each_fault_of_callbacks_has_one_effect() -> None:
    needed: dict[str, dict[str, object]] = {
        "callback_late": {"late_ms": 5},
        "callback_huge": {"mib": 1},
        "callback_dripped": {"lasts_ms": 5},
    }
    whole = CallbackEffect()
    for name in OF_CALLBACKS:
        order = read_order({"kind": name, **needed.get(name, {})})
        made: CallbackEffect = order.kind.act(order.fault)
        done = [
            each for each in CallbackEffect.__slots__ if getattr(made, each) != getattr(whole, each)
        ]
        # `early` has only a slot: it fires when the callback is planned.
        assert len(done) == (name != "callback_early"), name
        assert (order.kind.slot == MET_WHEN_DUE) == (
            name not in ("callback_early", "callback_forged")
        )


def test_an_unknown_task_has_an_id_of_the_right_form_that_is_always_the_same() -> None:
    ids = {json.loads(shaped("unknown_task").body)["task_id"] for _ in range(2)}

    (unknown,) = ids
    assert unknown != CONTENT["task_id"]
    assert len(unknown) == 24
    assert set(unknown) <= set("0123456789abcdef")


@given(known=st.from_regex(r"[0-9]{19}", fullmatch=True))
def test_an_unknown_task_has_digits_where_ids_are_digits(known: str) -> None:
    unknown = json.loads(shaped("unknown_task", payload(known, [])).body)["task_id"]

    assert len(unknown) == 19
    assert unknown.isdecimal()


def test_malformed_is_no_json_and_nearly_is() -> None:
    body = shaped("malformed").body

    with pytest.raises(json.JSONDecodeError):
        json.loads(body)
    assert json.loads(body + b"}") == CONTENT


def test_a_wrong_content_type_leaves_the_body_alone() -> None:
    assert shaped("wrong_content_type") == Posting(
        body=BODY, content_type="text/html; charset=utf-8"
    )
    assert shaped("wrong_content_type", content_type="text/plain").content_type == "text/plain"


def test_extra_fields_come_on_top_of_the_two() -> None:
    body = json.loads(shaped("extra_fields").body)

    assert {name: body[name] for name in CONTENT} == CONTENT
    assert set(body) > set(CONTENT)


@pytest.mark.parametrize("field", ["resList", "task_id"])
def test_one_field_is_null_and_the_other_is_not(field: str) -> None:
    assert json.loads(shaped("null_field", field=field).body) == {**CONTENT, field: None}


@pytest.mark.parametrize("pictures", [["http://h/1.png"], [{"url": "http://h/1.png"}], [], None])
@pytest.mark.parametrize("name", ["not_json", "other_charset", "missing_field", "wrong_type",
                                  "many_pictures", "unheard"])  # fmt: skip
def test_a_shape_can_be_made_of_whatever_a_task_came_to(name: str, pictures: object) -> None:
    posting = shaped(name, {"resList": pictures, "task_id": CONTENT["task_id"]})

    assert str(CONTENT["task_id"]).encode() in posting.body
    assert posting.content_type == CONTENT_TYPE


def test_not_json_is_the_form_of_the_same_fields() -> None:
    body = shaped("not_json").body

    assert parse_qs(body.decode()) == {
        "resList": CONTENT["resList"], "task_id": [CONTENT["task_id"]]
    }  # fmt: skip


def test_another_charset_is_good_json_in_that_charset_only() -> None:
    body = shaped("other_charset").body

    assert json.loads(body.decode("gbk")) == {**CONTENT, "remark": "提交成功!"}
    with pytest.raises(UnicodeDecodeError):
        body.decode()


@pytest.mark.parametrize("field", ["resList", "task_id"])
def test_one_field_is_missing_or_of_another_type(field: str) -> None:
    without = json.loads(shaped("missing_field", field=field).body)
    other = json.loads(shaped("wrong_type", field=field).body)

    assert without == {name: CONTENT[name] for name in CONTENT if name != field}
    assert {name for name in CONTENT if other[name] != CONTENT[name]} == {field}
    assert type(other[field]) is not type(CONTENT[field])


def test_many_pictures_repeat_the_links() -> None:
    links = ["http://h/1.png", "http://h/2.png"]
    content: dict[str, object] = {**CONTENT, "resList": links}

    told = json.loads(shaped("many_pictures", content, entries=5).body)

    assert told == {**CONTENT, "resList": [*links, *links, links[0]]}


def test_unheard_is_whole_and_then_cut() -> None:
    assert shaped("unheard") == Posting(body=BODY, cut_after=len(BODY))


def test_huge_is_padded_json_of_exactly_so_many_mib() -> None:
    body = shaped("huge", mib=2).body

    assert len(body) == 2 * MIB
    assert json.loads(body) == CONTENT


@given(after=st.none() | st.integers(1, 1_000_000))
def test_dropped_never_sends_the_last_byte(after: int | None) -> None:
    posting = shaped("dropped", after_bytes=after)

    assert posting.body == BODY
    assert posting.cut_after is not None
    assert 0 < posting.cut_after < len(BODY)


def test_a_dripped_body_is_whole_and_labelled_as_ever() -> None:
    assert shaped("dripped", lasts_ms=300) == Posting(
        body=BODY, content_type=CONTENT_TYPE, lasts_ms=300
    )


@pytest.mark.parametrize("name", OF_CALLBACKS)
def test_a_callback_is_no_operation(name: str) -> None:
    order = read_order(
        {"kind": name, "operation": "submit_task", "late_ms": 1, "mib": 1, "lasts_ms": 1}
    )

    with pytest.raises(FaultError, match="leave operation out"):
        check_match(order.kind, order.match, None)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("late", {"late_ms": 0}),
        ("late", {}),
        ("huge", {"mib": 33}),
        ("dripped", {"lasts_ms": MAX_LASTS_MS + 1}),
        ("dropped", {"after_bytes": 0}),
        ("null_field", {"field": "status"}),
        ("wrong_content_type", {"content_type": "text/html\r\nX-Evil: 1"}),
        ("wrong_content_type", {"content_type": "nonsense"}),
        ("lost", {"late_ms": 5}),
    ],
)
def test_what_is_out_of_bounds_fits_no_schema(kind: str, wrong: dict[str, object]) -> None:
    order = {"kind": f"callback_{kind}", **wrong}

    assert list(admin_validator("NewFault").iter_errors(order))
