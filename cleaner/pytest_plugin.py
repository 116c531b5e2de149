"""A fixture for pytest, to keep goldens of a project's own documents: `cleaner_golden`, and `--update-golden`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from cleaner.pipeline import Cleaner

Golden = Callable[..., None]
"""`cleaner_golden(inputs, golden, cleaner=..., id=..., text=..., group=...)`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--update-golden`."""
    parser.getgroup("cleaner").addoption(
        "--update-golden",
        action="store_true",
        help="cleaner_golden: make the output the golden; refused when CI is set.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to update goldens where nobody looks at them."""
    if config.getoption("update_golden") and os.environ.get("CI"):
        raise pytest.UsageError("--update-golden with CI set; expected goldens to be made and looked at by a person")


@pytest.fixture
def cleaner_golden(request: pytest.FixtureRequest) -> Golden:
    """Return a function that cleans documents and compares with their goldens, as `cleaner check` does.

    It takes the inputs (a file, folder or glob) and the folder of goldens, both as seen from the folder of the test; by name,
    a `cleaner` (default: shipped rules, and what the inputs repeat), and `text`, `id`, `group`, fields of JSONL. A difference fails the test and is shown; with `--update-golden` it becomes the golden.
    """
    update, folder = request.config.getoption("update_golden"), request.path.parent

    def check(
        inputs: str | Path,
        golden: str | Path,
        *,
        cleaner: Cleaner | None = None,
        text: str = "text",
        id: str | None = None,  # noqa: A002  # as the field is called
        group: str | None = None,
    ) -> None:
        __tracebackhide__ = True
        from cleaner import golden as goldens
        from cleaner import runs
        from cleaner.chunks import Fields
        from cleaner.output import check_output
        from cleaner.pipeline import Cleaner
        from cleaner.scratch import scratch
        from cleaner.sources import find_sources

        found, kept = find_sources([str(folder / inputs)]), folder / golden
        if found.missing or not found.sources:
            pytest.fail(f"{inputs}: nothing to read; expected documents below {folder}", pytrace=False)
        check_output(kept, found, force=True)  # goldens among the inputs would be cleaned the next time
        job = runs.Job(found, Fields(text, id, group))
        with scratch() as out:
            runs.to_folder(cleaner or Cleaner(job.learn()), job, out)
            differences = goldens.compare(out, kept)
            if update:
                goldens.update(out, kept)
            elif differences:
                last = f"{golden}: the output differs; look at it, then accept it with --update-golden"
                pytest.fail("\n".join([*differences, last]), pytrace=False)

    return check
