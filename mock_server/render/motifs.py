"""Things that appear in several scenes: clouds, trees, leaves, flowers, houses, fruit."""

import math
from random import Random

from mock_server.render.paint import Canvas, Point, path, turned


def cloud(c: Canvas, at: Point, size: float, fill: str) -> None:
    """Draw a cloud about three sizes wide, its flat foot at y."""
    x, y = at
    for dx, dy, r in (
        (-1.0, -0.35, 0.45),
        (-0.35, -0.7, 0.65),
        (0.45, -0.55, 0.58),
        (1.1, -0.3, 0.4),
    ):
        c.disc((x + dx * size, y + dy * size), r * size, fill)
    c.box((x - 1.2 * size, y - 0.5 * size, x + 1.3 * size, y + 0.1 * size), fill, 0.3 * size)


def fir(c: Canvas, at: Point, height: float, fill: str, snow: str = "") -> None:
    """Draw a fir standing at y, with snow on its branches if a colour is given."""
    x, y = at
    c.box((x - height * 0.035, y - height * 0.15, x + height * 0.035, y), "#4a3426")
    for i in range(4):
        top = y - height + i * height * 0.19
        foot = top + height * 0.33
        half = height * (0.13 + 0.065 * i)
        c.poly(
            [
                (x, top),
                (x + half, foot),
                (x + half * 0.4, foot - height * 0.03),
                (x, foot),
                (x - half * 0.4, foot - height * 0.03),
                (x - half, foot),
            ],
            fill,
        )
        if snow:
            mid = top + (foot - top) * 0.62
            c.poly(
                [
                    (x, top),
                    (x + half * 0.62, mid),
                    (x + half * 0.2, mid - height * 0.03),
                    (x - half * 0.1, mid + height * 0.03),
                    (x - half * 0.62, mid),
                ],
                snow,
            )


def tree(c: Canvas, at: Point, height: float, fill: str, light: str) -> None:
    """Draw a round leafy tree standing at y."""
    x, y = at
    c.poly(path("-0.05,0 -0.03,-0.5 0.03,-0.5 0.05,0", (x, y), height), "#6b4630")
    for dx, dy, r in ((0, -0.72, 0.27), (-0.18, -0.56, 0.22), (0.18, -0.55, 0.23)):
        c.disc((x + dx * height, y + dy * height), r * height, fill)
    for dx, dy, r in ((-0.06, -0.8, 0.14), (-0.2, -0.6, 0.1), (0.12, -0.6, 0.1)):
        c.disc((x + dx * height, y + dy * height), r * height, light)


def leaf(c: Canvas, at: Point, length: float, turn: float, fill: str, vein: str = "") -> None:
    """Draw a pointed leaf that starts at the point and reaches `length` upwards, then turned."""
    half = length * 0.24
    side = [
        (0.0, 0.0),
        (half * 0.8, -0.25 * length),
        (half, -0.5 * length),
        (half * 0.6, -0.78 * length),
        (0.0, -length),
    ]
    outline = side + [(-x, y) for x, y in side[-2:0:-1]]
    c.poly([turned(at, p, turn) for p in outline], fill)
    if vein:
        c.line([at, turned(at, (0, -0.85 * length), turn)], vein, max(1, length * 0.03))


def flower(c: Canvas, at: Point, r: float, petals: int, fills: tuple[str, str]) -> None:
    """Draw an open flower of that radius: colours of petals and heart."""
    for i in range(petals):
        turn = 360 / petals * i + 18
        c.oval(turned(at, (0, -0.6 * r), turn), (0.36 * r, 0.48 * r), fills[0], turn)
    c.disc(at, 0.3 * r, fills[1])


def tulip(c: Canvas, at: Point, r: float, fill: str, light: str) -> None:
    """Draw a tulip's head of that radius, seen from the side."""
    x, y = at
    c.shape(path("0,1 -0.8,0.3 -0.8,-1 -0.4,-0.5 0,-1.1 0.4,-0.5 0.8,-1 0.8,0.3", (x, y), r), fill)
    c.oval((x, y - 0.1 * r), (0.3 * r, 0.7 * r), light)


def rose(c: Canvas, at: Point, r: float, fill: str, dark: str) -> None:
    """Draw a full rose of that radius."""
    for i in range(6):
        c.disc(turned(at, (0, -0.45 * r), 60 * i), 0.55 * r, fill)
    for size, start in ((0.72, 20), (0.5, 150), (0.3, 280)):
        c.bow(at, size * r, (start, start + 200), dark, max(1, 0.09 * r))
        c.bow(at, size * r, (start + 225, start + 320), dark, max(1, 0.09 * r))


