"""Landscapes: winter, farmhouse, islands, mountain, ocean, and the scene of no style."""

import math
from random import Random

from mock_server.render.motifs import bubbles, cloud, fir, leaf, tree, wave_points
from mock_server.render.paint import Canvas, Point, mirrored, path, turned


def plain(c: Canvas, dice: Random) -> None:
    """Soft waves of dawn light: the scene when no style was asked for."""
    c.sky("#fbe3d6", "#f5c9c6", "#c9b6dc", "#8fa8d6")
    c.glow((dice.uniform(480, 640), 120), 260, "#fff6e0")
    c.disc((dice.uniform(500, 600), 110), 48, "#fff4dc")
    for i, fill in enumerate(("#e7b9cb99", "#c3a5d699", "#9b9ad499", "#7c8fc999", "#5f7fb899")):
        c.hills(190 + 115 * i, 60, fill, dice)


def winter(c: Canvas, dice: Random) -> None:
    """Snowy hills and firs under a pale evening sky."""
    c.sky("#8fb4dc", "#c9d8ee", "#f7dfe2", "#fdf1ea", bottom=330)
    c.glow((dice.uniform(470, 560), 120), 190, "#fff3dd")
    c.disc((dice.uniform(500, 540), 118), 34, "#fff8ea")
    shift = dice.uniform(-40, 40)
    for left, y, half in ((640, 84, 230), (380, 116, 220), (150, 50, 250)):
        peak(c, (left + shift, y), half, ("#9db4d3", "#ffffff"))
    c.hills(235, 26, "#dfe9f6", dice)
    for _ in range(12):
        spot = (dice.uniform(0, 768), dice.uniform(225, 262))
        fir(c, spot, dice.uniform(34, 60), "#6f8fae", "#f2f7fd")
    c.hills(330, 34, "#edf3fb", dice)
    for x, y, h in (
        (52, 470, 250),
        (716, 500, 290),
        (110, 600, 190),
        (668, 640, 170),
        (20, 690, 260),
    ):
        fir(c, (x + dice.uniform(-12, 12), y), h, "#2f5d62", "#f4f9ff")
    c.hills(655, 20, "#e3ecf8", dice)
    c.hills(725, 16, "#ffffff", dice)
    for x in (740, 250, 500):
        fir(c, (x + dice.uniform(-30, 30), 762), 74, "#3a6b6c", "#f4f9ff")
    bubbles(c, dice, 110, "#ffffffd8")


def snow_cap(c: Canvas, dice: Random) -> None:
    """Snow lying on the frame."""
    x0, x1 = 150, 618
    crest = [
        (float(x), c.edge - 7 - 5 * math.sin(x / 31) - dice.uniform(0, 4))
        for x in range(x0 + 12, x1 - 6, 16)
    ]
    ground = [(x1 + 7.0, c.edge + 4), (x0 - 7.0, c.edge + 4)]
    hem = [(float(x), c.edge + 8 + 5 * math.sin(x / 19)) for x in range(x1 - 6, x0, -16)]
    for drop, fill in ((3.0, "#b9cbe4"), (0.0, "#ffffff")):
        c.shape([(x, y + drop) for x, y in (*crest, ground[0], *hem, ground[1])], fill)


def peak(c: Canvas, at: Point, half: float, fills: tuple[str, str]) -> None:
    """Draw a mountain with a snow cap: half width at its foot, rock and snow colours."""
    x, y = at
    foot = y + half * 1.15
    c.poly([(x, y), (x + half, foot), (x - half, foot)], fills[0])
    c.poly([(x, y), (x + half, foot), (x + half * 0.2, foot)], "#00002018")
    reach, drop = half * 0.36, half * 1.15 * 0.36
    c.poly(
        path("0,0 1,1 0.5,0.78 0.2,1.15 -0.2,0.8 -0.6,1.1 -1,1", (x, y), (reach, drop)), fills[1]
    )


def farmhouse(c: Canvas, dice: Random) -> None:
    """A red barn with its silo between rows of crops."""
    c.sky("#7cc3e8", "#bfe3ec", "#fdf0c8", bottom=260)
    c.glow((130, 80), 150, "#fff3b0")
    c.disc((130 + dice.uniform(-30, 30), 76), 34, "#ffe07a")
    for _ in range(3):
        cloud(c, (dice.uniform(240, 740), dice.uniform(50, 90)), dice.uniform(20, 34), "#ffffffd0")
    c.hills(205, 16, "#9cc66b", dice)
    x = dice.uniform(430, 500)
    tree(c, (x - 120, 215), 110, "#4f8f46", "#77b255")
    tree(c, (x + 205, 218), 130, "#4f8f46", "#77b255")
    barn(c, (x, 225))
    for i, fill in enumerate(
        ("#f2cf5b", "#8dbb4a", "#e9bd4a", "#74a83f", "#f0c851", "#5f9636", "#e3b03f")
    ):
        y = 222 + i * 78
        c.hills(y, 7, fill, dice)
        for k in range(26):
            left = 384 + (k - 13) * (32 + i * 9)
            c.line([(left, y + 14), (left + (k - 13) * 9, y + 84)], "#3d6b1f40", 3)
    for x in range(8, 768, 17):
        wheat(c, (x + dice.uniform(-6, 6), 772), dice.uniform(44, 76), dice.uniform(-9, 9))


