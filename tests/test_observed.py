"""What is seen in a document's blocks, and which of them are listed under a heading that a rule knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from cleaner.model import Evidence
from cleaner.near import WIDTH
from cleaner.observed import BRIDGE, LONGEST, OVERWHELMING, SEVERAL, Observed
from cleaner.observed import TITLE as WIDEST
from cleaner.repetition import none
from cleaner.segment import segment
from tests.handmade import CODE, MORE, NOTHING, PROSE, RULE, TITLE, Said, seen, tiled

WASPS = MORE.replace("Bees", "Wasps")


def listed(lines: Sequence[str], said: Said, held: dict[int, int] | None = None, *, edge: bool = True) -> list[str]:
    """Return the lines that are items of a list."""
    found = seen(lines, said, held or NOTHING, edge=edge)
    return [line for at, line in enumerate(lines) if at in found.listed]


def read(text: str) -> Observed:
    """Observe a text that nothing is known of."""
    blocks = segment(text)
    return Observed(text, blocks, [], none(blocks))


# Blocks


@pytest.mark.parametrize(
    ("line", "prose", "closed"),
    [
        (PROSE, True, True),
        ("It was a long day at sea.", False, True),
        ("Vol. 2.", False, False),
        ("> a quoted line", False, True),
        (TITLE, False, False),
        ("And then we waited for the tide...", False, False),
        ("«It was a long day at sea.»", False, True),
        ("今天的天气很好我们去了海边。", False, True),
    ],
)
def test_sentences(line: str, prose: bool, closed: bool) -> None:
    found = read(f"{TITLE}\n\n{line}\n\n{TITLE}")
    assert (found.prose[1], found.closed[1]) == (prose, closed)
    assert not found.prose[0]
    assert not found.closed[2]


def test_a_short_sentence_of_a_longer_line_is_prose() -> None:
    found = read("We went by sea. " * 40)
    assert found.blocks[1].sentence
    assert all(found.prose)


@pytest.mark.parametrize(
    ("first", "second", "prose", "closed"),
    [
        ("The council met on Monday and agreed", "on the budget for the coming year.", True, True),
        ("The council met on Monday, it agreed,", "The Budget for the coming year.", True, True),
        ("The council met on Monday; it agreed;", "The Budget for the coming year.", True, True),
        ("The council met on Monday and agreed", "The Budget for the coming year.", False, False),
        ("The council met on Monday and agreed", "on the budget for the coming year", False, False),
        ("The council met on Monday and agreed\n", "on the budget for the coming year.", False, False),
        ("The council met and agreed", "on the budget for the coming year.", False, True),
        ("The council met", "on the budget for the coming year.", False, False),
    ],
    ids=["lower case", "comma", "semicolon", "upper case", "open", "blank line", "narrow", "narrower than a clause"],
)
def test_a_wrapped_sentence_is_read_on(first: str, second: str, prose: bool, closed: bool) -> None:
    found = read(f"{first}\n{second}\n")
    assert (found.prose[0], found.closed[0]) == (prose, closed)


def test_a_sentence_wrapped_over_many_lines_is_read_from_its_end() -> None:
    found = read(
        "The council met on Monday and agreed\n" + "with all those who had come by sea\n" * 3 + "on the budget."
    )
    assert found.closed.tolist() == [False] * 5
    found = read("The council met on Monday and agreed\n" + "with all those who had come by sea\n" * 3 + f"on {PROSE}")
    assert found.closed.tolist() == [True] * 5
    assert found.prose.tolist() == [True] * 5


def test_fences() -> None:
    """From one to the next; one that is not closed is none."""
    assert read("One\n```\nTwo\n~~~\nThree\n```\nFour").fenced.tolist() == [
        False,
        True,
        True,
        True,
        False,
        False,
        False,
    ]
    assert read("One\n```\nTwo").fenced.tolist() == [False] * 3


def test_code_and_letters() -> None:
    found = read(f"{CODE}\n12 %\n相关\n{TITLE}")
    assert found.code.tolist() == [True, False, False, False]
    assert found.lettered.tolist() == [True, False, True, True]


def test_copies_within_the_document() -> None:
    """The same start is enough, when it is wide; code is no copy."""
    wide = "a" * (WIDTH - 1)
    code = "x = y; " * WIDTH + ";"
    lines = [f"{wide}b", f"{wide}bc", f"{wide}c", wide, wide, code, code]
    found = seen(lines, {})
    assert found.copied.tolist() == [True, True, False, False, False, False, False]


@pytest.mark.parametrize("order", [1, -1])
def test_one_rule_that_settles_a_block_is_enough(order: int) -> None:
    text, blocks = tiled((PROSE, TITLE))
    said = [Evidence(1, "cut", RULE, settles) for settles in (False, True, False)]
    found = Observed(text, blocks, said[::order], none(blocks))
    assert found.signals == {1: {"cut": True}}
    assert found.settled.tolist() == [False, True]


def test_reasons_are_those_for_cutting() -> None:
    """A rule that keeps gives none; what the corpus repeats is one, too."""
    found = seen((TITLE, "One", "Two", "Three"), {0: ["keep"], 1: ["cut"], 2: ["open"]}, {1: 3, 3: 3})
    assert found.reasons == {1: [RULE], 2: [RULE]}
    assert [found.told(place) for place in range(4)] == [False, True, True, True]


def test_what_recurs_and_what_does_as_more_than_a_quotation() -> None:
    """At an edge of other documents, or next to another block that recurs."""
    lines = (TITLE, "One", "---", "Two", "Three", "Four")
    assert seen(lines, {}, {1: 2}).template.tolist() == [False, True, False, False, False, False]
    assert seen(lines, {}, {1: 2}, edge=False).template.tolist() == [False] * 6
    apart = seen(lines, {}, {1: 2, 5: 2}, edge=False)
    assert apart.recurs.tolist() == [False, True, False, False, False, True]
    assert apart.template.tolist() == [False] * 6
    over_marks = seen(lines, {}, {1: 2, 3: 1}, edge=False)
    assert over_marks.template.tolist() == [False, True, False, True, False, False]


def test_a_block_is_kept_by_a_rule_or_a_fence() -> None:
    found = seen((TITLE, "One", "```", "Two", "```"), {0: ["keep", "cut"], 1: ["cut"]})
    assert found.kept.tolist() == [True, False, True, True, True]


@pytest.mark.parametrize(
    ("said", "held", "kept"),
    [
        ({1: ["keep"]}, {}, [2, 3]),
        ({}, {}, []),
        ({1: ["cut"]}, {}, []),
        ({1: ["keep"], 3: ["cut"]}, {}, [2]),
        ({1: ["keep"]}, {3: SEVERAL}, [2]),
        ({1: ["keep"]}, {3: SEVERAL - 1}, [2, 3]),
    ],
)
def test_a_section_that_a_rule_keeps_keeps_its_list(said: Said, held: dict[int, int], kept: list[int]) -> None:
    """Up to what is no item, or has evidence of its own."""
    found = seen((PROSE, "See also", "- Using bees", "- Keeping bees", "Related bees", "- Feeding bees"), said, held)
    assert [at for at in range(2, 6) if found.kept[at]] == kept


def test_a_sentence_that_a_rule_keeps_has_no_list() -> None:
    found = seen((PROSE, "- Using bees", "- Keeping bees"), {0: ["keep"]})
    assert found.sheltered == frozenset()


def test_a_rule_speaks_for_what_it_cuts_and_for_a_list() -> None:
    lines = (TITLE, "One", PROSE, "Two", "Three", MORE, WASPS, "Four", PROSE.replace("Monday", "Friday"))
    found = seen(lines, {1: ["cut"], 3: ["open"], 7: ["open"]})
    assert found.bare == {7}
    assert [at for at in range(len(lines)) if found.ruled[at]] == [1, 3, 4]


# Lists


@pytest.mark.parametrize("title", [TITLE, "Why?", "10 lighthouses", "* One", "相关的故事", "a" * WIDEST])
def test_a_heading_opens_a_list_of_titles(title: str) -> None:
    found = seen((PROSE, MORE, "Related", title, TITLE), {2: ["open"]})
    assert found.listed == {3, 4}
    assert found.openers == [2]
    assert found.bare == frozenset()


@pytest.mark.parametrize(
    "line",
    [PROSE, CODE, "## The port", '"It was a long day', "“It was", "„Es war", "«C'était", "「海", "a" * (WIDEST + 1)],
)
def test_a_list_ends_before_what_is_no_title(line: str) -> None:
    assert listed(("On bees", "Related", TITLE, line, MORE), {1: ["open"]}) == [TITLE]
    assert listed(("On bees", "Related", line, MORE), {1: ["open"]}) == []


def test_without_a_heading_no_list() -> None:
    found = seen((PROSE, TITLE, "One"), {1: ["cut"]}, {2: 3})
    assert (found.listed, found.bare, found.openers) == (frozenset(), frozenset(), [])


def test_a_heading_that_opens_nothing_heads_a_section() -> None:
    """A body may have a section called "Related articles"."""
    assert seen((PROSE, TITLE, MORE), {1: ["open"]}).bare == {1}
    assert seen((PROSE, TITLE), {1: ["open"]}).bare == frozenset()
    assert seen((PROSE, TITLE, "Ten ports", MORE), {1: ["open"]}).bare == frozenset()
    assert seen((PROSE, TITLE, "Two", MORE), {1: ["open"], 2: ["open"]}).bare == {2}


def test_a_sentence_that_opens_nothing_heads_no_section() -> None:
    text = "We went by sea. " * 40
    blocks = segment(text)
    assert Observed(text, blocks, [Evidence(1, "open", RULE)], none(blocks)).bare == frozenset()


def test_a_list_ends_at_the_next_heading() -> None:
    """There it goes whole, with the sentence that the next heading follows on."""
    lines = (PROSE, "Related", "One", "Popular", "Two", MORE, WASPS)
    assert listed(lines, {1: ["open"], 3: ["open"]}) == ["One", "Two"]
    assert seen(lines, {1: ["open"], 3: ["open"]}).openers == [1, 3]


def test_a_list_may_give_a_sentence_on_each_title() -> None:
    """Right under it, and one: two in a row are the body."""
    lines = (CODE, "Related", "One", MORE, "Two", WASPS)
    assert listed(lines, {1: ["open"]}) == ["One", MORE, "Two", WASPS]
    assert listed((*lines, PROSE), {1: ["open"]}) == ["One"]
    assert listed((CODE, "Related", "One", "Two", WASPS), {1: ["open"]}) == ["One", "Two"]
    text = f"{CODE}\nRelated\nOne\n\n{MORE}\nTwo\n"
    blocks = segment(text)
    assert Observed(text, blocks, [Evidence(1, "open", RULE)], none(blocks)).listed == {2}


def test_a_list_ends_where_a_rule_keeps() -> None:
    lines = (PROSE, "Related", TITLE, "Conclusion", "Two")
    assert listed(lines, {1: ["open"], 3: ["keep"]}) == [TITLE]
    assert listed(lines, {1: ["open"]}) == [TITLE, "Conclusion", "Two"]


def test_a_list_ends_before_fenced_code() -> None:
    assert listed((PROSE, "Related", TITLE, "```", "Two", "```"), {1: ["open"]}) == [TITLE]


def test_a_heading_that_a_rule_keeps_opens_nothing() -> None:
    found = seen((PROSE, "Related", TITLE), {1: ["open", "keep"]})
    assert (found.openers, found.listed) == ([], frozenset())


def test_a_list_that_nothing_else_speaks_for_is_not_endless() -> None:
    lines = (PROSE, "Related", *(f"Street number {at}" for at in range(LONGEST + 1)))
    assert listed(lines, {1: ["open"]}) == []
    assert listed(lines[:-1], {1: ["open"]}) == list(lines[2:-1])
    assert listed(lines, {1: ["open"]}, {2: 1}) == list(lines[2:])
    assert listed((*lines, "One more"), {1: ["open"]}, {2: 1}) == [lines[2]]


def test_a_list_goes_on_where_it_recurs() -> None:
    """A teaser that other documents have is an item, though it is prose."""
    lines = (CODE, "Related", TITLE, MORE, WASPS, PROSE)
    assert listed(lines, {1: ["open"]}, {3: 1, 4: 1}) == [TITLE, MORE, WASPS]
    assert listed(lines, {1: ["open"]}, {4: 1}) == [TITLE, MORE, WASPS]
    assert listed(lines, {1: ["open"]}, {3: 1}, edge=False) == [TITLE]
    assert listed(lines, {1: ["open"], 3: ["cut"], 4: ["cut"]}) == [TITLE, MORE, WASPS]
    assert listed(lines, {1: ["open"]}) == [TITLE]


def test_a_box_ends_at_the_last_block_that_recurs() -> None:
    """Titles after it may head the body that goes on."""
    lines = (CODE, "Related", "One", TITLE, MORE, PROSE)
    assert listed(lines, {1: ["open"]}, {2: 1}) == ["One"]
    assert listed(lines, {1: ["open"], 2: ["cut"]}) == ["One"]
    assert listed(lines, {1: ["open"]}) == ["One", TITLE]
    assert listed(lines[:-2], {1: ["open"]}, {2: 1}) == ["One", TITLE]


def test_unknown_prose_between_known_items_is_none() -> None:
    """The body may go on with it, and what recurs after it may be a quotation."""
    lines = (CODE, "Related", "One", MORE, WASPS, "Two", PROSE, PROSE.replace("Monday", "Friday"))
    assert listed(lines, {1: ["open"]}, {2: 1, 5: 1}) == ["One"]


@pytest.mark.parametrize(("known", "expected"), [(OVERWHELMING, True), (OVERWHELMING - 1, False)])
def test_a_heading_holds_a_clause_when_a_long_list_follows(known: int, expected: bool) -> None:
    items = [f"Item number {at}" for at in range(known)]
    lines = (CODE, "Related", "We went home at noon, and it rained.", *items)
    held = dict.fromkeys(range(3, len(lines)), 1)
    assert listed(lines, {1: ["open"]}, held) == (["We went home at noon, and it rained.", *items] if expected else [])


def test_a_heading_holds_a_heading_within_its_list() -> None:
    assert listed((CODE, "Related", "# One", "Two", "Three"), {1: ["open"]}, {3: 1}) == ["# One", "Two", "Three"]
    assert listed((CODE, "Related", "# One", "Two", "Three"), {1: ["open"]}) == []


def left(text: str) -> str:
    """Return what of a text is not in the list under its heading `Related`, nor the heading."""
    blocks = segment(text)
    [place] = [at for at, block in enumerate(blocks) if block.folded == "related"]
    found = Observed(text, blocks, [Evidence(place, "open", RULE)], none(blocks))
    gone = found.listed | {place}
    return "".join(text[block.start : block.end] for at, block in enumerate(blocks) if at not in gone)


def test_a_title_right_above_the_body_heads_it() -> None:
    """Where blank lines part the items of the list."""
    body = f"{TITLE}\n{MORE}\n{PROSE}\n"
    assert left(f"{CODE}\n\nRelated\n\nOne\n\nTwo\n\n{body}") == f"{CODE}\n\n{body}"
    assert left(f"{CODE}\nRelated\nOne\nTwo\n{body}") == f"{CODE}\n{MORE}\n{PROSE}\n"
    assert left(f"{CODE}\n\nRelated\n\nOne\n\nTwo\n\n{MORE}\n{PROSE}\n") == f"{CODE}\n\n{MORE}\n{PROSE}\n"


def test_a_title_without_the_mark_of_its_items_ends_a_box() -> None:
    lines = (PROSE, CODE, "Related", "- One", "- Two", "Three", MORE, WASPS)
    assert listed(lines, {2: ["open"]}) == ["- One", "- Two"]
    assert listed([line.removeprefix("- ") for line in lines], {2: ["open"]}) == ["One", "Two", "Three"]
    assert listed((*lines[:6], "- Four"), {2: ["open"]}) == ["- One", "- Two", "Three", "- Four"]


def test_a_list_goes_on_to_the_second_copy_of_its_items() -> None:
    """Over a stretch of prose that is short against the body, and one paragraph."""
    article = "".join(f"{PROSE.replace('Monday', day)}\n" for day in ("Easter", "May Day", *map(str, range(10))))
    item = "Ten lighthouses to see before the winter\n"
    insects = [MORE.replace("Bees", name) for name in ("Bees", "Wasps", "Flies", "Gnats")]
    teaser, parted = ("".join(f"{line}{end}" for line in insects) for end in ("\n", "\n\n"))
    assert BRIDGE * len(article) > len(teaser) > BRIDGE * len(PROSE)
    assert left(f"{article}\nRelated\n{item}{teaser}{item}").strip() == article.strip()
    for ending in (f"{item}{teaser}Another\n", f"{item}{parted}{item}"):
        assert insects[1] in left(f"{article}\nRelated\n{ending}")
    assert insects[1] in left(f"{PROSE}\n\nRelated\n{item}{teaser}{item}")


def test_a_list_goes_on_where_it_repeats_the_document() -> None:
    lines = (PROSE, "Related", "One", PROSE, MORE, WASPS)
    assert listed(lines, {1: ["open"]}) == ["One", PROSE]
    assert listed((CODE, *lines[1:]), {1: ["open"]}) == ["One"]


def test_a_copy_that_a_rule_keeps_is_no_item() -> None:
    item = "Ten lighthouses to see before the winter"
    assert listed((MORE, WASPS, "Related", item, item, PROSE), {2: ["open"], 4: ["keep"]})[:1] == [item]
    assert seen((MORE, WASPS, "Related", item, item, PROSE), {2: ["open"], 4: ["keep"]}).listed == {3}


def test_evidence_on_items_changes_no_other_list() -> None:
    """Two boxes in one document, one proven and one not."""
    friday, ants = PROSE.replace("Monday", "Friday"), MORE.replace("Bees", "Ants")
    lines = (PROSE, "Related", "One", "Two", MORE, WASPS, "Popular", "Three", friday, ants)
    assert listed(lines, {1: ["open"], 6: ["open"]}) == ["One", "Two", "Three"]
    assert listed(lines, {1: ["open"], 6: ["open"]}, {2: 1}) == ["One", "Three"]


def test_repetition_is_observed_of_nearly_the_same_too() -> None:
    text, blocks = tiled((PROSE, TITLE))
    repetition = replace(none(blocks), near=np.array([0.0, 1.8]))
    assert Observed(text, blocks, [], repetition).recurs.tolist() == [False, True]
