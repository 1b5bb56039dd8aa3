"""Write the sample data set from the tables in source/, or check that the files here still equal what it writes.

    python data/sample/make_sample.py            write catalog, queries, judgments and the invented feedback log
    python data/sample/make_sample.py --check    validate everything and compare with the files; exit 1 on a difference

Only the standard library is used, and every draw comes from one seed, so the output is the same on each run.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import sys
import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "source"
SEED = 20260105
N_QUERIES = 3000
N_USERS = 60
N_SHOWN = 10
FIRST_DAY = datetime(2026, 1, 5, tzinfo=UTC)
N_DAYS = 61
EXAMINATION_POWER = 0.7
NOISE_SHARE = 0.08
APPLICATION = "ltrr-sample"
MAX_BYTES = 2_500_000
MIN_ENTITIES = 1100
MIN_QUERIES = 320
MIN_FEEDBACK_QUERIES = 2800
MIN_EVENTS = 2500
LATEST_YEAR = 2026
EARLIEST_YEAR = {"song": 1680, "album": 1940, "podcast": 1990}
KINDS = frozenset({"navigational", "topical", "ambiguous", "misspelt", "attribute", "natural", "prefix"})
ACTIONS = frozenset({"click", "play", "like", "dislike", "skip", "favourite"})
TYPES = ("artist", "album", "song", "playlist", "station", "podcast")
LIST_FIELDS = frozenset({"genres", "moods", "topics", "host", "aliases"})
LIST_SEPARATOR = {"aliases": ";"}
SPECIAL_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "ð": "d", "þ": "th", "ß": "ss", "ł": "l"})
# The share of people who click a result they look at, by its grade.
ATTRACTION = (0.02, 0.18, 0.45, 0.8)

Entity = dict[str, Any]
Row = dict[str, str]
Grades = dict[str, int]


class SampleError(Exception):
    """The tables or the files break a rule of the sample; the message names the place."""


# --- tables ---------------------------------------------------------------------------------------------------------


def read_table(name: str) -> list[Row]:
    """Read one tab-separated table; cells left off at the end of a line are empty."""
    with (SOURCE / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    header, body = rows[0], rows[1:]
    table = []
    for number, cells in enumerate(body, start=2):
        if len(cells) > len(header):
            raise SampleError(f"source/{name}.tsv:{number}: {len(cells)} cells, the header has {len(header)}")
        padded = cells + [""] * (len(header) - len(cells))
        table.append({key: cell.strip() for key, cell in zip(header, padded, strict=True)})
    return table


def fold(text: str) -> str:
    """Lower-case the text and drop accents from Latin letters; other scripts stay as they are."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(SPECIAL_LETTERS))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def slug(text: str) -> str:
    """Turn a title into the readable part of an id; apostrophes and full stops vanish, "&" becomes "and"."""
    plain = re.sub(r"['’.]", "", fold(text).replace("&", " and "))
    result = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not result:
        raise SampleError(f"no Latin letters in {text!r}: give the row a slug")
    return result


def words(text: str) -> list[str]:
    """Split a text into folded words."""
    return re.findall(r"\w+", fold(text).replace("'", "").replace("’", ""))


def split_list(row: Row, field: str) -> list[str]:
    """Read a list cell; aliases are separated by semicolons, everything else by commas."""
    separator = LIST_SEPARATOR.get(field, ",")
    return [item.strip() for item in row.get(field, "").split(separator) if item.strip()]


# --- catalogue ------------------------------------------------------------------------------------------------------


def base_entity(kind: str, row: Row, key: str) -> Entity:
    """Make the fields that every type has."""
    return {
        "id": f"{kind}:{key}",
        "type": kind,
        "title": row["title"],
        "text": row["text"],
        "popularity": float(row["popularity"]),
    }


def add_fields(entity: Entity, row: Row, fields: tuple[str, ...]) -> None:
    """Copy optional cells into the entity, lists as lists; empty cells stay away."""
    for field in fields:
        value: Any = split_list(row, field) if field in LIST_FIELDS else row.get(field, "")
        if value:
            entity[field] = value


