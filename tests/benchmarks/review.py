"""What the page of `cleaner report` weighs, and how long a browser takes to show it.

    python -m tests.benchmarks.review            # of 100, 1,000 and 10,000 documents: some minutes

The corpora are those of `tests.benchmarks.scale`. *Written* is the command with its start; *first view* is from opening the file to
the list of documents painted, *slider* and *filter* from the event to the next frame; each the median of `--runs`. Needs Chromium and the dependency
group `browser`.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from playwright.sync_api import Page, sync_playwright

from tests.benchmarks.scale import documents, save
from tests.benchmarks.tables import machine

_FRAME = "new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"

_AFTER = """async ([id, type, value]) => {
  const from = performance.now();
  const control = document.getElementById(id);
  control.value = value;
  control.dispatchEvent(new Event(type, { bubbles: true }));
  return await (%s) - from;
}"""


def _shown(page: Page, address: str) -> tuple[float, float, float]:
    """Return milliseconds to the first view, for the slider and for a filter."""
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    shown: float = page.evaluate("performance.getEntriesByName('shown')[0].startTime")
    slider: float = page.evaluate(_AFTER % _FRAME, ["threshold", "input", "0.95"])
    filtered: float = page.evaluate(_AFTER % _FRAME, ["most", "input", "0.9"])
    return shown, slider, filtered


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--documents", type=int, nargs="*", default=[100, 1_000, 10_000])
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args(arguments)
    command = [sys.executable, "-m", "cleaner"]
    print("| documents | page | written | first view | slider | filter |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        for number in given.documents:
            corpus = save(folder / f"{number}.jsonl", documents(number))
            out, page = folder / f"{number}", folder / f"{number}.html"
            options = ["--id-field", "id", "--group-field", "group", "--out", out]
            subprocess.run([*command, "clean", corpus, *options], check=True, capture_output=True)
            start = perf_counter()
            subprocess.run([*command, "report", out, "--html", page], check=True, capture_output=True)
            written = perf_counter() - start
            times = []
            for _ in range(given.runs):
                tab = browser.new_page()
                times.append(_shown(tab, page.as_uri()))
                tab.close()
            shown, slider, filtered = (f"{median(column):,.0f} ms" for column in zip(*times, strict=True))
            size = f"{page.stat().st_size / 1e6:.1f} MB"
            print(f"| {number:,} | {size} | {written:.1f} s | {shown} | {slider} | {filtered} |", flush=True)
        print(f"\n({machine()}, Chromium {browser.version}, medians of {given.runs}.)")


if __name__ == "__main__":
    main()
