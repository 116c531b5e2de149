"""Hypothesis strategies that the tests share."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from cleaner.model import Cleaned, Document, Kind, RuleReason, Span

STEADY = settings(
    derandomize=True, deadline=None, database=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow]
)
"""The same examples on each run, whatever the machine's speed."""

LINES = (
    "",
    "A",
    "Read more",
    "Read more: Other story",
    "You may also like",
    "The council met on Monday and agreed on the budget for the coming year.",
    "Er sagte, daß es so nicht weitergehe.",
    "続きを読む",
    "1",
    "© 2024",
    "* * *",
    "Conclusion",
    "Related articles",
    "Sign up for our newsletter",
    "return state.count;",
    "What the mayor said on Friday",
    "Why the old bridge over the river will stay closed until spring",
    "Why the old bridge over the river will stay closed until autumn",
    "Why the old bridge over the...",
    "The council met on Tuesday and agreed on the budget for the coming year.",
    "Bees leave the hive at dawn and come back with pollen before the rain begins to fall.",
    "今日の天気は晴れのち曇り、ところによりにわか雨が降るでしょう。",
)
"""Few lines, so that documents made of them repeat each other."""

_AWKWARD = (
    *"aZ .!?…。\t\r\n\f\v\0\"'\\/<&",
    "\r\n",
    "\n\n \t\n\n",
    "\x1c",
    "\x7f",
    "\x85",
    "\xa0",
    "\xad",
    "\u200b",
    "\u200f",
    "\u2028",
    "\u2029",
    "\ufeff",
    "e\u0301",
    "ﬁ",
    "İ",
    "ß",
    "日本語",
    "العربية",
    "עברית",
    "हिन्दी",
    "👩\u200d👩\u200d👧",
    "\U0001d49c",
    "\U0010ffff",
)
"""What software trips over: line ends that are none, invisible marks, marks that combine, other scripts."""


def texts(*, nul: bool = True) -> st.SearchStrategy[str]:
    """Texts of any kind, short ones first; without NUL they can stand in a text file."""
    awkward = st.lists(st.sampled_from([part for part in _AWKWARD if nul or part != "\0"])).map("".join)
    anything = st.text(st.characters(codec="utf-8", exclude_characters="" if nul else "\0"))
    return st.one_of(awkward, anything, pages())


def pages() -> st.SearchStrategy[str]:
    """Texts of lines from a small alphabet, so that lines recur within a text and from one to another."""
    line_end = st.sampled_from(("\n", "\n", "\n\n", "\r\n", "\n\f"))
    lines = st.lists(st.tuples(st.sampled_from(LINES), line_end).map("".join), max_size=12)
    return st.tuples(lines.map("".join), st.sampled_from(LINES)).map("".join)


def documents() -> st.SearchStrategy[Document]:
    """Documents, ids and groups as awkward as the texts."""
    groups = st.sampled_from(("", "a", "a/b", "例"))
    return st.builds(Document, id=texts(), text=texts(), group=groups)


@st.composite
def corpora(draw: st.DrawFn, min_size: int = 0, max_size: int = 6) -> list[Document]:
    """Lists of documents of distinct ids that share lines; many end in the same ones, some are on one line."""
    shared = "".join(f"{line}\n" for line in draw(st.lists(st.sampled_from(LINES), min_size=3, max_size=7)))
    tails = st.sampled_from(("", shared, shared))
    texts = st.tuples(pages(), st.just("\n"), tails).map("".join) | pages()
    flat = st.tuples(texts, st.booleans()).map(lambda pair: pair[0].replace("\n", " ") if pair[1] else pair[0])
    groups = st.sampled_from(("", "a", "b"))
    entries = draw(st.lists(st.tuples(flat, groups), min_size=min_size, max_size=max_size))
    return [Document(f"d{at}", text, group) for at, (text, group) in enumerate(entries)]


@st.composite
def cleaned_documents(draw: st.DrawFn, texts: st.SearchStrategy[str] | None = None) -> Cleaned:
    """Documents with any spans cut out of them, wherever they fall."""
    document = draw(documents() if texts is None else st.builds(Document, id=st.just("d"), text=texts))
    size = len(document.text)
    borders = sorted(draw(st.sets(st.integers(0, size), max_size=6)))
    kinds: st.SearchStrategy[Kind] = st.sampled_from(("header", "inset", "trailer"))
    spans = tuple(
        Span(start, end, draw(kinds), 0.9, (RuleReason("test/any"),))
        for start, end in zip(borders[::2], borders[1::2], strict=False)
    )
    kept, at = [], 0
    for span in spans:
        kept.append(document.text[at : span.start])
        at = span.end
    text = "".join([*kept, document.text[at:]])
    return Cleaned(document, text, spans, "cleaned" if spans else "unchanged")
