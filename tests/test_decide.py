"""From blocks and evidence to spans, with scores made by hand."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner import decide as module
from cleaner.decide import AGAINST, GROUP, PAGES, REFUSED, SETTLED, Decision, Guard, _runs, _segment
from cleaner.features import features
from cleaner.forest import Forest
from cleaner.layout import Layout, Line
from cleaner.model import Block, Evidence, Partner, RuleReason, Signal, Span, TemplateReason
from cleaner.observed import SEVERAL, Observed
from cleaner.pages import page_numbers
from cleaner.policy import POLICIES, Policy
from cleaner.repetition import Repetition, none
from cleaner.segment import segment
from cleaner.spans import GAP, placed
from tests.handmade import (
    CODE,
    MORE,
    NOTHING,
    PROSE,
    RULE,
    TEMPLATE,
    TITLE,
    Said,
    by_place,
    decided,
    evidence,
    recurring,
    stumps,
    tiled,
)
from tests.strategies import STEADY, pages

PLAIN = Policy(threshold=0.0, border=0.5, doubt=2.0)
"""Scores count as they are."""

SURE = 9.0
"""A score that no guard but the unconditional ones stands against."""

RULES = stumps({"cut rule": 4.0, "open rule": 4.0, "listed": 4.0, "share": 4.0}, bias=-2.0)
"""Cuts what a rule speaks for, and what recurs."""


@contextmanager
def scoring(forest: Forest) -> Iterator[None]:
    """Decide by `forest` instead of the shipped one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "shipped", lambda _=None: forest)
        yield


def on_lines(
    lines: Sequence[str],
    forest: Forest | Sequence[float],
    said: Said,
    held: Mapping[int, int] = NOTHING,
    *,
    size: int = 9,
    edge: bool = True,
    policy: Policy = PLAIN,
) -> Decision:
    """Decide on lines by a forest, or by a score for each; with what rules say and how many others hold, by line."""
    text, blocks = tiled(lines)
    with scoring(forest if isinstance(forest, Forest) else by_place(forest)):
        return decided(text, blocks, evidence(said), recurring(blocks, held, size, edge=edge), policy)


def kept(
    lines: Sequence[str],
    forest: Forest | Sequence[float],
    said: Said,
    held: Mapping[int, int] = NOTHING,
    *,
    size: int = 9,
    edge: bool = True,
    policy: Policy = PLAIN,
) -> list[str]:
    """Return the lines that stay."""
    decision = on_lines(lines, forest, said, held, size=size, edge=edge, policy=policy)
    return [line for line, cut in zip(lines, decision.cut, strict=True) if not cut]


def cutting(*places: int) -> dict[int, list[Signal]]:
    """Return what is said when a rule cuts these lines."""
    return {place: ["cut"] for place in places}


# Scores


def test_scores_are_the_forests_less_the_threshold() -> None:
    scores = [-1.25, 0.5, 2.0]
    lines = ("One", "Two", "Three")
    assert on_lines(lines, scores, cutting(0)).scores == (-1.25, 0.5, 2.0)
    assert on_lines(lines, scores, cutting(0), policy=replace(PLAIN, threshold=1.5)).scores == (-2.75, -1.0, 0.5)
    assert on_lines(lines, [1 / 3, 0.0, 0.0], cutting(0)).scores[0] == 0.333


def test_the_forest_is_asked_of_the_features() -> None:
    """Of what rules say and of what the corpus knows; they are there to be shown."""
    lines = (PROSE, "Related", "One", TITLE, MORE)
    said: Said = {1: ["open"]}
    decision = on_lines(lines, RULES, said, {3: 2})
    assert decision.scores == (-2.0, 2.0, 2.0, 6.0, -2.0)
    assert decision.listed == {2, 3}
    text, blocks = tiled(lines)
    repetition = recurring(blocks, {3: 2})
    expected = features([Observed(text, blocks, evidence(said), repetition)])
    assert decision.values.keys() == expected.keys()
    assert all(np.array_equal(decision.values[name], expected[name]) for name in expected)
    assert decision.evidence == tuple(evidence(said))
    assert decision.repetition.corpus.tolist() == [0, 0, 0, 2, 0]


# Runs


def worth(scores: Sequence[float], states: Sequence[bool], border: float) -> float:
    """Return what a segmentation is worth."""
    gained = sum(score for score, cut in zip(scores, states, strict=True) if cut)
    return gained - border * sum(one != other for one, other in pairwise(states))


def test_the_best_segmentation_is_found() -> None:
    """As good as the best of all, for any scores; in quarters, so that sums are exact."""
    numbers = random.Random(0)
    for _ in range(400):
        scores = [numbers.randint(-24, 24) / 4 for _ in range(numbers.randint(1, 8))]
        border = numbers.randint(0, 12) / 4
        states = _segment(scores, border)
        best = max(worth(scores, other, border) for other in product((False, True), repeat=len(scores)))
        assert worth(scores, states, border) == best


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([], []),
        ([0.0], [False]),
        ([0.0, 0.0], [False, False]),
        ([-1.0], [False]),
        ([1.0], [True]),
        ([-1, 1], [False] * 2),
        ([3, -2, 3], [True, False, True]),
    ],
)
def test_when_in_doubt_keep(scores: Sequence[float], expected: Sequence[bool]) -> None:
    assert _segment(scores, 1.0) == list(expected)


def test_what_is_pinned_is_never_within_a_run() -> None:
    assert _segment([5.0, -math.inf, 5.0], 2.0) == [True, False, True]
    assert _segment([-math.inf], 0.0) == [False]
    assert _segment([-math.inf, 1.0, -math.inf], 0.5) == [False] * 3


