"""What a corpus counts, and what it says of one document."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.fingerprints import key, lines_of
from cleaner.frequency import KINDS, PARTNERS, Frequencies
from cleaner.index import learn
from cleaner.model import Document, TemplateReason
from cleaner.others import Others
from cleaner.pipeline import Cleaner
from cleaner.repetition import Lookup, Repetition, lookup
from cleaner.segment import fold, segment
from cleaner.surroundings import EDGE, PLACE, REACH, Codes, close, edge_runs, landmarks
from tests.strategies import STEADY, corpora

if TYPE_CHECKING:
    from numpy.typing import NDArray


def prose(seed: int) -> str:
    """Return three sentences of words that do not exist: no two bodies are alike."""
    numbers = random.Random(seed)
    words = ["".join(numbers.choices(ascii_lowercase, k=numbers.randint(4, 8))) for _ in range(36)]
    return "".join(" ".join(words[at : at + 12]).capitalize() + ".\n" for at in (0, 12, 24))


STORIES = tuple(map(prose, range(8)))
TITLE = "Why the old bridge over the river will stay closed until spring"
PLUG = "Ten lighthouses to see before the winter\n"
TRAILER = f"{PLUG}What the captain keeps in his cabin\nWho pays for the signal box\nWrite to the editor\n"


def site(*texts: str, group: str = "", prefix: str = "d") -> list[Document]:
    """Name texts d0, d1 and so on."""
    return [Document(f"{prefix}{number}", text, group) for number, text in enumerate(texts)]


def found(document: Document, corpus: Sequence[Document]) -> Repetition:
    """Return what a corpus says of a document."""
    [repetition] = lookup(Frequencies(learn(corpus)), [document], [segment(document.text)])
    return repetition


def values(document: Document, corpus: Sequence[Document], name: str) -> dict[str, float]:
    """Return the values of one array that are not 0, by the text of the block."""
    repetition = found(document, corpus)
    every = getattr(repetition, name).tolist()
    assert len(every) == len(repetition.blocks)
    texts = [document.text[block.start : block.stop] for block in repetition.blocks]
    return {text: value for text, value in zip(texts, every, strict=True) if value}


def counts(document: Document, corpus: Sequence[Document]) -> dict[str, float]:
    """Return how many other documents of the corpus hold each repeated line."""
    return values(document, corpus, "corpus")


def grouped(document: Document, corpus: Sequence[Document]) -> dict[str, float]:
    """Return how many other documents of its group hold each repeated line."""
    return values(document, corpus, "group")


def reasons(document: Document, corpus: Sequence[Document]) -> list[TemplateReason]:
    """Return the templates that a corpus finds in a document."""
    return list(found(document, corpus).reasons.values())


def silent(document: Document, corpus: Sequence[Document]) -> bool:
    """Whether a corpus holds nothing of a document, nor anything near."""
    repetition = found(document, corpus)
    counted = (repetition.group, repetition.corpus, repetition.near)
    return not repetition.reasons and not any(array.any() for array in counted)


# Counting


def test_without_an_index_nothing_is_said() -> None:
    assert silent(Document("a", TRAILER), [])
    assert silent(Document("a", ""), site(TRAILER))
    assert found(Document("a", TRAILER), []).blocks == segment(TRAILER)
    assert found(Document("a", ""), site(TRAILER)).blocks == ()


@pytest.mark.parametrize("corpus", [[], site(TRAILER, group="a"), site("", "* * *\n"), site(*STORIES, group="b")])
def test_all_arrays_have_a_number_for_each_block(corpus: list[Document]) -> None:
    for text in ("", "\n", TRAILER, "* * *\n\n" + STORIES[0]):
        repetition = found(Document("new", text, "a"), corpus)
        arrays = [value for value in vars(repetition).values() if isinstance(value, np.ndarray)]
        assert len(arrays) > 20
        assert {len(array) for array in arrays} == {len(repetition.blocks)} == {len(segment(text))}


@pytest.mark.parametrize("others", [1, 2, 5])
def test_a_line_counts_the_other_documents(others: int) -> None:
    texts = [story + PLUG for story in STORIES[: others + 1]]
    for document in site(*texts):
        assert counts(document, site(*texts)) == {PLUG.strip(): others}
    corpus = site(*texts, group="a")
    for document in corpus:
        assert grouped(document, corpus) == counts(document, corpus) == {PLUG.strip(): others}
        assert found(document, corpus).size == others


@STEADY
@given(corpora(min_size=1), st.data())
def test_counts_are_those_of_other_families(corpus: list[Document], data: st.DataObject) -> None:
    """Of all kinds of codes, for any own families of each of several documents: as sets count."""
    known = Frequencies(learn(corpus))
    lines = lines_of((one.text, segment(one.text)) for one in corpus)
    groups = np.array([data.draw(st.sampled_from(known.group_of.tolist())) for _ in corpus], dtype=np.int64)
    families = st.sets(st.sampled_from(sorted({*known.families.tolist()})), max_size=3)
    own = [tuple(sorted(data.draw(families))) for _ in corpus]
    others = Others(known, Codes(lines, groups), own)
    for kind, codes_of in KINDS.items():
        holders: defaultdict[int, set[int]] = defaultdict(set)
        for code, document in zip(*(one.tolist() for one in codes_of(known.standing)), strict=True):
            holders[code].add(int(known.families[document]))
        wanted = [*sorted(holders)[:40], 7]
        for number in np.flatnonzero(np.diff(lines.first)).tolist():
            line = np.full(len(wanted), lines.first[number], dtype=np.int64)
            counts = others.count(kind, np.array(wanted, dtype=np.uint64), line).tolist()
            assert counts == [len(holders[code] - {*own[number]}) for code in wanted], kind


def test_a_document_does_not_count_itself() -> None:
    """Neither where a line stands in it twice, nor where it was learnt under another name."""
    text = STORIES[0] + PLUG + STORIES[1] + PLUG
    for group in ("", "a"):
        assert silent(Document("d0", text, group), site(text, group=group))
        assert silent(Document("other", text, group), site(text, group=group))
        assert silent(Document("other", text, group), site(text, text, text, group=group))
        assert found(Document("other", text, group), site(text, text, text, group=group)).size == 0


def test_an_unknown_document_counts_all() -> None:
    corpus = site(*(story + PLUG for story in STORIES[:4]))
    assert counts(Document("new", STORIES[5] + PLUG), corpus) == {PLUG.strip(): 4}


def test_a_body_does_not_count_what_it_was_taken_from() -> None:
    """An excerpt of a learnt document holds nothing that it does not hold."""
    corpus = site(*(PLUG + story + TRAILER for story in STORIES[:3]))
    assert silent(Document("d0", STORIES[0]), corpus)
    assert counts(Document("d0", PLUG + STORIES[0]), corpus) == {PLUG.strip(): 2}


def test_a_body_of_short_lines_does_not_count_what_it_was_taken_from() -> None:
    poem = "The tide went out\nand leave the lamp to burn\nit took the boat away\n"
    corpus = site(poem + TRAILER, f"On a poem\n{poem}It is old\n" + TRAILER)
    assert set(counts(Document("new", f"Found\n{poem}"), corpus)) == set(poem.splitlines())
    assert silent(Document("new", poem), corpus)


def test_every_line_can_be_looked_up() -> None:
    """The one with the lowest key as well."""
    lines = ["One", "Two", "Three", "Four"]
    corpus = site("\n".join(lines), "\n".join(lines[::-1]), "\n".join(lines[2:] + lines[:2]))
    stranger = Document("new", "\n".join(["New", *lines]))
    assert counts(stranger, corpus) == dict.fromkeys(lines, 3)
    assert values(stranger, corpus, "edge") == dict.fromkeys(lines, True)
    assert values(stranger, corpus, "head") == values(stranger, corpus, "tail") == dict.fromkeys(lines, 3)
    named = [Document(one.id, one.text, "a") for one in corpus]
    assert grouped(Document("new", stranger.text, "a"), named) == dict.fromkeys(lines, 3)


def test_sharing_less_than_half_makes_no_copies() -> None:
    corpus = site(STORIES[0] + STORIES[1] + STORIES[2] + PLUG, STORIES[0] + STORIES[3] + STORIES[4] + PLUG)
    assert set(counts(corpus[0], corpus).values()) == {1}
    assert set(counts(corpus[0], corpus)) == {*STORIES[0].splitlines(), PLUG.strip()}


def test_copies_count_once() -> None:
    """Whole ones and those that share most of their own prose."""
    whole = STORIES[0] + PLUG
    shortened = "".join(whole.splitlines(keepends=True)[1:])
    longer = "A word before\n" + STORIES[0] + "A word after\n" + PLUG
    for copy in (whole, longer):
        corpus = site(whole, copy, whole, STORIES[1] + PLUG)
        assert counts(corpus[3], corpus) == {PLUG.strip(): 1}
        assert counts(corpus[0], corpus) == {PLUG.strip(): 1}
    assert counts(Document("new", STORIES[1] + PLUG), site(whole, shortened)) == {
        PLUG.strip(): 2
    }  # two lines are not enough


def test_copies_do_not_make_an_article_recur() -> None:
    corpus = site(STORIES[0], STORIES[0] + "The end\n", "A beginning\n" + STORIES[0])
    for document in corpus:
        assert silent(document, corpus)


def test_a_copy_that_was_not_learnt_is_known() -> None:
    corpus = site(STORIES[0] + PLUG, STORIES[1] + PLUG)
    assert counts(Document("new", "Seen elsewhere\n" + STORIES[0] + PLUG), corpus) == {PLUG.strip(): 1}


def test_sharing_a_trailer_makes_no_copies() -> None:
    """Nor does sharing lines that are not prose, however many."""
    menu = "".join(f"Section {number}\n" for number in range(30))
    corpus = site(*(story + menu for story in STORIES[:3]))
    assert set(counts(corpus[0], corpus).values()) == {2}


def test_copies_of_a_copy_do_not_count_either_way() -> None:
    """The first is a copy of the second and the second of the third, but the third is not a copy of the first."""
    corpus = site(STORIES[0] + PLUG, STORIES[0] + STORIES[1] + PLUG, STORIES[1] + PLUG)
    for order in (corpus, site(*(corpus[at].text for at in (2, 0, 1))), site(*(corpus[at].text for at in (1, 2, 0)))):
        assert set().union(*(counts(document, order) for document in order)) <= {PLUG.strip()}
        known = Frequencies(learn(order))
        assert all(head in {at, *known.copies.pairs[at]} for at, head in enumerate(known.families.tolist()))


def test_the_order_of_documents_does_not_matter() -> None:
    corpus = site(*(story + TRAILER for story in STORIES), *STORIES[:2], prefix="a")
    for document in corpus:
        one, other = found(document, corpus), found(document, corpus[::-1])
        for name, value in vars(one).items():
            assert np.array_equal(value, getattr(other, name)), name


def test_lines_without_letters_have_no_frequency() -> None:
    corpus = site(*(f"{story}* * *\n2024\n---\n" for story in STORIES[:4]))
    assert silent(corpus[0], corpus)


def test_folding_makes_lines_equal() -> None:
    corpus = site(STORIES[0] + PLUG.upper(), STORIES[1] + "  " + PLUG.replace(" ", "\u00a0"))
    assert list(counts(corpus[0], corpus).values()) == [1]


def test_a_line_of_titles_has_the_pages_of_these_for_partners() -> None:
    """Previous and next links, seen once: one cell in two is a line of its own elsewhere."""
    corpus = site(
        *(f"Chapter of {name}\n{story}" for name, story in zip(("bees", "ants", "wasps"), STORIES, strict=False)),
        group="a",
    )
    linking = Document("new", f"{STORIES[5]}Chapter of bees   Chapter of moths\n", corpus[0].group)
    known = found(linking, corpus)
    reason = known.reasons[len(known.blocks) - 1]
    assert (reason.similarity, reason.documents) == (0.5, 2)
    assert [partner.id for partner in reason.partners] == [corpus[0].id]
    assert known.shared[-1] == 0


# Groups


def test_counts_are_of_the_group_and_of_the_corpus() -> None:
    """A line that other sites hold is told from one of this site."""
    own = site(*(f"{story}{PLUG}Here\n" for story in STORIES[:4]), group="a", prefix="a")
    other = site(*(f"{story}{PLUG}Elsewhere\n" for story in STORIES[4:7]), group="b", prefix="b")
    corpus = own + other
    assert found(own[0], corpus).size == 3
    assert grouped(own[0], corpus) == {PLUG.strip(): 3, "Here": 3}
    assert counts(own[0], corpus) == {PLUG.strip(): 6, "Here": 3}
    sites = values(own[0], corpus, "sites")
    assert (sites[PLUG.strip()], sites["Here"]) == (2, 1)
    stranger = Document("a9", "Unknown\nElsewhere\n", "a")
    assert found(stranger, corpus).size == 4
    assert grouped(stranger, corpus) == {}
    assert counts(stranger, corpus) == {"Elsewhere": 3}
    assert values(stranger, corpus, "sites") == {"Elsewhere": 1}


def test_an_unknown_group_has_no_counts_of_its_own() -> None:
    texts = [story + PLUG for story in STORIES]
    corpus = site(*texts[:3], group="a", prefix="a") + site(*texts[3:], group="b", prefix="b")
    stranger = Document("x", PLUG + "New\n", "c")
    assert found(stranger, corpus).size == 0
    assert grouped(stranger, corpus) == {}
    assert counts(stranger, corpus) == {PLUG.strip(): len(STORIES)}
    assert values(stranger, corpus, "sites") == {PLUG.strip(): 2}


def test_copies_in_a_group_count_once() -> None:
    texts = [story + PLUG for story in STORIES[:4]]
    corpus = site(*texts, *texts[:2], *texts[:2], group="a")
    assert grouped(corpus[-1], corpus) == {PLUG.strip(): 3}
    assert found(corpus[-1], corpus).size == 3


def test_a_group_without_a_name_is_inferred() -> None:
    """Of documents that were learnt and of new ones, by their short lines, even from a group that has a name."""
    menus = TRAILER, "Front page\nRecipes\nBaking days\nOven talk\n"
    corpus = site(*(story + menus[0] for story in STORIES[:4]), prefix="a")
    corpus += site(*(story + menus[1] for story in STORIES[4:7]), prefix="b")
    assert found(corpus[0], corpus).size == 3
    assert grouped(corpus[0], corpus) == dict.fromkeys(menus[0].splitlines(), 3)
    assert grouped(corpus[-1], corpus) == dict.fromkeys(menus[1].splitlines(), 2)
    stranger = Document("new", STORIES[7] + menus[1])
    assert grouped(stranger, corpus) == dict.fromkeys(menus[1].splitlines(), 3)
    named = [Document(one.id, one.text, one.id[0]) for one in corpus]
    assert grouped(stranger, named) == dict.fromkeys(menus[1].splitlines(), 3)
    assert found(Document("new", STORIES[7]), corpus).size == 0


def test_a_single_line_in_common_makes_no_group() -> None:
    corpus = site(*(story + TRAILER for story in STORIES[:4]), group="a")
    stranger = Document("new", STORIES[7] + PLUG)
    assert found(stranger, corpus).size == 0
    assert grouped(stranger, corpus) == {}
    assert counts(stranger, corpus) == {PLUG.strip(): 4}


def test_prose_in_common_makes_no_group() -> None:
    """It is quoted, or syndicated."""
    notes = STORIES[6]
    corpus = site(*(story + notes for story in STORIES[:5]), group="a")
    stranger = Document("new", STORIES[5] + notes)
    assert found(stranger, corpus).size == 0
    assert counts(stranger, corpus) == dict.fromkeys(notes.splitlines(), 5)


# Reasons


def test_a_reason_says_which_documents_hold_the_text_and_where() -> None:
    corpus = site(*(story + PLUG for story in STORIES[: PARTNERS + 2]))
    [reason] = reasons(corpus[1], corpus)
    assert reason.template == f"{key(fold(PLUG)):016x}"
    assert reason.documents == PARTNERS + 2
    assert reason.similarity == 1.0
    assert [partner.id for partner in reason.partners] == ["d0", "d2", "d3"]
    texts = {document.id: document.text for document in corpus}
    for partner in reason.partners:
        assert texts[partner.id][partner.start : partner.end] == PLUG.strip()


def test_each_repeated_block_has_its_reason() -> None:
    """By its place; what none holds has none."""
    corpus = site(*(story + TRAILER for story in STORIES[:2]))
    repetition = found(corpus[0], corpus)
    assert sorted(repetition.reasons) == [3, 4, 5, 6] == np.flatnonzero(repetition.corpus).tolist()
    for at, reason in repetition.reasons.items():
        assert reason.template == f"{key(repetition.blocks[at].folded):016x}"


def test_a_partner_is_named_once() -> None:
    """With its first place."""
    corpus = site(STORIES[0] + PLUG, PLUG + STORIES[1] + PLUG)
    [reason] = reasons(corpus[0], corpus)
    assert [(partner.id, partner.start) for partner in reason.partners] == [("d1", 0)]


def test_a_copy_of_the_document_is_no_partner() -> None:
    corpus = site(STORIES[0] + PLUG, STORIES[1] + PLUG, STORIES[0] + PLUG)
    assert [partner.id for reason in reasons(corpus[0], corpus) for partner in reason.partners] == ["d1"]


# Runs at the start and at the end


def test_a_run_at_the_end_here_and_elsewhere() -> None:
    box = "".join(TRAILER.splitlines(keepends=True)[:2])
    corpus = site(
        STORIES[0] + TRAILER,
        STORIES[1] + TRAILER,
        STORIES[2] + PLUG + STORIES[3],
        STORIES[4] + box + STORIES[5],
        STORIES[6] + TRAILER,
    )
    assert values(corpus[0], corpus, "edge") == dict.fromkeys(TRAILER.splitlines(), True)
    assert values(corpus[0], corpus, "tail") == dict.fromkeys(TRAILER.splitlines(), 2)
    assert values(corpus[0], corpus, "head") == {}
    assert values(corpus[2], corpus, "edge") == {}  # one line of a trailer, alone among unseen ones
    assert values(corpus[2], corpus, "tail") == {PLUG.strip(): 3}
    assert values(corpus[3], corpus, "tail") == dict.fromkeys(box.splitlines(), 3)


def test_a_run_at_the_start() -> None:
    corpus = site(*(TRAILER + story for story in STORIES[:3]))
    assert values(corpus[0], corpus, "head") == dict.fromkeys(TRAILER.splitlines(), 2)
    assert values(corpus[0], corpus, "tail") == {}
    assert values(corpus[0], corpus, "edge") == dict.fromkeys(TRAILER.splitlines(), True)


def test_runs_are_of_the_corpus() -> None:
    """Whatever the group."""
    corpus = site(*(story + TRAILER for story in STORIES[:2]), group="a", prefix="a")
    corpus += site(*(story + TRAILER for story in STORIES[2:5]), group="b", prefix="b")
    assert values(corpus[0], corpus, "tail") == dict.fromkeys(TRAILER.splitlines(), 4)


def test_a_headline_that_trailers_link_to_is_at_another_edge() -> None:
    """It stands in the header's run of its own document, and in trailers elsewhere."""
    menu = "Home\nNews\nWeather\nSport\n"
    others = [f"{menu}{STORIES[at]}{STORIES[at + 3]}{TITLE}\n{TRAILER}" for at in (1, 2, 3)]
    corpus = site(f"{menu}{TITLE}\n{STORIES[0]}", *others)
    assert values(corpus[0], corpus, "head") == dict.fromkeys(menu.splitlines(), 3)
    assert values(corpus[0], corpus, "tail") == {TITLE: 3}
    assert values(corpus[0], corpus, "edge") == dict.fromkeys(menu.splitlines(), True)
    assert TITLE in values(corpus[1], corpus, "edge")


