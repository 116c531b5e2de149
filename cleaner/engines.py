"""Many documents: read, learn, clean, in order, on one process or several."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import orjson

from cleaner import formats, report
from cleaner.chunks import Chunk, Fields, chunks, held
from cleaner.formats import Record
from cleaner.index import Index, learn, merge
from cleaner.journal import Journal
from cleaner.layout import Metadata, Reading
from cleaner.ledger import prove
from cleaner.model import Cleaned, CleanerError, Document, Failure, ReadError
from cleaner.report import Summary
from cleaner.sources import Source
from cleaner.workers import Workers

if TYPE_CHECKING:
    from cleaner.pipeline import Cleaner

PREPARED = 50_000
"""Lines of an index from which on all is derived from it before the first document; of a smaller one, what is asked for."""

PARALLEL_BYTES = 8_000_000
"""Inputs smaller than this are done before a second process has started."""

ALONE = Workers()  # this process

Watch = Callable[[int], None]
"""Called with the number of bytes that were done since the last call."""

_T = TypeVar("_T")
_Named = TypeVar("_Named", "Done", "Learnt", "Made[Any]")

Name = tuple[int, str, str, str]
"""Of a document that was read: which record of its batch, its id, where it stands, and the file its body is alone in, if any."""


@dataclass(frozen=True, slots=True)
class Done:
    """A batch of records, ready to be written."""

    bodies: tuple[tuple[str, bytes], ...]
    """Files of the output folder, and what is written there next: the body of a file, lines of a JSONL file, or changes of rows."""
    report: bytes
    """Lines of the report: one for each document; none for what is no document (a blank line)."""
    summary: Summary
    """Of these."""
    problems: tuple[str, ...]
    """One line for each document that failed or was held back."""
    grouped: bool
    """Whether any document has a group that a field of its line or row says."""
    names: tuple[Name, ...]
    """Of each document that was read."""
    reported: frozenset[str]
    """The files whose documents the report names."""

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the lines of the report, read."""
        return map(orjson.loads, self.report.splitlines())


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a batch taught."""

    index: Index
    failed: int
    """Documents that could not be read."""
    problems: tuple[str, ...]
    """One line for each of these."""
    grouped: bool
    """As above."""
    names: tuple[Name, ...]


class Made(NamedTuple, Generic[_T]):
    """What was made of the documents of a batch."""

    values: tuple[_T, ...]
    names: tuple[Name, ...]


_Batch = Sequence[Chunk]
_Refusals = Mapping[int, str]
"""Records of a batch that are failures, and why: their ids were used before."""


def processes(sources: Iterable[Source], jobs: int | None) -> int:
    """Return how many processes to use: `jobs` when given, else one for each core, but one for small inputs.

    >>> processes([], None), processes([], 3)
    (1, 3)
    """
    if jobs is not None:
        return jobs
    return (os.cpu_count() or 1) if sum(source.text_size for source in sources) >= PARALLEL_BYTES else 1


def learn_all(
    sources: Sequence[Source],
    fields: Fields,
    *,
    workers: Workers = ALONE,
    watch: Watch | None = None,
    told: Callable[[Learnt], object] | None = None,
) -> Index:
    """Return the index of all documents that can be read, and tell `told` of each batch."""

    def parts() -> Iterator[Index]:
        for learnt in _each(partial(_learn_batch, fields), sources, fields, workers, watch):
            if told:
                told(learnt)
            yield learnt.index

    return merge(parts(), workers.space)


def clean_all(
    cleaner: Cleaner,
    sources: Sequence[Source],
    fields: Fields,
    *,
    workers: Workers = ALONE,
    watch: Watch | None = None,
    journal: Journal | None = None,
) -> Iterator[Done]:
    """Yield everything cleaned, batch by batch, in order. What goes wrong with one document becomes its `failed` record.

    The batches that `journal` holds were cleaned by an earlier run, of the same sources with the same settings and size of
    batches: they are read, not cleaned. The others are added to it.
    """
    if workers.processes > 1 or len(cleaner.index.lines) >= PREPARED:
        cleaner.prepare(workers.space)
    before = map(_of_entry, journal.entries()) if journal else ()
    for done in _each(partial(_clean_batch, cleaner, fields), sources, fields, workers, watch, before=before):
        if journal and journal.at_end:
            journal.add(_entry(done))
        yield done


def each_made(
    make: Callable[[Cleaned], _T],
    cleaner: Cleaner,
    sources: Sequence[Source],
    fields: Fields,
    *,
    workers: Workers = ALONE,
    watch: Watch | None = None,
) -> Iterator[_T]:
    """Yield what `make`, which pickles, makes of each document that can be cleaned, in order. What cannot be is passed over."""
    for made in _each(partial(_make_batch, make, cleaner, fields), sources, fields, workers, watch):
        yield from made.values


def _make_batch(
    make: Callable[[Cleaned], _T], cleaner: Cleaner, fields: Fields, batch: _Batch, refused: _Refusals
) -> Made[_T]:
    records, names = _read(fields, batch, refused)
    documents = [entry for entry, _ in (entry_of(record, fields) for record in records) if isinstance(entry, Document)]
    return Made(tuple(make(one) for one in each_cleaned(cleaner, documents) if isinstance(one, Cleaned)), names)


def _entry(done: Done) -> bytes:
    """Return what a journal says of a batch: a line of JSON, without its end."""
    bodies = [(target, _as_json(body)) for target, body in done.bodies]
    told = {"bodies": bodies, "report": done.report.decode(), "grouped": done.grouped, "names": done.names}
    return orjson.dumps(told)


def _of_entry(entry: bytes) -> Done:
    found = orjson.loads(entry)
    bodies = tuple((target, _of_json(body)) for target, body in found["bodies"])
    lines = found["report"].encode()
    rows, names = list(map(orjson.loads, lines.splitlines())), tuple(map(tuple, found["names"]))
    return _done(bodies, lines, rows, names, grouped=found["grouped"])


def _as_json(body: bytes) -> str | list[str]:
    """Return a body as JSON holds it: rows of CSV that failed may be no UTF-8, and stay."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return [body.decode("latin-1")]


