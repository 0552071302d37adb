"""`python -m newsroom [--port-file F] [--log L]`: serve until standard input closes.

When ready it prints one line of JSON: the addresses and the authority's PEM file.
"""

import argparse
import contextlib
import json
import signal
import sys
from pathlib import Path

from newsroom import Newsroom


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="newsroom", description="Serve an invented newspaper on this machine.")
    parser.add_argument("--port-file", type=Path, help="also write the line of JSON to this file")
    parser.add_argument("--log", type=Path, help="write what is served to this file, as JSON lines")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.suppress(KeyboardInterrupt), Newsroom(options.log) as site:
        ready = {
            "article": site.article,
            "article_uk": site.article_uk,
            "http_article": site.http_article,
            "short_link": site.short_link,
            "front": site.url("news", "/en/"),
            "correct": site.url("news", "/_admin/correct", "http"),
            "tricks": site.url("tricks", "/"),
            "ca_file": str(site.ca_file),
        }
        line = json.dumps(ready)
        if options.port_file:
            part = options.port_file.with_name(options.port_file.name + ".part")
            part.write_text(line + "\n", encoding="utf-8")
            part.replace(options.port_file)
        print(line, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
