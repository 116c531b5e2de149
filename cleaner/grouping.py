"""Groups of documents that were given none: pages of one site share its short lines.

Shared short lines tie two documents together, the more the rarer they are and the more documents they tie; then each
document takes the group that most of its ties speak for (label propagation: Raghavan, Albert and Kumara 2007). Joining
whatever is tied would chain everything into one group.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cleaner.counting import fresh
from cleaner.spill import Space, Spill, parts

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

BACKGROUND = 1000
"""A smaller corpus is judged as a sample of one with this many documents, else nothing in it would be rare."""

COMMON = 400
"""A line that more documents hold ties none together: it costs their square, and rarer lines of the same site do."""

TIE = 20.0
"""Least weight of a tie: four lines that two documents alone share. Of less, strangers make groups; of more, small sites
fall apart."""

RELATIVE = 0.35
"""A tie also counts only when it has this share of the strongest one of either document."""

ROUNDS = 20
"""Labels that still change after so many are left as they are: asking each document again need not end."""


def weight(holders: NDArray[np.int64], documents: int) -> NDArray[np.float64]:
    """Return what a line that `holders` of `documents` hold says for two of them being of one group.

    >>> weight(np.array([2, 40]), 1000).round(1).tolist()
    [6.2, 17.3]
    """
    weights: NDArray[np.float64] = np.log(1 + max(documents, BACKGROUND) / holders) * np.log2(holders)
    return weights


def communities(lines: Spill, order: NDArray[np.int64], space: Space) -> NDArray[np.int64]:
    """Return a label for each document: the same for those of one group.

    Args:
        lines: lines by key, and the document of each.
        order: all documents, in an order that follows from what they say and not from how they are called.
        space: where the ties go.

    >>> keys = np.arange(1, 6, dtype=np.uint64).repeat(3)
    >>> lines = Spill(Space(), len(keys), np.int64)
    >>> lines.add(keys, np.tile([0, 2, 3], 5))
    >>> communities(lines, np.arange(4), Space()).tolist()
    [2, 1, 2, 2]
    """
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    labels = rank.copy()
    if len(order) < 2:
        return labels  # and scipy takes a while to import
    first, near_to, weights = _ties(lines, len(order), space)
    for _ in range(ROUNDS):
        changed = False
        for document in order.tolist():
            own = slice(first[document], first[document + 1])
            if own.start == own.stop:
                continue
            near, at = np.unique(labels[near_to[own]], return_inverse=True)
            votes = np.bincount(at, weights=weights[own])
            best = near[votes >= votes.max() - 1e-6]
            if labels[document] not in best:
                labels[document] = best[0]
                changed = True
        if not changed:
            break
    return labels


_Ties = tuple["NDArray[np.int64]", "NDArray[np.int32]", "NDArray[np.float64]"]
"""Document d is tied to others: which these are, and how strongly, is in the rows `[first[d], first[d + 1])`."""


def _ties(lines: Spill, count: int, space: Space) -> _Ties:
    """Return the weights between each two of `count` documents, weak ones left out."""
    strongest = np.zeros(count)
    sizes = np.zeros(count, dtype=np.int64)
    others, weights = space.column(np.int32), space.column(np.float64)
    held, weighted = _held(lines, count, space)
    for start, stop in _rows(held, space):
        row, _, data = _both(weighted, held, start, stop)
        np.maximum.at(strongest, row, data)
    for start, stop in _rows(held, space):
        row, column, data = _both(weighted, held, start, stop)
        strong = (data >= TIE) & (data >= RELATIVE * np.minimum(strongest[row], strongest[column]))
        sizes += np.bincount(row[strong], minlength=count)
        others.append(column[strong])
        weights.append(data[strong])
    return np.concatenate(([0], np.cumsum(sizes))), others.array(), weights.array()


def _held(lines: Spill, count: int, space: Space) -> tuple[csr_matrix, csr_matrix]:
    """Return which document holds which line, of those that tie; and the same with the weights of these."""
    from scipy.sparse import csr_matrix

    columns = space.column(np.int64), space.column(np.int64), space.column(np.float64)
    number = 0
    for keys, documents in lines.ranges():
        order = np.lexsort((documents, keys))
        order = order[fresh(keys[order], documents[order])]
        _, at, holders = np.unique(keys[order], return_inverse=True, return_counts=True)
        some = (holders >= 2) & (holders <= COMMON)
        numbers = number + np.cumsum(some) - 1
        number += int(np.count_nonzero(some))
        tie = some[at]
        found = documents[order][tie], numbers[at][tie], weight(holders[at][tie], count)
        for column, values in zip(columns, found, strict=True):
            column.append(values)
    rows, numbers, weights = (column.array() for column in columns)
    return tuple(
        csr_matrix((values, (rows, numbers)), shape=(count, number)) for values in (np.ones(len(rows)), weights)
    )


def _rows(held: csr_matrix, space: Space) -> Iterator[tuple[int, int]]:
    """Yield the documents `[start, stop)` whose ties are looked at at a time: a line of one may be on `COMMON` others."""
    return parts(held.indptr.astype(np.int64), replace(space, most=max(1, space.most // 8)))


def _both(weighted: csr_matrix, held: csr_matrix, start: int, stop: int) -> _Found:
    """Return each two documents that share a line, the first one in `[start, stop)`, by both; and what ties them."""
    both = weighted[start:stop] @ held.T
    both.sort_indices()
    row, column = np.repeat(np.arange(start, stop), np.diff(both.indptr)), both.indices
    apart = row != column
    return row[apart], column[apart], both.data[apart].round(6)


_Found = tuple["NDArray[np.int64]", "NDArray[np.int32]", "NDArray[np.float64]"]
