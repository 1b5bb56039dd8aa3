"""The table of keys: exact look-up, and similarity by shared words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_cli.memory.keys import MAX_POSTINGS, MAX_SIMILAR, MIN_SIMILARITY, Keys
from ltrr_cli.text import hash64
from tests.memory.conftest import table_of

if TYPE_CHECKING:
    from pathlib import Path

ENTRIES = [
    ("hello", [1, 2], [0.5, 0.25]),
    ("hello kitty", [3], [1.0]),
    ("play music", [-1, 5], [0.1, 0.2]),
    ("new york new york", [6], [1.0]),
]
L3, L5 = math.log(3), math.log(5)  # idf of "hello", in two of four keys, and of words in one


def _similar(keys: Keys, query: str, entries: list[tuple[str, list[int], list[float]]]) -> dict[str, float]:
    names = {keys.exact(hash64(key)): key for key, _, _ in entries}
    return {names[number]: similarity for number, similarity in keys.similar(query.split(" "))}


@pytest.fixture
def keys() -> Keys:
    """Return the table of the entries."""
    return table_of(ENTRIES)


def test_exact(keys: Keys) -> None:
    """A key gives its refs and values in their order; an unknown one nothing."""
    for key, refs, values in ENTRIES:
        number = keys.exact(hash64(key))
        assert number is not None
        found = keys.entries(number)
        assert found[0].tolist() == refs
        assert found[1].tolist() == values
        assert keys.totals[number] == pytest.approx(sum(values))
    assert keys.exact(hash64("goodbye")) is None
    assert keys.exact(0) is None
    assert keys.exact(2**64 - 1) is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("hello", {"hello": 1.0}),  # "hello kitty" has ln 3 / (ln 3 + ln 5) = .41: too little
        ("kitty", {"hello kitty": L5 / (L5 + L3)}),
        ("hello kitty", {"hello kitty": 1.0, "hello": L3 / (L3 + 0.4 * L5)}),
        ("kitty hello hello", {"hello kitty": 1.0, "hello": L3 / (L3 + 0.4 * L5)}),
        ("hello please", {"hello": 1 / 1.4}),  # an unknown word weighs as the mean of the known
        ("music", {"play music": 0.5}),
        ("new york", {"new york new york": 1.0}),
        ("goodbye", {}),
        ("", {}),
    ],
)
def test_similarity_by_hand(keys: Keys, query: str, expected: dict[str, float]) -> None:
    """Tversky's ratio over idf: key words that the query lacks count whole, query words that the key lacks 0.4."""
    assert _similar(keys, query, ENTRIES) == pytest.approx(expected, abs=1e-6)


def test_no_query_words_and_no_keys() -> None:
    """An empty table and an empty query find nothing."""
    empty = table_of([])
    assert empty.exact(hash64("hello")) is None
    assert empty.similar(["hello"]) == []
    assert table_of(ENTRIES).similar([]) == []


def test_without_words_only_the_exact_key_is_found() -> None:
    """A table of users or of everybody is not searched by words."""
    table = table_of(ENTRIES, words=False)
    assert table.exact(hash64("hello")) is not None
    assert table.similar(["hello"]) == []


def test_a_common_word_is_followed_as_far_as_its_shortest_keys() -> None:
    """Of a word in more keys than the limit the shortest keys are found; of longer ones it still counts as shared."""
    entries = [(f"the film{number} cut", [number], [1.0]) for number in range(MAX_POSTINGS + 10)]
    entries += [("the end", [0], [1.0]), ("the", [1], [1.0])]
    table = table_of(entries)
    names = {table.exact(hash64(key)): key for key, _, _ in entries}
    assert [names[number] for number, _ in table.similar(["the"])] == ["the"]
    assert [names[number] for number, _ in table.similar(["the", "end"])] == ["the end", "the"]
    (best, similarity), *_ = table.similar(["the", "film7", "cut"])
    assert names[best] == "the film7 cut"
    assert similarity == pytest.approx(1.0, abs=1e-6)


