"""The benchmark's steady load: it judges itself, and the soak judges what rises under it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks import loads
from benchmarks.calls import WrongAnswerError
from benchmarks.figures import Figure
from benchmarks.loads import Second, Watched
from benchmarks.part import Bench
from benchmarks.parts import soak


def second(*, busy: float = 0.3, failed: int = 0, rss_mb: float = 100, ms: float = 1.0) -> Second:
    return Second(ms=[ms] * 10, failed=failed, waiting=0, busy=busy, rss_mb=rss_mb, descriptors=20)


def test_a_load_that_takes_a_core_is_no_measurement() -> None:
    calm = [second(busy=0.3), second(busy=0.9)]
    assert loads.checked(calm) == calm

    with pytest.raises(WrongAnswerError, match="measures itself: it took 95% of a core"):
        loads.checked([second(busy=0.9), second(busy=1.0)])


def test_a_load_that_was_not_answered_with_200_is_no_measurement() -> None:
    with pytest.raises(WrongAnswerError, match="3 calls"):
        loads.checked([second(failed=1), second(failed=2)])


def soaked(seconds: Sequence[Second], monkeypatch: pytest.MonkeyPatch) -> dict[str, Figure]:
    """Return what the soak makes of these seconds, by `row/column`."""

    @contextmanager
    def nothing(*_: object, **__: object) -> Iterator[Watched]:
        yield Watched()

    monkeypatch.setattr(soak, "half_of_capacity", lambda _: 1_000)
    monkeypatch.setattr(soak, "steady_load", nothing)
    monkeypatch.setattr(Bench, "server", nothing)
    monkeypatch.setattr(Watched, "wait", lambda _, __: list(seconds))
    bench = Bench(quick=True, scratch=Path(), installed=Path(), contenders={})
    return {f"{each.row}/{each.column}": each for each in soak.measure(bench)}


def test_the_soak_shows_what_rises_and_what_peaks(monkeypatch: pytest.MonkeyPatch) -> None:
    rising = [second(rss_mb=100 + each) for each in range(8)]
    rising[4] = second(rss_mb=104, ms=5.0)

    found = soaked(rising, monkeypatch)

    assert found["memory/last ÷ first quarter"].median == pytest.approx(106.5 / 100.5)
    assert found["memory/highest"].median == 107
    assert found["descriptors/last ÷ first quarter"].median == 1
    assert found["p99 of a point/last ÷ first quarter"].median == 1  # the peak hides between them
    assert found["p99 of a point/highest ÷ median"].median == 5
