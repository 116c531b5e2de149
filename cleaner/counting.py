"""Counting in how many independent documents something stands, whatever it is: a line, a pair of lines, a gap.

What is counted has a 64-bit code; who holds it is a family of documents. Codes are hashes, so two things may share one by
chance: of a thousand million codes of lines, with a probability of 3 %; of a million in one group (`grouped`), of 0.2 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from cleaner.spill import Space

if TYPE_CHECKING:
    from numpy.typing import NDArray

_Whole = TypeVar("_Whole", np.int64, np.uint64)


def combined(*parts: Any) -> NDArray[np.uint64]:
    """Return one code for each tuple of whole numbers: each part is mixed in by a multiplication and a shift (Fibonacci hashing).

    Args:
        parts: arrays of whole numbers, of one length; a plain number stands for an array of it. At least one array.

    >>> one, other = combined(np.array([1, 2]), np.array([2, 1]))
    >>> bool(one == other)
    False
    """
    code: NDArray[np.uint64] = np.full(1, 0x6A09E667F3BCC908, dtype=np.uint64)
    for part in parts:
        code = (code ^ np.asarray(part).astype(np.uint64, copy=False)) * _GOLDEN
        code ^= code >> _HALF
    return code


def grouped(lead: NDArray[np.uint64], *parts: Any) -> NDArray[np.uint64]:
    """Return one code for each tuple of a leading code and whole numbers; its highest bits are those of the leading code.

    So codes of one group are close together in a sorted array, and looking up many touches little of it.

    >>> lead = combined(np.array([1, 1, 2]))
    >>> codes = grouped(lead, np.array([7, 8, 8]))
    >>> len(set(codes.tolist())), bool((codes >> np.uint64(48) == lead >> np.uint64(48)).all())
    (3, True)
    """
    found: NDArray[np.uint64] = (lead & _LEAD) | (combined(lead, *parts) >> _LEADING)
    return found


_LEADING, _LEAD = np.uint64(16), np.uint64(0xFFFF << 48)
"""The highest 16 bits: two groups of 65,536 share them, and 48 others tell apart what these hold."""

_GOLDEN, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)


@dataclass(frozen=True, eq=False)
class Counter:
    """How many families of documents hold each code. Build it with `counter`."""

    codes: NDArray[np.uint64]
    """Distinct, sorted."""
    totals: NDArray[np.int64]
    """How many families hold each code."""
    single: NDArray[np.uint64]
    """Other codes, sorted: one family holds each. They are most, and rarely asked for, so they stand apart."""

    def count(self, codes: NDArray[np.uint64], own: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
        """Return how many families hold each of `codes`.

        Args:
            codes: what to look up.
            own: which of them one of the families is known to hold: for these 0 may come instead of 1.

        >>> known = counter(np.array([7, 7, 9], dtype=np.uint64), np.array([0, 1, 0]))
        >>> known.count(np.array([7, 8, 9], dtype=np.uint64)).tolist()
        [2, 0, 1]
        """
        counts = np.zeros(len(codes), dtype=np.int64)
        if len(self.codes) and len(codes):
            at = self.codes.searchsorted(codes)
            counts = self.totals.take(at, mode="clip") * (self.codes.take(at, mode="clip") == codes)
        rest = np.flatnonzero(counts == 0 if own is None else (counts == 0) & ~own)
        if len(rest):
            counts[rest] = holds(self.single, codes[rest])
        return counts

    def places(self, codes: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the position of each of `codes` in `codes`, -1 for one that is not there."""
        at = self.codes.searchsorted(codes)
        return np.where(holds(self.codes, codes), at, -1)

    def parted(self, stay: NDArray[np.bool_] | None = None) -> Counter:
        """Let the codes that one family holds stand apart, but for those that are to stay."""
        apart = self.totals == 1
        if stay is not None:
            apart &= ~stay
        return Counter(self.codes[~apart], self.totals[~apart], self.codes[apart])


class Tally:
    """Counters of ascending ranges of codes, put together as they come: arrays that need not fit into memory.

    >>> tally = Tally(Space())
    >>> for codes in ([7, 7, 9], [11]):
    ...     tally.add(counter(np.array(codes, dtype=np.uint64), np.arange(len(codes))).parted())
    >>> tally.counter().codes.tolist(), tally.counter().single.tolist()
    ([7], [9, 11])
    """

    def __init__(self, space: Space) -> None:
        self._columns = [space.column(dtype) for dtype in (np.uint64, np.int64, np.uint64)]

    def add(self, found: Counter) -> None:
        """Add the counter of the next codes."""
        for column, values in zip(self._columns, (found.codes, found.totals, found.single), strict=True):
            column.append(values)

    def counter(self) -> Counter:
        """Return all of them as one."""
        return Counter(*(column.array() for column in self._columns))


def counter(codes: NDArray[np.uint64], holders: NDArray[np.int64]) -> Counter:
    """Count for each code the distinct families among its `holders`; none stands apart.

    >>> found = counter(np.array([5, 3, 5], dtype=np.uint64), np.array([0, 0, 1]))
    >>> found.codes.tolist(), found.totals.tolist()
    ([3, 5], [1, 2])
    """
    order, ranks = _ranked(codes)
    return Counter(codes[order[fresh(ranks)]], _distinct(ranks, holders[order]), np.empty(0, dtype=np.uint64))


def fresh(*columns: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which rows of sorted columns, at least one, differ from the row before.

    >>> fresh(np.array([1, 1, 1, 2]), np.array([5, 5, 6, 6])).tolist()
    [True, False, True, True]
    """
    found = np.zeros(len(columns[0]), dtype=np.bool_)
    found[:1] = True
    for column in columns:
        found[1:] |= column[1:] != column[:-1]
    return found


def _ranked(codes: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the order of codes, and in this order the rank of each among the distinct ones."""
    order = np.argsort(codes)
    ordered = codes[order]
    ranks = np.zeros(len(codes), dtype=np.int64)
    np.cumsum(ordered[1:] != ordered[:-1], out=ranks[1:])
    return order, ranks


def _distinct(ranks: NDArray[np.int64], holders: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many distinct holders each rank has."""
    families = int(holders.max(initial=0)) + 1
    pairs = np.sort(ranks * families + holders)
    return np.bincount(pairs[fresh(pairs)] // families).astype(np.int64, copy=False)


def holds(numbers: NDArray[_Whole], wanted: NDArray[_Whole]) -> NDArray[np.bool_]:
    """Return which of the `wanted` numbers a sorted array holds.

    >>> holds(np.array([1, 3]), np.array([3, 2, 4])).tolist()
    [True, False, False]
    """
    if not len(numbers) or not len(wanted):
        return np.zeros(len(wanted), dtype=np.bool_)
    found: NDArray[np.bool_] = numbers.take(numbers.searchsorted(wanted), mode="clip") == wanted
    return found
