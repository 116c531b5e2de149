"""HTML from the command's arguments to its files: a small site, lines with pages in them, and odd pages."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from cleaner.cli import app
from cleaner.layout import Reading
from cleaner.markup import text_of
from cleaner.report import schema
from tests.conftest import OTHER, Command, plant, tree

ARTICLES = {
    "bees": (
        "How bees find their way home",
        "2024-03-05",
        [
            (
                "A forager that leaves the hive for the first time does not fly far. She turns round after a metre and looks"
                " back at the door, again and again, until she knows the tree, the fence and the roof behind it."
            ),
            (
                "Later she steers by the sun, and on grey days by the pattern of the light between the clouds, which people"
                " cannot see without a filter in front of their eyes."
            ),
            (
                "Old keepers say that a hive may be moved three feet or three miles, but nothing in between, and those who"
                " have tried it with radar found that the old keepers were nearly right."
            ),
        ],
    ),
    "bridge": (
        "The bridge that hums in the wind",
        "2024-04-11",
        [
            (
                "On some nights the new footbridge over the estuary can be heard in the whole town. It began when the slats"
                " of the railing were replaced by thinner ones, and it is loudest when the wind comes from the west."
            ),
            (
                "The engineers measured a tone of four hundred hertz, close to the note to which an orchestra tunes, and"
                " the town's music school has since given two concerts that start with it."
            ),
            (
                "Nobody wants to pay for another railing. A strip of rubber along every second slat would do, they say, but"
                " the residents have begun to miss the sound whenever the air is still."
            ),
        ],
    ),
    "bread": (
        "Why stale bread is not dry",
        "2024-05-20",
        [
            (
                "Bread grows hard in a closed tin, too, although it loses no water there. What changes is the starch, whose"
                " molecules line up again into crystals that baking had taken apart."
            ),
            (
                "That is why a minute in the oven makes an old roll soft: the heat melts the crystals, and for about an"
                " hour the crumb is nearly what it was in the morning."
            ),
            (
                "The cold of a fridge is the worst place for a loaf, since crystals grow fastest a little above freezing;"
                " in the freezer they hardly grow at all."
            ),
        ],
    ),
    "lamps": (
        "Counting the lamps of a lighthouse",
        "2024-06-02",
        [
            (
                "The keeper's books list every lamp that was changed since 1874, with the hour and the weather. Somebody has"
                " now typed them into a table, all nine thousand lines of it."
            ),
            (
                "Until the war a lamp lasted eleven days. Then there is a gap of six years, when the coast was dark, and"
                " afterwards the first electric bulbs burnt for two months each."
            ),
            (
                "The present one has been shining for nine years, and the last keeper, who is retired and lives next door,"
                " says that he looks up every evening to see whether it still does."
            ),
        ],
    ),
    "snow": (
        "What old snow remembers",
        "2024-07-15",
        [
            (
                "In the walls of a snow pit the winters lie on top of each other like the pages of a book. Summers are thin,"
                " grey and full of dust; winters are wide and white."
            ),
            (
                "Ash from a volcano makes a line that can be found on both ends of the island, and from such lines two pits"
                " that are far apart can be read side by side."
            ),
            (
                "Below forty metres there is no snow any more but ice, and the air between the flakes is closed in small"
                " bubbles, where it stays as it was on the day they closed."
            ),
        ],
    ),
}
"""Title, date and paragraphs of each page."""

RELATED = [title for title, *_ in ARTICLES.values()]

PAGE = """<!DOCTYPE html>
<html lang="en-GB">
<head>
  <meta charset="utf-8">
  <title>{title} | The Estuary Gazette</title>
  <meta property="og:title" content="{title}">
  <meta property="article:published_time" content="{date}T08:00:00Z">
  <link rel="canonical" href="https://gazette.example/{name}">
  <style>.hero {{ color: red }}</style>
  <script>window.tracker = "Nobody reads this line";</script>
