"""The forms in which `validate` tells what it found: whole outputs."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from archiver.cli import run as command

BAD = """{
 "$schema": "urn:archiver:schema:collection:1.2.0",
 "name": "a",
 "titel": "50 %, A:B",
 "created": "2026-11-22T13:58:40Z"
}
"""
HINT = 'Its title. For example: "Zaporizhzhia, winter 2026"'


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    Path("bad.json").write_text(BAD)
    Path("good.json").write_text(BAD.replace("titel", "title"))
    Path("fetch.txt").write_text("https://a.example/x 3 data/x\n")

    def run(*arguments: str, files=("bad.json", "good.json", "fetch.txt")) -> tuple[int, str, str]:
        code = command(["--root", "r", "validate", *arguments, *files])
        return code, *capfd.readouterr()

    return run


def test_text(run):
    code, out, err = run()
    assert code == 1
    assert out == (
        f"bad.json:1:1: error[schema-required] /title: title is missing — {HINT}\n"
        'bad.json:4:2: error[schema-unknown-key] /titel: "titel" is not a known key — Did you mean title?\n'
        "fetch.txt:1:1: warning[bag-fetch] data/x is to be fetched — Nothing is fetched unasked. "
        "Get it, and put it in its place.\n"
    )
    assert err == "2 errors, 1 warning\n"


def test_json(run):
    for option in (("--format", "json"), ("--json",)):
        code, out, err = run(*option)
        assert (code, err) == (1, "")
        lines = [json.loads(line) for line in out.splitlines()]
        assert lines[1] == {
            "level": "error",
            "code": "schema-unknown-key",
            "where": "bad.json:4:2",
            "message": '"titel" is not a known key',
            "hint": "Did you mean title?",
            "pointer": "/titel",
            "file": "bad.json",
            "line": 4,
            "column": 2,
        }
        assert len(lines) == 3
        assert "pointer" not in lines[2]


def test_github(run):
    code, out, _ = run("--format", "github")
    assert code == 1
    assert out.splitlines()[1:] == [
        '::error file=bad.json,line=4,col=2,title=schema-unknown-key::/titel: "titel" is not a known key'
        " — Did you mean title?",
        "::warning file=fetch.txt,line=1,col=1,title=bag-fetch::data/x is to be fetched — Nothing is fetched unasked. "
        "Get it, and put it in its place.",
    ]


def test_github_commands_cannot_be_forged(run):
    Path("a,b:c%.json").write_text(json.dumps({"x\n::error::y%": 1}))
    [line] = run("--format", "github", files=["a,b:c%.json"])[1].splitlines()
    assert line.startswith("::error file=a%2Cb%3Ac%25.json,line=1,col=1,title=kind-unknown::/$schema: ")


def test_junit(run):
    code, out, _ = run("--format", "junit")
    assert code == 1
    root = ElementTree.fromstring(out)
    [suite] = root
    assert suite.attrib == {"name": "archiver validate", "tests": "3", "failures": "1", "errors": "0", "skipped": "0"}
    bad, good, fetch = suite
    assert [case.get("name") for case in suite] == ["bad.json", "good.json", "fetch.txt"]
    assert [(one.tag, one.get("type")) for one in bad] == [
        ("failure", "schema-required"),
        ("failure", "schema-unknown-key"),
    ]
    assert bad[1].text.startswith("bad.json:4:2: error[schema-unknown-key] /titel: ")
    assert list(good) == []
    assert [one.tag for one in fetch] == ["system-out"]


def test_junit_is_sound_xml_whatever_the_file_holds(run):
    Path("bad.json").write_text(json.dumps({"\ud800\uffff\x00<&]]>": 1}))
    assert ElementTree.fromstring(run("--format", "junit")[1]).find(".//failure") is not None


def test_nothing_wrong(run):
    Path("bad.json").write_text(Path("good.json").read_text())
    Path("fetch.txt").write_text("")
    assert run() == (0, "", "0 errors, 0 warnings\n")
    assert run("--format", "github")[:2] == (0, "")
    assert run("--json")[:2] == (0, "")
