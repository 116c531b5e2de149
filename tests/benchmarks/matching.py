"""How long matching takes, and which keywords cost most: `python -m tests.benchmarks.matching [--rules PATH] [JSONL]`.

Without a corpus (a JSONL file with a field `text`, gzipped or not) it makes one up, of sentences in many scripts, of prose that
is hard for rules, and of the rules' own examples. What is drawn is drawn by seed. Times are those of this process, so that
others on the machine disturb them less; a line is 100 characters of text.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from cleaner.matching import RuleSet, lengths, match
from cleaner.model import Block, Document
from cleaner.rules import load_rules, packs_folder
from cleaner.segment import fold, segment

ROUNDS = 3
"""Each time is the best of so many."""

LINE_CHARS = 100
DOCUMENTS, BLOCKS = 400, 60

ORDINARY = (
    "The council met on Monday and voted to keep the bridge open until the spring, whatever the weather does.",
    "She counted the boats twice, wrote the number down, and rubbed it out again when the last one came in.",
    "Stir until the sugar has gone",
    "What the tide left behind",
    "Der Rat stimmte am Montag dafür, die Brücke bis zum Frühjahr offen zu halten, und ging dann nach Hause.",
    "Le conseil a voté lundi pour que le pont reste ouvert jusqu'au printemps, puis chacun est rentré chez soi.",
    "El viento cambió por la tarde y las barcas volvieron antes de lo que nadie esperaba en el puerto.",
    "Il mugnaio aprì la chiusa prima dell'alba e l'acqua corse lungo il muro come tutte le mattine.",
    "A maré subiu devagar e levou as cadeiras que alguém tinha deixado na areia na noite anterior.",
    "De molenaar zette de deur open en hoorde het water lang voordat hij het kon zien.",
    "Rada głosowała w poniedziałek za tym, żeby most pozostał otwarty do wiosny, choć rzeka wzbierała.",
    "Vinden vände på eftermiddagen och båtarna kom hem tidigare än någon hade väntat sig.",
    "Rüzgâr öğleden sonra döndü ve tekneler kimsenin beklemediği kadar erken limana girdi.",
    "Совет проголосовал в понедельник за то, чтобы мост оставался открытым до весны.",
    "Рада проголосувала в понеділок за те, щоб міст лишався відкритим до весни, попри високу воду.",
    "Το συμβούλιο ψήφισε τη Δευτέρα να μείνει η γέφυρα ανοιχτή ως την άνοιξη.",
    "صوّت المجلس يوم الاثنين على إبقاء الجسر مفتوحا حتى الربيع رغم ارتفاع مياه النهر.",
    "המועצה הצביעה ביום שני להשאיר את הגשר פתוח עד האביב, אף שהמים גאו.",
    "परिषद ने सोमवार को पुल को वसंत तक खुला रखने के लिए मतदान किया।",
    "สภาลงมติเมื่อวันจันทร์ให้เปิดสะพานไว้จนถึงฤดูใบไม้ผลิ",
    "议会星期一投票决定，无论水位多高，桥都要开放到春天。",
    "議会は月曜日、春まで橋を開けておくことを決め、みな家に帰った。",
    "의회는 월요일에 봄까지 다리를 열어 두기로 표결했다.",
)
"""Sentences, a step and a heading, as most lines of most text are."""


def made_up(rules: RuleSet) -> list[Document]:
    """Return documents of ordinary sentences; one line in ten is prose that is hard for rules, one in ten an example."""
    cases = Path(__file__).parent.parent / "cases/prose.txt"
    paths = [cases, *sorted((packs_folder() / "prose").glob("*.txt"))]
    hard = [line for path in paths for line in path.read_text(encoding="utf-8").split("\n") if line]
    examples = [text for rule in rules.rules for text in (*rule.match, *rule.spare)]
    draw = random.Random(7)
    documents = []
    for number in range(DOCUMENTS):
        kinds = draw.choices((ORDINARY, hard, examples), (8, 1, 1), k=BLOCKS)
        lines = [draw.choice(kind) + (f" {number}" if kind is ORDINARY else "") for kind in kinds]
        documents.append(Document(str(number), "\n".join(lines)))
    return documents


def corpus(path: Path) -> list[Document]:
    """Return the documents of a JSONL file."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
        return [Document(str(at), json.loads(line)["text"]) for at, line in enumerate(lines)]