def add_year(entity: Entity, row: Row) -> None:
    """Set year and decade where the year is known."""
    if row.get("year"):
        entity["year"] = int(row["year"])
        entity["decade"] = f"{entity['year'] // 10 * 10}s"


def add_language(entity: Entity, row: Row, inherited: str) -> None:
    """Set the language where it is not English; "-" in the table means that none is given."""
    language = row.get("language") or inherited
    if language not in ("", "-", "English"):
        entity["language"] = language


def make_artists() -> dict[str, Entity]:
    """Read the artists; the key is the name."""
    artists: dict[str, Entity] = {}
    for row in read_table("artists"):
        entity = base_entity("artist", row, row["slug"] or slug(row["title"]))
        add_fields(entity, row, ("genres", "country", "language", "aliases"))
        artists[row["title"]] = entity
    return artists


def work_entity(kind: str, row: Row, artist: Entity) -> Entity:
    """Make an album or a song of an artist."""
    artist_slug = artist["id"].removeprefix("artist:")
    entity = base_entity(kind, row, f"{row['slug'] or slug(row['title'])}-{artist_slug}")
    entity["artist"] = artist["title"]
    entity["artist_id"] = artist["id"]
    return entity


def find_artist(artists: dict[str, Entity], row: Row) -> Entity:
    """Look up the artist that a row names."""
    if row["artist"] not in artists:
        raise SampleError(f"{row['title']!r} names an artist that artists.tsv lacks: {row['artist']!r}")
    return artists[row["artist"]]


def make_albums(artists: dict[str, Entity]) -> dict[tuple[str, str], Entity]:
    """Read the albums; the key is (artist, title)."""
    albums: dict[tuple[str, str], Entity] = {}
    for row in read_table("albums"):
        artist = find_artist(artists, row)
        entity = work_entity("album", row, artist)
        entity["genres"] = split_list(row, "genres") or artist["genres"]
        add_year(entity, row)
        add_language(entity, row, artist.get("language", ""))
        add_fields(entity, row, ("aliases",))
        albums[row["artist"], row["title"]] = entity
    return albums


def make_songs(artists: dict[str, Entity], albums: dict[tuple[str, str], Entity]) -> list[Entity]:
    """Read the songs and link each to its artist and, where the catalogue has it, its album."""
    songs = []
    for row in read_table("songs"):
        artist = find_artist(artists, row)
        entity = work_entity("song", row, artist)
        album = albums.get((row["artist"], row["album"]))
        if row["album"]:
            entity["album"] = row["album"]
        if album is not None:
            entity["album_id"] = album["id"]
        entity["genres"] = split_list(row, "genres") or (album or artist)["genres"]
        add_fields(entity, row, ("moods",))
        add_year(entity, row)
        add_language(entity, row, artist.get("language", ""))
        add_fields(entity, row, ("aliases",))
        songs.append(entity)
    return songs


def make_invented(kind: str) -> list[Entity]:
    """Read playlists or stations; all of them are invented."""
    entities = []
    for row in read_table(f"{kind}s"):
        entity = base_entity(kind, row, slug(row["title"]))
        add_fields(entity, row, ("genres", "moods", "decade", "language", "aliases"))
        entity["invented"] = True
        entities.append(entity)
    return entities


def make_podcasts() -> list[Entity]:
    """Read the podcasts, real and invented."""
    podcasts = []
    for row in read_table("podcasts"):
        entity = base_entity("podcast", row, slug(row["title"]))
        add_fields(entity, row, ("host", "topics"))
        add_year(entity, row)
        add_fields(entity, row, ("language",))
        if row["invented"] == "true":
            entity["invented"] = True
        podcasts.append(entity)
    return podcasts


def make_catalog() -> list[Entity]:
    """Build all entities in the order of their types."""
    artists = make_artists()
    albums = make_albums(artists)
    songs = make_songs(artists, albums)
    rest = make_invented("playlist") + make_invented("station") + make_podcasts()
    return [*artists.values(), *albums.values(), *songs, *rest]


# --- queries and judgments ------------------------------------------------------------------------------------------


