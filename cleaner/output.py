"""Write the output folder safely.

Every file appears whole or not at all: it is written beside its place, forced to disk, then renamed. Files
that cleaner did not write are not overwritten. What it did write stands in `report.jsonl`, and while a run
lasts, or after it was killed, in the marker.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Self

import orjson

from cleaner import parquet
from cleaner.compression import contents, opened
from cleaner.files import Part, one_line, part_path, sync_folder, write_atomic
from cleaner.journal import Journal
from cleaner.jsonl import parse_line
from cleaner.model import ReadError, WriteError
from cleaner.report import dumps, target_of
from cleaner.scratch import lock
from cleaner.sources import TABLES, Found, Source

REPORT = "report.jsonl"
SUMMARY = "summary.json"
MARKER = ".cleaner-run.json"
"""Names the files that a run is about to write, and by its key what it does; removed when it is done."""

JOURNAL, INDEX = ".cleaner-run.journal", ".cleaner-run.idx"
"""What the run has done so far, and what it has learnt; removed, too."""

_UNREPORTED = "files_without_documents"
"""In the summary: files that were written, and that the report does not name."""

_Row = dict[str, Any]

_RECORD = {"id", "source", "status", "sha256_in", "sha256_out", "spans", "error"}
"""By these fields a line is known for a record."""


def check_output(out: Path, found: Found, *, force: bool = False) -> None:
    """Make sure that writing to `out` loses nothing; write nothing.

    Args:
        out: The output folder, there or not.
        found: What will be read.
        force: Overwrite files that cleaner did not write. Inputs are never overwritten.

    Raises:
        WriteError: `out` is no folder; or lies in a folder that is read, so that the next run would read the
            output; or a file would overwrite an input, another output of this run, or a foreign file.

    >>> check_output(Path("no-such-folder"), Found((Source(Path("x.txt"), "x.txt", "text"),)))
    >>> check_output(Path(), Found((), folders=(Path(),)))
    Traceback (most recent call last):
    cleaner.model.WriteError: .: the output would lie in the input folder .; expected a folder outside of it
    """
    if out.exists() and not out.is_dir():
        raise WriteError(f"{out}: a file; expected a folder")
    for folder in found.folders:
        if out.resolve().is_relative_to(folder.resolve()):
            raise WriteError(
                f"{out}: the output would lie in the input folder {folder}; expected a folder outside of it"
            )
    _check_names(out, found.sources)
    inputs = {_identity(source.path) for source in found.sources} - {None}
    ours = None if force else _ours(out)
    for name in dict.fromkeys([REPORT, SUMMARY, *(source.target for source in found.sources)]):
        if os.path.lexists(_path(out, name)):
            _check_target(inside(out, name), inputs, foreign=ours is not None and name not in ours)


def _check_names(out: Path, sources: Sequence[Source]) -> None:
    taken = {REPORT, SUMMARY, MARKER, JOURNAL, INDEX}
    names = {source.target for source in sources}
    for source in sources:
        if source.target in taken:
            check_no_report(source)
            raise WriteError(f"{source.place}: the output has another {source.target}; expected another name")
        if source.of_many:  # of two files of one document each the second fails on its own
            taken.add(source.target)
        if clash := names.intersection(map(str, PurePosixPath(source.target).parents)):
            wrong = f"{out / source.target}: the output has a file {min(clash)}"
            raise WriteError(f"{wrong}; expected no input to be named like another one's folder")


def _check_target(target: Path, inputs: Collection[tuple[int, int] | None], *, foreign: bool) -> None:
    if target.is_dir():
        raise WriteError(f"{target}: a folder is in the way; expected a file or nothing")
    if _identity(target) in inputs:
        raise WriteError(f"{target}: the output would overwrite an input; expected another folder")
    if foreign:
        raise WriteError(f"{target}: not written by the last run of cleaner there; expected nothing, or --force")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def inside(out: Path, name: str) -> Path:
    """Return the path of a file of the output, which must not lie anywhere else.

    >>> inside(Path("out"), "a/../../x")
    Traceback (most recent call last):
    cleaner.model.WriteError: a/../../x: lies outside of the output folder; expected a name in it
    """
    target = _path(out, name)
    if target.name in ("", "..") or not target.parent.resolve().is_relative_to(out.resolve()):
        raise WriteError(f"{name}: lies outside of the output folder; expected a name in it")
    return target


def _path(out: Path, name: str) -> Path:
    """Return the path of a name, whose bytes are UTF-8 whatever the locale."""
    return out / os.fsdecode(name.encode("utf-8", "surrogateescape"))


def _ours(out: Path) -> set[str]:
    """Return the names of the files that earlier runs wrote, or were about to write, to a folder."""
    ours: set[str] = set()
    with suppress(OSError, ValueError, KeyError, TypeError):  # mostly: no run was killed
        ours.update(map(str, orjson.loads(contents(out / MARKER))["targets"]))
    with suppress(ReadError):  # no run was finished: the report is not there, or is not ours
        for row in rows(out / REPORT):
            ours.add(target_of(row))
        ours.update((REPORT, SUMMARY))
        with suppress(OSError, ValueError, KeyError, TypeError):  # mostly: there are none
            ours.update(map(str, orjson.loads(contents(out / SUMMARY))[_UNREPORTED]))
    return ours


def kept_index(out: Path, key: str) -> Path | None:
    """Return the file with what a killed run of that key has learnt, None if there is none.

    >>> kept_index(Path("no-such-folder"), "a key")
    """
    path = out / INDEX
    return path if _key(out) == key and path.is_file() else None


def _key(out: Path) -> str | None:
    """Return the key of a killed run."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(orjson.loads(contents(out / MARKER))["key"])
    return None


