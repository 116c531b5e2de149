"""Bad input: one clear line for each, the right exit status, no traceback, and the other documents still done."""

from __future__ import annotations

import gzip
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from cleaner import report, saving
from cleaner.index import learn
from cleaner.model import Cleaned, Document, IndexFormatError
from cleaner.rules import optional_packs
from tests.conftest import BODY, OTHER, TRAILER, Command, plant, tree
from tests.handmade import dumps

RULE = '[[rule]]\nid = "r"\nwhy = "W."\neffect = "cut"\nlangs = ["en"]\nmatch = ["Join us"]\nspare = ["She said: join us."]\n'
"""A rule that lacks only what to look for."""

SLOW = "a" * 200 + "b"
"""What the slow pattern does not find, in more steps than there is time for."""

UNREADABLE = "; expected a readable file"
NO_RULES = "; expected a rule pack or a folder of them"
if optional_packs():
    NO_RULES += f", or an optional pack: {', '.join(optional_packs())}"


@dataclass(frozen=True)
class Bad:
    """A bad document beside good ones."""

    name: str
    files: dict[str, str | bytes]
    error: str
    """Its line; "…" stands for the words of the JSON parser."""
    lines: bytes | None = None
    """What remains of x.jsonl."""


EARLIER = {
    "a.txt": BODY,
    "report.jsonl": report.dumps(report.record("a.txt", Cleaned(Document("a.txt", BODY), BODY, (), "unchanged"))),
}
"""What an earlier run wrote."""


def records(*lines: str) -> dict[str, str | bytes]:
    return {"x.jsonl": '{"id": 1, "text": "One."}\n' + "\n".join(lines) + '\n{"id": 2, "text": "Two."}\n'}


REST = b'{"id": 1, "text": "One."}\n{"id": 2, "text": "Two."}\n'

DOCUMENTS = [
    Bad("not UTF-8", {"bad.txt": b"caf\xe9"}, "bad.txt: not UTF-8 at byte 3; expected UTF-8 text"),
    Bad("UTF-16", {"bad.txt": "One".encode("utf-16")}, "bad.txt: not UTF-8 at byte 0; expected UTF-8 text"),
    Bad("binary", {"bad.md": b"GIF\0\1"}, "bad.md: a NUL byte at byte 3; expected text, not a binary file"),
    Bad(
        "broken line",
        records('{"id": 3, "text": "Thr'),
        "x.jsonl:2: not JSON at column 23: …; expected an object",
        REST,
    ),
    Bad(
        "no object",
        records('["text"]'),
        "x.jsonl:2: an array; expected a JSON object",
        REST,
    ),
    Bad(
        "line not UTF-8",
        {"x.jsonl": REST + b'{"id": 3, "text": "\xff"}\n'},
        "x.jsonl:3: not UTF-8 at byte 19 of the line; expected UTF-8 text",
        REST,
    ),
    Bad("no text", records('{"id": 3}'), "x.jsonl:2: no field 'text'; expected a string", REST),
    Bad("null text", records('{"id": 3, "text": null}'), "x.jsonl:2: field 'text' is null; expected a string", REST),
    Bad(
        "number for a text",
        records('{"id": 3, "text": 4}'),
        "x.jsonl:2: field 'text' is a number; expected a string",
        REST,
    ),
    Bad("no id", records('{"text": "Three."}'), "x.jsonl:2: no field 'id'; expected a string or an integer", REST),
    Bad(
        "duplicate id",
        records('{"id": "1", "text": "Three."}'),
        "x.jsonl:2: the id '1' is already that of x.jsonl:1; expected unique ids",
        REST,
    ),
    Bad(
        "duplicate id in another file",
        {"x.jsonl": REST, "y.jsonl": '{"id": 2, "text": "Three."}\n'},
        "y.jsonl:1: the id '2' is already that of x.jsonl:2; expected unique ids",
        REST,
    ),
    Bad(
        "lone surrogate",
        records('{"id": 3, "text": "Thr\\ud83dee."}'),
        "x.jsonl:2: not JSON at column …: … (half of a surrogate pair is no character); expected an object",
        REST,
    ),
]


