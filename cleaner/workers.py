"""Work done in order, on one process or on several that last as long as a block does.

Results never depend on the number of workers: batches go out and come back in the order of the input.
"""

from __future__ import annotations

import gc
import os
import pickle
import re
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from decimal import Decimal
from itertools import count
from multiprocessing import Pipe, get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from multiprocessing.util import Finalize
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeVar

from cleaner.model import CleanerError
from cleaner.scratch import remove, scratch
from cleaner.sharing import share, shared
from cleaner.spill import ALL, Space, keep, release

_In = TypeVar("_In")
_Out = TypeVar("_Out")


BASE = 170_000_000
"""Bytes that a process takes before it has work: the interpreter, libraries, rules, weights, and what it remembers of lines."""

LEAST = 100_000_000
"""Bytes to work in, beside that, at the least."""

BATCH = 1_000_000
"""Bytes of text in a batch of documents: a second of work or less, and little to hold."""

WORK = 300
"""Bytes that it takes to work on one byte of text: its columns, and what is looked up for it in mapped files."""


def total_memory() -> int:
    """Return how many bytes of memory this machine has, or this container (cgroup v2) may use; 4 GB where nobody tells."""
    try:
        found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 4_000_000_000
    limit = Path("/sys/fs/cgroup/memory.max")
    allowed = limit.read_text(encoding="ascii").strip() if limit.is_file() else "max"
    return min(found, int(allowed)) if allowed.isdecimal() else found


def bytes_of(words: str) -> int:
    """Return a number of bytes that a person said.

    Raises:
        CleanerError: it is none.

    >>> bytes_of("700MB"), bytes_of("1.5 GiB"), bytes_of("2g")
    (700000000, 1610612736, 2000000000)
    """
    said = _SIZE.fullmatch(words.strip().lower())
    if not said:
        raise CleanerError(f"memory {words!r}: no size; expected such as 700MB or 2GB")
    number, unit, binary = said.groups()
    return int(Decimal(number) * (1024 if binary else 1000) ** " kmgt".index(unit or " "))


_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([kmgt])?(i)?b?")


def in_words(size: int) -> str:
    """Return a number of bytes as a person says it.

    >>> in_words(440_000_000)
    '440 MB'
    """
    return f"{-(-size // 1_000_000)} MB"


