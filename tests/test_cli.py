"""The command, from its arguments to its files, its words and its exit status."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer.main

from cleaner import __version__
from cleaner.cli import app
from cleaner.console import Stopped
from cleaner.output import Output
from cleaner.policy import POLICIES, Preset
from cleaner.render import one_line
from cleaner.report import schema
from cleaner.sources import find_sources
from tests.conftest import BODY, OTHER, ROOT, SEEDS, THIRD, TRAILER, Command, plant, tree

PAGES = {"a.txt": BODY + TRAILER, "news/b.md": OTHER + TRAILER, "news/deep/c.TXT": THIRD, "skipped.log": "1,2\n"}
BODIES = {"a.txt": BODY, "news/b.md": OTHER, "news/deep/c.TXT": THIRD}

LINES = [
    {"url": "u/1", "site": "bees.org", "body": OTHER + TRAILER, "n": 1.5, "tags": ["ü", None]},
    {"url": 7, "site": "port.org", "body": BODY + TRAILER},
    {"url": "u/3", "site": None, "body": THIRD},
]
"""Records of a JSONL file with fields of its own names."""

CLEANED = [LINES[0] | {"body": OTHER}, LINES[1] | {"body": BODY}, LINES[2]]

STORIES = [
    {"text": f"{subject} {verb} where nobody looks.\n{TRAILER}"}
    for subject, verb in [
        ("A heron in the harbour", "sleeps"),
        ("The mayor of Grenoble", "hides his bicycle"),
        ("Old snow", "turns to ice"),
        ("My neighbour's cat", "hunts"),
        ("Every third lamp", "is broken"),
        ("A letter from Lima", "was lost"),
    ]
]

FIELDS = ("--id-field", "url", "--text-field", "body", "--group-field", "site")


def jsonl(*values: Any) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "report.jsonl").read_bytes().split(b"\n") if line]


def bodies(out: Path) -> dict[str, str]:
    """Return the files of an output folder but report and summary, as text."""
    return {name: data.decode() for name, data in tree(out).items() if name not in ("report.jsonl", "summary.json")}


def test_a_folder_is_cleaned_into_a_folder(process: Command, tmp_path: Path) -> None:
    """Bodies under the inputs' names, and what is of another kind is passed over and counted."""
    ran = process("clean", plant(tmp_path / "in", PAGES), "--out", tmp_path / "out")
    assert (ran.code, ran.out, ran.words) == (
        0,
        b"",
        ["1 file of other kinds ('.log') skipped; one that is named is read as text"],
    )
    assert bodies(tmp_path / "out") == BODIES
    assert [(row["id"], row["group"], row["status"]) for row in rows(tmp_path / "out")] == [
        ("a.txt", "", "cleaned"),
        ("news/b.md", "news", "cleaned"),
        ("news/deep/c.TXT", "news/deep", "unchanged"),
    ]
    assert re.search(r"documents +3: 2 cleaned, 1 unchanged, 0 held, 0 failed", ran.err)
    assert "related/you-may-also-like" in ran.err


@pytest.mark.parametrize(
    ("inputs", "names"),
    [
        (["a.txt"], {"a.txt"}),
        (["news/b.md", "a.txt"], {"a.txt", "b.md"}),
        (["*.txt"], {"a.txt"}),
        (["**/*.[mt]*"], {"a.txt", "news/b.md"}),
        (["news", "a.txt"], {"a.txt", "b.md", "deep/c.TXT"}),
    ],
    ids=["file", "files", "glob", "deep glob", "folder and file"],
)
def test_inputs(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inputs: list[str], names: set[str]
) -> None:
    """Files, folders and globs; names are relative to what was named."""
    monkeypatch.chdir(plant(tmp_path / "in", PAGES))
    assert run("clean", *inputs, "--out", tmp_path / "out").code == 0
    assert bodies(tmp_path / "out").keys() == names
    assert [row["source"] for row in rows(tmp_path / "out")] == [row["id"] for row in rows(tmp_path / "out")]


def test_jsonl_keeps_every_other_byte(process: Command, tmp_path: Path) -> None:
    """Only the text's literal changes: order, spacing, escapes and numbers of the others stay."""
    before = '{ "n" : 1.50,"body":%s , "tags":["\\u00fc", null],"url":"u/1"}\r\n\n{"url":7,"body":%s,"x":{"body":"Read more"}}'
    texts = OTHER + TRAILER, BODY
    line = before % (json.dumps(texts[0]), json.dumps(texts[1]))
    corpus = plant(tmp_path / "in", {"x.jsonl": line}) / "x.jsonl"
    assert process("clean", corpus, "--out", tmp_path / "out", "--id-field", "url", "--text-field", "body").code == 0
    assert bodies(tmp_path / "out") == {"x.jsonl": before % (json.dumps(OTHER), json.dumps(BODY))}
    assert [(row["id"], row["source"]) for row in rows(tmp_path / "out")] == [("u/1", "x.jsonl"), ("7", "x.jsonl")]


