"""What the bytes of a page mean."""

from __future__ import annotations

import re
from typing import Final

import webencodings

from cleaner.model import ReadError

_COMMENT = re.compile(rb"<!--.*?(?:-->|$)|<script\b.*?(?:</script|$)", re.DOTALL | re.IGNORECASE)
_CHARSET = re.compile(
    rb"""<meta\s(?:[^>]*?\s)?(?:charset\s*=\s*["']?|content\s*=\s*["'][^"'>]*;\s*charset\s*=)\s*([\w.:-]{2,40})""",
    re.IGNORECASE,
)
_DECLARED_BYTES: Final = 4096
"""How far into a page its encoding may be declared; browsers look at the first 1,024 bytes."""

_CONTROLS: Final = {0xDC00 + byte: byte for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}
"""Bytes that Windows-1252 does not define stand for themselves: encoding.spec.whatwg.org."""


def decode(data: bytes, name: str, said: str | None = None) -> str:
    r"""Return the text of an HTML file: by its byte order mark, as UTF-8 where it is that, else as it is said or declares.

    Pages are saved as UTF-8 more often than their declarations are mended.

    Args:
        data: The file.
        name: What to call it in errors.
        said: The encoding that its server gave; unknown ones do not count.

    Raises:
        ReadError: the bytes are not in that encoding.

    >>> decode('<meta charset="koi8-r"><p>Пчёлы'.encode("koi8-r"), "x.html")[-5:]
    'Пчёлы'
    >>> decode(b"<p>caf\xe9", "x.html")
    Traceback (most recent call last):
    cleaner.model.ReadError: x.html: not utf-8 at byte 6; expected UTF-8, or a page that declares its encoding
    """
    declared = (webencodings.lookup(said) if said else None) or _declared(data)
    escaped = declared.name == "iso-2022-jp"  # all ASCII, and so UTF-8, too
    for encoding in dict.fromkeys([declared] if escaped else [webencodings.UTF8, declared]):
        errors = "surrogateescape" if encoding.name == "windows-1252" else "strict"
        try:
            return str(webencodings.decode(data, encoding, errors)[0]).translate(_CONTROLS)
        except UnicodeDecodeError as error:  # of another encoding, when there is a byte order mark
            wrong = f"{name}: not {error.encoding} at byte {error.start}"
    raise ReadError(f"{wrong}; expected UTF-8, or a page that declares its encoding")


def _declared(data: bytes) -> webencodings.Encoding:
    found = _CHARSET.search(_COMMENT.sub(b"", data[:_DECLARED_BYTES]))
    declared = webencodings.lookup(found[1].decode("ascii", "replace")) if found else None
    if declared is None or declared.name.startswith("utf-16") or declared.name == "x-user-defined":
        return webencodings.UTF8  # as browsers do: what could be read so far is no UTF-16
    return declared
