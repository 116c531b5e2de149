"""Counting by Spark's shuffle: as `frequency` counts on one machine, a range of codes at a time, but on all executors at once.

Each executor says which codes its documents hold. Of two documents of one family that hold a code one is dropped, wherever they
are, and only then are families counted: a code that millions hold is spread over all executors by its families, and summed up
where it is before it moves on. No lines come back, only counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cleaner.counting import Counter, Tally, combined, counter, fresh
from cleaner.executors import received, send
from cleaner.frequency import COUNTED, Frequencies
from cleaner.spill import Space, parts
from cleaner.standing import Standing
from cleaner.surroundings import Codes

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame, SparkSession

FIRST: Final = ("holders", "group holders")
"""Kinds that the others are known by: which lines recur, which are landmarks."""

SITES: Final = "sites"
"""Not in families, but in groups: in how many each line stands."""

TASK = 2**24
"""Bytes that a task works on, by `ROW`: some 30,000 lines."""

_KINDS: Final = (SITES, *COUNTED)
_HOLDER = 56
"""Bits of a holder; the kind stands above."""

_NONE: Final[NDArray[np.uint64]] = np.empty(0, dtype=np.uint64)


def count(session: SparkSession, known: Frequencies) -> None:
    """Count all that look-ups need, on the executors: after that, `known` has its counters.

    Args:
        session: of a cluster whose executors have room for the index on their disks.
        known: its index is sent to them, and what is asked of it besides.
    """
    index = send(session, known.index)
    counters = {"members": counter(combined(known.group_of), known.families)}
    found: dict[str, Any] = {"counters": counters}
    for kinds in ((SITES, *FIRST), tuple(kind for kind in COUNTED if kind not in (*FIRST, "members"))):
        marks = _marks(known.standing) if "standing" in vars(known) else None
        names = index, send(session, (known.group_of, known.families, marks))
        tallied = _tallied(_counted(session, known, names, kinds), kinds, known.space)
        for kind, (one, more) in tallied.items():
            counters[kind] = one
            if more is not None:
                found[f"_{kind}"] = one, more
        vars(known).update(found)
        _ = known.standing


def _marks(standing: Standing) -> tuple[NDArray[np.bool_], ...]:
    return standing.marks, standing.recurs, standing.head, standing.tail


def _counted(session: SparkSession, known: Frequencies, names: tuple[str, str], kinds: Sequence[str]) -> DataFrame:
    """Return the codes of some kinds, by kind, then by code, packed; with each how many hold it, and how often in all."""
    from pyspark.sql import functions

    context = session.sparkContext
    bounds = list(parts(known.index.lines.first, Space(most=TASK)))
    tasks = max(1, len(bounds))
    pieces = session.createDataFrame(context.parallelize(bounds, tasks), "start long, stop long")
    rows = pieces.mapInArrow(partial(_rows, names, tuple(kinds)), "code long, holder long, times long")
    once = rows.groupBy("code", "holder").agg(functions.sum("times").alias("times"))
    kind = functions.shiftright("holder", _HOLDER).alias("kind")
    counts = once.groupBy(kind, "code").agg(functions.count("*").alias("total"), functions.sum("times").alias("times"))
    # As many parts as tasks, not as the session shuffles into by default: each part is fetched by a job of its own.
    ordered = counts.repartitionByRange(tasks, "kind", "code").sortWithinPartitions("kind", "code")
    return ordered.mapInArrow(_packed, "kind long, codes binary, totals binary, times binary")


def _rows(names: tuple[str, str], kinds: Sequence[str], batches: Iterable[Any]) -> Iterator[Any]:
    """Yield which code is held by whom and how often, for the documents of each `[start, stop)` in the batches."""
    import pyarrow as pa

    index, (groups, families, marks) = (received(name) for name in names)
    known = Frequencies(index)
    vars(known).update(group_of=groups)
    if marks is not None:
        vars(known).update(standing=Standing(Codes(index.lines, groups), *marks))
    for batch in batches:
        for start, stop in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            for kind in kinds:
                codes, documents = known.codes_of(FIRST[0] if kind == SITES else kind, start, stop)
                holders = (groups if kind == SITES else families)[documents + start]
                codes, holders, times = _together(codes, holders)
                columns = [_signed(codes), holders | (_KINDS.index(kind) << _HOLDER), times]
                yield pa.record_batch(columns, names=["code", "holder", "times"])


def _together(codes: NDArray[np.uint64], holders: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
    """Return the distinct pairs of a code and a holder, and how often each is there."""
    order = np.lexsort((holders, codes))
    codes, holders = codes[order], holders[order]
    new = np.flatnonzero(fresh(codes, holders))
    return codes[new], holders[new], np.diff(np.append(new, len(codes)))


def _signed(codes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return codes as Spark has numbers, in the same order; twice gives them again."""
    return (codes ^ _SIGN).view(np.int64)


