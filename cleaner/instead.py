r"""What is done in place of a cut: the first document of a group keeps it, or a marker stands there.

Markers are looked through: what is decided on a text with markers is what is decided on it without them. So cleaning a body again
changes nothing, and no marker is cut.

>>> through = look_through("Of bees.\n[cut]\nMore of bees.\n", (Instead("", marker="[cut]"),))
>>> through.rest, through.gaps
('Of bees.\n\nMore of bees.\n', ((9, 14),))
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from cleaner import near
from cleaner.decide import Decision
from cleaner.families import LARGE
from cleaner.fingerprints import NO_KEY, key
from cleaner.frequency import Frequencies
from cleaner.model import Block, Document, Instead, RuleReason, Span, TemplateReason
from cleaner.shingling import WORDS, shingles

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Through:
    """A text as it is decided on: without the markers in it."""

    rest: str
    gaps: tuple[tuple[int, int], ...] = ()
    """Where markers stand in the text: half-open, sorted, disjoint."""


@lru_cache
def _markers(instead: tuple[Instead, ...]) -> re.Pattern[str] | None:
    markers = sorted({one.marker for one in instead} - {""}, key=lambda marker: (-len(marker), marker))
    return re.compile(rf"(?<![^\s\ufeff])(?:{'|'.join(map(re.escape, markers))})(?!\S)") if markers else None


def look_through(text: str, instead: tuple[Instead, ...]) -> Through:
    r"""Return a text without what reads like a marker: with white space, or an end of the text, on both sides.

    >>> look_through("One.\n[cut]\n", (Instead("x", rules=("legal/*",), marker="[cut]"),))
    Through(rest='One.\n\n', gaps=((5, 10),))
    """
    markers = _markers(instead)
    gaps = tuple(found.span() for found in markers.finditer(text)) if markers else ()
    borders = [0, *(border for gap in gaps for border in gap), len(text)]
    pieces = zip(borders[::2], borders[1::2], strict=True)
    return Through("".join(text[start:end] for start, end in pieces) if gaps else text, gaps)


def settled(
    instead: Sequence[Instead], known: Frequencies, document: Document, through: Through, decision: Decision
) -> Decision:
    """Return what to cut from a document, given what was decided on it without the markers in it, and all offsets in the document.

    What its group's first document keeps is no cut. Others have the marker that takes their place, and then only what is visible is
    cut, so that white space around it stays. Nothing is cut of the markers that are there.

    Args:
        instead: what is done in place of cuts.
        known: what the corpus has taught.
        document: as it is.
        through: its text, looked through.
        decision: on that.
    """
    if not (decision.spans or through.gaps):
        return decision
    spans, kept = [], []
    looked = replace(document, text=through.rest)
    for span in decision.spans:
        one = next((one for one in reversed(instead) if _speaks(one, span)), None)
        if one and one.first and _is_first(one, known, looked, decision, span):
            kept.append(span)
        else:
            spans.append(replace(span, marker=one.marker) if one else span)
    return replace(
        decision,
        repetition=replace(decision.repetition, blocks=_moved(through.gaps, decision.repetition.blocks)),
        spans=tuple(_shrunk(document.text, _spread(document.text, through.gaps, spans))),
        kept=tuple(_spread(document.text, through.gaps, kept)),
        gaps=through.gaps,
    )


def _speaks(one: Instead, span: Span) -> bool:
    return any(
        (isinstance(reason, RuleReason) and _hit(one.rules, reason.rule))
        or (isinstance(reason, TemplateReason) and reason.template in one.templates)
        for reason in span.reasons
    )


def _hit(wildcards: Sequence[str], rule: str) -> bool:
    return any(fnmatchcase(rule, wildcard) for wildcard in wildcards)


# Markers in a text, and what takes the place of cuts


def _spread(text: str, gaps: Sequence[tuple[int, int]], spans: Sequence[Span]) -> Iterator[Span]:
    """Yield spans of a text without gaps as spans of it with them: what lies around each gap, but for the white space after it."""
    ends = {end for _, end in gaps}
    for start, end, span in _around(gaps, spans):
        cut = text[start:end]
        if cut.strip():
            yield replace(span, start=end - len(cut.lstrip()) if start in ends else start, end=end)


def _around(gaps: Sequence[tuple[int, int]], spans: Sequence[Span]) -> Iterator[tuple[int, int, Span]]:
    at = shift = 0
    for span in spans:
        start = span.start
        while at < len(gaps) and (place := gaps[at][0] - shift) < span.end:
            if place > start:
                yield start + shift, gaps[at][0], span
                start = place
            shift += gaps[at][1] - gaps[at][0]
            at += 1
        yield start + shift, span.end + shift, span


def _shrunk(text: str, spans: Iterator[Span]) -> Iterator[Span]:
    """Yield spans; of those in whose place a marker stands, what is visible, unless that is the marker."""
    for span in spans:
        cut = text[span.start : span.end]
        shown = cut.strip()
        if not span.marker:
            yield span
        elif shown != span.marker:
            start = span.start + len(cut) - len(cut.lstrip())
            yield replace(span, start=start, end=start + len(shown))


def _moved(gaps: Sequence[tuple[int, int]], blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Return blocks of a text without gaps as blocks of it with them: a gap belongs to the block before it, or else to the first."""
    if not gaps:
        return tuple(blocks)
    starts, ends = np.array(gaps, dtype=np.int64).T
    before = np.concatenate(([0], np.cumsum(ends - starts)))
    points = np.array([(block.start, block.stop, block.end) for block in blocks], dtype=np.int64).reshape(-1, 3)
    points += before[np.searchsorted(starts - before[:-1], points, "right")]
    points[:1, 0] = 0
    return tuple(
        block._replace(start=start, stop=stop, end=end)
        for block, (start, stop, end) in zip(blocks, points.tolist(), strict=True)
    )


