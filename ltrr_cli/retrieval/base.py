"""The contract of every strategy, and how strategies are found."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ltrr_cli.errors import ConfigError
from ltrr_cli.text import key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from ltrr_cli.index.view import View
    from ltrr_cli.memory.person import Person
    from ltrr_cli.memory.recall import Recall
    from ltrr_cli.records import Query, Understood
    from ltrr_cli.retrieval.correction import Correction

BUILT_IN = ("lexical", "popular", "structured", "semantic", "memory", "fuzzy", "personal", "related", "fresh")
ENTRY_POINTS = "ltrr.strategies"
MAX_STRATEGIES = 16
FIRST = ("lexical",)
"""Strategies that run before the policy chooses: their scores inform whether, and how deep, the others run."""


@dataclass(frozen=True, slots=True)
class Hits:
    """What one strategy found, best first: `rows` (n,) int64 of the view, `scores` (n,) float32, non-increasing."""

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]

    @classmethod
    def none(cls) -> Hits:
        """Return no hits."""
        return cls(np.empty(0, np.int64), np.empty(0, np.float32))


@dataclass(frozen=True)
class Request:
    """All that a strategy may look at; `recall`, `vector` and `correction` are made on first use.

    `remember` looks the query up in the memory. `popularity` is how much being well known counts: the setting of that
    name, or what was learned. `person` is who asks, None where nothing is known of him; `rewarded` (rows of the view,)
    is observed reward over all queries in [0, 1]; `exposure` says of rows how often each was shown, and `pages` how
    many pages were. `before` has the hits of the arms that have run already. `weigh` makes the query's sparse vector;
    None where the index has none.
    """

    query: Query
    understood: Understood
    remember: Callable[[], Recall] = field(repr=False)
    view: View
    encode: Callable[[str], NDArray[np.float32]] = field(repr=False)
    popularity: float = 1.0
    remade: Callable[[str], Request] | None = field(default=None, repr=False)
    """Makes the request that another text would have been."""
    spelt: Correction | None = None
    """The correction that made the text, where it is not as it was typed."""
    person: Person | None = None
    rewarded: NDArray[np.float32] | None = field(default=None, repr=False)
    exposure: Callable[[NDArray[np.int64]], NDArray[np.float32]] | None = field(default=None, repr=False)
    pages: float = 0.0
    before: Mapping[str, Hits] = field(default_factory=dict, repr=False)
    missing: set[str] = field(default_factory=set, repr=False)
    """Names of segments that a strategy could not search: it adds them, and the answer is marked."""
    text_queries: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False, compare=False)
    """The full-text query by segment and text, kept for all arms that search with it."""

    @cached_property
    def known(self) -> NDArray[np.int64]:
        """Rows that a recommendation leaves out, ascending: what the person acted on already. A search has none."""
        if not self.query.recommend or self.person is None:
            return np.empty(0, np.int64)
        own = self.person.own
        parts = [self.person.recent[1], *([] if own is None else [own[0]])]
        return np.unique(np.concatenate(parts))

    def new(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which rows are not `known`: (n,) bool."""
        return ~np.isin(rows, self.known) if len(self.known) else np.ones(len(rows), bool)

    weigh: Callable[[str], tuple[NDArray[np.int32], NDArray[np.float32]]] | None = field(default=None, repr=False)

    @cached_property
    def key(self) -> str:
        """The query as everything that is learned by query names it."""
        return key(self.typed)

    @property
    def typed(self) -> str:
        """The text as it was typed."""
        return self.query.text if self.spelt is None else self.spelt.typed

    @cached_property
    def terms(self) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The query's sparse vector: terms and weights; none without a model for it."""
        if self.weigh is None:
            return np.empty(0, np.int32), np.empty(0, np.float32)
        return self.weigh(self.query.text)

    @cached_property
    def recall(self) -> Recall:
        """What the memory knows for the query."""
        return self.remember()

    @cached_property
    def vector(self) -> NDArray[np.float32]:
        """The query's unit vector, (dim,) float32."""
        return self.encode(self.query.text)

    @cached_property
    def correction(self) -> Correction:
        """How the words may have been meant that look mistyped, or are not complete."""
        from ltrr_cli.retrieval.correction import correct

        if self.spelt is not None:
            return self.spelt
        meant = zip(self.understood.stems, self.understood.plain, strict=False)
        return correct(self.view, self.query.text, {stem for stem, plain in meant if plain < 1})  # words of a range

    @cached_property
    def corrected(self) -> Request | None:
        """The request for the corrected text, None where nothing is to be corrected, or has been already."""
        text = self.correction.text
        return self.remade(text) if text and self.spelt is None and self.remade else None


class Strategy(Protocol):
    """One way to retrieve. Deterministic given the request: no clock, no randomness, nothing kept between calls.

    Strategies run in threads of their own, side by side; one that takes too long is left out of the answer, and may
    still be running when the next query comes.

    `learns` says whether feedback can change what it finds for the same text. One that needs what others found names
    them in `after` (optional), and runs when they have; which arms run is settled before any of them does. One that
    scores each entity by itself, and of the request looks at nothing but the query, how it is understood and corrected,
    and its vector, says `apart` (optional): then segments may be searched by others, each as a part of the whole.
    """

    name: str
    learns: bool

    def applies(self, request: Request) -> bool:
        """Tell, cheaply, whether it could find anything for this request; where not, it is no arm of this query."""

    def retrieve(self, request: Request, depth: int) -> Hits:
        """Return at most `depth` (≥ 1) hits; equal scores are ordered by row."""


def after(strategy: Strategy) -> tuple[str, ...]:
    """Return the names of the arms that a strategy comes after."""
    return tuple(getattr(strategy, "after", ()))


def waits(strategy: Strategy) -> bool:
    """Tell whether a strategy waits for something outside Python."""
    return bool(getattr(strategy, "waits", False))


def apart(strategy: Strategy) -> bool:
    """Tell whether a strategy may search each segment by itself."""
    return bool(getattr(strategy, "apart", False))


def built_in(name: str) -> Strategy:
    """Return a strategy that ships with the package."""
    from importlib import import_module

    strategy: Strategy = import_module(f"ltrr_cli.retrieval.{name}").strategy()
    return strategy


def find(names: Sequence[str], extra: Sequence[Strategy] = ()) -> list[Strategy]:
    """Return the named strategies: given ones first, then built-in ones, then other packages' entry points.

    Raises `ConfigError` for a name that nobody provides.
    """
    given = {strategy.name: strategy for strategy in extra}
    found: list[Strategy] = []
    for name in dict.fromkeys([*names, *given]):
        if name in given:
            found.append(given[name])
        elif name in BUILT_IN:
            found.append(built_in(name))
        else:
            found.append(_from_entry_point(name))
    if len(found) > MAX_STRATEGIES:
        raise ConfigError(
            f"an index can have {MAX_STRATEGIES} strategies, not {len(found)}", where="ltrr.toml, [strategies] use"
        )
    return found


def _from_entry_point(name: str) -> Strategy:
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINTS, name=name):
        try:
            strategy: Strategy = point.load()()
        except Exception as error:
            raise ConfigError(
                f"the strategy {name!r} cannot be loaded: {type(error).__name__}: {error}",
                where=point.value,
                next="repair or remove that package, or take the name out of ltrr.toml",
            ) from error
        return strategy
    raise ConfigError(
        f"no strategy is called {name!r}",
        where="ltrr.toml, [strategies] use",
        next=f"built in are: {', '.join(BUILT_IN)}; others come from packages with an entry point in {ENTRY_POINTS}",
    )
