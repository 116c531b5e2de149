r"""Read and write each input format: text files, HTML files, JSONL and Parquet with text or HTML in it, CSV and WARC.

`records` turns a piece of a source (`cleaner.chunks`) into `Record`s one at a time, and `body` says what a cleaned record is written as. Nothing is translated: bytes are decoded strictly
as UTF-8, a byte order mark and every kind of line end stay. Compressed files are decompressed as they are read, each time. HTML is opened later, where the work is done: `cleaner.markup`.
What is particular to a format is in its module: `cleaner.jsonl`, `cleaner.delimited`, `cleaner.parquet`, `cleaner.warc`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from cleaner import compression, delimited, parquet, warc
from cleaner.chunks import Chunk, Fields, folder_of, unreadable
from cleaner.compression import decompressed
from cleaner.jsonl import key_of, open_page, parse_line, rewrite_text, text_of
from cleaner.layout import Metadata
from cleaner.model import LARGEST, Cleaned, Document, Failure, ReadError, check_size
from cleaner.sources import TABLES, Format, Source, target


@dataclass(frozen=True, slots=True)
class Record:
    """A text file, a line of a JSONL file, a row of a table, or a record of a crawl."""

    source: str
    """Name of the source."""
    entry: Document | Failure | None
    """None: no document, and `raw` is copied to the output as it is: a blank line, or a JSONL file without
    lines."""
    raw: str
    """The text of the file, or the line or row with its own line end, or the line of the output for a record of a crawl; "" for a
    failure that does not stay, for HTML files and for rows of tables. Bytes of a row that are not UTF-8 are surrogates."""
    line: int
    """Line in a JSONL file, row, or which of the crawl's answers, from 1; 0 for a whole file."""
    html: bool = False
    """Whether the document's text is HTML, still to be opened."""
    format: Format = "text"
    """That of the source."""
    at: tuple[int, int] = (0, 0)
    """Where in a row of CSV its text is written."""

    @property
    def target(self) -> str:
        """The file of the output folder that it goes to."""
        return target(self.source, self.format)

    @property
    def lines(self) -> int:
        """How many lines of a CSV file it has; 0 elsewhere."""
        return len(self.raw.removesuffix("\n").split("\n")) if self.format == "csv" and self.line else 0

    @property
    def stays(self) -> bool:
        """Whether the output has it, as it is, even when it failed: no row is left out."""
        return self.format in ("csv", *TABLES) and self.line > 0


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
    elif chunk.line:
        yield from _records_of_many(chunk, fields)
    elif chunk.source.of_many:  # it has none
        yield Record(chunk.source.name, None, "", 0, format=chunk.source.format)
    else:
        yield _read_file(chunk)


def _records_of_many(chunk: Chunk, fields: Fields) -> Iterator[Record]:
    source = chunk.source
    if source.format == "csv":
        yield from _read_rows(chunk, fields)
    elif source.format in TABLES:
        for number, row in enumerate(parquet.rows(chunk.data), chunk.line):
            yield _read_value(source, number, "", row, fields)
    elif source.format == "warc":
        for number, capture in enumerate(warc.captures(chunk.data), chunk.line):
            if capture is not None:
                yield _read_capture(source, number, capture)
    else:
        for number, line in enumerate(io.BytesIO(chunk.data), chunk.line):
            yield _read_line(source, number, line, fields)


def _read_file(chunk: Chunk) -> Record:
    source = chunk.source
    name, group, html = source.name, folder_of(source.name), source.format == "html"
    try:
        opened: Any = compression.opened(source.path) if chunk.raw is None else io.BufferedReader(io.BytesIO(chunk.raw))
        with opened as file, decompressed(file, name) as stream:
            data = stream.read(LARGEST + 1)
        check_size(data, name)
        text = _decoded(data, name) if html else data.decode()
    except OSError as error:
        wrong = unreadable(name, error)
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


def _read_rows(chunk: Chunk, fields: Fields) -> Iterator[Record]:
    source, first = chunk.source, chunk.line
    for number, row in enumerate(delimited.rows(io.BytesIO(chunk.data), source.name, fields.text), first - (first > 1)):
        if row.wrong:
            failure = Failure(f"{source.name}:{number}", f"{source.name}:{number}: {row.wrong}")
            yield Record(source.name, failure, row.raw, number, format="csv")
        elif row.values is not None:
            yield replace(_read_value(source, number, row.raw, row.values, fields), at=row.at, raw=row.raw)
        elif number >= first:  # the header is written once
            yield Record(source.name, None, row.raw, number, format="csv")


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
        if len(text) > LARGEST // 4:  # it may have more bytes than it may
            check_size(text.encode(errors="surrogatepass"), where)
    except ReadError as error:
        return Record(source.name, Failure(id_, str(error), group), "", number, format=source.format)
    url = value.get("url")
    document = Document(id_, text, group, url if isinstance(url, str) else "")
    return Record(source.name, document, raw, number, source.format in ("html-lines", "html-rows"), source.format)


def body(record: Record, cleaned: Cleaned, fields: Fields, about: Metadata | None = None) -> tuple[str, str | None]:
    r"""Return what a cleaned record is written as, and what the report needs to restore it.

    A file is written as its body; a JSONL line with its text replaced, or as it is when nothing was cut. A line with HTML gets
    the body in the field `text`, and what the page says of itself in fields that it has not. A row of CSV is written with its text
    replaced, that of a table as what changes in it: see `cleaner.parquet.Rewriter`. A record of a crawl is written as a line, with the body in `text`.

    Args:
        record: The record, with a document.
        cleaned: That document, opened and cleaned.
        fields: Which field of a JSONL object has the text.
        about: What a page says of itself.

    Raises:
        ReadError: a marker needs quotes around a field of CSV that has none.

    >>> document = Document("x.jsonl:1", "One\nTwo")
    >>> record = Record("x.jsonl", document, '{"text":"One\\u000aTwo"}\n', 1)
    >>> body(record, Cleaned(document, "One\nTwo", (), "unchanged"), Fields())
    ('{"text":"One\\u000aTwo"}\n', None)
    """
    if not record.line:
        return cleaned.text, None
    if record.format == "parquet":
        return (parquet.change(record.line, {fields.text: cleaned.text}) if cleaned.spans else ""), None
    if record.format == "html-rows":
        return parquet.change(record.line, {parquet.BODY: cleaned.text, **(asdict(about) if about else {})}), None
    text = "text" if record.format == "warc" else fields.text
    if record.format == "csv":
        delimited.check_markers(record.raw, record.at, "".join(span.marker for span in cleaned.spans))
        return delimited.rewrite(record.raw, record.at, cleaned.text), None
    if about is not None:
        return open_page(record.raw, text, cleaned.text, asdict(about), keep=fields.html), None
    if not cleaned.spans:
        return record.raw, None
    return rewrite_text(record.raw, text, cleaned.document.text, cleaned.text)
