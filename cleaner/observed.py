"""What was observed of a document's blocks, and the lists under its headings.

A heading that a rule knows opens a list of other pages; it does not license cutting all that follows. Which of the
blocks after it are the list's is told by their shape, by what recurs, and by where the evidence ends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from cleaner.model import Block, Evidence, RuleReason
from cleaner.near import WIDTH
from cleaner.pages import BREAK, page_numbers, running
from cleaner.repetition import Repetition
from cleaner.segment import is_bulleted, is_code, is_prose, width

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

CLAUSE = 20
"""Narrower text is no sentence, whatever its last character: "Vol. 2.", "p.m."."""

SEVERAL = 2
"""Other documents that make a sentence more than a quotation."""

HOLD = 2
"""An unknown item of a list is held by known ones this many blocks away, on both sides."""


class Observed:
    """One document's blocks and what was observed of them."""

    def __init__(
        self, text: str, blocks: Sequence[Block], evidence: Sequence[Evidence], repetition: Repetition
    ) -> None:
        self.text = text
        self.blocks = blocks
        self.widths = [width(block.folded) for block in blocks]
        self.prose = [is_prose(block.folded) or (block.sentence and _closed(block.folded)) for block in blocks]
        """Whether each block reads like a sentence of a body; of a longer line, any closed sentence does."""
        self.closed = [self.prose[at] or self._is_clause(at) for at in range(len(blocks))]
        """Whether each block is a sentence or its part, short ones and quoted mail included."""
        for at in range(len(blocks) - 2, -1, -1):
            if self.closed[at + 1] and self._goes_on(at):
                self.closed[at] = True
                self.prose[at] = self.prose[at] or self.widths[at] >= WRAPPED
        self.fenced = self._fenced()
        """Whether each block lies in a fenced code block of Markdown, fences included."""
        self.code = [is_code(block.folded) for block in blocks]
        self.lettered = [any(map(str.isalpha, block.folded)) for block in blocks]
        self.signals, self.reasons = _said(evidence, len(blocks))
        """What rules say of each block, and whether that settles it; and which speak for cutting it."""
        self.parted = frozenset(
            at
            for at, block in enumerate(blocks if BREAK in text else ())
            if BREAK in text[block.start : block.stop].lstrip()
        )
        """Blocks that a form feed stands in."""
        self.pages = page_numbers(text, blocks)
        """The page of each block, from 0."""
        self.running = running(blocks, self.pages)
        """Blocks that are the head or the foot of a page, and why."""
        self.repetition = repetition
        recurs = repetition.shared > 0
        self.recurs: list[bool] = recurs.tolist()
        """Whether other documents hold each block, or nearly the same."""
        edge = (repetition.head > 0) | (repetition.tail > 0)
        beside = np.zeros(len(recurs), dtype=np.bool_)
        lettered = np.flatnonzero(self.lettered)
        beside[lettered[1:]] |= recurs[lettered[:-1]]
        beside[lettered[:-1]] |= recurs[lettered[1:]]
        self.template: list[bool] = (recurs & (edge | beside)).tolist()
        """Whether each block recurs, and not alone as a quotation or a section's heading does."""
        self.sheltered = frozenset(at for heading in range(len(blocks)) for at in self._sheltered(heading))
        """Blocks listed under a section heading that a rule keeps: "See also", "References"."""
        self.openers = [at for at, signals in enumerate(self.signals) if "open" in signals and not self.kept(at)]
        self.paragraphs = list(accumulate((self._blank_after(at) for at in range(len(blocks) - 1)), initial=0))
        """Of each block, the number of the stretch without blank lines that it is in."""
        self.starts = [block.folded[:WIDTH] for block in blocks]
        copies = Counter(self.starts)
        self.copied = [
            wide >= WIDTH and copies[start] > 1 and not code
            for start, wide, code in zip(self.starts, self.widths, self.code, strict=True)
        ]
        """Whether the same text, whole or cut short, stands elsewhere in the document: wide enough not to be chance."""
        stops = [*self.openers[1:], len(blocks)]
        lists = {at: self._items(at, stop) for at, stop in zip(self.openers, stops, strict=False)}
        self.listed = frozenset(at for items in lists.values() for at in items)
        """Blocks that are items of a list under a heading that a rule knows."""
        self.bare = frozenset(at for at, items in lists.items() if not items and self._heads_body(at))
        """Headings that a rule knows, but that open no list: a section of the body goes by that name."""

    def kept(self, place: int) -> bool:
        """Whether a block is body whatever else is said of it.

        A rule says so, or keeps its section; or it is fenced code; or it goes on on the next page.
        """
        return "keep" in self.signals[place] or self.fenced[place] or place in self.sheltered or place in self.parted

    def ruled(self, place: int) -> bool:
        """Whether a rule speaks for cutting a block, or for cutting the list that it is in."""
        signals = self.signals[place]
        return place in self.listed or "cut" in signals or ("open" in signals and place not in self.bare)

    def settled(self, place: int) -> bool:
        """Whether a rule of the user's own speaks for cutting a block, or it is the head or the foot of a page."""
        return place in self.running or any(
            settles and signal != "keep" for signal, settles in self.signals[place].items()
        )

    def speaks(self, place: int) -> bool:
        """Whether evidence of its own speaks for cutting a block."""
        return self.ruled(place) or self.recurs[place] or place in self.running

    def told(self, place: int) -> bool:
        """Whether there is a reason to give for cutting a block."""
        return bool(self.reasons[place]) or place in self.repetition.reasons or place in self.running

    def known(self, place: int) -> bool:
        """Whether a block of a list is boilerplate by itself: a rule says so, or it recurs, and not alone as a quotation."""
        return self.copied[place] or self.template[place] or "cut" in self.signals[place]

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
        while place < stop and not self.kept(place):
            known = self.known(place)
            title = (
                not (self.closed[place] or self.code[place] or self._starts_body(place)) and self.widths[place] <= TITLE
            )
            if not (known or title or self._is_teaser(first, place) or self._is_held(first, place, stop)):
                break
            place += 1
            last = place if known else last
            if place - last > LONGEST:
                return last
        return place

    def _is_held(self, first: int, place: int, stop: int) -> bool:
        """Whether blocks that are boilerplate by themselves stand close on both sides."""
        before, after = range(max(first, place - HOLD), place), range(place + 1, min(stop, place + HOLD + 1))
        held = any(map(self.known, before))
        if not held and place - first < HOLD:  # the heading holds a title, and a sentence when a long list follows
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
        if "keep" not in self.signals[heading] or self.closed[heading]:
            return range(0)
        end, shared = heading + 1, self.repetition.shared
        while end < len(self.blocks) and is_bulleted(self.blocks[end].folded):
            if self.signals[end] or shared[end] >= SEVERAL:
                break
            end += 1
        return range(heading + 1, end)

    def _is_clause(self, place: int) -> bool:
        folded = self.blocks[place].folded
        return folded.startswith(">") or (self.widths[place] >= CLAUSE and _closed(folded))

    def _goes_on(self, place: int) -> bool:
        """Whether the sentence of a block goes on in the next one: in lower case, or after a comma."""
        if self._blank_after(place) or self.widths[place] < CLAUSE:
            return False
        following = self.blocks[place + 1]
        lower = self.text[following.start : following.stop].lstrip()[:1].islower()
        return lower or self.blocks[place].folded.endswith((",", ";"))

    def _starts_body(self, place: int) -> bool:
        """Whether a block is a Markdown heading, or opens a quotation: neither is an item of a list."""
        return self.blocks[place].folded.startswith(("#", '"', "“", "„", "«", "「"))

    def _heads_body(self, opener: int) -> bool:
        """Whether what comes after a heading is neither the document's end nor another heading."""
        if opener + 1 == len(self.blocks) or self.blocks[opener].sentence:
            return False
        return "open" not in self.signals[opener + 1]

    def _fenced(self) -> list[bool]:
        fences = [at for at, block in enumerate(self.blocks) if block.folded.startswith(("```", "~~~"))]
        fenced = [False] * len(self.blocks)
        for first, last in zip(fences[::2], fences[1::2], strict=False):
            fenced[first : last + 1] = [True] * (last + 1 - first)
        return fenced

    def _blank_after(self, place: int) -> bool:
        block = self.blocks[place]
        return self.text.count("\n", block.stop, block.end) > 1


def _said(evidence: Sequence[Evidence], count: int) -> tuple[list[dict[str, bool]], list[list[RuleReason]]]:
    """Return the signals for each of `count` blocks, and whether one settles it; and the reasons for cutting it."""
    signals: list[dict[str, bool]] = [{} for _ in range(count)]
    reasons: list[list[RuleReason]] = [[] for _ in range(count)]
    for said in evidence:
        signals[said.block][said.signal] = said.settles or signals[said.block].get(said.signal, False)
        if said.signal != "keep":
            reasons[said.block].append(said.reason)
    return signals, reasons


def _closed(folded: str) -> bool:
    """Whether folded text ends with a full stop, which an ellipsis is not."""
    bare = folded.rstrip("\"'”’»)]」』）")
    return bare.endswith((".", "。", "।", "۔")) and not bare.endswith("..")
