"""What is said about a run: a record for each document (`report.schema.json`), and their summary.

A body and its record give the original back. Nothing here knows the time, the machine, or the order of the documents.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from importlib.resources import files
from typing import Any

import orjson

from cleaner.layout import Metadata
from cleaner.model import Cleaned, Failure, MarkupReason, ReadError, Reason, RuleReason, RunningReason, Span
from cleaner.survey import removed

_TOP, _SAMPLE_CHARS = 20, 80
"""So many rules and templates stand in the summary, and so much of a template's text."""


def record(
    source: str,
    cleaned: Cleaned,
    literal: str | None = None,
    about: Metadata | None = None,
    target: str | None = None,
) -> dict[str, object]:
    r"""Return the report's record of a document, its fields in the order of the schema.

    Args:
        source: Name of the file that the document came from.
        cleaned: The document and its body.
        literal: What `cleaner.jsonl.rewrite_text` said of its JSONL line; left out when None.
        about: What a page says of itself; left out when None.
        target: The file that its body is in, when it is another one.

    >>> from cleaner.model import Document
    >>> trailer = Span(4, 13, "trailer", 0.98, (RuleReason("en/read-more"),))
    >>> document = Document("x.txt", "One\nRead more")
    >>> found = record("x.txt", Cleaned(document, "One\n", (trailer,), "cleaned"))
    >>> found["chars_in"], found["chars_out"], [span["text"] for span in found["spans"]]
    (13, 4, ['Read more'])
    """
    text = cleaned.document.text
    sha256_in = _sha256(text)
    found: dict[str, object] = {
        "id": cleaned.document.id,
        "source": source,
        "group": cleaned.document.group,
        "status": cleaned.status,
        "chars_in": len(text),
        "chars_out": len(cleaned.text),
        "sha256_in": sha256_in,
        "sha256_out": _sha256(cleaned.text) if cleaned.spans else sha256_in,
        "spans": spans(cleaned),
        "duplicate_of": cleaned.duplicate_of,
        "error": cleaned.error,
    }
    if literal is not None:
        found["literal"] = literal
    if about is not None:
        found["page"] = asdict(about)
    return found if target in (None, source) else {**found, "target": target}


def target_of(record: Mapping[str, Any]) -> str:
    """Return the name of the file that a record's body is in.

    >>> target_of({"source": "a.html", "target": "a.txt"}), target_of({"source": "a.txt"})
    ('a.txt', 'a.txt')
    """
    return str(record.get("target", record["source"]))


def failure_record(source: str, failure: Failure) -> dict[str, object]:
    """Return the report's record of a document that could not be read or cleaned.

    >>> found = failure_record("x.txt", Failure("x.txt", "x.txt: not UTF-8 at byte 2; expected UTF-8 text"))
    >>> found["status"], found["sha256_in"]
    ('failed', None)
    """
    return {
        "id": failure.id,
        "source": source,
        "group": failure.group,
        "status": "failed",
        "chars_in": 0,
        "chars_out": 0,
        "sha256_in": None,
        "sha256_out": None,
        "spans": [],
        "duplicate_of": None,
        "error": failure.error,
    }


def spans(cleaned: Cleaned) -> list[dict[str, Any]]:
    """Return the spans of a document as they stand in its record, in order."""
    return [_span(cleaned.document.text, span) for span in cleaned.spans]


def _span(text: str, span: Span) -> dict[str, object]:
    found: dict[str, object] = {
        "start": span.start,
        "end": span.end,
        "kind": span.kind,
        "text": text[span.start : span.end],
        "score": span.score,
        "reasons": [_reason(reason) for reason in span.reasons],
    }
    return found | {"marker": span.marker} if span.marker else found


