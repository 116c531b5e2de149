"""Draw docs/figure.svg from a run on seeds/: `python -m tests.benchmarks.figure`.

Each article is a panel, its text running down; each block is a bar as high as it is long and as wide as its score says, to the right for
cutting, to the left for keeping. A test draws it again: when the decision changes, the figure does.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

from cleaner.decide import Decision
from cleaner.index import learn
from cleaner.model import Document
from cleaner.pipeline import Cleaner
from cleaner.render import one_line

ROOT = Path(__file__).parents[2]
FIGURE = ROOT / "docs/figure.svg"

WIDTH, HEIGHT, TOP = 540, 644, 84
PANEL, GAP = 208, 84
"""Pixels: of a panel, and between the two."""
CHARS = 38.0
"""Characters of text to a pixel."""
UNIT = 8.6
"""Pixels to a log-odd."""

STYLE = """
svg { --paper: #fff; --ink: #24292f; --faint: #6e7781; --keep: #8aa4c0; --cut: #d9622b; --band: #f0b99b; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #1b1f24; --ink: #e6e6e6; --faint: #9aa4ae; --keep: #5b7797; --cut: #e8743b; --band: #7a4328; }
}
.paper { fill: var(--paper); stroke: var(--faint); stroke-opacity: .4 } .keep { fill: var(--keep) } .cut { fill: var(--cut) }
.band { fill: var(--band); fill-opacity: .5 } .line { stroke: var(--ink); stroke-dasharray: 4 3 }
.lead { stroke: var(--cut); fill: none } text { font: 14px system-ui, sans-serif; fill: var(--ink) }
.small { font-size: 12.5px } .faint { fill: var(--faint) } .rule { fill: var(--cut); }
"""


def drawn() -> str:
    """Return the figure: the same bytes for the same decision."""
    documents = [
        Document(path.name, path.read_text(encoding="utf-8")) for path in sorted((ROOT / "seeds").glob("*.txt"))
    ]
    cleaner = Cleaner(learn(documents))
    decisions = [cleaner.explain(document) for document in documents]
    places = {document.id: number * (PANEL + GAP) + 20 for number, document in enumerate(documents)}
    parts = [*_bands(documents, decisions, places)]
    for document, decision in zip(documents, decisions, strict=True):
        parts += _panel(document, decision, places[document.id])
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">',
            "<title>The blocks of two articles, kept and cut</title>",
            f"<style>{STYLE}</style>",
            f'<rect class="paper" x=".5" y=".5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="6"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _panel(document: Document, decision: Decision, x: float) -> Iterator[str]:
    """Yield one article: its name, its blocks, the threshold, the rules that spoke."""
    middle, bottom = x + PANEL / 2, _y(len(document.text))
    kept = sum(not cut for cut in decision.cut)
    yield _text(x, 28, document.id)
    yield _text(x, 48, f"{kept} blocks kept, {len(decision.cut) - kept} cut", "small faint")
    yield _text(middle - 8, TOP - 8, "◂ keep", "small faint", "end") + _text(
        middle + 8, TOP - 8, "cut ▸", "small faint"
    )
    for place, block in enumerate(decision.repetition.blocks):
        wide = UNIT * decision.scores[place]
        box = f'x="{middle + min(wide, 0):.1f}" y="{_y(block.start):.1f}" width="{abs(wide):.1f}"'
        said = escape(one_line(document.text[block.start : block.stop], 60))
        yield (
            f'<rect class="{"cut" if decision.cut[place] else "keep"}" {box} height="{(block.end - block.start) / CHARS:.1f}">'
            f"<title>{decision.scores[place]:+.1f} {said}</title></rect>"
        )
    yield f'<path class="line" d="M{middle:.1f} {TOP - 4}V{bottom + 8:.1f}"/>'
    for score, said in ((-10, "−10"), (0, "threshold"), (10, "+10")):
        yield _text(middle + UNIT * score, bottom + 24, said, "small faint", "middle")
    for one in decision.evidence:
        at = _y(decision.repetition.blocks[one.block].start)
        yield f'<path class="lead" d="M{middle + 12:.1f} {at - 20:.1f}V{at:.1f}"/>'
        for row, said in enumerate(("a rule speaks:", one.reason.rule.partition("/")[2])):
            yield _text(x + PANEL + 14, at - 42 + 16 * row, said, "small rule", "end")


def _bands(documents: list[Document], decisions: list[Decision], places: dict[str, int]) -> Iterator[str]:
    """Yield what joins each block of the first article to the one that the second holds word for word, or nearly."""
    first, second = documents
    for place, reason in sorted(decisions[0].repetition.reasons.items()):
        block = decisions[0].repetition.blocks[place]
        [partner] = reason.partners
        x, far = places[first.id] + PANEL, places[second.id]
        corners = [(x, block.start), (far, partner.start), (far, partner.end), (x, block.stop)]
        yield f'<path class="band" d="M{"L".join(f"{left} {_y(at):.1f}" for left, at in corners)}Z"/>'
    for row, said in enumerate(("the same", "in both")):
        yield _text(
            places[first.id] + PANEL + GAP / 2, _y(len(first.text)) + 8 + 16 * row, said, "small faint", "middle"
        )


def _y(char: int) -> float:
    return TOP + char / CHARS


def _text(x: float, y: float, said: str, style: str = "", anchor: str = "start") -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(said)}</text>'


if __name__ == "__main__":
    FIGURE.write_text(drawn(), encoding="utf-8")
