"""Fingerprints of lines: what makes two of them the same, the same frame, the same shape; and lines as columns.

All are of the folded text but the shape and the cells, which are of how the line looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property, lru_cache
from struct import Struct, pack
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from xxhash import xxh3_64_intdigest, xxh32_intdigest

from cleaner.model import Block
from cleaner.remembering import MOST, Remembered
from cleaner.segment import FOLDED, fold, is_prose

if TYPE_CHECKING:
    from numpy.typing import NDArray

AFFIX = 5
"""Characters of a labelled line's label: "Next: ...", "... (12)"."""

CELLED = 500
"""A longer line is not looked at for cells."""

REMEMBERED: Final = MOST
"""Lines whose fingerprints are remembered: corpora repeat their boilerplate."""

_CELL = re.compile(r"\s{2,}|\t|\s*[|»›→·•]\s*|\s+[>/–—-]\s+")
"""What stands between the cells of a line."""

_DIGIT = re.compile(r"\d")

_NOUGHTS = bytes.maketrans(b"123456789", b"0" * 9)

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
    looks: list[tuple[bytes, bytes]] = []
    for text, some in documents:
        counts.append(len(some))
        blocks.extend(some)
        looks.extend([_LOOKS[text[block.start : block.stop]] for block in some])
    columns = np.frombuffer(b"".join([columns for columns, _ in looks]), dtype=_LOOK)
    return Lines(
        np.cumsum(counts, dtype=np.int64),
        starts=np.array([block.start for block in blocks], dtype=np.uint32),
        stops=np.array([block.stop for block in blocks], dtype=np.uint32),
        cells=np.frombuffer(b"".join([cells for _, cells in looks]), dtype=np.uint64),
        **{name: columns[name].copy() for name in _LOOK.fields or ()},
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


def _look(line: str) -> tuple[bytes, bytes]:
    """Return what is told of a line by its text alone: its columns, and the keys of its cells when it has several."""
    content, folded = line.strip(), FOLDED[line]
    number = mask = key(folded)
    encoded = folded.encode()
    masked = encoded.translate(_NOUGHTS) if folded.isascii() else _DIGIT.sub("0", folded).encode()
    if not number or masked != encoded:
        mask = xxh3_64_intdigest(masked) or 1
    cells: list[int] = []
    celled = not _is_plain(content, folded) and _CELL.search(content[:CELLED]) is not None
    if celled and len(content) <= CELLED:
        cells = [found for part in _CELL.split(content) if (found := key(fold(part)))]
    if len(cells) == 1:
        cells = []
    columns = _PACKED.pack(
        number,
        mask,
        _shape(line, content, celled),
        xxh32_intdigest(folded[:AFFIX].encode()),
        xxh32_intdigest(folded[-AFFIX:].encode()),
        len(cells),
        is_prose(folded),
    )
    return columns, pack(f"={len(cells)}Q", *cells) if cells else b""


_LOOK: Final = np.dtype(
    [
        ("keys", "u8"),
        ("masks", "u8"),
        ("shapes", "u8"),
        ("heads", "u4"),
        ("tails", "u4"),
        ("widths", "u4"),
        ("prose", "?"),
    ]
)
_PACKED: Final = Struct("=QQQIII?")
"""The columns that are told of a line by its text alone: as one piece of memory, many are put together at once."""

_LOOKS: Final = Remembered(_look)


def _shape(line: str, content: str, celled: bool) -> int:
    """Return the shape of a line, indented as it is."""
    shape = 0
    if line[:1].isspace():
        start = line.index(content)
        shape = (start - line.rfind("\n", 0, start) - 1).bit_length()
    for character in (content[:1], content[-1:]):
        shape = shape * 0x110000 + _category(character)
    return (shape * 2 + celled) * 64 + len(content).bit_length()


def _is_plain(content: str, folded: str) -> bool:
    """Whether a line surely has but one cell: most have, and this is quicker to see than to search for what stands between."""
    plain = content.isascii()
    # Whether all of its white space is single spaces: no other is printable.
    if content.lower() != folded if plain else not content.isprintable():
        return False
    for mark in _BETWEEN_ASCII if plain else _BETWEEN:  # noqa: SIM110  # twice as fast
        if mark in content:
            return False
    return True


_BETWEEN_ASCII: Final = ("  ", "|", " - ", " > ", " / ")
_BETWEEN: Final = (*_BETWEEN_ASCII, *"»›→·•", " – ", " — ")


@lru_cache(2**10)
def _category(character: str) -> int:
    """Return the kind of a character: a digit, a capital, another letter, or the mark itself; 0 for none."""
    if character.isdigit():
        return 0x30
    if character.isalpha():
        return 0x41 if character.isupper() else 0x61
    return ord(character) if character else 0
