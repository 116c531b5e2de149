"""Loading rule packs."""

from __future__ import annotations

from pathlib import Path

import pytest
import regex

from cleaner.model import Instead, RuleError
from cleaner.rules import load_rules, optional_packs, packs_folder
from tests.packs import LINE, PLUG, load, write

SHIPPED = load_rules()
PACKS = sorted(path.stem for path in packs_folder().glob("*.toml"))


def test_packs_folder_of_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel holds the packs inside the package; without any packs the error says where they should be."""
    monkeypatch.setattr("cleaner.rules.__file__", str(tmp_path / "cleaner" / "rules.py"))
    with pytest.raises(RuleError, match=r"_packs: no shipped rule packs; expected"):
        packs_folder()
    (tmp_path / "rules").mkdir()
    assert packs_folder() == tmp_path / "rules"
    (tmp_path / "cleaner" / "_packs").mkdir(parents=True)
    assert packs_folder() == tmp_path / "cleaner" / "_packs"


def test_shipped_come_first_and_in_name_order() -> None:
    """Packs load in name order."""
    assert list(dict.fromkeys(rule.pack for rule in SHIPPED.rules)) == PACKS
    assert len(SHIPPED.rules) == len({rule.full_id for rule in SHIPPED.rules})


def test_add(tmp_path: Path) -> None:
    """A file of one's own adds its rules to the shipped ones."""
    rules = load_rules([write(tmp_path, PLUG)])
    assert rules.rules[:-1] == SHIPPED.rules
    assert rules.rules[-1].full_id == "own/plug"


def test_override_keeps_the_place(tmp_path: Path) -> None:
    """A rule with the name of an earlier one, pack and id, takes its place; other packs' ids do not clash."""
    (tmp_path / "later").mkdir()
    paths = [
        write(tmp_path, PLUG + LINE),
        write(tmp_path, PLUG, "other.toml"),
        write(tmp_path / "later", PLUG.replace("A plug", "Mine")),
    ]
    rules = load_rules(paths, shipped=False).rules
    assert [(rule.full_id, rule.why) for rule in rules] == [
        ("own/plug", "Mine."),
        ("own/line", "A line."),
        ("other/plug", "A plug."),
    ]


def test_folder_in_name_order(tmp_path: Path) -> None:
    """A folder gives all its *.toml files in name order, nothing else."""
    for name in ("b.toml", "a.toml", "README.md"):
        write(tmp_path, PLUG, name)
    assert [rule.pack for rule in load_rules([tmp_path], shipped=False).rules] == ["a", "b"]


def test_disable(tmp_path: Path) -> None:
    """A pack turns off rules read before it, by name or wildcard, and not its own."""
    off = write(tmp_path, 'disable = ["share/button", "apps/*"]\n' + PLUG, "share.toml")
    full_ids = {rule.full_id for rule in load_rules([off]).rules}
    assert {rule.full_id for rule in SHIPPED.rules} - full_ids == {
        "share/button",
        *(rule.full_id for rule in SHIPPED.rules if rule.pack == "apps"),
    }
    assert "share/plug" in full_ids


def test_what_is_done_in_place_of_cuts(tmp_path: Path) -> None:
    """By wildcards of rules read so far, and by templates; in the order of the packs."""
    write(tmp_path, PLUG + MARK.replace("own/plug", "a/*"), "a.toml")
    table = 'why = "One."\nrules = ["a/plug"]\ntemplates = ["da6630dccae1dafa"]\nfirst = true\n'
    write(tmp_path, f"[[instead]]\n{table}", "b.toml")
    assert load_rules([tmp_path], shipped=False).instead == (
        Instead("So.", rules=("a/*",), marker="[cut]"),
        Instead("One.", rules=("a/plug",), templates=("da6630dccae1dafa",), first=True),
    )
    assert SHIPPED.instead == ()


