"""Text to blocks: where they start and end, and how they are compared."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given

from cleaner.model import Block
from cleaner.segment import LONG_LINE, fold, is_code, is_prose, segment, width
from tests.strategies import STEADY, texts

WORDS = "The ferry leaves at seven in the morning and crosses the strait. "


def pieces(text: str) -> list[str]:
    """Return the text of each block, with the white space it owns."""
    return [text[block.start : block.end] for block in segment(text)]


# Lines


def test_borders_part_long_lines_after_their_white_space() -> None:
    line = "word " * 200
    blocks = segment(f"short line\n{line}\n", [3, 20, 31])
    assert [(block.start, block.first) for block in blocks] == [(0, True), (11, True), (21, False), (31, False)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("one", ["one"]),
        ("one\n", ["one\n"]),
        ("one\ntwo", ["one\n", "two"]),
        ("one\n\n \t\ntwo\n\n", ["one\n\n \t\n", "two\n\n"]),
        ("\n\n  one\n    two\n", ["\n\n  one\n", "    two\n"]),
        ("one\r\ntwo\r\n", ["one\r\n", "two\r\n"]),
        ("one\r\n\r\ntwo", ["one\r\n\r\n", "two"]),
        (" \n\t\n", [" \n\t\n"]),
        ("\ufeffone\ntwo", ["\ufeffone\n", "two"]),
    ],
    ids=["empty", "no line end", "one", "two", "blank", "indented", "crlf", "blank crlf", "only blank", "bom"],
)
def test_lines(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


@pytest.mark.parametrize("mark", ["\r", "\x85", "\u2028", "\u2029", "\f", "\v", "\x1c", "\x1d", "\x1e"])
def test_only_a_newline_ends_a_line(mark: str) -> None:
    text = f"one{mark}two\nthree"
    assert pieces(text) == [f"one{mark}two\n", "three"]
    assert segment(text)[0].folded == "one two"


def test_the_content_ends_before_its_white_space() -> None:
    text = "  one \t\r\n\r\n two"
    assert segment(text) == (Block(0, 5, 11, "one"), Block(11, 15, 15, "two"))


def test_white_space_alone_is_one_block_without_content() -> None:
    assert segment(" \n") == (Block(0, 0, 2, ""),)


@STEADY
@given(texts())
def test_blocks_tile_the_text(text: str) -> None:
    """Each has content, except the only one of a blank text; what follows the content is white space."""
    blocks = segment(text)
    assert "".join(pieces(text)) == text
    assert [block.start for block in blocks[1:]] == [block.end for block in blocks[:-1]]
    for block in blocks:
        assert block.start < block.end
        assert block.start < block.stop or not text.strip()
        assert not text[block.stop : block.end].strip()
        assert block.folded == fold(text[block.start : block.stop])


# Long lines


def test_a_line_is_split_when_it_is_too_long() -> None:
    """Wherever it stands, and alone or not."""
    fits, long = (WORDS * (LONG_LINE // len(WORDS) + more) for more in (0, 1))
    assert len(segment(fits)) == 1
    assert pieces(long) == [WORDS] * (len(long) // len(WORDS))
    assert len(segment("Heading\n" + fits)) == 2
    assert pieces("\nHeading\n" + long + "\n\nEnd") == [
        "\nHeading\n",
        *[WORDS] * (len(long) // len(WORDS) - 1),
        WORDS + "\n\n",
        "End",
    ]


@STEADY
@given(texts(), texts())
def test_how_a_line_is_split_does_not_depend_on_the_others(before: str, after: str) -> None:
    line = WORDS * 20
    around = [*pieces(before + "\n"), *pieces(after)] if before.strip() else pieces(after)
    assert len(pieces(f"{before}\n{line}\n{after}")) == len([one for one in around if one.strip()]) + 20


def test_sentences_end_before_their_white_space() -> None:
    text = f"{'Ten ferries left. ' * 30}\n"
    for at, block in enumerate(segment(text)):
        assert (block.start, block.stop, block.folded) == (18 * at, 18 * at + 17, "ten ferries left.")


def test_sentences_know_that_they_are() -> None:
    assert all(block.sentence for block in segment(WORDS * 20))
    assert all(block.sentence for block in segment("x " * LONG_LINE))
    assert not any(block.sentence for block in segment(WORDS + "\n" + WORDS))


@pytest.mark.parametrize(
    ("sentence", "following"),
    [
        ("They met. ", "Nobody spoke."),
        ("They met!  ", "Nobody spoke."),
        ("Did they meet?\t", "Nobody spoke."),
        ("They met… ", "Nobody spoke."),
        ('"They met." ', "Nobody spoke."),
        ("“They met.”\u00a0", "Nobody spoke."),
        ("(They met.) ", "1974 was late."),
        ("वे मिले। ", "कोई नहीं बोला।"),
        ("هل التقوا؟ ", "لم يتكلم أحد."),
        ("他们见面了。", "没有人说话。"),
        ("“他们见面了！”", "没有人说话。"),
        ("彼らは会った。」", "誰も話さなかった。"),
    ],
)
def test_where_a_sentence_ends(sentence: str, following: str) -> None:
    filler = "x" * LONG_LINE
    assert pieces(sentence + following + " " + filler)[0] == sentence


@pytest.mark.parametrize(
    "text",
    [
        "The U.S. Army marched.",
        "He met J. R. Marsh.",
        "It rose by 3.5 points.",
        "They paid approx. ten pounds.",
        "See example.org for more.",
        "A. Marsh was late.",
    ],
)
def test_where_a_sentence_does_not_end(text: str) -> None:
    """Not after an initial, not inside a number or name, not before a lower-case letter."""
    filler = " X" + "x" * LONG_LINE
    assert pieces(text + filler)[0].startswith(text)


# Folding


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Read MORE", "read more"),
        (" one\u00a0 two\t\u2003three\r", "one two three"),
        ("one\x85two\u2028three\ffour", "one two three four"),
        ("ﬁne Ⅳ …", "fine iv ..."),
        ("Straße", "strasse"),
        ("e\u0301te\u0301", "été"),
        ("so\u00adft\u200b \ufeffma\u200drks\u200f", "soft marks"),
        ("\u202aleft\u202c \u2066right\u2069", "left right"),
        ("ＡＢＣ１２", "abc12"),
        ("日本語", "日本語"),
        ("", ""),
        (" \u200b ", ""),
    ],
)
def test_fold(text: str, expected: str) -> None:
    assert fold(text) == expected


@STEADY
@given(texts())
def test_folding_loses_case_and_white_space_only(text: str) -> None:
    folded = fold(text)
    assert folded == " ".join(folded.split())
    assert fold(f" {text}\r\n") == folded
    if text.isascii():
        assert folded == " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def test_lone_surrogates_do_no_harm() -> None:
    text = "a \ud800 b\n\udfff\n"
    assert pieces(text) == ["a \ud800 b\n", "\udfff\n"]
    assert segment("\ud800. X" + "\udc00" * LONG_LINE)


# Kinds of blocks


def test_width() -> None:
    assert [width(text) for text in ("", "abc", "été", "日本", "한국 a")] == [0, 3, 3, 4, 6]


@pytest.mark.parametrize(
    "text",
    [
        "the ferry leaves at seven in the morning and crosses the strait.",
        'the ferry leaves at seven, he said, "and it crosses the strait."',
        "the ferry leaves at seven. do you know when it is back again in the harbour?",
        "港口管理局星期一上午在旧海关大楼召开会议，讨论码头今后的用途和维修费用。",
        "港口管理局星期一上午在旧海关大楼召开会议。讨论码头今后的用途和维修费用！",
        "the steps are: open the valve, wait for the pressure to fall, and close it;",
    ],
)
def test_prose(text: str) -> None:
    assert is_prose(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "the ferry leaves at seven.",
        "why does the ferry leave at seven in the morning when nobody is awake?",
        "ten ferries that leave at seven in the morning and cross the strait",
        "the ferry leaves at seven in the morning, crosses the strait and then...",
        "秋天值得一看的十座灯塔。",
    ],
)
def test_no_prose(text: str) -> None:
    """Too narrow, or no full stop at the end; a single question may be a headline."""
    assert not is_prose(text)


@pytest.mark.parametrize(
    "text", ["return x;", "f_a = b_c", "if (a) {", "}", "x = y == z(c)", r"\frac{a}{b} = \sqrt{c}", "| a | b |"]
)
def test_code(text: str) -> None:
    assert is_code(text)


@pytest.mark.parametrize(
    "text", ["", "share this (3)", "what the captain keeps in his cabin (video)", "the ferry leaves at 7."]
)
def test_no_code(text: str) -> None:
    assert not is_code(text)
