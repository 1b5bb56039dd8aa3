"""Learning to retrieve, on the mixed stream: does the policy give each kind of request the arms that answer it?

20 candidates in all; a request is covered if one of its relevant entities is among them. A request's text is all that
the policy may go by. Nothing but the policy learns: the memory is filled before, and frozen. Every seed draws and
shuffles another stream over the same catalogue.

After a covered request somebody acts on one relevant entity that is in the pool (or, apart, on the page), and
the policy gets the engine's credit for it, or that of a page that nobody acted on: in `bandit` mode only the arms that
ran teach, as deep as they ran, in `hindsight` mode all arms do; `mean` is bandit feedback without exploration. Beside
them: the equal split, the best single arm, the best fixed split and the best split for each set, told which set a
request is of; all three are chosen with the labels, the last one with those of the first 3,825 requests. The oracle
covers what any selection can.

    python benchmarks/policy.py [--seeds 10] [--quick] [--exposure]

writes benchmarks/policy.md and .svg. Runs are kept in `.out/mixed/runs` by the policy's code: remove that folder after
a change of this file that matters.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import shutil
import time
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import policy_page
from mixed import INDEX, PARTS, Stream, streams, warm_up
from policy_page import BANDIT, EQUAL, FIXED, HINDSIGHT, LAST, MEAN, ORACLE, PERIODS, QUICK, SINGLE, TOLD

import ltrr_cli.policy
from ltrr_cli import Engine
from ltrr_cli.cli.plot import draw
from ltrr_cli.engine.search import Choice, answer
from ltrr_cli.evaluation import charts
from ltrr_cli.policy.base import BUCKETS, MAX_DEPTH, Budget, Selection, equal_split, top_up
from ltrr_cli.policy.credit import ORDERS, no_action, walk
from ltrr_cli.policy.history import History
from ltrr_cli.policy.thompson import ThompsonPolicy
from ltrr_cli.records import Query
from ltrr_cli.retrieval.base import FIRST
from ltrr_cli.text import key

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from ltrr_cli.engine.opened import Opened
    from ltrr_cli.policy.base import Policy
    from ltrr_cli.policy.credit import Credit

Mode: TypeAlias = Literal["bandit", "hindsight", "mean"]
MODES: Mapping[str, Mode] = {BANDIT: "bandit", HINDSIGHT: "hindsight", MEAN: "mean"}
BUDGET = 20
FITTED = 3825
"""Requests on which "told the set" is fitted."""
BUDGETS = (10, 20, 40, 60, 80, 120)
DEEP = 50
"""Depth of every arm, against which candidates are saved."""
FEW = 2
"""Streams for what is measured on the side."""
PAGE = Path(__file__).with_suffix(".md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a policy did with a stream of n requests.

    `covered` (n,) bool: a relevant entity was in the pool; `acted` (n,) bool: somebody acted on one; `depths` (n, arms)
    as chosen; `distinct` (n,) candidates in the pool; `ms` (n,) that the arms took.
    """

    covered: NDArray[np.bool_]
    acted: NDArray[np.bool_]
    depths: NDArray[np.int16]
    distinct: NDArray[np.int32]
    ms: NDArray[np.float64]


