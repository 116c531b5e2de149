"""What an index says of a corpus: how many independent documents hold each line, and where in them.

Frequency is independent: documents that share their own prose (syndicated, republished, duplicated) are a family and
count once. Everything here is derived from the index, so equal indexes say the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from cleaner import near
from cleaner.copies import Copies
from cleaner.counting import Counter, combined, counter
from cleaner.fingerprints import NO_KEY, REMEMBERED
from cleaner.grouping import communities
from cleaner.index import Index
from cleaner.model import Partner, TemplateReason
from cleaner.surroundings import Codes, close, edge_runs, landmarks

if TYPE_CHECKING:
    from numpy.typing import NDArray


PARTNERS = 3
"""Other documents named per reason."""


@dataclass(frozen=True)
class Frequencies:
    """An index, ready for look-ups. All is derived from the index, so equal indexes say the same."""

    index: Index

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
    def by_key(self) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
        """Distinct keys, sorted; where each one's lines start in the third array (one longer); lines by key, position."""
        lines = np.flatnonzero(self.index.lines.keys != NO_KEY)
        lines = lines[np.argsort(self.index.lines.keys[lines], kind="stable")]
        distinct, starts = np.unique(self.index.lines.keys[lines], return_index=True)
        return distinct, np.append(starts, len(lines)), lines

    @cached_property
    def slots(self) -> NDArray[np.int64]:
        """The position of each line's key among the distinct keys; -1 for a line without one."""
        distinct, starts, lines = self.by_key
        slots = np.full(len(self.index.lines.keys), -1, dtype=np.int64)
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

    @cached_property
    def codes(self) -> Codes:
        """The codes of all lines."""
        return Codes(self.index.lines, self.group_of)

    def counter(self, codes: NDArray[np.uint64], lines: NDArray[np.int64] | None = None) -> Counter:
        """Count in how many families each code stands, given the line that each is of; by default one for each line."""
        holders = self._holders if lines is None else self._holders[lines]
        return counter(codes, holders, len(self.index))

    @cached_property
    def _holders(self) -> NDArray[np.int64]:
        """The family of each line's document."""
        return self.families[self.documents]

    @cached_property
    def lettered(self) -> NDArray[np.int64]:
        """The lines with a key."""
        return np.flatnonzero(self.slots >= 0)

    @cached_property
    def holders(self) -> Counter:
        """Families by key."""
        return self.counter(self.index.lines.keys[self.lettered], self.lettered)

    @cached_property
    def members(self) -> Counter:
        """Families by group."""
        return counter(combined(self.group_of), self.families, len(self.index))

    @cached_property
    def group_holders(self) -> Counter:
        """Families by group and key."""
        return self.counter(self.codes.held[self.lettered], self.lettered)

    @cached_property
    def groups_holding(self) -> Counter:
        """Groups, in place of families, by key."""
        groups = self.group_of[self.documents[self.lettered]]
        return counter(self.index.lines.keys[self.lettered], groups, int(self.group_of.max()) + 1)

    @cached_property
    def masked(self) -> Counter:
        """Families by group and mask."""
        return self.counter(self.codes.masked)

    @cached_property
    def pairs(self) -> Counter:
        """Families by group and the masks of two lines, one after the other."""
        pairs, following = self.codes.pairs
        last = self.index.lines.first[1:][np.diff(self.index.lines.first) > 0] - 1
        lines = np.concatenate((np.arange(len(pairs)), last))
        return self.counter(np.concatenate((pairs, following[last])), lines)

    @cached_property
    def affixes(self) -> Counter:
        """Families by group and how a line starts, or ends, and the mask of the line before, or after it."""
        codes = self.codes.affixes
        return self.counter(np.concatenate(codes), np.tile(np.arange(len(self.slots)), len(codes)))

    @cached_property
    def cells(self) -> Counter:
        """Families by group and cell; a line of one cell is one."""
        cells, lines = self.codes.celled
        whole = self.codes.held[self.lettered]
        return self.counter(np.concatenate((cells, whole)), np.concatenate((lines, self.lettered)))

    @cached_property
    def fixed(self) -> Counter:
        """Families by group, mask, and how far the line is from its document's start, or from its end."""
        return self.counter(*self.codes.fixed)

    @cached_property
    def shingles(self) -> Counter:
        """Families by group and shingle of long lines."""
        long = self.index.shingles
        documents = np.repeat(np.arange(len(self.index)), np.diff(long.first))
        return counter(combined(self.group_of[documents], long.hashes), self.families[documents], len(self.index))

    @cached_property
    def shingle_order(self) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """The shingles of all documents by hash, then by document and place; and their hashes."""
        order = np.argsort(self.index.shingles.hashes, kind="stable")
        return order, self.index.shingles.hashes[order]

    @cached_property
    def framed(self) -> Counter:
        """Families by group, how a line starts and how it ends."""
        return self.counter(self.codes.framed)

    @cached_property
    def shapes(self) -> tuple[Counter, NDArray[np.int64]]:
        """Families by group and shape; and how many lines have each."""
        known = self.counter(self.codes.shaped)
        return known, np.bincount(known.places(self.codes.shaped), minlength=len(known.codes))

    @cached_property
    def marks(self) -> NDArray[np.bool_]:
        """Which lines are landmarks of their group."""
        marks = np.zeros(len(self.slots), dtype=np.bool_)
        held = self.group_holders.count(self.codes.held[self.lettered])
        sizes = self.members.count(combined(self.group_of))
        marks[self.lettered] = landmarks(held, sizes[self.documents[self.lettered]])
        return marks

    @cached_property
    def gaps(self) -> tuple[Counter, Counter, Counter]:
        """Families by group and two landmarks, one after the other: all, with text between, with prose between."""
        codes, ends, documents = self.codes.gaps(self.marks)
        text, prose = (
            np.concatenate(([0], np.cumsum(some))) for some in (~self.marks, self.index.lines.prose & ~self.marks)
        )
        order = np.lexsort((ends, documents))
        codes, ends, documents = codes[order], ends[order], documents[order]
        starts = np.concatenate(([0], ends[:-1]))
        filled, prosaic = (counts[ends] > counts[starts] for counts in (text, prose))
        families = self.families[documents]
        everything, some, with_prose = (
            counter(codes[kind], families[kind], len(self.index))
            for kind in (np.ones(len(codes), dtype=np.bool_), filled, prosaic)
        )
        return everything, some, with_prose

    @cached_property
    def places(self) -> tuple[Counter, Counter, Counter, Counter]:
        """Families by group and place: all; with prose there; by how the line there starts or ends; by its shape.

        A place is so many lines after, or before, a landmark.
        """
        lines = self.index.lines
        near, codes = (np.concatenate(both) for both in zip(*self.codes.places(self.marks), strict=True))
        prose = lines.prose[near]
        labels = np.concatenate([combined(codes, affix[near]) for affix in (lines.heads, lines.tails)])
        return (
            self.counter(codes, near),
            self.counter(codes[prose], near[prose]),
            self.counter(labels, np.tile(near, 2)),
            self.counter(combined(codes, lines.shapes[near]), near),
        )

    @cached_property
    def recurs(self) -> NDArray[np.bool_]:
        """Whether each line stands in another independent document."""
        recurs = np.zeros(len(self.slots), dtype=np.bool_)
        recurs[self.lettered] = self.holders.totals[self.slots[self.lettered]] >= 2
        return recurs

    @cached_property
    def edge_holders(self) -> tuple[Counter, Counter]:
        """Families by key, of the lines that stand in a run of recurring lines at the head, and at the tail, of their document."""
        lines = self.index.lines
        edges = edge_runs(lines.first, self.recurs, lines.prose, lines.keys != NO_KEY)
        head, tail = (np.flatnonzero(marks & (self.slots >= 0)) for marks in edges)
        return self.counter(lines.keys[head], head), self.counter(lines.keys[tail], tail)

    @cached_property
    def ends(self) -> tuple[Counter, Counter]:
        """Families by key, of the lines that no prose of its own parts from their document's start, and from its end."""
        index = self.index.lines
        body = np.concatenate(([0], np.cumsum(index.prose & ~self.recurs)))
        starts, stops = (body[bound] for bound in self.codes.bounds)
        head, tail = body[:-1] == starts, body[1:] == stops
        lines = (np.flatnonzero(marks & (self.slots >= 0)) for marks in (head, tail))
        first, last = (self.counter(index.keys[some], some) for some in lines)
        return first, last

    @cached_property
    def neighbours(self) -> near.Neighbours:
        """Recurring lines, and unseen ones close to them or to an end: near-duplicates of these can matter."""
        lines = self.index.lines
        some = self.recurs | close(lines.first, self.recurs, lines.keys != NO_KEY)
        texts = self.index.texts
        return near.neighbours(
            {number: texts[number] for number in np.unique(lines.keys[some]).tolist() if number in texts}
        )

    def holding(self, slot: int) -> NDArray[np.int64]:
        """Return the documents that hold the key at `slot`, sorted; none for -1."""
        if slot < 0:
            return np.empty(0, dtype=np.int64)
        _, starts, lines = self.by_key
        return np.unique(self.documents[lines[starts[slot] : starts[slot + 1]]])

    def reason(self, slot: int, count: int, similarity: float, own: tuple[int, ...]) -> TemplateReason:
        """Return the key at `slot` as a reason: the first `PARTNERS` documents, in order, of other families than `own`.

        Args:
            slot: the position of the key among the distinct keys.
            count: how many families besides `own` hold it.
            similarity: to the text of the key, in (0, 1].
            own: the families that do not count.
        """
        partners = [partner for family, partner in self._named(slot) if family not in own][:PARTNERS]
        if len(partners) < min(PARTNERS, count):  # the first few are mostly the document's own
            partners = [partner for family, partner in self._holders_of(slot) if family not in own][:PARTNERS]
        return TemplateReason(f"{int(self.holders.codes[slot]):016x}", count + 1, round(similarity, 3), tuple(partners))

    def _named(self, slot: int) -> list[tuple[int, Partner]]:
        """Return the first documents that hold the key at `slot`, with their families; remembered."""
        known = self._first_holders
        if slot not in known:
            if len(known) >= REMEMBERED:
                known.clear()
            known[slot] = list(islice(self._holders_of(slot), 2 * PARTNERS))
        return known[slot]

    @cached_property
    def _first_holders(self) -> dict[int, list[tuple[int, Partner]]]:
        return {}

    def _holders_of(self, slot: int) -> Iterator[tuple[int, Partner]]:
        """Yield family and place of each document that holds the key at `slot`, once, in order."""
        lines, (_, starts, places) = self.index.lines, self.by_key
        last = -1
        for line in places[starts[slot] : starts[slot + 1]]:
            number = int(self.documents[line])
            if number != last:
                partner = Partner(self.index.ids[number], int(lines.starts[line]), int(lines.stops[line]))
                yield int(self.families[number]), partner
            last = number

    def slots_of(self, document: int) -> NDArray[np.int64]:
        """Return the position of the key of each of a document's lines among the distinct keys, -1 for none."""
        first = self.index.lines.first
        return self.slots[int(first[document]) : int(first[document + 1])]
