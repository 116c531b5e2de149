"""Compressed files: the same bodies and spans as of plain ones, in files of the same kind; what is damaged is named."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import re
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner import engines
from cleaner.chunks import Fields, chunks
from cleaner.compression import SUFFIXES, compressor, decompressed, read, split
from cleaner.engines import processes
from cleaner.output import Part, write_atomic
from cleaner.sources import Source, find_sources
from tests.conftest import BODY, OTHER, THIRD, TRAILER, Command, in_batches, plant, tree
from tests.strategies import STEADY
from tests.test_html import page

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACK: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".zst": zstd.compress}
UNPACK: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.decompress, ".zst": zstd.decompress}
each_suffix = pytest.mark.parametrize("suffix", SUFFIXES)

LINES = "".join(
    f"{line}\n"
    for line in (
        json.dumps({"text": OTHER + TRAILER, "n": 1.0}),
        "",
        '{"text":"' + BODY.rstrip() + '\\u000aTwo"}',
        json.dumps({"text": THIRD + TRAILER}),
    )
)
PLAIN = {
    "a.txt": f"{BODY}{TRAILER}",
    "b/c.md": f"\ufeff{THIRD}\r\n{TRAILER}",
    "b/empty.txt": "",
    "d.jsonl": LINES,
    "e.html": page("bees"),
    "f.html": page("bread"),
}


def packed(suffix: str) -> dict[str, bytes]:
    """Return the files of the corpus, compressed by the library."""
    return {f"{name}{suffix}": PACK[suffix](text.encode()) for name, text in PLAIN.items()}


def unpacked(folder: Path, suffix: str) -> dict[str, bytes]:
    """Return the files of a folder, those of the suffix decompressed by the library and under the name less the suffix."""
    return {
        name.removesuffix(suffix): UNPACK[suffix](data) if name.endswith(suffix) else data
        for name, data in tree(folder).items()
    }


def as_plain(files: dict[str, bytes], suffix: str) -> dict[str, bytes]:
    """Return them with the suffix taken out of the report, and without what names the corpus."""
    report = files["report.jsonl"].replace(f"{suffix}:".encode(), b":").replace(f'{suffix}"'.encode(), b'"')
    return {name: data for name, data in {**files, "report.jsonl": report}.items() if name != "summary.json"}


@each_suffix
def test_bodies_and_spans_are_those_of_the_plain_files(run: Command, tmp_path: Path, suffix: str) -> None:
    """Text, Markdown, HTML and JSONL, bodies in files of the same kind; a second run gives the same bytes."""
    plant(tmp_path / "plain", PLAIN)
    plant(tmp_path / "packed", packed(suffix))
    for name in ("plain", "packed", "packed"):
        ran = run("clean", tmp_path / name, "--out", tmp_path / f"out {name}")
        assert (ran.code, ran.words) == (0, [])
        written = tree(tmp_path / f"out {name}")
    assert {f"a.txt{suffix}", f"b/c.md{suffix}", f"d.jsonl{suffix}", f"e.txt{suffix}"} < written.keys()
    assert as_plain(unpacked(tmp_path / "out packed", suffix), suffix) == as_plain(tree(tmp_path / "out plain"), suffix)
    run("clean", tmp_path / "packed", "--out", tmp_path / "out packed")
    assert tree(tmp_path / "out packed") == written
    ids = [json.loads(line)["id"] for line in written["report.jsonl"].splitlines()]
    assert ids[0] == f"a.txt{suffix}"
    assert f"d.jsonl{suffix}:4" in ids


@each_suffix
def test_restoring_gives_the_originals(run: Command, tmp_path: Path, suffix: str) -> None:
    """Of the same names, and each byte of what was compressed; of HTML, the text that it shows."""
    corpus = plant(tmp_path / "in", packed(suffix))
    run("clean", corpus, "--out", tmp_path / "out")
    ran = run("restore", tmp_path / "out", "--out", tmp_path / "back")
    assert (ran.code, ran.words) == (0, [f"{tmp_path / 'back'}: 8 documents restored"])
    back = unpacked(tmp_path / "back", suffix)
    texts = {name: text.encode() for name, text in PLAIN.items() if not name.endswith("html")}
    assert back.keys() == texts.keys() | {"e.txt", "f.txt"}
    assert {name: back[name] for name in texts} == texts


@each_suffix
def test_several_members_are_one_file(run: Command, tmp_path: Path, suffix: str) -> None:
    """Concatenated as `cat` does, cut anywhere, in the middle of a character too."""
    data = f"{LINES}{json.dumps({'text': 'Ünïcödé ' * 9}, ensure_ascii=False)}\n".encode()
    cuts = range(0, len(data), 7)
    members = b"".join(PACK[suffix](data[at : at + 7]) for at in cuts)
    plant(tmp_path / "in", {f"x.jsonl{suffix}": members, f"y.txt{suffix}": PACK[suffix](BODY.encode()) * 3})
    assert run("clean", tmp_path / "in", "--out", tmp_path / "out").code == 0
    run("restore", tmp_path / "out", "--out", tmp_path / "back")
    assert unpacked(tmp_path / "back", suffix) == {"x.jsonl": data, "y.txt": BODY.encode() * 3}


@each_suffix
def test_processes_write_the_same(process: Command, tmp_path: Path, suffix: str) -> None:
    """One or two, as everywhere."""
    corpus = plant(tmp_path / "in", packed(suffix))
    for jobs in (1, 2):
        assert process("clean", corpus, "--out", tmp_path / f"out {jobs}", "--jobs", jobs).code == 0
    assert tree(tmp_path / "out 1") == tree(tmp_path / "out 2")


@each_suffix
def test_batches_of_any_size_do_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    """What is compressed does not depend on where pieces end; and what progress is told adds up to the bytes of the files."""
    found = find_sources([str(plant(tmp_path, packed(suffix)))]).sources
    results = []
    for size in (1, 100, 10**6):
        done = in_batches(size, found, Fields(), monkeypatch)
        results.append(b"".join(one.report for one in done))
    assert len(set(results)) == 1


@each_suffix
@settings(STEADY, max_examples=20)
@given(pieces=st.lists(st.integers(1, 60_000), min_size=1, max_size=20), seed=st.integers(0, 99))
def test_what_is_written_depends_on_the_data_alone(suffix: str, pieces: list[int], seed: int) -> None:
    """Not on the pieces that it came in; and the library reads it."""
    data = "".join(f"{(number * (seed + 7)) ** 3 % 1_000_003} " for number in range(sum(pieces) // 7)).encode()
    whole, parted = compressor(f"x{suffix}"), compressor(f"x{suffix}")
    assert whole
    assert parted
    stream = io.BytesIO(data)
    one = whole.compress(data) + whole.flush()
    other = b"".join(parted.compress(stream.read(size)) for size in pieces) + parted.flush()
    assert one == other
    assert UNPACK[suffix](one) == data


def test_a_gzip_file_has_no_time_and_no_name(tmp_path: Path) -> None:
    """Bytes 3 to 8 of its header."""
    write_atomic(tmp_path / "x.txt.gz", b"One", by_name=True)
    assert (tmp_path / "x.txt.gz").read_bytes()[:8] == b"\x1f\x8b\x08\0\0\0\0\0"
    assert tree(tmp_path).keys() == {"x.txt.gz"}


def test_only_what_is_asked_for_is_compressed(tmp_path: Path) -> None:
    """An index or a golden of such a name is written as it is."""
    write_atomic(tmp_path / "x.gz", b"One")
    assert (tmp_path / "x.gz").read_bytes() == b"One"
    part = Part(tmp_path / "y.ZST", by_name=True)
    part.write(b"One")
    part.write(b"Two")
    part.commit()
    assert zstd.decompress((tmp_path / "y.ZST").read_bytes()) == read(tmp_path / "y.ZST") == b"OneTwo"


# Which files


def test_which_files_are_found(tmp_path: Path) -> None:
    """In folders, those whose suffix before that of the compression is known; named ones are read by what they are called."""
    known = ["A.TXT.GZ", "b.jsonl.zst", "c.htm.gz", "d.md.Zst"]
    others = ["e.gz", "f.tar.gz", "g.log.zst", "h.txt.gz.zst", "i.txt.bz2", ".gz", ".hidden.txt.gz"]
    plant(tmp_path, dict.fromkeys([*known, *others], b""))
    found = find_sources([str(tmp_path)])
    assert [(source.name, source.format) for source in found.sources] == list(
        zip(known, ["text", "jsonl", "html", "text"], strict=True)
    )
    assert (found.skipped, found.hidden) == (len(others) - 2, 2)
    assert [source.target for source in found.sources] == ["A.TXT.GZ", "b.jsonl.zst", "c.txt.gz", "d.md.Zst"]
    [named] = find_sources([str(tmp_path / "e.gz")], "jsonl").sources
    assert (named.name, named.format) == ("e.gz", "jsonl")
    assert split(".gz") == (".gz", "")


@each_suffix
def test_explain_and_learn_and_check(
    run: Command, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All commands read them. Goldens are compared by what they hold: another compression is no difference."""
    plant(tmp_path / "in", {f"a.txt{suffix}": PACK[suffix]((BODY + TRAILER).encode())})
    plant(tmp_path, {"a.txt": BODY + TRAILER})
    monkeypatch.chdir(tmp_path)
    assert run("explain", f"in/a.txt{suffix}").out.replace(suffix.encode(), b"") == run("explain", "a.txt").out
    assert run("learn", "in", "--out", "x.idx").code == 0
    assert run("check", "in", "--golden", "golden", "--update").code == 0
    golden = tmp_path / f"golden/a.txt{suffix}"
    assert UNPACK[suffix](golden.read_bytes()) == BODY.encode()
    golden.write_bytes(PACK[suffix](BODY.encode()[:9]) + PACK[suffix](BODY.encode()[9:]))
    assert run("check", "in", "--golden", "golden").code == 0
    golden.write_bytes(PACK[suffix](b"Another.\n"))
    ran = run("check", "in", "--golden", "golden")
    assert (ran.code, ran.out.decode().splitlines()[3:]) == (1, ["-Another.", f"+{BODY.rstrip()}", " "])
    golden.write_bytes(PACK[suffix](BODY.encode())[:-2])
    ran = run("check", "in", "--golden", "golden")
    assert (ran.code, len(ran.words)) == (2, 1)
    assert ran.words[0].startswith(f"a.txt{suffix}: cannot be decompressed: ")


