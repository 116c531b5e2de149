"""Codes for tuples of numbers, and how many families hold each."""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import pairwise, product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.counting import Counter, Tally, combined, counter, holds
from cleaner.spill import Space
from tests.strategies import STEADY

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAMILIES = 4
LAST = 2**64 - 1


def counted(*pairs: tuple[int, int]) -> Counter:
    """Return a counter of pairs of a code and a family."""
    codes = np.array([code for code, _ in pairs], dtype=np.uint64)
    return counter(codes, np.array([family for _, family in pairs], dtype=np.int64))


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


def test_what_one_family_alone_holds_may_stand_apart() -> None:
    """All of it, or all but some; it counts as it did, and has no place."""
    known = counted((5, 0), (7, 0), (7, 1), (8, 2), (9, 3))
    assert (known.codes.tolist(), known.single.tolist()) == ([5, 7, 8, 9], [])
    apart = known.parted()
    assert (apart.codes.tolist(), apart.totals.tolist(), apart.single.tolist()) == ([7], [2], [5, 8, 9])
    some = known.parted(stay=np.array([False, False, True, False]))
    assert (some.codes.tolist(), some.totals.tolist(), some.single.tolist()) == ([7, 8], [2, 1], [5, 9])
    for one in (known, apart, some):
        assert one.count(codes_of(9, 8, 7, 6, 5)).tolist() == [1, 1, 2, 0, 1]
    assert apart.places(codes_of(5, 7, 8)).tolist() == [-1, 0, -1]
    assert some.places(codes_of(5, 7, 8)).tolist() == [-1, 0, 1]


def test_a_code_that_is_one_s_own_may_count_nothing() -> None:
    """Where no other family holds it: it is taken off then anyway."""
    known = counted((5, 0), (7, 0), (7, 1), (9, 3)).parted()
    codes = codes_of(5, 7, 9)
    for own, expected in (([0, 0, 0], [1, 2, 1]), ([1, 1, 0], [0, 1, 1]), ([1, 1, 1], [0, 1, 0])):
        taken = np.array(own)
        assert np.maximum(0, known.count(codes, taken > 0) - taken).tolist() == expected


def test_a_code_may_be_asked_for_twice_and_in_any_order() -> None:
    known = counted((9, 0), (7, 1), (7, 2), (LAST, 2), (0, 3))
    assert known.count(codes_of(LAST, 7, 9, 7, 0)).tolist() == [1, 2, 1, 2, 1]


def test_nothing_counted_and_nothing_asked_for() -> None:
    for known in (counted(), counted().parted()):
        assert known.count(codes_of(1, 2)).tolist() == [0, 0]
        assert known.count(codes_of(1, 2), np.array([True, False])).tolist() == [0, 0]
        assert known.places(codes_of(1)).tolist() == [-1]
    for known in (counted((1, 0)), counted((1, 0)).parted()):
        assert known.count(codes_of()).tolist() == []
        assert known.count(codes_of(), np.empty(0, dtype=np.bool_)).tolist() == []
    assert Tally(Space()).counter().codes.tolist() == []


@STEADY
@given(
    st.lists(st.tuples(st.sampled_from((0, 1, 2, 3, 2**63, LAST)), st.integers(0, FAMILIES - 1))),
    st.lists(st.sampled_from((0, 1, 2, 3, 4, 2**63, LAST - 1, LAST))),
    st.sets(st.integers(0, FAMILIES - 1)),
    st.sets(st.sampled_from((0, 1, 2, 3, 2**63, LAST))) | st.none(),
    st.randoms(use_true_random=False),
)
def test_it_counts_what_sets_count(
    pairs: list[tuple[int, int]], wanted: list[int], own: set[int], stay: set[int] | None, numbers: random.Random
) -> None:
    """Parted or not, whether all codes have the same families for their own, or each has some of them."""
    holders: defaultdict[int, set[int]] = defaultdict(set)
    for code, family in pairs:
        holders[code].add(family)
    whole = counted(*pairs)
    assert whole.codes.tolist() == sorted(holders)
    assert whole.totals.tolist() == [len(holders[code]) for code in sorted(holders)]
    parted = whole.parted(
        None if stay is None else np.array([code in stay for code in whole.codes.tolist()], dtype=bool)
    )
    assert parted.single.tolist() == sorted(
        code for code, families in holders.items() if len(families) == 1 and code not in (stay or ())
    )
    assert sorted({*parted.codes.tolist()} | {*parted.single.tolist()}) == sorted(holders)
    codes = codes_of(*wanted)
    some = [{family for family in own if numbers.random() < 0.5} for _ in wanted]
    for known in (whole, parted):
        assert known.count(codes).tolist() == [len(holders[code]) for code in wanted]
        for theirs in ([own for _ in wanted], some):
            held = np.array(
                [len(holders[code] & one) for code, one in zip(wanted, theirs, strict=True)], dtype=np.int64
            )
            assert np.maximum(0, known.count(codes, held > 0) - held).tolist() == [
                len(holders[code] - one) for code, one in zip(wanted, theirs, strict=True)
            ]
        assert [place >= 0 for place in known.places(codes).tolist()] == [
            code in known.codes.tolist() for code in wanted
        ]


@STEADY
@given(
    st.lists(st.tuples(st.integers(0, 40) | st.sampled_from((2**63, LAST)), st.integers(0, FAMILIES - 1))),
    st.sets(st.integers(0, 41)),
    st.sets(st.integers(0, 40)),
    st.booleans(),
)
def test_a_tally_of_ranges_is_the_counter_of_all(
    tmp_path_factory: pytest.TempPathFactory,
    pairs: list[tuple[int, int]],
    borders: set[int],
    stay: set[int],
    in_files: bool,
) -> None:
    """Wherever the ranges end, and whatever stands apart in them; empty ones too."""

    def parted(known: Counter) -> Counter:
        return known.parted(np.array([code in stay for code in known.codes.tolist()], dtype=bool))

    whole = parted(counted(*pairs))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cleaner.spill.HELD", 8)
        tally = Tally(Space(tmp_path_factory.mktemp("space") if in_files else None))
        for start, stop in pairwise([0, *sorted(borders), LAST + 1]):
            tally.add(parted(counted(*(pair for pair in pairs if start <= pair[0] < stop))))
        found = tally.counter()
    for name in ("codes", "totals", "single"):
        one, other = getattr(found, name), getattr(whole, name)
        assert (one.dtype, one.tolist()) == (other.dtype, other.tolist())


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
