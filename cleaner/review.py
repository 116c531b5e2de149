"""One page to look at what was cut: a folder's records and originals as one HTML file, which asks nothing of a network.

The page is `review.html` with `review.css` and `review.js` in it and the data in blocks of JSON. Nothing else may run or load
(its content security policy names the script and the style by their digests), and the script sets texts, never markup.
The counts are of all documents. What is listed, and whose text is in the page, is limited, and the page says so.
"""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson

from cleaner.compression import contents, opened
from cleaner.files import write_atomic
from cleaner.model import ReadError, WriteError
from cleaner.originals import originals
from cleaner.output import REPORT, SUMMARY, rows
from cleaner.report import target_of
from cleaner.survey import Survey, removed, survey_of

TEXTS, PARTS = 16_000_000, 14_000_000
"""Characters of texts in the page, and how many of these may go to cuts and what is near; what is left goes to whole texts. Both in the
order of the list. By this the cuts of 10,000 documents fit (`tests.benchmarks.review`)."""

CONTEXT, EDGE = 200, 300
"""Characters around a cut, and at each of its ends, of a document whose whole text is not in the page."""

LONG = 200_000
"""Characters of a text that is never whole in the page: a browser would take long to show it."""

SHOWN, PARTNERS, SAMPLE = 300, 4, 100
"""Templates of which texts of partners are in the page in any case; partners of each template; how much of its text names one."""

MARK = b"<!doctype html>\n<!-- Made by `cleaner report`. -->\n"
"""How a page starts: by this it is known, and may be written again."""

