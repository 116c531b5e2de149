"""What is done in place of cuts: the first of a group keeps it, or a marker stands there; all promises hold as they do without."""

from __future__ import annotations

import csv
import io
import json
import pickle
import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from cleaner.decide import untouched
from cleaner.explaining import at_offset, explained, plain
from cleaner.frequency import Frequencies
from cleaner.index import Index, learn, merge
from cleaner.instead import look_through, settled
from cleaner.matching import RuleSet
from cleaner.model import Cleaned, Document, Instead, RuleReason, Span, TemplateReason
from cleaner.pipeline import Cleaner
from cleaner.policy import Policy
from cleaner.render import body
from cleaner.repetition import none
from cleaner.report import Summary, record, restore, schema, summary_json
from cleaner.rules import load_rules
from cleaner.segment import segment
from cleaner.spans import joined
from tests.conftest import BODY, OTHER, THIRD, TRAILER, Command, plant, tree
from tests.packs import write
from tests.strategies import STEADY, corpora

RULES = load_rules()
VALIDATOR = Draft202012Validator(schema())
MARKERS = ("[cut]", "[cut here]", "...", "Read more", "© 2024", "A b A", "日本語")
"""Some read like what rules cut, or what documents hold."""

SOME = settings(STEADY, max_examples=40)
"""Of a world, which takes long to make."""

FOOTER = (
    "\nGet our daily briefing\nTen stories that everyone reads\nWhat the mayor said on Friday\nAll rights reserved.\n"
)
"""A rule knows its last line."""


def ruled(*instead: Instead) -> RuleSet:
    """Return the shipped rules with something done in place of cuts; what is compiled of them is shared, as that takes long."""
    found = RuleSet(RULES.rules, instead)
    vars(found)["compiled"] = RULES.compiled
    return found


def cleaned(corpus: Sequence[Document], rules: RuleSet = RULES, index: Index | None = None) -> list[Cleaned]:
    """Clean documents, each alone, by what they teach each other."""
    cleaner = Cleaner(learn(corpus) if index is None else index, rules)
    return [cleaner.clean(document) for document in corpus]


def marked(marker: str, *rules: str) -> RuleSet:
    """Return rules with a marker for the cuts of some."""
    return ruled(Instead("Why not.", rules=rules, marker=marker))


def first(*rules: str, marker: str = "") -> RuleSet:
    """Return rules with the cuts of some kept where they come first."""
    return ruled(Instead("Why not.", rules=rules, first=True, marker=marker))


@st.composite
def tables(draw: st.DrawFn, corpus: Sequence[Document]) -> RuleSet:
    """Tables that speak of what is cut from a corpus, by rules and by templates."""
    templates = sorted(
        {
            reason.template
            for one in cleaned(corpus)
            for span in one.spans
            for reason in span.reasons
            if isinstance(reason, TemplateReason)
        }
    )
    found = []
    for _ in range(draw(st.integers(1, 2))):
        rules = draw(st.sampled_from([("*",), ("related/*", "share/*"), ("legal/*",), ()]))
        some = tuple(draw(st.sets(st.sampled_from(templates)))) if templates else ()
        keeps = draw(st.booleans())
        marker = draw(st.sampled_from(MARKERS if not keeps else ("", *MARKERS)))
        found.append(Instead("Why not.", rules=rules, templates=some, first=keeps, marker=marker))
    return ruled(*found)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Document], RuleSet]:
    """Corpora, in some of whose documents markers stand already, and tables."""
    corpus = draw(corpora(min_size=1, max_size=5))
    marker = draw(st.sampled_from(MARKERS))
    how = st.sampled_from([("\n", f"\n{marker}\n"), (" ", f" {marker} "), ("", "")])
    for at, (old, new) in enumerate(draw(st.lists(how, min_size=len(corpus), max_size=len(corpus)))):
        if old:
            corpus[at] = replace(corpus[at], text=corpus[at].text.replace(old, new, 2))
    return corpus, draw(tables(corpus))


# The promises


