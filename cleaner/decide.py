"""From blocks and evidence to spans: one pure function.

Three passes. *Score*: each block gets the sum of its evidence, weighted by the policy; without any it scores for being
kept, prose more so. *Segment*: the blocks to cut are the best-scoring runs, a run paying for each of its borders inside
the document (a two-state Viterbi; borders at the document's start and end are free, which is where headers and trailers
touch). *Give back*: quotations at the border of a run, and blocks that only their neighbours speak for, are body; with
these pinned the rest is segmented again, until nothing more is given back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from math import exp, inf

from cleaner.model import Block, Evidence, Kind, Partner, Reason, RuleReason, Span, TemplateReason
from cleaner.observed import SEVERAL, Observed


@dataclass(frozen=True, slots=True)
class Policy:
    """What evidence is worth. Scores are log-odds-like: above 0 for cutting, below for keeping.

    Set by hand, on the founding documents and on labelled corpora; no run has calibrated the weights yet.
    """

    unseen: float = -1.0
    """A block that is not prose, before any evidence."""
    prose: float = -3.0
    """A block of prose, before any evidence: long and closed by a full stop, it is what bodies are made of."""
    code: float = -3.0
    """A line of a program, before any evidence."""
    cut: float = 6.0
    """A rule says that this block is boilerplate."""
    open: float = 6.0
    """A rule says that this heading opens a trailer or box."""
    keep: float = -12.0
    """A rule says that this block is body: it is kept, whatever else is said of it."""
    repeated: float = 1.0
    """Per doubling of the other documents that hold the block: 1 for one, 2 for three, 3 for seven."""
    sentence: float = 2.0
    """Per doubling beyond `SEVERAL` of the documents that hold a block of prose: a sentence that several independent
    documents repeat word for word is boilerplate even alone."""
    near: float = 1.0
    """The same for nearly the same text, times its similarity."""
    together: float = 1.5
    """Its neighbours on both sides recur; half for one side."""
    edge: float = 2.5
    """It stands at an edge here and elsewhere; half when only elsewhere."""
    alone: float = -2.0
    """A short block that recurs while its neighbours do not: "Conclusion", "FAQ", "Ingredients"."""
    refrain: float = -3.0
    """It stands several times in its own document, and at no edge."""
    listed: float = 3.0
    """The score of an item of the list under a heading that a rule knows, whatever else would speak for keeping it."""
    border: float = 1.5
    """What each border of a run costs."""
    max_share: float | None = 1.0
    """Largest share of a document's visible characters that may be cut, in (0, 1]; above it the document is held back,
    and so is a cut that leaves no letter. None: nothing is ever held back."""

    def __post_init__(self) -> None:
        """Check the range.

        Raises:
            ValueError: `max_share` is outside (0, 1].
        """
        if self.max_share is not None and not 0.0 < self.max_share <= 1.0:
            raise ValueError(f"max_share: {self.max_share} is outside (0, 1]")


SENTENCE = 0.5
"""What a rule that knows a line is worth on a sentence of a longer line: half, for a paragraph may say the same. Alone
that is less than a run's borders cost, so it takes other evidence beside it, or an end of the document."""

GAP = 16
"""Characters between two lines of one passage in a partner: line ends, blank lines, indentation, a line of marks."""

RULE = 0.01
"""The score of a line of marks ("---", "* * *"): it goes with a trailer that starts right after it."""

SHORT = 40
"""Width below which a block that recurs alone may be a section heading."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision laid open: what `explain` shows."""

    scores: tuple[float, ...]
    """Of each block: above 0 for cutting."""
    listed: frozenset[int]
    """Blocks that are items of a list under a heading that a rule knows."""
    cut: tuple[bool, ...]
    """Of each block."""
    spans: tuple[Span, ...]


