"""Make `static/pump-house.mp4`: six seconds of the lead picture, windows going dark and bright again.

Not needed to run the site; the film is kept in the repository. VP9, because every build of Chromium plays it.

    PYTHONPATH=tests python -m newsroom.making.film /path/to/ffmpeg tests/newsroom/static/pump-house.mp4
"""

import subprocess
import sys

from newsroom.painting import Canvas
from newsroom.scenes import paint_pump_house

FRAMES_A_SECOND, SECONDS, WIDTH = 12, 6, 640
LIT = (5, 5, 5, 4, 2, 0, 0, 0, 1, 1, 2, 3, 4, 5, 5, 5)
"""How many windows burn, in equal stretches of the film."""


def frame(number: int) -> bytes:
    """Frame `number` as raw RGB."""
    total = FRAMES_A_SECOND * SECONDS
    canvas = Canvas(8, "pump-house")
    paint_pump_house(canvas, phase=number / FRAMES_A_SECOND * 2, lit=LIT[number * len(LIT) // total])
    return canvas.finished(WIDTH).tobytes()


def main(ffmpeg: str, target: str) -> None:
    """Paint every frame and pipe it through `ffmpeg` into `target`."""
    size = f"{WIDTH}x{WIDTH * 9 // 16}"
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", str(FRAMES_A_SECOND), "-i", "-"]
    coding = ["-c:v", "libvpx-vp9", "-b:v", "170k", "-pix_fmt", "yuv420p", "-g", "24", "-movflags", "+faststart"]
    clean = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact"]
    film = b"".join(frame(number) for number in range(FRAMES_A_SECOND * SECONDS))
    subprocess.run([ffmpeg, "-y", *source, *coding, *clean, target], input=film, check=True, capture_output=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
