"""Imports point one way, and each heavy library has the modules that may use it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import cleaner

MODULES = {path.stem: path for path in Path(cleaner.__file__).parent.glob("*.py")}

LAYERS = (
    "layout language policy compression remembering batches scratch | model | spill segment files survey | counting journal sharing jsonl charsets markup elements phrasing placing"
    " | strings fingerprints grouping matching delimited parquet warc report sources workers"
    " | near columns executors chunks remote form shingling rules output surroundings pages recurring"
    " | index standing formats stretches | ledger proposing | copies saving | frequency originals drafts | families shuffling | kinship others review | passages | repetition | observed | features forest spans titles | decide | instead render | console explaining pipeline | options"
    " | __init__ checking | engines folder_cli golden review_cli rules_cli screening | runs spark | explain_cli | cli datatrove haystack langchain pytest_plugin | __main__"
)
"""From the bottom up; modules of one layer do not know each other."""

RANKS = {name: rank for rank, layer in enumerate(LAYERS.split("|")) for name in layer.split()}

USERS = {
    "ahocorasick_rs": "matching",
    "backports": "compression",
    "datasketch": "near",
    "datatrove": "datatrove",
    "haystack": "haystack",
    "htmldate": "markup",
    "langchain_core": "langchain",
    "lxml": "markup",
    "py3langid": "language",
    "orjson": "columns engines jsonl report output originals golden review spark",
    "pytest": "pytest_plugin",
    "fastwarc": "warc",
    "fsspec": "remote",
    "pyarrow": "executors parquet shuffling spark",
    "regex": "language matching rules",
    "py4j": "executors",
    "pyspark": "executors shuffling spark",
    "rich": "console explaining render",
    "safetensors": "",
    "scipy": "grouping",
    "selectolax": "markup",
    "tomli": "rules",
    "tomlkit": "drafts",
    "trafilatura": "markup",
    "webencodings": "charsets",
    "typer": "cli console explain_cli folder_cli options review_cli rules_cli",
}


def imported(path: Path) -> set[str]:
    """Return what a module imports, wherever it does: `cleaner.x` for modules of ours, else the package."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            ours = {alias.name for alias in node.names} & MODULES.keys() if node.module == "cleaner" else set()
            found |= {f"cleaner.{name}" for name in ours} or {str(node.module)}
    return {name if name.startswith("cleaner.") else name.partition(".")[0] for name in found}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_point_down(module: str) -> None:
    """A module imports ours from lower layers only, and a library only when it is one of its users."""
    for name in imported(MODULES[module]):
        ours = (
            "__init__" if name == "cleaner" else name.removeprefix("cleaner.") if name.startswith("cleaner.") else None
        )
        assert ours is None or RANKS[ours] < RANKS[module], f"{module} imports {ours}"
        assert name not in USERS or module in USERS[name].split(), f"{module} imports {name}"


def test_modules_are_few_and_small() -> None:
    """All are in the picture, none is called by where it is, none is over 400 lines."""
    assert MODULES.keys() == RANKS.keys()
    lines = {name: len(path.read_text(encoding="utf-8").split("\n")) - 1 for name, path in MODULES.items()}
    assert [name for name in lines if lines[name] > 400] == []
