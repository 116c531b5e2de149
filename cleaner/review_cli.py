"""The command `cleaner review`: proposed rules, accepted, changed or turned down one by one."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cleaner.console import PARTLY, counted, lines, say

if TYPE_CHECKING:
    from cleaner.drafts import Drafts

review_app = typer.Typer()

ASKED = "accept, edit, reject, later, quit"


@review_app.command(epilog="Example: cleaner review site.toml --accept-all")
def review(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="What `cleaner learn --propose` wrote.")],
    *,
    accept_all: Annotated[bool, typer.Option("--accept-all", help="Accept what is left, unseen.")] = False,
) -> None:
    """Look at proposed rules one by one: accept, edit or reject each. Accepted ones work: `cleaner clean ... --rules FILE`.

    Each answer is written at once; the first letter will do. Exit status 3 when rules are left.
    """
    from cleaner.drafts import Drafts

    with lines():
        drafts = Drafts(path)
        waiting = len(drafts.left)
        tally = dict.fromkeys(("accepted", "rejected"), 0)
        later = 0  # rules left behind
        while len(drafts.left) > later:
            at = drafts.left[later]
            if accept_all:
                answer = "a"
            else:
                _show(drafts, at, f"{waiting - len(drafts.left) + later + 1} of {waiting}")
                answer = _answer()
            if answer == "a":
                later += not _accepted(drafts, at, tally)
            elif answer == "r":
                drafts.reject(at)
                tally["rejected"] += 1
            elif answer == "e":
                _edit(drafts, at)
            elif answer == "l":
                later += 1
            else:
                break
        left = len(drafts.left)
        say(f"{path}: {counted(tally['accepted'], 'rule')} accepted, {tally['rejected']} rejected, {left} left")
        raise typer.Exit(PARTLY if left else 0)


def _show(drafts: Drafts, at: int, number: str) -> None:
    """Print a rule, and what is wrong with it."""
    from cleaner.checking import check
    from cleaner.matching import RuleSet
    from cleaner.model import RuleError
    from cleaner.render import rule_lines

    typer.echo(f"\n--- {number}")
    try:
        rule = drafts.rule(at)
    except RuleError as error:
        say(str(error))
        return
    for line in rule_lines(rule):
        typer.echo(line)
    for line in check(RuleSet((rule,))):
        say(line)


def _answer() -> str:
    """Return the first letter of what somebody types; "q" at the end of the input."""
    while True:
        try:
            typed = input(f"{ASKED}? ").strip().lower()
        except EOFError:
            typer.echo()
            return "q"
        if typed and any(word.startswith(typed) for word in ASKED.split(", ")):
            return typed[0]
        say(f"{typed!r}: no answer; expected {ASKED}, or a first letter")


def _accepted(drafts: Drafts, at: int, tally: dict[str, int]) -> bool:
    from cleaner.model import RuleError

    try:
        drafts.accept(at)
    except RuleError as error:
        say(f"{error}: edit or reject it")
        return False
    tally["accepted"] += 1
    return True


def _edit(drafts: Drafts, at: int) -> None:
    """Let somebody change a rule in an editor. What cannot be written is shown, so that it is not lost."""
    from cleaner.model import RuleError, WriteError
    from cleaner.scratch import scratch

    with scratch() as folder:
        file = folder / "rule.toml"
        file.write_text(drafts.text(at), encoding="utf-8")
        try:
            subprocess.run([*_editor(), str(file)], check=True)  # noqa: S603  # the user's own editor
            edited = file.read_text(encoding="utf-8")
            drafts.change(at, edited)
        except WriteError:
            typer.echo(edited)
            raise
        except (subprocess.CalledProcessError, OSError, ValueError, RuleError) as error:
            say(f"{error}; the rule is as it was")


def _editor() -> list[str]:
    """Return the command of the user's editor.

    Raises:
        ValueError: what names it is no command.
    """
    name = next((name for name in ("VISUAL", "EDITOR") if os.environ.get(name)), None)
    if name is None:
        return ["vi"]
    try:
        words = shlex.split(os.environ[name])
    except ValueError as error:
        raise ValueError(f"{name}={os.environ[name]}: {error}; expected the command of an editor") from error
    if not words:
        raise ValueError(f"{name} is blank; expected the command of an editor")
    return words
