"""What a corpus counts, and what it says of one document."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from string import ascii_lowercase

import numpy as np
import pytest

from cleaner.frequency import EDGE, REACH, Frequencies, close, edge_runs
from cleaner.index import key, learn
from cleaner.model import Document, Evidence, Signal, TemplateReason
from cleaner.repetition import GROUP, PARTNERS, QUOTED, lookup
from cleaner.segment import fold, segment


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


def found(document: Document, corpus: Sequence[Document]) -> list[Evidence]:
    """Return what a corpus says of a document."""
    return lookup(Frequencies(learn(corpus)), document, segment(document.text))


def signals(document: Document, corpus: Sequence[Document], signal: Signal = "repeated") -> dict[str, float]:
    """Return the values of one signal by the text of the block."""
    blocks = segment(document.text)
    return {
        document.text[blocks[one.block].start : blocks[one.block].stop]: one.value
        for one in found(document, corpus)
        if one.signal == signal
    }


def counts(document: Document, corpus: Sequence[Document]) -> dict[str, int]:
    """Return how many other documents hold each repeated line."""
    return {line: round(2**value - 1) for line, value in signals(document, corpus).items()}


def reasons(document: Document, corpus: Sequence[Document]) -> list[TemplateReason]:
    """Return the templates that a corpus finds in a document."""
    return [one.reason for one in found(document, corpus) if isinstance(one.reason, TemplateReason)]


# Counting


def test_without_an_index_nothing_is_said() -> None:
    assert found(Document("a", TRAILER), []) == []
    assert found(Document("a", ""), site(TRAILER)) == []


@pytest.mark.parametrize("others", [1, 2, 5])
def test_a_line_counts_the_other_documents(others: int) -> None:
    corpus = site(*(story + PLUG for story in STORIES[: others + 1]))
    for document in corpus:
        assert counts(document, corpus) == {PLUG.strip(): others}


def test_a_document_does_not_count_itself() -> None:
    """Neither where a line stands in it twice, nor where it was learnt under another name."""
    text = STORIES[0] + PLUG + STORIES[1] + PLUG
    assert found(Document("d0", text), site(text)) == []
    assert found(Document("other", text), site(text)) == []
    assert found(Document("other", text), site(text, text, text)) == []


def test_an_unknown_document_counts_all() -> None:
    corpus = site(*(story + PLUG for story in STORIES[:4]))
    assert counts(Document("new", STORIES[5] + PLUG), corpus) == {PLUG.strip(): 4}


def test_a_body_does_not_count_what_it_was_taken_from() -> None:
    """An excerpt of a learnt document holds nothing that it does not hold."""
    corpus = site(*(PLUG + story + TRAILER for story in STORIES[:3]))
    assert found(Document("d0", STORIES[0]), corpus) == []
    assert counts(Document("d0", PLUG + STORIES[0]), corpus) == {PLUG.strip(): 2}


def test_a_body_of_short_lines_does_not_count_what_it_was_taken_from() -> None:
    poem = "The tide went out\nand leave the lamp to burn\nit took the boat away\n"
    corpus = site(poem + TRAILER, f"On a poem\n{poem}It is old\n" + TRAILER)
    assert set(counts(Document("new", f"Found\n{poem}"), corpus)) == set(poem.splitlines())
    assert found(Document("new", poem), corpus) == []


def test_every_line_can_be_looked_up() -> None:
    """The one with the lowest key as well."""
    lines = ["One", "Two", "Three", "Four"]
    corpus = site("\n".join(lines), "\n".join(lines[::-1]), "\n".join(lines[2:] + lines[:2]))
    stranger = Document("new", "\n".join(["New", *lines]))
    assert counts(stranger, corpus) == dict.fromkeys(lines, 3)
    assert signals(stranger, corpus, "edge") == dict.fromkeys(lines, 1.0)
    grouped = [Document(one.id, one.text, "a") for one in corpus]
    assert counts(Document("new", stranger.text, "a"), grouped) == dict.fromkeys(lines, 3)


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
        assert found(document, corpus) == []


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
        assert all(head in {at, *known.copies[at]} for at, head in enumerate(known.families.tolist()))


def test_the_order_of_documents_does_not_matter() -> None:
    corpus = site(*(story + TRAILER for story in STORIES), *STORIES[:2], prefix="a")
    for document in corpus:
        assert found(document, corpus) == found(document, corpus[::-1])


def test_lines_without_letters_have_no_frequency() -> None:
    corpus = site(*(f"{story}* * *\n2024\n---\n" for story in STORIES[:4]))
    assert found(corpus[0], corpus) == []


def test_folding_makes_lines_equal() -> None:
    corpus = site(STORIES[0] + PLUG.upper(), STORIES[1] + "  " + PLUG.replace(" ", "\u00a0"))
    assert list(counts(corpus[0], corpus).values()) == [1]


# Groups


def test_a_large_group_is_counted_alone() -> None:
    """What other groups hold is not a template of this one, and does not add to one that is."""
    own = site(*(f"{story}{PLUG}" for story in STORIES[: GROUP + 1]), group="a", prefix="a")
    other = site(*(f"{story}{PLUG}Elsewhere\n" for story in STORIES[GROUP + 1 :][: GROUP + 1]), group="b", prefix="b")
    assert counts(own[0], own + other) == {PLUG.strip(): GROUP}
    for one in other:
        assert counts(one, own + other) == {PLUG.strip(): GROUP, "Elsewhere": GROUP}
    stranger = Document("a9", "Unknown\nElsewhere\n", "a")
    assert counts(stranger, own + other) == {}
    assert counts(Document("x", "Unknown\n" + PLUG), own + other) == {PLUG.strip(): len(STORIES)}


def test_a_small_or_unknown_group_is_counted_over_the_corpus() -> None:
    texts = [story + PLUG for story in STORIES]
    corpus = site(*texts[:GROUP], group="a", prefix="a") + site(*texts[GROUP:], group="b", prefix="b")
    assert counts(corpus[0], corpus) == {PLUG.strip(): len(STORIES) - 1}
    assert counts(Document("x", PLUG + "New\n", "c"), corpus) == {PLUG.strip(): len(STORIES)}


def test_copies_in_a_group_count_once() -> None:
    texts = [story + PLUG for story in STORIES[: GROUP + 1]]
    corpus = site(*texts, *texts[:2], *texts[:2], group="a")
    assert counts(corpus[-1], corpus) == {PLUG.strip(): GROUP}


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


def test_a_partner_is_named_once() -> None:
    """With its first place."""
    corpus = site(STORIES[0] + PLUG, PLUG + STORIES[1] + PLUG)
    [reason] = reasons(corpus[0], corpus)
    assert [(partner.id, partner.start) for partner in reason.partners] == [("d1", 0)]


def test_a_copy_of_the_document_is_no_partner() -> None:
    corpus = site(STORIES[0] + PLUG, STORIES[1] + PLUG, STORIES[0] + PLUG)
    assert [partner.id for reason in reasons(corpus[0], corpus) for partner in reason.partners] == ["d1"]


# Context


def test_neighbours_that_recur_are_told() -> None:
    lone = STORIES[0].splitlines(keepends=True)
    text = f"{lone[0]}Conclusion\n{lone[1]}{PLUG}Who pays\nWrite to us\n"
    other = f"{STORIES[1]}Conclusion\n{STORIES[2]}{PLUG}Who pays\nWrite to us\n"
    corpus = site(text, other)
    assert signals(corpus[0], corpus, "together") == {PLUG.strip(): 0.5, "Who pays": 1.0, "Write to us": 0.5}


def test_blocks_without_letters_do_not_part_neighbours() -> None:
    corpus = site(*(f"{story}{PLUG}* * *\nWho pays\n" for story in STORIES[:2]))
    assert signals(corpus[0], corpus, "together") == {PLUG.strip(): 0.5, "Who pays": 0.5}


def test_a_run_at_the_end_here_and_elsewhere() -> None:
    box = "".join(TRAILER.splitlines(keepends=True)[:2])
    corpus = site(
        STORIES[0] + TRAILER,
        STORIES[1] + TRAILER,
        STORIES[2] + PLUG + STORIES[3],
        STORIES[4] + box + STORIES[5],
        STORIES[6] + TRAILER,
    )
    assert signals(corpus[0], corpus, "edge") == dict.fromkeys(TRAILER.splitlines(), 1.0)
    assert signals(corpus[2], corpus, "edge") == {}  # one line of a trailer, alone among unseen ones
    assert signals(corpus[3], corpus, "edge") == dict.fromkeys(box.splitlines(), 0.5)


def test_a_headline_that_trailers_link_to_is_not_repeated() -> None:
    """It stands in the header's run of its own document, and in trailers elsewhere."""
    menu = "Home\nNews\nWeather\nSport\n"
    others = [f"{menu}{STORIES[at]}{STORIES[at + 3]}{TITLE}\n{TRAILER}" for at in (1, 2, 3)]
    corpus = site(f"{menu}{TITLE}\n{STORIES[0]}", *others)
    assert set(signals(corpus[0], corpus, "repeated")) == set(menu.splitlines())
    assert TITLE in signals(corpus[1], corpus, "repeated")


