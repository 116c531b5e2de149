"""A component for pipelines of Haystack."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path

from cleaner.columns import described, noted
from cleaner.index import Index, learn
from cleaner.pipeline import Cleaner
from cleaner.policy import POLICIES, Preset
from cleaner.rules import load_rules
from cleaner.saving import load

try:
    from haystack import Document, component
except ImportError as error:
    raise ImportError(f"cleaner.haystack: {error}; pip install 'document-cleaner[haystack]'") from None


@component
class BoilerplateCleaner:
    """Cleans documents, before they are split; `spans` (JSON) and `status` go to their `meta`. Their ids stay.

    Args:
        index: what `cleaner learn` wrote; None: learn from the documents of each run, as `cleaner clean` does.
        rules: rule packs, or names of optional ones.
        policy: "careful", "balanced" or "thorough".
        group: field of `meta` that holds a document's site or source; `url`, the one that holds its address.
    """

    def __init__(
        self,
        index: str | None = None,
        rules: list[str] | None = None,
        policy: Preset = "balanced",
        group: str = "group",
        url: str = "url",
    ) -> None:
        self.index, self.rules, self.policy, self.group, self.url = index, rules, policy, group, url

    @cached_property
    def _cleaner(self) -> Cleaner:
        rules = load_rules([Path(path) for path in self.rules or ()])
        return Cleaner(load(self.index) if self.index else Index(), rules, POLICIES[self.policy])

    @component.output_types(documents=list[Document])
    def run(self, documents: list[Document]) -> dict[str, list[Document]]:
        """Return the documents, cleaned; those without text as they are. Raises `CleanerError` for what is wrong with rules, index, `meta`."""
        texts = [one for one in documents if one.content]
        ours = [described(one.content or "", one.id, one.meta, self.group, self.url) for one in texts]
        cleaner = self._cleaner if self.index else replace(self._cleaner, index=learn(ours))
        cleaned = (
            replace(one, content=found.text, meta=one.meta | noted(found))
            for one, found in zip(texts, cleaner.stream(ours), strict=True)
        )
        return {"documents": [next(cleaned) if one.content else one for one in documents]}
