"""What the commands share: words go to standard error, an error is one line and an exit status."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer

from cleaner.model import CleanerError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cleaner.sources import Source
    from cleaner.survey import Cut

_Result = TypeVar("_Result")

DIFFERENT, WRONG, PARTLY = 1, 2, 3
"""Exit statuses: `check` or `rules test` found something; usage or input error; some documents failed or were held."""

UNHEARD = 141
"""Exit status when whoever read our output has gone: that of a program which SIGPIPE ended, as `head` does to most."""


class Stopped(BaseException):
    """A signal asks us to stop: raised where the program is, so that all it has open is tidied up on the way out."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
        self.status = 128 + number
        self.line = f"stopped by {signal.Signals(number).name}"


LATER = 0.01
"""Seconds after which a signal comes again that came where nothing can be raised."""


def heed_signals() -> None:
    """Raise `Stopped` at the first signal that asks to; the tidying up is not disturbed by others.

    Not in the midst of an import, which would make an ImportError of it, and some libraries do without what they cannot import;
    nor while garbage is collected, where Python says that it is ignored: there, it comes again.
    """
    known = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    asked = [number for number in known if signal.getsignal(number) != signal.SIG_IGN]  # nohup
    usual, waits = sys.unraisablehook, hasattr(signal, "setitimer")
    waiting = 0

    def handle(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
        for number in asked:
            signal.signal(number, handler)

    def later(number: int) -> None:
        nonlocal waiting
        waiting = number
        signal.signal(signal.SIGALRM, lambda _, frame: stop(waiting, frame))
        signal.setitimer(signal.ITIMER_REAL, LATER)

    def stop(number: int, frame: FrameType | None) -> None:
        if waits and _importing(frame):
            return later(number)
        handle(signal.SIG_IGN)
        raise Stopped(number)

    def lost(found: sys.UnraisableHookArgs) -> None:
        if waits and isinstance(found.exc_value, Stopped):
            handle(stop)
            later(found.exc_value.number)
        else:
            usual(found)

    handle(stop)
    sys.unraisablehook = lost


def _importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


@contextmanager
def heard() -> Iterator[None]:
    """Exit in silence when whoever reads our output has gone, and with a line when it cannot be written."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # the shell closed it
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # as long as this lives
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _unheard()
        sys.exit(UNHEARD)
    except OSError as error:
        say(_of(error))
        _unheard()
        sys.exit(WRONG)


def _unheard() -> None:
    """Write to nowhere from now on: Python would complain again when it flushes at exit."""
    for stream in (sys.stdout, sys.stderr):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _of(error: OSError) -> str:
    what = error.filename or "standard output"
    return f"{what}: {error.strerror or error}; expected files that can be read and written"


def say(line: str) -> None:
    """Print a line on standard error."""
    from cleaner.render import one_line

    typer.echo(f"cleaner: {one_line(line)}", err=True)


def counted(number: int, noun: str) -> str:
    """Return a number of things.

    >>> counted(1, "document"), counted(0, "document")
    ('1 document', '0 documents')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def usage(error: Any) -> str:
    """Return what is wrong with a command's words, and what comes near to the wrong one, in one line.

    Args:
        error: What typer raised for it.
    """
    called = error.ctx.command_path if error.ctx else "cleaner"
    wrong, *near = _NEAR.split(error.format_message().replace("Value error, ", ""))
    expected = "".join(f"{one.rstrip('?).')}, or " for one in near[:1])  # typer and what it is built on may both say it
    command = called.partition(" ")[2]
    where = f"{command}: " if command else ""
    return f"{where}{wrong.rstrip('.')}; expected {expected}usage as `{called} --help` says"


_NEAR = re.compile(r"[.?]? \(?(?:Did you mean|Possible options:) ")
"""Where typer goes on with what may be meant."""


def fail(line: str) -> NoReturn:
    """Print what is wrong, and exit."""
    say(line)
    raise typer.Exit(WRONG)


@contextmanager
def lines() -> Iterator[None]:
    """Turn an error into one line and an exit status."""
    try:
        yield
    except CleanerError as error:
        fail(str(error))
    except BrokenPipeError:
        _unheard()
        raise typer.Exit(UNHEARD) from None
    except OSError as error:
        fail(_of(error))


def watched(what: str, sources: Sequence[Source], work: Callable[[Callable[[int], None] | None], _Result]) -> _Result:
    """Do long work on sources, with its progress on the terminal when there is one."""
    if not sys.stderr.isatty():
        return work(None)
    from rich import progress as bars
    from rich.console import Console

    from cleaner.sources import bytes_in

    columns = (
        *(bars.TextColumn("{task.description}"), bars.BarColumn(None), bars.TaskProgressColumn()),
        *(bars.TransferSpeedColumn(), bars.TimeRemainingColumn(), bars.TextColumn("left")),
        *(bars.TimeElapsedColumn(), bars.TextColumn("so far")),
    )
    with bars.Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=bytes_in(sources))
        return work(lambda size: progress.advance(task, size))


def print_parts(parts: Callable[[int], Iterable[RenderableType]]) -> None:
    """Print on the terminal, one after another, the parts that suit its width."""
    from rich.console import Console

    console = Console()
    for part in parts(console.width):
        console.print(part)


def print_summary(summary: dict[str, Any], riskiest: Sequence[Cut] = ()) -> None:
    """Print what `summary.json` holds, in words, and what cuts there are to look at first."""
    from rich.console import Console

    from cleaner.render import cuts_table, summary_table

    console = Console(stderr=True, width=None if sys.stderr.isatty() else 100)
    for part in summary_table(summary):
        console.print(part)
    if riskiest:
        console.print(cuts_table(riskiest))
