"""From blocks and evidence to spans: one pure function.

*Score*: the shipped weights turn a block's features into log-odds; what a rule of the user's own says is settled, as are the
heads and feet of pages, and where there is no group to count in, so are the lists and labels of any rule. *Pin*: what a rule keeps, and what reads like
a body and is not overwhelmingly known, is body. *Segment*: the blocks to cut are the best-scoring runs, a run paying for
each of its borders inside the document (a two-state Viterbi; borders at the document's start and end are free, which is
where headers and trailers touch). *Trim*: a run starts and ends with what is boilerplate by itself, and not within a sentence. *Doubt*: where the group is too
small to count in, what few documents share by chance, or quote of each other, stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from cleaner.features import Part, features
from cleaner.forest import PAGE_WEIGHTS, WEIGHTS, shipped
from cleaner.model import (
    Evidence,
    RunningReason,
    Span,
)
from cleaner.observed import SEVERAL, Observed, speaks
from cleaner.pages import emptied
from cleaner.policy import Policy
from cleaner.repetition import Repetition
from cleaner.spans import spans_of
from cleaner.titles import own_title

if TYPE_CHECKING:
    from numpy.typing import NDArray

GROUP = 3
"""Smaller groups of other documents are too small to count in; and so many others must hold sentences that nothing else speaks of."""

FEW = 3
"""Lines that it takes at least for two documents to prove boilerplate of each other: an article that was rewritten shares its first line
with what it was (tests/test_kept.py)."""

SETTLED = 1.5
"""Least score, where there is no group to count in, of what a rule settles, and of lines that nearly stand with more of
their kind at the same end of another document: more than two borders cost."""

AGAINST = -0.25
"""Least score of a line that a rule then settles: the weights may be a little against it, as they are in documents of a few
lines (tests/cases)."""

EXTRACTED = 0.9
"""The share of a sentence, and of the 8 lines on each side, that the extractor keeps of what it takes for the text. Pages of
hundreds of paragraphs lost half of them without it; on html-dev F1 is the same (`calibrate_pages`)."""

PAGES = -0.7
"""Log-odds that lines of pages need besides the policy's. `calibrate_pages --last` says .986 for the F1 of the sites to choose by and .933
for html-dev's precision; with 0 here it said .983 and .925. Less costs html-dev more F1 than it gains in precision."""

REFUSED = -3.0
"""Score of a page's line below which a rule does not settle it, whatever the extractor keeps. Without rules settling lines above
it the snippets that survive on html-dev are a tenth more, at the same F1 (`calibrate_pages`)."""

LONG = 100
"""Width of what is too long to be a title: a paragraph, with or without a full stop; some scripts have none. Without this
`calibrate --last` shows three times the loss on the sites kept for a last look; 60 costs recall."""


class Guard(NamedTuple):
    """What keeps a block that would go otherwise."""

    name: Literal[
        "fenced",
        "own",
        "readable",
        "long",
        "alone",
        "chance",
        "unheld",
        "elsewhere",
        "extracted",
        "borders",
        "ends",
        "few",
        "whole",
        "untold",
        "page",
        "title",
    ]
    least: float = inf
    """The score above which it does not; infinite: whatever the score. Of borders: what each costs."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision laid open: what `explain` shows."""

    evidence: tuple[Evidence, ...]
    """What the rules say."""
    repetition: Repetition
    """What the corpus knows, and the blocks that it speaks of."""
    values: Mapping[str, NDArray[np.float64]]
    """The features of each block, by name."""
    scores: tuple[float, ...]
    """Of each block: above 0 for cutting, the policy's threshold taken off."""
    running: Mapping[int, RunningReason]
    """Blocks that are the head or the foot of a page, and why."""
    listed: frozenset[int]
    """Blocks that are items of a list under a heading that a rule knows."""
    cut: tuple[bool, ...]
    """Of each block."""
    spans: tuple[Span, ...]
    kept: tuple[Span, ...] = ()
    """What would be spans, but that the document is the first of its group, and keeps them."""
    spared: Mapping[int, Guard] = field(default_factory=dict)
    """Blocks that are not cut although they score above 0, or would have gone with their neighbours, and what keeps them."""
    gaps: tuple[tuple[int, int], ...] = ()
    """Where markers stand that were looked through: see `cleaner.instead`."""


