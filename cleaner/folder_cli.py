"""The commands on what `cleaner clean` wrote: `restore` and `report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cleaner.console import DIFFERENT, PARTLY, counted, fail, lines, say
from cleaner.options import Originals, PageFile, Verify  # typer looks at them

folder_app = typer.Typer()

_Folder = Annotated[Path, typer.Argument(metavar="DIR", help="What `cleaner clean` wrote.")]


@folder_app.command(epilog="Example: cleaner restore cleaned --out originals")
def restore(
    folder: _Folder,
    *,
    out: Originals = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
    verify: Verify = False,
) -> None:
    """Write the originals again, byte for byte, from bodies and report."""
    from cleaner.originals import restore_folder

    if (out is None) != verify:
        fail(f"restore: {'both' if verify else 'neither'} of --out and --verify; expected one of them")
    with lines():
        restored = restore_folder(folder, out, force=force)
        for line in (*restored.failed, *restored.problems):
            say(line)
        if verify:
            say(f"{folder}: {counted(restored.documents, 'document')} proven")
            raise typer.Exit(DIFFERENT if restored.problems else PARTLY if restored.failed else 0)
        say(f"{out}: {counted(restored.documents, 'document')} restored")
        raise typer.Exit(PARTLY if restored.failed or restored.problems else 0)


@folder_app.command(epilog="Example: cleaner report cleaned --html review.html")
def report(
    folder: _Folder,
    *,
    html: PageFile,
) -> None:
    """Write one HTML page to look at what was cut, and why. It holds all it needs, and asks nothing of a network."""
    from cleaner.review import write_review

    with lines():
        done = write_review(folder, html)
        for line in done.problems:
            say(line)
        say(f"{html}: {counted(done.documents, 'document')}")
        raise typer.Exit(PARTLY if done.problems else 0)
