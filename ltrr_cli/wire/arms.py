"""What the policy has learned of each arm, as programs read it; and what the features mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltrr_cli.wire.text import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ltrr_cli.engine.info import ArmInfo, Info
    from ltrr_cli.policy.report import ArmReport, BucketReport

_OWN = {
    "success": "share of its runs for this query before that supplied what was acted on",
    "tried": "how often it ran for this query before and something was acted on, n / (n + 4)",
    "results": "how many hits it had for this query last time, on a logarithmic scale; 100 give 1",
}
_AFTER = "after "


def arms_json(info: Info, arms: Sequence[ArmReport]) -> dict[str, Any]:
    """Return what is known of all arms."""
    return {
        "version": info.policy_version,
        "credits": info.credits,
        "untrained": info.policy_untrained,
        "arms": [_arm_json(arm, known_of(info, arm)) for arm in arms],
    }


def _arm_json(arm: ArmReport, known: ArmInfo) -> dict[str, Any]:
    first = arm.buckets[0]
    return {
        "name": arm.name,
        "pulls": arm.pulled,
        "hindsight": first.looked,
        "reward": None if arm.reward is None else number(arm.reward),
        "mean": number(first.mean),
        "deviation": number(first.deviation),
        "depth": known.depth,
        "ms": None if known.ms is None else number(known.ms, 3),
        "features": [
            {
                "name": one.name,
                "weight": number(one.weight),
                "deviation": number(one.deviation),
                "meaning": meaning(one.name),
            }
            for one in arm.features
        ],
        "buckets": [
            {
                "from": start + 1,
                "to": bucket.depth,
                "pulls": bucket.pulled,
                "hindsight": bucket.looked,
                "reward": None if bucket.reward is None else number(bucket.reward),
                "mean": number(bucket.mean),
                "deviation": number(bucket.deviation),
            }
            for start, bucket in buckets_of(arm)
        ],
    }


def meaning(name: str) -> str:
    """Return what a feature of an arm means, in one line; "" for one that no query has any more."""
    from ltrr_cli.query.context import describe

    if name in _OWN:
        return _OWN[name]
    if name.startswith(_AFTER):
        return f"how deep {name.removeprefix(_AFTER)} is selected already, on a logarithmic scale; 100 hits give 1"
    return describe(name)


def known_of(info: Info, arm: ArmReport) -> ArmInfo:
    """Return what else is known of an arm."""
    return next(one for one in info.arms if one.name == arm.name)


def buckets_of(arm: ArmReport) -> Iterator[tuple[int, BucketReport]]:
    """Return the buckets, each with the depth at which the one before it ends."""
    return zip((0, *(bucket.depth for bucket in arm.buckets)), arm.buckets, strict=False)
