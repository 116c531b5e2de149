"""HTML to text, what the markup says of each line, and what no page may do to it."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import accumulate

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trafilatura.metadata import extract_metadata

from cleaner.charsets import decode
from cleaner.layout import HINTS, SECTIONS, TAGS, Line, Metadata, Reading
from cleaner.markup import FEW, PIECE, SHORT, coverage, read, text_of
from cleaner.model import Document, ReadError
from cleaner.pipeline import Cleaner
from tests.strategies import STEADY, texts

PLAIN, MARKED, TABLELESS = Reading(), Reading(formatting=True), Reading(tables=False)

SENTENCE = "The council met on Monday and agreed on the budget for the coming year."
OTHER = "Bees leave the hive at dawn and come back with pollen before the rain begins to fall."


def opened(html: str, reading: Reading = PLAIN) -> Document:
    return read(Document("x", html), reading)[0]


def about(html: str, url: str = "") -> Metadata:
    return read(Document("x", html, url=url), PLAIN)[1]


def lines(html: str) -> dict[str, Line]:
    """Return what is said of each line of a page whose lines differ."""
    page = opened(html)
    assert page.layout is not None
    return dict(zip(page.text.splitlines(), page.layout.lines, strict=True))


def said(bits: int, names: tuple[str, ...]) -> set[str]:
    return {name for number, name in enumerate(names) if bits >> number & 1}


# Bytes to HTML


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("<p>café".encode(), "<p>café"),
        (b"\xef\xbb\xbf<p>caf\xc3\xa9", "<p>café"),
        (b"\xef\xbb\xbf<meta charset=koi8-r>\xc3\xa9", "<meta charset=koi8-r>é"),
        ("\ufeff<p>café".encode("utf-16-le"), "<p>café"),
        ("\ufeff<p>café".encode("utf-16-be"), "<p>café"),
        (b"<meta charset=windows-1251>\xcf\xf7\xb8\xeb\xfb", "<meta charset=windows-1251>Пчёлы"),
        (b'<META CHARSET = "ISO-8859-2">\xb1', '<META CHARSET = "ISO-8859-2">ą'),
        (b"<meta charset='iso-8859-2'>\xb1", "<meta charset='iso-8859-2'>ą"),
        (
            b'<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">\x82\xa0\x87\x40',
            '<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">あ①',
        ),
        (b"<meta charset=latin1>\x93caf\xe9\x94 \x80", "<meta charset=latin1>“café” €"),
        (b"<meta charset=iso-8859-1>\x96", "<meta charset=iso-8859-1>–"),
        (b"<meta charset=us-ascii>\xe9", "<meta charset=us-ascii>é"),
        (b"<meta charset=gb2312>\x96\xb7", "<meta charset=gb2312>柗"),
        (b"<meta charset=utf-16>caf\xc3\xa9", "<meta charset=utf-16>café"),
        (b"<meta charset=no-such>caf\xc3\xa9", "<meta charset=no-such>café"),
        (b"x" * 4096 + b"<meta charset=koi8-r>\xc3\xa9", "x" * 4096 + "<meta charset=koi8-r>é"),
        (b"", ""),
    ],
)
def test_bytes_are_decoded_as_browsers_do(data: bytes, expected: str) -> None:
    """By the mark, else by what is declared near the start; else, and for what no browser knows, as UTF-8."""
    assert decode(data, "x.html") == expected


@pytest.mark.parametrize(
    "name", ["hex", "rot13", "zlib", "undefined", "punycode", "idna", "unicode_escape", "utf-7", "utf-32", "charmap"]
)
def test_codecs_that_are_no_encodings_of_pages_are_utf_8(name: str) -> None:
    r"""Python knows more than browsers do: no text at all, other errors, "\ud800" for half a character."""
    html = f"<meta charset={name}><p>\\ud800 café - +ADw-"
    assert decode(html.encode(), "x.html") == html


@pytest.mark.parametrize(
    ("data", "encoding", "byte"),
    [
        (b"<p>caf\xe9", "utf-8", 6),
        (b"\xef\xbb\xbfab\xff", "utf-8", 2),  # the mark does not count
        (b"\xff\xfea", "utf-16-le", 0),
        (b"<meta charset=euc-jp>\xff", "euc_jp", 21),
        (b"<meta charset=big5>\xff", "big5hkscs", 19),
    ],
)
def test_what_cannot_be_decoded_is_one_line(data: bytes, encoding: str, byte: int) -> None:
    with pytest.raises(ReadError) as caught:
        decode(data, "a/x.html")
    assert str(caught.value).startswith(f"a/x.html: not {encoding} at byte ")
    assert str(caught.value).endswith("; expected UTF-8, or a page that declares its encoding")
    assert "\n" not in str(caught.value)
    assert f" at byte {byte};" in str(caught.value)


# HTML to text


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", ""),
        ("One", "One\n"),
        ("<p>One<p>Two", "One\nTwo\n"),
        ("<p>One</p>Two<p>Three</p>", "One\nTwo\nThree\n"),
        ("<div>a<div>b</div>c</div>", "a\nb\nc\n"),
        ("<p>a<br>b<br><br/>c", "a\nb\nc\n"),
        ("<p> a \n\t b&nbsp;&nbsp;c </p>", "a b c\n"),
        ("<p>a<span>b</span> <a href=/>c</a> <em>d</em><b>e</b>", "ab c de\n"),
        ("<p>a<img alt=x>b<wbr>c", "abc\n"),
        ("<p>x&#13;y\r\nz\rw", "x y z w\n"),
        ("<p>a\u2028b\x85c\x0cd", "a b c d\n"),
        ("<p>a\x01b\x1fc\ufffed\uffffe\ufffdf\x7fg", "a b c d e\ufffdf\x7fg\n"),
        ("<h1>a</h1><section>b</section><hr>c", "a\nb\nc\n"),
        ("<dl><dt>a<dd>b</dl>", "a\nb\n"),
        ("<button>a</button><button>b</button>", "a\nb\n"),
        ("<select><option>a<option>b</select>", "a\nb\n"),
        ("<p>a &amp;lt; b &lt;p&gt; &eacute;&#x20AC; &bogus; AT&T", "a &lt; b <p> é€ &bogus; AT&T\n"),
        ("<p>a<!-- b -->c<!-- <p>d</p> -->", "ac\n"),
        ("<p>a<!-- b --!><p>c", "a\nc\n"),
        ("<p>a<?php echo 1 ?>b", "ab\n"),
        ("<title>t</title><p>a", "a\n"),
    ],
)
def test_text(html: str, expected: str) -> None:
    assert text_of(html, PLAIN) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<ul><li>a<li>b</ul>c", "- a\n- b\nc\n"),
        ("<ul>\n<li>\n<a href=/>a</a>\n</li>\n</ul>", "- a\n"),
        ("<ol><li>a</ol>", "- a\n"),
        ("<ul><li>a<ul><li>b<li>c</ul>d<li>e</ul>", "- a\n- b\n- c\nd\n- e\n"),
        ("<ul><li><p>a<p>b</ul>", "- a\nb\n"),
        ("<ul><li></li><li> </li></ul><p>a", "a\n"),
        ("<ul><li><ul><li>a</ul></ul>", "- a\n"),
        ("<ul><li><pre>a\nb</pre></ul>", "- a\nb\n"),
    ],
)
def test_lists(html: str, expected: str) -> None:
    assert text_of(html, PLAIN) == expected


TABLE = "<p>x</p><table>\n <tr>\n <th>a</th>\n <th>b</th>\n </tr>\n <tr><td>1<td>2</tr>\n</table>y"


@pytest.mark.parametrize(
    ("html", "with_tables", "without"),
    [
        (TABLE, "x\na | b\n1 | 2\ny\n", "x\ny\n"),
        ("<table><tr><td></td><td>a</td></tr><tr><td>\n</td><td>b</td></tr></table>", "a\nb\n", ""),
        ("<table><tr><td>a<br>b<td>c</table>", "a\nb | c\n", ""),
        ("<table><tr><td>\n<p>a</p></td><td><p>b</p></td></table>", "a\nb\n", "a\nb\n"),
        ("<table><tr><td>a<table><tr><td>b<td>c</table>d</table>", "a\nb | c\nd\n", "a\nd\n"),
        ("<div>a<table><tr><td>b</table>c</div>", "a\nb\nc\n", "a\nc\n"),
        (f"<table><tr><td><table><tr><td><p>{SENTENCE}</table></table>", f"{SENTENCE}\n", f"{SENTENCE}\n"),
    ],
)
def test_tables(html: str, with_tables: str, without: str) -> None:
    """A row is a line; without tables those stay that lay out a page."""
    assert (text_of(html, PLAIN), text_of(html, TABLELESS)) == (with_tables, without)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<pre>a\n  b\n\tc</pre>", "a\n  b\n\tc\n"),
        ("<pre>\n a\n\n\n b  \n</pre>c", " a\n b\nc\n"),
        ("<pre>a\r\nb\rc&#13;d</pre>", "a\nb\nc\nd\n"),
        ("<pre>a <b>b</b>\n<span> c</span></pre>d  e", "a b\n c\nd e\n"),
        ("<pre>a<br>  b</pre>", "a\n  b\n"),
        ("<pre>a<pre>b</pre> c</pre>d", "a\nb\n c\nd\n"),
        ("<pre>a\x0cb\x0bc\x1cd</pre>", "a b c d\n"),
    ],
)
def test_preformatted_text_keeps_its_lines(html: str, expected: str) -> None:
    assert text_of(html, PLAIN) == expected


@pytest.mark.parametrize(
    "name",
    ["script", "style", "noscript", "template", "textarea", "iframe", "object", "svg", "math", "canvas", "video"],
)
def test_what_is_not_shown(name: str) -> None:
    """Nor what is in it; what is after it is shown."""
    assert text_of(f"<p>a<{name}>b</{name}>c</p>d", PLAIN) == "ac\nd\n"
    assert text_of(f"<div>a</div><{name}>b</{name}><p>c", PLAIN) == "a\nc\n"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<h1>a</h1><h3>b <b>c</b></h3><h6>d", "# a\n### b **c**\n###### d\n"),
        (
            "<p>a <b>b</b> <strong>c</strong>, <i>d</i>/<em>e</em> <code>f</code>",
            "a **b c**, *d*/*e* `f`\n",
        ),
        ("<p><b><i>a</i></b>", "***a***\n"),
        ("<p>a<b>b</b><b>c</b>", "a**bc**\n"),
        ("<p>a<b></b><i><b> </b></i><code></code>b", "a b\n"),
        ("<p>a<b><script>b</script></b>c", "ac\n"),
        ("<h2></h2><h3> </h3><p>a", "a\n"),
        ("<b><p>a</p></b>", "a\n"),
        ("<pre>a\n <b>b</b></pre>c", "```\na\n b\n```\nc\n"),
        ("<pre><code>a</code></pre>", "```\na\n```\n"),
        ("<pre></pre><pre> \n </pre>a", "a\n"),
        ("<pre>a<pre></pre></pre>b", "```\na\n```\nb\n"),
        ("<ul><li><h3>a</h3></ul>", "### a\n"),
    ],
)
def test_formatting(html: str, expected: str) -> None:
    """Marks as in Markdown, none around nothing; and none unless they are asked for."""
    assert text_of(html, MARKED) == expected
    assert not re.search(r"[*#`]", text_of(html, PLAIN))


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a<!-- b <p>c", "a\n"),
        ("<p>a<b>b<i>c<div>d", "abc\nd\n"),
        ("</p></div>a</b>", "a\n"),
        ("<li>a<td>b<tr>c", "- abc\n"),
        ("<body>a</body>b<html>c", "abc\n"),
        ("<p>a</p></body></html><p>b</p>", "a\nb\n"),
        ("<frameset><frame src=x></frameset>", ""),
        ("<p class='a\"b' 1x=y <z :k @l=m>a", "a\n"),
        ("<p>a<o:p>b</o:p><x-y>c</x-y>", "abc\n"),
        ("<p>a\0b", "ab\n"),
        ("<p>a\x01b\x1b[31m\x1fc", "a b [31m c\n"),
        ("<h1>\x0c</h1>", ""),
        ("<h1>a\x0cb</h1><p>c", "a b\nc\n"),
        ("<p>a&#0;&#1;b&#xd800;c\ufffe\U0010ffff", "a� b�c \U0010ffff\n"),
        ("\ufeff<p>a", "a\n"),
        ("<p>a<", "a<\n"),
        ("<p>a<b", "a\n"),
        ("a < b > c", "a < b > c\n"),
        ("<a><a><a>a", "a\n"),
        ("<html lang=en><head><div>a</div></head><body>b", "a\nb\n"),
        (
            "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><body><p>a<br/>b</p></body></html>",
            "a\nb\n",
        ),
    ],
)
def test_broken_pages_are_read(html: str, expected: str) -> None:
    """And their text is there, but for what a browser does not show either."""
    page = opened(html)
    assert page.text == text_of(html, PLAIN) == expected
    Cleaner().clean(page)


@pytest.mark.parametrize(
    "start", ["<div>", "<b>", "<span title='>'>", "<div><p>", "<font size=1><p>", "<section>x<!-- <p> -->"]
)
def test_deep_pages_keep_their_text(start: str) -> None:
    """Far below where a parser stops: a page of forgotten end tags."""
    page = opened(f"<p>{OTHER}</p>{start * 5_000}{SENTENCE}<p>end<script>'</div>'</script>")
    found = page.text.splitlines()
    assert (found[0], found[-1]) == (OTHER, "end")
    assert found[-2].endswith(SENTENCE)
    assert page.text == text_of(f"<p>{OTHER}</p>{start * 5_000}{SENTENCE}<p>end", PLAIN)


def test_deep_lines_are_lines() -> None:
    """The tags that are too deep still end lines, and what follows the depths is where it was."""
    html = f"<main>{'<div>a' * 3_000}{'</div>' * 3_000}<p>b</p></main><p>c"
    assert text_of(html, PLAIN) == "a\n" * 3_000 + "b\nc\n"
    assert [line.path for line in lines(html.replace("<div>a", "<div>")).values()] == ["body > main > p", "body > p"]


def test_a_megabyte_in_one_element() -> None:
    text = " ".join([SENTENCE] * 14_000)
    assert len(text) > 1_000_000
    assert opened(f"<div><p>{text}</p></div>").text == f"{text}\n"
    assert text_of(f"<p>{'x' * 1_000_000}", PLAIN) == "x" * 1_000_000 + "\n"


# What the markup says


def test_a_line_knows_its_elements() -> None:
    found = lines(
        "<body class=single><aside id=s class=' related-posts x'><ul id=menu><li><a>A</a><li>B</ul></aside>"
        "<article><h2>C</h2><div><div><p>D</p></div></div>E</article>F"
    )
    assert [(line, about.path, TAGS[about.tag], about.depth) for line, about in found.items()] == [
        ("- A", "aside.related-posts > ul#menu > li", "li", 5),
        ("- B", "aside.related-posts > ul#menu > li", "li", 5),
        ("C", "body > article > h2", "h2", 4),
        ("D", "div > div > p", "p", 6),
        ("E", "body > article", "", 3),
        ("F", "body", "body", 2),
    ]


def test_a_line_stands_where_its_first_letter_does() -> None:
    found = lines("<div class=a>\n<b> One</b> <span class=nav>two</span></div><table><tr><td>x<th>y</table>")
    assert [(line, about.path) for line, about in found.items()] == [
        ("One two", "body > div.a"),
        ("x | y", "tbody > tr > td"),
    ]
    found = lines("<body class=x><div class='> >'>A<div class=' a > b '><br>B<p id='>'>C</div></div>D")
    assert [(line, about.path) for line, about in found.items()] == [
        ("A", "body > div.>"),
        ("B", "body > div.> > div.a"),
        ("C", "div.> > div.a > p#>"),
        ("D", "body"),
    ]


def test_hints_and_sections() -> None:
    """Of all elements around a line, and of the nearest that hints; the body's own classes say nothing."""
    found = lines(
        "<body class='sidebar'><p>A<nav class='siteFooter'><div id=share-bar><p>B</div></nav>"
        "<form role=search><ul class=' '><li>C</ul></form><table><tr><td>D</table><p class=xnav>E"
    )
    names = tuple(HINTS)
    assert [(said(one.around, names), said(one.nearest, names)) for one in found.values()] == [
        (set(), set()),
        ({"foot", "share"}, {"share"}),
        ({"overlay"}, {"overlay"}),
        (set(), set()),
        (set(), set()),
    ]
    assert [said(one.sections, SECTIONS) for one in found.values()] == [
        set(),
        {"nav"},
        {"form", "ul"},
        {"table"},
        set(),
    ]


