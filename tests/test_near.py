"""Near-duplicate text: signatures, similarity, look-ups."""

from __future__ import annotations

import pickle
import random
import zlib
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from datasketch import MinHash, MinHashLSH
from hypothesis import given
from hypothesis import strategies as st

from cleaner import near
from cleaner.near import (
    PERMUTATIONS,
    PREFIX,
    SHINGLE,
    SHINGLE_DENSE,
    SIMILAR,
    WIDTH,
    Neighbours,
    jaccards,
    shortened,
    signatures,
)
from cleaner.segment import fold, width
from cleaner.spill import Space
from cleaner.strings import packed, texts_of, united
from tests.strategies import STEADY, texts


def shingles(folded: str) -> set[str]:
    """Return the character n-grams of folded text; at least one, the text itself when it is shorter."""
    size = SHINGLE if width(folded) < 1.5 * len(folded) else SHINGLE_DENSE
    return {folded[at : at + size] for at in range(max(1, len(folded) - size + 1))}


def jaccard(one: str, other: str) -> float:
    """Return the Jaccard similarity of two folded texts' shingles, in [0, 1]."""
    left, right = shingles(one), shingles(other)
    return len(left & right) / len(left | right)


LINES = texts().map(fold).filter(lambda line: "\0" not in line)
"""Folded. A shingle that is but a zero has the hash of the empty one."""

TITLE = "why the old bridge over the river will stay closed until spring"


def number_of(data: bytes) -> int:
    """Return the number that four bytes are: a hash function that leaves hashes as they are."""
    return int.from_bytes(data, "little")


def keyed(*found: str) -> dict[int, str]:
    """Give each text a key that does not depend on its place."""
    return {zlib.crc32(text.encode()): text for text in found}


def neighbours(table: Mapping[int, str], space: Space | None = None) -> Neighbours:
    """Prepare look-ups among all of some texts by key."""
    keys = np.array(list(table), dtype=np.uint64)
    space = space or Space()
    return near.neighbours(united(keys, packed(table.values()), space), np.arange(len(keys)), space)


def variants(count: int, seed: int = 0) -> list[str]:
    """Return lines of twelve words, some of which differ by a few words or are cut short by an ellipsis."""
    numbers = random.Random(seed)
    words = ["bridge", "harbour", "winter", "council", "the", "of", "in", "lamp", "keeper", "storm", "路", "秋天的灯塔"]
    lines = [numbers.choices(words, k=12) for _ in range(count)]
    for line in lines[count // 4 :]:
        line[:] = numbers.choice(lines[: count // 4])
        for _ in range(numbers.randint(1, 3)):
            line[numbers.randrange(12)] = str(numbers.randrange(1000))
    texts = [" ".join(line) for line in lines]
    return [text[: numbers.randint(18, 40)] + "..." if numbers.random() < 0.1 else text for text in texts]


def like(query: str, *known: str) -> list[str]:
    """Return the known texts that nearly equal a query, best first."""
    table = keyed(*known)
    return [table[key] for key, _ in neighbours(table).like([query])[0]]


# Shingles and similarity


def test_shingles_are_shorter_where_characters_say_more() -> None:
    assert shingles("bridges") == {"bridg", "ridge", "idges"}
    assert shingles("关闭的旧桥") == {"关闭的", "闭的旧", "的旧桥"}
    assert shingles("폐쇄된 다리") == {"폐쇄된", "쇄된 ", "된 다", " 다리"}
    assert shingles("мосты!") == {"мосты", "осты!"}


def test_a_short_text_is_its_own_shingle() -> None:
    assert shingles("ab") == {"ab"}
    assert shingles("") == {""}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("abcdefg", "abcdefg", 1.0), ("abcdefg", "abcdefgh", 3 / 4), ("abcdefg", "hijklmn", 0.0), ("ab", "abc", 0.0)],
)
def test_jaccard(one: str, other: str, expected: float) -> None:
    assert jaccard(one, other) == jaccard(other, one) == expected


@STEADY
@given(st.lists(st.tuples(LINES, LINES), max_size=8))
def test_jaccard_of_many_pairs(pairs: list[tuple[str, str]]) -> None:
    ones, others = [one for one, _ in pairs], [other for _, other in pairs]
    assert jaccards(ones, others).tolist() == [jaccard(one, other) for one, other in pairs]


def test_jaccard_of_more_pairs_than_fit_in_one_batch() -> None:
    lines = variants(2 * near.BATCH + 2)
    expected = [jaccard(one, other) for one, other in pairwise(lines)]
    assert jaccards(lines[:-1], lines[1:]).tolist() == expected


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (
            "the council voted to approve the plan for a new road",
            "the council voted to reject the plan for a new road",
            True,
        ),
        ("the council voted to approve the plan", "the council voted to reject the plan", False),
        ("updated on friday, 3 may, by the harbour desk", "updated on monday, 13 may, by the harbour desk", False),
        (
            "what the captain keeps in his cabin, in 12 pictures",
            "what the captain keeps in his cabin, in 15 pictures",
            True,
        ),
    ],
)
def test_one_word_apart(one: str, other: str, alike: bool) -> None:
    """Similarity counts shingles, not meaning: what else must be known is for `decide` to ask."""
    ours, theirs = ({text[at : at + 5] for at in range(len(text) - 4)} for text in (one, other))
    assert jaccard(one, other) == len(ours & theirs) / len(ours | theirs)
    assert (like(one, other) == [other]) == (jaccard(one, other) >= SIMILAR) == alike


