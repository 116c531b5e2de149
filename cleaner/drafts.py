"""Rules that were proposed, in a pack: written, then accepted, changed or turned down one by one. All other text of it stays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, NamedTuple

import tomlkit
from tomlkit.exceptions import TOMLKitError

from cleaner.compression import contents
from cleaner.files import one_line, write_atomic
from cleaner.matching import Rule
from cleaner.model import RuleError, WriteError
from cleaner.rules import PROPOSED, parse_rule

_HEAD: Final = "Proposed by `cleaner learn`. What says so is not used before it was accepted: cleaner review {}"

_AROUND: Final = ("pack", "own")
"""Fields of a rule that its table does not have."""

_HEADER: Final = re.compile(r"^(?=[ \t]*\[)", re.MULTILINE)
"""Where a table may begin; in a list or a text, lines may begin so, too."""

_BLANK: Final = re.compile(r"\A(?:[ \t]*\r?\n)+")


def write_drafts(rules: Sequence[Rule], path: Path) -> None:
    """Write a new pack of rules that are proposed.

    Raises:
        WriteError: it cannot be written, or something is there.

    >>> import tempfile
    >>> lists = {"phrases": ["Dine"], "langs": ["en"], "match": ["Dine"], "spare": ["Dinner"]}
    >>> rule = parse_rule("site", {"id": "plug", "why": "A plug.", "effect": "cut", **lists}, "site.toml", own=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_drafts([rule], Path(folder, "site.toml"))
    ...     Drafts(Path(folder, "site.toml")).left
    [0]
    """
    check_free(path)  # once more: something may have been put there while the rules were found
    document = tomlkit.document()
    document.add(tomlkit.comment(_HEAD.format(path.name)))
    tables = tomlkit.aot()
    for rule in rules:
        tables.append(_table({PROPOSED: True, **_told(rule)}))
    document["rule"] = tables
    write_atomic(path, tomlkit.dumps(document).encode())


def check_free(path: Path) -> None:
    """Make sure that nothing is where proposals are to be written: what somebody reviewed would be gone.

    Raises:
        WriteError: there is something.

    >>> check_free(Path("no-such-file.toml"))
    """
    if path.exists() or path.is_symlink():
        raise WriteError(f"{path}: is there already; expected a name that is free")


def _told(rule: Rule) -> dict[str, Any]:
    told = {
        field.name: (getattr(rule, field.name), field.default) for field in fields(rule) if field.name not in _AROUND
    }
    return {name: value for name, (value, default) in told.items() if value != default}


def _table(values: dict[str, Any]) -> tomlkit.items.Table:
    table = tomlkit.table()
    for name, value in values.items():
        if isinstance(value, tuple):
            texts = tomlkit.array()
            texts.extend(value)
            table[name] = texts.multiline(len(value) > 1)
        elif name == "pattern":
            table[name] = tomlkit.string(value, literal="'" not in value and value.isprintable())
        else:
            table[name] = value
    return table


class _Part(NamedTuple):
    """A part of a pack, as it stands there."""

    text: str
    table: dict[str, Any] | None = None
    """The fields, when it is a [[rule]] table."""


def _parts(text: str) -> list[_Part]:
    r"""Cut a pack before and behind each of its rules. Comments and blank lines below a rule are not in its part.

    >>> [part.text for part in _parts("# a\n[[rule]]\n# b\nid = 'x'\n\n# c\n")]
    ['# a\n', "[[rule]]\n# b\nid = 'x'\n", '\n# c\n']
    """
    first, *more = _HEADER.split(text)
    tables = [first]
    for piece in more:
        if _read(tables[-1]) is None:  # it ends within a list or a text
            tables[-1] += piece
        else:
            tables.append(piece)
    parts = [_Part(tables[0])]
    for table in tables[1:]:
        match _read(table):
            case {"rule": [rule]}:
                end = _end(table)
                parts += [_Part(table[:end], rule), _Part(table[end:])]
            case _:
                parts.append(_Part(table))
    return parts


def _read(text: str) -> dict[str, Any] | None:
    """Return what a part of a pack says, or None when it is no TOML by itself."""
    try:
        return tomlkit.parse(text).unwrap()
    except (ValueError, TOMLKitError, RecursionError):
        return None


def _end(table: str) -> int:
    r"""Return where the last field of a table ends.

    >>> _end("[[rule]]\nwhy = '''\n# in it'''\n# below it\n")
    30
    """
    end = len(table)
    while end:
        start = table.rfind("\n", 0, end - 1) + 1
        line = table[start:end].strip()
        if line and (line[0] != "#" or _read(table[:start]) is None):
            break
        end = start
    return end


def _used(text: str) -> str:
    r"""Return the TOML of a rule without what says that it is proposed.

    >>> _used("[[rule]]\n# a\nproposed = true\nid = 'x'  # b\n")
    "[[rule]]\n# a\nid = 'x'  # b\n"
    """
    document: Any = tomlkit.parse(text)
    document["rule"][0].pop(PROPOSED, None)
    return tomlkit.dumps(document)


class Drafts:
    """A pack with proposals. What is done with one of them is written at once, unless somebody else changed the file."""

    def __init__(self, path: Path) -> None:
        """Read a pack.

        Raises:
            RuleError: it cannot be read, or is no TOML with [[rule]] tables.
        """
        self._path = path
        try:
            self._data = contents(path)
            text = self._data.decode("utf-8-sig")
            told = tomlkit.parse(text).unwrap().get("rule")
        except OSError as error:
            raise RuleError(f"{path}: {error.strerror}; expected what `cleaner learn --propose` wrote") from error
        except (ValueError, TOMLKitError, RecursionError) as error:
            raise RuleError(f"{path}: not TOML in UTF-8: {error}; expected [[rule]] tables") from error
        self._parts = _parts(text)
        if self._tables != told:
            raise RuleError(f"{path}: no [[rule]] tables; expected what `cleaner learn --propose` wrote")

    @property
    def _tables(self) -> list[dict[str, Any]]:
        return [part.table for part in self._parts if part.table is not None]

    @property
    def left(self) -> list[int]:
        """The places of rules that are proposed."""
        return [at for at, table in enumerate(self._tables) if PROPOSED in table]

    def text(self, at: int) -> str:
        """Return the rule at a place as TOML, with the comments in it."""
        return _used(self._parts[self._place(at)].text)

    def rule(self, at: int) -> Rule:
        """Return the rule at a place.

        Raises:
            RuleError: it is wrong.
        """
        return self._parsed(self._tables[at], at)

    def accept(self, at: int) -> None:
        """Make the rule at a place one that is used.

        Raises:
            RuleError: it is wrong, or its id is that of another one.
            WriteError: it cannot be written, or was changed since it was read.
        """
        self.rule(at)
        used = {name: value for name, value in self._tables[at].items() if name != PROPOSED}
        self._put(at, _Part(self.text(at), used))

    def reject(self, at: int) -> None:
        """Remove the rule at a place, with the comments in it.

        Raises:
            WriteError: it cannot be written, or was changed since it was read.
        """
        place = self._place(at)
        before, (below, *after) = self._parts[:place], self._parts[place + 1 :]
        if len(self._tables) == 1:  # that there are none is said, so that the pack is still one
            before[0] = _Part(f"{before[0].text}rule = []\n")
        self._write([*before, _Part(_BLANK.sub("", below.text)), *after])

    def change(self, at: int, text: str) -> None:
        """Put another rule, as TOML, at a place; it is still proposed.

        Raises:
            RuleError: `text` is not one rule, or is more.
            WriteError: it cannot be written, or was changed since it was read.
        """
        try:
            told = tomlkit.parse(text).unwrap()
        except (ValueError, TOMLKitError, RecursionError) as error:
            raise RuleError(f"{self._path}: not one rule ({error}); expected one [[rule]] table") from error
        tables = [part.table for part in _parts(text) if part.table is not None]
        if len(tables) != 1 or told != {"rule": tables}:
            raise RuleError(f"{self._path}: not one rule; expected one [[rule]] table and nothing else")
        self._parsed(tables[0], at)
        above, rule, below = _parts(_used(text))
        header, _, rest = rule.text.partition("\n")
        edited = f"{above.text}{header}\n{PROPOSED} = true\n{rest}{below.text}".strip("\n") + "\n"
        self._put(at, _Part(edited, {PROPOSED: True, **tables[0]}))

    def _place(self, at: int) -> int:
        """Return which part the rule at a place is."""
        return [place for place, part in enumerate(self._parts) if part.table is not None][at]

    def _parsed(self, table: dict[str, Any], at: int) -> Rule:
        place = f"{self._path}: rule {table.get('id', at + 1)!r}"
        rule = parse_rule(self._path.stem, {k: v for k, v in table.items() if k != PROPOSED}, place, own=True)
        if any(one.get("id") == rule.id for other, one in enumerate(self._tables) if other != at):
            raise RuleError(f"{place}: id: used twice in this pack; expected a name of its own")
        return rule

    def _put(self, at: int, part: _Part) -> None:
        place = self._place(at)
        self._write([*self._parts[:place], part, *self._parts[place + 1 :]])

    def _write(self, parts: list[_Part]) -> None:
        with one_line(self._path):
            now = contents(self._path)
        if now != self._data:  # what somebody else wrote would be gone
            raise WriteError(f"{self._path}: changed since it was read; expected one review of it at a time")
        data = "".join(part.text for part in parts).encode()
        write_atomic(self._path, data)
        self._parts, self._data = parts, data