@SOME
@given(worlds())
def test_the_body_is_the_text_with_markers_in_the_place_of_spans(world: tuple[list[Document], RuleSet]) -> None:
    corpus, rules = world
    for one in cleaned(corpus, rules):
        text, parts, at = one.document.text, [], 0
        for span in one.spans:
            assert at <= span.start < span.end <= len(text)
            assert span.reasons
            parts += [text[at : span.start], span.marker]
            at = span.end
            if span.marker:
                assert text[span.start : span.end] == text[span.start : span.end].strip() != ""
        assert one.text == "".join([*parts, text[at:]])


@SOME
@given(worlds())
def test_body_and_record_give_the_original(world: tuple[list[Document], RuleSet]) -> None:
    corpus, rules = world
    rows = []
    for one in cleaned(corpus, rules):
        row = json.loads(json.dumps(record("x.jsonl", one)))
        VALIDATOR.validate(row)
        assert restore(one.text, row) == one.document.text
        assert row["chars_out"] == len(one.text)
        rows.append(row)
    found = Summary.total(rows)
    assert found.chars_removed == sum(len(span["text"]) for row in rows for span in row["spans"])
    assert found.chars_markers == sum(len(span.get("marker", "")) for row in rows for span in row["spans"])
    assert found.chars_kept + found.chars_markers == sum(row["chars_out"] for row in rows)
    characters = summary_json(found, versions={}, policy={})["characters"]
    assert isinstance(characters, dict)
    assert characters["kept"] + characters["removed"] == characters["in"]
    assert ("markers" in characters) == (found.chars_markers > 0)


@SOME
@given(worlds())
def test_cleaning_again_changes_nothing(world: tuple[list[Document], RuleSet]) -> None:
    corpus, rules = world
    cleaner = Cleaner(learn(corpus), rules)
    for document in corpus:
        once = cleaner.clean(document)
        again = cleaner.clean(replace(document, text=once.text))
        assert (again.text, again.spans) == (once.text, ())


@SOME
@given(worlds(), st.randoms(use_true_random=False), st.integers(1, 3))
def test_neither_order_nor_company_matters(
    world: tuple[list[Document], RuleSet], numbers: random.Random, shards: int
) -> None:
    corpus, rules = world
    expected = {one.document.id: one for one in cleaned(corpus, rules)}
    shuffled = list(corpus)
    numbers.shuffle(shuffled)
    index = merge(learn(shuffled[at::shards]) for at in range(shards))
    cleaner = Cleaner(index, ruled(*pickle.loads(pickle.dumps(rules.instead))))  # as other processes get them
    assert {one.document.id: one for one in cleaner.clean_all(shuffled)} == expected


@SOME
@given(worlds())
def test_documents_that_the_tables_do_not_speak_of_are_cleaned_as_without(
    world: tuple[list[Document], RuleSet],
) -> None:
    corpus, _ = world
    rules = marked("[nowhere in there]", "ads/*")
    for one, other in zip(cleaned(corpus), cleaned(corpus, rules), strict=True):
        told = {reason.rule for span in one.spans for reason in span.reasons if isinstance(reason, RuleReason)}
        assert any(rule.startswith("ads/") for rule in told) or one == other


@SOME
@given(corpora(min_size=1, max_size=4), st.sampled_from(MARKERS))
def test_a_cut_leaves_but_its_marker(corpus: list[Document], marker: str) -> None:
    """Of what is cut at the first look, with the white space around it as it was."""
    rules = marked(marker, "*")
    for document in corpus:
        if look_through(document.text, rules.instead).gaps:
            continue
        plain, other = (Cleaner(learn(corpus), some).explain(document).spans for some in (RULES, rules))
        assert len(plain) == len(other)
        for one, found in zip(plain, other, strict=True):
            cut = document.text[one.start : one.end]
            if any(isinstance(reason, RuleReason) for reason in one.reasons):
                assert found.marker == marker
                assert document.text[found.start : found.end] == cut.strip()
                assert body(
                    cut, [replace(found, start=found.start - one.start, end=found.end - one.start)]
                ).split() == (marker.split())
            else:
                assert found == one


