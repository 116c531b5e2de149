"""What a corpus has taught: which document holds which line, as fingerprints.

An `Index` is a set of documents. Learning a document adds it, merging is the union of sets: associative, commutative,
and the same document learnt twice counts once. Everything else (frequencies, runs, near-duplicates) is derived from it
by `cleaner.frequency`; `cleaner.saving` has its file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import chain, groupby, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from xxhash import xxh3_128_hexdigest

from cleaner import near
from cleaner.batches import batches
from cleaner.fingerprints import Lines, lines_of
from cleaner.model import Document
from cleaner.segment import segment
from cleaner.shingling import Shingles, shingles
from cleaner.spill import Space, steps
from cleaner.strings import Strings, Texts, packed, texts_of, united

if TYPE_CHECKING:
    from numpy.typing import NDArray

HELD = 4_000_000
"""Characters of text that are learnt at a time, and then let go."""

AT_ONCE = 2**12
"""Documents that are moved at a time."""


@dataclass(frozen=True, eq=False)
class Index:
    """Learnt documents and their lines, sorted by document (id, group, digest), then position. Build it with `learn`."""

    ids: Strings = field(default_factory=Strings)
    groups: Strings = field(default_factory=Strings)
    digests: Strings = field(default_factory=Strings)
    """Of each document's folded lines: two documents with the same digest say the same."""
    lines: Lines = field(default_factory=Lines)
    """Those of the documents."""
    shingles: Shingles = field(default_factory=Shingles)
    """Those of the documents' long lines."""
    texts: Texts = field(default_factory=Texts)
    """Of each distinct line that is `near.comparable`: to find near-duplicates by."""
    tables: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """What was derived from the rest before, by name, so that it need not be derived again: see `cleaner.frequency.derived`."""

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, documents: NDArray[np.int64]) -> Index:
        """Return the index of some documents, in the order given, without texts and tables."""
        return Index(**{part: getattr(self, part).take(documents) for part in _PARTS})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Index) and all(map(np.array_equal, arrays(self).values(), arrays(other).values()))

    __hash__ = None  # type: ignore[assignment]


def arrays(index: Index) -> dict[str, NDArray[Any]]:
    """Return the arrays of an index by name, without its tables.

    >>> sorted(arrays(Index()))[:3]
    ['digests.encoded', 'digests.first', 'groups.encoded']
    """
    found = {
        f"{part}.{one.name}": getattr(getattr(index, part), one.name)
        for part, kind in _PARTS.items()
        for one in fields(kind)
    }
    texts = index.texts
    return found | {_KEYS: texts.keys, f"texts.{_FIRST}": texts.strings.first, "texts.encoded": texts.strings.encoded}


def of_arrays(found: Mapping[str, NDArray[Any]], tables: Mapping[str, NDArray[Any]]) -> Index:
    """Return the index with these arrays, as `arrays` names them, and tables.

    Raises:
        KeyError: one is missing.

    >>> index = learn([Document("a", "One.")])
    >>> of_arrays(arrays(index), {}) == index
    True
    """
    parts: dict[str, Any] = {
        part: kind(**{one.name: found[f"{part}.{one.name}"] for one in fields(kind)}) for part, kind in _PARTS.items()
    }
    texts = Texts(found[_KEYS], Strings(found[f"texts.{_FIRST}"], found["texts.encoded"]))
    return Index(**parts, texts=texts, tables=tables)


_PARTS = {"ids": Strings, "groups": Strings, "digests": Strings, "lines": Lines, "shingles": Shingles}
"""What an index has of each document."""

_KEYS, _FIRST = "texts.keys", "first"


def digest_of(keys: NDArray[np.uint64]) -> str:
    """Return the digest of a document with lines of these fingerprints, in this order.

    >>> digest_of(np.array([1, 2], dtype=np.uint64)) == digest_of(np.array([2, 1], dtype=np.uint64))
    False
    """
    return xxh3_128_hexdigest(keys.tobytes())


def learn(documents: Iterable[Document]) -> Index:
    r"""Index `documents`. Their order does not matter, and one that comes twice counts once.

    Args:
        documents: any iterable, such as a generator; no more than a few megabytes of texts are held at a time.

    >>> index = learn([Document("a", "One.\nShare this"), Document("b", "Two.\nShare this")])
    >>> len(index), len(set(index.lines.keys.tolist()))
    (2, 3)
    """
    several = batches(documents, HELD)
    first, second = next(several, []), next(several, None)
    return _learnt(first) if second is None else merge(map(_learnt, chain([first, second], several)))


def _learnt(found: Sequence[Document]) -> Index:
    pages = [(document.text, segment(document.text)) for document in found]
    lines = lines_of(pages)
    blocks = chain.from_iterable(blocks for _, blocks in pages)
    texts = {
        number: block.folded
        for number, block in zip(lines.keys.tolist(), blocks, strict=True)
        if number and near.comparable(block.folded)
    }
    keys = sorted(texts)
    digests = [digest_of(lines.keys[first:last]) for first, last in pairwise(lines.first.tolist())]
    learnt = Index(
        packed(document.id for document in found),
        packed(document.group for document in found),
        packed(digests),
        lines,
        shingles(pages),
        texts_of(keys, map(texts.__getitem__, keys)),
    )
    return _ordered(learnt, Space())


def merge(indexes: Iterable[Index], space: Space | None = None) -> Index:
    """Return the index of all documents of `indexes`: what `learn` makes of them at once.

    Args:
        indexes: each is asked for once, and let go before the next one.
        space: where the arrays go; by default into memory.

    >>> one, other = learn([Document("a", "One.")]), learn([Document("b", "Two.")])
    >>> merge([one, other]) == merge([other, one]) == learn([Document("b", "Two."), Document("a", "One.")])
    True
    """
    space = space or Space()
    strung = _strung(indexes, space)
    return replace(_ordered(strung, space), texts=united(strung.texts.keys, strung.texts.strings, space))


def _strung(parts: Iterable[Index], space: Space) -> Index:
    """Return all parts, one after another."""
    columns = {name: space.column(array.dtype) for name, array in arrays(Index()).items()}
    ends = {name: 0 for name in columns if name.endswith(_FIRST)}
    for name in ends:
        columns[name].append(np.zeros(1, dtype=np.int64))
    for part in parts:
        for name, array in arrays(part).items():
            if name in ends:
                columns[name].append(array[1:] + ends[name])
                ends[name] += int(array[-1])
            else:
                columns[name].append(array)
    return of_arrays({name: column.array() for name, column in columns.items()}, {})


def _ordered(index: Index, space: Space) -> Index:
    """Put documents in order; one that comes twice counts once."""
    names = list(zip(index.ids, index.groups, index.digests, strict=True))
    order: list[int] = []
    for _, same in groupby(sorted(range(len(names)), key=names.__getitem__), key=names.__getitem__):
        several = list(same)
        if (
            len(several) > 1
        ):  # how the lines look tells them apart: what folds to the same, or has no letter, may still differ
            looks = {_look(index.lines, number): number for number in several}
            several = [looks[look] for look in sorted(looks)]
        order += several
    if order == list(range(len(names))):
        return index
    chunks = (np.array(order[start:stop], dtype=np.int64) for start, stop in steps(len(order), AT_ONCE))
    return replace(_strung(map(index.take, chunks), space), texts=index.texts)


def _look(lines: Lines, document: int) -> bytes:
    """Return all that is known of the lines of a document."""
    own = lines.take(np.array([document]))
    columns = (own.starts, own.stops, own.masks, own.heads, own.tails, own.shapes, own.widths, own.cells)
    return b"".join(column.tobytes() for column in columns)