def decide(text: str, blocks: Sequence[Block], evidence: Sequence[Evidence], policy: Policy) -> Decision:
    r"""Return what to cut from `text`: sorted, disjoint spans of whole blocks, none when nothing speaks for cutting.

    Args:
        text: the original text.
        blocks: its blocks, as `segment` tiles it.
        evidence: in any order.
        policy: the weights.

    >>> from cleaner.segment import segment
    >>> text = "The body.\nRelated articles\nAnother story\n"
    >>> seen = [Evidence(1, "open", 1.0, RuleReason("related/articles"))]
    >>> [(text[span.start:span.end], span.kind) for span in decide(text, segment(text), seen, Policy()).spans]
    [('Related articles\nAnother story\n', 'trailer')]
    """
    if not evidence:
        return Decision((0.0,) * len(blocks), frozenset(), (False,) * len(blocks), ())
    seen = Observed(text, blocks, evidence)
    scores = tuple(_score(seen, place, policy) for place in range(len(blocks)))
    cut = _segment(scores, policy.border)
    pinned: set[int] = set()
    while back := _given_back(seen, cut):
        # What is given back is body, and the rest is decided again: a block next to it may have hung on to it.
        pinned |= back
        cut = _segment([-inf if place in pinned else score for place, score in enumerate(scores)], policy.border)
    for first, last in _runs(cut):  # what holds no letter goes with its neighbours, and nothing goes without a reason
        if not any(seen.lettered[place] and seen.reasons[place] for place in range(first, last)):
            cut[first:last] = [False] * (last - first)
    return Decision(scores, seen.listed, tuple(cut), _spans(seen, scores, cut))


def _score(seen: Observed, place: int, policy: Policy) -> float:
    """Sum of the weighted evidence of one block."""
    signals, prose = seen.signals[place], seen.prose[place]
    if seen.kept(place):
        return policy.keep
    score = policy.prose if prose else policy.code if seen.code[place] else policy.unseen
    if not seen.lettered[place]:
        score = 0.0 if any(map(str.isdigit, seen.blocks[place].folded)) else RULE
    edge = signals.get("edge", 0.0)
    for signal, value in signals.items():
        weight = getattr(policy, signal)
        if signal in ("cut", "open") and seen.blocks[place].sentence:
            weight *= SENTENCE
        if signal == "open" and place in seen.bare:
            weight = 0.0
        if signal == "repeated" and edge < 1.0:
            weight *= min(1.0, seen.widths[place] / SHORT)
        score += weight * value
        if signal == "repeated" and prose:
            score += policy.sentence * max(0.0, value - SEVERAL)
    if "repeated" in signals and "together" not in signals and seen.widths[place] < SHORT:
        score += policy.alone
    if seen.copied[place] and signals and edge < 1.0 and not seen.ruled(place):
        score += policy.refrain
    return max(score, policy.listed) if place in seen.listed else score


def _segment(scores: Sequence[float], border: float) -> list[bool]:
    """Choose the runs of blocks with the largest sum of scores less `border` for each run border inside the document.

    >>> _segment([-5.0, 2.0, -1.0, 2.0], 1.5), _segment([-5.0, 2.0, -5.0], 1.5)
    ([False, True, True, True], [False, False, False])
    """
    kept, cut = 0.0, 0.0
    came: list[tuple[bool, bool]] = []  # for each block: was the one before it cut, if this one is kept, if it is cut
    for place, score in enumerate(scores):
        cost = border if place else 0.0
        from_cut, into_cut = cut - cost > kept, kept - cost < cut
        came.append((from_cut, into_cut))
        kept, cut = max(kept, cut - cost), max(cut, kept - cost) + score
    states: list[bool] = []
    state = cut > kept
    for from_cut, into_cut in reversed(came):
        states.append(state)
        state = into_cut if state else from_cut
    return states[::-1]


def _given_back(seen: Observed, cut: Sequence[bool]) -> set[int]:
    """Return the cut blocks that must not go: quotations at the border of a run, and what only its neighbours speak for."""
    back: set[int] = set()

    def doubtful(place: int) -> bool:
        return seen.quoted(place) or not seen.speaks(place)

    for first, last in _runs(cut):
        trailer = last == len(cut)
        if first or trailer:
            back.update(takewhile(doubtful, range(first, last)))
        if not trailer:
            back.update(takewhile(doubtful, range(last - 1, first - 1, -1)))
        # A trailer's items rotate, and it may end with an unknown one. In a header the unknown line is the title.
        strong = [place for place in range(first, last) if seen.ruled(place) or seen.signals[place].get("edge") == 1.0]
        for place in range(first, last):
            item = trailer and strong and strong[0] < place and not seen.closed[place] and not seen.code[place]
            if not seen.speaks(place) and not item:
                back.add(place)
    if all(gone or not lettered for gone, lettered in zip(cut, seen.lettered, strict=True)):
        back.update(place for place in range(len(cut)) if not seen.speaks(place))  # no document is all boilerplate
    return {place for place in back if cut[place] and seen.lettered[place]}


