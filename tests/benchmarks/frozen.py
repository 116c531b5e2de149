"""What frozen rules reach beside the index that they were proposed from: `python -m tests.benchmarks.frozen JSONL [SITE]... [--docs]`.

JSONL is a labelled corpus: lines with `id`, `group`, `text`, `spans` and `ignore` (half-open, in code points). Of each site every other
document, by id, is learnt from; of the others each is cleaned by itself, once with the index and once with the rules alone, all that were
proposed accepted. Characters that are not white space are counted, and those of `ignore` are not.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shlex
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from cleaner import Cleaner, learn
from cleaner.matching import RuleSet
from cleaner.model import Cleaned, Document
from cleaner.proposing import propose
from cleaner.recurring import shown
from cleaner.rules import load_rules
from tests.benchmarks import tables

NEAR = 0.02
"""How far frozen rules may fall short of the index they come from."""

WORST = 3
"""Sites that the table names because the rules fall shortest there."""

Row = dict[str, Any]


def sites(path: Path) -> dict[str, list[Row]]:
    """Return the documents of each site, by id."""
    found: defaultdict[str, list[Row]] = defaultdict(list)
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            found[row["group"]].append(row)
    return {site: sorted(rows, key=lambda row: row["id"]) for site, rows in sorted(found.items())}


def marks(size: int, spans: Iterable[Sequence[Any]]) -> bytearray:
    """Return a 1 for each character in a span."""
    found = bytearray(size)
    for start, end, *_ in spans:
        found[start:end] = b"\1" * (end - start)
    return found


def f1(rows: Sequence[Row], cleaned: Sequence[Cleaned]) -> tuple[float, float, float]:
    """Return precision, recall and F1 of the characters that were removed."""
    hit = wrong = missed = 0
    for row, found in zip(rows, cleaned, strict=True):
        text = row["text"]
        spans = [(span.start, span.end) for span in found.spans]
        columns = (marks(len(text), some) for some in (row["spans"], row.get("ignore", ()), spans))
        for char, gold, free, cut in zip(text, *columns, strict=True):
            if not (free or char.isspace()):
                hit, wrong, missed = hit + (gold & cut), wrong + (cut & ~gold), missed + (gold & ~cut)
    precision = hit / (hit + wrong) if hit + wrong else 1.0
    recall = hit / (hit + missed) if hit + missed else 1.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@dataclass(frozen=True)
class Reached:
    """What was reached on the judged half of a site: precision, recall and F1."""

    site: str
    documents: int
    rules: int
    """How many were proposed."""
    index: tuple[float, float, float]
    frozen: tuple[float, float, float]

    @property
    def gap(self) -> float:
        """The F1 of the index less that of the rules."""
        return self.index[2] - self.frozen[2]


def compared(site: str, rows: Sequence[Row]) -> Reached:
    """Learn from one half of a site, and judge by the other."""
    documents = [Document(row["id"], row["text"], row["group"]) for row in rows]
    known = Cleaner(learn(documents[::2]))
    rules = propose("site", map(shown, known.clean_all(documents[::2])))
    frozen = Cleaner(rules=RuleSet((*load_rules().rules, *rules)))
    judged = rows[1::2]
    indexed, ruled = ([cleaner.clean(document) for document in documents[1::2]] for cleaner in (known, frozen))
    return Reached(site, len(rows), len(rules), f1(judged, indexed), f1(judged, ruled))


def row(site: str, documents: object, rules: object, index: Iterable[float], frozen: Iterable[float]) -> str:
    """Return a row of the table."""
    scores = (" / ".join(f"{score:.3f}" for score in some) for some in (index, frozen))
    return f"| {' | '.join(map(str, (site, documents, rules, *scores)))} |"


def table(found: Sequence[Reached], named: Sequence[str]) -> str:
    """Return the named sites, the mean of all, and the three that are farthest from their index."""
    lines = ["| site | documents | rules | by the index: P / R / F1 | by frozen rules |", "|---|---|---|---|---|"]
    worst = sorted(found, key=lambda one: -one.gap)[:WORST]
    chosen = [one for one in found if one.site in named] + [one for one in worst if one.site not in named]
    lines += [row(one.site, one.documents, one.rules, one.index, one.frozen) for one in chosen]
    means = [[mean(getattr(one, name)[at] for one in found) for at in range(3)] for name in ("index", "frozen")]
    rules = f"{mean(one.rules for one in found):.0f}"
    lines.append(row(f"mean of all {len(found)}", f"{mean(one.documents for one in found):.0f}", rules, *means))
    within = sum(one.gap <= NEAR for one in found)
    return "\n".join([*lines, "", f"On {within} of {len(found)} sites the rules' F1 is within {NEAR} of the index's."])


def main() -> None:
    """Print the table, and write it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", type=Path, metavar="JSONL")
    parser.add_argument("sites", nargs="*", metavar="SITE", help="these have rows, beside those that are worst")
    parser.add_argument("--docs", action="store_true", help="write the table into docs/accuracy.md")
    given = parser.parse_args()
    found = [compared(site, rows) for site, rows in sites(given.corpus).items()]
    text = table(found, given.sites)
    called = shlex.join(["python", "-m", "tests.benchmarks.frozen", given.corpus.name, *given.sites])
    text += f"\n\n({tables.made_by(called)}.)"
    print(text)
    if given.docs:
        tables.write("accuracy.md", "frozen", text)


if __name__ == "__main__":
    main()
