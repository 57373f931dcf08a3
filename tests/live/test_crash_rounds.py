"""Three rounds of `python -m tests.support.crash_rounds`, which plays any number of them."""

from pathlib import Path

import pytest

from tests.support.crash_rounds import play


@pytest.mark.slow
def test_whoever_is_killed_nothing_acknowledged_is_lost_and_every_callback_is_sent(
    tmp_path: Path,
) -> None:
    rounds = [*play(range(1, 4), tmp_path)]

    assert [done.wrong for done in rounds] == [[], [], []], "\n".join(map(str, rounds))
    assert all(done.acknowledged and done.sent >= done.acknowledged for done in rounds)
