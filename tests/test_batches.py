"""Many documents at once: each comes out as it would alone, whatever else is in its batch."""

from __future__ import annotations

import random
import tomllib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.decide import Decision, decide
from cleaner.features import features
from cleaner.fingerprints import lines_of
from cleaner.frequency import Frequencies
from cleaner.index import Index, learn
from cleaner.layout import SECTIONS, Layout, Line
from cleaner.matching import match
from cleaner.model import Document
from cleaner.observed import Observed
from cleaner.pipeline import Cleaner
from cleaner.policy import Policy
from cleaner.repetition import Repetition, lookup
from cleaner.rules import load_rules
from cleaner.segment import LONG_LINE, segment
from cleaner.surroundings import Codes
from tests.strategies import LINES, STEADY

if TYPE_CHECKING:
    from numpy.typing import NDArray

HERE = Path(__file__).parent
SEEDS = [
    Document(path.name, path.read_bytes().decode(), "seeds") for path in sorted((HERE.parent / "seeds").glob("*.txt"))
]
CASES = tomllib.loads((HERE / "cases" / "clean.toml").read_text(encoding="utf-8"))["case"]

PASSAGE = "Why bridges hum and what the keeper of the light says of it "
LONG = (f"{PASSAGE * 9}and so on.", "The ferry leaves at seven. " * 20, "秋天值得一看的十座灯塔和它们的故事。" * 32)
"""Lines that have shingles."""

BOXED = 6
"""Stands for a long line with a box in it; lower numbers for so many lines."""

TRAILER = "You may also like\nTen quiet harbours\nWho pays for the signal box\nHome » News » Bridges\n"
ARTICLE = "".join(f"{LINES[5].replace('Monday', f'{day} in the old town hall')}\n" for day in ("May", "June", "July"))
"""Enough prose to make copies of those that share it."""


def own(name: str, count: int) -> str:
    """Return lines that no other document has."""
    kinds = (
        "The keeper {0} of the light went out to sea on day {1} and did not come back for a year.",
        "Harbour {0} {1}",
    )
    return "".join(f"{kinds[at % 2].format(name, at)}\n" for at in range(count))


def boxed(name: str) -> str:
    """Return a long line that no other document has, with a box in it that others may have."""
    words = [f"word{name}{at}" for at in range(60)]
    return " ".join([*words[:30], PASSAGE.strip(), *words[30:]]) + "\n"


@st.composite
def layouts(draw: st.DrawFn, text: str) -> Layout | None:
    """What markup may say of a text; mostly nothing."""
    blocks = [block for block in segment(text) if block.first]
    if not blocks or draw(st.integers(0, 5)):
        return None
    numbers = np.random.default_rng(draw(st.integers(0, 99)))
    lines = tuple(
        Line("body > p", 1, float(numbers.integers(3)) / 2, False, 2, 0, 0, int(numbers.integers(2 ** len(SECTIONS))))
        for _ in blocks
    )
    shares = numbers.integers(0, 3, len(blocks)) / 2
    return Layout(np.array([block.start for block in blocks]), lines, shares, shares > 1)


def _drawn(piece: str | int, name: str) -> str:
    """Return a piece of a text: a line that is shared, or for a number lines of its own."""
    if isinstance(piece, str):
        return piece
    return own(name, piece) if piece < BOXED else boxed(name)


@st.composite
def many(draw: st.DrawFn) -> list[Document]:
    """Documents that share lines, passages of long lines and prose, and have some of their own; some are on one line."""
    shared = st.sampled_from((*LINES, *LONG, TRAILER, TRAILER, ARTICLE, ""))
    marks = st.sampled_from(("\n", "\n", "\n\n", "\n\f", "\r\n"))
    found: list[Document] = []
    for at in range(draw(st.integers(0, 7))):
        pieces = draw(
            st.lists(st.tuples(shared, marks).map("".join) | st.sampled_from((1, 2, 5, BOXED, BOXED)), max_size=6)
        )
        ends = draw(st.sampled_from(("", TRAILER, TRAILER)))
        parts = [_drawn(one, f"{at}{number}") for number, one in enumerate(pieces)]
        text = "".join(parts) + ends if parts else ""
        if draw(st.booleans()) and not draw(st.integers(0, 2)):
            text = text.replace("\n", " ")
        if found and not draw(st.integers(0, 5)):
            text = draw(st.sampled_from(found)).text + draw(st.sampled_from(("", TRAILER)))
        name, group = draw(st.sampled_from((f"d{at}", "d0"))), draw(st.sampled_from(("", "a", "a", "b")))
        found.append(Document(name, text, group, layout=draw(layouts(text))))
    return found


