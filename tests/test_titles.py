"""The title that a document gives itself stays, though its header goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cleaner.index import learn
from cleaner.model import Document
from cleaner.observed import Observed
from cleaner.pipeline import Cleaner
from cleaner.policy import POLICIES
from cleaner.repetition import Repetition, none
from cleaner.titles import own_title
from tests.handmade import MORE, PROSE, TITLE, Said, evidence, tiled
from tests.test_kept import article

HEADER = ("The Daily Bee", "Home", "News", TITLE, "4 May", PROSE, MORE)
"""Its first five lines are to be cut."""

SIZE = 8


def found(lines: Sequence[str], cut: int, known: Mapping[str, Mapping[int, int]], said: Said) -> list[str]:
    """Return the title of lines, of which the first `cut` are to be cut; `known` says how many others hold them, by count and line."""
    text, blocks = tiled(lines)
    counts: dict[str, Any] = {}
    for name, held in known.items():
        counts[name] = np.zeros(len(blocks), dtype=np.int64)
        counts[name][list(held)] = list(held.values())
    repetition: Repetition = replace(none(blocks), size=SIZE, **counts)
    places = own_title(Observed(text, blocks, evidence(said), repetition), [at < cut for at in range(len(blocks))])
    return [lines[at] for at in places]


LINKED = {name: {3: 2} for name in ("group", "corpus", "masked", "framed")}
"""Two others hold the title, as a link."""


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, [TITLE]),
        (LINKED, [TITLE]),
        (LINKED | {name: {3: 3} for name in ("group", "corpus")}, []),
        (LINKED | {"before": {3: 1}}, []),
        (LINKED | {"after": {3: 1}}, []),
        (LINKED | {"fixed": {3: 1}}, []),
        (LINKED | {"masked": {3: 3}}, []),
        (LINKED | {"framed": {3: 3}}, []),
        ({"masked": {3: 1}}, []),
        ({"framed": {3: 1}}, []),
        ({"cells": {3: 2}}, []),
    ],
)
def test_what_others_hold_in_the_same_way_is_no_title(
    known: Mapping[str, Mapping[int, int]], expected: list[str]
) -> None:
    """In its place, framed alike, or more of them than link to it."""
    others = {name: {0: 8, **known.get(name, {})} for name in ("group", "corpus", "masked", "framed", "fixed")}
    assert found(HEADER, 5, {**known, **others}, {}) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        (TITLE, True),
        ("Bees hum", True),
        ("Bees", False),
        (f"• {TITLE}", False),
        (f"3. {TITLE}", False),
        (f"{TITLE} …", False),
        ("https://example.com/why-bridges-hum", False),
        ("word " * 80, False),
    ],
)
def test_what_a_title_looks_like(title: str, *, expected: bool) -> None:
    """Wide enough for words, narrower than a paragraph; no item, no address, not cut short."""
    lines = ("Home", title.strip(), PROSE)
    assert found(lines, 2, {}, {}) == [title.strip()] * expected


def test_only_the_header_has_one() -> None:
    """The widest line before the body, that nobody's rule speaks of; no line after a sentence."""
    assert found((TITLE, "The man who counts swans for a living", PROSE), 2, {}, {}) == [
        "The man who counts swans for a living"
    ]
    assert found((TITLE, "What the lord said on Friday", PROSE), 2, {}, {}) == [TITLE]
    assert found((PROSE, TITLE, MORE), 0, {}, {}) == []
    assert found((PROSE, TITLE, MORE), 2, {}, {}) == []
    assert found((TITLE, PROSE), 2, {}, {}) == [], "no body"
    for said in (["cut"], ["open"]):
        assert found((TITLE, "Home", PROSE), 2, {}, {0: said}) == []


@pytest.mark.parametrize("policy", POLICIES)
def test_titles_of_a_site(policy: str) -> None:
    """Each article has one, amid a header that all have, with a date of its own; the last ones are linked from the others' ends."""
    menu = ["The Daily Bee", "Home", "News", "Sport", "Letters to the editor", "Subscribe"]
    titles = [" ".join(article(number)[0].split()[:6]) for number in range(12)]
    documents = [
        Document(
            str(number),
            "\n".join(
                [*menu, title, f"{number + 1} May 2024", "Share on Facebook", "Print this page", *article(number)]
            )
            + "\n",
            "site",
        )
        for number, title in enumerate(titles)
    ]
    for title, one in zip(titles, Cleaner(learn(documents), policy=POLICIES[policy]).clean_all(documents), strict=True):
        assert [line for line in one.text.split("\n") if line in (title, *menu)] == [title]
