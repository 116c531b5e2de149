"""Shingles of words: what long lines share, wherever a sentence starts.

A document flattened to one line has no lines to count. Its shingles recur where its boilerplate does, and where they
start or cease to recur, a block starts or ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from xxhash import xxh32_intdigest

from cleaner.segment import fold, width

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    """The shingles of a document's long lines, in order."""

    hashes: NDArray[np.uint32]
    starts: NDArray[np.uint32]
    """Where each starts, in code points."""
    stops: NDArray[np.uint32]
    """Where each ends, exclusive."""


def shingles(text: str, blocks: Sequence[Block]) -> Shingles:
    """Return the shingles of the lines of which `blocks` are sentences.

    >>> from cleaner.segment import segment
    >>> text = "The bridge stays closed. " * 25
    >>> found = shingles(text, segment(text))
    >>> len(found.hashes), len(set(found.hashes.tolist())), (int(found.starts[1]), int(found.stops[1]))
    (97, 4, (4, 28))
    """
    hashes: list[int] = []
    starts: list[int] = []
    stops: list[int] = []
    for start, stop in _long_lines(blocks):
        line = text[start:stop]
        dense = width(line) >= 1.5 * len(line)
        size = DENSE if dense else WORDS
        words = [(found.start(), found.end(), fold(found[0])) for found in (_DENSE if dense else _WORD).finditer(line)]
        for at in range(len(words) - size + 1):
            piece = words[at : at + size]
            hashes.append(xxh32_intdigest(" ".join([word for _, _, word in piece]).encode()))
            starts.append(start + piece[0][0])
            stops.append(start + piece[-1][1])
    return Shingles(*(np.array(values, dtype=np.uint32) for values in (hashes, starts, stops)))


def borders(found: Shingles, counts: NDArray[np.int64]) -> list[int]:
    """Return where shingles start or cease to recur, in code points, sorted.

    A border is at a word where the shingle that starts there, or the one that ends before it, stands in at least twice
    as many other documents as each one across it.

    Args:
        found: the shingles of a document.
        counts: how many other documents hold each of them.

    >>> from cleaner.segment import segment
    >>> text = " ".join(f"word{number}" for number in range(100))
    >>> found = shingles(text, segment(text))
    >>> [text[border:].split()[0] for border in borders(found, np.array([0] * 50 + [3] * 20 + [0] * 27))]
    ['word50', 'word73']
    """
    cuts: set[int] = set()
    starts, stops = found.starts.astype(np.int64), found.stops.astype(np.int64)
    here = np.maximum(counts, 0)
    for at in range(len(here)):
        if not here[at]:
            continue
        # Across the start of this shingle: those that start before it and reach into it. Across its end: likewise.
        low = int(np.searchsorted(stops[:at], starts[at], "right"))
        if low == at or here[low:at].max() * 2 <= here[at]:
            cuts.add(int(starts[at]))
        high = int(np.searchsorted(starts, stops[at], "left"))
        after = here[at + 1 : high]
        if not len(after) or after.max() * 2 <= here[at]:
            cuts.add(int(stops[at]))
    return sorted(cuts)


def _long_lines(blocks: Sequence[Block]) -> list[tuple[int, int]]:
    """Return `[start, stop)` of each stretch of sentences."""
    lines: list[tuple[int, int]] = []
    for before, block in zip((None, *blocks), blocks, strict=False):
        if block.sentence:
            goes_on = before is not None and before.sentence and not block.first
            start = lines.pop()[0] if goes_on and lines else block.start
            lines.append((start, block.stop))
    return lines
