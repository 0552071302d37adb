"""Screenshots compared: of the capture, and of replay. The home of scikit-image and numpy, which load at first use.

Each state of replay is shot twice; what differs between the two is never the same twice and is left out, as is what
stands under a mask (films, frames, advertisements, clocks).
"""

import io
import struct
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Shot = NDArray[np.uint8]
    Mask = NDArray[np.bool_]

Box = tuple[float, float, float, float]

DIFFERS = 26
"""Levels of 255, in any colour, from which a pixel counts as another one: a tenth, as Browsertrix has it."""
MARGIN = 4
"""Pixels around what is masked."""
BLOCK = 8
"""What changes by itself is masked in blocks of so many pixels."""
WINDOW = 7
"""Pixels across the window of SSIM."""
HALF = 2
"""SSIM looks at every second pixel of the averaged picture: text stays text, and it takes a quarter of the time."""


def size(png: bytes) -> tuple[int, int]:
    """Width and height, as its header tells; (0, 0) if it is no PNG."""
    return struct.unpack(">II", png[16:24]) if png[:8] == b"\x89PNG\r\n\x1a\n" and len(png) >= 24 else (0, 0)


def matching(captured: bytes, shots: Sequence[bytes], masks: Iterable[Box]) -> float | None:
    """The share of the pixels that are the same; None where there is nothing to compare."""
    if captured and captured in shots:
        return 1.0
    pictures = _read(captured, shots)
    if pictures is None:
        return None
    counted = _counted(pictures, masks)
    if not counted.any():
        return None
    return float((_same(pictures[0], pictures[1]) & counted).sum() / counted.sum())


def alike(captured: bytes, shots: Sequence[bytes], masks: Iterable[Box], box: Box | None) -> float | None:
    """Mean structural similarity (Wang et al. 2004) within `box`; None where there is nothing to compare."""
    if captured and captured in shots:
        return 1.0
    pictures = _read(captured, shots)
    if pictures is None:
        return None
    import numpy as np
    from skimage.metrics import structural_similarity

    compare: Any = structural_similarity  # it has no types
    rows, columns = _window(pictures[0], box)
    counted = _counted(pictures, masks)[rows, columns]
    grey = [_smaller(_grey(one[rows, columns])) for one in pictures[:2]]
    weights = _smaller(counted) > 0.5
    if min(grey[0].shape) < WINDOW or not weights.any():
        return None
    grey[1] = np.where(weights, grey[1], grey[0])  # what is masked does not colour what is near it
    _, similar = compare(grey[0], grey[1], win_size=WINDOW, full=True, data_range=255.0)
    return float(np.clip(similar[weights].mean(), 0, 1))


def blankness(png: bytes) -> float:
    """The share of the picture that has its commonest colour: 1 for a page with nothing on it."""
    import numpy as np

    picture = _decoded(png).astype(np.uint32)
    codes = picture[..., 0] << 16 | picture[..., 1] << 8 | picture[..., 2]
    return float(np.unique(codes, return_counts=True)[1].max() / codes.size)


def _read(captured: bytes, shots: Sequence[bytes]) -> "list[Shot] | None":
    """The pictures, cut to what all of them have; None where one is missing."""
    pngs = (captured, *dict.fromkeys(shots))  # of one picture, Chromium makes the same file
    if not all(size(png) > (0, 0) for png in pngs) or len(pngs) < 2:
        return None
    decoded = [_decoded(png) for png in pngs]
    height, width = (min(one.shape[axis] for one in decoded) for axis in (0, 1))
    return [one[:height, :width] for one in decoded]


def _decoded(png: bytes) -> "Shot":
    from skimage import io as pictures

    picture: Shot = pictures.imread(io.BytesIO(png))
    return picture[..., :3]


def _same(one: "Shot", other: "Shot") -> "Mask":
    import numpy as np

    return np.asarray(((np.maximum(one, other) - np.minimum(one, other)) < DIFFERS).all(axis=2))


def _grey(picture: "Shot") -> "NDArray[np.uint16]":
    import numpy as np

    red, green, blue = (picture[..., number].astype(np.uint16) for number in range(3))
    return np.asarray((red + 2 * green + blue) // 4, dtype=np.uint16)


def _smaller(picture: "NDArray[Any]") -> "NDArray[np.float32]":
    """The means of squares of HALF by HALF pixels."""
    import numpy as np

    height, width = (length // HALF for length in picture.shape)
    squares = picture[: height * HALF, : width * HALF].reshape(height, HALF, width, HALF)
    smaller: NDArray[np.float32] = squares.mean(axis=(1, 3), dtype=np.float32)
    return smaller


def _counted(pictures: "list[Shot]", masks: Iterable[Box]) -> "Mask":
    """The pixels that are looked at."""
    import numpy as np

    height, width = pictures[0].shape[:2]
    counted = np.ones((height, width), dtype=bool)
    for box in masks:
        left, top, wide, high = (round(one) for one in box)
        counted[max(0, top - MARGIN) : max(0, top + high + MARGIN), max(0, left - MARGIN) : left + wide + MARGIN] = (
            False
        )
    for other in pictures[2:]:
        rows, columns = np.nonzero(~_same(pictures[1], other))
        blocks = np.zeros((height // BLOCK + 1, width // BLOCK + 1), dtype=bool)
        blocks[rows // BLOCK, columns // BLOCK] = True
        counted &= ~blocks.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)[:height, :width]
    return counted


def _window(picture: "Shot", box: Box | None) -> tuple[slice, slice]:
    height, width = picture.shape[:2]
    left, top, wide, high = (round(one) for one in box or (0, 0, width, height))
    return slice(max(0, top), min(height, top + high)), slice(max(0, left), min(width, left + wide))
