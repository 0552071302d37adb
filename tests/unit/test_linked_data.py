"""A sidecar is linked data: a JSON-LD processor, with no network, reads it in the words of schema.org and others."""

import json

import pytest
from pyld import jsonld

from archiver import schema
from samples import EXAMPLE, SCHEMA, full_sidecar

DCTERMS, PREMIS, PROV = "http://purl.org/dc/terms/", "http://www.loc.gov/premis/rdf/v3/", "http://www.w3.org/ns/prov#"
SCHEMA_ORG, OWN = "http://schema.org/", "urn:archiver:terms:"
SHA256 = "http://id.loc.gov/vocabulary/preservation/cryptographicHashFunctions/sha256"


def no_network(url, _options):
    raise AssertionError(f"{url} was asked for")


def expanded(document: dict) -> dict:
    [node] = jsonld.expand(document, {"documentLoader": no_network})
    return node


@pytest.fixture(scope="module")
def node() -> dict:
    return expanded(EXAMPLE)


def test_the_context_is_the_same_everywhere():
    assert SCHEMA["$defs"]["context"]["const"] == schema.context() == EXAMPLE["@context"]


def test_the_capture(node):
    capture = EXAMPLE["capture"]
    assert node["@id"] == f"urn:archiver:capture/{EXAMPLE['id']}"
    assert node["@type"] == [f"{PREMIS}Representation"]
    assert node[f"{DCTERMS}source"] == [{"@id": capture["final_url"]}]
    date = {"@type": "http://www.w3.org/2001/XMLSchema#dateTime", "@value": capture["captured_at"]}
    assert node[f"{DCTERMS}created"] == [date]
    assert node[f"{DCTERMS}replaces"] == [{"@id": f"urn:archiver:capture/{EXAMPLE['relations']['previous']}"}]
    [rights] = node[f"{DCTERMS}rights"]
    assert rights[f"{DCTERMS}accessRights"] == [{"@value": "reading-room"}]
    assert rights[f"{PREMIS}basis"] == [{"@value": "legal deposit"}]


def test_the_file_and_its_records(node):
    [file] = node[f"{DCTERMS}hasPart"]
    assert file[f"{PREMIS}storedAt"] == [{"@value": EXAMPLE["warc"]["file"]}]
    assert file[f"{PREMIS}size"] == [{"@value": EXAMPLE["warc"]["bytes"]}]
    assert file[f"{PREMIS}fixity"] == [{"@type": SHA256, "@value": EXAMPLE["warc"]["sha256"]}]
    [records] = file[f"{OWN}records"]
    assert records[f"{OWN}main"][0]["@id"] == EXAMPLE["warc"]["records"]["main"]["id"]


def test_the_article_is_plain_schema_org(node):
    [article] = node[f"{SCHEMA_ORG}about"]
    told = EXAMPLE["article"]
    assert article["@type"] == [f"{SCHEMA_ORG}NewsArticle"]
    assert {key for key in article if key != "@type"} == {f"{SCHEMA_ORG}{name}" for name in told if name != "@type"}
    for name in ("headline", "datePublished", "dateModified", "timeRequired"):
        assert article[f"{SCHEMA_ORG}{name}"] == [{"@value": told[name]}]
    assert article[f"{SCHEMA_ORG}url"] == [{"@id": told["url"]}]
    [authors] = article[f"{SCHEMA_ORG}author"]
    assert [one["@type"] for one in authors["@list"]] == [[f"{SCHEMA_ORG}Person"]]
    assert authors["@list"][0][f"{SCHEMA_ORG}name"] == [{"@value": told["author"][0]["name"]}]
    [correction] = article[f"{SCHEMA_ORG}correction"]
    assert correction["@type"] == [f"{SCHEMA_ORG}CorrectionComment"]


def test_every_claim_says_whose_it_is(node):
    claims = node[f"{OWN}assertions"]
    assert len(claims) == len(EXAMPLE["assertions"])
    for claim, told in zip(claims, EXAMPLE["assertions"], strict=True):
        [value] = claim[f"{OWN}value"]
        assert value == {"@type": "@json", "@value": told["value"]}
        [agent] = claim[f"{PROV}wasAttributedTo"]
        assert agent["@type"] == [PREMIS + {"person": "Person", "software": "SoftwareAgent"}[told["by"]["type"]]]
        assert agent[f"{SCHEMA_ORG}name"] == [{"@value": told["by"]["name"]}]


def test_nothing_is_lost_and_it_is_sound_rdf():
    full = full_sidecar()
    compacted = jsonld.compact(
        expanded(full), {"@context": full["@context"]}, {"documentLoader": no_network, "compactArrays": False}
    )
    text = json.dumps(compacted, ensure_ascii=False)
    for block in ("tls", "consent", "robots", "session", "clock", "client", "attempts"):
        for value in full["capture"][block].values() if isinstance(full["capture"][block], dict) else ():
            assert json.dumps(value, ensure_ascii=False).strip("[]") in text, (block, value)
    quads = jsonld.to_rdf(full, {"documentLoader": no_network})["@default"]
    assert len(quads) > 100
    assert f"urn:archiver:capture/{full['id']}" in {quad["subject"]["value"] for quad in quads}
