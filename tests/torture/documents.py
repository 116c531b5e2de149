"""Hostile documents: what each shape costs, beside ordinary text, and whether all of it comes back."""

from __future__ import annotations

import filecmp
import gzip
import json
import multiprocessing
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from backports import zstd

from cleaner.model import LARGEST
from tests.benchmarks import scale
from tests.torture.line import Line

MB = 10**6

DEAREST = 5.0
"""A shape may cost so many times as much a megabyte as ordinary text."""

SENTENCE = "The council met on Monday and agreed on the budget for the coming year. "

Texts = Iterator[str]


def _words(size: int, seed: int) -> str:
    """Return made-up words, in sentences, about `size` characters."""
    numbers = random.Random(seed)
    known = ["".join(numbers.choices("abcdefghijklmnopqrstuvwxyz", k=numbers.randint(2, 9))) for _ in range(20_000)]
    parts: list[str] = []
    while size > 0:
        parts.append(f"{' '.join(numbers.choices(known, k=numbers.randint(6, 20))).capitalize()}. ")
        size -= len(parts[-1])
    return "".join(parts)


def _ordinary() -> Texts:
    return (row["text"] for row in scale.documents(3_500))


def _line_of_words() -> Texts:
    yield _words(MB, 0).replace(".", "") * 200


def _line_of_sentences() -> Texts:
    yield _words(20 * MB, 1)


def _shared_line() -> Texts:
    """Two documents on a line each, half of which they share, in pieces: borders by the thousand."""
    mine, yours = (_words(2 * MB, seed).split(". ") for seed in (2, 3))
    ours = _words(2 * MB, 4).split(". ")
    for own in (mine, yours):
        yield ". ".join(part for pair in zip(own, ours, strict=False) for part in pair)


def _every_plane() -> Texts:
    points = random.Random(5).choices([*range(0xD800), *range(0xE000, 0x110000)], k=MB)
    yield "".join(map(chr, points))


def _pages() -> Texts:
    for document in range(2):
        sentences = _words(5 * MB, 7 + document).split(". ")
        pages = (".\n".join(sentences[at : at + 10]) for at in range(0, len(sentences), 10))
        yield "\f".join(f"The daily bee\n{page}.\n{number}\n" for number, page in enumerate(pages))


def _one_line_each() -> Texts:
    return iter(_words(10 * MB, 6).split(". ")[:100_000])


SHAPES: Mapping[str, Callable[[], Texts]] = {
    "ordinary text": _ordinary,
    "one line of words": _line_of_words,
    "one line of sentences": _line_of_sentences,
    "two lines that share every other sentence": _shared_line,
    "a million empty lines": lambda: iter(["\n" * MB, "One." + "\n" * MB + "Two."]),
    "a million times the same line": lambda: iter([f"{SENTENCE}\n" * MB]),
    "twice 100,000 times the same line": lambda: iter(
        [f"{SENTENCE}\n" * 100_000, "Bees.\n" + f"{SENTENCE}\n" * 100_000]
    ),
    "100,000 documents of one line": _one_line_each,
    "100,000 times the same document": lambda: iter([SENTENCE * 2] * 100_000),
    "one word of 20 MB": lambda: iter(["a" * 20 * MB]),
    "marks that combine by the million": lambda: iter(
        ["e" + "\u0301\u0327" * 2 * MB, ("e" + "\u0301" * 99 + "\n") * 20_000]
    ),
    "characters of every plane": _every_plane,
    "marks from right to left": lambda: iter(["\u202eThe council met.\u202c \u200f\u2067\n" * 150_000]),
    "U+2028, U+0085, form feeds and NUL in place of line ends": lambda: iter(
        ["".join(f"{SENTENCE}{end}" for end in "\u2028\u0085\u2029\v\0\x1c" * 8_000)]
    ),
    "characters that fold to eighteen": lambda: iter([("\ufdfa" * 100 + "\n") * 10_000]),
    "10,000 pages in two documents": _pages,
    "60,000 lines that nearly equal each other": lambda: (
        "".join(f"Why the old bridge over the river {document} {line} will stay closed\n" for line in range(3_000))
        for document in range(20)
    ),
    "tables": lambda: iter(["one | two | three | four | five | six | seven | eight\n" * 60_000]),
}