def test_a_run_that_touches_no_end_is_at_no_edge() -> None:
    corpus = site(STORIES[0] + TRAILER + STORIES[1], STORIES[2] + TRAILER + STORIES[3])
    assert set(counts(corpus[0], corpus)) == set(TRAILER.splitlines())
    for name in ("edge", "head", "tail"):
        assert values(corpus[0], corpus, name) == {}


# Neighbours


def test_digits_do_not_count_among_neighbours() -> None:
    """A line with other numbers is the same to them, one with other words is not."""
    corpus = site(
        *(f"{story}Page {at} of 9\n{at}/{at}\n{PLUG}" for at, story in enumerate(STORIES[:3])),
        f"{STORIES[3]}Leaf 3 of 9\n",
        group="a",
    )
    assert grouped(corpus[0], corpus) == {PLUG.strip(): 2}
    assert values(corpus[0], corpus, "masked") == {"Page 0 of 9": 2, "0/0": 2, PLUG.strip(): 2}
    assert values(corpus[3], corpus, "masked") == {}


def test_what_stands_next_to_it_elsewhere() -> None:
    corpus = site(
        f"Home\n{STORIES[0]}Page 1\n{PLUG}Who pays\n",
        f"Home\n{STORIES[1]}Page 2\n{PLUG}Who pays\n",
        f"Home\n{STORIES[2]}{PLUG}Page 3\nWho pays\n",
        f"{STORIES[3]}Who pays\nHome\n",
        group="a",
    )
    assert values(corpus[0], corpus, "before") == {"Home": 2, PLUG.strip(): 1, "Who pays": 1}
    assert values(corpus[0], corpus, "after") == {"Page 1": 1, PLUG.strip(): 1, "Who pays": 2}
    assert values(corpus[3], corpus, "before") == {}
    assert values(corpus[3], corpus, "after") == {}
    stranger = Document("new", corpus[0].text, "b")
    assert values(stranger, corpus, "before") == values(stranger, corpus, "after") == {}


