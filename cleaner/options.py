"""What the commands take: their arguments and options, each described once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, get_args

import typer

from cleaner.console import lines


def _local(given: str) -> Path:
    """Return where to write, before anything is read."""
    from cleaner.files import check_local

    with lines():
        check_local(given)
    return Path(given)


def _formats(incomplete: str) -> list[str]:
    from cleaner.sources import Choice

    return [name for name in get_args(Choice) if name.startswith(incomplete)]


def _packs(incomplete: str) -> list[str]:
    """Return optional packs; where none is meant, shells complete files."""
    from cleaner.rules import optional_packs

    return [name for name in optional_packs() if name.startswith(incomplete)]


def _rules(incomplete: str) -> list[str]:
    from cleaner.rules import load_rules

    return [rule.full_id for rule in load_rules().rules if rule.full_id.startswith(incomplete)]


Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT",
        help="Files, folders (with subfolders), globs, addresses such as s3://…, or - for standard input; .gz and .zst, too.",
    ),
]
IndexFile = Annotated[
    Path | None, typer.Option("--index", metavar="FILE", help="What `cleaner learn` saved; default: learn from INPUT.")
]
Rules = Annotated[
    list[Path] | None,
    typer.Option(
        "--rules",
        metavar="PATH",
        autocompletion=_packs,
        help="Rule pack, folder of packs, or name of an optional pack.",
    ),
]
ReportFolder = Annotated[
    Path | None,
    typer.Option("--report", metavar="DIR", help="What `cleaner clean` wrote: say what the rules did there."),
]
IdField = Annotated[
    str | None,
    typer.Option("--id-field", metavar="F", help="JSONL field, or column, with the id; default: source:line."),
]
TextField = Annotated[
    str,
    typer.Option("--text-field", metavar="F", help="JSONL field with the text, or the HTML; or column with the text."),
]
GroupField = Annotated[
    str | None, typer.Option("--group-field", metavar="F", help="JSONL field, or column, with the site or source.")
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="auto|text|html|jsonl|csv|parquet|warc",
        autocompletion=_formats,
        help="What the files are; auto goes by their suffix, that before .gz or .zst.",
    ),
]
Tables = Annotated[bool, typer.Option("--tables/--no-tables", help="HTML: whether tables are text.")]
Formatting = Annotated[
    bool, typer.Option("--formatting", help="HTML: mark headings, bold, italics, code as Markdown does.")
]
KeepHtml = Annotated[
    bool, typer.Option("--keep-html", help="JSONL, Parquet: leave the HTML in, beside the body in `text`.")
]
OutFolder = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", parser=_local, help="Folder for bodies, report and summary.")
]
OutFile = Annotated[Path | None, typer.Option("--out", metavar="FILE", parser=_local, help="Where to save the index.")]
Proposals = Annotated[
    Path | None,
    typer.Option(
        "--propose",
        metavar="FILE",
        parser=_local,
        help="Where to write rules that cut what recurs, for `cleaner review`.",
    ),
]
Originals = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", parser=_local, help="Folder for the originals.")
]
PageFile = Annotated[
    Path, typer.Option("--html", metavar="FILE", parser=_local, help="The page; one of an earlier run is replaced.")
]
Goldens = Annotated[
    Path, typer.Option("--golden", metavar="DIR", parser=_local, help="Folder of golden bodies and report.")
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", metavar="N", help="Processes; default: as many as the input is worth.")
]
Memory = Annotated[
    str | None,
    typer.Option(
        "--memory", metavar="SIZE", help="For all processes, such as 700MB; default: a quarter of the machine's."
    ),
]
EngineName = Annotated[
    Literal["local", "spark"], typer.Option("--engine", help="Who does the work: this machine, or a Spark cluster.")
]
Master = Annotated[
    str | None,
    typer.Option(
        "--master", metavar="URL", help="Of the cluster, for --engine spark; default: all cores here, local[*]."
    ),
]
PolicyName = Annotated[
    Literal["careful", "balanced", "thorough"],
    typer.Option("--policy", help="How much evidence a cut takes: careful cuts less, thorough cuts more."),
]

RuleId = Annotated[str, typer.Argument(metavar="ID", autocompletion=_rules, help="Full id: pack/rule.")]
Verify = Annotated[
    bool, typer.Option("--verify", help="Write nothing; prove that all could be restored. Exit status 1 if not.")
]
