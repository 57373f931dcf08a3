"""The source image of a task: an existing picture; its QR code has the content of the new one.

Rule 1: if the image cannot be fetched or read, the task fails, with a remark that says why (claim
image-failure).
"""

from dataclasses import dataclass

MAX_BYTES = 5 * 1024 * 1024  # claim image-limits
MAX_PIXELS = 25_000_000
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
MAX_REMARK = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRead:
    """The result of reading an image: the content of its QR code, or the remark that says why it
    failed.
    """

    content: str | None = None
    remark: str | None = None


class SourceError(Exception):
    """An image that cannot be fetched or read; the message is the remark of the task."""


def unreachable(reason: str) -> SourceError:
    """Return the error for an image that could not be fetched."""
    return SourceError(f"创作失败: qr_code_url无法访问 ({reason})"[:MAX_REMARK])


def too_large(what: str) -> SourceError:
    """Return the error for an image over a limit."""
    return SourceError(f"创作失败: qr_code_url图片过大 ({what})")


def not_an_image() -> SourceError:
    """Return the error for a broken image, or one in an unknown format."""
    return SourceError("创作失败: qr_code_url不是PNG, JPEG, GIF或WebP图片")


def no_code() -> SourceError:
    """Return the error for an image without a QR code that contains text."""
    return SourceError("创作失败: qr_code_url图片中没有二维码")
