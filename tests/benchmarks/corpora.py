"""Labelled corpora: documents, the label of each block, and the split of the sites."""

from __future__ import annotations

import gzip
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cleaner.model import Block, Document

READ = frozenset(
    (
        "adella",
        "baldr",
        "deb-apache-ja",
        "deb-aptitude-cs",
        "deb-handbook-ar",
        "deb-install-el",
        "jorisluyendijk",
        "koalite",
        "limour",
        "luks",
        "omidmamadi",
        "pervasive",
        "zamzam",
    )
)
"""Sites whose errors were read while features were made; the worst of an earlier version. The others are scored only:
half of them, by the hash of their name, to choose by, the other half for a last look."""

FOLDS = 5

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Labelled:
    """A document and what of it is boilerplate: half-open spans in code points."""

    document: Document
    spans: tuple[tuple[int, int], ...]
    ignored: tuple[tuple[int, int], ...] = ()
    site: str = ""
    """What it is validated with, whether or not the document says its group."""
    tags: tuple[str, ...] = ()


def read(path: Path) -> list[Labelled]:
    """Read a set of labelled documents, JSON lines in gzip: `id`, `group`, `text`, `spans`, `ignore`, `tags`."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [
        Labelled(
            Document(row["id"], row["text"], row["group"]),
            tuple((start, end) for start, end, *_ in row["spans"]),
            tuple((start, end) for start, end in row.get("ignore", ())),
            row["group"],
            tuple(row.get("tags", ())),
        )
        for row in rows
    ]


def part(site: str) -> str:
    """Return `read`, `choose` or `last`: what a site of sites-dev may be used for."""
    if site in READ:
        return "read"
    return ("choose", "last")[int(sha256(site.encode()).hexdigest(), 16) % 2]


def fold(site: str) -> int:
    """Return the number of the fold that a site, or group, is left out with."""
    return int(sha256(f"f{site}".encode()).hexdigest(), 16) % FOLDS


def nameless(documents: Iterable[Labelled]) -> list[Labelled]:
    """Forget the groups."""
    return [replace(one, document=replace(one.document, group="")) for one in documents]


def flattened(documents: Iterable[Labelled]) -> list[Labelled]:
    """Put each document on one line, as some extractors do."""
    return [
        replace(one, document=replace(one.document, text=one.document.text.replace("\n", " "))) for one in documents
    ]


def body_of(one: Labelled) -> str:
    """Return the text without its boilerplate."""
    text, at, kept = one.document.text, 0, []
    for start, end in sorted(one.spans):
        kept.append(text[at : max(at, start)])
        at = max(at, end)
    return "".join([*kept, text[at:]])


def bodies(documents: Iterable[Labelled]) -> Iterator[Labelled]:
    """Yield the documents without their boilerplate, those that have a body."""
    for one in documents:
        if (text := body_of(one)).strip():
            yield replace(one, document=replace(one.document, text=text), spans=(), ignored=())


def sample(documents: Sequence[Labelled], sizes: Sequence[int], seed: int) -> list[Labelled]:
    """Take some documents of each site, as many as one of `sizes` says."""
    return sampled(documents, [one.site for one in documents], sizes, seed)


def sampled(items: Sequence[_Item], sites: Sequence[str], sizes: Sequence[int], seed: int) -> list[_Item]:
    """Take some items of each of their `sites`, as many as one of `sizes` says."""
    chance = random.Random(seed)
    of: defaultdict[str, list[_Item]] = defaultdict(list)
    for site, item in zip(sites, items, strict=True):
        of[site].append(item)
    return [item for site in sorted(of) for item in chance.sample(of[site], min(len(of[site]), chance.choice(sizes)))]


def labels(one: Labelled, blocks: Sequence[Block]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many visible characters of each block count, and how many of these are boilerplate."""
    text = one.document.text
    live = np.array([not character.isspace() for character in text], dtype=np.bool_)
    wanted = np.zeros(len(text), dtype=np.bool_)
    for start, end in one.ignored:
        live[start:end] = False
    for start, end in one.spans:
        wanted[start:end] = True
    counts = (np.concatenate(([0], np.cumsum(mask))) for mask in (live, live & wanted))
    starts, ends = np.array([block.start for block in blocks]), np.array([block.end for block in blocks])
    size, boilerplate = (count[ends] - count[starts] for count in counts)
    return size, boilerplate
