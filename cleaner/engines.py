"""Many documents: read, learn, clean, in order, on one process or several.

Results never depend on the number of workers: batches go out and come back in the order of the input.
"""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context, parent_process
from typing import TYPE_CHECKING, Any, TypeVar

from cleaner import formats, report
from cleaner.index import Index, learn, merge
from cleaner.layout import Metadata, Reading
from cleaner.model import Cleaned, CleanerError, Document, Failure

if TYPE_CHECKING:
    from cleaner.formats import Fields, Record, Source
    from cleaner.pipeline import Cleaner

BATCH_BYTES = 1_000_000
"""Text in a batch of documents: a second of work or less, and little to hold."""

PARALLEL_BYTES = 8_000_000
"""Inputs smaller than this are done before a second process has started."""

Watch = Callable[[int], None]
"""Called with the number of bytes that were done since the last call."""

_In = TypeVar("_In")
_Out = TypeVar("_Out")


@dataclass(frozen=True, slots=True)
class Done:
    """One record, ready to be written."""

    target: str
    """The file of the output folder that it goes to."""
    body: str | None
    """The body of a file, or the line of a JSONL file; None when there is nothing to write."""
    row: dict[str, Any] | None
    """The record for the report; None for what is no document (a blank line)."""


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


def read_all(sources: Iterable[Source], fields: Fields) -> Iterator[Record]:
    """Yield the records of all sources in order.

    A document whose id was used before is yielded as a failure, and so is a file whose body would go where another one's does.
    """
    seen: dict[str, str] = {}
    bodies: dict[str, str] = {}
    for source in sources:
        for record in formats.read(source, fields):
            entry = record.entry
            where = f"{record.source}:{record.line}" if record.line else str(source.path)
            if isinstance(entry, Document) and seen.setdefault(entry.id, where) is not where:
                error = f"{where}: the id {entry.id!r} is already that of {seen[entry.id]}; expected unique ids"
                yield formats.Record(record.source, Failure(entry.id, error, entry.group), "", record.line)
            elif (
                isinstance(entry, Document)
                and not record.line
                and bodies.setdefault(record.target, record.source) != record.source
            ):
                error = f"{where}: its body would be {record.target}, as that of {bodies[record.target]}; expected another name"
                yield formats.Record(record.source, Failure(entry.id, error, entry.group), "", record.line)
            else:
                yield record


def learn_all(
    sources: Sequence[Source],
    fields: Fields,
    *,
    jobs: int = 1,
    watch: Watch | None = None,
    failed: Callable[[Failure], object] | None = None,
) -> Index:
    """Return the index of all documents that can be read, and tell `failed` of the others."""

    def documents() -> Iterator[tuple[tuple[Document, bool], int]]:
        for record in read_all(sources, fields):
            if isinstance(record.entry, Document):
                yield (record.entry, record.html), _size(record)
            elif record.entry is not None and failed:
                failed(record.entry)

    return merge(_in_order(partial(_learn_batch, fields.reading), _batches(documents(), watch), jobs))


def _learn_batch(reading: Reading, documents: Sequence[tuple[Document, bool]]) -> Index:
    """Return the index of some documents; of the HTML ones by their text."""
    if any(html for _, html in documents):
        from cleaner.markup import text_of  # most runs have no HTML, and its libraries are slow to import

        opened = [replace(one, text=text_of(one.text, reading)) if html else one for one, html in documents]
        return learn(opened)
    return learn(one for one, _ in documents)


def clean_all(
    cleaner: Cleaner, sources: Sequence[Source], fields: Fields, *, jobs: int = 1, watch: Watch | None = None
) -> Iterator[Done]:
    """Yield every record cleaned, in order. What goes wrong with one document becomes its `failed` record."""
    records = ((record, _size(record)) for record in read_all(sources, fields))
    for batch in _in_order(partial(_clean_batch, cleaner, fields), _batches(records, watch), jobs):
        yield from batch


def _clean_batch(cleaner: Cleaner, fields: Fields, records: Sequence[Record]) -> list[Done]:
    """Clean the documents of a batch together; when one of them goes wrong, one by one."""
    entries = [_open(record, fields) for record in records]
    documents = [entry for entry, _ in entries if isinstance(entry, Document)]
    try:
        cleaned: Iterator[Cleaned | Failure] = iter(cleaner.clean_all(documents))
    except CleanerError:
        cleaned = (_clean(cleaner, document) for document in documents)
    return [
        _done(record, next(cleaned) if isinstance(entry, Document) else entry, about, fields)
        for record, (entry, about) in zip(records, entries, strict=True)
    ]


def _size(record: Record) -> int:
    """Return the bytes of a record."""
    text = record.entry.text if record.html and not record.line and isinstance(record.entry, Document) else record.raw
    return len(text) if text.isascii() else len(text.encode())


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


def _done(record: Record, result: Cleaned | Failure | None, about: Metadata | None, fields: Fields) -> Done:
    """Return what is written of a record."""
    if isinstance(result, Cleaned):
        body, literal = formats.body(record, result, fields, about)
        return Done(record.target, body, report.record(record.source, result, literal, about, record.target))
    if isinstance(result, Failure):
        return Done(record.target, None, report.failure_record(record.source, result))
    return Done(record.target, record.raw, None)


def opened(page: Document, reading: Reading) -> tuple[Document, Metadata]:
    """Return the page whose HTML is the text of a document, opened, and what it says of itself."""
    from cleaner.markup import read  # as above

    return read(page, reading)


def _batches(items: Iterable[tuple[_In, int]], watch: Watch | None) -> Iterator[list[_In]]:
    """Yield items of some size in batches, and tell `watch` of a batch when the next one is asked for."""
    batch: list[_In] = []
    total = 0
    for item, size in items:
        batch.append(item)
        total += size
        if total >= BATCH_BYTES:
            yield batch
            if watch:
                watch(total)
            batch, total = [], 0
    if batch:
        yield batch
        if watch:
            watch(total)


def _in_order(work: Callable[[list[_In]], _Out], batches: Iterable[list[_In]], jobs: int) -> Iterator[_Out]:
    """Yield `work(batch)` for each batch, in order, keeping only a few batches under way."""
    if jobs <= 1:
        yield from map(work, batches)
        return
    # Spawned, not forked: it is the same on every platform, and safe beside threads.
    with ProcessPoolExecutor(jobs, get_context("spawn"), _prepare, (work,)) as pool:
        waiting: deque[Future[_Out]] = deque()
        try:
            for batch in batches:
                waiting.append(pool.submit(_run, batch))
                if len(waiting) > 2 * jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise CleanerError("a worker process was killed; expected more memory, or fewer with --jobs") from error
        finally:
            for future in waiting:
                future.cancel()


_work: Callable[[list[Any]], Any] | None = None
"""What a worker process does: sent to it once, not with each batch."""


def _prepare(work: Callable[[list[Any]], Any]) -> None:
    global _work  # noqa: PLW0603  # a worker process has no other place for it
    _work = work
    gc.freeze()  # what is there now stays: looking through it again and again would take a tenth of the time
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's to handle: it reaches the whole group
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this worker when its parent is killed: nobody else would tell it."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run(batch: list[Any]) -> Any:
    if _work is None:
        raise RuntimeError("not in a worker process")
    return _work(batch)
