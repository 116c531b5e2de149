"""The same bytes, whatever the machine is set to: order, workers, batches, memory, hash seed, locale."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.torture.command import folder_of_texts, lines_of_texts

COMBINATIONS = (
    # order, workers, batch, memory, hash seed, locale
    (0, 1, None, None, "0", "C"),
    (1, 2, 1, None, "1", "C.UTF-8"),
    (2, 1, 5_000, "300MB", "2", "tr_TR.UTF-8"),
    (3, 2, 20_000, "610MB", "random", "tr_TR.UTF-8"),
    (4, 3, 100, None, "4294967295", "POSIX"),
    (5, 1, 1, "270MB", "5", "tr_TR.UTF-8"),
    (6, 2, None, "1GB", "6", "C"),
    (7, 4, 3_000, None, "7", "tr_TR.UTF-8"),
    (8, 1, 50_000, "2GB", "8", "C.UTF-8"),
    (9, 2, 700, "700MB", "9", "POSIX"),
)

RUN = """
import random, sys
from cleaner import sources, workers
order, batch, *sys.argv[1:] = sys.argv[1:]
if batch != "None":
    workers.BATCH = int(batch)
real = sources.os.walk
def walk(*args, **kwargs):
    for parent, folders, files in real(*args, **kwargs):
        random.Random(order).shuffle(folders)
        random.Random(order).shuffle(files)
        yield parent, folders, files
sources.os.walk = walk
from cleaner.__main__ import main
main()
"""
"""Runs the command where a disk lists its files in another order, with other batches."""


def turkish(folder: Path) -> dict[str, str]:
    """Return what makes the locale tr_TR known to programs that are started, where the system can make it; it is asked for anyway."""
    if localedef := shutil.which("localedef"):
        made = [localedef, "-i", "tr_TR", "-f", "UTF-8", str(folder / "tr_TR.UTF-8")]
        if subprocess.run(made, capture_output=True, check=False).returncode == 0:
            return {"LOCPATH": str(folder)}
    return {}


def test_ten_settings_give_the_same_bytes(tmp_path: Path) -> None:
    """Names, ids and texts have letters that locales order and fold otherwise; two documents are copies, one fails."""
    corpus = folder_of_texts(tmp_path / "in", 30)
    for name in ("I.txt", "i.txt", "ı.txt", "İ.txt", "z.txt", "Ä.txt"):
        (corpus / name).write_text(
            f"{name} INSTAGRAM ISI ılık İzmir.\n\nYou may also like\n\nTITLE {name}\n", encoding="utf-8"
        )
    lines = lines_of_texts(corpus / "lines.jsonl", 30)
    twice = json.dumps({"text": "YOU MAY ALSO LIKE\nIstanbul İstanbul ISTANBUL\n" * 3}) + "\n"
    lines.write_text(lines.read_text(encoding="utf-8") + twice * 2 + "[]\n", encoding="utf-8")
    known = turkish(tmp_path)
    found = set()
    for order, jobs, batch, memory, seed, locale in COMBINATIONS:
        out = tmp_path / f"out{order}"
        inputs = sorted(path.name for path in corpus.iterdir())
        args = [str(order), str(batch), "clean", str(corpus), "--out", str(out), "--jobs", str(jobs)]
        env = {**os.environ, **known, "LC_ALL": locale, "LANG": locale, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        if random.Random(order).random() < 0.5:
            env["PYTHONUTF8"] = "0"
        done = subprocess.run(
            [sys.executable, "-c", RUN, *args, *(["--memory", memory] if memory else [])],
            capture_output=True,
            check=False,
            env=env,
        )
        assert done.returncode == 3, done.stderr.decode()
        assert len(inputs) == len(set(inputs))
        files = sorted(path for path in out.rglob("*") if path.is_file())
        found.add(tuple((os.fsencode(path.relative_to(out)), path.read_bytes()) for path in files))
    assert len(found) == 1
    [one] = found
    assert len(one) == 30 + 6 + 1 + 2
    assert (
        sum(
            b'"status":"cleaned"' in line for name, data in one if name == b"report.jsonl" for line in data.splitlines()
        )
        > 40
    )