</head>
<body class="home page-template">
  <div id="cookie-banner" class="cookie-consent overlay">
    <p>We use cookies to make this site work and to see how it is used.</p>
    <button class="btn">Accept all cookies</button>
  </div>
  <header class="site-header">
    <a class="logo" href="/">The Estuary Gazette</a>
    <nav class="main-nav" role="navigation">
      <ul class="menu">
        <li><a href="/news">News</a></li>
        <li><a href="/science">Science</a></li>
        <li><a href="/harbour">Harbour life</a></li>
        <li><a href="/contact">Write to us</a></li>
      </ul>
    </nav>
  </header>
  <main>
    <article class="post entry-content">
      <h1 class="entry-title">{title}</h1>
{paragraphs}
    </article>
    <aside class="related-posts sidebar">
      <h3>You may also like</h3>
      <ul>
{related}
      </ul>
    </aside>
    <div class="newsletter-signup widget">
      <p>Sign up for our newsletter and get the best stories every Sunday.</p>
      <form><label>Your e-mail address</label><button>Subscribe now</button></form>
    </div>
  </main>
  <footer class="site-footer">
    <ul class="footer-menu"><li><a href="/privacy">Privacy policy</a></li><li><a href="/terms">Terms of use</a></li></ul>
    <p>© 2024 The Estuary Gazette. All rights reserved.</p>
  </footer>
</body>
</html>
"""


def page(name: str) -> str:
    """Return the HTML of a page."""
    title, date, paragraphs = ARTICLES[name]
    return PAGE.format(
        name=name,
        title=title,
        date=date,
        paragraphs="\n".join(f"      <p>{paragraph}</p>" for paragraph in paragraphs),
        related="\n".join(f'        <li><a href="/{other}">{other}</a></li>' for other in RELATED if other != title),
    )


BOILERPLATE = (
    "We use cookies",
    "Accept all cookies",
    "Harbour life",
    "Write to us",
    "You may also like",
    "Sign up for our newsletter",
    "Subscribe now",
    "Privacy policy",
    "Terms of use",
    "All rights reserved",
)

SITE = {f"{name}.html": page(name) for name in ARTICLES}

MINE = """
[[rule]]
id = "lamp"
why = "Not wanted here."
effect = "cut"
phrases = ["Until the war a lamp lasted eleven days. Then there is a gap of six years, when the coast was dark, and afterwards the first electric bulbs burnt for two months each."]
langs = ["en"]
match = ["Until the war a lamp lasted eleven days. Then there is a gap of six years, when the coast was dark, and afterwards the first electric bulbs burnt for two months each."]
spare = ["A lamp."]

