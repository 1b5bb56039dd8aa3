"""How an impression came about, as the compact JSON object that a log line carries under `query_attributes.ltrr`.

Version 1: all of `Trace` by name, but for `arms` (rows of name, depth, returned, ms, error), `pool` (`ids` and, for
each arm, the candidates by rank and their scores), `limit` (`limit_ms` and `times`, only where there is a limit),
`readings` ([attribute, form, positions] of each reading that a result agrees with or could, only where there are any),
`noise` (`noise` and `order_log_propensity`, only where there is noise), `arranged` (`cap` and `diversity`, only where
there are any), `rest` (candidates and scores of what stands behind the page, only where there is any),
`features` (`names`, `rows`), `reserved` (position, id, arm; or null) and, only on a page of two systems,
`interleaved`: `a` and `b` (name, mode, policy_version, ranker_version, propensity, depths, found) and `teams`, a text
with one letter for each position: a, b, or - where neither is credited. Who does not know `interleaved` can leave it.
Numbers are kept as they are, but for times in ms and probabilities, which keep 6 significant digits; what is not
a finite number is null and comes back as nan.
"""

from __future__ import annotations

from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from ltrr_cli.records import NO_TEAM, TEAM_A, TEAM_B, Agreement, Arm, Found, Interleaved, Reserved, System, Trace

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION = 1
_TEAMS = frozenset((TEAM_A, TEAM_B, NO_TEAM))


def trace_to_json(trace: Trace) -> dict[str, Any]:
    """Return the object for `query_attributes.ltrr`."""
    reserved = trace.reserved
    return {
        "v": VERSION,
        "now": trace.now,
        "k": trace.k,
        "segments": list(trace.segments),
        "learned": trace.learned,
        "policy_version": trace.policy_version,
        "ranker_version": trace.ranker_version,
        "mode": trace.mode,
        "particle": trace.particle,
        "epsilon": _six(trace.epsilon),
        "explored": trace.explored,
        "seed": trace.seed,
        "context": {name: value if isfinite(value) else None for name, value in trace.context.items()},
        "arms": [[arm.name, arm.depth, arm.returned, _six(arm.ms), arm.error] for arm in trace.arms],
        "available": list(trace.available),
        **({"limit": [trace.limit_ms, {arm: _six(ms) for arm, ms in trace.times.items()}]} if trace.limit_ms else {}),
        "propensity": _six(trace.propensity),
        **({"noise": [trace.noise, _six(trace.order_log_propensity)]} if trace.noise else {}),
        **({"arranged": [trace.cap, trace.diversity]} if trace.cap or trace.diversity else {}),
        "pool": {
            "ids": list(trace.pool_ids),
            "arms": {name: _found_to_json(found) for name, found in trace.pool.items()},
        },
        "features": {
            "names": list(trace.feature_names),
            "rows": [_finite(row) for row in trace.features],
        },
        "scores": _finite(trace.scores),
        **({"rest": _found_to_json(trace.rest)} if trace.rest.candidates else {}),
        "reserved": None if reserved is None else [reserved.position, reserved.entity_id, reserved.arm],
        **({"readings": [_agreement_to_json(one) for one in trace.agreements]} if trace.agreements else {}),
        **({} if trace.interleaved is None else {"interleaved": _interleaved_to_json(trace.interleaved)}),
    }


def _agreement_to_json(one: Agreement) -> list[Any]:
    return [one.attribute, one.form, list(one.positions)]


def _found_to_json(found: Found) -> list[list[Any]]:
    return [list(found.candidates), _finite(found.scores)]


def _finite(values: Sequence[float]) -> list[float | None]:
    """Return the values, None for what is not finite; a sum tells quickly that all are."""
    return list(values) if isfinite(sum(values)) else [value if isfinite(value) else None for value in values]


def _interleaved_to_json(page: Interleaved) -> dict[str, Any]:
    return {"a": _system_to_json(page.a), "b": _system_to_json(page.b), "teams": "".join(page.teams)}


def _system_to_json(one: System) -> list[Any]:
    versions = [one.policy_version, one.ranker_version]
    return [one.name, one.mode, *versions, _six(one.propensity), dict(one.depths), one.found]


def trace_from_json(value: object) -> Trace | None:
    """Return the trace, or None where it is missing, damaged or of an unknown version.

    A trace that is returned is sound in itself: candidates lie in the pool, feature rows have one value for each name,
    the propensity is in (0, 1]. Where only `interleaved` is damaged it is None: `mode` still says that there was one.
    """
    if not isinstance(value, dict) or value.get("v") != VERSION:
        return None
    try:
        trace = _read(value)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None
    return trace if _sound(trace) else None


