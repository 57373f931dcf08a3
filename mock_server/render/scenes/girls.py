"""Girls who hold the panel: sci-fi, forest, absurd."""

import math
from dataclasses import dataclass
from random import Random

from mock_server.render.motifs import cloud, flower, leaf, scattered, star
from mock_server.render.paint import Canvas, Point, path, turned


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """The colours of a drawn face."""

    skin: str
    blush: str
    iris: tuple[str, str]
    line: str


_NEON = Looks(skin="#ffe0d0", blush="#ff7fa880", iris=("#35c8ff", "#8ff0ff"), line="#3a1a7a")
_FOREST = Looks(skin="#ffe3cf", blush="#ff8f7a80", iris=("#2f9a5c", "#8fe07f"), line="#5c2f1c")
_CANDY = Looks(skin="#ffe6d8", blush="#ff6f9090", iris=("#7a4fe0", "#ff9fe0"), line="#8a2f60")
_SHOULDERS = "-220,640 -200,230 -52,110 52,110 200,230 220,640"
_TAIL = (
    "80,-84 150,-130 262,-110 346,20 364,210 318,420 352,560 270,500 250,330 262,180 200,40 110,-10"
)


def face(c: Canvas, at: Point, looks: Looks) -> None:
    """Draw an anime face about 170 units wide, centred between its eyes."""
    x, y = at
    c.box((x - 24, y + 60, x + 24, y + 150), looks.skin, 14)
    c.shape(path("-86,-60 -88,10 -62,62 0,98 62,62 88,10 86,-60 0,-110", (x, y)), looks.skin)
    for side in (-1, 1):
        ex = x + side * 41
        c.oval((ex, y + 10), (23, 28), "#ffffff")
        c.oval((ex, y + 11), (19, 27), looks.iris[0])
        c.oval((ex, y + 20), (14, 16), looks.iris[1])
        c.oval((ex, y + 9), (8, 13), "#1c1626")
        c.disc((ex - 7, y - 2), 7, "#ffffff")
        c.disc((ex + 7, y + 22), 4, "#ffffffd0")
        c.curve(
            [
                (ex - side * 22, y - 6),
                (ex - side * 10, y - 17),
                (ex + side * 8, y - 19),
                (ex + side * 20, y - 10),
                (ex + side * 29, y + 2),
            ],
            looks.line,
            6,
        )
        c.bow((ex + side * 3, y - 16), 27, (225, 315), looks.line, 4)
        c.oval((x + side * 60, y + 48), (17, 9), looks.blush)
    c.bow((x, y + 58), 13, (25, 155), looks.line, 4)
    c.line([(x - 2, y + 40), (x + 2, y + 42)], looks.blush, 4)


def fringe(c: Canvas, at: Point, fill: str, light: str) -> None:
    """Draw the hair over the forehead of a face, with a band of light."""
    x, y = at
    c.shape(
        path(
            "-98,40 -112,-40 -82,-112 0,-142 82,-112 112,-40 98,40 80,-20 62,-40 "
            "48,-12 20,-44 2,-8 -26,-44 -50,-10 -64,-40 -82,-18",
            (x, y),
        ),
        fill,
    )
    c.shape(path("-82,-70 -40,-104 30,-108 84,-74 36,-92 -34,-88", (x, y)), light)


def hands(c: Canvas, dice: Random) -> None:
    """Fingers of two hands over the frame."""
    apart = dice.uniform(160, 178)
    for side in (-1, 1):
        for i in range(4):
            x = 384 + side * apart + (i - 1.5) * 17
            c.box((x - 8, c.edge - 20, x + 8, c.edge + 12 - abs(i - 1.5) * 3), "#ffdcc4", 8)


def sci_fi_girl(c: Canvas, dice: Random) -> None:
    """A girl with a glowing visor and headphones in a neon city."""
    neon_city(c, dice)
    x, y = 384 + dice.uniform(-10, 10), c.edge - 92
    c.shape(path("0,-140 -110,-100 -138,30 -116,130 116,130 138,30 110,-100", (x, y)), "#5b2fd0")
    c.shape(path(_SHOULDERS, (x, y), (1.14, 1.1)), "#20104f")
    face(c, (x, y), _NEON)
    fringe(c, (x, y), "#7a4cf0", "#b59bff")
    c.box((x - 92, y - 16, x + 92, y + 30), "#35f0ff88", 16)
    c.line([(x - 86, y - 8), (x + 40, y - 8)], "#ffffffc0", 4)
    c.bow((x, y - 30), 130, (190, 350), "#f4f6ff", 12)
    for side in (-1, 1):
        c.box((x + side * 118 - 20, y - 34, x + side * 118 + 20, y + 46), "#f4f6ff", 16)
        c.box((x + side * 122 - 10, y - 18, x + side * 122 + 10, y + 30), "#ff4fb0", 9)


def neon_city(c: Canvas, dice: Random) -> None:
    """Draw towers with neon windows before a huge sun, and a glowing grid on the ground."""
    c.sky("#12063a", "#3a0f6b", "#8a1f8f", "#ff5fa2", bottom=560)
    c.disc((384, c.edge - 70), 190, "#ff8fb8")
    c.disc((384, c.edge - 70), 160, "#ffb36b")
    for left in (0, 46, 92, 138, 184, 560, 606, 652, 698, 744):
        top = dice.uniform(120, 330)
        c.box((left, top, left + 40, 768), "#1a0b45")
        for _ in range(16):
            wx, wy = left + dice.choice((6, 17, 28)), dice.uniform(top + 10, 740)
            c.box((wx, wy, wx + 7, wy + 9), dice.choice(("#35f0ff", "#ff6fd8", "#ffe36b")))
    c.sky("#2a0a5c", "#12063a", top=600)
    for i in range(-14, 15):
        c.line([(384 + i * 30, 600), (384 + i * 110, 790)], "#35f0ff90", 2)
    for y in (612, 636, 670, 716, 752):
        c.line([(0, y), (768, y)], "#35f0ff90", 2)


