"""A reward model for off-policy estimates, fitted so that no round is predicted from itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 5
PENALTY = 1.0


def crossfit(
    logged: NDArray[np.float64],
    expected: NDArray[np.float64],
    rewards: NDArray[np.float64],
    *,
    seed: int,
    folds: int = FOLDS,
    penalty: float = PENALTY,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (`predicted`, `direct`), both (n,), for `offpolicy.Rounds`.

    `logged` (n, d) are features φ(x, a) of each context and the logged action, the first of them a constant 1;
    `expected` (n, d) is their mean under the target, Σₐ π(a|x)·φ(x, a): the model is linear, so that its mean over the
    actions is its value there. A ridge regression (Hoerl & Kennard 1970; the constant is not shrunk) on the other folds
    predicts each fold, which keeps the doubly robust estimate unbiased (Chernozhukov et al., Econometrics Journal 21,
    2018). With a single round there is nothing to learn from: both are 0.
    """
    count, width = logged.shape
    predicted, direct = np.zeros(count), np.zeros(count)
    if count < 2:
        return predicted, direct
    fold = np.random.default_rng(seed).permutation(count) % min(folds, count)
    squares = np.zeros((int(fold.max()) + 1, width, width))
    products = np.zeros((len(squares), width))
    for number in range(len(squares)):
        part = logged[fold == number]
        squares[number], products[number] = part.T @ part, part.T @ rewards[fold == number]
    ridge = np.diag([1e-9, *[penalty] * (width - 1)])
    for number in range(len(squares)):
        theta = np.linalg.solve(squares.sum(0) - squares[number] + ridge, products.sum(0) - products[number])
        own = fold == number
        predicted[own], direct[own] = logged[own] @ theta, expected[own] @ theta
    return predicted, direct
