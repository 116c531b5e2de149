"""From blocks and evidence to spans, with evidence made by hand."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.decide import Decision, Policy, _segment, decide, placed
from cleaner.model import Evidence, Partner, RuleReason, Signal, Span, TemplateReason
from cleaner.observed import LONGEST
from cleaner.segment import segment
from tests.strategies import STEADY, pages

PROSE = "The council met on Monday and agreed on the budget for the coming year."
MORE = "Bees leave the hive at dawn and come back with pollen before the rain begins to fall."
CODE = "return state.count;"
TITLE = "What the mayor said on Friday"

RULE = RuleReason("test/rule")
TEMPLATE = TemplateReason("00000000000000ff", 2, 1.0, (Partner("other", 10, 20),))

TRAILER: dict[Signal, float] = {"repeated": 1.0, "together": 1.0, "edge": 1.0}
"""What is said of a block in the midst of a trailer that one other document has, too."""

Said = Mapping[int, Mapping[Signal, float]]


def decided(lines: Sequence[str], said: Said, policy: Policy | None = None) -> Decision:
    """Decide on lines, with evidence by line."""
    text = "\n".join(lines)
    blocks = segment(text)
    assert len(blocks) == len(lines)
    evidence = []
    for at, signals in said.items():
        for signal, value in signals.items():
            reason = {"together": None, "edge": None, "repeated": TEMPLATE, "near": TEMPLATE}.get(signal, RULE)
            evidence.append(Evidence(at, signal, value, reason))
    return decide(text, blocks, evidence, policy or Policy())


def kept(lines: Sequence[str], said: Said, policy: Policy | None = None) -> list[str]:
    """Return the lines that stay."""
    decision = decided(lines, said, policy)
    return [line for line, cut in zip(lines, decision.cut, strict=True) if not cut]


# Scores


@pytest.mark.parametrize("signal", ["cut", "open", "repeated", "near", "together", "edge"])
@pytest.mark.parametrize("value", [0.5, 1.0, 2.0])
def test_a_signal_is_worth_its_value_times_its_weight(signal: Signal, value: float) -> None:
    """Whatever the weights are."""
    said: Said = {1: {"cut": 1.0, "together": 0.0, "edge": 1.0, signal: value}}
    policy = Policy()
    raised = replace(policy, **{signal: getattr(policy, signal) + 1.0})
    before, after = (decided((PROSE, TITLE), said, one).scores for one in (policy, raised))
    assert after[1] - before[1] == pytest.approx(value)
    assert after[0] == before[0]


@pytest.mark.parametrize(("field", "line"), [("unseen", TITLE), ("prose", PROSE), ("code", CODE)])
def test_what_a_block_is_worth_before_any_evidence(field: str, line: str) -> None:
    policy = replace(Policy(), **{field: -7.0})
    assert decided((line, PROSE, TITLE), {2: {"cut": 1.0}}, policy).scores[0] == -7.0
    assert Policy().prose < Policy().unseen < 0.0


def test_a_block_without_letters_is_worth_next_to_nothing_itself() -> None:
    scores = decided((PROSE, "* * *", "12", TITLE), {3: {"cut": 1.0}}).scores
    assert 0.0 == scores[2] < scores[1] < 0.1


def test_a_short_block_that_recurs_alone_is_worth_less() -> None:
    policy, harsher = Policy(), replace(Policy(), alone=Policy().alone - 1.0)
    for said, lost in (
        ({1: {"repeated": 3.0}}, 1.0),
        ({1: {"repeated": 3.0, "together": 0.5}}, 0.0),
        ({1: {"cut": 1.0}}, 0.0),
    ):
        lines = (PROSE, "Conclusion", MORE)
        assert decided(lines, said, policy).scores[1] - decided(lines, said, harsher).scores[1] == pytest.approx(lost)
    wide = {1: {"repeated": 3.0}}
    assert decided((PROSE, MORE, MORE), wide, policy).scores == decided((PROSE, MORE, MORE), wide, harsher).scores


def test_a_shorter_block_gains_less_by_recurring() -> None:
    """Except in a run at the edge, where width says nothing."""
    short, wide = (decided((PROSE, line, MORE), {1: {"repeated": 3.0}}).scores[1] for line in ("FAQ", TITLE + " again"))
    assert short < wide
    ends = [decided((PROSE, line, MORE), {1: {"repeated": 3.0, "edge": 1.0}}).scores[1] for line in ("FAQ", TITLE)]
    assert ends[0] == ends[1]


def test_a_rule_that_cuts_is_worth_less_on_a_sentence() -> None:
    sentence = "You may like the old town. "
    text = sentence * 20
    blocks = segment(text)
    assert blocks[1].sentence
    scores = decide(text, blocks, [Evidence(1, "cut", 1.0, RULE)], Policy()).scores
    lines = [sentence.strip()] * 3
    assert scores[1] < decided(lines, {1: {"cut": 1.0}}).scores[1]


def test_the_strongest_of_several_like_observations_counts() -> None:
    text = f"{PROSE}\n{TITLE}\n"
    evidence = [Evidence(1, "cut", value, RULE) for value in (0.5, 1.0, 0.25)]
    for order in (evidence, evidence[::-1]):
        assert decide(text, segment(text), order, Policy()).scores == decided((PROSE, TITLE), {1: {"cut": 1.0}}).scores


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
    ],
)
def test_when_in_doubt_keep(scores: Sequence[float], expected: Sequence[bool]) -> None:
    assert _segment(scores, 1.0) == list(expected)


@STEADY
@given(st.lists(st.floats(-10, 10), max_size=8), st.floats(0, 5))
def test_a_segmentation_and_its_mirror_image_are_worth_the_same(scores: list[float], border: float) -> None:
    forth, back = _segment(scores, border), _segment(scores[::-1], border)[::-1]
    assert worth(scores, forth, border) == pytest.approx(worth(scores, back, border))


def test_a_border_is_free_at_the_ends() -> None:
    """So a header or trailer is cut by less than an inset."""
    weak = 2 * Policy().border - 0.5
    score = Policy().unseen
    said: dict[Signal, float] = {"cut": (weak - score) / Policy().cut}
    assert kept((TITLE, PROSE, MORE), {0: said}) == [PROSE, MORE]
    assert kept((PROSE, MORE, TITLE), {2: said}) == [PROSE, MORE]
    assert kept((PROSE, TITLE, MORE), {1: said}) == [PROSE, TITLE, MORE]
    assert kept((PROSE, TITLE, MORE), {1: said}, replace(Policy(), border=0.0)) == [PROSE, MORE]


# What is cut


def test_no_evidence_no_cut() -> None:
    lines = (TITLE, PROSE, "Conclusion", "1", "You may also like")
    decision = decided(lines, {})
    assert decision == Decision((0.0,) * 5, frozenset(), (False,) * 5, ())
    assert decide("", (), (), Policy()) == Decision((), frozenset(), (), ())


def test_a_rule_alone_cuts_its_line() -> None:
    assert kept((PROSE, TITLE, MORE), {1: {"cut": 1.0}}) == [PROSE, MORE]
    assert kept((PROSE, MORE, TITLE), {2: {"cut": 1.0}}) == [PROSE, MORE]


def test_repetition_alone_cuts_a_trailer() -> None:
    lines = (PROSE, MORE, TITLE, "Who pays", "Write to us")
    assert kept(lines, dict.fromkeys((2, 3, 4), TRAILER)) == [PROSE, MORE]
    for signal in ("together", "edge"):
        weaker = {name: value for name, value in TRAILER.items() if name not in ("together", "edge") or name == signal}
        assert decided(lines, dict.fromkeys((2, 3, 4), weaker)).scores[3] < decided(lines, {3: TRAILER}).scores[3]


def test_repetition_by_one_other_document_in_mid_body_is_a_quotation() -> None:
    lines = (PROSE, MORE.replace("Bees", "Wasps"), MORE)
    assert kept(lines, {1: {"repeated": 1.0}}) == list(lines)
    assert kept((PROSE, TITLE, MORE), {1: {"repeated": 1.0}}) == [PROSE, TITLE, MORE]


def test_a_short_heading_that_recurs_alone_is_kept() -> None:
    lines = (PROSE, "Conclusion", MORE)
    assert kept(lines, {1: {"repeated": 5.0}}) == list(lines)


@pytest.mark.parametrize(
    "against",
    [
        *({signal: 1.0} for signal in ("cut", "open", "near", "together", "edge")),
        {"repeated": 4.0},
        {"cut": 1.0, "open": 1.0},
        TRAILER,
        {**TRAILER, "repeated": 10.0},
        {**TRAILER, "cut": 1.0, "open": 1.0, "near": 1.0},
    ],
    ids="+".join,
)
def test_a_rule_that_keeps_beats_all(against: Mapping[Signal, float]) -> None:
    """Alone, and within a trailer."""
    assert TITLE in kept((PROSE, TITLE, MORE), {1: {"keep": 1.0, **against}})
    lines = (PROSE, "One", TITLE, "Other")
    assert kept(lines, {at: {"cut": 1.0, **TRAILER} for at in (1, 2, 3)}) == [PROSE]
    assert kept(lines, {1: {"cut": 1.0, **TRAILER}, 2: {"keep": 1.0, **against}, 3: TRAILER}) == [PROSE, TITLE]


def test_a_kept_block_gives_no_reason() -> None:
    decision = decided((PROSE, TITLE, MORE), {1: {"keep": 1.0}})
    assert decision.spans == ()
    assert not any(decision.cut)


# The guard


def test_between_two_blocks_of_a_trailer_unknown_titles_go() -> None:
    lines = (PROSE, MORE, "One", TITLE, "Two", "Three")
    assert kept(lines, dict.fromkeys((2, 4, 5), TRAILER)) == [PROSE, MORE]


def test_between_two_blocks_of_a_trailer_prose_stays() -> None:
    lines = (PROSE, MORE, "One", "Two", PROSE, "Three", "Four")
    assert PROSE in kept(lines, dict.fromkeys((2, 3, 5, 6), TRAILER))[2:]


def test_a_trailer_may_end_with_an_unknown_title() -> None:
    """At the document's end only."""
    lines = (PROSE, MORE, "One", "Two", "Three", TITLE)
    said = dict.fromkeys((2, 3, 4), TRAILER)
    assert kept(lines, said) == [PROSE, MORE]
    assert kept((*lines, CODE), said)[2:] == [TITLE, CODE]


