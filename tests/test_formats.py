"""Reading and writing text files and JSONL."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cleaner.chunks import Fields, chunks
from cleaner.formats import Record, body, records
from cleaner.jsonl import parse_line, restore_text, rewrite_text
from cleaner.model import Cleaned, Document, Failure, ReadError, RuleReason, Span
from cleaner.sources import Found, Source, find_sources, format_of
from tests.strategies import texts


def files(folder: Path, *names: str) -> Path:
    """Make empty files."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def names(found: Found) -> list[str]:
    """Return the names of what was found."""
    return [source.name for source in found.sources]


def read(source: Source, fields: Fields) -> list[Record]:
    """Read a source in pieces of one line, of some, and whole: it is the same."""
    one, *others = (
        [record for chunk in chunks(source, size) for record in records(chunk, fields)] for size in (10**9, 1, 64)
    )
    assert others == [one, one]
    return one


def read_bytes(folder: Path, data: bytes, name: str = "x.jsonl", fields: Fields | None = None) -> list[Record]:
    """Write a file and read it."""
    path = folder / Path(name).name
    path.write_bytes(data)
    return read(Source(path, name, format_of(name)), fields or Fields())


def error(folder: Path, data: bytes, name: str = "x.jsonl", fields: Fields | None = None) -> tuple[str, str, str]:
    """Return id, error and group of the only record, which must be a failure."""
    [record] = read_bytes(folder, data, name, fields)
    assert isinstance(record.entry, Failure)
    assert (record.source, record.raw) == (name, "")
    return record.entry.id, record.entry.error, record.entry.group


# Finding


def test_nothing_is_found_in_nothing() -> None:
    """No inputs, no sources."""
    assert find_sources([]) == Found(())