def test_a_line_that_starts_or_ends_like_what_its_neighbour_has_elsewhere() -> None:
    """Before or after it."""
    corpus = site(
        f"{STORIES[0]}{PLUG}Next: the tide\n{STORIES[4]}",
        f"{STORIES[1]}{PLUG}Next: a lamp\n",
        f"{STORIES[2]}What a lamp costs the tide\n{PLUG}",
        f"{STORIES[3]}Another line\n{PLUG}",
        f"Bees\n{STORIES[5]}Who counts the tide\n{PLUG}Who counts the lamps\n",
        group="a",
    )
    labelled = values(corpus[0], corpus, "labelled")
    assert labelled["Next: the tide"] == 1
    assert values(corpus[1], corpus, "labelled")["Next: a lamp"] == 1
    assert values(corpus[2], corpus, "labelled")["What a lamp costs the tide"] == 1
    assert "Another line" not in values(corpus[3], corpus, "labelled")
    assert values(corpus[4], corpus, "labelled")["Who counts the tide"] == 1
    assert "Who counts the lamps" not in values(corpus[4], corpus, "labelled")
    assert "Bees" not in values(corpus[4], corpus, "labelled")


def test_a_line_that_starts_and_ends_like_others() -> None:
    """Wherever they stand; to start like one and end like another is not enough."""
    corpus = site(
        f"Posted on 3 May by Anna\n{STORIES[0]}",
        f"{STORIES[1]}Posted on 12 June by Anna\n{STORIES[2]}",
        f"{STORIES[3]}Posted at noon\nSeen by Anna\n",
        f"{STORIES[4]}Posted or else, by Anna\n",
        group="a",
    )
    assert values(corpus[0], corpus, "framed") == {"Posted on 3 May by Anna": 2}
    assert values(corpus[2], corpus, "framed") == {}


