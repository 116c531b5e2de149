"""Find the files to read: what stands on a command line becomes `Source`s."""

# os.path, not Path, asks here what a path is: Path.is_dir() raises where a folder may not be entered.
# ruff: noqa: PTH110, PTH112, PTH113, PTH114

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final, Literal, TypeVar, cast, get_args

from cleaner import compression
from cleaner.model import ReadError

Format = Literal["text", "html", "jsonl", "html-lines", "csv", "parquet", "html-rows", "warc"]
"""`text`, `html`: a file is one document. `jsonl`, `html-lines`: a line is one, whose field holds text, or HTML. `csv`: a row is one.
`parquet`, `html-rows`: too, in a table whose column holds text, or HTML. `warc`: a record is one, when it holds a text."""

Choice = Literal["auto", "text", "html", "jsonl", "csv", "parquet", "warc"]
"""`auto`: go by the suffix. The others force their format; `html` leaves JSONL and Parquet files what they are, with HTML in their field."""

TABLES: Final = ("parquet", "html-rows")
"""Formats of tables, which are written again from the input."""

SUFFIXES: Final[dict[str, Format]] = {
    ".txt": "text",
    ".text": "text",
    ".md": "text",
    ".markdown": "text",
    ".html": "html",
    ".htm": "html",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".warc": "warc",
    ".wet": "warc",
}
"""The files that are read when a folder is, compressed or not, and as what. Case does not matter."""

_OF_PAGES: Final[dict[Format, Format]] = {"jsonl": "html-lines", "parquet": "html-rows"}

_EXPECTED = "expected a file, a folder, a glob, or - for standard input"

_Path = TypeVar("_Path", Path, PurePosixPath)

_HIDDEN = "."
"""What a hidden file counts as, in place of its suffix."""

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
    origin: str = ""
    """Where it was copied from, when `path` is that of a copy."""

    @property
    def place(self) -> str:
        """Where it lies, to say it."""
        return self.origin or printable(str(self.path))

    @property
    def target(self) -> str:
        """The file of the output folder that its bodies are written to: a page's is a text file."""
        return target(self.name, self.format)

    @property
    def exact_target(self) -> bytes:
        """The same, in the very bytes of the file's name."""
        parts = self.path.parts[-len(PurePosixPath(self.name).parts) :]
        return os.fsencode(target(PurePosixPath(*parts).as_posix(), self.format))

    @property
    def size(self) -> int:
        """Bytes of the file; 0 when it is not there."""
        return os.path.getsize(self.path) if os.path.isfile(self.path) else 0  # noqa: PTH202

    @property
    def text_size(self) -> int:
        """Bytes of what it holds; of a compressed file, about so many."""
        packed = self.format in TABLES or compression.split(self.name)[1]
        return self.size * (compression.EXPANSION if packed else 1)

    @property
    def of_many(self) -> bool:
        """Whether it holds many documents: each line is one, or each row or record."""
        return self.format not in ("text", "html")


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
    kinds: tuple[str, ...] = ()
    """The suffixes of the files of other kinds, sorted; "" for none."""
    hidden: int = 0
    """How many hidden files and folders lie in the folders; what is in the latter does not count."""


def bytes_in(sources: Iterable[Source]) -> int:
    """Return the size of all sources that are there, compressed as they are.

    >>> bytes_in([])
    0
    """
    return sum(source.size for source in sources)


def target(name: str, format: Format) -> str:  # noqa: A002
    """Return the name of the file that the bodies of a file go to: those of HTML to a text file, of WARC to JSONL.

    >>> target("a/b.html", "html"), target("b.htm.gz", "html"), target("c.warc.gz", "warc"), target("d.jsonl", "jsonl")
    ('a/b.txt', 'b.txt.gz', 'c.warc.jsonl.gz', 'd.jsonl')
    """
    page, compressed = compression.split(name)
    if format == "warc":
        return f"{page}.jsonl{compressed}"
    if format != "html":
        return name
    return f"{PurePosixPath(page).with_suffix('.txt')}{compressed}"


def chosen(name: str) -> Choice:
    """Return the format that was chosen by its name.

    Raises:
        ReadError: there is none of that name.

    >>> chosen("jsonl")
    'jsonl'
    """
    for one in (known := get_args(Choice)):
        if one == name:
            return cast("Choice", one)
    raise ReadError(f"--format {name}: no such format; expected {', '.join(known[:-1])} or {known[-1]}")


