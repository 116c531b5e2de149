"""What a corpus says of a document's blocks: how often each is repeated, and in what company.

Two things make the counts mean something. They are of independent documents, and neither the document itself nor what
it was taken from counts. And they are taken both in the document's group, known or inferred, and over the corpus.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner import near
from cleaner.counting import Counter, combined
from cleaner.fingerprints import NO_KEY, affixes_of, cells_of, keys_of, masks_of, shapes_of
from cleaner.frequency import Frequencies
from cleaner.kinship import Kinship
from cleaner.model import Block, Document, Partner, TemplateReason
from cleaner.passages import PARTNERS, Passages, Reasons
from cleaner.segment import is_prose
from cleaner.surroundings import (
    END,
    START,
    affix_codes,
    close,
    edge_runs,
    fixed_codes,
    gap_codes,
    landmarks,
    place_codes,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


def lookup(known: Frequencies, document: Document, blocks: Sequence[Block]) -> Repetition:
    r"""Return what the corpus knows of the blocks of `document`.

    >>> from cleaner.index import learn
    >>> from cleaner.segment import segment
    >>> one, other = Document("a", "Of bees.\nShare this"), Document("b", "Of ants.\nShare this")
    >>> found = lookup(Frequencies(learn([one, other])), one, segment(one.text))
    >>> found.reasons[1].documents, found.reasons[1].partners
    (2, (Partner(id='b', start=9, end=19),))
    """
    if not len(known.index) or not blocks:
        return none(blocks)
    kin = Kinship(known, document, blocks)
    return _Lookup(kin, Passages(kin)).found()


@dataclass(frozen=True, eq=False)
class Repetition:
    """What a corpus knows of a document's blocks: arrays with one number for each of them, counts of other documents."""

    blocks: tuple[Block, ...]
    """Those looked up, long lines split where repetition starts or ends."""
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
    edge: NDArray[np.bool_]
    """Whether it stands in such a run here, and others hold it with no prose of their own between it and that end."""
    reasons: Mapping[int, TemplateReason] = field(default_factory=dict)
    """For each block that others hold, nearly hold, or hold a cell of: which, where, how many. Of cells the similarity is one
    to how many there are."""
    duplicate_of: str | None = None
    """The id of the first document that this one is a copy of."""

    @property
    def shared(self) -> NDArray[np.float64]:
        """How many other documents of the corpus hold each block, or nearly the same."""
        return np.maximum(self.corpus, self.near)


_OTHER = ("blocks", "size", "edge", "reasons", "duplicate_of")
"""What is no count."""


def none(blocks: Sequence[Block]) -> Repetition:
    """Return what an empty index knows of `blocks`: nothing.

    >>> none([Block(0, 1, 1, "a")]).group.tolist()
    [0]
    """
    nothing = np.zeros(len(blocks), dtype=np.int64)
    names: list[str] = [one.name for one in fields(Repetition) if one.name not in _OTHER]
    values: dict[str, Any] = dict.fromkeys(names, nothing)
    values |= {"near": nothing * 1.0, "shape_once": nothing * 1.0, "place_prose": nothing + 1.0}
    return Repetition(tuple(blocks), 0, edge=nothing.astype(np.bool_), **values)


