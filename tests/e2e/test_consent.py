"""Dialogs that ask for consent: the site itself tells what was chosen, and the article can be read afterwards."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from archiver.browser import Chromium
from archiver.engines import EngineOptions, guard
from archiver.engines.browser import BrowserEngine
from archiver.engines.browser.consent import Consent
from archiver.engines.browser.tunnel import Tunnel
from archiver.model import Limits, PageInfo, Resource
from newsroom import Newsroom
from newsroom.consent import DIALOGS, GENERIC, LAST_WORDS, OTHER, PLATFORMS

pytestmark = pytest.mark.browser

POLICIES = ("reject", "accept", "hide", "leave")
HIDDEN = (
    "onetrust",
    "sourcepoint",
    "usercentrics",
    "trustarc",
    "quantcast",
    "german",
    "arabic",
    "shadow",
    "frame",
    "late",
)
LEFT = ("didomi", "sourcepoint", "pay-or-okay")
AT_ONCE = 4
READ = """(() => {
  const hit = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
  return { text: document.body.innerText, clear: hit?.closest("article") !== null || hit === document.body,
           scrolls: getComputedStyle(document.documentElement).overflowY !== "hidden" };
})()"""


@dataclass
class Seen:
    """What became of one page under one policy."""

    facts: dict[str, Any]
    before: bytes | None
    text: str
    clear: bool
    scrolls: bool
    choices: list[str]
    seconds: float


def choices(site: Newsroom, mark: str) -> list[str]:
    told = [
        parse_qs(urlsplit(line.url).query)
        for line in site.log()
        if line.user_agent.startswith(mark) and "/told?" in line.url
    ]
    return [query["choice"][0] for query in told]


async def visit(chromium: Chromium, site: Newsroom, name: str, policy: str) -> Seen:
    async with Tunnel(partial(guard.resolve, allow_private=True)) as tunnel:
        tab = await chromium.tab(tunnel.proxy)
        mark = f"{name}/{policy};"
        await tab.session.send("Network.setUserAgentOverride", userAgent=mark)
        try:
            assert await tab.go(site.url("tricks", f"/consent/{name}", "http"), 20) == ""

            async def rest() -> None:
                await asyncio.sleep(0.1)
                await tab.loaded(5)

            await rest()
            consent = Consent(tab, policy, rest)
            began = time.monotonic()
            await consent.answer()
            seconds = time.monotonic() - began
            await asyncio.sleep(0.1)
            read = await tab.evaluate(tab.target_id, READ)
        finally:
            await tab.close()
    return Seen(consent.facts, consent.before, **read, choices=choices(site, mark), seconds=seconds)


@pytest.fixture(scope="module")
def seen(newsroom: Newsroom) -> dict[tuple[str, str], Seen]:
    """Every page under the policies that it is a test of, in one browser."""

    async def every() -> dict[tuple[str, str], Seen]:
        chromium, turns = await Chromium.launch(), asyncio.Semaphore(AT_ONCE)

        async def one(name: str, policy: str) -> Seen:
            async with turns:
                return await visit(chromium, newsroom, name, policy)

        try:
            asking = [(name, policy) for name in PLATFORMS | GENERIC for policy in ("reject", "accept")]
            other = [(name, policy) for name in OTHER for policy in POLICIES]
            pairs = [*asking, *other, *((name, "hide") for name in HIDDEN), *((name, "leave") for name in LEFT)]
            return dict(zip(pairs, await asyncio.gather(*(one(*pair) for pair in pairs)), strict=True))
        finally:
            await chromium.close()

    return asyncio.run(every())


@pytest.mark.parametrize("policy", ["reject", "accept"])
@pytest.mark.parametrize("name", [*PLATFORMS, *GENERIC])
def test_the_choice_is_the_policys(seen: dict[tuple[str, str], Seen], name: str, policy: str):
    one, dialog = seen[name, policy], DIALOGS[name]
    wanted = dialog.choices.get(policy)
    assert one.choices == ([wanted] if wanted else []), one.facts
    assert LAST_WORDS in one.text
    assert one.before
    assert one.facts["policy"] == policy
    assert one.facts.get("platform", "") == dialog.platform
    if wanted:
        assert one.facts["action"] == wanted
        assert one.facts["steps"]
        assert one.clear and one.scrolls


@pytest.mark.parametrize("name", HIDDEN)
def test_hiding_presses_nothing(seen: dict[tuple[str, str], Seen], name: str):
    one = seen[name, "hide"]
    assert (one.choices, one.facts["action"]) == ([], "hidden"), one.facts
    assert one.clear and one.scrolls and LAST_WORDS in one.text
    assert one.before


@pytest.mark.parametrize("name", LEFT)
def test_leaving_changes_nothing(seen: dict[tuple[str, str], Seen], name: str):
    one = seen[name, "leave"]
    assert (one.choices, one.facts["action"], one.before) == ([], "left", None)
    assert "steps" not in one.facts


def test_who_cannot_refuse_gives_no_consent(seen: dict[tuple[str, str], Seen]):
    assert seen["notice", "reject"].facts["action"] == "hidden"
    assert seen["notice", "reject"].clear
    assert seen["pay-or-okay", "reject"].facts["action"] == "left"
    assert not seen["pay-or-okay", "reject"].clear


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", list(OTHER))
def test_other_dialogs_are_left_alone(seen: dict[tuple[str, str], Seen], name: str, policy: str):
    one = seen[name, policy]
    assert (one.facts, one.choices, one.before) == ({"policy": policy, "found": False}, [], None)


@pytest.fixture(scope="module")
def engine() -> Iterator[BrowserEngine]:
    with BrowserEngine(EngineOptions(allow_private=True)) as running:
        yield running


@pytest.mark.parametrize("name", ["onetrust", "sourcepoint", "late", "reloads"])
def test_a_capture_tells_what_was_done(engine: BrowserEngine, newsroom: Newsroom, name: str):
    newsroom.clear_log()
    resources: dict[str, bytes] = {}
    roles: list[str] = []
    for item in engine.capture(newsroom.url("tricks", f"/consent/{name}", "http"), Limits()):
        if isinstance(item, Resource):
            with item.body as stream:
                resources[item.url] = stream.read()
        elif isinstance(item, PageInfo):
            info = item
        else:
            item.response.body.close()
            roles.append(item.role)
    about = info.final_url
    assert info.evidence["consent"]["action"] == "rejected"
    assert info.reasons == ()
    assert resources[f"urn:beforeConsent:{about}"].startswith(b"\x89PNG")
    assert resources[f"urn:beforeConsent:{about}"] != resources[f"urn:view:{about}"]
    assert LAST_WORDS in resources[f"urn:text:{about}"].decode()
    assert choices(newsroom, "") == ["rejected"]
    assert roles.count("main") == 1
    assert roles.count("redirect") == (name == "reloads")
