"""How the service calls an address: its target and its login, by the readings of the account."""

from base64 import b64encode
from collections.abc import Iterator

import pytest

from tests.support.codes import code_png
from tests.support.live import Live, live
from tests.support.receivers import Receiver, Reply, receiving

WRITTEN = "/a/../%7ehook%2f/./x?t=a%2fb&p=100%"
NORMAL = "/~hook%2F/x?t=a%2Fb&p=100%25"
LOGIN = "Basic " + b64encode(b"user:secret").decode()


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live() as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that answers every call with a picture of a QR code."""
    with receiving(Reply(body=code_png(b"https://example.com/here"))) as running:
        yield running


@pytest.mark.claim("callback-target")
@pytest.mark.claim("callback-login")
@pytest.mark.parametrize(
    ("readings", "target", "login"),
    [
        ({}, WRITTEN, LOGIN),
        ({"address.target": "normalized"}, NORMAL, LOGIN),
        ({"address.login": "ignored"}, WRITTEN, None),
        ({"address.target": "normalized", "address.login": "ignored"}, NORMAL, None),
    ],
)
def test_callback_and_source_image_are_called_as_the_readings_say(
    server: Live, receiver: Receiver, readings: dict[str, str], target: str, login: str | None
) -> None:
    buyer = server.buyer(readings=readings)
    address = receiver.url.replace("//", "//user:secret@") + WRITTEN

    buyer.submit(text="", qr_code_url=address, call_back=address)
    buyer.clock(advance="1m", settle=True)

    seen = [(each.path, each.headers.get("Authorization")) for each in receiver.received]
    assert seen == [(target, login)] * 2  # the source image, then the callback
    (attempt,) = buyer.settled()["attempts"]
    assert attempt["request"]["url"] == receiver.url + target
    assert "secret" not in str(buyer.callback())


def test_an_attempt_shows_what_was_sent_also_after_the_reading_changed(
    server: Live, receiver: Receiver
) -> None:
    buyer = server.buyer()
    buyer.submit(call_back=receiver.url + WRITTEN)
    buyer.clock(advance="1m", settle=True)

    server.admin.patch(f"/accounts/{buyer.id}/readings", {"address.target": "normalized"})

    (attempt,) = buyer.settled()["attempts"]
    assert attempt["request"]["url"] == receiver.url + WRITTEN