@pytest.mark.parametrize(
    ("short", "full", "expected"),
    [
        ("why the old bridge over...", TITLE, True),
        ("why the old bridge over ...", TITLE, True),
        ("why the old bridge o...", TITLE, True),
        (fold("Why the old bridge over…"), TITLE, True),
        ("why the old bridge over", TITLE, False),
        ("why the new bridge over...", TITLE, False),
        ("why the old...", TITLE, False),
        ("...", TITLE, False),
        (TITLE, TITLE, False),
    ],
)
def test_shortened(short: str, full: str, expected: bool) -> None:
    """An ellipsis after enough text that the other one starts with."""
    assert shortened(short, full) == shortened(full, short) == expected


# Signatures


@STEADY
@given(st.lists(texts().map(fold), max_size=5))
def test_signatures_are_those_of_datasketch(found: list[str]) -> None:
    rows = signatures(found)
    assert rows.shape == (len(found), PERMUTATIONS)
    assert rows.dtype == np.uint32
    for text, row in zip(found, rows, strict=True):
        expected = MinHash(num_perm=PERMUTATIONS, scheme="affine32", hashfunc=number_of)
        expected.update_batch([int(value).to_bytes(4, "little") for value in near._shingle_hashes([text])[0]])
        assert row.tolist() == expected.hashvalues.tolist()


@STEADY
@given(st.lists(texts().map(fold) | st.text("ab秋。 각", max_size=8), min_size=1, max_size=8))
def test_equal_shingles_have_equal_hashes(found: list[str]) -> None:
    """And each text has as many different ones as it has shingles, whatever texts it is among."""
    hashes, counts = near._shingle_hashes(found)
    for text, own in zip(found, np.split(hashes, np.cumsum(counts)[:-1]), strict=True):
        assert own.tolist() == near._shingle_hashes([text])[0].tolist()
        assert len(set(own.tolist())) == len(shingles(text))


def test_signatures_of_many_texts_are_those_of_each() -> None:
    """More than fit in one batch."""
    numbers = random.Random(0)
    many = ["".join(numbers.choices("abcdef ", k=numbers.randint(1, 60))) for _ in range(2100)]
    rows = signatures(many)
    for at in (0, 1, 1023, 1024, 1025, 2047, 2048, 2099):
        assert rows[at].tolist() == signatures([many[at]])[0].tolist()


def test_similar_texts_agree_in_that_share_of_their_signatures() -> None:
    other = TITLE.replace("spring", "autumn")
    one, two = signatures([TITLE, other])
    assert abs(float(np.mean(one == two)) - jaccard(TITLE, other)) < 0.2


# Look-ups


def test_what_nearly_equals_a_text_is_found_best_first() -> None:
    nearest, nearer = TITLE.replace("spring", "sprang"), TITLE.replace("until spring", "until the autumn")
    assert like(TITLE, nearer, "ten lighthouses to see before the winter", nearest) == [nearest, nearer]


def test_a_text_is_not_near_itself() -> None:
    assert like(TITLE, TITLE) == []
    assert like(TITLE, TITLE, TITLE + "!") == [TITLE + "!"]


def test_similarity_is_the_true_one() -> None:
    [[(_, similarity)]] = neighbours(keyed(TITLE + " again")).like([TITLE])
    assert similarity == jaccard(TITLE, TITLE + " again")


def test_a_shortened_text_is_near_however_little_is_left() -> None:
    short = TITLE[:20] + "..."
    assert jaccard(short, TITLE) < SIMILAR
    assert like(short, TITLE) == [TITLE]
    assert like(TITLE, short) == [short]
    assert like(short.removesuffix("..."), TITLE) == []


@pytest.mark.parametrize("pair", [("", "a"), ("a", "b"), ("", "..."), ("ab", "abc"), ("home", "hole"), ("一", "二")])
def test_tiny_texts_are_not_alike(pair: tuple[str, str]) -> None:
    one, other = pair
    assert jaccard(one, other) == 0.0
    assert not shortened(one, other)


def test_dense_scripts() -> None:
    title = "秋天值得一看的十座灯塔和它们的故事"
    other = title.replace("十座", "九座")
    assert like(title, other, "船长的小屋里有什么从不示人的东西") == [other]


def test_nothing_known_nothing_found() -> None:
    assert neighbours({}).like([TITLE]) == [[]]
    assert neighbours(keyed(TITLE)).like([]) == []


def test_the_order_of_texts_does_not_matter() -> None:
    """Not even where so many are alike that some are not kept."""
    known = [f"{TITLE}, part {number} of the series" for number in range(60)]
    queries = [*known[:10], TITLE]
    expected = neighbours(keyed(*known)).like(queries)
    assert any(expected)
    for seed in range(3):
        shuffled = list(known)
        random.Random(seed).shuffle(shuffled)
        assert neighbours(keyed(*shuffled)).like(queries) == expected