@STEADY
@given(st.lists(st.floats(-10, 10), max_size=8), st.floats(0, 5))
def test_a_segmentation_and_its_mirror_image_are_worth_the_same(scores: list[float], border: float) -> None:
    forth, back = _segment(scores, border), _segment(scores[::-1], border)[::-1]
    assert worth(scores, forth, border) == pytest.approx(worth(scores, back, border))


@STEADY
@given(st.lists(st.booleans(), max_size=8))
def test_runs(cut: list[bool]) -> None:
    """They hold what is cut and nothing else, and do not touch."""
    runs = _runs(cut)
    assert [at for first, last in runs for at in range(first, last)] == [at for at, gone in enumerate(cut) if gone]
    assert all(one[1] < other[0] for one, other in pairwise(runs))
    assert all(first < last for first, last in runs)


def test_a_border_is_free_at_the_ends() -> None:
    """So a header or trailer is cut by less than an inset."""
    weak = 2 * PLAIN.border - 0.25
    assert weak > PLAIN.border
    assert kept((TITLE, PROSE, MORE), [weak, -9.0, -9.0], cutting(0)) == [PROSE, MORE]
    assert kept((PROSE, MORE, TITLE), [-9.0, -9.0, weak], cutting(2)) == [PROSE, MORE]
    assert kept((PROSE, TITLE, MORE), [-9.0, weak, -9.0], cutting(1)) == [PROSE, TITLE, MORE]
    free = replace(PLAIN, border=0.0)
    assert kept((PROSE, TITLE, MORE), [-9.0, weak, -9.0], cutting(1), policy=free) == [PROSE, MORE]


# What is cut


@pytest.mark.parametrize("score", [SURE, -SURE])
def test_no_evidence_no_cut(score: float) -> None:
    lines = (TITLE, PROSE, "Conclusion", "1", "You may also like")
    decision = on_lines(lines, [score] * 5, {})
    assert (decision.values, decision.scores, decision.listed) == ({}, (0.0,) * 5, frozenset())
    assert (decision.cut, decision.spans) == ((False,) * 5, ())
    empty = decided("", (), (), none(()), PLAIN)
    assert (empty.scores, empty.cut, empty.spans) == ((), (), ())


def test_a_rule_alone_cuts_its_line() -> None:
    assert kept((PROSE, TITLE, MORE), RULES, cutting(1)) == [PROSE, MORE]
    assert kept((PROSE, MORE, TITLE), RULES, cutting(2)) == [PROSE, MORE]


def test_repetition_alone_cuts_a_trailer() -> None:
    lines = (PROSE, MORE, TITLE, "Who pays", "Write to us")
    assert kept(lines, RULES, {}, dict.fromkeys((2, 3, 4), 3)) == [PROSE, MORE]


def test_a_heading_that_opens_nothing_heads_a_section() -> None:
    """A body may have a section called "Related articles"."""
    assert kept((PROSE, TITLE, MORE), RULES, {1: ["open"]}) == [PROSE, TITLE, MORE]
    assert kept((PROSE, TITLE), RULES, {1: ["open"]}) == [PROSE]
    assert kept((PROSE, TITLE, "Ten ports", MORE), RULES, {1: ["open"]}) == [PROSE, MORE]
    assert kept((PROSE, TITLE, "Ten ports", MORE, "Nine ports", MORE), RULES, {1: ["open"]}) == [PROSE]


@pytest.mark.parametrize("end", [-0.25, 0.0])
def test_a_cut_starts_and_ends_with_what_is_boilerplate_by_itself(end: float) -> None:
    """Even at the document's ends, where a longer run costs less; what is between goes."""
    lines = ("One", "Amid", "Two", PROSE, "Three", "Amid", "Four")
    scores = [end, 1.0, end, -9.0, end, 1.0, end]
    assert kept(lines, scores, cutting(1, 5)) == ["One", "Two", PROSE, "Three", "Four"]
    assert kept(lines, [1.0, end, 1.0, -9.0, 1.0, end, 1.0], cutting(0, 2, 4, 6)) == [PROSE]
    assert kept(("One", "Two", "Amid"), [end, end, 1.0], cutting(2)) == ["One", "Two"]
    assert kept(("Amid", "One", "Two"), [1.0, end, end], cutting(0)) == ["One", "Two"]


def test_neighbours_decide_together() -> None:
    """What stands between two cuts goes when it costs less than two borders."""
    lines = (PROSE, "One", TITLE, "Two", MORE)
    for score, expected in ((-0.75, [PROSE, MORE]), (-1.25, [PROSE, TITLE, MORE])):
        assert kept(lines, [-9.0, 3.0, score, 3.0, -9.0], cutting(1, 3)) == expected


# The guards


@pytest.mark.parametrize("against", [["cut"], ["open"], ["cut", "open"]], ids="+".join)
@pytest.mark.parametrize("held", [{}, {1: 9, 2: 9, 3: 9}], ids=["unseen", "seen"])
def test_a_rule_that_keeps_beats_all(against: list[Signal], held: dict[int, int]) -> None:
    """Alone, and within a trailer."""
    said: Said = {1: ["keep", *against]}
    assert TITLE in kept((PROSE, TITLE, MORE, "One"), [-9.0, SURE, -9.0, -9.0], said, held)
    lines = (PROSE, "One", TITLE, "Other")
    scores = [-9.0, SURE, SURE, SURE]
    assert kept(lines, scores, cutting(1, 2, 3), held) == [PROSE]
    assert kept(lines, scores, {**cutting(1, 3), 2: ["keep", *against]}, held) == [PROSE, TITLE]


def test_a_kept_block_gives_no_reason() -> None:
    decision = on_lines((PROSE, TITLE, MORE), [SURE] * 3, {1: ["keep"]})
    assert decision.spans == ()
    assert not any(decision.cut)