def test_a_key_that_the_query_holds_is_found_in_any_query() -> None:
    """All of a key's words in a long query suffice, however little of the query they are."""
    table = table_of([("jazz", [0], [1.0]), ("jazz band", [1], [1.0]), *((f"w{n}", [2], [1.0]) for n in range(20))])
    query = ["jazz", *(f"w{n}" for n in range(20))]
    found = dict(table.similar(query))
    number = table.exact(hash64("jazz"))
    assert number is not None
    assert found[number] < MIN_SIMILARITY
    assert table.exact(hash64("jazz band")) not in found


def test_a_table_whose_keys_are_numbered_by_hash_still_opens(tmp_path: Path) -> None:
    """Tables of ltrr before 0.1 have no `numbers`: a key's number is the place of its hash."""
    table = table_of(ENTRIES)
    assert table.numbers is not None
    order = table.numbers.tolist()
    refs = [table.entries(number) for number in order]
    place = {number: spot for spot, number in enumerate(order)}
    arrays = {
        "hashes": table.hashes,
        "masses": table.masses[order],
        "totals": table.totals[order],
        "starts": np.concatenate([[0], np.cumsum([len(one[0]) for one in refs])]).astype(np.int64),
        "refs": np.concatenate([one[0] for one in refs]),
        "values": np.concatenate([one[1] for one in refs]),
        "words": table.words,
        "word_starts": table.word_starts,
        "postings": np.concatenate(
            [
                np.sort([place[number] for number in table.postings[low:high].tolist()]).astype(np.int32)
                for low, high in zip(table.word_starts[:-1], table.word_starts[1:], strict=True)
            ]
        ),
    }
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    opened = Keys.open(tmp_path)
    assert opened.numbers is None
    for key, rows, values in ENTRIES:
        number = opened.exact(hash64(key))
        assert number is not None
        assert [part.tolist() for part in opened.entries(number)] == [rows, values]
    assert _similar(opened, "hello kitty", ENTRIES) == pytest.approx(_similar(table, "hello kitty", ENTRIES))


def test_best_first_and_not_too_many() -> None:
    """At most MAX_SIMILAR keys come back, the most similar first, equal ones by their number."""
    entries = [("alpha", [0], [1.0]), *((f"alpha x{number}", [number], [1.0]) for number in range(2 * MAX_SIMILAR))]
    found = table_of(entries).similar(["alpha", "x3"])
    assert len(found) <= MAX_SIMILAR
    order = [(-similarity, number) for number, similarity in found]
    assert order == sorted(order)
    many = table_of(
        [(f"{a} {b}", [0], [1.0]) for a in ("u", "v") for b in (f"w{n}" for n in range(40))] + [("q r", [0], [1.0])]
    )
    assert all(similarity >= MIN_SIMILARITY for _, similarity in many.similar(["u", "w1", "w2", "w3"]))


WORDS = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=4)


@settings(max_examples=100, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=12, unique_by=" ".join), WORDS)
def test_similarity_is_what_the_formula_says(names: list[list[str]], query: list[str]) -> None:
    """For any small table all keys at least half similar, or whole in the query, are found, with their similarity."""
    entries = [(" ".join(words), [0], [1.0]) for words in names]
    counts = {word: sum(word in words for words in names) for word in "abcdefgh"}
    idf = {word: math.log(1 + len(names) / count) for word, count in counts.items() if count}
    known = [idf[word] for word in set(query) if word in idf]
    unknown = (len(set(query)) - len(known)) * (sum(known) / len(known) if known else 0)
    expected = {}
    for words in names:
        shared = sum(idf[word] for word in set(words) & set(query))
        lacking = sum(idf[word] for word in set(words) - set(query))
        extra = sum(idf[word] for word in (set(query) & set(idf)) - set(words)) + unknown
        enough = shared and (not lacking or shared / (shared + lacking + 0.4 * extra) >= MIN_SIMILARITY - 1e-9)
        if enough:
            expected[" ".join(words)] = shared / (shared + lacking + 0.4 * extra)
    found = _similar(table_of(entries), " ".join(query), entries)
    assert found == pytest.approx(expected, abs=1e-6)
    assert all(0 < value <= 1 for value in found.values())
    assert np.diff(list(found.values())).max(initial=0) <= 0
