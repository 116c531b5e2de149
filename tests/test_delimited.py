"""CSV and TSV: the spans of JSONL, every other byte as it was, rows that are none named and kept, and all restored."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner import delimited
from cleaner.chunks import Fields
from cleaner.compression import read
from cleaner.model import ReadError
from cleaner.sources import find_sources
from tests.conftest import BODY, OTHER, THIRD, TRAILER, Command, in_batches, plant, tree
from tests.strategies import STEADY
from tests.test_compression import PACK
from tests.test_report import VALIDATOR

TEXTS = [
    OTHER + TRAILER,
    'A "so called" body; it\u2028has, all\tof it.\r\n',
    THIRD + TRAILER,
    "",
    f"Ünïcödé 🐝\n{TRAILER}",
]


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "report.jsonl").read_bytes().splitlines()]


def written(texts: list[str], **dialect: Any) -> str:
    """Return a CSV file of texts, by the standard library's writer."""
    stream = io.StringIO()
    writer = csv.writer(stream, **dialect)
    writer.writerow(["n", "body", "site"])
    writer.writerows([[at, text, f'"{at % 2}", example'] for at, text in enumerate(texts)])
    return stream.getvalue()


def cut(data: bytes, text: str, size: int) -> list[delimited.Row]:
    """Return the rows of a file that is read in pieces."""
    rows: list[delimited.Row] = []
    for count, piece in delimited.pieces(io.BufferedReader(io.BytesIO(data)), size, "x.csv", text):
        some = list(delimited.rows(io.BytesIO(piece), "x.csv", text))[1 if rows else 0 :]
        assert len(some) == count
        rows += some
    return rows


@pytest.mark.parametrize("form", [("x.csv", "", ""), ("x.TSV", "\ufeff", ".gz"), ("x.csv", "\ufeff", ".zst")])
@pytest.mark.parametrize(
    "dialect",
    [
        {"delimiter": ","},
        {"delimiter": "\t", "lineterminator": "\n"},
        {"delimiter": ";", "quoting": csv.QUOTE_ALL},
        {"delimiter": "|", "lineterminator": "\n", "quoting": csv.QUOTE_NONNUMERIC},
    ],
    ids=lambda dialect: dialect["delimiter"],
)
def test_bodies_and_spans_are_those_of_jsonl(
    run: Command, tmp_path: Path, dialect: Any, form: tuple[str, str, str]
) -> None:
    """And the file is what the same writer makes of the bodies; restored, it is the input, byte for byte."""
    name, start, suffix = form
    pack = {"": bytes, **PACK}[suffix]
    given = (start + written(TEXTS, **dialect)).encode()
    lines = [{"body": text, "site": f'"{at % 2}", example'} for at, text in enumerate(TEXTS)]
    plant(tmp_path, {f"in/{name}{suffix}": pack(given), "x.jsonl": "".join(f"{json.dumps(one)}\n" for one in lines)})
    for corpus, out in ((tmp_path / "in", "out"), (tmp_path / "x.jsonl", "lines")):
        ran = run("clean", corpus, "--text-field", "body", "--group-field", "site", "--out", tmp_path / out)
        assert (ran.code, ran.words) == (0, [])
    ours, theirs = records(tmp_path / "out"), records(tmp_path / "lines")
    assert [row["id"] for row in ours] == [f"{name}{suffix}:{row}" for row in range(2, 7)]
    moved = {f"x.jsonl:{at}": f"{name}{suffix}:{at + 1}" for at in range(1, 6)}
    for one, other in zip(ours, theirs, strict=True):
        for reason in (reason for span in other["spans"] for reason in span["reasons"]):
            for partner in reason.get("partners", []):
                partner["id"] = moved[partner["id"]]
        other.pop("literal", None)
        assert one == {**other, "id": moved[other["id"]], "source": one["source"]}
    bodies = [json.loads(line)["body"] for line in (tmp_path / "lines/x.jsonl").read_bytes().splitlines()]
    assert bodies[0] == OTHER
    quoted = written(bodies, **dialect)
    body = read(tmp_path / f"out/{name}{suffix}").decode()
    assert list(csv.reader(io.StringIO(body.removeprefix("\ufeff"), newline=""), **dialect)) == list(
        csv.reader(io.StringIO(quoted, newline=""), **dialect)
    )
    ran = run("restore", tmp_path / "out", "--out", tmp_path / "back")
    assert (ran.code, ran.words) == (0, [f"{tmp_path / 'back'}: 5 documents restored"])
    assert read(tmp_path / f"back/{name}{suffix}") == given


