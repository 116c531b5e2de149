"""Hostile input, a small sample of each kind: `make torture` tries more of it."""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import subprocess
import sys
import textwrap
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner import chunks, formats, model, pipeline, saving, warc
from cleaner.families import LARGE, held_by
from cleaner.frequency import COUNTED, Frequencies
from cleaner.index import learn
from cleaner.matching import match
from cleaner.model import Document, IndexFormatError, RuleError
from cleaner.pipeline import Cleaner
from cleaner.rules import load_rules
from cleaner.segment import fold, segment
from tests.conftest import BODY, OTHER, THIRD, TRAILER, Command, plant, tree
from tests.handmade import dumps

SENTENCE = "The council met on Monday and agreed on the budget for the coming year.\n"


@given(st.lists(st.sampled_from("e\u0301\u0327\u0344\u05b0\u3099か、a "), max_size=40), st.integers(15, 30))
def test_a_flood_of_marks_folds_as_it_always_did(marks: list[str], times: int) -> None:
    """What is put in order beforehand is ordered anyway."""
    text = "".join(marks) * times
    assert fold(text) == " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def test_marks_are_ordered_beforehand() -> None:
    """`normalize` would take some hours."""
    assert fold("e" + "\u0301\u0327" * 500_000) == "\u0229" + "\u0327" * 499_999 + "\u0301" * 500_000


ODD_IDS = [
    "../../etc/passwd",
    "/etc/passwd",
    "a\nb",
    "a\r\n\x1b[31mred",
    "..",
    "",
    "CON",
    "\u202egnp.exe",
    "a\0b",
    "x" * 5000,
]


def test_ids_are_no_paths(run: Command, tmp_path: Path) -> None:
    """Whatever an id is, nothing is written but what is written for others; and the terminal shows it escaped."""
    lines = "".join(f"{json.dumps({'id': id_, 'text': f'{id_} {OTHER}{TRAILER}'})}\n" for id_ in ODD_IDS)
    corpus = plant(tmp_path / "deep/down/in", {"x.jsonl": lines})
    before = tree(tmp_path)
    ran = run("clean", corpus, "--id-field", "id", "--out", tmp_path / "deep/down/out")
    assert ran.code == 0, ran.err
    assert (
        tree(tmp_path).keys() - before.keys()
        == {f"deep/down/out/{name}" for name in ("x.jsonl", "report.jsonl", "summary.json", ".cleaner")}
        & tree(tmp_path).keys()
    )
    rows = [json.loads(line) for line in (tmp_path / "deep/down/out/report.jsonl").read_bytes().splitlines()]
    assert [row["id"] for row in rows] == ODD_IDS
    assert run("restore", tmp_path / "deep/down/out", "--out", tmp_path / "again").code == 0
    assert (tmp_path / "again/x.jsonl").read_bytes() == lines.encode()
    for shown in (ran, run("explain", corpus / "x.jsonl", "--id-field", "id")):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown.err + shown.out.decode())


@pytest.mark.parametrize("name", ["new\nline.txt", "\x1b[31mred.txt", "\u202etxt.gnp.txt", "-rf.txt", "a\\b.txt"])
def test_names_of_files_may_be_odd(run: Command, tmp_path: Path, name: str) -> None:
    corpus = plant(tmp_path / "in", {name: BODY + TRAILER, "b.txt": b"\xff"})
    ran = run("clean", corpus, "--out", tmp_path / "out")
    assert (ran.code, (tmp_path / "out" / name).read_bytes()) == (3, BODY.encode())
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", ran.err)
    assert run("restore", tmp_path / "out", "--out", tmp_path / "again").code == 3
    assert (tmp_path / "again" / name).read_bytes() == (BODY + TRAILER).encode()


