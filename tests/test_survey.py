"""What the records of a report say together, where no page and no command shows it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from cleaner.model import ReadError
from cleaner.survey import Fired, fired


def records(number: int) -> Iterator[dict[str, Any]]:
    """Two spans each, one of them for the same rule twice; and a rule that speaks in the first alone."""
    reasons: list[dict[str, Any]] = [{"rule": "a/b"}, {"rule": "a/b"}, {"template": "x"}]
    for at in range(number):
        once = [{"rule": "a/once"}] if not at else []
        yield {
            "id": f"document-{at}",
            "spans": [
                {"start": 1, "end": 9, "reasons": reasons},
                {"start": 9, "end": 12, "reasons": reasons[1:] + once},
            ],
        }


def test_where_rules_fired() -> None:
    """All spans are counted, each once for a rule, and the first three shown."""
    assert fired(records(5)) == {
        "a/b": Fired(5, 10, ("document-0[1:9]", "document-0[9:12]", "document-1[1:9]")),
        "a/once": Fired(1, 1, ("document-0[9:12]",)),
    }


def test_memory_does_not_grow_with_the_report() -> None:
    """Spans that are not shown are not kept."""
    peaks = []
    for number in (100, 5_000):
        tracemalloc.start()
        fired(records(number))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5


@pytest.mark.parametrize(
    "record", [{}, {"id": "a", "spans": [{"reasons": []}]}, {"id": "a", "spans": 3}, {"spans": [{}]}]
)
def test_a_damaged_record(record: dict[str, Any]) -> None:
    """One line, wherever it stands."""
    with pytest.raises(ReadError, match=r"^report: a damaged record \(.*; expected one that cleaner clean wrote$"):
        fired([*records(9), record])
