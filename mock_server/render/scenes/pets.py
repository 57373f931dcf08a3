"""Animals that peek over the panel and hold it with their paws: dog, rabbit, fox, cat."""

from collections.abc import Callable
from random import Random

from mock_server.render.motifs import flower, leaf, scattered
from mock_server.render.paint import Canvas, Point, mirrored, path, turned


def both(c: Canvas, points: list[Point], x: float, fill: str) -> None:
    """Draw a smooth shape and its mirror image."""
    c.shape(points, fill)
    c.shape(mirrored(points, x), fill)


def eyes(c: Canvas, at: Point, apart: float, size: float, fill: str) -> None:
    """Draw a pair of shining eyes around the point."""
    for side in (-1, 1):
        x, y = at[0] + side * apart, at[1]
        c.oval((x, y), (size, size * 1.15), fill)
        c.disc((x - size * 0.3, y - size * 0.4), size * 0.36, "#ffffff")
        c.disc((x + size * 0.35, y + size * 0.4), size * 0.16, "#ffffffc0")


def muzzle(c: Canvas, at: Point, size: float, fill: str) -> None:
    """Draw a nose and the mouth below it."""
    x, y = at
    c.shape(path("-1,-0.6 1,-0.6 0.5,0.4 0,0.75 -0.5,0.4", (x, y), size), fill)
    for side in (-1, 1):
        c.bow((x + side * size * 1.1, y + size * 0.9), size * 1.1, (10, 170), fill, 3.5)


def feet(c: Canvas, x: float, fill: str, toe: str) -> None:
    """Draw two feet that show below the panel."""
    for side in (-1, 1):
        c.oval((x + side * 150, 742), (62, 34), fill)
        for dx in (-18, 18):
            c.line([(x + side * 150 + dx, 748), (x + side * 150 + dx, 766)], toe, 4)


def paws(fill: str, toe: str) -> Callable[[Canvas, Random], None]:
    """Return a drawing of two paws of that colour that hold the frame."""

    def drawing(c: Canvas, dice: Random) -> None:
        for x in (232 + dice.uniform(-8, 8), 536 + dice.uniform(-8, 8)):
            c.box((x - 36, c.edge - 25, x + 36, c.edge + 15), fill, 20)
            for dx in (-13, 13):
                c.line([(x + dx, c.edge - 2), (x + dx, c.edge + 12)], toe, 3)

    return drawing


def dog(c: Canvas, dice: Random) -> None:
    """A brown and white puppy on sunny yellow, bones around it."""
    c.sky("#ffe9a8", "#ffd166", "#f7b44c")
    for at in scattered(c, dice, 6, 7):
        bone(c, at, dice.uniform(14, 20), dice.uniform(0, 180))
    x, y = 384 + dice.uniform(-14, 14), c.edge - 84
    c.curve([(x + 200, 700), (x + 292, 650), (x + 330, 540), (x + 318, 470)], "#d99a58", 40)
    c.disc((x + 318, 470), 20, "#fff6ea")
    c.oval((x, y + 360), (262, 300), "#d99a58")
    c.oval((x, y + 420), (170, 260), "#fff6ea")
    c.shape(path("-128,20 -108,-82 0,-110 108,-82 128,20 84,104 -84,104", (x, y)), "#d99a58")
    c.shape(path("-20,-106 20,-106 24,-30 82,40 60,100 -60,100 -82,40 -24,-30", (x, y)), "#fff6ea")
    both(c, path("-84,-92 -138,-88 -176,-10 -158,74 -122,60 -104,-20", (x, y)), x, "#8a5228")
    eyes(c, (x, y - 18), 56, 17, "#2e1b12")
    c.oval((x + 1, y + 72), (16, 24), "#f2788a")
    muzzle(c, (x, y + 30), 23, "#2e1b12")
    for side in (-1, 1):
        c.oval((x + side * 88, y + 26), (17, 11), "#ff9d7a80")
        for dy in (0, 12):
            c.disc((x + side * (44 + dy), y + 44 + dy), 2.4, "#c9a27a")
    feet(c, x, "#fff6ea", "#c9a27a")