@each_suffix
def test_standard_input_is_known_by_how_it_starts(run: Command, tmp_path: Path, suffix: str) -> None:
    """Bodies go to standard output as they are, and to a folder compressed; a page is known through the compression."""
    text = PACK[suffix]((BODY + TRAILER).encode())
    assert run("clean", "-", stdin=text).out == BODY.encode()
    assert run("clean", "-", "--out", tmp_path / "out", stdin=text).code == 0
    assert unpacked(tmp_path / "out", suffix)["stdin.txt"] == BODY.encode()
    assert run("clean", "-", "--format", "jsonl", stdin=PACK[suffix](LINES.encode())).out.startswith(b'{"text": "Bees')
    html = page("bees").encode()
    assert run("clean", "-", stdin=PACK[suffix](html)).out == run("clean", "-", stdin=html).out
    ran = run("clean", "-", stdin=text[:-3])
    assert (ran.code, ran.out, len(ran.words)) == (3, b"", 2)
    assert ran.words[0].startswith(f"stdin.txt{suffix}: cannot be decompressed: ")


# What is damaged


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda data: data[: len(data) // 2],
    "its end is missing": lambda data: data[:-2],
    "nothing but its start": lambda data: data[:1],
    "flipped bits": lambda data: data[: len(data) // 2] + bytes(x ^ 85 for x in data[len(data) // 2 :]),
    "something behind it": lambda data: data + b"junk",
    "plain text": lambda _: BODY.encode(),
    "another compression": lambda _: bz2.compress(BODY.encode()),
}


@each_suffix
@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_files_fail_alone(run: Command, tmp_path: Path, damage: str, suffix: str) -> None:
    """One line and a record each; the others are done, and of a file of lines those that were read before."""
    sound = {"b.txt": BODY + TRAILER, "c.jsonl": LINES, "d.html": page("bees")}
    damaged = {f"{name}{suffix}": DAMAGES[damage](PACK[suffix](text.encode())) for name, text in sound.items()}
    corpus = plant(tmp_path / "in", {"a.txt": BODY + TRAILER, **damaged, "z.txt": OTHER})
    ran = run("clean", corpus, "--out", tmp_path / "out")
    assert (ran.code, len(ran.words)) == (3, 4)
    for line, name in zip(ran.words, damaged, strict=False):
        assert re.fullmatch(f"{re.escape(name)}(:[0-9])?: cannot be decompressed: .*; expected a readable file", line)
    assert ran.words[3] == "3 documents failed, 0 were held back"
    written = tree(tmp_path / "out")
    assert (written["a.txt"], written["z.txt"]) == (BODY.encode(), OTHER.encode())
    failed = [row for row in map(json.loads, written["report.jsonl"].splitlines()) if row["status"] == "failed"]
    assert [(row["id"], row["error"]) for row in failed] == list(zip(damaged, ran.words, strict=False))
    assert run("learn", corpus, "--out", tmp_path / "x.idx").words[1:] == ran.words
    assert run("restore", tmp_path / "out", "--out", tmp_path / "back").words[:3] == ran.words[:3]


def test_a_frame_that_would_have_to_be_held_is_refused(run: Command, tmp_path: Path) -> None:
    """What `zstd --long=28` makes needs 256 MB to be read, and more may be asked for."""
    long = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 28})
    plant(tmp_path / "in", {"a.txt.zst": long.compress(b"One") + long.flush(), "b.txt": BODY})
    ran = run("clean", tmp_path / "in", "--out", tmp_path / "out")
    assert (ran.code, len(ran.words)) == (3, 2)
    assert re.fullmatch(r"a\.txt\.zst: cannot be decompressed: .* too much memory .*", ran.words[0])


