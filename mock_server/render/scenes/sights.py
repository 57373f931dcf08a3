"""Sights: Great Wall, lighthouse, pyramids."""

import math
from itertools import pairwise
from random import Random

from mock_server.render.motifs import bubbles, wave_points
from mock_server.render.paint import Canvas, Point, path
from mock_server.render.scenes.land import gull


def great_wall(c: Canvas, dice: Random) -> None:
    """The wall climbing over green ridges to a watchtower."""
    c.sky("#f7b267", "#fbd79a", "#fdf0d4", "#e4ecd0", bottom=330)
    sun = (dice.uniform(560, 640), 82)
    c.glow(sun, 150, "#fff0c0")
    c.disc(sun, 34, "#ff8f5a")
    for y, h, fill in ((150, 40, "#c3cfa8"), (200, 44, "#9bb582"), (260, 40, "#7ba067")):
        c.hills(y, h, fill, dice)
    for _ in range(26):
        c.disc((dice.uniform(0, 768), dice.uniform(300, 420)), dice.uniform(14, 30), "#6a935a")
    c.sky("#6f9a57", "#54824a", "#3d6b3f", top=420)
    for _ in range(90):
        at = (dice.uniform(0, 768), dice.uniform(330, 770))
        fill = dice.choice(("#5d8c4e", "#79a35c", "#4a7a46", "#8fb36a"))
        c.disc(at, dice.uniform(12, 34), fill)
    stretch = dice.uniform(0.99, 1.01)
    for spots, widths in (
        ("-330,572 -270,512 -220,412 -260,312 -290,232 -210,134 -94,48 0,0", (58.0, 22.0)),
        ("0,0 100,22 210,68 310,108 370,202 360,312 400,432 470,512", (22.0, 58.0)),
        ("-370,624 -130,614 90,624 290,610 480,622", (34.0, 34.0)),
    ):
        wall(c, path(spots, (330, 128), stretch), widths)
    watchtower(c, (326, 150), 74)
    watchtower(c, (706, 380), 60)
    watchtower(c, (58, 470), 62)


def wall(c: Canvas, course: list[Point], widths: Point) -> None:
    """Draw a battlemented wall along its course, its height changing from one end to the other."""
    spots: list[tuple[Point, float]] = []
    for i in range(len(course) - 1):
        (x0, y0), (x1, y1) = course[i], course[i + 1]
        steps = max(2, int(math.hypot(x1 - x0, y1 - y0) / 9))
        for k in range(steps):
            t = k / steps
            share = (i + t) / (len(course) - 1)
            spots.append(
                (
                    (x0 + (x1 - x0) * t, y0 + (y1 - y0) * t),
                    widths[0] + (widths[1] - widths[0]) * share,
                )
            )
    c.poly([p for p, _ in spots] + [(x, y + h) for (x, y), h in reversed(spots)], "#b08d68")
    c.poly(
        [(x, y + h * 0.55) for (x, y), h in spots] + [(x, y + h) for (x, y), h in reversed(spots)],
        "#94724f",
    )
    c.line([(x, y + h * 0.28) for (x, y), h in spots], "#e6cfa8", max(3, widths[0] * 0.14))
    for i, ((x, y), h) in enumerate(spots):
        if i % 2 == 0:
            c.box((x - h * 0.1, y - h * 0.2, x + h * 0.1, y + 2), "#c7a57c")


def watchtower(c: Canvas, at: Point, size: float) -> None:
    """Draw a watchtower standing at y, about one size wide."""
    x, y = at
    half = size * 0.5
    c.poly(path("-1,-1 1,-1 1.12,0.3 -1.12,0.3", (x, y), (half, size)), "#b8946c")
    c.box((x - half * 1.12, y - size * 1.1, x + half * 1.12, y - size * 0.94), "#8f6d4b")
    for i in range(5):
        left = x - half * 1.1 + i * half * 0.48
        c.box((left, y - size * 1.28, left + half * 0.28, y - size * 1.08), "#c7a57c")
    for dx in (-0.5, 0, 0.5):
        c.box(
            (
                x + dx * size * 0.56 - size * 0.08,
                y - size * 0.66,
                x + dx * size * 0.56 + size * 0.08,
                y - size * 0.3,
            ),
            "#4a3626",
            size * 0.07,
        )


def lighthouse(c: Canvas, dice: Random) -> None:
    """A red and white lighthouse over the evening sea, its beam across the sky."""
    c.sky("#22346e", "#5a5a9c", "#c9799a", "#ffb98a", bottom=330)
    bubbles(c, dice, 40, "#ffffff50")
    lantern = (676 + dice.uniform(-8, 8), 96)
    for low, high in ((66, 166), (246, 286)):
        c.poly([lantern, (-20, low), (-20, high)], "#fff2b038")
    c.poly([lantern, (-20, 40), (-20, 190)], "#fff2b060")
    c.poly([lantern, (800, 60), (800, 130)], "#fff2b060")
    c.sky("#3f6a9c", "#2a4f86", "#1b3768", "#122850", top=320)
    for i in range(15):
        crest = wave_points(336 + 29 * i, 3 + i * 0.3, 90 + 12 * i, 768)
        c.line(crest, dice.choice(("#ffd6b060", "#ffffff38", "#8fc4e860")), 3)
    x = lantern[0]
    c.shape(path("-130,790 -104,690 -60,650 60,640 130,700 140,790", (x, 0)), "#3a3550")
    c.shape(path("-60,790 -30,736 90,716 200,748 420,752 620,740 640,790"), "#2c2944")
    light_tower(c, x)
    for _ in range(5):
        gull(c, (dice.uniform(60, 480), dice.uniform(40, 170)), dice.uniform(10, 18), "#ffffff")


