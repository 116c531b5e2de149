"""Work done in order, on one process or on several that last as long as a block does.

Results never depend on the number of workers: batches go out and come back in the order of the input.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from itertools import count
from multiprocessing import get_context, parent_process
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from cleaner.model import CleanerError
from cleaner.sharing import share, shared

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class Workers:
    """So many processes, a context manager; one process is this one. They start with the first work, and do one after the other.

    >>> with Workers(1) as workers:
    ...     list(workers.in_order(len, ["a", "bc"]))
    [('a', 1), ('bc', 2)]
    """

    def __init__(self, processes: int = 1) -> None:
        self.processes = processes
        self._opened = ExitStack()
        self._pool: ProcessPoolExecutor | None = None
        self._files: Iterator[Path] = iter(())  # where to write what is to be done next

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes."""
        self._opened.close()
        self._pool = None

    def in_order(self, work: Callable[[_In], _Out], batches: Iterable[_In]) -> Iterator[tuple[_In, _Out]]:
        """Yield each batch and `work(batch)`, in order, keeping only a few batches under way.

        Args:
            work: what pickles. It is sent to each process once, through a file (`cleaner.sharing`).
            batches: what pickles, too.

        Raises:
            CleanerError: a process was killed.
        """
        if self.processes <= 1:
            yield from ((batch, _undisturbed(work, batch)) for batch in batches)
            return
        pool = self._started()
        task = share(work, next(self._files))
        waiting: deque[tuple[_In, Future[_Out]]] = deque()
        try:
            for batch in batches:
                waiting.append((batch, pool.submit(_run, task, batch)))
                if len(waiting) > 2 * self.processes:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        except BrokenProcessPool as error:
            raise CleanerError("a worker process was killed; expected more memory, or fewer with --jobs") from error
        finally:
            for _, future in waiting:
                future.cancel()

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            folder = Path(self._opened.enter_context(tempfile.TemporaryDirectory(prefix="cleaner-")))
            self._files = (folder / str(number) for number in count())
            # Spawned, not forked: it is the same on every platform, and safe beside threads.
            pool = ProcessPoolExecutor(self.processes, get_context("spawn"), _prepare, (folder,))
            self._pool = self._opened.enter_context(pool)
        return self._pool


def _undisturbed(work: Callable[[_In], _Out], batch: _In) -> _Out:
    """Return `work(batch)`, with garbage collected after it: looking for it in between takes a tenth of the time and finds none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        return work(batch)
    finally:
        if was_on:
            gc.enable()


_last: tuple[Path, Callable[[Any], Any]] | None = None
"""What a worker process did last: most often it does the same again."""


def _prepare(folder: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's to handle: it reaches the whole group
    threading.Thread(target=_end_with_parent, args=(folder,), daemon=True).start()


def _end_with_parent(folder: Path) -> None:
    """End this worker when its parent is killed: nobody else would tell it, nor remove what the parent wrote."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)


def _run(task: Path, batch: Any) -> Any:
    global _last  # noqa: PLW0603  # a worker process has no other place for it
    if _last is None or _last[0] != task:
        _last = task, shared(task)
    return _undisturbed(_last[1], batch)
