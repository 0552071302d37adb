"""The app speaks the reader's language: every text of every page has its Ukrainian, and the switch is safe."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from archiver.collection import Root
from archiver.sidecar import ABOUT, METHODS
from archiver.verdict.meanings import VERDICTS
from archiver.web import properties
from archiver.web.site import HERE
from archiver.words import Words
from browsing import get
from stockroom import Invented, add

TEMPLATES = sorted((HERE / "templates").glob("*.*"))
SAID = re.compile(r"""\b_\((?:"([^"]+)"|'([^']+)')""")
COUNTED = re.compile(r"""\bcount\(.+?, ["']([^"']+)["'], ["'][^"']+["']\)""")


def phrases() -> Iterator[str]:
    """Texts that Python marks for the templates; those of QA have a table of their own."""
    for module in (one for one in HERE.parent.rglob("*.py") if one.parent.name != "qa"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "phrase":
                (argument,) = node.args
                yield ast.literal_eval(argument)


@pytest.fixture(scope="module")
def ukrainian() -> Words:
    return Words.of("uk", HERE / "words")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("language")
    add(Root(path).create("news", "The Dnipro Courier", agent="test/1"), Invented("https://courier.example/power"))
    return path


def test_every_text_has_its_ukrainian_and_none_is_left_over(ukrainian: Words) -> None:
    pages = [template.read_text("utf-8") for template in TEMPLATES]
    english = {one or other for page in pages for one, other in SAID.findall(page)}
    english |= {*phrases(), *VERDICTS, *VERDICTS.values()}
    assert english - set(ukrainian.table) == set()
    assert set(ukrainian.table) - english == set()
    counted = {noun for page in pages for noun in COUNTED.findall(page)}
    assert counted == set(ukrainian.counted)
    for one, other in ukrainian.table.items():
        assert sorted(re.findall(r"\{\w+\}", one)) == sorted(re.findall(r"\{\w+\}", other)), one
        assert re.search("[А-Яа-яҐґЄєІіЇї{]", other), one


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_no_english_is_left_in_a_template(template: Path) -> None:
    """All words outside tags and expressions, and in attributes that are read out, go through `_`."""
    source = re.sub(
        r"{% block body_class %}\w*|{#.*?#}|{%.*?%}|{{.*?}}", " ", template.read_text("utf-8"), flags=re.DOTALL
    )
    shown = re.sub(r"<code>.*?</code>|<[^>]*>|&\w+;", " ", source, flags=re.DOTALL)
    read = " ".join(re.findall(r'\b(?:aria-label|title|alt|placeholder)="([^"]*)"', source))
    assert re.findall(r"[A-Za-z]{2,}", shown + read) == []


@pytest.mark.parametrize(
    ("headers", "query", "language"),
    [
        ({}, "", "en"),
        ({"Accept-Language": "uk-UA,uk;q=0.9,en;q=0.8"}, "", "uk"),
        ({"Accept-Language": "de, en;q=0.4, uk;q=0.7"}, "", "uk"),
        ({"Accept-Language": "uk;q=0, *"}, "", "en"),
        ({"Accept-Language": "uk", "Cookie": "language=en"}, "", "en"),
        ({"Cookie": "language=<b>"}, "", "en"),
        ({"Cookie": "language=en"}, "?lang=uk", "uk"),
    ],
)
def test_the_reader_is_answered_in_the_language_that_was_chosen(
    root: Path, headers: dict[str, str], query: str, language: str
) -> None:
    answer = get(root, f"/{query}", headers=headers)
    assert answer.page.get("lang") == answer.headers["content-language"] == language
    assert "Cookie" in answer.headers["vary"]
    assert ("Архів новин" in answer.text) == (language == "uk")


def test_the_switch_remembers_and_goes_back_where_one_was(root: Path) -> None:
    page = get(root, f"/news/?q={quote('школа & «дім»')}&lang=en").page
    (link,) = page.xpath("//nav[@class='languages']/a[@lang='uk']/@href")
    answer = get(root, link)
    assert answer.status == 303
    back = answer.headers["location"]
    assert back == f"/news/?q={quote('школа & «дім»')}"
    (cookie,) = answer.cookies
    assert cookie.startswith("language=uk; ")
    assert {"HttpOnly", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    there = get(root, back, headers={"Cookie": "language=uk"}).page
    assert there.get("lang") == "uk"
    assert there.xpath("//input[@id='q']/@value") == ["школа & «дім»"]


@pytest.mark.parametrize(
    "back",
    [
        *("//evil.example/", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", ""),
        *(
            "javascript:alert(1)",
            "evil.example",
            "/x\r\nSet-Cookie: a=b",
            "/ /evil",
            "///evil.example",
            "/\t/evil.example",
        ),
    ],
)
def test_the_switch_leads_to_no_other_site(root: Path, back: str) -> None:
    answer = get(root, f"/-/language?to=uk&back={quote(back, safe='')}")
    assert (answer.status, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("to", ["", "de", "uk; Domain=evil", "en\r\nX: y"])
def test_only_languages_that_we_speak_are_remembered(root: Path, to: str) -> None:
    answer = get(root, f"/-/language?to={quote(to, safe='')}&back=/news/")
    assert (answer.status, answer.headers["location"], answer.cookies) == (303, "/news/", [])


def test_every_property_and_method_has_a_name_for_readers() -> None:
    assert list(properties.NAMES)[: len(ABOUT)] == list(ABOUT.values())
    assert list(properties.METHODS) == list(METHODS)
    people = [{"@type": "Person", "name": "Марія"}, "Olena"]
    assert properties.told(people) == "Марія; Olena"
    assert [properties.told(one) for one in (None, True, 5, {"@id": "x"})] == ["", "true", "5", '{"@id": "x"}']


def test_a_query_that_is_not_understood_is_explained_in_the_readers_language(root: Path) -> None:
    answer = get(root, "/?q=after:%3Cb%3Ebanana&lang=uk")
    assert answer.status == 400
    assert "'<b>banana' не є датою. Пишіть рік, місяць або день" in answer.text
    assert "is no date" not in answer.text and b"<b>banana" not in answer.body
