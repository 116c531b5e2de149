r"""Matching: a rule, and what rules say of the blocks of a document.

A block is hit by a rule with phrases when it is one of them, and by a rule with a pattern when a word of it starts with one of
its keywords and the pattern is found in it. Keywords of all rules are looked for at once, in the whole
document. A pattern is compiled when it is first tried, and tried only on blocks of a length that it can hit; a try is the dearest
thing here.

>>> from cleaner.segment import segment
>>> rule = Rule(pack="own", id="plug", why="A plug.", effect="open", phrases=("You may also like",), langs=("en",),
...             match=("You may also like",), spare=("You may also like tea.",))
>>> document = Document("a", "The harbour opened in 1907.\n\n### You may also like:\nTen more harbours\n")
>>> [(found.block, found.signal, found.reason.rule)
...  for found in match(RuleSet((rule,)), document, segment(document.text))]
[(1, 'open', 'own/plug')]
"""

from __future__ import annotations

import hashlib
import json
import re
import string
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cache, cached_property, lru_cache
from re import _parser  # type: ignore[attr-defined]  # the only reader of patterns there is; see lengths()

import ahocorasick_rs
import regex

from cleaner.language import in_latin_letters, written_in
from cleaner.model import Block, Document, Evidence, Instead, RuleError, RuleReason, Signal
from cleaner.phrasing import ASCII_DECORATION, PLAIN, SEARCH_CHARS, bare, ender, first_letter, is_spoken
from cleaner.placing import Where, of_site, reach, stands
from cleaner.segment import fold

TIMEOUT_S = 0.5
"""How long one search may take: the shipped patterns take microseconds, so only a runaway one gets here."""

DECORATION_CHARS = 40
"""How much longer than the longest phrase a block may be before it is not compared with phrases at all."""

REMEMBERED = 1 << 15
"""So many texts, and outcomes of patterns, are remembered: a corpus repeats its boilerplate, and a body is looked at more than once."""

_CLASS = re.compile(r"\\p\{\w+\}")
_FUZZY = re.compile(r"(?<!\\p)\{(?!\d*,?\d*\})")
"""What `regex` knows and the standard library's parser does not: classes of characters; errors to allow."""

_LETTERS = frozenset(string.ascii_lowercase.encode())
"""Between two of these there is no border of a word. Other letters may belong to a script without spaces, so they do not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule, as its pack has it: `rules/README.md` says what the fields mean. Texts are not folded yet."""

    pack: str
    """The stem of the pack's file name."""
    id: str
    why: str
    effect: Signal
    pattern: str = ""
    """"" when the rule has phrases."""
    phrases: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    where: Where = "anywhere"
    langs: tuple[str, ...]
    sites: tuple[str, ...] = ()
    """Wildcards for the document's group or the host of its address; () for all documents."""
    native: bool = False
    """Whether the rule is only for documents written in one of its `langs`."""
    until: tuple[str, ...] = ()
    """Lines that end what a `cut` rule with `within` cuts; (): the text's end does."""
    within: int | None = None
    """How many blocks at most may lie between the line hit and that end, to be cut with it; None: the line alone is."""
    match: tuple[str, ...]
    spare: tuple[str, ...]
    own: bool = False  # whether the user gave it, and not the wheel: then it settles what it speaks of

    @property
    def full_id(self) -> str:
        """The name used everywhere outside the pack: `pack/id`."""
        return f"{self.pack}/{self.id}"


@dataclass(frozen=True)
class RuleSet:
    """Rules ready to match, in the order they were loaded. It pickles; each process compiles its own."""

    rules: tuple[Rule, ...]
    instead: tuple[Instead, ...] = ()
    """What is done instead of some cuts; the last that speaks of a cut holds."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the rules' content, in hexadecimal: it changes when any field of any rule does."""
        names = [field.name for field in fields(Rule)]  # asdict would look at each text
        content = [{name: getattr(rule, name) for name in names} for rule in self.rules]
        content += map(asdict, self.instead)
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    @cached_property
    def compiled(self) -> _Compiled:
        """The look-up tables that `match` works with, built when first needed."""
        return _Compiled(self.rules)

    def __reduce__(self) -> tuple[type[RuleSet], tuple[tuple[Rule, ...], tuple[Instead, ...]]]:
        return RuleSet, (self.rules, self.instead)


