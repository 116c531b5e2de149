"""Kills, signals and faults, a few of each: `make torture` has hundreds."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cleaner import engines
from cleaner.console import Stopped
from cleaner.model import CleanerError
from cleaner.scratch import scratch
from cleaner.workers import Workers
from tests.conftest import BODY, OTHER, TRAILER, Command, plant, tree
from tests.torture import faults, kills
from tests.torture.command import LITTLE, Place, folder_of_texts, lines_of_texts


def test_a_kill_at_any_step(tmp_path: Path) -> None:
    """Input untouched, whole bodies only; the next run ends byte-identical."""
    assert len(list(kills.steps(tmp_path, every=12))) == 2


def test_kills_at_random_points(tmp_path: Path) -> None:
    """Of all processes, of the parent, of a worker."""
    lines = lines_of_texts(tmp_path / "in" / "lines.jsonl", 60)
    work = kills.planned("`clean` of JSONL", tmp_path / "a", ["clean", *LITTLE], lines, 60)
    assert len(list(kills.points([work], tmp_path, 8))) == 1


@pytest.mark.parametrize("name", faults.SIGNALS)
def test_signals_at_random_points(tmp_path: Path, name: str) -> None:
    """One line, the usual status, no temporary file."""
    lines = lines_of_texts(tmp_path / "in" / "lines.jsonl", 60)
    work = kills.planned("clean", tmp_path / "a", ["clean", *LITTLE], lines, 60)
    assert faults.stopped(work, tmp_path / name, name, 4, chains=1)


def test_faults(tmp_path: Path) -> None:
    """A full disk, one that is read only, inputs that change, pipes, an output that nobody reads."""
    source = folder_of_texts(tmp_path / "in", 6)
    work = kills.planned("clean", tmp_path / "clean", ["clean", "--jobs", "1"], source, 6)
    assert faults.full_disk(work, tmp_path / "full", 2)
    assert faults.no_room_to_work(work, tmp_path / "room", 1)
    assert list(faults.read_only([work], tmp_path / "read-only"))
    assert faults.pipes(work, tmp_path / "pipes")
    assert faults.unheard(tmp_path / "unheard", 6)


def test_inputs_that_change_between_the_passes(tmp_path: Path) -> None:
    assert faults.changed(tmp_path)


def test_what_was_done_is_not_done_again(run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a kill in the fourth batch of seven, three are cleaned, and nothing is learnt; other settings start anew."""
    corpus = plant(tmp_path / "in", {f"{n}.txt": f"Text {n}. {BODY}{TRAILER}" for n in range(7)})
    monkeypatch.setattr("cleaner.workers.BATCH", 1)
    assert run("clean", corpus, "--out", tmp_path / "whole").code == 0
    real, cleaned, learnt = engines._clean_batch, [], []

    def clean(*args: object, **kwargs: object) -> engines.Done:
        cleaned.append(args)
        if len(cleaned) == 4 and dies:
            raise Stopped(signal.SIGTERM)
        return real(*args, **kwargs)  # type: ignore[arg-type]

    def learn(*args: object, **kwargs: object) -> engines._Learnt:
        learnt.append(args)
        return real_learn(*args, **kwargs)  # type: ignore[arg-type]

    real_learn = engines._learn_batch
    monkeypatch.setattr("cleaner.engines._clean_batch", clean)
    for options, again in (([], 4), (["--policy", "careful"], 7)):
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        dies = True
        cleaned.clear()
        with pytest.raises(Stopped):
            run("clean", corpus, "--out", tmp_path / "out")
        assert set(tree(tmp_path / "out")) == {
            *(f"{n}.txt" for n in range(3)),
            *(f".cleaner-run.{name}" for name in ("json", "idx", "journal")),
        }
        dies = False
        cleaned.clear()
        with monkeypatch.context() as patch:
            patch.setattr("cleaner.engines._learn_batch", learn)
            learnt.clear()
            assert run("clean", corpus, "--out", tmp_path / "out", *options).code == 0
        assert len(cleaned) == again
        assert bool(learnt) == bool(options)
        if not options:
            assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_an_input_that_changed_is_cleaned_anew(run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed run has done was done to other files."""
    corpus = plant(tmp_path / "in", {"a.txt": BODY + TRAILER, "b.txt": OTHER})
    monkeypatch.setattr("cleaner.workers.BATCH", 1)

    def die(*_: object) -> None:
        raise Stopped(signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr("cleaner.output.Output.finish", die)
        with pytest.raises(Stopped):
            run("clean", corpus, "--out", tmp_path / "out")
    (corpus / "a.txt").write_text(f"Changed. {BODY}{TRAILER}")
    assert run("clean", corpus, "--out", tmp_path / "out").code == 0
    assert run("clean", corpus, "--out", tmp_path / "whole").code == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


@pytest.mark.parametrize("damage", [b"", b"0 {}\n", b"half of an entry"])
def test_a_damaged_journal_is_read_as_far_as_it_is_whole(
    damage: bytes, run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = plant(tmp_path / "in", {f"{n}.txt": f"Text {n}. {BODY}{TRAILER}" for n in range(3)})
    monkeypatch.setattr("cleaner.workers.BATCH", 1)
    assert run("clean", corpus, "--out", tmp_path / "whole").code == 0
    with monkeypatch.context() as patch:

        def die(*_: object) -> None:
            raise Stopped(signal.SIGTERM)

        patch.setattr("cleaner.output.Output.finish", die)
        with pytest.raises(Stopped):
            run("clean", corpus, "--out", tmp_path / "out")
    journal = tmp_path / "out" / ".cleaner-run.journal"
    first, *_ = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(first + damage + first.replace(b"Text", b"Next"))
    assert run("clean", corpus, "--out", tmp_path / "out").code == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


HELD = """
import os, signal, sys
from cleaner.scratch import scratch
with scratch() as folder:
    (folder / "x").write_text("x")
    print(folder, flush=True)
    if sys.argv[1] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdin.read()
"""


def test_a_temporary_folder_goes_with_the_next_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When its process was killed; that of a process that lives stays, and so does what is not ours."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    plant(tmp_path, {"cleaner-mine/x": ""})
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", HELD, "lives"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True
    ) as living:
        assert living.stdout
        lives = Path(living.stdout.readline().strip())
        done = subprocess.run(
            [sys.executable, "-c", HELD, "killed"], capture_output=True, env=env, check=False, text=True
        )
        killed = Path(done.stdout.strip())
        assert (killed / "x").exists()
        with scratch():
            assert not killed.parent.exists()
            assert (lives / "x").exists()
        living.communicate("")
    assert [path.name for path in tmp_path.iterdir()] == ["cleaner-mine"]


def sleep(_: object) -> None:
    time.sleep(60)


def test_workers_are_not_waited_for() -> None:
    """They end with the block, whatever they do, and however much was handed out to them."""

    def batches() -> Iterator[list[str]]:
        for _ in range(4):
            yield ["x" * 10**6]
        raise CleanerError("enough")

    def work() -> None:
        with Workers(2) as workers:
            list(workers.in_order(sleep, batches()))

    with pytest.raises(CleanerError, match="enough"):
        work()


def test_a_second_run_knows_files_without_documents(run: Command, tmp_path: Path) -> None:
    """No record names them; the summary does."""
    corpus = plant(tmp_path / "in", {"a.txt": BODY, "b.jsonl": "\n\n", "c.jsonl": ""})
    for _ in range(2):
        assert run("clean", corpus, "--out", tmp_path / "out").code == 0
    assert json.loads((tmp_path / "out/summary.json").read_bytes())["files_without_documents"] == ["b.jsonl", "c.jsonl"]
    plant(tmp_path / "mine", {"b.jsonl": "\n"})
    assert run("clean", corpus, "--out", tmp_path / "mine").code == 2


def test_names_that_are_not_utf8_come_back(run: Command, tmp_path: Path) -> None:
    """Though the output writes them otherwise."""
    corpus = tmp_path / "in"
    for name in (b"caf\xe9.txt", b"\xff/b.txt", b"d\xe9.html", b"e.txt"):
        path = Path(os.fsdecode(os.fsencode(corpus) + b"/" + name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(BODY + TRAILER, encoding="utf-8")
    assert run("clean", corpus, "--out", tmp_path / "out").code == 0
    assert (tmp_path / "out" / "caf\\xe9.txt").exists()
    assert run("restore", tmp_path / "out", "--out", tmp_path / "back").code == 0
    back = {
        os.fsencode(path.relative_to(tmp_path / "back")) for path in (tmp_path / "back").rglob("*") if path.is_file()
    }
    assert back == {b"caf\xe9.txt", b"\xff/b.txt", b"d\xe9.txt", b"e.txt"}


def test_an_interrupt_while_garbage_is_collected_is_not_lost(tmp_path: Path) -> None:
    """Python cannot raise there; the signal comes again."""
    script = (
        "import gc, os, signal, time\nfrom cleaner import cli, console\n"
        "class Loop:\n    def __del__(self):\n        signal.raise_signal(signal.SIGINT)\n"
        "def work(*_, **__):\n    loop = Loop()\n    loop.self = loop\n    del loop\n    gc.collect()\n    time.sleep(60)\n"
        "cli.typer.main.get_command = lambda _: type('Command', (), {'main': staticmethod(work)})\n"
    )
    process = kills.start(["--version"], Place.new(tmp_path), script=script)
    assert kills.ended(process) == (128 + signal.SIGINT, ["cleaner: stopped by SIGINT"])


def test_files_of_all_kinds_go_on(run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables, pages, crawls and compressed files, from whatever batch."""
    rows = [{"n": n, "text": f"Text {n}. {BODY}{TRAILER}", "html": f"<p>{n} {BODY}</p>"} for n in range(4)]
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    corpus = plant(
        tmp_path / "in",
        {
            "a.jsonl.gz": gzip.compress(lines),
            "b.jsonl": b"\n" + lines + b"[]\n",
            "c.html": rows[0]["html"],
            "d.txt": b"\xff",
        },
    )
    pq.write_table(pa.Table.from_pylist([*rows, {"n": 5, "text": None}]), corpus / "e.parquet", row_group_size=2)
    monkeypatch.setattr("cleaner.workers.BATCH", 1)
    assert run("clean", corpus, "--out", tmp_path / "whole").code == 3
    real = engines._done

    def killed_at(at: int) -> None:
        seen = []

        def die(*args: object, **named: object) -> engines.Done:
            seen.append(args)
            if len(seen) == at:
                raise Stopped(signal.SIGTERM)
            return real(*args, **named)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr("cleaner.engines._done", die)
            with pytest.raises(Stopped):
                run("clean", corpus, "--out", tmp_path / "out")

    for at in range(1, 16):
        killed_at(at)
    assert run("clean", corpus, "--out", tmp_path / "out").code == 3
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_an_interrupt_in_an_import_waits_for_its_end(tmp_path: Path) -> None:
    """Else a library that is imported if it can be would be taken for missing."""
    plant(
        tmp_path,
        {"slow.py": "import signal, time\nsignal.raise_signal(signal.SIGTERM)\ntime.sleep(0.3)\nprint('whole')\n"},
    )
    script = (
        f"import sys, time\nsys.path.append({str(tmp_path)!r})\nfrom cleaner import cli\n"
        "def work(*_, **__):\n    try:\n        import slow\n    except BaseException:\n        print('half')\n    time.sleep(60)\n"
        "cli.typer.main.get_command = lambda _: type('Command', (), {'main': staticmethod(work)})\n"
    )
    process = kills.start(["--version"], Place.new(tmp_path / "x"), script=script, stdout=subprocess.PIPE)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (128 + signal.SIGTERM, b"whole\n", b"cleaner: stopped by SIGTERM\n")
