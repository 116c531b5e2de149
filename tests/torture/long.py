"""Long runs: memory, open files and temporary folders while one process cleans without end, and while the command runs again and again.

Both go on side by side for `--hours`, or for two minutes. Memory's slope, which takes an hour to be told, is that of a straight line through what
was resident after each round, the first quarter left out: Python and numpy fill their pools then.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path

import orjson

from cleaner.index import learn
from cleaner.model import Cleaned, Document
from cleaner.pipeline import Cleaner
from cleaner.render import body
from cleaner.saving import load, save
from tests.benchmarks import scale
from tests.torture.line import Line

ROOT = Path(__file__).parents[2]
SHORT = 120 / 3600
"""Hours of a run when none are asked for."""

SITES = 20
ROUND = 200
"""Documents that are learnt, and that are cleaned, in a round."""

GROWTH = 1.05
"""What the last quarter of a run may hold, against the second quarter."""


def run(folder: Path, hours: float) -> Iterator[Line]:
    """Run both, side by side, and say what they came to."""
    seconds = str((hours or SHORT) * 3600)
    runs = {}
    for name in ("api", "command"):
        (folder / name).mkdir()
        given = [sys.executable, "-m", "tests.torture.long", name, str(folder / name), seconds]
        runs[name] = subprocess.Popen(given, cwd=ROOT, stdout=subprocess.PIPE)
    told = {name: orjson.loads(process.communicate()[0]) for name, process in runs.items()}
    assert not any(process.returncode for process in runs.values()), "a long run failed"
    yield _line("one process: learn, save, load, clean, stream", told["api"], "documents")
    yield _line("`cleaner clean`, again and again", told["command"], "runs")


def _line(what: str, told: dict[str, list[float]], unit: str) -> Line:
    """Say what a run came to, and hold it to its promises."""
    times, memory, files = told["times"], told["memory"], told["files"]
    quarter = len(memory) // 4
    before, after = (statistics.median(memory[first : first + quarter]) for first in (quarter, 3 * quarter))
    assert quarter > 0, f"{what}: {len(memory)} rounds; expected at least 4"
    assert after <= GROWTH * before, (
        f"{what}: {before / 1e6:.0f} MB in the second quarter, {after / 1e6:.0f} MB in the last"
    )
    assert len(set(files[quarter:])) == 1, f"{what}: open files, or files left: {sorted(set(files))}"
    slope = statistics.linear_regression(times[quarter:], memory[quarter:]).slope * 3600 / 1e6
    growth = f"{slope:+.1f} MB an hour" if times[-1] >= 3600 else f"{after / before - 1:+.1%} in its second half"
    done = f"{told['done'][0]:,.0f} {unit} in {times[-1] / 60:.0f} minutes"
    left = (
        f"{files[-1]:.0f} files open" if unit == "documents" else f"{files[-1]:.0f} files left in the temporary folder"
    )
    return Line(
        what,
        done,
        f"memory flat: {after / 1e6:.0f} MB, {growth}; {left}, as at first; each result as expected",
    )


def api(folder: Path) -> Iterator[tuple[int, int, int]]:
    """Clean in this process; yield, after each round, documents cleaned, memory, and open files."""
    crawl = (Document(row["id"], row["text"], row["group"]) for row in scale.crawl(SITES))
    for number in count(1):
        corpus, fresh = list(islice(crawl, ROUND)), list(islice(crawl, ROUND))
        save(learn(corpus), folder / "corpus.idx")
        cleaner = Cleaner(load(folder / "corpus.idx"))
        found = [*cleaner.clean_all(corpus), *cleaner.stream(fresh)]
        assert [one.document for one in found] == [*corpus, *fresh]
        assert all(map(_is_whole, found)), "a body is not its text with the spans cut out"
        assert any(one.spans for one in found), "nothing was cut"
        del cleaner, found
        yield number * 2 * ROUND, _resident(), sum(1 for _ in Path("/proc/self/fd").iterdir())


def _is_whole(found: Cleaned) -> bool:
    return found.text == body(found.document.text, found.spans)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def command(folder: Path) -> Iterator[tuple[int, int, int]]:
    """Run the command; yield, after each run, how many there were, its peak memory, and the files in the temporary folder."""
    corpus = scale.save(folder / "corpus.jsonl", islice(scale.crawl(SITES), ROUND))
    temporary, digests = folder / "temporary", set()
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary)}
    for number in count(1):
        given = [
            sys.executable,
            "-m",
            "cleaner",
            "clean",
            str(corpus),
            "--out",
            str(folder / "out"),
            "--group-field",
            "group",
        ]
        process = subprocess.Popen(given, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert not process.returncode, f"exit status {process.returncode}"
        written = b"".join(path.read_bytes() for path in sorted((folder / "out").rglob("*")) if path.is_file())
        digests.add(hashlib.sha256(written).digest())
        assert len(digests) == 1, f"run {number} wrote something else"
        yield number, used.ru_maxrss * 1024, sum(1 for _ in temporary.rglob("*"))


def main(arguments: Sequence[str]) -> None:
    """Do one of the runs, and print what was measured as JSON."""
    name, folder, seconds = arguments
    told: dict[str, list[float]] = {"times": [], "memory": [], "files": [], "done": [0]}
    started = time.monotonic()
    for done, memory, files in {"api": api, "command": command}[name](Path(folder)):
        told["done"] = [done]
        told["times"].append(time.monotonic() - started)
        told["memory"].append(memory)
        told["files"].append(files)
        if told["times"][-1] > float(seconds):
            break
    sys.stdout.buffer.write(orjson.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1:])