_Row = Mapping[str, Any]
_Ranges = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What `write_review` did."""

    documents: int
    """How many the page counts."""
    problems: tuple[str, ...]
    """One line for each document whose text is not back: which, why, and what was expected."""


def write_review(folder: Path, page: Path) -> Reviewed:
    """Write a page that shows what was cut, of a folder that `cleaner clean` wrote.

    The same folder gives the same bytes.

    Args:
        folder: Bodies, report and summary.
        page: The HTML file; a page of an earlier call is written anew.

    Raises:
        ReadError: `folder` has no report or no summary, or they are damaged.
        WriteError: Another file is in the way, or the page cannot be written.

    >>> write_review(Path("none"), Path("review.html"))
    Traceback (most recent call last):
    cleaner.model.ReadError: none/report.jsonl: No such file or directory; expected the report of cleaner clean
    """
    if page.exists() and (page.is_dir() or not _ours(page)):
        raise WriteError(f"{page}: not a page of cleaner report; expected nothing there, or such a page")
    try:
        survey = survey_of(rows(folder / REPORT))
        problems: list[str] = []
        write_atomic(page, _page(folder, survey, problems))
    except (KeyError, TypeError) as error:
        raise ReadError(
            f"{folder / REPORT}: a damaged record ({error}); expected one that cleaner clean wrote"
        ) from error
    return Reviewed(survey.totals["documents"], tuple(problems))


def _ours(page: Path) -> bool:
    with opened(page) as stream:
        return stream.read(len(MARK)) == MARK


@dataclass(frozen=True, slots=True)
class _Listing:
    """What the page holds of the listed documents, but for their texts."""

    documents: list[dict[str, Any]]
    """By their places in the list."""
    ranges: list[_Ranges]
    """Which parts of their texts are in the page, in code points, half-open, sorted, disjoint."""
    partners: list[list[tuple[str, int, int]]]
    """Of each named template: ids and where it stands, by id."""
    samples: list[str]
    """Of each named template: how a cut begins that begins with it, or ""."""
    counted: list[int]
    """Of each named template: in how many independent documents it stands."""


def _listing(records: Iterable[_Row], survey: Survey) -> _Listing:
    names = {name: at for at, (name, *_) in enumerate(survey.templates)}
    rules = {name: at for at, (name, *_) in enumerate(survey.rules)}
    documents: list[dict[str, Any]] = [{}] * len(survey.order)
    partners: list[set[tuple[str, int, int]]] = [set() for _ in names]
    samples, counted = [""] * len(names), [0] * len(names)
    for place, record in enumerate(records):
        cuts = []
        for span in record["spans"]:
            told: dict[str, list[Any]] = {"rules": [], "templates": [], "others": []}
            for at, reason in enumerate(span["reasons"]):
                if "rule" in reason:
                    told["rules"].append(rules[reason["rule"]])
                elif "template" not in reason:
                    told["others"].append(_in_words(reason))
                elif (name := names.get(reason["template"])) is None:
                    told["others"].append(f"template {reason['template']}, in {reason['documents']} documents")
                else:
                    told["templates"].append([name, reason["similarity"]] if reason["similarity"] < 1 else name)
                    found = partners[name] | {(one["id"], one["start"], one["end"]) for one in reason["partners"]}
                    partners[name] = found if len(found) <= PARTNERS else set(sorted(found)[:PARTNERS])
                    counted[name] = max(counted[name], reason["documents"])
                    if not at:
                        samples[name] = min(filter(None, (samples[name], span["text"][:SAMPLE])))
            marker = [span["marker"]] if "marker" in span else []
            cuts.append([span["start"], span["end"], span["kind"], span["score"], *told.values(), *marker])
        if place in survey.order:
            documents[survey.order[place]] = {
                "id": record["id"],
                "group": record["group"],
                "file": target_of(record),
                "status": record["status"],
                "chars": [record["chars_in"], record["chars_in"] - removed(record)[0]],
                "copy": record["duplicate_of"],
                "error": record["error"],
                "cuts": cuts,
            }
    kept = [sorted(found) for found in partners]
    return _Listing(documents, _ranges(documents, kept[:SHOWN]), kept, samples, counted)


def _in_words(reason: _Row) -> str:
    """Return what a reason says that is neither a rule nor a template.

    >>> _in_words({"running": "Bee Weekly 0", "pages": 3})
    'runs through 3 pages: Bee Weekly 0'
    """
    if "running" in reason:
        return f"runs through {reason['pages']} pages: {reason['running']}"
    shares = f"{reason['linked']:.0%} links, the extractor keeps {reason['extracted']:.0%}"
    return f"markup {reason['element']}: {reason['lines']} lines, {shares}"


def _ranges(documents: list[dict[str, Any]], partners: list[list[tuple[str, int, int]]]) -> list[_Ranges]:
    """Choose the parts of texts that are in the page."""
    wanted: defaultdict[str, _Ranges] = defaultdict(list)
    for id_, start, end in {place for places in partners for place in places}:
        wanted[id_] += _around(start, end)
    found: list[_Ranges] = []
    left, kept = TEXTS, TEXTS - PARTS
    for document in documents:
        some = [part for cut in document["cuts"] for part in _around(*cut[:2])]
        some = _merged([*some, *wanted.get(document["id"], ())], document["chars"][0])
        size = sum(end - start for start, end in some)
        found.append(some if size <= left - kept else [])
        left -= size if found[-1] else 0
    for at, document in enumerate(documents):
        chars = document["chars"][0]
        more = chars - sum(end - start for start, end in found[at])
        if 0 < more <= left and chars <= LONG:
            found[at], left = [(0, chars)], left - more
    return found


def _around(start: int, end: int) -> _Ranges:
    """Return the two ends of a passage with what is near them: it may be long.

    >>> _around(1000, 1010), _around(1000, 9000)
    ([(800, 1210)], [(800, 1300), (8700, 9200)])
    """
    if end - start <= 2 * EDGE:
        return [(start - CONTEXT, end + CONTEXT)]
    return [(start - CONTEXT, start + EDGE), (end - EDGE, end + CONTEXT)]


def _merged(ranges: _Ranges, chars: int) -> _Ranges:
    """Return the same parts of a text of so many characters, sorted and disjoint, none of them empty.

    >>> _merged([(5, 9), (-3, 6), (20, 30)], 25)
    [(0, 9), (20, 25)]
    """
    found: _Ranges = []
    for start, end in sorted(ranges):
        start, end = max(0, start), min(end, chars)  # noqa: PLW2901
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        elif start < end:
            found.append((start, end))
    return found


def _page(folder: Path, survey: Survey, problems: list[str]) -> Iterator[bytes]:
    """Yield the page bit by bit, and append to `problems` whose text is not back."""
    markup, style, script = (
        files("cleaner").joinpath(f"review.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js")
    )
    listing = _listing(rows(folder / REPORT), survey)
    head, _, rest = markup.replace("{style}", style).partition("{data}")
    yield MARK
    yield head.replace("{style-digest}", _digest(style)).replace("{script-digest}", _digest(script)).encode()
    samples: defaultdict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for template, places in enumerate(listing.partners):
        if places:
            id_, start, end = places[0]
            samples[id_].append((template, start, end))
    for place, (record, text, problem) in enumerate(originals(folder)):
        if problem is not None:
            problems.append(problem)
        for template, start, end in samples.get(record["id"], ()):
            listing.samples[template] = (text or "")[start : min(end, start + SAMPLE)] or listing.samples[template]
        number = survey.order.get(place)
        if number is not None:
            if problem is not None:
                listing.documents[number]["error"] = problem
            pieces = (
                [[span["start"], span["text"][:EDGE]] for span in record["spans"]]
                if text is None
                else [[start, text[start:end]] for start, end in listing.ranges[number]]
            )
            if pieces:
                yield _block(f"text-{number}", pieces)
    yield _block("data", _data(folder, survey, listing))
    yield rest.replace("{script}", script).encode()


def _data(folder: Path, survey: Survey, listing: _Listing) -> dict[str, Any]:
    summary = orjson.loads(contents(folder / SUMMARY))
    numbers = {one["id"]: number for number, one in enumerate(listing.documents) if one["status"] != "failed"}
    templates = [
        {
            "id": name,
            "chars": chars,
            "cuts": cuts,
            "documents": documents,
            "counted": listing.counted[at],
            "sample": listing.samples[at],
            "partners": [[numbers.get(id_, id_), start, end] for id_, start, end in listing.partners[at]],
        }
        for at, (name, chars, cuts, documents) in enumerate(survey.templates)
    ]
    kept = [
        ("whole" if found == _merged([(0, one["chars"][0])], one["chars"][0]) else "parts" if found else "none")
        for one, found in zip(listing.documents, listing.ranges, strict=True)
    ]
    return {
        "folder": str(folder),
        "texts": {name: kept.count(name) for name in ("whole", "parts", "none")},
        "versions": summary["versions"],
        "policy": summary["policy"],
        "totals": survey.totals,
        "leftOut": survey.left_out,
        "limits": {"context": CONTEXT, "edge": EDGE},
        "shares": survey.shares,
        "scores": survey.scores,
        "groups": survey.groups,
        "rules": [dict(zip(("id", "chars", "cuts", "documents"), rule, strict=True)) for rule in survey.rules],
        "templates": templates,
        "documents": listing.documents,
    }


def _block(id_: str, value: object) -> bytes:
    r"""Return data as a block of a page, whatever texts it holds.

    >>> _block("data", "</script>")
    b'<script type="application/json" id="data">"\\u003c/script>"</script>\n'
    """
    data = orjson.dumps(value)
    for mark in "<\u2028\u2029":
        data = data.replace(mark.encode(), b"\\u%04x" % ord(mark))
    return b'<script type="application/json" id="%b">%b</script>\n' % (id_.encode(), data)


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
