"""The command `cleaner rules`: look at the rule packs, and try them."""

from __future__ import annotations

import typer

from cleaner.console import DIFFERENT, counted, fail, lines, say
from cleaner.options import ReportFolder, RuleId, Rules

rules_app = typer.Typer(
    no_args_is_help=True,
    help="Look at the rule packs, and run their own examples.",
    epilog="Example: cleaner rules show related/you-may-also-like",
)


@rules_app.command("list", epilog="Example: cleaner rules list")
def list_rules(*, rules: Rules = None) -> None:
    """List the rules: id, effect, languages. Optional packs, which are off, are named on standard error."""
    from cleaner.rules import load_rules, optional_packs

    with lines():
        for rule in load_rules(rules or []).rules:
            typer.echo(f"{rule.full_id:45s} {rule.effect:5s} {' '.join(rule.langs)}")
        for name in optional_packs():
            say(f"optional pack {name}: off unless --rules {name}")


@rules_app.command("show", epilog="Example: cleaner rules show related/you-may-also-like")
def show_rule(
    name: RuleId,
    *,
    rules: Rules = None,
    report: ReportFolder = None,
) -> None:
    """Show one rule: why it is there, what it looks for, its examples; with --report, what it did there."""
    from difflib import get_close_matches

    from cleaner.output import REPORT, rows
    from cleaner.render import rule_lines
    from cleaner.rules import load_rules
    from cleaner.survey import Fired, fired

    with lines():
        known = {rule.full_id: rule for rule in load_rules(rules or []).rules}
        if name not in known:
            near = ", ".join(get_close_matches(name, known, cutoff=0.8))
            like = f", such as {near}" if near else ""
            fail(f"rules show: no rule {name!r}; expected one that `cleaner rules list` names{like}")
        done = fired(rows(report / REPORT)).get(name, Fired(0, 0, ())) if report else None
        for line in rule_lines(known[name], done):
            typer.echo(line)


@rules_app.command("test", epilog="Example: cleaner rules test")
def try_rules(*, rules: Rules = None, report: ReportFolder = None) -> None:
    """Run every rule on its own examples and on ordinary prose. Exit status 1 when one is wrong.

    Rules that are never exercised are named on standard error: their examples are hit by others, too; with --report, they
    cut nothing there.
    """
    from cleaner.checking import check, idle
    from cleaner.output import REPORT, rows
    from cleaner.rules import load_rules
    from cleaner.survey import fired

    with lines():
        loaded = load_rules(rules or [])
        problems = check(loaded)
        for line in problems:
            typer.echo(line)
        never = idle(loaded, fired(rows(report / REPORT)) if report else None)
        for line in never:
            say(line)
        say(f"{counted(len(loaded.rules), 'rule')}, {counted(len(problems), 'problem')}, {len(never)} never exercised")
        raise typer.Exit(DIFFERENT if problems else 0)