@pytest.mark.parametrize(
    ("html", "share"),
    [
        ("<p>abcd", 0.0),
        ("<p><a href=/>abcd</a>", 1.0),
        ("<p><a>ab cd</a>  ef gh", 0.5),
        ("<p><a><b>a</b></a>bcd", 0.25),
        ("<ul><li><a>abcd</a></ul>", 1.0),
        ("<p><a> </a>abcd", 0.0),
        ("<a href=/><div>abcd</div></a>", 1.0),
    ],
)
def test_the_share_of_links(html: str, share: float) -> None:
    """Of a line's letters."""
    [line] = lines(html).values()
    assert line.linked == share


@pytest.mark.parametrize(
    ("attributes", "hidden"),
    [
        ("", False),
        ("hidden", True),
        ("aria-hidden=true", True),
        ("aria-hidden=false", False),
        ('style="color: red; display: none"', True),
        ('style="display:block"', False),
    ],
)
def test_what_is_hidden(attributes: str, hidden: bool) -> None:
    """With all that is in it; it is text all the same."""
    found = lines(f"<div {attributes}><p>A</div><p>B")
    assert {line: about.hidden for line, about in found.items()} == {"A": hidden, "B": False}


def test_titles() -> None:
    """A line in the title, or the title in a line; short ones stand in any."""
    page = opened(
        "<title>Why the bridge hums | Gazette</title><h1>Why the bridge hums</h1><p>bridge<p>A line of its own"
        "<p>Why the bridge hums | Gazette, and more"
    )
    assert page.layout is not None
    assert page.layout.titled.tolist() == [True, False, False, True]
    page = opened("<p>A page without a title")
    assert page.layout is not None
    assert page.layout.titled.tolist() == [False]


