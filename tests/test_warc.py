"""WARC and WET: the same spans as of the same pages in JSONL; what is damaged is named, where readers of crawls pass over it."""

from __future__ import annotations

import gzip
import io
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fastwarc.warc import WarcRecord, WarcRecordType, conversion, request, response, revisit, warcinfo
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner import warc
from cleaner.chunks import Fields
from cleaner.sources import find_sources
from tests.conftest import BODY, OTHER, THIRD, TRAILER, Command, in_batches, plant, tree
from tests.strategies import STEADY
from tests.test_html import page

DATE = "2026-01-02T03:04:05Z"


def record(kind: WarcRecordType, uri: str, block: bytes) -> bytes:
    """Return a record that the library writes."""
    made = WarcRecord()
    made.init_headers(kind)
    made.headers["WARC-Date"] = DATE
    if uri:
        made.headers["WARC-Target-URI"] = uri
    if kind == response:
        made.is_http = True
    made.set_bytes_content(block)
    stream = io.BytesIO()
    made.write(stream)
    return stream.getvalue()


def answer(uri: str, content: str | bytes, kind: str = "text/html", status: str = "200 OK", head: str = "") -> bytes:
    """Return the record of an answer to a request."""
    data = content if isinstance(content, bytes) else content.encode()
    return record(response, uri, f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{head}\r\n".encode() + data)


def text(uri: str, content: str) -> bytes:
    """Return a record of a WET file."""
    return record(conversion, uri, content.encode())


PAGES = {f"https://{name}.example/{at}": page(name) for at, name in enumerate(("bees", "bread", "bees"))}
CRAWL = b"".join(
    (
        record(warcinfo, "", b"software: by hand\r\n"),
        *(record(request, uri, b"GET / HTTP/1.1\r\n\r\n") + answer(uri, html) for uri, html in PAGES.items()),
        answer("https://bees.example/logo.png", b"\x89PNG\r\n\r\n\0\xff", "image/png"),
        answer("https://bees.example/gone", page("bees"), status="404 Not Found"),
        answer("https://bees.example/moved", "", status="301 Moved Permanently", head="Location: /\r\n"),
        record(revisit, "https://bees.example/again", b"HTTP/1.1 200 OK\r\n\r\n"),
        record(response, "dns:bees.example", b"20260102030405\nbees.example 60 IN A 192.0.2.1\n"),
    )
)


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "report.jsonl").read_bytes().splitlines()]


