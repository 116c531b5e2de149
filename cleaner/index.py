"""What a corpus has taught: which document holds which line, as fingerprints.

An `Index` is a set of documents. Learning a document adds it, merging is the union of sets: associative, commutative,
and the same document learnt twice counts once. Everything else (frequencies, runs, near-duplicates) is derived from it
by `cleaner.frequency`. On disk it is one safetensors file: arrays, no pickle, a versioned header.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from xxhash import xxh3_128_hexdigest

from cleaner import near
from cleaner.counting import holds
from cleaner.fingerprints import Lines, joined, lines_of
from cleaner.model import Document, IndexFormatError
from cleaner.segment import FOLD_VERSION, SEGMENT_VERSION, segment
from cleaner.shingling import Shingles, shingles, strung

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = 3
"""Version of the file's layout, and of what is fingerprinted: `cleaner.fingerprints`, `cleaner.shingling`."""

DERIVED = 1
"""Version of what is derived: `cleaner.frequency.derived`, and so the kinds, codes and constants of `standing`, `surroundings`,
`copies`, `grouping` and `near`. What another version derived is derived anew."""

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
class Texts:
    """Folded texts by key. Build it with `texts_of`."""

    keys: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    """Distinct, sorted."""
    first: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    """The text at place n has the bytes `[first[n], first[n + 1])`."""
    encoded: NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, dtype=np.uint8))
    """All texts in UTF-8."""

    def some(self, keys: NDArray[np.uint64]) -> dict[int, str]:
        """Return the texts of those of `keys` that have one."""
        places = np.flatnonzero(holds(np.sort(keys), self.keys))
        ends = self.first.tolist()
        data = self.encoded.data
        found = zip(self.keys[places].tolist(), places.tolist(), strict=True)
        return {key: str(data[ends[at] : ends[at + 1]], "utf-8") for key, at in found}


def texts_of(texts: Mapping[int, str]) -> Texts:
    """Return texts by key as columns.

    >>> texts_of({7: "one", 3: "two"}).some(np.array([7, 9], dtype=np.uint64))
    {7: 'one'}
    """
    keys = sorted(texts)
    pieces = [texts[key].encode() for key in keys]
    first = np.cumsum([0, *map(len, pieces)], dtype=np.int64)
    return Texts(np.array(keys, dtype=np.uint64), first, np.frombuffer(b"".join(pieces), dtype=np.uint8))


def _united(parts: Sequence[Texts]) -> Texts:
    """Return the texts of all parts."""
    if not parts:
        return Texts()
    keys, at = np.unique(np.concatenate([part.keys for part in parts]), return_index=True)
    numbers = np.repeat(np.arange(len(parts)), [len(part.keys) for part in parts])[at]
    sizes = np.concatenate([np.diff(part.first) for part in parts])[at]
    starts = np.concatenate([part.first[:-1] for part in parts])[at]
    encoded = np.empty(int(sizes.sum()), dtype=np.uint8)
    end = 0
    for number, start, size in zip(numbers.tolist(), starts.tolist(), sizes.tolist(), strict=True):
        encoded[end : end + size] = parts[number].encoded[start : start + size]
        end += size
    return Texts(keys, np.cumsum([0, *sizes], dtype=np.int64), encoded)


@dataclass(frozen=True, eq=False)
class Index:
    """Learnt documents and their lines, sorted by document (id, group, digest), then position. Build it with `learn`."""

    ids: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
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

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Index) and dumps(replace(self, tables={})) == dumps(replace(other, tables={}))

    __hash__ = None  # type: ignore[assignment]


def digest_of(keys: NDArray[np.uint64]) -> str:
    """Return the digest of a document with lines of these fingerprints, in this order."""
    return xxh3_128_hexdigest(keys.tobytes())


