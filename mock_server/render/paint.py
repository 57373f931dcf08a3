"""Drawing primitives: a canvas in picture units, drawn at twice its size so that edges are smooth.

One unit is one pixel of the finished picture; x grows to the right, y downwards. Colours are
`#rrggbb`, or `#rrggbbaa` where a shape lets the picture below shine through.
"""

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from random import Random

from PIL import Image, ImageColor, ImageDraw

SCALE = 2
_FINE, _COARSE = (
    tuple((math.cos(math.tau * i / n), math.sin(math.tau * i / n)) for i in range(n))
    for n in (24, 10)
)

Point = tuple[float, float]
Box = tuple[float, float, float, float]


class Canvas:
    """A picture being drawn. `edge` is the y at which the panel's frame begins."""

    def __init__(self, width: int, height: int, *, edge: float, clear: bool = False) -> None:
        self.width = width
        self.height = height
        self.edge = edge
        size = (width * SCALE, height * SCALE)
        self.image = Image.new("RGBA", size) if clear else Image.new("RGB", size)
        self._pen = ImageDraw.Draw(self.image, "RGBA")

    def finished(self) -> Image.Image:
        """Return the picture at its own size."""
        return self.image.reduce(SCALE)

    def sky(self, *stops: str, top: float = 0, bottom: float | None = None) -> None:
        """Fill the full width between two heights with a vertical gradient, stops evenly spaced."""
        last = self.height if bottom is None else bottom
        y0, y1 = round(top * SCALE), round(last * SCALE)
        band = ramp(stops, (self.image.width, y1 - y0))
        self.image.paste(band, (0, y0))

    def glow(self, at: Point, r: float, colour: str, strength: float = 1.0) -> None:
        """Add a soft light that fades to nothing at distance r."""
        side = round(2 * r * SCALE)
        mask = Image.radial_gradient("L").point(
            [int(max(0, 180 - v) / 180 * 255 * strength) for v in range(256)]
        )
        mask = mask.resize((side, side), Image.Resampling.BILINEAR)
        corner = (round((at[0] - r) * SCALE), round((at[1] - r) * SCALE))
        self.image.paste(rgb(colour), (*corner, corner[0] + side, corner[1] + side), mask)

    def disc(self, at: Point, r: float, fill: str) -> None:
        """Draw a filled circle."""
        self.oval(at, (r, r), fill)

    def oval(self, at: Point, radii: Point, fill: str, turn: float = 0) -> None:
        """Draw a filled ellipse, turned clockwise by `turn` degrees."""
        (x, y), (rx, ry) = at, radii
        if turn:
            circle = _COARSE if max(rx, ry) < 14 else _FINE
            cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
            self.poly(
                [
                    (x + rx * u * cos - ry * v * sin, y + rx * u * sin + ry * v * cos)
                    for u, v in circle
                ],
                fill,
            )
        else:
            self._pen.ellipse(scaled_box((x - rx, y - ry, x + rx, y + ry)), fill=fill)

    def ring(self, at: Point, r: float, fill: str, width: float) -> None:
        """Draw a circle's outline; r is its outer radius."""
        x, y = at
        self._pen.ellipse(
            scaled_box((x - r, y - r, x + r, y + r)),
            outline=fill,
            width=max(1, round(width * SCALE)),
        )

    def slice(self, at: Point, r: float, span: Point, fill: str) -> None:
        """Draw a filled piece of a disc between two angles (degrees, clockwise from 3 o'clock)."""
        x, y = at
        self._pen.pieslice(scaled_box((x - r, y - r, x + r, y + r)), span[0], span[1], fill=fill)

    def bow(self, at: Point, r: float, span: Point, fill: str, width: float) -> None:
        """Draw a piece of a circle's outline between two angles (degrees)."""
        x, y = at
        self._pen.arc(
            scaled_box((x - r, y - r, x + r, y + r)),
            span[0],
            span[1],
            fill=fill,
            width=max(1, round(width * SCALE)),
        )

    def box(self, corners: Box, fill: str, radius: float = 0) -> None:
        """Draw a filled rectangle, with round corners if a radius is given."""
        if radius:
            self._pen.rounded_rectangle(scaled_box(corners), radius * SCALE, fill=fill)
        else:
            self._pen.rectangle(scaled_box(corners), fill=fill)

    def poly(self, points: Iterable[Point], fill: str) -> None:
        """Draw a filled polygon."""
        self._pen.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=fill)

    def shape(self, points: Sequence[Point], fill: str) -> None:
        """Draw a filled closed curve that runs smoothly through the points."""
        self.poly(smooth(points), fill)

    def line(self, points: Iterable[Point], fill: str, width: float) -> None:
        """Draw a line through the points."""
        self._pen.line(
            [(x * SCALE, y * SCALE) for x, y in points],
            fill=fill,
            width=max(1, round(width * SCALE)),
            joint="curve",
        )

    def curve(self, points: Sequence[Point], fill: str, width: float) -> None:
        """Draw a line that runs smoothly through the points."""
        self.line(smooth(points, closed=False), fill, width)

    def hills(self, y: float, height: float, fill: str, dice: Random) -> list[Point]:
        """Draw rolling land down to the bottom, its crest around y; return the crest."""
        phases = [dice.uniform(0, math.tau) for _ in range(3)]
        crest = [
            (
                float(x),
                y
                + height
                * (
                    0.6 * math.sin(x / 150 + phases[0])
                    + 0.3 * math.sin(x / 67 + phases[1])
                    + 0.1 * math.sin(x / 29 + phases[2])
                ),
            )
            for x in range(0, self.width + 13, 12)
        ]
        self.poly([*crest, (self.width, self.height), (0, self.height)], fill)
        return crest

    def shade(self, points: Iterable[Point], top: str, bottom: str) -> None:
        """Fill a polygon with a vertical gradient."""
        spots = [(x * SCALE, y * SCALE) for x, y in points]
        x0, y0 = (max(0, int(min(p[i] for p in spots))) for i in (0, 1))
        x1 = min(self.image.width, int(max(p[0] for p in spots)) + 1)
        y1 = min(self.image.height, int(max(p[1] for p in spots)) + 1)
        if x1 <= x0 or y1 <= y0:
            return
        mask = Image.new("L", (x1 - x0, y1 - y0))
        ImageDraw.Draw(mask).polygon([(x - x0, y - y0) for x, y in spots], fill=255)
        self.image.paste(ramp((top, bottom), mask.size), (x0, y0), mask)


