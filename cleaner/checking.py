"""Checking rules: each on its own examples, all against each other, all on ordinary prose."""

from __future__ import annotations

from dataclasses import replace

from cleaner.matching import RuleSet, match
from cleaner.model import Block, Document, RuleError
from cleaner.segment import fold


def check(rules: RuleSet) -> list[str]:
    """Try each rule on its own examples, each a document of one block; return the problems, one line each.

    >>> from cleaner.rules import load_rules
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
            hits = match(anywhere, Document("", text), [Block(0, len(text), len(text), fold(text))])
        except RuleError as error:
            problems.append(f"{place}: {error}")
            continue
        hit = rule.full_id in [found.reason.rule for found in hits]
        if hit != (field == "match"):
            problems.append(f"{place} is {'hit' if hit else 'not hit'}")
        for found in hits:
            if field == "match" and (found.signal == "keep") != (rule.effect == "keep"):
                problems.append(f"{place} is also hit by {found.reason.rule!r}, with the effect {found.signal!r}")
    return problems
