"""Where a rule speaks: on which sites, in which part of a document, and how far from the line that it hits."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Literal
from urllib.parse import urlsplit

from cleaner.model import Block, Document

Where = Literal["head", "tail", "anywhere"]
"""Where in the document a rule looks."""

HEAD_BLOCKS, HEAD_SHARE = 10, 0.25
TAIL_BLOCKS, TAIL_SHARE = 15, 0.5
"""A block is in the head when it is one of the first ten or starts in the first quarter of the characters; in the
tail, when it is one of the last fifteen or starts in the last half."""

FARTHEST = 500
"""Blocks, at most, that a rule cuts with the line it hits: a list of that length is one that somebody looked at."""

_SCHEME = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//")


def hosts(document: Document) -> tuple[str, str]:
    """Return what the `sites` of a rule are compared with: the document's group, and the host of its address, in lower case.

    >>> hosts(Document("a", "", "Example", "https://www.Example.com:8080/news?id=7"))
    ('example', 'www.example.com')
    """
    url = document.url if _SCHEME.match(document.url) else f"//{document.url}"
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:  # "http://[": no address
        host = ""
    return document.group.casefold(), host.casefold()


def of_site(sites: Sequence[str], document: Document) -> bool:
    """Whether a wildcard hits a document's group or host; `*.example.com` hits `example.com`, too. No wildcards hit all.

    >>> of_site(["*.example.com"], Document("a", "", "example.com")), of_site([], Document("a", ""))
    (True, True)
    """
    wildcards = {site.casefold() for site in sites}
    wildcards |= {site.removeprefix("*.") for site in wildcards}
    return not sites or any(name and fnmatchcase(name, wildcard) for name in hosts(document) for wildcard in wildcards)


def stands(where: Where, document: Document, blocks: Sequence[Block], at: int) -> bool:
    r"""Whether the block at `at` is where a rule looks.

    >>> from cleaner.segment import segment
    >>> text = "One.\nTwo.\n" * 20
    >>> [stands(where, Document("a", text), segment(text), 2) for where in ("head", "tail", "anywhere")]
    [True, False, True]
    """
    if where == "anywhere":
        return True
    share = blocks[at].start / len(document.text)
    if where == "head":
        return at < HEAD_BLOCKS or share < HEAD_SHARE
    return at >= len(blocks) - TAIL_BLOCKS or share >= 1 - TAIL_SHARE


def reach(at: int, size: int, within: int, ends: Callable[[int], bool] | None = None) -> range:
    """Return the blocks from the one at `at` up to a block that `ends` them, not included, or up to the text's end without `ends`.

    Args:
        at: where they start.
        size: how many blocks there are.
        within: at most so many may lie between, else there are none.
        ends: whether the block at a place does.

    >>> reach(2, 5, 2), reach(2, 5, 1), reach(2, 9, 3, lambda place: place == 4)
    (range(2, 5), range(0, 0), range(2, 4))
    """
    stop = min(size, at + within + 2)
    end = size if ends is None else next((place for place in range(at + 1, stop) if ends(place)), None)
    return range(0) if end is None or end - at - 1 > within else range(at, end)
