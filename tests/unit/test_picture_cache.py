"""Drawn pictures: drawn once for all who ask, few at a time, kept up to a limit."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, wait

import pytest

from mock_server import render
from mock_server.picture_cache import PAINTERS, DrawnPicture, Picture, PictureCache


def picture(content: str) -> Picture:
    return Picture(content=content, style_id="x", seed=1)


class Studio:
    """Replaces drawing: draws ten times the text, once it is let to."""

    def __init__(self) -> None:
        self.drawn: list[str] = []
        self.most_at_once = 0
        self.may_draw = threading.Event()
        self.may_draw.set()
        self.is_broken = False
        self._at_once = 0
        self._lock = threading.Lock()

    def draw(self, text: str, *, style_id: str, seed: int) -> bytes:
        with self._lock:
            self.drawn.append(text)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        self.may_draw.wait(10)
        with self._lock:
            self._at_once -= 1
        if self.is_broken:
            raise ValueError("no paint")
        return text.encode() * 10


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> Studio:
    painting = Studio()
    monkeypatch.setattr(render, "draw", painting.draw)
    return painting


@pytest.fixture
def cache(studio: Studio) -> Iterator[PictureCache]:
    cache = PictureCache(limit=20)
    yield cache
    studio.may_draw.set()
    cache.close()


def drawn(cache: PictureCache, content: str) -> DrawnPicture:
    return cache.draw(picture(content)).result(10)


def test_it_stays_within_its_bytes_and_drops_the_least_recently_used(
    cache: PictureCache, studio: Studio
) -> None:
    for content in ("a", "b", "a", "c", "a", "b"):
        assert drawn(cache, content).png == content.encode() * 10

    assert studio.drawn == ["a", "b", "c", "b"]
    assert cache.held == 20
    assert cache.get(picture("c")) is None
    assert cache.get(picture("b")) == drawn(cache, "b")


def test_a_picture_over_the_limit_is_drawn_and_not_kept(cache: PictureCache) -> None:
    assert drawn(cache, "long").png == b"long" * 10
    assert (cache.held, cache.get(picture("long"))) == (0, None)


def test_those_who_ask_while_it_is_drawn_share_one_drawing(
    cache: PictureCache, studio: Studio
) -> None:
    studio.may_draw.clear()
    asked: list[Future[DrawnPicture]] = [cache.draw(picture("a")) for _ in range(32)]
    studio.may_draw.set()

    wait(asked, timeout=10)
    assert studio.drawn == ["a"]
    assert len({id(each.result().png) for each in asked}) == 1


def test_few_pictures_are_drawn_at_a_time(cache: PictureCache, studio: Studio) -> None:
    studio.may_draw.clear()
    asked = [cache.draw(picture(str(number))) for number in range(20)]
    studio.may_draw.set()

    wait(asked, timeout=10)
    assert len(studio.drawn) == 20
    assert studio.most_at_once <= PAINTERS


def test_everybody_hears_of_a_drawing_that_failed_and_the_next_one_is_tried_anew(
    cache: PictureCache, studio: Studio
) -> None:
    studio.is_broken = True
    studio.may_draw.clear()
    asked = [cache.draw(picture("a")) for _ in range(3)]
    studio.may_draw.set()
    assert {str(each.exception(10)) for each in asked} == {"no paint"}

    studio.is_broken = False
    assert drawn(cache, "a").png == b"a" * 10


def test_nothing_is_drawn_once_it_is_closed(cache: PictureCache, studio: Studio) -> None:
    cache.close()

    with pytest.raises(RuntimeError, match="stopping"):
        cache.draw(picture("a"))
    assert studio.drawn == []
