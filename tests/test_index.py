"""Learning and merging."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.fingerprints import NO_KEY, Lines, key, lines_of
from cleaner.index import Index, arrays, digest_of, learn, merge
from cleaner.model import Block, Document
from cleaner.near import WIDTH
from cleaner.saving import loads
from cleaner.segment import segment
from cleaner.shingling import shingles
from tests.handmade import dumps
from tests.strategies import STEADY, corpora


def keys_of(blocks: Sequence[Block]) -> np.ndarray:
    """Return the key of each block, one by one."""
    return np.array([key(block.folded) for block in blocks], dtype=np.uint64)


PAGE = Document(
    "a/1", "The ferry\n\nThe ferry leaves at seven in the morning and crosses the strait.\nRead MORE\n", "a"
)
OTHER = Document("b/1", "The ferry\nWhat the captain keeps in his cabin\n* * *\nread  more\r\n", "b")

TABLE = Document("c/1", "  Home » News » Bridges\n12 May | 3 p.m. | Harbour\nPage 1\n", "c")
"""Two lines of three cells each."""

LONG = Document("d/1", f"Before\n{'The ferry leaves at seven. ' * 25}\nAfter » all\n{'Nobody waits. ' * 40}\n", "a")
"""Two lines that have shingles."""

ALL = [PAGE, OTHER, TABLE, LONG, Document("e/1", ""), Document("f/1", "\ud800 » \udfff\n" + LONG.text)]


def found(document: Document) -> Lines:
    """Return the lines of one document."""
    return lines_of([(document.text, segment(document.text))])


def assert_same_arrays(one: Index, other: Index) -> None:
    """Assert that two indexes have the same of everything, in arrays of the same type."""
    assert (one.ids, one.groups, one.digests) == (other.ids, other.groups, other.digests)
    theirs = arrays(other)
    assert len(theirs) == 3 * 2 + 11 + 4 + 3
    for name, array in arrays(one).items():
        assert np.array_equal(array, theirs[name]), name
        assert array.dtype == theirs[name].dtype, name


def folded(index: Index) -> dict[int, str]:
    """Return all texts of an index, by key."""
    return dict(zip(index.texts.keys.tolist(), index.texts.strings, strict=True))


# Learning


def test_what_is_learnt() -> None:
    index = learn([OTHER, PAGE])
    assert index.ids == ("a/1", "b/1")
    assert index.groups == ("a", "b")
    lines = index.lines
    assert lines.first.tolist() == [0, 3, 7]
    assert lines.starts.tolist() == [0, 11, 76, 0, 10, 46, 52]
    assert lines.stops.tolist() == [9, 75, 85, 9, 45, 51, 62]
    assert lines.prose.tolist() == [False, True, False, False, False, False, False]
    assert (lines.keys == np.concatenate([keys_of(segment(PAGE.text)), keys_of(segment(OTHER.text))])).all()
    assert lines.keys[0] == lines.keys[3]
    assert lines.keys[2] == lines.keys[6]
    assert lines.keys[5] == NO_KEY
    assert index.digests[0] == digest_of(keys_of(segment(PAGE.text)))
    assert index.digests[0] != index.digests[1]


def test_what_is_learnt_of_each_line() -> None:
    """All that is compared of one, line after line, document after document."""
    index = learn(ALL)
    assert index.ids == ("a/1", "b/1", "c/1", "d/1", "e/1", "f/1")
    for name in ("masks", "keys", "heads", "tails", "shapes", "widths", "cells", "prose", "starts", "stops"):
        expected = np.concatenate([getattr(found(document), name) for document in ALL])
        assert getattr(index.lines, name).tolist() == expected.tolist(), name
    lines = int(index.lines.first[-1])
    assert {len(getattr(index.lines, name)) for name in ("masks", "heads", "tails", "shapes", "widths")} == {lines}


def test_the_cells_that_are_learnt() -> None:
    index = learn([TABLE, PAGE, LONG])
    assert index.ids == ("a/1", "c/1", "d/1")
    assert index.lines.widths.tolist() == [0, 0, 0, 3, 3, 0, 0, *[0] * 25, 2, *[0] * 40]
    expected = [*found(TABLE).cells.tolist(), *found(LONG).cells.tolist()]
    assert index.lines.cells.tolist() == expected
    assert len(expected) == index.lines.widths.sum()


def test_the_shingles_that_are_learnt() -> None:
    long = learn(ALL).shingles
    for at, document in enumerate(ALL):
        found = shingles([(document.text, segment(document.text))])
        own = slice(int(long.first[at]), int(long.first[at + 1]))
        assert long.hashes[own].tolist() == found.hashes.tolist()
        assert long.starts[own].tolist() == found.starts.tolist()
        assert long.stops[own].tolist() == found.stops.tolist()
    assert np.diff(long.first).astype(bool).tolist() == [document.text.count("ferry") > 9 for document in ALL]
    assert long.first[-1] == len(long.hashes)


def test_texts_are_kept_of_lines_wide_enough_to_compare() -> None:
    assert sorted(folded(learn([PAGE, OTHER])).values()) == [
        "the ferry leaves at seven in the morning and crosses the strait.",
        "what the captain keeps in his cabin",
    ]
    narrow, wide = "x" * (WIDTH - 1), "日" * (WIDTH // 2)
    assert list(folded(learn([Document("a", f"{narrow}\n{wide}\n{'1' * WIDTH}")])).values()) == [wide]
    of_both = [keys_of(blocks).tolist() for blocks in (segment(PAGE.text), segment(OTHER.text))]
    assert folded(learn([PAGE, OTHER])) == {
        of_both[0][1]: "the ferry leaves at seven in the morning and crosses the strait.",
        of_both[1][1]: "what the captain keeps in his cabin",
    }


def test_a_document_that_comes_twice_counts_once() -> None:
    assert learn([PAGE, PAGE]) == learn([PAGE])
    assert len(learn([PAGE, Document(PAGE.id, PAGE.text + "More\n", PAGE.group)])) == 2
    assert len(learn([PAGE, Document(PAGE.id, PAGE.text, "z")])) == 2
    assert len(learn([PAGE, Document("z", PAGE.text, PAGE.group)])) == 2
    assert len(learn([PAGE, Document(PAGE.id, PAGE.text.replace("\n\n", "\n"), PAGE.group)])) == 2


def test_nothing_learnt() -> None:
    assert len(learn([])) == 0
    assert learn([]) == Index() == merge([]) == merge([Index(), Index()])
    assert len(learn([Document("a", "")])) == 1


def test_equality() -> None:
    assert learn([PAGE]) == learn([PAGE])
    assert learn([PAGE]) != learn([OTHER])
    assert learn([PAGE]) != PAGE
    with pytest.raises(TypeError):
        hash(learn([PAGE]))


def test_merging_is_learning_at_once() -> None:
    one, other = learn([PAGE]), learn([OTHER])
    assert merge([one, other]) == merge([other, one]) == merge([one, other, one]) == learn([PAGE, OTHER])
    assert merge([one]) == one


def test_merging_keeps_cells_and_shingles_with_their_lines() -> None:
    """Whatever the shards, and whichever of them has the documents that come first."""
    whole = learn(ALL)
    for shards in ([ALL[:3], ALL[3:]], [ALL[1::2], ALL[::2]], [[document] for document in ALL[::-1]]):
        merged = merge(learn(shard) for shard in shards)
        assert merged == whole
        assert_same_arrays(merged, whole)
    assert len(whole.lines.cells) > 6
    assert len(whole.shingles.hashes) > 150


@STEADY
@given(corpora(), st.randoms(use_true_random=False))
def test_shards_merge_to_the_whole(corpus: list[Document], numbers: random.Random) -> None:
    """Each document in one of three, its text repeated on some lines until they are long."""
    documents = [Document(one.id, one.text + "\n" + one.text.replace("\n", " ") * 5, one.group) for one in corpus]
    shards: list[list[Document]] = [[], [], []]
    for document in documents:
        numbers.choice(shards).append(document)
    merged = merge(learn(shard) for shard in shards)
    assert merged == learn(documents)
    assert loads(dumps(merged)) == merged