@pytest.mark.parametrize("unknown", [[MORE], [MORE, PROSE.replace("Monday", "Tuesday")]], ids=["one", "two"])
def test_unseen_prose_in_a_trailer_stays(unknown: list[str]) -> None:
    """However long the trailer on both sides of it, unless a list holds it."""
    ends = [f"Item number {at}" for at in range(9)]
    lines = (PROSE, *ends, *unknown, *ends)
    said = {at: TRAILER | {"repeated": 3.0} for at in range(1, len(lines)) if lines[at] in ends}
    assert kept(lines, said, replace(Policy(), border=4.0)) == [PROSE, *unknown]


def test_what_stands_before_all_evidence_stays() -> None:
    """A title and its article, though what follows the article is cut."""
    lines = ("On bees", TITLE, "One", "Two", "Three")
    said = dict.fromkeys((2, 3, 4), TRAILER | {"repeated": 4.0})
    assert kept(lines, said, replace(Policy(), border=4.0)) == ["On bees", TITLE]


def test_a_heading_that_opens_nothing_heads_a_section() -> None:
    """A body may have a section called "Related articles"."""
    assert kept((PROSE, TITLE, MORE), {1: {"open": 1.0}}) == [PROSE, TITLE, MORE]
    assert kept((PROSE, TITLE), {1: {"open": 1.0}}) == [PROSE]
    assert kept((PROSE, TITLE, "Ten ports", MORE), {1: {"open": 1.0}}) == [PROSE, MORE]
    assert kept((PROSE, TITLE, "Ten ports", MORE, "Nine ports", MORE), {1: {"open": 1.0}}) == [PROSE]


