"""What recurs, or stands next to what does, and is the body's all the same: it stays under every policy."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from cleaner.index import learn
from cleaner.model import Document
from cleaner.observed import Observed
from cleaner.pipeline import Cleaner
from cleaner.policy import POLICIES
from cleaner.repetition import none
from cleaner.segment import segment

WORDS = sorted(
    set(re.findall("[a-z]{3,}", (Path(__file__).parents[1] / "rules" / "prose" / "en.txt").read_text("utf-8")))
)

TITLES = (
    "More from our newsroom",
    "Why bridges hum at night",
    "Ten quiet harbours to see before autumn",
    "The man who counts swans for a living",
    "What the mayor said about the new tram",
)

policies = pytest.mark.parametrize("policy", POLICIES)


def sentence(draw: random.Random, words: int = 16) -> str:
    """Make up a sentence with a comma in it."""
    said = [draw.choice(WORDS) for _ in range(words)]
    said[words // 2] += ","
    return " ".join(said).capitalize() + "."


def article(number: int, paragraphs: int = 6, sentences: int = 7) -> list[str]:
    """Make up an article that no other one shares a sentence with: paragraphs of some 700 characters."""
    draw = random.Random(number)
    return [" ".join(sentence(draw) for _ in range(sentences)) for _ in range(paragraphs)]


def cleaned(documents: Sequence[Document], policy: str) -> list[str]:
    """Return the bodies of documents that were learnt from each other."""
    return [one.text for one in Cleaner(learn(documents), policy=POLICIES[policy]).clean_all(documents)]


@policies
@pytest.mark.parametrize("group", ["example.com", ""])
@pytest.mark.parametrize(
    "clause",
    [
        "according to a statement that was released by the company on Tuesday morning, ",
        "as the spokesperson for the ministry told reporters at a briefing on the subject, ",
    ],
)
def test_a_stock_clause_within_sentences(clause: str, group: str, policy: str) -> None:
    """It stands in one long paragraph of each of 24 articles."""
    texts = []
    for number in range(24):
        paragraphs = article(number)
        paragraphs[number % 5] = paragraphs[number % 5].replace(", ", ", " + clause, 1)
        texts.append("\n\n".join(paragraphs) + "\n")
    documents = [Document(str(number), text, group) for number, text in enumerate(texts)]
    assert [text.count(clause) for text in texts] == [1] * 24
    assert cleaned(documents, policy) == texts


@policies
@pytest.mark.parametrize("group", ["example.com", ""])
@pytest.mark.parametrize(
    "last", ["“We will be back when it snows,” she said.", "Nobody has seen the heron since the ice broke."]
)
def test_an_only_sentence_after_a_trailer_of_titles(last: str, group: str, policy: str) -> None:
    """One of 12 articles goes on after it."""
    bodies = ["\n\n".join(article(number)) + "\n\n" for number in range(12)]
    trailer = "\n\n".join(TITLES)
    documents = [Document(str(number), body + trailer + "\n", group) for number, body in enumerate(bodies)]
    documents[7] = Document("7", f"{bodies[7]}{trailer}\n\n{last}\n", group)
    expected = [body.removesuffix("\n") for body in bodies]
    expected[7] = f"{bodies[7]}{last}\n"
    assert [text.rstrip("\n") for text in cleaned(documents, policy)] == [text.rstrip("\n") for text in expected]


LEAD = [
    "The ferry that sank in spring has been raised.",
    "It runs again from Sunday on, says the master of the harbour.",
]


@policies
@pytest.mark.parametrize(
    ("first", "last"),
    [(["The ferry that came back", *LEAD], []), ([*LEAD, "Why it sank"], []), ([], [*LEAD, "Lets go!"])],
)
def test_what_an_article_kept_when_it_was_rewritten(first: list[str], last: list[str], policy: str) -> None:
    """It was learnt as it was, and is cleaned as it is: what the two share proves nothing."""
    before, after = ("\n\n".join([*first, *article(number), *last]) for number in range(2))
    index = learn([Document("before", before), Document("another", "\n\n".join(article(2)))])
    assert Cleaner(index, policy=POLICIES[policy]).clean(Document("after", after)).text == after


@policies
@pytest.mark.parametrize("groups", [("a", "b", "c"), ("", "", "")])
@pytest.mark.parametrize("between", ["\n\n", " "])
def test_the_end_of_an_article_that_two_others_quote(between: str, groups: Sequence[str], policy: str) -> None:
    """Three paragraphs, in three documents that say nothing else in common, also on one line."""
    last = article(9, paragraphs=3, sentences=3)
    texts = [between.join([*article(number, sentences=3), *last]) + "\n" for number in range(3)]
    documents = [Document(str(number), text, groups[number]) for number, text in enumerate(texts)]
    assert cleaned(documents, policy) == texts


@policies
@pytest.mark.parametrize("groups", ["copyist", "copyist {}"], ids=["of one group", "of a group each"])
@pytest.mark.parametrize("copies", [2, 3, 10])
def test_the_end_of_an_article_that_other_sites_repeat(copies: int, groups: str, policy: str) -> None:
    """Three paragraphs, that no other article of their own site has: however many others end in them."""
    last = article(99, paragraphs=3, sentences=3)
    own = [Document(f"own {number}", "\n\n".join(article(number)) + "\n", "own") for number in range(8)]
    theirs = [
        Document(f"other {at}", "\n\n".join([*article(100 + at, 3), *last]) + "\n", groups.format(at))
        for at in range(copies)
    ]
    text = "\n\n".join([*article(50), *last]) + "\n"
    assert cleaned([Document("copied", text, "own"), *own, *theirs], policy)[0] == text


@policies
@pytest.mark.parametrize("group", ["example.com", ""])
def test_front_matter(group: str, policy: str) -> None:
    """All pages of a site have the same fields, and some the same values; what comes after them goes as before."""
    menu = ["The Daily Bee", "Home", "News", "Letters to the editor", "Subscribe"]
    documents = []
    for number in range(10):
        front = [
            "---",
            f"title: {TITLES[number % 5]}, part {number}",
            "layout: post",
            "tags:",
            "  - bees",
            "- ferries",
            "---",
        ]
        documents.append(
            Document(str(number), "\n".join(front) + "\n\n" + "\n".join([*menu, "", *article(number)]) + "\n", group)
        )
    for document, text in zip(documents, cleaned(documents, policy), strict=True):
        front = document.text[: document.text.index("---\n\n") + 4]
        assert text.startswith(front)
        assert "Letters to the editor" not in text


@pytest.mark.parametrize(
    "text",
    ["---\nOne\n---\n", "--- \n---\n", "---\nname: a\n", "Home\n---\nname: a\n---\n", "---\nname: a\nTwo words\n---\n"],
)
def test_what_is_no_front_matter(text: str) -> None:
    """No fields, no end, not at the start."""
    blocks = segment(text)
    assert not Observed(text, blocks, [], none(blocks)).kept.any()
