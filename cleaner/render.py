"""What a person or a program gets to see: bodies, explanations, the summary."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cleaner.elements import lines_of
from cleaner.features import FAMILIES, words
from cleaner.forest import PAGE_WEIGHTS, WEIGHTS, shipped
from cleaner.model import TemplateReason

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.console import RenderableType

    from cleaner.decide import Decision
    from cleaner.matching import Rule
    from cleaner.model import Block, Cleaned, Evidence, Span
    from cleaner.survey import Fired

QUOTED = 70
"""Characters of a block that an explanation quotes."""

SLIGHT = 0.1
"""Evidence of less weight is not shown."""

TOP = 8
"""Templates and rules that the table on the terminal names; `summary.json` has more."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""What a terminal would obey, and what cannot be written."""


def body(text: str, spans: Sequence[Span]) -> str:
    """Return `text` without its sorted, disjoint `spans`, or with their markers in their place. Nothing else changes.

    >>> from cleaner.model import Span
    >>> body("one two three", [Span(4, 8, "inset", 0.9, ())]), body("one two", [Span(4, 7, "trailer", 0.9, (), "[...]")])
    ('one three', 'one [...]')
    """
    kept: list[str] = []
    at = 0
    for span in spans:
        kept += (text[at : span.start], span.marker)
        at = span.end
    kept.append(text[at:])
    return "".join(kept)


def one_line(text: str, limit: int | None = None) -> str:
    r"""Return `text` as one line that a terminal shows as it is: spaces for white space, escapes for control characters.

    Args:
        text: Any text.
        limit: A longer line ends with "..." after so many characters.

    >>> one_line("One\r\n  two \x1b[31m"), one_line("One two three", 10)
    ('One two \\x1b[31m', 'One two...')
    """
    line = " ".join(text.split())
    if limit is not None and len(line) > limit:
        line = line[: limit - 3] + "..."
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), line)


def explained(cleaned: Cleaned, decision: Decision, offset: int | None = None) -> Iterator[str]:
    """Yield lines that say of each block whether it was cut, its score, where it is, and the evidence.

    Args:
        cleaned: The outcome, after all passes.
        decision: The first pass.
        offset: Speak of the block that holds this character only.
    """
    document = cleaned.document
    weights = shipped(WEIGHTS if document.layout is None else PAGE_WEIGHTS)
    shares = weights.shares(decision.values) if decision.values else None
    observed: defaultdict[int, list[Evidence]] = defaultdict(list)
    for one in decision.evidence:
        observed[one.block].append(one)
    yield f"{one_line(document.id)}: {cleaned.status}, {len(document.text)} characters, {len(cleaned.text)} kept"
    if cleaned.error:
        yield f"held back: {cleaned.error}"
    for place, block in enumerate(decision.repetition.blocks):
        if offset is not None and not block.start <= offset < block.end:
            continue
        span = next((span for span in cleaned.spans if span.start < block.stop <= span.end), None)
        cut = span is not None
        quoted = one_line(document.text[block.start : block.stop], QUOTED)
        yield f"{'-' if cut else ' '} {decision.scores[place]:+5.1f} [{block.start}, {block.end}) {quoted}"
        for one in observed[place]:
            yield f"          {_rule(one)}"
        yield from _known(decision, place)
        if document.layout is not None:
            yield f"          stands in {document.layout.lines[int(lines_of(document.layout, [block.start])[0])].path}"
        if shares is not None:
            yield from _weighed(
                decision.values, dict(zip(weights.names, shares[place, :-1].tolist(), strict=True)), place
            )
        if cut and not decision.cut[place]:
            yield "          cut when the document was looked at again without what was cut first"
        yield from _instead(span, decision, block)


