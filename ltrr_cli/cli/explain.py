"""How an answer came about: readings of the query, the arms that were chosen, and what made up each score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.cli.console import can_draw
from ltrr_cli.cli.render import fit, show_facets, why
from ltrr_cli.cli.text import plural, safe
from ltrr_cli.records import INTERLEAVED, TEAM_A, TEAM_B

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ltrr_cli.engine.missing import Missing
    from ltrr_cli.policy.report import ArmReport
    from ltrr_cli.records import Answer, Result, Trace

_PARTS = 5
_LEAST = 20


def show_explained(out: Console, answer: Answer) -> None:
    """Print it all."""
    show_choice(out, answer)
    for result in answer.results:
        show_why(out, answer, result, most=_PARTS)
    if answer.facets is not None:
        show_facets(out, answer.facets)
    out.print(safe(f"query {answer.query_id} · {answer.took_ms:.1f} ms"), style="dim", soft_wrap=True)


def show_choice(out: Console, answer: Answer) -> None:
    """Print how the query was read, what the policy saw of it, and which arms ran how deep, how probably."""
    trace = answer.trace
    out.print("query     ", safe(answer.query), sep="", style="bold", soft_wrap=True)
    if answer.filter:
        allowed = plural(answer.allowed or 0, "entity", "entities")
        out.print("filter    ", safe(f"{answer.filter} ({allowed})"), sep="", soft_wrap=True)
    if answer.suggestion:
        out.print("meant     ", safe(answer.suggestion), sep="", soft_wrap=True)
    for number, reading in enumerate(answer.readings):
        out.print("readings  " if not number else " " * 10, safe(reading), sep="", soft_wrap=True)
    rounded = ((safe(name), round(value, 2)) for name, value in trace.context.items())
    known = [f"{name} {value:g}" for name, value in rounded if value]
    for number, line in enumerate(_packed(known, max(_LEAST, out.width - 10))):
        out.print("context   " if not number else " " * 10, line, sep="", soft_wrap=True)
    out.print("chosen    ", safe(_choice(trace)), sep="", soft_wrap=True)
    name_width = max((len(safe(arm.name)) for arm in trace.arms), default=0)
    for arm in trace.arms:
        line = f"  {safe(arm.name):<{name_width}}  depth {arm.depth:>3}  found {arm.returned:>3}  {arm.ms:>6.2f} ms"
        out.print(line + (f"  failed: {safe(arm.error)}" if arm.error else ""), soft_wrap=True)
    if trace.interleaved is not None:
        for team, one in ((TEAM_A, trace.interleaved.a), (TEAM_B, trace.interleaved.b)):
            depths = ", ".join(f"{arm} {depth}" for arm, depth in one.depths.items())
            system = f"{one.name} (policy {one.policy_version}, ranker {one.ranker_version}): {depths or 'nothing'}"
            out.print(f"team {team}    ", safe(system), sep="", soft_wrap=True)
        out.print("teams     ", safe(" ".join(trace.interleaved.teams)), sep="", soft_wrap=True)
    if trace.cap or trace.diversity:
        cap = f"at most {trace.cap.rpartition(':')[2]} of each {trace.cap.rpartition(':')[0]}" if trace.cap else ""
        diverse = f"diversity {trace.diversity:g}" if trace.diversity else ""
        out.print("arranged  ", safe(", ".join(filter(None, (cap, diverse)))), sep="", soft_wrap=True)
    if trace.reserved is not None:
        kept = f"place {trace.reserved.position} is kept for a find of {trace.reserved.arm} alone, to learn from it"
        out.print("exploring ", safe(kept), sep="", soft_wrap=True)


def show_why(out: Console, answer: Answer, result: Result, *, most: int | None = None) -> None:
    """Print the parts of a result's score, value × weight, largest first; those beyond `most` as one sum."""
    kind = f" ({safe(result.type)})" if result.type else ""
    out.print(f"{result.rank:>3} {safe(result.title or result.id)}{kind}", style="bold", soft_wrap=True)
    found = ", ".join(why(result))
    out.print(f"    {safe(result.id)}{' · ' + found if found else ''}", style="dim", soft_wrap=True)
    if result.passage:
        out.print(f"    passage: {fit(safe(result.passage), max(_LEAST, out.width - 14)).rstrip()}", style="dim")
    trace = answer.trace
    if result.rank > len(trace.features):
        out.print(f"    {'score':<42} = {result.score:>6.3f}", soft_wrap=True)
        out.print("    what made it up is kept for an answer's first page only", soft_wrap=True)
        return
    values = dict(zip(trace.feature_names, trace.features[result.rank - 1], strict=True))
    parts = list(result.contributions.items())
    shown = parts[:most]
    for name, part in shown:
        value = values.get(name, 0.0)
        weight = part / value if value else 0.0
        out.print(f"    {safe(name):<26} {value:>6.3f} × {weight:>6.3f} = {part:>6.3f}", soft_wrap=True)
    if rest := parts[len(shown) :]:
        out.print(f"    {f'{len(rest)} smaller':<42} = {sum(part for _, part in rest):>6.3f}", soft_wrap=True)
    out.print(f"    {'score':<42} = {result.score:>6.3f}", soft_wrap=True)


