"""How much evidence it takes to cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Preset = Literal["careful", "balanced", "thorough"]


@dataclass(frozen=True, slots=True)
class Policy:
    """How much evidence it takes to cut. Scores are log-odds: above 0 a block is more likely boilerplate than body."""

    threshold: float = 0.0
    """Log-odds that a block needs."""
    border: float = 0.5
    """What each border of a run costs: neighbours decide together."""
    doubt: float = 2.0
    """Log-odds, beyond the threshold, that what reads like a body needs: unseen sentences, quotations, code."""
    max_share: float | None = 1.0
    """Largest share of a document's visible characters that may be cut, in (0, 1]; above it the document is held back,
    and so is a cut that leaves no letter. None: nothing is ever held back."""

    def __post_init__(self) -> None:
        """Check the range.

        Raises:
            ValueError: `max_share` is outside (0, 1].
        """
        if self.max_share is not None and not 0.0 < self.max_share <= 1.0:
            raise ValueError(f"max_share: {self.max_share} is outside (0, 1]")


POLICIES: Mapping[Preset, Policy] = MappingProxyType(
    {"careful": Policy(threshold=1.5), "balanced": Policy(), "thorough": Policy(threshold=-1.5, doubt=1.0)}
)
"""Along the curve of precision against recall; `tests/benchmarks/calibrate.py` prints its points."""
