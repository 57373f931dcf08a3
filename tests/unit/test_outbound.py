import socket
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.delivery.egress_guard import Guard, TargetRefusedError
from mock_server.delivery.outbound import MAX_ANSWER_BYTES
from mock_server.domain.callback.payload import Posting
from mock_server.domain.urls import AddressError, parse_address
from tests.support.raw_receivers import outbound, post, receiver

OWN_PORT = 3040
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
ANY = "0.0.0.0"  # noqa: S104 - where connecting means this machine


def test_a_callback_is_one_post_of_json() -> None:
    with receiver() as server:
        outcome = post(f"http://127.0.0.1:{server.port}/done?x=1")

    (request,) = server.requests
    assert (outcome.status, outcome.body, outcome.error) == (200, b"ok", None)
    assert request.startswith(b"POST /done?x=1 HTTP/1.1\r\n")
    assert b"Content-Type: application/json; charset=utf-8\r\n" in request
    assert request.endswith(b'\r\n\r\n{"task_id":"1"}')


def test_a_name_that_resolves_to_loopback_is_allowed() -> None:
    with receiver() as server:
        assert post(f"http://localhost:{server.port}/").status == 200


@pytest.mark.claim("callback-redirects")
def test_a_redirect_is_not_followed() -> None:
    with receiver() as target:
        answer = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{target.port}/\r\n"
        with receiver(answer.encode() + b"Content-Length: 0\r\n\r\n") as server:
            outcome = post(f"http://127.0.0.1:{server.port}/")

    assert outcome.status == 302
    assert not outcome.acknowledged
    assert target.requests == []


def test_a_receiver_that_says_nothing_is_given_up_after_the_time_out() -> None:
    with receiver(answer=None) as server:
        outcome = post(f"http://127.0.0.1:{server.port}/", timeout=0.05)

    assert (outcome.status, outcome.error) == (None, "no answer within 0.05 s")
    assert 50 <= outcome.duration_ms < 10_000


def test_a_body_without_end_is_cut() -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"x" * (MAX_ANSWER_BYTES * 3)
    with receiver(endless) as server:
        outcome = post(f"http://127.0.0.1:{server.port}/")

    assert (outcome.status, len(outcome.body)) == (200, MAX_ANSWER_BYTES)


@pytest.mark.parametrize("answer", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-"])
def test_an_answer_that_is_none_is_an_error_of_the_attempt(answer: bytes) -> None:
    with receiver(answer) as server:
        outcome = post(f"http://127.0.0.1:{server.port}/")

    assert outcome.status is None
    assert outcome.error


def test_nobody_listening_is_an_error_of_the_attempt() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        outcome = post(f"http://127.0.0.1:{taken.getsockname()[1]}/")

    assert "connection refused" in (outcome.error or "")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.0.0.2", ANY, "[::ffff:127.0.0.1]", "0x7f.1",
     "１２７.０.０.１", "127。0。0。1"],
)  # fmt: skip
def test_no_spelling_of_this_machine_leads_back_to_the_simulator(host: str) -> None:
    with receiver() as server:
        outcome = post(f"http://{host}:{server.port}/", own_ports=[server.port])

    assert server.requests == []
    assert "is the simulator itself" in (outcome.error or "")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", ANY])
def test_only_the_inbox_of_the_simulator_itself_takes_callbacks(host: str) -> None:
    with receiver() as server:
        outcome = post(f"http://{host}:{server.port}/_mock/inbox/acc_1", own_ports=[server.port])

    (request,) = server.requests
    assert outcome.acknowledged
    assert request.startswith(b"POST /_mock/inbox/acc_1 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    "target",
    ["/_mock/inbox/", "/_mock/inbox/a/b", "/_mock/inbox/a?x", "/_mock/inbox/../accounts",
     "/_mock/inbox/..%2faccounts", "/_mock/inbox/%61", "/_mock/inbox/a/../../accounts",
     "/_mock/accounts#/_mock/inbox/a", "/_mock/accounts?/_mock/inbox/a", "//_mock/inbox/a",
     "/x@127.0.0.1/_mock/inbox/a", "/_mock/inbox/a%0d%0aX:1", "/_mock/inbox/\u0430"],
)  # fmt: skip
def test_no_spelling_beside_the_inbox_leads_to_the_simulator(target: str) -> None:
    with receiver() as server:
        outcome = post(f"http://127.0.0.1:{server.port}{target}", own_ports=[server.port])

    assert server.requests == []
    assert "is the simulator itself" in (outcome.error or "")


def test_a_receiver_cannot_redirect_a_callback_to_the_simulator() -> None:
    with receiver() as own:
        place = f"http://127.0.0.1:{own.port}/_mock/inbox/a"
        answer = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {place}\r\n"
        with receiver(answer.encode() + b"Content-Length: 0\r\n\r\n") as server:
            outcome = post(f"http://127.0.0.1:{server.port}/", own_ports=[own.port])

    assert outcome.status == 307
    assert own.requests == []


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0", "127.0.0.1."])
def test_an_odd_number_for_a_host_is_refused(host: str) -> None:
    with receiver() as server:
        outcome = post(f"http://{host}:{server.port}/", own_ports=[server.port])

    assert server.requests == []
    assert outcome.error


@pytest.mark.parametrize(
    "host", ["192.0.2.1", "8.8.8.8", "８.８.８.８", "134744072", "[2001:db8::1]", "[::]", ANY]
)
def test_an_address_off_this_machine_is_refused_before_anything_is_sent(host: str) -> None:
    outcome = post(f"http://{host}:9/", timeout=5)

    assert outcome.status is None
    assert outcome.duration_ms < 4_000
    assert "allowed" in (outcome.error or "") or "is not a whole IP" in (outcome.error or "")


