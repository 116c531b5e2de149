"""What the markup of a page says of its text: the elements that each line stands in.

A page's text is all that it shows, line by line. A `Layout` keeps beside it, one entry a line, what the text alone no longer
tells: a list of links looks like one, a box called "sidebar" is called so, and an extractor has said what it would keep.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

HINTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "navigation": "nav navbar navigation menu breadcrumb breadcrumbs crumb crumbs toc pager pagination paging prev"
        " next skip toolbar topbar tabs sitemap",
        "foot": "footer foot colophon copyright legal bottom",
        "head": "masthead siteheader topnav banner logo branding header",
        "side": "sidebar side aside widget widgets rail secondary complementary",
        "related": "related recommend recommended recommendations more popular trending latest similar also readmore"
        " suggested promo promos teaser teasers card cards outbrain taboola carousel slider featured",
        "share": "share sharing shares social addthis sharedaddy facebook twitter pinterest follow sns",
        "sign-up": "newsletter subscribe subscription signup mailing mailchimp optin cta form donate donation",
        "advertisement": "ad ads advert advertisement advertising sponsor sponsored adsense dfp affiliate disclosure"
        " disclaimer",
        "comments": "comment comments respond reply disqus replies discussion",
        "author": "author bio byline profile contributor about writer avatar",
        "data": "meta date time tags tag categories category cat posted published timestamp info postmeta entrymeta",
        "overlay": "popup modal overlay cookie consent gdpr login signin register search dialog hidden visually sr print",
        "caption": "caption credit figcaption gallery",
        "body": "content article post entry body story main text prose markdown single page articlebody postcontent"
        " entrycontent richtext",
    }
)
"""Words that classes, ids and roles of elements are made of, and what they hint at: common usage of content management systems
and themes."""

SECTIONS: Final = ("nav", "header", "footer", "aside", "form", "article", "main", "figure", "table", "ul", "ol")
"""Elements that say what is in them, however deep."""

TAGS: Final = (
    *("", "p", "li", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote", "dt", "dd", "figcaption"),
    *("button", "label", "option", "div", "section", "span", "body"),
)
"""The elements that a line can be told to stand right in; "" for all others."""

_HINT_OF = {word: number for number, words in enumerate(HINTS.values()) for word in words.split()}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


@lru_cache(maxsize=20_000)
def hints(name: str) -> int:
    """Return what the class, id or role of an element hints at: one bit for each of `HINTS`, in their order.

    >>> list(HINTS)[hints("site-footer navMenu").bit_length() - 1]
    'foot'
    """
    found = 0
    for word in _WORD.findall(name):
        if (number := _HINT_OF.get(word.lower())) is not None:
            found |= 1 << number
    return found


@dataclass(frozen=True, slots=True)
class Reading:
    """How pages are read."""

    tables: bool = True
    """Whether tables are text."""
    formatting: bool = False
    """Whether headings, bold, italics and code are marked as Markdown does."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a page says of itself; None for what it does not."""

    title: str | None = None
    date: str | None = None
    """Of publication: YYYY-MM-DD."""
    url: str | None = None
    language: str | None = None
    """As the page declares it: "en-GB"."""


class Line(NamedTuple):
    """What the markup says of one line of a page's text."""

    path: str
    """The innermost elements, outermost first, for a reader: "aside.related > ul > li"."""
    tag: int
    """Position in `TAGS` of the element that the line stands right in."""
    linked: float
    """The share of its characters that are links."""
    hidden: bool
    """Whether an element around it is hidden."""
    depth: int
    """How many elements are around it."""
    around: int
    """What the names of the elements around it hint at: bits, as of `hints`."""
    nearest: int
    """What the innermost one that hints at anything does."""
    sections: int
    """Which of `SECTIONS` are around it: bits, in their order."""


@dataclass(frozen=True, eq=False, slots=True)
class Layout:
    """What the markup says of a page's text."""

    starts: NDArray[np.int64]
    """The first code point of each line that is not blank, ascending."""
    lines: tuple[Line, ...]
    """One for each of `starts`."""
    extracted: NDArray[np.float64]
    """The share of each line that an extractor keeps, in [0, 1]."""
    titled: NDArray[np.bool_]
    """Whether each line is in the page's title, or the other way round."""
