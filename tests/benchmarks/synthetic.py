"""Small corpora made up from bodies and titles: what labelled corpora hardly have, and people often do.

Two documents that end in the same trailer, a lone one with a heading that a rule knows, a box in mid-article, items
that rotate or are cut short, flattened text, and the traps: shared quotations, section headings, copies of an article.
What is drawn is drawn by seed, so every run makes the same.
"""

from __future__ import annotations

import random
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from cleaner.matching import RuleSet
from cleaner.model import Document
from tests.benchmarks.corpora import Labelled

MARK = "\x00"
"""Marks a line as boilerplate until all is put together."""

_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")


@dataclass(frozen=True)
class Pool:
    """What small corpora are made of."""

    titles: tuple[str, ...]
    teasers: tuple[str, ...]
    bodies: tuple[str, ...]
    headings: tuple[str, ...]
    """That rules know to open a trailer or box."""
    lines: tuple[tuple[str, str], ...]
    """Where a rule looks, and a line that it cuts."""
    spares: tuple[str, ...]
    """Lines that rules spare."""


def pool(texts: Sequence[str], rules: RuleSet) -> Pool:
    """Gather titles, teasers and bodies from `texts`, headings and lines from the rules' phrases and examples."""
    titles, teasers, bodies = [], [], []
    for text in texts:
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        if len(lines) < 6:
            continue
        bodies.append(text.rstrip("\n"))
        titles += [
            line for line in lines if 25 <= len(line) <= 110 and not line.endswith((".", "。", ":", ";", "{", "}"))
        ]
        teasers += [
            piece.strip()
            for line in lines
            for piece in _SENTENCE.split(line)
            if 60 <= len(piece) <= 320 and (piece[0].isupper() or not piece[0].islower())
        ]
    cuts = [rule for rule in rules.rules if rule.effect == "cut" and not rule.sites]
    return Pool(
        tuple(titles),
        tuple(teasers),
        tuple(bodies),
        tuple(phrase for rule in rules.rules if rule.effect == "open" for phrase in rule.phrases),
        tuple((rule.where, line) for rule in cuts for line in (*rule.match, *rule.phrases) if len(line) <= 200),
        tuple(line for rule in rules.rules for line in rule.spare),
    )


def corpus(source: Pool, seed: int) -> tuple[list[Labelled], list[Labelled]]:
    """Return a small corpus: the documents to look at, and others to learn beside them."""
    chance = random.Random(seed)
    one = _Corpus(source, chance)
    group = "g" if chance.random() < 0.4 else ""
    documents = [
        Labelled(Document(f"d{number}", text, group), tuple(spans), site=f"synthetic{seed % 200}")
        for number, (text, spans) in enumerate(one.documents())
    ]
    others = chance.sample(source.bodies, 8) if chance.random() < 0.25 else []
    return documents, [Labelled(Document(f"x{number}", text), ()) for number, text in enumerate(others)]


