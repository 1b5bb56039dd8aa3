"""What interleaved pages say, as sections of tables: the same for the terminal and for a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_cli.estimators.preference import ALPHA
from ltrr_cli.evaluation.chart import Section, Table
from ltrr_cli.evaluation.summary import interval, p_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.evaluation.interleaved import Verdict

_EXAMPLE = ("policy:live", "single:lexical")
_RECORD = "Record what people do: :click N at the prompt, or ltrr feedback record."


def of_verdicts(verdicts: Sequence[Verdict], *, only: Sequence[str] | None = None) -> list[Section]:
    """Return a section for each pair; where there is none, what to do next."""
    if not verdicts:
        first = f"{' and '.join(only)} were not interleaved yet." if only else "No page was interleaved yet."
        show = f"Show people both on one page: ltrr query TEXT --interleave {' '.join(only or _EXAMPLE)}"
        return [Section(heading="Nothing to compare yet", text=(first, show, _RECORD))]
    return [_of_verdict(one) for one in verdicts]


def _of_verdict(one: Verdict) -> Section:
    votes = one.preference
    rows = [
        ("pages shown", f"{one.pages:,}"),
        ("… on which a result of A or B was acted on", f"{one.acted:,}"),
        ("… won by A · tied · won by B", f"{one.won:,} · {one.tied:,} · {one.lost:,}"),
    ]
    rows += [
        (f"pages for which {name} found nothing; they do not count", f"{count:,}")
        for name, count in zip("AB", one.empty, strict=True)
        if count
    ]
    if one.acted:
        unsettled = f" ({one.unsettled:,} may still change)" if one.unsettled else ""
        rows += [
            (
                "votes, one a person and day: A · tied · B",
                f"{votes.wins:,} · {votes.ties:,} · {votes.losses:,}{unsettled}",
            ),
            ("preference for A, from -0.5 to 0.5 (95 % interval)", interval(votes.delta, sign=True)),
            ("p, for one look: exact sign test", p_value(votes.p)),
            ("p, however often one looks: settled votes", p_value(votes.anytime_p)),
        ]
    return Section(
        heading=f"A: {one.a} against B: {one.b}",
        text=(_sentence(one), *(() if one.acted else (_RECORD,))),
        tables=(Table(header=("", ""), rows=tuple(rows), numeric=(1,)),),
    )


def _sentence(one: Verdict) -> str:
    """Say what is known."""
    votes = one.preference
    if not one.acted:
        return "Nobody has acted on a result of A or B yet."
    if votes.verdict:
        return f"People prefer {'A' if votes.verdict > 0 else 'B'}: {one.a if votes.verdict > 0 else one.b}."
    if votes.p <= ALPHA:
        ahead = "A" if votes.delta.value > 0 else "B"
        return f"{ahead} is ahead; that is a verdict only if it was decided beforehand to look now, and once."
    return "Not decided: people may prefer either."