def test_byte_order_mark_and_carriage_returns(tmp_path: Path) -> None:
    """Editors on Windows write both."""
    path = tmp_path / "own.toml"
    path.write_bytes(b"\xef\xbb\xbf" + PLUG.replace("\n", "\r\n").encode())
    assert len(load_rules([path], shipped=False).rules) == 1


def without(field: str, pack: str = PLUG) -> str:
    """Return a pack less one line."""
    return "\n".join(line for line in pack.split("\n") if not line.startswith(f"{field} "))


CUT = PLUG.replace('"open"', '"cut"')

MARK = """
[[instead]]
why = "So."
rules = ["own/plug"]
marker = "[cut]"
"""

WRONG_PACKS = [
    ("[[rule]\n", r"own\.toml: .*line 1.*; expected"),
    ("rules = 1\n", r"own\.toml: rules: unknown key; expected"),
    ("rule = 1\n", r"own\.toml: rule: not a list of tables; expected"),
    ("[rule]\nid = 'a'\n", r"own\.toml: rule: not a list of tables; expected \[\[rule\]\]"),
    (
        PLUG + "within = 2\n",
        r"own\.toml: rule 'plug': within: given with the effect 'open'; expected it with the effect 'cut'",
    ),
    (CUT + "within = 0\n", r"own\.toml: rule 'plug': within: 0 is no such number; expected one from 1 to 500"),
    (CUT + "within = 501\n", r"own\.toml: rule 'plug': within: 501 is no such number"),
    (CUT + "within = true\n", r"own\.toml: rule 'plug': within: True is no such number"),
    (CUT + "within = '2'\n", r"own\.toml: rule 'plug': within: '2' is no such number"),
    (CUT + 'until = ["Older"]\n', r"own\.toml: rule 'plug': within: missing beside until; expected the most blocks"),
    (CUT + 'within = 2\nuntil = "Older"\n', r"own\.toml: rule 'plug': until: 'Older' is not a list"),
    (
        CUT + 'within = 2\nuntil = ["Older", "older!"]\n',
        r"own\.toml: rule 'plug': until: 'older!' is the same as 'Older'",
    ),
    (CUT + 'within = 2\nuntil = ["***"]\n', r"own\.toml: rule 'plug': until: '\*\*\*' is decoration only"),
    (
        PLUG + "proposed = true\n",
        r"own\.toml: proposed: 1 of 1 rules are not accepted yet; expected .*: cleaner review .*own\.toml",
    ),
    ('disable = ["no/such"]\n', r"own\.toml: disable: 'no/such' hits no rule; expected"),
    ('disable = ["own/plug"]\n' + PLUG, r"own\.toml: disable: 'own/plug' hits no rule; expected"),
    ("disable = []\n", r"own\.toml: disable: \[\] is not a list with entries; expected"),
    ('disable = "a/b"\n', r"own\.toml: disable: 'a/b' is not a list"),
    (without("id"), r"own\.toml: rule number 1: id: missing; expected"),
    (without("why"), r"own\.toml: rule 'plug': why: missing; expected"),
    (without("effect"), r"own\.toml: rule 'plug': effect: missing"),
    (without("langs"), r"own\.toml: rule 'plug': langs: missing"),
    (without("match"), r"own\.toml: rule 'plug': match: missing"),
    (without("spare"), r"own\.toml: rule 'plug': spare: missing"),
    (without("phrases"), r"own\.toml: rule 'plug': pattern: both or neither .*; expected one of the two"),
    (without("keywords", LINE), r"own\.toml: rule 'line': keywords: missing"),
    (PLUG + "pattern = 'a'\n", r"own\.toml: rule 'plug': pattern: both or neither"),
    (PLUG + 'keywords = ["a"]\n', r"own\.toml: rule 'plug': keywords: given beside phrases"),
    (PLUG + "weight = 1\n", r"own\.toml: rule 'plug': weight: unknown field; expected one of effect, id"),
    (PLUG + "where = 'middle'\n", r"own\.toml: rule 'plug': where: 'middle' is unknown; expected one of head, tail"),
    (PLUG + "where = 3\n", r"own\.toml: rule 'plug': where: 3 is not text"),
    (PLUG + "sites = []\n", r"own\.toml: rule 'plug': sites: \[\] is not a list with entries"),
    (PLUG + "native = false\n", r"own\.toml: rule 'plug': native: False is not true; expected true, or no such field"),
    (PLUG + 'native = "en"\n', r"own\.toml: rule 'plug': native: 'en' is not true"),
    (PLUG + 'sites = [""]\n', r"own\.toml: rule 'plug': sites: '' is not a line of text"),
    (PLUG + "sites = [1]\n", r"own\.toml: rule 'plug': sites: 1 is not a line of text"),
    (PLUG.replace('"plug"', '"Plug"'), r"own\.toml: rule 'Plug': id: not kebab-case; expected"),
    (PLUG.replace('"plug"', '"plug-"'), r"own\.toml: rule 'plug-': id: not kebab-case"),
    (PLUG.replace('"plug"', "7"), r"own\.toml: rule 7: id: 7 is not text"),
    (PLUG + PLUG, r"own\.toml: rule 'plug': id: used twice in this pack; expected"),
    (PLUG.replace("A plug.", " "), r"own\.toml: rule 'plug': why: ' ' is not text"),
    (PLUG.replace('"open"', '"Open"'), r"own\.toml: rule 'plug': effect: 'Open' is unknown; expected one of open, cut"),
    (PLUG.replace('["en"]', '["English"]'), r"own\.toml: rule 'plug': langs: 'English' is no language code"),
    (PLUG.replace('["en"]', '"en"'), r"own\.toml: rule 'plug': langs: 'en' is not a list"),
    (PLUG.replace("Hôtel L'Étoile", "***"), r"own\.toml: rule 'plug': phrases: '\*\*\*' is decoration only"),
    (PLUG.replace("Hôtel L'Étoile", "YOU may also like:"), r"phrases: 'YOU may also like:' is the same as 'You may"),
    (PLUG.replace("like tea", r"like\ntea"), r"own\.toml: rule 'plug': spare: .* is not a line of text"),
    (LINE.replace("^join", "^(join"), r"own\.toml: rule 'line': pattern: does not compile \(missing \)"),
    ("instead = 1\n", r"own\.toml: instead: not a list of tables; expected \[\[instead\]\]"),
    (
        MARK + "id = 'a'\n",
        r"own\.toml: instead number 1: id: unknown field; expected one of first, marker, rules, temp",
    ),
    (without("why", MARK), r"own\.toml: instead number 1: why: missing; expected why"),
    (without("rules", MARK), r"own\.toml: instead number 1: rules: missing; expected rules or templates"),
    (without("marker", MARK), r"own\.toml: instead number 1: first: missing; expected first or marker"),
    (
        PLUG + MARK + MARK.replace("own/plug", "own/Plug"),
        r"instead number 2: rules: 'own/Plug' hits no rule; expected a",
    ),
    (
        MARK,
        r"own\.toml: instead number 1: rules: 'own/plug' hits no rule; expected a 'pack/id' of this pack or an earl",
    ),
    (MARK.replace('["own/plug"]', '"own/plug"'), r"own\.toml: instead number 1: rules: 'own/plug' is not a list"),
    (MARK.replace("So.", ""), r"own\.toml: instead number 1: why: '' is not text"),
    (MARK + "first = false\n", r"own\.toml: instead number 1: first: False is not true; expected true, or no such"),
    (MARK + "templates = []\n", r"own\.toml: instead number 1: templates: \[\] is not a list with entries"),
    (PLUG + MARK + 'templates = ["DA6630DCCAE1DAFA"]\n', r"templates: 'DA6630DCCAE1DAFA' is no template; expected 16"),
    (PLUG + MARK + 'templates = ["da6630dccae1dafa0"]\n', r"templates: 'da6630dccae1dafa0' is no template; expected"),
    (MARK.replace('"[cut]"', "3"), r"own\.toml: instead number 1: marker: 3 is not text"),
    *(
        (PLUG + MARK.replace("[cut]", marker), rf"marker: {shown} cannot stand in a text; expected one line of 3 char")
        for marker, shown in [
            ("ab", "'ab'"),
            (" [cut]", r"' \[cut\]'"),
            ("[cut]\\u3000", r".*"),
            ("[cut\\nit]", r"'\[cut\\nit\]'"),
            ("[cut\\tit]", r"'\[cut\\tit\]'"),
            ("[cut\\u2028it]", r".*"),
            ("[cut\\u0085it]", r".*"),
            ("[cut\\u001b]", r".*"),
        ]
    ),
]


