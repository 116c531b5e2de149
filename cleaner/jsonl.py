r"""One line of a JSONL file: read it, and change its text and nothing else.

A line keeps each byte outside its text's string literal: spacing, the order of the fields, `1.0`, escapes, its end.

>>> rewrite_text('{"n": 1.0, "text": "Caf\\u00e9. Read more", "n": 2}\r\n', "text", "Café. Read more", "Café.")
('{"n": 1.0, "text": "Caf\\u00e9.", "n": 2}\r\n', 'ascii')
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from json.decoder import scanstring  # type: ignore[attr-defined]  # missing in typeshed

import orjson

from cleaner.model import ReadError

_BRACKET = re.compile(r'["{}[\]]')
"""Where a string or a bracket begins or ends in a JSON text outside of strings."""

_MARK = re.compile(r'["{}[\],]')
"""Where, besides, a member of an object ends."""

_NOTHING = ("null", '""')

_COLON = re.compile(r"[ \t\r\n]*:[ \t\r\n]*")

_JSON_KINDS = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    bytes: "not UTF-8",
    type(None): "null",
}


def parse_line(line: bytes, name: str, number: int) -> tuple[str, dict[str, object] | None]:
    r"""Return a JSONL line as text, unchanged, and the object it holds; None for a blank line.

    A blank line holds nothing but white space. A byte order mark is passed over on the first line only.

    Args:
        line: The line with its own line end.
        name: What to call the file in errors.
        number: Which line it is, from 1.

    Raises:
        ReadError: The line is not UTF-8, not JSON, or not an object.

    >>> parse_line(b'{"n": 1.0}\r\n', "x.jsonl", 3)
    ('{"n": 1.0}\r\n', {'n': 1.0})
    >>> parse_line(b"[1]", "x.jsonl", 3)
    Traceback (most recent call last):
    cleaner.model.ReadError: x.jsonl:3: an array; expected a JSON object
    """
    try:
        raw = line.decode()
    except UnicodeDecodeError as error:
        raise ReadError(f"{name}:{number}: not UTF-8 at byte {error.start} of the line; expected UTF-8 text") from error
    content = raw.removeprefix("\ufeff") if number == 1 else raw
    if not content or content.isspace():
        return raw, None
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        half = " (half of a surrogate pair is no character)" if "surrogate" in error.msg else ""
        raise ReadError(
            f"{name}:{number}: not JSON at column {error.colno}: {error.msg}{half}; expected an object"
        ) from error
    if not isinstance(value, dict):
        raise ReadError(f"{name}:{number}: {_kind(value)}; expected a JSON object")
    return raw, value


def text_of(value: dict[str, object], field: str, where: str) -> str:
    """Return the text of a JSONL object.

    Raises:
        ReadError: There is no such field, or it is no string.

    >>> text_of({"text": "One"}, "text", "x.jsonl:3")
    'One'
    """
    text = value.get(field)
    if not isinstance(text, str):
        wrong = f"field {field!r} is {_kind(text)}" if field in value else f"no field {field!r}"
        raise ReadError(f"{where}: {wrong}; expected a string")
    return text


def key_of(value: dict[str, object], field: str, where: str) -> str:
    """Return an id or a group: a string, or an integer as its decimal string.

    >>> key_of({"id": 7}, "id", "x.jsonl:1")
    '7'
    """
    key = value.get(field)
    if isinstance(key, str):
        return key
    if isinstance(key, int) and not isinstance(key, bool):
        return str(key)
    wrong = f"field {field!r} is {_kind(key)}" if field in value else f"no field {field!r}"
    raise ReadError(f"{where}: {wrong}; expected a string or an integer")


def _kind(value: object) -> str:
    return _JSON_KINDS.get(type(value), "a number")


def rewrite_text(line: str, field: str, old: str, new: str) -> tuple[str, str | None]:
    r"""Return a JSONL line with another text, and how the line wrote the old one.

    Only the string literal of the field changes, and it keeps its style: when it has ASCII escapes for what could stand as
    it is, so has the new one. Of duplicate fields the last counts, as it does when the line is read.

    Args:
        line: A line that `parse_line` accepts, with its line end.
        field: Name of the top-level text field.
        old: The text that it holds.
        new: The text to put there.

    Returns:
        The line, and what `restore_text` needs to know: None when the old literal has no escapes but those it needs;
        "ascii" when it escapes all that is not ASCII, in the way of `json.dumps`; else the old literal, quotes included.

    Raises:
        ReadError: The field is not there, or is no string.

    >>> rewrite_text('{"text":"“","a":{"text":0}}', "text", "“", "")
    ('{"text":"","a":{"text":0}}', None)
    >>> rewrite_text('{"text": "a\\/\\u00e9"}', "text", "a/é", "é")
    ('{"text": "é"}', '"a\\/\\u00e9"')
    """
    start, end = _literal(line, field)
    style = _style(line[start:end], old)
    return line[:start] + _written(new, style) + line[end:], style


def restore_text(line: str, field: str, text: str, literal: str | None) -> str:
    r"""Return the original line, given that of the output.

    Args:
        line: The line that `rewrite_text` returned.
        field: Name of the top-level text field.
        text: The original text.
        literal: What `rewrite_text` returned beside it.

    Raises:
        ReadError: The field is not there or is no string, or the literal is not that of the text.

    >>> restore_text('{"text": "a"}', "text", "a/b", '"a\\/b"')
    '{"text": "a\\/b"}'
    """
    start, end = _literal(line, field)
    if literal is None or literal == "ascii":
        literal = _written(text, literal)
    elif _decoded(literal) != text:
        raise ReadError("the report's literal is not that of the text; expected the report of this very output")
    return line[:start] + literal + line[end:]


def open_page(line: str, field: str, body: str, about: Mapping[str, str | None], *, keep: bool = False) -> str:
    r"""Return a JSONL line with a page's body in place of its HTML.

    The body stands in the field `text`, and what the page says of itself in fields of their names, unless the line has these
    with something in them. The other fields keep each byte.

    Args:
        line: A line that `parse_line` accepts, with its line end.
        field: Name of the top-level field with the HTML.
        body: The page's text.
        about: Names and values; None for what is not known.
        keep: Leave the HTML in.

    Raises:
        ReadError: The field is not there.

    >>> open_page('{"id": 1, "html": "<p>One", "n": 1.0}\n', "html", "One\n", {"title": None, "date": "2026-01-01"})
    '{"id": 1, "text": "One\\n", "title": null, "date": "2026-01-01", "n": 1.0}\n'
    """
    members = _members(line)
    last = {name: at for at, (name, *_) in enumerate(members)}
    if field not in last:
        raise ReadError(f"no field {field!r}; expected a JSON object with HTML there")
    given = {
        name for name, at in last.items() if name in about and line[members[at][2] : members[at][3]] not in _NOTHING
    }
    new = {name: value for name, value in {"text": body, **about}.items() if name not in given}
    added = [f'"{name}": {json.dumps(value, ensure_ascii=False)}' for name, value in new.items()]
    pieces = []
    for at, (name, start, _, end) in enumerate(members):
        if name not in new and (name != field or keep):
            pieces.append(line[start:end])
        if at == last[field]:
            pieces += added
    return line[: members[0][1]] + ", ".join(pieces) + line[members[-1][3] :]


def _members(line: str) -> list[tuple[str, int, int, int]]:
    """Return the name of each member of a top-level object, and where it, its value, and both end."""
    found: list[tuple[str, int, int, int]] = []
    end = depth = 0
    name: tuple[str, int, int] | None = None
    while mark := (_MARK if depth == 1 else _BRACKET).search(line, end):
        start, end = mark.span()
        if mark[0] == '"':
            value, end = scanstring(line, end)
            if depth == 1 and name is None and (colon := _COLON.match(line, end)):
                name = value, start, colon.end()
            continue
        if mark[0] in "{[":
            depth += 1
        elif mark[0] in "]}":
            depth -= 1
        if name is not None and ((mark[0] == "," and depth == 1) or depth == 0):
            found.append((*name, len(line[:start].rstrip(" \t\r\n"))))
            name = None
    return found


def _literal(line: str, field: str) -> tuple[int, int]:
    """Return where the string literal of a top-level field stands: half-open, quotes included.

    The line is known to be JSON. `json.JSONDecoder.raw_decode` is not used to step over the other values:
    deep in a call stack it refuses brackets that orjson does not mind.
    """
    for name, _, start, end in reversed(_members(line)):
        if name == field and line[start] == '"':
            return start, end
        if name == field:  # a duplicate: the last one counts, whatever it holds
            break
    raise ReadError(f"no string in field {field!r}; expected a JSON object with a text there")


def _style(literal: str, text: str) -> str | None:
    if literal == json.dumps(text, ensure_ascii=False):
        return None
    return "ascii" if literal == json.dumps(text) else literal


def _written(text: str, style: str | None) -> str:
    return json.dumps(text, ensure_ascii=style == "ascii")


def _decoded(literal: str) -> object:
    try:
        return json.loads(literal)
    except (ValueError, TypeError):
        return None
