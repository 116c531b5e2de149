"""Writing the output folder, and restoring from it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.chunks import Fields, chunks
from cleaner.files import Part
from cleaner.formats import body, records
from cleaner.model import Cleaned, Document, Failure, ReadError, RuleReason, Span, WriteError
from cleaner.originals import Restored, restore_folder
from cleaner.output import Output, check_output, write_atomic
from cleaner.report import Summary, dumps, failure_record, record, summary_json
from cleaner.sources import Choice, Source, find_sources
from tests.strategies import texts

FIELDS = Fields()


def tree(folder: Path) -> dict[str, bytes]:
    """Return all files in a folder, hidden ones too."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def plant(folder: Path, **files: str) -> Path:
    """Write files; in a name `__` stands for a slash, `_` for a dot."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


def cut_more(document: Document) -> Cleaned:
    """Cut from "More" to the end."""
    start = document.text.find("More")
    if start < 0:
        return Cleaned(document, document.text, (), "unchanged")
    span = Span(start, len(document.text), "trailer", 0.9, (RuleReason("test/more"),))
    return Cleaned(document, document.text[:start], (span,), "cleaned")


def run(
    out: Path,
    *inputs: Path | str,
    choice: Choice = "auto",
    fields: Fields = FIELDS,
    force: bool = False,
) -> list[dict[str, Any]]:
    """Clean as an engine does, and return the records."""
    found = find_sources([str(text) for text in inputs], choice)
    check_output(out, found, force=force)
    rows: list[dict[str, Any]] = []
    with Output(out, found.sources) as output:
        for source in found.sources:
            for entry in (entry for chunk in chunks(source, 1) for entry in records(chunk, fields)):
                if entry.entry is None:
                    output.write(entry.target, entry.raw.encode())
                    continue
                if isinstance(entry.entry, Failure):
                    row = failure_record(entry.source, entry.entry)
                else:
                    cleaned = cut_more(entry.entry)
                    text, literal = body(entry, cleaned, fields)
                    output.write(entry.target, text.encode())
                    row = record(entry.source, cleaned, literal)
                output.record(dumps(row))
                rows.append(row)
        summary = Summary.total(rows)
        output.finish(summary_json(summary, versions={}, policy={}, format=choice, text_field=fields.text))
    return rows


# Writing a file


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    """Over an old one too, and nothing else is left."""
    write_atomic(tmp_path / "a/x.txt", b"One")
    write_atomic(tmp_path / "a/x.txt", b"")
    assert tree(tmp_path) == {"a/x.txt": b""}


def test_a_file_is_written_in_pieces(tmp_path: Path) -> None:
    """All of them, or nothing where one cannot be had."""

    def pieces() -> Iterator[bytes]:
        yield b"One"
        yield b""
        yield b"Two"
        if (tmp_path / "x.txt").exists():
            raise KeyboardInterrupt

    write_atomic(tmp_path / "x.txt", pieces())
    assert tree(tmp_path) == {"x.txt": b"OneTwo"}
    write_atomic(tmp_path / "none.txt", iter(()))
    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "x.txt", pieces())
    assert tree(tmp_path) == {"x.txt": b"OneTwo", "none.txt": b""}


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    """Though the temporary name would be too long."""
    name = f"{'é' * 125}x.txt"
    write_atomic(tmp_path / name, b"One")
    assert tree(tmp_path) == {name: b"One"}


def test_a_failed_write_leaves_all_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, no temporary file."""
    plant(tmp_path, x_txt="old")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(WriteError, match=r"x\.txt: No space left on device; expected a place to write to$"):
        write_atomic(tmp_path / "x.txt", b"new")
    assert tree(tmp_path) == {"x.txt": b"old"}


@pytest.mark.parametrize("name", ["x.txt", "file/x.txt", "n" * 256])
def test_a_place_that_cannot_be_written(name: str, tmp_path: Path) -> None:
    """A folder of that name, a file for a folder, a name too long."""
    plant(tmp_path, x_txt__y="", file="")
    with pytest.raises(WriteError, match="expected a place to write to"):
        write_atomic(tmp_path / name, b"")
    assert set(tree(tmp_path)) == {"x.txt/y", "file"}


# Where to write


