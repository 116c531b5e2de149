"""What an index says of a corpus: how many independent documents hold each line, and where in them.

Frequency is independent: documents that share their own prose (syndicated, republished, duplicated) are a family and
count once. Everything here is derived from the index, so equal indexes say the same.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cleaner import near
from cleaner.copies import Copies
from cleaner.counting import Counter, combined, counter
from cleaner.fingerprints import NO_KEY
from cleaner.grouping import communities
from cleaner.index import Index
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


@dataclass(frozen=True)
class Frequencies:
    """An index, ready for look-ups. All is derived from the index, so equal indexes say the same."""

    index: Index

    @cached_property
    def documents(self) -> NDArray[np.int64]:
        """The document of each line."""
        return np.repeat(np.arange(len(self.index), dtype=np.int64), np.diff(self.index.first))

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
            short = (self.slots >= 0) & ~self.index.prose & nameless[self.documents]
            order = number[order[nameless[order]]]
            labels = communities(self.slots[short], number[self.documents[short]], len(order), order)
            groups[nameless] = len(self.names) + labels
        return groups

    @cached_property
    def by_key(self) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
        """Distinct keys, sorted; where each one's lines start in the third array (one longer); lines by key, position."""
        lines = np.flatnonzero(self.index.keys != NO_KEY)
        lines = lines[np.argsort(self.index.keys[lines], kind="stable")]
        distinct, starts = np.unique(self.index.keys[lines], return_index=True)
        return distinct, np.append(starts, len(lines)), lines

    @cached_property
    def slots(self) -> NDArray[np.int64]:
        """The position of each line's key among the distinct keys; -1 for a line without one."""
        distinct, starts, lines = self.by_key
        slots = np.full(len(self.index.keys), -1, dtype=np.int64)
        slots[lines] = np.repeat(np.arange(len(distinct)), np.diff(starts))
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
    def by_name(self) -> dict[tuple[str, str], list[int]]:
        """The documents with each id and group."""
        found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for number, name in enumerate(zip(self.index.ids, self.index.groups, strict=True)):
            found[name].append(number)
        return found

    def counter(self, codes: NDArray[np.uint64], lines: NDArray[np.int64]) -> Counter:
        """Count in how many families each code stands, given the line that each is of."""
        return counter(codes, self.families[self.documents[lines]], len(self.index))

    @cached_property
    def lettered(self) -> NDArray[np.int64]:
        """The lines with a key."""
        return np.flatnonzero(self.slots >= 0)

    @cached_property
    def line_groups(self) -> NDArray[np.int64]:
        """The group of each line's document."""
        return self.group_of[self.documents]

    @cached_property
    def holders(self) -> Counter:
        """Families by key."""
        return self.counter(self.index.keys[self.lettered], self.lettered)

    @cached_property
    def members(self) -> Counter:
        """Families by group."""
        return counter(combined(self.group_of), self.families, len(self.index))

    @cached_property
    def group_holders(self) -> Counter:
        """Families by group and key."""
        lines = self.lettered
        return self.counter(combined(self.line_groups[lines], self.index.keys[lines]), lines)

    @cached_property
    def groups_holding(self) -> Counter:
        """Groups, in place of families, by key."""
        return counter(self.index.keys[self.lettered], self.line_groups[self.lettered], int(self.group_of.max()) + 1)

    @cached_property
    def masked(self) -> Counter:
        """Families by group and mask."""
        return self.counter(combined(self.line_groups, self.index.masks), np.arange(len(self.slots)))

    @cached_property
    def pairs(self) -> Counter:
        """Families by group and the masks of two lines, one after the other."""
        before, after = self.around
        lines = np.arange(len(self.slots))
        last = np.flatnonzero(after == END)
        codes = combined(self.line_groups, before, self.index.masks)
        ends = combined(self.line_groups[last], self.index.masks[last], np.uint64(END))
        return self.counter(np.concatenate((codes, ends)), np.concatenate((lines, last)))

    @cached_property
    def affixes(self) -> Counter:
        """Families by group and how a line starts, or ends, and the mask of the line before, or after it."""
        codes = affix_codes(self.line_groups, *self.around, self.index.heads, self.index.tails)
        return self.counter(np.concatenate(codes), np.tile(np.arange(len(self.slots)), len(codes)))

    @cached_property
    def around(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """The mask of the line before each, and of the line after it, in its document."""
        starts, stops = self.index.first[:-1], self.index.first[1:]
        some = starts < stops
        before, after = np.empty_like(self.index.masks), np.empty_like(self.index.masks)
        before[1:], after[:-1] = self.index.masks[:-1], self.index.masks[1:]
        before[starts[some]], after[stops[some] - 1] = START, END
        return before, after

    @cached_property
    def cells(self) -> Counter:
        """Families by group and cell; a line of one cell is one."""
        lines = np.repeat(np.arange(len(self.slots)), self.index.widths)
        keys = np.concatenate((self.index.cells, self.index.keys[self.lettered]))
        lines = np.concatenate((lines, self.lettered))
        return self.counter(combined(self.line_groups[lines], keys), lines)

    @cached_property
    def fixed(self) -> Counter:
        """Families by group, mask, and how far the line is from its document's start, or from its end."""
        at = np.arange(len(self.slots)) - self.index.first[:-1][self.documents]
        back = self.index.first[1:][self.documents] - 1 - np.arange(len(self.slots))
        codes, lines = fixed_codes(self.line_groups, self.index.masks, at, back)
        return self.counter(codes, lines)

    @cached_property
    def shingles(self) -> Counter:
        """Families by group and shingle of long lines."""
        documents = np.repeat(np.arange(len(self.index)), np.diff(self.index.shingle_first))
        codes = combined(self.group_of[documents], self.index.shingles)
        return counter(codes, self.families[documents], len(self.index))

    @cached_property
    def shingle_order(self) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """The shingles of all documents by hash, then by document and place; and their hashes."""
        order = np.argsort(self.index.shingles, kind="stable")
        return order, self.index.shingles[order]

    @cached_property
    def framed(self) -> Counter:
        """Families by group, how a line starts and how it ends."""
        codes = combined(self.line_groups, self.index.heads, self.index.tails)
        return self.counter(codes, np.arange(len(self.slots)))

    @cached_property
    def shapes(self) -> tuple[Counter, NDArray[np.int64]]:
        """Families by group and shape; and how many lines have each."""
        codes = combined(self.line_groups, self.index.shapes)
        known = self.counter(codes, np.arange(len(self.slots)))
        return known, np.bincount(known.places(codes), minlength=len(known.codes))

    @cached_property
    def marks(self) -> NDArray[np.bool_]:
        """Which lines are landmarks of their group."""
        marks = np.zeros(len(self.slots), dtype=np.bool_)
        codes = combined(self.line_groups[self.lettered], self.index.keys[self.lettered])
        held = self.group_holders.totals[self.group_holders.places(codes)]
        marks[self.lettered] = landmarks(held, self.members.count(combined(self.line_groups[self.lettered])))
        return marks

    @cached_property
    def gaps(self) -> tuple[Counter, Counter, Counter]:
        """Families by group and two landmarks, one after the other: all, with text between, with prose between."""
        found: list[tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]] = []
        for number in range(len(self.index)):
            lines = slice(int(self.index.first[number]), int(self.index.first[number + 1]))
            left, right, codes = gap_codes(int(self.group_of[number]), self.index.keys[lines], self.marks[lines])
            prose = np.concatenate(([0], np.cumsum(self.index.prose[lines])))
            holder = np.full(len(codes), self.families[number])
            found.append((codes, holder, right - left > 1, prose[right] - prose[left + 1] > 0))
        codes, holders, filled, prose = map(np.concatenate, zip(*found, strict=True))
        kinds = (np.ones(len(codes), dtype=np.bool_), filled, prose)
        everything, some, prosaic = (counter(codes[kind], holders[kind], len(self.index)) for kind in kinds)
        return everything, some, prosaic

    @cached_property
    def places(self) -> tuple[Counter, Counter, Counter, Counter]:
        """Families by group and place: all; with prose there; by how the line there starts or ends; by its shape.

        A place is so many lines after, or before, a landmark.
        """
        found: list[list[NDArray[np.uint64]]] = [[], [], [], []]
        holders: list[list[NDArray[np.int64]]] = [[], [], [], []]
        for number in range(len(self.index)):
            lines = slice(int(self.index.first[number]), int(self.index.first[number + 1]))
            group, prose = int(self.group_of[number]), self.index.prose[lines]
            for beside, codes in place_codes(group, self.index.keys[lines], self.marks[lines]):
                ends = [combined(codes, affix[lines][beside]) for affix in (self.index.heads, self.index.tails)]
                shapes = combined(codes, self.index.shapes[lines][beside])
                kinds = codes, codes[prose[beside]], np.concatenate(ends), shapes
                for kind, chosen in enumerate(kinds):
                    found[kind].append(chosen)
                    holders[kind].append(np.full(len(chosen), self.families[number]))
        everything, prosaic, labels, shaped = (
            counter(np.concatenate(codes), np.concatenate(who), len(self.index))
            for codes, who in zip(found, holders, strict=True)
        )
        return everything, prosaic, labels, shaped

    @cached_property
    def recurs(self) -> NDArray[np.bool_]:
        """Whether each line stands in another independent document."""
        recurs = np.zeros(len(self.slots), dtype=np.bool_)
        recurs[self.lettered] = self.holders.totals[self.slots[self.lettered]] >= 2
        return recurs

    @cached_property
    def edge_holders(self) -> tuple[Counter, Counter]:
        """Families by key, of the lines that stand in a run of recurring lines at the head, and at the tail, of their document."""
        edges = np.zeros((2, len(self.slots)), dtype=np.bool_)
        for number in range(len(self.index)):
            own = slice(int(self.index.first[number]), int(self.index.first[number + 1]))
            edges[:, own] = edge_runs(self.recurs[own], self.index.prose[own], self.index.keys[own] != NO_KEY)
        head, tail = (np.flatnonzero(marks & (self.slots >= 0)) for marks in edges)
        return self.counter(self.index.keys[head], head), self.counter(self.index.keys[tail], tail)

    @cached_property
    def ends(self) -> tuple[Counter, Counter]:
        """Families by key, of the lines that no prose of its own parts from their document's start, and from its end."""
        body = np.concatenate(([0], np.cumsum(self.index.prose & ~self.recurs)))
        starts, stops = (body[self.index.first[at]][self.documents] for at in (slice(-1), slice(1, None)))
        head, tail = body[:-1] == starts, body[1:] == stops
        lines = (np.flatnonzero(marks & (self.slots >= 0)) for marks in (head, tail))
        first, last = (self.counter(self.index.keys[some], some) for some in lines)
        return first, last

    @cached_property
    def neighbours(self) -> near.Neighbours:
        """Recurring lines, and unseen ones close to them or to an end: near-duplicates of these can matter."""
        found: set[int] = set()
        for number in range(len(self.index)):
            lines = slice(int(self.index.first[number]), int(self.index.first[number + 1]))
            keys, recurs = self.index.keys[lines], self.recurs[lines]
            found.update(keys[recurs | close(recurs, keys != NO_KEY)].tolist())
        return near.neighbours({number: self.index.texts[number] for number in found if number in self.index.texts})

    def holding(self, slot: int) -> NDArray[np.int64]:
        """Return the documents that hold the key at `slot`, sorted; none for -1."""
        if slot < 0:
            return np.empty(0, dtype=np.int64)
        _, starts, lines = self.by_key
        return np.unique(self.documents[lines[starts[slot] : starts[slot + 1]]])

    def slots_of(self, document: int) -> NDArray[np.int64]:
        """Return the position of the key of each of a document's lines among the distinct keys, -1 for none."""
        return self.slots[int(self.index.first[document]) : int(self.index.first[document + 1])]
