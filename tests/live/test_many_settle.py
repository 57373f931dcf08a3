"""Many concurrent waits for callbacks do not slow the callbacks down."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import urllib3

from mock_server.server import running
from mock_server.settings import Settings
from mock_server.web.serving.asgi_app import FLASK_THREADS

WORLDS = FLASK_THREADS + 4
PATIENCE_S = 60.0  # urllib3's default is three seconds, which a busy machine can exceed


class _Fetching(ThreadingHTTPServer):
    """A receiver that fetches the picture before it answers, as a careful client does."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fetched: list[int] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Fetching

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = urllib3.request("GET", body["resList"][0], timeout=PATIENCE_S)
        self.server.fetched.append(answer.status)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.mark.slow
def test_more_settles_than_threads_deliver_to_receivers_that_fetch_the_picture_first() -> None:
    settings = Settings(port=0, database=":memory:", callback_timeout=PATIENCE_S)
    with _Fetching() as receiver, running(settings) as server:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        call_back = f"http://127.0.0.1:{receiver.server_address[1]}/"
        settled: list[int] = []

        def one_world() -> None:
            accounts = f"{server.url}/_mock/accounts"
            made = urllib3.request("POST", accounts, json={}, timeout=PATIENCE_S).json()
            fields = {"text": "https://a.test", "style_id": "pet_cat", "call_back": call_back}
            headers = {"Authorization": f"APPCODE {made['app_code']}"}
            urllib3.request(
                "POST", f"{server.url}/submitTask", json=fields, headers=headers,
                timeout=PATIENCE_S,
            )  # fmt: skip
            clock = f"{server.url}/_mock/accounts/{made['id']}/clock"
            jump = {"advance": "20s", "settle": True}
            settled.append(
                urllib3.request("POST", clock, json=jump, timeout=PATIENCE_S).json()["delivered"]
            )

        worlds = [threading.Thread(target=one_world) for _ in range(WORLDS)]
        for world in worlds:
            world.start()
        for world in worlds:
            world.join()
        receiver.shutdown()

    assert settled == [1] * WORLDS
    assert receiver.fetched == [200] * WORLDS
