"""Values with large arrays in a file that other processes map."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.index import learn
from cleaner.model import Document
from cleaner.pipeline import Cleaner
from cleaner.rules import load_rules
from cleaner.sharing import ALIGNED, share, shared
from tests.conftest import SEEDS
from tests.strategies import STEADY, corpora

TYPES = ("u1", "i8", "u8", "f4", "f8", "?", "<U3", ">i4")


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray[Any, Any]:
    """Arrays of some types and shapes, mostly small, empty ones too; in either order, and some not in one piece."""
    shape = tuple(draw(st.lists(st.integers(0, 5), min_size=1, max_size=3)))
    numbers = np.random.default_rng(draw(st.integers(0, 9)))
    found = numbers.integers(0, 200, shape).astype(draw(st.sampled_from(TYPES)))
    return draw(st.sampled_from((found, found.T, found[::2], np.asfortranarray(found))))


def nested() -> st.SearchStrategy[object]:
    """Return values of any nesting of arrays and of what else there is."""
    leaves = arrays() | st.none() | st.integers() | st.text() | st.binary()
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.lists(inner, max_size=3).map(tuple)
            | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
        max_leaves=8,
    )


def assert_same(found: Any, value: Any) -> None:
    """Assert that two values are the same, arrays of the same type and shape, and that no array found can be written to."""
    assert type(found) is type(value)
    if isinstance(value, np.ndarray):
        assert (found.dtype, found.shape) == (value.dtype, value.shape)
        assert np.array_equal(found, value)
        assert not found.flags.writeable
        if found.size:
            with pytest.raises(ValueError, match="read-only"):
                found[...] = value
    elif isinstance(value, dict):
        assert found.keys() == value.keys()
        assert_same(list(found.values()), list(value.values()))
    elif isinstance(value, list | tuple):
        assert len(found) == len(value)
        for one, other in zip(found, value, strict=True):
            assert_same(one, other)
    else:
        assert found == value


@STEADY
@given(nested())
def test_what_is_shared_comes_back(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    """As it was, any nesting of arrays; nobody can write to these."""
    path = tmp_path_factory.getbasetemp() / "shared"
    assert share(value, path) == path
    assert_same(shared(path), value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        np.empty(0),
        [np.empty(0, dtype=np.uint64), np.empty((0, 3)), np.empty((3, 0), dtype=np.bool_)],
        {"a": np.arange(1), "b": [(np.arange(1000), np.empty(0)), {"c": np.arange(1, dtype=np.uint8)}]},
        [np.arange(size, dtype=np.uint8) for size in (0, 1, ALIGNED - 1, ALIGNED, ALIGNED + 1, 3 * ALIGNED)],
        np.array([]).reshape(2, 0),
        np.array(7),
    ],
)
def test_nothing_and_little(tmp_path: Path, value: object) -> None:
    """Empty arrays, arrays of any length beside each other, a single number."""
    assert_same(shared(share(value, tmp_path / "x")), value)


def test_one_array_in_two_places_is_one(tmp_path: Path) -> None:
    array = np.arange(1000)
    one, other = shared(share([array, array], tmp_path / "x"))
    assert one is other
    assert (tmp_path / "x").stat().st_size < 2 * array.nbytes


def test_arrays_start_where_the_processor_reads_them_fast(tmp_path: Path) -> None:
    values = [np.arange(size, dtype=np.uint8) for size in (3, 70, 1, 64, 5)]
    assert [found.ctypes.data % ALIGNED for found in shared(share(values, tmp_path / "x"))] == [0] * 5


def test_arrays_are_those_of_the_file(tmp_path: Path) -> None:
    """They are mapped, not read: what is there once more is there for none."""
    array = np.arange(1_000_000)
    found = shared(share(array, tmp_path / "x"))
    assert not found.flags.owndata
    (tmp_path / "x").unlink()  # who maps it keeps it
    assert np.array_equal(found, array)


READ = """
import sys
from pathlib import Path
from cleaner.sharing import shared

found = shared(Path(sys.argv[1]))
print(found["array"].sum(), found["array"].flags.writeable, found["name"])
"""


def test_another_process_reads_it(tmp_path: Path) -> None:
    path = share({"array": np.arange(100), "name": "bees"}, tmp_path / "x")
    printed = subprocess.run(
        [sys.executable, "-c", READ, str(path)],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert printed.stdout.split() == [b"4950", b"False", b"bees"]


# Cleaners


@STEADY
@given(corpora(), corpora(max_size=3), st.booleans(), st.randoms(use_true_random=False))
def test_a_cleaner_that_was_shared_cleans_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    corpus: list[Document],
    others: list[Document],
    prepared: bool,
    numbers: random.Random,
) -> None:
    """What was learnt and what was not, with all derived before or nothing."""
    path = tmp_path_factory.getbasetemp() / "cleaner"
    learnt = [document for document in corpus if numbers.random() < 0.8]
    cleaner, original = Cleaner(learn(learnt)), Cleaner(learn(learnt))
    if prepared:
        cleaner.prepare()
    found = shared(share(cleaner, path))
    documents = [*corpus, *(Document(f"new {one.id}", one.text, one.group) for one in others)]
    expected = original.clean_all(documents)
    assert found.clean_all(documents) == expected
    assert [found.clean(document) for document in documents] == expected
    assert cleaner.clean_all(documents) == expected
    assert found.index == original.index


def test_whole_documents_are_cleaned_the_same(tmp_path: Path) -> None:
    """With the shipped rules; as they are and on one line, where near-duplicates and parts of long lines count."""
    seeds = [Document(path.name, path.read_bytes().decode(), "seeds") for path in sorted(SEEDS.glob("*.txt"))]
    corpus = [*seeds, *(Document(f"flat {one.id}", one.text.replace("\n", " ")) for one in seeds)]
    cleaner = Cleaner(learn(corpus), load_rules())
    expected = Cleaner(cleaner.index, cleaner.rules).clean_all(corpus)
    cleaner.prepare()
    found = shared(share(cleaner, tmp_path / "x"))
    assert found.clean_all(corpus) == expected
    assert any(one.spans for one in expected)


def test_what_was_prepared_is_not_derived_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that follows from the index as a whole is in the file."""
    shared_lines = "You may also like\nTen quiet harbours\nWho pays for the signal box\n"
    corpus = [Document(str(at), f"Body {at} of a page.\n{shared_lines}", "a") for at in range(5)]
    cleaner = Cleaner(learn(corpus))
    cleaner.prepare()
    found = shared(share(cleaner, tmp_path / "x"))

    def derive(*_: object) -> None:
        raise AssertionError("derived anew")

    expected = cleaner.clean_all(corpus)
    for name in ("counter", "Tally", "Spill", "communities", "Copies"):
        monkeypatch.setattr(f"cleaner.frequency.{name}", derive)
    monkeypatch.setattr("cleaner.near.neighbours", derive)
    assert found.clean_all(corpus) == expected
    assert any(one.spans for one in expected)


def test_all_in_one_file(tmp_path: Path) -> None:
    """What is mapped from one file is only said where, unless the other is to be whole; then the first one may go."""
    first = shared(share(np.arange(10_000), tmp_path / "first"))
    share({"a": first}, tmp_path / "parts")
    share({"a": first}, tmp_path / "whole", whole=True)
    assert (tmp_path / "parts").stat().st_size < 10_000
    assert (tmp_path / "whole").stat().st_size >= first.nbytes
    (tmp_path / "first").unlink()
    assert shared(tmp_path / "whole")["a"].tolist() == list(range(10_000))
