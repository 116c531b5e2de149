"""Which documents belong together, when nobody says."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.counting import combined
from cleaner.frequency import Frequencies
from cleaner.grouping import BACKGROUND, COMMON, RELATIVE, TIE, communities, weight
from cleaner.index import learn
from cleaner.model import Document
from cleaner.spill import Space, Spill
from tests.strategies import STEADY

Page = Sequence[int]
"""The lines of a document, as numbers."""

MENUS = (
    "Home\nTides and moons\nHarbour notes\nWho we are\nContact the keeper\n",
    "Front page\nRecipes\nBaking days\nOven talk\nWrite to the baker\n",
    "Start\nPatch notes\nBenchmarks\nMailing list\nReport a bug\n",
)
"""Short lines of three sites: five tie two documents together, and four still do."""

SHARED = "Share this\n"


def partition(labels: Sequence[int]) -> set[frozenset[int]]:
    """Return which documents have the same label, whatever it is."""
    groups: defaultdict[int, set[int]] = defaultdict(set)
    for number, label in enumerate(labels):
        groups[label].add(number)
    return {frozenset(group) for group in groups.values()}


def grouped(
    pages: Sequence[Page], order: Sequence[int] | None = None, space: Space | None = None
) -> set[frozenset[int]]:
    """Return the groups of pages, looked at in an order, in some space."""
    space = space or Space()
    keys = combined(np.array(list(chain.from_iterable(pages)), dtype=np.int64))  # spread over all of 64 bits
    lines = Spill(space, len(keys), np.int64)
    lines.add(keys, np.repeat(np.arange(len(pages)), [len(page) for page in pages]))
    ranked = np.arange(len(pages)) if order is None else np.array(order, dtype=np.int64)
    return partition(communities(lines, ranked, space).tolist())


def alone(*numbers: int) -> set[frozenset[int]]:
    """Return a group for each number."""
    return {frozenset({number}) for number in numbers}


def pages(site: int, count: int, *, group: str = "", menu: str | None = None) -> list[Document]:
    """Return documents with the menu of a site, each with a headline of its own."""
    lines = MENUS[site] if menu is None else menu
    return [Document(f"{site}/{at}", f"{lines}Headline {site} {at} of its own\n{SHARED}", group) for at in range(count)]


def groups_of(documents: Sequence[Document]) -> dict[str, int]:
    """Return the number of each document's group, by id."""
    known = Frequencies(learn(documents))
    return dict(zip(known.index.ids, known.group_of.tolist(), strict=True))


# Ties


def test_a_rare_line_says_more_than_a_common_one() -> None:
    """For each two documents that it ties; and the more it ties, the more it says."""
    weights = weight(np.array([2, 40, 300]), 2000)
    per_document = weights / np.log2(np.array([2, 40, 300]))
    assert sorted(per_document.tolist(), reverse=True) == per_document.tolist()
    assert weights[1] > weights[0]


def test_a_small_corpus_is_a_sample_of_a_larger_one() -> None:
    holders = np.array([2, 5])
    assert weight(holders, 5).tolist() == weight(holders, BACKGROUND).tolist()
    assert (weight(holders, 10 * BACKGROUND) > weight(holders, BACKGROUND)).all()


# Communities


def test_lines_in_common_make_a_group() -> None:
    page = [1, 2, 3, 4, 5]
    assert grouped([page, page, page]) == {frozenset({0, 1, 2})}


def test_without_a_tie_each_is_alone() -> None:
    assert grouped([[1, 2, 3], [4, 5, 6], []]) == alone(0, 1, 2)
    assert grouped([[], []]) == alone(0, 1)
    assert grouped([]) == set()


def test_a_few_lines_in_common_are_no_tie() -> None:
    """What two documents share must weigh `TIE`; a line that stands twice in a document is one line."""
    least = next(count for count in range(1, 9) if count * weight(np.array([2]), 2)[0] >= TIE)
    page = list(range(least))
    assert grouped([page, page]) == {frozenset({0, 1})}
    assert grouped([page[:-1], page[:-1]]) == alone(0, 1)
    assert grouped([page[:-1] * 2, page[:-1] * 3]) == alone(0, 1)


def test_a_line_that_very_many_hold_ties_none() -> None:
    page = [1, 2, 3, 4, 5]
    assert grouped([page] * COMMON) == {frozenset(range(COMMON))}
    assert grouped([page] * (COMMON + 1)) == alone(*range(COMMON + 1))


def test_a_tie_far_weaker_than_others_of_both_is_none() -> None:
    """However many there are: each page of a site shares a few lines with one of another pair."""
    pair, site = list(range(20)), list(range(20, 40))
    few = [list(range(40 + 5 * at, 45 + 5 * at)) for at in range(6)]
    assert TIE < 5 * weight(np.array([2]), 8)[0] < RELATIVE * 20 * weight(np.array([2]), 8)[0]
    found = grouped([pair, pair + [line for lines in few for line in lines], *(site + lines for lines in few)])
    assert found == {frozenset({0, 1}), frozenset(range(2, 8))}


