"""What is weighed, from arrays made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from math import log2
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cleaner.features import FAMILIES, FAR, STRONG, WINDOW, Features, features, words
from cleaner.forest import PAGE_WEIGHTS, shipped
from cleaner.model import Block, Evidence, Signal
from cleaner.near import WIDTH
from cleaner.observed import Observed
from cleaner.repetition import Repetition, none
from cleaner.segment import segment
from tests.handmade import CODE, MORE, PROSE, RULE, TITLE, Said, evidence, recurring, tiled
from tests.strategies import STEADY, pages

ANOTHER = "The old bridge"
"""A short line with letters: neither prose nor code."""


def weighed(lines: Sequence[str], said: Said | None = None, **known: Any) -> Features:
    """Return the features of lines, with what rules say of them and what the corpus knows, a list for each array."""
    text, blocks = tiled(lines)
    nothing = none(blocks)
    arrays: dict[str, Any] = {name: np.array(value) if name != "size" else value for name, value in known.items()}
    repetition = replace(nothing, **arrays)
    return features([Observed(text, blocks, evidence(said or {}), repetition)])


def lines_of(count: int) -> list[str]:
    """Return as many short lines, no two alike."""
    return [f"{ANOTHER} {chr(ord('a') + at)}" for at in range(count)]


# Form


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("width", TITLE, log2(1 + len(TITLE))),
        ("width", "相关阅读", log2(9)),
        ("words", "One two  three", 3),
        ("words", "a " * 60, 40),
        ("prose", PROSE, 1),
        ("prose", TITLE, 0),
        ("closed", "It was a long day at sea.", 1),
        ("closed", TITLE, 0),
        ("indent", "   One", 2),
        ("indent", "\t\u3000 One", 2),
        ("indent", "One", 0),
        ("heading", "## One", 1),
        ("heading", "One #", 0),
        ("bullet", "* One", 1),
        ("bullet", "• One", 1),
        ("bullet", "*One", 0),
        ("bullet", "# One", 0),
        ("code", CODE, 1),
        ("code", TITLE, 0),
        ("letters", "12 %", 0),
        ("letters", "12 相", 1),
        ("digits", "ab12", 0.5),
        ("digits", "One", 0),
        ("ellipsis", "Why the old bridge…", 1),
        ("ellipsis", "Why the old bridge.", 0),
        ("question", "Why?", 1),
        ("question", "なぜ？", 1),
        ("question", "Now!", 1),
        ("question", "Why? Now", 0),
        ("colon", "Read more:", 1),
        ("colon", "Read: more", 0),
        ("marks", "Home > News | Sport « © #", 4),
        ("marks", "Home", 0),
        ("commas", "a, b，c、d; e", 4),
        ("commas", "a," * 12, 10),
    ],
)
def test_form(name: str, line: str, expected: float) -> None:
    """Of the line alone, whatever is around it."""
    for lines in ([TITLE, line, TITLE], [ANOTHER, line, "12"]):
        assert weighed(lines)[name][1] == pytest.approx(expected)


def test_the_indent_of_the_first_line_after_blank_ones() -> None:
    text = "\n\n   One\n"
    blocks = segment(text)
    assert features([Observed(text, blocks, [], none(blocks))])["indent"].tolist() == [2.0]


def test_fenced() -> None:
    assert weighed(["One", "```", "Two", "```"])["fenced"].tolist() == [0, 1, 1, 1]


def test_copied() -> None:
    lines = ["a" * WIDTH, "One", "a" * WIDTH, "One"]
    assert weighed(lines)["copied"].tolist() == [1, 0, 1, 0]


def test_places() -> None:
    """From both ends, as far as they are told apart."""
    count = FAR + 5
    values = weighed(lines_of(count))
    assert values["from start"].tolist() == [min(at, FAR) for at in range(count)]
    assert values["from end"].tolist() == [min(at, FAR) for at in range(count)][::-1]


# Repetition


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("count", {"group": [0, 1, 7]}, [0, 1, 3]),
        ("share", {"group": [0, 1, 8]}, [0, 0.125, 1]),
        ("outside", {"group": [1, 1, 2], "corpus": [1, 2, 9]}, [0, 1, 3]),
        ("outside", {"group": [2, 0, 0], "corpus": [1, 0, 0]}, [0, 0, 0]),
        ("sites", {"sites": [0, 1, 3]}, [0, 1, 2]),
        ("near", {"near": [0.0, 1.0, 3.0]}, [0, 1, 2]),
        ("masked", {"masked": [0, 2, 8]}, [0, 0.25, 1]),
        ("before", {"before": [0, 2, 8]}, [0, 0.25, 1]),
        ("after", {"after": [0, 2, 8]}, [0, 0.25, 1]),
        ("steady", {"before": [0, 2, 4], "after": [0, 2, 0], "masked": [0, 4, 4]}, [0, 0.5, 0.5]),
        ("labelled", {"labelled": [0, 1, 3]}, [0, 1, 2]),
        ("labelled share", {"labelled": [0, 2, 8]}, [0, 0.25, 1]),
        ("gap", {"gap": [0, 2, 8]}, [-1, 0.25, 1]),
        ("gap filled", {"gap": [0, 2, 8], "filled": [0, 0, 4]}, [-1, 0, 0.5]),
        ("gap prose", {"gap": [0, 2, 8], "prose": [0, 1, 8]}, [-1, 0.5, 1]),
        ("framed", {"framed": [0, 2, 8]}, [0, 0.25, 1]),
        ("placed", {"placed": [0, 2, 8]}, [0, 0.25, 1]),
        ("fixed", {"fixed": [0, 2, 8]}, [0, 0.25, 1]),
        ("shaped", {"shaped": [0.0, 2.0, 8.0]}, [0, 0.25, 1]),
        ("shape", {"shape": [0, 2, 8]}, [0, 0.25, 1]),
        ("shape once", {"shape_once": [0.0, 0.25, 1.0]}, [0, 0.25, 1]),
        ("place", {"place": [0.0, 2.0, 8.0]}, [0, 0.25, 1]),
        ("place prose", {"place_prose": [0.0, 0.25, 1.0]}, [0, 0.25, 1]),
        ("cells", {"cells": [0, 1, 3]}, [0, 1, 2]),
        ("cells known", {"cells": [0, 2, 2], "cells_known": [0.0, 0.0, 0.5]}, [-1, 0, 0.5]),
        ("cells strong", {"cells": [0, 2, 2], "cells_strong": [0.0, 0.0, 0.5]}, [-1, 0, 0.5]),
        ("at head", {"corpus": [0, 4, 4], "head": [0, 1, 4]}, [0, 0.25, 1]),
        ("at tail", {"corpus": [0, 4, 4], "tail": [0, 1, 4]}, [0, 0.25, 1]),
        ("size", {}, [log2(9)] * 3),
        ("recurring share", {"corpus": [0, 1, 0], "near": [1.0, 0.0, 0.0]}, [2 / 3] * 3),
        ("strong share", {"corpus": [1, 8, 0], "group": [1, 8, 8]}, [1 / 3] * 3),
    ],
)
def test_repetition(name: str, known: dict[str, Any], expected: Sequence[float]) -> None:
    """In a group of eight others."""
    assert weighed(lines_of(3), size=8, **known)[name] == pytest.approx(expected)


def test_no_group_divides_nothing() -> None:
    values = weighed(lines_of(2), corpus=[0, 3], group=[0, 0])
    assert values["share"].tolist() == [0, 0]
    assert values["outside"].tolist() == [0, 2]
    assert values["size"].tolist() == [0, 0]


# Rules


def test_rules() -> None:
    """A heading that opens no list does not count as one."""
    wasps, friday = MORE.replace("Bees", "Wasps"), PROSE.replace("Monday", "Friday")
    lines = ["One", PROSE, "Two", "Three", MORE, wasps, "Four", friday]
    values = weighed(lines, {0: ["cut"], 2: ["open"], 6: ["open"]})
    assert values["cut rule"].tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
    assert values["open rule"].tolist() == [0, 0, 1, 0, 0, 0, 0, 0]
    assert values["listed"].tolist() == [0, 0, 0, 1, 0, 0, 0, 0]
    assert values["rule -1"].tolist() == [-1, 1, 0, 1, 1, 0, 0, 0]


# Company


def company(values: Features, name: str) -> list[list[float]]:
    """Return what the two blocks on each side have of a feature."""
    return [values[f"{name} {side}"].tolist() for side in ("-2", "-1", "+1", "+2")]


def test_what_the_neighbours_share() -> None:
    """Lines of marks are no neighbours, but have some."""
    known: dict[str, Any] = {"size": 4, "group": [1, 2, 3, 0, 4], "corpus": [1, 2, 3, 0, 4]}
    values = weighed(["One", "---", "Two", "Three", "Four"], {0: ["cut"]}, **known)
    assert values["rule -1"].tolist() == [-1, 1, 1, 0, 0]
    assert company(values, "share") == [
        [-1, -1, -1, 0.25, 0.75],
        [-1, 0.25, 0.25, 0.75, 0],
        [0.75, 0.75, 0, 1, -1],
        [0, 0, 1, -1, -1],
    ]


def test_a_neighbour_that_others_nearly_hold_shares_that() -> None:
    """Against the group, or against all that nearly hold something when it is smaller."""
    assert weighed(lines_of(2), size=8, near=[2.0, 0.0])["share -1"].tolist() == [-1, 0.25]
    assert weighed(lines_of(2), size=2, near=[3.0, 0.0])["share -1"].tolist() == [-1, 0.75]
    assert weighed(lines_of(2), size=4, group=[3, 0], near=[2.0, 0.0])["share -1"].tolist() == [-1, 0.75]


@pytest.mark.parametrize(
    ("name", "known"),
    [("masked", {"masked": [1, 2, 3, 4]}), ("shaped", {"shaped": [1.0, 2.0, 3.0, 4.0]})],
)
def test_company_of_marks_counts_too(name: str, known: dict[str, Any]) -> None:
    values = weighed(["One", "---", "Two", "Three"], size=4, **known)
    assert company(values, name) == [
        [-1, -1, 0.25, 0.5],
        [-1, 0.25, 0.5, 0.75],
        [0.5, 0.75, 1, -1],
        [0.75, 1, -1, -1],
    ]


def test_the_prose_and_the_width_of_neighbours() -> None:
    """Prose that recurs, or that a rule knows, is not the body's."""
    lines = [PROSE, "abc", MORE, PROSE.replace("Monday", "Friday")]
    values = weighed(lines, {3: ["cut"]}, corpus=[0, 0, 1, 0])
    assert company(values, "prose") == [[-1, -1, 1, 0], [-1, 1, 0, 0], [0, 0, 0, -1], [0, 0, -1, -1]]
    assert company(values, "width")[0][2:] == [log2(1 + len(PROSE)), 2]
    assert company(values, "rule") == [[-1, -1, 0, 0], [-1, 0, 0, 0], [0, 0, 1, -1], [0, 1, -1, -1]]


