"""An index as a file: arrays in the layout of safetensors, no pickle, a versioned header, a checksum; mapped when it is read."""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from xxhash import xxh3_128, xxh3_128_hexdigest

from cleaner import near
from cleaner.files import write_atomic
from cleaner.index import Index, arrays, of_arrays
from cleaner.model import IndexFormatError
from cleaner.segment import FOLD_VERSION, SEGMENT_VERSION
from cleaner.spill import mapped, release

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = 4
"""Version of the file's layout, and of what is fingerprinted: `cleaner.fingerprints`, `cleaner.shingling`."""

DERIVED = 2
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

_DERIVED = "derived: "

_TYPES = {"BOOL": np.dtype(np.bool_)} | {
    f"{kind}{8 * size}": np.dtype(f"<{kind.lower()}{size}") for kind in "UI" for size in (1, 4, 8)
}
"""Of arrays, by the names of safetensors."""

_NAMES = {dtype: name for name, dtype in _TYPES.items()}

_PIECE = 2**24
"""Bytes that are written, or looked through, at a time."""


def save(index: Index, path: Path | str) -> None:
    """Write the index to a file, whole or not at all: see `dumped`.

    Raises:
        WriteError: It could not be written; what was at `path` is as it was.

    >>> import tempfile
    >>> from cleaner.index import learn
    >>> from cleaner.model import Document
    >>> index = learn([Document("a", "One.")])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(index, Path(folder, "an.idx"))
    ...     load(Path(folder, "an.idx")) == index
    True
    """
    write_atomic(Path(path), dumped(index))


def dumped(index: Index) -> Iterator[bytes]:
    """Yield the index as the bytes of a file, piece by piece; equal indexes of which the same was derived give equal bytes.

    >>> from cleaner.index import learn
    >>> from cleaner.model import Document
    >>> index = learn([Document("a", "One.")])
    >>> loads(b"".join(dumped(index))) == index
    True
    """
    tensors = arrays(index) | {f"{_DERIVED}{name}": array for name, array in index.tables.items()}
    names = sorted(tensors, key=lambda name: (-tensors[name].itemsize, name))  # so that each array is aligned
    header = SETTINGS | {"documents": len(index), "derived": DERIVED, "checksum": _checksum(tensors)}
    entries: dict[str, object] = {"__metadata__": {"cleaner": json.dumps(header, sort_keys=True)}}
    end = 0
    for name in names:
        array = tensors[name]
        kind = _NAMES[array.dtype.newbyteorder("<")]
        entries[name] = {"dtype": kind, "shape": [len(array)], "data_offsets": [end, end + array.nbytes]}
        end += array.nbytes
    head = json.dumps(entries, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    yield len(head).to_bytes(8, "little") + head
    for name in names:
        for piece in _pieces(tensors[name]):
            yield piece.tobytes()


def loads(data: bytes | mmap.mmap, where: str = "index") -> Index:
    """Return the index that `dumped` wrote. Its arrays are views of `data`.

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
    derived = {name.removeprefix(_DERIVED): one for name, one in tensors.items() if name.startswith(_DERIVED)}
    try:
        index = of_arrays(tensors, derived if header.get("derived") == DERIVED else {})
    except KeyError as error:
        raise IndexFormatError(f"{where}: lacks parts; expected it as `cleaner learn` wrote it") from error
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
        data: bytes | mmap.mmap = mapped(path)
    except OSError as error:
        raise IndexFormatError(f"{path}: {error.strerror}; expected an index made by `cleaner learn`") from error
    except ValueError:  # it is empty, and nothing cannot be mapped
        data = b""
    return loads(data, str(path))


def _array(data: bytes | mmap.mmap, start: int, entry: Mapping[str, Any]) -> NDArray[Any]:
    """Return an array of a safetensors file, whose data start at `start`, as its entry in the header says."""
    [count], (first, last) = entry["shape"], entry["data_offsets"]
    dtype = _TYPES[entry["dtype"]]
    if last - first != count * dtype.itemsize or first < 0:
        raise ValueError("an array of another size than its data")
    return np.frombuffer(data, dtype, count, start + first) if count else np.empty(0, dtype)


def _pieces(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    step = _PIECE // array.itemsize
    return (np.ascontiguousarray(array[start : start + step]) for start in range(0, len(array), step))


def _checksum(tensors: Mapping[str, NDArray[Any]]) -> str:
    parts = []
    for name, array in tensors.items():
        digest = xxh3_128()
        for piece in _pieces(array):
            digest.update(piece.view(np.uint8).data)
            release()
        parts.append(f"{name}:{array.dtype}:{array.shape}:{digest.hexdigest()}")
    return xxh3_128_hexdigest("\n".join(sorted(parts)).encode())