def barn(c: Canvas, at: Point) -> None:
    """Draw the barn and its silo, standing at y."""
    x, y = at
    c.box((x + 92, y - 150, x + 150, y), "#cfd6da", 6)
    c.slice((x + 121, y - 146), 29, (180, 360), "#8f9ba3")
    for i in range(4):
        c.line([(x + 92, y - 116 + 32 * i), (x + 150, y - 116 + 32 * i)], "#aab4ba", 3)
    c.poly(path("-76,0 -76,-84 -44,-128 0,-150 44,-128 76,-84 76,0", (x, y)), "#c0392f")
    c.line(path("-84,-78 -47,-131 0,-154 47,-131 84,-78", (x, y)), "#6e2320", 10)
    c.box((x - 34, y - 62, x + 34, y), "#ffffff")
    c.box((x - 29, y - 57, x + 29, y), "#a32c25")
    c.line(path("-29,-57 29,0 0,-28 29,-57 -29,0", (x, y)), "#ffffff", 4)
    c.box((x - 15, y - 116, x + 15, y - 86), "#ffffff", 3)
    c.box((x - 11, y - 112, x + 11, y - 90), "#4a1c1a", 2)


def wheat(c: Canvas, at: Point, height: float, turn: float) -> None:
    """Draw one ear of wheat."""
    x, y = at
    tip = (x + turn, y - height)
    c.line([at, tip], "#c58f24", 2.5)
    for i in range(4):
        leaf(c, (tip[0], tip[1] + 7 * i), 13, 28, "#f7d774")
        leaf(c, (tip[0], tip[1] + 7 * i), 13, -28, "#e8b93f")


def islands(c: Canvas, dice: Random) -> None:
    """Palm islands in a turquoise sea."""
    c.sky("#3fa9e0", "#8fd6f0", "#dff6f2", bottom=190)
    c.glow((620, 70), 170, "#fff9d0")
    for _ in range(3):
        cloud(c, (dice.uniform(60, 700), dice.uniform(40, 95)), dice.uniform(18, 32), "#ffffffe0")
    c.sky("#35b6cc", "#2aa3c4", "#1b86b4", "#12699c", top=176)
    for x, half in ((dice.uniform(110, 170), 150), (dice.uniform(520, 600), 190)):
        island(c, (x, 186), half)
    sail(c, (dice.uniform(330, 400), 190), 74)
    for i in range(15):
        y = 216 + i * 36
        c.line(wave_points(y, 4, 120 + 14 * i, 768), "#ffffff40", 3)
    c.shape(
        path("-60,800 -40,560 40,520 110,600 180,700 420,742 640,716 720,640 830,640 840,800"),
        "#bff0e2",
    )
    c.shape(
        path("-60,800 -40,590 30,552 86,620 160,722 420,762 650,738 730,672 830,668 840,800"),
        "#f6dfa6",
    )
    palm(c, (44, 640), 420, 40)
    palm(c, (736, 720), 470, -46)


def island(c: Canvas, at: Point, half: float) -> None:
    """Draw a distant island: sand, green hills, small palms."""
    x, y = at
    c.oval((x, y + 4), (half * 1.08, 15), "#bff0e2")
    c.oval((x, y), (half, 11), "#f6dfa6")
    c.slice((x - half * 0.3, y), half * 0.52, (180, 360), "#3f9b62")
    c.slice((x + half * 0.32, y), half * 0.38, (180, 360), "#57b56c")
    palm(c, (x + half * 0.62, y), half * 0.62, -14)
    palm(c, (x - half * 0.75, y), half * 0.5, 12)


def palm(c: Canvas, at: Point, height: float, lean: float) -> None:
    """Draw a palm standing at y, its crown moved sideways by `lean`."""
    x, y = at
    bend = [(x + lean * (t * t) / 100, y - height * t / 10) for t in range(11)]
    c.curve(bend, "#8a5a34", max(3, height * 0.045))
    crown = bend[-1]
    size = 40 + height * 0.24
    for turn in (-108, -66, -24, 22, 64, 106):
        leaf(c, crown, size, turn, "#1f7a4d" if turn % 4 else "#2f9a5c", "#7fd08f")
    for dx in (-0.05, 0.05):
        c.disc((crown[0] + dx * size, crown[1] + 5), size * 0.06, "#6b3f22")


