"""What an index says of a corpus: how many independent documents hold each line, and where in them.

Frequency is independent: documents that share their own prose (syndicated, republished, duplicated) are a family and
count once. Everything here is derived from the index, so equal indexes say the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from cleaner import near
from cleaner.copies import Copies
from cleaner.counting import Counter, combined, counter, totals
from cleaner.fingerprints import NO_KEY, REMEMBERED, Lines, taken
from cleaner.grouping import communities
from cleaner.index import Index
from cleaner.model import Partner, TemplateReason
from cleaner.surroundings import END, Codes, close, edge_runs, landmarks

if TYPE_CHECKING:
    from numpy.typing import NDArray

PARTNERS = 3
"""Other documents named per reason."""


@dataclass(frozen=True, eq=False)
class Standing:
    """Learnt lines and where they stand: what is counted."""

    codes: Codes
    marks: NDArray[np.bool_]
    """Whether each line is a landmark of its group."""
    recurs: NDArray[np.bool_]
    """Whether each line stands in another independent document."""
    head: NDArray[np.bool_]
    """Whether each line stands in a run of recurring lines at the head of its document."""
    tail: NDArray[np.bool_]
    """The same at its tail."""

    @property
    def lines(self) -> Lines:
        """The lines."""
        return self.codes.lines

    def take(self, documents: NDArray[np.int64]) -> Standing:
        """Return the lines of some documents, in the order given."""
        _, lines = taken(self.lines.first, documents)
        codes = Codes(self.lines.take(documents), self.codes.groups[documents])
        return Standing(codes, self.marks[lines], self.recurs[lines], self.head[lines], self.tail[lines])

    @cached_property
    def lettered(self) -> NDArray[np.bool_]:
        """Whether each line has a key."""
        lettered: NDArray[np.bool_] = self.lines.keys != NO_KEY
        return lettered

    @cached_property
    def ends(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Whether no prose of its own parts each line from its document's start; and from its end."""
        body = np.concatenate(([0], np.cumsum(self.lines.prose & ~self.recurs)))
        starts, stops = (body[bound] for bound in self.codes.bounds)
        return body[:-1] == starts, body[1:] == stops

    def some(self, codes: NDArray[np.uint64], lines: NDArray[np.bool_]) -> Counted:
        """Return the codes of some lines."""
        return codes[lines], self.codes.documents[lines]

    def at(self, codes: NDArray[np.uint64], lines: NDArray[np.int64]) -> Counted:
        """Return codes, given the line that each is of."""
        return codes, self.codes.documents[lines]

    def every(self, *codes: NDArray[np.uint64]) -> Counted:
        """Return codes that each line has."""
        return np.concatenate(codes), np.tile(self.codes.documents, len(codes))

    def gaps(self, kind: NDArray[np.bool_]) -> Counted:
        """Return the gaps between landmarks with a line of a kind in them."""
        codes, ends, documents = self.codes.gaps(self.marks)
        order = np.lexsort((ends, documents))
        codes, ends, documents = codes[order], ends[order], documents[order]
        sums = np.concatenate(([0], np.cumsum(kind & ~self.marks)))
        some = sums[ends] > sums[np.concatenate(([0], ends[:-1]))]
        return codes[some], documents[some]

    @cached_property
    def places(self) -> Counted:
        """The places of lines: so many lines after, or before, a landmark; and the lines."""
        lines, codes = (np.concatenate(both) for both in zip(*self.codes.places(self.marks), strict=True))
        return codes, lines


Counted = tuple["NDArray[np.uint64]", "NDArray[np.int64]"]
"""Codes, and the document that each is of."""


def _pairs(known: Standing) -> Counted:
    pairs, following = known.codes.pairs
    last = known.codes.around[1] == END
    (one, of_one), (other, of_other) = known.every(pairs), known.some(following, last)
    return np.concatenate((one, other)), np.concatenate((of_one, of_other))


def _cells(known: Standing) -> Counted:
    (cells, of_cells), (lines, of_lines) = known.at(*known.codes.celled), known.some(known.codes.held, known.lettered)
    return np.concatenate((cells, lines)), np.concatenate((of_cells, of_lines))


def _gaps(known: Standing) -> Counted:
    codes, _, documents = known.codes.gaps(known.marks)
    return codes, documents


def _prosaic(known: Standing) -> Counted:
    codes, lines = known.places
    prose = known.lines.prose[lines]
    return known.at(codes[prose], lines[prose])


def _labels(known: Standing) -> Counted:
    codes, lines = known.places
    labels = [combined(codes, affix[lines]) for affix in (known.lines.heads, known.lines.tails)]
    return known.at(np.concatenate(labels), np.tile(lines, 2))


def _shaped_places(known: Standing) -> Counted:
    codes, lines = known.places
    return known.at(combined(codes, known.lines.shapes[lines]), lines)


