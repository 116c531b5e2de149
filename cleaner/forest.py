"""The weights: boosted trees over `cleaner.features`, fitted to labelled corpora and shipped as data.

`weights.json` holds them with their provenance: which run of `tests/benchmarks/calibrate.py` made them, on which corpora,
and what it measured. A tree asks one question of one feature at each node; what its leaf says is added to the score.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEIGHTS = Path(__file__).parent / "weights.json"
PAGE_WEIGHTS = Path(__file__).parent / "page-weights.json"
"""Those of pages, which have more features."""


LEAVES = 16
"""Of a tree, at most: one bit each of a small number."""

CHUNK = 128
"""Blocks scored at once: what is computed on the way stays in the processor's cache, and is small enough not to be mapped anew."""


@dataclass(frozen=True, eq=False)
class _Questions:
    """The questions of all trees: row k has the k-th question of each tree."""

    feature: NDArray[np.int64]
    threshold: NDArray[np.float32]
    struck: NDArray[np.uint16]
    """The leaves, as bits from left to right, that are out when a feature is more than the threshold."""
    leaves: NDArray[np.float64]
    """What each leaf of each tree says."""


@dataclass(frozen=True)
class Forest:
    """Trees as flat arrays over the nodes of all of them: a step down all trees is one look-up in each."""

    names: tuple[str, ...]
    """Of the features, as the nodes number them."""
    roots: NDArray[np.int32]
    """The first node of each tree."""
    feature: NDArray[np.int32]
    """Which feature a node asks; a leaf asks the first."""
    threshold: NDArray[np.float32]
    """At most this goes left, more goes right."""
    child: NDArray[np.int32]
    """Two for each node: where more goes, and where at most that goes; a leaf's are itself."""
    value: NDArray[np.float64]
    """The mean of what is learnt below a node: what the tree would say if it ended there."""
    depth: int

    def score(self, values: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return the log-odds of each block being boilerplate, given its features.

        No tree is walked down: every question strikes out the leaves that its answer leaves out, and the leftmost leaf that is
        still there is the tree's (QuickScorer: Lucchese et al. 2015). It takes a fifth of the time.
        """
        rows = [values[name] for name in self.names]
        table = np.concatenate(rows, dtype=np.float32, casting="same_kind").reshape(len(rows), -1)
        count = table.shape[1]
        if count % CHUNK == 1:  # numpy adds up a lone column in another order, to another last bit
            table = np.hstack((table, table[:, -1:]))
        asked = self._questions
        chunks = (np.ascontiguousarray(table[:, at : at + CHUNK]) for at in range(0, table.shape[1], CHUNK))
        scores = [self._scored(asked, chunk) for chunk in chunks]
        return np.concatenate(scores)[:count] if scores else np.empty(0)

    @staticmethod
    def _scored(asked: _Questions, table: NDArray[np.float32]) -> NDArray[np.float64]:
        out = np.zeros((len(asked.leaves), table.shape[1]), dtype=np.uint16)
        for feature, threshold, struck in zip(asked.feature, asked.threshold, asked.struck, strict=True):
            more = table.take(feature, axis=0) > threshold[:, None]
            out |= more * struck[:, None]
        leaf = _lowest_bit().take(~out) + (np.arange(len(out)) * LEAVES)[:, None]
        result: NDArray[np.float64] = asked.leaves.ravel().take(leaf).sum(axis=0)
        return result

    @cached_property
    def _questions(self) -> _Questions:
        """The trees side by side."""
        trees = [self._tree(int(root)) for root in self.roots]
        depth = max((len(questions) for questions, _ in trees), default=0)
        feature = np.zeros((depth, len(trees)), dtype=np.int64)
        threshold = np.full((depth, len(trees)), np.inf, dtype=np.float32)
        struck = np.zeros((depth, len(trees)), dtype=np.uint16)
        leaves = np.zeros((len(trees), LEAVES))
        for number, (questions, values) in enumerate(trees):
            for at, question in enumerate(questions):
                feature[at, number], threshold[at, number], struck[at, number] = question
            leaves[number, : len(values)] = values
        return _Questions(feature, threshold, struck, leaves)

    def _tree(self, root: int) -> tuple[list[tuple[int, float, int]], list[float]]:
        """Return the questions of a tree: feature, threshold, leaves that are out when it is more; and what its leaves say."""
        questions: list[tuple[int, float, int]] = []
        leaves: list[float] = []

        def below(node: int) -> int:
            more, at_most = self.child[2 * node : 2 * node + 2].tolist()
            if at_most == node:
                leaves.append(float(self.value[node]))
                return 1 << (len(leaves) - 1)
            left = below(at_most)
            questions.append((int(self.feature[node]), float(self.threshold[node]), left))
            return left | below(more)

        below(root)
        if len(leaves) > LEAVES:
            raise ValueError(f"a tree of {len(leaves)} leaves; expected at most {LEAVES}")
        return questions, leaves

    def shares(self, values: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return what each feature adds to each block's score: one row a block, one column a feature, the bias last.

        What a question changes is the difference of the values below and at its node, and its feature's doing. A row's
        sum is the score.
        """
        table, row, node = self._start(values)
        shares = np.zeros((len(row), len(self.names) + 1))
        shares[:, -1] = self.value.take(self.roots).sum()
        for _ in range(self.depth):
            below = self._step(table, row, node)
            change = self.value.take(below) - self.value.take(node)
            np.add.at(shares, (np.arange(len(row))[:, None], self.feature.take(node)), change)
            node = below
        return shares

    def _start(
        self, values: Mapping[str, NDArray[np.float64]]
    ) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int32]]:
        """Return all features in one row, where each block's start, and the nodes that each block is at: the roots."""
        table = np.stack([values[name] for name in self.names], axis=1).astype(np.float32)
        row = (np.arange(len(table), dtype=np.int32) * len(self.names))[:, None]
        return table.ravel(), row, np.broadcast_to(self.roots, (len(table), len(self.roots)))

    def _step(self, table: NDArray[np.float32], row: NDArray[np.int32], node: NDArray[np.int32]) -> NDArray[np.int32]:
        at_most = table.take(self.feature.take(node) + row) <= self.threshold.take(node)
        below: NDArray[np.int32] = self.child.take(node * 2 + at_most)
        return below


