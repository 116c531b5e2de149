"""What a corpus has taught: which document holds which line, as fingerprints.

An `Index` is a set of documents. Learning a document adds it, merging is the union of sets: associative, commutative,
and the same document learnt twice counts once. Everything else (frequencies, runs, near-duplicates) is derived from it
by `cleaner.frequency`. On disk it is one safetensors file: arrays, no pickle, a versioned header.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from xxhash import xxh3_128_hexdigest

from cleaner import near
from cleaner.fingerprints import affixes_of, cells_of, keys_of, masks_of, shapes_of
from cleaner.model import Document, IndexFormatError
from cleaner.segment import FOLD_VERSION, SEGMENT_VERSION, is_prose, segment
from cleaner.shingling import Shingles, shingles

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = 2
"""Version of the file's layout."""

SETTINGS: dict[str, object] = {
    "format": FORMAT,
    "normaliser": FOLD_VERSION,
    "segmenter": SEGMENT_VERSION,
    "hash": "xxh3_64",
    "shingler": f"characters-{near.SHINGLE}-{near.SHINGLE_DENSE}",
    "scheme": "affine32",
    "permutations": near.PERMUTATIONS,
}
"""What an index file must have been made with to fit this program."""


@dataclass(frozen=True, eq=False)
class Index:
    """Learnt documents and their lines, sorted by document (id, group, digest), then position. Build it with `learn`."""

    ids: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    """Of each document's folded lines: two documents with the same digest say the same."""
    first: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    """Document d has the lines `[first[d], first[d + 1])`."""
    keys: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    starts: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    """Where each line starts in its document, in code points."""
    stops: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    """Where each line's content ends, exclusive."""
    prose: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=np.bool_))
    """Whether each line reads like a sentence of a body."""
    masks: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    """Fingerprint of each line with every digit as 0, letters or not: what it is to its neighbours."""
    heads: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    """Fingerprint of how each line starts: of its first `AFFIX` folded characters."""
    tails: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    """Fingerprint of how each line ends: of its last `AFFIX` folded characters."""
    shapes: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    """Fingerprint of how each line looks: see `shapes_of`."""
    cells: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    """Keys of the cells of lines that have several, line after line: breadcrumbs, bars of links, rows of tables."""
    widths: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    """How many cells each line has; 0 when it is but one."""
    shingles: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    """Hashes of the shingles of each document's long lines, document after document, in order."""
    shingle_starts: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    shingle_stops: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    shingle_first: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    """Document d has the shingles `[shingle_first[d], shingle_first[d + 1])`."""
    texts: dict[int, str] = field(default_factory=dict)
    """Folded text of each distinct line that is `near.comparable`, by key: to find near-duplicates by."""

    def __len__(self) -> int:
        return len(self.ids)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Index) and dumps(self) == dumps(other)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class _Row:
    """One document's part of an index."""

    id: str
    group: str
    digest: str
    keys: NDArray[np.uint64]
    starts: NDArray[np.uint32]
    stops: NDArray[np.uint32]
    prose: NDArray[np.bool_]
    masks: NDArray[np.uint64]
    heads: NDArray[np.uint32]
    tails: NDArray[np.uint32]
    shapes: NDArray[np.uint32]
    cells: NDArray[np.uint64]
    widths: NDArray[np.uint32]
    shingles: Shingles

    @property
    def identity(self) -> tuple[str, str, str, bytes]:
        # The offsets are part of it: the same lines may be set apart by other white space.
        return self.id, self.group, self.digest, self.starts.tobytes() + self.stops.tobytes()


def digest_of(keys: NDArray[np.uint64]) -> str:
    """Return the digest of a document with lines of these fingerprints, in this order."""
    return xxh3_128_hexdigest(keys.tobytes())


def learn(documents: Iterable[Document]) -> Index:
    r"""Index `documents`. Their order does not matter, and one that comes twice counts once.

    >>> index = learn([Document("a", "One.\nShare this"), Document("b", "Two.\nShare this")])
    >>> len(index), len(set(index.keys.tolist()))
    (2, 3)
    """
    texts: dict[int, str] = {}
    rows = [_row(document, texts) for document in documents]
    return _assemble(rows, texts)


