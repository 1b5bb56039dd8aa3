"""Logs of other bandits, with propensities: Vowpal Wabbit's `cb` format and Open Bandit's tables.

    3:0.5:0.2 | price:2 |user young          action:cost:probability, namespaces of features; reward = -cost
    …,item_id,position,click,propensity_score,user_feature_0,…       a header, then a round a line; reward = click

A line that cannot be used is an error, since its loss would bend the estimate; only VW lines without a label, which
are for prediction, are left out and counted.
"""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ltrr_cli.errors import EvaluationError
from ltrr_cli.evaluation.bandit_features import Features
from ltrr_cli.evaluation.lines import read_lines, wrong_columns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from ltrr_cli.evaluation.notes import Notes

_NEEDED = ("item_id", "click", "propensity_score")
_LABEL = re.compile(r"([0-9]{1,18})(?::([^:]*))?(?::([^:]*))?", re.ASCII)
_LEAST = 1e-9
"""A smaller propensity gives a round a weight that no log can bear out."""
_MOST_REWARD = 1e12
_MOST_CELLS = 10_000_000
_HOLDS = "logged rounds"


@dataclass(frozen=True, slots=True, kw_only=True)
class BanditLog:
    """n rounds of one log.

    `action` and `place` (n,) int64 number `actions` and `places` (positions of a page; a single "" where there are
    none); `rewards` (n,) lie in [`low`, `high`]; `propensities` (n,) in (0, 1]; `context` (n, c).
    """

    name: str
    actions: tuple[str, ...]
    places: tuple[str, ...]
    action: NDArray[np.int64]
    place: NDArray[np.int64]
    rewards: NDArray[np.float64]
    propensities: NDArray[np.float64]
    context: NDArray[np.float64]
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    action: str
    reward: float
    propensity: float
    place: str = ""
    features: tuple[tuple[str, float], ...] = ()


def kind_of(path: str | Path, notes: Notes) -> str:
    """Return `ubi`, `vw` or `obd` from the first line of a file.

    Raises:
        EvaluationError: it is none of them.
    """
    where, first = next(read_lines(path, notes, holds=_HOLDS))
    if first.lstrip().startswith("{"):
        return "ubi"
    header = _cells(first)
    if "propensity_score" in header or {"item_id", "click"} <= set(header):
        return "obd"
    label = first.partition("|")[0].split()
    if "|" in first or (label and all(_LABEL.fullmatch(token) for token in label)):
        return "vw"
    raise EvaluationError(
        "this is no log with propensities",
        where=where,
        next="name an index, UBI files of ltrr, a Vowpal Wabbit file (action:cost:probability | features), or an Open"
        " Bandit CSV (item_id, position, click, propensity_score)",
    )


def read_bandit_log(path: str | Path, notes: Notes) -> BanditLog:
    """Read a log of either format, plain or compressed.

    Raises:
        EvaluationError: it cannot be read, has no propensities, or a line cannot be used (file and line are named).
    """
    kind = kind_of(path, notes)
    if kind == "ubi":
        raise EvaluationError(
            "these are JSON lines, no bandit log", where=str(path), next="give UBI files on their own"
        )
    rows = _vw_rounds(path, notes) if kind == "vw" else _table_rounds(path, notes)
    actions: dict[str, int] = {}
    places: dict[str, int] = {}
    numbers: list[tuple[int, int]] = []
    values: list[tuple[float, float]] = []
    features = Features()
    for row in rows:
        numbers.append((actions.setdefault(row.action, len(actions)), places.setdefault(row.place, len(places))))
        values.append((row.reward, row.propensity))
        features.add(row.features)
    if not values:
        raise EvaluationError("no line has a label", where=str(path), next="labels are action:cost:probability")
    if len(actions) * len(places) > _MOST_CELLS:
        what = f"{len(actions):,} actions in {len(places):,} positions are too many"
        raise EvaluationError(what, where=str(path), next="check that position and item_id are what they should be")
    table, numbered = np.array(values, np.float64), np.array(numbers, np.int64)
    rewards = table[:, 0]
    low, high = _range(float(rewards.min()), float(rewards.max()), kind)
    return BanditLog(
        name=str(path),
        actions=tuple(actions),
        places=tuple(places),
        action=numbered[:, 0],
        place=numbered[:, 1],
        rewards=rewards,
        propensities=table[:, 1],
        context=features.dense(),
        low=low,
        high=high,
    )