def rows(report: Path) -> Iterator[_Row]:
    """Yield the records of a report.

    Raises:
        ReadError: It cannot be read, or is no report.
    """
    try:
        with opened(report) as stream:
            for number, line in enumerate(stream, 1):
                _, row = parse_line(line, str(report), number)
                if row is None or not _RECORD.issubset(row) or not isinstance(row["source"], str):
                    raise ReadError(f"{report}:{number}: not a record; expected the report of cleaner clean")
                yield row
    except OSError as error:
        wrong = error.strerror or error
        raise ReadError(f"{report}: {wrong}; expected the report of cleaner clean") from error


def check_no_report(source: Source) -> None:
    """Make sure that a source is not the report of an earlier run.

    Raises:
        ReadError: it is.

    >>> check_no_report(Source(Path("x.jsonl"), "x.jsonl", "jsonl"))
    """
    if PurePosixPath(source.name).name == REPORT and _is_report(source.path):
        told = f"`cleaner restore` and `cleaner report` take the folder {source.path.parent}"
        raise ReadError(f"{source.place}: the report of `cleaner clean`; expected documents: {told}")


def _is_report(path: Path) -> bool:
    try:
        return next(rows(path), None) is not None
    except ReadError:
        return False


def _locked(out: Path) -> ExitStack:
    """Make a folder, and lock it until what is returned is closed: two runs would write the same parts of files.

    Raises:
        WriteError: It cannot be made, or another run has locked it.
    """
    with ExitStack() as stack:
        free = True
        with one_line(out):
            out.mkdir(parents=True, exist_ok=True)
            if os.name == "posix":
                opened = os.open(out, os.O_RDONLY)
                stack.callback(os.close, opened)
                free = lock(opened)
        if not free:
            raise WriteError(f"{out}: another run writes there; expected a folder for each")
        return stack.pop_all()