def bone(c: Canvas, at: Point, size: float, turn: float) -> None:
    """Draw a bone about three sizes long."""
    c.line([turned(at, (-size, 0), turn), turned(at, (size, 0), turn)], "#fff7e0", size * 0.5)
    for sx in (-1, 1):
        for sy in (-1, 1):
            c.disc(turned(at, (sx * size * 1.1, sy * size * 0.3), turn), size * 0.36, "#fff7e0")


def rabbit(c: Canvas, dice: Random) -> None:
    """A white rabbit on pink, carrots and daisies around it."""
    c.sky("#ffe3ec", "#ffc6d9", "#f9a8c6")
    for i, at in enumerate(scattered(c, dice, 6, 7)):
        if i % 2:
            carrot(c, at, dice.uniform(22, 29), dice.uniform(-40, 40))
        else:
            flower(c, at, dice.uniform(14, 20), 8, ("#ffffff", "#ffd166"))
    x, y = 384 + dice.uniform(-16, 16), c.edge - 54
    c.disc((x + 262, 640), 62, "#ffffff")
    c.oval((x, y + 370), (270, 310), "#f0dfe4")
    c.oval((x, y + 372), (264, 308), "#fffafa")
    for side, turn in ((-1, -9 + dice.uniform(-3, 3)), (1, 12 + dice.uniform(-3, 3))):
        root = (x + side * 46, y - 50)
        c.oval(turned(root, (0, -62), turn), (31, 84), "#f0dfe4", turn)
        c.oval(turned(root, (0, -62), turn), (28, 82), "#ffffff", turn)
        c.oval(turned(root, (0, -56), turn), (15, 62), "#ffb3c7", turn)
    c.oval((x, y + 4), (112, 86), "#f0dfe4")
    c.oval((x, y), (110, 84), "#ffffff")
    eyes(c, (x, y - 20), 50, 15, "#5a2438")
    for side in (-1, 1):
        c.oval((x + side * 74, y + 14), (20, 12), "#ffb3c7b0")
    muzzle(c, (x, y + 14), 12, "#e8628a")
    feet(c, x, "#ffffff", "#f0b8c8")


def carrot(c: Canvas, at: Point, size: float, turn: float) -> None:
    """Draw a carrot about three sizes long."""
    for lean in (-24, 0, 24):
        leaf(c, turned(at, (0, -size), turn), size * 0.95, turn + lean, "#5fb257")
    c.shape(
        [
            turned(at, (px * size, py * size), turn)
            for px, py in ((-0.42, -0.95), (0.42, -0.95), (0.3, 0.2), (0, 1.5), (-0.3, 0.2))
        ],
        "#ff8c3b",
    )
    for dy in (-0.5, 0.0, 0.5):
        c.line(
            [turned(at, (-0.2, dy * size), turn), turned(at, (size * 0.2, dy * size), turn)],
            "#d9691f",
            2,
        )


def fox(c: Canvas, dice: Random) -> None:
    """A red fox in an autumn wood, leaves falling."""
    c.sky("#0f4a4a", "#1d6a62", "#2f7d68", "#134642")
    for _ in range(7):
        left = dice.uniform(0, 768)
        c.box((left, 0, left + dice.uniform(14, 34), 768), "#0c3a3c80")
    for at in scattered(c, dice, 9, 10):
        tint = dice.choice(("#f2a33a", "#e8702a", "#f6c65b", "#c9452b"))
        leaf(c, at, dice.uniform(24, 44), dice.uniform(0, 360), tint, "#ffffff50")
    x, y = 384 + dice.uniform(-14, 14), c.edge - 88
    tail = "120,770 300,700 366,540 322,400 262,330 268,470 180,600"
    c.shape(path(tail, (x, 0)), "#e0662a")
    c.shape(path("262,330 330,410 352,480 318,462 300,480 268,440", (x, 0)), "#fff4e6")
    c.oval((x, y + 350), (256, 290), "#e0662a")
    c.oval((x, y + 380), (150, 250), "#fff4e6")
    both(c, path("-120,-118 -136,-20 -104,10 -34,-60 -84,-104", (x, y)), x, "#d2551f")
    both(c, [(x - 112, y - 92), (x - 116, y - 30), (x - 64, y - 56)], x, "#3a2420")
    c.shape(path("0,-78 92,-50 150,28 70,72 0,112 -70,72 -150,28 -92,-50", (x, y)), "#ee7a34")
    both(c, path("-8,34 -48,14 -146,30 -66,72 0,110", (x, y)), x, "#fff6ea")
    c.shape(path("-30,8 0,-20 30,8 16,70 -16,70", (x, y)), "#ee7a34")
    eyes(c, (x, y - 6), 56, 14, "#2a1710")
    c.shape([(x - 17, y + 52), (x + 17, y + 52), (x, y + 74)], "#2a1710")
    for side in (-1, 1):
        c.bow((x + side * 12, y + 72), 13, (10, 165), "#2a1710", 3)
    feet(c, x, "#3a2420", "#8a5a48")