def _of_json(held: str | list[str]) -> bytes:
    return held.encode() if isinstance(held, str) else held[0].encode("latin-1")


def _written(
    record: Record, cleaned: Cleaned, fields: Fields, about: Metadata | None
) -> tuple[str, dict[str, object]] | Failure:
    """Return what is written of a document, and its record of the report; when these do not prove the cuts, none are made."""
    try:
        body, literal = formats.body(record, cleaned, fields, about)
        row = report.record(record.source, cleaned, literal, about, record.target)
        prove(record, body, row, fields, page=about is not None)
    except ReadError as error:
        if not cleaned.spans and cleaned.text == cleaned.document.text:
            return _failed(cleaned.document, error)  # there is nothing to fall back to
        wrong = f"body and cuts do not give the text back ({error}); expected that they do: nothing was cut"
        whole = Cleaned(cleaned.document, cleaned.document.text, (), "held", wrong, cleaned.duplicate_of)
        return _written(record, whole, fields, about)
    return body, row


def _done(
    bodies: tuple[tuple[str, bytes], ...],
    lines: bytes,
    rows: Sequence[dict[str, Any]],
    names: tuple[Name, ...],
    *,
    grouped: bool,
) -> Done:
    return Done(
        bodies,
        lines,
        report.Summary.total(rows),
        tuple(_problem(row) for row in rows if row["error"] is not None),
        grouped,
        names,
        frozenset(map(report.target_of, rows)),
    )


def _learn_batch(fields: Fields, batch: _Batch, refused: _Refusals) -> Learnt:
    """Return the index of some documents; of the HTML ones by their text."""
    records, names = _read(fields, batch, refused)
    documents = [
        replace(record.entry, text=_text_of(record.entry.text, fields.reading)) if record.html else record.entry
        for record in records
        if isinstance(record.entry, Document)
    ]
    problems = tuple(record.entry.error for record in records if isinstance(record.entry, Failure))
    return Learnt(learn(documents), len(problems), problems, _grouped(records), names)


def _grouped(records: Iterable[Record]) -> bool:
    """Whether a field says the group of any, where none is known otherwise: folders are groups, and hosts of a crawl."""
    return any(record.line and record.format != "warc" and record.entry and record.entry.group for record in records)


def _text_of(html: str, reading: Reading) -> str:
    from cleaner.markup import text_of  # most runs have no HTML, and its libraries are slow to import

    return text_of(html, reading)


def _clean_batch(cleaner: Cleaner, fields: Fields, batch: _Batch, refused: _Refusals) -> Done:
    """Clean the documents of a batch, and say what is written of each."""
    records, names = _read(fields, batch, refused)
    entries = [entry_of(record, fields) for record in records]
    documents = [entry for entry, _ in entries if isinstance(entry, Document)]
    cleaned = each_cleaned(cleaner, documents)
    bodies: dict[str, list[bytes]] = {}
    rows: list[dict[str, Any]] = []
    for record, (entry, about) in zip(records, entries, strict=True):
        result = next(cleaned) if isinstance(entry, Document) else entry
        written = _written(record, result, fields, about) if isinstance(result, Cleaned) else result
        if isinstance(written, tuple):
            bodies.setdefault(record.target, []).append(written[0].encode())
            rows.append(written[1])
        elif isinstance(written, Failure):
            lines = {"lines": record.lines} if record.lines else {}
            rows.append(report.failure_record(record.source, written) | lines)
            if record.stays:
                bodies.setdefault(record.target, []).append(record.raw.encode(errors="surrogateescape"))
        else:
            bodies.setdefault(record.target, []).append(record.raw.encode(errors="surrogateescape"))
    whole = tuple((target, b"".join(parts)) for target, parts in bodies.items())
    return _done(whole, b"".join(map(report.dumps, rows)), rows, names, grouped=_grouped(records))


