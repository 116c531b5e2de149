"""Write a file so that it appears whole or not at all: beside its place, forced to disk, then renamed."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from weakref import finalize

from cleaner.compression import compressor
from cleaner.model import WriteError

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
"""How a place on another machine starts, as a path."""

_NAME_BYTES = 255
"""The longest file name of common file systems."""


def write_atomic(path: Path, data: bytes | Iterator[bytes], *, by_name: bool = False) -> None:
    """Write a file, given whole or in pieces, so that it is there whole or not at all, whatever happens.

    It is written to `.{name}.part` in the same folder, forced to disk, and renamed; missing folders are made.

    Args:
        path: Where to write.
        data: What to write.
        by_name: Compress it when the file's name says so.

    Raises:
        WriteError: It could not be written; what was at `path` is as it was.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_atomic(Path(folder, "a/x.txt"), b"One")
    ...     [path.name for path in sorted(Path(folder).rglob("*"))], Path(folder, "a/x.txt").read_bytes()
    (['a', 'x.txt'], b'One')
    """
    part = Part(path, by_name=by_name)
    try:
        for piece in (data,) if isinstance(data, bytes) else data:
            part.write(piece)
        part.commit()
    finally:
        part.discard()


class Part:
    """A file being written beside its place, compressed on the way when its name says so and `by_name` is set."""

    def __init__(self, path: Path, *, by_name: bool = False) -> None:
        check_local(path)
        self._path = path
        self._compressor = compressor(path.name) if by_name else None
        self._part = part_path(path)
        # Before it is there, so that no signal can come in between; it runs when this is left behind, too.
        self._tidy = finalize(self, _remove, self._part)
        with one_line(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self._part.open("wb")

    def write(self, data: bytes) -> None:
        """Append `data`."""
        with one_line(self._path):
            self._stream.write(self._compressor.compress(data) if self._compressor else data)

    def commit(self) -> None:
        """Put the file in its place."""
        with one_line(self._path):
            if self._compressor:
                self._stream.write(self._compressor.flush())
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
            self._part.replace(self._path)
            self._tidy.detach()
            sync_folder(self._path.parent)

    def discard(self) -> None:
        """Remove what was written, unless it is in its place."""
        with suppress(OSError):
            self._stream.close()
        self._tidy()


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)


@contextmanager
def one_line(path: Path) -> Iterator[None]:
    """Turn what goes wrong with the file at `path` while the block lasts into one line.

    Raises:
        WriteError: something did.

    >>> with one_line(Path("x.txt")):
    ...     raise OSError("no room")
    Traceback (most recent call last):
    cleaner.model.WriteError: x.txt: no room; expected a place to write to
    """
    try:
        yield
    except OSError as error:
        raise WriteError(f"{path}: {error.strerror or error}; expected a place to write to") from error


def check_local(path: Path | str) -> None:
    """Make sure that a path is no address of another machine.

    Raises:
        WriteError: it is one.

    >>> check_local("s3://bucket/x.idx")
    Traceback (most recent call last):
    cleaner.model.WriteError: s3://bucket/x.idx: on another machine; expected a local file or folder
    """
    if _ADDRESS.match(str(path)):
        raise WriteError(f"{path}: on another machine; expected a local file or folder")


def part_path(path: Path) -> Path:
    """Return where the file at `path` is written before it is in its place.

    >>> part_path(Path("a/x.txt")).name
    '.x.txt.part'
    """
    name = f".{path.name}.part"
    if len(os.fsencode(name)) > _NAME_BYTES:
        name = f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()}.part"
    return path.with_name(name)


def sync_folder(folder: Path) -> None:
    """Force the names of files in a folder to disk."""
    if os.name == "posix":  # elsewhere a folder cannot be opened, and need not be
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
