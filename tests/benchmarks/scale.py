"""Corpora of any size for measuring speed: `python -m tests.benchmarks.scale OUT.jsonl [--documents N] [--seed S]`.

Made-up words in made-up sentences, drawn by seed. Each document belongs to a site of about a hundred; its body is its own, and
around it stands what its site repeats: a menu, a box in mid-article, a trailer whose items rotate, a footer. Some headings are
English ones, so that rules have a share in it. By default 117 MB: 20,000 documents of 5.8 kB with 56 lines; of 1.1 million lines
half are distinct, and 96 % of these stand in one document only.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count, islice
from pathlib import Path

import numpy as np
import orjson

SITE = 100
"""Documents of a site."""

ITEMS, SHOWN = 62, 11
"""Items that a site's trailers draw from, and how many one shows: each recurs in a sixth of the site's documents."""

WORDS = 20_000
"""Of the vocabulary; how often each is used follows Zipf's law."""

_HEADINGS = ("You may also like", "Related articles", "More stories", "Read next")
"""Of half the sites' trailers; the others have made-up ones."""

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
        return f"{text[0].upper()}{text[1:]}{'?' if self.chance.random() < 0.15 else '.'}"

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
        body = [write.paragraph() for _ in range(chance.randint(12, 35))]
        at = chance.randrange(3, len(body))
        shown = chance.sample(self.items, SHOWN)
        lines = [
            *self.menu,
            write.title(),
            f"By {write.title()}, {chance.randint(1, 28)} May 20{chance.randint(10, 26)}",
        ]
        lines += [*body[:at], *(self.box if chance.random() < 0.5 else ()), *body[at:]]
        lines += [f"{chance.randint(2, 900)} comments", self.trailer]
        lines += [line for item in shown for line in item]
        return "\n".join([*lines, *self.footer]) + "\n"


def site(number: int, write: Writer) -> Site:
    """Draw a site."""
    chance, name = write.chance, f"site{number:05}"
    return Site(
        name,
        menu=tuple(write.title() for _ in range(chance.randint(3, 8))),
        trailer=chance.choice(_HEADINGS) if chance.random() < 0.5 else write.title(),
        items=tuple((write.title(), write.sentence())[: 1 + (chance.random() < 0.4)] for _ in range(ITEMS)),
        box=(write.title(), write.sentence()),
        footer=(*(write.title() for _ in range(chance.randint(2, 8))), f"© 2026 {name}. All rights reserved."),
    )


def crawl(sites: int, seed: int = 0) -> Iterator[dict[str, str]]:
    """Yield documents of so many sites without end, with `id`, `group` and `text`; sites take turns, as in a crawl."""
    language = Language(seed)
    write = Writer(language.stream(np.random.default_rng(seed)), random.Random(seed))
    drawn = [site(number, write) for number in range(sites)]
    for number in count():
        here = drawn[number % sites]
        yield {"id": f"{here.name}/{number:07}", "group": here.name, "text": here.document(write)}


def documents(number: int, seed: int = 0) -> Iterator[dict[str, str]]:
    """Yield so many documents: `SITE` of each site, the first of its `crawl`.

    >>> [row["id"] for row in documents(2)]
    ['site00000/0000000', 'site00000/0000001']
    """
    return islice(crawl(-(-number // SITE), seed), number)


def save(path: Path, rows: Iterable[dict[str, str]]) -> Path:
    """Write documents as JSONL, and return where."""
    with path.open("wb") as out:
        out.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
    return path


def main(arguments: Sequence[str] | None = None) -> None:
    """Write a corpus."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    save(given.out, documents(given.documents, given.seed))


if __name__ == "__main__":
    main()