def decide(seen: Sequence[Observed], policy: Policy) -> list[Decision]:
    r"""Return what to cut from each document: sorted, disjoint spans of whole blocks, none when nothing speaks for cutting.

    A document's decision does not depend on the others. For a page weights of their own decide, which see its layout, and
    nothing is body because it reads like one: a page shows the prose of others, too.

    Args:
        seen: what was observed of each document.
        policy: how much evidence it takes.

    >>> from cleaner.model import RuleReason
    >>> from cleaner.repetition import none
    >>> from cleaner.segment import segment
    >>> text = "The body.\nRelated articles\nAnother story\n"
    >>> said = [Evidence(1, "open", RuleReason("related/articles"))]
    >>> [found] = decide([Observed(text, segment(text), said, none(segment(text)))], Policy())
    >>> [(text[span.start:span.end], span.kind) for span in found.spans]
    [('Related articles\nAnother story\n', 'trailer')]
    """
    found: list[Decision] = [untouched(one.repetition, one.evidence) for one in seen]
    for weights in (WEIGHTS, PAGE_WEIGHTS):
        some = [
            at
            for at, one in enumerate(seen)
            if (one.layout is None) == (weights == WEIGHTS)
            and speaks(one.text, one.evidence, one.repetition.reasons, one.layout)
        ]
        if not some:
            continue
        values = features([seen[at] for at in some])
        scores = shipped(weights).score(values) - _threshold(policy, weights == PAGE_WEIGHTS)
        last = 0
        for at in some:
            own = slice(last, last := last + len(seen[at].blocks))
            found[at] = _decided(seen[at], Part(values, own), scores[own], policy)
    return found


def _threshold(policy: Policy, of_page: bool) -> float:
    return policy.threshold + PAGES if of_page else policy.threshold


def untouched(repetition: Repetition, evidence: Sequence[Evidence] = ()) -> Decision:
    """Return the decision on a document that nothing speaks for cutting from.

    >>> from cleaner.model import Block
    >>> from cleaner.repetition import none
    >>> untouched(none([Block(0, 1, 1, "a")])).cut
    (False,)
    """
    count = len(repetition.blocks)
    return Decision(tuple(evidence), repetition, {}, (0.0,) * count, {}, frozenset(), (False,) * count, ())


def _decided(
    seen: Observed, values: Mapping[str, NDArray[np.float64]], scores: NDArray[np.float64], policy: Policy
) -> Decision:
    """Decide one document, given the features and the score of each block."""
    few = seen.layout is None and seen.repetition.size < GROUP
    settled = seen.settled
    if seen.layout is not None:
        settled = settled | (seen.cut & (scores > REFUSED))
    elif few:
        settled = settled | _ruled(seen, scores)
        settled |= seen.repetition.edge & (seen.repetition.near > 0) & ~seen.closed
    scores = np.where(settled, np.maximum(scores, SETTLED), scores)
    pins = (
        _pins(seen, scores, policy.doubt)
        if seen.layout is None
        else _pins_on_page(seen, values, scores, 2 * policy.doubt - _threshold(policy, of_page=True))
    )
    kept: NDArray[np.bool_] = np.logical_or.reduce([*pins.values()])
    above = scores > 0
    spared = {at: _strongest(pins, at) for at in np.flatnonzero(kept & above).tolist()}
    cut = _segment(np.where(kept, -inf, scores).tolist(), policy.border)
    _spare(spared, Guard("borders", policy.border), above.tolist(), cut)
    before = cut.copy()
    for first, last in _runs(cut):
        left = _trimmed(seen, scores, first, last, policy.doubt if few else 0.0)
        if few and _by_chance(seen, left):
            spared |= dict.fromkeys(left, Guard("few"))
            left = range(0)
        cut[first:last] = [at in left for at in range(first, last)]
    _spare(spared, Guard("ends"), before, cut)
    before = cut.copy()
    if not (seen.lettered & ~np.array(cut, dtype=np.bool_)).any():
        # No document is all boilerplate: what nothing speaks against by itself is body.
        cut = (np.array(cut, dtype=np.bool_) & seen.speaks & above).tolist()
    _spare(spared, Guard("whole"), before, cut)
    before = cut.copy()
    for place in own_title(seen, before):
        cut[place] = False
    _spare(spared, Guard("title"), before, cut)
    before = cut.copy()
    for first, last in _runs(cut, seen.pages):
        # What holds no letter goes with its neighbours, unless it counts the pages; and nothing goes without a reason.
        told = any(seen.told(at) and (seen.lettered[at] or at in seen.running) for at in range(first, last))
        if seen.layout is None and not told:
            cut[first:last] = [False] * (last - first)
    _spare(spared, Guard("untold"), before, cut)
    before = cut.copy()
    for place in emptied(seen.blocks, seen.pages, before):
        cut[place] = False
    _spare(spared, Guard("page"), before, cut)
    rounded = tuple(scores.round(3).tolist())
    return Decision(
        tuple(seen.evidence),
        seen.repetition,
        values,
        rounded,
        seen.running,
        seen.listed,
        tuple(cut),
        spans_of(seen, rounded, _runs(cut, seen.pages)),
        spared=spared,
    )


