"""What stands between lines that recur in the documents of a site, whatever it is there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final

from cleaner.phrasing import ender
from cleaner.placing import FARTHEST, reach
from cleaner.recurring import CLEAR, FRAMES, LINES, Draft, Place, Shown, ShownLine

MARGIN: Final = 2
"""Lines that a stretch may be longer than any that was seen."""

_Ends = dict[str | None, tuple[int, int]]
"""Where a stretch may end, None for the document's end: how many lines it has then, and how many unknown characters."""


def stretches(pages: Sequence[Shown], literal: Collection[str], frames: Sequence[Draft]) -> Iterator[Draft]:
    r"""Yield rules for what follows a line that recurs, up to known ones, or the end: where that is cut wherever it stands.

    Args:
        pages: the documents.
        literal: the lines that recur, by their bare text.
        frames: what `cleaner.recurring.frames` says of the others.

    >>> from cleaner.pipeline import clean
    >>> from cleaner.recurring import recurring, shown
    >>> pages = [f"Body {word}.\n\nRelated\n{word.title()} bees\nWrite to us\n" for word in ("one", "two", "three")]
    >>> found = [shown(one) for one in clean(pages)]
    >>> [draft.fields for draft in stretches(found, recurring(found), [])]
    [{'phrases': ('Related',), 'within': 3, 'until': ('write to us',)}]
    """
    framed: dict[Place, str] = {}
    for draft in frames:
        for place in draft.covered:
            framed.setdefault(place, draft.wild)
    known = [
        [_known(line, literal, framed.get((number, at))) if line.kind else None for at, line in enumerate(page.lines)]
        for number, page in enumerate(pages)
    ]
    places: defaultdict[str, list[Place]] = defaultdict(list)
    starts: defaultdict[str, list[Place]] = defaultdict(list)
    for number, page in enumerate(pages):
        for at, line in enumerate(page.lines):
            if line.bare in literal:
                places[line.bare].append((number, at))
                if line.kind:
                    starts[line.bare].append((number, at))
    for start in sorted(starts):
        ways = [dict(_ends(pages[number].lines, known[number], at)) for number, at in starts[start]]
        for until, within in _borders([ends for ends in ways if ends]):
            yield from _stretch(pages, places[start], until, min(FARTHEST, within + MARGIN))


def _borders(ways: Sequence[_Ends]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield where stretches may end, by what is unknown before that, until hardly any is left; and the most lines before it.

    The document's end, (), is for itself; all other ends come together.
    """
    until: list[str] = []
    within, left = 0, list(ways)
    while left:
        sums: Counter[str | None] = Counter()
        for ends in left:
            sums.update({end: chars for end, (_, chars) in ends.items()})
        best = max(sums, key=lambda end: (sums[end], end or ""))
        taken, left = [ends for ends in left if best in ends], [ends for ends in left if best not in ends]
        if len(taken) < LINES:
            break
        size = max(ends[best][0] for ends in taken)
        if best is None:
            yield (), size
        else:
            until.append(best)
            within = max(within, size)
    if until:
        yield tuple(until), within


def _ends(
    lines: Sequence[ShownLine], known: Sequence[str | None], at: int
) -> Iterator[tuple[str | None, tuple[int, int]]]:
    """Yield where what follows the line at `at` may end."""
    chars = 0
    seen: set[str] = set()
    for place in range(at + 1, len(lines)):
        if not lines[place].kind or place - at > FARTHEST:
            return
        end = known[place]
        if end is None:
            chars += len(lines[place].text) if lines[place].bare else 0
        elif end not in seen:
            seen.add(end)
            if chars:
                yield end, (place - at - 1, chars)
    if chars:
        yield None, (len(lines) - at - 1, chars)


def _known(line: ShownLine, literal: Collection[str], framed: str | None) -> str | None:
    """Return what says of a line, in an `until`, where to stop, when it recurs or is framed."""
    if line.bare in literal:
        return line.bare if "*" not in line.bare else None
    return framed


def _stretch(pages: Sequence[Shown], starts: Sequence[Place], until: Sequence[str], within: int) -> Iterator[Draft]:
    """Yield the rule that cuts from a line to one of others, or to the end, when hardly anything of that was kept."""
    is_end = ender(until)
    covered: set[Place] = set()
    kept = 0
    for number, page_starts in groupby(starts, key=itemgetter(0)):
        lines = pages[number].lines
        ends = (lambda place, lines=lines: is_end(lines[place].folded)) if until else None
        for taken in reach([at for _, at in page_starts], len(lines), within, ends):
            for place in taken:
                if lines[place].kind:
                    covered.add((number, place))
                else:
                    kept += len(lines[place].text)
    cut = sum(len(pages[number].lines[place].text) for number, place in covered)
    if len({number for number, _ in covered}) >= FRAMES and cut >= CLEAR * (cut + kept):
        number, at = starts[0]
        first = pages[number].lines[at]
        fields = {"phrases": (first.text,), "within": within, **({"until": until} if until else {})}
        yield Draft(f"with up to {within} lines that follow", fields, lambda line: line.bare == first.bare, covered)
