"""Cookies of other programs, read strictly, and profiles that nobody else can read."""

import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import ConflictError, UnknownProfile, UnreadableInput, UsageError
from archiver.session import BasicAuth, Cookie, Profile, Profiles, Session, read_state

SECRET = "s3cret-value"

LINES = """# Netscape HTTP Cookie File

.news.example\tTRUE\t/\tTRUE\t1893456000\tconsent\tyes
#HttpOnly_news.example\tFALSE\t/members\tFALSE\t0\tsid\ts3cret-value
news.example\tFALSE\t/\tFALSE\t0\tempty
"""
EXTENSION = [
    {
        **{"domain": ".news.example", "hostOnly": False, "httpOnly": True, "name": "sid", "path": "/", "storeId": "0"},
        **{"sameSite": "no_restriction", "secure": True, "session": False, "value": SECRET},
        "expirationDate": 1893456000.5,
    },
    {"domain": "news.example", "hostOnly": True, "name": "b", "path": "/", "sameSite": None, "value": "c"},
]


def test_a_cookies_txt() -> None:
    cookies, storage, user_agent = read_state(b"\xef\xbb\xbf" + LINES.replace("\n", "\r\n").encode(), "cookies.txt")
    assert cookies == (
        Cookie("consent", "yes", ".news.example", "/", 1893456000, http_only=False, secure=True),
        Cookie("sid", SECRET, "news.example", "/members", -1, http_only=True, secure=False),
        Cookie("empty", "", "news.example"),
    )
    assert (storage, user_agent) == ({}, "")
    assert [cookie.as_line() for cookie in cookies[:2]] == LINES.splitlines()[2:4]


def test_what_an_extension_exports() -> None:
    cookies, _, _ = read_state(json.dumps(EXTENSION).encode(), "cookies.json")
    assert cookies == (
        Cookie("sid", SECRET, ".news.example", "/", 1893456000.5, http_only=True, secure=True, same_site="None"),
        Cookie("b", "c", "news.example"),
    )


def test_a_profile_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path / "profiles")
    storage = {"https://news.example": {"token": SECRET}}
    kept = Profile("reader", "2026-11-25T12:00:00Z", "Agent", (Cookie("a", "b", ".news.example"),), storage)
    profiles.save(kept)
    assert profiles.load("reader") == kept
    assert profiles.names() == ["reader"]
    (file,) = (tmp_path / "profiles").iterdir()
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode)) == (0o600, 0o700)
    with pytest.raises(ConflictError):
        profiles.save(kept)
    profiles.delete("reader")
    for gone in (profiles.load, profiles.delete):
        with pytest.raises(UnknownProfile):
            gone("reader")


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "a\n", "x" * 65])
def test_names_that_lead_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        Profiles(tmp_path).load(name)


def cookie(**changed: object) -> dict[str, object]:
    return {"name": "sid", "value": SECRET, "domain": "news.example", "path": "/"} | changed


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "x: it holds no cookie"),
        (b"# only words\n", "x: it holds no cookie"),
        (b"<html>", "x:1: a cookie has 7 fields"),
        (b"# a\nnews.example\tFALSE\t/\tFALSE\tsoon\ta\tb", "x:2: its expiry is no number"),
        (b"news.example\tFALSE\tpath\tFALSE\t0\ta\tb", "x:1: this cookie cannot be used: its path"),
        (b"news example\tFALSE\t/\tFALSE\t0\ta\tb", "x:1: this cookie cannot be used: its domain"),
        (b"news.example\tFALSE\t/\tFALSE\t0\ta\tb\xff", "x:1:"),
        (b"[\n{]", "x:2:2"),
        (b'{"cookies": {}}', "x: its cookies are no list"),
        (b"[\n1]", "x:2:1: this is no cookie"),
        (json.dumps([cookie(value=1)]).encode(), "its value is no text"),
        (json.dumps([cookie(expires="tomorrow")]).encode(), "its expiry is no number"),
        (json.dumps([cookie(value=f"{SECRET}\r\nX: y")]).encode(), "a character that no cookie may have"),
        (json.dumps([cookie(value=SECRET * 400)]).encode(), "it is longer than 4096 bytes"),
        (json.dumps([cookie(name="__Host-sid")]).encode(), "it is not for https only"),
        (json.dumps([cookie(name="__Host-sid", secure=True, path="/a")]).encode(), "it is not for one host"),
        (json.dumps([cookie()] * 5001).encode(), "more than 5000"),
        (json.dumps({"origins": [{"origin": "file:///etc", "localStorage": []}]}).encode(), "of a web site"),
        (json.dumps({"origins": [{"origin": "https://a.example"}]}).encode(), "no local storage"),
        (json.dumps({"cookies": [cookie()], "userAgent": "a\r\nb: c"}).encode(), "no user agent"),
    ],
)
def test_senseless_files_get_a_sentence_without_values(content: bytes, told: str) -> None:
    with pytest.raises(UnreadableInput) as caught:
        read_state(content, "x")
    assert told in str(caught.value)
    assert SECRET not in f"{caught.value} {caught.value.hint}"


@given(st.one_of(st.binary(), st.text('[]{}:,"\t\nabc019.#_').map(str.encode)))
def test_no_file_does_more_harm_than_to_be_refused(content: bytes) -> None:
    try:
        read_state(content, "x")
    except UnreadableInput:
        pass


def test_a_password_is_for_one_origin() -> None:
    auth = BasicAuth("reader", SECRET)
    assert auth.is_for("https://news.example/b?c", "https://news.example/a")
    for other in (
        "http://news.example/",
        "https://news.example:8443/",
        "https://x.news.example/",
        "https://else.example/",
    ):
        assert not auth.is_for(other, "https://news.example/a")


def test_secrets_are_not_shown() -> None:
    profile = Profile("p", "", "", (Cookie("sid", SECRET, "a.example"),), {"https://a.example": {"t": SECRET}})
    assert SECRET not in f"{Session(profile, BasicAuth('u', SECRET))!r} {profile.outline()}"
