"""What an index holds, and what it has learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltrr_cli.engine.rollback import extra_bytes, living
from ltrr_cli.memory.power import PRIOR
from ltrr_cli.policy.report import average, report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.index.manifest import Manifest

_LANGUAGES = 12
NO_MODEL = "the index has no masked-language model; give one with: ltrr index build CATALOG --sparse DIR"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmInfo:
    """One arm: posterior mean and deviation of its first bucket's reward, and its depth for the average query.

    `ms` is its mean time, in which newer times weigh more; None where it never ran for a query that was acted on.
    """

    name: str
    reward: float
    deviation: float
    depth: int
    ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The catalogue that a rollback goes back to; `bytes` are those that are kept for it alone."""

    generation: int
    entities: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """Counts and sizes (bytes); `actions` counts events by action; `arms` says what the policy thinks of each.

    `popularity` is the power by which it counts in `popular`, `popularity_from` says where that comes from. `vectors`
    counts them by kind: of entities, of passages of long texts, and made elsewhere, by name. `fluency` says how well
    the encoder knows the languages of most texts, in [0, 1]; `absent` says why an arm is not there. `credits` are all
    that the policy ever had, also what it has forgotten; untrained, it stands on none of them. `before` is what a
    rollback goes back to, None where nothing is kept for one.
    """

    path: str
    entities: int
    segments: int
    impressions: int
    events: int
    learned_version: int
    strategies: tuple[str, ...]
    vectors: Mapping[str, int]
    fluency: Mapping[str, float]
    absent: Mapping[str, str]
    generation: int
    created: str
    encoder: str
    actions: Mapping[str, int]
    notes: Mapping[str, int]
    policy_version: int
    policy_untrained: bool
    credits: int
    arms: tuple[ArmInfo, ...]
    popularity: float
    popularity_from: str
    ranker_version: int
    ranker: str
    ranker_history: tuple[str, ...]
    weights: Mapping[str, float]
    sizes: Mapping[str, int]
    before: Before | None


def info(opened: Opened) -> Info:
    """Collect it."""
    learned = opened.learned
    policy = learned.policy
    strategies = tuple(strategy.name for strategy in opened.strategies)
    usual = policy.mean(average(policy), strategies, opened.config.candidates).depths
    known = report(policy, strategies)
    return Info(
        path=str(opened.root),
        entities=opened.view.entities,
        segments=len(opened.view.segments),
        impressions=opened.impressions.count,
        events=learned.counts["events"],
        learned_version=int(opened.manifest.learned.name),
        strategies=strategies,
        vectors=_vectors(opened),
        absent={} if opened.manifest.sparse else {"sparse": NO_MODEL},
        fluency={one.language or f"other {one.script}": one.known for one in opened.view.fluency.groups[:_LANGUAGES]},
        generation=opened.manifest.generation,
        created=opened.manifest.created,
        encoder=opened.manifest.encoder,
        actions=dict(learned.actions.most_common()),
        notes={name: count for name, count in sorted(learned.counts.items()) if name != "events" and count},
        policy_version=policy.version,
        policy_untrained=policy.untrained,
        credits=policy.credits,
        arms=tuple(
            ArmInfo(
                name=arm.name,
                reward=arm.buckets[0].mean,
                deviation=arm.buckets[0].deviation,
                depth=usual.get(arm.name, 0),
                ms=learned.teaching.history.times.get(arm.name),
            )
            for arm in known
        ),
        popularity=learned.popularity,
        popularity_from=_origin(opened),
        ranker_version=learned.ranker.version,
        ranker=learned.ranker_status(),
        ranker_history=tuple(f"version {e['version']}: {e['status']} – {e['reason']}" for e in learned.contest.history),
        weights=dict(sorted(learned.ranker.weights.items(), key=lambda item: -abs(item[1]))),
        sizes={part: _size(opened.root / part) for part in ("encoder", "segments", "learned", "log")},
        before=_before(opened.manifest),
    )


def _before(manifest: Manifest) -> Before | None:
    earlier = manifest.earlier
    if earlier is None:
        return None
    return Before(generation=earlier.generation, entities=living(earlier.segments), bytes=extra_bytes(manifest))


def _origin(opened: Opened) -> str:
    if opened.config.popularity is not None:
        return "as ltrr.toml says"
    choices = opened.learned.power.choices
    known = "what they say" if opened.learned.popularity != PRIOR else "too little to leave the prior"
    return f"{known}: {choices:,} choice{'' if choices == 1 else 's'}" if choices else "the prior: no feedback yet"


def _vectors(opened: Opened) -> dict[str, int]:
    """Return how many vectors there are: of entities, of passages, and made elsewhere."""
    segments = opened.view.segments
    counts = {
        "entities": opened.view.rows - opened.view.unencoded,
        "passages": sum(len(one.vectors.passages) for one in segments),
    }
    elsewhere = {name: sum(len(one.external.get(name, ())) for one in segments) for name in opened.view.external}
    return counts | elsewhere


def _size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
