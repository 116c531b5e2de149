"""What a block looks like by itself: its width, its words, its marks.

None is a word of any language. Corpora repeat their lines, so what was seen is remembered.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from cleaner.fingerprints import remembered
from cleaner.segment import is_bulleted, is_code, is_prose, width

CLAUSE = 20
"""Narrower text is no sentence, whatever its last character: "Vol. 2.", "p.m."."""

_DIGIT = re.compile(r"\d")
_MARK = re.compile("[|›»«·•→←/#©@]")
_COMMA = re.compile("[,，、;]")


class Form(NamedTuple):
    """The form of a block's folded text: counts of characters, and yes and no."""

    length: int
    width: int
    words: int
    """At most 40."""
    prose: bool
    """Whether it reads like a sentence of a body."""
    ended: bool
    """Whether it ends with a full stop, which an ellipsis is not."""
    clause: bool
    """Whether it is a short sentence, or quoted mail."""
    goes_on: bool
    """Whether it ends with a comma."""
    heading: bool
    bullet: bool
    fence: bool
    """Whether it starts or ends a fenced code block of Markdown."""
    code: bool
    letters: bool
    digits: float
    """Their share of the characters, in [0, 1]."""
    ellipsis: bool
    question: bool
    colon: bool
    marks: int
    """Such as stand between links."""
    commas: int
    """At most 10."""


@remembered
def form(folded: str) -> Form:
    """Return the form of folded text.

    >>> found = form("- read more: 10 bridges...")
    >>> found.bullet, found.ellipsis, found.colon, found.words, round(found.digits, 2)
    (True, True, False, 5, 0.08)
    """
    length = len(folded)
    wide = width(folded)
    ended = _ended(folded)
    digits = sum(map(str.isdigit, folded)) if _DIGIT.search(folded) else 0
    return Form(
        length=length,
        width=wide,
        words=min(40, folded.count(" ") + 1),
        prose=is_prose(folded),
        ended=ended,
        clause=(ended and wide >= CLAUSE) or folded.startswith(">"),
        goes_on=folded.endswith((",", ";")),
        heading=folded.startswith("#"),
        bullet=is_bulleted(folded),
        fence=folded.startswith(("```", "~~~")),
        code=is_code(folded),
        letters=folded[:1].isalpha() or any(map(str.isalpha, folded)),
        digits=digits / max(1, length),
        ellipsis=folded.endswith("..."),
        question=folded.endswith(("?", "!", "？", "！")),
        colon=folded.endswith(":"),
        marks=len(_MARK.findall(folded)),
        commas=min(10, len(_COMMA.findall(folded))),
    )


def _ended(folded: str) -> bool:
    bare = folded.rstrip("\"'”’»)]」』）")
    return bare.endswith((".", "。", "।", "۔")) and not bare.endswith("..")
