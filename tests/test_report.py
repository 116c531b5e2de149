"""Records, restoring, and the summary."""

from __future__ import annotations

import hashlib
import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from cleaner.model import (
    Cleaned,
    Document,
    Failure,
    Partner,
    ReadError,
    Reason,
    RuleReason,
    Span,
    TemplateReason,
)
from cleaner.report import (
    Summary,
    Template,
    dumps,
    failure_record,
    record,
    restore,
    schema,
    summary_json,
)
from tests.strategies import cleaned_documents, texts

A, B = "a" * 16, "b" * 16
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
VALIDATOR = Draft202012Validator(schema())


def template(name: str, *partners: Partner) -> TemplateReason:
    """Return a reason."""
    return TemplateReason(name, 3, 1.0, partners)


def cut(text: str, start: int, end: int, *reasons: Reason, id_: str = "x.txt") -> Cleaned:
    """Cut one span."""
    span = Span(start, end, "trailer", 0.9, reasons)
    return Cleaned(Document(id_, text), text[:start] + text[end:], (span,), "cleaned")


def records() -> st.SearchStrategy[dict[str, Any]]:
    """Records of documents with any rules and templates, and of failures."""
    reasons = st.lists(
        st.one_of(st.sampled_from("abc").map(RuleReason), st.sampled_from((A, B)).map(template)), min_size=1
    )

    def with_reasons(cleaned: Cleaned, reasons: list[Reason]) -> dict[str, Any]:
        spans = tuple(Span(found.start, found.end, found.kind, found.score, tuple(reasons)) for found in cleaned.spans)
        return record("x.jsonl", Cleaned(cleaned.document, cleaned.text, spans, cleaned.status))

    failures = st.builds(Failure, id=texts(), error=st.just("wrong"))
    return st.one_of(
        st.builds(with_reasons, cleaned_documents(), reasons),
        failures.map(lambda failure: failure_record("x.jsonl", failure)),
    )


# Records


def test_nothing_cut() -> None:
    """Both digests are that of the text."""
    found = record("x.txt", Cleaned(Document("x.txt", "", "a"), "", (), "unchanged"))
    assert list(found.items()) == [
        ("id", "x.txt"),
        ("source", "x.txt"),
        ("group", "a"),
        ("status", "unchanged"),
        ("chars_in", 0),
        ("chars_out", 0),
        ("sha256_in", EMPTY_SHA256),
        ("sha256_out", EMPTY_SHA256),
        ("spans", []),
        ("duplicate_of", None),
        ("error", None),
    ]


def test_held_back() -> None:
    """Nothing was cut, and the record says why."""
    found = record("x.txt", Cleaned(Document("x.txt", "One"), "One", (), "held", "the cut would take all"))
    assert (found["status"], found["chars_out"], found["error"]) == ("held", 3, "the cut would take all")


def test_cut() -> None:
    """Each span has its text and its reasons; lengths are code points, digests those of UTF-8."""
    reasons = (
        RuleReason("en/more"),
        TemplateReason(A, 3, 0.875, (Partner("y.txt", 4, 8), Partner("z", 0, 4))),
    )
    found = record("x.txt", cut("é😀\nmore", 3, 7, *reasons))
    assert (found["chars_in"], found["chars_out"]) == (7, 3)
    assert found["sha256_in"] == hashlib.sha256("é😀\nmore".encode()).hexdigest()
    assert found["sha256_out"] == hashlib.sha256("é😀\n".encode()).hexdigest()
    partners = [{"id": "y.txt", "start": 4, "end": 8}, {"id": "z", "start": 0, "end": 4}]
    assert found["spans"] == [
        {
            "start": 3,
            "end": 7,
            "kind": "trailer",
            "text": "more",
            "score": 0.9,
            "reasons": [
                {"rule": "en/more"},
                {"template": A, "documents": 3, "similarity": 0.875, "partners": partners},
            ],
        }
    ]
    assert "literal" not in found
    assert list(record("x.jsonl", cut("a", 0, 1, *reasons), "ascii"))[-1] == "literal"


