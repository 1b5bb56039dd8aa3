"""Test sets: queries joined with their judgments, from two files or from a folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ltrr_cli.errors import EvaluationError
from ltrr_cli.evaluation.qrels import read_qrels
from ltrr_cli.evaluation.queries import EvalQuery, of_split, read_queries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ltrr_cli.evaluation.notes import Notes

_PACKED = ("", ".zst", ".gz")
_SPLIT = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestSet:
    """Queries that have judgments, in the order of their file, and {query id: {entity id: grade}} for exactly these."""

    __test__: ClassVar[bool] = False
    """Pytest would take the class for a test by its name."""

    queries: tuple[EvalQuery, ...]
    qrels: Mapping[str, Mapping[str, int]]
    notes: Notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Judged entities that an index does not have: `count` of `judged` distinct ids, with up to three `examples`."""

    count: int
    judged: int
    examples: tuple[str, ...]

    @property
    def share(self) -> float:
        """The part of the judged entities that is unknown, in [0, 1]; 0 where none was judged."""
        return self.count / self.judged if self.judged else 0.0


def read_set(queries: Path | None, qrels: Path | None = None, *, split: str | None = None) -> TestSet:
    """Return the queries that have judgments, and the judgments.

    - `queries` a file: `split` chooses among queries that carry one; `qrels` is needed.
    - `queries` a folder: it holds `queries.jsonl`, and either `qrels.tsv` (all as above) or, as in BEIR, a folder
      `qrels` with one file for each split; `split` then names the file: by default `test`, else the only one. `qrels`
      replaces the judgments of the folder. All files may be compressed (.zst, .gz).
    - `queries` None: the judged queries, their texts empty, for runs that are made already.

    Queries without judgments are left out; these, judged queries that the file does not have and queries without a
    relevant entity are counted in `notes`.

    Raises:
        EvaluationError: a file is missing or cannot be used, or no query has a judgment.
    """
    if queries is None:
        if qrels is None:
            raise EvaluationError("there is nothing to evaluate with", next="name queries and judgments")
        judged, notes = read_qrels(qrels)
        _note_irrelevant(judged, notes)
        bare = tuple(EvalQuery(id=query, text="") for query in judged)
        return TestSet(queries=bare, qrels=judged, notes=notes)
    if queries.is_dir():
        folder = queries
        queries = _in_folder(folder, "queries.jsonl")
        if qrels is None and (folder / "qrels").is_dir():
            qrels, split = _beir_qrels(folder / "qrels", split), None
        elif qrels is None:
            qrels = _in_folder(folder, "qrels.tsv")
    if qrels is None:
        raise EvaluationError("judgments are missing", where=str(queries), next="name a file of judgments (qrels)")
    return _joined(queries, qrels, split)


def check_entities(qrels: Mapping[str, Mapping[str, int]], has: Callable[[str], bool]) -> Unknown:
    """Return which judged entities the index does not have; `has` tells whether it has an id."""
    judged = dict.fromkeys(entity for grades in qrels.values() for entity in grades)
    missing = [entity for entity in judged if not has(entity)]
    return Unknown(count=len(missing), judged=len(judged), examples=tuple(missing[:3]))


def _joined(queries: Path, qrels: Path, split: str | None) -> TestSet:
    listed, notes = read_queries(queries)
    judged, qrels_notes = read_qrels(qrels)
    notes.extend(qrels_notes)
    wanted = listed if split is None else of_split(listed, split, queries)
    kept = tuple(query for query in wanted if query.id in judged)
    if not kept:
        raise EvaluationError(
            f"none of the {len(wanted):,} queries has a judgment",
            where=str(qrels),
            next=f"the queries' ids are like {wanted[0].id!r}, those of the judgments like {next(iter(judged))!r}",
        )
    bare = [query.id for query in wanted if query.id not in judged]
    if bare:
        text = "queries without judgments, left out"
        notes.add("queries_without_judgments", text, first=f"query {bare[0]}", count=len(bare))
    ids = {query.id for query in listed}
    strange = [query for query in judged if query not in ids]
    if strange:
        text = "judged queries that the queries file does not have, left out"
        notes.add("unknown_judged_queries", text, first=f"query {strange[0]}", count=len(strange))
    splits = sorted({query.split for query in kept if query.split})
    if len(splits) > 1:
        notes.add("splits", f"splits evaluated together ({', '.join(splits[:5])})", count=len(splits))
    used = {query.id: judged[query.id] for query in kept}
    _note_irrelevant(used, notes)
    return TestSet(queries=kept, qrels=used, notes=notes)


def _note_irrelevant(qrels: Mapping[str, Mapping[str, int]], notes: Notes) -> None:
    empty = [query for query, grades in qrels.items() if max(grades.values()) <= 0]
    if empty:
        text = "queries without a relevant entity"
        notes.add("queries_without_relevant", text, first=f"query {empty[0]}", count=len(empty))


def _in_folder(folder: Path, name: str) -> Path:
    for ending in _PACKED:
        if (folder / (name + ending)).is_file():
            return folder / (name + ending)
    raise EvaluationError(
        f"this folder has no {name}", where=str(folder), next="a test set has queries.jsonl, and qrels.tsv or qrels/"
    )


def _beir_qrels(folder: Path, split: str | None) -> Path:
    files = {path.name.split(".tsv")[0]: path for path in sorted(folder.iterdir()) if _is_table(path)}
    if split is None:
        split = _SPLIT if _SPLIT in files or len(files) != 1 else next(iter(files))
    if split not in files:
        known = f"it has {', '.join(files)}: choose one with --split" if files else "it has no .tsv file"
        raise EvaluationError(f"this folder has no judgments for split {split!r}", where=str(folder), next=known)
    return files[split]


def _is_table(path: Path) -> bool:
    return path.is_file() and path.name.endswith(tuple(".tsv" + ending for ending in _PACKED))
