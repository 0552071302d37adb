"""The article's text in a capture: a record of the WARC, named and told by the sidecar."""

import hashlib
import json
from pathlib import Path

from archiver.warc import read_records


def test_a_capture_keeps_the_text(archiver, newsroom, reach):
    done = archiver("capture", newsroom.article, "--engine", "http", *reach, "--json")
    assert done.code == 0
    shown = archiver("show", done.lines[0]["capture_id"], "--json").lines[0]
    told = shown["sidecar"]["warc"]
    for record in read_records(Path(shown["warc"])):
        if record.id == told["records"]["articleText"]["id"]:
            assert (record.type, record.url) == ("resource", f"urn:article:{newsroom.article}")
            document = json.loads(record.payload().read())
    plain = "\n".join(one["text"] for one in document["paragraphs"] if one["kind"] != "caption")
    assert told["articleText"] == {
        "sha256": hashlib.sha256(plain.encode()).hexdigest(),
        "paragraphs": len(document["paragraphs"]),
        "words": shown["sidecar"]["article"]["wordCount"],
    }
    assert archiver("validate").code == archiver("verify").code == 0