@pytest.mark.parametrize("text", ["", "no.txt", "no*.txt", "no/**/*.txt", "[", "a\0b"])
def test_what_is_not_there_is_named(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path or a glob without a match is one line."""
    monkeypatch.chdir(tmp_path)
    found = find_sources([text])
    assert found.sources == ()
    assert found.missing == (
        f"no such file or folder: {text}; expected a file, a folder, a glob, or - for standard input",
    )


def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    """Opening a pipe would wait for ever."""
    os.mkfifo(tmp_path / "x.txt")
    assert len(find_sources([str(tmp_path / "x.txt")]).missing) == 1
    found = find_sources([str(tmp_path)])
    assert (found.sources, found.skipped) == ((), 1)


def test_a_folder_is_read_with_its_subfolders(tmp_path: Path) -> None:
    """By suffix, sorted by name; other files are counted, and hidden ones, folders too."""
    files(tmp_path, "b.TXT", "a/x.md", "a-b.text", "a/y.markdown", "c.jsonl", "d.NDJSON", "e.log", "README")
    files(tmp_path, ".hidden.txt", ".git/x.txt", "a/.cache/x.txt")
    found = find_sources([str(tmp_path)])
    assert names(found) == ["a-b.text", "a/x.md", "a/y.markdown", "b.TXT", "c.jsonl", "d.NDJSON"]
    assert [source.format for source in found.sources] == ["text"] * 4 + ["jsonl"] * 2
    assert (found.missing, found.skipped, found.kinds, found.folders) == ((), 2, ("", ".log"), (tmp_path,))
    assert found.hidden == 3
    assert found.sources[1].path == tmp_path / "a/x.md"


def test_a_folder_is_named_without_changing_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`.`, a final slash and the absolute path are the same folder."""
    monkeypatch.chdir(files(tmp_path, "a/x.txt"))
    for text in (".", "./", str(tmp_path)):
        assert names(find_sources([text])) == ["a/x.txt"]


def test_inputs_keep_their_order(tmp_path: Path) -> None:
    """Only a folder's own files are sorted."""
    files(tmp_path, "b/2.txt", "b/1.txt", "a/3.txt", "z.txt")
    found = find_sources([f"{tmp_path}/{name}" for name in ("z.txt", "b", "a")])
    assert names(found) == ["z.txt", "1.txt", "2.txt", "3.txt"]


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    """Not in folders and not in globs, so there are no loops; a link that is named itself is."""
    files(tmp_path, "in/a/x.txt")
    (tmp_path / "in/a/loop").symlink_to(tmp_path / "in")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    assert names(find_sources([f"{tmp_path}/in"])) == ["a/x.txt"]
    assert names(find_sources([f"{tmp_path}/in/**/*.txt"])) == ["a/x.txt"]
    assert names(find_sources([f"{tmp_path}/*/a/*.txt"])) == ["in/a/x.txt"]
    assert names(find_sources([f"{tmp_path}/link"])) == ["a/x.txt"]


def test_a_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However it is reached; the first name counts."""
    monkeypatch.chdir(files(tmp_path, "in/a/x.txt", "in/y.txt"))
    (tmp_path / "link").symlink_to(tmp_path / "in")
    found = find_sources(["in/a/x.txt", str(tmp_path / "in"), "in/**/*.txt", "./in/../in/y.txt", "link"])
    assert names(found) == ["x.txt", "y.txt"]


def test_two_files_may_have_one_name(tmp_path: Path) -> None:
    """A link to a file is a file of its own, and folders may hold the same names."""
    files(tmp_path, "a/x.txt", "b/x.txt")
    (tmp_path / "a/y.txt").symlink_to(tmp_path / "a/x.txt")
    found = find_sources([f"{tmp_path}/a", f"{tmp_path}/b"])
    assert names(found) == ["x.txt", "y.txt", "x.txt"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.txt", ["x.txt"]),
        ("?.txt", ["x.txt"]),
        ("[xy].*", ["x.txt", "y.log"]),
        ("a/*.txt", ["x.txt"]),
        ("*/*.txt", ["a/x.txt", "b/x.txt"]),
        ("**/x.txt", ["a/b/x.txt", "a/x.txt", "b/x.txt", "x.txt"]),
        ("**/b/*.txt", ["a/b/x.txt", "b/x.txt"]),
        ("a/**", ["b/x.txt", "x.txt"]),
        ("**/**/b/x.txt", ["a/b/x.txt", "b/x.txt"]),
        ("[ab]", ["a/b/x.txt", "a/x.txt", "b/x.txt"]),
        (".*.txt", [".h.txt"]),
    ],
)
def test_globs(pattern: str, expected: list[str], tmp_path: Path) -> None:
    """A part matches a level, `**` any number of them; hidden files only when asked for; a folder is read."""
    files(tmp_path, "x.txt", "y.log", "a/x.txt", "a/b/x.txt", "b/x.txt", "b/z.log", ".h.txt", ".g/x.txt")
    found = find_sources([f"{tmp_path}/{pattern}"])
    assert (names(found), found.missing) == (expected, ())


def test_a_glob_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are relative to it; only `**` reads folders whole."""
    monkeypatch.chdir(files(tmp_path, "x.txt", "a/x.txt"))
    assert (names(find_sources(["*.txt"])), find_sources(["*.txt"]).folders) == (["x.txt"], ())
    assert names(find_sources(["**/*.txt"])) == ["a/x.txt", "x.txt"]
    assert find_sources(["**/*.txt"]).folders == (Path(),)


def test_a_file_with_a_wildcard_in_its_name_is_that_file(tmp_path: Path) -> None:
    """What is there literally is no glob."""
    files(tmp_path, "a[1].txt", "a1.txt")
    assert names(find_sources([f"{tmp_path}/a[1].txt"])) == ["a[1].txt"]


def test_formats_are_forced_on_known_files_only(tmp_path: Path) -> None:
    """Files that were named take any format; those in folders must still look like documents."""
    files(tmp_path, "x.txt", "y.jsonl", "z.log")

    def formats(text: str, format_: str) -> list[tuple[str, str]]:
        found = find_sources([f"{tmp_path}{text}"], format_)  # type: ignore[arg-type]
        return [(source.name, source.format) for source in found.sources]

    assert formats("", "jsonl") == [("x.txt", "jsonl"), ("y.jsonl", "jsonl")]
    assert formats("", "text") == [("x.txt", "text"), ("y.jsonl", "text")]
    assert formats("/z.log", "auto") == [("z.log", "text")]
    assert formats("/z.log", "jsonl") == [("z.log", "jsonl")]
    assert formats("/z*", "jsonl") == [("z.log", "jsonl")]


def test_a_file_name_need_not_be_utf8(tmp_path: Path) -> None:
    """Its name can be written, its path can be opened."""
    path = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    Path(os.fsdecode(path)).write_bytes(b"One")
    [source] = find_sources([str(tmp_path)]).sources
    assert source.name == "caf\\xe9.txt"
    [record] = read(source, Fields())
    assert record.entry == Document("caf\\xe9.txt", "One")


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left out in silence."""
    files(tmp_path, "a/x.txt")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", f"{tmp_path}/a")

    monkeypatch.setattr(os, "scandir", refuse)
    monkeypatch.setattr(os, "listdir", refuse)
    line = f"{tmp_path}/a: Permission denied; expected a folder that can be listed"
    assert find_sources([f"{tmp_path}/a"]).missing == (line,)
    assert find_sources([f"{tmp_path}/a/*"]).missing[0] == line


# Reading text files


def test_an_empty_file_is_a_document(tmp_path: Path) -> None:
    """With an empty text."""
    assert read_bytes(tmp_path, b"", "x.txt") == [Record("x.txt", Document("x.txt", ""), "", 0)]


@given(text=texts(nul=False))
@example(text="\ufeffOne\r\nTwo\x85\u2028\f\rThree")
def test_a_text_file_is_its_text(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing is translated, and the text written back is the file."""
    data = text.encode()
    [record] = read_bytes(tmp_path_factory.getbasetemp(), data, "a/b/x.txt")
    assert record == Record("a/b/x.txt", Document("a/b/x.txt", text, "a/b"), text, 0)
    assert record.raw.encode() == data


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"twelve bytes\xff", "a/x.txt: not UTF-8 at byte 12; expected UTF-8 text"),
        ("é".encode("utf-16"), "a/x.txt: not UTF-8 at byte 0; expected UTF-8 text"),
        (b"\xed\xa0\x80", "a/x.txt: not UTF-8 at byte 0; expected UTF-8 text"),
        (b"cut \xe2\x82", "a/x.txt: not UTF-8 at byte 4; expected UTF-8 text"),
        ("élan..\0\0".encode(), "a/x.txt: a NUL byte at byte 7; expected text, not a binary file"),
    ],
)
def test_what_is_not_text_fails(data: bytes, expected: str, tmp_path: Path) -> None:
    """In one line that says where."""
    assert error(tmp_path, data, "a/x.txt") == ("a/x.txt", expected, "a")


