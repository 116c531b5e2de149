"""What cleaning pages takes against trafilatura alone: `python -m tests.benchmarks.html JSONL [--jobs N]`.

JSONL, gzipped or not, has pages in a field `html`, their site in `group`. In one run: trafilatura extracts each page, with and
without metadata (cleaner records title, date, address and language, so the first is its like), on as many processes as
`cleaner clean` has, which reads, learns, extracts, cleans, and writes bodies and report. Ratios of wall time are printed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from trafilatura import bare_extraction


def extract(html: str, *, metadata: bool) -> str:
    """Extract one page, as trafilatura does by itself."""
    found = bare_extraction(html, include_comments=False, deduplicate=False, with_metadata=metadata)
    return getattr(found, "text", None) or ""


def alone(pages: list[str], jobs: int, *, metadata: bool) -> float:
    """Return the seconds that trafilatura takes."""
    work = partial(extract, metadata=metadata)
    start = time.perf_counter()
    if jobs == 1:
        list(map(work, pages))
    else:
        with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
            list(pool.map(work, pages, chunksize=20))
    return time.perf_counter() - start


def cleaned(path: Path, jobs: int) -> float:
    """Return the seconds that the command takes."""
    options = ["--text-field", "html", "--format", "html", "--group-field", "group", "--jobs", str(jobs)]
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        command = [sys.executable, "-m", "cleaner", "clean", str(path), "--out", f"{folder}/out", *options]
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    with (gzip.open if given.corpus.suffix == ".gz" else open)(given.corpus, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    pages = [row["html"] for row in rows]
    extract(pages[0], metadata=True)  # what it imports and compiles is not counted
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder, "pages.jsonl")
        with plain.open("w", encoding="utf-8") as out:
            out.writelines(
                json.dumps({"html": row["html"], "group": row.get("group", "")}, ensure_ascii=False) + "\n"
                for row in rows
            )
        print(f"{len(pages)} pages, {sum(map(len, pages)) / 1e6:.1f} M characters")
        for jobs in sorted({1, given.jobs}):
            ours = cleaned(plain, jobs)
            bare, full = (alone(pages, jobs, metadata=metadata) for metadata in (False, True))
            print(
                f"{jobs} processes: cleaner {ours:.1f} s; trafilatura {bare:.1f} s, ratio {ours / bare:.2f};"
                f" with metadata {full:.1f} s, ratio {ours / full:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