def test_fenced_code_stays_whatever_is_said_of_it() -> None:
    lines = (PROSE, "```", "# Share this article", "```", "Share this article")
    held = dict.fromkeys((1, 2, 3, 4), 9)
    assert kept(lines, [-9.0, *[SURE] * 4], cutting(1, 2, 3, 4), held) == list(lines[:4])
    unclosed = kept(lines[:3], [-9.0, SURE, SURE], cutting(1, 2), held={1: 9, 2: 9})
    assert unclosed == [PROSE]  # not closed: no fence


DOUBTFUL = (MORE, CODE, "## The port", "It was a long day at sea.", "> We went by sea")
"""What reads like a body."""


@pytest.mark.parametrize("line", DOUBTFUL)
def test_what_reads_like_a_body_and_is_unseen_stays(line: str) -> None:
    """Unless it is beyond doubt; within a trailer and before one."""
    lines = (PROSE, "One", line, "Two")
    for said in (cutting(1, 3), cutting(3)):
        for score, stays in ((-0.25, True), (PLAIN.doubt, True), (PLAIN.doubt + 0.25, False)):
            assert (line in kept(lines, [-9.0, 1.0, score, 1.0], said)) == stays
            higher = replace(PLAIN, threshold=-1.0)
            assert (line in kept(lines, [-9.0, 0.0, score - 1.0, 0.0], said, policy=higher)) == stays


@pytest.mark.parametrize("line", [TITLE, "Why?", "Ten bridges and the sea", "12 %"])
def test_what_does_not_read_like_a_body_goes_by_its_score(line: str) -> None:
    for score, stays in ((-1.25, True), (-0.75, False), (0.25, False)):
        found = kept((PROSE, "One", line, "Two", MORE), [-9.0, 3.0, score, 3.0, -9.0], cutting(1, 3))
        assert (line in found) == stays


@pytest.mark.parametrize("line", DOUBTFUL)
def test_what_several_others_hold_is_no_quotation(line: str) -> None:
    lines = (PROSE, line, "One")
    scores = [-9.0, 1.0, 1.0]
    assert kept(lines, scores, cutting(2), {1: SEVERAL}) == [PROSE]
    assert kept(lines, scores, cutting(2), {1: SEVERAL - 1}) == [PROSE, line]


@pytest.mark.parametrize(("near", "stays"), [(SEVERAL - 0.1, True), (float(SEVERAL), False)])
def test_what_several_others_nearly_hold_is_no_quotation(near: float, stays: bool) -> None:
    text, blocks = tiled((PROSE, MORE, "One"))
    repetition = replace(recurring(blocks, {}), near=np.array([0.0, near, 0.0]), reasons={1: TEMPLATE})
    with scoring(by_place([-9.0, 1.0, 1.0])):
        decision = decided(text, blocks, evidence(cutting(2)), repetition, PLAIN)
    assert decision.cut == (False, not stays, True)


@pytest.mark.parametrize("line", DOUBTFUL)
def test_what_a_rule_knows_is_in_no_doubt(line: str) -> None:
    """It cuts it, or opens a list with it."""
    assert kept((PROSE, line, "One"), [-9.0, 1.0, 1.0], cutting(1, 2)) == [PROSE]
    assert kept((PROSE, line, "One"), [-9.0, 1.0, 1.0], {1: ["open"]}) == [PROSE]


def test_what_is_listed_is_in_no_doubt() -> None:
    """But what comes after a heading that opens nothing is, and so is that heading."""
    lines = (PROSE, "Related", "One", MORE, "Two", MORE.replace("Bees", "Wasps"))
    assert kept(lines, [-9.0, *[1.0] * 5], {1: ["open"]}) == [PROSE]
    assert kept(lines, [-9.0, *[1.0] * 5], {1: ["cut"]}) == [PROSE, MORE, "Two", lines[5]]
    bare = (PROSE, "## Related", MORE, "One")
    assert kept(bare, [-9.0, 1.0, 1.0, 1.0], {1: ["open"], 3: ["cut"]}) == list(bare[:3])


@pytest.mark.parametrize(
    ("size", "count", "edge", "stays"),
    [
        (GROUP - 1, GROUP - 1, False, True),
        (GROUP - 1, GROUP - 1, True, False),
        (GROUP - 1, GROUP, False, False),
        (GROUP - 1, 0, False, False),
        (GROUP, GROUP - 1, False, False),
        (0, 1, False, True),
    ],
    ids=["small", "small, at an edge", "small, but many hold it", "small, unseen", "large enough", "none"],
)
def test_a_small_group_may_share_anything(size: int, count: int, edge: bool, stays: bool) -> None:
    """Only what stands with more of its kind at the same end is more than that, whatever its score."""
    lines = (PROSE, "One", TITLE, "Two", MORE)
    held = {2: count} if count else {}
    for score in (1.0, SURE):
        scores = [-9.0, 3.0, score, 3.0, -9.0]
        assert (TITLE in kept(lines, scores, cutting(1, 3), held, size=size, edge=edge)) == stays
        assert TITLE not in kept(lines, scores, cutting(1, 2, 3), held, size=size, edge=edge)


@pytest.mark.parametrize("line", DOUBTFUL)
def test_without_a_group_what_reads_like_a_body_stays_whatever_its_score(line: str) -> None:
    """As long as nobody else holds it."""
    lines = (PROSE, "One", line, "Two")
    scores = [-9.0, 3.0, SURE, 3.0]
    for size, stays in ((GROUP - 1, True), (GROUP, False)):
        assert (line in kept(lines, scores, cutting(1, 3), size=size)) == stays
    assert line not in kept(lines, scores, cutting(1, 2, 3), size=GROUP - 1)
    assert line not in kept(lines, scores, cutting(1, 3), {2: 1}, size=GROUP - 1)


