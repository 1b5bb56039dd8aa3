"""An answer as people read it: a table that fits the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.cli.console import can_draw
from ltrr_cli.cli.text import plural, safe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.console import Console
    from rich.text import Text

    from ltrr_cli.records import Answer, Facets, Result

NARROW = 60
"""Below this width what does not fit beside the title goes below it."""
MARKED = "bold yellow not dim"
"""How a word of the query looks in a result."""
_READ = 4_000
_MARK = 9
_TYPE = 12
_TITLE = 24
"""Cells that titles have at least: columns do not jump between answers of short ones."""


def show_answer(
    out: Console,
    answer: Answer,
    *,
    before: Mapping[str, int] | None = None,
    marks: Callable[[str], Sequence[tuple[int, int]]] = lambda _: (),
) -> None:
    """Print the results with rank, title, type, the strategies that found them, and some of their text.

    `before` maps entity ids to the ranks they had; then a column says what moved. `marks` says where in a text the
    query's words stand: they are highlighted, and the text shown begins near them.
    """
    from rich.text import Text

    if answer.suggestion:
        out.print(Text.assemble("did you mean ", (safe(answer.suggestion), "bold"), "?"), soft_wrap=True)
    if not answer.results:
        none = answer.filter and not answer.allowed
        out.print("no results" + (": nothing in the index meets the filter" if none else ""))
    whys = [why(result) for result in answer.results]
    columns = _Columns(out.width, answer, whys, marked=before is not None, marks=marks)
    if answer.results and not columns.narrow:
        out.print(columns.header(), style="dim", no_wrap=True, overflow="crop")
    for result, reason in zip(answer.results, whys, strict=True):
        for line in columns.lines(result, reason, before):
            out.print(line, no_wrap=True, overflow="crop")
    if answer.facets is not None:
        show_facets(out, answer.facets)
    count = plural(len(answer.results), "result")
    if answer.allowed is not None:
        count += f" of {plural(answer.allowed, 'entity', 'entities')} within the filter"
    out.print(Text(safe(f"query {answer.query_id} · {count} · {answer.took_ms:.1f} ms"), style="dim"), soft_wrap=True)


def show_facets(out: Console, facets: Facets) -> None:
    """Print a line for each facet: its values and how many entities have them; and what was counted."""
    from rich.text import Text

    for facet in facets.facets:
        values = [f"{value if isinstance(value, str) else f'{value:.15g}'} {count:,}" for value, count in facet.values]
        values += [f"others {facet.others:,}"] if facet.others else []
        out.print(Text(f"{safe(facet.field)}: {safe(', '.join(values)) or 'none'}"), soft_wrap=True)
    of = "candidates of this query" if facets.of == "pool" else "entities within the filter"
    out.print(Text(f"facets count the {facets.entities:,} {of}", style="dim"), soft_wrap=True)


def why(result: Result) -> tuple[str, ...]:
    """Return `strategy rank` for each that found the result, best first."""
    ordered = sorted(result.strategies.items(), key=lambda item: (item[1], item[0]))
    return tuple(f"{safe(name)} {rank}" for name, rank in ordered)


def moved(rank: int, old: int | None) -> tuple[str, str]:
    """Return what to say of a result's rank, and its style."""
    up, down, to = ("▲", "▼", "→") if can_draw() else ("^", "v", ">")
    if old is None:
        return "new", "cyan"
    if old == rank:
        return "", ""
    return (f"{up} {old}{to}{rank}", "green") if rank < old else (f"{down} {old}{to}{rank}", "red")


def fit(text: str, width: int) -> str:
    """Return text cut or filled to exactly `width` terminal cells."""
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, max(0, width - 1)) + ("…" if can_draw() else ".")[:width]