# Places


def test_a_line_as_far_from_the_start_or_the_end() -> None:
    corpus = site(
        f"Home\n3 comments\n{STORIES[0]}{STORIES[4]}Write to us\n",
        f"News\n7 comments\n{STORIES[1]}Write to us\n",
        f"2 comments\n{STORIES[2]}Write to us\nHome\n",
        group="a",
    )
    assert values(corpus[0], corpus, "fixed") == {"3 comments": 1, "Write to us": 1}
    assert values(corpus[2], corpus, "fixed") == {}


def test_far_from_both_ends_no_line_is_at_a_fixed_place() -> None:
    lines = [f"Line {'x' * at}\n" for at in range(2 * PLACE + 1)]
    corpus = site("".join(lines), "".join(lines), STORIES[0], group="a")
    corpus[1] = Document("d1", "".join([*lines[:-1], "The end\n"]), "a")
    fixed = values(corpus[0], corpus, "fixed")
    assert list(fixed) == [line.strip() for line in (*lines[:PLACE], *lines[PLACE + 1 : -1])]


MARKS = "Home of the tides\n", "Read on\n", "Write to us\n"


def test_landmarks_part_a_page() -> None:
    """How many pages have the same two around a gap, and text, or prose, in it."""
    top, middle, end = MARKS
    corpus = site(
        f"{top}Of bees\n{middle}{STORIES[0]}{end}",
        f"{top}Of ants\n{middle}{STORIES[1]}{end}",
        f"{top}{middle}{STORIES[2]}{end}",
        f"{top}{middle}Of crabs\n{end}After the end\n",
        f"{STORIES[3]}{top}{end}",
        group="a",
    )
    one = {"Of bees": 3} | dict.fromkeys(STORIES[0].splitlines(), 3)
    assert values(corpus[0], corpus, "gap") == one
    assert values(corpus[0], corpus, "filled") == one | {"Of bees": 1}
    assert values(corpus[0], corpus, "prose") == dict.fromkeys(STORIES[0].splitlines(), 2)
    assert values(corpus[3], corpus, "gap") == {"Of crabs": 3, "After the end": 4}
    assert values(corpus[3], corpus, "filled") == {"Of crabs": 3}
    assert values(corpus[3], corpus, "prose") == {"Of crabs": 3}
    assert values(corpus[4], corpus, "gap") == dict.fromkeys(STORIES[3].splitlines(), 4)
    assert values(corpus[4], corpus, "filled") == {}