@pytest.mark.parametrize("name", ["x.txt", "x.jsonl"])
def test_what_cannot_be_opened_fails(name: str, tmp_path: Path) -> None:
    """A link to nothing, a folder, a file that has gone."""
    path = tmp_path / name
    path.symlink_to(tmp_path / "nowhere")
    [source] = find_sources([str(tmp_path)]).sources
    [record] = read(source, Fields())
    message = f"{name}: No such file or directory; expected a readable file"
    assert record == Record(name, Failure(name, message), "", 0, format=source.format)
    path.unlink()
    path.mkdir()
    [record] = read(source, Fields())
    message = f"{name}: Is a directory; expected a readable file"
    assert record == Record(name, Failure(name, message), "", 0, format=source.format)


# Reading JSONL


def test_an_empty_jsonl_file_has_one_record_to_copy(tmp_path: Path) -> None:
    """So that it is not missing from the output."""
    assert read_bytes(tmp_path, b"") == [Record("x.jsonl", None, "", 0, format="jsonl")]


def test_lines_end_at_newlines_only(tmp_path: Path) -> None:
    """Every other character that Python calls a line end is part of a line."""
    data = '\ufeff{"text":"\x85\u2028"}\r\n\r\n \t\n{"text":"b"}\r{"text":"c"}\n{"text":"d"}'.encode()
    found = read_bytes(tmp_path, data)
    assert "".join(record.raw for record in found if record.line != 4).encode() == data.replace(
        b'{"text":"b"}\r{"text":"c"}\n', b""
    )
    assert [record.entry for record in found[:3]] == [Document("x.jsonl:1", "\x85\u2028"), None, None]
    assert isinstance(found[3].entry, Failure)
    assert found[4] == Record("x.jsonl", Document("x.jsonl:5", "d"), '{"text":"d"}', 5, format="jsonl")


