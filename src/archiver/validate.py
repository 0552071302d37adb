"""Are these files what their schemas say? Sidecars, descriptions of collections, and segments of the ledger.

A file is judged by what it says it is (`$schema`, or a first line that opens a segment), not by its name; only a
name that carries a digest must fit as well. Every finding stands at `file:line:col`.
"""

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from archiver import jsontext, ledger, schema, sidecar
from archiver.errors import UnreadableInput
from archiver.jsontext import BadJSON, Positions
from archiver.model import Finding, Progress, silent
from archiver.schema import Problem
from archiver.sidecar import Sidecar

_DIGEST_NAME = re.compile(r"(?:.*[.]|)(?:r\d+|\d+)-([0-9a-f]{12,16})[.]jsonl?\Z")
_FOLDERS = ("sidecars/*.json", "collection/*.json", "ledger/*/*.jsonl")
"""Where a collection keeps what can be judged."""


def validate_files(paths: Iterable[Path], progress: Progress = silent) -> list[Finding]:
    """Every finding about `paths`, in their order. Raises `UnreadableInput` for a path that is not there."""
    named = list(paths)
    for path in named:
        if not path.exists():
            raise UnreadableInput(str(path), "there is no such file")
    files = [file for path in named for file in _expanded(path)]
    findings: list[Finding] = []
    for done, file in enumerate(files, 1):
        findings += validate_file(file)
        progress("validating", done, len(files))
    return findings


def validate_file(path: Path) -> list[Finding]:
    """Everything that is wrong with one file, or strange about it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        return [Finding("error", "file-unreadable", str(path), (error.strerror or str(error)).lower())]
    if path.suffix not in (".json", ".jsonl"):
        hint = "Here .json and .jsonl files are judged; `archiver verify` reads WARC files."
        return [Finding("error", "kind-unknown", str(path), "it is no sidecar, collection or ledger", hint)]
    judged = _judge_ledger(content, str(path)) if path.suffix == ".jsonl" else _judge_document(content, str(path))
    return [*judged, *_judge_name(path, content)]


def _expanded(path: Path) -> list[Path]:
    """`path` itself, or the files in a collection's folder that can be judged."""
    if not path.is_dir():
        return [path]
    return sorted(file for pattern in _FOLDERS for file in path.glob(pattern))


def _judge_document(content: bytes, where: str) -> Iterator[Finding]:
    try:
        document = jsontext.read(content, where)
    except BadJSON as error:
        yield _syntax(error, where)
        return
    match schema.kind_of(document):
        case "sidecar":
            problems = _of_sidecar(content, where)
        case "collection":
            problems = schema.problems(document, "collection")
        case _:
            hint = f"Known are {', '.join(schema.ids().values())}."
            problems = [Problem("/$schema", "kind-unknown", "it does not say what kind of document it is", hint)]
    positions = Positions(content.decode())
    for (line, column), problem in sorted((positions.find(problem.pointer), problem) for problem in problems):
        yield _finding(problem, f"{where}:{line}:{column}")


def _of_sidecar(content: bytes, where: str) -> list[Problem]:
    try:
        return sidecar.problems(Sidecar.parse(content, where))
    except UnreadableInput:  # so malformed that only the schema can tell
        return schema.problems(jsontext.read(content, where), "sidecar")


def _judge_ledger(content: bytes, where: str) -> Iterator[Finding]:
    lines = content.split(b"\n")
    if tail := lines.pop():
        hint = "A writer that was killed leaves this; what is cut off never counted."
        yield Finding("warning", "ledger-tail", f"{where}:{len(lines) + 1}:1", f"{len(tail)} bytes end no line", hint)
    if not lines:
        yield Finding("error", "kind-unknown", f"{where}:1:1", "it has no line that opens a segment of a ledger")
    for number, line in enumerate(lines, start=1):
        yield from _judge_line(line, number, where)


def _judge_line(line: bytes, number: int, where: str) -> Iterator[Finding]:
    try:
        document = jsontext.read(line, where)
    except BadJSON as error:
        yield Finding("error", error.code, f"{where}:{number}:{max(error.column, 1)}", error.why)
        return
    positions = Positions(line.decode())
    opens = isinstance(document, dict) and document.get("type") == "segment"
    if opens != (number == 1):
        why = "a segment opens in the midst of another" if opens else "the first line does not open a segment"
        yield Finding("error", "ledger-order", f"{where}:{number}:1", why)
    problems = schema.problems(document, "ledger")
    for problem in problems:
        yield _finding(problem, f"{where}:{number}:{positions.find(problem.pointer)[1]}")
    if not problems and ledger.canonical(document) != line + b"\n":
        why = "the line is not canonical JSON (sorted keys, no spaces)"
        yield Finding("error", "ledger-canonical", f"{where}:{number}:1", why)


def _judge_name(path: Path, content: bytes) -> Iterator[Finding]:
    """Whether a name that carries a digest carries this file's."""
    named = _DIGEST_NAME.match(path.name)
    if named and not sha256(content).hexdigest().startswith(named[1]):
        message = f"its name says that its SHA-256 begins with {named[1]}, which it does not"
        hint = "It was changed after it was written. Restore it from a copy; corrections are made with `archiver edit`."
        yield Finding("error", "name-digest", str(path), message, hint)


def _syntax(error: BadJSON, where: str) -> Finding:
    return Finding("error", error.code, f"{where}:{max(error.line, 1)}:{max(error.column, 1)}", error.why)


def _finding(problem: Problem, where: str) -> Finding:
    return Finding(problem.level, problem.code, where, f"{problem.pointer or '/'} {problem.message}", problem.hint)