def rule_lines(rule: Rule, done: Fired | None = None) -> Iterator[str]:
    """Yield lines that say all there is to say of a rule, and, where `done` is given, what it did in a report.

    >>> from cleaner.rules import load_rules
    >>> [rule] = [rule for rule in load_rules().rules if rule.full_id == "ads/label"]
    >>> next(rule_lines(rule))
    'id        ads/label'
    """
    fields: dict[str, Any] = {
        "id": rule.full_id,
        **{k: v for k, v in asdict(rule).items() if k not in ("pack", "id", "own")},
    }
    for field, value in fields.items():
        for item in value if isinstance(value, tuple) else [value] if value else []:
            yield f"{field:9s} {one_line(str(item)) if field != 'pattern' else item}"
    if done:
        yield f"fired     in {done.documents} documents, {done.spans} spans"
        for place in done.places:
            yield f"fired     {one_line(place)}"


def _known(decision: Decision, place: int) -> Iterator[str]:
    """Yield a line for what is known of a block besides what the rules say."""
    if place in decision.repetition.reasons:
        yield f"          {_template(decision.repetition.reasons[place])}"
    if running := decision.running.get(place):
        yield f"          runs through {running.pages} pages: {one_line(running.line, QUOTED)}"
    if place in decision.listed:
        yield "          an item of the list under a heading that a rule knows"


def _instead(span: Span | None, decision: Decision, block: Block) -> Iterator[str]:
    """Yield what is done in place of cutting a block out, if anything is."""
    if span and span.marker:
        yield f"          in its place: {span.marker}"
    if not span and any(kept.start < block.stop <= kept.end for kept in decision.kept):
        yield "          kept: the first of its group"


def _weighed(values: Mapping[str, NDArray[np.float64]], shares: Mapping[str, float], place: int) -> Iterator[str]:
    """Yield a line for each kind of evidence that matters, the weightiest first."""
    said = words(values, place)
    sums = {family: sum(shares.get(name, 0.0) for name in names) for family, names in FAMILIES.items()}
    for family in sorted(sums, key=lambda family: -abs(sums[family])):
        if abs(sums[family]) >= SLIGHT:
            yield f"          {sums[family]:+5.1f} {family}: {said[family]}"


def _rule(evidence: Evidence) -> str:
    said = {"open": "opens a trailer or box", "cut": "is boilerplate", "keep": "is body"}
    return f"rule {evidence.reason.rule}: {said[evidence.signal]}{', and that settles it' if evidence.settles else ''}"


def _template(reason: TemplateReason) -> str:
    where = ", ".join(f"{one_line(partner.id)}[{partner.start}:{partner.end}]" for partner in reason.partners)
    how = "word for word" if reason.similarity == 1.0 else f"nearly, similarity {reason.similarity}"
    return f"template {reason.template}: in {reason.documents} documents, {how}: {where}"


def summary_table(summary: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield what a terminal shows of a summary: counts, then the templates and rules that did most."""
    from rich.table import Table  # noqa: PLC0415  # slow to import, and most of this module needs none of it
    from rich.text import Text  # noqa: PLC0415

    documents, chars = summary["documents"], summary["characters"]
    share = chars["removed"] / chars["in"] if chars["in"] else 0.0
    table = Table(show_header=False, box=None, pad_edge=False)
    counts = ", ".join(f"{documents[name]} {name}" for name in ("cleaned", "unchanged", "held", "failed"))
    copies = f" ({documents['duplicates']} duplicates)" if documents["duplicates"] else ""
    table.add_row("documents", f"{documents['total']:,}{copies}: {counts}")
    table.add_row(
        "characters", f"{chars['in']:,} in = {chars['kept']:,} kept + {chars['removed']:,} removed ({share:.1%})"
    )
    yield table
    for name, count in (("templates", "documents"), ("rules", "spans")):
        if summary[name]:
            table = Table(title=f"top {name}", title_justify="left", box=None, pad_edge=False)
            table.add_column(count, justify="right", min_width=len(count))
            table.add_column(name[:-1], no_wrap=True)
            table.add_column("", no_wrap=True, max_width=60)
            for row in summary[name][:TOP]:
                text = row.get("text", "") or ("(inside longer cuts)" if name == "templates" else "")
                table.add_row(str(row[count]), Text(row[name[:-1]]), Text(one_line(text)))
            yield table
