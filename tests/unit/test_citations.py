"""Exports, read back by programs of others: what came out is what went in, and nothing a page says breaks out of it."""

import csv
import io
import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest
import rispy
from citeproc.source.bibtex.bibparse import BibTeXParser
from citeproc.source.json import CiteProcJSON
from hypothesis import given
from hypothesis import strategies as st

from archiver.catalogue import Row
from archiver.catalogue.citations import CSV_COLUMNS, FORMS, references
from archiver.catalogue.searching import Found

ROW = Row(
    id="20261122T140112Z-k3v7q2m5xa",
    revision=1,
    sidecar="sidecars/20261122T140112Z-k3v7q2m5xa.r1-aaaaaaaaaaaa.json",
    warc="archive/2026/11/22/20261122T140112Z-k3v7q2m5xa.warc.gz",
    url="https://news.example/a",
    final_url="https://news.example/a?b=1&c=<2>",
    captured_at="2026-11-22T14:01:12.345678Z",
    verdict="ok",
    status=200,
    engine="browser",
    headline="Міст «стоїть» & <b>holds</b>",
    section="City",
    publisher="The Lantern",
    authors="Olha Kovalenko, Reuters",
    published="2026-11-21T23:30:00-05:00",
    modified="2026-11-22",
    language="uk",
    description="No crack; none.",
    thumbnail=False,
)
ARTICLE = {
    "@type": "NewsArticle",
    "author": [{"@type": "Person", "name": "Olha Kovalenko"}, {"@type": "Organization", "name": "Reuters"}],
    "keywords": ["bridge", "річка"],
}
DC = "{http://purl.org/dc/elements/1.1/}"
TERMS = "{http://purl.org/dc/terms/}"


def found(**changed):
    values = {name: getattr(ROW, name) for name in Row.__slots__} | changed
    return Found("news", Row(**values), ARTICLE)


def exported(form, *given):
    return "".join(references(form, given))


def test_ris_as_rispy_reads_it():
    [read] = rispy.loads(exported("ris", found()))
    assert read["type_of_reference"] == "NEWS"
    assert read["title"] == ROW.headline
    assert read["authors"] == ["Olha Kovalenko", "Reuters"]
    assert (read["publisher"], read["language"], read["abstract"]) == ("The Lantern", "uk", "No crack; none.")
    assert (read["year"], read["date"], read["access_date"]) == ("2026", "2026/11/21/", "2026/11/22/")
    assert read["urls"] == [ROW.final_url]
    assert read["keywords"] == ["bridge", "річка"]
    assert (read["accession_number"], read["name_of_database"]) == (ROW.id, "news")
    assert "Modified 2026-11-22." in str(read["notes"]) and ROW.warc in str(read["notes"])


def bibtex(text):
    """The entries as citeproc's parser reads them, by key."""
    return dict(BibTeXParser(io.StringIO(text)))


def test_bibtex_as_citeproc_reads_it():
    told = exported("bibtex", found(headline=r"100 % {sure} \& _more_"), found(id="b", published="", publisher=""))
    one, other = bibtex(told)[ROW.id.lower()], bibtex(told)["b"]
    assert one.document_type == "misc"
    assert one["title"] == r"{100 \% \textbraceleft{}sure\textbraceright{} \textbackslash{}\& \_more\_}"
    assert one["author"] == "{Olha Kovalenko} and {Reuters}"
    assert (one["howpublished"], one["year"], one["date"]) == ("The Lantern", "2026", "2026-11-21")
    assert (one["url"], one["urldate"], one["language"]) == (ROW.final_url, "2026-11-22", "uk")
    assert "Modified 2026-11-22." in one["note"] and ROW.id in one["note"]
    assert not {"howpublished", "year", "date"} & set(other)


def test_a_digest_and_an_address_stand_in_the_note():
    told = replace(found(), digest="sha1:AAAA", address="https://archive.example/news/x")
    for form in ("ris", "bibtex", "csl-json", "dc-xml"):
        assert "payload digest sha1:AAAA" in exported(form, told)
        assert "https://archive.example/news/x" in exported(form, told)


