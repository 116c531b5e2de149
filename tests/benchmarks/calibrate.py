"""Find the weights: fit them to labelled corpora, cross-validated by site, and write `cleaner/weights.json`.

    python -m tests.benchmarks.calibrate DATA            cross-validate, then fit on everything and write
    python -m tests.benchmarks.calibrate DATA --last     also show the sites that are kept for a last look
    python -m tests.benchmarks.calibrate DATA --curve    also show the points of the other policies
    python -m tests.benchmarks.calibrate DATA --ablation show instead what each kind of evidence adds; write nothing

DATA holds `inject-dev.jsonl.gz`, `sites-dev.jsonl.gz` and `intact-dev.jsonl.gz`. Each site, or group, is scored through
the whole pipeline by weights that were fitted without it. It takes minutes, on two cores.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest.mock import patch

import lightgbm
import numpy as np
from numpy.typing import NDArray

from cleaner import decide, forest
from cleaner.features import FAMILIES, Features, features
from cleaner.frequency import Frequencies
from cleaner.index import Index, learn
from cleaner.matching import RuleSet, match
from cleaner.model import Document
from cleaner.observed import Observed
from cleaner.pipeline import Cleaner
from cleaner.policy import POLICIES, Policy
from cleaner.repetition import lookup
from cleaner.rules import load_rules
from cleaner.segment import segment
from tests.benchmarks.corpora import (
    FOLDS,
    Labelled,
    bodies,
    body_of,
    flattened,
    fold,
    labels,
    nameless,
    part,
    read,
    sample,
)
from tests.benchmarks.synthetic import Pool, corpus, pool

ROUNDS = 350
SETTINGS = {
    "objective": "binary",
    "learning_rate": 0.1,
    "num_leaves": 16,
    "max_depth": 6,
    "min_data_in_leaf": 40,
    "min_sum_hessian_in_leaf": 3,
    "lambda_l2": 3,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "max_bin": 63,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 2,
    "verbosity": -1,
}
"""Small trees, many. Fewer leaves and monotone counts were tried: the `choose` sites did not gain by them."""

RISING = (
    "cut rule",
    "open rule",
    "listed",
    "share",
    "count",
    "company",
    "run recurs",
    "chain",
    "masked company",
    "fixed",
)
"""More of these never speaks for keeping."""

BODY = 2.0
"""What a body character that goes counts against a boilerplate character that stays."""

CORPORA = 5000
"""Small corpora made up."""

SYNTHETIC = 0.4
"""Their weight."""

STAGES: Mapping[str, Collection[str]] = {
    "rules only": {*FAMILIES["rules"], *FAMILIES["form"]},
    "exact repetition only": {"count", "share", "outside", "sites", "copied", *FAMILIES["form"], *FAMILIES["corpus"]},
    "and near-duplicates": {*FAMILIES["repetition"], *FAMILIES["form"], *FAMILIES["corpus"]},
    "and context": {name for family, names in FAMILIES.items() if family not in ("rules", "place") for name in names},
    "and position": {name for family, names in FAMILIES.items() if family != "rules" for name in names},
    "and rules: all": {name for names in FAMILIES.values() for name in names},
}
"""What each kind of evidence adds: the features to learn from. Guards stay, and see all but the rules."""


@dataclass(frozen=True)
class Table:
    """Blocks of a set: features, label and weight of each, and the site that it is validated with."""

    values: NDArray[np.float32]
    labels: NDArray[np.bool_]
    weights: NDArray[np.float64]
    folds: NDArray[np.int64]


_task: Callable[[int], Any] | None = None
"""What a worker process does; inherited when it starts: an index is large to send."""


def _do(number: int) -> Any:
    assert _task is not None
    return _task(number)


def each(task: Callable[[int], Any], count: int) -> list[Any]:
    """Do a task for each number below `count`, on two processes, in order."""
    global _task  # noqa: PLW0603  # see there
    _task = task
    with ProcessPoolExecutor(2, get_context("fork")) as workers:
        return list(workers.map(_do, range(count), chunksize=20))


Rows = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]
"""The features of a document's blocks, their visible characters, and how many of these are boilerplate."""