# The first of its group


def _is_first(one: Instead, known: Frequencies, document: Document, decision: Decision, span: Span) -> bool:
    """Whether no learnt document of the group that comes before this one holds what a table speaks of in a span.

    That is the lines that its rules hit, and those that start its templates: not all that is cut with them, as another page may
    hold a button of it. A document that was not learnt comes after those that were. The documents without a group are one.
    """
    if not len(known.index.lines):
        return True
    group = known.names.get(document.group, -1) if document.group else None
    learnt = bool(known.named(document.id, document.group))
    holders = (_holder(known, group, document, decision, at) for at in _told(one, decision, span))
    return not any(holder is not None and (not learnt or known.index.ids[holder] < document.id) for holder in holders)


def _told(one: Instead, decision: Decision, span: Span) -> list[int]:
    """Return the blocks of a span that a table speaks of; all of them when these have no letter to know them by."""
    blocks, reasons = decision.repetition.blocks, decision.repetition.reasons
    hit = {said.block for said in decision.evidence if said.signal != "keep" and _hit(one.rules, said.reason.rule)}
    inside = [at for at, block in enumerate(blocks) if span.start < block.stop <= span.end]
    told = [at for at in inside if at in hit or (at in reasons and reasons[at].template in one.templates)]
    return told if any(key(blocks[at].folded) for at in told) else inside


def _holder(known: Frequencies, group: int | None, document: Document, decision: Decision, at: int) -> int | None:
    """Return the first learnt document of a group that holds a block: as a line, nearly, or as a part of a line."""
    block, reason = decision.repetition.blocks[at], decision.repetition.reasons.get(at)
    keys = {key(block.folded)} - {NO_KEY}
    if reason and reason.similarity < 1 and near.comparable(block.folded):
        keys |= {other for other, _ in known.neighbours.like([block.folded])[0]}
    found = [_first(known, group, own) for own in keys]
    if block.sentence and reason:
        found.append(_of_part(known, group, document, decision, at))
    return min((holder for holder in found if holder is not None), default=None)


def _first(known: Frequencies, group: int | None, own: int) -> int | None:
    """Return the first document of a group that holds a line of this key; of a line that many hold it is remembered."""
    if (own, "first", group) in known.remembered:
        remembered: int | None = known.remembered[own, "first", group]
        return remembered
    holders = known.holding(own)
    found = _first_of(known, group, holders)
    if len(holders) > LARGE:
        known.remembered[own, "first", group] = found
    return found


def _of_part(known: Frequencies, group: int | None, document: Document, decision: Decision, at: int) -> int | None:
    """Return the first document of a group that holds a part of a long line.

    That is the shingle of middling frequency inside it; of a part too short for one, the most frequent that it is in.
    """
    blocks = decision.repetition.blocks
    own = shingles([(document.text, blocks[max(0, at - WORDS) : at + WORDS + 1])])
    inside = np.flatnonzero((own.starts >= blocks[at].start) & (own.stops <= blocks[at].stop))
    some = inside if len(inside) else np.flatnonzero((own.starts < blocks[at].stop) & (own.stops > blocks[at].start))
    order, ordered = known.shingle_order
    low, high = (ordered.searchsorted(own.hashes[some], side) for side in ("left", "right"))
    if not len(some):
        return None
    lead = np.argsort(high - low, kind="stable")[len(inside) // 2 if len(inside) else -1]
    numbers = known.index.shingles.first.searchsorted(order[low[lead] : high[lead]], "right") - 1
    return _first_of(known, group, numbers)


def _first_of(known: Frequencies, group: int | None, numbers: NDArray[np.int64]) -> int | None:
    """Return the first of some documents, in order, that is of a group; None: of those without a name."""
    groups = known.group_of[numbers]
    theirs = numbers[groups >= len(known.names) if group is None else groups == group]
    return int(theirs[0]) if len(theirs) else None
