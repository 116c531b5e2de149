"""What the commands share: words go to standard error, an error is one line and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from cleaner.model import CleanerError

DIFFERENT, WRONG, PARTLY = 1, 2, 3
"""Exit statuses: `check` or `rules test` found something; usage or input error; some documents failed or were held."""


def say(line: str) -> None:
    """Print a line on standard error."""
    from cleaner.render import one_line

    typer.echo(f"cleaner: {one_line(line)}", err=True)


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
        # Whoever read our output has gone. Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(WRONG) from None
    except OSError as error:
        fail(f"{error.filename or 'cleaner'}: {error.strerror or error}; expected files that can be read and written")
    except KeyboardInterrupt:
        say("interrupted")
        raise typer.Exit(130) from None