@pytest.mark.parametrize(("signal", "score"), [("open", -SURE), ("cut", 0.1)])
def test_without_a_group_a_rule_settles_its_block(signal: Signal, score: float) -> None:
    """It has a score that cuts it anywhere: a heading whatever the weights say, a line when they are for cutting, too."""
    lines = (*[PROSE.replace("Monday", f"day {at}") for at in range(3)], TITLE, "One", MORE, PROSE, MORE)
    scores = [score if line == TITLE else -SURE for line in lines]
    said: Said = {3: [signal]}
    for size, expected in ((GROUP - 1, SETTLED), (GROUP, score)):
        decision = on_lines(lines, scores, said, size=size)
        assert decision.scores[3] == expected
        assert decision.scores[0] == -SURE
        assert decision.cut[3] == (size < GROUP)
    assert 2 * PLAIN.border < SETTLED
    assert on_lines(lines, [SURE] * len(lines), said, size=0).scores[3] == SURE


@pytest.mark.parametrize("place", [0, 3, 7])
def test_a_line_that_a_rule_knows_may_be_the_body_s(place: int) -> None:
    """Where the weights are for keeping it, wherever it is."""
    lines = [PROSE.replace("Monday", f"day {at}") for at in range(8)]
    decision = on_lines(lines, [AGAINST] * len(lines), cutting(place), size=0)
    assert decision.scores[place] == AGAINST
    assert not any(decision.cut)


def test_a_rule_settles_sentences_of_a_list() -> None:
    wasps = MORE.replace("Bees", "Wasps")
    lines = (PROSE, CODE, "Related", "One", MORE, "Two", wasps, "Three", "Four")
    decision = on_lines(lines, [-SURE] * len(lines), {2: ["open"]}, size=0)
    assert decision.scores == (-SURE, -SURE, *[SETTLED] * 7)


def test_a_rule_settles_no_part_of_a_longer_line_but_the_last() -> None:
    text = "We went by sea. " * 40
    blocks = segment(text)
    with scoring(by_place([0.1] * 40)):
        decision = decided(text, blocks, evidence(cutting(0, 7, len(blocks) - 1)), none(blocks), PLAIN)
    assert set(decision.scores[:-1]) == {0.1}
    assert decision.scores[-1] == SETTLED


def test_without_a_group_a_cut_starts_with_evidence_of_its_own() -> None:
    """And ends with it, unless it is a trailer that others have: its items rotate."""
    lines = (PROSE, "One", "Two", "Three", "Four", "Five", MORE)
    scores = [-9.0, *[1.5] * 5, -9.0]
    assert kept(lines, scores, cutting(2, 4)) == [PROSE, MORE]
    assert kept(lines, scores, cutting(2, 4), size=0) == [PROSE, "One", "Five", MORE]
    assert kept(lines, scores, cutting(2), {4: 9}, size=0) == [PROSE, "One", "Five", MORE]
    assert kept(lines[:-1], scores[:-1], cutting(2, 4), size=0) == [PROSE, "One", "Five"]
    assert kept(lines[:-1], scores[:-1], cutting(2), {4: 9}, size=0) == [PROSE, "One"]
    assert kept(lines[:-1], [*scores[:5], 0.0], cutting(2), {4: 9}, size=0) == [PROSE, "One", "Five"]
    assert kept(lines[1:], scores[1:], cutting(1, 3), size=0) == ["One", "Five", MORE]


@pytest.mark.parametrize(
    ("line", "score", "stays"),
    [
        ("word " * 21, 4.0, True),
        ("word " * 21, 4.1, False),
        ("word " * 20, 2.1, False),
        ("word " * 10 + " | " + "word " * 10, 2.1, False),
    ],
)
def test_long_unseen_lines_are_in_doubt(line: str, score: float, stays: bool) -> None:
    """Whatever they end with; but a row of cells is no paragraph."""
    lines = (PROSE, "One", line.strip(), "Two", MORE)
    text, blocks = tiled(lines)
    known = recurring(blocks, {1: 5, 3: 5}, 9, edge=True)
    known = replace(known, cells=np.where(["|" in block.folded for block in blocks], 2, 0))
    with scoring(by_place([-9.0, 3.0, score, 3.0, -9.0])):
        assert (not decided(text, blocks, (), known, PLAIN).cut[2]) == stays
    with scoring(by_place([-9.0, 3.0, score, 3.0, -9.0])):
        seen = replace(known, corpus=known.corpus + np.where(np.arange(5) == 2, 1, 0))
        assert decided(text, blocks, (), seen, PLAIN).cut[2]


def test_a_lone_document_has_but_its_rules() -> None:
    """What they do not speak of needs half the doubt, and what a group of its own kind has needs none."""
    lines = (PROSE, "One", TITLE, "Two", MORE)
    for score, size, stays in ((1.0, 0, True), (1.1, 0, False), (1.0, 1, False)):
        assert (TITLE in kept(lines, [-9.0, 3.0, score, 3.0, -9.0], cutting(1, 3), size=size)) == stays


@pytest.mark.parametrize("unknown", [[MORE], [MORE, PROSE.replace("Monday", "Tuesday")]], ids=["one", "two"])
def test_unseen_prose_in_a_trailer_stays(unknown: list[str]) -> None:
    """However long the trailer on both sides of it, unless a list holds it."""
    ends = [f"Item number {chr(ord('a') + at)}" for at in range(8)]
    lines = (PROSE, *ends, *unknown, *ends)
    held = {at: 3 for at in range(1, len(lines)) if lines[at] in ends}
    assert kept(lines, RULES, {}, held, policy=replace(PLAIN, border=4.0)) == [PROSE, *unknown]