def test_a_tie_far_weaker_than_others_of_one_is_a_tie() -> None:
    """It is the best that the other one has."""
    pair, few = list(range(20)), list(range(20, 25))
    assert grouped([pair, pair + few, few]) == {frozenset({0, 1, 2})}


def test_sites_with_lines_in_common_are_told_apart() -> None:
    """A network's bar, on all pages, chains none of its sites to another."""
    bar = [1, 2]
    sites = [[*bar, *range(10 * site, 10 * site + 8)] for site in (1, 2, 3)]
    found = grouped([sites[at % 3] for at in range(18)])
    assert found == {frozenset(range(site, 18, 3)) for site in range(3)}


@STEADY
@given(st.lists(st.lists(st.integers(0, 30), max_size=20), max_size=12), st.randoms(use_true_random=False))
def test_neither_numbers_nor_their_order_matter(found: list[list[int]], numbers: random.Random) -> None:
    """Documents by other numbers, and lines by other numbers, fall into the same groups."""
    places = numbers.sample(range(len(found)), len(found))
    names = numbers.sample(range(100), 31)
    moved = [[names[line] for line in numbers.sample(found[place], len(found[place]))] for place in places]
    # Looked at in the same order: that of what they say.
    order = [places.index(number) for number in range(len(found))]
    back = {frozenset(places[number] for number in group) for group in grouped(moved, order)}
    assert back == grouped(found)


@STEADY
@given(st.permutations(range(9)))
def test_clear_groups_do_not_depend_on_the_order(order: list[int]) -> None:
    sites = [list(range(10 * at, 10 * at + 6)) for at in range(3)]
    expected = {frozenset(range(site, 9, 3)) for site in range(3)}
    assert grouped([sites[at % 3] for at in range(9)], order) == expected


@STEADY
@given(st.lists(st.lists(st.integers(0, 30), max_size=20), max_size=12), st.sampled_from((1, 3000, 10**5)))
def test_groups_do_not_depend_on_memory(
    tmp_path_factory: pytest.TempPathFactory, found: list[list[int]], most: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cleaner.spill.HELD", 64)
        assert grouped(found, space=Space(tmp_path_factory.mktemp("space"), most)) == grouped(found)


# The groups of a corpus


def test_sites_without_names_are_told_apart() -> None:
    found = groups_of([*pages(0, 3), *pages(1, 4), *pages(2, 2)])
    assert len({*found.values()}) == 3
    for site in "012":
        assert len({group for name, group in found.items() if name.startswith(site)}) == 1


def test_given_names_are_kept() -> None:
    """Whatever the documents share: one menu on two sites, two menus on one."""
    corpus = [*pages(0, 2, group="b"), *pages(1, 2, group="a", menu=MENUS[0]), *pages(2, 2, group="a")]
    found = groups_of(corpus)
    known = Frequencies(learn(corpus))
    assert known.names == {"a": 0, "b": 1}
    assert found == {"0/0": 1, "0/1": 1, "1/0": 0, "1/1": 0, "2/0": 0, "2/1": 0}


def test_only_the_nameless_are_inferred() -> None:
    """They join each other, and never a group that was given a name."""
    found = groups_of([*pages(0, 2, group="a"), *pages(1, 3, menu=MENUS[0]), *pages(2, 2)])
    assert found["0/0"] == found["0/1"] == 0
    assert found["1/0"] == found["1/1"] == found["1/2"] > 0
    assert found["2/0"] == found["2/1"] > 0
    assert len({*found.values()}) == 3


def test_prose_and_lines_without_letters_tie_none() -> None:
    prose = "".join(f"The council met {at} times on Monday and agreed on the budget for the year.\n" for at in range(8))
    rules = "".join(f"{mark * 3}\n{at}\n" for at, mark in enumerate("*-=_~+"))
    for shared in (prose, rules):
        assert len({*groups_of(pages(0, 3, menu=shared)).values()}) == 3
    assert len({*groups_of(pages(0, 3)).values()}) == 1


@pytest.mark.parametrize("seed", range(5))
def test_the_names_of_documents_do_not_matter(seed: int) -> None:
    """Nor does their order in the index, which goes by name, even where each belongs with two others as much."""
    numbers = random.Random(seed)
    menus = ["".join(f"{chr(97 + at) * 3} {chr(97 + line) * 3}\n" for line in range(5)) for at in range(14)]
    texts = [menu + after for menu, after in zip(menus, [*menus[1:], menus[0]], strict=True)]
    found = []
    for _ in range(2):
        names = [str(name) for name in numbers.sample(range(100, 200), len(texts))]
        labels = groups_of([Document(name, text) for name, text in zip(names, texts, strict=True)])
        found.append(partition([labels[name] for name in names]))
    assert 1 < len(found[0]) < len(texts)
    assert found[0] == found[1]