def check(out: Path | str, *inputs: Path | str, force: bool = False) -> None:
    """Check inputs as a command line has them."""
    check_output(Path(out), find_sources([str(text) for text in inputs]), force=force)


def test_an_empty_or_new_folder_is_fine(tmp_path: Path) -> None:
    """And nothing is made by checking; other files in it do not matter."""
    plant(tmp_path, in__x_txt="", out__y_txt="")
    before = tree(tmp_path)
    for out in ("new", "new/deep", "out"):
        check(tmp_path / out, tmp_path / "in")
    assert tree(tmp_path) == before


def test_an_output_beside_or_above_its_inputs_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as nothing is overwritten and the output is not read the next time."""
    monkeypatch.chdir(plant(tmp_path, a__x_txt="", y_txt=""))
    check("out", "a/*.txt")
    check("out", "*.txt", "*/*.txt")
    check("a", "y.txt")
    check(".", "a")


@pytest.mark.parametrize("out", ["in", "in/a", "in/new", "./in/../in", "link/new"])
@pytest.mark.parametrize("force", [False, True])
def test_an_output_in_an_input_folder(out: str, force: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would be read by the next run."""
    monkeypatch.chdir(plant(tmp_path, in__a__x_txt=""))
    (tmp_path / "link").symlink_to(tmp_path / "in")
    for text in ("in", "in/**/*.txt", "i*"):
        with pytest.raises(WriteError, match="the output would lie in the input folder in; expected a folder"):
            check(out, text, force=force)


