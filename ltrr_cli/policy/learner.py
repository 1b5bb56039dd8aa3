"""What all learning policies share: evidence, versions made of it, and the file that keeps both."""

from __future__ import annotations

import json
from copy import deepcopy
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_cli.index.files import read_npz
from ltrr_cli.policy.base import BUCKETS
from ltrr_cli.policy.credit import Credit, Pull
from ltrr_cli.policy.model import MAX_ARMS, MAX_FEATURES, WIDTH, Slots, Sums

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

VERSION_EVERY = 20
"""Credits between two versions: a version costs a factorisation, a credit nothing."""
_FORMAT_VERSION = 2
_HEAVIEST = 1e3
"""Heavier pulls count as this: far heavier ones would leave nothing of the others in floating point."""
_LOWER = np.tril_indices(WIDTH)
_DAMAGE = (LookupError, TypeError, AttributeError, OverflowError, RecursionError)
"""What a state that is not one raises beside ValueError."""


class Learner:
    """Evidence up to the current version, and the credits that came since.

    `version` counts the versions made so far; going back makes a new one, so that a number never means two things.
    `half_life` of the evidence is in seconds.
    """

    def __init__(self, *, half_life: float = inf) -> None:
        self.sums = Sums(half_life=half_life)
        self.version = 0
        self.credits = 0
        self._pending: list[Credit] = []

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms that this version knows."""
        return tuple(self.sums.arms.names)

    @property
    def untrained(self) -> bool:
        """Whether this version has seen nothing."""
        return not self.sums.arms.names

    def update(self, credit: Credit) -> None:
        """Take one impression's credit; every VERSION_EVERY of them make a new version.

        Pulls whose reward or weight is not finite, or whose share is no share, are left out; rewards are clipped to
        [-1, 1], weights to 1,000, and a time that is not finite is that of the newest credit.
        """
        self._pending.append(_sane(credit, max([self.sums.time, *(one.time for one in self._pending)])))
        self.credits += 1
        if len(self._pending) >= VERSION_EVERY:
            self.sums.add(self._pending)
            self._pending = []
            self._changed()

    def go_back(self, sums: Sums) -> None:
        """Take earlier evidence in place of this version's and of what came since."""
        self.sums = sums
        self._pending = []
        self._changed()

    def evidence(self) -> Sums:
        """Return a copy of this version's evidence, to go back to."""
        return deepcopy(self.sums)

    def _changed(self) -> None:
        self.version += 1

    def save(self, path: Path) -> None:
        """Write the state as .npz (no pickles); A is symmetric, so only its lower half is kept."""
        sums = self.sums
        state = {
            "format_version": _FORMAT_VERSION,
            "version": self.version,
            "credits": self.credits,
            "time": sums.time if isfinite(sums.time) else None,
            "features": sums.features.names,
            "arms": sums.arms.names,
            "pending": [
                {"context": dict(one.context), "pulls": [pull._asdict() for pull in one.pulls], "time": one.time}
                for one in self._pending
            ],
        }
        np.savez_compressed(
            path,
            state=np.frombuffer(json.dumps(state).encode(), np.uint8),
            a=sums.a[:, :, *_LOWER],
            b=sums.b,
            counts=np.stack([sums.pulled, sums.looked, sums.earned]),
        )

    def load(self, path: Path) -> None:
        """Read what `save` wrote; ValueError if it is damaged or has another format, and all is as it was before."""
        arrays = read_npz(path)
        try:
            state = json.loads(arrays["state"].tobytes())
            if state["format_version"] != _FORMAT_VERSION:
                version = state["format_version"]
                raise ValueError(f"{path.name} has format version {version}, this ltrr reads {_FORMAT_VERSION}")
            self._restore(state, arrays)
        except (json.JSONDecodeError, UnicodeDecodeError, *_DAMAGE) as error:
            raise ValueError(f"{path.name} is damaged") from error

    def _restore(self, state: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        sums = Sums(half_life=self.sums.half_life)
        sums.features = Slots([str(name) for name in state["features"]], MAX_FEATURES)
        sums.arms = Slots([str(name) for name in state["arms"]], MAX_ARMS)
        if len(sums.features.names) > MAX_FEATURES or len(sums.arms.names) > MAX_ARMS:
            raise ValueError("a policy's state with more features or arms than there is room for")
        shape = (len(sums.arms.names), len(BUCKETS))
        lower = np.zeros((*shape, WIDTH, WIDTH))
        lower[:, :, *_LOWER] = arrays["a"].reshape(*shape, len(_LOWER[0]))
        diagonal = np.arange(WIDTH)
        sums.a = lower + np.swapaxes(lower, -1, -2)
        sums.a[:, :, diagonal, diagonal] /= 2
        sums.b = arrays["b"].reshape(*shape, WIDTH).astype(np.float64)
        sums.pulled, sums.looked, sums.earned = arrays["counts"].reshape(3, *shape).astype(np.float64)
        sums.time = -inf if state["time"] is None else float(state["time"])
        pending = [
            Credit(context=one["context"], time=one["time"], pulls=tuple(Pull(**pull) for pull in one["pulls"]))
            for one in state["pending"]
        ]
        version, learned = int(state["version"]), int(state["credits"])
        self.go_back(sums)
        self._pending, self.version, self.credits = pending, version, learned


def _sane(credit: Credit, now: float) -> Credit:
    pulls = tuple(
        pull for pull in credit.pulls if isfinite(pull.reward) and 0 <= pull.weight < inf and 0 <= pull.share <= 1
    )
    if (
        len(pulls) == len(credit.pulls)
        and isfinite(credit.time)
        and all(-1 <= pull.reward <= 1 and pull.weight <= _HEAVIEST for pull in pulls)
    ):
        return credit
    clipped = tuple(
        pull._replace(reward=min(1.0, max(-1.0, pull.reward)), weight=min(_HEAVIEST, pull.weight)) for pull in pulls
    )
    time = credit.time if isfinite(credit.time) else now if isfinite(now) else 0.0
    return Credit(context=credit.context, pulls=clipped, time=time)
