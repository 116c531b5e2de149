"""Where the time of one process goes: `python -m tests.benchmarks.inside CORPUS FRESH`, JSONL both. Prints JSON.

Stages: through the public functions that `cleaner clean` calls, on one process, so that they add up. `learn` reads the corpus and
learns its index; `derive` is what the first document waits for, and no other: what follows from the index as a whole, weights,
rules; `clean` reads the corpus again and cleans it; `write` writes bodies and report, and forces them to disk.
Latency: `Cleaner.clean` on each document of FRESH, which the index has not learnt, with the index saved and loaded again, all
shipped rules, and the documents that it has learnt counted; the median, in seconds.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import orjson

from cleaner import Cleaner, Document, engines
from cleaner.chunks import Fields
from cleaner.index import Index
from cleaner.output import Output
from cleaner.saving import load, save
from cleaner.sources import find_sources

FIELDS = Fields(group="group")


def stages(corpus: Path, out: Path) -> tuple[dict[str, float], Index]:
    """Return the seconds of each stage of a run on `corpus`, and the index."""
    sources = find_sources([str(corpus)]).sources
    clock = time.perf_counter
    start = clock()
    index = engines.learn_all(sources, FIELDS)
    learnt = clock()
    cleaner = Cleaner(index)
    cleaner.clean(Document("first", "One line.\nAnother one.\n", "no group"))
    derived = clock()
    written = 0.0
    with Output(out, sources) as output:
        for done in engines.clean_all(cleaner, sources, FIELDS):
            asked = clock()
            for target, body in done.bodies:
                output.write(target, body)
            output.record(done.report)
            written += clock() - asked
        asked = clock()
        output.finish({})
        written += clock() - asked
    cleaned = clock() - derived - written
    return {"learn": learnt - start, "derive": derived - learnt, "clean": cleaned, "write": written}, index


def latency(index: Index, fresh: Path) -> float:
    """Return the seconds that a document takes: the median of all, each cleaned once."""
    cleaner = Cleaner(index)
    rows = map(orjson.loads, fresh.read_bytes().splitlines())
    first, *documents = (Document(row["id"], row["text"], row["group"]) for row in rows)
    cleaner.clean(first)  # what is derived once is not counted
    seconds = []
    for document in documents:
        start = time.perf_counter()
        cleaner.clean(document)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("fresh", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shares, index = stages(given.corpus, folder / "out")
        saved = folder / "corpus.idx"
        save(index, saved)
        print(orjson.dumps({"stages": shares, "latency": latency(load(saved), given.fresh)}).decode())


if __name__ == "__main__":
    main()
