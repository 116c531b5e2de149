"""Inputs on other machines: what an address such as `s3://bucket/folder` names is copied to a local folder, and read there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from cleaner.model import CleanerError
from cleaner.sources import is_known, split_glob

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Copy:
    """What an address named, copied."""

    input: str
    """What to read instead: a file, a folder or a glob."""
    folder: Path
    """Where the copies lie, with the folders that they lay in."""
    address: str
    """Where `folder` was copied from."""


def is_remote(given: str) -> bool:
    """Return whether an input is an address, not a path.

    >>> is_remote("s3://bucket/x.jsonl"), is_remote("C:/x.jsonl"), is_remote("a/x.jsonl")
    (True, False, False)
    """
    return _ADDRESS.match(given) is not None


def fetch(address: str, folder: Path) -> Copy:
    """Copy what an address names to a folder: a file, a folder as far as its files are of known suffixes, or what a glob finds.

    Files of other suffixes are there, but empty: they are counted, not read. Hidden ones are not there.

    Args:
        address: As fsspec takes it.
        folder: Where to; not there yet.

    Raises:
        CleanerError: There is nothing, or it cannot be read, or what reads such addresses is not installed.
    """
    if find_spec("fsspec") is None:
        raise CleanerError(f"{address}: needs fsspec; expected it to be installed: pip install fsspec")
    from fsspec import url_to_fs

    try:
        system, path = url_to_fs(address)
        whole = PurePosixPath(path)
        if system.isfile(path):
            base, names, hidden = whole.parent, [whole], set[PurePosixPath]()
            patterns: tuple[str, ...] = (whole.name,)
        else:
            is_folder = system.isdir(path)
            base, patterns = (whole, ()) if is_folder else split_glob(whole)
            found = [path] if is_folder else system.glob(path) if patterns else []
            names = [PurePosixPath(name) for one in found for name in system.find(one)]
            if not (names or is_folder):
                raise FileNotFoundError("no such file or folder")  # noqa: TRY301  # said as all else that is wrong
            shown = {name: _shown(name.relative_to(base)) for name in names}
            names = [name for name in names if not shown[name].name.startswith(".")]
            hidden = {one for one in shown.values() if is_folder and one.name.startswith(".")}
        folder.mkdir(parents=True)
        for one in hidden:  # so that they are counted
            folder.joinpath(one).parent.mkdir(parents=True, exist_ok=True)
            folder.joinpath(one).touch()
        for name in names:
            target = folder / name.relative_to(base)
            target.parent.mkdir(parents=True, exist_ok=True)
            if patterns or is_known(name.name):
                system.get_file(str(name), str(target))
            else:
                target.touch()
        return Copy(str(folder.joinpath(*patterns)), folder, system.unstrip_protocol(str(base)).rstrip("/"))
    except Exception as error:  # what reaches other machines raises exceptions of all kinds
        wrong = " ".join(str(error).split()) or type(error).__name__
        raise CleanerError(f"{address}: {wrong}; expected a file, a folder or a glob that can be read") from error


def _shown(name: PurePosixPath) -> PurePosixPath:
    """Return a path as far as it is not hidden: itself, or the first hidden folder in it."""
    hidden = next((at for at, part in enumerate(name.parts) if part.startswith(".")), len(name.parts))
    return PurePosixPath(*name.parts[: hidden + 1])


def origin(path: Path, copies: Iterable[Copy]) -> str:
    """Return the address that a file was copied from; "" when it is no copy.

    >>> origin(Path("t/0/a/x.txt"), [Copy("t/0", Path("t/0"), "s3://bucket")])
    's3://bucket/a/x.txt'
    """
    for copy in copies:
        if path.is_relative_to(copy.folder):
            return f"{copy.address}/{path.relative_to(copy.folder).as_posix()}"
    return ""
