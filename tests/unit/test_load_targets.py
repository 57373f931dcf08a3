"""Where a load may go: this machine, and never the vendor, however that is spelt."""

import socket

import pytest

from mock_server.domain.usage_errors import UsageError
from mock_server.load.order import LoadOrder
from mock_server.load.targets import Guard, check_target, is_vendor, may_call

VENDOR = [
    "aiart.market.alicloudapi.com",
    "AIART.Market.AliCloudAPI.COM",
    "aiart.market.alicloudapi.com.",
    "ａｉａｒｔ.market.alicloudapi.com",
    "aiart。market。alicloudapi。com",
    "ai\u00adart.market.alicloudapi.com",
    "other.market.alicloudapi.com",
    "alicloudapi.com",
]


@pytest.mark.parametrize("host", VENDOR)
def test_the_vendor_is_refused_in_every_spelling_even_if_it_is_allowed(host: str) -> None:
    assert is_vendor(host)
    assert not may_call(host, [host])
    for url in (f"http://{host}", f"https://{host}:443/x", f"https://me:pw@{host}/"):
        with pytest.raises(UsageError, match="is the vendor's"):
            check_target(url, [])
    with pytest.raises(UsageError, match="is the vendor's"):
        check_target("http://127.0.0.1:3040", [host])
    with pytest.raises(UsageError, match="is the vendor's"):
        LoadOrder(allowed_hosts=[host])


def test_an_address_of_the_vendor_is_not_good_because_its_name_was_given() -> None:
    guarded = Guard(["aiart.market.alicloudapi.com"], lambda _: ["192.0.2.9"])

    with pytest.raises(PermissionError):
        guarded("socket.connect", (None, ("192.0.2.9", 443)))


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError, match="leave the user name") as refused:
        check_target("http://me:very-secret@127.0.0.1:3040")

    assert "very-secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:3040", "http://localhost:1", "https://[::1]:2", "http://127.9.9.9"]
)
def test_this_machine_needs_no_permission(url: str) -> None:
    check_target(url)


@pytest.mark.parametrize("host", ["example.com", "10.0.0.7", "notalicloudapi.com", "fe80::1"])
def test_another_host_needs_permission_in_any_spelling(host: str) -> None:
    with pytest.raises(UsageError, match=f"--allow-host {host}"):
        check_target(f"http://[{host}]:80" if ":" in host else f"http://{host}:80")
    check_target(f"http://[{host}]" if ":" in host else f"http://{host}", [host.upper()])


def test_what_is_no_address_is_said_so() -> None:
    with pytest.raises(UsageError, match="server: 'nowhere' is not an address"):
        check_target("nowhere")


def guard(*allowed: str) -> Guard:
    return Guard(allowed, lambda host: ["192.0.2.7"] if host == "staging.test" else [])


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.getaddrinfo", ("aiart.market.alicloudapi.com", 443)),
        ("socket.getaddrinfo", (b"AIART.market.alicloudapi.com.", 443)),
        ("socket.getaddrinfo", ("example.com", 80)),
        ("socket.connect", (None, ("192.0.2.1", 80))),
        ("socket.connect", (None, ("2001:db8::1", 80, 0, 0))),
        ("socket.sendto", (None, ("192.0.2.1", 53))),
    ],
)
def test_the_guard_lets_no_connection_out(event: str, arguments: tuple[object, ...]) -> None:
    with pytest.raises(PermissionError, match="artqr-mock load does not call"):
        guard()(event, arguments)


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.getaddrinfo", ("localhost", 80)),
        ("socket.getaddrinfo", (None, 80)),
        ("socket.getaddrinfo", ("staging.test", 80)),
        ("socket.connect", (None, ("127.0.0.1", 80))),
        ("socket.connect", (None, ("::1", 80, 0, 0))),
        ("socket.connect", (None, ("::ffff:127.0.0.1", 80, 0, 0))),
        ("socket.connect", (None, ("192.0.2.7", 80))),
        ("socket.connect", (None, "/run/a.sock")),
        ("open", ("192.0.2.1", "r", 0)),
    ],
)
def test_the_guard_lets_the_rest_be(event: str, arguments: tuple[object, ...]) -> None:
    guard("staging.test")(event, arguments)


def test_python_raises_the_events_that_the_guard_hears(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    is_heard = [True]

    def hook(event: str, _: object) -> None:
        if is_heard[0] and event.startswith("socket."):
            heard.append(event)

    import sys  # noqa: PLC0415

    sys.addaudithook(hook)
    with socket.socket() as listening, socket.socket() as calling:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        calling.connect_ex(listening.getsockname())
    is_heard[0] = False

    assert "socket.connect" in heard
