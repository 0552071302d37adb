"""What QA measures: texts, pictures and resources, which are pure, and what they come to."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from archiver import qa
from archiver.model import ScriptError
from archiver.qa import judging, main, pictures, texts, wording
from archiver.qa.checking import regressions
from archiver.qa.kept import Note, key_of, normal
from archiver.qa.main import Document
from archiver.qa.reasons import reasons
from archiver.qa.resources import TRACKERS, compare, completeness, weight_of
from archiver.qa.result import Detail
from archiver.qa.visiting import Seen
from archiver.qa.watch import Asked, original

AT = datetime(2026, 11, 22, 14, 1, 12, tzinfo=UTC)
PAGE = "https://news.example/story"
IMAGE, DATA, STYLE = (f"https://news.example/{name}" for name in ("map.png", "feed.json", "site.css"))


# Texts

PARAGRAPH = "The pumps stood still for nine hours, and the town filled every bath that it had."


def test_clocks_and_counters_change_no_text():
    assert texts.similarity("Read by 1,204 people at 14:02", "Read by 1,988 people at 09:41") == 1.0
    assert texts.similarity("", "") == 1.0
    assert texts.similarity("a b c d", "e f g h") == 0.0


@given(st.text(), st.text())
def test_similarity_is_a_share_and_symmetric(one, other):
    assert 0 <= texts.similarity(one, other) == texts.similarity(other, one) <= 1
    assert texts.similarity(one, one) == 1.0


@given(st.lists(st.text(min_size=1), min_size=1), st.text(), st.text())
def test_what_stands_in_a_text_is_contained(paragraphs, before, after):
    whole = " ".join([before, *paragraphs, after])
    assert texts.contained(paragraphs, whole) in (None, 1.0)


def test_a_paragraph_is_absent_when_its_words_are_elsewhere():
    turned = " ".join(reversed(PARAGRAPH.split()))
    assert texts.shares([PARAGRAPH], f"Before. {PARAGRAPH} After.") == [1.0]
    assert texts.shares([PARAGRAPH], turned) == [0.0]
    assert 0.5 < texts.shares([PARAGRAPH], PARAGRAPH.replace("nine", "ten"))[0] < texts.PRESENT
    assert texts.shares(["Quiet.", ""], "all was QUIET") == [1.0, 1.0]
    assert texts.contained([PARAGRAPH, "Short one here now"], PARAGRAPH) == pytest.approx(16 / 20)
    assert texts.contained([], "x") is texts.contained(["…"], "x") is None


def test_a_phrase_is_found_as_words():
    assert texts.says("Café — “opens”", "the cafe\u0301 opens at noon".upper())
    assert not texts.says("open", "opens at noon")


# Pictures


def shot(*boxes, size=(320, 200), paper="white"):
    picture = Image.new("RGB", size, paper)
    for box, colour in boxes:
        ImageDraw.Draw(picture).rectangle(box, fill=colour)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


TEXT = [((20, y, 300, y + 4), "black") for y in range(20, 180, 12)]
BOX = (100, 100, 199, 149)


def test_the_same_picture_matches():
    page = shot(*TEXT)
    assert pictures.matching(page, [page, page], []) == pictures.alike(page, [page], [], None) == 1.0
    assert pictures.size(page) == (320, 200)
    assert pictures.size(b"GIF89a") == (0, 0)


def test_other_pixels_are_counted():
    page, other = shot(*TEXT, size=(200, 200)), shot(*TEXT, ((0, 0, 199, 49), "red"), size=(200, 200))
    value = pictures.matching(shot(size=(200, 200)), [shot(((0, 0, 199, 49), "red"), size=(200, 200))], [])
    assert value == pytest.approx(0.75)
    assert pictures.matching(page, [other], [(0, 0, 200, 50)]) == 1.0


def test_what_is_never_the_same_twice_is_left_out():
    page = shot(*TEXT)
    clock = [shot(*TEXT, (BOX, "red")), shot(*TEXT, (BOX, "blue"))]
    assert pictures.matching(page, clock[:1], []) < 0.95
    assert pictures.matching(page, clock, []) == 1.0
    assert pictures.alike(page, clock[:1], [], None) < 0.95
    assert pictures.alike(page, clock, [], None) > 0.99


def test_the_article_alone_is_looked_at():
    page, other = shot(*TEXT), shot(*TEXT, ((0, 0, 319, 60), "red"))
    assert pictures.alike(page, [other], [], (0, 80, 320, 120)) > 0.99
    assert pictures.alike(page, [other], [], (0, 0, 320, 80)) < 0.7
    assert pictures.alike(page, [other], [], (0, 0, 4, 4)) is None


def test_pictures_that_are_not_there_are_not_compared():
    page = shot(*TEXT)
    assert pictures.matching(b"", [page], []) is pictures.matching(page, [], []) is None
    assert pictures.alike(b"no picture", [page], [], None) is None
    assert pictures.matching(page, [shot()], [(0, 0, 320, 200)]) is None


def test_a_blank_page_has_one_colour():
    assert pictures.blankness(shot()) == 1.0
    assert pictures.blankness(shot(*TEXT)) < 0.9


# Addresses and weights


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://x.example/a?v=2&_=1764500000000", "https://x.example/a?v=2&_=1764600000000"),
        ("https://x.example/a?cb=77", "https://x.example/a?cb=78"),
        ("https://x.example/a?since=1764500000", "https://x.example/a?since=1764600000"),
        ("https://X.example/A", "https://x.example/a"),
    ],
)
def test_volatile_queries_make_no_other_resource(one, other):
    assert key_of(one) == key_of(other)


def test_other_queries_do():
    assert key_of("https://x.example/a?page=1") != key_of("https://x.example/a?page=2")
    assert key_of("https://x.example/a") != key_of("https://x.example/a", "POST")
    assert key_of("https://x.example/a") == key_of("https://x.example/a", "HEAD")
    assert normal("https://x.example/a?b=&c=%C3%A9") == "https://x.example/a?b=&c=%C3%A9"


def test_replay_addresses_name_archived_ones():
    host = "http://localhost:8081"
    assert original(f"{host}/news/20261122140112im_/{IMAGE}?a=1") == f"{IMAGE}?a=1"
    assert original(f"{host}/news/mp_/https:/news.example/a") == "https://news.example/a"  # a slash was lost
    for own in (f"{host}/static/wombat.js", f"{host}/favicon.ico", f"{host}/"):
        assert original(own) is None


@pytest.mark.parametrize("host", ["stats.g.doubleclick.net", "www.google-analytics.com", "mc.yandex.ru", "ads.example"])
def test_counters_and_advertisements_weigh_nothing(host):
    assert TRACKERS.search(host)
    assert weight_of("image", f"https://{host}/x.gif", (0, 0, 900, 900), (1280, 900)) == 0


def test_weights_follow_kind_and_room():
    page = 1280, 900
    assert weight_of("image", IMAGE, (100, 100, 1000, 800), page) > weight_of("image", IMAGE, (0, 0, 80, 80), page)
    assert weight_of("media", IMAGE, None, page) > weight_of("image", IMAGE, None, page) > 0
    assert weight_of("image", IMAGE, (0, 0, 9000, 9000), page) <= 0.3
    assert weight_of("other", IMAGE, (0, 0, 900, 900), page) == 0
    assert not TRACKERS.search("news.example") and not TRACKERS.search("statsnews.example")


# Resources side by side


class Archive:
    """What `compare` and judging want of a capture, without a collection."""

    def __init__(self, *notes, held=(), bodiless=(), told=True, records=(), **more):
        """`records`: (URL, digest, whether it is the capture's own) of all that was fetched at `AT`."""
        self.notes = notes if told else None
        self.held, self.bodiless, self.records, self.script_errors = set(held), set(bodiless), records, None
        records = {"main": {"payload_digest": "sha1:AAAA"}}
        self.sidecar = SimpleNamespace(
            final_url=PAGE, status=200, headline="", verdict="ok", document={"warc": {"records": records}}
        )
        self.moment, self.finished = AT, AT + timedelta(seconds=9)
        self.capture, self.text, self.paragraphs = {"engine": "browser", "counts": {}}, "", ()
        self.__dict__.update(more)

    def lines(self, url, method="GET"):
        return iter([{"url": url}] if url in self.held else [])

    def replayed(self, url, method, moment):
        assert moment == AT
        return ({"digest": digest, "own": own} for one, digest, own in self.records if one == url)

    def owns(self, fields):
        return fields["own"]

    def lacks_body(self, fields):
        return fields["url"] in self.bodiless

    def picture(self, name):
        return b""


def note(url, status=200, kind="image", method="GET", **more):
    return Note(url, method, status, kind, **{"recorded": True, "served": True, **more})


def asked(url, status=200, kind="image", seconds=0.0, modified=None, method="GET"):
    moment = AT + timedelta(seconds=seconds) if status and status < 400 else None
    return Asked(url, method, kind, status, moment, modified)


def met(archive, *requests, **boxes):
    seen = Seen(asked=[asked(PAGE, kind="document"), *requests], height=2000, boxes={IMAGE: (0, 0, 1280, 450)})
    return compare(archive, seen)


def test_what_is_there_is_there():
    (one,) = met(Archive(note(PAGE, kind="document"), note(IMAGE), held=[IMAGE]), asked(IMAGE, seconds=2))
    assert (one.state, one.cause, one.offset) == ("ok", "", 2.0)
    assert one.area == pytest.approx(0.225)
    assert completeness([one]) == 1.0


@pytest.mark.parametrize(
    ("archive", "status", "state", "cause"),
    [
        (Archive(note(IMAGE), held=[IMAGE]), 404, "lost", "a fault of the replay engine"),
        (Archive(note(IMAGE)), 404, "lost", "its record is gone"),
        (Archive(note(IMAGE), held=[IMAGE], bodiless=[IMAGE]), 503, "lost", "kept by an earlier record"),
        (Archive(note(IMAGE, recorded=False, why="too long")), 404, "never-captured", "too long"),
        (Archive(note(IMAGE, 404)), 404, "ok", "the site itself"),
        (Archive(note(IMAGE, None, recorded=False, served=False)), 404, "ok", "no server answered"),
        (Archive(), 404, "newly-asked", "replay answers 404"),
        (Archive(held=[IMAGE]), 404, "lost", "a fault of the replay engine"),
        (Archive(told=False), 404, "never-captured", "replay answers 404"),
        (Archive(told=False, held=[IMAGE]), 404, "lost", "a fault of the replay engine"),
    ],
)
def test_whose_fault_a_loss_is(archive, status, state, cause):
    (one,) = met(archive, asked(IMAGE, status))
    assert one.state == state
    assert cause in one.cause
    assert one.weight > 0


def test_what_replay_does_not_ask_for_counts_only_if_it_is_gone():
    there, gone = Archive(note(IMAGE), held=[IMAGE]), Archive(note(IMAGE))
    assert [(one.state, one.weight) for one in met(there)] == [("ok", 0.0)]
    assert [one.state for one in met(gone)] == ["lost"]


def test_redirects_on_the_way_are_no_answer_and_no_loss():
    (one,) = met(Archive(note(IMAGE), held=[IMAGE]), asked(IMAGE, 307), asked(IMAGE, 404), asked(IMAGE, 200))
    assert one.state == "ok"


@pytest.mark.parametrize(
    ("records", "state"),
    [
        ([], "ok"),
        ([(IMAGE, "sha1:A", True)], "ok"),
        ([(IMAGE, "sha1:A", False)], "ok"),
        ([(IMAGE, "sha1:B", True)], "changed"),
        ([(IMAGE, "sha1:B", False)], "other-capture"),
        ([(IMAGE, "sha1:B", True), (IMAGE, "sha1:C", False)], "changed"),
        ([(IMAGE, "sha1:B", False), (IMAGE, "sha1:A", True)], "ok"),
        ([(DATA, "sha1:B", True)], "ok"),
    ],
)
def test_content_is_what_the_log_says(records, state):
    (one,) = met(Archive(note(IMAGE, digest="sha1:A"), records=records), asked(IMAGE))
    assert one.state == state
    assert met(Archive(note(IMAGE), records=records), asked(IMAGE))[0].state == "ok", "no digest, no say"


def test_data_that_was_asked_for_twice_may_be_either_answer():
    notes = [note(DATA, kind="fetch", digest=f"sha1:{name}") for name in "AB"]
    for digest, state in (("sha1:A", "ok"), ("sha1:B", "ok"), ("sha1:C", "changed")):
        (one,) = met(Archive(*notes, records=[(DATA, digest, True)]), asked(DATA, kind="fetch"))
        assert one.state == state


def test_what_was_captured_in_part_is_cut():
    for why, name in (("length", "cut-length"), ("of-tomorrow", "cut")):
        (one,) = met(Archive(note(IMAGE, digest="sha1:A", truncated=why)), asked(IMAGE))
        assert (one.state, one.detail) == ("cut", Detail(name))


def test_beacons_and_preflights_are_no_part_of_a_page():
    archive = Archive(
        note(DATA, 204, "ping", "POST"), note(DATA, 204, "other", "OPTIONS"), note(DATA, 200, "websocket")
    )
    assert met(archive) == []


def test_completeness_weighs():
    parts = [qa.Resource("a", "image", "ok", weight=0.3), qa.Resource("b", "image", "lost", weight=0.1)]
    assert completeness(parts) == pytest.approx(0.75)
    assert completeness([*parts, qa.Resource("c", "image", "newly-asked", weight=9.0)]) == pytest.approx(0.75)
    assert completeness([]) is completeness([qa.Resource("a", "ping", "lost")]) is None


# The page itself


GOOD = Document(200, "text/html", AT, "sha1:AAAA")


def test_digests_of_imported_files_are_claims():
    imported = Archive(capture={"engine": "import"})
    assert main.faults(imported, replace(GOOD, digest="sha1:BBBB")) == []


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (GOOD, []),
        (Document(None), ["does not find it and answers nothing"]),
        (Document(404), ["does not find it and answers 404"]),
        (replace(GOOD, status=500), ["its status is 500 instead of 200"]),
        (replace(GOOD, moment=AT + timedelta(days=3)), ["2026-11-25"]),
        (replace(GOOD, digest="sha1:BBBB"), ["its content is not what was captured"]),
    ],
)
def test_the_page_is_the_one_that_was_captured(found, words):
    faults = [wording.english(fault) for fault in main.faults(Archive(), found)]
    assert len(faults) == len(words)
    assert all(one in fault for one, fault in zip(words, faults, strict=True))


