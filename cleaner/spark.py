"""Corpora in Spark: learn what a DataFrame's documents repeat, and clean them, on the executors of a cluster.

The same as on one machine, span for span. What it takes, by size of the corpus: docs/spark.md. Needs the extra `spark`, and this
package on each machine.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from cleaner import index as indexes
from cleaner import report
from cleaner.batches import batches
from cleaner.engines import each_cleaned
from cleaner.executors import folder, received, require, send, told
from cleaner.files import check_local
from cleaner.frequency import Frequencies, derived
from cleaner.index import Index
from cleaner.matching import RuleSet
from cleaner.model import Cleaned, CleanerError, Document, Failure
from cleaner.pipeline import Cleaner
from cleaner.policy import Policy
from cleaner.rules import load_rules
from cleaner.saving import dumped, load, loads, save
from cleaner.shuffling import count, streamed
from cleaner.spill import Space, release
from cleaner.workers import Workers

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

CLEANED = (
    "struct<text: string, status: string, spans: array<struct<start: int, end: int, kind: string, text: string, "
    "score: double, reasons: array<string>, marker: string>>, duplicate_of: string, error: string>"
)
"""The type of the column that `clean` adds."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns that documents are read from."""

    id: str = "id"
    """Unique strings."""
    text: str = "text"
    group: str | None = "group"
    """The site or source; None: no document has one."""
    url: str | None = None
    """The address; None: no document has one."""

    def check(self, df: DataFrame) -> list[str]:
        """Return the names of those that are read.

        Raises:
            CleanerError: one is missing.
        """
        names = [name for name in (self.id, self.text, self.group, self.url) if name is not None]
        if missing := [name for name in names if name not in df.columns]:
            raise CleanerError(f"{missing[0]}: no such column; expected one of {', '.join(df.columns)}")
        return names

    def documents(self, batch: Any) -> list[Document | Failure]:
        """Return the document of each row of an Arrow batch; a failure where there is no id, or no text."""

        def strings(name: str | None) -> list[str | None]:
            import pyarrow as pa

            return [None] * len(batch) if name is None else batch.column(name).cast(pa.string()).to_pylist()

        rows = zip(*map(strings, (self.id, self.text, self.group, self.url)), strict=True)
        return [self._document(*row) for row in rows]

    def _document(self, id_: str | None, text: str | None, group: str | None, url: str | None) -> Document | Failure:
        if id_ is None:
            return Failure("", f"no id in column {self.id!r}; expected a string", group or "")
        if text is None:
            return Failure(id_, f"{id_}: no text in column {self.text!r}; expected a string", group or "")
        return Document(id_, text, group or "", url or "")


def learn(df: DataFrame, out: Path | str, *, columns: Columns | None = None, memory: int | None = None) -> Index:
    """Learn what documents repeat, on the executors; save it as an index file, the one that `cleaner learn` writes.

    Rows without an id or a text teach nothing. Lines pass through this process, a part at a time, and stay on its disk.

    Args:
        df: one document a row.
        out: where to save the index.
        columns: where its documents are.
        memory: bytes for this process; by default a quarter of the machine's.

    Returns:
        The index, mapped from the file.

    Raises:
        CleanerError: a column is missing, or Spark failed.
        WriteError: the file cannot be written.
    """
    return merge_parts(learn_parts(df, columns=columns), out, memory=memory)


def learn_parts(df: DataFrame, *, columns: Columns | None = None) -> DataFrame:
    """Learn some documents a row, when it is asked for: to be kept, as Parquet for one, and merged with others later.

    Args:
        df: one document a row.
        columns: where its documents are.

    Returns:
        A column `part` with the bytes of an index, as `cleaner.saving.loads` reads them.

    Raises:
        CleanerError: a column is missing.
    """
    require()
    columns = columns or Columns()
    names = columns.check(df)
    taken = _plain(df).select(*(str(df.columns.index(name)) for name in names))
    return taken.mapInArrow(partial(_learnt, columns, names), "part binary")


def merge_parts(parts: DataFrame, out: Path | str, *, memory: int | None = None) -> Index:
    """Save the index of all parts, whatever their order; what is derived from it is counted on the executors.

    Args:
        parts: of `learn_parts`; a document that is in several of them counts once.
        out: where to save the index.
        memory: bytes for this process; by default a quarter of the machine's.

    Returns:
        The index, mapped from the file.

    Raises:
        CleanerError: these are no parts, or Spark failed.
        IndexFormatError: a part was learnt by a version that does not fit.
        WriteError: the file cannot be written.
    """
    require()
    check_local(out)
    if "part" not in parts.columns:
        raise CleanerError(f"part: no such column; expected parts, got {', '.join(parts.columns)}")
    with told("learn"), Workers(1, memory) as workers:
        index = indexes.merge((loads(bytes(row.part)) for row in streamed(parts)), workers.space)
        known = Frequencies(index, workers.space)
        count(parts.sparkSession, known)
        save(replace(index, tables=derived(known)), out)
    return load(out)


