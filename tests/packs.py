"""What the tests of rules share: two small packs, loading them, and what they hit."""

from __future__ import annotations

from pathlib import Path

from cleaner.matching import RuleSet, match
from cleaner.model import Block, Document, Evidence, RuleReason
from cleaner.rules import load_rules
from cleaner.segment import fold, segment

PLUG = """
[[rule]]
id = "plug"
why = "A plug."
effect = "open"
phrases = ["You may also like", "Hôtel L'Étoile"]
langs = ["en"]
match = ["You may also like"]
spare = ["You may also like tea."]
"""

LINE = """
[[rule]]
id = "line"
why = "A line."
effect = "cut"
pattern = '^join us on .{2,40}$'
keywords = ["Join US"]
langs = ["en"]
match = ["Join us on Sunday"]
spare = ["They join us on Sunday."]
"""


def write(folder: Path, text: str, name: str = "own.toml") -> Path:
    """Write a pack and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def load(folder: Path, text: str) -> RuleSet:
    """Load one pack alone."""
    return load_rules([write(folder, text)], shipped=False)


def hits(rules: RuleSet, text: str, group: str = "") -> list[tuple[int, str]]:
    """Return block and rule of each hit in a text."""
    document = Document("a", text, group)
    found = match(rules, document, segment(text))
    return [(evidence.block, rule_of(evidence)) for evidence in found]


def rule_of(evidence: Evidence) -> str:
    """Return the full id of the rule that spoke."""
    assert isinstance(evidence.reason, RuleReason)
    return evidence.reason.rule


def block(text: str, *, sentence: bool = False) -> Block:
    """Return a document's only block."""
    return Block(0, len(text), len(text), fold(text), sentence)