def _read(row: dict[str, Any]) -> Trace:
    pool, features, reserved = row["pool"], row["features"], row["reserved"]
    limit, times = row.get("limit", (0.0, {}))
    noise, order = row.get("noise", (0.0, 0.0))
    cap, diversity = row.get("arranged", ("", 0.0))
    return Trace(
        now=_float(row["now"]),
        k=_int(row["k"]),
        segments=_texts(row["segments"]),
        learned=_text(row["learned"]),
        policy_version=_int(row["policy_version"]),
        ranker_version=_int(row["ranker_version"]),
        mode=_text(row["mode"]),
        particle=_int(row["particle"]),
        epsilon=_float(row["epsilon"]),
        explored=_truth(row["explored"]),
        seed=_int(row["seed"]),
        context={name: _float(value) for name, value in row["context"].items()},
        arms=tuple(_arm(*arm) for arm in row["arms"]),
        propensity=_float(row["propensity"]),
        pool_ids=_texts(pool["ids"]),
        pool={name: _found(*found) for name, found in pool["arms"].items()},
        feature_names=_texts(features["names"]),
        features=tuple(_floats(values) for values in features["rows"]),
        scores=_floats(row["scores"]),
        reserved=None if reserved is None else _reserved(*reserved),
        available=_texts(row.get("available", [])),
        limit_ms=_float(limit),
        times={arm: _float(ms) for arm, ms in times.items()},
        noise=_float(noise),
        order_log_propensity=_float(order),
        cap=_text(cap),
        diversity=_float(diversity),
        interleaved=_interleaved(row.get("interleaved")),
        rest=_found(*row.get("rest", ([], []))),
        agreements=tuple([_agreement(*one) for one in row.get("readings", [])]),
    )


def _agreement(attribute: object, form: object, positions: object) -> Agreement:
    return Agreement(
        attribute=_text(attribute), form=_text(form), positions=tuple([_int(one) for one in _list(positions)])
    )


def _found(candidates: object, scores: object) -> Found:
    numbers = _list(candidates)
    if not {*map(type, numbers)} <= {int}:
        raise TypeError
    return Found(tuple(numbers), _floats(scores))


def _interleaved(value: object) -> Interleaved | None:
    """Return who supplied what, or None where it is missing or damaged."""
    if not isinstance(value, dict):
        return None
    try:
        teams = tuple(_text(value["teams"]))
        found = Interleaved(a=_system(*value["a"]), b=_system(*value["b"]), teams=teams)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None
    return found if {*teams} <= _TEAMS else None


def _system(
    name: object,
    mode: object,
    policy_version: object,
    ranker_version: object,
    propensity: object,
    depths: object,
    found: object,
) -> System:
    if not isinstance(depths, dict) or not 0 < _float(propensity) <= 1:
        raise TypeError
    return System(
        name=_text(name),
        mode=_text(mode),
        policy_version=_int(policy_version),
        ranker_version=_int(ranker_version),
        propensity=_float(propensity),
        depths={arm: _int(depth) for arm, depth in depths.items()},
        found=_int(found),
    )


def _sound(trace: Trace) -> bool:
    candidates, width = len(trace.pool_ids), len(trace.feature_names)
    return (
        isfinite(trace.now)
        and 0 < trace.propensity <= 1
        and all(_in_pool(found, candidates) for found in (*trace.pool.values(), trace.rest))
        and all(len(row) == width for row in trace.features)
    )


def _in_pool(found: Found, candidates: int) -> bool:
    same = len(found.candidates) == len(found.scores)
    return same and (not found.candidates or (min(found.candidates) >= 0 and max(found.candidates) < candidates))


def _arm(name: object, depth: object, returned: object, ms: object, error: object) -> Arm:
    return Arm(name=_text(name), depth=_int(depth), returned=_int(returned), ms=_float(ms), error=_text(error))


def _reserved(position: object, entity_id: object, arm: object) -> Reserved:
    return Reserved(position=_int(position), entity_id=_text(entity_id), arm=_text(arm))


def _six(value: float) -> float | None:
    return float(f"{value:.6g}") if isfinite(value) else None


def _float(value: object) -> float:
    if type(value) is float or type(value) is int:
        return float(value)
    if value is None:
        return nan
    raise TypeError


def _floats(values: object) -> tuple[float, ...]:
    # most are floats, and there are a thousand in a trace
    return tuple([value if type(value) is float else _float(value) for value in _list(values)])


def _int(value: object) -> int:
    if type(value) is int:
        return value
    raise TypeError


def _truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise TypeError


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError


def _texts(values: object) -> tuple[str, ...]:
    texts = _list(values)
    if not {*map(type, texts)} <= {str}:
        raise TypeError
    return tuple(texts)


def _list(values: object) -> list[Any]:
    if isinstance(values, list):
        return values
    raise TypeError
