"""What recurs in documents of a site, line by line: documents made by hand, of lines that were kept and lines that were cut."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from cleaner.phrasing import bare
from cleaner.proposing import propose
from cleaner.recurring import Shown, ShownLine, frames, passages, recurring
from cleaner.segment import fold
from cleaner.stretches import stretches

WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath")


def line(text: str, kind: str = "") -> ShownLine:
    """A line that was cut with a span of a kind; one that was kept without."""
    return ShownLine(text, fold(text), bare(fold(text)), kind, "tail")


def page(name: str, kept: Sequence[str], cut: Sequence[str], group: str = "") -> Shown:
    """A document with lines that were kept and, after them, lines that were cut."""
    return Shown(name, group, (*map(line, kept), *(line(text, "trailer") for text in cut)))


def ways(pages: Sequence[Shown]) -> list[Mapping[str, Any]]:
    """What the rules for stretches of documents look for."""
    literal = recurring(pages)
    return [draft.fields for draft in stretches(pages, literal, frames(pages, literal))]


def test_rules_have_numbers_of_their_own() -> None:
    """Even when one before them is left out, as all that was kept of its group is what it hits."""
    shared = [page(f"one {at}", [], ["Share this page", "Tide tables"][: 2 - at % 2], "one") for at in range(4)]
    other = [page(f"two {word}", [f"Of {word}."], ["Share this page"], "two") for word in WORDS]
    rules = propose("site", [*shared, page("one", ["Share this page"], [], "one"), *other])
    assert [(rule.id, rule.phrases, rule.sites) for rule in rules] == [
        ("trailer-1", ("Tide tables",), ("one",)),
        ("trailer-2", ("Share this page",), ("two",)),
    ]


def test_long_lines_are_shown_when_there_are_no_others() -> None:
    """Of what was kept, and of what was cut: the shortest, and one will do."""
    bodies = [f"Of the {word} day nobody said {'anything at all ' * (20 + at)}." for at, word in enumerate(WORDS)]
    long = f"Write {'to us, or ' * 40}call"
    for cut in (["Share this page"], [long]):
        [rule] = propose("site", [page(text, [text], cut) for text in bodies])
        assert (rule.match, rule.spare) == (tuple(cut), (bodies[0],))
    cut = ["Share this page", long]
    pages = [page(text, [text], cut) for text in bodies]
    [rule] = propose("site", [*pages, page("other", ["Share this page", *bodies], [])])
    assert (rule.phrases, rule.match, rule.spare) == (tuple(cut), ("Share this page",), (bodies[0],))


def test_what_is_spared_is_told_once() -> None:
    """Wherever it stands in a document; longer lines are not, as there are others."""
    kept = [line("It is."), replace(line("It is."), where="head"), line("It was."), line("Long " * 80)]
    pages = [Shown(word, "", (*kept, line("Share this page", "trailer"))) for word in WORDS]
    [rule] = propose("site", pages)
    assert rule.spare == ("It is.", "It was.")


def test_frames_of_one_wildcard_are_two() -> None:
    """A start and an end that read alike once what changes is `*`."""
    pages = [
        page(word, [f"Of {word}."], [f"{at} comments {word}", f"{word} comments {at}"])
        for at, word in enumerate(WORDS, 2)
    ]
    assert {(draft.wild, draft.fields["pattern"]) for draft in frames(pages, {})} == {
        ("* comments *", "^[0-9]+ comments .{1,20}$"),
        ("* comments *", "^.{1,20} comments [0-9]+$"),
    }
    assert {rule.pattern for rule in propose("site", pages)} == {draft.fields["pattern"] for draft in frames(pages, {})}


def test_no_number_is_a_number() -> None:
    """A line whose only number is 0 is of the frame of those with others: kept often enough, it says that these are none."""
    cut = [page(word, [f"Of {word}."], [f"{at} comments"]) for at, word in enumerate(WORDS, 2)]
    assert [draft.wild for draft in frames(cut, {})] == ["* comments"]
    assert frames([*cut, *(page(f"{at}", ["0 comments"], []) for at in range(3))], {}) == []


RELATED = [page(word, [f"Of {word}."], ["Related", word.title()]) for word in WORDS[:4]]
"""The line after the one that recurs is another one in each."""


def test_a_stretch_takes_nothing_that_was_kept() -> None:
    """Not even after a line that is kept once."""
    assert ways(RELATED) == [{"phrases": ("Related",), "within": 3}]
    assert ways([*RELATED, page("other", ["Related", "The ferry left the pier."], [])]) == []


def test_a_stretch_is_of_three_documents() -> None:
    """Two are too few."""
    assert len(ways(RELATED[:3])) == 1
    assert ways(RELATED[:2]) == []


def test_a_stretch_ends_where_two_do() -> None:
    """What ends that of one document alone is no end."""
    pages = [page(one.id, ["Body."], [*(line.text for line in one.lines[1:]), "Write to us"]) for one in RELATED]
    odd = page("grove", ["Body."], ["Related", "Grove", "Older posts"])
    pages += [replace(odd, lines=(*odd.lines, line("Body."))), page("heath", ["Body."], ["Older posts"])]
    assert ways(pages) == [{"phrases": ("Related",), "within": 3, "until": ("write to us",)}]


def test_a_line_with_a_star_ends_no_stretch() -> None:
    """In an `until` the star would be for anything."""
    pages = [page(one.id, ["Body."], [*(line.text for line in one.lines[1:]), "Tide * tables"]) for one in RELATED]
    assert ways(pages) == [{"phrases": ("Related",), "within": 4}]


def test_a_stretch_that_goes_too_far_has_another_end() -> None:
    """No rule cuts so many lines, so the text's end is none."""
    rest = ["Write to us", *(chr(0x4E00 + at) * 9 for at in range(501))]
    pages = [
        page(one.id, ["Body."], ["Related", one.id, rest[0], *(f"{text}{one.id}" for text in rest[1:])])
        for one in RELATED
    ]
    assert {"phrases": ("Related",), "within": 3, "until": ("write to us",)} in ways(pages)