def test_only_the_bytes_of_the_text_change(run: Command, tmp_path: Path) -> None:
    """Quotes that need not be, line ends of two kinds, blank lines, an unquoted text, a last row without a line end."""
    trailer = "\r\n\r\nYou may also like\n\nWhy bridges hum\n"
    given = (
        'n;"text";n\r\n'
        f'"1";"Bees ""dance"".{trailer}";x\n'
        "\r\n"
        f'2;"Ants, {trailer}";"a;b\n""c"""\r\n'
        "3;No more than a line, unquoted, 'as' it is.;\n"
        f';"Wasps.{trailer}";'
    )
    path = plant(tmp_path, {"x.csv": given}) / "x.csv"
    ran = run("clean", path, "--out", tmp_path / "out")
    assert (ran.code, ran.words) == (0, [])
    expected = given.replace(trailer, "\r\n")
    assert (tmp_path / "out/x.csv").read_bytes().decode() == expected
    assert [row["id"] for row in records(tmp_path / "out")] == ["x.csv:2", "x.csv:4", "x.csv:5", "x.csv:6"]
    assert run("restore", tmp_path / "out", "--out", tmp_path / "back").code == 0
    assert (tmp_path / "back/x.csv").read_bytes().decode() == given
    ran = run("clean", "-", "--format", "csv", stdin=given.encode())
    assert (ran.code, ran.out.decode()) == (0, expected)


BAD = (
    b"id,text\n"
    b'1,"%s"\n'
    b"2\n"
    b"3,a,b\n"
    b'4,5" disks\n'
    b'5,"closed" not\n'
    b"6,\xff\xfe\n"
    b'7,"One\nTwo" and\n'
    b"8,a\rb\n"
    b'1,"the id again\n%s"\n'
    b'9,"%s"\n'
    b'10,"never closed\n'
    b"11,the rest\n"
)


def test_rows_that_are_none_are_named_and_kept(run: Command, tmp_path: Path) -> None:
    """And what comes after them is done."""
    trailer = TRAILER.encode()
    given = BAD % (BODY.encode() + trailer, trailer, OTHER.encode() + trailer)
    path = plant(tmp_path, {"x.csv": given}) / "x.csv"
    ran = run("clean", path, "--id-field", "id", "--out", tmp_path / "out")
    wrong = "not a row; expected quotes around a field only, and doubled within, and a line end of \\n or \\r\\n"
    assert (ran.code, ran.words) == (
        3,
        [
            "x.csv:3: 1 fields; expected 2, as the header has",
            "x.csv:4: 3 fields; expected 2, as the header has",
            f"x.csv:5: {wrong} (and 5 more of this file)",
            "x.csv:7: not UTF-8 at byte 2 of the row; expected UTF-8 text",
            "x.csv:11: the id '1' is already that of x.csv:2; expected unique ids",
            "10 documents failed, 0 were held back",
        ],
    )
    found = records(tmp_path / "out")
    assert [row["id"] for row in found if row["status"] != "failed"] == ["1", "9", "11"]
    stray = [int(row["error"].split(":")[1]) for row in found if row["error"] and row["error"].endswith(wrong)]
    assert stray == [5, 6, 8, 9, 10, 13]
    assert [row["lines"] for row in found if row["status"] == "failed"] == [1, 1, 1, 1, 1, 1, 1, 1, 8, 1]
    for row in found:
        VALIDATOR.validate(row)
    expected = BAD % (BODY.encode(), trailer, OTHER.encode())
    assert (tmp_path / "out/x.csv").read_bytes() == expected
    ran = run("restore", tmp_path / "out", "--out", tmp_path / "back")
    assert (ran.code, ran.words) == (0, [f"{tmp_path / 'back'}: 3 documents restored"])
    assert (tmp_path / "back/x.csv").read_bytes() == given


def test_a_stray_quote_takes_none_of_the_rows_below(run: Command, tmp_path: Path) -> None:
    """Nor does it in the output, where what made it stray is gone: the report says how many lines there are."""
    given = f'id,text\n1,"open\n2,"{BODY}{TRAILER}"\n\n3,"{TRAILER}{OTHER}"\n4,","\n'.encode()
    path = plant(tmp_path, {"x.csv": given}) / "x.csv"
    assert run("clean", path, "--out", tmp_path / "out").code == 3
    assert [row["status"] for row in records(tmp_path / "out")] == ["failed", "cleaned", "cleaned", "unchanged"]
    assert run("restore", tmp_path / "out", "--out", tmp_path / "back").code == 0
    assert (tmp_path / "back/x.csv").read_bytes() == given
    # What is cut is all that makes the first quote a stray one.
    given = b'text,n\n"open\n"x.\n\nYou may also like\n\nWhy bridges hum\n",3\n'
    path = plant(tmp_path, {"y.csv": given}) / "y.csv"
    rows = cut(given, "text", 1)
    assert [bool(row.wrong) for row in rows] == [False, True, False]


