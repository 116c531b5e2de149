"""Spark, on clusters of two workers: the same as on one machine, also when one of them is lost. Needs Java: `make test-spark`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyspark
import pytest
from pyspark.sql import DataFrame, SparkSession

import cleaner
from cleaner import executors, report, saving, shuffling, spark
from cleaner.frequency import Frequencies, derived
from cleaner.index import learn
from cleaner.matching import RuleSet
from cleaner.model import CleanerError, Document, Instead
from cleaner.pipeline import Cleaner
from cleaner.policy import POLICIES
from cleaner.rules import load_rules
from cleaner.spill import ROW
from tests.benchmarks.scale import documents as made_up
from tests.conftest import BODY, OTHER, SEEDS, THIRD, TRAILER, Command, snippets

os.environ.setdefault("PYSPARK_PYTHON", sys.executable)

COUNT = 150


@pytest.fixture(scope="module")
def corpus() -> list[Document]:
    """Documents with a group and without, that say the same, that are copies, that are flat, and that are empty."""
    texts = [row["text"] for row in made_up(COUNT)]
    found = [Document(f"d{number:04}", text, f"g{number // 50}") for number, text in enumerate(texts)]
    found += [replace(one, group="", id=f"n{one.id}") for one in found[::3]]
    found += [
        replace(found[5], id="same", group="elsewhere"),
        replace(found[7], id="flat", text=found[7].text.replace("\n", " ")),
    ]
    found += [Document(path.name, path.read_text(encoding="utf-8"), "seeds") for path in sorted(SEEDS.glob("*.txt"))]
    return [*found, Document("empty", ""), Document("marks", "* * *\n\n---\n")]


@pytest.fixture(scope="module")
def session() -> Iterator[SparkSession]:
    """A cluster of two workers, each a process with one executor."""
    with session_on("local-cluster[2,1,1024]") as found:
        yield found


@pytest.fixture(autouse=True)
def many_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small corpora be counted by many tasks: 512 lines each."""
    monkeypatch.setattr(shuffling, "TASK", 512 * ROW)


class session_on:  # noqa: N801  # reads as a function
    """A session with a cluster, as long as a block lasts."""

    def __init__(self, master: str) -> None:
        builder = SparkSession.builder.master(master).appName("tests").config("spark.ui.enabled", "false")
        builder = builder.config("spark.sql.shuffle.partitions", "4").config("spark.ui.showConsoleProgress", "false")
        self.session = builder.config("spark.log.level", "ERROR").getOrCreate()

    def __enter__(self) -> SparkSession:
        return self.session

    def __exit__(self, *error: object) -> None:
        self.session.stop()


def frame(session: SparkSession, corpus: list[Document], parts: int = 5) -> DataFrame:
    """Return documents as a DataFrame, in another order, with a column more."""
    rows = [(number, one.id, one.text, one.group or None) for number, one in enumerate(corpus)]
    return session.createDataFrame(rows[::-1], "n int, id string, text string, group string").repartition(parts)


def local(corpus: list[Document], rules: RuleSet | None = None) -> dict[str, Any]:
    """Return what cleaning documents on this machine alone says of each."""
    return {one.document.id: said(one) for one in Cleaner(learn(corpus), rules or load_rules()).clean_all(corpus)}


def said(one: Any) -> Any:
    spans = report.spans(one)
    return one.text, one.status, spans, one.duplicate_of, one.error


def told(rows: list[Any]) -> dict[str, Any]:
    """Return what Spark says of each."""
    found = {}
    for row in rows:
        spans = [{k: v for k, v in span.asDict().items() if v is not None} for span in row.cleaned.spans]
        spans = [{**span, "reasons": [json.loads(reason) for reason in span["reasons"]]} for span in spans]
        found[row.id] = row.cleaned.text, row.cleaned.status, spans, row.cleaned.duplicate_of, row.cleaned.error
    return found