@each_suffix
def test_an_empty_file_of_lines(run: Command, tmp_path: Path, suffix: str) -> None:
    """It has no document, and gives an empty one."""
    path = plant(tmp_path, {f"x.jsonl{suffix}": PACK[suffix](b"")}) / f"x.jsonl{suffix}"
    assert run("clean", path, "--out", tmp_path / "out").code == 0
    assert unpacked(tmp_path / "out", suffix)["x.jsonl"] == b""


@each_suffix
def test_a_file_of_no_bytes_is_damaged(run: Command, tmp_path: Path, suffix: str) -> None:
    """Of each kind, as `gzip` and `zstd` say, too: what is compressed has some bytes, though it be nothing."""
    plant(tmp_path / "in", {f"a.txt{suffix}": b"", f"b.jsonl{suffix}": b"", f"c.txt{suffix}": PACK[suffix](b"")})
    ran = run("clean", tmp_path / "in", "--out", tmp_path / "out")
    expected = "cannot be decompressed: no bytes; expected a readable file"
    assert (ran.code, ran.words[:-1]) == (3, [f"a.txt{suffix}: {expected}", f"b.jsonl{suffix}: {expected}"])
    assert unpacked(tmp_path / "out", suffix)["c.txt"] == b""


@each_suffix
def test_whole_lines_before_the_damage_are_done(run: Command, tmp_path: Path, suffix: str) -> None:
    """However long the pieces are; the rest of them is named by the line that it starts with."""
    lines = [json.dumps({"text": f"{number**9} {number**8} {BODY}"}) + "\n" for number in range(9000)]
    data = PACK[suffix]("".join(lines).encode())
    path = tmp_path / f"x.jsonl{suffix}"
    path.write_bytes(data[: len(data) // 2])
    source = Source(path, path.name, "jsonl")
    done = []
    for size in (10_000, 10**9):
        *pieces, last = chunks(source, size)
        given = b"".join(piece.data for piece in pieces)
        assert "".join(lines).encode().startswith(given)
        assert given.endswith(b"\n")
        assert last.failure
        where = f"x.jsonl{suffix}:{len(given.splitlines()) + 1}"
        assert last.failure.error.startswith(f"{where}: cannot be decompressed: ")
        assert sum(piece.taken for piece in (*pieces, last)) == source.size
        done.append(given)
    assert done[0] == done[1]
    assert len(done[0]) > sum(map(len, lines)) // 3
    ran = run("clean", path, "--out", tmp_path / "out")
    assert (ran.code, len(ran.words)) == (3, 2)
    assert unpacked(tmp_path / "out", suffix)["x.jsonl"].count(b"\n") == done[0].count(b"\n")


@each_suffix
def test_a_damaged_body_is_named(run: Command, tmp_path: Path, suffix: str) -> None:
    """What was not restored, and why; the others are back."""
    corpus = plant(tmp_path / "in", packed(suffix))
    run("clean", corpus, "--out", tmp_path / "out")
    for name in ("a.txt", "d.jsonl"):
        path = tmp_path / f"out/{name}{suffix}"
        path.write_bytes(path.read_bytes()[:-4])
    ran = run("restore", tmp_path / "out", "--out", tmp_path / "back")
    assert ran.code == 3
    assert "the body cannot be read" in ran.words[0]
    assert f"{tmp_path / 'out'}/d.jsonl{suffix}: cannot be decompressed: " in " ".join(ran.words)
    assert {"b/c.md", "e.txt"} < unpacked(tmp_path / "back", suffix).keys()


# How much


@each_suffix
def test_memory_does_not_grow_with_the_file(tmp_path: Path, suffix: str) -> None:
    """Read piece by piece, and written so."""

    def lines(count: int) -> Iterator[bytes]:
        for number in range(count):
            yield b"".join(b'{"text": "%d %d"}\n' % (number, at**7) for at in range(1000))

    peaks = []
    for count in (10, 100):
        path = tmp_path / f"{count}.jsonl{suffix}"
        tracemalloc.start()
        part = Part(path, by_name=True)
        for some in lines(count):
            part.write(some)
        part.commit()
        assert sum(len(piece.data) for piece in chunks(Source(path, path.name, "jsonl"), 10**4)) > count * 20_000
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5


@each_suffix
def test_processes_are_counted_by_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    """A compressed file is worth more of them than a plain one of its size."""
    monkeypatch.setattr(engines.os, "cpu_count", lambda: 7)
    path = plant(tmp_path, {f"x.txt{suffix}": b"0" * (engines.PARALLEL_BYTES // 3 + 1)}) / f"x.txt{suffix}"
    assert processes([Source(path, path.name, "text")], None) == 7
    assert processes([Source(path, "x.txt", "text")], None) == 1


def test_a_plain_file_is_handed_through() -> None:
    """There is no layer over it."""
    file = io.BufferedReader(io.BytesIO(b"One"))
    assert decompressed(file, "x.txt") is file