def test_what_half_of_a_group_holds_is_a_landmark() -> None:
    held, size = np.array([1, 2, 3, 2, 3, 50]), np.array([1, 4, 6, 5, 7, 101])
    assert landmarks(held, size).tolist() == [False, True, True, False, False, False]


def test_what_is_as_far_from_the_same_landmark() -> None:
    """After it or before it, whatever else the page holds."""
    top, _, end = MARKS
    corpus = site(
        f"{top}Author: Anna Bell, Monday\n{STORIES[0]}Tags: tides, lamps\n{end}",
        f"{top}Author: Otto Bell, Sunday\n{STORIES[1]}{STORIES[2]}Tags: bees\n{end}",
        f"A notice\n{top}Author: Emma Bell, Friday\n{STORIES[3]}\n{end}",
        f"{top}{STORIES[4]}Author: Hugo Bell, Sunday\n\n{end}",
        group="a",
    )
    byline, tags = "Author: Anna Bell, Monday", "Tags: tides, lamps"
    assert values(corpus[0], corpus, "placed") == {byline: 2, tags: 1}
    assert values(corpus[0], corpus, "place")[byline] == 3
    assert values(corpus[0], corpus, "place")[tags] == 3
    share = values(corpus[0], corpus, "place_prose")
    assert share[byline] == pytest.approx(1 / 3)
    assert share[tags] == pytest.approx(1 / 3)
    assert top.strip() not in values(corpus[0], corpus, "place")


