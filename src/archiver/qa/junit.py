"""Results as JUnit XML, which build servers show: a suite for each collection, a case for each capture.

The form is that of https://github.com/testmoapp/junitxml. It knows failures and no warnings: what only warns passes,
and says why in `system-out`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from xml.etree import ElementTree

from archiver.collection import Collection
from archiver.qa.result import Result

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped (§2.2)."""


def junit(checked: Iterable[tuple[Collection, Result]]) -> bytes:
    """The document."""
    suites: dict[str, list[Result]] = defaultdict(list)
    for collection, result in checked:
        suites[collection.name].append(result)
    every = [result for results in suites.values() for result in results]
    root = ElementTree.Element("testsuites", {"name": "archiver qa", **_counts(every)})
    for name, results in sorted(suites.items()):
        begun = min(one.checked_at for one in results)
        suite = ElementTree.SubElement(root, "testsuite", {"name": name, "timestamp": begun, **_counts(results)})
        suite.extend(_case(name, result) for result in results)
    ElementTree.indent(root)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root) + b"\n"


def _counts(every: list[Result]) -> dict[str, str]:
    failed = sum(one.verdict == "fail" for one in every)
    seconds = sum(one.seconds for one in every)
    return {"tests": str(len(every)), "failures": str(failed), "errors": "0", "skipped": "0", "time": f"{seconds:.3f}"}


def _case(collection: str, result: Result) -> ElementTree.Element:
    name = _told(f"{result.capture} {result.url}")
    case = ElementTree.Element("testcase", name=name, classname=collection, time=f"{result.seconds:.3f}")
    properties = ElementTree.SubElement(case, "properties")
    for key, value in [("verdict", result.verdict), *((one.name, one.value) for one in result.measures)]:
        if value is not None:
            ElementTree.SubElement(properties, "property", name=key, value=str(value))
    said = "\n".join(
        f"{one.level}: {one.code}: {one.where}: {one.message} {one.hint}".strip() for one in result.reasons
    )
    if result.verdict == "fail" and result.worst:
        failure = ElementTree.SubElement(case, "failure", type=result.worst.code, message=_told(result.worst.message))
        failure.text = _told(said)
    elif said:
        ElementTree.SubElement(case, "system-out").text = _told(said)
    return case


def _told(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
