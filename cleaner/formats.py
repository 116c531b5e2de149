r"""Read and write each input format: text files, HTML files, and JSONL with text or HTML in it.

`find_sources` turns what stands on a command line into `Source`s, `read` turns a source into `Record`s one at
a time, and `body` says what a cleaned record is written as. Nothing is translated: bytes are decoded strictly
as UTF-8, a byte order mark and every kind of line end stay. HTML is opened later, where the work is done: `cleaner.markup`.
"""

# os.path, not Path, asks here what a path is: Path.is_dir() raises where a folder may not be entered.
# ruff: noqa: PTH110, PTH112, PTH113, PTH114

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from cleaner.jsonl import key_of, open_page, parse_line, rewrite_text, text_of
from cleaner.layout import Metadata, Reading
from cleaner.model import Cleaned, Document, Failure, ReadError

Format = Literal["text", "html", "jsonl", "html-lines"]
"""`text`, `html`: a file is one document. `jsonl`, `html-lines`: a line is one, whose field holds text, or HTML."""

Choice = Literal["auto", "text", "html", "jsonl"]
"""`auto`: go by the suffix. The others force their format; `html` leaves JSONL files JSONL, with HTML in their field."""

SUFFIXES: Final[dict[str, Format]] = {
    ".txt": "text",
    ".text": "text",
    ".md": "text",
    ".markdown": "text",
    ".html": "html",
    ".htm": "html",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
"""The files that are read when a folder is, and as what. Case does not matter."""

_EXPECTED = "expected a file, a folder, a glob, or - for standard input"

_WILDCARD = re.compile(r"[*?[]")


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read."""

    path: Path
    name: str
    """What it is called in the report and in the output folder: its POSIX path relative to the folder that
    was named; for a glob, relative to its longest folder without wildcard; for a file that was named, its
    file name. Bytes of a file name that are not UTF-8 are written as `\\xff`."""
    format: Format

    @property
    def target(self) -> str:
        """The file of the output folder that its bodies are written to: a page's is a text file."""
        return target(self.name) if self.format == "html" else self.name

    @property
    def of_lines(self) -> bool:
        """Whether each line is a document."""
        return self.format in ("jsonl", "html-lines")


@dataclass(frozen=True, slots=True)
class Found:
    """What `find_sources` found."""

    sources: tuple[Source, ...]
    missing: tuple[str, ...] = ()
    """One line for each input that is not there, or cannot be listed: what, and what was expected."""
    skipped: int = 0
    """How many files of other kinds lie in the folders. Hidden ones do not count."""
    folders: tuple[Path, ...] = ()
    """The folders that were read with all that is in them: an output folder in one of these would be read as
    input."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What of an input matters: the names of the top-level fields of a JSONL object, and how HTML is read."""

    text: str = "text"
    id: str | None = None
    """None: the id is `source:line`."""
    group: str | None = None
    """None: no document has a group."""
    html: bool = False
    """Whether HTML stays in the output beside its body."""
    reading: Reading = field(default_factory=Reading)
    """How HTML is read."""


@dataclass(frozen=True, slots=True)
class Record:
    """A text file, or a line of a JSONL file."""

    source: str
    """Name of the source."""
    entry: Document | Failure | None
    """None: no document, and `raw` is copied to the output as it is: a blank line, or a JSONL file without
    lines."""
    raw: str
    """The text of the file, or the line with its own line end; "" for a failure and for HTML files."""
    line: int
    """Line in a JSONL file, from 1; 0 for a whole file."""
    html: bool = False
    """Whether the document's text is HTML, still to be opened."""

    @property
    def target(self) -> str:
        """The file of the output folder that it goes to."""
        return target(self.source) if self.html and not self.line else self.source


def target(name: str) -> str:
    """Return the name of the file that the body of an HTML file goes to.

    >>> target("a/b.html")
    'a/b.txt'
    """
    return str(PurePosixPath(name).with_suffix(".txt"))


def format_of(name: str, format: Choice = "auto") -> Format:  # noqa: A002
    """Return the format of a file that was named: the chosen one, else its suffix's, else text.

    >>> format_of("a.NDJSON"), format_of("a.csv"), format_of("a.txt", "jsonl")
    ('jsonl', 'text', 'jsonl')
    >>> format_of("a.htm"), format_of("a.jsonl", "html")
    ('html', 'html-lines')
    """
    known = SUFFIXES.get(PurePosixPath(name).suffix.lower(), "text")
    if format == "html":
        return "html-lines" if known == "jsonl" else "html"
    return known if format == "auto" else format


def find_sources(inputs: Sequence[str], format: Choice = "auto") -> Found:  # noqa: A002
    """Find the files to read: in the order of `inputs`, and within a folder or a glob by name.

    Names are compared by code point. Folders are read with their subfolders, as far as `SUFFIXES` knows the
    files; hidden files and folders, and links to folders, are passed over. A path that is not there and has
    one of `*?[` in it is a glob, in which `**` stands for any number of folders; what it finds counts as
    named, so that a folder it finds is read as a folder. A file that several inputs reach is read once, under
    its first name. Two different files may get the same name ("a/x.txt b/x.txt"): both are returned, and
    telling them apart is the caller's.

    Args:
        inputs: Paths and globs, not `-`.
        format: A format to force on the files that were named and on those of known suffix in folders.

    >>> find_sources(["missing.txt"]).missing[0].partition(";")[0]
    'no such file or folder: missing.txt'
    """
    sources: dict[tuple[str, str], Source] = {}
    missing: list[str] = []
    folders: list[Path] = []
    parents: dict[str, str] = {}
    skipped = 0

    def on_error(error: OSError) -> None:
        where = _printable(str(error.filename))
        missing.append(f"{where}: {error.strerror}; expected a folder that can be listed")

    for text in inputs:
        base, named = _named(text, on_error)
        if not named:
            missing.append(f"no such file or folder: {_printable(text)}; {_EXPECTED}")
        if "**" in Path(text).parts:
            folders.append(base)
        hits = {path: format_of(path.name, format) for path in named if not os.path.isdir(path)}
        for folder in (path for path in named if os.path.isdir(path)):
            folders.append(folder)
            for path in _walk(folder, on_error):
                # A link to nothing is read: that it cannot be is for the report to say. A pipe would block.
                if path.suffix.lower() in SUFFIXES and (os.path.isfile(path) or not os.path.exists(path)):
                    hits[path] = format_of(path.name, format)
                else:
                    skipped += path not in hits
        for name, path in sorted((_printable(path.relative_to(base).as_posix()), path) for path in hits):
            parent = str(path.parent)
            if parent not in parents:
                parents[parent] = os.path.realpath(parent)
            sources.setdefault((parents[parent], path.name), Source(path, name, hits[path]))
    return Found(tuple(sources.values()), tuple(missing), skipped, tuple(folders))


def _named(text: str, on_error: Callable[[OSError], None]) -> tuple[Path, list[Path]]:
    """Return the files and folders that an input stands for, and the folder to which names are relative."""
    path = Path(text)
    if os.path.isdir(text):
        return path, [path]
    if os.path.isfile(text):
        return path.parent, [path]
    base, patterns = _split_glob(path)
    return base, list(_expand(base, patterns, on_error)) if patterns and not os.path.exists(text) else []


def _split_glob(path: Path) -> tuple[Path, tuple[str, ...]]:
    """Return the longest folder without wildcard, and the patterns of the parts after it, () if none.

    >>> _split_glob(Path("data/news/*/x?.txt")) == (Path("data/news"), ("*", "x?.txt"))
    True
    """
    parts = path.parts
    first = next((at for at, part in enumerate(parts) if _WILDCARD.search(part)), len(parts))
    return Path(*parts[:first]), parts[first:]


def _expand(folder: Path, patterns: tuple[str, ...], on_error: Callable[[OSError], None]) -> Iterator[Path]:
    """Yield the files and folders that match, one pattern a level; some twice when there are several `**`."""
    pattern, rest = patterns[0], patterns[1:]
    if pattern == "**" and rest:
        yield from _expand(folder, rest, on_error)
    try:
        entries = list(folder.iterdir()) if os.path.isdir(folder) else []
    except OSError as error:
        return on_error(error)
    for entry in entries:
        if entry.name.startswith(".") and not pattern.startswith("."):
            continue
        is_file, is_folder = os.path.isfile(entry), os.path.isdir(entry) and not os.path.islink(entry)
        matches = pattern == "**" or fnmatchcase(entry.name, pattern)
        if is_folder and (pattern == "**" or (matches and rest)):
            yield from _expand(entry, patterns if pattern == "**" else rest, on_error)
        elif matches and not rest and (is_file or is_folder):
            yield entry


def _walk(folder: Path, on_error: Callable[[OSError], None]) -> Iterator[Path]:
    """Yield the files of a folder and its subfolders that are not hidden."""
    for parent, folders, files in os.walk(folder, onerror=on_error):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent, name) for name in files if not name.startswith("."))


