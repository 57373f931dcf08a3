"""Mistakes in what the string is signed with: the secret and the digest."""

import base64
import hashlib
from collections.abc import Callable

from mock_server.domain.auth.diagnosis.candidate import SigningContext
from mock_server.domain.auth.diagnosis.digests import HMACS, PLAIN
from mock_server.domain.auth.diagnosis.lines import Variants, always


def secret_other(scene: SigningContext) -> Variants:
    """A wrong secret that is at hand."""
    for label, secret in scene.known_secrets.items():
        yield {"secret": secret}, label
    key = scene.sent("x-ca-key")
    if key:
        yield {"secret": key}, "the app key"
    yield {"secret": ""}, "an empty secret"
    yield {"secret": scene.secret.swapcase()}, "the secret in other letter case"
    yield {"secret": scene.secret.lower()}, "the secret in other letter case"
    yield {"secret": scene.secret.upper()}, "the secret in other letter case"


def secret_whitespace(scene: SigningContext) -> Variants:
    """White space around the secret."""
    secret = scene.secret
    yield {"secret": secret.strip()}, "without the white space around it"
    for text in ("\n", "\r\n", " ", "\r", "\t"):
        yield {"secret": secret + text}, "with white space after it"
    yield {"secret": " " + secret}, "with a space before it"
    for mark in ('"', "'"):
        yield {"secret": mark + secret + mark}, "with quotation marks around it"


def secret_ampersand(scene: SigningContext) -> Variants:
    """The secret as other interfaces of the same vendor want it."""
    yield {"secret": scene.secret + "&"}, ""


def secret_converted(scene: SigningContext) -> Variants:
    """The bytes that the secret's digits stand for, or another text made of the secret."""
    secret = scene.secret.encode("utf-8", "surrogateescape")
    for what, convert in _CONVERSIONS.items():
        try:
            yield {"secret": convert(secret).decode("utf-8", "surrogateescape")}, what
        except ValueError:
            continue


_CONVERSIONS: dict[str, Callable[[bytes], bytes]] = {
    "the bytes that its hex digits stand for": lambda secret: bytes.fromhex(secret.decode()),
    "what it stands for as base64": lambda secret: base64.b64decode(secret, validate=True),
    "its base64": base64.b64encode,
    "its hex digits": lambda secret: secret.hex().encode(),
    "its MD5": lambda secret: hashlib.md5(secret, usedforsecurity=False).hexdigest().encode(),
}


def roles_swapped(scene: SigningContext) -> Variants:
    """Secret and string in each other's place."""
    yield {"digest": f"swapped {scene.method}"}, ""


# Another digest than X-Ca-Signature-Method says.
other_digest = always(*(({"digest": name}, name) for name in HMACS))
# A hash without a key.
plain_hash = always(*(({"digest": name}, name) for name in PLAIN))
