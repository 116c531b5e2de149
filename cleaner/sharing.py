"""Hand a value with large arrays to other processes: through a file that they map into their memory, not through a pipe.

The arrays are there once, however many processes read them.
"""

from __future__ import annotations

import io
import mmap
import pickle
from pathlib import Path
from typing import Any

import numpy as np

ALIGNED = 64
"""Bytes: where an array starts, so that the processor reads it fast."""


class _Pickler(pickle.Pickler):
    """Leaves arrays to the buffers: those too that do not lie in one piece, which pickle would copy into its stream."""

    def reducer_override(self, value: Any) -> Any:
        """Return how to make a value again, NotImplemented for as usual."""
        if isinstance(value, np.ndarray) and not value.flags.forc:
            return np.ascontiguousarray(value).__reduce_ex__(5)
        return NotImplemented


def share(value: Any, path: Path) -> Path:
    """Write a value that pickles to a file, and return where."""
    buffers: list[pickle.PickleBuffer] = []
    head = io.BytesIO()
    _Pickler(head, protocol=5, buffer_callback=buffers.append).dump(value)
    parts = [head.getbuffer(), *(buffer.raw() for buffer in buffers)]
    sizes = [part.nbytes for part in parts]
    with path.open("wb") as file:
        file.write(len(sizes).to_bytes(8, "little") + b"".join(size.to_bytes(8, "little") for size in sizes))
        for data in parts:
            file.write(bytes(-file.tell() % ALIGNED))
            file.write(data)
    return path


def shared(path: Path) -> Any:
    """Return the value that `share` wrote: its arrays are the file's, and cannot be written to.

    The file must be one that this program wrote: reading it runs what it says.

    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = shared(share({"a": np.arange(3)}, Path(folder, "x")))
    >>> found["a"].tolist(), found["a"].flags.writeable
    ([0, 1, 2], False)
    """
    with path.open("rb") as file:
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    count = int.from_bytes(data[:8], "little")
    at, parts = 8 * (count + 1), []
    for number in range(count):
        size = int.from_bytes(data[8 * (number + 1) : 8 * (number + 2)], "little")
        at += -at % ALIGNED
        parts.append(data[at : at + size])
        at += size
    return pickle.loads(parts[0], buffers=parts[1:])  # noqa: S301  # see above
