"""Retry storms, from calls made by hand: requests per intent, peak, and time until calm."""

import re

import pytest

from mock_server.load import report, report_page
from mock_server.load.advice import advice
from mock_server.load.storms import Storm, storms
from tests.support.loads import audit, incident, ran
from tests.support.rehearsals import BEGIN, Journal


def steady(journal: Journal, from_s: int, to_s: int) -> None:
    """An intent a second: one submit, one query that tells the end."""
    for second in range(from_s, to_s):
        at = second * 1000
        journal.submit(at, f"https://example.com/{second}", task=f"t{second}")
        journal.query(at + 500, f"t{second}", ended=True)


def storm_of(journal: Journal, began_s: int, ended_s: int) -> Storm:
    made = audit(journal, ran(journal, incident("at 1s: outage", began_s * 1000, ended_s * 1000)))
    (found,) = made.storms
    return found


def test_retries_count_against_the_requests_of_before() -> None:
    journal = Journal()
    steady(journal, 0, 20)
    for number in range(100):  # one intent tries a hundred times in two seconds
        journal.submit(20_000 + 20 * number, "https://example.com/storm", status=503, charged=False)
    journal.submit(22_100, "https://example.com/storm", task="storm")
    journal.query(22_500, "storm", ended=True)
    steady(journal, 23, 40)

    found = storm_of(journal, 20, 22)

    assert (found.before, found.during, found.factor) == (2.0, 102.0, 51.0)
    assert (found.usual_rate, found.peak_rate) == (2.0, 50)
    assert found.calm_ms == 0


def test_the_calm_comes_once_three_seconds_are_as_before() -> None:
    journal = Journal()
    steady(journal, 0, 20)
    for second in range(20, 30):  # the storm goes on for five seconds after the end
        for number in range(20):
            journal.submit(second * 1000 + number, f"https://example.com/x{number}", status=503)
    steady(journal, 30, 50)

    assert storm_of(journal, 20, 25).calm_ms == 5_000


def test_a_storm_that_does_not_end_says_so_and_counts_to_the_end() -> None:
    journal = Journal()
    steady(journal, 0, 10)
    for number in range(200):
        journal.submit(10_000 + 100 * number, "https://example.com/storm", status=503)

    found = storm_of(journal, 10, 12)

    assert found.calm_ms is None
    assert found.during == 200.0
    assert found.factor == 100.0


def test_a_patient_client_has_a_small_factor() -> None:
    journal = Journal()
    steady(journal, 0, 20)
    journal.submit(20_100, "https://example.com/p", status=503, charged=False)
    journal.list(22_600, ["t19"])
    journal.submit(22_700, "https://example.com/p", task="p")
    journal.query(23_000, "p", ended=True)
    steady(journal, 24, 40)

    found = storm_of(journal, 20, 23)

    assert found.factor == 2.0  # three requests and a list, after two each


def test_without_an_intent_before_it_there_is_no_factor() -> None:
    journal = Journal()
    journal.submit(5_000, "https://example.com/p", status=503, charged=False)

    found = storm_of(journal, 1, 3)

    assert (found.before, found.factor, found.usual_rate) == (None, None, 0.0)


def test_a_storm_ends_where_the_next_incident_begins() -> None:
    journal = Journal()
    steady(journal, 0, 10)
    for number in range(50):
        journal.submit(20_000 + number, "https://example.com/later", status=503)
    steady(journal, 21, 30)
    first, second = incident("at 1s: outage", 10_000, 12_000), incident("at 2s: arrears", 20_000)

    one, two = audit(journal, ran(journal, first, second)).storms

    assert (one.factor, one.peak_rate) == (None, 0)
    assert two.peak_rate == 50
    assert two.ended_at == journal.calls[-1].began_at


@pytest.mark.parametrize("count", [0, 1])
def test_no_call_at_all_is_no_storm(count: int) -> None:
    journal = Journal()
    found = storms([incident("at 1s: outage", 0, 1)] * count, journal.calls, [], BEGIN)

    assert [each.factor for each in found] == [None] * count


def test_a_second_storm_is_not_compared_with_the_first() -> None:
    journal = Journal()
    steady(journal, 0, 10)
    for begin in (10_000, 20_000):
        for number in range(100):
            journal.submit(begin + 20 * number, f"https://example.com/{begin}", status=503)
        journal.submit(begin + 2_100, f"https://example.com/{begin}", task=f"s{begin}")
        journal.query(begin + 2_500, f"s{begin}", ended=True)
        steady(journal, begin // 1000 + 3, begin // 1000 + 10)
    incidents = [incident("at 1s: outage", begin, begin + 2_000) for begin in (10_000, 20_000)]

    one, two = audit(journal, ran(journal, *incidents)).storms

    assert (one.before, one.usual_rate) == (two.before, two.usual_rate) == (2.0, 2.0)
    assert one.factor == two.factor == 51.0


def test_where_only_a_storm_came_before_it_is_compared_with_that() -> None:
    journal = Journal()
    steady(journal, 0, 20)
    always, later = incident("at 0s: slow answers 1s", -5), incident("at 1s: arrears", 10_000)

    _, two = audit(journal, ran(journal, always, later)).storms

    assert (two.before, two.usual_rate) == (2.0, 2.0)


def test_an_incident_lasts_as_long_as_it_did_whatever_begins_meanwhile() -> None:
    journal = Journal()
    steady(journal, 0, 20)
    long, short = incident("at 1s: outage", 5_000, 15_000), incident("at 2s: arrears", 8_000, 9_000)
    after_the_last_call = incident("at 3s: outage", 60_000, 61_000)

    found = audit(journal, ran(journal, long, short, after_the_last_call)).storms

    assert [each.ended_at - each.began_at for each in found] == [10_000, 1_000, 0]


def test_nobody_is_told_to_spread_what_had_no_time_to_calm_down() -> None:
    journal = Journal()
    steady(journal, 0, 20)
    made = audit(journal, ran(journal, incident("at 1s: outage", 10_000)))

    assert [(each.calm_ms, each.was_watched) for each in made.storms] == [(None, False)]
    assert advice(made) == []


def test_the_chinese_page_of_a_storm_has_no_english_sentence() -> None:
    journal = Journal()
    steady(journal, 0, 20)
    journal.submit(21_000, "https://example.com/p", status=503, charged=False)
    made = audit(
        journal, ran(journal, incident("at 1s: fault delay for_ms=9 for 2s", 20_000, 22_000))
    )

    shown = report_page.page(report.as_json(made), "zh").partition("</head>")[2]

    assert re.findall(r"\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b", re.sub(r"<[^>]*>", "|", shown)) == []
