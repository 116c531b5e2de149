"""Hand a value with large arrays to other processes: through a file that they map into their memory, not through a pipe.

The arrays are there once, however many processes read them.
"""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from cleaner.spill import mapped, place_of, view_of

ALIGNED = 64
"""Bytes: where an array starts, so that the processor reads it fast."""


class _Pickler(pickle.Pickler):
    """Leaves arrays to the buffers: those too that do not lie in one piece, which pickle would copy into its stream.

    Of those that are mapped from a file already, it only says where, unless all is to be in one file.
    """

    whole = False

    def reducer_override(self, value: Any) -> Any:
        """Return how to make a value again, NotImplemented for as usual."""
        if not isinstance(value, np.ndarray):
            return NotImplemented
        if not self.whole and (place := place_of(value)):
            return view_of, (place, value.dtype, value.shape)
        return NotImplemented if value.flags.forc else np.ascontiguousarray(value).__reduce_ex__(5)


def share(value: Any, path: Path, *, whole: bool = False) -> Path:
    """Write a value that pickles to a file, and return where.

    Args:
        value: what to write.
        path: where to.
        whole: whether arrays that are mapped from another file go into this one, too: for machines that have not the other.
    """
    buffers: list[pickle.PickleBuffer] = []
    head = io.BytesIO()
    pickler = _Pickler(head, protocol=5, buffer_callback=buffers.append)
    pickler.whole = whole
    pickler.dump(value)
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
    data = memoryview(mapped(path))
    count = int.from_bytes(data[:8], "little")
    at, parts = 8 * (count + 1), []
    for number in range(count):
        size = int.from_bytes(data[8 * (number + 1) : 8 * (number + 2)], "little")
        at += -at % ALIGNED
        parts.append(data[at : at + size])
        at += size
    return pickle.loads(parts[0], buffers=parts[1:])  # noqa: S301  # see above
