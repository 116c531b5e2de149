"""`cleaner learn --propose` and `cleaner review`: rules written, accepted, edited, rejected."""

from __future__ import annotations

import json
import os
import pty
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from cleaner.console import counted
from cleaner.drafts import Drafts
from cleaner.model import WriteError
from cleaner.rules import load_rules
from tests.conftest import Command, plant, tree
from tests.test_proposing import JUDGED, LEARNT, SITE, page

PROPOSED = """# Mine: stays.
[[rule]]
proposed = true
id = "first"
why = "A plug."
effect = "cut"
phrases = ["Write to us"]
langs = ["en"]
match = ["Write to us"]
spare = ["Write to us all."] # so does this

[[rule]]
proposed = true
id = "second"
why = "Another."
effect = "cut"
phrases = ["Tide tables"]
langs = ["en"]
match = ["Tide tables"]
spare = ["Tide tables are old."]
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return plant(tmp_path, {"site.toml": PROPOSED}) / "site.toml"


def ids(path: Path) -> list[str]:
    """The rules of a pack that are used."""
    return [rule.id for rule in load_rules([path], shipped=False).rules]


def test_learnt_reviewed_and_used(tmp_path: Path, run: Command) -> None:
    """From a corpus to a pack that cleans one document alone as the index does, with no index."""
    corpus = plant(tmp_path / "corpus", {f"{SITE}/{one.id}": one.text for one in LEARNT})
    pack, index = tmp_path / "site.toml", tmp_path / "site.idx"
    told = run("learn", corpus, "--propose", pack, "--out", index)
    assert told.code == 0
    number = len(tomllib.loads(pack.read_text(encoding="utf-8"))["rule"])
    assert (
        told.words[-1]
        == f"{pack}: {counted(number, 'rule')} proposed; none is used before it was accepted: cleaner review {pack}"
    )
    refused = run("clean", corpus, "--rules", pack, "--dry-run")
    assert (refused.code, len(refused.words)) == (2, 1)
    assert refused.words[0].endswith(f"expected them accepted or rejected: cleaner review {pack}")
    assert run("review", pack, "--accept-all").words == [
        f"{pack}: {counted(number, 'rule')} accepted, 0 rejected, 0 left"
    ]
    [one, *_] = JUDGED
    plant(tmp_path / "new", {f"{SITE}/{one.id}": one.text})
    for name, option in (("ruled", ("--rules", pack)), ("indexed", ("--index", index))):
        assert run("clean", tmp_path / "new", "--out", tmp_path / name, *option).code == 0
    assert (tmp_path / "ruled" / SITE / one.id).read_bytes() == (tmp_path / "indexed" / SITE / one.id).read_bytes()
    [record] = map(json.loads, (tmp_path / "ruled/report.jsonl").read_bytes().splitlines())
    assert {reason["rule"].partition("/")[0] for span in record["spans"] for reason in span["reasons"]} >= {"site"}


def test_two_processes_propose_the_same(tmp_path: Path, run: Command) -> None:
    """Whatever the number of processes, and the order of the documents."""
    lines = [json.dumps({"id": one.id, "site": SITE, "text": one.text}) + "\n" for one in LEARNT]
    plant(tmp_path, {"a/x.jsonl": "".join(lines), "b/x.jsonl": "".join(reversed(lines))})
    for folder, jobs in (("a", 1), ("b", 2)):
        fields = ("--id-field", "id", "--group-field", "site")
        assert (
            run("learn", tmp_path / folder, *fields, "--jobs", jobs, "--propose", tmp_path / f"{folder}.toml").code == 0
        )
    one, other = ((tmp_path / f"{name}.toml").read_text(encoding="utf-8") for name in "ab")
    assert one.partition("\n")[2] == other.partition("\n")[2]


def test_pages_get_rules_too(tmp_path: Path, run: Command) -> None:
    """Rules that were proposed from HTML cut the same lines of a page."""
    html = [
        "".join(f"<p>{line}</p>\n" for line in page(number).split("\n") if line).replace("<p>* ", "<p>&bull; ")
        for number in range(13)
    ]
    plant(tmp_path, {f"site/{SITE}/{number:02}.html": one for number, one in enumerate(html[:12])})
    plant(tmp_path, {f"new/{SITE}/new.html": html[12]})
    pack = tmp_path / "pages.toml"
    assert run("learn", tmp_path / "site", "--propose", pack).code == 0
    assert run("review", pack, "--accept-all").code == 0
    assert run("clean", tmp_path / "new", "--rules", pack, "--out", tmp_path / "out").code == 0
    body = (tmp_path / "out" / SITE / "new.txt").read_text(encoding="utf-8")
    assert "promised for the" in body
    assert not [line for line in ("Harbour Gazette", "Tide tables", "Write to us", "From our archive") if line in body]


def test_nothing_is_written_over(tmp_path: Path, run: Command) -> None:
    """A pack that is there may have been reviewed; said before the long work, and nothing else is written."""
    plant(tmp_path, {"in/a.txt": "One.\n", "site.toml": PROPOSED})
    before = tree(tmp_path)
    told = run("learn", tmp_path / "in", "--propose", tmp_path / "site.toml", "--out", tmp_path / "x.idx")
    assert (told.code, told.words) == (2, [f"{tmp_path / 'site.toml'}: is there already; expected a name that is free"])
    assert tree(tmp_path) == before
    told = run("learn", tmp_path / "in")
    assert (told.code, told.words) == (
        2,
        ["learn: nowhere to save it; expected --out FILE, or --propose FILE for rules"],
    )


@pytest.mark.parametrize("spelt", ["in/../one", "link/one"])
def test_a_file_for_each(tmp_path: Path, run: Command, spelt: str) -> None:
    """The index and the rules, however the one place is spelt; said before the long work."""
    corpus = plant(tmp_path, {f"in/{one.id}": one.text for one in LEARNT}) / "in"
    (tmp_path / "link").symlink_to(tmp_path)
    told = run("learn", corpus, "--out", tmp_path / "one", "--propose", tmp_path / spelt)
    assert (told.code, len(told.words)) == (2, 1)
    assert told.words[0].endswith("or where --out is; expected documents to read, and a file of its own")
    assert not (tmp_path / "one").exists()


def test_what_came_meanwhile_stays(tmp_path: Path, run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there by the time the rules are found is not written over."""
    corpus = plant(tmp_path, {f"in/{one.id}": one.text for one in LEARNT}) / "in"
    pack = tmp_path / "site.toml"
    monkeypatch.setattr("cleaner.saving.save", lambda *_: pack.write_text("mine"))
    told = run("learn", corpus, "--out", tmp_path / "site.idx", "--propose", pack)
    assert (told.code, told.words[-1]) == (2, f"{pack}: is there already; expected a name that is free")
    assert pack.read_text() == "mine"