class Output:
    r"""The output folder of a run, a context manager.

    Sources are written one after another, and at the end of the block `finish` is called. When it was not, or
    an exception leaves the block, the files that are whole stay, and so does the marker, by which the next
    run knows them for its own.

    >>> import tempfile
    >>> source = Source(Path("x.jsonl"), "x.jsonl", "jsonl")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Output(Path(folder, "out"), [source]) as output:
    ...         output.write("x.jsonl", b'{"text": "One"}')
    ...         output.record(b'{"id": "x.jsonl:1"}\n')
    ...         output.finish({})
    ...     sorted(path.name for path in Path(folder, "out").iterdir())
    ['report.jsonl', 'summary.json', 'x.jsonl']
    """

    def __init__(
        self, out: Path, sources: Sequence[Source], text: str = "text", key: str = "", *, html: bool = False
    ) -> None:
        """Make the folder, write the marker, and begin the report. See `check_output` for what to do before.

        Args:
            out: The folder.
            sources: What is read.
            text: The column of a table with the texts.
            html: Whether a column of HTML stays, beside the bodies.
            key: Says what the run does: one of the same key goes on where it was killed. "": it starts anew.

        Raises:
            WriteError: One of them cannot be written, or another run writes there.
        """
        self._out = out
        self._sources = {source.target: source for source in sources}
        self._text = text
        self._pages: parquet.Pages = "keep" if html else "drop"
        self._written: set[str] = set()
        self._reported: set[str] = set()
        self._lines: Part | parquet.Rewriter | None = None
        self._name = ""
        with _locked(out) as locked:
            self._ours = _ours(out)
            if (out / MARKER).exists():  # a run was killed, perhaps in the middle of a file
                for name in self._ours:
                    with one_line(out / name):
                        part_path(inside(out, name)).unlink(missing_ok=True)
            if not key or _key(out) != key:
                self._forget()
            targets = sorted({*self._ours, *self._sources, REPORT, SUMMARY})
            write_atomic(out / MARKER, dumps({"targets": targets, "key": key}))
            self.journal = Journal(out / JOURNAL) if key else None
            """Where to note what was done."""
            self._report = Part(out / REPORT)
            self._lock = locked.pop_all()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def write(self, target: str, body: bytes) -> None:
        """Write the body of a file, the next lines of a JSONL file, or what changes next in a table.

        Args:
            target: Name of the file in the folder: that of a source.
            body: The text, the lines with their own line ends, or those of `cleaner.parquet.change`.

        Raises:
            WriteError: It cannot be written, or a file of many documents had been left for another.
        """
        source = self._sources[target]
        if not source.of_many:
            write_atomic(inside(self._out, target), body, by_name=True)
        else:
            if self._lines is None or target != self._name:
                self._end_lines()
                if target in self._written:
                    raise WriteError(f"{target}: was finished; expected its lines one after another")
                path = inside(self._out, target)
                if source.format in TABLES:
                    pages = self._pages if source.format == "html-rows" else None
                    self._lines = parquet.Rewriter(path, source.path, self._text, pages)
                else:
                    self._lines = Part(path, by_name=True)
                self._name = target
            self._lines.write(body)
        self._written.add(target)

    def record(self, lines: bytes, reported: Collection[str] = ()) -> None:
        """Write the next lines of the report, which name documents of some files.

        Raises:
            WriteError: It cannot be written.
        """
        self._report.write(lines)
        self._reported.update(reported)

    def finish(self, summary: Mapping[str, object]) -> None:
        """Put report and summary in their places, and remove the marker.

        A body that an earlier run wrote is removed when this run's document failed: it would contradict the
        report.

        Raises:
            WriteError: One of them cannot be written.
        """
        self._end_lines()
        for name in self._ours & self._sources.keys() - self._written:
            with one_line(self._out / name):
                inside(self._out, name).unlink(missing_ok=True)
        self._report.commit()
        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        unreported = sorted(self._written - self._reported)
        whole = {**summary, _UNREPORTED: unreported} if unreported else summary
        write_atomic(self._out / SUMMARY, orjson.dumps(whole, option=options))
        self._forget()
        with one_line(self._out / MARKER):
            (self._out / MARKER).unlink()
            sync_folder(self._out)

    def _forget(self) -> None:
        """Remove what would be needed to go on."""
        for name in (JOURNAL, INDEX):
            with one_line(self._out / name):
                (self._out / name).unlink(missing_ok=True)
                part_path(self._out / name).unlink(missing_ok=True)

    def _end_lines(self) -> None:
        if self._lines is not None:
            self._lines.commit()
            self._lines = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what is not whole; only then may another run write here."""
        with self._lock:
            if self.journal is not None:
                self.journal.close()
            self._report.discard()
            if self._lines is not None:
                self._lines.discard()
