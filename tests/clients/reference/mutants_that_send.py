"""Clients with one realistic bug each in what they send. The first line says what it does wrong."""

import html
from urllib.parse import quote, urlencode

from tests.clients.reference.client import Client, Task


class IgnoresPrecedence(Client):
    """Lets the source image win over the text."""

    def submit(self, fields: dict[str, str]) -> str:
        drop = "text" if fields.get("qr_code_url") else ""
        return super().submit({name: value for name, value in fields.items() if name != drop})


class AddsADefaultStyle(Client):
    """Sends a style with every prompt, and the style wins."""

    def submit(self, fields: dict[str, str]) -> str:
        return super().submit({"style_id": "food_fryrice", **fields})


class ForgetsTheCharset(Client):
    """Encodes as the machine that it was written on."""

    def encode(self, fields: dict[str, str]) -> bytes:
        return urlencode(fields, encoding="gbk", errors="replace").encode()


class StripsUnicode(Client):
    """Keeps what is ASCII."""

    def encode(self, fields: dict[str, str]) -> bytes:
        return urlencode(fields, encoding="ascii", errors="ignore").encode()


class AsksForAnotherId(Client):
    """Writes ids in capitals, and takes every refusal of a query for an error of the service."""

    def query(self, task_id: str) -> Task:
        return super().query(task_id.upper())


class TidiesAddresses(Client):
    """Strips what an address can do without, as it thinks."""

    def encode(self, fields: dict[str, str]) -> bytes:
        return super().encode({name: value.rstrip("/.#?&=") for name, value in fields.items()})


class EscapesHtml(Client):
    """Makes the text safe for a page that it is never on."""

    def encode(self, fields: dict[str, str]) -> bytes:
        return super().encode({name: html.escape(value) for name, value in fields.items()})


class TruncatesText(Client):
    """Cuts the text where the page advises to stop."""

    def submit(self, fields: dict[str, str]) -> str:
        return super().submit({name: value[:35] for name, value in fields.items()})


class SwapsTextAndImage(Client):
    """Sends the text as the source image, and the other way round."""

    def submit(self, fields: dict[str, str]) -> str:
        other = {"text": "qr_code_url", "qr_code_url": "text"}
        return super().submit({other.get(name, name): value for name, value in fields.items()})


class SignsEncodedValues(Client):
    """Signs what is on the wire instead of what it means."""

    def string_to_sign(self, path: str, fields: dict[str, str], signed: dict[str, str]) -> str:
        encoded = {name: quote(value, safe="") for name, value in fields.items()}
        return super().string_to_sign(path, encoded, signed)


class ReusesItsNonce(Client):
    """Draws a nonce when it starts."""

    def nonce(self) -> str:
        drawn: str = self.__dict__.setdefault("drawn", super().nonce())
        return drawn