def test_a_byte_order_mark_alone_is_a_blank_line(tmp_path: Path) -> None:
    """On the first line only."""
    found = read_bytes(tmp_path, b'\xef\xbb\xbf\n\xef\xbb\xbf{"text":""}')
    assert found[0] == Record("x.jsonl", None, "\ufeff\n", 1, format="jsonl")
    assert isinstance(found[1].entry, Failure)


@pytest.mark.parametrize(
    ("line", "id_", "group"),
    [
        ('{"body": "One"}', "x.jsonl:1", ""),
        ('{"body": "One", "site": null}', "x.jsonl:1", ""),
        ('{"body": "One", "site": "a"}', "x.jsonl:1", "a"),
        ('{"body": "One", "site": -7}', "x.jsonl:1", "-7"),
        ('{"body": 1, "body": "One", "site": 0}', "x.jsonl:1", "0"),
    ],
)
def test_fields_are_named(line: str, id_: str, group: str, tmp_path: Path) -> None:
    """Integers become decimal strings; no group is the empty one; the last duplicate counts."""
    [record] = read_bytes(tmp_path, line.encode(), fields=Fields(text="body", group="site"))
    assert record.entry == Document(id_, "One", group)


@pytest.mark.parametrize(
    ("line", "url"),
    [
        ('{"url":"https://a.example/b","text":""}', "https://a.example/b"),
        ('{"url":7,"text":""}', ""),
        ('{"url":null,"text":""}', ""),
        ('{"meta":{"url":"https://a.example/b"},"text":""}', ""),
        ('{"text":""}', ""),
    ],
)
def test_the_address_is_a_string_at_the_top(line: str, url: str, tmp_path: Path) -> None:
    """Anything else is none, and no error: nobody asked for it."""
    [record] = read_bytes(tmp_path, line.encode())
    assert record.entry == Document("x.jsonl:1", "", url=url)


@pytest.mark.parametrize(("value", "id_"), [('"a"', "a"), ('""', ""), ("12", "12"), ("-3", "-3")])
def test_ids_are_strings_or_integers(value: str, id_: str, tmp_path: Path) -> None:
    """As they are, or in decimals."""
    [record] = read_bytes(tmp_path, f'{{"key":{value},"text":""}}'.encode(), fields=Fields(id="key"))
    assert record.entry == Document(id_, "")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"text": "\xff"}', "not UTF-8 at byte 10 of the line; expected UTF-8 text"),
        (b"[]", "an array; expected a JSON object"),
        (b"null", "null; expected a JSON object"),
        (b"0.5", "a number; expected a JSON object"),
        (b"true", "a boolean; expected a JSON object"),
        (b"{}", "no field 'text'; expected a string"),
        (b'{"a": {"text": ""}}', "no field 'text'; expected a string"),
        (b'{"text": null}', "field 'text' is null; expected a string"),
        (b'{"text": {}}', "field 'text' is an object; expected a string"),
        (b'{"text": "", "text": 1}', "field 'text' is a number; expected a string"),
    ],
)
def test_what_is_no_document_fails(line: bytes, expected: str, tmp_path: Path) -> None:
    """By its line, and the others are still read."""
    assert error(tmp_path, line) == ("x.jsonl:1", f"x.jsonl:1: {expected}", "")
    found = read_bytes(tmp_path, line + b'\n{"text": "One"}\n')
    assert found[1].entry == Document("x.jsonl:2", "One")