def test_what_somebody_says_is_no_phrase() -> None:
    """A rule would not hit it, nor a line too long to be searched; nor is one line, however often it stands, a frame."""
    pages = [page(word, [f"Of {word}."], ['"So it is today"']) for word in WORDS]
    assert (recurring(pages), frames(pages, {})) == ({}, [])
    assert recurring([page(word, [f"Of {word}."], ["word " * 401]) for word in WORDS]) == {}


def test_passages_are_of_the_same_documents() -> None:
    """Neighbours that stand in others, too, are two; those of few documents are one, wherever they stand."""
    half = [page(word, [], ["Tide tables", "Berths"][: 1 + at % 2]) for at, word in enumerate(WORDS)]
    rare = [
        page(word, [], [["Tide tables", "Berths", "Moorings", "Letters"][at // 2]]) for at, word in enumerate(WORDS)
    ]
    for pages, phrases in (
        (half, [("Tide tables",), ("Berths",)]),
        (rare, [("Tide tables", "Berths", "Moorings", "Letters")]),
    ):
        assert [draft.fields["phrases"] for draft in passages(pages, recurring(pages))] == phrases


@pytest.mark.parametrize("group", ["\u200b", "a\nb", "https://another/"])
def test_groups_without_a_name_have_no_rules(group: str) -> None:
    """No pack could name them; those of others are for these alone, of one group for all."""
    pages = [page(f"{site} {one.id}", [f"Of {one.id}."], ["Related"], site) for site in (group, "b") for one in RELATED]
    assert [rule.sites for rule in propose("site", pages)] == [()]
    assert propose("site", pages[:4]) == ()


def test_each_line_is_compared_with_its_own_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not with all: a site's lines have as many frames as there are lines on a page."""
    compared = []
    monkeypatch.setattr(
        "cleaner.recurring._is_found", lambda pattern, line: compared.append(line) or pattern.search(line.folded)
    )
    rows = [f"{chr(0x61 + at) * 5} {{}}" for at in range(26)]
    pages = [page(word, [f"Of {word}."], [row.format(word) for row in rows]) for word in WORDS]
    literal = recurring(pages)
    framed = frames(pages, literal)
    assert [*stretches(pages, literal, framed)] == []
    assert (len(framed), len(compared)) == (len(rows), len(rows) * len(pages))


def test_of_many_groups_fewer_documents_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the largest, that is, whatever their order; and of none so few that nothing could be proposed."""
    pages = [page(f"{site} {word}", [f"Of {word}."], ["Related"], site) for site in "abc" for word in WORDS]
    pages += [page(f"d {word}", [f"Of {word}."], ["Related"], "d") for word in WORDS[:4]]
    for total, held in (28, [8, 8, 8, 4]), (24, [6, 6, 6, 4]), (16, [4, 4, 4, 4]), (1, [3, 3, 3, 3]):
        monkeypatch.setattr("cleaner.proposing.TOTAL", total)
        rules = propose("site", pages)
        assert sorted(rule.why.split(" documents of ")[0] for rule in rules) == sorted(
            f"Stands in {n} of {n}" for n in held
        )
        assert all(propose("site", random.Random(seed).sample(pages, len(pages))) == rules for seed in range(5))


def test_a_rule_for_what_one_document_has_left_is_none() -> None:
    """What others cut before it does not count."""
    pages = [page(word, [f"Of {word}."], ["Related", f"Tide notes {word}", word.title()]) for word in WORDS[:4]]
    alone = [page(word, [f"Of {word}."], [f"Tide notes {word}"]) for word in WORDS[4:6]]
    assert [rule.within for rule in propose("site", [*pages, *alone[:1]])] == [4, None]
    assert [rule.pattern for rule in propose("site", [*pages, *alone]) if rule.pattern] == ["^tide notes .{1,20}$"]