def test_fenced_code_stays_whatever_is_said_of_it() -> None:
    lines = (PROSE, "```", "# Share this article", "```", "Share this article")
    assert kept(lines, dict.fromkeys((1, 2, 3, 4), TRAILER | {"cut": 1.0})) == list(lines[:4])
    assert kept(lines[:3], dict.fromkeys((1, 2), TRAILER | {"cut": 1.0})) == [PROSE]  # not closed: no fence


@pytest.mark.parametrize("times", [1, 2, 3])
def test_quotations_before_a_trailer_stay(times: int) -> None:
    """A trailer begins with a title or a heading, not with a sentence that one other document holds."""
    quotes = [PROSE.replace("Monday", f"day {at}") for at in range(times)]
    lines = (MORE, *quotes, "One", "Two", "Three")
    said = dict.fromkeys(range(1, len(lines)), TRAILER | {"repeated": 1.0})
    assert kept(lines, said) == [MORE, *quotes]


def test_what_hung_on_to_a_block_that_is_given_back_is_decided_again() -> None:
    """A byline between a title and a body does not go because a menu stands above the title."""
    lines = ("Home", "News", "Sport", "Weather", TITLE, "By Jane Okafor", PROSE, MORE)
    said = {at: TRAILER | {"repeated": 3.0} for at in range(4)} | {5: {"repeated": 1.6, "edge": 1.0}}
    assert kept(lines, said) == [TITLE, "By Jane Okafor", PROSE, MORE]


