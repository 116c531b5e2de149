"""From blocks and evidence to spans: one pure function.

Three passes. *Score*: each block gets the sum of its evidence, weighted by the policy; without any it scores for being
kept, prose more so. *Segment*: the blocks to cut are the best-scoring runs, a run paying for each of its borders inside
the document (a two-state Viterbi; borders at the document's start and end are free, which is where headers and trailers
touch). *Guard*: what nothing spoke against is cut only where the evidence around it is that of a header or trailer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp

from cleaner.model import Block, Evidence, Kind, Partner, Reason, RuleReason, Span, TemplateReason
from cleaner.near import WIDTH
from cleaner.segment import is_code, is_prose, width


@dataclass(frozen=True, slots=True)
class Policy:
    """What evidence is worth. Scores are log-odds-like: above 0 for cutting, below for keeping."""

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
    """A rule says that this block is body."""
    repeated: float = 1.0
    """Per doubling of the other documents that hold the block: 1 for one, 2 for three, 3 for seven."""
    near: float = 1.0
    """The same for nearly the same text, times its similarity."""
    together: float = 1.5
    """Its neighbours on both sides recur; half for one side."""
    edge: float = 2.5
    """It stands at an edge here and elsewhere; half when only elsewhere."""
    alone: float = -2.0
    """A short block that recurs while its neighbours do not: "Conclusion", "FAQ", "Ingredients"."""
    listed: float = 3.0
    """The score of an item of the list under a heading that a rule knows, whatever else would speak for keeping it."""
    border: float = 1.5
    """What each border of a run costs."""
    max_share: float = 1.0
    """Largest share of a document's visible characters that may be cut, in (0, 1]; above it the document is held. A
    cut that leaves no letter or digit is always held."""

    def __post_init__(self) -> None:
        if not 0.0 < self.max_share <= 1.0:
            raise ValueError(f"max_share: {self.max_share} is outside (0, 1]")


SHORT = 40
"""Width below which a block that recurs alone may be a section heading."""

TITLE = 300
"""Width above which a block is no title of a list, whatever its last character."""

BRIDGE = 0.5
"""A stretch of unlisted text inside a list, closed by items repeated after it, may be this long against the text
before the heading: half. More of it could be the body going on after a box."""

LONGEST = 24
"""A list with more items in a row that nothing else speaks for is the body: of code, a table, a price list."""

HOLD = 2
"""An unknown item of a list is held by known ones this many blocks away, on both sides."""

OVERWHELMING = 8
"""Blocks with evidence of their own that a header or trailer must have before one unseen prose block inside it goes."""


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
    seen = _Seen(text, blocks, evidence)
    listed = frozenset(place for opener in seen.openers for place in seen.items(opener))
    scores = tuple(_score(seen, place, place in listed, policy) for place in range(len(blocks)))
    cut = _guard(seen, listed, _segment(scores, policy.border))
    return Decision(scores, listed, tuple(cut), _spans(seen, scores, cut))


def _score(seen: _Seen, place: int, listed: bool, policy: Policy) -> float:
    """Sum of the weighted evidence of one block."""
    signals = seen.signals[place]
    prose = seen.prose[place]
    score = policy.prose if prose else policy.code if seen.code[place] else policy.unseen
    if not seen.lettered[place]:
        score = 0.0
    for signal, value in signals.items():
        weight = getattr(policy, signal)
        if signal == "repeated" and signals.get("edge", 0.0) < 1.0:
            weight *= min(1.0, seen.widths[place] / SHORT)
        score += weight * value
    if "repeated" in signals and "together" not in signals and seen.widths[place] < SHORT:
        score += policy.alone
    return max(score, policy.listed) if listed and "keep" not in signals else score


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


def _guard(seen: _Seen, listed: frozenset[int], cut: list[bool]) -> list[bool]:
    """Give back blocks that only their neighbours spoke for, unless those make a header, a trailer or a list."""
    guarded = list(cut)
    for first, last in _runs(cut):
        own = [place for place in range(first, last) if place in listed or seen.speaks(place)]
        strong = [place for place in own if place in listed or seen.signals[place].get("edge") == 1.0]
        for place in range(first, last):
            if place in listed or seen.speaks(place) or not seen.lettered[place]:
                continue
            before = any(other < place for other in strong)  # what stands before all evidence is a title or a body
            after = any(other > place for other in strong) or last == len(cut)
            between = bool(strong) and before and after
            lone = place - 1 in own and place + 1 in own
            guarded[place] = between and (not seen.prose[place] or (lone and len(strong) >= OVERWHELMING))
    if not any(lettered and not gone for lettered, gone in zip(seen.lettered, guarded, strict=True)):
        guarded = [seen.speaks(place) and gone for place, gone in enumerate(guarded)]  # no document is all boilerplate
    # What holds no letter ("---", "1") goes with its neighbours, and stays when none of them was cut.
    for first, last in _runs(guarded):
        if not any(seen.lettered[place] for place in range(first, last)):
            guarded[first:last] = [False] * (last - first)
    return guarded


def _runs(cut: Sequence[bool]) -> list[tuple[int, int]]:
    """Return the half-open runs of True.

    >>> _runs([True, True, False, True])
    [(0, 2), (3, 4)]
    """
    borders = [
        place for place in range(len(cut) + 1) if (place > 0 and cut[place - 1]) != (place < len(cut) and cut[place])
    ]
    return list(zip(borders[::2], borders[1::2], strict=True))


def _spans(seen: _Seen, scores: Sequence[float], cut: Sequence[bool]) -> tuple[Span, ...]:
    """Make a span of each run of cut blocks that has a reason."""
    runs = [run for run in _runs(cut) if any(seen.reasons[place] for place in range(*run))]
    return placed(seen.text, [_span(seen, scores, first, last) for first, last in runs])


def _span(seen: _Seen, scores: Sequence[float], first: int, last: int) -> Span:
    mean = sum(scores[first:last]) / (last - first)
    reasons = _reasons([reason for place in range(first, last) for reason in seen.reasons[place]])
    score = max(0.001, round(1 / (1 + exp(-mean)), 3))
    return Span(_start(seen, first, last), seen.blocks[last - 1].end, "inset", score, reasons)


def _start(seen: _Seen, first: int, last: int) -> int:
    """Return where the run `[first, last)` starts.

    A trailer takes the blank lines before it, so that the body ends with its own line end.
    """
    start = seen.blocks[first].start
    if first and not any(block.folded for block in seen.blocks[last:]):
        newline = seen.text.find("\n", seen.blocks[first - 1].stop, start)
        return start if newline < 0 else newline + 1
    return start


def placed(text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return sorted, disjoint `spans` with the kind that follows from where the rest of `text` lies.

    >>> [span.kind for span in placed("a b c", [Span(0, 2, "inset", 0.9, ()), Span(4, 5, "inset", 0.9, ())])]
    ['header', 'trailer']
    """
    borders = [0, *(border for span in spans for border in (span.start, span.end)), len(text)]
    kept = [bool(text[start:end].strip()) for start, end in zip(borders[::2], borders[1::2], strict=True)]
    return tuple(replace(span, kind=_kind(any(kept[: at + 1]), any(kept[at + 1 :]))) for at, span in enumerate(spans))