class _Compiled:
    """The look-up tables of a rule set. A rule is known here by its position in the set."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        self.names = [rule.full_id for rule in rules]
        self.phrases: dict[str, list[int]] = {}
        self.openings: dict[str, list[int]] = {}
        by_keyword: dict[str, list[int]] = {}
        for at, rule in enumerate(rules):
            for phrase in map(bare, map(fold, rule.phrases)):
                self.phrases.setdefault(phrase, []).append(at)
                # One word of a script with capitals ("Popular", "Trending") starts too many sentences of prose.
                long_enough = len(phrase) >= 4 and (" " in phrase or phrase == phrase.upper())
                if rule.effect == "open" and long_enough:
                    self.openings.setdefault(phrase, []).append(at)
            for keyword in map(fold, rule.keywords):
                by_keyword.setdefault(keyword, []).append(at)
        self.heads: dict[str, int] = {}  # how long a text may be that starts so
        for phrase in self.phrases:
            head = _trimmed(phrase[:6])
            self.heads[head] = max(self.heads.get(head, 0), len(phrase) + DECORATION_CHARS)
        self.longest = max(self.heads.values(), default=0)
        heads: defaultdict[str, list[str]] = defaultdict(list)
        for phrase in self.openings:
            heads[phrase[:4]].append(phrase)
        self.opening_heads = {head: tuple(phrases) for head, phrases in heads.items()}
        self.most_words = max((len(phrase.split()) for phrase in self.openings), default=0)
        self.by_keyword = list(by_keyword.values())
        self.worth = cache(self._worth)
        self.known: dict[str, tuple[int, ...]] = {}
        self.automaton = ahocorasick_rs.BytesAhoCorasick(
            # A DFA reads a megabyte in 4 ms, and this in 7; but it takes 30 ms to build, and memory.
            [keyword.encode() for keyword in by_keyword],
            implementation=ahocorasick_rs.Implementation.ContiguousNFA,
        )
        self.patterns: dict[int, regex.Pattern[str]] = {}
        self.found = lru_cache(REMEMBERED)(self._found)
        self.ends = cache(lambda at: ender(rules[at].until))

    def candidates(self, blocks: Sequence[Block]) -> dict[str, tuple[int, ...]]:
        """Return, by the text of a block, the rules that may hit it: it is a phrase of theirs, or holds a keyword; not of long ones.

        What was found is remembered: corpora repeat their boilerplate, and a body is looked at more than once.
        """
        if len(self.known) > REMEMBERED:
            self.known.clear()
        known = self.known
        longest = max(SEARCH_CHARS, self.longest)
        if fresh := {
            block.folded: () for block in blocks if block.folded not in known and len(block.folded) <= longest
        }:
            known.update(fresh)
            texts = list(fresh)
            for folded, rule in {*self.phrase_hits(texts), *self.keyword_hits(texts)}:
                known[folded] += (rule,)
        return known

    def phrase_hits(self, texts: Sequence[str]) -> Iterator[tuple[str, int]]:
        """Yield text and rule where a text is a phrase."""
        phrases, heads, longest = self.phrases, self.heads, self.longest
        for folded in texts:
            if len(folded) > longest:
                continue
            if folded.isascii():
                plain = folded.strip(ASCII_DECORATION)
            elif len(folded) <= heads.get(_trimmed(_start(folded)), 0):
                plain = bare(folded)
            else:
                continue
            if plain in phrases and not is_spoken(folded):
                for rule in phrases[plain]:
                    yield folded, rule

    def heading_hits(self, text: str, blocks: Sequence[Block]) -> Iterator[tuple[int, int]]:
        """Yield block and rule where a sentence of a flattened document starts with a heading: "Read also Ten harbours".

        What follows must start like a title; "Read also the old report" goes on in lower case: prose.
        """
        for at, block in enumerate(blocks):
            openings = self.opening_heads.get(_start(block.folded)[:4].translate(PLAIN)) if block.sentence else None
            folded = block.folded
            if not openings or not folded[first_letter(folded) :].translate(PLAIN).startswith(openings):
                continue
            sentence = text[block.start : block.stop]
            spaced = sentence[first_letter(sentence) :].replace("\uff1a", ":").replace(":", ": ")
            words = spaced.split(maxsplit=self.most_words + 1)
            for n in range(1, len(words)):
                heading = fold(" ".join(words[:n])).translate(PLAIN).removesuffix(":")
                rest = " ".join(words[n:])
                title = rest[first_letter(rest) :]
                if heading in self.openings and title and not title[0].islower():
                    for rule in self.openings[heading]:
                        yield at, rule

    def keyword_hits(self, texts: Sequence[str]) -> Iterator[tuple[str, int]]:
        """Yield text and rule where a text holds a keyword of a rule with a pattern, and its pattern is worth trying."""
        joined = "\n".join(texts).encode()
        at, last, text, plain = 0, -1, "", True
        for keyword, start, _ in self.automaton.find_matches_as_indexes(joined, overlapping=True):
            if joined[start] in _LETTERS and joined[start - 1] in _LETTERS and start:
                continue  # within a word: "del" is in "model"
            if start > last:  # else it is a keyword within another one
                at += joined.count(b"\n", max(last, 0), start)
                last, text = start, texts[at]
                plain = text.isascii()
            for rule, shortest, longest in self.worth(keyword, plain):
                if shortest <= len(text) <= longest:
                    yield text, rule

    def _worth(self, keyword: int, plain: bool) -> list[tuple[int, int, int]]:
        """Return the rules of a keyword, each with the lengths of text that it can hit.

        Args:
            keyword: Which one.
            plain: The text is ASCII, and so no text for rules in languages of other scripts: "cookie" is a keyword of many.
        """
        rules = self.by_keyword[keyword]
        return [
            (rule, *lengths(self.rules[rule].pattern))
            for rule in rules
            if not plain or in_latin_letters(self.rules[rule].langs)
        ]

    def reached(self, at: int, blocks: Sequence[Block], hits: Sequence[int]) -> Iterator[range]:
        """Yield the blocks that a rule speaks of, given those that it hits: these alone, or with what follows."""
        rule, is_end = self.rules[at], self.ends(at)
        if rule.within is None:
            return (range(place, place + 1) for place in hits)
        ends = (lambda place: is_end(blocks[place].folded)) if rule.until else None
        return reach(hits, len(blocks), rule.within, ends)

    def _found(self, at: int, folded: str) -> bool:
        """Whether the pattern of a rule is found; raise RuleError when it runs away."""
        if at not in self.patterns:
            self.patterns[at] = regex.compile(self.rules[at].pattern)
        try:
            return self.patterns[at].search(folded, timeout=TIMEOUT_S) is not None
        except TimeoutError as error:
            raise RuleError(
                f"rule {self.names[at]!r}: pattern ran longer than {TIMEOUT_S} s on a block of {len(folded)} "
                "characters; expected bounded repetition"
            ) from error


def match(rules: RuleSet, document: Document, blocks: Sequence[Block]) -> list[Evidence]:
    r"""Return what the rules say of a document's blocks, by block, then by rule id.

    >>> from cleaner.rules import load_rules
    >>> from cleaner.segment import segment
    >>> text = "Advertisement\nThe advertisement ran in 1952.\n"
    >>> [found.reason.rule for found in match(load_rules(), Document("a", text), segment(text))]
    ['ads/label']

    Raises:
        RuleError: A pattern ran longer than `TIMEOUT_S`.
    """
    compiled = rules.compiled
    candidates = compiled.candidates(blocks)
    hits: defaultdict[int, set[int]] = defaultdict(set)
    for at, block in enumerate(blocks):
        for position in candidates.get(block.folded, ()):
            hits[position].add(at)
    for at, position in compiled.heading_hits(document.text, blocks):
        hits[position].add(at)
    found: list[tuple[int, str, Rule]] = []
    for position, places in hits.items():
        rule = compiled.rules[position]
        looks = {at for at in places if stands(rule.where, document, blocks, at)}
        if not looks or not of_site(rule.sites, document):
            continue
        # Where it does not look, it may still be the first line of several.
        hit = sorted(looks if rule.within is None else places)
        if rule.pattern:
            hit = [at for at in hit if compiled.found(position, blocks[at].folded)]
        if not hit or (rule.native and not written_in(document.text, rule.langs)):  # last: it is dear
            continue
        for taken in compiled.reached(position, blocks, hit):
            if taken.start in looks:
                found += [(at, compiled.names[position], rule) for at in taken]
    found.sort(key=lambda one: one[:2])
    return [Evidence(at, rule.effect, RuleReason(name), rule.own) for at, name, rule in found]


@cache
def lengths(pattern: str) -> tuple[int, int]:
    r"""Return how short and how long a text can be that a pattern hits, in characters; (0, `SEARCH_CHARS`) when that is not known.

    It is known of patterns that the standard library's parser can read, the longest of those tied to both ends. What only
    `regex` has (classes of characters such as `\p{L}` aside) is not known.

    >>> lengths("^by .{2,30}$"), lengths("by .{2,30}$"), lengths("^(?&by) .{2,30}$(?(DEFINE)(?<by>by|von))")
    ((5, 33), (5, 2000), (0, 2000))
    """
    try:
        with warnings.catch_warnings(action="error"):
            parsed = _parser.parse(_CLASS.sub(r"\\w", pattern))
    except (re.error, Warning, RecursionError, OverflowError):
        return 0, SEARCH_CHARS
    if not len(parsed) or _FUZZY.search(pattern):
        return 0, SEARCH_CHARS
    tied = (parsed[0], parsed[-1]) == tuple(_parser.parse("^$"))
    shortest, longest = parsed.getwidth()
    return min(shortest, SEARCH_CHARS), min(longest, SEARCH_CHARS) if tied else SEARCH_CHARS


def _start(folded: str) -> str:
    """Return the first six characters of folded text without the decoration before them: here most text differs from phrases."""
    if folded[:1].isalnum():
        return folded[:6]
    start = folded.lstrip(ASCII_DECORATION)[:6]
    return start if start[:1].isalnum() else folded[first_letter(folded) :][:6]


@lru_cache(REMEMBERED)
def _trimmed(start: str) -> str:
    """Return the start of a text in plain letters, without what may be decoration after a short phrase."""
    plain = start.translate(PLAIN)
    while plain and not plain[-1].isalnum():
        plain = plain[:-1]
    return plain
