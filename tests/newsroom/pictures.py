"""The newsroom's pictures, painted when first asked for: scenes by name, portraits, the icon, and their encodings."""

import io
import math
from functools import cache

from PIL import Image, ImageDraw

from newsroom.painting import Canvas, Colour, mix
from newsroom.scenes import SCENES

SCALE = 12
"""Pixels per unit while painting; pictures are scaled down from there, which smooths their edges."""

PALETTES: list[tuple[Colour, Colour, Colour]] = [
    ((214, 150, 84), (36, 62, 92), (58, 36, 30)),
    ((112, 150, 150), (140, 62, 52), (40, 34, 38)),
    ((150, 132, 168), (60, 78, 66), (150, 98, 52)),
]
"""Ground, cloth and hair of portraits."""


@cache
def scene(name: str) -> Canvas:
    """The painted scene `name`; raises KeyError when there is none."""
    canvas = Canvas(SCALE, name)
    SCENES[name](canvas)
    return canvas


@cache
def picture(name: str, width: int, kind: str) -> bytes:
    """Scene `name` at `width` pixels as `jpg`, `webp` or `png`; raises KeyError for an unknown scene."""
    return encoded(scene(name).finished(width), kind)


def encoded(image: Image.Image, kind: str) -> bytes:
    """`image` as a file of `kind`."""
    stream = io.BytesIO()
    settings = {"jpg": {"quality": 80, "progressive": True}, "webp": {"quality": 76, "method": 2}}.get(kind, {})
    image.save(stream, {"jpg": "JPEG"}.get(kind, kind.upper()), **settings)
    return stream.getvalue()


@cache
def portrait(seed: str, width: int = 192) -> bytes:
    """A drawn head and shoulders on a coloured ground, as PNG."""
    canvas = Canvas(8, seed)
    ground, cloth, hair = canvas.random.choice(PALETTES)
    skin: Colour = (232, 188, 156)
    canvas.sky(mix(ground, (255, 255, 255), 0.35), ground)
    canvas.disc(80, 100, 36, cloth, tall=0.86)
    canvas.disc(80, 44, 25, hair, tall=1.06)
    canvas.box(55, 44, 50, 26, hair)
    canvas.box(73, 58, 14, 16, mix(skin, (120, 60, 40), 0.22))
    canvas.disc(80, 72, 9, mix(skin, (120, 60, 40), 0.22), tall=0.6)
    canvas.disc(80, 46, 17.5, skin, tall=1.2)
    canvas.shape([(61, 42), (64, 27), (84, 21), (99, 32), (100, 42), (88, 33)], hair)
    for x in (73, 87):
        canvas.disc(x, 46, 1.5, (52, 40, 38))
        canvas.line([(x - 3, 41.6), (x, 40.6), (x + 3, 41.6)], mix(hair, (0, 0, 0), 0.2), 0.8)
    canvas.line([(80, 48), (78.6, 54), (81, 54.4)], mix(skin, (120, 60, 40), 0.4), 0.6)
    canvas.line([(74, 59), (78, 60.8), (82, 60.8), (86, 59)], (160, 70, 66), 0.9)
    square = canvas.image.crop((35 * 8, 0, 125 * 8, 90 * 8)).resize((width, width), Image.Resampling.LANCZOS)
    return encoded(square, "png")


@cache
def plan(width: int) -> bytes:
    """The town's river, streets and water mains, as PNG."""
    canvas = Canvas(8, "plan")
    canvas.sky((240, 232, 214), (232, 222, 200))
    for street in range(18):
        x = street * 9 - 4 + canvas.random.uniform(-2, 2)
        canvas.line([(x, 0), (x + 18, 90)], (252, 248, 238), 1.6)
    for street in range(8):
        y = street * 12 + canvas.random.uniform(-2, 2)
        canvas.line([(0, y), (160, y - 10)], (252, 248, 238), 1.6)
    river = [(x, 58 + 9 * math.sin(x / 22) + x / 14) for x in range(-8, 169, 4)]
    canvas.line(river, (146, 180, 196), 13)
    canvas.line(river, (166, 198, 210), 8)
    main = [(52, 74), (52, 46), (84, 42), (84, 22), (118, 18)]
    canvas.line(main, (176, 74, 44), 1.5)
    for branch in ((52, 46, 20, 50), (84, 42, 104, 50), (84, 22, 58, 14), (118, 18, 146, 30)):
        canvas.line([branch[:2], branch[2:]], (176, 74, 44), 0.8)
    for x, y in main:
        canvas.disc(x, y, 1.9, (60, 34, 30))
        canvas.disc(x, y, 1.1, (255, 214, 140))
    return encoded(canvas.finished(width), "png")


@cache
def icon(width: int) -> Image.Image:
    """The lantern of the newsroom, as an image with a transparent ground."""
    image = Image.new("RGBA", (512, 512), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, 511, 511), 96, fill=(14, 24, 44, 255))
    draw.arc((196, 44, 316, 164), 180, 360, fill=(255, 203, 112), width=20)
    draw.polygon([(150, 176), (210, 112), (302, 112), (362, 176)], fill=(255, 203, 112))
    draw.rounded_rectangle((166, 192, 346, 396), 18, fill=(255, 238, 200))
    draw.polygon([(256, 216), (306, 310), (286, 360), (226, 360), (206, 310)], fill=(232, 132, 44))
    draw.rounded_rectangle((134, 408, 378, 452), 14, fill=(255, 203, 112))
    return image.resize((width, width), Image.Resampling.LANCZOS)


@cache
def favicon() -> bytes:
    """The icon as ICO in two sizes."""
    stream = io.BytesIO()
    icon(64).save(stream, "ICO", sizes=[(16, 16), (32, 32)])
    return stream.getvalue()
