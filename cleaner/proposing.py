"""Rules for a site, proposed from what was cut of its documents with an index: frozen, they need none.

Three kinds, the plainest first: *lines* that recur word for word, those of one passage together; *frames*, the fixed start or
end of lines whose rest changes; and *stretches*, whatever stands between two such lines, or from one to the end.
"""

from __future__ import annotations

import glob
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import heapify, heappop, heappush, heapreplace, nsmallest
from operator import attrgetter
from typing import Any, TypeVar

import xxhash

from cleaner.matching import SEARCH_CHARS, Rule, bare, ender, is_spoken
from cleaner.model import Cleaned
from cleaner.placing import FARTHEST, Where, reach, stands
from cleaner.segment import segment

_Key = TypeVar("_Key", bound=Hashable)

PAGES = 400
"""Documents of a group that are looked at: those whose ids have the smallest digests, so that their order does not matter."""

LINES, FRAMES = 2, 3
"""Documents that a line must be cut from, word for word; and lines of one frame, or stretches after the same line."""

CLEAR = 0.75
"""Least share, of the documents that something stands in, of those that it was cut from."""

MARGIN = 2
"""Lines that a stretch may be longer than any that was seen."""

WORDS = 5
"""Words at the start or the end of a line, at most, that make a frame."""

ALIKE = 0.8
"""Least share of documents that neighbouring lines have in common when they are of one passage."""

EXAMPLES, SHOWN = 3, 300
"""Lines that a rule shows of what it hits, and of what it spares, at most; and characters of each."""

_DIGITS = re.compile(r"[0-9]+")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Line:
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
    lines: tuple[Line, ...]