def of_width(document: Document, low: int, high: int) -> Document:
    """Return a document of its lines of `low` to `high` characters."""
    return replace(
        document, text="\n".join(line for line in document.text.split("\n") if low <= len(line) <= high) or "-"
    )


def best(work: Callable[[Document, tuple[Block, ...]], object], rules: RuleSet, documents: Sequence[Document]) -> float:
    """Return the shortest of some times that `work` takes on all documents, in seconds.

    As in a run, each document is segmented just before, which is not counted, and nothing is known from an earlier round.
    """
    times = []
    for _ in range(ROUNDS):
        rules.compiled.known.clear()
        rules.compiled.found.cache_clear()
        took = 0.0
        for document in documents:
            blocks = segment(document.text)
            start = time.process_time()
            work(document, blocks)
            took += time.process_time() - start
        times.append(took)
    return min(times)


def joined(blocks: Sequence[Block]) -> bytes:
    """Return what the automaton looks at."""
    return "\n".join([block.folded for block in blocks]).encode()


def searched(rules: RuleSet, blocks: Sequence[Block]) -> list[bool]:
    """Look for keywords, and then for patterns."""
    hits = set(rules.compiled.keyword_hits([block.folded for block in blocks]))
    return [rules.compiled.found(rule, text) for text, rule in hits]


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
    parser.add_argument("--width", type=int, nargs=2, metavar=("LOW", "HIGH"), help="only lines of so many characters")
    given = parser.parse_args()
    start = time.process_time()
    rules = load_rules(given.rules)
    loaded = time.process_time()
    tables = rules.compiled
    print(
        f"{len(rules.rules)} rules: {loaded - start:.3f} s to load, {time.process_time() - loaded:.3f} s for the tables"
    )
    documents = corpus(given.corpus) if given.corpus else made_up(rules)
    if given.width:
        documents = [of_width(one, *given.width) for one in documents]
    lines = sum(len(document.text) for document in documents) / LINE_CHARS
    tried, wasteful = wasted(rules, list({block.folded: None for one in documents for block in segment(one.text)}))
    automaton = tables.automaton.find_matches_as_indexes
    parts: dict[str, Callable[[Document, tuple[Block, ...]], object]] = {
        "all": lambda document, blocks: match(rules, document, blocks),
        "phrases": lambda _, blocks: list(tables.phrase_hits([block.folded for block in blocks])),
        "headings": lambda document, blocks: list(tables.heading_hits(document.text, blocks)),
        "automaton": lambda _, blocks: automaton(joined(blocks), overlapping=True),
        "keywords": lambda _, blocks: list(tables.keyword_hits([block.folded for block in blocks])),
        "patterns": lambda _, blocks: searched(rules, blocks),
    }
    seconds = {name: best(work, rules, documents) for name, work in parts.items()}
    seconds["patterns"] -= seconds["keywords"]
    print(f"{len(documents)} documents, {lines:.0f} lines")
    for name, took in seconds.items():
        print(f"{name:10s} {took / lines * 1e6:6.2f} microseconds a line")
    print(f"patterns tried: {tried / lines * 1000:.0f} per 1,000 lines; in vain, by keyword:")
    for name, count in wasteful.most_common(20):
        print(f"{count:7d} {name}")
    unbounded = sum(bool(rule.pattern) and lengths(rule.pattern)[0] == 0 for rule in rules.rules)
    print(f"{unbounded} patterns whose lengths are not known")


if __name__ == "__main__":
    main()
