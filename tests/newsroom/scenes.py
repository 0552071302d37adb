"""What the pictures show: one function per scene, each paints on a fresh canvas."""

import math
from collections.abc import Callable

from newsroom.painting import HIGH, WIDE, Canvas, mix

WARM, BRICK = (255, 203, 112), (96, 52, 44)


def paint_pump_house(canvas: Canvas, *, phase: float = 0.0, lit: int = 5) -> None:
    """A brick pump house on a night river; `lit` of its five windows burn."""
    canvas.sky((9, 17, 38), (24, 42, 78), (92, 94, 122), bottom=62)
    canvas.stars(90, 34)
    canvas.glow(126, 16, 30, (226, 224, 196), 0.45)
    canvas.disc(126, 16, 4.2, (246, 240, 214))
    canvas.ridge(50, 3, (38, 50, 80))
    canvas.ridge(55, 2, (26, 37, 62), rough=1.6)
    canvas.street(62, (30, 38, 60), lit=0.06, tall=9)
    for tree in (30, 35, 41, 132, 138, 146):
        canvas.poplar(tree, 62, 17 + tree % 5, (14, 24, 36))
    canvas.box(96, 20, 4.4, 30, (74, 40, 38))
    canvas.box(95.4, 19, 5.6, 2, (90, 52, 46))
    canvas.box(56, 40, 48, 22, BRICK)
    canvas.shape([(53, 40), (62, 31), (98, 31), (107, 40)], (46, 30, 36))
    canvas.box(55, 40, 50, 1.2, (124, 72, 58))
    for number in range(5):
        x, on = 60 + number * 8.6, number < lit
        colour = WARM if on else (46, 36, 44)
        canvas.box(x, 47, 5, 10, colour)
        canvas.disc(x + 2.5, 47, 2.5, colour)
        canvas.line([(x + 2.5, 44.5), (x + 2.5, 57)], mix(colour, BRICK, 0.7), 0.4)
        canvas.line([(x, 51), (x + 5, 51)], mix(colour, BRICK, 0.7), 0.4)
        if on:
            canvas.glow(x + 2.5, 51, 11, (255, 180, 84), 0.42)
    canvas.box(0, 61, WIDE, 1.6, (18, 24, 38))
    canvas.water(62.6, (16, 30, 54), calm=0.62, phase=phase)


def paint_ferry(canvas: Canvas) -> None:
    """A flat ferry at dusk with two taped lamps."""
    canvas.sky((40, 50, 92), (152, 96, 118), (246, 166, 110), bottom=52)
    canvas.glow(48, 50, 40, (255, 214, 150), 0.7)
    canvas.ridge(45, 3, (112, 84, 116), rough=0.6)
    canvas.ridge(50, 1.5, (70, 58, 92), rough=1.5)
    canvas.water(52, (72, 66, 110), calm=0.72)
    canvas.shape([(62, 66), (120, 66), (114, 72), (68, 72)], (28, 28, 46))
    canvas.box(66, 64, 50, 2, (46, 42, 62))
    canvas.box(98, 53, 12, 11, (38, 36, 56))
    canvas.box(96, 51.4, 16, 1.8, (24, 24, 40))
    for x in (100, 105):
        canvas.box(x, 55, 3, 3.4, (255, 203, 112))
    canvas.box(72, 57, 16, 7, (58, 70, 96))
    canvas.shape([(88, 57), (93, 59.6), (93, 64), (88, 64)], (74, 60, 74))
    for x in (75, 85):
        canvas.disc(x, 64.4, 1.5, (18, 18, 28))
    canvas.glow(93, 62, 6, (255, 220, 150), 0.8)
    canvas.line([(104, 51), (104, 43)], (24, 24, 40), 0.4)
    canvas.haze(72.6, 3, (200, 160, 160), 0.35)


