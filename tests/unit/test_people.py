"""Names out of bylines, in many languages: people one by one, without what else bylines say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.extract.people import organization, people

BYLINES = {
    "Jane Doe": ["Jane Doe"],
    "By Jane Doe": ["Jane Doe"],
    "by JANE DOE and John Roe": ["JANE DOE", "John Roe"],
    "Written by Jane Doe, John Roe and Ann Poe": ["Jane Doe", "John Roe", "Ann Poe"],
    "Jane Doe, Senior Reporter": ["Jane Doe"],
    "By Jane Doe | Staff Writer": ["Jane Doe"],
    "Jane Doe (jane.doe@news.example)": ["Jane Doe"],
    "Jane Doe @janedoe": ["Jane Doe"],
    "Jane Doe https://news.example/jane": ["Jane Doe"],
    "By Jane Doe, March 3, 2026": ["Jane Doe"],
    "Jane Doe, Thursday, November 2, 2023 5:06PM": ["Jane Doe"],
    "Jane Doe Published on: Friday, 3 March 2026": ["Jane Doe"],
    "Anna Groß Stand: 12. Januar 2026": ["Anna Groß"],
    "Noch keine Kommentare": [],
    "View all posts by Jane Doe": ["Jane Doe"],
    "Doe, Jane": ["Jane Doe"],
    "Martin Luther King, Jr.": ["Martin Luther King, Jr."],
    "Ann Poe, PhD, Jane Doe, MD": ["Ann Poe, PhD", "Jane Doe, MD"],
    "José Ortega y Gasset": ["José Ortega y Gasset"],
    "Ana López y Juan Pérez": ["Ana López", "Juan Pérez"],
    "Por Ana López": ["Ana López"],
    "Di Marco Rossi": ["Marco Rossi"],
    "Par Anne Dubois et Luc Petit": ["Anne Dubois", "Luc Petit"],
    "Von Roland Brock und Sebastian Dresch": ["Roland Brock", "Sebastian Dresch"],
    "Ein Gastbeitrag von Anna Groß": ["Anna Groß"],
    "Ursula von der Leyen": ["Ursula von der Leyen"],
    "Von HERALD-Online-Experte Robin Krug": ["Robin Krug"],
    "Anna Schmidt/dpa": ["Anna Schmidt", "dpa"],
    "Anna Schmidt/AG-X": ["Anna Schmidt"],
    "Anna Schmidt/Udo Klein": ["Anna Schmidt", "Udo Klein"],
    "dpa/lno": ["dpa/lno"],
    "Posted by Ann Bell and Bo Cole - Safe Browsing team": ["Ann Bell", "Bo Cole"],
    "Safe Browsing team": ["Safe Browsing team"],
    "Redaktion": ["Redaktion"],
    "STAFF AND NEWS SERVICE REPORTS": ["STAFF AND NEWS SERVICE REPORTS"],
    "Автор: Олена Коваль": ["Олена Коваль"],
    "Олена Коваль та Іван Франчук": ["Олена Коваль", "Іван Франчук"],
    "Олена Коваль, кореспондентка": ["Олена Коваль"],
    "Автор: Иван Петров, 5 марта 2026": ["Иван Петров"],
    "بقلم: ليلى حداد": ["ليلى حداد"],
    "ليلى حداد، سامي خوري": ["ليلى حداد", "سامي خوري"],
    "文/王小明": ["王小明"],
    "作者：王小明、李雷": ["王小明", "李雷"],
    "記者 王小明": ["王小明"],
    "홍길동 기자": ["홍길동"],
    "山田太郎": ["山田太郎"],
    "admin": [],
    "WordPress Admin": [],
    "By": [],
    "https://news.example/authors/1": [],
    "Share": [],
    "": [],
}


@pytest.mark.parametrize("text", BYLINES)
def test_a_byline(text):
    assert [one["name"] for one in people(text)] == BYLINES[text]


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("Jane Doe, Senior Reporter", "Senior Reporter"),
        ("Von HERALD-Online-Experte Robin Krug", "HERALD-Online-Experte"),
        ("Олена Коваль, кореспондентка", "кореспондентка"),
    ],
)
def test_what_somebody_is_stands_apart(text, role):
    assert people(text)[0]["jobTitle"] == role


@pytest.mark.parametrize(
    "name",
    ["Reuters", "dpa", "The Herald Staff", "Редакція", "Укрінформ", "新华社", "Redaktion Lokales", "Muster GmbH"],
)
def test_organizations(name):
    assert [one["@type"] for one in people(name)] == ["Organization"]


def test_the_site_is_an_organization():
    assert organization("The Herald", frozenset({"theherald"}))
    assert people("The Herald")[0]["@type"] == "Person"
    assert people("The Herald", frozenset({"theherald"}))[0]["@type"] == "Organization"


@given(st.text(max_size=60) | st.lists(st.sampled_from([*BYLINES, ", ", " und ", " / ", "|", " - "])).map("".join))
def test_any_text_gives_names_that_stand_in_it(text):
    for one in people(text):
        assert one["name"].strip() == one["name"]
        assert one["@type"] in ("Person", "Organization")
