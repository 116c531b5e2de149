"""Find the weights of pages: fit them to labelled HTML, cross-validated by site, and write `cleaner/page-weights.json`.

    python -m tests.benchmarks.calibrate_pages DATA          cross-validate, then fit on everything and write
    python -m tests.benchmarks.calibrate_pages DATA --last   also show the sites that are kept for a last look

DATA holds `html-dev.jsonl.gz` and `sitehtml-dev.jsonl.gz`: pages, and the words of their bodies. Each site, or lone page, is
scored through the whole pipeline by weights that were fitted without it. It takes minutes, on two cores.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch

import lightgbm
import numpy as np
from numpy.typing import NDArray

from cleaner import decide, forest
from cleaner.features import features
from cleaner.frequency import Frequencies
from cleaner.index import learn
from cleaner.layout import Reading
from cleaner.markup import coverage, read
from cleaner.model import Document
from cleaner.pipeline import Cleaner
from cleaner.policy import POLICIES, Policy
from cleaner.rules import load_rules
from tests.benchmarks.calibrate import SETTINGS, each, nodes, observed
from tests.benchmarks.corpora import FOLDS, fold, part, sampled

ROUNDS = 300
PAGE_SETTINGS = SETTINGS | {"objective": "cross_entropy", "learning_rate": 0.07}
"""Cross-entropy takes shares for labels: how much of a line is the body's."""

SETS = ("html-dev", "sitehtml-dev")

ALONE = 3.0
"""What a page without others of its site counts against one of a site: there are few of them."""


@dataclass(frozen=True)
class Page:
    """A page and its body, as people marked it."""

    document: Document
    gold: str
    without: tuple[str, ...]
    """What must not be in the body."""
    site: str


@dataclass(frozen=True)
class Rows:
    """Blocks to learn from: features, share of boilerplate, weight, fold."""

    values: NDArray[np.float32]
    labels: NDArray[np.float64]
    weights: NDArray[np.float64]
    folds: NDArray[np.int64]
    names: tuple[str, ...]


