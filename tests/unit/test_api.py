"""The JSON API: it answers as its OpenAPI document says, page by page, and no question brings it down."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from archiver.access import Wish, restrict, targets
from archiver.collection import Root
from archiver.web.api.openapi import Operation
from archiver.web.api.operations import OPERATIONS
from browsing import ORIGIN, REPLAY, Answer, get
from stockroom import Invented, add

URL = "https://courier.example/power"
TEXT = "The lines that feed the eastern districts were repaired, and the grid held. " * 12
NUMBER = 7


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two collections, whose captures have other headlines, languages and dates in every order."""
    path = tmp_path_factory.mktemp("api")
    news = Root(path).create("news", "The Dnipro Courier", agent="test/1")
    add(news, Invented(URL, text=f"{TEXT}Nobody was hurt.", thumbnail=b"\xff\xd8small"))
    add(news, Invented(URL, "Lights are back", text=f"{TEXT}One man was hurt.", days=1, published="2026-11"))
    add(news, Invented("https://courier.example/gone", status=404, days=2))
    more = Root(path).create("more", "Більше", agent="test/1")
    for number in range(NUMBER):
        headline = ["Апельсин", "абрикос", "zebra", "Apple", "apple", "Ябеда", "йод"][number]
        url = f"https://daily.example/{number}"
        add(
            more,
            Invented(url, headline, published=f"20{26 - number}", language="uk", days=-(number % 4), publisher="Daily"),
        )
    return path


def ask(root: Path, path: str, **query: Any) -> Any:
    answer = get(root, f"{path}?{urlencode(query)}" if query else path)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def document(root: Path) -> Any:
    return ask(root, "/-/api/openapi.json")


def captures_of(root: Path) -> list[str]:
    """The captures of the page, oldest first."""
    return [one["id"] for one in reversed(ask(root, "/-/api/versions", url=URL)["captures"])]


def complaints(root: Path, schema: str, told: Any) -> list[str]:
    whole = {"$ref": f"#/components/schemas/{schema}", "components": document(root)["components"]}
    checker = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{'/'.join(map(str, one.absolute_path))}: {one.message[:200]}" for one in checker.iter_errors(told)]


def addresses(root: Path, operation: Operation) -> Iterator[str]:
    """Addresses of an operation that have an answer."""
    old, new = captures_of(root)
    for capture in (old, new, ask(root, "/-/api/captures", q="verdict:not-found")["captures"][0]["id"]):
        values = {"name": "news", "capture": capture, "other": new}
        path = operation.path.format_map(values)
        asked = {"search": "?q=grid", "versions": f"?url={quote(URL)}"}.get(operation.name, "")
        yield path + asked


