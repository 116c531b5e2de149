"""Codes for what is around a line: its neighbours, the landmarks of its group, its document's start and end.

Two documents hold the same code where the same stands in the same surroundings; `cleaner.counting` counts them.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from cleaner.counting import combined

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


def affix_codes(
    groups: NDArray[np.int64],
    before: NDArray[np.uint64],
    after: NDArray[np.uint64],
    heads: NDArray[np.uint32],
    tails: NDArray[np.uint32],
) -> list[NDArray[np.uint64]]:
    """Return four codes for each line: its start, or end, with the line before it, then with the line after it."""
    sides = [(number, affix, side) for number, (side, affix) in enumerate(product((before, after), (heads, tails)))]
    return [combined(groups, np.uint64(number), affix, side) for number, affix, side in sides]


def landmarks(held: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which lines are landmarks, given how many of how many documents of their group hold them.

    >>> landmarks(np.array([1, 2, 4]), np.array([1, 3, 9])).tolist()
    [False, True, False]
    """
    return (held >= 2) & (held >= SKELETON * size)


def gap_codes(
    group: int, keys: NDArray[np.uint64], marks: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]]:
    """Return where the gaps between a document's landmarks are, ends included: landmark before, landmark after, code.

    >>> left, right, _ = gap_codes(0, np.array([5, 6, 7], dtype=np.uint64), np.array([False, True, False]))
    >>> left.tolist(), right.tolist()
    ([-1, 1], [1, 3])
    """
    places = np.flatnonzero(marks)
    bounds = np.concatenate(([-1], places, [len(keys)])).astype(np.int64)
    sides = np.concatenate(([START], keys[places], [END])).astype(np.uint64)
    return bounds[:-1], bounds[1:], combined(np.uint64(group), sides[:-1], sides[1:])


def place_codes(
    group: int, keys: NDArray[np.uint64], marks: NDArray[np.bool_]
) -> list[tuple[NDArray[np.int64], NDArray[np.uint64]]]:
    """Return the lines at most `PLACE` after a landmark, or the start, with their place's code; then those before one.

    >>> [near.tolist() for near, _ in place_codes(0, np.array([5, 6], dtype=np.uint64), np.array([True, False]))]
    [[1], [1]]
    """
    at = np.arange(len(keys))
    places = np.flatnonzero(marks)
    bounds = np.concatenate(([-1], places, [len(keys)])).astype(np.int64)
    sides = np.concatenate(([START], keys[places], [END])).astype(np.uint64)
    gap = np.searchsorted(places, at, "left")
    found = []
    for number, (which, sign) in enumerate(((gap, 1), (gap + 1, -1))):
        away = sign * (at - bounds[which])
        near = np.flatnonzero(~marks & (away <= PLACE))
        codes = combined(np.uint64(group), np.uint64(number), sides[which[near]], away[near].astype(np.uint64))
        found.append((near, codes))
    return found


def fixed_codes(
    groups: NDArray[np.int64], masks: NDArray[np.uint64], at: NDArray[np.int64], back: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return a code for each line at most `PLACE` from its document's start, then for those from its end; and the lines."""
    head, tail = np.flatnonzero(at < PLACE), np.flatnonzero(back < PLACE)
    codes = [combined(groups[head], masks[head], np.uint64(1), at[head].astype(np.uint64))]
    codes.append(combined(groups[tail], masks[tail], np.uint64(2), back[tail].astype(np.uint64)))
    return np.concatenate(codes), np.concatenate((head, tail))


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