def _printable(path: str) -> str:
    r"""Return a path as text that can be written as UTF-8.

    >>> _printable("caf\udce9.txt")
    'caf\\xe9.txt'
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a source, to be read anywhere: a file, or some lines of one."""

    source: Source
    line: int = 0
    """The first line, from 1; 0 for a whole file, which is yet to be read."""
    data: bytes = b""
    """Whole lines."""
    failure: Failure | None = None
    """Why the lines from here on could not be read."""

    @property
    def size(self) -> int:
        """Bytes."""
        if self.line or self.source.of_lines:
            return len(self.data)
        return os.path.getsize(self.source.path) if os.path.isfile(self.source.path) else 0  # noqa: PTH202


def chunks(source: Source, size: int) -> Iterator[Chunk]:
    r"""Yield the pieces of a source in order: a file whole, a file of lines in pieces of about `size` bytes.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "x.jsonl")
    ...     _ = path.write_bytes(b"{}\n{}\n{}")
    ...     [(chunk.line, chunk.data) for chunk in chunks(Source(path, "x.jsonl", "jsonl"), 4)]
    [(1, b'{}\n{}\n'), (3, b'{}')]
    """
    if not source.of_lines:
        yield Chunk(source)
        return
    line = 1
    try:
        with source.path.open("rb") as stream:
            while data := stream.read(size):
                if not data.endswith(b"\n"):
                    data += stream.readline()
                yield Chunk(source, line, data)
                line += data.count(b"\n")
    except OSError as error:
        yield Chunk(source, failure=Failure(source.name, _unreadable(source.name, error)))
    else:
        if line == 1 and not source.path.stat().st_size:
            yield Chunk(source)