def test_a_line_may_end_like_one_at_its_place() -> None:
    top, _, end = MARKS
    corpus = site(
        *(f"{top}{number} comments\n{STORIES[at]}{end}" for at, number in enumerate(("3", "1245"))), group="a"
    )
    assert values(corpus[0], corpus, "placed") == {"3 comments": 1}


def test_what_looks_the_same() -> None:
    """There, anywhere, and how often on a page."""
    top, _, end = MARKS
    corpus = site(
        f"{top}  * 12 May\n{STORIES[0]}{end}",
        f"{top}  * 30 June\n{STORIES[1]}{end}",
        f"{top}{STORIES[2]}  * 14 July\n{end}",
        f"{top}* 3 March\n{STORIES[3]}{end}",
        f"{top}{STORIES[4]}{end}\n  + 9 April\n  + 8 April\n",
        group="a",
    )
    date = "  * 12 May"
    assert values(corpus[0], corpus, "shaped")[date] == 1
    assert values(corpus[0], corpus, "shape")[date] == 2
    assert values(corpus[0], corpus, "shape_once")[date] == 1.0
    assert values(corpus[3], corpus, "shape").get("* 3 March", 0) == 0
    assert values(corpus[4], corpus, "shape_once")["  + 9 April"] == 0.5
    assert values(Document("new", "  ! ?\n", "a"), corpus, "shape_once") == {}


# Cells


def test_the_cells_of_a_line_are_known_one_by_one() -> None:
    corpus = site(
        f"Home » News » Bridges\n{STORIES[0]}",
        f"Home » News\n{STORIES[1]}",
        f"Home\n{STORIES[2]}Bees | Ants\n",
        STORIES[3],
        group="a",
    )
    crumbs = "Home » News » Bridges"
    assert values(corpus[0], corpus, "cells") == {crumbs: 3}
    assert values(corpus[0], corpus, "cells_known") == {crumbs: pytest.approx(2 / 3)}
    assert values(corpus[0], corpus, "cells_strong") == {crumbs: pytest.approx((2 / 3 + 1 / 3 + 0) / 3)}
    assert values(corpus[2], corpus, "cells") == {"Bees | Ants": 2}
    assert values(corpus[2], corpus, "cells_known") == {}
    assert values(corpus[3], corpus, "cells") == {}
    assert values(Document("new", f"{crumbs}\n", "b"), corpus, "cells_known") == {}


# Near-duplicates


