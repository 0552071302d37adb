"""What is installed elsewhere holds all that the program reads: schemas, behaviours, templates."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built


def test_the_wheel_holds_schemas_behaviours_and_templates(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, home in (("schemas", "archiver/schemas"), ("src/archiver", "archiver")):
        for path in (REPOSITORY / folder).rglob("*.*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert f"{home}/{path.relative_to(REPOSITORY / folder).as_posix()}" in names


def test_an_installed_wheel_finds_its_schemas(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = "import archiver, archiver.schema as s; print(archiver.__file__); print(*s.schema_files())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(tmp_path / "site")},
    )
    assert str(tmp_path) in done.stdout.splitlines()[0]
    assert "sidecar-1.0.0.json" in done.stdout