# Judging


def judged(archive, seen, document=GOOD):
    evidence = judging.Evidence(archive, document, seen, compare(archive, seen))
    measured = judging.measures(evidence)
    return {one.name: one.value for one in measured}, {one.code: one.level for one in reasons(evidence, measured)}


def test_a_page_that_is_whole_has_no_reasons():
    values, codes = judged(Archive(note(IMAGE), held=[IMAGE]), Seen(asked=[asked(IMAGE)]))
    assert codes == {}
    assert (values["main"], values["completeness"], values["lost"], values["leaks"]) == (1.0, 1.0, 0, 0)
    assert values["paragraphs"] is values["films"] is None


def test_one_lost_picture_is_a_warning_whatever_its_weight():
    styles = [note(f"{STYLE}?{number}", kind="stylesheet") for number in range(40)]
    answers = [asked(one.url, kind="stylesheet") for one in styles]
    values, codes = judged(Archive(*styles, note(IMAGE), held=[IMAGE]), Seen(asked=[*answers, asked(IMAGE, 404)]))
    assert values["completeness"] > 0.95
    assert codes == {"resource-lost": "warning"}


def test_a_page_in_ruins_fails():
    _, codes = judged(Archive(note(IMAGE), held=[IMAGE]), Seen(asked=[asked(IMAGE, 404)]))
    assert codes == {"resource-lost": "warning", "incomplete": "error"}


