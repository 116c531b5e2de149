"""The weights: boosted trees over `cleaner.features`, fitted to labelled corpora and shipped as data.

`weights.json` holds them with their provenance: which run of `tests/benchmarks/calibrate.py` made them, on which corpora,
and what it measured. A tree asks one question of one feature at each node; what its leaf says is added to the score.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEIGHTS = Path(__file__).parent / "weights.json"


@dataclass(frozen=True)
class Forest:
    """Trees as arrays: one row a tree, one column a node, the root first."""

    names: tuple[str, ...]
    """Of the features, as the nodes number them."""
    feature: NDArray[np.int64]
    """Which feature a node asks; a leaf asks the first."""
    threshold: NDArray[np.float32]
    """At most this goes left, more goes right."""
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    """The next node; a leaf's is itself."""
    value: NDArray[np.float64]
    """The mean of what is learnt below a node: what the tree would say if it ended there."""
    depth: int

    def score(self, values: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return the log-odds of each block being boilerplate, given its features."""
        table, row = self._table(values)
        node = np.zeros((len(table), len(self.feature)), dtype=np.int64)
        for _ in range(self.depth):
            node = self._step(table, row, node)
        result: NDArray[np.float64] = self.value[np.arange(len(self.feature)), node].sum(axis=1)
        return result

    def shares(self, values: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return what each feature adds to each block's score: one row a block, one column a feature, the bias last.

        What a question changes is the difference of the values below and at its node, and its feature's doing. A row's
        sum is the score.
        """
        table, row = self._table(values)
        trees = np.arange(len(self.feature))
        node = np.zeros((len(table), len(trees)), dtype=np.int64)
        shares = np.zeros((len(table), len(self.names) + 1))
        shares[:, -1] = self.value[:, 0].sum()
        for _ in range(self.depth):
            below = self._step(table, row, node)
            change = self.value[trees, below] - self.value[trees, node]
            np.add.at(shares, (np.broadcast_to(row, node.shape), self.feature[trees, node]), change)
            node = below
        return shares

    def _table(self, values: Mapping[str, NDArray[np.float64]]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        table = np.stack([values[name] for name in self.names], axis=1).astype(np.float32)
        return table, np.arange(len(table))[:, None]

    def _step(self, table: NDArray[np.float32], row: NDArray[np.int64], node: NDArray[np.int64]) -> NDArray[np.int64]:
        trees = np.arange(len(self.feature))
        goes_left = table[row, self.feature[trees, node]] <= self.threshold[trees, node]
        return np.where(goes_left, self.left[trees, node], self.right[trees, node])


@cache
def shipped() -> Forest:
    """Read the shipped weights, once for all that use them.

    >>> len(shipped().names) > 10
    True
    """
    return parsed(json.loads(WEIGHTS.read_text(encoding="utf-8")))


@cache
def digest() -> str:
    """Return the SHA-256 of the shipped weights, in hexadecimal.

    >>> len(digest())
    64
    """
    return sha256(WEIGHTS.read_bytes()).hexdigest()


def parsed(weights: Mapping[str, Any]) -> Forest:
    """Return the trees of a weights file: each is a list of nodes `[value]` or `[value, feature, threshold, left, right]`.

    >>> forest = parsed({"features": ["count"], "trees": [[[0.5, 0, 1.0, 1, 2], [-1.0], [2.0]]]})
    >>> forest.score({"count": np.array([0.0, 3.0])}).tolist()
    [-1.0, 2.0]
    >>> forest.shares({"count": np.array([3.0])}).tolist()
    [[1.5, 0.5]]
    """
    trees: list[list[list[float]]] = weights["trees"]
    size = max(map(len, trees))
    shape = len(trees), size
    value, threshold = np.zeros(shape), np.zeros(shape, dtype=np.float32)
    feature = np.zeros(shape, dtype=np.int64)
    left, right = (np.tile(np.arange(size), (len(trees), 1)) for _ in range(2))
    depth = 0
    for number, tree in enumerate(trees):
        depths = [0] * len(tree)
        for at, (mean, *question) in enumerate(tree):
            value[number, at] = mean
            if question:
                feature[number, at], threshold[number, at] = int(question[0]), question[1]
                left[number, at], right[number, at] = int(question[2]), int(question[3])
                depths[int(question[2])] = depths[int(question[3])] = depths[at] + 1
        depth = max(depth, *depths)
    return Forest(tuple(weights["features"]), feature, threshold, left, right, value, depth)
