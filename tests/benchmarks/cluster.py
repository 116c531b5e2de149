"""What a corpus and one of four times its documents take on Spark: `python -m tests.benchmarks.cluster [--documents N] [--docs]`.

Corpora are made up (`scale.py`). The command cleans each on this machine; Spark learns and cleans it as a DataFrame, on `--master`, and both
must come to the same: the same index file byte for byte, the same bodies and spans. Bytes shuffled, bytes spilled and the number of
stages are those of Spark's own event log. `--docs` writes the table into docs/spark.md. Needs Java, and the extra `spark`.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import orjson
from pyarrow import dataset
from pyspark.sql import SparkSession

from cleaner import spark
from tests.benchmarks import scale, tables

ROOT = Path(__file__).parents[2]
TIMES = 4

PARTITION = "16m"
"""Of text: what a partition teaches passes through the driver's heap as a whole."""


@dataclass(frozen=True)
class Took:
    """What one corpus took."""

    documents: int
    size: int
    local: float
    """Seconds of `cleaner clean` on this machine, learning included."""
    learnt: float
    cleaned: float
    """Seconds of Spark."""
    shuffled: int
    """Bytes, in learning and in cleaning."""
    spilled: int
    stages: tuple[int, int]
    """In learning, and in cleaning."""
    index: int
    """Bytes of the index file."""


def seconds(work: Callable[[], object]) -> float:
    """Return what some work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def command(*words: object) -> float:
    """Return the seconds that a command of cleaner's takes."""
    given = [sys.executable, "-m", "cleaner", *map(str, words)]
    return seconds(lambda: subprocess.run(given, cwd=ROOT, check=True, capture_output=True))


def measured(folder: Path, documents: int, master: str, jobs: int) -> Took:
    """Measure one corpus, and compare."""
    corpus = scale.save(folder / "corpus.jsonl", scale.documents(documents))
    local = command(
        "clean", corpus, "--out", folder / "local", "--group-field", "group", "--id-field", "id", "--jobs", jobs
    )
    command(
        "learn", corpus, "--out", folder / "local.idx", "--group-field", "group", "--id-field", "id", "--jobs", jobs
    )
    events = folder / "events"
    events.mkdir()
    builder = SparkSession.builder.master(master).appName("cleaner").config("spark.eventLog.enabled", "true")
    builder = (
        builder.config("spark.eventLog.compress", "false")
        .config("spark.eventLog.dir", events.as_uri())
        .config("spark.eventLog.rolling.enabled", "false")
    )
    builder = (
        builder.config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.log.level", "ERROR")
    )
    builder = builder.config("spark.sql.files.maxPartitionBytes", PARTITION)
    session = builder.config("spark.driver.memory", "2g").getOrCreate()
    try:
        rows = session.read.schema("id string, group string, text string").json(str(corpus))
        session.sparkContext.setJobGroup("learn", "")
        learnt = seconds(lambda: spark.learn(rows, folder / "spark.idx"))
        session.sparkContext.setJobGroup("clean", "")
        found = spark.clean(rows, folder / "spark.idx").select("id", "cleaned")
        cleaned = seconds(lambda: found.write.parquet(str(folder / "spark")))
        if not filecmp.cmp(folder / "local.idx", folder / "spark.idx", shallow=False):
            raise SystemExit(f"{documents} documents: Spark's index is another one")
        compare(folder / "spark", folder / "local" / "report.jsonl", documents)
    finally:
        session.stop()
    counted, stages = logged(events)
    size = (folder / "spark.idx").stat().st_size
    numbers = stages["learn"], stages["clean"]
    return Took(
        documents, corpus.stat().st_size, local, learnt, cleaned, counted["written"], counted["spilled"], numbers, size
    )


