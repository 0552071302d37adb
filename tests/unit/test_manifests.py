"""Manifests of films: what a replay needs of them, and that hostile ones come to an end."""

import io
import time
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.engines import manifests
from archiver.engines.manifests import Wanted, kind_of, read

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of modules that pywb should no longer use
    from pywb.rewrite.rewrite_hls import RewriteHLS

URL = "https://cdn.example/films/all"


def hls(text: str, **options: bool) -> Wanted:
    return read("hls", text.encode(), URL, **options)


def dash(inner: str, attributes: str = 'type="static" mediaPresentationDuration="PT1M0.5S"', **options: bool) -> Wanted:
    content = f'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" {attributes}>{inner}</MPD>'
    return read("dash", content.encode(), URL, **options)


def rendition(inner: str, name: str = "v1", outer: str = "") -> str:
    representation = f'<Representation id="{name}" bandwidth="1000">{inner}</Representation>'
    return f"<Period><AdaptationSet>{outer}{representation}</AdaptationSet></Period>"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"#EXTM3U\n#EXT-X-VERSION:3", "hls"),
        (b"\xef\xbb\xbf#EXTM3U", "hls"),
        (b'<?xml version="1.0"?>\n<!-- made by hand -->\n<MPD type="static">', "dash"),
        (b"<d:MPD xmlns:d='urn:mpeg:dash:schema:mpd:2011'>", "dash"),
        (b"<html>#EXTM3U <MPD>", None),
        (b"", None),
    ],
)
def test_a_manifest_is_known_by_how_it_begins(head: bytes, kind: str | None):
    assert kind_of(head) == kind


def test_of_a_playlist_of_playlists_the_best_and_every_language():
    wanted = hls(
        "#EXTM3U\n"
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="uk",URI="sound/uk.m3u8"\n'
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",URI="sound/en.m3u8"\n'
        '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="x",INSTREAM-ID="CC1"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=100,AUDIO="a"\nlow.m3u8\n'
        '#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=1,BANDWIDTH=900,AUDIO="a"\n//other.example/high.m3u8?t=1\n'
        '#EXT-X-SESSION-KEY:METHOD=AES-128,URI="/key"\n'
    )
    cdn = "https://cdn.example"
    assert list(wanted.manifests) == [
        "https://other.example/high.m3u8?t=1",
        *(f"{cdn}/films/sound/{name}.m3u8" for name in ("uk", "en")),
    ]
    assert wanted.left_out == {f"{cdn}/films/low.m3u8"}
    assert list(wanted.parts) == [f"{cdn}/key"]
    assert wanted.reasons == []


def test_of_a_playlist_its_pieces_heads_and_keys_once_each():
    wanted = hls(
        '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-KEY:METHOD=AES-128,URI="k1"\n#EXT-X-MAP:URI="head.mp4",BYTERANGE="9@0"\n'
        "#EXTINF:2,\n#EXT-X-BYTERANGE:10@9\nhead.mp4\n#EXTINF:2,\n../b.ts#t\n"
        '#EXT-X-KEY:METHOD=AES-128,URI="k2"\n#EXT-X-MAP:URI="second.mp4"\n#EXTINF:2,\nb.ts\n#EXT-X-ENDLIST\n'
    )
    names = ("films/k1", "films/k2", "films/head.mp4", "films/second.mp4", "b.ts", "films/b.ts")
    assert list(wanted.parts) == [f"https://cdn.example/{name}" for name in names]
    assert wanted.reasons == []


def test_a_live_playlist_says_so():
    assert "still going on" in hls("#EXTM3U\n#EXTINF:2,\na.ts\n").reasons[0]
    wanted = dash(rendition('<SegmentTemplate media="$Number$.m4s" duration="2"/>'), 'type="dynamic"')
    assert "still going on" in wanted.reasons[0] and "how many" in wanted.reasons[1]


@pytest.mark.parametrize(
    ("inner", "names"),
    [
        (
            '<SegmentTemplate timescale="10" duration="200" startNumber="7" initialization="$RepresentationID$/i.mp4"'
            ' media="$RepresentationID$/$Bandwidth$-$Number%04d$$$.m4s"/>',
            ["v1/i.mp4", *(f"v1/1000-000{n}$.m4s" for n in (7, 8, 9)), "v1/1000-0010$.m4s"],
        ),
        (
            '<SegmentTemplate timescale="10" media="$Time$.m4s"><SegmentTimeline><S t="5" d="10" r="1"/><S d="3"/>'
            '<S t="100" d="300" r="-1"/></SegmentTimeline></SegmentTemplate>',
            ["5.m4s", "15.m4s", "25.m4s", "100.m4s", "400.m4s"],
        ),
        (
            '<BaseURL>parts/</BaseURL><SegmentList><Initialization sourceURL="i.mp4"/><SegmentURL media="1.m4s"/>'
            '<SegmentURL media="https://far.example/2.m4s"/></SegmentList>',
            ["parts/i.mp4", "parts/1.m4s", "https://far.example/2.m4s"],
        ),
        (
            '<BaseURL>one.mp4</BaseURL><SegmentBase indexRange="9-99"><Initialization range="0-8"/></SegmentBase>',
            ["one.mp4"],
        ),
        ("<BaseURL>words.vtt</BaseURL>", ["words.vtt"]),
    ],
)
def test_every_way_in_which_a_rendition_names_its_pieces(inner: str, names: list[str]):
    base = "https://cdn.example/films/"
    wanted = dash(rendition(inner))
    assert list(wanted.parts) == [name if "://" in name else base + name for name in names]
    assert wanted.reasons == []


