"""Loading rule packs, matching, and the shipped packs' own examples."""

from __future__ import annotations

import pickle
import time
import tomllib
from pathlib import Path

import pytest
import regex

from cleaner.checking import check
from cleaner.matching import SEARCH_CHARS, TIMEOUT_S, Rule, RuleSet, match
from cleaner.model import Block, Document, Evidence, RuleError, RuleReason
from cleaner.rules import load_rules, packs_folder
from cleaner.segment import fold, segment

CASES = Path(__file__).parent / "cases"
SHIPPED = load_rules()
PACKS = sorted(path.stem for path in packs_folder().glob("*.toml"))

PLUG = """
[[rule]]
id = "plug"
why = "A plug."
effect = "open"
phrases = ["You may also like", "Hôtel L'Étoile"]
langs = ["en"]
match = ["You may also like"]
spare = ["You may also like tea."]
"""

LINE = """
[[rule]]
id = "line"
why = "A line."
effect = "cut"
pattern = '^join us on .{2,40}$'
keywords = ["Join US"]
langs = ["en"]
match = ["Join us on Sunday"]
spare = ["They join us on Sunday."]
"""


def write(folder: Path, text: str, name: str = "own.toml") -> Path:
    """Write a pack and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def load(folder: Path, text: str) -> RuleSet:
    """Load one pack alone."""
    return load_rules([write(folder, text)], shipped=False)


def hits(rules: RuleSet, text: str, group: str = "") -> list[tuple[int, str]]:
    """Return block and rule of each hit in a text."""
    document = Document("a", text, group)
    found = match(rules, document, segment(text))
    return [(evidence.block, rule_of(evidence)) for evidence in found]


def rule_of(evidence: Evidence) -> str:
    """Return the full id of the rule that spoke."""
    assert isinstance(evidence.reason, RuleReason)
    return evidence.reason.rule


def block(text: str, *, sentence: bool = False) -> Block:
    """Return a document's only block."""
    return Block(0, len(text), len(text), fold(text), sentence)


# Shipped packs


@pytest.mark.parametrize(
    "line",
    [line for line in (CASES / "prose.txt").read_text(encoding="utf-8").split("\n") if line],
    ids=lambda line: line[:30],
)
def test_prose_stays(line: str) -> None:
    """No rule calls a paragraph of prose boilerplate, as a block or sentence by sentence."""
    blocks = [block(line), *segment(line + " " + "Filler follows here. " * 20)[:-20]]
    for each in blocks:
        found = match(SHIPPED, Document("a", line + " " + "Filler follows here. " * 20), [each])
        assert [rule_of(evidence) for evidence in found if evidence.signal != "keep"] == []


def test_prose_stays_as_one_document() -> None:
    """The same page, whole."""
    text = (CASES / "prose.txt").read_text(encoding="utf-8")
    found = match(SHIPPED, Document("a", text), segment(text))
    assert {evidence.signal for evidence in found} == {"keep"}


CASE_LIST = tomllib.loads((CASES / "rules.toml").read_text(encoding="utf-8"))["case"]


@pytest.mark.parametrize("case", CASE_LIST, ids=[case["name"] for case in CASE_LIST])
def test_case(case: dict[str, object]) -> None:
    """A block hits the rules that the case names, and no other."""
    text = str(case["text"])
    found = match(SHIPPED, Document("a", text), [block(text, sentence=bool(case.get("flat")))])
    assert [rule_of(evidence) for evidence in found] == case["expect"]


def test_shipped_rules_pass_their_examples() -> None:
    """Each rule hits its matches and spares its spares, and no keep rule quarrels with another."""
    assert check(SHIPPED) == []


@pytest.mark.parametrize("pack", PACKS)
def test_shipped_spares_stay(pack: str) -> None:
    """What a rule spares, no other rule of its pack cuts; a plain `open` or `cut` would undo the spare."""
    rules = RuleSet(tuple(rule for rule in SHIPPED.rules if rule.pack == pack))
    for rule in rules.rules:
        for text in rule.spare:
            found = match(rules, Document("a", text), [block(text)])
            assert [rule_of(evidence) for evidence in found if evidence.signal != rule.effect] == [], text


