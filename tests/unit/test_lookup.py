"""Look-ups in the levels: what reading everything gives, and the nearest captures in pywb's own order."""

import warnings

from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.collection import index
from archiver.collection.lookup import Lines

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pywb's own, of its regular expressions
    from pywb.warcserver.index.aggregator import DirectoryIndexSource

    from archiver.replay.index import LevelSource

KEYS = ["example,news)/", "example,news)/a", "example,news)/ab"]
LINES = st.lists(st.from_regex(rb"[a-z]{0,3}( [0-9]{2})?\n", fullmatch=True), max_size=30)
TIMES = st.integers(1, 28).map(lambda day: f"202601{day:02d}120000")


@st.composite
def captures(draw: st.DrawFn) -> bytes:
    key, at = draw(st.sampled_from(KEYS)), draw(TIMES)
    url = f"https://news.example{key.partition(')')[2]}"
    number = draw(st.integers(0, 40))
    status = (200, 206, 301)[number % 3]
    told = f'"url": "{url}", "mime": "text/html", "status": "{status}", "digest": "sha1:{number}"'
    return f'{key} {at} {{{told}, "length": "9", "offset": "{number}", "filename": "one.warc.gz"}}\n'.encode()


@given(LINES, st.binary(max_size=4))
def test_a_place_is_where_binary_search_of_a_list_would_put_it(lines: list[bytes], start: bytes) -> None:
    lines = sorted(set(lines))
    found = Lines(b"".join(lines))
    assert list(found.onwards(start)) == [line for line in lines if line >= start]
    assert list(found.backwards(start)) == [line for line in reversed(lines) if line < start]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(captures(), max_size=12), max_size=3), st.sampled_from(KEYS), TIMES, st.booleans())
def test_answers_are_those_of_pywbs_own_index(tmp_path_factory, batches, key, closest, near) -> None:
    """Of lines in several levels, some of them in two; the ranges beside a whole are left out, which pywb does not."""
    root = tmp_path_factory.mktemp("root")
    folder = root / "news" / "indexes"
    folder.mkdir(parents=True)
    index.create(folder)
    for number, lines in enumerate(batches):
        index.level(folder, number * 2).write_bytes(b"".join(sorted(set(lines))))
    params = {"url": f"https://news.example{key.partition(')')[2]}", "param.coll": "news"}
    params |= {"closest": closest} if near else {}
    ours = list(LevelSource(root)(dict(params))[0])
    theirs = list(DirectoryIndexSource(base_prefix=str(root), base_dir="{coll}/indexes/")(dict(params))[0])
    once = {_place(one): one for one in theirs}.values()
    expected = [one for one in once if one["status"] != "206"] or list(once)
    if near:
        expected.sort(key=lambda one: abs(int(one["timestamp"][6:8]) - int(closest[6:8])))  # a stable sort
    assert [_place(one) for one in ours] == [_place(one) for one in expected]


def _place(line) -> tuple[str, ...]:
    return line["urlkey"], line["timestamp"], line["offset"], line["status"], line["digest"]
