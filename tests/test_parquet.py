"""Parquet: the same spans as of JSONL, tables that are equal but for their texts, and what is damaged is named."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner import parquet
from cleaner.chunks import Fields
from cleaner.sources import Source, find_sources
from tests.conftest import BODY, OTHER, THIRD, TRAILER, Command, in_batches, plant, tree
from tests.strategies import STEADY

TEXTS = [OTHER + TRAILER, f"{BODY}\0\u2028\r\n", f"\ufeff{THIRD}{TRAILER}", "", f"Ünïcödé 🐝\n{TRAILER}"]

KINDS = [
    pa.string(),
    pa.large_string(),
    pa.dictionary(pa.int32(), pa.string()),
    pa.dictionary(pa.int8(), pa.large_string()),
    *([pa.string_view()] if int(pa.__version__.partition(".")[0]) >= 24 else []),  # older ones cannot write such files
]


def table(texts: list[str | None], kind: pa.DataType = KINDS[0]) -> pa.Table:
    """Return a table of texts beside columns of other types, with metadata of its own and of a field."""
    count = range(len(texts))
    columns: dict[str, Any] = {
        "n": pa.array([None if at % 3 == 1 else at for at in count], pa.uint8()),
        "site": [f"{at % 2}.example" for at in count],
        "body": pa.array(texts, pa.large_string()).cast(kind),
        "tags": [[f"t{at}", None] if at % 2 else None for at in count],
        "at": pa.array(list(count), pa.timestamp("ns", "Europe/Madrid")),
        "who": [{"name": f"w{at}", "ids": [at]} for at in count],
        "kind": pa.array([f"k{at % 2}" for at in count]).dictionary_encode(),
        "raw": [b"\xff\0"] * len(texts),
    }
    made = pa.table(columns)
    field = made.schema.field("body").with_metadata({"of": "it"})
    made = made.set_column(2, field, made.column("body"))
    return made.replace_schema_metadata({"huggingface": '{"a": 1}', b"\xfe": b"\xff"})


def write(path: Path, made: pa.Table, **options: Any) -> Path:
    """Write a table to a file, row groups of two rows by default."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(made, path, **{"row_group_size": 2, **options})
    return path


