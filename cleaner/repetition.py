"""What a corpus says of a document's blocks: repetition, as evidence.

Three things make the counts mean something. They are of independent documents, and neither the document itself nor what
it was taken from counts. They are taken in the document's group when that is known and large enough, else over the
corpus. And they have context: a template's neighbours recur too, and a trailer's or header's run touches the end or the
start of its documents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log2
from operator import and_
from typing import TYPE_CHECKING

import numpy as np

from cleaner import near
from cleaner.frequency import COPY_RARE, Frequencies, Holders, close, edge_runs, holds, is_copy
from cleaner.index import NO_KEY, digest_of, keys_of
from cleaner.model import Block, Document, Evidence, Partner, Signal, TemplateReason
from cleaner.segment import is_prose

if TYPE_CHECKING:
    from numpy.typing import NDArray

GROUP = 3
"""Frequency is counted in the group when it has this many other independent documents; else over the corpus."""

QUOTED = 3
"""When so many other documents hold a header's or trailer's most frequent line, what a single other one holds is the
end of a shared article, or chance, and gets nothing from its place."""

PARTNERS = 3
"""Other documents named per reason."""


def lookup(known: Frequencies, document: Document, blocks: Sequence[Block]) -> list[Evidence]:
    r"""Return what the corpus knows of the blocks of `document`, by block.

    >>> from cleaner.index import learn
    >>> from cleaner.segment import segment
    >>> one, other = Document("a", "Of bees.\nShare this"), Document("b", "Of ants.\nShare this")
    >>> [found] = lookup(Frequencies(learn([one, other])), one, segment(one.text))
    >>> found.block, found.signal, found.reason.documents, found.reason.partners
    (1, 'repeated', 2, (Partner(id='b', start=9, end=19),))
    """
    return list(_Lookup(known, document, blocks).evidence()) if len(known.index) and blocks else []


@dataclass(frozen=True)
class _Lookup:
    """One document against the index."""

    known: Frequencies
    document: Document
    blocks: Sequence[Block]

    def evidence(self) -> Iterator[Evidence]:
        """Yield what is known of each block, in order."""
        known = self.known
        if len(self._own) == known.independent:
            return  # no other document
        counts = self._counts
        lettered = self._keys != NO_KEY
        prose = np.array([is_prose(block.folded) for block in self.blocks], dtype=np.bool_)
        nearly = self._nearly(counts, lettered)
        recurs = counts > 0
        recurs[list(nearly)] = True
        runs = edge_runs(recurs, prose, lettered)
        crowd = int(counts[runs[0] | runs[1]].max(initial=0))
        places = np.flatnonzero(lettered).tolist()
        for at, place in enumerate(places):
            if not recurs[place]:
                continue
            if place in nearly:
                slot, count, similarity = nearly[place]
            else:
                slot, count, similarity = int(self._slots[place]), int(counts[place]), 1.0
            here = runs[0][place], runs[1][place]
            there = tuple(self._others(slot, holders) > 0 for holders in known.edge_holders)
            if here == (True, False) and there == (False, True):
                continue  # a trailer's item elsewhere, but at the head here: the headline that the item links to
            signal: Signal = "repeated" if similarity == 1.0 else "near"
            yield Evidence(place, signal, log2(1 + count) * similarity, self._reason(slot, similarity))
            if count == 1 and crowd >= QUOTED:
                continue  # one other document holds this, many hold the header or trailer: a quotation, or chance
            sides = [recurs[other] for other in places[max(0, at - 1) : at] + places[at + 1 : at + 2]]
            if any(sides):
                yield Evidence(place, "together", sum(map(bool, sides)) / 2)
            if any(map(and_, here, there)):
                yield Evidence(place, "edge", 1.0)
            elif any(there) and any(sides):
                yield Evidence(place, "edge", 0.5)

    @cached_property
    def _keys(self) -> NDArray[np.uint64]:
        return keys_of(self.blocks)

    @cached_property
    def _own(self) -> set[int]:
        """The families that do not count: the document itself, as far as it was learnt, and what it was taken from."""
        known = self.known
        named = known.by_name.get((self.document.id, self.document.group), ())
        learnt = {*named, *known.by_digest.get(digest_of(self._keys), ())}
        same = learnt.union(*(known.copies.get(number, ()) for number in learnt)) if learnt else set(self._copied())
        own = {int(known.families[number]) for number in same}
        return own | self._sources(own)

    def _copied(self) -> list[int]:
        """Learnt documents whose rare prose the document shares. A line that one document holds is rare here, too."""
        known = self.known
        shared: defaultdict[int, list[int]] = defaultdict(list)
        prose = {block.folded: place for place, block in enumerate(self.blocks) if is_prose(block.folded)}
        sizes = {place: self.blocks[place].stop - self.blocks[place].start for place in prose.values()}
        for place, size in sizes.items():
            holders = known.holding(int(self._slots[place]))
            if len(holders) <= COPY_RARE:
                for holder in holders.tolist():
                    shared[holder].append(size)
        total = sum(sizes.values())
        return [other for other, lines in shared.items() if is_copy(lines, min(total, int(known.prose_size[other])))]

    def _sources(self, own: Collection[int]) -> set[int]:
        """Return the families, besides `own`, with a document that holds every line of this one: it is an excerpt of it.

        Such as its body, cleaned.
        """
        known = self.known
        slots = np.unique(self._slots[self._keys != NO_KEY])
        if not len(slots) or slots[0] < 0:
            return set()
        starts = known.by_key[1]
        rarest = slots[np.argmin(starts[slots + 1] - starts[slots])]
        sources: set[int] = set()
        for candidate in known.holding(int(rarest)).tolist():
            family = int(known.families[candidate])
            if family not in own and family not in sources and np.isin(slots, known.slots_of(candidate)).all():
                sources.add(family)
        return sources

    @cached_property
    def _slots(self) -> NDArray[np.int64]:
        """The position of each block's key among the distinct keys of the index, -1 when no document holds it."""
        distinct = self.known.by_key[0]
        slots = np.searchsorted(distinct, self._keys)
        found = (slots < len(distinct)) & (self._keys != NO_KEY)
        found[found] = distinct[slots[found]] == self._keys[found]
        return np.where(found, slots, -1)

    def _others(self, slot: int, holders: Holders) -> int:
        """Return how many families besides the document's own hold the key at `slot`."""
        pairs, totals = holders
        return int(totals[slot]) - sum(
            int(holds(pairs, np.array([slot * len(self.known.index) + family]))[0]) for family in self._own
        )

    @cached_property
    def _group(self) -> int:
        """The document's group when it is known and large enough to count in, else -1."""
        known = self.known
        group = known.groups.get(self.document.group, -1) if self.document.group else -1
        return group if group >= 0 and self._others(group, known.members) >= GROUP else -1

    @cached_property
    def _counts(self) -> NDArray[np.int64]:
        """For each block, how many other independent documents hold it."""
        known = self.known
        counts = np.zeros(len(self.blocks), dtype=np.int64)
        found = self._slots >= 0
        slots = self._slots[found]
        if self._group < 0:
            pairs, totals = known.holders
            held = totals[slots]
        else:
            pairs, places = known.group_holders
            slots = slots * len(known.groups) + self._group
            held = np.searchsorted(places, slots, "right") - np.searchsorted(places, slots, "left")
        for family in self._own:
            held = held - holds(pairs, slots * len(known.index) + family)
        counts[found] = held
        return counts

    def _reason(self, slot: int, similarity: float) -> TemplateReason:
        """Return the key at `slot` as a reason: the first `PARTNERS` documents, in order, that are not the document's own."""
        if (slot, similarity) in self._reasons:
            return self._reasons[slot, similarity]
        known = self.known
        distinct, starts, lines = known.by_key
        partners: dict[int, Partner] = {}
        for line in lines[starts[slot] : starts[slot + 1]]:
            number = int(known.documents[line])
            if number not in partners and int(known.families[number]) not in self._own:
                start, stop = int(known.index.starts[line]), int(known.index.stops[line])
                partners[number] = Partner(known.index.ids[number], start, stop)
                if len(partners) == PARTNERS:
                    break
        count = self._others(slot, known.holders) + 1
        reason = TemplateReason(f"{int(distinct[slot]):016x}", count, round(similarity, 3), tuple(partners.values()))
        self._reasons[slot, similarity] = reason
        return reason

    @cached_property
    def _reasons(self) -> dict[tuple[int, float], TemplateReason]:
        """Those made so far: a line may stand many times in its document."""
        return {}

    def _nearly(self, counts: NDArray[np.int64], lettered: NDArray[np.bool_]) -> dict[int, tuple[int, int, float]]:
        """For each block that nothing equals but something nearly does: its key slot, its count, and the similarity."""
        known = self.known
        places = [
            place
            for place in np.flatnonzero(close(counts > 0, lettered) & (counts == 0)).tolist()
            if near.comparable(self.blocks[place].folded)
        ]
        found: dict[int, tuple[int, int, float]] = {}
        if not places:
            return found
        for place, matches in zip(places, known.neighbours.like(self.blocks[at].folded for at in places), strict=True):
            slots = [(known.slot(number), alike) for number, alike in matches]
            others = [(slot, count, alike) for slot, alike in slots if (count := self._others(slot, known.holders))]
            if others:
                found[place] = others[0][0], max(count for _, count, _ in others), others[0][2]
        return found
