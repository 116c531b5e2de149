"""What a corpus knows of long lines: which parts of them recur, whatever line they stand in elsewhere; and reasons, made late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.counting import combined, grouped, holds
from cleaner.families import held_by
from cleaner.fingerprints import key
from cleaner.frequency import PARTNERS
from cleaner.model import Block, Partner, TemplateReason
from cleaner.segment import segment
from cleaner.shingling import Shingles, borders, shingles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cleaner.kinship import Kinship


class Reasons(Mapping[int, TemplateReason]):
    """Reasons that are made when they are asked for: most blocks that others hold are not cut, or not alone.

    >>> made = Reasons({3: (TemplateReason, "da6630dccae1dafa", 2, 1.0, ())})
    >>> list(made), made[3].documents
    ([3], 2)
    """

    def __init__(self, makers: Mapping[int, tuple[Any, ...]]) -> None:
        """Take, for each block, the function that makes its reason, and what to call it with."""
        self._makers = makers
        self._made: dict[int, TemplateReason] = {}

    def __getitem__(self, place: int) -> TemplateReason:
        """Make the reason of the block at `place`."""
        if place not in self._made:
            make, *of = self._makers[place]
            self._made[place] = make(*of)
        return self._made[place]

    def __contains__(self, place: object) -> bool:
        """Whether the block at `place` has one."""
        return place in self._makers

    def __iter__(self) -> Iterator[int]:
        """Iterate over the blocks that have one."""
        return iter(self._makers)

    def __len__(self) -> int:
        """Count them."""
        return len(self._makers)


@dataclass(frozen=True)
class Passages:
    """The long lines of one document against the index."""

    kin: Kinship

    @cached_property
    def _shingles(self) -> tuple[Shingles, NDArray[np.int64]]:
        """The shingles of the long lines, and how many others of the group hold each."""
        if not any(block.sentence for block in self.kin.blocks):
            return Shingles(), np.empty(0, dtype=np.int64)
        found = shingles([(self.kin.document.text, self.kin.blocks)])
        known = self.kin.known
        codes = grouped(combined(np.array([self.kin.group])), found.hashes)
        counts = known.counters["shingles"].count(codes)
        for family in self.kin.own:
            counts -= (counts > 0) & holds(held_by(known, family, "shingles"), codes)
        return found, counts

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks to look up: long lines split where their shingles start or cease to recur."""
        found, counts = self._shingles
        return segment(self.kin.document.text, borders(found, counts)) if counts.any() else tuple(self.kin.blocks)

    @cached_property
    def covered(self) -> dict[int, tuple[int, range]]:
        """For each part of a long line: how many others of the group hold it, by its shingles, and which these are.

        It is the median of the shingles inside it; a part too short for one has the largest of those that it is in.
        """
        found, counts = self._shingles
        covered: dict[int, tuple[int, range]] = {}
        if not counts.any():
            return covered
        places = [at for at, block in enumerate(self.blocks) if block.sentence]
        starts, stops = (np.array([self.blocks[at][side] for at in places], dtype=np.int64) for side in (0, 1))
        inside = np.searchsorted(found.starts, starts), np.searchsorted(found.stops, stops, "right")
        around = np.searchsorted(found.stops, stops), np.searchsorted(found.starts, starts, "right")
        known = counts.tolist()
        for at, first, last, *outer in zip(places, *(one.tolist() for one in (*inside, *around)), strict=True):
            if first < last:
                count = int(median(known[first:last]))
            else:  # none inside: those around it
                first, last = outer  # noqa: PLW2901
                count = max(known[first:last], default=0)
            if count:
                covered[at] = count, range(first, last)
        return covered

    def reason(self, at: int) -> TemplateReason:
        """Return the block at `at`, a part of a long line, as a reason: where the first others hold most of it."""
        block = self.blocks[at]
        count, inside = self.covered[at]
        known, (found, counts) = self.kin.known, self._shingles
        lead = inside[int(np.argmax(counts[inside.start : inside.stop]))]
        order, ordered = known.shingle_order
        low, high = (int(np.searchsorted(ordered, found.hashes[lead], side)) for side in ("left", "right"))
        partners: dict[int, Partner] = {}
        numbers = np.searchsorted(known.index.shingles.first, order[low:high], "right") - 1
        theirs = (known.group_of[numbers] == self.kin.group) & ~np.isin(known.families[numbers], self.kin.own)
        theirs[1:] &= numbers[1:] != numbers[:-1]
        for place, number in zip(order[low:high][theirs].tolist(), numbers[theirs].tolist(), strict=True):
            first = last = lead  # the stretch of this part's shingles that the other one holds, too
            while first > inside.start and self._same(number, place, lead, first - 1):
                first -= 1
            while last + 1 < inside.stop and self._same(number, place, lead, last + 1):
                last += 1
            before = max(0, block.start - int(found.starts[first]))  # what of the shingles is not the block's
            after = max(0, int(found.stops[last]) - block.stop)
            start = int(known.index.shingles.starts[place + first - lead]) + before
            stop = int(known.index.shingles.stops[place + last - lead]) - after
            partners[number] = Partner(known.index.ids[number], start, stop)
            if len(partners) == PARTNERS:
                break
        return TemplateReason(f"{key(block.folded):016x}", count + 1, 1.0, tuple(partners.values()))

    def _same(self, number: int, place: int, lead: int, at: int) -> bool:
        """Whether the learnt document `number` holds the shingle at `at` as far from `place` as it is from `lead` here."""
        long = self.kin.known.index.shingles
        there = place + at - lead
        inside = long.first[number] <= there < long.first[number + 1]
        return bool(inside and long.hashes[there] == self._shingles[0].hashes[at])
