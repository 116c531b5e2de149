"""Many documents: read, learn, clean, in order, on one process or several.

Results never depend on the number of workers: batches go out and come back in the order of the input.
"""

from __future__ import annotations

import gc
import os
import signal
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cleaner import formats, report
from cleaner.formats import Chunk, Fields, Record
from cleaner.index import Index, learn, merge
from cleaner.layout import Metadata, Reading
from cleaner.model import Cleaned, CleanerError, Document, Failure
from cleaner.report import Summary
from cleaner.sharing import share, shared
from cleaner.sources import Source

if TYPE_CHECKING:
    from cleaner.pipeline import Cleaner

BATCH_BYTES = 1_000_000
"""Text in a batch of documents: a second of work or less, and little to hold."""

PARALLEL_BYTES = 8_000_000
"""Inputs smaller than this are done before a second process has started."""

Watch = Callable[[int], None]
"""Called with the number of bytes that were done since the last call."""

_In = TypeVar("_In")
_Out = TypeVar("_Out")
_Named = TypeVar("_Named", "Done", "_Learnt")


Name = tuple[int, str, str, str]
"""Of a document that was read: which record of its batch, its id, where it stands, and the file its body is alone in, if any."""


@dataclass(frozen=True, slots=True)
class Done:
    """A batch of records, ready to be written."""

    bodies: tuple[tuple[str, bytes], ...]
    """Files of the output folder, and what is written there next: the body of a file, or lines of a JSONL file."""
    report: bytes
    """Lines of the report: one for each document; none for what is no document (a blank line)."""
    summary: Summary
    """Of these."""
    problems: tuple[str, ...]
    """One line for each document that failed or was held back."""
    grouped: bool
    """Whether any document has a group."""
    names: tuple[Name, ...]
    """Of each document that was read."""


@dataclass(frozen=True, slots=True)
class _Learnt:
    """What a batch taught."""

    index: Index
    failures: tuple[Failure, ...]
    names: tuple[Name, ...]


_Batch = Sequence[Chunk]
_Refused = Mapping[int, str]
"""Records of a batch that are failures, and why: their ids were used before."""


def bytes_in(sources: Iterable[Source]) -> int:
    """Return the size of all sources that are there.

    >>> bytes_in([])
    0
    """
    return sum(os.path.getsize(source.path) for source in sources if os.path.isfile(source.path))  # noqa: PTH113, PTH202


def workers(sources: Sequence[Source], jobs: int | None) -> int:
    """Return how many processes to use: `jobs` when given, else one for each core, but one for small inputs.

    >>> workers([], None), workers([], 3)
    (1, 3)
    """
    if jobs is not None:
        return jobs
    return (os.cpu_count() or 1) if bytes_in(sources) >= PARALLEL_BYTES else 1


def learn_all(
    sources: Sequence[Source],
    fields: Fields,
    *,
    jobs: int = 1,
    watch: Watch | None = None,
    failed: Callable[[Failure], object] | None = None,
) -> Index:
    """Return the index of all documents that can be read, and tell `failed` of the others."""
    parts = []
    for learnt in _each(partial(_learn_batch, fields), sources, jobs, watch):
        parts.append(learnt.index)
        for failure in learnt.failures if failed else ():
            failed(failure)  # type: ignore[misc]  # it is there
    return merge(parts)


def clean_all(
    cleaner: Cleaner, sources: Sequence[Source], fields: Fields, *, jobs: int = 1, watch: Watch | None = None
) -> Iterator[Done]:
    """Yield everything cleaned, batch by batch, in order. What goes wrong with one document becomes its `failed` record."""
    if jobs > 1:
        cleaner.prepare(jobs)
    yield from _each(partial(_clean_batch, cleaner, fields), sources, jobs, watch)


def _learn_batch(fields: Fields, batch: _Batch, refused: _Refused) -> _Learnt:
    """Return the index of some documents; of the HTML ones by their text."""
    records, names = _read(fields, batch, refused)
    documents = [
        replace(record.entry, text=_text_of(record.entry.text, fields.reading)) if record.html else record.entry
        for record in records
        if isinstance(record.entry, Document)
    ]
    failures = tuple(record.entry for record in records if isinstance(record.entry, Failure))
    return _Learnt(learn(documents), failures, names)


def _text_of(html: str, reading: Reading) -> str:
    from cleaner.markup import text_of  # most runs have no HTML, and its libraries are slow to import

    return text_of(html, reading)


def _clean_batch(cleaner: Cleaner, fields: Fields, batch: _Batch, refused: _Refused) -> Done:
    """Clean the documents of a batch together; when one of them goes wrong, one by one."""
    records, names = _read(fields, batch, refused)
    entries = [_open(record, fields) for record in records]
    documents = [entry for entry, _ in entries if isinstance(entry, Document)]
    try:
        cleaned: Iterator[Cleaned | Failure] = iter(cleaner.clean_all(documents))
    except CleanerError:
        cleaned = (_clean(cleaner, document) for document in documents)
    bodies: dict[str, list[bytes]] = {}
    rows: list[dict[str, Any]] = []
    for record, (entry, about) in zip(records, entries, strict=True):
        result = next(cleaned) if isinstance(entry, Document) else entry
        if isinstance(result, Cleaned):
            body, literal = formats.body(record, result, fields, about)
            bodies.setdefault(record.target, []).append(body.encode())
            rows.append(report.record(record.source, result, literal, about, record.target))
        elif isinstance(result, Failure):
            rows.append(report.failure_record(record.source, result))
        else:
            bodies.setdefault(record.target, []).append(record.raw.encode())
    return Done(
        tuple((target, b"".join(parts)) for target, parts in bodies.items()),
        b"".join(map(report.dumps, rows)),
        report.Summary.total(rows),
        tuple(_problem(row) for row in rows if row["error"] is not None),
        any(row["group"] for row in rows),
        names,
    )


