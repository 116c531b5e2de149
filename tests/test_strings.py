"""Strings in arrays, and texts by key."""

from __future__ import annotations

import pickle
import random
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner import strings as module
from cleaner.spill import Space
from cleaner.strings import Strings, Texts, packed, texts_of, united
from tests.strategies import STEADY

ANY = st.lists(st.text(st.characters(), max_size=6) | st.sampled_from(("", "\ud800", "a\udfffb", "例", "\0")))
"""Strings of any characters, lone surrogates too."""

KEYS = st.sampled_from((0, 1, 2, 3, 2**32, 2**63, 2**64 - 1)) | st.integers(0, 2**64 - 1)


@pytest.fixture(scope="module", autouse=True)
def _few_at_once() -> Iterator[None]:
    """A few strings are more than are moved at a time, and enough for a file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "AT_ONCE", 3)
        patch.setattr("cleaner.spill.HELD", 20)
        yield


# Strings


@STEADY
@given(ANY)
def test_what_is_packed_comes_back(given: list[str]) -> None:
    found = packed(iter(given))
    assert list(found) == given
    assert len(found) == len(given)
    assert [found[at] for at in range(len(found))] == given
    assert found.some(np.arange(len(given))) == given
    assert [bytes(piece) for piece in found.pieces(np.arange(len(given)))] == [
        one.encode("utf-8", "surrogatepass") for one in given
    ]


@STEADY
@given(ANY.filter(bool), st.data())
def test_some_are_those_at_the_places_asked_for(given: list[str], data: st.DataObject) -> None:
    """In any order, and more than once; taken, they are packed anew."""
    places = data.draw(st.lists(st.integers(0, len(given) - 1)))
    at = np.array(places, dtype=np.int64)
    found, expected = packed(given), [given[place] for place in places]
    assert found.some(at) == expected
    taken = found.take(at)
    assert taken == expected
    assert (taken.first.dtype, taken.encoded.dtype) == (found.first.dtype, found.encoded.dtype)
    assert np.array_equal(taken.first, packed(expected).first)
    assert np.array_equal(taken.encoded, packed(expected).encoded)


@STEADY
@given(ANY, ANY)
def test_they_are_equal_as_lists_are(one: list[str], other: list[str]) -> None:
    for ours, theirs in ((one, other), (one, list(one)), (one, one[:-1]), (one, [*one, ""])):
        assert (packed(ours) == packed(theirs)) == (ours == theirs)
        assert (packed(ours) == theirs) == (packed(ours) == tuple(theirs)) == (ours == theirs)
        assert (packed(ours) != theirs) == (ours != theirs)


def test_what_is_no_sequence_is_not_equal() -> None:
    assert packed(["a"]) != 1
    assert packed(["a"]) != {"a"}
    assert packed(["a"]) != [1]
    assert packed(["a"]) != [b"a"]
    with pytest.raises(TypeError):
        hash(packed(["a"]))


def test_there_is_nothing_before_the_first_and_after_the_last() -> None:
    found = packed(["a", "b"])
    for at in (-1, 2, 2**40):
        with pytest.raises(IndexError):
            found[at]
    assert "b" in found
    assert "c" not in found


def test_none_are_none() -> None:
    for found in (packed([]), Strings(), packed(["a"]).take(np.empty(0, dtype=np.int64))):
        assert list(found) == []
        assert found == []
        assert found.first.tolist() == [0]


@STEADY
@given(ANY.map(sorted), ANY)
def test_sorted_ones_can_be_sought(given: list[str], wanted: list[str]) -> None:
    found = packed(given)
    for one in [*wanted, *given]:
        assert bisect_left(found, one) == bisect_left(given, one)


@STEADY
@given(ANY)
def test_they_can_be_sent(given: list[str]) -> None:
    assert pickle.loads(pickle.dumps(packed(given))) == given


# Texts


@STEADY
@given(st.dictionaries(KEYS, st.text()), st.sets(KEYS))
def test_texts_as_columns(texts: dict[int, str], wanted: set[int]) -> None:
    """Those of any keys, of which some have a text; empty ones too."""
    keys = sorted(texts)
    known = texts_of(keys, [texts[key] for key in keys])
    assert known.keys.tolist() == keys
    assert dict(zip(known.keys.tolist(), known.strings, strict=True)) == texts
    asked = np.array(sorted(wanted), dtype=np.uint64)
    places = known.places(asked)
    assert known.keys[places].tolist() == sorted(wanted & texts.keys())
    assert known.strings.some(places) == [texts[key] for key in sorted(wanted & texts.keys())]


def test_no_texts() -> None:
    for known in (Texts(), united(np.empty(0, dtype=np.uint64), packed([]), Space())):
        assert known.places(np.array([1], dtype=np.uint64)).tolist() == []
        assert list(known.strings) == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("space")


@settings(STEADY, max_examples=80)
@given(
    st.lists(st.tuples(KEYS, st.integers(1, 3))), st.sampled_from((1, 100, 10**6)), st.randoms(use_true_random=False)
)
def test_texts_are_united(folder: Path, given: list[tuple[int, int]], most: int, numbers: random.Random) -> None:
    """Each key once, in whatever order and however often they come, in memory or in files."""
    texts = {key: f"{key} \ud800 例"[: key % 9] for key, _ in given}
    keys = [key for key, times in given for _ in range(times)]
    numbers.shuffle(keys)
    column, strings = np.array(keys, dtype=np.uint64), packed(map(texts.__getitem__, keys))
    for space in (Space(), Space(folder, most)):
        found = united(column, strings, space)
        assert found.keys.tolist() == sorted(texts)
        assert found.strings == [texts[key] for key in sorted(texts)]
        assert (found.keys.dtype, found.strings.first.dtype) == (np.uint64, np.int64)
        del found
    for path in folder.iterdir():
        path.unlink()