KINDS: Final[Mapping[str, Callable[[Standing], Counted]]] = {
    "holders": lambda known: known.some(known.lines.keys, known.lettered),
    "group holders": lambda known: known.some(known.codes.held, known.lettered),
    "masked": lambda known: known.every(known.codes.masked),
    "pairs": _pairs,
    "affixes": lambda known: known.every(*known.codes.affixes),
    "framed": lambda known: known.every(known.codes.framed),
    "shapes": lambda known: known.every(known.codes.shaped),
    "cells": _cells,
    "fixed": lambda known: known.at(*known.codes.fixed),
    "gaps": _gaps,
    "gaps filled": lambda known: known.gaps(np.ones(len(known.marks), dtype=np.bool_)),
    "gaps with prose": lambda known: known.gaps(known.lines.prose),
    "places": lambda known: known.at(*known.places),
    "places with prose": _prosaic,
    "places by affix": _labels,
    "places by shape": _shaped_places,
    "head": lambda known: known.some(known.lines.keys, known.head & known.lettered),
    "tail": lambda known: known.some(known.lines.keys, known.tail & known.lettered),
    "from start": lambda known: known.some(known.lines.keys, known.ends[0] & known.lettered),
    "to end": lambda known: known.some(known.lines.keys, known.ends[1] & known.lettered),
}
"""What is counted in families: lines ("holders") and lines in their group; in a group, lines with digits as 0, two of these in a
row, starts and ends of lines beside a line, both, looks of lines, cells (a line of one cell is one), lines so far from an end;
two landmarks in a row (all; with text between; with prose between); places by a landmark (all; with prose there; by how the line
there starts or ends; by its shape); lines in a run of recurring ones at the head, and at the tail; lines that no prose of its own
parts from their document's start, and from its end."""


