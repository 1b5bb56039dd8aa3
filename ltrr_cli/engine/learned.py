"""Learned state: what a fold over the logs gives. Every event is applied by the same code, live and on replay."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_cli.engine import unanswered
from ltrr_cli.engine.agreement import learn_trust
from ltrr_cli.engine.contest import GO_LIVE, KIND, Contest
from ltrr_cli.engine.hindsight import Hindsight
from ltrr_cli.engine.teaching import Teaching
from ltrr_cli.errors import IndexDirectoryError
from ltrr_cli.feedback.log import Position
from ltrr_cli.memory.evidence import Evidence, growth
from ltrr_cli.memory.people import People
from ltrr_cli.memory.power import Power
from ltrr_cli.memory.table import Table
from ltrr_cli.memory.trust import Trust
from ltrr_cli.ranking.debias import examination, inverse_weight
from ltrr_cli.text import hash64, key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from ltrr_cli.config import Config
    from ltrr_cli.policy.thompson import ThompsonPolicy
    from ltrr_cli.ranking.linear import LinearRanker
    from ltrr_cli.records import Event, Impression, Trace

FORMAT_VERSION = 6
EVERYBODY = "all"
_MOST_EXPECTED = 100_000
_MOST_SESSIONS = 10_000
FORGET = "forget"
"""The kind of the control record that takes a query or an entity out of the memory."""
_TABLES = ("seen", "best", "caps", "askers", "waiting")
MEMORY_WEIGHT = 3.0
"""Most that a click far down counts in the memory, in clicks at the top: one click stays one click."""


class Learned:
    """Memory, profiles, popularity, policy and ranker, and what is needed to count every event exactly once."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.queries = Evidence("memory", words=True)
        self.people = People()
        self.everybody = Evidence("popularity", words=False)
        self.seen = Table()  # event ids
        self.best = Table()  # (query id, entity) → highest reward counted
        self.waiting = Table()  # ids of queries that events named before they were in the log
        self.caps = Table()  # (query, entity, user) and (query, user) → mass given
        self.askers = Table()  # query → how many users have acted under it
        self.sessions: dict[str, float] = {}  # sessions with an event, whose pages may still be open → its latest time
        self.teaching = Teaching(config)
        self.contest = Contest()
        self.trust = Trust()
        self.power = Power()
        self.counts: Counter[str] = Counter()
        self.actions: Counter[str] = Counter()
        self.events_at = Position()
        self.control_at = Position()
        self.since_checkpoint = 0
        self.expected: dict[str, Hindsight] = {}
        self.undone: set[str] = set()  # events that were taken back, and come later in this fold
        self.outdated = False  # an event was taken back that this state has learned: it has to be folded again
        self.digest = config.learning_digest()

    def expect(self, row: Mapping[str, Any]) -> None:
        """Keep a hindsight record for its event, which follows; of several, made by writers at once, the first."""
        try:
            found = Hindsight.from_row(row)
        except (KeyError, TypeError, ValueError):
            return
        self.expected.setdefault(found.event_id, found)

    def take_back(self, event_id: str) -> None:
        """Leave an event out when it comes; where it has come already, this state is outdated."""
        if self.seen[hash64(event_id)]:
            self.outdated = True
        else:
            self.undone.add(event_id)

    def forget_expected(self) -> None:
        """Drop the oldest of too many hindsight records whose writers died before the events were logged."""
        while len(self.expected) > _MOST_EXPECTED:
            del self.expected[next(iter(self.expected))]

    def apply(self, event: Event, event_hash: int, impression: Impression | None) -> bool:
        """Learn from one event, whose id has this hash; False if it was counted before."""
        hindsight = self.expected.pop(event.id, None)
        if self.seen[event_hash]:
            return False
        self.seen[event_hash] = 1.0
        self.since_checkpoint += 1
        if event.id in self.undone:
            self.undone.discard(event.id)
            self.counts["events taken back"] += 1
            return True
        self.counts["events"] += 1
        self.actions[event.action] += 1
        reward = self.config.reward(event.action, event.dwell)
        if event.query_id and impression is None:
            self.waiting[hash64(event.query_id)] = 1.0
            self.counts["events of unknown queries"] += 1
        self._in_session(event, impression)
        if self.config.is_held_out(impression.text if impression is not None else event.text):
            self.counts["events held out"] += 1
            return True
        if reward == 0.0:
            if event.action not in self.config.rewards:
                self.counts["events of unknown actions"] += 1
            return True
        gain = self._gain(event, reward)
        if gain:
            text = impression.text if impression is not None else event.text
            self._remember(event, key(text), gain, first=gain == reward)
            if gain > 0 and (impression is not None or hindsight is not None):
                self._credit(event, impression, hindsight, reward, gain)
        return True

    def _in_session(self, event: Event, impression: Impression | None) -> None:
        """Note that somebody did something in a session: its pages without an action then mean something."""
        session = event.session or (impression.session if impression is not None else "")
        if session:
            latest = max(event.time, self.sessions.pop(session, event.time))
            self.sessions[session] = latest
            if len(self.sessions) > _MOST_SESSIONS:
                del self.sessions[next(iter(self.sessions))]

    def _gain(self, event: Event, reward: float) -> float:
        """Return what the event adds: of several actions on one entity for one query the highest counts, once."""
        if not event.query_id:
            return reward
        pair = hash64(f"{event.query_id}\0{event.entity_id}")
        before = self.best[pair]
        if before > 0 and reward <= before:
            return reward if reward < 0 else 0.0
        self.best[pair] = reward
        return reward - before if before > 0 else reward

    def _remember(self, event: Event, query: str, gain: float, *, first: bool) -> None:
        scale = growth(event.time, self.config.half_life_s)
        mass = gain * scale
        if query:
            user = event.user or event.session
            given = mass * min(MEMORY_WEIGHT, inverse_weight(event.position)) if gain > 0 else mass
            if user and gain > 0:  # else there is nobody to cap, nor to count among those who asked
                triple = hash64(f"{query}\0{event.entity_id}\0{user}")
                before = self.caps[triple]
                if first and event.user:
                    self._choose(event, query, again=before > 0)
                given = self._capped(user, query, given, scale, before)
                self.caps[triple] = before + given
            if given:
                self.queries.add(query, event.entity_id, given)
        self.everybody.add(EVERYBODY, event.entity_id, mass)
        self.people.acted(event.user, event.session, event.entity_id, gain, scale)

    def _choose(self, event: Event, query: str, *, again: bool) -> None:
        """Note whether a user who has acted before acts on the same again, under this query or after another."""
        asked = hash64(f"{query}\0\0{event.user}")
        if self.caps[asked]:
            self.people.chose(before=again)
        if not again:
            self.people.moved(event.user, event.entity_id)
        self.caps[asked] = 1.0

    def has_acted(self, user: str, query: str, entity_id: str) -> bool:
        """Tell whether a user was rewarded by an entity under a query, named by its key."""
        return self.caps[hash64(f"{query}\0{entity_id}\0{user}")] > 0

    def _capped(self, user: str, query: str, mass: float, scale: float, to_entity: float) -> float:
        """Return how much of a mass > 0 this user may still give to an entity, and to the query in all.

        `to_entity` is what he gave to the entity under this query before.
        """
        pair = hash64(f"{query}\0{user}")
        to_query = self.caps[pair]
        if to_query == 0:
            self.askers[hash64(query)] += 1
        left = min(self.config.user_cap * scale - to_entity, self.config.user_query_cap * scale - to_query)
        given = max(0.0, min(mass, left))
        if given < mass:
            self.counts["events over a user's cap"] += 1
        self.caps[pair] = to_query + given
        return given

    def known_to(self, query: str) -> int:
        """Return how many users have acted under a query, by its key."""
        return int(self.askers[hash64(query)])

    def _credit(
        self, event: Event, impression: Impression | None, hindsight: Hindsight | None, reward: float, gain: float
    ) -> None:
        """Teach the policy and test the ranker; only the first reward of an entity for a query is credited."""
        trace = impression.trace if impression is not None else None
        if gain != reward:
            return
        self.teaching.credit(event, impression, hindsight, reward)
        if impression is not None:
            learn_trust(self.trust, event, impression, self.config.half_life_s)
        if impression is not None and trace is not None and event.entity_id in impression.shown:
            self.counts["training lists"] += 1
            self.contest.observe(event, impression, trace)
            self._weigh_popularity(event, impression, trace)

    def _weigh_popularity(self, event: Event, impression: Impression, trace: Trace) -> None:
        """Learn how much being well known counted, beside lexical's scores, in what was acted on."""
        if not {"lexical.score", "popularity"} <= {*trace.feature_names}:
            return
        values = np.array(trace.features, np.float64)
        self.power.learn(
            values[:, trace.feature_names.index("lexical.score")],
            values[:, trace.feature_names.index("popularity")],
            np.array([examination(place + 1) for place in range(len(values))]),
            impression.shown.index(event.entity_id),
            time=event.time,
            half_life=self.config.half_life_s,
        )

    @property
    def popularity(self) -> float:
        """The power by which popularity counts in `popular`: the setting's, or what was learned."""
        given = self.config.popularity
        return self.power.value(self.config.half_life_s) if given is None else given

    def apply_control(self, row: Mapping[str, Any], find: Callable[[str], Impression | None]) -> None:
        """Apply a control record; `find` gives impressions by query id.

        A newly trained ranker becomes the challenger, beside those before it, or a version goes live. Pages that
        nobody acted on are credited. The memory forgets a query or an entity. The policy goes back to an earlier
        version, see `Teaching.go_back`.
        """
        kind = row.get("kind")
        if kind == KIND:
            self.contest.enter(row)
        elif kind == GO_LIVE:
            self.contest.go_live(int(row["version"]), str(row["reason"]))
        elif kind == unanswered.KIND:
            for query_id in row["query_ids"]:
                self.counts["pages without an action"] += self.teaching.nobody_acted(query_id, find(query_id))
            for session in row["closed"]:
                self.sessions.pop(session, None)
        elif kind == FORGET:
            self._forget(row)
        elif kind == "policy":
            self.teaching.go_back(int(row["version"]))

    def _forget(self, row: Mapping[str, Any]) -> None:
        """Take a query, known by its hash, or an entity out of the memory."""
        if "query" in row:
            name = int(row["query"], 16)
            self.queries.forget_key(name)
            self.askers[name] = 0.0
        else:
            self.queries.forget_entity(str(row["entity"]))

    @property
    def policy(self) -> ThompsonPolicy:
        """The policy."""
        return self.teaching.policy

    @property
    def ranker(self) -> LinearRanker:
        """The live ranker."""
        return self.contest.live

    @property
    def challenger(self) -> LinearRanker | None:
        """Of the rankers under test the one that was trained last."""
        return self.contest.challenger

    def ranker_status(self) -> str:
        """Say in a sentence which ranker is live and what is under test."""
        return self.contest.status()

    def write(
        self, directory: Path, old: Path | None, rows_of: Callable[[NDArray[np.uint64]], NDArray[np.int64]]
    ) -> None:
        """Write a snapshot; `old` is the one that this state was opened from, `rows_of` maps id hashes to rows."""
        for evidence in (self.queries, self.everybody):
            evidence.write(directory, old, rows_of)
        for name in _TABLES:
            getattr(self, name).write(directory, name)
        self.queries.write_texts(directory, self.queries.name, self.known_to)
        self.teaching.write(directory)
        self.people.write(directory)
        state = {
            "format_version": FORMAT_VERSION,
            "config": self.config.learning_digest(),
            "events_at": [self.events_at.file, self.events_at.offset],
            "control_at": [self.control_at.file, self.control_at.offset],
            "counts": dict(sorted(self.counts.items())),
            "actions": dict(sorted(self.actions.items())),
            "sessions": self.sessions,
            "readings": self.trust.to_rows(),
            "choices": self.people.counts,
            "arm_ms": self.teaching.history.times,
            "popularity_power": self.power.to_dict(),
            "expected": [one.to_row() for one in self.expected.values()],
        }
        ranker = {"format_version": FORMAT_VERSION, **self.contest.to_dict()}
        (directory / "ranker.json").write_text(json.dumps(ranker, indent=1) + "\n")
        (directory / "state.json").write_text(json.dumps(state, indent=1) + "\n")

    @classmethod
    def open(cls, directory: Path, config: Config) -> Learned | None:
        """Map a snapshot; None where it is of an older format: then the logs say what it would hold today.

        Raises `IndexDirectoryError` if it is damaged, or of a newer format.
        """
        learned = cls(config)
        try:
            state = json.loads((directory / "state.json").read_bytes())
            if int(state["format_version"]) < FORMAT_VERSION:
                return None
            ranker = json.loads((directory / "ranker.json").read_bytes())
            if state["format_version"] != FORMAT_VERSION:
                raise ValueError(f"format version {state['format_version']}")
            for evidence in (learned.queries, learned.everybody):
                evidence.open(directory)
            for name in _TABLES:
                setattr(learned, name, Table.open(directory, name))
            learned.teaching.open(directory, state["arm_ms"])
            learned.people.open(directory, state["choices"])
            learned.sessions = {str(session): float(time) for session, time in state["sessions"].items()}
            learned.contest = Contest.from_dict(ranker)
            learned.trust = Trust.from_rows(state.get("readings", []))  # an older ltrr logged none
            learned.power = Power.from_dict(state["popularity_power"])
            learned.counts, learned.actions = Counter(state["counts"]), Counter(state["actions"])
            for row in state["expected"]:
                learned.expect(row)
            learned.events_at, learned.control_at = Position(*state["events_at"]), Position(*state["control_at"])
            learned.digest = str(state["config"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise IndexDirectoryError(
                f"the learned state cannot be opened: {error}",
                where=str(directory),
                next="make it again from the logs with: ltrr learn --rebuild",
            ) from error
        return learned
