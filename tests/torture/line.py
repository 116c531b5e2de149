"""What a scenario has to say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: what was tried, how often, what happened. A scenario that finds a defect raises instead."""

    what: str
    tried: str
    """How often, of what: "200 kills"."""
    happened: str

    def __str__(self) -> str:
        return f"| {self.what} | {self.tried} | {self.happened} |"
