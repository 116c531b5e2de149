"""Groups of documents that were given none: pages of one site share its short lines.

Shared short lines tie two documents together, the more the rarer they are and the more documents they tie; then each
document takes the group that most of its ties speak for (label propagation: Raghavan, Albert and Kumara 2007). Joining
whatever is tied would chain everything into one group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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


def communities(
    lines: NDArray[np.int64], documents: NDArray[np.int64], count: int, order: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return a label for each of `count` documents: the same for those of one group.

    Args:
        lines: a number for each line of each document, equal for equal lines.
        documents: the document of each line.
        count: how many documents there are.
        order: all documents, in an order that follows from what they say and not from how they are called.

    >>> lines, documents = np.arange(5).repeat(3), np.tile([0, 2, 3], 5)
    >>> communities(lines, documents, 4, np.arange(4)).tolist()
    [2, 1, 2, 2]
    """
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count)
    labels = rank.copy()
    if count < 2:
        return labels  # and scipy takes a while to import
    ties = _ties(lines, documents, count)
    for _ in range(ROUNDS):
        changed = False
        for document in order.tolist():
            own = slice(ties.indptr[document], ties.indptr[document + 1])
            if own.start == own.stop:
                continue
            near, at = np.unique(labels[ties.indices[own]], return_inverse=True)
            votes = np.bincount(at, weights=ties.data[own])
            best = near[votes >= votes.max() - 1e-6]
            if labels[document] not in best:
                labels[document] = best[0]
                changed = True
        if not changed:
            break
    return labels


def _ties(lines: NDArray[np.int64], documents: NDArray[np.int64], count: int) -> csr_matrix:
    """Return the weights between each two documents, weak ones left out."""
    from scipy.sparse import csr_matrix

    pairs = np.unique(lines * count + documents)
    lines, documents = pairs // count, pairs % count
    holders = np.bincount(lines)
    some = (holders[lines] >= 2) & (holders[lines] <= COMMON)
    _, lines = np.unique(lines[some], return_inverse=True)
    documents = documents[some]
    shape = count, int(lines.max(initial=-1)) + 1
    held = csr_matrix((np.ones(len(lines)), (documents, lines)), shape=shape)
    holders = np.bincount(lines, minlength=shape[1])
    weighted = csr_matrix((weight(holders, count)[lines], (documents, lines)), shape=shape)
    both = (weighted @ held.T).tocoo()
    apart = both.row != both.col
    row, column, data = both.row[apart], both.col[apart], both.data[apart].round(6)
    strongest = np.zeros(count)
    np.maximum.at(strongest, row, data)
    strong = (data >= TIE) & (data >= RELATIVE * np.minimum(strongest[row], strongest[column]))
    ties = csr_matrix((data[strong], (row[strong], column[strong])), shape=(count, count))
    ties.sort_indices()
    return ties
