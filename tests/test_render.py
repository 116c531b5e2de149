"""Bodies, explanations and the summary: what is shown, and that it can be shown."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from rich.console import Console

from cleaner.index import Index, learn
from cleaner.model import Cleaned, Document
from cleaner.pipeline import Cleaner
from cleaner.render import TOP, body, explained, one_line, summary_table
from cleaner.rules import load_rules
from tests.conftest import BODY, OTHER, THIRD, TRAILER
from tests.strategies import cleaned_documents, corpora, texts

LINES = [
    ("", ""),
    ("One", "One"),
    ("  One \r\n\t two\u3000three\n", "One two three"),
    ("red \x1b[31m \x00\x9b", r"red \x1b[31m \x00\x9b"),
    ("half \ud83d", r"half \ud83d"),
    ("می‌خواهم 👩‍👧", "می‌خواهم 👩‍👧"),
]


@pytest.mark.parametrize(("text", "line"), LINES)
def test_one_line(text: str, line: str) -> None:
    """White space is folded, what a terminal obeys is escaped, and nothing else."""
    assert one_line(text) == line


@pytest.mark.parametrize(("limit", "line"), [(3, "..."), (7, "one ..."), (12, "one two f..."), (13, "one two forty")])
def test_a_long_line_is_cut_short(limit: int, line: str) -> None:
    """The limit holds, the dots included."""
    assert one_line("one two\nforty", limit) == line


@given(texts())
def test_any_text_is_one_line(text: str) -> None:
    """Whatever it holds, it can be printed and splits into one line at most."""
    line = one_line(text)
    line.encode()
    assert len(line.splitlines()) <= 1


@given(cleaned_documents())
def test_a_body_is_the_text_less_its_spans(cleaned: Cleaned) -> None:
    """Character by character."""
    text = cleaned.document.text
    cut = {at for span in cleaned.spans for at in range(span.start, span.end)}
    assert body(text, cleaned.spans) == "".join(text[at] for at in range(len(text)) if at not in cut)


SHIPPED = load_rules()


def explain(document: Document, index: Index | None = None, offset: int | None = None) -> list[str]:
    cleaner = Cleaner(Index() if index is None else index, SHIPPED)
    return list(explained(cleaner.clean(document), cleaner.explain(document), offset))


@given(corpora(max_size=4))
def test_every_block_is_explained_as_it_was_decided(corpus: list[Document]) -> None:
    """One line a block, marked when it was cut; the marked ones are the spans."""
    index = learn(corpus)
    cleaner = Cleaner(index, SHIPPED)
    for document in corpus:
        shown = [line for line in explain(document, index)[1:] if not line.startswith(("    ", "held back"))]
        blocks = cleaner.explain(document).repetition.blocks
        cut = {at for span in cleaner.clean(document).spans for at in range(span.start, span.end)}
        assert len(shown) == len(blocks)
        for line, block in zip(shown, blocks, strict=True):
            assert f"[{block.start}, {block.end})" in line
            visible = {at for at in range(block.start, block.stop) if not document.text[at].isspace()}
            assert visible & cut == (visible if line.startswith("-") else set())


def test_what_runs_through_the_pages_is_named() -> None:
    text = "\f".join(f"Of ferries\n{one}" for one in (BODY, OTHER, THIRD))
    assert any("runs through 3 pages: of ferries" in line for line in explain(Document("a", text)))


def test_evidence_is_named() -> None:
    """Rules by their id; repetition by template, count and partners; lists by their heading."""
    corpus = [Document(name, text + TRAILER) for name, text in (("a", BODY), ("b\n", OTHER), ("c", THIRD))]
    shown = explain(corpus[0], learn(corpus))
    assert shown[0] == f"a: cleaned, {len(BODY + TRAILER)} characters, {len(BODY)} kept"
    assert "          rule related/you-may-also-like: opens a trailer or box" in shown
    assert "          an item of the list under a heading that a rule knows" in shown
    start = OTHER.index("\n") + 2
    assert any(f"in 3 documents, word for word: b[{start}:{start + 17}], c[" in line for line in shown)


def test_a_held_document_says_why() -> None:
    """And its blocks are not marked."""
    shown = explain(Document("a", "Advertisement\n"))
    assert shown[0] == "a: held, 14 characters, 14 kept"
    assert shown[1].startswith("held back: ")
    assert shown[2].startswith(" ")


def test_an_offset_picks_its_block() -> None:
    """Each character belongs to one block."""
    document = Document("a", BODY + TRAILER)
    whole = explain(document)[1:]
    picked: list[str] = []
    for at in range(len(document.text)):
        found = explain(document, offset=at)[1:]
        picked += found if found != picked[-len(found) :] else []
    assert picked == whole


def summary(**changes: Any) -> dict[str, Any]:
    return {
        "documents": {"total": 2000, "cleaned": 1999, "unchanged": 1, "held": 0, "failed": 0, "duplicates": 3},
        "characters": {"in": 40_000, "kept": 30_000, "removed": 10_000},
        "templates": [],
        "rules": [],
    } | changes


def shown(found: dict[str, Any]) -> list[str]:
    console = Console(file=StringIO(), width=100)
    for part in summary_table(found):
        console.print(part)
    assert isinstance(console.file, StringIO)
    return [line.rstrip() for line in console.file.getvalue().split("\n")[:-1]]


def test_the_summary_counts() -> None:
    """Documents, characters, and the share that went; no tables of nothing."""
    assert shown(summary()) == [
        "documents   2,000 (3 duplicates): 1999 cleaned, 1 unchanged, 0 held, 0 failed",
        "characters  40,000 in = 30,000 kept + 10,000 removed (25.0%)",
    ]
    assert shown(summary(characters={"in": 0, "kept": 0, "removed": 0}))[1].endswith("(0.0%)")


def test_the_summary_names_what_did_most() -> None:
    """As it is written, though it look like markup, and no more than a screenful."""
    templates = [{"template": f"{n:016x}", "documents": 40 - n, "text": "[red]Share[/] \x1b[2J"} for n in range(20)]
    lines = shown(summary(templates=templates, rules=[{"rule": "[my]/rule", "spans": 7}]))
    assert lines[2:5] == [
        "top templates",
        "documents  template",
        "       40  0000000000000000  [red]Share[/] \\x1b[2J",
    ]
    assert len(lines) == 4 + TOP + 3
    assert lines[-3:] == ["top rules", "spans  rule", "    7  [my]/rule"]