def records(chunk: Chunk, fields: Fields) -> Iterator[Record]:
    r"""Yield the documents of a piece of a source in order, one at a time.

    What cannot be read is yielded as a `Failure`, not raised. A text file is one document: its id is the
    source's name, its group the folder of that name. A line of a JSONL file is one document; lines end at
    "\n" only; when it has a string in a field `url`, that is the document's address. A failure has the document's
    id as far as it is known.

    Args:
        chunk: The piece.
        fields: Which fields of a JSONL object are text, id and group.

    >>> lines = b'{"text": "One", "url": 7}\n\n{"text": null}'
    >>> for record in records(Chunk(Source(Path("x.jsonl"), "x.jsonl", "jsonl"), 1, lines), Fields(id="url")):
    ...     print(record.line, record.entry)
    1 Document(id='7', text='One', group='', url='', layout=None)
    2 None
    3 Failure(id='x.jsonl:3', error="x.jsonl:3: no field 'url'; expected a string or an integer", group='')
    """
    if chunk.failure is not None:
        yield Record(chunk.source.name, chunk.failure, "", 0)
    elif chunk.line:
        for number, line in enumerate(io.BytesIO(chunk.data), chunk.line):
            yield _read_line(chunk.source, number, line, fields)
    elif chunk.source.of_lines:  # it has none
        yield Record(chunk.source.name, None, "", 0)
    else:
        yield _read_file(chunk.source)


def _read_file(source: Source) -> Record:
    name, group, html = source.name, _folder(source.name), source.format == "html"
    try:
        data = source.path.read_bytes()
        text = _decoded(data, name) if html else data.decode()
    except OSError as error:
        return Record(name, Failure(name, _unreadable(name, error), group), "", 0)
    except UnicodeDecodeError as error:
        wrong = f"{name}: not UTF-8 at byte {error.start}; expected UTF-8 text"
        return Record(name, Failure(name, wrong, group), "", 0)
    except ReadError as error:
        return Record(name, Failure(name, str(error), group), "", 0)
    if "\0" in text and not html:  # a page's parser knows what to do with it
        at = len(text[: text.index("\0")].encode())
        wrong = f"{name}: a NUL byte at byte {at}; expected text, not a binary file"
        return Record(name, Failure(name, wrong, group), "", 0)
    return Record(name, Document(name, text, group), "" if html else text, 0, html)


def _decoded(data: bytes, name: str) -> str:
    from cleaner.charsets import decode  # most runs have no HTML

    return decode(data, name)


def _folder(name: str) -> str:
    parent = PurePosixPath(name).parent.as_posix()
    return "" if parent == "." else parent


def _unreadable(name: str, error: OSError) -> str:
    return f"{name}: {error.strerror or error}; expected a readable file"


def _read_line(source: Source, number: int, line: bytes, fields: Fields) -> Record:
    name = source.name
    where = id_ = f"{name}:{number}"
    group = ""
    try:
        raw, value = parse_line(line, name, number)
        if value is None:
            return Record(name, None, raw, number)
        if fields.id is not None:
            id_ = key_of(value, fields.id, where)
        if fields.group is not None and value.get(fields.group) is not None:
            group = key_of(value, fields.group, where)
        text = text_of(value, fields.text, where)
    except ReadError as error:
        return Record(name, Failure(id_, str(error), group), "", number)
    url = value.get("url")
    document = Document(id_, text, group, url if isinstance(url, str) else "")
    return Record(name, document, raw, number, source.format == "html-lines")


def body(record: Record, cleaned: Cleaned, fields: Fields, about: Metadata | None = None) -> tuple[str, str | None]:
    r"""Return what a cleaned record is written as, and what the report needs to restore it.

    A file is written as its body; a JSONL line with its text replaced, or as it is when nothing was cut. A line with HTML gets
    the body in the field `text`, and what the page says of itself in fields that it has not.

    Args:
        record: The record, with a document.
        cleaned: That document, opened and cleaned.
        fields: Which field of a JSONL object has the text.
        about: What a page says of itself.

    >>> document = Document("x.jsonl:1", "One\nTwo")
    >>> record = Record("x.jsonl", document, '{"text":"One\\u000aTwo"}\n', 1)
    >>> body(record, Cleaned(document, "One\nTwo", (), "unchanged"), Fields())
    ('{"text":"One\\u000aTwo"}\n', None)
    """
    if not record.line:
        return cleaned.text, None
    if about is not None:
        return open_page(record.raw, fields.text, cleaned.text, asdict(about), keep=fields.html), None
    if not cleaned.spans:
        return record.raw, None
    return rewrite_text(record.raw, fields.text, cleaned.document.text, cleaned.text)