def test_a_crowd_stays_small() -> None:
    """Of many texts alike, few are candidates, so that a look-up stays cheap."""
    known = keyed(*(f"{TITLE} ({number})" for number in range(200)))
    found = neighbours(known)
    assert 0 < len(found.like([TITLE])[0]) <= near.MOST
    assert len(found.entries) <= 0.5 * 200 * (near.BANDS + 1)


def test_of_a_crowd_those_stay_that_share_most() -> None:
    known = [f"{TITLE}, part {number} of the series" for number in range(200)]
    nearest = f"{TITLE}, part 1234 of the series"
    query = f"{TITLE}, part 12345 of the series"
    table = dict(enumerate([nearest, *known]))
    assert neighbours(table).like([query])[0][0] == (0, jaccard(query, nearest))


def test_candidates_are_those_of_datasketch() -> None:
    """And those that start as the query does, where there is no crowd."""
    lines = sorted(set(variants(100)))
    lsh = MinHashLSH(num_perm=PERMUTATIONS, params=(near.BANDS, near.ROWS))
    sketches = [
        MinHash(hashvalues=row, permutations=near._permutations(), scheme="affine32") for row in signatures(lines)
    ]
    for at, sketch in enumerate(sketches):
        lsh.insert(at, sketch)
    places, rows = neighbours(dict(enumerate(lines)))._candidates(lines)
    assert np.bincount(places).max() < near.MOST
    for at, (line, sketch) in enumerate(zip(lines, sketches, strict=True)):
        start = {other for other, text in enumerate(lines) if text[:PREFIX] == line[:PREFIX]}
        assert set(rows[places == at].tolist()) == start | set(lsh.query(sketch))


def test_bands_are_those_that_datasketch_chooses() -> None:
    """For a threshold below `SIMILAR`, as what is missed stays so, and what is too many goes."""
    lsh = MinHashLSH(threshold=0.75 * SIMILAR, num_perm=PERMUTATIONS)
    assert (lsh.b, lsh.r) == (near.BANDS, near.ROWS)


def test_many_queries_are_answered_as_one_by_one() -> None:
    lines = variants(3 * near.BATCH)
    found = neighbours(keyed(*lines[::2]))
    answers = found.like(lines)
    assert sum(map(bool, answers)) > len(lines) / 4
    assert answers == [found.like([line])[0] for line in lines]


def test_what_finds_neighbours_is_arrays_and_can_be_sent() -> None:
    lines = variants(50)
    found = neighbours(keyed(*lines))
    columns = vars(found) | vars(found.texts) | vars(found.texts.strings)
    assert all(isinstance(value, np.ndarray) for name, value in columns.items() if name not in ("texts", "strings"))
    assert pickle.loads(pickle.dumps(found)).like(lines) == found.like(lines)


@STEADY
@given(st.lists(texts().map(fold), max_size=8, unique=True), st.randoms(use_true_random=False))
def test_neither_the_order_of_texts_nor_that_of_queries_matters(lines: list[str], numbers: random.Random) -> None:
    table = keyed(*lines)
    expected = dict(zip(lines, neighbours(table).like(lines), strict=True))
    shuffled, items = list(lines), list(table.items())
    numbers.shuffle(shuffled)
    numbers.shuffle(items)
    assert dict(zip(shuffled, neighbours(dict(items)).like(shuffled), strict=True)) == expected


@STEADY
@given(st.lists(texts().map(fold).filter(lambda text: len(text) >= WIDTH), max_size=6, unique=True))
def test_what_is_found_is_alike(known: list[str]) -> None:
    table = dict(enumerate(known))
    found = neighbours(table).like(known)
    for query, matches in zip(known, found, strict=True):
        assert matches == sorted(matches, key=lambda pair: (-pair[1], pair[0]))
        for key, similarity in matches:
            assert table[key] != query
            assert similarity == jaccard(query, table[key])
            assert similarity >= SIMILAR or shortened(query, table[key])
            assert similarity >= SIMILAR or table[key][:PREFIX] == query[:PREFIX]


@pytest.mark.parametrize("most", [1, 5000, 10**6])
def test_look_ups_do_not_depend_on_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Nor where the texts to find are but some of those known."""
    monkeypatch.setattr("cleaner.spill.HELD", 64)
    monkeypatch.setattr(near, "AT_ONCE", 7)
    texts = texts_of(range(300), variants(300))
    places = np.flatnonzero(np.arange(300) % 3)
    one, other = (near.neighbours(texts, places, space) for space in (Space(), Space(tmp_path, most)))
    assert one.entries.tolist() == other.entries.tolist()
    assert one.slots.tolist() == other.slots.tolist()
    assert (one.entries.dtype, one.slots.dtype) == (other.entries.dtype, other.slots.dtype)
    found = other.like(texts.strings)
    assert found == one.like(texts.strings)
    keys = {key for answers in found for key, _ in answers}
    assert keys
    assert keys <= {*places.tolist()}
