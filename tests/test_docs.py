"""What the README says is run, and names everything there is."""

from __future__ import annotations

import doctest
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import cleaner
from tests.conftest import Command

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


RULES = (ROOT / "rules/README.md").read_text(encoding="utf-8")


def snippets(language: str, text: str = README) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert found, f"no {language} snippet"
    return found


def test_shell_snippets_run(tmp_path: Path) -> None:
    """Every shell snippet, one after another in one folder, as a reader would."""
    for name in ("seeds", "golden"):
        shutil.copytree(ROOT / name, tmp_path / name)
    environment = {key: value for key, value in os.environ.items() if key != "CI"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    for snippet in snippets("sh"):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", snippet],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{snippet}\n{done.stderr}"
    body = (tmp_path / "body.txt").read_bytes()
    assert body == (ROOT / "golden/seeds/000_6ac200c3676267cd.txt").read_bytes()
    assert (tmp_path / "originals/000_6ac200c3676267cd.txt").read_bytes() == (
        ROOT / "seeds/000_6ac200c3676267cd.txt"
    ).read_bytes()
    assert '"body": "Bees dance.\\n"' in (tmp_path / "bees-cleaned/bees.jsonl").read_text()
    assert (tmp_path / "cleaned-from-there/000_6ac200c3676267cd.txt").read_bytes() == body
    [line] = gzip.decompress((tmp_path / "bees-crawl/bees.warc.wet.jsonl.gz").read_bytes()).splitlines()
    assert (json.loads(line)["group"], json.loads(line)["text"]) == ("bees.example", "Bees dance.\n")
    assert (tmp_path / "bees-rows/bees.csv").read_bytes() == b'id;body\r\n7;"Bees ""dance"".\n"\r\n'
    [row] = pq.read_table(tmp_path / "columns/pages.parquet").to_pylist()
    assert row == json.loads((tmp_path / "lines/pages.jsonl").read_bytes())
    assert pq.read_table(tmp_path / "bees-table/bees.parquet").to_pylist() == [{"id": 7, "body": "Bees dance.\n"}]


@pytest.mark.parametrize("number", range(len(snippets("python"))))
def test_python_snippets_run(number: int) -> None:
    test = doctest.DocTestParser().get_doctest(snippets("python")[number], {}, "README.md", "README.md", 0)
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
    assert result.attempted
    assert result.failed == 0


@pytest.mark.parametrize(
    "command", ["clean", "learn", "explain", "check", "restore", "report", "rules list", "rules show", "rules test"]
)
def test_each_command_is_in_the_readme(command: str) -> None:
    assert f"cleaner {command} " in README or f"cleaner {command}\n" in README


@pytest.mark.parametrize("name", sorted(set(cleaner.__all__) - {"__version__"}))
def test_each_public_name_is_in_the_readme_and_there(name: str) -> None:
    assert re.search(rf"`(cleaner\.)?{name}\b|import .*\b{name}\b", README)
    assert getattr(cleaner, name)


def test_the_rule_in_the_readme_passes_its_own_examples(tmp_path: Path) -> None:
    [rule] = re.findall(r"^ *```toml\n(.*?)^ *```$", README, re.DOTALL | re.MULTILINE)
    path = tmp_path / "mine.toml"
    path.write_text(rule, encoding="utf-8")
    assert cleaner.load_rules([path], shipped=False).rules
    from cleaner.checking import check

    assert check(cleaner.load_rules([path], shipped=False)) == []


def test_packs_do_what_their_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Command) -> None:
    """All packs of rules/README.md, on the pages beside them, by the commands beside those."""
    monkeypatch.chdir(tmp_path)
    packs, pages, commands = snippets("toml", RULES), snippets("jsonl", RULES), snippets("sh", RULES)
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