def test_a_line_that_nearly_equals_another_is_near() -> None:
    other = TITLE.replace("spring", "autumn")
    corpus = site(STORIES[0] + TITLE, STORIES[1] + other)
    assert counts(corpus[0], corpus) == {}
    [reason] = reasons(corpus[0], corpus)
    assert reason.template == f"{key(fold(other)):016x}"
    assert 0.6 <= reason.similarity < 1.0
    assert [(partner.id, partner.start) for partner in reason.partners] == [("d1", len(STORIES[1]))]
    assert values(corpus[0], corpus, "near") == {TITLE: pytest.approx(reason.similarity, abs=0.001)}


def test_near_lines_count_by_how_near_they_are() -> None:
    changed = TITLE.replace("spring", "autumn")
    corpus = site(STORIES[0] + TITLE, *(story + changed for story in STORIES[1:4]))
    [reason] = reasons(corpus[0], corpus)
    assert reason.documents == 4
    assert values(corpus[0], corpus, "near") == {TITLE: pytest.approx(3 * reason.similarity, abs=0.003)}


def test_a_near_line_stands_where_the_other_one_does() -> None:
    """In the run at the end, here and elsewhere."""
    changed = TITLE.replace("spring", "autumn")
    corpus = site(f"{STORIES[0]}{TITLE}\n{TRAILER}", *(f"{story}{changed}\n{TRAILER}" for story in STORIES[1:3]))
    assert values(corpus[0], corpus, "tail")[TITLE] == 2
    assert values(corpus[0], corpus, "head") == {}
    assert TITLE in values(corpus[0], corpus, "edge")


def test_a_shortened_line_is_near() -> None:
    corpus = site(STORIES[0] + "Why the old bridge over…\n", STORIES[1] + TITLE)
    assert list(values(corpus[0], corpus, "near")) == ["Why the old bridge over…"]
    assert list(values(corpus[1], corpus, "near")) == [TITLE]


def test_word_for_word_goes_before_nearly() -> None:
    corpus = site(STORIES[0] + TITLE, STORIES[1] + TITLE, STORIES[2] + TITLE.replace("spring", "autumn"))
    assert counts(corpus[0], corpus) == {TITLE: 1}
    assert values(corpus[0], corpus, "near") == {}
    [reason] = reasons(corpus[2], corpus)
    assert reason.documents == 3


def test_lines_of_the_document_itself_are_not_near() -> None:
    text = f"{STORIES[0]}{TITLE}\n{TITLE.replace('spring', 'autumn')}\n"
    assert silent(site(text)[0], site(text, STORIES[1]))


def test_narrow_lines_are_equal_or_not() -> None:
    corpus = site(STORIES[0] + "Who pays for lunch\n", STORIES[1] + "Who pays for lunch?\n")
    assert silent(corpus[0], corpus)


def test_near_lines_are_looked_for_around_recurring_ones_and_at_the_ends() -> None:
    """In the midst of a body, two reports may say nearly the same."""
    before, after = STORIES[:2], STORIES[2:4]
    changed = TITLE.replace("spring", "autumn")
    corpus = site(before[0] + f"{TITLE}\n" + before[1], after[0] + changed + "\n" + after[1])
    assert len(segment(before[0])) == len(segment(before[1])) == REACH
    assert silent(corpus[0], corpus)
    corpus = site(f"{TITLE}\n" + before[1], changed + "\n" + after[1])
    assert list(values(corpus[0], corpus, "near")) == [TITLE]
    corpus = site(f"{before[0]}{TITLE}\n{PLUG}{before[1]}", f"{after[0]}{changed}\n{PLUG}{after[1]}")
    assert list(values(corpus[0], corpus, "near")) == [TITLE]


# Runs


def runs(marks: str) -> str:
    """Mark the edge runs of a document: R recurs, s is short and unseen, p is unseen prose, - has no letters."""
    letters = np.array(list(marks))
    head, tail = edge_runs(np.array([0, len(marks)]), letters == "R", letters == "p", letters != "-")
    return "".join("x" if one else "." for one in head | tail)


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ("", ""),
        ("sps", "..."),
        ("ppRR", "...."),
        ("ppRRR", "..xxx"),
        ("RRRpp", "xxx.."),
        ("ppRRRpp", "......."),
        ("ppRRsRRpp", "........."),
        ("ppRRsRRR", "..xxxxxx"),
        ("ppRsRRR", "....xxx"),
        ("ppRpRRR", "....xxx"),
        ("ppRRRs", "......"),
        ("ppRRRRs", "..xxxxx"),
        ("ppRR-R", "..xxxx"),
        ("RRRpppRRR", "xxx...xxx"),
        ("RRRRR", "xxxxx"),
    ],
)
def test_runs_at_the_edges(marks: str, expected: str) -> None:
    assert EDGE == 3.0
    assert runs(marks) == expected


@STEADY
@given(st.lists(st.text("RRRsp-", max_size=12), max_size=4))
def test_runs_and_what_is_close_end_with_their_document(every: list[str]) -> None:
    """Several in a row are marked as each is alone."""
    letters = np.array(list("".join(every)), dtype="U1")
    recurs, lettered = letters == "R", letters != "-"
    first = np.cumsum([0, *map(len, every)])
    head, tail = edge_runs(first, recurs, letters == "p", lettered)
    assert "".join("x" if one else "." for one in head | tail) == "".join(map(runs, every))
    apart = [
        close_in(*both) for both in zip(np.split(recurs, first[1:-1]), np.split(lettered, first[1:-1]), strict=True)
    ]
    assert close(first, recurs, lettered).tolist() == [one for marks in apart for one in marks]


