"""From blocks and evidence to spans: one pure function.

Three passes. *Score*: the shipped weights turn a block's features into log-odds. *Segment*: the blocks to cut are the
best-scoring runs, a run paying for each of its borders inside the document (a two-state Viterbi; borders at the
document's start and end are free, which is where headers and trailers touch). *Give back*: what reads like a body, and
is not overwhelmingly known, is body; with these pinned the rest is segmented again, until nothing more is given back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, inf
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np

from cleaner.features import Features, features
from cleaner.forest import shipped
from cleaner.model import Block, Evidence, Kind, Partner, Reason, RuleReason, Span, TemplateReason
from cleaner.observed import Observed
from cleaner.repetition import Repetition

if TYPE_CHECKING:
    from numpy.typing import NDArray

Preset = Literal["careful", "balanced", "thorough"]


@dataclass(frozen=True, slots=True)
class Policy:
    """How much evidence it takes to cut. Scores are log-odds: above 0 a block is more likely boilerplate than body."""

    threshold: float = -0.5
    """Log-odds that a block needs."""
    border: float = 1.0
    """What each border of a run costs: neighbours decide together."""
    doubt: float = 2.0
    """Log-odds, beyond the threshold, that what reads like a body needs: unseen sentences, quotations, code."""
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


POLICIES: Mapping[Preset, Policy] = MappingProxyType(
    {"careful": Policy(threshold=1.5), "balanced": Policy(), "thorough": Policy(threshold=-2.0, doubt=1.0)}
)
"""Along the curve of precision against recall; `tests/benchmarks/calibrate.py` prints its points."""

GAP = 16
"""Characters between two lines of one passage in a partner: line ends, blank lines, indentation, a line of marks."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision laid open: what `explain` shows."""

    values: Features
    """The features of each block, by name."""
    scores: tuple[float, ...]
    """Of each block: above 0 for cutting, the policy's threshold taken off."""
    listed: frozenset[int]
    """Blocks that are items of a list under a heading that a rule knows."""
    cut: tuple[bool, ...]
    """Of each block."""
    spans: tuple[Span, ...]


def decide(
    text: str, blocks: Sequence[Block], evidence: Sequence[Evidence], repetition: Repetition, policy: Policy
) -> Decision:
    r"""Return what to cut from `text`: sorted, disjoint spans of whole blocks, none when nothing speaks for cutting.

    Args:
        text: the original text.
        blocks: its blocks, as `segment` tiles it.
        evidence: what the rules say of them, in any order.
        repetition: what the corpus knows of them.
        policy: how much evidence it takes.

    >>> from cleaner.repetition import none
    >>> from cleaner.segment import segment
    >>> text = "The body.\nRelated articles\nAnother story\n"
    >>> seen = [Evidence(1, "open", 1.0, RuleReason("related/articles"))]
    >>> found = decide(text, segment(text), seen, none(3), Policy())
    >>> [(text[span.start:span.end], span.kind) for span in found.spans]
    [('Related articles\nAnother story\n', 'trailer')]
    """
    if not evidence and not repetition.reasons:
        return Decision({}, (0.0,) * len(blocks), frozenset(), (False,) * len(blocks), ())
    seen = Observed(text, blocks, evidence, repetition)
    values = features(seen, repetition)
    scores = shipped().score(values) - policy.threshold
    doubtful = _doubtful(seen, repetition)
    kept = np.array([seen.kept(place) for place in range(len(blocks))]) | (doubtful & (scores <= policy.doubt))
    cut = _segment(np.where(kept, -inf, scores).tolist(), policy.border)
    for first, last in _runs(cut):  # what holds no letter goes with its neighbours, and nothing goes without a reason
        if not any(seen.lettered[place] and seen.reasons[place] for place in range(first, last)):
            cut[first:last] = [False] * (last - first)
    rounded = tuple(scores.round(3).tolist())
    return Decision(values, rounded, seen.listed, tuple(cut), _spans(seen, rounded, cut))


def _doubtful(seen: Observed, repetition: Repetition) -> NDArray[np.bool_]:
    """Which blocks read like a body: sentences and code that nobody else holds, or hardly anybody, and no rule knows."""
    readable = np.array(seen.closed) | np.array(seen.code)
    ruled = np.array([seen.ruled(place) for place in range(len(seen.blocks))])
    few = np.maximum(repetition.corpus, repetition.near) < 2
    return readable & few & ~ruled


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