def _rows(one: Labelled, known: Frequencies) -> Rows:
    found, size, boilerplate = _observed(one, known)
    return np.stack(list(found.values()), axis=1).astype(np.float32), size, boilerplate


def _observed(one: Labelled, known: Frequencies) -> tuple[Features, NDArray[np.int64], NDArray[np.int64]]:
    seen = observed(one.document, known)
    return features([seen]), *labels(one, seen.blocks)


def observed(document: Document, known: Frequencies) -> Observed:
    """Observe a document, by the shipped rules and what a corpus has taught."""
    [repetition] = lookup(known, [document], [segment(document.text)])
    evidence = match(_rules(), document, repetition.blocks)
    return Observed(document.text, repetition.blocks, evidence, repetition, document.layout)


def _small(source: Pool, seed: int) -> list[Rows]:
    """Return the rows of a small corpus. Of a lone document, teasers that no rule lists are unknown, not boilerplate."""
    documents, others = corpus(source, seed)
    known = Frequencies(learn(one.document for one in (*documents, *others)))
    rows = []
    for one in documents:
        found, size, boilerplate = _observed(one, known)
        if len(documents) == 1:
            size[(boilerplate > 0) & (found["closed"] > 0) & (found["listed"] + found["cut rule"] == 0)] = 0
        rows.append((np.stack(list(found.values()), axis=1).astype(np.float32), size, boilerplate))
    return rows


@cache
def _rules() -> RuleSet:
    return load_rules()


def table(rows: Sequence[Rows], sites: Sequence[str], *, weight: float = 1.0, by_boilerplate: bool = False) -> Table:
    """Weigh blocks: longer ones more, large sites less, body more than boilerplate; sites with little of it by that.

    Four fifths of the blocks that nothing at all speaks against are left out, and the others count for them.
    """
    values = np.concatenate([row[0] for row in rows])
    size, boilerplate = (np.concatenate([row[at] for row in rows]).astype(np.float64) for at in (1, 2))
    names = np.repeat(np.array(sites), [len(row[1]) for row in rows])
    share = boilerplate / np.maximum(1, size)
    cut = share > 0.5
    weights = np.abs(2 * share - 1) * size**0.7 * np.where(cut, 1.0, BODY)
    unique, at = np.unique(names, return_inverse=True)
    total = np.bincount(at, weights=weights)
    if by_boilerplate:
        wanted = np.bincount(at, weights=np.where(cut, weights, 0))
        weights = weights / (np.maximum(np.maximum(wanted, 0.01 * total), 200) ** 0.6)[at]
    else:
        weights = weights / np.sqrt(np.maximum(total, 1))[at]
    weights *= weight * 1e5 * np.sqrt(len(unique)) / weights.sum()
    column = {name: values[:, number] for number, name in enumerate(_names())}
    plain = ~cut & (column["company"] == 0) & (column["share"] == 0) & (column["near"] == 0) & (column["prose"] == 1)
    plain &= column["rule -1"] <= 0
    drawn = np.random.default_rng(1).random(len(weights)) < 0.2
    weights = np.where(plain, np.where(drawn, weights * 5, 0), weights)
    some = weights > 0
    folds = np.array([fold(name) for name in unique])[at]
    return Table(values[some], cut[some], weights[some], folds[some])


@cache
def _names() -> tuple[str, ...]:
    return tuple(features([observed(Document("a", "One."), Frequencies(Index()))]))


