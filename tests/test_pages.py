"""What runs through the pages of one document."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cleaner import Cleaner, Document, Policy, clean
from cleaner import decide as decide_module
from cleaner.model import Evidence, RunningReason
from cleaner.pages import CHAIN, DEPTH, emptied, page_numbers, running
from cleaner.repetition import none
from cleaner.segment import segment
from tests.handmade import RULE, by_place, decided

PROSE = (
    "The ferry leaves at seven in the morning and takes two hours to cross the strait.",
    "Passengers bring their own bread, because the galley closed the year the engine failed.",
    "The northern shore has no harbour, so the mail is thrown into a net from the upper deck.",
    "The keeper's children sort it on the rocks, and read the postcards aloud to the seals.",
    "In winter the strait freezes, and the post goes over the ice by sledge, if it goes at all.",
    "The last keeper left when the lamp was changed, and took nothing with him but the bell.",
    "Since then the lamp turns by itself, and is looked after twice a year, from the sea.",
)


def paged(heads: Sequence[str], feet: Sequence[str]) -> str:
    """Return a document of as many pages as there are heads."""
    pages = zip(heads, PROSE * 3, feet, strict=False)
    return "\f".join("".join(f"{line}\n" for line in page if line) for page in pages)


def runs(text: str) -> list[str]:
    """Return the lines that run through the pages of a text."""
    blocks = segment(text)
    return [blocks[at].folded for at in sorted(running(blocks, page_numbers(text, blocks)))]


def body(text: str) -> str:
    """Clean a document alone."""
    return clean([text])[0].text


def test_heads_feet_and_page_numbers_go() -> None:
    """From a lone document that no rule speaks of; the form feeds stay."""
    count = 7
    text = paged(["Of ferries and keepers"] * count, [f"Page {at} of 7" for at in range(8, 8 + count)])
    assert body(text) == "\f".join(f"{line}\n" for line in PROSE)
    numbers = paged([""] * count, [f"- {at} -" for at in range(8, 8 + count)])
    assert body(numbers) == body(text)


def test_the_reason_says_on_how_many_pages() -> None:
    document = Document("a", paged(["Of ferries"] * 4, [""] * 4))
    cleaner = Cleaner()
    found = cleaner.clean(document)
    assert [span.reasons for span in found.spans] == [(RunningReason("of ferries", 4),)] * 4
    assert [span.kind for span in found.spans] == ["header", "inset", "inset", "inset"]


@pytest.mark.parametrize("pages", [2, CHAIN, CHAIN + 1])
def test_two_pages_have_no_running_head(pages: int) -> None:
    """But a line that counts them is enough."""
    assert runs(paged(["Of ferries"] * pages, [""] * pages)) == ["of ferries"] * (pages if pages >= CHAIN else 0)
    counted = [f"Page {at} of {pages}" for at in range(1, pages + 1)]
    assert runs(paged([""] * pages, counted)) == [line.lower() for line in counted]


def test_left_and_right_heads_take_turns() -> None:
    heads = ["Of ferries", "Of keepers"] * 4
    assert runs(paged(heads, [""] * 8)) == [head.lower() for head in heads]


@pytest.mark.parametrize(("with_head", "expected"), [((0, 1, 2), 3), ((0, 2, 4), 3), ((0, 1, 3), 0), ((0, 3, 6), 0)])
def test_heads_that_come_and_go_are_none(with_head: tuple[int, ...], expected: int) -> None:
    heads = ["Of ferries" if at in with_head else "" for at in range(9)]
    assert len(runs(paged(heads, [""] * 9))) == expected


@pytest.mark.parametrize(
    "line",
    [
        "Patient No. {}",
        "Blood pressure: {}/70",
        "Total due: {}.50 EUR",
        "Balance carried forward {}.00",
        "Closed at {}:40 pm.",
    ],
)
def test_lines_that_differ_in_their_numbers_stay(line: str) -> None:
    """Unless the numbers count the pages."""
    text = paged([""] * 6, [line.format(number) for number in (31, 7, 55, 8, 8, 12)])
    assert runs(text) == []
    assert body(text) == text


def test_sections_that_count_the_pages_stay() -> None:
    """A heading has a word and its number; a running title has more."""
    assert runs(paged([f"Question {at}" for at in range(1, 6)], [""] * 5)) == []
    assert len(runs(paged([f"Of ferries and keepers {at}" for at in range(1, 6)], [""] * 5))) == 5


@pytest.mark.parametrize("heads", ["# Of day {}", "{} March 1917", "Chapter {}", "200{}"])
def test_headings_that_count_stay(heads: str) -> None:
    text = paged([heads.format(at) for at in range(1, 7)], [""] * 6)
    assert body(text) == text


def test_rows_of_a_table_stay() -> None:
    """Some number among many counts the pages by chance."""
    rows = ["\n".join(" ".join(str(page + at * row) for at in range(3)) for row in range(1, 4)) for page in range(6)]
    assert runs(paged(rows, [""] * 6)) == []


def test_a_block_that_goes_on_on_the_next_page_stays() -> None:
    """Its form feed would go with it."""
    line = "Related articles\fTen quiet harbours"
    assert body(f"{PROSE[0]}\n{line}\n") == f"{PROSE[0]}\n{line}\n"


def test_a_page_whose_neighbour_is_not_cut_after_all_is_not_emptied() -> None:
    """What goes without a reason stays, and then the page before it is one between others."""
    text = "\f".join(f"{line}\n" for line in (PROSE[0], "Related", "Ten quiet harbours"))
    blocks = segment(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decide_module, "shipped", lambda _: by_place([-9.0, 9.0, 9.0]))
        found = decided(text, blocks, [Evidence(1, "cut", RULE)], none(blocks), Policy())
    assert found.cut == (False, False, False)


def test_the_fields_of_a_form_stay() -> None:
    """On pages where their values are the same, too."""
    answers = ["no", "no", "no", "yes", "no", "no"]
    for feet in ([f"Smoker: {answer}" for answer in answers], ["Consent given: yes"] * 6):
        assert runs(paged(["Clinic of the northern shore"] * 6, feet)) == ["clinic of the northern shore"] * 6


@pytest.mark.parametrize("line", ["The chair thanked all present.", "Amen.", "Who goes there?", "以上です。"])
def test_sentences_stay(line: str) -> None:
    """They may be what each page says."""
    assert runs(paged([""] * 6, [line] * 6)) == []


@pytest.mark.parametrize("numbers", [[4, 9, 6], [3, 3, 3], [6, 5, 4]])
def test_numbers_that_do_not_count_the_pages_stay(numbers: list[int]) -> None:
    assert runs(paged([""] * 3, [str(number) for number in numbers])) == []


@pytest.mark.parametrize(("lines", "expected"), [(DEPTH, DEPTH * 3), (DEPTH + 1, 0)])
def test_a_form_has_no_head(lines: int, expected: int) -> None:
    """More lines than a head has are the page's own."""
    head = "\n".join(f"Field {name}" for name in "abcdefg"[:lines])
    assert len(runs(paged([head] * 3, [""] * 3))) == expected


