"""What makes two blocks the same line, the same frame, the same shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.fingerprints import AFFIX, CELLED, NO_KEY, Lines, joined, key, lines_of
from cleaner.model import Block
from cleaner.segment import fold, is_prose, segment
from tests.strategies import STEADY, texts


def keys_of(blocks: Sequence[Block]) -> np.ndarray:
    """Return the key of each block, one by one."""
    return np.array([key(block.folded) for block in blocks], dtype=np.uint64)


def lines(*texts: str) -> Lines:
    """Return the lines of texts, each a document."""
    return lines_of((text, segment(text)) for text in texts)


def masks(*each: str) -> list[int]:
    """Return the mask of each line."""
    found: list[int] = lines("\n".join(each)).masks.tolist()
    return found


def cells(line: str) -> list[int]:
    """Return the keys of the cells of a line."""
    found = lines(line)
    keys: list[int] = found.cells.tolist()
    assert found.widths.tolist() == [len(keys)]
    return keys


def rows() -> st.SearchStrategy[str]:
    """Texts with lines of several cells among them."""
    line = st.sampled_from(
        ("Home » News » Bridges", "Page 1 | Page 2", "Read more", "12 | 13", "", "Ferries\tand bees")
    )
    return st.lists(line, max_size=5).map("\n".join)


def keyed(*parts: str) -> list[int]:
    """Return the key of each text."""
    return [key(fold(part)) for part in parts]


def alike(one: str, other: str) -> bool:
    """Whether two lines, each alone in its text, look the same."""
    [first], [second] = (lines(line).shapes.tolist() for line in (one, other))
    return bool(first == second)


# Keys


def test_a_key_is_of_the_folded_text() -> None:
    assert key("read more") == key("read more")
    assert len({key(text) for text in ("read more", "read less", "a", "日本", "e\u0301")}) == 5


@pytest.mark.parametrize("text", ["", "* * *", "12.5 %", "---", "2024", "👍", "\ud800", "¿?"])
def test_without_a_letter_there_is_no_key(text: str) -> None:
    assert key(text) == NO_KEY


def test_a_letter_in_any_script_makes_a_key() -> None:
    assert NO_KEY not in {key(text) for text in ("a", "1a", "ж", "あ", "א", "ع", "अ")}


# Masks


def test_a_mask_takes_every_digit_as_nought() -> None:
    """In any script, folded or not; letters and the number of digits count."""
    page, other, wide, arabic, longer, leaf = masks("Page 1", "page  7", "Page ３", "Page ٤", "Page 12", "Leaf 1")
    assert page == other == wide == arabic
    assert len({page, longer, leaf}) == 3


def test_a_line_without_letters_has_a_mask() -> None:
    """It is a neighbour, too."""
    one, other, rule = masks("1 / 9", "2 / 8", "* * *")
    assert one == other != rule
    assert 0 not in (one, rule)


# Affixes


def test_how_a_line_starts_and_ends() -> None:
    """By its first and last folded characters."""
    assert len("next:") == AFFIX
    found = lines("Next: A lamp\nNEXT:  The tide\nNext A tide\nlamp")
    heads, tails = found.heads.tolist(), found.tails.tolist()
    assert heads[0] == heads[1] != heads[2]
    assert tails[1] == tails[2] != tails[0]
    assert heads[3] == tails[3]
    assert len({*heads}) == len({*tails}) == 3


# Shapes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("* Home", "* News"),
        ("Anna Bell", "Otto Hill"),
        ("12 May 2024", "30 July 1998"),
        ("  Home | News", "  Bees » Ants"),
        ("\n\nHome", "News"),
        ("Home\n\n", "News"),
    ],
)
def test_lines_that_look_the_same(one: str, other: str) -> None:
    assert alike(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("* Home", "+ Home"),
        ("Anna", "anna"),
        ("Anna", "Anna."),
        ("12 May", "On May"),
        ("Home", "   Home"),
        ("Home and so on", "Home | and on"),
        ("Home", "Home of the tides"),
        ("ab1", "abc"),
    ],
    ids=["mark", "capital", "end", "digit", "indent", "cells", "width", "last"],
)
def test_lines_that_look_different(one: str, other: str) -> None:
    assert not alike(one, other)


# Cells


@pytest.mark.parametrize(
    "line",
    [
        "Home » News » Bridges",
        "Home | News | Bridges",
        "Home|News|Bridges",
        "Home\tNews\tBridges",
        "Home   News  Bridges",
        "Home › News → Bridges",
        "Home · News • Bridges",
        "Home > News / Bridges",
        "Home – News - Bridges",
        "  | HOME | news | | 3 | Bridges |",
    ],
)
def test_what_parts_cells(line: str) -> None:
    assert cells(line) == keyed("home", "news", "bridges")


@pytest.mark.parametrize(
    "line", ["", "Home", "A well-known and/or old bridge", "* Home", "1 | 2 | Home", "a>b", "Home »", "1 | 2"]
)
def test_one_cell_is_none(line: str) -> None:
    """Nor is a cell without a letter one."""
    found = lines(line)
    assert not found.cells.tolist()
    assert not found.widths.any()


def test_a_long_line_has_no_cells() -> None:
    line = "Home » News"
    assert len(cells(line + " » a" * ((CELLED - len(line)) // 4))) > 100
    assert cells(line + "s" * (CELLED - len(line))) != []
    long = f"{line} {'s' * CELLED}"
    assert lines(long).cells.tolist() == []


def test_cells_come_line_after_line() -> None:
    text = "Home » News\nA line\nBees | Ants | Crabs\n"
    found = lines(text)
    assert found.cells.tolist() == keyed("home", "news", "bees", "ants", "crabs")
    assert found.widths.tolist() == [2, 0, 3]


# All


def columns(found: Lines) -> dict[str, list[int]]:
    """Return the columns of lines, by name."""
    return {field.name: getattr(found, field.name).tolist() for field in fields(found)}


def of_one(found: Lines, document: int) -> dict[str, list[int]]:
    """Return what the columns hold of one document."""
    first, last = found.first[document : document + 2].tolist()
    before, inside = (int(found.widths[some].sum()) for some in (slice(first), slice(first, last)))
    own = {name: values[first:last] for name, values in columns(found).items()}
    return own | {"first": [0, last - first], "cells": found.cells[before : before + inside].tolist()}


@STEADY
@given(texts())
def test_each_block_has_its_fingerprints(text: str) -> None:
    """Whatever the text; none but the key is 0 for want of letters."""
    blocks = segment(text)
    found = lines(text)
    assert {len(values) for name, values in columns(found).items() if name not in ("first", "cells")} == {len(blocks)}
    assert len(found) == len(blocks)
    assert found.first.tolist() == [0, len(blocks)]
    assert found.keys.tolist() == keys_of(blocks).tolist()
    assert found.starts.tolist() == [block.start for block in blocks]
    assert found.stops.tolist() == [block.stop for block in blocks]
    assert found.prose.tolist() == [is_prose(block.folded) for block in blocks]
    assert len(found.cells) == found.widths.sum()
    assert NO_KEY not in found.cells.tolist()
    assert 0 not in found.masks.tolist()


@STEADY
@given(st.lists(texts(), max_size=4))
def test_documents_stand_in_columns_one_after_the_other(every: list[str]) -> None:
    """What is told of one does not depend on the others."""
    found = lines(*every)
    assert [of_one(found, at) for at in range(len(every))] == [columns(lines(text)) for text in every]
    assert found.documents.tolist() == [at for at, text in enumerate(every) for _ in segment(text)]
    assert {name: getattr(found, name).dtype for name in columns(found)} == {
        field.name: getattr(Lines(), field.name).dtype for field in fields(Lines)
    }


@STEADY
@given(st.lists(texts() | rows(), max_size=5), st.data())
def test_lines_are_taken_and_joined_by_document(every: list[str], data: st.DataObject) -> None:
    """In any order, some twice, some not; what is parted anywhere and joined is as before."""
    found = lines(*every)
    order = data.draw(st.lists(st.integers(0, len(every) - 1), max_size=6)) if every else []
    taken = found.take(np.array(order, dtype=np.int64))
    assert columns(taken) == columns(lines(*(every[at] for at in order)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(every)), max_size=2)))
    parts = [every[one:other] for one, other in pairwise((0, *cuts, len(every)))]
    assert columns(joined([lines(*part) for part in parts])) == columns(found)
    taken_apart = [found.take(np.array([at], dtype=np.int64)) for at in range(len(every))]
    assert columns(joined(taken_apart)) == columns(found)


def test_nothing_is_taken_and_nothing_joined() -> None:
    nothing = columns(Lines())
    assert columns(joined([])) == columns(lines()) == columns(joined([Lines(), lines()])) == nothing
    assert columns(lines("Home » News", "").take(np.empty(0, dtype=np.int64))) == nothing
    assert nothing == {name: [0] if name == "first" else [] for name in nothing}