@st.composite
def batches(draw: st.DrawFn) -> tuple[Index, list[list[Document]]]:
    """What some of the documents have taught, and all of them in batches, in any order."""
    documents = draw(many())
    learnt = [one for one in documents if draw(st.integers(0, 4))]
    order = draw(st.permutations(documents))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=3)))
    return learn(learnt), [list(order[one:other]) for one, other in pairwise((0, *cuts, len(order)))]


def same(one: Repetition, other: Repetition) -> bool:
    """Whether two look-ups found the same, to the last bit, and the same type."""
    arrays = [(value, getattr(other, name)) for name, value in vars(one).items() if isinstance(value, np.ndarray)]
    assert len(arrays) > 20
    rest = [(found.blocks, found.size, dict(found.reasons), found.duplicate_of) for found in (one, other)]
    return rest[0] == rest[1] and all(
        value.dtype == array.dtype and value.tobytes() == array.tobytes() for value, array in arrays
    )


@cache
def rules_used() -> Cleaner:
    """Return a cleaner with the shipped rules, which are read once."""
    return Cleaner(rules=load_rules())


def seen(known: Frequencies, documents: Sequence[Document]) -> list[Observed]:
    """Observe documents."""
    found = lookup(known, documents, [segment(one.text) for one in documents])
    return [
        Observed(one.text, known.blocks, match(rules_used().rules, one, known.blocks), known, one.layout)
        for one, known in zip(documents, found, strict=True)
    ]


# What surrounds a line


def coded(codes: Codes, marks: NDArray[np.bool_]) -> dict[str, list[tuple[int, int]]]:
    """Return every code of each kind with its line, or the line after the gap, in order."""
    at = np.arange(len(codes.lines))
    kinds = {
        **{name: [(getattr(codes, name), at)] for name in ("held", "masked", "framed", "shaped")},
        **{name: [(one, at) for one in getattr(codes, name)] for name in ("around", "pairs", "affixes")},
        "celled": [codes.celled],
        "fixed": [codes.fixed],
        "gaps": [codes.gaps(marks)[:2]],
        "between": [(codes.between(marks), at)],
        "places": [places[::-1] for places in codes.places(marks)],
    }
    return {
        f"{name} {number}": sorted(zip(lines.tolist(), values.tolist(), strict=True))
        for name, both in kinds.items()
        for number, (values, lines) in enumerate(both)
    }


@settings(STEADY, max_examples=100)
@given(many(), st.randoms(use_true_random=False))
def test_what_surrounds_a_line_is_of_its_document(documents: list[Document], numbers: random.Random) -> None:
    """Its neighbours, the landmarks around it, the start and the end, when lines of many stand in one column."""
    lines = lines_of((one.text, segment(one.text)) for one in documents)
    groups = np.array([numbers.randrange(3) for _ in documents], dtype=np.int64)
    marks = np.array([numbers.random() < 0.3 for _ in range(len(lines))], dtype=np.bool_)
    expected: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for at, (first, last) in enumerate(pairwise(lines.first.tolist())):
        alone = Codes(lines.take(np.array([at])), groups[at : at + 1])
        for name, found in coded(alone, marks[first:last]).items():
            expected[name] += [(first + line, code) for line, code in found]
    together = coded(Codes(lines, groups), marks)
    assert {name: sorted(found) for name, found in expected.items()} == {
        name: found for name, found in together.items() if documents
    }


# Looked up


@settings(STEADY, max_examples=100)
@given(batches())
def test_one_s_look_up_does_not_depend_on_the_others(corpus: tuple[Index, list[list[Document]]]) -> None:
    """Counts, reasons, parts of long lines, and which document it is a copy of."""
    index, parts = corpus
    known, alone = Frequencies(index), Frequencies(index)
    for part in parts:
        found = lookup(known, part, [segment(one.text) for one in part])
        assert len(found) == len(part)
        for one, repetition in zip(part, found, strict=True):
            [expected] = lookup(alone, [one], [segment(one.text)])
            assert same(repetition, expected)


