"""The `cleaner` command: parse, call, print, exit status. Imports what a command needs only when it runs."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from cleaner.console import (
    DIFFERENT,
    PARTLY,
    WRONG,
    Stopped,
    counted,
    fail,
    heard,
    heed_signals,
    lines,
    print_summary,
    say,
    usage,
    watched,
)
from cleaner.explain_cli import explain_app
from cleaner.folder_cli import folder_app
from cleaner.options import (  # typer looks at them
    EngineName,
    Format,
    Formatting,
    Goldens,
    GroupField,
    IdField,
    IndexFile,
    Inputs,
    Jobs,
    KeepHtml,
    Master,
    Memory,
    OutFile,
    OutFolder,
    PolicyName,
    Proposals,
    Rules,
    Tables,
    TextField,
)
from cleaner.review_cli import review_app
from cleaner.rules_cli import rules_app

if TYPE_CHECKING:
    from cleaner.chunks import Fields
    from cleaner.index import Index
    from cleaner.matching import RuleSet
    from cleaner.pipeline import Cleaner
    from cleaner.policy import Preset
    from cleaner.runs import Job
    from cleaner.sources import Source
    from cleaner.workers import Workers

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Strip recurring boilerplate (trailers, related-story boxes, share bars, footers) from documents, and prove "
    "every cut.",
    epilog="Example: cleaner clean seeds --dry-run. Exit status: 0 fine, 1 a difference found, 2 usage or input error, 3 some documents failed or were held.",
)
app.add_typer(explain_app)
app.add_typer(folder_app)
app.add_typer(review_app)
app.add_typer(rules_app, name="rules")

_UsageError: Any = typer.BadParameter.__mro__[1]
"""What typer raises for a wrong option or a missing argument; it has no public name."""


def main() -> None:
    """Run the command. A usage error is one line, as every other is."""
    status = WRONG
    heed_signals()
    with heard():
        try:
            status = typer.main.get_command(app).main(prog_name="cleaner", standalone_mode=False)
        except Stopped as stopped:
            say(stopped.line)
            status = stopped.status
        except _UsageError as error:
            if type(error).__name__ == "NoArgsIsHelpError":
                error.show()
            else:
                say(usage(error))
    sys.exit(status or 0)


@app.command(epilog="Example: cleaner clean seeds --out cleaned")
def clean(
    inputs: Inputs,
    *,
    out: OutFolder = None,
    index: IndexFile = None,
    rules: Rules = None,
    id_field: IdField = None,
    text_field: TextField = "text",
    group_field: GroupField = None,
    format_: Format = "auto",
    tables: Tables = True,
    formatting: Formatting = False,
    keep_html: KeepHtml = False,
    policy: PolicyName = "balanced",
    jobs: Jobs = None,
    memory: Memory = None,
    engine: EngineName = "local",
    master: Master = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; show what would go, and the riskiest cuts.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that cleaner did not write.")] = False,
) -> None:
    """Cut boilerplate out of documents: bodies, report.jsonl and summary.json go to DIR.

    Without --out, it is a dry run on a terminal; of `-`, the bodies go to standard output. With no --index, cleaner learns from
    INPUT first.
    """
    from cleaner import runs
    from cleaner.output import check_output, kept_index
    from cleaner.policy import POLICIES
    from cleaner.rules import load_rules
    from cleaner.screening import screen
    from cleaner.sources import TABLES

    fields = _fields(text_field, id_field, group_field, tables=tables, formatting=formatting, html=keep_html)
    if keep_html and text_field == "text":
        fail("clean: --keep-html with the HTML in 'text', where the body goes; expected another --text-field")
    only_shown = out is None and "-" not in inputs and not dry_run and sys.stdout.isatty()
    with lines(), _job(inputs, format_, fields, _workers(engine, master, jobs, memory)) as job:
        if out is not None:
            check_output(out, job.found, force=force)
        elif not (dry_run or only_shown or inputs == ["-"]):
            fail("clean: no --out; expected --out DIR, --dry-run, or - as the only INPUT")
        screen(job.found.sources, fields)
        packs = load_rules(rules or [])  # first: a broken rule is found before the long work
        key = runs.key_of(job, states := runs.states(job), packs, POLICIES[policy], index)
        kept = kept_index(out, key) if out is not None else None
        cleaner = _cleaner(job, index or kept, packs, policy)
        if dry_run or only_shown:
            result = watched("cleaning", job.found.sources, lambda watch: runs.to_nowhere(cleaner, job, watch))
        elif out is not None:
            result = watched(
                "cleaning",
                job.found.sources,
                lambda watch: runs.to_folder(cleaner, job, out, watch, key=key, learnt=not (index or kept)),
            )
        elif job.found.sources[0].format in TABLES:
            fail("clean: Parquet, which is not written as it streams by; expected --out DIR")
        elif sys.stdout.isatty():
            result = runs.to_stream(cleaner, job, sys.stdout.buffer)
        else:
            bodies = sys.stdout.buffer
            result = watched("cleaning", job.found.sources, lambda watch: runs.to_stream(cleaner, job, bodies, watch))
        print_summary(result.summary, result.riskiest)
        changed = runs.changed(states, job)
        for line in (*result.problems, *changed[: runs.PROBLEMS]):
            say(line)
        if only_shown:
            say("nothing was written; --out DIR writes the bodies, and the report of what was cut")
        _leave(job, result.summary["documents"]["failed"], result.summary["documents"]["held"], len(changed))


@app.command(epilog="Example: cleaner learn seeds --out seeds.idx --propose site.toml")
def learn(
    inputs: Annotated[
        list[str] | None, typer.Argument(metavar="INPUT", help="As for clean; may be none with --add.")
    ] = None,
    *,
    out: OutFile = None,
    propose: Proposals = None,
    add: Annotated[list[Path] | None, typer.Option("--add", metavar="FILE", help="An index to merge in.")] = None,
    id_field: IdField = None,
    text_field: TextField = "text",
    group_field: GroupField = None,
    format_: Format = "auto",
    tables: Tables = True,
    formatting: Formatting = False,
    jobs: Jobs = None,
    memory: Memory = None,
    engine: EngineName = "local",
    master: Master = None,
) -> None:
    """Save what a corpus repeats, to clean other documents by it; merge saved indexes; propose rules that need no index."""
    from dataclasses import replace

    from cleaner.drafts import check_free
    from cleaner.frequency import Frequencies, derived
    from cleaner.index import merge
    from cleaner.runs import Problems, check_index_file
    from cleaner.saving import load, save
    from cleaner.screening import screen

    if not inputs and not add:
        fail("learn: nothing to learn from; expected INPUT or --add FILE")
    if propose is not None and (not inputs or (out and os.path.realpath(propose) == os.path.realpath(out))):
        fail(
            f"learn: --propose {propose} without INPUT, or where --out is; expected documents to read, and a file of its own"
        )
    if out is None and propose is None:
        fail("learn: nowhere to save it; expected --out FILE, or --propose FILE for rules")
    fields = _fields(text_field, id_field, group_field, tables=tables, formatting=formatting)
    with lines(), _job(inputs or [], format_, fields, _workers(engine, master, jobs, memory)) as job:
        if out is not None:
            check_index_file(out, job.found)
        if propose is not None:
            check_free(propose)
        screen(job.found.sources, fields)
        known = [load(path) for path in add or []]
        told = Problems()
        learnt = watched("learning", job.found.sources, lambda watch: job.learn(watch, told))
        index = merge([*known, learnt], job.workers.space) if known else learnt
        whole = replace(index, tables=derived(Frequencies(index, job.workers.space)))
        if out is not None:
            save(whole, out)
            say(f"{out}: {counted(len(index), 'document')}, {counted(len(index.lines.keys), 'line')}")
        if propose is not None:
            _propose(job, whole, propose)
        for line in told.lines(job):
            say(line)
        _leave(job, told.failed)


def _propose(job: Job, index: Index, path: Path) -> None:
    """Write the rules that a corpus suggests, given what it has taught."""
    from cleaner.drafts import write_drafts
    from cleaner.pipeline import Cleaner
    from cleaner.runs import proposed

    cleaner = Cleaner(index)
    rules = watched("cleaning", job.found.sources, lambda watch: proposed(cleaner, job, path.stem, watch))
    if rules:
        write_drafts(rules, path)
        say(
            f"{path}: {counted(len(rules), 'rule')} proposed; none is used before it was accepted: cleaner review {path}"
        )
    else:
        say(f"{path}: not written: nothing recurs in a group that rules could speak of; expected documents of a site")


@app.command(epilog="Example: cleaner check seeds --golden golden/seeds")
def check(
    inputs: Inputs,
    *,
    golden: Goldens,
    index: IndexFile = None,
    rules: Rules = None,
    id_field: IdField = None,
    text_field: TextField = "text",
    group_field: GroupField = None,
    format_: Format = "auto",
    tables: Tables = True,
    formatting: Formatting = False,
    keep_html: KeepHtml = False,
    policy: PolicyName = "balanced",
    update: Annotated[
        bool, typer.Option("--update", help="Make the output the golden; refused when CI is set.")
    ] = False,
) -> None:
    """Clean, and compare with golden bodies and report. Exit status 1 when anything differs."""
    from cleaner import golden as goldens
    from cleaner import runs
    from cleaner.output import check_output
    from cleaner.rules import load_rules
    from cleaner.scratch import scratch
    from cleaner.screening import screen

    if update and os.environ.get("CI"):
        fail("check: --update with CI set; expected goldens to be made and looked at by a person")
    fields = _fields(text_field, id_field, group_field, tables=tables, formatting=formatting, html=keep_html)
    with lines(), _job(inputs, format_, fields, _workers("local", None, 1)) as job, scratch() as out:
        check_output(golden, job.found, force=True)  # goldens among the inputs would be cleaned the next time
        screen(job.found.sources, fields)
        cleaner = _cleaner(job, index, load_rules(rules or []), policy)
        result = watched("cleaning", job.found.sources, lambda watch: runs.to_folder(cleaner, job, out, watch))
        for line in result.problems:
            say(line)
        if job.found.missing:
            raise typer.Exit(WRONG)
        differences = goldens.compare(out, golden)
        for line in differences:
            typer.echo(line)
        if update:
            goldens.update(out, golden)
            say(f"{golden}: {'updated' if differences else 'nothing to update'}")
        elif differences:
            say(f"{golden}: the output differs; look at it, then accept it with --update")
            raise typer.Exit(DIFFERENT)
        else:
            say(f"{golden}: {counted(result.summary['documents']['total'], 'document')} as expected")


def _version(value: bool) -> None:
    if value:
        from cleaner import __version__

        typer.echo(f"cleaner {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


def _leave(job: Job, failed: int, held: int = 0, changed: int = 0) -> NoReturn:
    """Exit with the status of a finished run."""
    if failed or held:
        say(f"{counted(failed, 'document')} failed, {held} {'was' if held == 1 else 'were'} held back")
    raise typer.Exit(WRONG if job.found.missing else PARTLY if failed or held or changed else 0)


def _fields(
    text: str, id_: str | None, group: str | None, *, tables: bool, formatting: bool, html: bool = False
) -> Fields:
    from cleaner.chunks import Fields
    from cleaner.layout import Reading

    return Fields(text, id_, group, html, Reading(tables, formatting))


@contextmanager
def _job(
    inputs: Sequence[str], choice: str, fields: Fields, workers_for: Callable[[Sequence[Source]], Workers]
) -> Iterator[Job]:
    """Yield what is to be read, standard input included, and say what is missing."""
    from cleaner import runs
    from cleaner.chunks import check_readable
    from cleaner.screening import passed_over
    from cleaner.sources import chosen

    named = chosen(choice)
    if "-" in inputs and choice == "auto" and (fields.text, fields.id, fields.group) != ("text", None, None):
        fail("-: fields of what looks like text; expected --format jsonl with them")
    stdin = sys.stdin.buffer if sys.stdin else io.BytesIO()  # None when the shell closed it
    with runs.find(inputs, named, stdin) as found:
        for line in found.missing:
            say(line)
        check_readable(found.sources)
        if line := passed_over(found):
            say(line)
        if inputs and not found.sources:
            if not found.missing:
                say(
                    "nothing to read; expected .txt, .md, .html, .jsonl, .csv, .parquet or .warc files, or these with .gz or .zst"
                )
            raise typer.Exit(WRONG)
        with workers_for(found.sources) as workers:
            yield runs.Job(found, fields, named, workers)


def _workers(
    engine: str, master: str | None, jobs: int | None, memory: str | None = None
) -> Callable[[Sequence[Source]], Workers]:
    """Return what says who does the work, given what is to be read."""
    from cleaner.engines import processes
    from cleaner.workers import Workers, bytes_of

    if engine == "local" and master is not None:
        fail(f"--master {master}: without a cluster; expected --engine spark with it")
    if jobs is not None and jobs < 1:
        fail(f"--jobs {jobs}: no number of processes; expected 1 or more")
    if engine == "spark" and jobs is not None:
        fail(f"--jobs {jobs}: with --engine spark; expected the number of cores in --master, or in Spark's settings")

    def found(sources: Sequence[Source]) -> Workers:
        size = None if memory is None else bytes_of(memory)
        if engine == "local":
            return Workers(processes(sources, jobs), size)
        from cleaner.executors import Executors

        return Executors(master or "local[*]", size)

    return found


def _cleaner(job: Job, index: Path | None, rules: RuleSet, policy: Preset) -> Cleaner:
    from cleaner.pipeline import Cleaner
    from cleaner.policy import POLICIES
    from cleaner.saving import load

    return Cleaner(load(index) if index else watched("learning", job.found.sources, job.learn), rules, POLICIES[policy])