@pytest.mark.parametrize(
    ("out", "text"),
    [
        (".", "x.txt"),
        (".", "*.txt"),
        ("a", "a/x.txt"),
        ("a", "a/*.txt"),
        ("linked", "x.txt"),
        (".", "*/x.txt"),
    ],
)
def test_an_input_is_never_overwritten(out: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under any name, with force or without."""
    monkeypatch.chdir(plant(tmp_path, x_txt="", a__x_txt=""))
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked/x.txt").symlink_to(tmp_path / "x.txt")
    for force in (False, True):
        with pytest.raises(WriteError, match="the output would overwrite an input; expected another folder"):
            check(out, text, force=force)


def test_another_input_is_not_overwritten_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The body of one input would be another one."""
    monkeypatch.chdir(plant(tmp_path, x_txt="", a__x_txt=""))
    with pytest.raises(WriteError, match=r"x\.txt: the output would overwrite an input"):
        check(".", "a", "x.txt", force=True)


def test_the_output_is_not_an_input_of_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A glob that finds the report is refused."""
    monkeypatch.chdir(plant(tmp_path, in__x_jsonl='{"text": ""}'))
    run(tmp_path / "out", "in/*.jsonl")
    with pytest.raises(WriteError, match=r"report\.jsonl"):
        check("out", "*/*.jsonl")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """Not for writing into."""
    plant(tmp_path, in__x_txt="", out="")
    with pytest.raises(WriteError, match="out: a file; expected a folder"):
        check(tmp_path / "out", tmp_path / "in", force=True)
    plant(tmp_path, other__x_txt__y="")
    with pytest.raises(WriteError, match="a folder is in the way"):
        check(tmp_path / "other", tmp_path / "in", force=True)


@pytest.mark.parametrize("name", ["x.txt", "report.jsonl", "summary.json"])
@pytest.mark.parametrize("content", ["", "mine", '{"source": "x.txt"}\n'])
def test_foreign_files_are_overwritten_by_force_only(name: str, content: str, tmp_path: Path) -> None:
    """Files that no report names, and reports that are none; an empty one may go."""
    plant(tmp_path, in__x_txt="One")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text(content)
    if (name, content) != ("report.jsonl", ""):
        with pytest.raises(
            WriteError, match=f"{name}: not written by the last run of cleaner there; expected nothing, or --force"
        ):
            check(tmp_path / "out", tmp_path / "in")
    run(tmp_path / "out", tmp_path / "in", force=True)
    assert set(tree(tmp_path / "out")) == {"x.txt", "report.jsonl", "summary.json"}


@pytest.mark.parametrize("name", ["report.jsonl", "summary.json", ".cleaner-run.json"])
def test_an_input_with_the_name_of_an_output(name: str, tmp_path: Path) -> None:
    """Its body would be overwritten by it."""
    (tmp_path / name).write_text("")
    with pytest.raises(WriteError, match=rf"the output has another {name}; expected another name"):
        check(tmp_path / "out", tmp_path / name)


def test_two_jsonl_files_of_one_name(tmp_path: Path) -> None:
    """Would be written to one file; of two text files the ids say so."""
    plant(tmp_path, a__x_jsonl="", b__x_jsonl="", a__y_txt="", b__y_txt="")
    with pytest.raises(WriteError, match=r"b/x\.jsonl: the output has another x\.jsonl"):
        check(tmp_path / "out", tmp_path / "a", tmp_path / "b")
    check(tmp_path / "out", tmp_path / "a/y.txt", tmp_path / "b/y.txt")


# Writing a run


def test_no_sources(tmp_path: Path) -> None:
    """A report without records."""
    assert run(tmp_path / "out") == []
    assert set(tree(tmp_path / "out")) == {"report.jsonl", "summary.json"}
    assert (tmp_path / "out/report.jsonl").read_bytes() == b""


def test_a_run_mirrors_its_input(tmp_path: Path) -> None:
    """Bodies under the names of the originals; lines without a document are copied, failed ones are not."""
    plant(
        tmp_path,
        in__a__x_txt="One\r\nMore",
        in__c_jsonl='\ufeff{"n": 1.0, "text": "One\\u000aMore"}\r\n\r\nwrong\n{"text":"\\u0054wo"}',
        in__empty_jsonl="",
        in__nothing_jsonl="wrong",
    )
    rows = run(tmp_path / "out", tmp_path / "in")
    written = tree(tmp_path / "out")
    assert {name: written[name].decode() for name in written if name not in ("report.jsonl", "summary.json")} == {
        "a/x.txt": "One\r\n",
        "c.jsonl": '\ufeff{"n": 1.0, "text": "One\\n"}\r\n\r\n{"text":"\\u0054wo"}',
        "empty.jsonl": "",
    }
    assert [json.loads(line) for line in written["report.jsonl"].splitlines()] == rows
    assert [(row["id"], row["status"], row.get("literal")) for row in rows] == [
        ("a/x.txt", "cleaned", None),
        ("c.jsonl:1", "cleaned", '"One\\u000aMore"'),
        ("c.jsonl:3", "failed", None),
        ("c.jsonl:4", "unchanged", None),
        ("nothing.jsonl:1", "failed", None),
    ]
    assert json.loads(written["summary.json"])["documents"]["total"] == 5


def test_a_second_run_writes_the_same(tmp_path: Path) -> None:
    """Over its own files, without force."""
    plant(tmp_path, in__a__x_txt="One\nMore", in__y_jsonl='{"text": "Two More"}\n')
    run(tmp_path / "out", tmp_path / "in")
    first = tree(tmp_path / "out")
    run(tmp_path / "out", tmp_path / "in")
    assert tree(tmp_path / "out") == first


def test_a_document_that_fails_has_no_old_body(tmp_path: Path) -> None:
    """The report says that there is none; what no source claims stays."""
    plant(tmp_path, in__x_txt="One", in__y_txt="Two", out__z_txt="mine")
    run(tmp_path / "out", tmp_path / "in")
    (tmp_path / "in/x.txt").write_bytes(b"\xff")
    run(tmp_path / "out", tmp_path / "in")
    assert set(tree(tmp_path / "out")) == {"y.txt", "z.txt", "report.jsonl", "summary.json"}


class Killed(BaseException):
    """What ends a run."""


def test_a_killed_run_leaves_whole_files_only(tmp_path: Path) -> None:
    """And the next one knows them for its own."""
    plant(tmp_path, in__a_txt="One", in__b_jsonl='{"text": "Two"}\n', in__c_jsonl='{"text": ""}')
    found = find_sources([str(tmp_path / "in")])
    out = tmp_path / "out"

    def killed_run() -> None:
        with Output(out, found.sources) as output:
            output.write("a.txt", b"One")
            output.write("b.jsonl", b"{}\n")
            output.write("c.jsonl", b"{}\n")
            output.record(dumps({"id": "a.txt"}))
            assert {".c.jsonl.part", ".report.jsonl.part"} < set(tree(out))
            raise Killed

    with pytest.raises(Killed):
        killed_run()
    assert set(tree(out)) == {"a.txt", "b.jsonl", ".cleaner-run.json"}
    plant(out, a_txt="half a body", _c_jsonl_part="what a power failure leaves", _report_jsonl_part="")
    plant(tmp_path, other__a_txt="", other__d_txt="")
    with Output(out, find_sources([str(tmp_path / "other")]).sources):
        pass  # another run that does not get far
    check_output(out, found)
    run(out, tmp_path / "in")
    assert tree(out)["a.txt"] == b"One"
    assert set(tree(out)) == {"a.txt", "b.jsonl", "c.jsonl", "report.jsonl", "summary.json"}


def test_a_damaged_marker_names_nothing(tmp_path: Path) -> None:
    """Then the files are foreign."""
    plant(tmp_path, in__x_txt="", out__x_txt="")
    for content in ("", "{}", '{"targets": null}', "[]"):
        (tmp_path / "out/.cleaner-run.json").write_text(content)
        with pytest.raises(WriteError, match="not written by the last run of cleaner"):
            check(tmp_path / "out", tmp_path / "in")


@pytest.mark.parametrize("name", ["../x.txt", "/x.txt", "a/../../x.txt", "link/x.txt", ".."])
def test_nothing_is_written_outside(name: str, tmp_path: Path) -> None:
    """Whatever a source is called, also through a link."""
    plant(tmp_path, out__y_txt="")
    (tmp_path / "out/link").symlink_to(tmp_path)
    before = set(tree(tmp_path))
    with (
        Output(tmp_path / "out", [Source(Path("x"), name, "text")]) as output,
        pytest.raises(WriteError, match="lies outside of the output folder"),
    ):
        output.write(name, b"One")
    assert set(tree(tmp_path)) - before == {"out/.cleaner-run.json"}


def test_a_finished_file_is_not_begun_again(tmp_path: Path) -> None:
    """Lines of one JSONL file come together."""
    sources = [Source(Path(name), name, "jsonl") for name in ("a", "b")]
    with Output(tmp_path, sources) as output:
        output.write("a", b"")
        output.write("b", b"")
        with pytest.raises(WriteError, match="a: was finished; expected its lines one after another"):
            output.write("a", b"")


# Restoring


def restored(folder: Path, documents: int, failed: Sequence[str] = (), problems: Sequence[str] = ()) -> None:
    """Restore `folder/out` to `folder/back`, and compare what is said."""
    found = restore_folder(folder / "out", folder / "back")
    assert found == Restored(documents, tuple(failed), tuple(problems))


def test_restoring_gives_the_originals(tmp_path: Path) -> None:
    """Byte for byte, whatever the files are called."""
    plant(
        tmp_path,
        in__a__x_txt="\ufeffOne\r\nMore\x85",
        in__b_md="Two",
        in__c_jsonl='\ufeff{"text": "One\\u002fMore", "n": 1.0 }\r\n\n{"text":"\\u00e9More"}\n{"text":"\\/"}',
        in__d_jsonl='{"text":"More","text":"More\\/"}',
    )
    run(tmp_path / "out", tmp_path / "in")
    restored(tmp_path, 6)
    assert tree(tmp_path / "back") == tree(tmp_path / "in")
    assert tree(tmp_path / "out")["c.jsonl"] != tree(tmp_path / "in")["c.jsonl"]


def test_restoring_knows_how_the_input_was_read(tmp_path: Path) -> None:
    """A forced format, and the name of the text field."""
    plant(tmp_path, in__x_txt='{"body": "One More", "id": "x.txt"}\n')
    run(tmp_path / "out", tmp_path / "in", choice="jsonl", fields=Fields(text="body", id="id"))
    restored(tmp_path, 1)
    assert tree(tmp_path / "back") == tree(tmp_path / "in")


@given(
    files=st.dictionaries(
        st.sampled_from(("a.txt", "b/c.md", "b/d.txt", "e.jsonl", "b/f.jsonl")),
        st.lists(st.tuples(texts(nul=False), st.booleans(), st.sampled_from(("\n", "\r\n", "\n\n"))), max_size=4),
    )
)
def test_any_input_can_be_restored(
    files: dict[str, list[tuple[str, bool, str]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Text and JSONL in any style and of any content, cut or not, as long as there is a document in it."""
    folder = tmp_path_factory.mktemp("restore")
    (folder / "in").mkdir()
    for name, lines in files.items():
        path = folder / "in" / name
        path.parent.mkdir(exist_ok=True)
        data = [
            json.dumps({"text": text}, ensure_ascii=ascii_only) if name.endswith("jsonl") else f"{text}More"
            for text, ascii_only, _ in lines
        ]
        if lines or not name.endswith("jsonl"):
            written = "".join(line + end for line, (_, _, end) in zip(data, lines, strict=True))
            path.write_bytes(written.encode())
    rows = run(folder / "out", folder / "in")
    restored(folder, len(rows))
    assert (tree(folder / "back") if rows else {}) == tree(folder / "in")


def test_failed_documents_are_named(tmp_path: Path) -> None:
    """They have no body; the others are restored."""
    plant(tmp_path, in__x_jsonl='[]\n{"text": "One More"}\n', in__y_txt="\0", in__z_jsonl="wrong")
    rows = run(tmp_path / "out", tmp_path / "in")
    restored(tmp_path, 1, [row["error"] for row in rows if row["status"] == "failed"])
    assert tree(tmp_path / "back") == {"x.jsonl": b'{"text": "One More"}\n'}


def test_what_was_changed_is_named(tmp_path: Path) -> None:
    """And the others are restored."""
    line = '{"text": "%s More"}\n'
    plant(tmp_path, in__a_txt="One More", in__b_txt="Two More", in__c_txt="Three More", in__d_txt="Four")
    plant(tmp_path, in__x_jsonl="".join(line % number for number in range(4)), in__y_jsonl=line % "y")
    run(tmp_path / "out", tmp_path / "in")
    out = plant(tmp_path / "out", a_txt="one ", x_jsonl='{"text": "9 "}\n\n{"text": "1 "}\nwrong\n')
    (out / "c.txt").unlink()
    (out / "d.txt").write_bytes(b"\xff")
    (out / "y.jsonl").unlink()
    found = restore_folder(out, tmp_path / "back")
    assert (found.documents, found.failed) == (2, ())
    starts = (
        "a.txt: the body has changed; expected sha256 ",
        "c.txt: the body cannot be read: ",
        "d.txt: the body cannot be read: ",
        "x.jsonl:1: the body has changed; expected sha256 ",
        f"{out}/x.jsonl:4: not JSON",
        "x.jsonl:4: the body is gone; expected a line in ",
        "y.jsonl:1: the body cannot be read: ",
    )
    assert len(found.problems) == len(starts)
    for problem, start in zip(found.problems, starts, strict=True):
        assert problem.startswith(start)
    assert tree(tmp_path / "back") == {"b.txt": b"Two More", "x.jsonl": b'\n{"text": "1 More"}\n'}


def test_a_line_too_many_is_named(tmp_path: Path) -> None:
    """It is in no report."""
    plant(tmp_path, in__x_jsonl='{"text": "One More"}\n')
    run(tmp_path / "out", tmp_path / "in")
    plant(tmp_path / "out", x_jsonl='{"text": "One "}\n{"text": "Two"}\n')
    restored(tmp_path, 1, (), [f"{tmp_path}/out/x.jsonl:2: not in the report; expected no more documents"])


def test_where_restoring_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not into the output, and over other files by force only."""
    monkeypatch.chdir(plant(tmp_path, in__x_txt="One More"))
    run(tmp_path / "out", "in/x.txt")
    before = tree(tmp_path)
    for target in ("out", "out/back", "./in/../out"):
        with pytest.raises(WriteError, match="lies in out; expected a folder outside of it"):
            restore_folder(Path("out"), Path(target), force=True)
    with pytest.raises(WriteError, match="is there already; expected nothing there, or --force"):
        restore_folder(Path("out"), Path("in"))
    assert tree(tmp_path) == before
    plant(tmp_path / "in", x_txt="changed")
    assert restore_folder(Path("out"), Path("in"), force=True) == Restored(1, (), ())
    assert tree(tmp_path) == before


def test_restoring_does_not_overwrite_bodies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An original whose name leads into the output folder."""
    monkeypatch.chdir(plant(tmp_path, in__out__x_txt="One More"))
    run(tmp_path / "out", "in")
    with pytest.raises(WriteError, match="would overwrite a body"):
        restore_folder(Path("out"), Path(), force=True)


@pytest.mark.parametrize("source", ["../x.txt", "/x.txt"])
def test_a_report_cannot_lead_elsewhere(source: str, tmp_path: Path) -> None:
    """Reports come from other people."""
    plant(tmp_path, in__x_txt="One")
    [row] = run(tmp_path / "out", tmp_path / "in")
    (tmp_path / "out/report.jsonl").write_text(json.dumps({**row, "source": source}))
    with pytest.raises(WriteError, match="lies outside of the output folder"):
        restore_folder(tmp_path / "out", tmp_path / "back", force=True)
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("report.jsonl", None),
        ("summary.json", None),
        ("report.jsonl", "\n"),
        ("report.jsonl", "[]"),
        ("report.jsonl", "{}"),
        ("report.jsonl", "wrong"),
        ("summary.json", ""),
        ("summary.json", "{}"),
        ("summary.json", "[]"),
    ],
)
def test_a_folder_that_is_no_output(name: str, content: str | None, tmp_path: Path) -> None:
    """Cannot be restored."""
    plant(tmp_path, in__x_txt="One")
    run(tmp_path / "out", tmp_path / "in")
    (tmp_path / "out" / name).unlink()
    if content is not None:
        (tmp_path / "out" / name).write_text(content)
    with pytest.raises(ReadError, match=name):
        restore_folder(tmp_path / "out", tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_file_in_the_way_of_a_folder_is_seen_before_anything_is_written(tmp_path: Path) -> None:
    for name in ("one/a.txt", "other/a.txt/x.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("One")
    found = find_sources([str(tmp_path / "one"), str(tmp_path / "other")])
    with pytest.raises(WriteError, match=r"a\.txt/x\.txt: the output has a file a\.txt; expected"):
        check_output(tmp_path / "out", found, force=True)
    assert not (tmp_path / "out").exists()


def test_no_other_run_may_write_before_one_that_failed_has_tidied_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their unfinished files have the same names. Nor is the folder locked for ever by a run that cannot begin."""
    source, tidy = Source(tmp_path / "x.jsonl", "x.jsonl", "jsonl"), Part.discard
    refused = []

    def discard(part: Part) -> None:
        with pytest.raises(WriteError, match="another run writes there"):
            Output(tmp_path / "out", [source])
        refused.append(part)
        tidy(part)

    def fail() -> None:
        with Output(tmp_path / "out", [source]) as output:
            output.write("x.jsonl", b"{}\n")
            monkeypatch.setattr(Part, "discard", discard)
            raise ValueError("in the midst")

    with pytest.raises(ValueError, match="in the midst"):
        fail()
    assert len(refused) == 2
    monkeypatch.undo()
    monkeypatch.setattr("cleaner.output.write_atomic", None)
    with pytest.raises(TypeError) as kept:  # and with it the frame that it comes from
        Output(tmp_path / "out", [source])
    monkeypatch.undo()
    with Output(tmp_path / "out", [source]) as output:
        output.write("x.jsonl", b"{}\n")
        output.finish({})
    assert kept


def test_a_report_that_lacks_records_is_not_proven(tmp_path: Path) -> None:
    """Nor one that has them twice, or others: the summary tells."""
    plant(tmp_path / "in", a_txt="One.\n", b_txt="Two.\n")
    run = find_sources([str(tmp_path / "in")])
    out = tmp_path / "out"
    with Output(out, run.sources) as output:
        lines = []
        for source in run.sources:
            document = Document(source.name, source.path.read_bytes().decode())
            output.write(source.target, document.text.encode())
            lines.append(dumps(record(source.name, Cleaned(document, document.text, (), "unchanged"))))
        output.record(b"".join(lines))
        summary = Summary.total(map(json.loads, lines))
        output.finish(summary_json(summary, versions={}, policy={}))
    assert restore_folder(out, None) == Restored(2, (), ())
    for wrong in (lines[:1], [], [*lines, lines[0]], [lines[1], lines[1]]):
        (out / "report.jsonl").write_bytes(b"".join(wrong))
        [problem] = restore_folder(out, None).problems
        assert (
            problem == f"{out}/report.jsonl: records are missing, or others; expected those that summary.json speaks of"
        )
