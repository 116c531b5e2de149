"""The generator of scale corpora: the same seed gives the same bytes, of any size."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

import orjson

from tests.benchmarks import scale


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    one, same, other = (scale.save(tmp_path / str(at), scale.documents(150, seed)) for at, seed in enumerate((1, 1, 2)))
    assert one.read_bytes() == same.read_bytes() != other.read_bytes()


def test_sizes_by_flag(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    for size in (0, 1, 130):
        scale.main([str(path), "--documents", str(size)])
        rows = [orjson.loads(line) for line in path.read_bytes().splitlines()]
        assert len({row["id"] for row in rows}) == len(rows) == size
        assert len({row["group"] for row in rows}) == -(-size // scale.SITE)


def test_a_crawl_goes_on_where_the_corpus_ends() -> None:
    assert list(islice(scale.crawl(2), 150)) == list(scale.documents(150))
    assert {row["group"] for row in islice(scale.crawl(2), 150, 152)} == {"site00000", "site00001"}


def test_half_the_lines_are_distinct_and_most_of_these_are_in_one_document() -> None:
    texts = [row["text"] for row in scale.documents(600)]
    lines = [line for text in texts for line in text.splitlines()]
    documents = Counter(line for text in texts for line in set(text.splitlines()))
    assert 0.45 < len(documents) / len(lines) < 0.5
    assert 0.95 < sum(count == 1 for count in documents.values()) / len(documents) < 0.97