ARTICLE = f"<article><h1>A page of news</h1><p>{SENTENCE}</p><p>{OTHER}</p></article>"


def test_what_an_extractor_keeps() -> None:
    page = opened(f"<nav><a href=/>Home</a></nav>{ARTICLE}<footer>All rights</footer>")
    assert page.layout is not None
    assert page.text == f"Home\nA page of news\n{SENTENCE}\n{OTHER}\nAll rights\n"
    assert page.layout.extracted.tolist()[2:4] == [1.0, 1.0]
    assert page.layout.extracted.tolist()[0] == page.layout.extracted.tolist()[-1] == 0.0


def test_what_an_extractor_cannot_read_keeps_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """And is cleaned as text: there is nothing to tell its lines apart by."""
    monkeypatch.setattr("cleaner.markup.bare_extraction", lambda *_, **__: None)
    page = opened(ARTICLE)
    assert (page.text, page.layout) == (f"A page of news\n{SENTENCE}\n{OTHER}\n", None)
    assert Cleaner().clean(page).status == "unchanged"


@pytest.mark.parametrize("html", ["", "<html></html>", "<!-- a -->", "<script>a</script>", "<p> </p>"])
def test_a_page_that_shows_nothing(html: str) -> None:
    """Is an empty text that can be cleaned."""
    page = opened(html)
    assert (page.text, page.layout) == ("", None)
    assert Cleaner().clean(page).status == "unchanged"


