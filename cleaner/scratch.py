"""Temporary folders that go with their block, and when their process was killed, with the next one that makes some."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

fcntl: Any = import_module("fcntl") if os.name == "posix" else None
"""Elsewhere, what a killed process leaves stays."""

_PREFIX = "cleaner-"

_OWNED = ".cleaner-owned"
"""A file of the folder, which its process has locked for as long as it lives. Others do not inherit the lock."""


def lock(opened: int) -> bool:
    """Lock an open file, or folder, for as long as it is open; return False when another process has.

    >>> with tempfile.TemporaryFile() as file:
    ...     lock(file.fileno())
    True
    """
    if fcntl is not None:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            return True
    return True


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a temporary folder that goes with the block, having removed those whose process was killed.

    >>> with scratch() as folder:
    ...     folder.is_dir()
    True
    >>> folder.exists()
    False
    """
    parent = Path(tempfile.gettempdir())
    _sweep(parent)
    own = parent / f"{_PREFIX}{secrets.token_hex(8)}"  # known before it is made: a signal may come in between
    try:
        own.mkdir(mode=0o700)
        new = own / f"{_OWNED}.new"
        with new.open("wb") as file:
            if fcntl is not None:
                with suppress(OSError):  # a file system without locks
                    fcntl.flock(file, fcntl.LOCK_EX)
                    new.rename(own / _OWNED)  # only now: who finds it can tell whether it is locked
            folder = own / "files"
            folder.mkdir()
            yield folder
    finally:
        _gone(own)


def _gone(folder: Path) -> None:
    """Remove a folder, also when a signal comes meanwhile."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def remove(folder: Path) -> None:
    """Remove a folder that `scratch` yielded, in another process than its own.

    >>> remove(Path("no-such-folder/files"))
    """
    shutil.rmtree(folder.parent, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Remove this user's folders in which nobody holds the lock."""
    if fcntl is None:
        return
    for owned in parent.glob(f"{_PREFIX}*/{_OWNED}"):
        with suppress(OSError):
            found = owned.parent.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
                continue
            with owned.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(owned.parent, ignore_errors=True)
