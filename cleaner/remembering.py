"""What a function says of texts, remembered: corpora repeat their lines, and a body is looked at more than once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

MOST: Final = 2**15
"""Texts remembered at once. Then all are forgotten: what a corpus repeats is soon known again."""

LONGEST: Final = 500
"""Longer texts are not remembered: they add up, and hardly recur. In characters."""

_Value = TypeVar("_Value")


class Remembered(dict[str, _Value]):
    """What a function says of the last texts that it was asked of; to ask is to look up.

    >>> lengths = Remembered(len)
    >>> lengths["read more"], lengths["read more"], len(lengths)
    (9, 9, 1)
    """

    def __init__(self, function: Callable[[str], _Value]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, text: str) -> _Value:
        value = self._function(text)
        if len(text) <= LONGEST:
            if len(self) >= MOST:
                self.clear()
            self[text] = value
        return value
