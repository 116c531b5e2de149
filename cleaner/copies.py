"""Which documents are copies: they share their own prose, so they are not independent, and count once.

Syndicated, republished, duplicated: sharing the article makes copies, sharing a trailer does not. So what counts is prose
that few documents hold; or, however many hold it, most of the prose that two documents have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from cleaner.counting import combined
from cleaner.index import Index

if TYPE_CHECKING:
    from numpy.typing import NDArray

LINES, SHARE, RARE = 3, 0.4, 4
"""Two documents are copies when they share at least `LINES` prose lines that are rare (in at most `RARE` documents), and
these make `SHARE` of the prose of one of them. On inject-dev a share of 0.5 lets a third more body text of syndicated
articles go; a smaller one makes copies of pages through their footers and teasers."""

TWIN_SHARE, TWIN_SKETCH = 0.65, 16
"""So are two that share this much of the prose of each of them, in at least `LINES` lines, however many others hold it: by
`calibrate --last` 0.8 loses more body text on sites-dev, and 0.6 finds less, as pages with little prose of their own become
copies. They are looked for among documents with the same smallest hash of a prose line, by one of `TWIN_SKETCH` hash functions (MinHash,
Broder 1997): of pairs with half of these lines in common all of them miss one in 60,000."""


@dataclass(frozen=True)
class Copies:
    """The copies among an index's documents."""

    index: Index
    documents: NDArray[np.int64]
    """The document of each line."""
    slots: NDArray[np.int64]
    """The number of each line's key, -1 for a line without one."""

    @cached_property
    def lines(self) -> NDArray[np.int64]:
        """The prose lines of each document, document after document, repeated ones once."""
        lines = np.flatnonzero(self.index.lines.prose & (self.slots >= 0))
        pairs = self.documents[lines] * (int(self.slots.max(initial=0)) + 1) + self.slots[lines]
        order = np.argsort(pairs, kind="stable")
        once = np.ones(len(order), dtype=np.bool_)
        once[1:] = pairs[order][1:] != pairs[order][:-1]
        return lines[order[once]]

    @cached_property
    def prose(self) -> NDArray[np.int64]:
        """Characters of prose in each document, repeated lines counted once."""
        lines = self.lines
        return np.bincount(self.documents[lines], weights=self._sizes(lines), minlength=len(self.index)).astype(
            np.int64
        )

    @cached_property
    def pairs(self) -> dict[int, set[int]]:
        """For each document that has any, the documents that it is a copy of and that are copies of it."""
        pairs: defaultdict[int, set[int]] = defaultdict(set)
        for found in (self._sharing(), self._twins()):
            for one, other in found:
                pairs[one].add(other)
                pairs[other].add(one)
        return dict(pairs)

    @cached_property
    def families(self) -> NDArray[np.int64]:
        """For each document the head of its family, which it is a copy of, or itself.

        Stars, not chains: two copies of one document may share nothing. Heads are chosen by content, not by name.
        """
        families = np.arange(len(self.index), dtype=np.int64)
        several = [number for number in self.by_content if self._has_any(number)]
        families[several] = -1
        for number in several:
            same = self.by_digest[self.index.digests[number]][0]
            near = {int(families[other]) for other in self.pairs.get(number, ()) if families[other] >= 0}
            heads = [head for head in near if self._is_copy(number, head)] if same == number else [int(families[same])]
            families[number] = min(heads, key=lambda head: (self.index.digests[head], head), default=number)
        return families

    def _has_any(self, number: int) -> bool:
        """Whether there may be copies of a document."""
        return number in self.pairs or len(self.by_digest[self.index.digests[number]]) > 1

    def first(self, number: int) -> int:
        """Return the first document, by id, that a document is a copy of; itself when there is none before it."""
        if not self._has_any(number):
            return number
        known = {*self.pairs.get(number, ()), *self.by_digest[self.index.digests[number]], int(self._first[number])}
        return min((other for other in known if other < number and self._is_copy(number, other)), default=number)

    @cached_property
    def _first(self) -> NDArray[np.int64]:
        """For each document the first of its family, by id."""
        first = np.full(len(self.index), len(self.index), dtype=np.int64)
        np.minimum.at(first, self.families, np.arange(len(self.index)))
        result: NDArray[np.int64] = first[self.families]
        return result

    def _is_copy(self, one: int, other: int) -> bool:
        """Whether two documents are copies, whether or not they were compared before."""
        same = self.index.digests[one] == self.index.digests[other]
        return same or other in self.pairs.get(one, ()) or self._are_twins(one, other)

    @cached_property
    def by_digest(self) -> dict[str, list[int]]:
        """The documents with each digest, in order."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for number, digest in enumerate(self.index.digests):
            found[digest].append(number)
        return dict(found)

    @cached_property
    def by_content(self) -> list[int]:
        """All documents, in an order that their names have no part in, unless they say the same."""
        return sorted(range(len(self.index)), key=lambda number: (self.index.digests[number], number))

    def _sizes(self, lines: NDArray[np.int64]) -> NDArray[np.int64]:
        return self.index.lines.stops[lines].astype(np.int64) - self.index.lines.starts[lines]

    def _sharing(self) -> Iterator[tuple[int, int]]:
        """Yield pairs of documents that share much rare prose."""
        lines = self.lines[np.argsort(self.slots[self.lines], kind="stable")]
        _, starts, counts = np.unique(self.slots[lines], return_index=True, return_counts=True)
        if not len(lines):
            return
        sizes, documents = np.minimum.reduceat(self._sizes(lines), starts).tolist(), self.documents[lines].tolist()
        shared: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for at in np.flatnonzero((counts >= 2) & (counts <= RARE)).tolist():
            start, stop = int(starts[at]), int(starts[at] + counts[at])
            for pair in combinations(documents[start:stop], 2):
                shared[pair].append(sizes[at])
        for (one, other), found in shared.items():
            if is_copy(len(found), sum(found), min(self.prose[one], self.prose[other])):
                yield one, other

    def _twins(self) -> Iterator[tuple[int, int]]:
        """Yield pairs of documents that share most of their prose: of those that may, each with the first by content."""
        lines = self._telling()
        if not len(lines):
            return
        documents, starts = np.unique(self.documents[lines], return_index=True)
        some = set(documents.tolist())
        order = np.array([number for number in self.by_content if number in some], dtype=np.int64)
        at = np.searchsorted(documents, order)
        pairs: set[tuple[int, int]] = set()
        for seed in range(TWIN_SKETCH):
            sketch = np.minimum.reduceat(combined(seed, self.index.lines.keys[lines]), starts)[at]
            _, first, same = np.unique(sketch, return_index=True, return_inverse=True)
            others = order[first[same]]
            pairs.update(zip(others[others != order].tolist(), order[others != order].tolist(), strict=True))
        for one, other in sorted(pairs):
            if self._are_twins(one, other):
                yield one, other

    def _telling(self) -> NDArray[np.int64]:
        """Return the prose lines to look for twins by: of those of a document that others hold, the rarer half.

        The others are a trailer's, which copies share with strangers. A document has none when others hold too little of it.
        """
        lines = self.lines
        holders = np.bincount(self.slots[lines], minlength=int(self.slots.max(initial=0)) + 1)[self.slots[lines]]
        held = np.bincount(self.documents[lines], weights=self._sizes(lines) * (holders > 1), minlength=len(self.index))
        some = (holders > 1) & (held >= TWIN_SHARE * self.prose)[self.documents[lines]]
        lines, holders = lines[some], holders[some]
        order = np.lexsort((self.slots[lines], holders, self.documents[lines]))
        lines = lines[order]
        _, starts, counts = np.unique(self.documents[lines], return_index=True, return_counts=True)
        place = np.arange(len(lines)) - np.repeat(starts, counts)
        result: NDArray[np.int64] = lines[place <= np.repeat(counts, counts) // 2]
        return result

    def _are_twins(self, one: int, other: int) -> bool:
        left, right = self._own(one), self._own(other)
        shared = left[np.isin(self.slots[left], self.slots[right])]
        return is_twin(len(shared), int(self._sizes(shared).sum()), max(self.prose[one], self.prose[other]))

    def _own(self, number: int) -> NDArray[np.int64]:
        """Return a document's prose lines."""
        start, stop = self._documents.searchsorted((number, number + 1))
        return self.lines[start:stop]

    @cached_property
    def _documents(self) -> NDArray[np.int64]:
        """The document of each of `lines`."""
        return self.documents[self.lines]


def is_copy(lines: int, size: int, prose: int) -> bool:
    """Whether two documents that share rare prose lines are copies.

    Args:
        lines: How many they share.
        size: Of these, in characters.
        prose: Characters of prose that the one with less of it has.

    >>> is_copy(3, 240, 600), is_copy(3, 240, 601), is_copy(2, 500, 600)
    (True, False, False)
    """
    return lines >= LINES and size >= SHARE * prose


def is_twin(lines: int, size: int, prose: int) -> bool:
    """Whether two documents that share prose lines, rare or not, share most of their prose.

    Args:
        lines: How many they share.
        size: Of these, in characters.
        prose: Characters of prose that the one with more of it has.

    >>> is_twin(3, 270, 415), is_twin(3, 270, 416), is_twin(2, 300, 300)
    (True, False, False)
    """
    return lines >= LINES and size >= TWIN_SHARE * prose