def show_found(out: Console, answer: Answer, result: Result, arms: Sequence[ArmReport]) -> None:
    """Print of each strategy that found a result how deep it was drawn from, and what the policy expects of it."""
    drawn = {arm.name: arm for arm in answer.trace.arms}
    width = max((len(safe(name)) for name in result.strategies), default=0)
    plus = "±" if can_draw() else "+-"
    for arm in arms:
        if arm.name in result.strategies and arm.name in drawn:
            first, ran = arm.buckets[0], drawn[arm.name]
            name = f"{safe(arm.name):<{width}}"
            rank = f"rank {result.strategies[arm.name]:>3} of {ran.returned:>3}"
            learned = f"expects {first.mean:.3f} {plus} {first.deviation:.3f} of its best {first.depth}"
            out.print(f"    {name}  {rank}  {learned}, {plural(arm.pulled, 'pull')}", soft_wrap=True)


def show_missing(out: Console, found: Missing) -> None:
    """Print why an entity is not among the results, and where each strategy has it."""
    title = f"{safe(found.title)} ({safe(found.entity_id)})" if found.title else safe(found.entity_id)
    out.print(title, style="bold", soft_wrap=True)
    out.print(f"    {safe(found.reason)}", soft_wrap=True)
    width = max((len(safe(arm.name)) for arm in found.arms), default=0)
    for arm in found.arms if found.known else ():
        rank = f"rank {arm.rank:,}" if arm.rank else "not found"
        out.print(f"    {safe(arm.name):<{width}}  {rank:<10}  drawn {arm.drawn:>3}", style="dim", soft_wrap=True)


def _packed(items: list[str], width: int) -> list[str]:
    """Return the items on as few lines as hold them in their order; one that is longer than a line has its own."""
    from rich.cells import cell_len

    lines: list[str] = []
    for item in items:
        if lines and cell_len(f"{lines[-1]}, {item}") < width:
            lines[-1] += f", {item}"
        else:
            lines.append(item)
    return [*(f"{line}," for line in lines[:-1]), *lines[-1:]]


def _choice(trace: Trace) -> str:
    """Say who chose the arms, and with what probability."""
    if trace.mode == "fixed":
        return "by --strategies"
    if trace.mode == INTERLEAVED:
        return "by the two systems that share the page, each arm as deep as either wants"
    if trace.mode == "no-explore":
        return f"by the mean of policy version {trace.policy_version} (no exploration)"
    explored = ", exploring" if trace.explored else ""
    if trace.particle < 0 and trace.mode == "thompson":
        explored = ", a plain selection, to explore"
    return f"by policy version {trace.policy_version} ({trace.mode}), propensity {trace.propensity:.4f}{explored}"
