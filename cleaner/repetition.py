"""What an index says of a document's blocks: repetition, as evidence.

Three things make the counts mean something. Frequency is independent: documents that share their own prose (syndicated,
republished, duplicated) count once, and the document that is looked up does not count at all. It is counted in the
document's group when the group is known and large enough, else over the corpus. And it has context: a template's
neighbours recur too, and a trailer's or header's run touches the end or the start of its documents.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log2

import numpy as np
from numpy.typing import NDArray

from cleaner import near
from cleaner.index import NO_KEY, Index, digest_of, keys_of
from cleaner.model import Block, Document, Evidence, Partner, TemplateReason
from cleaner.segment import is_prose, width

COPY_LINES, COPY_SHARE, COPY_RARE = 3, 0.5, 4
"""Two documents are copies when they share at least `COPY_LINES` prose lines that are rare (in at most `COPY_RARE`
documents) and that make `COPY_SHARE` of the prose of one of them. Looser rules make copies of a whole site's pages,
through its footers and teasers."""

GROUP = 3
"""Frequency is counted in the group when it has this many other independent documents; else over the corpus."""

EDGE = 3.0
"""Least score of a run that touches the start or end: three recurring blocks more than unseen ones."""

EDGE_SHORT, EDGE_PROSE = -1.0, -1.5
"""What an unseen block costs such a run: items rotate, prose does not."""

QUOTED = 3
"""When so many other documents hold a header's or trailer's most frequent line, what a single other one holds is the
end of a shared article, or chance, and gets nothing from its place."""

REACH = 3
"""Near-duplicates are looked for this many blocks around a recurring one, and from the ends of a document."""

PARTNERS = 3
"""Other documents named per reason."""


@dataclass(frozen=True)
class Repetition:
    """An index, ready for look-ups. All is derived from the index, so equal indexes say the same."""

    index: Index

    @cached_property
    def _documents(self) -> NDArray[np.int64]:
        """The document of each line."""
        return np.repeat(np.arange(len(self.index), dtype=np.int64), np.diff(self.index.first))

    @cached_property
    def _groups(self) -> dict[str, int]:
        return {group: number for number, group in enumerate(sorted(set(self.index.groups)))}

    @cached_property
    def _by_key(self) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
        """Distinct keys, sorted; where each one's lines start in the third array (one longer); lines by key, position."""
        lines = np.flatnonzero(self.index.keys != NO_KEY)
        lines = lines[np.argsort(self.index.keys[lines], kind="stable")]
        distinct, starts = np.unique(self.index.keys[lines], return_index=True)
        return distinct, np.append(starts, len(lines)), lines

    @cached_property
    def _slots(self) -> NDArray[np.int64]:
        """The position of each line's key among the distinct keys; -1 for a line without one."""
        distinct, starts, lines = self._by_key
        slots = np.full(len(self.index.keys), -1, dtype=np.int64)
        slots[lines] = np.repeat(np.arange(len(distinct)), np.diff(starts))
        return slots

    @cached_property
    def _rare_prose(self) -> dict[int, tuple[NDArray[np.int64], int]]:
        """For each rare prose key that several documents hold: those documents, and its length in characters."""
        distinct, starts, lines = self._by_key
        rare = {}
        counts = np.diff(starts)
        heads = lines[starts[:-1]]
        for slot in np.flatnonzero((counts >= 2) & (counts <= 2 * COPY_RARE) & self.index.prose[heads]).tolist():
            holders = self._holding(slot)
            if 2 <= len(holders) <= COPY_RARE:
                head = heads[slot]
                rare[int(distinct[slot])] = (holders, int(self.index.stops[head] - self.index.starts[head]))
        return rare

    @cached_property
    def _prose_size(self) -> NDArray[np.int64]:
        """Characters of prose in each document, repeated lines counted once."""
        lines = np.flatnonzero(self.index.prose & (self.index.keys != NO_KEY))
        pairs = np.stack([self._documents[lines], self._slots[lines]], axis=1)
        _, once = np.unique(pairs, axis=0, return_index=True)
        chosen = lines[once]
        sizes = (self.index.stops[chosen] - self.index.starts[chosen]).astype(np.float64)
        return np.bincount(self._documents[chosen], weights=sizes, minlength=len(self.index)).astype(np.int64)

    @cached_property
    def _by_digest(self) -> dict[str, list[int]]:
        found: defaultdict[str, list[int]] = defaultdict(list)
        for number, digest in enumerate(self.index.digests):
            found[digest].append(number)
        return found

    @cached_property
    def _families(self) -> NDArray[np.int64]:
        """For each document the first one that it is a copy of, or itself. Stars, not chains: copies of a copy may differ."""
        shared: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for holders, size in self._rare_prose.values():
            numbers = holders.tolist()
            for at, one in enumerate(numbers):
                for other in numbers[at + 1 :]:
                    shared[one, other].append(size)
        copies: defaultdict[int, list[int]] = defaultdict(list)
        for (one, other), sizes in shared.items():
            if _copies(sizes, min(self._prose_size[one], self._prose_size[other])):
                copies[other].append(one)
        for numbers in self._by_digest.values():
            for number in numbers[1:]:
                copies[number].append(numbers[0])
        families = np.arange(len(self.index), dtype=np.int64)
        for number in range(len(self.index)):
            heads = [earlier for earlier in copies.get(number, ()) if families[earlier] == earlier]
            if heads:
                families[number] = min(heads)
        return families

    @cached_property
    def _group_of(self) -> NDArray[np.int64]:
        return np.array([self._groups[group] for group in self.index.groups], dtype=np.int64)

    @cached_property
    def _holders(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(key slot, family) of all lines, distinct and sorted, as one number each; how many families hold each slot."""
        slots = self._slots
        lines = np.flatnonzero(slots >= 0)
        pairs = np.unique(slots[lines] * len(self.index) + self._families[self._documents[lines]])
        return pairs, np.bincount(pairs // max(1, len(self.index)), minlength=len(self._by_key[0]))

    @cached_property
    def _group_holders(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(key slot, group, family), distinct and sorted; (key slot, group), sorted, once for each of its families."""
        slots, documents = self._slots, self._documents
        lines = np.flatnonzero(slots >= 0)
        places = slots[lines] * len(self._groups) + self._group_of[documents[lines]]
        triples = np.unique(places * len(self.index) + self._families[documents[lines]])
        return triples, triples // max(1, len(self.index))

    @cached_property
    def _group_sizes(self) -> Counter[int]:
        """Independent documents in each group."""
        pairs = np.unique(self._group_of * len(self.index) + self._families)
        return Counter((pairs // max(1, len(self.index))).tolist())

    @cached_property
    def _recurs(self) -> NDArray[np.bool_]:
        """Whether each line stands in another independent document."""
        slots = self._slots
        recurs = np.zeros(len(slots), dtype=np.bool_)
        lettered = slots >= 0
        recurs[lettered] = self._holders[1][slots[lettered]] >= 2
        return recurs

    @cached_property
    def _edge_holders(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """As `_holders`, of the lines that stand in a run of recurring lines at an edge of their document."""
        edge = np.zeros(len(self._slots), dtype=np.bool_)
        for number in range(len(self.index)):
            lines = slice(int(self.index.first[number]), int(self.index.first[number + 1]))
            edge[lines] = edge_runs(self._recurs[lines], self.index.prose[lines], self.index.keys[lines] != NO_KEY)
        lines = np.flatnonzero(edge & (self._slots >= 0))
        pairs = np.unique(self._slots[lines] * len(self.index) + self._families[self._documents[lines]])
        return pairs, np.bincount(pairs // max(1, len(self.index)), minlength=len(self._by_key[0]))

    @cached_property
    def _neighbours(self) -> near.Neighbours:
        """Recurring lines, and unseen ones close to them or to an end: near-duplicates of these can matter."""
        known: set[int] = set()
        for number in range(len(self.index)):
            lines = slice(int(self.index.first[number]), int(self.index.first[number + 1]))
            keys, recurs = self.index.keys[lines], self._recurs[lines]
            known.update(keys[recurs | close(recurs, keys != NO_KEY)].tolist())
        return near.neighbours({number: self.index.texts[number] for number in known if number in self.index.texts})

    def lookup(self, document: Document, blocks: Sequence[Block]) -> list[Evidence]:
        """Return what the index knows of the blocks of `document`, by block. The document's own copies do not count."""
        return list(_Lookup(self, document, blocks).evidence()) if len(self.index) and blocks else []

    def _holding(self, slot: int) -> NDArray[np.int64]:
        """The documents that hold the key at `slot`, sorted; none for -1."""
        if slot < 0:
            return np.empty(0, dtype=np.int64)
        _, starts, lines = self._by_key
        return np.unique(self._documents[lines[starts[slot] : starts[slot + 1]]])

    def _slot(self, number: int) -> int:
        """The position of a key among the distinct ones, -1 when no document holds it."""
        distinct = self._by_key[0]
        at = int(np.searchsorted(distinct, np.uint64(number)))
        return at if at < len(distinct) and int(distinct[at]) == number else -1


def _copies(sizes: Sequence[int], prose: int) -> bool:
    """Whether sharing rare prose lines of these sizes makes copies, when the one with less prose has that much of it."""
    return len(sizes) >= COPY_LINES and sum(sizes) >= COPY_SHARE * prose


def edge_runs(recurs: NDArray[np.bool_], prose: NDArray[np.bool_], lettered: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the blocks of the best-scoring head and the best-scoring tail of a document, where they score `EDGE`.

    >>> recurs = np.array([False, False, True, True, False, True, True])
    >>> edge_runs(recurs, np.zeros(7, bool), np.ones(7, bool)).tolist()
    [False, False, True, True, True, True, True]
    """
    marked = np.zeros(len(recurs), dtype=np.bool_)
    if np.count_nonzero(recurs) < EDGE:
        return marked
    gains = np.where(recurs, 1.0, np.where(prose, EDGE_PROSE, EDGE_SHORT)) * lettered
    head, tail = np.cumsum(gains), np.cumsum(gains[::-1])
    if head.max() >= EDGE:
        marked[: int(head.argmax()) + 1] = True
    if tail.max() >= EDGE:
        marked[len(gains) - 1 - int(tail.argmax()) :] = True
    return marked


def close(recurs: NDArray[np.bool_], lettered: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the blocks within `REACH` of a recurring one or of an end, counting blocks with letters only.

    >>> recurs = np.array([False, False, False, False, True, False, False, False, False, False, False])
    >>> close(recurs, np.ones(11, bool)).astype(int).tolist()
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    """
    places = np.flatnonzero(lettered)
    marked = np.zeros(len(recurs), dtype=np.bool_)
    if not len(places):
        return marked
    inner = np.pad(recurs[places], REACH, constant_values=True)
    marked[places] = np.lib.stride_tricks.sliding_window_view(inner, 2 * REACH + 1).any(axis=1)
    return marked


@dataclass(frozen=True)
class _Lookup:
    """One document against the index."""

    known: Repetition
    document: Document
    blocks: Sequence[Block]

    def evidence(self) -> Iterator[Evidence]:
        counts = self._counts
        lettered = self._keys != NO_KEY
        prose = np.array([is_prose(block.folded) for block in self.blocks], dtype=np.bool_)
        nearly = self._nearly(counts, lettered)
        recurs = counts > 0
        recurs[list(nearly)] = True
        edge = edge_runs(recurs, prose, lettered)
        crowd = int(counts[edge].max(initial=0))
        places = np.flatnonzero(lettered).tolist()
        for at, place in enumerate(places):
            if not recurs[place]:
                continue
            if place in nearly:
                count, reason, elsewhere = nearly[place]
                yield Evidence(place, "near", log2(1 + count) * reason.similarity, reason)
            else:
                slot = int(self._slots[place])
                count, elsewhere = int(counts[place]), self._others(slot, *self.known._edge_holders) > 0
                reason = self._reason(slot, 1.0)
                yield Evidence(place, "repeated", log2(1 + count), reason)
            if count == 1 and crowd >= QUOTED:
                continue  # one other document holds this, many hold the header or trailer: a quotation, or chance
            sides = [recurs[other] for other in places[max(0, at - 1) : at] + places[at + 1 : at + 2]]
            if any(sides):
                yield Evidence(place, "together", sum(map(bool, sides)) / 2)
            if elsewhere:
                yield Evidence(place, "edge", 1.0 if edge[place] else 0.5)

    @cached_property
    def _keys(self) -> NDArray[np.uint64]:
        return keys_of(self.blocks)

    @cached_property
    def _own(self) -> set[int]:
        """The families that do not count: of the document itself, when it was learnt, and of what it was taken from."""
        known = self.known
        own = known._by_digest.get(digest_of(self._keys)) or self._copied()
        return {int(known._families[number]) for number in (*own, *self._sources())}

    def _copied(self) -> list[int]:
        """Learnt documents whose rare prose the document shares. A line that one document holds is rare here, too."""
        known = self.known
        shared: defaultdict[int, list[int]] = defaultdict(list)
        size = 0
        prose = {block.folded: place for place, block in enumerate(self.blocks) if is_prose(block.folded)}
        for place in prose.values():
            length = self.blocks[place].stop - self.blocks[place].start
            size += length
            holders = known._holding(int(self._slots[place]))
            if len(holders) <= COPY_RARE:
                for holder in holders.tolist():
                    shared[holder].append(length)
        return [other for other, sizes in shared.items() if _copies(sizes, min(size, int(known._prose_size[other])))]

    def _sources(self) -> list[int]:
        """Learnt documents that hold every line of this one: it is an excerpt of them, such as their cleaned body."""
        known = self.known
        slots = np.unique(self._slots[self._keys != NO_KEY])
        if not len(slots) or slots[0] < 0:
            return []
        starts = known._by_key[1]
        rarest = slots[np.argsort(starts[slots + 1] - starts[slots], kind="stable")]
        sources = known._holding(int(rarest[0]))
        for slot in rarest[1:].tolist():
            sources = np.intersect1d(sources, known._holding(slot), assume_unique=True)
            if not len(sources):
                break
        return [int(source) for source in sources]

    @cached_property
    def _slots(self) -> NDArray[np.int64]:
        """The position of each block's key among the distinct keys of the index, -1 when no document holds it."""
        distinct = self.known._by_key[0]
        slots = np.searchsorted(distinct, self._keys)
        found = (slots < len(distinct)) & (self._keys != NO_KEY)
        found[found] = distinct[slots[found]] == self._keys[found]
        return np.where(found, slots, -1)

    def _others(self, slot: int, pairs: NDArray[np.int64], totals: NDArray[np.int64]) -> int:
        """How many families besides the document's own hold the key at `slot`."""
        return int(totals[slot]) - sum(_holds(pairs, slot * len(self.known.index) + family) for family in self._own)

    @cached_property
    def _group(self) -> int:
        """The document's group when it is large enough to count in, else -1."""
        known = self.known
        group = known._groups.get(self.document.group, -1)
        members = {int(known._families[n]) for n in np.flatnonzero(known._group_of == group)} if group >= 0 else set()
        return group if len(members - self._own) >= GROUP else -1

    @cached_property
    def _counts(self) -> NDArray[np.int64]:
        """For each block, how many other independent documents hold it."""
        known = self.known
        counts = np.zeros(len(self.blocks), dtype=np.int64)
        for place in np.flatnonzero(self._slots >= 0).tolist():
            slot = int(self._slots[place])
            if self._group < 0:
                counts[place] = self._others(slot, *known._holders)
                continue
            triples, places = known._group_holders
            where = slot * len(known._groups) + self._group
            held = int(np.searchsorted(places, where, "right") - np.searchsorted(places, where, "left"))
            own = sum(_holds(triples, where * len(known.index) + family) for family in self._own)
            counts[place] = held - own
        return counts

    def _reason(self, slot: int, similarity: float) -> TemplateReason:
        """The key at `slot` as a reason: first `PARTNERS` documents, in order, that are not the document's own."""
        known = self.known
        distinct, starts, lines = known._by_key
        partners: dict[int, Partner] = {}
        for line in lines[starts[slot] : starts[slot + 1]].tolist():
            number = int(known._documents[line])
            if number not in partners and int(known._families[number]) not in self._own:
                start, stop = int(known.index.starts[line]), int(known.index.stops[line])
                partners[number] = Partner(known.index.ids[number], start, stop)
                if len(partners) == PARTNERS:
                    break
        count = self._others(slot, *known._holders) + 1
        return TemplateReason(f"{int(distinct[slot]):016x}", count, round(similarity, 3), tuple(partners.values()))

    def _nearly(
        self, counts: NDArray[np.int64], lettered: NDArray[np.bool_]
    ) -> dict[int, tuple[int, TemplateReason, bool]]:
        """For blocks that nothing equals but something nearly does: how many documents, the best one, if at an edge."""
        known = self.known
        places = [
            place
            for place in np.flatnonzero(close(counts > 0, lettered) & (counts == 0)).tolist()
            if width(self.blocks[place].folded) >= near.WIDTH
        ]
        found: dict[int, tuple[int, TemplateReason, bool]] = {}
        if not places:
            return found
        for place, matches in zip(places, known._neighbours.like(self.blocks[at].folded for at in places), strict=True):
            others = [(slot, alike) for number, alike in matches if self._others(slot := known._slot(number), *known._holders)]
            if not others:
                continue
            slot, alike = others[0]
            count = max(self._others(slot, *known._holders) for slot, _ in others)
            elsewhere = any(self._others(slot, *known._edge_holders) for slot, _ in others)
            found[place] = count, self._reason(slot, alike), elsewhere
        return found


def _holds(numbers: NDArray[np.int64], number: int) -> bool:
    """Whether a sorted array holds a number."""
    at = int(np.searchsorted(numbers, number))
    return at < len(numbers) and int(numbers[at]) == number
