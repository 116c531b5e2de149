"""The founding documents: both bodies exact to the byte, whatever is done to the trailer that they share."""

from __future__ import annotations

import io
import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from cleaner import Cleaner, Document, clean, learn
from cleaner.chunks import Fields
from cleaner.runs import Job, find, to_folder, to_stream
from cleaner.sources import find_sources

SEEDS = Path(__file__).parent.parent / "seeds"
NAMES = ("000_6ac200c3676267cd.txt", "001_169203d157c774fe.txt")
HEADING = "You may also like\n"
ONE, OTHER = ((SEEDS / name).read_bytes().decode() for name in NAMES)


def parts(text: str) -> tuple[str, str]:
    """Split a founding document before the heading of its trailer."""
    at = text.index("\n" + HEADING) + 1
    return text[:at], text[at:]


ONE_BODY, ONE_TRAILER = parts(ONE)
OTHER_BODY, OTHER_TRAILER = parts(OTHER)

BYSTANDERS = [
    "The ferry to the island runs twice a day.\nIn winter it runs on Sundays only.\n",
    "# Bread\n\nMix flour and water.\n\n## Conclusion\n\nEat it warm.\n",
    "Ein Satz über Brücken.\n\nUnd noch einer über Häfen.\n",
]


def bodies(*texts: str) -> list[str]:
    return [cleaned.text for cleaned in clean(texts)]


def lines(text: str, change: Callable[[int, str], str]) -> str:
    """Change the lines of a trailer that are neither blank nor the heading, counted from 1."""
    changed, count = [], 0
    for line in text.split("\n"):
        if line and line + "\n" != HEADING:
            count += 1
            changed.append(change(count, line))
        else:
            changed.append(line)
    return "\n".join(changed)


def without_heading(text: str) -> str:
    assert "\n" + HEADING in text
    return text.replace("\n" + HEADING, "\n")


def test_the_bodies_are_what_the_project_promises() -> None:
    assert ONE_BODY.endswith("betrayal; it's called timing.\n")
    assert OTHER_BODY.endswith("to our staff remains crucial.\n")


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda text: text, id="as-it-is"),
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="crlf"),
        pytest.param(lambda text: "\ufeff" + text, id="bom"),
        pytest.param(lambda text: text.replace("\n", " "), id="flattened"),
    ],
)
def test_together_alone_and_in_either_order(changed: Callable[[str], str]) -> None:
    """The same two bodies, in company or not."""
    one, other, one_body, other_body = map(changed, (ONE, OTHER, ONE_BODY, OTHER_BODY))
    assert bodies(one, other) == [one_body, other_body]
    assert bodies(other, one) == [other_body, one_body]
    assert bodies(one) == [one_body]
    assert bodies(other) == [other_body]
    assert bodies(*BYSTANDERS, one, other) == [*BYSTANDERS, one_body, other_body]


def test_as_jsonl(tmp_path: Path) -> None:
    """Only the text field changes."""
    rows = [{"url": "u0", "text": ONE, "n": 1.0}, {"url": "u1", "text": OTHER, "n": 2}]
    path = tmp_path / "seeds.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    job = Job(find_sources([str(path)]), Fields(id="url"))
    to_folder(Cleaner(job.learn()), job, tmp_path / "out")
    expected = [rows[0] | {"text": ONE_BODY}, rows[1] | {"text": OTHER_BODY}]
    assert (tmp_path / "out/seeds.jsonl").read_text() == "".join(json.dumps(row) + "\n" for row in expected)


@pytest.mark.parametrize(("text", "body"), [(ONE, ONE_BODY), (OTHER, OTHER_BODY)], ids=NAMES)
def test_from_standard_input(text: str, body: str) -> None:
    out = io.BytesIO()
    with find(["-"], "auto", io.BytesIO(text.encode())) as found:
        job = Job(found)
        to_stream(Cleaner(job.learn()), job, out)
    assert out.getvalue() == body.encode()


def test_without_the_heading() -> None:
    """Repetition alone finds the trailer."""
    one, other = without_heading(ONE), without_heading(OTHER)
    assert bodies(one, OTHER) == [ONE_BODY, OTHER_BODY]
    assert bodies(ONE, other) == [ONE_BODY, OTHER_BODY]
    assert bodies(one, other) == [ONE_BODY, OTHER_BODY]
    assert bodies(*BYSTANDERS, one, other) == [*BYSTANDERS, ONE_BODY, OTHER_BODY]


REPLACED = {
    "title": "A quite different headline, number {}, on sundry other matters",
    "sentence": "Something else altogether happened on day {}, and the people who saw it said it was a sight to see.",
}


