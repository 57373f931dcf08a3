"""Drawn pictures: each is drawn once however many clients ask for it, and kept up to a limit.

Rule 1: those who ask for a picture while it is drawn wait for the same drawing.
Rule 2: few pictures are drawn at a time, because each takes megabytes until it is compressed.
"""

import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256

PAINTERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All inputs of a picture: the same values give the same bytes."""

    content: str
    style_id: str
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPicture:
    """The bytes of a picture, and the tag by which a client names them (ETag)."""

    png: bytes
    tag: str


class PictureCache:
    """Drawn pictures, from any thread. Past `limit` (bytes) it drops the least recently used.

    `is_plain`: they are bare QR codes, which are drawn in a small part of the time.
    """

    def __init__(self, limit: int, *, is_plain: bool = False) -> None:
        self._limit = limit
        self._is_plain = is_plain
        self._held = 0
        self._drawn: OrderedDict[Picture, DrawnPicture] = OrderedDict()
        self._being_drawn: dict[Picture, Future[DrawnPicture]] = {}
        self._painters: ThreadPoolExecutor | None = None
        self._closed = False
        self._lock = threading.Lock()

    @property
    def held(self) -> int:
        """The bytes of the pictures that it keeps."""
        return self._held

    def get(self, picture: Picture) -> DrawnPicture | None:
        """Return a picture that is kept; None if it has to be drawn."""
        with self._lock:
            drawn = self._drawn.get(picture)
            if drawn is not None:
                self._drawn.move_to_end(picture)
            return drawn

    def draw(self, picture: Picture) -> Future[DrawnPicture]:
        """Have a picture drawn on a thread of ours, unless it is kept or is being drawn.

        Raises RuntimeError after `close`.
        """
        if (kept := self.get(picture)) is not None:
            done: Future[DrawnPicture] = Future()
            done.set_result(kept)
            return done
        with self._lock:
            if self._closed:
                raise RuntimeError("the server is stopping: nothing is drawn any more")
            if (drawing := self._being_drawn.get(picture)) is not None:
                return drawing
            if self._painters is None:
                self._painters = ThreadPoolExecutor(PAINTERS, thread_name_prefix="painter")
            drawing = self._being_drawn[picture] = Future()
            self._painters.submit(self._draw, picture, drawing)
        return drawing

    def close(self) -> None:
        """Finish what is being drawn."""
        with self._lock:
            self._closed = True
            painters = self._painters
        if painters is not None:
            painters.shutdown(wait=True)

    def _draw(self, picture: Picture, drawing: Future[DrawnPicture]) -> None:
        from mock_server import render  # noqa: PLC0415 - many servers never draw a picture

        try:
            if self._is_plain:
                png = render.draw_plain(picture.content)
            else:
                png = render.draw(picture.content, style_id=picture.style_id, seed=picture.seed)
            drawn = DrawnPicture(png=png, tag=sha256(png).hexdigest()[:32])
        except BaseException as error:  # noqa: BLE001 - whoever asked for it hears of it
            with self._lock:
                del self._being_drawn[picture]
            drawing.set_exception(error)
            return
        self._keep(picture, drawn)
        drawing.set_result(drawn)

    def _keep(self, picture: Picture, drawn: DrawnPicture) -> None:
        with self._lock:
            del self._being_drawn[picture]
            self._drawn[picture] = drawn
            self._held += len(drawn.png)
            while self._held > self._limit and self._drawn:
                _, dropped = self._drawn.popitem(last=False)
                self._held -= len(dropped.png)
