"""What a corpus says of a document's blocks: how often each is repeated, and in what company.

Two things make the counts mean something. They are of independent documents, and neither the document itself nor what
it was taken from counts. And they are taken both in the document's group, known or inferred, and over the corpus.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner import near
from cleaner.fingerprints import Lines, joined, lines_of, taken
from cleaner.frequency import Frequencies
from cleaner.kinship import Kinship, kinships
from cleaner.model import Block, Document, TemplateReason
from cleaner.others import Others, columns
from cleaner.passages import Passages, Reasons
from cleaner.surroundings import Codes, close

if TYPE_CHECKING:
    from numpy.typing import NDArray


def lookup(known: Frequencies, documents: Sequence[Document], blocks: Sequence[Sequence[Block]]) -> list[Repetition]:
    r"""Return what the corpus knows of the blocks of each of some documents: one's answer does not depend on the others.

    Args:
        known: what the corpus has taught.
        documents: those to look up. Several at once are looked up faster.
        blocks: of each, as `segment` tiles it.

    >>> from cleaner.index import learn
    >>> from cleaner.segment import segment
    >>> one, other = Document("a", "Of bees.\nShare this"), Document("b", "Of ants.\nShare this")
    >>> [found] = lookup(Frequencies(learn([one, other])), [one], [segment(one.text)])
    >>> found.reasons[1].documents, found.reasons[1].partners
    (2, (Partner(id='b', start=9, end=19),))
    """
    return Lookup(known, documents, blocks).found(range(len(documents)))


@dataclass(frozen=True, eq=False)
class Repetition:
    """What a corpus knows of a document's blocks: arrays with one number for each of them, counts of other documents."""

    blocks: tuple[Block, ...]
    """Those looked up, long lines split where repetition starts or ends."""
    size: int
    """How many other independent documents the group has."""
    group: NDArray[np.int64]
    """How many of them hold the block."""
    corpus: NDArray[np.int64]
    """How many other independent documents of the corpus do."""
    sites: NDArray[np.int64]
    """How many groups do, its own counted."""
    near: NDArray[np.float64]
    """How many hold nearly the same, times the similarity; 0 where some hold the same."""
    masked: NDArray[np.int64]
    """How many of the group hold the block when every digit is taken as 0."""
    before: NDArray[np.int64]
    """How many of the group hold it right after the block before it here, digits as 0."""
    after: NDArray[np.int64]
    """How many of the group hold it right before the block after it here, digits as 0."""
    labelled: NDArray[np.int64]
    """How many of the group have, next to the block that is next to it here, one that starts or ends like it."""
    gap: NDArray[np.int64]
    """How many of the group have the two landmarks around the block, one after the other; 0 for a landmark."""
    filled: NDArray[np.int64]
    """How many of these have text in between."""
    prose: NDArray[np.int64]
    """How many of these have prose in between."""
    framed: NDArray[np.int64]
    """How many of the group have a block that both starts and ends like it."""
    placed: NDArray[np.int64]
    """How many of the group have, as far after or before the same landmark, a block that starts or ends like it."""
    fixed: NDArray[np.int64]
    """How many of the group have it, digits as 0, as far from their start, or from their end, as it is here."""
    shaped: NDArray[np.int64]
    """How many of the group have, as far after or before the same landmark, a block of the same shape."""
    shape: NDArray[np.int64]
    """How many of the group have a block of the same shape anywhere."""
    shape_once: NDArray[np.float64]
    """How many documents of the group have that shape against how many blocks do: 1 when it comes once in each."""
    place: NDArray[np.int64]
    """How many of the group have any block as far after the same landmark, or before it, whichever is more."""
    place_prose: NDArray[np.float64]
    """The smaller share of these that have prose there."""
    cells: NDArray[np.int64]
    """How many cells the block has, 0 when it is but one."""
    cells_known: NDArray[np.float64]
    """The share of its cells that others of the group have."""
    cells_strong: NDArray[np.float64]
    """The mean share of the group's other documents that have each of its cells."""
    head: NDArray[np.int64]
    """How many of the corpus hold the block in a run of recurring ones at their start."""
    tail: NDArray[np.int64]
    """How many of the corpus hold the block in a run of recurring ones at their end."""
    edge: NDArray[np.bool_]
    """Whether it stands in such a run here, and others hold it with no prose of their own between it and that end."""
    reasons: Mapping[int, TemplateReason] = field(default_factory=dict)
    """For each block that others hold, nearly hold, or hold a cell of: which, where, how many. Of cells the similarity is one
    to how many there are."""
    duplicate_of: str | None = None
    """The id of the first document that this one is a copy of."""

    @property
    def shared(self) -> NDArray[np.float64]:
        """How many other documents of the corpus hold each block, or nearly the same."""
        return np.maximum(self.corpus, self.near)