@pytest.mark.parametrize("bad", DOCUMENTS, ids=lambda bad: bad.name)
def test_a_bad_document_fails_alone(run: Command, tmp_path: Path, bad: Bad) -> None:
    """It is named on standard error and in the report; the documents beside it, and in its file, are done."""
    corpus = plant(tmp_path / "in", {"a.txt": BODY + TRAILER, "z.txt": OTHER + TRAILER, **bad.files})
    ran = run("clean", corpus, "--out", tmp_path / "out", "--id-field", "id")
    assert (ran.code, ran.words[1:]) == (3, ["1 document failed, 0 were held back"])
    assert re.fullmatch(".+".join(map(re.escape, bad.error.split("…"))), ran.words[0])
    written = tree(tmp_path / "out")
    assert (written["a.txt"], written["z.txt"]) == (BODY.encode(), OTHER.encode())
    assert written.get("x.jsonl") == bad.lines
    assert [
        line for line in written["report.jsonl"].split(b"\n") if b'"failed"' in line and b'"sha256_in":null' in line
    ]
    assert run("learn", corpus, "--out", tmp_path / "x.idx", "--id-field", "id").words[1:] == ran.words


@pytest.mark.parametrize(
    ("target", "why"),
    [("nowhere.txt", "No such file or directory"), ("bad.txt", "Too many levels of symbolic links")],
    ids=["dangling link", "link to itself"],
)
def test_an_unreadable_file_fails_alone(run: Command, tmp_path: Path, target: str, why: str) -> None:
    """The operating system's reason is passed on."""
    corpus = plant(tmp_path / "in", {"a.txt": BODY + TRAILER})
    (corpus / "bad.txt").symlink_to(target)
    ran = run("clean", corpus, "--out", tmp_path / "out")
    assert (ran.code, ran.words) == (3, [f"bad.txt: {why}{UNREADABLE}", "1 document failed, 0 were held back"])
    assert (tmp_path / "out/a.txt").read_bytes() == BODY.encode()


def test_an_empty_file_is_no_error(run: Command, tmp_path: Path) -> None:
    """It is a document, unchanged."""
    corpus = plant(tmp_path / "in", {"a.txt": BODY + TRAILER, "empty.txt": "", "empty.jsonl": ""})
    ran = run("clean", corpus, "--out", tmp_path / "out")
    assert (ran.code, ran.words) == (0, [])
    written = tree(tmp_path / "out")
    assert (written["a.txt"], written["empty.txt"], written["empty.jsonl"]) == (BODY.encode(), b"", b"")


def test_a_pipe_in_a_folder_is_passed_over(run: Command, tmp_path: Path) -> None:
    """It would block for ever."""
    corpus = plant(tmp_path / "in", {"a.txt": BODY + TRAILER})
    os.mkfifo(corpus / "pipe.txt")
    ran = run("clean", corpus, "--out", tmp_path / "out")
    assert (ran.code, ran.words) == (0, ["1 file of other kinds ('.txt') skipped; one that is named is read as text"])


def test_no_command_waits_for_a_pipe(process: Command, tmp_path: Path) -> None:
    """Wherever a file is named, and in a folder that was cleaned."""
    plant(tmp_path, {"in/a.txt": BODY + TRAILER, "in/b.txt": OTHER + TRAILER})
    assert process("clean", "in", "--out", "out", cwd=tmp_path).code == 0
    for name in ("pipe", "pipe.jsonl"):
        os.mkfifo(tmp_path / name)
    for args in (
        ["explain", "pipe"],
        ["explain", "pipe.jsonl", "--id", "1"],
        ["clean", "in", "--rules", "pipe", "--out", "other"],
        ["review", "pipe"],
        ["report", "out", "--html", "pipe"],
    ):
        ran = process(*args, cwd=tmp_path)
        assert (ran.code, len(ran.words)) == (2, 1)
        assert ": Is a pipe; expected " in ran.words[0]
    for name, code in (("a.txt", 1), ("report.jsonl", 2), ("summary.json", 2)):
        (tmp_path / "out" / name).unlink()
        os.mkfifo(tmp_path / "out" / name)
        ran = process("restore", "out", "--verify", cwd=tmp_path)
        assert (ran.code, "Is a pipe" in ran.err) == (code, True)
    assert process("clean", "in", "--out", "out", "--force", cwd=tmp_path).code == 0
    assert process("restore", "out", "--verify", cwd=tmp_path).code == 0


