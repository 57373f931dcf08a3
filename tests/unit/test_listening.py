"""A port that several processes share, with a socket for each and with one for all."""

import os
import selectors
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from mock_server import listening
from mock_server.listening import CannotListenError, SharedPort, inherited, listen
from mock_server.settings import Settings

ANY = Settings(port=0)


@pytest.fixture(params=[True, False], ids=["a socket for each", "one for all"])
def port(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[SharedPort]:
    if request.param and not listening.HAS_SOCKETS_OF_THEIR_OWN:
        pytest.skip("this system has one socket for all")
    monkeypatch.setattr(listening, "HAS_SOCKETS_OF_THEIR_OWN", request.param)
    with closing(SharedPort(ANY)) as taken:
        yield taken


def inherit(port: SharedPort) -> socket.socket:
    """Return the socket of one more process, which listens."""
    with port.lent() as descriptor:
        listener = inherited(os.dup(descriptor))
    listener.listen()
    return listener


def answers(listeners: list[socket.socket]) -> int:
    """Accept everything that waits; return how many connections that were."""
    accepted = 0
    with selectors.DefaultSelector() as waiting:
        for each in listeners:
            waiting.register(each, selectors.EVENT_READ)
        while ready := waiting.select(0.2):
            for key, _ in ready:
                try:
                    connection, _ = key.fileobj.accept()  # type: ignore[union-attr]
                except BlockingIOError:  # another one was faster
                    continue
                connection.close()
                accepted += 1
    return accepted


def test_every_connection_comes_to_one_of_them(port: SharedPort) -> None:
    listeners = [inherit(port) for _ in range(2)]
    clients = [socket.create_connection(("127.0.0.1", port.number), 5) for _ in range(32)]

    assert answers(listeners) == 32
    for each in (*clients, *listeners):
        each.close()


def test_the_others_get_what_comes_after_one_has_died(port: SharedPort) -> None:
    dead, alive = inherit(port), inherit(port)
    dead.close()
    clients = [socket.create_connection(("127.0.0.1", port.number), 5) for _ in range(8)]

    assert answers([alive]) == 8
    for each in (*clients, alive):
        each.close()


def test_nobody_else_gets_the_port_while_no_process_is_alive(port: SharedPort) -> None:
    inherit(port).close()

    with pytest.raises(OSError, match="in use"), socket.socket() as other:
        other.bind(("127.0.0.1", port.number))


def test_a_port_that_another_server_listens_on_is_refused() -> None:
    with closing(listen(ANY)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(CannotListenError, match=f"cannot listen on 127.0.0.1:{number}"):
            SharedPort(Settings(port=number))


def test_an_address_that_is_none_of_ours_is_refused() -> None:
    with pytest.raises(CannotListenError, match=r"cannot listen on 192\.0\.2\.1:0"):
        SharedPort(Settings(host="192.0.2.1", port=0))
