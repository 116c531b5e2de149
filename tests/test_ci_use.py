"""Goldens in a project's own CI: the fixture for pytest and the hooks of pre-commit, each in a scratch project."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.conftest import BODY, OTHER, ROOT, TRAILER, plant, snippets, tree

pytest_plugins = ["pytester"]

[TEST] = snippets("docs/goldens.md", "py")
ACTIONS, HOOKS = map(yaml.safe_load, snippets("docs/pipelines.md", "yaml"))
"""The examples."""

JSONL_TEST = """
from cleaner import Cleaner

def test_documents(cleaner_golden):
    cleaner_golden("docs/*.jsonl", "golden", cleaner=Cleaner(), text="body", id="url", group="site")
"""


RULE = (
    '[[rule]]\nid = "r"\nwhy = "W."\neffect = "cut"\nlangs = ["en"]\n'
    'phrases = ["Join us"]\nmatch = ["Join us"]\nspare = ["She said: join us."]\n'
)


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two documents and a test."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # those of other packages are slow to load
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p cleaner.pytest_plugin")
    files = {"docs/a.txt": BODY + TRAILER, "docs/b.txt": OTHER + TRAILER, "test_mine.py": TEST}
    plant(pytester.path / "tests", files)
    return pytester.path


def test_the_fixture_keeps_goldens(project: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing ones fail; an update makes them; a change is shown, and is accepted by a person only."""
    found = pytester.runpytest_subprocess()
    found.stdout.fnmatch_lines(
        ["missing golden: a.txt", "golden: the output differs; * accept it with --update-golden"]
    )
    assert pytester.runpytest_subprocess("--update-golden").ret == 0
    golden = project / "tests/golden"
    assert tree(golden).keys() == {"a.txt", "b.txt", "report.jsonl"}
    assert (golden / "a.txt").read_text(encoding="utf-8") == BODY
    assert tree(project / "tests/golden-alone").keys() == {"a.txt", "b.txt", "report.jsonl"}
    plant(project, {"tests/docs/a.txt": BODY + "A line of its own.\n" + TRAILER})
    before = tree(golden)
    found = pytester.runpytest_subprocess()
    assert found.ret == 1
    found.stdout.fnmatch_lines(["+A line of its own.", "a.txt: spans +1 -1"])
    monkeypatch.setenv("CI", "true")
    found = pytester.runpytest_subprocess("--update-golden")
    assert found.ret == pytest.ExitCode.USAGE_ERROR
    found.stderr.fnmatch_lines(
        ["ERROR: --update-golden with CI set; expected goldens to be made and looked at by a person"]
    )
    assert tree(golden) == before
    plant(project, {"tests/docs/a.txt": BODY + TRAILER})
    monkeypatch.chdir(project / "tests")
    assert pytester.runpytest_subprocess().ret == 0


def test_the_fixture_takes_a_cleaner_and_fields(project: Path, pytester: pytest.Pytester) -> None:
    plant(
        project / "tests",
        {"test_mine.py": JSONL_TEST, "docs/c.jsonl": '{"url": "x", "body": "Of bees.", "site": "y"}\n'},
    )
    assert pytester.runpytest_subprocess("--update-golden").ret == 0
    report = tree(project)["tests/golden/report.jsonl"].decode()
    assert '{"id":"x","source":"c.jsonl","group":"y","status":"unchanged"' in report


def test_the_fixture_says_what_is_missing(project: Path, pytester: pytest.Pytester) -> None:
    plant(project / "tests", {"test_mine.py": TEST.replace('"docs"', '"texts"')})
    found = pytester.runpytest_subprocess()
    assert found.ret == 1
    found.stdout.fnmatch_lines(["texts: nothing to read; expected documents below *"])


def ran(folder: Path, *command: str) -> tuple[int, str]:
    """Run a command in a folder, with the environment's programs before others."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {key: value for key, value in os.environ.items() if key != "CI" and not key.startswith("GIT_")}
    environment |= {"PATH": path, "PRE_COMMIT_HOME": str(folder / ".git/pre-commit")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_pre_commit_installs_the_hooks(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a repository, at a revision, as docs/pipelines.md says: into an environment of their own, which takes the network."""
    source = tmp_path_factory.mktemp("clone")
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    for name in ("pyproject.toml", *packed["sdist"]["include"]):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source / name)
    [repo] = HOOKS["repos"]
    commit = ["-c", "user.name=A", "-c", "user.email=a@a.example", "commit", "-qm", "All"]
    for words in (["init", "-q"], ["add", "."], commit, ["tag", repo["rev"]]):
        assert ran(source, "git", *words) == (0, "")
    config = yaml.safe_dump({"repos": [{**repo, "repo": str(source)}]})
    plant(project, {".pre-commit-config.yaml": config, "my-rules.toml": RULE})
    assert ran(project, *ACTIONS["jobs"]["documents"]["steps"][-1]["run"].split(), "--update")[0] == 0
    monkeypatch.delenv("PYTHONPATH", raising=False)  # from here on it is what was installed that runs
    for words in (["init", "-q"], ["add", "."]):
        assert ran(project, "git", *words)[0] == 0
    code, said = ran(project, "pre-commit", "run", "--all-files")
    assert (code, said.count("Passed")) == (0, 2), said
    assert "Installing environment" in said
    plant(project, {"tests/docs/a.txt": OTHER, "my-rules.toml": RULE.replace('match = ["Join', 'match = ["Leave')})
    code, said = ran(project, "pre-commit", "run", "--all-files")
    assert (code, said.count("Failed")) == (1, 2), said
    assert "golden: the output differs; look at it, then accept it with --update" in said


def test_the_hooks_of_pre_commit(project: Path) -> None:
    """As docs/pipelines.md says, and as pre-commit runs them, by the command of this environment: on what was staged alone."""
    manifest = ROOT / ".pre-commit-hooks.yaml"
    assert ran(project, "pre-commit", "validate-manifest", str(manifest)) == (0, "")
    defined = {hook["id"]: hook for hook in yaml.safe_load(manifest.read_text(encoding="utf-8"))}
    hooks = [defined[hook["id"]] | hook | {"language": "system"} for hook in HOOKS["repos"][0]["hooks"]]
    assert len(hooks) == len(defined)
    config = yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]})
    plant(project, {".pre-commit-config.yaml": config, "my-rules.toml": RULE})
    assert ran(project, "git", "init", "-q")[0] == 0
    command = ACTIONS["jobs"]["documents"]["steps"][-1]["run"].split()
    assert ran(project, *command, "--update")[0] == 0
    assert ran(project, *command)[0] == 0
    assert ran(project, "git", "add", ".")[0] == 0
    code, said = ran(project, "pre-commit", "run", "--all-files")
    assert (code, said.count("Passed")) == (0, 2), said
    plant(project, {"tests/docs/a.txt": OTHER, "my-rules.toml": RULE.replace('match = ["Join', 'match = ["Leave')})
    assert ran(project, "git", "add", ".")[0] == 0
    code, said = ran(project, "pre-commit", "run")
    assert (code, said.count("Failed")) == (1, 2), said
    assert "golden: the output differs; look at it, then accept it with --update" in said
