"""Components for Haystack and LangChain, in their own pipelines and splitters' company."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import haystack
import pytest
from haystack.components.preprocessors import DocumentSplitter
from langchain_core.documents import Document as Page
from langchain_core.runnables import RunnableLambda

from cleaner import Cleaner, Document, learn
from cleaner.haystack import BoilerplateCleaner
from cleaner.langchain import BoilerplateTransformer
from cleaner.model import ReadError
from cleaner.saving import save
from tests.conftest import BODY, OTHER, ROOT, THIRD, TRAILER, Command

TEXTS = {"a": BODY + TRAILER, "b": OTHER + TRAILER, "c": THIRD}
BODIES = [BODY, OTHER, THIRD]
SITE = "example.com"


@pytest.fixture
def report(run: Command, tmp_path: Path) -> dict[str, tuple[str, object]]:
    """What the command says of each document: status and spans."""
    rows = [json.dumps({"id": id_, "text": text, "site": SITE}) + "\n" for id_, text in TEXTS.items()]
    (tmp_path / "in.jsonl").write_text("".join(rows), encoding="utf-8")
    out = tmp_path / "out"
    assert run("clean", tmp_path / "in.jsonl", "--id-field", "id", "--group-field", "site", "--out", out).code == 0
    found = map(json.loads, (out / "report.jsonl").read_text(encoding="utf-8").splitlines())
    return {row["id"]: (row["status"], row["spans"]) for row in found}


def told(metadata: dict[str, str]) -> tuple[str, object]:
    return metadata["status"], json.loads(metadata["spans"])


def test_a_pipeline_of_haystack(report: dict[str, tuple[str, object]], tmp_path: Path) -> None:
    """Serialised and read again; with an index, and without, when it learns from what it is given."""
    index = tmp_path / "site.idx"
    save(learn(Document(id_, text, SITE) for id_, text in TEXTS.items()), index)
    given = [haystack.Document(id=id_, content=text, meta={"group": SITE, "year": 1907}) for id_, text in TEXTS.items()]
    given.append(haystack.Document(id="e", content=None, meta={"page": 1}))
    for cleaner in (BoilerplateCleaner(), BoilerplateCleaner(index=str(index), policy="balanced")):
        pipeline = haystack.Pipeline()
        pipeline.add_component("cleaner", cleaner)
        again = haystack.Pipeline.loads(pipeline.dumps(), allowed_modules=["cleaner.haystack"])
        found = again.run({"cleaner": {"documents": given}})["cleaner"]["documents"]
        assert {one.id: told(one.meta) for one in found[:-1]} == report
        assert [one.content for one in found] == [*BODIES, None]
        assert [one.meta.get("year") for one in found[:-1]] == [1907] * 3
        assert found[-1] == given[-1]
    assert given[0].content == TEXTS["a"]
    assert "spans" not in given[0].meta


def test_before_a_splitter_of_haystack() -> None:
    pipeline = haystack.Pipeline()
    pipeline.add_component("cleaner", BoilerplateCleaner())
    pipeline.add_component("splitter", DocumentSplitter(split_by="word", split_length=8, split_overlap=0))
    pipeline.connect("cleaner", "splitter")
    found = pipeline.run({"cleaner": {"documents": [haystack.Document(content=TEXTS["a"])]}})["splitter"]["documents"]
    assert "".join(one.content for one in found) == BODY


def test_a_transformer_of_langchain(report: dict[str, tuple[str, object]]) -> None:
    """With an index, and without, when it learns from what it is given; waited for, and in a chain."""
    given = [Page(text, id=id_, metadata={"site": SITE, "year": 1907}) for id_, text in TEXTS.items()]
    index = learn(Document(id_, text, SITE) for id_, text in TEXTS.items())
    for cleaner in (None, Cleaner(index)):
        transformer = BoilerplateTransformer(cleaner, group="site")
        found = transformer.transform_documents(given)
        assert {one.id: told(one.metadata) for one in found} == report
        assert [one.page_content for one in found] == BODIES
        assert [one.metadata["year"] for one in found] == [1907] * 3
        assert asyncio.run(transformer.atransform_documents(given)) == found
        assert RunnableLambda(transformer.transform_documents).invoke(given) == found
    assert [one.page_content for one in given] == list(TEXTS.values())
    assert given[0].metadata.keys() == {"site", "year"}


def test_metadata_are_not_overwritten() -> None:
    with pytest.raises(ReadError, match=r"^a: metadata: 'status' is there already"):
        BoilerplateTransformer().transform_documents([Page(BODY, id="a", metadata={"status": 200})])
    with pytest.raises(ReadError, match=r"^a: metadata: 'spans' is there already"):
        BoilerplateCleaner().run([haystack.Document(id="a", content=BODY, meta={"spans": []})])


@pytest.mark.parametrize("name", ["datatrove", "haystack", "langchain"])
def test_a_missing_extra_is_said_in_one_line(name: str) -> None:
    """With the command that installs it. The library is hidden: it is there, as all tests want it."""
    package = {"langchain": "langchain_core"}.get(name, name)
    code = f"import sys; sys.modules[{package!r}] = None; import cleaner.{name}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    *_, last = done.stderr.splitlines()
    assert last.startswith(f"ImportError: cleaner.{name}: ")
    assert last.endswith(f"; pip install 'document-cleaner[{name}]'")
    assert "During handling" not in done.stderr


@pytest.mark.parametrize("name", ["haystack", "langchain"])
def test_they_stay_thin(name: str) -> None:
    assert len((ROOT / f"cleaner/{name}.py").read_text(encoding="utf-8").splitlines()) <= 60
