"""The command as a process that can be killed, corpora for it, and what must hold of its output whatever happened."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parents[2]

# Under `nohup`, and in the background of a script, these are ignored, and so would all be that is started here.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

AT_ONCE = 2
"""Runs under way at a time."""

TRAILERS = (
    "You may also like\n\nWhy bridges hum\n\nTen quiet harbours\n",
    "Related articles\n\nThe bees of the north\n\nHow lamps were lit\n",
)

LITTLE = ("--jobs", "2", "--memory", "610MB")
"""Two processes, and the smallest batches that they take."""

State = dict[str, tuple[bytes, int]]
"""Of files: what is in them, and when they were written."""

_In = TypeVar("_In")
_Out = TypeVar("_Out")


@dataclass(frozen=True, slots=True)
class Place:
    """Where one run reads and writes."""

    out: Path
    temporary: Path
    """Its folder for temporary files; nobody else's."""

    @classmethod
    def new(cls, folder: Path) -> Place:
        """Make one in an empty folder."""
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "tmp").mkdir(parents=True)
        return cls(folder / "out", folder / "tmp")


def texts(count: int, seed: int = 7) -> list[str]:
    """Return articles of their own words, each under one of two trailers."""
    draw = random.Random(seed)
    words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(2, 9))) for _ in range(900)]
    return [
        "".join(" ".join(draw.choices(words, k=14)).capitalize() + ".\n" for _ in range(draw.randint(5, 40)))
        + "\n"
        + draw.choice(TRAILERS)
        for _ in range(count)
    ]


def folder_of_texts(folder: Path, count: int) -> Path:
    """Write articles to files, in a few folders."""
    for number, text in enumerate(texts(count)):
        path = folder / f"site{number % 3}" / f"{number:04}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def lines_of_texts(path: Path, count: int) -> Path:
    """Write articles to a JSONL file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = (json.dumps({"n": n, "text": text}) + "\n" for n, text in enumerate(texts(count)))
    path.write_text("".join(rows), encoding="utf-8")
    return path


def start(
    args: Iterable[object],
    place: Place,
    *,
    script: str = "",
    stdout: int = subprocess.DEVNULL,
    stdin: Path = Path(os.devnull),
) -> subprocess.Popen[bytes]:
    """Start the command in a group of its own; `script` is Python that is run before it, in its process."""
    words = list(map(str, args))
    program = [
        "-c",
        f"import sys\nsys.argv[1:] = sys.argv[2:]\n{script}\nfrom cleaner.__main__ import main\nmain()",
        "cleaner",
    ]
    with stdin.open("rb") as given:
        return subprocess.Popen(
            [sys.executable, *(program if script else ["-m", "cleaner"]), *words],
            stdin=given,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env={**os.environ, "TMPDIR": str(place.temporary), "PYTHONPATH": str(ROOT), "CI": ""},
            start_new_session=True,
        )


def ended(process: subprocess.Popen[bytes]) -> tuple[int, list[str]]:
    """Wait until a command and all its workers have gone, and return its exit status and its own lines."""
    try:
        said = process.communicate(timeout=60)[1].decode()
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        raise AssertionError(f"{process.args}: hangs") from None
    if process.returncode != -signal.SIGKILL:  # a worker whose parent is killed while it starts says so
        assert "Traceback" not in said, said
    return process.returncode, [line for line in said.splitlines() if line.startswith("cleaner: ")]


def whole(args: Iterable[object], place: Place) -> float:
    """Run the command undisturbed, and return how many seconds it took."""
    started = time.monotonic()
    status, said = ended(start(args, place))
    assert status == 0, said
    assert not list(place.temporary.iterdir())
    return time.monotonic() - started


def state(folder: Path) -> State:
    """Return all files below a folder, or of the file itself."""
    paths = [folder] if folder.is_file() else sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}


def contents(folder: Path) -> dict[str, bytes]:
    """Return what is in the files below a folder, hidden ones too."""
    return {name: data for name, (data, _) in state(folder).items()} if folder.exists() else {}


def check_left(out: Path, expected: dict[str, bytes], *, parts: bool) -> None:
    """Make sure that an unfinished output holds whole files only, beside what the next run needs.

    `parts`: whether files that were being written may be left, hidden: no process tidies up that was killed.
    """
    for name, data in contents(out).items():
        last = name.rpartition("/")[2]
        if last.startswith(".cleaner-run.") and not last.endswith(".part"):
            continue
        if last.startswith(".") and last.endswith(".part"):
            assert parts, f"{name} is left"
            continue
        assert name in expected, f"{name} is left"
        assert data == expected[name], f"{name} is not whole"


def kept(out: Path) -> int:
    """Return how many documents the journal of an unfinished output has."""
    path = out / ".cleaner-run.journal"
    count = 0
    for line in path.read_bytes().splitlines(keepends=True) if path.exists() else ():
        with suppress(ValueError, IndexError):
            count += json.loads(line.split(b" ", 1)[1])["report"].count("\n")
    return count


def workers_of(pid: int) -> list[int]:
    """Return the worker processes of a command."""
    found = []
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
            with suppress(OSError):
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.append(int(child))
    return found


def at_once(work: Callable[[_In], _Out], things: Iterable[_In]) -> list[_Out]:
    """Return the work done on each thing, a few at a time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, things))
