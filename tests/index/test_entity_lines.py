"""What is read off an entity's line."""

from __future__ import annotations

import json
from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from ltrr_cli.index.entity_lines import MOST_VALUES, entity_line, read_entity, read_face, read_named
from ltrr_cli.index.values import terms
from ltrr_cli.records import Entity
from ltrr_cli.text import key, token_hash

TEXT = st.text("ab é東!", max_size=6)
VALUES = st.lists(TEXT | st.sampled_from([1994.0, 3.5]), max_size=6).map(tuple)
ENTITIES = st.builds(
    Entity,
    id=st.just("x"),
    type=TEXT,
    title=TEXT,
    text=TEXT,
    attributes=st.dictionaries(st.sampled_from(["type", "mood", "year", "a", "zebra"]), VALUES),
)


@given(ENTITIES)
def test_parts_are_those_of_the_whole(entity: Entity) -> None:
    """Whatever an entity has, what is read alone is what the whole of it says, values in the order of their names."""
    line = entity_line(entity)
    assert line == json.dumps(asdict(entity), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    assert read_entity(line) == entity
    assert read_face(line) == (entity.type, entity.title, entity.text)
    named = read_named(line)
    assert named.title == key(entity.title)
    assert named.values == tuple(
        (name, f"{name}={word}", token_hash(word)) for name, word in sorted(set(terms(entity)))[:MOST_VALUES]
    )