def format_of(name: str, format: Choice = "auto") -> Format:  # noqa: A002
    """Return the format of a file that was named: the chosen one, else its suffix's, else text.

    >>> format_of("a.NDJSON.gz"), format_of("a.log"), format_of("a.txt", "jsonl")
    ('jsonl', 'text', 'jsonl')
    >>> format_of("a.htm"), format_of("a.jsonl", "html"), format_of("a.parquet", "html")
    ('html', 'html-lines', 'html-rows')
    """
    known = _known(name) or "text"
    if format == "html":
        return _OF_PAGES.get(known, "html")
    return known if format == "auto" else format


def is_known(name: str) -> bool:
    """Return whether a file of this name is read when its folder is.

    >>> is_known("a.TXT.gz"), is_known("a.pdf")
    (True, False)
    """
    return _known(name) is not None


def _known(name: str) -> Format | None:
    return SUFFIXES.get(PurePosixPath(compression.split(name)[0]).suffix.lower())


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
    real = cache(os.path.realpath)
    passed: Counter[str] = Counter()

    def on_error(error: OSError) -> None:
        where = printable(str(error.filename))
        missing.append(f"{where}: {error.strerror}; expected a folder that can be listed")

    for text in inputs:
        base, named = _named(text, on_error)
        if not named:  # a pipe would be read once, and is needed twice
            there = f"{printable(text)}: no file or folder" if os.path.exists(text) else None
            missing.append(f"{there or f'no such file or folder: {printable(text)}'}; {_EXPECTED}")
        if "**" in Path(text).parts:
            folders.append(base)
        hits = {path: format_of(path.name, format) for path in named if not os.path.isdir(path)}
        for folder in (path for path in named if os.path.isdir(path)):
            folders.append(folder)
            for path in _walk(folder, on_error):
                if _is_read(path):
                    hits[path] = format_of(path.name, format)
                elif path not in hits:
                    passed[_kind(path)] += 1
        for name, path in sorted((printable(path.relative_to(base).as_posix()), path) for path in hits):
            sources.setdefault((real(str(path.parent)), path.name), Source(path, name, hits[path]))
    hidden = passed.pop(_HIDDEN, 0)
    return Found(tuple(sources.values()), tuple(missing), passed.total(), tuple(folders), tuple(sorted(passed)), hidden)


def _kind(path: Path) -> str:
    return _HIDDEN if path.name.startswith(".") else path.suffix.lower()


def _is_read(path: Path) -> bool:
    # A link to nothing is read: that it cannot be is for the report to say. A pipe would block.
    there = os.path.isfile(path) or not os.path.exists(path)
    return not path.name.startswith(".") and _known(path.name) is not None and there


def _named(text: str, on_error: Callable[[OSError], None]) -> tuple[Path, list[Path]]:
    """Return the files and folders that an input stands for, and the folder to which names are relative."""
    path = Path(text)
    if os.path.isdir(text):
        return path, [path]
    if os.path.isfile(text):
        return path.parent, [path]
    base, patterns = split_glob(path)
    return base, list(_expand(base, patterns, on_error)) if patterns and not os.path.exists(text) else []


def split_glob(path: _Path) -> tuple[_Path, tuple[str, ...]]:
    """Return the longest folder without wildcard, and the patterns of the parts after it, () if none.

    >>> split_glob(PurePosixPath("data/news/*/x?.txt"))
    (PurePosixPath('data/news'), ('*', 'x?.txt'))
    """
    parts = path.parts
    first = next((at for at, part in enumerate(parts) if _WILDCARD.search(part)), len(parts))
    return type(path)(*parts[:first]), parts[first:]


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
    """Yield the files of a folder and its subfolders, but for what is in hidden folders; these are yielded themselves."""
    for parent, folders, files in os.walk(folder, onerror=on_error):
        yield from (Path(parent, name) for name in folders if name.startswith("."))
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent, name) for name in files)


def printable(path: str) -> str:
    r"""Return a path as text that can be written as UTF-8.

    >>> printable("caf\udce9.txt")
    'caf\\xe9.txt'
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")
