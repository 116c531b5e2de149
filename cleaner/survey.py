"""What the records of a report say together: counts of all documents, and which of them to look at first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any, NamedTuple

from cleaner.model import ReadError

LISTED = 20_000
"""Documents to look at, at most: held and failed ones first, then by their least certain cut."""

NAMED = 10_000
"""Templates that are counted in the end, those with most characters."""

GROUPS = 1_000
"""Groups that are counted in the end, those with most characters removed."""

BINS, SHARES = 100, 20
"""Steps of the scores, and of the shares that were removed."""

RISKIEST = 10
"""Cuts that a dry run shows."""

PLACES = 3
"""Spans that a rule is shown by: of a large report the others are only counted."""

SAMPLE = 500
"""Characters of its text that a cut is shown by, at most."""

_TOTALS = (
    "documents",
    "cleaned",
    "unchanged",
    "held",
    "failed",
    "duplicates",
    "chars",
    "removed",
    "cuts",
    "header",
    "inset",
    "trailer",
)

_RANKS = {"held": 0, "failed": 1, "cleaned": 2, "unchanged": 3}

Counts = tuple[str, int, int, int]


class Cut(NamedTuple):
    """A span of a document, to be shown; the least certain comes first, then by id and place."""

    score: float
    id: str
    start: int
    end: int
    kind: str
    text: str
    """How it begins."""
    reason: str
    """The first one, in words."""


def riskiest(cuts: Iterable[Cut]) -> list[Cut]:
    """Return the `RISKIEST` cuts that are the least certain: the same in whatever order they come, and however they are parted.

    >>> cuts = [Cut(score, "a", 0, 1, "inset", "x", "rule en/share") for score in (0.9, 0.6)]
    >>> [cut.score for cut in riskiest(cuts)]
    [0.6, 0.9]
    """
    return nsmallest(RISKIEST, cuts)


def cuts_of(records: Iterable[Mapping[str, Any]]) -> Iterator[Cut]:
    """Yield the spans of records, to be shown.

    >>> span = {"start": 4, "end": 9, "kind": "trailer", "text": "Share", "score": 0.9, "reasons": [{"rule": "en/share"}]}
    >>> [cut.reason for cut in cuts_of([{"id": "a", "spans": [span]}])]
    ['rule en/share']
    """
    for record in records:
        for span in record["spans"]:
            place = span["score"], record["id"], span["start"], span["end"]
            yield Cut(*place, span["kind"], span["text"][:SAMPLE], _in_words(span["reasons"][0]))


def _in_words(reason: Mapping[str, Any]) -> str:
    if "rule" in reason:
        return f"rule {reason['rule']}"
    if "template" in reason:
        return f"in {reason['documents']} documents"
    if "running" in reason:
        return f"runs through {reason['pages']} pages"
    return f"stands in {reason['element']}"


@dataclass(frozen=True, slots=True)
class Fired:
    """Where a rule had a share in what was cut."""

    documents: int
    spans: int
    places: tuple[str, ...]
    """The first `PLACES` spans of the report: `id[start:end]`, half-open, in code points."""


def fired(records: Iterable[Mapping[str, Any]]) -> dict[str, Fired]:
    """Return what the rules did, by id, given the records of a report; rules that did nothing are not in it.

    Raises:
        ReadError: A record is damaged.

    >>> spans = [{"start": 4, "end": 13, "reasons": [{"rule": "en/read-more"}]}]
    >>> fired([{"id": "x.txt", "spans": spans}, {"id": "y.txt", "spans": []}])
    {'en/read-more': Fired(documents=1, spans=1, places=('x.txt[4:13]',))}
    """
    documents: Counter[str] = Counter()
    spans: Counter[str] = Counter()
    places: defaultdict[str, list[str]] = defaultdict(list)
    try:
        for record in records:
            here: Counter[str] = Counter()
            for span in record["spans"]:
                place = f"{record['id']}[{span['start']}:{span['end']}]"
                for rule in {reason["rule"] for reason in span["reasons"] if "rule" in reason}:
                    here[rule] += 1
                    if len(places[rule]) < PLACES:
                        places[rule].append(place)
            documents.update(here.keys())
            spans.update(here)
    except (KeyError, TypeError) as error:
        raise ReadError(f"report: a damaged record ({error}); expected one that cleaner clean wrote") from error
    return {rule: Fired(documents[rule], number, tuple(places[rule])) for rule, number in spans.items()}


def removed(record: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many characters were cut out of a document, and how many the markers in their place have.

    >>> removed({"chars_in": 90, "chars_out": 60, "spans": [{"marker": "[cut]"}, {}]})
    (35, 5)
    """
    markers = sum(len(span.get("marker", "")) for span in record["spans"])
    return record["chars_in"] - record["chars_out"] + markers, markers


