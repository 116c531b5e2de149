"""Rule packs: read and check them.

A pack is a TOML file of `[[rule]]` and `[[instead]]` tables; `rules/README.md` explains the fields. `cleaner.matching` says what rules
hit, `cleaner.instead` what is done in place of a cut.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, get_args

import regex
import tomli

from cleaner.compression import contents
from cleaner.matching import Rule, RuleSet
from cleaner.model import Instead, RuleError, Signal
from cleaner.phrasing import bare
from cleaner.placing import FARTHEST, Where
from cleaner.segment import fold

_NAME = regex.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LANG = regex.compile(r"[a-z]{2,3}(?:-[a-z]{2,4})?")


UNROLLED = 100_000
"""Parts of a pattern at most: some 30 MB when compiled. Those that are shipped have some hundreds."""

PROPOSED: Final = "proposed"
"""The field of rules that nobody has accepted yet."""

_TOKEN = regex.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\s*(?<least>\d+)\s*(?:,\s*\d*\s*)?\}|.", regex.DOTALL)
_COMMENT = regex.compile(r"\(\?#[^)]*\)|(?<![\\(?\[])#[^\n]*\n")
_TEXTS = frozenset(("id", "why", "effect", "pattern", "where"))
_LISTS = frozenset(("phrases", "keywords", "langs", "sites", "match", "spare", "until"))
_FLAGS = frozenset(("native",))
_NUMBERS = frozenset(("within",))
_REQUIRED = frozenset(("id", "why", "effect", "langs", "match", "spare"))
_INSTEAD = frozenset(("why", "rules", "templates", "first", "marker"))
_TEMPLATE = regex.compile("[0-9a-f]{16}")

MARKER = 3
"""Characters of a marker at least: a shorter one stands in too many texts."""


def packs_folder() -> Path:
    """Return the folder of the shipped packs, in a wheel as in a checkout.

    >>> (packs_folder() / "related.toml").is_file()
    True

    Raises:
        RuleError: The packs were not installed.
    """
    here = Path(__file__).parent
    for folder in (here / "_packs", here.parent / "rules"):
        if folder.is_dir():
            return folder
    raise RuleError(f"{here / '_packs'}: no shipped rule packs; expected the folder that the wheel holds")


def optional_packs() -> list[str]:
    """Return the names of the packs that are shipped but not used unless they are asked for, sorted.

    Raises:
        RuleError: The packs were not installed.

    >>> "bylines" in optional_packs()
    True
    """
    return sorted(path.stem for path in (packs_folder() / "optional").glob("*.toml"))


def load_rules(paths: Sequence[Path | str] = (), *, shipped: bool = True) -> RuleSet:
    """Read rule packs: the shipped ones in name order, then `paths` as given, folders' packs in name order.

    A rule replaces an earlier one of the same pack name and id; `disable` turns off rules read before. What is done in place of
    cuts is added up.

    Args:
        paths: Packs and folders of packs; where there is none of that name, names of optional packs.
        shipped: Whether to read the shipped ones, too; the optional ones never are by themselves.

    >>> len(load_rules(shipped=False).rules)
    0

    Raises:
        RuleError: A path is missing, a pack is not valid TOML, or a rule is wrong.
    """
    rules: dict[str, Rule] = {}
    instead: list[Instead] = []
    folders = [(packs_folder(), False)] * shipped + [(Path(path), True) for path in paths]
    for path, own in ((pack, own) for folder, own in folders for pack in _pack_files(folder)):
        disable, pack, tables = _read_pack(path, own=own)
        for wildcard in disable:
            if not any(fnmatchcase(full_id, wildcard) for full_id in rules):
                raise _wrong(str(path), "disable", f"{wildcard!r} hits no rule", "an earlier 'pack/id'")
            rules = {full_id: rule for full_id, rule in rules.items() if not fnmatchcase(full_id, wildcard)}
        rules |= {rule.full_id: rule for rule in pack}
        instead += [_parse_instead(table, f"{path}: instead number {at}", rules) for at, table in enumerate(tables, 1)]
    return RuleSet(tuple(rules.values()), tuple(instead))


def _pack_files(path: Path) -> list[Path]:
    if not path.exists() and str(path) in optional_packs():
        path = packs_folder() / "optional" / f"{path}.toml"
    packs = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    if not packs:
        raise RuleError(f"{path}: no rule packs in this folder; expected files named *.toml")
    return packs


def _read_pack(path: Path, *, own: bool) -> tuple[list[str], list[Rule], list[dict[str, Any]]]:
    """Return what a pack, the user's `own` or a shipped one, turns off, its rules, and its [[instead]] tables."""
    try:
        pack = tomli.loads(contents(path).decode("utf-8-sig"))
    except OSError as error:
        optional = ", ".join(optional_packs())
        expected = "a rule pack or a folder of them" + (f", or an optional pack: {optional}" if optional else "")
        raise RuleError(f"{path}: {error.strerror}; expected {expected}") from error
    except (ValueError, RecursionError) as error:  # of the decoder or of the parser
        raise RuleError(f"{path}: not TOML in UTF-8: {error}; expected [[rule]] tables") from error
    if unknown := sorted(pack.keys() - {"rule", "instead", "disable"}):
        raise _wrong(str(path), unknown[0], "unknown key", "only [[rule]] and [[instead]] tables and 'disable'")
    disable = pack.get("disable", [])
    if "disable" in pack:
        _check_texts(str(path), "disable", disable)
    for name in ("rule", "instead"):
        tables = pack.setdefault(name, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise _wrong(str(path), name, "not a list of tables", f"[[{name}]] with two brackets on each side")
    if unseen := sum(PROPOSED in table for table in pack["rule"]):
        wrong = f"{unseen} of {len(pack['rule'])} rules are not accepted yet"
        raise _wrong(str(path), PROPOSED, wrong, f"them accepted or rejected: cleaner review {path}")
    rules: dict[str, Rule] = {}
    for number, table in enumerate(pack["rule"], start=1):
        place = f"{path}: rule {table['id']!r}" if "id" in table else f"{path}: rule number {number}"
        rule = parse_rule(path.stem, table, place, own=own)
        if rule.id in rules:
            raise _wrong(place, "id", "used twice in this pack", "a name of its own")
        rules[rule.id] = rule
    return disable, list(rules.values()), pack["instead"]


def parse_rule(pack: str, table: dict[str, Any], place: str, *, own: bool) -> Rule:
    """Return the rule of a [[rule]] table, as a pack's TOML has it.

    Args:
        pack: the stem of the pack's file name.
        table: its fields.
        place: what an error names.
        own: whether the user gave it.

    Raises:
        RuleError: it is wrong: names the field, and what it should be.

    >>> table = {"id": "plug", "why": "A plug.", "effect": "cut", "phrases": ["Dine with us"], "langs": ["en"]}
    >>> parse_rule("club", table | {"match": ["DINE with us"], "spare": ["Dine."]}, "club.toml", own=True).full_id
    'club/plug'
    >>> parse_rule("club", table, "club.toml", own=True)
    Traceback (most recent call last):
    cleaner.model.RuleError: club.toml: match: missing; expected at least effect, id, langs, match, spare, why
    """
    _check_fields(table, place)
    for field, value in table.items():
        _check_value(place, field, value)
    for field, names in (("effect", get_args(Signal)), ("where", get_args(Where))):
        if field in table and table[field] not in names:
            raise _wrong(place, field, f"{table[field]!r} is unknown", f"one of {', '.join(names)}")
    if not _NAME.fullmatch(table["id"]):
        raise _wrong(place, "id", "not kebab-case", "lower-case letters, digits and single hyphens")
    for lang in table["langs"]:
        if not _LANG.fullmatch(lang):
            raise _wrong(place, "langs", f"{lang!r} is no language code", "codes such as 'en' or 'pt-br'")
    for site in table.get("sites", ()):
        if "://" in site:
            raise _wrong(place, "sites", f"{site!r} is an address", "a group or a host name: '*.example.com'")
    if own:  # the tests do this for the shipped packs: it takes longer than all else here
        _check_pattern(place, table.get("pattern", ""))
        _check_phrases(place, table)
    given: dict[str, Any] = {field: tuple(value) if field in _LISTS else value for field, value in table.items()}
    return Rule(pack=pack, own=own, **given)


def _parse_instead(table: dict[str, Any], place: str, full_ids: Collection[str]) -> Instead:
    """Return what an [[instead]] table says of rules of these ids, or raise RuleError that names the field and what it should be."""
    if unknown := sorted(table.keys() - _INSTEAD):
        raise _wrong(place, unknown[0], "unknown field", f"one of {', '.join(sorted(_INSTEAD))}")
    for names in (("why",), ("rules", "templates"), ("first", "marker")):
        if not table.keys() & set(names):
            raise _wrong(place, names[0], "missing", " or ".join(names))
    for field, value in table.items():
        _check_value(place, field, value)
    for wildcard in table.get("rules", ()):
        if not any(fnmatchcase(full_id, wildcard) for full_id in full_ids):
            raise _wrong(place, "rules", f"{wildcard!r} hits no rule", "a 'pack/id' of this pack or an earlier one")
    for template in table.get("templates", ()):
        if not _TEMPLATE.fullmatch(template):
            raise _wrong(place, "templates", f"{template!r} is no template", "16 hexadecimal digits, as in a report")
    if marker := table.get("marker"):
        _check_marker(place, marker)
    given: dict[str, Any] = {
        field: tuple(value) if isinstance(value, list) else value for field, value in table.items()
    }
    return Instead(**given)


def _check_marker(place: str, marker: str) -> None:
    """Raise RuleError when a marker cannot be told from what is around it."""
    if regex.search(r"[\p{Cc}\p{Zl}\p{Zp}]", marker) or marker != marker.strip() or len(marker) < MARKER:
        expected = f"one line of {MARKER} characters or more, without white space around it or control characters"
        raise _wrong(place, "marker", f"{marker!r} cannot stand in a text", expected)


def _check_fields(table: dict[str, Any], place: str) -> None:
    """Raise RuleError when a field is unknown, missing, or does not go with another."""
    known = _TEXTS | _LISTS | _FLAGS | _NUMBERS
    if unknown := sorted(table.keys() - known):
        raise _wrong(place, unknown[0], "unknown field", f"one of {', '.join(sorted(known))}")
    if ("pattern" in table) == ("phrases" in table):
        raise _wrong(place, "pattern", "both or neither of pattern and phrases given", "one of the two")
    if "phrases" in table and "keywords" in table:
        raise _wrong(place, "keywords", "given beside phrases", "keywords only beside a pattern")
    required = _REQUIRED | {"keywords"} if "pattern" in table else _REQUIRED
    if missing := sorted(required - table.keys()):
        raise _wrong(place, missing[0], "missing", f"at least {', '.join(sorted(required))}")
    if "until" in table and "within" not in table:
        raise _wrong(place, "within", "missing beside until", "the most blocks that lie between")
    if "within" in table and table["effect"] != "cut":
        raise _wrong(place, "within", f"given with the effect {table['effect']!r}", "it with the effect 'cut' only")


def _check_pattern(place: str, pattern: str) -> None:
    """Raise RuleError when a pattern is none, or would take more memory than a stranger's should."""
    if unrolled(pattern) > UNROLLED:
        raise _wrong(place, "pattern", "is too large with its repetitions written out", f"at most {UNROLLED} parts")
    try:
        regex.compile(pattern)
    except (regex.error, RecursionError) as error:
        raise _wrong(place, "pattern", f"does not compile ({error})", "a regular expression") from error


def unrolled(pattern: str) -> int:
    """Return about how many characters and classes a pattern has, repetitions written out as often as they are at the least.

    That is what `regex` does, before any text is searched: three brackets can take all memory.

    >>> unrolled("[a-z]{3,9}b+"), unrolled("((a{1000}){1000}){1000}") >= 10**9
    (5, True)
    """
    return max(_size(pattern), _size(_COMMENT.sub("", pattern)))  # what is a comment depends on flags


def _size(pattern: str) -> int:
    sizes, last = [0], 0  # of what is open, and of what was last closed
    for token in _TOKEN.finditer(pattern):
        if token["least"]:
            sizes[-1] += last * max(0, int(token["least"][:20]) - 1)
            last *= max(1, int(token["least"][:20]))
        elif token[0] == "(":
            sizes.append(0)
        elif token[0] == ")":
            last = sizes.pop() if len(sizes) > 1 else sizes[0]
            sizes[-1:] = [sizes[-1] + max(1, last)]
        else:
            last = 1
            sizes[-1] += 1
    return sum(sizes)


def _check_value(place: str, field: str, value: object) -> None:
    """Raise RuleError when a field does not hold the kind of value that it should."""
    if field in _LISTS or field in ("rules", "templates"):
        _check_texts(place, field, value)
    elif field in _NUMBERS:
        if type(value) is not int or not 1 <= value <= FARTHEST:
            raise _wrong(place, field, f"{value!r} is no such number", f"one from 1 to {FARTHEST}")
    elif field in _FLAGS or field == "first":
        if value is not True:
            raise _wrong(place, field, f"{value!r} is not true", "true, or no such field")
    elif not isinstance(value, str) or not value.strip():
        raise _wrong(place, field, f"{value!r} is not text", "a text that is not empty")


def _check_phrases(place: str, table: dict[str, Any]) -> None:
    """Raise RuleError when a phrase can never match, or is the same as another one when folded."""
    for field in ("phrases", "until"):
        seen: dict[str, str] = {}
        for phrase in table.get(field, ()):
            plain = bare(fold(phrase))
            if not plain:
                raise _wrong(place, field, f"{phrase!r} is decoration only", "letters or digits in it")
            key = fold(phrase) if field == "until" and "*" in phrase else plain
            if key in seen:
                raise _wrong(place, field, f"{phrase!r} is the same as {seen[key]!r}", "each phrase once")
            seen[key] = phrase


def _check_texts(place: str, field: str, value: object) -> None:
    """Raise RuleError when `value` is not a list of lines."""
    if not isinstance(value, list) or not value:
        raise _wrong(place, field, f"{value!r} is not a list with entries", "a list of one text or more")
    for text in value:
        # Most start with a letter, which folding keeps; to fold them all takes longer than to look.
        if not isinstance(text, str) or not (text[:1].isalpha() or fold(text)) or "\n" in text:
            raise _wrong(place, field, f"{text!r} is not a line of text", "one line each, none empty")


def _wrong(place: str, field: str, wrong: str, expected: str) -> RuleError:
    return RuleError(f"{place}: {field}: {wrong}; expected {expected}")
