"""What makes two blocks the same line, the same frame, the same shape."""

from __future__ import annotations

import pytest
from hypothesis import given

from cleaner.fingerprints import AFFIX, CELLED, NO_KEY, affixes_of, cells_of, key, keys_of, masks_of, shapes_of
from cleaner.segment import fold, segment
from tests.strategies import STEADY, texts


def masks(*lines: str) -> list[int]:
    """Return the mask of each line."""
    return list(map(int, masks_of(segment("\n".join(lines)))))


def cells(line: str) -> list[int]:
    """Return the keys of the cells of a line."""
    keys, [count] = cells_of(line, segment(line))
    assert len(keys) == count
    return list(map(int, keys))


def keyed(*parts: str) -> list[int]:
    """Return the key of each text."""
    return [key(fold(part)) for part in parts]


def alike(one: str, other: str) -> bool:
    """Whether two lines, each alone in its text, look the same."""
    [first], [second] = (shapes_of(line, segment(line)).tolist() for line in (one, other))
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
    lines = "Next: A lamp", "NEXT:  The tide", "Next A tide", "lamp"
    assert len("next:") == AFFIX
    heads, tails = (affix.tolist() for affix in affixes_of(segment("\n".join(lines))))
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
    keys, counts = cells_of(line, segment(line))
    assert not keys.tolist()
    assert not counts.any()


def test_a_long_line_has_no_cells() -> None:
    line = "Home » News"
    assert len(cells(line + " » a" * ((CELLED - len(line)) // 4))) > 100
    assert cells(line + "s" * (CELLED - len(line))) != []
    long = f"{line} {'s' * CELLED}"
    assert cells_of(long, segment(long))[0].tolist() == []


def test_cells_come_line_after_line() -> None:
    text = "Home » News\nA line\nBees | Ants | Crabs\n"
    keys, counts = cells_of(text, segment(text))
    assert keys.tolist() == keyed("home", "news", "bees", "ants", "crabs")
    assert counts.tolist() == [2, 0, 3]


# All


@STEADY
@given(texts())
def test_each_block_has_its_fingerprints(text: str) -> None:
    """Whatever the text; none but the key is 0 for want of letters."""
    blocks = segment(text)
    keys, counts = cells_of(text, blocks)
    heads, tails = affixes_of(blocks)
    lengths = {len(keys_of(blocks)), len(heads), len(tails), len(shapes_of(text, blocks)), len(counts)}
    assert lengths | {len(blocks)} == {len(masks_of(blocks))}
    assert len(keys) == counts.sum()
    assert NO_KEY not in keys.tolist()
    assert 0 not in masks_of(blocks).tolist()
