"""Why a block was cut or kept: what is said of it, in a pipe and on a terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from io import StringIO
from itertools import count, islice
from typing import get_args, get_type_hints

import pytest
from hypothesis import given
from rich.cells import cell_len
from rich.console import Console

from cleaner.decide import Decision, Guard
from cleaner.explaining import _GUARDS, Note, Row, at_offset, explained, head, on_terminal, plain
from cleaner.index import Index, learn
from cleaner.matching import RuleSet
from cleaner.model import Cleaned, Document, Instead
from cleaner.pipeline import Cleaner
from cleaner.render import one_line
from cleaner.rules import load_rules
from tests.conftest import BODY, OTHER, THIRD, TRAILER
from tests.strategies import corpora

SHIPPED = load_rules()


def outcome(document: Document, index: Index | None = None, rules: RuleSet = SHIPPED) -> tuple[Cleaned, Decision]:
    cleaner = Cleaner(Index() if index is None else index, rules)
    return cleaner.clean(document), cleaner.explain(document)


def explain(document: Document, index: Index | None = None) -> list[str]:
    """Return what is said of a document in a pipe."""
    cleaned, decision = outcome(document, index)
    return [*head(cleaned), *plain(explained(cleaned, decision))]


def answer(document: Document, offset: int, index: Index | None = None, rules: RuleSet = SHIPPED) -> str:
    """Return why a character was cut or kept."""
    return next(at_offset(*outcome(document, index, rules), offset))


@given(corpora(max_size=4))
def test_every_block_is_explained_as_it_was_decided(corpus: list[Document]) -> None:
    """One line a block, marked when it was cut; the marked ones are the spans."""
    index = learn(corpus)
    cleaner = Cleaner(index, SHIPPED)
    for document in corpus:
        shown = [line for line in explain(document, index)[1:] if not line.startswith(("    ", "held back"))]
        blocks = cleaner.explain(document).repetition.blocks
        cut = {at for span in cleaner.clean(document).spans for at in range(span.start, span.end)}
        assert len(shown) == len(blocks)
        for line, block in zip(shown, blocks, strict=True):
            assert f"[{block.start}, {block.end})" in line
            visible = {at for at in range(block.start, block.stop) if not document.text[at].isspace()}
            assert visible & cut == (visible if line.startswith("-") else set())


def test_what_runs_through_the_pages_is_named() -> None:
    text = "\f".join(f"Of ferries\n{one}" for one in (BODY, OTHER, THIRD))
    assert any("runs through 3 pages: of ferries" in line for line in explain(Document("a", text)))


def test_evidence_is_named() -> None:
    """Rules by their id; repetition by template, count and partners; lists by their heading."""
    corpus = [Document(name, text + TRAILER) for name, text in (("a", BODY), ("b\n", OTHER), ("c", THIRD))]
    shown = explain(corpus[0], learn(corpus))
    assert shown[0] == f"a: cleaned, {len(BODY + TRAILER)} characters, {len(BODY)} kept"
    assert "          rule related/you-may-also-like: opens a trailer or box" in shown
    assert "          an item of the list under a heading that a rule knows" in shown
    start = OTHER.index("\n") + 2
    assert any(f"in 3 documents, word for word: b[{start}:{start + 17}], c[" in line for line in shown)


def test_a_held_document_says_why() -> None:
    """And its blocks are not marked."""
    shown = explain(Document("a", "Advertisement\n"))
    assert shown[0] == "a: held, 14 characters, 14 kept"
    assert shown[1].startswith("held back: ")
    assert shown[2].startswith(" ")


def test_an_offset_picks_its_block() -> None:
    """Each character belongs to one block; first comes the answer, and then all that is said of the block."""
    document = Document("a", BODY + TRAILER)
    whole = explain(document)
    picked: list[str] = []
    for at in range(len(document.text)):
        first, second, *found = at_offset(*outcome(document), at)
        assert first.startswith(f"character {at} was ")
        assert second == whole[0]
        picked += found if found != picked[-len(found) :] else []
    assert picked == whole[1:]


@given(corpora(max_size=3))
def test_an_answer_is_true(corpus: list[Document]) -> None:
    """Of each character: it was cut when it is in a span; and there is one line, whatever the text."""
    index = learn(corpus)
    for document in corpus:
        cleaned, decision = outcome(document, index)
        cut = {at for span in cleaned.spans for at in range(span.start, span.end)}
        borders = {
            border for block in decision.repetition.blocks for border in (block.start, block.stop, block.end - 1)
        }
        borders |= {border for span in cleaned.spans for border in (span.start - 1, span.start, span.end - 1, span.end)}
        for at in borders & set(range(len(document.text))):
            said = next(at_offset(cleaned, decision, at))
            assert said.startswith(f"character {at} was {'cut: it is in the ' if at in cut else 'kept: '}")
            assert one_line(said) == said


CORPUS = [Document(name, text + TRAILER) for name, text in (("a", BODY), ("b", OTHER), ("c", THIRD))]

ANSWERS = [
    (CORPUS[0], "harbour", "kept: nothing speaks against its block (its score is "),
    (
        CORPUS[0],
        "You may",
        "because rule related/you-may-also-like opens a trailer or box there and 3 documents hold it",
    ),
    (CORPUS[0], "Why", "because it is in the list that rule related/you-may-also-like opens and 3 documents hold it"),
    (CORPUS[0], "\n\nYou", "kept: nothing speaks"),
    (
        CORPUS[0],
        "\nYou",
        "cut: it is in the trailer [77, 133), certain to 0.818, because the white space before it goes with it",
    ),
    (
        Document("d", THIRD),
        "lamps",
        "kept: nothing speaks against its document: no rule, and nothing that other documents",
    ),
    (
        Document("d", "Advertisement\n"),
        "A",
        "kept: the document was held back: the cut would leave no text; expected a body",
    ),
    (Document("d", "\ufeffYou may also like\nMore\n\n" + BODY), "\ufeff", "kept: the byte order mark is the file's"),
    (
        Document("d", "\f".join(f"Of ferries\n{one}" for one in (BODY, OTHER, THIRD))),
        "Of",
        "cut: it is in the header [0, 11), certain to 0.818, because it runs through 3 pages",
    ),
    (Document("d", BODY + "## See also\n- Ants\n" + TRAILER), "See", "kept: rule "),
]


@pytest.mark.parametrize(("document", "at", "said"), ANSWERS)
def test_an_answer_says_why(document: Document, at: str, said: str) -> None:
    assert said in answer(document, document.text.index(at), learn(CORPUS))


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (1.2, "because its score is +1.2: most for cutting it weighs +"),
        (-0.2, "because it goes with its neighbours (its score is -0.2): rule related/you-may-also-like speaks for it"),
    ],
)
def test_what_goes_without_evidence_of_its_own_says_so(score: float, said: str) -> None:
    document = CORPUS[0]
    cleaned, decision = outcome(document, learn(CORPUS))
    made = replace(
        decision,
        scores=(*decision.scores[:2], score, decision.scores[3]),
        listed=frozenset(),
        repetition=replace(decision.repetition, reasons={}),
    )
    assert said in next(at_offset(cleaned, made, document.text.index("Why")))


def kept_by(guard: Guard | None, score: float, text: str = BODY) -> str:
    """Return why the second block of a document was kept that others hold, when this guard keeps it at this score."""
    document = Document("d", BODY + text + TRAILER)
    _, decision = outcome(document, learn(CORPUS))
    some, rest = (decision.scores[0], score), decision.scores[2:]
    made = replace(decision, scores=(*some, *rest), spared={1: guard} if guard else {})
    return next(at_offset(Cleaned(document, document.text, (), "unchanged"), made, len(BODY)))


@pytest.mark.parametrize(
    ("guard", "score", "said"),
    [
        (
            Guard("readable", 2.0),
            1.2,
            "its score of +1.2 is above 0, but it reads like body that hardly another document holds, which takes more than +2.0",
        ),
        (Guard("long", 4.0), 1.2, "it is a long line that no other document holds, which takes more than +4.0"),
        (
            Guard("borders", 0.5),
            0.3,
            "its block alone would go (+0.3), but not with its neighbours: a cut pays 0.5 for each of its borders",
        ),
        (Guard("few"), -0.2, "its neighbours speak for cutting it, but lines so few, that so few documents share"),
        (Guard("page"), 0.1, "its score of +0.1 is above 0, but its page would have no text left"),
        (None, -1.2, "its score of -1.2 is not above 0: most against cutting it weighs"),
    ],
)
def test_what_spared_a_block_is_told(guard: Guard | None, score: float, said: str) -> None:
    assert said in kept_by(guard, score, OTHER)


def test_each_guard_has_words() -> None:
    assert _GUARDS.keys() == set(get_args(get_type_hints(Guard)["name"]))


HOSTILE = (
    "\x1b[2J\x1b]0;title\x07 \u202eabc\u2066 \x9b31m \x7f\r\u2028 [red]markup[/red] :smile:\n"
    "שלום עולם, زبان فارسی\tand a tab\n"
    + "long" * 500
    + "\n"
    + "這份報紙每天出版" * 40
    + "\n\n\n\ne"
    + "\u0301" * 300
    + "\n"
)


def on_screen(document: Document, width: int, index: Index | None = None) -> str:
    """Return what a terminal of so many columns is sent."""
    console = Console(file=StringIO(), force_terminal=True, color_system="256", width=width, legacy_windows=False)
    for part in on_terminal(explained(*outcome(document, index)), width):
        console.print(part)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def without_space(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(("width", "margin"), [(30, 15), (80, 26), (120, 36)])
def test_a_terminal_gets_the_text_in_full(width: int, margin: int) -> None:
    """All that is cut struck through, in the colour of its kind, and nothing else; beside it why."""
    corpus = [
        Document(name, "Advertisement\n\n" + text + TRAILER) for name, text in (("a", BODY), ("b", OTHER), ("c", THIRD))
    ]
    shown = on_screen(corpus[0], width, learn(corpus))
    struck = "".join(re.findall(r"\x1b\[9;38;5;(?:32|166)m(.*?)\x1b\[0m", shown))
    assert without_space(struck) == without_space("Advertisement" + TRAILER)
    assert re.search(r"\x1b\[9;38;5;32mAdvertisement", shown)
    unstruck = re.sub(r"\x1b\[9;[0-9;]*m.*?\x1b\[0m", "", shown)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", unstruck).splitlines()
    assert without_space("".join(line[margin + 1 :] for line in lines)) == without_space(BODY)
    beside = without_space("".join(line[:margin] for line in lines))
    for said in ("header", "trailer", "related/you-may-also-like", "in3documents"):
        assert said in beside


@pytest.mark.parametrize("width", [30, 80, 120])
def test_no_text_has_a_terminal_do_anything(width: int) -> None:
    """It gets no control characters but those for colours and line ends, and no line is too long for it."""
    shown = on_screen(Document("a", HOSTILE + TRAILER), width)
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    lines = text.split("\n")
    assert re.findall("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", text.replace("\n", "")) == []
    assert max(map(cell_len, lines)) <= width
    for part in (
        r"\x1b[2J\x1b]0;title\x07\u202eabc\u2066\x9b31m\x7f\r\u2028[red]markup[/red]:smile:",
        "long" * 500,
        "e" + "\u0301" * 300,
    ):
        assert part in without_space("".join(line[min(width // 2, 26 if width < 90 else 36) + 1 :] for line in lines))


def test_what_keeps_a_block_that_scores_above_0_stands_beside_it() -> None:
    document = Document("a", BODY + "long" * 60 + "\n" + TRAILER)
    [kept] = [row for row in explained(*outcome(document)) if row.start == len(BODY)]
    assert (kept.kind, kept.score > 0, kept.kept) == (None, True, "it is a long line that no other document holds")
    assert without_space(kept.kept)[:20] in without_space(re.sub(r"  .*|\x1b\[[0-9;]*m", "", on_screen(document, 120)))


def test_a_long_document_is_shown_as_it_goes() -> None:
    """Nothing waits for the last row."""
    rows = (Row(at, at, at + 2, None, -1.0, "A\n", (Note("said", "said"),)) for at in count())
    assert len(list(islice(on_terminal(rows, 80), 3))) == 3


def test_white_space_around_a_marker_stays() -> None:
    """It was cut with its block, but for the marker: and that is said."""
    document = Document("a", f"{BODY}You may also like\n\nWhy bridges hum\n\n\n")
    rules = RuleSet(SHIPPED.rules, (Instead("", rules=("related/*",), marker="[cut]"),))
    assert outcome(document, rules=rules)[0].text.endswith("[cut]\n\n\n")
    assert "a marker stands in place" in answer(document, len(document.text) - 1, rules=rules)
    assert "was cut" in answer(document, document.text.index("bridges"), rules=rules)
