"""Counts of lines in other documents than those looked up, and than what these are or come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.counting import combined, grouped, holds
from cleaner.families import LARGE, held_by
from cleaner.fingerprints import Lines
from cleaner.frequency import Frequencies
from cleaner.spill import touched
from cleaner.standing import KINDS, Standing
from cleaner.surroundings import END, START, Codes, edge_runs, landmarks

if TYPE_CHECKING:
    from numpy.typing import NDArray


MANY = 1000
"""Codes that are looked up faster when they are sorted first."""


@dataclass(frozen=True, eq=False)
class Others:
    """Counts in other documents than those looked up, and than what these are or come from."""

    known: Frequencies
    codes: Codes
    families: Sequence[tuple[int, ...]]
    """Of each document, the families that do not count."""

    def take(self, numbers: NDArray[np.int64]) -> Others:
        """Return the same for some of the documents."""
        codes = Codes(self.lines.take(numbers), self.codes.groups[numbers])
        return Others(self.known, codes, [self.families[number] for number in numbers.tolist()])

    @property
    def lines(self) -> Lines:
        """The lines looked up."""
        return self.codes.lines

    @property
    def documents(self) -> NDArray[np.int64]:
        """The document of each line."""
        return self.codes.documents

    @cached_property
    def _own(self) -> list[NDArray[np.int64]]:
        """The families that do not count: the first one of each document, then the second ones, and so on; -1 for none."""
        ranks = range(max(map(len, self.families)))
        return [np.array([own[rank] if len(own) > rank else -1 for own in self.families]) for rank in ranks]

    @cached_property
    def _members(self) -> tuple[Standing, NDArray[np.int64], list[int]]:
        """What the learnt documents of small families among these hold, and the family of each; and the large families.

        Each family is here once, however many of its documents are looked up: there may be thousands of copies of one page.
        """
        known, families = self.known, sorted(set().union(*self.families))
        members = {family: known.members_of(family) for family in families}
        small = {family: some for family, some in members.items() if len(some) <= LARGE}
        labels = np.repeat(np.array(list(small), dtype=np.int64), list(map(len, small.values())))
        some = np.concatenate([np.empty(0, dtype=np.int64), *small.values()])
        return known.standing.take(some), labels, [family for family in families if family not in small]

    @cached_property
    def alone(self) -> list[bool]:
        """Of each document, whether no other was learnt: nothing is to be found then, and near-duplicates are dear to look for."""
        learnt, members_of = len(self.known.index), self.known.members_of
        return [sum(len(members_of(family)) for family in own) == learnt for own in self.families]

    @cached_property
    def _held(self) -> dict[str, NDArray[np.uint64]]:
        """By kind, sorted codes of what small families hold, mixed with the family."""
        return {}

    def count(self, kind: str, codes: NDArray[np.uint64], lines: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Count codes of a kind, given the line that each is of; by default one for each line."""
        counter = self.known.counters[kind]
        if not self._own:
            return counter.count(codes)
        standing, labels, large = self._members
        if kind not in self._held:
            theirs, at = KINDS[kind](standing)
            self._held[kind] = np.sort(combined(labels[at], theirs))
        own = np.zeros(len(codes), dtype=np.int64)
        documents = self.documents if lines is None else self.documents[lines]
        for families in self._own:
            its = families[documents]
            order, ordered = _ordered(combined(its, codes))
            own[order] += holds(self._held[kind], ordered)
            for family in large:
                at = np.flatnonzero(its == family)
                own[at] += holds(held_by(self.known, family, kind), codes[at])
        order, ordered = _ordered(codes)
        counts = np.empty(len(codes), dtype=np.int64)
        counts[order] = counter.count(ordered, own[order] > 0)
        touched(len(codes))
        counts -= own
        return counts.clip(0)

    def within(
        self, kind: str, codes: NDArray[np.uint64], lines: NDArray[np.int64], whole: NDArray[Any]
    ) -> NDArray[np.int64]:
        """Count codes of a kind, each a part of something: where `whole`, its count, is 0, so is the part's, and need not be looked up."""
        counts = np.zeros(len(codes), dtype=np.int64)
        some = np.flatnonzero(whole)
        counts[some] = self.count(kind, codes[some], lines[some])
        return counts

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """How many other documents the group of each has."""
        known, groups = self.known, self.codes.groups
        within = cache(lambda family, group: bool((known.group_of[known.members_of(family)] == group).any()))
        own = [
            sum(within(family, group) for family in families)
            for families, group in zip(self.families, groups.tolist(), strict=True)
        ]
        return known.counters["members"].count(combined(groups)) - np.array(own, dtype=np.int64)


def _ordered(codes: NDArray[np.uint64]) -> tuple[NDArray[np.int64] | slice, NDArray[np.uint64]]:
    """Return the order to look codes up in, and the codes in it: sorted ones take a third of the time, where there are many."""
    if len(codes) < MANY:
        return slice(None), codes
    order = np.argsort(codes)
    return order, codes[order]


