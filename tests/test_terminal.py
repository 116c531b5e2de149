"""What a terminal gets that a pipe does not: the document with its cuts struck through, progress, a dry run."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import BODY, OTHER, TRAILER, Command, Ran, plant, tree

pty = pytest.importorskip("pty")
fcntl = pytest.importorskip("fcntl")
termios = pytest.importorskip("termios")

STRUCK = re.compile(r"\x1b\[(?:[0-9]+;)*9[;m]")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")

PAGES = {"a.txt": BODY + TRAILER, "b.txt": OTHER + TRAILER}


def in_terminal(*args: object, env: Mapping[str, str] | None = None, width: int = 80) -> Ran:
    """Run Python in a terminal of so many columns; what it shows is its output."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    known = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    process = subprocess.Popen(
        [sys.executable, *map(str, args)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**known, "TERM": "xterm-256color", **(env or {})},
    )
    os.close(theirs)
    shown = bytearray()
    try:
        while some := os.read(ours, 1 << 16):
            shown += some
    except OSError:  # Linux says so when the other end is closed
        pass
    os.close(ours)
    return Ran(process.wait(), bytes(shown), shown.decode())


def words(shown: str) -> str:
    """Return what is shown, less its looks."""
    return " ".join(ESCAPES.sub("", shown).split())


@pytest.mark.parametrize(
    ("env", "struck", "coloured"),
    [({}, True, True), ({"NO_COLOR": "1"}, True, False), ({"TERM": "dumb"}, False, False)],
    ids=["colours", "NO_COLOR", "dumb"],
)
def test_a_document_is_explained_in_colour(tmp_path: Path, env: dict[str, str], struck: bool, coloured: bool) -> None:
    """Where the terminal has any; the kind of a cut is named, too."""
    corpus = plant(tmp_path, PAGES)
    ran = in_terminal("-m", "cleaner", "explain", corpus / "a.txt", env=env)
    assert ran.code == 0
    assert bool(STRUCK.search(ran.err)) == struck
    assert ("38;5;166" in ran.err) == coloured
    assert ("\x1b" in ran.err) == struck
    assert re.search(r"trailer +Ten quiet harbours", words(ran.err))


def test_a_pipe_gets_lines(process: Command, tmp_path: Path) -> None:
    """No looks, whatever the environment asks for; and so does who asks of one character on a terminal."""
    corpus = plant(tmp_path, PAGES)
    piped = process("explain", corpus / "a.txt", env={"TERM": "xterm-256color", "COLORTERM": "truecolor"}).out.decode()
    assert "\x1b" not in piped
    assert piped.splitlines()[1].startswith("   -")
    asked = process("explain", f"{corpus / 'a.txt'}:80").out.decode()
    assert in_terminal("-m", "cleaner", "explain", f"{corpus / 'a.txt'}:80").err.replace("\r\n", "\n") == asked


def test_clean_without_a_folder_is_a_dry_run(process: Command, tmp_path: Path) -> None:
    """On a terminal; it says so, and what to do next. In a pipe it is an error, as nobody would see it."""
    corpus = plant(tmp_path / "in", PAGES)
    before = tree(tmp_path)
    ran = in_terminal("-m", "cleaner", "clean", corpus)
    assert (ran.code, tree(tmp_path)) == (0, before)
    shown = words(ran.err)
    assert "2 cleaned" in shown
    assert re.search(
        r"riskiest cuts score cut 0\.\d+ trailer a\.txt\[77:133\], rule related/you-may-also-like You may", shown
    )
    assert shown.endswith("cleaner: nothing was written; --out DIR writes the bodies, and the report of what was cut")
    assert STRUCK.search(ran.err)
    asked = in_terminal("-m", "cleaner", "clean", corpus, "--dry-run")
    assert "nothing was written" not in asked.err
    piped = process("clean", corpus)
    assert (piped.code, piped.words) == (2, ["clean: no --out; expected --out DIR, --dry-run, or - as the only INPUT"])


WORK = """
import sys
from pathlib import Path
from time import sleep
from cleaner.console import watched
from cleaner.sources import Source
path = Path(sys.argv[1])
def work(watch):
    for _ in range(4 if watch else 0):
        sleep(0.1)
        watch(path.stat().st_size // 4)
    return "done"
print(watched("cleaning", [Source(path, path.name, "text")], work))
"""


@pytest.mark.parametrize("width", [80, 120])
def test_long_work_shows_its_rate_and_the_time_left(tmp_path: Path, width: int) -> None:
    """In one line, which goes when it is done."""
    path = plant(tmp_path, {"a.txt": ""}) / "a.txt"
    os.truncate(path, 40_000_000)
    ran = in_terminal("-c", WORK, path, width=width)
    bars = [line for line in re.split(r"[\r\n]+", ESCAPES.sub("", ran.err)) if line.startswith("cleaning ")]
    assert re.search(r"100% +[0-9.]+ [MG]B/s +0:00:00 left +0:00:0\d so far", bars[-1])
    assert max(map(len, bars)) <= width
    assert words(ran.err).endswith("done")
    assert "\x1b[2K" in ran.err


def test_a_pipe_gets_no_progress(tmp_path: Path, process: Command) -> None:
    """But for the summary, nothing is said."""
    path = plant(tmp_path, {"a.txt": BODY + TRAILER}) / "a.txt"
    done = subprocess.run([sys.executable, "-c", WORK, path], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"done\n", b"")
    ran = process("clean", path, "--out", tmp_path / "out")
    assert ran.err.startswith("documents   1: 1 cleaned")


def test_each_phase_is_named(tmp_path: Path) -> None:
    corpus = plant(tmp_path / "in", PAGES)
    shown = in_terminal("-m", "cleaner", "clean", corpus, "--out", tmp_path / "out").err
    assert re.findall("learning|cleaning", shown)[0] == "learning"
    assert re.findall("learning|cleaning", shown)[-1] == "cleaning"


def test_a_stream_to_a_file_shows_its_progress_on_the_terminal(tmp_path: Path) -> None:
    """And what is streamed to the terminal is not disturbed by it."""
    plant(tmp_path, PAGES)
    command = f'"{sys.executable}" -m cleaner clean - < "{tmp_path}/a.txt"'
    script = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1], shell=True).returncode)"
    filed = in_terminal("-c", script, f'{command} > "{tmp_path}/body.txt"')
    assert (filed.code, (tmp_path / "body.txt").read_text()) == (0, BODY)
    assert "cleaning" in filed.err
    shown = in_terminal("-c", script, command)
    assert "cleaning" not in shown.err
    assert words(BODY) in words(shown.err)
