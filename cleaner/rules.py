r"""Rules: what boilerplate says.

A pack is a TOML file of `[[rule]]` tables; `rules/README.md` explains the fields. Rules look at one block each.

>>> from cleaner.segment import segment
>>> document = Document("a", "The harbour opened in 1907.\n\n### You may also like:\nTen more harbours\n")
>>> [(found.block, found.signal, found.reason.rule)
...  for found in match(load_rules(), document, segment(document.text))]
[(1, 'open', 'related/you-may-also-like')]
"""

from __future__ import annotations

import hashlib
import json
import tomllib
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal, get_args

import ahocorasick_rs
import regex

from cleaner.model import Block, Document, Evidence, RuleError, RuleReason, Signal
from cleaner.segment import fold

Where = Literal["head", "tail", "anywhere"]
"""Where in the document a rule looks."""

TIMEOUT_S = 0.5
"""How long one search may take: the shipped patterns take microseconds, so only a runaway one gets here."""

SEARCH_CHARS = 2000
"""Patterns skip longer blocks: boilerplate comes in short lines, the longest legal footers included."""

HEAD_BLOCKS, HEAD_SHARE = 10, 0.25
TAIL_BLOCKS, TAIL_SHARE = 15, 0.5
"""A block is in the head when it is one of the first ten or starts in the first quarter of the characters; in the
tail, when it is one of the last fifteen or starts in the last half."""

DECORATION_CHARS = 40
"""How much longer than the longest phrase a block may be before it is not compared with phrases at all."""

_NAME = regex.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LANG = regex.compile(r"[a-z]{2,3}(?:-[a-z]{2,4})?")
_TEXTS = frozenset(("id", "why", "effect", "pattern", "where"))
_LISTS = frozenset(("phrases", "keywords", "langs", "sites", "match", "spare"))
_REQUIRED = frozenset(("id", "why", "effect", "langs", "match", "spare"))

_PLAIN = {
    ord(char): unicodedata.normalize("NFD", char)[0]
    for char in map(chr, [*range(0xC0, 0x250), 0x451, *range(0x1E00, 0x1F00)])
} | {0x142: "l", 0xF8: "o", 0x111: "d", 0x131: "i", 0x2018: "'", 0x2019: "'", 0x2013: "-", 0x2014: "-"}
"""Latin letters without accents, Cyrillic io as ie, one apostrophe, one dash: headings come both ways."""


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
    """Wildcards for the document's group; () for all documents."""
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

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the rules' content, in hexadecimal: it changes when any field of any rule does."""
        return hashlib.sha256(json.dumps([asdict(rule) for rule in self.rules]).encode()).hexdigest()

    @cached_property
    def compiled(self) -> _Compiled:
        """The look-up tables that `match` works with, built when first needed."""
        return _Compiled(self.rules)

    def __reduce__(self) -> tuple[type[RuleSet], tuple[tuple[Rule, ...]]]:
        return RuleSet, (self.rules,)


