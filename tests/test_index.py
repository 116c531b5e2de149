"""Learning, merging, and the index file."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from cleaner import index as module
from cleaner.index import (
    NO_KEY,
    SETTINGS,
    Index,
    digest_of,
    dumps,
    is_index,
    key,
    keys_of,
    learn,
    load,
    loads,
    merge,
)
from cleaner.model import Document, IndexFormatError
from cleaner.near import WIDTH
from cleaner.segment import segment

PAGE = Document(
    "a/1", "The ferry\n\nThe ferry leaves at seven in the morning and crosses the strait.\nRead MORE\n", "a"
)
OTHER = Document("b/1", "The ferry\nWhat the captain keeps in his cabin\n* * *\nread  more\r\n", "b")


def changed(data: bytes, at: int, byte: int) -> bytes:
    """Return data with another byte at a place."""
    return data[:at] + bytes([byte]) + data[at + 1 :]


# Keys


def test_a_key_is_of_the_folded_text() -> None:
    assert key("read more") == key("read more")
    assert len({key(text) for text in ("read more", "read less", "a", "日本", "e\u0301")}) == 5


@pytest.mark.parametrize("text", ["", "* * *", "12.5 %", "---", "2024", "👍", "\ud800", "¿?"])
def test_without_a_letter_there_is_no_key(text: str) -> None:
    assert key(text) == NO_KEY


def test_a_letter_in_any_script_makes_a_key() -> None:
    assert NO_KEY not in {key(text) for text in ("a", "1a", "ж", "あ", "א", "ع", "अ")}


# Learning


def test_what_is_learnt() -> None:
    index = learn([OTHER, PAGE])
    assert index.ids == ("a/1", "b/1")
    assert index.groups == ("a", "b")
    assert index.first.tolist() == [0, 3, 7]
    assert index.starts.tolist() == [0, 11, 76, 0, 10, 46, 52]
    assert index.stops.tolist() == [9, 75, 85, 9, 45, 51, 62]
    assert index.prose.tolist() == [False, True, False, False, False, False, False]
    assert (index.keys == np.concatenate([keys_of(segment(PAGE.text)), keys_of(segment(OTHER.text))])).all()
    assert index.keys[0] == index.keys[3]
    assert index.keys[2] == index.keys[6]
    assert index.keys[5] == NO_KEY
    assert index.digests[0] == digest_of(keys_of(segment(PAGE.text)))
    assert index.digests[0] != index.digests[1]


def test_texts_are_kept_of_lines_wide_enough_to_compare() -> None:
    assert sorted(learn([PAGE, OTHER]).texts.values()) == [
        "the ferry leaves at seven in the morning and crosses the strait.",
        "what the captain keeps in his cabin",
    ]
    narrow, wide = "x" * (WIDTH - 1), "日" * (WIDTH // 2)
    assert list(learn([Document("a", f"{narrow}\n{wide}\n{'1' * WIDTH}")]).texts.values()) == [wide]


def test_a_document_that_comes_twice_counts_once() -> None:
    assert learn([PAGE, PAGE]) == learn([PAGE])
    assert len(learn([PAGE, Document(PAGE.id, PAGE.text + "More\n", PAGE.group)])) == 2
    assert len(learn([PAGE, Document(PAGE.id, PAGE.text, "z")])) == 2
    assert len(learn([PAGE, Document("z", PAGE.text, PAGE.group)])) == 2
    assert len(learn([PAGE, Document(PAGE.id, PAGE.text.replace("\n\n", "\n"), PAGE.group)])) == 2


def test_nothing_learnt() -> None:
    assert len(learn([])) == 0
    assert learn([]) == Index() == merge([]) == merge([Index(), Index()])
    assert len(learn([Document("a", "")])) == 1


def test_equality() -> None:
    assert learn([PAGE]) == learn([PAGE])
    assert learn([PAGE]) != learn([OTHER])
    assert learn([PAGE]) != PAGE
    with pytest.raises(TypeError):
        hash(learn([PAGE]))


def test_merging_is_learning_at_once() -> None:
    one, other = learn([PAGE]), learn([OTHER])
    assert merge([one, other]) == merge([other, one]) == merge([one, other, one]) == learn([PAGE, OTHER])
    assert merge([one]) == one


# The file


@pytest.mark.parametrize(
    "documents",
    [
        [],
        [PAGE],
        [PAGE, OTHER],
        [Document("", "")],
        [Document("\ud800", "a lone \udfff surrogate in a line of text")],
        [Document("例", "秋天值得一看的十座灯塔和它们的故事", "グループ")],
    ],
    ids=["none", "one", "two", "empty", "surrogate", "cjk"],
)
def test_a_file_gives_the_index_back(documents: list[Document], tmp_path: Path) -> None:
    index = learn(documents)
    path = tmp_path / "an.index"
    path.write_bytes(dumps(index))
    found = load(path)
    assert found == index
    assert found.ids == index.ids
    assert found.texts == index.texts
    assert found.keys.dtype == index.keys.dtype
    assert dumps(found) == path.read_bytes()
    assert is_index(path)


def test_the_header_says_how_it_was_made() -> None:
    data = dumps(learn([PAGE, OTHER]))
    header = json.loads(json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]["cleaner"])
    assert header.items() >= SETTINGS.items()
    assert header["documents"] == 2


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("value", [999, "other", None])
def test_other_settings_do_not_fit(name: str, value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(module.SETTINGS, name, value)
        data = dumps(learn([PAGE]))
    with pytest.raises(IndexFormatError, match=rf"^my\.index: made with {name} {value!r}; expected .*: learn it anew$"):
        loads(data, "my.index")


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
    monkeypatch.setitem(module.SETTINGS, "format", 999)
    path = tmp_path / "a"
    path.write_bytes(dumps(learn([PAGE])))
    assert is_index(path)
    path.write_bytes(save({"weights": np.zeros(3)}))
    assert not is_index(path)
    path.write_bytes(b"")
    assert not is_index(path)
