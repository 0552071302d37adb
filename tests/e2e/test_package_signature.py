"""The signature inside a WACZ file, checked as players do it in a browser, and by py-wacz."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from archiver.browser.installed import find_chromium
from archiver.cli import run
from archiver.proof import Keyring
from material import collection_with

pytestmark = pytest.mark.browser

VERIFY = """async ([hash, signature, publicKey]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  const curve = { name: "ECDSA", namedCurve: "P-384" };
  const key = await crypto.subtle.importKey("spki", bytes(publicKey), curve, true, ["verify"]);
  const how = { name: "ECDSA", hash: "SHA-256" };
  return crypto.subtle.verify(how, key, bytes(signature), new TextEncoder().encode(hash));
}"""


def test_others_find_the_signature_right(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    collection_with(tmp_path / "root")
    Keyring().new("Museum of X")
    out = tmp_path / "news.wacz"
    assert run(["--root", str(tmp_path / "root"), "export", "-c", "news", "--format", "wacz", "--sign", str(out)]) == 0
    with zipfile.ZipFile(out) as package:
        signed = json.loads(package.read("datapackage-digest.json"))["signedData"]
    (tmp_path / "empty.html").write_text("<!doctype html>")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=["--no-sandbox"])
        tab = browser.new_page()
        tab.goto((tmp_path / "empty.html").as_uri())
        right = tab.evaluate(VERIFY, [signed["hash"], signed["signature"], signed["publicKey"]])
        wrong = tab.evaluate(VERIFY, [f"{signed['hash']}0", signed["signature"], signed["publicKey"]])
        browser.close()
    assert (right, wrong) == (True, False)
    wacz = Path(sys.executable).with_name("wacz")
    done = subprocess.run([wacz, "validate", "-f", out], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
