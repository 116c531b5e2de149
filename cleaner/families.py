"""What families of copies hold, and what a document is that is one of them: of large families it is remembered, as each member asks.

A corpus may hold a page a hundred thousand times. To ask all of them on behalf of each would take for ever.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cleaner.counting import combined, grouped
from cleaner.frequency import Frequencies
from cleaner.index import AT_ONCE
from cleaner.spill import steps
from cleaner.standing import KINDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGE = 64
"""What families of more members than this hold is remembered."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a document is that was learnt, under whatever names."""

    families: frozenset[int]
    """Those of it, and of its copies."""
    original: int
    """The first learnt document that it is a copy of, or itself."""
    nameless: int | None
    """The first one of it without a group's name."""


def learnt(known: Frequencies, numbers: Collection[int]) -> Learnt:
    """Return what a document is that is each of some learnt ones, at least one.

    >>> from cleaner.index import learn
    >>> from cleaner.model import Document
    >>> learnt(Frequencies(learn([Document("a", "One."), Document("b", "One.")])), [1])
    Learnt(families=frozenset({0}), original=0, nameless=1)
    """
    copies = set(numbers).union(*(known.copies.pairs.get(number, ()) for number in numbers))
    return Learnt(
        frozenset(int(known.families[number]) for number in copies),
        min(int(known.originals[number]) for number in numbers),
        min((number for number in numbers if not known.index.groups[number]), default=None),
    )


def saying(known: Frequencies, digest: str) -> Learnt | None:
    """Return what a document is that has a digest; None when none was learnt that has."""
    same = known.copies.saying(digest)
    if not len(same):
        return None
    if len(same) <= LARGE:
        return learnt(known, same.tolist())
    if digest not in known.remembered:
        known.remembered[digest] = learnt(known, same.tolist())
    found: Learnt = known.remembered[digest]
    return found


def held_by(known: Frequencies, family: int, kind: str) -> NDArray[np.uint64]:
    """Return the codes of a kind that the members of a family hold, sorted, each once."""
    found: NDArray[np.uint64] | None = known.remembered.get((family, kind))
    if found is not None:
        return found
    members = known.members_of(family)
    some = (members[start:stop] for start, stop in steps(len(members), AT_ONCE))
    found = np.unique(np.concatenate([np.unique(_codes(known, kind, part)) for part in some]))
    if len(members) > LARGE:
        known.remembered[family, kind] = found
    return found


def _codes(known: Frequencies, kind: str, documents: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the codes of a kind in some documents."""
    if kind == "shingles":
        long = known.index.shingles.take(documents)
        return grouped(combined(known.group_of[documents])[long.documents], long.hashes)
    return KINDS[kind](known.standing.take(documents))[0]


def holders(known: Frequencies, key: int, own: Collection[int]) -> list[int]:
    """Return the documents of other families than `own` that hold a line of this key, sorted."""
    if known.remembered.get(key, {None}) <= set(own):  # all of them are copies of one page
        return []
    found = known.holding(key)
    if len(found) > LARGE and key not in known.remembered:
        known.remembered[key] = set(np.unique(known.families[found]).tolist())
    others: list[int] = found[~np.isin(known.families[found], list(own))].tolist()
    return others
