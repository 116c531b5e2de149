"""Tables of the pages in docs/: where they are written, and the machine that they were measured on."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def machine() -> str:
    """Return what this machine is: cores, processor, Python."""
    names = Path("/proc/cpuinfo")
    model = re.search(r"^model name\s*: (.*)$", names.read_text(), re.MULTILINE) if names.exists() else None
    return f"{os.cpu_count()} cores ({model[1] if model else platform.machine()}), Python {platform.python_version()}"


def made_by(command: str) -> str:
    """Return what is said of figures: the day, this machine, and the command that printed them."""
    return f"{datetime.now(UTC):%Y-%m-%d}, {machine()}: `{command}`"


def write(page: str, name: str, table: str) -> None:
    """Put `table` into a page of docs/, between the two comments of a name."""
    path = DOCS / page
    path.write_text(replaced(path.read_text(encoding="utf-8"), name, table), encoding="utf-8")


def replaced(text: str, name: str, table: str) -> str:
    r"""Return `text` with what stands between the two comments of a name replaced.

    >>> replaced("One\n<!-- a -->\nold\n<!-- /a -->\n", "a", "new")
    'One\n<!-- a -->\nnew\n<!-- /a -->\n'
    """
    first, last = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    if text.count(first) != 1 or text.count(last) != 1 or text.index(first) > text.index(last):
        raise SystemExit(f"no place for the table; expected {first.strip()} and {last}, each once")
    before, _, rest = text.partition(first)
    return f"{before}{first}{table.strip()}\n{last}{rest.partition(last)[2]}"
