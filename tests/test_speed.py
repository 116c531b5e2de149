"""The benchmark of speed works, and says what is missing. No test here looks at a time."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.benchmarks import scale, speed, tables


def test_it_prints_all_that_it_measures(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "FRESH", 3)
    speed.main(["--documents", "20", "--runs", "1", "--jobs", "1", "--peers", "plain"])
    printed = capsys.readouterr().out
    for expected in (
        "| 20 documents, 0.1 MB, 1,",
        "1 process",
        "plain Python",
        "no peer",
        "learning takes",
        "--help",
        "2 other documents",
    ):
        assert expected in printed
    assert "--peers plain`, one run." in printed


def test_the_table_goes_between_its_comments_and_nothing_else_changes() -> None:
    text = (tables.DOCS / "speed.md").read_text(encoding="utf-8")
    for name in ("speed", "scale"):
        before, _, rest = text.partition(f"<!-- {name} -->\n")
        after = rest.partition(f"<!-- /{name} -->")[2]
        assert tables.replaced(text, name, "| new |\n") == f"{before}<!-- {name} -->\n| new |\n<!-- /{name} -->{after}"
    with pytest.raises(SystemExit, match="no place for the table"):
        tables.replaced(text, "space", "")


def test_what_is_missing_or_fails_is_said() -> None:
    with pytest.raises(SystemExit, match=r"^nothing: not installed; expected it in \.venv-bench/nothing"):
        speed.version("nothing")
    with pytest.raises(SystemExit, match=r"no-such-module\n.*: exit status 1; expected 0$"):
        speed.taken([sys.executable, "-m", "no-such-module"])
    silent = speed.Contestant("silent", lambda _: [sys.executable, "-c", ""], "*")
    with pytest.raises(SystemExit, match=r"^silent: wrote 0 lines; expected 7$"):
        speed.measured({"silent": silent}, 1, 7)


def test_memory_is_that_of_a_process_and_its_children() -> None:
    assert (speed.resident(os.getpid()) > 1_000_000) == Path("/proc").exists()
    assert speed.resident(2**22 + 1) == 0  # no such process: the largest number is 2**22


def test_plain_python_drops_what_three_documents_of_a_group_have(tmp_path: Path) -> None:
    def row(number: int, group: str) -> dict[str, str]:
        return {"id": f"{group}{number}", "group": group, "text": f"Body {number}.\nPlug\nPlug\n"}

    (tmp_path / "shards").mkdir()
    (tmp_path / "out").mkdir()
    rows = [*(row(number, "a") for number in range(3)), *(row(number, "b") for number in range(2))]
    scale.save(tmp_path / "shards/00.jsonl", rows[::2])
    scale.save(tmp_path / "shards/01.jsonl", rows[1::2])
    speed.taken(speed.peers(["plain"], tmp_path / "shards", 2)["plain"].command(tmp_path / "out"))
    lines = [line for path in sorted((tmp_path / "out").iterdir()) for line in path.read_text().splitlines()]
    assert {(one := json.loads(line))["id"]: one["text"] for line in lines} == {
        **{f"a{number}": f"Body {number}.\n" for number in range(3)},
        **{f"b{number}": f"Body {number}.\nPlug\nPlug\n" for number in range(2)},
    }
