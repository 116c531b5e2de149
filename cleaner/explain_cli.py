"""The command `cleaner explain`: why each block of a document, or one character, was cut or kept."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cleaner.console import lines, print_parts
from cleaner.options import (  # typer looks at them
    Format,
    Formatting,
    GroupField,
    IdField,
    PolicyName,
    Rules,
    Tables,
    TextField,
)

if TYPE_CHECKING:
    from cleaner.chunks import Fields
    from cleaner.model import Document, Failure
    from cleaner.sources import Source

explain_app = typer.Typer()

_PLACE = re.compile(r"(.+):([0-9]{1,18})", re.DOTALL)
"""FILE:OFFSET."""

_BYTES = 2**20
"""Of a file of many documents that are read at a time."""


@explain_app.command(epilog="Example: cleaner explain seeds/000_6ac200c3676267cd.txt:10741")
def explain(
    target: Annotated[
        str, typer.Argument(metavar="FILE[:OFFSET]", help="A file, and a character of the document's text.")
    ],
    *,
    id_: Annotated[
        str | None,
        typer.Option("--id", metavar="ID", help="Of a file of many documents: which, as in the report of `clean`."),
    ] = None,
    group: Annotated[str, typer.Option(metavar="G", help="The document's group, as in the report of `clean`.")] = "",
    index: Annotated[
        Path | None, typer.Option("--index", metavar="FILE", help="What `cleaner learn` saved; default: FILE alone.")
    ] = None,
    rules: Rules = None,
    tables: Tables = True,
    formatting: Formatting = False,
    policy: PolicyName = "balanced",
    id_field: IdField = None,
    text_field: TextField = "text",
    group_field: GroupField = None,
    format: Format = "auto",  # noqa: A002
) -> None:
    """Show block by block what was kept and cut, and by which evidence."""
    from cleaner import explaining, sources
    from cleaner.chunks import Fields, check_readable
    from cleaner.index import learn as learnt
    from cleaner.layout import Reading
    from cleaner.model import Document
    from cleaner.pipeline import Cleaner
    from cleaner.policy import POLICIES
    from cleaner.rules import load_rules
    from cleaner.saving import load

    with lines():
        path, offset = _place(target)
        source = sources.Source(Path(path), Path(path).name, sources.format_of(path, sources.chosen(format)))
        fields = Fields(text_field, id_field, group_field, reading=Reading(tables, formatting))
        check_readable([source])
        document = _document(source, fields, id_, group, offset)
        if index is not None:
            known = load(index)
        elif source.of_many:
            known = learnt(one for one in _entries(source, fields) if isinstance(one, Document))
        else:
            known = learnt([document])
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


def _place(target: str) -> tuple[str, int | None]:
    """Return FILE and OFFSET of FILE or FILE:OFFSET; what is there by that name is a FILE.

    >>> _place("a.txt:12"), _place("a.txt")
    (('a.txt', 12), ('a.txt', None))
    """
    named = _PLACE.fullmatch(target)
    return (named[1], int(named[2])) if named and not os.path.lexists(target) else (target, None)


def _document(source: Source, fields: Fields, id_: str | None, group: str, offset: int | None) -> Document:
    """Return the document of a file, or the first of an id in a file of many; of a group, if one is given.

    Raises:
        ReadError: there is none, or it cannot be read, or the offset lies outside of its text.
    """
    from cleaner.model import Failure, ReadError

    path = source.path
    if source.of_many and id_ is None:
        raise ReadError(f"{path}: a file of many documents; expected --id with that of one of them")
    if id_ is not None and not source.of_many:
        raise ReadError(f"{path}: --id {id_}: a file of one document; expected no --id")
    wanted = (id_, source.name)  # what cannot be read at all has the file's name
    found = next((one for one in _entries(source, fields) if id_ is None or one.id in wanted), None)
    if found is None:
        raise ReadError(
            f"{path}: no document {id_!r}; expected an id of the report of cleaner clean, with the same --id-field"
        )
    if isinstance(found, Failure):
        raise ReadError(found.error)
    if offset is not None and offset >= len(found.text):
        where = path if id_ is None else f"{path}: {id_!r}"
        raise ReadError(f"{where}: has {len(found.text)} characters; expected an offset below that, got {offset}")
    return replace(found, group=group) if group or not source.of_many else found


def _entries(source: Source, fields: Fields) -> Iterator[Document | Failure]:
    """Yield the documents of a file in order, pages opened, and what cannot be read."""
    from cleaner import chunks, engines, formats

    for chunk in chunks.chunks(source, _BYTES, fields):
        for record in formats.records(chunk, fields):
            entry, _ = engines.entry_of(record, fields)
            if entry is not None:
                yield entry