def test_a_window_is_the_mean_without_the_block_itself() -> None:
    """Of four on each side, as far as there are."""
    count = 2 * WINDOW + 3
    middle = count // 2
    corpus = [2 if at == middle else 0 for at in range(count)]
    near = [min(WINDOW, at) + min(WINDOW, count - 1 - at) for at in range(count)]
    expected = [0 if at == middle or abs(at - middle) > WINDOW else 1 / near[at] for at in range(count)]
    values = weighed(lines_of(count), size=2, corpus=corpus, group=corpus)
    assert values["company"] == pytest.approx(expected)
    assert values["recurring company"] == pytest.approx(expected)
    assert values["masked company"] == pytest.approx(expected)
    assert values["shaped company"].tolist() == [0] * count


def test_windows_of_what_recurs_masked_or_in_shape() -> None:
    lines = lines_of(3)
    assert weighed(lines, size=4, masked=[2, 0, 4])["masked company"].tolist() == [0.5, 0.75, 0.25]
    assert weighed(lines, size=4, masked=[2, 0, 4], group=[4, 0, 0])["masked company"].tolist() == [0.5, 1, 0.5]
    assert weighed(lines, size=4, masked=[2, 0, 4])["company"].tolist() == [0, 0, 0]
    assert weighed(lines, size=4, shaped=[2.0, 0.0, 4.0])["shaped company"].tolist() == [0.5, 0.75, 0.25]
    assert weighed(lines, size=4, near=[1.0, 0.0, 0.0])["recurring company"].tolist() == [0, 0.5, 0.5]
    assert weighed(lines, {0: ["cut"]})["company"].tolist() == [0, 0.5, 0.5]


