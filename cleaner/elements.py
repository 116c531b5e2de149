"""What is weighed of a page besides: numbers for each block, from the elements it stands in and from what an extractor keeps.

All are shares, distances, or yes and no, as in `cleaner.features`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

from cleaner.layout import HINTS, SECTIONS, Layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cleaner.model import Block

WINDOWS: Final = (3, 8)
"""Blocks on each side whose share that the extractor keeps is looked at: a list's neighbours, and a section's."""

_BESIDE: Final = ("extracted", "linked", "tag", "depth")

NAMES: Final = (
    *("extracted", "linked", "hidden", "depth", "titled", "repeated", "tag", "place on page"),
    *(f"in {hint}" for hint in HINTS),
    *(f"right in {hint}" for hint in HINTS),
    *(f"in <{section}>" for section in SECTIONS),
    *(f"{name} {step:+d}" for name in _BESIDE for step in (-2, -1, 1, 2)),
    *(f"{name} within {window}" for name in ("extracted", "linked") for window in WINDOWS),
    *("extracted before", "extracted in all", "extracted of all"),
)
"""The features that only a page has."""


def elements(layout: Layout, blocks: Sequence[Block]) -> dict[str, NDArray[np.float64]]:
    """Return these features by name, each an array with one number per block.

    >>> from cleaner.layout import TAGS, Line
    >>> from cleaner.model import Block
    >>> line = Line("body > p", TAGS.index("p"), 0.5, False, 2, 0, 0, 0)
    >>> page = Layout(np.array([0]), (line,), np.array([1.0]), np.array([False]))
    >>> values = elements(page, [Block(0, 3, 4, "one")])
    >>> [float(values[name][0]) for name in ("extracted", "linked", "extracted before")]
    [1.0, 0.5, 0.0]
    """
    at = lines_of(layout, [block.start for block in blocks])
    lines = [layout.lines[place] for place in at.tolist()]
    widths = np.array([len(block.folded) for block in blocks], dtype=np.float64)
    copies = Counter(block.folded for block in blocks)
    around, nearest, sections = (
        np.array([getattr(line, name) for line in lines], dtype=np.int64) for name in ("around", "nearest", "sections")
    )
    values: dict[str, NDArray[np.float64]] = {
        "extracted": layout.extracted[at],
        "linked": np.array([line.linked for line in lines]),
        "hidden": np.array([line.hidden for line in lines], dtype=np.float64),
        "depth": np.array([line.depth for line in lines], dtype=np.float64),
        "titled": layout.titled[at].astype(np.float64),
        "repeated": np.array([copies[block.folded] - 1 for block in blocks], dtype=np.float64),
        "tag": np.array([line.tag for line in lines], dtype=np.float64),
        "place on page": np.arange(len(blocks)) / max(1, len(blocks)),
    }
    for number, hint in enumerate(HINTS):
        values[f"in {hint}"] = (around >> number & 1).astype(np.float64)
        values[f"right in {hint}"] = (nearest >> number & 1).astype(np.float64)
    for number, section in enumerate(SECTIONS):
        values[f"in <{section}>"] = (sections >> number & 1).astype(np.float64)
    for name in _BESIDE:
        padded = np.concatenate(([-1.0, -1.0], values[name], [-1.0, -1.0]))
        for step in (-2, -1, 1, 2):
            values[f"{name} {step:+d}"] = padded[2 + step : 2 + step + len(blocks)]
    for name in ("extracted", "linked"):
        for window in WINDOWS:
            values[f"{name} within {window}"] = _within(values[name], widths, window)
    kept = values["extracted"] * widths
    values["extracted before"] = (np.cumsum(kept) - kept) / max(1.0, kept.sum())
    values["extracted in all"] = np.full(len(blocks), np.log2(1 + kept.sum()))
    values["extracted of all"] = np.full(len(blocks), kept.sum() / max(1.0, widths.sum()))
    return values


def lines_of(layout: Layout, starts: Sequence[int]) -> NDArray[np.int64]:
    """Return, for code points of a page's text, the positions of the lines that they are in.

    >>> lines_of(Layout(np.array([0, 7]), (), np.zeros(2), np.zeros(2, dtype=np.bool_)), [0, 3, 9]).tolist()
    [0, 0, 1]
    """
    found: NDArray[np.int64] = np.searchsorted(layout.starts, np.asarray(starts, dtype=np.int64), "right") - 1
    return np.maximum(found, 0)


def _within(values: NDArray[np.float64], widths: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Return the mean over the characters of so many blocks on each side, the block's own among them."""
    at = np.arange(len(values))
    low, high = np.maximum(0, at - window), np.minimum(len(values), at + window + 1)
    sums, total = (np.concatenate(([0.0], np.cumsum(one))) for one in (values * widths, widths))
    result: NDArray[np.float64] = (sums[high] - sums[low]) / np.maximum(1.0, total[high] - total[low])
    return result