def test_two_files_of_one_name(run: Command, tmp_path: Path) -> None:
    """The first is done; the second fails, and both are named by their paths."""
    corpus = plant(tmp_path, {"a/x.txt": BODY + TRAILER, "b/x.txt": OTHER})
    ran = run("clean", corpus / "a/x.txt", corpus / "b/x.txt", "--out", tmp_path / "out")
    assert (ran.code, ran.words[:-1]) == (
        3,
        [f"{corpus}/b/x.txt: the id 'x.txt' is already that of {corpus}/a/x.txt; expected unique ids"],
    )
    assert (tmp_path / "out/x.txt").read_bytes() == BODY.encode()


def test_a_document_that_would_be_emptied_is_held(run: Command, tmp_path: Path) -> None:
    """It stays whole, and is named."""
    corpus = plant(tmp_path / "in", {"a.txt": BODY + TRAILER, "held.txt": "You may also like\nTen quiet harbours\n"})
    ran = run("clean", corpus, "--out", tmp_path / "out")
    assert (ran.code, ran.words[1:]) == (3, ["0 documents failed, 1 was held back"])
    assert ran.words[0].startswith("held.txt: held back: ")
    assert (tmp_path / "out/held.txt").read_bytes() == b"You may also like\nTen quiet harbours\n"


