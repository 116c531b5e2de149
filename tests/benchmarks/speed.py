"""Speed, memory and scale, beside peers and in one run: `make bench`, or `python -m tests.benchmarks.speed [OPTION]...`.

A corpus is made up (`scale.py`), and `cleaner clean` on it, whole process, learning, cleaning, bodies and report, is timed in turns
with the peers of `peers.py`, which says what each does and leaves undone, on as many processes. Times are medians of `--runs`; peak
memory is the most of all runs: resident memory summed over all processes of a command, every 50 ms, from /proc, so that what processes
share counts once for each. Each command's output is looked at: it must have a line for each document. Where the time of one process
goes, and the latency of one document, are measured by `inside.py`, once.

`--scale` compares the corpus with one of ten times the documents instead, in so much memory as `--memory` says. `--docs` writes what is printed into docs/speed.md.
"""

from __future__ import annotations

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import orjson

from tests.benchmarks import scale, tables

ROOT = Path(__file__).parents[2]
VENVS = ROOT / ".venv-bench"
"""Has an environment for each peer from PyPI: they bear no common one."""

FRESH = 200
"""Documents for the latency: of the corpus's sites, but none of it."""

BEAT = 0.05
"""Seconds between two looks at the memory."""

SMALL = 10_000
"""Documents: a run with fewer says that it is small."""

BUSY = 0.5
"""Processes that others run: with more, a run says that the machine was busy."""

PEERS = {
    "dolma": ("dolma {} `dedupe` by line: tags, cuts nothing", "attributes/lines/*"),
    "datatrove": ("datatrove {} sentence dedup by line", "bodies/*"),
    "plain": ("plain Python, two passes: drops lines of 3 documents of a group", "*"),
    "floor": ("no peer: parse JSONL, fold and hash each line", None),
}
"""What a row says, with the version; and the files that have a line for each document in the end."""


