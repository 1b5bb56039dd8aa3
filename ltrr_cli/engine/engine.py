"""The public Python API: one class, the same power as the command line."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ltrr_cli.errors import FeedbackError, UsageError
from ltrr_cli.records import Event, Query
from ltrr_cli.text import key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import BinaryIO, Self

    from ltrr_cli.catalog import Overrides
    from ltrr_cli.engine.adopt import Adopted
    from ltrr_cli.engine.build import Built
    from ltrr_cli.engine.compact import Compacted
    from ltrr_cli.engine.explained import Explained
    from ltrr_cli.engine.forget import Forgotten
    from ltrr_cli.engine.info import Info
    from ltrr_cli.engine.judged import Judged
    from ltrr_cli.engine.learn import Ingested
    from ltrr_cli.engine.missing import Missing
    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.engine.persons import PersonReport
    from ltrr_cli.engine.rankers import RankerReport
    from ltrr_cli.engine.receiving import Received
    from ltrr_cli.engine.recent import Recent
    from ltrr_cli.engine.remember import Completion, RememberedQuery
    from ltrr_cli.engine.restore import Repaired
    from ltrr_cli.engine.rollback import RolledBack
    from ltrr_cli.engine.update import Updated
    from ltrr_cli.engine.verify import Verified
    from ltrr_cli.engine.ways import Way
    from ltrr_cli.policy.report import ArmReport
    from ltrr_cli.ranking.bias import Estimate
    from ltrr_cli.records import Answer, Bad, Entity, Impression, Result, Understood
    from ltrr_cli.retrieval.base import Strategy

MAX_K = 1000
LATEST = 32_503_680_000.0  # the year 3000
LONGEST = 100 * 365.25 * 86400.0  # seconds that something may be used


class Engine:
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

    @staticmethod
    def build(
        sources: str | Path | Sequence[str | Path],
        index: str | Path,
        *,
        encoder: str | None = None,
        overrides: Overrides | None = None,
        strict: bool = False,
        add: bool = False,
        holdout: float | None = None,
        suggest: bool = True,
        vectors: Sequence[str] = (),
        sparse: str | None = None,
        query_generator: str | None = None,
        generated_queries: int | None = None,
        private: bool = False,
        stdin: BinaryIO | None = None,
        on_bad: Callable[[Bad], None] | None = None,
        progress: Callable[[str, int, int | None], None] = lambda *_: None,
    ) -> Built:
        """Make the index directory, or make it anew.

        The old index stays until the new one is whole, and what was learned is kept. With `add` the entities join those
        of the index and replace those with the same id.

        `sources` are catalogue files, `-` is `stdin`; `overrides` say which fields play which role where inference is
        wrong; `encoder` is a folder or a hub name; `strict` stops at the first bad record, else `on_bad` is told of
        every one that is left out. `holdout` in [0, 0.9] is written into ltrr.toml: the share of queries whose feedback
        is logged but never learned. `suggest`: values that an entity's text names are suggested for it, see
        `suggestions`. `vectors` are files of vectors made elsewhere (`FILE` or `NAME=FILE`, see `catalog.vectors`),
        each an arm `vectors:NAME`; `sparse` is the folder of a masked-language model for the arm `sparse` ("" for
        none). `query_generator` is the folder of an encoder-decoder (doc2query, see `encoder.seq2seq`) that makes at
        most `generated_queries` (1 to 20, default 3) queries for an entity; it is used now and not kept, what it made
        is ("" for none). `private` makes directories 0700 and files 0600; it holds for all that is written later, as
        the index's own mode says so. `progress` is told (step, units since the last call, units in all or None).
        """
        from ltrr_cli.catalog import Catalog
        from ltrr_cli.catalog import Overrides as Roles
        from ltrr_cli.engine.build import build

        listed = [sources] if isinstance(sources, str | Path) else list(sources)
        catalog = Catalog(listed, overrides=overrides or Roles(), strict=strict, stdin=stdin, on_bad=on_bad)
        return build(
            Path(index),
            catalog,
            encoder=encoder,
            add=add,
            holdout=holdout,
            suggest=suggest,
            vectors=vectors,
            sparse=sparse,
            query_generator=query_generator,
            generated_queries=generated_queries,
            private=private,
            progress=progress,
        )

    @staticmethod
    def update(
        sources: str | Path | Sequence[str | Path],
        index: str | Path,
        *,
        strict: bool = False,
        stdin: BinaryIO | None = None,
        on_bad: Callable[[Bad], None] | None = None,
        progress: Callable[[str, int, int | None], None] = lambda *_: None,
    ) -> Updated:
        """Change some fields of entities; the fields that a record does not name stay as they are.

        Records are merged by id, in order; a field that is null, or an empty cell, is emptied, and a new field is a new
        attribute. An id that the index does not have makes a bad record: `strict` stops at it, else `on_bad` is told.
        Fields are called as in the catalogue, or as `ltrr index export` writes them. The changed entities are held in
        memory.
        """
        from ltrr_cli.engine.update import update

        listed = [sources] if isinstance(sources, str | Path) else list(sources)
        return update(Path(index), listed, strict=strict, stdin=stdin, on_bad=on_bad, progress=progress)

    @staticmethod
    def rollback(index: str | Path) -> RolledBack:
        """Put the catalogue before the last build, add, update or delete live again; twice: the later one again.

        What was learned stays. Raises `UsageError` where no earlier catalogue is kept: one is, until `compact`.
        """
        from ltrr_cli.engine.rollback import rollback

        return rollback(Path(index))

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
        from ltrr_cli.engine.pages import check_id
        from ltrr_cli.engine.ways import Way

        if not isinstance(text, str):
            raise UsageError(f"a query is a text, not {text!r}")
        ways = [Way(name="", policy=policy, ranker=ranker, depths=depths)]
        if interleave is not None:
            ways = _two_ways(interleave, alone=depths is None and policy == ranker == "live")
        query = self._query(text, k, user, session, now, query_id, context, filter, vectors)
        if query_id and log:
            check_id(self._opened, query)
        return self._answer(
            query,
            ways,
            typed=text,
            seed=seed,
            explore=explore,
            explain=explain,
            log=log,
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

        from ltrr_cli.engine.kinship import row_of
        from ltrr_cli.engine.pages import check_id
        from ltrr_cli.engine.ways import Way

        if isinstance(like, str):
            raise UsageError(f"like is a list of entity ids, not {like!r}")
        query = self._query("", k, user, session, now, query_id, context, filter)
        if query_id and log:
            check_id(self._opened, query)
        rows = tuple(dict.fromkeys(row_of(self._opened, one) for one in like))
        query = replace(query, recommend=True, likes=rows)
        way = Way(name="", depths=depths)
        return self._answer(query, [way], seed=seed, explore=explore, explain=explain, log=log)

    def related(self, entity_id: str, *, k: int = 10, now: float | None = None) -> tuple[Result, ...]:
        """Return what has most to do with an entity: by shared attributes, and by what people act on together with it.

        `contributions` says which of the two, each in [0, 1]. Nothing is logged. Raises `UsageError` for an unknown id.
        """
        from ltrr_cli.engine.kinship import related

        if not isinstance(k, int) or not 1 <= k <= MAX_K:
            raise UsageError(f"k must be from 1 to {MAX_K}, not {k!r}")
        return related(self._fresh(), entity_id, k, _moment(now))

    def _query(
        self,
        text: str,
        k: int,
        user: str,
        session: str,
        now: float | None,
        query_id: str,
        context: Mapping[str, str | float] | None,
        filter: str,  # noqa: A002 – as in `search`
        vectors: Mapping[str, Sequence[float]] | None = None,
    ) -> Query:
        """Check what was asked, and get ready to answer it."""
        from ltrr_cli.engine.external import check_vectors
        from ltrr_cli.query.given import check_given

        if not isinstance(k, int) or not 1 <= k <= MAX_K:
            raise UsageError(f"k must be from 1 to {MAX_K}, not {k!r}")
        moment = _moment(now)
        self._fresh()
        check_given(context or {})
        words, written = self._opened.filters.read(text, filter)
        return Query(
            id=_name(query_id, "query_id") or _query_id(moment),
            text=words,
            filter=written,
            time=moment,
            k=k,
            user=self._opened.known_as(_name(user, "user")),
            session=_name(session, "session"),
            context=context or {},
            vectors=check_vectors(self._opened.view.external, dict(vectors)) if vectors else {},
        )

    def _answer(
        self,
        query: Query,
        ways: Sequence[Way],
        *,
        seed: int | None,
        explore: bool,
        explain: bool,
        log: bool,
        typed: str = "",
        cap: str | None = None,
        diversity: float | None = None,
        facets: Sequence[str] = (),
    ) -> Answer:
        """Answer one way, or two ways on one page, and log it."""
        from ltrr_cli.engine.arranging import wanted_cap, wanted_diversity
        from ltrr_cli.engine.filtering import complete
        from ltrr_cli.engine.interleaving import Named, answer_interleaved
        from ltrr_cli.engine.search import Choice, answer
        from ltrr_cli.engine.showing import impression_of
        from ltrr_cli.feedback.ubi import impression_to_ubi
        from ltrr_cli.policy.baselines import Fixed

        if seed is not None and seed < 0:
            raise UsageError(f"seed must be 0 or more, not {seed}")
        opened = self._opened
        chance = secrets.randbits(48) if seed is None else seed
        most, diverse = wanted_cap(opened, cap), wanted_diversity(opened, diversity)
        choices = []
        for way in ways:
            self._check_depths(way.depths)
            chosen = opened.policy(way.policy)
            choices.append(
                Choice(
                    seed=chance,
                    explore=explore,
                    policy=chosen if way.depths is None else Fixed(way.depths),
                    ranker=opened.ranker(way.ranker),
                    explain=explain,
                    cap=most,
                    diversity=diverse,
                    noise=opened.config.noise if explore else 0.0,
                )
            )
        if len(ways) == 1:
            answered = answer(opened, query, choices[0])
        else:
            a, b = (Named(name=way.name, choice=choice) for way, choice in zip(ways, choices, strict=True))
            answered = answer_interleaved(opened, query, a, b)
        answered = complete(opened, answered, query, typed=typed, facets=facets)
        if log and not self.read_only:
            opened.logs.queries.append([impression_to_ubi(impression_of(answered, query))], sync=False)
        return answered

    def page(self, query_id: str, *, offset: int = 0, k: int = 10) -> Answer:
        """Return results `offset` + 1 to `offset` + `k` of the ranked list that an answer of this index began with.

        The list is the one that was logged: it stays the same whatever is learned meanwhile, and what has been deleted
        leaves a gap. Nothing new is logged; what is done with these results is recorded under the same query id, at
        their rank. Contributions are not kept. Raises `FeedbackError` for an id that was never answered here, or where
        no list was kept (another system's page, two systems' page), `UsageError` for values out of range.
        """
        from ltrr_cli.engine.pages import page

        if not isinstance(k, int) or not 1 <= k <= MAX_K or not isinstance(offset, int) or offset < 0:
            raise UsageError(f"k must be from 1 to {MAX_K} and offset 0 or more, not {k!r} and {offset!r}")
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

        if not isinstance(text, str):
            raise UsageError(f"a query is a text, not {text!r}")
        moment = _moment(now)
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

        if not 1 <= depth <= MAX_K:
            raise UsageError(f"depth must be from 1 to {MAX_K}, not {depth}")
        moment = _moment(now)
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
        if not 0 <= dwell <= LONGEST:
            raise UsageError(f"dwell must be a number of seconds, at most a hundred years, not {dwell}")
        position = place_of(impression, entity_id)
        moment = _moment(now)
        parts = {
            "query_id": query_id,
            "text": impression.text,
            "user": opened.known_as(_name(user, "user")) or impression.user,
            "session": _name(session, "session") or impression.session,
            "entity_id": entity_id,
            "action": _action(action),
            "time": round(moment, 3),
            "position": position,
        }
        event = Event(id=event_identity(**parts), dwell=float(dwell), **parts)  # type: ignore[arg-type]
        new = record(opened, event, now=moment)
        if new:
            self._recorded.append(event.id)
        return new

    def receive(self, rows: Sequence[object], *, now: float | None = None) -> list[Received]:
        """Log and learn UBI events that others sent, each accepted or refused on its own; see `engine.receiving`.

        When it returns, the accepted ones are on the disk. What `record` does besides, training now and then, is left
        to `tend`. Raises `FeedbackError` where nothing can be written.
        """
        from ltrr_cli.engine.receiving import receive

        if self.read_only:
            raise FeedbackError("this index may not be written to", where=str(self._opened.root))
        return receive(self._fresh(), rows, now=_moment(now))

    def tend(self, *, now: float | None = None) -> None:
        """Train the ranker and write the learned state down where it is time to: may take seconds, often takes none."""
        from ltrr_cli.engine.receiving import tend

        tend(self._fresh(), now=_moment(now))

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

    def impressions(self) -> Iterator[Impression]:
        """Yield every logged impression, in the order of the log."""
        return self._fresh().logs.all_impressions()

    def events(self) -> Iterator[Event]:
        """Yield every logged event that was not taken back, in the order of the log."""
        return self._fresh().logs.all_events()

    def undo(self, event_id: str = "", *, now: float | None = None) -> bool:
        """Take back an event, by default the last one that this engine recorded and has not taken back.

        What was learned is then what it would be had the event never come; the log keeps both. False if it was taken
        back before. Raises `FeedbackError` for an id that was never logged here, `UsageError` if nothing was recorded.
        """
        from ltrr_cli.engine.undo import undo

        wanted = event_id or (self._recorded[-1] if self._recorded else "")
        if not wanted:
            raise UsageError("nothing was recorded that could be taken back")
        if self.read_only:
            raise FeedbackError("this index may not be written to", where=str(self._opened.root))
        done = undo(self._fresh(), wanted, now=_moment(now))
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
        done = ingest(opened, records, now=_moment(now), sync=sync, progress=progress)
        done.ranker = self._fresh().learned.ranker_status()
        return done

    def learn(self, *, now: float | None = None) -> str:
        """Train the ranker if there is enough new feedback, write the learned state down, and say what is live.

        What the setting `keep_days` no longer keeps is removed before.
        """
        from ltrr_cli.engine.expire import expire
        from ltrr_cli.engine.learn import learn

        expire(self._opened.root, now=_moment(now))
        learn(self._fresh(), now=_moment(now))
        return self._fresh().learned.ranker_status()

    def arms(self) -> tuple[ArmReport, ...]:
        """Return what the policy has learned of each strategy."""
        from ltrr_cli.policy.report import report

        opened = self._fresh()
        return report(opened.learned.policy, [strategy.name for strategy in opened.strategies])

    def reset_policy(self, version: int = 0, *, now: float | None = None) -> None:
        """Let the policy forget what it learned after a version of it was made, by default everything.

        What else was learned stays. Raises `UsageError` for a version that was not made yet.
        """
        from ltrr_cli.engine.learn import go_back

        if not isinstance(version, int) or isinstance(version, bool):
            raise UsageError(f"a version is a whole number, not {version!r}")
        go_back(self._fresh(), version, now=_moment(now))

    def memory(self, text: str, *, k: int = 10, now: float | None = None) -> RememberedQuery:
        """Return what the memory says of a query: its k best entities, with reward and prediction."""
        from ltrr_cli.engine.remember import show

        return show(self._fresh(), text, k=_count(k), now=_moment(now))

    def top_queries(self, *, k: int = 20, now: float | None = None) -> list[RememberedQuery]:
        """Return the k remembered queries with most reward, of those that the setting `min_users` lets be shown."""
        from ltrr_cli.engine.remember import top

        return top(self._fresh(), k=_count(k), now=_moment(now))

    def complete(self, prefix: str, *, k: int = 8, now: float | None = None) -> list[Completion]:
        """Return at most k texts that go on from a prefix: titles, attribute values, and what enough users asked."""
        from ltrr_cli.engine.remember import complete

        return complete(self._fresh(), prefix, k=_count(k), now=_moment(now))

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
        return forget(self._fresh(), text=text, entity_id=entity_id, now=_moment(now))

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

        Raises `UsageError` for a version that is not there, or without a challenger.
        """
        from ltrr_cli.engine.rankers import put_live

        return put_live(self._fresh(), version, now=_moment(now), reason="promoted by hand")

    def rollback_ranker(self, version: int | None = None, *, now: float | None = None) -> int:
        """Put an earlier version of the ranker live again, by default the one before; returns it.

        Raises `UsageError` for a version that is not there, or if none was live before.
        """
        from ltrr_cli.engine.rankers import roll_back

        return roll_back(self._fresh(), version, now=_moment(now))

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
            self._fresh(), queries, loss=loss, promote=promote, now=_moment(now), progress=progress
        )

    @staticmethod
    def relearn(index: str | Path, *, progress: Callable[[int], None] = lambda _: None) -> None:
        """Make the learned state again, from the logs alone."""
        from ltrr_cli.engine.learn import rebuild

        rebuild(Path(index), progress=progress)

    def person(self, user: str, *, now: float | None = None) -> PersonReport:
        """Return what is known of a user: what he asked and did, what he likes, what is kept of it."""
        from ltrr_cli.engine.persons import report

        opened = self._fresh()
        return report(opened, opened.known_as(_name(user, "user")), _moment(now))

    @staticmethod
    def forget_user(index: str | Path, user: str, *, now: float | None = None) -> Forgotten:
        """Remove a user from the logs and from all that is learned; says what went.

        The index stays open to others meanwhile; it is learned again from the logs that are left.
        """
        from ltrr_cli.engine.forget import forget

        return forget(Path(index), _name(user, "user"), now=_moment(now))

    @property
    def unencoded(self) -> int:
        """How many entities have no vector yet: `encode` makes them, and then `semantic` finds these too."""
        return self._fresh().view.unencoded

    @staticmethod
    def encode(index: str | Path, *, progress: Callable[[str, int, int | None], None] = lambda *_: None) -> int:
        """Encode the texts of an index whose build stopped before all vectors were there; returns how many it did."""
        from ltrr_cli.engine.later import encode

        return encode(Path(index), progress=progress)

    @staticmethod
    def compact(index: str | Path, *, progress: Callable[[str, int, int | None], None] = lambda *_: None) -> Compacted:
        """Merge all segments of an index into one, as a build of its living entities would make it.

        No earlier catalogue is kept: what was deleted or replaced is then gone from the disk.
        """
        from ltrr_cli.engine.compact import compact

        return compact(Path(index), progress=progress)

    @staticmethod
    def delete(index: str | Path, ids: Sequence[str]) -> list[str]:
        """Delete entities; returns the ids that the index does not have."""
        from ltrr_cli.engine.removal import delete

        return delete(Path(index), ids)

    @staticmethod
    def verify(
        index: str | Path, *, deep: bool = False, progress: Callable[[str, int, int | None], None] = lambda *_: None
    ) -> Verified:
        """Compare every file and log line with its checksum; `deep` looks into them, and folds the logs again."""
        from ltrr_cli.engine.verify import verify

        return verify(Path(index), deep=deep, progress=progress)

    @staticmethod
    def repair(index: str | Path, *, progress: Callable[[str, int, int | None], None] = lambda *_: None) -> Repaired:
        """Make what is damaged again from what is not: segments from their entities, learned state from the logs."""
        from ltrr_cli.engine.restore import repair

        return repair(Path(index), progress=progress)

    @staticmethod
    def adopt(
        source: str | Path,
        index: str | Path,
        *,
        encoder: str | None = None,
        progress: Callable[[str, int, int | None], None] = lambda *_: None,
    ) -> Adopted:
        """Make an index of your own from one that somebody else made, without opening any file with native code.

        `encoder` is a folder or a hub name; by default the package's. Raises `IndexDirectoryError`, saying why, for
        what no ltrr would have written.
        """
        from ltrr_cli.engine.adopt import adopt

        return adopt(Path(source), Path(index), encoder=encoder, progress=progress)

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

    def _check_depths(self, depths: Mapping[str, int] | None) -> None:
        known = [strategy.name for strategy in self._opened.strategies]
        for name in depths or ():
            if name not in known:
                raise UsageError(f"no strategy is called {name!r}", next=f"this index has: {', '.join(known)}")


