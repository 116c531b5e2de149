"""What the tests of the command share: running it, and reading what it wrote."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from typer.testing import CliRunner

from cleaner.chunks import Fields
from cleaner.cli import app
from cleaner.engines import Done, clean_all
from cleaner.pipeline import Cleaner
from cleaner.sources import Source, bytes_in
from cleaner.workers import Workers

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"  # haystack would tell its makers of pipelines that tests run

settings.register_profile("cleaner", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("cleaner")

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"

BODY = "The harbour opened in 1907, and the town grew around it for a hundred years.\n"
OTHER = "Bees dance to tell the hive where they have found food, and how far away it is.\n"
THIRD = "Nobody knows how many lamps the old lighthouse has burnt through since it was lit.\n"
TRAILER = "\nYou may also like\n\nWhy bridges hum\n\nTen quiet harbours\n"


@dataclass(frozen=True)
class Ran:
    """What a run of the command came to."""

    code: int
    out: bytes
    err: str

    @property
    def words(self) -> list[str]:
        """Its own lines on standard error, without the summary."""
        return [line.removeprefix("cleaner: ") for line in self.err.splitlines() if line.startswith("cleaner: ")]


Command = Callable[..., Ran]


@pytest.fixture
def run() -> Command:
    """Run the command in this process; an exception that is none of its own comes through."""

    def invoke(*args: object, stdin: bytes = b"", env: Mapping[str, str | None] | None = None) -> Ran:
        done = CliRunner().invoke(
            app, list(map(str, args)), input=stdin, env={"CI": None, **(env or {})}, catch_exceptions=False
        )
        return Ran(done.exit_code, done.stdout_bytes, done.stderr)

    return invoke


@pytest.fixture
def process() -> Command:
    """Run the command as a process of its own."""

    def start(*args: object, stdin: bytes = b"", env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "cleaner", *map(str, args)],
            input=stdin,
            capture_output=True,
            check=False,
            cwd=cwd,
            env={**os.environ, "CI": "", **(env or {})},
        )
        return Ran(done.returncode, done.stdout, done.stderr.decode())

    return start


def in_batches(size: int, found: Sequence[Source], fields: Fields, monkeypatch: pytest.MonkeyPatch) -> list[Done]:
    """Clean in batches of so many bytes; what progress is told adds up to the bytes of the files."""
    monkeypatch.setattr("cleaner.workers.BATCH", size)
    told: list[int] = []
    with Workers() as workers:
        done = list(clean_all(Cleaner(), found, fields, workers=workers, watch=told.append))
    assert sum(told) == bytes_in(found)
    return done


def snippets(page: str, language: str) -> list[str]:
    """Return the fenced code of a language on a page of the project."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE)


def plant(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a folder, and return it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder, hidden ones too."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
