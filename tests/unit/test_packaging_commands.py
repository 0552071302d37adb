"""`archiver export` and `archiver import`: what is said, and with which exit code."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from archiver.capture import AGENT
from archiver.cli import run
from archiver.collection import Root
from archiver.verify import verify_collection
from material import collection_with


@pytest.fixture
def archiver(tmp_path, capfd):
    """Runs a command in this process: exit code, stdout, stderr."""

    def command(root, *arguments):
        code = run(["--root", str(tmp_path / root), *map(str, arguments)])
        return code, *capfd.readouterr()

    return command


@pytest.fixture
def news(tmp_path):
    return collection_with(tmp_path / "one", 2)[0]


def test_there_and_back(archiver, news, tmp_path):
    out = tmp_path / "a.wacz"
    code, told, err = archiver("one", "export", "-c", "news", "--format", "wacz", out)
    assert (code, err) == (0, "") and told.startswith(f"Wrote {out}: 2 captures, ")
    code, told, _ = archiver("one", "export", "-c", "news", "--format", "bagit", tmp_path / "bag", "--json")
    made = json.loads(told)
    assert (code, made["format"], made["captures"]) == (0, "bagit", news.captures())
    code, told, err = archiver("two", "import", out)
    assert code == 0 and told.count(": 1 pages, kept as archive/") == 2 and "package-unsigned" in err
    code, told, err = archiver("two", "import", out, tmp_path / "bag", "--json")
    package, bag = map(json.loads, told.splitlines())
    assert (code, package["file"], bag["file"]) == (0, str(out), str(tmp_path / "bag"))
    assert {one["code"] for one in package["findings"]} == {"known", "package-unsigned"}


def test_what_is_refused(archiver, news, tmp_path):
    out = tmp_path / "a.wacz"
    archiver("one", "export", "-c", "news", "--format", "wacz", out)
    refusals = (
        (6, "is not replaced", out, ()),
        (2, ".wacz", tmp_path / "a.zip", ()),
        (2, "no capture '20200101", tmp_path / "b.wacz", ("--capture", "20200101T000000Z-aaaaaaaaaa")),
    )
    for exit_code, words, place, options in refusals:
        code, _, err = archiver("one", "export", "-c", "news", "--format", "wacz", place, *options)
        assert code == exit_code and words in err, err
    Root(tmp_path / "one").create("beside", "Beside", agent=AGENT)
    code, _, err = archiver("one", "import", "-c", "beside", out)
    assert code == 6 and "capture-elsewhere" in err
    out.write_bytes(out.read_bytes()[:-30])
    code, told, err = archiver("two", "import", out)
    assert (code, told) == (2, "") and "wacz-zip" in err and "nothing of it was taken" in err
    code, told, err = archiver("two", "import", tmp_path / "nowhere", "--json")
    assert (code, told) == (2, "") and "nowhere" in err


@pytest.mark.parametrize("form", ["wacz", "bagit"])
def test_a_killed_import_is_finished_by_the_next(tmp_path, archiver, form):
    source = collection_with(tmp_path / "one", 12)[0]
    out = tmp_path / f"all.{form}"
    archiver("one", "export", "-c", "news", "--format", form, out)
    target = Root(tmp_path / "two").create("other", "Other", agent=AGENT)
    command = [sys.executable, "-m", "archiver", "--root", tmp_path / "two", "import", "-c", "other", out]
    for already in (1, 4, 7):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and len(target.captures()) < already:
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        held = target.captures()
        assert all(target.local(target.sidecar(one).warc_file).is_file() for one in held)
    code, _, _ = archiver("two", "import", "-c", "other", out)
    assert code == 0 and target.captures() == source.captures()
    assert verify_collection(target).findings == ()
    assert not [path for path in target.path.rglob("*") if path.name.startswith(".tmp-")]
