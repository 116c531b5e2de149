"""Golden outputs: what is a difference, how it is shown, and what an update may touch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cleaner.golden import compare
from cleaner.model import ReadError
from tests.conftest import BODY, OTHER, ROOT, SEEDS, TRAILER, Command, plant, tree

FILES = {"a.txt": BODY + TRAILER, "b/c.txt": OTHER + TRAILER}


@pytest.fixture
def golden(run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder `in`, its goldens in `golden`, and the folder of both to work in."""
    plant(tmp_path / "in", FILES)
    monkeypatch.chdir(tmp_path)
    ran = run("check", "in", "--golden", "golden", "--update")
    assert (ran.code, ran.words) == (0, ["golden: updated"])
    return tmp_path / "golden"


def test_the_seeds_are_as_their_goldens(run: Command) -> None:
    """The product's own test."""
    ran = run("check", SEEDS, "--golden", ROOT / "golden/seeds")
    assert (ran.code, ran.out.decode()) == (0, "")


def test_goldens_are_bodies_and_report(run: Command, golden: Path) -> None:
    """And nothing else; the same input passes, in a process with CI set too."""
    assert tree(golden).keys() == {"a.txt", "b/c.txt", "report.jsonl"}
    assert (golden / "a.txt").read_bytes() == BODY.encode()
    before = tree(golden)
    ran = run("check", "in", "--golden", "golden", env={"CI": "true"})
    assert (ran.code, ran.out, ran.words) == (0, b"", ["golden: 2 documents as expected"])
    ran = run("check", "in", "--golden", "golden", "--update")
    assert (ran.code, ran.words, tree(golden)) == (0, ["golden: nothing to update"], before)


def test_another_output_is_shown_and_fails(run: Command, golden: Path) -> None:
    """A unified diff of the body; spans lost and gained; then --update takes it."""
    before = tree(golden)
    plant(Path("in"), {"a.txt": BODY + "A line of its own.\r\n" + TRAILER + "Old stones\n"})
    ran = run("check", "in", "--golden", "golden")
    assert (ran.code, tree(golden)) == (1, before)
    start, end = len(BODY), len(BODY + TRAILER)
    lines = ran.out.decode().split("\n")
    assert lines[:6] == [
        "--- golden/a.txt",
        "+++ now/a.txt",
        "@@ -1,2 +1,3 @@",
        f" {BODY}".rstrip("\n"),
        "+A line of its own.\\r",
        " ",
    ]
    assert lines[6] == "a.txt: spans +1 -1"
    assert lines[7].startswith(f"  - [{start}, {end}) trailer You may also like Why bridges hum Ten")
    assert lines[8].startswith(f"  + [{start + 20}, {end + 31}) trailer You may also like")
    assert any(line.startswith("  chars_in: ") for line in lines)
    assert ran.words == ["golden: the output differs; look at it, then accept it with --update"]
    assert run("check", "in", "--golden", "golden", "--update").code == 0
    assert run("check", "in", "--golden", "golden").code == 0
    assert tree(golden) != before


def test_another_marker_is_shown(run: Command, golden: Path) -> None:
    """Where the same is cut, and something else stands in its place."""
    table = '[[instead]]\nwhy = "So."\nrules = ["related/*"]\nmarker = "[%s]"\n'
    plant(Path(), {"one.toml": table % "one", "two.toml": table % "two"})
    assert run("check", "in", "--golden", "golden", "--rules", "one.toml", "--update").code == 0
    assert run("check", "in", "--golden", "golden", "--rules", "one.toml").code == 0
    ran = run("check", "in", "--golden", "golden", "--rules", "two.toml")
    start, end = len(BODY) + 1, len(BODY + TRAILER.rstrip())
    assert (ran.code, golden.joinpath("a.txt").read_text()) == (1, f"{BODY}\n[one]\n")
    assert f"  ~ [{start}, {end}) trailer marker: '[one]' -> '[two]'" in ran.out.decode().split("\n")


def test_a_missing_golden_fails(run: Command, golden: Path) -> None:
    """An output that nobody has looked at."""
    (golden / "a.txt").unlink()
    ran = run("check", "in", "--golden", "golden")
    assert (ran.code, ran.out) == (1, b"missing golden: a.txt\n")
    ran = run("check", "in", "--golden", "nowhere")
    assert (ran.code, ran.out.decode().split("\n")[:-1]) == (
        1,
        ["missing golden: a.txt", "missing golden: b/c.txt", "missing golden: report.jsonl"],
    )
    assert not Path("nowhere").exists()


def test_an_unused_golden_fails_and_is_removed_by_an_update(run: Command, golden: Path) -> None:
    """A golden whose input has gone checks nothing."""
    Path("in/a.txt").unlink()
    ran = run("check", "in", "--golden", "golden")
    assert (ran.code, ran.out.decode().split("\n")[:2]) == (
        1,
        ["unused golden: a.txt", "a.txt: no longer in the report"],
    )
    assert run("check", "in", "--golden", "golden", "--update").code == 0
    assert tree(golden).keys() == {"b/c.txt", "report.jsonl"}


def test_an_update_is_refused_when_ci_is_set(run: Command, golden: Path) -> None:
    """Nothing is written, and the reason is given."""
    before = tree(golden)
    plant(Path("in"), {"a.txt": BODY})
    ran = run("check", "in", "--golden", "golden", "--update", env={"CI": "true"})
    assert (ran.code, ran.words, tree(golden)) == (
        2,
        ["check: --update with CI set; expected goldens to be made and looked at by a person"],
        before,
    )


