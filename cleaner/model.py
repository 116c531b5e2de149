"""The values that flow through cleaner, and the errors it raises.

A reader yields a `Document`; `segment` tiles its text with `Block`s; rules and the index speak of blocks in
`Evidence`; `decide` turns blocks and evidence into `Span`s; the result for one document is a `Cleaned`.
All are frozen, hold tuples only, and pickle.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal, NamedTuple

from cleaner.layout import Layout

Kind = Literal["header", "inset", "trailer"]
"""Where a span lies: no body before it, body on both sides, no body after it."""

Status = Literal["cleaned", "unchanged", "held", "failed"]
"""`cleaned`: something was cut. `unchanged`: nothing was. `held`: a cut was found but would have taken the whole
text, or more than the policy allows, so nothing was cut. `failed`: the document could not be read or cleaned."""

Signal = Literal["open", "cut", "keep"]
"""What a rule says of a block: it opens a trailer or box, it is boilerplate, it is body."""


@dataclass(frozen=True, slots=True)
class Document:
    """One text to clean."""

    id: str
    """Unique in a run."""
    text: str
    """The original text. All offsets everywhere are code points into it."""
    group: str = ""
    """The site, source or folder that the document came from; "" when unknown."""
    url: str = ""
    """Its address on the web; "" when unknown. Of a page, else the one it gives itself. Rules for some sites look at the host in
    it."""
    layout: Layout | None = None
    """What its markup said of each line; None for what had none."""


class Block(NamedTuple):
    """A line of a document, or a sentence of a line too long to be one paragraph. Blocks tile the text."""

    start: int
    """First code point."""
    stop: int
    """End of the content, exclusive: what follows up to `end` is white space."""
    end: int
    """End of the block, exclusive; the next block starts here."""
    folded: str
    """The content as it is compared: see `cleaner.segment.fold`."""
    sentence: bool = False
    """Whether the block is a part of a longer line, and so may hold more than one paragraph's worth of text."""
    first: bool = True
    """Whether the block starts a line."""


class Partner(NamedTuple):
    """Where another document holds the same text: half-open `[start, end)` in code points of that document."""

    id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class RuleReason:
    """A rule spoke."""

    rule: str
    """Full id: `pack/rule`."""


class TemplateReason(NamedTuple):
    """The corpus repeats this text."""

    template: str
    """16 hexadecimal digits: the key of the first block of the passage."""
    documents: int
    """In how many independent documents it stands, this one counted; at least 2."""
    similarity: float
    """Jaccard similarity to the partners' text, in (0, 1]; 1 is word for word (after folding). Of shingles; of cells where the
    partners have one of this block's cells for a line."""
    partners: tuple[Partner, ...]
    """Up to three other documents that hold it, by id."""


@dataclass(frozen=True, slots=True)
class RunningReason:
    """The line runs through the pages of the document, at their heads or at their feet."""

    line: str
    """The folded line, each number as 0."""
    pages: int
    """On how many pages, this one counted; at least 2."""


@dataclass(frozen=True, slots=True)
class MarkupReason:
    """The markup of a page tells that this is not its text: where it stands, that it is links, that an extractor drops it."""

    element: str
    """The innermost elements of the first line, outermost first: "aside.related > ul > li"."""
    lines: int
    """How many lines this speaks of."""
    extracted: float
    """The share of their characters that the extractor keeps, in [0, 1]."""
    linked: float
    """The share of their characters that are links, in [0, 1]."""


Reason = RuleReason | TemplateReason | RunningReason | MarkupReason


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a rule says about one block. Hardly a verdict: `decide` weighs it with all else that is known."""

    block: int
    """Position of the block in the document's blocks."""
    signal: Signal
    reason: RuleReason
    settles: bool = False
    """Whether nothing can outweigh it: the user's own rules do what they say."""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text that was cut: half-open `[start, end)` in code points of the document's original text."""

    start: int
    end: int
    kind: Kind
    score: float
    """How certain the cut is, in (0, 1): the logistic of the score of its least certain line, to three decimals."""
    reasons: tuple[Reason, ...]
    """At least one; rules first, then running lines, then markup, then templates by position."""
    marker: str = ""
    """What stands in its place in the body."""


@dataclass(frozen=True, slots=True)
class Instead:
    """What is done with some cuts instead of taking them out: `rules/README.md` says what the fields mean."""

    why: str
    rules: tuple[str, ...] = ()
    """Wildcards of full ids."""
    templates: tuple[str, ...] = ()
    first: bool = False
    """Whether the first document of a group, by id, keeps what was to be cut."""
    marker: str = ""
    """What stands in the place of what is cut; "" for nothing."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """One cleaned document."""

    document: Document
    text: str
    """The body: the original without its spans, or with their markers in their place."""
    spans: tuple[Span, ...]
    """Sorted, disjoint, not empty."""
    status: Status
    error: str | None = None
    """Why a document was held back; None otherwise."""
    duplicate_of: str | None = None
    """The id of the first document of the corpus, by id, that this one is a copy of: it says the same, or shares its prose.
    None for a document that is the first, or like no other."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A document that could not be read or cleaned. It is reported, and the others are still done."""

    id: str
    error: str
    """One line: what was wrong, and what was expected."""
    group: str = ""


LARGEST: Final = 2**28
"""Bytes of a document, with the line that it stands in: a few compressed kilobytes can hold more than fits into memory."""


class CleanerError(Exception):
    """Base of all errors that cleaner raises on purpose. The message is one line: where, what, what was expected."""


class RuleError(CleanerError, ValueError):
    """A rule pack or a rule is wrong, or a rule's pattern ran out of time."""


class ReadError(CleanerError, ValueError):
    """An input is missing, unreadable, or not what it claims to be."""


TOLD: Final = 8
"""Names that an error tells, at most."""


def told(names: Iterable[str]) -> str:
    """Return names as an error tells them: the first `TOLD`.

    >>> told(["id", "text"])
    "'id', 'text'"
    """
    first = [*islice(names, TOLD + 1)]
    return ", ".join([repr(name) for name in first[:TOLD]] + ["…"] * (len(first) > TOLD))


def check_size(data: bytes, where: str) -> None:
    """Make sure that the bytes of a document are no more than `LARGEST`.

    Raises:
        ReadError: they are more.

    >>> check_size(b"One.", "a.txt")
    """
    if len(data) > LARGEST:
        raise ReadError(f"{where}: more than {LARGEST // 2**20} MiB; expected documents of that size at most")


class WriteError(CleanerError, OSError):
    """An output cannot be written, or would overwrite something that is not cleaner's."""


class IndexFormatError(CleanerError, ValueError):
    """An index file is damaged, foreign, or made with other settings."""
