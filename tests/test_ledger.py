"""What is kept and what is cut are what was read: proven while cleaning, and of a finished folder."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from cleaner import engines
from cleaner.chunks import Fields
from cleaner.engines import clean_all
from cleaner.model import Cleaned, Document
from cleaner.pipeline import Cleaner
from cleaner.report import restore
from cleaner.sources import find_sources
from tests.conftest import BODY, OTHER, TRAILER, Command, plant, tree


class Wrong(Cleaner):
    """Says that it cut one thing, and cuts another one."""

    def clean_all(self, documents: Sequence[Document]) -> list[Cleaned]:
        return [replace(done, text=done.text.replace("harbour", "harbor")) for done in super().clean_all(documents)]


PAGE = f"<html><body><p>{BODY}</p><p>{OTHER}</p><footer>© 2026 Bee Weekly</footer></body></html>"

CORPUS: dict[str, str | bytes] = {
    "a.txt": BODY + TRAILER,
    "b.jsonl": "".join(json.dumps({"n": n, "text": text}) + "\n" for n, text in enumerate((BODY + TRAILER, OTHER))),
    "c.html": PAGE,
    "d.txt": BODY,
}


@pytest.mark.parametrize("form", ["text", "html"])
def test_a_cut_that_is_not_proven_is_not_made(tmp_path: Path, form: str) -> None:
    """Whoever is wrong, and whether anything was cut: the whole text is the body, and the record says so."""
    files = {**CORPUS, "e.jsonl": json.dumps({"body": PAGE}) + "\n"} if form == "html" else CORPUS
    found = find_sources([str(plant(tmp_path / "in", files))], "html" if form == "html" else "auto").sources
    if form == "html":
        found = tuple(
            source for source in found if source.format in ("html", "html-lines") and source.name != "b.jsonl"
        )
    [done] = clean_all(Wrong(), found, Fields("body" if form == "html" else "text"))
    rows = [json.loads(line) for line in done.report.splitlines()]
    bodies = dict(done.bodies)
    wrong = [row for row in rows if row["id"] != "b.jsonl:2"]
    for row in wrong:
        assert (row["status"], row["spans"], row["chars_in"]) == ("held", [], row["chars_out"])
        assert row["error"].startswith("body and cuts do not give the text back (")
    assert done.summary.held == len(wrong)
    assert len(done.problems) == len(wrong)
    if form == "text":
        assert bodies["a.txt"] == CORPUS["a.txt"].encode()
        assert bodies["b.jsonl"] == CORPUS["b.jsonl"].encode()
        assert bodies["d.txt"] == BODY.encode()
        assert restore(bodies["a.txt"].decode(), rows[0]) == CORPUS["a.txt"]
    else:
        assert b"harbor " not in b"".join(bodies.values())
        assert BODY.strip().encode() in bodies["c.txt"]


def table(texts: Sequence[str]) -> bytes:
    """Return a Parquet file with a column of texts."""
    sink = io.BytesIO()
    parquet.write_table(pa.table({"text": texts}), sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.csv", f'n,text\n1,"{BODY}{TRAILER}"\n2,\xc3\n'.encode("latin-1")),
        ("x.parquet", table([BODY + TRAILER])),
    ],
)
def test_rows_are_proven(tmp_path: Path, name: str, data: bytes) -> None:
    """Each stays as it was when its cut is not proven."""
    found = find_sources([str(plant(tmp_path, {name: data}))]).sources
    [right], [wrong] = (list(clean_all(cleaner, found, Fields())) for cleaner in (Cleaner(), Wrong()))
    for done, status in ((right, "cleaned"), (wrong, "held")):
        assert json.loads(done.report.splitlines()[0])["status"] == status
    if name == "x.csv":
        assert dict(right.bodies) == {name: data.replace(TRAILER.encode(), b"")}
        assert dict(wrong.bodies) == {name: data}
        assert engines._of_entry(engines._entry(right)) == right  # a journal holds what is no UTF-8, too


@pytest.mark.parametrize("name", ["x.csv", "x.parquet"])
def test_a_row_of_a_finished_folder_is_proven(name: str, run: Command, tmp_path: Path) -> None:
    files = {"x.csv": f'text\n"{BODY}{TRAILER}"\n'.encode(), "x.parquet": table([BODY + TRAILER])}
    corpus = plant(tmp_path / "in", {name: files[name]})
    assert run("clean", corpus, "--out", tmp_path / "out").code == 0
    ran = run("restore", tmp_path / "out", "--verify")
    assert (ran.code, ran.words[-1]) == (0, f"{tmp_path}/out: 1 document proven")
    plant(tmp_path / "out", {"x.csv": b"text\nOther\n", "x.parquet": table(["Other"])})
    assert run("restore", tmp_path / "out", "--verify").code == 1


def test_the_line_itself_is_proven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not its text alone: here another field is lost."""
    line = json.dumps({"n": 1.0, "text": BODY + TRAILER}) + "\n"
    found = find_sources([str(plant(tmp_path, {"a.jsonl": line}))]).sources
    real = engines.formats.body

    def other(*args: object) -> tuple[str, str | None]:
        body, literal = real(*args)  # type: ignore[arg-type]
        return body.replace('"n": 1.0', '"n": 1'), literal

    with monkeypatch.context() as patch:
        patch.setattr("cleaner.formats.body", other)
        [done] = clean_all(Cleaner(), found, Fields())
    [row] = map(json.loads, done.report.splitlines())
    assert row["status"] == "failed"  # it cannot be written at all
    assert "restored, it is another line" in row["error"] or "expected" in row["error"]
    assert done.bodies == ()
    assert found[0].path.read_text() == line


def test_a_finished_folder_is_proven(run: Command, tmp_path: Path) -> None:
    """Of each kind; nothing is written; documents that had failed are none, and give the status that `restore` gives."""
    corpus = plant(tmp_path / "in", {**CORPUS, "e.txt": b"\xff", "f/g.txt.gz": b"no"})
    assert run("clean", corpus, "--out", tmp_path / "out").code == 3
    before = tree(tmp_path)
    ran = run("restore", tmp_path / "out", "--verify")
    assert (ran.code, ran.words[-1]) == (3, f"{tmp_path}/out: 5 documents proven")
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("a.txt", "1907", "1908"),
        ("b.jsonl", "1907", "1908"),
        ("b.jsonl", "}\n{", "}\n[]\n{"),
        ("report.jsonl", "Why bridges hum", "Why bridges ham"),
        ("c.txt", "Bees", "Wasps"),
        ("d.txt", None, None),
    ],
)
def test_a_difference_is_found(name: str, old: str | None, new: str, *, run: Command, tmp_path: Path) -> None:
    """In a body, in a line, in what was cut, or one that has gone: named, and the exit status is that of `check`."""
    corpus = plant(tmp_path / "in", CORPUS)
    assert run("clean", corpus, "--out", tmp_path / "out").code == 0
    path = tmp_path / "out" / name
    if old is None:
        path.unlink()
    else:
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
    before = tree(tmp_path)
    ran = run("restore", tmp_path / "out", "--verify")
    assert ran.code == 1
    assert len(ran.words) >= 2
    assert tree(tmp_path) == before


def test_verifying_writes_nowhere(run: Command, tmp_path: Path) -> None:
    """So it takes no --out, and restoring needs one."""
    expected = "restore: neither of --out and --verify; expected one of them"
    assert run("restore", tmp_path).words == [expected]
    both = run("restore", tmp_path, "--verify", "--out", tmp_path / "back")
    assert (both.code, both.words) == (2, ["restore: both of --out and --verify; expected one of them"])
