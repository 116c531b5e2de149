"""What is kept and what is cut are the text that was read: proven for each document, before it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cleaner import delimited, parquet
from cleaner.chunks import Fields
from cleaner.formats import Record
from cleaner.jsonl import parse_line, restore_text, text_of
from cleaner.model import Document, ReadError
from cleaner.report import restore
from cleaner.sources import TABLES


def prove(record: Record, written: str, row: Mapping[str, Any], fields: Fields, *, page: bool = False) -> None:
    r"""Make sure that what is written of a document, and its record of the report, give it back.

    By digest where anything was cut, byte for byte where nothing was. Of a table, the change of the row is proven.

    Args:
        record: What was read.
        written: What `cleaner.formats.body` made of it.
        row: Its record of the report.
        fields: Which field of a JSONL object has the text.
        page: Whether it was opened, as HTML is: then the text is that of the page.

    Raises:
        ReadError: they do not, or give another line back than was read.

    >>> record = Record("x.txt", Document("x.txt", "One"), "One", 0)
    >>> row = {"id": "x.txt", "status": "unchanged", "sha256_in": 64 * "0", "sha256_out": 64 * "0", "spans": []}
    >>> prove(record, "One", row, Fields())
    >>> prove(record, "On", row, Fields())
    Traceback (most recent call last):
    cleaner.model.ReadError: x.txt: the body has changed; expected sha256 000000000000, got ...
    """
    if written == record.raw and row["sha256_in"] == row["sha256_out"] and not (row["spans"] or page):
        return  # nothing was cut, and not a byte differs
    text = restore(_body(record, written, fields, page=page), row)
    if page or record.format in ("text", "html", "parquet"):
        return
    if record.format == "csv":
        line = delimited.rewrite(written, _at(record, written), text)
    else:
        line = restore_text(written, _field(record, fields, page=page), text, row.get("literal"))
    if line != record.raw:
        raise ReadError(f"{row['id']}: restored, it is another line; expected the one that was read")


def _body(record: Record, written: str, fields: Fields, *, page: bool) -> str:
    """Return the text of what is written."""
    if not record.line:
        return written
    if record.format == "csv":
        return delimited.text_at(written, _at(record, written))
    if record.format in TABLES:
        column = fields.text if record.format == "parquet" else parquet.BODY
        return parquet.changed(written, column) if written else _unchanged(record)
    _, value = parse_line(written.encode(), record.source, record.line)
    return text_of(value or {}, _field(record, fields, page=page), record.source)


def _at(record: Record, written: str) -> tuple[int, int]:
    """Return where the text stands in a row of CSV as it is written: all else is as it was."""
    start, end = record.at
    return start, end + len(written) - len(record.raw)


def _unchanged(record: Record) -> str:
    return record.entry.text if isinstance(record.entry, Document) else ""


def _field(record: Record, fields: Fields, *, page: bool) -> str:
    return "text" if page or record.format == "warc" else fields.text
