"""The certificate of the local authority: for this machine, and for the vendor's host."""

import ssl
from pathlib import Path

import pytest

from mock_server import tls
from mock_server.settings import Settings


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> None:
    """Shake hands in memory, as a client that asks for a name. Raises ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    asks = client.wrap_bio(to_client, to_server, server_hostname=name)
    answers = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [asks, answers]
    for _ in range(10):
        for side in list(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(side)
    assert not waiting


@pytest.fixture
def meeting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server with a certificate of a new local authority, and a client that trusts that
    authority.
    """
    certificate = tmp_path / "tls" / "ca.pem"
    monkeypatch.setattr(tls, "ca_file", lambda: certificate)
    server = tls.server_context(Settings(tls=True))
    assert server is not None
    return server, ssl.create_default_context(cafile=str(certificate))


@pytest.mark.claim("vendor-host")
@pytest.mark.parametrize("name", ["aiart.market.alicloudapi.com", "localhost", "127.0.0.1"])
def test_the_certificate_is_good_for_the_vendors_host_and_this_machine(
    meeting: tuple[ssl.SSLContext, ssl.SSLContext], name: str
) -> None:
    shake_hands(*meeting, name)


def test_it_is_good_for_no_other_host(meeting: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=r"other\.market\.alicloudapi\.com"):
        shake_hands(*meeting, "other.market.alicloudapi.com")


def test_without_the_setting_there_is_no_tls() -> None:
    assert tls.server_context(Settings()) is None
