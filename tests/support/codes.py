"""QR codes that hold any bytes, with or without a declared charset (ECI), as PNG files."""

import io
from unittest.mock import patch

from PIL import Image

from mock_server.render import qr

MODULE = 6
QUIET = 4


def code_png(raw: bytes, eci: int | None = None) -> bytes:
    """Return a picture of a code that holds these bytes in byte mode."""
    declared = eci is not None
    # Mode 0111 (ECI), and an assignment of one byte, or of two from 128 on.
    wide = declared and (eci or 0) > 127
    designator = (7 << 16 | 0x8000 | (eci or 0), 20) if wide else (7 << 8 | (eci or 0), 12)
    with patch.object(qr, "_UTF8_DESIGNATOR", designator):
        version = 1 + qr._smallest_version(len(raw), "M", declared=declared)
        words = qr._codewords(raw, version, "M", declared=declared)
    symbol = qr._symbol(words, version, "M")
    modules = Image.frombytes("L", (symbol.size, symbol.size), symbol.dark)
    side = symbol.size + 2 * QUIET
    picture = Image.new("L", (side, side), 255)
    picture.paste(modules.point(lambda value: 255 - value), (QUIET, QUIET))
    return png(picture.resize((side * MODULE, side * MODULE), Image.Resampling.NEAREST))


def png(picture: Image.Image) -> bytes:
    """Return a picture as a PNG file."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
