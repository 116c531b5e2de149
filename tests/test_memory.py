"""What comes out does not depend on how much memory there is; and what is written on the way goes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner import workers as module
from cleaner.frequency import Frequencies, derived
from cleaner.index import Index, arrays, learn, merge
from cleaner.model import CleanerError, Document, ReadError
from cleaner.pipeline import Cleaner
from cleaner.saving import load
from cleaner.sharing import share, shared
from cleaner.spill import Space, place_of
from cleaner.workers import Workers, bytes_of, in_words, total_memory
from tests.conftest import BODY, OTHER, SEEDS, THIRD, TRAILER, Command, plant, tree
from tests.handmade import dumps
from tests.strategies import LINES, STEADY, corpora

MOST = st.sampled_from((1, 700, 5000))
"""Bytes worked on at a time: one line, a few, some documents."""


@pytest.fixture(scope="module", autouse=True)
def _little_is_held() -> Iterator[None]:
    """Few values are enough for a file, few strings are more than are moved at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cleaner.spill.HELD", 64)
        patch.setattr("cleaner.spill.KEPT", 0)
        for name in ("index", "strings", "near"):
            patch.setattr(f"cleaner.{name}.AT_ONCE", 4)
        yield


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where temporary folders are made."""
    folder = plant(tmp_path / "temporary", {"x": b""})
    (folder / "x").unlink()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def site() -> list[Document]:
    """Return documents that show all that is derived: copies, sites without a name, near-duplicates, long lines that recur."""
    seeds = [Document(path.name, path.read_bytes().decode(), "seeds") for path in sorted(SEEDS.glob("*.txt"))]
    prose = [f"{line}\n" for line in LINES if len(line) > 60]
    found = [Document(f"flat {one.id}", one.text.replace("\n", " ")) for one in seeds]
    found += [Document(f"copy {at}", seeds[0].text + f"Filed by desk {at}\n") for at in range(3)]
    for number in range(24):
        menu = "".join(f"Menu {number % 3} has entry {line}\n" for line in range(6))
        own = "".join(
            f"Page {number} has sentence {line} of its own, as each of the others has.\n" for line in range(4)
        )
        found.append(Document(f"{number:02}", menu + own + prose[number % len(prose)] + TRAILER, "ab"[: number % 2]))
    return [*seeds, *found]


def derived_from(documents: Sequence[Document], shards: int, space: Space) -> tuple[Index, dict[str, np.ndarray]]:
    """Return the index of documents learnt in shards, and all that follows from it, worked out in some space."""
    index = merge((learn(documents[at::shards]) for at in range(shards)), space)
    return index, derived(Frequencies(index, space))


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    """Assert that arrays are the same by name, value and type."""
    assert one.keys() == other.keys()
    for name, array in one.items():
        assert array.dtype == other[name].dtype, name
        assert np.array_equal(array, other[name]), name


def assert_memory_does_not_matter(folder: Path, documents: Sequence[Document], shards: int, most: int) -> None:
    """Assert that a space in files, however small, gives the index and the tables that memory gives."""
    index, tables = derived_from(documents, shards, Space(folder, most))
    whole = learn(documents)
    assert index == whole
    assert_same(arrays(index), arrays(whole))
    assert_same(tables, derived(Frequencies(whole)))
    assert dumps(replace(index, tables=tables)) == dumps(replace(whole, tables=derived(Frequencies(whole))))


# The index, and what follows from it


@settings(STEADY, max_examples=40)
@given(corpora(max_size=9), st.integers(1, 4), MOST)
def test_what_is_derived_does_not_depend_on_memory(
    tmp_path_factory: pytest.TempPathFactory, corpus: list[Document], shards: int, most: int
) -> None:
    """Nor does the index of all shards."""
    with tempfile.TemporaryDirectory(dir=tmp_path_factory.getbasetemp()) as folder:
        assert_memory_does_not_matter(Path(folder), corpus, shards, most)


@pytest.mark.parametrize("most", [1000, 20_000, 10**6])
def test_what_is_derived_from_whole_pages_does_not_depend_on_memory(tmp_path: Path, most: int) -> None:
    documents = site()
    assert_memory_does_not_matter(tmp_path, documents, 3, most)
    tables = derived(Frequencies(learn(documents)))
    for name in (
        "copies",
        "entries",
        "ordered: order",
        "shingle_order: codes",
        "holders: codes",
        "pairs: codes",
        "shapes: codes",
        "sites",
    ):
        assert tables[name].size, name
    assert len({*tables["group_of"].tolist()}) > 3


@settings(STEADY, max_examples=25)
@given(corpora(max_size=7), MOST)
def test_what_was_prepared_in_files_cleans_the_same(
    tmp_path_factory: pytest.TempPathFactory, corpus: list[Document], most: int
) -> None:
    """Here, and in another process."""
    with tempfile.TemporaryDirectory(dir=tmp_path_factory.getbasetemp()) as folder:
        cleaner = Cleaner(learn(corpus))
        cleaner.prepare(Space(Path(folder), most))
        expected = Cleaner(learn(corpus)).clean_all(corpus)
        assert cleaner.clean_all(corpus) == expected
        assert shared(share(cleaner, Path(folder, "shared"))).clean_all(corpus) == expected


def test_merging_holds_one_index_at_a_time(tmp_path: Path) -> None:
    """Each is let go before the next one is asked for."""
    asked: list[int] = []

    def shards() -> Iterator[Index]:
        for number, document in enumerate(site()[:6]):
            asked.append(number)
            yield learn([document])

    assert merge(shards(), Space(tmp_path, 1000)) == learn(site()[:6])
    assert asked == list(range(6))


# The command


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Return a folder of pages, as files and as lines, one of them unreadable."""
    documents = site()
    files = {f"{one.group or 'none'}/{one.id}.txt": one.text for one in documents[:9]}
    rows = "".join(json.dumps({"id": one.id, "text": one.text, "group": one.group}) + "\n" for one in documents[9:])
    return plant(tmp_path / "in", {**files, "rows.jsonl": rows, "wrong.txt": b"\xff"})


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let as little memory do as makes batches of one document, and parts of a few."""
    monkeypatch.setattr(module, "BASE", 0)
    monkeypatch.setattr(module, "LEAST", 60_000)


GIVEN = (("--jobs", 1, "--memory", "60kB"), ("--jobs", 2, "--memory", "60kB"), ("--jobs", 1, "--memory", "2MB"))
"""Of the memory that is enough where needs are `small`, the least and more."""


@pytest.mark.parametrize("given", GIVEN, ids=str)
@pytest.mark.usefixtures("small")
def test_cleaning_does_not_depend_on_memory(
    run: Command, corpus: Path, tmp_path: Path, temporary: Path, given: tuple[object, ...]
) -> None:
    """The same bytes of all outputs, and the same words."""
    options = ("--group-field", "group", "--id-field", "id")
    expected = run("clean", corpus, "--out", tmp_path / "one", *options, "--jobs", 1)
    ran = run("clean", corpus, "--out", tmp_path / "other", *options, *given)
    assert (ran.code, ran.words) == (expected.code, expected.words)
    assert expected.code == 3
    assert tree(tmp_path / "one") == tree(tmp_path / "other")
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("given", GIVEN, ids=str)
@pytest.mark.usefixtures("small")
def test_learning_does_not_depend_on_memory(
    run: Command, corpus: Path, tmp_path: Path, temporary: Path, given: tuple[object, ...]
) -> None:
    """The same bytes; learnt at once, or added to what others have learnt."""
    whole, part, other = (tmp_path / name for name in ("whole.idx", "part.idx", "other.idx"))
    assert run("learn", corpus, "--group-field", "group", "--out", whole, "--jobs", 1).code == 3
    assert run("learn", corpus, "--group-field", "group", "--out", other, *given).code == 3
    assert other.read_bytes() == whole.read_bytes()
    assert run("learn", corpus / "rows.jsonl", "--group-field", "group", "--out", part, *given).code == 0
    assert run("learn", "--add", part, "--add", whole, "--out", other, *given).code == 0
    assert other.read_bytes() == whole.read_bytes()
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_least_memory_is_what_the_error_says(run: Command, tmp_path: Path, temporary: Path, jobs: int) -> None:
    """With that it runs, and says the same as with all there is."""
    pages = plant(tmp_path / "in", {f"{at}.txt": f"{body}{TRAILER}" for at, body in enumerate((BODY, OTHER, THIRD))})
    start = ("clean", pages, "--jobs", jobs)
    refused = run(*start, "--out", tmp_path / "no", "--memory", "1MB")
    assert (refused.code, refused.out) == (2, b"")
    told = re.fullmatch(
        r"cleaner: memory of 1,000,000 bytes for (?:a process|2 processes); expected at least (\d+ MB)\n", refused.err
    )
    assert told, refused.err
    assert not (tmp_path / "no").exists()
    assert run(*start, "--out", tmp_path / "one", "--memory", told[1]).code == 0
    assert run(*start, "--out", tmp_path / "other").code == 0
    assert tree(tmp_path / "one") == tree(tmp_path / "other")
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("command", ["clean", "learn"])
@pytest.mark.parametrize(
    "words",
    ["much", "", "-1GB", "1GBB", "1,5GB", "MB", "2 GB of it", "0", "0MB", "1e9", "nan", "inf", "9" * 400 + "TB"],
)
def test_what_is_no_size_is_one_line(run: Command, tmp_path: Path, words: str, command: str) -> None:
    """That says what is expected; and nothing is written."""
    plant(tmp_path, {"in/a.txt": BODY})
    ran = run(command, tmp_path / "in", "--out", tmp_path / "out", f"--memory={words}")
    assert (ran.code, ran.out) == (2, b"")
    assert re.fullmatch(r"cleaner: .*; expected .*\n", ran.err), ran.err
    assert tree(tmp_path).keys() == {"in/a.txt"}


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ("700MB", 700_000_000),
        ("700 mb", 700_000_000),
        (" 2G ", 2_000_000_000),
        ("1.5GiB", 3 * 2**29),
        ("512k", 512_000),
        ("512Ki", 2**19),
        ("1TB", 10**12),
        ("4096", 4096),
        ("4096B", 4096),
    ],
)
def test_sizes_in_words(words: str, size: int) -> None:
    assert bytes_of(words) == size


@given(st.integers(1, 10**6))
def test_a_size_that_was_said_is_understood(megabytes: int) -> None:
    """So that the least memory, as an error says it, can be given."""
    assert bytes_of(in_words(megabytes * 1_000_000)) == megabytes * 1_000_000


# Workers


def test_more_memory_is_more_work_at_a_time() -> None:
    """To a limit; more processes have less of it each."""
    least = module.BASE + module.LEAST
    batches = [Workers(1, memory).batch for memory in (least, least + 10**8, 10**11)]
    assert batches == sorted(batches)
    assert 0 < batches[0] < batches[-1] == module.BATCH
    assert Workers(1, least).space.most < Workers(1, 10**11).space.most
    assert Workers(8, 10**10).batch >= 1
    for processes in (1, 2, 5):
        with pytest.raises(CleanerError, match=r"; expected at least [\d,]+ MB$"):
            Workers(processes, module.BASE * processes)


def test_by_default_it_is_a_quarter_of_the_machine_s() -> None:
    assert total_memory() > 10**8
    quarter = Workers(1, total_memory() // 4)
    assert (Workers().space, Workers().batch) == (quarter.space, quarter.batch)


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_folder_is_there_as_long_as_the_block(temporary: Path, jobs: int) -> None:
    """Whether it ends well or with an error."""
    for error in (None, KeyboardInterrupt, ValueError):
        workers = Workers(jobs)
        assert workers.space.folder is None
        try:
            with workers:
                assert workers.space.folder is not None
                assert [workers.space.folder.parent] == list(temporary.iterdir())
                assert list(workers.in_order(len, ["a", "bc"])) == [("a", 1), ("bc", 2)]
                if error:
                    raise error
        except (KeyboardInterrupt, ValueError):
            pass
        assert workers.space.folder is None
        assert list(temporary.iterdir()) == []


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_leaves_no_temporary_folder(
    run: Command, corpus: Path, tmp_path: Path, temporary: Path, jobs: int
) -> None:
    """One before anything is read, and one when all that follows from the corpus is there, and has no place to go."""
    plant(tmp_path, {"bad.idx": b"no", "out/rows.jsonl": b"mine"})
    options = ("--jobs", jobs, "--memory", "60kB")
    for args in (["--out", tmp_path / "new", "--index", tmp_path / "bad.idx"], ["--out", tmp_path / "out"]):
        ran = run("clean", corpus, *args, *options)
        assert ran.code == 2
        assert len(ran.words) == 1
        assert list(temporary.iterdir()) == []
    assert run("learn", corpus, "--out", tmp_path / "bad.idx" / "x.idx", *options).code == 2
    assert list(temporary.iterdir()) == []


def test_an_interrupt_leaves_no_temporary_folder(tmp_path: Path, temporary: Path) -> None:
    """While the corpus is read."""
    row = json.dumps({"text": BODY + TRAILER}) + "\n"
    rows = plant(tmp_path, {"rows.jsonl": row * 100_000}) / "rows.jsonl"
    command = [sys.executable, "-m", "cleaner", "learn", str(rows), "--out", str(tmp_path / "x.idx"), "--jobs", "1"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "TMPDIR": str(temporary)}) as started:
        while not list(temporary.glob("cleaner-*/*")) and started.poll() is None:
            time.sleep(0.02)
        started.send_signal(signal.SIGINT)
        said = started.communicate(timeout=60)[1]
    assert started.returncode not in (0, None)
    assert b"Traceback" not in said
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "x.idx").exists()


# What is handed to other processes


def test_an_index_of_a_file_is_handed_over_by_its_path(tmp_path: Path) -> None:
    """Not a byte of its arrays is copied: neither of those learnt nor of what follows from them."""
    many = [Document(f"{copy} {one.id}", one.text, one.group) for one in site() for copy in range(8)]
    index = learn(many)
    path = tmp_path / "an.idx"
    path.write_bytes(dumps(replace(index, tables=derived(Frequencies(index)))))
    held, found = share(index, tmp_path / "held"), share(load(path), tmp_path / "mapped")
    assert held.stat().st_size > sum(array.nbytes for array in arrays(index).values())
    assert found.stat().st_size < 16_000
    handed = shared(found)
    assert handed == index
    for name, array in (arrays(handed) | handed.tables).items():
        if array.size:
            place = place_of(array)
            assert place is not None, name
            assert place[0] == str(path), name
    cleaner = Cleaner(load(path), Cleaner().rules)
    cleaner.prepare(Space(tmp_path))
    rules = share(cleaner.rules, tmp_path / "rules").stat().st_size
    assert share(cleaner, tmp_path / "cleaner").stat().st_size < rules + path.stat().st_size / 4


def test_what_is_derived_in_files_is_handed_over_by_their_paths(tmp_path: Path) -> None:
    index = merge([learn(site())], Space(tmp_path, 5000))
    known = Frequencies(index, Space(tmp_path, 5000))
    known.prepare()
    large = sum(array.nbytes for array in (arrays(index) | derived(known)).values() if place_of(array))
    assert large > 100_000
    copied = share(Frequencies(learn(site())), tmp_path / "plain").stat().st_size
    assert share(known, tmp_path / "known").stat().st_size < copied + large / 2
    assert_same(derived(shared(tmp_path / "known")), derived(Frequencies(learn(site()))))


def test_an_index_that_is_replaced_meanwhile_is_not_taken_for_the_old_one(tmp_path: Path) -> None:
    """`cleaner learn` may write a new one while `cleaner clean` starts its processes."""
    path = tmp_path / "an.idx"
    path.write_bytes(dumps(learn([Document("a", BODY)])))
    task = share(load(path), tmp_path / "task")
    (tmp_path / "new.idx").write_bytes(dumps(learn([Document("b", BODY)])))
    (tmp_path / "new.idx").replace(path)
    with pytest.raises(ReadError, match=r"an\.idx: was replaced while it was read; expected "):
        shared(task)


def first_of(index: Index, at: int) -> tuple[str, int]:
    """Return what a worker sees of an index."""
    return index.ids[at], int(index.lines.keys[at])


def test_workers_read_the_index_where_it_is(tmp_path: Path) -> None:
    index = learn(site())
    path = tmp_path / "an.idx"
    path.write_bytes(dumps(index))
    with Workers(2) as workers:
        found = [result for _, result in workers.in_order(partial(first_of, load(path)), range(5))]
        assert workers.space.folder is not None
        sizes = [one.stat().st_size for one in workers.space.folder.iterdir()]
    assert found == [first_of(index, at) for at in range(5)]
    assert max(sizes) < 16_000


def test_little_memory_is_no_reason_to_fail_unless_it_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small machine, or one with many cores, does what it can."""
    monkeypatch.setattr("cleaner.workers.total_memory", lambda: 10**9)
    for processes in (1, 2, 64):
        assert Workers(processes).batch > 10**4
        with pytest.raises(CleanerError, match=r"expected at least \d+ MB$"):
            Workers(processes, 10**8)


def test_a_run_that_is_ended_leaves_no_temporary_folder(tmp_path: Path) -> None:
    """By SIGTERM, as `timeout` and containers do."""
    (tmp_path / "in.jsonl").write_bytes(
        b"".join(b'{"text": "%d\\n%s"}\n' % (n, b"Line of it.\\n" * 300) for n in range(4000))
    )
    (tmp_path / "tmp").mkdir()
    command = [sys.executable, "-m", "cleaner", "clean", "in.jsonl", "--out", "out", "--jobs", "1"]
    run = subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, "TMPDIR": str(tmp_path / "tmp")}, stderr=subprocess.PIPE
    )
    while not any(
        path.is_dir() for path in (tmp_path / "tmp").iterdir()
    ):  # before, Python tries whether it can be written to
        assert run.poll() is None
        time.sleep(0.01)
    run.terminate()
    run.communicate()
    assert run.returncode == 143
    assert list((tmp_path / "tmp").iterdir()) == []