def _problem(row: Mapping[str, Any]) -> str:
    held = f"{row['id']}: held back: " if row["status"] == "held" else ""
    return f"{held}{row['error']}"


def _read(fields: Fields, batch: _Batch, refused: _Refusals) -> tuple[list[Record], tuple[Name, ...]]:
    """Return the records of a batch, the refused ones as failures, and the names of the documents among them."""
    records, names = [], []
    read = ((chunk.source, record) for chunk in batch for record in formats.records(chunk, fields))
    for number, (source, record) in enumerate(read):
        entry = record.entry
        if isinstance(entry, Document):
            where = f"{record.source}:{record.line}" if record.line else source.place
            names.append((number, entry.id, where, "" if record.line else record.target))
            if number in refused:
                failure = Failure(entry.id, refused[number], entry.group)
                records.append(replace(record, entry=failure, raw=record.raw if record.stays else ""))
                continue
        records.append(record)
    return records, tuple(names)


def _each(
    work: Callable[..., _Named],
    sources: Sequence[Source],
    fields: Fields,
    workers: Workers,
    watch: Watch | None,
    *,
    before: Iterable[_Named] = (),
) -> Iterator[_Named]:
    """Yield what `work(batch, refused)` makes of each batch of the sources, in order; `before` is that of the first ones.

    Documents whose id was used before are refused, and so is a file whose body would go where another one's does.
    """
    ids: dict[str, str] = {}
    targets: dict[str, str] = {}
    batches = _batches(sources, fields, workers.batch, watch)
    for result, _ in zip(before, batches, strict=False):
        _refused(result.names, ids, targets)  # they were, and their names are taken
        yield result
    if workers.apart:
        batches = (list(map(held, batch)) for batch in batches)
    for batch, result in workers.in_order(partial(work, refused={}), batches):
        refused = _refused(result.names, ids, targets)
        yield work(batch, refused=refused) if refused else result


def _refused(names: Iterable[Name], ids: dict[str, str], targets: dict[str, str]) -> dict[int, str]:
    """Take the names of a batch, and return which of its records get none, and why."""
    refused: dict[int, str] = {}
    for number, name, where, target in names:
        if name in ids:
            refused[number] = f"{where}: the id {name!r} is already that of {ids[name]}; expected unique ids"
            continue
        ids[name] = where
        if target in targets:
            as_that = f"its body would be {target}, as that of {targets[target]}"
            refused[number] = f"{where}: {as_that}; expected another name"
        elif target:
            targets[target] = name
    return refused


def entry_of(record: Record, fields: Fields) -> tuple[Document | Failure | None, Metadata | None]:
    """Return what a record holds, opened; of a page, what it says of itself, too."""
    entry = record.entry
    if not record.html or not isinstance(entry, Document):
        return entry, None
    from cleaner.markup import read  # as above

    try:
        return read(entry, fields.reading)
    except CleanerError as error:
        return _failed(entry, error), None


def each_cleaned(cleaner: Cleaner, documents: Sequence[Document]) -> Iterator[Cleaned | Failure]:
    """Clean documents together; when one of them goes wrong, one by one."""
    try:
        return iter(cleaner.clean_all(documents))
    except CleanerError:
        return (_clean(cleaner, document) for document in documents)


def _clean(cleaner: Cleaner, document: Document) -> Cleaned | Failure:
    try:
        return cleaner.clean(document)
    except CleanerError as error:
        return _failed(document, error)


def _failed(document: Document, error: CleanerError) -> Failure:
    return Failure(document.id, f"{document.id}: {error}", document.group)


def _batches(sources: Sequence[Source], fields: Fields, size: int, watch: Watch | None) -> Iterator[list[Chunk]]:
    """Yield the sources in batches of about `size` bytes, and tell `watch` of one when the next one is asked for."""
    batch: list[Chunk] = []
    total = taken = 0
    for chunk in chain.from_iterable(chunks(source, size, fields) for source in sources):
        batch.append(chunk)
        total += chunk.size
        taken += chunk.taken
        if total >= size:
            yield batch
            if watch:
                watch(taken)
            batch, total, taken = [], 0, 0
    if batch:
        yield batch
        if watch:
            watch(taken)
