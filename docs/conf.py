"""How Sphinx makes a site of these pages: `make docs`."""

from pygments.lexers.data import JsonLexer
from sphinx.application import Sphinx
from sphinx.util.inspect import signature, stringify_signature

import cleaner

project = "cleaner"
version = release = cleaner.__version__
html_title = f"cleaner {version}"
html_theme = "furo"
html_copy_source = html_show_copyright = False
pygments_style, pygments_dark_style = "default", "github-dark"  # what a diff removes is red
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


def as_written(_app: Sphinx, what: str, _name: str, _object: object, _options: object, lines: list[str]) -> None:
    """Leave what is said of a field as it is: napoleon, which comes next, would take all before a colon for its type."""
    if what in {"attribute", "property"} and lines:
        lines[:] = (
            [] if lines[0].startswith("Alias for field number") else ["\\ ", *lines]
        )  # a space that does not show


def as_called(
    _app: Sphinx, what: str, _name: str, called: type, _options: object, shown: str | None, _returned: str | None
) -> tuple[str, str] | None:
    """Return how a class is called whose parent, or metaclass, takes whatever it is given."""
    if what != "class" or not (shown or "").startswith("(*args"):
        return None
    return stringify_signature(signature(called.__init__, bound_method=True), show_return_annotation=False), ""


def setup(app: Sphinx) -> None:
    """Teach Pygments a name that it does not know, and mend what is shown of classes."""
    app.add_lexer("jsonl", JsonLexer)
    app.connect("autodoc-process-docstring", as_written, priority=400)
    app.connect("autodoc-process-signature", as_called)