_OTHER = ("blocks", "size", "edge", "reasons", "duplicate_of")
"""What is no count."""


def none(blocks: Sequence[Block]) -> Repetition:
    """Return what an empty index knows of `blocks`: nothing.

    >>> none([Block(0, 1, 1, "a")]).group.tolist()
    [0]
    """
    nothing = np.zeros(len(blocks), dtype=np.int64)
    names: list[str] = [one.name for one in fields(Repetition) if one.name not in _OTHER]
    values: dict[str, Any] = dict.fromkeys(names, nothing)
    values |= {"near": nothing * 1.0, "shape_once": nothing * 1.0, "place_prose": nothing + 1.0}
    return Repetition(tuple(blocks), 0, edge=nothing.astype(np.bool_), **values)


@dataclass(frozen=True, eq=False)
class Lookup:
    """Some documents against the index: first what others hold of them; all else that is known only of those asked for."""

    known: Frequencies
    documents: Sequence[Document]
    segmented: Sequence[Sequence[Block]]
    """The blocks of each, as they were learnt."""
    alike: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    """What nearly equals lines that were looked up before, by their text: it is added to."""

    @cached_property
    def blocks(self) -> list[tuple[Block, ...]]:
        """The blocks to look up, of each document: long lines parted where repetition starts or ends."""
        return [passages.blocks for passages in self._passages] if self._some else list(map(tuple, self.segmented))

    @cached_property
    def reasons(self) -> list[Reasons]:
        """For each document, by block, the reason of a block that others hold, nearly hold, or hold a cell of."""
        return [Reasons(makers) for makers in self._makers] if self._some else [Reasons({}) for _ in self.documents]

    def found(self, numbers: Iterable[int]) -> list[Repetition]:
        """Return all that is known of the documents of these numbers."""
        wanted = np.array(list(numbers), dtype=np.int64)
        if not self._some or not len(wanted):
            return [none(self.blocks[number]) for number in wanted.tolist()]
        others, first = self._others, self._first
        if wanted.tolist() != [*range(len(self.documents))]:
            others, (_, lines) = others.take(wanted), taken(self._lines.first, wanted)
            first = {name: column[lines] for name, column in first.items()}
        counts = columns(others, first)
        sizes = others.sizes.tolist()
        found = []
        for number, (start, end), size in zip(
            wanted.tolist(), pairwise(others.lines.first.tolist()), sizes, strict=True
        ):
            own: dict[str, Any] = {name: column[start:end] for name, column in counts.items()}
            own |= {"reasons": self.reasons[number], "duplicate_of": self._kin[number].duplicate_of}
            found.append(Repetition(self.blocks[number], size, **own) if start < end else none(()))
        return found

    def passed_over(self, number: int) -> Repetition:
        """Return, of a document that nothing speaks of, no more than what it is a copy of."""
        nothing = none(self.blocks[number])
        return (
            replace(nothing, duplicate_of=self._kin[number].duplicate_of) if self._some and nothing.blocks else nothing
        )

    @cached_property
    def _some(self) -> bool:
        """Whether there is anything to look up, and anything to look it up in."""
        return len(self.known.index.lines) > 0 and any(self.segmented)

    @cached_property
    def _learnt(self) -> Lines:
        """The lines, as they were learnt."""
        return lines_of((one.text, blocks) for one, blocks in zip(self.documents, self.segmented, strict=True))

    @cached_property
    def _kin(self) -> list[Kinship]:
        """What each document is to the learnt ones."""
        return kinships(self.known, self.documents, self.segmented, self._learnt)

    @cached_property
    def _passages(self) -> list[Passages]:
        """The long lines of each document."""
        return list(map(Passages, self._kin))

    @cached_property
    def _lines(self) -> Lines:
        """The lines to look up."""
        parted = [at for at, (one, other) in enumerate(zip(self.blocks, self.segmented, strict=True)) if one != other]
        if not parted:
            return self._learnt
        order = np.arange(len(self.documents))
        order[parted] = len(order) + np.arange(len(parted))
        anew = lines_of((self.documents[at].text, self.blocks[at]) for at in parted)
        return joined([self._learnt, anew]).take(order)

    @cached_property
    def _others(self) -> Others:
        groups = np.array([kin.group for kin in self._kin], dtype=np.int64)
        return Others(self.known, Codes(self._lines, groups), [kin.own for kin in self._kin])

    @cached_property
    def _holders(self) -> NDArray[np.int64]:
        """How many others of the corpus have each line."""
        return self._others.count("holders", self._lines.keys)

    @cached_property
    def _whole(self) -> NDArray[np.int64]:
        """How many others of the group have each line."""
        return self._others.within("group holders", self._others.codes.held, np.arange(len(self._lines)), self._holders)

    @cached_property
    def _parts(self) -> list[tuple[int, int]]:
        """Document and place of the parts of long lines that more documents hold than have a line of their own for."""
        return [
            (number, at)
            for number, passages in enumerate(self._passages)
            for at, (count, _) in passages.covered.items()
            if count > self._whole[self._lines.first[number] + at]
        ]

    @cached_property
    def _group(self) -> NDArray[np.int64]:
        """How many others of the group hold each line, as one of theirs or as a part of one."""
        group = self._whole.copy()
        for number, at in self._parts:
            group[self._lines.first[number] + at] = self._passages[number].covered[at][0]
        group[~self._lines.lettered] = 0
        return group

    @cached_property
    def _corpus(self) -> NDArray[np.int64]:
        """How many others of the corpus do."""
        return np.maximum(self._holders, self._group)

    @cached_property
    def _first(self) -> dict[str, NDArray[Any]]:
        """What is known of each line so far: counts, near-duplicates, the key or that of its nearest, whether it is a part."""
        keys, similar = self._lines.keys.copy(), np.zeros(len(self._lines))
        part = np.zeros(len(self._lines), dtype=np.bool_)
        part[[self._lines.first[number] + at for number, at in self._parts]] = True
        for at, alike in self._nearly.items():
            similar[at] = max(count for _, count, _ in alike) * alike[0][2]
            keys[at] = alike[0][0]
        return {"group": self._group, "corpus": self._corpus, "near": similar, "keys": keys, "part": part}

    @cached_property
    def _makers(self) -> list[dict[int, tuple[Any, ...]]]:
        """For each document, by block, what makes its reason."""
        reason = self.known.reason
        makers: list[dict[int, tuple[Any, ...]]] = [{} for _ in self.documents]
        held = np.flatnonzero(self._holders > 0)
        first, documents = self._lines.first, self._others.documents
        places = (held - first[documents[held]]).tolist()
        counts, keys = self._holders[held].tolist(), self._lines.keys[held].tolist()
        own = self._others.families
        for number, at, key, count in zip(documents[held].tolist(), places, keys, counts, strict=True):
            makers[number][at] = (reason, key, count, 1.0, own[number])
        for number, at in self._parts:
            if self._corpus[first[number] + at]:
                makers[number][at] = (self._passages[number].reason, at)
        for line, ((key, count, alike), *_) in self._nearly.items():
            number = int(documents[line])
            makers[number][line - int(first[number])] = (reason, key, count, alike, own[number])
        for line, *found in self._titled():
            number = int(documents[line])
            makers[number].setdefault(line - int(first[number]), (reason, *found, own[number]))
        return makers

    def _titled(self) -> Iterator[tuple[int, int, int, float]]:
        """Yield lines with a cell that is a line of its own elsewhere in the group: they link to that page.

        With it come the cell's key, how many others hold it, and its share of the cells.
        """
        codes, lines = self._others.codes.celled
        if not len(lines):
            return
        linked = self._others.count("group holders", codes, lines) > 0
        counts = self._others.count("holders", self._lines.cells[linked], lines[linked]).tolist()
        cells = self._lines.cells[linked].tolist()
        for line, at in zip(*(one.tolist() for one in np.unique(lines[linked], return_index=True)), strict=True):
            yield line, cells[at], counts[at], 1 / int(self._lines.widths[line])

    @cached_property
    def _nearly(self) -> dict[int, list[tuple[int, int, float]]]:
        """For each line that nothing equals but something nearly does, of each such: key, count, similarity; best first.

        Not for pages: their markup tells nearly as much (`calibrate_pages`), and these are most of what a look-up takes.
        """
        held, first, documents = self._corpus, self._lines.first, self._others.documents
        texts: dict[int, str] = {}
        for line in np.flatnonzero(close(first, held > 0, self._lines.lettered) & (held == 0)).tolist():
            number = int(documents[line])
            folded = self.blocks[number][line - int(first[number])].folded
            if self.documents[number].layout is None and not self._others.alone[number] and near.comparable(folded):
                texts[line] = folded
        if not texts:
            return {}
        fresh = list(dict.fromkeys(text for text in texts.values() if text not in self.alike))
        self.alike.update(zip(fresh, self.known.neighbours.like(fresh), strict=True))
        alike = [self.alike[text] for text in texts.values()]
        lines = np.repeat(np.array(list(texts), dtype=np.int64), list(map(len, alike)))
        keys = np.array([key for matches in alike for key, _ in matches], dtype=np.uint64)
        counts = iter(self._others.count("holders", keys, lines).tolist())
        found = {
            line: [(key, count, similarity) for (key, similarity), count in zip(matches, counts, strict=False) if count]
            for line, matches in zip(texts, alike, strict=True)
        }
        return {line: others for line, others in found.items() if others}