def columns(others: Others, first: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Return all counts for lines, given what was counted first."""
    lines, codes, count, within = others.lines, others.codes, others.count, others.within
    lettered = lines.lettered
    size = others.sizes[others.documents]
    marks = lettered & landmarks(first["group"] + 1, size + 1)
    every = np.arange(len(lines))
    masked = count("masked", codes.masked)
    before, after = np.split(within("pairs", np.concatenate(codes.pairs), np.tile(every, 2), np.tile(masked, 2)), 2)
    beside = np.ones((2, len(lines)), dtype=np.int64)  # nobody need hold the start, or the end
    beside[0, 1:], beside[1, :-1] = masked[:-1], masked[1:]
    beside[np.array(codes.around) == [[START], [END]]] = 1
    affixes = within("affixes", codes.affixes.ravel(), np.tile(every, 4), beside.repeat(2, axis=0).ravel())
    fixed = np.zeros(len(lines), dtype=np.int64)
    at_ends, ends = codes.fixed
    np.maximum.at(fixed, ends, within("fixed", at_ends, ends, masked[ends]))
    gaps = codes.between(marks)
    gap = count("gaps", gaps) * ~marks
    cells, of_cells = codes.celled
    held = count("cells", cells, of_cells)
    cells_known, cells_strong = (
        np.bincount(of_cells, weights=values, minlength=len(lines)) / np.maximum(1, lines.widths)
        for values in (held > 0, held / np.maximum(1, size[of_cells]))
    )
    shapes = others.known.counters["shapes"]
    shape = shapes.places(codes.shaped)
    return {
        **{name: first[name] for name in ("group", "corpus", "near")},
        **_edges(others, first, lettered),
        **_places(others, marks),
        "sites": _sites(others.known, lines.keys),
        "masked": masked,
        "before": before,
        "after": after,
        "labelled": affixes.reshape(4, -1).max(axis=0),
        "framed": count("framed", codes.framed),
        "fixed": fixed,
        "gap": gap,
        "filled": within("gaps filled", gaps, every, gap),
        "prose": within("gaps with prose", gaps, every, gap),
        "shape": count("shapes", codes.shaped),
        "shape_once": np.where(
            shape >= 0, shapes.totals[shape] / np.maximum(1, others.known.shapes_in_all[shape]), 0.0
        ),
        "cells": lines.widths.astype(np.int64),
        "cells_known": cells_known,
        "cells_strong": cells_strong,
    }


def _edges(others: Others, first: dict[str, NDArray[Any]], lettered: NDArray[np.bool_]) -> dict[str, Any]:
    """Return counts of runs that touch the start or end; near-duplicates take part in these."""
    keys, every = first["keys"], np.arange(len(others.lines))
    recurs = (first["corpus"] > 0) | (first["near"] > 0)
    runs = edge_runs(others.lines.first, recurs, others.lines.prose, lettered)
    head, tail, *there = (others.within(kind, keys, every, recurs) for kind in ("head", "tail", "from start", "to end"))
    # No run is known of a part of a line elsewhere.
    edge = np.logical_or(*(here & ((other > 0) | first["part"]) for here, other in zip(runs, there, strict=True)))
    return {"head": head, "tail": tail, "edge": edge}


def _places(others: Others, marks: NDArray[np.bool_]) -> dict[str, Any]:
    """Return counts of what stands as far from the same landmark."""
    lines, within = others.lines, others.within
    place, placed, shaped = (np.zeros(len(lines), dtype=np.int64) for _ in range(3))
    prose = np.ones(len(lines))
    sides = others.codes.places(marks)
    beside, codes = (np.concatenate(both) for both in zip(*sides, strict=True))
    total = others.count("places", codes, beside)
    share = np.where(total > 0, within("places with prose", codes, beside, total) / np.maximum(1, total), 1.0)
    alike = within("places by shape", grouped(codes, lines.shapes[beside]), beside, total)
    affixes = np.concatenate([grouped(codes, affix[beside]) for affix in (lines.heads, lines.tails)])
    labelled = (
        within("places by affix", affixes, np.tile(beside, 2), np.tile(total, 2)).reshape(2, -1).max(axis=0, initial=0)
    )
    border = len(sides[0][0])
    for side in (slice(border), slice(border, None)):
        at = beside[side]
        prose[at] = np.minimum(prose[at], share[side])
        for row, counts in ((place, total), (shaped, alike), (placed, labelled)):
            row[at] = np.maximum(row[at], counts[side])
    return {"place": place, "place_prose": prose, "placed": placed, "shaped": shaped}


def _sites(known: Frequencies, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return how many groups hold each line, its own counted."""
    holders = known.counters["holders"]
    at, alone = holders.places(keys), holders.count(keys)
    return np.where(at >= 0, known.sites[at], alone) if len(holders.codes) else alone
