"""Frozen value types that the stages hand to each other. Arrays live in the stages; here is what people can name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Value: TypeAlias = str | float
"""One attribute value: text, or a number (integers and truth values are read as float)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A catalogue item. `popularity` is as the catalogue gives it (any finite number), None where it gives none.

    `weights` has, for attributes whose values the catalogue weighs, a number in (0, 1] for each value, in their order.
    """

    id: str
    type: str = ""
    title: str = ""
    text: str = ""
    popularity: float | None = None
    attributes: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    weights: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One request. `time` is in seconds since 1970 (UTC); `k` is how many results are wanted.

    `context` is what the caller knows of it beyond that: numbers, or words that name a kind. `filter` says what may be
    found at all, as `filters.expression` writes it; "": everything. With `recommend` it has no text, and asks for what
    suits its user, its session and `likes`: rows of entities that are liked here and now. `vectors` are unit vectors of
    the query in the spaces of vectors made elsewhere, by their names.
    """

    id: str
    text: str
    time: float
    k: int = 10
    user: str = ""
    session: str = ""
    context: Mapping[str, Value] = field(default_factory=dict)
    filter: str = ""
    recommend: bool = False
    likes: tuple[int, ...] = ()
    vectors: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether it says nothing of what is wanted."""
        return not (self.recommend or self.text.strip() or self.filter or self.vectors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What came before a query. Empty where nothing is known of it.

    `queries` are the texts of the session's earlier queries, the latest first, and `since` the seconds since the
    latest of them. `rewards` is what the user has given so far, in today's worth, None where nobody is named;
    `types` says which share of it went to entities of each type, each in (0, 1].
    """

    queries: tuple[str, ...] = ()
    since: float = 0.0
    rewards: float | None = None
    types: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A reading of some of the query's words, `words[start:end]`, as a value of an attribute, with its probability.

    `count` is how many entities have the value; `term` names it in the index. `types` are the types of the entities
    that have it as their title, each with its share. `suggested` in [0, 1] is the weight of entities that do not have
    the value but for which it was suggested. `form` says what the words are in the query: the `whole` of it, a
    `phrase` or a single `word`.
    """

    start: int
    end: int
    attribute: str
    value: str
    probability: float
    count: int
    types: tuple[tuple[str, float], ...] = ()
    suggested: float = 0.0
    form: str = "word"

    @property
    def term(self) -> str:
        """The value's name in the index."""
        return f"{self.attribute}={self.value}"

    @property
    def suggested_term(self) -> str:
        """The name in the index of the value where it was suggested."""
        return f"{self.attribute}~{self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A reading of `words[start:end]` as a range of a numeric attribute, [low, high], either of which may be infinite.

    `share` is about which share of the attribute's values lies within. It asks softly, as a `Tag` does.
    """

    start: int
    end: int
    attribute: str
    low: float
    high: float
    probability: float
    share: float
    form: str = "range"


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What is known of a query before anything is retrieved: its folded words and the readings of them.

    `stems` are the index's terms for the words; `plain` gives the probability of each that a word is meant, and no part
    of a range; `idf` its idf, highest where the index has not seen it, times that.
    `types` are the types of entity that the query may be after, by its readings, the likeliest first: (key of the type,
    probability in (0, 1]), which need not sum to 1.
    """

    text: str
    words: tuple[str, ...]
    stems: tuple[str, ...]
    idf: tuple[float, ...]
    unseen: int
    tags: tuple[Tag, ...]
    ranges: tuple[Range, ...] = ()
    types: tuple[tuple[str, float], ...] = ()
    plain: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """What a selection says of one strategy, and what came of it: `returned` hits in `ms`, or an `error`."""

    name: str
    depth: int
    returned: int = 0
    ms: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """The page's slot that was kept for a find of the explored arm: its position (from 1), entity and arm."""

    position: int
    entity_id: str
    arm: str