@pytest.mark.parametrize(("text", "message"), WRONG_PACKS, ids=[message[:60] for _, message in WRONG_PACKS])
def test_wrong_pack(tmp_path: Path, text: str, message: str) -> None:
    """The message names the file, the rule and the field, on one line, and says what was expected."""
    with pytest.raises(RuleError, match=message) as e:
        load(tmp_path, text)
    assert str(tmp_path) in str(e.value)
    assert "; expected " in str(e.value)
    assert "\n" not in str(e.value)


def test_pattern_error_keeps_its_cause(tmp_path: Path) -> None:
    """The regular expression's own error is the cause."""
    with pytest.raises(RuleError) as e:
        load(tmp_path, LINE.replace("^join", "^(join"))
    assert isinstance(e.value.__cause__, regex.error)


def test_unreadable_paths(tmp_path: Path) -> None:
    """Missing paths, folders without packs, and other encodings are errors that name the path."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "latin.toml").write_bytes("why = 'é'\n".encode("latin-1"))
    for name, message in [
        ("none.toml", "No such file"),
        ("empty", "no rule packs"),
        ("latin.toml", "not TOML in UTF-8"),
    ]:
        with pytest.raises(RuleError, match=f"{name}: {message}.*; expected"):
            load_rules([tmp_path / name], shipped=False)


def test_shipped_packs_are_sound() -> None:
    """Loading trusts the shipped packs' patterns and phrases; read as somebody's own, they are checked in full."""
    packs = [path for path in packs_folder().rglob("*.toml") if path.is_file()]
    assert len(load_rules(packs, shipped=False).rules) >= len(SHIPPED.rules)


# Optional packs


@pytest.fixture
def optional(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of shipped packs with an optional one."""
    (tmp_path / "rules/optional").mkdir(parents=True)
    write(tmp_path / "rules", PLUG, "plugs.toml")
    write(tmp_path / "rules/optional", LINE, "lines.toml")
    monkeypatch.setattr("cleaner.rules.packs_folder", lambda: tmp_path / "rules")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_optional_pack_is_off_until_named(optional: Path) -> None:
    """Its name turns it on, and then it is as a pack of one's own."""
    assert optional_packs() == ["lines"]
    assert [rule.full_id for rule in load_rules().rules] == ["plugs/plug"]
    assert [(rule.full_id, rule.own) for rule in load_rules(["lines"]).rules] == [
        ("plugs/plug", False),
        ("lines/line", True),
    ]


def test_a_file_of_that_name_goes_first(optional: Path) -> None:
    """What is there is what is meant."""
    write(optional, PLUG, "lines")
    assert [rule.full_id for rule in load_rules(["lines"], shipped=False).rules] == ["lines/plug"]


@pytest.mark.parametrize("name", ["line", "lines.toml", "optional/lines", "../lines"])
def test_an_unknown_pack_names_the_optional_ones(optional: Path, name: str) -> None:
    """One line, with the names to choose from."""
    with pytest.raises(
        RuleError, match=rf"^{name}: No such file .*; expected a rule pack or .*, or an optional pack: lines$"
    ):
        load_rules([name])
