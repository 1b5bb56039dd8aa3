"""Values with weights in the catalogue: which objects are such, and what an entity keeps of them."""

from __future__ import annotations

import pytest

from ltrr_cli.catalog.entities import Maker
from ltrr_cli.catalog.infer import infer
from ltrr_cli.catalog.schema import Schema
from ltrr_cli.catalog.weights import weighed, weighings
from ltrr_cli.records import Entity


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ([{"pop": 0.7, "country": 0.3}], True),
        ([{"pop": 0.9, "country": 0.8}, {"rock": 1, "pop": 0.2}], True),
        ([{"energy": 0.7, "valence": 0.9}, {"energy": 0.1, "valence": 0.2}], False),
        ([{"width": 20, "height": 30}], False),
        ([{"pop": 0.7, "country": "some"}], False),
        ([{"pop": 0.7, "country": -0.3}, {"rock": 1}], False),
        ([{"open": True, "closed": False}], False),
        ([{f"u{n}": 0.5, f"v{n}": 0.5} for n in range(100)], False),
    ],
)
def test_which_objects_weigh_values(objects: list[dict[str, object]], *, expected: bool) -> None:
    """Numbers from 0 to 1 under names that differ by record, or shares; not groups of fields, not tables."""
    assert weighings([{"genre": one} for one in objects]) == ({"genre"} if expected else set())


def test_an_entity_keeps_them() -> None:
    """Values come the weightiest first, with their weights; a plain value beside has none."""
    records: list[dict[str, object]] = [
        {"id": "a", "title": "A", "genre": {"country": 0.3, "pop": 0.7, "noise": 0}},
        {"id": "b", "title": "B", "genre": "rock"},
        {"id": "c", "title": "C", "genre": {"rock": 1.0, "pop": 0.1}},
    ]
    schema = infer(records)
    assert schema.weighted == schema.attributes == ("genre",)
    assert Schema.from_dict(schema.to_dict()) == schema
    maker = Maker(schema)
    made = [maker.make(record) for record in records]
    assert all(isinstance(one, Entity) for one in made)
    told = [(dict(one.attributes), dict(one.weights)) for one in made if isinstance(one, Entity)]
    assert told == [
        ({"genre": ("pop", "country")}, {"genre": (0.7, 0.3)}),
        ({"genre": ("rock",)}, {}),
        ({"genre": ("rock", "pop")}, {"genre": (1.0, 0.1)}),
    ]


def test_what_is_no_weight_is_left_out() -> None:
    """Weights above 1, none at all, words and truth values are no weights; a name that cleans to another's joins it."""
    raw: dict[str, object] = {"a": 2, "b": None, "c": "0.5", "d": True, " e ": 0.2, "e": 0.4, "f": float("nan")}
    assert weighed(raw) == [("c", 0.5), ("e", 0.4)]
