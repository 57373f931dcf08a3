"""Stalls of food: fruit, peaches, vegetables."""

from random import Random

from mock_server.render.motifs import awning, flower, leaf, peach, scattered, star
from mock_server.render.paint import Canvas, Point, path, turned
from mock_server.render.scenes.pets import carrot


def fruit(c: Canvas, dice: Random) -> None:
    """A fruit stall: melons, oranges, apples, grapes below a green awning."""
    c.sky("#fff4d6", "#ffe3a6", "#ffcf7d")
    awning(c, (-20, 788), (0, 62), ("#3f9b4f", "#fffbe8"))
    c.box((-10, 236, 778, 254), "#b5763f")
    for x in (84, 234, 384, 534, 684):
        melon(c, (x + dice.uniform(-6, 6), 200), 76, dice.uniform(-8, 8))
    order = [citrus, apple, grapes, citrus, apple]
    turn = dice.randrange(3)
    for row, y in enumerate((318, 410, 502, 594, 686)):
        c.box((-10, y + 36, 778, y + 52), "#b5763f")
        for column, x in enumerate((34, 106, 662, 734)):
            order[(row + column // 2 * 2 + turn) % 5](c, (x + dice.uniform(-4, 4), y), 35)
    for x in range(22, 768, 72):
        order[(x // 72 + turn) % 5](c, (x + dice.uniform(-5, 5), 758), 33)


def melon(c: Canvas, at: Point, r: float, turn: float) -> None:
    """Draw a slice of watermelon, its rind below."""
    for size, fill in ((1.0, "#2f7d3c"), (0.9, "#d9f0b5"), (0.83, "#f0455a")):
        c.slice((at[0], at[1] - r * 0.5), r * size, (turn, turn + 180), fill)
    for dx, dy in ((-0.45, -0.3), (-0.2, 0.0), (0.1, -0.25), (0.4, -0.28), (0.22, 0.05)):
        c.oval(
            turned((at[0], at[1] - r * 0.5), (dx * r, dy * r + r * 0.42), turn), (3, 5), "#3a1a1a"
        )


def citrus(c: Canvas, at: Point, r: float) -> None:
    """Draw half an orange."""
    c.disc(at, r, "#f58a1f")
    c.disc(at, r * 0.88, "#fff0cf")
    for i in range(8):
        c.slice(
            turned(at, (0, -r * 0.07), 45 * i + 112.5),
            r * 0.76,
            (45 * i + 3, 45 * i + 42),
            "#ffab3d",
        )


def apple(c: Canvas, at: Point, r: float) -> None:
    """Draw a red apple."""
    x, y = at
    c.shape(
        path("0,-0.72 0.55,-0.95 1,-0.2 0.62,0.86 0,0.8 -0.62,0.86 -1,-0.2 -0.55,-0.95", (x, y), r),
        "#d8323c",
    )
    c.oval((x - 0.42 * r, y - 0.3 * r), (0.16 * r, 0.3 * r), "#ff9a94", 24)
    c.line([(x, y - 0.66 * r), (x + 0.1 * r, y - 1.1 * r)], "#6b3f22", r * 0.12)
    leaf(c, (x + 0.05 * r, y - 0.85 * r), 0.7 * r, 62, "#5fae4a")


def grapes(c: Canvas, at: Point, r: float) -> None:
    """Draw a bunch of grapes."""
    for row, count in enumerate((4, 3, 3, 2, 1)):
        for i in range(count):
            spot = (at[0] + (i - (count - 1) / 2) * 0.5 * r, at[1] - 0.7 * r + row * 0.4 * r)
            c.disc(spot, 0.28 * r, "#6b3fa0")
            c.disc((spot[0] - 0.08 * r, spot[1] - 0.09 * r), 0.09 * r, "#c9a6ef")
    leaf(c, (at[0], at[1] - 0.75 * r), 0.7 * r, 50, "#5fae4a")


def peaches(c: Canvas, dice: Random) -> None:
    """Ripe peaches among leaves and blossom on soft pink."""
    c.sky("#fff1e6", "#ffdccb", "#ffc3b0")
    for at in scattered(c, dice, 9, 9):
        fill = dice.choice(("#a9d29a", "#8cc08a", "#c5e0ae"))
        leaf(c, at, dice.uniform(50, 90), dice.uniform(0, 360), fill, "#ffffff60")
    peach(c, (384, 490), 200, dice.uniform(-12, 12))
    for x, y in path(
        "170,226 330,236 470,232 616,222 74,100 252,92 420,96 596,90 730,150 36,270 62,430 "
        "60,610 712,340 716,510 706,676 200,756 370,760 540,756"
    ):
        at = (x + dice.uniform(-9, 9), y + dice.uniform(-7, 7))
        peach(c, at, dice.uniform(76, 92), dice.uniform(-22, 22))
    for at in scattered(c, dice, 4, 5):
        flower(c, at, dice.uniform(14, 20), 5, ("#ffe4ec", "#f26f8f"))


def vegetables(c: Canvas, dice: Random) -> None:
    """Market vegetables on leaf green."""
    c.sky("#e4f3c4", "#bfe08f", "#8fc463")
    for _ in range(50):
        leaf(
            c,
            (dice.uniform(0, 768), dice.uniform(0, 768)),
            dice.uniform(40, 80),
            dice.uniform(0, 360),
            "#6fae4c70",
            "#ffffff50",
        )
    kinds = [tomato, broccoli, aubergine, aslant_carrot, pepper]
    first = dice.randrange(5)
    spots = path(
        "76,70 232,76 388,68 544,76 700,70 154,186 310,192 466,186 622,192 40,276 "
        "736,282 92,400 676,404 62,520 706,526 84,646 686,650 160,758 270,760 "
        "384,758 498,760 610,758 30,756 744,756"
    )
    for i, (x, y) in enumerate(spots):
        kinds[(first + i) % 5](
            c, (x + dice.uniform(-8, 8), y + dice.uniform(-8, 8)), 56 if y < 700 else 42
        )


def tomato(c: Canvas, at: Point, r: float) -> None:
    """Draw a tomato."""
    c.oval(at, (r, r * 0.88), "#e23b2e")
    c.oval((at[0] - r * 0.4, at[1] - r * 0.25), (r * 0.22, r * 0.3), "#ff8a75", 28)
    star(c, (at[0], at[1] - r * 0.68), r * 0.48, 5, "#3f8f3a")


def broccoli(c: Canvas, at: Point, r: float) -> None:
    """Draw a head of broccoli."""
    x, y = at
    c.poly(path("-0.3,1 -0.42,0 0.42,0 0.3,1", (x, y), r), "#a5cf6a")
    for dx, dy, k in (
        (-0.6, -0.1, 0.44),
        (0.6, -0.1, 0.44),
        (-0.32, -0.5, 0.48),
        (0.32, -0.5, 0.48),
        (0, -0.15, 0.5),
    ):
        c.disc((x + dx * r, y + dy * r), k * r, "#3d8b3d")
        c.disc((x + dx * r - 0.08 * r, y + dy * r - 0.12 * r), k * r * 0.62, "#57a84f")


def aubergine(c: Canvas, at: Point, r: float) -> None:
    """Draw an aubergine."""
    c.shape(
        [
            turned(at, (px * r, py * r), 28)
            for px, py in (
                (0, -0.9),
                (0.36, -0.5),
                (0.6, 0.4),
                (0.3, 1.0),
                (-0.3, 1.0),
                (-0.6, 0.4),
                (-0.36, -0.5),
            )
        ],
        "#5b2f83",
    )
    c.oval(turned(at, (-0.22 * r, 0.25 * r), 28), (0.11 * r, 0.4 * r), "#a57fd0", 28)
    star(c, turned(at, (0, -0.78 * r), 28), 0.46 * r, 5, "#4c9440")


def aslant_carrot(c: Canvas, at: Point, r: float) -> None:
    """Draw a carrot lying aslant."""
    carrot(c, at, r * 0.68, 24)


def pepper(c: Canvas, at: Point, r: float) -> None:
    """Draw a yellow bell pepper."""
    x, y = at
    for dx, fill in ((-0.42, "#f2b71f"), (0.42, "#f2b71f"), (0, "#ffcd3c")):
        c.oval((x + dx * r, y + 0.1 * r), (0.5 * r, 0.86 * r), fill)
    c.oval((x - 0.1 * r, y - 0.1 * r), (0.1 * r, 0.4 * r), "#fff0a8")
    c.line([(x, y - 0.6 * r), (x + 0.1 * r, y - 1.1 * r)], "#4c9440", 0.2 * r)
