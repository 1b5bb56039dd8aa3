"""What an ingest did: counts, and what could not be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ltrr_cli.cli.text import notice, plural, safe, say

if TYPE_CHECKING:
    from ltrr_cli.engine.learn import Ingested
    from ltrr_cli.feedback.formats import Feedback


def ingested_json(read: Feedback, did: Ingested) -> dict[str, Any]:
    """Return what was read and learned, for scripts."""
    first = read.bad[0] if read.bad else None
    return {
        "read": dict(read.counts),
        "impressions": did.impressions,
        "events": did.events,
        "repeated": did.repeated,
        "actions": did.actions,
        "unknown_actions": did.unknown_actions,
        "unknown_entities": did.unknown_entities,
        "unknown_queries": did.unknown_queries,
        "expired": did.expired,
        "bad": read.bad_count,
        "first_bad": None if first is None else {"source": first.source, "line": first.line, "reason": first.reason},
        "notes": list(read.notes),
        "ranker": did.ranker,
    }


def show_ingested(read: Feedback, did: Ingested) -> None:
    """Print what was read and learned."""
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in read.counts.items() if count)
    say(f"read      {safe(kinds) or 'nothing usable'}")
    say(f"new       {plural(did.impressions, 'impression')}, {plural(did.events, 'event')}")
    if did.repeated:
        say(f"repeated  {did.repeated:,}, known before")
    if did.actions:
        say(f"actions   {_counts(did.actions)}")
    if did.unknown_actions:
        say(f"unknown   actions: {_counts(did.unknown_actions)} (counted, no reward)")
    if did.unknown_entities:
        say(f"unknown   entities: {plural(did.unknown_entities, 'event')} on what the index does not have")
    if did.unknown_queries:
        say(f"unknown   queries: {plural(did.unknown_queries, 'event')} of queries that are not in the log")
    say(f"ranker    {safe(did.ranker)}")
    for remark in read.notes:
        notice(f"note: {remark}")


def _counts(counts: dict[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    more = f", {len(ordered) - 10} more" if len(ordered) > 10 else ""
    return safe(", ".join(f"{name} {count:,}" for name, count in ordered[:10])) + more
