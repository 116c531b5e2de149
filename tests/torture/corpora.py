"""Hostile corpora: what it takes to have another author's paragraph cut, templates that chain, lines made to collide."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from cleaner import Cleaner, Document, learn
from cleaner.model import Cleaned
from tests.benchmarks import scale
from tests.torture.line import Line

NUMBERS = (1, 2, 3, 5, 10, 30, 100)
"""So many documents an attacker writes."""


def run(folder: Path, hours: float) -> Iterator[Line]:
    """Learn corpora that somebody meant ill with, and look at what is cut of the others' documents."""
    rows = [row["text"] for row in scale.documents(100, seed=1)]
    yield from _thefts(rows)
    yield _everywhere(rows)
    yield _chain()


def _thefts(rows: Sequence[str]) -> Iterator[Line]:
    """Somebody repeats paragraphs of another author's article in documents of their own, to have them cut from it."""
    numbers = random.Random(2)
    article = [_prose(numbers) for _ in range(12)]
    own = [Document(f"v{at}", _article(numbers), "author") for at in range(10)]
    beside = [Document(f"o{at}", text, f"site {at % 20}") for at, text in enumerate(rows)] + own
    fillers = ["\n\n".join(_prose(numbers) for _ in range(6)) for _ in range(max(NUMBERS))]
    victim = Document("author", "\n\n".join(article) + "\n", "author")
    for what, stolen in (
        ("one paragraph of its midst", article[6:7]),
        ("its last paragraph", article[-1:]),
        ("its last three", article[-3:]),
    ):
        told = []
        joined = "\n\n".join(stolen)
        for who, group in (
            ("in the author's own group", "author"),
            ("in one other group", "other"),
            ("in a group each", "other {}"),
            ("no groups given", None),
        ):
            attack = [
                Document(f"a{at}", f"{filler}\n\n{joined}\n", (group or "").format(at))
                for at, filler in enumerate(fillers)
            ]
            least = [
                count for count in NUMBERS if _is_cut(stolen, victim, beside, attack[:count], nameless=group is None)
            ]
            told.append(f"{who}: {'by ' + ', '.join(map(str, least)) if least else 'never'}")
        yield Line(
            f"an attacker repeats a part of another's article, to have it cut: {what}",
            f"{', '.join(map(str, NUMBERS))} documents",
            f"cut {'; '.join(told)}",
        )


def _is_cut(
    stolen: Sequence[str], victim: Document, beside: Sequence[Document], attack: Sequence[Document], *, nameless: bool
) -> bool:
    """Whether something of `stolen` is cut from the victim's article; nothing else of it ever is."""
    documents = [victim, *beside, *attack]
    if nameless:
        documents = [Document(one.id, one.text) for one in documents]
    cleaned = Cleaner(learn(documents)).clean(documents[0])
    _undone(cleaned)
    lost = [paragraph for paragraph in victim.text.rstrip().split("\n\n") if paragraph not in cleaned.text]
    assert set(lost) <= set(stolen), lost
    return bool(lost)


def _prose(numbers: random.Random) -> str:
    words = [
        "the",
        "harbour",
        "council",
        "bridge",
        "of",
        "bees",
        "and",
        "old",
        "town",
        "river",
        "winter",
        "lamp",
        "quiet",
    ]
    sentences = []
    for _ in range(3):
        told = " ".join(numbers.choices(words, k=numbers.randint(9, 16)))
        sentences.append(f"{told.capitalize()} {numbers.randrange(10**6)}.")
    return " ".join(sentences)


def _article(numbers: random.Random) -> str:
    return "\n\n".join(_prose(numbers) for _ in range(10)) + "\n"


def _undone(cleaned: Cleaned) -> None:
    """Check that the original can be had again, and that each cut says why."""
    text, at, rest = cleaned.document.text, 0, ""
    for span in cleaned.spans:
        assert span.reasons
        rest += text[at : span.start]
        at = span.end
    assert rest + text[at:] == cleaned.text


def _everywhere(rows: Sequence[str]) -> Line:
    """Every document is nothing but one template: it is held or stays, none is emptied."""
    template = "".join(f"{line}\n" for line in rows[0].split("\n")[:20])
    documents = [Document(str(at), template) for at in range(300)]
    documents += [Document(f"x{at}", template + f"Number {at}\n") for at in range(300)]
    cleaned = Cleaner(learn(documents)).clean_all(documents)
    for one in cleaned:
        _undone(one)
        assert any(map(str.isalpha, one.text))
    held = sum(one.status == "held" for one in cleaned)
    return Line(
        "one template, and nothing else, in every document", f"{len(documents)} documents", f"{held} held, none emptied"
    )


def _chain() -> Line:
    """Each line nearly equals the next one, and the last has nothing of the first: they are not merged."""
    words = [f"w{number:05}" for number in range(220)]
    lines = [" ".join(words[at : at + 20]) for at in range(200)]
    documents = [Document(str(at), f"Own text of the page {at * 7919}.\n\n{line}\n") for at, line in enumerate(lines)]
    cleaner = Cleaner(learn(documents))
    most = 0
    for document in documents:
        for reason in cleaner.explain(document).repetition.reasons.values():
            assert reason.similarity >= 0.6
            most = max(most, reason.documents)
    assert most < 20, most
    return Line(
        "lines that chain, each nearly the next", f"{len(lines)} lines", f"none counts in more than {most} documents"
    )