def test_loops_of_links_end(run: Command, tmp_path: Path) -> None:
    """Links to folders are passed over, so that none is entered twice."""
    corpus = plant(tmp_path / "in", {"a/x.txt": BODY + TRAILER})
    (corpus / "a/up").symlink_to(corpus)
    (corpus / "a/self").symlink_to("self")
    (corpus / "out").symlink_to("/etc")
    ran = run("clean", corpus, "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert {name for name in tree(tmp_path / "out") if name.endswith(".txt")} == {"a/x.txt"}
    assert run("clean", f"{corpus}/**/*.txt", "--dry-run").code == 0


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_documents_that_are_too_large_fail_alone(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """Text files, lines and records of crawls, packed or not; those beside them are done."""
    for module in (model, chunks, formats, warc):
        monkeypatch.setattr(module, "LARGEST", 2**20)
    monkeypatch.setattr(chunks, "_PIECE", 1000)
    large = "a" * 2**20 + "\n"
    lines = json.dumps({"text": large}) + f"\n{json.dumps({'text': OTHER + TRAILER})}\n"
    head = "WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: https://bees.example/{}\r\nContent-Length: {}\r\n\r\n{}\r\n\r\n"
    crawl = "".join(head.format(number, len(text), text) for number, text in enumerate((large, THIRD)))
    files = {"a.txt": BODY + TRAILER, "b.txt": large, "c.jsonl": lines, "d.warc": crawl}
    packed = {f"{name}{suffix}": gzip.compress(text.encode()) if suffix else text for name, text in files.items()}
    ran = run("clean", plant(tmp_path / "in", packed), "--out", tmp_path / "out")
    expected = "more than 1 MiB; expected documents of that size at most"
    assert ran.words == [
        *(f"{name}: {expected}" for name in (f"b.txt{suffix}", f"c.jsonl{suffix}:1", f"d.warc{suffix}:1")),
        "3 documents failed, 0 were held back",
    ]
    unpacked = {
        name: gzip.decompress(data) if suffix else data
        for name, data in tree(tmp_path / "out").items()
        if name[0] in "acd"
    }
    assert unpacked[f"a.txt{suffix}"] == BODY.encode()
    assert json.loads(unpacked[f"c.jsonl{suffix}"])["text"] == OTHER
    assert json.loads(unpacked[f"d.warc.jsonl{suffix}"])["text"] == THIRD


@pytest.mark.parametrize("length", ["9" * 17, "9" * 5000])
def test_a_record_of_any_length_is_damage(run: Command, tmp_path: Path, length: str) -> None:
    """It is read no further than the file goes."""
    head = f"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: {length}\r\n\r\nOne."
    ran = run("clean", plant(tmp_path / "in", {"x.warc": head}), "--out", tmp_path / "out")
    assert (ran.code, len(ran.words)) == (3, 2)


def test_a_document_that_shrinks_at_every_look_is_held() -> None:
    """It would lose a few of its lines at each look, for as long as there are any."""
    line = "Why bridges hum at night\n" * 200
    documents = [Document("a", line), Document("b", f"Bees.\n{line}")]
    found = Cleaner(learn(documents)).clean_all(documents)
    held = next(one for one in found if one.status == "held")
    assert (held.text, held.spans) == (held.document.text, ())
    assert held.error == f"more would be cut at each of {pipeline.LOOKS} looks; expected an end"


def test_of_many_copies_each_is_cleaned_as_one_of_few_is() -> None:
    """What a family of many holds is remembered; it is the same as what is asked for anew."""
    shared = "".join(
        f"Of {name} that dance, the harbour and the lamps of the old town, every winter.\n"
        for name in ("bees", "ants", "wasps", "flies")
    )
    others = [Document(f"x{at}", f"{BODY}{at}\n{TRAILER}", "g") for at in range(3)]
    few, many = (
        [*others, *(Document(f"c{at}", shared + TRAILER, "g") for at in range(count))] for count in (2, 2 * LARGE)
    )
    found = [Cleaner(learn(documents)).clean_all(documents) for documents in (few, many)]
    told = [
        {(one.text, tuple((span.start, span.end, span.reasons) for span in one.spans)) for one in cleaned[3:]}
        for cleaned in found
    ]
    assert told[0] == told[1]
    assert {one.duplicate_of for one in found[1][4:]} == {"c0"}
    known = Frequencies(learn(many))
    [family] = {int(known.families[number]) for number in range(2 * LARGE)}
    for kind in COUNTED:
        if kind != "members":
            assert held_by(known, family, kind) is held_by(known, family, kind)


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        ("a{1000000000}", "is too large with its repetitions written out"),
        ("((a{1000}){1000}){1000}", "is too large with its repetitions written out"),
        (r"(?x)(?:\b # (((\n ){2000}){2000}", "is too large with its repetitions written out"),
        ("#((a{1000}){1000}){1000}\n", "is too large with its repetitions written out"),
        ("(" * 5000 + "a" + ")" * 5000, "does not compile"),
    ],
)
def test_a_pattern_takes_no_memory_to_speak_of(tmp_path: Path, pattern: str, wrong: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        f"[[rule]]\nid = 'r'\nwhy = 'W.'\neffect = 'cut'\nlangs = ['en']\nmatch = ['Join']\nspare = ['Joined']\nkeywords = ['aa']\npattern = {json.dumps(pattern)}\n"
    )
    with pytest.raises(RuleError, match=wrong):
        load_rules([path])


