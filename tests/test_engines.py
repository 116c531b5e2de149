"""Many documents, on one process or several."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner import engines
from cleaner.chunks import Chunk, Fields
from cleaner.engines import Done, Learnt, clean_all, learn_all, processes
from cleaner.formats import Record
from cleaner.index import Index, learn
from cleaner.model import CleanerError, Document, Failure
from cleaner.pipeline import Cleaner
from cleaner.report import Summary
from cleaner.sources import Source, bytes_in, find_sources
from cleaner.workers import Workers
from tests.conftest import BODY, OTHER, THIRD, TRAILER, plant
from tests.strategies import corpora


def sources(folder: Path, **files: str | bytes) -> tuple[Source, ...]:
    plant(folder, {name.replace("_", "."): content for name, content in files.items()})
    return find_sources([str(folder)]).sources


@dataclass
class Read:
    """A batch that was read, and nothing else."""

    records: list[Record]
    names: tuple[engines.Name, ...]


def read_batch(fields: Fields, batch: Sequence[Chunk], refused: dict[int, str]) -> Read:
    """Read a batch as learning and cleaning do."""
    return Read(*engines._read(fields, batch, refused))


def read_all(found: Sequence[Source], fields: Fields, jobs: int = 1) -> list[Record]:
    """Return all records, in order, the refused ones as failures."""
    with Workers(jobs) as workers:
        done = list(engines._each(partial(read_batch, fields), found, fields, workers, None))
    return [record for one in done for record in one.records]


def rows(done: Sequence[Done]) -> list[dict[str, Any]]:
    """Return the records of the report."""
    return [json.loads(line) for one in done for line in one.report.splitlines()]


def joined(done: Sequence[Done]) -> dict[str, object]:
    """Return all that batches say, wherever these end."""
    bodies: dict[str, bytes] = {}
    for one in done:
        assert one.summary == Summary.total(rows([one]))
        for target, body in one.bodies:
            bodies[target] = bodies.get(target, b"") + body
    return {
        "bodies": list(bodies.items()),
        "report": b"".join(one.report for one in done),
        "summary": Summary.merged(one.summary for one in done),
        "problems": [problem for one in done for problem in one.problems],
        "grouped": any(one.grouped for one in done),
        "names": [name[1:] for one in done for name in one.names],
    }


@pytest.mark.parametrize(("size", "jobs"), [(1_000_000, 1), (1, 1), (1, 2)])
def test_records_come_in_order_and_ids_are_unique(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, jobs: int
) -> None:
    """A second document of an id is a failure that names the first; blank lines pass."""
    monkeypatch.setattr("cleaner.workers.BATCH", size)
    found = sources(tmp_path, a_jsonl='{"n":"1","text":"One"}\n\n{"n":1,"text":"Two"}\n', b_txt="Three", c_txt=b"\xff")
    records = read_all(found, Fields(id="n"), jobs)
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


def problems(told: list[Learnt]) -> list[str]:
    """Return what went wrong while learning."""
    return [problem for one in told for problem in one.problems]


def test_learning_counts_what_can_be_read(tmp_path: Path) -> None:
    """The index is that of the good documents, and the failed ones are named."""
    found = sources(tmp_path, a_txt=BODY, b_txt=b"\xff", c_txt=OTHER)
    told: list[Learnt] = []
    assert learn_all(found, Fields(), told=told.append) == learn([Document("a.txt", BODY), Document("c.txt", OTHER)])
    assert (sum(one.failed for one in told), problems(told)) == (
        1,
        ["b.txt: not UTF-8 at byte 0; expected UTF-8 text"],
    )


def test_cleaning_says_what_to_write_and_what_to_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document has a body and a record; a blank line is copied; a failure has a record only. Batch by batch, or in one."""
    found = sources(tmp_path, a_txt=BODY + TRAILER, b_jsonl='\n{"text":"Bees hum."}', c_txt=b"\xff")
    line, wrong = b'{"text":"Bees hum."}', "c.txt: not UTF-8 at byte 0; expected UTF-8 text"
    [one] = clean_all(Cleaner(), found, Fields())
    assert one.bodies == (("a.txt", BODY.encode()), ("b.jsonl", b"\n" + line))
    assert [(row["id"], row["status"]) for row in rows([one])] == [
        ("a.txt", "cleaned"),
        ("b.jsonl:2", "unchanged"),
        ("c.txt", "failed"),
    ]
    assert one.summary == Summary.total(rows([one]))
    assert (one.problems, one.grouped) == ((wrong,), False)
    monkeypatch.setattr("cleaner.workers.BATCH", 1)
    done = list(clean_all(Cleaner(), found, Fields()))
    assert [(one.bodies, [row["status"] for row in rows([one])], one.problems) for one in done] == [
        ((("a.txt", BODY.encode()),), ["cleaned"], ()),
        ((("b.jsonl", b"\n"),), [], ()),
        ((("b.jsonl", line),), ["unchanged"], ()),
        ((), ["failed"], (wrong,)),
    ]


