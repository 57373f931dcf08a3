"""The rules on what comes of a client's calls: its end, its exit code, what it prints."""

from typing import Any

import pytest

from mock_server.rehearsal import result_rules
from mock_server.rehearsal.evidence import Evidence
from tests.support.rehearsals import (
    ONE,
    TWO,
    Journal,
    drill,
    ended,
    evidence,
    succeeded,
)


def lies(found: Evidence) -> bool:
    return result_rules.tells_the_truth(found) is not None


def done(*texts: str) -> Journal:
    """Return the calls of a client that has every result of these texts."""
    journal = Journal()
    for number, text in enumerate(texts, start=1):
        journal.finished(number * 2000, text, f"t{number}")
    return journal


# Ends


@pytest.mark.parametrize(
    ("how", "broken"),
    [
        (ended(0), False),
        (ended(7), False),
        (ended(None, timed_out=True), True),
        (ended(0, left=("sleep 100",)), True),
        (ended(None), True),
    ],
)
def test_a_client_ends_by_itself_and_leaves_nothing(how: Any, broken: bool) -> None:
    assert (result_rules.ends(evidence(ended=how)) is not None) == broken


def test_a_client_at_the_time_limit_is_told_to_raise_it() -> None:
    breach = result_rules.ends(evidence(ended=ended(None, timed_out=True)))

    assert breach is not None
    assert "--time-limit" in breach.says


# Tells the truth


def test_exit_code_0_needs_every_result_and_every_result_needs_exit_code_0() -> None:
    assert not lies(evidence(done(ONE)))
    assert lies(evidence(done(ONE), ended=ended(1)))
    assert lies(evidence(_failed()))
    assert not lies(evidence(_failed(), ended=ended(1)))


def _failed() -> Journal:
    journal = Journal()
    journal.submit(0, task="t1")
    return journal


def test_a_client_that_tried_nothing_and_one_without_an_exit_code_are_not_judged() -> None:
    assert not lies(evidence(Journal(), ended=ended(1)))
    assert not lies(evidence(_failed(), ended=ended(None)))


def test_every_given_text_is_wanted_once_one_of_them_is_submitted() -> None:
    both = drill(texts=(ONE, TWO))

    assert lies(evidence(done(ONE), drill=both))
    assert not lies(evidence(done(ONE), drill=both, ended=ended(1)))
    assert not lies(evidence(done(ONE, TWO), drill=both))
    assert not lies(evidence(done("of its own"), drill=both))


@pytest.mark.parametrize("sent", ["https://a/你", "https://a/%25E4%25BD%25A0", "https://a/ä½\xa0"])
def test_a_given_text_in_a_wrong_encoding_is_not_what_was_wanted(sent: str) -> None:
    given = drill(texts=("https://a/%E4%BD%A0",))

    assert lies(evidence(done(sent), drill=given))
    assert not lies(evidence(done("https://a/%E4%BD%A0"), drill=given))


def test_a_client_with_texts_of_its_own_may_have_given_up_before_the_next() -> None:
    journal = done("of its own")
    assert lies(evidence(journal, ended=ended(1)))

    journal.list(9000, status=503)
    assert not lies(evidence(journal, ended=ended(1)))


@pytest.mark.parametrize(("fetched", "whole"), [([1, 2], True), ([1], False), ([2], False)])
def test_all_pictures_of_a_task_belong_to_its_result(fetched: list[int], whole: bool) -> None:
    journal = Journal()
    journal.submit(0, task="t1")
    journal.tasks["t1"] |= succeeded("t1", 2)
    for number in fetched:
        journal.fetch(1000 * number, number=number)

    assert lies(evidence(journal)) != whole


def test_a_picture_of_another_text_is_no_result() -> None:
    journal = done(ONE)
    journal.tasks["t1"]["content"] = TWO

    assert lies(evidence(journal))


