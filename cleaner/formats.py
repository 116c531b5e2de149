r"""Read and write each input format: text files, HTML files, JSONL with text or HTML in it, Parquet and WARC.

`chunks` cuts a source into pieces, `records` turns a piece into `Record`s one at a time, and `body` says what a cleaned record is written as. Nothing is translated: bytes are decoded strictly
as UTF-8, a byte order mark and every kind of line end stay. Compressed files are decompressed as they are read, each time. HTML is opened later, where the work is done: `cleaner.markup`.
What is particular to a format is in its module: `cleaner.jsonl`, `cleaner.parquet`, `cleaner.warc`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from importlib.util import find_spec
from pathlib import PurePosixPath
from typing import Any, Final

from cleaner import parquet, warc
from cleaner.compression import decompressed
from cleaner.jsonl import key_of, open_page, parse_line, rewrite_text, text_of
from cleaner.layout import Metadata, Reading
from cleaner.model import LARGEST, Cleaned, CleanerError, Document, Failure, ReadError, check_size
from cleaner.sources import Format, Source, target


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

_LIBRARIES: Final[Mapping[Format, str]] = {"parquet": "pyarrow", "warc": "fastwarc"}
"""What reads a format, where it is no dependency."""


@dataclass(frozen=True, slots=True)
class Record:
    """A text file, a line of a JSONL file, a row of a table, or a record of a crawl."""

    source: str
    """Name of the source."""
    entry: Document | Failure | None
    """None: no document, and `raw` is copied to the output as it is: a blank line, or a JSONL file without
    lines."""
    raw: str
    """The text of the file, or the line with its own line end, or that of the output for a record of a crawl; "" for a failure, for
    HTML files and for rows."""
    line: int
    """Line in a JSONL file, row, or which of the crawl's answers, from 1; 0 for a whole file."""
    html: bool = False
    """Whether the document's text is HTML, still to be opened."""
    format: Format = "text"
    """That of the source."""

    @property
    def target(self) -> str:
        """The file of the output folder that it goes to."""
        return target(self.source, self.format)

    @property
    def stays(self) -> bool:
        """Whether the output has it, as it is, even when it failed: of a table no row is left out."""
        return self.format == "parquet" and self.line > 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a source, to be read anywhere: a file, or some lines, rows or records of one."""

    source: Source
    line: int = 0
    """The first line, row or record, from 1; 0 for a whole file, which is yet to be read."""
    data: bytes = b""
    """Whole lines or records; rows as `cleaner.parquet` packs them."""
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


def check_installed(sources: Iterable[Source]) -> None:
    """Make sure that what reads the formats of the sources is installed.

    Raises:
        CleanerError: it is not.

    >>> check_installed([])
    """
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
    elif source.format == "parquet":
        yield from _chunks_of_rows(source, size, fields)
    else:
        yield from _chunks_of_lines(source, size)


def _chunks_of_lines(source: Source, size: int) -> Iterator[Chunk]:
    line, taken, data = 1, 0, b""
    try:
        with source.path.open("rb") as file, decompressed(file, source.name) as stream:
            for count, data in (warc.pieces if source.format == "warc" else _pieces)(stream, size):
                before, taken = taken, file.tell()
                yield Chunk(source, line, data, taken=taken - before)
                line += count
            if not data or file.tell() > taken:  # nothing, or nothing more that is a document
                yield Chunk(source, taken=file.tell() - taken)
    except OSError as error:
        where = f"{source.name}:{line}" if line > 1 else source.name
        yield Chunk(source, failure=Failure(source.name, _unreadable(where, error)), taken=source.size - taken)


def _chunks_of_rows(source: Source, size: int, fields: Fields) -> Iterator[Chunk]:
    keys = [name for name in (fields.id, fields.group) if name is not None]
    taken = 0
    try:
        for row, data, share in parquet.pieces(source.path, source.name, size, fields.text, keys):
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
    if len(line) <= LARGEST:
        return line
    while (some := stream.readline(_PIECE)) and not some.endswith(b"\n"):
        pass
    return line if line.endswith(b"\n") else line + b"\n"


def records(chunk: Chunk, fields: Fields) -> Iterator[Record]:
    r"""Yield the documents of a piece of a source in order, one at a time.

    What cannot be read is yielded as a `Failure`, not raised. A text file is one document: its id is the
    source's name, its group the folder of that name. A line of a JSONL file is one document; lines end at
    "\n" only; when it has a string in a field `url`, that is the document's address. A row of a table is read as a line is. Of
    a crawl, a document's id is the address that was asked for, its group the host of that. A failure has the document's id as far as
    it is known.

    Args:
        chunk: The piece.
        fields: Which fields of a JSONL object, or columns, are text, id and group.

    >>> from pathlib import Path
    >>> lines = b'{"text": "One", "url": 7}\n\n{"text": null}'
    >>> for record in records(Chunk(Source(Path("x.jsonl"), "x.jsonl", "jsonl"), 1, lines), Fields(id="url")):
    ...     print(record.line, record.entry)
    1 Document(id='7', text='One', group='', url='', layout=None)
    2 None
    3 Failure(id='x.jsonl:3', error="x.jsonl:3: no field 'url'; expected a string or an integer", group='')
    """
    if chunk.failure is not None:
        yield Record(chunk.source.name, chunk.failure, "", 0, format=chunk.source.format)
    elif chunk.line and chunk.source.format == "parquet":
        for number, row in enumerate(parquet.rows(chunk.data), chunk.line):
            yield _read_value(chunk.source, number, "", row, fields)
    elif chunk.line and chunk.source.format == "warc":
        for number, capture in enumerate(warc.captures(chunk.data), chunk.line):
            if capture is not None:
                yield _read_capture(chunk.source, number, capture)
    elif chunk.line:
        for number, line in enumerate(io.BytesIO(chunk.data), chunk.line):
            yield _read_line(chunk.source, number, line, fields)
    elif chunk.source.of_many:  # it has none
        yield Record(chunk.source.name, None, "", 0, format=chunk.source.format)
    else:
        yield _read_file(chunk)


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
        return replace(chunk, failure=Failure(source.name, _unreadable(source.name, error), _folder(source.name)))


def _read_file(chunk: Chunk) -> Record:
    source = chunk.source
    name, group, html = source.name, _folder(source.name), source.format == "html"
    try:
        opened: Any = source.path.open("rb") if chunk.raw is None else io.BufferedReader(io.BytesIO(chunk.raw))
        with opened as file, decompressed(file, name) as stream:
            data = stream.read(LARGEST + 1)
        check_size(data, name)
        text = _decoded(data, name) if html else data.decode()
    except OSError as error:
        wrong = _unreadable(name, error)
    except UnicodeDecodeError as error:
        wrong = f"{name}: not UTF-8 at byte {error.start}; expected UTF-8 text"
    except ReadError as error:
        wrong = str(error)
    else:
        if html or "\0" not in text:  # a page's parser knows what to do with it
            return Record(name, Document(name, text, group), "" if html else text, 0, html, source.format)
        at = len(text[: text.index("\0")].encode())
        wrong = f"{name}: a NUL byte at byte {at}; expected text, not a binary file"
    return Record(name, Failure(name, wrong, group), "", 0, format=source.format)


def _read_capture(source: Source, number: int, capture: warc.Capture) -> Record:
    """Return the document of a crawl's record, and the line that it is written as but for its text."""
    where = f"{source.name}:{number}"
    id_, group = capture.uri or where, capture.host
    wrong = f"{where}: {capture.error}; expected a readable record" if capture.error else ""
    try:
        check_size(capture.content, where)
        text = _text_of_capture(capture, where)
    except ReadError as error:
        wrong = str(error)
    if wrong:
        return Record(source.name, Failure(id_, wrong, group), "", number, format="warc")
    fields = {"id": id_, "url": capture.uri, "group": group, "date": capture.date, "text": "" if capture.html else text}
    line = f"{json.dumps(fields, ensure_ascii=False)}\n"
    return Record(source.name, Document(id_, text, group, capture.uri), line, number, capture.html, "warc")


