"""A transformer of documents for LangChain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cleaner.columns import described, noted
from cleaner.index import learn
from cleaner.pipeline import Cleaner

try:
    from langchain_core.documents import BaseDocumentTransformer, Document
except ImportError as error:
    raise ImportError(f"cleaner.langchain: {error}; pip install 'document-cleaner[langchain]'") from None


class BoilerplateTransformer(BaseDocumentTransformer):
    r"""Cleans documents, before they are split; `spans` (JSON) and `status` go to their metadata.

    Args:
        cleaner: such as `Cleaner(cleaner.saving.load("site.idx"))`; None: learn from the documents of each call, as
            `cleaner clean` does.
        group: field of the metadata that holds a document's site or source.
        url: field of the metadata that holds its address; loaders call it "source".

    >>> text = "The body.\n\nYou may also like\n\nAnother story\n"
    >>> [found] = BoilerplateTransformer().transform_documents([Document(text)])
    >>> found.page_content, found.metadata["status"]
    ('The body.\n', 'cleaned')
    """

    def __init__(self, cleaner: Cleaner | None = None, *, group: str = "group", url: str = "source") -> None:
        self.cleaner, self.group, self.url = cleaner, group, url

    def transform_documents(self, documents: Sequence[Document], **kwargs: Any) -> list[Document]:  # noqa: ARG002
        """Return the documents, cleaned, in their order; those given are as they were.

        Raises:
            ReadError: a document's metadata has a field `spans` or `status` already.
        """
        ours = [described(one.page_content, one.id or "", one.metadata, self.group, self.url) for one in documents]
        cleaner = self.cleaner or Cleaner(learn(ours))
        return [
            one.model_copy(update={"page_content": found.text, "metadata": one.metadata | noted(found)})
            for one, found in zip(documents, cleaner.stream(ours), strict=True)
        ]
