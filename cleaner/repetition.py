"""What a corpus says of a document's blocks: how often each is repeated, and in what company.

Two things make the counts mean something. They are of independent documents, and neither the document itself nor what
it was taken from counts. And they are taken both in the document's group, known or inferred, and over the corpus.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner import near
from cleaner.counting import combined
from cleaner.frequency import (
    COPY_RARE,
    END,
    START,
    Frequencies,
    affix_codes,
    close,
    fixed_codes,
    gap_codes,
    is_copy,
    landmarks,
    place_codes,
)
from cleaner.grouping import COMMON, TIE, weight
from cleaner.index import NO_KEY, affixes_of, cells_of, digest_of, keys_of, masks_of, shapes_of
from cleaner.model import Block, Document, Partner, TemplateReason
from cleaner.segment import is_prose

if TYPE_CHECKING:
    from numpy.typing import NDArray

PARTNERS = 3
"""Other documents named per reason."""

NOBODY = 2**32
"""In place of the group of a document that is in none of the index's."""


def lookup(known: Frequencies, document: Document, blocks: Sequence[Block]) -> Repetition:
    r"""Return what the corpus knows of the blocks of `document`.

    >>> from cleaner.index import learn
    >>> from cleaner.segment import segment
    >>> one, other = Document("a", "Of bees.\nShare this"), Document("b", "Of ants.\nShare this")
    >>> found = lookup(Frequencies(learn([one, other])), one, segment(one.text))
    >>> found.reasons[1].documents, found.reasons[1].partners
    (2, (Partner(id='b', start=9, end=19),))
    """
    return Repetition(**_Lookup(known, document, blocks).found()) if len(known.index) and blocks else none(len(blocks))


@dataclass(frozen=True, eq=False)
class Repetition:
    """What a corpus knows of a document's blocks: arrays with one number for each of them, counts of other documents."""

    size: int
    """How many other independent documents the group has."""
    group: NDArray[np.int64]
    """How many of them hold the block."""
    corpus: NDArray[np.int64]
    """How many other independent documents of the corpus do."""
    sites: NDArray[np.int64]
    """How many groups do, its own counted."""
    near: NDArray[np.float64]
    """How many hold nearly the same, times the similarity; 0 where some hold the same."""
    masked: NDArray[np.int64]
    """How many of the group hold the block when every digit is taken as 0."""
    before: NDArray[np.int64]
    """How many of the group hold it right after the block before it here, digits as 0."""
    after: NDArray[np.int64]
    """How many of the group hold it right before the block after it here, digits as 0."""
    labelled: NDArray[np.int64]
    """How many of the group have, next to the block that is next to it here, one that starts or ends like it."""
    gap: NDArray[np.int64]
    """How many of the group have the two landmarks around the block, one after the other; 0 for a landmark."""
    filled: NDArray[np.int64]
    """How many of these have text in between."""
    prose: NDArray[np.int64]
    """How many of these have prose in between."""
    framed: NDArray[np.int64]
    """How many of the group have a block that both starts and ends like it."""
    placed: NDArray[np.int64]
    """How many of the group have, as far after or before the same landmark, a block that starts or ends like it."""
    fixed: NDArray[np.int64]
    """How many of the group have it, digits as 0, as far from their start, or from their end, as it is here."""
    shaped: NDArray[np.float64]
    """How many of the group have, as far after or before the same landmark, a block of the same shape."""
    shape: NDArray[np.int64]
    """How many of the group have a block of the same shape anywhere."""
    shape_once: NDArray[np.float64]
    """How many documents of the group have that shape against how many blocks do: 1 when it comes once in each."""
    place: NDArray[np.float64]
    """How many of the group have any block as far after the same landmark, or before it, whichever is more."""
    place_prose: NDArray[np.float64]
    """The smaller share of these that have prose there."""
    cells: NDArray[np.int64]
    """How many cells the block has, 0 when it is but one."""
    cells_known: NDArray[np.float64]
    """The share of its cells that others of the group have."""
    cells_strong: NDArray[np.float64]
    """The mean share of the group's other documents that have each of its cells."""
    head: NDArray[np.int64]
    """How many of the corpus hold the block in a run of recurring ones at their start."""
    tail: NDArray[np.int64]
    """How many of the corpus hold the block in a run of recurring ones at their end."""
    reasons: dict[int, TemplateReason] = field(default_factory=dict)
    """For each block that others hold, or hold nearly: which, where, how many."""


