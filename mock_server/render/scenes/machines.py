"""Machines: the mecha, and the motorcycle that stands on the panel as on a ramp."""

import math
from random import Random

from mock_server.render.paint import Canvas, Point, mirrored, path, turned
from mock_server.render.scenes.pets import both


def mecha(c: Canvas, dice: Random) -> None:
    """A war machine's helmet and shoulders among neon cells."""
    c.sky("#0a1626", "#12304a", "#0b1a2e")
    for row in range(13):
        for column in range(12):
            at = (column * 70 + 35 * (row % 2), row * 61.0)
            edge = [
                (at[0] + 38 * math.cos(a), at[1] + 38 * math.sin(a))
                for a in (math.tau * (k + 0.5) / 6 for k in range(7))
            ]
            c.line(edge, "#2fd3ff38", 2)
            if dice.random() < 0.12:
                c.poly(edge, "#2fd3ff2c")
    x, y = 384.0, c.edge - 84
    c.glow((x, y), 330, "#2fd3ff", 0.55)
    both(c, path("-110,110 -150,40 -300,50 -376,130 -384,330 -260,380", (x, y)), x, "#8fa3b5")
    for points, fill in (
        (path("-160,66 -290,74 -356,140 -330,170 -160,150", (x, y)), "#e8eef4"),
        (path("-340,200 -270,180 -270,420 -330,460", (x, y)), "#c9352f"),
        (path("-350,480 -268,450 -268,640 -340,650", (x, y)), "#5c7186"),
    ):
        c.poly(points, fill)
        c.poly(mirrored(points, x), fill)
    helmet(c, (x, y), dice.choice(("#c9352f", "#2f6fd0", "#e08a1f")))
    for side in (-1, 1):
        for i in range(5):
            c.box(
                (x + side * 312 - 22, 560 + 26 * i, x + side * 312 + 22, 570 + 26 * i), "#35e0ff", 4
            )
    for i in range(14):
        c.box((60 + i * 48, 738, 90 + i * 48, 748), "#35e0ff" if i % 3 else "#ffb03a", 4)


def helmet(c: Canvas, at: Point, accent: str) -> None:
    """Draw the helmet: crest, antennae, glowing eyes and jaw."""
    x, y = at
    for side in (-1, 1):
        c.poly([(x, y - 40), (x + side * 150, y - 116), (x + side * 20, y - 74)], "#ffd23f")
        c.poly(path("78,-40 126,-60 120,46 82,60", (x, y), (side, 1)), "#7f93a6")
    c.poly(
        path("-84,-20 -70,-74 -30,-98 30,-98 70,-74 84,-20 86,50 50,104 -50,104 -86,50", (x, y)),
        "#eef3f8",
    )
    c.poly(path("0,-98 30,-98 70,-74 84,-20 86,50 50,104 0,104", (x, y)), "#c4d0dc")
    c.poly(path("-74,-14 74,-14 66,40 -66,40", (x, y)), "#16222f")
    for side in (-1, 1):
        c.glow((x + side * 38, y + 8), 40, "#35f0ff")
        c.poly(path("12,14 66,-6 60,16 18,24", (x, y), (side, 1)), "#9ffbff")
        c.poly(path("46,46 74,40 48,96 30,96", (x, y), (side, 1)), "#9aabba")
    c.poly(path("-16,-100 16,-100 12,-26 -12,-26", (x, y)), accent)
    c.poly(path("-26,46 26,46 18,104 -18,104", (x, y)), accent)
    for i in range(3):
        c.line([(x - 14, y + 60 + 13 * i), (x + 14, y + 60 + 13 * i)], "#16222f", 3)


