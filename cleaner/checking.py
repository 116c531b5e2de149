"""Checking rules: each on its own examples, all against each other, all on ordinary prose."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from cleaner.matching import Rule, RuleSet, match
from cleaner.model import Block, Document, Evidence, RuleError
from cleaner.rules import packs_folder
from cleaner.segment import fold


def check(rules: RuleSet) -> list[str]:
    """Try rules on their own examples and on ordinary prose, each line alone; return the problems, one line each.

    A problem is an example of `match` that its rule does not hit, or that a rule of the opposite effect hits, too; one of
    `spare` that its rule hits; and a line of `rules/prose/` that is hit by a rule that opens or cuts.

    >>> from cleaner.rules import load_rules
    >>> check(load_rules())
    []
    """
    everywhere = _everywhere(rules)
    named = {rule.full_id: rule for rule in rules.rules}
    problems: list[str] = []
    for field in ("match", "spare"):
        for rule in rules.rules:
            for text in getattr(rule, field):
                place = f"rule {rule.full_id!r}: {field}: {text!r}"
                try:
                    hits = _hits(everywhere, text)
                except RuleError as error:
                    problems.append(f"{place}: {error}")
                    continue
                hit = rule.full_id in _ids(hits)
                if hit != (field == "match"):
                    problems.append(f"{place} is {'hit' if hit else 'not hit'}")
                if field == "match":
                    problems += [f"{place} {clash}" for clash in _clashes(rule, hits, named)]
    return [*problems, *_broad(everywhere, named)]


def idle(rules: RuleSet, fired: Collection[str] | None = None) -> list[str]:
    """Return the rules that were never exercised, one line each: information, no problem.

    Args:
        rules: The rules.
        fired: The ids of those that had a share in a run's cuts: all others that open or cut are named. None, when there was no run: a rule
            is named when other rules of the same effect hit all of its `match` examples, so that it adds nothing to them.

    >>> from cleaner.rules import load_rules
    >>> rules = load_rules()
    >>> idle(rules, [rule.full_id for rule in rules.rules[1:]])
    ["rule 'ads/label': cut nothing in this report"]
    """
    if fired is not None:
        return [
            f"rule {name!r}: cut nothing in this report"
            for name in (rule.full_id for rule in rules.rules if rule.effect != "keep")
            if name not in fired
        ]
    everywhere = _everywhere(rules)
    lines = []
    for rule in rules.rules:
        try:
            hits = [_hits(everywhere, text) for text in rule.match]
        except RuleError:  # a problem that `check` tells
            continue
        others = [[one for one in _ids(found, rule.effect) if one != rule.full_id] for found in hits]
        if all(others):
            names = ", ".join(sorted({repr(one) for found in others for one in found}))
            lines.append(f"rule {rule.full_id!r}: other rules hit all of its examples: {names}")
    return lines


def _everywhere(rules: RuleSet) -> RuleSet:
    """Return rules that speak of any document, and of one line: an example has no site, and is too short for a language."""
    return RuleSet(tuple(replace(rule, sites=(), native=False, until=(), within=None) for rule in rules.rules))


def _hits(rules: RuleSet, text: str) -> list[Evidence]:
    return match(rules, Document("", text), [Block(0, len(text), len(text), fold(text))])


def _ids(hits: Sequence[Evidence], effect: str | None = None) -> list[str]:
    return [found.reason.rule for found in hits if effect is None or found.signal == effect]


def _clashes(rule: Rule, hits: Sequence[Evidence], named: dict[str, Rule]) -> Iterator[str]:
    """Yield what is to be said of each hit of a rule whose effect is the opposite."""
    for found in hits:
        if (found.signal == "keep") != (rule.effect == "keep"):
            other = named[found.reason.rule]
            whose = "" if other.own == rule.own else "your own " if other.own else "the shipped "
            yield f"is also hit by {whose}{other.full_id!r}, with the effect {other.effect!r}"


def _broad(rules: RuleSet, named: dict[str, Rule]) -> Iterator[str]:
    """Yield a line for each hit of a rule that opens or cuts on a line of ordinary prose."""
    for path in sorted((packs_folder() / "prose").glob("*.txt")):
        for number, text in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
            place = f"ordinary prose in {path.name}:{number}: {text!r}"
            try:
                hits = [named[one] for one in _ids(_hits(rules, text))]
            except RuleError as error:
                yield f"{place}: {error}"
                continue
            for rule in hits:
                if rule.effect != "keep" and (not rule.native or path.stem in rule.langs):
                    yield f"rule {rule.full_id!r}: hits {place}"
