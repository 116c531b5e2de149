"""Matching, and the shipped packs' own examples."""

from __future__ import annotations

import pickle
import time
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from cleaner import language
from cleaner.checking import check
from cleaner.matching import TIMEOUT_S, Rule, RuleSet, lengths, match
from cleaner.model import Block, Document, Evidence, RuleError, RuleReason
from cleaner.phrasing import SEARCH_CHARS
from cleaner.pipeline import Cleaner
from cleaner.rules import load_rules, packs_folder
from cleaner.segment import fold, segment
from tests.packs import LINE, PLUG, block, hits, load, rule_of, write

CASES = Path(__file__).parent / "cases"
SHIPPED = load_rules()
PACKS = sorted(path.stem for path in packs_folder().glob("*.toml"))


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
    """A block without a keyword is not searched; keywords are folded, may overlap, and start a word."""
    rules = load(tmp_path, LINE.replace('["Join US"]', '["SUNDAY", "day", "sun", "日"]').replace("Sunday.", "Sunday"))
    text = "Join us on Sunday\nJoin us on Friday\nJoin us on the moor\nJoin us on a daylit moor\nJoin us on 7日\nJoin us on 平日\n"
    assert [at for at, _ in hits(rules, text)] == [0, 3, 4, 5]
    assert hits(rules, "Join us on Friday") == []


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


def test_rule_holds_its_fields() -> None:
    """A rule is a plain frozen value, usable without a pack."""
    rule = Rule(
        pack="p", id="a", why="w", effect="cut", phrases=("Hello",), langs=("en",), match=("Hello",), spare=("Bye",)
    )
    assert (rule.full_id, rule.where, rule.keywords, rule.sites) == ("p/a", "anywhere", (), ())
    assert check(RuleSet((rule,))) == []


# What makes it fast changes nothing


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("^by .{2,30}$", (5, 33)),
        ("(?x) ^ by\\ .{2,30} $  # spaced", (5, 33)),
        (r"^\p{Lu}\p{L}{1,3}$", (2, 4)),
        ("^(?:a|bcd){1,2}$", (1, 6)),
        ("^a.{0,9000}$", (1, SEARCH_CHARS)),
        ("by .{2,30}", (5, SEARCH_CHARS)),
        ("^by|else$", (2, SEARCH_CHARS)),
        ("^(?&by)$(?(DEFINE)(?<by>by))", (0, SEARCH_CHARS)),
        (r"^[[:alpha:]]{2}$", (0, SEARCH_CHARS)),
        ("^(?:harbour){i<=40}$", (0, SEARCH_CHARS)),
        ("", (0, SEARCH_CHARS)),
    ],
)
def test_lengths(pattern: str, expected: tuple[int, int]) -> None:
    """How long a text may be that a pattern hits; anything, when that is not known for certain."""
    assert lengths(pattern) == expected


def test_lengths_of_shipped_patterns_fit_their_examples() -> None:
    """No example is outside of the lengths that were derived from its pattern."""
    for rule in SHIPPED.rules:
        for text in rule.match if rule.pattern else ():
            shortest, longest = lengths(rule.pattern)
            assert shortest <= len(fold(text)) <= longest, rule.full_id


PIECES = [
    "read",
    "also",
    ":",
    " ",
    "»",
    "À",
    "à lire aussi",
    "share",
    "é",
    "©",
    "2024",
    "相关",
    "阅读",
    "\ufe0f\u20e3",
    "।",
    "भी",
]


@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=6).map("".join), min_size=1, max_size=8))
def test_lines_do_not_depend_on_each_other(lines: list[str]) -> None:
    """A line is hit by the same rules whatever stands around it, and whatever was looked at before."""
    text = "\n".join(lines)
    anywhere = RuleSet(tuple(rule for rule in SHIPPED.rules if rule.where == "anywhere"))
    together = [(found.block, rule_of(found)) for found in match(anywhere, Document("a", text), segment(text))]
    again = [(found.block, rule_of(found)) for found in match(anywhere, Document("a", text), segment(text))]
    alone = [
        (at, rule_of(found))
        for at, one in enumerate(segment(text))
        for found in match(anywhere, Document("a", text), [Block(0, one.stop, one.end, one.folded)])
    ]
    assert together == again == alone


