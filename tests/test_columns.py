"""Documents in columns and in streams: for pandas, polars, `datasets` and generators."""

from __future__ import annotations

import json
import logging
import pickle
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import datasets
import pandas as pd
import polars as pl
import pytest

from cleaner import Cleaner, Document, clean, learn, load_rules
from cleaner.columns import documents
from cleaner.index import merge
from cleaner.model import ReadError
from tests.conftest import BODY, OTHER, THIRD, TRAILER, Command
from tests.test_bad_input import RULE, SLOW

TEXTS = [BODY + TRAILER, OTHER + TRAILER, THIRD]
COLUMNS = {"id": ["a", "b", "c"], "text": TEXTS, "site": ["one", "one", "two"], "year": [1907, 1908, 1909]}
BODIES = [BODY, OTHER, THIRD]
STATUSES = ["cleaned", "cleaned", "unchanged"]


@pytest.fixture(scope="module")
def cleaner() -> Cleaner:
    return Cleaner(learn(documents(COLUMNS, group="site")))


def test_spans_are_those_of_the_command(cleaner: Cleaner, run: Command, tmp_path: Path) -> None:
    """The same documents, ids and groups: the same bodies, spans and statuses as in the report."""
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    out = tmp_path / "out"
    assert run("clean", tmp_path / "in.jsonl", "--id-field", "id", "--group-field", "site", "--out", out).code == 0
    report = [json.loads(line) for line in (out / "report.jsonl").read_text(encoding="utf-8").splitlines()]
    found = cleaner.clean_batch(COLUMNS, group="site")
    assert [json.loads(spans) for spans in found["spans"]] == [row["spans"] for row in report]
    assert found["status"] == [row["status"] for row in report] == STATUSES
    assert found["text"] == BODIES


def test_other_columns_are_carried_through(cleaner: Cleaner) -> None:
    found = cleaner.clean_batch(COLUMNS, group="site")
    assert list(found) == [*COLUMNS, "spans", "status"]
    assert all(found[name] is COLUMNS[name] for name in ("id", "site", "year"))


def test_a_data_set_is_mapped(cleaner: Cleaner, tmp_path: Path) -> None:
    """In batches of one, so that each has to have columns of the same types; on two processes, to the same."""
    given = datasets.Dataset.from_dict(COLUMNS)
    options = {"batched": True, "fn_kwargs": {"group": "site"}}
    found = given.map(cleaner.clean_batch, batch_size=1, writer_batch_size=1, **options)
    assert found["text"][:] == BODIES
    assert found["status"][:] == STATUSES
    assert found.features["spans"] == datasets.Value("string")
    two = given.map(cleaner.clean_batch, num_proc=2, **options)
    assert two[:] == found[:]
    streamed = given.to_iterable_dataset().map(cleaner.clean_batch, **options)
    assert [row["text"] for row in streamed] == BODIES
    assert learn(chain.from_iterable(documents(batch, group="site") for batch in given.iter(2))) == cleaner.index


def test_a_frame_of_pandas(cleaner: Cleaner) -> None:
    """Its index and the types of its other columns stay; null, NaN and NA are no texts."""
    given = pd.DataFrame(COLUMNS, index=[7, 5, 3]).astype({"year": "int16"})
    found = given.assign(**cleaner.clean_batch(given, group="site"))
    assert found["text"].tolist() == BODIES
    assert found.index.tolist() == [7, 5, 3]
    assert found["year"].dtype == "int16"
    assert learn(documents(given, group="site")) == cleaner.index
    nulls = pd.DataFrame(
        {"text": pd.Series([None, float("nan"), pd.NA, BODY], dtype=object), "id": [None, pd.NA, 1.5, 2]}
    )
    found = nulls.assign(**cleaner.clean_batch(nulls))
    assert found["status"].tolist() == ["failed"] * 3 + ["unchanged"]
    assert found["text"].isna().tolist() == [True, True, True, False]


def test_a_frame_of_polars(cleaner: Cleaner) -> None:
    """Lazily, in `map_batches`, with the schema that it has afterwards."""

    def stripped(frame: pl.DataFrame) -> pl.DataFrame:
        return pl.DataFrame(cleaner.clean_batch(frame.to_dict(), group="site"))

    given = pl.DataFrame(COLUMNS, schema_overrides={"year": pl.Int16})
    schema = given.schema | {"spans": pl.String, "status": pl.String}
    found = given.lazy().map_batches(stripped, schema=schema).collect()
    assert found["text"].to_list() == BODIES
    assert found.schema == schema
    assert learn(documents(given.to_dict(), group="site")) == cleaner.index
    assert pl.DataFrame(cleaner.clean_batch(given, group="site")).equals(found)
    assert learn(documents(given, group="site")) == cleaner.index