@pytest.mark.parametrize("line", [b"{", b"{'text': 1}", b'{"text": ""} x', b'{"text": NaN}', b'{"text": "\0"}'])
def test_what_is_not_json_fails(line: bytes, tmp_path: Path) -> None:
    """With the parser's words, in one line."""
    _, message, _ = error(tmp_path, line)
    assert message.startswith("x.jsonl:1: not JSON at column ")
    assert message.endswith("; expected an object")
    assert "\n" not in message


def test_half_a_surrogate_pair_fails(tmp_path: Path) -> None:
    """It cannot be written as UTF-8."""
    _, message, _ = error(tmp_path, rb'{"text": "\ud83d"}')
    assert "half of a surrogate pair is no character" in message


@pytest.mark.parametrize("value", ["null", "1.0", "1e3", "true", "[]", "123456789012345678901234567890"])
def test_other_ids_and_groups_fail(value: str, tmp_path: Path) -> None:
    """A float is no id: 1.0 and 1 would be two."""
    line = f'{{"id": {value}, "text": "", "site": "a"}}'.encode()
    id_, message, _ = error(tmp_path, line, fields=Fields(id="id", group="site"))
    assert id_ == "x.jsonl:1"
    assert message.startswith("x.jsonl:1: field 'id' is ")
    if value != "null":
        id_, message, group = error(tmp_path, line, fields=Fields(id="site", group="id"))
        assert (id_, group) == ("a", "")
        assert message.endswith("; expected a string or an integer")


def test_a_failure_has_the_id_and_the_group_that_are_known(tmp_path: Path) -> None:
    """So that it can be found again."""
    line = b'{"id": 7, "site": "a", "text": 1}'
    expected = ("7", "x.jsonl:1: field 'text' is a number; expected a string", "a")
    assert error(tmp_path, line, fields=Fields(id="id", group="site")) == expected


# Writing JSONL


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"text":"old"}', '{"text":"né\\n"}'),
        ('\ufeff { "a" : 1.0 , "text" :\t"old" } \r\n', '\ufeff { "a" : 1.0 , "text" :\t"né\\n" } \r\n'),
        ('{"text":"\\u00e9"}', '{"text":"n\\u00e9\\n"}'),
        ('{"text":"\\u00E9"}', '{"text":"né\\n"}'),
        ('{"text":"é","b":"\\u00e9\\/"}', '{"text":"né\\n","b":"\\u00e9\\/"}'),
        (
            '{"text":1,"te\\u0078t":"old","a":[{"text":"x"}]}',
            '{"text":1,"te\\u0078t":"né\\n","a":[{"text":"x"}]}',
        ),
        ('{"text":"one","text":"two"}', '{"text":"one","text":"né\\n"}'),
        (
            '{"a":{"text":"x","y":"}"},"b":"text","text":""}',
            '{"a":{"text":"x","y":"}"},"b":"text","text":"né\\n"}',
        ),
        ('{"a":"\\"text\\":","text":"\\\\"}', '{"a":"\\"text\\":","text":"né\\n"}'),
    ],
)
def test_only_the_literal_is_replaced(line: str, expected: str) -> None:
    """In the style of the old one, and every other byte stays."""
    assert rewrite_text(line, "text", json.loads(line.removeprefix("\ufeff"))["text"], "né\n")[0] == expected


@pytest.mark.parametrize("line", ["{}", '{"text":1}', '{"text":"a","text":1}', '{"a":{"text":"b"}}', '{"b":"text"}'])
def test_no_literal_to_replace(line: str) -> None:
    """Is an error, and never another field's literal."""
    with pytest.raises(ReadError, match="no string in field 'text'"):
        rewrite_text(line, "text", "a", "")


