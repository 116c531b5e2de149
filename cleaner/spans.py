"""Runs of blocks to spans: where they start and end, of what kind they are, and the reasons for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import exp

import numpy as np

from cleaner.elements import lines_of
from cleaner.layout import Layout
from cleaner.model import Block, Kind, MarkupReason, Partner, Reason, RuleReason, Span, TemplateReason
from cleaner.observed import Observed
from cleaner.pages import BREAK

GAP = 16
"""Characters between two lines of one passage in a partner: line ends, blank lines, indentation, a line of marks."""


def spans_of(seen: Observed, scores: Sequence[float], runs: Sequence[tuple[int, int]]) -> tuple[Span, ...]:
    r"""Return spans, sorted and disjoint, of half-open `runs` of blocks to cut.

    A trailer takes the blank lines before it, so that the body ends with its own line end. Form feeds stay.

    Args:
        seen: the document.
        scores: of each block, log-odds; a span's is the least of those with a letter, as a probability: a long cut is no surer than
            its most doubtful line.
        runs: sorted and disjoint.

    >>> from cleaner.repetition import none
    >>> from cleaner.segment import segment
    >>> text = "The body.\n\nShare\n"
    >>> seen = Observed(text, segment(text), [], none(segment(text)))
    >>> [(span.start, span.end, span.kind) for span in spans_of(seen, [-1.0, 1.0], [(1, 2)])]
    [(10, 17, 'trailer')]
    """
    spans = []
    for first, last in runs:
        start, least = seen.blocks[first].start, min(_lettered(seen, scores, first, last))
        if not first and seen.text.startswith("\ufeff"):
            start = 1  # a byte order mark is the file's, not the header's
        if first and last == len(seen.blocks):
            start = seen.text.find("\n", seen.blocks[first - 1].stop, start) + 1 or start
        score = min(0.999, max(0.001, round(1 / (1 + exp(-least)), 3)))
        reasons = _reasons(seen, first, last)
        for piece in seen.text[start : seen.blocks[last - 1].end].split(BREAK):
            if piece.strip():
                spans.append(Span(start, start + len(piece), "inset", score, reasons))
            start += len(piece) + len(BREAK)
    return placed(seen.text, spans)


def _lettered(seen: Observed, scores: Sequence[float], first: int, last: int) -> Sequence[float]:
    """Return the scores of those blocks of a run that have a letter; of all when none has: then they were cut for themselves."""
    return [scores[at] for at in range(first, last) if seen.lettered[at]] or scores[first:last]


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
    return tuple(
        span if span.kind == kind else replace(span, kind=kind) for span, kind in zip(spans, kinds, strict=True)
    )


def joined(earlier: Sequence[Span], later: Sequence[Span]) -> tuple[Span, ...]:
    """Return both as spans of the original text; `later` speaks of the body that `earlier` left. Neighbours without markers are merged.

    >>> first, then = Span(4, 8, "inset", 0.9, ()), Span(2, 6, "inset", 0.8, (), "[cut]")
    >>> [(span.start, span.end, span.marker) for span in joined([first], [then])]
    [(2, 10, '[cut]')]
    """
    found: list[Span] = []
    at = shift = 0
    for span in later:
        while at < len(earlier) and earlier[at].start - shift + len(earlier[at].marker) <= span.start:
            shift += _shorter(earlier[at])
            found.append(earlier[at])
            at += 1
        start, inner = span.start + shift, []
        while at < len(earlier) and earlier[at].start - shift < span.end:
            shift += _shorter(earlier[at])
            inner.append(earlier[at])
            at += 1
        end = max([span.end + shift, *(one.end for one in inner)])
        start = max([min([start, *(one.start for one in inner)]), *(one.end for one in found[-1:])])
        reasons = tuple(dict.fromkeys(reason for one in (span, *inner) for reason in one.reasons))
        score = min(one.score for one in (span, *inner))
        if start < end:  # else it is within a marker that went with the one before
            found.append(replace(span, start=start, end=end, score=score, reasons=reasons))
    return _merged([*found, *earlier[at:]])


def _shorter(span: Span) -> int:
    """Return by how much a span makes the text shorter."""
    return span.end - span.start - len(span.marker)


def _merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for span in spans:
        if merged and span.start == merged[-1].end and not (span.marker or merged[-1].marker):
            last = merged[-1]
            reasons = tuple(dict.fromkeys((*last.reasons, *span.reasons)))
            merged[-1] = replace(last, end=span.end, score=min(last.score, span.score), reasons=reasons)
        else:
            merged.append(span)
    return tuple(merged)


def _reasons(seen: Observed, first: int, last: int) -> tuple[Reason, ...]:
    """Return each rule once, by id; running lines; markup; then templates in order, a passage in the same partners as one."""
    rules = {reason.rule for place in range(first, last) for reason in seen.reasons.get(place, ())}
    known, lettered = seen.repetition.reasons, seen.lettered[first:last].tolist()
    passages: list[tuple[TemplateReason, TemplateReason]] = []  # the first and the last block of each
    named: set[TemplateReason] = set()
    adjacent = False  # whether nothing with a letter stands between this block and the last template's
    for place in range(first, last):
        if place not in known:
            adjacent = adjacent and not lettered[place - first]
            continue
        reason = known[place]
        if adjacent and _continues(passages[-1][1], reason):
            named.discard(passages[-1][0])
            passages[-1] = passages[-1][0], reason
        elif reason not in named:
            passages.append((reason, reason))
            named.add(reason)
        adjacent = True
    templates = dict.fromkeys([_passage(*ends) for ends in passages])
    pages = {seen.running[place]: None for place in range(first, last) if place in seen.running}
    markup = [] if seen.layout is None else [_markup(seen.blocks[first:last], seen.layout)]
    return (*map(RuleReason, sorted(rules)), *pages, *markup, *templates)


def _markup(blocks: Sequence[Block], layout: Layout) -> MarkupReason:
    widths = np.array([block.stop - block.start for block in blocks], dtype=np.float64)
    at = lines_of(layout, [block.start for block in blocks])
    linked = np.array([layout.lines[place].linked for place in at.tolist()])
    extracted, links = (round(float(np.average(share, weights=widths)), 3) for share in (layout.extracted[at], linked))
    return MarkupReason(layout.lines[int(at[0])].path, len(set(at.tolist())), extracted, links)


def _passage(start: TemplateReason, end: TemplateReason) -> TemplateReason:
    """Return one reason for a passage, of those of its first and of its last block."""
    if start is end:  # of one block, as most are
        return start
    pairs = zip(start.partners, end.partners, strict=True)
    partners = tuple([Partner(one.id, one.start, other.end) for one, other in pairs])
    return TemplateReason(start.template, start.documents, start.similarity, partners)


def _continues(last: TemplateReason, reason: TemplateReason) -> bool:
    """Whether `reason` holds in the same documents as `last`, word for word, and right after it in each of them."""
    if last[1:3] != reason[1:3] or reason.similarity != 1.0 or len(last.partners) != len(reason.partners):
        return False
    for (name, _, end), (other, start, _) in zip(last.partners, reason.partners, strict=True):  # it is slower
        if name != other or not end <= start <= end + GAP:
            return False
    return True