def compare(rows: Path, report: Path, documents: int) -> None:
    """Check that what Spark wrote says the same as a report."""
    with report.open("rb") as lines:
        expected = {record["id"]: record for record in map(orjson.loads, lines)}
    batches = dataset.dataset(rows).to_batches(columns=["id", "cleaned"], batch_size=1000)
    for row in chain.from_iterable(batch.to_pylist() for batch in batches):
        record, found = expected.pop(row["id"]), row["cleaned"]
        shown = [{name: value for name, value in span.items() if value is not None} for span in found["spans"]]
        spans = [{**span, "reasons": [orjson.loads(reason) for reason in span["reasons"]]} for span in shown]
        if (spans, found["status"], len(found["text"])) != (record["spans"], record["status"], record["chars_out"]):
            raise SystemExit(f"{documents} documents: {row['id']} came out otherwise on Spark")
    if expected:
        raise SystemExit(f"{documents} documents: {len(expected)} did not come out on Spark")


def logged(events: Path) -> tuple[Counter[str], Counter[str]]:
    """Return bytes written to shuffles and spilled to disk, and how many stages learning and cleaning took, from an event log."""
    names = {"internal.metrics.shuffle.write.bytesWritten": "written", "internal.metrics.diskBytesSpilled": "spilled"}
    counted: Counter[str] = Counter()
    stages: Counter[str] = Counter()
    work: dict[int, str] = {}
    [log] = [path for path in events.rglob("*") if path.is_file()]
    with log.open("rb") as lines:
        for event in map(orjson.loads, lines):
            if event["Event"] == "SparkListenerJobStart":
                group = event["Properties"].get("spark.jobGroup.id", "")
                work |= dict.fromkeys(event["Stage IDs"], group)
            elif event["Event"] == "SparkListenerStageCompleted":
                about = event["Stage Info"]
                stages[work[about["Stage ID"]]] += 1
                for one in about["Accumulables"]:
                    if one.get("Name") in names:
                        counted[names[one["Name"]]] += int(one["Value"])
    return counted, stages


def table(once: Took, more: Took, master: str, jobs: int) -> str:
    """Return what was measured, and the ratios."""
    rows: list[tuple[str, Callable[[Took], float], str]] = [
        (f"seconds of the command on this machine, {jobs} processes: learn and clean", lambda one: one.local, ".1f"),
        (f"seconds on `{master}`: learn", lambda one: one.learnt, ".1f"),
        ("seconds: clean", lambda one: one.cleaned, ".1f"),
        ("MB shuffled in all, compressed", lambda one: one.shuffled / 1e6, ",.0f"),
        ("bytes shuffled a document", lambda one: one.shuffled / one.documents, ",.0f"),
        ("MB spilled to disk", lambda one: one.spilled / 1e6, ",.0f"),
        ("bytes of index file a document", lambda one: one.index / one.documents, ",.0f"),
        ("stages of learning", lambda one: one.stages[0], "d"),
        ("stages of cleaning", lambda one: one.stages[1], "d"),
    ]
    said = [f"{one.documents:,} documents, {one.size / 1e6:,.0f} MB" for one in (once, more)]
    lines = [f"| | {said[0]} | {said[1]} | ratio |", "|---|---|---|---|"]
    for name, value, shape in rows:
        few, many = value(once), value(more)
        ratio = f"{many / few:.2f}" if few else ""
        lines.append(f"| {name} | {few:{shape}} | {many:{shape}} | {ratio} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--jobs", type=int, default=2, help="processes of the command")
    parser.add_argument("--docs", action="store_true", help="write the table into docs/spark.md")
    given = parser.parse_args()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    found = []
    for documents in (given.documents, TIMES * given.documents):
        with tempfile.TemporaryDirectory() as folder:
            found.append(measured(Path(folder), documents, given.master, given.jobs))
    text = table(found[0], found[1], given.master, given.jobs)
    called = f"python -m tests.benchmarks.cluster --documents {given.documents} --master '{given.master}' --jobs {given.jobs}"
    text += f"\n\n({tables.made_by(called)}, one run; index files, bodies and spans were the same.)"
    print(text)
    if given.docs:
        tables.write("spark.md", "cluster", text)


if __name__ == "__main__":
    main()