@settings(max_examples=20)
@given(corpora(), st.integers(1, 300))
def test_batches_of_any_size_do_the_same(
    tmp_path_factory: pytest.TempPathFactory, corpus: list[Document], size: int
) -> None:
    """Learning and cleaning do not depend on where a batch ends."""
    folder = tmp_path_factory.mktemp("corpus")
    lines = "".join(json.dumps({"text": document.text, "n": len(document.text)}) + "\n\n" for document in corpus)
    texts = {f"{document.group}/{document.id}_txt": document.text for document in corpus}
    found = sources(folder, **texts, lines_jsonl=lines, wrong_txt=b"\xff")

    def both() -> tuple[Index, list[str], list[object]]:
        """Once with ids of their own, once with some that come twice."""
        told: list[Learnt] = []
        index = learn_all(found, Fields(), told=told.append)
        done = [joined(list(clean_all(Cleaner(index), found, Fields(id=name)))) for name in (None, "n")]
        return index, problems(told), done

    with pytest.MonkeyPatch.context() as patch:
        whole = both()
        patch.setattr("cleaner.workers.BATCH", size)
        assert both() == whole


TWICE = {
    "a_jsonl": "".join(json.dumps({"n": n, "text": f"{n} {BODY}{TRAILER}"}) + "\n" for n in (1, 2, 3, 1)),
    "b_jsonl": "".join(json.dumps({"n": n, "text": f"again {n} {OTHER}{TRAILER}"}) + "\n" for n in (4, 2, 5, 4)),
    "c_txt": BODY + TRAILER,
    "d_jsonl": "".join(json.dumps({"n": n, "text": f"{n} {THIRD}"}) + "\n" for n in ("c.txt", "6", 3)),
    "e_html": f"<html><body><p>{BODY}</p></body></html>",
    "e_txt": OTHER,
    "f_jsonl": json.dumps({"n": 1}),
}
"""Ids that come twice: in a batch, in a later one, in another file, as the name of a file; and two files of one body."""

REFUSED = [
    "a.jsonl:4: the id '1' is already that of a.jsonl:1; expected unique ids",
    "b.jsonl:2: the id '2' is already that of a.jsonl:2; expected unique ids",
    "b.jsonl:4: the id '4' is already that of b.jsonl:1; expected unique ids",
    "d.jsonl:1: the id 'c.txt' is already that of {}/c.txt; expected unique ids",
    "d.jsonl:3: the id '3' is already that of a.jsonl:3; expected unique ids",
    "{}/e.txt: its body would be e.txt, as that of e.html; expected another name",
    "f.jsonl:1: no field 'text'; expected a string",
]


