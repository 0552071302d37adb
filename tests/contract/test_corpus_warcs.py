"""Real and deliberately bad archives made by others: read, checked and indexed as the tools of the field do."""

import subprocess
import sys

import pytest

from archiver.cdxj import index_lines
from archiver.warc import DamagedArchive, check, find_pages, open_record, read_records

pytestmark = pytest.mark.corpus

WHOLE_FILE_GZIP = ["example-bad.warc.gz.bad", "example-bad-non-chunked.warc.gz"]
UNREADABLE = {*WHOLE_FILE_GZIP, "example-wrong-chunks.warc.gz"}
"""What cdxj-indexer fails on."""

DAMAGED = {*UNREADABLE, "example-trunc.warc", "example-space-in-url.arc", "pywb/example.warc"}
ALTERED = {"example-digest.warc", "example-trunc.warc", "example-extra.warc"}
"""What `warcio check` fails on, beside what it cannot read."""

INDEX_EACH = """
import sys
from cdxj_indexer.main import main
root, out, *paths = sys.argv[1:]
for number, path in enumerate(paths):
    main(["--post-append", "--sort", "--dir-root", root, "--output", f"{out}/{number}", path])
"""


@pytest.fixture
def archives(corpus):
    found = [path for path in sorted((corpus / "warcs").glob("*/*")) if ".warc" in path.name or ".arc" in path.name]
    assert len(found) > 35
    return found


def named(path, names):
    return bool({path.name, f"{path.parent.name}/{path.name}"} & set(names))


def test_the_index_is_that_of_cdxj_indexer(archives, corpus, tmp_path):
    readable = [path for path in archives if not named(path, UNREADABLE)]
    subprocess.run([sys.executable, "-c", INDEX_EACH, corpus, tmp_path, *readable], check=True, capture_output=True)
    for number, path in enumerate(readable):
        assert "".join(index_lines(path, corpus)).encode() == (tmp_path / str(number)).read_bytes(), path


def test_unreadable_files_end_in_one_sentence(archives, corpus):
    for path in (path for path in archives if named(path, UNREADABLE)):
        with pytest.raises(DamagedArchive) as caught:
            index_lines(path, corpus)
        assert "\n" not in str(caught.value) and caught.value.hint
        assert ("warcio recompress" in str(caught.value)) is named(path, WHOLE_FILE_GZIP)


def test_errors_are_found_where_they_are_and_nowhere_else(archives):
    for path in archives:
        codes = {one.code for one in check(path) if one.level == "error"} - {"warc-duplicate-id"}
        assert ("warc-damaged" in codes) is named(path, DAMAGED), path
        assert ("warc-digest" in codes) is named(path, ALTERED), path
        assert codes <= {"warc-damaged", "warc-digest"}, path


def test_every_record_can_be_read_by_itself(archives):
    for path in (path for path in archives if not named(path, DAMAGED)):
        records = [(one.offset, one.type, one.url, one.payload().read(), one.length) for one in read_records(path)]
        for offset, *rest in records:
            with open_record(path, offset) as one:
                assert [one.type, one.url, one.payload().read(), one.length] == rest
        assert sum(length for *_, length in records) <= path.stat().st_size


def test_pages(corpus):
    found = {page.url: page for page in find_pages(corpus / "warcs" / "pywb" / "iana.warc.gz")}
    assert len(found) == 16
    assert b"IANA-managed Reserved Domains" in found["http://www.iana.org/domains/reserved"].html()
    revisited, original = list(find_pages(corpus / "warcs" / "warcio" / "example.warc.gz"))
    assert revisited.url == original.url and revisited.html() == original.html()
    named_by_the_crawler = list(find_pages(corpus / "warcs" / "whirlwind" / "whirlwind.warc.gz"))
    assert [page.status for page in named_by_the_crawler] == [200]


def test_every_cut_is_seen(corpus, tmp_path):
    whole = corpus / "warcs" / "warcio" / "example.warc.gz"
    content = whole.read_bytes()
    starts = {one.offset for one in read_records(whole)}
    path = tmp_path / "cut.warc.gz"
    for length in range(1, len(content), 7):
        path.write_bytes(content[:length])
        damaged = "warc-damaged" in {one.code for one in check(path)}
        assert damaged is (length not in starts), length
