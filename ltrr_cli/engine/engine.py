"""The public Python API: one class, the same power as the command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ltrr_cli.engine.arguments import (
    checked_action,
    checked_dwell,
    checked_k,
    checked_moment,
    checked_text,
    one_line,
    query_of,
    two_ways,
)
from ltrr_cli.engine.maintenance import Maintenance
from ltrr_cli.errors import FeedbackError, NotFoundError, UsageError
from ltrr_cli.records import Event, Query
from ltrr_cli.text import key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Self

    from ltrr_cli.engine.explained import Explained
    from ltrr_cli.engine.info import Info
    from ltrr_cli.engine.judged import Judged
    from ltrr_cli.engine.learn import Ingested
    from ltrr_cli.engine.missing import Missing
    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.engine.persons import PersonReport
    from ltrr_cli.engine.rankers import RankerReport
    from ltrr_cli.engine.receiving import Received
    from ltrr_cli.engine.recent import Recent
    from ltrr_cli.engine.regret import Regrets, Regretted
    from ltrr_cli.engine.remember import Completion, RememberedQuery
    from ltrr_cli.policy.report import ArmReport
    from ltrr_cli.ranking.bias import Estimate
    from ltrr_cli.records import Answer, Entity, Impression, Result, Understood
    from ltrr_cli.retrieval.base import Strategy


class Engine(Maintenance):
    """An open index: searches, records what users do, learns.

    Use `Engine.build` to make one and `Engine.open` to open one; close it, or use it as a context manager. Not for
    several threads at once; several processes may work on one index.

    Every method raises `LtrrError` (what, where, what next) and nothing else for mistakes of the caller or the data.
    """

    def __init__(
        self,
        opened: Opened,
        *,
        strategies: Sequence[Strategy] = (),
        settings: Mapping[str, float] | None = None,
    ) -> None:
        self._opened = opened
        self._strategies = tuple(strategies)
        self._settings = dict(settings or {})
        self._closed = False
        self._recorded: list[str] = []
        self._recent: Recent | None = None
        self._regretted: Regretted | None = None

    @classmethod
    def open(
        cls, index: str | Path, *, strategies: Sequence[Strategy] = (), settings: Mapping[str, float] | None = None
    ) -> Self:
        """Open an index. `strategies` are further arms, beside those that its ltrr.toml names.

        `settings` override, for this engine, what ltrr.toml and the environment say of `settings.ANSWERING`.
        """
        from ltrr_cli.engine.opened import Opened

        opened = Opened(Path(index), strategies=strategies, settings=settings)
        return cls(opened, strategies=strategies, settings=settings)

    @property
    def read_only(self) -> bool:
        """Whether this process may not write to the index: then it answers, but logs and learns nothing."""
        return not os.access(self._opened.root / "log", os.W_OK)

    def close(self) -> None:
        """Let go of the index; whatever is asked of a closed engine raises `UsageError`."""
        self._opened.close()
        self._closed = True

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def search(
        self,
        text: str,
        *,
        k: int = 10,
        user: str = "",
        session: str = "",
        now: float | None = None,
        seed: int | None = None,
        explore: bool = True,
        depths: Mapping[str, int] | None = None,
        explain: bool = False,
        log: bool = True,
        query_id: str = "",
        policy: str = "live",
        ranker: str = "live",
        context: Mapping[str, str | float] | None = None,
        interleave: tuple[str, str] | None = None,
        filter: str = "",  # noqa: A002 – the word users know
        facets: Sequence[str] = (),
        cap: str | None = None,
        diversity: float | None = None,
        vectors: Mapping[str, Sequence[float]] | None = None,
    ) -> Answer:
        """Answer a query, and log it as an impression unless `log` is off or the index is `read_only`.

        Without words and filter the best known answer; where nothing was asked and none is found, nothing is logged.

        `k` in 1…1000 results. `now` is the query's time in seconds since 1970, by default the clock's; `seed` makes
        chance repeatable. `explore` off uses the policy's mean; `depths` overrides it: {strategy: hits to draw}.
        `explain` fills the results' contributions. `query_id` is by default a new one; one of the caller's own may come
        again for the same query only: events that name it belong to its last answer. `policy` (`live`, `prior`,
        `equal`) and `ranker` (`live`, `prior`, `challenger`) answer in place of the learned ones, to compare. `context`
        is what else the caller knows of the query, {name: number or word}, at most 16: the policy learns by it.
        `interleave` names two ways to answer (see `engine.ways`; in place of `depths`, `policy` and `ranker`), whose
        results share the page by team draft, so that what people click tells which of the two they prefer.

        `filter` says what may be found at all, such as `year >= 1990 and genre = rock` (see `filters.grammar`), and so
        do words of `text` such as `genre:rock`; both must be met. `facets` names fields whose values are counted.
        `cap` (`artist:2`: at most two of each artist) and `diversity` in [0, 0.99] arrange the page in place of what
        ltrr.toml says; see `ranking.diversity`. `vectors` are the query's in the spaces of vectors made elsewhere:
        {name: numbers}. Raises `UsageError` for values out of range, unknown names, and a filter that cannot be read.
        """
        from ltrr_cli.engine.answering import answer_query
        from ltrr_cli.engine.pages import check_id
        from ltrr_cli.engine.ways import Way

        checked_text(text)
        ways = [Way(name="", policy=policy, ranker=ranker, depths=depths)]
        if interleave is not None:
            ways = two_ways(interleave, alone=depths is None and policy == ranker == "live")
        query = query_of(
            self._fresh(),
            text,
            k=k,
            user=user,
            session=session,
            moment=checked_moment(now),
            query_id=query_id,
            context=context,
            filter=filter,
            vectors=vectors,
        )
        if query_id and log:
            check_id(self._opened, query)
        return answer_query(
            self._opened,
            query,
            ways,
            typed=text,
            seed=seed,
            explore=explore,
            explain=explain,
            log=log and not self.read_only,
            cap=cap,
            diversity=diversity,
            facets=facets,
        )

    def recommend(
        self,
        *,
        user: str = "",
        session: str = "",
        like: Sequence[str] = (),
        k: int = 10,
        now: float | None = None,
        seed: int | None = None,
        explore: bool = True,
        depths: Mapping[str, int] | None = None,
        explain: bool = False,
        log: bool = True,
        query_id: str = "",
        context: Mapping[str, str | float] | None = None,
        filter: str = "",  # noqa: A002 – as in `search`
    ) -> Answer:
        """Recommend entities: a search without a text, answered, logged and learned from like any.

        They suit the `user`, the `session` and the entities whose ids `like` gives; what those acted on already is left
        out. Where nothing is known of them it is what most people like, and what is new. The rest is as in `search`.
        """
        from dataclasses import replace

        from ltrr_cli.engine.answering import answer_query
        from ltrr_cli.engine.kinship import row_of
        from ltrr_cli.engine.pages import check_id
        from ltrr_cli.engine.ways import Way

        if isinstance(like, str):
            raise UsageError(f"like is a list of entity ids, not {like!r}")
        query = query_of(
            self._fresh(),
            "",
            k=k,
            user=user,
            session=session,
            moment=checked_moment(now),
            query_id=query_id,
            context=context,
            filter=filter,
        )
        if query_id and log:
            check_id(self._opened, query)
        rows = tuple(dict.fromkeys(row_of(self._opened, one) for one in like))
        query = replace(query, recommend=True, likes=rows)
        way = Way(name="", depths=depths)
        log = log and not self.read_only
        return answer_query(self._opened, query, [way], seed=seed, explore=explore, explain=explain, log=log)

    def related(self, entity_id: str, *, k: int = 10, now: float | None = None) -> tuple[Result, ...]:
        """Return what has most to do with an entity: by shared attributes, and by what people act on together with it.

        `contributions` says which of the two, each in [0, 1]. Nothing is logged. `NotFoundError` for an unknown id.
        """
        from ltrr_cli.engine.kinship import related

        return related(self._fresh(), entity_id, checked_k(k), checked_moment(now))

    def page(self, query_id: str, *, offset: int = 0, k: int = 10) -> Answer:
        """Return results `offset` + 1 to `offset` + `k` of the ranked list that an answer of this index began with.

        The list is the one that was logged: it stays the same whatever is learned meanwhile, and what has been deleted
        leaves a gap. Nothing new is logged; what is done with these results is recorded under the same query id, at
        their rank. Contributions are not kept. Raises `FeedbackError` for an id that was never answered here, or where
        no list was kept (another system's page), `UsageError` for values out of range.
        """
        from ltrr_cli.engine.pages import page

        checked_k(k)
        if not isinstance(offset, int) or offset < 0:
            raise UsageError(f"offset must be 0 or more, not {offset!r}")
        return page(self._fresh(), query_id, offset, k)

    def marks(self, query: str, text: str) -> list[tuple[int, int]]:
        """Return where words of the query stand in a text, in any of the forms that count as the same: (start, end)."""
        from ltrr_cli.analysis.marks import marks

        segments = self._opened.view.segments
        return marks(segments[-1].analysis, query, text) if segments else []

    def understand(self, text: str, *, now: float | None = None) -> Understood:
        """Return how a query is read: spans as values, titles and ranges, each with its probability, and likely types.

        Nothing is retrieved or logged. `now`, in seconds since 1970, says how old what was learned of readings is.
        """
        from ltrr_cli.engine.requests import understood_by

        checked_text(text)
        moment = checked_moment(now)
        return understood_by(self._fresh(), text, moment)

    def retrieve(
        self,
        text: str,
        *,
        depth: int = 100,
        now: float | None = None,
        filter: str = "",  # noqa: A002 – as in `search`
    ) -> dict[str, list[tuple[str, float]]]:
        """Return what each strategy finds alone: {strategy: [(entity id, its own score)]}, best first.

        `depth` in 1…1000 hits of each; `filter` as in `search`. A strategy that does not apply to the query finds
        nothing; one that fails is an error. Nothing is logged.
        """
        from ltrr_cli.engine.alone import alone

        checked_k(depth, "depth")
        moment = checked_moment(now)
        opened = self._fresh()
        words, written = opened.filters.read(text, filter)
        return alone(opened, Query(id="", text=words, time=moment, filter=written), depth)

    def count(self, filter: str) -> int:  # noqa: A002 – as in `search`
        """Return how many entities meet a filter, all for ""; `UsageError` where it cannot be read."""
        filters = self._fresh().filters
        view = filters.view(filters.read("", filter)[1])
        return view.entities

    def __contains__(self, entity_id: object) -> bool:
        """Whether the index has an entity with this id."""
        return isinstance(entity_id, str) and self._fresh().row(entity_id) is not None

    def entity(self, entity_id: str) -> Entity | None:
        """Return an entity of the catalogue, None if the index does not have it."""
        opened = self._fresh()
        row = opened.row(entity_id)
        return None if row is None else opened.view.entity(row)

    def suggestions(self, entity_id: str) -> list[tuple[str, str, float]]:
        """Return what the build suggested for an entity: (attribute, key of the value, weight in (0, 1]), best first.

        These are values of other entities that its text names and the catalogue does not give it; empty where there
        are none, or no such entity.
        """
        opened = self._fresh()
        row = opened.row(entity_id)
        return [] if row is None else opened.view.suggestions(row)

    def entities(self) -> Iterator[Entity]:
        """Yield every entity of the index, in the order of the catalogue; what was added later comes last."""
        view = self._fresh().view
        for row in view.living_rows().tolist():
            yield view.entity(row)

    def has_learned_from(self, text: str) -> bool:
        """Whether feedback for a query with this text has been learned, however it was written."""
        opened = self._fresh()
        return opened.learned.queries.knows(key(opened.filters.read(text, "")[0]))

    def warm_up(self, texts: Sequence[str]) -> None:
        """Encode the queries that will be searched next, all at once: faster than one by one."""
        opened = self._fresh()
        opened.query_vectors.make([opened.filters.read(text, "")[0] for text in texts])

    def encode_ahead(self, texts: Sequence[str]) -> Callable[[], None]:
        """Begin to encode queries in another thread; call what is returned before they are searched: it waits."""
        return self._fresh().query_vectors.make_ahead(texts)

    def record(
        self,
        query_id: str,
        entity_id: str,
        action: str = "click",
        *,
        user: str = "",
        session: str = "",
        dwell: float = 0.0,
        now: float | None = None,
    ) -> bool:
        """Record what a user did with a result, and learn it at once; False if exactly this was recorded before.

        When it returns the event is on the disk. Raises `FeedbackError` for a query id that was never answered here,
        or an entity that the index does not have.
        """
        from ltrr_cli.engine.learn import record
        from ltrr_cli.engine.pages import place_of
        from ltrr_cli.feedback.ubi import event_identity

        opened = self._fresh()
        impression = opened.impressions.find(query_id)
        if impression is None and self.read_only:
            raise FeedbackError("this index may not be written to, so feedback is not possible", where=str(opened.root))
        if impression is None:
            raise FeedbackError("no query with this id was answered by this index", where=query_id)
        if entity_id not in impression.shown and opened.row(entity_id) is None:
            raise FeedbackError("the index has no such entity", where=entity_id)
        seconds = checked_dwell(dwell)
        position = place_of(impression, entity_id)
        moment = checked_moment(now)
        parts = {
            "query_id": query_id,
            "text": impression.text,
            "user": opened.known_as(one_line(user, "user")) or impression.user,
            "session": one_line(session, "session") or impression.session,
            "entity_id": entity_id,
            "action": checked_action(action),
            "time": round(moment, 3),
            "position": position,
        }
        event = Event(id=event_identity(**parts), dwell=seconds, **parts)  # type: ignore[arg-type]
        new = record(opened, event, now=moment)
        if new:
            self._recorded.append(event.id)
        return new

    def receive(self, rows: Sequence[object], *, now: float | None = None, sync: bool = True) -> list[Received]:
        """Log and learn UBI events that others sent, each accepted or refused on its own; see `engine.receiving`.

        When it returns, the accepted ones are on the disk; without `sync` the caller flushes the logs. What `record`
        does besides, training now and then, is left to `tend`. Raises `FeedbackError` where nothing can be written.
        """
        from ltrr_cli.engine.receiving import receive

        if self.read_only:
            raise FeedbackError("this index may not be written to", where=str(self._opened.root))
        return receive(self._fresh(), rows, now=checked_moment(now), sync=sync)

    def sweep(self, *, now: float | None = None) -> bool:
        """Count the pages that nobody acted on, and tell whether there is anything for `tend` to do."""
        from ltrr_cli.engine.receiving import sweep

        return sweep(self._fresh(), now=checked_moment(now))

    def log_answers(self, rows: Sequence[Mapping[str, object]]) -> int:
        """Log answers that another process gave (UBI queries, as searches log them); returns how many are new.

        When it returns they are on the disk. Raises `FeedbackError` where nothing can be written.
        """
        from ltrr_cli.engine.receiving import log_answers

        return log_answers(self._fresh(), rows)

    def tend(self, *, now: float | None = None) -> None:
        """Train the ranker and write the learned state down where it is time to: may take seconds, often takes none."""
        from ltrr_cli.engine.receiving import tend

        tend(self._fresh(), now=checked_moment(now))

    def explain(self, query_id: str, entity_id: str) -> Explained:
        """Return how an entity came to its place in an answer of this index, from what was logged with it.

        Raises `FeedbackError` for a query id that was never answered here, or another system's answer.
        """
        from ltrr_cli.engine.explained import explain

        return explain(self._fresh(), query_id, entity_id)

    def recent(self) -> Recent:
        """Return the latest answers in brief: which arms ran how deep, and what people did with them."""
        from ltrr_cli.engine.recent import Recent

        self._recent = self._recent or Recent()
        self._recent.follow(self._fresh())
        return self._recent

    def regret(self) -> Regrets | None:
        """Return what the latest answers were worth less than what the policy would choose now, see `policy.regret`.

        None where the policy has chosen nothing yet.
        """
        from ltrr_cli.engine.regret import Regretted

        recent = self.recent()
        self._regretted = self._regretted or Regretted()
        return self._regretted.of(self._opened, recent)

    def impressions(self) -> Iterator[Impression]:
        """Yield every logged impression, in the order of the log."""
        return self._fresh().logs.all_impressions()

    def events(self) -> Iterator[Event]:
        """Yield every logged event that was not taken back, in the order of the log."""
        return self._fresh().logs.all_events()

    def undo(self, event_id: str = "", *, now: float | None = None) -> bool:
        """Take back an event, by default the last one that this engine recorded and has not taken back.

        What was learned is then what it would be had the event never come; the log keeps both. False if it was taken
        back before. Raises `FeedbackError` for an id that was never logged here, `NotFoundError` where nothing was
        recorded.
        """
        from ltrr_cli.engine.undo import undo

        wanted = event_id or (self._recorded[-1] if self._recorded else "")
        if not wanted:
            raise NotFoundError("nothing was recorded that could be taken back")
        if self.read_only:
            raise FeedbackError("this index may not be written to", where=str(self._opened.root))
        done = undo(self._fresh(), wanted, now=checked_moment(now))
        self._recorded = [one for one in self._recorded if one != wanted]
        return done

    def missing(self, query_id: str, entity_id: str) -> Missing:
        """Return why an entity was not shown for a query that this index answered.

        Raises `FeedbackError` for a query id that was never answered here.
        """
        from ltrr_cli.engine.missing import missing

        return missing(self._fresh(), query_id, entity_id)

    def ingest(
        self,
        records: Iterable[Impression | Event],
        *,
        now: float | None = None,
        sync: bool = True,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Ingested:
        """Log and learn many records, such as a `feedback.Feedback` reads. Twice the same changes nothing.

        When it returns they are on the disk; without `sync` a power cut may take what the system has not written yet.
        """
        from ltrr_cli.engine.learn import ingest
        from ltrr_cli.feedback.people import renamed

        opened = self._fresh()
        if opened.pseudonyms is not None:
            name = opened.pseudonyms.of
            records = (renamed(record, name) for record in records)
        done = ingest(opened, records, now=checked_moment(now), sync=sync, progress=progress)
        done.ranker = self._fresh().learned.ranker_status()
        return done

    def learn(self, *, now: float | None = None) -> str:
        """Train the ranker if there is enough new feedback, write the learned state down, and say what is live.

        What the setting `keep_days` no longer keeps is removed before.
        """
        from ltrr_cli.engine.expire import expire
        from ltrr_cli.engine.learn import learn

        expire(self._opened.root, now=checked_moment(now))
        learn(self._fresh(), now=checked_moment(now))
        return self._fresh().learned.ranker_status()

    def arms(self) -> tuple[ArmReport, ...]:
        """Return what the policy has learned of each strategy."""
        from ltrr_cli.policy.report import report

        opened = self._fresh()
        return report(opened.learned.policy, [strategy.name for strategy in opened.strategies])

    def reset_policy(self, version: int = 0, *, now: float | None = None) -> None:
        """Let the policy forget what it learned after a version of it was made, by default everything.

        What else was learned stays. Raises `NotFoundError` for a version that was not made yet.
        """
        from ltrr_cli.engine.learn import go_back

        if not isinstance(version, int) or isinstance(version, bool):
            raise UsageError(f"a version is a whole number, not {version!r}")
        go_back(self._fresh(), version, now=checked_moment(now))

    def memory(self, text: str, *, k: int = 10, now: float | None = None) -> RememberedQuery:
        """Return what the memory says of a query: its k best entities, with reward and prediction."""
        from ltrr_cli.engine.remember import show

        return show(self._fresh(), text, k=checked_k(k), now=checked_moment(now))

    def top_queries(self, *, k: int = 20, now: float | None = None) -> list[RememberedQuery]:
        """Return the k remembered queries with most reward, of those that the setting `min_users` lets be shown."""
        from ltrr_cli.engine.remember import top

        return top(self._fresh(), k=checked_k(k), now=checked_moment(now))

    def complete(self, prefix: str, *, k: int = 8, now: float | None = None) -> list[Completion]:
        """Return at most k texts that go on from a prefix: titles, attribute values, and what enough users asked."""
        from ltrr_cli.engine.remember import complete

        return complete(self._fresh(), prefix, k=checked_k(k), now=checked_moment(now))

    def forget(self, text: str | None = None, *, entity_id: str | None = None, now: float | None = None) -> bool:
        """Take a query, or an entity under every query, out of the memory; what comes later counts again.

        The log keeps the actions; that they are forgotten is written there too. Returns False for what was not
        remembered. Raises `UsageError` unless exactly one of both is given, or for a query without a word.
        """
        from ltrr_cli.engine.remember import forget

        if (text is None) == (entity_id is None):
            raise UsageError("forget a query or an entity, one of both")
        if text is not None and not key(text):
            raise UsageError("a query has at least one word or number")
        return forget(self._fresh(), text=text, entity_id=entity_id, now=checked_moment(now))

    def rankers(self) -> RankerReport:
        """Return the live ranker's features, the challenger's evidence, and what became of every version."""
        from ltrr_cli.engine.rankers import report

        return report(self._fresh())

    def bias(self) -> Mapping[str, Estimate]:
        """Return the examination curves that the log itself tells, by method: harvest, em, cascade.

        Raises `FeedbackError` where no shown page was acted on yet.
        """
        from ltrr_cli.engine.rankers import estimates

        return estimates(self._fresh())

    def promote_ranker(self, version: int | None = None, *, now: float | None = None) -> int:
        """Put a version of the ranker live, by default the challenger, without waiting for its test; returns it.

        Raises `NotFoundError` for a version that is not there, or without a challenger.
        """
        from ltrr_cli.engine.rankers import put_live

        return put_live(self._fresh(), version, now=checked_moment(now), reason="promoted by hand")

    def rollback_ranker(self, version: int | None = None, *, now: float | None = None) -> int:
        """Put an earlier version of the ranker live again, by default the one before; returns it.

        Raises `NotFoundError` for a version that is not there, or if none was live before.
        """
        from ltrr_cli.engine.rankers import roll_back

        return roll_back(self._fresh(), version, now=checked_moment(now))

    def train_ranker(
        self,
        queries: Sequence[Judged],
        *,
        loss: str = "pairwise",
        promote: bool = False,
        now: float | None = None,
        progress: Callable[[int], None] = lambda _: None,
    ) -> int:
        """Train a ranker on judgments; it becomes the challenger, or live with `promote`. Returns its version.

        `loss` is `pairwise` or `listwise`. Raises `UsageError` for another, or where nothing relevant is found.
        """
        from ltrr_cli.engine.rankers import train_on_judgments

        return train_on_judgments(
            self._fresh(), queries, loss=loss, promote=promote, now=checked_moment(now), progress=progress
        )

    def person(self, user: str, *, now: float | None = None) -> PersonReport:
        """Return what is known of a user: what he asked and did, what he likes, what is kept of it."""
        from ltrr_cli.engine.persons import report

        opened = self._fresh()
        return report(opened, opened.known_as(one_line(user, "user")), checked_moment(now))

    @property
    def unencoded(self) -> int:
        """How many entities have no vector yet: `encode` makes them, and then `semantic` finds these too."""
        return self._fresh().view.unencoded

    def info(self) -> Info:
        """Return counts, sizes and what was learned."""
        from ltrr_cli.engine.info import info

        return info(self._fresh())

    def _fresh(self) -> Opened:
        """Return the opened index, anew if another generation was published, caught up with the logs."""
        from ltrr_cli.engine.opened import Opened

        if self._closed:
            raise UsageError("this engine was closed", next="open the index again: Engine.open(...)")
        if self._opened.stale:
            newer = Opened(self._opened.root, strategies=self._strategies, settings=self._settings)
            newer.adopt(self._opened)
            self._opened.close()
            self._opened = newer
        else:
            self._opened.catch_up()
        return self._opened