class _Corpus:
    """One draw of everything that the documents of a corpus have in common."""

    def __init__(self, source: Pool, chance: random.Random) -> None:
        self.source, self.chance = source, chance
        self.count = chance.choice([1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 6])
        self.style = chance.choice(["titles", "teasers", "teasers", "mixed"])
        self.items = [self.item() for _ in range(chance.choice([2, 3, 4, 5, 6, 8, 12, 20, 49]))]
        known = self.count == 1 or chance.random() < 0.5
        self.heading = [chance.choice(source.headings)] if known else []
        self.rotate = chance.choice([0, 0, 0, 0.2, 0.35, 0.5])
        self.shorten = chance.choice([0, 0, 0.3])
        self.gap = "\n" * chance.choice([1, 2, 2])
        self.where = chance.choice(["tail"] * 6 + ["inset", "inset", "head", "both"])
        if self.count == 1 and chance.random() < 0.4:
            self.where = "tail"
        self.boxed = self.count > 1 or chance.random() < 0.7
        self.tiny, self.wrapped, self.flat, self.prosy = (chance.random() < share for share in (0.4, 0.1, 0.12, 0.3))
        self.quotation = [chance.choice(source.teasers) for _ in range(chance.choice([0, 0, 0, 1, 1, 2]))]
        self.section = [chance.choice(source.titles)] if chance.random() < 0.3 else []

    def item(self) -> list[str]:
        """Draw a title, with a teaser or without."""
        chance = self.chance
        lines = [chance.choice(self.source.titles)]
        if self.style == "teasers" or (self.style == "mixed" and chance.random() < 0.5):
            lines.append(chance.choice(self.source.teasers))
            if chance.random() < 0.3:
                lines[1] = lines[1][: chance.randint(40, len(lines[1]))].rstrip() + chance.choice(["...", "…", " ..."])
            if self.count > 1 and chance.random() < 0.15:
                lines.append(chance.choice(self.source.teasers))
        return lines

    def documents(self) -> list[tuple[str, list[tuple[int, int]]]]:
        """Return each document's text and the spans of its boilerplate."""
        bodies = self.chance.sample(self.source.bodies, self.count)
        if self.count >= 3 and self.chance.random() < 0.25:
            bodies[1] = bodies[0]
        return [_marked(self._flattened(self.gap.join(self._placed(body)))) for body in bodies]

    def _flattened(self, text: str) -> str:
        return text.replace("\n", " " + MARK * 2) if self.flat else text

    def _placed(self, body: str) -> list[str]:
        paragraphs = self._body(body)
        box = [MARK + line if line else "" for line in self._box()]
        if self.where == "inset":
            at = self.chance.randrange(len(paragraphs) // 3, max(len(paragraphs) // 3 + 1, len(paragraphs) - 3))
            pieces = [paragraphs[:at], box, paragraphs[at:]]
        else:
            pieces = [box if self.where in ("head", "both") else [], paragraphs, box if self.where != "head" else []]
        return ["\n".join(piece) for piece in pieces if piece]

    def _box(self) -> list[str]:
        """Draw the trailer as one document has it: items replaced, cut short, in another order."""
        chance = self.chance
        items = []
        for known in self.items:
            item = list(known)
            if chance.random() < self.rotate:
                item = [chance.choice(self.source.teasers)] if self.prosy else self.item()
            elif chance.random() < self.shorten:
                at = chance.randrange(len(item))
                if len(item[at]) > 40:
                    item[at] = item[at][: chance.randint(30, len(item[at]) - 5)].rstrip() + "..."
            items.append(item)
        if chance.random() < 0.3:
            chance.shuffle(items)
        lines = list(self.heading) if self.boxed else []
        for item in items if self.boxed else ():
            lines += [""] * (len(self.gap) - 1) + item
        return lines

    def _body(self, body: str) -> list[str]:
        chance, source = self.chance, self.source
        paragraphs = body.split("\n")[: chance.randint(20, 60)]
        if self.tiny:
            full = [paragraph for paragraph in paragraphs if paragraph.strip()]
            at = chance.randrange(len(full))
            paragraphs = full[at : at + chance.randint(1, 7)]
            if chance.random() < 0.5:
                paragraphs = "\n\n".join(paragraphs).split("\n")
        if len(paragraphs) > 1:
            for shared in (self.quotation, self.section):
                at = chance.choice([chance.randrange(1, len(paragraphs)), len(paragraphs)])
                paragraphs[at:at] = shared
            for _ in range(chance.choice([0, 0, 1, 1, 2])):
                paragraphs.insert(chance.randrange(1, len(paragraphs)), chance.choice(source.spares))
            for _ in range(chance.choice([0, 0, 0, 1, 2])):
                heading = "#" * chance.randint(1, 3) + " " + chance.choice(source.titles)
                paragraphs.insert(chance.randrange(1, len(paragraphs)), heading)
            if self.wrapped:
                paragraphs = [line for paragraph in paragraphs for line in textwrap.wrap(paragraph, 70) or [""]]
            for _ in range(chance.choice([0, 0, 1, 2] if self.boxed else [1, 1, 2, 3])):
                where, line = chance.choice(source.lines)
                ends = {"head": 0, "tail": len(paragraphs), "anywhere": chance.randint(0, len(paragraphs))}
                paragraphs[ends[where] : ends[where]] = [MARK + line, *chance.choice([[], [""]])]
        return paragraphs


def _marked(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Take the marks out: each marks the rest of its line, or of its part of a flattened text, as boilerplate."""
    separator = " " + MARK * 2 if MARK * 2 in text else "\n"
    lines = text.split(separator)
    spans, kept, at = [], [], 0
    for line in lines:
        plain = line.removeprefix(MARK)
        if plain != line:
            spans.append((at, at + len(plain)))
        kept.append(plain)
        at += len(plain) + 1
    return separator[0].join(kept), spans