@pytest.mark.parametrize("command", [("clean", "--dry-run"), ("clean", "--out", "out"), ("learn", "--out", "x.idx")])
def test_a_group_field_that_no_line_has_is_said(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """The documents are done all the same; that files lie in folders, which are groups, is no reason to be silent."""
    monkeypatch.chdir(
        plant(tmp_path, {"in/x.jsonl": '{"text": "One", "site": "a"}\n{"text": "Two"}\n', "in/sub/y.txt": BODY})
    )
    wrong = "--group-field sight: no document has a group there; expected a field of the lines, or a column"
    first, *options = command
    for given in ("in", "in/x.jsonl", "in/sub"):
        ran = run(first, given, "--group-field", "sight", *options)
        assert (ran.code, ran.words[-1]) == (0, wrong)
    assert "--group-field" not in run(first, "in", "--group-field", "site", *options).err


@pytest.mark.parametrize("command", ["clean", "learn"])
def test_a_text_field_that_no_line_has_is_said_once(run: Command, tmp_path: Path, command: str) -> None:
    """With how many lack it, however many batches they are read in; the report has each."""
    line = '{"text": "One"}\n'
    plant(tmp_path / "in", {"x.jsonl": line * 100_000, "y.jsonl": line, "z.jsonl": f'{line}{{"body": 7}}\n{line}'})
    ran = run(command, tmp_path / "in", "--text-field", "body", "--out", tmp_path / "out")
    wrong = "no field 'body'; expected a string"
    assert ran.code == 3
    assert ran.words[-5:-1] == [
        f"x.jsonl:1: {wrong} (and 99999 more of this file)",
        f"y.jsonl:1: {wrong}",
        f"z.jsonl:1: {wrong} (and 1 more of this file)",
        "z.jsonl:2: field 'body' is a number; expected a string",
    ]
    assert ran.words[-1] == "100004 documents failed, 0 were held back"


def test_lines_on_standard_input_that_are_read_as_text_are_said(run: Command, tmp_path: Path) -> None:
    """They were meant, or not: it is done as it was asked for."""
    line = b'{"id": 1, "text": "One"}\n'
    told = "-: looks like JSONL, and was read as text; expected --format jsonl with it"
    for given in (line, gzip.compress(line)):
        ran = run("clean", "-", stdin=given)
        assert (ran.code, ran.words) == (0, [told])
        assert run("clean", "-", "--format", "text", stdin=given).words == []
    assert run("clean", "-", stdin=b'{"not", "lines"}').words == []


def test_pages_are_not_in_csv(run: Command, tmp_path: Path) -> None:
    """What is asked for is not done in another way."""
    path = plant(tmp_path, {"x.csv": "text\n<p>One\n"}) / "x.csv"
    ran = run("clean", path, "--format", "html", "--out", tmp_path / "out")
    assert (ran.code, ran.words) == (2, ["x.csv: CSV, as HTML; expected pages, or HTML in JSONL or Parquet"])
    assert not (tmp_path / "out").exists()


def test_problems_are_one_line_whatever_an_id_holds(run: Command, tmp_path: Path) -> None:
    """Line ends and escape sequences of an id do not reach the terminal."""
    corpus = plant(tmp_path, {"x.jsonl": r'{"id":"a\nb\u001b[2J","text":"Related articles\nTen harbours"}'})
    ran = run("clean", corpus / "x.jsonl", "--id-field", "id", "--out", tmp_path / "out")
    assert ran.words[0].startswith("a b\\x1b[2J: held back: ")


def test_missing_paths(process: Command, tmp_path: Path) -> None:
    """Each is named; what is there is done; the exit status is that of wrong usage."""
    corpus = plant(tmp_path / "in", {"a.txt": BODY + TRAILER, "bad.txt": b"\xff"})
    ran = process("clean", "nosuch.txt", corpus, "nosuch/*.txt", "--out", tmp_path / "out", cwd=tmp_path)
    expected = "; expected a file, a folder, a glob, or - for standard input"
    assert (ran.code, ran.words) == (
        2,
        [
            f"no such file or folder: nosuch.txt{expected}",
            f"no such file or folder: nosuch/*.txt{expected}",
            "bad.txt: not UTF-8 at byte 0; expected UTF-8 text",
            "1 document failed, 0 were held back",
        ],
    )
    assert "Traceback" not in ran.err
    assert (tmp_path / "out/a.txt").read_bytes() == BODY.encode()


def test_nothing_to_read(run: Command, tmp_path: Path) -> None:
    """No known file in the folder, or no input there at all: one line, and nothing is written."""
    corpus = plant(tmp_path / "in", {"x.log": "1"})
    nothing = (
        "nothing to read; expected .txt, .md, .html, .jsonl, .csv, .parquet or .warc files, or these with .gz or .zst"
    )
    ran = run("clean", corpus, "--out", tmp_path / "out")
    assert (ran.code, ran.words) == (
        2,
        ["1 file of other kinds ('.log') skipped; one that is named is read as text", nothing],
    )
    ran = run("clean", tmp_path / "nosuch", "--out", tmp_path / "out")
    assert (ran.code, len(ran.words)) == (2, 1)
    assert not (tmp_path / "out").exists()


A_REPORT = "the report of `cleaner clean`; expected documents: `cleaner restore` and `cleaner report` take the folder"
AN_INDEX = "an index, no documents; expected --index before it, or --add before each in `learn`"

ARGUMENTS = [
    (["clean", "-", "--text-field", "body"], "-: fields of what looks like text; expected --format jsonl with them"),
    (["clean", "in"], "clean: no --out; expected --out DIR, --dry-run, or - as the only INPUT"),
    (
        ["clean", "in", "--out", "in"],
        "in: the output would lie in the input folder in; expected a folder outside of it",
    ),
    (
        ["clean", "in", "--out", "in/deep/out"],
        "in/deep/out: the output would lie in the input folder in; expected a folder outside of it",
    ),
    (
        ["clean", "in", "--out", "link"],
        "link: the output would lie in the input folder in; expected a folder outside of it",
    ),
    (["clean", "in/a.txt", "--out", "in"], "in/a.txt: the output would overwrite an input; expected another folder"),
    (
        ["clean", "in", "--out", "foreign"],
        "foreign/a.txt: not written by the last run of cleaner there; expected nothing, or --force",
    ),
    (["clean", "in", "--out", "file.txt"], "file.txt: a file; expected a folder"),
    (
        ["clean", "in", "--out", "o", "--format", "pdf"],
        "--format pdf: no such format; expected auto, text, html, jsonl, csv, parquet or warc",
    ),
    (["clean", "in", "--out", "o", "--rules", "nosuch.toml"], f"nosuch.toml: No such file or directory{NO_RULES}"),
    (["clean", "in", "--out", "o", "--rules", "in"], "in: no rule packs in this folder; expected files named *.toml"),
    (
        ["clean", "in", "--out", "o", "--index", "nosuch.idx"],
        "nosuch.idx: No such file or directory; expected an index made by `cleaner learn`",
    ),
    (["clean", "in", "--out", "o", "--index", "in"], "in: Is a directory; expected an index made by `cleaner learn`"),
    (["learn", "--out", "x.idx"], "learn: nothing to learn from; expected INPUT or --add FILE"),
    (["learn", "in", "--out", "file.txt"], "file.txt: not an index; expected an index, or nothing there"),
    (["learn", "in", "--out", "in"], "in: not an index; expected an index, or nothing there"),
    (["learn", "in/a.txt", "--out", "in/a.txt"], "in/a.txt: is an input; expected another file"),
    (["learn", "in", "--out", "file.txt/x.idx"], "file.txt/x.idx: File exists; expected a place to write to"),
    (["explain", "nosuch.txt"], "nosuch.txt: No such file or directory; expected a readable file"),
    (["explain", "in"], "in: Is a directory; expected a readable file"),
    (["explain", "in/a.txt:9999"], "in/a.txt: has 133 characters; expected an offset below that, got 9999"),
    (["explain", "x.jsonl"], "x.jsonl: a file of many documents; expected --id with that of one of them"),
    (
        ["explain", "x.jsonl", "--id", "7"],
        "x.jsonl: no document '7'; expected an id of the report of cleaner clean, with the same --id-field",
    ),
    (["explain", "nosuch.jsonl", "--id", "7"], "nosuch.jsonl: No such file or directory; expected a readable file"),
    (["explain", "in/a.txt", "--id", "7"], "in/a.txt: --id 7: a file of one document; expected no --id"),
    (
        ["check", "in", "--golden", "in"],
        "in: the output would lie in the input folder in; expected a folder outside of it",
    ),
    (
        ["restore", "nosuch", "--out", "o"],
        "nosuch/summary.json: No such file or directory; expected that of cleaner clean",
    ),
    (["restore", "in", "--out", "o"], "in/summary.json: No such file or directory; expected that of cleaner clean"),
    (["rules", "test", "--rules", "nosuch"], f"nosuch: No such file or directory{NO_RULES}"),
    (
        ["clean", "n" * 300, "--out", "o"],
        f"no such file or folder: {'n' * 300}; expected a file, a folder, a glob, or - for standard input",
    ),
    (
        ["clean", "in", "--out", "n" * 300],
        f"{'n' * 300}: File name too long; expected files that can be read and written",
    ),
    (
        ["clean", "x.jsonl", "--out", "o"],
        "--text-field text: no line has it; expected one of 'url', 'body'",
    ),
    (
        ["learn", "x.jsonl", "--text-field", "txt", "--out", "o"],
        "--text-field txt: no line has it; expected one of 'url', 'body'",
    ),
    (
        ["clean", "earlier", "--out", "o"],
        f"earlier/report.jsonl: {A_REPORT} earlier",
    ),
    (["learn", "earlier/report.jsonl", "--out", "o"], f"earlier/report.jsonl: {A_REPORT} earlier"),
    (["learn", "--add", "x.idx", "x.idx", "--out", "o"], f"x.idx: {AN_INDEX}"),
    (["clean", "in", "x.idx", "--out", "o"], f"x.idx: {AN_INDEX}"),
    (["clean", "in", "--jobs", "0", "--out", "o"], "--jobs 0: no number of processes; expected 1 or more"),
    (["clean", "in", "--memory", "3", "--out", "o"], "memory of 3 bytes for a process; expected at least 270 MB"),
    (["learn", "in", "--memory", "much", "--out", "o"], "memory 'much': no size; expected such as 700MB or 2GB"),
    (
        ["rules", "show", "related/you-may-also-lik"],
        (
            "rules show: no rule 'related/you-may-also-lik'; expected one that `cleaner rules list` names, such as"
            " related/you-may-also-like"
        ),
    ),
    (["rules", "show", "x"], "rules show: no rule 'x'; expected one that `cleaner rules list` names"),
    (["explain", "n" * 300], f"{'n' * 300}: File name too long; expected a readable file"),
]


@pytest.mark.parametrize(
    ("args", "line"), ARGUMENTS, ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else ""
)
def test_wrong_arguments(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], line: str
) -> None:
    """One line, exit status 2, and not one file written or changed."""
    plant(tmp_path, {"in/a.txt": BODY + TRAILER, "foreign/a.txt": "mine", "file.txt": "mine"})
    plant(tmp_path, {"x.jsonl": '{"url": "u", "body": "B.", "n": 1}\n', "x.idx": dumps(learn(CORPUS))})
    plant(tmp_path, {f"earlier/{name}": data for name, data in EARLIER.items()})
    (tmp_path / "link").symlink_to("in")
    monkeypatch.chdir(tmp_path)
    before = tree(tmp_path)
    ran = run(*args)
    assert (ran.code, ran.err, ran.out) == (2, f"cleaner: {line}\n", b"")
    assert tree(tmp_path) == before