def pages(path: Path) -> list[Page]:
    """Read a set and open its pages."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]

    def opened(number: int) -> Page:
        row = rows[number]
        document, _ = read(Document(row["id"], row["html"], row["group"]), Reading())
        return Page(document, row["gold"], tuple(row["without"]), row["group"])

    return each(opened, len(rows))


def table(found: Sequence[Page]) -> Rows:
    """Compute the features of each block of the pages, learnt together."""
    known = Frequencies(learn(one.document for one in found))
    found = [one for one in found if one.document.layout is not None]  # the others are cleaned as text

    def rows(number: int) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64], tuple[str, ...]]:
        one = found[number]
        seen = observed(one.document, known)
        values = features([seen])
        body = coverage([seen.text[block.start : block.stop] for block in seen.blocks], one.gold)
        size = np.array([max(1, len(words(block.folded))) for block in seen.blocks], dtype=np.float64)
        alone = ALONE if seen.repetition.size == 0 else 1.0
        weights = alone * np.sqrt(size / size.sum())
        return np.stack(list(values.values()), axis=1).astype(np.float32), 1 - body, weights, tuple(values)

    rows(0)  # so that what is derived from the index is inherited, not derived in each worker
    some = each(rows, len(found))
    values, labels, weights = (np.concatenate([one[at] for one in some]) for at in range(3))
    folds = np.repeat([fold(one.site) for one in found], [len(one[1]) for one in some])
    print(f"  {len(some)} pages, {len(labels)} blocks", flush=True)
    return Rows(values, labels, weights, folds, some[0][3])


def tables(sets: Mapping[str, Sequence[Page]]) -> list[Rows]:
    """Compute the features of everything to learn from: with groups, without, and a few pages of each site."""
    plans = [*sets.values(), *(nameless(one) for one in sets.values())]
    for seed in range(3):
        few = sampled(sets["sitehtml-dev"], [one.site for one in sets["sitehtml-dev"]], (1, 1, 2, 3, 5, 10), seed)
        plans.append(nameless(few) if seed % 2 else few)
    return [table(plan) for plan in plans]


def nameless(found: Sequence[Page]) -> list[Page]:
    """Forget the groups."""
    return [replace(one, document=replace(one.document, group="")) for one in found]


def fit(found: Sequence[Rows], left_out: int | None = None) -> dict[str, Any]:
    """Fit the trees to all folds but one; return them as `cleaner.forest` reads them."""
    values, labels, weights = (
        np.concatenate([getattr(one, name)[one.folds != left_out] for one in found])
        for name in ("values", "labels", "weights")
    )
    model = lightgbm.train(PAGE_SETTINGS, lightgbm.Dataset(values, labels, weight=weights), ROUNDS).dump_model()
    return {"features": list(found[0].names), "trees": [nodes(tree["tree_structure"]) for tree in model["tree_info"]]}


def words(text: str) -> list[str]:
    """Return the words of a text, in lower case."""
    return re.findall(r"\w+", text.lower())


Result = tuple[float, float, float, int, int]
"""Precision, recall and F1 of the words, snippets that are still there, and snippets in all."""


def scored(body: str, one: Page) -> Result:
    """Compare a body with the one that people marked, by its words."""
    have, want = Counter(words(body)), Counter(words(one.gold))
    both = sum((have & want).values())
    p, r = both / max(1, have.total()), both / max(1, want.total())
    flat = " ".join(body.lower().split())
    left = sum(" ".join(snippet.lower().split()) in flat for snippet in one.without)
    return p, r, 2 * p * r / (p + r) if both else 0.0, left, len(one.without)


def score(found: Sequence[Page], forests: Sequence[forest.Forest], policy: Policy) -> list[Result]:
    """Clean each page by the weights that were fitted without its site."""
    cleaner = Cleaner(learn(one.document for one in found), load_rules(), policy)
    cleaner.explain(found[0].document)  # as above
    results: list[Result] = [(0.0, 0.0, 0.0, 0, 0)] * len(found)
    shipped = forest.shipped
    for number, weights in enumerate(forests):
        chosen = [at for at, one in enumerate(found) if fold(one.site) == number]

        def instead(path: Path = forest.WEIGHTS, weights: forest.Forest = weights) -> forest.Forest:
            return weights if path == forest.PAGE_WEIGHTS else shipped(path)

        def cleaned(at: int, chosen: Sequence[int] = chosen) -> Result:
            return scored(cleaner.clean(found[chosen[at]].document).text, found[chosen[at]])

        with patch.object(decide, "shipped", instead):
            for at, result in zip(chosen, each(cleaned, len(chosen)), strict=True):
                results[at] = result
    return results


def report(name: str, found: Sequence[Page], results: Sequence[Result], *, last: bool) -> None:
    """Print a line for the set, or for each part of its sites."""
    chosen: defaultdict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(found):
        if "site" in name:
            chosen[part(one.site)].append(number)
        chosen["all"].append(number)
    for tag, numbers in chosen.items():
        if "site" in name and tag in ("all", "last") and not last:
            continue
        p, r, f, left, snippets = np.array([results[number] for number in numbers]).T
        sites: defaultdict[str, list[float]] = defaultdict(list)
        for number in numbers:
            sites[found[number].site].append(results[number][2])
        lowest = f"  lowest site {min(np.mean(one) for one in sites.values()):.3f}" if "site" in name else ""
        leak = left.sum() / max(1, snippets.sum())
        print(
            f"  {name:20s} {tag:8s} P {p.mean():.4f}  R {r.mean():.4f}  F1 {f.mean():.4f}  leak {leak:.4f}{lowest}",
            flush=True,
        )


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--last", action="store_true", help="show the sites that are kept for a last look")
    parser.add_argument("--curve", action="store_true", help="show the points of all policies")
    arguments = parser.parse_args()
    paths = [arguments.data / f"{name}.jsonl.gz" for name in SETS]
    sets = {path.name.partition(".")[0]: pages(path) for path in paths}
    print("features", flush=True)
    found = tables(sets)
    weights = {
        "made by": "tests/benchmarks/calibrate_pages.py",
        "corpora": {path.name: sha256(path.read_bytes()).hexdigest() for path in paths},
    }
    forest.PAGE_WEIGHTS.write_text(json.dumps(weights | fit(found), separators=(",", ":")) + "\n", encoding="utf-8")
    print("cross-validated", flush=True)
    forests = [forest.parsed(fit(found, left_out)) for left_out in range(FOLDS)]
    for preset, policy in (POLICIES if arguments.curve else {"balanced": POLICIES["balanced"]}).items():
        print(preset)
        for name, some in sets.items():
            report(f"{name}, groups", some, score(some, forests, policy), last=arguments.last)
        if preset == "balanced":
            plain = nameless(sets["sitehtml-dev"])
            report("sitehtml-dev, none", plain, score(plain, forests, policy), last=arguments.last)


if __name__ == "__main__":
    main()