def test_shipped_patterns_are_anchored_and_bounded() -> None:
    """Patterns match whole blocks, so that prose which holds the words stays; and no repetition is without end."""
    for rule in SHIPPED.rules:
        if rule.pattern:
            body = rule.pattern.removeprefix("(?x)").strip()
            bare = regex.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "", body)
            assert body.startswith("^"), rule.full_id
            assert "$" in bare, rule.full_id
            assert not regex.search(r"[*+]|\{\d+,\}", bare), rule.full_id


def test_shipped_phrases_hold_for_their_rule() -> None:
    """Each phrase, typed in capitals as a heading, hits its own rule."""
    for rule in SHIPPED.rules:
        for phrase in rule.phrases:
            text = f"## {phrase.upper()} »"
            assert rule.full_id in [rule_of(found) for found in match(SHIPPED, Document("a", text), [block(text)])]


def test_shipped_patterns_are_quick() -> None:
    """No shipped pattern comes near the time limit on a long block that holds all of its keywords."""
    for rule in SHIPPED.rules:
        if rule.pattern:
            for text in (*rule.match, *rule.spare):
                long = fold(" ".join([*rule.keywords, text] * 40))[:SEARCH_CHARS]
                start = time.process_time()
                regex.search(rule.pattern, long)
                regex.search(rule.pattern, fold(text) + " " + long)
                assert time.process_time() - start < TIMEOUT_S / 5, rule.full_id


# Matching


def test_no_rules_no_evidence() -> None:
    """Without rules nothing is said."""
    assert match(load_rules(shipped=False), Document("a", "Advertisement"), segment("Advertisement")) == []


def test_evidence_is_sorted_by_block_then_rule(tmp_path: Path) -> None:
    """Evidence carries the effect as its signal and comes in one order."""
    rules = load(tmp_path, LINE + PLUG + LINE.replace('"line"', '"also"').replace('"cut"', '"keep"'))
    text = "Join us on Sunday\nBody.\nYou may also like\n"
    assert match(rules, Document("a", text), segment(text)) == [
        Evidence(0, "keep", RuleReason("own/also"), settles=True),
        Evidence(0, "cut", RuleReason("own/line"), settles=True),
        Evidence(2, "open", RuleReason("own/plug"), settles=True),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "### you MAY also like:",
        "|You may also like|",
        "1\ufe0f\u20e3 x",
        "➜ “You may also like”…",
        "\ufeffYou may also like",
    ],
)
def test_decoration(tmp_path: Path, text: str) -> None:
    """Marks around a phrase do not count; letters and digits do."""
    assert bool(hits(load(tmp_path, PLUG), text)) == ("x" not in text)


@pytest.mark.parametrize("text", ["hotel l’etoile", "HÔTEL L'ÉTOILE", "Ho\u0302tel L\u2018E\u0301toile"])
def test_accents_and_apostrophes(tmp_path: Path, text: str) -> None:
    """Accents and the shape of an apostrophe do not count."""
    assert hits(load(tmp_path, PLUG), text) == [(0, "own/plug")]


def test_sentence_prefix_in_a_flattened_document(tmp_path: Path) -> None:
    """A heading is found where it runs on into a title, not where it runs on into prose."""
    body = "The harbour was old and the harbour was deep. " * 12
    text = body + "You may also like Morning News. You may also like the sea. You may also like: Ten ports."
    blocks = segment(text)
    found = [text[blocks[at].start : blocks[at].stop] for at, _ in hits(load(tmp_path, PLUG), text)]
    assert found == ["You may also like Morning News.", "You may also like: Ten ports."]


