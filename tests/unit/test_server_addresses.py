"""Addresses of servers, and the names of this machine."""

import pytest

from mock_server.domain.urls import AddressError, is_loopback, is_this_machine, parse_server


@pytest.mark.parametrize(
    ("url", "netloc"),
    [
        ("http://127.0.0.1:3040", "127.0.0.1:3040"),
        ("HTTPS://Stub.Example.com/base", "stub.example.com:443"),
        ("http://[::1]", "[::1]:80"),
        ("http://user:password@qr.test:1", "qr.test:1"),
    ],
)
def test_a_server_has_host_and_port(url: str, netloc: str) -> None:
    assert parse_server(url).netloc == netloc


@pytest.mark.parametrize(
    "url",
    [
        "", " ", "nothing", "localhost", "localhost:3040", "127.0.0.1:3040", "ftp://127.0.0.1",
        "http://", "http://:80", "http:///path", "http://a:0", "http://a:99999", "http://a:b",
        "http://[::1", "http://a b", "http://a\n", "\x00", "http://" + "a" * 2048,
    ],
)  # fmt: skip
def test_what_is_no_server_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(AddressError, match="is not an address such as http://127"):
        parse_server(url)


@pytest.mark.parametrize(
    ("host", "loopback", "this_machine"),
    [
        ("localhost", True, True),
        ("LOCALHOST", True, True),
        ("LOCALHOST.", True, True),
        ("127.0.0.1", True, True),
        ("127.1.2.3", True, True),
        ("::1", True, True),
        ("::ffff:127.0.0.1", True, True),
        ("0.0.0.0", False, True),  # noqa: S104
        ("::", False, True),
        ("::ffff:0.0.0.0", False, True),
        ("qr.localhost", False, True),
        ("QR.localhost.", False, True),
        ("[::1]", False, False),
        ("127.1", False, False),
        ("127.0.0.1.evil.test", False, False),
        ("localhost.evil.test", False, False),
        ("notlocalhost", False, False),
        ("192.168.1.9", False, False),
        ("::ffff:192.168.1.9", False, False),
        ("evil.test", False, False),
        ("", False, False),
        (".", False, False),
        ("a b\x00", False, False),
    ],
)
def test_few_hosts_are_certain_to_be_this_machine(
    host: str, *, loopback: bool, this_machine: bool
) -> None:
    assert (is_loopback(host), is_this_machine(host)) == (loopback, this_machine)