def test_a_page_keeps_its_name() -> None:
    """Id, group and address stay; without one the page's own is its address."""
    linked = f"<link rel=canonical href='https://a.example/b'>{ARTICLE}"
    page, said = read(Document("i", linked, "g", "https://c.example/d"), PLAIN)
    assert (page.id, page.group, page.url) == ("i", "g", "https://c.example/d")
    page, said = read(Document("i", linked), PLAIN)
    assert page.url == said.url == "https://a.example/b"
    assert read(Document("i", ARTICLE), PLAIN)[0].url == ""


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (ARTICLE.replace("A page of news", " "), Metadata()),
        (f"<html lang=pt-BR>{ARTICLE}", Metadata("A page of news", language="pt-BR")),
        (
            f"<title>Bees</title><meta property='article:published_time' content='2024-03-05T08:00:00Z'><body>{ARTICLE}",
            Metadata("A page of news", "2024-03-05"),
        ),
        (f"<meta property='og:title' content='Bees &amp; men'><body>{ARTICLE}", Metadata("Bees & men")),
        (
            f"<meta name=date content='2091-03-05'><link rel=canonical href='https://a.example/b'><body>{ARTICLE}",
            Metadata("A page of news", "2091-03-05", "https://a.example/b"),
        ),
    ],
)
def test_what_a_page_says_of_itself(html: str, expected: Metadata) -> None:
    """Whatever the date is today."""
    assert about(html) == expected


