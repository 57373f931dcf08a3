"""The table of styles: the scene of each style, the things on its frame, and its colours."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from mock_server.render.paint import Canvas
from mock_server.render.panel import Tones
from mock_server.render.scenes import flowers as flowers
from mock_server.render.scenes import food as food
from mock_server.render.scenes import girls as girls
from mock_server.render.scenes import land as land
from mock_server.render.scenes import machines as machines
from mock_server.render.scenes import pets as pets
from mock_server.render.scenes import sights as sights
from mock_server.render.scenes import table as table
from mock_server.render.scenes import town as town

Drawing = Callable[[Canvas, Random], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The drawing of a style: below the panel, and over the upper edge of its frame."""

    below: Drawing
    tones: Tones
    above: Drawing | None = None


def _scene(below: Drawing, colours: str, above: Drawing | None = None) -> Scene:
    """Build a scene; colours are upper ink, lower ink, paper, frame."""
    upper, lower, paper, frame = colours.split()
    return Scene(
        below=below, above=above, tones=Tones(ink=(upper, lower), paper=paper, frame=frame)
    )


PLAIN = _scene(land.plain, "#4a3a7a #243a6b #fffdfb #ffffff")

SCENES: dict[str, Scene] = {
    "landscape_painting_winter": _scene(
        land.winter, "#1f3f6b #14324f #ffffff #f7fbff", land.snow_cap
    ),
    "landscape_painting_farmhouse": _scene(land.farmhouse, "#7a1f1a #3f4a12 #fffdf2 #fff6dc"),
    "landscape_islands": _scene(land.islands, "#0b4f7a #06405c #fbffff #fff3d0"),
    "landscape_mountain": _scene(land.mountain, "#3a2560 #1a2350 #fffaf6 #ffe3cf"),
    "decorate_ocean": _scene(land.ocean, "#0c3c70 #082c54 #fffdf6 #fdf1d8"),
    "pet_dog2": _scene(
        pets.dog, "#5c3110 #3f210c #fffdf5 #fff3d6", pets.paws("#fff6ea", "#c9a27a")
    ),
    "pet_rabbit": _scene(
        pets.rabbit, "#8a1f4f #5c1440 #fffcfd #fff0f5", pets.paws("#ffffff", "#f0b8c8")
    ),
    "pet_fox": _scene(pets.fox, "#7a2a0c #0f3f3a #fffdf8 #fbe3c4", pets.paws("#3a2420", "#8a5a48")),
    "pet_cat": _scene(pets.cat, "#3a2a80 #2a2258 #fefdff #efe9ff", pets.paws("#f4f1f4", "#b0b4c4")),
    "shop_flower": _scene(flowers.flower_shop, "#8a1742 #2a5a34 #fffdfd #fff1f4"),
    "flower_succulents2": _scene(flowers.succulents, "#1f4f3f #4f2a42 #fdfff9 #e9d8c0"),
    "food_fruit": _scene(food.fruit, "#7a2408 #1f5226 #fffef6 #fff0c0"),
    "food_fruit_peache": _scene(food.peaches, "#a02a30 #6b1f30 #fffcfa #ffe6dc"),
    "food_vegetables": _scene(food.vegetables, "#1f5220 #3a4a0c #fefff8 #f1f8d8"),
    "shop_toy": _scene(table.toys, "#8a2f1f #1f3f7a #fffefa #fff6e4"),
    "landscape_street": _scene(town.street, "#2f4a5c #4a2f2a #fffefc #fdf3e0"),
    "buildings_nightview": _scene(town.night, "#150f45 #0b0b30 #fffaf0 #f3d9a8"),
    "food_fryrice": _scene(table.fried_rice, "#1f3f86 #16306b #fffefa #ffffff"),
    "fantasy_mecha": _scene(machines.mecha, "#0a2a45 #0a1a30 #f4fcff #b9c9d6"),
    "fantasy_girl": _scene(girls.sci_fi_girl, "#4a0f8a #1a0b5c #fff8ff #ff9fdc", girls.hands),
    "anime_girl_forest": _scene(girls.forest_girl, "#1f5a3a #5a3218 #fefffa #f3f8dc", girls.hands),
    "anime_girl_absurdres": _scene(
        girls.absurd_girl, "#a01f70 #3a2f9a #fffcff #ffe9f6", girls.hands
    ),
    "vehicle_motorcycle": _scene(machines.motorcycle, "#5c1420 #2a2038 #fffcf6 #3a3d49"),
    "attractions_greatwall": _scene(sights.great_wall, "#5c3a1a #2a4a24 #fffdf4 #ecd9b4"),
    "attractions_lighthouse": _scene(sights.lighthouse, "#7a1f3a #14264f #fffbf6 #fdeadb"),
    "attractions_pyramid": _scene(sights.pyramids, "#6b3a0f #4a2808 #fffdf2 #f7dda0"),
}
"""One scene for each style the vendor lists."""