def merge(indexes: Iterable[Index]) -> Index:
    """Return the index of all documents of `indexes`: what `learn` makes of them at once.

    >>> one, other = learn([Document("a", "One.")]), learn([Document("b", "Two.")])
    >>> merge([one, other]) == merge([other, one]) == learn([Document("b", "Two."), Document("a", "One.")])
    True
    """
    texts: dict[int, str] = {}
    rows: list[_Row] = []
    for index in indexes:
        texts.update(index.texts)
        rows.extend(_rows(index))
    return _assemble(rows, texts)


def _row(document: Document, texts: dict[int, str]) -> _Row:
    blocks = segment(document.text)
    keys = keys_of(blocks)
    for number, block in zip(keys.tolist(), blocks, strict=True):
        if number and near.comparable(block.folded):
            texts[number] = block.folded
    return _Row(
        document.id,
        document.group,
        digest_of(keys),
        keys,
        np.array([block.start for block in blocks], dtype=np.uint32),
        np.array([block.stop for block in blocks], dtype=np.uint32),
        np.array([is_prose(block.folded) for block in blocks], dtype=np.bool_),
        masks_of(blocks),
        *affixes_of(blocks),
        shapes_of(document.text, blocks),
        *cells_of(document.text, blocks),
        shingles(document.text, blocks),
    )


def _rows(index: Index) -> Iterator[_Row]:
    ends = np.concatenate(([0], np.cumsum(index.widths, dtype=np.int64)))
    for at in range(len(index)):
        lines = slice(int(index.first[at]), int(index.first[at + 1]))
        arrays = index.keys[lines], index.starts[lines], index.stops[lines], index.prose[lines]
        marks = index.masks[lines], index.heads[lines], index.tails[lines], index.shapes[lines]
        cells = index.cells[int(ends[lines.start]) : int(ends[lines.stop])], index.widths[lines]
        words = slice(int(index.shingle_first[at]), int(index.shingle_first[at + 1]))
        long = Shingles(index.shingles[words], index.shingle_starts[words], index.shingle_stops[words])
        yield _Row(index.ids[at], index.groups[at], index.digests[at], *arrays, *marks, *cells, long)


def _assemble(rows: list[_Row], texts: dict[int, str]) -> Index:
    unique = {row.identity: row for row in rows}
    ordered = [unique[identity] for identity in sorted(unique)]
    if not ordered:
        return Index()
    return Index(
        tuple(row.id for row in ordered),
        tuple(row.group for row in ordered),
        tuple(row.digest for row in ordered),
        np.cumsum([0, *(len(row.keys) for row in ordered)], dtype=np.int64),
        np.concatenate([row.keys for row in ordered]),
        np.concatenate([row.starts for row in ordered]),
        np.concatenate([row.stops for row in ordered]),
        np.concatenate([row.prose for row in ordered]),
        np.concatenate([row.masks for row in ordered]),
        np.concatenate([row.heads for row in ordered]),
        np.concatenate([row.tails for row in ordered]),
        np.concatenate([row.shapes for row in ordered]),
        np.concatenate([row.cells for row in ordered]),
        np.concatenate([row.widths for row in ordered]),
        np.concatenate([row.shingles.hashes for row in ordered]),
        np.concatenate([row.shingles.starts for row in ordered]),
        np.concatenate([row.shingles.stops for row in ordered]),
        np.cumsum([0, *(len(row.shingles.hashes) for row in ordered)], dtype=np.int64),
        texts,
    )


_ARRAYS = {"first": np.int64, "keys": np.uint64, "starts": np.uint32, "stops": np.uint32, "prose": np.bool_} | {
    "masks": np.uint64,
    "heads": np.uint32,
    "tails": np.uint32,
    "shapes": np.uint32,
    "cells": np.uint64,
    "widths": np.uint32,
    "shingles": np.uint32,
    "shingle_starts": np.uint32,
    "shingle_stops": np.uint32,
    "shingle_first": np.int64,
}
_STRINGS = ("ids", "groups", "digests")


