"""What language a text is written in, as far as a rule for short words needs to know."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import regex

ENOUGH_CHARS, MOST_CHARS = 100, 10_000
"""A shorter text does not tell its language; of a longer one, the start does."""

_SCRIPTS = {
    "ar": "Arabic",
    "bg": "Cyrillic",
    "bn": "Bengali",
    "el": "Greek",
    "fa": "Arabic",
    "he": "Hebrew",
    "hi": "Devanagari",
    "ja": "Hiragana",
    "ko": "Hangul",
    "ru": "Cyrillic",
    "sr": "Cyrillic",
    "ta": "Tamil",
    "th": "Thai",
    "uk": "Cyrillic",
    "ur": "Arabic",
    "zh": "Han",
}
"""By language. A rule in several scripts names several languages."""

_LATIN = frozenset("cs da de en es fi fr hr hu id it ms nb nl nn no pl pt ro sk sl sv sw tl tr vi".split())
_KNOWN = _SCRIPTS.keys() | _LATIN
"""Of other languages the script is not known, and not looked at."""

_SAME = {"nb": "no", "nn": "no"}
"""Norwegian is called by three codes."""


def written_in(text: str, langs: Sequence[str]) -> bool:
    """Whether a text may be written in one of `langs`: "en", "pt-br".

    It is when it holds a letter of the language's script and, where the extra `lang` is installed and the text is long
    enough to tell, when that finds the language to be the likeliest. The same text always gives the same answer.

    >>> written_in("Мост закрыт до весны.", ["ru"]), written_in("The bridge is closed.", ["ru", "uk"])
    (True, False)
    """
    codes = {_SAME.get(code, code) for code in map(_code, langs)}
    if codes <= _KNOWN and not any(_letters(_SCRIPTS.get(code, "Latin")).search(text) for code in codes):
        return False
    found = _detected(text[:MOST_CHARS]) if len(text) >= ENOUGH_CHARS else None
    return found is None or _SAME.get(found, found) in codes


def in_latin_letters(langs: Sequence[str]) -> bool:
    """Whether one of `langs` is written in the Latin script.

    >>> in_latin_letters(["ru", "uk"]), in_latin_letters(["ru", "pt-br"])
    (False, True)
    """
    return not all(_code(lang) in _SCRIPTS for lang in langs)


def _code(lang: str) -> str:
    return lang.partition("-")[0]


@cache
def _letters(script: str) -> regex.Pattern[str]:
    return regex.compile(rf"\p{{{script}}}")


@lru_cache(8)
def _detected(text: str) -> str | None:
    """Return the code of the likeliest language; None when the extra is not installed."""
    detector = _detector()
    return detector.classify(text)[0] if detector else None


@cache
def _detector() -> Any:
    try:
        import py3langid  # an extra
    except ImportError:
        return None
    return py3langid
