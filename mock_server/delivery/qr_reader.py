"""Source images: what the QR code in a picture of somebody else's says.

Rule 1: nothing about the bytes is trusted: format, size and pixels are known before they are
decoded, and only the first frame of an animation is.
"""

import io
import warnings

from mock_server.domain.task.source_images import (
    FORMATS,
    MAX_PIXELS,
    SourceError,
    no_code,
    not_an_image,
    too_large,
)

START_OF_SCAN = b"\xff\xda"  # never inside a scan: there an 0xff is followed by a zero
MAX_SCANS = 100


def read_code(content: bytes) -> str:
    """Return the text of the QR code in an image. Raises SourceError, whatever the bytes are."""
    # Costs a command that reads no picture nothing.
    import zxingcpp  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a bomb is refused below, by our own limit
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
            if picture.width * picture.height > MAX_PIXELS:
                raise too_large(f"{picture.width}x{picture.height}")
            # Each scan of a progressive JPEG is a pass over all pixels; a camera makes ten.
            if picture.format == "JPEG" and content.count(START_OF_SCAN) > MAX_SCANS:
                raise too_large(f"{content.count(START_OF_SCAN)} scans")
            flat = _on_white(picture.convert("RGBA"))
    except SourceError:
        raise
    except Exception:  # noqa: BLE001 - a decoder may raise anything on bytes that are not its own
        raise not_an_image() from None
    wanted = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    for code in zxingcpp.read_barcodes(flat, formats=wanted):
        if code.text:
            return str(code.text)
    raise no_code()


def _on_white(picture: "Image.Image") -> "Image.Image":  # type: ignore[name-defined]  # noqa: F821
    """Return a picture without transparency, as a page would show it."""
    from PIL import Image  # noqa: PLC0415

    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("L")