class _Columns:
    """Where what stands in a line."""

    def __init__(
        self,
        width: int,
        answer: Answer,
        whys: list[tuple[str, ...]],
        *,
        marked: bool,
        marks: Callable[[str], Sequence[tuple[int, int]]],
    ) -> None:
        from rich.cells import cell_len

        self._marks = marks
        self._width = width
        self._mark = _MARK if marked else 0
        self.narrow = width < NARROW
        types = max((cell_len(safe(result.type)) for result in answer.results), default=0)
        self._type = 0 if self.narrow or not types else min(_TYPE, max(len("type"), types))
        longest = max((cell_len(", ".join(parts)) for parts in whys), default=0)
        self._why = 0 if self.narrow else min(max(3, longest), width * 2 // 5)
        gaps = 4 + (2 + self._type if self._type else 0) + (2 + self._why if self._why else 0)
        longest = max((cell_len(safe(result.title or result.id)) for result in answer.results), default=0)
        room = width - gaps - self._mark
        self._title = room if self.narrow else min(room, max(_TITLE, longest))

    def header(self) -> str:
        """Return the line above the results."""
        parts = [fit("title", self._title)]
        parts += [fit("type", self._type)] if self._type else []
        parts += [fit("why", self._why)] if self._why else []
        return ("  # " + " " * self._mark + "  ".join(parts)).rstrip()

    def lines(self, result: Result, reason: tuple[str, ...], before: Mapping[str, int] | None) -> list[Text]:
        """Return a result's lines."""
        from rich.text import Text

        first = Text(f"{result.rank:>3} ", style="bold")
        if before is not None:
            mark, style = moved(result.rank, before.get(result.id))
            first.append(fit(mark, _MARK), style=style or "default")
        title = fit(safe(result.title or result.id), self._title)
        first.append_text(highlighted(title.rstrip() if self.narrow else title, self._marks, "bold"))
        indent = " " * (4 + (0 if self.narrow else self._mark))
        room = self._width - len(indent)
        if self.narrow:
            below = ", ".join([part for part in (safe(result.type), *reason) if part])
            return [first, Text(indent + fit(below, room).rstrip(), style="dim")]
        if self._type:
            first.append("  " + fit(safe(result.type), self._type), style="cyan")
        first.append("  " + fit(_shorten(reason, self._why), self._why).rstrip(), style="dim")
        text = _snippet(result, self._marks, room)
        return [first, Text(indent).append_text(highlighted(text, self._marks, "dim"))] if text else [first]


def _shorten(parts: tuple[str, ...], width: int) -> str:
    """Return as many of the parts as fit, and how many are left out."""
    from rich.cells import cell_len

    for count in range(len(parts), 0, -1):
        text = ", ".join(parts[:count]) + (f" +{len(parts) - count}" if count < len(parts) else "")
        if cell_len(text) <= width:
            return text
    return ", ".join(parts)


def highlighted(text: str, marks: Callable[[str], Sequence[tuple[int, int]]], style: str) -> Text:
    """Return a text in a style, what is marked in it bold and in a colour of its own."""
    from rich.text import Text

    drawn = Text(text, style=style)
    for start, end in marks(text):
        drawn.stylize(MARKED, start, end)
    return drawn


def _snippet(result: Result, marks: Callable[[str], Sequence[tuple[int, int]]], width: int) -> str:
    """Return a line of the result's text, from near where most of the query's words stand together."""
    text = safe((result.passage or result.text)[:_READ])
    if not text or text == safe(result.title):
        return ""
    start = _densest(text, marks(text), width)
    if start > width * 2 // 3:
        start = text.rfind(" ", 0, start - width // 4) + 1
        text = ("… " if can_draw() else ".. ") + text[start:]
    return fit(text, width).rstrip()


def _densest(text: str, found: Sequence[tuple[int, int]], width: int) -> int:
    """Return where the first of the places begins that hold most different marked words within so many characters."""
    best, most = 0, 0
    for start, _ in found:
        different = len({text[low:high].lower() for low, high in found if start <= low and high <= start + width // 2})
        if different > most:
            best, most = start, different
    return best