def forest_girl(c: Canvas, dice: Random) -> None:
    """A girl with long auburn hair and a wreath of flowers in a sunlit wood."""
    sunny_wood(c, dice)
    x, y = 384 + dice.uniform(-10, 10), c.edge - 92
    right = "0,-140 116,-96 150,40 236,150 300,330 262,560 190,620"
    c.shape([*path(right, (x, y)), *path(right, (x, y), (-1, 1))[:0:-1]], "#a8562f")
    for side in (-1, 1):
        for i in range(4):
            strand = path("120,20 214,170 268,340 240,540", (x, y), (side * (1 + 0.03 * i), 1))
            c.curve([(px - side * 14 * i, py + 12 * i) for px, py in strand], "#c9753f", 6)
    c.shape(path(_SHOULDERS, (x, y)), "#fff6e0")
    face(c, (x, y), _FOREST)
    fringe(c, (x, y), "#b8623a", "#e0945c")
    for i in range(9):
        a = math.radians(200 + 17.5 * i)
        at = (x + 112 * math.cos(a), y - 34 + 96 * math.sin(a))
        leaf(c, at, 26, 130 + math.degrees(a), "#4f9a4a")
        flower(c, at, 19 if i % 2 else 15, 6, (("#ffffff", "#ff9fb2", "#ffd97a")[i % 3], "#f2a93a"))
    grass(c, dice)


def sunny_wood(c: Canvas, dice: Random) -> None:
    """Draw trunks with ivy, light falling between them."""
    c.sky("#e9f7b8", "#a9d98a", "#5fae6f", "#2f7a57")
    for _ in range(6):
        top = dice.uniform(0, 768)
        c.poly([(top, 0), (top + 46, 0), (top - 120, 768), (top - 240, 768)], "#fffbd030")
    for x in (18, 92, 676, 748):
        w = dice.uniform(18, 28)
        c.poly([(x - w * 0.7, 0), (x + w * 0.7, 0), (x + w, 768), (x - w, 768)], "#6b4a36")
    greens = ("#3f8f4f", "#63b05a", "#2f7a4a", "#8fcb6b")
    for i in range(110):
        at = (dice.uniform(-10, 150) + 628 * (i % 2), dice.uniform(-10, 700))
        turn = dice.uniform(0, 360)
        leaf(c, at, dice.uniform(30, 54), turn, dice.choice(greens), "#ffffff38")


def grass(c: Canvas, dice: Random) -> None:
    """Draw grass and small flowers along the bottom."""
    for _ in range(120):
        leaf(
            c,
            (dice.uniform(0, 768), 775),
            dice.uniform(26, 70),
            dice.uniform(-26, 26),
            dice.choice(("#2f7a4a", "#4f9a4a", "#8fcb6b")),
        )
    for _ in range(14):
        flower(
            c,
            (dice.uniform(0, 768), dice.uniform(722, 760)),
            dice.uniform(9, 15),
            6,
            (dice.choice(("#ffffff", "#ffd97a", "#ff9fb2")), "#f2a93a"),
        )


def absurd_girl(c: Canvas, dice: Random) -> None:
    """A girl with huge pink twin tails among stars, clouds and petals."""
    candy_sky(c, dice)
    x, y = 384 + dice.uniform(-10, 10), c.edge - 90
    for side in (-1, 1):
        c.shape(path(_TAIL, (x, y), (side, 1)), "#ff7fb5")
        for i in range(3):
            strand = path("160,-96 270,-10 306,190 276,400", (x, y), (side, 1))
            c.curve([(px + side * 15 * i, py + 10 * i) for px, py in strand], "#ffb3d6", 7)
    c.shape(path("0,-140 -112,-96 -124,40 -90,110 90,110 124,40 112,-96", (x, y)), "#f26aa6")
    c.shape(path(_SHOULDERS, (x, y)), "#3f5fb0")
    face(c, (x, y), _CANDY)
    fringe(c, (x, y), "#ff86ba", "#ffc4df")
    for side in (-1, 1):
        knot = (x + side * 96, y - 92)
        for turn in (-50, 20):
            c.oval(turned(knot, (side * 26, 0), side * turn), (30, 17), "#ffe14f", side * turn)
        c.disc(knot, 12, "#ffb52f")


def candy_sky(c: Canvas, dice: Random) -> None:
    """Draw rays, stars, petals and clouds."""
    c.sky("#6fc3ff", "#a9dcff", "#ffe0f4", "#ffc2e4")
    for i in range(24):
        c.slice((384, c.edge - 60), 800, (15 * i, 15 * i + 7.5), "#ffffff40")
    for at in scattered(c, dice, 5, 6):
        fill = dice.choice(("#fff3a0", "#ffffff", "#ffe14f"))
        star(c, at, dice.uniform(9, 18), dice.choice((4, 5)), fill)
    for at in scattered(c, dice, 6, 7):
        leaf(c, at, dice.uniform(14, 22), dice.uniform(0, 360), "#ff9fc8")
    for x, y in ((90, 700), (250, 752), (520, 756), (690, 712)):
        cloud(c, (x + dice.uniform(-20, 20), y), dice.uniform(40, 54), "#ffffff")
