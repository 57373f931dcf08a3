"""Styles: every listed style is drawn, readable, and different from the others."""

import os

os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")  # it warns about texts that are not ASCII

import tomllib
from functools import cache
from io import BytesIO
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp
from PIL import Image

from mock_server.render import SCENES, SIDE, draw

STYLES = tomllib.loads(
    (Path(__file__).parents[2] / "contracts" / "styles.toml").read_text(encoding="utf-8")
)["style"]
EXAMPLE = "https://www.showapi.com/apiGateway/view/3040/2?tab=2"


@cache
def drawn(text: str, style_id: str, seed: int) -> bytes:
    """Return the drawn picture's bytes; drawing takes most of these tests' time."""
    return draw(text, style_id=style_id, seed=seed)


def picture_of(text: str, style_id: str, seed: int = 7) -> Image.Image:
    """Return the drawn picture."""
    return Image.open(BytesIO(drawn(text, style_id, seed)))


@pytest.mark.slow
@pytest.mark.parametrize("style_id", [*SCENES, ""])
@pytest.mark.parametrize("text", [EXAMPLE, "你好，世界：二维码 🐱"])
def test_two_independent_readers_agree_on_every_style(text: str, style_id: str) -> None:
    picture = picture_of(text, style_id)
    pixels = cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2BGR)
    found = zxingcpp.read_barcodes(
        picture,
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode),
        text_mode=zxingcpp.TextMode.Plain,
    )
    assert [code.text for code in found] == [text]
    assert cv2.QRCodeDetector().detectAndDecode(pixels)[0] == text


def test_scenes_are_exactly_the_styles_of_the_contract_in_its_order() -> None:
    assert list(SCENES) == [style["id"] for style in STYLES]


def test_the_contract_names_every_row_of_the_vendors_table() -> None:
    assert len(STYLES) == 26
    assert sum(len(style["names"]) for style in STYLES) == 27
    assert {style["id"]: style["names"] for style in STYLES if len(style["names"]) > 1} == {
        "fantasy_mecha": ["科幻机甲", "动漫机甲"]
    }
    assert all(style["english"].isascii() for style in STYLES)


@pytest.mark.slow
def test_every_two_styles_look_clearly_different() -> None:
    small = {
        style_id: np.asarray(picture_of(EXAMPLE, style_id).resize((24, 24), Image.Resampling.BOX))
        for style_id in SCENES
    }
    far = {
        (one, other): float(np.abs(small[one].astype(int) - small[other]).mean())
        for one, other in combinations(SCENES, 2)
    }
    closest = min(far, key=lambda pair: far[pair])
    assert far[closest] > 12, f"{closest} differ by {far[closest]:.1f}"


@pytest.mark.slow
@pytest.mark.parametrize("style_id", [*SCENES, ""])
def test_a_seed_moves_the_scene_but_keeps_its_look(style_id: str) -> None:
    one, other = (
        np.asarray(picture_of(EXAMPLE, style_id, seed).convert("L").reduce(32)).astype(int)
        for seed in (7, 8)
    )
    assert not np.array_equal(one, other)
    assert np.abs(one - other).mean() < 24


@pytest.mark.slow
def test_no_style_makes_a_heavy_picture() -> None:
    sizes = {style_id: len(drawn(EXAMPLE, style_id, 7)) for style_id in SCENES}
    assert max(sizes.values()) < 280_000, sizes
    assert SIDE >= 512