def test_what_hung_on_to_a_block_that_stays_is_decided_without_it() -> None:
    """A byline between a title and a body does not go because a menu stands above the title."""
    lines = ("Home", "News", "Sport", "# Title", "By Jane", PROSE, MORE)
    scores = [3.0, 3.0, 3.0, 1.0, 0.25, -9.0, -9.0]
    assert kept(lines, scores, cutting(0, 1, 2)) == ["# Title", "By Jane", PROSE, MORE]
    assert kept(lines, scores, cutting(0, 1, 2, 3)) == [PROSE, MORE]


def test_nothing_goes_without_a_reason() -> None:
    lines = ("One", PROSE, "Two", TITLE)
    scores = [SURE, -9.0, SURE, SURE]
    assert kept(lines, scores, cutting(0)) == [PROSE, "Two", TITLE]
    assert kept(lines, scores, cutting(2)) == ["One", PROSE]
    assert kept(lines, scores, {}, {3: 9}) == ["One", PROSE]


def test_what_has_no_letters_goes_with_its_neighbours() -> None:
    lines = (PROSE, "---", "Share this", "* * *", "Subscribe", "1", MORE)
    assert kept(lines, [-9.0, 0.25, 3.0, 0.25, 3.0, 0.25, -9.0], cutting(2, 4)) == [PROSE, MORE]
    assert kept(lines, [-9.0, 0.25, 3.0, -0.25, 3.0, 0.0, -9.0], cutting(2, 4)) == [PROSE, "1", MORE]
    assert kept((PROSE, "---", MORE), [-9.0, SURE, -9.0], cutting(1)) == [PROSE, "---", MORE]
    assert kept((PROSE, "---", "12", TITLE), [-9.0, SURE, SURE, SURE], cutting(1, 2))[1:] == ["---", "12", TITLE]


def test_a_document_keeps_what_nothing_speaks_against() -> None:
    """Where all would go, only what has evidence of its own does. A line of marks makes no difference."""
    assert kept(("One", TITLE, "Two"), [1.0, 1.0, 1.0], cutting(0, 2)) == [TITLE]
    assert kept(("One", TITLE, "Two"), [1.0, 1.0, 1.0], cutting(0), {2: 9}) == [TITLE]
    assert kept(("---", "One", TITLE, "Two"), [-9.0, 1.0, 1.0, 1.0], cutting(1, 3)) == ["---", TITLE]
    assert kept((PROSE, "One", TITLE, "Two"), [-9.0, 1.0, 1.0, 1.0], cutting(1, 3)) == [PROSE]
    assert kept(("One", "Two"), [1.0, 1.0], cutting(0, 1)) == []


LONG_LINE = ("word " * 21).strip()

Spared = tuple[Sequence[str], Sequence[float], Said, Mapping[int, int], int, Mapping[int, Guard]]

SPARED: list[Spared] = [
    ((PROSE, TITLE, MORE), [-9.0, SURE, -9.0], {1: ["keep"]}, {}, 9, {1: Guard("own")}),
    (
        (PROSE, "```", "# Share", "```"),
        [-9.0, *[SURE] * 3],
        cutting(2),
        {},
        9,
        dict.fromkeys((1, 2, 3), Guard("fenced")),
    ),
    ((PROSE, "One", MORE, "Two"), [-9.0, 3.0, 2.0, 3.0], cutting(1, 3), {}, 9, {2: Guard("readable", 2.0)}),
    ((PROSE, "One", LONG_LINE, "Two"), [-9.0, 3.0, 4.0, 3.0], cutting(1, 3), {}, 9, {2: Guard("long", 4.0)}),
    ((PROSE, "One", TITLE, "Two"), [-9.0, 3.0, 1.0, 3.0], cutting(1, 3), {}, 0, {2: Guard("alone", 1.0)}),
    ((PROSE, "One", TITLE, "Two"), [-9.0, 3.0, SURE, 3.0], cutting(1, 3), {2: 1}, 0, {2: Guard("chance")}),
    ((PROSE, "One", MORE, "Two"), [-9.0, 3.0, 1.0, 3.0], cutting(1, 3), {}, 0, {2: Guard("unheld")}),
    ((PROSE, TITLE, MORE), [-9.0, 0.75, -9.0], cutting(1), {}, 9, {1: Guard("borders", 0.5)}),
    ((PROSE, "One", TITLE, MORE), [-9.0, 1.5, 1.5, -9.0], cutting(2), {}, 0, {1: Guard("ends")}),
    (
        (PROSE, MORE, TITLE, "Who pays"),
        [-9.0, -9.0, 3.0, 3.0],
        {},
        {2: 1, 3: 1},
        1,
        dict.fromkeys((2, 3), Guard("few")),
    ),
    (("One", TITLE, "Two"), [1.0, -0.25, 1.0], cutting(0, 2), {}, 9, {1: Guard("whole")}),
    (("One", PROSE, "Two"), [SURE, -9.0, SURE], cutting(0), {}, 9, {2: Guard("untold")}),
    ((PROSE, f"\f{TITLE}", f"\f{MORE}"), [-9.0, SURE, -9.0], cutting(1), {}, 9, {1: Guard("page")}),
]
"""Lines, scores, what rules say, how many hold them, in how large a group, and what is spared."""


