"""Steps for pipelines of datatrove: learn in many tasks, merge in one, strip in many.

`LearnBoilerplate` writes an index a task; `MergeBoilerplate` makes one of these; `StripBoilerplate` cleans by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from cleaner.batches import batches
from cleaner.columns import described, noted
from cleaner.frequency import Frequencies, derived
from cleaner.index import Index, learn, merge
from cleaner.model import ReadError
from cleaner.pipeline import Cleaner
from cleaner.policy import POLICIES, Preset
from cleaner.rules import load_rules
from cleaner.saving import dumped, load, loads
from cleaner.workers import Workers

try:
    from datatrove.data import Document as Row
    from datatrove.io import DataFolder, DataFolderLike, get_datafolder
    from datatrove.pipeline.base import PipelineStep
except ImportError as error:
    raise ImportError(f"cleaner.datatrove: {error}; pip install 'document-cleaner[datatrove]'") from None


class LearnBoilerplate(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    """Stage one: write what the documents of each task repeat to `folder`, as 00000.idx and so on. The documents pass on.

    Args:
        folder: local or remote; indexes of earlier runs that lie there are merged, too.
        group: field of the metadata that holds a document's site or source.
        url: field of the metadata that holds its address.
    """

    name = "✂️ Learn"
    type = "🫂 - DEDUP"

    def __init__(self, folder: DataFolderLike, *, group: str = "group", url: str = "url") -> None:
        super().__init__()
        self.folder = get_datafolder(folder)
        self.group, self.url = group, url

    def run(self, data: Iterator[Row] | None, rank: int = 0, world_size: int = 1) -> Iterator[Row]:  # noqa: ARG002
        """Learn the documents of a task, and yield them as they are."""
        parts: list[Index] = []
        for batch in batches(data or ()):
            with self.track_time("batch"):
                parts.append(learn(described(row.text, row.id, row.metadata, self.group, self.url) for row in batch))
            self.stat_update("learnt", value=len(batch), unit="batch")
            yield from batch
        _save(merge(parts), self.folder, f"{rank:05d}.idx")


class MergeBoilerplate(PipelineStep):  # type: ignore[misc]
    """Between the stages, in a pipeline of one task: make one index of all in a folder, with all that is derived from it.

    Args:
        folder: where `LearnBoilerplate` wrote.
        index: the file to write, local or remote, in another folder; `cleaner clean --index` takes it, too.
    """

    name = "✂️ Merge"
    type = "🫂 - DEDUP"

    def __init__(self, folder: DataFolderLike, index: str) -> None:
        super().__init__()
        self.folder = get_datafolder(folder)
        self.index = index

    def run(self, data: Iterator[Row] | None = None, rank: int = 0, world_size: int = 1) -> Iterator[Row]:  # noqa: ARG002
        """Merge, in the first task, in a quarter of the machine's memory. Documents, if there are any, pass on before.

        Raises:
            ReadError: there is no index in the folder.
        """
        yield from data or ()
        if rank == 0:
            parts = self.folder.list_files(glob_pattern="*.idx") if self.folder.exists("") else []
            if not parts:
                raise ReadError(f"{self.folder.path}: no index; expected those that LearnBoilerplate wrote")
            with self.track_time("index"), Workers() as workers:
                merged = merge((_load(self.folder, part) for part in parts), workers.space)
                _save(replace(merged, tables=derived(Frequencies(merged, workers.space))), *_place(self.index))
            self.stat_update("documents", value=len(merged), unit="index")


class StripBoilerplate(PipelineStep):  # type: ignore[misc]
    """Stage two: clean each document; `spans` (JSON) and `status` go to its metadata, and counts of both to the statistics.

    Args:
        index: what `MergeBoilerplate` or `cleaner learn` wrote, local or remote; None: rules alone.
        rules: rule packs, or names of optional ones, as for `cleaner clean --rules`.
        policy: "careful", "balanced" or "thorough".
        group: field of the metadata that holds a document's site or source.
        url: field of the metadata that holds its address.
    """

    name = "✂️ Strip"
    type = "🔧 - MODIFIER"

    def __init__(
        self,
        index: str | None,
        *,
        rules: Sequence[str] = (),
        policy: Preset = "balanced",
        group: str = "group",
        url: str = "url",
    ) -> None:
        super().__init__()
        self.index, self.rules, self.policy = index, list(rules), policy
        self.group, self.url = group, url

    def run(self, data: Iterator[Row] | None, rank: int = 0, world_size: int = 1) -> Iterator[Row]:  # noqa: ARG002
        """Yield the documents, cleaned.

        Raises:
            CleanerError: the index or a rule is wrong, or a document's metadata has a field `spans` or `status` already.
        """
        index = _load(*_place(self.index)) if self.index else Index()
        cleaner = Cleaner(index, load_rules([Path(path) for path in self.rules]), POLICIES[self.policy])
        for batch in batches(data or ()):
            with self.track_time("batch"):
                ours = [described(row.text, row.id, row.metadata, self.group, self.url) for row in batch]
                found = list(cleaner.stream(ours))
            for row, cleaned in zip(batch, found, strict=True):
                self.stat_update(cleaned.status)
                self.stat_update("spans", value=len(cleaned.spans))
                self.stat_update("chars_removed", value=sum(span.end - span.start for span in cleaned.spans))
                row.text = cleaned.text
                row.metadata |= noted(cleaned)
                yield row


def _place(path: str) -> tuple[DataFolder, str]:
    """Return the folder that a file is in, and its name."""
    folder, slash, name = path.rpartition("/")
    return get_datafolder(folder + slash or "."), name


def _save(index: Index, folder: DataFolder, name: str) -> None:
    with folder.open(name, "wb") as file:
        for piece in dumped(index):
            file.write(piece)


def _load(folder: DataFolder, name: str) -> Index:
    path = folder.resolve_paths(name)
    return load(path) if folder.is_local() else loads(folder.cat_file(name), path)
