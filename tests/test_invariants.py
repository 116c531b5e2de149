"""What must be true whatever the documents are, one test for each promise."""

from __future__ import annotations

import os
import pickle
import random
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.index import Index, learn, merge
from cleaner.model import Cleaned, Document, RuleReason, RunningReason, TemplateReason
from cleaner.pipeline import Cleaner
from cleaner.rules import load_rules
from cleaner.saving import loads
from cleaner.segment import fold, segment
from tests.handmade import dumps
from tests.strategies import STEADY, corpora, documents, texts

HERE = Path(__file__).parent
RULES = load_rules()
RULE_IDS = {rule.full_id for rule in RULES.rules}
SEEDS = [
    Document(path.name, path.read_bytes().decode(), "seeds") for path in sorted((HERE.parent / "seeds").glob("*.txt"))
]


def cleaned_together(corpus: Sequence[Document]) -> list[Cleaned]:
    """Clean documents with what they teach each other."""
    cleaner = Cleaner(learn(corpus), RULES)
    return [cleaner.clean(document) for document in corpus]


def lettered(text: str) -> bool:
    """Whether a text holds a letter."""
    return any(map(str.isalpha, text))


@STEADY
@given(corpora() | st.lists(documents(), max_size=3))
def test_the_body_is_the_text_without_its_spans(corpus: list[Document]) -> None:
    for cleaned in cleaned_together(corpus):
        text, left, at = cleaned.document.text, [], 0
        for span in cleaned.spans:
            left.append(text[at : span.start])
            at = span.end
        assert cleaned.text == "".join([*left, text[at:]])
        assert (cleaned.status == "cleaned") == bool(cleaned.spans)
        assert (cleaned.error is None) == (cleaned.status != "held")


@STEADY
@given(corpora())
def test_body_and_spans_give_the_original(corpus: list[Document]) -> None:
    for cleaned in cleaned_together(corpus):
        parts, rest = [], cleaned.text
        at = 0
        for span in cleaned.spans:
            kept = span.start - at
            parts += [rest[:kept], cleaned.document.text[span.start : span.end]]
            rest, at = rest[kept:], span.end
        assert "".join([*parts, rest]) == cleaned.document.text


@STEADY
@given(corpora())
def test_form_feeds_stay_and_so_do_inner_pages(corpus: list[Document]) -> None:
    """A page that had a letter has one left, if a page before it and one after it have."""
    for cleaned in cleaned_together(corpus):
        before, after = (text.split("\f") for text in (cleaned.document.text, cleaned.text))
        assert len(before) == len(after)
        full = [at for at, page in enumerate(after) if lettered(page)]
        inner = range(full[0], full[-1]) if full else ()
        assert not any(lettered(before[at]) for at in inner if at not in full)


def assert_reasons_hold(cleaned: Cleaned, texts: dict[str, str]) -> None:
    """Check the spans and reasons of a document against the corpus it was cleaned with."""
    end = 0
    for span in cleaned.spans:
        assert end <= span.start < span.end <= len(cleaned.document.text)
        end = span.end
        assert 0.0 < span.score <= 1.0
        assert span.kind in {"header", "inset", "trailer"}
        assert span.reasons
        folded = fold(cleaned.document.text[span.start : span.end])
        for reason in span.reasons:
            if isinstance(reason, RuleReason):
                assert reason.rule in RULE_IDS
            elif isinstance(reason, RunningReason):
                assert 2 <= reason.pages <= cleaned.document.text.count("\f") + 1
                assert reason.line in re.sub(r"\d+", "0", folded)
            else:
                assert_template_holds(reason, texts, folded, cleaned.document.id)


def assert_template_holds(reason: TemplateReason, texts: dict[str, str], folded: str, own: str) -> None:
    """Check that other documents hold what a template says, at the places that it names."""
    assert int(reason.template, 16)
    assert len(reason.template) == 16
    assert 2 <= reason.documents <= len(texts)
    assert 0.0 < reason.similarity <= 1.0
    assert 1 <= len(reason.partners) <= min(3, len(texts) - 1)
    assert len({partner.id for partner in reason.partners}) == len(reason.partners)
    for partner in reason.partners:
        assert partner.id != own
        assert 0 <= partner.start < partner.end <= len(texts[partner.id])
        [first] = [block for block in segment(texts[partner.id]) if block.start == partner.start]
        assert first.stop <= partner.end
        if reason.similarity == 1.0:
            assert first.folded in folded


