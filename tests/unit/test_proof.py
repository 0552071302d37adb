"""Proofs: keys, signed heads, time stamps; each attack is one that some proof must show."""

import json
import os
import re
import shutil
import stat
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from archiver import disk
from archiver.capture import Terms, capture_url
from archiver.cli import cli, run
from archiver.errors import ConflictError, UnreadableInput, UsageError
from archiver.ledger import canonical
from archiver.model import now, timestamp
from archiver.proof import Keyring, Trust, judge, sign_collection
from archiver.proof.stamps import BadStamp, StampFailed, read_certificates, read_stamp, request_stamp
from archiver.stores.memory import MemoryStore
from archiver.sync import pull, push
from archiver.verify import verify_collection
from material import URL, PaperEngine, bring, collection_with, copied
from tsaserver import Authority, Server, openssl

REPOSITORY = Path(__file__).parents[2]
FAULTS = {
    "redirect": "it answered 302",
    "error": "it answered 503",
    "silent": "timed out",
    "garbage": "the answer is no time stamp",
    "html": "the answer is text/html",
    "endless": "far too long",
    "other": "another request than ours",
    "no-nonce": "another request than ours",
    "refusal": "it refused",
}


@pytest.fixture(autouse=True)
def ring(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("ARCHIVER_KEY_PASSPHRASE", raising=False)
    return Keyring()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def collection(tmp_path):
    return collection_with(tmp_path / "root")[0]


def sign(collection, ring, key=None, **stamp):
    key = ring.signer(key.id if key else None)
    return sign_collection(collection, ring, key, ring.open(key, lambda _: ""), **stamp)


def trusting(ring, *authorities):
    roots = [one for pem in authorities for one in read_certificates(pem, "")]
    return replace(Trust.of(ring), authorities=tuple(roots))


def judged(collection, ring, *authorities):
    found = judge(collection, list(collection.history()), trusting(ring, *authorities))
    return {(one.level, one.code) for one in found.findings}


def proofs(collection, ending):
    return sorted(collection.path.glob(f"proofs/*{ending}"))


def test_a_key_is_made_outside_the_root_and_for_its_owner_alone(ring):
    key = ring.new("Museum of X")
    private = ring.folder / f"{key.id}.key"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert stat.S_IMODE(ring.folder.stat().st_mode) == 0o700
    der = openssl("pkey", "-in", private, "-pubout", "-outform", "DER")
    assert key.id == disk.sha256_bytes(der)[:16]
    assert openssl("pkey", "-in", private, "-pubout").decode() == key.public_key


def test_a_passphrase_protects_a_key(ring):
    key = ring.new("Museum of X", "mill pond")
    assert b"ENCRYPTED" in (ring.folder / f"{key.id}.key").read_bytes()
    ring.open(key, lambda _: "mill pond")
    again = Keyring()
    with pytest.raises(UsageError, match="passphrase"):
        again.open(key, lambda _: "mill")
    heir = ring.retire(key.id, lambda _: "never asked")
    Keyring().open(heir, {heir.id: "mill pond"}.__getitem__)
    with pytest.raises(UsageError, match="passphrase"):
        Keyring().lose(heir.id, timestamp(now()), lambda _: "mill")
    assert {one.id for one in ring.all()} == {key.id, heir.id}, "nothing was made"


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 201])
def test_a_name_is_a_line_of_text(ring, name):
    with pytest.raises(UsageError):
        ring.new(name)


def test_which_key_signs_is_never_guessed(ring):
    with pytest.raises(UsageError, match="no key to sign with"):
        ring.signer()
    first, second = ring.new("Museum of X"), ring.new("Museum of Y")
    with pytest.raises(UsageError, match="several"):
        ring.signer()
    assert ring.signer(second.id) == second
    with pytest.raises(UsageError, match="no key '0000"):
        ring.signer("0000000000000000")
    other = Keyring(ring.folder.parent / "others")
    other.trust(first.public_key.encode(), "Museum of X", "file")
    with pytest.raises(UsageError, match="private part"):
        other.signer(first.id)


