"""Ways to answer from one index, by name: what is compared, and what is interleaved, is named alike everywhere.

`policy:live`, `policy:prior`, `policy:equal`   the policy that chooses, with the live ranker
`ranker:live`, `ranker:prior`, `ranker:challenger`   the ranker that orders, with the live policy
`strategies:NAME[:DEPTH],…`   these strategies at these depths (50 where none is given), with the live ranker
`fixed:NAME:DEPTH,…`, `single:NAME`   the same, as `ltrr ope` names them; `single` as deep as can be
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ltrr_cli.errors import UsageError
from ltrr_cli.policy.base import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Mapping

CHOICES = {"policy": ("live", "prior", "equal"), "ranker": ("live", "prior", "challenger")}
FORMS = (
    "policy:live|prior|equal, ranker:live|prior|challenger, strategies:NAME[:DEPTH],…, fixed:NAME:DEPTH,… "
    "or single:NAME"
)
_DEPTH = 50
_SPACE = "vectors:"
"""Arms of vectors made elsewhere have a colon in their name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to answer, as `Engine.search` takes it: `depths` override the policy. `name` is the word for it."""

    name: str
    policy: str = "live"
    ranker: str = "live"
    depths: Mapping[str, int] | None = None


def parse_way(word: str) -> Way | None:
    """Return the way that a word names, None for a word that begins like none of them.

    Raises:
        UsageError: it begins like one, and is not.
    """
    kind, colon, value = word.partition(":")
    if not colon:
        return None
    if kind in CHOICES:
        if value not in CHOICES[kind]:
            raise UsageError(f"no {kind} is called {value!r}", next=f"use one of {', '.join(CHOICES[kind])}")
        return Way(name=word, policy=value) if kind == "policy" else Way(name=word, ranker=value)
    if kind == "single" and value:
        return Way(name=word, depths={value: MAX_DEPTH})
    if kind in ("strategies", "fixed"):
        depths = parse_depths(value)
        if depths is None or (kind == "fixed" and value.replace(_SPACE, "").count(":") != value.count(",") + 1):
            form, example = ("NAME[:DEPTH],…", "lexical") if kind == "strategies" else ("NAME:DEPTH,…", "lexical:20")
            raise UsageError(f"{word!r} is not {kind}:{form}", next=f"for example {kind}:{example},semantic:50")
        return Way(name=word, depths=depths)
    return None


def parse_depths(text: str) -> dict[str, int] | None:
    """Read `lexical,semantic:50` as {strategy: hits to draw}, 50 where no number is given; None if it is not that."""
    out = {}
    for part in text.split(","):
        space = _SPACE if part.strip().startswith(_SPACE) else ""
        name, colon, depth = part.strip().removeprefix(space).partition(":")
        if not name or (colon and not (depth.isascii() and depth.isdigit() and int(depth[:9]))):
            return None
        out[space + name] = int(depth[:9]) if colon else _DEPTH
    return out
