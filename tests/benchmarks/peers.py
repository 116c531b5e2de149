"""What `make bench` sets beside cleaner: `python -m tests.benchmarks.peers NAME SHARDS OUT --jobs N`.

SHARDS is a folder with the corpus in as many JSONL files as there are processes, for a peer works on a file at a time; cleaner is
given one file, and divides it itself. dolma and datatrove bear no common environment, so each runs in one of its own, and what
they need is imported where it is used. What each does, and leaves undone:

dolma: `dolma dedupe` on paragraphs, Rust on threads. Says of each line whether a Bloom filter has seen it before, and writes that as
    attributes: spans to cut, the first copy of a line not among them, whatever came first. Lines are compared byte for byte; there
    is no group, no report, no second look at the input, and nothing is cut: `dolma mix` would do that, and is not counted. A filter
    for the corpus's number of lines, at a false positive in a million. Files are not compressed, neither in nor out.
datatrove: sentence dedup with `split_sentences=False` and `n_sentences=1`, so by line, in its three steps: signatures of folded lines,
    duplicates among them, filter. Writes bodies as JSONL; the first copy of a line stays; there is no group and no report. As many
    tasks and workers as processes in each step. `min_doc_words` and `min_num_sentences` are off: they would tokenize each document.
plain: plain Python in two passes. Counts in how many documents of its group each line stands, then drops the lines of 3 or more, and
    writes bodies as JSONL. Lines are compared byte for byte, by hash; no report.
floor: no peer, but what any cleaner in Python pays: parses each line of JSONL with orjson, folds each line of its text, and hashes it
    with xxh3. Keeps and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

LINE = 100
"""Bytes of a line, or less on average: how much room dolma's filter has."""


def dolma(shards: Path, out: Path, jobs: int) -> None:
    """Run `dolma dedupe`."""
    # It writes `attributes` beside `documents`, and asks the network for a tokenizer that it has no need of here, unless one is found.
    (out / "nltk/tokenizers/punkt").mkdir(parents=True)
    os.environ["NLTK_DATA"] = str(out / "nltk")
    (out / "documents").symlink_to(shards.resolve())
    from dolma.cli.__main__ import main as command

    size = sum(path.stat().st_size for path in shards.iterdir()) // LINE
    options = {
        "--documents": f"{out}/documents/*.jsonl",
        "--dedupe.name": "lines",
        "--dedupe.paragraphs.attribute_name": "duplicates",
        "--bloom_filter.file": f"{out}/filter",
        "--bloom_filter.estimated_doc_count": str(size),
        "--bloom_filter.desired_false_positive_rate": "1e-6",
        "--processes": str(jobs),
    }
    flags = ["--dedupe.skip_empty", "--no-bloom_filter.read_only"]
    command(["dedupe", *(word for option in options.items() for word in option), *flags])


def datatrove(shards: Path, out: Path, jobs: int) -> None:
    """Run the three steps of sentence dedup."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup.sentence_dedup import (
        SentDedupConfig,
        SentenceDedupFilter,
        SentenceDedupSignature,
        SentenceFindDedups,
    )
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter
    from datatrove.utils.word_tokenizers import WordTokenizer

    class Unused(WordTokenizer):  # type: ignore[misc]
        """It asks for a tokenizer before it knows whether it needs one; lines take none."""

        def word_tokenize(self, text: str) -> list[str]:
            raise NotImplementedError

        sent_tokenize = span_tokenize = word_tokenize

    by_line = SentDedupConfig(n_sentences=1, split_sentences=False, min_doc_words=0, min_num_sentences=0)
    signatures, duplicates = f"{out}/signatures", f"{out}/duplicates"
    steps: dict[str, list[Any]] = {
        "sign": [
            JsonlReader(str(shards)),
            SentenceDedupSignature(signatures, finder_workers=jobs, config=by_line, language=Unused()),
        ],
        "find": [SentenceFindDedups(signatures, duplicates, config=by_line)],
        "filter": [
            JsonlReader(str(shards)),
            SentenceDedupFilter(duplicates, config=by_line, language=Unused()),
            JsonlWriter(f"{out}/bodies", compression=None),
        ],
    }
    for name, step in steps.items():
        LocalPipelineExecutor(step, tasks=jobs, workers=jobs, logging_dir=f"{out}/logs/{name}").run()


def plain(shards: Path, out: Path, jobs: int) -> None:
    """Drop the lines that three documents of a group have."""
    files = sorted(shards.iterdir())
    with ProcessPoolExecutor(jobs) as pool:
        seen: Counter[int] = Counter()
        for some in pool.map(_count, files):
            seen.update(some)
        often = {key for key, documents in seen.items() if documents >= 3}
        list(pool.map(partial(_drop, often, out), files))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _count(path: Path) -> Counter[int]:
    """Return in how many documents each line of a group stands; by hash, as all processes have the same PYTHONHASHSEED."""
    seen: Counter[int] = Counter()
    for row in _rows(path):
        seen.update({hash((row["group"], line)) for line in row["text"].split("\n")})
    return seen


def _drop(often: set[int], out: Path, path: Path) -> None:
    with (out / path.name).open("w", encoding="utf-8") as bodies:
        for row in _rows(path):
            group, lines = row["group"], row["text"].split("\n")
            row["text"] = "\n".join([line for line in lines if not line or hash((group, line)) not in often])
            bodies.write(json.dumps(row, ensure_ascii=False) + "\n")


def floor(shards: Path, out: Path, jobs: int) -> None:
    """Parse and hash."""
    with ProcessPoolExecutor(jobs) as pool:
        list(pool.map(_hash, sorted(shards.iterdir())))


def _hash(path: Path) -> None:
    import orjson
    from xxhash import xxh3_64_intdigest

    with path.open("rb") as rows:
        for row in rows:
            for line in orjson.loads(row)["text"].split("\n"):
                xxh3_64_intdigest(" ".join(line.lower().split()).encode())


RUNS = {run.__name__: run for run in (dolma, datatrove, plain, floor)}


def main() -> None:
    """Run one of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("name", choices=RUNS)
    parser.add_argument("shards", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    RUNS[given.name](given.shards, given.out, given.jobs)


if __name__ == "__main__":
    main()
