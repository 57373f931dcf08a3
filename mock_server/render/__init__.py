"""Draws pictures: the scene of a style, and on it a panel with the QR code of the text.

Or the bare code, which takes a small part of the time.

Rules: the same input gives the same bytes in every process. A seed moves things in the scene and
never changes the content of the code. An unknown style is drawn in neutral colours.
"""

import hashlib
import io
from random import Random

from PIL import Image

from mock_server.render.paint import Canvas
from mock_server.render.panel import QUIET, SIDE, lay, place
from mock_server.render.qr import TextTooLongError, encode
from mock_server.render.scenes import PLAIN, SCENES

__all__ = ["SCENES", "SIDE", "TextTooLongError", "draw", "draw_plain"]

_HIGHEST_EDGE = 176.0
_STRIP, _STRIP_EDGE = 80, 40
_SWAPPED = bytes(range(255, -1, -1))  # light for dark


def draw(text: str, *, style_id: str, seed: int) -> bytes:
    """Return a PNG of 768 by 768 pixels whose QR code contains `text`.

    Raises TextTooLongError above 2,953 UTF-8 bytes, which no QR code can hold.
    """
    symbol = encode(text)
    spot = place(symbol)
    scene = SCENES.get(style_id, PLAIN)
    frame_top = spot.y - spot.padding
    canvas = Canvas(SIDE, SIDE, edge=max(_HIGHEST_EDGE, frame_top))
    scene.below(canvas, _dice(style_id, seed, "below"))
    picture = canvas.finished()
    lay(picture, symbol, spot, scene.tones)
    if scene.above and frame_top >= _STRIP_EDGE:
        strip = Canvas(SIDE, _STRIP, edge=_STRIP_EDGE, clear=True)
        scene.above(strip, _dice(style_id, seed, "above"))
        layer = strip.finished()
        picture.paste(layer, (0, frame_top - _STRIP_EDGE), layer)
    return _png(picture, compress_level=4)


def draw_plain(text: str) -> bytes:
    """Return a PNG of the same size with the QR code of `text` alone, black on white.

    Raises TextTooLongError as `draw` does.
    """
    symbol = encode(text)
    module = SIDE // (symbol.size + 2 * QUIET)
    width = module * symbol.size
    light = symbol.dark.translate(_SWAPPED)
    code = Image.frombytes("L", (symbol.size, symbol.size), light)
    picture = Image.new("L", (SIDE, SIDE), "white")
    corner = (SIDE - width) // 2
    picture.paste(code.resize((width, width), Image.Resampling.NEAREST), (corner, corner))
    return _png(picture, compress_level=1)


def _png(picture: Image.Image, *, compress_level: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=compress_level)
    return file.getvalue()


def _dice(*words: object) -> Random:
    """Return dice that depend on the words alone, not on the process."""
    digest = hashlib.sha256("\x1f".join(map(str, words)).encode()).digest()
    return Random(int.from_bytes(digest[:8], "big"))