def test_sentence_prefix_is_for_open_rules_only(tmp_path: Path) -> None:
    """A cut rule's phrase is the whole sentence or nothing: what follows it may be body."""
    text = "You may also like Morning News."
    rules = load(tmp_path, PLUG.replace('"open"', '"cut"'))
    assert match(rules, Document("a", text), [block(text, sentence=True)]) == []
    assert hits(load(tmp_path, PLUG), text) == []


def test_long_blocks_are_not_searched(tmp_path: Path) -> None:
    """Patterns look at blocks of up to SEARCH_CHARS characters, and the blocks after a longer one are still found."""
    rules = load(tmp_path, LINE.replace("{2,40}", "{2,4000}"))
    start = "Join us on "
    fits, too_long = start + "x" * (SEARCH_CHARS - len(start)), start + "x" * SEARCH_CHARS
    document = Document("a", f"{too_long}\n{fits}\n")
    blocks = [block(too_long), Block(len(too_long) + 1, len(too_long), len(document.text), fold(fits))]
    assert [evidence.block for evidence in match(rules, document, blocks)] == [1]


def test_keywords_are_a_prefilter(tmp_path: Path) -> None:
    """A block without a keyword is not searched; keywords are folded, and may overlap."""
    rules = load(tmp_path, LINE.replace('["Join US"]', '["SUNDAY", "day", "sun"]').replace("Sunday.", "Sunday"))
    assert hits(rules, "Join us on Sunday\nJoin us on Friday\nJoin us on the moor\n") == [
        (0, "own/line"),
        (1, "own/line"),
    ]


@pytest.mark.parametrize(
    ("where", "expected"),
    [("head", [*range(10)]), ("tail", [*range(15, 30)]), ("anywhere", [*range(30)])],
)
def test_where_by_blocks(tmp_path: Path, where: str, expected: list[int]) -> None:
    """The first ten blocks are the head, the last fifteen the tail."""
    rules = load(tmp_path, PLUG + f'where = "{where}"\n')
    assert [at for at, _ in hits(rules, "You may also like\n" * 30)] == expected


@pytest.mark.parametrize(("where", "expected"), [("head", [11]), ("tail", [12])])
def test_where_by_characters(tmp_path: Path, where: str, expected: list[int]) -> None:
    """The first quarter of the characters is the head, the last half the tail, however many blocks they hold."""
    rules = load(tmp_path, PLUG + f'where = "{where}"\n')
    text = "A line.\n" * 11 + "You may also like\n" + "x" * 1000 + "\nYou may also like\n" + "B line.\n" * 20
    assert [at - (at == 13) for at, _ in hits(rules, text)] == expected


def test_sites(tmp_path: Path) -> None:
    """A rule with sites speaks only of documents whose group matches one, capitals aside."""
    rules = load(tmp_path, PLUG + 'sites = ["*.Example.com", "example.org"]\n')
    groups = ["news.example.com", "EXAMPLE.org", "example.com", "example.org.uk", ""]
    assert [bool(hits(rules, "You may also like", group)) for group in groups] == [True, True, True, False, False]
    assert check(rules) == []


def test_runaway_pattern_is_stopped(tmp_path: Path) -> None:
    """A pattern that backtracks without end is stopped by the clock, and named."""
    rules = load(tmp_path, LINE.replace("^join us on .{2,40}$", "(a|aa)+$").replace("Join US", "a"))
    text = "a" * 60 + "!"
    start = time.perf_counter()
    with pytest.raises(RuleError, match=r"^rule 'own/line': pattern ran longer than 0.5 s on a block of 61 char") as e:
        match(rules, Document("a", text), segment(text))
    assert TIMEOUT_S / 2 < time.perf_counter() - start < TIMEOUT_S * 10
    assert isinstance(e.value.__cause__, TimeoutError)


def test_pickle(tmp_path: Path) -> None:
    """A rule set that has matched survives the way to a worker, and says the same there."""
    rules = load(tmp_path, PLUG + LINE)
    text = "Join us on Sunday\nYou may also like\n"
    before = hits(rules, text)
    copy = pickle.loads(pickle.dumps(rules))
    assert copy == rules
    assert copy.digest == rules.digest
    assert hits(copy, text) == before == [(0, "own/line"), (1, "own/plug")]


