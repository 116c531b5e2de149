"""Executors of a Spark cluster: values sent to them, and work that they do in order, as the processes of one machine do.

Each machine needs this package. Values go through files that each executor fetches once and maps (`cleaner.sharing`).
"""

from __future__ import annotations

import atexit
import os
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache, lru_cache, partial
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from cleaner.model import CleanerError
from cleaner.scratch import scratch
from cleaner.sharing import share, shared
from cleaner.spill import keep, release
from cleaner.workers import Workers, undisturbed

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_In = TypeVar("_In")
_Out = TypeVar("_Out")

KEPT = 2**27
"""Bytes of what was sent that stay in the memory of an executor's process: containers are killed for such, too."""

AHEAD = 2
"""Jobs under way beside the one that is waited for: while its last task runs, others keep the executors busy."""


class Executors(Workers):
    """The executors of a cluster: a context manager, used as `Workers` are. This process reads, hands out work and writes."""

    def __init__(self, master: str, memory: int | None = None) -> None:
        """Prepare for work.

        Args:
            master: URL of the cluster, as Spark takes it.
            memory: bytes for this process; by default a quarter of the machine's.

        Raises:
            CleanerError: it needs more.
            CleanerError: pyspark is not installed.
        """
        super().__init__(1, memory)
        self._batch = super().batch
        self._master = master
        self._session: SparkSession | None = None
        require()

    apart = True

    @property
    def batch(self) -> int:
        """How many bytes of text are worked on at a time."""
        return self._batch

    def __enter__(self) -> Self:
        """Start with the cluster.

        Raises:
            CleanerError: there is no Java, or no such cluster.
        """
        with told(self._master):
            self._session = _started(self._master)
        self.processes = max(2, self._session.sparkContext.defaultParallelism)
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the cluster."""
        try:
            if self._session is not None:
                self._session.stop()
        finally:
            self._session = None
            super().__exit__(kind, error, trace)

    def in_order(self, work: Callable[[_In], _Out], batches: Iterable[_In]) -> Iterator[tuple[_In, _Out]]:
        """Yield each batch and `work(batch)`, in order, keeping only a few jobs under way, each of a batch for every core.

        Raises:
            CleanerError: the work could not be done, however often Spark tried.
        """
        if self._session is None:
            raise CleanerError("Executors: not started; expected `with Executors(url) as workers:`")
        context = self._session.sparkContext
        task = partial(_done, send(self._session, work))
        waiting: deque[tuple[list[_In], Future[list[_Out]]]] = deque()

        def asked(several: list[_In]) -> list[_Out]:
            found: list[_Out] = context.parallelize(several, len(several)).map(task).collect()
            return found

        with told(self._master), ThreadPoolExecutor(1 + AHEAD) as pool:
            try:
                rest = iter(batches)
                while several := list(islice(rest, self.processes)):
                    waiting.append((several, pool.submit(asked, several)))
                    if len(waiting) > AHEAD:
                        given, future = waiting.popleft()
                        yield from zip(given, future.result(), strict=True)
                while waiting:
                    given, future = waiting.popleft()
                    yield from zip(given, future.result(), strict=True)
            except BaseException:  # it is not asked for more, a job failed, a signal came
                context.cancelAllJobs()
                raise
            finally:
                for _, future in waiting:
                    future.cancel()


def require() -> None:
    """Make sure that pyspark and pyarrow are there.

    Raises:
        CleanerError: one is not.
    """
    try:
        import pyspark  # noqa: F401, I001
        import pyarrow as pa  # noqa: F401
    except ImportError as error:
        raise CleanerError(f"Spark: {error.name} is not installed; pip install 'document-cleaner[spark]'") from error


@contextmanager
def told(where: str) -> Iterator[None]:
    """Raise what Spark raises within the block as one line.

    Raises:
        CleanerError: Spark failed.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError) as error:
        words = " ".join(str(error).split())
        if "JAVA_GATEWAY_EXITED" in words:
            raise CleanerError(f"{where}: Java did not start; expected `java` 17 or newer on the PATH") from error
        said = [line.strip() for line in str(error).splitlines() if line.strip()]
        last = next((line for line in reversed(said) if _raised(line)), said[0] if said else type(error).__name__)
        raise CleanerError(f"{where}: Spark failed: {last}") from error


def _raised(line: str) -> bool:
    """Whether a line of a traceback says what was raised, in Python."""
    name, _, _ = line.partition(": ")
    return name.endswith("Error") and " " not in name and not name.startswith(("org.", "java."))


def _started(master: str) -> SparkSession:
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else any `python3`, which need not have this package
    builder = (
        SparkSession.builder.master(master)
        .appName("cleaner")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.log.level", "ERROR")
    )
    session: SparkSession = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


@cache
def folder() -> Path:
    """Return a temporary folder for what executors fetch: they may come later, so it goes when this process ends."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(scratch())


def send(session: SparkSession, value: Any) -> str:
    """Write a value that pickles to a file that executors fetch, and return the name by which they get it: see `received`."""
    number, name = tempfile.mkstemp(dir=folder(), prefix="sent-")
    os.close(number)
    share(value, Path(name), whole=True)
    release()
    session.sparkContext.addFile(name)
    return Path(name).name


@lru_cache(maxsize=4)
def received(name: str) -> Any:
    """Return a value that was sent, on an executor: mapped, once for each of its processes."""
    from pyspark import SparkFiles

    keep(KEPT)
    return shared(Path(SparkFiles.get(name)))


def _done(name: str, batch: Any) -> Any:
    return undisturbed(received(name), batch)
