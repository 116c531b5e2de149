"""What recurs in the documents of a site, and was cut there: lines word for word, and lines whose start or end recurs."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from cleaner.model import Cleaned
from cleaner.phrasing import SEARCH_CHARS, bare, is_spoken
from cleaner.placing import Where, stands
from cleaner.segment import covering, fold, segment

_Key = TypeVar("_Key", bound=Hashable)

LINES: Final = 2
"""Documents that a line must be cut from, word for word, at the least."""

FRAMES: Final = 3
"""Documents that lines of one frame, or stretches after one line, must be cut from."""

CLEAR: Final = 0.75
"""Least share, of the documents that something stands in, of those that it was cut from. Where it was kept it may still be boilerplate that the
index had too little to tell by; whoever reviews the rule decides. `tests.benchmarks.frozen` says what becomes of it."""

WORDS: Final = 5
"""Words at the start or the end of a line, at most, that make a frame."""

ALIKE: Final = 0.8
"""Least share of documents that neighbouring lines have in common when they are of one passage."""

_DIGITS = re.compile(r"[0-9]+")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A block of a document, and whether it was cut."""

    text: str
    """As it stands in the document, with single spaces."""
    folded: str
    bare: str
    """As phrases are compared; "" when it has no letter or digit."""
    kind: str
    """That of the span that it was cut with; "" when it was kept."""
    where: Where


@dataclass(frozen=True, slots=True)
class Shown:
    """A cleaned document, as far as rules are proposed from it."""

    id: str
    group: str
    lines: tuple[ShownLine, ...]


Place = tuple[int, int]
"""Numbers of a document and of a line in it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule in the making."""

    what: str
    """In words, for its `why`."""
    fields: Mapping[str, Any]
    """Of the rule: what it looks for."""
    hits: Callable[[ShownLine], bool]
    """Whether it looks for this line."""
    covered: Collection[Place]
    """What it cuts."""
    wild: str = ""
    """A line that it looks for, with `*` for what changes, when something does."""


def shown(cleaned: Cleaned) -> Shown:
    r"""Return the lines of a cleaned document. A line that was cut in part counts as kept.

    >>> from cleaner.pipeline import Cleaner
    >>> from cleaner.model import Document
    >>> found = shown(Cleaner().clean(Document("a", "The body.\n\nYou may also like\n\nAnother story\n")))
    >>> [(line.text, line.kind) for line in found.lines]
    [('The body.', ''), ('You may also like', 'trailer'), ('Another story', 'trailer')]
    """
    document = cleaned.document
    blocks = segment(document.text)
    lines = []
    for at, (block, span) in enumerate(zip(blocks, covering(cleaned.spans, blocks), strict=True)):
        head, tail = (stands(where, document, blocks, at) for where in ("head", "tail"))
        place: Where = "anywhere" if head == tail else "head" if head else "tail"
        text = " ".join(document.text[block.start : block.stop].split())
        kind = span.kind if span and not fold(document.text[block.start : span.start]) else ""
        lines.append(ShownLine(text, block.folded, bare(block.folded), kind, place))
    return Shown(document.id, document.group, tuple(lines))


def recurring(pages: Sequence[Shown]) -> dict[str, set[int]]:
    r"""Return the lines that recur, and are cut where they stand, by their bare text: the numbers of the documents that they are cut from.

    >>> from cleaner.pipeline import clean
    >>> found = [shown(one) for one in clean(["Body.\n\nYou may also like\nBees\n", "Text.\n\nYou may also like\nAnts\n"])]
    >>> recurring(found)
    {'you may also like': {0, 1}}
    """
    cut, kept = _held(pages, lambda line: [line.bare] if _is_plain(line) else [])
    return {text: held for text, held in cut.items() if is_clear(held, kept.get(text, ()), LINES)}


def _is_plain(line: ShownLine) -> bool:
    """Whether a line can be a phrase."""
    return bool(line.bare) and len(line.folded) <= SEARCH_CHARS and not is_spoken(line.folded)


def _held(
    pages: Sequence[Shown], keys: Callable[[ShownLine], Iterable[_Key]]
) -> tuple[dict[_Key, set[int]], dict[_Key, set[int]]]:
    """Return in which documents each key stands, in a line that was cut, and in one that was kept."""
    cut: defaultdict[_Key, set[int]] = defaultdict(set)
    kept: defaultdict[_Key, set[int]] = defaultdict(set)
    for number, page in enumerate(pages):
        for line in page.lines:
            for key in keys(line):
                (cut if line.kind else kept)[key].add(number)
    return cut, kept


def is_clear(cut: Collection[int], kept: Collection[int], least: int) -> bool:
    """Whether what stands in some documents is cut there: from `least` of them, and hardly kept in others.

    >>> is_clear({1, 2, 3}, {4}, LINES), is_clear({1, 2, 3}, {3, 4}, LINES)
    (True, False)
    """
    return len(cut) >= max(least, CLEAR * (len(cut) + len(kept)))