def _problem(row: Mapping[str, Any]) -> str:
    held = f"{row['id']}: held back: " if row["status"] == "held" else ""
    return f"{held}{row['error']}"


def _read(fields: Fields, batch: _Batch, refused: _Refused) -> tuple[list[Record], tuple[Name, ...]]:
    """Return the records of a batch, the refused ones as failures, and the names of the documents among them."""
    records, names = [], []
    read = ((chunk.source, record) for chunk in batch for record in formats.records(chunk, fields))
    for number, (source, record) in enumerate(read):
        entry = record.entry
        if isinstance(entry, Document):
            where = f"{record.source}:{record.line}" if record.line else str(source.path)
            names.append((number, entry.id, where, "" if record.line else record.target))
            if number in refused:
                failure = Failure(entry.id, refused[number], entry.group)
                records.append(Record(record.source, failure, "", record.line))
                continue
        records.append(record)
    return records, tuple(names)


def _each(work: Callable[..., _Named], sources: Sequence[Source], jobs: int, watch: Watch | None) -> Iterator[_Named]:
    """Yield what `work(batch, refused)` makes of each batch of the sources, in order.

    Documents whose id was used before are refused, and so is a file whose body would go where another one's does.
    """
    ids: dict[str, str] = {}
    targets: dict[str, str] = {}
    for batch, result in _in_order(partial(work, refused={}), _batches(sources, watch), jobs):
        refused: dict[int, str] = {}
        for number, name, where, target in result.names:
            if name in ids:
                refused[number] = f"{where}: the id {name!r} is already that of {ids[name]}; expected unique ids"
                continue
            ids[name] = where
            if target in targets:
                as_that = f"its body would be {target}, as that of {targets[target]}"
                refused[number] = f"{where}: {as_that}; expected another name"
            elif target:
                targets[target] = name
        yield work(batch, refused=refused) if refused else result


def _open(record: Record, fields: Fields) -> tuple[Document | Failure | None, Metadata | None]:
    """Return what a record holds, opened; of a page, what it says of itself, too."""
    entry = record.entry
    if not record.html or not isinstance(entry, Document):
        return entry, None
    try:
        return opened(entry, fields.reading)
    except CleanerError as error:
        return _failed(entry, error), None


def _clean(cleaner: Cleaner, document: Document) -> Cleaned | Failure:
    try:
        return cleaner.clean(document)
    except CleanerError as error:
        return _failed(document, error)


def _failed(document: Document, error: CleanerError) -> Failure:
    return Failure(document.id, f"{document.id}: {error}", document.group)


def opened(page: Document, reading: Reading) -> tuple[Document, Metadata]:
    """Return the page whose HTML is the text of a document, opened, and what it says of itself."""
    from cleaner.markup import read  # as above

    return read(page, reading)


def _batches(sources: Sequence[Source], watch: Watch | None) -> Iterator[list[Chunk]]:
    """Yield the sources in batches, and tell `watch` of one when the next one is asked for."""
    batch: list[Chunk] = []
    total = 0
    for chunk in chain.from_iterable(formats.chunks(source, BATCH_BYTES) for source in sources):
        batch.append(chunk)
        total += chunk.size
        if total >= BATCH_BYTES:
            yield batch
            if watch:
                watch(total)
            batch, total = [], 0
    if batch:
        yield batch
        if watch:
            watch(total)


def _in_order(work: Callable[[_In], _Out], batches: Iterable[_In], jobs: int) -> Iterator[tuple[_In, _Out]]:
    """Yield each batch and `work(batch)`, in order, keeping only a few batches under way."""
    if jobs <= 1:
        yield from ((batch, _undisturbed(work, batch)) for batch in batches)
        return
    # Spawned, not forked: it is the same on every platform, and safe beside threads.
    with (
        tempfile.TemporaryDirectory(prefix="cleaner-") as folder,
        ProcessPoolExecutor(jobs, get_context("spawn"), _prepare, (share(work, Path(folder, "work")),)) as pool,
    ):
        waiting: deque[tuple[_In, Future[_Out]]] = deque()
        try:
            for batch in batches:
                waiting.append((batch, pool.submit(_run, batch)))
                if len(waiting) > 2 * jobs:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        except BrokenProcessPool as error:
            raise CleanerError("a worker process was killed; expected more memory, or fewer with --jobs") from error
        finally:
            for _, future in waiting:
                future.cancel()


def _undisturbed(work: Callable[[_In], _Out], batch: _In) -> _Out:
    """Return `work(batch)`, with garbage collected after it: looking for it in between takes a tenth of the time and finds none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        return work(batch)
    finally:
        if was_on:
            gc.enable()


_work: Callable[[Any], Any] | None = None
"""What a worker process does: sent to it once, not with each batch."""


def _prepare(work: Path) -> None:
    global _work  # noqa: PLW0603  # a worker process has no other place for it
    _work = shared(work)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's to handle: it reaches the whole group
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this worker when its parent is killed: nobody else would tell it."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run(batch: Any) -> Any:
    if _work is None:
        raise RuntimeError("not in a worker process")
    return _undisturbed(_work, batch)
