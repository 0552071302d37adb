"""The certificate: everything on it is true, can be checked with standard tools, and nothing archived acts in it."""

import html
import json
import re
import subprocess
from pathlib import Path

import pytest
from lxml import html as lxml

import archiver.certificate as certificates
from archiver import access
from archiver.certificate import certificate, page
from archiver.certificate.commands import steps
from archiver.certificate.page import ACCESS, FIDELITY, PARTS
from archiver.cli import run
from archiver.collection import Root
from archiver.dates import claimed
from archiver.editing import Wish, edit
from archiver.errors import UnknownCapture
from archiver.proof import Keyring, Trust, sign_collection
from archiver.verdict.meanings import VERDICTS
from archiver.warc import read_records
from archiver.words import Words
from material import collection_with
from tsaserver import Authority, Server

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def ring(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Keyring()


@pytest.fixture
def made(tmp_path):
    collection, (captured,) = collection_with(tmp_path / "root")
    return collection, captured.capture_id


def gathered(collection, capture):
    return certificate(Root(collection.path.parent), capture, None, Trust.of(Keyring()))


def sh(command, folder):
    return subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, timeout=300)


def signed(collection, ring, folder):
    authority = Authority(folder)
    ring.trust_authority(authority.root.read_bytes(), "root")
    key = ring.new("Museum of X")
    with Server(authority) as server:
        sign_collection(collection, ring, key, ring.open(key, lambda _: ""), tsa=server.url)
    return authority


def test_it_tells_what_the_files_the_ledger_and_the_sidecar_say(made):
    collection, capture = made
    found = gathered(collection, capture)
    assert found.ok
    held = collection.files()
    assert {one.file.path: one.file.sha256 for one in found.files} == {
        path: file.sha256 for path, file in held.items() if capture in path
    }
    (line,) = found.lines
    text = (collection.path / line.path).read_text().splitlines()[line.number - 1]
    assert json.loads(text) == line.event
    assert (line.event["type"], line.event["capture"], line.sealed) == ("capture", capture, False)
    ids = {record.id for record in read_records(collection.local(found.account.sidecar.warc_file))}
    assert {part.id for part in found.parts} <= ids
    text = page(found)
    for value in (capture, "The bridge stands", "https://news.example/bridge/0", "192.0.2.7", "says the publisher"):
        assert value in html.unescape(text)
    assert "No signature covers it yet" in text


def test_its_commands_check_it_with_standard_tools_alone(made, ring, tmp_path):
    collection, capture = made
    authority = signed(collection, ring, tmp_path / "authority")
    found = gathered(collection, capture)
    assert [signing.holds for signing in found.signings] == [True]
    (collection.path / "AUTHORITY.pem").write_bytes(authority.root.read_bytes())
    listed = list(steps(found))
    assert len(listed) == 9
    for step in listed:
        done = sh(step.command, collection.path)
        assert done.returncode == 0, (step, done)
        assert "broken" not in done.stdout
        assert "FAILED" not in done.stdout + done.stderr
    said = [sh(step.command, collection.path).stdout for step in listed]
    assert capture in said[2]
    assert said[4].endswith(": OK\n1\n")
    assert re.match(r"end [0-9a-f]{64}$", said[5])
    assert "Verified Successfully" in said[6]
    assert said[7].strip() == found.signings[0].statement.key
    assert "OK" in sh(listed[8].command, collection.path).stderr + said[8]
    assert all(html.escape(step.command, quote=False)[:20] in page(found).replace("&#39;", "'") for step in listed)


def test_its_commands_find_what_was_changed(made, ring, tmp_path):
    collection, capture = made
    signed(collection, ring, tmp_path / "authority")
    found = gathered(collection, capture)
    commands = [step.command for step in steps(found)]
    for path, number in ((found.files[0].file.path, 0), (found.lines[0].path, 3), (found.lines[0].path, 4)):
        place = collection.local(path)
        whole = place.read_bytes()
        place.write_bytes(whole[:-3] + b"x" + whole[-2:])
        assert "FAILED" in sh(commands[number], collection.path).stdout, path
        place.write_bytes(whole)
    (statement,) = collection.path.glob("proofs/*.statement.json")
    statement.write_bytes(statement.read_bytes().replace(b"news", b"dews"))
    assert "Failure" in sh(commands[6], collection.path).stdout + sh(commands[6], collection.path).stderr


