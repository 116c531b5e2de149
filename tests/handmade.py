"""What decisions rest on, made by hand: lines, evidence, repetition, and trees of known worth; and what is written of an index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from cleaner.decide import Decision, decide
from cleaner.forest import LEAVES, Forest, parsed
from cleaner.index import Index
from cleaner.layout import Layout
from cleaner.model import Block, Evidence, Partner, RuleReason, Signal, TemplateReason
from cleaner.observed import Observed
from cleaner.policy import Policy
from cleaner.repetition import Repetition, none
from cleaner.saving import dumped
from cleaner.segment import segment

PROSE = "The council met on Monday and agreed on the budget for the coming year."
MORE = "Bees leave the hive at dawn and come back with pollen before the rain begins to fall."
CODE = "return state.count;"
TITLE = "What the mayor said on Friday"

RULE = RuleReason("test/rule")
TEMPLATE = TemplateReason("00000000000000ff", 2, 1.0, (Partner("other", 10, 20),))

NOTHING: Mapping[int, int] = {}

Said = Mapping[int, Sequence[Signal]]
"""What rules say of each line."""


def tiled(lines: Sequence[str]) -> tuple[str, tuple[Block, ...]]:
    """Return lines as a text, and its blocks, one for each."""
    text = "\n".join(lines)
    blocks = segment(text)
    assert len(blocks) == len(lines)
    return text, blocks


def evidence(said: Said) -> list[Evidence]:
    """Return what is said as rules say it."""
    return [Evidence(at, signal, RULE) for at, signals in said.items() for signal in signals]


def recurring(blocks: Sequence[Block], held: Mapping[int, int], size: int = 9, *, edge: bool = True) -> Repetition:
    """Return what a corpus of one group says: how many others hold each block, in a run at their end or not."""
    counts = np.zeros(len(blocks), dtype=np.int64)
    counts[list(held)] = list(held.values())
    tail = counts if edge else np.zeros_like(counts)
    reasons = dict.fromkeys(held, TEMPLATE)
    return replace(none(blocks), size=size, group=counts, corpus=counts, tail=tail, edge=tail > 0, reasons=reasons)


def seen(lines: Sequence[str], said: Said, held: Mapping[int, int] = NOTHING, *, edge: bool = True) -> Observed:
    """Observe lines, with what rules say and how many others hold them, by line."""
    text, blocks = tiled(lines)
    return Observed(text, blocks, evidence(said), recurring(blocks, held, edge=edge))


def decided(
    text: str,
    blocks: Sequence[Block],
    evidence: Sequence[Evidence],
    repetition: Repetition,
    policy: Policy,
    *,
    layout: Layout | None = None,
) -> Decision:
    """Decide on one document."""
    [decision] = decide([Observed(text, blocks, evidence, repetition, layout)], policy)
    return decision


def stumps(worth: Mapping[str, float], bias: float = 0.0) -> Forest:
    """Return a forest in which each feature adds its worth when it is above 0."""
    questions = [[[0.0, at, 0.0, 1, 2], [0.0], [value]] for at, value in enumerate(worth.values())]
    return parsed({"features": list(worth), "trees": [[[bias]], *questions]})


def by_place(scores: Sequence[float]) -> Forest:
    """Return a forest that gives each block the score at its place, as far as places are told apart."""
    firsts = range(0, len(scores), LEAVES - 2)
    return parsed({"features": ["from start"], "trees": [_of_places(scores, at, at + LEAVES - 2) for at in firsts]})


def _of_places(scores: Sequence[float], first: int, stop: int) -> list[list[float]]:
    """Return a tree that gives the blocks at some places their scores, those after the last place its score, and others 0."""
    steps = [(first - 0.5, 0.0)] if first else []
    steps += [(at + 0.5, score) for at, score in enumerate(scores[:-1])][first:stop]
    tree: list[list[float]] = []
    for threshold, score in steps:
        tree += [[0.0, 0, threshold, len(tree) + 1, len(tree) + 2], [score]]
    return [*tree, [scores[-1] if stop >= len(scores) else 0.0]]


def dumps(index: Index) -> bytes:
    """Return an index as the bytes of a file."""
    return b"".join(dumped(index))
