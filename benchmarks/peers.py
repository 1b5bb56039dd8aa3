"""Other bandit libraries on the mixed stream: does one of them choose what to retrieve as well as the policy does?

The requests, arms, features and budget of benchmarks/policy.py. A library chooses one action for each request and is
told 1 if that covered the request, else 0. An action is either one arm at full depth (`arms`), or one of 16 splits made
without looking at labels (`menu`): the equal split, every arm alone, every two arms half and half. Only splits whose
arms all apply are offered, and the equal one.

Of each algorithm's settings, its library's default among them, the one that covers most of stream 1 is run on the
streams after it, and only those count. Vowpal Wabbit learns after every request, the linear algorithms after every one
or every 20, and those that have to be fitted to everything seen, every 200, which saves most of their time.

Not here: Vowpal Wabbit's slates and conditional contextual bandits. They fill every slot of a page with an action each;
neither can say how deep each arm is to go under a common budget.

    pip install mabwiser contextualbandits vowpalwabbit
    python benchmarks/peers.py [--seeds 3]

writes benchmarks/peers.md, without the libraries that are not installed. Nothing is kept between runs.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import importlib.util
import itertools
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from mixed import Stream, streams
from policy import BUDGET, covered, fixed_depths, references, run
from policy_page import EQUAL, FIXED, LAST, PERIODS, spread

from ltrr_cli.policy.thompson import ThompsonPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor

    from numpy.typing import NDArray

PAGE = Path(__file__).with_suffix(".md")
INSTALL = "pip install mabwiser contextualbandits vowpalwabbit"
EVERY = 20
"""Requests that the linear algorithms learn from together: our policy makes a version every 20 credits."""
REFIT = 200
"""Requests between two fits of what can only be fitted to everything."""
CAUTIOUS = ((2, 1), 5)
"""contextualbandits' `beta_prior`: an arm with fewer than 5 successes or failures scores as Beta(2, 1). Its manual asks
for such a prior where rewards are frequent; with its default arms that were unlucky at first are not tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One stream as a library sees it, and the outcomes of k actions for its n requests.

    `x` (n, d): a constant, then every named feature of the stream, 0 where it is absent; `offered` and `won` (n, k)
    bool: the action may be chosen, it covers the request; `actions` gives the depths of each by arm; `seed` for chance.
    """

    x: NDArray[np.float64]
    offered: NDArray[np.bool_]
    won: NDArray[np.bool_]
    actions: tuple[Mapping[str, int], ...]
    seed: int


class MabWiser:
    """MABWiser's linear policies; random until the first update, without which it does not answer."""

    def __init__(self, task: Task, *, policy: str, alpha: float) -> None:
        library: Any = importlib.import_module("mabwiser.mab")
        self._actions = list(range(len(task.actions)))
        self._bandit = library.MAB(self._actions, getattr(library.LearningPolicy, policy)(alpha), seed=task.seed)
        self._rng = np.random.default_rng(task.seed)
        self._fitted = False

    def choose(self, x: NDArray[np.float64], offered: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Return the actions that score best."""
        if not self._fitted:
            return _best(self._rng.random(offered.shape), offered)
        scored = self._bandit.predict_expectations(x)
        rows = [scored] if isinstance(scored, dict) else scored
        return _best(np.array([[row[action] for action in self._actions] for row in rows]), offered)

    def learn(self, x: NDArray[np.float64], actions: NDArray[np.intp], rewards: NDArray[np.float64]) -> None:
        """Add to the sums."""
        (self._bandit.partial_fit if self._fitted else self._bandit.fit)(actions, rewards, x)
        self._fitted = True


class ContextualBandits:
    """A policy of contextualbandits; its scores are random before the first fit."""

    def __init__(self, task: Task, *, policy: str, refit: bool = False, **options: Any) -> None:
        library: Any = importlib.import_module("contextualbandits.online")
        if policy == "BootstrappedTS":
            base = importlib.import_module("sklearn.linear_model").LogisticRegression
            options |= {"base_algorithm": base(fit_intercept=False, C=options.pop("C")), "njobs_arms": 1}
        else:
            options |= {"njobs": 1, "fit_intercept": False}  # the constant is in x
        self._bandit = getattr(library, policy)(nchoices=len(task.actions), random_state=task.seed, **options)
        self._refit = refit
        self._seen: list[tuple[NDArray[Any], ...]] = []

    def choose(self, x: NDArray[np.float64], offered: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Return the actions that score best."""
        return _best(self._bandit.decision_function(x), offered)

    def learn(self, x: NDArray[np.float64], actions: NDArray[np.intp], rewards: NDArray[np.float64]) -> None:
        """Add to the sums, or fit to everything every REFIT requests, the first time at once."""
        self._seen.append((x, actions, rewards))
        if not self._refit:
            self._bandit.partial_fit(x, actions, rewards)
        elif (len(self._seen) - 1) % (REFIT // EVERY) == 0:
            self._bandit.fit(*(np.concatenate(part) for part in zip(*self._seen, strict=True)))


class VowpalWabbit:
    """Vowpal Wabbit's `--cb_explore_adf`; costs are 1 - reward, every feature is crossed with those of the action.

    They are its number and, with `described`, the arms that run, with their shares of the budget.
    """

    def __init__(self, task: Task, *, described: bool, **options: object) -> None:
        library: Any = importlib.import_module("vowpalwabbit")
        explorer = " ".join(f"--{option} {value}" for option, value in options.items())
        words = f"--cb_explore_adf --cb_type mtr --interactions ca --quiet --random_seed {task.seed} {explorer}"
        self._workspace = library.Workspace(words)
        self._rng = np.random.default_rng(task.seed)
        self._lines = [f"|a number{number}" for number in range(len(task.actions))]
        if described:
            parts = [" ".join(f"{arm}:{depth / BUDGET}" for arm, depth in one.items()) for one in task.actions]
            self._lines = [f"{line} {part}" for line, part in zip(self._lines, parts, strict=True)]
        self._asked: tuple[str, list[int], float] = ("", [], 1.0)

    def choose(self, x: NDArray[np.float64], offered: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Draw the action of one request."""
        features = " ".join(f"f{place}:{value:.6g}" for place, value in enumerate(x[0].tolist()) if value)
        shared, numbers = f"shared |c {features}", np.flatnonzero(offered[0]).tolist()
        shares = np.array(self._workspace.predict([shared, *(self._lines[number] for number in numbers)]))
        drawn = int(self._rng.choice(len(numbers), p=shares / shares.sum()))
        self._asked = (shared, numbers, float(shares[drawn]))
        return np.array([numbers[drawn]])

    def learn(self, _: NDArray[np.float64], actions: NDArray[np.intp], rewards: NDArray[np.float64]) -> None:
        """Learn the request that was asked last."""
        shared, numbers, share = self._asked
        label = {int(actions[0]): f"0:{1 - rewards[0]:g}:{share} "}
        self._workspace.learn([shared, *(label.get(number, "") + self._lines[number] for number in numbers)])


def _best(scores: NDArray[np.float64], offered: NDArray[np.bool_]) -> NDArray[np.intp]:
    return np.asarray(np.where(offered, scores, -np.inf).argmax(1), np.intp)


Learner: TypeAlias = MabWiser | ContextualBandits | VowpalWabbit
Outcome: TypeAlias = tuple["NDArray[np.bool_]", float]
"""Which requests of a stream were covered, (n,), and ms a request."""
OURS = "ours, bandit | |"
Setting: TypeAlias = tuple[str, "Callable[[Task], Learner]", int]
"""What the page calls it, how to make a learner, and how many requests it learns from together."""


def linear(make: Callable[..., Learner], option: str) -> list[Setting]:
    """Return settings of how much a linear algorithm explores, the default first."""
    runs = [(value, EVERY) for value in (1.0, 0.3, 0.1, 0.03)] + [(value, 1) for value in (0.1, 0.03)]
    return [(f"{option} {value}, by {every}", partial(make, **{option: value}), every) for value, every in runs]


def vowpal(make: Callable[..., Learner], option: str, values: Sequence[float]) -> list[Setting]:
    """Return settings of an explorer, the default first, with numbered and with described actions."""
    runs = itertools.product(values, ("", ", described"))
    return [(f"{option} {one}{note}", partial(make, described=bool(note), **{option: one}), 1) for one, note in runs]


refitted: Callable[..., Learner] = partial(ContextualBandits, refit=True, beta_prior=CAUTIOUS)
LIBRARIES: Mapping[str, Mapping[str, list[Setting]]] = {
    "mabwiser": {name: linear(partial(MabWiser, policy=name), "alpha") for name in ("LinTS", "LinUCB")},
    "contextualbandits": {
        # Not its default "coef": in 0.3.30 the samples that this draws are far from the posterior's mean.
        "LinTS": linear(partial(ContextualBandits, policy="LinTS", sample_from="ci"), "v_sq"),
        "LinUCB": linear(partial(ContextualBandits, policy="LinUCB"), "alpha"),
        "LogisticUCB": [(f"{p} %", partial(refitted, policy="LogisticUCB", percentile=p), EVERY) for p in (80, 70, 60)],
        "BootstrappedTS": [(f"C {c}", partial(refitted, policy="BootstrappedTS", C=c), EVERY) for c in (1.0, 10.0)],
    },
    "vowpalwabbit": {
        "epsilon-greedy": vowpal(VowpalWabbit, "epsilon", (0.05, 0.02, 0.01)),
        "SquareCB": vowpal(partial(VowpalWabbit, squarecb=""), "gamma_scale", (10, 100, 300)),
        "RegCB, optimistic": vowpal(partial(VowpalWabbit, regcbopt=""), "mellowness", (0.1, 0.01, 0.001)),
    },
}


def task_of(stream: Stream, use: str) -> Task:
    """Return a stream as a library sees it."""
    places = range(len(stream.arms))
    chosen: list[tuple[int, ...]] = [(place,) for place in places]
    if use == "menu":
        chosen += [*itertools.combinations(places, 2), tuple(places)]
    splits = [[BUDGET // len(some) if place in some else 0 for place in places] for some in chosen]
    names = dict.fromkeys(name for context in stream.contexts for name in context)
    # The equal split is over the arms that apply, so it can always be chosen.
    offered = [stream.applies[:, list(some)].all(1) | (len(some) == len(places)) for some in chosen]
    return Task(
        x=np.array([[1.0, *(context.get(name, 0.0) for name in names)] for context in stream.contexts]),
        offered=np.stack(offered, 1),
        won=np.stack([covered(stream, fixed_depths(stream, split, BUDGET)) for split in splits], 1),
        actions=tuple({arm: depth for arm, depth in zip(stream.arms, one, strict=True) if depth} for one in splits),
        seed=stream.seed,
    )


def replay(setting: Setting, task: Task) -> Outcome:
    """Return which requests an algorithm with a setting covers."""
    learner, every, found = setting[1](task), setting[2], np.zeros(len(task.x), np.bool_)
    started = time.perf_counter()
    for start in range(0, len(found), every):
        part = slice(start, start + every)
        actions = learner.choose(task.x[part], task.offered[part])
        found[part] = task.won[part][np.arange(len(actions)), actions]
        learner.learn(task.x[part], actions, found[part].astype(np.float64))
    return found, (time.perf_counter() - started) / len(found) * 1e3


def ours(stream: Stream) -> Outcome:
    """Return which requests our policy covers in `bandit` mode; its time holds the walk that assigns credit, too."""
    started = time.perf_counter()
    done = run(lambda seed: ThompsonPolicy(seed=seed), stream, mode="bandit", budget=BUDGET, rng_seed=stream.seed)
    return done.covered, (time.perf_counter() - started) / len(stream) * 1e3


def measure(drawn: Sequence[Stream], libraries: Sequence[str], pool: Executor) -> Iterator[tuple[str, list[Outcome]]]:
    """Return what each system did with the streams after the first: ours, what does not learn, then the libraries."""
    mine = [pool.submit(ours, stream) for stream in drawn[1:]]
    tasks = {use: [task_of(stream, use) for stream in drawn] for use in ("arms", "menu")}
    algorithms = [(library, name, use) for library in libraries for name in LIBRARIES[library] for use in tasks]
    tried = [
        [pool.submit(replay, setting, tasks[use][0]) for setting in LIBRARIES[library][name]]
        for library, name, use in algorithms
    ]
    yield OURS, [one.result() for one in mine]
    known = [references(stream)[0] for stream in drawn[1:]]
    yield from ((f"{name} | |", [(one[name], 0.0) for one in known]) for name in (EQUAL, FIXED))
    final = {}
    for (library, name, use), runs in zip(algorithms, tried, strict=True):
        setting = LIBRARIES[library][name][int(np.argmax([one.result()[0].mean() for one in runs]))]
        label = f"{library} {name} | {use} | {setting[0]}"
        final[label] = [pool.submit(replay, setting, task) for task in tasks[use][1:]]
    yield from ((label, [one.result() for one in runs]) for label, runs in final.items())


def main() -> None:
    """Choose each algorithm's setting on the first stream, run it on the others, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="streams that count, after the first")
    drawn = streams(1 + max(1, parser.parse_args().seeds))
    libraries = [name for name in LIBRARIES if importlib.util.find_spec(name) is not None]
    missing = [f"Not installed, and so not here: {name}; `{INSTALL}`." for name in LIBRARIES if name not in libraries]
    print(*missing, sep="\n", file=sys.stderr)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in libraries)
    lines = [
        "# Other bandit libraries on the mixed stream\n",
        f"Made by `python benchmarks/peers.py` with {versions or 'none of them'}.",
        f"Share of requests with a relevant entity among {BUDGET} candidates, and how much more ours covers: means of",
        f"{len(drawn) - 1} streams, normal 95 % intervals of paired differences. *arms*: an action is one arm at full",
        f"depth; *menu*: one of 16 splits. Settings are chosen on one stream more, the {FIXED} with all labels.\n",
        "All see the same features. The libraries are told 1 or 0 for every request; ours is told nothing where none",
        "was covered, otherwise the rank at which each arm that ran has the entity that was acted on. Time is that of",
        "choosing and learning, with one thread; *by 20*: 20 requests at once, between which nothing is learned.\n",
        f"| system | use | setting | {LAST} | ours more | first 500 | ours more | all | ours more | ms a request |",
        "|---|---|---|" + "--:|" * 7,
    ]
    # For the processes that are started now: one thread each, and no word of what libraries think of each other.
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        done = dict(measure(drawn, libraries, pool))
    found = {label: np.array([one for one, _ in outcomes]) for label, outcomes in done.items()}
    for label, outcomes in done.items():
        cells = [label]
        for part in (PERIODS[LAST], PERIODS["first 500"], PERIODS["all"]):
            means, mine = (found[one][:, part].mean(1) for one in (label, OURS))
            cells += [f"{means.mean():.4f}", spread(mine - means) if label != OURS else ""]
        spent = np.mean([ms for _, ms in outcomes])
        lines.append(f"| {' | '.join(cells)} | {f'{spent:.2f}' if spent else ''} |")
    PAGE.write_text("\n".join([*lines, "", *missing]).rstrip() + "\n", encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