_SIGN = np.uint64(1 << 63)


def _packed(batches: Iterable[Any]) -> Iterator[Any]:
    """Yield a row for the codes of one kind in each batch, in their order."""
    import pyarrow as pa

    names = ["kind", "codes", "totals", "times"]
    for batch in batches:
        kinds, *columns = (batch.column(number).to_numpy() for number in range(4))
        starts = np.flatnonzero(fresh(kinds))
        rows = [
            (int(kinds[start]), *(column[start:stop].tobytes() for column in columns))
            for start, stop in zip(starts, [*starts[1:], len(kinds)], strict=True)
        ]
        types = [pa.int64(), *[pa.binary()] * 3]
        arrays = [pa.array(values, kind) for values, kind in zip(zip(*rows, strict=True), types, strict=True)]
        yield pa.record_batch(arrays, names=names)


def _tallied(
    counts: DataFrame, kinds: Sequence[str], space: Space
) -> dict[str, tuple[Counter, NDArray[np.int64] | None]]:
    """Return the counter of each kind; of lines also in how many groups each stands, of shapes how many lines have each."""
    found: dict[str, tuple[Counter, NDArray[np.int64] | None]] = {
        kind: (Tally(space).counter(), None) for kind in kinds
    }
    groups = np.empty(0, dtype=np.int64)
    for number, pieces in groupby(_fetched(counts), lambda piece: piece[0]):
        kind = _KINDS[number]
        tally, more, at = Tally(space), space.column(np.int64), 0
        for _, codes, totals, times in pieces:
            one = Counter(codes, totals, _NONE)
            if kind == SITES:
                more.append(totals)
            elif kind == "shapes":
                tally.add(one)
                more.append(times)
            elif kind == "holders":  # the same codes as those of the sites, which came before
                own = groups[at : at + len(codes)]
                several = own > 1  # copies of a document may stand in several groups
                tally.add(one.parted(stay=several))
                more.append(own[several | (totals > 1)])
                at += len(codes)
            else:
                tally.add(one.parted())
        if kind == SITES:
            groups = more.array()
        else:
            found[kind] = tally.counter(), more.array() if kind in ("shapes", "holders") else None
    found.pop(SITES, None)
    return found


def _fetched(counts: DataFrame) -> Iterator[tuple[int, NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]]:
    for row in streamed(counts):
        codes = np.frombuffer(row.codes, dtype=np.int64).view(np.uint64) ^ _SIGN
        yield row.kind, codes, *(np.frombuffer(column, dtype=np.int64) for column in (row.totals, row.times))


_TOGETHER: Final = "spark.sql.inMemoryColumnarStorage.batchSize"

_FEW: Final = 8
"""Rows that Spark puts together in memory before it keeps them on disk: a row here has up to some megabytes. By its default, 10,000, that
is a whole partition, and no heap is large enough for any corpus."""


def streamed(rows: DataFrame) -> Iterator[Any]:
    """Yield rows in order, a partition at a time, when all executors have done their share; these keep them on disk."""
    from pyspark import StorageLevel

    settings = rows.sparkSession.conf
    before = settings.get(_TOGETHER)
    settings.set(_TOGETHER, _FEW)
    kept = rows.persist(StorageLevel.DISK_ONLY)
    try:
        kept.count()  # else partitions would be done one by one, as they are asked for
        # Not toLocalIterator of the DataFrame: the JVM holds all that it has handed over, and runs out of heap.
        made = kept.rdd
        for partition in range(made.getNumPartitions()):
            yield from rows.sparkSession.sparkContext.runJob(made, list, [partition])
    finally:
        settings.set(_TOGETHER, before)
        kept.unpersist()
