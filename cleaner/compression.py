r"""Compressed files, read and written as they stream by: `.gz` and `.zst` behind the suffix that says the format.

A file may have several members or frames, one after another. What is written depends on the data alone: no time, no name,
levels that are fixed. That a file is damaged or cut short is an `OSError`, as it is of a disk.
"""

from __future__ import annotations

import errno
import gzip
import io
import sys
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, Protocol

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Mapping

SUFFIXES: Final[Mapping[str, bytes]] = {".gz": b"\x1f\x8b", ".zst": b"\x28\xb5\x2f\xfd"}
"""How compressed files end by name, and start. Case does not matter."""

GZIP_LEVEL, ZSTD_LEVEL = 6, 3
"""What `gzip` and `zstd` do when they are not asked for more."""

EXPANSION = 3
"""Bytes of text in a compressed byte, about: what both make of prose at these levels."""

_ZSTD: Final[Mapping[int, int]] = {
    zstd.CompressionParameter.compression_level: ZSTD_LEVEL,
    zstd.CompressionParameter.checksum_flag: 1,
}

_DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, zstd.ZstdError)


class Compressor(Protocol):
    """What turns data into compressed data, piece by piece."""

    def compress(self, data: bytes, /) -> bytes:
        """Return what can be written by now."""

    def flush(self) -> bytes:
        """Return the rest."""


def split(name: str) -> tuple[str, str]:
    """Return what a file is called when decompressed, and the suffix that was taken off; "" when it is not compressed.

    >>> split("a/x.jsonl.GZ"), split("x.txt")
    (('a/x.jsonl', '.GZ'), ('x.txt', ''))
    """
    suffix = PurePosixPath(name).suffix
    return (name.removesuffix(suffix), suffix) if suffix.lower() in SUFFIXES else (name, "")


def recognised(start: bytes) -> str:
    """Return the suffix for a file that starts so; "" when it is not compressed.

    >>> recognised(gzip.compress(b"One")), recognised(b"One")
    ('.gz', '')
    """
    return next((suffix for suffix, magic in SUFFIXES.items() if start.startswith(magic)), "")


def decompressed(file: io.BufferedReader, name: str) -> io.BufferedReader:
    """Return a stream of what an open file of this name holds: the file itself when it is not compressed.

    Reading the stream raises an `OSError` where the file is damaged or cut short, to nothing, too: of no text compressed there are
    some bytes. What came before was right, as far as is known. Of zstd, windows of more than 128 MB are refused: they would have to be held.

    >>> file = io.BufferedReader(io.BytesIO(gzip.compress(b"One") + gzip.compress(b"Two")))
    >>> decompressed(file, "x.txt.gz").read()
    b'OneTwo'
    """
    suffix = split(name)[1].lower()
    if not suffix:
        return file
    packed = gzip.GzipFile(fileobj=file, mode="rb") if suffix == ".gz" else zstd.ZstdFile(file)
    return io.BufferedReader(_Readable(packed, name, empty=not file.peek(1)))


class _Readable(io.RawIOBase):
    """A decompressing stream whose errors are of one kind."""

    def __init__(self, packed: gzip.GzipFile | zstd.ZstdFile, name: str, *, empty: bool) -> None:
        self._packed = packed
        self._empty = empty
        self._name = name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # all that BufferedReader hands over
        try:
            if self._empty:
                raise EOFError("no bytes")
            return self._packed.readinto1(buffer)
        except _DAMAGE as error:
            raise OSError(errno.EIO, f"cannot be decompressed: {error}", self._name) from error


def opened(path: Path) -> io.BufferedReader:
    """Open a file to read its bytes. A pipe is none: opening one would wait for ever.

    Raises:
        OSError: it is a pipe, or cannot be opened.

    >>> opened(Path("no-such-file"))
    Traceback (most recent call last):
    FileNotFoundError: [Errno 2] No such file or directory: 'no-such-file'
    """
    if path.is_fifo():
        raise OSError(errno.ESPIPE, "Is a pipe", str(path))
    return path.open("rb")


def contents(path: Path) -> bytes:
    """Return what a file holds, as it is.

    Raises:
        OSError: as of `opened`.

    >>> contents(Path("/dev/null"))
    b''
    """
    with opened(path) as file:
        return file.read()


def read(path: Path) -> bytes:
    """Return what a file holds, decompressed when its name says that it is compressed.

    Raises:
        OSError: it is not there, or is damaged.

    >>> read(Path("no-such-file.gz"))
    Traceback (most recent call last):
    FileNotFoundError: [Errno 2] No such file or directory: 'no-such-file.gz'
    """
    with opened(path) as file, decompressed(file, path.name) as stream:
        return stream.read()


def compressor(name: str) -> Compressor | None:
    """Return what compresses a file of this name; None when it is not to be compressed.

    What comes out does not depend on the pieces that go in.

    >>> made = compressor("x.txt.gz")
    >>> gzip.decompress(made.compress(b"One") + made.flush())
    b'One'
    """
    suffix = split(name)[1].lower()
    if suffix == ".gz":
        return zlib.compressobj(GZIP_LEVEL, wbits=zlib.MAX_WBITS + 16)  # + 16: with a header, of no time and no name
    return zstd.ZstdCompressor(options=_ZSTD) if suffix else None
