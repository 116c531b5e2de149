"""Documents through all stages."""

from __future__ import annotations

import tomllib
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.index import Index, learn
from cleaner.model import Document, RuleReason, Span, TemplateReason
from cleaner.pipeline import Cleaner, clean
from cleaner.policy import Policy
from cleaner.render import body
from cleaner.rules import load_rules
from cleaner.spans import joined
from tests.strategies import STEADY

CASES = tomllib.loads((Path(__file__).parent / "cases" / "clean.toml").read_text(encoding="utf-8"))["case"]

RULES = load_rules()

PROSE = "The council met on Monday and agreed on the budget for the coming year.\n"
HEADING = "Related articles\n"
ITEMS = "What the mayor said on Friday\nWho pays for the signal box\nTen lighthouses to see before the winter\n"


# Cases


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_cases(case: dict[str, list[str]]) -> None:
    """In either order, and the bodies stay as they are when they are cleaned together."""
    texts = case["documents"]
    expected = case.get("expect", texts)
    found = clean(texts, rules=RULES)
    assert [one.text for one in found] == expected
    assert [one.status for one in found] == [
        "unchanged" if text == left else "cleaned" for text, left in zip(texts, expected, strict=True)
    ]
    assert [one.text for one in clean(texts[::-1], rules=RULES)] == expected[::-1]
    assert [one.text for one in clean(expected, rules=RULES)] == expected


def test_cases_are_well_formed() -> None:
    """At least a third may not change; these come first."""
    changing = ["expect" in case for case in CASES]
    assert changing == sorted(changing)
    assert sum(changing) <= 2 / 3 * len(CASES)
    assert len({case["name"] for case in CASES}) == len(CASES)
    for case in CASES:
        assert case.keys() - {"expect"} == {"name", "why", "documents"}
        assert len(case.get("expect", case["documents"])) == len(case["documents"])
        assert case.get("expect") != case["documents"]


# What is cut, and why


def test_rules_and_repetition_both_give_their_reasons() -> None:
    [one, _] = clean([f"One.\n{HEADING}{ITEMS}", f"Other.\n{HEADING}{ITEMS}"])
    [span] = one.spans
    assert (one.document.text[span.start : span.end], span.kind) == (HEADING + ITEMS, "trailer")
    rule, template = span.reasons
    assert rule == RuleReason("related/related-articles")
    assert isinstance(template, TemplateReason)
    assert (template.documents, template.similarity) == (2, 1.0)
    [partner] = template.partners
    assert (partner.id, partner.start, partner.end) == ("1", 7, 6 + len(HEADING + ITEMS))


def test_rules_and_repetition_are_surer_together() -> None:
    alone, together = (
        clean([f"One.\n{PROSE}{HEADING}{ITEMS}", other])[0].spans[0].score
        for other in ("Nothing of it.\n", f"Other.\n{HEADING}{ITEMS}")
    )
    assert alone < together


def test_each_kind_of_span() -> None:
    text = f"Skip to main content\nOn bees\n{PROSE}ADVERTISEMENT\n{PROSE}© 2024 The Post. All rights reserved.\n"
    cleaned = Cleaner().clean(Document("a", text))
    assert [span.kind for span in cleaned.spans] == ["header", "inset", "trailer"]
    assert cleaned.text == f"On bees\n{PROSE}{PROSE}"


def test_explaining_tells_what_is_cut() -> None:
    document = Document("a", f"On bees\n{PROSE}{HEADING}{ITEMS}")
    cleaner = Cleaner()
    explained = cleaner.explain(document)
    assert [document.text[block.start : block.end] for block in explained.repetition.blocks][2] == HEADING
    assert [one.block for one in explained.evidence] == [2]
    assert explained.cut == (False, False, True, True, True, True)
    assert explained.spans == cleaner.clean(document).spans


def test_a_group_counts_for_its_own() -> None:
    """A line on every page of one site, and on one page of another."""
    plug = "Letters to the editor are read by all members of the dock workers' cooperative\n"
    pages = [
        Document(f"a{number}", f"The number {number} bus, {word}\n{PROSE.replace('Monday', word)}{plug}{ITEMS}", "a")
        for number, word in enumerate(("oak", "elm", "ash", "fir", "yew"))
    ]
    cleaner = Cleaner(learn(pages))
    assert [cleaner.clean(page).text.count(plug) for page in pages] == [0] * 5
    [reason, *_] = [reason for span in cleaner.clean(pages[0]).spans for reason in span.reasons]
    assert isinstance(reason, TemplateReason)
    assert reason.documents == 5


# What is held back