def test_sentences_of_other_groups_are_spared() -> None:
    """Where the own group has others to count in, and none holds them: not even nearly, nor with other numbers. Titles are not."""
    text, blocks = tiled((PROSE, MORE, TITLE))
    known = recurring(blocks, {1: 20, 2: 20})
    elsewhere = replace(known, group=np.zeros_like(known.group))
    there = np.array([0, 1, 0])
    for repetition, guard in (
        (known, None),
        (elsewhere, Guard("elsewhere")),
        (replace(elsewhere, masked=there), None),
        (replace(elsewhere, near=there * 0.9), None),
        (replace(elsewhere, size=GROUP - 1), None),
    ):
        with scoring(by_place([-9.0, SURE, SURE])):
            decision = decided(text, blocks, [], repetition, PLAIN)
        assert (decision.cut, decision.spared) == (
            ((False, False, True), {1: guard}) if guard else ((False, True, True), {})
        )


@pytest.mark.parametrize("case", SPARED, ids=[next(iter(case[-1].values())).name for case in SPARED])
def test_what_spares_a_block_is_named(case: Spared) -> None:
    """Though it scores above 0, or goes with its neighbours; of several guards the strongest."""
    lines, scores, said, held, size, spared = case
    assert on_lines(lines, scores, said, held, size=size, edge=size == 1).spared == spared


# Spans


def test_a_cut_run_is_one_span() -> None:
    lines = (PROSE, "One", "Two", MORE, "Three")
    decision = on_lines(lines, RULES, cutting(1, 2, 4))
    text = "\n".join(lines)
    assert [text[span.start : span.end] for span in decision.spans] == ["One\nTwo\n", "Three"]
    assert [span.kind for span in decision.spans] == ["inset", "trailer"]


def test_kinds_follow_from_where_the_body_is() -> None:
    lines = ("One", PROSE, "Two", MORE, "Three")
    decision = on_lines(lines, RULES, cutting(0, 2, 4))
    assert [span.kind for span in decision.spans] == ["header", "inset", "trailer"]


def spans_of(text: str, *places: int) -> list[str]:
    """Return what is cut of a text when a rule cuts these blocks."""
    blocks = segment(text)
    with scoring(RULES):
        decision = decided(text, blocks, evidence(cutting(*places)), none(blocks), PLAIN)
    return [text[span.start : span.end] for span in decision.spans]


def test_a_trailer_takes_the_blank_lines_before_it() -> None:
    """And a header or an inset those after it: the body keeps its own line ends."""
    text = f"One\n\n{PROSE}\n\nTwo\n\n{MORE}\r\n \n\nThree\n\n"
    assert spans_of(text, 0, 2, 4) == ["One\n\n", "Two\n\n", " \n\nThree\n\n"]


def test_a_byte_order_mark_is_not_the_headers() -> None:
    assert spans_of(f"\ufeffOne\n{PROSE}\n", 0) == ["One\n"]
    assert spans_of(f"{PROSE}\n\ufeffOne\n", 1) == ["\ufeffOne\n"]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(0, 2)], ["header"]),
        ([(2, 4)], ["inset"]),
        ([(4, 6)], ["trailer"]),
        ([(0, 6)], ["trailer"]),
        ([(0, 2), (4, 6)], ["header", "trailer"]),
        ([(0, 1), (1, 2), (3, 4)], ["header", "header", "inset"]),
        ([(1, 2), (4, 5), (5, 6)], ["inset", "trailer", "trailer"]),
        ([], []),
    ],
)
def test_placed(spans: Sequence[tuple[int, int]], expected: Sequence[str]) -> None:
    """White space is no body."""
    found = placed("a b c ", [Span(start, end, "inset", 0.5, (RULE,)) for start, end in spans])
    assert [span.kind for span in found] == expected
    assert [(span.start, span.end) for span in found] == list(spans)


def test_a_byte_order_mark_is_no_body() -> None:
    assert [span.kind for span in placed("\ufeffa b", [Span(1, 3, "inset", 0.5, (RULE,))])] == ["header"]


def test_the_score_of_a_span_is_of_its_least_certain_line() -> None:
    """To three decimals; what has no letter does not count."""
    lines = (PROSE, "One", MORE, "Two", "---", "Three")
    one, other = on_lines(lines, [-9.0, 2.0, -9.0, 3.0, -0.5, 2.0], cutting(1, 3, 5)).spans
    assert one.score == other.score == round(1 / (1 + math.exp(-2.0)), 3)
    _, surer = on_lines(lines, [-9.0, 2.0, -9.0, 3.0, -0.5, 2.5], cutting(1, 3, 5)).spans
    assert one.score < surer.score < 1.0


# Reasons


def test_rules_come_first_each_once() -> None:
    text, blocks = tiled((PROSE, "One", "Two"))
    found = [
        Evidence(1, "cut", RuleReason("b/b")),
        Evidence(2, "cut", RuleReason("b/b")),
        Evidence(2, "open", RuleReason("a/a")),
        *(Evidence(1, "cut", RuleReason(f"c/{name}")) for name in "hgfedcba"),
    ]
    with scoring(RULES):
        [span] = decided(text, blocks, found, recurring(blocks, {1: 1}), PLAIN).spans
    names = ("a/a", "b/b", *(f"c/{name}" for name in "abcdefgh"))
    assert span.reasons == (*map(RuleReason, names), TEMPLATE)


def passage(*places: tuple[int, int], documents: int = 2, similarity: float = 1.0, name: str = "a") -> TemplateReason:
    """Return a template that one other document holds at the first place, the next one at the next."""
    partners = tuple(Partner(f"{name}{at}", start, end) for at, (start, end) in enumerate(places))
    return TemplateReason(f"{places[0][0]:016x}", documents, similarity, partners)


