"""WARC and WET files: the pages and texts among the records of a crawl.

Records are cut apart here, by the length that each states: that a file is damaged or cut short is told, where readers of crawls pass over it.
What a record says is for fastwarc to read.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from cleaner.model import LARGEST

MAGIC: Final = b"WARC/"
"""How each record starts."""

TYPES: Final = (b"response", b"conversion")
"""Of other types are requests, what a crawler says of itself, and repeated answers without a text."""

PAGES: Final = ("text/html", "application/xhtml+xml")
"""Content types whose text is HTML."""

_DIGITS: Final = 18
"""No file is so long that its length has more."""

_HEAD_BYTES: Final = 1_000_000
"""Longer heads of records are damage."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A record that holds a document."""

    uri: str
    """What was asked for; "" when the record does not say."""
    date: str
    """When, as the record says it: "2026-01-02T03:04:05Z"; "" when it does not."""
    content: bytes = b""
    """What the answer held, without transfer and content encodings."""
    html: bool = False
    charset: str | None = None
    """The encoding that the answer's head gives; None when it gives none."""
    error: str = ""
    """Why the content cannot be read; "" when it can."""

    @property
    def host(self) -> str:
        """The host in the address, in small letters; "" when there is none.

        >>> Capture("https://News.example:8080/a", "").host
        'news.example'
        """
        try:
            return urlsplit(self.uri).hostname or ""
        except ValueError:
            return ""


def pieces(stream: io.BufferedReader, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield the records of `TYPES` in pieces of about `size` bytes, and how many each holds; those of other types are passed over.

    Raises:
        OSError: The file is no WARC file, is damaged or cut short; what came before was yielded.
    """
    data, count = bytearray(), 0
    try:
        for record in _records(stream):
            data += record
            count += 1
            if len(data) >= size:
                yield count, bytes(data)
                data, count = bytearray(), 0
    except OSError:
        if data:
            yield count, bytes(data)
        raise
    if data:
        yield count, bytes(data)


def captures(data: bytes) -> Iterator[Capture | None]:
    r"""Yield what each record of a piece holds; None for what is no text: images, errors, redirections.

    >>> head = b"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: https://a.example/\r\nContent-Length: 3\r\n\r\n"
    >>> [(found.uri, found.content) for found in captures(head + b"One\r\n\r\n")]
    [('https://a.example/', b'One')]
    """
    return map(_capture, _records(io.BytesIO(data)))


def _records(stream: io.BufferedIOBase) -> Iterator[bytes]:
    """Yield the records of `TYPES`, whole."""
    while lines := _head(stream):
        fields = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:])
        }
        length = fields.get(b"content-length", b"")
        if not length.isdigit() or len(length) > _DIGITS:
            raise _damaged("a record without its length")
        block = stream.read(min(int(length), LARGEST + 1))
        if left := int(length) - len(block):  # it is too large, which is told by this much of it
            lines = [line for line in lines if not line.lower().startswith(b"content-length")]
            lines += [b"Content-Length: %d" % len(block), _CUT + b": 1"]
        while left and (some := stream.read(min(left, _HEAD_BYTES))):
            left -= len(some)
        if left:
            raise _damaged("the last record is cut short")
        if fields.get(b"warc-type", b"").lower() in TYPES:
            yield b"\r\n".join([*lines, b"", block, b"", b""])


def _head(stream: io.BufferedIOBase) -> list[bytes]:
    """Return the lines of the next record's head, without their ends; none at the end of the file."""
    lines: list[bytes] = []
    left = _HEAD_BYTES
    while line := stream.readline(left):
        content = line.rstrip(b"\r\n")
        if not lines and content and not content.startswith(MAGIC):
            raise _damaged("no WARC record where one should start")
        if lines and not content:
            return lines
        if content:
            lines.append(content)
        left -= len(line)
    if lines:
        raise _damaged("the head of a record does not end")
    return []


_CUT: Final = b"Cleaner-Cut"
"""A field for the head of a record that was too large, and is not whole."""


def _damaged(wrong: str) -> OSError:
    return OSError(errno.EIO, wrong)


def _capture(data: bytes) -> Capture | None:
    from fastwarc.warc import WarcRecord, response

    uri = date = ""
    try:
        record = WarcRecord.from_bytes(data)
        uri = (record.headers.get("WARC-Target-URI") or "").strip("<> ")
        date = record.headers.get("WARC-Date") or ""
        if record.record_type != response:
            return Capture(uri, date, record.reader.read(LARGEST + 1) if record.reader else b"")
        cut = record.headers.get(_CUT.decode()) is not None
        record.parse_http(auto_decode="all", quirks_mode=True)
        kind = (record.http_content_type or "").lower()
        status = record.http_headers.status_code if record.http_headers else None
        if not (kind in PAGES or kind == "text/plain") or status is None or not 200 <= status < 300:
            return None
        if cut:  # and what is left of it may unpack to less than too much
            return Capture(uri, date, error=f"more than {LARGEST // 2**20} MiB")
        content = record.reader.read(LARGEST + 1) if record.reader else b""
    except OSError as error:
        return Capture(uri, date, error=f"the answer cannot be read: {error}")
    return Capture(uri, date, content, kind in PAGES, record.http_charset)