def test_data_that_scripts_newly_ask_for_is_told_only():
    seen = Seen(asked=[asked(DATA, 404, "fetch")])
    assert judged(Archive(), seen)[1] == {"resource-newly-asked": "info"}
    assert judged(Archive(), Seen(asked=[asked(IMAGE, 404)]))[1] == {"resource-newly-asked": "warning"}


def test_data_that_the_capture_cut_are_told_only():
    for address, kind, level in ((DATA, "fetch", "info"), (IMAGE, "image", "warning")):
        archive = Archive(note(address, kind=kind, digest="sha1:A", truncated="disconnect"))
        assert judged(archive, Seen(asked=[asked(address, kind=kind)]))[1] == {"resource-cut": level}


def test_what_is_of_another_time_is_told():
    late = AT + timedelta(days=2)
    data = judged(Archive(), Seen(asked=[asked(DATA, kind="fetch", seconds=7200)]))
    picture = judged(Archive(), Seen(asked=[asked(IMAGE, seconds=2 * 86400)]))
    changed = judged(Archive(), Seen(asked=[asked(IMAGE, seconds=2 * 86400 + 60, modified=late)]))
    soon = judged(Archive(), Seen(asked=[asked(DATA, kind="fetch", seconds=8, modified=AT + timedelta(seconds=8))]))
    assert data[1] == {"time-violation": "warning"}
    assert picture[1] == {"time-offset": "warning"}
    assert changed[1] == {"time-violation": "warning"}
    assert soon[1] == {}
    assert picture[0]["offset-max"] == 2 * 86400
    assert changed[0]["violations"] == 1