def test_a_refrain_stays() -> None:
    """It stands several times in its own document, so it is no wonder that it stands in others."""
    refrain = "Sing hey for the tide that carries us"
    lines = (PROSE, refrain, MORE, refrain, PROSE.replace("Monday", "Friday"))
    said: Said = {at: {"repeated": 2.0, "together": 1.0} for at in (1, 3)}
    assert kept(lines, said) == list(lines)


def test_between_two_cuts_by_rules_all_stays() -> None:
    """Rules alone do not make a trailer of what stands between them."""
    lines = (PROSE, "Share this", TITLE, "Subscribe", MORE)
    assert kept(lines, {1: {"cut": 1.0}, 3: {"cut": 1.0}}) == [PROSE, TITLE, MORE]


def test_what_has_no_letters_goes_with_its_neighbours() -> None:
    lines = (PROSE, "---", "Share this", "* * *", "Subscribe", "1", MORE)
    assert kept(lines, {2: {"cut": 1.0}, 4: {"cut": 1.0}}) == [PROSE, "1", MORE]
    assert kept((PROSE, "---", MORE), {1: {"cut": 1.0}}) == [PROSE, "---", MORE]


def test_a_document_keeps_what_nothing_speaks_against() -> None:
    """Where all would go, only what has evidence of its own does."""
    lines = ("One", TITLE, "Two", "Three")
    assert kept(lines, dict.fromkeys((0, 2, 3), TRAILER)) == [TITLE]


# Lists


@pytest.mark.parametrize("title", [TITLE, "Why?", "10 lighthouses", "* One", "相关的故事"])
def test_a_heading_opens_a_list_of_titles(title: str) -> None:
    decision = decided((PROSE, MORE, "Related", title, TITLE), {2: {"open": 1.0}})
    assert decision.listed == {3, 4}
    assert decision.cut == (False, False, True, True, True)
    assert min(decision.scores[3:]) == Policy().listed


@pytest.mark.parametrize("line", [PROSE, CODE])
def test_a_list_ends_before_prose_and_code(line: str) -> None:
    lines = ("On bees", "Related", TITLE, line, MORE)
    assert kept(lines, {1: {"open": 1.0}}) == ["On bees", line, MORE]


def test_a_list_may_give_a_sentence_on_each_title() -> None:
    """Right under it, and one: two in a row are the body."""
    wasps = MORE.replace("Bees", "Wasps")
    lines = (CODE, "Related", "One", MORE, "Two", wasps)
    assert kept(lines, {1: {"open": 1.0}}) == [CODE]
    assert kept((*lines, PROSE), {1: {"open": 1.0}})[-2:] == [wasps, PROSE]


def test_a_list_ends_where_a_rule_keeps() -> None:
    lines = (PROSE, "Related", TITLE, "Conclusion", MORE)
    assert kept(lines, {1: {"open": 1.0}, 3: {"keep": 1.0}}) == [PROSE, "Conclusion", MORE]


def test_a_heading_that_a_rule_keeps_opens_nothing() -> None:
    lines = (PROSE, "Related", TITLE)
    assert kept(lines, {1: {"open": 1.0, "keep": 1.0}}) == list(lines)


def test_a_list_that_nothing_else_speaks_for_is_not_endless() -> None:
    lines = (PROSE, "Related", *(f"Street number {at}" for at in range(LONGEST + 1)))
    assert kept(lines, {1: {"open": 1.0}}) == list(lines)
    assert kept(lines[:-1], {1: {"open": 1.0}}) == [PROSE]


def test_a_list_goes_on_where_it_recurs() -> None:
    """A teaser that other documents have is an item, though it is prose."""
    lines = (CODE, "Related", TITLE, MORE, MORE.replace("Bees", "Wasps"), PROSE)
    assert kept(lines, {1: {"open": 1.0}, 3: TRAILER, 4: TRAILER}) == [CODE, PROSE]
    assert kept(lines, {1: {"open": 1.0}}) == [CODE, *lines[3:]]


def test_a_box_ends_at_the_last_block_that_recurs() -> None:
    """Titles after it may head the body that goes on."""
    lines = (CODE, "Related", "One", TITLE, MORE, PROSE)
    assert kept(lines, {1: {"open": 1.0}, 2: TRAILER}) == [CODE, *lines[3:]]
    assert kept(lines, {1: {"open": 1.0}, 2: {"cut": 1.0}}) == [CODE, *lines[3:]]