def test_what_does_not_touch_the_end_of_the_page_stays() -> None:
    text = "\f".join(f"{line}\nOf ferries\n{line.upper()}\n" for line in PROSE[:4])
    assert runs(text) == []


def test_a_page_is_never_all_head_and_foot() -> None:
    """Neither the middle page of three, nor any other."""
    text = f"Of ferries\n{PROSE[0]}\n\fOf ferries\n\fOf ferries\n{PROSE[1]}\n"
    assert body(text) == f"{PROSE[0]}\n\fOf ferries\n\f{PROSE[1]}\n"
    same = "\f".join(["Closed on Monday\n"] * 3)
    assert body(same) == same


def test_a_page_that_the_corpus_repeats_is_not_emptied() -> None:
    """Nor one that a rule knows, unless no page after it has anything left."""
    advert = "You may also like\nTen quiet harbours\nWhy bridges hum\n"
    first, last = (f"{line}\n" for line in PROSE[:2])
    assert body(f"{first}\f{advert}\f{last}") == f"{first}\f{advert}\f{last}"
    assert body(f"{first}\f{last}\f{advert}") == f"{first}\f{last}\f"


def test_emptied_pages_are_those_between_others() -> None:
    text = "\f".join(f"{line}\n" for line in PROSE[:4])
    blocks = segment(text)
    for cut, expected in (
        ([False, True, True, False], [1, 2]),
        ([True, False, True, True], []),
        ([True, True, True, True], []),
        ([False, True, False, True], [1]),
    ):
        assert list(emptied(blocks, page_numbers(text, blocks), cut)) == expected
    assert list(emptied(blocks, page_numbers(text.replace("\f", ""), blocks), [False, True, True, False])) == []


def test_without_form_feeds_nothing_runs() -> None:
    assert runs(paged(["Of ferries"] * 6, [""] * 6).replace("\f", "\n")) == []


@pytest.mark.parametrize("feed", ["\f", "\f\n", "\n\f\n"])
def test_a_form_feed_may_stand_on_a_line_of_its_own(feed: str) -> None:
    text = feed.join(f"Of ferries\n{line}\nThe keeper's press\n" for line in PROSE[:4])
    found = body(text)
    assert found.count("\f") == 3
    assert found.split() == " ".join(PROSE[:4]).split()
