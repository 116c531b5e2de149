r"""CSV and TSV: rows cut apart at their line ends, read by the names of the header, and written again with another text.

A row keeps each byte outside of its text: quotes, line end, the other fields. A field is quoted, with quotes in it doubled, or has no
quote at all; so what is between quotes may span lines, and a field is written again, quoted as it was, in one way only.

>>> data = b'id,text\r\n7,"He said ""no"".\nRead more"\r\n'
>>> row = list(rows(io.BytesIO(data), "x.csv", "text"))[1]
>>> row.values, rewrite(row.raw, row.at, 'He said "no".')
({'id': '7', 'text': 'He said "no".\nRead more'}, '7,"He said ""no""."\r\n')
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from cleaner.model import LARGEST, ReadError, told

DELIMITERS: Final = "\t;|,"
"""What may stand between fields: the first by which the header has the text's column."""

LONGEST: Final = LARGEST
"""Bytes of a row that are looked at: where quotes are not closed by then, one of them is a stray."""

HEADER: Final = 2**20
"""Bytes that a header may take."""

_BOM: Final = b"\xef\xbb\xbf"

_WRONG: Final = "not a row; expected quotes around a field only, and doubled within, and a line end of \\n or \\r\\n"


@dataclass(frozen=True, slots=True)
class Row:
    """A row, with its line end."""

    raw: str
    """As it is; bytes that are not UTF-8 as surrogates."""
    values: dict[str, object] | None = None
    """Its fields by name; None for the header, for a blank line, and for what is no row."""
    at: tuple[int, int] = (0, 0)
    """Where in `raw` its text is written, quotes included."""
    wrong: str = ""
    """Why it is no row."""


@dataclass(frozen=True, slots=True)
class _Header:
    """What the first row says."""

    end: int
    names: tuple[str, ...]
    delimiter: str

    def spares(self, row: bytes) -> bool:
        """Whether a line is blank, and no row: where there is one column, it is an empty text."""
        return row in (b"\n", b"\r\n") and len(self.names) > 1


def pieces(
    stream: io.BufferedReader, size: int, name: str, text: str, keys: Sequence[str] = ()
) -> Iterator[tuple[int, bytes]]:
    """Yield rows in pieces of about `size` bytes: how many, and the header with them below it.

    The header counts in the first piece only. Of what cannot be read to its end, the rows before come.

    Args:
        stream: The file.
        size: Bytes.
        name: What to call the file in errors.
        text: The column with the texts.
        keys: Those with ids or groups.

    Raises:
        ReadError: There are no such columns.
        OSError: The file is damaged from here on.
    """
    top, count, data = b"", 0, bytearray()
    damage = None
    try:
        for _, row, _ in _cut(stream, size, name, (text, *keys)):
            data += row
            count += 1
            top = top or row
            if len(data) >= size:
                yield count, bytes(data)
                count, data = 0, bytearray(top)
    except OSError as error:
        damage = error
    if count:
        yield count, bytes(data)
    if damage:
        raise damage


def rows(stream: io.BufferedIOBase, name: str, text: str, lines: Callable[[], int] | None = None) -> Iterator[Row]:
    """Yield the header of a file, or of a piece, and the rows.

    Args:
        stream: The file.
        name: What to call it in errors.
        text: The column with the texts.
        lines: What says before each row how many lines it has, or 0 where its quotes do.

    Raises:
        ReadError: There is no such column.
        OSError: The file is damaged from here on.
    """
    first = True
    for header, row, wrong in _cut(stream, HEADER, name, (text,), lines):
        yield Row(row.decode(errors="surrogateescape")) if first else _row(row, header, text, wrong)
        first = False


def _cut(
    stream: io.BufferedIOBase, size: int, name: str, columns: Sequence[str], lines: Callable[[], int] | None = None
) -> Iterator[tuple[_Header, bytes, str]]:
    """Yield the header, and below it each row, with what is wrong with it, if anything; `columns` begin with the texts'."""
    data, header, end = bytearray(), None, 0
    wanted, done = max(size, HEADER), False
    damage = None
    while not (done or damage):
        try:
            while len(data) < wanted and (some := stream.read1(wanted - len(data))):
                data += some
            done = len(data) < wanted
        except OSError as error:
            damage = error
        if data and header is None:
            header = _header(data, columns[0], done=done)
            _check(header, name, columns)
            end = header.end
            yield header, bytes(data[:end]), ""
        while header and end < len(data) and (found := _end(data, end, header.delimiter, done=done)):
            start, (end, wrong) = end, found
            if lines and not (header.spares(bytes(data[start:end]))) and (count := lines()):
                end = _after(data, start, count)
            yield header, bytes(data[start:end]), wrong
        del data[:end]
        end, wanted = 0, size + 2 * len(data)
    if damage:
        raise damage


def _after(data: bytearray, start: int, lines: int) -> int:
    """Return where so many lines end."""
    for _ in range(lines):
        start = data.find(b"\n", start) + 1 or len(data)
    return start