def close_in(recurs: NDArray[np.bool_], lettered: NDArray[np.bool_]) -> list[bool]:
    """Mark what is close in one document."""
    marks: list[bool] = close(np.array([0, len(recurs)]), recurs, lettered).tolist()
    return marks


def test_what_is_close() -> None:
    recurs = np.array(list("....R........")) == "R"
    ends = [True] * 3
    assert close_in(recurs, np.ones(13, bool)) == [*ends, *[True] * 5, False, False, *ends]
    assert close_in(np.zeros(7, bool), np.ones(7, bool)) == [*ends, False, *ends]
    assert close_in(np.zeros(2, bool), np.zeros(2, bool)) == [False, False]
    assert close_in(np.zeros(0, bool), np.zeros(0, bool)) == []


def test_blocks_without_letters_do_not_count_as_distance() -> None:
    lettered = np.array(list("a-a-a-a-a-a-aaa")) == "a"
    expected = [at for at, one in enumerate(close_in(np.zeros(15, bool), lettered)) if one]
    assert expected == [0, 2, 4, 12, 13, 14]


def test_what_is_derived_belongs_to_the_index() -> None:
    """Equal indexes say the same, and an index that grows does not change what an older one says."""
    corpus = site(*(story + TRAILER for story in STORIES))
    known: Mapping[int, Frequencies] = {size: Frequencies(learn(corpus[:size])) for size in (2, 4, 8)}
    blocks = segment(corpus[0].text)
    for _ in range(2):
        found = [one.corpus.tolist() for size in known for one in lookup(known[size], corpus[:1], [blocks])]
        assert found == [[0] * 3 + [size - 1] * 4 for size in known]


# Passed over


def test_copies_that_share_no_line_with_others_are_known_for_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing speaks of them: no rule, and no line that stands anywhere else. Learnt or not, alone or together."""
    texts = {"a": STORIES[0], "b": STORIES[0], "c": STORIES[1], "d": "", "e": "* * *\n", "f": STORIES[2]}
    cleaner = Cleaner(learn(Document(name, text) for name, text in texts.items()))
    over: list[str] = []
    passed_over = Lookup.passed_over

    def noted(self: Lookup, number: int) -> Repetition:
        over.append(self.documents[number].id)
        return passed_over(self, number)

    monkeypatch.setattr(Lookup, "passed_over", noted)
    documents = [Document(name, text) for name, text in {**texts, "new": texts["c"], "own": STORIES[3]}.items()]
    expected = {"b": "a", "new": "c"}
    for each in (False, True):
        cleaned = list(map(cleaner.clean, documents)) if each else cleaner.clean_all(documents)
        assert over == [document.id for document in documents]
        over.clear()
        assert {one.document.id: one.duplicate_of for one in cleaned if one.duplicate_of} == expected
        assert {one.status for one in cleaned} == {"unchanged"}
    assert cleaner.explain(documents[1]).repetition.duplicate_of == "a"


@STEADY
@given(corpora(), st.randoms(use_true_random=False))
def test_who_is_passed_over_is_a_copy_of_the_same(corpus: list[Document], numbers: random.Random) -> None:
    """As when looked up, whoever it is, and whether or not anything speaks of it."""
    copies = [Document(f"copy {one.id}", one.text, one.group) for one in corpus if numbers.random() < 0.4]
    own = [Document(f"own {at}", STORIES[at % 2]) for at in range(numbers.randrange(4))]
    every = [*corpus, *copies, *own]
    known = Frequencies(learn(one for one in every if numbers.random() < 0.8))
    looked = Lookup(known, every, [segment(one.text) for one in every])
    found = looked.found(range(len(every)))
    cleaned = Cleaner(known.index).clean_all(every)
    for number, repetition in enumerate(found):
        assert looked.passed_over(number).duplicate_of == repetition.duplicate_of
        assert looked.passed_over(number).blocks == looked.blocks[number] == repetition.blocks
        assert cleaned[number].duplicate_of == repetition.duplicate_of


def test_some_are_looked_up_in_any_order() -> None:
    """What is found of one does not depend on who else is asked for."""
    documents = site(*(story + TRAILER for story in STORIES[:3]), STORIES[4], "", group="a")
    looked = Lookup(Frequencies(learn(documents)), documents, [segment(one.text) for one in documents])
    every = looked.found(range(5))
    for numbers in ([], [3], [4, 0], [2, 0, 1], [4, 3, 2, 1, 0]):
        for number, found in zip(numbers, looked.found(numbers), strict=True):
            assert found.blocks == every[number].blocks
            assert found.group.tolist() == every[number].group.tolist()
            assert found.reasons == every[number].reasons
            assert (found.size, found.duplicate_of) == (every[number].size, every[number].duplicate_of)
