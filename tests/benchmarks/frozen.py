"""What frozen rules reach beside the index that they were proposed from: `python -m tests.benchmarks.frozen JSONL [SITE...] [--readme]`.

JSONL is a labelled corpus: lines with `id`, `group`, `text`, `spans` and `ignore` (half-open, in code points). Of each site every other
document, by id, is learnt from; of the others each is cleaned by itself, once with the index and once with the rules alone, all that were
proposed accepted. Characters that are not white space are counted, and those of `ignore` are not.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cleaner import Cleaner, learn
from cleaner.matching import RuleSet
from cleaner.model import Cleaned, Document
from cleaner.proposing import propose
from cleaner.recurring import shown
from cleaner.rules import load_rules

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


def compared(rows: Sequence[Row]) -> tuple[int, tuple[float, float, float], tuple[float, float, float]]:
    """Return how many rules a site gets, and what the index and they reach."""
    documents = [Document(row["id"], row["text"], row["group"]) for row in rows]
    known = Cleaner(learn(documents[::2]))
    rules = propose("site", map(shown, known.clean_all(documents[::2])))
    frozen = Cleaner(rules=RuleSet((*load_rules().rules, *rules)))
    judged = rows[1::2]
    indexed, ruled = ([cleaner.clean(document) for document in documents[1::2]] for cleaner in (known, frozen))
    return len(rules), f1(judged, indexed), f1(judged, ruled)


def main() -> None:
    """Print a line for each site."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, metavar="JSONL")
    parser.add_argument("sites", nargs="*", metavar="SITE", help="default: all of them")
    given = parser.parse_args()
    found = {site: rows for site, rows in sites(given.corpus).items() if not given.sites or site in given.sites}
    gaps = []
    for site, rows in found.items():
        number, index, frozen = compared(rows)
        gaps.append(index[2] - frozen[2])
        told = [f"P {p:.3f} R {r:.3f} F1 {f:.3f}" for p, r, f in (index, frozen)]
        print(
            f"{site:20s} {len(rows):4d} pages {number:3d} rules   index {told[0]}   frozen {told[1]}   {gaps[-1]:+.3f}",
            flush=True,
        )
    within = sum(gap <= 0.02 for gap in gaps)
    print(f"{len(gaps)} sites, {within} within 0.02; mean of index - frozen {sum(gaps) / len(gaps):+.4f}")


if __name__ == "__main__":
    main()