def _text_of_capture(capture: warc.Capture, where: str) -> str:
    if not capture.html:
        with suppress(UnicodeDecodeError):  # a byte order mark stays, as it does in other texts
            return capture.content.decode()
    return _decoded(capture.content, where, capture.charset)


def _decoded(data: bytes, name: str, said: str | None = None) -> str:
    from cleaner.charsets import decode  # most runs have no HTML

    return decode(data, name, said)


def _folder(name: str) -> str:
    parent = PurePosixPath(name).parent.as_posix()
    return "" if parent == "." else parent


def _unreadable(name: str, error: OSError) -> str:
    return f"{name}: {error.strerror or error}; expected a readable file"


def _read_line(source: Source, number: int, line: bytes, fields: Fields) -> Record:
    try:
        check_size(line, f"{source.name}:{number}")
        raw, value = parse_line(line, source.name, number)
    except ReadError as error:
        failure = Failure(f"{source.name}:{number}", str(error))
        return Record(source.name, failure, "", number, format=source.format)
    if value is None:
        return Record(source.name, None, raw, number, format=source.format)
    return _read_value(source, number, raw, value, fields)


def _read_value(source: Source, number: int, raw: str, value: dict[str, object], fields: Fields) -> Record:
    """Return the document that a line or a row holds."""
    where = id_ = f"{source.name}:{number}"
    group = ""
    try:
        if fields.id is not None:
            id_ = key_of(value, fields.id, where)
        if fields.group is not None and value.get(fields.group) is not None:
            group = key_of(value, fields.group, where)
        text = text_of(value, fields.text, where)
    except ReadError as error:
        return Record(source.name, Failure(id_, str(error), group), "", number, format=source.format)
    url = value.get("url")
    document = Document(id_, text, group, url if isinstance(url, str) else "")
    return Record(source.name, document, raw, number, source.format == "html-lines", source.format)


def body(record: Record, cleaned: Cleaned, fields: Fields, about: Metadata | None = None) -> tuple[str, str | None]:
    r"""Return what a cleaned record is written as, and what the report needs to restore it.

    A file is written as its body; a JSONL line with its text replaced, or as it is when nothing was cut. A line with HTML gets
    the body in the field `text`, and what the page says of itself in fields that it has not. A row is written as what changes in
    it: see `cleaner.parquet.Rewriter`. A record of a crawl is written as a line, with the body in `text`.

    Args:
        record: The record, with a document.
        cleaned: That document, opened and cleaned.
        fields: Which field of a JSONL object has the text.
        about: What a page says of itself.

    >>> document = Document("x.jsonl:1", "One\nTwo")
    >>> record = Record("x.jsonl", document, '{"text":"One\\u000aTwo"}\n', 1)
    >>> body(record, Cleaned(document, "One\nTwo", (), "unchanged"), Fields())
    ('{"text":"One\\u000aTwo"}\n', None)
    """
    if not record.line:
        return cleaned.text, None
    if record.format == "parquet":
        return (parquet.change(record.line, cleaned.text) if cleaned.spans else ""), None
    text = "text" if record.format == "warc" else fields.text
    if about is not None:
        return open_page(record.raw, text, cleaned.text, asdict(about), keep=fields.html), None
    if not cleaned.spans:
        return record.raw, None
    return rewrite_text(record.raw, text, cleaned.document.text, cleaned.text)