def _strongest(pins: Mapping[Guard, NDArray[np.bool_]], place: int) -> Guard:
    """Return what would keep a block at the highest score."""
    return max((guard for guard, pinned in pins.items() if pinned[place]), key=lambda guard: guard.least)


def _spare(spared: dict[int, Guard], guard: Guard, before: Sequence[bool], cut: Sequence[bool]) -> None:
    """Note what was to be cut before a step and is not after it; `guard` is that step."""
    if before != cut:
        for place, (was, is_) in enumerate(zip(before, cut, strict=True)):
            if was and not is_:
                spared.setdefault(place, guard)


def _trimmed(seen: Observed, scores: NDArray[np.float64], first: int, last: int, doubt: float) -> range:
    """Return what is left of a run when it must start and end with what is boilerplate by itself.

    Without evidence of its own that takes more than `doubt`; but a trailer that others have may end with an item that they
    have not, though not with a sentence of the body. And it must not start or end within a sentence, unless the user's own
    rule says so: a stock clause that articles weave into their sentences recurs as boilerplate does.
    """
    run = slice(first, last)
    own = scores[run] > np.where(seen.speaks[run], 0.0, doubt)
    rotates = last == len(seen.blocks) and seen.repetition.edge[run].any()
    ends = (scores[run] > 0) & ~_foreign(seen, run) if rotates else own
    within = seen.split[first - 1 : last - 1] if first else np.append(False, seen.split[: last - 1])
    starts = np.flatnonzero(own & (seen.settled[run] | ~within))
    stops = np.flatnonzero(ends & (seen.settled[run] | ~seen.split[run]))
    return range(first + int(starts[0]), first + int(stops[-1]) + 1) if len(starts) and len(stops) else range(0)


def _foreign(seen: Observed, run: slice) -> NDArray[np.bool_]:
    """Which sentences of a run are not its list's: unknown ones, when the list has no others or they open a quotation."""
    closed = seen.closed[run]
    unknown: NDArray[np.bool_] = closed & (seen.repetition.shared[run] == 0) & ~(seen.ruled | seen.settled)[run]
    if (closed & ~unknown).any():
        unknown &= [seen.starts_body(at) for at in range(run.start, run.stop)]
    return unknown


def _by_chance(seen: Observed, run: range) -> bool:
    """Whether a run is what few documents may share without being of one template, where no rule speaks of it.

    Less than `FEW` lines that two documents share: an article and its update have the same first line. And sentences alone that fewer
    than `GROUP` others hold: whoever quotes the end of an article would have it cut.
    """
    blocks = slice(run.start, run.stop)
    if not run or seen.ruled[blocks].any() or seen.settled[blocks].any():
        return False
    held, lettered = seen.repetition.shared[blocks].max(initial=0), seen.lettered[blocks]
    quoted = bool(seen.sentences[blocks][lettered].all())
    return bool((held < SEVERAL and lettered.sum() < FEW) or (held < GROUP and quoted))


