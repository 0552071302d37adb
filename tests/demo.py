"""The whole way on the local news site: capture, validate, verify, qa, sign, replicate, restore, replay (`make demo`).

Everything is real: Chromium captures, SeaweedFS stores, pywb replays, and the site is gone when it does.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from newsroom import Newsroom
from s3server import seaweedfs

REPOSITORY = Path(__file__).parents[1]
FOLDER = REPOSITORY / "demo"
BUCKET = "demo"


def say(text: str) -> None:
    print(text, flush=True)


def archiver(*arguments: str, root: Path, expect: int = 0, **environment: str) -> list[dict]:
    """Run one command, as a user would; returns its JSON lines."""
    command = [sys.executable, "-m", "archiver", *arguments, "--root", str(root), "--json"]
    say(f"\n$ archiver {' '.join(arguments)}")
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, check=False)
    if done.returncode != expect:
        sys.exit(f"It ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def capture(root: Path) -> list[dict]:
    with Newsroom() as site:
        say(f"A local news site is up: {site.article}")
        common = ("--allow-private", "--ca-file", str(site.ca_file))
        captured = archiver("capture", site.article, site.article_uk, *common, root=root)
        site.correct()
        say("The newsroom publishes a correction.")
        captured += archiver("capture", site.article, *common, root=root)
    for one in captured:
        say(f"  {one['verdict']}: {one['final_url']}  {one['records']} records, {one['seconds']} s")
    say("The news site is gone. From here on there is only the archive.")
    return captured


def check(root: Path) -> None:
    archiver("validate", root=root)
    for report in archiver("verify", root=root):
        say(f"  {report['collection']}: {report['files']} files, {report['bytes']} bytes, sound: {report['ok']}")


def compare(root: Path) -> None:
    """Open every capture in replay with no network, and compare it with what the browser saw."""
    for one in archiver("qa", "--report", str(FOLDER / "qa"), root=root):
        say(f"  {one['verdict']}: {one['capture']}")


def prove(root: Path, captured: list[dict]) -> None:
    """Sign the ledger with a key that is made for the demo, and write what people may hand on."""
    keys = {"XDG_CONFIG_HOME": str(FOLDER / "config")}
    archiver("keys", "new", "--name", "Demo archive", root=root, **keys)
    archiver("sign", root=root, **keys)
    certificate, package, report = (str(FOLDER / name) for name in ("certificate.html", "demo.wacz", "report.html"))
    archiver("certificate", captured[0]["capture_id"], "-o", certificate, root=root, **keys)
    archiver("export", "-c", "default", "--format", "wacz", package, "--sign", root=root, **keys)
    archiver("validate", package, root=root)
    archiver("report", "--format", "html", "-o", report, root=root)
    say(f"  A certificate, a package that other players open, and a report lie in {FOLDER.relative_to(REPOSITORY)}/.")


def replicate(root: Path, restored: Path) -> None:
    with seaweedfs(FOLDER / "s3") as server:
        server.make_bucket(BUCKET)
        remote = (f"s3://{BUCKET}/default", "-c", "default", "--endpoint-url", server.endpoint_url)
        for verb, folder in (("push", root), ("pull", restored)):
            [report] = archiver("sync", verb, *remote, root=folder, **server.environment)
            say(f"  {report['files']} files, {report['bytes']} bytes, each checked by its SHA-256")
        archiver("sync", "verify", "--level", "deep", *remote, root=root, **server.environment)
        say("  The store was asked for every byte, and has it.")
    check(restored)
    say("  The restored copy is whole: every byte agrees with the ledger.")


def look(urls: dict[str, str], capture: dict) -> None:
    """Open the replayed article in Chromium, as a researcher would."""
    stamp = "".join(filter(str.isdigit, capture["capture_id"].split("-")[0]))
    with sync_playwright() as playwright:
        from archiver.browser import find_chromium

        flags = ["--disable-quic", "--disable-background-networking", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{urls['replay']}/default/{stamp}mp_/{capture['final_url']}", wait_until="load")  # the app frames it
        headline = page.frame_locator("iframe").locator("h1").first.inner_text()
        page.goto(urls["app"], wait_until="load")
        page.screenshot(path=FOLDER / "landing.png")
        page.goto(f"{urls['app']}/default/{capture['capture_id']}", wait_until="networkidle")
        page.screenshot(path=FOLDER / "article.png")
        browser.close()
    say(f"  Replayed in Chromium: “{headline}”")


def serve(root: Path, captured: list[dict]) -> None:
    once = os.environ.get("DEMO_EXIT") == "1"
    ports = ("--port", "0", "--replay-port", "0") if once else ()
    command = [sys.executable, "-m", "archiver", "replay", "--root", str(root), "--json", *ports]
    say(f"\n$ archiver replay --root {root.relative_to(REPOSITORY)}")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            line = child.stdout.readline()
            if not line:
                sys.exit("The replay servers did not start.")
            urls = json.loads(line)
            look(urls, captured[0])
            if once:
                return
            say(f"\nOpen {urls['app']} in a browser. Ctrl-C ends the demo.")
            child.wait()
        except KeyboardInterrupt:
            say("")
        finally:
            child.terminate()


def main() -> None:
    begun = time.monotonic()
    shutil.rmtree(FOLDER, ignore_errors=True)
    root, restored = FOLDER / "collections", FOLDER / "restored"
    captured = capture(root)
    check(root)
    compare(root)
    prove(root, captured)
    replicate(root, restored)
    serve(restored, captured)
    say(f"\nAll steps passed in {time.monotonic() - begun:.0f} s.")


if __name__ == "__main__":
    main()
