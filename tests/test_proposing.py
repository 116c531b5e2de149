"""Rules that are proposed from what an index cut, and what they do without it."""

from __future__ import annotations

import random
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.checking import check
from cleaner.drafts import write_drafts
from cleaner.index import learn
from cleaner.matching import Rule, RuleSet
from cleaner.model import Cleaned, Document, Span
from cleaner.pipeline import Cleaner
from cleaner.proposing import propose
from cleaner.recurring import shown
from cleaner.rules import load_rules, parse_rule

SITE = "harbour.example"
WORDS = (
    "amber",
    "birch",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "heath",
    "islet",
    "jetty",
    "knoll",
    "lagoon",
    "marsh",
    "north",
    "oasis",
    "prairie",
    "quarry",
    "ridge",
)


def page(number: int) -> str:
    """A page with a body of its own between a head and a tail of its site, some lines of which change."""
    word, other, third = (WORDS[(number * step) % len(WORDS)] for step in (1, 5, 7))
    return (
        "Harbour Gazette\n* Home\n* Tide tables\n* Letters\n"
        f"By {word.title()} {other.title()}, {number + 1} March 2026\n\n"
        f"The {word} ferry left the {other} pier {number + 3} minutes late, and nobody minded.\n\n"
        + "".join(
            f"On day {day} a {WORDS[(number + day) % len(WORDS)]} crew of the {word} boat met {day + number} {other} seals.\n\n"
            for day in range(number + 2, number + 14)
        )
        + f"A {third} storm had been promised for the {word} coast, but the {other} wind turned at noon.\n\n"
        f"Next in the gazette: {third.title()} and {other}\n"
        f"From our archive\n{word.title()} and {third}\n{third.title()}, after all\nWrite to us\n© 2026 Harbour Gazette\n"
    )


def documents(numbers: range) -> list[Document]:
    return [Document(f"{number:02}.txt", page(number), SITE) for number in numbers]


def proposals(given: list[Document]) -> tuple[Rule, ...]:
    return propose("site", map(shown, Cleaner(learn(given)).clean_all(given)))


LEARNT = documents(range(12))
JUDGED = documents(range(12, 18))
RULES = proposals(LEARNT)


def bodies(cleaned: list[Cleaned]) -> list[str]:
    return [one.text for one in cleaned]


def test_frozen_rules_do_what_the_index_does() -> None:
    """Each document alone, by rules alone: the same bodies as by the index; without them other ones."""
    indexed = Cleaner(learn(LEARNT)).clean_all(JUDGED)
    frozen = Cleaner(rules=RuleSet((*load_rules().rules, *RULES)))
    assert bodies([frozen.clean(one) for one in JUDGED]) == bodies(indexed)
    assert bodies([Cleaner().clean(one) for one in JUDGED]) != bodies(indexed)
    for one in indexed:  # no line of theirs is a title: a byline may stay in its place
        assert one.text.strip().startswith(("The ", "By "))
        assert one.text.strip().endswith("at noon.")


def test_each_kind_is_there() -> None:
    """Lines of a passage together, frames with what changes left open, and stretches between lines."""
    lines = {line for rule in RULES for line in rule.phrases}
    assert {"Harbour Gazette", "* Home", "* Tide tables", "Write to us", "© 2026 Harbour Gazette"} <= lines
    [head] = [rule for rule in RULES if "* Home" in rule.phrases]
    assert (head.phrases, head.where) == (("Harbour Gazette", "* Home", "* Tide tables", "* Letters"), "head")
    assert [rule.until for rule in RULES if rule.within and rule.phrases == ("From our archive",)] == [("write to us",)]
    assert "^next in the gazette: .{1,36}$" in {rule.pattern for rule in RULES}
    assert {rule.sites for rule in RULES} == {()}
    assert {rule.why for rule in RULES if "* Home" in rule.phrases} == {
        f"Stands in 12 of 12 documents of {SITE}, word for word."
    }


def test_examples_are_real_and_hold() -> None:
    """What a rule shows stands in the documents; it hits its matches and spares its spares."""
    texts = {line.text for one in LEARNT for line in shown(Cleaner().clean(one)).lines}
    for rule in RULES:
        assert rule.match
        assert rule.spare
        assert {*rule.match, *rule.spare} <= texts
    assert check(RuleSet(RULES)) == []


def test_other_sites_are_let_alone() -> None:
    """Rules of one site among several speak of that site; of what no rule can name alone there are none."""
    two = [*LEARNT, *(Document(f"other {one.id}", one.text.replace("a", "o"), "https://another/") for one in LEARNT)]
    assert {rule.sites for rule in proposals(two)} == {()}
    rules = proposals([*LEARNT, *(Document(f"other {one.id}", one.text.replace("a", "o"), "b[c") for one in LEARNT)])
    assert {rule.sites for rule in rules} == {(SITE,), ("b[[]c",)}
    [one] = documents(range(12, 13))
    own = RuleSet(tuple(rule for rule in rules if rule.sites == (SITE,)))
    for group, same in ((SITE, False), ("another.example", True), ("", True)):
        assert (Cleaner(rules=own).clean(Document(one.id, one.text, group)).text == one.text) is same