def sail(c: Canvas, at: Point, height: float) -> None:
    """Draw a small sailing boat."""
    x, y = at
    c.poly([(x - 3, y - height), (x - 3, y - 12), (x - height * 0.45, y - 12)], "#ffffff")
    c.poly([(x + 3, y - height * 0.9), (x + 3, y - 12), (x + height * 0.38, y - 12)], "#ff8f70")
    c.poly(path("-0.42,-8 0.42,-8 0.26,8 -0.28,8", (x, y), (height, 1)), "#7a3b2a")


def mountain(c: Canvas, dice: Random) -> None:
    """One great peak at sunrise, its ranges fading into mist, and a lake."""
    c.sky("#3d4f8f", "#9a6fa8", "#f2957f", "#ffd49a", bottom=300)
    c.glow((560, 170), 240, "#ffe3a0")
    c.disc((dice.uniform(560, 620), 150), 36, "#fff0c0")
    top = (dice.uniform(320, 390), 24.0)
    c.shade(path("0,0 60,68 130,126 330,406 -330,406 -150,136 -70,72", top), "#5a5a97", "#4a3f78")
    c.poly(path("0,0 60,68 130,126 330,406 40,406 -16,176 20,86", top), "#2b2a5a66")
    snow = "0,0 60,68 112,112 66,104 44,136 12,98 -26,134 -52,100 -112,108 -70,72"
    c.poly(path(snow, top), "#fff3ee")
    for i, fill in enumerate(("#6b5a96", "#51497f", "#3d3a6b")):
        c.hills(232 + 52 * i, 34, fill, dice)
    c.sky("#f0a58c", "#b77ba0", "#5b568f", "#37406f", top=420)
    for i in range(12):
        half, x = dice.uniform(30, 120), dice.uniform(0, 768)
        c.box((x - half, 440 + 26 * i, x + half, 443 + 26 * i), "#ffe6c84d", 1)
    for side, y, h in ((22, 560, 220), (86, 640, 200), (742, 590, 250), (684, 660, 190)):
        fir(c, (side + dice.uniform(-8, 8), y), h, "#26305c")
    c.hills(722, 14, "#1f2850", dice)
    for tip in range(14, 768, 42):
        fir(c, (tip + dice.uniform(-10, 10), 764), dice.uniform(40, 66), "#182044")
    for _ in range(4):
        gull(c, (dice.uniform(90, 260), dice.uniform(40, 110)), 13, "#2c2c58")


def gull(c: Canvas, at: Point, size: float, fill: str) -> None:
    """Draw a flying bird as two wings."""
    x, y = at
    wing = [(x, y), (x + size * 0.5, y - size * 0.5), (x + size * 1.1, y - size * 0.2)]
    c.line(mirrored(wing, x)[::-1] + wing, fill, 3)


def ocean(c: Canvas, dice: Random) -> None:
    """Patterned waves below a red sun, fish and spray between them."""
    c.sky("#fdf3dc", "#fbe6c4", bottom=260)
    c.disc((dice.uniform(540, 620), 104), 66, "#e2553d")
    cloud(c, (dice.uniform(90, 240), 92), 34, "#ffffffcc")
    fills = ("#0f4c81", "#1d6fa5", "#2f8fb8", "#155a8a")
    radius = 58
    for row in range(23):
        y = 186 + row * radius * 0.5
        for column in range(-1, 9):
            x = column * radius * 2 + (radius if row % 2 else 0)
            for k, share in enumerate((1.0, 0.88, 0.66, 0.54, 0.3)):
                c.disc((x, y), radius * share, "#f3faf6" if k % 2 == 0 else fills[(row + k) % 4])
    for x, y, turn in (
        (62, 330, -28),
        (704, 400, 24),
        (66, 560, 16),
        (700, 620, -20),
        (330, 742, 6),
    ):
        fish(c, (x + dice.uniform(-6, 6), y + dice.uniform(-40, 40) * (y < 700)), 48, turn)
    fish(c, (dice.uniform(250, 330), 116), 58, -24)
    for _ in range(26):
        c.disc((dice.uniform(180, 420), dice.uniform(120, 180)), dice.uniform(2, 5), "#2f8fb8")


def fish(c: Canvas, at: Point, size: float, turn: float) -> None:
    """Draw an orange fish about two sizes long."""

    def spots(*points: Point) -> list[Point]:
        return [turned(at, (px * size, py * size), turn) for px, py in points]

    c.shape(spots((-0.8, 0), (-1.35, -0.42), (-1.2, 0), (-1.35, 0.42)), "#f26b3a")
    c.shape(
        spots((0.95, 0), (0.5, -0.42), (-0.2, -0.46), (-0.9, 0), (-0.2, 0.46), (0.5, 0.42)),
        "#ff8a4c",
    )
    c.shape(
        spots((0.32, -0.44), (0.5, 0), (0.32, 0.44), (0.12, 0.42), (0.26, 0), (0.12, -0.42)),
        "#fff6e6",
    )
    c.disc(spots((0.62, -0.1))[0], size * 0.1, "#ffffff")
    c.disc(spots((0.64, -0.1))[0], size * 0.06, "#1b2a3a")
