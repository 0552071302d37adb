"""Links that would make a browser connect beforehand, wherever they stand and however they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.replay.hints import LONGEST, Hints, without_hints


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('<link rel="preconnect" href=x>', '<link rel="" href=x>'),
        ("<link rel=preconnect href=x>", '<link rel="" href=x>'),
        ("<link REL = 'DNS-Prefetch stylesheet'>", "<link REL = 'stylesheet'>"),
        ("<link rel\n=\n'prerender'>", "<link rel\n=\n''>"),
        ("<link rel=pre&#99;onnect>", '<link rel="">'),
        ("<link rel='&#x70;reconnect&#32icon'>", "<link rel='icon'>"),
        ('link.rel="preconnect";next()', 'link.rel="";next()'),
        ("rel='<link rel=preconnect>'", "rel='<link rel=\"\">'"),
        ('<link rel="stylesheet">', '<link rel="stylesheet">'),
        ('<a data-rel="preconnect">', '<a data-rel="preconnect">'),
        ('<p>rel="', '<p>rel="'),
        ("preconnect", "preconnect"),
    ],
)
def test_the_words_are_taken_out(text: str, left: str) -> None:
    assert without_hints(text) == left


def test_a_value_that_is_too_long_to_be_read_is_ended() -> None:
    text = f'<link rel="{" " * LONGEST}preconnect" href=x>'
    assert without_hints(text).startswith('<link rel=""')


PIECES = st.lists(
    st.sampled_from(["<link ", "rel", "=", " ", '"', "'", "preconnect", "pre", "connect", "x", ">", "\n" * 90])
)


@given(PIECES, st.integers(0, 400))
def test_pieces_come_to_the_same_as_the_whole(parts: list[str], cut: int) -> None:
    text = "".join(parts) + "z" * LONGEST
    hints = Hints()
    got = hints.without(text[:cut]) + hints.without(text[cut:]) + hints.without("", last=True)
    assert got == without_hints(text)
    assert without_hints(got) == got
