"""Pictures: drawn on the first GET, cached in memory up to a limit, always the same bytes."""

import threading
from collections import OrderedDict
from hashlib import sha256

from flask import Blueprint, Response, request

from mock_server import render
from mock_server.actions.operations import pictures
from mock_server.actions.operations.pictures import Fetch, Missing, Picture, PictureAddress
from mock_server.domain.call.calls import Answer, Operation
from mock_server.simulator import Simulator
from mock_server.web.gateway_view import left_after_ms, read_call


def blueprint(simulator: Simulator) -> Blueprint:
    """Return the route of the pictures."""
    routes = Blueprint("pictures", __name__)
    cache = Cache(limit=simulator.settings.picture_cache_mib * 1024 * 1024)

    @routes.get("/pictures/<account>/<task_id>/<int:number>.png")
    def picture(account: str, task_id: str, number: int) -> Response:
        address = PictureAddress(account=account, task_id=task_id, number=number)
        found = simulator.database.read(lambda tx: pictures.find(tx, simulator, address))
        response = _found(cache, found)
        answer = Answer(
            status=response.status_code,
            headers=tuple(response.headers),
            body=response.get_data() if response.status_code == 200 else b"",
        )
        call = read_call()
        fetch = Fetch(
            operation=Operation.GET_PICTURE, account=account, task_id=task_id,
            left_after_ms=left_after_ms(),  # drawing takes a while
        )  # fmt: skip
        simulator.database.run(lambda tx: pictures.book(tx, simulator, fetch, call, answer))
        return response

    return routes


class Cache:
    """Drawn pictures. Past `limit` (bytes) it drops the least recently used."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._pictures: OrderedDict[Picture, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, picture: Picture) -> bytes:
        """Return the bytes of a picture; draw it if it is not cached."""
        with self._lock:
            if picture in self._pictures:
                self._pictures.move_to_end(picture)
                return self._pictures[picture]
        drawn = render.draw(picture.content, style_id=picture.style_id, seed=picture.seed)
        with self._lock:
            if picture not in self._pictures:
                self._pictures[picture] = drawn
                self._held += len(drawn)
            while self._held > self._limit and self._pictures:
                _, dropped = self._pictures.popitem(last=False)
                self._held -= len(dropped)
        return drawn


def _found(cache: "Cache", found: Picture | Missing) -> Response:
    return _missing(found.status) if isinstance(found, Missing) else _png(cache.get(found))


def _png(content: bytes) -> Response:
    response = Response(content, mimetype="image/png")
    response.set_etag(sha256(content).hexdigest()[:32])
    # A reset or a moved clock can change what an address shows, so clients must revalidate.
    response.cache_control.no_cache = True
    return response.make_conditional(request)  # type: ignore[return-value]


def _missing(status: int) -> Response:
    response = Response("no such picture, or it has expired\n", status, mimetype="text/plain")
    response.cache_control.no_store = True
    return response