def motorcycle(c: Canvas, dice: Random) -> None:
    """A red motorcycle before a desert highway at sunset."""
    c.sky("#27335f", "#7a4a80", "#e2705f", "#ffb866", bottom=420)
    sun = (dice.uniform(560, 640), 190)
    c.glow(sun, 240, "#ffd98a")
    c.disc(sun, 84, "#ffcf6b")
    for i in range(4):
        c.box((sun[0] - 90, 196 + 20 * i, sun[0] + 90, 201 + 21 * i), "#f08f62")
    shift = dice.uniform(-40, 40)
    for x, w, y in ((-20, 190, 190), (230, 130, 230), (590, 240, 214)):
        left = x + shift
        c.shade(
            [(left, 430), (left + w * 0.12, y), (left + w * 0.8, y - 8), (left + w, 430)],
            "#a3485a",
            "#6b2f4f",
        )
    c.sky("#b5613f", "#8a4438", "#5c2f33", top=400)
    c.poly([(330, 400), (438, 400), (900, 800), (-132, 800)], "#34343f")
    for side in (-1, 1):
        c.line([(384 + side * 46, 400), (384 + side * 480, 800)], "#f7f0dc", 9)
    for y in (420, 470, 540, 640, 738):
        dash = path("-1,0 1,0 1.3,1 -1.3,1", (384, y), (3 + (y - 400) * 0.04, (y - 380) * 0.12))
        c.poly(dash, "#ffd23f")
    for x, y, h in ((44, 520, 120), (726, 560, 140), (78, 690, 90)):
        cactus(c, (x, y), h)
    bike(c, (384 + dice.uniform(-20, 20), c.edge))


def cactus(c: Canvas, at: Point, height: float) -> None:
    """Draw a cactus standing at y."""
    x, y = at
    w = height * 0.11
    c.box((x - w, y - height, x + w, y), "#2f6b52", w)
    for side, k in ((-1, 0.45), (1, 0.6)):
        c.box(
            (
                min(x, x + side * w * 3),
                y - height * k,
                max(x, x + side * w * 3),
                y - height * k + w * 1.3,
            ),
            "#2f6b52",
            w * 0.6,
        )
        c.box(
            (
                x + side * w * 3 - w * 0.7,
                y - height * (k + 0.26),
                x + side * w * 3 + w * 0.7,
                y - height * k + w * 1.3,
            ),
            "#2f6b52",
            w * 0.7,
        )


def bike(c: Canvas, at: Point) -> None:
    """Draw the machine: wheels at y, about 330 units long, riding to the right."""
    x, y = at
    rear, front = (x - 112, y - 52), (x + 118, y - 52)
    for hub in (rear, front):
        c.disc(hub, 52, "#1b1c24")
        c.disc(hub, 38, "#4a4d5a")
        c.disc(hub, 34, "#20222c")
        for i in range(6):
            c.line([turned(hub, (0, -34), 30 * i), turned(hub, (0, 34), 30 * i)], "#aab0bd", 2.5)
        c.disc(hub, 11, "#d5dae3")
    c.line([front, (x + 84, y - 134), (x + 70, y - 160)], "#d5dae3", 10)
    c.line([(x + 74, y - 156), (x + 44, y - 172), (x + 26, y - 164)], "#1b1c24", 8)
    c.line([rear, (x - 20, y - 60), (x + 40, y - 60)], "#3a3d49", 12)
    c.shape(path("-56,-96 -30,-36 34,-32 58,-70 48,-104", (x, y)), "#3a3d49")
    for i in range(4):
        c.line([(x - 22, y - 88 + 12 * i), (x + 40, y - 90 + 12 * i)], "#8d93a3", 4)
    c.disc((x + 4, y - 46), 17, "#c5cad6")
    c.line([(x + 20, y - 40), (x - 40, y - 30), (x - 150, y - 40)], "#e6eaf0", 11)
    c.shape(path("-30,-116 10,-150 64,-146 84,-118 40,-98 -20,-98", (x, y)), "#d8262f")
    c.shape(path("4,-138 30,-146 62,-138 30,-134", (x, y)), "#ff8a80")
    c.shape(path("-146,-126 -120,-134 -70,-120 -18,-122 -30,-98 -90,-98", (x, y)), "#22232d")
    c.shape(path("-168,-108 -128,-122 -80,-100 -96,-90 -140,-102", (x, y)), "#d8262f")
    c.bow(front, 60, (210, 320), "#d8262f", 9)
    c.disc((x + 92, y - 138), 17, "#d5dae3")
    c.disc((x + 97, y - 138), 12, "#fff0a8")
    c.glow((x + 112, y - 138), 74, "#fff3b8", 0.8)