def test_a_damaged_file_makes_it_unsound(made, tmp_path, monkeypatch, capsys):
    collection, capture = made
    monkeypatch.chdir(tmp_path)
    assert run(["--root", str(collection.path.parent), "certificate", capture]) == 0
    written = tmp_path / f"certificate-{capture}.html"
    assert "All files agree" in written.read_text()
    assert run(["--root", str(collection.path.parent), "certificate", capture]) == 6, "nothing is overwritten"
    (path,) = [path for path in collection.files() if path.startswith("archive/")]
    whole = collection.local(path).read_bytes()
    collection.local(path).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    capsys.readouterr()
    assert run(["--root", str(collection.path.parent), "certificate", capture, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert {one["path"]: one["state"] for one in told["files"]}[path] == "differs"
    text = page(gathered(collection, capture))
    assert "Not sound" in text
    assert "differs" in text
    collection.local(path).unlink()
    text = page(gathered(collection, capture))
    assert "Not all of its files are on this disk" in text
    assert "missing" in text


def test_nothing_archived_acts_in_it(made):
    collection, capture = made
    hostile = "</title><script>alert(1)</script><img src=x onerror=alert(1)>\"'\u202e{{ 7*7 }}"
    sidecar = collection.sidecar(capture)
    found = gathered(collection, capture)
    document = json.loads(json.dumps(sidecar.document))
    document["article"] |= {"headline": hostile, "author": [{"name": hostile}], "publisher": {"name": hostile}}
    document["article"] |= {"datePublished": hostile, "inLanguage": hostile}
    document["capture"] |= {"final_url": "javascript:alert(1)//" + hostile, "ip": hostile, "engine": hostile}
    document["capture"] |= {"agents": [{"name": hostile, "version": hostile}, "x"], "captured_at": hostile}
    document["capture"]["tls"] = {"subject": hostile, "certificate_sha256": hostile}
    document["capture"]["verdict"] = {"word": hostile, "reasons": [hostile]}
    object.__setattr__(found.account, "sidecar", type(sidecar)(document, b""))
    parsed = lxml.fromstring(page(found))
    assert parsed.xpath("//script | //iframe | //img | //a | //@onerror | //link | //object") == []
    assert "49" not in parsed.xpath("string(//h1)")
    assert parsed.xpath("string(//h1)").startswith("</title><script>")
    policy = parsed.xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)")
    assert policy.startswith("default-src 'none'")


def test_hostile_names_do_not_leave_their_quotes_in_a_shell(made, tmp_path):
    """What a ledger from afar may name: the commands are only ever about it."""
    collection, capture = made
    found = gathered(collection, capture)
    trap = tmp_path / "sprung"
    for name in (
        f"archive/$(touch {trap}).warc.gz",
        f"archive/';touch {trap};'.warc.gz",
        f"archive/x\nEND\ntouch {trap}\n",
    ):
        file = found.files[0]
        object.__setattr__(file.file, "path", name)
        found.account.sidecar.document["warc"]["file"] = name
        for step in steps(found):
            sh(step.command, collection.path)
        assert not trap.exists(), name


def test_it_is_one_file_for_people_of_all_kinds(made):
    parsed = lxml.fromstring(page(gathered(*made)))
    assert parsed.get("lang") == "en"
    assert parsed.xpath("//main")
    assert parsed.xpath("//@src[not(starts-with(., 'data:'))] | //link/@href") == []
    levels = [int(heading.tag[1]) for heading in parsed.xpath("//h1 | //h2 | //h3")]
    assert levels[0] == 1
    assert set(levels[1:]) == {2}
    ids = parsed.xpath("//@id")
    assert set(parsed.xpath("//@aria-labelledby")) == set(ids)
    assert parsed.xpath("//img[not(@alt)]") == []


def test_an_unknown_capture(made):
    with pytest.raises(UnknownCapture):
        gathered(made[0], "20261122T140112Z-k3v7q2m5xa")


def test_every_revision_stands_on_it(made):
    collection, capture = made
    collection.seal()
    edit(collection, [Wish(capture, "headline", "The bridge still stands", "M. K.", "printed")])
    found = gathered(collection, capture)
    assert found.ok
    assert [line.event["type"] for line in found.lines] == ["capture", "metadata modification"]
    assert [line.sealed for line in found.lines] == [True, False]
    assert len([one for one in found.files if one.file.path.startswith("sidecars/")]) == 2
    assert "The bridge still stands" in page(found)


@pytest.mark.parametrize(
    ("kind", "told", "en", "uk"),
    [
        ("takedown", {"reason": "At <b>her</b> request."}, "taken down: nobody", "вилучено: цього"),
        ("embargo", {"until": "2999-01-01"}, "before its end, since", "під ембарго"),
        ("dark", {}, "closed: nobody", "закрито: цього"),
        ("reading-room", {}, "for the reading room only", "лише для читального залу"),
    ],
)
def test_it_tells_who_may_see_the_capture(made, kind, told, en, uk):
    collection, capture = made
    assert gathered(collection, capture).as_json()["access"] == {"kind": "open"}
    (rule,) = access.restrict(
        collection, access.Wish.of(kind, "M. K.", note="For us", **told), access.targets([capture])
    )
    found = gathered(collection, capture)
    until = {"until": rule.until} if rule.until else {}
    reason = {"reason": rule.reason} if rule.reason else {}
    assert found.as_json()["access"] == {"kind": kind, "since": rule.at, "rule": rule.name} | until | reason
    for language, words in (("en", en), ("uk", uk)):
        text = page(found, language)
        assert words in lxml.fromstring(text).xpath("string(//main)")
        assert "<b>her" not in text
        assert "For us" not in lxml.fromstring(text).xpath("string(//main)")
        # A number of its own: among so many digests, four digits are sooner or later part of one.
        assert (bool(re.search(r"\b2999\b", text)), "request." in text) == (kind == "embargo", kind == "takedown")


def test_it_speaks_ukrainian(made, ring, tmp_path):
    """Every word of the page has one in the table, and every word of the table is on some page."""
    collection, capture = made
    signed(collection, ring, tmp_path / "authority")
    found = gathered(collection, capture)
    table = Words.of("uk", Path(certificates.__file__).parent).table
    source = (REPOSITORY / "src/archiver/certificate/templates/certificate.html").read_text("utf-8")
    english = set(re.findall(r'_\("([^"]+)"\)', source)) | {"agrees", "differs", "missing"}
    english |= {*VERDICTS.values(), *PARTS.values(), *FIDELITY.values(), *ACCESS.values()}
    english |= {text for step in steps(found) for text in (step.what, step.expect)}
    assert english == set(table)
    for one, other in table.items():
        assert sorted(re.findall(r"\{\w+\}", one)) == sorted(re.findall(r"\{\w+\}", other))
    text = page(found, "uk")
    parsed = lxml.fromstring(text)
    assert parsed.get("lang") == "uk"
    assert "21 листопада 2026, 08:00 +02:00" in html.unescape(text)
    assert "підписано: Museum of X" in html.unescape(text)
    assert "{" not in parsed.xpath("string(//main)").replace("{24}", "")


@pytest.mark.parametrize(
    ("claim", "words"),
    [("2026-11", "листопад 2026"), ("2026-05-09", "9 травня 2026"), ("2026", "2026"), ("in May", "in May")],
)
def test_dates_in_ukrainian(claim, words):
    assert Words.of("uk", Path(certificates.__file__).parent).date(claimed(claim)) == words