def test_csl_as_citeproc_reads_it():
    items = json.loads(exported("csl-json", found(), found(id="b", published="2026-11", publisher="")))
    read = CiteProcJSON(items)
    one, other = read[ROW.id.lower()], read["b"]
    assert str(one.title) == ROW.headline and one.type == "article-newspaper"
    assert [author.literal for author in one.author] == ["Olha Kovalenko", "Reuters"]
    assert (one.issued.year, one.issued.month, one.issued.day) == (2026, 11, 21)
    assert (one.accessed.year, one.accessed.month, one.accessed.day) == (2026, 11, 22)
    assert (other.issued.year, other.issued.month) == (2026, 11) and "day" not in other.issued
    assert "container-title" not in items[1] and items[0]["archive_location"] == ROW.id


def test_dublin_core_as_an_xml_parser_reads_it():
    [record] = ElementTree.fromstring(exported("dc-xml", found()))
    told = {}
    for element in record:
        told.setdefault(element.tag, []).append(element.text)
    assert told[f"{DC}title"] == [ROW.headline]
    assert told[f"{DC}creator"] == ["Olha Kovalenko", "Reuters"]
    assert told[f"{TERMS}issued"] == [ROW.published] and told[f"{TERMS}modified"] == [ROW.modified]
    assert told[f"{DC}source"] == [ROW.final_url] and told[f"{DC}identifier"] == [f"urn:archiver:capture:{ROW.id}"]
    assert told[f"{DC}subject"] == ["City", "bridge", "річка"]
    assert ROW.captured_at in told[f"{TERMS}provenance"][0]


def test_csv_as_a_spreadsheet_reads_it():
    [read] = csv.DictReader(io.StringIO(exported("csv", found(description='=HYPERLINK("http://evil")\n2'))))
    assert list(read) == list(CSV_COLUMNS)
    assert read["description"] == '\'=HYPERLINK("http://evil")\n2'
    assert (read["authors"], read["keywords"], read["status"]) == ("Olha Kovalenko; Reuters", "bridge; річка", "200")


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "＝1", "'a", "\n@x"])
def test_a_field_is_never_a_formula(text):
    [read] = csv.DictReader(io.StringIO(exported("csv", found(headline=text)), newline=""))
    assert read["headline"] == f"'{text}"


def test_json_lines_hold_the_whole_article():
    [line] = exported("jsonl", found()).splitlines()
    assert json.loads(line)["article"] == ARTICLE


def test_nothing_found_is_a_document_too():
    assert json.loads(exported("csl-json")) == []
    assert len(ElementTree.fromstring(exported("dc-xml"))) == 0
    assert exported("csv").count("\n") == 1
    assert exported("ris") == exported("jsonl") == ""


def test_what_is_no_article_has_its_address_for_a_title():
    [read] = rispy.loads(exported("ris", Found("news", found(headline="").row, {})))
    assert read["title"] == ROW.final_url and "authors" not in read


HOSTILE = st.text(max_size=30) | st.sampled_from(
    ["x\nER  - \nTY  - BOOK", "]]></x>&", "\x00\x1b[31m", "}}\n@misc{x, a = {", "\\}", "=cmd|' /C'!A0"]
)


@given(HOSTILE, HOSTILE, st.sampled_from(["", "2026", "2026-11", "nonsense", "\n"]))
def test_no_claim_breaks_out_of_its_place(headline, name, published):
    row = found(headline=headline, publisher=name, published=published).row
    article = {"author": [{"name": name}, name, 5, None, {"name": [name]}], "keywords": {"name": name}}
    twice = [Found("news", row, article), found(id="second")]
    texts = {form: "".join(references(form, twice)).encode("utf-8", "replace").decode() for form in FORMS}
    assert [one["accession_number"] for one in rispy.loads(texts["ris"])] == [ROW.id, "second"]
    assert [one["id"] for one in json.loads(texts["csl-json"])] == [ROW.id, "second"]
    assert set(bibtex(texts["bibtex"])) == {ROW.id.lower(), "second"}
    assert len(ElementTree.fromstring(texts["dc-xml"])) == 2
    rows = list(csv.DictReader(io.StringIO(texts["csv"], newline="")))
    assert [one["id"] for one in rows] == [ROW.id, "second"]
    assert all(value[:1] not in tuple("=+-@\t\r") for one in rows for value in one.values() if value)
    lines = [json.loads(line) for line in texts["jsonl"].split("\n") if line]
    assert [one["headline"] for one in lines] == [headline.encode("utf-8", "replace").decode(), ROW.headline]
