"""What is counted of learnt lines: codes by kind, and the documents that they are of.

Counting and taking a document's own share out of the counts go by the same table, `KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from cleaner.counting import grouped
from cleaner.fingerprints import Lines, taken
from cleaner.surroundings import END, Codes

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Standing:
    """Learnt lines and where they stand: what is counted."""

    codes: Codes
    marks: NDArray[np.bool_]
    """Whether each line is a landmark of its group."""
    recurs: NDArray[np.bool_]
    """Whether each line stands in another independent document."""
    head: NDArray[np.bool_]
    """Whether each line stands in a run of recurring lines at the head of its document."""
    tail: NDArray[np.bool_]
    """The same at its tail."""

    @property
    def lines(self) -> Lines:
        """The lines."""
        return self.codes.lines

    def take(self, documents: NDArray[np.int64]) -> Standing:
        """Return the lines of some documents, in the order given."""
        _, lines = taken(self.lines.first, documents)
        codes = Codes(self.lines.take(documents), self.codes.groups[documents])
        return Standing(codes, self.marks[lines], self.recurs[lines], self.head[lines], self.tail[lines])

    def part(self, start: int, stop: int) -> Standing:
        """Return the lines of the documents `[start, stop)`, without a copy."""
        own = slice(self.lines.first[start], self.lines.first[stop])
        codes = Codes(self.lines.part(start, stop), self.codes.groups[start:stop])
        return Standing(codes, self.marks[own], self.recurs[own], self.head[own], self.tail[own])

    @cached_property
    def ends(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Whether no prose of its own parts each line from its document's start; and from its end."""
        body = np.concatenate(([0], np.cumsum(self.lines.prose & ~self.recurs)))
        starts, stops = (body[bound] for bound in self.codes.bounds)
        return body[:-1] == starts, body[1:] == stops

    def some(self, codes: NDArray[np.uint64], lines: NDArray[np.bool_]) -> Counted:
        """Return the codes of some lines."""
        return codes[lines], self.codes.documents[lines]

    def at(self, codes: NDArray[np.uint64], lines: NDArray[np.int64]) -> Counted:
        """Return codes, given the line that each is of."""
        return codes, self.codes.documents[lines]

    def every(self, *codes: NDArray[np.uint64]) -> Counted:
        """Return codes that each line has."""
        return np.concatenate(codes), np.tile(self.codes.documents, len(codes))

    def gaps(self, kind: NDArray[np.bool_]) -> Counted:
        """Return the gaps between landmarks with a line of a kind in them."""
        codes, ends, documents = self.codes.gaps(self.marks)
        order = np.lexsort((ends, documents))
        codes, ends, documents = codes[order], ends[order], documents[order]
        sums = np.concatenate(([0], np.cumsum(kind & ~self.marks)))
        some = sums[ends] > sums[np.concatenate(([0], ends[:-1]))]
        return codes[some], documents[some]

    @cached_property
    def places(self) -> Counted:
        """The places of lines: so many lines after, or before, a landmark; and the lines."""
        lines, codes = (np.concatenate(both) for both in zip(*self.codes.places(self.marks), strict=True))
        return codes, lines


Counted = tuple["NDArray[np.uint64]", "NDArray[np.int64]"]
"""Codes, and the document that each is of."""


def _pairs(known: Standing) -> Counted:
    pairs, following = known.codes.pairs
    last = known.codes.around[1] == END
    (one, of_one), (other, of_other) = known.every(pairs), known.some(following, last)
    return np.concatenate((one, other)), np.concatenate((of_one, of_other))


def _cells(known: Standing) -> Counted:
    (cells, of_cells), (lines, of_lines) = (
        known.at(*known.codes.celled),
        known.some(known.codes.held, known.lines.lettered),
    )
    return np.concatenate((cells, lines)), np.concatenate((of_cells, of_lines))


def _gaps(known: Standing) -> Counted:
    codes, _, documents = known.codes.gaps(known.marks)
    return codes, documents


def _prosaic(known: Standing) -> Counted:
    codes, lines = known.places
    prose = known.lines.prose[lines]
    return known.at(codes[prose], lines[prose])


def _labels(known: Standing) -> Counted:
    codes, lines = known.places
    labels = [grouped(codes, affix[lines]) for affix in (known.lines.heads, known.lines.tails)]
    return known.at(np.concatenate(labels), np.tile(lines, 2))


def _shaped_places(known: Standing) -> Counted:
    codes, lines = known.places
    return known.at(grouped(codes, known.lines.shapes[lines]), lines)


KINDS: Final[Mapping[str, Callable[[Standing], Counted]]] = {
    "holders": lambda known: known.some(known.lines.keys, known.lines.lettered),
    "group holders": lambda known: known.some(known.codes.held, known.lines.lettered),
    "masked": lambda known: known.every(known.codes.masked),
    "pairs": _pairs,
    "affixes": lambda known: known.every(*known.codes.affixes),
    "framed": lambda known: known.every(known.codes.framed),
    "shapes": lambda known: known.every(known.codes.shaped),
    "cells": _cells,
    "fixed": lambda known: known.at(*known.codes.fixed),
    "gaps": _gaps,
    "gaps filled": lambda known: known.gaps(np.ones(len(known.marks), dtype=np.bool_)),
    "gaps with prose": lambda known: known.gaps(known.lines.prose),
    "places": lambda known: known.at(*known.places),
    "places with prose": _prosaic,
    "places by affix": _labels,
    "places by shape": _shaped_places,
    "head": lambda known: known.some(known.lines.keys, known.head & known.lines.lettered),
    "tail": lambda known: known.some(known.lines.keys, known.tail & known.lines.lettered),
    "from start": lambda known: known.some(known.lines.keys, known.ends[0] & known.lines.lettered),
    "to end": lambda known: known.some(known.lines.keys, known.ends[1] & known.lines.lettered),
}
"""What is counted in families: lines ("holders") and lines in their group; in a group, lines with digits as 0, two of these in a
row, starts and ends of lines beside a line, both, looks of lines, cells (a line of one cell is one), lines so far from an end;
two landmarks in a row (all; with text between; with prose between); places by a landmark (all; with prose there; by how the line
there starts or ends; by its shape); lines in a run of recurring ones at the head, and at the tail; lines that no prose of its own
parts from their document's start, and from its end."""
