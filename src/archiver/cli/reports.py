"""What `validate` found, in the forms that people and other programs read."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import click

from archiver.cli import render

if TYPE_CHECKING:
    from archiver.model import Finding
    from archiver.validate import Judged

_PLACE = re.compile(r"(?P<file>.*?):(?P<line>[0-9]+):(?P<column>[0-9]+)\Z", re.DOTALL)
_GITHUB = {"error": "error", "warning": "warning", "info": "notice"}
_MESSAGE = str.maketrans({"%": "%25"})  # line ends are gone already
_PROPERTY = str.maketrans({"%": "%25", ":": "%3A", ",": "%2C"})


def write(form: str, files: "Iterable[Judged]") -> "Counter[str]":
    """Write the findings in a form of `FORMS`; returns how many there were of each level."""
    levels: Counter[str] = Counter()

    def counted() -> "Iterable[Judged]":
        for judged in files:
            levels.update(one.level for one in judged.findings)
            yield judged

    FORMS[form](counted())
    return levels


def place(finding: "Finding") -> dict[str, str | int]:
    """File, line and column of a finding, as far as it has them."""
    found = _PLACE.match(finding.where)
    if not found:
        return {"file": finding.where}
    return {"file": found["file"], "line": int(found["line"]), "column": int(found["column"])}


def _text(files: "Iterable[Judged]") -> None:
    for judged in files:
        render.findings(judged.findings, err=False)


def _json(files: "Iterable[Judged]") -> None:
    for judged in files:
        for one in judged.findings:
            render.emit(one.as_json() | place(one))


def _github(files: "Iterable[Judged]") -> None:
    """Workflow commands, which GitHub shows beside the line of a change."""
    for judged in files:
        for one in judged.findings:
            names = {"column": "col"}
            told = {names.get(key, key): value for key, value in place(one).items()} | {"title": one.code}
            properties = ",".join(
                f"{key}={render.plain(str(value)).translate(_PROPERTY)}" for key, value in told.items()
            )
            click.echo(f"::{_GITHUB[one.level]} {properties}::{_sentence(one).translate(_MESSAGE)}")


def _junit(files: "Iterable[Judged]") -> None:
    """A test case for each file; its errors are the failures, its warnings the output."""
    suite = ElementTree.Element("testsuite", name="archiver validate")
    tests = failures = 0
    for judged in files:
        tests += 1
        case = ElementTree.SubElement(suite, "testcase", classname="archiver.validate", name=_xml(judged.file))
        for one in judged.findings:
            line = _xml(f"{one.where}: {one.level}[{one.code}] {_sentence(one)}")
            kind = "failure" if one.level == "error" else "system-out"
            told = ElementTree.SubElement(case, kind)
            told.text = line
            if one.level == "error":
                told.attrib.update(type=one.code, message=_xml(_sentence(one)))
        failures += any(one.level == "error" for one in judged.findings)
    suite.attrib.update(tests=str(tests), failures=str(failures), errors="0", skipped="0")
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    click.echo(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _sentence(finding: "Finding") -> str:
    pointer = f"{finding.pointer}: " if finding.pointer else ""
    hint = f" — {finding.hint}" if finding.hint else ""
    return render.plain(f"{pointer}{finding.message}{hint}")


def _xml(text: str) -> str:
    """`text` without the two characters that XML has no room for and terminals bear."""
    return re.sub("[\ufffe\uffff]", "\N{REPLACEMENT CHARACTER}", render.plain(text))


FORMS: "dict[str, Callable[[Iterable[Judged]], None]]" = {
    "text": _text, "json": _json, "github": _github, "junit": _junit,
}  # fmt: skip
"""Name of the form → what writes it to stdout."""
