"""Near-duplicate text: MinHash to find candidates, the true Jaccard similarity to judge them.

Everything is done for a whole batch of texts in numpy. The only user of datasketch: signatures equal, bit for bit, those of
`datasketch.MinHash(scheme="affine32")` over the same 32-bit shingle hashes, and candidates are those of its `MinHashLSH`
and texts that start alike, but that crowds, and candidates, are bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import compress
from operator import ne
from typing import TYPE_CHECKING, Any

import numpy as np
from xxhash import xxh3_64_intdigest

from cleaner.segment import width
from cleaner.spill import Space, Spill, gathered, steps
from cleaner.strings import Texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHINGLE = 5
"""Characters in a shingle of spaced scripts. Word shingles leave nothing of a headline of four words."""

SHINGLE_DENSE = 3
"""Characters in a shingle of Chinese, Japanese and Korean text, where a character says as much as a syllable."""

PERMUTATIONS = 64
BANDS, ROWS = 16, 4
"""LSH finds 89 % of the pairs at a similarity of 0.6 and 99 % at 0.75. It only proposes; `SIMILAR` decides.
`MinHashLSH(threshold=0.45)` chooses these bands."""

SIMILAR = 0.6
"""Least true Jaccard similarity of near-duplicates: a word or a number changed in a line of eight words or more."""

WIDTH = 24
"""Narrower text has too few shingles to compare: two menus would be alike. It is equal or it is not."""

LIMIT = 500
"""Longer text is not compared: boilerplate comes in short lines, and what a line costs grows with its length."""

PREFIX = 16
"""Characters that a line cut short by an ellipsis must share with the start of the full one."""

BATCH = 128
"""Texts, or pairs of texts, that are worked on at once: at most `LIMIT` shingles of `PERMUTATIONS` 32-bit values each, 16 MB."""

AT_ONCE = 2**14
"""Texts that are hashed at a time."""

CROWD = 16
"""Of more texts than this in one bucket, those of the smallest keys are kept: more would only make look-ups slow."""

MOST = 32
"""A query is compared with this many texts at most, those that share most buckets with it: `CROWD` that start as it does,
and as many more."""

_ELLIPSIS = "..."


def comparable(folded: str) -> bool:
    """Whether folded text is neither too short nor too long to have near-duplicates.

    >>> comparable("read more"), comparable("why the old bridge stays closed")
    (False, True)
    """
    return len(folded) <= LIMIT and width(folded) >= WIDTH


def shortened(one: str, other: str) -> bool:
    """Whether one folded text is the other cut short by an ellipsis.

    >>> shortened("what is a token in...", "what is a token in ai? what is a gem")
    True
    >>> shortened("what is a token in ai?", "what is a token in...")
    True
    """
    for short, full in ((one, other), (other, one)):
        if short.endswith(_ELLIPSIS):
            stem = short.rstrip(" .")
            if len(stem) >= PREFIX and full.startswith(stem):
                return True
    return False


def jaccards(ones: Sequence[str], others: Sequence[str]) -> NDArray[np.float64]:
    """Return the `jaccard` of each of `ones` and its counterpart among `others`, in [0, 1].

    Shingles are compared by their 32-bit hashes. Two of a pair's shingles share theirs in one of 100,000 pairs of lines at
    most, and the similarity then differs by the weight of one shingle: harmless.

    >>> jaccards(["abcdefg", "abcdefg"], ["abcdefgh", "hijklmn"]).tolist()
    [0.75, 0.0]
    """
    found = np.empty(len(ones), dtype=np.float64)
    for begin in range(0, len(ones), BATCH):
        some = slice(begin, begin + BATCH)
        found[some] = _jaccards(ones[some], others[some])
    return found


def _jaccards(ones: Sequence[str], others: Sequence[str]) -> NDArray[np.float64]:
    hashes, counts = _shingle_hashes([*ones, *others])
    # A code for each shingle: 31 bits its pair, 32 bits its hash, 1 bit its side. Once sorted, a pair's codes are together,
    # and what differs from its left neighbour is new: to its side, and without the last bit, to the pair.
    labels = np.tile(np.arange(len(ones), dtype=np.uint64) << 33, 2)
    labels[len(ones) :] |= 1
    codes = np.repeat(labels, counts)
    codes |= hashes.astype(np.uint64) << 1
    codes.sort()
    sizes = counts[: len(ones)] + counts[len(ones) :]
    starts = np.cumsum(sizes) - sizes
    both, union = _distinct(codes, starts), _distinct(codes >> np.uint64(1), starts)
    return (both - union) / union


def _distinct(values: NDArray[np.uint64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many distinct values each part of a sorted array has; no two parts share one."""
    new = np.ones(len(values), dtype=np.int64)
    new[1:] = values[1:] != values[:-1]
    return np.add.reduceat(new, starts)