@pytest.mark.parametrize("first", [0, 1, 2])
@pytest.mark.parametrize("item", REPLACED.values(), ids=REPLACED.keys())
def test_with_a_third_of_the_items_replaced(item: str, first: int) -> None:
    def other_item(count: int, line: str) -> str:
        return item.format(count) if count % 3 == first else line

    assert bodies(ONE_BODY + lines(ONE_TRAILER, other_item), OTHER) == [ONE_BODY, OTHER_BODY]
    assert bodies(ONE, OTHER_BODY + lines(OTHER_TRAILER, other_item)) == [ONE_BODY, OTHER_BODY]


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("length", [40, None], ids=["to-40-characters", "to-half"])
def test_with_half_of_the_lines_truncated(length: int | None, first: int) -> None:
    def truncated(count: int, line: str) -> str:
        return line[: length or len(line) // 2] + "..." if count % 2 == first else line

    assert bodies(ONE_BODY + lines(ONE_TRAILER, truncated), OTHER) == [ONE_BODY, OTHER_BODY]
    assert bodies(ONE, OTHER_BODY + lines(OTHER_TRAILER, truncated)) == [ONE_BODY, OTHER_BODY]


def test_with_the_trailer_also_in_front() -> None:
    assert bodies(ONE_TRAILER + ONE, OTHER_TRAILER + OTHER) == [ONE_BODY, OTHER_BODY]
    assert bodies(ONE_TRAILER + ONE, OTHER) == [ONE_BODY, OTHER_BODY]
    assert bodies(ONE_TRAILER + ONE) == [ONE_BODY]
    assert bodies(OTHER_TRAILER.rstrip() + "\n" + OTHER) == [OTHER_BODY]


def with_box(body: str, size: int, at: int) -> str:
    """Put the first `size` lines of the trailer before line `at` of a body."""
    box = ONE_TRAILER.split("\n")[:size]
    kept = body.split("\n")
    return "\n".join([*kept[:at], *box, *kept[at:]])


@pytest.mark.parametrize("size", [4, 6, 9, 12])
@pytest.mark.parametrize("at", [20, 40])
def test_a_box_in_mid_article_goes_and_the_article_after_it_stays(size: int, at: int) -> None:
    boxed = with_box(ONE_BODY, size, at)
    assert boxed != ONE_BODY
    assert bodies(boxed, OTHER) == [ONE_BODY, OTHER_BODY]
    assert bodies(boxed + ONE_TRAILER, OTHER) == [ONE_BODY, OTHER_BODY]
    assert bodies(boxed + ONE_TRAILER) == [ONE_BODY]


def test_the_words_inside_a_sentence_stay() -> None:
    words = "If you like this memo, you may also like the next one: You may also like it more.\n"
    assert bodies(words + ONE, OTHER) == [words + ONE_BODY, OTHER_BODY]
    assert bodies(words + ONE_BODY) == [words + ONE_BODY]


@pytest.mark.parametrize("at", [12, 30, -1], ids=["early", "in-the-middle", "last"])
def test_a_quoted_paragraph_stays_in_both(at: int) -> None:
    quoted = ONE_BODY.split("\n")[17]
    assert len(quoted) > 200
    kept = OTHER_BODY.split("\n")
    kept.insert(at, quoted)
    other_body = "\n".join(kept)
    assert bodies(ONE, other_body + OTHER_TRAILER) == [ONE_BODY, other_body]
    assert bodies(ONE_BODY, other_body) == [ONE_BODY, other_body]


def test_the_same_article_several_times_stays() -> None:
    assert bodies(ONE, ONE, ONE) == [ONE_BODY] * 3
    assert bodies(ONE_BODY, ONE_BODY, ONE_BODY) == [ONE_BODY] * 3
    assert bodies(ONE_BODY, ONE_BODY + "\n", ONE_BODY.replace("\n", "\r\n")) == [
        ONE_BODY,
        ONE_BODY + "\n",
        ONE_BODY.replace("\n", "\r\n"),
    ]


def test_the_same_article_under_another_sites_trailer_stays() -> None:
    trailer = "Read next\n\nA cat that sat on a mat\n\nWhy dogs bark at the moon\n\nTen ways to boil an egg\n"
    stories = ["Bees dance to tell where food is.\n", "Rain fell on Tuesday.\n", "A long walk along the river Aire.\n"]
    pages = [story + trailer for story in stories]
    cleaned = bodies(ONE, OTHER, ONE_BODY + trailer, *pages)
    assert cleaned[:3] == [ONE_BODY, OTHER_BODY, ONE_BODY]
    assert cleaned[3:] == stories


@pytest.mark.parametrize("texts", [[ONE_BODY], [ONE_BODY, OTHER_BODY], BYSTANDERS], ids=["alone", "two", "others"])
def test_a_document_without_boilerplate_is_unchanged(texts: list[str]) -> None:
    assert [(cleaned.text, cleaned.status, cleaned.spans) for cleaned in clean(texts)] == [
        (text, "unchanged", ()) for text in texts
    ]


LANGUAGES = tomllib.loads((Path(__file__).parent / "cases/headings.toml").read_text(encoding="utf-8"))["case"]


@pytest.mark.parametrize("case", LANGUAGES, ids=[case["heading"] for case in LANGUAGES])
def test_a_heading_in_another_language_opens_the_trailer_of_a_lone_document(case: dict[str, str]) -> None:
    """Over native titles, over titles set apart by blank lines, and over the founding trailer."""
    body, heading, items = case["body"], case["heading"], case["items"]
    assert bodies(f"{body}{heading}\n{items}") == [body]
    assert bodies(f"{body}\n{heading}:\n\n{items.replace(chr(10), chr(10) * 2)}") == [body]
    assert bodies(f"{ONE_BODY}{heading}\n{ONE_TRAILER.removeprefix(HEADING)}") == [ONE_BODY]


def test_every_cut_names_its_partner_and_where() -> None:
    """The offsets of a partner hold the text that was cut, word for word."""
    documents = [Document(name, text) for name, text in zip(NAMES, (ONE, OTHER), strict=True)]
    cleaner = Cleaner(learn(documents))
    texts = {document.id: document.text for document in documents}
    for document in documents:
        [span] = cleaner.clean(document).spans
        templates = [reason for reason in span.reasons if hasattr(reason, "template")]
        assert templates
        for reason in templates:
            assert reason.documents == 2
            [partner] = reason.partners
            assert partner.id != document.id
            assert texts[partner.id][partner.start : partner.end].strip() in document.text[span.start : span.end]