def tables(sets: Mapping[str, Sequence[Labelled]]) -> list[Table]:
    """Compute the features of everything to learn from."""
    sites, inject, intact = sets["sites-dev"], sets["inject-dev"], sets["intact-dev"]
    plans: list[tuple[str, Sequence[Labelled], Sequence[Labelled] | None]] = []
    for name, documents in sets.items():
        plans += [(name, documents, None), (name, nameless(documents), None)]
    plans += [("sites-dev", list(bodies(sites)), sites), ("inject-dev", list(bodies(inject)), inject)]
    for seed in range(4):
        part_of = sample(sites, (1, 2, 2, 3, 3, 5, 8, 12, 20), seed)
        plans.append(("sites-dev", nameless(part_of) if seed % 2 else part_of, None))
    for seed in range(2):
        part_of = sample(inject, (1, 2, 2, 3), seed)
        plans.append(("inject-dev", nameless(part_of) if seed % 2 else part_of, None))
    plans += [("inject-dev", flattened(inject), None), ("inject-dev", nameless(flattened(inject)), None)]
    found = []
    for name, documents, learnt in plans:
        known = Frequencies(learn(one.document for one in learnt or documents))
        _rows(documents[0], known)  # so that what is derived from the index is inherited, not derived in each worker
        rows = each(lambda number, of=documents, known=known: _rows(of[number], known), len(documents))
        by_boilerplate = name == "sites-dev" and learnt is None
        found.append(table(rows, [one.site for one in documents], by_boilerplate=by_boilerplate))
        print(f"  {name}: {len(documents)} documents, {len(found[-1].labels)} blocks", flush=True)
    texts = [body_of(one) for one in (*intact, *inject) if "flat" not in one.tags]
    source = pool(texts, _rules())
    small = each(lambda seed: _small(source, seed), CORPORA)
    rows = [row for some in small for row in some]
    names = [f"synthetic{seed % 200}" for seed, some in enumerate(small) for _ in some]
    found.append(table(rows, names, weight=SYNTHETIC))
    print(f"  made up: {len(rows)} documents, {len(found[-1].labels)} blocks", flush=True)
    return found


def fit(found: Sequence[Table], left_out: int | None = None, some: Collection[str] = ()) -> dict[str, Any]:
    """Fit the trees to all folds but one, by all features or by `some`; return them as `cleaner.forest` reads them."""
    values, wanted, weights = (
        np.concatenate([getattr(one, name)[one.folds != left_out] for one in found])
        for name in ("values", "labels", "weights")
    )
    if some:
        values[:, [name not in some for name in _names()]] = 0
    rising = [1 if name in RISING else 0 for name in _names()]
    data = lightgbm.Dataset(values, wanted, weight=weights)
    model = lightgbm.train(SETTINGS | {"monotone_constraints": rising}, data, ROUNDS).dump_model()
    return {"features": list(_names()), "trees": [nodes(tree["tree_structure"]) for tree in model["tree_info"]]}


def nodes(root: Mapping[str, Any]) -> list[list[float]]:
    """Return the nodes of a tree, as `cleaner.forest` reads them."""
    nodes: list[list[float]] = []

    def add(node: Mapping[str, Any]) -> int:
        at = len(nodes)
        nodes.append([])
        if "split_feature" not in node:
            nodes[at] = [round(node["leaf_value"], 5)]
        else:
            threshold = float(np.float32(node["threshold"]))
            sides = add(node["left_child"]), add(node["right_child"])
            nodes[at] = [round(node["internal_value"], 5), node["split_feature"], threshold, *sides]
        return at

    add(root)
    return nodes


Result = tuple[int, int, int, int]
"""Boilerplate characters cut, body cut, boilerplate left, and body in all."""


def _cleaned(one: Labelled, cleaner: Cleaner) -> Result:
    text = one.document.text
    got, wanted, live = (np.zeros(len(text), dtype=np.bool_) for _ in range(3))
    cuts = [(span.start, span.end) for span in cleaner.clean(one.document).spans]
    for mask, spans in ((got, cuts), (wanted, one.spans)):
        for start, end in spans:
            mask[start:end] = True
    live[[at for at, character in enumerate(text) if not character.isspace()]] = True
    for start, end in one.ignored:
        live[start:end] = False
    right, wrong, missed, body = (
        int((mask & live).sum()) for mask in (got & wanted, got & ~wanted, ~got & wanted, ~wanted)
    )
    return right, wrong, missed, body


def score(documents: Sequence[Labelled], forests: Sequence[forest.Forest], policy: Policy) -> list[Result]:
    """Clean each document by the weights that were fitted without its site."""
    cleaner = Cleaner(learn(one.document for one in documents), _rules(), policy)
    cleaner.explain(documents[0].document)  # as above
    found: list[Result] = [(0, 0, 0, 0)] * len(documents)
    for number, weights in enumerate(forests):
        chosen = [at for at, one in enumerate(documents) if fold(one.site) == number]
        with patch.object(decide, "shipped", lambda _, weights=weights: weights):
            results = each(lambda at, chosen=chosen: _cleaned(documents[chosen[at]], cleaner), len(chosen))
        for at, result in zip(chosen, results, strict=True):
            found[at] = result
    return found