def test_a_leak_a_changed_record_and_a_lost_page_are_errors():
    seen = Seen(
        leaks=("https://outside.example/",), script_errors=(ScriptError("TypeError: x", PAGE),), asked=[asked(IMAGE)]
    )
    swapped = Archive(note(IMAGE, digest="sha1:A"), records=[(IMAGE, "sha1:B", True)])
    assert judged(swapped, seen, Document(404))[1] == {
        "incomplete": "error",
        "leak": "error",
        "main-missing": "error",
        "resource-changed": "error",
        "script-error": "info",
    }


BROKEN = ScriptError("TypeError: player 17 of https://news.example/a is undefined", f"{PAGE}?_=1")


@pytest.mark.parametrize(
    ("before", "now", "codes"),
    [
        ([], [BROKEN], {"script-error": "warning"}),
        ([BROKEN], [BROKEN], {}),
        ([BROKEN], [replace(BROKEN, message=BROKEN.message.replace("17", "18").replace("news", "a.news"))], {}),
        ([BROKEN], [replace(BROKEN, script=f"{PAGE}?_=2")], {}),
        ([BROKEN], [replace(BROKEN, script=IMAGE)], {"script-error": "warning"}),
        ([BROKEN], [replace(BROKEN, message="SyntaxError: x")], {"script-error": "warning"}),
        ([], [replace(BROKEN, script="")], {}),
        ([], [replace(BROKEN, script="https://stats.g.doubleclick.net/dc.js")], {}),
        (None, [BROKEN], {"script-error": "info"}),
    ],
)
def test_complaints_are_judged_that_are_new_and_of_archived_scripts(before, now, codes):
    archive = Archive(script_errors=None if before is None else tuple(before))
    values, found = judged(archive, Seen(script_errors=tuple(now)))
    assert found == codes
    assert values["script-errors"] == (None if before is None else len(codes))