def test_what_a_rendition_inherits():
    outer = (
        '<BaseURL>b/</BaseURL><SegmentTemplate timescale="2" duration="61" media="$RepresentationID$-$Number$.m4s"/>'
    )
    wanted = dash(rendition('<SegmentTemplate initialization="i-$RepresentationID$"/>', outer=outer))
    assert [url.rpartition("/films/")[2] for url in wanted.parts] == ["b/i-v1", "b/v1-1.m4s", "b/v1-2.m4s"]


def test_the_best_rendition_of_each_set_or_every_one():
    sets = "".join(
        f'<AdaptationSet lang="{name}"><Representation id="{name}1" bandwidth="1"><BaseURL>{name}1.mp4</BaseURL>'
        f'</Representation><Representation id="{name}2" bandwidth="2"><BaseURL>{name}2.mp4</BaseURL></Representation>'
        "</AdaptationSet>"
        for name in ("v", "uk", "en")
    )
    best = [f"https://cdn.example/films/{name}2.mp4" for name in ("v", "uk", "en")]
    assert list(dash(f"<Period>{sets}</Period>").parts) == best
    assert len(dash(f"<Period>{sets}</Period>", every=True).parts) == 6


ENTITIES = '<!DOCTYPE MPD [<!ENTITY a "aaaaaaaaaa"><!ENTITY f SYSTEM "file:///etc/passwd">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)
HOSTILE = {
    "many by number": rendition('<SegmentTemplate media="$Number$" duration="1" timescale="1000000000"/>'),
    "many by time": rendition(
        '<SegmentTemplate media="$Time$"><SegmentTimeline><S d="1" r="1000000000"/></SegmentTimeline></SegmentTemplate>'
    ),
    "no time at all": rendition(
        '<SegmentTemplate media="$Time$" timescale="1000000000"><SegmentTimeline><S d="0" r="-1"/></SegmentTimeline>'
        "</SegmentTemplate>"
    ),
    "back in time": rendition(
        '<SegmentTemplate media="$Time$"><SegmentTimeline><S t="9" d="1" r="-1"/><S t="0" d="-5" r="2"/>'
        "</SegmentTimeline></SegmentTemplate>"
    ),
    "a number of many digits": rendition(
        f'<SegmentTemplate media="$Number$" duration="1" startNumber="{"9" * 9999}"/>'
    ),
    "wide": rendition('<SegmentTemplate media="$Number%099999999d$" duration="1"/>'),
    "other places": rendition(
        '<SegmentList><SegmentURL media="file:///etc/passwd"/><SegmentURL media="../../../../../up"/>'
        '<SegmentURL media="javascript:1"/><SegmentURL media="http://[::1"/></SegmentList>'
    ),
    "no numbers": rendition('<SegmentTemplate media="$Number$" duration="x"/>'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_manifests_come_to_an_end(name: str):
    began = time.process_time()
    wanted = dash(HOSTILE[name])
    assert time.process_time() - began < 5
    assert len(wanted.parts) <= manifests.MOST
    assert all(url.startswith(("http://", "https://")) and len(url) < 9000 for url in wanted.parts)
    assert wanted.reasons or name in ("back in time", "wide")


def test_entities_of_a_manifest_are_not_followed():
    period = "<Period><BaseURL>&f;&j;</BaseURL><AdaptationSet><Representation/></AdaptationSet></Period>"
    text = f"{ENTITIES}]><MPD>{period}</MPD>"
    wanted = read("dash", text.encode(), URL)
    assert not any("root:" in url or len(url) > 1000 for url in wanted.parts)


def test_keys_that_are_not_of_the_web_are_told():
    wanted = hls('#EXTM3U\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://key"\n#EXTINF:2,\na.ts\n#EXT-X-ENDLIST\n')
    assert list(wanted.parts) == ["https://cdn.example/films/a.ts"]
    assert "skd://key" in wanted.reasons[0]


def test_a_playlist_that_names_itself_is_just_a_name():
    assert list(hls("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nall\n").manifests) == [URL]


@given(st.sampled_from(["hls", "dash"]), st.binary(max_size=300))
def test_nothing_that_is_read_fails(kind: manifests.Kind, content: bytes):
    read(kind, content, URL)
    read(kind, b"#EXTM3U\n#EXT-X-STREAM-INF:" + content, URL)
    read(kind, b"<MPD><Period><AdaptationSet><Representation " + content, URL)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=6))
def test_the_rendition_that_is_kept_is_the_one_that_replay_leaves(bandwidths: list[int]):
    lines = [f"#EXT-X-STREAM-INF:BANDWIDTH={bits}\n{place}.m3u8" for place, bits in enumerate(bandwidths)]
    text = "\n".join(["#EXTM3U", *lines, ""])
    left = RewriteHLS().rewrite_stream(io.BytesIO(text.encode()), None).read().decode()
    if ".m3u8" in left:  # pywb leaves none if all have a bandwidth of 0
        assert [f"https://cdn.example/films/{left.splitlines()[2]}"] == list(hls(text).manifests)
