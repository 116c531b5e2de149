"""The title that a document gives itself: the first line of its body, though it stands amid its header.

Menus, dates and share bars stand around it, and other pages hold it as a link or not at all; so it looks like one more item of
theirs. What tells it apart: no other document holds it in this place, or one framed alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from cleaner.observed import TITLE, Observed
from cleaner.segment import is_bulleted

LEAST = 8
"""Width below which a line is a label."""

LINKED = 0.25
"""Share of its group's other documents that hold a title, at most: as a link to it. What more of them hold is the site's."""

_NUMBER = re.compile(r"\d+[.)]\s")


def own_title(seen: Observed, cut: Sequence[bool]) -> list[int]:
    r"""Return which block to keep of the header that is to be cut: its widest line that may be a title; none if none may.

    Args:
        seen: the document.
        cut: whether each of its blocks is to be cut.

    >>> from cleaner.repetition import none
    >>> from cleaner.segment import segment
    >>> text = "The Daily Bee\nHome\nWhy bridges hum\nThey hum, as the wind plays them like a harp.\n"
    >>> own_title(Observed(text, segment(text), [], none(segment(text))), [True, True, True, False])
    [2]
    """
    if seen.layout is not None:  # a page names its title besides
        return []
    body = np.flatnonzero(seen.lettered & ~np.array(cut, dtype=np.bool_))
    end = int(body[0]) if len(body) else 0
    if seen.closed[:end].any():  # what comes after a sentence is no title
        end = int(np.argmax(seen.closed))
    if not end:
        return []
    known = seen.repetition
    unseen = (known.shared == 0) & (known.masked == 0) & (known.framed == 0)
    placed = (known.before > 0) | (known.after > 0) | (known.fixed > 0)
    alike = (known.masked > known.group) | (known.framed > known.group)
    linked = (known.group <= LINKED * known.size) & ~placed & ~alike
    may = (unseen | linked) & seen.lettered & ~(seen.ruled | seen.settled | seen.parts | seen.code) & (known.cells == 0)
    may &= ~seen.formed("ellipsis")
    may &= (seen.widths >= LEAST) & (seen.widths <= TITLE)
    places = [at for at in np.flatnonzero(may[:end]).tolist() if cut[at] and _is_worded(seen.blocks[at].folded)]
    return sorted(places, key=lambda at: -float(seen.widths[at]))[:1]


def _is_worded(folded: str) -> bool:
    """Whether folded text is neither an item of a list or of a table of contents nor an address."""
    return not (is_bulleted(folded) or _NUMBER.match(folded) or "://" in folded)