_SAYS = (
    "<title>Bees | A Gazette</title>",
    "<meta property=og:title content='Bees &amp;amp; men'><meta property=og:url content=https://a.example/og>",
    "<meta name=twitter:url content=https://a.example/t><meta name=dc.title content=' Of  bees '>",
    "<base href=https://a.example/><link rel=canonical href='/2021/04/05/bees/'><meta name=og:x content=https://b.example/>",
    "<script type=application/ld+json>{'@context': 'https://schema.org'</script>",
    "<script type=application/ld+json>[1]</script>",
    """<script type=application/ld+json>{"@context": "https://schema.org", "@type": "NewsArticle", "headline": "Bees in JSON",
    "datePublished": "2019-08-07", "author": {"name": [1]}}</script>""",
    """<script type=application/ld+json>{"@context": "https://schema.org", "@type": "Article", "name": ["Bees"]}</script>""",
    "<meta property=article:modified_time content=2024-03-09><meta property=article:published_time content=2024-03-05>",
)


@pytest.mark.parametrize("head", ["", *_SAYS, "".join(_SAYS)])
@pytest.mark.parametrize("url", ["", "https://c.example/2020/01/02/d"])
def test_metadata_is_what_the_extractor_finds(head: str, url: str) -> None:
    """The same parts of it are asked in the same order; a new version of it may have others."""
    html = f"<!doctype html><html><head>{head}</head><body>{ARTICLE}<h1>Two</h1><time datetime=2018-01-02>then</time>"
    found = extract_metadata(
        html, url or None, {"original_date": True, "extensive_search": False, "max_date": "2100-01-01"}
    )
    assert about(html, url) == Metadata(
        *(value if isinstance(value, str) else None for value in (found.title, found.date, found.url))
    )


