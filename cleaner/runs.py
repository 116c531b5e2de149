"""A whole run: inputs to learn from and clean, a place to write to, a summary to show."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import cleaner
from cleaner import engines, index
from cleaner.engines import Watch
from cleaner.formats import Choice, Fields, Found, Source, find_sources, format_of, read
from cleaner.index import Index
from cleaner.model import Document, Failure, ReadError, WriteError
from cleaner.output import Output, check_output, write_atomic
from cleaner.pipeline import Cleaner
from cleaner.report import Summary, summary_json
from cleaner.segment import FOLD_VERSION

PROBLEMS = 20
"""Failed and held documents that a result names; the report names all."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to read, and how."""

    found: Found
    fields: Fields = Fields()
    format: Choice = "auto"
    jobs: int | None = None
    """Processes; None: as many as the input is worth."""

    @property
    def workers(self) -> int:
        """How many processes to use."""
        return engines.workers(self.found.sources, self.jobs)

    def learn(self, watch: Watch | None = None) -> Index:
        """Return the index of all documents that can be read."""
        return engines.learn_all(self.found.sources, self.fields, jobs=self.workers, watch=watch)


@dataclass(frozen=True, slots=True)
class Result:
    """What a run did."""

    summary: dict[str, Any]
    """What `summary.json` holds."""
    problems: tuple[str, ...]
    """One line for each of the first `PROBLEMS` documents that failed or were held back."""


@contextmanager
def find(inputs: Sequence[str], format: Choice, stdin: BinaryIO) -> Iterator[Found]:
    """Find the sources that `inputs` name. `-` is `stdin`, kept in a temporary file for as long as the block lasts.

    >>> import io
    >>> with find(["-"], "auto", io.BytesIO(b"One")) as found:
    ...     [(source.name, source.path.read_bytes()) for source in found.sources]
    [('stdin.txt', b'One')]
    """
    if "-" not in inputs:
        yield find_sources(inputs, format)
        return
    with scratch() as folder:
        name = "stdin.jsonl" if format == "jsonl" else "stdin.txt"
        with (folder / name).open("wb") as file:
            shutil.copyfileobj(stdin, file)
        found = find_sources([given for given in inputs if given != "-"], format)
        yield replace(found, sources=(*found.sources, Source(folder / name, name, format_of(name, format))))


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a temporary folder that goes with the block."""
    with tempfile.TemporaryDirectory(prefix="cleaner-") as name:
        yield Path(name)


def to_folder(cleaner: Cleaner, job: Job, out: Path, *, force: bool = False, watch: Watch | None = None) -> Result:
    """Clean into a folder: bodies, report and summary.

    Raises:
        WriteError: something that is not cleaner's would be overwritten, or the folder cannot be written.
    """
    check_output(out, job.found, force=force)
    problems: list[str] = []
    with Output(out, job.found.sources) as output:
        summary = Summary.total(_rows(cleaner, job, watch, problems, output))
        result = _result(cleaner, job, summary, problems)
        output.finish(result.summary)
    return result


def to_stream(cleaner: Cleaner, job: Job, stream: BinaryIO) -> Result:
    """Clean, and write the bodies to `stream` one after another: no report is kept."""
    problems: list[str] = []
    summary = Summary.total(_rows(cleaner, job, None, problems, stream))
    stream.flush()
    return _result(cleaner, job, summary, problems)


def to_nowhere(cleaner: Cleaner, job: Job, watch: Watch | None = None) -> Result:
    """Clean, and write nothing."""
    problems: list[str] = []
    return _result(cleaner, job, Summary.total(_rows(cleaner, job, watch, problems, None)), problems)


def _rows(
    cleaner: Cleaner, job: Job, watch: Watch | None, problems: list[str], to: Output | BinaryIO | None
) -> Iterator[Mapping[str, Any]]:
    """Clean everything, write it as it comes, and yield the records for the report."""
    for done in engines.clean_all(cleaner, job.found.sources, job.fields, jobs=job.workers, watch=watch):
        if isinstance(to, Output):
            if done.body is not None:
                to.write(done.source, done.body)
            if done.row is not None:
                to.record(done.row)
        elif to is not None and done.body is not None:
            to.write(done.body.encode())
        if done.row is None:
            continue
        if done.row["error"] is not None and len(problems) < PROBLEMS:
            held = f"{done.row['id']}: held back: " if done.row["status"] == "held" else ""
            problems.append(f"{held}{done.row['error']}")
        yield done.row


def _result(used: Cleaner, job: Job, summary: Summary, problems: list[str]) -> Result:
    versions: dict[str, object] = {
        "cleaner": cleaner.__version__,
        "rules": used.rules.digest,
        "normaliser": FOLD_VERSION,
        "index": {"format": index.FORMAT, "documents": len(used.index)},
    }
    policy = asdict(used.policy)
    found = summary_json(
        summary, versions=versions, policy=policy, format=job.format, text_field=job.fields.text
    )
    return Result(found, tuple(problems))


def save(learnt: Index, path: Path, found: Found) -> None:
    """Write an index, whole or not at all.

    Raises:
        WriteError: it would overwrite an input or a file that is no index, or cannot be written.
    """
    if path.exists():
        if any(source.path.exists() and source.path.samefile(path) for source in found.sources):
            raise WriteError(f"{path}: is an input; expected another file")
        if path.is_dir() or not index.is_index(path):
            raise WriteError(f"{path}: not an index; expected an index, or nothing there")
    write_atomic(path, index.dumps(learnt))


def one_document(target: str) -> tuple[Document, int | None]:
    """Return the document at FILE or FILE:OFFSET, and the offset.

    Raises:
        ReadError: there is no such text file, or the offset lies outside of the text.
    """
    path, colon, number = target.rpartition(":")
    offset = int(number) if colon and number.isdecimal() and not Path(target).exists() else None
    if offset is None:
        path = target
    [record] = read(Source(Path(path), Path(path).name, "text"), Fields())
    if isinstance(record.entry, Failure):
        raise ReadError(record.entry.error)
    assert isinstance(record.entry, Document), "a text file is a document"
    if offset is not None and offset >= len(record.entry.text):
        raise ReadError(f"{path}: has {len(record.entry.text)} characters; expected an offset below that, got {offset}")
    return record.entry, offset
