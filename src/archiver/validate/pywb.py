"""metadata.yaml of a pywb collection. The only home of PyYAML, whose nodes are read and never made into objects."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from archiver import schema
from archiver.jsontext import BadJSON, decode, pointer
from archiver.model import Finding
from archiver.schema import Problem
from archiver.validate.places import finding, told, unreadable

MAX_BYTES = 1 << 20
_PLAIN = {"null": None, "bool": True, "int": 0, "float": 0.5}
"""What stands for a scalar of each type, which is all that the schema asks; other types count as text."""


def judge_metadata(content: bytes, where: str) -> Iterator[Finding]:
    """All of a metadata.yaml."""
    if len(content) > MAX_BYTES:
        yield told("error", "file-size", where, 1, "it is larger than any real one")
        return
    reading = _Reading()
    try:
        root = yaml.compose(decode(content, where), Loader=yaml.SafeLoader)
        document = {} if root is None else reading.value(root, "")
    except BadJSON as error:
        yield unreadable(error, where)
    except RecursionError:
        yield told("error", "yaml-syntax", where, 1, "it nests deeper than any real one")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        yield Finding("error", "yaml-syntax", f"{where}:{line}:{column}", error.problem or "it is no YAML")
    except yaml.YAMLError as error:
        yield told("error", "yaml-syntax", where, 1, str(error).splitlines()[0][:200])
    else:
        for problem in [*reading.problems, *schema.problems(document, "pywb-metadata")]:
            yield finding(problem, where, *reading.find(problem.pointer))


@dataclass(slots=True)
class _Reading:
    """A YAML document as plain data, and where its parts stand."""

    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)

    def value(self, node: yaml.Node, place: str) -> Any:
        self.places.setdefault(place, _place(node))
        if id(node) in self.seen:  # followed, a few lines of aliases can stand for more than any memory holds
            message = "it repeats another part by an alias, which is not looked into"
            self.problems.append(Problem(place, "yaml-alias", message, "Write it out.", "warning"))
            return "…"
        self.seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._members(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, f"{place}/{index}") for index, item in enumerate(node.value)]
        return _PLAIN.get(node.tag.rpartition(":")[2], str(node.value))

    def _members(self, node: yaml.MappingNode, place: str) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value)[:200]
            child = place + pointer(name)
            if name in members:
                self.problems.append(Problem(child, "yaml-duplicate-key", f"the key {name!r} stands twice"))
            self.places[child] = _place(key)
            members[name] = self.value(value, child)
        return members

    def find(self, place: str) -> tuple[int, int]:
        while place and place not in self.places:
            place = place.rpartition("/")[0]
        return self.places.get(place, (1, 1))


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