def test_force_writes_over_foreign_files(run: Command, tmp_path: Path) -> None:
    """Only when it is said, and only those in the way."""
    corpus = plant(tmp_path, {"in/a.txt": BODY + TRAILER, "out/a.txt": "mine", "out/b.txt": "mine"})
    assert run("clean", corpus / "in", "--out", corpus / "out", "--force").code == 0
    assert tree(corpus / "out")["a.txt"] == BODY.encode()
    assert tree(corpus / "out")["b.txt"] == b"mine"


PACKS = [
    ("[[rule]\n", r"mine\.toml: not TOML in UTF-8: .+; expected \[\[rule\]\] tables"),
    (b"\xff", r"mine\.toml: not TOML in UTF-8: .+; expected \[\[rule\]\] tables"),
    (
        RULE + 'phrases = ["Join us"]\ncolour = "red"\n',
        r"mine\.toml: rule 'r': colour: unknown field; expected one of .+",
    ),
    (RULE, r"mine\.toml: rule 'r': pattern: both or neither of pattern and phrases given; expected one of the two"),
    (
        RULE + 'pattern = "("\nkeywords = ["join"]\n',
        r"mine\.toml: rule 'r': pattern: does not compile \(.+\); expected .+",
    ),
    ('disable = ["nosuch/*"]', r"mine\.toml: disable: 'nosuch/\*' hits no rule; expected an earlier 'pack/id'"),
]


