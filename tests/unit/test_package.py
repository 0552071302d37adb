"""Import: WARC files made by others, each page with a sidecar, the bytes as they came."""

import gzip
import hashlib

import pytest

from archiver.capture import AGENT
from archiver.catalogue import open_catalogue
from archiver.collection import Collection, Root
from archiver.errors import UnreadableInput
from archiver.package import import_all, import_warc
from archiver.verify import verify_collection
from material import FOREIGN, foreign_record


@pytest.fixture
def collection(tmp_path):
    return Root(tmp_path / "root").create("news", "News", agent=AGENT)


def listed(collection):
    with open_catalogue(collection) as catalogue:
        return {row.id: row.captured_at for row in catalogue.captures()}


def test_every_page_gets_a_sidecar_and_the_file_stays_as_it_is(collection, tmp_path):
    file = tmp_path / "a b.warc.gz"
    file.write_bytes(b"".join(foreign_record(number) for number in range(30)))
    done = import_warc(file, collection)
    assert collection.local(done.path).read_bytes() == file.read_bytes()
    assert len(done.captures) == 30
    assert set(listed(collection)) == set(done.captures)
    assert [one for one in verify_collection(collection).findings if one.code != "warc-no-digest"] == []
    again = import_warc(file, collection)
    assert (again.path, again.captures, [one.code for one in again.findings]) == (done.path, done.captures, ["known"])
    assert len(listed(collection)) == 30


def test_sidecars_of_a_great_file_are_not_held_in_memory(collection, tmp_path, monkeypatch):
    """Each is on disk before the next one is made."""
    file = tmp_path / "great.warc.gz"
    file.write_bytes(b"".join(foreign_record(number) for number in range(5)))
    commit, waiting = Collection.commit, []

    def counting(self, draft, sidecars, event):
        def one_by_one():
            for sidecar in sidecars:
                waiting.append(len(list(self.path.glob("sidecars/*.json"))))
                yield sidecar

        return commit(self, draft, one_by_one(), event)

    monkeypatch.setattr(Collection, "commit", counting)
    import_warc(file, collection)
    assert waiting == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("date", "captured"),
    [
        ("2020-01-02T03:04:05+02:00", "2020-01-02T01:04:05.000000Z"),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+05:00", None),
        ("9999-12-31T23:59:59-05:00", None),
        ("yesterday", None),
    ],
)
def test_dates_of_every_kind(collection, tmp_path, date, captured):
    file = tmp_path / "dates.warc.gz"
    file.write_bytes(foreign_record(1) + foreign_record(2, date))
    done = import_warc(file, collection)
    found = listed(collection)
    assert set(done.captures) == set(found)
    assert sorted(found.values()) == sorted(filter(None, ["2020-01-02T03:04:05.000000Z", captured]))
    assert verify_collection(collection).ok


def test_what_is_damaged_behind_good_pages_is_told(collection, tmp_path):
    file = tmp_path / "cut.warc.gz"
    file.write_bytes(foreign_record(1) + foreign_record(2)[:-40])
    done = import_warc(file, collection)
    assert [one.code for one in done.findings] == ["warc-damaged"]
    assert len(done.captures) >= 1
    assert verify_collection(collection).ok


def test_one_that_is_none_does_not_stop_the_others(collection, tmp_path):
    good, none = tmp_path / "good.warc.gz", tmp_path / "none.txt"
    good.write_bytes(foreign_record(1))
    none.write_text("Dear archive,")
    bad, absent, fine = import_all([none, tmp_path / "absent", good], collection)
    assert isinstance(bad.error, UnreadableInput) and isinstance(absent.error, UnreadableInput)
    assert fine.error is None


def test_the_text_of_an_imported_page_is_told_but_the_file_stays(collection, tmp_path):
    lines = [
        f"Sentence {number} says that the bridge over the river stays closed until the spring." for number in range(9)
    ]
    html = FOREIGN.replace("</h1>", "</h1>" + "".join(f"<p>{line}</p>" for line in lines)).format(number=1)
    file = tmp_path / "one.warc.gz"
    block = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{html}"
    head = (
        "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Date: 2020-01-02T03:04:05Z\r\n"
        f"WARC-Target-URI: https://news.example/1\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    file.write_bytes(gzip.compress(f"{head}{block}\r\n\r\n".encode()))
    [capture] = import_warc(file, collection).captures
    warc = collection.sidecar(capture).document["warc"]
    plain = "\n".join(lines)
    assert warc["articleText"]["sha256"] == hashlib.sha256(plain.encode()).hexdigest()
    assert "articleText" not in warc["records"]