def processes_with(words: str, above: int = 0) -> list[int]:
    """Return the processes below one, by default this, whose command has these words."""
    parents, found = {}, []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if words in (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"):
                found.append(int(folder.name))

    def below(number: int) -> bool:
        while number in parents and number != (above or os.getpid()):
            number = parents[number]
        return number == (above or os.getpid())

    return sorted(filter(below, found))


def once(ready: Any, seconds: float = 120) -> Any:
    """Wait until something is there, and return it."""
    until = time.monotonic() + seconds
    while not (found := ready()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)
    return found


def test_learns_and_cleans_as_one_machine_does(session: SparkSession, corpus: list[Document], tmp_path: Path) -> None:
    """The index file is the same, byte for byte, and so is all that is said of each document."""
    df = frame(session, corpus)
    spark.learn(df, tmp_path / "spark.idx")
    index = learn(corpus)
    saving.save(replace(index, tables=derived(Frequencies(index))), tmp_path / "local.idx")
    assert (tmp_path / "spark.idx").read_bytes() == (tmp_path / "local.idx").read_bytes()
    rows = spark.clean(df, tmp_path / "spark.idx").collect()
    assert told(rows) == local(corpus)
    assert {row.n: row.text for row in rows} == {number: one.text for number, one in enumerate(corpus)}


def test_groups_that_are_given_to_none(session: SparkSession, corpus: list[Document], tmp_path: Path) -> None:
    columns = spark.Columns(group=None)
    nameless = [replace(one, group="") for one in corpus[:120]]
    df = frame(session, corpus[:120]).drop("group")
    index = spark.learn(df, tmp_path / "x.idx", columns=columns)
    assert index == learn(nameless)
    assert told(spark.clean(df, learn(nameless), columns=columns, into="cleaned").collect()) == local(nameless)


def test_keeps_the_first_and_leaves_markers_as_one_machine_does(session: SparkSession, corpus: list[Document]) -> None:
    """Whatever executor has which documents."""
    rules = replace(load_rules(), instead=(Instead("So.", rules=("*",), first=True, marker="[cut]"),))
    found = told(spark.clean(frame(session, corpus), learn(corpus), rules=rules).collect())
    assert found == local(corpus, rules)
    assert {span.get("marker") for _, _, spans, *_ in found.values() for span in spans} == {"[cut]", None}


def test_a_line_that_all_hold_is_counted_right(session: SparkSession, tmp_path: Path) -> None:
    """All counts of one code come together from all tasks, and copies count once."""
    corpus = [Document(str(number), f"Share this page\nNumber {number % 500} alone\n", "g") for number in range(2000)]
    index = spark.learn(frame(session, corpus), tmp_path / "x.idx")
    own = derived(Frequencies(learn(corpus)))
    for name, table in own.items():
        assert table.tolist() == index.tables[name].tolist(), name


def test_rows_without_id_or_text_fail_alone(session: SparkSession, tmp_path: Path) -> None:
    rows = [("a", "One.\n"), (None, "Two.\n"), ("c", None)]
    df = session.createDataFrame(rows, "`the id` string, `a b` string")
    columns = spark.Columns(id="the id", text="a b", group=None)
    assert len(spark.learn(df, tmp_path / "x.idx", columns=columns)) == 1
    found = {row[0]: row.found for row in spark.clean(df, tmp_path / "x.idx", columns=columns, into="found").collect()}
    assert [found[name].status for name in ("a", None, "c")] == ["unchanged", "failed", "failed"]
    assert found["c"].error == "c: no text in column 'a b'; expected a string"
    assert found["c"].text is None


def test_parts_are_kept_as_parquet(session: SparkSession, corpus: list[Document], tmp_path: Path) -> None:
    """Two days' parts, some documents in both, are merged into what is learnt at once."""
    days = corpus[:100], corpus[80:160]
    for number, day in enumerate(days):
        spark.learn_parts(frame(session, day, 2)).write.parquet(str(tmp_path / f"parts/day={number}"))
    index = spark.merge_parts(session.read.parquet(str(tmp_path / "parts")), tmp_path / "x.idx")
    assert index == learn(corpus[:160])


def test_the_page_is_run(
    session: SparkSession, corpus: list[Document], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """docs/spark.md: an index by its file and by its parts in Parquet cleans alike; the file is sent once."""
    [page] = snippets("docs/spark.md", "python")
    monkeypatch.chdir(tmp_path)
    some = corpus[:120]
    df = session.createDataFrame(
        [(one.id, one.text, one.group) for one in some], "url string, body string, host string"
    )
    given: dict[str, Any] = {"session": session, "df": df, "today": df, "cleaner": cleaner}
    # Spark writes where its workers are told to: by paths in full.
    exec(page.replace('parquet("', f'parquet("file://{tmp_path}/'), given)
    expected = local(some)
    for found in (given["cleaned"], given["again"]):
        assert told(found.withColumnRenamed("url", "id").collect()) == expected
    kept = session.read.parquet(f"file://{tmp_path}/cleaned").collect()
    assert {row.url: row.text for row in kept} == {name: one[0] for name, one in expected.items()}
    sent = set(executors.folder().iterdir())
    for _ in range(2):
        assert spark.clean(df, tmp_path / "corpus.idx", columns=given["columns"]).count() == len(some)
    [first] = set(executors.folder().glob("sent-*")) - sent
    careful = spark.clean(df, tmp_path / "corpus.idx", columns=given["columns"], policy=POLICIES["careful"])
    assert len(set(executors.folder().glob("sent-*")) - sent - {first}) == 1
    spark.learn(df.limit(1), tmp_path / "corpus.idx", columns=given["columns"])
    sent = set(executors.folder().iterdir())
    spark.clean(df, tmp_path / "corpus.idx", columns=given["columns"], policy=POLICIES["careful"])
    assert len(set(executors.folder().glob("sent-*")) - sent) == 1
    assert careful.count() == len(some)
    with pytest.raises(CleanerError, match=r"^part: no such column; expected parts, got url, body, host$"):
        spark.clean(df, df, columns=given["columns"])


def test_names_of_columns_may_hold_anything(session: SparkSession, tmp_path: Path) -> None:
    """Dots and backticks, which mean something to Spark."""
    names = ("a.b", "c`d", "e f.g")
    texts = [body + TRAILER for body in (BODY, OTHER, THIRD)]
    df = session.createDataFrame([(str(number), text, "g") for number, text in enumerate(texts)], list(names))
    columns = spark.Columns(id=names[0], text=names[1], group=names[2])
    assert len(spark.learn(df, tmp_path / "x.idx", columns=columns)) == 3
    found = spark.clean(df, tmp_path / "x.idx", columns=columns, into="a.`c").collect()
    assert [row["a.`c"].text for row in sorted(found, key=lambda row: str(row["a.b"]))] == [BODY, OTHER, THIRD]


def test_nothing_to_learn(session: SparkSession, tmp_path: Path) -> None:
    df = session.createDataFrame([], "id string, text string, group string")
    assert len(spark.learn(df, tmp_path / "x.idx")) == 0


def test_what_is_wrong_is_said_in_one_line(session: SparkSession, tmp_path: Path) -> None:
    df = frame(session, [Document("a", "One.")])
    with pytest.raises(CleanerError, match=r"^body: no such column; expected one of n, id, text, group$"):
        spark.learn(df, tmp_path / "x.idx", columns=spark.Columns(text="body"))
    with pytest.raises(CleanerError, match=r"^text: a column of that name is there; expected another one$"):
        spark.clean(df, learn([]), into="text")
    broken = df.selectExpr("id", "group", "raise_error('no such luck') as text")
    with pytest.raises(CleanerError, match=r"^learn: Spark failed: .*no such luck.*$"):
        spark.learn(broken, tmp_path / "x.idx")


@pytest.mark.parametrize("what", ["learn", "clean"])
def test_an_executor_is_lost(what: str, session: SparkSession, corpus: list[Document], tmp_path: Path) -> None:
    """It is killed when some of its tasks are done; they are done again by others."""
    df, context = frame(session, corpus, 24), session.sparkContext
    spark.clean(df, learn([])).count()  # both executors are there
    running = once(lambda: found if len(found := processes_with("CoarseGrainedExecutorBackend")) >= 2 else None)

    def job() -> Any:
        if what == "learn":
            return spark.learn(df, tmp_path / "x.idx")
        return told(spark.clean(df, learn(corpus)).collect())

    def under_way() -> bool:
        tracker = context.statusTracker()
        stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
        return any(stage and stage.numTasks == 24 and stage.numCompletedTasks >= 2 for stage in stages)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(job)
        once(under_way)
        os.kill(running[0], signal.SIGKILL)
        found = done.result(timeout=300)
    assert running[0] not in processes_with("CoarseGrainedExecutorBackend")
    if what == "learn":
        own = learn(corpus)
        saving.save(replace(own, tables=derived(Frequencies(own))), tmp_path / "local.idx")
        assert (tmp_path / "x.idx").read_bytes() == (tmp_path / "local.idx").read_bytes()
    else:
        assert found == local(corpus)


def answers(port: int) -> bool:
    """Whether something listens there."""
    with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port))):
        return True
    return False


