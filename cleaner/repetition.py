"""What a corpus says of a document's blocks: how often each is repeated, and in what company.

Two things make the counts mean something. They are of independent documents, and neither the document itself nor what
it was taken from counts. And they are taken both in the document's group, known or inferred, and over the corpus.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property, partial
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner import near
from cleaner.counting import Counter, combined
from cleaner.fingerprints import NO_KEY, Lines, joined, lines_of
from cleaner.frequency import Frequencies
from cleaner.kinship import Kinship
from cleaner.model import Block, Document, TemplateReason
from cleaner.passages import Passages, Reasons
from cleaner.surroundings import Codes, close, edge_runs, landmarks

if TYPE_CHECKING:
    from numpy.typing import NDArray


def lookup(known: Frequencies, documents: Sequence[Document], blocks: Sequence[Sequence[Block]]) -> list[Repetition]:
    r"""Return what the corpus knows of the blocks of each of some documents: one's answer does not depend on the others.

    Args:
        known: what the corpus has taught.
        documents: those to look up. Several at once are looked up faster.
        blocks: of each, as `segment` tiles it.

    >>> from cleaner.index import learn
    >>> from cleaner.segment import segment
    >>> one, other = Document("a", "Of bees.\nShare this"), Document("b", "Of ants.\nShare this")
    >>> [found] = lookup(Frequencies(learn([one, other])), [one], [segment(one.text)])
    >>> found.reasons[1].documents, found.reasons[1].partners
    (2, (Partner(id='b', start=9, end=19),))
    """
    if not len(known.index.lines) or not any(blocks):
        return list(map(none, blocks))
    return _Lookup(known, documents, blocks).found()


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
    """Some documents against the index: what is looked up stands in columns over the lines of all of them."""

    known: Frequencies
    documents: Sequence[Document]
    segmented: Sequence[Sequence[Block]]
    """The blocks of each, as they were learnt."""

    def found(self) -> list[Repetition]:
        """Return all that is known, of each document."""
        columns = self._counts | self._edges | self._neighbours() | self._gaps() | self._looks() | self._places()
        columns |= self._cells()
        sizes = self._sizes.tolist()
        found = []
        for number, (start, end) in enumerate(pairwise(self.lines.first.tolist())):
            own: dict[str, Any] = {name: column[start:end] for name, column in columns.items()}
            own |= {"reasons": Reasons(self._makers[number]), "duplicate_of": self.kin[number].duplicate_of}
            found.append(Repetition(self.blocks[number], sizes[number], **own) if start < end else none(()))
        return found

    @cached_property
    def _learnt(self) -> Lines:
        """The lines, as they were learnt."""
        return lines_of((one.text, blocks) for one, blocks in zip(self.documents, self.segmented, strict=True))

    @cached_property
    def kin(self) -> list[Kinship]:
        """What each document is to the learnt ones."""
        keys = np.split(self._learnt.keys, self._learnt.first[1:-1])
        return [Kinship(self.known, *one) for one in zip(self.documents, self.segmented, keys, strict=True)]

    @cached_property
    def passages(self) -> list[Passages]:
        """The long lines of each document."""
        return list(map(Passages, self.kin))

    @cached_property
    def blocks(self) -> list[tuple[Block, ...]]:
        """The blocks to look up, of each document."""
        return [passages.blocks for passages in self.passages]

    @cached_property
    def lines(self) -> Lines:
        """The lines to look up: those as learnt, but long ones parted where repetition starts or ends."""
        parted = [at for at, (one, other) in enumerate(zip(self.blocks, self.segmented, strict=True)) if one != other]
        if not parted:
            return self._learnt
        order = np.arange(len(self.documents))
        order[parted] = len(order) + np.arange(len(parted))
        anew = lines_of((self.documents[at].text, self.blocks[at]) for at in parted)
        return joined([self._learnt, anew]).take(order)

    @cached_property
    def _codes(self) -> Codes:
        return Codes(self.lines, np.array([kin.group for kin in self.kin], dtype=np.int64))

    @cached_property
    def _documents(self) -> NDArray[np.int64]:
        """The document of each line."""
        return self._codes.documents

    @cached_property
    def _families(self) -> list[NDArray[np.int64]]:
        """The families that do not count, for each document: first the first of each, then the second, -1 for none."""
        ranks = zip_longest(*(kin.own for kin in self.kin), fillvalue=-1)
        return [np.array(families, dtype=np.int64) for families in ranks]

    @cached_property
    def _own(self) -> list[NDArray[np.int64]]:
        """The same for each line."""
        return [families[self._documents] for families in self._families]

    def _count(
        self, counter: Counter, codes: NDArray[np.uint64], lines: NDArray[np.int64] | None = None
    ) -> NDArray[np.int64]:
        """Count codes in other documents, given the line that each is of; by default one for each line."""
        return counter.count(codes, *(own if lines is None else own[lines] for own in self._own))

    @cached_property
    def _sizes(self) -> NDArray[np.int64]:
        return self.known.members.count(combined(self._codes.groups), *self._families)

    @cached_property
    def _size(self) -> NDArray[np.int64]:
        """How many other documents the group of each line's document has."""
        return self._sizes[self._documents]

    @cached_property
    def _counts(self) -> dict[str, Any]:
        known = self.known
        group = self._whole.copy()
        for number, at in self._parts:
            group[self.lines.first[number] + at] = self.passages[number].covered[at][0]
        group[~self._lettered] = 0
        return {
            "group": group,
            "corpus": np.maximum(self._holders, group),
            "sites": known.groups_holding.count(self.lines.keys),
            "masked": self._count(known.masked, self._codes.masked),
        }

    @cached_property
    def _holders(self) -> NDArray[np.int64]:
        """How many others of the corpus have each line."""
        return self._count(self.known.holders, self.lines.keys)

    @cached_property
    def _whole(self) -> NDArray[np.int64]:
        return self._count(self.known.group_holders, self._codes.held)

    @cached_property
    def _parts(self) -> list[tuple[int, int]]:
        """Document and place of the parts of long lines that more documents hold than have a line of their own for."""
        return [
            (number, at)
            for number, passages in enumerate(self.passages)
            for at, (count, _) in passages.covered.items()
            if count > self._whole[self.lines.first[number] + at]
        ]

    @cached_property
    def _edges(self) -> dict[str, Any]:
        """The counts of near-duplicates, and of runs that touch the start or end, which these take part in."""
        keys, similar = self.lines.keys.copy(), np.zeros(len(self.lines))
        part = np.zeros(len(self.lines), dtype=np.bool_)  # no run is known of a part of a line elsewhere
        part[[self.lines.first[number] + at for number, at in self._parts]] = True
        for at, alike in self._nearly.items():
            similar[at] = max(count for _, count, _ in alike) * alike[0][2]
            keys[at] = self.known.holders.codes[alike[0][0]]
        head, tail = (self._count(held, keys) for held in self.known.edge_holders)
        recurs = (self._counts["corpus"] > 0) | (similar > 0)
        runs = edge_runs(self.lines.first, recurs, self.lines.prose, self._lettered)
        there = (self._count(held, keys) > 0 for held in self.known.ends)
        edge = np.logical_or(*(here & (other | part) for here, other in zip(runs, there, strict=True)))
        return {"near": similar, "head": head, "tail": tail, "edge": edge}

    def _neighbours(self) -> dict[str, Any]:
        known, codes = self.known, self._codes
        before, after = (self._count(known.pairs, pairs) for pairs in codes.pairs)
        fixed = np.zeros(len(self.lines), dtype=np.int64)
        at_ends, lines = codes.fixed
        np.maximum.at(fixed, lines, self._count(known.fixed, at_ends, lines))
        return {
            "before": before,
            "after": after,
            "labelled": np.max([self._count(known.affixes, affixes) for affixes in codes.affixes], axis=0),
            "framed": self._count(known.framed, codes.framed),
            "fixed": fixed,
        }

    def _gaps(self) -> dict[str, Any]:
        codes, inside = self._codes.between(self._landmarks), ~self._landmarks
        gap, filled, prose = (self._count(gaps, codes) * inside for gaps in self.known.gaps)
        return {"gap": gap, "filled": filled, "prose": prose}

    def _looks(self) -> dict[str, Any]:
        known, lines = self.known.shapes
        codes = self._codes.shaped
        at = known.places(codes)
        once = np.where(at >= 0, known.totals[at] / np.maximum(1, lines[at]), 0.0)
        return {"shape": self._count(known, codes), "shape_once": once}

    def _places(self) -> dict[str, Any]:
        lines, (everything, prosaic, labels, shapes) = self.lines, self.known.places
        place, placed, shaped = (np.zeros(len(lines), dtype=np.int64) for _ in range(3))
        prose = np.ones(len(lines))
        for beside, codes in self._codes.places(self._landmarks):
            total = self._count(everything, codes, beside)
            share = np.where(total > 0, self._count(prosaic, codes, beside) / np.maximum(1, total), 1.0)
            prose[beside] = np.minimum(prose[beside], share)
            alike = self._count(shapes, combined(codes, lines.shapes[beside]), beside)
            starts, stops = (
                self._count(labels, combined(codes, affix[beside]), beside) for affix in (lines.heads, lines.tails)
            )
            for row, counts in ((place, total), (shaped, alike), (placed, np.maximum(starts, stops))):
                row[beside] = np.maximum(row[beside], counts)
        return {"place": place, "place_prose": prose, "placed": placed, "shaped": shaped}

    def _cells(self) -> dict[str, Any]:
        codes, lines = self._codes.celled
        held = self._count(self.known.cells, codes, lines)
        known, strong = (
            np.bincount(lines, weights=values, minlength=len(self.lines)) / np.maximum(1, self.lines.widths)
            for values in (held > 0, held / np.maximum(1, self._size[lines]))
        )
        return {"cells": self.lines.widths.astype(np.int64), "cells_known": known, "cells_strong": strong}

    @cached_property
    def _lettered(self) -> NDArray[np.bool_]:
        lettered: NDArray[np.bool_] = self.lines.keys != NO_KEY
        return lettered

    @cached_property
    def _landmarks(self) -> NDArray[np.bool_]:
        marks: NDArray[np.bool_] = self._lettered & landmarks(self._counts["group"] + 1, self._size + 1)
        return marks

    @cached_property
    def _slots(self) -> NDArray[np.int64]:
        """The position of each line's key among the distinct keys of the index, -1 when no document holds it."""
        return self.known.holders.places(self.lines.keys)

    @cached_property
    def _makers(self) -> list[dict[int, Callable[[], TemplateReason]]]:
        """For each document, by block, what makes the reason of a block that others hold, nearly hold, or hold a cell of."""
        makers: list[dict[int, Callable[[], TemplateReason]]] = [{} for _ in self.documents]
        held = np.flatnonzero((self._counts["corpus"] > 0) & (self._slots >= 0))
        first, documents = self.lines.first, self._documents[held]
        places = (held - first[documents]).tolist()
        counts, slots = self._holders[held].tolist(), self._slots[held].tolist()
        for number, at, slot, count in zip(documents.tolist(), places, slots, counts, strict=True):
            makers[number][at] = partial(self.known.reason, slot, count, 1.0, self.kin[number].own)
        for number, at in self._parts:
            if self._counts["corpus"][first[number] + at]:
                makers[number][at] = partial(self.passages[number].reason, at)
        for line, ((slot, count, alike), *_) in self._nearly.items():
            number = int(self._documents[line])
            nearly = partial(self.known.reason, slot, count, alike, self.kin[number].own)
            makers[number][line - int(first[number])] = nearly
        for line, maker in self._titled():
            number = int(self._documents[line])
            makers[number].setdefault(line - int(first[number]), maker)
        return makers

    def _titled(self) -> Iterator[tuple[int, Callable[[], TemplateReason]]]:
        """Yield lines with a cell that is a line of its own elsewhere in the group, and why: they link to that page."""
        codes, lines = self._codes.celled
        slots = self.known.holders.places(self.lines.cells)
        linked = (slots >= 0) & (self._count(self.known.group_holders, codes, lines) > 0)
        counts = self._count(self.known.holders, self.lines.cells, lines)[linked].tolist()
        slots = slots[linked].tolist()
        for line, at in zip(*(one.tolist() for one in np.unique(lines[linked], return_index=True)), strict=True):
            own = self.kin[self._documents[line]].own
            yield line, partial(self.known.reason, slots[at], counts[at], 1 / int(self.lines.widths[line]), own)

    @cached_property
    def _nearly(self) -> dict[int, list[tuple[int, int, float]]]:
        """For each line that nothing equals but something nearly does, of each such key: slot, count, similarity; best first.

        Not for pages: their markup tells nearly as much (`calibrate_pages`), and these are most of what a look-up takes.
        """
        known, held, first = self.known, self._counts["corpus"], self.lines.first
        texts: dict[int, str] = {}
        for line in np.flatnonzero(close(first, held > 0, self._lettered) & (held == 0)).tolist():
            number = int(self._documents[line])
            folded = self.blocks[number][line - int(first[number])].folded
            if self.documents[number].layout is None and near.comparable(folded):
                texts[line] = folded
        found: dict[int, list[tuple[int, int, float]]] = {}
        for line, matches in zip(texts, known.neighbours.like(texts.values()) if texts else (), strict=True):
            keys = np.array([number for number, _ in matches], dtype=np.uint64)
            own = self.kin[self._documents[line]].own
            counts = known.holders.count(keys, *(np.full(len(keys), family) for family in own)).tolist()
            slots = known.holders.places(keys).tolist()
            others = [
                (slot, count, alike) for slot, count, (_, alike) in zip(slots, counts, matches, strict=True) if count
            ]
            if others:
                found[line] = others
        return found