def clean(
    df: DataFrame,
    index: Index | Path | str | DataFrame,
    *,
    columns: Columns | None = None,
    rules: RuleSet | None = None,
    policy: Policy | None = None,
    into: str = "cleaned",
) -> DataFrame:
    """Clean the documents of a DataFrame when it is asked for, on the executors, each of which fetches the index once.

    Args:
        df: one document a row.
        index: what a corpus repeats, or the file that it was saved to: sent once, as long as the next calls are for the same. Or parts of
            `learn_parts`, which are merged and counted anew each time.
        columns: where the documents are.
        rules: by default the shipped ones.
        policy: how much evidence a cut takes.
        into: name of the column to add.

    Returns:
        The rows as they are, with a column more, of the type `CLEANED`, for what `Cleaned` says of each. Reasons are JSON, as in
        report.jsonl. A row without an id or a text has `failed`, and no text.

    Raises:
        CleanerError: a column is missing, or there already.
        IndexFormatError: the file is no index that fits.
    """
    require()
    columns = columns or Columns()
    if into in df.columns:
        raise CleanerError(f"{into}: a column of that name is there; expected another one")
    columns.check(df)
    from pyspark.sql.types import StructField, StructType

    name = _sent(df.sparkSession, index, load_rules() if rules is None else rules, policy or Policy())
    work = partial(_cleaned, columns, [*df.columns, into], name)
    kind = StructType.fromDDL(f"cleaned {CLEANED}")["cleaned"].dataType
    return _plain(df).mapInArrow(work, StructType([*df.schema.fields, StructField(into, kind)]))


_LAST: dict[Hashable, tuple[str, object]] = {}
"""What was sent last, by what it depends on: its name, and the index, which keeps its identity while it is here."""


def _sent(session: SparkSession, index: Index | Path | str | DataFrame, rules: RuleSet, policy: Policy) -> str:
    """Send what cleans to the executors, unless they have it, and return its name there."""
    key: Hashable = id(index)
    if isinstance(index, Path | str):
        found = load(index)
        is_now = Path(index).stat()
        key = is_now.st_dev, is_now.st_ino, is_now.st_mtime_ns, is_now.st_size
    elif isinstance(index, Index):
        found = index
    else:
        _LAST.clear()  # what a DataFrame gives may be other parts the next time
        number, name = tempfile.mkstemp(dir=folder(), prefix="merged-")
        os.close(number)
        found = merge_parts(index, name)
    key = session.sparkContext.applicationId, key, rules.digest, policy
    if key not in _LAST:
        cleaner = Cleaner(found, rules, policy)
        cleaner.prepare(Space(folder()))
        _LAST.clear()
        _LAST[key] = send(session, cleaner), index
    return _LAST[key][0]


def _plain(df: DataFrame) -> DataFrame:
    """Return a DataFrame whose columns have other names: dots and backticks mean something to Spark, and not the same everywhere."""
    return df.toDF(*map(str, range(len(df.columns))))


def _learnt(columns: Columns, names: Sequence[str], arrow: Iterable[Any]) -> Iterator[Any]:
    """Yield what the documents of each batch teach, as bytes of an index."""
    import pyarrow as pa

    for batch in arrow:
        named = pa.record_batch(batch.columns, names=names)
        found = [one for one in columns.documents(named) if isinstance(one, Document)]
        for some in batches(found):
            part = b"".join(dumped(indexes.learn(some)))
            yield pa.record_batch([pa.array([part], pa.binary())], names=["part"])


def _cleaned(columns: Columns, names: Sequence[str], name: str, arrow: Iterable[Any]) -> Iterator[Any]:
    """Yield each batch with what cleaning its documents came to, in a column more."""
    import pyarrow as pa

    cleaner: Cleaner = received(name)
    *given, _ = names
    for batch in arrow:
        entries = columns.documents(pa.record_batch(batch.columns, names=given))
        documents = [entry for entry in entries if isinstance(entry, Document)]
        done = (one for some in batches(documents) for one in each_cleaned(cleaner, some))
        rows = [_row(next(done) if isinstance(entry, Document) else entry) for entry in entries]
        yield pa.record_batch([*batch.columns, _typed(rows)], names=names)
        release()


def _row(found: Cleaned | Failure) -> dict[str, Any]:
    """Return what is said of a document, as `CLEANED` has it."""
    if isinstance(found, Failure):
        return {"status": "failed", "spans": [], "error": found.error}
    spans = report.spans(found)
    for span in spans:
        span["reasons"] = [orjson.dumps(reason).decode() for reason in span["reasons"]]
    return {
        "text": found.text,
        "status": found.status,
        "spans": spans,
        "duplicate_of": found.duplicate_of,
        "error": found.error,
    }


def _typed(rows: Sequence[dict[str, Any]]) -> Any:
    """Return rows as a column of the type `CLEANED`."""
    from pyarrow import array, float64, int32, list_, string, struct

    words = {name: string() for name in ("text", "status", "duplicate_of", "error")}
    span = {"start": int32(), "end": int32(), "kind": string(), "text": string(), "score": float64()}
    spans = list_(struct([*span.items(), ("reasons", list_(string())), ("marker", string())]))
    order = ("text", "status", "spans", "duplicate_of", "error")
    return array(rows, struct([(name, words.get(name, spans)) for name in order]))
