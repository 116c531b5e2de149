"""Codes for tuples of numbers, and how many families hold each."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Collection, Sized
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.counting import Counter, combined, counter, holds
from tests.strategies import STEADY

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAMILIES = 4
LAST = 2**64 - 1


def counted(*pairs: tuple[int, int], families: int = FAMILIES) -> Counter:
    """Return a counter of pairs of a code and a family."""
    codes = np.array([code for code, _ in pairs], dtype=np.uint64)
    return counter(codes, np.array([family for _, family in pairs], dtype=np.int64), families)


def nobody_but(own: Collection[int], codes: Sized) -> list[NDArray[np.int64]]:
    """Return these families as the own ones of each code: one array for each family, and one for none."""
    return [np.full(len(codes), family, dtype=np.int64) for family in (*sorted(own), -1)]


def codes_of(*codes: int) -> NDArray[np.uint64]:
    """Return codes as an array."""
    return np.array(codes, dtype=np.uint64)


# Counting


def test_a_family_counts_once() -> None:
    known = counted((7, 0), (7, 0), (7, 1), (9, 0))
    assert known.count(codes_of(7, 9)).tolist() == [2, 1]
    assert known.totals.tolist() == [2, 1]


def test_what_nobody_holds_counts_nothing() -> None:
    """Below, between and above the known codes."""
    known = counted((5, 0), (7, 3))
    assert known.count(codes_of(0, 6, 8, LAST)).tolist() == [0, 0, 0, 0]
    assert known.places(codes_of(0, 5, 6, 7, 8)).tolist() == [-1, 0, -1, 1, -1]


def test_the_own_families_do_not_count() -> None:
    known = counted((7, 0), (7, 1), (7, 3), (9, 0))
    codes = codes_of(7, 9, 8)
    for own, expected in (({0}, [2, 0, 0]), ({1, 3}, [1, 1, 0]), ({2}, [3, 1, 0])):
        assert known.count(codes, *nobody_but(own, codes)).tolist() == expected


def test_each_code_has_families_of_its_own() -> None:
    """The same one for two codes, two for the same code, and none."""
    known = counted((7, 0), (7, 1), (7, 3), (9, 0))
    own = np.array([0, 1, -1, 0, 2]), np.array([-1, 3, -1, -1, 0])
    assert known.count(codes_of(7, 7, 7, 9, 9), *own).tolist() == [2, 1, 3, 0, 0]


def test_a_code_may_be_asked_for_twice_and_in_any_order() -> None:
    known = counted((9, 0), (7, 1), (7, 2), (LAST, 2), (0, 3))
    assert known.count(codes_of(LAST, 7, 9, 7, 0)).tolist() == [1, 2, 1, 2, 1]


def test_nothing_counted_and_nothing_asked_for() -> None:
    assert counted().count(codes_of(1, 2), np.array([0, -1])).tolist() == [0, 0]
    assert counted(families=0).count(codes_of(1)).tolist() == [0]
    assert counted((1, 0)).count(codes_of(), np.empty(0, dtype=np.int64)).tolist() == []


@STEADY
@given(
    st.lists(st.tuples(st.sampled_from((0, 1, 2, 3, 2**63, LAST)), st.integers(0, FAMILIES - 1))),
    st.lists(st.sampled_from((0, 1, 2, 3, 4, 2**63, LAST - 1, LAST))),
    st.sets(st.integers(0, FAMILIES - 1)),
    st.randoms(use_true_random=False),
)
def test_it_counts_what_sets_count(
    pairs: list[tuple[int, int]], wanted: list[int], own: set[int], numbers: random.Random
) -> None:
    """Whether all codes have the same families for their own, or each has some of them."""
    holders: defaultdict[int, set[int]] = defaultdict(set)
    for code, family in pairs:
        holders[code].add(family)
    known = counted(*pairs)
    assert known.codes.tolist() == sorted(holders)
    assert known.totals.tolist() == [len(holders[code]) for code in sorted(holders)]
    codes = codes_of(*wanted)
    assert known.count(codes, *nobody_but(own, codes)).tolist() == [len(holders[code] - own) for code in wanted]
    some = [{family for family in own if numbers.random() < 0.5} for _ in wanted]
    columns = [np.array([family if family in one else -1 for one in some], dtype=np.int64) for family in own]
    assert known.count(codes, *columns).tolist() == [
        len(holders[code] - one) for code, one in zip(wanted, some, strict=True)
    ]
    assert [place >= 0 for place in known.places(codes_of(*wanted)).tolist()] == [
        bool(holders[code]) for code in wanted
    ]


# Codes


def test_each_tuple_has_its_own_code() -> None:
    """The order of the numbers counts."""
    tuples = np.array(list(product(range(12), repeat=3)))
    assert len({*combined(tuples[:, 0], tuples[:, 1], tuples[:, 2]).tolist()}) == len(tuples)


def test_equal_tuples_have_equal_codes() -> None:
    """However the numbers are given."""
    codes = combined(np.array([3, 3, 4]), np.array([5, 5, 5], dtype=np.uint32)).tolist()
    assert codes[0] == codes[1] != codes[2]
    assert combined(3, codes_of(5, 6)).tolist() == combined(np.array([3, 3]), np.array([5, 6])).tolist()
    assert combined(np.array([3, 4]), np.uint64(5)).tolist() == codes[1:]


def test_codes_of_large_numbers_and_of_none() -> None:
    codes = combined(codes_of(0, 1, 2**63, LAST), codes_of(LAST, LAST, LAST, LAST))
    assert len({*codes.tolist()}) == 4
    assert codes.dtype == np.uint64
    assert combined(1, codes_of()).tolist() == []


# Membership


@pytest.mark.parametrize(
    ("numbers", "wanted", "expected"),
    [
        ([1, 3], [3, 2, 1, 4, 0], [True, False, True, False, False]),
        ([1, 3], [3, 3], [True, True]),
        ([1], [], []),
        ([], [1], [False]),
    ],
)
def test_which_numbers_a_sorted_array_holds(numbers: list[int], wanted: list[int], expected: list[bool]) -> None:
    found = holds(np.array(numbers, dtype=np.int64), np.array(wanted, dtype=np.int64))
    assert found.tolist() == expected
