"""The features of words and the order of candidates, on random pools of the sample catalogue, beside plain counting."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ltrr_cli.analysis.multilingual import language_of
from ltrr_cli.catalog import Catalog
from ltrr_cli.index.fulltext import TEXT_FIELDS
from ltrr_cli.index.segment import words
from ltrr_cli.memory.people import People
from ltrr_cli.memory.person import Person
from ltrr_cli.memory.recall import Recall
from ltrr_cli.query.understand import understand
from ltrr_cli.ranking.features import Subject, features
from ltrr_cli.ranking.registry import names
from ltrr_cli.text import key, tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ltrr_cli.index.view import View
    from ltrr_cli.records import Entity

ARMS = ("lexical", "semantic")
ENTITIES = list(Catalog([Path(__file__).parents[2] / "data" / "sample" / "catalog.jsonl"]))
QUERIES = ("the beatles", "love songs of the 60s", "rock song", "blues", "zzyzx", "who sings a hard day's night")
EARLIER = ("something love", "rolling stones")
SIZE = 40
NO_SCORES = np.empty(0, np.float32)
NOTHING = Recall(np.empty(0, np.int64), NO_SCORES, NO_SCORES, NO_SCORES, 0.0, known=False)


@pytest.fixture(scope="module")
def view(make_view: Callable[..., View]) -> View:
    """Return a view of the sample catalogue, in one segment."""
    return make_view(ENTITIES)


@pytest.fixture(scope="module")
def stems(view: View) -> list[list[list[str]]]:
    """Return the surest stems of each field of each entity."""
    analysis = view.segments[0].analysis

    def cut(entity: Entity) -> list[list[str]]:
        rest = {name: words(values) for name, values in entity.attributes.items()}
        texts = {"title": entity.title, "creator": rest.pop("creator", ""), "text": entity.text}
        texts["attributes"] = " ".join([entity.type, *rest.values()])
        spoken = language_of(entity.text or entity.title)
        of_title = language_of(entity.title) or spoken
        return [
            [*analysis.document(texts[name], of_title if name == "title" else spoken).surest()] for name in TEXT_FIELDS
        ]

    return [cut(entity) for entity in ENTITIES]


Pool = tuple["NDArray[np.int64]", "NDArray[np.int32]", "NDArray[np.float32]"]


def _pool(seed: int) -> Pool:
    """Return rows, ranks and scores of a random pool of which lexical found the first half."""
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(len(ENTITIES), SIZE, replace=False)).astype(np.int64)
    ranks = np.zeros((SIZE, 2), np.int32)
    ranks[:, 0] = rng.permutation(SIZE) + 1
    ranks[:, 1] = rng.permutation(SIZE) + 1
    ranks[ranks > SIZE // 2] = 0
    return rows, ranks, np.where(ranks > 0, 1 / np.maximum(ranks, 1), np.nan).astype(np.float32)


def _subject(view: View, text: str) -> Subject:
    rng = np.random.default_rng(1)
    vector = rng.normal(size=16).astype(np.float32)
    people = People()
    for row, mass in ((3, 1.0), (1, 2.0)):
        people.acted("u", "", ENTITIES[row].id, mass, 1.0)
    return Subject(
        view=view,
        understood=understand(text, view),
        recall=NOTHING,
        vector=vector / np.linalg.norm(vector),
        rewarded=rng.random(len(ENTITIES)).astype(np.float32),
        person=Person(people, view, user="u"),
        types={"artist": 0.75, "song": 0.25},
        earlier=EARLIER,
    )


def _bm25(counts: Counter[str], length: float, mean: float, idf: dict[str, float]) -> float:
    """Return the sum over the query's stems, as the formula is written."""
    return sum(
        weight * counts[stem] * 2.2 / (counts[stem] + 1.2 * (0.25 + 0.75 * length / mean))
        for stem, weight in idf.items()
        if counts[stem]
    )