# Markers


@st.composite
def spans(draw: st.DrawFn, size: int, *taken: int) -> list[Span]:
    """Spans in a text of so many characters, some with markers; none starts or ends between two borders that are taken."""
    inside = {at for low, high in zip(taken[::2], taken[1::2], strict=True) for at in range(low + 1, high)}
    borders = sorted(draw(st.sets(st.sampled_from([at for at in range(size + 1) if at not in inside]), max_size=8)))
    pairs = zip(borders[::2], borders[1::2], strict=False)
    marker = st.sampled_from(("", "", "[1]", "[another]"))
    return [Span(start, end, "inset", 0.9, (RuleReason(f"a/{start}"),), draw(marker)) for start, end in pairs]


@STEADY
@given(st.data())
def test_what_is_cut_of_a_body_is_cut_of_the_text(data: st.DataObject) -> None:
    """Whatever was cut before, and whatever stands in its place."""
    text = "abcdefghijklmnopqrstuvwxyz"
    earlier = data.draw(spans(len(text)))
    left, taken, shift = body(text, earlier), [], 0
    for span in earlier:
        taken += [span.start - shift, span.start - shift + len(span.marker)]
        shift += span.end - span.start - len(span.marker)
    later = data.draw(spans(len(left), *taken))
    found = joined(earlier, later)
    assert body(text, found) == body(left, later)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert {reason for one in found for reason in one.reasons} == {
        reason for one in (*earlier, *later) for reason in one.reasons
    }


