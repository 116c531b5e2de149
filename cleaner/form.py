"""What a block looks like by itself: its width, its words, its marks.

None is a word of any language. Corpora repeat their lines, so what was seen is remembered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from struct import Struct
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from cleaner.remembering import Remembered
from cleaner.segment import is_bulleted, is_code, is_prose, width

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLAUSE = 20
"""Narrower text is no sentence, whatever its last character: "Vol. 2.", "p.m."."""

_DIGIT = re.compile(r"\d")
_MARKS = "|/#@›»«·•→←©"
_COMMAS = ",;，、"


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


def form(folded: str) -> Form:
    """Return the form of folded text.

    >>> found = form("- read more: 10 bridges...")
    >>> found.bullet, found.ellipsis, found.colon, found.words, round(found.digits, 2)
    (True, True, False, 5, 0.08)
    """
    length, last = len(folded), folded[-1:]
    wide = width(folded)
    ended = _ended(folded)
    digits, marks, commas = _counts(folded)
    return Form(
        length,
        wide,
        min(40, folded.count(" ") + 1),
        is_prose(folded),
        ended,
        (ended and wide >= CLAUSE) or folded.startswith(">"),
        folded.startswith("#"),
        is_bulleted(folded),
        folded.startswith(("```", "~~~")),
        is_code(folded),
        folded[:1].isalpha() or any(map(str.isalpha, folded)),
        digits / max(1, length),
        folded.endswith("..."),
        last in {"?", "!", "？", "！"},
        last == ":",
        marks,
        min(10, commas),
    )


def _counts(folded: str) -> tuple[int, int, int]:
    """Return how many digits, marks such as stand between links, and commas folded text has."""
    if folded.isascii():
        encoded = folded.encode()  # bytes of some kinds are counted in no time
        return (
            len(encoded) - len(encoded.translate(None, b"0123456789")),
            len(encoded) - len(encoded.translate(None, b"|/#@")),
            encoded.count(b",") + encoded.count(b";"),
        )
    digits = sum(map(str.isdigit, folded)) if _DIGIT.search(folded) else 0
    return digits, sum(map(folded.count, _MARKS)), sum(map(folded.count, _COMMAS))


def forms(texts: Iterable[str]) -> NDArray[np.float64]:
    """Return the form of each folded text as numbers: one row a text, one column a field of `Form`.

    >>> forms(["read more"])[0][:3].tolist()
    [9.0, 9.0, 2.0]
    """
    packed = b"".join([_FORMS[folded] for folded in texts])
    return np.frombuffer(packed, dtype=np.float64).reshape(-1, len(Form._fields))


_NUMBERS: Final = Struct(f"={len(Form._fields)}d")

_FORMS: Final = Remembered(lambda folded: _NUMBERS.pack(*form(folded)))
"""As bytes: many are put together at once."""


def _ended(folded: str) -> bool:
    bare = folded.rstrip("\"'”’»)]」』）")
    return bare.endswith((".", "。", "।", "۔")) and not bare.endswith("..")
