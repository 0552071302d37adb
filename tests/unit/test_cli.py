"""The command line as a border: what comes from archives and disks is shown safely, and ends in the right code."""

import errno
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from archiver import cli, validate
from archiver.capture import Captured
from archiver.cli import render, run
from archiver.cli.capturing import exit_code, seeds
from archiver.collection import Root
from archiver.config import load_settings
from archiver.errors import FetchFailed
from archiver.model import Finding
from material import collection_with

STEERING = "evil\x1b]0;title\x07 \x9b31m \u202etxt\nline\ttab\x00"


@pytest.fixture
def archiver(tmp_path, capfd):
    """Runs a command in this process: exit code, stdout, stderr."""

    def command(*arguments):
        code = run(["--root", str(tmp_path), *map(str, arguments)])
        return code, *capfd.readouterr()

    return command


def harmless(text):
    return not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e]", text)


def test_nothing_that_steers_a_terminal_is_printed(capfd, monkeypatch):
    render.findings([Finding("error", "x", STEERING, STEERING, STEERING)], err=False)
    render.table(["a"], [[STEERING]])
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    render.table(["a"], [[STEERING]])
    out = re.sub("\x1b\\[[0-9;]*m", "", capfd.readouterr().out)  # rich's own colours
    assert harmless(out) and "evil" in out
    assert len(out.splitlines()) >= 3


def test_json_steers_no_terminal_and_loses_nothing(capfd):
    render.emit({"headline": STEERING})
    out = capfd.readouterr().out
    assert harmless(out)
    assert json.loads(out) == {"headline": STEERING}


def test_a_hostile_name_in_an_error_is_harmless(archiver):
    code, _, err = archiver("validate", STEERING.replace("\x00", ""))
    assert code == 2
    assert harmless(err)


def test_letters_that_are_none_come_out_as_json(capfd):
    render.emit({"url": "http://x/\udcff", "title": "Міст 🌉"})
    out = capfd.readouterr().out
    assert json.loads(out)["title"] == "Міст 🌉"
    assert "\\udcff" in out


def test_a_url_of_wrong_bytes_is_refused_in_a_sentence(archiver):
    for options in ([], ["--json"]):
        code, out, err = archiver("capture", "http://x\udcff/", "--engine", "http", *options)
        assert code == 2, err
        assert "web address" in err + out
        assert "unforeseen" not in err


@pytest.mark.parametrize("command", ["verify", "validate"])
def test_checking_nothing_is_no_success(archiver, command):
    code, _, err = archiver(command)
    assert code == 2
    assert "no collection" in err


def test_every_capture_is_shown_even_with_odd_claims(archiver, tmp_path):
    collection, [captured] = collection_with(tmp_path)
    code, out, _ = archiver("show", captured.capture_id)
    assert code == 0
    assert "The bridge stands" in out
    assert str(collection.local(captured.warc)) in out


def test_a_progress_has_one_name(tmp_path):
    collection, _ = collection_with(tmp_path, 3)
    seen = set()
    list(validate.validate_files([collection.path], lambda what, done, total: seen.add(what)))
    assert len(seen) == 1


def test_seeds_of_another_system(tmp_path):
    file = tmp_path / "seeds.txt"
    file.write_bytes("\ufeffhttps://a.example/\r\n# no\r\n\r\nhttps://b.example/\r\n".encode())
    assert list(seeds((), str(file))) == ["https://a.example/", "https://b.example/"]


@pytest.mark.parametrize("text", ['root = ["x"]', "[sync]\npush = [1]", "[capture]\njobs = 'many'", "root = ["])
def test_settings_that_make_no_sense_are_wrong_usage(archiver, tmp_path, monkeypatch, text):
    (tmp_path / "archiver.toml").write_text(text)
    monkeypatch.setenv("ARCHIVER_CONFIG", str(tmp_path / "archiver.toml"))
    code, _, err = archiver("capture", "https://example.org/", "-c", "nowhere")
    assert code == 2, err
    assert "unforeseen" not in err


def test_settings_are_defaults(tmp_path):
    (tmp_path / "a.toml").write_text("root = 5\n[capture]\nallow-private = true\njobs = 4\n[sync]\npush = 3")
    wanted = {"root": "5", "capture": {"allow_private": True, "jobs": "4"}, "sync": {"push": "3"}}
    assert load_settings(tmp_path / "a.toml") == wanted
    assert load_settings(tmp_path / "none.toml") == {}


@pytest.mark.parametrize("command", [["init", "x", "--title", "\udcff"], ["list", "url:\udcff"]])
def test_arguments_that_are_no_text_are_wrong_usage(archiver, tmp_path, command):
    collection_with(tmp_path)
    code, _, err = archiver(*command)
    assert code == 2
    assert "UTF-8" in err


def test_no_collection_takes_the_address_of_our_own_files(archiver):
    assert archiver("init", "static", "--title", "Static")[0] == 2


