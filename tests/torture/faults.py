"""Full disks, places that cannot be written, inputs that change, pipes, signals: one line, an exit status, no debris."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.torture.command import (
    LITTLE,
    Place,
    at_once,
    check_left,
    contents,
    ended,
    folder_of_texts,
    lines_of_texts,
    start,
    state,
)
from tests.torture.kills import Work, planned
from tests.torture.line import Line

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")

TIMES = 50
"""Of each fault that comes at a random point."""

FULL = ("No space left on device", "File too large")


def run(folder: Path, _: float = 0) -> Iterator[Line]:
    """All of them."""
    source = folder_of_texts(folder / "in", 24)
    lines_of_texts(source / "site0" / "lines.jsonl", 24)
    works = [planned(name, folder / name, [name, "--jobs", "1"], source, 48) for name in ("clean", "learn")]
    for work in works:
        yield full_disk(work, folder / f"full-{work.what}", TIMES // 5)
    yield no_room_to_work(works[0], folder / "room", 10)
    yield from read_only(works, folder / "read-only")
    yield changed(folder / "changed")
    yield pipes(works[0], folder / "pipes")
    yield unheard(folder / "unheard", TIMES)
    lines = lines_of_texts(folder / "lines" / "lines.jsonl", 120)
    work = planned("clean", folder / "signals", ["clean", *LITTLE], lines, 120)
    for name in SIGNALS:
        yield stopped(work, folder / name, name, TIMES if name != "SIGHUP" else TIMES // 5)


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[bool]:
    """Mount a disk of so many bytes on a folder, for those who may: yield whether it could be done."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = shutil.which("mount")
    options = ["-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    mounted = mount is not None and subprocess.run([mount, *options], capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    """Make a mounted disk another one."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def full_disk(work: Work, folder: Path, times: int) -> Line:
    """Write to disks of random sizes that are too small; then make them larger, and go on."""
    needed = sum(map(len, work.expected.values()))
    how: Counter[str] = Counter()

    def fill(number: int) -> None:
        place = Place.new(folder / str(number))
        size = random.Random(f"{work.what} {number}").randrange(4096, max(8192, needed))
        disk = Place(place.out / "disk", place.temporary)
        with small_disk(place.out, size) as mounted:
            limits = (
                ""
                if mounted
                else f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({size // 9}, {size // 9}))"
            )
            how["small tmpfs" if mounted else "RLIMIT_FSIZE"] += 1
            status, said = ended(start(work.command(disk), disk, script=limits))
            assert (status, len(said)) == (2, 1), (status, said)
            assert said[0].endswith("expected a place to write to"), said
            assert any(wrong in said[0] for wrong in FULL), said
            check_left(disk.out, work.expected, parts=False)
            assert not list(disk.temporary.iterdir())
            assert state(work.input) == work.before
            if mounted:
                remount(place.out, "size=100m")
            work.finish(disk)

    at_once(fill, range(times))
    with_ = " and ".join(sorted(how))
    return Line(
        f"a full disk under `{work.what}` ({with_}), then a larger one",
        f"{times} sizes",
        "one line, exit status 2, no half of a file; the next run ends byte-identical",
    )


def no_room_to_work(work: Work, folder: Path, times: int) -> Line:
    """Have temporary files on a disk that is too small."""

    def fill(number: int) -> int:
        place = Place.new(folder / str(number))
        with small_disk(place.temporary, 4096 * (number + 1)) as mounted:
            if not mounted:
                return 0
            args = [word if word != "1" else "2" for word in work.command(place)]
            status, said = ended(start(args, place))
            assert (status, len(said)) == (2, 1), (status, said)
            assert "No space left on device" in said[0], said
            assert not list(place.temporary.iterdir())
            check_left(place.out, work.expected, parts=False)
            return 1

    tried = sum(at_once(fill, range(times)))
    return Line(
        "no room for temporary files",
        f"{tried} sizes",
        "one line, exit status 2, nothing left" if tried else "needs root",
    )


def read_only(works: list[Work], folder: Path) -> Iterator[Line]:
    """Write to a disk that is mounted to be read only; to /proc, where nobody may write."""
    for work in works:
        tried = 0
        place = Place.new(folder / work.what)
        with small_disk(place.out, 2**20) as mounted:
            targets = [Path("/proc/cleaner")]
            if mounted:
                remount(place.out, "ro")
                targets.append(place.out / "new")
            for target in targets:
                status, said = ended(start(work.command(Place(target, place.temporary)), place))
                assert (status, len(said)) == (2, 1), (status, said)
                assert said[0].endswith("expected a place to write to"), said
                assert not target.exists()
                tried += 1
        assert not list(place.temporary.iterdir())
        yield Line(
            f"`{work.what}` to where nothing can be written", f"{tried} places", "one line, exit status 2, nothing left"
        )


CHANGES = {
    "vanishes": ("path.unlink()", "No such file or directory; expected a readable file"),
    "changes": (
        "path.write_text('Another text.\\n')",
        "changed while it was read; expected it to stay as it was: clean it again",
    ),
    "grows": (
        "path.open('a').write('More.\\n')",
        "changed while it was read; expected it to stay as it was: clean it again",
    ),
    "is replaced": ("os.replace(shutil.copy(path, str(path) + '.new'), path)", "changed while it was read; expected"),
    "becomes a folder": ("path.unlink(), path.mkdir()", "Is a directory; expected a readable file"),
    "becomes binary": ("path.write_bytes(bytes(9))", "a NUL byte at byte 0; expected text, not a binary file"),
}


def changed(folder: Path) -> Line:
    """Change an input after it was learnt and before it is cleaned."""

    def change(one: tuple[str, tuple[str, str]]) -> None:
        what, (how, expected) = one
        place = Place.new(folder / what)
        source = folder_of_texts(folder / what / "in", 6)
        script = (
            "import os, shutil\nfrom pathlib import Path\nfrom cleaner import runs\nreal = runs.to_folder\n"
            f"path = Path({str(source / 'site0' / '0003.txt')!r})\n"
            f"def change(*args, **kwargs):\n    {how}\n    return real(*args, **kwargs)\nruns.to_folder = change"
        )
        status, said = ended(start(["clean", source, "--jobs", "1", "--out", place.out], place, script=script))
        assert status == 3, (what, status, said)
        assert any("0003.txt" in line and expected in line for line in said), (what, said)
        assert ended(start(["restore", place.out, "--verify"], place))[0] in (0, 3)  # 3: a document had failed
        assert not [name for name in contents(place.out) if "/." in f"/{name}"]

    at_once(change, CHANGES.items())
    return Line(
        "an input that " + ", ".join(CHANGES) + " between the two passes",
        f"{len(CHANGES)} runs",
        "named, exit status 3; the others done, all proven",
    )


def pipes(work: Work, folder: Path) -> Line:
    """Name a pipe wherever a file can be named: none is waited for."""
    place = Place.new(folder)
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    commands = [
        ["clean", pipe, "--out", place.out],
        ["learn", pipe, "--out", folder / "an.idx"],
        ["clean", work.input, "--index", pipe, "--out", place.out],
        ["learn", work.input, "--out", pipe],
        ["clean", work.input, "--out", pipe],
        ["restore", pipe, "--out", place.out],
        ["clean", work.input, "--rules", pipe, "--out", place.out],
        ["explain", pipe],
        ["review", pipe],
    ]
    for command in commands:
        status, said = ended(start(command, place))
        assert (status, len(said)) == (2, 1), (command, status, said)
        assert ": expected " in said[0] or "; expected " in said[0], said
    assert sorted(path.name for path in folder.iterdir()) == ["pipe", "tmp"]
    return Line(
        "a FIFO as input, index, rules, output",
        f"{len(commands)} commands",
        "one line, exit status 2, none waits for it",
    )


def unheard(folder: Path, times: int) -> Line:
    """Close standard output while it is written: after some bytes, at random."""
    place = Place.new(folder)
    lines = lines_of_texts(folder / "in" / "lines.jsonl", 60)

    def leave(number: int) -> int:
        draw = random.Random(number)
        command = draw.choice((["rules", "list"], ["clean", lines, "--dry-run"], ["clean", "-", "--format", "jsonl"]))
        process = start(command, place, stdout=subprocess.PIPE, stdin=lines)
        assert process.stdout
        process.stdout.read(draw.randrange(1, 2000) if command[-1] != "--dry-run" else 0)
        process.stdout.close()
        process.stdout = None
        status, said = ended(process)
        assert status in (0, 141), (command, status, said)
        assert status == 0 or not said, said
        return status

    tally = Counter(at_once(leave, range(times)))
    assert tally[141]
    return Line(
        "standard output that nobody reads any more",
        f"{times} times",
        f"silence, exit status 141 ({tally[141]}), or 0 where all was written",
    )


def stopped(work: Work, folder: Path, name: str, times: int, chains: int = 5) -> Line:
    """Send a signal at random points to the whole group, as a terminal does, or to the parent alone; then run on."""
    number = getattr(signal, name)

    def chain(seed: int) -> tuple[Counter[str], float]:
        draw = random.Random(f"{name} {seed}")
        place = Place.new(folder / str(seed))
        tally: Counter[str] = Counter()
        slowest = 0.0
        for _ in range(times // chains):
            before = contents(place.out)
            process = start(work.command(place), place)
            time.sleep(draw.uniform(0.05, work.seconds))
            sent = time.monotonic()
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number) if draw.random() < 0.5 else process.send_signal(number)
            status, said = ended(process)
            if status == -number:  # while Python started, or ended
                assert not said
                assert contents(place.out) in (before, work.expected), "half of the work was done in silence"
                tally["python"] += 1
            elif status:
                assert (status, said) == (128 + number, [f"cleaner: stopped by {name}"])
                tally["stopped"] += 1
                slowest = max(slowest, time.monotonic() - sent)
            else:
                tally["finished"] += 1
            assert not list(place.temporary.iterdir()), "temporary files are left"
            assert state(work.input) == work.before
            check_left(place.out, work.expected, parts=False)
        work.finish(place)
        return tally, slowest

    found = at_once(chain, range(chains))
    tally = sum((one for one, _ in found), Counter())
    assert tally["stopped"], "no run was hit"
    slowest = max(one for _, one in found)
    happened = (
        f"{tally['stopped']} said one line, exit status {128 + number}, in {slowest:.1f} s at the most; {tally['python']} died as Python started or ended,"
        f" {tally['finished']} had finished; no temporary file left; {chains} undisturbed reruns byte-identical"
    )
    return Line(f"{name} at random points of `clean`, 2 jobs", f"{tally.total()} times", happened)