def learn(documents: Iterable[Document]) -> Index:
    r"""Index `documents`. Their order does not matter, and one that comes twice counts once.

    >>> index = learn([Document("a", "One.\nShare this"), Document("b", "Two.\nShare this")])
    >>> len(index), len(set(index.lines.keys.tolist()))
    (2, 3)
    """
    found = list(documents)
    pages = [(document.text, segment(document.text)) for document in found]
    lines = lines_of(pages)
    numbers = lines.keys.tolist()
    blocks = chain.from_iterable(blocks for _, blocks in pages)
    texts = {
        number: block.folded
        for number, block in zip(numbers, blocks, strict=True)
        if number and near.comparable(block.folded)
    }
    digests = [digest_of(lines.keys[first:last]) for first, last in pairwise(lines.first.tolist())]
    names = [(document.id, document.group, digest) for document, digest in zip(found, digests, strict=True)]
    return _ordered(names, lines, shingles(pages), texts_of(texts))


def merge(indexes: Iterable[Index]) -> Index:
    """Return the index of all documents of `indexes`: what `learn` makes of them at once.

    >>> one, other = learn([Document("a", "One.")]), learn([Document("b", "Two.")])
    >>> merge([one, other]) == merge([other, one]) == learn([Document("b", "Two."), Document("a", "One.")])
    True
    """
    parts = list(indexes)
    if len(parts) == 1:
        return parts[0]
    texts = _united([index.texts for index in parts])
    names = [name for index in parts for name in zip(index.ids, index.groups, index.digests, strict=True)]
    lines = joined([index.lines for index in parts])
    return _ordered(names, lines, strung([index.shingles for index in parts]), texts)


def _ordered(names: Sequence[tuple[str, str, str]], lines: Lines, long: Shingles, texts: Texts) -> Index:
    """Put documents in order, given id, group and digest of each; one that comes twice counts once."""

    def identity(number: int) -> tuple[tuple[str, str, str], bytes]:
        # How the lines look is part of it, too: what folds to the same, or has no letter, may still differ.
        own = slice(first[number], first[number + 1])
        cells = lines.cells[ends[own.start] : ends[own.stop]].tobytes()
        return names[number], b"".join(column[own].tobytes() for column in columns) + cells

    first = lines.first.tolist()
    ends = np.concatenate(([0], np.cumsum(lines.widths, dtype=np.int64)))
    columns = (lines.starts, lines.stops, lines.masks, lines.heads, lines.tails, lines.shapes, lines.widths)
    unique = {identity(number): number for number in range(len(names))}
    order = [unique[name] for name in sorted(unique)]
    if order != list(range(len(names))):
        documents = np.array(order, dtype=np.int64)
        lines, long = lines.take(documents), long.take(documents)
    ids, groups, digests = (tuple(names[number][at] for number in order) for at in range(3))
    return Index(ids, groups, digests, lines, long, texts)


_ARRAYS = {
    **{one.name: ("lines", one.name) for one in fields(Lines)},
    **{f"shingle_{one.name}": ("shingles", one.name) for one in fields(Shingles)},
    **{f"text_{one.name}": ("texts", one.name) for one in fields(Texts)},
}
"""Where in an index each array of its file is."""

_STRINGS = ("ids", "groups", "digests")
_DERIVED = "derived: "

_TYPES = {"BOOL": np.dtype(np.bool_)} | {
    f"{kind}{8 * size}": np.dtype(f"<{kind.lower()}{size}") for kind in "UI" for size in (1, 4, 8)
}
"""Of arrays, by the names of safetensors."""


def dumps(index: Index) -> bytes:
    """Return the index as the bytes of a file; equal indexes of which the same was derived give equal bytes.

    >>> loads(dumps(learn([Document("a", "One.")]))) == learn([Document("a", "One.")])
    True
    """
    from safetensors.numpy import save

    tensors: dict[str, NDArray[Any]] = {
        name: getattr(getattr(index, part), column) for name, (part, column) in _ARRAYS.items()
    }
    for name in _STRINGS:
        tensors |= _packed(name, getattr(index, name))
    tensors |= {f"{_DERIVED}{name}": array for name, array in index.tables.items()}
    tensors = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    header = SETTINGS | {"documents": len(index), "derived": DERIVED, "checksum": _checksum(tensors)}
    return save(tensors, {"cleaner": json.dumps(header, sort_keys=True)})


