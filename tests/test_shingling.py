"""Shingles of long lines, and the passages that documents on one line share."""

from __future__ import annotations

import random
from collections.abc import Callable
from string import ascii_lowercase

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.fingerprints import key, lines_of
from cleaner.frequency import PARTNERS, Frequencies
from cleaner.index import learn
from cleaner.kinship import kinships
from cleaner.model import Document
from cleaner.passages import Passages
from cleaner.repetition import Repetition, lookup
from cleaner.segment import LONG_LINE, fold, segment
from cleaner.shingling import DENSE, WORDS, Shingles, borders, shingles
from tests.strategies import STEADY, texts

BOX = "You may also like Why bridges hum Ten quiet harbours Write to the editor"
NAV = "Home News Weather Sport Front page Our network"
DENSE_BOX = "相关阅读：秋天值得一看的十座灯塔和它们的故事"


def flat(seed: int, count: int = 90) -> str:
    """Return words that do not exist, without a full stop."""
    numbers = random.Random(seed)
    return " ".join("".join(numbers.choices(ascii_lowercase, k=numbers.randint(4, 8))) for _ in range(count))


def dense(seed: int, count: int = 520) -> str:
    """Return Chinese characters in no order."""
    numbers = random.Random(seed)
    return "".join(chr(numbers.randint(0x4E00, 0x9FFF)) for _ in range(count))


def shingled(text: str) -> Shingles:
    """Return the shingles of a text."""
    return shingles([(text, segment(text))])


def pieces(text: str) -> list[str]:
    """Return the text of each shingle."""
    found = shingled(text)
    return [text[start:stop] for start, stop in zip(found.starts.tolist(), found.stops.tolist(), strict=True)]


def site(form: Callable[[int], str], count: int = 4, group: str = "a") -> list[Document]:
    """Return documents d0, d1 and so on, each of what it makes of its number."""
    return [Document(f"d{at}", form(at), group) for at in range(count)]


def found(document: Document, corpus: list[Document]) -> Repetition:
    """Return what a corpus says of a document."""
    [repetition] = lookup(Frequencies(learn(corpus)), [document], [segment(document.text)])
    return repetition


def parts(document: Document, corpus: list[Document]) -> list[tuple[str, int]]:
    """Return the text of each block that is looked up, and how many others of the group hold it."""
    repetition = found(document, corpus)
    blocks = [document.text[block.start : block.stop] for block in repetition.blocks]
    return list(zip(blocks, repetition.group.tolist(), strict=True))


def cut(text: str, counts: list[int]) -> list[int]:
    """Return the borders inside a text whose shingles so many others hold, as numbers of words."""
    ends = borders(shingled(text), np.array(counts, dtype=np.int64))
    assert ends == sorted(ends)
    return [len(text[:end].split()) for end in ends if end < len(text.rstrip())]


# Shingles


def test_a_shingle_has_four_words() -> None:
    text = "  " + flat(0) + "\n"
    words = text.split()
    assert WORDS == 4
    assert pieces(text) == [" ".join(words[at : at + WORDS]) for at in range(len(words) - WORDS + 1)]


def test_only_long_lines_have_shingles() -> None:
    """A line of sentences is one line, and two lines have none in common."""
    short, long, other = flat(0, 20) + "\n", "The bridge hums. " * 40 + "\n", flat(1) + "\n"
    assert pieces(short) == []
    assert pieces("") == []
    assert pieces(short + long + other + short) == pieces(long) + pieces(other)
    assert "bridge hums. The bridge" in pieces(long)
    assert not any("\n" in piece for piece in pieces(long + other))


def test_a_line_of_few_words_has_no_shingle() -> None:
    assert pieces("x" * (LONG_LINE + 1)) == []
    assert len(pieces(f"{'x' * LONG_LINE} y z a")) == 1


