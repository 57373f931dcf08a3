"""Things set out to be looked at closely: the toy shop and the bowl of fried rice."""

import math
from random import Random

from mock_server.render.motifs import star
from mock_server.render.paint import Canvas, Point, path, smooth, turned

_RIM = 238  # y of the rice bowl's edge


def toys(c: Canvas, dice: Random) -> None:
    """Shelves of toys, a teddy bear on top of the panel."""
    c.sky("#fff0cf", "#ffe0b0", "#ffd39b")
    for x in range(-20, 790, 64):
        c.box((x, 0, x + 30, 768), "#ffe9c4")
    for y in (340, 490, 640, 760):
        c.box((0, y, 768, y + 14), "#b4713d", 4)
        c.box((0, y + 11, 768, y + 16), "#00000026")
    shift = dice.randrange(4)
    kinds = (ball, rocket, blocks, duck)
    for i, (x, y) in enumerate(
        ((66, 340), (702, 340), (66, 490), (702, 490), (66, 640), (702, 640))
    ):
        kinds[(i + i // 2 + shift) % 4](c, (x, y), 50)
    for x, fill in ((90, "#ef5b5b"), (178, "#4fa3e3"), (590, "#ffca3a"), (676, "#6bbf59")):
        balloon(c, (x + dice.uniform(-12, 12), dice.uniform(70, 110)), 42, fill)
    bear(c, (384 + dice.uniform(-12, 12), c.edge - 92))
    for x in range(170, 620, 74):
        c.box(
            (x, 716, x + 46, 762),
            dice.choice(("#ef5b5b", "#4fa3e3", "#ffca3a", "#6bbf59", "#b07be0")),
            7,
        )
        star(c, (x + 23, 740), 15, 5, "#ffffffc0")


def bear(c: Canvas, at: Point) -> None:
    """Draw a teddy bear's head."""
    x, y = at
    c.oval((x, y + 340), (230, 280), "#a86b3c")
    c.oval((x, y + 360), (150, 210), "#f2cfa0")
    for side in (-1, 1):
        c.disc((x + side * 88, y - 66), 42, "#a86b3c")
        c.disc((x + side * 88, y - 64), 24, "#f2cfa0")
    c.oval((x, y), (120, 100), "#b97a47")
    c.oval((x, y + 40), (54, 44), "#f6deb8")
    for side in (-1, 1):
        c.disc((x + side * 50, y - 14), 13, "#2c1a12")
        c.disc((x + side * 50 - 4, y - 19), 4.5, "#ffffff")
        c.oval((x + side * 78, y + 22), (17, 11), "#ff8f7a70")
    c.oval((x, y + 22), (18, 13), "#2c1a12")
    c.line([(x, y + 30), (x, y + 48)], "#2c1a12", 4)
    c.bow((x, y + 40), 20, (20, 160), "#2c1a12", 4)


def balloon(c: Canvas, at: Point, r: float, fill: str) -> None:
    """Draw a balloon on its string."""
    x, y = at
    c.line(path("0,1 -8,1.8 6,2.6 -2,3.6", (x, y), (1, r)), "#8a6b5a", 2)
    c.oval((x, y), (0.84 * r, r), fill)
    c.poly([(x, y + 0.95 * r), (x + 7, y + 1.15 * r), (x - 7, y + 1.15 * r)], fill)
    c.oval((x - 0.3 * r, y - 0.4 * r), (0.14 * r, 0.26 * r), "#ffffffb0", 24)


def ball(c: Canvas, at: Point, r: float) -> None:
    """Draw a beach ball lying at y."""
    middle = (at[0], at[1] - r)
    for i, fill in enumerate(("#ef5b5b", "#ffffff", "#4fa3e3", "#ffca3a", "#ffffff", "#6bbf59")):
        c.slice(middle, r, (60 * i + 15, 60 * i + 75), fill)
    c.disc(middle, r * 0.18, "#ffffff")


def rocket(c: Canvas, at: Point, r: float) -> None:
    """Draw a toy rocket standing at y."""
    x, y = at
    for side in (-1, 1):
        c.poly(
            [(x + side * 20, y - r * 0.9), (x + side * 44, y), (x + side * 16, y - 8)], "#ef5b5b"
        )
    c.shape(
        [
            (x, y - 2.25 * r),
            (x + 27, y - 1.3 * r),
            (x + 24, y - 4),
            (x - 24, y - 4),
            (x - 27, y - 1.3 * r),
        ],
        "#f7f7fb",
    )
    c.shape(path("0,-2.27 20,-1.66 0,-1.6 -20,-1.66", (x, y), (1, r)), "#ef5b5b")
    c.disc((x, y - 1.1 * r), 14, "#3a6fa5")
    c.disc((x, y - 1.1 * r), 9, "#a9dcf7")


def blocks(c: Canvas, at: Point, r: float) -> None:
    """Draw three building blocks stacked at y."""
    x, y = at
    for dx, dy, fill in ((-0.82, 0, "#4fa3e3"), (0.06, 0, "#ffca3a"), (-0.4, -0.84, "#ef5b5b")):
        left, foot = x + dx * r, y + dy * r
        c.box((left, foot - 0.8 * r, left + 0.78 * r, foot), fill, 5)
        c.box((left + 7, foot - 0.8 * r + 7, left + 0.78 * r - 7, foot - 7), "#ffffff66", 4)


def duck(c: Canvas, at: Point, r: float) -> None:
    """Draw a rubber duck sitting at y."""
    x, y = at
    c.shape(path("-1,-0.75 -0.6,0 0.6,0 0.85,-0.5 0,-0.7", (x, y), r), "#ffd23f")
    c.disc((x + 0.4 * r, y - 1.05 * r), 0.46 * r, "#ffd23f")
    c.oval((x + 0.92 * r, y - 0.98 * r), (0.2 * r, 0.12 * r), "#f58a1f")
    c.disc((x + 0.5 * r, y - 1.18 * r), 0.08 * r, "#2c1a12")
    c.oval((x - 0.15 * r, y - 0.4 * r), (0.4 * r, 0.2 * r), "#f2b71f", -14)


def fried_rice(c: Canvas, dice: Random) -> None:
    """A blue and white bowl heaped with rice, egg and peas, chopsticks laid in it."""
    c.sky("#8f2f24", "#b5412f", "#7a2219")
    for x in range(0, 769, 96):
        for y in range(0, 769, 96):
            c.ring((x + 48 * (y // 96 % 2), y), 40, "#d8694a50", 3)
    c.glow((384, 120), 330, "#ffcf87", 0.9)
    for i in range(3):
        left = 230 + 150 * i + dice.uniform(-20, 20)
        c.line([(left + 12 * math.sin(t / 2.2), 12 + 9 * t) for t in range(9)], "#fff2dc80", 9)
    heap(c, dice)
    for dx in (0, 40):
        c.line([(772, 20 + dx), (470 + dx, 150 + dx / 3)], "#3f1f10", 15)
        c.line([(772, 17 + dx), (470 + dx, 147 + dx / 3)], "#a8683c", 7)
    bowl(c)


def heap(c: Canvas, dice: Random) -> None:
    """Draw the rice that rises above the bowl, and what is fried with it."""
    c.oval((384, _RIM), (350, 158), "#e9c27a")
    for i in range(970):
        a, k = dice.uniform(math.pi, math.tau), math.sqrt(dice.random())
        if i < 900:
            at = (384 + 338 * k * math.cos(a), _RIM + 148 * k * math.sin(a))
            fill = dice.choice(("#fff6df", "#fbe6b8", "#f6d794", "#fffaf0"))
            c.oval(at, (9, 3.8), fill, dice.uniform(0, 180))
        else:
            topping(c, (384 + 318 * k * math.cos(a), _RIM + 136 * k * math.sin(a)), i, dice)


def bowl(c: Canvas) -> None:
    """Draw the front of the porcelain bowl."""
    turns = [math.pi * i / 20 for i in range(21)]
    lip = [(384 - 364 * math.cos(a), _RIM + 34 * math.sin(a)) for a in turns]
    side = path("748,238 726,480 640,690 520,775 248,775 128,690 42,480 20,238")
    c.shade([*lip, *smooth(side, closed=False)], "#ffffff", "#dfe6f2")
    c.line(lip, "#2b5fa8", 10)
    c.line([(x, y + 16) for x, y in lip], "#2b5fa8", 3)
    for y in range(330, 690, 86):
        for way in (-1, 1):
            scroll(c, (384 + way * (296 - max(0, y - 420) * 0.3), y), 32)
    for x in range(200, 600, 92):
        scroll(c, (x, 740), 26)


def topping(c: Canvas, at: Point, kind: int, dice: Random) -> None:
    """Draw a piece of egg, a pea, a cube of carrot or a shrimp."""
    turn = dice.uniform(0, 180)
    if kind % 10 == 0:
        c.bow(at, 24, (turn, turn + 230), "#ff9d7a", 14)
        c.bow(at, 22, (turn + 20, turn + 200), "#ffd0b5", 4)
    elif kind % 4 == 1:
        c.shape(
            [turned(at, p, turn) for p in ((-22, -8), (0, -15), (24, -4), (14, 13), (-16, 12))],
            "#ffd23f",
        )
        c.oval(at, (8, 4), "#ffeaa0", turn)
    elif kind % 4 == 2:
        c.poly([turned(at, p, turn) for p in ((-8, -8), (8, -8), (8, 8), (-8, 8))], "#f27a2a")
    else:
        c.disc(at, 9.5, "#5fae3f")
        c.disc((at[0] - 3, at[1] - 3), 3, "#b5e08f")


def scroll(c: Canvas, at: Point, r: float) -> None:
    """Draw a blue porcelain ornament."""
    c.ring(at, r, "#2b5fa8", 4)
    for i in range(6):
        c.oval(turned(at, (0, -0.48 * r), 60 * i), (0.17 * r, 0.3 * r), "#3d78c4", 60 * i)
    c.disc(at, 0.16 * r, "#2b5fa8")
