"""Arrays in files: columns, spills, and what is mapped."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner import spill as module
from cleaner.spill import PARTS, ROW, Column, Mapped, Space, Spill, mapped, parts, place_of, release, view_of
from tests.strategies import STEADY

if TYPE_CHECKING:
    from numpy.typing import NDArray

TYPES = ("u1", "i4", "i8", "u8", "f8", "?")
LAST = 2**64 - 1

CODES = st.integers(0, LAST) | st.sampled_from((0, 1, 2**63 - 1, 2**63, LAST))


@pytest.fixture(scope="module", autouse=True)
def _little_is_held() -> Iterator[None]:
    """Few values are enough for a file, and all that is mapped is let go of."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "HELD", 40)
        patch.setattr(module, "KEPT", 0)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("space")


def stored(path: Path, array: NDArray[Any]) -> Path:
    """Write an array to a file, and return where."""
    array.tofile(path)
    return path


def of_file(path: Path, dtype: str = "i8") -> NDArray[Any]:
    """Return a file as an array that is mapped."""
    return np.frombuffer(mapped(path), dtype=dtype)


# Columns


@STEADY
@given(
    st.lists(st.lists(st.integers(0, 1), max_size=9) | st.lists(st.integers(0, 200), max_size=30), max_size=8),
    st.sampled_from(TYPES),
)
def test_a_column_is_the_same_in_memory_and_in_a_file(folder: Path, bits: Sequence[Sequence[int]], dtype: str) -> None:
    """Whatever is written at a time; and whether it is mapped or taken."""
    expected = np.array([value for bit in bits for value in bit]).astype(dtype)
    for space in (Space(), Space(folder)):
        for ask in (Column.array, Column.taken):
            column = space.column(dtype)
            for bit in bits:
                column.append(np.array(bit, dtype=np.int64))
            found = ask(column)
            assert (found.dtype, found.tolist()) == (expected.dtype, expected.tolist())
        del column, found
    for path in folder.iterdir():
        path.unlink()


def placed(array: np.ndarray) -> tuple[str, int] | None:
    """Return the path and the offset of an array's place."""
    place = place_of(array)
    return place and (place[0], place[2])


def test_only_what_is_large_is_a_file(tmp_path: Path) -> None:
    """And it is one that can be mapped elsewhere; what is taken leaves none."""
    little, much, taken = (Space(tmp_path).column("i8") for _ in range(3))
    little.append(np.arange(5))
    for column in (much, taken):
        column.append(np.arange(5))
        column.append(np.arange(5, 12)[::-1])
    assert len(list(tmp_path.iterdir())) == 2
    assert taken.taken().tolist() == [*range(5), *range(11, 4, -1)]
    [path] = tmp_path.iterdir()
    assert place_of(little.array()) is None
    assert placed(much.array()) == (str(path), 0)
    assert not much.array().flags.writeable


# Spills


@settings(STEADY, max_examples=60)
@given(
    st.lists(st.lists(CODES, max_size=40), max_size=5),
    st.sampled_from((1, 100, 1000, 10**6)),
    st.integers(0, 300),
)
def test_rows_come_once_by_range_in_the_order_added(
    folder: Path, batches: Sequence[Sequence[int]], most: int, rows: int
) -> None:
    """Whatever number of rows was expected; and no file is left."""
    spill = Spill(Space(folder, most), rows, np.int64, np.bool_)
    numbers = iter(range(1000))
    added = [[(code, next(numbers), code % 3 == 0) for code in batch] for batch in batches]
    for batch in added:
        columns = zip(*batch, strict=True) if batch else ((), (), ())
        codes, places, marks = columns
        spill.add(np.array(codes, dtype=np.uint64), np.array(places, dtype=np.int64), np.array(marks, dtype=np.bool_))
    ranges = [list(zip(*(column.tolist() for column in found), strict=True)) for found in spill.ranges()]
    assert sorted(row for found in ranges for row in found) == sorted(row for batch in added for row in batch)
    filled = [found for found in ranges if found]
    for one, other in pairwise(filled):
        assert max(one)[0] < min(other)[0]
    for found in filled:
        assert [place for _, place, _ in found] == sorted(place for _, place, _ in found)
    assert list(folder.iterdir()) == []


def test_a_spill_has_as_many_parts_as_its_space_asks_for(tmp_path: Path) -> None:
    """One in memory, few when there is room, and never more than `PARTS`."""

    def count(space: Space, rows: int) -> int:
        return sum(1 for _ in Spill(space, rows, np.int64).ranges())

    assert count(Space(most=1), 10**9) == 1
    assert count(Space(tmp_path, 10**6), 1000) == 1
    assert count(Space(tmp_path, 10**6), 0) == 1
    assert 2 <= count(Space(tmp_path, 10**6), 10**5) <= 16
    assert count(Space(tmp_path, 1), 10**9) == PARTS


