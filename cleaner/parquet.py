"""Parquet files: rows read a row group at a time, and written again with other texts and nothing else changed.

Where the texts are HTML, the bodies go to a column `text`, and what pages say of themselves to columns of these names, as far as they
are empty; the HTML is left out, or kept. What is written has the row groups, the schema with its metadata, the other columns and the compression of what was read, as far
as pyarrow tells of them; not its compression levels, Bloom filters and encodings other than dictionaries.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from cleaner.compression import opened
from cleaner.files import Part, one_line
from cleaner.layout import Metadata
from cleaner.model import ReadError, told

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

URL: Final = "url"
"""The column with a document's address, where there is one."""

BODY: Final = "text"
"""The column with the bodies of pages."""

Pages = Literal["drop", "keep"]
"""What is done with a column of HTML."""

_ABOUT: Final = tuple(field.name for field in fields(Metadata))


def pieces(
    path: Path, name: str, size: int, text: str, keys: Sequence[str] = (), *, pages: bool = False
) -> Iterator[tuple[int, bytes, float]]:
    """Yield the rows of a file in pieces of about `size` bytes, none of them over the end of a row group.

    All columns are read, though some are yielded: a row group of which one is damaged is not begun.

    Args:
        path: The file.
        name: What to call it in errors.
        size: Bytes of text, ids and groups in memory.
        text: The column with the texts.
        keys: Those with ids or groups.
        pages: Whether the texts are HTML.

    Yields:
        The number of the first row, from 1; what `rows` reads; which share of the rows is done with it.

    Raises:
        ReadError: It is damaged from here on, or has no such columns.
    """
    with _opened(path, name) as file:
        _check_columns(file.schema_arrow, name, text, keys)
        if pages and BODY in file.schema_arrow.names:
            _check_columns(file.schema_arrow, name, BODY, ())
        found = [column for column in dict.fromkeys((text, *keys, URL)) if file.schema_arrow.names.count(column) == 1]
        row = 1
        for group in range(file.num_row_groups):
            table = _row_group(file, group, name).select(found)
            step = max(1, size * table.num_rows // max(1, table.nbytes))
            for start in range(0, table.num_rows, step):
                some = table.slice(start, step)
                yield row, _packed(some), (row + some.num_rows - 1) / file.metadata.num_rows
                row += some.num_rows


def rows(data: bytes) -> Iterator[dict[str, object]]:
    """Yield the rows of a piece: by column, strings, integers or None; bytes where a string is not UTF-8."""
    import pyarrow as pa

    with pa.ipc.open_stream(data) as stream:
        table = stream.read_all()
    for values in zip(*map(_values, table.columns), strict=True):
        yield dict(zip(table.column_names, values, strict=True))


def change(row: int, values: Mapping[str, str | None]) -> str:
    r"""Return a line that `Rewriter.write` takes: which row, from 1, gets which values, by column.

    >>> change(7, {"text": "One\nTwo"})
    '[7, {"text": "One\\nTwo"}]\n'
    """
    return f"{json.dumps([row, values], ensure_ascii=False)}\n"


def changed(line: str, column: str) -> str:
    r"""Return the text that a line of `change` gives to its row in a column.

    >>> changed(change(7, {"text": "One\nTwo"}), "text")
    'One\nTwo'
    """
    return str(json.loads(line)[1][column])


class Rewriter:
    """A file being written again with other texts, beside its place, like a `cleaner.files.Part`."""

    def __init__(self, path: Path, source: Path, text: str, pages: Pages | None = None) -> None:
        """Begin.

        Args:
            path: Where to write.
            source: The file that was read.
            text: The column with the texts.
            pages: What is done with it, where the texts are HTML.

        Raises:
            ReadError: The source cannot be read.
            WriteError: The file cannot be written.
        """
        import pyarrow.parquet as pq

        self._path, self._name, self._pages = path, str(source), pages
        self._changes: dict[int, dict[str, str | None]] = {}
        self._group, self._row = 0, 1
        with ExitStack() as stack:
            self._file = stack.enter_context(_opened(source, self._name))
            self._groups = self._file.num_row_groups
            self._columns = _planned(self._file.schema_arrow, text, pages)
            read = self._file.schema_arrow
            self._schema = _schema(read, self._columns) if pages else read
            self._part = Part(path)
            stack.callback(self._part.discard)
            self._sink = _Sink(self._part)
            settings = _settings(self._file.metadata, text, self._schema.names)
            self._writer = pq.ParquetWriter(self._sink, self._schema, **settings)
            self._open = stack.pop_all()

    def write(self, changes: bytes) -> None:
        """Take lines of `change`, in the order of their rows; what they leave out stays as it is."""
        for line in changes.splitlines():
            row, values = json.loads(line)
            while row >= self._row + self._rows():
                self._end_group()
            self._changes[row] = values

    def commit(self) -> None:
        """Write the rest, up to a row group that cannot be read, and put the file in its place."""
        while self._group < self._groups:
            self._end_group()
        with one_line(self._path):
            self._writer.close()
        self._part.commit()
        self._open.close()

    def discard(self) -> None:
        """Remove what was written, unless it is in its place."""
        self._sink.part = None
        self._open.close()

    def _rows(self) -> int:
        return int(self._file.metadata.row_group(self._group).num_rows)

    def _end_group(self) -> None:
        """Write a row group with the texts that were changed."""
        try:
            table = _row_group(self._file, self._group, self._name)
        except ReadError:  # whoever read it has said so
            self._groups = self._group
            return
        if self._changes or self._pages:
            changes = [self._changes.get(row, {}) for row in range(self._row, self._row + table.num_rows)]
            table = self._changed(table, changes)
        with one_line(self._path):
            self._writer.write_table(table, max(1, table.num_rows))
        self._group, self._row = self._group + 1, self._row + table.num_rows
        self._changes.clear()

    def _changed(self, table: pa.Table, changes: Sequence[Mapping[str, str | None]]) -> pa.Table:
        """Return a row group with other values: instead of the old ones where there are some; of what a page says, where there is none."""
        import pyarrow as pa
        import pyarrow.compute as pc

        plain = pa.large_string()  # there is no choosing among views and dictionaries
        made = []
        for field, (at, name) in zip(self._schema, self._columns, strict=True):
            old = None if at is None else table.column(at)
            if name is not None:
                new = pa.chunked_array([pa.array([values.get(name) for values in changes], plain)])
                if old is not None and not (self._pages and name == BODY):
                    old = old.cast(plain)
                    empty = pc.fill_null(pc.equal(old, ""), fill_value=True) if self._pages else pc.is_valid(new)
                    new = pc.if_else(empty, new, old)
                old = new.cast(field.type)
            made.append(old)
        return pa.table(made, self._schema)


class _Sink(io.RawIOBase):
    """Where pyarrow writes."""

    def __init__(self, part: Part) -> None:
        self.part: Part | None = part
        """None: nowhere; a writer that is left behind writes the end of its file, whoever wants it."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if self.part is not None:
            self.part.write(bytes(data))
        return len(data)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Turn what pyarrow says of a file into one line."""
    import pyarrow as pa

    try:
        yield
    except (OSError, pa.ArrowException) as error:
        wrong = getattr(error, "strerror", None) or " ".join(str(error).split()).rstrip(".")
        raise ReadError(f"{name}: {wrong}; expected a readable Parquet file") from error


@contextmanager
def _opened(path: Path, name: str) -> Iterator[pq.ParquetFile]:
    import pyarrow.parquet as pq

    with ExitStack() as stack:
        with _readable(name):
            file = pq.ParquetFile(stack.enter_context(opened(path)), page_checksum_verification=True)
        yield file


def _row_group(file: pq.ParquetFile, group: int, name: str) -> pa.Table:
    with _readable(f"{name}: row group {group + 1} of {file.num_row_groups}"):
        return file.read_row_group(group)


def _check_columns(schema: pa.Schema, name: str, text: str, keys: Sequence[str]) -> None:
    """Make sure that there are such columns.

    Raises:
        ReadError: One is not there, is there twice, or holds something else.
    """
    import pyarrow as pa

    for column in (text, *keys):
        expected = "strings" if column == text else "strings or integers"
        if (there := schema.names.count(column)) != 1:
            if there:
                raise ReadError(f"{name}: {there} columns {column!r}; expected one of {expected}")
            known = told(column.name for column in schema if _of_strings(column.type))
            raise ReadError(f"{name}: no column {column!r}; expected one of {expected}: {known or 'there is none'}")
        kind = schema.field(column).type
        if not (_of_strings(kind) or (column != text and pa.types.is_integer(kind))):
            raise ReadError(f"{name}: column {column!r} is of {kind}; expected {expected}")


def _of_strings(kind: pa.DataType) -> bool:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return kind in (pa.string(), pa.large_string(), pa.string_view(), pa.null())


def _packed(table: pa.Table) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())


