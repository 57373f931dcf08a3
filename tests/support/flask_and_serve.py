"""The two servers under test: Flask alone, and `serve`."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from mock_server.server import running
from mock_server.settings import Settings
from mock_server.web.flask_app import create_app
from tests.support import worlds
from tests.support.exchanges import Headers, Reply
from tests.support.worlds import RealClock


class FlaskServer:
    """The Flask application, called as a WSGI server calls it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def send(self, method: str, target: str, headers: Headers, body: bytes) -> Reply:
        """See Server."""
        path, _, query = target.partition("?")
        builder = EnvironBuilder(
            path=path, query_string=query, method=method, headers=headers, data=body
        )
        environ = builder.get_environ()
        environ["RAW_URI"] = environ["REQUEST_URI"] = target
        # Not through the client's open(), which would quote the target again.
        parts, status, answered = run_wsgi_app(self._client.application, environ)
        return Reply(int(status.partition(" ")[0]), list(answered), b"".join(parts))

    def admin(self, method: str, path: str, body: Any) -> Any:
        """See Server."""
        return self._client.open(f"/_mock{path}", method=method, json=body).get_json()


class LiveServer:
    """A running server, over a real connection."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc

    def send(self, method: str, target: str, headers: Headers, body: bytes) -> Reply:
        """See Server."""
        connection = http.client.HTTPConnection(self._address, timeout=10)
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        reply = Reply(answer.status, answer.getheaders(), answer.read())
        connection.close()
        return reply

    def admin(self, method: str, path: str, body: Any) -> Any:
        """See Server."""
        connection = http.client.HTTPConnection(self._address, timeout=10)
        connection.request(method, f"/_mock{path}", json.dumps(body).encode())
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer


@contextmanager
def flask_server() -> Iterator[FlaskServer]:
    """Return the Flask application of a fresh simulator."""
    with worlds.simulator() as simulator:
        yield FlaskServer(Client(create_app(simulator)))


@contextmanager
def live_server() -> Iterator[LiveServer]:
    """Run `serve` with a fresh simulator."""
    settings = Settings(port=0, database=":memory:", seed=1)
    with running(settings, real_now=RealClock()) as server:
        yield LiveServer(server.url)
