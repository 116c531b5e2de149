"""Documents through all stages: segment, evidence, decide, render."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any

from cleaner import columns
from cleaner.batches import batches
from cleaner.columns import Columns
from cleaner.decide import Decision, decide, untouched
from cleaner.frequency import Frequencies
from cleaner.index import Index, learn
from cleaner.instead import look_through, settled
from cleaner.matching import RuleSet, match
from cleaner.model import Cleaned, CleanerError, Document, Span
from cleaner.observed import Observed, speaks
from cleaner.policy import Policy
from cleaner.render import body
from cleaner.repetition import Lookup
from cleaner.rules import load_rules
from cleaner.segment import segment
from cleaner.spans import joined, placed
from cleaner.spill import Space

LOOKS = 8
"""A document is looked at so often at most. Of the dev sets' documents none is looked at more than three times; one of a thousand
times the same line would lose a few of them at each look."""


@cache
def _shipped_rules() -> RuleSet:
    """Read the shipped rules, once for all that use them: nothing changes them."""
    return load_rules()


@dataclass
class _Body:
    """What is left of a document so far."""

    document: Document
    text: str
    spans: tuple[Span, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class Cleaner:
    """Everything needed to clean documents. Immutable, and it pickles."""

    index: Index = field(default_factory=Index)
    """What a corpus has taught; empty: rules alone."""
    rules: RuleSet = field(default_factory=_shipped_rules)
    policy: Policy = field(default_factory=Policy)

    @cached_property
    def _frequencies(self) -> Frequencies:
        return Frequencies(self.index)

    def prepare(self, space: Space | None = None) -> None:
        """Derive from the index all that cleaning needs, to hand it to other processes, which need not derive it anew.

        Args:
            space: where it goes; by default into memory.
        """
        if len(self.index.lines):
            vars(self)["_frequencies"] = known = Frequencies(self.index, space or Space())
            known.prepare()

    def explain(self, document: Document) -> Decision:
        """Return the evidence on `document` and what follows from it, in one pass, before anything is held back."""
        return self._explained([document], {})[0]

    def _explained(self, documents: Sequence[Document], alike: dict[str, list[tuple[int, float]]]) -> list[Decision]:
        """Decide on documents, and what is done in place of their cuts; `alike` is what earlier looks know of lines, and is added to."""
        if not self.rules.instead:
            return self._decided(documents, alike)
        # The lines of a page are known by their places, which its layout has.
        looked = [look_through(one.text, self.rules.instead if one.layout is None else ()) for one in documents]
        rests = [replace(one, text=through.rest) for one, through in zip(documents, looked, strict=True)]
        return [
            settled(self.rules.instead, self._frequencies, *one)
            for one in zip(documents, looked, self._decided(rests, alike), strict=True)
        ]

    def _decided(self, documents: Sequence[Document], alike: dict[str, list[tuple[int, float]]]) -> list[Decision]:
        looked = Lookup(self._frequencies, documents, [segment(document.text) for document in documents], alike)
        said = [match(self.rules, *one) for one in zip(documents, looked.blocks, strict=True)]
        speaking = [
            at for at, one in enumerate(documents) if speaks(one.text, said[at], looked.reasons[at], one.layout)
        ]
        seen = [
            Observed(documents[at].text, looked.blocks[at], said[at], repetition, documents[at].layout)
            for at, repetition in zip(speaking, looked.found(speaking), strict=True)
        ]
        decided = dict(zip(speaking, decide(seen, self.policy), strict=True))
        return [decided.get(at) or untouched(looked.passed_over(at)) for at in range(len(documents))]

    def clean(self, document: Document) -> Cleaned:
        r"""Cut the boilerplate out of `document`: `clean_all` of one.

        Raises:
            RuleError: a rule's pattern ran out of time.

        >>> Cleaner().clean(Document("a", "The body.\n\nYou may also like\n\nAnother story\n")).text
        'The body.\n'
        """
        return self.clean_all([document])[0]

    def clean_all(self, documents: Sequence[Document]) -> list[Cleaned]:
        r"""Cut the boilerplate out of each of `documents`. One's body does not depend on the others; many at once are faster.

        A body is cleaned again until nothing more comes off, so cleaning a body changes nothing. A page is looked at once: its
        layout speaks of all that it shows. A body that would get smaller at each of `LOOKS` looks is held.

        Raises:
            RuleError: a rule's pattern ran out of time.

        >>> text = "The body.\n\nYou may also like\n\nAnother story\n"
        >>> [found.status for found in Cleaner().clean_all([Document("a", text), Document("b", "Another body.\n")])]
        ['cleaned', 'unchanged']
        """
        alike: dict[str, list[tuple[int, float]]] = {}
        decisions = self._explained(documents, alike)
        duplicates = [decision.repetition.duplicate_of for decision in decisions]
        bodies = [_Body(document, document.text) for document in documents]
        open_ = list(range(len(documents)))
        for look in range(1, LOOKS + 1):
            again = []
            for at, decision in zip(open_, decisions, strict=True):
                if decision.spans and self._cut(bodies[at], decision.spans):
                    again.append(at)
            open_ = again
            if not open_:
                break
            if look == LOOKS:
                for at in open_:
                    document = documents[at]
                    bodies[at] = _Body(
                        document, document.text, error=f"more would be cut at each of {LOOKS} looks; expected an end"
                    )
                break
            decisions = self._explained([replace(bodies[at].document, text=bodies[at].text) for at in open_], alike)
        return [self._finished(found, duplicate_of) for found, duplicate_of in zip(bodies, duplicates, strict=True)]

    def stream(self, documents: Iterable[Document]) -> Iterator[Cleaned]:
        r"""Yield each of `documents` cleaned, in order: `clean_all` of about a megabyte of text at a time.

        Nothing is raised for a document that goes wrong: it is `failed`, as it was, and says why; the others are cleaned.

        >>> texts = ["The body.\n\nYou may also like\n\nAnother story\n", "Another body.\n"]
        >>> [found.text for found in Cleaner().stream(Document(text, text) for text in texts)]
        ['The body.\n', 'Another body.\n']
        """
        for batch in batches(documents):
            try:
                found = self.clean_all(batch)
            except CleanerError:
                found = list(map(self._clean_or_failed, batch))
            yield from found

    def _clean_or_failed(self, document: Document) -> Cleaned:
        try:
            return self.clean(document)
        except CleanerError as error:
            return Cleaned(document, document.text, (), "failed", f"{document.id}: {error}")

    def clean_batch(
        self,
        batch: Columns,
        *,
        text: str = "text",
        id: str = "id",  # noqa: A002  # as the column is called
        group: str = "group",
        url: str = "url",
    ) -> dict[str, Any]:
        r"""Clean documents in columns: for `datasets.map(cleaner.clean_batch, batched=True)`, pandas and polars.

        Args:
            batch: a dict of columns, or a data frame of pandas or polars.
            text: name of the column of texts; what is no string stays, and is `failed`.
            id: of ids, if there is such a column; see `cleaner.columns.documents`.
            group: of sites or sources, if there is such a column.
            url: of addresses, if there is such a column.

        Returns:
            The same columns, with the bodies in place of the texts; `spans`, the spans of each document as JSON, as in the report;
            and `status`: "cleaned", "unchanged", "held" or "failed".

        Raises:
            ReadError: there is no column of texts, or a column `spans` or `status` already, or the columns are not of one length.

        >>> texts = ["The body.\n\nYou may also like\n\nAnother story\n", "Another body.\n"]
        >>> found = Cleaner().clean_batch({"text": texts, "year": [1907, 1908]})
        >>> found["text"], found["status"], found["year"]
        (['The body.\n', 'Another body.\n'], ['cleaned', 'unchanged'], [1907, 1908])
        """
        carried = columns.named(batch)
        columns.check_free(carried, "columns")
        rows = columns.rows(batch, text, id, group, url)
        found = self.stream(one for one in rows if one is not None)
        cleaned = [one and next(found) for one in rows]
        told = [columns.noted(one) if one else columns.NO_TEXT for one in cleaned]
        return {
            **carried,
            text: [given if one is None else one.text for given, one in zip(carried[text], cleaned, strict=True)],
            columns.SPANS: [one[columns.SPANS] for one in told],
            columns.STATUS: [one[columns.STATUS] for one in told],
        }

    def _cut(self, found: _Body, spans: Sequence[Span]) -> bool:
        """Cut `spans` out of what is left of a document; return whether to look at the rest again."""
        more = placed(found.document.text, joined(found.spans, spans))
        rest = body(found.document.text, more)
        shown = look_through(rest, self.rules.instead).rest
        if self.policy.max_share is not None and not any(map(str.isalpha, shown)):
            found.error = "the cut would leave no text; expected a body beside the boilerplate"
            return False
        found.text, found.spans = rest, more
        return found.document.layout is None

    def _finished(self, found: _Body, duplicate_of: str | None) -> Cleaned:
        document, text, spans = found.document, found.text, found.spans
        if spans and (error := self._held(document.text, spans)):
            return Cleaned(document, document.text, (), "held", error, duplicate_of)
        if spans:
            return Cleaned(document, text, spans, "cleaned", None, duplicate_of)
        return Cleaned(document, text, (), "held" if found.error else "unchanged", found.error, duplicate_of)

    def _held(self, text: str, spans: Sequence[Span]) -> str | None:
        """Why `spans` must not be cut out of `text`; None when they may."""
        if self.policy.max_share is None or self.policy.max_share == 1.0:
            return None
        rest = body(text, [replace(span, marker="") for span in spans])
        visible, left = (sum(map(len, string.split())) for string in (text, rest))
        share = 1 - left / visible
        if share > self.policy.max_share:
            return f"the cut would take {share:.1%} of the text; expected at most {self.policy.max_share:.1%}"
        return None


def clean(texts: Iterable[str], *, rules: RuleSet | None = None, policy: Policy | None = None) -> list[Cleaned]:
    r"""Clean `texts` together: learn what they repeat, then clean each. The result is in their order.

    >>> trailer = "Get our daily briefing\nTen stories that everyone reads\nWhy bridges fall\nWhat the mayor said\n"
    >>> [one.text for one in clean(["The first body is about bees.\n" + trailer, "This is another.\n" + trailer])]
    ['The first body is about bees.\n', 'This is another.\n']
    """
    if isinstance(texts, str):
        raise TypeError("clean: a str; expected an iterable of texts")
    documents = [Document(str(number), text) for number, text in enumerate(texts)]
    if wrong := next((one for one in documents if not isinstance(one.text, str)), None):
        raise TypeError(f"clean: a {type(wrong.text).__name__}; expected strings: documents are for Cleaner.clean_all")
    cleaner = Cleaner(learn(documents), _shipped_rules() if rules is None else rules, policy or Policy())
    return [found for batch in batches(documents) for found in cleaner.clean_all(batch)]
