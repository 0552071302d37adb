"""The certificate in a real browser: on a phone and on a desk, by day and by night, and on paper."""

import json

import pytest
from playwright.sync_api import sync_playwright

from archiver.browser.installed import find_chromium
from archiver.certificate import certificate, page
from archiver.collection import Root
from archiver.proof import Keyring, Trust
from material import collection_with

pytestmark = pytest.mark.browser

CONTRASTS = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((each) => {
      const part = each / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (!/, 0\\)|transparent/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("main *")].filter((each) => each.innerText?.trim()).map((each) => {
    const [one, other] = [light(getComputedStyle(each).color), light(behind(each))].sort((a, b) => b - a);
    return (one + 0.05) / (other + 0.05);
  });
}"""
"""Of every text with what is behind it (WCAG 2.2, 1.4.3)."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_it_can_be_read_everywhere(tmp_path, monkeypatch, scheme, width):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    collection, (captured,) = collection_with(tmp_path / "root")
    found = certificate(Root(collection.path.parent), captured.capture_id, None, Trust.of(Keyring()))
    document = json.loads(json.dumps(found.account.sidecar.document))
    document["article"]["headline"] = "W" * 300
    object.__setattr__(found.account, "sidecar", type(found.account.sidecar)(document, b""))
    (tmp_path / "certificate.html").write_text(page(found), "utf-8")
    said, asked = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        tab = context.new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto((tmp_path / "certificate.html").as_uri())
        across = tab.evaluate("document.documentElement.scrollWidth")
        contrasts = tab.evaluate(CONTRASTS)
        paper = tab.pdf(format="A4")
        browser.close()
    assert across <= width
    assert len(contrasts) > 50
    assert min(contrasts) >= 4.5
    assert said == []
    assert len(asked) == 1
    assert paper.startswith(b"%PDF")
