"""Minimising a smooth convex function: L-BFGS with a backtracking line search.

Nocedal & Wright, Numerical Optimization (2006), algorithms 7.4 and 7.5. Deterministic; stops at a finite point
whatever the function does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_KEPT = 10
_STEPS = 200
_ENOUGH = 1e-4
_NEARLY = 1e-8


def minimise(
    function: Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]], start: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return a point where the function, which returns value and gradient, is about smallest; never above the start."""
    point = start.astype(np.float64)
    value, gradient = function(point)
    moves: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    for _ in range(_STEPS):
        direction = -_scaled(gradient, moves)
        slope = float(gradient @ direction)
        if not slope < 0:  # also nan; the curvature kept is of no use
            direction, slope, moves = -gradient, -float(gradient @ gradient), []
        step = 1.0 if moves else 1 / max(1.0, float(np.linalg.norm(gradient)))
        while step > 1e-12:
            candidate = point + step * direction
            new_value, new_gradient = function(candidate)
            if np.isfinite(new_gradient).all() and new_value <= value + _ENOUGH * step * slope:
                break
            step /= 2
        else:
            break
        moved, turned = candidate - point, new_gradient - gradient
        if float(moved @ turned) > 1e-12 * float(turned @ turned):
            moves = [*moves[1 - _KEPT :], (moved, turned)]
        done = value - new_value < _NEARLY * max(1.0, abs(value))
        point, value, gradient = candidate, new_value, new_gradient
        if done:
            break
    return point


def _scaled(
    gradient: NDArray[np.float64], moves: list[tuple[NDArray[np.float64], NDArray[np.float64]]]
) -> NDArray[np.float64]:
    """Return the gradient times the inverse curvature that the last moves tell of (the two-loop recursion)."""
    out = gradient.copy()
    kept = []
    for moved, turned in reversed(moves):
        inverse = 1 / float(moved @ turned)
        share = inverse * float(moved @ out)
        out -= share * turned
        kept.append((inverse, share))
    if moves:
        moved, turned = moves[-1]
        out *= float(moved @ turned) / float(turned @ turned)
    for (moved, turned), (inverse, share) in zip(moves, reversed(kept), strict=True):
        out += moved * (share - inverse * float(turned @ out))
    return out
