"""Which blocks of a page are the article's.

The reader's voice (trafilatura) marks the blocks that it tells too. The element in which nearly all of them lie is the
article's home. Then each block is judged by itself:

1. What its surroundings up to the home are named for (shares, related stories, comments …) speaks against it, unless
   a good part of the text lies in them.
2. What it says speaks against it where that is a known line of furniture (`wording`).
3. Marked blocks stay. Unmarked ones within the home and between marked ones stay if they are no links: subheadings and
   short lines that the voice takes for menus.
4. Between the headline and the text stands the lead; it stays if it is a sentence or what the page is described by.
5. A heading goes if what it headed has gone.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from archiver.extract.page import Page
from archiver.extract.text import voices, wording
from archiver.extract.text.about import about
from archiver.extract.text.article import ArticleText, Paragraph
from archiver.extract.text.blocks import Block, Place, blocks_of
from archiver.extract.text.furniture import Trait

AGREED = 0.5
"""Share of a block that the voice must tell."""
_LOST = 0.6
"""Where what stays is a smaller share of what the voice tells, its text stands as it is."""
_HOME = 0.85
"""Share of the marked text that lies in the article's home."""
_GREAT = 0.15
"""What holds a larger share of the marked text is no furniture, whatever its name."""
_LONG = 20
"""Words of a paragraph that is surely the article's body."""
_LEAD = 8
"""Words of a lead, at least."""
_GAP = 8
"""So many unmarked blocks in a row may be filled in."""
_AUTHOR_BOX = 80
"""Words that a box about the author has, at most."""
_SMALL = 30
"""Words of a date line or small print, at most."""
_AGAINST = frozenset((Trait.NAVIGATION, Trait.RELATED, Trait.ASIDE, Trait.SHARING, Trait.COMMENTS, Trait.OFFER))
_AGAINST |= {Trait.ADVERT}


@dataclass(slots=True)
class Judged:
    """A block with what is known of it."""

    block: Block
    vote: float
    inside: bool
    """Whether it lies in the article's home."""
    traits: frozenset[Trait]
    reason: str = ""
    """Why it is none of the article's; empty for what stays."""

    @property
    def marked(self) -> bool:
        """Whether the voice tells it too."""
        return self.vote >= AGREED


def chosen(page: Page) -> ArticleText:
    """The text of the article on `page`; none where the page is too large for the reader's voice."""
    reader = voices.reader(page)
    if not reader.text:
        return ArticleText()
    kept = [one.block for one in judged(page, reader) if not one.reason]
    if sum(len(block.text) for block in kept) < _LOST * len(reader.text):
        lines = (" ".join(line.split()) for line in reader.text.split("\n"))
        return ArticleText(tuple(Paragraph("paragraph", line) for line in lines if line))
    return ArticleText(tuple(Paragraph(block.kind, block.text) for block in kept))


def judged(page: Page, reader: voices.Voice) -> list[Judged]:
    """Every block of the page, with the reason why it is none of the article's."""
    blocks = [block for block in blocks_of(page.tree) if block.words]
    votes = [reader.agrees(block) for block in blocks]
    for block, vote in zip(blocks, votes, strict=True):
        if vote >= AGREED and block.linked < 0.5:
            for place in block.place.up():
                place.voted += len(block.text)
    home = _home(blocks)
    if home is None:
        return []
    around = set(home.up())
    found = [_placed(block, vote, home, around) for block, vote in zip(blocks, votes, strict=True)]
    _Judge(page, found).judge()
    return found


def _home(blocks: Iterable[Block]) -> Place | None:
    """The innermost place in which nearly all of the marked text lies."""
    best: Place | None = None
    for block in blocks:
        for place in block.place.up():
            root = place
        for place in block.place.up():
            if place.voted >= _HOME * root.voted > 0 and (best is None or place.depth > best.depth):
                best = place
            if best is not None and place.depth <= best.depth:
                break
    return best


def _placed(block: Block, vote: float, home: Place, around: set[Place]) -> Judged:
    traits, inside = set(), False
    total = home.voted
    for place in block.place.up():
        if place in around:
            inside = place is home
            break
        if place.trait and place.voted < _GREAT * total:
            traits.add(place.trait)
    return Judged(block, vote, inside, frozenset(traits))