def test_with_copies_a_failure_is_no_lie_until_all_copies_are_there() -> None:
    assert not lies(evidence(done(ONE), copies=2, ended=ended(1)))
    assert lies(evidence(done(ONE, ONE), copies=2, ended=ended(1)))


LONG = "https://example.com/" + "a" * 16


@pytest.mark.parametrize(
    ("text", "flag", "broken"), [(LONG, "1", True), (LONG[:35], "1", False), (LONG, "0", False)]
)
def test_a_short_link_breaks_the_rule_where_the_drill_says_so(
    text: str, flag: str, broken: bool
) -> None:
    journal = Journal()
    fields = {"text": text, "style_id": "s", "is_use_temp_short_link": flag}
    journal.submit(0, fields=fields, task="t1")
    strict = drill(texts=(text,), no_short_links=True)

    assert lies(evidence(journal, drill=strict, ended=ended(1))) == broken
    assert not lies(evidence(journal, drill=drill(texts=(text,)), ended=ended(1)))


def printed(line: dict[str, Any], files: dict[str, bytes]) -> bool:
    """Whether a line is a lie of a client that has two pictures of one task, and one of another."""
    journal = done(ONE, TWO)
    journal.tasks["t1"] |= succeeded("t1", 2)
    journal.fetch(9000, "t1", 2)
    shown = {"text": ONE, "task_id": "t1", "status": "succeeded", **line}
    pictures = {"t1": [b"first", b"second"], "t2": [b"third"]}
    return lies(evidence(journal, printed=[shown], files=files, pictures=pictures))


def test_what_a_client_prints_is_compared_with_the_truth() -> None:
    files = {"a": b"first", "b": b"second", "c": b"third", "empty": b""}

    assert not printed({"files": ["a", "b"]}, files)
    assert not printed({"files": ["b", "a"]}, files)
    assert not printed({}, files)
    assert not printed({"files": "no list", "text": None}, files)
    assert printed({"files": ["a", "c"]}, files), "the picture of another task"
    assert printed({"files": ["a", "b", "c"]}, files), "one too many"
    assert printed({"files": ["a"]}, files), "one of two"
    assert printed({"files": ["a", "a"]}, files), "one file for both"
    assert printed({"files": ["a", "empty"]}, files)
    assert printed({"files": ["a", "missing"]}, files)
    assert printed({"text": TWO}, files), "crossed"
    assert printed({"task_id": "t9"}, files)


def test_an_address_among_the_files_is_no_file_of_ours() -> None:
    assert not printed({"files": ["https://cdn.example.com/a.png"]}, {})


def test_exit_code_0_after_a_final_refusal_is_a_lie_although_nothing_was_ordered() -> None:
    journal = Journal()
    journal.list(0, status=403, code="B403MQ")

    assert lies(evidence(journal))
    assert not lies(evidence(journal, ended=ended(3)))

    busy = Journal()
    busy.list(0, status=503)
    assert not lies(evidence(busy)), "it may have had nothing to order"


WHOLE = {"t1": [b"first picture", b"second picture"], "t2": [b"third picture"]}


def stored(held: dict[str, bytes], **more: Any) -> bool:
    """Whether it is a lie to end so, with these files in the client's folder."""
    journal = done(ONE, TWO)
    journal.tasks["t1"] |= succeeded("t1", 2)
    journal.fetch(5000, "t1", 2)
    return lies(evidence(journal, stored=held, pictures=WHOLE,
                         drill=drill(texts=(ONE, TWO)), **more))  # fmt: skip


def test_a_client_may_store_its_pictures_in_any_way() -> None:
    a, b, c = b"first picture", b"second picture", b"third picture"

    assert not stored({})
    assert not stored({"1.png": a, "sub/2.png": b, "3": c})
    assert not stored({"1.png": a, "2.png": b, "3.png": c, "3-copy.png": c, "notes.txt": b""})
    assert not stored({"thumb.png": b"smaller", "all.zip": b"PK"})
    assert not stored({"1.png": a, "2.png": b, "3.png": c, "3.png.part": c[:9]})
    line = {"text": TWO, "task_id": "t2", "status": "succeeded", "files": ["/mnt/3.png"]}
    assert not stored({"1.png": a, "2.png": b}, printed=[line], files={"/mnt/3.png": c})


