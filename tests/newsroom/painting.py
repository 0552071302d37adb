"""A brush for small landscape illustrations: gradients, ridges, houses, water. A seed paints one picture, always."""

import math
import random
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

Colour = tuple[int, int, int]

WIDE, HIGH = 160, 90
"""Scenes are drawn in these units, whatever the size in pixels."""


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`share` of `other` stirred into `one`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


class Canvas:
    """A picture in progress: 160 units wide and 90 high, each `scale` pixels."""

    def __init__(self, scale: int, seed: str) -> None:
        self.scale = scale
        self.image = Image.new("RGB", (WIDE * scale, HIGH * scale))
        self.random = random.Random(seed)

    @property
    def _draw(self) -> ImageDraw.ImageDraw:
        return ImageDraw.Draw(self.image)

    def shape(self, points: Sequence[tuple[float, float]], colour: Colour) -> None:
        """A filled polygon."""
        self._draw.polygon([(x * self.scale, y * self.scale) for x, y in points], fill=colour)

    def box(self, x: float, y: float, wide: float, high: float, colour: Colour) -> None:
        """A filled rectangle, by its upper left corner."""
        self.shape([(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)], colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour, *, tall: float = 1.0) -> None:
        """A filled circle, or an ellipse `tall` times as high as wide."""
        s, r = self.scale, radius
        self._draw.ellipse([(x - r) * s, (y - r * tall) * s, (x + r) * s, (y + r * tall) * s], fill=colour)

    def line(self, points: Sequence[tuple[float, float]], colour: Colour, width: float = 0.3) -> None:
        """A stroke through `points`."""
        pixels = max(1, round(width * self.scale))
        self._draw.line([(x * self.scale, y * self.scale) for x, y in points], fill=colour, width=pixels, joint="curve")

    def sky(self, *colours: Colour, bottom: float = HIGH) -> None:
        """A vertical gradient through `colours` from the top down to `bottom`."""
        strip = Image.new("RGB", (1, len(colours)))
        strip.putdata(list(colours))
        band = strip.resize((1, round(bottom * self.scale)), Image.Resampling.BICUBIC)
        self.image.paste(band.resize((self.image.width, band.height)), (0, 0))

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float = 0.8) -> None:
        """Soft light around a point."""
        size = round(radius * self.scale * 2)
        falloff = Image.radial_gradient("L").resize((size, size))
        mask = falloff.point([round(max(0.0, 1 - level / 180) ** 2 * 255 * strength) for level in range(256)])
        corner = (round((x - radius) * self.scale), round((y - radius) * self.scale))
        self.image.paste(Image.new("RGB", (size, size), colour), corner, mask)

    def stars(self, count: int, lowest: float) -> None:
        """Faint points in the upper sky."""
        for _ in range(count):
            x, y = self.random.uniform(0, WIDE), self.random.uniform(0, lowest)
            self.disc(x, y, self.random.uniform(0.07, 0.2), mix((120, 140, 180), (255, 250, 230), self.random.random()))

    def ridge(self, height: float, swing: float, colour: Colour, *, rough: float = 0.0) -> None:
        """A hilly horizon, filled downwards; `rough` puts woods on it."""
        waves = [
            (swing / n, self.random.uniform(0.6, 1.4) * n * math.tau / WIDE, self.random.uniform(0, math.tau))
            for n in (1, 2, 4)
        ]
        edge = []
        for step in range(WIDE * 2 + 1):
            x = step / 2
            y = height + sum(size * math.sin(x * pace + phase) for size, pace, phase in waves)
            edge.append((x, y - self.random.uniform(0, rough)))
        self.shape([*edge, (WIDE, HIGH), (0, HIGH)], colour)

    def house(self, x: float, ground: float, wide: float, high: float, wall: Colour, *, lit: float = 0.3) -> None:
        """A gabled house; each window is lit with the chance `lit`."""
        roof = mix(wall, (0, 0, 0), 0.35)
        self.box(x, ground - high, wide, high, wall)
        peak = ground - high - wide * 0.42
        self.shape([(x - 0.6, ground - high), (x + wide / 2, peak), (x + wide + 0.6, ground - high)], roof)
        self.box(x + wide * 0.7, peak + wide * 0.04, wide * 0.1, wide * 0.3, roof)
        columns, rows = max(1, int(wide // 3)), max(1, int(high // 4))
        for column in range(columns):
            for row in range(rows):
                left = x + (column + 0.5) * wide / columns - 0.6
                top = ground - high + 1.2 + row * (high - 1) / rows
                on = self.random.random() < lit
                self.box(left, top, 1.2, 1.7, (255, 203, 112) if on else mix(wall, (0, 0, 0), 0.3))

    def street(self, ground: float, wall: Colour, *, lit: float = 0.3, tall: float = 12) -> None:
        """A row of houses across the picture."""
        x = -3.0
        while x < WIDE:
            wide = self.random.uniform(8, 15)
            shade = mix(wall, (255, 255, 255), self.random.uniform(0, 0.07))
            self.house(x, ground, wide, self.random.uniform(tall * 0.6, tall), shade, lit=lit)
            x += wide + self.random.uniform(0.2, 5)

    def poplar(self, x: float, ground: float, high: float, colour: Colour) -> None:
        """A slim tree."""
        self.line([(x, ground), (x, ground - high * 0.3)], mix(colour, (0, 0, 0), 0.3), 0.5)
        self.disc(x, ground - high * 0.58, high * 0.11, colour, tall=4)

    def water(self, surface: float, tint: Colour, *, calm: float = 0.35, phase: float = 0.0) -> None:
        """Below `surface`, the picture above it, mirrored, rippled and tinted by 1 - `calm`."""
        s = self.scale
        line = round(surface * s)
        depth = self.image.height - line
        mirror = self.image.crop((0, max(0, line - depth), self.image.width, line))
        mirror = mirror.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((self.image.width, depth))
        mirror = Image.blend(mirror, Image.new("RGB", mirror.size, tint), 1 - calm)
        for row in range(depth):
            near = row / depth
            wave = math.sin(row / s * (7 - 4.5 * near) + phase) + 0.5 * math.sin(row / s * 2.3 - 2 * phase)
            shift = round(wave * s * (0.12 + near))
            strip = mirror.crop((0, row, mirror.width, row + 1))
            self.image.paste(strip, (shift, line + row))
            self.image.paste(strip, (shift - mirror.width if shift > 0 else shift + mirror.width, line + row))

    def haze(self, y: float, high: float, colour: Colour, strength: float = 0.5) -> None:
        """A belt of mist centred on `y`."""
        top, size = round((y - high / 2) * self.scale), (self.image.width, round(high * self.scale))
        strip = Image.new("L", (1, 64))
        strip.putdata([round(255 * strength * math.sin(math.pi * n / 63) ** 2) for n in range(64)])
        self.image.paste(Image.new("RGB", size, colour), (0, top), strip.resize(size, Image.Resampling.BICUBIC))

    def soften(self, radius: float) -> None:
        """Blur everything painted so far: it is far away."""
        self.image = self.image.filter(ImageFilter.GaussianBlur(radius * self.scale))

    def finished(self, width: int) -> Image.Image:
        """The picture at `width` pixels, a little more vivid than it was mixed."""
        size = (width, width * self.image.height // self.image.width)
        return ImageEnhance.Color(self.image.resize(size, Image.Resampling.LANCZOS)).enhance(1.08)
