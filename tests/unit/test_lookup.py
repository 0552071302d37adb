"""Look-ups in the levels: what reading everything gives, and the nearest captures in pywb's own order."""

import warnings

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.collection import index, zipnum
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


LISTS = st.lists(captures(), max_size=40)


@given(LINES, st.binary(max_size=4))
def test_a_place_is_where_binary_search_of_a_list_would_put_it(lines: list[bytes], start: bytes) -> None:
    lines = sorted(set(lines))
    found = Lines(b"".join(lines))
    assert list(found.onwards(start)) == [line for line in lines if line >= start]
    assert list(found.backwards(start)) == [line for line in reversed(lines) if line < start]


@settings(max_examples=60)
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


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(captures(), max_size=40), st.lists(captures(), max_size=6), st.sampled_from(KEYS), TIMES, st.booleans())
def test_a_packed_index_answers_as_the_levels_do(
    tmp_path_factory, monkeypatch, lines, later, key, closest, near
) -> None:
    """And pywb's own reader of ZipNum finds the same in it."""
    monkeypatch.setattr(zipnum, "LINES", 3)
    root, plain = tmp_path_factory.mktemp("packed"), tmp_path_factory.mktemp("plain")
    for place, packed in ((root, True), (plain, False)):
        folder = place / "news" / "indexes"
        folder.mkdir(parents=True)
        assert index.rebuild(folder, lines, packed=packed) == len(set(lines))
        index.add(folder, later)
    folder = root / "news" / "indexes"
    assert list(index.read(folder)) == list(index.read(plain / "news" / "indexes")) == sorted({*lines, *later})
    start = f"{key} {closest}".encode()
    assert set(index.starting(folder, start)) == set(index.starting(plain / "news" / "indexes", start))
    params = {"url": f"https://news.example{key.partition(')')[2]}", "param.coll": "news"}
    params |= {"closest": closest} if near else {}
    of_packed, of_plain = ([_place(one) for one in LevelSource(one)(dict(params))[0]] for one in (root, plain))
    assert of_packed == of_plain
    everything = {"url": f"https://news.example{key.partition(')')[2]}", "param.coll": "news"}
    pywbs = DirectoryIndexSource(base_prefix=str(root), base_dir="{coll}/indexes/")(everything)[0]
    mine = {tuple(line.decode().split(" ", 2)[:2]) for line in {*lines, *later} if line.startswith(f"{key} ".encode())}
    assert {(one["urlkey"], one["timestamp"]) for one in pywbs} == mine


@given(LISTS, st.binary(max_size=3), st.integers(0, 99))
def test_a_packed_place_is_where_binary_search_would_put_it(tmp_path_factory, lines, tail, number) -> None:
    folder = tmp_path_factory.mktemp("indexes")
    index.rebuild(folder, lines, packed=True)
    if not lines:
        assert not zipnum.is_packed(folder)
        return
    every = sorted(set(lines))
    start = every[number % len(every)][: 10 + number] + tail
    packed = zipnum.Packed(folder)
    assert packed.fits()
    assert list(packed.onwards(start)) == [line for line in every if line >= start]
    assert list(packed.backwards(start)) == [line for line in reversed(every) if line < start]


def test_what_leaves_the_index_leaves_the_packed_one(tmp_path) -> None:
    lines = [b"a %02d {}\n" % n for n in range(2000)]
    index.rebuild(tmp_path, lines, packed=True)
    assert index.drop(tmp_path, lambda line: line.startswith(b"a 7")) == 110
    assert list(index.read(tmp_path)) == sorted(line for line in lines if not line.startswith(b"a 7"))
    assert len(zipnum.files(tmp_path)) == 3
    assert index.drop(tmp_path, lambda _: True) == 1890
    assert zipnum.files(tmp_path) == []