def test_jsonl_fields(run: Command, tmp_path: Path) -> None:
    """Id, text and group come from the fields that were named; without a name the id is source and line."""
    corpus = plant(tmp_path, {"x.jsonl": jsonl(*LINES), "y.jsonl": jsonl({"text": BODY + TRAILER})})
    assert run("clean", corpus / "x.jsonl", "--out", tmp_path / "x", *FIELDS).code == 0
    assert [(row["id"], row["group"]) for row in rows(tmp_path / "x")] == [
        ("u/1", "bees.org"),
        ("7", "port.org"),
        ("u/3", ""),
    ]
    written = [json.loads(line) for line in bodies(tmp_path / "x")["x.jsonl"].splitlines()]
    assert written == CLEANED
    assert [list(value) for value in written] == [list(value) for value in LINES]
    assert run("clean", corpus / "y.jsonl", "--out", tmp_path / "y").code == 0
    assert [(row["id"], row["chars_out"]) for row in rows(tmp_path / "y")] == [("y.jsonl:1", len(BODY))]


def test_standard_input_text(process: Command) -> None:
    """The body and nothing else goes to standard output, words to standard error."""
    ran = process("clean", "-", stdin=("\ufeff" + (BODY + TRAILER).replace("\n", "\r\n")).encode())
    assert (ran.code, ran.out) == (0, ("\ufeff" + BODY.replace("\n", "\r\n")).encode())
    assert "1 cleaned" in ran.err


def test_standard_input_jsonl(process: Command) -> None:
    """With --format jsonl a line is a document, in and out."""
    ran = process("clean", "-", "--format", "jsonl", *FIELDS, stdin=jsonl(*LINES))
    assert ran.code == 0
    assert ran.out == jsonl(*CLEANED)
    assert "2 cleaned, 1 unchanged" in ran.err