def same(one: Path, other: Path) -> None:
    """Make sure that two files hold equal tables, in the same row groups, compressed alike."""
    left, right = pq.ParquetFile(one), pq.ParquetFile(other)
    assert left.schema_arrow.equals(right.schema_arrow, check_metadata=True)
    for name in left.schema_arrow.names:
        ours, theirs = left.read([name]).column(0), right.read([name]).column(0)
        if pa.types.is_dictionary(ours.type):  # equal only when all chunks have the same words in the same order
            ours, theirs = (column.cast(column.type.value_type) for column in (ours, theirs))
        assert ours.equals(theirs), name
    told = []
    for meta in (left.metadata, right.metadata):
        groups = [meta.row_group(at) for at in range(meta.num_row_groups)]
        columns = [[group.column(at) for at in range(group.num_columns)] for group in groups]
        rows = [group.num_rows for group in groups]
        told.append(
            (rows, [[(one.compression, one.has_dictionary_page, one.is_stats_set) for one in c] for c in columns])
        )
    assert told[0] == told[1]


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "report.jsonl").read_bytes().splitlines()]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_bodies_and_spans_are_those_of_jsonl(run: Command, tmp_path: Path, kind: pa.DataType) -> None:
    """And all else of the table is as it was; restored, all of it is."""
    made = table([*TEXTS], kind)
    path = write(tmp_path / "in/x.parquet", made)
    lines = [{"body": text, "n": at, "site": f"{at % 2}.example"} for at, text in enumerate(TEXTS)]
    plant(tmp_path, {"x.jsonl": "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)})
    for corpus, out in ((tmp_path / "in", "out"), (tmp_path / "x.jsonl", "lines")):
        ran = run("clean", corpus, "--text-field", "body", "--group-field", "site", "--out", tmp_path / out)
        assert (ran.code, ran.words) == (0, [])
    ours, theirs = records(tmp_path / "out"), records(tmp_path / "lines")
    assert [row["id"] for row in ours] == [f"x.parquet:{row}" for row in range(1, 6)]
    assert {row["source"] for row in ours} == {"x.parquet"}
    for one, other in zip(ours, theirs, strict=True):
        partners = json.loads(json.dumps(other["spans"]).replace("x.jsonl:", "x.parquet:"))
        assert one["spans"] == partners
        assert {**one, "spans": 0} == {**other, "id": one["id"], "source": one["source"], "spans": 0}
    bodies = [json.loads(line)["body"] for line in (tmp_path / "lines/x.jsonl").read_bytes().splitlines()]
    assert bodies[0] == OTHER
    write(tmp_path / "expected.parquet", table(bodies, kind))
    same(tmp_path / "out/x.parquet", tmp_path / "expected.parquet")
    ran = run("restore", tmp_path / "out", "--out", tmp_path / "back")
    assert (ran.code, ran.words) == (0, [f"{tmp_path / 'back'}: 5 documents restored"])
    same(tmp_path / "back/x.parquet", path)


@pytest.mark.parametrize("groups", [1, 2, 3, 100])
@pytest.mark.parametrize(
    "compression", ["none", "zstd", "gzip", {"body": "brotli", "tags.list.element": "lz4"}], ids=str
)
def test_how_a_file_is_written_stays(run: Command, tmp_path: Path, groups: int, compression: Any) -> None:
    """Row groups, compression by column, dictionaries, statistics; and a second run gives the same bytes."""
    options: dict[str, Any] = {"compression": compression, "use_dictionary": ["body", "n"], "write_statistics": ["n"]}
    path = write(tmp_path / "x.parquet", table([*TEXTS]), row_group_size=groups, **options)
    for out in ("one", "two"):
        assert run("clean", path, "--text-field", "body", "--out", tmp_path / out).code == 0
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    bodies = pq.read_table(tmp_path / "one/x.parquet").column("body").to_pylist()
    same(tmp_path / "one/x.parquet", write(tmp_path / "y.parquet", table(bodies), row_group_size=groups, **options))
    run("restore", tmp_path / "one", "--out", tmp_path / "back")
    same(tmp_path / "back/x.parquet", path)


@settings(STEADY, max_examples=25)
@given(
    texts=st.lists(st.none() | st.sampled_from(TEXTS) | st.text(max_size=20), max_size=12),
    groups=st.integers(1, 13),
    size=st.sampled_from([1, 100, 10**6]),
)
def test_rows_are_cut_and_put_together(
    tmp_path_factory: pytest.TempPathFactory, texts: Any, groups: int, size: int
) -> None:
    """Whatever is changed, in pieces of any size; what is not stays as it is."""
    folder = tmp_path_factory.mktemp("rows")
    path = write(folder / "x.parquet", table(texts), row_group_size=groups)
    found, shares, first = [], [], 1
    for row, data, share in parquet.pieces(path, "x", size, "body", ["n"]):
        assert row == first
        found += list(parquet.rows(data))
        first, shares = len(found) + 1, [*shares, share]
    assert found == [{"body": text, "n": None if at % 3 == 1 else at} for at, text in enumerate(texts)]
    assert shares == sorted(shares)
    assert shares[-1:] == [1.0][: len(texts)]
    changed = {at: f"{text}!" for at, text in enumerate(texts) if at % 3 == 0}
    rewriter = parquet.Rewriter(folder / "y.parquet", path, "body")
    for at, text in changed.items():
        rewriter.write(parquet.change(at + 1, {"body": text}).encode())
    rewriter.commit()
    rewriter.discard()
    expected = [changed.get(at, text) for at, text in enumerate(texts)]
    same(folder / "y.parquet", write(folder / "z.parquet", table(expected), row_group_size=groups))
    assert sorted(tree(folder)) == ["x.parquet", "y.parquet", "z.parquet"]


def test_processes_write_the_same(process: Command, tmp_path: Path) -> None:
    """One or two, as everywhere."""
    plant(tmp_path / "in", {"a.txt": BODY + TRAILER})
    write(tmp_path / "in/x.parquet", table([f"{at**5} {BODY}{TRAILER}" for at in range(100)]), row_group_size=30)
    for jobs in (1, 2):
        ran = process(
            "clean", tmp_path / "in", "--text-field", "body", "--out", tmp_path / f"out {jobs}", "--jobs", jobs
        )
        assert ran.code == 0
    assert tree(tmp_path / "out 1") == tree(tmp_path / "out 2")


def test_batches_of_any_size_do_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what progress is told adds up to the bytes of the files."""
    write(tmp_path / "x.parquet", table([*TEXTS]), row_group_size=3)
    write(tmp_path / "y.parquet", table([]))
    found = find_sources([str(tmp_path)]).sources
    results = []
    for size in (1, 100, 10**6):
        done = in_batches(size, found, Fields("body"), monkeypatch)
        results.append(b"".join(one.report for one in done))
    assert len(set(results)) == 1


def test_ids_groups_and_addresses_are_columns(run: Command, tmp_path: Path) -> None:
    """Strings or integers; one that is used twice, or is null, fails, and the row stays as it is."""
    columns = {
        "id": pa.array([7, 8, 7, None], pa.int32()),
        "text": [BODY + TRAILER, OTHER + TRAILER, THIRD + TRAILER, BODY + TRAILER],
        "url": ["https://a.example/x", None, None, None],
        "site": pa.array(["a", None, "b", "b"]).dictionary_encode(),
    }
    path = write(tmp_path / "x.parquet", pa.table(columns))
    ran = run("clean", path, "--id-field", "id", "--group-field", "site", "--out", tmp_path / "out")
    assert ran.code == 3
    assert ran.words[:2] == [
        "x.parquet:3: the id '7' is already that of x.parquet:1; expected unique ids",
        "x.parquet:4: field 'id' is null; expected a string or an integer",
    ]
    assert [(row["id"], row["group"], row["status"]) for row in records(tmp_path / "out")] == [
        ("7", "a", "cleaned"),
        ("8", "", "cleaned"),
        ("7", "b", "failed"),
        ("x.parquet:4", "", "failed"),
    ]
    bodies = pq.read_table(tmp_path / "out/x.parquet").column("text").to_pylist()
    assert bodies == [BODY, OTHER, *columns["text"][2:]]
    ran = run("restore", tmp_path / "out", "--out", tmp_path / "back")
    assert (ran.code, ran.words) == (0, [f"{tmp_path / 'back'}: 2 documents restored"])
    same(tmp_path / "back/x.parquet", path)


def test_rows_without_text_fail_alone(run: Command, tmp_path: Path) -> None:
    """Null, and bytes that are not UTF-8; all else is done, and they stay as they are."""
    offsets, data = [0, 3, 5, 5], b"One\xff\xfe"
    broken = pa.Array.from_buffers(
        pa.string(), 3, [None, pa.array(offsets, pa.int32()).buffers()[1], pa.py_buffer(data)]
    )
    path = write(tmp_path / "x.parquet", pa.table({"text": pa.chunked_array([broken, [None, OTHER + TRAILER]])}))
    ran = run("clean", path, "--out", tmp_path / "out")
    assert (ran.code, ran.words) == (
        3,
        [
            "x.parquet:2: field 'text' is not UTF-8; expected a string",
            "x.parquet:4: field 'text' is null; expected a string",
            "2 documents failed, 0 were held back",
        ],
    )
    bodies = pq.read_table(tmp_path / "out/x.parquet").column("text").cast(pa.binary()).to_pylist()
    assert bodies == [b"One", b"\xff\xfe", b"", None, OTHER.encode()]
    assert run("restore", tmp_path / "out", "--out", tmp_path / "back").code == 0
    before, after = (pq.read_table(at).column("text").cast(pa.binary()) for at in (path, tmp_path / "back/x.parquet"))
    assert before.equals(after)


def test_nothing_but_failures_is_a_table_still(run: Command, tmp_path: Path) -> None:
    """As it was; of all nulls the type may be that of nulls. So is one without rows."""
    for name, made in (("a", pa.table({"text": pa.nulls(3)})), ("b", table([]).rename_columns(["text", *"bcdefgh"]))):
        write(tmp_path / f"in/{name}.parquet", made)
    write(tmp_path / "in/b.parquet", pa.table({"text": pa.array([], pa.string())}))
    assert run("clean", tmp_path / "in", "--out", tmp_path / "out").code == 3
    for name in ("a.parquet", "b.parquet"):
        same(tmp_path / "out" / name, tmp_path / "in" / name)


@pytest.mark.parametrize(
    ("columns", "options", "wrong"),
    [
        ({"body": ["a"]}, (), "no column 'text'; expected one of strings: 'body'"),
        ({"text": [1]}, (), "column 'text' is of int64; expected strings"),
        ({"text": [["a"]]}, (), "column 'text' is of list<element: string>; expected strings"),
        ({"text": ["a"]}, ("--id-field", "id"), "no column 'id'; expected one of strings or integers: 'text'"),
        ({"text": ["a"], "id": [1.5]}, ("--id-field", "id"), "column 'id' is of double; expected strings or integers"),
        ({"text": ["a"], "g": [b"x"]}, ("--group-field", "g"), "column 'g' is of binary; expected strings or integers"),
    ],
)
def test_columns_that_are_not_there(
    run: Command, tmp_path: Path, columns: dict[str, list[Any]], options: tuple[str, ...], wrong: str
) -> None:
    """One record for the file, and no output; the others are done."""
    plant(tmp_path / "in", {"z.txt": BODY})
    write(tmp_path / "in/x.parquet", pa.table(columns))
    ran = run("clean", tmp_path / "in", *options, "--out", tmp_path / "out")
    assert (ran.code, ran.words[0]) == (3, f"x.parquet: {wrong}")
    assert sorted(tree(tmp_path / "out")) == ["report.jsonl", "summary.json", "z.txt"]
    ran = run("restore", tmp_path / "out", "--out", tmp_path / "back")
    assert (ran.code, ran.words[0]) == (3, f"x.parquet: {wrong}")


def test_of_two_columns_of_a_name_none_is_meant(run: Command, tmp_path: Path) -> None:
    """pyarrow can read such files."""
    path = write(tmp_path / "x.parquet", pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], ["text", "text"]))
    assert (
        run("clean", path, "--out", tmp_path / "out").words[0] == "x.parquet: 2 columns 'text'; expected one of strings"
    )


@pytest.mark.parametrize("damage", ["empty", "text", "cut short", "no end"])
def test_files_that_are_none_fail_alone(run: Command, tmp_path: Path, damage: str) -> None:
    """One line and a record."""
    sound = write(tmp_path / "x.parquet", table([*TEXTS])).read_bytes()
    damaged = {"empty": b"", "text": BODY.encode(), "cut short": sound[: len(sound) // 2], "no end": sound[:-1]}[damage]
    corpus = plant(tmp_path / "in", {"x.parquet": damaged, "z.txt": BODY})
    ran = run("clean", corpus, "--out", tmp_path / "out")
    assert (ran.code, len(ran.words)) == (3, 2)
    assert ran.words[0].startswith("x.parquet: Parquet ")
    assert ran.words[0].endswith("; expected a readable Parquet file")
    assert (tmp_path / "out/z.txt").read_text() == BODY
    assert run("learn", corpus, "--out", tmp_path / "x.idx").words[1:] == ran.words


@pytest.mark.parametrize("column", ["body", "raw"])
def test_row_groups_before_the_damage_are_done(run: Command, tmp_path: Path, column: str) -> None:
    """Whichever column it is in; one line for the rest."""
    made = table([*TEXTS])
    path = write(tmp_path / "x.parquet", made, write_page_checksum=True, use_dictionary=False)
    group = pq.ParquetFile(path).metadata.row_group(1)
    names = [group.column(at).path_in_schema for at in range(group.num_columns)]
    damaged = bytearray(path.read_bytes())
    place = group.column(names.index(column))
    damaged[place.data_page_offset + place.total_compressed_size - 2] ^= 85
    path.write_bytes(damaged)
    ran = run("clean", path, "--text-field", "body", "--out", tmp_path / "out")
    assert (ran.code, len(ran.words)) == (3, 2)
    assert ran.words[0].startswith("x.parquet: row group 2 of 3: ")
    assert [row["status"] for row in records(tmp_path / "out")] == ["cleaned", "unchanged", "failed"]
    assert pq.read_table(tmp_path / "out/x.parquet").column("body").to_pylist() == [OTHER, TEXTS[1]]
    ran = run("restore", tmp_path / "out", "--out", tmp_path / "back")
    assert (ran.code, len(ran.words)) == (3, 2)
    assert pq.read_table(tmp_path / "back/x.parquet").equals(made.slice(0, 2))


def test_bodies_that_were_changed_are_named(run: Command, tmp_path: Path) -> None:
    """Changed rows, rows too many, rows too few, a file that is gone."""
    path = write(tmp_path / "x.parquet", pa.table({"text": [BODY + TRAILER, OTHER + TRAILER]}))
    run("clean", path, "--out", tmp_path / "out")
    body = tmp_path / "out/x.parquet"
    for texts, wrong in (
        ([BODY, "Another."], "x.parquet:2: the body has changed; "),
        ([BODY, OTHER, "More."], f"{body}:3: not in the report; "),
        ([BODY], "x.parquet:2: the body is gone; "),
    ):
        write(body, pa.table({"text": texts}))
        ran = run("restore", tmp_path / "out", "--out", tmp_path / "back", "--force")
        assert (ran.code, len(ran.words)) == (3, 2)
        assert ran.words[0].startswith(wrong)
        assert pq.read_table(tmp_path / "back/x.parquet").column("text")[0].as_py() == BODY + TRAILER
    body.unlink()
    ran = run("restore", tmp_path / "out", "--out", tmp_path / "back", "--force")
    assert ran.code == 3
    assert ran.words[0].startswith(f"x.parquet:1: the body cannot be read: {body}: No such file")


def test_standard_input(run: Command, tmp_path: Path) -> None:
    """It is known by how it starts, and goes to a folder only."""
    data = write(tmp_path / "x.parquet", pa.table({"text": [BODY + TRAILER]})).read_bytes()
    for options in ([], ["--format", "parquet"]):
        assert run("clean", "-", *options, "--out", tmp_path / "out", stdin=data).code == 0
        assert pq.read_table(tmp_path / "out/stdin.parquet").column("text").to_pylist() == [BODY]
        ran = run("clean", "-", *options, stdin=data)
        assert (ran.code, ran.out, ran.words) == (
            2,
            b"",
            ["clean: Parquet, which is not written as it streams by; expected --out DIR"],
        )


def test_a_missing_library_is_one_line(run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is done."""
    path = write(tmp_path / "x.parquet", pa.table({"text": [BODY]}))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    ran = run("clean", path, "--out", tmp_path / "out")
    wrong = "parquet files need pyarrow; expected it to be installed: pip install pyarrow"
    assert (ran.code, ran.words) == (2, [wrong])
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is left."""
    from cleaner.files import Part
    from cleaner.model import WriteError

    def full(self: Part, data: bytes) -> None:
        raise WriteError("x.parquet: No space left on device; expected a place to write to")

    path = write(tmp_path / "x.parquet", table([*TEXTS]))
    monkeypatch.setattr(Part, "write", full)
    with pytest.raises(WriteError, match="No space left"):
        parquet.Rewriter(tmp_path / "out/x.parquet", path, "body").commit()
    assert tree(tmp_path).keys() == {"x.parquet"}


def test_which_files_are_found(tmp_path: Path) -> None:
    """By suffix, or by what is said."""
    plant(tmp_path, {"A.PARQUET": b"", "b.parq": b""})
    [source] = find_sources([str(tmp_path)]).sources
    assert (source.name, source.format, source.target) == ("A.PARQUET", "parquet", "A.PARQUET")
    [source] = find_sources([str(tmp_path / "b.parq")], "parquet").sources
    assert source == Source(tmp_path / "b.parq", "b.parq", "parquet")


def test_goldens_are_compared_as_bytes(run: Command, tmp_path: Path) -> None:
    """And not shown: they are no text."""
    path = write(tmp_path / "x.parquet", pa.table({"text": [BODY + TRAILER]}))
    assert run("check", path, "--golden", tmp_path / "golden", "--update").code == 0
    assert run("check", path, "--golden", tmp_path / "golden").code == 0
    write(tmp_path / "golden/x.parquet", pa.table({"text": [OTHER]}))
    ran = run("check", path, "--golden", tmp_path / "golden")
    assert (ran.code, ran.out) == (1, b"x.parquet: other bytes\n")


PAGES = [
    f"<html lang=en><title>The {name}</title><nav><a href=/>Home</a></nav><main><p>{text.strip()}</p></main>"
    "<aside><h3>You may also like</h3><ul><li>Why bridges hum<li>Ten quiet harbours</ul></aside>"
    for name, text in (("harbour", BODY), ("bees", OTHER), ("lamps", THIRD))
]


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("kind", [*KINDS[:2], KINDS[3]], ids=str)
def test_html_in_a_column(run: Command, tmp_path: Path, kind: pa.DataType, keep: bool) -> None:
    """Bodies, spans and what pages say of themselves are those of JSONL; all else of the table stays."""
    rows = [
        {"n": 1, "title": "Given", "html": PAGES[0], "text": "old", "date": 7, "tags": ["a"]},
        {"n": 2, "title": "", "html": PAGES[1], "text": None, "date": 8, "tags": None},
        {"n": 3, "title": None, "html": None, "text": "old", "date": 9, "tags": []},
        {"n": 4, "title": None, "html": PAGES[2], "text": "old", "date": 9, "tags": []},
    ]
    made = pa.Table.from_pylist(rows).replace_schema_metadata({"of": "mine"})
    made = made.set_column(2, "html", made.column("html").cast(pa.large_string()).cast(kind))
    write(tmp_path / "in/x.parquet", made, compression={"html": "zstd", "n": "gzip"})
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)
    plant(tmp_path, {"x.jsonl": lines})
    options = ["--format", "html", "--text-field", "html", *(["--keep-html"] if keep else [])]
    for corpus, out in (("in", "out"), ("x.jsonl", "lines")):
        ran = run("clean", tmp_path / corpus, *options, "--out", tmp_path / out)
        assert (ran.code, ran.words[-1]) == (3, "1 document failed, 0 were held back")
    ours, theirs = records(tmp_path / "out"), records(tmp_path / "lines")
    told = json.loads(json.dumps(theirs).replace("x.jsonl", "x.parquet"))
    assert ours == told
    assert ours[0]["spans"]
    assert ours[0]["page"]["title"] == "The harbour"
    found = pq.ParquetFile(tmp_path / "out/x.parquet")
    names = ["n", "title", *(["html"] if keep else []), "url", "language", "text", "date", "tags"]
    assert found.schema_arrow.names == names
    assert found.schema_arrow.metadata == {b"of": b"mine"}
    table, after = found.read().to_pylist(), [*map(json.loads, (tmp_path / "lines/x.jsonl").read_bytes().splitlines())]
    failed = {**rows[2], "text": None, "url": None, "language": None}
    after.insert(2, {name: failed[name] for name in names})
    assert [{**row, "date": 0} for row in table] == [{**row, "date": 0} for row in after]
    assert [row["date"] for row in table] == [7, 8, 9, 9]  # a column of numbers holds no date
    assert BODY.strip() in table[0]["text"]
    assert "bridges" not in table[0]["text"]
    assert [row["title"] for row in table] == ["Given", "The bees", None, "The lamps"]
    group = found.metadata.row_group(0)
    packed = {group.column(at).path_in_schema: group.column(at).compression for at in range(group.num_columns)}
    assert (packed["n"], packed["text"], packed["language"]) == ("GZIP", "UNCOMPRESSED", "ZSTD")
    assert found.metadata.num_row_groups == 2
    # Restored, it has all of the text, as a line has.
    for out in ("out", "lines"):
        ran = run("restore", tmp_path / out, "--out", tmp_path / f"{out} back")
        assert ran.words[-1] == f"{tmp_path / f'{out} back'}: 3 documents restored"
    back = pq.read_table(tmp_path / "out back/x.parquet")
    texts = [json.loads(line)["text"] for line in (tmp_path / "lines back/x.jsonl").read_bytes().splitlines()]
    assert back.column("text").to_pylist() == [*texts[:2], None, *texts[2:]]
    assert "Why bridges hum" in texts[0]
    assert back.drop_columns("text").equals(found.read().drop_columns("text"))


def test_html_in_the_column_of_bodies(run: Command, tmp_path: Path) -> None:
    """It is replaced; a second run gives the same bytes; of another name, a column `text` must take strings."""
    write(tmp_path / "x.parquet", pa.table({"text": PAGES, "id": [1, 2, 3]}))
    for out in ("one", "two"):
        assert run("clean", tmp_path / "x.parquet", "--format", "html", "--out", tmp_path / out).code == 0
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    found = pq.read_table(tmp_path / "one/x.parquet")
    assert found.column_names == ["text", "title", "date", "url", "language", "id"]
    assert BODY.strip() in found.column("text")[0].as_py()
    write(tmp_path / "y.parquet", pa.table({"html": PAGES, "text": [1, 2, 3]}))
    options = ("--format", "html", "--text-field", "html")
    ran = run("clean", tmp_path / "y.parquet", *options, "--out", tmp_path / "three")
    assert (ran.code, ran.words[0]) == (3, "y.parquet: column 'text' is of int64; expected strings")
    write(tmp_path / "z.parquet", pa.table({"html": pa.array([], pa.string())}))
    assert run("clean", tmp_path / "z.parquet", *options, "--out", tmp_path / "four").code == 0
    assert pq.read_table(tmp_path / "four/z.parquet").column_names == ["text", "title", "date", "url", "language"]
