r"""Running heads, running feet and page numbers: what recurs at the ends of one document's pages.

PDF extractors put a form feed between pages. Lines at the head of a page, or at its foot, that are the same on pages
close by, numbers apart, run through the document; and so does a number that counts the pages.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from cleaner.model import Block, RunningReason

BREAK = "\f"
"""What stands between pages."""

DEPTH = 3
"""Lines that a head or a foot may have. More that recur at one end of a page are a form's, or a table's."""

REACH, OTHERS = 4, 2
"""A line runs when it is on so many other pages among those at most `REACH` away: the heads of left and right pages take
turns, and change with the chapter. In a document of two pages one other is enough for a line that counts them."""

_NUMBER = re.compile(r"\d{1,9}")


def running(text: str, blocks: Sequence[Block]) -> dict[int, RunningReason]:
    r"""Return the blocks of `text` that run through its pages, and why: on how many pages they do.

    A page is never all head and foot: one that would be is left alone.

    >>> from cleaner.segment import segment
    >>> text = "\f".join(f"Of bees\n{line}.\n- {at} -\n" for at, line in enumerate(("They dance", "They hum", "They rest")))
    >>> {at: reason.pages for at, reason in sorted(running(text, segment(text)).items())}
    {0: 3, 2: 3, 3: 3, 5: 3, 6: 3, 8: 3}
    """
    if BREAK not in text:
        return {}
    pages = _pages(page_numbers(text, blocks))
    found: dict[int, RunningReason] = {}
    for side in (1, -1):
        found |= _at_one_end([page[::side] for page in pages], blocks)
    for page in pages:
        if not any(_lettered(blocks[place]) and place not in found for place in page):
            for place in page:
                found.pop(place, None)
    return found


def page_numbers(text: str, blocks: Sequence[Block]) -> list[int]:
    r"""Return the page that each block of `text` starts on, from 0.

    >>> from cleaner.segment import segment
    >>> page_numbers("One\n\fTwo\n\n\f\f\nFive", segment("One\n\fTwo\n\n\f\f\nFive"))
    [0, 1, 3]
    """
    numbers, number, at = [], 0, 0
    for block in blocks:
        start = block.stop - len(text[block.start : block.stop].lstrip())
        number += text.count(BREAK, at, start)
        numbers.append(number)
        at = start
    return numbers


def emptied(text: str, blocks: Sequence[Block], cut: Sequence[bool]) -> Iterable[int]:
    r"""Yield the blocks of pages that would be empty though pages before and after them are not.

    >>> from cleaner.segment import segment
    >>> text = "One.\n\fTwo.\n\fThree.\n"
    >>> list(emptied(text, segment(text), [False, True, False])), list(emptied(text, segment(text), [False, True, True]))
    ([1], [])
    """
    if BREAK not in text:
        return
    numbers = page_numbers(text, blocks)
    pages = [[place for place in page if _lettered(blocks[place])] for page in _pages(numbers)]
    full = [at for at, page in enumerate(pages) if not all(cut[place] for place in page)]
    for at in range(full[0], full[-1]) if full else ():
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
    named: defaultdict[str, set[int]] = defaultdict(set)
    counting: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    for number, page in enumerate(pages):
        for place in page[: DEPTH + 1]:
            folded = blocks[place].folded
            named[_masked(folded)].add(number)
            for offset in _offsets(folded, number):
                counting[_masked(folded), offset].add(number)
    found: dict[int, RunningReason] = {}
    for number, page in enumerate(pages):
        run: dict[int, RunningReason] = {}
        for place in page[: DEPTH + 1]:
            folded = blocks[place].folded
            same = named[_masked(folded)] if _lettered(blocks[place]) else set[int]()
            counted = [counting[_masked(folded), offset] for offset in _offsets(folded, number)]
            if not (
                _close(same, number, OTHERS)
                or any(_close(some, number, min(OTHERS, len(pages) - 1)) for some in counted)
            ):
                break
            run[place] = RunningReason(_masked(folded), max(map(len, (same, *counted))))
        if len(run) <= DEPTH:
            found |= run
    return found


def _masked(folded: str) -> str:
    return _NUMBER.sub("0", folded)


def _offsets(folded: str, number: int) -> set[int]:
    """Return how far each number in folded text is from the page's."""
    return {int(digits) - number for digits in _NUMBER.findall(folded)}


def _close(numbers: set[int], number: int, others: int) -> bool:
    """Whether enough of `numbers` are those of other pages close to this one."""
    return sum(at in numbers for at in range(number - REACH, number + REACH + 1)) > max(1, others)