def paint_bakery(canvas: Canvas) -> None:
    """A lit shop window in a blue street, before dawn."""
    canvas.sky((18, 30, 58), (44, 66, 104), (96, 116, 148), bottom=74)
    canvas.street(73, (34, 48, 78), lit=0.03, tall=32)
    canvas.haze(62, 34, (96, 116, 148), 0.3)
    canvas.box(44, 14, 74, 60, (70, 62, 76))
    canvas.shape([(42, 14), (56, 4), (106, 4), (120, 14)], (44, 38, 54))
    for left in (52, 74, 97):
        canvas.box(left, 21, 11, 14, (42, 46, 68))
        canvas.line([(left + 5.5, 21), (left + 5.5, 35)], (70, 62, 76), 0.6)
    canvas.box(50, 48, 40, 23, (255, 206, 124))
    canvas.box(96, 47, 14, 27, (92, 56, 44))
    canvas.box(98.5, 50, 9, 11, (255, 206, 124))
    for shelf in (58, 66):
        canvas.box(50, shelf, 40, 0.8, (158, 96, 52))
        for loaf in range(7):
            canvas.disc(54 + loaf * 5.4, shelf - 1.3, 2.2, mix((196, 120, 56), (150, 84, 40), loaf % 3 / 3), tall=0.62)
    for stripe in range(11):
        x = 47 + stripe * 4.2
        canvas.shape([(x + 1, 40), (x + 5.2, 40), (x + 4.2, 48), (x, 48)], ((168, 56, 48), (240, 226, 204))[stripe % 2])
    canvas.glow(70, 60, 46, (255, 190, 96), 0.32)
    canvas.box(0, 73, WIDE, HIGH, (40, 46, 66))
    canvas.shape([(48, 73.2), (92, 73.2), (108, 90), (38, 90)], (122, 98, 84))
    canvas.line([(132, 74), (132, 34), (138, 32)], (22, 26, 40), 0.9)


def paint_tower(canvas: Canvas) -> None:
    """The water tower on its hill at sunrise."""
    canvas.sky((86, 128, 176), (190, 190, 196), (255, 206, 150), bottom=74)
    canvas.glow(112, 62, 52, (255, 236, 190), 0.9)
    canvas.disc(112, 60, 5, (255, 246, 220))
    canvas.ridge(62, 3, (150, 148, 162))
    canvas.haze(64, 12, (255, 220, 180), 0.5)
    canvas.ridge(70, 5, (96, 106, 112), rough=1.2)
    for x, lean in ((58, 3), (64, 1), (70, -1), (76, -3)):
        canvas.line([(x, 74), (x + lean, 34)], (62, 58, 66), 1.0)
    for y in (44, 55):
        canvas.line([(60, y), (74, y + 8)], (62, 58, 66), 0.5)
        canvas.line([(74, y), (60, y + 8)], (62, 58, 66), 0.5)
    canvas.box(54, 20, 26, 15, (140, 74, 60))
    canvas.box(66, 20, 14, 15, (166, 92, 70))
    canvas.shape([(51, 20), (67, 9), (83, 20)], (68, 58, 66))
    canvas.shape([(56, 35), (78, 35), (70, 39), (64, 39)], (84, 60, 60))
    canvas.ridge(78, 4, (58, 76, 72), rough=0.8)
    for x in (14, 20, 27, 130, 137, 149):
        canvas.poplar(x, 82, 22 + x % 7, (42, 62, 62))