def light_tower(c: Canvas, x: float) -> None:
    """Draw the striped tower with its lantern, from y 22 to 650."""
    body = [(28 + 24 * t, 140 + 510 * t) for t in (0, 0.14, 0.28, 0.42, 0.56, 0.7, 0.84, 1)]
    for i, ((h0, y0), (h1, y1)) in enumerate(pairwise(body)):
        stripe = "#e0433a" if i % 2 == 0 else "#fff8f0"
        c.poly([(x - h0, y0), (x + h0, y0), (x + h1, y1), (x - h1, y1)], stripe)
        c.poly([(x + h0 * 0.35, y0), (x + h0, y0), (x + h1, y1), (x + h1 * 0.35, y1)], "#30204030")
    c.glow((x, 96), 120, "#fff0a8")
    c.box((x - 38, 130, x + 38, 142), "#2c2944", 3)
    c.box((x - 22, 72, x + 22, 130), "#fff3b8", 3)
    for dx in (-22, 0, 22):
        c.line([(x + dx, 72), (x + dx, 130)], "#2c2944", 4)
    c.poly([(x - 30, 74), (x + 30, 74), (x, 38)], "#b82f2f")
    c.line([(x, 40), (x, 22)], "#2c2944", 4)


def pyramids(c: Canvas, dice: Random) -> None:
    """Three pyramids in a golden desert, palms and camels before them."""
    c.sky("#f6a15b", "#fcc77f", "#fee6b0", bottom=330)
    sun = (dice.uniform(110, 190), 92)
    c.glow(sun, 170, "#fff4c8")
    c.disc(sun, 46, "#fff1b8")
    c.hills(290, 12, "#eec27a", dice)
    for x, y, half in ((640, 96, 190), (384 + dice.uniform(-20, 20), 30, 310), (150, 176, 120)):
        pyramid(c, (x, y), half)
    c.hills(330, 20, "#e8b566", dice)
    for i, fill in enumerate(("#dfa654", "#d59745", "#c9873a", "#b97730", "#a86828")):
        c.hills(410 + 72 * i, 24, fill, dice)
    for x, y, h in ((44, 560, 200), (732, 600, 220), (92, 690, 150)):
        date_palm(c, (x, y), h)
    first = dice.uniform(170, 240)
    for i in range(4):
        camel(c, (first + 96 * i, c.edge), 30)


def pyramid(c: Canvas, at: Point, half: float) -> None:
    """Draw a pyramid with its apex at the point: a lit side, a shaded side, courses of stone."""
    x, y = at
    foot = y + half * 0.98
    c.poly([(x, y), (x + half, foot), (x - half, foot)], "#edbb68")
    c.poly([(x, y), (x + half, foot), (x + half * 0.22, foot)], "#b97a3c")
    for i in range(1, 14):
        t = i / 14
        c.line(
            [(x - half * t, y + (foot - y) * t), (x + half * 0.22 * t, y + (foot - y) * t)],
            "#c9904a90",
            2,
        )
        c.line(
            [(x + half * 0.22 * t, y + (foot - y) * t), (x + half * t, y + (foot - y) * t)],
            "#8f582890",
            2,
        )


def date_palm(c: Canvas, at: Point, height: float) -> None:
    """Draw a dark palm standing at y."""
    fir_top = (at[0] + height * 0.06, at[1] - height)
    c.line([at, (at[0] - 2, at[1] - height * 0.5), fir_top], "#5c3a1c", height * 0.06)
    for i in range(9):
        angle = math.radians(-170 + 20 * i)
        tip = (
            fir_top[0] + height * 0.36 * math.cos(angle),
            fir_top[1] + height * 0.26 * math.sin(angle) + height * 0.1,
        )
        c.shape(
            [
                fir_top,
                ((fir_top[0] + tip[0]) / 2, (fir_top[1] + tip[1]) / 2 - height * 0.1),
                tip,
                ((fir_top[0] + tip[0]) / 2, (fir_top[1] + tip[1]) / 2 - height * 0.03),
            ],
            "#3f6b36",
        )


def camel(c: Canvas, at: Point, size: float) -> None:
    """Draw a walking camel standing at y, about two sizes long."""
    x, y = at
    for dx in (-0.62, -0.42, 0.42, 0.6):
        c.line([(x + dx * size, y - 0.7 * size), (x + dx * size * 1.1, y)], "#4a2c16", size * 0.13)
    c.oval((x, y - 0.9 * size), (0.8 * size, 0.34 * size), "#5c381c")
    c.shape(
        [(x - 0.45 * size, y - size), (x, y - 1.6 * size), (x + 0.45 * size, y - size)], "#5c381c"
    )
    c.line(
        [
            (x + 0.68 * size, y - 0.95 * size),
            (x + 1.0 * size, y - 0.9 * size),
            (x + 1.08 * size, y - 1.5 * size),
        ],
        "#5c381c",
        size * 0.2,
    )
    c.oval((x + 1.2 * size, y - 1.52 * size), (0.26 * size, 0.12 * size), "#5c381c", 8)