def test_a_block_alone_has_no_company() -> None:
    values = weighed([TITLE], {0: ["cut"]}, size=2, corpus=[2], group=[2])
    assert [values[name].tolist() for name in ("company", "recurring company", "share -1", "rule +2")] == [
        [0],
        [0],
        [-1],
        [-1],
    ]


# Distances


def test_distances_to_what_recurs_strongly() -> None:
    """The block itself is not counted; a rule is as good as repetition."""
    counts = [0, 10, 0, 0, 0, 2, 0]
    values = weighed(lines_of(7), {4: ["cut"]}, size=10, corpus=counts, group=counts)
    assert STRONG > 2 / 10
    assert values["strong before"].tolist() == [FAR, FAR, 1, 2, 3, 1, 2]
    assert values["strong after"].tolist() == [1, 3, 2, 1, FAR, FAR, FAR]


def test_distances_to_the_body() -> None:
    """And how much of it there is on each side."""
    lines = ["One", PROSE, "Two", MORE, "Three"]
    values = weighed(lines)
    one, other = len(PROSE), len(MORE)
    assert values["prose before"].tolist() == [FAR, FAR, 1, 2, 1]
    assert values["prose after"].tolist() == [1, 2, 1, FAR, FAR]
    assert values["body before"] == pytest.approx([log2(1 + size) for size in (0, 0, one, one, one + other)])
    assert values["body after"] == pytest.approx([log2(1 + size) for size in (one + other, other, other, 0, 0)])
    recurring_prose = weighed(lines, {3: ["cut"]}, corpus=[0, 1, 0, 0, 0])
    assert recurring_prose["prose before"].tolist() == [FAR] * 5
    assert recurring_prose["body after"].tolist() == [0] * 5


