"""Which site a document is of: its group, or the host of its address."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from cleaner.model import Document

_SCHEME = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//")


def hosts(document: Document) -> tuple[str, str]:
    """Return what the `sites` of a rule are compared with: the document's group, and the host of its address, in lower case.

    >>> hosts(Document("a", "", "Example", "https://www.Example.com:8080/news?id=7"))
    ('example', 'www.example.com')
    """
    url = document.url if _SCHEME.match(document.url) else f"//{document.url}"
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:  # "http://[": no address
        host = ""
    return document.group.casefold(), host.casefold()


def of_site(sites: Sequence[str], document: Document) -> bool:
    """Whether a wildcard hits the group of a document, or its host; `*.example.com` hits `example.com`, too.

    >>> of_site(["*.example.com"], Document("a", "", url="https://example.com/news"))
    True
    """
    wildcards = {site.casefold() for site in sites}
    wildcards |= {site.removeprefix("*.") for site in wildcards}
    return any(name and fnmatchcase(name, wildcard) for name in hosts(document) for wildcard in wildcards)