def test_the_document_is_openapi(root: Path) -> None:
    told = document(root)
    assert [str(error) for error in OpenAPIV31SpecValidator(told).iter_errors()] == []
    for schema in told["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    assert list(told["paths"]) == [one.path for one in OPERATIONS]
    used = {path["get"]["operationId"] for path in told["paths"].values()}
    assert len(used) == len(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_every_answer_is_as_its_schema_says(root: Path, operation: Operation) -> None:
    for address in addresses(root, operation):
        answer = get(root, address)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
        assert complaints(root, operation.answer, json.loads(answer.body)) == []


def test_the_schemas_can_be_broken(root: Path) -> None:
    told = ask(root, "/-/api/captures")
    assert complaints(root, "Captures", told | {"surprise": 1})
    told["captures"][0]["captured_at"] = "yesterday"
    assert complaints(root, "Captures", told)


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "q": ({}, {"q": "zebra"}),
    "collection": ({}, {"collection": "more"}),
    "order": ({}, {"order": "headline"}),
    "reverse": ({}, {"reverse": "true"}),
    "limit": ({}, {"limit": 1}),
    "url": ({"url": URL}, {"url": "https://daily.example/1"}),
}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_every_parameter_that_is_told_does_something(root: Path, operation: Operation) -> None:
    needed = {"search": {"q": "grid"}, "versions": {"url": URL}}.get(operation.name, {})
    for parameter in (one for one in operation.parameters if not one.in_path):
        if parameter.name == "cursor":
            before = ask(root, operation.path, **needed, limit=1)
            after = get(root, before["next"].removeprefix(ORIGIN))
            assert json.loads(after.body) != before
            continue
        plain, changed = CHANGES[parameter.name]
        before = ask(root, operation.path, **{**needed, **plain})
        if operation.name == "versions" and parameter.name == "collection":
            assert ask(root, operation.path, **needed, collection="more")["captures"] == []
            continue
        assert ask(root, operation.path, **{**needed, **changed}) != before, parameter.name


@pytest.mark.parametrize("order", ["captured", "published", "modified", "headline"])
@pytest.mark.parametrize("reverse", ["false", "true"])
@pytest.mark.parametrize("limit", [1, 3])
def test_pages_hold_everything_once_in_order(root: Path, order: str, reverse: str, limit: int) -> None:
    asked = {"order": order, "reverse": reverse}
    whole = [one["id"] for one in ask(root, "/-/api/captures", **asked, limit=100)["captures"]]
    assert len(whole) == NUMBER + 3
    found, address = [], f"/-/api/captures?{urlencode({**asked, 'limit': limit})}"
    while address:
        answer = get(root, address)
        told = json.loads(answer.body)
        assert told["total"] == NUMBER + 3
        found += [one["id"] for one in told["captures"]]
        further = told["next"]
        assert answer.headers.get("link") == (f'<{further}>; rel="next"' if further else None)
        address = further and further.removeprefix(ORIGIN)
    assert found == whole


def test_the_three_dates_order_for_themselves(root: Path) -> None:
    for order, field in (("captured", "captured_at"), ("published", "published")):
        dates = [one[field] for one in ask(root, "/-/api/captures", order=order, collection="more")["captures"]]
        assert dates == sorted(dates, reverse=True)


def test_new_captures_shift_no_pages(tmp_path: Path) -> None:
    news = Root(tmp_path).create("news", "News", agent="test/1")
    for number in range(4):
        add(news, Invented(f"https://news.example/{number}", days=number))
    first = ask(tmp_path, "/-/api/captures", limit=2)
    add(news, Invented("https://news.example/new", days=9))
    add(news, Invented("https://news.example/older", days=0.5))
    second = json.loads(get(tmp_path, first["next"].removeprefix(ORIGIN)).body)
    third = json.loads(get(tmp_path, second["next"].removeprefix(ORIGIN)).body)
    told = [one["url"].rpartition("/")[2] for page in (first, second, third) for one in page["captures"]]
    assert told == ["3", "2", "1", "older", "0"]


def test_search_tells_where_the_words_stand(root: Path) -> None:
    told = ask(root, "/-/api/search", q="hurt nobody")
    [hit] = told["hits"]
    text = hit["excerpt"]["text"]
    assert sorted(text[begin:end] for begin, end in hit["excerpt"]["marks"]) == ["Nobody", "hurt"]
    one, two = (ask(root, "/-/api/search", q="grid", limit=limit) for limit in (1, 100))
    further = json.loads(get(root, one["next"].removeprefix(ORIGIN)).body)
    assert [hit["id"] for hit in (*one["hits"], *further["hits"])] == [hit["id"] for hit in two["hits"]][:2]


def test_a_capture_is_told_in_full(root: Path) -> None:
    old, new = captures_of(root)
    told = ask(root, f"/-/api/captures/news/{old}")
    assert told["article"]["headline"] == told["citation"]["title"] == "Lights are back in the east"
    assert {one["method"] for one in told["assertions"]} >= {"json-ld"}
    links = told["summary"]["links"]
    assert links["memento"] == f"{REPLAY}/news/20261122140112mp_/{URL}"
    assert links["page"] == f"{ORIGIN}/news/{old}"
    assert get(root, links["page"].removeprefix(ORIGIN)).status == 200
    assert [one["path"].partition("/")[0] for one in told["files"]] == ["archive", "sidecars"]
    assert ask(root, f"/-/api/captures/news/{old}/text")["paragraphs"][-1].endswith(" Nobody was hurt.")
    assert [one["type"] for one in ask(root, f"/-/api/captures/news/{old}/events")["events"]] == ["capture"]
    assert ask(root, f"/-/api/captures/news/{old}/resources")["resources"][0]["url"] == URL
    there = ask(root, f"/-/api/captures/news/{old}/difference/{new}")
    assert there == ask(root, f"/-/api/captures/news/{new}/difference/{old}")
    assert there["text"]["changes"] == [{"removed": "Nobody"}, {"added": "One man"}]
    headline = next(one for one in there["changes"] if one["name"] == "headline")
    assert headline["sources"]["after"][0]["method"] == "json-ld"
    assert "thumbnail" not in ask(root, f"/-/api/captures/news/{new}")["summary"]["links"]


def test_facets_add_up(root: Path) -> None:
    told = ask(root, "/-/api/facets")
    assert {one["value"]: one["count"] for one in told["facets"]["verdict"]} == {"ok": NUMBER + 2, "not-found": 1}
    assert ask(root, "/-/api/facets", q="zebra")["total"] == 1
    assert ask(root, "/-/api/facets", limit="1")["facets"]["verdict"] == told["facets"]["verdict"][:1]


def test_collections_are_counted(root: Path) -> None:
    told = {one["name"]: (one["title"], one["captures"]) for one in ask(root, "/-/api/collections")["collections"]}
    assert told == {"news": ("The Dnipro Courier", 3), "more": ("Більше", NUMBER)}


def wrong(root: Path, path: str, status: int) -> str:
    """The sentence of a problem."""
    answer = get(root, path)
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json"), answer.body
    told = json.loads(answer.body)
    assert complaints(root, "Problem", told) == []
    assert told["status"] == status
    return str(told["detail"])


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_what_is_not_known_is_refused_in_a_sentence(root: Path, operation: Operation) -> None:
    address = next(addresses(root, operation))
    join = "&" if "?" in address else "?"
    assert wrong(root, f"{address}{join}colour=red", 400) == "There is no parameter 'colour'."
    for one in operation.parameters:
        if one.in_path:
            continue
        if one.schema["type"] != "string":
            assert "cannot be" in wrong(root, f"{address}{join}{one.name}=x", 400)
        assert "given twice" in wrong(root, f"{operation.path}?{one.name}=1&{one.name}=2", 400)
        if one.required:
            assert "is missing" in wrong(root, operation.path, 400)
            assert "is missing" in wrong(root, f"{operation.path}?{one.name}=", 400)


def cursor(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/-/api/captures?limit=0", 400),
        ("/-/api/captures?limit=101", 400),
        ("/-/api/captures?limit=²", 400),
        ("/-/api/captures?order=colour", 400),
        ("/-/api/captures?q=verdict:perfect", 400),
        ("/-/api/captures?q=%22", 400),
        ("/-/api/captures?collection=nope", 404),
        ("/-/api/captures?collection=..%2F", 400),
        ("/-/api/captures?cursor=x", 400),
        ("/-/api/captures?cursor=%F0%9F", 400),
        (f"/-/api/captures?cursor={cursor('headline', False, 'a', 'b')}", 400),
        (f"/-/api/captures?cursor={cursor('captured', False, 1, 2)}", 400),
        (f"/-/api/captures?cursor={cursor('captured', False, chr(0xD800), '')}", 400),
        (f"/-/api/search?q=a&cursor={cursor('relevance', False, '9' * 9, '')}", 400),
        ("/-/api/captures/news/20261122T140112Z-aaaaaaaaaa", 404),
        ("/-/api/captures/news/%00", 404),
        ("/-/api/captures/nope/20261122T140112Z-aaaaaaaaaa", 404),
        ("/-/api/captures/news/x/text", 404),
        ("/-/api/nothing", 404),
    ],
)
def test_what_goes_wrong_is_a_problem_in_a_sentence(root: Path, path: str, status: int) -> None:
    detail = wrong(root, path, status)
    assert detail.endswith(".") and str(root) not in detail