def test_codes_that_share_their_highest_bits_are_parted_by_others(tmp_path: Path) -> None:
    """Those of one group do; and of one code there may be many rows."""
    numbers = np.random.default_rng(0).integers(0, 2**40, 200_000, dtype=np.uint64)
    codes = np.concatenate([numbers | np.uint64(7 << 48), np.full(10_000, 2**63, dtype=np.uint64)])
    most = 2**20
    spill = Spill(Space(tmp_path, most), len(codes), np.int64)
    for start in range(0, len(codes), 1000):
        spill.add(codes[start : start + 1000], np.arange(start, start + 1000))
    found = list(spill.ranges())
    assert max(len(some) for some, _ in found if len(set(some.tolist())) > 1) * 16 < most
    assert np.array_equal(np.concatenate([np.sort(some) for some, _ in found]), np.sort(codes))
    assert np.array_equal(
        codes[np.concatenate([places for _, places in found])], np.concatenate([one for one, _ in found])
    )
    assert list(tmp_path.iterdir()) == []


def test_codes_that_are_well_spread_fill_all_parts_alike(tmp_path: Path) -> None:
    codes = np.random.default_rng(0).integers(0, LAST, 20_000, dtype=np.uint64, endpoint=True)
    spill = Spill(Space(tmp_path, 1), len(codes), np.int64)
    for start in range(0, len(codes), 1000):
        spill.add(codes[start : start + 1000], np.arange(start, start + 1000))
    assert len(list(tmp_path.iterdir())) > PARTS
    found = list(spill.ranges())
    assert len(found) == PARTS
    assert max(len(some) for some, _ in found) < 2 * len(codes) / PARTS
    ordered = np.concatenate([np.sort(some) for some, _ in found])
    assert np.array_equal(ordered, np.sort(codes))
    assert np.array_equal(
        np.concatenate([codes[places] for _, places in found]), np.concatenate([one for one, _ in found])
    )
    assert list(tmp_path.iterdir()) == []


# What is worked on at a time


@STEADY
@given(st.lists(st.integers(0, 20), max_size=30), st.integers(0, 40), st.booleans())
def test_parts_are_all_in_order_and_none_too_large(folder: Path, sizes: list[int], most: int, in_files: bool) -> None:
    """But for one thing that is too large by itself; and none could take one more."""
    first = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
    found = list(parts(first, Space(folder if in_files else None, most * ROW)))
    assert [number for start, stop in found for number in range(start, stop)] == list(range(len(sizes)))
    limit = max(1, most)
    for start, stop in found:
        assert stop > start
        assert sum(sizes[start:stop]) <= limit or stop == start + 1
        assert stop == len(sizes) or sum(sizes[start : stop + 1]) > limit


# What is mapped


def test_what_is_mapped_reads_the_same_after_release(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 99, 100_000)
    arrays = [of_file(stored(tmp_path / str(at), values + at)) for at in range(3)]
    part = arrays[1][7:70_000:3]
    for _ in range(3):
        release()
        for at, array in enumerate(arrays):
            assert np.array_equal(array, values + at)
        assert np.array_equal(part, values[7:70_000:3] + 1)
        assert not part.flags.writeable


def test_what_is_mapped_stays_when_its_file_goes(tmp_path: Path) -> None:
    found = of_file(stored(tmp_path / "x", np.arange(10_000)))
    (tmp_path / "x").unlink()
    release()
    assert np.array_equal(found, np.arange(10_000))


def test_what_cannot_be_mapped(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(ValueError, match="empty"):
        mapped(tmp_path / "empty")
    with pytest.raises(FileNotFoundError):
        mapped(tmp_path / "missing")
    release()


@STEADY
@given(st.integers(1, 200), st.sampled_from(TYPES), st.randoms(use_true_random=False))
def test_an_array_in_one_piece_of_a_file_has_a_place(
    tmp_path_factory: pytest.TempPathFactory, size: int, dtype: str, numbers: random.Random
) -> None:
    """A slice, a slice of a slice, one of another shape: another process finds it by that."""
    path = tmp_path_factory.mktemp("places") / "x"
    whole = of_file(stored(path, (np.arange(size) % 100).astype(dtype)), dtype)
    start = numbers.randrange(size)
    piece = whole[start:][: numbers.randrange(1, size + 1)]
    for array in (whole, piece, piece.reshape(-1, 1), piece.view("u1")):
        place = place_of(array)
        assert place is not None
        assert place[0] == str(path)
        found = view_of(place, array.dtype, array.shape)
        assert (found.dtype, found.shape, found.tolist()) == (array.dtype, array.shape, array.tolist())
        assert not found.flags.writeable
        assert not found.flags.owndata
        assert place_of(found) == place


def test_other_arrays_have_no_place(tmp_path: Path) -> None:
    """Those in several pieces, empty ones, copies, and those of memory."""
    whole = of_file(stored(tmp_path / "x", np.arange(24)))
    square = whole.reshape(4, 6)
    for array in (whole[::2], whole[::-1], square.T, square[:, 1:], whole[3:3], whole + 0, whole[[1, 2]]):
        assert place_of(array) is None
    held = np.arange(9)
    for array in (held, held[2:], np.empty(0), np.frombuffer(bytes(16)), np.frombuffer(bytearray(16)), np.array(7)):
        assert place_of(array) is None
    assert placed(square[1:3]) == (str(tmp_path / "x"), 48)


def test_a_place_is_told_by_the_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the file was named."""
    stored(tmp_path / "x", np.arange(3))
    monkeypatch.chdir(tmp_path)
    found = mapped("x")
    assert isinstance(found, Mapped)
    assert placed(np.frombuffer(found, dtype="i8")) == (str(tmp_path / "x"), 0)