@dataclass(frozen=True, slots=True)
class Survey:
    """What all records say together."""

    totals: Mapping[str, int]
    """Documents, those of each status, duplicates, characters, those removed, those of each kind of cut, cuts."""
    groups: tuple[Counts, ...]
    """Name, documents, characters, characters removed; those with most removed first."""
    left_out: Mapping[str, int]
    """How many groups and templates are not in `groups` and `templates`."""
    shares: tuple[int, ...]
    """Documents by the share that was removed, in steps of 1 / `SHARES`."""
    scores: Mapping[str, tuple[int, ...]]
    """By score, in steps of 1 / `BINS`: cuts, their characters, and documents by their most certain cut."""
    rules: tuple[Counts, ...]
    """Id, characters of the cuts that it had a share in, cuts, documents; most characters first."""
    templates: tuple[Counts, ...]
    """Id, characters of its own passages in cuts, cuts, documents; most characters first."""
    order: Mapping[int, int]
    """Places in the report of the documents to look at, to their places among these."""


def survey_of(records: Iterable[Mapping[str, Any]]) -> Survey:
    """Return what all records of a report say together.

    Raises:
        KeyError, TypeError: One is damaged.

    >>> held = {"id": "b", "group": "", "status": "held", "chars_in": 9, "chars_out": 9, "spans": [], "duplicate_of": None}
    >>> found = survey_of([held | {"id": "a", "status": "unchanged"}, held])
    >>> found.totals["chars"], found.groups, found.order
    (18, (('', 2, 18, 0),), {1: 0, 0: 1})
    """
    tally = _Tally()
    listed = nsmallest(LISTED, tally.places(records))
    groups = nsmallest(GROUPS, _rows(tally.groups), key=lambda row: (-row[3], row[0]))
    templates = nsmallest(NAMED, _rows(tally.templates), key=_most)
    return Survey(
        totals=dict(tally.totals),
        groups=tuple(groups),
        left_out={"groups": len(tally.groups) - len(groups), "templates": len(tally.templates) - len(templates)},
        shares=tuple(tally.shares[at] for at in range(SHARES)),
        scores={name: tuple(counts[at] for at in range(BINS + 1)) for name, counts in tally.scores.items()},
        rules=tuple(sorted(_rows(tally.rules), key=_most)),
        templates=tuple(templates),
        order={place: number for number, (*_, place) in enumerate(listed)},
    )


class _Tally:
    """Counts that grow."""

    def __init__(self) -> None:
        self.totals: Counter[str] = Counter(dict.fromkeys(_TOTALS, 0))
        self.groups: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        self.rules: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        self.templates: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        self.shares: Counter[int] = Counter()
        self.scores: dict[str, Counter[int]] = {name: Counter() for name in ("cuts", "characters", "documents")}

    def places(self, records: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, float, str, int]]:
        """Count records, and yield what they are listed by, with their places in the report."""
        for place, record in enumerate(records):
            scores = [span["score"] for span in record["spans"]]
            self._count(record, scores)
            yield _RANKS[record["status"]], min(scores, default=1.0), record["id"], place

    def _count(self, record: Mapping[str, Any], scores: list[float]) -> None:
        chars, (cut, _) = record["chars_in"], removed(record)
        self.totals.update({"documents": 1, record["status"]: 1, "duplicates": record["duplicate_of"] is not None})
        self.totals.update(chars=chars, removed=cut, cuts=len(scores))
        _add(self.groups[record["group"]], 1, chars, cut)
        if record["status"] != "failed":
            self.shares[min(SHARES - 1, cut * SHARES // max(1, chars))] += 1
        if scores:
            self.scores["documents"][_step(max(scores))] += 1
        told: set[str] = set()
        for span in record["spans"]:
            chars = span["end"] - span["start"]
            self.totals[span["kind"]] += chars
            self.scores["cuts"][_step(span["score"])] += 1
            self.scores["characters"][_step(span["score"])] += chars
            rules = {reason["rule"]: chars for reason in span["reasons"] if "rule" in reason}
            templates: Counter[str] = Counter()
            for reason in span["reasons"]:
                if "template" in reason:
                    templates[reason["template"]] += _passage_chars(reason)
            for counts, found in ((self.rules, rules), (self.templates, templates)):
                for name, size in found.items():
                    _add(counts[name], min(size, chars), 1, name not in told)
                told.update(found)


def _passage_chars(reason: Mapping[str, Any]) -> int:
    """Return how long the passage of a template is: in its first partner, as a report does not say where it starts and ends here.

    >>> _passage_chars({"partners": [{"id": "b", "start": 11, "end": 15}, {"id": "c", "start": 0, "end": 5}]})
    4
    """
    return max((one["end"] - one["start"] for one in reason["partners"][:1]), default=0)


def _add(counts: list[int], *numbers: int) -> None:
    for at, number in enumerate(numbers):
        counts[at] += number


def _rows(counts: Mapping[str, list[int]]) -> list[Counts]:
    return [(name, one, two, three) for name, (one, two, three) in counts.items()]


def _most(row: Counts) -> tuple[int, str]:
    return -row[1], row[0]


def _step(score: float) -> int:
    """Return the step of a score, rounded down: a cut stays at a threshold when its step is not below the threshold's.

    >>> _step(0.29), _step(0.999)
    (29, 99)
    """
    return round(score * 1000) * BINS // 1000
