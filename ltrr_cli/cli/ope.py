"""`ltrr ope`: what another policy, or another ranker, would have earned on what was logged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ltrr_cli.cli.options import IndexOption, JsonOption, QuietOption, find_index
from ltrr_cli.cli.outputs import SeedOption, bounds, show_sections

if TYPE_CHECKING:
    from ltrr_cli.estimators.offpolicy import Estimate
    from ltrr_cli.evaluation.notes import Notes
    from ltrr_cli.evaluation.ope_records import Evaluated, Target

HELP = """Estimate, from a log alone, what another policy or ranker would have earned (off-policy evaluation).

LOG is an index (by default the nearest one: its own log), UBI files that ltrr wrote (-i names the index whose settings
and learned policy are meant), a Vowpal Wabbit file (action:cost:probability | features; the reward is minus the cost),
or an Open Bandit CSV. Policies for an index or UBI: equal, live, prior, fixed:lexical:50,semantic:50, single:lexical.
Policies for bandit logs: uniform, action:NAME, log:FILE (another log's mean propensities). The logging policy itself,
logged, is always shown. Rankers: live, prior, challenger; they order the shown pages anew.

A round is an impression that the learned policy answered; its reward is the highest of the actions on what was shown,
0 without one. Warnings say where the log holds too little of what the other policy does."""
EPILOG = """\b
Examples:
  ltrr ope
  ltrr ope my.ltrr --policy equal --policy single:semantic --ranker prior
  ltrr ope random.csv.zst --policy log:bts.csv.zst --policy uniform
  ltrr ope exploration.vw --policy action:3 --clip 5 --json
"""


def ope(
    logs: Annotated[
        list[str] | None,
        typer.Argument(metavar="LOG", help="An index, UBI files, or a bandit log.", show_default=False),
    ] = None,
    *,
    policy: Annotated[
        list[str] | None,
        typer.Option("--policy", "-p", metavar="P", help="What to estimate; may be repeated.", show_default=False),
    ] = None,
    ranker: Annotated[
        list[str] | None,
        typer.Option("--ranker", "-r", metavar="R", help="live, prior or challenger; repeatable.", show_default=False),
    ] = None,
    clip: Annotated[float, typer.Option("--clip", metavar="W", help="Where the clipped estimate cuts weights.")] = 10.0,
    index: IndexOption = None,
    seed: SeedOption = 0,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Parse, estimate, show."""
    from ltrr_cli.cli.console import bars
    from ltrr_cli.cli.text import notice, show_json
    from ltrr_cli.errors import UsageError

    if not 0 < clip < float("inf"):
        raise UsageError(f"--clip: {clip:g} is not above 0", next="weights above it are cut; 10 is common")
    named = logs or [str(find_index(index))]
    from ltrr_cli.evaluation.notes import Notes
    from ltrr_cli.evaluation.ope import evaluate_log
    from ltrr_cli.evaluation.ope_summary import of_ope

    notes = Notes()
    with bars(quiet=quiet) as tell:
        result = evaluate_log(
            named,
            notes,
            index=index,
            policies=policy or (),
            rankers=ranker or (),
            clip=clip,
            seed=seed,
            progress=lambda more: tell("policies", more, None),
        )
    for remark in notes.remarks:
        notice(f"note: {remark}")
    for warning in _warnings(result):
        notice(f"warning: {warning}")
    if as_json:
        show_json(_as_json(result, notes))
    else:
        show_sections(of_ope(result))


def _warnings(result: Evaluated) -> list[str]:
    policies = [f"{target.name}: {text}" for target in result.targets for text in target.valuation.warnings]
    rankers = dict.fromkeys(text for one in result.rankers for text in one.warnings)
    return [*result.warnings, *policies, *(f"rankers: {text}" for text in rankers)]


def _as_json(result: Evaluated, notes: Notes) -> dict[str, Any]:
    from ltrr_cli.cli.text import number

    return {
        "rounds": result.rounds,
        "rewarded": result.rewarded,
        "policies": {target.name: _policy(target) for target in result.targets},
        "rankers": {
            one.name: {
                "estimate": number(one.normal.value),
                "normal": bounds(one.normal),
                "bootstrap": bounds(one.bootstrap),
                "moved": number(one.moved),
                "cut": number(one.cut),
                "warnings": list(one.warnings),
            }
            for one in result.rankers
        },
        "notes": dict(notes.counts),
        "warnings": list(result.warnings),
    }


def _policy(target: Target) -> dict[str, Any]:
    from ltrr_cli.cli.text import number

    found = target.valuation
    return {
        "estimates": {one.method: _estimate(one) for one in found.estimates},
        "own_log": None if target.own is None else {"mean": number(target.own.value), "normal": bounds(target.own)},
        "effective_rounds": number(found.effective),
        "supported": number(found.supported),
        "mean_weight": number(found.mean_weight),
        "max_weight": number(found.max_weight),
        "warnings": list(found.warnings),
    }


def _estimate(one: Estimate) -> dict[str, Any]:
    from ltrr_cli.cli.text import number

    return {
        "estimate": number(one.value),
        "normal": bounds(one.normal),
        "bootstrap": bounds(one.bootstrap),
        "bernstein": None if one.bernstein is None else bounds(one.bernstein),
        "range_of_terms": None if one.span is None else [number(one.span[0]), number(one.span[1])],
        "note": one.note,
    }