def test_standard_input_to_a_folder(run: Command, tmp_path: Path) -> None:
    """With --out, standard input is a source like others, beside others."""
    corpus = plant(tmp_path / "in", {"a.txt": OTHER + TRAILER})
    ran = run("clean", "-", corpus, "--out", tmp_path / "out", stdin=(BODY + TRAILER).encode())
    assert (ran.code, ran.out) == (0, b"")
    assert bodies(tmp_path / "out") == {"stdin.txt": BODY, "a.txt": OTHER}


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    """`cleaner explain ... | head -1` ends without a word."""
    long = plant(tmp_path, {"long.txt": "A line.\n" * 30_000}) / "long.txt"
    with subprocess.Popen(
        [sys.executable, "-m", "cleaner", "explain", str(long)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""


@pytest.mark.parametrize("policy", POLICIES)
def test_the_policy_is_in_the_summary(run: Command, tmp_path: Path, policy: Preset) -> None:
    """And decides: scores of the same block are less the policy's threshold."""
    corpus = plant(tmp_path / "in", PAGES)
    assert run("clean", corpus, "--policy", policy, "--out", tmp_path / "out").code == 0
    summary = json.loads((tmp_path / "out/summary.json").read_bytes())
    assert summary["policy"] == asdict(POLICIES[policy])
    shown = run("explain", corpus / "a.txt", "--policy", policy).out.decode().split("\n")[1]
    plain = run("explain", corpus / "a.txt").out.decode().split("\n")[1]
    assert float(shown.split()[0]) == pytest.approx(float(plain.split()[0]) - POLICIES[policy].threshold, abs=0.11)
    assert run("check", corpus, "--golden", tmp_path / "golden", "--policy", policy, "--update").code == 0


def test_dry_run_writes_nothing(run: Command, tmp_path: Path) -> None:
    """The summary is all there is."""
    corpus = plant(tmp_path / "in", PAGES)
    before = tree(tmp_path)
    for args in ([], ["--out", tmp_path / "out"]):
        ran = run("clean", corpus, "--dry-run", *args)
        assert (ran.code, ran.out, tree(tmp_path)) == (0, b"", before)
        assert "2 cleaned" in ran.err
    assert not (tmp_path / "out").exists()
    ran = run("clean", "-", "--dry-run", stdin=(BODY + TRAILER).encode())
    assert (ran.code, ran.out) == (0, b"")


def test_a_dry_run_shows_the_riskiest_cuts(run: Command, process: Command, tmp_path: Path) -> None:
    """Ten of them, by score, id and place, the same in any order of files and for any number of workers; plain in a pipe."""
    files = {f"{at:02}.txt": f"{story['text']}{'More of it' * (at % 4)}\n" for at, story in enumerate(STORIES)}
    files |= {f"\x1b[31m{at}.txt": f"Advertisement\n{text}" for at, text in enumerate((BODY, OTHER, THIRD))}
    corpus = plant(tmp_path / "in", files | {"z.txt": f"Advertisement\n{files['00.txt'][::-1]}\n{files['01.txt']}"})
    assert run("clean", corpus, "--out", tmp_path / "out").code == 0
    spans = [(span["score"], row["id"], span) for row in rows(tmp_path / "out") for span in row["spans"]]
    expected = [
        f"{score:.3f} {span['kind']} {one_line(name)}[{span['start']}:{span['end']}]"
        for score, name, span in sorted(spans, key=lambda one: (*one[:2], one[2]["start"]))
    ]
    assert len(expected) > 10
    names = sorted(corpus.iterdir())
    shown = [
        run("clean", corpus, "--dry-run"),
        run("clean", *reversed(names), "--dry-run"),
        process("clean", *names, "--dry-run", "--jobs", 2),
    ]
    for ran in shown:
        assert (ran.code, ran.out) == (0, b"")
        assert "\x1b" not in ran.err
        cuts = [re.sub(" +", " ", line) for line in ran.err.partition("riskiest cuts")[2].splitlines()]
        assert [cut.partition(",")[0] for cut in cuts if re.match(r"0\.\d", cut)] == expected[:10]
        assert {cut[:4] for cut in cuts[3:22:2]} == {" You", " Adv"}
    assert run("clean", plant(tmp_path / "none", {"a.txt": BODY}), "--dry-run").err.count("riskiest") == 0


def test_an_index_knows_what_a_document_alone_does_not(run: Command, tmp_path: Path) -> None:
    """What a corpus repeats is cut from a new document by its index; alone, nothing speaks against it."""
    box = "\nGet our daily briefing on rivers\n\nTen stories that everyone reads today\n\nWhy bridges fall in spring\n"
    corpus = plant(tmp_path / "in", {f"{n}.txt": f"{n} {BODY}{n} {OTHER}{box}" for n in range(4)})
    new = (
        plant(tmp_path, {"new.txt": "Nobody knows how many lamps the old lighthouse has burnt through.\n" + box})
        / "new.txt"
    )
    none = plant(tmp_path, {"none.toml": 'disable = ["*"]\n'}) / "none.toml"
    assert run("learn", corpus, "--out", tmp_path / "site.idx").code == 0
    assert run("clean", new, "--rules", none, "--out", tmp_path / "alone").code == 0
    assert run("clean", new, "--rules", none, "--index", tmp_path / "site.idx", "--out", tmp_path / "known").code == 0
    assert bodies(tmp_path / "alone") == {"new.txt": new.read_text(encoding="utf-8")}
    assert bodies(tmp_path / "known") == {"new.txt": new.read_text(encoding="utf-8").removesuffix(box)}
    [row] = rows(tmp_path / "known")
    assert [reason["documents"] for reason in row["spans"][0]["reasons"]][:1] == [5]
    assert json.loads((tmp_path / "known/summary.json").read_bytes())["versions"]["index"]["documents"] == 4


def test_workers_reruns_and_hash_seeds_change_nothing(process: Command, tmp_path: Path) -> None:
    """One process or two, first or second run, any hash seed: the same folder, byte for byte."""
    corpus = plant(tmp_path / "in", PAGES | {"x.jsonl": jsonl(*STORIES)})
    shutil.copytree(SEEDS, corpus / "seeds")
    assert process("clean", corpus, "--out", tmp_path / "1", "--jobs", 1, env={"PYTHONHASHSEED": "1"}).code == 0
    first = tree(tmp_path / "1")
    assert process("clean", corpus, "--out", tmp_path / "2", "--jobs", 2, env={"PYTHONHASHSEED": "2"}).code == 0
    assert tree(tmp_path / "2") == first
    assert process("clean", corpus, "--out", tmp_path / "1", env={"PYTHONHASHSEED": "3"}).code == 0
    assert tree(tmp_path / "1") == first
    assert len(first) == 8


def test_the_order_of_files_changes_only_the_order_of_records(run: Command, tmp_path: Path) -> None:
    """Records come in the order of the input; what they say, and the bodies, stay."""
    files = [
        SEEDS / "000_6ac200c3676267cd.txt",
        SEEDS / "001_169203d157c774fe.txt",
        plant(tmp_path, {"a.txt": BODY}) / "a.txt",
    ]
    assert run("clean", *files, "--out", tmp_path / "1").code == 0
    assert run("clean", *reversed(files), "--out", tmp_path / "2").code == 0
    one, other = tree(tmp_path / "1"), tree(tmp_path / "2")
    assert one.pop("report.jsonl").splitlines() == other.pop("report.jsonl").splitlines()[::-1]
    assert one == other


def test_report_and_summary(run: Command, tmp_path: Path) -> None:
    """Each record fits the schema; the characters add up; spans and bodies are the text."""
    corpus = plant(tmp_path / "in", PAGES | {"bad.txt": b"\xff", "x.jsonl": jsonl(*STORIES)})
    shutil.copytree(SEEDS, corpus / "seeds")
    assert run("clean", corpus, "--out", tmp_path / "out").code == 3
    summary = json.loads((tmp_path / "out/summary.json").read_bytes())
    found = rows(tmp_path / "out")
    for row in found:
        jsonschema.validate(row, schema())
        assert row["chars_in"] - row["chars_out"] == sum(len(span["text"]) for span in row["spans"])
        if row["source"].endswith(".txt") and row["status"] != "failed":
            text = (corpus / row["source"]).read_bytes().decode()
            assert [text[span["start"] : span["end"]] for span in row["spans"]] == [
                span["text"] for span in row["spans"]
            ]
    characters = summary["characters"]
    assert characters["in"] == characters["kept"] + characters["removed"] == sum(row["chars_in"] for row in found)
    assert characters["kept"] == sum(row["chars_out"] for row in found)
    assert summary["documents"] == {"total": 12, "cleaned": 10, "unchanged": 1, "held": 0, "failed": 1, "duplicates": 0}
    assert summary["versions"].keys() == {
        *("cleaner", "rules", "weights", "normaliser", "index", "trafilatura", "lxml", "selectolax"),
    }


def test_learning_in_parts_is_learning_at_once(run: Command, tmp_path: Path) -> None:
    """Indexes of parts, merged in any order, are the index of the whole, byte for byte."""
    corpus = plant(tmp_path / "in", PAGES)
    shutil.copytree(SEEDS, corpus / "seeds")
    plant(tmp_path, {"x.jsonl": jsonl(*LINES)})
    whole = [*FIELDS, corpus, tmp_path / "x.jsonl"]
    said = run("learn", *whole, "--out", tmp_path / "whole.idx").words[-1]
    assert re.fullmatch(re.escape(f"{tmp_path}/whole.idx") + r": 8 documents, \d+ lines", said)
    assert run("learn", tmp_path / "x.jsonl", *FIELDS, "--out", tmp_path / "1.idx").code == 0
    assert run("learn", corpus, "--out", tmp_path / "2.idx").code == 0
    assert (
        run("learn", "--add", tmp_path / "1.idx", "--add", tmp_path / "2.idx", "--out", tmp_path / "12.idx").code == 0
    )
    assert run("learn", corpus, "--add", tmp_path / "1.idx", "--out", tmp_path / "21.idx").code == 0
    parts = [(tmp_path / name).read_bytes() for name in ("whole.idx", "12.idx", "21.idx")]
    assert parts == [parts[0]] * 3
    assert (tmp_path / "1.idx").read_bytes() != parts[0]
    assert run("learn", corpus, "--out", tmp_path / "1.idx").code == 0, "an index may be written over"
    assert (tmp_path / "1.idx").read_bytes() == (tmp_path / "2.idx").read_bytes()


def test_two_processes_learn_the_same(process: Command, tmp_path: Path) -> None:
    """The index does not tell how many had a share in it."""
    for jobs in (1, 2):
        assert process("learn", SEEDS, "--jobs", jobs, "--out", tmp_path / f"{jobs}.idx").code == 0
    assert (tmp_path / "1.idx").read_bytes() == (tmp_path / "2.idx").read_bytes()


def test_explain(run: Command, tmp_path: Path) -> None:
    """Every block is shown, cut or kept, with its evidence; with an offset, the one that holds it."""
    page = plant(tmp_path, {"page.txt": BODY + TRAILER}) / "page.txt"
    lines = run("explain", page).out.decode().splitlines()
    assert lines[0] == f"page.txt: cleaned, {len(BODY + TRAILER)} characters, {len(BODY)} kept"
    assert [line[0] for line in lines[1:] if "[" in line[:12]] == [" ", "-", "-", "-"]
    assert "          rule related/you-may-also-like: opens a trailer or box" in lines
    offset = (BODY + TRAILER).index("bridges")
    one = run("explain", f"{page}:{offset}").out.decode().splitlines()
    assert one[0].startswith(f"character {offset} was cut: it is in the trailer [{len(BODY)}, {len(BODY + TRAILER)}), ")
    assert [line.partition(") ")[2] for line in one[2:3]] == ["Why bridges hum"]
    assert set(one[1:]) < set(lines)


def test_explain_agrees_with_clean_on_a_group(run: Command, tmp_path: Path) -> None:
    """A rule for a site needs the group that the report names."""
    rule = """[[rule]]
id = "plug"
why = "A plug."
effect = "cut"
phrases = ["Join our supper club"]
langs = ["en"]
sites = ["*.example.com"]
match = ["Join our supper club"]
spare = ["Join us."]
"""
    files = plant(tmp_path / "in", {"www.example.com/a.txt": BODY + "Join our supper club\n"})
    pack = plant(tmp_path, {"mine.toml": rule}) / "mine.toml"
    assert run("clean", files, "--rules", pack, "--out", tmp_path / "out").code == 0
    assert (tmp_path / "out/www.example.com/a.txt").read_bytes().decode() == BODY
    page = files / "www.example.com/a.txt"
    assert "a.txt: unchanged" in run("explain", page, "--rules", pack).out.decode()
    assert "a.txt: cleaned" in run("explain", page, "--rules", pack, "--group", "www.example.com").out.decode()


@pytest.mark.parametrize("html", [False, True])
def test_explain_a_document_of_many(run: Command, tmp_path: Path, *, html: bool) -> None:
    """As `clean` decides on it, that learns from the same file: in its group, by its id, and of a page its text."""
    rows = [
        {"key": number, "site": "s", "body": "".join(f"<p>{line}</p>" for line in text.split("\n")) if html else text}
        for number, text in enumerate(f"Article {at}. {BODY}{TRAILER}" for at in range(3))
    ]
    path = plant(tmp_path, {"x.jsonl": jsonl(*rows) + b"no\n"}) / "x.jsonl"
    named = ["--id-field", "key", "--text-field", "body", "--group-field", "site"] + ["--format", "html"] * html
    assert run("clean", path, "--out", tmp_path / "out", *named).code == 3
    record = json.loads((tmp_path / "out/report.jsonl").read_bytes().split(b"\n")[1])
    [span] = record["spans"]
    head = run("explain", path, "--id", "1", *named).out.decode().split("\n")[0]
    assert head == f"1: cleaned, {record['chars_in']} characters, {record['chars_out']} kept"
    at = run("explain", f"{path}:{span['end'] - 2}", "--id", "1", *named).out.decode().split("\n")
    assert f"[{span['start']}, {span['end']}), certain to {span['score']}, because" in at[0]
    failed = run("explain", path, "--id", "x.jsonl:4", *named)
    assert (failed.code, failed.words[0].split(";")[0][:21]) == (2, "x.jsonl:4: not JSON a")


def test_explain_with_an_index_names_the_partners(run: Command, tmp_path: Path) -> None:
    """Repetition is shown with the documents that hold the same, and where."""
    assert run("learn", SEEDS, "--out", tmp_path / "seeds.idx").code == 0
    shown = run("explain", SEEDS / "000_6ac200c3676267cd.txt", "--index", tmp_path / "seeds.idx").out.decode()
    assert re.search(r"in 2 documents, word for word: 001_169203d157c774fe\.txt\[\d+:\d+\]", shown)


ODD = {
    "crlf.txt": "\ufeff" + (BODY + TRAILER).replace("\n", "\r\n"),
    "a/none.md": "",
    "a/tabs.txt": "\t \u2028" + OTHER + TRAILER + "\f\x85 ",
    "b/odd.jsonl": (
        '\ufeff{"text":"Bees\\u0020dance \\/ \\ud83d\\udc1d.\\n\\nYou may also like\\n\\nWhy bees \\"hum\\"\\n"  }\r\n'
        '\n  \n{"é":1, "text": "Une r\\u00e9ponse.\\nRead more: \u2028 x"}\n'
        '{"text":"caf\\u00e9 é\\nYou may also like\\nOne","text":"Last counts.\\n\\nYou may also like\\n\\nTwo\\t\\n"}'
    ),
}
"""Texts and JSON that software likes to tidy up."""


def test_restore_gives_back_every_byte(process: Command, tmp_path: Path) -> None:
    """Text and JSONL, with CRLF, byte order marks, odd spaces, spacing and escapes."""
    corpus = plant(tmp_path / "in", ODD)
    shutil.copytree(SEEDS, corpus / "seeds")
    assert process("clean", corpus, "--out", tmp_path / "out").code == 0
    assert sum(bool(row["spans"]) for row in rows(tmp_path / "out")) == 6
    ran = process("restore", tmp_path / "out", "--out", tmp_path / "back")
    assert (ran.code, ran.words) == (0, [f"{tmp_path}/back: 8 documents restored"])
    assert tree(tmp_path / "back") == tree(corpus)


def test_restore_says_what_is_not_back(run: Command, tmp_path: Path) -> None:
    """A changed body and a failed document are named; the others are restored; the exit status says so."""
    corpus = plant(tmp_path / "in", {"a.txt": BODY + TRAILER, "b.txt": OTHER, "c.txt": b"\xff"})
    assert run("clean", corpus, "--out", tmp_path / "out").code == 3
    plant(tmp_path / "out", {"a.txt": "Another body.\n"})
    ran = run("restore", tmp_path / "out", "--out", tmp_path / "back")
    assert (ran.code, len(ran.words), tree(tmp_path / "back")) == (3, 3, {"b.txt": OTHER.encode()})


def test_rules_list_and_show(run: Command, tmp_path: Path) -> None:
    """Every rule is listed; one is shown with its reasons and examples; user packs are among them."""
    mine = plant(
        tmp_path,
        {
            "mine.toml": '[[rule]]\nid = "supper-club"\nwhy = "A plug."\neffect = "cut"\nphrases = ["Join our supper club"]\n'
            'langs = ["en"]\nmatch = ["JOIN OUR SUPPER CLUB"]\nspare = ["She said: join our supper club."]\n'
        },
    )
    listed = run("rules", "list", "--rules", mine / "mine.toml").out.decode().splitlines()
    assert listed[-1].split() == ["mine/supper-club", "cut", "en"]
    assert [line.split() for line in listed if "you-may-also-like" in line] == [
        ["related/you-may-also-like", "open", "en"]
    ]
    shown = run("rules", "show", "mine/supper-club", "--rules", mine / "mine.toml").out.decode().splitlines()
    assert {"why       A plug.", "match     JOIN OUR SUPPER CLUB", "spare     She said: join our supper club."} < set(
        shown
    )
    ran = run("rules", "show", "nothing")
    assert (ran.code, ran.words) == (2, ["rules show: no rule 'nothing'; expected one that `cleaner rules list` names"])


def test_no_pattern_has_a_terminal_do_anything(run: Command, tmp_path: Path) -> None:
    """It is shown line by line as it is, but for what a terminal would obey, where it is listed and where it is reviewed."""
    rule = (
        'id = "r"\nwhy = "W."\neffect = "cut"\npattern = """(?x) ^join \\u001b]0;gone\\u0007\n\\\\ us\\\\b \\u202e\n\\u0085"""\n'
        'keywords = ["join"]\nlangs = ["en"]\nmatch = ["Join us"]\nspare = ["Leave us"]\n'
    )
    shown = "pattern   (?x) ^join \\x1b]0;gone\\x07\n\\ us\\b \\u202e\n\\x85\n"
    mine = plant(tmp_path, {"mine.toml": f"[[rule]]\n{rule}", "draft.toml": f"[[rule]]\nproposed = true\n{rule}"})
    for ran in (run("rules", "show", "mine/r", "--rules", mine / "mine.toml"), run("review", mine / "draft.toml")):
        assert shown in ran.out.decode()
        assert not {"\x1b", "\x07", "\u202e", "\x85"} & set(ran.out.decode())


def test_rules_test(run: Command, tmp_path: Path) -> None:
    """The shipped packs pass; a rule that misses its example, or hits its spare, does not."""
    rule = (
        '[[rule]]\nid = "r"\nwhy = "W."\neffect = "cut"\nphrases = ["Join us"]\nlangs = ["en"]\n'
        'match = ["Leave us"]\nspare = ["Join us!"]\n'
    )
    assert run("rules", "test").code == 0
    ran = run("rules", "test", "--rules", plant(tmp_path, {"mine.toml": rule}) / "mine.toml")
    assert ran.code == 1
    assert ran.out.decode().splitlines() == [
        "rule 'mine/r': match: 'Leave us' is not hit",
        "rule 'mine/r': spare: 'Join us!' is hit",
    ]


PACK = """
[[rule]]
id = "club"
why = "A plug."
effect = "cut"
phrases = ["Join our supper club"]
langs = ["en"]
match = ["Join our supper club"]
spare = ["Dinner."]
"""


def test_rules_show_and_test_with_a_report(run: Command, tmp_path: Path) -> None:
    """How often a rule fired there, and where; which never did. A folder without a report is one line."""
    pages = {f"{name}.txt": BODY + name + TRAILER for name in "abcde"}
    assert run("clean", plant(tmp_path / "pages", pages), "--out", tmp_path / "out").code == 0
    shown = run("rules", "show", "related/you-may-also-like", "--report", tmp_path / "out").out.decode().splitlines()
    places = [line.split()[1] for line in shown if line.startswith("fired ")][1:]
    assert "fired     in 5 documents, 5 spans" in shown
    assert [place.partition("[")[0] for place in places] == ["a.txt", "b.txt", "c.txt"]
    assert (
        "fired     in 0 documents, 0 spans"
        in run("rules", "show", "ads/label", "--report", tmp_path / "out").out.decode()
    )
    ran = run("rules", "test", "--report", tmp_path / "out")
    assert ran.code == 0
    assert "rule 'ads/label': cut nothing in this report" in ran.words
    assert not any("'related/you-may-also-like'" in line for line in ran.words)
    assert re.fullmatch(r"(\d+) rules, 0 problems, \d+ never exercised", ran.words[-1])
    for command in (("show", "ads/label"), ("test",)):
        ran = run("rules", *command, "--report", tmp_path)
        assert (ran.code, len(ran.words)) == (2, 1)
        assert ran.words[0].endswith("report.jsonl: No such file or directory; expected the report of cleaner clean")


def test_optional_packs_are_listed_and_turned_on_by_name(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On standard error, as they are no rules that are on; an unknown name lists them, too."""
    optional = PACK.replace("Join our supper club", "By our reporter")
    packs = plant(tmp_path / "packs", {"clubs.toml": PACK, "optional/bylines.toml": optional})
    monkeypatch.setattr("cleaner.rules.packs_folder", lambda: packs)
    ran = run("rules", "list")
    assert len(ran.out.splitlines()) == 1
    assert ran.words == ["optional pack bylines: off unless --rules bylines"]
    assert len(run("rules", "list", "--rules", "bylines").out.splitlines()) == 2
    page = plant(tmp_path / "pages", {"a.txt": "By our reporter\n\n" + BODY})
    assert run("clean", page, "--rules", "bylines", "--out", tmp_path / "on").code == 0
    assert (tmp_path / "on/a.txt").read_text() == BODY
    assert run("clean", page, "--out", tmp_path / "off").code == 0
    assert (tmp_path / "off/a.txt").read_text() == "By our reporter\n\n" + BODY
    ran = run("clean", page, "--rules", "byline", "--out", tmp_path / "none")
    assert (ran.code, len(ran.words)) == (2, 1)
    assert "an optional pack: bylines" in ran.words[0]


def test_version(process: Command) -> None:
    """The version of the package, on standard output."""
    assert process("--version").out.decode() == f"cleaner {__version__}\n"


def commands() -> list[tuple[str, ...]]:
    """Return the words of each command, in the order of `cleaner --help`."""
    found: list[tuple[str, ...]] = []
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        found += [(name, below) for below in command.commands] if hasattr(command, "commands") else [(name,)]
    return found


def test_every_example_in_the_help_works(run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command's help ends with an example that runs from a clone, one after the other."""
    plant(tmp_path, {f"seeds/{path.name}": path.read_bytes() for path in SEEDS.iterdir()})
    monkeypatch.chdir(tmp_path)
    assert run("check", "seeds", "--golden", "golden/seeds", "--update").code == 0
    assert len(commands()) == 10
    for words in [(), ("rules",), *commands()]:
        shown = re.sub(r"\s*\n\s*", " ", run(*words, "--help").out.decode())
        example = re.search(r"Example: cleaner ([^;]+?)(\. Exit status: .*)?\s*$", shown)
        assert example is not None, words
        assert tuple(example[1].split()[: len(words)]) == words
        assert run(*example[1].split()).code == 0, example[1]


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    """`cleaner --help` and a mistyped option need neither numpy nor the packs."""
    script = (
        "import sys; from cleaner.cli import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: print(sorted({'numpy', 'datasketch', 'orjson', 'regex', 'safetensors'} & sys.modules.keys()))"
    )
    times = []
    for _ in range(3):
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, cwd=ROOT)
        times.append(time.perf_counter() - start)
        assert done.stdout.decode().splitlines()[-1] == "[]"
    assert min(times) < 2.0, "0.3 s on a quiet machine"


def test_a_document_alone_needs_nothing_to_compare_it_with(tmp_path: Path) -> None:
    """Nor what takes long to import for that."""
    script = (
        "import sys; from cleaner.cli import app\n"
        "try: app(['clean', sys.argv[1], '--out', sys.argv[2]])\n"
        "except SystemExit: print(sorted({'datasketch', 'scipy', 'trafilatura'} & sys.modules.keys()))"
    )
    for number, (others, imported) in enumerate([({}, "[]"), ({"b.txt": OTHER}, "['datasketch', 'scipy']")]):
        corpus = plant(tmp_path / f"in {number}", {"a.txt": BODY + TRAILER, **others})
        done = subprocess.run(
            [sys.executable, "-c", script, corpus, tmp_path / f"out {number}"],
            capture_output=True,
            check=True,
            cwd=ROOT,
        )
        assert done.stdout.decode().splitlines()[-1] == imported


KILLED = """
import os, sys
from cleaner import output
from cleaner.cli import app

commits = 0
commit = output.Part.commit

def counted(part):
    global commits
    commits += 1
    if commits == int(sys.argv[1]):
        part._stream.flush()
        os._exit(9)
    commit(part)

output.Part.commit = counted
app(["clean", sys.argv[2], "--out", sys.argv[3]])
"""
"""Clean, and die without a word when the n-th file is about to get into its place."""


@pytest.mark.parametrize("nth", [1, 3, 5, 6], ids=["marker", "body", "report", "summary"])
def test_a_second_run_takes_up_what_a_killed_one_left(run: Command, tmp_path: Path, nth: int) -> None:
    """Wherever a run was killed, the next one gives the folder of an undisturbed run."""
    corpus = plant(tmp_path / "in", {"a.txt": BODY + TRAILER, "b/x.jsonl": jsonl({"text": OTHER}), "c.txt": BODY})
    assert run("clean", corpus, "--out", tmp_path / "whole").code == 0
    killed = subprocess.run([sys.executable, "-c", KILLED, str(nth), corpus, tmp_path / "out"], check=False, cwd=ROOT)
    assert killed.returncode == 9
    assert tree(tmp_path / "out") != tree(tmp_path / "whole")
    assert any(name.endswith(".part") for name in tree(tmp_path / "out"))
    assert run("clean", corpus, "--out", tmp_path / "out").code == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_the_run_after_an_interrupted_one_takes_up(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No half of a file is left."""
    corpus = plant(tmp_path / "in", PAGES)

    def interrupt(*_: object) -> None:
        raise Stopped(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr("cleaner.workers.BATCH", 1)  # else all bodies would be written before the first record
        patch.setattr("cleaner.output.Output.record", interrupt)
        with pytest.raises(Stopped):
            run("clean", corpus, "--out", tmp_path / "out")
    assert {name for name in tree(tmp_path / "out") if not name.startswith(".cleaner-run")} == {"a.txt"}
    assert run("clean", corpus, "--out", tmp_path / "out").code == 0
    assert bodies(tmp_path / "out") == BODIES


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--master", "local[2]"], "--master local[2]: without a cluster; expected --engine spark with it"),
        (
            ["--engine", "spark", "--jobs", "2"],
            "--jobs 2: with --engine spark; expected the number of cores in --master, or in Spark's settings",
        ),
        (["--engine", "spark"], "Spark: pyspark is not installed; pip install 'document-cleaner[spark]'"),
    ],
    ids=["master", "jobs", "extra"],
)
@pytest.mark.parametrize("command", ["clean", "learn"])
def test_spark_is_asked_for_wrongly(
    command: str, options: list[str], words: str, *, tmp_path: Path, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    (tmp_path / "a.txt").write_text("One.\n", encoding="utf-8")
    ran = run(command, tmp_path / "a.txt", "--out", tmp_path / "out", *options)
    assert (ran.code, ran.words) == (2, [words])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_goes_in_the_midst_of_it(tmp_path: Path, unbuffered: str) -> None:
    """Also where a write takes but a part: exit status 141, as of a command that the signal ends."""
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"text": BODY * 40}) + "\n" for _ in range(300)))
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    command = [sys.executable, "-m", "cleaner", "clean", "-", "--format", "jsonl"]
    with (
        path.open("rb") as lines,
        subprocess.Popen(
            command, stdin=lines, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.read(1) == b"{"
        process.stdout.close()
        assert process.wait() == 141


def test_two_runs_into_one_folder(run: Command, tmp_path: Path) -> None:
    """The second is refused while the first one writes; a folder that nobody writes to is free."""
    corpus = plant(tmp_path / "in", {"a.txt": BODY})
    with Output(tmp_path / "out", find_sources([str(corpus)]).sources):
        ran = run("clean", corpus, "--out", tmp_path / "out", "--force")
        assert (ran.code, ran.words[-1]) == (2, f"{tmp_path}/out: another run writes there; expected a folder for each")
    assert run("clean", corpus, "--out", tmp_path / "out", "--force").code == 0
