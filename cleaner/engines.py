"""Many documents: read, learn, clean, in order, on one process or several.

Results never depend on the number of workers: batches go out and come back in the order of the input.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import TypeVar

from cleaner import formats, report
from cleaner.formats import Fields, Record, Source
from cleaner.index import Index, learn, merge
from cleaner.model import CleanerError, Document, Failure
from cleaner.pipeline import Cleaner

BATCH_CHARS = 1_000_000
"""Characters in a batch of documents: a second of work or less, and little to hold."""

PARALLEL_BYTES = 8_000_000
"""Inputs smaller than this are done before a second process has started."""

Watch = Callable[[int], None]
"""Called with the number of characters read since the last call."""

_In, _Out = TypeVar("_In"), TypeVar("_Out")


@dataclass(frozen=True, slots=True)
class Done:
    """One record, ready to be written."""

    source: str
    body: str | None
    """The body of a text file, or the line of a JSONL file; None when there is nothing to write."""
    row: dict[str, object] | None
    """The record for the report; None for what is no document (a blank line)."""


def workers(sources: Sequence[Source], jobs: int | None) -> int:
    """Return how many processes to use: `jobs` when given, else one for each core, but one for small inputs.

    >>> workers([], None), workers([], 3)
    (1, 3)
    """
    if jobs is not None:
        return jobs
    size = sum(source.path.stat().st_size for source in sources if source.path.is_file())
    return (os.cpu_count() or 1) if size >= PARALLEL_BYTES else 1


def read_all(sources: Iterable[Source], fields: Fields) -> Iterator[Record]:
    """Yield the records of all sources in order. A document whose id was used before is yielded as a failure."""
    seen: dict[str, str] = {}
    for source in sources:
        for record in formats.read(source, fields):
            entry = record.entry
            if isinstance(entry, Document):
                where = f"{record.source}:{record.line}" if record.line else record.source
                if entry.id in seen:
                    error = f"{where}: the id {entry.id!r} is already that of {seen[entry.id]}; expected unique ids"
                    record = replace(record, entry=Failure(entry.id, error, entry.group), raw="")
                else:
                    seen[entry.id] = where
            yield record


def learn_all(sources: Sequence[Source], fields: Fields, *, jobs: int = 1, watch: Watch | None = None) -> Index:
    """Return the index of all documents that can be read."""
    documents = (record.entry for record in read_all(sources, fields) if isinstance(record.entry, Document))
    batches = _batches(documents, lambda document: len(document.text), watch)
    return merge(_in_order(learn, batches, jobs, None))


def clean_all(
    cleaner: Cleaner, sources: Sequence[Source], fields: Fields, *, jobs: int = 1, watch: Watch | None = None
) -> Iterator[Done]:
    """Yield every record cleaned, in order. What goes wrong with one document becomes its `failed` record."""
    batches = _batches(read_all(sources, fields), lambda record: len(record.raw), watch)
    for batch in _in_order(_clean_batch, batches, jobs, (cleaner, fields)):
        yield from batch


def _clean_batch(records: Sequence[Record]) -> list[Done]:
    assert _state is not None, "the worker was not prepared"
    return [_clean(*_state, record) for record in records]


def _clean(cleaner: Cleaner, fields: Fields, record: Record) -> Done:
    entry = record.entry
    if isinstance(entry, Document):
        try:
            cleaned = cleaner.clean(entry)
        except CleanerError as error:
            entry = Failure(entry.id, f"{entry.id}: {error}", entry.group)
        else:
            body, literal = formats.body(record, cleaned, fields.text)
            return Done(record.source, body, report.record(record.source, cleaned, literal))
    if isinstance(entry, Failure):
        return Done(record.source, None, report.failure_record(record.source, entry))
    return Done(record.source, record.raw, None)


_state: tuple[Cleaner, Fields] | None = None
"""What a worker process cleans with: sent once, not with each batch."""


def _prepare(state: tuple[Cleaner, Fields] | None) -> None:
    global _state
    _state = state


def _in_order(
    work: Callable[[list[_In]], _Out],
    batches: Iterable[list[_In]],
    jobs: int,
    state: tuple[Cleaner, Fields] | None,
) -> Iterator[_Out]:
    """Yield `work(batch)` for each batch, in order, keeping only a few batches under way."""
    if jobs <= 1:
        _prepare(state)
        yield from map(work, batches)
        return
    # Forking a process with threads is not safe, and a fork server is the same on every platform that has one.
    with ProcessPoolExecutor(jobs, get_context("spawn"), _prepare, (state,)) as pool:
        waiting: deque[Future[_Out]] = deque()
        try:
            for batch in batches:
                waiting.append(pool.submit(work, batch))
                if len(waiting) > 2 * jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _batches(items: Iterable[_In], size: Callable[[_In], int], watch: Watch | None) -> Iterator[list[_In]]:
    batch: list[_In] = []
    chars = 0
    for item in items:
        batch.append(item)
        chars += size(item)
        if chars >= BATCH_CHARS:
            yield batch
            if watch:
                watch(chars)
            batch, chars = [], 0
    if batch:
        yield batch
        if watch:
            watch(chars)
