"""The whole product on the sample: good results untrained, and better ones from feedback."""

from __future__ import annotations

import json
import math
import shutil
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.engine import Engine
from ltrr_cli.feedback.formats import Feedback

if TYPE_CHECKING:
    from ltrr_cli.engine.learn import Ingested

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
NOW = 1_773_000_000.0  # some days after the log's end
LEARNED = "[learning]\ntrain_every = 60\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an index of the sample that nobody may change."""
    path = tmp_path_factory.mktemp("sample") / "music.ltrr"
    Engine.build(SAMPLE / "catalog.jsonl", path)
    return path


@pytest.fixture(scope="module")
def taught(built: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ingested]:
    """Return an index that has learned the sample's feedback, and what the ingest said."""
    path = shutil.copytree(built, tmp_path_factory.mktemp("taught") / "music.ltrr")
    return path, ingest(path)


def ingest(path: Path) -> Ingested:
    """Ingest the sample's feedback."""
    with Engine.open(path) as engine:
        return engine.ingest(
            Feedback([SAMPLE / "feedback" / "queries.jsonl", SAMPLE / "feedback" / "events.jsonl"]), now=NOW
        )


def preferences() -> dict[str, str]:
    """Return the entity that most people want, for each query with a clear preference."""
    lines = (SAMPLE / "source" / "preferences.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return {line.split("\t")[0]: line.split("\t")[1] for line in lines}


def reciprocal_ranks(path: Path) -> dict[str, float]:
    """Return 1 / rank of the preferred entity in the first ten, 0 if it is not there, for each of those queries."""
    found = {}
    wanted = preferences()
    with Engine.open(path) as engine:
        engine.warm_up(list(wanted))
        for text, entity_id in wanted.items():
            ids = [r.id for r in engine.search(text, seed=1, explore=False, now=NOW, log=False).results]
            found[text] = 1 / (1 + ids.index(entity_id)) if entity_id in ids else 0.0
    return found


def ndcg(path: Path) -> float:
    """Return the mean nDCG@10, gains 2^grade - 1, over every other of the sample's queries."""
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for line in (SAMPLE / "qrels.tsv").read_text(encoding="utf-8").splitlines():
        query_id, entity_id, grade = line.split("\t")
        grades[query_id][entity_id] = int(grade)
    queries = [json.loads(line) for line in (SAMPLE / "queries.jsonl").read_text(encoding="utf-8").splitlines()][::2]
    total = 0.0
    with Engine.open(path) as engine:
        engine.warm_up([query["query"] for query in queries])
        for query in queries:
            own = grades[query["query_id"]]
            results = engine.search(query["query"], seed=1, explore=False, now=NOW, log=False).results
            ideal = sorted(own.values(), reverse=True)[:10]
            total += dcg([own.get(result.id, 0) for result in results]) / dcg(ideal)
    return total / len(queries)


def dcg(grades: list[int]) -> float:
    """Return the discounted cumulative gain."""
    return math.fsum((2.0**grade - 1) / math.log2(2 + place) for place, grade in enumerate(grades))


def test_untrained_quality(built: Path) -> None:
    """Without any feedback, with everything default, nDCG@10 on the sample's queries is above .70."""
    assert ndcg(built) > 0.70


def test_feedback_moves_what_people_prefer_up(built: Path, taught: tuple[Path, Ingested]) -> None:
    """Once the log is learned, what people prefer is near the top: mean reciprocal rank rises by .15, to .8 or more."""
    path, done = taught
    assert (done.impressions, done.events, done.repeated, done.unknown_entities) == (3000, 4031, 0, 0)
    before, after = reciprocal_ranks(built), reciprocal_ranks(path)
    assert mean(after) >= mean(before) + 0.15
    assert mean(after) >= 0.8
    assert sum(after[text] < before[text] for text in before) <= 2


def mean(values: dict[str, float]) -> float:
    """Return the mean."""
    return sum(values.values()) / len(values)


def test_feedback_does_not_spoil_the_rest(built: Path, taught: tuple[Path, Ingested]) -> None:
    """Learning from clicks does not make the judged quality worse."""
    assert ndcg(taught[0]) >= ndcg(built) - 0.01


def test_ingesting_again_changes_nothing(taught: tuple[Path, Ingested]) -> None:
    """The same log a second time is recognised, record by record, and no result changes."""
    path, _ = taught

    def look() -> tuple[Any, ...]:
        with Engine.open(path) as engine:
            info = engine.info()
            answers = [engine.search(text, seed=1, now=NOW, log=False).results for text in ("love", "the boss", "jazz")]
        return answers, info.events, info.impressions, dict(info.actions), info.credits, info.weights

    before = look()
    done = ingest(path)
    assert (done.impressions, done.events, done.repeated) == (0, 0, 7031)
    assert look() == before


def test_ranker_is_trained_and_tested(built: Path, tmp_path: Path) -> None:
    """After enough clicks on its own pages a ranker is trained; it goes live by a test only, and the reason is kept."""
    path = shutil.copytree(built, tmp_path / "music.ltrr")
    (path / "ltrr.toml").write_text(LEARNED)
    wanted = list(preferences().items())
    status = []
    with Engine.open(path) as engine:
        engine.warm_up([text for text, _ in wanted])
        for number in range(200):
            text, entity_id = wanted[number % len(wanted)]
            answer = engine.search(text, seed=number, user=f"u{number}", now=NOW + number)
            ids = [result.id for result in answer.results]
            engine.record(answer.query_id, entity_id if entity_id in ids else ids[0], now=NOW + number)
            status.append((engine._opened.learned.ranker_status(), engine._opened.learned.ranker.version))
        info = engine.info()
        weights = engine._opened.learned.ranker.weights
    assert status[58] == ("the prior is live", 0)
    assert status[59][0].startswith("the prior is live; version 1 is kept aside until later clicks prove it better")
    # Whatever is live later was promoted by the test, and says so.
    promoted = [line for line in info.ranker_history if ": live – better on " in line]
    aside = [line for line in info.ranker_history if ": aside – " in line]
    trained = [line for line in info.ranker_history if ": trained – from clicks" in line]
    assert len(promoted) + len(aside) + len(trained) == len(info.ranker_history)
    if info.ranker_version:
        assert promoted[-1].startswith(f"version {info.ranker_version}: live – better on ")
    else:
        assert not promoted
        assert "kept aside" in info.ranker
    with Engine.open(path) as engine:
        assert engine.info().ranker_history == info.ranker_history
        assert engine._opened.learned.ranker.weights == weights