def test_a_client_that_stored_a_part_or_not_all_is_not_done() -> None:
    a, b, c = b"first picture", b"second picture", b"third picture"

    assert stored({"1.png": a, "2.png": b, "3.png": c[:9]}), "half of one"
    assert stored({"1.png": a, "2.png": b, "3.PNG": b""}), "an empty one"
    assert stored({"picture.png": c}), "one name for all"
    assert stored({"1.png": a, "3.png": c}), "one of two"


def test_what_a_client_stored_before_it_failed_is_no_lie() -> None:
    journal = Journal()
    journal.submit(0, task="t1")
    half = {"1.png": b"first pict"}

    assert not lies(evidence(journal, ended=ended(1), stored=half, pictures=WHOLE))


def test_a_line_that_admits_a_failure_is_no_lie() -> None:
    line: dict[str, Any] = {"text": ONE, "task_id": None, "status": "failed", "files": []}

    assert not lies(evidence(_failed(), ended=ended(1), printed=[line]))
    assert lies(evidence(_failed(), ended=ended(1),
                         printed=[{**line, "status": "succeeded", "task_id": "t1"}]))  # fmt: skip


# Well-formed


def test_no_client_queries_a_part_of_an_id() -> None:
    journal = Journal()
    journal.submit(0, task="1234567890")
    journal.query(500, "123456", status=450)

    breach = result_rules.well_formed(evidence(journal))

    assert breach is not None
    assert "'123456'" in breach.says
    for asked in ("1234567890", "999999", "12345678901", "12"):
        other = Journal()
        other.submit(0, task="1234567890")
        other.query(500, asked, status=450)
        assert result_rules.well_formed(evidence(other)) is None


def finding(name: str = "encoded-twice", severity: str = "error") -> dict[str, Any]:
    return {"id": name, "severity": severity, "call": 1, "says": "It is wrong."}


@pytest.mark.parametrize(
    ("found", "broken"),
    [
        (finding(), True),
        (finding(severity="warning"), False),
        (finding("submit-twice"), False),
        (finding("simulator-bug"), False),
    ],
)
def test_a_request_has_no_finding_of_severity_error(found: dict[str, Any], broken: bool) -> None:
    breach = result_rules.well_formed(evidence(_failed(), findings=[found]))

    assert (breach is not None) == broken
    assert breach is None or [each.id for each in breach.wasted] == [1]


def test_a_signature_that_is_refused_on_order_is_no_error() -> None:
    journal = Journal()
    fault = {"id": 1, "kind": "gateway_error"}
    journal.submit(0, status=403, code="A403IS", faults=[fault])
    on_order = evidence(journal, findings=[finding("signature")])

    assert result_rules.well_formed(on_order) is None
    assert result_rules.well_formed(evidence(_failed(), findings=[finding("signature")]))


def test_a_request_that_a_kill_has_cut_is_no_error() -> None:
    cut = [finding("request-incomplete")]

    killed = evidence(_failed(), findings=cut, earlier=(ended(None),))

    assert result_rules.well_formed(killed) is None
    assert result_rules.well_formed(evidence(_failed(), findings=cut)) is not None


# Success is possible


@pytest.mark.parametrize(
    ("must", "status", "broken"),
    [(True, 1, True), (True, 0, False), (False, 1, False), (True, None, False)],
)
def test_a_good_client_ends_with_0_where_it_can(
    must: bool, status: int | None, broken: bool
) -> None:
    found = evidence(drill=drill(must_succeed=must), ended=ended(status))

    assert (result_rules.can_succeed(found) is not None) == broken