def test_accept_and_reject(pack: Path, run: Command) -> None:
    """Each answer does what it says; comments, order and the other fields stay byte for byte."""
    told = run("review", pack, stdin=b"accept\nr\n")
    assert (told.code, told.words) == (0, [f"{pack}: 1 rule accepted, 1 rejected, 0 left"])
    first = PROPOSED.partition('\n[[rule]]\nproposed = true\nid = "second"')[0]
    assert pack.read_text(encoding="utf-8").rstrip("\n") == first.replace("proposed = true\n", "").rstrip("\n")
    assert ids(pack) == ["first"]
    told = run("review", pack)
    assert (told.code, told.words) == (0, [f"{pack}: 0 rules accepted, 0 rejected, 0 left"])


def test_all_rejected(pack: Path, run: Command) -> None:
    """The pack is one still, and finished; what else is in it stays in its place."""
    pack.write_text(f"# Top.\n{BETWEEN}{PROPOSED}", encoding="utf-8")
    told = run("review", pack, stdin=b"r\nr\n")
    assert (told.code, told.words) == (0, [f"{pack}: 0 rules accepted, 2 rejected, 0 left"])
    assert pack.read_text(encoding="utf-8") == f"# Top.\nrule = []\n{BETWEEN}# Mine: stays.\n"
    told = run("review", pack)
    assert (told.code, told.words) == (0, [f"{pack}: 0 rules accepted, 0 rejected, 0 left"])
    assert ids(pack) == []


BETWEEN = """[[instead]]
why = "[[rule]]"
templates = [
  "0123456789abcdef",
]
first = true

"""


@pytest.mark.parametrize("middle", ["", "# Of the second.\n", BETWEEN, f"# Of it.\n{BETWEEN}# Of the second.\n"])
def test_all_other_text_stays(pack: Path, run: Command, middle: str) -> None:
    """Comments in a rule and around it, and tables between rules, byte for byte, after each answer."""
    first, mark, second = PROPOSED.replace('id = "', '# In it.\nid = "').partition(
        '[[rule]]\nproposed = true\n# In it.\nid = "second"'
    )
    second = mark + second
    pack.write_text(first + middle + second, encoding="utf-8")
    used = first.replace("proposed = true\n", "")
    for answer, left in ((b"e\nq\n", first), (b"a\n", used)):
        assert run("review", pack, stdin=answer, env={"VISUAL": "true"}).code == 3
        assert pack.read_text(encoding="utf-8") == left + middle + second
    assert run("review", pack, stdin=b"r\n").code == 0
    assert pack.read_text(encoding="utf-8") == used + middle
    pack.write_text(first + middle + second, encoding="utf-8")
    assert run("review", pack, stdin=b"r\na\n").code == 0
    kept = f"# Mine: stays.\n{middle}{second}".replace("proposed = true\n", "")
    assert pack.read_text(encoding="utf-8") == kept