def test_a_run_that_touches_no_end_is_at_no_edge() -> None:
    corpus = site(STORIES[0] + TRAILER + STORIES[1], STORIES[2] + TRAILER + STORIES[3])
    assert set(counts(corpus[0], corpus)) == set(TRAILER.splitlines())
    assert signals(corpus[0], corpus, "edge") == {}


def test_what_one_document_shares_with_a_page_of_many_is_a_quotation() -> None:
    """It has its count and gets nothing from its place."""
    quoted = f"{TITLE}\n"
    corpus = site(*(f"{story}{TRAILER}" for story in STORIES[: QUOTED - 1]), STORIES[5] + quoted + TRAILER)
    document = Document("new", STORIES[6] + quoted + TRAILER)
    assert counts(document, corpus)[TITLE] == 1
    for signal in ("together", "edge"):
        assert set(signals(document, corpus, signal)) == set(TRAILER.splitlines())


# Near-duplicates


def test_a_line_that_nearly_equals_another_is_near() -> None:
    other = TITLE.replace("spring", "autumn")
    corpus = site(STORIES[0] + TITLE, STORIES[1] + other)
    [one] = found(corpus[0], corpus)
    assert one.signal == "near"
    assert isinstance(one.reason, TemplateReason)
    assert one.reason.template == f"{key(fold(other)):016x}"
    assert 0.6 <= one.reason.similarity < 1.0
    assert [(partner.id, partner.start) for partner in one.reason.partners] == [("d1", len(STORIES[1]))]
    assert 0.0 < one.value < 1.0