@STEADY
@given(st.data())
def test_a_cut_through_a_marker_takes_it_whole(data: st.DataObject) -> None:
    """Where it was not looked through, as it stands within other text."""
    text = "abcdefghijklmnopqrstuvwxyz"
    earlier = data.draw(spans(len(text)))
    found = joined(earlier, data.draw(spans(len(body(text, earlier)))))
    assert all(span.start < span.end for span in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    for span in earlier:
        assert any(one.start <= span.start and span.end <= one.end for one in found)


def in_place(text: str, instead: Instead, *spans: tuple[int, int]) -> tuple[str, list[str]]:
    """Return a text without, or with markers for, spans of what is left when it is looked through; and what was cut."""
    document, through = Document("a", text), look_through(text, (instead,))
    decision = replace(
        untouched(none(segment(through.rest))),
        spans=tuple(Span(start, end, "inset", 0.9, (RuleReason("a/b"),)) for start, end in spans),
    )
    found = settled((instead,), Frequencies(Index()), document, through, decision)
    assert "".join(text[block.start : block.end] for block in found.repetition.blocks) == text
    return body(text, found.spans), [text[span.start : span.end] for span in found.spans]


def test_no_marker_is_cut() -> None:
    """A cut goes around them."""
    text = "One.\n[cut]\nShare\n[cut]\n[cut]\nTweet [cut]\n"
    other, same = Instead("", rules=("b/*",), marker="[cut]"), Instead("", rules=("a/*",), marker="[cut]")
    assert look_through(text, (same,)).rest == "One.\n\nShare\n\n\nTweet \n"
    left = "One.\n[cut]\n[cut]\n[cut]\n[cut]\n"
    assert in_place(text, other, (5, 22)) == (left, ["Share\n", "Tweet "])
    assert in_place(text, other, (5, 12), (14, 22)) == (left, ["Share\n", "Tweet "])
    assert in_place(text, same, (0, 22)) == (
        "[cut]\n[cut]\n[cut]\n[cut]\n[cut]\n[cut] [cut]\n",
        ["One.", "Share", "Tweet"],
    )


def test_a_marker_for_itself_is_no_cut() -> None:
    """Where it was not looked through, as it stands within other text."""
    same = Instead("", rules=("a/*",), marker="[cut]")
    assert in_place("One[cut]two", same, (3, 8)) == ("One[cut]two", [])
    assert in_place("One[cut] two", same, (3, 12)) == ("One[cut]", ["[cut] two"])


def test_a_marker_is_looked_through_where_it_stands_by_itself() -> None:
    instead = (Instead("", marker="[cut]"), Instead("", marker="[cut] twice"), Instead("", first=True))
    text = "[cut] One [cut]\n[cut] twice\tx[cut] [cut]. \ufeff[cut]\u3000[cut]"
    found = look_through(text, instead)
    assert [text[start:end] for start, end in found.gaps] == ["[cut]", "[cut]", "[cut] twice", "[cut]", "[cut]"]
    assert found.rest == " One \n\tx[cut] [cut]. \ufeff\u3000"
    assert look_through(text, ()).rest == look_through(text, instead[2:]).rest == text


def test_markers_are_nobodys_boilerplate() -> None:
    """Bodies that teach each other what they repeat keep their markers; without the table these are a trailer's line."""
    rules = marked("[footer]", "legal/*")
    corpus = sites(*"aaaaa")
    bodies = [replace(one.document, text=one.text) for one in cleaned(corpus, rules)]
    assert {one.text[-10:] for one in bodies} == {"\n[footer]\n"}
    assert [one.text for one in cleaned(bodies, rules)] == [one.text for one in bodies]


def test_a_marker_is_no_text() -> None:
    """What leaves nothing but a marker is held; and it does not count for what stays."""
    rules = marked("[nothing but a very long marker]", "related/*")
    [held] = [Cleaner(rules=rules).clean(Document("a", TRAILER))]
    assert (held.status, held.text) == ("held", TRAILER)
    text = BODY + TRAILER
    share = 1 - len("".join(BODY.split())) / len("".join(text.split()))
    for most, status in ((share + 0.001, "cleaned"), (share - 0.001, "held")):
        assert Cleaner(rules=rules, policy=Policy(max_share=most)).clean(Document("a", text)).status == status


def test_the_last_table_that_speaks_of_a_cut_holds(tmp_path: Path) -> None:
    document = Document("a", BODY + TRAILER)
    both = ruled(Instead("", rules=("*",), marker="[any]"), Instead("", rules=("legal/*",), marker="[licence]"))
    assert Cleaner(rules=both).clean(document).text == f"{BODY}\n[any]\n"
    both = ruled(*both.instead[::-1])
    assert Cleaner(rules=both).clean(replace(document, text=BODY + "\nAll rights reserved.\n")).text.endswith("[any]\n")
    for number, name in enumerate(("one", "two")):
        write(
            tmp_path,
            f'[[instead]]\nwhy = "So."\nrules = ["related/*"]\nmarker = "[{name}]"\n',
            f"{number}.toml",
        )
    assert [one.marker for one in load_rules([tmp_path]).instead] == ["[one]", "[two]"]
    assert Cleaner(rules=load_rules([tmp_path])).clean(document).text == f"{BODY}\n[two]\n"


def test_each_page_of_a_cut_has_its_marker() -> None:
    """A form feed stays, and so a cut over pages is several."""
    text = f"{BODY}\nRelated articles\nWhy bridges hum\n\fTen quiet harbours\n"
    assert Cleaner(rules=marked("[more]", "related/*")).clean(Document("a", text)).text.count("\f") == 1


# The first of its group


def sites(*groups: str, footer: str = FOOTER) -> list[Document]:
    """Return documents with bodies of their own and the same footer, d0, d1, ..."""
    return [
        Document(f"d{at}", f"On day {at} the harbour of town {at * 7} was {at * 13} boats short.\n{footer}", group)
        for at, group in enumerate(groups)
    ]


def keeping(corpus: Sequence[Document], rules: RuleSet, index: Index | None = None) -> list[str]:
    """Return the ids of the documents that stay as they are."""
    found = cleaned(corpus, rules, index)
    assert {one.status for one in found} <= {"cleaned", "unchanged"}
    return [one.document.id for one in found if one.status == "unchanged"]


@SOME
@given(st.lists(st.sampled_from(("", "a", "b", "例")), min_size=4, max_size=12), st.randoms(use_true_random=False))
def test_one_document_of_each_group_keeps_it(groups: list[str], numbers: random.Random) -> None:
    """The first by id, however documents come."""
    corpus = sites(*groups)
    expected = [f"d{groups.index(group)}" for group in dict.fromkeys(groups)]
    if len(groups) > 10:  # "d10" is before "d2"
        expected = [min(f"d{at}" for at, one in enumerate(groups) if one == group) for group in dict.fromkeys(groups)]
    shuffled = list(corpus)
    numbers.shuffle(shuffled)
    assert sorted(keeping(shuffled, first("legal/*"))) == sorted(expected)


def test_a_template_is_kept_by_its_first() -> None:
    corpus = sites(*"aaabbb", footer=FOOTER.replace("All rights reserved.\n", ""))
    plain = cleaned(corpus)
    [template] = {
        reason.template for one in plain for reason in one.spans[0].reasons if isinstance(reason, TemplateReason)
    }
    assert keeping(corpus, ruled(Instead("", templates=(template,), first=True))) == ["d0", "d3"]
    assert keeping(corpus, ruled(Instead("", templates=("0" * 16,), first=True))) == []


def test_what_else_is_cut_with_it_does_not_matter() -> None:
    """A first document with the buttons of a footer, and not its licence, does not take the licence from all."""
    corpus = sites(*"aaaa")
    corpus[0] = replace(corpus[0], text=corpus[0].text.replace("All rights reserved.\n", ""))
    found = cleaned(corpus, first("legal/*"))
    assert [one.status for one in found] == ["cleaned", "unchanged", "cleaned", "cleaned"]


def test_a_line_without_letters_is_known_by_what_is_cut_with_it() -> None:
    corpus = sites(*"aaabb", footer=FOOTER.replace("All rights reserved.", "© 2026"))
    assert keeping(corpus, first("legal/*")) == ["d0", "d3"]


def test_copies_do_not_keep_it() -> None:
    """Documents that share their prose count once, and the first of them by id keeps what they share."""
    article = BODY + OTHER + THIRD
    copies = [Document(name, article + TRAILER, "a") for name in "bca"]
    plain = cleaned(copies)
    assert [(one.status, one.duplicate_of) for one in plain] == [("cleaned", "a"), ("cleaned", "a"), ("cleaned", None)]
    assert keeping(copies, first("related/*")) == ["a"]
    assert keeping([replace(one, group=one.id) for one in copies], first("related/*")) == ["b", "c", "a"]


@pytest.mark.parametrize("groups", ["aaaaa", "aaabb"])
@pytest.mark.parametrize("start", [". ", " ", " Ahoy. "])
def test_on_one_line_it_is_kept_once(groups: str, start: str) -> None:
    """Documents without line breaks, where the footer starts with a sentence, within one, or there with a single word."""
    footer = " ".join(f"{FOOTER}{6 * THIRD}".split())
    flat = [
        Document(one.id, one.text.partition(".")[0] + f" and {number}{start}{footer}", one.group)
        for number, one in enumerate(sites(*groups))
    ]
    templates = {one.spans[-1].reasons[0].template for one in cleaned(flat)}  # type: ignore[union-attr]
    found = cleaned(flat, ruled(Instead("", templates=tuple(templates), first=True, marker="[footer]")))
    expected = [groups.index(group) == at for at, group in enumerate(groups)]
    assert [one.text.endswith(THIRD.strip()) for one in found] == expected
    assert [not one.text.endswith(" [footer]") for one in found] == expected


def test_what_nearly_equals_an_earlier_one_is_not_kept() -> None:
    """Lines of which no two are the same."""
    line = "© 20{} The Bee Weekly and Harbour Gazette Publishing Company of the North. All rights reserved."
    corpus = [
        replace(one, text=one.text.replace("All rights reserved.", line.format(at + 10)))
        for at, one in enumerate(sites(*"aaaabb"))
    ]
    assert keeping(corpus, first("legal/*")) == ["d0", "d4"]


def test_documents_that_the_index_does_not_know_come_last() -> None:
    index = learn(sites(*"aab"))
    for name, group, keeps in (
        ("", "a", False),
        ("z", "a", False),
        ("d0", "b", False),
        ("z", "c", True),
        ("z", "", True),
    ):
        [document] = sites(group)
        document = replace(document, id=name, text=document.text.replace("harbour", "market"))
        assert keeping([document], first("legal/*"), index) == [name] * keeps


def test_without_others_a_document_is_the_first() -> None:
    """By rules alone, and in an index of itself."""
    [document] = sites("a")
    for index in (Index(), learn([document])):
        assert keeping([document], first("legal/*"), index) == ["d0"]


def test_explain_says_what_is_done_in_place_of_a_cut() -> None:
    corpus = sites(*"aaaa")
    cleaner = Cleaner(learn(corpus), first("legal/*", marker="[footer]"))
    for document, said, sign in (
        (corpus[0], "kept: the first of its group", " "),
        (corpus[1], "in its place: [footer]", "-"),
    ):
        lines = list(plain(explained(cleaner.clean(document), cleaner.explain(document))))
        assert sum(line.strip() == said for line in lines) == 4
        assert [line[0] for line in lines if not line.startswith("   " * 3)] == [" ", *sign * 4]
    again = replace(corpus[1], text=cleaner.clean(corpus[1]).text + "\nMore of it.\n")
    blocks = cleaner.explain(again).repetition.blocks
    assert [again.text[block.start : block.end] for block in blocks] == [
        again.text.partition("More")[0],
        "More of it.\n",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[cut]",
        "[cut]\n",
        "\n [cut]",
        "\ufeff[cut]\nBody text here.\n",
        "[cut]\nBody text here.\n",
        "[cut]\n[cut] [cut]\n\n\f[cut]",
        f"[cut]\n{BODY}[cut]\n{OTHER}\n[cut]{TRAILER}[cut]",
        f"{BODY} [cut] {OTHER}{TRAILER}[cut]\nTen quiet harbours\n",
        f"[cut] {' '.join(f'{6 * BODY}'.split())} [cut] {' '.join(TRAILER.split())}",
    ],
)
def test_each_character_is_explained(text: str) -> None:
    """Markers at the start, within, at the end and alone: what is no marker is cut or kept, as the body has it."""
    document, rules = Document("a", text), marked("[cut]", "*")
    cleaner = Cleaner(learn([document]), rules)
    found, decision = cleaner.clean(document), cleaner.explain(document)
    assert "".join(row.text for row in explained(found, decision)) == ("" if text == "[cut]" else text)
    cut = {at for span in found.spans for at in range(span.start, span.end)}
    markers = {at for gap in look_through(text, rules.instead).gaps for at in range(*gap)}
    for at in range(len(text)):
        said = "is a marker: " if at in markers else "was cut: " if at in cut else "was kept: "
        answer, *_ = at_offset(found, decision, at)
        assert answer.startswith(f"character {at} {said}")
        assert len(answer.splitlines()) == 1