def matches(entity: Entity, key: str, wanted: str) -> bool:
    """Say whether an entity meets one condition of a filter; several values are alternatives."""
    values = [value.replace("_", " ") for value in wanted.split(",")]
    if key == "artist":
        return entity.get("artist_id") in {f"artist:{value}" for value in wanted.split(",")}
    if key == "album":
        return bool(entity.get("album_id") == wanted)
    if key == "min":
        return bool(entity["popularity"] >= float(wanted))
    if key in ("word", "text"):
        place = entity["title"] if key == "word" else f"{entity['title']} {entity['text']}"
        return bool(set(values) & set(words(place)))
    field = {"genre": "genres", "mood": "moods", "topic": "topics"}.get(key, key)
    found = entity.get(field)
    if isinstance(found, list):
        return bool(set(values) & set(found))
    return str(found) in values


def select(catalog: list[Entity], condition: str) -> list[str]:
    """List the ids that meet a filter such as "type=song decade=1990s mood=sad"."""
    pairs = [part.split("=", 1) for part in condition.split()]
    return [entity["id"] for entity in catalog if all(matches(entity, key, value) for key, value in pairs)]


def neighbours(catalog: list[Entity], target: str) -> Grades:
    """Grade a navigational target 3 and what belongs to it 2 or 1."""
    by_id = {entity["id"]: entity for entity in catalog}
    if target not in by_id:
        raise SampleError(f"queries.tsv: no entity {target!r}")
    entity = by_id[target]
    grades: Grades = {}
    for other in catalog:
        if other.get("artist_id") == target:
            grades[other["id"]] = 2 if other["type"] == "album" else 1
        elif other.get("album_id") == target:
            grades[other["id"]] = 2
    for relation in ("album_id", "artist_id"):
        if relation in entity:
            grades[entity[relation]] = 1
    grades[target] = 3
    return grades


def judge(catalog: list[Entity], ids: set[str], targets: str) -> Grades:
    """Turn the targets cell of a query into grades; the highest grade of an entity counts."""
    grades: Grades = {}
    for item in targets.split(";"):
        if item.startswith("@"):
            found = neighbours(catalog, item[1:])
        else:
            selector, _, grade = item.rpartition("=")
            chosen = select(catalog, selector[1:-1]) if selector.startswith("{") else [selector]
            unknown = [entity_id for entity_id in chosen if entity_id not in ids]
            if unknown or not chosen:
                raise SampleError(f"queries.tsv: {item!r} selects {unknown or 'nothing'}")
            found = dict.fromkeys(chosen, int(grade))
        for entity_id, grade_of in found.items():
            grades[entity_id] = max(grade_of, grades.get(entity_id, 0))
    return grades


def make_queries(catalog: list[Entity]) -> tuple[list[Row], dict[str, Grades]]:
    """Read the queries and judge each; returns the rows and the grades by query id."""
    ids = {entity["id"] for entity in catalog}
    queries: list[Row] = []
    qrels: dict[str, Grades] = {}
    for number, row in enumerate(read_table("queries"), start=1):
        query_id = f"q{number:03d}"
        queries.append({"query_id": query_id, "query": row["query"], "kind": row["kind"]})
        qrels[query_id] = judge(catalog, ids, row["targets"])
    return queries, qrels


# --- the invented feedback log --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Preference:
    """Most people who type this query want this entity."""

    entity_id: str
    share: float
    weight: float


@dataclass(frozen=True)
class User:
    """One invented listener."""

    user_id: str
    genres: frozenset[str]
    activity: float


@dataclass(frozen=True)
class Session:
    """A visit of one user with one device."""

    user: User
    client_id: str
    session_id: str


class Ranker:
    """The plain search engine whose lists people saw: shared words, then popularity."""

    def __init__(self, catalog: list[Entity]) -> None:
        self.by_id = {entity["id"]: entity for entity in catalog}
        self._fields = [(entity, set(words(entity["title"])), self._body(entity)) for entity in catalog]
        self._cache: dict[str, list[str]] = {}

    @staticmethod
    def _body(entity: Entity) -> set[str]:
        lists = [*entity.get("genres", []), *entity.get("moods", []), *entity.get("topics", [])]
        return set(words(" ".join([entity["text"], entity.get("artist", ""), entity.get("decade", ""), *lists])))

    def rank(self, query: str) -> list[str]:
        """Return the best 15 ids for a query."""
        if query not in self._cache:
            asked = words(query)
            scored = []
            for entity, title, body in self._fields:
                score = sum(3.0 * (word in title) + 1.0 * (word in body) for word in asked)
                score += sum(any(have.startswith(word) for have in title) for word in asked)
                length = len(title) + 3
                scored.append((score * (1 + 3 / length) + entity["popularity"] / 60, entity["id"]))
            scored.sort(key=lambda pair: (-pair[0], pair[1]))
            self._cache[query] = [entity_id for _, entity_id in scored[:15]]
        return self._cache[query]