def test_nothing_can_be_changed(root: Path) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = get(root, "/-/api/captures", method=method)
        assert answer.status == 405
        assert json.loads(answer.body)["status"] == 405
        assert answer.headers["allow"] == "GET, HEAD"
    assert get(root, "/-/api/captures", method="HEAD").status == 200


def test_a_damaged_sidecar_is_a_problem_too(tmp_path: Path) -> None:
    captured = add(Root(tmp_path).create("news", "News", agent="test/1"), Invented(URL))
    ask(tmp_path, "/-/api/captures")
    assert captured.sidecar
    (tmp_path / "news" / captured.sidecar).write_bytes(b"{")
    assert "Traceback" not in wrong(tmp_path, f"/-/api/captures/news/{captured.capture_id}", 500)


def test_what_the_reader_has_is_not_sent_again(root: Path) -> None:
    first = get(root, "/-/api/captures")
    tag = first.headers["etag"]
    for known in (tag, f'"other", W/{tag}', "*"):
        again = get(root, "/-/api/captures", headers={"If-None-Match": known})
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    for known in ('"other"', tag.strip('"'), ""):
        assert get(root, "/-/api/captures", headers={"If-None-Match": known}).status == 200
    assert first.headers["cache-control"] == "private, no-cache"


def test_other_sites_cannot_read_it(root: Path) -> None:
    answer = get(root, "/-/api/captures", headers={"Origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


ASKED = st.text(st.characters(codec="utf-8"), max_size=60)
NAMES = sorted({one.name for operation in OPERATIONS for one in operation.parameters} | {"x"})


@settings(max_examples=150)
@given(st.sampled_from(OPERATIONS), st.lists(st.tuples(st.sampled_from(NAMES), ASKED), max_size=4), ASKED)
def test_no_question_brings_it_down(root: Path, operation: Operation, query: list[tuple[str, str]], part: str) -> None:
    identity = part.translate(str.maketrans("", "", "/?")) or "x"  # a slash at the end is another address
    path = operation.path.format_map({"name": "news", "capture": identity, "other": identity})
    answer = get(root, f"{path}?{urlencode(query)}")
    assert answer.status in (200, 400, 404), answer.body
    raw = get(root, f"{operation.path}?{quote(part, safe='%&=;+')}")
    assert raw.status in (200, 400, 404), raw.body


@pytest.mark.parametrize("language", ["en", "uk"])
def test_the_page_tells_every_operation_with_an_example(root: Path, language: str) -> None:
    page = get(root, f"/-/api?lang={language}").page
    assert page.xpath("//section/h2/code/text()") == [one.path for one in OPERATIONS]
    examples = page.xpath("//pre/code/text()")
    assert all(one.startswith(f"curl '{ORIGIN}/-/api/") for one in examples)
    for example, operation in zip(examples, OPERATIONS, strict=True):
        address = example.removeprefix("curl '").rstrip("'").removeprefix(ORIGIN)
        answer: Answer = get(root, address)
        assert answer.status == (404 if "{capture}" in operation.path else 200), address
    names = [one.name for operation in OPERATIONS for one in operation.parameters]
    assert page.xpath("//dt/code/text()") == names


KINDS = [("takedown", 451), ("dark", 404), ("embargo", 403), ("reading-room", 403)]


@pytest.mark.parametrize(("kind", "status"), KINDS)
def test_what_is_hidden_is_nowhere_and_says_why_in_the_form_of_a_problem(
    tmp_path: Path, kind: Any, status: int
) -> None:
    news = Root(tmp_path).create("news", "News", agent="test/1")
    hidden, shown = (add(news, Invented(URL, f"Grid {days}", days=days)).capture_id for days in (0, 1))
    until = {"until": "2999-01-01"} if kind == "embargo" else {}
    restrict(news, Wish.of(kind, "M. K.", reason="Asked for by Anna.", **until), targets([hidden]))
    for path in ("", "/text", "/resources", "/events", f"/difference/{shown}"):
        assert wrong(tmp_path, f"/-/api/captures/news/{hidden}{path}", status)
    assert wrong(tmp_path, f"/-/api/captures/news/{shown}/difference/{hidden}", status)
    told = json.loads(get(tmp_path, f"/-/api/captures/news/{hidden}").body)
    assert told.get("access") == (None if kind == "dark" else kind)
    assert ("Anna" in json.dumps(told)) == (kind != "dark")
    for path, query in (("captures", {}), ("versions", {"url": URL}), ("search", {"q": "grid"}), ("facets", {})):
        found = ask(tmp_path, f"/-/api/{path}", **query)
        assert found["total"] == 1
        assert hidden not in json.dumps(found)
    assert ask(tmp_path, "/-/api/collections")["collections"][0]["captures"] == 1


def test_a_dark_collection_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    news = Root(tmp_path).create("news", "News", agent="test/1")
    add(news, Invented(URL))
    restrict(news, Wish.of("dark", "M. K.", reason="Asked for."), targets(everything=True))
    assert ask(tmp_path, "/-/api/collections") == {"collections": []}
    dark, unknown = (get(tmp_path, f"/-/api/captures?collection={name}") for name in ("news", "nope"))
    assert (dark.status, dark.body) == (unknown.status, unknown.body) == (404, unknown.body)