def loads(data: bytes | mmap.mmap, where: str = "index") -> Index:
    """Return the index that `dumps` wrote. Its arrays are views of `data`.

    Raises:
        IndexFormatError: the bytes are not an index, are damaged, or were made with other settings. The message starts
            with `where`.
    """
    try:
        size = int.from_bytes(data[:8], "little")
        entries = json.loads(data[8 : 8 + size])
        header = json.loads(entries.pop("__metadata__")["cleaner"])
        tensors = {name: _array(data, 8 + size, entry) for name, entry in entries.items()}
        if len(data) != 8 + size + sum(array.nbytes for array in tensors.values()):
            raise ValueError("more, or less, than its arrays")  # noqa: TRY301  # as any other damage
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError, OverflowError, MemoryError) as error:
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
        ids, groups, digests = (tuple(_unpacked(name, tensors)) for name in _STRINGS)
        parts: dict[str, dict[str, NDArray[Any]]] = {"lines": {}, "shingles": {}, "texts": {}}
        for name, (part, column) in _ARRAYS.items():
            parts[part][column] = tensors[name]
        derived = {name.removeprefix(_DERIVED): one for name, one in tensors.items() if name.startswith(_DERIVED)}
        tables = derived if header.get("derived") == DERIVED else {}
    except (KeyError, ValueError) as error:
        raise IndexFormatError(f"{where}: lacks parts; expected it as `cleaner learn` wrote it") from error
    lines, long, texts = Lines(**parts["lines"]), Shingles(**parts["shingles"]), Texts(**parts["texts"])
    index = Index(ids, groups, digests, lines, long, texts, tables)
    if header.get("documents") != len(index):
        raise IndexFormatError(f"{where}: damaged: expected {header.get('documents')} documents, got {len(index)}")
    return index


def is_index(path: Path) -> bool:
    """Whether the file at `path` claims to be an index, of whatever settings."""
    with path.open("rb") as file:
        return b'"__metadata__":{"cleaner":' in file.read(256)


def load(path: Path | str) -> Index:
    """Return the index at `path`, which is mapped into memory: it is looked through once, for its checksum, and never copied.

    Raises:
        IndexFormatError: it cannot be read, or is no index that fits.
    """
    try:
        with Path(path).open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise IndexFormatError(f"{path}: {error.strerror}; expected an index made by `cleaner learn`") from error
    except ValueError:  # it is empty, and nothing cannot be mapped
        return loads(b"", str(path))
    return loads(data, str(path))


def _array(data: bytes | mmap.mmap, start: int, entry: Mapping[str, Any]) -> NDArray[Any]:
    """Return an array of a safetensors file, whose data start at `start`, as its entry in the header says."""
    [count], (first, last) = entry["shape"], entry["data_offsets"]
    dtype = _TYPES[entry["dtype"]]
    if last - first != count * dtype.itemsize or first < 0:
        raise ValueError("an array of another size than its data")
    return np.frombuffer(data, dtype, count, start + first) if count else np.empty(0, dtype)


def _packed(name: str, strings: Sequence[str]) -> dict[str, NDArray[Any]]:
    pieces = [string.encode("utf-8", "surrogatepass") for string in strings]
    lengths = np.array([len(piece) for piece in pieces], dtype=np.uint32)
    return {f"{name}_bytes": np.frombuffer(b"".join(pieces), dtype=np.uint8), f"{name}_lengths": lengths}


def _unpacked(name: str, tensors: dict[str, NDArray[Any]]) -> Iterator[str]:
    data, at = tensors[f"{name}_bytes"].tobytes(), 0
    text = data.decode() if data.isascii() else None  # then characters are bytes, and need not be decoded one by one
    for length in tensors[f"{name}_lengths"].tolist():
        yield data[at : at + length].decode("utf-8", "surrogatepass") if text is None else text[at : at + length]
        at += length


def _checksum(tensors: dict[str, NDArray[Any]]) -> str:
    parts = [
        f"{name}:{array.dtype}:{array.shape}:{xxh3_128_hexdigest(array.view(np.uint8).data)}"
        for name, array in tensors.items()
    ]
    return xxh3_128_hexdigest("\n".join(sorted(parts)).encode())
