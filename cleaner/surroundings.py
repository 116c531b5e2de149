"""Codes for what is around a line: its neighbours, the landmarks of its group, its document's start and end.

Two documents hold the same code where the same stands in the same surroundings; `cleaner.counting` counts them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cleaner.counting import combined, grouped
from cleaner.fingerprints import Lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

EDGE = 3.0
"""Least score of a run that touches the start or end: three recurring blocks more than unseen ones."""

EDGE_SHORT, EDGE_PROSE = -1.0, -1.5
"""What an unseen block costs such a run: items rotate, prose does not."""

REACH = 3
"""Near-duplicates are looked for this many blocks around a recurring one, and from the ends of a document."""

SKELETON = 0.5
"""A line on this share of a group's documents is a landmark: what lies between two landmarks is comparable."""

PLACE = 16
"""So many lines around a landmark have a place by it."""

START, END = 1, 2
"""Stand for the neighbour that the first and the last line do not have."""


@dataclass(frozen=True, eq=False)
class Codes:
    """Codes of the lines of some documents, by what is counted. All but those of the lines themselves are of a group."""

    lines: Lines
    groups: NDArray[np.int64]
    """The group of each document."""

    @cached_property
    def documents(self) -> NDArray[np.int64]:
        """The document of each line."""
        return self.lines.documents

    @cached_property
    def _leads(self) -> NDArray[np.uint64]:
        """The code of each document's group."""
        return combined(self.groups)

    @cached_property
    def _groups(self) -> NDArray[np.uint64]:
        """The code of each line's group."""
        return self._leads[self.documents]

    @cached_property
    def bounds(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Of each line, the first line of its document, and the first of the next one."""
        first = self.lines.first
        return first[:-1][self.documents], first[1:][self.documents]

    @cached_property
    def around(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """The mask of the line before each, and of the line after it, in its document; `START` and `END` stand for none."""
        masks, first = self.lines.masks, self.lines.first
        before, after = np.empty_like(masks), np.empty_like(masks)
        before[1:], after[:-1] = masks[:-1], masks[1:]
        some = first[:-1] < first[1:]
        before[first[:-1][some]], after[first[1:][some] - 1] = START, END
        return before, after

    @cached_property
    def held(self) -> NDArray[np.uint64]:
        """A line's key."""
        return grouped(self._groups, self.lines.keys)

    @cached_property
    def masked(self) -> NDArray[np.uint64]:
        """A line with every digit as 0."""
        return grouped(self._groups, self.lines.masks)

    @cached_property
    def pairs(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """A line right after the line before it here; right before the line after it here. Digits as 0."""
        before, after = self.around
        pairs = grouped(self._groups, before, self.lines.masks)
        last = np.flatnonzero(after == END)
        following = np.empty_like(pairs)
        following[:-1] = pairs[1:]
        following[last] = grouped(self._groups[last], self.lines.masks[last], END)
        return pairs, following

    @cached_property
    def affixes(self) -> NDArray[np.uint64]:
        """How a line starts, or ends, with the line before it; then with the line after it: four rows."""
        affixes = np.array([self.lines.heads, self.lines.tails, self.lines.heads, self.lines.tails])
        sides = np.array(self.around).repeat(2, axis=0)
        return grouped(self._groups, np.arange(4)[:, None], affixes, sides)

    @cached_property
    def framed(self) -> NDArray[np.uint64]:
        """How a line starts and how it ends."""
        return grouped(self._groups, self.lines.heads, self.lines.tails)

    @cached_property
    def shaped(self) -> NDArray[np.uint64]:
        """How a line looks."""
        return grouped(self._groups, self.lines.shapes)

    @cached_property
    def celled(self) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """The cells of lines that have several; and the line of each."""
        lines = np.repeat(np.arange(len(self.lines)), self.lines.widths)
        return grouped(self._groups[lines], self.lines.cells), lines

    @cached_property
    def fixed(self) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """A line, digits as 0, less than `PLACE` from its document's start, then those from its end; and the lines."""
        (start, end), at = self.bounds, np.arange(len(self.lines))
        away = np.array([at - start, end - 1 - at])
        side, near = np.nonzero(away < PLACE)
        return grouped(self._groups[near], self.lines.masks[near], side + 1, away[side, near]), near

    def gaps(self, marks: NDArray[np.bool_]) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the two landmarks around each gap, ends included; the first line after the gap; and its document.

        A gap ends at each landmark, and at the end of each document.
        """
        first = self.lines.first
        ends = np.concatenate((np.flatnonzero(marks), first[1:]))
        documents = np.concatenate((self.documents[marks], np.arange(len(first) - 1)))
        left = np.concatenate(([-1], np.maximum.accumulate(np.where(marks, np.arange(len(marks)), -1))))[ends]
        inside = left >= first[documents]
        keys = np.append(self.lines.keys, np.uint64(END))
        before = np.where(inside, keys[left], np.uint64(START))
        after = np.where(np.arange(len(ends)) < np.count_nonzero(marks), keys[ends], np.uint64(END))
        return grouped(self._leads[documents], before, after), ends, documents

    def between(self, marks: NDArray[np.bool_]) -> NDArray[np.uint64]:
        """Return the two landmarks around each line."""
        (before, _), (after, _) = self._beside(marks)
        return grouped(self._groups, before, after)

    def places(self, marks: NDArray[np.bool_]) -> list[tuple[NDArray[np.int64], NDArray[np.uint64]]]:
        """Return the lines at most `PLACE` after a landmark, or the start, with their place's code; then those before one."""
        keys, away = map(np.array, zip(*self._beside(marks), strict=True))
        side, near = np.nonzero(~marks & (away <= PLACE))
        codes = grouped(self._groups[near], side, keys[side, near], away[side, near])
        border = int(np.count_nonzero(side == 0))
        return [(near[:border], codes[:border]), (near[border:], codes[border:])]

    def _beside(
        self, marks: NDArray[np.bool_]
    ) -> tuple[tuple[NDArray[np.uint64], NDArray[np.int64]], tuple[NDArray[np.uint64], NDArray[np.int64]]]:
        """Return the key of the landmark before each line and how far away it is; then those of the one after it."""
        (start, end), at = self.bounds, np.arange(len(marks))
        if not len(at):
            nothing = np.empty(0, dtype=np.uint64), at
            return nothing, nothing
        left = np.concatenate(([-1], np.maximum.accumulate(np.where(marks, at, -1))[:-1]))
        right = np.append(np.minimum.accumulate(np.where(marks, at, len(at))[::-1])[::-1][1:], len(at))
        before = np.where(left >= start, self.lines.keys[left], np.uint64(START))
        after = np.where(right < end, self.lines.keys.take(right, mode="clip"), np.uint64(END))
        return (before, at - np.maximum(left, start - 1)), (after, np.minimum(right, end) - at)


def landmarks(held: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which lines are landmarks, given how many of how many documents of their group hold them.

    >>> landmarks(np.array([1, 2, 4]), np.array([1, 3, 9])).tolist()
    [False, True, False]
    """
    return (held >= 2) & (held >= SKELETON * size)


def edge_runs(
    first: NDArray[np.int64], recurs: NDArray[np.bool_], prose: NDArray[np.bool_], lettered: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Mark the lines of the best-scoring head, and of the best-scoring tail, of each document, where they score `EDGE`.

    Args:
        first: document d has the lines `[first[d], first[d + 1])`.
        recurs: whether each line does.
        prose: whether it reads like a sentence of a body.
        lettered: whether it has a letter.

    >>> recurs = np.array([False, False, True, True, False, True, True])
    >>> head, tail = edge_runs(np.array([0, 7]), recurs, np.zeros(7, bool), np.ones(7, bool))
    >>> bool(head.any()), tail.astype(int).tolist()
    (False, [0, 0, 1, 1, 1, 1, 1])
    """
    gains = np.where(recurs, 1.0, np.where(prose, EDGE_PROSE, EDGE_SHORT)) * lettered
    back = len(gains) - first[::-1]
    return _heads(first, gains), _heads(back, gains[::-1])[::-1]


def _heads(first: NDArray[np.int64], gains: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the lines of each document up to where the sum of their gains is largest, where it is `EDGE` or more."""
    starts, ends = first[:-1][first[:-1] < first[1:]], first[1:][first[:-1] < first[1:]]
    if not len(starts):
        return np.zeros(len(gains), dtype=np.bool_)
    sums = np.cumsum(gains)
    sums -= np.repeat((sums - gains)[starts], ends - starts)
    best = np.maximum.reduceat(sums, starts)
    peaks = np.flatnonzero(sums == np.repeat(best, ends - starts))
    stops = peaks[np.searchsorted(peaks, starts)]
    marks: NDArray[np.bool_] = (np.arange(len(gains)) <= np.repeat(stops, ends - starts)) & np.repeat(
        best >= EDGE, ends - starts
    )
    return marks


def close(first: NDArray[np.int64], recurs: NDArray[np.bool_], lettered: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the lines within `REACH` of a recurring one or of an end of their document, counting lines with letters only.

    Args:
        first: document d has the lines `[first[d], first[d + 1])`.
        recurs: whether each line does.
        lettered: whether it has a letter.

    >>> recurs = np.array([False, False, False, False, True, False, False, False, False, False, False])
    >>> close(np.array([0, 11]), recurs, np.ones(11, bool)).astype(int).tolist()
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    """
    places = np.flatnonzero(lettered)
    # Document d has the lettered lines [ranks[d], ranks[d + 1]).
    ranks = np.concatenate(([0], np.cumsum(lettered)))[first]
    documents = np.repeat(np.arange(len(first) - 1), np.diff(ranks))
    start, end = ranks[:-1][documents], ranks[1:][documents]
    at = np.arange(len(places))
    low, high = at - REACH, at + REACH + 1
    sums = np.concatenate(([0], np.cumsum(recurs[places])))
    near = sums[np.minimum(high, end)] > sums[np.maximum(low, start)]
    marked = np.zeros(len(recurs), dtype=np.bool_)
    marked[places] = near | (low < start) | (high > end)
    return marked