@pytest.mark.parametrize(("pack", "line"), PACKS, ids=["TOML", "UTF-8", "field", "what", "pattern", "disable"])
def test_a_broken_rule_file(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: str | bytes, line: str
) -> None:
    """File, rule and field are named, before anything is written."""
    plant(tmp_path, {"in/a.txt": BODY, "mine.toml": pack})
    monkeypatch.chdir(tmp_path)
    for args in (["clean", "in", "--out", "out"], ["explain", "in/a.txt"], ["rules", "list"], ["rules", "test"]):
        ran = run(*args, "--rules", "mine.toml")
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, b"", 1)
        assert re.fullmatch(line, ran.words[0])
    assert not (tmp_path / "out").exists()


def test_a_catastrophic_pattern_is_stopped(run: Command, tmp_path: Path) -> None:
    """Its document fails after the time-out; those that it does not look at are done."""
    pack = RULE + "pattern = '''^(?:a|a|aa)+$'''\nkeywords = [\"aaa\"]\n"
    plant(tmp_path, {"in/a.txt": BODY + TRAILER, "in/slow.txt": f"{OTHER}{SLOW}\n", "mine.toml": pack})
    ran = run("clean", tmp_path / "in", "--out", tmp_path / "out", "--rules", tmp_path / "mine.toml")
    assert (ran.code, ran.words) == (
        3,
        [
            (
                "slow.txt: rule 'mine/r': pattern ran longer than 0.5 s on a block of 201 characters; "
                "expected bounded repetition"
            ),
            "1 document failed, 0 were held back",
        ],
    )
    assert (tmp_path / "out/a.txt").read_bytes() == BODY.encode()
    assert not (tmp_path / "out/slow.txt").exists()


CORPUS = [Document("a", BODY + TRAILER, "g"), Document("b", OTHER + TRAILER)]


def other_settings(data: bytes, monkeypatch: pytest.MonkeyPatch, **settings: object) -> bytes:
    with monkeypatch.context() as patch:
        patch.setattr(saving, "SETTINGS", saving.SETTINGS | settings)
        return dumps(saving.loads(data) if not settings else learn(CORPUS))


