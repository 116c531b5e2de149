"""The built wheel, in an environment of its own without development tools, far from the repository."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from cleaner import __version__
from cleaner.rules import load_rules, packs_folder
from tests.conftest import ROOT, SEEDS

CALL = 'import cleaner; print(cleaner.clean(["One body.\\n\\nYou may also like\\n\\nTen harbours\\n"])[0].status)'

PACKS = "from cleaner.rules import packs_folder; print(packs_folder())"


def stdout(*command: object, cwd: Path) -> str:
    """Run a command that must work, and return what it says."""
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def files(folder: Path) -> list[Path]:
    """Return the files of a folder and its subfolders."""
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as an installer builds it."""
    folder = tmp_path_factory.mktemp("dist")
    stdout(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    [path] = folder.glob("*.whl")
    return path


def test_the_wheel_holds_packs_schema_and_types(wheel: Path) -> None:
    """And no tests, seeds or goldens."""
    names = zipfile.ZipFile(wheel).namelist()
    expected = {f"cleaner/{path.name}" for path in (ROOT / "cleaner").iterdir() if path.is_file()}
    expected |= {f"cleaner/_packs/{path.relative_to(ROOT / 'rules').as_posix()}" for path in files(ROOT / "rules")}
    assert {name for name in names if ".dist-info/" not in name} == expected
    assert {"cleaner/py.typed", "cleaner/report.schema.json", "cleaner/_packs/related.toml"} < expected
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_an_installed_wheel_works(wheel: Path, tmp_path: Path) -> None:
    """The command and the Python call, with the packs of the wheel and the dependencies it names."""
    venv.create(tmp_path / "venv", with_pip=True)
    bin_ = next(folder for folder in (tmp_path / "venv/bin", tmp_path / "venv/Scripts") if folder.is_dir())
    stdout(bin_ / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel, cwd=tmp_path)
    assert stdout(bin_ / "cleaner", "--version", cwd=tmp_path) == f"cleaner {__version__}\n"
    assert stdout(bin_ / "python", "-c", CALL, cwd=tmp_path) == "cleaned\n"
    stdout(bin_ / "cleaner", "rules", "test", cwd=tmp_path)
    stdout(bin_ / "cleaner", "clean", SEEDS, "--out", "cleaned", cwd=tmp_path)
    for path in SEEDS.iterdir():
        body = (tmp_path / "cleaned" / path.name).read_bytes()
        assert body in path.read_bytes()
        assert body.endswith((b"timing.\n", b"crucial.\n"))
    packs = Path(stdout(bin_ / "python", "-c", PACKS, cwd=tmp_path).strip())
    assert packs.parts[-2:] == ("cleaner", "_packs")
    assert packs.is_relative_to(tmp_path)
    shipped = {path.relative_to(packs): path.read_bytes() for path in files(packs)}
    assert shipped == {path.relative_to(ROOT / "rules"): path.read_bytes() for path in files(ROOT / "rules")}


def test_an_editable_install_finds_the_packs_of_the_checkout() -> None:
    """A rule that was just edited is the one that runs."""
    assert packs_folder() == ROOT / "rules"
    assert "related/you-may-also-like" in {rule.full_id for rule in load_rules().rules}
