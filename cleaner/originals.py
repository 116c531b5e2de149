"""Originals from an output folder: read again, or restored as files, byte for byte.

Of a Parquet file, an equal table. Of HTML, the text that it shows: `x.txt` for `x.html`, and a JSONL line, of WARC too, or a row of a
table, with all of the text in the field `text`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from cleaner import compression, delimited, parquet
from cleaner.files import Part, write_atomic
from cleaner.jsonl import parse_line, restore_text, text_of
from cleaner.model import ReadError, WriteError
from cleaner.output import REPORT, SUMMARY, inside, rows
from cleaner.report import corpus, digest_of, restore, target_of
from cleaner.sources import TABLES, Choice, Format, format_of

_Row = dict[str, Any]

_PIECE = 1_000_000
"""Bytes of a table's texts that are held as Python's at a time."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What `restore_folder` did."""

    documents: int
    """How many are back, byte for byte."""
    failed: tuple[str, ...]
    """One line for each document that had failed, so that its original was never in the output."""
    problems: tuple[str, ...]
    """One line for each document that could not be restored: which, why, and what was expected."""


class Original(NamedTuple):
    """A record of an output folder, with the text that it speaks of."""

    record: _Row
    text: str | None
    """None when there is none, because the document had failed or there is a problem."""
    problem: str | None
    """One line: why the text is not back, and what was expected. None when it is, and for a document that had failed."""


def originals(folder: Path) -> Iterator[Original]:
    """Yield each document of an output folder, in the order of the report, one at a time.

    What comes after a line or a row that cannot be read is gone, too.

    Raises:
        ReadError: `folder` has no report, or no summary.

    >>> next(originals(Path("none")))
    Traceback (most recent call last):
    cleaner.model.ReadError: none/summary.json: No such file or directory; expected that of cleaner clean
    """
    format_, field, _, _ = _input_settings(folder / SUMMARY)
    for (source, name), group in groupby(rows(folder / REPORT), key=lambda row: (str(row["source"]), target_of(row))):
        read_as = format_of(source, format_)
        where = field if read_as in ("jsonl", "csv", "parquet") else parquet.BODY
        body = inside(folder, name)
        current: _Row = {}
        values = _held(body, read_as, where, current)
        for row in group:
            current.clear()
            current.update(row)
            text = problem = None
            try:
                # A row that had failed is in the output as well.
                value = next(values, None) if row["status"] != "failed" or read_as in ("csv", *TABLES) else None
                if row["status"] != "failed":
                    if value is None:
                        problem = f"{row['id']}: the body is gone; expected it in {body}"
                    else:
                        text = _original_text(value, row, where, f"{body}: {row['id']}")
            except ReadError as error:
                problem = str(error)
            except (OSError, UnicodeDecodeError) as error:
                problem = f"{row['id']}: the body cannot be read: {_why(error)}; expected {body}"
            yield Original(row, text, problem)


def _held(body: Path, read_as: Format, field: str, record: _Row) -> Iterator[dict[str, object]]:
    """Yield what a body's file holds: a value for each document; `record` is that of the one that is asked for."""
    if read_as in TABLES:
        for _, data, _ in parquet.pieces(body, str(body), _PIECE, field):
            yield from parquet.rows(data)
    elif read_as in ("text", "html"):
        yield {"text": compression.read(body).decode()}
    else:
        with compression.opened(body) as file, compression.decompressed(file, body.name) as stream:
            if read_as == "csv":
                for row in delimited.rows(stream, str(body), field, lambda: int(record.get("lines", 0))):
                    if row.values is not None or row.wrong:
                        yield row.values or {}
                return
            for number, line in enumerate(stream, 1):
                _, value = parse_line(line, str(body), number)
                if value is not None:
                    yield value


class _Nowhere:
    """Where originals go that are made only to be checked."""

    def write(self, data: bytes) -> None:
        pass

    def commit(self) -> None:
        pass

    def discard(self) -> None:
        pass


def _begun(original: Path | None) -> Part | _Nowhere:
    return _Nowhere() if original is None else Part(original, by_name=True)


