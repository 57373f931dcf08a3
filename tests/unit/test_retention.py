"""What `--keep` takes, and what lies beyond the limit."""

from pathlib import Path

import pytest

from mock_server.domain.retention import BadKeepError, Keep, by_age, by_number, parse_keep
from mock_server.domain.task.short_links import LIFETIME_MS
from mock_server.settings import Settings, SettingsError

HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("text", "keep"),
    [
        ("24h", Keep(ms=24 * HOUR_MS)),
        ("1d", Keep(ms=24 * HOUR_MS)),
        (" PT24H ", Keep(ms=24 * HOUR_MS)),
        ("1h30m", Keep(ms=90 * 60_000)),
        ("1000", Keep(tasks=1000)),
        ("1_000", Keep(tasks=1000)),
        ("all", None),
        ("ALL", None),
    ],
)
def test_an_age_a_number_and_all_are_taken(text: str, keep: Keep | None) -> None:
    assert parse_keep(text) == keep


@pytest.mark.parametrize(
    "text", ["", "0", "0h", "-1", "-24h", "24", "1.5", "24 hours", "١٠", "9" * 40, "101y", "1e3"]
)
def test_what_is_neither_is_refused_with_examples(text: str) -> None:
    if text == "24":
        assert parse_keep(text) == Keep(tasks=24)  # a number counts tasks, not hours
        return
    with pytest.raises(BadKeepError, match="an age such as 24h, a number of tasks such as 1000"):
        parse_keep(text)


def test_every_way_to_set_it_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("keep = 500\n", "utf-8")

    assert Settings.load({}, {}).retention is None
    assert Settings.load({}, {}, file).retention == Keep(tasks=500)
    assert Settings.load({}, {"ARTQR_MOCK_KEEP": "2d"}, file).retention == Keep(ms=48 * HOUR_MS)
    assert Settings.load({"keep": "all"}, {"ARTQR_MOCK_KEEP": "2d"}, file).retention is None


@pytest.mark.parametrize("line", ["keep = true", "keep = ['24h']", "keep = 1.5", "keep = 'x'"])
def test_what_a_file_says_wrongly_is_refused_by_name(line: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(line, "utf-8")

    with pytest.raises(SettingsError, match="keep"):
        Settings.load({}, {}, file)


def test_a_link_goes_once_it_has_expired_and_its_task_may_go() -> None:
    now = 10 * LIFETIME_MS
    by_hours = by_age(HOUR_MS, now)
    by_tasks = by_number(5, now - HOUR_MS, now)

    assert by_hours.links_before == now - HOUR_MS
    assert by_tasks.links_before == now  # of younger tasks too, but never before it has expired
    assert by_number(5, now - 2 * LIFETIME_MS, now).links_before == now - LIFETIME_MS - 1
    assert by_number(0, None, now).links_before is None