ODD = 'Boats \\x1b[31m * 7 of the "north" \x7f Tom\'s \x1b[31m ünd'


def odd(words: list[str], group: str, line: str) -> tuple[Rule, ...]:
    """What is proposed for pages with such lines, word for word and behind words that change, beside another site's."""
    frame = "\n".join(["You may also like", *words, line, f"By {' '.join(words)} one two", "© 2026 Harbour"])
    pages = [
        Document(f"{at}", f"A {word} ferry left the pier, and nobody minded.\n\n{frame}\n{word} {line}\n", group)
        for at, word in enumerate(WORDS[:6])
    ]
    return proposals([*pages, *LEARNT[:4]])


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=12), max_size=4),
    st.text("a0.*:/ \\t[", max_size=6),
)
def test_what_is_proposed_can_be_accepted(words: list[str], group: str) -> None:
    """Whatever stands in the lines, and whatever the group is called."""
    rules = odd(words, group, ODD)
    assert len({rule.id for rule in rules}) == len(rules)
    for rule in rules:
        table = {field.name: getattr(rule, field.name) for field in fields(rule) if field.name not in ("pack", "own")}
        told = {name: list(value) if isinstance(value, tuple) else value for name, value in table.items() if value}
        assert parse_rule("site", told, "x", own=True) == rule


@pytest.mark.parametrize("between", [" ", ":  ", " | "])
def test_a_line_cut_in_part_is_kept(between: str) -> None:
    """Of a long line an index cuts the end alone; a rule would take the sentence before that, too."""
    tail = "Get our daily briefing Ten stories that everyone reads Tide tables and berths What the mayor said on Friday"
    pick = random.Random(2)
    pages = []
    for at in range(8):
        *told, last = (" ".join(pick.choices(WORDS, k=12)).capitalize() for _ in range(8))
        pages.append(Document(str(at), f"Of number {at}.\n{'. '.join(told)}. {last}{between}{tail}\n", "g"))
    cleaned = Cleaner(learn(pages)).clean_all(pages)
    assert {one.document.text[span.start : span.end].strip("| \n") for one in cleaned for span in one.spans} == {tail}
    assert {line.kind for one in cleaned for line in shown(one).lines} == {""}
    assert propose("site", map(shown, cleaned)) == ()


def test_a_mark_that_does_not_show_keeps_no_line() -> None:
    """A span starts after the byte order mark; its line was cut all the same."""
    cleaned = [
        Cleaned(Document("a", "\ufeffHome\nText\n"), "\ufeffText\n", (Span(1, 6, "header", 0.9, ()),), "cleaned")
    ]
    assert [line.kind for line in shown(cleaned[0]).lines] == ["header", ""]


def test_order_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of the documents nor, of many, of those that are looked at."""
    found = list(map(shown, Cleaner(learn(LEARNT)).clean_all(LEARNT)))
    for pages in (400, 6):
        monkeypatch.setattr("cleaner.proposing.PAGES", pages)
        expected = propose("site", found)
        for seed in range(5):
            assert propose("site", random.Random(seed).sample(found, len(found))) == expected
    assert expected != RULES


@pytest.mark.parametrize("number", [0, 1])
def test_nothing_is_proposed_of_too_few(number: int) -> None:
    """Nothing recurs."""
    assert proposals(LEARNT[:number]) == ()


def test_nothing_is_proposed_without_anything_cut() -> None:
    """From documents that share nothing."""
    alone = [Document(str(n), f"The {word} ferry left on time.\n", SITE) for n, word in enumerate(WORDS)]
    assert proposals(alone) == ()


def test_what_is_mostly_kept_is_not_proposed() -> None:
    """A line that was cut here and kept there is none of the site's frame."""
    cleaned = Cleaner(learn(LEARNT)).clean_all(LEARNT)
    kept = [Cleaned(one.document, one.document.text, (), "unchanged") for one in cleaned[4:]]
    assert propose("site", map(shown, [*cleaned[:4], *kept])) == ()


@pytest.mark.parametrize(
    ("rules", "held"),
    [
        (RULES, "{1,36}"),
        (odd([], "", ODD.replace("'", "")), "\x1b"),
        (odd([], "", ODD.replace("\x1b", "").replace("\x7f", "")), "'"),
    ],
)
def test_written_and_read_again(tmp_path: Path, rules: tuple[Rule, ...], held: str) -> None:
    """A pack holds the rules as they were proposed, once its proposals are accepted: quotes and control characters, too."""
    path = tmp_path / "site.toml"
    write_drafts(rules, path)
    text = path.read_text(encoding="utf-8")
    assert text.count("proposed = true\n") == len(rules)
    path.write_text(text.replace("proposed = true\n", ""), encoding="utf-8")
    assert load_rules([path], shipped=False).rules == rules
    assert any(held in rule.pattern for rule in rules)
