"""Rules for a site, proposed from what was cut of its documents with an index: frozen, they need none.

Three kinds, the plainest first: *lines* that recur word for word, those of one passage together; *frames*, the fixed start or
end of lines whose rest changes; and *stretches*, whatever stands between two such lines, or from one to the end.
"""

from __future__ import annotations

import glob
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from heapq import heappop, heappush, heapreplace, nsmallest
from typing import Final

import xxhash

from cleaner.matching import Rule
from cleaner.recurring import FRAMES, LINES, Draft, Place, Shown, ShownLine, frames, passages, recurring
from cleaner.segment import fold
from cleaner.stretches import stretches

PAGES: Final = 400
"""Documents of a group that are looked at: those whose ids have the smallest digests, so that their order does not matter."""

TOTAL: Final = 10_000
"""Documents of all groups together that are held at a time: with more, the largest groups have fewer each, but never less than `FRAMES`."""

EXAMPLES, SHOWN = 3, 300
"""Lines that a rule shows of what it hits, and of what it spares, at most; and characters of each."""


def propose(pack: str, documents: Iterable[Shown]) -> tuple[Rule, ...]:
    r"""Return rules that cut what was cut of documents, as far as their lines tell it: group by group, what cuts most first.

    Those of one group among several speak of that group alone.

    Args:
        pack: name of the pack that they are for.
        documents: in any order.

    >>> from cleaner.pipeline import clean
    >>> from cleaner.recurring import shown
    >>> page = "Body {}, of its own.\n\nMore from the harbour\nTide tables\nBerths and moorings\n"
    >>> found = [shown(one) for one in clean([page.format(word) for word in ("one", "two", "three", "four")])]
    >>> [(rule.id, rule.phrases) for rule in propose("site", found)]
    [('trailer-1', ('More from the harbour', 'Tide tables', 'Berths and moorings'))]
    """
    rules: list[Rule] = []
    groups = list(_groups(documents))
    for pages in groups:
        literal = recurring(pages)
        framed = frames(pages, literal)
        drafts = _needed(pages, [*passages(pages, literal)], [*framed, *stretches(pages, literal, framed)])
        kept = {line.text: line for page in pages for line in page.lines if line.bare and not line.kind}
        body = [(line, _words(line)) for line in sorted(kept.values(), key=_shortest)]
        site = pages[0].group if len(groups) > 1 else ""
        made = (_rule(draft, pages, body, pack=pack, site=site) for draft in drafts)
        rules += [rule for rule in made if rule.match and rule.spare]
    return tuple(replace(rule, id=f"{rule.id}-{number}") for number, rule in enumerate(rules, 1))


def _needed(pages: Sequence[Shown], plain: Sequence[Draft], others: Sequence[Draft]) -> list[Draft]:
    """Return the plain drafts and, of the others, those that cut what none before does, by the characters that they cut."""

    def chars(places: Iterable[Place]) -> int:
        return sum(len(pages[number].lines[place].text) for number, place in places)

    taken = list(plain)
    done = {place for draft in plain for place in draft.covered}
    for draft in sorted(others, key=lambda draft: -chars(draft.covered)):
        fresh = {place for place in draft.covered if place not in done}
        if len({number for number, _ in fresh}) >= LINES:
            taken.append(draft)
            done |= fresh
    return sorted(taken, key=lambda draft: -chars(draft.covered))


def _groups(documents: Iterable[Shown]) -> Iterator[list[Shown]]:
    """Yield the documents to look at, group by group: at most `PAGES` of each, and so many that all are at most `TOTAL`."""
    chosen: defaultdict[str, dict[str, Shown]] = defaultdict(dict)
    heaps: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    most, held = PAGES, 0
    for one in documents:
        if not _is_site(one.group):
            continue
        heap, shown, entry = heaps[one.group], chosen[one.group], (-xxhash.xxh3_64_intdigest(one.id.encode()), one.id)
        if len(heap) < most:
            heappush(heap, entry)
            held += 1
        elif entry > heap[0]:
            shown.pop(heapreplace(heap, entry)[1], None)
        else:
            continue
        shown[one.id] = one
        while held > TOTAL and most > FRAMES:
            most -= 1
            for group, entries in heaps.items():
                if len(entries) > most:
                    chosen[group].pop(heappop(entries)[1], None)
                    held -= 1
    for group in sorted(chosen):
        yield [one for _, one in sorted(chosen[group].items())]


def _is_site(group: str) -> bool:
    """Whether rules can speak of a group alone: not of an address, for one. Of documents without a group they speak wherever these are."""
    return not group or (bool(fold(group)) and "\n" not in group and "://" not in group)


def _shortest(line: ShownLine) -> tuple[int, str]:
    return len(line.text), line.text


def _words(line: ShownLine) -> frozenset[str]:
    """Return the words of a line that is short enough to be shown; longer ones are like nothing, and come last."""
    return frozenset(line.text.casefold().split() if len(line.text) <= SHOWN else ())


def _rule(
    draft: Draft,
    pages: Sequence[Shown],
    body: Sequence[tuple[ShownLine, frozenset[str]]],
    *,
    pack: str,
    site: str,
) -> Rule:
    """Return a draft as a rule, not numbered yet, with examples; it spares the kept lines, given with their words, that are most like what it hits."""
    lines = [pages[number].lines[place] for number, place in sorted(draft.covered)]
    hit = list(dict.fromkeys(line.text for line in lines if draft.hits(line)))
    examples = [text for text in hit if len(text) <= SHOWN][:EXAMPLES] or hit[:1]
    words = {word for text in hit for word in text.casefold().split()}
    near = ((-len(words & held), *_shortest(line)) for line, held in body if not draft.hits(line))
    spared = [text for *_, text in nsmallest(EXAMPLES, near)]
    [(kind, _)] = Counter(line.kind for line in lines).most_common(1)
    places = {line.where for line in lines if draft.hits(line)}
    held = len({number for number, _ in draft.covered})
    of = f" of {pages[0].group}" if pages[0].group else ""
    return Rule(
        pack=pack,
        id=kind,
        why=f"Stands in {held} of {len(pages)} documents{of}, {draft.what}.",
        effect="cut",
        **{"where": places.pop() if len(places) == 1 else "anywhere", **draft.fields},
        langs=("und",),
        sites=(glob.escape(site),) if site else (),
        match=tuple(examples),
        spare=tuple([text for text in spared if len(text) <= SHOWN] or spared[:1]),
        own=True,
    )
