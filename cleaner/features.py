"""What is weighed: numbers for each block of a document, from its form, its repetition, its company and the rules.

All are counts of other documents, shares, distances in blocks, or yes and no; none is a word of any language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cleaner.elements import NAMES, elements
from cleaner.segment import indent, is_bulleted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cleaner.layout import Layout
    from cleaner.observed import Observed
    from cleaner.repetition import Repetition

FAR = 20
"""Distances in blocks are told apart up to this one."""

STRONG = 0.3
"""A block on this share of the group's other documents recurs strongly."""

WINDOW = 4
"""Blocks on each side that are its company."""

FAMILIES: dict[str, tuple[str, ...]] = {
    "repetition": ("count", "share", "outside", "sites", "near", "masked", "copied"),
    "rules": ("cut rule", "open rule", "listed", "rule -2", "rule -1", "rule +1", "rule +2", "run ruled"),
    "neighbours": (
        *("before", "after", "steady", "chain", "company", "recurring company", "masked company", "run", "run recurs"),
        *("run strong", "strong before", "strong after", "share -2", "share -1", "share +1", "share +2"),
        *("masked -2", "masked -1", "masked +1", "masked +2"),
    ),
    "place": (
        *("at head", "at tail", "fixed", "from start", "from end", "body before", "body after"),
        *("prose before", "prose after", "prose -2", "prose -1", "prose +1", "prose +2"),
    ),
    "frame": (
        *("labelled", "labelled share", "framed", "placed", "place", "place prose", "gap", "gap filled", "gap prose"),
        *("cells", "cells known", "cells strong", "shaped", "shape", "shape once", "shaped company"),
        *("shaped -2", "shaped -1", "shaped +1", "shaped +2"),
    ),
    "form": (
        *("width", "words", "prose", "closed", "indent", "heading", "bullet", "code", "fenced", "letters", "digits"),
        *("ellipsis", "question", "colon", "marks", "commas", "width -2", "width -1", "width +1", "width +2"),
    ),
    "corpus": ("size", "recurring share", "strong share"),
    "markup": NAMES,
}
"""Which kind of evidence each feature is; "markup" is of pages only."""

Features = dict[str, "NDArray[np.float64]"]


def features(seen: Observed, known: Repetition, layout: Layout | None = None) -> Features:
    """Return every feature by name, each an array with one number per block; of a page with those of its `layout`."""
    form = _form(seen)
    size = max(1, known.size)
    share = known.group / size
    found = np.maximum(share, known.near / max(size, 1 + known.near.max(initial=0)))
    outside = np.maximum(0, known.corpus - known.group)
    values: Features = {
        **form,
        "count": np.log2(1 + known.group),
        "share": share,
        "outside": np.log2(1 + outside),
        "sites": np.log2(1 + known.sites),
        "near": np.log2(1 + known.near),
        "masked": known.masked / size,
        "before": known.before / size,
        "after": known.after / size,
        "steady": (known.before + known.after) / np.maximum(1, 2 * known.masked),
        "labelled": np.log2(1 + known.labelled),
        "labelled share": known.labelled / size,
        "gap": np.where(known.gap > 0, known.gap / size, -1.0),
        "gap filled": np.where(known.gap > 0, known.filled / np.maximum(1, known.gap), -1.0),
        "gap prose": np.where(known.gap > 0, known.prose / np.maximum(1, known.gap), -1.0),
        "framed": known.framed / size,
        "placed": known.placed / size,
        "fixed": known.fixed / size,
        "from start": np.minimum(FAR, np.arange(len(share))).astype(np.float64),
        "from end": np.minimum(FAR, np.arange(len(share))[::-1]).astype(np.float64),
        "shaped": known.shaped / size,
        "shape": known.shape / size,
        "shape once": known.shape_once,
        "place": known.place / size,
        "place prose": known.place_prose,
        "cells": np.log2(1 + known.cells),
        "cells known": np.where(known.cells > 0, known.cells_known, -1.0),
        "cells strong": np.where(known.cells > 0, known.cells_strong, -1.0),
        "at head": known.head / np.maximum(1, known.corpus),
        "at tail": known.tail / np.maximum(1, known.corpus),
        "size": np.full(len(share), np.log2(1 + known.size)),
        "copied": np.array(seen.copied, dtype=np.float64),
        "cut rule": np.array(["cut" in signals for signals in seen.signals], dtype=np.float64),
        "open rule": np.array(
            ["open" in signals and at not in seen.bare for at, signals in enumerate(seen.signals)], dtype=np.float64
        ),
        "listed": np.array([at in seen.listed for at in range(len(share))], dtype=np.float64),
    }
    ruled = np.maximum(np.maximum(values["cut rule"], values["open rule"]), values["listed"])
    recurs = known.shared > 0
    strong = (share >= STRONG) & (known.group > 0) & (known.corpus > 0)
    prose = form["prose"] > 0
    unseen_prose = prose & ~recurs & (ruled == 0)
    best = np.maximum(found, ruled)
    values |= _company("share", found, form["letters"] > 0)
    values |= _company("masked", values["masked"], None)
    values |= _company("shaped", values["shaped"], None)
    values["masked company"] = _window(np.maximum(values["masked"], best))
    values["shaped company"] = _window(values["shaped"])
    values |= _company("rule", ruled, form["letters"] > 0)
    values |= _company("prose", unseen_prose.astype(np.float64), None)
    values |= _company("width", form["width"], None)
    values["company"] = _window(best)
    values["recurring company"] = _window(recurs.astype(np.float64))
    values["strong before"], values["strong after"] = _distances(strong | (ruled > 0))
    values["prose before"], values["prose after"] = _distances(unseen_prose)
    sizes = np.where(unseen_prose, form["length"], 0.0)
    values["body before"] = np.log2(1 + np.concatenate(([0], np.cumsum(sizes)[:-1])))
    values["body after"] = np.log2(1 + np.concatenate((np.cumsum(sizes[::-1])[::-1][1:], [0])))
    values |= _run(unseen_prose, recurs, strong, ruled > 0)
    values["chain"] = _chain(known.before > 0, known.after > 0)
    values["recurring share"] = np.full(len(share), recurs.mean())
    values["strong share"] = np.full(len(share), strong.mean())
    del values["length"]
    return values if layout is None else values | elements(layout, seen.blocks)