def passages(pages: Sequence[Shown], literal: Mapping[str, set[int]]) -> Iterator[Draft]:
    r"""Yield a rule for the lines of each passage: neighbours that stand in the same documents. Passages of few documents are one rule.

    Args:
        pages: the documents.
        literal: what `recurring` says of them.

    >>> from cleaner.pipeline import clean
    >>> found = [shown(one) for one in clean([f"Body {word}.\n\nRelated\nBees\nAnts\n" for word in ("one", "two")])]
    >>> [draft.fields for draft in passages(found, recurring(found))]
    [{'phrases': ('Related', 'Bees', 'Ants')}]
    """
    first: dict[str, str] = {}  # of each line, that which its passage starts with
    lines: dict[str, dict[str, str]] = {}
    for page in pages:
        last = None
        for line in page.lines:
            if line.bare not in literal or not line.kind:
                last = None if line.bare else last
                continue
            if line.bare not in first:
                alike = last is not None and _share(literal[last], literal[line.bare]) >= ALIKE
                first[line.bare] = first[last] if alike and last is not None else line.bare
                lines.setdefault(first[line.bare], {})[line.bare] = line.text
            last = line.bare
    places: defaultdict[str, list[Place]] = defaultdict(list)
    for place, line in _cut(pages):
        places[line.bare].append(place)
    seldom: dict[str, str] = {}
    for passage in lines.values():
        if len(set().union(*(literal[text] for text in passage))) * 2 < len(pages):
            seldom |= passage
        else:
            yield _draft("word for word", passage, places)
    if seldom:
        yield _draft("each line in some, word for word", seldom, places)


def _draft(what: str, lines: Mapping[str, str], places: Mapping[str, Sequence[Place]]) -> Draft:
    """Return the rule that cuts lines, given by their bare text, as are the places of those that were cut."""

    def hits(line: ShownLine) -> bool:
        return line.bare in lines

    return Draft(what, {"phrases": tuple(lines.values())}, hits, [place for text in lines for place in places[text]])


def _cut(pages: Sequence[Shown]) -> Iterator[tuple[Place, ShownLine]]:
    """Yield the lines that were cut, and where they are."""
    for number, page in enumerate(pages):
        for place, line in enumerate(page.lines):
            if line.kind:
                yield (number, place), line


def _share(one: Collection[int], other: Collection[int]) -> float:
    both = len({*one, *other})
    return (len(one) + len(other) - both) / both


_Frame = tuple[str, str]
"""`start`, `end` or `whole`, and the words, with digits as 0."""


def frames(pages: Sequence[Shown], literal: Mapping[str, set[int]]) -> list[Draft]:
    r"""Return a rule for each start, end or whole with other numbers that lines have in common.

    Args:
        pages: the documents.
        literal: what `recurring` says of them: lines that need no frame.

    >>> from cleaner.pipeline import clean
    >>> pages = [f"Body {word}.\n\nRelated\nBy {word} {word} of Bees\nAnts\n" for word in ("one", "two", "three")]
    >>> found = [shown(one) for one in clean(pages)]
    >>> [(draft.wild, draft.fields["pattern"]) for draft in frames(found, recurring(found))]
    [('* of bees', '^.{1,30} of bees$')]
    """
    unknown: defaultdict[_Frame, set[tuple[int, ShownLine]]] = defaultdict(set)
    for number, page in enumerate(pages):
        for line in page.lines:
            if line.kind and line.bare and line.bare not in literal:
                for frame in _framed(line):
                    unknown[frame].add((number, line))
    able = {frame for frame, lines in unknown.items() if len({number for number, _ in lines}) >= FRAMES}
    cut, kept = _held(pages, lambda line: able.intersection(_framed(line)) if line.bare else ())
    clear = {frame for frame in able if is_clear(cut[frame], kept.get(frame, ()), FRAMES)}
    stood: defaultdict[_Frame, list[tuple[Place, ShownLine]]] = defaultdict(list)
    for place, line in _cut(pages):
        for frame in clear.intersection(_framed(line)):
            stood[frame].append((place, line))
    drafts: list[Draft] = []
    done: set[tuple[int, ShownLine]] = set()
    for frame in sorted(clear, key=lambda one: (-len(unknown[one]), -len(one[1]), one)):
        lines = unknown[frame] - done
        if len({number for number, _ in lines}) < FRAMES or len({line.folded for _, line in lines}) < LINES:
            continue
        done |= lines
        pattern = _pattern(frame, max(len(line.folded) for _, line in lines) - len(frame[1]))
        hits = partial(_is_found, re.compile(pattern))
        fields = {"pattern": pattern, "keywords": (max(_WORD.findall(frame[1]), key=lambda word: (len(word), word)),)}
        wild = frame[1].replace("0", "*")
        wild = {"whole": wild, "start": f"{wild} *", "end": f"* {wild}"}[frame[0]]
        covered = [place for place, line in stood[frame] if hits(line)]
        drafts.append(Draft("with a rest that changes", fields, hits, covered, wild))
    return drafts


def _is_found(pattern: re.Pattern[str], line: ShownLine) -> bool:
    return pattern.search(line.folded) is not None


def _framed(line: ShownLine) -> Iterator[_Frame]:
    """Yield what of a line may be fixed: words of it that hold one that a rule can look for."""
    masked = _DIGITS.sub("0", line.folded)
    words = masked.split(" ")
    found = [("whole", masked)] if "0" in masked else []
    for number in range(1, min(WORDS + 1, len(words))):
        found += [("start", " ".join(words[:number])), ("end", " ".join(words[-number:]))]
    for side, fixed in found:
        if "*" not in fixed and any(len(word) > (2 if word.isascii() else 1) for word in _WORD.findall(fixed)):
            yield side, fixed


def _pattern(frame: _Frame, rest: int) -> str:
    """Return the pattern of a frame, for a rest of up to twice the longest that was seen."""
    side, fixed = frame
    literal = re.escape(fixed).replace("\\ ", " ").replace("0", "[0-9]+")
    open_ = f".{{1,{min(SEARCH_CHARS // 2, max(20, 2 * rest))}}}"
    return f"^{literal}$" if side == "whole" else f"^{literal} {open_}$" if side == "start" else f"^{open_} {literal}$"