def test_distances_are_told_apart_up_to_a_limit() -> None:
    count = FAR + 4
    values = weighed(lines_of(count), {0: ["cut"], count - 1: ["cut"]})
    assert values["strong before"].tolist() == [FAR, *(min(at, FAR) for at in range(1, count))]
    assert values["strong after"].tolist() == values["strong before"].tolist()[::-1]


# Runs and chains


def test_a_run_is_a_stretch_without_unseen_prose() -> None:
    lines = ["One", "Two", PROSE, "Three", "Four", "Five", MORE]
    counts = [0, 9, 0, 9, 1, 0, 0]
    values = weighed(lines, {5: ["cut"]}, size=9, corpus=counts, group=counts)
    assert values["run"] == pytest.approx([1, 1, 0, log2(3), log2(3), log2(3), 0])
    assert values["run recurs"] == pytest.approx([1 / 2, 1 / 2, 0, 2 / 3, 2 / 3, 2 / 3, 0])
    assert values["run strong"] == pytest.approx([1 / 2, 1 / 2, 0, 1 / 3, 1 / 3, 1 / 3, 0])
    assert values["run ruled"] == pytest.approx([0, 0, 0, 1 / 3, 1 / 3, 1 / 3, 0])


def test_prose_that_recurs_does_not_end_a_run() -> None:
    assert weighed(["One", PROSE, "Two"], corpus=[0, 1, 0])["run"] == pytest.approx([log2(3)] * 3)
    assert weighed([PROSE, MORE])["run"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([0, 1, 1, 1, 0], [1, 1, 1, 0, 0], [4, 4, 4, 4, 0]),
        ([0, 1, 0, 1, 1], [1, 0, 1, 1, 0], [2, 2, 3, 3, 3]),
        ([0, 1, 1, 0, 0], [0, 1, 0, 0, 0], [0, 2, 2, 0, 0]),
        ([1, 0, 0, 0, 1], [0, 0, 0, 0, 1], [1, 0, 0, 0, 1]),
        ([0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]),
        ([3, 3, 3, 3, 3], [3, 3, 3, 3, 3], [5, 5, 5, 5, 5]),
    ],
)
def test_a_chain_is_what_follows_each_other_elsewhere(
    before: Sequence[int], after: Sequence[int], expected: Sequence[int]
) -> None:
    assert weighed(lines_of(5), before=before, after=after)["chain"].tolist() == expected


def test_a_chain_counts_up_to_a_limit() -> None:
    count = FAR + 3
    assert weighed(lines_of(count), before=[1] * count, after=[1] * count)["chain"].tolist() == [FAR] * count
    assert weighed(lines_of(1), before=[1], after=[0])["chain"].tolist() == [1]


