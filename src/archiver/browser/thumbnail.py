"""Small pictures of screenshots. Pillow lives here alone."""

import io

from PIL import Image

THUMBNAIL_WIDTH = 480


def thumbnail(png: bytes) -> bytes:
    """A JPEG, `THUMBNAIL_WIDTH` pixels wide, of a PNG screenshot."""
    with Image.open(io.BytesIO(png)) as picture:
        height = max(1, round(picture.height * THUMBNAIL_WIDTH / picture.width))
        small = picture.convert("RGB").resize((THUMBNAIL_WIDTH, height), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80, optimize=True)
    return out.getvalue()