class Simulation:
    """Invents users, their sessions, the lists they saw and what they did."""

    def __init__(self, catalog: list[Entity], queries: list[Row], qrels: dict[str, Grades]) -> None:
        self.random = random.Random(SEED)
        self.ranker = Ranker(catalog)
        self.preferences = read_preferences()
        self.grades = {row["query"]: qrels[row["query_id"]] for row in queries}
        self.query_rows: list[Entity] = []
        self.event_rows: list[Entity] = []
        self._texts, self._weights = self._query_mix(queries)
        self._users = [self._make_user(number, catalog) for number in range(1, N_USERS + 1)]

    def run(self) -> None:
        """Fill query_rows and event_rows, each in the order of time."""
        weights = [user.activity for user in self._users]
        number = 0
        while len(self.query_rows) < N_QUERIES:
            number += 1
            user = self.random.choices(self._users, weights)[0]
            device = self.random.choice(("phone", "phone", "web", "speaker"))
            session = Session(user, f"client-{user.user_id}-{device}", f"s{number:05d}")
            self._run_session(session, self._start_time())
        self.query_rows.sort(key=lambda row: (row["timestamp"], row["query_id"]))
        self.event_rows.sort(key=lambda row: (row["timestamp"], row["query_id"]))

    def _query_mix(self, queries: list[Row]) -> tuple[list[str], list[float]]:
        base = {"navigational": 1.2, "ambiguous": 1.4, "topical": 1.6, "prefix": 0.5}
        texts = [row["query"] for row in queries]
        weights = [base.get(row["kind"], 0.7) for row in queries]
        for position, text in enumerate(texts):
            if text in self.preferences:
                weights[position] += 1.6 * self.preferences[text].weight
        return texts, weights

    def _make_user(self, number: int, catalog: list[Entity]) -> User:
        counts = Counter(genre for entity in catalog for genre in entity.get("genres", []))
        names = sorted(counts)
        liked = self.random.choices(names, [counts[name] for name in names], k=4)
        return User(f"u{number:02d}", frozenset(liked), 0.3 + 2.5 * self.random.random() ** 2)

    def _start_time(self) -> datetime:
        hour = self.random.choices(range(24), [1] * 6 + [3, 6, 7, 5, 4, 4, 5, 4, 4, 5, 6, 8, 9, 10, 10, 9, 6, 3])[0]
        day = self.random.randrange(N_DAYS)
        return FIRST_DAY + timedelta(days=day, hours=hour, milliseconds=self.random.randrange(3_000_000))

    def _run_session(self, session: Session, start: datetime) -> None:
        moment = start
        for _ in range(self.random.choices((1, 2, 3, 4, 5), (35, 28, 18, 12, 7))[0]):
            if len(self.query_rows) == N_QUERIES:
                return
            text = self.random.choices(self._texts, self._weights)[0]
            query_row = self._ask(session, text, moment)
            moment = self._react(session, query_row, moment)
            moment += timedelta(milliseconds=self.random.randrange(8_000, 120_000))

    def _ask(self, session: Session, text: str, moment: datetime) -> Entity:
        number = len(self.query_rows) + 1
        row = {
            "application": APPLICATION,
            "query_id": f"uq-{number:05d}",
            "client_id": session.client_id,
            "user_query": text,
            "query_attributes": {},
            "object_id_field": "id",
            "timestamp": stamp(moment),
            "query_response_id": f"ur-{number:05d}",
            "query_response_hit_ids": self._shown(text),
        }
        self.query_rows.append(row)
        return row

    def _shown(self, text: str) -> list[str]:
        """Take the plain ranking, shake it a little and mix in good entities that it misses."""
        ranked = self.ranker.rank(text)
        noisy = sorted(ranked, key=lambda entity_id: ranked.index(entity_id) + 3 * self.random.random())
        shown = noisy[:N_SHOWN]
        good = sorted(entity_id for entity_id, grade in self.grades[text].items() if grade >= 2)
        wanted = self.random.sample(good, min(3, len(good)))
        for entity_id in wanted:
            if entity_id not in shown:
                shown.insert(self.random.randrange(1, 8), entity_id)
        shown = shown[:N_SHOWN]
        preference = self.preferences.get(text)
        if preference is not None and preference.entity_id not in shown and self.random.random() < 0.95:
            shown.insert(self.random.randrange(1, 8), preference.entity_id)
        return shown[:N_SHOWN]

    def _react(self, session: Session, query: Entity, moment: datetime) -> datetime:
        """Look down the list, click, and use what was clicked; returns the time afterwards."""
        shown = query["query_response_hit_ids"]
        target = self._target(query["user_query"])
        moment += timedelta(milliseconds=self.random.randrange(1_500, 9_000))
        for ordinal, entity_id in enumerate(shown, start=1):
            if not self._clicks(session.user, query["user_query"], entity_id, target, ordinal):
                continue
            noise = self.random.random() < NOISE_SHARE
            place = self.random.randrange(len(shown)) + 1 if noise else ordinal
            grade = self._grade(query["user_query"], shown[place - 1], target)
            moment = self._use(session, query, place, grade, moment)
            if self.random.random() < 0.8:
                break
        return moment

    def _target(self, text: str) -> str | None:
        preference = self.preferences.get(text)
        if preference is None or self.random.random() > preference.share:
            return None
        return preference.entity_id

    def _grade(self, text: str, entity_id: str, target: str | None) -> int:
        if entity_id == target:
            return 3
        grade = self.grades[text].get(entity_id, 0)
        return min(grade, 1) if target is not None else grade

    def _clicks(self, user: User, text: str, entity_id: str, target: str | None, ordinal: int) -> bool:
        examination = float(ordinal**-EXAMINATION_POWER)
        if target is not None:
            if entity_id == target:
                return self.random.random() < max(examination, 0.6) * 0.95
            return self.random.random() < examination * 0.04
        taste = 1.2 if user.genres & set(self.ranker.by_id[entity_id].get("genres", [])) else 0.8
        attraction = min(0.95, ATTRACTION[self._grade(text, entity_id, None)] * taste)
        return self.random.random() < examination * attraction

    def _use(self, session: Session, query: Entity, ordinal: int, grade: int, moment: datetime) -> datetime:
        """Write the click and what follows it: play and stay, skip, like, dislike or add to favourites."""
        self._event(session, query, ordinal, "click", moment)
        moment += timedelta(milliseconds=self.random.randrange(700, 4_000))
        if self.random.random() < 0.55:
            dwell = 1000 * (self.random.randrange(70, 260) if grade >= 2 else self.random.randrange(4, 60))
            self._event(session, query, ordinal, "play", moment, dwell=dwell)
            moment += timedelta(milliseconds=dwell)
            if grade == 0 or (grade == 1 and self.random.random() < 0.3):
                self._event(session, query, ordinal, "skip", moment)
        if grade >= 2 and self.random.random() < 0.14:
            action = "favourite" if self.random.random() < 0.4 else "like"
            self._event(session, query, ordinal, action, moment + timedelta(seconds=1))
        if grade == 0 and self.random.random() < 0.12:
            self._event(session, query, ordinal, "dislike", moment + timedelta(seconds=1))
        return moment + timedelta(seconds=2)

    def _event(
        self, session: Session, query: Entity, ordinal: int, action: str, moment: datetime, *, dwell: int = 0
    ) -> None:
        entity_id = query["query_response_hit_ids"][ordinal - 1]
        attributes: Entity = {
            "position": {"ordinal": ordinal},
            "object": {"object_id": entity_id, "object_id_field": "id"},
        }
        if dwell:
            attributes["dwell_ms"] = dwell
        self.event_rows.append(
            {
                "action_name": action,
                "timestamp": stamp(moment),
                "application": APPLICATION,
                "query_id": query["query_id"],
                "session_id": session.session_id,
                "client_id": session.client_id,
                "user_id": session.user.user_id,
                "message_type": "INFO",
                "message": "",
                "user_query": query["user_query"],
                "event_attributes": attributes,
            }
        )