def test_films_are_as_long_as_they_were():
    archive = Archive(capture={"engine": "browser", "counts": {"media_ms": 60_000}})
    assert judged(archive, Seen(text="x", counts={"media_ms": 59_000}))[1] == {}
    values, codes = judged(archive, Seen(text="x", counts={"media_ms": 30_000}))
    assert (values["film-length"], codes) == (0.5, {"film-shorter": "warning"})


def test_texts_and_films_are_judged():
    told = "\n".join(f"{PARAGRAPH} Number {word} of many." for word in ("one", "two", "three", "four"))
    archive = Archive(
        text=f"Waterworks\n{told}",
        paragraphs=tuple(told.splitlines()),
        capture={"engine": "browser", "counts": {"media_started": 2}},
    )
    archive.sidecar.headline = "Waterworks"
    good = Seen(text=f"Waterworks\n{told}", films=[("a", None), ("b", None)])
    assert judged(archive, good)[1] == {}
    half = Seen(text="\n".join(told.splitlines()[:1]), films=[("a", None), ("b", Detail("film-not-begun"))])
    values, codes = judged(archive, half)
    assert codes["headline-missing"] == codes["film-broken"] == "warning"
    assert "text-missing" in codes
    assert values["films"] == 0.5
    other = Seen(text="Quite another page with other words about ferries and nothing else at all", films=good.films)
    assert judged(archive, other)[1] == {
        "text-missing": "error",
        "text-differs": "error",
        "headline-missing": "warning",
    }


def test_folded_paragraphs_are_no_loss_where_they_still_are():
    archive = Archive(text=PARAGRAPH, paragraphs=(PARAGRAPH, "An answer that only opens when it is pressed."))
    assert judged(archive, Seen(text=PARAGRAPH))[0]["paragraphs"] == 1.0


# Regressions


def result(verdict="pass", **values) -> qa.Result:
    measured = tuple(replace(one, value=values.get(one.name.replace("-", "_"), 1.0)) for one in judging.THRESHOLDS)
    return qa.Result("20261122T140112Z-k3v7q2mzpa", PAGE, "", "2026-11-24T09:00:00Z", 1.0, verdict, measures=measured)


def test_what_got_worse_is_found():
    good = result()
    assert regressions(good, good) == regressions(result("fail", text=0.1), good) == []
    assert [(one.level, one.code) for one in regressions(good, result("warn"))] == [("error", "regression")]
    (fell,) = regressions(good, result(text=0.9))
    assert fell.level == "warning" and fell.message.startswith("text was 1 and is 0.9")
    assert regressions(good, result(text=0.99)) == []
    assert [one.level for one in regressions(good, result(lost=2.0))] == ["warning"]
