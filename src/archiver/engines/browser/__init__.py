"""Pages as a reader sees them, captured with Chromium.

`engine` runs the browser and hands its items out; `visit` goes through one page. What a visit loads comes through its
`tunnel`; `router` brings each answer to the `recording` of its page, which reads it with `bodies`, or lets it pass and
keeps it beside with `streams`. `network` and `exchanges` make of what the browser tells what is true of the wire.
In `wire` mode, a tunnel and a recording of its own keep the bytes themselves.
When the page stands, `behave` does what a reader would, and `pictures` takes its screenshots and its text.
"""

from archiver.engines.browser.engine import BrowserEngine

__all__ = ["BrowserEngine"]
