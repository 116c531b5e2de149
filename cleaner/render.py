"""What a person or a program gets to see: bodies, a rule, the summary."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cleaner.matching import Rule
    from cleaner.model import Span
    from cleaner.survey import Cut, Fired

TOP = 8
"""Templates and rules that the table on the terminal names; `summary.json` has more."""

STYLES: Final[Mapping[str, str]] = {"header": "color(32)", "inset": "color(133)", "trailer": "color(166)"}
"""Of cuts: blue, purple and orange, which the colour-blind tell apart, too; the contrast of each is 3.8 at the least on black and on white."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal would obey, what would turn round what stands beside it there, and what cannot be written."""


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
    return escaped(line)


def escaped(text: str) -> str:
    r"""Return `text` with escapes for what a terminal would obey: control characters, line ends too, and marks that set its direction.

    >>> escaped("One \x1b[31m\u202etwo")
    'One \\x1b[31m\\u202etwo'
    """
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def rule_lines(rule: Rule, done: Fired | None = None) -> Iterator[str]:
    """Yield lines that say all there is to say of a rule, and, where `done` is given, what it did in a report.

    A pattern has its line ends. Nothing that a terminal would obey is left.

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
            shown = "\n".join(map(escaped, item.split("\n"))) if field == "pattern" else one_line(str(item))
            yield f"{field:9s} {shown}"
    if done:
        yield f"fired     in {done.documents} documents, {done.spans} spans"
        for place in done.places:
            yield f"fired     {one_line(place)}"


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


def cuts_table(cuts: Sequence[Cut]) -> RenderableType:
    """Return what a terminal shows of cuts: how certain each is, of what kind, where, why, and its text, struck through."""
    from rich.table import Table  # noqa: PLC0415  # as above
    from rich.text import Text  # noqa: PLC0415

    table = Table(title="riskiest cuts", title_justify="left", box=None, pad_edge=False)
    table.add_column("score", min_width=5)
    table.add_column("cut", overflow="fold")
    for cut in cuts:
        where = f"{cut.kind} {one_line(cut.id)}[{cut.start}:{cut.end}], {one_line(cut.reason)}"
        text = Text(one_line(cut.text), no_wrap=True, overflow="ellipsis")
        text.stylize(f"{STYLES[cut.kind]} strike")  # it alone, not what it is padded with
        table.add_row(f"{cut.score:.3f}", Text(where))
        table.add_row("", text)
    return table
