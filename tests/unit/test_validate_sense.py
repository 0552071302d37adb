"""What a sidecar's own schema cannot see: dates, language, and what its WARC does not bear out."""

import json
from copy import deepcopy

import pytest

from archiver import sidecar
from archiver.sidecar import Sidecar
from archiver.sidecar.language import contradiction
from archiver.validate import validate_file, validate_files
from material import collection_with
from samples import EXAMPLE


def changed(**members) -> list[tuple[str, str]]:
    """(code, pointer) of what is strange about the example with other members in `capture`."""
    document = deepcopy(EXAMPLE)
    document["capture"].update(members)
    found = sidecar.problems(Sidecar.of(document))
    assert {one.level for one in found} <= {"warning"}
    return [(one.code, one.pointer) for one in found]


def test_a_visit_that_ends_before_it_begins():
    assert changed(finished_at="2026-11-22T14:01:11Z") == [("date-finished-before-capture", "/capture/finished_at")]
    assert changed(finished_at="2026-11-22T14:01:13Z") == []


def test_a_certificate_that_does_not_count():
    dates = {"valid_from": "2026-10-01T00:00:00Z", "valid_until": "2026-12-30T00:00:00Z"}
    assert changed(tls=dates) == []
    early, late = dates | {"valid_until": "2026-11-21T00:00:00Z"}, dates | {"valid_from": "2026-11-23T00:00:00Z"}
    assert changed(tls=early) == [("certificate-date", "/capture/tls/valid_until")]
    assert changed(tls=late) == [("certificate-date", "/capture/tls/valid_from")]


@pytest.mark.parametrize(
    ("language", "text", "strange"),
    [
        ("uk", "Шпиталь у Запоріжжі знову приймає хворих", False),
        ("uk", "The hospital reopens after three weeks", True),
        ("ru", "Шпиталь у Запоріжжі знову приймає хворих", True),
        ("ru", "Больница в Запорожье снова принимает больных", False),
        ("uk", "Больницы в Запорожье снова объявили выезды", True),
        ("en-GB", "The hospital reopens", False),
        ("en", "Шпиталь у Запоріжжі знову приймає хворих", True),
        ("ar", "المستشفى يعيد فتح أبوابه", False),
        ("ja", "病院が再開しました。三週間ぶりです。", False),
        ("zh", "Hospital reopens today", True),
        ("sr", "Болница поново ради од данас", False),
        ("kk-Latn", "Auruhana qaita ashyldy bugin", False),
        ("en", "COVID-19: 5,000", False),
        ("xx", "whatever it may be called", False),
        ("uk", "NATO, EU: саміт у Вільнюсі", False),
    ],
)
def test_languages_and_letters(language, text, strange):
    assert bool(contradiction(language, text)) is strange


def test_a_language_that_the_headline_is_not_written_in():
    document = deepcopy(EXAMPLE)
    document["article"]["inLanguage"] = "en"
    for claim in document["assertions"]:
        if claim["about"] == "/article/inLanguage":
            claim["value"] = "en"
    found = sidecar.problems(Sidecar.of(document))
    assert [(one.level, one.code, one.pointer) for one in found] == [
        ("warning", "language-script", "/article/inLanguage")
    ]


# Against the WARC


@pytest.fixture
def kept(tmp_path):
    collection, [captured] = collection_with(tmp_path)
    path = collection.local(captured.sidecar)
    assert [one for judged in validate_files([collection.path]) for one in judged.findings] == []
    return collection, path, json.loads(path.read_bytes())


def told(kept, document, **options) -> list[tuple[str, str, str]]:
    _, path, _ = kept
    file = path.with_name("changed.json")
    file.write_bytes(sidecar.dump(document))
    return [(one.level, one.code, one.pointer) for one in validate_file(file, **options)]


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        (lambda warc: warc.update(sha256="0" * 64), "warc-digest", "/warc/sha256"),
        (lambda warc: warc.update(bytes=7), "warc-size", "/warc/bytes"),
        (lambda warc: warc.update(file="archive/gone.warc.gz"), "warc-absent", "/warc/file"),
        (lambda warc: warc["records"]["main"].update(id="urn:uuid:0"), "record-absent", "/warc/records/main/id"),
        (
            lambda warc: warc["records"]["main"].update(payload_digest="sha1:AAAA"),
            "record-differs",
            "/warc/records/main/payload_digest",
        ),
        (
            lambda warc: warc["records"]["main"].update(url="https://x.example/"),
            "record-differs",
            "/warc/records/main/url",
        ),
        (lambda warc: warc["records"]["main"].update(type="revisit"), "record-differs", "/warc/records/main/type"),
        (
            lambda warc: warc["records"]["main"].update(date="2020-01-01T00:00:00Z"),
            "record-differs",
            "/warc/records/main/date",
        ),
        (lambda warc: warc["articleText"].update(sha256="0" * 64), "text-digest", "/warc/articleText/sha256"),
    ],
)
def test_what_the_warc_does_not_bear_out(kept, change, code, pointer):
    document = deepcopy(kept[2])
    change(document["warc"])
    assert told(kept, document) == [("warning", code, pointer)]
    assert told(kept, document, warcs=False) == []


def test_a_damaged_warc_is_a_warning(kept):
    collection, _, document = kept
    file = collection.local(document["warc"]["file"])
    file.chmod(0o644)
    file.write_bytes(b"no WARC")
    codes = {code for _, code, _ in told(kept, document)}
    assert codes == {"warc-size", "warc-unreadable"}
