"""Which learnt documents a document is, comes from, or belongs with.

Neither the document itself nor what it was taken from counts as another one, and counting is done in its group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from cleaner.copies import LINES, RARE, is_copy, is_twin
from cleaner.families import Learnt, holders, learnt, saying
from cleaner.fingerprints import NO_KEY, Lines
from cleaner.frequency import Frequencies
from cleaner.grouping import COMMON, TIE, weight
from cleaner.index import digest_of
from cleaner.model import Block, Document

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOBODY = 2**32
"""In place of the group of a document that is in none of the index's."""


@dataclass(frozen=True)
class Kinship:
    r"""One document against the index.

    >>> from cleaner.fingerprints import lines_of
    >>> from cleaner.index import learn
    >>> from cleaner.segment import segment
    >>> known = Frequencies(learn([Document("a", "Of bees."), Document("b", "Of ants.")]))
    >>> blocks = segment("Of bees.")
    >>> [found] = kinships(known, [Document("a", "Of bees.")], [blocks], lines_of([("Of bees.", blocks)]))
    >>> len(found.own)
    1
    """

    known: Frequencies
    document: Document
    blocks: Sequence[Block]
    """As they were learnt: long lines split into sentences only."""
    keys: NDArray[np.uint64]
    """Of the blocks."""
    prose: NDArray[np.bool_]
    """Whether each block reads like a sentence of a body."""
    held: NDArray[np.int64]
    """How many learnt lines have each block's key."""
    lettered: bool
    """Whether any block has a letter."""
    unheld: bool
    """Whether any block with a letter is no learnt line."""

    @cached_property
    def _named(self) -> list[int]:
        """The learnt documents of this one's name."""
        return self.known.named(self.document.id, self.document.group)

    @cached_property
    def _learnt(self) -> list[Learnt]:
        """The learnt documents that are this one: by name, or because they say the same."""
        known, digest = self.known, digest_of(self.keys)
        found = [learnt(known, [number]) for number in self._named if known.index.digests[number] != digest]
        return [*found, same] if (same := saying(known, digest)) else found

    @cached_property
    def own(self) -> tuple[int, ...]:
        """The families that do not count, sorted: the document itself, as far as it was learnt, and what it was taken from."""
        own = set[int]().union(*(one.families for one in self._learnt))
        if not self._learnt:
            own = {int(self.known.families[number]) for number in self._copied}
        return tuple(sorted(own | self._sources(own)))

    @cached_property
    def duplicate_of(self) -> str | None:
        """The id of the first learnt document, by id, that this one is a copy of; None when that is itself, or there is none."""
        if not self.lettered:
            return None
        same = [one.original for one in self._learnt] if self._learnt else self._copied
        return None if not same or min(same) in self._named else self.known.index.ids[min(same)]

    @cached_property
    def group(self) -> int:
        """The document's group: the one of its name, else the one it was learnt in, else the one its short lines tie it to."""
        known = self.known
        if self.document.group:
            return known.names.get(self.document.group, NOBODY)
        if nameless := [one.nameless for one in self._learnt if one.nameless is not None]:
            return int(known.group_of[min(nameless)])
        votes: defaultdict[int, float] = defaultdict(float)
        for place in np.flatnonzero((self.held > 0) & ~self.prose).tolist():
            holders = known.holding(int(self.keys[place]))
            if len(holders) < COMMON:
                tie = float(weight(np.array([len(holders) + 1]), len(known.index))[0])
                for group in np.unique(known.group_of[holders]).tolist():
                    votes[group] += tie
        best = max(votes, key=lambda group: (votes[group], -group), default=NOBODY)
        return best if votes[best] >= TIE else NOBODY

    @cached_property
    def _copied(self) -> list[int]:
        """Learnt documents whose rare prose the document shares, or most of whose prose it does.

        A line that one document holds is rare here, too.
        """
        known = self.known
        prose = {self.blocks[place].folded: place for place in np.flatnonzero(self.prose).tolist()}
        lengths = {place: self.blocks[place].stop - self.blocks[place].start for place in prose.values()}
        held = [place for place in lengths if self.held[place]]
        if len(held) < LINES:  # then it is a copy of none
            return []
        total = sum(lengths.values())
        shared: defaultdict[int, list[int]] = defaultdict(list)  # with each document, the lengths of lines
        rare: defaultdict[int, list[int]] = defaultdict(list)
        for place in held:
            holders = known.holding(int(self.keys[place])).tolist()
            for number in holders:
                shared[number].append(lengths[place])
                if len(holders) <= RARE:
                    rare[number].append(lengths[place])
        own = known.copies.prose
        return [
            number
            for number, lines in sorted(shared.items())
            if is_copy(len(rare[number]), sum(rare[number]), min(total, int(own[number])))
            or is_twin(len(lines), sum(lines), max(total, int(own[number])))
        ]

    def _sources(self, own: Collection[int]) -> set[int]:
        """Return the families, besides `own`, with a document that holds every line of this one: it is an excerpt of it.

        Such as its body, cleaned.
        """
        if self.unheld or not self.lettered:
            return set()
        known, lettered = self.known, self.keys != NO_KEY
        keys = self.keys[lettered]
        rarest = int(keys[np.argmin(self.held[lettered])])
        sources: set[int] = set()
        for candidate in holders(known, rarest, own):
            family = int(known.families[candidate])
            if family not in sources:
                first, last = known.index.lines.first[candidate : candidate + 2].tolist()
                # By sorting: the other way of old numpy ends on large numbers.
                if np.isin(keys, known.index.lines.keys[first:last], kind="sort").all():
                    sources.add(family)
        return sources


def kinships(
    known: Frequencies, documents: Sequence[Document], blocks: Sequence[Sequence[Block]], lines: Lines
) -> list[Kinship]:
    """Return what each document is to the learnt ones, given the blocks of each as they were learnt, and the lines of all."""
    lettered = lines.lettered
    starts, stops = known.lines_with(lines.keys)
    held = np.where(lettered, stops - starts, 0)
    some, unheld = (
        np.concatenate(([0], np.cumsum(marked)))[lines.first] for marked in (lettered, lettered & (held == 0))
    )
    whether = zip((some[1:] > some[:-1]).tolist(), (unheld[1:] > unheld[:-1]).tolist(), strict=True)
    own = (slice(*bounds) for bounds in pairwise(lines.first.tolist()))
    return [
        Kinship(known, document, its, lines.keys[at], lines.prose[at], held[at], *both)
        for document, its, at, both in zip(documents, blocks, own, whether, strict=True)
    ]
