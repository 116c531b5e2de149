"""Why each block of a document was cut or kept: in lines, and on a terminal the document itself with its cuts struck through."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Final, NamedTuple

from cleaner.elements import lines_of
from cleaner.features import FAMILIES, words
from cleaner.forest import PAGE_WEIGHTS, WEIGHTS, shipped
from cleaner.model import Reason, RuleReason, RunningReason, Signal, Span, TemplateReason
from cleaner.render import STYLES, escaped, one_line
from cleaner.segment import covering

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.console import RenderableType

    from cleaner.decide import Decision
    from cleaner.model import Cleaned, Evidence, Kind

QUOTED = 70
"""Characters of a block that a line quotes."""

SLIGHT = 0.1
"""Evidence of less weight is not shown."""

MARGIN = 26, 36
"""Columns of the margin on a terminal, at the least and at the most: between them three tenths of its width."""

NOTED = 3
"""What rules and the corpus say of a block that stands in the margin, at most; what weighs most comes after it."""

FIRST: Final = "the first of its group"
"""What keeps a cut in its place, where a pack says so: see `cleaner.instead`."""

TAB = 4
"""Columns of a tab in a text."""


class Note(NamedTuple):
    """A piece of evidence on a block."""

    said: str
    """In one line."""
    brief: str
    """In a margin."""
    weight: float = 0.0
    """Of a family of features: above 0 for cutting."""


@dataclass(frozen=True, slots=True)
class Row:
    """A block, and what became of it."""

    place: int
    """Which of the document's blocks it is."""
    start: int
    end: int
    """Half-open, in code points, the white space after it included."""
    kind: Kind | None
    """That of the span that it was cut with; None for a block that was kept."""
    score: float
    """Above 0 for cutting."""
    text: str
    """The block's, white space included."""
    notes: tuple[Note, ...]
    """What rules say, what the corpus knows, where it stands; then what weighs, the weightiest first."""
    kept: str = ""
    """What keeps it although it scores above 0; else ""."""


def explained(cleaned: Cleaned, decision: Decision) -> Iterator[Row]:
    """Yield what became of each block, and why, in order.

    Args:
        cleaned: The outcome, after all passes.
        decision: The first pass.
    """
    document = cleaned.document
    weights = shipped(WEIGHTS if document.layout is None else PAGE_WEIGHTS)
    shares = weights.shares(decision.values) if decision.values else None
    observed: defaultdict[int, list[Evidence]] = defaultdict(list)
    for one in decision.evidence:
        observed[one.block].append(one)
    blocks = decision.repetition.blocks
    for place, (block, span) in enumerate(zip(blocks, covering(cleaned.spans, blocks), strict=True)):
        notes = [*map(_ruled, observed[place]), *_known(decision, place)]
        if document.layout is not None:
            path = one_line(document.layout.lines[int(lines_of(document.layout, [block.start])[0])].path)
            notes.append(Note(f"stands in {path}", f"in {path}"))
        if shares is not None:
            by_name = dict(zip(weights.names, shares[place, :-1].tolist(), strict=True))
            notes += _weighed(decision.values, by_name, place)
        if span and not decision.cut[place]:
            notes.append(Note("cut when the document was looked at again without what was cut first", "cut later"))
        if span and span.marker:
            notes.append(Note(f"in its place: {span.marker}", f"-> {span.marker}"))
        if not span and any(kept.start < block.stop <= kept.end for kept in decision.kept):
            notes.append(Note(f"kept: {FIRST}", FIRST))
        text = document.text[block.start : block.end]
        kind, score, guard = span.kind if span else None, decision.scores[place], decision.spared.get(place)
        kept = _GUARDS[guard.name] if guard and score > 0 and not span else ""
        yield Row(place, block.start, block.end, kind, score, text, tuple(notes), kept)


def head(cleaned: Cleaned) -> Iterator[str]:
    """Yield lines that say what became of a document."""
    document = cleaned.document
    yield f"{one_line(document.id)}: {cleaned.status}, {len(document.text)} characters, {len(cleaned.text)} kept"
    if cleaned.error:
        yield f"held back: {cleaned.error}"


def plain(rows: Iterable[Row]) -> Iterator[str]:
    r"""Yield lines that say of each block whether it was cut, its score, where it is, and the evidence.

    >>> list(plain([Row(0, 5, 11, "trailer", 1.5, "Share\n", (Note("rule en/share: is boilerplate", "rule en/share"),))]))
    ['-  +1.5 [5, 11) Share', '          rule en/share: is boilerplate']
    """
    for row in rows:
        place = f"[{row.start}, {row.end})"
        yield f"{'-' if row.kind else ' '} {row.score:+5.1f} {place} {one_line(row.text, QUOTED)}"
        for note in row.notes:
            yield f"          {note.said}"


