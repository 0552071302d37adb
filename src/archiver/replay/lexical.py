"""The names that a classic script gives to all scripts of its page by `let`, `const`, `class` and `async function`.

pywb puts every script into a block, out of which only `var` and plain functions reach (ECMA-262 §B.3.2): without more,
`<script>const settings = {…}</script>` declares nothing for the next script. Text in, text out, as in `modules`; what
cannot be understood is left as pywb leaves it.
"""

import json
import re

SHARE = "__archiver_share"
"""The function of `static/seal.js` that makes names known to the page."""

_TOKEN = re.compile(
    r"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?|[`/{}()\[\];,]"
    r"|(?<![\w$.])(?:let|const|class|async[^\S\n]+function|function\s*\*)(?![\w$])",
    re.DOTALL,
)
"""None of these may fail late and be tried again a character on: a hostile script would take for ever."""
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*(`|\$\{)", re.DOTALL)
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/")
_SPACE = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/|\*(?!/))*", re.DOTALL)
_NAME = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")
_IN_PATTERN = re.compile(r"(?:[\[{,:]|\.\.\.)\s*((?:[^\W\d]|\$)[\w$]*)(?!\s*:|[\w$])")
_POSSIBLE = re.compile(r"(?<![\w$.])(?:let|const|class|async|function\s*\*)(?![\w$])")
_VALUE = re.compile(r"[\w$)\]}\"'`]\Z")
_WORD = re.compile(r"(?<![\w$.])(?:return|typeof|case|in|of|delete|void|throw|new|do|else|yield|await)\Z")
_GOES_ON = re.compile(r"(?:[=(,\[?:&|!+\-<>~^%.]|(?<!\*)/|\*|(?<![\w$.])(?:return|new|throw|typeof|void|await))\Z")
_RESERVED = re.compile(
    r"(?:await|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|export|extends|false|finally"
    r"|for|function|if|import|in|instanceof|let|new|null|return|super|switch|this|throw|true|try|typeof|var|void|while"
    r"|with|yield)\Z"
)


def shared(source: str) -> str:
    """The statement that ends a script so that its page knows the names; "" where it declares none."""
    if not _POSSIBLE.search(source):
        return ""
    told = ",".join(f"[{json.dumps(name)},()=>{name},_=>{{{name}=_}}]" for name in declared(source))
    return f'\n;_____WB$wombat$assign$function_____("{SHARE}")?.([{told}]);' if told else ""


def declared(source: str) -> list[str]:
    """Names that a script declares outside of any function or block; none where its brackets do not match."""
    scan = _Scan(source)
    if not scan.run():
        return []
    # Scripts are read as single bytes, where a name in other letters is no name.
    return [name for name in dict.fromkeys(scan.names) if name.isascii() and not _RESERVED.match(name)]


class _Scan:
    """One way through a script, from token to token that matters."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.names: list[str] = []
        self.depth = 0
        self.templates: list[int] = []
        """Depths at which a `}` goes back into a template."""
        self.declaring = False
        """Within a list of `let` or `const`."""
        self.pattern: int | None = None
        """Where the pattern began that is being read."""

    def run(self) -> bool:
        """Whether the end was reached with all brackets closed."""
        at = 0
        while (found := _TOKEN.search(self.source, at)) and self.depth >= 0:
            at = self._step(found[0], found.start(), found.end())
        return self.depth == 0

    def _step(self, token: str, start: int, end: int) -> int:
        """What one token does; gives where to go on."""
        if token == "/":
            return self._slash(start)
        if token == "`":
            return self._template(end)
        if token in ("{", "(", "["):
            self.depth += 1
        elif token in ("}", ")", "]"):
            return self._close(end)
        elif self.depth == 0 and token in (";", ","):
            self.declaring = self.declaring and token == ","
            return self._binding(end) if self.declaring else end
        elif self.depth == 0 and token[0].isalpha():
            return self._declaration(token, start, end)
        return end

    def _close(self, end: int) -> int:
        self.depth -= 1
        if self.templates and self.templates[-1] == self.depth:
            self.templates.pop()
            return self._template(end)
        if self.depth == 0 and self.pattern is not None:
            self.names += _IN_PATTERN.findall(self.source, self.pattern, end)
            self.pattern = None
        return end

    def _template(self, at: int) -> int:
        found = _TEMPLATE.match(self.source, at)
        if found is None:
            return self._give_up()
        if found[1] == "${":
            self.templates.append(self.depth)
            self.depth += 1
        return found.end()

    def _slash(self, at: int) -> int:
        """Past a regular expression, or past a sign of division: what stands before tells which it is."""
        before = self.source[max(0, at - 20) : at].rstrip()
        if _VALUE.search(before) and not _WORD.search(before):
            return at + 1
        found = _REGEX.match(self.source, at)
        return found.end() if found else self._give_up()

    def _give_up(self) -> int:
        self.depth = -1
        return len(self.source)

    def _declaration(self, token: str, start: int, end: int) -> int:
        before = self.source[max(0, start - 20) : start].rstrip()
        if _GOES_ON.search(before) and not before.endswith("*/"):
            return end  # an expression
        self.declaring = token in ("let", "const")
        return self._binding(end)

    def _binding(self, at: int) -> int:
        """Past a name, or to the pattern, that is declared at `at`."""
        found = _SPACE.match(self.source, at)
        at = found.end() if found else at
        if name := _NAME.match(self.source, at):
            self.names.append(name[0])
            return name.end()
        if self.source[at : at + 1] in ("{", "["):
            self.pattern = at
        return at