@pytest.mark.parametrize(
    "text", [f"{HEADING}Advertisement\n", "Advertisement\n", f"* * *\n{HEADING}", "\n\n  Read more\n"]
)
def test_a_document_that_is_all_boilerplate_is_held_back(text: str) -> None:
    held = Cleaner().clean(Document("a", text))
    assert (held.status, held.text, held.spans) == ("held", text, ())
    assert held.error == "the cut would leave no text; expected a body beside the boilerplate"
    done = Cleaner(policy=Policy(max_share=None)).clean(Document("a", text))
    assert done.status == "cleaned"
    assert body(text, done.spans) == done.text
    assert not any(map(str.isalpha, done.text))


def test_more_than_the_policys_share_is_held_back() -> None:
    text = f"{PROSE}{HEADING}{ITEMS}"
    size = {name: len("".join(part.split())) for name, part in (("all", text), ("cut", HEADING + ITEMS))}
    share = size["cut"] / size["all"]
    assert Cleaner(policy=Policy(max_share=share + 0.001)).clean(Document("a", text)).text == PROSE
    held = Cleaner(policy=Policy(max_share=share - 0.001)).clean(Document("a", text))
    assert (held.status, held.text, held.spans) == ("held", text, ())
    assert held.error == f"the cut would take {share:.1%} of the text; expected at most {share - 0.001:.1%}"


@pytest.mark.parametrize("text", ["", "\n", " \t\r\n", "1\n", "* * *\n"])
def test_what_holds_no_text_is_unchanged(text: str) -> None:
    cleaned = Cleaner(learn([Document("a", text), Document("b", text)])).clean(Document("a", text))
    assert (cleaned.status, cleaned.text, cleaned.spans, cleaned.error) == ("unchanged", text, (), None)


# Calls


def test_cleaning_texts_keeps_their_order() -> None:
    texts = [f"{PROSE}{ITEMS}", "Nothing.\n", f"Bees.\n{ITEMS}", "Nothing.\n", ""]
    assert [one.document.text for one in clean(iter(texts))] == texts
    assert [one.text for one in clean(texts)] == [PROSE, "Nothing.\n", "Bees.\n", "Nothing.\n", ""]
    assert clean([]) == []


def test_other_rules_and_another_policy() -> None:
    text = f"{PROSE}{HEADING}{ITEMS}"
    assert clean([text])[0].text == PROSE
    assert clean([text], rules=load_rules(shipped=False))[0].text == text
    assert clean([text], policy=Policy(border=9.0))[0].text == text


def test_without_an_index_rules_work_alone() -> None:
    assert Cleaner() == Cleaner(Index(), load_rules(), Policy())
    documents = [Document("a", f"{PROSE}{ITEMS}"), Document("b", f"Bees.\n{ITEMS}")]
    assert [Cleaner().clean(document).status for document in documents] == ["unchanged"] * 2
    assert [Cleaner(learn(documents)).clean(document).status for document in documents] == ["cleaned"] * 2


def test_a_document_that_was_not_learnt() -> None:
    """An index learnt before cleans what comes after."""
    cleaner = Cleaner(learn([Document(name, f"{name} of the town\n{ITEMS}") for name in ("Bees", "Ants")]))
    assert cleaner.clean(Document("new", f"{PROSE}{ITEMS}")).text == PROSE


def test_lone_surrogates_do_no_harm() -> None:
    text = f"A \ud800 body.\n{HEADING}A \udfff title\n"
    assert [one.text for one in clean([text, text, f"{PROSE}{HEADING}A \udfff title\n"])] == [
        "A \ud800 body.\n",
        "A \ud800 body.\n",
        PROSE,
    ]


# Several passes


@st.composite
def cuts(draw: st.DrawFn, size: int) -> tuple[Span, ...]:
    """Sorted, disjoint spans of a text."""
    borders = sorted(draw(st.sets(st.integers(0, size), max_size=8)))
    pairs = zip(borders[::2], borders[1::2], strict=False)
    return tuple(Span(start, end, "inset", 0.9, (RuleReason(f"a/{start}"),)) for start, end in pairs)


@STEADY
@given(st.data())
def test_two_passes_are_joined(data: st.DataObject) -> None:
    """Together they leave what the second left, as disjoint spans with all reasons."""
    text = "".join(map(chr, range(0x4E00, 0x4E00 + data.draw(st.integers(0, 30)))))
    earlier = data.draw(cuts(len(text)))
    rest = body(text, earlier)
    later = data.draw(cuts(len(rest)))
    found = joined(earlier, later)
    assert body(text, found) == body(rest, later)
    borders = [border for span in found for border in (span.start, span.end)]
    assert borders == sorted(set(borders))
    given_reasons = {reason for span in (*earlier, *later) for reason in span.reasons}
    assert {reason for span in found for reason in span.reasons} == given_reasons