def on_terminal(rows: Iterable[Row], width: int) -> Iterator[RenderableType]:
    """Yield the text of each block in full, cut text struck through in the colour of its kind, beside the evidence.

    Args:
        rows: What became of the blocks.
        width: Columns of the terminal.
    """
    from rich.table import Table  # noqa: PLC0415  # slow to import, and lines in a pipe need none of it
    from rich.text import Text  # noqa: PLC0415

    margin = min(MARGIN[1], max(MARGIN[0], width * 3 // 10), width // 2)
    for row in rows:
        style = STYLES[row.kind] if row.kind else ""
        lines = [Text(f"{row.start:>7} {row.score:+5.1f} {row.kind or ''}", style or "dim")]
        said, weighed = ([note for note in row.notes if bool(note.weight) == weighs] for weighs in (False, True))
        lines += [Text(f" kept: {row.kept}", "dim")] if row.kept else []
        lines += [Text(f" {note.brief}", "dim") for note in (*said[:NOTED], *weighed[:1])]
        content = row.text.rstrip()
        shown = Text(escaped(content.expandtabs(TAB)))
        shown.stylize(f"{style} strike" if row.kind else "")  # the text, not what it is padded with
        if row.text.count("\n", len(content)) > 1:  # one blank line stands for any number
            shown.append("\n")
        table = Table.grid(padding=(0, 1))
        table.add_column(width=margin, overflow="fold")
        table.add_column(width=max(1, width - margin - 1), overflow="fold")
        table.add_row(Text("\n").join(lines), shown)
        yield table


def at_offset(cleaned: Cleaned, decision: Decision, offset: int) -> Iterator[str]:
    r"""Yield a line that says why a character of the document was cut or kept, and then all that speaks of its block.

    Args:
        cleaned: The outcome, after all passes.
        decision: The first pass.
        offset: The character's, below the length of the document.

    >>> from cleaner.model import Document
    >>> from cleaner.pipeline import Cleaner
    >>> document = Document("a", "The body.\n\nYou may also like\n\nAnother story\n")
    >>> next(at_offset(Cleaner().clean(document), Cleaner().explain(document), 3))
    'character 3 was kept: its score of +0.3 is above 0, but no rule speaks of it, and there is no other document to compare ...'
    """
    rows = [
        row for row in explained(cleaned, decision) if row.start <= offset < row.end
    ]  # none in a text that is a marker
    span = next((span for span in cleaned.spans if span.start <= offset < span.end), None)
    gap = next((gap for gap in decision.gaps if gap[0] <= offset < gap[1]), None)
    if span:
        where = f"the {span.kind} [{span.start}, {span.end}), certain to {span.score}"
        said = f"was cut: it is in {where}, because {_why_cut(decision, rows[0], span)}"
    elif gap:
        marker = cleaned.document.text[slice(*gap)]
        said = f"is a marker: a pack has {marker} stand in place of cuts, and all is decided as if it were not there"
    else:
        said = f"was kept: {_why_kept(cleaned, decision, rows[0], offset)}"
    yield one_line(f"character {offset} {said}")
    yield from head(cleaned)
    yield from plain(rows)


def _why_cut(decision: Decision, row: Row, span: Span) -> str:
    place = row.place
    if row.kind is None:
        return "the white space before it goes with it"
    if not decision.cut[place]:
        return "more went when the document was looked at again without what was cut first"
    rules = [one for one in decision.evidence if one.signal != "keep"]
    said = [f"rule {one.reason.rule} {_CLAUSES[one.signal]}" for one in rules if one.block == place]
    if place in decision.listed:
        headings = [one for one in rules if one.signal == "open" and one.block < place]
        said.append(f"it is in the list that rule {max(headings, key=lambda one: one.block).reason.rule} opens")
    if place in decision.repetition.reasons:
        said.append(_in_words(decision.repetition.reasons[place]))
    if place in decision.running:
        said.append(_in_words(decision.running[place]))
    if said:
        return " and ".join(said)
    score = f"its score is {row.score:+.1f}"
    speaks = next((note.said.strip() for note in row.notes if note.weight > 0), None)
    if row.score > 0 and speaks:
        return f"{score}: most for cutting it weighs {speaks}"
    return f"it goes with its neighbours ({score}): {_in_words(span.reasons[0])}"


def _why_kept(cleaned: Cleaned, decision: Decision, row: Row, offset: int) -> str:
    rules = [one for one in decision.evidence if one.block == row.place]
    keeping = [one.reason.rule for one in rules if one.signal == "keep"]
    guard, score = decision.spared.get(row.place), f"its score of {row.score:+.1f}"
    if any(kept.start <= offset < kept.end for kept in decision.kept):
        return FIRST
    if decision.cut[row.place]:
        if cleaned.error:
            return f"the document was held back: {cleaned.error}"
        if any(span.marker and span.start < row.end and row.start < span.end for span in cleaned.spans):
            return "a marker stands in place of what can be seen, and the white space around it stays"
        mark = cleaned.document.text[offset] == "\ufeff"
        return "the byte order mark is the file's" if mark else "form feeds stay, and white space alone between them"
    if keeping and (guard is None or guard.name == "own"):
        return f"rule {keeping[0]} says that it is body"
    if guard and guard.name == "borders":
        said = f"a cut pays {guard.least} for each of its borders within the document"
        return f"its block alone would go ({row.score:+.1f}), but not with its neighbours: {said}"
    if guard:
        said = f"{_GUARDS[guard.name]}{f', which takes more than {guard.least:+.1f}' if guard.least < inf else ''}"
        return (
            f"{score} is above 0, but {said}" if row.score > 0 else f"its neighbours speak for cutting it, but {said}"
        )
    if not decision.values:
        return "nothing speaks against its document: no rule, and nothing that other documents hold"
    known = decision.repetition.reasons, decision.running, decision.listed
    if not rules and not any(row.place in places for places in known):
        return f"nothing speaks against its block (its score is {row.score:+.1f})"
    keeps = next((f": most against cutting it weighs {note.said.strip()}" for note in row.notes if note.weight < 0), "")
    return f"{score} is not above 0{keeps}"


def _in_words(reason: Reason) -> str:
    """Return a reason as a clause.

    >>> _in_words(RuleReason("en/share")), _in_words(TemplateReason("0123456789abcdef", 12, 0.9, ()))
    ('rule en/share speaks for it', '12 documents hold nearly the same')
    """
    if isinstance(reason, RuleReason):
        return f"rule {reason.rule} speaks for it"
    if isinstance(reason, TemplateReason):
        return f"{reason.documents} documents hold {'it' if reason.similarity == 1.0 else 'nearly the same'}"
    if isinstance(reason, RunningReason):
        return f"it runs through {reason.pages} pages"
    links = f"{reason.linked:.0%} of it links"
    return f"it stands in {one_line(reason.element)}, {links}, and the extractor keeps {reason.extracted:.0%} of it"


def _ruled(evidence: Evidence) -> Note:
    rule = one_line(evidence.reason.rule)
    settles = ", and that settles it" if evidence.settles else ""
    return Note(f"rule {rule}: {_SIGNALS[evidence.signal]}{settles}", rule)


def _known(decision: Decision, place: int) -> Iterator[Note]:
    """Yield what is known of a block besides what the rules say."""
    if place in decision.repetition.reasons:
        reason = decision.repetition.reasons[place]
        where = ", ".join(f"{one_line(partner.id)}[{partner.start}:{partner.end}]" for partner in reason.partners)
        how = "word for word" if reason.similarity == 1.0 else f"nearly, similarity {reason.similarity}"
        count = f"in {reason.documents} documents"
        yield Note(f"template {reason.template}: {count}, {how}: {where}", count)
    if running := decision.running.get(place):
        count = f"{running.pages} pages"
        yield Note(f"runs through {count}: {one_line(running.line, QUOTED)}", f"on {count}")
    if place in decision.listed:
        yield Note("an item of the list under a heading that a rule knows", "in a rule's list")


def _weighed(values: Mapping[str, NDArray[np.float64]], shares: Mapping[str, float], place: int) -> Iterator[Note]:
    """Yield each kind of evidence that matters, the weightiest first."""
    said = words(values, place)
    sums = {family: sum(shares.get(name, 0.0) for name in names) for family, names in FAMILIES.items()}
    for family in sorted(sums, key=lambda family: -abs(sums[family])):
        if abs(sums[family]) >= SLIGHT:
            yield Note(f"{sums[family]:+5.1f} {family}: {said[family]}", f"{family} {sums[family]:+.1f}", sums[family])


_SIGNALS: Final[Mapping[Signal, str]] = {"open": "opens a trailer or box", "cut": "is boilerplate", "keep": "is body"}

_CLAUSES: Final[Mapping[Signal, str]] = {
    "open": "opens a trailer or box there",
    "cut": "says that it is boilerplate",
}

_GUARDS: Final[Mapping[str, str]] = {
    "fenced": "it is fenced code",
    "own": "it stands in a list under a heading that a rule keeps, or is front matter, or goes on on the next page",
    "readable": "it reads like body that hardly another document holds",
    "long": "it is a long line that no other document holds",
    "alone": "no rule speaks of it, and there is no other document to compare it with",
    "chance": "so few other documents hold it that it may be chance",
    "elsewhere": "it reads like body, and no other document of its group holds it",
    "unheld": "it reads like body, and hardly any document is there to compare it with",
    "borders": "its neighbours are body, and each border of a cut within the document costs",
    "extracted": "it is a sentence amid what the extractor takes for the text",
    "ends": "a cut starts and ends with what is boilerplate by itself, and not within a sentence",
    "few": "lines so few, that so few documents share, may be shared by chance or quoted",
    "whole": "all of the document would go, and of that nothing speaks against this by itself",
    "untold": "there is no reason to give for cutting it",
    "title": "it may be the title that the document gives itself: no other one has it in this place",
    "page": "its page would have no text left",
}
"""What keeps a block: see `decide.Guard`."""