def rgb(colour: str) -> tuple[int, int, int]:
    """Return the three channels of a colour, without its transparency."""
    channels = ImageColor.getrgb(colour)
    return channels[0], channels[1], channels[2]


def ramp(stops: Sequence[str], size: tuple[int, int]) -> Image.Image:
    """Return a picture of that size with a vertical gradient through the colours."""
    column = Image.new("RGB", (1, len(stops)))
    column.putdata([rgb(stop) for stop in stops])
    # Bilinear resizing holds half a stop flat at either end; cutting that off keeps the ramp even.
    inset = (0, 0.5, 1, len(stops) - 0.5) if len(stops) > 1 else None
    strip = column.resize((1, size[1]), Image.Resampling.BILINEAR, box=inset)
    return strip.resize(size, Image.Resampling.NEAREST)


def scaled_box(box: Box) -> Box:
    """Turn a box in units into pixels of the enlarged canvas."""
    x0, y0, x1, y1 = (v * SCALE for v in box)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def turned(at: Point, offset: Point, degrees: float) -> Point:
    """Return the point at `offset` from `at`, turned clockwise around it."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return at[0] + offset[0] * cos - offset[1] * sin, at[1] + offset[0] * sin + offset[1] * cos


def path(spots: str, at: Point = (0, 0), scale: float | Point = 1) -> list[Point]:
    """Return the points written as "x,y x,y", relative to `at`, multiplied by the scale."""
    across, down = scale if isinstance(scale, tuple) else (scale, scale)
    return [(at[0] + x * across, at[1] + y * down) for x, y in _parsed(spots)]


@lru_cache(maxsize=512)
def _parsed(spots: str) -> tuple[Point, ...]:
    pairs = (spot.split(",") for spot in spots.split())
    return tuple((float(x), float(y)) for x, y in pairs)


def mirrored(points: Iterable[Point], x: float) -> list[Point]:
    """Return the points mirrored at the vertical line through x."""
    return [(2 * x - px, py) for px, py in points]


def smooth(points: Sequence[Point], *, closed: bool = True) -> list[Point]:
    """Return a Catmull-Rom curve through the points, closed or from the first to the last."""
    spots = [points[-1], *points, *points[:2]] if closed else [points[0], *points, points[-1]]
    curve: list[Point] = []
    for p0, p1, p2, p3 in zip(spots, spots[1:], spots[2:], spots[3:], strict=False):
        for step in range(7):
            t = step / 7
            curve.append(
                (_between(t, p0[0], p1[0], p2[0], p3[0]), _between(t, p0[1], p1[1], p2[1], p3[1]))
            )
    return curve if closed else [*curve, points[-1]]


def _between(t: float, a: float, b: float, c: float, d: float) -> float:
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))


def rounded_mask(size: tuple[int, int], radius: int) -> Image.Image:
    """Return an L picture, white inside a rounded rectangle of that size, with smooth corners."""
    mask = Image.new("L", (size[0] * SCALE, size[1] * SCALE))
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, mask.width - 1, mask.height - 1), radius * SCALE, fill=255
    )
    return mask.reduce(SCALE)
