"""Golden outputs: bodies and report that were looked at and found right, kept beside a project's own tests.

A golden folder is what `cleaner clean` writes, less the summary: the bodies under their names, and `report.jsonl`.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from cleaner.compression import read
from cleaner.files import write_atomic
from cleaner.model import ReadError, WriteError
from cleaner.output import REPORT, SUMMARY
from cleaner.render import one_line
from cleaner.report import target_of

CONTEXT = 2
"""Unchanged lines around a difference."""

SAMPLE = 60
"""Characters of a span that a difference quotes."""

_Row = Mapping[str, Any]
_Key = tuple[str, int]
"""The id of a record, and how many records before it have the same: a second one is the failure that says so."""


def compare(actual: Path, golden: Path) -> list[str]:
    """Return what differs between an output folder and a golden folder, in lines to print; none when nothing does.

    Bodies are compared byte for byte, decompressed, and shown as unified diffs; of the report, the spans gained and lost of
    each document. A body without a golden, and a golden without a body, are differences.

    Raises:
        ReadError: the golden report is damaged.

    >>> compare(Path("no-such-folder"), Path("no-such-folder"))
    []
    """
    ours, theirs = _files(actual), _files(golden)
    lines = [f"missing golden: {name}" for name in sorted(ours.keys() - theirs.keys())]
    lines += [f"unused golden: {name}" for name in sorted(theirs.keys() - ours.keys())]
    for name in sorted(ours.keys() & theirs.keys()):
        new, old = read(ours[name]), read(theirs[name])
        if new == old:
            continue
        found = _report_diff(theirs[name], ours[name]) if name == REPORT else _body_diff(name, old, new)
        lines += list(found) or [f"{name}: other bytes"]
    return lines


def update(actual: Path, golden: Path) -> None:
    """Make the golden folder equal to the output folder. What the last golden report does not name is not touched.

    Raises:
        ReadError: the golden report is damaged.
        WriteError: the golden folder holds a file that no golden report names, or cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_atomic(Path(folder, "now/report.jsonl"), b"")
    ...     update(Path(folder, "now"), Path(folder, "golden"))
    ...     compare(Path(folder, "now"), Path(folder, "golden"))
    []
    """
    ours, theirs = _files(actual), _files(golden)
    named = {target_of(row) for row in _rows(theirs[REPORT]).values()} if REPORT in theirs else set()
    for name in sorted(theirs.keys() - named - {REPORT}):
        if name not in ours or read(theirs[name]) != read(ours[name]):
            raise WriteError(f"{theirs[name]}: not a golden; expected only bodies and {REPORT} in {golden}")
    for name in theirs.keys() - ours.keys():
        theirs[name].unlink()
    for name in sorted(ours, key=lambda name: name == REPORT):  # last: until then the old one says what is a golden
        write_atomic(golden / name, ours[name].read_bytes())


def _files(folder: Path) -> dict[str, Path]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path for path in paths if path != folder / SUMMARY}


def _rows(path: Path) -> dict[_Key, _Row]:
    rows: dict[_Key, _Row] = {}
    earlier: Counter[str] = Counter()
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            row = orjson.loads(line)
            rows[row["id"], earlier[row["id"]]] = {**row, "source": str(row["source"]), "spans": _spans(row)}
        except (ValueError, KeyError, TypeError) as error:
            raise ReadError(f"{path}:{number}: not a record; expected the report of cleaner clean") from error
        earlier[row["id"]] += 1
    return rows


def _spans(row: _Row) -> dict[tuple[int, int, str], _Row]:
    return {(int(span["start"]), int(span["end"]), str(span["kind"])): span for span in row["spans"]}


def _body_diff(name: str, old: bytes, new: bytes) -> Iterator[str]:
    if name.lower().endswith(".parquet"):
        return  # what changed in its texts is in the report
    # Surrogates keep bytes apart that are not UTF-8; they become escapes only when shown.
    before, after = (data.decode("utf-8", "surrogateescape").split("\n") for data in (old, new))
    for line in difflib.unified_diff(before, after, f"golden/{name}", f"now/{name}", n=CONTEXT, lineterm=""):
        yield line.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").replace("\r", "\\r")


def _report_diff(old: Path, new: Path) -> Iterator[str]:
    before, after = _rows(old), _rows(new)
    for key in sorted(before.keys() | after.keys()):
        if key not in after:
            yield f"{key[0]}: no longer in the report"
        elif key not in before:
            yield f"{key[0]}: new in the report"
        elif before[key] != after[key]:
            yield from _row_diff(key[0], before[key], after[key])
    if before.keys() == after.keys() and list(before) != list(after):
        yield f"{REPORT}: the documents come in another order"


_LONG: Final = {"reasons": "cut for other reasons", "text": "another text"}
"""How the fields of a span differ that are too long to show."""


def _row_diff(name: str, before: _Row, after: _Row) -> Iterator[str]:
    lost, gained = before["spans"], after["spans"]
    both = lost.keys() & gained.keys()
    yield f"{name}: spans +{len(gained) - len(both)} -{len(lost) - len(both)}"
    for sign, spans in (("-", lost), ("+", gained)):
        for start, end, kind in sorted(spans.keys() - both):
            yield f"  {sign} [{start}, {end}) {kind} {one_line(str(spans[start, end, kind].get('text')), SAMPLE)}"
    for start, end, kind in sorted(both):
        was, is_ = lost[start, end, kind], gained[start, end, kind]
        for field in sorted(was.keys() | is_.keys()):
            old, new = was.get(field), is_.get(field)
            if old != new:
                yield f"  ~ [{start}, {end}) {kind} {_LONG.get(field, f'{field}: {old!r} -> {new!r}')}"
    for field in sorted(before.keys() | after.keys()):
        if field != "spans" and before.get(field) != after.get(field):
            yield f"  {field}: {before.get(field)!r} -> {after.get(field)!r}"
