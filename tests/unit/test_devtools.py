"""Talking to a browser: here its part is played by the test, at the other end of real pipes."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from archiver.browser import BrowserError, Chromium
from archiver.browser.devtools import Connection
from archiver.browser.process import Process
from archiver.errors import PartMissing


class Far:
    """The browser's end."""

    def __init__(self, reading: int, writing: int) -> None:
        self.reading, self.writing = reading, writing

    async def heard(self) -> dict[str, Any]:
        """The next command, one at a time."""
        text = b""
        while not text.endswith(b"\0"):
            text += await asyncio.to_thread(os.read, self.reading, 1)
        return json.loads(text[:-1])

    def say(self, *messages: dict[str, Any]) -> None:
        os.write(self.writing, b"".join(json.dumps(message).encode() + b"\0" for message in messages))

    def hang_up(self) -> None:
        for end in (self.reading, self.writing):
            with suppress(OSError):
                os.close(end)


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Connection, Far]]:
    commands, far = os.pipe(), os.pipe()
    connection = await Connection.over(far[0], commands[1])
    end = Far(commands[0], far[1])
    yield connection, end
    connection.close()
    end.hang_up()


def run(play: Callable[[Connection, Far], Any]) -> None:
    async def played() -> None:
        async with connected() as (connection, far):
            async with asyncio.timeout(10):
                await play(connection, far)

    asyncio.run(played())


def test_answers_find_their_commands_in_whatever_order_and_pieces_they_come():
    async def play(connection: Connection, far: Far) -> None:
        first = asyncio.ensure_future(connection.browser.send("One.first", url="https://example.org/ї"))
        second = asyncio.ensure_future(connection.browser.send("One.second"))
        asked = [await far.heard(), await far.heard()]
        assert [(one["method"], one["params"]) for one in asked] == [
            ("One.first", {"url": "https://example.org/ї"}),
            ("One.second", {}),
        ]
        answers = json.dumps({"id": asked[1]["id"], "result": {"n": 2}}).encode() + b"\0"
        answers += json.dumps({"id": asked[0]["id"], "result": {"body": "x" * 3_000_000}}).encode() + b"\0"

        def pieces() -> None:
            for start in range(0, len(answers), 70_001):
                os.write(far.writing, answers[start : start + 70_001])

        await asyncio.to_thread(pieces)
        assert await second == {"n": 2} and len((await first)["body"]) == 3_000_000

    run(play)


def test_events_come_in_order_to_all_listeners_of_their_session_and_no_other():
    async def play(connection: Connection, far: Far) -> None:
        heard: list[str] = []
        page = connection.session("P")
        page.on("Network.dataReceived", lambda event: heard.append(f"a{event['n']}"))
        page.on("Network.dataReceived", lambda event: heard.append(f"b{event['n']}"))
        connection.browser.on("Network.dataReceived", lambda _event: heard.append("browser"))
        events = [{"method": "Network.dataReceived", "params": {"n": n}, "sessionId": "P"} for n in (1, 2)]
        far.say(
            *events, {"method": "Unknown.event", "params": {}}, {"method": "Network.dataReceived", "sessionId": "Q"}
        )
        far.say({"method": "Target.detachedFromTarget", "params": {"sessionId": "P"}}, events[0])
        assert await page.closed == "its target is closed"
        await asyncio.sleep(0.05)
        assert heard == ["a1", "b1", "a2", "b2"]

    run(play)


def test_a_refusal_says_which_command_and_why():
    async def play(connection: Connection, far: Far) -> None:
        asking = asyncio.ensure_future(connection.browser.send("Page.navigate"))
        far.say({"id": (await far.heard())["id"], "error": {"code": -32000, "message": "Cannot navigate."}})
        with pytest.raises(BrowserError, match=r"^The browser refused Page.navigate: Cannot navigate\.$"):
            await asking

    run(play)


@pytest.mark.parametrize("how", ["its target goes", "the browser goes", "we close"])
def test_nobody_waits_for_what_will_not_come(how: str):
    async def play(connection: Connection, far: Far) -> None:
        page = connection.session("P")
        asking = asyncio.ensure_future(page.send("Page.enable"))
        await far.heard()
        if how == "its target goes":
            far.say({"method": "Target.detachedFromTarget", "params": {"sessionId": "P"}})
        elif how == "the browser goes":
            far.hang_up()
        else:
            connection.close()
        for waiting in (asking, page.send("Page.disable")):
            with pytest.raises(BrowserError, match=r"has ended|is closed"):
                await waiting
        assert connection.browser.closed.done() == (how != "its target goes")

    run(play)


def test_a_cancelled_command_leaves_nothing_behind():
    async def play(connection: Connection, far: Far) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(connection.browser.send("Slow.command"), 0.05)
        far.say({"id": (await far.heard())["id"], "result": {}})  # too late for anyone
        asking = asyncio.ensure_future(connection.browser.send("Next.command"))
        far.say({"id": (await far.heard())["id"], "result": {"ok": True}})
        assert await asking == {"ok": True}

    run(play)


def program(folder: Path, text: str) -> Path:
    path = folder / "chromium"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


VERSION = 'if [ "$1" = --version ]; then echo "Chromium 156.0.8078.108 "; exit; fi\n'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("exit 1", "does not tell its version"),
        (f"{VERSION}echo cannot open shared object file >&2; exit 127", "cannot open shared object file"),
        (f"{VERSION}exit 0", "it ended at once"),
    ],
)
def test_a_browser_that_does_not_start_says_why(text: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ARCHIVER_CHROMIUM", str(program(tmp_path, text)))
    with pytest.raises(PartMissing, match=why) as missing:
        asyncio.run(Chromium.launch())
    assert missing.value.exit_code == 3 and str(tmp_path) in str(missing.value)


def test_one_that_does_not_end_is_ended_and_its_profile_goes_with_it(tmp_path: Path):
    """It is deaf, and does not mind that its pipe is closed."""
    where = tmp_path / "where"
    text = f'for one; do case "$one" in --user-data-dir=*) echo "$$ ${{one#*=}}" >{where};; esac; done; exec sleep 600'

    async def play() -> None:
        process = await Process.start(program(tmp_path, text), (), os.environ)
        while not where.exists() or not where.read_text().endswith("\n"):
            await asyncio.sleep(0.01)
        pid, _, profile = where.read_text().strip().partition(" ")
        assert Path(profile).is_dir()
        await process.end()
        assert not Path(profile).exists()
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)

    from archiver.browser import process as module

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ENDING", 0.2)
        asyncio.run(play())
