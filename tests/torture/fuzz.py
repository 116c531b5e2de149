"""Coverage-guided fuzzing (atheris): each target is a process of its own with a fixed seed, and its promises raise."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.torture.line import Line

SEED = 20_261_122

SECONDS = 300
"""A target that takes longer to do its runs is broken: they take a tenth of it."""

SEEDS = Path(__file__).parents[2] / "seeds"


def run(folder: Path, hours: float) -> Iterator[Line]:
    """Fuzz each target, from a corpus that our own code makes."""
    for name, (_, samples, runs) in TARGETS.items():
        corpus = folder / name
        corpus.mkdir()
        for number, sample in enumerate(samples()):
            (corpus / str(number)).write_bytes(sample)
        arguments = [f"-seed={SEED}", f"-runs={runs}", "-max_len=8000", "-timeout=20", "-rss_limit_mb=3000"]
        done = subprocess.run(
            [sys.executable, "-m", "tests.torture.fuzz", name, *arguments, f"-artifact_prefix={folder}/", str(corpus)],
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        [features] = re.findall(r"DONE\s+cov: \d+ ft: (\d+)", done.stderr)
        yield Line(f"fuzzed: {name}", f"{runs:,} inputs", f"every promise held; {int(features):,} features reached")


def _segment(data: bytes) -> None:
    """Blocks tile the text, whatever borders are given."""
    from cleaner.segment import segment

    text = data.decode("utf-8", "replace")
    if data[:1] == b"\0":  # any code units, lone surrogates among them
        text = "".join(map(chr, memoryview(data[: len(data) // 2 * 2]).cast("H")))
    borders = sorted({at % (len(text) + 1) for at in data[:8]})
    blocks = segment(text, borders)
    assert "".join(text[block.start : block.end] for block in blocks) == text
    assert all(block.start <= block.stop <= block.end for block in blocks)


def _rules(data: bytes) -> None:
    """A pack is read, or refused with one line; what it says of a text is said within its time."""
    from cleaner.matching import match
    from cleaner.model import Document, RuleError
    from cleaner.rules import load_rules
    from cleaner.segment import segment

    text = "Join us for supper\naaaaaaaaaaaaaaaaaaaa\n"
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(RuleError):
        path = Path(folder, "mine.toml")
        path.write_bytes(data)
        match(load_rules([path], shipped=False), Document("a", text), segment(text))


def _index(data: bytes) -> None:
    """An index is read, or refused."""
    from cleaner import saving
    from cleaner.model import IndexFormatError

    with contextlib.suppress(IndexFormatError):
        saving.loads(data)


def _jsonl(data: bytes) -> None:
    """A line that is read and changed can be changed back, byte for byte; what is not read is refused."""
    from cleaner.jsonl import open_page, parse_line, restore_text, rewrite_text
    from cleaner.model import ReadError

    with contextlib.suppress(ReadError):
        raw, value = parse_line(data, "x", 2)
        if value is not None and isinstance(text := value.get("text"), str):
            line, literal = rewrite_text(raw, "text", text, text[::2])
            assert json.loads(line)["text"] == text[::2]
            assert restore_text(line, "text", text, literal) == raw
            assert json.loads(open_page(raw, "text", "One.", {"title": None}))["text"] == "One."


def _report(data: bytes) -> None:
    """Of any text, what the report has of it gives it back; and a report that is no report is refused with one line."""
    from cleaner import report
    from cleaner.pipeline import clean
    from cleaner.render import one_line

    text = data.decode("utf-8", "replace").replace("\0", "")
    trailer = "\n\nYou may also like\n\nWhy bridges hum\n"
    [cleaned] = clean([text + trailer])
    row = json.loads(report.dumps(report.record("x", cleaned)))
    assert report.restore(cleaned.text, row) == text + trailer
    shown = one_line(text)
    assert shown.isprintable() or not re.search(r"[\x00-\x1f\x7f-\x9f]", shown)


def _pipeline(data: bytes) -> None:
    """Documents that share lines: spans are in order, bodies are what they leave, cleaning again changes nothing."""
    from dataclasses import replace

    from cleaner.index import learn
    from cleaner.model import Document
    from cleaner.pipeline import Cleaner

    texts = data.decode("utf-8", "replace").split("\x1e")[:6]
    documents = [Document(str(at), text, "ab"[at % 2]) for at, text in enumerate(texts)]
    cleaner = Cleaner(learn(documents))
    for document, cleaned in zip(documents, cleaner.clean_all(documents), strict=True):
        rest, at = "", 0
        for span in cleaned.spans:
            assert at <= span.start < span.end
            assert span.reasons
            rest, at = rest + document.text[at : span.start], span.end
        assert rest + document.text[at:] == cleaned.text
        again = cleaner.clean(replace(document, text=cleaned.text))
        assert (again.text, again.spans) == (cleaned.text, ())


def _texts() -> list[bytes]:
    return [path.read_bytes()[:1900] for path in sorted(SEEDS.glob("*.txt"))] + [
        b"One. Two.\r\n\x0cThree\xe2\x80\xa8\n"
    ]


def _packs() -> list[bytes]:
    rule = '[[rule]]\nid = "r"\nwhy = "W."\neffect = "cut"\nlangs = ["en"]\nmatch = ["Join us"]\nspare = ["She said: join us."]\n'
    return [
        f"{rule}pattern = '''^join us (?:for|at).{{2,30}}$'''\nkeywords = [\"join\"]\n".encode(),
        f'{rule}phrases = ["Join us"]\n'.encode(),
    ]


def _indexes() -> list[bytes]:
    from cleaner.index import learn
    from cleaner.model import Document
    from cleaner.saving import dumped

    return [b"".join(dumped(learn([Document("a", "One.\nShare this"), Document("b", "Two.\nShare this", "g")])))]


def _rows() -> list[bytes]:
    return [
        b'{"id": 1, "text": "Caf\\u00e9.\\nRead more", "n": [1.0, {"text": "x"}]}\r\n',
        b'{"text": "a\\/b", "text": "\xc3\xa9"}\n',
    ]


def _corpora() -> list[bytes]:
    trailer = "\n\nYou may also like\n\nWhy bridges hum\n\nTen quiet harbours\n"
    return ["\x1e".join(f"Of {name} that dance.{trailer}" for name in ("bees", "ants", "wasps")).encode()]


TARGETS: Mapping[str, tuple[Callable[[bytes], None], Callable[[], list[bytes]], int]] = {
    "segment": (_segment, _texts, 100_000),
    "rules": (_rules, _packs, 4_000),
    "index": (_index, _indexes, 10_000),
    "jsonl": (_jsonl, _rows, 100_000),
    "report": (_report, _texts, 1_500),
    "pipeline": (_pipeline, _corpora, 1_000),
}
"""What is fuzzed: its promises, the inputs to start from, and how many are tried."""


def main() -> None:
    """Fuzz one target, as atheris does: `python -m tests.torture.fuzz TARGET [libFuzzer's options]`."""
    import atheris

    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["cleaner"]):
        import cleaner.jsonl
        import cleaner.pipeline
        import cleaner.report
        import cleaner.saving  # noqa: F401
    atheris.Setup(sys.argv, TARGETS[name][0])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
