"""Inputs by address: the same output as of the same files here, and what cannot be had is named."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from cleaner.index import learn
from cleaner.model import WriteError
from cleaner.saving import save
from tests.conftest import BODY, OTHER, THIRD, TRAILER, Command, plant, tree

FILES = {
    "news/a.txt": BODY + TRAILER,
    "news/b/c.md": OTHER + TRAILER,
    "news/b/d.jsonl": json.dumps({"text": THIRD + TRAILER}) + "\n",
    "news/e.pdf": "%PDF",
    "news/.hidden/f.txt": BODY,
    "news/.g.txt": BODY,
    "more/a.txt": THIRD,
}


@pytest.fixture(autouse=True)
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    """A file system with the files in it."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    for name, text in FILES.items():
        system.pipe(f"/{name}", text.encode())
    yield system
    system.store.clear()


@pytest.mark.parametrize(
    "inputs",
    [
        ["news"],
        ["news/"],
        ["news/a.txt", "news/b"],
        ["news/*"],
        ["news/*/*.md", "news/a.txt"],
        ["news/**/*.jsonl"],
        ["news/.g.txt"],
        ["news/a.txt", "news/a.txt"],
    ],
    ids=" ".join,
)
def test_it_is_as_of_the_same_files_here(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inputs: list[str]
) -> None:
    """Names, bodies, report, and what is said."""
    plant(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    here = run("clean", *inputs, "--out", "here")
    there = run("clean", *(f"memory://{given}" for given in inputs), "--out", "there")
    assert here.code == 0
    assert (there.code, there.err) == (here.code, here.err)
    assert tree(tmp_path / "there") == tree(tmp_path / "here")


def test_here_and_there_together(run: Command, tmp_path: Path) -> None:
    """In the order of the inputs, standard input last; two files of one name are told apart by their addresses."""
    plant(tmp_path, {"z.txt": OTHER})
    ran = run(
        "clean", tmp_path / "z.txt", "memory://news/b/d.jsonl", "-", "--out", tmp_path / "out", stdin=BODY.encode()
    )
    assert ran.code == 0
    rows = [json.loads(line) for line in (tmp_path / "out/report.jsonl").read_bytes().splitlines()]
    assert [row["id"] for row in rows] == ["z.txt", "d.jsonl:1", "stdin.txt"]
    ran = run("clean", "memory://news/a.txt", "memory://more/a.txt", "--out", tmp_path / "two")
    assert ran.code == 3
    first, second = "memory:///news/a.txt", "memory:///more/a.txt"
    assert ran.words[0] == f"{second}: the id 'a.txt' is already that of {first}; expected unique ids"


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        ("memory://none.txt", "no such file or folder"),
        ("memory://news/*.none", "no such file or folder"),
        ("nosuch://x", "Protocol not known: nosuch"),
    ],
)
def test_what_is_not_there(run: Command, tmp_path: Path, address: str, wrong: str) -> None:
    """One line, status 2; the others are done."""
    plant(tmp_path, {"z.txt": OTHER})
    ran = run("clean", address, tmp_path / "z.txt", "--out", tmp_path / "out")
    assert (ran.code, ran.words) == (2, [f"{address}: {wrong}; expected a file, a folder or a glob that can be read"])
    assert (tmp_path / "out/z.txt").read_text() == OTHER


def test_what_cannot_be_copied(run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is raised is a line."""

    def broken(*args: object, **more: object) -> None:
        raise RuntimeError("connection\nlost")

    monkeypatch.setattr(type(fsspec.filesystem("memory")), "get_file", broken)
    ran = run("clean", "memory://news", "--out", tmp_path / "out")
    assert (ran.code, len(ran.words)) == (2, 1)
    assert ran.words[0].startswith("memory://news: connection lost; ")


def test_a_missing_library_is_one_line(run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do."""
    monkeypatch.setitem(sys.modules, "fsspec", None)
    ran = run("learn", "s3://bucket/x.txt", "--out", tmp_path / "x.idx")
    wrong = "s3://bucket/x.txt: needs fsspec; expected it to be installed: pip install fsspec"
    assert (ran.code, ran.words) == (2, [wrong])


@pytest.mark.parametrize(
    "command",
    [
        ("clean", "memory://news", "--out"),
        ("clean", "memory://news", "--dry-run", "--out"),
        ("learn", "memory://news", "--out"),
        ("restore", "nowhere", "--out"),
        ("check", "memory://news", "--golden"),
        ("check", "memory://news", "--update", "--golden"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("out", ["s3://bucket/out", "memory://out"])
def test_the_output_is_here(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], out: str
) -> None:
    """Not in a folder of that name, by mistake; it is said before anything is read."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cleaner.remote.fetch", None)
    ran = run(*command, out)
    assert (ran.code, ran.words) == (2, [f"{out}: on another machine; expected a local file or folder"])
    assert tree(tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_to_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor from Python."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WriteError, match=r"^s3:/bucket/x\.idx: on another machine; expected a local file or folder$"):
        save(learn([]), "s3://bucket/x.idx")
    assert list(tmp_path.iterdir()) == []
