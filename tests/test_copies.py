"""Which documents are copies of each other, and which is named as the first."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from cleaner import Cleaner, Document, learn
from cleaner.copies import LINES, RARE, TWIN_SHARE
from cleaner.frequency import Frequencies

WORDS = [
    "river",
    "bridge",
    "council",
    "harbour",
    "ferry",
    "light",
    "stone",
    "winter",
    "summer",
    "engine",
    "keeper",
    "market",
    "letter",
    "paper",
    "garden",
]


def article(seed: int, sentences: int = 12) -> str:
    """Return made-up prose, a line a sentence; no two seeds share one."""
    chance = random.Random(seed)
    lines = (" ".join(chance.choices(WORDS, k=14)) for _ in range(sentences))
    return "".join(f"{line.capitalize()}, number {seed}.\n" for line in lines)


def named(texts: Sequence[str], ids: str = "abcdefghijkl") -> dict[str, str]:
    """Return which document is said to be a copy of which, in a corpus of `texts`."""
    documents = [Document(name, text) for name, text in zip(ids, texts, strict=False)]
    cleaner = Cleaner(learn(documents))
    found = {document.id: cleaner.clean(document).duplicate_of for document in documents}
    return {name: other for name, other in found.items() if other is not None}


@pytest.mark.parametrize("copies", [2, RARE, RARE + 1, 12])
def test_copies_are_named_after_the_first_by_id(copies: int) -> None:
    """However many there are, and each with lines of its own; the order of documents does not matter."""
    texts = [article(1) + f"Filed by desk {name}\n" for name in "abcdefghijkl"[:copies]]
    expected = dict.fromkeys("bcdefghijkl"[: copies - 1], "a")
    assert named([*texts, article(2)]) == expected
    assert named([*texts[::-1], article(2)]) == expected


def test_equal_texts_without_prose_are_copies() -> None:
    """But what holds no letter is like no other text."""
    assert named(["Opening hours\n", "Opening hours\n", "Closed\n"]) == {"b": "a"}
    assert named(["1\n2\n", "1\n2\n", "\n", "\n"]) == {}


def test_bodies_of_copies_stay() -> None:
    texts = [article(1)] * 7
    documents = [Document(str(number), text) for number, text in enumerate(texts)]
    cleaner = Cleaner(learn(documents))
    assert [cleaner.clean(document).text for document in documents] == texts


def test_a_trailer_makes_no_copies() -> None:
    """However long its prose, as long as each page has more of its own than `TWIN_SHARE` leaves."""
    trailer = article(9, 20)
    own = int(20 * (1 - TWIN_SHARE) / TWIN_SHARE) + 1
    assert named([article(seed, own) + trailer for seed in range(RARE + 2)]) == {}


@pytest.mark.parametrize(("shared", "expected"), [(LINES - 1, {}), (LINES, {"b": "a"})])
def test_a_few_lines_make_no_copies(shared: int, expected: dict[str, str]) -> None:
    assert named([article(1, shared) + "One\n", article(1, shared) + "Two\n"]) == expected


@pytest.mark.parametrize("copies", [1, RARE + 1])
def test_a_document_that_was_not_learnt_is_a_copy_too(copies: int) -> None:
    """And one that was is not one of itself."""
    cleaner = Cleaner(learn(Document(str(number), article(1) + f"By desk {number}\n") for number in range(copies)))
    assert cleaner.clean(Document("new", article(1) + "By another desk\n")).duplicate_of == "0"
    assert cleaner.clean(Document("0", article(1) + "By desk 0\n")).duplicate_of is None
    assert cleaner.clean(Document("new", article(2))).duplicate_of is None


def test_a_copy_is_named_after_one_that_it_shares_text_with() -> None:
    """Not after a copy of its copy."""
    first, second = article(1), article(2)
    for ids in ("abc", "bac", "cab", "acb"):
        texts = dict(zip(ids, (first, first + second, second), strict=True))
        found = named([texts[name] for name in "abc"])
        for name, other in found.items():
            assert other < name
            assert set(texts[name].split("\n")[:-1]) & set(texts[other].split("\n")[:-1])


def test_copies_under_a_long_trailer_are_found_among_strangers() -> None:
    trailer = article(99, 30)
    texts = [article(1, 25) + trailer] * 1 + [article(1, 25) + f"Desk {at}\n" + trailer for at in range(7)]
    texts += [article(seed, 25) + trailer for seed in range(2, 40)]
    ids = [f"{at:02}" for at in range(len(texts))]
    documents = [Document(name, text) for name, text in zip(ids, texts, strict=True)]
    cleaner = Cleaner(learn(documents))
    found = [cleaner.explain(document).repetition.duplicate_of for document in documents]
    assert found == [None, *["00"] * 7, *[None] * 38]


def test_spaces_do_not_matter() -> None:
    wide = article(1).replace(" ", "   ")
    for ids in ("ab", "ba"):
        assert named([article(1) + "One\n", wide + "Two\n"], ids) == {"b": "a"}


def test_every_copy_is_one_of_its_family() -> None:
    """A document is a copy of the head of its family, or the head."""
    texts = [article(seed % 3, 8) + article(seed % 2 + 5, 6) for seed in range(12)]
    known = Frequencies(learn(Document(str(number), text) for number, text in enumerate(texts)))
    for number, head in enumerate(known.families.tolist()):
        assert head == number or head in known.copies.pairs[number]
        assert known.families[head] == head
        assert known.originals[number] <= number


@pytest.mark.parametrize("copies", [2, RARE + 4])
def test_copies_that_were_edited_stay(copies: int) -> None:
    """Each has some lines changed; as long as two share `TWIN_SHARE` of their prose they are copies, and lose nothing."""
    lines = article(1, 40).split("\n")[:-1]
    texts = [
        "".join(f"{line if at % 10 != number else line[:-1] + f' or {number}.'}\n" for at, line in enumerate(lines))
        for number in range(copies)
    ]
    documents = [Document(str(number), text) for number, text in enumerate(texts)]
    cleaner = Cleaner(learn(documents))
    assert [cleaner.clean(document).text for document in documents] == texts
    assert [cleaner.clean(document).duplicate_of for document in documents] == [None, *["0"] * (copies - 1)]
