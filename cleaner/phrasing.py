"""How a phrase is compared with a block: bare of decoration, in plain letters."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

from cleaner.segment import fold

SEARCH_CHARS = 2000
"""Patterns skip longer blocks: boilerplate comes in short lines, the longest legal footers included."""

PLAIN = {
    ord(char): unicodedata.normalize("NFD", char)[0]
    for char in map(chr, [*range(0xC0, 0x250), 0x451, *range(0x1E00, 0x1F00)])
} | {0x142: "l", 0xF8: "o", 0x111: "d", 0x131: "i", 0x2018: "'", 0x2019: "'", 0x2013: "-", 0x2014: "-"}
"""Latin letters without accents, Cyrillic io as ie, one apostrophe, one dash: headings come both ways."""

_QUOTES = frozenset("\"'“”„‟‘’‚«»‹›「」『』《》")

ASCII_DECORATION = "".join(char for char in map(chr, range(128)) if not char.isalnum())


def bare(folded: str) -> str:
    """Return folded text as phrases are compared: plain letters, no decoration at either end.

    >>> bare("## à lire aussi »")
    'a lire aussi'
    """
    if folded.isascii():
        return folded.strip(ASCII_DECORATION)
    plain = folded.translate(PLAIN)
    plain = plain[first_letter(plain) :]
    return plain[: len(plain) - first_letter(plain[::-1])]


def is_spoken(folded: str) -> bool:
    """Whether a line is what somebody says: in quotation marks, or a sentence after a dash. Labels come in neither; arrows are spaced.

    >>> [is_spoken(line) for line in ("“we waited.”", "— we waited.", "— harbour", "- we waited.")]
    [True, True, False, False]
    """
    if folded[:1] in "-–—":
        return folded[:1] != "-" and folded.endswith((".", "!", "?", "。"))
    return folded[:1] in _QUOTES and folded[1:2] != " " and folded[-1:] in _QUOTES


def ender(lines: Sequence[str]) -> Callable[[str], bool]:
    """Return what tells whether folded text is one of some lines, decoration aside; `*` in them is for any characters.

    Texts of more than `SEARCH_CHARS` are none of those with a `*`.

    >>> is_end = ender(["Older posts", "* comments on *"])
    >>> is_end("« older posts"), is_end("7 comments on bees"), is_end("no older posts")
    (True, True, False)
    """
    plain = frozenset(bare(fold(line)) for line in lines if "*" not in line)
    wild = [_pieces(fold(line)) for line in lines if "*" in line]

    def is_end(folded: str) -> bool:
        text = bare(folded)
        return text in plain or (len(text) <= SEARCH_CHARS and any(_fits(text, pieces) for pieces in wild))

    return is_end


def _pieces(folded: str) -> list[str]:
    """Return what a line has between its wildcards, as `bare` has texts."""
    first, *between, last = (piece.translate(PLAIN) for piece in folded.split("*"))
    return [first[first_letter(first) :], *between, last[: len(last) - first_letter(last[::-1])]]


def _fits(text: str, pieces: Sequence[str]) -> bool:
    """Whether a text has these pieces, in order, the first at its start and the last at its end."""
    first, *between, last = pieces
    at, end = len(first), len(text) - len(last)
    if at > end or not (text.startswith(first) and text.endswith(last)):
        return False
    for piece in between:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def first_letter(text: str) -> int:
    """Return the position of the first character that is not decoration; the length of `text` when all is.

    Decoration is punctuation, symbols (emoji too), separators and control characters, and the marks that turn
    a character into an emoji or a key cap.

    >>> first_letter("» 5 ways"), first_letter("***")
    (2, 3)
    """
    for at, char in enumerate(text):
        if unicodedata.category(char)[0] not in "PSZC" and char not in "\ufe0f\u20e3":
            return at
    return len(text)