class Standalone:
    """A master and two workers on loopback, each a process."""

    def __init__(self, folder: Path) -> None:
        home = Path(pyspark.__file__).parent
        environment = {
            **os.environ,
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_WORKER_DIR": str(folder),
        }
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"spark://127.0.0.1:{port}"

        def start(kind: str, *options: str) -> subprocess.Popen[bytes]:
            command = [home / "bin/spark-class", f"org.apache.spark.deploy.{kind}", "--host", "127.0.0.1", *options]
            with (folder / f"{time.monotonic_ns()}.log").open("wb") as log:
                return subprocess.Popen(list(map(str, command)), env=environment, stdout=log, stderr=log)

        self.master = start("master.Master", "--port", str(port), "--webui-port", "0")
        once(lambda: answers(port))
        options = ("--cores", "1", "--memory", "1g", "--webui-port", "0", self.url)
        self.workers = [start("worker.Worker", *options) for _ in range(2)]

    def stop(self) -> None:
        """End all of them."""
        for process in (*self.workers, self.master):
            process.kill()
            process.wait()


@pytest.fixture
def standalone(tmp_path: Path) -> Iterator[Standalone]:
    """A standalone cluster."""
    (tmp_path / "workers").mkdir()
    found = Standalone(tmp_path / "workers")
    yield found
    found.stop()