# Rule sets


def test_the_digest_is_that_of_the_rules_and_tables() -> None:
    """Without tables it is what it was before there were any."""
    tables = [Instead("a", first=True), Instead("a", rules=("a/*",), first=True), Instead("a", marker="[a]")]
    digests = {
        RuleSet(RULES.rules, some).digest for some in ((), tuple(tables[:1]), tuple(tables), tuple(tables[::-1]))
    }
    assert len(digests) == 4
    assert RuleSet(RULES.rules[:1], ()).digest == RuleSet(RULES.rules[:1]).digest
    assert pickle.loads(pickle.dumps(ruled(*tables))) == ruled(*tables)


# Files


TABLE = """
[[instead]]
why = "One of them is enough."
rules = ["related/*"]
first = true
marker = "[more, „so“]"
"""


def test_each_format_is_restored(run: Command, tmp_path: Path) -> None:
    """Byte for byte, the rows of Parquet as equal tables; the first of each site keeps what the others have a marker for."""
    texts = {"a1": BODY, "a2": OTHER, "b1": THIRD}
    rows = [{"id": name, "site": name[0], "text": text + TRAILER} for name, text in texts.items()]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, ["id", "site", "text"], quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    lines = "".join(
        json.dumps(row, ensure_ascii=escaped) + "\n" for row, escaped in zip(rows, (True, False, True), strict=True)
    )
    files = {f"{row['site']}/{row['id']}.txt": row["text"] for row in rows}
    corpora = {
        "text": plant(tmp_path / "text", files),
        "x.jsonl": plant(tmp_path, {"x.jsonl": lines}) / "x.jsonl",
        "x.csv": plant(tmp_path, {"x.csv": stream.getvalue()}) / "x.csv",
        "x.parquet": tmp_path / "x.parquet",
    }
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "x.parquet")
    pack = write(tmp_path, TABLE)
    for name, where in corpora.items():
        fields = [] if name == "text" else ["--id-field", "id", "--group-field", "site"]
        out = tmp_path / f"{name}-out"
        bodies = []
        for jobs in (1, 2):
            assert run("clean", where, "--out", out, "--rules", pack, "--jobs", jobs, *fields).code == 0
            bodies.append(tree(out))
        assert bodies[0] == bodies[1]
        report = [json.loads(line) for line in bodies[0]["report.jsonl"].splitlines()]
        kept = {Path(row["id"]).stem: row["status"] for row in report}
        assert {one: kept[one] for one in texts} == {"a1": "unchanged", "a2": "cleaned", "b1": "unchanged"}
        assert [span["marker"] for row in report for span in row["spans"]] == ["[more, „so“]"]
        assert run("restore", out, "--verify").code == 0
        assert run("restore", out, "--out", tmp_path / f"{name}-again").code == 0
        if name == "x.parquet":
            assert pq.read_table(tmp_path / "x.parquet-again/x.parquet").to_pylist() == rows
            [body] = [row["text"] for row in pq.read_table(out / name).to_pylist() if row["id"] == "a2"]
        else:
            again = tree(tmp_path / f"{name}-again")
            assert again == (tree(where) if name == "text" else {name: where.read_bytes()})
            [body] = (
                [bodies[0]["a/a2.txt"].decode()]
                if name == "text"
                else [row["text"] for row in _rows(name, bodies[0][name].decode()) if row["id"] == "a2"]
            )
        assert body == f"{OTHER}\n[more, „so“]\n"
        assert json.loads(bodies[0]["summary.json"])["characters"]["markers"] == len("[more, „so“]")


