"""The source image of a probe: a QR code whose text is in GB18030, as `moves.IMAGE` says."""

import io
from functools import cache

from qrcode import QRCode, constants, util

from mock_server.probe import moves


@cache
def source_png() -> bytes:
    """Return the image as a PNG file."""
    read = moves.submit(moves.IMAGE).image_read
    code = QRCode(error_correction=constants.ERROR_CORRECT_M)
    raw = (read.content or "").encode(read.charset)
    code.add_data(util.QRData(raw, mode=util.MODE_8BIT_BYTE))
    code.make()
    file = io.BytesIO()
    code.make_image().save(file)
    return file.getvalue()