_Place = tuple[int, int]
"""Numbers of a document and of a line in it."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """A rule in the making."""

    what: str
    """It says this of what it cuts."""
    fields: Mapping[str, Any]
    hits: Callable[[Line], bool]
    covered: Collection[_Place]
    """What it cuts."""


def shown(cleaned: Cleaned) -> Shown:
    r"""Return the lines of a cleaned document.

    >>> from cleaner.pipeline import Cleaner
    >>> from cleaner.model import Document
    >>> found = shown(Cleaner().clean(Document("a", "The body.\n\nYou may also like\n\nAnother story\n")))
    >>> [(line.text, line.kind) for line in found.lines]
    [('The body.', ''), ('You may also like', 'trailer'), ('Another story', 'trailer')]
    """
    document, spans = cleaned.document, cleaned.spans
    blocks = segment(document.text)
    lines = []
    for at, block in enumerate(blocks):
        kind = next((span.kind for span in spans if span.start < block.stop <= span.end), "")
        head, tail = (stands(where, document, blocks, at) for where in ("head", "tail"))
        place: Where = "anywhere" if head == tail else "head" if head else "tail"
        text = " ".join(document.text[block.start : block.stop].split())
        lines.append(Line(text, block.folded, bare(block.folded), kind, place))
    return Shown(document.id, document.group, tuple(lines))


def propose(pack: str, documents: Iterable[Shown]) -> tuple[Rule, ...]:
    r"""Return rules that cut what was cut of documents, as far as their lines tell it: group by group, what cuts most first.

    Args:
        pack: name of the pack that they are for.
        documents: in any order.

    >>> from cleaner.pipeline import clean
    >>> page = "Body {}, of its own.\n\nMore from the harbour\nTide tables\nBerths and moorings\n"
    >>> found = [shown(one) for one in clean([page.format(word) for word in ("one", "two", "three", "four")])]
    >>> [(rule.id, rule.phrases) for rule in propose("site", found)]
    [('trailer-1', ('More from the harbour', 'Tide tables', 'Berths and moorings'))]
    """
    rules: list[Rule] = []
    for pages in _groups(documents):
        literal = _literal(pages)
        frames = _frames(pages, literal)
        drafts = _needed(pages, [*_passages(pages, literal)], [*frames.values(), *_stretches(pages, literal, frames)])
        kept = {
            line for page in pages for line in page.lines if line.bare and not line.kind and len(line.text) <= SHOWN
        }
        body = [(line, frozenset(line.text.casefold().split())) for line in sorted(kept, key=_shortest)]
        made = (_rule(draft, pages, body, pack, len(rules) + at) for at, draft in enumerate(drafts, 1))
        rules += [rule for rule in made if rule.spare]
    return tuple(rules)


def _needed(pages: Sequence[Shown], plain: Sequence[_Draft], others: Sequence[_Draft]) -> list[_Draft]:
    """Return the plain drafts and, of the others, those that cut what none before does, by the characters that they cut."""

    def chars(places: Iterable[_Place]) -> int:
        return sum(len(pages[number].lines[place].text) for number, place in places)

    taken = list(plain)
    done = {place for draft in plain for place in draft.covered}
    waiting = [(-chars(draft.covered), at) for at, draft in enumerate(others)]
    heapify(waiting)
    while waiting:
        _, at = heappop(waiting)
        fresh = {place for place in others[at].covered if place not in done}
        if len({number for number, _ in fresh}) < LINES:
            continue
        best = (-chars(fresh), at)
        if waiting and best > waiting[0]:  # others were taken since it was measured
            heappush(waiting, best)
        else:
            taken.append(others[at])
            done |= fresh
    return sorted(taken, key=lambda draft: -chars(draft.covered))


def _groups(documents: Iterable[Shown]) -> Iterator[list[Shown]]:
    """Yield the documents to look at, group by group; groups of fewer than `LINES` have nothing that recurs."""
    chosen: defaultdict[str, list[tuple[int, str, Shown]]] = defaultdict(list)
    for one in documents:
        heap, entry = chosen[one.group], (-xxhash.xxh3_64_intdigest(one.id.encode()), one.id, one)
        if len(heap) < PAGES:
            heappush(heap, entry)
        elif entry[:2] > heap[0][:2]:
            heapreplace(heap, entry)
    for group in sorted(chosen):
        yield sorted((one for *_, one in chosen[group]), key=attrgetter("id"))


def _literal(pages: Sequence[Shown]) -> dict[str, set[int]]:
    """Return the lines that recur, and are cut where they stand, by their bare text: the numbers of the documents."""
    cut, kept = _held(pages, lambda line: [line.bare] if _is_plain(line) else [])
    return {text: held for text, held in cut.items() if _is_clear(held, kept.get(text, ()), LINES)}


def _is_plain(line: Line) -> bool:
    """Whether a line can be a phrase."""
    return bool(line.bare) and len(line.folded) <= SEARCH_CHARS and not is_spoken(line.folded)


def _held(
    pages: Sequence[Shown], keys: Callable[[Line], Iterable[_Key]]
) -> tuple[dict[_Key, set[int]], dict[_Key, set[int]]]:
    """Return in which documents each key stands, in a line that was cut, and in one that was kept."""
    cut: defaultdict[_Key, set[int]] = defaultdict(set)
    kept: defaultdict[_Key, set[int]] = defaultdict(set)
    for number, page in enumerate(pages):
        for line in page.lines:
            for key in keys(line):
                (cut if line.kind else kept)[key].add(number)
    return cut, kept


def _is_clear(cut: Collection[int], kept: Collection[int], least: int) -> bool:
    return len(cut) >= max(least, CLEAR * (len(cut) + len(kept)))


def _passages(pages: Sequence[Shown], literal: Mapping[str, set[int]]) -> Iterator[_Draft]:
    """Yield a rule for the lines of each passage: neighbours that stand in the same documents."""
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
    seldom: dict[str, str] = {}
    for passage in lines.values():
        if len(set().union(*(literal[text] for text in passage))) * 2 < len(pages):
            seldom |= passage
        else:
            yield _draft(pages, "word for word", passage)
    if seldom:
        yield _draft(pages, "each line in some, word for word", seldom)


def _draft(pages: Sequence[Shown], what: str, lines: Mapping[str, str]) -> _Draft:
    """Return the rule that cuts lines, by their bare text."""
    return _Draft(
        what,
        {"phrases": tuple(lines.values())},
        lambda line: line.bare in lines,
        _places(pages, lambda line: line.bare in lines),
    )


def _places(pages: Sequence[Shown], hits: Callable[[Line], bool]) -> list[_Place]:
    """Return where lines are that were cut, and hit."""
    return [
        (number, place)
        for number, page in enumerate(pages)
        for place, line in enumerate(page.lines)
        if line.kind and hits(line)
    ]


def _share(one: Collection[int], other: Collection[int]) -> float:
    both = len({*one, *other})
    return (len(one) + len(other) - both) / both


_Frame = tuple[str, str]
"""`start`, `end` or `whole`, and the words, with digits as 0."""


def _frames(pages: Sequence[Shown], literal: Mapping[str, set[int]]) -> dict[str, _Draft]:
    """Return a rule for each start, end or number-less whole that lines have in common which nothing else covers.

    By the line with `*` for what changes.
    """
    unknown: defaultdict[_Frame, set[tuple[int, Line]]] = defaultdict(set)
    for number, page in enumerate(pages):
        for line in page.lines:
            if line.kind and line.bare and line.bare not in literal:
                for frame in _framed(line):
                    unknown[frame].add((number, line))
    able = {frame for frame, lines in unknown.items() if len({number for number, _ in lines}) >= FRAMES}
    cut, kept = _held(pages, lambda line: able.intersection(_framed(line)) if line.bare else ())
    clear = [frame for frame in able if _is_clear(cut[frame], kept.get(frame, ()), FRAMES)]
    drafts: dict[str, _Draft] = {}
    done: set[tuple[int, Line]] = set()
    for frame in sorted(clear, key=lambda one: (-len(unknown[one]), -len(one[1]), one)):
        lines = unknown[frame] - done
        if len({number for number, _ in lines}) < FRAMES or len({line.folded for _, line in lines}) < LINES:
            continue
        done |= lines
        pattern = _pattern(frame, max(len(line.folded) for _, line in lines) - len(frame[1]))
        compiled = re.compile(pattern)
        fields = {"pattern": pattern, "keywords": (max(_WORD.findall(frame[1]), key=lambda word: (len(word), word)),)}
        wild = frame[1].replace("0", "*")
        wild = {"whole": wild, "start": f"{wild} *", "end": f"* {wild}"}[frame[0]]
        drafts[wild] = _Draft(
            "with a rest that changes",
            fields,
            partial(_is_found, compiled),
            _places(pages, partial(_is_found, compiled)),
        )
    return drafts


def _is_found(pattern: re.Pattern[str], line: Line) -> bool:
    return pattern.search(line.folded) is not None


def _framed(line: Line) -> Iterator[_Frame]:
    """Yield what of a line may be fixed: words of it that hold one that a rule can look for."""
    masked = _DIGITS.sub("0", line.folded)
    words = masked.split(" ")
    found = [("whole", masked)] if masked != line.folded else []
    for number in range(1, min(WORDS + 1, len(words))):
        found += [("start", " ".join(words[:number])), ("end", " ".join(words[-number:]))]
    for side, fixed in found:
        if any(len(word) > (2 if word.isascii() else 1) for word in _WORD.findall(fixed)):
            yield side, fixed


def _pattern(frame: _Frame, rest: int) -> str:
    """Return the pattern of a frame, for a rest of up to twice the longest that was seen."""
    side, fixed = frame
    literal = re.escape(fixed).replace("\\ ", " ").replace("0", "[0-9]+")
    open_ = f".{{1,{min(SEARCH_CHARS // 2, max(20, 2 * rest))}}}"
    return f"^{literal}$" if side == "whole" else f"^{literal} {open_}$" if side == "start" else f"^{open_} {literal}$"


_Ends = dict[str | None, tuple[int, int]]
"""Where a stretch may end, None for the document's end: how many lines it has then, and how many unknown characters."""