class _Judge:
    """Judges the blocks of one page."""

    def __init__(self, page: Page, found: list[Judged]) -> None:
        self._found = found
        self._about = about(page)
        marked = [
            at
            for at, one in enumerate(found)
            if one.marked and one.inside and not one.traits & _AGAINST and not self._about.is_title(one.block.words)
        ]
        body = [at for at in marked if self._is_body(found[at].block)] or marked
        self._first, self._last = (marked[0], marked[-1]) if marked else (len(found), -1)
        self._body = (body[0], body[-1]) if body else (len(found), -1)
        self._parents = {found[at].block.place.parent for at in marked}
        self._headline = self._headline_before(self._body[0])

    def judge(self) -> None:
        """Give each block its reason, in order: one leans on the one before it."""
        seen: set[tuple[str, ...]] = set()
        gaps = self._gaps()
        for at, one in enumerate(self._found):
            one.reason = self._against(at, one) or self._doubt(at, one, gaps)
            if not one.reason and len(one.block.words) >= _LEAD:
                one.reason = "said before" if one.block.words in seen else ""
                seen.add(one.block.words)
        self._biography()
        self._empty_headings()

    def _is_body(self, block: Block) -> bool:
        count = len(block.words)
        return (
            count >= _LONG
            and block.linked < 0.5
            and not wording.furniture(block.text, count, block.linked, at_edge=True)
        )

    def _headline_before(self, end: int) -> int:
        """Where the headline stands: the heading that is most like the page's title, else the last of first rank."""
        best, at = 0.0, end
        for place, one in enumerate(self._found[:end]):
            if one.block.kind == "heading":
                likeness = self._about.likeness(one.block.words) + (0.1 if one.block.place.tag == "h1" else 0)
                if likeness >= max(best, 0.1):
                    best, at = likeness, place
        return at

    def _against(self, at: int, one: Judged) -> str:
        """What speaks against a block, or the empty string."""
        block, count = one.block, len(one.block.words)
        if self._about.is_title(block.words) and (block.kind == "heading" or not one.inside):
            return "title"
        against = one.traits & _AGAINST
        if against and not (against == {Trait.RELATED} and self._is_lead(at, block)):
            return min(trait.name for trait in against)
        if Trait.AUTHOR in one.traits and (count <= _AUTHOR_BOX or not one.inside):
            return "author"
        if one.traits & {Trait.SMALL, Trait.CREDIT} and (count <= _SMALL or not one.inside):
            return "small"
        at_edge = not self._body[0] <= at <= self._body[1] and block.kind not in {"list-item", "quote"}
        if said := wording.furniture(block.text, count, block.linked, at_edge=at_edge):
            return said
        if at_edge and block.words in self._about.authors:
            return "author"
        if block.linked >= 0.8 and (block.kind == "list-item" or count > 2) and block.kind != "heading":
            return "link"
        return ""

    def _doubt(self, at: int, one: Judged, gaps: set[int]) -> str:
        """Why a block that nothing speaks against is none of the article's still, or the empty string."""
        block, count = one.block, len(one.block.words)
        if block.kind == "caption":
            is_near = self._headline < at <= self._last and block.linked < 0.5 and count > 2
            return "" if is_near else "elsewhere"
        if one.marked:
            if one.inside or (self._headline < at < self._body[0] and count > 3):
                return ""
            follows = at > self._last and not self._found[at - 1].reason
            before = at < self._body[0] and count >= _LEAD and block.linked < 0.3
            return "" if before or (follows and count >= _LONG and block.linked < 0.3) else "elsewhere"
        if at in gaps and self._fills(at, one, count):
            return ""
        return "" if self._is_lead(at, block) else "unmarked"

    def _fills(self, at: int, one: Judged, count: int) -> bool:
        """Whether an unmarked block between marked ones belongs to them."""
        block, place = one.block, one.block.place
        if any(around.tag == "article" and around.voted == 0 for around in place.up()):
            return False  # another story
        if block.kind == "heading":
            return block.linked < 0.5 or self._found[at + 1].marked
        beside = place.parent in self._parents or place.tag == "p"
        return block.linked < 0.5 and ((count > 3 and beside) or (block.kind == "list-item" and count > 1))

    def _gaps(self) -> set[int]:
        """Where unmarked blocks stand in short runs between marked ones; long runs are left out for a reason."""
        found: set[int] = set()
        run: list[int] = []
        for at in range(self._first, self._last + 1):
            one = self._found[at]
            if one.marked and one.inside:
                found.update(run if len(run) <= _GAP else ())
                run = []
            elif one.inside and not one.traits and one.block.kind != "caption":
                run.append(at)
        return found

    def _is_lead(self, at: int, block: Block) -> bool:
        count = len(block.words)
        if (
            not (self._headline < at < self._body[0] and count >= _LEAD and block.linked < 0.2)
            or block.kind == "caption"
        ):
            return False
        if self._about.likeness(block.words) >= 0.5 and count < 2 * _LONG:
            return False  # the headline with a word before it
        if self._about.described.agrees(block) >= 0.8:
            return True
        return count > _LEAD + 2 and wording.is_sentence(block.text)

    def _biography(self) -> None:
        """Let the last paragraphs go that begin with the author's name: they are about the author."""
        kept = [one for one in self._found if not one.reason and one.block.kind != "caption"]
        for one in kept[-2:] if len(kept) > 3 else ():
            names = [one.block.words[: len(name)] for name in self._about.authors if len(name) > 1]
            if len(one.block.words) <= _AUTHOR_BOX and set(names) & self._about.authors:
                one.reason = "author"

    def _empty_headings(self) -> None:
        """Let headings go that head nothing but what has gone, or nothing at all; lines with a colon likewise."""
        gone, kept, below = True, False, "nothing"
        for one in reversed(self._found):
            is_label = one.block.text.endswith(":") and len(one.block.words) <= wording.SHORT
            if is_label and not one.reason and below in {"nothing", "link", "read also"}:
                one.reason = "heads nothing"
            if one.block.kind != "heading":
                kept = kept or not one.reason
                gone = gone or bool(one.reason)
            elif one.reason:
                gone = True
            elif (gone and not kept) or (below and (not one.marked or wording.is_invitation(one.block.text))):
                one.reason = "heads nothing"
            else:
                gone, kept = False, False
            below = one.reason