def test_a_refusal_names_the_flag_that_allows_the_host() -> None:
    with pytest.raises(TargetRefusedError, match=r"--callback-host qr\.test"):
        Guard([], []).check("qr.test", "192.0.2.7", 80)


@pytest.mark.parametrize("allowed", ["*", "QR.test", "192.0.2.7", "192.0.2.0/24"])
def test_a_host_is_allowed_by_name_by_address_by_network_or_with_all(allowed: str) -> None:
    Guard([allowed], []).check("qr.test", "192.0.2.7", 80)


@pytest.mark.parametrize("allowed", ["qr.tes", "test", "192.0.2.8", "198.51.100.0/24", ""])
def test_nothing_else_on_the_list_lets_it_pass(allowed: str) -> None:
    with pytest.raises(TargetRefusedError):
        Guard([allowed], []).check("qr.test", "192.0.2.7", 80)


@pytest.mark.parametrize("ip", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_always_allowed_but_for_our_own_port(ip: str) -> None:
    guard = Guard([], [OWN_PORT])

    guard.check("x", ip, OWN_PORT + 1)
    with pytest.raises(TargetRefusedError, match="is the simulator itself"):
        guard.check("x", ip, OWN_PORT)


def test_our_own_port_is_refused_even_if_everything_is_allowed() -> None:
    with pytest.raises(TargetRefusedError, match="is the simulator itself"):
        Guard(["*"], [OWN_PORT]).check("x", "127.0.0.1", OWN_PORT)


def test_our_port_on_another_machine_is_another_server() -> None:
    Guard(["*"], [OWN_PORT]).check("qr.test", "192.0.2.7", OWN_PORT)


def test_closing_gives_up_what_is_in_flight() -> None:
    with receiver(answer=None) as server, outbound() as out:
        posted = out.post(parse_address(f"http://127.0.0.1:{server.port}/"), Posting(body=b"{}"))
        out.close()

        assert posted.cancelled()


def rebinding(port: int, *answers: str) -> Any:
    """Resolve a name differently each time, as an attacker's name server does."""
    left = list(answers)

    def answer(*_: Any, **__: Any) -> Any:
        ip = left.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))]

    return answer


def test_the_address_that_was_judged_is_the_one_that_is_connected_to() -> None:
    with receiver() as server, receiver() as target:
        answers = rebinding(server.port, "127.0.0.1", "192.0.2.1", "192.0.2.1")
        with patch("socket.getaddrinfo", answers):
            first = post(f"http://rebinding.test:{server.port}/", timeout=5)

    assert (first.status, len(server.requests), target.requests) == (200, 1, [])
    assert b"Host: rebinding.test:" in server.requests[0]


def test_a_name_that_has_changed_its_mind_is_judged_again_at_the_next_try() -> None:
    with receiver() as server, outbound(timeout=5) as out:
        address = parse_address(f"http://rebinding.test:{server.port}/")
        with patch("socket.getaddrinfo", rebinding(server.port, "127.0.0.1", "192.0.2.1")):
            tries = [out.post(address, Posting(body=b"{}")).result(timeout=20) for _ in range(2)]

    assert [each.status for each in tries] == [200, None]
    assert "not allowed" in (tries[1].error or "")
    assert tries[1].hopeless
    assert len(server.requests) == 1


def test_one_bad_address_among_good_ones_refuses_the_name() -> None:
    def both(*_: Any, **__: Any) -> Any:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, server.port))
            for ip in ("127.0.0.1", "192.0.2.1")
        ]

    with receiver() as server, patch("socket.getaddrinfo", both):
        outcome = post(f"http://both.test:{server.port}/", timeout=5)

    assert (outcome.sent_headers, outcome.sent, server.requests) == (None, 0, [])


def test_an_outcome_tells_what_was_sent_and_what_was_said() -> None:
    answer = b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nX-Odd: \xff\r\nContent-Length: 4\r\n\r\nbusy"
    with receiver(answer) as server:
        outcome = post(f"http://127.0.0.1:{server.port}/done")

    assert outcome.headers == (("Retry-After", "7"), ("X-Odd", "\xff"), ("Content-Length", "4"))
    (request,) = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    told = "\r\n".join(f"{name}: {value}" for name, value in outcome.sent_headers or ())
    assert head.decode().partition("\r\n")[2].rstrip("\r\n") == told
    assert len(body) == outcome.sent == 15


def test_of_a_receiver_that_is_not_there_nothing_was_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        outcome = post(f"http://127.0.0.1:{taken.getsockname()[1]}/")

    assert (outcome.sent_headers, outcome.sent, outcome.hopeless) == (None, 0, False)


def numeric_only(host: Any, port: Any, **options: Any) -> Any:
    """Resolve addresses as usual, but ask no name server."""
    return resolve(host, port, **{**options, "flags": socket.AI_NUMERICHOST})


resolve = socket.getaddrinfo
hosts = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=8)


@settings(max_examples=150, deadline=None)
@given(host=hosts | st.text("[]:.%0123456789abcdefxé。１\\@", min_size=1, max_size=12))
def test_whatever_the_address_a_post_gives_an_outcome(host: str) -> None:
    try:
        address = parse_address(f"http://{host}:9/")
    except AddressError:
        return
    with outbound(timeout=0.2, own_ports=[9, 80]) as out, patch("socket.getaddrinfo", numeric_only):
        outcome = out.post(address, Posting(body=b"{}")).result(timeout=20)

    assert (outcome.status is None) == (outcome.error is not None)