@STEADY
@given(corpora(min_size=2))
def test_every_span_has_reasons_that_hold(corpus: list[Document]) -> None:
    known = {document.id: document.text for document in corpus}
    for cleaned in cleaned_together(corpus):
        assert_reasons_hold(cleaned, known)


def test_the_reasons_of_the_seeds_hold() -> None:
    known = {document.id: document.text for document in SEEDS}
    for cleaned in cleaned_together(SEEDS):
        assert cleaned.spans
        assert_reasons_hold(cleaned, known)


# The same output always


@STEADY
@given(corpora(), st.randoms(use_true_random=False), st.integers(1, 4))
def test_neither_order_nor_shards_matter(corpus: list[Document], numbers: random.Random, shards: int) -> None:
    expected = {one.document.id: one for one in cleaned_together(corpus)}
    shuffled = list(corpus)
    numbers.shuffle(shuffled)
    learnt = [learn(shuffled[at::shards]) for at in range(shards)]
    numbers.shuffle(learnt)
    cleaner = Cleaner(merge(learnt), RULES)
    assert {document.id: cleaner.clean(document) for document in shuffled} == expected


@STEADY
@given(corpora(max_size=4))
def test_what_was_cleaned_before_does_not_matter(corpus: list[Document]) -> None:
    """Each document by a cleaner of its own, as in processes of their own."""
    index = learn(corpus)
    assert [Cleaner(index, RULES).clean(document) for document in corpus] == cleaned_together(corpus)


PROGRAM = """
import hashlib, sys, tomllib
from pathlib import Path
from cleaner import Cleaner, Document, learn
from cleaner.saving import dumped
here = Path(sys.argv[1])
texts = [path.read_bytes().decode() for path in sorted((here.parent / "seeds").glob("*.txt"))]
cases = tomllib.loads((here / "cases" / "clean.toml").read_text(encoding="utf-8"))["case"]
texts += [text for case in cases for text in case["documents"]]
documents = [Document(str(at), text, "abc"[at % 3]) for at, text in enumerate(texts)]
index = learn(set(documents))
cleaner = Cleaner(index)
digest = hashlib.sha256(b"".join(dumped(index)))
for document in documents:
    digest.update(repr(cleaner.clean(document)).encode())
print(digest.hexdigest())
"""