def words(values: Features, place: int) -> dict[str, str]:
    """Say in words what the features of the block at `place` are, by family.

    >>> values = {name: np.zeros(1) for names in FAMILIES.values() for name in names}
    >>> words(values, 0)["repetition"]
    'on 0% of 0 other documents of its group, on 0 outside it'
    """
    value = {name: float(column[place]) for name, column in values.items()}
    size, outside = (round(2 ** value[name] - 1) for name in ("size", "outside"))
    repetition = f"on {value['share']:.0%} of {size} other documents of its group, on {outside} outside it"
    if value["near"]:
        repetition += f", nearly the same on {2 ** value['near'] - 1:.1f}"
    known = [name for name in ("cut rule", "open rule", "listed") if value[name]]
    kinds = [name for name in ("prose", "code", "heading", "bullet", "digits", "ellipsis", "question") if value[name]]
    kept, around, links = (value.get(name, 0.0) for name in ("extracted", "extracted within 3", "linked"))
    return {
        "markup": f"{kept:.0%} of it extracted, {around:.0%} around it; {links:.0%} of it links",
        "repetition": repetition,
        "rules": f"{' and '.join(known) or 'none here'}; {value['run ruled']:.0%} of the stretch that it is in",
        "neighbours": f"{value['recurring company']:.0%} of those around it recur; {value['chain']:.0f} in a row together",
        "place": f"{_far(value['from start'])} after the start, {_far(value['from end'])} before the end"
        f"; as far from there on {value['fixed']:.0%} of the others",
        "frame": f"lines that start or end like it, in the same surroundings: on {value['labelled share']:.0%}"
        f" of the others; {max(0.0, value['gap prose']):.0%} have prose there",
        "form": f"{2 ** value['width'] - 1:.0f} wide{', ' if kinds else ''}{', '.join(kinds)}",
        "corpus": f"{value['recurring share']:.0%} of the document recurs",
    }


def _far(distance: float) -> str:
    return f"{FAR} or more" if distance >= FAR else f"{distance:.0f}"


