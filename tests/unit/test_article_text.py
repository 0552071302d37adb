"""The text of the article: cut from the page, cleaned of furniture, and told without a capture."""

import gzip
import io
import json
import sys

import pytest

from archiver.cli import run

PARAGRAPHS = [
    "The bridge over the river was closed on Monday after engineers had found a crack in its third pier.",
    "Traffic is led through the old town, where the mayor expects long queues in the morning and the evening.",
    "Repairs will take until the spring, said the engineer who leads them, and cost about two million.",
]
PAGE = (
    "<html><head><title>Bridge closed</title></head><body><nav><a href='/'>Home</a></nav>"
    "<article><h1>Bridge closed</h1>" + "".join(f"<p>{one}</p>" for one in PARAGRAPHS) + "</article></body></html>"
)
URL = "https://news.example/bridge"


@pytest.fixture
def extract(capfd, monkeypatch):
    """Runs `archiver extract` in this process: exit code, stdout, stderr."""

    def command(*arguments, stdin=""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = run(["extract", *map(str, arguments)])
        return code, *capfd.readouterr()

    return command


# The command


def test_a_file_is_described(extract, tmp_path):
    (tmp_path / "page.html").write_text(PAGE)
    (tmp_path / "page.html.gz").write_bytes(gzip.compress(PAGE.encode()))
    for name in ("page.html", "page.html.gz"):
        code, out, _ = extract("--html", tmp_path / name, "--url", URL, "--json")
        found = json.loads(out)
        assert code == 0
        assert found["article"]["headline"] == "Bridge closed"
        assert found["text"].split("\n") == PARAGRAPHS
        assert found["paragraphs"] == [{"kind": "paragraph", "text": one} for one in PARAGRAPHS]
        assert {"about", "value", "method", "path", "raw"} <= set(found["assertions"][0])
    code, out, _ = extract("--html", tmp_path / "page.html", "--url", URL)
    assert code == 0
    assert "headline: Bridge closed\n" in out
    assert out.endswith("\n\n".join(PARAGRAPHS) + "\n")


def test_a_batch_is_answered_in_order(extract, tmp_path):
    lines = []
    for number in range(70):  # more than are read ahead
        (tmp_path / f"{number}.html").write_text(PAGE.replace("Bridge closed", f"Bridge {number} closed"))
        lines.append(json.dumps({"html": str(tmp_path / f"{number}.html"), "url": f"{URL}/{number}"}))
    code, out, _ = extract("--batch", "--json", stdin="\n".join(lines))
    told = [json.loads(line)["article"]["headline"] for line in out.splitlines()]
    assert code == 0
    assert told == [f"Bridge {number} closed" for number in range(70)]


def test_what_cannot_be_read_is_answered_in_its_place(extract, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(PAGE)
    (tmp_path / "cut.gz").write_bytes(gzip.compress(PAGE.encode())[:-20])
    good = json.dumps({"html": str(page), "url": URL})
    bad = [
        "{",
        "[]",
        "",
        json.dumps({"html": str(page)}),
        json.dumps({"html": 1, "url": URL}),
        json.dumps({"html": str(page), "url": "file:///etc/passwd"}),
        json.dumps({"html": str(tmp_path / "absent"), "url": URL}),
        json.dumps({"html": str(tmp_path), "url": URL}),
        json.dumps({"html": "a\0b", "url": URL}),
        json.dumps({"html": str(tmp_path / "cut.gz"), "url": URL}),
    ]
    code, out, err = extract("--batch", "--json", stdin="\n".join([good, *bad, good]))
    first, *middle, last = map(json.loads, out.splitlines())
    assert code == 1
    assert first["text"] == last["text"] == "\n".join(PARAGRAPHS)
    assert [list(one) for one in middle] == [["error"]] * len(bad)
    assert all(one["error"].endswith(".") for one in middle)
    assert err == ""


@pytest.mark.parametrize(
    "arguments", [[], ["--html", "x"], ["--url", URL], ["--batch", "--url", URL], ["--html", "absent", "--url", URL]]
)
def test_a_wrong_call_is_told(extract, arguments):
    code, out, err = extract(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("archiver: ")
