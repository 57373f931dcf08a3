"""The source image of a task: an existing picture; its QR code has the content of the new one.

Rule 1: if the image cannot be fetched or read, the task fails, with a remark that says why (claim
image-failure). The remark is in the vendor's words; the simulator's own reason is beside it.
Rule 2: bytes that are not text in a declared charset or in UTF-8 are read as GB18030 (claim
image-charset); by the reading image.charset the task fails instead.
"""

from dataclasses import field

from mock_server.domain.readings import Readings
from mock_server.domain.records import dataclass

MAX_BYTES = 5 * 1024 * 1024  # claim image-limits
MAX_PIXELS = 25_000_000
MAX_SIDE = 16_384
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
MAX_REMARK = 300
UTF_8 = "UTF-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRead:
    """The result of reading an image: the content of its QR code, or the remark that says why it
    failed.

    `charset` is the one that the code was read in. `reason` tells the author of a client what the
    remark does not say.
    """

    content: str | None = None
    remark: str | None = None
    charset: str = field(default=UTF_8, compare=False)
    reason: str | None = field(default=None, compare=False)


class SourceError(Exception):
    """An image that cannot be fetched or read; the message is the remark of the task."""

    def __init__(self, remark: str, reason: str | None = None) -> None:
        super().__init__(remark[:MAX_REMARK])
        self.reason = reason

    @property
    def read(self) -> SourceRead:
        """Return what became of reading the image."""
        return SourceRead(remark=str(self), reason=self.reason)


def unreachable(fact: str | None = None, *, reason: str | None = None) -> SourceError:
    """Return the error for an image that could not be fetched; the remark contains `fact`."""
    shown = f" ({fact})" if fact else ""
    return SourceError(f"创作失败: qr_code_url无法访问{shown}", reason or fact)


def too_large(what: str) -> SourceError:
    """Return the error for an image over a limit."""
    return SourceError(f"创作失败: qr_code_url图片过大 ({what})")


def too_costly(reason: str) -> SourceError:
    """Return the error for an image that takes more time or memory than one may."""
    return SourceError("创作失败: qr_code_url图片无法处理", reason)


def not_an_image() -> SourceError:
    """Return the error for a broken image, or one in an unknown format."""
    return SourceError("创作失败: qr_code_url不是PNG, JPEG, GIF或WebP图片")


def no_code() -> SourceError:
    """Return the error for an image without a QR code that contains text."""
    return SourceError("创作失败: qr_code_url图片中没有二维码")


def wrong_charset(charset: str) -> SourceError:
    """Return the error for a code whose text cannot be read, or may not be in its charset."""
    return SourceError(f"创作失败: qr_code_url二维码字符集不支持 ({charset})")


def judged(found: SourceRead, readings: Readings) -> SourceRead:
    """Return what an account makes of a read image, by its reading image.charset."""
    if found.content is None or readings.image_charset == "any" or found.charset == UTF_8:
        return found
    return wrong_charset(found.charset).read