def restore_folder(folder: Path, out: Path | None, *, force: bool = False) -> Restored:
    """Write the originals of an output folder to another one, or only make sure that this can be done.

    A JSONL file lacks the lines of the documents that are not back; one without documents has no record and
    is left out. A body that is missing or was changed is a problem of its own, and the others are still
    restored.

    Args:
        folder: What `cleaner clean` wrote.
        out: Where to write, not in `folder`. None: nowhere.
        force: Overwrite what is there.

    Raises:
        ReadError: `folder` has no report, or no summary.
        WriteError: `out` lies in `folder`, something is there already, or it cannot be written.

    >>> restore_folder(Path("none"), Path("out"))
    Traceback (most recent call last):
    cleaner.model.ReadError: none/summary.json: No such file or directory; expected that of cleaner clean
    """
    if out is not None and out.resolve().is_relative_to(folder.resolve()):
        raise WriteError(f"{out}: lies in {folder}; expected a folder outside of it")
    format_, field, exact, known = _input_settings(folder / SUMMARY)
    names, found = _told(folder)
    places = {name: out and inside(out, exact.get(name, name)) for name in names}
    for target in filter(None, places.values()):
        if target.resolve().is_relative_to(folder.resolve()):
            raise WriteError(f"{target}: would overwrite a body; expected another folder")
        if os.path.lexists(target) and not force:
            raise WriteError(f"{target}: is there already; expected nothing there, or --force")
    documents = 0
    failed: list[str] = []
    problems: list[str] = []
    if found != known:
        problems.append(f"{folder / REPORT}: records are missing, or others; expected those that {SUMMARY} speaks of")
    for (source, name), group in groupby(rows(folder / REPORT), key=lambda row: (str(row["source"]), target_of(row))):
        body, original = inside(folder, name), places[name]
        read_as = format_of(source, format_)
        if read_as in TABLES:
            column = field if read_as == "parquet" else parquet.BODY
            documents += _restore_table(body, original, group, column, failed=failed, problems=problems)
        elif read_as == "csv":
            documents += _restore_rows(body, original, group, field, failed=failed, problems=problems)
        elif read_as in ("text", "html"):
            documents += _restore_text(body, original, _not_failed(group, failed), problems)
        else:
            where = "text" if read_as in ("html-lines", "warc") else field
            documents += _restore_lines(body, original, _not_failed(group, failed), problems, where)
    return Restored(documents, tuple(failed), tuple(problems))