def _reason(reason: Reason) -> dict[str, object]:
    if isinstance(reason, RuleReason):
        return {"rule": reason.rule}
    if isinstance(reason, RunningReason):
        return {"running": reason.line, "pages": reason.pages}
    if isinstance(reason, MarkupReason):
        return asdict(reason)
    partners = [{"id": found.id, "start": found.start, "end": found.end} for found in reason.partners]
    return {
        "template": reason.template,
        "documents": reason.documents,
        "similarity": reason.similarity,
        "partners": partners,
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def restore(body: str, record: Mapping[str, Any]) -> str:
    r"""Put what was cut back into a body.

    Args:
        body: The cleaned text.
        record: Its record of the report.

    Returns:
        The original text, whose digest is that of the record.

    Raises:
        ReadError: The body is not the one that was written, the record is damaged, or the document had
            failed.

    >>> from cleaner.model import Document
    >>> header = Span(0, 5, "header", 0.98, (RuleReason("en/menu"),))
    >>> cleaned = Cleaned(Document("x.txt", "Menu\nOne"), "One", (header,), "cleaned")
    >>> restore("One", record("x.txt", cleaned))
    'Menu\nOne'
    >>> restore("Two", record("x.txt", cleaned))
    Traceback (most recent call last):
    cleaner.model.ReadError: x.txt: the body has changed; expected sha256 8b12507783d5, got 94a72c074cfe
    """
    try:
        where, status, digests = record["id"], record["status"], (record["sha256_in"], record["sha256_out"])
        spans = [(span["start"], span["text"], span.get("marker", "")) for span in record["spans"]]
        if status == "failed":
            raise ReadError(f"{where}: the document had failed, so there is no body; expected another")
        _check(f"{where}: the body has changed", body, digests[1])
        parts: list[str] = []
        position = taken = 0
        for start, text, marker in spans:
            kept = body[taken : taken + start - position]
            parts += (kept, text)
            taken += len(kept) + len(marker)
            position = start + len(text)
        original = "".join([*parts, body[taken:]])
        _check(f"{where}: the record is damaged", original, digests[0])
    except (KeyError, TypeError, UnicodeEncodeError) as error:
        raise ReadError("a damaged record; expected one of report.jsonl") from error
    return original


def _check(what: str, text: str, expected: str) -> None:
    digest = _sha256(text)
    if digest != expected:
        raise ReadError(f"{what}; expected sha256 {expected[:12]}, got {digest[:12]}")


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a record.

    >>> schema()["required"][:3]
    ['id', 'source', 'group']
    """
    found: dict[str, Any] = orjson.loads(files("cleaner").joinpath("report.schema.json").read_bytes())
    return found


@dataclass(frozen=True, slots=True)
class Template:
    """What a summary says of a template."""

    documents: int
    """How many documents something was cut from because of it."""
    text: str
    """How a span begins that starts with it, in one line: the first of them in code point order; "" if none
    does."""

    def __add__(self, other: Template) -> Template:
        """Merge two counts of the same template."""
        texts = [text for text in (self.text, other.text) if text]
        return Template(self.documents + other.documents, min(texts, default=""))


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts over documents. `a + b` counts the documents of both, `Summary()` none.

    Addition is associative and commutative: parts can be summed in any order, by any number of workers.

    >>> failed = failure_record("x.txt", Failure("x.txt", "x.txt: not UTF-8 at byte 2; expected UTF-8 text"))
    >>> both = Summary.total([failed]) + Summary.total([failed])
    >>> both.documents, both.failed, both + Summary() == both
    (2, 2, True)
    """

    documents: int = 0
    cleaned: int = 0
    unchanged: int = 0
    held: int = 0
    failed: int = 0
    duplicates: int = 0
    """Of these, how many are copies of another document of the corpus."""
    chars_in: int = 0
    chars_removed: int = 0
    chars_markers: int = 0
    """Of the markers that stand in the place of some of what was removed: neither kept nor removed."""
    rules: tuple[tuple[str, int], ...] = ()
    """For each rule, by id, how many spans it had a share in."""
    templates: tuple[tuple[str, Template], ...] = ()
    """By id."""
    digest: int = 0
    """The sum, modulo 2**256, of the SHA-256 of each document's `id NUL sha256_in`: the same in any order."""

    @property
    def chars_kept(self) -> int:
        """What remains of `chars_in`."""
        return self.chars_in - self.chars_removed

    @classmethod
    def total(cls, records: Iterable[Mapping[str, Any]]) -> Summary:
        """Count records of the report, one at a time: faster than adding up a summary of each."""
        statuses: Counter[str] = Counter()
        rules: Counter[str] = Counter()
        templates: dict[str, Template] = {}
        chars_in = chars_removed = chars_markers = duplicates = digest = 0
        for record in records:
            statuses[record["status"]] += 1
            duplicates += record["duplicate_of"] is not None
            chars_in += record["chars_in"]
            cut, markers = removed(record)
            chars_removed, chars_markers = chars_removed + cut, chars_markers + markers
            digest += digest_of(record)
            texts: dict[str, list[str]] = {}
            for span in record["spans"]:
                rules.update({reason["rule"] for reason in span["reasons"] if "rule" in reason})
                found = [reason["template"] for reason in span["reasons"] if "template" in reason]
                for at, template in enumerate(found):
                    texts.setdefault(template, []).extend([] if at else [_sample(span["text"])])
            for template, samples in texts.items():
                sample = Template(1, min(samples, default=""))
                templates[template] = templates[template] + sample if template in templates else sample
        return cls(
            documents=statuses.total(),
            cleaned=statuses["cleaned"],
            unchanged=statuses["unchanged"],
            held=statuses["held"],
            failed=statuses["failed"],
            duplicates=duplicates,
            chars_in=chars_in,
            chars_removed=chars_removed,
            chars_markers=chars_markers,
            rules=tuple(sorted(rules.items())),
            templates=tuple(sorted(templates.items())),
            digest=digest % _DIGESTS,
        )

    @classmethod
    def merged(cls, parts: Iterable[Summary]) -> Summary:
        """Count the documents of all parts, one at a time."""
        counts = dict.fromkeys(_COUNTS, 0)
        rules: Counter[str] = Counter()
        templates: dict[str, Template] = {}
        for part in parts:
            for name in _COUNTS:
                counts[name] += getattr(part, name)
            rules.update(dict(part.rules))
            for name, template in part.templates:
                templates[name] = templates[name] + template if name in templates else template
        counts["digest"] %= _DIGESTS
        return cls(rules=tuple(sorted(rules.items())), templates=tuple(sorted(templates.items())), **counts)

    def __add__(self, other: Summary) -> Summary:
        """Count the documents of both."""
        return Summary.merged((self, other))


_DIGESTS = 2**256


def digest_of(record: Mapping[str, Any]) -> int:
    """Return what a record adds to the digest of a corpus: the SHA-256 of its `id NUL sha256_in`."""
    name = f"{record['id']}\0{record['sha256_in'] or ''}"
    return int.from_bytes(hashlib.sha256(name.encode()).digest(), "big")


def corpus(digest: int) -> str:
    """Return the digest of a corpus as `summary.json` has it, given the sum of those of its records.

    >>> corpus(255)[-4:], len(corpus(2**256))
    ('00ff', 64)
    """
    return f"{digest % _DIGESTS:064x}"


_COUNTS = tuple(one.name for one in fields(Summary) if one.name not in ("rules", "templates"))


def _sample(text: str) -> str:
    return " ".join(text.split())[:_SAMPLE_CHARS]


def summary_json(
    summary: Summary,
    *,
    versions: Mapping[str, object],
    policy: Mapping[str, object],
    format: str = "auto",  # noqa: A002
    text_field: str = "text",
    reading: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """Return what `summary.json` holds: the same for the same documents, settings and versions.

    Args:
        summary: The counts of the whole run.
        versions: Of cleaner, rules, normaliser and index.
        policy: The settings that decided.
        format: The format that the user forced, or "auto": with the next one, what restoring needs to know.
        text_field: Name of the text field in JSONL.
        reading: How HTML was read, and what else there is to say of the input.

    >>> found = summary_json(Summary(), versions={"cleaner": "1.0"}, policy={})
    >>> list(found)
    ['versions', 'policy', 'input', 'corpus', 'documents', 'characters', 'templates', 'rules']
    """
    templates = sorted(summary.templates, key=lambda item: (-item[1].documents, not item[1].text, item[0]))
    rules = sorted(summary.rules, key=lambda item: (-item[1], item[0]))
    return {
        "versions": dict(versions),
        "policy": dict(policy),
        "input": {"format": format, "text_field": text_field, **(reading or {})},
        "corpus": corpus(summary.digest),
        "documents": {
            "total": summary.documents,
            "cleaned": summary.cleaned,
            "unchanged": summary.unchanged,
            "held": summary.held,
            "failed": summary.failed,
            "duplicates": summary.duplicates,
        },
        "characters": {
            "in": summary.chars_in,
            "kept": summary.chars_kept,
            "removed": summary.chars_removed,
            **({"markers": summary.chars_markers} if summary.chars_markers else {}),
        },
        "templates": [
            {"template": name, "documents": template.documents, "text": template.text}
            for name, template in templates[:_TOP]
        ],
        "rules": [{"rule": name, "spans": spans} for name, spans in rules[:_TOP]],
    }


def dumps(value: Mapping[str, object]) -> bytes:
    r"""Return a value as one line of JSON: UTF-8, no spaces, keys in their order.

    >>> dumps({"b": "é", "a": 1.0})
    b'{"b":"\xc3\xa9","a":1.0}\n'
    """
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