def rewrite(raw: str, at: tuple[int, int], text: str) -> str:
    """Return a row with another text, which, where the old one has no quotes around it, has nothing that needs them.

    >>> rewrite('7,"One, two",x', (2, 12), "One")
    '7,"One",x'
    """
    start, end = at
    return raw[:start] + (_quoted(text) if raw.startswith('"', start) else text) + raw[end:]


def check_markers(raw: str, at: tuple[int, int], markers: str) -> None:
    """Make sure that a field holds what stands in the place of cuts as it is: quotes around it could not be taken off again.

    Raises:
        ReadError: the field has no quotes around it, and would need them.

    >>> check_markers('7,"One, two"', (2, 12), "[one, two]")
    >>> check_markers("7,One", (2, 5), "[one, two]")
    Traceback (most recent call last):
    cleaner.model.ReadError: a field without quotes; expected a marker without ,
    """
    start, end = at
    beside = {*raw[:start][-1:], *raw[end : end + 1]} & {*DELIMITERS} or {*DELIMITERS}
    if not raw.startswith('"', start) and (needing := sorted({*markers} & {'"', *beside})):
        raise ReadError(f"a field without quotes; expected a marker without {' '.join(needing)}")


def text_at(raw: str, at: tuple[int, int]) -> str:
    """Return the text of a row, of where it is written.

    >>> text_at('7,"He said ""no""."', (2, 19))
    'He said "no".'
    """
    return _value(raw[slice(*at)])


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@cache
def _field(delimiter: str) -> str:
    return rf'(?:"[^"]*(?:""[^"]*)*"(?!")|[^"{re.escape(delimiter)}\r\n]*)'


@cache
def _fields(delimiter: str) -> re.Pattern[bytes]:
    field = _field(delimiter)
    return re.compile(f"{field}(?:{re.escape(delimiter)}{field})*".encode())


def _end(data: bytearray, start: int, delimiter: str, *, done: bool) -> tuple[int, str] | None:
    """Return where a row ends, and what is wrong with it, if anything; None when more of the file must be read to know.

    What is no row is one line: a stray quote takes none of the rows below.
    """
    at = _fields(delimiter).match(data, start, start + LONGEST).end()  # type: ignore[union-attr]  # it matches nothing, too
    if data.startswith((b"\n", b"\r\n"), at):
        return data.index(b"\n", at) + 1, ""
    unclosed = data.startswith(b'"', at) and (at == start or data[at - 1] == ord(delimiter))
    to_the_end = unclosed or at + data.startswith(b"\r", at) == len(data)
    if to_the_end and not done and len(data) - start < LONGEST:
        return None
    if at == len(data):
        return at, ""
    end = data.find(b"\n", start) + 1
    return (end or len(data), _WRONG) if end or done else None


def _header(data: bytearray, text: str, *, done: bool) -> _Header:
    """Return what the first row says, fields apart by the first delimiter that gives the text's column."""
    header = _Header(len(data), (), ",")
    for delimiter in DELIMITERS:
        start = len(_BOM) if data.startswith(_BOM) else 0
        end, wrong = _end(data, start, delimiter, done=done) or (len(data), _WRONG)
        if wrong:
            continue
        raw = data[start:end].decode(errors="surrogateescape")
        header = _Header(end, tuple(_value(raw[slice(*at)]) for at in _spans(raw, delimiter)), delimiter)
        if text in header.names:
            break
    return header


def _check(header: _Header, name: str, columns: Sequence[str]) -> None:
    for column in columns:
        if (there := header.names.count(column)) != 1:
            if there:
                raise ReadError(f"{name}: {there} columns {column!r}; expected one in the header")
            known = f", which has {told(header.names)}" if header.names else ""
            raise ReadError(f"{name}: no column {column!r}; expected one in the header{known}")


def _row(data: bytes, header: _Header, text: str, wrong: str) -> Row:
    raw = data.decode(errors="surrogateescape")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        wrong = f"not UTF-8 at byte {error.start} of the row; expected UTF-8 text"
    if wrong:
        return Row(raw, wrong=wrong)
    if header.spares(data):
        return Row(raw)
    spans = _spans(raw, header.delimiter)
    if len(spans) != len(header.names):
        return Row(raw, wrong=f"{len(spans)} fields; expected {len(header.names)}, as the header has")
    values: dict[str, object] = {
        name: _value(raw[start:end]) for name, (start, end) in zip(header.names, spans, strict=True)
    }
    return Row(raw, values, spans[header.names.index(text)])


def _spans(raw: str, delimiter: str) -> list[tuple[int, int]]:
    """Return where the fields of a row stand."""
    field = re.compile(_field(delimiter))
    spans: list[tuple[int, int]] = []
    at = 0
    while not spans or raw.startswith(delimiter, at):
        at += bool(spans)
        spans.append((at, field.match(raw, at).end()))  # type: ignore[union-attr]  # it matches nothing, too
        at = spans[-1][1]
    return spans


def _value(literal: str) -> str:
    return literal[1:-1].replace('""', '"') if literal.startswith('"') else literal
