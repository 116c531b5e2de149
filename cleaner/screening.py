"""Inputs that cannot have been meant as they were given, told before the long work: a report, an index, lines without the text field."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice

from cleaner.chunks import Chunk, Fields, chunks
from cleaner.console import counted
from cleaner.jsonl import parse_line
from cleaner.model import ReadError, told
from cleaner.output import check_no_report
from cleaner.saving import is_index
from cleaner.sources import Found, Source, is_known

_PIECE = 2**16
"""Bytes of each file of lines that are looked at. Of a longer one it is the report that says what lacks the text field."""


def screen(sources: Sequence[Source], fields: Fields) -> None:
    """Make sure that what is to be read may be meant as it was given.

    Raises:
        ReadError: a source is a report or an index; or nothing but files of lines was given, all of it was looked at, and none has
            the text field.

    >>> screen([], Fields())
    """
    for source in sources:
        if not is_known(source.name) and _is_index(source):
            raise ReadError(
                f"{source.place}: an index, no documents; expected --index before it, or --add before each in `learn`"
            )
        check_no_report(source)
    if sources and all(source.format in ("jsonl", "html-lines") for source in sources):
        _check_text_field(sources, fields)


def passed_over(found: Found) -> str:
    """Return a line that says what was passed over in the folders that were given; "" for nothing.

    >>> passed_over(Found((), skipped=3, kinds=("", ".pdf"), hidden=1))
    "3 files of other kinds ('', '.pdf') and 1 hidden skipped; one that is named is read as text"
    """
    others = f"{counted(found.skipped, 'file')} of other kinds ({told(found.kinds)})"
    words = [others] * (found.skipped > 0) + [f"{found.hidden} hidden"] * (found.hidden > 0)
    return f"{' and '.join(words)} skipped; one that is named is read as text" if words else ""


def _is_index(source: Source) -> bool:
    with suppress(OSError):  # that it cannot be read is for the report to say
        return is_index(source.path)
    return False


def _check_text_field(sources: Iterable[Source], fields: Fields) -> None:
    """Make sure that some line has the text field, be it empty or no text, or may have: of the others the report tells."""
    named: dict[str, None] = {}
    for source in sources:
        looked, *more = islice(chunks(source, _PIECE), 2)
        if looked.failure or any(one.data or one.failure for one in more):
            return
        for found in _objects(looked):
            if fields.text in found:
                return
            named.update((name, None) for name, value in found.items() if isinstance(value, str))
    if named:
        raise ReadError(f"--text-field {fields.text}: no line has it; expected one of {told(named)}")


def _objects(chunk: Chunk) -> Iterator[dict[str, object]]:
    """Yield the objects of some lines; what cannot be read is for the report to say."""
    for number, line in enumerate(io.BytesIO(chunk.data), 1):
        with suppress(ReadError):
            value = parse_line(line, chunk.source.name, number)[1]
            if value is not None:
                yield value