def paint_yard(canvas: Canvas) -> None:
    """A yard with a well, a chalked board, and morning light."""
    canvas.sky((150, 186, 210), (222, 222, 210), (250, 228, 190), bottom=60)
    canvas.street(60, (172, 152, 136), lit=0.0, tall=26)
    canvas.haze(48, 30, (250, 228, 190), 0.45)
    canvas.box(0, 59.6, WIDE, HIGH, (176, 160, 132))
    canvas.ridge(64, 0.6, (158, 146, 112), rough=0.4)
    canvas.shape([(40, 90), (76, 63), (92, 63), (110, 90)], (200, 184, 150))
    canvas.box(62, 60, 24, 13, (126, 118, 112))
    canvas.disc(74, 60, 12, (146, 138, 130), tall=0.26)
    canvas.disc(74, 60, 9.6, (40, 48, 58), tall=0.24)
    for x in (62.6, 83.6):
        canvas.box(x, 36, 1.8, 24, (92, 62, 44))
    canvas.shape([(57, 37), (74, 26), (91, 37)], (128, 62, 50))
    canvas.line([(64, 44), (84, 44)], (92, 62, 44), 1.4)
    canvas.line([(74, 44), (74, 56)], (210, 196, 160), 0.35)
    canvas.shape([(72, 55), (76.4, 55), (75.8, 59), (72.6, 59)], (104, 112, 118))
    canvas.box(112, 50, 24, 16, (40, 58, 52))
    canvas.box(111.2, 49.2, 25.6, 1, (130, 92, 60))
    for row in range(5):
        canvas.line([(114, 53.4 + row * 2.6), (120 + (row * 7) % 12, 53.4 + row * 2.6)], (214, 220, 206), 0.45)
    for x in (114, 133):
        canvas.line([(x, 66), (x, 74)], (130, 92, 60), 0.9)
    canvas.glow(20, 18, 60, (255, 244, 214), 0.6)


def paint_library(canvas: Canvas) -> None:
    """Shelves of books and one lamp."""
    canvas.sky((52, 34, 30), (74, 48, 38))
    cloths = [(142, 58, 48), (44, 82, 88), (196, 148, 74), (72, 88, 62), (92, 62, 92), (212, 196, 164), (52, 62, 96)]
    for shelf in (18, 40, 62):
        x = 3.0
        while x < 157:
            wide, high = canvas.random.uniform(2, 4.4), canvas.random.uniform(12, 17.4)
            colour = canvas.random.choice(cloths)
            if canvas.random.random() > 0.07:
                canvas.box(x, shelf - high + 3, wide, high, colour)
                canvas.box(x, shelf - high + 6, wide, 0.7, mix(colour, (255, 226, 160), 0.5))
            x += wide + 0.25
        canvas.box(0, shelf + 3, WIDE, 2.2, (98, 62, 42))
    canvas.soften(0.16)
    canvas.box(0, 76, WIDE, 14, (116, 74, 48))
    canvas.glow(112, 52, 60, (255, 214, 140), 0.6)
    canvas.shape([(102, 56), (108, 44), (118, 44), (124, 56)], (58, 96, 80))
    canvas.line([(113, 56), (113, 76)], (206, 168, 92), 1.1)
    canvas.disc(113, 77, 6, (206, 168, 92), tall=0.22)
    for number, colour in enumerate(cloths[:3]):
        canvas.box(52 + number, 73 - number * 3.2, 26 - number * 3, 3, colour)


def paint_railway(canvas: Canvas) -> None:
    """A night train on an embankment."""
    canvas.sky((20, 26, 56), (58, 62, 104), (168, 128, 132), bottom=62)
    canvas.stars(50, 26)
    canvas.ridge(56, 3, (66, 64, 96), rough=0.8)
    canvas.shape([(0, 66), (WIDE, 60), (WIDE, HIGH), (0, HIGH)], (30, 34, 52))
    for car in range(4):
        x = 6 + car * 36
        y = 66 - x * 0.0375
        canvas.shape([(x, y - 13), (x + 34, y - 14.3), (x + 34, y - 2.3), (x, y - 1)], (36, 74, 92))
        canvas.shape([(x, y - 5), (x + 34, y - 6.3), (x + 34, y - 5.3), (x, y - 4)], (226, 184, 92))
        for window in range(6):
            left = x + 2.4 + window * 5.2
            canvas.box(left, y - 11 - window * 0.2, 3.4, 3.8, WARM if (window + car) % 4 else (60, 86, 108))
    for x in range(8, 160, 38):
        canvas.line([(x, 64), (x, 30), (x + 9, 28)], (20, 24, 40), 0.6)
    canvas.line([(0, 33), (WIDE, 29)], (20, 24, 40), 0.25)
    canvas.ridge(80, 2.5, (16, 22, 36), rough=2.4)


