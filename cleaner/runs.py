"""A whole run: inputs to learn from and clean, a place to write to, a summary to show."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from cleaner import __version__, compression, engines, forest, remote, saving, sources, survey
from cleaner.chunks import Fields
from cleaner.model import CleanerError, WriteError
from cleaner.output import INDEX, Output
from cleaner.proposing import propose
from cleaner.recurring import shown
from cleaner.report import Summary, summary_json
from cleaner.scratch import scratch
from cleaner.segment import FOLD_VERSION
from cleaner.sources import Choice, Found, Source
from cleaner.workers import Workers

if TYPE_CHECKING:
    from cleaner.engines import Watch
    from cleaner.index import Index
    from cleaner.matching import Rule, RuleSet
    from cleaner.pipeline import Cleaner
    from cleaner.policy import Policy
    from cleaner.survey import Cut

PROBLEMS = 20
"""Failed and held documents that a result names; the report names all."""

_LINE = re.compile(r"(.+?):[0-9]+: (.+)", re.DOTALL)
"""What is said of a line, or a row."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to read, and how."""

    found: Found
    fields: Fields = field(default_factory=Fields)
    format: Choice = "auto"
    workers: Workers = engines.ALONE

    def learn(self, watch: Watch | None = None, told: Problems | None = None) -> Index:
        """Return the index of all documents that can be read, and note the others in `told`."""
        note = told.note if told else None
        return engines.learn_all(self.found.sources, self.fields, workers=self.workers, watch=watch, told=note)


def proposed(cleaner: Cleaner, job: Job, pack: str, watch: Watch | None = None) -> tuple[Rule, ...]:
    """Return the rules of a pack that cut what `cleaner` cuts of all documents that can be read."""
    given = (job.found.sources, job.fields)
    return propose(pack, engines.each_made(shown, cleaner, *given, workers=job.workers, watch=watch))


class Problems:
    """What went wrong with the documents of a run, as far as it is told on the terminal: the report names all."""

    def __init__(self) -> None:
        self.failed = 0
        self._grouped = False
        self._noted: dict[tuple[str, str], tuple[str, int]] = {}

    def note(self, done: engines.Done | engines.Learnt) -> None:
        """Note what went wrong with a batch."""
        self._grouped = self._grouped or done.grouped
        self.failed += done.failed if isinstance(done, engines.Learnt) else done.summary.failed
        for problem in done.problems:
            placed = _LINE.fullmatch(problem)
            key = (placed[1], placed[2]) if placed else (problem, "")
            first, count = self._noted.get(key, (problem, 0))
            if count or len(self._noted) < PROBLEMS:
                self._noted[key] = first, count + 1

    def lines(self, job: Job) -> tuple[str, ...]:
        """Return a line for each of the first `PROBLEMS`, one for all lines of a file with the same; and for what is odd."""
        told = [
            problem if count == 1 else f"{problem} (and {count - 1} more of this file)"
            for problem, count in self._noted.values()
        ]
        if job.fields.group is not None and not self._grouped and job.found.sources:
            expected = "expected a field of the lines, or a column"
            told.append(f"--group-field {job.fields.group}: no document has a group there; {expected}")
        if job.format == "auto" and any(map(_like_lines, job.found.sources)):
            told.append("-: looks like JSONL, and was read as text; expected --format jsonl with it")
        return tuple(told)


@dataclass(frozen=True, slots=True)
class Result:
    """What a run did."""

    summary: dict[str, Any]
    """What `summary.json` holds."""
    problems: tuple[str, ...]
    """See `Problems.lines`."""
    riskiest: tuple[Cut, ...] = ()
    """Of a run that writes nothing: its least certain cuts."""


_START = 1024
_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<!doctype\s+html|<html[\s>])", re.IGNORECASE)
"""How a page starts, on standard input, where there is no suffix to go by."""

_OBJECT = re.compile(rb'\s*\{\s*"[^"\n]*"\s*:')
"""How a JSON object does."""

_MAGIC = {b"PAR1": "parquet", b"WARC/": "warc"}
"""How files of other kinds do."""


