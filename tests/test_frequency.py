"""What is looked up in an index: documents by name and by what they say, lines by key, parts of all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.fingerprints import NO_KEY
from cleaner.frequency import Frequencies, derived
from cleaner.index import learn
from cleaner.model import Document
from cleaner.saving import load
from cleaner.spill import Space
from tests.handmade import dumps
from tests.strategies import STEADY, corpora

FEW = settings(STEADY, max_examples=60)


@pytest.fixture(scope="module", autouse=True)
def _little_is_held() -> Iterator[None]:
    """Few values are enough for a file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cleaner.spill.HELD", 64)
        yield


def assert_same(one: Any, other: Any) -> None:
    """Assert that two values of the same kind have the same arrays, however deep."""
    assert type(one) is type(other)
    for part in fields(one):
        ours, theirs = getattr(one, part.name), getattr(other, part.name)
        if isinstance(ours, np.ndarray):
            assert (ours.dtype, ours.tolist()) == (theirs.dtype, theirs.tolist()), part.name
        else:
            assert_same(ours, theirs)


@FEW
@given(corpora(min_size=1, max_size=9), st.sampled_from(("ids", "texts")), st.integers(2, 3))
def test_documents_are_found_by_name_and_by_what_they_say(corpus: list[Document], same: str, count: int) -> None:
    """All of them: several that have one name, several that say the same; and none that is not there."""
    if same == "ids":
        corpus = [Document(f"d{at % count}", one.text, one.group) for at, one in enumerate(corpus)]
    else:
        corpus = [Document(one.id, corpus[at % count % len(corpus)].text, one.group) for at, one in enumerate(corpus)]
    known = Frequencies(learn(corpus))
    index = known.index
    for name, group in product({*index.ids, "", "d", "d00", "z"}, {*index.groups, "", "c"}):
        expected = [at for at in range(len(index)) if (index.ids[at], index.groups[at]) == (name, group)]
        assert known.named(name, group) == expected
    for digest in {*index.digests, "0" * 32, "f" * 32}:
        assert known.copies.saying(digest).tolist() == [at for at, one in enumerate(index.digests) if one == digest]


@FEW
@given(corpora(max_size=7), st.booleans())
def test_lines_are_found_by_key(
    tmp_path_factory: pytest.TempPathFactory, corpus: list[Document], in_files: bool
) -> None:
    """In order, and the documents that hold them; wherever the order was put."""
    space = Space(tmp_path_factory.mktemp("space"), 700) if in_files else Space()
    known = Frequencies(learn(corpus), space)
    keys, documents = known.index.lines.keys.tolist(), known.index.lines.documents.tolist()
    assert known.documents(np.arange(len(keys))).tolist() == documents
    for key in {*keys, 1, 2**64 - 1} - {int(NO_KEY)}:
        [start], [stop] = known.lines_with(np.array([key], dtype=np.uint64))
        lines = [at for at, one in enumerate(keys) if one == key]
        assert known.ordered[0][start:stop].tolist() == lines
        assert known.holding(key).tolist() == sorted({documents[at] for at in lines})


@FEW
@given(corpora(min_size=1, max_size=7), st.data())
def test_a_part_is_what_is_taken_without_a_copy(corpus: list[Document], data: st.DataObject) -> None:
    known = Frequencies(learn([Document(one.id, f"{one.text}\n{one.text * 9}", one.group) for one in corpus]))
    start = data.draw(st.integers(0, len(corpus)))
    stop = data.draw(st.integers(start, len(corpus)))
    for whole in (known.index.lines, known.index.shingles, known.standing):
        assert_same(whole.part(start, stop), whole.take(np.arange(start, stop)))
    assert np.shares_memory(known.index.lines.part(0, len(corpus)).keys, known.index.lines.keys) or not len(
        known.index.lines
    )


@FEW
@given(corpora(max_size=7))
def test_what_a_file_holds_is_what_was_derived(
    tmp_path_factory: pytest.TempPathFactory, corpus: list[Document]
) -> None:
    """All of it comes back, and the same would be derived of it again."""
    index = learn(corpus)
    tables = derived(Frequencies(index))
    path = Path(tmp_path_factory.mktemp("file"), "x")
    path.write_bytes(dumps(replace(index, tables=tables)))
    found = load(path)
    for known in (Frequencies(found), Frequencies(learn(corpus))):
        again = derived(known)
        assert again.keys() == tables.keys()
        for name, array in tables.items():
            assert (again[name].dtype, again[name].tolist()) == (array.dtype, array.tolist()), name
