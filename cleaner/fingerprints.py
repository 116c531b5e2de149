"""Fingerprints of blocks: what makes two of them the same line, the same frame, the same shape.

All are of the folded text but the shape, which is of how the line looks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from xxhash import xxh3_64_intdigest, xxh32_intdigest

from cleaner.model import Block
from cleaner.segment import fold, indent

if TYPE_CHECKING:
    from numpy.typing import NDArray

AFFIX = 5
"""Characters of a labelled line's label: "Next: ...", "... (12)"."""

CELLED = 500
"""A longer line is not looked at for cells."""

_CELL = re.compile(r"\s{2,}|\t|\s*[|»›→·•]\s*|\s+[>/–—-]\s+")
"""What stands between the cells of a line."""

_DIGIT = re.compile(r"\d")

NO_KEY = 0
"""The key of a block without a letter: rules, numbers and bullets have no frequency."""


def key(folded: str) -> int:
    """Return the 64-bit fingerprint of folded text, `NO_KEY` when it holds no letter.

    >>> key("read more") == key("read more") != key("read less")
    True
    >>> key("* * *")
    0
    """
    if not any(map(str.isalpha, folded)):
        return NO_KEY
    return xxh3_64_intdigest(folded.encode()) or 1


def keys_of(blocks: Sequence[Block]) -> NDArray[np.uint64]:
    """Return the fingerprint of each block."""
    return np.fromiter((key(block.folded) for block in blocks), dtype=np.uint64, count=len(blocks))


def masks_of(blocks: Sequence[Block]) -> NDArray[np.uint64]:
    """Return the fingerprint of each block with every digit as 0; never 0 itself.

    >>> one, other = masks_of([Block(0, 6, 6, "page 1"), Block(6, 12, 12, "page 7")])
    >>> bool(one == other)
    True
    """
    masked = (_DIGIT.sub("0", block.folded) for block in blocks)
    return np.fromiter((xxh3_64_intdigest(text.encode()) or 1 for text in masked), dtype=np.uint64, count=len(blocks))


def affixes_of(blocks: Sequence[Block]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return the fingerprints of how each block starts, and of how it ends."""
    heads = (xxh32_intdigest(block.folded[:AFFIX].encode()) for block in blocks)
    tails = (xxh32_intdigest(block.folded[-AFFIX:].encode()) for block in blocks)
    count = len(blocks)
    return np.fromiter(heads, dtype=np.uint32, count=count), np.fromiter(tails, dtype=np.uint32, count=count)


def cells_of(text: str, blocks: Sequence[Block]) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    r"""Return the keys of the cells of `blocks` that have several, in order, and how many each block has, else 0.

    >>> from cleaner.segment import segment
    >>> text = "Home » News » Bridges\nA line."
    >>> keys, counts = cells_of(text, segment(text))
    >>> counts.tolist(), bool(keys[0] == key("home"))
    ([3, 0], True)
    """
    keys: list[int] = []
    counts = []
    for block in blocks:
        parts = _CELL.split(text[block.start : block.stop].strip()) if len(block.folded) <= CELLED else []
        cells = [number for part in parts if (number := key(fold(part)))] if len(parts) > 1 else []
        keys.extend(cells if len(cells) > 1 else [])
        counts.append(len(cells) if len(cells) > 1 else 0)
    return np.array(keys, dtype=np.uint64), np.array(counts, dtype=np.uint32)


def shapes_of(text: str, blocks: Sequence[Block]) -> NDArray[np.uint32]:
    r"""Return the fingerprint of how each block looks.

    That is how deep it is indented, which kind of character it starts and ends with, whether it is made of cells, and
    how wide it is, by doublings.

    >>> from cleaner.segment import segment
    >>> text = "  * Home\n  * News\n  A line."
    >>> one, two, three = shapes_of(text, segment(text))
    >>> bool(one == two), bool(one == three)
    (True, False)
    """
    return np.fromiter(
        (xxh32_intdigest(_shape(text, block).encode("utf-8", "surrogatepass")) for block in blocks),
        dtype=np.uint32,
        count=len(blocks),
    )


def _shape(text: str, block: Block) -> str:
    content = text[block.start : block.stop].lstrip()
    ends = [_category(character) for character in (content[:1], content[-1:])]
    cells = bool(_CELL.search(content[:CELLED]))
    return f"{indent(text, block).bit_length()} {ends} {cells} {len(content).bit_length()}"


def _category(character: str) -> str:
    """Return the kind of a character: a digit, a capital, another letter, or the mark itself."""
    if character.isdigit():
        return "0"
    if character.isalpha():
        return "A" if character.isupper() else "a"
    return character