def planted(folder: Path, corpus: list[Document]) -> Path:
    """Write documents as a JSONL file, with a blank line, a broken one and an id used twice, and text files beside it."""
    lines = [json.dumps({"id": one.id, "site": one.group, "text": one.text}) for one in corpus]
    lines[10:10] = ["", '{"id": "d0001", "text": "Again."}', '{"id": "broken"', '{"id": "null", "text": null}']
    folder.mkdir()
    (folder / "made-up.jsonl").write_text("\n".join(lines), encoding="utf-8")
    for path in sorted(SEEDS.glob("*.txt")):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "latin.txt").write_bytes(b"caf\xe9")
    return folder


def written(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def command(*given: object) -> list[str]:
    return [sys.executable, "-m", "cleaner", *map(str, given)]


@pytest.mark.parametrize("lost", [False, True], ids=["whole", "lost"])
def test_the_command_writes_the_same_folder(
    lost: bool, standalone: Standalone, corpus: list[Document], tmp_path: Path, run: Command
) -> None:
    """Bodies, report and summary, byte for byte, on a standalone cluster, also when a worker and its executor are killed."""
    inputs = planted(tmp_path / "in", corpus)
    given = ("clean", inputs, "--id-field", "id", "--group-field", "site")
    own = run(*given, "--out", tmp_path / "local", "--jobs", 1)
    assert own.code == 3
    whole = command(*given, "--out", tmp_path / "spark", "--engine", "spark", "--master", standalone.url)
    with subprocess.Popen(whole, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        if lost:
            worker = standalone.workers[0].pid
            once(lambda: processes_with("pyspark.daemon", worker))  # its first task has started
            [executor] = processes_with("CoarseGrainedExecutorBackend", worker)
            os.kill(worker, signal.SIGKILL)
            os.kill(executor, signal.SIGKILL)
        words = process.communicate(timeout=300)[1]
    assert process.returncode == own.code, words
    assert written(tmp_path / "spark") == written(tmp_path / "local")
    assert [line for line in words.splitlines() if line.startswith("cleaner: ")] == [
        f"cleaner: {line}" for line in own.words
    ]


def test_the_commands_of_the_page_run(standalone: Standalone, tmp_path: Path) -> None:
    """docs/spark.md: as a reader would, on a cluster of another name."""
    [page] = snippets("docs/spark.md", "sh")
    lines = [json.dumps({"id": str(at), "text": text + TRAILER}) for at, text in enumerate((BODY, OTHER, THIRD))]
    (tmp_path / "corpus.jsonl").write_text("\n".join(lines), encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    page = page.replace("spark://host:7077", standalone.url)
    subprocess.run(["bash", "-euo", "pipefail", "-c", page], check=True, cwd=tmp_path, env={**os.environ, "PATH": path})
    rows = (tmp_path / "cleaned/corpus.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(row)["text"] for row in rows] == [BODY, OTHER, THIRD]
    assert len(saving.load(tmp_path / "corpus.idx")) == 3


def test_the_command_learns_the_same_file(corpus: list[Document], tmp_path: Path, run: Command) -> None:
    inputs = planted(tmp_path / "in", corpus)
    run("learn", inputs, "--id-field", "id", "--out", tmp_path / "local.idx", "--jobs", 1)
    whole = command("learn", inputs, "--id-field", "id", "--out", tmp_path / "spark.idx", "--engine", "spark")
    subprocess.run([*whole, "--master", "local-cluster[2,1,1024]"], check=False, cwd=tmp_path, capture_output=True)
    assert (tmp_path / "spark.idx").read_bytes() == (tmp_path / "local.idx").read_bytes()


def test_no_java(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("One.\n", encoding="utf-8")
    whole = command("clean", tmp_path / "x.txt", "--dry-run", "--engine", "spark", "--master", "local[1]")
    environment = {**os.environ, "JAVA_HOME": str(tmp_path), "PATH": str(Path(sys.executable).parent)}
    done = subprocess.run(whole, env=environment, capture_output=True, text=True, check=False)
    last = done.stderr.splitlines()[-1]
    assert (done.returncode, last) == (
        2,
        "cleaner: local[1]: Java did not start; expected `java` 17 or newer on the PATH",
    )
