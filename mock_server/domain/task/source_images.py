"""The source image of a task: an existing picture whose QR code says what the new one will.

Rule 1: what cannot be fetched or read makes the task fail, with a remark that says which (claim
image-failure).
"""

from dataclasses import dataclass

MAX_BYTES = 5 * 1024 * 1024  # claim image-limits
MAX_PIXELS = 25_000_000
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
MAX_REMARK = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRead:
    """What became of reading an image: what its QR code says, or why there is nothing."""

    content: str | None = None
    remark: str | None = None


class SourceError(Exception):
    """An image that nothing can be read from; the message is the remark."""


def unreachable(reason: str) -> SourceError:
    """Return the error for an image that did not come."""
    return SourceError(f"创作失败: qr_code_url无法访问 ({reason})"[:MAX_REMARK])


def too_large(what: str) -> SourceError:
    """Return the error for an image over a limit."""
    return SourceError(f"创作失败: qr_code_url图片过大 ({what})")


def not_an_image() -> SourceError:
    """Return the error for what is in none of the formats, or broken."""
    return SourceError("创作失败: qr_code_url不是PNG, JPEG, GIF或WebP图片")


def no_code() -> SourceError:
    """Return the error for an image without a QR code that says a text."""
    return SourceError("创作失败: qr_code_url图片中没有二维码")