@pytest.mark.parametrize(("size", "jobs"), [(1_000_000, 1), (1, 1), (300, 1), (1, 2), (300, 2)])
def test_an_id_that_comes_twice_is_refused_wherever_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, jobs: int
) -> None:
    """In the same batch or in a later one, by one process or by two: learnt and cleaned are the first ones only."""
    found = sources(tmp_path, **TWICE)
    refused = [error.format(tmp_path) for error in REFUSED]
    cleaner = Cleaner(learn_all(found, Fields(id="n")))
    whole = joined(list(clean_all(cleaner, found, Fields(id="n"))))
    monkeypatch.setattr("cleaner.workers.BATCH", size)
    told: list[Learnt] = []
    with Workers(jobs) as workers:
        index = learn_all(found, Fields(id="n"), workers=workers, told=told.append)
    assert index.ids == ("1", "2", "3", "4", "5", "6", "c.txt", "e.html")
    assert index == cleaner.index
    assert problems(told) == refused
    with Workers(jobs) as workers:
        done = list(clean_all(cleaner, found, Fields(id="n"), workers=workers))
    assert (len(done) == 1) == (size == 1_000_000)
    assert joined(done) == whole
    assert whole["problems"] == refused
    ids = ["1", "2", "4", "c.txt", "3", "e.txt", "1"]
    failed = [(row["id"], row["error"]) for row in rows(done) if row["status"] == "failed"]
    assert failed == list(zip(ids, refused, strict=True))
    bodies = dict(target for one in done for target in one.bodies)
    assert b"already" not in b"".join(bodies.values())
    assert OTHER.encode() not in bodies["e.txt"]


def test_a_source_that_is_given_twice_is_refused_the_second_time(tmp_path: Path) -> None:
    """It is the same place, and still the second document of its id."""
    [one] = sources(tmp_path, a_txt=BODY)
    assert [type(record.entry) for record in read_all([one, one], Fields())] == [Document, Failure]


def test_processes_do_the_same_in_the_same_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More batches than are ever under way at once, by two processes."""
    monkeypatch.setattr("cleaner.workers.BATCH", 1)
    found = sources(tmp_path, **{f"{n}_txt": f"{n} {BODY}{TRAILER}" for n in range(12)})
    told: list[int] = []
    with Workers(2) as workers:  # the same processes learn and clean
        index = learn_all(found, Fields(), workers=workers, watch=told.append)
        assert told == [source.path.stat().st_size for source in found]
        assert index == learn_all(found, Fields())
        cleaner = Cleaner(index)
        assert list(clean_all(cleaner, found, Fields(), workers=workers)) == list(clean_all(cleaner, found, Fields()))


def die(_: object) -> None:
    """Do what the system does to a process that takes too much memory."""
    os._exit(9)


def test_a_killed_worker_is_one_clear_error() -> None:
    """Not a traceback out of the process pool."""
    with (
        Workers(2) as workers,
        pytest.raises(CleanerError, match=r"^a worker process was killed; expected more memory, or fewer with --jobs$"),
    ):
        list(workers.in_order(die, [[1], [2]]))


def fail(batch: list[int]) -> int:
    if 3 in batch:
        raise ValueError("three")
    return batch[0]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_in_a_worker_comes_through(jobs: int) -> None:
    """It is the very error, after all that came before it."""
    got: list[tuple[list[int], int]] = []
    with Workers(jobs) as workers, pytest.raises(ValueError, match=r"^three$"):
        got.extend(workers.in_order(fail, [[1], [2], [3], [4]]))
    assert got == [([1], 1), ([2], 2)]


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
    assert processes(found, None) == 1
    assert processes(found, 2) == 2
    monkeypatch.setattr(engines, "PARALLEL_BYTES", 5)
    assert processes(found, None) == 7
    (tmp_path / "a.txt").unlink()
    assert processes(found, None) == 1


ORPHANS = """
import os, signal
from cleaner.workers import Workers

if __name__ == "__main__":
    workers = Workers(2).__enter__()
    results = workers.in_order(len, [[1], [2], [3], [4]])
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