def test_long_and_deep_values_are_stepped_over(tmp_path: Path) -> None:
    """Whatever the reader accepts can be written."""
    digits, deep, escapes = "9" * 300, "[" * 1000 + "]" * 1000, "\\n" * 100_000
    line = f'{{"n":{digits},"deep":{deep},"text":"{escapes}"}}'
    [record] = read_bytes(tmp_path, line.encode())
    assert isinstance(record.entry, Document)
    assert rewrite_text(record.raw, "text", record.entry.text, "")[0] == f'{{"n":{digits},"deep":{deep},"text":""}}'


def test_a_foreign_literal_is_refused() -> None:
    """A report that is not that of the output."""
    for literal in ('"b"', "a", "", '"'):
        with pytest.raises(ReadError, match="literal"):
            restore_text('{"text":"a"}', "text", "a/b", literal)


def test_nothing_cut_is_copied() -> None:
    """Byte for byte, and the report needs no literal."""
    document = Document("x.jsonl:1", "a/b")
    record = Record("x.jsonl", document, '{"text":"a\\/b"}\r\n', 1)
    assert body(record, Cleaned(document, "a/b", (), "held"), Fields()) == (record.raw, None)


def test_a_text_file_is_written_as_its_body() -> None:
    """And never has a literal."""
    document = Document("x.txt", "One\nTwo")
    cleaned = Cleaned(document, "One\n", (Span(4, 7, "trailer", 0.9, (RuleReason("a/b"),)),), "cleaned")
    assert body(Record("x.txt", document, document.text, 0), cleaned, Fields()) == ("One\n", None)


def json_values() -> st.SearchStrategy[object]:
    """JSON values of any kind."""
    numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    leaves = st.none() | st.booleans() | numbers | texts()
    keys = texts() | st.just("text")
    return st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=8)


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, str]:
    """Return a JSONL line and the text in it, written in many ways."""
    text = draw(texts())
    ascii_only = draw(st.booleans())
    separators = draw(st.sampled_from((None, (",", ":"), (" ,\t", " : "))))
    before, after = (draw(st.dictionaries(texts(), json_values(), max_size=3)) for _ in range(2))
    parts = [json.dumps(text, ensure_ascii=ascii_only)]
    if draw(st.booleans()):  # escapes that no serialiser of Python writes
        parts = [
            draw(st.sampled_from((json.dumps(character), f'"\\u{ord(character):04X}"')))[1:-1]
            if ord(character) < 0x10000
            else json.dumps(character)[1:-1]
            for character in text.replace("/", "")
        ]
        text = text.replace("/", "")
        if draw(st.booleans()):
            parts, text = [*parts, "\\/"], f"{text}/"
        parts = [f'"{"".join(parts)}"']
    mark = '"\ue000MARK\ue000"'
    value = {
        **before,
        "text": "\ue000MARK\ue000",
        **{key: value for key, value in after.items() if key != "text"},
    }
    line = json.dumps(value, ensure_ascii=False, separators=separators)
    if ascii_only:
        line = json.dumps(value, separators=separators).replace(json.dumps("\ue000MARK\ue000"), mark)
    line = line.replace(mark, parts[0], 1)
    if draw(st.booleans()):
        line = line.replace("{", '{"text": "first", ', 1)
    return line + draw(st.sampled_from(("", "\n", "\r\n"))), text


@given(line=lines(), cut=st.tuples(st.integers(0, 50), st.integers(0, 50)))
def test_any_cut_of_any_line_can_be_undone(line: tuple[str, str], cut: tuple[int, int]) -> None:
    """The line comes back byte for byte, and in between only the text has changed."""
    raw, text = line
    shorter = text[: min(cut)] + text[max(cut) :]
    written, literal = rewrite_text(raw, "text", text, shorter)
    assert restore_text(written, "text", text, literal) == raw
    _, before = parse_line(raw.encode(), "x", 2)
    _, after = parse_line(written.encode(), "x", 2)
    assert before is not None
    assert before["text"] == text
    assert after == {**before, "text": shorter}
    assert rewrite_text(raw, "text", text, text)[0] == raw or literal not in (None, "ascii")