def ablation(sets: Mapping[str, Sequence[Labelled]], found: Sequence[Table]) -> None:
    """Score what was left out of one fit by the features of each stage."""
    empty = load_rules(shipped=False)
    for stage, names in STAGES.items():
        print(stage)
        weights = forest.parsed(fit(found, 0, names))
        for name in ("inject-dev", "sites-dev"):
            known = learn(one.document for one in sets[name]) if stage != "rules only" else Index()
            cleaner = Cleaner(known, _rules() if "rules" in stage else empty)
            documents = [one for one in sets[name] if fold(one.site) == 0]
            cleaner.explain(documents[0].document)
            with patch.object(decide, "shipped", lambda _, weights=weights: weights):
                results = each(lambda at, of=documents, by=cleaner: _cleaned(of[at], by), len(documents))
            report(name, documents, results, last=True, tags=("all",))


def f1(right: int, wrong: int, missed: int) -> float:
    """Return the harmonic mean of precision and recall; 1 when there was nothing to find and nothing was found.

    >>> f1(0, 0, 0), f1(1, 1, 0)
    (1.0, 0.6666666666666666)
    """
    return 2 * right / (2 * right + wrong + missed) if right + wrong + missed else 1.0


def report(
    name: str, documents: Sequence[Labelled], results: Sequence[Result], *, last: bool, tags: Collection[str] = ()
) -> None:
    """Print a line for all documents, and for the parts and tags that are asked for: all, or some `tags` only."""
    chosen: defaultdict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(documents):
        if "sites" in name:
            chosen[part(one.site)].append(number)
            chosen["all"].append(number)
        else:
            for tag in ("all", *(tag for tag in one.tags if "type" not in tag)):
                chosen[tag].append(number)
    for tag, numbers in chosen.items():
        if ("sites" in name and tag in ("all", "last") and not last) or (tags and tag not in tags):
            continue
        totals = np.array([results[number] for number in numbers]).sum(axis=0)
        hurt = np.mean([results[number][1] >= 20 for number in numbers])
        sites: defaultdict[str, list[int]] = defaultdict(list)
        for number in numbers:
            sites[documents[number].site].append(number)
        every = [f1(*np.array([results[number] for number in own]).sum(axis=0)[:3].tolist()) for own in sites.values()]
        mean = (
            f"  mean over {len(every)} sites {np.mean(every):.4f}, lowest {min(every):.3f}" if "sites" in name else ""
        )
        lost = 1e6 * totals[1] / max(1, totals[3])
        print(
            f"  {name:22s} {tag:16s} F1 {f1(*totals[:3].tolist()):.4f}  lost {lost:6.0f} ppm  hurt {hurt:.4f}{mean}",
            flush=True,
        )


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--last", action="store_true", help="show the sites that are kept for a last look")
    parser.add_argument("--curve", action="store_true", help="show the points of all policies")
    parser.add_argument("--ablation", action="store_true", help="show what each kind of evidence adds")
    arguments = parser.parse_args()
    paths = [arguments.data / f"{name}.jsonl.gz" for name in ("inject-dev", "sites-dev", "intact-dev")]
    sets = {path.name.partition(".")[0]: read(path) for path in paths}
    print("features")
    found = tables(sets)
    if arguments.ablation:
        ablation(sets, found)
        return
    weights = {
        "made by": "tests/benchmarks/calibrate.py",
        "corpora": {p.name: sha256(p.read_bytes()).hexdigest() for p in paths},
    }
    forest.WEIGHTS.write_text(json.dumps(weights | fit(found), separators=(",", ":")) + "\n", encoding="utf-8")
    print("cross-validated")
    forests = [forest.parsed(fit(found, left_out)) for left_out in range(FOLDS)]
    for preset, policy in (POLICIES if arguments.curve else {"balanced": POLICIES["balanced"]}).items():
        print(preset)
        for name, documents in sets.items():
            report(f"{name}, groups", documents, score(documents, forests, policy), last=arguments.last)
            if preset == "balanced":
                plain = nameless(documents)
                report(f"{name}, none", plain, score(plain, forests, policy), last=arguments.last)


if __name__ == "__main__":
    main()