def test_what_cannot_be_done_is_said(cleaner: Cleaner) -> None:
    with pytest.raises(ReadError, match=r"^no column 'text'; expected the texts' column, got 'body'$"):
        cleaner.clean_batch({"body": []})
    with pytest.raises(ReadError, match=r"^columns: 'status' is there already; expected another name"):
        cleaner.clean_batch({"text": [], "status": []})
    with pytest.raises(ReadError, match=r"^column 'group' has 1 rows; expected 2, as column 'text' has$"):
        cleaner.clean_batch({"text": ["One", "Two"], "group": ["a"]})
    lazy = pl.DataFrame(COLUMNS).lazy()
    with pytest.raises(ReadError, match=r"^a LazyFrame; expected columns by name: a dict, or a data frame of pandas"):
        cleaner.clean_batch(lazy)
    assert cleaner.clean_batch({"text": []}) == {"text": [], "spans": [], "status": []}


def test_a_text_without_an_id_has_the_same_one_everywhere() -> None:
    """So what was learnt from a column without ids counts no document as another one of itself."""
    [one], [other] = documents({"text": [BODY]}), documents({"text": [BODY], "id": [None]})
    assert one == other
    assert len(merge([learn([one]), learn([other])])) == 1


def test_a_stream_takes_little_more_than_it_gives(cleaner: Cleaner) -> None:
    """A generator in, a generator out, in order; about a megabyte is taken ahead."""
    taken = 0

    def pages() -> Iterator[Document]:
        nonlocal taken
        for number in range(1000):
            taken += 1
            yield Document(str(number), BODY + "\n" * 300_000)

    found = cleaner.stream(pages())
    assert taken == 0
    assert [next(found).document.id for _ in range(2)] == ["0", "1"]
    assert taken < 10


def test_a_stream_gives_what_each_document_gets_alone(cleaner: Cleaner) -> None:
    found = list(cleaner.stream(Document(str(number), text) for number, text in enumerate(TEXTS * 3)))
    assert found == [cleaner.clean(one.document) for one in found]


def test_a_document_that_goes_wrong_is_failed_and_the_others_are_cleaned(tmp_path: Path) -> None:
    """A pattern that runs out of time on one text."""
    pack = tmp_path / "mine.toml"
    pack.write_text(RULE + "pattern = '''^(?:a|a|aa)+$'''\nkeywords = [\"aaa\"]\n", encoding="utf-8")
    one, other = Cleaner(rules=load_rules([pack])).stream([Document("x", SLOW), Document("y", BODY + TRAILER)])
    assert (one.status, one.text, one.spans) == ("failed", SLOW, ())
    assert one.error
    assert one.error.startswith("x: rule 'mine/r': pattern ran longer")
    assert (other.status, other.text) == ("cleaned", BODY)


def test_a_generator_is_learnt_in_batches_to_the_same_index(monkeypatch: pytest.MonkeyPatch) -> None:
    given = documents(COLUMNS)
    whole = learn(given)
    monkeypatch.setattr("cleaner.index.HELD", 10)
    assert learn(iter(given)) == whole
    assert [one.text for one in clean(iter(TEXTS))] == BODIES


def test_a_cleaner_pickles_before_and_after_use(cleaner: Cleaner) -> None:
    fresh = Cleaner(cleaner.index)
    for one in (fresh, cleaner):
        again = pickle.loads(pickle.dumps(one.clean_batch))
        assert again(COLUMNS)["text"] == one.clean_batch(COLUMNS)["text"]


def test_no_logging_is_configured(cleaner: Cleaner) -> None:
    """Nothing is said, to nobody."""
    cleaner.clean_batch(COLUMNS)
    assert not [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "cleaner"]


def test_what_is_no_text_stays_as_it_is() -> None:
    """And a lone surrogate in a text, or in a span, is no reason to fail."""
    given = [5, None, b"abc", "x \ud800 y.\n\nYou may also like\n\nAnother \ud800 story\n"]
    found = Cleaner().clean_batch({"text": given})
    assert found["text"] == [5, None, b"abc", "x \ud800 y.\n"]
    assert found["status"] == ["failed", "failed", "failed", "cleaned"]
    assert "\\ud800" in found["spans"][3]
