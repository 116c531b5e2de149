"""What recurs in documents of a site, line by line: documents made by hand, of lines that were kept and lines that were cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cleaner.phrasing import bare
from cleaner.proposing import propose
from cleaner.recurring import Shown, ShownLine, frames
from cleaner.segment import fold

WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath")


def line(text: str, kind: str = "") -> ShownLine:
    """A line that was cut with a span of a kind; one that was kept without."""
    return ShownLine(text, fold(text), bare(fold(text)), kind, "tail")


def page(name: str, kept: Sequence[str], cut: Sequence[str], group: str = "") -> Shown:
    """A document with lines that were kept and, after them, lines that were cut."""
    return Shown(name, group, (*map(line, kept), *(line(text, "trailer") for text in cut)))


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
