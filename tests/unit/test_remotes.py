"""Named remotes: what the settings may say, and that every command finds what they name."""

import json

import pytest

from archiver.cli import run
from archiver.collection import Root
from archiver.collection.description import redescribe
from archiver.errors import UsageError
from archiver.ledger import Event
from archiver.model import now
from archiver.stores import Retention
from archiver.stores.memory import MemoryStore
from archiver.sync import push
from archiver.verify import verify_collection

AGENT = "test/1"


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Writes the settings file."""
    path = tmp_path / "archiver.toml"
    monkeypatch.setenv("ARCHIVER_CONFIG", str(path))
    return path.write_text


@pytest.fixture
def archiver(tmp_path, capfd):
    def command(*arguments):
        code = run(["--root", str(tmp_path / "root"), *map(str, arguments)])
        return code, *capfd.readouterr()

    return command


def test_a_name_stands_for_an_address_with_a_place_for_each_collection(archiver, settings, tmp_path):
    for name in ("north", "south"):
        Root(tmp_path / "root").create(name, name.title(), agent=AGENT)
        (tmp_path / "disk" / name).mkdir(parents=True)
    settings(f'[remotes.my-disk]\nurl = "{(tmp_path / "disk").as_uri()}/{{collection}}"\n')
    for name in ("north", "south"):
        code, out, err = archiver("sync", "push", "-c", name, "my-disk", "--json")
        assert code == 0, err
        assert json.loads(out)["store"] == (tmp_path / "disk" / name).as_uri()
        assert list((tmp_path / "disk" / name).glob("ledger/*/*.jsonl"))


def test_an_unknown_name_is_refused_and_the_known_ones_told(archiver, settings, tmp_path):
    Root(tmp_path / "root").create("north", "North", agent=AGENT)
    assert archiver("sync", "status", "-c", "north", "vault")[0] == 2
    settings('[remotes.attic]\nurl = "s3://attic/news"')
    code, _, err = archiver("sync", "status", "-c", "north", "vault")
    assert code == 2
    assert "no remote 'vault'" in err and "attic" in err


def test_the_endpoint_comes_from_the_settings_unless_one_is_typed(archiver, settings, tmp_path, monkeypatch):
    opened = []
    Root(tmp_path / "root").create("north", "North", agent=AGENT)

    def open_store(url, *, endpoint_url=None, **folders):
        assert all(tmp_path in folder.parents for folder in folders.values())
        opened.append((url, endpoint_url))
        raise KeyboardInterrupt

    monkeypatch.setattr("archiver.stores.open_store", open_store)
    settings('[remotes.vault]\nurl = "s3://vault/{collection}"\nendpoint-url = "https://s3.museum.example"')
    archiver("sync", "status", "-c", "north", "vault")
    archiver("sync", "status", "-c", "north", "vault", "--endpoint-url", "http://127.0.0.1:1")
    archiver("sync", "status", "-c", "north", "s3://else/where")
    assert opened == [
        ("s3://vault/north", "https://s3.museum.example"),
        ("s3://vault/north", "http://127.0.0.1:1"),
        ("s3://else/where", None),
    ]


@pytest.mark.parametrize(
    "text",
    [
        'remotes = "vault"',
        '[remotes]\nvault = "s3://vault"',
        "[remotes.vault]",
        '[remotes.vault]\nurl = "s3://key:hunter2@vault/x"',
        '[remotes.vault]\nurl = "s3://vault/x?token=hunter2"',
        '[remotes.vault]\nurl = "s3://vault/x"\nendpoint-url = "https://key:hunter2@s3.example"',
        '[remotes.vault]\nurl = "ftp://vault/x"',
        '[remotes.vault]\nurl = "s3://vault/x"\nsecret = "hunter2"',
        '[remotes."va ult"]\nurl = "s3://vault/x"',
        '[remotes.vault]\nurl = "s3://[vault/x"',
    ],
)
def test_settings_with_credentials_or_nonsense_are_refused_and_not_repeated(archiver, settings, text):
    settings(text)
    code, out, err = archiver("list")
    assert code == 2
    assert "remote" in err and "unforeseen" not in err
    assert "hunter2" not in out + err


# How a collection's objects are locked


@pytest.fixture
def north(tmp_path):
    return Root(tmp_path / "root").create("north", "North", dedup=True, agent=AGENT)


def test_a_lock_is_a_further_revision_of_the_description(archiver, north):
    first = north.metadata()
    code, out, err = archiver("remote", "lock", "-c", "north", "--days", 90, "--legal-hold", "--json")
    assert code == 0, err
    wanted = {"mode": "governance", "days": 90, "legal_hold": True}
    second = north.metadata()
    assert json.loads(out)["lock"] == second["policies"]["lock"] == wanted
    assert second["policies"]["dedup"] == "collection"
    assert (second["title"], second["created"]) == (first["title"], first["created"])
    assert second["parents"] == [path.name for path in north.path.glob("collection/r1-*")]
    assert json.loads(out)["path"] in north.files()
    assert [event.type for segment in north.history() for event in segment.events] == ["creation", "policy assignment"]
    assert archiver("remote", "lock", "-c", "north", "--none")[0] == 0
    assert "lock" not in north.metadata()["policies"]
    assert verify_collection(north).findings == ()
    assert archiver("validate", "-c", "north")[0] == 0


def test_two_descriptions_become_one_again(archiver, north, tmp_path):
    archiver("remote", "lock", "-c", "north")
    (second,) = north.path.glob("collection/r2-*")
    document = json.loads(second.read_bytes()) | {"title": "Apart"}
    (north.path / "collection" / "r2-000000000000.json").write_text(json.dumps(document))
    archiver("remote", "lock", "-c", "north", "--days", 3)
    assert north.metadata()["parents"] == ["r2-000000000000.json", second.name]
    assert north.metadata()["policies"]["lock"]["days"] == 3


def test_a_description_that_the_schema_forbids_is_not_entered(north):
    with pytest.raises(UsageError, match="/policies/lock/days"):
        redescribe(
            north,
            lambda one: one | {"policies": {"lock": {"mode": "governance", "days": 0}}},
            Event("policy assignment", AGENT),
        )
    assert len(list(north.path.glob("collection/*"))) == 1
    assert verify_collection(north).findings == ()


def test_compliance_is_refused_until_its_price_is_acknowledged(archiver, north):
    code, _, err = archiver("remote", "lock", "-c", "north", "--mode", "compliance", "--days", 5)
    assert code == 4
    assert "forbids what an erasure may demand" in err
    assert "policies" in north.metadata() and "lock" not in north.metadata()["policies"]
    assert archiver("remote", "lock", "-c", "north", "--mode", "compliance", "--days", 5, "--acknowledge")[0] == 0
    assert north.metadata()["policies"]["lock"]["mode"] == "compliance"


def test_a_push_locks_what_it_sends(archiver, north):
    store = MemoryStore()
    push(north, store)
    assert store.locks == {}
    archiver("remote", "lock", "-c", "north", "--days", 7)
    push(north, store)
    assert {key.partition("/")[0] for key in store.locks} == {"collection", "ledger"}
    assert all(lock.mode == "governance" and lock.until > now() for lock in store.locks.values())


@pytest.mark.parametrize("policy", [[], {}, {"mode": "x", "days": 3}, {"mode": "governance", "days": "3"}, "x"])
def test_a_policy_from_afar_that_makes_no_sense_is_told(policy):
    with pytest.raises(UsageError, match="cannot be read"):
        Retention.of(policy)
