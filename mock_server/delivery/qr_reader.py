"""Source images: what the QR code in a picture of somebody else's says.

Rule 1: nothing about the bytes is trusted: format, sides and pixels are known before they are
decoded, and only the first frame of an animation is.
Rule 2: time and memory are bounded by the process that this runs in: image_reader.py.
Rule 3: a code says the bytes that it holds, in the charset that it declares, else in UTF-8, else in
GB18030, as phones in China read it (claim image-charset). Control characters stay themselves.
"""

import contextlib
import io
import re
import warnings
from typing import TYPE_CHECKING, Any

from mock_server.domain.task.source_images import (
    FORMATS,
    MAX_PIXELS,
    MAX_SIDE,
    UTF_8,
    SourceError,
    SourceRead,
    no_code,
    not_an_image,
    too_costly,
    too_large,
    wrong_charset,
)

if TYPE_CHECKING:
    from PIL import Image

START_OF_SCAN = b"\xff\xda"  # never inside a scan: there an 0xff is followed by a zero
MAX_SCANS = 100
EXACT = "HexECI"
GB18030 = "GB18030"
# The charsets that a code can declare, by their numbers (ECI), with their names and codecs.
DECLARED = {
    1: ("ISO-8859-1", "latin-1"),
    3: ("ISO-8859-1", "latin-1"),
    **{2 + part: (f"ISO-8859-{part}", f"iso8859-{part}")
       for part in (*range(2, 12), 13, 14, 15, 16)},
    20: ("Shift_JIS", "cp932"),
    21: ("Windows-1250", "cp1250"), 22: ("Windows-1251", "cp1251"),
    23: ("Windows-1252", "cp1252"), 24: ("Windows-1256", "cp1256"),
    25: ("UTF-16BE", "utf-16-be"), 26: (UTF_8, "utf-8"), 27: (UTF_8, "ascii"),
    28: ("Big5", "big5hkscs"), 29: (GB18030, "gb18030"), 30: ("EUC-KR", "cp949"),
    31: (GB18030, "gb18030"), 32: (GB18030, "gb18030"),
    33: ("UTF-16LE", "utf-16-le"), 34: ("UTF-32BE", "utf-32-be"), 35: ("UTF-32LE", "utf-32-le"),
    170: (UTF_8, "ascii"),
}  # fmt: skip
# What a reader finds in bytes without a declaration.
GUESSED = ("ISO-8859-1", "Shift_JIS")
_SEGMENT = re.compile(rb"\\(\d{6})((?:[^\\]|\\\\)*)", re.DOTALL)
# What the Kanji mode of a code can hold, beside ASCII in other modes, and what GB 2312 can.
_KANJI = re.compile(
    rb"(?:[\x81-\x9f\xe0-\xea][\x40-\x7e\x80-\xfc]|\xeb[\x40-\x7e\x80-\xbf]|[\0-\x7f])+"
)
_GB_2312 = re.compile(rb"(?:[\xa1-\xf7][\xa1-\xfe]|[\0-\x7f])+")


def read_code(content: bytes) -> str:
    """Return the text of the QR code in an image. Raises SourceError, whatever the bytes are."""
    return read(content).content or ""


def read(content: bytes) -> SourceRead:
    """Return what the QR code in an image says. Raises SourceError, whatever the bytes are."""
    # Costs a command that reads no picture nothing.
    import zxingcpp  # noqa: PLC0415

    flat = _decoded(content)
    wanted = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    # zxing-cpp 2.2 cannot tell which charset a code declares.
    mode = EXACT if hasattr(zxingcpp.TextMode, EXACT) else "Plain"
    text_mode = getattr(zxingcpp.TextMode, mode)
    try:
        codes = zxingcpp.read_barcodes(flat, formats=wanted, text_mode=text_mode)
    except MemoryError:
        raise too_costly("looking for a code in it takes more memory than it may") from None
    except Exception as error:  # noqa: BLE001 - a reader may raise anything on odd pixels
        raise too_costly(f"the reader of QR codes refused it: {error}"[:200]) from None
    for code in codes:
        if code.bytes:
            return _text_of(code, mode)
    raise no_code()


def _decoded(content: bytes) -> "Image.Image":
    """Return the first frame of an image in grey. Raises SourceError."""
    from PIL import Image  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a bomb is refused below, by our own limit
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
            _check_size(picture, content)
            return _on_white(picture)
    except SourceError:
        raise
    except MemoryError:
        raise too_costly("decoding it takes more memory than it may") from None
    except Exception:  # noqa: BLE001 - a decoder may raise anything on bytes that are not its own
        raise not_an_image() from None


def _check_size(picture: "Image.Image", content: bytes) -> None:
    width, height = picture.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise too_large(f"{width}x{height}")
    # Each scan of a progressive JPEG is a pass over all pixels; a camera makes ten. A JPEG that
    # holds several pictures has another format's name.
    scans = content.count(START_OF_SCAN) if content.startswith(b"\xff\xd8") else 0
    if scans > MAX_SCANS:
        raise too_large(f"{scans} scans")


def _on_white(picture: "Image.Image") -> "Image.Image":
    """Return a picture in grey without transparency, as a page would show it."""
    from PIL import Image  # noqa: PLC0415

    if picture.mode.startswith("I"):  # 16 bits a pixel
        return picture.point(lambda value: value / 256).convert("L")
    if picture.mode[-1] not in "Aa" and "transparency" not in picture.info:
        return picture.convert("L")
    clear = picture.convert("RGBA")
    white = Image.new("L", picture.size, 255)
    white.paste(clear.convert("L"), mask=clear.getchannel("A"))
    return white


def _text_of(code: Any, mode: str) -> SourceRead:
    raw = bytes(code.bytes)
    declared = _declared(bytes.fromhex(code.text)) if mode == EXACT else _found(raw, code.text)
    if declared is not None:
        return declared
    for charset, codec in ((UTF_8, "utf-8"), *_undeclared(raw)):
        try:
            return SourceRead(content=raw.decode(codec), charset=charset)
        except UnicodeDecodeError:
            continue
    raise wrong_charset("未知")


def _declared(protocol: bytes) -> SourceRead | None:
    """Return what a code says in the charsets that it declares; None if that does not work.

    `protocol` has ]Q and a digit, then `\\nnnnnn` before each part; a backslash is doubled.
    """
    text, charset = "", UTF_8
    for number, part in _SEGMENT.findall(protocol[3:]):
        name, codec = DECLARED.get(int(number), ("", ""))
        try:
            text += part.replace(b"\\\\", b"\\").decode(codec)
        except (UnicodeDecodeError, LookupError):
            return None
        charset = charset if part.isascii() and name != "UTF-16BE" else name
    return SourceRead(content=text, charset=charset) if text else None


def _found(raw: bytes, text: str) -> SourceRead | None:
    """Return what a reader that cannot tell declarations has found, if one must have been there."""
    for charset, codec in DECLARED.values():
        with contextlib.suppress(UnicodeEncodeError):
            if charset not in (UTF_8, *GUESSED) and text.encode(codec) == raw != text.encode():
                return SourceRead(content=text, charset=charset)
    return None


def _undeclared(raw: bytes) -> list[tuple[str, str]]:
    """Return the charsets to try after UTF-8. Kanji mode declares nothing, but is Shift_JIS."""
    is_kanji = _KANJI.fullmatch(raw) and not _GB_2312.fullmatch(raw)
    return [("Shift_JIS", "cp932")] * bool(is_kanji) + [(GB18030, "gb18030")]
