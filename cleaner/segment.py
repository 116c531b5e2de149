r"""Text to blocks.

Lines split on "\n" only. Folding happens on copies, for comparing; blocks point into the text as it is.

>>> [block.folded for block in segment("A heading\n\n  Ein  Satz\n")]
['a heading', 'ein satz']
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby, pairwise

from cleaner.model import Block, Span
from cleaner.remembering import Remembered

FOLD_VERSION = 1
"""Version of `fold`. An index made with another one does not fit."""

SEGMENT_VERSION = 1
"""Version of `segment` and `is_prose`. An index made with another one does not fit."""

LONG_LINE = 500
"""A line of more characters than this is split into sentences: 2 % of the lines of inject-dev are, the documents on one
line among them. It goes by the line alone, so that cutting one line never changes how another is split."""

PROSE_WIDTH = 60
"""Narrower text is a heading, a link or a label, whatever its last character."""

_DROPPED = dict.fromkeys([0xAD, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A)])
"""Soft hyphen, byte order mark, zero-width and direction marks: they do not show, so they do not count."""

_REPLACED: dict[int, str | None] = {**_DROPPED, **dict.fromkeys(range(0xD800, 0xE000), "\ufffd")}
"""Lone surrogates are no characters, and cannot be written; for comparing they are one unknown character."""

_HIDDEN = re.compile(f"[{''.join(map(chr, sorted(_DROPPED)))}\ud800-\udfff]")

_MARKS = re.compile(r"[^\w\s\x00-\x7f]{64,}")
"""What may be a flood of marks that combine: none of these is part of a word to `re`."""

_WIDE = re.compile("[\u3040-\u9fff\uac00-\ud7a3]")
"""Letters of the dense East Asian scripts."""

_BULLETS = frozenset(f"{mark} " for mark in "*+-•·‣◦▪»›>")

_SENTENCE_END = re.compile(
    r"""[.!?…।॥؟۔]["'”’»)\]]*\s+   # spaced scripts: the mark, closing quotes, then space
      | [。！？｡][」』”’）)]*\s*""",  # Chinese and Japanese: no space needed
    re.VERBOSE,
)


def fold(text: str) -> str:
    """Return `text` as it is compared: NFKC, case-folded, invisible marks dropped, white space runs as one space.

    >>> fold("  Read\u00a0MORE…\u200b ")
    'read more...'
    """
    if text.isascii():
        return " ".join(text.lower().split())
    if len(text) > LONG_LINE:
        text = _MARKS.sub(_ordered, text)
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    if not folded.isprintable() and _HIDDEN.search(
        folded
    ):  # else there is nothing to translate, which takes longer than all else
        folded = " ".join(folded.translate(_REPLACED).split())
    return folded


def _ordered(found: re.Match[str]) -> str:
    """Return characters with the marks that combine in canonical order, which says the same.

    To order them, `normalize` takes the square of their number.
    """
    runs = groupby(found[0], lambda character: unicodedata.combining(character) > 0)
    return "".join("".join(sorted(run, key=unicodedata.combining)) if marks else "".join(run) for marks, run in runs)


FOLDED = Remembered(fold)
"""Lines as they are compared, by themselves."""


def segment(text: str, borders: Sequence[int] = ()) -> tuple[Block, ...]:
    r"""Tile `text` with blocks, in order; () for the empty text.

    A block starts with its line, indentation included, and owns the line end and the blank lines after it; the first
    block also owns the blank lines before it. So cutting a block glues nothing and leaves every other line as it is.

    Args:
        text: the text.
        borders: where a line that is split into sentences is split, too, in code points, sorted; white space there goes
            with what is before it.

    >>> text = "\n\nTitle\r\n\r\n    code\n"
    >>> [text[block.start:block.end] for block in segment(text)]
    ['\n\nTitle\r\n\r\n', '    code\n']
    """
    starts: list[int] = []  # of each line that is not blank
    stops: list[int] = []
    shown: list[str] = []
    at = 0
    for line in text.split("\n"):
        if content := line.rstrip():
            starts.append(at)
            stops.append(at + len(content))
            shown.append(content)
        at += len(line) + 1
    if not shown:
        return (Block(0, 0, len(text), ""),) if text else ()
    ends = [*starts[1:], len(text)]
    starts[0] = 0
    blocks: list[Block] = []
    for start, stop, end, content in zip(starts, stops, ends, shown, strict=True):
        if stop - start <= LONG_LINE:
            blocks.append(_block((start, stop, end, FOLDED[content], False, True)))
        else:
            blocks.extend(_sentences(text, start, stop, end, borders))
    return tuple(blocks)


_block = partial(tuple.__new__, Block)  # in half the time that `Block` takes, which is a third of a line's


def width(folded: str) -> int:
    """Return the length of folded text in letters of the Latin script: one of the dense East Asian scripts counts 2.

    >>> width("read more"), width("相关阅读")
    (9, 8)
    """
    if folded.isascii():
        return len(folded)
    return len(folded) + len(_WIDE.findall(folded))


def indent(text: str, block: Block) -> int:
    r"""Return how many white space characters the line starts with that a block of `text` starts with.

    >>> text = "\n\n    code"
    >>> [indent(text, block) for block in segment(text)]
    [4]
    """
    if not text[block.start].isspace():  # most lines
        return 0
    start = block.stop - len(text[block.start : block.stop].lstrip())
    return start - (text.rfind("\n", block.start, start) + 1 or block.start)


def is_prose(folded: str) -> bool:
    """Whether folded text reads like a sentence of a body.

    It is `PROSE_WIDTH` wide and closed by a full stop, or by a question or exclamation mark after at least one sentence
    more. An ellipsis is no end, and a question alone may be a headline.

    >>> is_prose("the council met on monday and voted to keep the bridge open until spring.")
    True
    >>> is_prose("why can this institution still grow when the rest of the field has shrunk so much?")
    False
    """
    if len(folded) < PROSE_WIDTH and width(folded) < PROSE_WIDTH:
        return False
    closed = folded.rstrip("\"'”’»)]」』）")
    if closed.endswith((".", "。", "．", "।", "۔", "։", "።", ";", "；")):
        return not closed.endswith("..")
    return closed.endswith(("!", "?", "！", "？", "؟")) and _SENTENCE_END.search(folded, 0, len(closed) - 1) is not None


def is_bulleted(folded: str) -> bool:
    """Whether folded text starts with the mark of a list's item.

    >>> is_bulleted("- bread"), is_bulleted("-5 degrees")
    (True, False)
    """
    return folded[:2] in _BULLETS


def is_code(folded: str) -> bool:
    """Whether folded text looks like a line of a program or a table: how it ends tells, or its marks abound.

    >>> is_code("return state.count;"), is_code("if (seen[key]) { count += 1 }"), is_code("ten bridges [photos] (12)")
    (True, True, False)
    """
    if folded.endswith((";", "{", "}", "=>")) or (folded.startswith("|") and folded.endswith("|")):
        return True
    encoded = folded.encode()
    marks = len(encoded) - len(encoded.translate(None, b"{};=_\\$"))
    return marks >= 2 and marks >= 0.04 * len(folded)


def _sentences(text: str, start: int, stop: int, end: int, borders: Sequence[int]) -> Iterator[Block]:
    """Yield the parts of the line `[start, stop)`; the last one owns the white space up to `end`."""
    ends = {match.end() for match in _SENTENCE_END.finditer(text, start, stop) if _ends_here(text, match)}
    for border in borders[bisect_right(borders, start) : bisect_left(borders, stop)]:
        ends.add(next((at for at in range(border, stop) if not text[at].isspace()), stop))
    parts = [start, *sorted(border for border in ends if border < stop), end]
    for left, right in pairwise(parts):
        content = text[left:right].rstrip()
        yield Block(left, left + len(content), right, FOLDED[content], sentence=True, first=left == start)


def _ends_here(text: str, match: re.Match[str]) -> bool:
    """Whether a sentence ends at the match: not after an initial ("U.S. Army"), not before a lower-case letter."""
    at, after = match.start(), match.end()
    if after < len(text) and text[after].islower():
        return False
    initial = text[at] == "." and text[max(0, at - 1)].isupper() and (at < 2 or not text[at - 2].isalpha())
    return not initial


def covering(spans: Sequence[Span], blocks: Sequence[Block]) -> Iterator[Span | None]:
    r"""Yield, for each block, the span that was cut with it; None for a block that was kept.

    Args:
        spans: sorted and disjoint, as a `Cleaned` has them.
        blocks: in order, of the same text.

    >>> found = covering([Span(4, 8, "inset", 0.9, ())], segment("One\nTwo\nSix\n"))
    >>> [span and span.kind for span in found]
    [None, 'inset', None]
    """
    left = iter(spans)
    span = next(left, None)
    for block in blocks:
        while span and span.end < block.stop:
            span = next(left, None)
        yield span if span and span.start < block.stop else None
