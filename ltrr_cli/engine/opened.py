"""An index as opened: one published generation, the learned state caught up with the logs, and the engines."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import ref

import numpy as np

from ltrr_cli.config import read_config
from ltrr_cli.encoder.ahead import opened as opened_encoder
from ltrr_cli.engine.filtering import Filters
from ltrr_cli.engine.fold import Logs
from ltrr_cli.engine.learned import EVERYBODY
from ltrr_cli.engine.nearby import open_nearest
from ltrr_cli.engine.people import pseudonyms_of
from ltrr_cli.engine.purge import resume
from ltrr_cli.engine.query_vectors import QueryVectors
from ltrr_cli.engine.sparse import QueryTerms
from ltrr_cli.engine.state import follow, open_state
from ltrr_cli.errors import IndexDirectoryError, UsageError
from ltrr_cli.index.locks import share
from ltrr_cli.index.manifest import read_manifest, stamp
from ltrr_cli.index.view import View
from ltrr_cli.memory.predicted import open_completions, open_predicted
from ltrr_cli.memory.prefixes import Prefixes
from ltrr_cli.policy.baselines import EqualSplit
from ltrr_cli.policy.thompson import ThompsonPolicy
from ltrr_cli.ranking.linear import LinearRanker
from ltrr_cli.retrieval import external, sparse
from ltrr_cli.retrieval.base import find
from ltrr_cli.settings import effective

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ltrr_cli.encoder import Encoder
    from ltrr_cli.engine.alone import Kept
    from ltrr_cli.engine.fold import Written
    from ltrr_cli.engine.query_vectors import Encode
    from ltrr_cli.index.manifest import Manifest
    from ltrr_cli.memory.nearest import Nearest
    from ltrr_cli.policy.base import Policy
    from ltrr_cli.retrieval.base import Strategy

_TRIES = 20
_WELL_KNOWN = 100
_TYPES_KEPT = 100_000


class Opened:
    """Everything that a query or an event needs, for one generation of the index."""

    def __init__(
        self, root: Path, *, strategies: Sequence[Strategy] = (), settings: Mapping[str, float] | None = None
    ) -> None:
        self.root = root
        resume(root)
        self.logs = Logs(root)
        self.manifest, self._handles = _hold(root)
        try:
            self._open(root, strategies, settings)
        except BaseException:
            self.close()
            raise

    def _open(self, root: Path, strategies: Sequence[Strategy], settings: Mapping[str, float] | None) -> None:
        self.config = effective(read_config(root), settings)
        self.pseudonyms = pseudonyms_of(root, wanted=self.config.hash_users)
        self._stamp = stamp(root)
        self.view = View(root, self.manifest.segments)
        self.predicted = [
            (open_predicted(root / "segments" / segment.name), segment.base) for segment in self.view.segments
        ]
        self.filters = Filters(self.view, root)
        self.strategies = find(
            self.config.strategies, [*strategies, *external.arms(self.view), *sparse.arms(self.view)]
        )
        self.state = open_state(root, self.manifest, self.config, self.logs)
        self.learned, self.impressions = self.state.learned, self.state.impressions
        self._rows: dict[str, int | None] = {}
        self.query_vectors = QueryVectors(_weakly(self))
        self.looked: dict[tuple[str, str, str], Kept] = {}  # (text as typed, as read, filter) → what stays so
        self.noted: Callable[[Mapping[str, object]], None] | None = None
        self._types: dict[int, str] = {}
        self._rewarded: NDArray[np.float32] | None = None
        self.catch_up()

    @property
    def stale(self) -> bool:
        """Whether a newer generation has been published."""
        return stamp(self.root) != self._stamp

    def close(self) -> None:
        """Give up the shared locks, so that this generation may be collected."""
        for handle in self._handles:
            os.close(handle)
        self._handles = []

    def note(self, answer: Mapping[str, object]) -> None:
        """Log an answer, or hand it to who does."""
        if self.noted is None:
            self.logs.queries.append([answer], sync=False)
        else:
            self.noted(answer)

    def catch_up(self, written: Written | None = None) -> int:
        """Learn what any process has logged since the last look; returns how many events were new.

        `written` as in `fold.catch_up`.
        """
        if not (
            self.logs.events.reaches_beyond(self.learned.events_at)
            or self.logs.control.reaches_beyond(self.learned.control_at)
        ):
            return 0
        before = self.learned
        self.state, fresh = follow(self.state, self.config, self.logs, written=written)
        self.learned, self.impressions = self.state.learned, self.state.impressions
        if fresh or self.learned is not before:
            self._rewarded = None
        return fresh

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder, opened on first use."""
        folder = self.root / "encoder" / self.manifest.encoder
        if not folder.is_dir():
            raise IndexDirectoryError("the index's encoder is missing", where=str(folder), next="build the index again")
        return opened_encoder(folder)

    @cached_property
    def completions(self) -> list[tuple[Prefixes | None, Prefixes | None]]:
        """Each segment's titles and values by their beginning, mapped when somebody types."""
        folders = [self.root / "segments" / segment.name for segment in self.view.segments]
        try:
            return [open_completions(folder) for folder in folders]
        except (OSError, ValueError) as error:
            raise IndexDirectoryError(
                f"the completions cannot be opened: {error}", where=str(self.root), next="build the index again"
            ) from error

    @cached_property
    def weigh(self) -> Callable[[str], tuple[NDArray[np.int32], NDArray[np.float32]]] | None:
        """What gives a query its sparse vector; None where the index has no model for it. It opens on first use."""
        if not self.manifest.sparse:
            return None
        return QueryTerms(self.root / "encoder" / self.manifest.sparse, self.view)

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the unit vectors of some queries, (n, dim) float32; they are not kept."""
        return self.encoder.encode(texts, kind="query")

    @cached_property
    def nearest(self) -> Nearest | None:
        """The vectors of remembered queries, mapped on first use; None where the snapshot has none."""
        return open_nearest(self.root / "learned" / self.manifest.learned.name, self.manifest.encoder)

    def policy(self, name: str) -> Policy | None:
        """Return a policy to answer in place of the live one, None for the live one itself."""
        if name == "live":
            return None
        if name == "equal":
            return EqualSplit()
        if name == "prior":
            return self._untrained
        raise UsageError(f"no policy is called {name!r}", next="use one of live, prior, equal")

    @cached_property
    def _untrained(self) -> ThompsonPolicy:
        """The policy that nothing was learned by; kept, since its particles are costly to draw."""
        return ThompsonPolicy(epsilon=self.config.epsilon)

    def ranker(self, name: str) -> LinearRanker:
        """Return the live ranker, the one that nothing was learned by, or the one in its test."""
        if name == "live":
            return self.learned.ranker
        if name == "prior":
            return LinearRanker()
        if name == "challenger":
            if self.learned.challenger is None:
                raise UsageError("there is no challenger: no ranker is in its test", where=str(self.root))
            return self.learned.challenger
        raise UsageError(f"no ranker is called {name!r}", next="use one of live, prior, challenger")

    def type_of(self, row: int) -> str:
        """Return the type of the entity at a row; the last ones are kept."""
        if row not in self._types:
            if len(self._types) >= _TYPES_KEPT:
                self._types.clear()
            self._types[row] = self.view.entity(row).type
        return self._types[row]

    def adopt(self, older: Opened) -> None:
        """Take over what an older generation has warm: the encoder, if it is the same, and its query vectors."""
        if older.manifest.encoder == self.manifest.encoder and "encoder" in older.__dict__:
            self.__dict__["encoder"] = older.encoder
            self.query_vectors.adopt(older.query_vectors)
        if older.manifest.segments == self.manifest.segments:
            self.looked = older.looked

    def known_as(self, user: str) -> str:
        """Return the name under which a user is logged and looked up: his id, or what it is hashed to."""
        return user if self.pseudonyms is None else self.pseudonyms.of(user)

    def row(self, entity_id: str) -> int | None:
        """Return the row of an entity id, None where the index does not have it."""
        if entity_id not in self._rows:
            self._rows[entity_id] = self.view.row(entity_id)
        return self._rows[entity_id]

    @property
    def remembered_texts(self) -> Prefixes | None:
        """The texts of the queries that the snapshot remembers, None where it was learned from nothing."""
        snapshot = self.state.snapshot
        return Prefixes.open(snapshot / "memory.texts") if snapshot is not None else None

    @property
    def rewarded(self) -> NDArray[np.float32]:
        """Observed reward of every row over all queries, in [0, 1]: (rows,) float32.

        log(1 + m) / log(1 + max(m of the most rewarded, 100)), m in rewards of an average event: so the common decay
        cancels, and the first few events, which are mostly chance, count little.
        """
        if self._rewarded is None:
            self._rewarded = np.zeros(self.view.rows, np.float32)
            entries = self.learned.everybody.exact(EVERYBODY, self.row)
            if entries is not None and len(entries[0]):
                mass = np.maximum(entries[1], 0)
                counts = self.learned.counts
                average = float(mass.sum()) / max(1, counts["events"] - counts["events held out"])
                if average > 0:
                    rewards = np.log1p(mass / average)
                    self._rewarded[entries[0]] = rewards / max(float(rewards.max()), np.log1p(_WELL_KNOWN))
        return self._rewarded


def _weakly(opened: Opened) -> Encode:
    """Return its `encode_queries`, without keeping it: else it would go only once Python looks for cycles.

    By then, where many learn, there are several generations more.
    """
    known = ref(opened)

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        still = known()
        if still is None:  # only whoever was left behind can ask
            raise LookupError("this generation of the index was closed")
        return still.encode_queries(texts)

    return encode


def _hold(root: Path) -> tuple[Manifest, list[int]]:
    """Read the manifest and lock what it names; a publisher may be quicker, then read again."""
    for _ in range(_TRIES):
        manifest = read_manifest(root)
        wanted = [root / "segments" / live.name for live in manifest.segments]
        wanted.append(root / "learned" / manifest.learned.name)
        handles = [share(directory) for directory in wanted]
        held = [handle for handle in handles if handle is not None]
        if len(held) == len(wanted):
            return manifest, held
        for handle in held:
            os.close(handle)
        missing = wanted[handles.index(None)]
        if read_manifest(root).generation == manifest.generation:
            advice = "ltrr learn --rebuild" if missing.parent.name == "learned" else "ltrr index build"
            raise IndexDirectoryError(
                f"{missing.parent.name}/{missing.name} is missing",
                where=str(root),
                next=f"make it again with: {advice}",
            )
    raise IndexDirectoryError("the index changes faster than it can be opened", where=str(root), next="try again")
