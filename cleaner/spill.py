"""Arrays that need not fit into memory: written bit by bit to files, mapped when read, sorted one range of codes at a time."""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet, finalize

import numpy as np

from cleaner.compression import opened
from cleaner.model import ReadError, WriteError

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

PARTS = 256
"""A spill has at most so many parts, each a file for every column: 32 GB of codes in parts of 128 MB."""

SORTED = 4
"""Sorting and counting take so many times the bytes of what is sorted."""


@dataclass(frozen=True, slots=True)
class Space:
    """Where large arrays go, and how much of them is worked on at a time.

    What comes out does not depend on it.
    """

    folder: Path | None = None
    """Its owner removes it. None: into memory."""
    most: int = 2**28
    """Bytes worked on at a time."""

    def column(self, dtype: DTypeLike) -> Column:
        """Return an array to be written bit by bit."""
        return Column(self, np.dtype(dtype))


def parts(first: NDArray[np.int64], space: Space) -> Iterator[tuple[int, int]]:
    """Yield `[start, stop)` of the things that are worked on at a time, in order.

    Args:
        first: thing n has the rows `[first[n], first[n + 1])`.
        space: so many bytes at a time, at `ROW` a row.

    >>> list(parts(np.array([0, 2, 3, 9, 9]), Space(most=4 * ROW)))
    [(0, 2), (2, 3), (3, 4)]
    """
    start, most = 0, max(1, space.most // ROW)
    while start < len(first) - 1:
        stop = max(start + 1, int(first.searchsorted(first[start] + most, "right")) - 1)
        yield start, stop
        start = stop
        release()


def steps(count: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield `[start, stop)` of `size` things, of so many, in order; what was looked at is let go of before the next ones.

    >>> list(steps(5, 2))
    [(0, 2), (2, 4), (4, 5)]
    """
    for start in range(0, count, size):
        yield start, min(count, start + size)
        release()


ROW = 512
"""Bytes that it takes to work on one line: its columns, and a few codes of each kind."""


class Mapped(mmap.mmap):
    """A file mapped into memory, which knows its path, so that other processes can map it, too."""

    path: str
    state: tuple[int, ...]
    """Which file it is, and when it was written last."""

    def is_there(self) -> bool:
        """Whether the file is still where it was."""
        return os.path.exists(self.path) and _state(os.stat(self.path)) == self.state  # noqa: PTH110, PTH116  # a path as it was given


_mapped: WeakSet[Mapped] = WeakSet()
_sizes = [0]
"""The bytes of all mapped files."""


def mapped(path: Path | str) -> Mapped:
    """Map a file into memory, to be read only.

    Raises:
        OSError: it cannot be read.
        ValueError: it is empty, and nothing cannot be mapped.
    """
    with opened(Path(path)) as file:
        found = Mapped(file.fileno(), 0, access=mmap.ACCESS_READ)
        found.state = _state(os.fstat(file.fileno()))
    found.path = os.path.abspath(path)  # noqa: PTH100  # resolve() would follow links
    _mapped.add(found)
    _sizes[0] += len(found)
    finalize(found, _forget, len(found))
    return found


def _state(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _forget(size: int) -> None:
    _sizes[0] -= size


def release() -> None:
    """Let go of the memory that mapped files take in this process: what is asked for again comes from the file, or its cache.

    It is done between pieces of work, and only when the files are larger than `KEPT`.
    """
    if _sizes[0] > KEPT and hasattr(mmap, "MADV_DONTNEED"):  # else the system does it when memory runs short
        for found in _mapped:
            found.madvise(mmap.MADV_DONTNEED)


def keep(size: int) -> None:
    """Set how many bytes of mapped files stay in the memory of this process."""
    global KEPT  # noqa: PLW0603  # memory is the process's
    KEPT = size


ALL = 2**62
"""More bytes than there are."""

KEPT = ALL
"""Bytes of mapped files that stay in the memory of this process: all, until somebody says how much there is."""


def touched(places: int) -> None:
    """Say that so many places of mapped files were looked up, wherever they are: now and then, these are let go of."""
    _touched[0] += places
    if _touched[0] * TOUCH > KEPT:
        _touched[0] = 0
        release()


_touched = [0]

TOUCH = 2**16
"""Bytes that a place takes which was looked up, as systems map what is around it, too."""


def lookups(count: int) -> Iterator[tuple[int, int]]:
    """Yield `[start, stop)` of so many look-ups in mapped files, some at a time.

    >>> list(lookups(5))
    [(0, 5)]
    """
    for start in range(0, count, 2**9):
        stop = min(count, start + 2**9)
        yield start, stop
        touched(stop - start)


_Place = tuple[str, tuple[int, ...], int]
"""Path and state of a file, and an offset in bytes."""


def place_of(array: NDArray[Any]) -> _Place | None:
    """Return the place of an array in one piece that is a view of a mapped file; None for others."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    base = base.obj if isinstance(base, memoryview) else base  # as numpy holds a buffer
    if not isinstance(base, Mapped) or not array.flags.c_contiguous or not array.size or not base.is_there():
        return None
    start = np.frombuffer(base, dtype=np.uint8).ctypes.data
    return base.path, base.state, array.ctypes.data - start


def view_of(place: _Place, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Return the array at the place that `place_of` returned.

    Raises:
        ReadError: the file is another one by now.
    """
    path, state, offset = place
    return np.frombuffer(_once(path, state), dtype, int(np.prod(shape)), offset).reshape(shape)


@lru_cache(maxsize=4096)
def _once(path: str, state: tuple[int, ...]) -> Mapped:
    found = mapped(path)
    if found.state != state:
        raise ReadError(f"{path}: was replaced while it was read; expected it to stay as it was")
    return found


def gathered(array: NDArray[Any], places: NDArray[np.int64]) -> NDArray[Any]:
    """Return the elements at some places: of a large mapped array, so many at a time that what they touch stays little.

    >>> gathered(np.array([5, 6, 7]), np.array([2, 0])).tolist()
    [7, 5]
    """
    found = np.empty(len(places), dtype=array.dtype)
    for start, stop in lookups(len(places)):
        found[start:stop] = array[places[start:stop]]
    return found


class Column:
    """An array written bit by bit: to a file once it is large, where its space has a folder.

    >>> column = Space().column(np.int64)
    >>> column.append(np.array([1, 2]))
    >>> column.append(np.array([3]))
    >>> column.array().tolist()
    [1, 2, 3]
    """

    def __init__(self, space: Space, dtype: np.dtype[Any]) -> None:
        self._space = space
        self._dtype = dtype
        self._held: list[NDArray[Any]] = []
        self._size = 0  # of these, in bytes
        self._count = 0
        self._path: Path | None = None

    def append(self, values: NDArray[Any]) -> None:
        """Write `values` after what was written before."""
        if not len(values):
            return
        self._held.append(values.astype(self._dtype))  # a copy: a view would hold all that it is of
        self._size += self._held[-1].nbytes
        self._count += len(values)
        if self._space.folder is not None and self._size > HELD:
            self._written(self._space.folder)

    def array(self) -> NDArray[Any]:
        """Return all of it; nothing may be written after that."""
        if self._path is None:
            return np.concatenate(self._held) if self._held else np.empty(0, dtype=self._dtype)
        self._written(self._path.parent)
        return np.frombuffer(mapped(self._path), dtype=self._dtype)

    def __len__(self) -> int:
        return self._count

    def taken(self) -> NDArray[Any]:
        """Return all of it, in memory, and remove its file."""
        return np.concatenate([np.empty(0, dtype=self._dtype), *self.pieces(self._count)])

    def pieces(self, size: int = 2**16) -> Iterator[NDArray[Any]]:
        """Yield all of it, in memory, so many elements at a time; then remove its file."""
        if self._path is None:
            yield from (self.array()[start:stop] for start, stop in steps(self._count, max(1, size)))
            return
        self._written(self._path.parent)
        with self._path.open("rb") as file:
            while len(piece := np.fromfile(file, self._dtype, size)):
                yield piece
        self._path.unlink()

    def _written(self, folder: Path) -> None:
        try:
            if self._path is None:
                number, name = tempfile.mkstemp(dir=folder)
                os.close(number)
                self._path = Path(name)
            with self._path.open("ab") as file:
                for values in self._held:
                    file.write(np.ascontiguousarray(values).data)
        except OSError as error:
            raise WriteError(f"{folder}: {error.strerror}; expected room for more than the text: see TMPDIR") from error
        self._held.clear()
        self._size = 0


HELD = 2**16
"""Bytes of a column that are held before they are written: it takes as long to open a file as to write so many."""


FEW = 2**12
"""Rows that are sorted at once, however little memory there is."""


class Spill:
    """Rows of several columns, parted by their codes: so that what is larger than memory can be sorted by code, a part at a time.

    >>> spill = Spill(Space(), 3, np.int64)
    >>> spill.add(np.array([9, 2**63, 4], dtype=np.uint64), np.array([0, 1, 2]))
    >>> [[column.tolist() for column in rows] for rows in spill.ranges()]
    [[[9, 9223372036854775808, 4], [0, 1, 2]]]
    """

    def __init__(self, space: Space, rows: int, *dtypes: DTypeLike, known: int = 0) -> None:
        """Prepare for about so many rows, of a 64-bit code and columns of these types; the highest `known` bits of all are equal."""
        self._space, self._known = space, known
        self._types = [np.dtype(dtype) for dtype in (np.uint64, *dtypes)]
        parts = 1 if space.folder is None else min(PARTS, -(-self._bytes(rows) // space.most))
        self._bits = min(max(0, parts - 1).bit_length(), 64 - known)
        self._parts = [[Column(space, dtype) for dtype in self._types] for _ in range(1 << self._bits)]

    def _bytes(self, rows: int) -> int:
        """Return how many bytes it takes to work on so many rows."""
        return rows * sum(dtype.itemsize for dtype in self._types) * SORTED

    def add(self, codes: NDArray[np.uint64], *others: NDArray[Any]) -> None:
        """Add rows: their codes, and the other columns."""
        if not self._bits:
            for column, values in zip(self._parts[0], (codes, *others), strict=True):
                column.append(values)
            return
        parts = (codes << np.uint64(self._known) >> np.uint64(64 - self._bits)).astype(np.uint8)
        order = np.argsort(parts, kind="stable")
        ends = np.cumsum(np.bincount(parts, minlength=len(self._parts))).tolist()
        for number, values in enumerate((codes, *others)):
            ordered = values[order]
            for part, start, end in zip(self._parts, (0, *ends), ends, strict=False):
                part[number].append(ordered[start:end])

    def ranges(self) -> Iterator[tuple[NDArray[Any], ...]]:
        """Yield the columns of each part, once, by ascending code; the rows of one in the order in which they were added."""
        for part in self._parts:
            rows = len(part[0])
            large = rows > FEW and self._bytes(rows) > 2 * self._space.most
            if self._bits and large:  # codes of few groups, which share their highest bits
                spill = Spill(self._space, rows, *self._types[1:], known=self._known + self._bits)
                for several in zip(*(column.pieces() for column in part), strict=True):
                    spill.add(*several)
                yield from spill.ranges()
            else:
                yield tuple(column.taken() for column in part)
