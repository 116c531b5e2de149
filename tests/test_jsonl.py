"""Lines of JSONL with pages in them: the body comes in, the HTML goes, and every other byte stays."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.jsonl import open_page, parse_line
from cleaner.model import ReadError
from tests.strategies import STEADY, texts

NOTHING: dict[str, str | None] = {}
ABOUT = {"title": "T", "date": None}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"html":"x"}', '{"text": "B"}'),
        ('{"html": "x"}\n', '{"text": "B"}\n'),
        ('{"html": "x"}\r\n', '{"text": "B"}\r\n'),
        ('\ufeff { "html" : "x" } \r\n', '\ufeff { "text": "B" } \r\n'),
        ('{"html": "x", "a": 1}', '{"text": "B", "a": 1}'),
        ('{"a": 1, "html": "x"}', '{"a": 1, "text": "B"}'),
        ('{"a":1.0,"html":"x","b":[1, 2]}', '{"a":1.0, "text": "B", "b":[1, 2]}'),
        ('{"a" :\t1 ,\n"html":"x"}'.replace("\n", " "), '{"a" :\t1, "text": "B"}'),
        ('{"html":"<p class=\\"a\\">}],{\\\\","a":"\\u00e9\\/"}', '{"text": "B", "a":"\\u00e9\\/"}'),
        ('{"\\u0068tml":"x","a":1}', '{"text": "B", "a":1}'),
        ('{"a":{"html":"y","text":"z"},"html":"x"}', '{"a":{"html":"y","text":"z"}, "text": "B"}'),
        ('{"a":[{"html":"y"},"html"],"html":"x","b":"html"}', '{"a":[{"html":"y"},"html"], "text": "B", "b":"html"}'),
        ('{"html":"y","a":1,"html":"x","b":2}', '{"a":1, "text": "B", "b":2}'),
        ('{"text":"old","html":"x"}', '{"text": "B"}'),
        ('{"html":"x","a":1,"text":{"b":[1]}}', '{"text": "B", "a":1}'),
        ('{"text":null,"a":1,"text":"old","html":"x"}', '{"a":1, "text": "B"}'),
    ],
)
def test_the_body_takes_the_place_of_the_page(line: str, expected: str) -> None:
    """Of duplicates none is left, of the field's nor of an old text's; what is deeper is none of its business."""
    assert open_page(line, "html", "B", NOTHING) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"html":"x","a":1}', '{"text": "B", "title": "T", "date": null, "a":1}'),
        ('{"title":"mine","html":"x"}', '{"title":"mine", "text": "B", "date": null}'),
        ('{"html":"x","title":""}', '{"text": "B", "title": "T", "date": null}'),
        ('{"title":null,"html":"x","date":7}', '{"text": "B", "title": "T", "date":7}'),
        ('{"date": null ,"html":"x"}', '{"text": "B", "title": "T", "date": null}'),
        ('{"title":"a","title":null,"html":"x"}', '{"text": "B", "title": "T", "date": null}'),
        ('{"title":null,"title":"a","html":"x"}', '{"title":null, "title":"a", "text": "B", "date": null}'),
        ('{"a":{"title":"b"},"html":"x"}', '{"a":{"title":"b"}, "text": "B", "title": "T", "date": null}'),
    ],
)
def test_what_the_page_says_fills_what_is_not_there(line: str, expected: str) -> None:
    """A field with something in it stays; a null is filled; of duplicates the last counts."""
    assert open_page(line, "html", "B", ABOUT) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"html":"x"}', '{"html":"x", "text": "B"}'),
        ('{"html": "\\u0078" ,"a":1}\n', '{"html": "\\u0078", "text": "B", "a":1}\n'),
        ('{"text":"old","html":"x"}', '{"html":"x", "text": "B"}'),
    ],
)
def test_the_page_may_stay(line: str, expected: str) -> None:
    """As it was written."""
    assert open_page(line, "html", "B", NOTHING, keep=True) == expected


def test_a_page_in_the_field_text() -> None:
    """Is replaced, whether it is to stay or not: there is no other place for the body."""
    assert open_page('{"a":1,"text":"<p>x"}', "text", "x\n", NOTHING) == '{"a":1, "text": "x\\n"}'
    assert open_page('{"a":1,"text":"<p>x"}', "text", "x\n", NOTHING, keep=True) == '{"a":1, "text": "x\\n"}'


@pytest.mark.parametrize("line", ["{}", '{"a":1}', '{"a":{"html":"x"}}', '{"a":"html"}'])
def test_a_line_without_the_page_is_refused(line: str) -> None:
    with pytest.raises(ReadError, match="no field 'html'"):
        open_page(line, "html", "B", ABOUT)


LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts()
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts(), inner, max_size=3), max_leaves=6
)
NAMES = st.sampled_from(("html", "text", "title", "date", "a", "ä", "")) | texts()
SPACES = st.sampled_from(("", "", " ", "\t", "  "))


@st.composite
def members(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Names and written values, one of them a page, some of them twice."""
    found = [
        (draw(NAMES), json.dumps(draw(VALUES), ensure_ascii=draw(st.booleans())))
        for _ in range(draw(st.integers(0, 5)))
    ]
    found.insert(draw(st.integers(0, len(found))), ("html", json.dumps(draw(texts()))))
    return found


@STEADY
@given(members(), texts(), texts() | st.none(), st.tuples(*[SPACES] * 4), st.tuples(*[st.booleans()] * 2))
def test_any_line_is_opened(
    given_: list[tuple[str, str]], body: str, title: str | None, spaces: tuple[str, ...], how: tuple[bool, bool]
) -> None:
    """It is JSON with what was wanted, and the others' values are written as they were."""
    keep, escaped = how
    one, two, three, four = spaces
    written = [f"{one}{json.dumps(name, ensure_ascii=escaped)}{two}:{three}{value}{four}" for name, value in given_]
    line = f"{{{','.join(written)}}}\r\n"
    about = {"title": title, "date": None}
    opened = open_page(line, "html", body, about, keep=keep)
    assert opened.endswith("}\r\n")
    _, before = parse_line(line.encode(), "x", 2)
    _, after = parse_line(opened.encode(), "x", 2)
    assert before is not None
    assert after is not None
    expected = {name: value for name, value in before.items() if name != "html" or keep}
    expected |= {name: value for name, value in about.items() if before.get(name) in (None, "")}
    assert after == expected | {"text": body}
    raw = json.JSONDecoder(object_pairs_hook=list, parse_int=str, parse_float=str).decode(opened)
    names = {"text", *(name for name in about if before.get(name) in (None, "")), *(() if keep else ("html",))}
    others = [
        f"{json.dumps(name, ensure_ascii=escaped)}{two}:{three}{value}" for name, value in given_ if name not in names
    ]
    at = 0
    for other in others:  # each stands there, in its order
        assert (at := opened.find(other, at) + len(other)) >= len(other)
    assert len(raw) == len(others) + len({"text", *names} - {"html"})
