"""A report as one HTML page: nothing is loaded from elsewhere, nothing runs, light or dark as the reader likes."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from ltrr_cli.evaluation.charts import svg
from ltrr_cli.evaluation.marks import GRID, INK, MUTED, PAPER
from ltrr_cli.evaluation.series import plain
from ltrr_cli.evaluation.write import written

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ltrr_cli.evaluation.chart import Chart, Section, Table

_COLOURS = {INK: "var(--ink)", MUTED: "var(--muted)", GRID: "var(--grid)", PAPER: "var(--paper)"}
_STYLE = f"""
:root {{ color-scheme: light dark; --ink: {INK}; --muted: {MUTED}; --grid: {GRID}; --paper: {PAPER}; --link: #0060a0 }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e6e8ec; --muted: #a3abb8; --grid: #343a45; --paper: #171a20; --link: #7cc0f0 }}
}}
* {{ box-sizing: border-box }}
body {{ margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 54rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, sans-serif; overflow-wrap: anywhere }}
h1 {{ font-size: 1.7rem; line-height: 1.25; margin: 0 0 1rem }}
h2 {{ font-size: 1.25rem; line-height: 1.3; margin: 2.5rem 0 .5rem; padding-top: .75rem;
  border-top: 1px solid var(--grid) }}
p {{ margin: .5rem 0; max-width: 44rem }}
nav ul {{ list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem }}
a {{ color: var(--link) }}
.wide {{ overflow-x: auto; margin: 1rem 0 }}
table {{ border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; overflow-wrap: normal }}
caption {{ text-align: left; color: var(--muted); padding-bottom: .35rem }}
th, td {{ padding: .3rem 1.25rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--grid) }}
thead th {{ color: var(--muted); font-weight: 600; border-bottom-color: var(--muted) }}
tbody th {{ font-weight: 400 }}
td.number, th.number {{ text-align: right; white-space: nowrap }}
figure {{ margin: 1.25rem 0; overflow-x: auto }}
svg {{ display: block; width: 100%; min-width: 34rem; height: auto }}
svg * {{ stroke-linejoin: round }}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_TAG = re.compile(r"<[^>]*>")
_NAME = re.compile(r'(\bid="|href="#|url\(#)')
_COLOUR = re.compile("|".join(_COLOURS))
_OWN_STYLE = re.compile(r"<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)


def page(title: str, sections: Sequence[Section]) -> str:
    """Return a report as an HTML document of its own, with its charts inside.

    All texts are taken as text. Charts keep their texts, and take the page's colours.

    Raises:
        EvaluationError: there are charts, and matplotlib is not installed.
    """
    name = escape(plain(title))
    parts = [_section(section, number) for number, section in enumerate(sections, 1)]
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{name}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{name}</h1>
{_contents(sections)}<main>
{"".join(parts)}</main>
</body>
</html>
"""


def save(page: str, path: Path) -> None:
    """Write a page to a file, at once.

    Raises:
        EvaluationError: it cannot be written.
    """
    with written(path) as out:
        out.write(page)


def _contents(sections: Sequence[Section]) -> str:
    """Return links to the sections, if there are several."""
    if len(sections) < 3:
        return ""
    links = (
        f'<li><a href="#part{number}">{escape(plain(section.heading))}</a></li>\n'
        for number, section in enumerate(sections, 1)
    )
    return f'<nav aria-label="Contents">\n<ul>\n{"".join(links)}</ul>\n</nav>\n'


def _section(section: Section, number: int) -> str:
    text = "".join(f"<p>{escape(plain(paragraph))}</p>\n" for paragraph in section.text)
    tables = "".join(map(_table, section.tables))
    charts = "".join(_figure(chart, f"part{number}-{place}-") for place, chart in enumerate(section.charts, 1))
    heading = escape(plain(section.heading))
    return f'<section id="part{number}">\n<h2>{heading}</h2>\n{text}{tables}{charts}</section>\n'


def _table(table: Table) -> str:
    """Return a table that scrolls by itself where the screen is narrow; short rows are filled up."""
    columns = max([len(table.header), *map(len, table.rows)])

    def row(cells: Sequence[str], *, header: bool) -> str:
        out = []
        for place in range(columns):
            text = escape(plain(cells[place])) if place < len(cells) else ""
            kind = ' class="number"' if place in table.numeric else ""
            if header:
                out.append(f'<th scope="col"{kind}>{text}</th>')
            elif place == 0 and not kind:
                out.append(f'<th scope="row">{text}</th>')
            else:
                out.append(f"<td{kind}>{text}</td>")
        return f"<tr>{''.join(out)}</tr>\n"

    caption = escape(plain(table.caption))
    head = f"<caption>{caption}</caption>\n" if caption else ""
    rows = "".join(row(cells, header=False) for cells in table.rows)
    # whoever has no mouse scrolls by keys: so it can be focused, and has a name
    around = f'<div class="wide" role="region" tabindex="0" aria-label="{caption or "Table"}">\n'
    header = row(table.header, header=True)
    return f"{around}<table>\n{head}<thead>\n{header}</thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n"


def _figure(chart: Chart, prefix: str) -> str:
    """Return a chart for the middle of a page: ids of its own, as wide as the page, in the page's colours."""
    drawn = svg(chart)
    drawn = _OWN_STYLE.sub("", drawn[drawn.index("<svg") :], count=1)  # a style sheet would reach the whole page
    start, rest = drawn.split(">", 1)
    box = re.search(r'viewBox="[\d. ]+"', start)
    label = escape(plain(chart.title)) or "Chart"
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" {box[0] if box else ""} role="img" aria-label="{label}">'

    def change(found: re.Match[str]) -> str:  # in tags only: what stands between them is text
        tag = _NAME.sub(rf"\g<1>{prefix}", found[0].replace("xlink:href", "href"))
        return _COLOUR.sub(lambda colour: _COLOURS[colour[0]], tag)

    return f'<figure tabindex="0">\n{opening}{_TAG.sub(change, rest).strip()}\n</figure>\n'
