"""Fingerprints of lines: what makes two of them the same, the same frame, the same shape; and lines as columns.

All are of the folded text but the shape and the cells, which are of how the line looks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property, lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from xxhash import xxh3_64_intdigest, xxh32_intdigest

from cleaner.model import Block
from cleaner.segment import LONG_LINE, fold, indent, is_prose

if TYPE_CHECKING:
    from numpy.typing import NDArray

AFFIX = 5
"""Characters of a labelled line's label: "Next: ...", "... (12)"."""

CELLED = 500
"""A longer line is not looked at for cells."""

REMEMBERED = 2**15
"""Lines whose fingerprints are remembered: corpora repeat their boilerplate."""

_CELL = re.compile(r"\s{2,}|\t|\s*[|»›→·•]\s*|\s+[>/–—-]\s+")
"""What stands between the cells of a line."""

_DIGIT = re.compile(r"\d")

_Value = TypeVar("_Value")


def remembered(function: Callable[..., _Value]) -> Callable[..., _Value]:
    """Remember what a function says of the last `REMEMBERED` texts, its last argument: of ordinary lines, as longer ones add up.

    >>> remembered(len)("read more")
    9
    """
    known = lru_cache(REMEMBERED)(function)

    def asked(*key: Any) -> _Value:
        return known(*key) if len(key[-1]) <= LONG_LINE else function(*key)

    return asked


NO_KEY = 0
"""The key of a block without a letter: rules, numbers and bullets have no frequency."""


@dataclass(frozen=True, eq=False)
class Lines:
    """The lines of some documents as columns: document after document, in order. Build it with `lines_of`."""

    first: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    """Document d has the lines `[first[d], first[d + 1])`."""
    keys: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    """Fingerprint of each line; `NO_KEY` for one without a letter."""
    starts: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    """Where each line starts in its document, in code points."""
    stops: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    """Where each line's content ends, exclusive."""
    prose: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=np.bool_))
    """Whether each line reads like a sentence of a body."""
    masks: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    """Fingerprint of each line with every digit as 0, letters or not: what it is to its neighbours; never 0 itself."""
    heads: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    """Fingerprint of how each line starts: of its first `AFFIX` folded characters."""
    tails: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    """Fingerprint of how each line ends: of its last `AFFIX` folded characters."""
    shapes: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    """How each line looks: how deep it is indented, which kind of character it starts and ends with, whether it is made of cells,
    and how wide it is, by doublings."""
    widths: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    """How many cells each line has; 0 when it is but one."""
    cells: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    """Keys of the cells of lines that have several, line after line: breadcrumbs, bars of links, rows of tables."""

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def documents(self) -> NDArray[np.int64]:
        """The document of each line."""
        return np.repeat(np.arange(len(self.first) - 1, dtype=np.int64), np.diff(self.first))

    @property
    def lettered(self) -> NDArray[np.bool_]:
        """Whether each line has a key."""
        lettered: NDArray[np.bool_] = self.keys != NO_KEY
        return lettered

    def take(self, documents: NDArray[np.int64]) -> Lines:
        """Return the lines of some documents, in the order given."""
        first, lines = taken(self.first, documents)
        _, cells = taken(self._first_cells, documents)
        columns = {name: getattr(self, name)[lines] for name in _BY_LINE}
        return Lines(first, **columns, cells=self.cells[cells])

    def part(self, start: int, stop: int) -> Lines:
        """Return the lines of the documents `[start, stop)`, without a copy."""
        own = slice(self.first[start], self.first[stop])
        cells = slice(self._first_cells[start], self._first_cells[stop])
        columns = {name: getattr(self, name)[own] for name in _BY_LINE}
        return Lines(self.first[start : stop + 1] - self.first[start], **columns, cells=self.cells[cells])

    @cached_property
    def _first_cells(self) -> NDArray[np.int64]:
        """Document d has the cells `[_first_cells[d], _first_cells[d + 1])`."""
        sizes = np.zeros(len(self.first) - 1, dtype=np.int64)
        some = self.first[:-1] < self.first[1:]
        if some.any():
            sizes[some] = np.add.reduceat(self.widths, self.first[:-1][some], dtype=np.int64)
        return np.concatenate(([0], np.cumsum(sizes)))


_BY_LINE = tuple(one.name for one in fields(Lines) if one.name not in ("first", "cells"))


def key(folded: str) -> int:
    """Return the 64-bit fingerprint of folded text, `NO_KEY` when it holds no letter.

    >>> key("read more") == key("read more") != key("read less")
    True
    >>> key("* * *")
    0
    """
    if folded[:1].isalpha() or any(map(str.isalpha, folded)):
        return xxh3_64_intdigest(folded.encode()) or 1
    return NO_KEY