def run(
    policy_factory: Callable[[int], Policy],
    stream: Stream,
    *,
    mode: Mode,
    budget: int,
    rng_seed: int,
    page: Callable[[int, Selection], Collection[str]] | None = None,
    reward: float = 1.0,
    ms: float = inf,
) -> Run:
    """Replay a stream: select, act, credit, for each request in turn.

    `policy_factory` is given `rng_seed`, which decides all chance: which entity is acted on is the same for every
    policy that finds it. `page` names the entities that a request's user looks at, the whole pool without it. `reward`
    in [0, 1] is an action's worth. `ms` is what the arms may take together, by their medians; what runs first has
    taken its time when the policy chooses.
    """
    policy, history = policy_factory(rng_seed), History()
    usual = {arm: float(one) for arm, one in zip(stream.arms, medians(stream), strict=True)}
    spent = sum(usual[arm] for arm in usual if arm in FIRST)
    limit = Budget(budget, ms - spent, {**usual, **dict.fromkeys(FIRST, 0.0)})
    luck = np.random.default_rng([rng_seed, 0])
    depths = np.zeros((len(stream), len(stream.arms)), np.int16)
    acted = np.zeros(len(stream), np.bool_)
    for number, ranks in enumerate(stream.ranks):
        arms = [arm for arm, applies in zip(stream.arms, stream.applies[number].tolist(), strict=True) if applies]
        text = key(stream.texts[number])
        context = {**stream.contexts[number], **history.features(text, arms)}
        selection = _select(policy, mode, context, arms, limit, _rng(rng_seed, 2 * number + 1))
        ran = dict(selection.depths)
        depths[number] = [ran.get(arm, 0) for arm in stream.arms]
        order = luck.permutation(len(ranks))
        found = ((ranks > 0) & (ranks <= depths[number])).any(1)
        if page is not None and found.any():
            seen = page(number, selection)
            found &= np.array([entity_id in seen for entity_id in stream.relevant[number]])
        credit_rng = _rng(rng_seed, 2 * number + 2)
        if not found.any():
            everything = {(arm, bucket): 1.0 for arm in ran for bucket in range(len(BUCKETS))}
            policy.update(no_action(context, ran, everything, credit_rng, budget=budget))
            continue
        acted[number] = True
        chosen = dict(zip(stream.arms, ranks[order[found[order]][0]].tolist(), strict=True))
        found_at = {arm: rank for arm, rank in chosen.items() if 0 < rank <= ran.get(arm, 0)}
        history.learn(text, ran, found_at)
        known = dict.fromkeys(arms, MAX_DEPTH) if mode == "hindsight" else ran
        ranks_known = {arm: rank if rank <= known.get(arm, 0) else 0 for arm, rank in chosen.items()}
        policy.update(walk(context, ranks_known, known, ran, reward, credit_rng, budget=budget, orders=ORDERS))
    return _outcome(stream, depths, acted)


def _select(
    policy: Policy,
    mode: Mode,
    context: Mapping[str, float],
    arms: Sequence[str],
    budget: Budget,
    rng: np.random.Generator,
) -> Selection:
    if mode == "mean" and isinstance(policy, ThompsonPolicy):
        return policy.mean(context, arms, budget)
    return policy.select(context, arms, budget, rng)


def _rng(seed: int, number: int) -> np.random.Generator:
    return np.random.default_rng([seed, number])


def _outcome(stream: Stream, depths: NDArray[np.int16], acted: NDArray[np.bool_] | None = None) -> Run:
    """Return what these depths (n, arms) give; whoever finds a relevant entity acts, unless `acted` says otherwise."""
    found = covered(stream, depths)
    taken = np.arange(MAX_DEPTH) < depths[:, :, None]
    rows = np.where(taken, stream.lists, -1)
    flat = np.sort(rows.reshape(len(stream), -1), axis=1)
    new = (flat[:, 1:] != flat[:, :-1]) & (flat[:, 1:] >= 0)
    return Run(
        covered=found,
        acted=found if acted is None else acted,
        depths=depths,
        distinct=(new.sum(1) + (flat[:, 0] >= 0)).astype(np.int32),
        ms=_time(stream, depths > 0),
    )


