"""ES modules as text: what is rewritten, and what only looks like an import."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.replay.modules import (
    BASE,
    NAMES,
    is_bare,
    looks_like_module,
    rewrite_dynamic,
    rewrite_import_map,
    rewrite_module,
    scope,
)

URL = "https://news.example/js/app.js"


def resolve(url: str) -> str:
    return f"/R/{url}"


def rewritten(source: str) -> str:
    return rewrite_module(source, URL, resolve)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('import a from "./a.js"', 'import a from "/R/https://news.example/js/a.js"'),
        ("import'../a.js';", "import'/R/https://news.example/a.js';"),
        ('import{b as c}from"/x.js";x()', 'import{b as c}from"/R/https://news.example/x.js";x()'),
        ('import*as n from"//cdn.example/n.js"', 'import*as n from"/R/https://cdn.example/n.js"'),
        ('import d,{\n  e,\n  f\n}\nfrom "./g.js"', 'import d,{\n  e,\n  f\n}\nfrom "/R/https://news.example/js/g.js"'),
        ('export * from "./a.js"', 'export * from "/R/https://news.example/js/a.js"'),
        ('export{a as b}from"https://c.example/"', 'export{a as b}from"/R/https://c.example/"'),
        (
            'import d from "./d.json" with {type: "json"}',
            'import d from "/R/https://news.example/js/d.json" with {type: "json"}',
        ),
        ('import {html} from "lit"', 'import {html} from "lit"'),
        ("export const from = 'here'", "export const from = 'here'"),
        ("export default function () { return './a.js' }", "export default function () { return './a.js' }"),
        ('reimport "./a.js"', 'reimport "./a.js"'),
        ('x.import("./a.js")', 'x.import("./a.js")'),
        ('class A { import(a, b) { return "./a.js" } }', 'class A { import(a, b) { return "./a.js" } }'),
        ('say("use import() here")', 'say("use import() here")'),
    ],
)
def test_declarations(source: str, expected: str) -> None:
    assert rewritten(source) == expected


def test_a_quote_in_the_address_does_not_end_the_specifier() -> None:
    source = rewrite_module("import './a.js'", "https://news.example/o'neil/app.js", resolve)
    assert source == "import '/R/https://news.example/o%27neil/a.js'"


def test_import_calls_and_the_own_address() -> None:
    head = f"const {BASE}={json.dumps(URL)};"
    assert rewritten("await import(`./${x}.js`)") == f"{head}await ____wb_rewrite_import__({BASE}, `./${{x}}.js`)"
    assert rewritten("new URL('a', import.meta.url)") == f"{head}new URL('a', {BASE})"
    assert rewrite_dynamic("import ( './a.js' )") == f"____wb_rewrite_import__({BASE},  './a.js' )"
    assert rewritten("import.meta.env") == "import.meta.env"


@given(st.text(alphabet="abc import(from)export'\"{};.*\n/", max_size=80))
def test_lines_stay_where_they_were(source: str) -> None:
    """A stack trace in replay names the line that the page's author knows."""
    assert (scope(source, "/s.js") + rewritten(source)).count("\n") == source.count("\n")


@pytest.mark.parametrize(
    "source",
    [
        'import "a"',
        "x;\nexport { a }",
        "var a;export{a as b};",
        "export default 1",
        "import.meta.url",
        "import a, {b} from 'c'",
    ],
)
def test_modules_are_recognised(source: str) -> None:
    assert looks_like_module(source)


@pytest.mark.parametrize("source", ["var exports = {}", "import('./a.js')", "a.export = 1", "important = 1", ""])
def test_classic_scripts_are_no_modules(source: str) -> None:
    assert not looks_like_module(source)


def test_the_scope_gives_what_is_used_and_leaves_what_is_declared() -> None:
    assert scope("location.href; window.x", "/s.js") == 'import{window,location}from"/s.js";'
    assert scope("const location = useLocation(); top()", "/s.js") == 'import{top}from"/s.js";'
    assert scope("import { parent, b as frames } from 'x'; parent; frames", "/s.js") == ""
    assert scope("let a, self = 1; self", "/s.js") == ""
    assert scope("a + b", "/s.js") == ""


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_offered(name: str) -> None:
    assert scope(f"f({name})", "/s.js") == f'import{{{name}}}from"/s.js";'


def test_import_maps() -> None:
    source = {
        "imports": {"a": "./a.js", "b/": "https://cdn.example/b/", "/c.js": "/d.js", "e": None},
        "scopes": {"/old/": {"a": "./old/a.js"}},
        "integrity": {},
    }
    assert json.loads(rewrite_import_map(json.dumps(source), URL, resolve)) == {
        "imports": {
            "a": "/R/https://news.example/js/a.js",
            "b/": "/R/https://cdn.example/b/",
            "/R/https://news.example/c.js": "/R/https://news.example/d.js",
            "e": None,
        },
        "scopes": {"/R/https://news.example/old/": {"a": "/R/https://news.example/js/old/a.js"}},
        "integrity": {},
    }
    assert rewrite_import_map("no json", URL, resolve) == "no json"
    assert "</script" not in rewrite_import_map('{"imports": {"a": "./<\\/script>"}}', URL, resolve)


@pytest.mark.parametrize(
    ("specifier", "bare"), [("lit", True), ("lit/x.js", True), ("./a", False), ("/a", False), ("https://a", False)]
)
def test_bare_specifiers(specifier: str, bare: bool) -> None:
    assert is_bare(specifier) is bare