@contextmanager
def find(inputs: Sequence[str], choice: Choice, stdin: BinaryIO) -> Iterator[Found]:
    """Find the sources that `inputs` name, `-` being `stdin`.

    It, and what addresses name, is kept in temporary files, as it is, for as long as the block lasts.

    >>> import io
    >>> with find(["-"], "auto", io.BytesIO(b"One")) as found:
    ...     [(source.name, source.path.read_bytes()) for source in found.sources]
    [('stdin.txt', b'One')]
    """
    if "-" not in inputs and not any(map(remote.is_remote, inputs)):
        yield sources.find_sources(inputs, choice)
        return
    with scratch() as folder:
        found = _find_with_copies([given for given in inputs if given != "-"], choice, folder)
        given = (_kept(stdin, choice, folder),) if "-" in inputs else ()
        yield replace(found, sources=(*found.sources, *given))


def _find_with_copies(inputs: Sequence[str], choice: Choice, folder: Path) -> Found:
    """Find the sources that `inputs` name; what is on other machines is copied to a folder."""
    named: list[str] = []
    copies: list[remote.Copy] = []
    missing: list[str] = []
    for number, given in enumerate(dict.fromkeys(inputs)):
        if not remote.is_remote(given):
            named.append(given)
            continue
        try:
            copies.append(remote.fetch(given, folder / str(number)))
            named.append(copies[-1].input)
        except CleanerError as error:
            missing.append(str(error))
    found = sources.find_sources(named, choice)
    placed = tuple(replace(source, origin=remote.origin(source.path, copies)) for source in found.sources)
    return replace(found, sources=placed, missing=(*missing, *found.missing))


def _kept(stdin: BinaryIO, choice: Choice, folder: Path) -> Source:
    """Keep standard input in a file, and return that."""
    path = folder / "stdin"
    with path.open("wb") as file:
        shutil.copyfileobj(stdin, file)
    compressed, start = _start(path)
    html = choice == "html" or (choice == "auto" and _HTML.match(start) is not None)
    binary = next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), "txt")
    kind = binary if choice == "auto" and not html else "html" if html else choice
    name = f"stdin.{'txt' if kind == 'text' else kind}{compressed}"
    return Source(path, name, sources.format_of(name, choice))


def _like_lines(source: Source) -> bool:
    """Whether standard input was read as text, and starts as an object does."""
    return source.name.startswith("stdin.txt") and _OBJECT.match(_start(source.path)[1]) is not None


def _start(path: Path) -> tuple[str, bytes]:
    """Return the suffix for a file's compression, "" for none, and how its text starts; nothing where it is damaged."""
    with path.open("rb") as file:
        compressed = compression.recognised(file.peek(_START))
        with suppress(OSError):  # that it cannot be read is for the report to say
            return compressed, compression.decompressed(file, f"stdin{compressed}").read(_START)
    return compressed, b""


States = Mapping[str, tuple[int, ...] | None]
"""Which file is at the path of each source, and how it was when somebody looked; None where there is none."""


def states(job: Job) -> States:
    """Return the state of each source, by its path."""
    return {str(source.path): _state(source.path) for source in job.found.sources}


def changed(before: States, job: Job) -> list[str]:
    """Return a line for each source that is not as it was: what was learnt and what was cleaned may be different texts."""
    return [
        f"{source.place}: changed while it was read; expected it to stay as it was: clean it again"
        for source in job.found.sources
        if (state := _state(source.path)) and state != before[str(source.path)]  # of one that has gone the report tells
    ]