def test_the_hash_seed_does_not_matter() -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(HERE)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("0", "1", "12345")
    ]
    digests = {process.communicate()[0] for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len(digests) == 1


# Cleaning a body again


def assert_cleaning_again_changes_nothing(corpus: Sequence[Document]) -> None:
    """Check it with the same index and rules."""
    cleaner = Cleaner(learn(corpus), RULES)
    for document in corpus:
        cleaned = cleaner.clean(document)
        again = cleaner.clean(replace(document, text=cleaned.text))
        assert (again.text, again.spans) == (cleaned.text, ())
        # What would be nothing but boilerplate, once its trailer is gone, is held the next time.
        assert again.status == "held" if cleaned.status == "held" else again.status in {"unchanged", "held"}


@STEADY
@given(corpora())
def test_cleaning_again_changes_nothing(corpus: list[Document]) -> None:
    assert_cleaning_again_changes_nothing(corpus)


@pytest.mark.parametrize("change", [str, lambda text: text.replace("\n", " "), lambda text: text.replace("\n", "\r\n")])
def test_cleaning_the_seeds_again_changes_nothing(change: type[str]) -> None:
    assert_cleaning_again_changes_nothing([replace(seed, text=change(seed.text)) for seed in SEEDS])
    assert_cleaning_again_changes_nothing([replace(SEEDS[0], text=change(SEEDS[0].text))])


CASES = tomllib.loads((HERE / "cases" / "clean.toml").read_text(encoding="utf-8"))["case"]


def test_cleaning_all_cases_together_again_changes_nothing() -> None:
    numbered = enumerate(text for case in CASES for text in case["documents"])
    assert_cleaning_again_changes_nothing([Document(str(at), text) for at, text in numbered])


# The index is a set


@STEADY
@given(
    st.lists(
        st.lists(documents() | st.builds(Document, id=st.sampled_from("ab"), text=texts()), max_size=3), max_size=4
    )
)
def test_merging_is_a_union(shards: list[list[Document]]) -> None:
    learnt = [learn(shard) for shard in shards]
    merged = merge(learnt)
    assert merged == learn([document for shard in shards for document in shard])
    assert merge(learnt[::-1]) == merged
    assert merge([*learnt, *learnt]) == merge([merged, merged]) == merge([merged, Index()]) == merged
    for at in range(len(learnt) + 1):
        assert merge([merge(learnt[:at]), merge(learnt[at:])]) == merged


@STEADY
@given(st.lists(documents(), max_size=4))
def test_a_saved_index_is_the_same(corpus: list[Document]) -> None:
    index = learn(corpus)
    found = loads(dumps(index))
    assert found == index
    assert dumps(found) == dumps(index)
    assert (found.ids, found.groups, found.digests) == (index.ids, index.groups, index.digests)
    assert found.texts.strings == index.texts.strings
    assert found.texts.keys.tolist() == index.texts.keys.tolist()
    cleaners = Cleaner(index, RULES), Cleaner(found, RULES)
    for document in corpus:
        one, other = (cleaner.clean(document) for cleaner in cleaners)
        assert one == other


# No evidence, no cut


@STEADY
@given(corpora(min_size=1, max_size=1) | documents().map(lambda document: [document]))
def test_a_document_alone_without_a_rule_is_unchanged(corpus: list[Document]) -> None:
    """However often its own lines recur in it."""
    [document] = corpus
    for cleaner in (Cleaner(learn(corpus), RULES), Cleaner(rules=RULES), Cleaner(learn([*corpus, *corpus]), RULES)):
        if any(one.signal in {"cut", "open"} for one in cleaner.explain(document).evidence):
            continue
        cleaned = cleaner.clean(document)
        assert (cleaned.text, cleaned.spans, cleaned.status, cleaned.error) == (document.text, (), "unchanged", None)
    unruled = Cleaner(learn(corpus), load_rules(shipped=False))
    assert unruled.explain(document).evidence == ()
    assert unruled.clean(document) == Cleaned(document, document.text, (), "unchanged")


@STEADY
@given(corpora())
def test_what_has_no_evidence_is_unchanged(corpus: list[Document]) -> None:
    cleaner = Cleaner(learn(corpus), RULES)
    for document in corpus:
        explained = cleaner.explain(document)
        if not explained.evidence and not explained.repetition.reasons:
            copy_of = explained.repetition.duplicate_of
            assert cleaner.clean(document) == Cleaned(document, document.text, (), "unchanged", None, copy_of)


@STEADY
@given(corpora())
def test_no_document_is_emptied(corpus: list[Document]) -> None:
    for cleaned in cleaned_together(corpus):
        assert cleaned.status in {"cleaned", "unchanged", "held"}
        if cleaned.status == "held":
            assert (cleaned.text, cleaned.spans) == (cleaned.document.text, ())
            assert cleaned.error
        if lettered(cleaned.document.text):
            assert lettered(cleaned.text)


# Pickles


@settings(STEADY, max_examples=20)
@given(corpora(min_size=1, max_size=4))
def test_everything_pickles(corpus: list[Document]) -> None:
    cleaner = Cleaner(learn(corpus), RULES)
    fresh = pickle.dumps(cleaner)
    expected = [cleaner.clean(document) for document in corpus]
    for data in (fresh, pickle.dumps(cleaner)):
        other = pickle.loads(data)
        assert other == cleaner
        assert [other.clean(document) for document in pickle.loads(pickle.dumps(corpus))] == expected
    assert pickle.loads(pickle.dumps(expected)) == expected