def _values(column: pa.ChunkedArray) -> list[object]:
    """Return the values of a column; strings are decoded one by one, so that one that is not UTF-8 stands alone."""
    import pyarrow as pa

    if not _of_strings(column.type):
        return list(column.to_pylist())
    return [
        None if value is None else _decoded(value)
        for value in column.cast(pa.large_string()).cast(pa.large_binary()).to_pylist()
    ]


def _decoded(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _planned(schema: pa.Schema, text: str, pages: Pages | None) -> list[tuple[int | None, str | None]]:
    """Return for each column to write which of the file's it is, and by which name it is changed: None for not at all."""
    if not pages:
        return [(at, text if name == text else None) for at, name in enumerate(schema.names)]
    new = [name for name in (BODY, *_ABOUT) if name not in schema.names]
    columns: list[tuple[int | None, str | None]] = []
    for at, field in enumerate(schema):
        changed = field.name in (BODY, *_ABOUT) and schema.names.count(field.name) == 1 and _of_strings(field.type)
        if field.name != text or pages == "keep" or text == BODY:
            columns.append((at, field.name if changed else None))
        if field.name == text:
            columns += [(None, name) for name in new]
    return columns


def _schema(schema: pa.Schema, columns: Sequence[tuple[int | None, str | None]]) -> pa.Schema:
    """Return the schema to write: a column that gets values of pages has a type that holds some, or null."""
    import pyarrow as pa

    found = []
    for at, name in columns:
        field = pa.field(name, pa.string()) if at is None else schema.field(at)
        if name is not None:
            field = field.with_nullable(True).with_type(pa.string() if pa.types.is_null(field.type) else field.type)
        found.append(field)
    return pa.schema(found, schema.metadata)


def _settings(metadata: pq.FileMetaData, text: str, names: Sequence[str]) -> dict[str, Any]:
    """Return how a file was written: compression, dictionaries and statistics by column, as its first row group has them.

    Columns that it has not are written as that of the texts.
    """
    if not metadata.num_row_groups:
        return {}
    group = metadata.row_group(0)
    columns = {group.column(number).path_in_schema: group.column(number) for number in range(group.num_columns)}
    columns |= {name: columns[text] for name in (BODY, *_ABOUT) if name in names and name not in columns}
    columns = {path: column for path, column in columns.items() if path != text or text in names}
    return {
        "compression": {path: column.compression.replace("UNCOMPRESSED", "NONE") for path, column in columns.items()},
        "use_dictionary": [path for path, column in columns.items() if column.has_dictionary_page],
        "write_statistics": [path for path, column in columns.items() if column.is_stats_set],
    }
