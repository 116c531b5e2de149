"""Golden outputs: bodies and report that were looked at and found right, kept beside a project's own tests.

A golden folder is what `cleaner clean` writes, less the summary: the bodies under their names, and `report.jsonl`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from cleaner.model import WriteError
from cleaner.output import REPORT, SUMMARY, write_atomic

CONTEXT = 2
"""Unchanged lines around a difference."""

Row = Mapping[str, Any]


def compare(actual: Path, golden: Path) -> list[str]:
    """Return what differs between an output folder and a golden folder, in lines to print; none when nothing does.

    Bodies are compared byte for byte and shown as unified diffs; of the report, the spans gained and lost of each
    document. A body without a golden, and a golden without a body, are differences.

    >>> compare(Path("no-such-folder"), Path("no-such-folder"))
    []
    """
    ours, theirs = _files(actual), _files(golden)
    lines = [f"missing golden: {name}" for name in sorted(ours.keys() - theirs.keys())]
    lines += [f"unused golden: {name}" for name in sorted(theirs.keys() - ours.keys())]
    for name in sorted(ours.keys() & theirs.keys()):
        new, old = ours[name].read_bytes(), theirs[name].read_bytes()
        if new != old:
            lines += _report_diff(old, new) if name == REPORT else _body_diff(name, old, new)
    return lines


def update(actual: Path, golden: Path) -> None:
    """Make the golden folder equal to the output folder. What the last golden report does not name is not touched.

    Raises:
        WriteError: the golden folder holds a file that no golden report names, or cannot be written.
    """
    ours, theirs = _files(actual), _files(golden)
    named = {row["source"] for row in _rows(theirs[REPORT].read_bytes()).values()} if REPORT in theirs else set()
    for name in sorted(theirs.keys() - named - {REPORT}):
        if theirs[name].read_bytes() != (ours[name].read_bytes() if name in ours else None):
            raise WriteError(f"{theirs[name]}: not a golden; expected only bodies and {REPORT} in {golden}")
    for name, path in ours.items():
        write_atomic(golden / name, path.read_bytes())
    for name in theirs.keys() - ours.keys():
        theirs[name].unlink()


def _files(folder: Path) -> dict[str, Path]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path for path in paths if path.name != SUMMARY}


def _rows(data: bytes) -> dict[str, Row]:
    rows = [orjson.loads(line) for line in data.split(b"\n") if line]
    return {row["id"]: row for row in rows}


def _body_diff(name: str, old: bytes, new: bytes) -> Iterator[str]:
    before, after = (data.decode("utf-8", "backslashreplace").split("\n") for data in (old, new))
    diff = difflib.unified_diff(before, after, f"golden/{name}", f"now/{name}", n=CONTEXT, lineterm="")
    return (line.replace("\r", "\\r") for line in diff)


def _report_diff(old: bytes, new: bytes) -> Iterator[str]:
    before, after = _rows(old), _rows(new)
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield f"{name}: no longer in the report"
        elif name not in before:
            yield f"{name}: new in the report"
        elif before[name] != after[name]:
            yield from _row_diff(name, before[name], after[name])
    if list(before) != list(after):
        yield f"{REPORT}: the documents come in another order"


def _row_diff(name: str, before: Row, after: Row) -> Iterator[str]:
    lost, gained = _spans(before), _spans(after)
    both = lost.keys() & gained.keys()
    yield f"{name}: spans +{len(gained) - len(both)} -{len(lost) - len(both)}"
    for sign, spans in (("-", lost), ("+", gained)):
        for start, end, kind in sorted(spans.keys() - both):
            yield f"  {sign} [{start}, {end}) {kind} {_sample(spans[start, end, kind]['text'])}"
    for start, end, kind in sorted(both):
        if lost[start, end, kind] != gained[start, end, kind]:
            yield f"  ~ [{start}, {end}) {kind} cut for other reasons"
    for field in sorted(before.keys() | after.keys()):
        if field != "spans" and before.get(field) != after.get(field):
            yield f"  {field}: {before.get(field)!r} -> {after.get(field)!r}"


def _spans(row: Row) -> dict[tuple[int, int, str], Row]:
    return {(span["start"], span["end"], span["kind"]): span for span in row["spans"]}


def _sample(text: str) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= 60 else line[:57] + "...")
