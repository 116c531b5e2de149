r"""Strip recurring boilerplate from documents, and prove every cut.

>>> from cleaner import clean
>>> [done] = clean(["The harbour opened in 1907.\n\nYou may also like\n\nTen more harbours\n"])
>>> done.text, done.status
('The harbour opened in 1907.\n', 'cleaned')
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cleaner.index import Index, learn
    from cleaner.matching import RuleSet
    from cleaner.model import Cleaned, CleanerError, Document, Span
    from cleaner.pipeline import Cleaner, clean
    from cleaner.policy import POLICIES, Policy
    from cleaner.rules import load_rules

__version__ = "0.1.0"

__all__ = [
    "POLICIES",
    "Cleaned",
    "Cleaner",
    "CleanerError",
    "Document",
    "Index",
    "Policy",
    "RuleSet",
    "Span",
    "__version__",
    "clean",
    "learn",
    "load_rules",
]

_HOMES = {
    "cleaner.index": ("Index", "learn"),
    "cleaner.model": ("Cleaned", "CleanerError", "Document", "Span"),
    "cleaner.pipeline": ("Cleaner", "clean"),
    "cleaner.policy": ("POLICIES", "Policy"),
    "cleaner.matching": ("RuleSet",),
    "cleaner.rules": ("load_rules",),
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for: the command line starts without numpy."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'cleaner' has no attribute {name!r}")