@dataclass(frozen=True)
class Corpus:
    """A corpus to run on."""

    path: Path
    documents: int
    lines: int

    @classmethod
    def made(cls, folder: Path, documents: int) -> Corpus:
        """Make one up: `corpus.jsonl`, and `fresh.jsonl` with more of its sites' documents."""
        crawl = scale.crawl(-(-documents // scale.SITE))
        path = scale.save(folder / "corpus.jsonl", islice(crawl, documents))
        scale.save(folder / "fresh.jsonl", islice(crawl, FRESH))
        with path.open("rb") as rows:
            return cls(path, documents, sum(row.count(b"\\n") for row in rows))

    def __str__(self) -> str:
        size = self.path.stat().st_size / 1e6
        return f"{self.documents:,} documents, {size:,.{0 if size >= 10 else 1}f} MB, {self.lines:,} lines"

    def split(self, folder: Path, number: int) -> None:
        """Write the corpus into so many files, of as many documents each."""
        folder.mkdir()
        with self.path.open("rb") as rows:
            for shard in range(number):
                share = self.documents * (shard + 1) // number - self.documents * shard // number
                (folder / f"{shard:02}.jsonl").write_bytes(b"".join(islice(rows, share)))


@dataclass(frozen=True)
class Contestant:
    """A command to measure."""

    label: str
    command: Callable[[Path], list[str]]
    """Given an empty folder to write to."""
    written: str | None = None
    """Files in that folder that have a line for each document in the end."""


@dataclass(frozen=True)
class Taken:
    """What a command took."""

    seconds: float
    memory: int
    """Bytes, the most at a time."""


def cleaner(corpus: Path, jobs: int, memory: str | None = None) -> Contestant:
    """Return the command that is measured against all others."""
    limit = ["--memory", memory] if memory else []

    def command(out: Path) -> list[str]:
        options = ["--out", f"{out}/cleaned", "--group-field", "group", "--jobs", str(jobs), *limit]
        return [sys.executable, "-m", "cleaner", "clean", str(corpus), *options]

    processes = "1 process" if jobs == 1 else f"{jobs} processes"
    label = f"`cleaner clean`, {processes}" + (f", `--memory {memory}`" if memory else "")
    return Contestant(label, command, f"cleaned/{corpus.name}")


def peers(names: Sequence[str], shards: Path, jobs: int) -> dict[str, Contestant]:
    """Return the peers of these names, and the floor."""

    def command(name: str, out: Path) -> list[str]:
        python = sys.executable if name in ("plain", "floor") else f"{VENVS}/{name}/bin/python"
        return [python, "-m", "tests.benchmarks.peers", name, str(shards), str(out), "--jobs", str(jobs)]

    found = {}
    for name in (*names, "floor"):
        label, written = PEERS[name]
        said = label.format(version(name)) if "{}" in label else label
        found[name] = Contestant(said, partial(command, name), written)
    return found


def version(name: str) -> str:
    """Return the version of an installed peer."""
    ask = [f"{VENVS}/{name}/bin/python", "-c", f"from importlib.metadata import version; print(version({name!r}))"]
    try:
        return subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        venv = VENVS.relative_to(ROOT) / name
        raise SystemExit(
            f"{name}: not installed; expected it in {venv} (`make {venv}/.ready`), or other --peers"
        ) from None


def resident(process: int) -> int:
    """Return the bytes that a process and all its descendants have in memory; 0 when it has ended, or there is no /proc."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_bytes().split()[1])
        tasks = Path(f"/proc/{process}/task").iterdir()
        children = [int(child) for task in tasks for child in (task / "children").read_bytes().split()]
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(map(resident, children))


@contextmanager
def watched(process: int) -> Iterator[list[int]]:
    """Yield the sums of resident memory of a process and its descendants, as they come in."""
    seen, done = [0], threading.Event()

    def look() -> None:
        while not done.wait(BEAT):
            seen.append(resident(process))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def taken(command: Sequence[str]) -> Taken:
    """Run a command, and return what it took; it must succeed."""
    # One hash seed for all processes of a command; and the code beside this file, wherever the command was started.
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=subprocess.STDOUT)
        with watched(process.pid) as seen:
            code = process.wait()
            seconds = time.perf_counter() - start
        if code:
            said.seek(0)
            last = said.read().decode(errors="replace").strip()[-2000:]
            raise SystemExit(f"{last}\n{shlex.join(command)}: exit status {code}; expected 0")
    return Taken(seconds, max(seen))


def measured(contestants: Mapping[str, Contestant], runs: int, documents: int) -> dict[str, Taken]:
    """Run all in turns, so often, and return for each the median of times, and the most memory."""
    found: dict[str, list[Taken]] = {name: [] for name in contestants}
    for run in range(runs):
        for name, contestant in contestants.items():
            with tempfile.TemporaryDirectory() as folder:
                out = Path(folder)
                one = taken(contestant.command(out))
                if contestant.written and (lines := _lines(out.glob(contestant.written))) != documents:
                    raise SystemExit(f"{contestant.label}: wrote {lines:,} lines; expected {documents:,}")
            found[name].append(one)
            print(f"run {run + 1} of {runs}: {name}: {one.seconds:.2f} s, {_size(one.memory)}", file=sys.stderr)
    return {
        name: Taken(statistics.median(one.seconds for one in each), max(one.memory for one in each))
        for name, each in found.items()
    }


def _lines(files: Iterator[Path]) -> int:
    total = 0
    for path in files:
        with path.open("rb") as lines:
            total += sum(1 for _ in lines)
    return total


def against_peers(folder: Path, documents: int, runs: int, jobs: int, names: Sequence[str]) -> str:
    """Measure cleaner and its peers on one corpus, and return a table."""
    others = peers(names, folder / "shards", jobs)  # what is missing is said before the corpus is made
    corpus = Corpus.made(folder, documents)
    corpus.split(folder / "shards", jobs)
    ours = {f"cleaner-{number}": cleaner(corpus.path, number) for number in dict.fromkeys((jobs, 1))}
    contestants = {**ours, **others}
    took = measured(contestants, runs, documents)
    base = took[f"cleaner-{jobs}"]
    rows = [
        f"| {contestants[name].label} | {one.seconds:.2f} | {_ratio(base.seconds / one.seconds)} | {_size(one.memory)} |"
        for name, one in took.items()
    ]
    head = [f"| {corpus} | seconds | first row's time ÷ this | peak memory |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, "", small(corpus, runs)])


def small(corpus: Corpus, runs: int) -> str:
    """Return where the time goes, and what small things take, in sentences."""
    fresh, note = (corpus.path.with_name(name) for name in ("fresh.jsonl", "note.txt"))
    texts = [orjson.loads(row)["text"].encode() for row in fresh.read_bytes().splitlines()]
    note.write_bytes(texts[0])
    command = [sys.executable, "-m", "cleaner"]
    contestants = {
        "help": Contestant("`cleaner --help`", lambda _: [*command, "--help"]),
        "note": Contestant(
            "`cleaner clean FILE`", lambda out: [*command, "clean", str(note), "--out", f"{out}/cleaned"]
        ),
    }
    took = measured(contestants, runs, 1)
    asked = [sys.executable, "-m", "tests.benchmarks.inside", str(corpus.path), str(fresh)]
    inside = orjson.loads(subprocess.run(asked, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    share = {name: f"{100 * took / sum(inside['stages'].values()):.0f} %" for name, took in inside["stages"].items()}
    return (
        f"Of one process's time, learning takes {share['learn']}, what is derived once {share['derive']}, cleaning {share['clean']},"
        f" writing {share['write']}. `cleaner --help` takes {took['help'].seconds:.2f} s and a text file of"
        f" {len(texts[0]) / 1e3:.1f} kB {took['note'].seconds:.2f} s, whole processes. `Cleaner.clean` with the corpus's index loaded"
        f" takes {inside['latency'] * 1e3:.2f} ms, the median of {len(texts) - 1} other documents of its sites,"
        f" {statistics.mean(map(len, texts)) / 1e3:.1f} kB each."
    )


def ten_times(folder: Path, documents: int, runs: int, jobs: int, memory: str | None = None) -> str:
    """Measure cleaner on a corpus and on one of ten times the documents, and return a table."""
    lines, took = [], []
    for number in (documents, 10 * documents):
        corpus = Corpus.made(folder, number)
        one = measured({"cleaner": cleaner(corpus.path, jobs, memory)}, runs, number)["cleaner"]
        lines.append(f"| {corpus} | {one.seconds:.2f} | {_size(one.memory)} |")
        took.append(one)
    once, ten = took
    head = [f"| {cleaner(Path(), jobs, memory).label} | seconds | peak memory |", "|---|---|---|"]
    ratio = f"| ratio | {_ratio(ten.seconds / once.seconds)} | {_ratio(ten.memory / max(once.memory, 1))} |"
    return "\n".join([*head, *lines, ratio])


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _size(memory: int) -> str:
    return f"{memory / 1e6:,.0f} MB" if memory else "unknown"


def where(arguments: Sequence[str], documents: int, runs: int, load: float) -> str:
    """Return when, on what, and by which command something was measured; `load` is what the machine was busy with before."""
    command = shlex.join(["python", "-m", "tests.benchmarks.speed", *(word for word in arguments if word != "--docs")])
    times = f"medians of {runs} runs" if runs > 1 else "one run"
    notes = [f" The machine was busy before: load {load:.1f}."] if load > BUSY else []
    notes += [" So small a run says little of a large one."] if documents < SMALL else []
    return f"({tables.made_by(command)}, {times}.{''.join(notes)})"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and write."""
    given_arguments = sys.argv[1:] if arguments is None else arguments
    choice = [name for name in PEERS if name != "floor"]
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--documents", type=int, default=20_000, help="of the corpus")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2, help="processes of cleaner and of peers")
    parser.add_argument("--peers", default=",".join(choice), help="some of %(default)s")
    parser.add_argument("--scale", action="store_true", help="compare with ten times the documents, not with peers")
    parser.add_argument("--memory", metavar="SIZE", help="with --scale: what `cleaner clean` may take")
    parser.add_argument("--docs", action="store_true", help="write what is printed into docs/speed.md")
    given = parser.parse_args(given_arguments)
    names = [name for name in given.peers.split(",") if name]
    if unknown := set(names) - set(choice):
        parser.error(f"--peers {','.join(sorted(unknown))}: expected some of {','.join(choice)}")
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        if given.scale:
            table = ten_times(Path(folder), given.documents, given.runs, given.jobs, given.memory)
        else:
            table = against_peers(Path(folder), given.documents, given.runs, given.jobs, names)
    table = f"{table}\n\n{where(given_arguments, given.documents, given.runs, load)}"
    print(table)
    if given.docs:
        tables.write("speed.md", "scale" if given.scale else "speed", table)


if __name__ == "__main__":
    main()