def awning(
    c: Canvas, span: tuple[float, float], drop: tuple[float, float], fills: tuple[str, str]
) -> None:
    """Draw a striped shop awning from x to x, y to y, with a scalloped hem below."""
    (x0, x1), (y0, y1) = span, drop
    count = 12
    step = (x1 - x0) / count
    lean = 14.0
    for i in range(count):
        left, right = x0 + i * step, x0 + (i + 1) * step
        middle = (x0 + x1) / 2
        shrink = 1 - 2 * lean / (x1 - x0)
        fill = fills[i % 2]
        c.poly(
            [
                (middle + (left - middle) * shrink, y0),
                (middle + (right - middle) * shrink, y0),
                (right, y1),
                (left, y1),
            ],
            fill,
        )
        c.slice(((left + right) / 2, y1 - 1), step / 2, (0, 180), fill)
    c.box((x0, y1 - 3, x1, y1), "#00000022")


def house(
    c: Canvas, box: tuple[float, float, float, float], wall: str, roof: str, glass: str
) -> None:
    """Draw a gabled house front filling the box, windows in rows."""
    x0, y0, x1, y1 = box
    width, gable = x1 - x0, (x1 - x0) * 0.45
    c.box((x0, y0 + gable, x1, y1), wall)
    c.poly([(x0, y0 + gable), ((x0 + x1) / 2, y0), (x1, y0 + gable)], wall)
    c.line([(x0 - 6, y0 + gable + 5), ((x0 + x1) / 2, y0 - 2), (x1 + 6, y0 + gable + 5)], roof, 10)
    rows = max(1, int((y1 - y0 - gable) / 62))
    for row in range(rows):
        for column in (0.27, 0.73):
            x, y = x0 + width * column, y0 + gable + 16 + row * 62
            c.box((x - 14, y - 3, x + 14, y + 36), "#ffffffcc", 3)
            c.box((x - 11, y, x + 11, y + 33), glass, 2)
            c.line([(x, y), (x, y + 33)], "#ffffffcc", 2)


def peach(c: Canvas, at: Point, r: float, turn: float) -> None:
    """Draw a ripe peach of that radius with a leaf at its stalk."""
    outline = path(
        "0,1 0.7,0.78 1.02,0.1 0.72,-0.66 0.2,-0.86 0,-0.7 -0.2,-0.86 -0.72,-0.66 "
        "-1.02,0.1 -0.7,0.78"
    )
    leaf(c, turned(at, (0, -0.75 * r), turn), 0.95 * r, turn + 62, "#5f9e4a", "#8cc46b")
    leaf(c, turned(at, (0, -0.75 * r), turn), 0.75 * r, turn - 50, "#74b356", "#a5d37f")
    c.shape([turned(at, (x * r, y * r), turn) for x, y in outline], "#f58a78")
    c.oval(turned(at, (0.18 * r, 0.1 * r), turn), (0.72 * r, 0.74 * r), "#fba68a", turn)
    c.oval(turned(at, (0.3 * r, 0.2 * r), turn), (0.48 * r, 0.52 * r), "#ffc9a0", turn)
    c.line(
        [
            turned(at, (x * r, y * r), turn)
            for x, y in ((0, -0.7), (-0.16, -0.3), (-0.2, 0.1), (-0.1, 0.5))
        ],
        "#d9604f",
        0.05 * r,
    )


def bubbles(c: Canvas, dice: Random, count: int, fill: str) -> None:
    """Scatter small discs over the whole picture."""
    for _ in range(count):
        c.disc((dice.uniform(0, c.width), dice.uniform(0, c.height)), dice.uniform(1.5, 5), fill)


def scattered(c: Canvas, dice: Random, columns: int, rows: int) -> list[Point]:
    """Return points spread evenly, but not regularly, over the whole picture."""
    wide, high = c.width / columns, c.height / rows
    return [
        ((i + 0.5 * (j % 2) + dice.uniform(0.2, 0.6)) * wide, (j + dice.uniform(0.3, 0.7)) * high)
        for j in range(rows)
        for i in range(columns)
    ]


def star(c: Canvas, at: Point, r: float, points: int, fill: str) -> None:
    """Draw a star with that outer radius."""
    c.poly(
        [
            turned(at, (0, -r if i % 2 == 0 else -0.42 * r), 180 / points * i)
            for i in range(2 * points)
        ],
        fill,
    )


def wave_points(y: float, height: float, length: float, width: int) -> list[Point]:
    """Return points of a sine wave from the left to the right edge."""
    return [
        (float(x), y + height * math.sin(math.tau * x / length)) for x in range(-8, width + 17, 8)
    ]