# What is kept of a line


@pytest.mark.parametrize(
    ("line", "text", "share"),
    [
        ("Share", f"{SENTENCE} Share", 0.0),
        ("Share", f"{SENTENCE}\nSHARE!\n", 1.0),
        ("- Share", "Share", 1.0),
        (SENTENCE, f"## {SENTENCE.upper()} **More**", 1.0),
        (f"{SENTENCE} {OTHER}", SENTENCE, 0.4),
        (OTHER, SENTENCE, 0.0),
        ("x" * (SHORT - 1), "x" * SHORT, 0.0),
        ("x" * SHORT, "x" * (SHORT + 1), 1.0),
        (
            "今日の天気は晴れのち曇り、ところによりにわか雨が降るでしょう。",
            "雨。今日の天気は晴れのち曇り、ところにより",
            0.5,
        ),
        ("続きを読む", "続きを読む。天気", 0.0),
        ("* * *", "", 1.0),
    ],
)
def test_coverage(line: str, text: str, share: float) -> None:
    """A short line must be a line; a long one counts by its pieces, wherever they are."""
    [found] = coverage([line], text).tolist()
    assert found == pytest.approx(share, abs=0.08)


def test_many_pieces_are_found_as_few_are() -> None:
    """One by one, or all at once."""
    text = " ".join(f"The {number}th bee danced on comb {number * number}." for number in range(3 * FEW))
    parts = [f"{text[at : at + 60]} {OTHER}" for at in range(0, len(text) - 60, 60)]
    alone = [coverage([part], text).tolist() for part in parts]
    assert all(0.2 < share < 0.6 for [share] in alone)
    assert [[share] for share in coverage(parts, text)] == alone