@settings(STEADY, max_examples=300)
@given(
    data=st.lists(st.sampled_from([b'"', b'""', b",", b"\n", b"\r\n", b"\r", b"a", b"text", "é".encode(), b"\xff"])),
    size=st.sampled_from([1, 7, 10**6]),
    longest=st.sampled_from([10, 2**26]),
)
def test_any_bytes_are_cut_into_rows(data: list[bytes], size: int, longest: int) -> None:
    """Together they are the file, and they are the same, however it is read; a good row with another text is good."""
    given = b"text,n\n" + b"".join(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "LONGEST", longest)
        patch.setattr(delimited, "HEADER", 10)
        rows = cut(given, "text", size)
        assert "".join(row.raw for row in rows).encode(errors="surrogateescape") == given
        assert rows == cut(given, "text", len(given) + 1)
        # All texts that may be cut are; with the lines of what is no row each row is what it was, and gets its text again.
        shorter = [delimited.rewrite(row.raw, row.at, "") if row.values else row.raw for row in rows]
        told = [
            0 if row.values else len(row.raw.removesuffix("\n").split("\n")) for row in rows if row.values or row.wrong
        ]
        body = io.BytesIO("".join(shorter).encode(errors="surrogateescape"))
        again = list(delimited.rows(body, "x.csv", "text", iter(told).__next__))
        texts = [str(row.values["text"]) if row.values else None for row in rows]
        back = [
            row.raw if text is None else delimited.rewrite(row.raw, row.at, text)
            for row, text in zip(again, texts, strict=True)
        ]
        assert "".join(back).encode(errors="surrogateescape") == given


