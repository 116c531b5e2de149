"""Counting in how many independent documents something stands, whatever it is: a line, a pair of lines, a gap.

What is counted has a 64-bit code; who holds it is a family of documents. Codes are hashes, so two things may share one by
chance: of a thousand million, with a probability of 3 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

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


_GOLDEN, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)


@dataclass(frozen=True)
class Counter:
    """Which families of documents hold each code. Build it with `counter`."""

    codes: NDArray[np.uint64]
    """Distinct, sorted."""
    pairs: NDArray[np.int64]
    """`position of the code * families + family`, distinct, sorted."""
    totals: NDArray[np.int64]
    """How many families hold each code."""
    families: int
    """One more than the largest family."""

    def count(self, codes: NDArray[np.uint64], *own: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many families hold each of `codes`, besides the families that `own` names for it, -1 for none.

        >>> known = counter(np.array([7, 7, 9], dtype=np.uint64), np.array([0, 1, 0]), 2)
        >>> known.count(np.array([7, 8, 9], dtype=np.uint64)).tolist()
        [2, 0, 1]
        >>> known.count(np.array([7, 8, 9], dtype=np.uint64), np.array([0, 0, -1])).tolist()
        [1, 0, 1]
        """
        if not len(self.codes):
            return np.zeros(len(codes), dtype=np.int64)
        at = self.codes.searchsorted(codes)
        held = self.codes.take(at, mode="clip") == codes
        counts: NDArray[np.int64] = self.totals.take(at, mode="clip") * held
        for families in own:
            counts -= holds(self.pairs, at * self.families + families) & held & (families >= 0)
        return counts

    def places(self, codes: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the position of each of `codes` among the distinct ones, -1 for one that nobody holds."""
        at = self.codes.searchsorted(codes)
        return np.where(holds(self.codes, codes), at, -1)


def counter(codes: NDArray[np.uint64], holders: NDArray[np.int64], families: int) -> Counter:
    """Count for each code the distinct families among its `holders`; families are below `families`."""
    distinct, at = np.unique(codes, return_inverse=True)
    pairs = np.unique(at.astype(np.int64) * families + holders)
    totals = np.bincount(pairs // max(1, families), minlength=len(distinct)).astype(np.int64)
    return Counter(distinct, pairs, totals, families)


def holds(numbers: NDArray[_Whole], wanted: NDArray[_Whole]) -> NDArray[np.bool_]:
    """Return which of the `wanted` numbers a sorted array holds.

    >>> holds(np.array([1, 3]), np.array([3, 2, 4])).tolist()
    [True, False, False]
    """
    if not len(numbers):
        return np.zeros(len(wanted), dtype=np.bool_)
    found: NDArray[np.bool_] = numbers.take(numbers.searchsorted(wanted), mode="clip") == wanted
    return found