def _moment(now: float | None) -> float:
    """Return the time given, the clock's if none is."""
    if now is None:
        return time.time()
    if not 0 <= now < LATEST:
        raise UsageError(f"now must be in seconds since 1970, before the year 3000, not {now}")
    return now


def _count(k: int) -> int:
    if not isinstance(k, int) or not 1 <= k <= MAX_K:
        raise UsageError(f"k must be from 1 to {MAX_K}, not {k!r}")
    return k


def _two_ways(words: Sequence[str], *, alone: bool) -> list[Way]:
    """Return the two ways to answer that are named; `alone`: nothing else says how to answer."""
    from ltrr_cli.engine.ways import FORMS, parse_way

    if not alone:
        raise UsageError("an interleaved page is of two ways to answer", next="name both, and neither elsewhere")
    if isinstance(words, str) or len(words) != 2:
        raise UsageError(f"two ways to answer are interleaved, not {words!r}", next=f"name two of {FORMS}")
    ways = []
    for word in words:
        way = parse_way(word)
        if way is None:
            raise UsageError(f"{word[:80]!r} is no way to answer", next=f"use {FORMS}")
        ways.append(way)
    return ways


def _query_id(moment: float) -> str:
    """Return a new id that sorts by time: 12 hex digits of milliseconds, 10 of chance."""
    return f"{int(max(0.0, moment) * 1000) & (2**48 - 1):012x}{os.urandom(5).hex()}"


def _name(text: str, what: str) -> str:
    if not isinstance(text, str):
        raise UsageError(f"{what} must be a text, not {text!r}")
    if len(text.encode(errors="replace")) > 512 or any(ord(char) < 32 for char in text):
        raise UsageError(f"{what} must be one line of at most 512 bytes")
    return text.strip()


def _action(text: str) -> str:
    action = text.strip().lower() if isinstance(text, str) else ""
    if not action or len(action) > 64 or not action.isprintable():
        raise UsageError("an action is a word of at most 64 characters, such as click, like or play")
    return action