def _range(low: float, high: float, kind: str) -> tuple[float, float]:
    """Return the rewards' range: clicks and costs are mostly from 0 to 1; else it is what was seen, with 0 in it."""
    if kind == "obd" or (low >= 0 and 0 < high <= 1):
        return 0.0, 1.0
    return (-1.0, 0.0) if low >= -1 and high <= 0 else (min(low, 0.0), max(high, 0.0))


def _vw_rounds(path: str | Path, notes: Notes) -> Iterator[_Round]:
    for where, line in read_lines(path, notes, holds=_HOLDS):
        label, bar, rest = line.partition("|")
        tokens = label.split()
        if tokens and tokens[0] == "shared":
            raise EvaluationError(
                "this is cb_adf, with several lines a round",
                where=where,
                next="write it in the cb format, a line a round",
            )
        if tokens and bar and not label[-1].isspace() and not _LABEL.fullmatch(tokens[-1]):
            tokens.pop()  # a tag: it stands right before the bar
        chosen = [_chosen(token, where) for token in tokens if not token.startswith("'")]
        labelled = [row for row in chosen if row is not None]
        if not labelled:
            notes.add("unlabelled", "lines without a cost and a probability, left out", first=where)
            continue
        if len(labelled) > 1:
            raise EvaluationError(
                f"{len(labelled)} actions have a cost", where=where, next="label the one that was taken"
            )
        action, cost, probability = labelled[0]
        features = tuple(_vw_features(rest)) if bar else ()
        yield _Round(action=action, reward=0.0 - cost, propensity=probability, features=features)


def _chosen(token: str, where: str) -> tuple[str, float, float] | None:
    """Return (action, cost, probability), None for an action that was only available."""
    found = _LABEL.fullmatch(token)
    if found is None:
        raise EvaluationError(f"{token!r} is no label", where=where, next="labels are action:cost:probability")
    if found[2] is None:
        return None
    if found[3] is None:
        raise EvaluationError(
            f"{token!r} has no probability", where=where, next="without propensities nothing can be estimated"
        )
    return str(int(found[1])), _number(found[2], "cost", where), _propensity(found[3], where)


def _vw_features(text: str) -> Iterator[tuple[str, float]]:
    """Yield `namespace^name` and value; what is no number there counts as 1, as VW has it for names alone."""
    for space in text.split("|"):
        namespace, scale = "", 1.0
        tokens = space.split()
        if tokens and not space[0].isspace():
            namespace, scale = _weighted(tokens.pop(0))
        for token in tokens:
            name, value = _weighted(token)
            yield f"{namespace}^{name}", value * scale


def _weighted(token: str) -> tuple[str, float]:
    name, _, text = token.rpartition(":")
    try:
        value = float(text)
    except ValueError:
        return token, 1.0
    return (name, value) if name and math.isfinite(value) else (token, 1.0)


def _table_rounds(path: str | Path, notes: Notes) -> Iterator[_Round]:
    rows = read_lines(path, notes, holds=_HOLDS)
    where, first = next(rows)
    header = _cells(first)
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        advice = (
            "without propensities nothing can be estimated" if missing[-1] == _NEEDED[-1] else "see ltrr ope --help"
        )
        raise EvaluationError(f"the header has no {', '.join(missing)}", where=where, next=advice)
    item, click, propensity = (header.index(name) for name in _NEEDED)
    position = header.index("position") if "position" in header else -1
    contexts = [(name, place) for place, name in enumerate(header) if name.startswith("user_feature_")]
    for where, line in rows:
        cells = _cells(line)
        if len(cells) != len(header):
            raise wrong_columns(where, expected=f"{len(header)} columns, as in the header", found=len(cells))
        reward = _number(cells[click], "click", where)
        if reward not in {0.0, 1.0}:
            raise EvaluationError(f"click {cells[click]!r} is neither 0 nor 1", where=where, next="correct the line")
        yield _Round(
            action=cells[item],
            reward=reward,
            propensity=_propensity(cells[propensity], where),
            place=cells[position] if position >= 0 else "",
            features=tuple((f"{name}={cells[place]}", 1.0) for name, place in contexts),
        )


def _cells(line: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line]))]
    except csv.Error:
        return []


def _number(text: str, what: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) <= _MOST_REWARD:
        raise EvaluationError(
            f"{what} {text!r} is not a number up to {_MOST_REWARD:g}", where=where, next="correct the line"
        )
    return value


def _propensity(text: str, where: str) -> float:
    value = _number(text, "propensity", where)
    if not _LEAST <= value <= 1:
        raise EvaluationError(
            f"propensity {text} is not from {_LEAST:g} to 1",
            where=where,
            next="log the probability of the action taken",
        )
    return value