def test_every_command_is_in_the_module_that_is_named_for_it():
    folder = Path(cli.__file__).parent
    modules = {path.stem: import_module(f"archiver.cli.{path.stem}") for path in folder.glob("[a-z]*.py")}
    found = {
        name: {command.name for command in module.COMMANDS}
        for name, module in modules.items()
        if hasattr(module, "COMMANDS")
    }
    assert found == {name: set(commands) for name, commands in cli.MODULES.items()}


@pytest.mark.parametrize(
    ("script", "needless"),
    [
        (
            "from archiver.cli import run; run(['--help'])",
            ["warcio", "botocore", "lxml", "jsonschema", "cryptography", "sqlite3", "archiver.collection"],
        ),
        (
            "from archiver.cli import run; run(['list', '--json'])",
            ["warcio", "botocore", "lxml", "jsonschema", "cryptography", "stamina", "archiver.cli.capturing"],
        ),
        (
            "import archiver.sync; from archiver.stores import open_store; open_store('s3://bucket/prefix')",
            ["warcio", "stamina", "OpenSSL", "jsonschema", "archiver.cdxj"],
        ),
    ],
    ids=["help", "list", "sync"],
)
def test_what_is_not_needed_is_not_loaded(tmp_path, script, needless):
    Root(tmp_path).create("news", "News", agent="test/1")
    environment = os.environ | {"ARCHIVER_ROOT": str(tmp_path), "AWS_ENDPOINT_URL": "http://[::1]:9"}
    environment |= {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    script += "; import sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert set(needless).isdisjoint(done.stdout.splitlines()[-1].split())


def test_the_exit_code_of_captures():
    bad = Finding("error", "warc-digest", "x", "It was altered.")
    cut = replace(bad, level="warning")
    for outcomes, code in [
        ([], 0),
        ([Captured("a", "ok", 0.1)], 0),
        ([Captured("a", "ok", 0.1, findings=(cut,))], 0),
        ([Captured("a", "ok", 0.1, findings=(bad,))], 1),
        ([Captured("a", "offline", 0.1, error=FetchFailed("a", "x"))] * 2, 5),
        ([Captured("a", "offline", 0.1, error=FetchFailed("a", "x")), Captured("a", "ok", 0.1)], 1),
        ([Captured("a", "partial", 0.1)], 1),
    ]:
        assert exit_code(outcomes) == code, outcomes


def test_who_waits_at_a_terminal_is_told_for_what(capfd, monkeypatch):
    with render.waiting("Starting"):
        pass
    assert capfd.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with render.waiting("Starting"):
        pass
    assert "Starting" in capfd.readouterr().err


def test_an_import_of_what_is_not_there_makes_no_collection(archiver, tmp_path):
    code, _, err = archiver("import", tmp_path / "nope.warc.gz")
    assert code == 2
    assert "no such file or folder" in err
    assert not (tmp_path / "default").exists()


def test_what_is_no_copy_to_repair_from_is_told_as_it_is(archiver, tmp_path):
    collection_with(tmp_path)
    code, _, err = archiver("repair", "-c", "news", "--from", "/nope")
    assert code == 2
    assert "/nope: there is no such folder or package, and no remote of that name." in err
    (tmp_path / "note.txt").write_text("no package")
    code, _, err = archiver("repair", "-c", "news", "--from", tmp_path / "note.txt")
    assert code == 2
    assert "neither a WACZ file nor the folder of a bag" in err


@pytest.mark.parametrize(("content", "told"), [(None, "no such file or directory"), (b"\xff\xfe", "no UTF-8 text")])
def test_a_seed_list_that_cannot_be_read_is_told_plainly(archiver, tmp_path, content, told):
    if content:
        (tmp_path / "seeds.txt").write_bytes(content)
    code, _, err = archiver("capture", "--seeds", tmp_path / "seeds.txt")
    assert code == 2
    assert told in err
    assert "Name a text file" in err
    assert "Errno" not in err


@pytest.mark.parametrize(
    "command",
    [
        ("edit", "{}", "headline=New", "--by", "A", "--reason", "B"),
        ("erase", "{}", "--basis", "other", "--note", "N", "--by", "A", "--yes"),
        ("restrict", "{}", "--access", "dark", "--by", "A"),
    ],
)
def test_a_root_that_cannot_be_written_is_wrong_usage(archiver, tmp_path, monkeypatch, command):
    _, [one] = collection_with(tmp_path)
    opened = os.open

    def read_only(path, flags, *rest, **more):
        if flags & os.O_CREAT and str(path).startswith(str(tmp_path)):
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        return opened(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", read_only)
    code, _, err = archiver(*(part.format(one.capture_id) for part in command))
    assert code == 2
    assert "read-only file system" in err
    assert "Choose a folder that you may write, with --root." in err