@STEADY
@given(st.lists(texts(), max_size=6), st.randoms(use_true_random=False))
def test_coverage_is_a_share(parts: list[str], numbers: object) -> None:
    """Of nothing more than there is; all of a text that holds the lines."""
    found = coverage(parts, "\n".join(parts))
    assert len(found) == len(parts)
    assert all(share == 1.0 for share, part in zip(found, parts, strict=True) if "\n" not in part)
    assert all(0.0 <= share <= 1.0 for share in coverage(parts, SENTENCE[: 3 * PIECE]))


# Any page

_TAGS = re.findall(
    r"\S+",
    "p div span b i em strong code a ul ol li table tr td th tbody pre h1 h2 br hr nav aside footer header main article"
    " section script style noscript template textarea title head body html svg math iframe form button select option"
    " label figure blockquote dl dt dd img input frameset font center xmp object x-y",
)
_ATTRIBUTES = (
    *("", "", ' class="nav-menu"', " id=x", " hidden", ' style="display: none"', " href=/", " role=navigation"),
    *(" lang=de", ' class="', ' class="\x85"', " datetime=2020-01-01", " class=entry-content"),
)
_ODD = (
    "<!--",
    "-->",
    "--!>",
    "<![CDATA[",
    "]]>",
    "<?x ?>",
    "<!doctype html>",
    "&amp;",
    "&#0;",
    "&#13;",
    "&#xd800;",
    "&nbsp",
)


def html_pages() -> st.SearchStrategy[str]:
    """Markup of any kind around texts of any kind."""
    start = st.tuples(st.sampled_from(_TAGS), st.sampled_from(_ATTRIBUTES)).map(lambda pair: f"<{pair[0]}{pair[1]}>")
    end = st.sampled_from(_TAGS).map(lambda name: f"</{name}>")
    piece = st.one_of(start, end, texts(), st.sampled_from((*_ODD, " ", "\n", SENTENCE, OTHER)))
    return st.lists(piece, max_size=20).map("".join) | texts()


READINGS = st.builds(Reading, st.booleans(), st.booleans())