def dumps(index: Index) -> bytes:
    """Return the index as the bytes of a file; equal indexes give equal bytes.

    >>> loads(dumps(learn([Document("a", "One.")]))) == learn([Document("a", "One.")])
    True
    """
    from safetensors.numpy import save

    tensors: dict[str, NDArray[Any]] = {name: getattr(index, name) for name in _ARRAYS}
    for name in _STRINGS:
        tensors |= _packed(name, getattr(index, name))
    known = sorted(index.texts)
    tensors["text_keys"] = np.array(known, dtype=np.uint64)
    tensors |= _packed("texts", [index.texts[number] for number in known])
    header = SETTINGS | {"documents": len(index), "checksum": _checksum(tensors)}
    return save(tensors, {"cleaner": json.dumps(header, sort_keys=True)})


def loads(data: bytes, where: str = "index") -> Index:
    """Return the index that `dumps` wrote.

    Raises:
        IndexFormatError: the bytes are not an index, are damaged, or were made with other settings. The message starts
            with `where`.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        size = int.from_bytes(data[:8], "little")
        header = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["cleaner"])
        tensors = load(data)
    except (ValueError, KeyError, TypeError, RecursionError, SafetensorError) as error:
        raise IndexFormatError(f"{where}: not an index, or damaged; expected a file made by `cleaner learn`") from error
    if not isinstance(header, dict):
        raise IndexFormatError(f"{where}: not an index, or damaged; expected a file made by `cleaner learn`")
    for name, expected in SETTINGS.items():
        if header.get(name) != expected:
            raise IndexFormatError(
                f"{where}: made with {name} {header.get(name)!r}; expected {expected!r}: learn it anew"
            )
    if header.get("checksum") != _checksum(tensors):
        raise IndexFormatError(f"{where}: damaged: its checksum differs; expected it as `cleaner learn` wrote it")
    try:
        fields: dict[str, Any] = {name: tuple(_unpacked(name, tensors)) for name in _STRINGS}
        fields |= {name: tensors[name] for name in _ARRAYS}
        texts = dict(zip(tensors["text_keys"].tolist(), _unpacked("texts", tensors), strict=True))
    except (KeyError, ValueError) as error:
        raise IndexFormatError(f"{where}: lacks parts; expected it as `cleaner learn` wrote it") from error
    index = Index(**fields, texts=texts)
    if header.get("documents") != len(index):
        raise IndexFormatError(f"{where}: damaged: expected {header.get('documents')} documents, got {len(index)}")
    return index


def is_index(path: Path) -> bool:
    """Whether the file at `path` claims to be an index, of whatever settings."""
    with path.open("rb") as file:
        return b'"__metadata__":{"cleaner":' in file.read(256)


def load(path: Path | str) -> Index:
    """Read the index at `path`.

    Raises:
        IndexFormatError: it cannot be read, or is no index that fits.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise IndexFormatError(f"{path}: {error.strerror}; expected an index made by `cleaner learn`") from error
    return loads(data, str(path))


def _packed(name: str, strings: Sequence[str]) -> dict[str, NDArray[Any]]:
    pieces = [string.encode("utf-8", "surrogatepass") for string in strings]
    lengths = np.array([len(piece) for piece in pieces], dtype=np.uint32)
    return {f"{name}_bytes": np.frombuffer(b"".join(pieces), dtype=np.uint8), f"{name}_lengths": lengths}


def _unpacked(name: str, tensors: dict[str, NDArray[Any]]) -> Iterator[str]:
    data, at = tensors[f"{name}_bytes"].tobytes(), 0
    for length in tensors[f"{name}_lengths"].tolist():
        yield data[at : at + length].decode("utf-8", "surrogatepass")
        at += length


def _checksum(tensors: dict[str, NDArray[Any]]) -> str:
    parts = [
        f"{name}:{array.dtype}:{array.shape}:{xxh3_128_hexdigest(array.tobytes())}" for name, array in tensors.items()
    ]
    return xxh3_128_hexdigest("\n".join(sorted(parts)).encode())