def _ruled(seen: Observed, scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which blocks a rule settles where there is no group to count in.

    Headings and the items of their lists; and other lines that the weights are not against: a line that a rule knows may be
    the body's ("Share", "Reply", "Read more: ..." are, in threads and articles of intact-dev). Of the parts of a
    longer line only the last of the document.
    """
    parts = seen.parts.copy()
    parts[-1] = False
    heads = np.zeros(len(parts), dtype=np.bool_)
    heads[[at for at, signals in seen.signals.items() if "open" in signals]] = True
    return seen.ruled & ~parts & (seen.items | heads | (scores > AGAINST))


def _pins(seen: Observed, scores: NDArray[np.float64], doubt: float) -> dict[Guard, NDArray[np.bool_]]:
    """Which blocks are body whatever is near them, by what makes them so.

    What a rule keeps. Else, of what no rule speaks against: sentences, code and section headings that hardly another
    document holds, unless they score more than `doubt`; long lines that none does, unless they score twice that. And where
    the group is too small to count in, those that nobody else holds, and what does not stand with more of its kind at the
    same end of two documents: they share it by chance. In a larger group, the sentences that only documents outside it hold,
    however many: they quote it. A document without a group has but its rules: what they do not speak of needs half the `doubt`.
    """
    shared = seen.repetition.shared
    open_ = ~(seen.ruled | seen.settled)
    readable = open_ & (seen.closed | seen.code | seen.formed("heading")) & (shared < SEVERAL)
    unseen = open_ & (shared == 0)
    long = unseen & (seen.widths >= LONG * np.maximum(1, seen.repetition.cells))
    pins = {
        Guard("fenced"): seen.fenced & seen.kept,
        Guard("own"): seen.kept,
        Guard("readable", doubt): readable & (scores <= doubt),
        Guard("long", 2 * doubt): long & (scores <= 2 * doubt),
    }
    if seen.repetition.size == 0:
        pins[Guard("alone", doubt / 2)] = unseen & (scores <= doubt / 2)
    if seen.repetition.size < GROUP:
        pins[Guard("chance")] = open_ & (shared > 0) & (shared < GROUP) & ~seen.repetition.edge
        pins[Guard("unheld")] = readable & (shared == 0)
    else:
        held = seen.repetition.group + seen.repetition.masked + seen.repetition.near
        pins[Guard("elsewhere")] = open_ & seen.closed & (shared > 0) & (held == 0)
    return pins


def _pins_on_page(
    seen: Observed, values: Mapping[str, NDArray[np.float64]], scores: NDArray[np.float64], doubt: float
) -> dict[Guard, NDArray[np.bool_]]:
    """Which blocks of a page are body whatever is near them, by what makes them so.

    What a rule of the user's own keeps, and fenced code. Rules know sections by their headings, and a page has these in its menus,
    too ("How it works", "At a glance"). And sentences amid what the extractor keeps, that hardly another page holds and no
    rule cuts, unless they score more than `doubt`: no page is so long that its later half is a box.
    """
    own = np.zeros(len(seen.blocks), dtype=np.bool_)
    own[[at for at, signals in seen.signals.items() if signals.get("keep")]] = True
    read = (values["extracted"] >= EXTRACTED) & (values["extracted within 8"] >= EXTRACTED)
    read &= seen.closed & (seen.repetition.shared < SEVERAL) & (scores <= doubt)
    return {Guard("fenced"): seen.fenced & seen.kept, Guard("own"): own, Guard("extracted", doubt): read & ~seen.cut}


def _segment(scores: Sequence[float], border: float) -> list[bool]:
    """Choose the runs of blocks with the largest sum of scores less `border` for each run border inside the document.

    >>> _segment([-5.0, 2.0, -1.0, 2.0], 1.5), _segment([-5.0, 2.0, -5.0], 1.5)
    ([False, True, True, True], [False, False, False])
    """
    kept, cut, cost = 0.0, 0.0, 0.0  # a border at the document's start is free
    came: list[tuple[bool, bool]] = []  # for each block: was the one before it cut, if this one is kept, if it is cut
    for score in scores:
        from_cut, into_cut = cut - cost > kept, kept - cost < cut
        came.append((from_cut, into_cut))
        kept, cut = cut - cost if from_cut else kept, (cut if into_cut else kept - cost) + score
        cost = border
    states: list[bool] = []
    state = cut > kept
    for both in reversed(came):
        states.append(state)
        state = both[state]
    return states[::-1]


def _runs(cut: Sequence[bool], pages: Sequence[int] | None = None) -> list[tuple[int, int]]:
    """Return the half-open runs of True; none goes over the end of a page.

    >>> _runs([True, True, False, True]), _runs([True, True, False, True], [0, 1, 1, 1])
    ([(0, 2), (3, 4)], [(0, 1), (1, 2), (3, 4)])
    """
    runs: list[tuple[int, int]] = []
    states, at = [*cut, False], 0
    with suppress(ValueError):  # no further one
        while True:
            first = states.index(True, at)
            at = states.index(False, first)
            borders = [first, at]
            if pages and pages[first] != pages[at - 1]:
                borders[1:1] = [place for place in range(first + 1, at) if pages[place] != pages[place - 1]]
            runs.extend(pairwise(borders))
    return runs