@settings(STEADY, max_examples=300, suppress_health_check=list(HealthCheck))
@given(html_pages(), READINGS)
def test_any_page_is_read(html: str, reading: Reading) -> None:
    """The text is the same with its layout and without; each of its lines has one entry; it can be written."""
    page, _ = read(Document("x", html), reading)
    assert page.text == text_of(html, reading)
    assert "\r" not in page.text
    assert page.text.encode().decode() == page.text
    found = page.text.split("\n")
    assert found.pop() == ""
    assert not any(not line or line.isspace() for line in found)
    layout = page.layout
    if layout is None:
        return
    assert layout.starts.tolist() == list(accumulate((len(line) + 1 for line in found[:-1]), initial=0))
    assert len(layout.lines) == len(layout.extracted) == len(layout.titled) == len(found)
    assert all(0.0 <= line.linked <= 1.0 and line.depth > 0 and line.path for line in layout.lines)
    assert all(0.0 <= share <= 1.0 for share in layout.extracted)
    Cleaner().clean(page)


@STEADY
@given(
    st.text(st.characters(codec="utf-8", categories=("L", "N"))), st.sampled_from(("p", "div", "td", "b", "a", "li"))
)
def test_any_letters_are_kept(text: str, name: str) -> None:
    found = text_of(f"<p>a</p><{name}>{text}</{name}>", PLAIN).removeprefix("a\n").removeprefix("- ").removesuffix("\n")
    assert found == text


# Other pages do not matter

SITE = [
    f"<html><title>Page {number}</title><nav><a href=/>Home</a></nav><main><h1>Page {number}</h1><p>{SENTENCE}</p>"
    f"<p>{OTHER}</p><p>{OTHER.replace('Bees', subject)}</p></main><footer><p>{SENTENCE}</p></footer>"
    for number, subject in enumerate(("Wasps", "Hornets", "Bees", "Ants"))
]


def test_a_page_does_not_depend_on_pages_before_it() -> None:
    """An extractor that remembers paragraphs drops them after the third time."""

    def outcome(html: str) -> tuple[object, ...]:
        page, said = read(Document("x", html), PLAIN)
        assert page.layout is not None
        return page.text, page.layout.lines, page.layout.extracted.tolist(), page.layout.titled.tolist(), said

    alone = [outcome(html) for html in SITE]
    assert all(sum(extracted) >= 3 for _, _, extracted, *_ in alone)  # type: ignore[arg-type]
    for at, html in enumerate(SITE):
        assert [outcome(html) for _ in range(6)] == [alone[at]] * 6
    for _ in range(3):
        assert [outcome(html) for html in SITE[::-1]] == alone[::-1]


def test_what_is_opened_can_be_cleaned_twice() -> None:
    """With its layout, and without."""
    page = opened(f"<nav><ul><li><a href=/>Home</a></ul></nav>{ARTICLE}<footer><p>Share this page</footer>")
    cleaner = Cleaner()
    assert cleaner.clean(page) == cleaner.clean(page)
    assert SENTENCE in cleaner.clean(page).text
    assert SENTENCE in cleaner.clean(replace(page, layout=None)).text


def test_a_declaration_that_is_wrong_does_not_garble() -> None:
    """Pages saved as UTF-8 go on declaring what they were."""
    html = "<meta charset=iso-8859-1><p>“Café”"
    assert decode(html.encode(), "x.html") == html


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (b'<!-- <meta charset="koi8-r"> --><meta charset=windows-1252>', "café"),
        (b'<meta name=x content="charset=shift_jis"><meta charset=latin1>', "café"),
        (b"<script>'<meta charset=koi8-r>'</script><meta charset=latin1>", "café"),
        (b'<meta http-equiv=Content-Type content="text/html; charset=koi8-r">', "cafИ"),
    ],
)
def test_what_only_looks_like_a_declaration_is_none(head: bytes, text: str) -> None:
    assert decode(head + b"caf\xe9", "x.html").endswith(text)


def test_bytes_that_windows_leaves_open_stand_for_themselves() -> None:
    assert decode(b"<meta charset=latin1>caf\xe9\x9d", "x.html").endswith("café\x9d")