@dataclass(frozen=True)
class _Lookup:
    """One document against the index."""

    kin: Kinship
    passages: Passages

    @property
    def _known(self) -> Frequencies:
        return self.kin.known

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks to look up."""
        return self.passages.blocks

    def found(self) -> Repetition:
        """Return all that is known."""
        counts, edges = self._counts, self._edges
        held = counts["corpus"].tolist()
        makers: dict[int, Callable[[], TemplateReason]] = {
            at: partial(self._reason, slot, 1.0)
            for at, slot in enumerate(self._slots.tolist())
            if held[at] and slot >= 0
        }
        makers |= {at: partial(self.passages.reason, at) for at in self._parts if held[at]}
        makers |= {at: partial(self._reason, slot, alike) for at, (slot, _, alike) in self._nearly.items()}
        makers |= {at: maker for at, maker in self._titled() if at not in makers}
        return Repetition(
            self.blocks,
            self._size,
            **counts,
            **edges,
            **self._neighbours(),
            **self._gaps(),
            **self._looks(),
            **self._places(),
            **self._cells(),
            reasons=Reasons(makers),
            duplicate_of=self.kin.duplicate_of,
        )

    def _count(self, counter: Counter, *parts: Any) -> NDArray[np.int64]:
        """Count a code of the group in other documents."""
        return counter.count(combined(self.kin.group, *parts), self.kin.own)

    @cached_property
    def _size(self) -> int:
        return int(self._known.members.count(combined(np.array([self.kin.group])), self.kin.own)[0])

    @cached_property
    def _counts(self) -> dict[str, Any]:
        known, keys = self._known, self._keys
        group = self._count(known.group_holders, keys)
        for at in self._parts:
            group[at] = self.passages.covered[at][0]
        group[~self._lettered] = 0
        corpus = np.maximum(known.holders.count(keys, self.kin.own), group)
        return {
            "group": group,
            "corpus": corpus,
            "sites": known.groups_holding.count(keys),
            "masked": self._count(known.masked, self._masks),
        }

    @cached_property
    def _parts(self) -> list[int]:
        """Parts of long lines that more documents hold than have a line of their own for."""
        whole = self._count(self._known.group_holders, self._keys)
        return [at for at, (count, _) in self.passages.covered.items() if count > whole[at]]

    @cached_property
    def _edges(self) -> dict[str, Any]:
        """The counts of near-duplicates, and of runs that touch the start or end, which these take part in."""
        keys, similar = self._keys.copy(), np.zeros(len(self.blocks))
        for at, (slot, count, similarity) in self._nearly.items():
            similar[at] = count * similarity
            keys[at] = self._known.holders.codes[slot]
        head, tail = (held.count(keys, self.kin.own) for held in self._known.edge_holders)
        prose = np.array([is_prose(block.folded) for block in self.blocks], dtype=np.bool_)
        first, last = edge_runs((self._counts["corpus"] > 0) | (similar > 0), prose, self._lettered)
        part = np.isin(np.arange(len(keys)), self._parts)  # no run is known of a part of a line elsewhere
        there = (held.count(keys, self.kin.own) > 0 for held in self._known.ends)
        edge = np.logical_or(*(here & (other | part) for here, other in zip((first, last), there, strict=True)))
        return {"near": similar, "head": head, "tail": tail, "edge": edge}

    @cached_property
    def _around(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        before, after = np.roll(self._masks, 1), np.roll(self._masks, -1)
        before[0], after[-1] = START, END
        return before, after

    def _neighbours(self) -> dict[str, Any]:
        known, (before, after) = self._known, self._around
        paired = self._count(known.pairs, np.append(before, self._masks[-1]), np.append(self._masks, np.uint64(END)))
        groups = np.full(len(self.blocks), self.kin.group)
        codes = affix_codes(groups, before, after, *self._affixes)
        at = np.arange(len(self.blocks))
        fixed = np.zeros(len(at), dtype=np.int64)
        ends, places = fixed_codes(groups, self._masks, at, at[::-1])
        np.maximum.at(fixed, places, known.fixed.count(ends, self.kin.own))
        return {
            "before": paired[:-1],
            "after": paired[1:],
            "labelled": np.max([known.affixes.count(code, self.kin.own) for code in codes], axis=0),
            "framed": self._count(known.framed, *self._affixes),
            "fixed": fixed,
        }

    def _gaps(self) -> dict[str, Any]:
        rows = np.zeros((3, len(self.blocks)), dtype=np.int64)
        left, right, codes = gap_codes(self.kin.group, self._keys, self._landmarks)
        for row, gaps in zip(rows, self._known.gaps, strict=True):
            counts = gaps.count(codes, self.kin.own).tolist()
            for first, last, count in zip(left.tolist(), right.tolist(), counts, strict=True):
                row[first + 1 : last] = count
        return dict(zip(("gap", "filled", "prose"), rows, strict=True))

    def _looks(self) -> dict[str, Any]:
        known, lines = self._known.shapes
        codes = combined(self.kin.group, self._shapes)
        at = known.places(codes)
        once = (
            np.where(at >= 0, known.totals[at] / np.maximum(1, lines[at]), 0.0)
            if len(known.codes)
            else np.zeros(len(at))
        )
        return {"shape": known.count(codes, self.kin.own), "shape_once": once}

    def _places(self) -> dict[str, Any]:
        own, (everything, prosaic, labels, shapes) = self.kin.own, self._known.places
        place, placed, shaped = (np.zeros(len(self.blocks), dtype=np.int64) for _ in range(3))
        prose = np.ones(len(self.blocks))
        for beside, codes in place_codes(self.kin.group, self._keys, self._landmarks):
            total = everything.count(codes, own)
            share = np.where(total > 0, prosaic.count(codes, own) / np.maximum(1, total), 1.0)
            prose[beside] = np.minimum(prose[beside], share)
            alike = shapes.count(combined(codes, self._shapes[beside]), own)
            starts, stops = (labels.count(combined(codes, affix[beside]), own) for affix in self._affixes)
            for row, counts in ((place, total), (shaped, alike), (placed, np.maximum(starts, stops))):
                row[beside] = np.maximum(row[beside], counts)
        return {"place": place, "place_prose": prose, "placed": placed, "shaped": shaped}

    @cached_property
    def _celled(self) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
        return cells_of(self.kin.document.text, self.blocks)

    def _titled(self) -> Iterator[tuple[int, Callable[[], TemplateReason]]]:
        """Yield blocks with a cell that is a line of its own elsewhere in the group, and why: they link to that page."""
        cells, counts = self._celled
        slots = self._known.holders.places(cells)
        linked = (slots >= 0) & (self._count(self._known.group_holders, cells) > 0)
        lines = np.repeat(np.arange(len(self.blocks)), counts)
        for at, first in zip(*np.unique(lines[linked], return_index=True), strict=True):
            yield int(at), partial(self._reason, int(slots[linked][first]), 1 / int(counts[at]))

    def _cells(self) -> dict[str, Any]:
        cells, counts = self._celled
        lines = np.repeat(np.arange(len(self.blocks)), counts)
        held = self._count(self._known.cells, cells)
        known, strong = (
            np.bincount(lines, weights=values, minlength=len(self.blocks)) / np.maximum(1, counts)
            for values in (held > 0, held / max(1, self._size))
        )
        return {"cells": counts.astype(np.int64), "cells_known": known, "cells_strong": strong}

    @cached_property
    def _masks(self) -> NDArray[np.uint64]:
        return masks_of(self.blocks)

    @cached_property
    def _affixes(self) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        return affixes_of(self.blocks)

    @cached_property
    def _shapes(self) -> NDArray[np.uint32]:
        return shapes_of(self.kin.document.text, self.blocks)

    @cached_property
    def _lettered(self) -> NDArray[np.bool_]:
        lettered: NDArray[np.bool_] = self._keys != NO_KEY
        return lettered

    @cached_property
    def _landmarks(self) -> NDArray[np.bool_]:
        held = self._counts["group"] + 1
        marks: NDArray[np.bool_] = self._lettered & landmarks(held, np.full(len(held), self._size + 1))
        return marks

    @cached_property
    def _keys(self) -> NDArray[np.uint64]:
        return self.kin.keys if self.blocks == self.kin.blocks else keys_of(self.blocks)

    @cached_property
    def _slots(self) -> NDArray[np.int64]:
        """The position of each block's key among the distinct keys of the index, -1 when no document holds it."""
        return self._known.holders.places(self._keys)

    def _others(self, slots: Iterable[int]) -> list[int]:
        """Return how many families besides the document's own hold each of the keys at `slots`."""
        known = self._known
        found = known.holders.count(known.holders.codes[list(slots)], self.kin.own)
        return [int(count) for count in found]

    def _reason(self, slot: int, similarity: float) -> TemplateReason:
        """Return the key at `slot` as a reason: the first `PARTNERS` documents, in order, that are not the document's own."""
        if (slot, similarity) in self._reasons:
            return self._reasons[slot, similarity]
        known = self._known
        distinct, starts, lines = known.by_key
        partners: dict[int, Partner] = {}
        for line in lines[starts[slot] : starts[slot + 1]]:
            number = int(known.documents[line])
            if number not in partners and int(known.families[number]) not in self.kin.own:
                start, stop = int(known.index.starts[line]), int(known.index.stops[line])
                partners[number] = Partner(known.index.ids[number], start, stop)
                if len(partners) == PARTNERS:
                    break
        count = (self._counted[slot] if slot in self._counted else self._others([slot])[0]) + 1
        reason = TemplateReason(f"{int(distinct[slot]):016x}", count, round(similarity, 3), tuple(partners.values()))
        self._reasons[slot, similarity] = reason
        return reason

    @cached_property
    def _counted(self) -> dict[int, int]:
        """How many other families hold each key at a slot of a block: counted all at once."""
        slots = np.unique(self._slots[self._slots >= 0]).tolist()
        return dict(zip(slots, self._others(slots), strict=True))

    @cached_property
    def _reasons(self) -> dict[tuple[int, float], TemplateReason]:
        """Those made so far: a line may stand many times in its document."""
        return {}

    @cached_property
    def _nearly(self) -> dict[int, tuple[int, int, float]]:
        """For each block that nothing equals but something nearly does: its key slot, its count, and the similarity.

        Not for pages: their markup tells nearly as much (`calibrate_pages`), and these are most of what a look-up takes.
        """
        known, held = self._known, self._counts["corpus"]
        places = [
            place
            for place in np.flatnonzero(close(held > 0, self._lettered) & (held == 0)).tolist()
            if near.comparable(self.blocks[place].folded)
        ]
        found: dict[int, tuple[int, int, float]] = {}
        if not places or self.kin.document.layout is not None:
            return found
        for place, matches in zip(places, known.neighbours.like(self.blocks[at].folded for at in places), strict=True):
            slots = known.holders.places(np.array([number for number, _ in matches], dtype=np.uint64)).tolist()
            counts = self._others(slots)
            others = [
                (slot, count, alike) for slot, count, (_, alike) in zip(slots, counts, matches, strict=True) if count
            ]
            if others:
                found[place] = others[0][0], max(count for _, count, _ in others), others[0][2]
        return found
