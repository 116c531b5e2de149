"""What is weighed: numbers for each block of a document, from its form, its repetition, its company and the rules.

All are counts of other documents, shares, distances in blocks, or yes and no; none is a word of any language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.elements import NAMES, elements
from cleaner.form import Form
from cleaner.segment import indent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cleaner.observed import Observed

FAR = 20
"""Distances in blocks are told apart up to this one."""

STRONG = 0.3
"""A block on this share of the group's other documents recurs strongly."""

WINDOW = 4
"""Blocks on each side that are its company."""

STEPS = tuple(side * step for step in range(1, WINDOW + 1) for side in (-1, 1))
"""To the blocks around one, the nearest first."""

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


class Part(Mapping[str, "NDArray[np.float64]"]):
    """The features of some blocks of many, each taken when it is asked for: most are not.

    >>> Part({"width": np.array([1.0, 2.0, 4.0])}, slice(1, 3))["width"].tolist()
    [2.0, 4.0]
    """

    def __init__(self, values: Features, own: slice) -> None:
        """Take the features of all, and which blocks are the part's."""
        self._values, self._own = values, own

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Return one number per block."""
        return self._values[name][self._own]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._values)

    def __len__(self) -> int:
        """Count them."""
        return len(self._values)


def features(seen: Sequence[Observed]) -> Features:
    """Return every feature by name, each an array with one number per block, document after document.

    Args:
        seen: what was observed of some documents: of all or of none of them with a layout, which has features of its own. The
            values of one document do not depend on the others.
    """
    first = np.cumsum([0, *(len(one.blocks) for one in seen)], dtype=np.int64)
    on = _Documents(first)
    table = _rows([one.repetition for one in seen], _KNOWN)
    known, marks = dict(zip(_KNOWN, table, strict=True)), dict(zip(_MARKS, _rows(seen, _MARKS), strict=True))
    group, corpus, near, gap, cells = (known[name] for name in ("group", "corpus", "near", "gap", "cells"))
    recurs, ruled, prose = marks["recurs"] > 0, marks["ruled"], marks["prose"] > 0
    form = _form(seen)
    letters = form["letters"] > 0
    sizes = on.each([one.repetition.size for one in seen])
    size = np.maximum(1, sizes)
    share = group / size
    most_near = on.each([one.repetition.near.max(initial=0) for one in seen])
    found = np.maximum(share, near / np.maximum(size, 1 + most_near))
    unseen_prose = prose & ~recurs & (ruled == 0)
    best = np.maximum(found, ruled)
    strong = (share >= STRONG) & (group > 0) & (corpus > 0)
    body = on.sums(np.where(unseen_prose, form.pop("length"), 0.0))
    logs = {
        "count": group,
        "outside": np.maximum(0, corpus - group),
        **{name: known[name] for name in ("sites", "near", "labelled", "cells")},
        "size": sizes,
        "indent": form["indent"],
        "width": form["width"],
        "body before": body[0],
        "body after": body[1],
    }
    values: Features = {
        **form,
        **dict(zip(logs, np.log2(1 + np.array([*logs.values()])), strict=True)),
        **dict(zip(_SHARES, table[: len(_SHARES)] / size, strict=True)),
        "share": share,
        "steady": (known["before"] + known["after"]) / np.maximum(1, 2 * known["masked"]),
        "labelled share": known["labelled"] / size,
        "gap": np.where(gap > 0, gap / size, -1.0),
        "gap filled": np.where(gap > 0, known["filled"] / np.maximum(1, gap), -1.0),
        "gap prose": np.where(gap > 0, known["prose"] / np.maximum(1, gap), -1.0),
        "from start": np.minimum(FAR, on.at).astype(np.float64),
        "from end": np.minimum(FAR, on.back).astype(np.float64),
        "shape once": known["shape_once"],
        "place prose": known["place_prose"],
        "cells known": np.where(cells > 0, known["cells_known"], -1.0),
        "cells strong": np.where(cells > 0, known["cells_strong"], -1.0),
        "at head": known["head"] / np.maximum(1, corpus),
        "at tail": known["tail"] / np.maximum(1, corpus),
        "copied": marks["copied"],
        "cut rule": marks["cut"],
        "open rule": marks["opens"],
        "listed": marks["items"],
        "prose": marks["prose"],
        "closed": marks["closed"],
        "fenced": marks["fenced"],
        "chain": on.chain(known["before"] > 0, known["after"] > 0),
        **dict(zip(("recurring share", "strong share"), on.means(np.array([recurs, strong])), strict=True)),
        **on.run(unseen_prose, {"recurs": recurs, "strong": strong, "ruled": ruled > 0}),
    }
    values |= on.company({"share": found, "rule": ruled}, letters)
    values |= on.company(
        {
            "masked": values["masked"],
            "shaped": values["shaped"],
            "prose": unseen_prose.astype(np.float64),
            "width": values["width"],
        }
    )
    around = {
        "company": best,
        "masked company": np.maximum(values["masked"], best),
        "shaped company": values["shaped"],
        "recurring company": marks["recurs"],
    }
    values |= zip(around, on.window(np.array([*around.values()])), strict=True)
    before, after = on.distances(np.array([strong | (ruled > 0), unseen_prose]))
    values |= {"strong before": before[0], "prose before": before[1], "strong after": after[0], "prose after": after[1]}
    layouts = [elements(one.layout, one.blocks) for one in seen if one.layout is not None]
    if layouts:
        values |= {name: np.concatenate([one[name] for one in layouts]) for name in NAMES}
    return values


_SHARES = ("masked", "before", "after", "framed", "placed", "fixed", "shaped", "shape", "place")
"""What is told as the share of the group that has it."""

_KNOWN = (
    *_SHARES,
    *("group", "corpus", "sites", "near", "labelled", "gap", "filled", "prose", "shape_once", "place_prose"),
    *("cells", "cells_known", "cells_strong", "head", "tail"),
)
"""Of what the corpus knows of each block."""

_MARKS = ("recurs", "ruled", "cut", "opens", "items", "copied", "prose", "closed", "fenced")


def _rows(seen: Sequence[Any], names: Sequence[str]) -> NDArray[np.float64]:
    """Return attributes of all that was seen as numbers, a row for each: in one step, as most documents are small."""
    columns = [getattr(one, name) for name in names for one in seen]
    return np.concatenate(columns, dtype=np.float64).reshape(len(names), -1)


def words(values: Mapping[str, NDArray[np.float64]], place: int) -> dict[str, str]:
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


_FORM = tuple(name for name in Form._fields if name not in ("prose", "ended", "clause", "fence"))


def _form(seen: Sequence[Observed]) -> Features:
    """Return the form of each block, as numbers."""
    rows = np.concatenate([one.forms for one in seen])
    columns = dict(zip(Form._fields, np.ascontiguousarray(rows.T), strict=True))
    values = {name: columns[name] for name in _FORM}
    # Most lines start with their first letter.
    indents = [one.text[block.start].isspace() and indent(one.text, block) for one in seen for block in one.blocks]
    values["indent"] = np.array(indents, dtype=np.float64)
    return values


class _Documents:
    """Where documents start and end among the blocks of all of them: what is near a block is so within its document."""

    def __init__(self, first: NDArray[np.int64]) -> None:
        self.first = first
        self.counts = np.diff(first)
        self.count = int(first[-1])
        self.documents = np.repeat(np.arange(len(self.counts)), self.counts)
        places = np.arange(self.count)
        self.start, self.end = first[:-1][self.documents], first[1:][self.documents]
        self.at, self.back = places - self.start, self.end - 1 - places
        around = places + np.array(STEPS)[:, None]
        self.inside = (around >= self.start) & (around < self.end)
        """Whether there is a block so many `STEPS` on."""
        self.beside = np.where(self.inside, around, 0)

    def each(self, values: Sequence[float]) -> NDArray[np.float64]:
        """Give each block the value of its document."""
        return np.array(values, dtype=np.float64)[self.documents]

    def company(self, columns: Features, some: NDArray[np.bool_] | None = None) -> Features:
        """Return the values of the two blocks on each side, -1 where there is none; only `some` blocks count as neighbours."""
        rows = np.array([*columns.values()])
        at, inside = self.beside[:4], self.inside[:4]
        if some is not None:
            before = np.concatenate(([0], np.cumsum(some)))  # how many of them stand before each block
            left, right = before[:-1], before[1:]  # the next one on; that after the block itself
            rows, at = rows[:, some], np.array([left - 1, right, left - 2, right + 1])
            inside = (at >= before[self.start]) & (at < before[self.end])
        values = (
            np.where(inside, rows.take(at, axis=1, mode="clip"), -1.0)
            if rows.size
            else np.full((len(rows), *at.shape), -1.0)
        )
        names = [f"{name} {step:+d}" for name in columns for step in STEPS[:4]]
        return dict(zip(names, values.reshape(len(names), -1), strict=True))

    def window(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean of the `WINDOW` blocks on each side, without the block itself, row by row."""
        total = np.where(self.inside, rows[:, self.beside], 0.0).sum(axis=1)
        others = np.minimum(WINDOW, self.at) + np.minimum(WINDOW, self.back)
        result: NDArray[np.float64] = total / np.maximum(1, others)
        return result

    def distances(self, marked: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return how many blocks back the last marked one is, and how many on the next one, at most `FAR`, row by row."""
        places = np.arange(self.count)
        nowhere = np.full((len(marked), 1), self.count + FAR)
        last = np.hstack((-nowhere, np.maximum.accumulate(np.where(marked, places, -1), axis=1)[:, :-1]))
        marked_back = np.where(marked, places, self.count + FAR)[:, ::-1]
        following = np.hstack((nowhere, np.minimum.accumulate(marked_back, axis=1)[:, :-1]))[:, ::-1]
        before = np.where(last >= self.start, places - last, FAR)
        after = np.where(following < self.end, following - places, FAR)
        return np.minimum(before, FAR).astype(np.float64), np.minimum(after, FAR).astype(np.float64)

    def sums(self, values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the sum of the whole numbers before each block in its document, and of those after it."""
        sums = np.concatenate(([0.0], np.cumsum(values)))
        return sums[:-1] - sums[self.start], sums[self.end] - sums[1:]

    def means(self, marked: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Give each block the share of its document's blocks that are marked, row by row."""
        sums = np.hstack((np.zeros((len(marked), 1)), np.cumsum(marked, axis=1, dtype=np.float64)))
        shares = (sums[:, self.first[1:]] - sums[:, self.first[:-1]]) / np.maximum(1, self.counts)
        result: NDArray[np.float64] = shares[:, self.documents]
        return result

    def run(self, prose: NDArray[np.bool_], kinds: Mapping[str, NDArray[np.bool_]]) -> Features:
        """Return, of the stretch without unseen prose that a block is in: its length, and what share of it is of each kind."""
        breaks = prose.copy()
        breaks[self.at == 0] = True  # a document starts a stretch, and so does prose, and what comes after it
        breaks[1:] |= prose[:-1]
        at = np.cumsum(breaks) - 1
        count = np.bincount(at)
        shares = {f"run {name}": (np.bincount(at, weights=marked) / count)[at] for name, marked in kinds.items()}
        return {"run": np.log2(count[at]).astype(np.float64), **shares}

    def chain(self, before: NDArray[np.bool_], after: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return how many blocks in a row, this one among them, follow each other elsewhere in the group, too; at most `FAR`."""
        linked = np.zeros(self.count, dtype=np.bool_)
        linked[1:] = before[1:] & after[:-1]
        linked[self.at == 0] = False
        chains = np.cumsum(~linked)
        lengths = np.bincount(chains)
        alone = ~(before | after)
        return np.where(alone, 0, np.minimum(lengths[chains], FAR)).astype(np.float64)