def _stretches(pages: Sequence[Shown], literal: Collection[str], frames: Mapping[str, _Draft]) -> Iterator[_Draft]:
    """Yield rules for what follows a line that recurs, up to known ones, or the end: where that is cut wherever it stands."""
    ways: defaultdict[str, list[_Ends]] = defaultdict(list)
    places: defaultdict[str, list[_Place]] = defaultdict(list)
    for number, page in enumerate(pages):
        known = [_known(line, literal, frames) if line.kind else None for line in page.lines]
        for at, line in enumerate(page.lines):
            if line.bare in literal:
                places[line.bare].append((number, at))
            if line.kind and line.bare in literal:
                ways[line.bare].append(dict(_ends(page.lines, known, at)))
    for start in sorted(ways):
        for until, within in _borders([ends for ends in ways[start] if ends]):
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
        best = max(sums, key=lambda end: (sums[end], end is not None, end or ""))
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


def _ends(lines: Sequence[Line], known: Sequence[str | None], at: int) -> Iterator[tuple[str | None, tuple[int, int]]]:
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


def _known(line: Line, literal: Collection[str], frames: Mapping[str, _Draft]) -> str | None:
    """Return what says of a line, in an `until`, where to stop, when it recurs or is framed."""
    if line.bare in literal:
        return line.bare
    return next((wild for wild, draft in frames.items() if draft.hits(line)), None)