def test_every_phrase_is_found_however_it_is_decorated() -> None:
    """The first look at how a block starts lets no phrase slip, of any script."""
    for rule in SHIPPED.rules:
        for phrase in rule.phrases:
            for text in (phrase, f"◆ {phrase} ▾", f"{phrase}：", f"1\ufe0f\u20e3{phrase}"):
                found = [rule_of(one) for one in match(SHIPPED, Document("a", text), [block(text)])]
                assert (rule.full_id in found) == (not text.startswith("1")), text


# Sites


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.example.com/news?id=1", True),
        ("HTTPS://Example.COM:8443/", True),
        ("www.example.com/news", True),
        ("https://user@example.org/", True),
        ("https://example.com.evil.net/", False),
        ("https://notexample.com/", False),
        ("https://evil.net/www.example.com", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_sites_look_at_the_host_of_the_address(tmp_path: Path, url: str, expected: bool) -> None:
    """The host alone, capitals and port aside; a wildcard for subdomains is for the domain itself, too."""
    rules = load(tmp_path, PLUG + 'sites = ["*.Example.com", "example.org"]\n')
    document = Document("a", "You may also like", url=url)
    assert bool(match(rules, document, segment(document.text))) == expected


# Languages


SWEDISH = "Kommunen har beslutat att bygga en ny bro över ån, och arbetet börjar redan i vår. " * 3
SPANISH = "El ayuntamiento votó el jueves y decidió que el puente siga abierto hasta la primavera. " * 3
NATIVE = PLUG.replace('"You may also like", "Hôtel', '"Mer", "Hôtel').replace('["en"]', '["sv"]\nnative = true')


def test_a_native_rule_asks_for_the_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only once a line would be hit, once a document, and not of a short one."""
    asked: list[str] = []

    class Detector:
        @staticmethod
        def classify(text: str) -> tuple[str, float]:
            asked.append(text)
            return ("sv" if "bro" in text else "es"), -1.0

    monkeypatch.setattr(language, "_detector", lambda: Detector)
    language._detected.cache_clear()
    rules = load(tmp_path, NATIVE)
    assert hits(rules, SWEDISH + "\nIngenting") == []
    assert asked == []
    assert hits(rules, SWEDISH + "\nMer\nSlut\nMer") == [(1, "own/plug"), (3, "own/plug")]
    assert hits(rules, SPANISH + "\nMer") == []
    assert len(asked) == 2
    assert hits(rules, "Mer") == [(0, "own/plug")]
    assert hits(rules, "Мост закрыт.\nMer") == [(1, "own/plug")]
    assert len(asked) == 2
    language._detected.cache_clear()


def test_without_the_extra_a_native_rule_asks_for_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is never an error."""
    monkeypatch.setattr(language, "_detector", lambda: None)
    language._detected.cache_clear()
    rules = load(tmp_path, NATIVE.replace('["sv"]', '["ru", "zh-hant"]'))
    assert hits(rules, SPANISH + "\nMer") == []
    assert hits(rules, "Мост закрыт до весны. " * 9 + "\nMer") == [(1, "own/plug")]
    assert hits(rules, "這份報紙" * 40 + "\nMer") == [(1, "own/plug")]
    language._detected.cache_clear()


def test_the_extra_detects(tmp_path: Path) -> None:
    """The library itself, on two languages of one script."""
    pytest.importorskip("py3langid")
    rules = load(tmp_path, NATIVE)
    assert hits(rules, SWEDISH + "\nMer") == [(1, "own/plug")]
    assert hits(rules, SPANISH + "\nMer") == []


def test_patterns_of_other_scripts_pass_over_ascii(tmp_path: Path) -> None:
    """Of a rule whose languages all have a script of their own; one that is in Latin letters, too, looks at all."""
    for langs, expected in (('"ru"', [1]), ('"ru", "uk"', [1]), ('"ru", "en"', [0, 1])):
        rules = load(tmp_path, LINE.replace('"en"', langs))
        assert [at for at, _ in hits(rules, "Join us on Sunday\nJoin us on среду\n")] == expected


@pytest.mark.parametrize("text", ["„Reklama.“", "“Read more”", "— Read more.", "– Read more!", "「続きを読む？」"])
def test_what_is_said_is_no_label(text: str) -> None:
    """A line in quotation marks, or a sentence after a dash, is dialogue."""
    assert match(SHIPPED, Document("a", text), [block(text)]) == []


@pytest.mark.parametrize("text", ["- Read more", "— Read more —", "» Read more «", "Read more!"])
def test_arrows_bullets_and_rules_are_decoration(text: str) -> None:
    assert match(SHIPPED, Document("a", text), [block(text)]) != []


# From a line to another one


STRETCH = PLUG.replace('"open"', '"cut"') + "within = 2\n"


@pytest.mark.parametrize(
    ("text", "until", "places"),
    [
        ("Body.\nYou may also like\nOne\nTwo\n", "", [1, 2, 3]),
        ("Body.\nYou may also like\nOne\nTwo\nThree\n", "", []),
        ("You may also like\n", "", [0]),
        ("You may also like\nOne\nOlder posts\nBody.\n", "Older posts", [0, 1]),
        ("You may also like\nOne\n« Older posts »\nBody.\n", "Older posts", [0, 1]),
        ("You may also like\nOlder posts\nTwo\nOlder posts\n", "Older posts", [0]),
        ("You may also like\nOne\nTwo\nThree\nOlder posts\n", "Older posts", []),
        ("You may also like\nOne\nTwo\n", "Older posts", []),
        ("You may also like\nOne\n17 comments on bees\n", "* comments on *", [0, 1]),
        ("You may also like\nOne\nNo comments\n", "* comments on *", []),
        ("You may also like\nOne\nYou may also like\n", "", [0, 1, 2]),
        ("You may also like\nOne\nYou may also like\nTwo\n", "", []),
        ("You may also like\nOne\nTwo\nYou may also like\nThree\nOlder posts\n", "Older posts", []),
        ("You may also like\nOlder posts\nOne\nYou may also like\nTwo\nOlder posts\n", "Older posts", [0, 3, 4]),
        ("You may also like\nOne\nOlder * posts\n", "older * posts", [0, 1]),
    ],
)
def test_stretches(tmp_path: Path, text: str, until: str, places: list[int]) -> None:
    """A rule with `within` speaks of its line and what follows, up to a line of `until` or the end; of nothing when that is too far."""
    rules = load(tmp_path, STRETCH + (f"until = ['{until}']\n" if until else ""))
    assert hits(rules, text) == [(place, "own/plug") for place in places]


def test_what_a_stretch_cuts_goes_and_no_more(tmp_path: Path) -> None:
    """The user's own rules settle what they speak of: sentences between two lines, too."""
    rules = load(tmp_path, STRETCH + "until = ['Older posts']\n")
    text = "The harbour opened in 1907.\nYou may also like\nThe town grew around it.\nOlder posts\nBees dance to tell the hive.\n"
    [span] = Cleaner(rules=rules).clean(Document("a", text)).spans
    assert text[span.start : span.end] == "You may also like\nThe town grew around it.\n"


def test_rules_of_ones_own_do_not_take_their_neighbours(tmp_path: Path) -> None:
    """A line that nothing speaks of stays between two that an own rule cuts; between those of a shipped rule it goes."""
    line = "Tide tables of the old harbour\n"
    own = load(tmp_path, PLUG.replace('"open"', '"cut"').replace("You may also like", line.strip()))
    shipped = RuleSet(tuple(replace(rule, own=False) for rule in own.rules))
    text = f"The harbour opened in 1907.\n\n{3 * line}Home | About | Contact\n{6 * line}"
    left = [Cleaner(rules=rules).clean(Document("a", text)).text for rules in (own, shipped)]
    assert left == ["The harbour opened in 1907.\n\nHome | About | Contact\n", "The harbour opened in 1907.\n"]


@pytest.mark.parametrize(
    "text",
    [
        "The harbour opened in 1907.\n\n```\nsudo tide\n```\n\nBees dance to tell the hive.\n",
        "Bees dance to tell the hive.\n\nReferences\n\n- sudo tide\n- Lamps of the north, 1907\n",
    ],
)
def test_what_a_rule_of_ones_own_cuts_goes(tmp_path: Path, text: str) -> None:
    """From fenced code, and from a list that a shipped rule keeps; a rule of one's own that keeps it is heard first."""
    cut = PLUG.replace('"open"', '"cut"').replace("You may also like", "sudo tide")
    [span] = Cleaner(rules=load_rules([write(tmp_path, cut)])).clean(Document("a", text)).spans
    assert text[span.start : span.end].strip(" -\n") == "sudo tide"
    keep = cut.replace('"cut"', '"keep"').replace('"plug"', '"stay"')
    assert Cleaner(rules=load_rules([write(tmp_path, cut + keep)])).clean(Document("a", text)).spans == ()
