"""Which documents are copies: they share their own prose, so they are not independent, and count once.

Syndicated, republished, duplicated: sharing the article makes copies, sharing a trailer does not. So what counts is prose
that few documents hold; or, however many hold it, most of the prose that two documents have.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cleaner.counting import Counter, Tally, combined, counter, fresh, holds
from cleaner.fingerprints import Lines
from cleaner.index import Index
from cleaner.spill import Space, Spill, parts

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
    space: Space = field(default_factory=Space)
    """Where what is large goes while they are found."""

    @cached_property
    def prose(self) -> NDArray[np.int64]:
        """Characters of prose in each document, repeated lines counted once."""
        found = [np.bincount(one.documents, one.sizes, stop - start) for start, stop, one in self._parts()]
        return np.concatenate([np.empty(0), *found]).astype(np.int64)

    @cached_property
    def pairs(self) -> dict[int, set[int]]:
        """For each document that has any, the documents that it is a copy of and that are copies of it."""
        pairs: defaultdict[int, set[int]] = defaultdict(set)
        for one, other in chain(self._sharing(), self._twins()):
            pairs[one].add(other)
            pairs[other].add(one)
        return dict(pairs)

    @cached_property
    def families(self) -> NDArray[np.int64]:
        """For each document the head of its family, which it is a copy of, or itself.

        Stars, not chains: two copies of one document may share nothing. Heads are chosen by content, not by name.
        """
        families = np.arange(len(self.index), dtype=np.int64)
        several = [number for number in self.by_content.tolist() if self._has_any(number)]
        families[several] = -1
        for number in several:
            same = self.saying(self.index.digests[number])[0]
            near = {int(families[other]) for other in self.pairs.get(number, ()) if families[other] >= 0}
            heads = [head for head in near if self._is_copy(number, head)] if same == number else [int(families[same])]
            families[number] = min(heads, key=lambda head: (self.index.digests[head], head), default=number)
        return families

    @cached_property
    def originals(self) -> NDArray[np.int64]:
        """For each document the first, by id, that it is a copy of; itself when there is none before it."""
        originals = np.arange(len(self.index), dtype=np.int64)
        for number in np.flatnonzero(self._repeated).tolist():
            same = int(self.saying(self.index.digests[number])[0])
            known = {*self.pairs.get(number, ()), same, int(self._first[number])}
            originals[number] = min(
                (other for other in known if other < number and self._is_copy(number, other)), default=number
            )
        return originals

    @cached_property
    def by_content(self) -> NDArray[np.int64]:
        """All documents, in an order that their names have no part in, unless they say the same."""
        return np.argsort(self._digests, kind="stable")

    def saying(self, digest: str) -> NDArray[np.int64]:
        """Return the documents with a digest, in order. There may be thousands: nothing is copied."""
        start = bisect_left(self.by_content, digest, key=self._digest)
        return self.by_content[start : bisect_right(self.by_content, digest, start, key=self._digest)]

    def _digest(self, number: np.int64) -> str:
        return self.index.digests[int(number)]

    @property
    def _digests(self) -> NDArray[np.bytes_]:
        return self.index.digests.encoded.view("S32")

    @cached_property
    def _repeated(self) -> NDArray[np.bool_]:
        """Whether there may be copies of each document."""
        repeated = np.zeros(len(self.index), dtype=np.bool_)
        same = ~fresh(self._digests[self.by_content])[1:]
        repeated[self.by_content[1:][same]] = repeated[self.by_content[:-1][same]] = True
        repeated[list(self.pairs)] = True
        return repeated

    def _has_any(self, number: int) -> bool:
        return bool(self._repeated[number])

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

    def _parts(self) -> Iterator[tuple[int, int, _Prose]]:
        """Yield the prose of the documents `[start, stop)`, and these bounds, some documents at a time."""
        for start, stop in parts(self.index.lines.first, self.space):
            yield start, stop, _prose(self.index.lines.part(start, stop))

    @cached_property
    def _holders(self) -> Counter:
        """How many documents hold each line of prose; those that one holds have no number."""
        known = Tally(self.space)
        for keys, documents, _ in self._spilled().ranges():
            known.add(counter(keys, documents).parted())
        return replace(known.counter(), single=np.empty(0, dtype=np.uint64))

    def _spilled(self) -> Spill:
        """Return the prose lines of all documents, parted by their keys: with each key the document and the size."""
        spill = Spill(self.space, int(np.count_nonzero(self.index.lines.prose)), np.int64, np.int64)
        for start, _, one in self._parts():
            spill.add(one.keys, one.documents + start, one.sizes)
        return spill

    def _sharing(self) -> Iterator[tuple[int, int]]:
        """Yield pairs of documents that share much rare prose."""
        shared = Spill(self.space, int(np.count_nonzero(self.index.lines.prose)), np.int64, np.int64, np.int64)
        for rows in self._spilled().ranges():
            order = np.argsort(rows[0], kind="stable")
            keys, documents, sizes = (column[order] for column in rows)
            _, starts, counts = np.unique(keys, return_index=True, return_counts=True)
            smallest = np.minimum.reduceat(sizes, starts) if len(starts) else starts
            for count in range(2, RARE + 1):
                some = counts == count
                for one, other in combinations(range(count), 2):
                    pair = documents[starts[some] + one], documents[starts[some] + other]
                    shared.add(combined(*pair), *pair, smallest[some])
        for _, *found in shared.ranges():
            order = np.lexsort((found[1], found[0]))
            ones, others, sizes = (column[order] for column in found)
            new = np.flatnonzero(fresh(ones, others))
            lines = np.diff(np.append(new, len(ones)))
            size = np.add.reduceat(sizes, new) if len(new) else new
            some = new[is_copy(lines, size, np.minimum(self.prose[ones[new]], self.prose[others[new]]))]
            yield from zip(ones[some].tolist(), others[some].tolist(), strict=True)

    def _twins(self) -> Iterator[tuple[int, int]]:
        """Yield pairs of documents that share most of their prose: of those that may, each with the first by content."""
        numbers, sketches = self._sketches()
        at = np.argsort(self._ranks[numbers])
        numbers, sketches = numbers[at], sketches[:, at]
        pairs: list[NDArray[np.int64]] = []
        for sketch in sketches:
            _, first, same = np.unique(sketch, return_index=True, return_inverse=True)
            others = numbers[first[same]]
            pairs.append((others * len(self.index) + numbers)[others != numbers])
        for pair in np.unique(np.concatenate([numbers[:0], *pairs])).tolist():
            one, other = divmod(pair, len(self.index))
            if self._are_twins(one, other):
                yield one, other

    @cached_property
    def _ranks(self) -> NDArray[np.int64]:
        """The place of each document in `by_content`."""
        ranks = np.empty(len(self.index), dtype=np.int64)
        ranks[self.by_content] = np.arange(len(self.index))
        return ranks

    def _sketches(self) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Return the documents that may have twins, and, a row for each hash function, the smallest hash of each one's prose."""
        numbers, sketches = [np.empty(0, dtype=np.int64)], [np.empty((TWIN_SKETCH, 0), dtype=np.uint64)]
        for start, stop, one in self._parts():
            telling = one.take(self._telling(one, self.prose[start:stop]))
            documents, starts = np.unique(telling.documents, return_index=True)
            if len(documents):
                rows = [np.minimum.reduceat(combined(seed, telling.keys), starts) for seed in range(TWIN_SKETCH)]
                numbers.append(documents + start)
                sketches.append(np.array(rows))
        return np.concatenate(numbers), np.concatenate(sketches, axis=1)

    def _telling(self, prose: _Prose, size: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the prose lines to look for twins by: of those of a document that others hold, the rarer half.

        The others are a trailer's, which copies share with strangers. A document has none when others hold too little of it.
        """
        holders = self._holders.count(prose.keys)
        held = np.bincount(prose.documents, weights=prose.sizes * (holders > 1), minlength=len(size))
        lines = np.flatnonzero((holders > 1) & (held >= TWIN_SHARE * size)[prose.documents])
        lines = lines[np.lexsort((prose.keys[lines], holders[lines], prose.documents[lines]))]
        _, starts, counts = np.unique(prose.documents[lines], return_index=True, return_counts=True)
        place = np.arange(len(lines)) - np.repeat(starts, counts)
        return lines[place <= np.repeat(counts, counts) // 2]

    def _are_twins(self, one: int, other: int) -> bool:
        left, right = (_prose(self.index.lines.part(number, number + 1)) for number in (one, other))
        shared = left.sizes[holds(right.keys, left.keys)]
        return is_twin(len(shared), int(shared.sum()), int(max(self.prose[one], self.prose[other])))


class _Prose(NamedTuple):
    """The prose lines of some documents, by document, then key; repeated ones once, as they came first."""

    documents: NDArray[np.int64]
    """The place of the document of each."""
    keys: NDArray[np.uint64]
    sizes: NDArray[np.int64]
    """In characters."""

    def take(self, lines: NDArray[np.int64]) -> _Prose:
        """Return some of the lines."""
        return _Prose(self.documents[lines], self.keys[lines], self.sizes[lines])


def _prose(lines: Lines) -> _Prose:
    some = np.flatnonzero(lines.prose & lines.lettered)
    documents, keys = lines.documents[some], lines.keys[some]
    order = np.lexsort((keys, documents))
    order = order[fresh(documents[order], keys[order])]
    sizes = lines.stops[some].astype(np.int64) - lines.starts[some]
    return _Prose(documents[order], keys[order], sizes[order])


def is_copy(lines: Any, size: Any, prose: Any) -> Any:
    """Whether two documents that share rare prose lines are copies; given numbers, or arrays of these for several pairs.

    Args:
        lines: How many they share.
        size: Of these, in characters.
        prose: Characters of prose that the one with less of it has.

    >>> is_copy(3, 240, 600), is_copy(3, 240, 601), is_copy(2, 500, 600)
    (True, False, False)
    """
    return (lines >= LINES) & (size >= SHARE * prose)


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
