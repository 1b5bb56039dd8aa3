"""The sample catalogue, its judgments and its feedback log are complete, consistent and true to well-known facts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"


def read_jsonl(name: str) -> list[dict[str, Any]]:
    """Read one JSON Lines file of the sample."""
    return [json.loads(line) for line in (SAMPLE / name).read_text(encoding="utf-8").splitlines()]


@cache
def catalog() -> dict[str, dict[str, Any]]:
    """Return the catalogue by id."""
    return {row["id"]: row for row in read_jsonl("catalog.jsonl")}


@cache
def qrels() -> dict[str, dict[str, int]]:
    """Return the grades by query id."""
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for line in (SAMPLE / "qrels.tsv").read_text(encoding="utf-8").splitlines():
        query_id, entity_id, grade = line.split("\t")
        grades[query_id][entity_id] = int(grade)
    return grades


def test_files_equal_what_the_script_writes() -> None:
    """The committed files pass all validations and equal what the tables give."""
    script = SAMPLE / "make_sample.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_catalogue_is_large_enough_and_has_every_type() -> None:
    """The catalogue has at least 1,000 entities and all six types in useful numbers."""
    counts = Counter(row["type"] for row in catalog().values())
    least = {"artist": 130, "album": 220, "song": 520, "playlist": 130, "station": 50, "podcast": 60}
    assert len(catalog()) >= 1000
    assert set(counts) == set(least)
    assert all(counts[kind] >= number for kind, number in least.items()), counts


def test_every_query_is_judged() -> None:
    """There are at least 300 queries, and each has at least one acceptable entity."""
    queries = read_jsonl("queries.jsonl")
    assert len(queries) >= 300
    assert all(max(qrels()[row["query_id"]].values()) >= 1 for row in queries)


def test_feedback_is_large_enough() -> None:
    """The invented log has about 3,000 queries, at least 2,500 events and about 60 users."""
    events = read_jsonl("feedback/events.jsonl")
    assert len(read_jsonl("feedback/queries.jsonl")) >= 2800
    assert len(events) >= 2500
    assert 50 <= len({event["user_id"] for event in events}) <= 70


@pytest.mark.parametrize(
    ("query", "entity_id"),
    [
        ("love", "song:love-story-taylor-swift"),
        ("thriller", "song:thriller-michael-jackson"),
        ("mj", "artist:michael-jackson"),
        ("the boss", "artist:bruce-springsteen"),
        ("queen b", "artist:beyonce"),
        ("sad", "playlist:sad-songs-for-rainy-days"),
    ],
)
def test_feedback_holds_clear_preferences(query: str, entity_id: str) -> None:
    """Several users pick the same entity for a query, more often than any other."""
    clicks: Counter[str] = Counter()
    users = set()
    for event in read_jsonl("feedback/events.jsonl"):
        if event["user_query"] == query and event["action_name"] == "click":
            clicked = event["event_attributes"]["object"]["object_id"]
            clicks[clicked] += 1
            if clicked == entity_id:
                users.add(event["user_id"])
    assert clicks.most_common(1)[0][0] == entity_id
    assert len(users) >= 3


@pytest.mark.parametrize(
    ("entity_id", "facts"),
    [
        ("album:thriller-michael-jackson", {"artist": "Michael Jackson", "year": 1982, "decade": "1980s"}),
        ("album:1989-taylor-swift", {"artist": "Taylor Swift", "year": 2014}),
        ("album:nevermind-nirvana", {"artist": "Nirvana", "year": 1991}),
        ("album:abbey-road-the-beatles", {"artist": "The Beatles", "year": 1969}),
        ("album:kind-of-blue-miles-davis", {"artist": "Miles Davis", "year": 1959}),
        ("album:rumours-fleetwood-mac", {"artist": "Fleetwood Mac", "year": 1977}),
        ("song:bohemian-rhapsody-queen", {"year": 1975, "album": "A Night at the Opera"}),
        ("song:love-story-taylor-swift", {"year": 2008, "album_id": "album:fearless-taylor-swift"}),
        ("song:hello-adele", {"year": 2015, "album_id": "album:25-adele"}),
        ("song:hello-lionel-richie", {"artist": "Lionel Richie", "album": "Can't Slow Down"}),
        ("song:all-along-the-watchtower-bob-dylan", {"year": 1967, "artist_id": "artist:bob-dylan"}),
        ("song:papaoutai-stromae", {"year": 2013, "language": "French"}),
        ("song:gruppa-krovi-kino", {"title": "Группа крови", "year": 1988, "language": "Russian"}),
        ("song:gangnam-style-psy", {"artist": "PSY", "year": 2012}),
        ("artist:bjork", {"title": "Björk", "country": "Iceland"}),
        ("artist:hikaru-utada", {"title": "宇多田ヒカル", "country": "Japan"}),
        ("artist:abba", {"title": "ABBA", "country": "Sweden"}),
    ],
)
def test_well_known_facts(entity_id: str, facts: dict[str, Any]) -> None:
    """Names, years and relations that anyone can look up are right."""
    entity = catalog()[entity_id]
    assert {key: entity.get(key) for key in facts} == facts


def test_ambiguous_names_stay_ambiguous() -> None:
    """A short name belongs to several entities, so that a search has something to decide."""
    titles = Counter(row["title"].casefold() for row in catalog().values())
    assert all(
        titles[name] >= 2 for name in ("hello", "halo", "jump", "hallelujah", "one", "thriller", "america", "kiss")
    )