def read_preferences() -> dict[str, Preference]:
    """Read which entity most people mean by a query."""
    rows = read_table("preferences")
    return {row["query"]: Preference(row["entity_id"], float(row["share"]), float(row["weight"])) for row in rows}


def stamp(moment: datetime) -> str:
    """Write a time with milliseconds and offset."""
    return moment.isoformat(timespec="milliseconds")


# --- validation -----------------------------------------------------------------------------------------------------


def require(condition: object, message: str) -> None:
    """Raise with the message where a rule does not hold."""
    if not condition:
        raise SampleError(message)


def validate_catalog(catalog: list[Entity]) -> None:
    """Check ids, relations, years and popularity."""
    counts = Counter(entity["id"] for entity in catalog)
    twice = [entity_id for entity_id, count in counts.items() if count > 1]
    require(not twice, f"ids used twice: {twice}")
    require(len(catalog) >= MIN_ENTITIES, f"{len(catalog)} entities, at least {MIN_ENTITIES} are wanted")
    by_id = {entity["id"]: entity for entity in catalog}
    for entity in catalog:
        name = entity["id"]
        require(entity["type"] in TYPES and name.startswith(f"{entity['type']}:"), f"{name}: type and id disagree")
        require(entity["title"] and entity["text"].endswith((".", "!", "?")), f"{name}: no title or no full sentence")
        require(0 <= entity["popularity"] <= 100, f"{name}: popularity outside 0 to 100")
        validate_year(entity)
        for relation in ("artist_id", "album_id"):
            if relation in entity:
                require(entity[relation] in by_id, f"{name}: {relation} {entity[relation]} does not exist")
        if "album_id" in entity:
            require(by_id[entity["album_id"]]["artist_id"] == entity["artist_id"], f"{name}: album of someone else")