def lines_of(documents: Iterable[tuple[str, Sequence[Block]]]) -> Lines:
    r"""Return the lines of documents, each given as its text and its blocks.

    >>> from cleaner.segment import segment
    >>> text = "Home » News » Bridges\n  * Page 1\n  * Page 7"
    >>> lines = lines_of([(text, segment(text)), ("* * *", segment("* * *"))])
    >>> lines.first.tolist(), lines.widths.tolist(), bool(lines.cells[0] == key("home")), int(lines.keys[3])
    ([0, 3, 4], [3, 0, 0, 0], True, 0)
    >>> bool(lines.masks[1] == lines.masks[2]), bool(lines.shapes[1] == lines.shapes[2])
    (True, True)
    """
    counts = [0]
    blocks: list[Block] = []
    looks: list[tuple[int, tuple[int, ...]]] = []
    for text, some in documents:
        counts.append(len(some))
        blocks.extend(some)
        looks.extend([_looks(indent(text, block), text[block.start : block.stop].strip()) for block in some])
    columns = zip(*[_folded(block.folded) for block in blocks], strict=True) if blocks else [()] * 5
    keys, masks, heads, tails, prose = columns
    return Lines(
        np.cumsum(counts, dtype=np.int64),
        np.array(keys, dtype=np.uint64),
        np.array([block.start for block in blocks], dtype=np.uint32),
        np.array([block.stop for block in blocks], dtype=np.uint32),
        np.array(prose, dtype=np.bool_),
        np.array(masks, dtype=np.uint64),
        np.array(heads, dtype=np.uint32),
        np.array(tails, dtype=np.uint32),
        np.array([shape for shape, _ in looks], dtype=np.uint64),
        np.array([len(cells) for _, cells in looks], dtype=np.uint32),
        np.fromiter(chain.from_iterable(cells for _, cells in looks), dtype=np.uint64),
    )


def joined(parts: Sequence[Lines]) -> Lines:
    """Return the lines of all parts, one after another."""
    if not parts:
        return Lines()
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in (*_BY_LINE, "cells")
    }
    return Lines(strung_first([part.first for part in parts]), **columns)


def strung_first(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return where things start when all parts are one after another, given where they start in each; at least one part.

    >>> strung_first([np.array([0, 2]), np.array([0, 1, 4])]).tolist()
    [0, 2, 3, 6]
    """
    sizes = np.concatenate([np.diff(first) for first in parts])
    return np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))


def taken(first: NDArray[np.int64], numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where things start when only those of these numbers are left, in this order, and the places of all parts of them.

    Args:
        first: Thing n has the parts `[first[n], first[n + 1])`.
        numbers: Which to take.

    >>> first, places = taken(np.array([0, 2, 2, 5]), np.array([2, 0]))
    >>> first.tolist(), places.tolist()
    ([0, 3, 5], [2, 3, 4, 0, 1])
    """
    sizes = first[numbers + 1] - first[numbers]
    new = np.concatenate(([0], np.cumsum(sizes)))
    places = np.arange(new[-1]) + np.repeat(first[numbers] - new[:-1], sizes)
    return new, places


@remembered
def _folded(text: str) -> tuple[int, int, int, int, bool]:
    """Return what is told by the folded text of a line: its key, mask, head, tail, and whether it is prose."""
    number = key(text)
    mask = number
    if not number or _DIGIT.search(text):
        mask = xxh3_64_intdigest(_DIGIT.sub("0", text).encode()) or 1
    head, tail = xxh32_intdigest(text[:AFFIX].encode()), xxh32_intdigest(text[-AFFIX:].encode())
    return number, mask, head, tail, is_prose(text)


@remembered
def _looks(indentation: int, content: str) -> tuple[int, tuple[int, ...]]:
    """Return the shape of a line, and the keys of its cells when it has several."""
    cells: tuple[int, ...] = ()
    celled = not _is_plain(content) and _CELL.search(content[:CELLED]) is not None
    if celled and len(content) <= CELLED:
        cells = tuple(number for part in _CELL.split(content) if (number := key(fold(part))))
    shape = indentation.bit_length()
    for part, values in (
        (_category(content[:1]), 0x110000),
        (_category(content[-1:]), 0x110000),
        (celled, 2),
        (len(content).bit_length(), 64),
    ):
        shape = shape * values + part
    return shape, cells if len(cells) > 1 else ()


def _is_plain(content: str) -> bool:
    """Whether a line surely has but one cell: most have, and this is quicker to see than to search for what stands between."""
    return content.isascii() and content.isprintable() and not any(mark in content for mark in _BETWEEN)


_BETWEEN = ("  ", "|", " - ", " > ", " / ")


def _category(character: str) -> int:
    """Return the kind of a character: a digit, a capital, another letter, or the mark itself; 0 for none."""
    if character.isdigit():
        return 0x30
    if character.isalpha():
        return 0x41 if character.isupper() else 0x61
    return ord(character) if character else 0