def reasons(lines: Sequence[str], templates: Mapping[int, TemplateReason]) -> list[object]:
    """Return the reasons for cutting lines, all of them, that others hold."""
    text, blocks = tiled((*lines, PROSE))
    repetition = replace(recurring(blocks, dict.fromkeys(templates, 9)), reasons=dict(templates))
    with scoring(by_place([*[SURE] * len(lines), -9.0])):
        [span] = decided(text, blocks, [], repetition, PLAIN).spans
    return list(span.reasons)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (passage((0, 5)), passage((6, 9)), [passage((0, 9))]),
        (passage((0, 5), (20, 25)), passage((6, 9), (26, 29)), [passage((0, 9), (20, 29))]),
        (passage((0, 5)), passage((5 + GAP, 30)), [passage((0, 30))]),
        (passage((0, 5)), passage((6 + GAP, 30)), None),
        (passage((6, 9)), passage((0, 5)), None),
        (passage((0, 5), (26, 29)), passage((6, 9), (20, 25)), None),
        (passage((0, 5)), passage((6, 9), documents=3), None),
        (passage((0, 5)), passage((6, 9), similarity=0.8), None),
        (passage((0, 5), similarity=0.8), passage((6, 9), similarity=0.8), None),
        (passage((0, 5)), passage((6, 9), name="b"), None),
        (passage((0, 5)), passage((6, 9), (0, 3)), None),
        (passage((0, 5)), passage((0, 5)), [passage((0, 5))]),
    ],
    ids=[
        "goes on",
        "in both",
        "a gap",
        "too far",
        "before",
        "in one only",
        "more documents",
        "less alike",
        "both less alike",
        "elsewhere",
        "one more",
        "the same",
    ],
)
def test_a_passage_that_goes_on_in_its_partners_is_one_reason(
    one: TemplateReason, other: TemplateReason, expected: list[TemplateReason] | None
) -> None:
    assert reasons(("One", "Two"), {0: one, 1: other}) == (expected or [one, other])


def test_a_passage_goes_on_over_what_has_no_letter() -> None:
    """But not over another line, nor twice."""
    one, other = passage((0, 5)), passage((10, 15))
    assert reasons(("One", "---", "Two"), {0: one, 2: other}) == [passage((0, 15))]
    assert reasons(("One", "Three", "Two"), {0: one, 2: other}) == [one, other]
    assert reasons(("One", "Two", "Three"), {0: one, 1: passage((6, 9)), 2: other}) == [passage((0, 15))]
    assert reasons(("One", "Three", "One"), {0: one, 2: one}) == [one]
    longer = {0: one, 1: passage((6, 9)), 3: one}
    assert reasons(("One", "Two", "Three", "One"), longer) == [passage((0, 9)), one]


# Properties

Page = tuple[str, Sequence[Block], list[Evidence], Repetition, Forest]


@st.composite
def observed(draw: st.DrawFn) -> Page:
    """A page, any evidence on it, and any scores, in quarters so that sums are exact."""
    text = draw(pages())
    blocks = segment(text)
    at = st.integers(0, max(0, len(blocks) - 1))
    names: st.SearchStrategy[Signal] = st.sampled_from(("cut", "open", "keep"))
    said = draw(st.lists(st.tuples(at, names), max_size=12)) if blocks else []
    held = draw(st.dictionaries(at, st.integers(1, 4), max_size=6)) if blocks else {}
    known = recurring(blocks, held, draw(st.integers(0, 4)), edge=draw(st.booleans()))
    scores = [draw(st.integers(-24, 24)) / 4 for _ in blocks] or [0.0]
    return text, blocks, [Evidence(place, name, RULE) for place, name in said], known, by_place(scores)


def has_body(page: Page) -> bool:
    """Whether a rule keeps a line, so that not all of the page can go."""
    _, blocks, found, _, _ = page
    return any(one.signal == "keep" and any(map(str.isalpha, blocks[one.block].folded)) for one in found)


@STEADY
@given(observed(), st.randoms(use_true_random=False))
def test_a_decision_is_whole(page: Page, numbers: random.Random) -> None:
    """Spans are whole runs of blocks, each with a reason; the order of evidence does not matter."""
    text, blocks, found, known, forest = page
    shuffled = list(found)
    numbers.shuffle(shuffled)
    with scoring(forest):
        decision = decided(text, blocks, found, known, PLAIN)
        assert decided(text, blocks, shuffled, known, PLAIN).spans == decision.spans
    assert len(decision.scores) == len(decision.cut) == len(blocks)
    assert all(math.isfinite(score) for score in decision.scores)
    runs = _runs(decision.cut, page_numbers(text, blocks))
    assert len(runs) == len(decision.spans)
    end = 0
    for span, (first, last) in zip(decision.spans, runs, strict=True):
        assert end <= span.start < span.end <= len(text)
        assert blocks[last - 1].stop <= span.end <= blocks[last - 1].end
        assert span.end == blocks[last - 1].end or text[span.end] == "\f"
        assert not text[span.start : blocks[first].start].strip()
        assert not text[blocks[first].start : span.start].strip()
        assert span.reasons
        assert 0.0 < span.score <= 1.0
        assert not has_body(page) or "\f" in text or min(decision.scores[first], decision.scores[last - 1]) > 0
        end = span.end
    assert not any(decision.cut[one.block] for one in found if one.signal == "keep")
    above = {at for at, score in enumerate(decision.scores) if score > 0 and not decision.cut[at]}
    assert above <= decision.spared.keys()
    assert not any(decision.cut[at] for at in decision.spared)


@STEADY
@given(observed().filter(has_body))
def test_a_more_thorough_policy_cuts_no_less(page: Page) -> None:
    """Whatever the weights: and what it cuts is more of the same."""
    text, blocks, found, known, forest = page
    with scoring(forest):
        careful, balanced, thorough = (
            decided(text, blocks, found, known, POLICIES[name]).cut for name in ("careful", "balanced", "thorough")
        )
    for less, more in ((careful, balanced), (balanced, thorough)):
        assert all(other for one, other in zip(less, more, strict=True) if one)