def _runs(cut: Sequence[bool]) -> list[tuple[int, int]]:
    """Return the half-open runs of True.

    >>> _runs([True, True, False, True])
    [(0, 2), (3, 4)]
    """
    borders = [
        place for place in range(len(cut) + 1) if (place > 0 and cut[place - 1]) != (place < len(cut) and cut[place])
    ]
    return list(zip(borders[::2], borders[1::2], strict=True))


def _spans(seen: Observed, scores: Sequence[float], cut: Sequence[bool]) -> tuple[Span, ...]:
    """Make a span of each run of cut blocks.

    A trailer takes the blank lines before it, so that the body ends with its own line end.
    """
    spans = []
    for first, last in _runs(cut):
        start, mean = seen.blocks[first].start, sum(scores[first:last]) / (last - first)
        if not first and seen.text.startswith("\ufeff"):
            start = 1  # a byte order mark is the file's, not the header's
        if first and last == len(cut):
            start = seen.text.find("\n", seen.blocks[first - 1].stop, start) + 1 or start
        score = max(0.001, round(1 / (1 + exp(-mean)), 3))
        spans.append(Span(start, seen.blocks[last - 1].end, "inset", score, _reasons(seen, first, last)))
    return placed(seen.text, spans)


def placed(text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return sorted, disjoint `spans` with the kind that follows from where the rest of `text` lies.

    >>> [span.kind for span in placed("a b c", [Span(0, 2, "inset", 0.9, ()), Span(4, 5, "inset", 0.9, ())])]
    ['header', 'trailer']
    """
    borders = [0, *(border for span in spans for border in (span.start, span.end)), len(text)]
    kept = [at for at in range(len(spans) + 1) if text[borders[2 * at] : borders[2 * at + 1]].lstrip("\ufeff").strip()]
    kinds: list[Kind] = ["inset"] * len(spans)
    if kept:
        kinds[: kept[0]] = ["header"] * kept[0]
    after = kept[-1] if kept else 0
    kinds[after:] = ["trailer"] * (len(spans) - after)
    return tuple(replace(span, kind=kind) for span, kind in zip(spans, kinds, strict=True))


def _reasons(seen: Observed, first: int, last: int) -> tuple[Reason, ...]:
    """Return each rule once, by id; then templates in order, a passage that goes on in the same partners as one reason."""
    rules = {
        reason.rule for place in range(first, last) for reason in seen.reasons[place] if isinstance(reason, RuleReason)
    }
    templates: list[TemplateReason] = []
    named: set[TemplateReason] = set()
    adjacent = False  # whether nothing with a letter stands between this block and the last template's
    for place in range(first, last):
        found = [reason for reason in seen.reasons[place] if isinstance(reason, TemplateReason)]
        for reason in found:
            if adjacent and _continues(templates[-1], reason):
                pairs = zip(templates[-1].partners, reason.partners, strict=True)
                partners = tuple(Partner(one.id, one.start, other.end) for one, other in pairs)
                named.discard(templates[-1])
                templates[-1] = replace(templates[-1], partners=partners)
                named.add(templates[-1])
            elif reason not in named:
                templates.append(reason)
                named.add(reason)
        adjacent = bool(found) or (adjacent and not seen.lettered[place])
    return (*map(RuleReason, sorted(rules)), *templates)


def _continues(last: TemplateReason, reason: TemplateReason) -> bool:
    """Whether `reason` holds in the same documents as `last`, word for word, and right after it in each of them."""
    return (
        (last.documents, last.similarity, len(last.partners)) == (reason.documents, 1.0, len(reason.partners))
        and reason.similarity == 1.0
        and all(
            one.id == other.id and one.end <= other.start <= one.end + GAP
            for one, other in zip(last.partners, reason.partners, strict=True)
        )
    )