@dataclass(frozen=True, slots=True)
class Found:
    """What an arm found, best first: numbers of candidates (the n-th has rank n, from 1) and their scores."""

    candidates: tuple[int, ...]
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A reading of a query, by attribute and form, and the positions (from 1) of the results that agree with it."""

    attribute: str
    form: str
    positions: tuple[int, ...]


INTERLEAVED = "interleaved"
"""The mode of a page that two systems share: neither policy chose it."""
TEAM_A, TEAM_B, NO_TEAM = "a", "b", "-"
"""Which of two systems supplied a position of an interleaved page; NO_TEAM: it teaches nothing of which is better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One of the two systems of an interleaved page: the `name` that it was asked for by, and what answered.

    `mode`, `policy_version`, `ranker_version` and `propensity` (of its own selection) as in `Trace`; `depths` is the
    selection, `found` how many results it could have shown, at most k.
    """

    name: str
    mode: str
    policy_version: int
    ranker_version: int
    propensity: float
    depths: Mapping[str, int]
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Interleaved:
    """Both systems of an interleaved page, and which of them supplied each position, from the first."""

    a: System
    b: System
    teams: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """How an impression came about, all as it was at decision time.

    `pool` maps each arm to what it found; candidate numbers index `pool_ids`. `features` holds one row of
    `feature_names` values for each entity shown; nan where a feature is absent.
    `propensity` is the probability of the whole selection, in (0, 1]; `mode` is `thompson`, or says what overrode it.
    `available` names the arms that the policy could choose from, in its order; `arms` are those that ran. `limit_ms` is
    how long they could take together by their `times`, 0 where that was no limit. `noise` is the temperature of the
    noise in the order, 0 without, and `order_log_propensity` the logarithm of the probability that the noise gives the
    page's order (but for a reserved place), given the pool. `cap` and `diversity` say how the page was arranged, beside
    the scores; "" and 0: by these alone. `agreements` says which results have what the query was read as.

    `rest` is what the page had no place for, best first (numbers of candidates and scores), so that further pages show
    the same list; empty where it was not kept.

    On a page of two systems (`mode` is INTERLEAVED) `interleaved` says who supplied what. The rest is then of both
    together: an arm ran as deep as either wanted, `pool` and `features` are as if one system had wanted all of it. Each
    score is by the system that supplied the entity (without a team: A's, else B's). The versions are A's.
    """

    now: float
    k: int
    segments: tuple[str, ...]
    learned: str
    policy_version: int
    ranker_version: int
    mode: str
    particle: int
    epsilon: float
    explored: bool
    seed: int
    context: Mapping[str, float]
    arms: tuple[Arm, ...]
    propensity: float
    pool_ids: tuple[str, ...]
    pool: Mapping[str, Found]
    feature_names: tuple[str, ...]
    features: tuple[tuple[float, ...], ...]
    scores: tuple[float, ...]
    reserved: Reserved | None = None
    available: tuple[str, ...] = ()
    limit_ms: float = 0.0
    times: Mapping[str, float] = field(default_factory=dict)
    noise: float = 0.0
    order_log_propensity: float = 0.0
    cap: str = ""
    diversity: float = 0.0
    interleaved: Interleaved | None = None
    agreements: tuple[Agreement, ...] = ()
    rest: Found = Found((), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Impression:
    """What was shown for a query, in order. `trace` is None where another system showed it.

    `text` is without the filters that were typed in it; those are in `filter`, as it is written.
    """

    query_id: str
    text: str
    time: float
    shown: tuple[str, ...]
    user: str = ""
    session: str = ""
    trace: Trace | None = None
    filter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What a user did to an entity.

    `id` identifies the event: the same event read twice has the same id. `query_id` is empty in logs that only give
    the query's text. `position` counts from 1, 0 when unknown; `dwell` is in seconds, 0 when unknown.
    """

    id: str
    entity_id: str
    action: str
    time: float
    query_id: str = ""
    text: str = ""
    user: str = ""
    session: str = ""
    position: int = 0
    dwell: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """A record that was left out: where it stood (file or stream, line from 1) and why."""

    source: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One line of an answer: `strategies` maps each arm that found the entity to the rank it gave.

    `passage` is the part of a long text that is nearest to the query by its vector; empty where none is nearer than all
    of it.
    """

    rank: int
    id: str
    type: str
    title: str
    score: float
    strategies: Mapping[str, int]
    contributions: Mapping[str, float] = field(default_factory=dict)
    text: str = ""
    passage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """How many entities have each value of a field, the most frequent first; `others`: those of all further values."""

    field: str
    values: tuple[tuple[Value, int], ...]
    others: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """Facets of `entities` many: of the query's candidates (`of` is `pool`), or of all that its filter allows."""

    of: str
    entities: int
    facets: tuple[Facet, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The reply to one query, with all that `--explain` shows.

    `filter` is what was demanded, in `query` and beside it, and `allowed` how many entities meet that; None without.
    `suggestion` is the query as it was probably meant, where that finds clearly more; else "". `notes` say what of the
    filter may surprise. `missing` names segments that did not answer in time: what they hold was not looked for.
    """

    query_id: str
    query: str
    results: tuple[Result, ...]
    took_ms: float
    trace: Trace
    readings: tuple[str, ...] = ()
    filter: str = ""
    allowed: int | None = None
    facets: Facets | None = None
    suggestion: str = ""
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
