"""Near-duplicate text: MinHash to find candidates, the true Jaccard similarity to judge them.

The only user of datasketch. Signatures are computed for a whole batch of texts in numpy and equal, bit for bit, those of
`datasketch.MinHash(scheme="affine32")` over the same 32-bit shingle hashes; its LSH holds them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from cleaner.segment import width

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHINGLE = 5
"""Characters in a shingle of spaced scripts. Word shingles leave nothing of a headline of four words."""

SHINGLE_DENSE = 3
"""Characters in a shingle of Chinese, Japanese and Korean text, where a character says as much as a syllable."""

PERMUTATIONS = 64
BANDS, ROWS = 16, 4
"""LSH finds 89 % of the pairs at a similarity of 0.6 and 99 % at 0.75. It only proposes; `SIMILAR` decides."""

SIMILAR = 0.6
"""Least true Jaccard similarity of near-duplicates: a word or a number changed in a line of eight words or more."""

WIDTH = 24
"""Narrower text has too few shingles to compare: two menus would be alike. It is equal or it is not."""

LIMIT = 500
"""Longer text is not compared: boilerplate comes in short lines, and what a line costs grows with its length."""

PREFIX = 16
"""Characters that a line cut short by an ellipsis must share with the start of the full one."""

BATCH = 256
"""Texts whose signatures are computed at once: at most `LIMIT` shingles of `PERMUTATIONS` 32-bit values each, 33 MB."""

CROWD = 16
"""A text that this many others already resemble is not added: it would only make look-ups slow."""

_ELLIPSIS = "..."


def comparable(folded: str) -> bool:
    """Whether folded text is neither too short nor too long to have near-duplicates.

    >>> comparable("read more"), comparable("why the old bridge stays closed")
    (False, True)
    """
    return len(folded) <= LIMIT and width(folded) >= WIDTH


def shingles(folded: str) -> set[str]:
    """Return the character n-grams of folded text; at least one, the text itself when it is shorter.

    >>> sorted(shingles("abcdefg")), shingles("ab")
    (['abcde', 'bcdef', 'cdefg'], {'ab'})
    """
    size = _shingle_size(folded)
    return {folded[at : at + size] for at in range(max(1, len(folded) - size + 1))}


def jaccard(one: str, other: str) -> float:
    """Return the Jaccard similarity of two folded texts' shingles, in [0, 1].

    >>> jaccard("abcdefg", "abcdefgh"), jaccard("abcdefg", "hijklmn")
    (0.75, 0.0)
    """
    left, right = shingles(one), shingles(other)
    return len(left & right) / len(left | right)


def shortened(one: str, other: str) -> bool:
    """Whether one folded text is the other cut short by an ellipsis.

    >>> shortened("what is a token in...", "what is a token in ai? what is a gem")
    True
    >>> shortened("what is a token in ai?", "what is a token in...")
    True
    """
    for short, full in ((one, other), (other, one)):
        stem = short.removesuffix(_ELLIPSIS).rstrip(" .")
        if short.endswith(_ELLIPSIS) and len(stem) >= PREFIX and full.startswith(stem):
            return True
    return False


def signatures(texts: Sequence[str]) -> NDArray[np.uint32]:
    """Return the MinHash signatures of folded texts, one row of `PERMUTATIONS` values each.

    >>> signatures(["a line of text", "another line"]).shape
    (2, 64)
    """
    if not texts:
        return np.empty((0, PERMUTATIONS), dtype=np.uint32)
    first, second = _permutations()
    rows = np.empty((len(texts), PERMUTATIONS), dtype=np.uint32)
    for begin in range(0, len(texts), BATCH):
        batch = [_shingle_hashes(text) for text in texts[begin : begin + BATCH]]
        borders = np.concatenate(([0], np.cumsum([len(hashes) for hashes in batch])[:-1]))
        hashed = _mix(np.concatenate(batch))[:, None] * first[None, :] + second[None, :]
        rows[begin : begin + len(batch)] = np.minimum.reduceat(hashed, borders, axis=0)
    return rows


def _shingle_size(folded: str) -> int:
    return SHINGLE if width(folded) < 1.5 * len(folded) else SHINGLE_DENSE


def _shingle_hashes(folded: str) -> NDArray[np.uint32]:
    """Return a polynomial hash of each shingle's code points, modulo 2**32; repeated shingles stay, a minimum ignores them."""
    points = np.frombuffer(folded.encode("utf-32-le"), dtype=np.uint32)
    size = min(_shingle_size(folded), len(points))
    count = len(points) - size + 1
    hashes = np.zeros(count, dtype=np.uint32)
    for at in range(size):
        hashes = hashes * np.uint32(0x01000193) + points[at : at + count]
    return hashes


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


@dataclass(frozen=True)
class Neighbours:
    """Texts by key, and the means to find those that nearly equal a given one. Build it with `neighbours`."""

    texts: Mapping[int, str]
    lsh: object
    prefixes: Mapping[str, tuple[int, ...]]

    def like(self, queries: Iterable[str]) -> list[list[tuple[int, float]]]:
        """For each query, the (key, Jaccard similarity) of the texts that nearly equal it, best first, then by key.

        A text equal to the query is not among them. One that is the query cut short by an ellipsis, or the other way
        round, is, however small its similarity.
        """
        wanted = list(queries)
        return [self._verified(query, row) for query, row in zip(wanted, signatures(wanted), strict=True)]

    def _verified(self, query: str, row: NDArray[np.uint32]) -> list[tuple[int, float]]:
        candidates = set(_query(self.lsh, row)) | set(self.prefixes.get(query[:PREFIX], ()))
        found = []
        for key in candidates:
            text = self.texts[key]
            if text == query:
                continue
            similarity = jaccard(query, text)
            if similarity >= SIMILAR or shortened(query, text):
                found.append((key, min(max(similarity, 0.001), 0.999)))  # 1 is for word for word
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def neighbours(texts: Mapping[int, str]) -> Neighbours:
    """Prepare look-ups among folded texts (each at least `WIDTH` wide), by key. The order of `texts` does not matter.

    >>> found = neighbours({7: "the quick brown fox jumps over the lazy dog"})
    >>> found.like(["the quick brown fox jumped over the lazy dog"])
    [[(7, 0.7...)]]
    """
    from datasketch import MinHashLSH

    lsh = MinHashLSH(num_perm=PERMUTATIONS, params=(BANDS, ROWS))
    ordered = sorted(texts)
    prefixes: defaultdict[str, list[int]] = defaultdict(list)
    for key, row in zip(ordered, signatures([texts[key] for key in ordered]), strict=True):
        if len(_query(lsh, row)) < CROWD:
            lsh.insert(key, _minhash(row), check_duplication=False)
        bucket = prefixes[texts[key][:PREFIX]]
        if len(bucket) < CROWD:
            bucket.append(key)
    return Neighbours(dict(texts), lsh, {prefix: tuple(keys) for prefix, keys in prefixes.items()})


def _minhash(row: NDArray[np.uint32]) -> object:
    from datasketch import MinHash

    return MinHash(hashvalues=row, permutations=_permutations(), scheme="affine32")


def _query(lsh: object, row: NDArray[np.uint32]) -> list[int]:
    return lsh.query(_minhash(row))  # type: ignore[attr-defined,no-any-return]
