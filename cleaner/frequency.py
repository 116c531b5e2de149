"""What an index says of a corpus: how many independent documents hold each line, and where in them.

Frequency is independent: documents that share their own prose (syndicated, republished, duplicated) are a family and
count once. Everything here is derived from the index, so equal indexes say the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from cleaner import near
from cleaner.index import NO_KEY, Index

if TYPE_CHECKING:
    from numpy.typing import NDArray

COPY_LINES, COPY_SHARE, COPY_RARE = 3, 0.4, 4
"""Two documents are copies when they share at least `COPY_LINES` prose lines that are rare (in at most `COPY_RARE`
documents), and these make `COPY_SHARE` of the prose of one of them: sharing the article makes copies, sharing a trailer
does not. On inject-dev a share of 0.5 lets a third more body text of syndicated articles go; a smaller one makes
copies of pages through their footers and teasers."""

EDGE = 3.0
"""Least score of a run that touches the start or end: three recurring blocks more than unseen ones."""

EDGE_SHORT, EDGE_PROSE = -1.0, -1.5
"""What an unseen block costs such a run: items rotate, prose does not."""

REACH = 3
"""Near-duplicates are looked for this many blocks around a recurring one, and from the ends of a document."""


Holders = tuple["NDArray[np.int64]", "NDArray[np.int64]"]
"""(key slot, family of a document that holds it), distinct and sorted, as one number `slot * documents + family` each;
and how many families hold each slot."""


@dataclass(frozen=True)
class Frequencies:
    """An index, ready for look-ups. All is derived from the index, so equal indexes say the same."""

    index: Index

    @cached_property
    def documents(self) -> NDArray[np.int64]:
        """The document of each line."""
        return np.repeat(np.arange(len(self.index), dtype=np.int64), np.diff(self.index.first))

    @cached_property
    def groups(self) -> dict[str, int]:
        """A number for each group."""
        return {group: number for number, group in enumerate(sorted(set(self.index.groups)))}

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
    def rare_prose(self) -> list[tuple[NDArray[np.int64], int]]:
        """For each rare prose key that several documents hold: those documents, and its length in characters."""
        _, starts, lines = self.by_key
        rare = []
        counts = np.diff(starts)
        heads = lines[starts[:-1]]
        for slot in np.flatnonzero((counts >= 2) & (counts <= 2 * COPY_RARE) & self.index.prose[heads]).tolist():
            holders = self.holding(slot)
            if 2 <= len(holders) <= COPY_RARE:
                head = heads[slot]
                rare.append((holders, int(self.index.stops[head] - self.index.starts[head])))
        return rare

    @cached_property
    def prose_size(self) -> NDArray[np.int64]:
        """Characters of prose in each document, repeated lines counted once."""
        lines = np.flatnonzero(self.index.prose & (self.index.keys != NO_KEY))
        pairs = np.stack([self.documents[lines], self.slots[lines]], axis=1)
        _, once = np.unique(pairs, axis=0, return_index=True)
        chosen = lines[once]
        sizes = (self.index.stops[chosen] - self.index.starts[chosen]).astype(np.float64)
        return np.bincount(self.documents[chosen], weights=sizes, minlength=len(self.index)).astype(np.int64)

    @cached_property
    def by_name(self) -> dict[tuple[str, str], list[int]]:
        """The documents with each id and group."""
        found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for number, name in enumerate(zip(self.index.ids, self.index.groups, strict=True)):
            found[name].append(number)
        return found

    @cached_property
    def by_digest(self) -> dict[str, list[int]]:
        """The documents with each digest, in order."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for number, digest in enumerate(self.index.digests):
            found[digest].append(number)
        return found

    @cached_property
    def copies(self) -> dict[int, set[int]]:
        """For each document that has any, the documents that it is a copy of and that are copies of it."""
        shared: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for holders, size in self.rare_prose:
            for one, other in combinations(holders.tolist(), 2):
                shared[one, other].append(size)
        copies: defaultdict[int, set[int]] = defaultdict(set)
        for (one, other), sizes in shared.items():
            if is_copy(sizes, min(self.prose_size[one], self.prose_size[other])):
                copies[one].add(other)
                copies[other].add(one)
        return dict(copies)

    @cached_property
    def families(self) -> NDArray[np.int64]:
        """For each document the head of its family, which it is a copy of, or itself.

        Stars, not chains: two copies of one document may share nothing. Heads are chosen by content, not by name.
        """
        families = np.full(len(self.index), -1, dtype=np.int64)
        for number in sorted(range(len(self.index)), key=lambda number: (self.index.digests[number], number)):
            same = self.by_digest[self.index.digests[number]][0]
            heads = [other for other in self.copies.get(number, ()) if families[other] == other]
            if same != number:
                families[number] = families[same]
            elif heads:
                families[number] = min(heads, key=lambda head: self.index.digests[head])
            else:
                families[number] = number
        return families

    @cached_property
    def independent(self) -> int:
        """How many independent documents there are: families."""
        return len(np.unique(self.families))

    @cached_property
    def group_of(self) -> NDArray[np.int64]:
        """The group of each document."""
        return np.array([self.groups[group] for group in self.index.groups], dtype=np.int64)

    @cached_property
    def holders(self) -> Holders:
        """Of all lines."""
        return self._holders(self.slots >= 0)

    def _holders(self, marked: NDArray[np.bool_]) -> Holders:
        lines = np.flatnonzero(marked & (self.slots >= 0))
        pairs = np.unique(self.slots[lines] * len(self.index) + self.families[self.documents[lines]])
        return pairs, np.bincount(pairs // max(1, len(self.index)), minlength=len(self.by_key[0]))

    @cached_property
    def group_holders(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(key slot, group, family), distinct and sorted; (key slot, group), sorted, once for each of its families."""
        slots, documents = self.slots, self.documents
        lines = np.flatnonzero(slots >= 0)
        places = slots[lines] * len(self.groups) + self.group_of[documents[lines]]
        triples = np.unique(places * len(self.index) + self.families[documents[lines]])
        return triples, triples // max(1, len(self.index))

    @cached_property
    def members(self) -> Holders:
        """Of the groups, in place of key slots: which families are in each, and how many."""
        pairs = np.unique(self.group_of * len(self.index) + self.families)
        return pairs, np.bincount(pairs // max(1, len(self.index)), minlength=len(self.groups))

    @cached_property
    def recurs(self) -> NDArray[np.bool_]:
        """Whether each line stands in another independent document."""
        slots = self.slots
        recurs = np.zeros(len(slots), dtype=np.bool_)
        lettered = slots >= 0
        recurs[lettered] = self.holders[1][slots[lettered]] >= 2
        return recurs

    @cached_property
    def edge_holders(self) -> tuple[Holders, Holders]:
        """Of the lines that stand in a run of recurring lines at the head, and at the tail, of their document."""
        edges = np.zeros((2, len(self.slots)), dtype=np.bool_)
        for number in range(len(self.index)):
            own = slice(int(self.index.first[number]), int(self.index.first[number + 1]))
            edges[:, own] = edge_runs(self.recurs[own], self.index.prose[own], self.index.keys[own] != NO_KEY)
        return self._holders(edges[0]), self._holders(edges[1])

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

    def slot(self, number: int) -> int:
        """Return the position of a key among the distinct ones, -1 when no document holds it."""
        distinct = self.by_key[0]
        at = int(np.searchsorted(distinct, np.uint64(number)))
        return at if at < len(distinct) and int(distinct[at]) == number else -1


def is_copy(sizes: Sequence[int], prose: int) -> bool:
    """Whether two documents that share rare prose lines are copies.

    Args:
        sizes: Of the shared lines, in characters.
        prose: Characters of prose that the one with less of it has.

    >>> is_copy([90, 80, 70], 600), is_copy([90, 80, 70], 601), is_copy([300, 200], 600)
    (True, False, False)
    """
    return len(sizes) >= COPY_LINES and sum(sizes) >= COPY_SHARE * prose


def edge_runs(
    recurs: NDArray[np.bool_], prose: NDArray[np.bool_], lettered: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Mark the blocks of the best-scoring head, and of the best-scoring tail, of a document, where they score `EDGE`.

    >>> recurs = np.array([False, False, True, True, False, True, True])
    >>> head, tail = edge_runs(recurs, np.zeros(7, bool), np.ones(7, bool))
    >>> bool(head.any()), tail.astype(int).tolist()
    (False, [0, 0, 1, 1, 1, 1, 1])
    """
    head, tail = np.zeros(len(recurs), dtype=np.bool_), np.zeros(len(recurs), dtype=np.bool_)
    if np.count_nonzero(recurs) >= EDGE:
        gains = np.where(recurs, 1.0, np.where(prose, EDGE_PROSE, EDGE_SHORT)) * lettered
        for marks, sums in ((head, np.cumsum(gains)), (tail[::-1], np.cumsum(gains[::-1]))):
            if sums.max() >= EDGE:
                marks[: int(sums.argmax()) + 1] = True
    return head, tail


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


def holds(numbers: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which of the `wanted` numbers a sorted array holds.

    >>> holds(np.array([1, 3]), np.array([3, 2, 4])).tolist()
    [True, False, False]
    """
    at = np.searchsorted(numbers, wanted)
    found = at < len(numbers)
    found[found] = numbers[at[found]] == wanted[found]
    return found