def test_failed() -> None:
    """The same fields, in the same order, without content."""
    found = failure_record("x.jsonl", Failure("x.jsonl:3", "x.jsonl:3: null; expected a JSON object", "a"))
    assert list(found) == schema()["required"]
    assert (found["id"], found["source"], found["group"]) == ("x.jsonl:3", "x.jsonl", "a")
    assert (found["chars_in"], found["sha256_in"], found["sha256_out"], found["spans"]) == (0, None, None, [])
    assert found["error"] == "x.jsonl:3: null; expected a JSON object"


def test_a_record_is_one_line() -> None:
    """In UTF-8, in the order of its fields, with awkward line ends escaped or whole."""
    line = dumps({"b": "é\n\u2028", "a": [1, 1.0]})
    assert line == '{"b":"é\\n\u2028","a":[1,1.0]}\n'.encode()


# The schema


def test_the_schema_is_one() -> None:
    """It is valid, closed at every level, and describes every field."""
    Draft202012Validator.check_schema(schema())

    def objects(node: Any) -> None:
        if isinstance(node, list):
            for inner in node:
                objects(inner)
        elif isinstance(node, dict):
            if node.get("type") == "object":
                assert node["additionalProperties"] is False
                for name, field in node["properties"].items():
                    assert "description" in field or "$ref" in field, name
            for inner in node.values():
                objects(inner)

    objects(schema())


@given(found=records(), literal=st.sampled_from((None, "ascii", '"\\/"')))
def test_every_record_is_valid(found: dict[str, Any], literal: str | None) -> None:
    """Also after it was written and read."""
    if literal and found["spans"]:
        found["literal"] = literal
    VALIDATOR.validate(json.loads(dumps(found)))
    assert json.loads(dumps(found)) == found


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["status"], "done"),
        (["sha256_in"], None),
        (["sha256_out"], "0"),
        (["chars_in"], -1),
        (["spans"], []),
        (["spans", 0, "reasons"], []),
        (["spans", 0, "score"], 2),
        (["spans", 0, "kind"], "footer"),
        (["spans", 0, "text"], ""),
        (["spans", 0, "reasons", 0], {"rule": "a", "template": "b"}),
        (["error"], "wrong"),
        (["extra"], 1),
        (["literal"], "utf-8"),
    ],
)
def test_other_records_are_not_valid(path: list[Any], value: Any) -> None:
    """The schema says what the model promises."""
    found: Any = record("x.txt", cut("One", 1, 3, RuleReason("a/b")))
    VALIDATOR.validate(found)
    *parents, last = path
    inner = found
    for key in parents:
        inner = inner[key]
    inner[last] = value
    assert not VALIDATOR.is_valid(found)


# Restoring


@given(cleaned=cleaned_documents())
def test_any_cut_can_be_undone(cleaned: Cleaned) -> None:
    """Body and record give the text, also when they were written and read."""
    found = json.loads(dumps(record("x.txt", cleaned)))
    assert restore(cleaned.text, found) == cleaned.document.text


def test_a_changed_body_is_refused() -> None:
    """By its digest, also when nothing had been cut."""
    found = record("x.txt", Cleaned(Document("x.txt", "One"), "One", (), "unchanged"))
    assert restore("One", found) == "One"
    with pytest.raises(ReadError, match=r"^x\.txt: the body has changed; expected sha256 [0-9a-f]{12}, got"):
        restore("One\n", found)


def test_a_failed_document_cannot_be_restored() -> None:
    """It has no body."""
    with pytest.raises(ReadError, match=r"^x.txt: .* failed"):
        restore("", failure_record("x.txt", Failure("x.txt", "wrong")))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", "ne!"),
        ("text", "n"),
        ("start", 0),
        ("start", -7),
        ("start", "1"),
        ("text", None),
    ],
)
def test_a_damaged_span_is_refused(field: str, value: Any) -> None:
    """Whatever is wrong with it."""
    found: Any = record("x.txt", cut("One", 1, 3, RuleReason("a/b")))
    found["spans"][0][field] = value
    with pytest.raises(ReadError, match="damaged"):
        restore("O", found)


@pytest.mark.parametrize("field", ["id", "status", "sha256_in", "sha256_out", "spans"])
def test_a_damaged_record_is_refused(field: str) -> None:
    """A field that is missing, or null."""
    found: Any = record("x.txt", cut("One", 1, 3, RuleReason("a/b")))
    missing = deepcopy(found)
    del missing[field]
    with pytest.raises(ReadError, match=r"a damaged record; expected one of report\.jsonl"):
        restore("O", missing)
    if field.startswith(("sha", "spans")):
        with pytest.raises(ReadError, match="a damaged record"):
            restore("O", {**found, field: None})


