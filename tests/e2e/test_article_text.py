"""The article's text in a capture: a record of the WARC, named and told by the sidecar."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from archiver.warc import read_records
from newsroom.editions import LANGUAGES, edition


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("engine", [pytest.param("browser", marks=pytest.mark.browser), "http"])
def test_a_capture_keeps_the_text(archiver, newsroom, reach, engine, language):
    """Word for word what the editors wrote, also of the page that scripts have filled with comments and stories."""
    address = newsroom.url("news", edition(language).article["slug"])
    done = archiver("capture", address, "--engine", engine, *reach, "--json")
    assert done.code == 0
    shown = archiver("show", done.lines[0]["capture_id"], "--json").lines[0]
    told = shown["sidecar"]["warc"]
    for record in read_records(Path(shown["warc"])):
        if record.id == told["records"]["articleText"]["id"]:
            assert (record.type, record.url) == ("resource", f"urn:article:{address}")
            document = json.loads(record.payload().read())
    assert [(one["kind"], one["text"]) for one in document["paragraphs"]] == list(edition(language).written())
    plain = "\n".join(one["text"] for one in document["paragraphs"] if one["kind"] != "caption")
    assert told["articleText"] == {
        "sha256": hashlib.sha256(plain.encode()).hexdigest(),
        "paragraphs": len(document["paragraphs"]),
        "words": shown["sidecar"]["article"]["wordCount"],
    }
    author = archiver("show", done.lines[0]["capture_id"]).out.partition("  author ")[2].splitlines()[1]
    assert re.fullmatch(r" +from json-ld at \S+; also meta, page, trafilatura", author), "what reads alike agrees"
    assert archiver("validate").code == archiver("verify").code == 0
