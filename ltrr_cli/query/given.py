"""What the caller knows of a query beyond its text (`--context device=phone`): checked, and hashed into few features.

Feature hashing with a sign hash (Weinberger, Dasgupta, Langford, Smola and Attenberg, Feature Hashing for Large Scale
Multitask Learning, ICML 2009): entry j adds ξ(j)·x_j to slot h(j), so that entries that meet in a slot cancel out on
average instead of adding up. Any names and values fit into the policy's bounded space that way; with more than a few
different entries in use they start to share slots, and the policy cannot tell them apart.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from ltrr_cli.errors import UsageError
from ltrr_cli.text import hash64

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_cli.records import Value

SLOTS = 8
MAX_ENTRIES = 16
MAX_LENGTH = 64
"""Characters of a name, and of a text."""

_NAME = re.compile(rf"[\w.-]{{1,{MAX_LENGTH}}}")
_UNUSABLE = {"Cc", "Cs", "Zl", "Zp"}  # controls, lone surrogates, separators of lines and paragraphs
_SHOWN = 40


def hashed(given: Mapping[str, Value]) -> dict[str, float]:
    """Return features `given.0` … `given.7` in [-1, 1]; a slot into which no entry falls is absent.

    A number, clipped to [-1, 1], enters under its name; a text enters as 1 under `name=text`. nan does not enter.
    """
    sums: dict[int, float] = {}
    for name, value in given.items():
        text = isinstance(value, str)
        number = 1.0 if isinstance(value, str) else float(min(1.0, max(-1.0, value)))
        if not text and value != value:  # noqa: PLR0124 – nan
            continue
        slot, sign = _place(f"{name}={value}" if text else name)
        sums[slot] = sums.get(slot, 0.0) + sign * number
    return {f"given.{slot}": min(1.0, max(-1.0, sums[slot])) for slot in sorted(sums)}


def check_given(given: Mapping[str, Value]) -> None:
    """Check a caller's context before anything is made of it.

    Raises:
        UsageError: more than 16 entries; a name that is not a word of at most 64 letters, digits and `_-.`; a text of
            more than 64 characters, with control characters or lone surrogates; a number that is not finite; anything
            else than text or a number.
    """
    if not isinstance(given, Mapping):
        raise UsageError("the context is no mapping of names to values", next='give it as {"name": value}')
    if len(given) > MAX_ENTRIES:
        raise UsageError(
            f"the context has {len(given):,} entries, at most {MAX_ENTRIES} fit", next="leave out what says least"
        )
    for name, value in given.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise UsageError(
                f"a name of the context is {_shown(name)}",
                next=f"use 1 to {MAX_LENGTH} letters, digits, underscores, hyphens and dots, as in device or user.age",
            )
        if isinstance(value, str):
            _check_text(name, value)
        elif not isinstance(value, int | float):
            raise UsageError(f"context {name} is {_shown(value)}", next="give a number or a text")
        elif not _is_finite(value):
            raise UsageError(f"context {name} is no finite number", next="leave it out where it is not known")


def parse_given(pairs: Sequence[str]) -> dict[str, Value]:
    """Return the context that `name=value` pairs of the command line give: numbers where they read as finite numbers.

    Raises:
        UsageError: a pair without `=`, a name given twice, and all that `check_given` raises.
    """
    given: dict[str, Value] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise UsageError(f"context {_shown(pair)} has no =", next="give NAME=VALUE, as in device=phone")
        if name in given:
            raise UsageError(f"context {_shown(name)} is given twice", next="give it once")
        given[name] = _value(text)
    check_given(given)
    return given


@lru_cache(maxsize=4096)
def _place(entry: str) -> tuple[int, float]:
    """Return slot and sign of an entry: two independent parts of one hash."""
    number = hash64(entry)
    return number % SLOTS, 1.0 if number >> 32 & 1 else -1.0


def _check_text(name: str, text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise UsageError(
            f"context {name} is a text of {len(text):,} characters, at most {MAX_LENGTH} fit",
            next="give a word that names a kind, not a text",
        )
    if any(unicodedata.category(char) in _UNUSABLE for char in text):
        raise UsageError(f"context {name} has control characters: {_shown(text)}", next="remove them")


def _value(text: str) -> Value:
    try:
        number = math.nan if "_" in text else float(text)  # 1_000 is a number in Python only
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # an integer beyond what float holds
        return False


def _shown(value: object) -> str:
    """Return a value for an error message: escaped, and not longer than a line."""
    shown = repr(value[: _SHOWN + 1]) if isinstance(value, str) else f"of type {type(value).__name__}"
    return shown if len(shown) <= _SHOWN + 2 else f"{shown[:_SHOWN]}…"
