"""Bodies, the summary and the riskiest cuts: what is shown, and that it can be shown."""

from __future__ import annotations

from io import StringIO
from typing import Any, get_args

import pytest
from hypothesis import given
from rich.color import Color
from rich.console import Console

from cleaner.model import Cleaned, Kind
from cleaner.render import STYLES, TOP, body, cuts_table, one_line, summary_table
from cleaner.survey import Cut
from tests.strategies import cleaned_documents, texts

LINES = [
    ("", ""),
    ("One", "One"),
    ("  One \r\n\t two\u3000three\n", "One two three"),
    ("red \x1b[31m \x00\x9b", r"red \x1b[31m \x00\x9b"),
    ("half \ud83d", r"half \ud83d"),
    ("abc\u202ecba\u2069\u200f", "abc\\u202ecba\\u2069\u200f"),
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
    assert [line.lstrip() for line in lines[2:5]] == [  # rich before 15 indents the heading
        "top templates",
        "documents  template",
        "40  0000000000000000  [red]Share[/] \\x1b[2J",
    ]
    assert len(lines) == 4 + TOP + 3
    assert [line.lstrip() for line in lines[-3:]] == ["top rules", "spans  rule", "7  [my]/rule"]


CUTS = (
    Cut(0.612, "a\x1b.txt", 4, 2_000, "inset", "[red]Share[/]\n" + "word " * 99, "in 3 documents"),
    Cut(0.93, f"{'far/' * 40}b.txt", 0, 9, "header", "\u202eMenu", "rule nav/menu"),
)


@pytest.mark.parametrize("width", [60, 100])
def test_the_riskiest_cuts_are_shown(width: int) -> None:
    """Where in full, what in one line that fits; as it is written, though it look like markup."""
    console = Console(file=StringIO(), width=width)
    console.print(cuts_table(CUTS))
    assert isinstance(console.file, StringIO)
    assert max(map(len, console.file.getvalue().splitlines())) <= width
    lines = [
        " ".join(line.split()) for line in console.file.getvalue().splitlines()
    ]  # versions of rich pad differently
    assert lines[:2] == ["riskiest cuts", "score cut"]
    assert lines[2] == r"0.612 inset a\x1b.txt[4:2000], in 3 documents"
    assert lines[3].startswith("[red]Share[/] word word")
    assert lines[3].endswith("…")
    assert "".join(lines[4:-1]).replace(" ", "") == f"0.930header{'far/' * 40}b.txt[0:9],rulenav/menu"
    assert lines[-1] == r"\u202eMenu"


def luminance(red: int, green: int, blue: int) -> float:
    """Return what WCAG calls the relative luminance of a colour."""
    parts = [part / 255 for part in (red, green, blue)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_are_read_on_black_and_on_white() -> None:
    """Three to one is what WCAG asks of large text and of graphics; and each kind has its own."""
    for style in STYLES.values():
        colour = luminance(*Color.parse(style).get_truecolor())
        assert min(1.05 / (colour + 0.05), (colour + 0.05) / 0.05) >= 3.8
    assert len(set(STYLES.values())) == len(get_args(Kind))