@dataclass(frozen=True, eq=False)
class Frequencies:
    """An index, ready for look-ups. All is derived from the index, so equal indexes say the same."""

    index: Index

    def prepare(self, threads: int = 1) -> None:
        """Derive all that look-ups need: to hand it to other processes, which need not derive it anew."""
        for name in ("names", "by_name", "originals", "members", "standing", "_groups_holding"):
            getattr(self, name)
        with ThreadPoolExecutor(threads) as pool:  # sorting is most of it, and sorts in parallel
            tasks = [
                pool.submit(getattr, self, "neighbours"),
                *(pool.submit(self.counters.__getitem__, kind) for kind in (*KINDS, "members", "shingles")),
            ]
            for task in tasks:
                task.result()
        for name in ("sites", "shapes_in_all", "_ordered"):
            getattr(self, name)

    @cached_property
    def documents(self) -> NDArray[np.int64]:
        """The document of each line."""
        return self.index.lines.documents

    @cached_property
    def names(self) -> dict[str, int]:
        """A number for each group that was given a name, from 0."""
        return {group: number for number, group in enumerate(sorted({*self.index.groups} - {""}))}

    @cached_property
    def group_of(self) -> NDArray[np.int64]:
        """The group of each document: the one with its name, else one inferred from shared short lines."""
        groups = np.array([self.names.get(group, -1) for group in self.index.groups], dtype=np.int64)
        nameless = groups < 0
        if nameless.any():
            order = np.array(self.copies.by_content)
            number = np.cumsum(nameless) - 1
            short = (self.slots >= 0) & ~self.index.lines.prose & nameless[self.documents]
            order = number[order[nameless[order]]]
            labels = communities(self.slots[short], number[self.documents[short]], len(order), order)
            groups[nameless] = len(self.names) + labels
        return groups

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """The lines with a key, by key, then by position."""
        lines = np.flatnonzero(self.index.lines.keys != NO_KEY)
        return lines[np.argsort(self.index.lines.keys[lines], kind="stable")]

    @cached_property
    def _ordered(self) -> NDArray[np.uint64]:
        return self.index.lines.keys[self.order]

    @cached_property
    def slots(self) -> NDArray[np.int64]:
        """The position of each line's key among the distinct keys; -1 for a line without one."""
        slots = np.full(len(self.index.lines), -1, dtype=np.int64)
        new = np.ones(len(self.order), dtype=np.bool_)
        new[1:] = self._ordered[1:] != self._ordered[:-1]
        slots[self.order] = np.cumsum(new) - 1
        return slots

    @cached_property
    def copies(self) -> Copies:
        """Which documents are copies of each other."""
        return Copies(self.index, self.documents, self.slots)

    @cached_property
    def families(self) -> NDArray[np.int64]:
        """The family of copies that each document is of."""
        return self.copies.families

    @cached_property
    def originals(self) -> NDArray[np.int64]:
        """For each document the first, by id, that it is a copy of; itself when there is none before it."""
        return np.array([self.copies.first(number) for number in range(len(self.index))], dtype=np.int64)

    @cached_property
    def members(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """All documents by family; and their families, sorted."""
        order = np.argsort(self.families, kind="stable")
        return order, self.families[order]

    def members_of(self, family: int) -> NDArray[np.int64]:
        """Return the documents of a family."""
        order, families = self.members
        return order[slice(*families.searchsorted((family, family + 1)))]

    @cached_property
    def by_name(self) -> dict[tuple[str, str], list[int]]:
        """The documents with each id and group."""
        found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for number, name in enumerate(zip(self.index.ids, self.index.groups, strict=True)):
            found[name].append(number)
        return found

    @cached_property
    def standing(self) -> Standing:
        """All lines and where they stand."""
        lines, codes = self.index.lines, Codes(self.index.lines, self.group_of)
        lettered = lines.keys != NO_KEY
        marks, recurs = np.zeros((2, len(lines)), dtype=np.bool_)
        families = self.families[self.documents]
        held = totals(codes.held[lettered], families[lettered])
        sizes = totals(combined(self.group_of), self.families)
        marks[lettered] = landmarks(held, sizes[self.documents[lettered]])
        recurs[lettered] = totals(lines.keys[lettered], families[lettered]) >= 2
        return Standing(codes, marks, recurs, *edge_runs(lines.first, recurs, lines.prose, lettered))

    @cached_property
    def counters(self) -> Mapping[str, Counter]:
        """What holds each code of a kind, counted in families."""
        return _Counters(self)

    @cached_property
    def sites(self) -> NDArray[np.int64]:
        """In how many groups each key of "holders" stands."""
        return self._groups_holding.count(self.counters["holders"].codes)

    @cached_property
    def _groups_holding(self) -> Counter:
        keys, documents = KINDS["holders"](self.standing)
        return counter(keys, self.group_of[documents])

    @cached_property
    def shapes_in_all(self) -> NDArray[np.int64]:
        """How many lines have each of the "shapes"."""
        known = self.counters["shapes"]
        return np.bincount(known.places(self.standing.codes.shaped), minlength=len(known.codes))

    def counted(self, kind: str) -> Counter:
        """Count the families that hold each code of a kind."""
        if kind == "members":
            return counter(combined(self.group_of), self.families)
        if kind == "shingles":
            long = self.index.shingles
            documents = np.repeat(np.arange(len(self.index)), np.diff(long.first))
            return counter(combined(self.group_of[documents], long.hashes), self.families[documents]).parted()
        codes, documents = KINDS[kind](self.standing)
        found = counter(codes, self.families[documents])
        if kind == "holders":  # copies of a document may stand in several groups
            return found.parted(stay=self._groups_holding.count(found.codes) > 1)
        return found if kind == "shapes" else found.parted()

    @cached_property
    def shingle_order(self) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """The shingles of all documents by hash, then by document and place; and their hashes."""
        order = np.argsort(self.index.shingles.hashes, kind="stable")
        return order, self.index.shingles.hashes[order]

    @cached_property
    def neighbours(self) -> near.Neighbours:
        """Recurring lines, and unseen ones close to them or to an end: near-duplicates of these can matter."""
        lines, recurs = self.index.lines, self.standing.recurs
        some = recurs | close(lines.first, recurs, lines.keys != NO_KEY)
        return near.neighbours(self.index.texts.some(lines.keys[some]))

    def lines_with(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where in `order` the lines with each key start, and where they end."""
        return self._ordered.searchsorted(keys), self._ordered.searchsorted(keys, "right")

    def holding(self, key: int) -> NDArray[np.int64]:
        """Return the documents that hold a line of this key, sorted."""
        [start], [stop] = self.lines_with(np.array([key], dtype=np.uint64))
        return np.unique(self.documents[self.order[start:stop]])

    def reason(self, key: int, count: int, similarity: float, own: tuple[int, ...]) -> TemplateReason:
        """Return a key as a reason: the first `PARTNERS` documents, in order, of other families than `own`.

        Args:
            key: of a line.
            count: how many families besides `own` hold it.
            similarity: to the text of the key, in (0, 1].
            own: the families that do not count.
        """
        partners = [partner for family, partner in self._named(key) if family not in own][:PARTNERS]
        if len(partners) < min(PARTNERS, count):  # the first few are mostly the document's own
            partners = [partner for family, partner in self._holders_of(key) if family not in own][:PARTNERS]
        return TemplateReason(f"{key:016x}", count + 1, round(similarity, 3), tuple(partners))

    def _named(self, key: int) -> list[tuple[int, Partner]]:
        """Return the first documents that hold a key, with their families; remembered."""
        known = self._first_holders
        if key not in known:
            if len(known) >= REMEMBERED:
                known.clear()
            known[key] = list(islice(self._holders_of(key), 2 * PARTNERS))
        return known[key]

    @cached_property
    def _first_holders(self) -> dict[int, list[tuple[int, Partner]]]:
        return {}

    def _holders_of(self, key: int) -> Iterator[tuple[int, Partner]]:
        """Yield family and place of each document that holds a key, once, in order."""
        lines = self.index.lines
        [start], [stop] = self.lines_with(np.array([key], dtype=np.uint64))
        last = -1
        for line in self.order[start:stop]:
            number = int(self.documents[line])
            if number != last:
                partner = Partner(self.index.ids[number], int(lines.starts[line]), int(lines.stops[line]))
                yield int(self.families[number]), partner
            last = number


class _Counters(dict[str, Counter]):
    """Counters by kind, counted when asked for."""

    def __init__(self, known: Frequencies) -> None:
        self._known = known

    def __missing__(self, kind: str) -> Counter:
        self[kind] = self._known.counted(kind)
        return self[kind]
