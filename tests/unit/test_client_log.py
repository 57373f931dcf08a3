"""What clients saw: the histogram, and the file that one process writes and another reads."""

import json
from pathlib import Path

import pytest

from mock_server.load.client_log import ClientLog, Latencies, read_log


@pytest.mark.parametrize("ms", [0.0, 0.3, 1.0, 17.0, 250.0, 9_999.0, 600_000.0])
def test_a_time_is_known_to_five_percent_and_never_too_short(ms: float) -> None:
    times = Latencies()
    times.add(ms)

    found = times.quantile(0.99)

    assert found is not None
    assert ms <= found + 0.05 <= max(ms, 0.1) * 1.06 + 0.1


def test_quantiles_are_those_of_the_calls() -> None:
    times = Latencies()
    for ms in range(1, 101):
        times.add(float(ms))

    half, most = times.quantile(0.5) or 0, times.quantile(0.99) or 0

    assert 50 <= half <= 53
    assert 99 <= most <= 104
    assert Latencies().quantile(0.5) is None


def test_what_is_written_is_read_by_operation_and_by_second(tmp_path: Path) -> None:
    log = ClientLog(tmp_path / "seen.jsonl")
    for second, status in ((5, 200), (5, 503), (6, 0)):
        log.add(second, "submit_task", status, 10.0)
    log.add(6, "query_task", 200, 20.0)
    log.write()

    view = read_log(tmp_path / "seen.jsonl")

    assert log.calls == 4
    assert dict(view.by_operation["submit_task"].statuses) == {200: 1, 503: 1, 0: 1}
    assert view.by_operation["query_task"].calls == 1
    assert view.by_second[5]["submit_task"].calls == 2
    assert set(view.by_second[6]) == {"submit_task", "query_task"}


def test_a_line_that_was_cut_is_left_out_and_no_file_is_no_call(tmp_path: Path) -> None:
    log = ClientLog(tmp_path / "seen.jsonl")
    log.add(5, "submit_task", 200, 10.0)
    log.add(6, "submit_task", 200, 10.0)
    log.write()
    text = (tmp_path / "seen.jsonl").read_text()
    (tmp_path / "seen.jsonl").write_text(text[:-20])

    assert read_log(tmp_path / "seen.jsonl").by_operation["submit_task"].calls == 1
    assert read_log(tmp_path / "none").by_operation == {}


def test_the_file_grows_with_the_seconds_not_with_the_calls(tmp_path: Path) -> None:
    log = ClientLog(tmp_path / "seen.jsonl")
    for number in range(10_000):
        log.add(number // 5_000, "query_task", 200, 10.0)
    log.write()

    lines = (tmp_path / "seen.jsonl").read_text().splitlines()
    assert len(lines) == 2
    assert (
        sum(json.loads(line)["seen"]["query_task"]["statuses"]["200"] for line in lines) == 10_000
    )
