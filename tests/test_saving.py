"""The index file: what it gives back, and what is refused."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from safetensors import safe_open
from safetensors.numpy import load as stored_in
from safetensors.numpy import load_file, save

from cleaner import saving
from cleaner.frequency import Frequencies, derived
from cleaner.index import Index, arrays, learn
from cleaner.model import Document, IndexFormatError
from cleaner.saving import SETTINGS, dumped, is_index, load, loads
from cleaner.spill import place_of
from tests.handmade import dumps
from tests.strategies import STEADY, corpora
from tests.test_index import ALL, LONG, OTHER, PAGE, TABLE, assert_same_arrays, folded


def changed(data: bytes, at: int, byte: int) -> bytes:
    """Return data with another byte at a place."""
    return data[:at] + bytes([byte]) + data[at + 1 :]


@pytest.mark.parametrize(
    "documents",
    [
        [],
        [PAGE],
        [PAGE, OTHER],
        [Document("", "")],
        [Document("\ud800", "a lone \udfff surrogate in a line of text")],
        [Document("例", "秋天值得一看的十座灯塔和它们的故事", "グループ")],
        [Document("例", "秋天值得一看的十座灯塔和它们的故事" * 30, "グループ"), LONG],
        [TABLE],
        ALL,
    ],
    ids=["none", "one", "two", "empty", "surrogate", "cjk", "long", "cells", "all"],
)
def test_a_file_gives_the_index_back(documents: list[Document], tmp_path: Path) -> None:
    index = learn(documents)
    path = tmp_path / "an.index"
    path.write_bytes(dumps(index))
    found = load(path)
    assert found == index
    assert found.ids == index.ids
    assert folded(found) == folded(index)
    assert_same_arrays(found, index)
    assert dumps(found) == path.read_bytes()
    assert is_index(path)


def test_the_header_says_how_it_was_made() -> None:
    data = dumps(learn([PAGE, OTHER]))
    header = json.loads(json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]["cleaner"])
    assert header.items() >= SETTINGS.items()
    assert header["documents"] == 2


def test_the_arrays_of_a_file_have_their_names() -> None:
    """Of the part that they are of, and their own."""
    strings = ("first", "encoded")
    lines = ("first", "keys", "starts", "stops", "prose", "masks", "heads", "tails", "shapes", "widths", "cells")
    parts = {"ids": strings, "groups": strings, "digests": strings, "texts": ("keys", *strings), "lines": lines}
    parts["shingles"] = ("first", "hashes", "starts", "stops")
    expected = {f"{part}.{name}" for part, names in parts.items() for name in names}
    assert stored_in(dumps(learn(ALL))).keys() == expected


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("value", [999, "other", None])
def test_other_settings_do_not_fit(name: str, value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(saving.SETTINGS, name, value)
        data = dumps(learn([PAGE]))
    with pytest.raises(IndexFormatError, match=rf"^my\.index: made with {name} {value!r}; expected .*: learn it anew$"):
        loads(data, "my.index")


def saved(index: Index, path: Path) -> Path:
    """Write an index with all that follows from it, and return where."""
    path.write_bytes(dumps(replace(index, tables=derived(Frequencies(index)))))
    return path


@settings(STEADY, max_examples=50)
@given(corpora())
def test_safetensors_reads_it(tmp_path_factory: pytest.TempPathFactory, corpus: list[Document]) -> None:
    """And would write what this program reads: arrays by name, what was derived too."""
    index = learn(corpus)
    path = saved(index, tmp_path_factory.getbasetemp() / "any.index")
    stored = load_file(path)
    expected = arrays(index) | {f"derived: {name}": array for name, array in derived(Frequencies(index)).items()}
    assert stored.keys() == expected.keys()
    for name, array in expected.items():
        assert stored[name].dtype == array.dtype, name
        assert np.array_equal(stored[name], array), name
    with safe_open(path, "np") as file:
        again = loads(save(stored, file.metadata()))
    assert again == index == load(path)
    assert dumps(again) == path.read_bytes()


def test_its_arrays_are_where_the_processor_reads_them_fast(tmp_path: Path) -> None:
    """Views of the file, not copies; whatever the length of those before them."""
    found = load(saved(learn(ALL), tmp_path / "an.index"))
    for name, array in (arrays(found) | found.tables).items():
        assert array.flags.aligned, name
        assert not array.size or not array.flags.writeable, name
        assert not array.size or place_of(array), name


def test_it_is_written_in_pieces_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """And looked through in such pieces: neither the bytes nor the checksum depend on them."""
    index = learn(ALL)
    data = dumps(index)
    monkeypatch.setattr(saving, "_PIECE", 64)
    pieces = list(dumped(index))
    assert max(map(len, pieces[1:])) == 64
    assert b"".join(pieces) == data
    assert loads(data) == index


def test_a_damaged_file_is_refused() -> None:
    """Wherever the damage is. What reads as the same index is no damage."""
    index = learn([PAGE, OTHER])
    data = dumps(index)
    numbers = random.Random(0)
    refused = 0
    for _ in range(200):
        at = numbers.randrange(len(data))
        damaged = changed(data, at, data[at] ^ numbers.randrange(1, 256))
        try:
            assert loads(damaged) == index
        except IndexFormatError:
            refused += 1
    assert refused > 150


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(share: float) -> None:
    data = dumps(learn([PAGE, OTHER]))
    with pytest.raises(IndexFormatError, match=r"^index: "):
        loads(data[: int(share * len(data))])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"The ferry leaves at seven.\n",
        b'{"id": "a", "text": "b"}\n',
        b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00.",
        b"\xff" * 64,
        (2).to_bytes(8, "little") + b"[]",
        (2).to_bytes(8, "little") + b"{}",
        save({"weights": np.zeros(3)}),
        save({"weights": np.zeros(3)}, {"format": "np"}),
        save({"weights": np.zeros(3)}, {"cleaner": "yes"}),
        save({"weights": np.zeros(3)}, {"cleaner": "[]"}),
        save({"weights": np.zeros(3)}, {"cleaner": "{}"}),
        save({"weights": np.zeros(3)}, {"cleaner": json.dumps(SETTINGS)}),
    ],
)
def test_a_foreign_file_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "foreign"
    path.write_bytes(data)
    with pytest.raises(IndexFormatError, match=r"foreign: .*; expected "):
        load(path)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(IndexFormatError, match="missing: No such file or directory; expected an index"):
        load(tmp_path / "missing")
    with pytest.raises(IndexFormatError, match="Is a directory; expected an index"):
        load(tmp_path)


def test_what_claims_to_be_an_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of other settings too: a reader must not take it for text."""
    monkeypatch.setitem(saving.SETTINGS, "format", 999)
    path = tmp_path / "a"
    path.write_bytes(dumps(learn([PAGE])))
    assert is_index(path)
    path.write_bytes(save({"weights": np.zeros(3)}))
    assert not is_index(path)
    path.write_bytes(b"")
    assert not is_index(path)