def lines(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes()
    return [json.loads(line) for line in (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()]


def spans(row: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(row["spans"]))


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_bodies_and_spans_are_those_of_jsonl(run: Command, tmp_path: Path, suffix: str) -> None:
    """Pages with status 2xx; each record compressed by itself, as crawlers do."""
    parts = [b"WARC/" + part for part in CRAWL.split(b"WARC/")[1:]]
    data = b"".join(map(gzip.compress, parts)) if suffix else CRAWL
    plant(tmp_path / "in", {f"x.warc{suffix}": data})
    given = [{"id": uri, "url": uri, "site": uri.split("/")[2], "html": html} for uri, html in PAGES.items()]
    plant(tmp_path, {"x.jsonl": "".join(f"{json.dumps(line)}\n" for line in given)})
    ran = run("clean", tmp_path / "in", "--out", tmp_path / "out")
    assert (ran.code, ran.words) == (0, [])
    options = ("--format", "html", "--text-field", "html", "--id-field", "id", "--group-field", "site")
    assert run("clean", tmp_path / "x.jsonl", *options, "--out", tmp_path / "lines").code == 0
    ours, theirs = records(tmp_path / "out"), records(tmp_path / "lines")
    assert [row["id"] for row in ours] == list(PAGES)
    assert any(row["spans"] for row in ours)
    assert [{**row, "source": "", "target": ""} for row in ours] == [
        {**row, "source": "", "target": ""} for row in theirs
    ]
    assert {(row["source"], row["target"]) for row in ours} == {(f"x.warc{suffix}", f"x.warc.jsonl{suffix}")}
    bodies = lines(tmp_path / f"out/x.warc.jsonl{suffix}")
    assert [body["text"] for body in bodies] == [body["text"] for body in lines(tmp_path / "lines/x.jsonl")]
    assert list(bodies[0])[:5] == ["id", "url", "group", "date", "text"]
    assert [body["date"] for body in bodies] == [DATE] * 3
    assert [body["group"] for body in bodies] == ["bees.example", "bread.example", "bees.example"]
    ran = run("restore", tmp_path / "out", "--out", tmp_path / "back")
    assert (ran.code, ran.words) == (0, [f"{tmp_path / 'back'}: 3 documents restored"])
    run("restore", tmp_path / "lines", "--out", tmp_path / "their back")
    back = lines(tmp_path / f"back/x.warc.jsonl{suffix}")
    assert [line["text"] for line in back] == [line["text"] for line in lines(tmp_path / "their back/x.jsonl")]


def test_texts_of_a_wet_file(run: Command, tmp_path: Path) -> None:
    """Conversion records, and plain text; byte for byte as in JSONL, and restored."""
    texts = {
        f"https://a.example/{at}": body for at, body in enumerate((OTHER + TRAILER, f"\ufeff{BODY}\r\n\u2028\0", ""))
    }
    data = b"".join(text(uri, body) for uri, body in texts.items())
    data += answer("https://b.example/t", THIRD + TRAILER, "text/plain; charset=utf-8")
    path = plant(tmp_path, {"x.warc.wet": data}) / "x.warc.wet"
    assert run("clean", path, "--out", tmp_path / "out", "--text-field", "body").code == 0
    bodies = lines(tmp_path / "out/x.warc.wet.jsonl")
    assert bodies[0] == {
        "id": "https://a.example/0",
        "url": "https://a.example/0",
        "group": "a.example",
        "date": DATE,
        "text": OTHER,
    }
    assert [body["text"] for body in bodies] == [OTHER, texts["https://a.example/1"], "", THIRD]
    assert [row["status"] for row in records(tmp_path / "out")] == ["cleaned", "unchanged", "unchanged", "cleaned"]
    run("restore", tmp_path / "out", "--out", tmp_path / "back")
    assert [line["text"] for line in lines(tmp_path / "back/x.warc.wet.jsonl")] == [*texts.values(), THIRD + TRAILER]


def test_what_the_server_says_of_its_answer(run: Command, tmp_path: Path) -> None:
    """Encodings of characters, of contents and of transfers."""
    html = "<p>Пчёлы танцуют, чтобы рассказать остальным, где они нашли еду.</p>"
    packed = gzip.compress(html.encode("koi8-r"))
    chunked = f"{len(packed):x}\r\n".encode() + packed + b"\r\n0\r\n\r\n"
    head = "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"
    plant(
        tmp_path,
        {
            "x.warc": answer("<https://a.example/>", chunked, "text/html; charset=KOI8-R", head=head)
            + answer("https://b.example/", html, "application/xhtml+xml; charset=nonsense")
        },
    )
    assert run("clean", tmp_path / "x.warc", "--out", tmp_path / "out").code == 0
    first, second = lines(tmp_path / "out/x.warc.jsonl")
    assert (first["id"], first["text"]) == (
        "https://a.example/",
        "Пчёлы танцуют, чтобы рассказать остальным, где они нашли еду.\n",
    )
    assert second["text"] == first["text"]


def test_answers_that_cannot_be_read_fail_alone(run: Command, tmp_path: Path) -> None:
    """Undecodable ones, and an address that comes twice, or not at all."""
    data = (
        answer("https://a.example/1", b"junk", head="Content-Encoding: gzip\r\n")
        + answer("https://a.example/2", b"<p>caf\xe9")
        + text("https://[a.example/3", BODY)
        + text("https://[a.example/3", OTHER)
        + text("", THIRD)
    )
    path = plant(tmp_path, {"x.warc": data}) / "x.warc"
    ran = run("clean", path, "--out", tmp_path / "out")
    assert (ran.code, len(ran.words)) == (3, 4)
    assert ran.words[0].startswith("x.warc:1: the answer cannot be read: ")
    assert ran.words[1].startswith("x.warc:2: not utf-8 at byte 6; ")
    assert ran.words[2].startswith("x.warc:4: the id 'https://[a.example/3' is already that of x.warc:3; ")
    assert [(row["id"], row["status"]) for row in records(tmp_path / "out")] == [
        ("https://a.example/1", "failed"),
        ("https://a.example/2", "failed"),
        ("https://[a.example/3", "unchanged"),
        ("https://[a.example/3", "failed"),
        ("x.warc:5", "unchanged"),
    ]
    assert [line["text"] for line in lines(tmp_path / "out/x.warc.jsonl")] == [BODY, THIRD]


def test_processes_write_the_same(process: Command, tmp_path: Path) -> None:
    """One or two, as everywhere."""
    many = b"".join(text(f"https://a.example/{at}", f"{at**9} {BODY}{TRAILER}") for at in range(50))
    plant(tmp_path / "in", {"a.txt": BODY + TRAILER, "b.warc.gz": gzip.compress(CRAWL + many)})
    for jobs in (1, 2):
        assert process("clean", tmp_path / "in", "--out", tmp_path / f"out {jobs}", "--jobs", jobs).code in (0, 3)
    assert tree(tmp_path / "out 1") == tree(tmp_path / "out 2")


def test_batches_of_any_size_do_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what progress is told adds up to the bytes of the files."""
    plant(tmp_path, {"x.warc.gz": gzip.compress(CRAWL), "y.warc": b"", "z.wet": text("https://a.example/", BODY)})
    found = find_sources([str(tmp_path)]).sources
    results = []
    for size in (1, 5000, 10**6):
        done = in_batches(size, found, Fields(), monkeypatch)
        results.append(b"".join(one.report for one in done))
    assert len(set(results)) == 1


@pytest.mark.parametrize(
    ("damage", "wrong"),
    [
        (CRAWL + text("https://c.example/", BODY)[:-20], "the last record is cut short"),
        (CRAWL + text("https://c.example/", BODY)[:60], "the head of a record does not end"),
        (CRAWL + b"junk\r\n\r\n" + text("https://c.example/", BODY), "no WARC record where one should start"),
        (
            CRAWL + text("https://c.example/", BODY).replace(b"Content-Length: ", b"Length: "),
            "a record without its length",
        ),
    ],
    ids=["cut short", "cut in its head", "junk", "no length"],
)
def test_records_before_the_damage_are_done(run: Command, tmp_path: Path, damage: bytes, wrong: str) -> None:
    """One line for the rest."""
    plant(tmp_path / "in", {"x.warc": damage, "z.txt": BODY})
    ran = run("clean", tmp_path / "in", "--out", tmp_path / "out")
    assert (ran.code, len(ran.words)) == (3, 2)
    assert ran.words[0] == f"x.warc:8: {wrong}; expected a readable file"
    assert len(lines(tmp_path / "out/x.warc.jsonl")) == 3
    assert (tmp_path / "out/z.txt").read_text() == BODY


@pytest.mark.parametrize(
    "data", [gzip.compress(CRAWL)[:-9], gzip.compress(b"hello"), b"hello"], ids=["cut", "text", "none"]
)
def test_files_that_are_none_fail_alone(run: Command, tmp_path: Path, data: bytes) -> None:
    """Compressed or not."""
    path = plant(tmp_path, {"x.warc.gz": data}) / "x.warc.gz"
    ran = run("clean", path, "--out", tmp_path / "out")
    assert (ran.code, len(ran.words)) == (3, 2)
    assert ran.words[0].startswith("x.warc.gz")
    assert ran.words[0].endswith("; expected a readable file")


def test_standard_input(run: Command) -> None:
    """It is known by how it starts; lines go to standard output."""
    data = text("https://a.example/", BODY + TRAILER)
    for options, sent in (([], data), (["--format", "warc"], gzip.compress(data)), ([], gzip.compress(data))):
        ran = run("clean", "-", *options, stdin=sent)
        assert ran.code == 0
        out = gzip.decompress(ran.out) if ran.out.startswith(b"\x1f\x8b") else ran.out
        assert json.loads(out)["text"] == BODY


def test_a_missing_library_is_one_line(run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is done."""
    path = plant(tmp_path, {"x.warc": CRAWL}) / "x.warc"
    monkeypatch.setitem(sys.modules, "fastwarc", None)
    ran = run("clean", path, "--out", tmp_path / "out")
    assert (ran.code, ran.words) == (2, ["warc files need fastwarc; expected it to be installed: pip install fastwarc"])


@settings(STEADY, max_examples=60)
@given(
    blocks=st.lists(
        st.binary(max_size=40) | st.sampled_from([b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>One"])
    ),
    size=st.sampled_from([1, 500, 10**6]),
    ends=st.sampled_from([b"\r\n", b"\n"]),
)
def test_any_block_is_cut_and_read(blocks: list[bytes], size: int, ends: bytes) -> None:
    """Whatever stands in it: each record gives a capture or none, and none is an exception."""
    made = [
        record(response if at % 2 else conversion, f"https://a.example/{at}", block) for at, block in enumerate(blocks)
    ]
    data = b"".join(
        head.replace(b"\r\n", ends) + ends * 2 + rest for head, _, rest in (one.partition(b"\r\n\r\n") for one in made)
    )
    pieces = list(warc.pieces(io.BufferedReader(io.BytesIO(data)), size))
    assert sum(count for count, _ in pieces) == len(blocks)
    found = [capture for _, piece in pieces for capture in warc.captures(piece)]
    assert len(found) == len(blocks)
    assert [one.content for one in found[::2] if one] == blocks[::2]