def cat(c: Canvas, dice: Random) -> None:
    """A grey tabby on lilac, yarn and fish around it."""
    c.sky("#d8ccff", "#b9a5f2", "#8f7fe0")
    for i, at in enumerate(scattered(c, dice, 6, 7)):
        if i % 3 == 1:
            yarn(c, at, dice.uniform(22, 30), dice.choice(("#ff9fb2", "#ffd97a", "#8fe0d0")))
        else:
            pawprint(c, at, dice.uniform(13, 18), dice.uniform(-40, 40))
    x, y = 384 + dice.uniform(-14, 14), c.edge - 80
    c.curve(path("150,740 270,700 322,590 290,500 318,410", (x, 0)), "#6f7688", 42)
    c.disc((x + 318, 410), 21, "#f4f1f4")
    c.oval((x, y + 360), (256, 290), "#6f7688")
    c.oval((x, y + 400), (150, 240), "#f4f1f4")
    both(c, path("-118,-104 -124,-8 -70,-20 -34,-66 -80,-92", (x, y)), x, "#6f7688")
    both(c, [(x - 106, y - 80), (x - 104, y - 30), (x - 58, y - 54)], x, "#ffb3c0")
    c.oval((x, y + 14), (132, 92), "#858da0")
    for dx, length in ((-30, 34), (0, 46), (30, 34)):
        c.poly(
            [(x + dx - 8, y - 84), (x + dx + 8, y - 84), (x + dx * 0.8, y - 80 + length)], "#4d5365"
        )
    for side in (-1, 1):
        for dy in (4, 26):
            c.poly(path("132,0 126,13 88,8", (x, y + dy), (side, 1)), "#4d5365")
        c.oval((x + side * 50, y), (25, 27), "#f7e27a")
        c.oval((x + side * 50, y), (10, 23), "#20242e")
        c.disc((x + side * 50 - 6, y - 10), 6, "#ffffff")
        c.oval((x + side * 26, y + 52), (32, 24), "#f4f1f4")
    c.shape([(x - 13, y + 32), (x + 13, y + 32), (x, y + 46)], "#f27a92")
    for side in (-1, 1):
        c.bow((x + side * 13, y + 46), 14, (10, 170), "#4d4450", 3)
        for dy in (-10, 4, 18):
            tip = (x + side * 150, y + 40 + dy * 1.6)
            c.line([(x + side * 40, y + 46 + dy * 0.4), tip], "#ffffffd0", 2.5)
    feet(c, x, "#f4f1f4", "#b0b4c4")


def yarn(c: Canvas, at: Point, r: float, fill: str) -> None:
    """Draw a ball of yarn."""
    c.disc(at, r, fill)
    for k in (0.9, 0.6, 0.3):
        c.bow((at[0] - r * 0.4, at[1] + r * 0.2), r * k, (290, 70), "#ffffffa0", 2)
        c.bow((at[0], at[1] + r * 0.5), r * k, (190, 320), "#ffffff70", 2)


def pawprint(c: Canvas, at: Point, size: float, turn: float) -> None:
    """Draw a paw print about two sizes wide."""
    c.oval(at, (size * 0.7, size * 0.55), "#ffffff8c", turn)
    for dx, dy in ((-0.85, -0.55), (-0.3, -1.0), (0.3, -1.0), (0.85, -0.55)):
        c.oval(
            turned(at, (dx * size, dy * size), turn), (size * 0.24, size * 0.32), "#ffffff8c", turn
        )
