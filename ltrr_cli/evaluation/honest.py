"""Which queries an index may be measured on, and what must be said when it is measured on others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.config import read_config
from ltrr_cli.engine.fold import Logs
from ltrr_cli.errors import EvaluationError, UsageError
from ltrr_cli.evaluation.notes import Notes
from ltrr_cli.evaluation.queries import EvalQuery
from ltrr_cli.evaluation.sets import TestSet, check_entities, read_set
from ltrr_cli.feedback.impressions import Impressions
from ltrr_cli.text import key

if TYPE_CHECKING:
    from pathlib import Path

    from ltrr_cli.engine import Engine


def held_out(index: Path, judged: TestSet) -> TestSet:
    """Return the part of a test set that the index never learns from: the queries of its `holdout`.

    Raises `EvaluationError` if the index holds nothing out, or none of these queries.
    """
    config = read_config(index)
    _check(config.holdout, index)
    kept = tuple(query for query in judged.queries if config.is_held_out(query.text))
    if not kept:
        raise EvaluationError(
            f"none of the {len(judged.queries):,} judged queries is held out",
            where=str(index),
            next="judge more queries, or evaluate all of them without --held-out",
        )
    judged.notes.add("not_held_out", "judged queries that are not held out, left out", count=_rest(judged, kept))
    return TestSet(queries=kept, qrels={query.id: judged.qrels[query.id] for query in kept}, notes=judged.notes)


def from_log(index: Path) -> TestSet:
    """Return the held-out queries of the index's own log; relevant (grade 1) is what was acted on with a reward.

    Users only act on what they were shown, so these judgments favour what the index already finds. Raises
    `EvaluationError` if the index holds nothing out, or nobody has acted on a held-out query.
    """
    config, logs = read_config(index), Logs(index)
    _check(config.holdout, index)
    impressions = Impressions(logs.queries)
    texts: dict[str, str] = {}
    qrels: dict[str, dict[str, int]] = {}
    for event in logs.all_events():
        impression = impressions.find(event.query_id) if event.query_id else None
        text = impression.text if impression is not None else event.text
        if config.is_held_out(text) and config.reward(event.action, event.dwell) > 0:
            name = key(text).replace(" ", "-")  # an id that can stand in a run
            if name:
                texts.setdefault(name, text)
                qrels.setdefault(name, {})[event.entity_id] = 1
    if not qrels:
        raise EvaluationError(
            "the log has no feedback on held-out queries yet", where=str(index), next="name --queries and --qrels"
        )
    return TestSet(queries=tuple(EvalQuery(id=name, text=texts[name]) for name in qrels), qrels=qrels, notes=Notes())


def note_doubts(engine: Engine, judged: TestSet) -> None:
    """Add to the set's notes what makes its numbers doubtful: unknown entities, and queries learned from."""
    unknown = check_entities(judged.qrels, lambda entity_id: entity_id in engine)
    if unknown.count:
        judged.notes.add(
            "unknown_entities",
            f"judged entities that the index does not have, {unknown.share:.1%} of {unknown.judged:,}; they count as "
            "not found",
            first=unknown.examples[0],
            count=unknown.count,
        )
    learned = [query for query in judged.queries if engine.has_learned_from(query.text)]
    if learned:
        judged.notes.add(
            "queries_learned_from",
            "judged queries whose feedback the index has learned, so their numbers may flatter it (index build "
            "--holdout keeps queries apart)",
            first=f"query {learned[0].id}",
            count=len(learned),
        )


def choose_set(index: Path, queries: Path | None, qrels: Path | None, *, split: str | None, honest: bool) -> TestSet:
    """Return what to evaluate with: the files named, or with `honest` only held-out queries, without files the log's.

    Raises `UsageError` where nothing says which queries to judge.
    """
    if queries is None and split is not None:
        raise UsageError("--split needs --queries")
    if queries is None and qrels is None:
        if not honest:
            raise UsageError(
                "name --queries and --qrels", next="or --held-out, to judge by the feedback on held-out queries"
            )
        return from_log(index)
    if queries is None:
        raise UsageError("--qrels needs --queries")
    judged = read_set(queries, qrels, split=split)
    return held_out(index, judged) if honest else judged


def _check(share: float, index: Path) -> None:
    if share <= 0:
        raise EvaluationError(
            "this index holds no queries out", where=str(index), next="build it with: ltrr index build --holdout 0.2"
        )


def _rest(judged: TestSet, kept: tuple[EvalQuery, ...]) -> int:
    return len(judged.queries) - len(kept)