def _time(stream: Stream, runs: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return what the arms that run take, by each one's median; what runs first always does, chosen or not."""
    always = np.array([arm in FIRST for arm in stream.arms])
    return np.asarray(((runs | always) & stream.applies) @ medians(stream))


def medians(stream: Stream) -> NDArray[np.float64]:
    """Return what each arm takes at full depth, (arms,) ms: the median."""
    taken = np.where(stream.applies, stream.ms, 0).T
    return np.array([np.median(ms[ms > 0]) if ms.any() else 0.0 for ms in taken])


def covered(stream: Stream, depths: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Return whether an arm finds a relevant entity within its depth, (n,), for depths (n, arms)."""
    return np.asarray(((stream.best > 0) & (stream.best <= depths)).any(1))


class Page:
    """The first ten as the live ranker orders the pool; `reserve` keeps a slot for what was explored."""

    def __init__(self, opened: Opened, stream: Stream, *, reserve: bool) -> None:
        self._opened, self._stream, self._reserve = opened, stream, reserve
        self._now = float(warm_up()["now"])

    def __call__(self, number: int, selection: Selection) -> Collection[str]:
        """Return the ids on the page of a request."""
        query = Query(id="", text=self._stream.texts[number], time=self._now)
        answered = answer(self._opened, query, Choice(seed=0, policy=Chosen(selection, reserve=self._reserve)))
        return {result.id for result in answered.results}


class Chosen:
    """A selection that was made before."""

    name = "chosen"
    version = 0

    def __init__(self, selection: Selection, *, reserve: bool) -> None:
        self._selection = Selection(depths=selection.depths, usual=selection.usual if reserve else None)

    def select(
        self, context: Mapping[str, float], arms: Sequence[str], budget: Budget | int, rng: np.random.Generator
    ) -> Selection:
        """Return the selection."""
        del context, arms, budget, rng
        return self._selection

    def distribution(
        self, context: Mapping[str, float], arms: Sequence[str], budget: Budget | int
    ) -> list[tuple[dict[str, int], float]]:
        """Return the selection alone."""
        del context, arms, budget
        return [(dict(self._selection.depths), 1.0)]

    def update(self, credit: Credit) -> None:
        """Learn nothing."""


def grid(arms: int, budget: int) -> list[tuple[int, ...]]:
    """Return all splits of at most the budget over so many arms, each at a bucket's end or not running."""
    ends = (0, *(end for end in BUCKETS if end <= budget))
    return [split for split in itertools.product(ends, repeat=arms) if 0 < sum(split) <= budget]


def fixed_depths(stream: Stream, split: Sequence[int], budget: int) -> NDArray[np.int16]:
    """Return (n, arms) depths: the split over the arms that apply, topped up as the policy's selections are.

    Where none of its arms applies, the equal split over those that do.
    """

    def over(arms: Sequence[str]) -> dict[str, int]:
        chosen = {arm: depth for arm, depth in zip(stream.arms, split, strict=True) if depth and arm in arms}
        return top_up(chosen, budget) if chosen else equal_split(arms, budget)

    return _by_pattern(stream, over)


def equal_depths(stream: Stream, budget: int) -> NDArray[np.int16]:
    """Return (n, arms) depths of the equal split over the arms that apply."""
    return _by_pattern(stream, lambda arms: equal_split(arms, budget))


def _by_pattern(stream: Stream, depths_of: Callable[[Sequence[str]], Mapping[str, int]]) -> NDArray[np.int16]:
    """Return (n, arms) depths that depend on nothing but which arms apply."""
    patterns, which = np.unique(stream.applies, axis=0, return_inverse=True)
    table = []
    for pattern in patterns.tolist():
        depths = depths_of([arm for arm, applies in zip(stream.arms, pattern, strict=True) if applies])
        table.append([depths.get(arm, 0) for arm in stream.arms])
    return np.array(table, np.int16)[which.ravel()]


def references(stream: Stream) -> tuple[dict[str, NDArray[np.bool_]], dict[str, tuple[int, ...]]]:
    """Return what systems that do not learn cover, each (n,), and which splits were best."""
    splits = grid(len(stream.arms), BUDGET)
    outcomes = np.array([covered(stream, fixed_depths(stream, split, BUDGET)) for split in splits])  # (splits, n)
    alone = [number for number, split in enumerate(splits) if sum(split) == max(split) == BUDGET]
    single = alone[int(outcomes[alone].mean(1).argmax())]
    best = int(outcomes.mean(1).argmax())
    told = np.zeros(len(stream), np.bool_)
    chosen = {FIXED: splits[best]}
    for name in np.unique(stream.sets).tolist():
        own = stream.sets == name
        known = own & (np.arange(len(stream)) < FITTED)
        number = int(outcomes[:, known].mean(1).argmax())
        told[own] = outcomes[number, own]
        chosen[name] = splits[number]
    within = (stream.best > 0) & (stream.best <= BUDGET)
    return {
        EQUAL: covered(stream, equal_depths(stream, BUDGET)),
        SINGLE: outcomes[single],
        FIXED: outcomes[best],
        TOLD: told,
        ORACLE: within.any(1),
    }, chosen


def main() -> None:
    """Run what was not run yet with this policy, then write the page and the chart."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10, help="streams to replay")
    parser.add_argument("--quick", action="store_true", help="two streams only")
    parser.add_argument("--exposure", action="store_true", help="also: users who see a page only, one stream")
    options = parser.parse_args()
    drawn = streams(2 if options.quick else max(1, options.seeds))
    found = [references(stream) for stream in drawn]
    systems = {name: np.array([one[name] for one, _ in found]) for name in (EQUAL, SINGLE, FIXED)}
    for name, mode in MODES.items():
        systems[name] = np.array([kept(stream, mode, BUDGET).covered for stream in drawn])
    systems |= {name: np.array([one[name] for one, _ in found]) for name in (TOLD, ORACLE)}
    lines = policy_page.results(systems, drawn, budget=BUDGET, fitted=FITTED)
    lines += policy_page.by_set(systems, drawn, found[0][1], budget=BUDGET)
    lines += saving(drawn[:FEW])
    lines += exposure(drawn[0]) if options.exposure else []
    pictures = [policy_page.regret(systems, against) for against in (ORACLE, FIXED)]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    charts.save(pictures, PAGE.with_suffix(".svg"))
    print(PAGE.read_text(encoding="utf-8"))
    for picture in pictures:
        print(draw(picture, shutil.get_terminal_size().columns, unicode=True), end="\n\n")


def saving(drawn: Sequence[Stream]) -> list[str]:
    """Run smaller and larger budgets, against every arm deep."""
    part = PERIODS[LAST]

    def means(runs: Sequence[Run]) -> policy_page.Point:
        return policy_page.Point(*np.mean([[x[part].mean() for x in (r.covered, r.distinct, r.ms)] for r in runs], 0))

    whole = means([_outcome(stream, (stream.applies * DEEP).astype(np.int16)) for stream in drawn])
    curves: dict[str, list[policy_page.Point]] = {EQUAL: [], BANDIT: [], QUICK: []}
    for budget in BUDGETS:
        curves[QUICK].append(means([kept(one, "bandit", budget, ms=everything(one)) for one in drawn]))
        curves[EQUAL].append(means([_outcome(one, equal_depths(one, budget)) for one in drawn]))
        curves[BANDIT].append(means([kept(one, "bandit", budget) for one in drawn]))
    return policy_page.saving(curves, budgets=BUDGETS, depth=DEEP, whole=whole, streams=len(drawn))


def everything(stream: Stream) -> float:
    """Return what all arms take together."""
    return float(medians(stream).sum())


def exposure(stream: Stream) -> list[str]:
    """Run with users who see the whole pool, a page, and a page with a reserved slot."""
    part = PERIODS[LAST]
    rows: dict[str, list[tuple[float, float]]] = {BANDIT: []}
    with Engine.open(INDEX) as engine:
        for name, cells in rows.items():
            for kind in ("pool", "page", "slot"):
                page = None if kind == "pool" else Page(engine._opened, stream, reserve=kind == "slot")  # noqa: SLF001
                done = kept(stream, MODES[name], BUDGET, page=page, kind=kind)
                cells.append((float(done.covered[part].mean()), float(done.acted[part].mean())))
    return policy_page.exposure(rows)


def kept(
    stream: Stream, mode: Mode, budget: int, *, page: Page | None = None, kind: str = "pool", ms: float = inf
) -> Run:
    """Return the learned policy's run, kept for as long as the policy's code stays the same."""
    folder = PARTS / "runs" / digest()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stream.seed}-{mode}-{budget}-{kind}{'' if ms == inf else '-timed'}.npz"
    if not path.exists():
        started = time.perf_counter()
        done = run(
            lambda seed: ThompsonPolicy(seed=seed),
            stream,
            mode=mode,
            budget=budget,
            rng_seed=stream.seed,
            page=page,
            ms=ms,
        )
        partial = path.with_suffix(".part.npz")
        np.savez_compressed(partial, acted=done.acted, depths=done.depths)
        partial.replace(path)
        share = done.covered.mean()
        spent = time.perf_counter() - started
        print(f"stream {stream.seed}, {mode}, {budget}, {kind}: {share:.4f} in {spent:.0f} s", flush=True)
    with np.load(path, allow_pickle=False) as file:
        return _outcome(stream, file["depths"], file["acted"])


def digest() -> str:
    """Return a hash of the policy's code."""
    sources = sorted(path for folder in ltrr_cli.policy.__path__ for path in Path(folder).glob("*.py"))
    code = hashlib.sha256()
    for source in sources:
        code.update(source.read_bytes())
    return code.hexdigest()[:12]


if __name__ == "__main__":
    main()
