"""What an index holds and what it has learned, on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.cli.console import can_draw
from ltrr_cli.cli.text import plural, safe, size

if TYPE_CHECKING:
    from rich.console import Console

    from ltrr_cli.engine.info import Info

_LABEL = 9
_LINES = 4
_BAR = 30


def show_info(out: Console, info: Info) -> None:
    """Print it."""
    out.print(safe(info.path), style="bold", soft_wrap=True)
    entities = plural(info.entities, "entity", "entities")
    _line(out, "index", f"{entities} in {plural(info.segments, 'segment')}, built {info.created[:19]}")
    _line(out, "sizes", ", ".join(f"{part} {size(count)}" for part, count in info.sizes.items()))
    if info.before is not None:
        kept = f"generation {info.before.generation}, {plural(info.before.entities, 'entity', 'entities')}"
        _line(out, "before", f"{kept}, {size(info.before.bytes)} kept for ltrr index rollback")
    _line(out, "vectors", ", ".join(f"{count:,} of {what}" for what, count in info.vectors.items() if count))
    _line(out, "fluency", ", ".join(f"{language} {known:.2f}" for language, known in info.fluency.items()))
    for arm, reason in info.absent.items():
        _line(out, "no arm", f"{arm}: {reason}")
    actions = ", ".join(f"{action} {count:,}" for action, count in info.actions.items())
    _line(out, "feedback", f"{plural(info.impressions, 'impression')}, {plural(info.events, 'event')}")
    _line(out, "actions", actions or "none yet: click at the prompt of ltrr query, or ltrr feedback ingest a log")
    _line(out, "notes", ", ".join(f"{count:,} {what}" for what, count in info.notes.items()))
    policy = f"policy {info.policy_version} from {plural(info.credits, 'credit')}"
    _line(out, "learned", f"version {info.learned_version}, {policy}, ranker {info.ranker_version}")
    _line(out, "popular", f"popularity to the power of {info.popularity:g} ({info.popularity_from})")
    _line(out, "ranker", info.ranker)
    for entry in info.ranker_history[-3:]:
        _line(out, "", entry)
    _line(out, "weights", ", ".join(f"{name} {weight:.2f}" for name, weight in list(info.weights.items())[:6]))
    if info.arms:
        out.print()
        _arms(out, info)
    unknown = [name for name in info.strategies if name not in {arm.name for arm in info.arms}]
    if unknown:
        _line(out, "untried", ", ".join(unknown))


def _line(out: Console, label: str, text: str) -> None:
    """Print a label and its text, wrapped beside it, at most four lines."""
    import textwrap

    if not text:
        return
    room = max(10, out.width - _LABEL - 1)
    lines = textwrap.wrap(safe(text), room, max_lines=_LINES, placeholder=" …" if can_draw() else " ...")
    for number, line in enumerate(lines):
        out.print(f"{label if not number else '':<{_LABEL}} {line}", no_wrap=True, overflow="crop")


def _arms(out: Console, info: Info) -> None:
    """Print a bar of each arm's mean reward ± its width, and the depth it usually gets."""
    names = min(14, max(len(safe(arm.name)) for arm in info.arms))
    bar = max(0, min(_BAR, out.width - names - 26))
    title = f"{'arm':<{names}}  {'mean reward ± width':<{bar + 15}}  depth"
    out.print(title if can_draw() else title.replace("±", "+"), style="dim", no_wrap=True, overflow="crop")
    top = max(1e-9, *(arm.reward + arm.deviation for arm in info.arms))
    for arm in info.arms:
        figures = f"{arm.reward:>6.3f} {'±' if can_draw() else '+'} {arm.deviation:.3f}"
        drawn = draw_bar(arm.reward, arm.deviation, top, bar)
        line = f"{safe(arm.name)[:names]:<{names}}  {drawn} {figures}  {arm.depth:>5}"
        out.print(line, no_wrap=True, overflow="crop")


def draw_bar(mean: float, deviation: float, top: float, width: int) -> str:
    """Return a bar that is solid as far as a reward is sure, and shaded as far as it may go; `top` fills it."""
    sure, may = ("█", "░") if can_draw() else ("#", "-")
    solid = round(width * min(1.0, max(0.0, (mean - deviation) / top)))
    whole = round(width * min(1.0, max(0.0, (mean + deviation) / top)))
    return (sure * solid + may * (whole - solid)).ljust(width)
