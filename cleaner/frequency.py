"""What an index says of a corpus: how many independent documents hold each line, and where in them.

Frequency is independent: documents that share their own prose (syndicated, republished, duplicated) are a family and
count once. Everything here is derived from the index, so equal indexes say the same.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cleaner import near
from cleaner.copies import Copies
from cleaner.counting import Counter, Tally, combined, counter, fresh, grouped
from cleaner.fingerprints import REMEMBERED
from cleaner.grouping import communities
from cleaner.index import Index
from cleaner.model import Partner, TemplateReason
from cleaner.spill import ROW, Space, Spill, parts, steps, touched
from cleaner.standing import KINDS, Counted, Standing
from cleaner.surroundings import Codes, close, edge_runs, landmarks

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

PARTNERS = 3
"""Other documents named per reason."""

_NAMED = 2 * PARTNERS
"""Documents remembered for each key."""


@dataclass(frozen=True, eq=False)
class Frequencies:
    """An index, ready for look-ups. All is derived from the index, so equal indexes say the same."""

    index: Index
    space: Space = field(default_factory=Space)
    """Where what is derived goes."""

    def __post_init__(self) -> None:
        """Take over what was derived before."""
        if self.index.tables:
            vars(self).update(_restored(self.index))

    def prepare(self) -> None:
        """Derive all that look-ups need: to hand it to other processes, which need not derive it anew."""
        for name in ("names", "group_of", "families", "originals", "ordered", "members", "standing", "neighbours"):
            getattr(self, name)
        for kind in COUNTED:
            _ = self.counters[kind]
        for name in ("sites", "shapes_in_all", "shingle_order"):
            getattr(self, name)
        _ = self.copies.prose

    @cached_property
    def names(self) -> dict[str, int]:
        """A number for each group that was given a name, from 0."""
        return {group: number for number, group in enumerate(sorted({*self.index.groups} - {""}))}

    @cached_property
    def group_of(self) -> NDArray[np.int64]:
        """The group of each document: the one with its name, else one inferred from shared short lines."""
        groups = np.array([self.names.get(group, -1) for group in self.index.groups], dtype=np.int64)
        nameless = groups < 0
        if nameless.any():
            order = self.copies.by_content
            number = np.cumsum(nameless) - 1
            labels = communities(self._short(nameless, number), number[order[nameless[order]]], self.space)
            groups[nameless] = len(self.names) + labels
        return groups

    def _short(self, nameless: NDArray[np.bool_], number: NDArray[np.int64]) -> Spill:
        """Return the short lines of the documents without a name, parted by their keys: with each the number of its document."""
        lines = self.index.lines
        spill = Spill(self.space, len(lines), np.int64)
        for start, stop in parts(lines.first, self.space):
            some = lines.part(start, stop)
            documents = some.documents + start
            short = some.lettered & ~some.prose & nameless[documents]
            spill.add(some.keys[short], number[documents[short]])
        return spill

    @cached_property
    def ordered(self) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """The lines with a key, by key, then by position; and their keys."""
        lines = self.index.lines
        spill = Spill(self.space, len(lines), np.int64)
        for start, stop in parts(lines.first, self.space):
            some = lines.part(start, stop)
            spill.add(some.keys[some.lettered], np.flatnonzero(some.lettered) + int(lines.first[start]))
        return self._sorted(spill, np.uint64)

    def _sorted(self, spill: Spill, dtype: DTypeLike) -> tuple[NDArray[np.int64], NDArray[Any]]:
        """Return places by code, then as they were added, and the codes, as that type."""
        order, ordered = self.space.column(np.int64), self.space.column(dtype)
        for codes, places in spill.ranges():
            at = np.argsort(codes, kind="stable")
            order.append(places[at])
            ordered.append(codes[at] >> np.uint64(64 - 8 * np.dtype(dtype).itemsize))
        return order.array(), ordered.array()

    @cached_property
    def copies(self) -> Copies:
        """Which documents are copies of each other."""
        return Copies(self.index, self.space)

    @cached_property
    def families(self) -> NDArray[np.int64]:
        """The family of copies that each document is of."""
        return self.copies.families

    @cached_property
    def originals(self) -> NDArray[np.int64]:
        """For each document the first, by id, that it is a copy of; itself when there is none before it."""
        return self.copies.originals

    @cached_property
    def members(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """All documents by family; and their families, sorted."""
        order = np.argsort(self.families, kind="stable")
        return order, self.families[order]

    def members_of(self, family: int) -> NDArray[np.int64]:
        """Return the documents of a family."""
        order, families = self.members
        return order[slice(*families.searchsorted((family, family + 1)))]

    @cached_property
    def remembered(self) -> dict[Any, Any]:
        """What `cleaner.families` found out."""
        return {}

    def named(self, name: str, group: str) -> list[int]:
        """Return the documents with this id and group."""
        found = range(len(self.index))
        for wanted, strings in ((name, self.index.ids), (group, self.index.groups)):  # by these they are sorted
            start = bisect_left(found, wanted, key=strings.__getitem__)
            found = found[start : bisect_right(found, wanted, start, key=strings.__getitem__)]
        return list(found)

    @cached_property
    def standing(self) -> Standing:
        """All lines and where they stand."""
        lines = self.index.lines
        held, holders = self.counters["group holders"], self.counters["holders"]
        sizes = self.counters["members"].count(combined(self.group_of))
        columns = [self.space.column(np.bool_) for _ in _MARKS]
        for start, stop in parts(lines.first, self.space):
            some = Codes(lines.part(start, stop), self.group_of[start:stop])
            lettered = some.lines.lettered
            marks = lettered & landmarks(held.count(some.held, lettered), sizes[start:stop][some.documents])
            recurs = lettered & (holders.count(some.lines.keys, lettered) >= 2)
            found = marks, recurs, *edge_runs(some.lines.first, recurs, some.lines.prose, lettered)
            for column, values in zip(columns, found, strict=True):
                column.append(values)
        return Standing(Codes(lines, self.group_of), *(column.array() for column in columns))

    @cached_property
    def counters(self) -> Mapping[str, Counter]:
        """What holds each code of a kind, counted in families."""
        return _Counters(self)

    @property
    def sites(self) -> NDArray[np.int64]:
        """In how many groups each key of "holders" stands."""
        return self._holders[1]

    @property
    def shapes_in_all(self) -> NDArray[np.int64]:
        """How many lines have each of the "shapes"."""
        return self._shapes[1]

    def counted(self, kind: str) -> Counter:
        """Count the families that hold each code of a kind."""
        if kind == "members":
            return counter(combined(self.group_of), self.families)
        if kind == "holders":
            return self._holders[0]
        if kind == "shapes":
            return self._shapes[0]
        tally = Tally(self.space)
        for codes, documents in self._codes(kind):
            tally.add(counter(codes, self.families[documents]).parted())
        return tally.counter()

    @cached_property
    def _holders(self) -> tuple[Counter, NDArray[np.int64]]:
        tally, sites = Tally(self.space), self.space.column(np.int64)
        for codes, documents in self._codes("holders"):
            groups = counter(codes, self.group_of[documents]).totals
            found = counter(codes, self.families[documents])
            several = groups > 1  # copies of a document may stand in several groups
            tally.add(found.parted(stay=several))
            sites.append(groups[several | (found.totals > 1)])
        return tally.counter(), sites.array()

    @cached_property
    def _shapes(self) -> tuple[Counter, NDArray[np.int64]]:
        tally, in_all = Tally(self.space), self.space.column(np.int64)
        for codes, documents in self._codes("shapes"):
            tally.add(counter(codes, self.families[documents]))
            in_all.append(np.unique(codes, return_counts=True)[1])
        return tally.counter(), in_all.array()

    def _codes(self, kind: str) -> Iterator[tuple[NDArray[Any], ...]]:
        """Yield the codes of a kind, and the document that each is of, a range of codes at a time."""
        first, several = self.index.lines.first, _SEVERAL.get(kind, 1)
        if kind == "shingles":
            first = self.index.shingles.first
        spill = Spill(self.space, several * int(first[-1]), np.int64)
        for start, stop in parts(first, self.space):
            codes, documents = self.codes_of(kind, start, stop)
            spill.add(codes, documents + start)
        yield from spill.ranges()

    def codes_of(self, kind: str, start: int, stop: int) -> Counted:
        """Return the codes of a kind in the documents `[start, stop)`, and the document that each is of, counted from `start`."""
        groups = self.group_of[start:stop]
        if kind == "shingles":
            long = self.index.shingles.part(start, stop)
            return grouped(combined(groups)[long.documents], long.hashes), long.documents
        lines = self.index.lines.part(start, stop)
        if kind in ("holders", "group holders"):  # which lines recur is known by these
            nothing = np.zeros(len(lines), dtype=np.bool_)
            return KINDS[kind](Standing(Codes(lines, groups), nothing, nothing, nothing, nothing))
        return KINDS[kind](self.standing.part(start, stop))

    @cached_property
    def shingle_order(self) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """The shingles of all documents by hash, then by document and place; and their hashes."""
        hashes = self.index.shingles.hashes
        spill = Spill(self.space, len(hashes), np.int64)
        for start, stop in steps(len(hashes), max(1, self.space.most // ROW)):
            spill.add(hashes[start:stop].astype(np.uint64) << np.uint64(32), np.arange(start, stop))
        return self._sorted(spill, np.uint32)

    @cached_property
    def neighbours(self) -> near.Neighbours:
        """Recurring lines, and unseen ones close to them or to an end: near-duplicates of these can matter."""
        lines, recurring, texts = self.index.lines, self.standing.recurs, self.index.texts
        spill, keys = Spill(self.space, len(lines)), self.space.column(np.uint64)
        for start, stop in parts(lines.first, self.space):
            some = lines.part(start, stop)
            recurs = recurring[lines.first[start] : lines.first[stop]]
            spill.add(np.unique(some.keys[recurs | close(some.first, recurs, some.lettered)]))
        for (found,) in spill.ranges():
            keys.append(np.unique(found))
        return near.neighbours(texts, texts.places(keys.array()), self.space)

    def lines_with(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where in `ordered` the lines with each key start, and where they end."""
        _, ordered = self.ordered
        touched(2 * len(keys))
        return ordered.searchsorted(keys), ordered.searchsorted(keys, "right")

    def documents(self, lines: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the documents that some lines are of."""
        found: NDArray[np.int64] = self.index.lines.first.searchsorted(lines, "right") - 1
        return found

    def holding(self, key: int) -> NDArray[np.int64]:
        """Return the documents that hold a line of this key, sorted."""
        [start], [stop] = self.lines_with(np.array([key], dtype=np.uint64))
        found = self.documents(self.ordered[0][start:stop])
        return found[fresh(found)]

    def reason(self, key: int, count: int, similarity: float, own: tuple[int, ...]) -> TemplateReason:
        """Return a key as a reason: the first `PARTNERS` documents, in order, of other families than `own`.

        Args:
            key: of a line.
            count: how many families besides `own` hold it.
            similarity: to the text of the key, in (0, 1].
            own: the families that do not count.
        """
        partners = [partner for family, partner in self._named(key) if family not in own][:PARTNERS]
        if len(partners) < PARTNERS and len(self._named(key)) == _NAMED:  # the first few are mostly the document's own
            partners = [partner for family, partner in self._holders_of(key) if family not in own][:PARTNERS]
        return TemplateReason(f"{key:016x}", count + 1, round(similarity, 3), tuple(partners))

    def _named(self, key: int) -> list[tuple[int, Partner]]:
        """Return the first documents that hold a key, with their families; remembered."""
        known = self._first_holders
        if key not in known:
            if len(known) >= REMEMBERED:
                known.clear()
            known[key] = list(islice(self._holders_of(key), _NAMED))
        return known[key]

    @cached_property
    def _first_holders(self) -> dict[int, list[tuple[int, Partner]]]:
        return {}

    def _holders_of(self, key: int) -> Iterator[tuple[int, Partner]]:
        """Yield family and place of each document that holds a key, once, in order."""
        lines = self.index.lines
        [start], [stop] = self.lines_with(np.array([key], dtype=np.uint64))
        last = -1
        for line in self.ordered[0][start:stop]:
            number = int(self.documents(line))
            if number != last:
                partner = Partner(self.index.ids[number], int(lines.starts[line]), int(lines.stops[line]))
                yield int(self.families[number]), partner
            last = number


class _Counters(dict[str, Counter]):
    """Counters by kind, counted when asked for."""

    def __init__(self, known: Frequencies) -> None:
        self._known = known

    def __missing__(self, kind: str) -> Counter:
        self[kind] = self._known.counted(kind)
        return self[kind]


_PLAIN: Final = ("group_of", "families", "originals")
_MARKS: Final = ("marks", "recurs", "head", "tail")
_ORDERS: Final = ("ordered", "shingle_order")
_SEVERAL: Final = {
    "pairs": 2,
    "affixes": 4,
    "cells": 2,
    "fixed": 2,
    "places": 2,
    "places by affix": 4,
    "places by shape": 2,
}
"""About how many codes of a kind a line has, of those that may have several."""

COUNTED: Final = (*KINDS, "members", "shingles")
"""The kinds that there are counters of."""


def derived(known: Frequencies) -> dict[str, NDArray[Any]]:
    """Return what takes long to derive from an index, by name: what its `tables` are for."""
    tables: dict[str, NDArray[Any]] = {name: getattr(known, name) for name in _PLAIN}
    tables |= {name: getattr(known.standing, name) for name in _MARKS}
    pairs = sorted((one, other) for one, others in known.copies.pairs.items() for other in others)
    tables |= {"copies": np.array(pairs, dtype=np.int64).ravel(), "prose": known.copies.prose}
    tables |= {"by_content": known.copies.by_content, "sites": known.sites, "shapes_in_all": known.shapes_in_all}
    for name in _ORDERS:
        tables |= {f"{name}: order": getattr(known, name)[0], f"{name}: codes": getattr(known, name)[1]}
    for kind in COUNTED:
        counter = known.counters[kind]
        tables |= {f"{kind}: {one.name}": getattr(counter, one.name) for one in fields(counter)}
    return tables | {"entries": known.neighbours.entries, "slots": known.neighbours.slots.view(np.uint32)}


def _restored(index: Index) -> dict[str, Any]:
    """Return the attributes of `Frequencies` that the tables of an index hold."""
    tables = index.tables
    counters = {kind: Counter(*(tables[f"{kind}: {one.name}"] for one in fields(Counter))) for kind in COUNTED}
    pairs: defaultdict[int, set[int]] = defaultdict(set)
    for one, other in tables["copies"].reshape(-1, 2).tolist():
        pairs[one].add(other)
    copies = Copies(index)
    vars(copies).update(pairs=dict(pairs), prose=tables["prose"], by_content=tables["by_content"])
    return {
        **{name: tables[name] for name in _PLAIN},
        "standing": Standing(Codes(index.lines, tables["group_of"]), *(tables[name] for name in _MARKS)),
        "counters": counters,
        "copies": copies,
        "_holders": (counters["holders"], tables["sites"]),
        "_shapes": (counters["shapes"], tables["shapes_in_all"]),
        **{name: (tables[f"{name}: order"], tables[f"{name}: codes"]) for name in _ORDERS},
        "neighbours": near.Neighbours(index.texts, tables["entries"], tables["slots"].view(np.int32)),
    }
