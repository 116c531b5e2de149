"""What shells complete: commands, options, values, and files where these are asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cleaner.rules import load_rules, optional_packs
from tests.conftest import plant

CASES = [
    ("cl", ["clean"]),
    ("rules s", ["show"]),
    ("clean --out", ["--out"]),
    ("clean --policy ", ["careful", "balanced", "thorough"]),
    ("clean --format j", ["jsonl"]),
    ("clean --engine s", ["spark"]),
    ("rules show related/you-may-also-l", ["related/you-may-also-like"]),
    ("clean --rules ", list(optional_packs())),
    ("clean --rules m", []),
    ("clean --index s", []),
    ("clean --out s", []),
    ("explain a", []),
    ("clean a", []),
    ("restore p", []),
]
"""A line, and how its last word may go on; nothing is said where the shell is to complete files."""

ASK = """
eval "$(cleaner --show-completion)" || exit
complete -p cleaner >&2
_cleaner_completion cleaner && printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files in it, and with a `cleaner` that is on the path."""
    plant(tmp_path, {"a.txt": "", "seeds.idx": "", "mine.toml": "", "packs/other.toml": ""})
    command = plant(tmp_path, {"bin/cleaner": f'#!/bin/sh\nexec "{sys.executable}" -m cleaner "$@"\n'}) / "bin/cleaner"
    command.chmod(0o755)
    return tmp_path


def asked(folder: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    known = {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", **env}
    return subprocess.run(args, cwd=folder, env=known, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_the_protocol(folder: Path, line: str, expected: list[str]) -> None:
    """That of the environment, which all shells speak."""
    words = f"cleaner {line}"
    done = asked(
        folder, "cleaner", _CLEANER_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(words.count(" "))
    )
    assert (done.returncode, done.stderr, done.stdout.split()) == (0, "", expected)


def test_all_rules_are_completed(folder: Path) -> None:
    done = asked(folder, "cleaner", _CLEANER_COMPLETE="complete_bash", COMP_WORDS="cleaner rules show ", COMP_CWORD="3")
    assert done.stdout.split() == [rule.full_id for rule in load_rules().rules]


@pytest.mark.parametrize(
    ("words", "expected"), [(("clean", "--po"), ["--policy"]), (("clean", "--policy", "th"), ["thorough"])]
)
def test_bash(folder: Path, words: tuple[str, ...], expected: list[str]) -> None:
    """The script that `--show-completion` gives, in the shell that it finds."""
    line = f"COMP_WORDS=(cleaner {' '.join(words)}); COMP_CWORD={len(words)}"
    done = asked(folder, "bash", "--norc", "-c", line + ASK)
    assert (done.returncode, done.stdout.split()) == (0, expected), done.stderr
    assert "-o default" in done.stderr  # files, where nothing is said


@pytest.mark.parametrize(
    ("shell", "says"), [("zsh", "compdef _cleaner_completion cleaner"), ("fish", "complete --command cleaner")]
)
def test_other_shells_have_a_script(folder: Path, shell: str, says: str) -> None:
    done = asked(folder, "cleaner", _CLEANER_COMPLETE=f"source_{shell}")
    assert done.returncode == 0
    assert says in done.stdout