def _form(seen: Observed) -> Features:
    texts = [block.folded for block in seen.blocks]
    length = np.array([len(text) for text in texts], dtype=np.float64)
    digits = np.array([sum(map(str.isdigit, text)) for text in texts], dtype=np.float64)
    return {
        "length": length,
        "width": np.log2(1 + np.array(seen.widths, dtype=np.float64)),
        "words": np.array([min(40, text.count(" ") + 1) for text in texts], dtype=np.float64),
        "prose": np.array(seen.prose, dtype=np.float64),
        "closed": np.array(seen.closed, dtype=np.float64),
        "indent": np.log2(1 + np.array([indent(seen.text, block) for block in seen.blocks], dtype=np.float64)),
        "heading": np.array([text.startswith("#") for text in texts], dtype=np.float64),
        "bullet": np.array([is_bulleted(text) for text in texts], dtype=np.float64),
        "code": np.array(seen.code, dtype=np.float64),
        "fenced": np.array(seen.fenced, dtype=np.float64),
        "letters": np.array(seen.lettered, dtype=np.float64),
        "digits": digits / np.maximum(1, length),
        "ellipsis": np.array([text.endswith("...") for text in texts], dtype=np.float64),
        "question": np.array([text.endswith(("?", "!", "？", "！")) for text in texts], dtype=np.float64),
        "colon": np.array([text.endswith(":") for text in texts], dtype=np.float64),
        "marks": np.array([sum(map(text.count, "|›»«·•→←/#©@")) for text in texts], dtype=np.float64),
        "commas": np.array([min(10, sum(map(text.count, ",，、;"))) for text in texts], dtype=np.float64),
    }


def _company(name: str, values: NDArray[np.float64], some: NDArray[np.bool_] | None) -> Features:
    """Return the values of the two blocks on each side, -1 where there is none; only `some` blocks count as neighbours."""
    places = np.arange(len(values)) if some is None else np.flatnonzero(some)
    padded = np.concatenate(([-1.0, -1.0], values[places], [-1.0, -1.0]))
    left = np.searchsorted(places, np.arange(len(values)), "left")
    right = np.searchsorted(places, np.arange(len(values)), "right")
    return {
        f"{name} -2": padded[left],
        f"{name} -1": padded[left + 1],
        f"{name} +1": padded[right + 2],
        f"{name} +2": padded[right + 3],
    }


def _window(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of the `WINDOW` blocks on each side, without the block itself."""
    sums = np.concatenate(([0.0], np.cumsum(values)))
    at = np.arange(len(values))
    low, high = np.maximum(0, at - WINDOW), np.minimum(len(values), at + WINDOW + 1)
    result: NDArray[np.float64] = (sums[high] - sums[low] - values) / np.maximum(1, high - low - 1)
    return result


def _distances(marked: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how many blocks back the last marked one is, and how many on the next one, at most `FAR`."""
    places = np.flatnonzero(marked)
    at = np.arange(len(marked))
    bounds = np.concatenate(([-FAR * 2], places, [len(marked) + FAR * 2]))
    before = at - bounds[np.searchsorted(places, at, "left")]
    after = bounds[np.searchsorted(places, at, "right") + 1] - at
    return np.minimum(before, FAR).astype(np.float64), np.minimum(after, FAR).astype(np.float64)


def _run(
    prose: NDArray[np.bool_], recurs: NDArray[np.bool_], strong: NDArray[np.bool_], ruled: NDArray[np.bool_]
) -> Features:
    """Return, of the stretch without unseen prose that a block is in: its length, and what share of it recurs, or a rule knows."""
    stretch = np.cumsum(prose) * 2 - prose
    _, at = np.unique(stretch, return_inverse=True)
    count = np.bincount(at)

    def mean(values: NDArray[np.bool_]) -> NDArray[np.float64]:
        result: NDArray[np.float64] = (np.bincount(at, weights=values) / count)[at]
        return result

    return {
        "run": np.log2(count[at]).astype(np.float64),
        "run recurs": mean(recurs),
        "run strong": mean(strong),
        "run ruled": mean(ruled),
    }


def _chain(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return how many blocks in a row, this one among them, follow each other elsewhere in the group, too; at most `FAR`."""
    count = len(before)
    linked = np.concatenate(([False], before[1:] & after[:-1])) if count else before
    chains = np.cumsum(~linked)
    lengths = np.bincount(chains)
    alone = ~(before | after)
    return np.where(alone, 0, np.minimum(lengths[chains], FAR)).astype(np.float64)
