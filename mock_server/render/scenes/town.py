"""The street by day and at night."""

from random import Random

from mock_server.render.motifs import bubbles, cloud, house, tree
from mock_server.render.paint import Canvas, Point, path

_WALLS = ("#f2b6a0", "#f7d9a0", "#a9d0c8", "#c9b7e0", "#f4c6cf", "#b9d59a")
_ROOFS = ("#b3543f", "#8a5a3c", "#4f7f86", "#6f5a97")


def street(c: Canvas, dice: Random) -> None:
    """A row of painted houses along a tree-lined street."""
    c.sky("#9bd4f2", "#d4eefa", "#fdf6e6", bottom=300)
    for _ in range(3):
        cloud(c, (dice.uniform(60, 700), dice.uniform(30, 60)), dice.uniform(16, 26), "#ffffff")
    x, turn = -20.0, dice.randrange(6)
    for i in range(8):
        width = dice.uniform(96, 124)
        house(
            c,
            (x, dice.uniform(34, 84), x + width, 420),
            _WALLS[(i + turn) % 6],
            _ROOFS[i % 4],
            "#6f9fc4",
        )
        x += width + 2
    c.box((0, 410, 768, 470), "#d9cdbb")
    c.sky("#8d9199", "#747983", top=470)
    c.poly([(0, 470), (768, 470), (768, 480), (0, 480)], "#f1e8d8")
    for i in range(7):
        c.poly(
            [(40 + i * 112, 736), (98 + i * 112, 736), (92 + i * 112, 752), (30 + i * 112, 752)],
            "#fff4c9",
        )
    for x, h in ((40, 330), (730, 350)):
        tree(c, (x + dice.uniform(-10, 10), 700), h, "#4f9a55", "#7cc06a")
    for x in (112, 656):
        lamp(c, (x, 712), 470, "#3f4a52", "#fff0b0")
    car(c, (dice.choice((60, 704)), 752), dice.choice(("#e2553d", "#3f7fc4", "#f2b33a")))


def lamp(c: Canvas, at: Point, height: float, post: str, light: str) -> None:
    """Draw a street lamp standing at y."""
    x, y = at
    c.line([(x, y), (x, y - height)], post, 7)
    c.box((x - 12, y - 10, x + 12, y), post, 3)
    c.poly(
        [
            (x - 15, y - height - 34),
            (x + 15, y - height - 34),
            (x + 10, y - height),
            (x - 10, y - height),
        ],
        light,
    )
    c.poly([(x - 20, y - height - 34), (x + 20, y - height - 34), (x, y - height - 50)], post)


def car(c: Canvas, at: Point, fill: str) -> None:
    """Draw a small car standing at y."""
    x, y = at
    c.box((x - 62, y - 36, x + 62, y - 10), fill, 12)
    c.shape(path("-40,-34 -24,-62 20,-62 42,-34", (x, y)), fill)
    c.poly(path("-28,-36 -18,-55 -2,-55 -2,-36", (x, y)), "#d7ecf7")
    c.poly(path("3,-36 3,-55 16,-55 30,-36", (x, y)), "#d7ecf7")
    for dx in (-34, 34):
        c.disc((x + dx, y - 10), 13, "#2b2f36")
        c.disc((x + dx, y - 10), 6, "#c9ced6")


def night(c: Canvas, dice: Random) -> None:
    """Towers with lit windows under the moon, lamps glowing on a wet street."""
    c.sky("#0b1238", "#1c2560", "#47367a", "#a0577f", bottom=470)
    bubbles(c, dice, 90, "#ffffff90")
    moon = (dice.uniform(560, 650), 84)
    c.glow(moon, 150, "#fff3c4", 0.8)
    c.disc(moon, 46, "#fff6d6")
    c.disc((moon[0] + 12, moon[1] - 8), 8, "#f0dfae")
    c.disc((moon[0] - 14, moon[1] + 14), 11, "#f0dfae")
    for base, tint, low, high in ((430, "#3b3a86", 100, 190), (520, "#14153f", 190, 300)):
        x = -20.0
        while x < 768:
            width = dice.uniform(56, 96)
            tower(c, (x, dice.uniform(low, high), x + width, base), tint, dice)
            x += width + dice.uniform(2, 10)
    c.sky("#221f52", "#15153c", "#0c0d28", top=520)
    for _ in range(60):
        x, y = dice.uniform(0, 768), dice.uniform(530, 740)
        c.box(
            (x, y, x + dice.uniform(3, 8), y + dice.uniform(20, 70)),
            dice.choice(("#ffd97a30", "#ff8fb03a", "#7ad7ff30")),
            3,
        )
    for x in (62, 706):
        c.glow((x, 282), 130, "#ffd68a", 0.9)
        lamp(c, (x, 730), 430, "#0a0c26", "#ffe9a8")
    for i in range(9):
        c.poly(
            [(20 + i * 88, 738), (66 + i * 88, 738), (60 + i * 88, 752), (10 + i * 88, 752)],
            "#ffe2a080",
        )


def tower(c: Canvas, corners: tuple[float, float, float, float], tint: str, dice: Random) -> None:
    """Draw a tower block with some of its windows lit."""
    x0, y0, x1, y1 = corners
    c.box(corners, tint)
    if dice.random() < 0.4:
        c.line([((x0 + x1) / 2, y0), ((x0 + x1) / 2, y0 - 30)], tint, 4)
        c.disc(((x0 + x1) / 2, y0 - 30), 4, "#ff5b6f")
    columns = max(2, int((x1 - x0 - 10) / 15))
    step = (x1 - x0 - 8) / columns
    for row in range(int((y1 - y0 - 10) / 19)):
        for column in range(columns):
            if dice.random() < 0.55:
                left, top = x0 + 6 + column * step, y0 + 10 + row * 19
                c.box(
                    (left, top, left + step - 5, top + 11),
                    dice.choice(("#ffe08a", "#ffd05b", "#ffb86b", "#9fe0ff")),
                )
