"""Hypothesis strategies that the tests share."""

from __future__ import annotations

from hypothesis import strategies as st

from cleaner.model import Cleaned, Document, Kind, RuleReason, Span

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
    line_end = st.sampled_from(("\n", "\n", "\n\n", "\r\n"))
    lines = st.lists(st.tuples(st.sampled_from(LINES), line_end).map("".join), max_size=12)
    return st.tuples(lines.map("".join), st.sampled_from(LINES)).map("".join)


def documents() -> st.SearchStrategy[Document]:
    """Documents, ids and groups as awkward as the texts."""
    groups = st.sampled_from(("", "a", "a/b", "例"))
    return st.builds(Document, id=texts(), text=texts(), group=groups)


def corpora(max_size: int = 8) -> st.SearchStrategy[list[Document]]:
    """Lists of documents of distinct ids that share lines."""
    entries = st.lists(st.tuples(pages(), st.sampled_from(("", "a", "b"))), max_size=max_size)
    return entries.map(lambda found: [Document(f"d{at}", text, group) for at, (text, group) in enumerate(found)])


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