def _kind(before: bool, after: bool) -> Kind:
    """Return the kind of a span with, or without, a body before and after it."""
    if not after:
        return "trailer"
    return "inset" if before else "header"


def _reasons(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """Each rule once, by id; then templates in order, a passage that continues in the same partners as one reason."""
    rules = sorted({reason.rule for reason in reasons if isinstance(reason, RuleReason)})
    templates: list[TemplateReason] = []
    for reason in reasons:
        if not isinstance(reason, TemplateReason):
            continue
        last = templates[-1] if templates else None
        if last is not None and _continues(last, reason):
            partners = tuple(
                Partner(one.id, one.start, other.end) for one, other in zip(last.partners, reason.partners, strict=True)
            )
            templates[-1] = TemplateReason(last.template, last.documents, last.similarity, partners)
        else:
            templates.append(reason)
    return (*map(RuleReason, rules), *templates)


def _continues(last: TemplateReason, reason: TemplateReason) -> bool:
    """Whether `reason` holds in the same documents as `last`, later in each of them."""
    return (
        (last.documents, last.similarity) == (reason.documents, reason.similarity)
        and len(last.partners) == len(reason.partners)
        and all(
            one.id == other.id and one.end <= other.start
            for one, other in zip(last.partners, reason.partners, strict=True)
        )
    )


class _Seen:
    """One document's blocks and what was observed of them."""

    def __init__(self, text: str, blocks: Sequence[Block], evidence: Sequence[Evidence]) -> None:
        self.text = text
        self.blocks = blocks
        self.widths = [width(block.folded) for block in blocks]
        self.prose = [is_prose(block.folded) for block in blocks]
        self.code = [is_code(block.folded) for block in blocks]
        self.lettered = [any(map(str.isalpha, block.folded)) for block in blocks]
        self.signals: list[dict[str, float]] = [{} for _ in blocks]
        self.reasons: list[list[Reason]] = [[] for _ in blocks]
        for observed in evidence:
            signals = self.signals[observed.block]
            signals[observed.signal] = max(observed.value, signals.get(observed.signal, 0.0))
            if observed.reason is not None and observed.signal != "keep":
                self.reasons[observed.block].append(observed.reason)
        self.openers = [
            place for place, signals in enumerate(self.signals) if "open" in signals and "keep" not in signals
        ]
        self.heads = [block.folded[:WIDTH] for block in blocks]
        copies = Counter(self.heads)
        self.copied = [wide >= WIDTH and copies[head] > 1 for head, wide in zip(self.heads, self.widths, strict=True)]
        """Whether the same text, whole or cut short, stands elsewhere in the document: wide enough not to be chance."""

    def speaks(self, place: int) -> bool:
        """Whether evidence of its own speaks for cutting a block."""
        return bool(self.reasons[place]) and "keep" not in self.signals[place]

    def known(self, place: int) -> bool:
        """Whether a block of a list is boilerplate by itself: a rule says so, or it recurs, and not alone as a quotation."""
        signals = self.signals[place]
        return self.copied[place] or not signals.keys().isdisjoint(("cut", "edge", "together"))

    def items(self, opener: int) -> list[int]:
        """Return the blocks listed under the heading at `opener`, in order.

        A list is made of titles, of what recurs, and of teasers: one block of prose right under a title. A list that
        reaches the document's end, or the next heading, goes whole. One that ends earlier is a box with the body going
        on after it: it ends where evidence ends, at the last block that recurs, else before the first block that could
        be body.
        """
        stop = min((place for place in self.openers if place > opener), default=len(self.blocks))
        end = self._reach(opener + 1, stop)
        if end < stop and (beyond := self._bridge(opener, end, stop)):
            end = self._reach(beyond, stop)
        if end < stop:
            recurring = [place for place in range(opener + 1, end) if self.known(place)]
            end = recurring[-1] + 1 if recurring else self._titles(opener + 1, end)
        return list(range(opener + 1, end))

    def _reach(self, place: int, stop: int) -> int:
        """Follow a list from `place`: return where it ends, at most `stop`."""
        first = last = place
        while place < stop and "keep" not in self.signals[place]:
            known = self.known(place)
            title = not (self.prose[place] or self.code[place]) and self.widths[place] <= TITLE
            if not (known or title or self._is_teaser(first, place) or self._is_held(first, place, stop)):
                break
            place += 1
            last = place if known else last
            if place - last > LONGEST:
                return last
        return place

    def _is_held(self, first: int, place: int, stop: int) -> bool:
        """Whether blocks that are boilerplate by themselves stand close on both sides."""
        before, after = range(max(first - 1, place - HOLD), place), range(place + 1, min(stop, place + HOLD + 1))
        heading = first - 1 in before
        return (heading or any(map(self.known, before))) and any(map(self.known, after))

    def _is_teaser(self, first: int, place: int) -> bool:
        """Whether a block of prose belongs to the title before it: right under it, and no more prose after it."""
        if place <= first or self.prose[place - 1] or self._blank_after(place - 1):
            return False
        return place + 1 == len(self.blocks) or not self.prose[place + 1] or self.known(place + 1)

    def _titles(self, first: int, end: int) -> int:
        """Where the titles at the head of an unproven list end, leaving the one that may head the body after it."""
        place = first
        while place < end and not self.prose[place]:
            place += 1
        spaced = any(self._blank_after(at) for at in range(first, place - 1))
        heads_body = place > first and spaced and not self._blank_after(place - 1)
        return place - 1 if heads_body else place

    def _bridge(self, opener: int, end: int, stop: int) -> int:
        """Where a list that breaks off at `end` was last seen: after a second copy of its items; 0 when it was not."""
        items = {self.heads[place] for place in range(opener, end) if self.copied[place]}
        copies = [place for place in range(end, stop) if self.heads[place] in items]
        if not copies:
            return 0
        gap = range(end, copies[0])
        size = self.blocks[gap[-1]].stop - self.blocks[gap[0]].start
        paragraphs = {self._paragraph(place) for place in gap if self.prose[place]}
        if size > BRIDGE * self.blocks[opener].start or len(paragraphs) > 1:
            return 0
        return copies[-1] + 1

    def _paragraph(self, place: int) -> int:
        """Return the first block of the stretch without blank lines that a block is in."""
        while place > 0 and not self._blank_after(place - 1):
            place -= 1
        return place

    def _blank_after(self, place: int) -> bool:
        block = self.blocks[place]
        return self.text.count("\n", block.stop, block.end) > 1