[[rule]]
id = "footer"
why = "Wanted here."
effect = "keep"
phrases = ["© 2024 The Estuary Gazette. All rights reserved."]
langs = ["en"]
match = ["© 2024 The Estuary Gazette. All rights reserved."]
spare = ["A lamp."]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site."""
    return plant(tmp_path_factory.mktemp("html") / "site", SITE)


@pytest.fixture(scope="module")
def cleaned(site: Path) -> Path:
    """The site, cleaned."""
    out = site.parent / "cleaned"
    done = CliRunner().invoke(app, ["clean", str(site), "--out", str(out)], catch_exceptions=False)
    assert done.exit_code == 0
    return out


def rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "report.jsonl").read_bytes().splitlines()]


def body(name: str) -> str:
    """Return what should be left of a page of the site."""
    title, _, paragraphs = ARTICLES[name]
    return "\n".join((title, *paragraphs, ""))


def jsonl(*values: object) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def test_a_site_becomes_its_articles(cleaned: Path) -> None:
    """As text files; each paragraph is there, and of all around them nothing."""
    found = {name: data.decode() for name, data in tree(cleaned).items() if name.endswith(".txt")}
    assert found == {f"{name}.txt": body(name) for name in ARTICLES}
    assert not [line for text in found.values() for line in BOILERPLATE if line in text]


def test_the_records_of_a_site(cleaned: Path) -> None:
    """Fit the schema; speak of all that a page shows; say why by rule, markup and template, and where the body is."""
    for name, row in zip(sorted(ARTICLES), rows(cleaned), strict=True):
        jsonschema.validate(row, schema())
        text = text_of(page(name), Reading())
        title, date, _ = ARTICLES[name]
        assert (row["id"], row["source"], row["target"]) == (f"{name}.html", f"{name}.html", f"{name}.txt")
        assert row["sha256_in"] == hashlib.sha256(text.encode()).hexdigest()
        assert (row["chars_in"], row["chars_out"]) == (len(text), len(body(name)))
        assert [text[span["start"] : span["end"]] for span in row["spans"]] == [span["text"] for span in row["spans"]]
        assert [span["kind"] for span in row["spans"]] == ["header", "trailer"]
        assert row["page"] == {
            "title": title,
            "date": date,
            "url": f"https://gazette.example/{name}",
            "language": "en-GB",
        }
        for span, element, lines in zip(
            row["spans"], ("body > div.cookie-consent > p", "main > aside.related-posts > h3"), (7, 11), strict=True
        ):
            kinds = [next(iter(reason)) for reason in span["reasons"]]
            assert kinds == sorted(kinds, key=["rule", "element", "template"].index)
            [markup] = [reason for reason in span["reasons"] if "element" in reason]
            assert (markup["element"], markup["lines"], markup["extracted"]) == (element, lines, 0.0)
            assert 0.0 < markup["linked"] < 1.0
            assert any(reason.get("documents") == 5 for reason in span["reasons"])
            assert any("rule" in reason for reason in span["reasons"])


def test_partners_are_places_of_other_pages(cleaned: Path) -> None:
    """Of their text, not of their HTML."""
    texts = {f"{name}.html": text_of(page(name), Reading()) for name in ARTICLES}
    partners = [
        (span["text"], partner)
        for row in rows(cleaned)
        for span in row["spans"]
        for reason in span["reasons"]
        for partner in reason.get("partners", ())
    ]
    assert len(partners) > 20
    assert all(texts[partner["id"]][partner["start"] : partner["end"]] in text for text, partner in partners)


def test_restoring_a_site(run: Command, cleaned: Path, tmp_path: Path) -> None:
    """Gives all that its pages show."""
    ran = run("restore", cleaned, "--out", tmp_path / "back")
    assert (ran.code, ran.words) == (0, [f"{tmp_path}/back: 5 documents restored"])
    assert tree(tmp_path / "back") == {f"{name}.txt": text_of(page(name), Reading()).encode() for name in ARTICLES}


@pytest.mark.parametrize(("jobs", "seed"), [(1, 1), (2, 12345)])
def test_the_same_bytes_always(process: Command, cleaned: Path, tmp_path: Path, jobs: int, seed: int) -> None:
    """For one process and two, and any hash seed."""
    site = cleaned.parent / "site"
    ran = process("clean", site, "--out", tmp_path / "out", "--jobs", jobs, env={"PYTHONHASHSEED": str(seed)})
    assert ran.code == 0
    assert tree(tmp_path / "out") == tree(cleaned)


def test_pages_in_another_order_give_the_same(run: Command, site: Path, cleaned: Path, tmp_path: Path) -> None:
    """But for the order of the report."""
    assert run("clean", *sorted(site.iterdir(), reverse=True), "--out", tmp_path / "out").code == 0
    one, other = tree(cleaned), tree(tmp_path / "out")
    assert one.pop("report.jsonl").splitlines() == other.pop("report.jsonl").splitlines()[::-1]
    assert one == other


def test_the_batch_of_a_page_does_not_matter(
    run: Command, site: Path, cleaned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cleaner.workers.BATCH", 1)
    assert run("clean", site, "--out", tmp_path / "out").code == 0
    assert tree(tmp_path / "out") == tree(cleaned)


def test_cleaning_by_a_saved_index(run: Command, site: Path, cleaned: Path, tmp_path: Path) -> None:
    """Learnt from the pages' text."""
    assert run("learn", site, "--out", tmp_path / "site.idx").code == 0
    assert run("clean", site, "--out", tmp_path / "out", "--index", tmp_path / "site.idx").code == 0
    assert tree(tmp_path / "out") == tree(cleaned)