def test_nobody_is_looked_up() -> None:
    assert lookup(Frequencies(learn(SEEDS)), [], []) == []
    assert lookup(Frequencies(Index()), [], []) == []


# Weighed


@settings(STEADY, max_examples=100)
@given(batches())
def test_one_s_features_do_not_depend_on_the_others(corpus: tuple[Index, list[list[Document]]]) -> None:
    """To the last bit: a forest asks whether a feature is above a threshold."""
    index, parts = corpus
    known = Frequencies(index)
    for part in parts:
        for paged in (False, True):
            pages = [page for page in seen(known, part) if (page.layout is not None) == paged and page.blocks]
            if not pages:
                continue
            values = features(pages)
            each = [features([page]) for page in pages]
            for name, column in values.items():
                apart = [one[name] for one in each]
                assert column.tobytes() == b"".join(one.tobytes() for one in apart), name
                assert {column.dtype} == {one.dtype for one in apart}
                assert len(column) == sum(len(page.blocks) for page in pages)
            assert all(one.keys() == values.keys() for one in each)


# Decided


def laid_open(decision: Decision) -> list[object]:
    """Return all of a decision as values that can be compared."""
    values = {field.name: getattr(decision, field.name) for field in fields(decision)}
    del values["repetition"]
    values["values"] = {name: column.tobytes() for name, column in decision.values.items()}
    return list(values.items())


@settings(STEADY, max_examples=60)
@given(batches(), st.sampled_from((Policy(), Policy(threshold=-1.5, doubt=1.0))))
def test_one_s_decision_does_not_depend_on_the_others(
    corpus: tuple[Index, list[list[Document]]], policy: Policy
) -> None:
    """Of texts and pages together, and of documents that nothing is said of."""
    index, parts = corpus
    for part in parts:
        pages = seen(Frequencies(index), part)
        together = decide(pages, policy)
        assert len(together) == len(pages)
        for page, decision in zip(pages, together, strict=True):
            [expected] = decide([page], policy)
            assert laid_open(decision) == laid_open(expected)
            assert same(decision.repetition, expected.repetition)


def test_nobody_is_decided_on() -> None:
    assert decide([], Policy()) == []


# Cleaned


@settings(STEADY, max_examples=100)
@given(batches(), st.sampled_from((1.0, 0.5, None)))
def test_one_s_body_does_not_depend_on_the_others(
    corpus: tuple[Index, list[list[Document]]], max_share: float | None
) -> None:
    """Its spans, their scores and reasons, its status and what is said of it neither."""
    index, parts = corpus
    cleaner, alone = (Cleaner(index, rules_used().rules, Policy(max_share=max_share)) for _ in range(2))
    found = list(chain.from_iterable(map(cleaner.clean_all, parts)))
    assert found == [alone.clean(document) for document in chain.from_iterable(parts)]


@pytest.mark.parametrize("size", [2, 7, 1000])
def test_whatever_the_size_of_the_batches(size: int) -> None:
    """Of whole documents, in a group and without one, as they are and on one line."""
    texts = [text for number, case in enumerate(CASES) for text in case["documents"] if number % 4 == 0]
    corpus = [
        *SEEDS,
        *(Document(f"case {number}", text, f"{number % 3 or ''}") for number, text in enumerate(texts)),
        *(Document(f"flat-{one.id}", one.text.replace("\n", " ")) for one in SEEDS),
    ]
    cleaner = Cleaner(learn(corpus), rules_used().rules)
    parts = [corpus[at : at + size] for at in range(0, len(corpus), size)]
    found = list(chain.from_iterable(map(cleaner.clean_all, parts)))
    assert [one.document for one in found] == corpus
    assert found == [cleaner.clean(document) for document in corpus]
    assert Counter(one.status for one in found)["cleaned"] > 10


def test_nobody_is_cleaned() -> None:
    assert Cleaner(learn(SEEDS)).clean_all([]) == []
    assert Cleaner().clean_all([]) == []


def test_examples_have_long_lines() -> None:
    """The ones above do, and some are parted where a box starts or ends."""
    assert all(len(line) > LONG_LINE for line in (*LONG, boxed("a")))
    documents = [Document(name, own(name, 3) + boxed(name), "a") for name in "abcde"]
    found = lookup(Frequencies(learn(documents)), documents, [segment(one.text) for one in documents])
    assert [len(one.blocks) for one in found] == [6] * 5
    assert [len(segment(one.text)) for one in documents] == [4] * 5
