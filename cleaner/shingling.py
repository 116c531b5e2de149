"""Shingles of words: what long lines share, wherever a sentence starts.

A document flattened to one line has no lines to count. Its shingles recur where its boilerplate does, and where they
start or cease to recur, a block starts or ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from xxhash import xxh3_64_intdigest

from cleaner.fingerprints import taken
from cleaner.remembering import Remembered
from cleaner.segment import fold, width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from cleaner.model import Block

WORDS = 4
"""Words in a shingle: found in research on inject-dev to leave segmentation no bottleneck (oracle F1 .9999)."""

DENSE = 8
"""In lines of Chinese, Japanese or Korean, characters in a shingle."""

_WORD = re.compile(r"\S+")
_DENSE = re.compile(r"[\u3040-\u9fff\uac00-\ud7a3]|[^\s\u3040-\u9fff\uac00-\ud7a3]+")


@dataclass(frozen=True, eq=False)
class Shingles:
    """The shingles of the long lines of some documents: document after document, in order."""

    first: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    """Document d has the shingles `[first[d], first[d + 1])`."""
    hashes: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    starts: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    """Where each starts, in code points."""
    stops: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    """Where each ends, exclusive."""

    def take(self, documents: NDArray[np.int64]) -> Shingles:
        """Return the shingles of some documents, in the order given."""
        first, places = taken(self.first, documents)
        return Shingles(first, self.hashes[places], self.starts[places], self.stops[places])

    def part(self, start: int, stop: int) -> Shingles:
        """Return the shingles of the documents `[start, stop)`, without a copy."""
        own = slice(self.first[start], self.first[stop])
        first = self.first[start : stop + 1] - self.first[start]
        return Shingles(first, self.hashes[own], self.starts[own], self.stops[own])

    @property
    def documents(self) -> NDArray[np.int64]:
        """The document of each shingle."""
        return np.repeat(np.arange(len(self.first) - 1, dtype=np.int64), np.diff(self.first))


def shingles(documents: Iterable[tuple[str, Sequence[Block]]]) -> Shingles:
    """Return the shingles of the lines of which blocks are sentences, of documents given as text and blocks.

    >>> from cleaner.segment import segment
    >>> text = "The bridge stays closed. " * 25
    >>> found = shingles([(text, segment(text))])
    >>> len(found.hashes), len(set(found.hashes.tolist())), (int(found.starts[1]), int(found.stops[1]))
    (97, 4, (4, 28))
    """
    parts: list[tuple[NDArray[np.uint32], ...]] = []
    counts = [0]
    for text, blocks in documents:
        found = [_of_line(text[start:stop], start) for start, stop in _long_lines(blocks)]
        counts.append(sum(len(part[0]) for part in found))
        parts.extend(found)
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else []
    return Shingles(np.cumsum(counts, dtype=np.int64), *columns)


def _of_line(line: str, start: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint32]]:
    """Return hash, start and stop of each shingle of a line that starts at `start`."""
    dense = width(line) >= 1.5 * len(line)
    size = DENSE if dense else WORDS
    words = (match.span() for match in (_DENSE if dense else _WORD).finditer(line))
    found = np.fromiter(chain.from_iterable(words), dtype=np.uint32).reshape(-1, 2)  # a list takes ten times the memory
    count = len(found) - size + 1
    if count <= 0:
        return (np.empty(0, dtype=np.uint32),) * 3
    hashes = np.fromiter(
        (_WORDS[line[first:last]] for first, last in zip(*found.T, strict=True)), np.uint64, len(found)
    )
    mixed = np.zeros(count, dtype=np.uint64)
    for at in range(size):  # a polynomial over the words, modulo 2**64
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + hashes[at : at + count]
    found += np.uint32(start)
    return (mixed >> np.uint64(32)).astype(np.uint32), found[:count, 0], found[size - 1 :, 1]


def _of_word(word: str) -> int:
    return xxh3_64_intdigest(fold(word).encode())


_WORDS = Remembered(_of_word)


def borders(found: Shingles, counts: NDArray[np.int64]) -> list[int]:
    """Return where shingles start or cease to recur, in code points, sorted.

    A border is at a word where the shingle that starts there, or the one that ends before it, stands in at least twice
    as many other documents as each one across it.

    Args:
        found: the shingles of a document.
        counts: how many other documents hold each of them.

    >>> from cleaner.segment import segment
    >>> text = " ".join(f"word{number}" for number in range(100))
    >>> found = shingles([(text, segment(text))])
    >>> [text[border:].split()[0] for border in borders(found, np.array([0] * 50 + [3] * 20 + [0] * 27))]
    ['word50', 'word73']
    """
    starts, stops = found.starts.astype(np.int64), found.stops.astype(np.int64)
    here = np.maximum(counts, 0)
    at = np.arange(len(here))
    # Across the start of a shingle: those that start before it and reach into it. Across its end: likewise.
    before = _largest(here, np.searchsorted(stops, starts, "right"), at)
    after = _largest(here, at + 1, np.searchsorted(starts, stops))
    cuts = np.concatenate((starts[(here > 0) & (before * 2 <= here)], stops[(here > 0) & (after * 2 <= here)]))
    return [int(cut) for cut in np.unique(cuts)]


def _largest(values: NDArray[np.int64], low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the largest of each `values[low:high]`, 0 of none: they are short."""
    largest = np.zeros(len(values), dtype=np.int64)
    for step in range(int((high - low).max(initial=0))):
        place = low + step
        largest = np.maximum(largest, np.where(place < high, values.take(place, mode="clip"), 0))
    return largest


def _long_lines(blocks: Sequence[Block]) -> list[tuple[int, int]]:
    """Return `[start, stop)` of each stretch of sentences."""
    lines: list[tuple[int, int]] = []
    for before, block in zip((None, *blocks), blocks, strict=False):
        if block.sentence:
            goes_on = before is not None and before.sentence and not block.first
            start = lines.pop()[0] if goes_on and lines else block.start
            lines.append((start, block.stop))
    return lines