def test_a_pattern_that_calls_itself_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        "[[rule]]\nid = 'r'\nwhy = 'W.'\neffect = 'cut'\nlangs = ['en']\nmatch = ['Join']\nspare = ['Joined']\nkeywords = ['aa']\npattern = '(?R)'\n"
    )
    text = "a" * 30
    with pytest.raises(RuleError, match="ran longer"):
        match(load_rules([path]), Document("a", text), segment(text))


@pytest.mark.parametrize(
    "text", ["x = " + "[" * 100_000, f"[{'.'.join('a' * 100_000)}]\n", "x = " + "9" * 100_000, "\0", '"\x1b[31m" = 1']
)
def test_a_pack_that_is_none_is_refused(run: Command, tmp_path: Path, text: str) -> None:
    """However deep it nests: with one line that a terminal shows as it is."""
    plant(tmp_path, {"mine.toml": text, "a.txt": BODY})
    ran = run("clean", tmp_path / "a.txt", "--dry-run", "--rules", tmp_path / "mine.toml")
    assert (ran.code, len(ran.words), ran.out) == (2, 1, b"")
    assert "\x1b" not in ran.err


def test_damaged_bits_make_no_other_index() -> None:
    data = dumps(learn([Document("a", BODY + TRAILER, "g"), Document("b", OTHER + TRAILER)]))
    index, numbers = saving.loads(data), random.Random(0)
    for _ in range(100):
        at = numbers.randrange(len(data))
        damaged = data[:at] + numbers.randbytes(8) + data[at + 8 :]
        try:
            assert saving.loads(damaged) == index
        except IndexFormatError:
            continue


OFFLINE = """
import sys

def refuse(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "urllib.Request"}:
        raise SystemExit(f"the network was used: {event}")

sys.addaudithook(refuse)
from cleaner.cli import main
sys.argv[0] = "cleaner"
main()
"""


def test_the_network_is_not_used(tmp_path: Path) -> None:
    """Each command, with text, lines and pages that name other machines."""
    page = (
        '<!doctype html><html><head><base href="http://127.0.0.1:9/"><link rel=stylesheet href=a.css>'
        '<script src=a.js></script></head><body><nav><a href="/">Home</a></nav><img src=a.png>'
        f"<p>{THIRD}</p><iframe src=b.html></iframe></body></html>"
    )
    doctype = '<!DOCTYPE html SYSTEM "http://127.0.0.1:9/x.dtd" [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>'
    row = json.dumps({"text": OTHER + TRAILER, "url": "http://127.0.0.1:9/"})
    files = {
        "a.txt": BODY + TRAILER,
        "b.html": page,
        "c.html": doctype + page.replace("lamps", "lanterns"),
        "d.jsonl": f"{row}\n",
    }
    plant(tmp_path / "in", files)
    for arguments in (
        "learn in --out x.idx",
        "clean in --out out --index x.idx",
        "clean in --out both --jobs 2",
        "explain in/b.html --index x.idx",
        "check in --golden golden --update",
        "check in --golden golden",
        "restore out --out again",
        "rules test",
    ):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(OFFLINE), *arguments.split()],
            cwd=tmp_path,
            env={**os.environ, "CI": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (arguments, done.stderr)
    used = subprocess.run(
        [
            sys.executable,
            "-c",
            OFFLINE.replace(
                "from cleaner.cli", "import socket; socket.create_connection(('127.0.0.1', 9))\nfrom cleaner.cli"
            ),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert used.stderr == "the network was used: socket.getaddrinfo\n"