def none(count: int) -> Repetition:
    """Return what an empty index knows of `count` blocks: nothing.

    >>> none(2).group.tolist()
    [0, 0]
    """
    nothing = np.zeros(count, dtype=np.int64)
    return Repetition(0, *([nothing] * 3), nothing.astype(np.float64), *([nothing] * 20))


@dataclass(frozen=True)
class _Lookup:
    """One document against the index."""

    known: Frequencies
    document: Document
    blocks: Sequence[Block]

    def found(self) -> dict[str, Any]:
        """Return the fields of a `Repetition`."""
        known, own, keys, masks = self.known, self._own, self._keys, self._masks
        corpus = known.holders.count(keys, own)
        group = known.group_holders.count(combined(self._group, keys), own)
        lettered = keys != NO_KEY
        corpus[~lettered] = group[~lettered] = 0
        size = int(known.members.count(combined(np.array([self._group])), own)[0])
        before, after = np.roll(masks, 1), np.roll(masks, -1)
        before[0], after[-1] = START, END
        pairs = combined(self._group, np.append(before, masks[-1]), np.append(masks, np.uint64(END)))
        paired = known.pairs.count(pairs, own)
        groups = np.full(len(keys), self._group)
        affix = affixes_of(self.blocks)
        affixes = affix_codes(groups, before, after, *affix)
        marks = lettered & landmarks(group + 1, np.full(len(keys), size + 1))
        gaps = np.zeros((3, len(keys)), dtype=np.int64)
        left, right, codes = gap_codes(self._group, keys, marks)
        for row, counted in zip(gaps, known.gaps, strict=True):
            for first, last, count in zip(left.tolist(), right.tolist(), counted.count(codes, own).tolist(), strict=True):
                row[first + 1 : last] = count
        placed, shaped, place, place_prose = (np.zeros(len(keys)) for _ in range(4))
        place_prose += 1
        everything, prosaic, labels, shapes = known.places
        looks = shapes_of(self.document.text, self.blocks)
        for near_mark, codes in place_codes(self._group, keys, marks):
            total = everything.count(codes, own)
            place[near_mark] = np.maximum(place[near_mark], total)
            share = np.where(total > 0, prosaic.count(codes, own) / np.maximum(1, total), 1.0)
            place_prose[near_mark] = np.minimum(place_prose[near_mark], share)
            shaped[near_mark] = np.maximum(
                shaped[near_mark], shapes.count(combined(codes, looks[near_mark]), own)
            )
            for ends in affix:
                count = labels.count(combined(codes, ends[near_mark]), own)
                placed[near_mark] = np.maximum(placed[near_mark], count)
        shape_codes = combined(self._group, looks)
        alike = known.shapes[0].count(shape_codes, own)
        at_shape = known.shapes[0].places(shape_codes)
        many = np.where(at_shape >= 0, known.shapes[1][at_shape], 1)
        once = np.where(at_shape >= 0, known.shapes[0].totals[at_shape] / np.maximum(1, many), 0.0)
        at = np.arange(len(keys))
        codes, near_end = fixed_codes(groups, masks, at, at[::-1])
        fixed = np.zeros(len(keys), dtype=np.int64)
        np.maximum.at(fixed, near_end, known.fixed.count(codes, own))
        cells, cell_counts = cells_of(self.document.text, self.blocks)
        cell_lines = np.repeat(np.arange(len(keys)), cell_counts)
        held = known.cells.count(combined(self._group, cells), own) if len(cells) else np.zeros(0)
        each = np.maximum(1, cell_counts)
        head, tail = (edge.count(keys, own) * lettered for edge in known.edge_holders)
        nearly = self._nearly(corpus, lettered)
        near = np.zeros(len(keys))
        reasons = {at: self._reason(int(self._slots[at]), 1.0) for at in np.flatnonzero(corpus).tolist()}
        for at, (slot, count, similarity) in nearly.items():
            near[at] = count * similarity
            reasons[at] = self._reason(slot, similarity)
        return {
            "size": size,
            "group": group,
            "corpus": corpus,
            "sites": known.groups_holding.count(keys) * lettered,
            "near": near,
            "masked": known.masked.count(combined(self._group, masks), own),
            "before": paired[:-1],
            "after": paired[1:],
            "labelled": np.max([known.affixes.count(code, own) for code in affixes], axis=0),
            "gap": gaps[0],
            "filled": gaps[1],
            "prose": gaps[2],
            "framed": known.framed.count(combined(self._group, *affix), own),
            "placed": placed.astype(np.int64),
            "fixed": fixed,
            "shaped": shaped,
            "shape": alike,
            "shape_once": once,
            "place": place,
            "place_prose": place_prose,
            "cells": cell_counts.astype(np.int64),
            "cells_known": np.bincount(cell_lines, weights=held > 0, minlength=len(keys)) / each,
            "cells_strong": np.bincount(cell_lines, weights=held / max(1, size), minlength=len(keys)) / each,
            "head": head,
            "tail": tail,
            "reasons": reasons,
        }

    @cached_property
    def _masks(self) -> NDArray[np.uint64]:
        return masks_of(self.blocks)

    @cached_property
    def _keys(self) -> NDArray[np.uint64]:
        return keys_of(self.blocks)

    @cached_property
    def _learnt(self) -> set[int]:
        """The learnt documents that are this one: by name, or because they say the same."""
        named = self.known.by_name.get((self.document.id, self.document.group), ())
        return {*named, *self.known.by_digest.get(digest_of(self._keys), ())}

    @cached_property
    def _own(self) -> set[int]:
        """The families that do not count: the document itself, as far as it was learnt, and what it was taken from."""
        known, learnt = self.known, self._learnt
        same = learnt.union(*(known.copies.get(number, ()) for number in learnt)) if learnt else set(self._copied())
        own = {int(known.families[number]) for number in same}
        return own | self._sources(own)

    @cached_property
    def _group(self) -> int:
        """The document's group: the one of its name, else the one it was learnt in, else the one its short lines tie it to."""
        known = self.known
        if self.document.group:
            return known.names.get(self.document.group, NOBODY)
        if learnt := [number for number in self._learnt if not known.index.groups[number]]:
            return int(known.group_of[min(learnt)])
        votes: defaultdict[int, float] = defaultdict(float)
        for place, slot in enumerate(self._slots.tolist()):
            if slot >= 0 and not is_prose(self.blocks[place].folded):
                holders = known.holding(slot)
                if len(holders) < COMMON:
                    tie = float(weight(np.array([len(holders) + 1]), len(known.index))[0])
                    for group in np.unique(known.group_of[holders]).tolist():
                        votes[group] += tie
        best = max(votes, key=lambda group: (votes[group], -group), default=NOBODY)
        return best if votes[best] >= TIE else NOBODY

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

    def _others(self, slots: Iterable[int]) -> list[int]:
        """Return how many families besides the document's own hold each of the keys at `slots`."""
        known = self.known
        found = known.holders.count(known.holders.codes[list(slots)], self._own)
        return [int(count) for count in found]

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
        count = self._others([slot])[0] + 1
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
            slots = [known.slot(number) for number, _ in matches]
            counts = self._others(slots)
            others = [
                (slot, count, alike)
                for slot, count, (_, alike) in zip(slots, counts, matches, strict=True)
                if count
            ]
            if others:
                found[place] = others[0][0], max(count for _, count, _ in others), others[0][2]
        return found