def _rows(name: str, text: str) -> list[dict[str, str]]:
    if name.endswith("csv"):
        return list(csv.DictReader(io.StringIO(text)))
    return [json.loads(line) for line in text.splitlines()]


def test_a_field_without_quotes_is_held_when_the_marker_needs_some(run: Command, tmp_path: Path) -> None:
    """They could not be taken off again. Another marker will do, and so does the comma where it is no delimiter."""
    line = (
        f"{BODY.strip().replace(',', '')} {OTHER.strip().replace(',', '')} Related articles Why bridges hum Ten harbours "
        * 3
    )
    for delimiter, status in ((",", "held"), (";", "cleaned")):
        path = plant(tmp_path, {"x.csv": f"n{delimiter}text\n1{delimiter}{line.strip()}\n"}) / "x.csv"
        pack = write(tmp_path, TABLE.replace("first = true", ""))
        ran = run("clean", path, "--out", tmp_path / delimiter, "--rules", pack)
        [row] = [json.loads(one) for one in (tmp_path / delimiter / "report.jsonl").read_bytes().splitlines()]
        assert (row["status"], ran.code) == (status, 3 if status == "held" else 0)
        assert ("a field without quotes; expected a marker without ," in (row["error"] or "")) == (status == "held")
        assert run("restore", tmp_path / delimiter, "--verify").code == 0
