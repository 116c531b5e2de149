"""Many documents, on one process or several."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner import engines
from cleaner.engines import Done, bytes_in, clean_all, learn_all, read_all, workers
from cleaner.formats import Fields, Source, find_sources
from cleaner.index import Index, learn
from cleaner.model import CleanerError, Document, Failure
from cleaner.pipeline import Cleaner
from tests.conftest import BODY, OTHER, TRAILER, plant
from tests.strategies import corpora


def sources(folder: Path, **files: str | bytes) -> tuple[Source, ...]:
    plant(folder, {name.replace("_", "."): content for name, content in files.items()})
    return find_sources([str(folder)]).sources


def test_records_come_in_order_and_ids_are_unique(tmp_path: Path) -> None:
    """A second document of an id is a failure that names the first; blank lines pass."""
    found = sources(tmp_path, a_jsonl='{"n":"1","text":"One"}\n\n{"n":1,"text":"Two"}\n', b_txt="Three", c_txt=b"\xff")
    records = list(read_all(found, Fields(id="n")))
    assert [(record.source, record.line, record.raw) for record in records] == [
        ("a.jsonl", 1, '{"n":"1","text":"One"}\n'),
        ("a.jsonl", 2, "\n"),
        ("a.jsonl", 3, ""),
        ("b.txt", 0, "Three"),
        ("c.txt", 0, ""),
    ]
    assert [record.entry for record in records] == [
        Document("1", "One"),
        None,
        Failure("1", "a.jsonl:3: the id '1' is already that of a.jsonl:1; expected unique ids"),
        Document("b.txt", "Three"),
        Failure("c.txt", "c.txt: not UTF-8 at byte 0; expected UTF-8 text"),
    ]


def test_learning_counts_what_can_be_read(tmp_path: Path) -> None:
    """The index is that of the good documents, and the failed ones are named."""
    found = sources(tmp_path, a_txt=BODY, b_txt=b"\xff", c_txt=OTHER)
    failed: list[Failure] = []
    assert learn_all(found, Fields(), failed=failed.append) == learn(
        [Document("a.txt", BODY), Document("c.txt", OTHER)]
    )
    assert [failure.id for failure in failed] == ["b.txt"]


def test_cleaning_says_what_to_write_and_what_to_report(tmp_path: Path) -> None:
    """A document has a body and a record; a blank line is copied; a failure has a record only."""
    found = sources(tmp_path, a_txt=BODY + TRAILER, b_jsonl='\n{"text":"Bees hum."}', c_txt=b"\xff")
    done = list(clean_all(Cleaner(), found, Fields()))
    assert [(one.target, one.body, one.row and one.row["status"]) for one in done] == [
        ("a.txt", BODY, "cleaned"),
        ("b.jsonl", "\n", None),
        ("b.jsonl", '{"text":"Bees hum."}', "unchanged"),
        ("c.txt", None, "failed"),
    ]


@settings(max_examples=20)
@given(corpora(), st.integers(1, 300))
def test_batches_of_any_size_do_the_same(
    tmp_path_factory: pytest.TempPathFactory, corpus: list[Document], size: int
) -> None:
    """Learning and cleaning do not depend on where a batch ends."""
    folder = tmp_path_factory.mktemp("corpus")
    found = sources(folder, **{f"{document.group}/{document.id}_txt": document.text for document in corpus})

    def both() -> tuple[Index, list[Done]]:
        index = learn_all(found, Fields())
        return index, list(clean_all(Cleaner(index), found, Fields()))

    with pytest.MonkeyPatch.context() as patch:
        whole = both()
        patch.setattr(engines, "BATCH_BYTES", size)
        assert both() == whole


def test_processes_do_the_same_in_the_same_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More batches than are ever under way at once, by two processes."""
    monkeypatch.setattr(engines, "BATCH_BYTES", 1)
    found = sources(tmp_path, **{f"{n}_txt": f"{n} {BODY}{TRAILER}" for n in range(12)})
    told: list[int] = []
    index = learn_all(found, Fields(), jobs=2, watch=told.append)
    assert told == [source.path.stat().st_size for source in found]
    assert index == learn_all(found, Fields())
    cleaner = Cleaner(index)
    assert list(clean_all(cleaner, found, Fields(), jobs=2)) == list(clean_all(cleaner, found, Fields()))


def die(_: object) -> None:
    """Do what the system does to a process that takes too much memory."""
    os._exit(9)


def test_a_killed_worker_is_one_clear_error() -> None:
    """Not a traceback out of the process pool."""
    with pytest.raises(
        CleanerError, match=r"^a worker process was killed; expected more memory, or fewer with --jobs$"
    ):
        list(engines._in_order(die, [[1], [2]], 2))


def fail(batch: list[int]) -> int:
    if 3 in batch:
        raise ValueError("three")
    return batch[0]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_in_a_worker_comes_through(jobs: int) -> None:
    """It is the very error, after all that came before it."""
    got: list[int] = []
    with pytest.raises(ValueError, match=r"^three$"):
        got.extend(engines._in_order(fail, [[1], [2], [3], [4]], jobs))
    assert got == [1, 2]


def test_progress_adds_up_to_the_bytes(tmp_path: Path) -> None:
    """What the watch is told of is what lies on disk, whatever the script."""
    found = sources(tmp_path, a_txt="続きを読む\n" * 9, b_jsonl='{"text": "Ü"}\n\n')
    told: list[int] = []
    list(clean_all(Cleaner(), found, Fields(), watch=told.append))
    assert sum(told) == bytes_in(found) == 16 * 9 + 16


def test_small_inputs_get_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two are asked for, or worth it; a source that is not there has no size."""
    found = sources(tmp_path, a_txt="12345")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert workers(found, None) == 1
    assert workers(found, 2) == 2
    monkeypatch.setattr(engines, "PARALLEL_BYTES", 5)
    assert workers(found, None) == 7
    (tmp_path / "a.txt").unlink()
    assert workers(found, None) == 1


ORPHANS = """
import os, signal
from cleaner import engines

if __name__ == "__main__":
    results = engines._in_order(len, [[1], [2], [3], [4]], 2)
    print([next(results) for _ in range(4)])  # all is done, but the workers wait for more
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    """They hold the pipe of its output, which is read to its end: until the last of them has gone."""
    script = plant(tmp_path, {"orphans.py": ORPHANS}) / "orphans.py"
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, start_new_session=True) as parent:
        try:
            parent.communicate(timeout=30)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(parent.pid, signal.SIGKILL)
    assert parent.returncode == -signal.SIGKILL
