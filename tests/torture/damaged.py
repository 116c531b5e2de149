"""Hostile files: bits flipped and ends cut off at a thousand places of whatever is read; what comes is one line, or the same as ever."""

from __future__ import annotations

import gzip
import json
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from backports import zstd
from pyarrow import parquet
from typer.testing import CliRunner

from cleaner import formats, saving
from cleaner.chunks import Fields, chunks
from cleaner.cli import app
from cleaner.model import IndexFormatError, RuleError
from cleaner.rules import load_rules, packs_folder
from cleaner.sources import find_sources
from tests.torture.line import Line

PLACES = 1000
"""How often an index and a rule pack are damaged."""

READ = 300
"""How often inputs of each format are damaged and read."""

RUNS = 5
"""How often whole commands are run on damaged inputs."""

RESTORED = 90
"""How often a folder is damaged and restored."""

SEEDS = Path(__file__).parents[2] / "seeds"


def run(folder: Path, hours: float) -> Iterator[Line]:
    """Damage an index, rule packs, inputs of each format, and what `restore` reads."""
    yield _index(folder)
    yield _rules(folder)
    yield from _inputs(folder)
    yield _report(folder)


def damages(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Yield data with a bit flipped, with its end cut off, and with a piece replaced by noise, in turn."""
    numbers = random.Random(seed)
    for number in range(count):
        at = numbers.randrange(len(data))
        if number % 3 == 0:
            yield data[:at] + bytes([data[at] ^ 1 << numbers.randrange(8)]) + data[at + 1 :]
        elif number % 3 == 1:
            yield data[:at]
        else:
            yield data[:at] + numbers.randbytes(numbers.randint(1, 64)) + data[at + 1 :]


def _invoked(*args: object) -> tuple[int, str]:
    """Run a command in this process: its exit status and its words. An exception that is none of its own comes through."""
    done = CliRunner().invoke(app, list(map(str, args)), catch_exceptions=False)
    return done.exit_code, done.stderr


def _index(folder: Path) -> Line:
    path = folder / "x.idx"
    assert _invoked("learn", SEEDS, "--out", path)[0] == 0
    data, index = path.read_bytes(), saving.load(path)
    refused = 0
    for damaged in damages(data, PLACES, 1):
        try:
            found = saving.loads(damaged, "x.idx")
        except IndexFormatError:
            refused += 1
        else:
            assert found == index
            assert {name: one.tolist() for name, one in found.tables.items()} == {
                name: one.tolist() for name, one in index.tables.items()
            }
    return Line(
        "an index, damaged", f"{PLACES} places of {len(data):,} bytes", f"{refused} refused, the others the same index"
    )


def _rules(folder: Path) -> Line:
    path, told = folder / "mine.toml", Counter[str]()
    packs = sorted(packs_folder().glob("*.toml"))
    for number, pack in enumerate(packs):
        for damaged in damages(pack.read_bytes(), PLACES // len(packs) + 1, number):
            path.write_bytes(damaged)
            try:
                load_rules([path], shipped=False)
            except RuleError:
                told["refused"] += 1
            else:
                told["read"] += 1
    return Line(
        "rule packs, damaged",
        f"{told.total():,} places",
        f"{told['refused']} refused with one line, {told['read']} still rules",
    )


def _inputs(folder: Path) -> Iterator[Line]:
    texts = [path.read_text(encoding="utf-8") for path in sorted(SEEDS.glob("*.txt"))]
    rows = "".join(f"{json.dumps({'text': text})}\n" for text in texts).encode()
    table = folder / "x.parquet"
    parquet.write_table(pa.table({"text": texts}), table)
    page = f"<title>Bees</title><nav><a href=/>Home</a></nav><p>{texts[0]}</p>".encode()
    head = "WARC/1.0\r\nWARC-Type: {}\r\nWARC-Target-URI: https://bees.example/{}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page
    crawl = (
        head.format("response", 1, "application/http; msgtype=response", len(answer)).encode() + answer + b"\r\n\r\n"
    )
    crawl += (
        head.format("conversion", 2, "text/plain", len(texts[1].encode())).encode() + texts[1].encode() + b"\r\n\r\n"
    )
    files = {
        "x.txt": texts[0].encode(),
        "x.jsonl": rows,
        "x.jsonl.gz": gzip.compress(rows),
        "x.jsonl.zst": zstd.compress(rows),
        "x.html": page,
        "x.parquet": table.read_bytes(),
        "x.warc": crawl,
    }
    for seed, (name, data) in enumerate(files.items()):
        corpus = folder / f"in {name}"
        corpus.mkdir()
        (corpus / "a.txt").write_text(texts[1], encoding="utf-8")
        told = Counter[str]()
        for damaged in damages(data, READ, seed):
            (corpus / name).write_bytes(damaged)
            [source] = find_sources([str(corpus / name)]).sources
            for chunk in chunks(source, 10**6):
                told.update(type(record.entry).__name__ for record in formats.records(chunk, Fields()))
        for damaged in damages(data, RUNS, seed):
            (corpus / name).write_bytes(damaged)
            status, words = _invoked("clean", corpus, "--out", folder / "out")
            assert status in {0, 3}, words
            assert (folder / "out/a.txt").is_file()
            shutil.rmtree(folder / "out")
        yield Line(
            f"{name}, damaged",
            f"{READ} places, and {RUNS} whole runs",
            f"{told['Failure']:,} failures named, {told['Document']:,} documents still read; the other file was cleaned each time",
        )


def _report(folder: Path) -> Line:
    kept, out, again = folder / "kept", folder / "out", folder / "again"
    assert _invoked("clean", SEEDS, "--out", kept)[0] == 0
    originals = {path.name: path.read_bytes() for path in SEEDS.glob("*.txt")}
    refused = same = 0
    for name in sorted({"report.jsonl", *originals}):
        for damaged in damages((kept / name).read_bytes(), RESTORED // 3, 7):
            shutil.copytree(kept, out)
            (out / name).write_bytes(damaged)
            status, words = _invoked("restore", out, "--out", again)
            restored = {path.name: path.read_bytes() for path in again.rglob("*.txt")} if again.exists() else {}
            assert all(originals.get(one) == data for one, data in restored.items()), name
            assert status != 0 or restored == originals, name
            assert status in {0, 2, 3}, words
            refused, same = refused + (status != 0), same + (status == 0)
            shutil.rmtree(out)
            shutil.rmtree(again, ignore_errors=True)
    return Line(
        "bodies and reports, damaged, then restored",
        f"{refused + same} places",
        f"{refused} refused, {same} gave the originals; never another text",
    )
