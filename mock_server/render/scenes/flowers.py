"""The flower shop and the tray of succulents."""

import math
from random import Random

from mock_server.render.motifs import awning, flower, leaf, rose, scattered, tulip
from mock_server.render.paint import Canvas, Point, path, turned


def flower_shop(c: Canvas, dice: Random) -> None:
    """A shop front full of blossoms under a pink awning."""
    c.sky("#fdf0ee", "#f8dfe2", "#f3cdd6")
    for x in range(0, 769, 48):
        c.line([(x, 90), (x, 768)], "#e7b9c440", 3)
    spots = [(x, y) for x, y in scattered(c, dice, 10, 11) if y > 180 + 36 * math.sin(x / 60)]
    for at in spots:
        for _ in range(3):
            leaf(
                c,
                at,
                dice.uniform(40, 66),
                dice.uniform(0, 360),
                dice.choice(("#4f9a5b", "#6db36a", "#3c7f4f")),
            )
    tints = (
        ("#ff6f91", "#d83a63"),
        ("#ffb1c8", "#ef6f97"),
        ("#ffe08a", "#f0b23a"),
        ("#c79bf2", "#8f5fd0"),
        ("#ffffff", "#f1c9d6"),
        ("#ff8a5c", "#dd5a2b"),
    )
    for at in spots:
        tint = dice.choice(tints)
        if dice.random() < 0.4:
            rose(c, at, dice.uniform(24, 36), *tint)
        elif dice.random() < 0.5:
            flower(c, at, dice.uniform(26, 38), 6, (tint[0], "#ffd34d"))
        else:
            tulip(c, at, dice.uniform(22, 30), *tint)
    awning(c, (-20, 788), (0, 92), ("#e8577e", "#fff6f4"))


def succulents(c: Canvas, dice: Random) -> None:
    """Rosettes of succulents seen from above, packed like a tray."""
    c.sky("#3d2f28", "#4b3a2e", "#35291f")
    for at in scattered(c, dice, 9, 9):
        c.disc(at, dice.uniform(5, 9), dice.choice(("#6b5646", "#8a7560", "#574434")))
    first = dice.randrange(5)
    rosette(c, (384, 470), 230, _KINDS[first], dice.uniform(0, 60))
    for i, (x, y) in enumerate(path(_BEDS), 1):
        at = (x + dice.uniform(-8, 8), y + dice.uniform(-8, 8))
        rosette(c, at, dice.uniform(104, 116), _KINDS[(first + i * 2) % 5], dice.uniform(0, 60))


_KINDS = (
    ("#2f7f6d", "#54ab8f", "#9cd9b8", "#f2a0b5"),
    ("#6a8f3f", "#93b957", "#cfe394", "#f6d36b"),
    ("#8a4f78", "#b877a0", "#e6b0c8", "#ffdbe2"),
    ("#3f7f93", "#6fb0bd", "#b9e1e0", "#f5b79a"),
    ("#b25a4a", "#dd8a6d", "#f7c49c", "#ffe3b8"),
)
_BEDS = (
    "190,226 386,226 580,226 96,90 288,82 480,90 672,84 44,280 730,280 66,450 702,450 62,640 "
    "706,640 190,766 384,772 580,766"
)


def rosette(c: Canvas, at: Point, r: float, tints: tuple[str, str, str, str], start: float) -> None:
    """Draw a succulent from above: rings of fleshy leaves, darkest outside, tips coloured."""
    for share, count, tint in ((1.0, 9, 0), (0.74, 7, 1), (0.44, 6, 2)):
        for i in range(count):
            turn = start + 360 / count * i + share * 80
            leaf(c, at, r * share * 1.07, turn, "#10202048")
            leaf(c, at, r * share, turn, tints[tint])
            c.disc(turned(at, (0, -0.9 * r * share), turn), r * share * 0.05, tints[3])
    c.disc(at, r * 0.1, tints[2])
