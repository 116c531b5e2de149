"""What README.md and the pages of docs/ say is run, leads somewhere, and names everything there is."""

from __future__ import annotations

import doctest
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import cleaner
from tests.benchmarks import figure
from tests.conftest import ROOT, Command, snippets

PAGES = ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
RUN = [page for page in PAGES if page != "docs/spark.md"]  # tests/spark runs that page's
SEED = "000_6ac200c3676267cd.txt"


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def in_shell(page: str, folder: Path) -> None:
    """Run every shell snippet of a page, one after another in one folder, as a reader would; what it says is printed must be."""
    for name in ("seeds", "golden"):
        shutil.copytree(ROOT / name, folder / name)
    environment = {key: value for key, value in os.environ.items() if key != "CI"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    for snippet, printed in re.findall(
        r"^```sh\n(.*?)^```$(?:\n\n^```text\n(.*?)^```$)?", text_of(page), re.DOTALL | re.MULTILINE
    ):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", snippet],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{snippet}\n{done.stderr}"
        assert printed in ("", done.stdout)


def test_the_shell_snippets_of_readme_run(tmp_path: Path) -> None:
    in_shell("README.md", tmp_path)
    assert (tmp_path / "body.txt").read_bytes() == (ROOT / "golden/seeds" / SEED).read_bytes()
    assert (tmp_path / "originals" / SEED).read_bytes() == (ROOT / "seeds" / SEED).read_bytes()


def test_those_of_formats_run(tmp_path: Path) -> None:
    in_shell("docs/formats.md", tmp_path)
    body = (ROOT / "golden/seeds" / SEED).read_bytes()
    assert '"body": "Bees dance.\\n"' in (tmp_path / "bees-cleaned/bees.jsonl").read_text()
    assert (tmp_path / "cleaned-from-there" / SEED).read_bytes() == body
    [line] = gzip.decompress((tmp_path / "bees-crawl/bees.warc.wet.jsonl.gz").read_bytes()).splitlines()
    assert (json.loads(line)["group"], json.loads(line)["text"]) == ("bees.example", "Bees dance.\n")
    assert (tmp_path / "bees-rows/bees.csv").read_bytes() == b'id;body\r\n7;"Bees ""dance"".\n"\r\n'
    [row] = pq.read_table(tmp_path / "columns/pages.parquet").to_pylist()
    assert row == json.loads((tmp_path / "lines/pages.jsonl").read_bytes())
    assert pq.read_table(tmp_path / "bees-table/bees.parquet").to_pylist() == [{"id": 7, "body": "Bees dance.\n"}]


OTHERS = [page for page in RUN if snippets(page, "sh") and page not in ("README.md", "docs/formats.md")]


@pytest.mark.parametrize("page", OTHERS)
def test_those_of_other_pages_run(page: str, tmp_path: Path) -> None:
    in_shell(page, tmp_path)


@pytest.mark.parametrize(
    ("page", "number"), [(page, number) for page in RUN for number in range(len(snippets(page, "python")))]
)
def test_python_snippets_run(page: str, number: int) -> None:
    test = doctest.DocTestParser().get_doctest(snippets(page, "python")[number], {}, page, page, 0)
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
    assert result.attempted
    assert result.failed == 0


def test_no_kind_of_snippet_is_left_out() -> None:
    """What is a program is run: here, in tests/spark, in test_ci_use.py. The rest is shown."""
    kinds = {kind for page in PAGES for kind in re.findall(r"^ *```([a-z-]+)\n", text_of(page), re.MULTILINE)}
    assert kinds == {"sh", "text", "python", "py", "yaml", "toml", "json", "diff"}


def test_the_record_shown_is_that_of_the_seeds() -> None:
    """docs/formats.md has the first record of golden/seeds, with long texts cut short."""

    def short(shown: Any, real: Any) -> Any:
        """Return what is real, cut short where what is shown is."""
        if isinstance(shown, dict) and isinstance(real, dict):
            return {key: short(shown.get(key), value) for key, value in real.items()}
        if isinstance(shown, list) and isinstance(real, list):
            return [short(*both) for both in zip(shown, real, strict=True)]
        cut = isinstance(shown, str) and shown.endswith("…")
        return f"{real[: len(shown) - 1]}…" if cut else real

    [shown] = map(json.loads, snippets("docs/formats.md", "json"))
    real = json.loads(text_of("golden/seeds/report.jsonl").partition("\n")[0])
    assert shown == short(shown, real)


def test_the_figure_is_that_of_a_run() -> None:
    assert figure.drawn() == figure.FIGURE.read_text(encoding="utf-8"), "python -m tests.benchmarks.figure"


NUMBER = r"(?<![\w.,])[\d.,]*\d"


def rows(text: str) -> Iterator[list[str]]:
    """Yield the rows of the tables of a text, by cells."""
    for line in text.splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def test_the_figures_of_readme_are_those_of_the_pages() -> None:
    """Each row of *What to expect* names a page, which has all its numbers, its command and its date."""
    [section] = re.findall(r"^## What to expect\n(.*?)^## ", text_of("README.md"), re.DOTALL | re.MULTILINE)
    [told] = re.findall(r"^\((\d.*?; \d cores)", section, re.MULTILINE)
    runs = tuple(f"({date}, {told.split('; ')[1]}" for date in re.findall(r"\d+-\d+-\d+", told))
    found = [row for row in rows(section) if row[2].startswith("`")]
    assert len(found) == 4
    for place, figures, command in found:
        [page] = re.findall(r"\((docs/.*?\.md)", place)
        assert set(re.findall(NUMBER, figures)) <= set(re.findall(NUMBER, text_of(page)))
        assert [line for line in text_of(page).splitlines() if line.startswith(runs) and command in line]


@pytest.mark.parametrize(
    "command", ["clean", "learn", "explain", "check", "restore", "report", "rules list", "rules show", "rules test"]
)
def test_each_command_is_in_the_readme(command: str) -> None:
    assert f"cleaner {command} " in text_of("README.md") or f"cleaner {command}\n" in text_of("README.md")


@pytest.mark.parametrize("name", sorted(set(cleaner.__all__) - {"__version__"}))
def test_each_public_name_is_explained_and_there(name: str) -> None:
    assert re.search(rf"`(cleaner\.)?{name}\b|import .*\b{name}\b", text_of("docs/python.md"))
    assert re.search(rf"^\.\. auto\w+:: cleaner\.(policy\.)?{name}\b", text_of("docs/api.md"), re.MULTILINE)
    assert getattr(cleaner, name)


MARKDOWN = [
    *PAGES,
    *(f"{name}.md" for name in ("CONTRIBUTING", "SECURITY", "CHANGELOG", "golden/README", "rules/README")),
]


def anchors(path: Path) -> set[str]:
    """Return the names of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", MARKDOWN)
def test_links_within_the_project_lead_somewhere(page: str) -> None:
    """Where the files are looked at as they are. `make docs` looks at those of the site."""
    prose = re.sub(r"^ *```.*?^ *```$|`[^`\n]*`", "", text_of(page), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"\w+:|\.\./\.\./", target):  # on the web, or of the forge
            continue
        name, _, anchor = target.partition("#")
        path = (ROOT / page).parent / name if name else ROOT / page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


def test_the_rule_in_the_readme_passes_its_own_examples(tmp_path: Path) -> None:
    [rule] = snippets("README.md", "toml")
    path = tmp_path / "mine.toml"
    path.write_text(rule, encoding="utf-8")
    assert cleaner.load_rules([path], shipped=False).rules
    from cleaner.checking import check

    assert check(cleaner.load_rules([path], shipped=False)) == []


def test_packs_do_what_their_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Command) -> None:
    """All packs of rules/README.md, on the pages beside them, by the commands beside those."""
    monkeypatch.chdir(tmp_path)
    _, *packs = snippets("rules/README.md", "toml")
    pages = snippets("rules/README.md", "jsonl")
    commands = [one for one in snippets("rules/README.md", "sh") if one.startswith("cleaner clean ")]
    assert [len(packs), len(pages), len(commands)] == [3, 3, 3]
    bodies = []
    for command, pack, page in zip(commands, packs, pages, strict=True):
        words = command.split()
        (tmp_path / words[words.index("--rules") + 1]).write_text(pack, encoding="utf-8")
        (tmp_path / words[2]).write_text(page, encoding="utf-8")
        assert words[:2] == ["cleaner", "clean"]
        assert run(*words[1:]).code == 0
        checked = run("rules", "test", "--rules", words[words.index("--rules") + 1])
        assert (checked.code, checked.out) == (0, b"")
        cleaned = tmp_path / words[-1] / words[2]
        before = [json.loads(line) for line in page.splitlines()]
        after = [json.loads(line) for line in cleaned.read_text(encoding="utf-8").splitlines()]
        bodies.append([(one["text"], other["text"]) for one, other in zip(before, after, strict=True)])
    (plugged, parish), (ferry, tides, letters), (roof, bells, boat) = bodies
    assert plugged[1] == "Samphire wants two minutes in boiling water.\n"
    assert ferry[1] == "The ferry runs again from Monday.\n"
    assert tides[1] == "The spring tide came an hour early.\n"
    assert bells[1] == "The bells are silent on Monday.\n\n[licence]\n"
    assert [before == after for before, after in (parish, letters, roof, boat)] == [True] * 4
