"""Pictures: the QR code contains the text, for every text, style and seed."""

import hashlib
import os
import subprocess
import sys
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from mock_server.render import SCENES, TextTooLongError, draw, draw_plain
from mock_server.render.panel import QUIET, SIDE, place
from mock_server.render.qr import LADDER, Symbol, encode

ROOT = Path(__file__).parents[2]
LONGEST = 2953

texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=300
)
chinese = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1)
emoji = st.text(st.characters(min_codepoint=0x1F300, max_codepoint=0x1FAFF), min_size=1)
latin = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), min_size=1, max_size=300)


def opened(png: bytes) -> Image.Image:
    """Return the picture in these bytes."""
    return Image.open(BytesIO(png))


def scanned(picture: Image.Image) -> list[str]:
    """Return the texts of all QR codes that zxing-cpp finds."""
    found = zxingcpp.read_barcodes(
        picture,
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode),
        text_mode=zxingcpp.TextMode.Plain,
    )
    return [code.text for code in found]


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(
    text=texts | chinese | emoji | latin,
    style_id=st.sampled_from([*SCENES, ""]),
    seed=st.integers(),
)
def test_any_text_is_read_back_exactly_in_any_style(text: str, style_id: str, seed: int) -> None:
    assert scanned(opened(draw(text, style_id=style_id, seed=seed))) == [text]


@settings(max_examples=50, deadline=None)
@given(text=texts | chinese | emoji | latin)
def test_a_plain_code_is_read_back_exactly_and_is_as_large(text: str) -> None:
    picture = opened(draw_plain(text))

    assert scanned(picture) == [text]
    assert picture.size == (SIDE, SIDE)
    assert {picture.getpixel((0, 0)), picture.getpixel((SIDE - 1, SIDE - 1))} == {255}


def test_a_plain_code_holds_as_much_text_as_a_picture() -> None:
    assert scanned(opened(draw_plain("x" * LONGEST))) == ["x" * LONGEST]
    with pytest.raises(TextTooLongError):
        draw_plain("x" * (LONGEST + 1))


@pytest.mark.parametrize(
    "text",
    [
        " leading and trailing space ",
        "\t\r\n",
        "a\x1db\x1ec",
        "\ufeffmark",
        "\\000026",
        "é",
        "ÿþ",
        "日",
        "ﾊﾝ",
        "1234567890123456",
        "PLAIN $%*+-./:",
        "0",
        "🐱" * 75,
        "中" * 984,
    ],
)
def test_text_that_readers_like_to_misread_is_read_back(text: str) -> None:
    assert scanned(opened(draw(text, style_id="pet_cat", seed=1))) == [text]


@pytest.mark.parametrize("text", ["x" * LONGEST, "é" + "x" * (LONGEST - 2), "中" * 984 + "x"])
def test_the_longest_text_is_drawn_and_read_back(text: str) -> None:
    assert len(text.encode()) == LONGEST
    assert scanned(opened(draw(text, style_id="buildings_nightview", seed=1))) == [text]


def test_a_text_no_code_can_hold_is_refused_with_its_size() -> None:
    with pytest.raises(TextTooLongError, match="2954 bytes"):
        draw("x" * (LONGEST + 1), style_id="pet_cat", seed=1)


def test_the_same_input_gives_the_same_bytes() -> None:
    assert draw("猫", style_id="pet_cat", seed=5) == draw("猫", style_id="pet_cat", seed=5)


@cache
def digest_of(text: str, style_id: str, seed: int) -> str:
    """Return the digest of a picture that this process draws."""
    return hashlib.sha256(draw(text, style_id=style_id, seed=seed)).hexdigest()


@pytest.mark.slow
@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_another_process_draws_the_same_bytes(hash_seed: str) -> None:
    inputs = [("猫", style_id, 5) for style_id in ("pet_cat", "shop_flower", "fantasy_mecha", "")]
    program = (
        "import hashlib, sys; from mock_server.render import draw\n"
        f"for text, style, seed in {inputs!r}:\n"
        "    png = draw(text, style_id=style, seed=seed)\n"
        "    sys.stdout.write(hashlib.sha256(png).hexdigest() + '\\n')"
    )
    there = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.split() == [digest_of(*each) for each in inputs]


