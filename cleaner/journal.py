"""What a run has done so far, in a file: when the run is killed, the next one goes on from there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from xxhash import xxh3_128_hexdigest

from cleaner.files import one_line


class Journal:
    r"""Entries of one line each, appended as things get done. What was not written to its end is no entry.

    It is not forced to disk: a killed process loses nothing, and what a power failure damages is known by its checksum.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     journal = Journal(Path(folder, "x"))
    ...     before = list(journal.entries())
    ...     journal.add(b"One")
    ...     journal.close()
    ...     Path(folder, "x").read_bytes()
    b'97dd2ea267676ed1b84e82ae3e369934 One\n'
    """

    def __init__(self, path: Path) -> None:
        """Open the journal at `path`, which may be there.

        Raises:
            WriteError: it cannot be opened.
        """
        self._path = path
        self.at_end = False
        """Whether all earlier entries were read, so that more can be added."""
        with one_line(path):
            path.touch()
            self._file = path.open("r+b")

    def entries(self) -> Iterator[bytes]:
        """Yield the entries of earlier runs, one at a time; then cut off what is none."""
        with one_line(self._path):
            start = 0
            for line in self._file:
                digest, _, entry = line.removesuffix(b"\n").partition(b" ")
                if not line.endswith(b"\n") or digest != _digest(entry):
                    break
                start += len(line)
                yield entry
            self._file.seek(start)
            self._file.truncate()
        self.at_end = True

    def add(self, entry: bytes) -> None:
        """Append an entry: bytes without a line end.

        Raises:
            WriteError: it cannot be written.
        """
        with one_line(self._path):
            self._file.write(_digest(entry) + b" " + entry + b"\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file; it stays."""
        self._file.close()


def _digest(entry: bytes) -> bytes:
    return xxh3_128_hexdigest(entry).encode()
