"""Finding a browser, and the thumbnail."""

import io
from pathlib import Path

import pytest
from PIL import Image

from archiver.browser import find_chromium, thumbnail
from archiver.errors import PartMissing


def program(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_variable_wins_over_the_system_and_the_system_over_playwright(tmp_path: Path):
    system, chosen = program(tmp_path, "chromium-browser"), program(tmp_path, "chosen")
    for build in (999, 1200):
        folder = tmp_path / f"chromium-{build}" / "chrome-linux64"
        folder.mkdir(parents=True)
        bundled = program(folder, "chrome")
    path = {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    assert find_chromium({**path, "ARCHIVER_CHROMIUM": str(chosen)}) == chosen
    assert find_chromium(path) == system
    assert program(tmp_path, "chromium") == find_chromium(path)
    assert find_chromium({**path, "PATH": "/nowhere"}) == bundled


def test_a_variable_that_names_nothing_is_not_passed_over(tmp_path: Path):
    program(tmp_path, "chromium")
    with pytest.raises(PartMissing, match="/nowhere/chrome") as missing:
        find_chromium({"PATH": str(tmp_path), "ARCHIVER_CHROMIUM": "/nowhere/chrome"})
    assert missing.value.exit_code == 3


def test_no_browser_at_all():
    with pytest.raises(PartMissing, match="no Chromium") as missing:
        find_chromium({"PATH": "/nowhere", "HOME": "/nowhere"})
    assert "install" in missing.value.hint


@pytest.mark.parametrize(("size", "expected"), [((1280, 900), (480, 338)), ((1280, 1), (480, 1))])
def test_thumbnails_keep_their_shape(size: tuple[int, int], expected: tuple[int, int]):
    png = io.BytesIO()
    Image.new("RGBA", size, "teal").save(png, "PNG")
    small = Image.open(io.BytesIO(thumbnail(png.getvalue())))
    assert (small.format, small.size) == ("JPEG", expected)