class _Compiled:
    """The look-up tables of a rule set. A rule is known here by its position in the set."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.patterns = {at: regex.compile(rule.pattern) for at, rule in enumerate(rules) if rule.pattern}
        self.phrases: dict[str, list[int]] = {}
        self.openings: dict[str, list[int]] = {}
        by_keyword: dict[str, list[int]] = {}
        for at, rule in enumerate(rules):
            for phrase in map(_bare, map(fold, rule.phrases)):
                self.phrases.setdefault(phrase, []).append(at)
                # One word of a script with capitals ("Popular", "Trending") starts too many sentences of prose.
                long_enough = " " in phrase or (phrase == phrase.upper() and len(phrase) >= 4)
                if rule.effect == "open" and long_enough:
                    self.openings.setdefault(phrase, []).append(at)
            for keyword in map(fold, rule.keywords):
                by_keyword.setdefault(keyword, []).append(at)
        self.longest = max(map(len, self.phrases), default=-DECORATION_CHARS) + DECORATION_CHARS
        self.first_words = {_bare(phrase.split()[0]) for phrase in self.openings}
        self.most_words = max((len(phrase.split()) for phrase in self.openings), default=0)
        self.by_keyword = list(by_keyword.values())
        self.automaton = ahocorasick_rs.AhoCorasick(by_keyword)

    def phrase_hits(self, text: str, blocks: Sequence[Block]) -> Iterator[tuple[int, int]]:
        """Yield block and rule where a block is a phrase, or is a sentence that starts with a heading."""
        for at, block in enumerate(blocks):
            if len(block.folded) <= self.longest:
                for rule in self.phrases.get(_bare(block.folded), ()):
                    yield at, rule
            if block.sentence:
                for rule in self.heading_hits(text[block.start : block.stop]):
                    yield at, rule

    def heading_hits(self, sentence: str) -> Iterator[int]:
        """Yield the rules whose heading starts a sentence of a flattened document: "Read also Ten harbours".

        What follows must start like a title; "Read also the old report" goes on in lower case: prose.
        """
        spaced = sentence[_first_letter(sentence) :].replace("\uff1a", ":").replace(":", ": ")
        words = spaced.split(maxsplit=self.most_words + 1)
        if not words or _bare(fold(words[0])) not in self.first_words:
            return
        for n in range(1, len(words)):
            heading = _plain(fold(" ".join(words[:n]))).removesuffix(":")
            rest = " ".join(words[n:])
            title = rest[_first_letter(rest) :]
            if heading in self.openings and title and not title[0].islower():
                yield from self.openings[heading]

    def keyword_hits(self, blocks: Sequence[Block]) -> Iterator[tuple[int, int]]:
        """Yield block and rule where a block holds a keyword of a rule with a pattern."""
        texts = [block.folded if len(block.folded) <= SEARCH_CHARS else "" for block in blocks]
        starts = list(accumulate((len(text) + 1 for text in texts), initial=0))
        for keyword, start, _ in self.automaton.find_matches_as_indexes("\n".join(texts), overlapping=True):
            at = bisect_right(starts, start) - 1
            for rule in self.by_keyword[keyword]:
                yield at, rule


def packs_folder() -> Path:
    """Return the folder of the shipped packs, in a wheel as in a checkout.

    >>> (packs_folder() / "related.toml").is_file()
    True

    Raises:
        RuleError: The packs were not installed.
    """
    here = Path(__file__).parent
    for folder in (here / "_packs", here.parent / "rules"):
        if folder.is_dir():
            return folder
    raise RuleError(f"{here / '_packs'}: no shipped rule packs; expected the folder that the wheel holds")


def load_rules(paths: Sequence[Path | str] = (), *, shipped: bool = True) -> RuleSet:
    """Read rule packs: the shipped ones in name order, then `paths` as given, folders' packs in name order.

    A rule replaces an earlier one of the same pack name and id; `disable` turns off rules read before.

    >>> len(load_rules(shipped=False).rules)
    0

    Raises:
        RuleError: A path is missing, a pack is not valid TOML, or a rule is wrong.
    """
    rules: dict[str, Rule] = {}
    folders = [(packs_folder(), False)] * shipped + [(Path(path), True) for path in paths]
    for path, own in ((pack, own) for folder, own in folders for pack in _pack_files(folder)):
        disable, pack = _read_pack(path)
        for wildcard in disable:
            if not any(fnmatchcase(full_id, wildcard) for full_id in rules):
                raise _wrong(str(path), "disable", f"{wildcard!r} hits no rule", "an earlier 'pack/id'")
            rules = {full_id: rule for full_id, rule in rules.items() if not fnmatchcase(full_id, wildcard)}
        rules |= {rule.full_id: replace(rule, own=own) for rule in pack}
    return RuleSet(tuple(rules.values()))


def match(rules: RuleSet, document: Document, blocks: Sequence[Block]) -> list[Evidence]:
    r"""Return what the rules say of a document's blocks, by block, then by rule id.

    >>> from cleaner.segment import segment
    >>> text = "Advertisement\nThe advertisement ran in 1952.\n"
    >>> [found.reason.rule for found in match(load_rules(), Document("a", text), segment(text))]
    ['ads/label']

    Raises:
        RuleError: A pattern ran longer than `TIMEOUT_S`.
    """
    own = {rule.full_id for rule in rules.rules if rule.own}
    return [Evidence(at, effect, RuleReason(rule), rule in own) for at, rule, effect in _hits(rules, document, blocks)]


def check(rules: RuleSet) -> list[str]:
    """Try each rule on its own examples, each a document of one block; return the problems, one line each.

    >>> check(load_rules())
    []
    """
    anywhere = RuleSet(tuple(replace(rule, sites=()) for rule in rules.rules))
    examples = [
        (rule, field, text) for field in ("match", "spare") for rule in rules.rules for text in getattr(rule, field)
    ]
    problems: list[str] = []
    for rule, field, text in examples:
        place = f"rule {rule.full_id!r}: {field}: {text!r}"
        try:
            hits = _hits(anywhere, Document("", text), [Block(0, len(text), len(text), fold(text))])
        except RuleError as error:
            problems.append(f"{place}: {error}")
            continue
        hit = rule.full_id in [full_id for _, full_id, _ in hits]
        if hit != (field == "match"):
            problems.append(f"{place} is {'hit' if hit else 'not hit'}")
        for _, other, effect in hits:
            if field == "match" and (effect == "keep") != (rule.effect == "keep"):
                problems.append(f"{place} is also hit by {other!r}, with the effect {effect!r}")
    return problems


def _hits(rules: RuleSet, document: Document, blocks: Sequence[Block]) -> list[tuple[int, str, Signal]]:
    """Return block, rule and effect of each hit, sorted."""
    compiled = rules.compiled
    found: list[tuple[int, str, Signal]] = []
    for at, position in {*compiled.phrase_hits(document.text, blocks), *compiled.keyword_hits(blocks)}:
        rule = rules.rules[position]
        if not _applies(rule, document, blocks, at):
            continue
        if not rule.pattern or _searched(rule, compiled.patterns[position], blocks[at].folded):
            found.append((at, rule.full_id, rule.effect))
    return sorted(found)


def _applies(rule: Rule, document: Document, blocks: Sequence[Block], at: int) -> bool:
    """Whether a rule looks at the block at all: by the document's group and the block's place."""
    group = document.group.casefold()
    if rule.sites and not any(fnmatchcase(group, site.casefold()) for site in rule.sites):
        return False
    share = blocks[at].start / len(document.text)
    if rule.where == "head":
        return at < HEAD_BLOCKS or share < HEAD_SHARE
    return rule.where == "anywhere" or at >= len(blocks) - TAIL_BLOCKS or share >= 1 - TAIL_SHARE


def _searched(rule: Rule, pattern: regex.Pattern[str], folded: str) -> bool:
    """Whether the pattern is found; raise RuleError when it runs away."""
    try:
        return pattern.search(folded, timeout=TIMEOUT_S) is not None
    except TimeoutError as error:
        raise RuleError(
            f"rule {rule.full_id!r}: pattern ran longer than {TIMEOUT_S} s on a block of {len(folded)} "
            "characters; expected bounded repetition"
        ) from error


def _first_letter(text: str) -> int:
    """Return the position of the first character that is not decoration; the length of `text` when all is.

    Decoration is punctuation, symbols (emoji too), separators and control characters, and the marks that turn
    a character into an emoji or a key cap.
    """
    for at, char in enumerate(text):
        if unicodedata.category(char)[0] not in "PSZC" and char not in "\ufe0f\u20e3":
            return at
    return len(text)


def _bare(folded: str) -> str:
    """Return folded text as phrases are compared: plain letters, no decoration at either end."""
    plain = _plain(folded)
    plain = plain[_first_letter(plain) :]
    return plain[: len(plain) - _first_letter(plain[::-1])]


def _plain(folded: str) -> str:
    return folded if folded.isascii() else folded.translate(_PLAIN)


def _pack_files(path: Path) -> list[Path]:
    packs = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    if not packs:
        raise RuleError(f"{path}: no rule packs in this folder; expected files named *.toml")
    return packs


def _read_pack(path: Path) -> tuple[list[str], list[Rule]]:
    """Return what a pack turns off, and its rules."""
    try:
        pack = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise RuleError(f"{path}: {error.strerror}; expected a rule pack or a folder of them") from error
    except ValueError as error:  # of the decoder or of the parser
        raise RuleError(f"{path}: not TOML in UTF-8: {error}; expected [[rule]] tables") from error
    if unknown := sorted(pack.keys() - {"rule", "disable"}):
        raise _wrong(str(path), unknown[0], "unknown key", "only [[rule]] tables and 'disable'")
    disable, tables = pack.get("disable", []), pack.get("rule", [])
    if "disable" in pack:
        _check_texts(str(path), "disable", disable)
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise _wrong(str(path), "rule", "not a list of tables", "[[rule]] with two brackets on each side")
    rules: dict[str, Rule] = {}
    for number, table in enumerate(tables, start=1):
        place = f"{path}: rule {table['id']!r}" if "id" in table else f"{path}: rule number {number}"
        rule = _parse_rule(path.stem, table, place)
        if rule.id in rules:
            raise _wrong(place, "id", "used twice in this pack", "a name of its own")
        rules[rule.id] = rule
    return disable, list(rules.values())


def _parse_rule(pack: str, table: dict[str, Any], place: str) -> Rule:
    """Return the rule of a [[rule]] table, or raise RuleError that names the field and what it should be."""
    _check_fields(table, place)
    for field, value in table.items():
        if field in _LISTS:
            _check_texts(place, field, value)
        elif not isinstance(value, str) or not value.strip():
            raise _wrong(place, field, f"{value!r} is not text", "a text that is not empty")
    for field, names in (("effect", get_args(Signal)), ("where", get_args(Where))):
        if field in table and table[field] not in names:
            raise _wrong(place, field, f"{table[field]!r} is unknown", f"one of {', '.join(names)}")
    if not _NAME.fullmatch(table["id"]):
        raise _wrong(place, "id", "not kebab-case", "lower-case letters, digits and single hyphens")
    for lang in table["langs"]:
        if not _LANG.fullmatch(lang):
            raise _wrong(place, "langs", f"{lang!r} is no language code", "codes such as 'en' or 'pt-br'")
    try:
        regex.compile(table.get("pattern", ""))
    except regex.error as error:
        raise _wrong(place, "pattern", f"does not compile ({error})", "a regular expression") from error
    _check_phrases(place, table.get("phrases", ()))
    given: dict[str, Any] = {field: tuple(value) if field in _LISTS else value for field, value in table.items()}
    return Rule(pack=pack, **given)


def _check_fields(table: dict[str, Any], place: str) -> None:
    """Raise RuleError when a field is unknown, missing, or does not go with another."""
    if unknown := sorted(table.keys() - _TEXTS - _LISTS):
        raise _wrong(place, unknown[0], "unknown field", f"one of {', '.join(sorted(_TEXTS | _LISTS))}")
    if ("pattern" in table) == ("phrases" in table):
        raise _wrong(place, "pattern", "both or neither of pattern and phrases given", "one of the two")
    if "phrases" in table and "keywords" in table:
        raise _wrong(place, "keywords", "given beside phrases", "keywords only beside a pattern")
    required = _REQUIRED | {"keywords"} if "pattern" in table else _REQUIRED
    if missing := sorted(required - table.keys()):
        raise _wrong(place, missing[0], "missing", f"at least {', '.join(sorted(required))}")


def _check_phrases(place: str, phrases: Sequence[str]) -> None:
    """Raise RuleError when a phrase can never match, or is the same as another one when folded."""
    seen: dict[str, str] = {}
    for phrase in phrases:
        bare = _bare(fold(phrase))
        if not bare:
            raise _wrong(place, "phrases", f"{phrase!r} is decoration only", "letters or digits in it")
        if bare in seen:
            raise _wrong(place, "phrases", f"{phrase!r} is the same as {seen[bare]!r}", "each phrase once")
        seen[bare] = phrase


def _check_texts(place: str, field: str, value: object) -> None:
    """Raise RuleError when `value` is not a list of lines."""
    if not isinstance(value, list) or not value:
        raise _wrong(place, field, f"{value!r} is not a list with entries", "a list of one text or more")
    for text in value:
        if not isinstance(text, str) or not fold(text) or "\n" in text:
            raise _wrong(place, field, f"{text!r} is not a line of text", "one line each, none empty")


def _wrong(place: str, field: str, wrong: str, expected: str) -> RuleError:
    return RuleError(f"{place}: {field}: {wrong}; expected {expected}")
