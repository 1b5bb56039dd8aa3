"""The ranker's features and the examination curve, as they look in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.cli.console import can_draw
from ltrr_cli.cli.text import safe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from ltrr_cli.engine.rankers import RankerReport
    from ltrr_cli.ranking.bias import Estimate

_NAME = 24


def show_features(out: Console, found: RankerReport) -> None:
    """Print a line for each feature, the largest live weights first."""
    out.print(safe(found.status), style="bold", soft_wrap=True)
    tested = found.challenger > 0
    head = f"{'feature':<{_NAME}} {'live':>8} {'prior':>8}" + (f" {f'v{found.challenger}':>8}" if tested else "")
    out.print(head, style="dim", soft_wrap=True)
    for feature in sorted(found.features, key=lambda one: (-abs(one.weight), one.name)):
        line = f"{safe(feature.name):<{_NAME}} {feature.weight:>8.3f} {feature.prior:>8.3f}"
        if feature.challenger is not None:
            line += f" {feature.challenger:>8.3f}"
        out.print(f"{line}  {safe(feature.meaning)}", no_wrap=True, overflow="ellipsis" if can_draw() else "crop")


def show_bias(out: Console, found: Mapping[str, Estimate]) -> None:
    """Print the curves, and harvest's with its bounds, by position."""
    from ltrr_cli.cli.plot import draw
    from ltrr_cli.evaluation.chart import Chart, Curve

    curves = [(name, estimate.chances) for name, estimate in found.items()]
    count = len(found["harvest"].chances)
    curves.append(("1 / position", tuple(1 / place for place in range(1, count + 1))))
    chart = Chart(
        title="Looked at, by position",
        x_label="position",
        y_label="probability, relative to the first",
        curves=tuple(
            Curve(name=name, x=tuple(float(place + 1) for place in range(len(chances))), y=chances)
            for name, chances in curves
        ),
    )
    out.print(draw(chart, out.width, unicode=can_draw()), soft_wrap=True, markup=False, highlight=False)
    harvest = found["harvest"]
    out.print(f"harvest, from {harvest.pairs:,} pairs that were shown at several positions:", soft_wrap=True)
    dash = "…" if can_draw() else ".."
    for place, (value, low, high) in enumerate(zip(harvest.chances, harvest.low, harvest.high, strict=True), 1):
        out.print(f"  {place:>3}  {value:.3f}  ({low:.3f} {dash} {high:.3f})", soft_wrap=True)