def test_an_update_does_not_touch_foreign_files(run: Command, golden: Path) -> None:
    """A file that no golden report names stops it, even one under the name of a new body."""
    plant(golden, {"notes.md": "mine"})
    plant(Path("in"), {"a.txt": BODY})
    before = tree(golden)
    ran = run("check", "in", "--golden", "golden", "--update")
    assert (ran.code, ran.words, tree(golden)) == (
        2,
        ["golden/notes.md: not a golden; expected only bodies and report.jsonl in golden"],
        before,
    )
    assert run("check", "in", "--golden", "golden").out.startswith(b"unused golden: notes.md\n")
    plant(Path("in"), {"notes.md": OTHER})
    assert run("check", "in", "--golden", "golden", "--update").code == 2
    assert tree(golden) == before


def test_goldens_among_the_inputs_are_refused(run: Command, golden: Path) -> None:
    """The next check would read them as documents."""
    ran = run("check", ".", "--golden", "golden")
    assert (ran.code, ran.words) == (
        2,
        ["golden: the output would lie in the input folder .; expected a folder outside of it"],
    )


def test_a_missing_input_is_an_error_not_a_difference(run: Command, golden: Path) -> None:
    """A misspelt path must not pass, nor throw goldens away."""
    before = tree(golden)
    for update in ([], ["--update"]):
        ran = run("check", "in", "nosuch", "--golden", "golden", *update)
        assert (ran.code, ran.out, len(ran.words)) == (2, b"", 1)
    assert tree(golden) == before


def test_a_failed_document_is_golden_too(run: Command, golden: Path) -> None:
    """Its record is compared like others; it has no body."""
    plant(Path("in"), {"bad.txt": b"\xff"})
    assert run("check", "in", "--golden", "golden").out == b"bad.txt: new in the report\n"
    assert run("check", "in", "--golden", "golden", "--update").code == 0
    ran = run("check", "in", "--golden", "golden")
    assert (ran.code, ran.words[0]) == (0, "bad.txt: not UTF-8 at byte 0; expected UTF-8 text")
    assert "bad.txt" not in tree(golden)


@pytest.mark.parametrize(
    "report", ["{", "[]", '{"id": 1}', '{"id": [], "source": "", "spans": []}', '{"id":"a","source":"a","spans":[{}]}']
)
def test_a_damaged_golden_report_is_one_clear_line(run: Command, golden: Path, report: str) -> None:
    """The file and the line are named."""
    plant(golden, {"report.jsonl": report})
    for update in ([], ["--update"]):
        ran = run("check", "in", "--golden", "golden", *update)
        assert (ran.code, ran.words) == (
            2,
            ["golden/report.jsonl:1: not a record; expected the report of cleaner clean"],
        )


def row(name: str = "a", error: str | None = None, **reasons: str) -> str:
    spans = [
        {"start": at, "end": at + 1, "kind": "inset", "text": "x", "reasons": why}
        for at, why in enumerate(reasons.values())
    ]
    return json.dumps({"id": name, "source": name, "spans": spans, "error": error}) + "\n"


DIFFERENCES: list[tuple[str, dict[str, str | bytes], dict[str, str | bytes], list[str]]] = [
    ("nothing", {"a": "x"}, {"a": "x"}, []),
    ("summaries", {"summary.json": "1"}, {}, []),
    ("final newline", {"a": "x\n"}, {"a": "x"}, ["--- golden/a", "+++ now/a", "@@ -1,2 +1 @@", " x", "-"]),
    ("bytes alone", {"a": b"\xff"}, {"a": "\\xff"}, ["--- golden/a", "+++ now/a", "@@ -1 +1 @@", "-\\xff", "+\\xff"]),
    (
        "reasons",
        {"report.jsonl": row(x="1")},
        {"report.jsonl": row(x="2")},
        ["a: spans +0 -0", "  ~ [0, 1) inset cut for other reasons"],
    ),
    (
        "scores and texts",
        {"report.jsonl": row(x="1")},
        {"report.jsonl": row(x="1").replace('"text": "x"', '"text": "y", "score": 0.9')},
        ["a: spans +0 -0", "  ~ [0, 1) inset score: None -> 0.9", "  ~ [0, 1) inset another text"],
    ),
    ("fields", {"report.jsonl": row()}, {"report.jsonl": row(error="e")}, ["a: spans +0 -0", "  error: None -> 'e'"]),
    (
        "order",
        {"report.jsonl": row("a") + row("b")},
        {"report.jsonl": row("b") + row("a")},
        ["report.jsonl: the documents come in another order"],
    ),
    ("white space", {"report.jsonl": row()}, {"report.jsonl": row().replace(": ", ":")}, ["report.jsonl: other bytes"]),
    (
        "a second record of an id",
        {"report.jsonl": row(error="1") + row(error="2")},
        {"report.jsonl": row(error="3") + row(error="2")},
        ["a: spans +0 -0", "  error: '1' -> '3'"],
    ),
]


@pytest.mark.parametrize(
    ("was", "now", "lines"), [case[1:] for case in DIFFERENCES], ids=[case[0] for case in DIFFERENCES]
)
def test_differences(
    tmp_path: Path, was: dict[str, str | bytes], now: dict[str, str | bytes], lines: list[str]
) -> None:
    """No byte differs unseen."""
    assert compare(plant(tmp_path / "now", now), plant(tmp_path / "was", was)) == lines


def test_a_damaged_report_is_read_error(tmp_path: Path) -> None:
    """For those who call it from Python."""
    was, now = plant(tmp_path / "was", {"report.jsonl": "{"}), plant(tmp_path / "now", {"report.jsonl": row()})
    with pytest.raises(ReadError, match=r"report\.jsonl:1: not a record"):
        compare(now, was)