@cache
def _lowest_bit() -> NDArray[np.uint8]:
    """Return the position of the lowest bit of each number of `LEAVES` bits."""
    numbers = np.arange(2**LEAVES)
    return np.log2(np.maximum(1, numbers & -numbers)).astype(np.uint8)


@cache
def shipped(path: Path = WEIGHTS) -> Forest:
    """Read shipped weights, once for all that use them.

    >>> len(shipped().names) > 10
    True
    """
    return parsed(json.loads(path.read_text(encoding="utf-8")))


@cache
def digest() -> str:
    """Return the SHA-256 of all shipped weights, in hexadecimal.

    >>> len(digest())
    64
    """
    return sha256(WEIGHTS.read_bytes() + PAGE_WEIGHTS.read_bytes()).hexdigest()


def parsed(weights: Mapping[str, Any]) -> Forest:
    """Return the trees of a weights file: each is a list of nodes `[value]` or `[value, feature, threshold, left, right]`.

    >>> forest = parsed({"features": ["count"], "trees": [[[0.5, 0, 1.0, 1, 2], [-1.0], [2.0]]]})
    >>> forest.score({"count": np.array([0.0, 3.0])}).tolist()
    [-1.0, 2.0]
    >>> forest.shares({"count": np.array([3.0])}).tolist()
    [[1.5, 0.5]]
    """
    trees: list[list[list[float]]] = weights["trees"]
    sizes = np.array([len(tree) for tree in trees])
    roots = np.cumsum(sizes) - sizes
    value, threshold = np.zeros(sizes.sum()), np.zeros(sizes.sum(), dtype=np.float32)
    feature = np.zeros(sizes.sum(), dtype=np.int32)
    child = np.repeat(np.arange(sizes.sum(), dtype=np.int32), 2)
    depth = 0
    for root, tree in zip(roots.tolist(), trees, strict=True):
        depths = [0] * len(tree)
        for at, (mean, *question) in enumerate(tree):
            value[root + at] = mean
            if question:
                left, right = int(question[2]), int(question[3])
                feature[root + at], threshold[root + at] = int(question[0]), question[1]
                child[2 * (root + at)], child[2 * (root + at) + 1] = root + right, root + left
                depths[left] = depths[right] = depths[at] + 1
        depth = max(depth, *depths)
    return Forest(tuple(weights["features"]), roots.astype(np.int32), feature, threshold, child, value, depth)