def test_digest_tells_any_change(tmp_path: Path) -> None:
    """The digest depends on the content alone, and on all of it."""
    digest = load(tmp_path, PLUG).digest
    assert digest == load(tmp_path, PLUG + "# a comment\n").digest
    changes = [("A plug", "The plug"), ("tea", "gin"), ("open", "cut"), ("Hôtel", "Motel"), ('"en"', '"fr"')]
    assert len({digest, *(load(tmp_path, PLUG.replace(old, new)).digest for old, new in changes)}) == 6


# Loading


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


def test_byte_order_mark_and_carriage_returns(tmp_path: Path) -> None:
    """Editors on Windows write both."""
    path = tmp_path / "own.toml"
    path.write_bytes(b"\xef\xbb\xbf" + PLUG.replace("\n", "\r\n").encode())
    assert len(load_rules([path], shipped=False).rules) == 1


def without(field: str, pack: str = PLUG) -> str:
    """Return a pack less one line."""
    return "\n".join(line for line in pack.split("\n") if not line.startswith(f"{field} "))


WRONG_PACKS = [
    ("[[rule]\n", r"own\.toml: .*line 1.*; expected"),
    ("rules = 1\n", r"own\.toml: rules: unknown key; expected"),
    ("rule = 1\n", r"own\.toml: rule: not a list of tables; expected"),
    ("[rule]\nid = 'a'\n", r"own\.toml: rule: not a list of tables; expected \[\[rule\]\]"),
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


# Checking


def test_check_reports_what_does_not_hold(tmp_path: Path) -> None:
    """One line for each match that is not hit and each spare that is."""
    rules = load(tmp_path, LINE.replace("Join us on Sunday", "JOIN US!").replace("They join us", "Join us"))
    assert check(rules) == [
        "rule 'own/line': match: 'JOIN US!' is not hit",
        "rule 'own/line': spare: 'Join us on Sunday.' is hit",
    ]


def test_check_finds_capitals_in_a_pattern(tmp_path: Path) -> None:
    """Blocks are folded, so a capital in a pattern never matches: the rule's own example tells."""
    assert check(load(tmp_path, LINE.replace("^join", "^Join"))) == [
        "rule 'own/line': match: 'Join us on Sunday' is not hit"
    ]


def test_check_finds_rules_that_contradict(tmp_path: Path) -> None:
    """A keep rule that hits what a cut rule cuts, and the other way round."""
    keep = LINE.replace('"line"', '"stay"').replace('"cut"', '"keep"')
    assert check(load(tmp_path, LINE + keep)) == [
        "rule 'own/line': match: 'Join us on Sunday' is also hit by 'own/stay', with the effect 'keep'",
        "rule 'own/stay': match: 'Join us on Sunday' is also hit by 'own/line', with the effect 'cut'",
    ]


def test_check_reports_a_runaway_pattern(tmp_path: Path) -> None:
    """A pattern that runs out of time is a problem of its rule, not the end of the check."""
    text = LINE.replace("^join us on .{2,40}$", "(a|aa)+$").replace("Join US", "a").replace("Join us on Sunday", "aa")
    problems = check(load(tmp_path, text.replace("They join us on Sunday.", "a" * 60 + "!") + PLUG))
    assert len(problems) == 1
    assert problems[0].startswith("rule 'own/line': spare: 'aaa")
    assert "pattern ran longer than 0.5 s" in problems[0]


def test_rule_holds_its_fields() -> None:
    """A rule is a plain frozen value, usable without a pack."""
    rule = Rule(
        pack="p", id="a", why="w", effect="cut", phrases=("Hello",), langs=("en",), match=("Hello",), spare=("Bye",)
    )
    assert (rule.full_id, rule.where, rule.keywords, rule.sites) == ("p/a", "anywhere", (), ())
    assert check(RuleSet((rule,))) == []
