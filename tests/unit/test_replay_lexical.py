"""What a classic script declares for all scripts of its page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.replay.lexical import declared, shared

DECLARES = {
    "const a = 1": ["a"],
    "let a, b = f(1, 2), c": ["a", "b", "c"],
    "const a = 1\nlet b = 2\nclass C {}\nasync function d() {}\nfunction* e() {}": ["a", "b", "C", "d", "e"],
    "var a = 1; function b() { let c = 1; const d = 2 }": [],
    "{ let a = 1 } if (x) { const b = 2 } for (const c of d) {} for (let i = 0; i < 1; i++) {}": [],
    "const { a, b: c, d = e(1), ...f } = g, [h, , i] = j": ["a", "c", "d", "f", "h", "i"],
    "const { a: { b }, c: [d] } = e; let k": ["b", "d", "k"],
    "const f = (x, y) => ({ x, y }), g = function () { let z }": ["f", "g"],
    "const a = class B {}, c = async function d() {}; x = class E {}": ["a", "c"],
    "const a = \"}\"; const b = '{'; const c = `{${ {d: `}`}.d }`; let e": ["a", "b", "c", "e"],
    "const a = /[/{]\\/}/.test(b); let c = d / 2 / f; let g": ["a", "c", "g"],
    "return_ = x.replace(/\"/g, '') / 1; let a": ["a"],
    "// let no = 1 {\n/* const no = 2 { */ class A {}\n/* so */ const b = 1": ["A", "b"],
    "window.let = 1; x.class = 2; const $ = 1, _b = 2, їжак = 3": ["$", "_b"],
    "let a = 1;;let a2\nconst b=1,c=2;class D extends E{}let f=async()=>{}": ["a", "a2", "b", "c", "D", "f"],
    "!function(){const a=1}(),(()=>{let b})();const c=[1,2].map(x=>{let y=x;return y}),d=3": ["c", "d"],
    "const { a = [1, this, null], b = { c, function() {} } } = d": ["a", "b", "c"],
    "const a = 1; }": [],
    "const a = { b: 1": [],
    "": [],
}


@pytest.mark.parametrize("source", DECLARES)
def test_names_at_the_top(source: str) -> None:
    assert declared(source) == DECLARES[source]


def test_the_statement_reads_and_sets_the_name_itself() -> None:
    assert '[["show",()=>show,_=>{show=_}]]' in shared("const show = () => 1")
    assert shared("var show = 1; function hide() {}") == ""


@given(
    st.lists(
        st.sampled_from(
            ["let ", "const ", "class ", "a", "{", "}", "(", ")", "`", "${", "/", "'", '"', ",", ";", "\n", "=", "\\"]
        )
    )
)
def test_any_text_is_read_to_its_end(pieces: list[str]) -> None:
    declared("".join(pieces))


@pytest.mark.parametrize("piece", ['\\"', "\\/", "=/", "/*", "`${", "{`", "let ", "const{", ",", "*", "/ "])
def test_a_hostile_script_takes_no_longer_than_another(piece: str) -> None:
    declared("const a = 1;" + piece * 200_000)
