"""Documents in columns, as data frames and `datasets` hold them, and what is told of them there."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from numbers import Integral
from typing import Any, Protocol

import orjson
from xxhash import xxh3_128_hexdigest

from cleaner.model import Cleaned, Document, ReadError
from cleaner.report import spans

SPANS, STATUS = "spans", "status"
"""Names of what is added to a row, or to a document's metadata."""


NO_TEXT = {SPANS: "[]", STATUS: "failed"}
"""What is told of a row without a text."""


class Columns(Protocol):
    """Columns of equal length by name: a dict, a batch of `datasets`, a data frame of pandas or polars."""

    def __getitem__(self, name: str, /) -> Any:
        """Return one column: any iterable of values."""


def named(columns: Columns) -> dict[str, Any]:
    """Return the columns by name.

    Raises:
        ReadError: they are none.

    >>> named([])
    Traceback (most recent call last):
    cleaner.model.ReadError: a list; expected columns by name: a dict, or a data frame of pandas or polars
    """
    lazy = hasattr(columns, "collect")
    names = columns.keys() if hasattr(columns, "keys") else None if lazy else getattr(columns, "columns", None)
    if names is None:
        wrong = f"a {type(columns).__name__}; expected columns by name: a dict, or a data frame of pandas or polars"
        raise ReadError(wrong)
    return {name: columns[name] for name in names}


def documents(
    columns: Columns,
    *,
    text: str = "text",
    id: str = "id",  # noqa: A002  # as the column is called
    group: str = "group",
    url: str = "url",
) -> list[Document]:
    """Return the documents of columns, to learn from. Rows that hold no text, but null, are left out.

    Args:
        columns: of texts, and of ids, groups and addresses where there are such columns.
        text: name of the column of texts.
        id: of ids, strings or integers; a document without one is called by a digest of its text.
        group: of the sites or sources that documents come from.
        url: of their addresses.

    Raises:
        ReadError: there is no column of texts, or the columns are not of one length.

    >>> [one.id for one in documents({"text": ["Of bees.", None, "Of ants."], "id": [7, 8, None]})]
    ['7', 'b89c3cc4262bb60369e7d40f0e6c9c62']
    """
    return [one for one in rows(columns, text, id, group, url) if one is not None]


def rows(columns: Columns, text: str, id_: str, group: str, url: str) -> list[Document | None]:
    """Return the document of each row; None for what holds no text. For the arguments, see `documents`.

    Raises:
        ReadError: there is no column of texts.

    >>> rows({"body": ["One.", None], "id": [7, 8]}, "body", "id", "group", "url")
    [Document(id='7', text='One.'...), None]
    """
    found = named(columns)
    if text not in found:
        raise ReadError(f"no column {text!r}; expected the texts' column, got {', '.join(map(repr, found)) or 'none'}")
    texts = list(found[text])
    ids, groups, urls = ([*found[name]] if name in found else [""] * len(texts) for name in (id_, group, url))
    for name, values in ((id_, ids), (group, groups), (url, urls)):
        if len(values) != len(texts):
            raise ReadError(f"column {name!r} has {len(values)} rows; expected {len(texts)}, as column {text!r} has")
    return [
        document(found, _name(own), _name(of), _name(where)) if isinstance(found, str) else None
        for found, own, of, where in zip(texts, ids, groups, urls, strict=True)
    ]


def document(text: str, id_: str = "", group: str = "", url: str = "") -> Document:
    """Return a document; without an id it is called by a digest of its text: the same wherever, and whenever, it comes.

    >>> document("Of ants.").id
    'b89c3cc4262bb60369e7d40f0e6c9c62'
    """
    return Document(id_ or xxh3_128_hexdigest(text.encode("utf-8", "surrogatepass")), text, group, url)


def _name(value: object) -> str:
    return str(value) if isinstance(value, str | Integral) else ""  # null has many names


def noted(cleaned: Cleaned) -> dict[str, str]:
    r"""Return what is added to a row, or to a document's metadata: `spans` and `status`, both strings.

    Spans are the report's, as JSON: whatever was cut, and for whichever reasons, the column has one type, and metadata stay flat.

    >>> noted(Cleaned(Document("a", "Of bees."), "Of bees.", (), "unchanged"))
    {'spans': '[]', 'status': 'unchanged'}
    """
    found = spans(cleaned)
    try:
        told = orjson.dumps(found).decode()
    except TypeError:  # a lone surrogate, which only escapes can say
        told = json.dumps(found, separators=(",", ":"))
    return {SPANS: told, STATUS: cleaned.status}


def described(text: str, id_: str, metadata: Mapping[str, object], group: str, url: str) -> Document:
    """Return a document of another library, its group and address from the fields of its metadata that are called `group` and `url`.

    Raises:
        ReadError: the metadata have a field `spans` or `status`, which would be overwritten.

    >>> described("Of ants.", "a", {"site": "example.com"}, "site", "url").group
    'example.com'
    """
    check_free(metadata, f"{id_ or 'a document'}: metadata")
    return document(text, id_, _name(metadata.get(group)), _name(metadata.get(url)))


def check_free(names: Collection[object], where: str) -> None:
    """Make sure that what is added overwrites nothing.

    Raises:
        ReadError: something is called `spans` or `status` already.

    >>> check_free(["text", "status"], "columns")
    Traceback (most recent call last):
    cleaner.model.ReadError: columns: 'status' is there already; expected another name for it: cleaner adds its own
    """
    for name in (SPANS, STATUS):
        if name in names:
            raise ReadError(f"{where}: {name!r} is there already; expected another name for it: cleaner adds its own")