def test_explaining_a_page(run: Command, site: Path, tmp_path: Path) -> None:
    """Names the elements that each block stands in, and what markup adds; an offset is one into the text."""
    assert run("learn", site, "--out", tmp_path / "site.idx").code == 0
    shown = run("explain", site / "bees.html", "--index", tmp_path / "site.idx").out.decode()
    text = text_of(page("bees"), Reading())
    assert shown.startswith(f"bees.html: cleaned, {len(text)} characters, {len(body('bees'))} kept\n")
    assert shown.count("stands in ") == len(text.splitlines())
    menu = re.search(r"^-.*- Harbour life\n(?: {10}.*\n)+", shown, re.MULTILINE)
    assert menu is not None
    assert "stands in nav.main-nav > ul.menu > li" in menu[0]
    assert re.search(r" \+\d\.\d markup: 0% of it extracted, \d+% around it; 100% of it links", menu[0])
    assert re.search(r"^ .*A forager that.*\n(?: .*\n)* +-\d\.\d markup: 100% of it extracted", shown, re.MULTILINE)
    at = text.index("Privacy")
    [answer, first, block, *_] = run("explain", f"{site / 'bees.html'}:{at}").out.decode().splitlines()
    assert answer.startswith(f"character {at} was cut: ")
    assert first.startswith("bees.html: ")
    assert block.endswith(") - Privacy policy")
    ran = run("explain", f"{site / 'bees.html'}:{len(text)}")
    assert (ran.code, len(ran.words)) == (2, 1)


def test_a_page_alone(run: Command, site: Path, tmp_path: Path) -> None:
    """Has its markup and the rules."""
    assert run("clean", site / "bees.html", "--out", tmp_path / "out").code == 0
    assert (tmp_path / "out/bees.txt").read_text() == body("bees")


# Names and formats


def test_pages_go_by_their_suffix(run: Command, tmp_path: Path) -> None:
    """In folders below, too; each page's body is a text file beside where it was."""
    pages = {"a.htm": page("bees"), "b/C.HTML": page("bread"), "b/d.Html": page("snow")}
    assert run("clean", plant(tmp_path / "in", pages), "--out", tmp_path / "out").code == 0
    found = tree(tmp_path / "out")
    assert found.keys() == {"a.txt", "b/C.txt", "b/d.txt", "report.jsonl", "summary.json"}
    assert [(row["id"], row["group"], row["target"]) for row in rows(tmp_path / "out")] == [
        ("a.htm", "", "a.txt"),
        ("b/C.HTML", "b", "b/C.txt"),
        ("b/d.Html", "b", "b/d.txt"),
    ]
    for name, of in (("a.txt", "bees"), ("b/C.txt", "bread"), ("b/d.txt", "snow")):
        assert all(paragraph in found[name].decode() for paragraph in ARTICLES[of][2])


def test_pages_and_texts_together(run: Command, tmp_path: Path) -> None:
    """A text has no layout, no metadata and no target."""
    assert (
        run("clean", plant(tmp_path / "in", {"a.html": page("bees"), "b.txt": OTHER}), "--out", tmp_path / "out").code
        == 0
    )
    one, other = rows(tmp_path / "out")
    assert {"page", "target"} <= one.keys()
    assert not {"page", "target"} & other.keys()
    assert (tmp_path / "out/b.txt").read_text() == OTHER


@pytest.mark.parametrize("names", [("a.html", "a.txt"), ("a.html", "a.htm"), ("b/a.html", "b/a.txt")])
def test_two_files_of_one_body_clash(run: Command, tmp_path: Path, names: tuple[str, str]) -> None:
    """The first by name has it, the second fails, and all others are done."""
    corpus = plant(tmp_path / "in", {**dict.fromkeys(names, page("bees")), "z.html": page("snow")})
    assert run("clean", corpus, "--out", tmp_path / "out").code == 3
    first, second, third = rows(tmp_path / "out")
    assert [first["status"], second["status"], third["status"]] == ["cleaned", "failed", "cleaned"]
    taken, name = first["target"], second["source"]
    assert second["error"].endswith(
        f"{name}: its body would be {taken}, as that of {first['source']}; expected another name"
    )
    assert ARTICLES["bees"][2][0] in (tmp_path / "out" / taken).read_text()


def test_a_body_is_not_written_over_a_foreign_file(run: Command, site: Path, tmp_path: Path) -> None:
    """Where the page's body would go; a second run may overwrite its own."""
    plant(tmp_path / "out", {"snow.txt": OTHER})
    ran = run("clean", site, "--out", tmp_path / "out")
    assert (ran.code, ran.words) == (
        2,
        [f"{tmp_path}/out/snow.txt: not written by the last run of cleaner there; expected nothing, or --force"],
    )
    assert tree(tmp_path / "out") == {"snow.txt": OTHER.encode()}
    for _ in range(2):
        assert run("clean", site, "--out", tmp_path / "2").code == 0


def test_a_page_on_standard_input(run: Command, tmp_path: Path) -> None:
    """HTML in, text out; without the format it is text."""
    ran = run("clean", "-", "--format", "html", stdin=page("snow").encode())
    assert (ran.code, ran.out.decode()) == (0, body("snow"))
    assert run("clean", "-", "--format", "html", "--out", tmp_path / "out", stdin=page("snow").encode()).code == 0
    assert tree(tmp_path / "out").keys() == {"stdin.txt", "report.jsonl", "summary.json"}
    assert run("clean", "-", stdin=b"<p>One</p>\n").out == b"<p>One</p>\n"
    named = plant(tmp_path, {"page.dat": page("snow")}) / "page.dat"
    assert run("clean", named, "--format", "html", "--out", tmp_path / "3").code == 0
    assert (tmp_path / "3/page.txt").read_text() == body("snow")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), "Tides\n{0}\nHour | Height\n06:10 | 4.2 m\n{1}\n"),
        (("--no-tables",), "Tides\n{0}\n{1}\n"),
        (("--formatting",), "# Tides\n{0}\nHour | Height\n06:10 | 4.2 m\n**{1}**\n"),
        (("--no-tables", "--formatting"), "# Tides\n{0}\n**{1}**\n"),
    ],
)
def test_how_pages_are_read(run: Command, tmp_path: Path, options: tuple[str, ...], expected: str) -> None:
    """When cleaning, when learning, and when checking."""
    one, two, _ = ARTICLES["lamps"][2]
    html = (
        f"<article><h1>Tides</h1><p>{one}</p><table><tr><th>Hour</th><th>Height</th></tr><tr><td>06:10</td>"
        f"<td>4.2 m</td></tr></table><p><b>{two}</b></p></article>"
    )
    corpus = plant(tmp_path / "in", {"x.html": html})
    assert run("clean", corpus, "--out", tmp_path / "out", *options).code == 0
    assert run("restore", tmp_path / "out", "--out", tmp_path / "back").code == 0
    assert (tmp_path / "back/x.txt").read_text() == expected.format(one, two)
    assert one in (tmp_path / "out/x.txt").read_text()
    assert run("check", corpus, "--golden", tmp_path / "golden", "--update", *options).code == 0
    assert (tmp_path / "golden/x.txt").read_bytes() == (tmp_path / "out/x.txt").read_bytes()
    assert run("learn", corpus, "--out", tmp_path / "x.idx", *options).code == 0
    assert run("clean", corpus, "--out", tmp_path / "2", "--index", tmp_path / "x.idx", *options).code == 0
    assert tree(tmp_path / "2") == tree(tmp_path / "out")


# Pages in JSONL


LINE = '{ "n" : 1.50,"html":%s , "title":"mine","date":null,"x":{"html":"\\u00e9"}, "u":"\\u00e9"}\r\n'


@pytest.mark.parametrize(
    ("options", "page_stays"),
    [((), False), (("--keep-html",), True)],
)
def test_jsonl_with_pages(run: Command, tmp_path: Path, options: tuple[str, ...], page_stays: bool) -> None:
    """The body in `text`; the page goes unless it is to stay; what it says is added where nothing was said."""
    lines = [LINE % json.dumps(page(name)) for name in ARTICLES]
    corpus = plant(tmp_path / "in", {"x.jsonl": f"{lines[0]}\n{''.join(lines[1:])}"})
    fields = ("--format", "html", "--text-field", "html")
    assert run("clean", corpus, "--out", tmp_path / "out", *fields, *options).code == 0
    written = (tmp_path / "out/x.jsonl").read_bytes().decode().split("\r\n")
    assert written.pop() == ""
    assert written[1].startswith("\n")  # the blank line
    for name, line in zip(ARTICLES, written, strict=True):
        text = json.dumps(body(name), ensure_ascii=False)
        kept = f'"html":{json.dumps(page(name))}, ' if page_stays else ""
        assert line.strip() == (
            f'{{ "n" : 1.50, {kept}"text": {text}, "date": "{ARTICLES[name][1]}", "url": "https://gazette.example/{name}",'
            ' "language": "en-GB", "title":"mine", "x":{"html":"\\u00e9"}, "u":"\\u00e9"}'
        )
    for row in rows(tmp_path / "out"):
        jsonschema.validate(row, schema())
        assert (row["source"], "target" in row, "literal" in row) == ("x.jsonl", False, False)
        assert row["page"]["title"] in RELATED
    assert [row["id"] for row in rows(tmp_path / "out")] == [f"x.jsonl:{number}" for number in (1, 3, 4, 5, 6)]
    assert run("restore", tmp_path / "out", "--out", tmp_path / "back").code == 0
    back = [json.loads(line) for line in (tmp_path / "back/x.jsonl").read_bytes().splitlines() if line.strip()]
    assert [line["text"] for line in back] == [text_of(page(name), Reading()) for name in ARTICLES]
    assert all(("html" in line) == page_stays for line in back)


def test_jsonl_with_pages_in_the_field_text(run: Command, tmp_path: Path) -> None:
    """Which is the one that is read by default."""
    corpus = plant(tmp_path, {"x.jsonl": jsonl(*({"text": page(name)} for name in ARTICLES))}) / "x.jsonl"
    assert run("clean", corpus, "--format", "html", "--out", tmp_path / "out").code == 0
    found = [json.loads(line) for line in (tmp_path / "out/x.jsonl").read_bytes().splitlines()]
    assert [line["text"] for line in found] == [body(name) for name in ARTICLES]


def test_lines_without_a_page_fail(run: Command, tmp_path: Path) -> None:
    """By their number, and the others are done."""
    lines = jsonl({"html": None}, {"html": page("bees")}, {"text": page("bees")})
    corpus = plant(tmp_path / "in", {"x.jsonl": lines})
    ran = run("clean", corpus, "--format", "html", "--text-field", "html", "--out", tmp_path / "out")
    assert ran.code == 3
    assert ran.words[:2] == [
        "x.jsonl:1: field 'html' is null; expected a string",
        "x.jsonl:3: no field 'html'; expected a string",
    ]
    [line] = (tmp_path / "out/x.jsonl").read_bytes().splitlines()
    assert json.loads(line)["text"] == body("bees")


# Pages that are hard to read

STEPS = [f"{verb} the {thing}" for verb in ("Turn", "Lift", "Oil") for thing in ("wheel", "crank", "lid", "hook")]


@pytest.mark.parametrize(
    "article",
    [
        "<ul>" + "".join(f"<li>{step}</li>" for step in STEPS) + "</ul>",
        "<div>" + "<br>".join(STEPS) + "</div>",
        f"<x-story><x-part>{' and '.join(STEPS)}, as our engineer told us on Friday.</x-part></x-story>",
        f"<noscript></noscript><marquee>{'. '.join(STEPS)}.</marquee>",
        "<form>" + "".join(f"<p>{step}, then wait.</p>" for step in STEPS) + "</form>",
    ],
    ids=["list", "lines", "own elements", "marquee", "form"],
)
@pytest.mark.parametrize("alone", [True, False])
def test_what_cannot_be_extracted_is_not_emptied(run: Command, tmp_path: Path, article: str, alone: bool) -> None:
    """What stands on that page only is still there, and of what recurs nothing."""
    _, _, paragraphs = ARTICLES["bees"]
    lost = page("bees").replace("\n".join(f"      <p>{paragraph}</p>" for paragraph in paragraphs), article)
    assert paragraphs[0] not in lost
    corpus = plant(
        tmp_path / "in",
        {"odd.html": lost} | ({} if alone else {name: SITE[name] for name in SITE if name != "bees.html"}),
    )
    assert run("clean", corpus, "--out", tmp_path / "out").code == 0
    [row] = [row for row in rows(tmp_path / "out") if row["id"] == "odd.html"]
    jsonschema.validate(row, schema())
    left = (tmp_path / "out/odd.txt").read_text()
    assert [step for step in STEPS if step in left] == STEPS
    assert "All rights reserved" not in left


def test_a_site_that_nothing_can_be_extracted_from(
    run: Command, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Has its paragraphs still, and nothing that recurs."""
    monkeypatch.setattr("cleaner.markup.bare_extraction", lambda *_, **__: None)
    assert run("clean", site, "--out", tmp_path / "out").code == 0
    for name, row in zip(sorted(ARTICLES), rows(tmp_path / "out"), strict=True):
        left = (tmp_path / f"out/{name}.txt").read_text()
        assert [paragraph for paragraph in ARTICLES[name][2] if paragraph in left] == ARTICLES[name][2]
        assert not [line for line in BOILERPLATE if line in left]
        reasons = [reason for span in row["spans"] for reason in span["reasons"]]
        assert [reason for reason in reasons if "template" in reason]
        assert not [reason for reason in reasons if "element" in reason]


@pytest.mark.parametrize("html", ["", "<html></html>", "<script>x()</script>", "<title>Only a title</title>"])
def test_a_page_that_shows_nothing(run: Command, tmp_path: Path, html: str) -> None:
    """Is an empty text among the others, without a word on standard error."""
    corpus = plant(tmp_path / "in", {"a.html": page("bees"), "b.html": html})
    ran = run("clean", corpus, "--out", tmp_path / "out")
    assert (ran.code, ran.words) == (0, [])
    assert (tmp_path / "out/b.txt").read_bytes() == b""
    assert (rows(tmp_path / "out")[1]["status"], rows(tmp_path / "out")[1]["chars_in"]) == ("unchanged", 0)
    assert run("explain", corpus / "b.html").code == 0


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"<p>caf\xe9", "not utf-8 at byte 6; expected UTF-8, or a page that declares its encoding"),
    ],
)
def test_an_unreadable_page_fails(run: Command, site: Path, tmp_path: Path, data: bytes, expected: str) -> None:
    """In one line, and the others are done."""
    corpus = plant(tmp_path / "in", {**SITE, "bad.html": data})
    ran = run("clean", corpus, "--out", tmp_path / "out")
    assert (ran.code, ran.words) == (3, [f"bad.html: {expected}", "1 document failed, 0 were held back"])
    [bad, *others] = rows(tmp_path / "out")
    jsonschema.validate(bad, schema())
    assert (bad["id"], bad["status"], bad["error"]) == ("bad.html", "failed", f"bad.html: {expected}")
    assert [row["status"] for row in others] == ["cleaned"] * 5
    assert not (tmp_path / "out/bad.txt").exists()
    assert run("restore", tmp_path / "out", "--out", tmp_path / "back").code == 3
    assert len(tree(tmp_path / "back")) == 5


def test_a_page_that_fails_takes_its_old_body_away(run: Command, tmp_path: Path) -> None:
    corpus = plant(tmp_path / "in", SITE)
    assert run("clean", corpus, "--out", tmp_path / "out").code == 0
    plant(corpus, {"bees.html": b"\xff"})
    assert run("clean", corpus, "--out", tmp_path / "out").code == 3
    assert not (tmp_path / "out/bees.txt").exists()
    assert (tmp_path / "out/snow.txt").exists()


# Goldens and rules


def test_goldens_of_pages(run: Command, site: Path, tmp_path: Path) -> None:
    """Are bodies and report; another page is a difference; a golden whose page is gone is, too."""
    golden, corpus = tmp_path / "golden", plant(tmp_path / "in", SITE)
    assert run("check", corpus, "--golden", golden, "--update").code == 0
    assert tree(golden).keys() == {*(f"{name}.txt" for name in ARTICLES), "report.jsonl"}
    ran = run("check", corpus, "--golden", golden)
    assert (ran.code, ran.out, ran.words) == (0, b"", [f"{golden}: 5 documents as expected"])
    plant(corpus, {"bees.html": page("bees").replace("Later she steers", "Soon she steers")})
    ran = run("check", corpus, "--golden", golden)
    assert ran.code == 1
    assert "--- golden/bees.txt" in ran.out.decode()
    assert "+Soon she steers" in ran.out.decode()
    (corpus / "bees.html").unlink()
    assert "unused golden: bees.txt" in run("check", corpus, "--golden", golden).out.decode().splitlines()
    assert run("check", corpus, "--golden", golden, "--update").code == 0
    assert not (golden / "bees.txt").exists()
    assert run("check", corpus, "--golden", golden).code == 0


def test_rules_of_the_users_own(run: Command, site: Path, tmp_path: Path) -> None:
    """Settle what markup says: one cuts a paragraph, one keeps a footer."""
    mine = plant(tmp_path, {"mine.toml": MINE}) / "mine.toml"
    assert run("clean", site, "--out", tmp_path / "out", "--rules", mine).code == 0
    found = {name: (tmp_path / f"out/{name}.txt").read_text() for name in ARTICLES}
    footer = "© 2024 The Estuary Gazette. All rights reserved.\n"
    cut = ARTICLES["lamps"][2][1] + "\n"
    assert found == {name: body(name).replace(cut, "") + footer for name in ARTICLES}
    [lamps] = [row for row in rows(tmp_path / "out") if row["id"] == "lamps.html"]
    [span] = [span for span in lamps["spans"] if span["text"] == cut]
    assert {"rule": "mine/lamp"} in span["reasons"]
    assert [reason["element"] for reason in span["reasons"] if "element" in reason] == ["main > article.post > p"]


def test_the_corpus_is_learnt_as_it_is_read(run: Command, site: Path, tmp_path: Path) -> None:
    """With --formatting, headings that recur do so with their marks."""
    for options in ((), ("--formatting",)):
        out = tmp_path / f"out{len(options)}"
        assert run("clean", site, "--out", out, *options).code == 0
        spans = [span for row in rows(out) for span in row["spans"] if "You may also like" in span["text"]]
        assert spans
        assert all(("# " in span["text"]) == bool(options) for span in spans)
        heads = [reason for span in spans for reason in span["reasons"] if "template" in reason]
        assert max(reason["documents"] for reason in heads) == len(ARTICLES)


def test_html_is_not_kept_where_the_body_goes(run: Command, tmp_path: Path) -> None:
    ran = run("clean", plant(tmp_path / "in", {"a.jsonl": "{}"}), "--out", tmp_path / "out", "--keep-html")
    assert (ran.code, len(ran.words)) == (2, 1)
    assert "--keep-html" in ran.words[0]


@pytest.mark.parametrize("headline", ["1", "[1]", '{"a": 1}'])
def test_what_makes_the_extractor_stumble_fails_no_page(run: Command, tmp_path: Path, headline: str) -> None:
    """Metadata of the wrong kind, and whatever else."""
    said = f'{{"@context":"http://schema.org","@type":"NewsArticle","headline":{headline}}}'
    html = f'<script type="application/ld+json">{said}</script>' + page("bees")
    assert run("clean", plant(tmp_path / "in", {"a.html": html}), "--out", tmp_path / "out").code == 0
    assert ARTICLES["bees"][2][0] in (tmp_path / "out/a.txt").read_text()


def test_an_extractor_that_raises(run: Command, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is one that found nothing."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("cleaner.markup.bare_extraction", broken)
    assert run("clean", site, "--out", tmp_path / "out").code == 0
    for name in ARTICLES:
        left = (tmp_path / f"out/{name}.txt").read_text()
        assert [paragraph for paragraph in ARTICLES[name][2] if paragraph in left] == ARTICLES[name][2]


def test_a_page_on_standard_input_is_known_by_its_start(run: Command) -> None:
    """There is no suffix to go by; what only speaks of HTML is text."""
    ran = run("clean", "-", stdin=page("bees").encode())
    assert ARTICLES["bees"][2][0] in ran.out.decode()
    assert b"<p>" not in ran.out
    assert run("clean", "-", stdin=b"The tag <html> opens a page.\n").out == b"The tag <html> opens a page.\n"


def test_explaining_a_page_tells_what_cleaning_it_does(run: Command, tmp_path: Path) -> None:
    """One file alone is learnt from by both."""
    path = plant(tmp_path / "in", {"a.html": page("bees")}) / "a.html"
    assert run("clean", path, "--out", tmp_path / "out").code == 0
    [row] = rows(tmp_path / "out")
    said = run("explain", path).out.decode().split("\n")[0]
    assert said == f"a.html: cleaned, {row['chars_in']} characters, {row['chars_out']} kept"
