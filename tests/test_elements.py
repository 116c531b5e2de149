"""What the elements around each block are weighed as."""

from __future__ import annotations

import numpy as np
import pytest

from cleaner.elements import NAMES, elements, lines_of
from cleaner.layout import HINTS, SECTIONS, TAGS, Layout, Line
from cleaner.model import Block

A, B, C, D = range(4)
"""Four lines: a link in a menu, a title, a paragraph of two sentences, a hidden footer."""


def bits(names: tuple[str, ...], *chosen: str) -> int:
    return sum(1 << names.index(name) for name in chosen)


HINTED = tuple(HINTS)
LINES = (
    Line(
        "nav.menu > li", TAGS.index("li"), 1.0, False, 4, bits(HINTED, "navigation", "head"),
        bits(HINTED, "navigation"), bits(SECTIONS, "nav", "ul"),
    ),
    Line("main > h1", TAGS.index("h1"), 0.0, False, 3, bits(HINTED, "body"), bits(HINTED, "body"), bits(SECTIONS, "main")),
    Line("main > p", TAGS.index("p"), 0.25, False, 3, bits(HINTED, "body"), bits(HINTED, "body"), bits(SECTIONS, "main")),
    Line("footer", 0, 0.0, True, 2, bits(HINTED, "foot"), bits(HINTED, "foot"), bits(SECTIONS, "footer")),
)  # fmt: skip
PAGE = Layout(np.array([0, 5, 15, 45]), LINES, np.array([0.0, 1.0, 0.5, 0.0]), np.array([False, True, False, False]))
BLOCKS = (
    Block(0, 4, 5, "home"),
    Block(5, 14, 15, "the title"),
    Block(15, 29, 30, "one sentence."[:10]),
    Block(30, 44, 45, "second one"),
    Block(45, 49, 50, "home"),
)
WIDTHS = [4, 9, 10, 10, 4]
VALUES = elements(PAGE, BLOCKS)


def test_the_names_are_the_features() -> None:
    """Each once, with a number for each block."""
    assert VALUES.keys() == set(NAMES)
    assert len(set(NAMES)) == len(NAMES)
    assert all(values.shape == (len(BLOCKS),) and values.dtype == np.float64 for values in VALUES.values())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("extracted", [0.0, 1.0, 0.5, 0.5, 0.0]),
        ("linked", [1.0, 0.0, 0.25, 0.25, 0.0]),
        ("hidden", [0.0, 0.0, 0.0, 0.0, 1.0]),
        ("depth", [4.0, 3.0, 3.0, 3.0, 2.0]),
        ("titled", [0.0, 1.0, 0.0, 0.0, 0.0]),
        ("repeated", [1.0, 0.0, 0.0, 0.0, 1.0]),
        ("tag", [TAGS.index("li"), TAGS.index("h1"), TAGS.index("p"), TAGS.index("p"), 0]),
        ("place on page", [0.0, 0.2, 0.4, 0.6, 0.8]),
        ("in navigation", [1.0, 0.0, 0.0, 0.0, 0.0]),
        ("in head", [1.0, 0.0, 0.0, 0.0, 0.0]),
        ("right in head", [0.0] * 5),
        ("right in navigation", [1.0, 0.0, 0.0, 0.0, 0.0]),
        ("in body", [0.0, 1.0, 1.0, 1.0, 0.0]),
        ("right in body", [0.0, 1.0, 1.0, 1.0, 0.0]),
        ("in foot", [0.0, 0.0, 0.0, 0.0, 1.0]),
        ("in side", [0.0] * 5),
        ("in <nav>", [1.0, 0.0, 0.0, 0.0, 0.0]),
        ("in <ul>", [1.0, 0.0, 0.0, 0.0, 0.0]),
        ("in <main>", [0.0, 1.0, 1.0, 1.0, 0.0]),
        ("in <footer>", [0.0, 0.0, 0.0, 0.0, 1.0]),
        ("in <ol>", [0.0] * 5),
        ("extracted -2", [-1.0, -1.0, 0.0, 1.0, 0.5]),
        ("extracted -1", [-1.0, 0.0, 1.0, 0.5, 0.5]),
        ("extracted +1", [1.0, 0.5, 0.5, 0.0, -1.0]),
        ("linked +2", [0.25, 0.25, 0.0, -1.0, -1.0]),
        ("tag -1", [-1.0, TAGS.index("li"), TAGS.index("h1"), TAGS.index("p"), TAGS.index("p")]),
        ("depth +1", [3.0, 3.0, 3.0, 2.0, -1.0]),
        ("extracted before", [0.0, 0.0, 9 / 19, 14 / 19, 1.0]),
        ("extracted in all", [np.log2(1 + 19)] * 5),
        ("extracted of all", [19 / 37] * 5),
        ("extracted within 3", [19 / 33, 19 / 37, 19 / 37, 19 / 37, 19 / 33]),
        ("extracted within 8", [19 / 37] * 5),
        ("linked within 3", [9 / 33, 9 / 37, 9 / 37, 9 / 37, 5 / 33]),
    ],
)  # fmt: skip
def test_each_feature(name: str, expected: list[float]) -> None:
    """Shares within a window are of characters; what would be beyond an end is -1."""
    assert VALUES[name].tolist() == pytest.approx(expected)


def test_every_hint_and_section_has_its_own_feature() -> None:
    """One bit each."""
    for names, feature in ((HINTED, "in {}"), (HINTED, "right in {}"), (SECTIONS, "in <{}>")):
        for number, name in enumerate(names):
            near = (1 << number, 0, 0) if feature == "in {}" else (0, 1 << number, 0)
            line = Line("p", 1, 0.0, False, 1, *(near if names is HINTED else (0, 0, 1 << number)))
            values = elements(Layout(np.array([0]), (line,), np.zeros(1), np.zeros(1, np.bool_)), [Block(0, 1, 1, "a")])
            assert [key for key in NAMES if key.startswith(("in ", "right in ")) and values[key][0]] == [
                feature.format(name)
            ]


def test_a_page_of_which_nothing_is_extracted() -> None:
    """Divides by nothing."""
    page = Layout(PAGE.starts, LINES, np.zeros(4), PAGE.titled)
    values = elements(page, BLOCKS)
    assert all(np.isfinite(one).all() for one in values.values())
    assert [values[name].tolist() for name in NAMES if name.startswith("extracted ") and name[-1] not in "12"] == [
        [0.0] * 5
    ] * 5
    empty = elements(PAGE, [Block(0, 1, 5, "")])
    assert all(np.isfinite(one).all() for one in empty.values())


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ([], []),
        ([0], [A]),
        ([4, 5, 14, 15, 44, 45, 46, 1_000], [A, B, B, C, C, D, D, D]),
        ([15, 0, 15], [C, A, C]),
    ],
)
def test_the_lines_of_places(starts: list[int], expected: list[int]) -> None:
    """A line reaches up to the next."""
    assert lines_of(PAGE, starts).tolist() == expected


def test_what_is_before_the_first_line_is_in_it() -> None:
    """A block owns the blank lines before it."""
    page = Layout(np.array([3, 9]), LINES[:2], np.zeros(2), np.zeros(2, np.bool_))
    assert lines_of(page, [0, 2, 3, 9]).tolist() == [0, 0, 0, 1]
