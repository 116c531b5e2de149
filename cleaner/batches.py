"""Documents as they come, about a megabyte of text at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

BATCH = 1_000_000
"""Characters of text in a batch: a second of work or less, and little to hold."""


class Texted(Protocol):
    """Whatever has a text: a document of ours, or of another library."""

    @property
    def text(self) -> str:
        """The text."""


_Texted = TypeVar("_Texted", bound=Texted)


def batches(documents: Iterable[_Texted], size: int = BATCH) -> Iterator[list[_Texted]]:
    """Yield documents in lists, in order; a list ends with the document that brings its texts to `size` characters.

    No more than one list is taken from `documents` before it is yielded.

    >>> from cleaner.model import Document
    >>> texts = ["One.", "Two.", "Three."]
    >>> [[one.text for one in batch] for batch in batches((Document(text, text) for text in texts), size=8)]
    [['One.', 'Two.'], ['Three.']]
    """
    batch: list[_Texted] = []
    total = 0
    for document in documents:
        batch.append(document)
        total += len(document.text) + 1  # empty ones fill a batch, too
        if total >= size:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch
