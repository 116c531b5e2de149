"""How Sphinx makes a site of these pages: `make docs`."""

from pygments.lexers.data import JsonLexer
from sphinx.application import Sphinx

import cleaner

project = "cleaner"
version = release = cleaner.__version__
html_title = f"cleaner {version}"
html_theme = "furo"
html_copy_source = html_show_copyright = False
pygments_style, pygments_dark_style = "sphinx", "monokai"  # what a diff removes is red
exclude_patterns = ["_build"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
myst_heading_anchors = 3  # as GitHub names them: the pages can be read there, too
smartquotes = False  # "--out" is no dash
highlight_language = "none"

default_role = "py:obj"  # `this` in a docstring: a link where it names something of ours, else code
autodoc_member_order = "bysource"
autodoc_default_options = {"undoc-members": True}
autodoc_mock_imports = ["pyspark"]
napoleon_numpy_docstring = False
nitpick_ignore_regex = [
    ("py:.*", r"(?!cleaner\.).*")
]  # other people's names; inventories of theirs would take the network


def as_written(_: Sphinx, what: str, _name: str, _object: object, _options: object, lines: list[str]) -> None:
    """Leave what is said of a field as it is: napoleon would take all before a colon for its type."""
    if lines[:1] and lines[0].startswith("Alias for field number"):
        lines.clear()
    elif what == "attribute":
        lines.insert(0, "")


def setup(app: Sphinx) -> None:
    """Teach Pygments a name that it does not know, and go before napoleon."""
    app.add_lexer("jsonl", JsonLexer)
    app.connect("autodoc-process-docstring", as_written, priority=400)
