"""Loading pages in Chromium, four tabs at once: by itself, or recorded into a WARC."""

import asyncio
import io
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Literal
from unittest.mock import patch

from archiver.browser import Chromium
from archiver.browser.chromium import ARGUMENTS, UNWANTED
from archiver.engines import guard
from archiver.engines.blocking import BlockList
from archiver.engines.browser.decoded import DecodedRecording
from archiver.engines.browser.router import Router
from archiver.engines.browser.tunnel import Tunnel
from archiver.model import Item, Limits, close_bodies
from archiver.warc import WarcWriter

TABS, PAGES = 4, 40
Load = Callable[[int], Awaitable[None]]


Way = Literal["recorded", "alone", "as it comes"]


async def pages_a_second(url: str, way: Way) -> float:
    """The rate of `PAGES` loads of `url`, each in a context of its own, from its start to its load event."""
    if way == "recorded":
        return await recorded(url)
    if way == "alone":
        return await alone(url)
    features = ",".join(UNWANTED)
    usual = [switch for switch in ARGUMENTS if features not in switch]
    with patch("archiver.browser.chromium.ARGUMENTS", usual):
        return await alone(url)


async def alone(url: str) -> float:
    """Chromium driven in the same way, but no tunnel, no proxy, and nothing is listened to."""
    chromium = await Chromium.launch()

    async def load(number: int) -> None:
        tab = await chromium.tab("direct://")
        await tab.go(f"{url}?{number}", 30)
        await tab.loaded(30)
        await tab.close()

    rate = await timed(load)
    await chromium.close()
    return rate


async def recorded(url: str) -> float:
    """Through the tunnel, every answer read, and a WARC written of each page."""
    chromium = await Chromium.launch()
    router = Router(chromium.session, DecodedRecording.held, BlockList())
    await router.start()

    async def load(number: int) -> None:
        writer = WarcWriter(io.BytesIO(), filename="bench.warc.gz", info={})

        async def put(item: Item) -> None:
            writer.write(item)
            close_bodies(item)

        async with Tunnel(partial(guard.resolve, allow_private=True)) as tunnel:
            tab = await chromium.tab(tunnel.proxy)
            recording = DecodedRecording(chromium.session, tab, tunnel, Limits(), put)
            router.add(recording)
            await recording.log.attach(tab.session)
            await tab.go(f"{url}?{number}", 30)
            await tab.loaded(30)
            await recording.finish(5)
            router.remove(recording)
            await tab.close()
            await recording.close()
        assert writer.records >= 25, "every answer is recorded"

    rate = await timed(load)
    await chromium.close()
    return rate


async def timed(load: Load) -> float:
    """Loads a second, `TABS` at a time, after two to warm up."""
    await asyncio.gather(load(-1), load(-2))
    numbers = iter(range(PAGES))

    async def tab() -> None:
        for number in numbers:
            await load(number)

    begun = time.perf_counter()
    await asyncio.gather(*(tab() for _ in range(TABS)))
    return PAGES / (time.perf_counter() - begun)
