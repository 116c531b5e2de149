"""Try to break cleaner, and say what happened: `make torture`, or `python -m tests.torture [SCENARIO]... [--hours H] [--docs]`.

A scenario is a module with `run(folder, hours)`: it yields a `Line` for each thing that it tried, and raises AssertionError where
cleaner broke a promise; then the others are still run, and the exit status is 1. Whatever is random is drawn from a fixed seed.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks import tables
from tests.torture import corpora, damaged, documents, faults, fuzz, kills, long
from tests.torture.line import Line

SCENARIOS: dict[str, Callable[[Path, float], Iterator[Line]]] = {
    "kills": kills.run,
    "faults": faults.run,
    "documents": documents.run,
    "damaged": damaged.run,
    "corpora": corpora.run,
    "fuzz": fuzz.run,
    "long": long.run,
}


def main() -> int:
    """Run scenarios, print their table, and return an exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "scenarios", nargs="*", metavar="SCENARIO", help=f"some of {', '.join(SCENARIOS)}; all by default"
    )
    parser.add_argument(
        "--hours", type=float, default=0.0, help="how long each of the long runs takes; none by default"
    )
    parser.add_argument("--docs", action="store_true", help="write the table into docs/safety.md")
    given = parser.parse_args()
    if unknown := set(given.scenarios) - set(SCENARIOS):
        parser.error(f"{', '.join(sorted(unknown))}: expected some of {', '.join(SCENARIOS)}")
    table, broken = ["| what was tried | how often | what happened |", "|---|---|---|"], 0
    for name in given.scenarios or SCENARIOS:
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                for line in SCENARIOS[name](Path(folder), given.hours):
                    table.append(str(line))
                    print(line, flush=True)
            except AssertionError:
                broken += 1
                traceback.print_exc()
        print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    command = shlex.join(["python", "-m", "tests.torture", *(word for word in sys.argv[1:] if word != "--docs")])
    table += ["", f"({tables.made_by(command)}.)"]
    if given.docs and not broken:
        tables.write("safety.md", "long" if given.scenarios == ["long"] else "torture", "\n".join(table))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