def test_unknown_prose_close_to_known_items_on_both_sides_is_an_item() -> None:
    wasps = MORE.replace("Bees", "Wasps")
    lines = (CODE, "Related", "One", MORE, wasps, "Two", PROSE, PROSE.replace("Monday", "Friday"))
    known = {1: {"open": 1.0}, 2: TRAILER, 5: TRAILER}
    assert kept(lines, known) == [CODE, *lines[6:]]
    assert kept(lines, {**known, 5: {}}) == [CODE, *lines[3:]]


def decided_on(text: str, opener: str) -> str:
    """Return what stays of a text in which a rule knows a heading."""
    blocks = segment(text)
    [place] = [at for at, block in enumerate(blocks) if block.folded == opener.lower()]
    decision = decide(text, blocks, [Evidence(place, "open", 1.0, RULE)], Policy())
    return "".join(text[block.start : block.end] for block, cut in zip(blocks, decision.cut, strict=True) if not cut)


def test_a_title_right_above_the_body_heads_it() -> None:
    """Where blank lines part the items of the list."""
    body = f"{TITLE}\n{MORE}\n{PROSE}\n"
    assert decided_on(f"{CODE}\n\nRelated\n\nOne\n\nTwo\n\n{body}", "Related") == f"{CODE}\n\n{body}"
    assert decided_on(f"{CODE}\nRelated\nOne\nTwo\n{body}", "Related") == f"{CODE}\n{MORE}\n{PROSE}\n"


def test_a_list_goes_on_to_the_second_copy_of_its_items() -> None:
    """Over a stretch of prose that is short against the body, and one paragraph."""
    article = "".join(f"{PROSE.replace('Monday', day)}\n" for day in ("Easter", "May Day", *map(str, range(10))))
    item = "Ten lighthouses to see before the winter\n"
    insects = [MORE.replace("Bees", name) for name in ("Bees", "Wasps", "Flies", "Gnats")]
    teaser, parted = ("".join(f"{line}{end}" for line in insects) for end in ("\n", "\n\n"))
    assert decided_on(f"{article}\nRelated\n{item}{teaser}{item}", "Related").strip() == article.strip()
    for ending in (f"{item}{teaser}Another\n", f"{item}{parted}{item}"):
        assert insects[1] in decided_on(f"{article}\nRelated\n{ending}", "Related")
    assert insects[1] in decided_on(f"{PROSE}\n\nRelated\n{item}{teaser}{item}", "Related")


# Spans


def test_a_cut_run_is_one_span() -> None:
    lines = (PROSE, "One", "Two", MORE, "Three")
    decision = decided(lines, {at: {"cut": 1.0} for at in (1, 2, 4)})
    text = "\n".join(lines)
    assert [text[span.start : span.end] for span in decision.spans] == ["One\nTwo\n", "Three"]
    assert [span.kind for span in decision.spans] == ["inset", "trailer"]


def test_kinds_follow_from_where_the_body_is() -> None:
    lines = ("One", PROSE, "Two", MORE, "Three")
    decision = decided(lines, {at: {"cut": 1.0} for at in (0, 2, 4)})
    assert [span.kind for span in decision.spans] == ["header", "inset", "trailer"]


def test_a_trailer_takes_the_blank_lines_before_it() -> None:
    """And a header or an inset those after it: the body keeps its own line ends."""
    text = f"One\n\n{PROSE}\n\nTwo\n\n{MORE}\r\n \n\nThree\n\n"
    decision = decide(text, segment(text), [Evidence(at, "cut", 1.0, RULE) for at in (0, 2, 4)], Policy())
    assert [text[span.start : span.end] for span in decision.spans] == ["One\n\n", "Two\n\n", " \n\nThree\n\n"]


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


def test_a_surer_cut_has_a_higher_score() -> None:
    scores = [
        decided((PROSE, TITLE), {1: said}).spans[0].score
        for said in ({"cut": 1.0}, {"cut": 1.0, "edge": 1.0}, {"cut": 1.0, **TRAILER})
    ]
    assert scores == sorted(set(scores))
    assert scores[0] > 0.5
    assert all(score == round(score, 3) for score in scores)


def test_the_score_of_a_span_is_of_its_mean_block() -> None:
    lines = (PROSE, "One", MORE, "Two", "Three")
    one, two = decided(lines, {at: {"cut": 1.0} for at in (1, 3, 4)}).spans
    assert one.score == two.score < 1.0


