"""Corpora of any size for measuring speed: `python -m tests.benchmarks.scale OUT.jsonl [--documents N] [--seed S]`.

Made-up words in made-up sentences, drawn by seed. Each document belongs to a site of about a hundred; its body is its own, and
around it stands what its site repeats: a menu, a byline, a box in mid-article, a trailer whose items rotate, a footer. By default
20,000 documents of 5.8 kB with 55 lines: of 1.1 million lines half are distinct, and 96 % of these stand in one document only.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import orjson

SITE = 100
"""Documents of a site."""

WORDS = 20_000
"""Of the vocabulary; how often each is used follows Zipf's law."""

_ONSETS = ("", "b", "c", "ch", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "st", "t", "tr", "v", "w")
_VOWELS = ("a", "e", "i", "o", "u", "é", "ü")
_CODAS = ("", "", "", "", "", "", "n", "r", "s", "t", "l", "nd")


@dataclass(frozen=True)
class Language:
    """Made-up words, and sentences of them."""

    seed: int

    @cached_property
    def words(self) -> list[str]:
        """The vocabulary, the most frequent word first."""
        chance = random.Random(self.seed)
        found: dict[str, None] = {}
        while len(found) < WORDS:
            syllables = 1 + (len(found) > 150) + chance.randrange(2 + (len(found) > 2_000))
            vowels = _VOWELS if chance.random() < 0.02 else _VOWELS[:5]  # letters with marks are rare
            word = "".join(
                chance.choice(_ONSETS) + chance.choice(vowels) + chance.choice(_CODAS) for _ in range(syllables)
            )
            found[word] = None
        return list(found)

    def stream(self, chance: np.random.Generator) -> Iterator[str]:
        """Draw words without end."""
        odds = 1 / (np.arange(WORDS) + 2.7)
        bounds = np.cumsum(odds / odds.sum())
        while True:
            for at in bounds.searchsorted(chance.random(10_000)).tolist():
                yield self.words[min(at, WORDS - 1)]


@dataclass(frozen=True)
class Writer:
    """Writes lines of made-up text."""

    words: Iterator[str]
    chance: random.Random

    def title(self) -> str:
        """Return a headline."""
        text = " ".join(next(self.words) for _ in range(self.chance.randint(4, 10)))
        return text[0].upper() + text[1:]

    def sentence(self) -> str:
        """Return a sentence."""
        words = [next(self.words) for _ in range(self.chance.randint(5, 18))]
        if len(words) > 12:
            words[6] += ","
        text = " ".join(words)
        return f"{text[0].upper()}{text[1:]}{self.chance.choice('......?')}"

    def paragraph(self) -> str:
        """Return some sentences."""
        return " ".join(self.sentence() for _ in range(self.chance.choice((1, 1, 2, 2, 3, 4))))


@dataclass(frozen=True)
class Site:
    """What the documents of a site have in common."""

    name: str
    menu: tuple[str, ...]
    trailer: str
    items: tuple[tuple[str, ...], ...]
    box: tuple[str, ...]
    footer: tuple[str, ...]

    def document(self, write: Writer) -> str:
        """Return a document of the site."""
        chance = write.chance
        body = [write.paragraph() for _ in range(chance.randint(12, 34))]
        at = chance.randrange(3, len(body))
        shown = chance.sample(self.items, 11)
        lines = [*self.menu, write.title(), f"By {write.title()}, {chance.randint(1, 28)} May 20{chance.randint(10, 26)}"]
        lines += [*body[:at], *(self.box if chance.random() < 0.5 else ()), *body[at:]]
        lines += [f"{chance.randint(2, 900)} comments", self.trailer]
        lines += [line for item in shown for line in item]
        return "\n".join([*lines, *self.footer]) + "\n"


def site(number: int, write: Writer) -> Site:
    """Draw a site."""
    chance = write.chance
    items = [(write.title(), write.sentence()) if chance.random() < 0.4 else (write.title(),) for _ in range(16)]
    return Site(
        f"site{number:05}",
        tuple(write.title() for _ in range(chance.randint(3, 8))),
        write.title(),
        tuple(items),
        (write.title(), write.sentence()),
        tuple(write.title() for _ in range(chance.randint(3, 9))),
    )


def documents(count: int, seed: int = 0) -> Iterator[dict[str, str]]:
    """Yield so many documents, with `id`, `group` and `text`; those of a site stand apart, as a crawl has them."""
    language = Language(seed)
    sites = -(-count // SITE)
    write = Writer(language.stream(np.random.default_rng(seed)), random.Random(seed))
    drawn = [site(number, write) for number in range(sites)]
    for number in range(count):
        here = drawn[number % sites]
        yield {"id": f"{here.name}/{number:07}", "group": here.name, "text": here.document(write)}


def written(path: Path, count: int, seed: int = 0) -> Path:
    """Write a corpus as JSONL, and return where."""
    with path.open("wb") as out:
        for row in documents(count, seed):
            out.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
    return path


def main() -> None:
    """Write a corpus."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    written(given.out, given.documents, given.seed)


if __name__ == "__main__":
    main()