def test_one_key_has_one_name(ring, tmp_path):
    key = Keyring(tmp_path / "theirs").new("Museum of Y")
    ring.trust(key.public_key.encode(), "Museum of Y", "file")
    ring.trust(b"a comment\n" + key.public_key.encode(), "Museum of Y", "file")
    with pytest.raises(ConflictError):
        ring.trust(key.public_key.encode(), "Museum of Z", "file")
    with pytest.raises(UnreadableInput):
        ring.trust(openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"), "Museum of Z", "file")


def test_what_was_signed_can_be_checked_with_openssl_alone(collection, ring, authority):
    key = ring.new("Museum of X")
    with Server(authority) as server:
        signed = sign(collection, ring, tsa=server.url, tsa_ca=authority.root.read_bytes())
    (statement,), (signature,), (token,) = (
        proofs(collection, ending) for ending in (".statement.json", ".sig", ".tsr")
    )
    pem = collection.path / f"proofs/keys/{key.id}.pem"
    verify = ("pkeyutl", "-verify", "-pubin", "-inkey", pem, "-rawin", "-in", statement, "-sigfile", signature)
    assert b"Verified Successfully" in openssl(*verify)
    stamped = collection.path.parent / "stamped"
    stamped.write_bytes(statement.read_bytes() + signature.read_bytes())
    (kept,) = collection.path.glob("proofs/authorities/*.pem")
    openssl("ts", "-verify", "-data", stamped, "-in", token, "-CAfile", kept)
    document = json.loads(statement.read_bytes())
    (head,) = document["heads"]
    segment = collection.path / "ledger" / head["writer"] / head["segment"]
    assert disk.sha256_file(segment)[0] == head["sha256"]
    assert signed.stamp.trusted
    assert signed.stamp.authority == "CN=Lantern Time"
    assert judged(collection, ring, authority.root.read_bytes()) == set()
    assert {event.type for one in collection.history() for event in one.events} >= {"digital signature generation"}
    assert verify_collection(collection).ok


def test_the_commands_of_the_documentation_work(collection, ring, authority, tmp_path):
    """They are run as they stand in docs/proof.md, then again over a forged statement."""
    key = ring.new("Museum of X")
    with Server(authority) as server:
        signed = sign(collection, ring, tsa=server.url)
    stem = signed.statement.stem
    blocks = re.findall(r"```sh\n(.*?)```", (REPOSITORY / "docs/proof.md").read_text("utf-8"), re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines()]
    assert len(commands) == 8
    variables = {**os.environ, "S": stem, "K": key.id, "AUTHORITY": str(authority.root)}

    def ran(number):
        words = ["sh", "-c", commands[number]]
        return subprocess.run(words, cwd=collection.path, env=variables, capture_output=True, text=True)

    done = [ran(number) for number in range(8)]
    assert [one.returncode for one in done] == [0] * 8, done
    assert done[0].stdout.startswith(stem)
    assert done[1].stdout.strip() == key.id
    assert "Verified Successfully" in done[2].stdout
    assert "Verification: OK" in done[4].stdout + done[4].stderr
    (head,) = signed.statement.document["heads"]
    assert all(head["sha256"] in done[number].stdout for number in (5, 6))
    (statement,) = proofs(collection, ".statement.json")
    statement.write_bytes(statement.read_bytes().replace(b'"files":', b'"files":1'))
    again = [ran(number) for number in range(5)]
    assert not again[0].stdout.startswith(stem)
    assert (again[2].returncode, again[4].returncode) == (1, 1)


def test_settings_may_name_the_authority(collection, ring, authority, tmp_path, monkeypatch):
    ring.new("Museum of X")
    settings = tmp_path / "archiver.toml"
    with Server(authority) as server:
        settings.write_text(f'[sign]\ntsa = "{server.url}"\ntsa-ca = "{authority.root}"\n')
        monkeypatch.setenv("ARCHIVER_CONFIG", str(settings))
        assert run(["--root", str(collection.path.parent), "sign", "-c", "news"]) == 0
    assert proofs(collection, ".tsr")


def test_an_authority_that_is_named_is_believed_by_all_that_judge_and_only_then(
    collection, ring, authority, tmp_path, monkeypatch, capsys
):
    """By option, before or behind the command, by environment and by settings: the same everywhere."""
    root, package, (capture,) = collection.path.parent, tmp_path / "news.wacz", collection.captures()
    ring.new("Museum of X")
    with Server(authority) as server:
        signing = ["-c", "news", "--tsa", server.url]
        assert run(["--root", str(root), "sign", *signing]) == 0
        assert run(["--root", str(root), "export", *signing, "--format", "wacz", "--sign", str(package)]) == 0
    settings, root_pem = tmp_path / "archiver.toml", str(authority.root)
    settings.write_text(f'tsa-ca = "{root_pem}"\n')
    judging = {
        "verify": (["-c", "news"], lambda told: '"stamp-authority"' not in told),
        "certificate": ([capture], lambda told: '"trusted":true' in told),
        "report": (["-c", "news"], lambda told: '"trusted":1' in told),
        "validate": ([str(package)], lambda told: "no time stamp of a trusted" not in told),
        "import": ([str(package), "-c", "news"], lambda told: "no time stamp of a trusted" not in told),
    }

    def believes(name, before=(), behind=()):
        words, is_believed = judging[name]
        result = CliRunner().invoke(cli, ["--root", str(root), *before, name, *words, *behind, "--json"])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return is_believed(result.stdout.replace(": ", ":"))

    for name in judging:
        assert not believes(name), name
        assert believes(name, behind=["--tsa-ca", root_pem]), name
        assert not believes(name), f"{name}: nothing of it stays"
        assert believes(name, before=["--tsa-ca", root_pem]), name
    with monkeypatch.context() as patch:
        patch.setenv("ARCHIVER_TSA_CA", root_pem)
        assert all(believes(name) for name in judging)
    monkeypatch.setenv("ARCHIVER_CONFIG", str(settings))
    capsys.readouterr()
    assert run(["--root", str(root), "verify", "-c", "news", "--json"]) == 0
    assert judging["verify"][1](capsys.readouterr().out)
    assert run(["--root", str(root), "verify", "-c", "news", "--tsa-ca", str(tmp_path / "none.pem")]) == 2
    assert run(["--root", str(root), "verify", "-c", "news", "--tsa-ca", str(settings)]) == 2, "no certificate"


def test_statements_follow_each_other(collection, ring):
    ring.new("Museum of X")
    first, second = sign(collection, ring), sign(collection, ring)
    assert second.statement.document["previous"] == [first.statement.sha256]
    assert judged(collection, ring) == set()
    (collection.path / first.files[-1].path).unlink()
    assert ("error", "statement-missing") in judged(collection, ring)


def test_an_unknown_signer_is_told_from_a_wrong_signature(collection, ring, tmp_path):
    theirs = Keyring(tmp_path / "theirs")
    key = theirs.new("Museum of Y")
    sign(collection, theirs)
    assert judged(collection, ring) == {("warning", "signer-unknown")}
    ring.trust(key.public_key.encode(), "Museum of Y", "file")
    assert judged(collection, ring) == set()
    (signature,) = proofs(collection, ".sig")
    signature.write_bytes(bytes(64))
    assert judged(collection, ring) == {("error", "signature-wrong")}
    signature.unlink()
    assert judged(collection, ring) == {("error", "signature-missing")}


def test_a_statement_that_says_more_than_was_signed(collection, ring):
    """Also one that another name or another form would hide."""
    ring.new("Museum of X")
    sign(collection, ring)
    (statement,), (signature,) = proofs(collection, ".statement.json"), proofs(collection, ".sig")
    forged = statement.read_bytes().replace(b'"files":', b'"files":9')
    statement.write_bytes(forged)
    assert ("error", "statement-unreadable") in judged(collection, ring)
    statement.unlink()
    stem = disk.sha256_bytes(forged)[:12]
    (collection.path / f"proofs/{stem}.statement.json").write_bytes(forged)
    signature.rename(signature.with_name(signature.name.replace(signature.name[:12], stem)))
    forget(ring)
    assert judged(collection, ring) == {("error", "signature-wrong")}


def test_a_key_that_was_put_in_anothers_place(collection, ring, tmp_path):
    key = ring.new("Museum of X")
    sign(collection, ring)
    other = Keyring(tmp_path / "theirs").new("Museum of Y")
    (collection.path / f"proofs/keys/{key.id}.pem").write_text(other.public_key)
    assert judged(collection, ring) == {("error", "key-other")}
    assert judged(collection, Keyring(tmp_path / "nobody")) == {("error", "key-other"), ("error", "signature-key")}


def rewritten(collection, tmp_path, keep_proofs=True):
    """The operator's own attack: a ledger of the same files made afresh, consistent in itself."""
    shutil.copytree(collection.path / "proofs", tmp_path / "proofs")
    shutil.rmtree(collection.path.parent)
    fresh = collection_with(tmp_path / "root")[0]
    fresh.seal()
    if keep_proofs:
        shutil.copytree(tmp_path / "proofs", fresh.path / "proofs")
    return fresh


def test_a_chain_that_was_signed_and_then_rewritten(collection, ring, tmp_path):
    ring.new("Museum of X")
    sign(collection, ring)
    fresh = rewritten(collection, tmp_path)
    assert judged(fresh, ring) == {("error", "signed-head-missing")}
    assert not verify_collection(fresh).ok


def test_a_rewritten_chain_without_its_proofs_is_sound_to_whoever_has_nothing_else(collection, ring, tmp_path):
    """The limit that docs/threat-model.md tells: a copy of the statement elsewhere shows it, and nothing here."""
    ring.new("Museum of X")
    sign(collection, ring)
    fresh = rewritten(collection, tmp_path, keep_proofs=False)
    assert verify_collection(fresh).ok
    shutil.copytree(
        tmp_path / "proofs", fresh.path / "proofs"
    )  # as a witness, a bucket under lock, or a colleague kept it
    assert judged(fresh, ring) == {("error", "signed-head-missing")}


def forget(ring):
    """As on any machine but the one that signed."""
    shutil.rmtree(ring.folder / "signed")


def test_the_machine_that_signed_remembers_what_a_collection_lost(collection, ring, tmp_path):
    """All of it was made anew, proofs removed: the same description, the same writer, other lines."""
    ring.new("Museum of X")
    older = copied(collection, tmp_path / "older")
    sign(collection, ring)
    assert judged(collection, ring) == set()
    assert judged(older, ring) == {("warning", "statement-elsewhere")}
    assert verify_collection(older).ok
    shutil.rmtree(collection.path / "proofs")
    for path in collection.path.glob("ledger/*/*"):
        path.unlink()
    shutil.copytree(older.path / "ledger", collection.path / "ledger", dirs_exist_ok=True)
    capture_url(f"{URL}/later", collection, PaperEngine(), Terms())
    collection.seal()
    assert {event.type for one in collection.history() for event in one.events} == {"creation", "capture"}
    assert judged(collection, ring) == {("error", "signed-head-missing")}
    assert not verify_collection(collection).ok
    forget(ring)
    assert verify_collection(collection).ok


def test_a_chain_that_was_cut_behind_a_signed_head(collection, ring):
    ring.new("Museum of X")
    sign(collection, ring)
    capture_url(f"{URL}/later", collection, PaperEngine(), Terms())
    sign(collection, ring)
    assert judged(collection, ring) == set()
    last = sorted(collection.path.glob("ledger/*/0*.jsonl"))[-1]
    last.unlink()
    assert judged(collection, ring) == {("error", "signed-head-missing")}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_authority_that_misbehaves_is_refused(authority, fault):
    with Server(authority, fault) as server, pytest.raises(StampFailed, match=FAULTS[fault]) as caught:
        request_stamp(server.url, b"words", seconds=1.0 if fault == "silent" else 300.0)
    assert caught.value.exit_code == 5
    assert server.asked == 1


def test_nobody_listens(authority):
    with Server(authority) as server:
        url = server.url
    with pytest.raises(StampFailed, match="refused"):
        request_stamp(url, b"words")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/", "tsa.example", "http://", "javascript:1"])
def test_only_web_addresses_are_authorities(url):
    with pytest.raises(UsageError, match="no address"):
        request_stamp(url, b"words")


def test_a_stamp_that_leads_elsewhere_is_refused_where_an_authority_was_named(authority, tmp_path):
    other = Authority(tmp_path / "other", "Lantern Time")
    roots = read_certificates(other.root.read_bytes(), "root")
    with Server(authority) as server, pytest.raises(StampFailed, match="does not lead to the authority"):
        request_stamp(server.url, b"words", roots)


def test_the_signature_stays_where_the_stamp_fails(collection, ring, authority):
    ring.new("Museum of X")
    with Server(authority, "error") as server:
        code = run(["--root", str(collection.path.parent), "sign", "-c", "news", "--tsa", server.url])
    assert code == 5
    assert proofs(collection, ".sig")
    assert not proofs(collection, ".tsr")
    assert judged(collection, ring) == set()
    *_, last = (event for one in collection.history() for event in one.events)
    assert (last.type, last.codes) == ("digital signature generation", ("stamp-failed",))


def test_a_stamp_binds_this_statement_and_this_signature(collection, ring, authority):
    ring.new("Museum of X")
    root = authority.root.read_bytes()
    with Server(authority) as server:
        first = sign(collection, ring, tsa=server.url)
        second = sign(collection, ring, tsa=server.url)
    assert judged(collection, ring) == {("warning", "stamp-authority")}
    assert judged(collection, ring, root) == set()
    one, two = (next(collection.path.glob(f"proofs/{signed.statement.stem}*.tsr")) for signed in (first, second))
    two.write_bytes(one.read_bytes())
    assert judged(collection, ring, root) == {("error", "stamp-wrong")}


def test_a_forged_stamp_is_told_from_one_by_an_unknown_authority(authority, tmp_path):
    with Server(authority) as server:
        token = request_stamp(server.url, b"words")
    roots = read_certificates(authority.root.read_bytes(), "root")
    assert read_stamp(token, b"words", roots).trusted
    other = read_certificates(Authority(tmp_path / "other", "Lantern Time").root.read_bytes(), "root")
    assert not read_stamp(token, b"words", other).trusted
    with pytest.raises(BadStamp, match="over something else"):
        read_stamp(token, b"other words", roots)
    forged = token[:-5] + bytes([token[-5] ^ 1]) + token[-4:]
    with pytest.raises(BadStamp, match="its signature is not that of"):
        read_stamp(forged, b"words", roots)
    assert not read_stamp(forged, b"words", other).trusted, "without trust it cannot be told"


def test_certificates_in_any_order_and_a_status_in_words(authority):
    """As authorities send them; the library takes certificates in the order of DER alone."""
    with Server(authority) as server:
        token = request_stamp(server.url, b"words")
    roots = read_certificates(authority.root.read_bytes(), "root")
    assert token[:2] == b"\x30\x82"
    assert token[4:9] == bytes.fromhex("3003020100")
    status = bytes.fromhex("3009020100") + b"\x30\x04\x0c\x02ok"
    body = status + token[9:]
    worded = b"\x30\x82" + len(body).to_bytes(2, "big") + body
    assert read_stamp(worded, b"words", roots) == read_stamp(token, b"words", roots)
    assert read_stamp(worded, b"words", roots).trusted


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_any_damage_to_a_time_stamp(authority):
    """It is told as that, or as an unknown authority's; never does it say another time, and nothing breaks."""
    with Server(authority) as server:
        token = request_stamp(server.url, b"words")
    roots = read_certificates(authority.root.read_bytes(), "root")
    whole, random = read_stamp(token, b"words", roots), Random(7)
    for _ in range(3000):
        damaged, place = bytearray(token), random.randrange(len(token))
        if random.random() < 0.7:
            damaged[place] = random.randrange(256)
        else:
            damaged[place : place + random.randrange(1, 20)] = random.randbytes(random.randrange(9))
        try:
            stamp = read_stamp(bytes(damaged), b"words", roots)
        except BadStamp:
            continue
        assert not stamp.trusted or stamp == whole, damaged.hex()


def test_a_retired_key_gives_way_to_another_that_those_who_trust_the_old_one_trust(collection, ring, tmp_path):
    old = ring.new("Museum of X")
    reader = Keyring(tmp_path / "reader")
    reader.trust(old.public_key.encode(), "Museum of X", "file")
    sign(collection, ring)
    thief = Keyring(tmp_path / "thief")
    shutil.copytree(ring.folder, thief.folder)
    heir = ring.retire(old.id, lambda _: "")
    assert not (ring.folder / f"{old.id}.key").exists()
    assert ring.signer() == heir
    sign(collection, ring)
    assert judged(collection, reader) == set()
    assert judged(collection, ring) == set()
    later = timestamp(now() + timedelta(hours=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("archiver.proof.statement.now", lambda: now() + timedelta(hours=1))
        sign(collection, thief)
    assert later
    assert judged(collection, reader) == {("error", "key-retired")}
    with pytest.raises(UsageError, match="private part"):
        ring.retire(old.id, lambda _: "")


def test_nobody_takes_over_from_a_key_without_its_own_signature(collection, ring, tmp_path):
    """A succession that the new key alone signed, as a stranger could."""
    old = ring.new("Museum of X")
    stranger = Keyring(tmp_path / "stranger")
    stranger.trust(old.public_key.encode(), "Museum of X", "file")
    mine = stranger.new("Museum of X")
    from archiver.proof.statement import Statement

    claim = Statement.of("succession", mine.id, mine.name, replaces=old.id)
    stranger._keep(claim, {mine.id: stranger.open(mine, lambda _: "").sign(claim.content)})
    sign(collection, stranger)
    assert judged(collection, ring) == {("error", "signature-missing"), ("warning", "signer-unknown")}


def test_a_thief_names_no_successor_of_a_key_that_was_lost(collection, ring, tmp_path):
    """Whether the loss is known to the reader's own keyring, or by a revocation that came with the collection."""
    old = ring.new("Museum of X")
    thief, reader = Keyring(tmp_path / "thief"), Keyring(tmp_path / "reader")
    shutil.copytree(ring.folder, thief.folder)
    reader.trust(old.public_key.encode(), "Museum of X", "file")
    thief.retire(old.id, lambda _: "")
    sign(collection, thief)
    assert judged(collection, reader) == set(), "nobody knows yet"
    heir = ring.lose(old.id, timestamp(now()), lambda _: "")
    sign(collection, ring)
    assert judged(collection, ring) == {("warning", "signer-unknown")}
    reader.trust(heir.public_key.encode(), "Museum of X", "file")
    assert judged(collection, reader) == {("warning", "signer-unknown")}


def test_a_statement_means_one_thing(collection, ring):
    """Signed by the right key, and still refused: some programs would read another number of files."""
    key = ring.new("Museum of X")
    signed = sign(collection, ring)
    twice = signed.statement.content.replace(b'"files":', b'"files": ')
    stem = disk.sha256_bytes(twice)[:12]
    (collection.path / f"proofs/{stem}.statement.json").write_bytes(twice)
    (collection.path / f"proofs/{stem}.{key.id}.sig").write_bytes(ring.open(key, lambda _: "").sign(twice))
    assert judged(collection, ring) == {("error", "statement-unreadable")}


def test_what_was_stamped_before_a_key_was_lost_still_stands(collection, ring, authority, tmp_path):
    old = ring.new("Museum of X")
    root = authority.root.read_bytes()
    with Server(authority) as server:
        sign(collection, ring, tsa=server.url)
    plain = sign(collection, ring)
    heir = ring.lose(old.id, timestamp(now() + timedelta(hours=1)), lambda _: "")
    reader = Keyring(tmp_path / "reader")
    for key in (old, heir):
        reader.trust(key.public_key.encode(), "Museum of X", "file")
    sign(collection, ring)
    for one in (ring, reader):
        found = judge(collection, list(collection.history()), trusting(one, root))
        assert [(each.level, each.code) for each in found.findings] == [("warning", "key-lost")]
        assert plain.statement.stem in found.findings[0].where
        doubtful = [signing.statement.stem for signing in found.signings if not signing.holds]
        assert (doubtful, len(found.signings)) == ([plain.statement.stem], 3)


def test_what_was_signed_after_a_key_was_lost_is_an_error(collection, ring, authority):
    old = ring.new("Museum of X")
    with Server(authority) as server:
        sign(collection, ring, tsa=server.url)
    ring.lose(old.id, timestamp(now() - timedelta(hours=1)), lambda _: "")
    assert judged(collection, ring, authority.root.read_bytes()) == {("error", "key-lost")}


def test_a_stranger_cannot_say_that_a_key_was_lost(collection, ring, tmp_path):
    key = ring.new("Museum of X")
    sign(collection, ring)
    stranger = Keyring(tmp_path / "stranger")
    shutil.copytree(ring.folder, stranger.folder)
    heir = stranger.lose(key.id, "2020-01-01T00:00:00Z", lambda _: "")
    sign(collection, stranger)
    assert judged(collection, ring) == {("warning", "signer-unknown")}
    ring.trust(heir.public_key.encode(), "A partner", "file")
    assert judged(collection, ring) == set(), "about one's own keys only one's own are believed"


def test_a_proof_travels_with_its_collection(collection, ring, tmp_path):
    ring.new("Museum of X")
    there = copied(collection, tmp_path / "elsewhere")
    sign(collection, ring)
    for path in collection.files():
        disk.make_directory(there.local(path).parent)
    bring(collection, there)
    assert judged(there, ring) == set()
    assert len(judge(there, list(there.history()), Trust.of(ring)).signings) == 1


def test_a_key_that_came_under_anothers_id_is_not_trusted(collection, ring, tmp_path):
    key = ring.new("Museum of X")
    sign(collection, ring)
    other = Keyring(tmp_path / "theirs").new("Museum of X")
    (collection.path / f"proofs/keys/{key.id}.pem").write_text(other.public_key)
    ring.folder.rename(tmp_path / "away")
    assert run(["--root", str(collection.path.parent), "keys", "trust", key.id, "--name", "Museum of X"]) == 2
    assert ring.all() == []


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("previous", [{}]),
        ("previous", [["a"]]),
        ("heads", [[]]),
        ("heads", [{"writer": 1}]),
        ("heads", "x"),
        ("key", "x"),
    ],
)
def test_statements_of_another_form(collection, ring, member, value):
    key = ring.new("Museum of X")
    content = canonical(sign(collection, ring).statement.document | {member: value})
    stem = disk.sha256_bytes(content)[:12]
    (collection.path / f"proofs/{stem}.{key.id}.sig").write_bytes(ring.open(key, lambda _: "").sign(content))
    (collection.path / f"proofs/{stem}.statement.json").write_bytes(content)
    assert judged(collection, ring) == {("error", "statement-unreadable")}
    sign(collection, ring)


def test_hostile_files_among_the_proofs(collection, ring, tmp_path):
    ring.new("Museum of X")
    sign(collection, ring)
    folder = collection.path / "proofs"
    (folder / "aaaaaaaaaaaa.statement.json").write_bytes(b"[" * 100_000)
    (folder / "bbbbbbbbbbbb.statement.json").write_bytes(b"{" + b" " * (2 << 20) + b"}")
    (folder / "cccccccccccc.statement.json").symlink_to("/etc/passwd")
    (folder / "keys" / "dddddddddddddddd.pem").write_bytes(b"no key")
    os.mkfifo(folder / "eeeeeeeeeeee.statement.json")
    assert judged(collection, ring) == {("error", "statement-unreadable"), ("error", "key-other")}


def test_a_key_that_is_distrusted_proves_nothing_whatever_its_dates(collection, ring, authority, tmp_path):
    """Unlike one that was lost: a time stamp saves nothing, and it hands over to nobody and says nothing of others."""
    theirs, root = Keyring(tmp_path / "theirs"), authority.root.read_bytes()
    key = ring.trust(theirs.new("Museum of Y").public_key.encode(), "Museum of Y", "file")
    friend = ring.trust(Keyring(tmp_path / "friend").new("Museum of Z").public_key.encode(), "Museum of Z", "file")
    with Server(authority) as server:
        sign(collection, theirs, tsa=server.url)
        heir = theirs.retire(key.id, lambda _: "")
        sign(collection, theirs, tsa=server.url)
    assert judged(collection, ring, root) == set()
    ring.distrust(key.id, "The key was copied")
    found = judge(collection, list(collection.history()), trusting(ring, root))
    assert {(one.level, one.code) for one in found.findings} == {
        ("warning", "key-distrusted"),
        ("warning", "signer-unknown"),
    }
    assert {one.statement.key: (one.holds, one.signer is None) for one in found.signings} == {
        key.id: (False, False),
        heir.id: (True, True),  # it came by the word of a distrusted key
    }
    [told] = [one.message for one in found.findings if one.code == "key-distrusted"]
    assert "The key was copied" in told
    assert verify_collection(collection).ok
    ring.trust(key.public_key.encode(), "Museum of Y", "file")
    assert judged(collection, ring, root) == set(), "trusted anew"
    ring.distrust(friend.id, "Never was theirs")
    with pytest.raises(UsageError, match="reason"):
        ring.distrust(friend.id, " ")
    with pytest.raises(UsageError, match="of your own"):
        ring.distrust(ring.new("Museum of X").id, "why")
    with pytest.raises(UsageError, match="no key"):
        ring.distrust("0f3ac01b9d21", "why")


def test_a_distrusted_key_cannot_say_that_another_was_lost(collection, ring, tmp_path):
    theirs = Keyring(tmp_path / "theirs")
    first = ring.trust(theirs.new("Museum of Y").public_key.encode(), "Museum of Y", "file")
    sign(collection, theirs)
    heir = theirs.lose(first.id, timestamp(now()), lambda _: "")
    ring.trust(heir.public_key.encode(), "Museum of Y", "file")
    sign(collection, theirs)
    assert ("warning", "key-lost") in judged(collection, ring) or ("error", "key-lost") in judged(collection, ring)
    ring.distrust(heir.id, "Not theirs")
    assert judged(collection, ring) == {("warning", "key-distrusted")}


def test_an_authority_is_listed_and_trusted_no_longer(collection, ring, authority, capsys):
    words = ["--root", str(collection.path.parent), "keys"]
    ring.new("Museum of X")
    digest = ring.trust_authority(authority.root.read_bytes(), "root")
    with Server(authority) as server:
        sign(collection, ring, tsa=server.url)
    assert judge(collection, list(collection.history()), Trust.of(ring)).findings == ()
    assert run([*words, "list"]) == 0
    assert f"{digest}\tauthority" in capsys.readouterr().out
    assert run([*words, "distrust", digest, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"authority": digest, "trusted": False}
    assert judged(collection, ring) == {("warning", "stamp-authority")}
    assert run([*words, "distrust", digest]) == 2


def test_the_command_line(collection, ring, tmp_path, authority, monkeypatch):
    def told(*words, code=0):
        result = CliRunner().invoke(cli, ["--root", str(collection.path.parent), *words], standalone_mode=False)
        assert (result.return_value or 0) == code, result.output
        return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]

    monkeypatch.setenv("ARCHIVER_KEY_PASSPHRASE", "mill pond")
    (key,) = told("keys", "new", "--name", "Museum of X", "--passphrase", "--json")
    with Server(authority) as server:
        stamping = ("--tsa", server.url, "--tsa-ca", str(authority.root))
        (signed,) = told("sign", "-c", "news", *stamping, "--json")
    assert signed["stamp"]["authority"] == "CN=Lantern Time"
    (heir,) = told("keys", "retire", key["id"], "--json")
    assert heir["name"] == "Museum of X"
    assert {one["id"]: bool(one["retired"]) for one in told("keys", "list", "--json")} == {
        key["id"]: True,
        heir["id"]: False,
    }
    (third,) = told("keys", "lost", heir["id"], "--since", "2026-11-30T12:00:00+02:00", "--json")
    assert Keyring().key(heir["id"]).lost == "2026-11-30T10:00:00Z"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "reader"))
    told("keys", "trust", str(authority.root), "--json")
    (trusted,) = told("keys", "trust", key["id"], "--name", "X", "--json")
    assert (trusted["name"], trusted["own"]) == ("X", False)
    assert Keyring().authorities() == [authority.root.read_bytes()]
    monkeypatch.setenv("XDG_CONFIG_HOME", str(collection.path.parent / "config"))
    assert run(["--root", str(collection.path.parent), "keys", "list"]) == 2
    assert third