def run(folder: Path, hours: float) -> Iterator[Line]:  # it takes as long as it takes
    """Clean a document, or many, of each shape: the time is that of the processor; then get the originals back."""
    started = _cleaned(_written(folder / "nothing.jsonl", lambda: iter(["One."])), folder)[0]
    ordinary = 0.0
    dear = []
    for name, texts in SHAPES.items():
        path = _written(folder / "x.jsonl", texts)
        size = path.stat().st_size / MB
        seconds, memory, held = _cleaned(path, folder)
        cost = max(0.0, seconds - started) / size
        ordinary = ordinary or cost
        if cost > DEAREST * ordinary:
            dear.append(f"{name}: {cost:.2f} s a MB, {ordinary:.2f} of ordinary text")
        yield Line(
            name,
            f"{size:,.0f} MB",
            f"{cost:.2f} s a MB, {cost / ordinary:.1f} times ordinary text; {memory:,.0f} MB of memory{'; held' if held else ''}; restored",
        )
    assert not dear, dear
    yield from _bombs(folder)


def _written(path: Path, texts: Callable[[], Texts]) -> Path:
    """Write documents from a process of its own: what a process has held counts as what those it starts hold."""

    def write() -> None:
        with path.open("w", encoding="utf-8") as file:
            for number, text in enumerate(texts()):
                file.write(f"{json.dumps({'id': number, 'text': text}, ensure_ascii=False)}\n")

    writer = multiprocessing.get_context("fork").Process(target=write)
    writer.start()
    writer.join()
    assert writer.exitcode == 0
    return path


def _cleaned(path: Path, folder: Path) -> tuple[float, float, bool]:
    """Return what it takes to clean a file, in seconds of the processor and megabytes, and whether a document was held."""
    with tempfile.TemporaryDirectory(dir=folder) as out:
        command = ["clean", path, "--id-field", "id", "--out", f"{out}/cleaned", "--jobs", "1"]
        status, taken, words = _run(*command)
        assert status == 0 or (status == 3 and "0 documents failed" in words), words
        assert _run("restore", f"{out}/cleaned", "--out", f"{out}/again")[0] == 0
        assert filecmp.cmp(path, f"{out}/again/{path.name}", shallow=False)
    return taken.ru_utime + taken.ru_stime, taken.ru_maxrss * 1024 / MB, status == 3


def _run(*command: object) -> tuple[int, resource.struct_rusage, str]:
    """Run a command of cleaner: its exit status, what it took, and its words."""
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            [sys.executable, "-m", "cleaner", *map(str, command)], stdout=subprocess.DEVNULL, stderr=words
        )
        _, status, taken = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        words.seek(0)
        return process.returncode, taken, words.read().decode()


def _bombs(folder: Path) -> Iterator[Line]:
    """Files of some kilobytes that hold more than `LARGEST`, beside one that is good."""
    corpus = folder / "bombs"
    corpus.mkdir()
    noughts = [bytes(MB).replace(b"\0", b"0")] * (2 * LARGEST // MB)
    with gzip.open(corpus / "a.txt.gz", "wb", 1) as packed:
        packed.writelines(noughts)
    for name, before, after in (("b.txt.zst", b"", b""), ("c.jsonl.zst", b'{"text": "', b'"}\n{"text": "One."}\n')):
        with zstd.open(corpus / name, "wb") as file:
            file.writelines([before, *noughts, after])
    (corpus / "good.txt").write_text("One.\n")
    size = sum(path.stat().st_size for path in corpus.iterdir()) // 1000
    status, taken, words = _run("clean", corpus, "--out", folder / "bombed", "--jobs", "1")
    expected = f"more than {LARGEST // 2**20} MiB; expected documents of that size at most"
    assert status == 3, words
    assert [f"cleaner: {name}: {expected}" in words for name in ("a.txt.gz", "b.txt.zst", "c.jsonl.zst:1")] == [
        True
    ] * 3
    assert (folder / "bombed/good.txt").read_text() == "One.\n"
    assert (folder / "bombed/c.jsonl.zst").is_file()
    memory = taken.ru_maxrss * 1024 / MB
    yield Line(
        "gzip and zstd bombs, as a file and as a line",
        f"3 of {2 * LARGEST / MB:,.0f} MB in {size:,} kB",
        f"each failed with one line, the others were done; {memory:,.0f} MB of memory",
    )
