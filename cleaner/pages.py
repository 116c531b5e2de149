r"""Running heads, running feet and page numbers: what recurs at the ends of one document's pages.

PDF extractors put a form feed between pages. Lines at the head of a page, or at its foot, that are the same on several pages
in a row run through the document, and so do those that are but for a number that counts the pages.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from cleaner.model import Block, RunningReason

BREAK = "\f"
"""What stands between pages."""

DEPTH = 3
"""Lines that a head or a foot may have. More that recur at one end of a page are a form's, or a table's."""

CHAIN = 3
"""A line runs when so many pages in a row have it, or every other page: the heads of left and right pages take turns. In a
document of two pages a line that counts both is enough."""

NUMBERS, FIGURES = 2, 3
"""A line that counts the pages has one number, or two, of which one is always the same: "Page 3 of 12". It has no word, or
several: with one it may be a section's heading, "Question 7". A number of more figures alone may be a year."""

ENDS = (".", "!", "?", "。", "！", "？", "।", "۔")
"""What ends so is a sentence, and with a colon before its end it is the field of a form: either may be the same on many pages,
and be what they say."""

_NUMBER = re.compile(r"\d{1,9}")


def page_numbers(text: str, blocks: Sequence[Block]) -> list[int]:
    r"""Return the page that each block of `text` starts on, from 0.

    >>> from cleaner.segment import segment
    >>> page_numbers("One\n\fTwo\n\n\f\f\nFive", segment("One\n\fTwo\n\n\f\f\nFive"))
    [0, 1, 3]
    """
    if BREAK not in text:
        return [0] * len(blocks)
    numbers, number, at = [], 0, 0
    for block in blocks:
        start = block.stop - len(text[block.start : block.stop].lstrip())
        number += text.count(BREAK, at, start)
        numbers.append(number)
        at = start
    return numbers


def running(blocks: Sequence[Block], numbers: Sequence[int]) -> dict[int, RunningReason]:
    r"""Return the blocks that run through the pages of a document, and why: on how many pages they do.

    A page is never all head and foot: one that would be is left alone.

    Args:
        blocks: of the document.
        numbers: the page of each.

    >>> from cleaner.segment import segment
    >>> text = "\f".join(f"Of bees\n{line}.\n- {at} -\n" for at, line in enumerate(("They dance", "They hum", "They rest")))
    >>> found = running(segment(text), page_numbers(text, segment(text)))
    >>> {at: reason.pages for at, reason in sorted(found.items())}
    {0: 3, 2: 3, 3: 3, 5: 3, 6: 3, 8: 3}
    """
    pages = _pages(numbers)
    found: dict[int, RunningReason] = {}
    for side in (1, -1):
        found |= _at_one_end([page[::side] for page in pages], blocks)
    for page in pages:
        if not any(_lettered(blocks[place]) and place not in found for place in page):
            for place in page:
                found.pop(place, None)
    return found


def emptied(blocks: Sequence[Block], numbers: Sequence[int], cut: Sequence[bool]) -> Iterator[int]:
    r"""Yield the blocks of pages that would have no letter left though pages before and after them do.

    Args:
        blocks: of the document.
        numbers: the page of each.
        cut: whether each would be cut.

    >>> from cleaner.segment import segment
    >>> blocks = segment("One.\n\fTwo.\n\fThree.\n")
    >>> list(emptied(blocks, [0, 1, 2], [False, True, False])), list(emptied(blocks, [0, 1, 2], [False, True, True]))
    ([1], [])
    """
    if not numbers or not numbers[-1]:  # most documents are one page
        return
    pages = _pages(numbers)
    full = {at for at, page in enumerate(pages) if any(_lettered(blocks[place]) and not cut[place] for place in page)}
    for at in range(min(full), max(full)) if full else ():
        if at not in full:
            yield from pages[at]


def _pages(numbers: Sequence[int]) -> list[list[int]]:
    """Return the blocks of each page; blank pages, too, are pages."""
    pages: list[list[int]] = [[] for _ in range(max(numbers, default=-1) + 1)]
    for place, number in enumerate(numbers):
        pages[number].append(place)
    return pages


def _lettered(block: Block) -> bool:
    return any(map(str.isalpha, block.folded))


def _at_one_end(pages: Sequence[Sequence[int]], blocks: Sequence[Block]) -> dict[int, RunningReason]:
    """Return what runs at the end of the pages that their blocks are given from."""
    lines = [[blocks[place].folded for place in page[: DEPTH + 1]] for page in pages]
    holders: defaultdict[tuple[str, int | None], set[int]] = defaultdict(set)
    for number, page in enumerate(lines):
        for folded in page:
            for name in _names(folded, number):
                holders[name].add(number)
    found: dict[int, RunningReason] = {}
    for number, page in enumerate(lines):
        run: dict[int, RunningReason] = {}
        for place, folded in zip(pages[number], page, strict=False):
            names = [name for name in _names(folded, number) if _chained(holders[name], number, name, len(pages))]
            if not names or folded.startswith("#"):
                break
            run[place] = RunningReason(_masked(folded), max(len(holders[name]) for name in names))
        if len(run) <= DEPTH:
            found |= run
    return found


def _names(folded: str, number: int) -> Iterator[tuple[str, int | None]]:
    """Yield what a line is the same by on other pages: its words; its words but for a number that counts the pages."""
    if any(map(str.isalpha, folded)) and ":" not in folded[:-1] and not folded.endswith(ENDS):
        yield folded, None
    digits = list(_NUMBER.finditer(folded))
    words = sum(map(str.isalpha, _NUMBER.sub(" ", folded).split()))
    if len(digits) > NUMBERS or words == 1 or (words == 0 and any(len(found[0]) > FIGURES for found in digits)):
        return
    for found in digits:
        yield f"{folded[: found.start()]}0{folded[found.end() :]}", int(found[0]) - number


def _chained(holders: set[int], number: int, name: tuple[str, int | None], count: int) -> bool:
    """Whether enough of the pages around one have the same line."""
    if count == CHAIN - 1 and name[1] is not None:
        return len(holders) == count
    return any(
        all(first + step * at in holders for at in range(CHAIN))
        for step in (1, 2)
        for first in range(number - step * (CHAIN - 1), number + 1, step)
    )


def _masked(folded: str) -> str:
    return _NUMBER.sub("0", folded)