def validate_year(entity: Entity) -> None:
    """Check that a year is possible for the type and that the decade fits it."""
    if "year" in entity:
        year = entity["year"]
        require(EARLIEST_YEAR[entity["type"]] <= year <= LATEST_YEAR, f"{entity['id']}: year {year} is not plausible")
        require(entity["decade"] == f"{year // 10 * 10}s", f"{entity['id']}: decade and year disagree")


def validate_queries(catalog: list[Entity], queries: list[Row], qrels: dict[str, Grades]) -> None:
    """Check that queries are distinct and each is judged with known entities and grades."""
    ids = {entity["id"] for entity in catalog}
    require(len(queries) >= MIN_QUERIES, f"{len(queries)} queries, at least {MIN_QUERIES} are wanted")
    counts = Counter(row["query"] for row in queries)
    twice = [query for query, count in counts.items() if count > 1]
    require(not twice, f"queries given twice: {twice}")
    require({row["kind"] for row in queries} == KINDS, "queries.tsv: an unknown kind, or one that is missing")
    for row in queries:
        grades = qrels.get(row["query_id"], {})
        require(max(grades.values(), default=0) >= 1, f"{row['query_id']} {row['query']!r}: nothing has a grade of 1+")
        require(set(grades) <= ids, f"{row['query_id']}: judged entities that do not exist")
        require(set(grades.values()) <= {0, 1, 2, 3}, f"{row['query_id']}: grades outside 0 to 3")


def validate_feedback(catalog: list[Entity], query_rows: list[Entity], event_rows: list[Entity]) -> None:
    """Check that events refer to known queries and shown entities, and that times have an offset."""
    ids = {entity["id"] for entity in catalog}
    by_id = {row["query_id"]: row for row in query_rows}
    require(len(by_id) == len(query_rows) >= MIN_FEEDBACK_QUERIES, "feedback: too few queries, or an id used twice")
    require(len(event_rows) >= MIN_EVENTS, f"feedback: {len(event_rows)} events, at least {MIN_EVENTS} are wanted")
    for row in query_rows:
        shown = row["query_response_hit_ids"]
        require(set(shown) <= ids and len(set(shown)) == len(shown), f"{row['query_id']}: unknown or repeated hits")
        validate_timestamp(row["timestamp"])
    for event in event_rows:
        query = by_id.get(event["query_id"])
        require(query is not None, f"event refers to an unknown query {event['query_id']}")
        validate_event(event, query or {})