def paint_field(canvas: Canvas) -> None:
    """Ploughed rows under an evening sky, and a tractor."""
    canvas.sky((92, 140, 184), (214, 196, 168), (255, 200, 120), bottom=48)
    canvas.glow(40, 44, 46, (255, 238, 180), 0.8)
    canvas.ridge(45, 2, (140, 136, 112), rough=0.7)
    canvas.box(0, 48, WIDE, HIGH, (178, 140, 70))
    for row in range(-22, 23):
        centre = 80 + row * 2.2
        near = 80 + row * 16
        colour = ((150, 108, 54), (206, 168, 84))[row % 2]
        canvas.shape([(centre, 48), (centre + 2.2, 48), (near + 16, 90), (near, 90)], colour)
    canvas.haze(48, 8, (255, 216, 150), 0.6)
    canvas.box(98, 52, 14, 7, (176, 52, 40))
    canvas.box(98, 44.6, 8, 8, (60, 44, 40))
    canvas.box(99.2, 46, 5.4, 4.6, (226, 222, 196))
    canvas.line([(110, 52), (110, 46)], (60, 44, 40), 0.7)
    for x, radius in ((101, 4.6), (111, 2.9)):
        canvas.disc(x, 62.4 - radius, radius, (38, 34, 34))
        canvas.disc(x, 62.4 - radius, radius * 0.45, (226, 184, 92))


def paint_pylons(canvas: Canvas) -> None:
    """Power lines across an orange evening."""
    canvas.sky((64, 58, 108), (196, 104, 106), (255, 184, 108), bottom=72)
    canvas.glow(90, 66, 56, (255, 232, 170), 0.8)
    canvas.ridge(68, 3, (122, 76, 92), rough=0.6)
    tops = []
    for x, high in ((22, 52), (72, 40), (108, 31), (136, 25)):
        foot = 80 - (52 - high) * 0.25
        ink = mix((34, 28, 50), (122, 76, 92), (52 - high) / 60)
        for side in (-1, 1):
            canvas.line([(x + side * high * 0.12, foot), (x, foot - high)], ink, high / 60)
            for level in (0.62, 0.78, 0.92):
                canvas.line([(x, foot - high * level), (x + side * high * 0.2, foot - high * level)], ink, high / 75)
        for level in range(6):
            low, top = level / 7, (level + 1) / 7
            canvas.line(
                [(x - high * 0.12 * (1 - low), foot - high * low), (x + high * 0.12 * (1 - top), foot - high * top)],
                ink,
                high / 110,
            )
        tops.append((x, foot, high))
    for (x, foot, high), (x2, foot2, high2) in zip([(-34, 82, 70), *tops], [*tops, (176, 74, 17)], strict=False):
        for reach in (-0.2, 0.2):
            for level in (0.62, 0.92):
                start, end = (x + reach * high, foot - high * level), (x2 + reach * high2, foot2 - high2 * level)
                sag = [
                    (
                        start[0] + (end[0] - start[0]) * n / 12,
                        start[1] + (end[1] - start[1]) * n / 12 + 3.4 * math.sin(math.pi * n / 12),
                    )
                    for n in range(13)
                ]
                canvas.line(sag, (58, 44, 66), 0.2)
    canvas.ridge(82, 2, (44, 34, 52), rough=1.8)


SCENES: dict[str, Callable[[Canvas], None]] = {
    "pump-house": paint_pump_house,
    "ferry": paint_ferry,
    "bakery": paint_bakery,
    "tower": paint_tower,
    "yard": paint_yard,
    "library": paint_library,
    "railway": paint_railway,
    "field": paint_field,
    "pylons": paint_pylons,
}