@pytest.mark.parametrize("style_id", ["", "no_such_style"])
def test_an_unknown_style_is_drawn_in_neutral_colours(style_id: str) -> None:
    assert scanned(opened(draw("hello", style_id=style_id, seed=3))) == ["hello"]


@pytest.mark.parametrize("length", [1, 35, 110, 250, 600, 1500, LONGEST])
def test_the_picture_is_a_square_of_768_whatever_the_length(length: int) -> None:
    picture = opened(draw("x" * length, style_id="attractions_pyramid", seed=2))
    assert (picture.size, picture.mode, picture.format) == ((SIDE, SIDE), "RGB", "PNG")


def test_error_correction_falls_and_never_rises_as_text_grows() -> None:
    order = [level for level, _ in LADDER]
    levels = [
        order.index(encode("x" * n).level)
        for n in (1, 50, 119, 120, 200, 258, 259, 400, 666, 667, 1200, 2000, LONGEST)
    ]
    assert levels == sorted(levels)
    assert set(levels) == {0, 1, 2, 3}


@pytest.mark.parametrize("text", ["a" * 100, "\x01" * 60, "U" * 250, "0" * 17, "\xff" * 900])
def test_the_mask_breaks_up_text_that_repeats_itself(text: str) -> None:
    symbol = encode(text)
    assert 0.42 < symbol.dark.count(255) / symbol.size**2 < 0.58
    starts = range(0, len(symbol.dark), symbol.size)
    rows = [symbol.dark[start : start + symbol.size] for start in starts]
    assert not any(bytes([colour]) * 20 in row for row in rows for colour in (0, 255))


@pytest.mark.parametrize("version", range(1, 41))
def test_every_version_has_whole_modules_and_room_for_its_quiet_zone(version: int) -> None:
    size = 17 + 4 * version
    spot = place(Symbol(version=version, level="L", size=size, dark=b""))
    assert spot.module >= 4
    assert spot.side == (size + 2 * QUIET) * spot.module
    assert min(spot.x, spot.y) >= spot.padding
    assert max(spot.x, spot.y) + spot.side + spot.padding <= SIDE


@pytest.mark.parametrize("style_id", ["buildings_nightview", "decorate_ocean", "shop_flower", ""])
def test_the_quiet_zone_is_much_lighter_than_every_dark_module(style_id: str) -> None:
    symbol = encode("https://mock.test/quiet")
    spot = place(symbol)
    picture = opened(draw("https://mock.test/quiet", style_id=style_id, seed=4)).convert("L")
    light: list[int] = []
    dark: list[int] = []
    for row in range(-QUIET, symbol.size + QUIET):
        for column in range(-QUIET, symbol.size + QUIET):
            centre = (QUIET + column + 0.5, QUIET + row + 0.5)
            at = (spot.x + int(centre[0] * spot.module), spot.y + int(centre[1] * spot.module))
            value = picture.getpixel(at)
            assert isinstance(value, int)
            inside = 0 <= row < symbol.size and 0 <= column < symbol.size
            if inside and symbol.dark[row * symbol.size + column]:
                dark.append(value)
            elif not inside:
                light.append(value)
    assert min(light) - max(dark) >= 90


@pytest.mark.slow
@pytest.mark.parametrize("style_id", list(SCENES))
def test_a_small_blurred_or_squeezed_copy_can_still_be_read(style_id: str) -> None:
    text = "https://mock.test/p/9f3a"
    picture = opened(draw(text, style_id=style_id, seed=6))
    file = BytesIO()
    picture.save(file, "JPEG", quality=35)
    grey = picture.convert("L")  # as the reader does with it, at a third of the work
    copies = (
        grey.resize((256, 256), Image.Resampling.LANCZOS),
        grey.filter(ImageFilter.GaussianBlur(3)),
        grey.rotate(8),
        Image.open(file),
    )
    assert [scanned(copy) for copy in copies] == [[text]] * 4