def test_equal_words_make_equal_shingles() -> None:
    """As folding has it: neither case, nor white space, nor compatible characters count."""
    text = flat(0)
    same = shingled(text.upper().replace(" ", "\u00a0  "))
    assert same.hashes.tolist() == shingled(text).hashes.tolist()
    assert same.starts.tolist() != shingled(text).starts.tolist()
    assert len({*shingled(text).hashes.tolist()}) == len(shingled(text).hashes)
    turned = " ".join(text.split()[::-1])
    assert not {*shingled(turned).hashes.tolist()} & {*shingled(text).hashes.tolist()}


def test_characters_of_dense_scripts_are_words() -> None:
    text = dense(0)
    assert pieces(text) == [text[at : at + DENSE] for at in range(len(text) - DENSE + 1)]
    assert len(pieces("한국어" * 180)) == 540 - DENSE + 1


def test_a_word_of_another_script_in_a_dense_line_is_one() -> None:
    text = f"{dense(0)} Python3 {dense(1, 20)}"
    [first, *_] = [piece for piece in pieces(text) if piece.startswith("P")]
    assert first == f"Python3 {dense(1, 20)[: DENSE - 1]}"
    assert not any(piece.startswith("ython") for piece in pieces(text))


@STEADY
@given(st.lists(texts(), min_size=1, max_size=3), st.booleans())
def test_each_shingle_is_where_it_says(found: list[str], wide: bool) -> None:
    """Inside a line that is split into sentences, in order, at the start and the end of a word."""
    filler = "秋天" if wide else "ab "
    text = "".join(part + filler * (LONG_LINE if wide else LONG_LINE // 2) for part in found)
    blocks = segment(text)
    long = shingled(text)
    assert len(long.hashes) == len(long.starts) == len(long.stops) > 0
    assert (np.diff(long.starts.astype(np.int64)) > 0).all()
    spans = [(block.start, block.end) for block in blocks if block.sentence]
    for start, stop in zip(long.starts.tolist(), long.stops.tolist(), strict=True):
        assert spans[0][0] <= start < stop <= spans[-1][1]
        assert text[start:stop] == text[start:stop].strip()
        assert "\n" not in text[start:stop]


@STEADY
@given(
    st.lists(st.sampled_from(("", "Short.", flat(0), f"Short.\n{flat(1)}\n{dense(2)}", dense(3))), max_size=5),
    st.data(),
)
def test_shingles_are_taken_by_document(every: list[str], data: st.DataObject) -> None:
    """In any order, some twice, some not; each has those that it has alone."""

    def columns(of: Shingles) -> dict[str, list[int]]:
        return {name: column.tolist() for name, column in vars(of).items()}

    long = shingles([(text, segment(text)) for text in every])
    order = data.draw(st.lists(st.integers(0, len(every) - 1), max_size=6)) if every else []
    chosen = [every[at] for at in order]
    expected = columns(shingles([(text, segment(text)) for text in chosen]))
    assert columns(long.take(np.array(order, dtype=np.int64))) == expected
    for at, text in enumerate(every):
        assert columns(long.part(at, at + 1)) == columns(shingled(text))
    start = data.draw(st.integers(0, len(every)))
    stop = data.draw(st.integers(start, len(every)))
    assert columns(long.part(start, stop)) == columns(shingles([(text, segment(text)) for text in every[start:stop]]))


# Borders


def test_a_border_is_where_shingles_start_to_recur() -> None:
    text = flat(0, 100)
    assert cut(text, [0] * 50 + [3] * 47) == [50]
    assert cut(text, [1] * 50 + [2] * 47) == [0, 50]


def test_a_border_is_where_shingles_cease_to_recur() -> None:
    """After the last word of the last one."""
    text = flat(0, 100)
    assert cut(text, [0] * 30 + [3] * 20 + [0] * 47) == [30, 50 + WORDS - 1]
    assert cut(text, [0] * 30 + [3] + [0] * 66) == [30, 30 + WORDS]


def test_a_border_is_where_twice_as_many_hold_what_follows() -> None:
    text = flat(0, 100)
    assert cut(text, [0] * 30 + [3] * 20 + [6] * 47) == [30, 50]
    assert cut(text, [0] * 30 + [3] * 20 + [5] * 47) == [30]
    assert cut(text, [0] * 30 + [6] * 20 + [3] * 47) == [30, 50 + WORDS - 1]


def test_a_passage_from_end_to_end_has_no_border_inside() -> None:
    text = flat(0, 100)
    assert cut(text, [3] * 97) == [0]
    assert cut(text, [0] * 97) == []
    assert borders(shingled(""), np.zeros(0, dtype=np.int64)) == []


def test_two_lines_do_not_part_each_other() -> None:
    """A passage that ends with its line has its border there, which parts nothing, whether the next line recurs or not."""
    first, second = flat(0, 100) + "\n", flat(1, 100)
    assert cut(first + second, [0] * 50 + [3] * 47 + [0] * 97) == [50, 100]
    assert cut(first + second, [0] * 97 + [3] * 97) == [100]


# Passages


@pytest.mark.parametrize("size", [4, 90])
def test_a_shared_passage_is_a_block_of_its_own(size: int) -> None:
    corpus = site(lambda at: f"{flat(at, size)} {BOX} {flat(at + 100)}")
    for at, document in enumerate(corpus):
        assert [(block.start, block.sentence) for block in segment(document.text)] == [(0, True)]
        assert parts(document, corpus) == [(flat(at, size), 0), (BOX, 3), (flat(at + 100), 0)]


def test_a_shared_passage_at_the_start_and_at_the_end() -> None:
    corpus = site(lambda at: f"{NAV} {flat(at)} {BOX}\n")
    assert parts(corpus[0], corpus) == [(NAV, 3), (flat(0), 0), (BOX, 3)]


def test_a_document_that_was_not_learnt_is_split_as_well() -> None:
    corpus = site(lambda at: f"{flat(at)} {BOX}")
    stranger = Document("new", f"{flat(50)} {BOX} {flat(51)}", "a")
    assert parts(stranger, corpus) == [(flat(50), 0), (BOX, 4), (flat(51), 0)]


def test_a_shared_passage_in_a_dense_script() -> None:
    corpus = site(lambda at: f"{dense(at)}{DENSE_BOX}{dense(at + 100)}")
    assert parts(corpus[0], corpus) == [(dense(0), 0), (DENSE_BOX, 3), (dense(100), 0)]


def test_a_passage_inside_one_that_fewer_hold() -> None:
    """Half of the others hold both, all hold the second."""
    corpus = site(lambda at: f"{flat(at)} {NAV + ' ' if at < 2 else ''}{BOX}", 5)
    assert parts(corpus[0], corpus) == [(flat(0), 0), (NAV, 1), (BOX, 4)]


def test_passages_do_not_part_short_lines() -> None:
    corpus = site(lambda at: f"{flat(at)} {BOX}\n")
    short = Document("new", f"See {BOX}\n", "a")
    assert parts(short, corpus) == [(f"See {BOX}", 0)]


def test_a_passage_counts_in_its_group_only() -> None:
    corpus = site(lambda at: f"{flat(at)} {BOX}")
    for group in ("", "b"):
        stranger = Document("new", f"{flat(50)} {BOX}", group)
        assert parts(stranger, [*corpus, Document("b0", flat(60), "b")]) == [(stranger.text, 0)]


def test_a_document_shares_no_passage_with_itself() -> None:
    text = f"{flat(0)} {BOX} {flat(1)} {BOX}"
    for name in ("d0", "other"):
        document = Document(name, text, "a")
        assert parts(document, [Document("d0", text, "a")]) == [(text, 0)]


def test_a_passage_that_is_a_whole_sentence_counts_once() -> None:
    """Whether others have it as a block of their own or inside a longer one."""
    corpus = site(lambda at: f"{flat(at)}. {BOX}. {flat(at + 100)}")
    corpus.append(Document("d9", f"{flat(50)} {BOX}. {flat(51)}", "a"))
    repetition = found(corpus[0], corpus)
    assert parts(corpus[0], corpus) == [(f"{flat(0)}.", 0), (f"{BOX}.", 4), (flat(100), 0)]
    assert repetition.corpus.tolist() == [0, 4, 0]


def test_what_a_few_more_hold_a_part_of_is_one_passage() -> None:
    """It counts those that hold most of its shingles."""
    corpus = site(lambda at: f"{flat(at)} {BOX} {flat(at + 100)}")
    corpus.append(Document("c", f"{flat(50)} {BOX.removesuffix(' the editor')} {flat(51)}", "a"))
    assert parts(corpus[0], corpus) == [(flat(0), 0), (BOX, 4), (flat(100), 0)]


def test_a_part_too_short_for_a_shingle_counts_as_those_it_is_in() -> None:
    corpus = site(lambda at: f"{flat(at)} Share. {BOX}. {flat(at + 100)}")
    assert parts(corpus[0], corpus) == [(flat(0), 0), ("Share.", 3), (f"{BOX}.", 3), (flat(100), 0)]


def test_a_passage_without_letters_has_no_frequency() -> None:
    corpus = site(lambda at: f"{flat(at)}. 1 2 3 4 5 6 7 8. {BOX}.")
    repetition = found(corpus[0], corpus)
    assert parts(corpus[0], corpus) == [(f"{flat(0)}.", 0), ("1 2 3 4 5 6 7 8.", 0), (f"{BOX}.", 3)]
    assert repetition.corpus.tolist() == [0, 0, 3]
    assert sorted(repetition.reasons) == [2]


def test_passages_make_a_run_at_the_edge() -> None:
    """At the end of a document on one line, as lines would."""
    boxes = [f"{BOX}.", f"{NAV} and more.", "Sign up for our letters today.", "Write to the baker."]
    corpus = site(lambda at: f"{flat(at)} {' '.join(boxes)}")
    repetition = found(corpus[0], corpus)
    assert [text for text, _ in parts(corpus[0], corpus)] == [flat(0), *boxes]
    assert repetition.edge.tolist() == [False, True, True, True, True]


# Reasons


def test_the_reason_of_a_passage_says_who_holds_it_and_where() -> None:
    """Each partner's offsets are of the same text, wherever it stands there."""
    corpus = site(lambda at: f"{flat(at, 90 + at)} {BOX} {flat(at + 100)}", PARTNERS + 2)
    known = {document.id: document.text for document in corpus}
    repetition = found(corpus[1], corpus)
    [(at, reason)] = repetition.reasons.items()
    assert at == 1
    assert reason.template == f"{key(fold(BOX)):016x}"
    assert (reason.documents, reason.similarity) == (PARTNERS + 2, 1.0)
    assert [partner.id for partner in reason.partners] == ["d0", "d2", "d3"]
    assert len({partner.start for partner in reason.partners}) == PARTNERS
    assert {known[partner.id][partner.start : partner.end] for partner in reason.partners} == {BOX}


def test_a_partner_that_holds_a_part_names_that_part() -> None:
    half = BOX[: BOX.index(" Ten")]
    corpus = site(lambda at: f"{flat(at)} {BOX} {flat(at + 100)}", 4)
    corpus.append(Document("c", f"{flat(50)} {half} {flat(51)}", "a"))
    known = {document.id: document.text for document in corpus}
    [reason] = found(corpus[0], corpus).reasons.values()
    assert [known[partner.id][partner.start : partner.end] for partner in reason.partners] == [half, BOX, BOX]


def test_partners_are_those_that_hold_what_most_do() -> None:
    """The others with all that they have of it, before and after."""
    corpus = site(lambda at: f"{flat(at)} {BOX} {flat(at + 100)}", 4)
    corpus.append(Document("c", f"{flat(50)} {BOX.removeprefix('You ')} {flat(51)}", "a"))
    known = {document.id: document.text for document in corpus}
    [reason] = found(corpus[0], corpus).reasons.values()
    held = [known[partner.id][partner.start : partner.end] for partner in reason.partners]
    assert held == [BOX.removeprefix("You "), BOX, BOX]


def test_a_partner_is_of_the_group_and_named_once() -> None:
    """With its first place; neither the document itself nor another group's is named."""
    corpus = [
        Document("a", f"{flat(0)} {BOX}", "a"),
        Document("b", f"{flat(1)} {BOX} {flat(2)} {BOX}", "a"),
        Document("c", f"{flat(3)} {BOX}", "other"),
    ]
    [reason] = found(corpus[0], corpus).reasons.values()
    assert reason.documents == 2
    assert [(partner.id, partner.start) for partner in reason.partners] == [("b", len(flat(1)) + 1)]


def test_a_part_shorter_than_a_shingle_names_no_more_than_itself() -> None:
    corpus = site(lambda at: f"{flat(at)} about. Share this. {BOX} {flat(at + 100)}")
    repetition = found(corpus[0], corpus)
    blocks = [corpus[0].text[block.start : block.stop] for block in repetition.blocks]
    texts = {one.id: one.text for one in corpus}
    for part in ("about.", "Share this."):
        partners = repetition.reasons[blocks.index(part)].partners
        assert partners
        assert {texts[partner.id][partner.start : partner.end] for partner in partners} == {part}


# One by one


def slow_borders(found: Shingles, counts: list[int]) -> list[int]:
    """Look at each shingle by itself."""
    starts, stops, cuts = found.starts.tolist(), found.stops.tolist(), set()
    for at, count in enumerate(counts):
        before = [counts[other] for other in range(at) if stops[other] > starts[at]]
        after = [counts[other] for other in range(at + 1, len(counts)) if starts[other] < stops[at]]
        cuts |= {starts[at]} if count and max(before, default=0) * 2 <= count else set()
        cuts |= {stops[at]} if count and max(after, default=0) * 2 <= count else set()
    return sorted(cuts)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=80), st.integers(0, 9))
