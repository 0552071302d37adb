"""Problems as findings at the line and column where they stand."""

from collections.abc import Iterable

from archiver.jsontext import BadJSON, Positions, at, repeated_key
from archiver.model import Finding, Level
from archiver.schema import Problem


def located(problems: Iterable[Problem], text: str, where: str, first_line: int = 1) -> list[Finding]:
    """The problems of a JSON text in the order of the text, whose first line is line `first_line` of the file."""
    known = list(problems)
    if not known:
        return []
    positions = Positions(text, [problem.pointer for problem in known])
    placed = sorted((positions.find(problem.pointer), problem) for problem in known)
    return [finding(problem, where, line + first_line - 1, column) for (line, column), problem in placed]


def finding(problem: Problem, where: str, line: int, column: int) -> Finding:
    """One problem at its place."""
    place = f"{where}:{line}:{column}"
    return Finding(problem.level, problem.code, place, problem.message, problem.hint, problem.pointer or "/")


def unreadable(error: BadJSON, where: str, line: int = 1) -> Finding:
    """What keeps a text from being JSON at all; the text begins at line `line` of the file."""
    place = f"{where}:{max(error.line, 1) + line - 1}:{max(error.column, 1)}"
    return Finding("error", error.code, place, error.why, error.hint)


def unreadable_parts(error: BadJSON, content: bytes, where: str) -> list[Finding]:
    """As `unreadable`, and every repeated key where that is the fault."""
    if error.code != "json-duplicate-key":
        return [unreadable(error, where)]
    text = content.decode()
    places = [(at(text, offset), key) for key, offset in Positions(text).duplicates]
    return [
        Finding("error", error.code, f"{where}:{line}:{column}", repeated_key(key), error.hint)
        for (line, column), key in places
    ]


def told(level: Level, code: str, where: str, line: int, message: str, *, hint: str = "") -> Finding:
    """A finding about a line as a whole."""
    return Finding(level, code, f"{where}:{line}:1", message, hint)