def test_a_byte_order_mark_stays_when_the_header_goes() -> None:
    menu = "Home\nNews\nWeather\nSport\n"
    stories = ["Bees dance to tell where food is.\n", "Rain fell on Tuesday.\n", "A long walk along the Aire.\n"]
    cleaned = clean(["\ufeff" + menu + story for story in stories])
    assert [one.text for one in cleaned] == ["\ufeff" + story for story in stories]
    assert all(one.spans[0].kind == "header" for one in cleaned)


@pytest.mark.parametrize("titles", [1, 5, 24, 25, 60])
def test_a_long_list_under_a_heading_goes_whole(titles: int) -> None:
    items = "".join(f"Story {chr(65 + at % 26)}{at} of the harbour\n" for at in range(titles))
    assert clean([PROSE + "You may also like\n" + items])[0].text == PROSE


@pytest.mark.parametrize("max_share", [0.05, 0.2, 0.5, 1.0, None])
def test_cleaning_twice_changes_nothing_whatever_may_go(max_share: float | None) -> None:
    text = "Privacy policy\n" * 20 + PROSE * 4 + "Privacy policy\n" * 2
    cleaner = Cleaner(policy=Policy(max_share=max_share))
    once = cleaner.clean(Document("a", text))
    assert cleaner.clean(Document("a", once.text)).text == once.text
    if max_share is not None:
        visible, left = (len("".join(one.split())) for one in (text, once.text))
        assert 1 - left / visible <= max_share


def test_a_chain_of_copies_keeps_its_prose_in_any_order() -> None:
    """One shares an article with the second, the second another with the third. Ids follow the order here."""
    first, second = (
        "".join(f"The {word} of {at} is told here at some length, and then once more.\n" for at in range(4))
        for word in ("tale", "fable")
    )
    own = [f"A note of the editor, number {at}, stands before this one and is short enough.\n" for at in range(3)]
    trailer = "Ten lighthouses to see\nWhat the captain keeps\nWho pays for lunch\nWrite to us\n"
    texts = [own[0] + first + trailer, own[1] + first + second + trailer, own[2] + second + trailer]
    for order in permutations(texts):
        for text, cleaned in zip(order, clean(order), strict=True):
            assert cleaned.text in (text, text.removesuffix(trailer))


def test_no_group_is_no_site() -> None:
    """Documents of unknown origin are not each other's site."""
    trailer = "Ten lighthouses to see\nWhat the captain keeps\nWho pays for lunch\nWrite to us\n"
    site = [Document(f"s{at}", f"{chr(65 + at) * 9} is a body.\n{trailer}", "site") for at in range(9)]
    unknown = [Document(f"u{at}", f"{chr(75 + at) * 9} is another body.\n") for at in range(5)]
    new = Document("new", "A new body.\n" + trailer)
    for corpus in (site, [*site, *unknown]):
        assert Cleaner(learn(corpus)).clean(new).text == "A new body.\n"


def test_a_string_is_not_a_list_of_texts() -> None:
    with pytest.raises(TypeError, match="expected an iterable of texts"):
        clean("One text")
    with pytest.raises(TypeError, match=r"^clean: a Document; expected strings: documents are for Cleaner.clean_all$"):
        clean([Document("a", "One.")])  # type: ignore[list-item]


def test_a_rule_of_the_users_own_settles_it(tmp_path: Path) -> None:
    """Whatever the corpus says: on one page of many, in mid-article."""
    pack = tmp_path / "own.toml"
    pack.write_text(
        '[[rule]]\nid = "plug"\nwhy = "A plug."\neffect = "cut"\nphrases = ["Join our supper club"]\nlangs = ["en"]\n'
        'match = ["Join our supper club"]\nspare = ["Join our supper club and eat with strangers, she wrote."]\n',
        encoding="utf-8",
    )
    words = ("oak", "elm", "ash", "fir", "yew", "box", "bay")
    pages = [Document(word, f"{PROSE.replace('Monday', word)}Write to us\n", "site") for word in words]
    page = Document("new", f"{PROSE}Join our supper club\n{PROSE.replace('Monday', 'Friday')}Write to us\n", "site")
    cleaned = Cleaner(learn(pages), load_rules([pack])).clean(page)
    assert "supper" not in cleaned.text
    assert RuleReason("own/plug") in cleaned.spans[0].reasons
