"""The panel with the code: a translucent sheet in a rounded frame, with tinted modules.

Rules: a module is a whole number of pixels; four light modules surround the code. The scene behind
the panel stays light enough behind light modules, and dark enough behind dark ones, for a reader.
"""

from dataclasses import dataclass

from PIL import Image, ImageFilter

from mock_server.render.paint import ramp, rgb, rounded_mask
from mock_server.render.qr import Symbol

QUIET = 4
PADDING = 13
SIDE = 768
FOOT = 46
_USUAL, _LARGEST = 470, 740
_LIGHT_SHARE, _QUIET_SHARE, _INK_SHARE = 0.62, 0.76, 0.80
# The scene behind light modules is brightened first, its dark parts most of all.
_LIFT = [round(255 * (v / 255) ** 0.5) for v in range(256)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tones:
    """The panel's colours: ink of the dark modules from top to bottom, sheet, and frame."""

    ink: tuple[str, str]
    paper: str
    frame: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelPlace:
    """The place of the code: pixels per module, side and upper left corner of its light square."""

    module: int
    side: int
    x: int
    y: int

    @property
    def padding(self) -> int:
        """The width of the frame around the light square, in pixels."""
        return min(PADDING, self.y, self.x)


def place(symbol: Symbol) -> PanelPlace:
    """Return the place of a symbol on a picture of 768 by 768 pixels."""
    total = symbol.size + 2 * QUIET
    module = max(_USUAL // total, min(6, _LARGEST // total))
    side = module * total
    x = (SIDE - side) // 2
    return PanelPlace(module=module, side=side, x=x, y=max(x, SIDE - FOOT - PADDING - side))


def lay(picture: Image.Image, symbol: Symbol, spot: PanelPlace, tones: Tones) -> None:
    """Draw the framed code onto the picture."""
    corner = (spot.x, spot.y, spot.x + spot.side, spot.y + spot.side)
    below = picture.crop(corner)
    _frame(picture, spot, tones)
    soft = below.reduce(4).filter(ImageFilter.GaussianBlur(1.5))
    soft = soft.resize(below.size, Image.Resampling.BICUBIC)
    glow = soft.point(_LIFT * 3)
    paper = Image.new("RGB", below.size, rgb(tones.paper))
    sheet = Image.blend(glow, paper, _QUIET_SHARE)
    inner = QUIET * spot.module
    core = (inner, inner, spot.side - inner, spot.side - inner)
    sheet.paste(Image.blend(glow.crop(core), paper.crop(core), _LIGHT_SHARE), core)
    ink = Image.blend(soft, ramp(tones.ink, below.size), _INK_SHARE)
    sheet.paste(ink, (0, 0), _modules(symbol, spot))
    mask = rounded_mask(below.size, max(2, spot.module))
    picture.paste(sheet, (spot.x, spot.y), mask)


def _frame(picture: Image.Image, spot: PanelPlace, tones: Tones) -> None:
    pad = spot.padding
    size = (spot.side + 2 * pad, spot.side + 2 * pad)
    corner = (spot.x - pad, spot.y - pad)
    reach = 24
    wide = (size[0] + 2 * reach, size[1] + 2 * reach)
    shadow = Image.new("L", (wide[0] // 4, wide[1] // 4))
    shadow.paste(110, (reach // 4, reach // 4, (wide[0] - reach) // 4, (wide[1] - reach) // 4))
    shadow = shadow.filter(ImageFilter.GaussianBlur(3)).resize(wide, Image.Resampling.BILINEAR)
    dark = Image.new("RGB", wide, rgb(tones.ink[1]))
    picture.paste(dark, (corner[0] - reach, corner[1] - reach + 8), shadow)
    picture.paste(Image.new("RGB", size, rgb(tones.frame)), corner, rounded_mask(size, pad + 8))


def _modules(symbol: Symbol, spot: PanelPlace) -> Image.Image:
    """Return the mask of the dark modules, their corners rounded where there is room for it."""
    code = Image.frombytes("L", (symbol.size, symbol.size), symbol.dark)
    width = symbol.size * spot.module
    if spot.module >= 7:
        wide = code.resize((2 * width, 2 * width), Image.Resampling.NEAREST)
        wide = wide.filter(ImageFilter.BoxBlur(spot.module * 0.42))
        code = wide.point([min(255, max(0, (v - 96) * 4)) for v in range(256)]).reduce(2)
    else:
        code = code.resize((width, width), Image.Resampling.NEAREST)
    mask = Image.new("L", (spot.side, spot.side))
    mask.paste(code, (QUIET * spot.module, QUIET * spot.module))
    return mask
