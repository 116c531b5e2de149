r"""HTML to text: all that a page shows, and what its markup and an extractor say of each line.

The text is the page's own, not the extractor's: what an extractor drops may be body, what it keeps may be boilerplate, and what
other pages repeat decides with it. Pages are parsed as browsers do, so that broken markup does not lose an article.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import lxml.html
import numpy as np
from htmldate import find_date
from lxml import etree
from selectolax.lexbor import LexborHTMLParser
from trafilatura import bare_extraction
from trafilatura.metadata import examine_meta, extract_meta_json, extract_title, extract_url

from cleaner.layout import SECTIONS, TAGS, Layout, Line, Metadata, Reading, hints
from cleaner.model import Document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_BLOCKS: Final = frozenset(
    "address article aside blockquote body br button caption center dd details dialog dir div dl dt fieldset figcaption"
    " figure footer form h1 h2 h3 h4 h5 h6 header hr html label legend li main menu nav ol optgroup option p pre section"
    " select summary table tbody td tfoot th thead tr ul".split()
)
"""Elements that start and end a line."""

_UNSHOWN: Final = frozenset(
    "script style noscript noframes noembed template head title iframe object embed svg math canvas audio video textarea map"
    " datalist".split()
)
"""Elements whose text a page does not show as text."""

_CELLS: Final = frozenset(("td", "th"))
_HEADINGS: Final = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_MARKS: Final = {"b": "**", "strong": "**", "i": "*", "em": "*", "code": "`"}
_SECTION_OF: Final = {name: 1 << number for number, name in enumerate(SECTIONS)}
_TAG_OF: Final = {name: number for number, name in enumerate(TAGS)}

_PATH: Final = 3
"""Elements that a path names."""

_VOID: Final = frozenset("area base br col embed hr img input link meta param source track wbr".split())
"""Elements that hold nothing, and have no end."""

_DEEPEST: Final = 256
"""Elements inside one another in pages of which libxml2 would drop what is below 2,048 of them. Browsers nest 512 at most."""

_TAG = re.compile(
    r"""<!--.*?-->|<(?:script|style|iframe|noframes|noembed|xmp)\b.*?</(?:script|style|iframe|noframes|noembed|xmp)>"""
    r"""|<(?P<end>/?)(?P<name>[a-z][^\s/>]*)(?:[^">]|"[^"]*")*>""",
    re.DOTALL,
)
"""A tag of what lexbor wrote; or a comment, or an element of raw text, which has none inside."""

_SPACED: Final = bytes(byte if byte >= 0x20 or byte in b"\t\n\r" else 0x20 for byte in range(0x100))
"""A space for each control character that XML, and so trafilatura, cannot hold. No page shows them."""

_ELEMENTS: Final = etree.ElementDefaultClassLookup(element=lxml.html.HtmlElement)
"""What all elements are, as trafilatura asks. By default lxml asks Python what each one is, again and again: fields of forms
have methods of their own, which nobody calls."""

_LAST_DATE: Final = "2100-01-01"
"""Up to when a date is one: not up to today, or the same page would give another date tomorrow."""

SHORT = 24
"""Letters below which a line must be one of the extracted text, too."""

PIECE = 12
"""Letters that are looked for at once where a line was not kept whole: words of a sentence, or a title."""

LONGEST = 500
"""Letters up to which a line is looked for whole: a paragraph. Longer ones only in pieces, or large pages would take for ever."""

FEW = 128
"""Pieces that are looked for one by one; more of them all at once, or large pages would take for ever."""

_NO_LETTERS = re.compile(r"[\W_]+")


def text_of(html: str, reading: Reading) -> str:
    r"""Return all that a page shows: a line for each block, without blank ones.

    >>> text_of("<title>Bees</title><h1>Bees</h1><ul><li>One<li>Two</ul><p>They <b>dance</b>.", Reading())
    'Bees\n- One\n- Two\nThey dance.\n'
    """
    return "".join(f"{text}\n" for text, _, _ in _shown(_tree(html), reading))


def read(document: Document, reading: Reading) -> tuple[Document, Metadata]:
    r"""Return the page whose HTML is the text of `document`, opened: its text and layout; and what it says of itself.

    A page that trafilatura finds nothing in has no layout: it is cleaned as text, by rules and by what recurs.

    >>> page, about = read(Document("a", "<title>Bees</title><nav><a href=/>Home</a></nav><p>Bees dance."), Reading())
    >>> page.text, [line.path for line in page.layout.lines], about.title
    ('Home\nBees dance.\n', ['body > nav', 'body > p'], 'Bees')
    """
    tree = _tree(document.text)
    shown = _shown(tree, reading)
    texts, lines = [text for text, _, _ in shown], _lines(shown)
    text = "".join(f"{text}\n" for text in texts)
    metadata, kept = _extract(tree, document.url, reading)
    page = replace(document, text=text, url=document.url or metadata.url or "")
    if not texts or not kept.strip():
        return page, metadata
    title = metadata.title or ""
    layout = Layout(
        np.cumsum([0, *(len(text) + 1 for text in texts)])[:-1],
        lines,
        coverage(texts, kept),
        np.array([_titled(text, title) for text in texts], dtype=np.bool_),
    )
    return replace(page, layout=layout), metadata


def _tree(html: str) -> lxml.html.HtmlElement:
    """Parse as browsers do, then as trafilatura needs it."""
    written = LexborHTMLParser(html.removeprefix("\ufeff")).html or "<html></html>"
    data = written.replace("\ufffe", " ").replace("\uffff", " ").encode().translate(_SPACED)
    parser = lxml.html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, collect_ids=False
    )
    parser.set_element_class_lookup(_ELEMENTS)
    tree = lxml.html.document_fromstring(data, parser=parser)
    if any(error.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for error in parser.error_log):
        return lxml.html.document_fromstring(_flattened(data.decode()).encode(), parser=parser)
    return tree


def _flattened(html: str) -> str:
    """Return what lexbor wrote without the tags of elements that are too deep."""
    depth = 0

    def kept(tag: re.Match[str]) -> str:
        nonlocal depth
        name = tag["name"]
        if name is None or name in _VOID:
            return tag[0]
        depth += not tag["end"]
        too_deep = depth > _DEEPEST
        depth -= bool(tag["end"])
        return ("<br>" if name in _BLOCKS else "") if too_deep else tag[0]

    return _TAG.sub(kept, html)


def _extract(tree: lxml.html.HtmlElement, url: str, reading: Reading) -> tuple[Metadata, str]:
    """Return what a page says of itself, and what trafilatura takes for its text."""
    try:
        metadata = _metadata(tree, url)
        # Its own look for duplicates remembers other pages: the result would depend on their order.
        kept = bare_extraction(tree, include_comments=False, include_tables=reading.tables, deduplicate=False)
    except Exception:  # noqa: BLE001  # whatever a page makes the extractor raise: extraction has failed, the page has not
        return Metadata(language=tree.get("lang") or None), ""
    return metadata, getattr(kept, "text", None) or ""


def _metadata(tree: lxml.html.HtmlElement, url: str) -> Metadata:
    """Return what a page says of itself, as trafilatura's `extract_metadata` finds it.

    That one also looks for authors, tags and licences, which takes most of its time.
    """
    about = examine_meta(tree)
    with suppress(Exception):  # JSON of any shape; what was found before it failed stays
        extract_meta_json(tree, about)
    about.title = about.title or extract_title(tree)
    about.url = about.url or extract_url(tree, url or None)
    # A search all over the text takes as long as all else together.
    about.date = find_date(tree, extensive_search=False, original_date=True, url=about.url, max_date=_LAST_DATE)
    about.clean_and_trim()
    title, date, address = (
        one if one and isinstance(one, str) else None for one in (about.title, about.date, about.url)
    )
    return Metadata(title, date, address, tree.get("lang") or None)


def coverage(lines: Sequence[str], text: str) -> NDArray[np.float64]:
    """Return the share of each of `lines` that stands in `text`, in [0, 1], white space and marks aside.

    Short lines must be lines there, too: a word stands in any text.

    >>> coverage(["Share", "Bees dance to tell where the food is."], "- Bees dance to tell where the food is. Share it.").tolist()
    [0.0, 1.0]
    """
    kept = [_letters(line) for line in text.split("\n")]
    there, whole = frozenset(kept), "".join(kept)
    shares = np.zeros(len(lines))
    pieces: dict[int, list[str]] = {}
    for at, line in enumerate(lines):
        letters = _letters(line)
        if letters in there or (SHORT <= len(letters) <= LONGEST and letters in whole):
            shares[at] = 1.0
        elif len(letters) >= SHORT:
            pieces[at] = [letters[start : start + PIECE] for start in range(0, len(letters) - PIECE + 1, PIECE)]
    if pieces:
        found = {piece for some in pieces.values() for piece in some}
        if len(found) <= FEW:
            found = {piece for piece in found if piece in whole}
        else:
            found.intersection_update(whole[start : start + PIECE] for start in range(len(whole) - PIECE + 1))
        for at, some in pieces.items():
            shares[at] = sum(piece in found for piece in some) / len(some)
    return shares


def _letters(text: str) -> str:
    letters = text.casefold().replace(" ", "")
    return letters if letters.isalnum() else _NO_LETTERS.sub("", letters)


def _titled(text: str, title: str) -> bool:
    return len(text) >= len("A title") and (text in title or (title in text and bool(title)))


_Shown = tuple[str, lxml.html.HtmlElement, float]
"""A line that a page shows, the innermost block that its first letter stands in, and the share of its letters that are links."""


def _shown(tree: lxml.html.HtmlElement, reading: Reading) -> list[_Shown]:
    """Return each line that a page shows."""
    walk = _Walk(reading)
    events = etree.iterwalk(tree, events=("start", "end"), tag="*")
    for event, element in events:
        if event == "end":
            walk.leave(element)
        elif not walk.enter(element):
            events.skip_subtree()
    walk.end_line()
    return walk.lines


class _Walk:
    """The state of one walk over the elements of a page."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.lines: list[_Shown] = []
        self.unshown = False  # whether the element around is not shown
        self.links = 0  # links around
        self.verbatim = 0  # elements around whose white space counts
        self.fenced: list[int] = []  # lines before the first one of each verbatim element around
        self.bullet = ""  # what the next line starts with
        self.text: list[str] = []  # of the line so far
        self.linked = 0  # letters of it that are links
        self.around: list[lxml.html.HtmlElement] = []  # blocks, outermost first
        self.first: lxml.html.HtmlElement | None = None  # the block around the first letter of the line

    def enter(self, element: lxml.html.HtmlElement) -> bool:
        """Do what an element does by starting; return whether what is in it is shown."""
        name = element.tag
        if name in _UNSHOWN:
            self.unshown = True
            return False
        if name in _BLOCKS:
            if name == "table" and self._is_left_out(element):
                self.end_line()
                self.unshown = True
                return False
            self._enter_block(name, element)
        elif name == "a":
            self.links += 1
        elif name in _MARKS:
            self._mark(name)
        if text := element.text:
            self._add(text)
        return True

    def _enter_block(self, name: str, element: lxml.html.HtmlElement) -> None:
        if self.first is not None and name in _CELLS:
            self.text.append(" | ")
        elif self.text:
            self.end_line()
        self.around.append(element)
        if name == "li":
            self.bullet = "- "
        elif name == "pre":
            self.verbatim += 1
            self._fence()
            self.fenced.append(len(self.lines))

    def leave(self, element: lxml.html.HtmlElement) -> None:
        """Do what an element does by ending."""
        name = element.tag
        if self.unshown:
            self.unshown = False
        elif name in _BLOCKS:
            if self.text and name not in _CELLS:
                self.end_line()
            if name == "li":
                self.bullet = ""
            elif name == "pre":
                self._leave_verbatim()
            self.around.pop()
        elif name == "a":
            self.links -= 1
        elif name in _MARKS:
            self._mark(name)
        if text := element.tail:
            self._add(text)

    def _leave_verbatim(self) -> None:
        self.verbatim -= 1
        if len(self.lines) > self.fenced.pop():
            self._fence()
        elif self.reading.formatting:  # there is no fence around nothing
            self.lines.pop()

    def end_line(self) -> None:
        """End the line so far; where white space counts, all of its lines."""
        text, linked, first = "".join(self.text), self.linked, self.first
        self.text, self.linked, self.first = [], 0, None
        if first is None:
            return
        words = text.split()
        shown = " ".join(words)
        share = min(1.0, linked / (len(shown) - len(words) + 1)) if linked else 0.0
        start = f"{'#' * int(first.tag[1])} " if self.reading.formatting and first.tag in _HEADINGS else self.bullet
        self.bullet = ""
        for each in text.split("\n") if self.verbatim else [shown]:
            if each and not each.isspace():
                self.lines.append((start + each.rstrip(), first, share))
                start = ""

    def _add(self, text: str) -> None:
        if text.isspace():
            if self.text or self.verbatim:
                self.text.append(text)
            return
        self.text.append(text)
        if self.first is None:
            self.first = self.around[-1]
        if self.links:
            self.linked += sum(map(len, text.split()))

    def _mark(self, name: str) -> None:
        """Add the mark of bold, italics or code; none around nothing."""
        if not self.reading.formatting or self.verbatim:
            return
        last = next((at for at in range(len(self.text) - 1, -1, -1) if not self.text[at].isspace()), None)
        if last is not None and self.text[last] == _MARKS[name]:
            del self.text[last]
        else:
            self.text.append(_MARKS[name])

    def _fence(self) -> None:
        if self.reading.formatting:
            self.lines.append(("```", self.around[-1], 0.0))

    def _is_left_out(self, table: lxml.html.HtmlElement) -> bool:
        """Whether a table is data that is not wanted; old pages are laid out by tables."""
        return not self.reading.tables and table.find(".//p") is None and table.find(".//table") is None


def _lines(shown: Sequence[_Shown]) -> tuple[Line, ...]:
    """Return what the markup says of each line that a page shows."""
    known: dict[lxml.html.HtmlElement | None, Line] = {None: Line("", 0, 0.0, False, 0, 0, 0, 0)}
    lines = []
    for _, block, linked in shown:
        at, unknown = block, []
        while at not in known:
            if at.tag in _BLOCKS:
                unknown.append(at)
            at = at.getparent()
        said = known[at]
        for each in reversed(unknown):
            said = known[each] = _inside(said, each)
        lines.append(said._replace(linked=round(linked, 3)) if linked else said)
    return tuple(lines)


def _inside(outer: Line, block: lxml.html.HtmlElement) -> Line:
    """Return what the markup says of a line right inside `block`, from what it says of one right outside."""
    name, given = block.tag, block.attrib
    label, hinted, hidden = name, 0, outer.hidden
    if given and name != "body":
        for key in ("class", "id", "role"):
            if (value := given.get(key)) and not value.isspace():
                hinted |= hints(value)
                if label is name and key != "role":
                    label = f"{name}{'.' if key == 'class' else '#'}{value.split(maxsplit=1)[0]}"
        unshown = "display:none" in given.get("style", "").replace(" ", "")
        hidden = hidden or unshown or "hidden" in given or given.get("aria-hidden") == "true"
    labels = () if name == "html" else (*outer.path.split(" > ")[1 - _PATH :], label)
    path, tag = " > ".join(filter(None, labels)), _TAG_OF.get(name, 0)
    bits = outer.around | hinted, hinted or outer.nearest, outer.sections | _SECTION_OF.get(name, 0)
    return Line(path, tag, 0.0, hidden, outer.depth + 1, *bits)
