"""What an index says of a corpus: how many independent documents hold each line, and where in them.

Frequency is independent: documents that share their own prose (syndicated, republished, duplicated) are a family and
count once. Everything here is derived from the index, so equal indexes say the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cleaner import near
from cleaner.copies import Copies
from cleaner.counting import Counter, combined, counter, totals
from cleaner.fingerprints import REMEMBERED
from cleaner.grouping import communities
from cleaner.index import Index
from cleaner.model import Partner, TemplateReason
from cleaner.standing import KINDS, Standing
from cleaner.surroundings import Codes, close, edge_runs, landmarks

if TYPE_CHECKING:
    from numpy.typing import NDArray

PARTNERS = 3
"""Other documents named per reason."""

_NAMED = 2 * PARTNERS
"""Documents remembered for each key."""


@dataclass(frozen=True, eq=False)
class Frequencies:
    """An index, ready for look-ups. All is derived from the index, so equal indexes say the same."""

    index: Index

    def __post_init__(self) -> None:
        """Take over what was derived before."""
        if self.index.tables:
            vars(self).update(_restored(self.index))

    def prepare(self, threads: int = 1) -> None:
        """Derive all that look-ups need: to hand it to other processes, which need not derive it anew."""
        for name in ("names", "by_name", "documents", "originals", "members", "standing"):
            getattr(self, name)
        _ = self.copies.by_digest, self.copies.prose
        with ThreadPoolExecutor(threads) as pool:  # sorting is most of it, and sorts in parallel
            tasks = [
                pool.submit(getattr, self, "neighbours"),
                *(pool.submit(self.counters.__getitem__, kind) for kind in (*KINDS, "members", "shingles")),
            ]
            for task in tasks:
                task.result()
        for name in ("sites", "shapes_in_all", "shingle_order", "_ordered"):
            getattr(self, name)

    @cached_property
    def documents(self) -> NDArray[np.int64]:
        """The document of each line."""
        return self.index.lines.documents

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
            order = np.array(self.copies.by_content)
            number = np.cumsum(nameless) - 1
            short = (self.slots >= 0) & ~self.index.lines.prose & nameless[self.documents]
            order = number[order[nameless[order]]]
            labels = communities(self.slots[short], number[self.documents[short]], len(order), order)
            groups[nameless] = len(self.names) + labels
        return groups

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """The lines with a key, by key, then by position."""
        lines = np.flatnonzero(self.index.lines.lettered)
        return lines[np.argsort(self.index.lines.keys[lines], kind="stable")]

    @cached_property
    def _ordered(self) -> NDArray[np.uint64]:
        return self.index.lines.keys[self.order]

    @cached_property
    def slots(self) -> NDArray[np.int64]:
        """The position of each line's key among the distinct keys; -1 for a line without one."""
        slots = np.full(len(self.index.lines), -1, dtype=np.int64)
        new = np.ones(len(self.order), dtype=np.bool_)
        new[1:] = self._ordered[1:] != self._ordered[:-1]
        slots[self.order] = np.cumsum(new) - 1
        return slots

    @cached_property
    def copies(self) -> Copies:
        """Which documents are copies of each other."""
        return Copies(self.index, self.documents, self.slots)

    @cached_property
    def families(self) -> NDArray[np.int64]:
        """The family of copies that each document is of."""
        return self.copies.families

    @cached_property
    def originals(self) -> NDArray[np.int64]:
        """For each document the first, by id, that it is a copy of; itself when there is none before it."""
        return np.array([self.copies.first(number) for number in range(len(self.index))], dtype=np.int64)

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
    def by_name(self) -> dict[tuple[str, str], list[int]]:
        """The documents with each id and group."""
        found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for number, name in enumerate(zip(self.index.ids, self.index.groups, strict=True)):
            found[name].append(number)
        return found

    @cached_property
    def standing(self) -> Standing:
        """All lines and where they stand."""
        lines, codes = self.index.lines, Codes(self.index.lines, self.group_of)
        lettered = lines.lettered
        marks, recurs = np.zeros((2, len(lines)), dtype=np.bool_)
        families = self.families[self.documents]
        held = totals(codes.held[lettered], families[lettered])
        sizes = totals(combined(self.group_of), self.families)
        marks[lettered] = landmarks(held, sizes[self.documents[lettered]])
        recurs[lettered] = totals(lines.keys[lettered], families[lettered]) >= 2
        return Standing(codes, marks, recurs, *edge_runs(lines.first, recurs, lines.prose, lettered))

    @cached_property
    def counters(self) -> Mapping[str, Counter]:
        """What holds each code of a kind, counted in families."""
        return _Counters(self)

    @cached_property
    def sites(self) -> NDArray[np.int64]:
        """In how many groups each key of "holders" stands."""
        return self._groups_holding.count(self.counters["holders"].codes)

    @cached_property
    def _groups_holding(self) -> Counter:
        keys, documents = KINDS["holders"](self.standing)
        return counter(keys, self.group_of[documents])

    @cached_property
    def shapes_in_all(self) -> NDArray[np.int64]:
        """How many lines have each of the "shapes"."""
        known = self.counters["shapes"]
        return np.bincount(known.places(self.standing.codes.shaped), minlength=len(known.codes))

    def counted(self, kind: str) -> Counter:
        """Count the families that hold each code of a kind."""
        if kind == "members":
            return counter(combined(self.group_of), self.families)
        if kind == "shingles":
            long = self.index.shingles
            documents = np.repeat(np.arange(len(self.index)), np.diff(long.first))
            return counter(combined(self.group_of[documents], long.hashes), self.families[documents]).parted()
        codes, documents = KINDS[kind](self.standing)
        found = counter(codes, self.families[documents])
        if kind == "holders":  # copies of a document may stand in several groups
            return found.parted(stay=self._groups_holding.count(found.codes) > 1)
        return found if kind == "shapes" else found.parted()

    @cached_property
    def shingle_order(self) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """The shingles of all documents by hash, then by document and place; and their hashes."""
        order = np.argsort(self.index.shingles.hashes, kind="stable")
        return order, self.index.shingles.hashes[order]

    @cached_property
    def neighbours(self) -> near.Neighbours:
        """Recurring lines, and unseen ones close to them or to an end: near-duplicates of these can matter."""
        lines, recurs = self.index.lines, self.standing.recurs
        some = recurs | close(lines.first, recurs, lines.lettered)
        return near.neighbours(self.index.texts.some(lines.keys[some]))

    def lines_with(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where in `order` the lines with each key start, and where they end."""
        return self._ordered.searchsorted(keys), self._ordered.searchsorted(keys, "right")

    def holding(self, key: int) -> NDArray[np.int64]:
        """Return the documents that hold a line of this key, sorted."""
        [start], [stop] = self.lines_with(np.array([key], dtype=np.uint64))
        return np.unique(self.documents[self.order[start:stop]])

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
        for line in self.order[start:stop]:
            number = int(self.documents[line])
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


_PLAIN: Final = ("group_of", "families", "order", "originals", "sites", "shapes_in_all")
_MARKS: Final = ("marks", "recurs", "head", "tail")


def derived(known: Frequencies) -> dict[str, NDArray[Any]]:
    """Return what takes long to derive from an index, by name: what its `tables` are for."""
    tables: dict[str, NDArray[Any]] = {name: getattr(known, name) for name in _PLAIN}
    tables |= {name: getattr(known.standing, name) for name in _MARKS}
    pairs = sorted((one, other) for one, others in known.copies.pairs.items() for other in others)
    tables |= {"copies": np.array(pairs, dtype=np.int64).ravel(), "prose": known.copies.prose}
    for kind in (*KINDS, "members", "shingles"):
        counter = known.counters[kind]
        tables |= {f"{kind}: {one.name}": getattr(counter, one.name) for one in fields(counter)}
    return tables | {f"near: {one.name}": getattr(known.neighbours, one.name) for one in fields(near.Neighbours)}


def _restored(index: Index) -> dict[str, Any]:
    """Return the attributes of `Frequencies` that the tables of an index hold."""
    tables = index.tables
    counters = {
        kind: Counter(*(tables[f"{kind}: {one.name}"] for one in fields(Counter)))
        for kind in (*KINDS, "members", "shingles")
    }
    pairs: defaultdict[int, set[int]] = defaultdict(set)
    for one, other in tables["copies"].reshape(-1, 2).tolist():
        pairs[one].add(other)
    nothing = np.empty(0, dtype=np.int64)
    copies = Copies(index, nothing, nothing)  # which are copies is known; it need not, and cannot, find more
    vars(copies).update(pairs=dict(pairs), prose=tables["prose"])
    return {
        **{name: tables[name] for name in _PLAIN},
        "standing": Standing(Codes(index.lines, tables["group_of"]), *(tables[name] for name in _MARKS)),
        "counters": counters,
        "copies": copies,
        "neighbours": near.Neighbours(*(tables[f"near: {one.name}"] for one in fields(near.Neighbours))),
    }
