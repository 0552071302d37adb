"""Named remotes: what the settings may say, and that every command finds what they name."""

import json

import pytest

from archiver.cli import run
from archiver.collection import Root

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

    def open_store(url, *, endpoint_url=None):
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