# The summary


def test_no_documents() -> None:
    """The zero of the sum; its characters add up."""
    assert Summary.total([]) == Summary() == Summary() + Summary()
    found: Any = summary_json(Summary(), versions={"cleaner": "1"}, policy={"weight": 1.0}, text_field="body")
    assert found == {
        "versions": {"cleaner": "1"},
        "policy": {"weight": 1.0},
        "input": {"format": "auto", "text_field": "body"},
        "corpus": "0" * 64,
        "documents": {"total": 0, "cleaned": 0, "unchanged": 0, "held": 0, "failed": 0, "duplicates": 0},
        "characters": {"in": 0, "kept": 0, "removed": 0},
        "templates": [],
        "rules": [],
    }


def test_a_rule_counts_spans_and_a_template_documents() -> None:
    """A template that begins a span has its text, the first in code point order."""
    reasons = (RuleReason("a/b"), RuleReason("a/b"), template(B), template(A))
    spans = (
        Span(0, 2, "header", 0.9, reasons),
        Span(2, 6, "inset", 0.9, (RuleReason("a/b"), template(B))),
        Span(6, 7, "trailer", 0.9, (RuleReason("a/c"),)),
    )
    found = Summary.total([record("x.txt", Cleaned(Document("x.txt", "zz\na  b"), "", spans, "cleaned"))])
    assert (found.documents, found.cleaned, found.chars_in, found.chars_kept, found.chars_removed) == (
        1,
        1,
        7,
        0,
        7,
    )
    assert found.rules == (("a/b", 2), ("a/c", 1))
    assert found.templates == ((A, Template(1, "")), (B, Template(1, "a")))
    other = Summary.total([record("y.txt", cut("b " * 99, 0, 198, template(A), id_="y.txt"))])
    both = found + other
    assert both.templates == ((A, Template(2, ("b " * 40)[:80])), (B, Template(1, "a")))


def test_the_most_frequent_come_first() -> None:
    """Then by id, and no more than twenty."""
    rules = tuple((f"r{at:02}", at // 2) for at in range(30))
    templates = tuple((f"t{at:02}", Template(at // 2, "")) for at in range(30))
    found: Any = summary_json(Summary(rules=rules, templates=templates), versions={}, policy={})
    assert [rule["rule"] for rule in found["rules"]][:3] == ["r28", "r29", "r26"]
    assert [each["template"] for each in found["templates"]][:3] == ["t28", "t29", "t26"]
    assert (len(found["rules"]), len(found["templates"])) == (20, 20)
    assert found["rules"][0] == {"rule": "r28", "spans": 14}
    assert found["templates"][0] == {"template": "t28", "documents": 14, "text": ""}


def test_the_digest_depends_on_ids_and_contents() -> None:
    """Not on bodies, nor on the order."""
    one = Cleaned(Document("a", "One"), "One", (), "unchanged")
    other = Cleaned(Document("b", "One"), "One", (), "unchanged")
    first, second = (Summary.total([record("x", cleaned)]).digest for cleaned in (one, other))
    assert first != second
    assert Summary.total([record("x", cut("One", 1, 3, RuleReason("a/b"), id_="a"))]).digest == first
    assert first == int(hashlib.sha256(b"a\0" + hashlib.sha256(b"One").hexdigest().encode()).hexdigest(), 16)
    assert (Summary.total([record("x", one)]) + Summary.total([record("x", other)])).digest == (first + second) % 2**256


@given(parts=st.lists(st.lists(records(), max_size=3), max_size=4), data=st.data())
def test_counts_can_be_merged_in_any_way(parts: list[list[dict[str, Any]]], data: st.DataObject) -> None:
    """Associative, commutative, with a zero; kept and removed add up."""
    whole = Summary.total(found for part in parts for found in part)
    shuffled = data.draw(st.permutations(parts))
    assert sum((Summary.total(part) for part in shuffled), start=Summary()) == whole
    merged = Summary()
    for part in shuffled:
        merged = Summary.total(reversed(part)) + merged
    assert merged == whole
    assert whole.chars_kept + whole.chars_removed == whole.chars_in
    assert whole.cleaned + whole.unchanged + whole.held + whole.failed == whole.documents
