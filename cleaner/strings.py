"""Many strings in two arrays, and texts by key: what can be mapped from a file, and read one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import eq
from typing import TYPE_CHECKING

import numpy as np

from cleaner.counting import holds
from cleaner.spill import Space, Spill, lookups, steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

AT_ONCE = 2**14
"""Strings that are decoded, or moved, at a time."""


@dataclass(frozen=True, eq=False)
class Strings(Sequence[str]):
    """Strings, packed. Build it with `packed`.

    >>> some = packed(["one", "zwei"])
    >>> some[1], len(some), some == ("one", "zwei")
    ('zwei', 2, True)
    """

    first: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    """String n has the bytes `[first[n], first[n + 1])`."""
    encoded: NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, dtype=np.uint8))
    """All of them in UTF-8, lone surrogates as if they were characters."""

    def __len__(self) -> int:
        return len(self.first) - 1

    def __getitem__(self, at: int) -> str:  # type: ignore[override]  # nobody asks for slices
        """Return the string at a place from 0."""
        if not 0 <= at < len(self):
            raise IndexError(at)
        return str(self.encoded.data[self.first[at] : self.first[at + 1]], "utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        """Decode them one after another."""
        for start, stop in steps(len(self), AT_ONCE):
            yield from self.some(np.arange(start, stop))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str) or len(self) != len(other):
            return False
        return all(map(eq, self, other))

    __hash__ = None  # type: ignore[assignment]

    def take(self, places: NDArray[np.int64]) -> Strings:
        """Return the strings at some places, packed."""
        sizes = self.first[places + 1] - self.first[places]
        first = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
        return Strings(first, np.frombuffer(b"".join(self.pieces(places)), dtype=np.uint8))

    def some(self, places: NDArray[np.int64]) -> list[str]:
        """Return the strings at some places."""
        return [str(piece, "utf-8", "surrogatepass") for piece in self.pieces(places)]

    def pieces(self, places: NDArray[np.int64]) -> Iterator[memoryview]:
        """Yield the bytes of the strings at some places."""
        data = self.encoded.data
        for begin, end in lookups(len(places)):
            some = places[begin:end]
            for start, stop in zip(self.first[some].tolist(), self.first[some + 1].tolist(), strict=True):
                yield data[start:stop]


def packed(strings: Iterable[str]) -> Strings:
    """Return strings packed.

    >>> packed(["One", "", "é"]).first.tolist()
    [0, 3, 3, 5]
    """
    pieces = [string.encode("utf-8", "surrogatepass") for string in strings]
    return Strings(np.cumsum([0, *map(len, pieces)], dtype=np.int64), np.frombuffer(b"".join(pieces), dtype=np.uint8))


@dataclass(frozen=True, eq=False)
class Texts:
    """Folded texts by key. Build it with `texts_of`, or with `united`."""

    keys: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    """Distinct, sorted."""
    strings: Strings = field(default_factory=Strings)
    """The text of each."""

    def places(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the places of those of `keys`, distinct and sorted, that have a text."""
        return np.flatnonzero(holds(keys, self.keys))


def texts_of(keys: Sequence[int], texts: Iterable[str]) -> Texts:
    """Return texts, and the key of each, as they are given.

    >>> found = texts_of([3, 7], ["two", "one"])
    >>> found.strings.some(found.places(np.array([7, 9], dtype=np.uint64)))
    ['one']
    """
    return Texts(np.array(keys, dtype=np.uint64), packed(texts))


def united(keys: NDArray[np.uint64], strings: Strings, space: Space) -> Texts:
    """Return texts by key, given texts and the key of each: a key may come more than once.

    >>> found = united(np.array([7, 3, 7], dtype=np.uint64), packed(["one", "two", "one"]), Space())
    >>> found.keys.tolist(), list(found.strings)
    ([3, 7], ['two', 'one'])
    """
    spill = Spill(space, len(keys), np.int64)
    for start, stop in steps(len(keys), AT_ONCE):
        spill.add(keys[start:stop], np.arange(start, stop))
    distinct, sizes, encoded = space.column(np.uint64), space.column(np.int64), space.column(np.uint8)
    for several, at in spill.ranges():
        found, which = np.unique(several, return_index=True)
        distinct.append(found)
        for start, stop in steps(len(found), AT_ONCE):
            pieces = list(strings.pieces(at[which[start:stop]]))
            sizes.append(np.array(list(map(len, pieces)), dtype=np.int64))
            encoded.append(np.frombuffer(b"".join(pieces), dtype=np.uint8))
    first = space.column(np.int64)
    first.append(np.zeros(1, dtype=np.int64))
    first.append(np.cumsum(sizes.taken()))
    return Texts(distinct.array(), Strings(first.array(), encoded.array()))
