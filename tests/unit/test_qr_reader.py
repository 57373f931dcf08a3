"""Source images: the content of their QR code; hostile bytes are only refused."""

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mock_server import render
from mock_server.delivery.qr_reader import read_code
from mock_server.domain.task.source_images import MAX_PIXELS, SourceError

TEXT = "https://example.com/码"
PNG = render.draw(TEXT, style_id="pet_cat", seed=1)


def saved(
    kind: str, change: Callable[[Image.Image], Image.Image] = lambda picture: picture
) -> bytes:
    """Return the picture in another format."""
    file = io.BytesIO()
    change(Image.open(io.BytesIO(PNG))).save(file, kind)
    return file.getvalue()


def claimed(width: int, height: int) -> bytes:
    """Return a small PNG whose header claims this size."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    parts = [b"\x89PNG\r\n\x1a\n"]
    for name, body in chunks:
        parts += [struct.pack(">I", len(body)), name, body]
        parts += [struct.pack(">I", zlib.crc32(name + body))]
    return b"".join(parts)


@pytest.mark.claim("image-limits")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_code_is_read_in_each_format(kind: str) -> None:
    assert read_code(saved(kind, lambda picture: picture.convert("RGB"))) == TEXT


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK"])
def test_a_code_is_read_in_each_kind_of_pixel(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"

    assert read_code(saved(kind, lambda picture: picture.convert("RGB").convert(mode))) == TEXT


def test_a_code_on_nothing_is_read_as_on_white() -> None:
    grey = Image.open(io.BytesIO(PNG)).convert("L")
    clear = Image.new("RGBA", grey.size, (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (0, 0), grey.point(lambda value: 255 if value < 128 else 0))

    assert read_code(saved("PNG", lambda _: clear)) == TEXT


@pytest.mark.claim("image-failure")
@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"<svg/>", b"%PDF-1.4", b"\x00" * 100, PNG[:500]]
)
def test_what_is_no_image_is_refused_as_none(content: bytes) -> None:
    with pytest.raises(SourceError, match="不是PNG"):
        read_code(content)


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM"])
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(SourceError, match="不是PNG"):
        read_code(saved(kind, lambda picture: picture.convert("RGB").resize((64, 64))))


@pytest.mark.claim("image-failure")
def test_an_image_without_a_code_is_refused() -> None:
    with pytest.raises(SourceError, match="没有二维码"):
        read_code(saved("PNG", lambda _: Image.new("RGB", (300, 300), "white")))


@pytest.mark.parametrize("size", [(60_000, 60_000), (MAX_PIXELS + 1, 1), (2**31 - 1, 2**31 - 1)])
def test_an_image_of_too_many_pixels_is_refused_before_they_are_there(
    size: tuple[int, int],
) -> None:
    with pytest.raises(SourceError, match=r"图片过大|不是PNG"):
        read_code(claimed(*size))


@given(position=st.integers(0, len(PNG) - 1), value=st.integers(0, 255), cut=st.integers(0, 9))
def test_a_damaged_image_is_read_or_refused_and_nothing_else(
    position: int, value: int, cut: int
) -> None:
    content = PNG[:position] + bytes([value]) + PNG[position + 1 : len(PNG) - cut * 1000]

    try:
        said = read_code(content)
    except SourceError as error:
        said = str(error)
    assert said.startswith(("创作失败", TEXT[:8]))


@pytest.mark.claim("image-limits")
def test_a_jpeg_of_countless_passes_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(SourceError, match="scans"):
        read_code(_many_scans())


def _many_scans() -> bytes:
    out = io.BytesIO()
    Image.new("L", (64, 64), "white").save(out, "JPEG", progressive=True)
    whole = out.getvalue()
    last = whole.rindex(b"\xff\xda")
    scan = whole[last:-2]
    return whole[:last] + scan * 200 + whole[-2:]