@pytest.mark.parametrize("text", QUERIES)
@pytest.mark.parametrize("seed", range(4))
def test_as_plain_counting_says(view: View, stems: list[list[list[str]]], text: str, seed: int) -> None:
    """BM25 of each field and of all, covered words, prefix, phrase and names, entity by entity."""
    rows, ranks, scores = _pool(seed)
    subject = _subject(view, text)
    values = features(subject, rows, ranks, scores, ARMS)
    table = {name: values[:, place].tolist() for place, name in enumerate(names(ARMS))}
    asked = subject.understood.stems
    idf = dict(zip(asked, subject.understood.idf, strict=True))
    total = sum(idf.values())
    means = [max(1.0, sum(len(entity[field]) for entity in stems) / len(stems)) for field in range(4)]
    summed, whole = [], []
    for place, row in enumerate(rows.tolist()):
        counts: list[Counter[str]] = [Counter(field) for field in stems[row]]
        parts = [
            _bm25(one, len(field), mean, idf) / total / 2.2
            for one, field, mean in zip(counts, stems[row], means, strict=True)
        ]
        for name, part in zip(TEXT_FIELDS, parts, strict=True):
            assert table[f"{name}.bm25"][place] == pytest.approx(part, abs=1e-6), name
        together = Counter(word for field in stems[row] for word in field)
        covered = sum(weight for stem, weight in idf.items() if together[stem]) / total
        assert table["words.covered"][place] == pytest.approx(covered, abs=1e-6)
        summed.append(sum(parts))
        whole.append(_bm25(together, sum(map(len, stems[row])), sum(means), idf))
        title = stems[row][0]
        begins = next((i for i, (a, b) in enumerate(zip(title, asked, strict=False)) if a != b), None)
        prefix = min(len(title), len(asked)) if begins is None else begins
        assert table["title.prefix"][place] == pytest.approx(prefix / len(asked))
        neighbours = set(pairwise(asked))
        pairs = sum(pair in neighbours for pair in pairwise(title))
        assert table["title.phrase"][place] == pytest.approx(min(1, pairs / max(1, len(asked) - 1)))
        inside = any(list(asked[i : i + len(title)]) == title for i in range(len(asked))) if title else False
        assert table["title.named"][place] == inside
    first = np.flatnonzero((ranks[:, 0] > 0) & (ranks[:, 0] <= 3)).tolist()
    for name, found in (("words.share", summed), ("words.whole", whole)):
        best = max(found[place] for place in first)
        expected = [min(1, one / best) if best else math.nan for one in found]
        assert table[name] == pytest.approx(expected, abs=1e-6, nan_ok=True), name
        assert table[f"{name}.sharp"] == pytest.approx([one**4 for one in expected], abs=1e-6, nan_ok=True), name


@pytest.mark.parametrize("text", QUERIES)
def test_titles_and_values_as_sets_say(view: View, text: str) -> None:
    """Shares of words of titles, and of the values that the query and the user's rewards name, entity by entity."""
    rows, ranks, scores = _pool(9)
    subject = _subject(view, text)
    values = features(subject, rows, ranks, scores, ARMS)
    table = {name: values[:, place].tolist() for place, name in enumerate(names(ARMS))}
    asked, tags = subject.understood, subject.understood.tags
    in_step = len(asked.idf) == len(asked.words)  # where a word gives two stems, words weigh alike
    weights = dict(zip(asked.words, asked.idf, strict=True)) if in_step else dict.fromkeys(asked.words, 1.0)
    new = {word for one in EARLIER for word in tokens(one)} - set(asked.words)
    for place, row in enumerate(rows.tolist()):
        entity = ENTITIES[row]
        title = set(tokens(entity.title))
        covered = sum(weight for word, weight in weights.items() if word in title) / sum(weights.values())
        assert table["title.covered"][place] == pytest.approx(covered, abs=1e-6)
        assert table["title.filled"][place] == pytest.approx(len(title & set(weights)) / max(1, len(title)))
        assert table["title.same"][place] == (key(entity.title) == key(text))
        assert table["session.title"][place] == pytest.approx(len(title & new) / len(new))
        assert table["user.type"][place] == pytest.approx(subject.types.get(entity.type, 0.0))
        if tags:
            has = [tag.probability for tag in tags if tag.attribute == "type" and tag.value == key(entity.type)]
            assert np.nan_to_num(table["type"][place]) == pytest.approx(sum(has))
            assert 0 <= table["values"][place] <= 1 + 1e-6


@pytest.mark.parametrize("text", QUERIES)
def test_the_order_of_candidates_changes_nothing(view: View, text: str) -> None:
    """A candidate's values are the same wherever in the pool it stands."""
    rows, ranks, scores = _pool(5)
    subject = _subject(view, text)
    values = features(subject, rows, ranks, scores, ARMS)
    order = np.random.default_rng(2).permutation(SIZE)
    again = features(subject, rows[order], ranks[order], scores[order], ARMS)
    np.testing.assert_allclose(again, values[order], atol=1e-6)
