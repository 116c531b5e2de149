"""Rules that were proposed, in a pack: written, then accepted, changed or turned down one by one. Comments and order stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Table

from cleaner.files import write_atomic
from cleaner.matching import Rule
from cleaner.model import RuleError, WriteError
from cleaner.rules import PROPOSED, parse_rule

_HEAD: Final = "Proposed by `cleaner learn`. What says so is not used before it was accepted: cleaner review {}"

_AROUND: Final = ("pack", "own")
"""Fields of a rule that its table does not have."""


def write_drafts(rules: Sequence[Rule], path: Path) -> None:
    """Write a new pack of rules that are proposed.

    Raises:
        WriteError: it cannot be written, or something is there.
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


def _table(values: dict[str, Any]) -> Table:
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


class Drafts:
    """A pack with proposals. What is done with one of them is written at once."""

    def __init__(self, path: Path) -> None:
        """Read a pack.

        Raises:
            RuleError: it cannot be read, or is no TOML with [[rule]] tables.
        """
        self._path = path
        try:
            self._document = tomlkit.parse(path.read_bytes().decode("utf-8-sig"))
        except OSError as error:
            raise RuleError(f"{path}: {error.strerror}; expected what `cleaner learn --propose` wrote") from error
        except (ValueError, TOMLKitError, RecursionError) as error:
            raise RuleError(f"{path}: not TOML in UTF-8: {error}; expected [[rule]] tables") from error
        if not isinstance(self._tables, AoT):
            raise RuleError(f"{path}: no [[rule]] tables; expected what `cleaner learn --propose` wrote")

    @property
    def _tables(self) -> Any:
        return self._document.get("rule")

    @property
    def left(self) -> list[int]:
        """The places of rules that are proposed."""
        return [at for at, table in enumerate(self._tables) if PROPOSED in table]

    def text(self, at: int) -> str:
        """Return the rule at a place, as TOML."""
        table = {name: value for name, value in self._tables[at].items() if name != PROPOSED}
        return tomlkit.dumps({"rule": [table]})

    def rule(self, at: int) -> Rule:
        """Return the rule at a place.

        Raises:
            RuleError: it is wrong.
        """
        return self._parsed(self._tables[at].unwrap(), at)

    def accept(self, at: int) -> None:
        """Make the rule at a place one that is used.

        Raises:
            RuleError: it is wrong, or its id is that of another one.
            WriteError: it cannot be written.
        """
        self.rule(at)
        del self._tables[at][PROPOSED]
        self._write()

    def reject(self, at: int) -> None:
        """Remove the rule at a place.

        Raises:
            WriteError: it cannot be written.
        """
        del self._tables[at]
        self._write()

    def change(self, at: int, text: str) -> None:
        """Put another rule, as TOML, at a place; it is still proposed.

        Raises:
            RuleError: `text` is not one rule, or is more.
            WriteError: it cannot be written.
        """
        try:
            edited = tomlkit.parse(text)
        except (ValueError, TOMLKitError, RecursionError) as error:
            raise RuleError(f"{self._path}: not one rule ({error}); expected one [[rule]] table") from error
        tables = edited.get("rule")
        if list(edited) != ["rule"] or not isinstance(tables, AoT) or len(tables) != 1:
            raise RuleError(f"{self._path}: not one rule; expected one [[rule]] table and nothing else")
        table = tables[0]
        self._parsed(table.unwrap(), at)
        table[PROPOSED] = True
        self._tables[at] = table
        self._write()

    def _parsed(self, table: dict[str, Any], at: int) -> Rule:
        place = f"{self._path}: rule {table.get('id', at + 1)!r}"
        rule = parse_rule(self._path.stem, {k: v for k, v in table.items() if k != PROPOSED}, place, own=True)
        if any(one.get("id") == rule.id for other, one in enumerate(self._tables) if other != at):
            raise RuleError(f"{place}: id: used twice in this pack; expected a name of its own")
        return rule

    def _write(self) -> None:
        write_atomic(self._path, tomlkit.dumps(self._document).encode())