def _stretch(pages: Sequence[Shown], starts: Sequence[_Place], until: Sequence[str], within: int) -> Iterator[_Draft]:
    """Yield the rule that cuts from a line to one of others, or to the end, when hardly anything of that was kept."""
    is_end = ender(until)
    covered: set[_Place] = set()
    kept = 0
    for number, at in starts:
        lines = pages[number].lines
        ends = (lambda place, lines=lines: is_end(lines[place].folded)) if until else None
        for place in reach(at, len(lines), within, ends):
            if lines[place].kind:
                covered.add((number, place))
            else:
                kept += len(lines[place].text)
    cut = sum(len(pages[number].lines[place].text) for number, place in covered)
    if len({number for number, _ in covered}) >= FRAMES and cut >= CLEAR * (cut + kept):
        number, at = starts[0]
        first = pages[number].lines[at]
        fields = {"phrases": (first.text,), "within": within, **({"until": until} if until else {})}
        yield _Draft("with what follows", fields, lambda line: line.bare == first.bare, covered)


def _shortest(line: Line) -> tuple[int, str]:
    return len(line.text), line.text


def _rule(
    draft: _Draft, pages: Sequence[Shown], body: Sequence[tuple[Line, frozenset[str]]], pack: str, number: int
) -> Rule:
    """Return a draft as a rule, with examples; it spares the kept lines, given with their words, that are most like what it hits."""
    lines = [pages[number].lines[place] for number, place in sorted(draft.covered)]
    hit = list(dict.fromkeys(line.text for line in lines if draft.hits(line)))
    examples = [text for text in hit if len(text) <= SHOWN][:EXAMPLES] or hit[:1]
    words = {word for text in hit for word in text.casefold().split()}
    near = ((-len(words & held), *_shortest(line)) for line, held in body if not draft.hits(line))
    [(kind, _)] = Counter(line.kind for line in lines).most_common(1)
    places = {line.where for line in lines if draft.hits(line)}
    group, held = pages[0].group, len({number for number, _ in draft.covered})
    of = f" of {group}" if group else ""
    return Rule(
        pack=pack,
        id=f"{kind}-{number}",
        why=f"Stands in {held} of {len(pages)} documents{of}, {draft.what}.",
        effect="cut",
        **{"where": places.pop() if len(places) == 1 else "anywhere", **draft.fields},
        langs=("und",),
        sites=(glob.escape(group),) if group else (),
        match=tuple(examples),
        spare=tuple(text for *_, text in nsmallest(EXAMPLES, near)),
        own=True,
    )
