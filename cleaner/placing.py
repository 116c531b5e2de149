"""Where a rule speaks: on which sites, in which part of a document, and how far from the line that it hits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
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
"""Blocks, at most, that a rule cuts with the line it hits: that bounds what a wrong one takes."""

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


def reach(hits: Sequence[int], size: int, within: int, ends: Callable[[int], bool] | None = None) -> Iterator[range]:
    """Yield the blocks that a rule takes with those it hits: up to the next one that `ends` them, not included; to the text's end without `ends`.

    Of several hits before one end the first counts. Else the blocks between two of them would go at another look, when what
    comes after the second one has gone.

    Args:
        hits: places of blocks, sorted.
        size: how many blocks there are.
        within: at most so many may lie between, else nothing is taken.
        ends: whether the block at a place does.

    >>> [*reach([2], 5, 2)], [*reach([2], 5, 1)], [*reach([1, 4], 6, 2)], [*reach([1, 5], 9, 3, lambda place: place in (3, 7))]
    ([range(2, 5)], [], [], [range(1, 3), range(5, 7)])
    """
    free = 0  # no end lies between an earlier hit and what comes before this
    for at in hits:
        if at < free:
            continue
        free = size if ends is None else next((place for place in range(at + 1, size) if ends(place)), size + 1)
        if free - at - 1 <= within and free <= size:
            yield range(at, free)
