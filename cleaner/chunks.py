"""Cut sources into pieces that can be read anywhere: a file whole, a file of many documents some lines, rows or records at a time."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.util import find_spec
from pathlib import PurePosixPath
from typing import Final

from cleaner import delimited, parquet, warc
from cleaner.compression import decompressed, opened
from cleaner.layout import Reading
from cleaner.model import LARGEST, CleanerError, Failure, ReadError
from cleaner.sources import TABLES, Format, Source, format_of


@dataclass(frozen=True, slots=True)
class Fields:
    """What of an input matters: the names of the top-level fields of a JSONL object, or of columns, and how HTML is read."""

    text: str = "text"
    id: str | None = None
    """None: the id is `source:line`."""
    group: str | None = None
    """None: no document has a group."""
    html: bool = False
    """Whether HTML stays in the output beside its body."""
    reading: Reading = field(default_factory=Reading)
    """How HTML is read."""


_USUAL: Final = Fields()

_PIECE: Final = 2**20
"""Bytes of a line that is too long that are passed over at a time."""

_LIBRARIES: Final[Mapping[Format, str]] = {"parquet": "pyarrow", "html-rows": "pyarrow", "warc": "fastwarc"}
"""What reads a format, where it is no dependency."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a source, to be read anywhere: a file, or some lines, rows or records of one."""

    source: Source
    line: int = 0
    """The first line, row or record, from 1; 0 for a whole file, which is yet to be read."""
    data: bytes = b""
    """Whole lines or records; rows of CSV below their header, and of tables as `cleaner.parquet` packs them."""
    raw: bytes | None = None
    """A whole file, as it is, where it was read already: see `held`."""
    failure: Failure | None = None
    """Why the lines, rows or records from here on could not be read."""
    taken: int = 0
    """Bytes of the file that it took: fewer than it has, when they were compressed."""

    @property
    def size(self) -> int:
        """Bytes; of a compressed file that is yet to be read, about so many."""
        return len(self.data) if self.source.of_many else self.source.text_size


def check_readable(sources: Iterable[Source]) -> None:
    """Make sure that what reads the formats of the sources is there, and installed.

    Raises:
        CleanerError: it is not.

    >>> check_readable([])
    """
    sources = list(sources)
    for source in sources:
        if source.format == "html" and format_of(source.name) == "csv":
            raise CleanerError(f"{source.name}: CSV, as HTML; expected pages, or HTML in JSONL or Parquet")
    for format_ in {source.format for source in sources} & _LIBRARIES.keys():
        if find_spec(library := _LIBRARIES[format_]) is None:
            raise CleanerError(f"{format_} files need {library}; expected it to be installed: pip install {library}")


def chunks(source: Source, size: int, fields: Fields = _USUAL) -> Iterator[Chunk]:
    r"""Yield the pieces of a source in order: a file whole, a file of lines, rows or records in pieces of about `size` bytes.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "x.jsonl")
    ...     _ = path.write_bytes(b"{}\n{}\n{}")
    ...     [(chunk.line, chunk.data) for chunk in chunks(Source(path, "x.jsonl", "jsonl"), 4)]
    [(1, b'{}\n{}\n'), (3, b'{}')]
    """
    if not source.of_many:
        yield Chunk(source, taken=source.size)
    elif source.format in TABLES:
        yield from _chunks_of_rows(source, size, fields)
    else:
        yield from _chunks_of_lines(source, size, fields)


def _chunks_of_lines(source: Source, size: int, fields: Fields) -> Iterator[Chunk]:
    line, taken, data = 1, 0, b""
    pieces: Callable[[io.BufferedReader, int], Iterator[tuple[int, bytes]]] = _pieces
    if source.format == "warc":
        pieces = warc.pieces
    elif source.format == "csv":
        pieces = partial(delimited.pieces, name=source.name, text=fields.text, keys=_keys(fields))
    try:
        with opened(source.path) as file, decompressed(file, source.name) as stream:
            for count, data in pieces(stream, size):
                before, taken = taken, file.tell()
                yield Chunk(source, line, data, taken=taken - before)
                line += count
            if not data or file.tell() > taken:  # nothing, or nothing more that is a document
                yield Chunk(source, taken=file.tell() - taken)
    except OSError as error:
        where = f"{source.name}:{line}" if line > 1 else source.name
        yield Chunk(source, failure=Failure(source.name, unreadable(where, error)), taken=source.size - taken)
    except ReadError as error:
        yield Chunk(source, failure=Failure(source.name, str(error)), taken=source.size - taken)


def _keys(fields: Fields) -> list[str]:
    return [name for name in (fields.id, fields.group) if name is not None]


def _chunks_of_rows(source: Source, size: int, fields: Fields) -> Iterator[Chunk]:
    taken, pages = 0, source.format == "html-rows"
    try:
        for row, data, share in parquet.pieces(source.path, source.name, size, fields.text, _keys(fields), pages=pages):
            before, taken = taken, int(source.size * share)
            yield Chunk(source, row, data, taken=taken - before)
        if not taken:
            yield Chunk(source, taken=source.size)
    except ReadError as error:
        yield Chunk(source, failure=Failure(source.name, str(error)), taken=source.size - taken)


def _pieces(stream: io.BufferedReader, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield whole lines in pieces of about `size` bytes, and how many; of what cannot be read to its end, the lines before."""
    data = bytearray()
    try:
        while some := stream.read1(size - len(data)):
            data += some
            if len(data) >= size:
                data += b"" if data.endswith(b"\n") else _rest(stream)
                yield data.count(b"\n"), bytes(data)
                data.clear()
    except OSError:
        if whole := data[: data.rfind(b"\n") + 1]:
            yield whole.count(b"\n"), bytes(whole)
        raise
    if data:
        yield data.count(b"\n"), bytes(data)


def _rest(stream: io.BufferedReader) -> bytes:
    """Return the rest of a line; of one that is too long, so much that this is told of it, and its end."""
    line = stream.readline(LARGEST + 1)
    if len(line) <= LARGEST or line.endswith(b"\n"):
        return line
    while (some := stream.readline(_PIECE)) and not some.endswith(b"\n"):
        pass
    return line + b"\n"


def held(chunk: Chunk) -> Chunk:
    """Return a piece with all that it takes to read it elsewhere.

    >>> from pathlib import Path
    >>> held(Chunk(Source(Path("missing.txt"), "missing.txt", "text"))).failure.error
    'missing.txt: No such file or directory; expected a readable file'
    """
    source = chunk.source
    if source.of_many or chunk.failure:
        return chunk
    try:
        return replace(chunk, raw=source.path.read_bytes())
    except OSError as error:
        return replace(chunk, failure=Failure(source.name, unreadable(source.name, error), folder_of(source.name)))


def folder_of(name: str) -> str:
    """Return the folder of a source, by its name: "" for none.

    >>> folder_of("a/b/c.txt"), folder_of("c.txt")
    ('a/b', '')
    """
    parent = PurePosixPath(name).parent.as_posix()
    return "" if parent == "." else parent


def unreadable(name: str, error: OSError) -> str:
    """Return what is said of a source that cannot be read.

    >>> unreadable("c.txt", OSError("damaged"))
    'c.txt: damaged; expected a readable file'
    """
    return f"{name}: {error.strerror or error}; expected a readable file"