# Reasons


def test_rules_come_first_each_once() -> None:
    text = f"{PROSE}\nOne\nTwo\n"
    evidence = [
        Evidence(1, "repeated", 1.0, TEMPLATE),
        Evidence(1, "cut", 1.0, RuleReason("b/b")),
        Evidence(2, "cut", 1.0, RuleReason("b/b")),
        Evidence(2, "open", 1.0, RuleReason("a/a")),
    ]
    [span] = decide(text, segment(text), evidence, Policy()).spans
    assert span.reasons == (RuleReason("a/a"), RuleReason("b/b"), TEMPLATE)


def passage(*places: tuple[int, int], documents: int = 2, similarity: float = 1.0, name: str = "a") -> TemplateReason:
    """Return a template that one other document holds at the first place, the next one at the next."""
    partners = tuple(Partner(f"{name}{at}", start, end) for at, (start, end) in enumerate(places))
    return TemplateReason(f"{places[0][0]:016x}", documents, similarity, partners)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (passage((0, 5)), passage((6, 9)), [passage((0, 9))]),
        (passage((0, 5), (20, 25)), passage((6, 9), (26, 29)), [passage((0, 9), (20, 29))]),
        (passage((6, 9)), passage((0, 5)), None),
        (passage((0, 5), (26, 29)), passage((6, 9), (20, 25)), None),
        (passage((0, 5)), passage((6, 9), documents=3), None),
        (passage((0, 5)), passage((6, 9), similarity=0.8), None),
        (passage((0, 5)), passage((6, 9), name="b"), None),
        (passage((0, 5)), passage((6, 9), (0, 3)), None),
    ],
    ids=["goes on", "in both", "before", "in one only", "more documents", "less alike", "elsewhere", "one more"],
)
def test_a_passage_that_goes_on_in_its_partners_is_one_reason(
    one: TemplateReason, other: TemplateReason, expected: list[TemplateReason] | None
) -> None:
    text = f"{PROSE}\nOne\nTwo\n"
    evidence = [Evidence(at, "cut", 1.0, RULE) for at in (1, 2)]
    evidence += [Evidence(1, "repeated", 1.0, one), Evidence(2, "repeated", 1.0, other)]
    [span] = decide(text, segment(text), evidence, Policy()).spans
    assert list(span.reasons) == [RULE, *(expected or [one, other])]


# Properties


@st.composite
def observed(draw: st.DrawFn) -> tuple[str, list[Evidence]]:
    """A page and any evidence on it."""
    text = draw(pages())
    count = len(segment(text))
    if not count:
        return text, []
    names: st.SearchStrategy[Signal] = st.sampled_from(
        ("cut", "open", "keep", "repeated", "near", "together", "edge"),
    )
    found = draw(st.lists(st.tuples(st.integers(0, count - 1), names, st.floats(0.1, 8.0)), max_size=20))
    reasons = {"together": None, "edge": None, "repeated": TEMPLATE, "near": TEMPLATE}
    return text, [Evidence(at, name, value, reasons.get(name, RULE)) for at, name, value in found]


@STEADY
@given(observed(), st.randoms(use_true_random=False))
def test_a_decision_is_whole(page: tuple[str, list[Evidence]], numbers: random.Random) -> None:
    """Spans are whole runs of blocks, each with a reason; the order of evidence does not matter to what is cut."""
    text, evidence = page
    blocks = segment(text)
    decision = decide(text, blocks, evidence, Policy())
    assert len(decision.scores) == len(decision.cut) == len(blocks)
    assert all(math.isfinite(score) for score in decision.scores)
    end = 0
    for span in decision.spans:
        assert end <= span.start < span.end <= len(text)
        assert span.end in {block.end for block in blocks}
        assert span.reasons
        assert 0.0 < span.score <= 1.0
        end = span.end
    shuffled = list(evidence)
    numbers.shuffle(shuffled)
    assert decide(text, blocks, shuffled, Policy()).cut == decision.cut


# The policy


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, math.inf, math.nan])
def test_a_share_out_of_range(share: float) -> None:
    with pytest.raises(ValueError, match=r"^max_share: .* is outside \(0, 1\]$"):
        Policy(max_share=share)


def test_a_policy_does_not_change() -> None:
    policy = Policy()
    for field in fields(policy):
        with pytest.raises(AttributeError):
            setattr(policy, field.name, 0.5)
    assert policy == Policy()
    assert hash(policy) == hash(Policy())
