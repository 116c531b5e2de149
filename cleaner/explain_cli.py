"""The command `cleaner explain`: why each block of a document, or one character, was cut or kept."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cleaner.console import lines, print_parts
from cleaner.options import Formatting, PolicyName, Rules, Tables  # typer looks at them

if TYPE_CHECKING:
    from cleaner.layout import Reading
    from cleaner.model import Document

explain_app = typer.Typer()

_PLACE = re.compile(r"(.+):([0-9]{1,18})", re.DOTALL)
"""FILE:OFFSET."""


@explain_app.command(epilog="Example: cleaner explain seeds/000_6ac200c3676267cd.txt:10741")
def explain(
    target: Annotated[
        str, typer.Argument(metavar="FILE[:OFFSET]", help="A text or HTML file, and a character of its text.")
    ],
    *,
    group: Annotated[str, typer.Option(metavar="G", help="The file's group, as in the report of `clean`.")] = "",
    index: Annotated[
        Path | None, typer.Option("--index", metavar="FILE", help="What `cleaner learn` saved; default: FILE alone.")
    ] = None,
    rules: Rules = None,
    tables: Tables = True,
    formatting: Formatting = False,
    policy: PolicyName = "balanced",
) -> None:
    """Show block by block what was kept and cut, and by which evidence."""
    from cleaner import explaining
    from cleaner.index import learn as learnt
    from cleaner.layout import Reading
    from cleaner.pipeline import Cleaner
    from cleaner.policy import POLICIES
    from cleaner.rules import load_rules
    from cleaner.saving import load

    with lines():
        document, offset = _document(target, group, Reading(tables, formatting))
        known = load(index) if index else learnt([document])
        cleaner = Cleaner(known, load_rules(rules or []), POLICIES[policy])
        cleaned, decision = cleaner.clean(document), cleaner.explain(document)
        if offset is not None:
            for line in explaining.at_offset(cleaned, decision, offset):
                typer.echo(line)
            return
        for line in explaining.head(cleaned):
            typer.echo(line)
        rows = explaining.explained(cleaned, decision)
        if sys.stdout.isatty():
            print_parts(lambda width: explaining.on_terminal(rows, width))
        else:
            for line in explaining.plain(rows):
                typer.echo(line)


def _document(target: str, group: str, reading: Reading) -> tuple[Document, int | None]:
    """Return the document at FILE or FILE:OFFSET, of a group, and the offset; HTML is read by `reading`.

    Raises:
        ReadError: there is no such text file, or the offset lies outside of the text.
    """
    from cleaner import engines, formats, sources
    from cleaner.chunks import Chunk, Fields
    from cleaner.model import Document, Failure, ReadError

    named = _PLACE.fullmatch(target)
    path, offset = (named[1], int(named[2])) if named and not os.path.lexists(target) else (target, None)
    format_ = sources.format_of(path)
    if format_ not in ("text", "html"):
        raise ReadError(f"{path}: a file of many documents; expected a text or HTML file with one of them")
    [record] = formats.records(Chunk(sources.Source(Path(path), Path(path).name, format_)), Fields())
    if not isinstance(record.entry, Document):
        raise ReadError(record.entry.error if isinstance(record.entry, Failure) else f"{path}: no document")
    document = engines.opened(record.entry, reading)[0] if record.html else record.entry
    if offset is not None and offset >= len(document.text):
        raise ReadError(f"{path}: has {len(document.text)} characters; expected an offset below that, got {offset}")
    return replace(document, group=group), offset
