"""Trees as arrays against trees as they are written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.features import features
from cleaner.forest import WEIGHTS, parsed, shipped
from cleaner.observed import Observed
from cleaner.repetition import none
from cleaner.segment import segment
from tests.strategies import STEADY

NAMES = ("one", "two", "three")

Tree = list[list[float]]

NUMBERS = st.integers(-8, 8).map(lambda number: number / 4)
"""Quarters, few: sums are exact, and values meet thresholds."""


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """A tree of up to four levels of questions, its nodes in the order that they are drawn in."""
    tree: Tree = []

    def grow(levels: int) -> int:
        at = len(tree)
        tree.append([draw(NUMBERS)])
        if levels and draw(st.booleans()):
            question = [draw(st.integers(0, len(NAMES) - 1)), draw(NUMBERS)]
            tree[at] += [*question, grow(levels - 1), grow(levels - 1)]
        return at

    grow(draw(st.integers(0, 4)))
    return tree


FORESTS = st.lists(trees(), min_size=1, max_size=5)
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=6)


def naive(tree: Tree, row: Sequence[float], at: int = 0) -> float:
    """Ask one question after the other."""
    mean, *question = tree[at]
    if not question:
        return mean
    feature, threshold, left, right = question
    return naive(tree, row, int(left if row[int(feature)] <= threshold else right))


def columns(rows: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Return rows as the values of each feature."""
    table = np.array(rows, dtype=np.float64).reshape(len(rows), len(NAMES))
    return {name: table[:, at] for at, name in enumerate(NAMES)}


@STEADY
@given(FORESTS, ROWS)
def test_the_score_is_the_sum_of_what_each_tree_says(forest: list[Tree], rows: list[tuple[float, ...]]) -> None:
    scores = parsed({"features": list(NAMES), "trees": forest}).score(columns(rows))
    assert scores.tolist() == [sum(naive(tree, row) for tree in forest) for row in rows]


@STEADY
@given(FORESTS, ROWS)
def test_shares_sum_to_the_score(forest: list[Tree], rows: list[tuple[float, ...]]) -> None:
    """And the bias, the last of them, is what the roots say."""
    found = parsed({"features": list(NAMES), "trees": forest})
    shares = found.shares(columns(rows))
    assert shares.shape == (len(rows), len(NAMES) + 1)
    assert shares.sum(axis=1).tolist() == found.score(columns(rows)).tolist()
    assert shares[:, -1].tolist() == [sum(tree[0][0] for tree in forest)] * len(rows)


TREE: Tree = [[1.0, 0, 0.5, 1, 2], [3.0], [-2.0, 1, 1.5, 3, 4], [-6.0], [4.0]]


@pytest.mark.parametrize(
    ("row", "score", "shares"),
    [
        ((0.0, 9.0, 0.0), 3.0, [2.0, 0.0, 0.0, 1.0]),
        ((0.5, 9.0, 0.0), 3.0, [2.0, 0.0, 0.0, 1.0]),
        ((1.0, 1.5, 0.0), -6.0, [-3.0, -4.0, 0.0, 1.0]),
        ((1.0, 2.0, 0.0), 4.0, [-3.0, 6.0, 0.0, 1.0]),
    ],
    ids=["left", "equal goes left", "right then left", "right then right"],
)
def test_a_share_is_what_the_questions_of_a_feature_change(
    row: Sequence[float], score: float, shares: Sequence[float]
) -> None:
    forest = parsed({"features": list(NAMES), "trees": [TREE]})
    assert forest.score(columns([row])).tolist() == [score]
    assert forest.shares(columns([row])).tolist() == [shares]
    twice = parsed({"features": list(NAMES), "trees": [TREE, TREE]})
    assert twice.shares(columns([row])).tolist() == [[2 * share for share in shares]]


def test_a_short_tree_beside_a_deep_one_says_what_its_leaf_says() -> None:
    forest = parsed({"features": list(NAMES), "trees": [[[0.25]], TREE]})
    assert forest.depth == 2
    assert forest.score(columns([(1.0, 2.0, 0.0)])).tolist() == [4.25]
    assert parsed({"features": list(NAMES), "trees": [[[0.25]]]}).score(columns([(1.0, 2.0, 0.0)])).tolist() == [0.25]


def test_features_are_asked_by_name() -> None:
    """In whatever order they come, and others beside them."""
    forest = parsed({"features": list(NAMES), "trees": [TREE]})
    values = columns([(1.0, 2.0, 0.0)])
    assert forest.names == NAMES
    assert forest.score({"zero": values["one"], **dict(reversed(values.items()))}).tolist() == [4.0]
    with pytest.raises(KeyError, match="two"):
        forest.score({name: values[name] for name in ("one", "three")})


# The shipped file


def test_the_shipped_trees_are_trees() -> None:
    """Each node but the root is below one other, which stands before it; questions are of features that exist."""
    weights: Mapping[str, Any] = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    assert len(set(weights["features"])) == len(weights["features"])
    for tree in weights["trees"]:
        below = []
        for at, (_, *question) in enumerate(tree):
            assert len(question) in (0, 4)
            if question:
                assert 0 <= question[0] < len(weights["features"])
                assert min(question[2:]) > at
                below += question[2:]
        assert sorted(below) == list(range(1, len(tree)))


def test_the_shipped_weights_ask_for_features_that_exist() -> None:
    """They are read once."""
    text = "One\nTwo\nThree"
    blocks = segment(text)
    repetition = none(blocks)
    forest = shipped()
    assert forest is shipped()
    values = features([Observed(text, blocks, [], repetition)])
    assert set(forest.names) <= values.keys()
    scores = forest.score(values)
    assert np.isfinite(scores).all()
    assert forest.shares(values).sum(axis=1) == pytest.approx(scores)