def test_borders_are_those_of_each_shingle(counts: list[int], seed: int) -> None:
    whole = shingled(". ".join((flat(seed), flat(seed + 10))) + "\n" + dense(seed))
    size = min(len(counts), len(whole.hashes))
    some = Shingles(np.array([0, size]), whole.hashes[:size], whole.starts[:size], whole.stops[:size])
    assert borders(some, np.array(counts[:size])) == slow_borders(some, counts[:size])


@given(st.lists(st.integers(0, 11), min_size=3, max_size=6, unique=True), st.integers(0, 9))
def test_parts_are_covered_by_the_shingles_inside_them_or_else_around_them(chosen: list[int], seed: int) -> None:
    words = flat(seed, 96).split()
    items = [" ".join(words[8 * at : 8 * at + 8 - at % 6]) for at in range(12)]  # of three to eight words
    corpus = site(
        lambda number: (
            f"{flat(100 + number)} {' '.join(items[at] for at in chosen[number % 3 :])} ok. Yes. {flat(200 + number)}"
        )
    )
    known = Frequencies(learn(corpus))
    for document in corpus:
        blocks = segment(document.text)
        [kin] = kinships(known, [document], [blocks], lines_of([(document.text, blocks)]))
        passages = Passages(kin)
        long, counts = passages._shingles
        starts, stops = long.starts.tolist(), long.stops.tolist()
        expected = {}
        for at, block in enumerate(passages.blocks):
            inside = [one for one in range(len(starts)) if starts[one] >= block.start and stops[one] <= block.stop]
            around = [one for one in range(len(starts)) if starts[one] <= block.start and stops[one] >= block.stop]
            held = [int(count) for count in counts[inside or around]]
            count = int(np.median(held)) if inside else max(held, default=0)
            if block.sentence and count:
                expected[at] = count, range((inside or around)[0], (inside or around)[-1] + 1)
        assert passages.covered == expected