def _state(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def key_of(job: Job, before: States, rules: RuleSet, policy: Policy, index: Path | None) -> str:
    """Return what is the same for runs that do the same, batch by batch: of the same files, as they are, and the same settings."""
    inputs = [(source.place, source.target, source.format, before[str(source.path)]) for source in job.found.sources]
    learnt = (str(index), _state(index)) if index else ""
    batch = job.workers.batch
    program = _versions(rules), saving.SETTINGS, sys.version, [(name, _installed(name)) for name in _LIBRARIES]
    told = (*program, asdict(policy), asdict(job.fields), job.format, batch, learnt, inputs)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:  # an extra
        return None


_LIBRARIES = (
    *(
        "ahocorasick-rs",
        "datasketch",
        "fastwarc",
        "htmldate",
        "lxml",
        "numpy",
        "orjson",
        "py3langid",
        "pyarrow",
        "regex",
    ),
    *("scipy", "selectolax", "trafilatura", "webencodings", "xxhash"),
)
"""What reads, decides or writes: a run that goes on has the same versions."""


def to_folder(
    cleaner: Cleaner, job: Job, out: Path, watch: Watch | None = None, *, key: str = "", learnt: bool = False
) -> Result:
    """Clean into a folder: bodies, report and summary. See `check_output` for what to do before.

    Args:
        cleaner: what does it.
        job: what to read.
        out: the folder.
        watch: told of the progress.
        key: that of `key_of`, for a run that may be killed, and go on later; "" for one that starts anew.
        learnt: whether the cleaner's index was learnt for this run, so that it is kept for such a one, too.

    Raises:
        WriteError: the folder cannot be written.
    """
    with Output(out, job.found.sources, job.fields.text, key, html=job.fields.html) as output:
        if key and learnt:
            saving.save(cleaner.index, out / INDEX)
        result = _result(cleaner, job, watch, output)
        output.finish(result.summary)
    return result


def to_stream(cleaner: Cleaner, job: Job, stream: BinaryIO, watch: Watch | None = None) -> Result:
    """Clean, and write the bodies to `stream` one after another: no report is kept."""
    result = _result(cleaner, job, watch, stream)
    stream.flush()
    return result


def _write(stream: BinaryIO, data: bytes) -> None:
    """Write all of it: a stream without a buffer may take a part, and says so."""
    left = memoryview(data)
    while left:
        left = left[stream.write(left) :]


def to_nowhere(cleaner: Cleaner, job: Job, watch: Watch | None = None) -> Result:
    """Clean, and write nothing."""
    return _result(cleaner, job, watch, None)


def _result(cleaner: Cleaner, job: Job, watch: Watch | None, to: Output | BinaryIO | None) -> Result:
    problems = Problems()
    cuts: list[Cut] = []
    versions = _versions(cleaner.rules)
    versions["index"] = {"format": saving.FORMAT, "documents": len(cleaner.index)}
    summary = summary_json(
        Summary.merged(_summaries(cleaner, job, watch, to, problems=problems, cuts=cuts)),
        versions=versions,
        policy=asdict(cleaner.policy),
        format=job.format,
        text_field=job.fields.text,
        reading={**asdict(job.fields.reading), "keep_html": job.fields.html, **_names(job.found.sources)},
    )
    return Result(summary, problems.lines(job), tuple(cuts))


def _names(found: Iterable[Source]) -> dict[str, dict[str, str]]:
    """Return the bytes of names that are not UTF-8, in hexadecimal digits, by what stands for them in the output; if there are any."""
    exact = {source.target: source.exact_target for source in found if not source.origin}
    names = {name: held.hex() for name, held in sorted(exact.items()) if not _is_utf8(held)}
    return {"names": names} if names else {}


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


def _versions(rules: RuleSet) -> dict[str, object]:
    return {
        "cleaner": __version__,
        "rules": rules.digest,
        "weights": forest.digest(),
        "normaliser": FOLD_VERSION,
        "index": {"format": saving.FORMAT},
        **{name: version(name) for name in ("trafilatura", "lxml", "selectolax")},  # pages are what they read
    }


def _summaries(
    cleaner: Cleaner,
    job: Job,
    watch: Watch | None,
    to: Output | BinaryIO | None,
    *,
    problems: Problems,
    cuts: list[Cut],
) -> Iterator[Summary]:
    """Clean everything, write it as it comes, note what went wrong, and yield the summary of each batch.

    What is written nowhere leaves its riskiest cuts in `cuts`.
    """
    journal = to.journal if isinstance(to, Output) else None
    for done in engines.clean_all(
        cleaner, job.found.sources, job.fields, workers=job.workers, watch=watch, journal=journal
    ):
        for target, body in done.bodies:
            if isinstance(to, Output):
                to.write(target, body)
            elif to is not None:
                _write(to, body)
        if isinstance(to, Output):
            to.record(done.report, done.reported)
        if to is None:
            cuts[:] = survey.riskiest(chain(cuts, survey.cuts_of(done.records())))
        problems.note(done)
        yield done.summary


def check_index_file(path: Path, found: Found) -> None:
    """Make sure that an index written to `path` overwrites nothing but an index.

    Raises:
        WriteError: there is an input or another file.

    >>> check_index_file(Path("no-such-folder/site.idx"), Found(()))
    """
    if not os.path.lexists(path):
        return
    if any(source.path.exists() and source.path.samefile(path) for source in found.sources):
        raise WriteError(f"{path}: is an input; expected another file")
    if not path.is_file() or not saving.is_index(path):
        raise WriteError(f"{path}: not an index; expected an index, or nothing there")