@settings(STEADY)
@given(
    texts=st.lists(st.lists(st.text(st.characters(exclude_characters="\0\r")), min_size=2, max_size=2)),
    delimiter=st.sampled_from(delimited.DELIMITERS),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_fields_are_what_the_standard_library_reads(texts: list[list[str]], delimiter: str, quoting: Any) -> None:
    """Of what it wrote."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, quoting=quoting)
    writer.writerows([["text", "n"], *texts])
    rows = cut(stream.getvalue().encode(errors="replace"), "text", 10)[1:]
    values = [list(row.values.values()) if row.values else row.wrong for row in rows]
    assert values == [[text.encode(errors="replace").decode() for text in row] for row in texts]


def test_batches_of_any_size_do_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what progress is told adds up to the bytes of the files."""
    given = written([*TEXTS, 'five"', '"'] * 20).encode() + b'x,a"b\n"","","'
    plant(tmp_path, {"x.csv": given, "y.csv.gz": gzip.compress(given), "z.csv": "", "top.csv": "body,n\n"})
    found = find_sources([str(tmp_path)]).sources
    monkeypatch.setattr(delimited, "HEADER", 20)
    results = []
    for size in (1, 100, 10**6):
        done = in_batches(size, found, Fields("body"), monkeypatch)
        bodies: dict[str, bytes] = {}
        for name, body in (body for one in done for body in one.bodies):
            bodies[name] = bodies.get(name, b"") + body
        assert bodies["x.csv"] == bodies["y.csv.gz"]
        assert (bodies["z.csv"], bodies["top.csv"]) == (b"", b"body,n\n")
        results.append((b"".join(one.report for one in done), bodies))
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize(
    ("header", "options", "wrong"),
    [
        ("id,body", (), "no column 'text'; expected one in the header, which has 'id', 'body'"),
        ("text,text", (), "2 columns 'text'; expected one in the header"),
        ("text,b", ("--id-field", "id"), "no column 'id'; expected one in the header, which has 'text', 'b'"),
        ("text,b", ("--group-field", "site"), "no column 'site'; expected one in the header, which has 'text', 'b'"),
        ('te"xt,b', (), "no column 'text'; expected one in the header"),
    ],
)
def test_a_header_without_such_columns(
    run: Command, tmp_path: Path, header: str, options: tuple[str, ...], wrong: str
) -> None:
    """It is one failure, and the other files are done."""
    plant(tmp_path / "in", {"x.csv": f"{header}\n1,2\n", "y.txt": BODY + TRAILER})
    ran = run("clean", tmp_path / "in", *options, "--out", tmp_path / "out")
    assert (ran.code, ran.words[0]) == (3, f"x.csv: {wrong}")
    assert sorted(tree(tmp_path / "out")) == ["report.jsonl", "summary.json", "y.txt"]
    ran = run("restore", tmp_path / "out", "--out", tmp_path / "back")
    assert ran.code == 3
    assert sorted(tree(tmp_path / "back")) == ["y.txt"]


def test_a_damaged_file_is_done_as_far_as_it_goes(run: Command, tmp_path: Path) -> None:
    """Its whole rows; that there are more is a failure."""
    import random

    noise = random.Random(7).randbytes(3_000_000).hex()
    given = (
        "text\n" + f'"{BODY}{TRAILER}"\n' + "".join(f"{noise[at : at + 1000]}\n" for at in range(0, len(noise), 1000))
    )
    path = plant(tmp_path, {"x.csv.gz": gzip.compress(given.encode())[:-100_000]}) / "x.csv.gz"
    ran = run("clean", path, "--out", tmp_path / "out")
    assert ran.code == 3
    assert ran.words[0].startswith("x.csv.gz:")
    body = read(tmp_path / "out/x.csv.gz").decode()
    assert body.startswith(f'text\n"{BODY}"\n{noise[:100]}')
    assert body.endswith("\n")
    assert run("restore", tmp_path / "out", "--out", tmp_path / "back").code == 3
    back = read(tmp_path / "back/x.csv.gz").decode()
    assert given.startswith(back)
    assert len(back) > len(given) // 2


def test_one_column_has_no_blank_lines(run: Command, tmp_path: Path) -> None:
    """They are empty texts, so that a text that is cut to nothing stays a row."""
    given = b"text\n\nOne, two.\n"
    path = plant(tmp_path, {"x.csv": given}) / "x.csv"
    assert run("clean", path, "--out", tmp_path / "out").code == 0
    assert [row["chars_in"] for row in records(tmp_path / "out")] == [0, 9]
    assert (tmp_path / "out/x.csv").read_bytes() == given


@pytest.mark.parametrize("jobs", [1, 2])
def test_processes_write_the_same(process: Command, tmp_path: Path, jobs: int) -> None:
    """One or two, as everywhere; and an index learnt from it is that of the same JSONL."""
    texts = [f"{at**5} {BODY}{TRAILER}" for at in range(100)]
    lines = [{"text": text, "id": str(at)} for at, text in enumerate(texts)]
    rows = "".join(f'{at},"{text}"\n' for at, text in enumerate(texts))
    plant(tmp_path, {"x.csv": f"id,text\n{rows}", "x.jsonl": "".join(f"{json.dumps(one)}\n" for one in lines)})
    for name in ("x.csv", "x.jsonl"):
        ran = process("learn", tmp_path / name, "--id-field", "id", "--out", tmp_path / f"{name}.idx", "--jobs", jobs)
        assert ran.code == 0
    assert (tmp_path / "x.csv.idx").read_bytes() == (tmp_path / "x.jsonl.idx").read_bytes()


def test_what_is_missing_or_changed_in_the_output_is_told(run: Command, tmp_path: Path) -> None:
    given = f'id,text\n1,"{BODY}{TRAILER}"\n2,"{OTHER}{TRAILER}"\n'
    path = plant(tmp_path, {"x.csv": given}) / "x.csv"
    assert run("clean", path, "--out", tmp_path / "out").code == 0
    body = (tmp_path / "out/x.csv").read_text()
    plant(tmp_path, {"out/x.csv": body.replace("harbour", "harbor").replace('2,"', '2,x"')})
    ran = run("restore", tmp_path / "out", "--out", tmp_path / "back")
    assert (ran.code, ran.words[0][:47]) == (3, "x.csv:2: the body has changed; expected sha256 ")
    plant(tmp_path, {"out/x.csv": body[: body.index("2,")]})
    ran = run("restore", tmp_path / "out", "--out", tmp_path / "less")
    assert (ran.code, ran.words[0]) == (3, f"x.csv:3: the body is gone; expected a row in {tmp_path / 'out/x.csv'}")
    (tmp_path / "out/x.csv").unlink()
    assert run("restore", tmp_path / "out", "--out", tmp_path / "none").code == 3
    assert not (tmp_path / "none").exists()
    with pytest.raises(
        ReadError, match=r"^x.csv: no column 'body'; expected one in the header, which has 'id', 'text'$"
    ):
        cut(given.encode(), "body", 10)
