"""Make `static/lantern-marks.woff2`: the newsroom's own font of three signs (quotation mark, end mark, play).

Not needed to run the site; the font is kept in the repository. Needs fonttools and brotli.

    python tests/newsroom/making/marks.py tests/newsroom/static/lantern-marks.woff2
"""

import sys

from fontTools.fontBuilder import FontBuilder  # type: ignore[import-not-found]
from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-not-found]
from fontTools.ttLib.tables._g_l_y_f import Glyph  # type: ignore[import-not-found]

Outline = list[tuple[int, int]]

QUOTE: list[Outline] = [
    [(80, 380), (80, 520), (200, 740), (300, 740), (220, 560), (340, 560), (340, 320), (80, 320)],
    [(420, 380), (420, 520), (540, 740), (640, 740), (560, 560), (680, 560), (680, 320), (420, 320)],
]
LANTERN: list[Outline] = [
    [(180, 0), (180, 70), (620, 70), (620, 0)],
    [(220, 110), (220, 470), (580, 470), (580, 110), (520, 110), (520, 410), (280, 410), (280, 110)],
    [(400, 360), (470, 230), (440, 140), (360, 140), (330, 230)],
    [(180, 510), (300, 640), (500, 640), (620, 510)],
    [(330, 670), (330, 740), (470, 740), (470, 670)],
]
PLAY: list[Outline] = [[(200, 60), (200, 680), (700, 370)]]


def glyph(outlines: list[Outline]) -> Glyph:
    """Straight outlines as a TrueType glyph."""
    pen = TTGlyphPen(None)
    for outline in outlines:
        pen.moveTo(outline[0])
        for point in outline[1:]:
            pen.lineTo(point)
        pen.closePath()
    return pen.glyph()


def main(target: str) -> None:
    """Build the font and write it to `target` as WOFF2."""
    signs = {".notdef": [], "quote": QUOTE, "lantern": LANTERN, "play": PLAY}
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(list(signs))
    builder.setupCharacterMap({0x201C: "quote", 0x25C6: "lantern", 0x25B6: "play"})
    builder.setupGlyf({name: glyph(outlines) for name, outlines in signs.items()})
    builder.setupHorizontalMetrics(dict.fromkeys(signs, (800, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Lantern Marks", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200)
    builder.setupPost()
    builder.font.flavor = "woff2"
    builder.save(target)


if __name__ == "__main__":
    main(sys.argv[1])
