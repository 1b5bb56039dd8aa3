"""Charts as SVG and PNG: title and unit on top, names beside the curves they belong to, the same bytes every time."""

from __future__ import annotations

import io
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ltrr_cli.errors import EvaluationError
from ltrr_cli.evaluation import panel
from ltrr_cli.evaluation.chart import Chart
from ltrr_cli.evaluation.marks import INK, MUTED, PAPER
from ltrr_cli.evaluation.series import check
from ltrr_cli.evaluation.write import written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


_MAX_PIXELS = 60_000  # Agg draws at most 65,536 rows
_SETTINGS: dict[Any, object] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "ltrr",
    "text.parse_math": False,
    "text.usetex": False,
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the same everywhere
    "font.size": 9.0,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "axes.unicode_minus": True,
}


def svg(chart: Chart) -> str:
    """Return a chart as an SVG document; its texts stay text.

    Raises:
        EvaluationError: matplotlib is not installed, or the chart is not a consistent one.
    """
    return _render([chart], "svg").decode()


def save(charts: Chart | Sequence[Chart], path: Path) -> None:
    """Write charts, one below the other, to a file, at once: `.svg` or `.png` says what it will be.

    Raises:
        EvaluationError: the suffix is another, the file cannot be written, or as `svg`.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in {"svg", "png"}:
        raise EvaluationError("charts are written as SVG or PNG", where=str(path), next="name a .svg or .png file")
    content = _render([charts] if isinstance(charts, Chart) else list(charts), kind)
    with written(path) as out:
        out.buffer.write(content)


def _render(charts: list[Chart], kind: str) -> bytes:
    for chart in charts:
        check(chart)
    with _matplotlib():
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        total = sum(map(panel.height, charts)) or panel.PAD
        figure = Figure(figsize=(panel.WIDTH / 72, total / 72), dpi=72, facecolor=PAPER)
        canvas = FigureCanvasAgg(figure)
        top = total
        for chart in charts:
            panel.draw(canvas, chart, top)
            top -= panel.height(chart)
        out = io.BytesIO()
        dpi = 72 if kind == "svg" else min(144.0, _MAX_PIXELS * 72 / total)
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type") if kind == "svg" else ("Software",))
        figure.savefig(out, format=kind, dpi=dpi, metadata=nothing, facecolor=PAPER)
    return out.getvalue()


def check_installed() -> None:
    """Check that charts can be drawn.

    Raises:
        EvaluationError: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl  # noqa: F401
    except ImportError as error:
        raise EvaluationError(
            "charts need matplotlib, which is not installed", next="install the extra: pip install 'ltrr[plots]'"
        ) from error


@contextmanager
def _matplotlib() -> Iterator[None]:
    """Draw with our settings and without warnings, such as of letters that the font does not have."""
    check_installed()
    import matplotlib as mpl

    with warnings.catch_warnings(), mpl.rc_context():
        warnings.simplefilter("ignore")
        mpl.rcdefaults()  # what the user has set for own figures does not matter here
        mpl.rcParams.update(_SETTINGS)
        yield