def validate_event(event: Entity, query: Entity) -> None:
    """Check one event against the query that it belongs to."""
    attributes = event["event_attributes"]
    shown = query["query_response_hit_ids"]
    ordinal = attributes["position"]["ordinal"]
    where = f"event {event['action_name']} of {event['query_id']}"
    require(event["action_name"] in ACTIONS, f"{where}: unknown action")
    require(1 <= ordinal <= len(shown), f"{where}: position {ordinal} was not shown")
    require(attributes["object"]["object_id"] == shown[ordinal - 1], f"{where}: the entity was not shown there")
    require(event["timestamp"] >= query["timestamp"], f"{where}: earlier than its query")
    validate_timestamp(event["timestamp"])


def validate_timestamp(text: str) -> None:
    """Check that a time follows RFC 3339 with an offset."""
    shape = re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+\d\d:\d\d", text)
    require(shape and datetime.fromisoformat(text).tzinfo is not None, f"not an RFC 3339 time with offset: {text!r}")


def validate_preferences(catalog: list[Entity], queries: list[Row]) -> None:
    """Check that each preference names a known query and a known entity."""
    ids = {entity["id"] for entity in catalog}
    texts = {row["query"] for row in queries}
    for text, preference in read_preferences().items():
        require(text in texts, f"preferences.tsv: no query {text!r}")
        require(preference.entity_id in ids, f"preferences.tsv: no entity {preference.entity_id!r}")


# --- files ----------------------------------------------------------------------------------------------------------


def to_jsonl(rows: list[Any]) -> bytes:
    """Write one JSON object a line."""
    lines = [json.dumps(row, ensure_ascii=False, separators=(", ", ": ")) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def build() -> dict[str, bytes]:
    """Read the tables, validate, and return the content of each file by its name."""
    catalog = make_catalog()
    validate_catalog(catalog)
    queries, qrels = make_queries(catalog)
    validate_queries(catalog, queries, qrels)
    validate_preferences(catalog, queries)
    simulation = Simulation(catalog, queries, qrels)
    simulation.run()
    validate_feedback(catalog, simulation.query_rows, simulation.event_rows)
    judged = [
        f"{query_id}\t{entity_id}\t{grade}\n"
        for query_id, grades in qrels.items()
        for entity_id, grade in sorted(grades.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    files = {
        "catalog.jsonl": to_jsonl(catalog),
        "queries.jsonl": to_jsonl(queries),
        "qrels.tsv": "".join(judged).encode(),
        "feedback/queries.jsonl": to_jsonl(simulation.query_rows),
        "feedback/events.jsonl": to_jsonl(simulation.event_rows),
    }
    for name, content in files.items():
        require(len(content) <= MAX_BYTES, f"{name}: {len(content)} bytes, at most {MAX_BYTES} are wanted")
    return files


def check(files: dict[str, bytes]) -> None:
    """Compare the files here with what the tables give."""
    for name, content in files.items():
        path = HERE / name
        require(path.is_file(), f"{name} is missing: run make_sample.py")
        require(path.read_bytes() == content, f"{name} differs from what the tables give: run make_sample.py")


def write(files: dict[str, bytes]) -> None:
    """Write all files."""
    for name, content in files.items():
        path = HERE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def main(arguments: list[str] | None = None) -> int:
    """Write or check the sample; returns the exit status."""
    parser = argparse.ArgumentParser(description="Write the sample data set, or check that it is up to date.")
    parser.add_argument("--check", action="store_true", help="validate and compare; write nothing")
    options = parser.parse_args(arguments)
    try:
        files = build()
        if options.check:
            check(files)
        else:
            write(files)
    except SampleError as error:
        print(f"make_sample: {error}", file=sys.stderr)
        return 1
    for name, content in files.items():
        lines = content.count(b"\n")
        print(f"{name}: {lines} lines, {len(content)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