def test_a_foreign_or_damaged_index(run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong with it, the file is named, and nothing is written."""
    data = dumps(learn(CORPUS))
    foreign = "x.idx: not an index, or damaged; expected a file made by `cleaner learn`"
    damaged = "x.idx: damaged: its checksum differs; expected it as `cleaner learn` wrote it"
    cases = [
        (b"", foreign),
        (b"# Notes\n", foreign),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), foreign),
        (data[: len(data) // 2], foreign),
        (data[:-1], foreign),
        (data + b"\0", foreign),
        (data[:-1] + bytes([data[-1] ^ 1]), damaged),
        (data.replace(b'"lines.keys"', b'"lines.keyz"'), damaged),
        (other_settings(data, monkeypatch, normaliser=99), "x.idx: made with normaliser 99; expected 1: learn it anew"),
        (other_settings(data, monkeypatch, format=0), "x.idx: made with format 0; expected 4: learn it anew"),
    ]
    plant(tmp_path, {"in/a.txt": BODY})
    monkeypatch.chdir(tmp_path)
    for content, line in cases:
        plant(tmp_path, {"x.idx": content})
        for args in (
            ["clean", "in", "--out", "o", "--index"],
            ["explain", "in/a.txt", "--index"],
            ["learn", "--out", "o", "--add"],
        ):
            ran = run(*args, "x.idx")
            assert (ran.code, ran.out, ran.err) == (2, b"", f"cleaner: {line}\n")
        assert tree(tmp_path).keys() == {"in/a.txt", "x.idx"}


def test_no_flipped_bit_and_no_cut_makes_another_index() -> None:
    """No damage gets through as another index, and none as another error."""
    data = dumps(learn(CORPUS))
    index = saving.loads(data)
    for at in range(len(data)):
        flipped = data[:at] + bytes([data[at] ^ (1 << at % 8)]) + data[at + 1 :]
        for damaged in (flipped, data[:at]):
            try:
                assert saving.loads(damaged, "x.idx") == index
            except IndexFormatError as error:
                assert str(error).startswith("x.idx: ")  # noqa: PT017


@pytest.mark.parametrize(
    ("args", "wrong"),
    [
        (["clean"], "clean: Missing argument"),
        (["clean", "in", "--nope"], "clean: No such option"),
        (["clean", "in", "--jobs", "x"], "clean: Invalid value"),
        (["tidy"], "No such command"),
        (["rules", "show"], "rules show: Missing argument"),
    ],
    ids=["argument", "option", "value", "command", "subcommand"],
)
def test_usage_errors_are_one_line(process: Command, args: list[str], wrong: str) -> None:
    """That says which help to read."""
    ran = process(*args)
    assert ran.code == 2
    assert ran.out == b""
    assert ran.err.startswith(f"cleaner: {wrong}")
    assert ran.err.endswith(" --help` says\n")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["claen", "in"], "No such command 'claen'; expected 'clean'.*, or usage as `cleaner --help` says"),
        (
            ["clean", "in", "--dry-runn"],
            "clean: No such option.* '?--dry-runn'?; expected '?--dry-run'?, or usage as `cleaner clean --help` says",
        ),
        (
            ["rules", "shw"],
            "rules: No such command 'shw'; expected 'show', or usage as `cleaner rules --help` says",
        ),
    ],
    ids=["command", "option", "subcommand"],
)
def test_what_is_mistyped_has_its_nearest_named(process: Command, args: list[str], line: str) -> None:
    """Commands, theirs, and options; versions of typer differ in quotes, and in how many they name."""
    [said] = process(*args).words
    assert re.fullmatch(line, said)


def test_lines_without_the_text_field_fail_alone(run: Command, tmp_path: Path) -> None:
    """When any that is looked at has it, or any other document is there."""
    files = {"x.jsonl": '{"body": "B."}\n{"text": 3}\n', "y.jsonl": '{"body": "B."}\n', "z.jsonl": "no\n"}
    corpus = plant(tmp_path / "in", files)
    for inputs, failed in ((["x.jsonl"], 2), (["x.jsonl", "y.jsonl"], 3), (["z.jsonl"], 1)):
        ran = run("clean", *(corpus / name for name in inputs), "--dry-run")
        assert (ran.code, ran.words[-1].split()[0]) == (3, str(failed))
    plant(corpus, {"a.txt": BODY})
    assert run("clean", corpus / "a.txt", corpus / "y.jsonl", "--dry-run").code == 3


@pytest.mark.parametrize("many", [3000, 1])
def test_lines_further_on_may_have_the_text_field(run: Command, tmp_path: Path, many: int) -> None:
    """A file that is not looked at to its end is cleaned, and its other lines fail; one that is damaged is for the report, too."""
    text = json.dumps({"text": BODY + TRAILER}) + "\n"
    path = plant(tmp_path, {"x.jsonl": many * '{"body": "Another body."}\n' + text}) / "x.jsonl"
    ran = run("clean", path, "--out", tmp_path / "out")
    assert (ran.code, ran.words[-1].split()[0]) == (3, str(many))
    assert json.loads((tmp_path / "out/x.jsonl").read_text(encoding="utf-8").splitlines()[-1]) == {"text": BODY}
    damaged = tmp_path / "y.jsonl.gz"
    damaged.write_bytes(gzip.compress(b'{"body": "B."}\n' * 10)[:-12])
    assert run("clean", damaged, "--dry-run").code == 3