def signatures(texts: Sequence[str]) -> NDArray[np.uint32]:
    """Return the MinHash signatures of folded texts, one row of `PERMUTATIONS` values each.

    >>> signatures(["a line of text", "another line"]).shape
    (2, 64)
    """
    rows = np.empty((len(texts), PERMUTATIONS), dtype=np.uint32)
    first, second = _permutations()
    for begin in range(0, len(texts), BATCH):
        hashes, counts = _shingle_hashes(texts[begin : begin + BATCH])
        hashed = first[:, None] * _mix(hashes)
        hashed += second[:, None]
        rows[begin : begin + BATCH] = np.minimum.reduceat(hashed, np.cumsum(counts) - counts, axis=1).T
    return rows


def _shingle_hashes(texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the hash of each shingle, text after text, and how many each of the texts has; there is at least one text.

    It is a polynomial of the shingle's code points, modulo 2**32. Repeated shingles stay.
    """
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    # A code point after each text gives the empty one a place, too; those at the end are read, but not used.
    joined = "\0".join(texts) + "\0" * SHINGLE
    points = np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32)
    count = len(points) - SHINGLE + 1
    sizes = np.minimum(_shingle_sizes(points[:count], lengths), lengths)
    hashes = np.zeros(count, dtype=np.uint32)
    smallest = int(sizes.min())
    for at in range(SHINGLE):
        longer = hashes * np.uint32(0x01000193)
        longer += points[at : at + count]
        hashes = longer if at < smallest else np.where(np.repeat(at < sizes, lengths + 1), longer, hashes)
    counts = lengths - sizes + 1
    starts_and_rests = np.stack((counts, sizes), axis=1).ravel()  # a rest is where no shingle of the text starts
    return hashes[np.repeat(np.tile([True, False], len(texts)), starts_and_rests)], counts


def _shingle_sizes(points: NDArray[np.uint32], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the `_shingle_size` of texts of these lengths, whose code points, and one more after each, are `points`."""
    if points.max() < 0x3040:
        return np.full(len(lengths), SHINGLE)
    dense = ((points >= 0x3040) & (points <= 0x9FFF)) | ((points >= 0xAC00) & (points <= 0xD7A3))
    counts = np.add.reduceat(dense, np.cumsum(lengths + 1) - lengths - 1, dtype=np.int64)
    return np.where(2 * counts < lengths, SHINGLE, SHINGLE_DENSE)


def _mix(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Apply the 32-bit finaliser of MurmurHash3, as the affine32 scheme does to each hash before permuting."""
    mixed = hashes ^ (hashes >> np.uint32(16))
    mixed = mixed * np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(13)
    mixed = mixed * np.uint32(0xC2B2AE35)
    mixed ^= mixed >> np.uint32(16)
    return mixed


@cache
def _permutations() -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    from datasketch import MinHash

    first, second = MinHash(num_perm=PERMUTATIONS, scheme="affine32").permutations
    return first, second


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The means to find texts that nearly equal a given one. Build it with `neighbours`."""

    texts: Texts
    """Those to find, and others."""
    entries: NDArray[np.uint64]
    """For each text to find, in each of its buckets, sorted: the code of the bucket, its lowest bits replaced by the text's place."""
    slots: NDArray[np.int32]
    """The entries whose highest bits are s are `[slots[s], slots[s + 1])`: one or two on average, so that none need be sought."""

    def like(self, queries: Iterable[str]) -> list[list[tuple[int, float]]]:
        """For each query, the (key, Jaccard similarity) of the texts that nearly equal it, best first, then by key.

        A text equal to the query is not among them. One that is the query cut short by an ellipsis, or the other way
        round, is, however small its similarity. A thousand queries at once take less than half the time that they
        take by tens.
        """
        wanted = list(queries)
        found: list[list[tuple[int, float]]] = [[] for _ in wanted]
        for begin in range(0, len(wanted), BATCH):
            for at, key, similarity in self._verified(wanted[begin : begin + BATCH]):
                found[begin + at].append((key, similarity))
        return found

    def _verified(self, queries: Sequence[str]) -> Iterable[tuple[int, int, float]]:
        """Return (place of the query, key, similarity) of all that is alike, by query, then best first, then by key."""
        places, rows = self._candidates(queries)
        ones, others = [queries[place] for place in places.tolist()], self.texts.strings.some(rows)
        differ = np.fromiter(map(ne, ones, others), dtype=np.bool_, count=len(ones))
        ones, others = list(compress(ones, differ)), list(compress(others, differ))
        similar = jaccards(ones, others)
        alike = similar >= SIMILAR
        for at in np.flatnonzero(~alike).tolist():
            alike[at] = shortened(ones[at], others[at])
        places, rows = places[differ][alike], rows[differ][alike]
        similar = similar[alike].clip(0.001, 0.999)  # 1 is for word for word
        order = np.lexsort((rows, -similar, places))
        return zip(places[order].tolist(), self.texts.keys[rows[order]].tolist(), similar[order].tolist(), strict=True)

    def _candidates(self, queries: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return (place of the query, row) of the texts that share most buckets with each query, at most `MOST`."""
        codes = _buckets(queries).ravel()
        slots = codes >> (64 - _slot_bits(len(self.entries)))
        starts, stops = gathered(self.slots, slots), gathered(self.slots, slots + 1)
        counts = stops - starts
        ends = np.cumsum(counts)
        entries = gathered(self.entries, np.repeat(stops - ends, counts) + np.arange(ends[-1]))
        bits = _row_bits(len(self.texts.keys))
        held = np.flatnonzero((entries ^ np.repeat(codes, counts)) >> bits == 0)
        rows = entries[held].astype(np.int64) & ((1 << bits) - 1)
        places = ends[BANDS :: BANDS + 1].searchsorted(held, "right")
        pairs, shared = np.unique(places << bits | rows, return_counts=True)
        places, rows = pairs >> bits, pairs & ((1 << bits) - 1)
        order = np.lexsort((rows, -shared, places))
        order = order[_within(MOST, places[order])]
        return places[order], rows[order]


def neighbours(texts: Texts, places: NDArray[np.int64], space: Space) -> Neighbours:
    """Prepare look-ups among folded texts, each at least `WIDTH` wide.

    Args:
        texts: some of them are to be found.
        places: of those, sorted.
        space: where the arrays go.

    >>> from cleaner.strings import texts_of
    >>> texts = texts_of([7], ["the quick brown fox jumps over the lazy dog"])
    >>> found = neighbours(texts, np.array([0]), Space())
    >>> found.like(["the quick brown fox jumped over the lazy dog"])
    [[(7, 0.7...)]]
    """
    bits = _row_bits(len(texts.keys))
    spill = Spill(space, len(places) * (BANDS + 1))
    for start, stop in steps(len(places), AT_ONCE):
        some = places[start:stop]
        codes = _buckets(texts.strings.some(some))
        codes &= ~np.uint64((1 << bits) - 1)
        codes |= some.astype(np.uint64)[:, None]
        spill.add(codes.ravel())
    column = space.column(np.uint64)
    for (codes,) in spill.ranges():
        ordered = np.sort(codes)
        column.append(ordered[_within(CROWD, ordered >> np.uint64(bits))])
    entries = column.array()
    slot_bits = _slot_bits(len(entries))
    slots = space.column(np.int32)
    for start, stop in steps(1 << slot_bits, AT_ONCE):
        borders = np.arange(start, stop, dtype=np.uint64) << np.uint64(64 - slot_bits)
        slots.append(entries.searchsorted(borders))
    slots.append(np.array([len(entries)]))
    return Neighbours(texts, entries, slots.array())


def _buckets(texts: Sequence[str]) -> NDArray[np.uint64]:
    """Return the codes of the buckets that each text is in: one for each band of its signature, and one for its start.

    A code is a multilinear hash, so its highest bits are the best. Two buckets that share one cost a comparison.
    """
    codes = np.empty((len(texts), BANDS + 1), dtype=np.uint64)
    for begin in range(0, len(texts), BATCH):
        some = texts[begin : begin + BATCH]
        products = signatures(some).view(np.uint64) * _FACTORS
        codes[begin : begin + BATCH, :BANDS] = products[:, ::2] + products[:, 1::2]
        starts = (xxh3_64_intdigest(text[:PREFIX].encode()) for text in some)
        codes[begin : begin + BATCH, BANDS] = np.fromiter(starts, dtype=np.uint64, count=len(some))
    return codes


_FACTORS = np.array([xxh3_64_intdigest(bytes([pair])) | 1 for pair in range(PERMUTATIONS // 2)], dtype=np.uint64)
"""Odd and otherwise arbitrary: one for each two values of a signature. A band has four."""


def _within(limit: int, groups: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which elements are among the first `limit` of their group; the elements of a group are side by side."""
    within = np.ones(len(groups), dtype=np.bool_)
    within[limit:] = groups[limit:] != groups[:-limit]
    return within


def _row_bits(count: int) -> int:
    """Return how many bits a row of `count` texts takes."""
    return count.bit_length()


def _slot_bits(count: int) -> int:
    """Return by how many bits `count` entries are found: so many that a slot has one or two, on average."""
    return max(1, count.bit_length() - 1)
