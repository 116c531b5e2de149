"""The language packs: what each must cover, whom it speaks to, and an article in each language; the optional packs."""

from __future__ import annotations

import tomllib
import unicodedata
from pathlib import Path

import pytest
import regex

from cleaner import clean
from cleaner.checking import check
from cleaner.matching import Rule, match
from cleaner.model import Block, Document, RuleReason
from cleaner.rules import load_rules, packs_folder
from cleaner.segment import fold, segment

ARTICLES = tomllib.loads((Path(__file__).parent / "languages.toml").read_text(encoding="utf-8"))
LANGUAGES = sorted(ARTICLES.keys() - {"en"})
OPTIONAL = packs_folder() / "optional"
SHIPPED = load_rules()

TOPICS = (
    "heading",
    "heading-at-the-end",
    "also-read",
    "label",
    "newsletter",
    "share",
    "consent",
    "ads",
    "legal",
    "paging",
    "comments",
)
"""Rules that each language has, by id: headings of trailers and boxes, links to other pages, buttons, sign-up plugs,
share bars, cookies, advertising, copyright and footers, previous and next, comment forms."""

ENGLISH = {
    "heading": "related/you-may-also-like",
    "heading-at-the-end": "related/popular-at-the-end",
    "also-read": "readmore/also-read",
    "label": "readmore/read-more-button",
    "newsletter": "newsletter/sign-up-line",
    "share": "share/button",
    "consent": "consent/button",
    "ads": "ads/label",
    "legal": "legal/all-rights-reserved",
    "paging": "navigation/paging",
    "comments": "navigation/comments",
}
"""The same topics in English, which has a pack for each."""

SCRIPTS = {
    "ar": ["ARABIC"],
    "bn": ["BENGALI"],
    "el": ["GREEK"],
    "fa": ["ARABIC"],
    "he": ["HEBREW"],
    "hi": ["DEVANAGARI"],
    "ja": ["CJK", "HIRAGANA", "KATAKANA"],
    "ko": ["HANGUL"],
    "ru": ["CYRILLIC"],
    "th": ["THAI"],
    "uk": ["CYRILLIC"],
    "zh": ["CJK"],
}
"""How the names of a script's letters start, where it is not Latin."""

CODES = {"zh": {"zh-hans", "zh-hant"}}
"""What a pack calls its language, where it is not the pack's name."""


def rules_of(language: str) -> list[Rule]:
    """Return the rules of a language's pack, or of all English packs' topics."""
    if language == "en":
        return [rule for rule in SHIPPED.rules if rule.full_id in ENGLISH.values()]
    return [rule for rule in SHIPPED.rules if rule.pack == language]


def scripts(text: str) -> set[str]:
    """Return the first words of the names of the letters in a text: LATIN, GREEK."""
    return {unicodedata.name(char).split()[0].split("-")[0] for char in text if char.isalpha()}


def test_each_pack_has_an_article_and_each_article_a_pack() -> None:
    """English speaks in the topic packs."""
    packs = {rule.pack for rule in SHIPPED.rules if "en" not in rule.langs} - {"keep"}
    assert packs == set(LANGUAGES)
    assert len(LANGUAGES) == 30


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_topics(language: str) -> None:
    """No language lacks a topic."""
    found = {rule.full_id for rule in rules_of(language)}
    assert {ENGLISH[topic] if language == "en" else f"{language}/{topic}" for topic in TOPICS} <= found


@pytest.mark.parametrize("language", LANGUAGES)
def test_rules_name_their_language(language: str) -> None:
    """A language's pack is for readers of that language; English words belong to the topic packs."""
    for rule in rules_of(language):
        assert set(rule.langs) == CODES.get(language, {language}), rule.full_id


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_examples_are_of_the_language(language: str) -> None:
    """Each rule shows a line that it hits and one that it spares in the script of its language."""
    expected = set(SCRIPTS.get(language, ["LATIN"]))
    for rule in rules_of(language):
        for examples in (rule.match, rule.spare):
            assert any(scripts(text) & expected for text in examples), rule.full_id


@pytest.mark.parametrize("language", LANGUAGES)
def test_sections_of_articles_are_kept(language: str) -> None:
    """Each language has a rule that keeps the headings of its articles' sections."""
    codes = {language, "zh"} if language == "zh" else {language}
    assert any(codes & set(rule.langs) for rule in SHIPPED.rules if rule.pack == "keep")


def test_the_copyright_mark_has_one_owner() -> None:
    """A line of the mark, a year and a name is the legal pack's; languages add what their words say."""
    for line in ("© 2026 Acme", "Copyright © 2019-2026 Acme Ltd", "© Acme 2025"):
        found = match(SHIPPED, Document("a", line), [Block(0, len(line), len(line), fold(line))])
        assert [each.reason.rule for each in found if isinstance(each.reason, RuleReason)] == ["legal/copyright"]


@pytest.mark.parametrize("language", sorted(ARTICLES))
def test_article(language: str) -> None:
    """A document alone: its body comes out whole, its trailer does not come out."""
    body, trailer = ARTICLES[language]["body"].lstrip("\n"), ARTICLES[language]["trailer"]
    [done] = clean([body + trailer])
    assert done.status == "cleaned"
    assert done.text == body
    [alone] = clean([body])
    assert (alone.status, alone.text) == ("unchanged", body)


@pytest.mark.parametrize("language", sorted(ARTICLES))
def test_plugs_are_hit(language: str) -> None:
    """The heading, the plugs and the footer of the trailer are each known to a rule, and no line of the body is."""
    body, trailer = (segment(ARTICLES[language][part].lstrip("\n")) for part in ("body", "trailer"))
    titles = {1, 2, 3}
    for blocks, plugs in ((body, set[int]()), (trailer, set(range(len(trailer))) - titles)):
        found = match(SHIPPED, Document("a", "x" * blocks[-1].end), blocks)
        assert {each.block for each in found if each.signal != "keep"} == plugs


# Optional packs


def test_optional_packs_are_not_read_unless_asked_for() -> None:
    """They lie in a folder of their own, and are not among the shipped."""
    names = {path.stem for path in OPTIONAL.glob("*.toml")}
    assert names == {"bylines", "disclosures"}
    assert not names & {rule.pack for rule in SHIPPED.rules}


def test_optional_rules_pass_their_examples() -> None:
    """Beside the shipped ones: no keep rule quarrels with them."""
    assert check(load_rules([OPTIONAL])) == []


def test_optional_patterns_are_anchored_and_bounded() -> None:
    """As the shipped ones are."""
    for rule in load_rules([OPTIONAL], shipped=False).rules:
        bare = regex.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "", rule.pattern)
        assert rule.pattern.removeprefix("(?x)").strip().startswith("^"), rule.full_id
        assert "$" in bare, rule.full_id
        assert not regex.search(r"[*+]|\{\d+,\}", bare), rule.full_id


def test_bylines_of_all_languages() -> None:
    """A rule for dates and one for authors in each language, at the head only."""
    rules = [rule for rule in load_rules([OPTIONAL], shipped=False).rules if rule.pack == "bylines"]
    assert {rule.id for rule in rules} == {
        f"{language}-{part}" for language in ARTICLES for part in ("date", "byline")
    } | {"numeric-date"}
    assert {(rule.effect, rule.where) for rule in rules} == {("cut", "head")}
