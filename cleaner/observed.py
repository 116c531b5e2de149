"""What was observed of a document's blocks, and the lists under its headings.

A heading that a rule knows opens a list of other pages; it does not license cutting all that follows. Which of the
blocks after it are the list's is told by their shape, by what recurs, and by where the evidence ends.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from cleaner.form import CLAUSE, Form, forms
from cleaner.layout import Layout
from cleaner.model import Block, Evidence, RuleReason, TemplateReason
from cleaner.near import WIDTH
from cleaner.pages import BREAK, page_numbers, running
from cleaner.repetition import Repetition
from cleaner.segment import is_bulleted

if TYPE_CHECKING:
    from numpy.typing import NDArray

TITLE = 300
"""Width above which a block is no title of a list, whatever its last character."""

BRIDGE = 0.5
"""A stretch of unlisted text inside a list, closed by items repeated after it, may be this long against the text
before the heading: half. More of it could be the body going on after a box."""

LONGEST = 100
"""A list with more items in a row that nothing else speaks for is the body: a table, a price list."""

OVERWHELMING = 8
"""Known items that must follow within a list before its heading holds an unknown sentence, which may be the body."""

WRAPPED = 30
"""A line that its sentence goes on after is prose when it is this wide: hard-wrapped text, or verse."""

SEVERAL = 2
"""Other documents that make a sentence more than a quotation."""

_FIELD = re.compile(r"[\w.-]+ ?:|#")
"""How a line of front matter starts, if it is no item and not indented."""

HOLD = 2
"""An unknown item of a list is held by known ones this many blocks away, on both sides."""


class Observed:
    """One document's blocks and what was observed of them."""

    def __init__(
        self,
        text: str,
        blocks: Sequence[Block],
        evidence: Sequence[Evidence],
        repetition: Repetition,
        layout: Layout | None = None,
    ) -> None:
        self.text = text
        self.blocks = blocks
        self.repetition = repetition
        self.layout = layout
        """What the markup of a page says of its lines."""
        self.forms = forms([block.folded for block in blocks])
        """The form of each block: a row of numbers, in the order of `Form`."""
        self.prose, self.closed = self._read()
        """Whether each block reads like a sentence of a body; whether it is a sentence or its part, short ones and quoted mail
        included. Of a longer line, any closed sentence reads like one."""
        self.lettered = self.formed("letters")
        self.evidence = evidence
        self.signals, self.reasons = _said(evidence)
        """What rules say of each block that they speak of, and whether that settles it; and which speak for cutting it."""
        self.parted = frozenset(
            at
            for at, block in enumerate(blocks if BREAK in text else ())
            if BREAK in text[block.start : block.stop].lstrip()
        )
        """Blocks that a form feed stands in."""
        self.pages = page_numbers(text, blocks)
        """The page of each block, from 0."""
        self.running = running(blocks, self.pages) if BREAK in text else {}
        """Blocks that are the head or the foot of a page, and why."""
        self.recurs = repetition.shared > 0
        """Whether other documents hold each block, or nearly the same."""
        kept = [at for at, signals in self.signals.items() if "keep" in signals]
        self.sheltered = frozenset(at for heading in kept for at in self._sheltered(heading))
        """Blocks listed under a section heading that a rule keeps: "See also", "References"."""
        self.fenced = self._fenced()
        """Whether each block lies in a fenced code block of Markdown, fences included."""
        self.kept = self.fenced.copy()
        """Whether each block is body whatever else is said of it: a rule says so, or keeps its section; or it is fenced code, or
        front matter; or it goes on on the next page. What a rule of the user's own cuts is none, unless another one keeps it."""
        self.kept |= self._marked((*kept, *self.sheltered, *self._front()))
        own = [at for at, signals in self.signals.items() if signals.get("cut") and not signals.get("keep")]
        self.kept = (self.kept & ~self._marked(own)) | self._marked(self.parted)
        self.cut = self._marked(said.block for said in evidence if said.signal == "cut" and not said.settles)
        """Whether a rule cuts each block. Not what the user's own rules cut: they say what goes, and nothing of what is near it."""
        self.openers = sorted(at for at, signals in self.signals.items() if "open" in signals and not self.kept[at])
        stops = [*self.openers[1:], len(blocks)]
        lists = {at: self._items(at, stop) for at, stop in zip(self.openers, stops, strict=False)}
        self.listed = frozenset(at for items in lists.values() for at in items)
        """Blocks that are items of a list under a heading that a rule knows."""
        self.bare = frozenset(at for at, items in lists.items() if not items and self._heads_body(at))
        """Headings that a rule knows, but that open no list: a section of the body goes by that name."""
        self.opens = self._marked(
            at for at, signals in self.signals.items() if "open" in signals and at not in self.bare
        )
        """Whether each block is a heading that a rule knows."""
        self.items = self._marked(self.listed)
        """The same as marks."""
        self.ruled = self.cut | self.opens | self.items
        """Whether a rule speaks for cutting each block, or for cutting the list that it is in."""
        self.settled = self._marked(
            [
                *self.running,
                *(
                    at
                    for at, signals in self.signals.items()
                    if any(settles and signal != "keep" for signal, settles in signals.items())
                ),
            ]
        )
        """Whether a rule of the user's own speaks for cutting each block, or it is the head or the foot of a page."""
        self.speaks = self.ruled | self.recurs | self.settled
        """Whether evidence of its own speaks for cutting each block."""

    @cached_property
    def widths(self) -> NDArray[np.float64]:
        """How wide each block is, in letters of the Latin script."""
        return self.forms[:, Form._fields.index("width")]

    @cached_property
    def parts(self) -> NDArray[np.bool_]:
        """Whether each block is a part of a longer line."""
        return np.array([block.sentence for block in self.blocks], dtype=np.bool_)

    @cached_property
    def split(self) -> NDArray[np.bool_]:
        """Whether the sentence that each block is a part of goes on in the next one: they were parted where something recurs."""
        split = np.zeros(len(self.blocks), dtype=np.bool_)
        if self.parts.any() and self.text != self.text.lower():  # where nothing has upper case, nothing is told by it
            for at in np.flatnonzero(self.parts[:-1]).tolist():
                split[at] = not self.blocks[at + 1].first and self._goes_on(at)
        return split

    @cached_property
    def sentences(self) -> NDArray[np.bool_]:
        """Whether each block is a sentence; a part of a longer line only when it ends as one."""
        return np.where(self.parts, self.formed("ended"), self.closed)

    @cached_property
    def code(self) -> NDArray[np.bool_]:
        """Whether each block looks like a line of a program or a table."""
        return self.formed("code")

    @cached_property
    def template(self) -> NDArray[np.bool_]:
        """Whether each block recurs, and not alone as a quotation or a section's heading does."""
        edge = (self.repetition.head > 0) | (self.repetition.tail > 0)
        beside = np.zeros(len(self.blocks), dtype=np.bool_)
        lettered = np.flatnonzero(self.lettered)
        beside[lettered[1:]] |= self.recurs[lettered[:-1]]
        beside[lettered[:-1]] |= self.recurs[lettered[1:]]
        return self.recurs & (edge | beside)

    @cached_property
    def paragraphs(self) -> list[int]:
        """Of each block, the number of the stretch without blank lines that it is in."""
        return list(accumulate((self._blank_after(at) for at in range(len(self.blocks) - 1)), initial=0))

    @cached_property
    def starts(self) -> list[str]:
        """How each block starts."""
        return [block.folded[:WIDTH] for block in self.blocks]

    @cached_property
    def copied(self) -> NDArray[np.bool_]:
        """Whether the same text, whole or cut short, stands elsewhere in the document: wide enough not to be chance."""
        copies = Counter(self.starts)
        copied = np.zeros(len(self.blocks), dtype=np.bool_)
        if len(copies) < len(self.blocks):
            copied[:] = [copies[start] > 1 for start in self.starts]
            copied &= (self.widths >= WIDTH) & ~self.code
        return copied

    def told(self, place: int) -> bool:
        """Whether there is a reason to give for cutting a block."""
        return place in self.reasons or place in self.repetition.reasons or place in self.running

    def known(self, place: int) -> bool:
        """Whether a block of a list is boilerplate by itself: a rule says so, or it recurs, and not alone as a quotation."""
        return self._known[place]

    @cached_property
    def _known(self) -> list[bool]:
        known: list[bool] = (self.copied | self.template | self.cut).tolist()
        return known

    @cached_property
    def _short(self) -> list[bool]:
        """Whether each block may be a title by its form."""
        short: list[bool] = (~(self.closed | self.code) & (self.widths <= TITLE)).tolist()
        return short

    def formed(self, name: str) -> NDArray[np.bool_]:
        """Whether the form of each block has what `name` says."""
        has: NDArray[np.bool_] = self.forms[:, Form._fields.index(name)] > 0
        return has

    def _marked(self, places: Iterable[int]) -> NDArray[np.bool_]:
        marked = np.zeros(len(self.blocks), dtype=np.bool_)
        if some := list(places):
            marked[some] = True
        return marked

    def _read(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which blocks read like a sentence, and which are one or its part."""
        prose = self.formed("prose") | (self.parts & self.formed("ended"))
        closed = prose | self.formed("clause")
        ends = closed.tolist()
        for at in np.flatnonzero((self.widths[:-1] >= CLAUSE) & ~prose[:-1])[::-1].tolist():
            if ends[at + 1] and self._goes_on(at):
                ends[at] = True
                prose[at] = self.widths[at] >= WRAPPED
        return prose, np.array(ends, dtype=np.bool_)

    def _items(self, opener: int, stop: int) -> range:
        """Return the blocks listed under the heading at `opener`, at most up to `stop`, where another heading is.

        A list is made of titles, of what recurs, and of teasers: one block of prose right under a title. A list that
        reaches the document's end, or the next heading, goes whole. One that ends earlier is a box with the body going
        on after it: it ends where evidence ends, at the last block that recurs, else before the first block that could
        be body.
        """
        end = self._reach(opener + 1, stop)
        if end < stop and (beyond := self._bridge(opener, end, stop)):
            end = self._reach(beyond, stop)
        if end < stop:
            recurring = [place for place in range(opener + 1, end) if self.known(place)]
            end = recurring[-1] + 1 if recurring else self._titles(opener + 1, end)
        return range(opener + 1, end)

    def _reach(self, place: int, stop: int) -> int:
        """Follow a list from `place`: return where it ends, at most `stop`."""
        first = last = place
        while place < stop and not self.kept[place]:
            known = self.known(place)
            title = self._short[place] and not self.starts_body(place)
            if not (known or title or self._is_teaser(first, place) or self._is_held(first, place, stop)):
                break
            place += 1
            last = place if known else last
            if place - last > LONGEST:
                return last
        return place

    def _is_held(self, first: int, place: int, stop: int) -> bool:
        """Whether blocks that are boilerplate by themselves stand close on both sides: unless it is prose, which the body may go on with."""
        if self.prose[place]:
            return False
        before, after = range(max(first, place - HOLD), place), range(place + 1, min(stop, place + HOLD + 1))
        held = any(map(self.known, before))
        if not held and place - first < HOLD:  # the heading holds a title, and a clause when a long list follows
            follow = sum(map(self.known, range(place + 1, min(stop, place + LONGEST))))
            held = not self.closed[place] or follow >= OVERWHELMING
        return held and any(map(self.known, after))

    def _is_teaser(self, first: int, place: int) -> bool:
        """Whether a block of prose belongs to the title before it.

        It stands right under it, and the list goes on after it; or it ends the document, and the list had one before.
        """
        if place <= first or self.prose[place - 1] or self._blank_after(place - 1):
            return False
        if place + 1 == len(self.blocks):
            return any(self.prose[first:place])
        return not self.prose[place + 1] or self.known(place + 1)

    def _titles(self, first: int, end: int) -> int:
        """Where the titles at the head of an unproven list end, leaving the one that may head the body after it."""
        place = first
        bulleted = is_bulleted(self.blocks[first].folded)
        while place < end and not self.closed[place] and (not bulleted or is_bulleted(self.blocks[place].folded)):
            place += 1
        spaced = any(self._blank_after(at) for at in range(first, place - 1))
        heads_body = place > first and spaced and not self._blank_after(place - 1)
        return place - 1 if heads_body else place

    def _bridge(self, opener: int, end: int, stop: int) -> int:
        """Where a list that breaks off at `end` was last seen: after a second copy of its items; 0 when it was not."""
        items = {self.starts[place] for place in range(opener, end) if self.copied[place]}
        copies = [place for place in range(end, stop) if self.starts[place] in items]
        if not copies or copies[0] == end:
            return 0
        gap = range(end, copies[0])
        size = self.blocks[gap[-1]].stop - self.blocks[gap[0]].start
        paragraphs = {self.paragraphs[place] for place in gap if self.prose[place]}
        if size > BRIDGE * self.blocks[opener].start or len(paragraphs) > 1:
            return 0
        return copies[-1] + 1

    def _sheltered(self, heading: int) -> range:
        """Return the list right under a heading that a rule keeps, up to an item that others hold, or a rule knows."""
        if self.closed[heading]:
            return range(0)
        end, shared = heading + 1, self.repetition.shared
        while end < len(self.blocks) and is_bulleted(self.blocks[end].folded):
            if end in self.signals or shared[end] >= SEVERAL:
                break
            end += 1
        return range(heading + 1, end)

    def _goes_on(self, place: int) -> bool:
        """Whether the sentence of a block, if it is one, goes on in the next one: in lower case, or after a comma."""
        if self._blank_after(place):
            return False
        following = self.blocks[place + 1]
        return (
            self.blocks[place].folded.endswith((",", ";"))
            or self.text[following.start : following.stop].lstrip()[:1].islower()
        )

    def starts_body(self, place: int) -> bool:
        """Whether a block is a Markdown heading, or opens a quotation: neither is an item of a list."""
        return self.blocks[place].folded.startswith(("#", '"', "“", "„", "«", "「"))

    def _heads_body(self, opener: int) -> bool:
        """Whether what comes after a heading is neither the document's end nor another heading."""
        if opener + 1 == len(self.blocks) or self.blocks[opener].sentence:
            return False
        return "open" not in self.signals.get(opener + 1, ())

    def _fenced(self) -> NDArray[np.bool_]:
        fenced = np.zeros(len(self.blocks), dtype=np.bool_)
        fences = np.flatnonzero(self.formed("fence")).tolist()
        for first, last in zip(fences[::2], fences[1::2], strict=False):
            fenced[first : last + 1] = True
        return fenced

    def _front(self) -> range:
        """Return the blocks of Markdown's front matter: fields between two lines of hyphens, of which the first starts the text."""
        if self.blocks and self.blocks[0].folded == "---" and self.blocks[0].start == 0:
            for at, block in enumerate(self.blocks[1:], 1):
                if block.folded == "---":
                    return range(at + 1 if at > 1 else 0)
                if not (_FIELD.match(block.folded) or is_bulleted(block.folded) or self.text[block.start].isspace()):
                    break
        return range(0)

    def _blank_after(self, place: int) -> bool:
        block = self.blocks[place]
        return block.end - block.stop > 1 and self.text.count("\n", block.stop, block.end) > 1


def speaks(
    text: str, evidence: Sequence[Evidence], reasons: Mapping[int, TemplateReason], layout: Layout | None = None
) -> bool:
    r"""Whether there is evidence of any kind on a document: else nothing is cut from it.

    >>> speaks("One.", [], {}), speaks("One.\n\fTwo.", [], {})
    (False, True)
    """
    return bool(text) and bool(evidence or reasons or layout is not None or BREAK in text)


def _said(evidence: Sequence[Evidence]) -> tuple[dict[int, dict[str, bool]], dict[int, list[RuleReason]]]:
    """Return the signals for blocks that rules speak of, and whether one settles it; and the reasons for cutting them."""
    signals: dict[int, dict[str, bool]] = {}
    reasons: dict[int, list[RuleReason]] = {}
    for said in evidence:
        known = signals.setdefault(said.block, {})
        known[said.signal] = said.settles or known.get(said.signal, False)
        if said.signal != "keep":
            reasons.setdefault(said.block, []).append(said.reason)
    return signals, reasons