class Workers:
    """So many processes, in so much memory: a context manager; one process is this one. They start with the first work.

    >>> with Workers(1) as workers:
    ...     list(workers.in_order(len, ["a", "bc"]))
    [('a', 1), ('bc', 2)]
    """

    def __init__(self, processes: int = 1, memory: int | None = None) -> None:
        """Prepare for work.

        Args:
            processes: how many; with several, the one that asks only hands out work.
            memory: bytes for all of them; by default a quarter of the machine's, and as much as they need.

        Raises:
            CleanerError: so many processes need more than `memory`.
        """
        least = BASE * (processes + (processes > 1)) + LEAST
        memory = max(least, total_memory() // 4) if memory is None else memory
        if memory < least:
            many = f"{processes} processes" if processes > 1 else "a process"
            raise CleanerError(f"memory of {memory:,} bytes for {many}; expected at least {in_words(least)}")
        self.processes = processes
        self._spare = memory - least + LEAST
        self._opened = ExitStack()
        self._folder: Path | None = None
        self._pool: _Pool | None = None
        self._names = count()  # of files with what is to be done

    apart = False
    """Whether the work is done where the files of this machine cannot be read."""

    @property
    def space(self) -> Space:
        """Where large arrays go: into a temporary folder, or into memory before the block and after it."""
        return Space(self._folder, self._spare // 2)

    @property
    def _share(self) -> int:
        """How many bytes of mapped files may stay in the memory of each process."""
        return self._spare // (self.processes + 1)

    @property
    def batch(self) -> int:
        """How many bytes of text are worked on at a time."""
        return min(BATCH, max(BATCH // 16, self._spare // self.processes // WORK))

    def __enter__(self) -> Self:
        """Make the temporary folder."""
        keep(self._share)
        self._folder = self._opened.enter_context(scratch())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes."""
        self._opened.close()
        self._pool = self._folder = None
        keep(ALL)

    def in_order(self, work: Callable[[_In], _Out], batches: Iterable[_In]) -> Iterator[tuple[_In, _Out]]:
        """Yield each batch and `work(batch)`, in order, keeping only a few batches under way.

        Args:
            work: what pickles. It is sent to each process once, through a file (`cleaner.sharing`).
            batches: what pickles, too.

        Raises:
            CleanerError: a process was killed.
        """
        if self.processes <= 1:
            yield from ((batch, undisturbed(work, batch)) for batch in batches)
            return
        if self._folder is None:
            raise CleanerError("Workers: not started; expected `with Workers(n) as workers:`")
        pool = self._started(self._folder)
        task = share(work, self._folder / f"work-{next(self._names)}")
        release()
        waiting: deque[tuple[_In, Future[_Out]]] = deque()
        try:
            for batch in batches:
                waiting.append((batch, pool.submit(task, batch)))
                if len(waiting) > 2 * self.processes:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        finally:
            for _, future in waiting:
                future.cancel()

    def _started(self, folder: Path) -> _Pool:
        if self._pool is None:
            self._pool = _Pool()
            self._opened.callback(self._pool.close)
            self._pool.start(self.processes, folder, self._share)
        return self._pool


class _Pool:
    """Processes, and a thread for each that waits for its answers.

    Not concurrent.futures' own: that feeds its processes through a thread, which waits for ever when they die at the wrong
    moment, and can neither be left early nor end them. Here a dead process is a closed pipe, for whoever reads or writes it.
    """

    def __init__(self) -> None:
        self._processes: list[Any] = []
        self._idle: SimpleQueue[Connection[Any, Any]] = SimpleQueue()
        self._threads: ThreadPoolExecutor | None = None
        self._starting: Future[None] | None = None
        Finalize(self, _end, (self._processes,), exitpriority=1)  # else this process would wait for them when it ends

    def start(self, processes: int, folder: Path, share_: int) -> None:
        """Start the processes: spawned, not forked, as it is the same on every platform, and safe beside threads.

        It is done in a thread: signals are raised in the main one, where they would leave a process that has not been told what
        to do.
        """
        self._threads = ThreadPoolExecutor(processes)
        self._starting = self._threads.submit(self._start, processes, folder, share_)
        self._starting.result()

    def _start(self, processes: int, folder: Path, share_: int) -> None:
        for _ in range(processes):
            ours, theirs = Pipe()
            process = get_context("spawn").Process(target=_serve, args=(theirs, folder, share_), daemon=True)
            with _deaf():
                process.start()
            self._processes.append(process)
            theirs.close()  # else the pipe would stay open when the process dies
            self._idle.put(ours)

    def submit(self, task: Path, batch: Any) -> Future[Any]:
        """Have the task done on a batch as soon as a process is free."""
        assert self._threads is not None  # noqa: S101  # it was started
        return self._threads.submit(self._ask, task, batch)

    def _ask(self, task: Path, batch: Any) -> Any:
        worker = self._idle.get()
        try:
            worker.send((task, batch))
            answer, error, trace = worker.recv()
        except (EOFError, OSError) as dead:
            raise CleanerError("a worker process was killed; expected more memory, or fewer with --jobs") from dead
        finally:
            self._idle.put(worker)
        if error is not None:
            raise error from RuntimeError(f"in a worker process:\n{trace}")
        return answer

    def close(self) -> None:
        """End the processes, whatever they do: they hold nothing that is not to be thrown away."""
        if self._starting is not None and not self._starting.cancel():
            self._starting.exception()  # when they are there
        _end(self._processes)
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)


def _end(processes: Iterable[Any]) -> None:
    for process in processes:
        process.kill()
        process.join()


@contextmanager
def _deaf() -> Iterator[None]:
    """Start processes in this block that SIGINT, SIGTERM, SIGHUP and SIGALRM do not reach, from their first instruction on.

    What a terminal or a shell sends reaches the whole group: the parent alone reacts, and ends them. The last is one of these that
    comes later: see `console`.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # it would be started in the block, and undo the mask
    deaf_to = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, deaf_to)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def undisturbed(work: Callable[[_In], _Out], batch: _In) -> _Out:
    """Return `work(batch)`, with garbage collected after it: looking for it in between takes a tenth of the time and finds none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        return work(batch)
    finally:
        release()
        if was_on:
            gc.enable()


_last: tuple[Path, Callable[[Any], Any]] | None = None
"""What a worker process did last: most often it does the same again."""


def _serve(parent: Connection[Any, Any], folder: Path, share_: int) -> None:
    """Do what the parent asks for, in a worker process."""
    keep(share_)
    threading.Thread(target=_end_with_parent, args=(folder,), daemon=True).start()
    with suppress(EOFError, OSError):  # until the parent has gone
        while True:
            task, batch = parent.recv()
            answer: tuple[Any, Exception | None, str]
            try:
                answer = _run(task, batch), None, ""
            except Exception as error:  # noqa: BLE001  # the parent raises it
                answer = None, error, traceback.format_exc()
            parent.send_bytes(_pickled(answer))


def _pickled(answer: tuple[Any, Exception | None, str]) -> bytes:
    """Return an answer as the parent can read it: what does not pickle there and back is told as an error."""
    try:
        data = bytes(ForkingPickler.dumps(answer))
        if answer[1] is not None:
            pickle.loads(data)  # noqa: S301  # our own
    except Exception as error:  # noqa: BLE001  # the parent raises it
        told = answer[1] or error
        data = bytes(
            ForkingPickler.dumps((None, CleanerError(f"{type(told).__name__}: {told}"), traceback.format_exc()))
        )
    return data


def _end_with_parent(folder: Path) -> None:
    """End this worker when its parent is killed: nobody else would tell it, nor remove what the parent wrote."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        remove(folder)
        os._exit(1)


def _run(task: Path, batch: Any) -> Any:
    global _last  # noqa: PLW0603  # a worker process has no other place for it
    if _last is None or _last[0] != task:
        _last = task, shared(task)
    return undisturbed(_last[1], batch)
