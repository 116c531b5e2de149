"""Steps of datatrove in its own executor: learnt by several tasks, merged by one, stripped by several."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from datatrove.data import Document as Row
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

from cleaner import Document, learn
from cleaner.datatrove import LearnBoilerplate, MergeBoilerplate, StripBoilerplate
from cleaner.model import ReadError
from cleaner.saving import load
from tests.conftest import BODY, OTHER, THIRD, TRAILER, Command

TEXTS = [
    BODY + TRAILER,
    OTHER + TRAILER,
    THIRD,
    "Of ants.\n" + THIRD + TRAILER,
    "Of bees.\n" + OTHER,
    "Of wasps.\n" + BODY,
]


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """Three files of JSONL."""
    folder = tmp_path / "in"
    folder.mkdir()
    for shard in range(3):
        rows = [
            {"id": f"d{number}", "text": text, "group": "example.com", "year": 1907 + number}
            for number, text in enumerate(TEXTS)
            if number % 3 == shard
        ]
        (folder / f"{shard}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def executed(tmp_path: Path, name: str, *steps: object, tasks: int = 1) -> dict[str, int]:
    """Run steps in tasks, two at a time, and return the totals of the statistics of ours."""
    logs = str(tmp_path / "logs" / name)
    stats = LocalPipelineExecutor(list(steps), tasks=tasks, workers=min(tasks, 2), logging_dir=logs).run()
    return {label: one.total for step in stats.stats if "✂️" in step.name for label, one in step.stats.items()}


def test_three_pipelines_give_what_the_command_gives(shards: Path, tmp_path: Path, run: Command) -> None:
    """The same bodies, spans and statuses; the index of the shards is the index of the whole; counts add up."""
    learnt, index, out = tmp_path / "learnt", tmp_path / "merged/site.idx", tmp_path / "out"
    stats = executed(tmp_path, "learn", JsonlReader(str(shards)), LearnBoilerplate(str(learnt)), tasks=3)
    assert stats["learnt"] == 6
    assert sorted(path.name for path in learnt.iterdir()) == ["00000.idx", "00001.idx", "00002.idx"]
    stats = executed(tmp_path, "merge", MergeBoilerplate(str(learnt), str(index)))
    assert stats["documents"] == 6
    stats = executed(
        tmp_path,
        "strip",
        JsonlReader(str(shards)),
        StripBoilerplate(str(index)),
        JsonlWriter(str(out), compression=None),
        tasks=3,
    )
    whole = learn(Document(f"d{number}", text, "example.com") for number, text in enumerate(TEXTS))
    assert load(index) == whole
    assert load(index).tables

    files = sorted(map(str, shards.iterdir()))
    assert run("clean", *files, "--id-field", "id", "--group-field", "group", "--out", tmp_path / "cli").code == 0
    report = read(tmp_path / "cli/report.jsonl")
    bodies = [row for path in sorted((tmp_path / "cli").glob("?.jsonl")) for row in read(path)]
    rows = [row for path in sorted(out.iterdir()) for row in read(path)]
    expected = [
        (body["id"], body["text"], row["status"], row["spans"]) for body, row in zip(bodies, report, strict=True)
    ]
    assert expected == [
        (row["id"], row["text"], row["metadata"]["status"], json.loads(row["metadata"]["spans"])) for row in rows
    ]
    assert [row["metadata"]["year"] for row in rows] == [1907 + int(row["id"][1:]) for row in rows]
    assert stats["cleaned"] == sum(row["status"] == "cleaned" for row in report) == 3
    assert stats["unchanged"] == 3
    assert stats["spans"] == sum(len(row["spans"]) for row in report)
    assert stats["chars_removed"] == sum(row["chars_in"] - row["chars_out"] for row in report)


def test_an_index_may_lie_elsewhere() -> None:
    """Whatever fsspec opens: here its file system in memory."""
    rows = [Row(text, str(number)) for number, text in enumerate(TEXTS)]
    learnt = LearnBoilerplate("memory://learnt")
    assert list(learnt.run(iter(rows))) == rows
    assert list(MergeBoilerplate("memory://learnt", "memory://merged/site.idx").run()) == []
    found = list(StripBoilerplate("memory://merged/site.idx", policy="thorough").run(iter(rows)))
    assert found[1].text == OTHER


def test_rules_alone_are_enough() -> None:
    [found] = StripBoilerplate(None).run(iter([Row(BODY + TRAILER, "a")]))
    assert (found.text, found.metadata["status"]) == (BODY, "cleaned")


def test_metadata_are_not_overwritten() -> None:
    with pytest.raises(ReadError, match=r"^a: metadata: 'status' is there already; expected another name"):
        list(StripBoilerplate(None).run(iter([Row(BODY, "a", metadata={"status": 200})])))


def test_a_folder_without_an_index_is_told(tmp_path: Path) -> None:
    """A mistyped one would else make an index of nothing, and cleaning go by rules alone."""
    (tmp_path / "empty").mkdir()
    for folder in ("empty", "missing"):
        with pytest.raises(ReadError, match=f"{folder}: no index; expected those that LearnBoilerplate wrote"):
            list(MergeBoilerplate(str(tmp_path / folder), str(tmp_path / "site.idx")).run())
    assert not (tmp_path / "site.idx").exists()