# All of them


def test_the_names_are_those_that_the_shipped_weights_ask_for() -> None:
    assert sorted(weighed([TITLE])) == sorted(shipped().names)


def test_each_feature_is_of_one_family() -> None:
    """Those of a page, too, which are the ones that its weights ask for."""
    every = sorted(name for names in FAMILIES.values() for name in names)
    assert every == sorted({*weighed([TITLE]), *FAMILIES["markup"]}) == sorted(shipped(PAGE_WEIGHTS).names)
    assert weighed([TITLE]).keys().isdisjoint(FAMILIES["markup"])


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ("repetition", "on 50% of 8 other documents of its group, on 3 outside it"),
        ("rules", "cut rule; 33% of the stretch that it is in"),
        ("neighbours", "50% of those around it recur; 2 in a row together"),
        ("place", "1 after the start, 1 before the end; as far from there on 25% of the others"),
        (
            "frame",
            "lines that start or end like it, in the same surroundings: on 25% of the others; 50% have prose there",
        ),
        ("form", "13 wide, bullet, question"),
        ("corpus", "67% of the document recurs"),
    ],
)
def test_features_in_words(family: str, expected: str) -> None:
    known: dict[str, Any] = {
        "group": [0, 4, 0],
        "corpus": [0, 7, 1],
        "before": [0, 0, 1],
        "after": [0, 1, 0],
        "fixed": [0, 2, 0],
        "labelled": [0, 2, 0],
        "gap": [0, 2, 0],
        "prose": [0, 1, 0],
    }
    values = weighed(["One", "* Read more ?", "Two"], {1: ["cut"]}, size=8, **known)
    said = words(values, 1)
    assert said[family] == expected
    assert said.keys() == FAMILIES.keys()


def test_nearly_the_same_in_words() -> None:
    values = weighed(lines_of(2), size=8, near=[2.5, 0.0])
    assert words(values, 0)["repetition"].endswith(", nearly the same on 2.5")
    assert "nearly" not in words(values, 1)["repetition"]
    assert words(values, 1)["rules"] == "none here; 0% of the stretch that it is in"


@st.composite
def known_pages(draw: st.DrawFn) -> tuple[str, Sequence[Block], list[Evidence], Repetition]:
    """A page, and anything that rules and a corpus may say of it."""
    text = draw(pages())
    blocks = segment(text)
    assume(blocks)
    size = draw(st.sampled_from((0, 1, 2, 9, 400)))
    numbers = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    repetition = recurring(blocks, {}, size)
    arrays: dict[str, Any] = {}
    for field in fields(repetition):
        if isinstance(array := getattr(repetition, field.name), np.ndarray) and draw(st.booleans()):
            few = numbers.integers(0, size + 1, len(blocks)) * numbers.integers(0, 2, len(blocks))
            arrays[field.name] = few.astype(array.dtype)
    said: st.SearchStrategy[Signal] = st.sampled_from(("cut", "open", "keep"))
    found = draw(st.lists(st.tuples(st.integers(0, len(blocks) - 1), said), max_size=6))
    return text, blocks, [Evidence(at, signal, RULE) for at, signal in found], replace(repetition, **arrays)


@STEADY
@given(known_pages())
def test_every_feature_is_one_number_for_each_block(
    page: tuple[str, Sequence[Block], list[Evidence], Repetition],
) -> None:
    text, blocks, found, repetition = page
    values = features([Observed(text, blocks, found, repetition)])
    for name, array in values.items():
        assert array.shape == (len(blocks),), name
        assert np.isfinite(array).all(), name
        assert array.min() >= -1.0, name
    assert values.keys() == weighed([TITLE]).keys()


@STEADY
@given(known_pages())
def test_features_are_pure(page: tuple[str, Sequence[Block], list[Evidence], Repetition]) -> None:
    """Nothing that they are made from changes."""
    text, blocks, found, repetition = page
    arrays = {name: array.copy() for name, array in vars(repetition).items() if isinstance(array, np.ndarray)}
    seen = Observed(text, blocks, found, repetition)
    one, other = features([seen]), features([seen])
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert all(np.array_equal(array, getattr(repetition, name)) for name, array in arrays.items())