def test_lines_of_a_text_are_not_tables(pack: Path, run: Command) -> None:
    """Nor comments, in whatever they look like; nor is the end of a text a comment."""
    odd = PROPOSED.replace('"A plug."', "'''\n[[rule]]\nproposed = true\n# A plug.'''")
    odd = odd.replace('["Write to us"]', '[\n# [[rule]]\n"Write to us",\n]').replace(" # so does this", "")
    pack.write_text(odd, encoding="utf-8")
    assert run("review", pack, stdin=b"l\na\n").code == 3
    assert pack.read_text(encoding="utf-8") == odd[::-1].replace("proposed = true\n"[::-1], "", 1)[::-1]
    assert run("review", pack, stdin=b"r\n").code == 0
    assert ids(pack) == ["second"]


@pytest.mark.parametrize(
    "answer", [Drafts.accept, Drafts.reject, lambda drafts, at: drafts.change(at, drafts.text(at))]
)
def test_what_somebody_else_wrote_stays(pack: Path, answer: Callable[[Drafts, int], None]) -> None:
    """Another review, or an editor: one line, and the file is as it was left."""
    one, other = Drafts(pack), Drafts(pack)
    one.accept(0)
    one.reject(1)  # what it wrote itself is no change
    written = pack.read_bytes()
    with pytest.raises(
        WriteError, match=r"site\.toml: changed since it was read; expected one review of it at a time$"
    ):
        answer(other, 1)
    assert pack.read_bytes() == written
    assert other.left == [0, 1]
    pack.unlink()
    with pytest.raises(WriteError, match=r"site\.toml: No such file or directory; expected"):
        answer(other, 1)
    assert not pack.exists()


def test_an_edit_is_not_lost(pack: Path, run: Command, tmp_path: Path) -> None:
    """When the file was changed while the editor was open, what was typed is shown; exit status 2."""
    edit = EDIT.format(old="A plug.", new="A longer plug.")
    script = plant(tmp_path, {"edit.py": f"{edit}pathlib.Path({str(pack)!r}).write_text('# mine')\n"}) / "edit.py"
    told = run("review", pack, stdin=b"e\na\n", env={"VISUAL": f"{sys.executable} {script}"})
    assert (told.code, told.words) == (2, [f"{pack}: changed since it was read; expected one review of it at a time"])
    assert b'why = "A longer plug."\n' in told.out
    assert pack.read_text() == "# mine"


def test_what_is_shown(pack: Path, run: Command) -> None:
    """The rule with its examples, and what is wrong with them."""
    pack.write_text(PROPOSED.replace('"Write to us all."', '"WRITE to us"'), encoding="utf-8")
    told = run("review", pack, stdin=b"q\n")
    assert b"--- 1 of 2\nid        site/first\nwhy       A plug.\n" in told.out
    assert "rule 'site/first': spare: 'WRITE to us' is hit" in told.words


def test_later_and_the_end_of_input_leave_rules(pack: Path, run: Command) -> None:
    """Nothing is lost: what was answered is in the file, the others wait for the next time."""
    told = run("review", pack, stdin=b"what?\nl\nr\n")
    assert told.words == [
        "'what?': no answer; expected accept, edit, reject, later, quit, or a first letter",
        f"{pack}: 0 rules accepted, 1 rejected, 1 left",
    ]
    assert told.code == 3
    again = run("review", pack, stdin=b"")
    assert (again.code, again.words) == (3, [f"{pack}: 0 rules accepted, 0 rejected, 1 left"])
    assert run("review", pack, stdin=b"a").code == 0
    assert ids(pack) == ["first"]


def test_edit(pack: Path, run: Command, tmp_path: Path) -> None:
    """The editor gets the rule as TOML; what it leaves is asked about again."""
    script = plant(tmp_path, {"edit.py": EDIT.format(old="A plug.", new="A longer plug.")}) / "edit.py"
    told = run("review", pack, stdin=b"e\na\nr\n", env={"VISUAL": f"{sys.executable} {script}"})
    assert (told.code, told.words) == (0, [f"{pack}: 1 rule accepted, 1 rejected, 0 left"])
    assert [rule.why for rule in load_rules([pack], shipped=False).rules] == ["A longer plug."]
    assert pack.read_text(encoding="utf-8").startswith("# Mine: stays.\n")


