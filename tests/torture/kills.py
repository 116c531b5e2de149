"""Kill -9: before and after every step that lasts, and at random points; then run again, until one run is left alone."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.torture.command import (
    LITTLE,
    Place,
    State,
    at_once,
    check_left,
    contents,
    ended,
    folder_of_texts,
    kept,
    lines_of_texts,
    start,
    state,
    whole,
    workers_of,
)
from tests.torture.line import Line

POINTS = 216
"""Kills at random points, over all commands."""

CHAIN = 8
"""Runs into one folder that are killed, before one is left alone."""

STEPS = """
import os, signal
from pathlib import Path
from cleaner.journal import Journal
wanted, count = {wanted}, 0
def step(name, real, half=None):
    def done(*args, **kwargs):
        global count
        count += 1
        if wanted == (count, "before"):
            if half:
                half(*args)
            os.kill(os.getpid(), signal.SIGKILL)
        found = real(*args, **kwargs)
        if wanted == (count, "after"):
            os.kill(os.getpid(), signal.SIGKILL)
        if wanted == "name":
            place = str(args[0]._path if isinstance(args[0], Journal) else args[0])
            os.write(2, f"cleaner: {{name}} {{place.rpartition('/')[2]}}\\n".encode())
        return found
    return done
def half_of(journal, entry):
    journal._file.write(entry[:len(entry) // 2])
    journal._file.flush()
Path.replace = step("replace", Path.replace)
Path.unlink = step("remove", Path.unlink)
os.fsync = step("fsync", os.fsync)
Journal.add = step("note", Journal.add, half_of)
"""
"""Kills the command before or after its n-th step: a file forced to disk, renamed, removed; an entry of the journal, half of it."""


@dataclass(frozen=True)
class Work:
    """A command, and what it must come to."""

    what: str
    args: tuple[object, ...]
    """Without --out."""
    input: Path
    before: State
    """Of the input."""
    expected: dict[str, bytes]
    seconds: float
    documents: int

    def command(self, place: Place) -> list[object]:
        """Return it with a place to write to."""
        return [*self.args, "--out", place.out / "an.idx" if self.args[0] == "learn" else place.out]

    def check(self, place: Place) -> None:
        """Make sure that a killed run has lost nothing."""
        assert state(self.input) == self.before, "the input was touched"
        check_left(place.out, self.expected, parts=True)

    def finish(self, place: Place) -> None:
        """Run undisturbed, and make sure that nothing shows of the earlier runs."""
        whole(self.command(place), place)
        assert state(self.input) == self.before
        assert contents(place.out) == self.expected


def planned(what: str, folder: Path, args: Sequence[object], source: Path, documents: int) -> Work:
    """Run a command undisturbed, for what it must come to."""
    place = Place.new(folder / "whole")
    work = Work(what, (args[0], source, *args[1:]), source, state(source), {}, 0, documents)
    seconds = whole(work.command(place), place)
    return Work(work.what, work.args, source, work.before, contents(place.out), seconds, documents)


def works(folder: Path) -> list[Work]:
    """Return what is killed at random points."""
    texts, lines = folder_of_texts(folder / "texts", 120), lines_of_texts(folder / "in" / "lines.jsonl", 120)
    return [
        planned("`clean` of a folder", folder / "a", ["clean", *LITTLE], texts, 120),
        planned("`clean` of JSONL", folder / "b", ["clean", *LITTLE], lines, 120),
        planned("`learn`", folder / "c", ["learn", *LITTLE], lines, 120),
    ]


def run(folder: Path, _: float = 0) -> Iterator[Line]:
    """Kill at all steps, at random points, and at half."""
    yield from steps(folder / "steps")
    yield from points(works(folder), folder, POINTS)
    yield half(folder / "half")


def steps(folder: Path, every: int = 1) -> Iterator[Line]:
    """Kill before and after each step, or every so many."""
    source = folder_of_texts(folder / "in", 2)
    lines_of_texts(source / "site0" / "lines.jsonl", 2)
    for name in ("clean", "learn"):
        work = planned(f"`{name}`", folder / name, [name, "--jobs", "1"], source, 4)
        named = Place.new(folder / name / "named")
        said = ended(start(work.command(named), named, script=STEPS.format(wanted="'name'")))[1]
        found = [
            one.removeprefix("cleaner: ") for one in said if one.split(" ")[1] in ("replace", "remove", "fsync", "note")
        ]
        wanted = [(number, when) for number in range(1, len(found) + 1) for when in ("before", "after")][::every]

        def kill(one: tuple[int, str], work: Work = work, name: str = name) -> None:
            place = Place.new(folder / name / f"{one[0]}-{one[1]}")
            status, _ = ended(start(work.command(place), place, script=STEPS.format(wanted=one)))
            assert status == -signal.SIGKILL, one
            work.check(place)
            work.finish(place)

        at_once(kill, wanted)
        what = f"kill -9 of `{name}` before and after each file that is forced to disk, renamed, removed, each entry of the journal"
        yield Line(what, f"{len(wanted)} kills", "input untouched, whole bodies only; the next run ends byte-identical")


def points(found: Sequence[Work], folder: Path, count: int) -> Iterator[Line]:
    """Kill at random points: the whole group, the parent alone, a worker alone."""
    for work in found:
        share = -(-count // len(found))
        seeds = range(-(-share // CHAIN))
        tallies = at_once(lambda seed, work=work: chain(work, Place.new(folder / f"{work.what}{seed}"), seed), seeds)
        total = sum(tallies, Counter())
        assert total["killed"], "no run was hit"
        happened = (
            f"{total['killed']} ended by it, {total['finished']} had finished; input untouched, whole bodies only, no process left;"
            f" {len(tallies)} undisturbed reruns byte-identical, temporary folders gone"
        )
        who = f"group {total['group']}, parent {total['parent']}, worker {total['worker']}"
        yield Line(
            f"kill -9 of {work.what}, 2 jobs, at random points",
            f"{total.total() - total['killed'] - total['finished']} kills ({who})",
            happened,
        )


def chain(work: Work, place: Place, seed: int) -> Counter[str]:
    """Kill some runs into one folder, one after the other, and let the last one finish."""
    draw = random.Random(f"{work.what} {seed}")
    tally: Counter[str] = Counter()
    for _ in range(CHAIN):
        process = start(work.command(place), place)
        time.sleep(draw.uniform(0.05, work.seconds))
        who = draw.choice(("group", "parent", "worker"))
        tally[who] += 1
        with suppress(ProcessLookupError):
            if who == "group":
                os.killpg(process.pid, signal.SIGKILL)
            elif who == "parent" or not (workers := workers_of(process.pid)):
                process.kill()
            else:
                os.kill(draw.choice(workers), signal.SIGKILL)
        status, said = ended(process)
        if status == 2:
            assert said == ["cleaner: a worker process was killed; expected more memory, or fewer with --jobs"], said
            assert not list(place.temporary.iterdir())
        assert status in (0, 2, -signal.SIGKILL), (status, said)
        tally["finished" if status == 0 else "killed"] += 1
        work.check(place)
    work.finish(place)
    return tally


def half(folder: Path) -> Line:
    """Kill as soon as half of the documents are noted, and say how many the next run need not clean again."""
    documents = 700
    source = lines_of_texts(folder / "in" / "lines.jsonl", documents)
    work = planned("`clean`", folder / "b", ["clean", *LITTLE], source, documents)
    shares = []
    for number in range(3):
        place = Place.new(folder / f"half{number}")
        process = start(work.command(place), place)
        while kept(place.out) < documents // 2 and process.poll() is None:
            time.sleep(0.02)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        assert ended(process)[0] == -signal.SIGKILL
        shares.append(kept(place.out) / documents)
        work.check(place)
        started = time.monotonic()
        work.finish(place)
        print(
            f"half: kept {shares[-1]:.0%}, rerun {time.monotonic() - started:.1f} s, whole {work.seconds:.1f} s",
            flush=True,
        )
    assert min(shares) >= 0.5
    kept_share = f"{min(shares):.0%} to {max(shares):.0%} of the documents, and what was learnt, were kept"
    return Line(
        "kill -9 of `clean` when half of the documents were noted",
        f"{len(shares)} kills",
        f"{kept_share}; the next run cleaned the others only",
    )
