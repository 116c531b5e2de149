"""Checking rules: examples, clashes, ordinary prose, rules that nothing exercises."""

from __future__ import annotations

from pathlib import Path

import pytest

from cleaner.checking import check, idle
from cleaner.rules import load_rules, packs_folder
from tests.packs import LINE, PLUG, load, write


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
    text = LINE.replace("^join us on .{2,40}$", "^(a|aa)+$").replace("Join US", "a").replace("Join us on Sunday", "aa")
    problems = check(load(tmp_path, text.replace("They join us on Sunday.", "a" * 60 + "!") + PLUG))
    assert len(problems) == 1
    assert problems[0].startswith("rule 'own/line': spare: 'aaa")
    assert "pattern ran longer than 0.5 s" in problems[0]


def test_check_says_whose_rule_clashes(tmp_path: Path) -> None:
    """A rule of one's own against a shipped one, said from both sides."""
    own = LINE.replace('"line"', '"stay"').replace('"cut"', '"keep"').replace("Join us on Sunday", "Advertisement")
    own = own.replace("^join us on .{2,40}$", "^advertisement$").replace("Join US", "advertisement")
    problems = check(load_rules([write(tmp_path, own)]))
    assert (
        "rule 'own/stay': match: 'Advertisement' is also hit by the shipped 'ads/label', with the effect 'cut'"
        in problems
    )
    assert any(
        line.startswith("rule 'ads/label': match: ")
        and line.endswith("is also hit by your own 'own/stay', with the effect 'keep'")
        for line in problems
    )


# Ordinary prose


@pytest.fixture
def prose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of prose in two languages."""
    (tmp_path / "prose").mkdir()
    write(tmp_path / "prose", "The bridge stayed open.\nJoin us on the bridge, they said\n", "en.txt")
    write(tmp_path / "prose", "Vi gick hem.\nYou may also like\n", "sv.txt")
    monkeypatch.setattr("cleaner.checking.packs_folder", lambda: tmp_path)
    return tmp_path


def test_check_finds_rules_that_are_too_broad(tmp_path: Path, prose: Path) -> None:
    """A line of ordinary prose that a rule opens or cuts on, with its place."""
    assert check(load(tmp_path, LINE + PLUG)) == [
        "rule 'own/line': hits ordinary prose in en.txt:2: 'Join us on the bridge, they said'",
        "rule 'own/plug': hits ordinary prose in sv.txt:2: 'You may also like'",
    ]


@pytest.mark.parametrize("change", [("effect", '"keep"'), ("native", "true")])
def test_breadth_is_for_rules_that_would_cut_there(tmp_path: Path, prose: Path, change: tuple[str, str]) -> None:
    """A rule that keeps is right to; a native one does not speak of prose in other languages."""
    pack = PLUG.replace('effect = "open"', "") + f"{change[0]} = {change[1]}\n"
    assert check(load(tmp_path, pack if change[0] == "effect" else pack + 'effect = "open"\n')) == []


def test_check_reports_a_runaway_pattern_on_prose(tmp_path: Path, prose: Path) -> None:
    """It is a problem of the line, and the other lines are still tried."""
    write(prose / "prose", "a" * 60 + "!\n", "de.txt")
    text = (
        LINE.replace("^join us on .{2,40}$", "^(a|aa)+$").replace("Join US", "aaa").replace("Join us on Sunday", "aaa")
    )
    [problem] = check(load(tmp_path, text))
    assert problem.startswith("ordinary prose in de.txt:1: 'aaa")
    assert "rule 'own/line': pattern ran longer than 0.5 s" in problem


@pytest.mark.parametrize("path", sorted((packs_folder() / "prose").glob("*.txt")), ids=lambda path: path.stem)
def test_bundled_prose_is_plain(path: Path) -> None:
    """UTF-8, a block a line, no blank lines, named by language."""
    lines = path.read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    assert len(lines) >= 30
    assert all(line.strip() == line and line for line in lines)
    assert len(set(lines)) == len(lines)


# Rules that nothing exercises


def test_a_rule_that_adds_nothing_is_named(tmp_path: Path) -> None:
    """All of its examples are hit by others of the same effect; a rule of another effect does not count."""
    more = (
        LINE.replace('"line"', '"more"')
        .replace("{2,40}", "{1,50}")
        .replace('"Join us on Sunday"', '"Join us on Sunday", "Join us on X"')
    )
    keep = LINE.replace('"line"', '"stay"').replace('"cut"', '"keep"')
    assert idle(load(tmp_path, LINE + PLUG)) == []
    assert idle(load(tmp_path, LINE + keep)) == []
    assert idle(load(tmp_path, LINE + more)) == ["rule 'own/line': other rules hit all of its examples: 'own/more'"]


def test_a_rule_that_never_fired_is_named(tmp_path: Path) -> None:
    """Given what fired in a run, all others are."""
    assert idle(load(tmp_path, LINE + PLUG), ["own/line"]) == ["rule 'own/plug': cut nothing in this report"]


def test_idle_passes_over_a_runaway_pattern(tmp_path: Path) -> None:
    """It is `check` that speaks of it."""
    text = (
        LINE.replace("^join us on .{2,40}$", "(a|aa)+$")
        .replace("Join US", "a")
        .replace("Join us on Sunday", "a" * 60 + "!")
    )
    assert idle(load(tmp_path, text)) == []