def test_two_who_sign_apart_are_followed_by_whoever_signs_both(collection, ring, tmp_path):
    there = copied(collection, tmp_path / "elsewhere")
    ring.new("Museum of X")
    theirs = Keyring(tmp_path / "theirs")
    ring.trust(theirs.new("Museum of Y").public_key.encode(), "Museum of Y", "file")
    capture_url(f"{URL}/theirs", there, PaperEngine(), Terms())
    apart = [sign(collection, ring), sign(there, theirs)]
    store = MemoryStore()
    for one in (collection, there, collection):
        pull(one, store)
        push(one, store)
    pull(collection, store)
    assert judged(collection, ring) == set()
    both = sign(collection, ring)
    assert sorted(both.statement.document["previous"]) == sorted(one.statement.sha256 for one in apart)
    assert {head["writer"] for head in both.statement.document["heads"]} == {
        collection.state.writer(),
        there.state.writer(),
    }
    assert judged(collection, ring) == set()
    assert verify_collection(collection).ok


def test_a_kill_while_proofs_are_entered_leaves_none_or_all(collection, ring, monkeypatch):
    """Files that were written and not entered are known by their mark, and go."""
    ring.new("Museum of X")

    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr("archiver.collection.entry.Chain.append", killed)
        sign(collection, ring)
    assert proofs(collection, ".sig"), "the process was gone before it could remove them"
    held = set(collection.files())
    assert not any(path.startswith("proofs/") for path in held)
    collection.clear_leftovers()
    assert not proofs(collection, ".sig")
    sign(collection, ring)
    assert judged(collection, ring) == set()
    assert verify_collection(collection).findings == ()


def test_any_change_to_any_proof_is_told_of_that_file(collection, ring, authority):
    ring.new("Museum of X")
    with Server(authority) as server:
        sign(collection, ring, tsa=server.url, tsa_ca=authority.root.read_bytes())
    random = Random(11)
    files = [path for path in collection.path.glob("proofs/**/*") if path.is_file()]
    assert len(files) == 5
    for path in files:
        whole = path.read_bytes()
        place = random.randrange(len(whole))
        flipped = whole[:place] + bytes([whole[place] ^ 1 << random.randrange(8)]) + whole[place + 1 :]
        for changed in (flipped, whole[:-1], whole + b"\n"):
            path.write_bytes(changed)
            findings = verify_collection(collection).findings
            assert any(one.level == "error" and one.where == str(path) for one in findings), path
        path.unlink()
        assert any(one.code == "file-missing" for one in verify_collection(collection).findings)
        path.write_bytes(whole)
    assert verify_collection(collection).ok