def test_a_shortened_line_is_near() -> None:
    corpus = site(STORIES[0] + "Why the old bridge over…\n", STORIES[1] + TITLE)
    assert list(signals(corpus[0], corpus, "near")) == ["Why the old bridge over…"]
    assert list(signals(corpus[1], corpus, "near")) == [TITLE]


def test_word_for_word_goes_before_nearly() -> None:
    corpus = site(STORIES[0] + TITLE, STORIES[1] + TITLE, STORIES[2] + TITLE.replace("spring", "autumn"))
    assert counts(corpus[0], corpus) == {TITLE: 1}
    assert signals(corpus[0], corpus, "near") == {}
    [reason] = reasons(corpus[2], corpus)
    assert reason.documents == 3


def test_lines_of_the_document_itself_are_not_near() -> None:
    text = f"{STORIES[0]}{TITLE}\n{TITLE.replace('spring', 'autumn')}\n"
    assert found(site(text)[0], site(text, STORIES[1])) == []


def test_narrow_lines_are_equal_or_not() -> None:
    corpus = site(STORIES[0] + "Who pays for lunch\n", STORIES[1] + "Who pays for lunch?\n")
    assert found(corpus[0], corpus) == []


def test_near_lines_are_looked_for_around_recurring_ones_and_at_the_ends() -> None:
    """In the midst of a body, two reports may say nearly the same."""
    before, after = STORIES[:2], STORIES[2:4]
    changed = TITLE.replace("spring", "autumn")
    corpus = site(before[0] + f"{TITLE}\n" + before[1], after[0] + changed + "\n" + after[1])
    assert len(segment(before[0])) == len(segment(before[1])) == REACH
    assert found(corpus[0], corpus) == []
    corpus = site(f"{TITLE}\n" + before[1], changed + "\n" + after[1])
    assert list(signals(corpus[0], corpus, "near")) == [TITLE]
    corpus = site(f"{before[0]}{TITLE}\n{PLUG}{before[1]}", f"{after[0]}{changed}\n{PLUG}{after[1]}")
    assert list(signals(corpus[0], corpus, "near")) == [TITLE]


# Runs


def runs(marks: str) -> str:
    """Mark the edge runs of a document: R recurs, s is short and unseen, p is unseen prose, - has no letters."""
    letters = np.array(list(marks))
    head, tail = edge_runs(letters == "R", letters == "p", letters != "-")
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


def test_what_is_close() -> None:
    recurs = np.array(list("....R........")) == "R"
    everywhere = np.ones(13, bool)
    ends = [True] * 3
    assert close(recurs, everywhere).tolist() == [*ends, *[True] * 5, False, False, *ends]
    assert close(np.zeros(7, bool), np.ones(7, bool)).tolist() == [*ends, False, *ends]
    assert close(np.zeros(2, bool), np.zeros(2, bool)).tolist() == [False, False]
    assert close(np.zeros(0, bool), np.zeros(0, bool)).tolist() == []


def test_blocks_without_letters_do_not_count_as_distance() -> None:
    lettered = np.array(list("a-a-a-a-a-a-aaa")) == "a"
    expected = [at for at, one in enumerate(close(np.zeros(15, bool), lettered)) if one]
    assert expected == [0, 2, 4, 12, 13, 14]


def test_what_is_derived_belongs_to_the_index() -> None:
    """Equal indexes say the same, and an index that grows does not change what an older one says."""
    corpus = site(*(story + TRAILER for story in STORIES))
    known: Mapping[int, Frequencies] = {size: Frequencies(learn(corpus[:size])) for size in (2, 4, 8)}
    blocks = segment(corpus[0].text)
    values = [
        [one.value for one in lookup(known[size], corpus[0], blocks) if one.signal == "repeated"] for size in known
    ]
    assert values == [[1.0] * 4, [2.0] * 4, [3.0] * 4]
