"""How long matching takes, and which keywords cost most: `python -m tests.benchmarks.matching [--rules PATH] [JSONL]`.

Without a corpus (a JSONL file with a field `text`, gzipped or not) it makes one up: the ordinary prose of many languages beside
the rules and in tests/cases, with one line in eight an example of a rule. What is drawn is drawn by seed. Times are those of
this process, so that others on the machine disturb them less; a line is 100 characters of text.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from cleaner.matching import RuleSet, lengths, match
from cleaner.model import Block, Document
from cleaner.rules import load_rules, packs_folder
from cleaner.segment import fold, segment

ROUNDS = 3
"""Each time is the best of so many."""

LINE_CHARS = 100
DOCUMENTS, BLOCKS = 400, 60

Segmented = list[tuple[Document, tuple[Block, ...]]]


def made_up(rules: RuleSet) -> list[Document]:
    """Return documents of ordinary prose, one line in eight an example."""
    cases = Path(__file__).parent.parent / "cases/prose.txt"
    prose = [
        line
        for path in [cases, *sorted((packs_folder() / "prose").glob("*.txt"))]
        for line in path.read_text(encoding="utf-8").split("\n")
        if line
    ]
    examples = [text for rule in rules.rules for text in (*rule.match, *rule.spare)]
    draw = random.Random(7)
    texts = [
        "\n".join(
            f"{draw.choice(prose)} {at}" if draw.random() < 7 / 8 else draw.choice(examples) for at in range(BLOCKS)
        )
        for _ in range(DOCUMENTS)
    ]
    return [Document(str(at), text) for at, text in enumerate(texts)]


def corpus(path: Path) -> list[Document]:
    """Return the documents of a JSONL file."""
    opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")
    with opened as lines:
        return [Document(str(at), json.loads(line)["text"]) for at, line in enumerate(lines)]


def best(work: Callable[[], object], rules: RuleSet) -> float:
    """Return the shortest of some times, in seconds, without what an earlier round has remembered."""
    times = []
    for _ in range(ROUNDS):
        rules.compiled.known.clear()
        rules.compiled.found.cache_clear()
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def wasted(rules: RuleSet, texts: Sequence[str]) -> tuple[int, Counter[str]]:
    """Return how many patterns are tried on texts, each once, and by keyword how many of those find nothing."""
    tried = 0
    wasteful: Counter[str] = Counter()
    for text in texts:
        for at in {rule for _, rule in rules.compiled.keyword_hits([text])}:
            tried += 1
            if not rules.compiled.found(at, text):
                wasteful.update(
                    f"{keyword} ({rules.rules[at].full_id})"
                    for keyword in rules.rules[at].keywords
                    if fold(keyword) in text
                )
    return tried, wasteful


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", nargs="?", type=Path)
    parser.add_argument("--rules", type=Path, action="append", default=[])
    given = parser.parse_args()
    start = time.process_time()
    rules = load_rules(given.rules)
    loaded = time.process_time()
    tables = rules.compiled
    print(
        f"{len(rules.rules)} rules: {loaded - start:.3f} s to load, {time.process_time() - loaded:.3f} s for the tables"
    )
    documents: Segmented = [
        (document, segment(document.text)) for document in (corpus(given.corpus) if given.corpus else made_up(rules))
    ]
    texts = [list(dict.fromkeys(block.folded for block in blocks)) for _, blocks in documents]
    lines = sum(len(document.text) for document, _ in documents) / LINE_CHARS
    tried, wasteful = wasted(rules, list(dict.fromkeys(text for one in texts for text in one)))  # compiles, too
    automaton = tables.automaton.find_matches_as_indexes
    joined = ["\n".join(one) for one in texts]
    parts: dict[str, Callable[[], object]] = {
        "all": lambda: [match(rules, document, blocks) for document, blocks in documents],
        "phrases": lambda: [sum(1 for _ in tables.phrase_hits(one)) for one in texts],
        "headings": lambda: [sum(1 for _ in tables.heading_hits(one.text, blocks)) for one, blocks in documents],
        "automaton": lambda: [len(automaton(one.encode(), overlapping=True)) for one in joined],
        "keywords": lambda: [sum(1 for _ in tables.keyword_hits(one)) for one in texts],
    }
    seconds = {name: best(work, rules) for name, work in parts.items()}
    candidates = [(rule, one) for text in texts for one, rule in set(tables.keyword_hits(text))]
    seconds["patterns"] = best(lambda: [tables.found(*one) for one in candidates], rules)
    print(f"{len(documents)} documents, {sum(len(blocks) for _, blocks in documents)} blocks, {lines:.0f} lines")
    for name, took in seconds.items():
        print(f"{name:10s} {took / lines * 1e6:6.2f} microseconds a line")
    print(f"patterns tried: {tried / lines * 1000:.0f} per 1,000 lines; in vain, by keyword:")
    for name, count in wasteful.most_common(20):
        print(f"{count:7d} {name}")
    unbounded = sum(bool(rule.pattern) and lengths(rule.pattern)[0] == 0 for rule in rules.rules)
    print(f"{unbounded} patterns whose lengths are not known")


if __name__ == "__main__":
    main()