EDIT = """import pathlib, sys
path = pathlib.Path(sys.argv[-1])
path.write_text(path.read_text(encoding="utf-8").replace({old!r}, {new!r}), encoding="utf-8")
"""


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("effect", "weight"), "rule 'first': weight: unknown field"),
        (('"first"', '"second"'), "rule 'second': id: used twice in this pack"),
        (("[[rule]]", "[rule"), "not one rule"),
        (("[[rule]]", "[rule]"), "not one rule; expected one [[rule]] table and nothing else"),
        (("[[rule]]", "rule = [1]\n[x]"), "not one rule; expected one [[rule]] table and nothing else"),
        (("[[rule]]", "rule = [1]\n#"), "not one rule"),
        (("[[rule]]", "disable = ['ads/*']\n[[rule]]"), "not one rule; expected one [[rule]] table and nothing else"),
        (("[[rule]]", "[[rule]]\nid = 'none'\n[[rule]]"), "not one rule; expected one [[rule]] table and nothing else"),
        (('"first"', '["first"]'), "rule ['first']: id: ['first'] is not text"),
        (('"first"', '"First"'), "rule 'First': id: not kebab-case"),
    ],
)
def test_a_wrong_edit_changes_nothing(
    pack: Path, run: Command, tmp_path: Path, edit: tuple[str, str], said: str
) -> None:
    """One line, and the rule is asked about as it was."""
    script = plant(tmp_path, {"edit.py": EDIT.format(old=edit[0], new=edit[1])}) / "edit.py"
    before = pack.read_bytes()
    told = run("review", pack, stdin=b"e\nq\n", env={"VISUAL": f"{sys.executable} {script}"})
    assert told.code == 3
    assert said in told.words[0]
    assert told.words[0].endswith("; the rule is as it was")
    assert pack.read_bytes() == before


@pytest.mark.parametrize(
    ("editor", "said"),
    [
        ("no-such-editor", "No such file or directory"),
        ("false", "returned non-zero exit status 1"),
        ("vi '", "EDITOR=vi ': No closing quotation; expected the command of an editor"),
        (" ", "EDITOR is blank; expected the command of an editor"),
        ("/", "Permission denied"),
    ],
)
def test_an_editor_that_fails(pack: Path, run: Command, editor: str, said: str) -> None:
    """Or that is none: nothing is lost, and the rule is asked about again."""
    before = pack.read_bytes()
    told = run("review", pack, stdin=b"e\nq\n", env={"VISUAL": None, "EDITOR": editor})
    assert (told.code, len(told.words), told.out.count(b"--- 1 of 2")) == (3, 2, 2)
    assert said in told.words[0]
    assert told.words[0].endswith("; the rule is as it was")
    assert pack.read_bytes() == before


def test_an_id_that_is_none(pack: Path, run: Command) -> None:
    """In a rule of the pack it is said; the others are looked at."""
    pack.write_text(PROPOSED.replace('"first"', '["first"]'), encoding="utf-8")
    wrong = f"{pack}: rule ['first']: id: ['first'] is not text; expected a text that is not empty"
    told = run("review", pack, stdin=b"l\na\n")
    assert (told.code, told.words) == (3, [wrong, f"{pack}: 1 rule accepted, 0 rejected, 1 left"])
    told = run("review", pack, "--accept-all")
    assert (told.code, told.words[0]) == (3, f"{wrong}: edit or reject it")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no [[rule]] tables"),
        ("rule = 3\n", "no [[rule]] tables"),
        ("rule = [\n", "not TOML in UTF-8"),
    ],
)
def test_files_that_are_none(tmp_path: Path, run: Command, text: str, said: str) -> None:
    """One line, exit status 2."""
    path = plant(tmp_path, {"x.toml": text}) / "x.toml"
    for options in ((), ("--accept-all",)):
        told = run("review", path, *options)
        assert (told.code, len(told.words)) == (2, 1)
        assert told.words[0].startswith(f"{path}: {said}")
        assert "; expected " in told.words[0]
    assert run("review", tmp_path / "none.toml").code == 2


def test_a_wrong_proposal_cannot_be_accepted(pack: Path, run: Command) -> None:
    """Nor does it keep the others from it."""
    pack.write_text(PROPOSED.replace('effect = "cut"', 'effect = "cat"', 1), encoding="utf-8")
    told = run("review", pack, "--accept-all")
    assert told.code == 3
    assert "effect: 'cat' is unknown" in told.words[0]
    assert told.words[1] == f"{pack}: 1 rule accepted, 0 rejected, 1 left"
    assert run("review", pack, stdin=b"r").code == 0
    assert ids(pack) == ["second"]


def test_on_a_terminal(pack: Path) -> None:
    """The real command, with a person's keys."""
    child, terminal = pty.fork()
    if not child:
        os.execv(sys.executable, [sys.executable, "-m", "cleaner", "review", str(pack)])
    os.write(terminal, b"a\nr\n")
    shown = b""
    try:
        while more := os.read(terminal, 4096):
            shown += more
    except OSError:  # the other side has gone
        pass
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert b"1 rule accepted, 1 rejected, 0 left" in shown
    assert ids(pack) == ["first"]