def test_the_policies_differ() -> None:
    lines = (PROSE, "One", MORE, "Two", CODE, "Three", PROSE.replace("Monday", "Friday"))
    scores = [-9.0, 3.0, -9.0, 1.5, -9.0, 0.0, -9.0]
    left = {name: kept(lines, scores, cutting(1, 3, 5), policy=policy) for name, policy in POLICIES.items()}
    assert [len(left[name]) for name in ("careful", "balanced", "thorough")] == [6, 5, 4]


# The policy


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, math.inf, math.nan])
def test_a_share_out_of_range(share: float) -> None:
    with pytest.raises(ValueError, match=r"^max_share: .* is outside \(0, 1\]$"):
        Policy(max_share=share)


@pytest.mark.parametrize("share", [None, 0.01, 1.0])
def test_a_share_within_the_range(share: float | None) -> None:
    assert Policy(max_share=share).max_share == share


def test_a_policy_does_not_change() -> None:
    policy = Policy()
    for field in fields(policy):
        with pytest.raises(AttributeError):
            setattr(policy, field.name, 0.5)
    assert policy == Policy()
    assert hash(policy) == hash(Policy())


def test_the_policies_are_fixed_and_ordered() -> None:
    """The more thorough, the less evidence it takes; the balanced one is the default."""
    careful, balanced, thorough = (POLICIES[name] for name in ("careful", "balanced", "thorough"))
    assert balanced == Policy()
    assert careful.threshold > balanced.threshold > thorough.threshold
    pinned = [policy.threshold + policy.doubt for policy in (careful, balanced, thorough)]
    assert pinned == sorted(pinned, reverse=True)
    assert careful.border >= balanced.border >= thorough.border
    with pytest.raises(TypeError):
        POLICIES["careful"] = Policy()  # type: ignore[index]


# Pages


def on_page(scores: list[float], said: dict[int, Signal], lines: tuple[str, ...]) -> list[bool]:
    """Decide on a page whose lines have these scores."""
    text, blocks = tiled(lines)
    line = Line("body > p", 1, 0.0, hidden=False, depth=2, around=0, nearest=0, sections=0)
    some = np.zeros(len(blocks))
    starts = np.array([block.start for block in blocks])
    layout = Layout(starts, (line,) * len(blocks), some, some > 0)
    evidence = [Evidence(at, signal, RULE) for at, signal in said.items()]
    with scoring(by_place(scores)):
        return list(decided(text, blocks, evidence, none(blocks), Policy(), layout=layout).cut)


@pytest.mark.parametrize(("more", "cut"), [(0.1, True), (-0.1, False)])
def test_lines_of_pages_need_less(more: float, cut: bool) -> None:
    """What ends the document pays for one border; a text's line needs that much, a page's less."""
    needed = Policy().border + PAGES
    assert needed < 0
    assert on_page([-9.0, -9.0, needed + more], {}, (PROSE, MORE, TITLE)) == [False, False, cut]


@pytest.mark.parametrize(("score", "cut"), [(REFUSED + PAGES + 0.1, True), (REFUSED + PAGES - 0.1, False)])
def test_a_rule_settles_a_page_s_line_unless_much_speaks_for_it(score: float, cut: bool) -> None:
    assert on_page([-9.0, score, -9.0], {1: "cut"}, (PROSE, TITLE, MORE)) == [False, cut, False]


def test_sections_that_a_rule_knows_stand_in_menus_too() -> None:
    """So on a page only the user's own rules keep; and fenced code stays."""
    assert on_page([9.0, 9.0, -9.0], {0: "keep"}, (TITLE, "One", PROSE)) == [True, True, False]
    fenced = ("```", "One", "```", PROSE, TITLE)
    assert on_page([9.0, 9.0, 9.0, -9.0, 9.0], {}, fenced) == [False, False, False, False, True]


def test_rules_of_the_user_cut_in_the_fenced_code_of_a_page() -> None:
    """As they do in that of a text."""
    text, blocks = tiled(("```", "One", "```", PROSE))
    line = Line("body > p", 1, 0.0, hidden=False, depth=2, around=0, nearest=0, sections=0)
    layout = Layout(np.array([block.start for block in blocks]), (line,) * 4, np.zeros(4), np.zeros(4) > 0)
    for settles in (True, False):
        said = [Evidence(1, "cut", RULE, settles=settles)]
        with scoring(by_place([9.0, 9.0, 9.0, -9.0])):
            cut = decided(text, blocks, said, none(blocks), Policy(), layout=layout).cut
        assert cut == (False, settles, False, False)


@pytest.mark.parametrize(("extracted", "around", "cut"), [(1.0, 1.0, False), (0.5, 1.0, True), (1.0, 0.0, True)])
def test_a_sentence_amid_what_is_extracted_is_body(extracted: float, around: float, cut: bool) -> None:
    """However the weights see the place that it stands in."""
    lines = [PROSE, *[MORE] * 9, PROSE]
    text, blocks = tiled(tuple(lines))
    line = Line("body > p", 1, 0.0, hidden=False, depth=2, around=0, nearest=0, sections=0)
    shares = np.array([*[around] * 10, extracted])
    layout = Layout(np.array([block.start for block in blocks]), (line,) * 11, shares, shares > 2)
    with scoring(by_place([*[-9.0] * 10, 1.5])):
        found = decided(text, blocks, [], none(blocks), Policy(), layout=layout)
    assert found.cut[-1] == cut
    needed = 2 * Policy().doubt - PAGES
    assert found.spared == ({} if cut else {10: Guard("extracted", needed)})
