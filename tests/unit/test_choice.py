"""The rule that makes an article of what is claimed about it (`docs/metadata.md`)."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.sidecar import METHODS, Agent, Assertion, choose
from archiver.sidecar.choice import WITNESSES

EARLY, LATE = "2026-11-22T14:01:15Z", "2026-11-22T14:01:15.000001Z"


def claim(value, method="meta", confidence=0.5, *, name="headline", at=EARLY, source=None) -> Assertion:
    by = Agent("person", "M. K.") if method == "human" else Agent("software", "archiver", "0.1.0")
    if method == "human":
        return Assertion(f"/article/{name}", value, method, by, at, reason="because")
    return Assertion(f"/article/{name}", value, method, by, at, str(value), "somewhere", confidence, source=source)


def winner(*claims: Assertion, name: str = "headline"):
    return choose(claims).get(name)


def test_every_method_but_a_person_is_a_witness():
    assert set(WITNESSES) == set(METHODS) - {"human"}


def test_the_surest_wins():
    assert winner(claim("sure", "page", 0.9), claim("unsure", "json-ld", 0.8)) == "sure"


def test_witnesses_who_agree_outweigh_one_who_is_surer():
    alone = claim("SEO title", "json-ld", 0.9)
    agreeing = [claim("A headline", "page", 0.7), claim("a  head-line", "trafilatura", 0.6), claim("x", "url", 0.1)]
    assert winner(alone, *agreeing) == "SEO title"
    assert winner(alone, *agreeing, claim("A headline", "url", 0.3)) == "A headline"


def test_those_who_draw_from_the_same_are_one_witness():
    same = [claim("SEO title", method, 0.8) for method in ("json-ld", "microdata", "rdfa", "meta", "feed")]
    assert winner(*same, claim("Headline", "page", 0.85)) == "Headline"


def test_of_a_voice_only_its_latest_words_count():
    assert winner(claim("old", "json-ld", 0.9), claim("new", "json-ld", 0.4, at=LATE)) == "new"
    served, rendered = claim("served", "page", 0.5, source="served"), claim("rendered", "page", 0.6, source="rendered")
    assert winner(served, rendered) == "rendered"


def people(*names: str) -> list[dict[str, str]]:
    return [{"@type": "Person", "name": name} for name in names]


def test_authors_agree_by_their_names_in_any_order():
    claims = [
        claim(people("Ada O’Shea", "Bo Lin"), "meta", 0.5, name="author"),
        claim(people("BO LIN", "ADA O'SHEA"), "page", 0.5, name="author"),
        claim(people("Staff"), "json-ld", 0.7, name="author"),
    ]
    assert [one["name"] for one in winner(*claims, name="author")] == ["Ada O’Shea", "Bo Lin"]


@pytest.mark.parametrize(
    ("claims", "chosen"),
    [
        ([("2026-11-19", "page", 0.9), ("2026-11-19T08:30:00+02:00", "meta", 0.5)], "2026-11-19T08:30:00+02:00"),
        ([("2026-11-19", "url", 0.5), ("2026-11", "meta", 0.5)], "2026-11-19"),
        ([("2026-11-08", "page", 0.9), ("2026-11-09T05:30:00Z", "meta", 0.5)], "2026-11-09T05:30:00Z"),
        ([("2026-11-08", "page", 0.9), ("2026-11-09T05:30:00+02:00", "meta", 0.5)], "2026-11-08"),
        ([("2026-11-09T05:30:00Z", "meta", 0.9), ("2026-11-08T23:30:00-06:00", "page", 0.5)],
         "2026-11-08T23:30:00-06:00"),
        ([("2026-11-25", "htmldate", 0.4), ("2026-11-19", "url", 0.5)], "2026-11-19"),
        ([("2026-11-19T08:30:00Z", "meta", 0.9), ("2026-11-19T09:00:00Z", "page", 0.8), ("2026-11-19", "url", 0.5)],
         "2026-11-19T08:30:00Z"),
    ],
)  # fmt: skip
def test_a_coarser_date_supports_a_finer_one_and_never_takes_from_it(claims, chosen):
    made = [claim(value, method, sure, name="datePublished") for value, method, sure in claims]
    assert winner(*made, name="datePublished") == chosen
    assert winner(*reversed(made), name="datePublished") == chosen


def test_the_latest_person_wins_and_may_say_that_there_is_none():
    first, second = claim("Mine", "human", at=EARLY), claim(None, "human", at=LATE)
    machine = claim("Theirs", "json-ld", 1.0, at="2027-01-01T00:00:00Z")
    assert choose([machine, first]) == {"@type": "NewsArticle", "headline": "Mine"}
    assert choose([second, machine, first]) == {}


CLAIMS = st.builds(
    claim,
    st.sampled_from(["2026-11-19", "2026-11", "2026-11-19T08:30:00Z", "2026-11-19T10:30:00+02:00", "2026-11-20"]),
    st.sampled_from([method for method in METHODS if method != "human"]),
    st.sampled_from([0.1, 0.5, 0.9]),
    name=st.sampled_from(["datePublished", "headline"]),
    at=st.sampled_from([EARLY, LATE]),
    source=st.sampled_from([None, "served", "rendered"]),
)


@given(st.lists(CLAIMS, max_size=9), st.randoms(use_true_random=False))
def test_the_order_of_assertions_never_matters(claims, random):
    assert choose(claims) == choose(random.sample(claims, len(claims)))


@given(st.lists(CLAIMS, min_size=1, max_size=9))
def test_what_is_chosen_was_claimed_and_a_second_reading_of_the_same_changes_nothing(claims):
    article = choose(claims)
    for name in {one.about.removeprefix("/article/") for one in claims}:
        assert article[name] in [one.value for one in claims if one.about == f"/article/{name}"]
    assert choose([*claims, *claims]) == article


def test_the_document_tells_the_witnesses_as_they_are():
    told = (Path(__file__).parents[2] / "docs/metadata.md").read_text("utf-8")
    rows = re.findall(r"^ *\| (\w+) \| ((?:`[\w-]+`(?:, )?)+)", told, re.MULTILINE)
    assert {method: witness for witness, methods in rows for method in re.findall(r"`([\w-]+)`", methods)} == WITNESSES
