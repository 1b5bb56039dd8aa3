"""What the policy has learned of each arm: bars, figures, features and what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltrr_cli.cli.console import can_draw
from ltrr_cli.cli.info import draw_bar
from ltrr_cli.cli.render import fit
from ltrr_cli.cli.text import plural, safe
from ltrr_cli.wire.arms import buckets_of, known_of, meaning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ltrr_cli.engine.info import ArmInfo, Info
    from ltrr_cli.policy.report import ArmReport, FeatureReport

_NARROW = 60
"""Below this width what does not fit beside a name goes below it."""
_NAME = 14
_FEATURE = 22
_FIGURES = 14
_BAR = 30
_MOST = 3
"""Features of each arm where all arms are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A name, the posterior that its bar draws, and further cells under the heads of a table."""

    name: str
    mean: float
    deviation: float
    cells: tuple[str, ...]


def show_arms(out: Console, info: Info, arms: Sequence[ArmReport]) -> None:
    """Print a line for each arm: its first bucket's posterior, what it earned, its depth and time; then features."""
    _head(out, info)
    hindsight = any(arm.buckets[0].looked for arm in arms)
    heads = ("pulls", *(["hindsight"] if hindsight else []), "reward", "depth", "ms")
    rows = [
        _Row(
            name=arm.name,
            mean=arm.buckets[0].mean,
            deviation=arm.buckets[0].deviation,
            cells=(
                f"{arm.pulled:,}",
                *([f"{arm.buckets[0].looked:,}"] if hindsight else []),
                _reward(arm.reward),
                str(known_of(info, arm).depth),
                _ms(known_of(info, arm)),
            ),
        )
        for arm in arms
    ]
    _table(out, "arm", rows, heads)
    found = arms[0].buckets[0].depth
    _text(out, f"bar: what an arm's first {found} hits are expected to earn, for the average query that taught it")
    _features(out, arms, most=_MOST)


def show_arm(out: Console, info: Info, arm: ArmReport) -> None:
    """Print all of one arm: a line for each bucket, then its features."""
    _head(out, info)
    one = known_of(info, arm)
    out.print(safe(arm.name), style="bold", soft_wrap=True)
    looked = f", {arm.buckets[0].looked:,} more in hindsight" if arm.buckets[0].looked else ""
    _text(out, f"{plural(arm.pulled, 'pull')}{looked}; mean reward {_reward(arm.reward)}")
    _text(out, f"depth for the average query {one.depth}; mean time {_ms(one)}{' ms' if one.ms is not None else ''}")
    out.print()
    hindsight = any(bucket.looked for bucket in arm.buckets)
    heads = ("pulls", *(["hindsight"] if hindsight else []), "reward")
    rows = [
        _Row(
            name=f"{start + 1}-{bucket.depth}",
            mean=bucket.mean,
            deviation=bucket.deviation,
            cells=(
                f"{bucket.pulled:,}",
                *([f"{bucket.looked:,}"] if hindsight else []),
                _reward(bucket.reward),
            ),
        )
        for start, bucket in buckets_of(arm)
    ]
    _table(out, "hits", rows, heads)
    _text(out, "bar: what these hits are expected to earn beside those above and other arms', for the average query")
    _features(out, [arm])


def _head(out: Console, info: Info) -> None:
    out.print(f"policy version {info.policy_version}, {plural(info.credits, 'credit')} so far", style="bold")
    if info.policy_untrained:
        _text(
            out, "untrained: all strategies that apply get equally many candidates until 20 more credits make a version"
        )
    out.print()


def _table(out: Console, head: str, rows: Sequence[_Row], heads: Sequence[str]) -> None:
    """Print the rows: beside a bar what fits, the rest below."""
    from rich.cells import cell_len

    name = min(_NAME, max(cell_len(safe(row.name)) for row in rows))
    name = max(name, len(head))
    widths = [max(len(one), *(len(row.cells[place]) for row in rows)) for place, one in enumerate(heads)]
    narrow = out.width < _NARROW
    taken = 2 if narrow else name + 2 + sum(2 + width for width in widths)
    bar = max(0, min(_BAR, out.width - taken - _FIGURES - 1))
    top = max(1e-9, *(row.mean + row.deviation for row in rows))
    if not narrow:
        title = fit(f"mean {_plus()} width", bar + 1 + _FIGURES)
        cells = "".join(f"  {one:>{width}}" for one, width in zip(heads, widths, strict=True))
        out.print(f"{head:<{name}}  {title}{cells}", style="dim", no_wrap=True, overflow="crop")
    for row in rows:
        drawn = f"{draw_bar(row.mean, row.deviation, top, bar)} {_figures(row.mean, row.deviation)}"
        if narrow:
            out.print(fit(safe(row.name), out.width).rstrip(), style="bold", no_wrap=True, overflow="crop")
            out.print(f"  {drawn}", no_wrap=True, overflow="crop")
            _text(out, ", ".join(f"{one} {cell}" for one, cell in zip(heads, row.cells, strict=True)), indent=2)
        else:
            cells = "".join(f"  {cell:>{width}}" for cell, width in zip(row.cells, widths, strict=True))
            out.print(f"{fit(safe(row.name), name)}  {drawn}{cells}", no_wrap=True, overflow="crop")


def _features(out: Console, arms: Sequence[ArmReport], *, most: int | None = None) -> None:
    """Print the arms' strongest features, each with its weight and its meaning beside or below it."""
    learned = [arm for arm in arms if arm.features]
    if not learned:
        return
    out.print()
    depth = learned[0].buckets[0].depth
    _text(out, f"features that say most, and what one unit of each adds to what the first {depth} hits earn")
    for arm in learned:
        out.print(safe(arm.name), style="bold", no_wrap=True, overflow="crop")
        for feature in arm.features[:most]:
            _feature(out, feature)


def _feature(out: Console, feature: FeatureReport) -> None:
    from ltrr_cli.evaluation.series import wrap

    name, figures = safe(feature.name), _figures(feature.weight, feature.deviation, signed=True)
    text = safe(meaning(feature.name))
    if out.width < _NARROW:
        out.print(fit(f"  {name}", out.width).rstrip(), no_wrap=True, overflow="crop")
        out.print(f"  {figures}", no_wrap=True, overflow="crop")
        _text(out, text, indent=4)
        return
    start = f"  {fit(name, _FEATURE)} {figures}  "
    lines = wrap(text, out.width - len(start), 4)
    for place, line in enumerate(lines):
        out.print(start if not place else " " * len(start), line, sep="", no_wrap=True, overflow="crop")


def _figures(mean: float, deviation: float, *, signed: bool = False) -> str:
    """Return `mean ± deviation`, at least as wide as _FIGURES."""
    return f"{f'{mean:+.3f}' if signed else f'{mean:.3f}':>6} {_plus()} {deviation:.3f}".rjust(_FIGURES)


def _plus() -> str:
    return "±" if can_draw() else "+"


def _reward(reward: float | None) -> str:
    return "-" if reward is None else f"{reward:.3f}"


def _ms(arm: ArmInfo) -> str:
    return "-" if arm.ms is None else f"{arm.ms:.2f}"


def _text(out: Console, text: str, *, indent: int = 0) -> None:
    """Print a text on as many lines as it takes."""
    from ltrr_cli.evaluation.series import wrap

    for line in wrap(text, out.width - indent, 9) if text else ():
        out.print(" " * indent + line, style="dim", no_wrap=True, overflow="crop")