def _why(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _told(folder: Path) -> tuple[list[str], str]:
    """Return the names of the bodies that a report speaks of, and the digest of its corpus."""
    names: dict[str, None] = {}
    digest = 0
    for row in rows(folder / REPORT):
        names[target_of(row)] = None
        digest += digest_of(row)
    return list(names), corpus(digest)


def _input_settings(summary: Path) -> tuple[Choice, str, dict[str, str], str]:
    """Return the forced format and the text field that a run was given; names that are not UTF-8, by what stands for them; the corpus's digest."""
    try:
        whole = orjson.loads(compression.contents(summary))
        settings, known = whole["input"], str(whole["corpus"])
        format_, field = settings["format"], settings["text_field"]
        exact = {str(name): os.fsdecode(bytes.fromhex(held)) for name, held in settings.get("names", {}).items()}
    except OSError as error:
        raise ReadError(f"{summary}: {error.strerror or error}; expected that of cleaner clean") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReadError(f"{summary}: not a summary; expected that of cleaner clean") from error
    return format_, field, exact, known


def _not_failed(rows: Iterable[_Row], failed: list[str]) -> Iterator[_Row]:
    for row in rows:
        if row["status"] == "failed":
            failed.append(row["error"])
        else:
            yield row


def _restore_text(body: Path, original: Path | None, rows: Iterable[_Row], problems: list[str]) -> int:
    """Restore a text file, append what is wrong to `problems`, and return how many documents are back."""
    documents = 0
    for row in rows:
        try:
            text = restore(compression.read(body).decode(), row)
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{row['id']}: the body cannot be read: {_why(error)}; expected {body}")
        except ReadError as error:
            problems.append(str(error))
        else:
            if original is not None:
                write_atomic(original, text.encode(), by_name=True)
            documents += 1
    return documents


def _restore_lines(body: Path, original: Path | None, rows: Iterator[_Row], problems: list[str], field: str) -> int:
    """Restore a JSONL file, append what is wrong to `problems`, and return how many documents are back."""
    try:
        file = compression.opened(body)
    except OSError as error:  # nothing is wrong when all had failed
        problems += [f"{row['id']}: the body cannot be read: {_why(error)}; expected {body}" for row in rows]
        return 0
    documents = 0
    part = _begun(original)
    try:
        for number, line in enumerate(_lines(file, body, problems), 1):
            where = f"{body}:{number}"
            try:
                raw, value = parse_line(line, str(body), number)
            except ReadError as error:
                problems.append(str(error))
                next(rows, None)
                continue
            try:
                if value is not None:
                    raw = _original_line(raw, value, next(rows, None), field, where)
                    documents += 1
                part.write(raw.encode())
            except ReadError as error:
                problems.append(str(error))
        problems += [f"{row['id']}: the body is gone; expected a line in {body}" for row in rows]
        part.commit()
    finally:
        part.discard()
    return documents


def _restore_rows(
    body: Path, original: Path | None, records: Iterator[_Row], field: str, *, failed: list[str], problems: list[str]
) -> int:
    """Restore a CSV file, as above. A row that had failed, or is not back, is as the output has it."""
    if not body.is_file():  # nothing is wrong when all had failed
        problems += [f"{one['id']}: the body is gone; expected {body}" for one in _not_failed(records, failed)]
        return 0
    documents = 0
    waiting: list[_Row] = []

    def record() -> _Row | None:
        if not waiting:
            waiting.extend(islice(records, 1))
        return waiting[0] if waiting else None

    def lines() -> int:  # where a stray quote ended is not to be seen: texts below it are others now
        return int((record() or {}).get("lines", 0))

    part = _begun(original)
    try:
        for number, row in enumerate(_rows(body, field, lines, problems), 1):
            raw = row.raw
            if row.values is not None or row.wrong:
                found = record()
                waiting.clear()
                try:
                    if found is None or found["status"] != "failed":
                        text = _original_text(row.values or {}, found, field, f"{body}:{number}")
                        raw = delimited.rewrite(raw, row.at, text)
                        documents += 1
                except ReadError as error:
                    problems.append(str(error))
            part.write(raw.encode(errors="surrogateescape"))
        missing = _not_failed(chain(waiting, records), failed)
        problems += [f"{one['id']}: the body is gone; expected a row in {body}" for one in missing]
        part.commit()
    finally:
        part.discard()
    return documents


def _rows(body: Path, field: str, lines: Callable[[], int], problems: list[str]) -> Iterator[delimited.Row]:
    """Yield the rows of a CSV file, its header first; when it cannot be read to its end, append that to `problems`."""
    try:
        with compression.opened(body) as file, compression.decompressed(file, body.name) as stream:
            yield from delimited.rows(stream, str(body), field, lines)
    except OSError as error:
        problems.append(f"{body}: {error.strerror or error}; expected a readable file")
    except ReadError as error:
        problems.append(str(error))


def _restore_table(
    body: Path, original: Path | None, rows: Iterator[_Row], column: str, *, failed: list[str], problems: list[str]
) -> int:
    """Restore a Parquet file, as above."""
    documents = 0
    try:
        if original is None and not body.is_file():
            raise ReadError(f"{body}: No such file; expected a readable Parquet file")  # noqa: TRY301  # as the others
        part = parquet.Rewriter(original, body, column) if original is not None else _Nowhere()
    except ReadError as error:  # nothing is wrong when all had failed
        problems += [f"{row['id']}: the body cannot be read: {error}" for row in _not_failed(rows, failed)]
        return 0
    try:
        for number, value in enumerate(_values(body, column, problems), 1):
            where = f"{body}:{number}"
            try:
                row = next(rows, None)
                if row is None or row["status"] != "failed":
                    text = _original_text(value, row, column, where)
                    documents += 1
                    part.write(parquet.change(number, {column: text}).encode() if row and row["spans"] else b"")
            except ReadError as error:
                problems.append(str(error))
        problems += [f"{row['id']}: the body is gone; expected a row in {body}" for row in _not_failed(rows, failed)]
        part.commit()
    finally:
        part.discard()
    return documents


def _lines(file: io.BufferedReader, body: Path, problems: list[str]) -> Iterator[bytes]:
    """Yield the lines of a body, and close it; when it cannot be read to its end, append that to `problems`."""
    try:
        with file, compression.decompressed(file, body.name) as stream:
            yield from stream
    except OSError as error:
        problems.append(f"{body}: {error.strerror or error}; expected a readable file")


def _values(body: Path, field: str, problems: list[str]) -> Iterator[dict[str, object]]:
    """Yield the rows of a body; when it cannot be read to its end, append that to `problems`."""
    try:
        for _, data, _ in parquet.pieces(body, str(body), _PIECE, field):
            yield from parquet.rows(data)
    except ReadError as error:
        problems.append(str(error))


def _original_line(raw: str, value: dict[str, object], row: _Row | None, field: str, where: str) -> str:
    text = _original_text(value, row, field, where)
    return restore_text(raw, field, text, row.get("literal")) if row and row["spans"] else raw


def _original_text(value: dict[str, object], row: _Row | None, field: str, where: str) -> str:
    if row is None:
        raise ReadError(f"{where}: not in the report; expected no more documents")
    return restore(text_of(value, field, where), row)
