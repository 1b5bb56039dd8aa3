"""ltrr.toml: what the user may edit. Missing entries have their defaults; unknown ones are errors: they are typos."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from ltrr_cli.errors import ConfigError
from ltrr_cli.text import hash64, key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = "ltrr.toml"
MAX_HOLDOUT = 0.9
LEARNED = "learned"
"""Stands for a setting whose value feedback gives."""
REWARDS: Mapping[str, float] = {
    "view": 0.05,
    "click": 0.3,
    "play": 0.6,
    "tag": 0.6,
    "like": 0.8,
    "favourite": 0.9,
    "save": 0.9,
    "share": 0.9,
    "add_to_cart": 0.8,
    "purchase": 1.0,
    "skip": -0.2,
    "dislike": -0.5,
}
STRATEGIES = ("lexical", "popular", "structured", "semantic", "memory", "fuzzy", "personal", "related", "fresh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings of an index."""

    candidates: int = 120
    """Budget: how many hits all arms together may return for a query."""
    epsilon: float = 0.01
    """Share of queries that get a plain selection, so that nothing is ever out of reach of learning."""
    arms_ms: float = 0.0
    """Time that all arms of a query may take together, by what they took before; 0: no limit."""
    timeout_ms: float = 5000.0
    """An arm that takes longer is left out of the answer."""
    popularity: float | None = None
    """How much popularity counts in the arm `popular`: the power of a factor from 1 to 2; at 0 it is `lexical`.

    None, written "learned": what feedback says.
    """
    noise: float = 0.0
    """Temperature of Gumbel noise on the ranker's scores, so that the log tells positions apart; 0: none."""
    cap: str = ""
    """Most entities of a page that may have the same value of a field, such as "artist:2"; "": no cap."""
    diversity: float = 0.0
    """How much likeness to what stands above counts against a candidate: the (1 − λ) of maximal marginal relevance."""
    half_life_days: float = 1095.0
    """Age at which an event counts half."""
    policy_half_life_days: float = 365.0
    """Age at which what the policy learned from an event counts half: arms change sooner than what people like."""
    full_dwell_s: float = 30.0
    """A play shorter than this counts in proportion."""
    user_cap: float = 3.0
    """Most reward (in today's worth) that one user can give one entity under one query."""
    user_query_cap: float = 12.0
    """Most that one user can give all entities together under one query, so that nobody owns a query."""
    min_users: int = 3
    """A remembered query is shown to others, in completions and views, once so many users have acted under it."""
    train_every: int = 100
    """Impressions with a rewarded action between two trainings of the ranker."""
    checkpoint_every: int = 1000
    """Events after which the learned state is written down; before that it is replayed from the log at open."""
    holdout: float = 0.0
    """Share of all queries, by their text, whose feedback is logged but never learned: to measure on honestly."""
    hindsight: bool = False
    """Look up, after an action on an answer of our own, at what rank the arms that did not run would have found it.

    It costs a few milliseconds an event and, since only what was shown can be acted on, makes those arms look
    redundant: the policy learns better without (benchmarks/policy.py). Other systems' logs are always looked up.
    """
    hash_users: bool = False
    """User ids are hashed with a key before anything is written or looked up; see `index.pseudonyms`."""
    keep_days: float = 0.0
    """Age in days at which lines of the logs go, and what was learned from them; 0: they stay."""
    strategies: tuple[str, ...] = STRATEGIES
    rewards: Mapping[str, float] = field(default_factory=lambda: dict(REWARDS))

    @property
    def half_life_s(self) -> float:
        """The half-life in seconds."""
        return self.half_life_days * 86400

    def reward(self, action: str, dwell: float) -> float:
        """Return an action's worth in [-1, 1]; 0 if it is unknown. `dwell` in seconds, 0 if unknown."""
        worth = self.rewards.get(action, 0.0)
        if action == "play" and 0 < dwell < self.full_dwell_s:
            return worth * dwell / self.full_dwell_s
        return worth

    def is_held_out(self, text: str) -> bool:
        """Whether a query, however it is written, belongs to the share that nothing is learned from.

        One without a word never does: it is no query, or one that is not known yet.
        """
        name = key(text) if self.holdout > 0 else ""
        return name != "" and hash64(f"holdout\n{name}") < self.holdout * 2**64

    def learning_digest(self) -> str:
        """Return a hash of the settings that change what the log teaches."""
        settings = (
            self.candidates,
            self.half_life_days,
            self.policy_half_life_days,
            self.full_dwell_s,
            self.user_cap,
            self.user_query_cap,
            self.holdout,
        )
        parts = (settings, sorted(self.rewards.items()))
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


SECTIONS = {
    "query": ("candidates", "epsilon", "arms_ms", "timeout_ms", "popularity", "noise", "cap", "diversity"),
    "learning": (
        "half_life_days",
        "policy_half_life_days",
        "full_dwell_s",
        "user_cap",
        "user_query_cap",
        "min_users",
        "train_every",
        "checkpoint_every",
        "holdout",
        "hindsight",
    ),
    "log": ("hash_users", "keep_days"),
}
_ADVICE = "ltrr config show lists them all"
_RANGES = {
    "candidates": (1, 10_000),
    "epsilon": (0.0, 1.0),
    "arms_ms": (0.0, 3_600_000),
    "timeout_ms": (1.0, 3_600_000),
    "popularity": (0.0, 8.0),
    "noise": (0.0, 100.0),
    "diversity": (0.0, 0.99),
    "half_life_days": (0.01, 36_500),
    "policy_half_life_days": (0.01, 36_500),
    "full_dwell_s": (0.0, 86_400),
    "user_cap": (0.0, 1e9),
    "user_query_cap": (0.0, 1e9),
    "min_users": (1, 10**9),
    "holdout": (0.0, MAX_HOLDOUT),
    "train_every": (1, 10**9),
    "checkpoint_every": (1, 10**9),
    "keep_days": (0.0, 36_500),
}


def read_config(root: Path) -> Config:
    """Read ltrr.toml of the index at `root`; defaults where it is missing.

    Raises `ConfigError` naming the entry that cannot be used.
    """
    import tomllib

    path = root / NAME
    try:
        table = tomllib.loads(path.read_bytes().decode())
    except FileNotFoundError:
        return Config()
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"ltrr.toml cannot be read: {error}", where=str(path)) from error
    return parse_config(table, where=str(path))


def parse_config(table: Mapping[str, Any], *, where: str = NAME) -> Config:
    """Check a decoded ltrr.toml."""
    known: dict[str, Any] = {}
    for section, entries in table.items():
        if not isinstance(entries, dict):
            raise ConfigError(f"{section} is not a section", where=where, next=f"write it as [{section}]")
        if section not in {*SECTIONS, "rewards", "strategies"}:
            raise ConfigError("there is no such section", where=f"{where}, [{section}]", next=_ADVICE)
        for name, value in entries.items():
            place = f"{where}, [{section}] {name}"
            if section == "rewards":
                known.setdefault("rewards", dict(REWARDS))[name] = _number(value, place, -1.0, 1.0)
            elif section == "strategies" and name == "use":
                if not (isinstance(value, list) and value and all(isinstance(item, str) for item in value)):
                    raise ConfigError("expected a list of strategy names", where=place)
                known["strategies"] = tuple(dict.fromkeys(value))
            elif name in SECTIONS.get(section, ()):
                known[name] = _setting(name, value, place)
            else:
                raise ConfigError("there is no such setting", where=place, next=_ADVICE)
    return Config(**known)


def _setting(name: str, value: object, place: str) -> bool | int | float | str | None:
    if name == "popularity" and value == LEARNED:
        return None
    kinds = {part.name: part.type for part in fields(Config)}
    if kinds[name] == "bool":
        if not isinstance(value, bool):
            raise ConfigError(f"expected true or false, not {value!r}", where=place)
        return value
    if kinds[name] == "str":
        if not isinstance(value, str):
            raise ConfigError(f"expected a text, not {value!r}", where=place)
        return value
    number = _number(value, place, *_RANGES[name])
    if kinds[name] != "int":
        return number
    if not number.is_integer():
        raise ConfigError(f"expected a whole number, not {value!r}", where=place)
    return int(number)


def _number(value: object, place: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ConfigError(f"expected a number from {low:g} to {high:g}, not {value!r}", where=place)
    return float(value)


def with_holdout(root: Path, share: float) -> str:
    """Return the index's ltrr.toml with this share of held-out queries; everything else in it is kept.

    Raises `ConfigError` if the file cannot be used, or says it in a way that only its author can change: then it is not
    made worse.
    """
    import tomllib
    from dataclasses import replace

    before = read_config(root)
    path = root / NAME
    text = with_line(path.read_bytes().decode() if path.exists() else "", "learning", "holdout", f"holdout = {share:g}")
    try:
        after = parse_config(tomllib.loads(text))
    except (ValueError, ConfigError):
        after = None
    if after != replace(before, holdout=float(f"{share:g}")):
        raise ConfigError(
            "the holdout cannot be written into this file", where=str(path), next=f"set it there: holdout = {share:g}"
        )
    return text


def with_line(text: str, section: str, key: str, line: str) -> str:
    """Put a line into a section of a TOML text: in place of a live one, else of a commented one, else at its start."""
    import re

    header = re.search(rf"(?m)^[ \t]*\[[ \t]*{re.escape(section)}[ \t]*\][^\r\n]*", text)
    if header is None:
        return f"{text.rstrip()}\n\n[{section}]\n{line}\n".lstrip()
    following = re.compile(r"(?m)^[ \t]*\[").search(text, header.end())
    start, end = header.end(), following.start() if following else len(text)
    name = rf"""(?:{re.escape(key)}|"{re.escape(key)}")"""
    live, commented = rf"(?m)^[ \t]*{name}[ \t]*=[^#\r\n]*?(?=[ \t]*(#|\r?$))", rf"(?m)^[ \t]*# ?{name}[ \t]*=[^\r\n]*"
    for pattern in (live, commented):
        found = re.compile(pattern).search(text, start, end)
        if found:
            return text[: found.start()] + line + text[found.end() :]
    return f"{text[:start]}\n{line}{text[start:]}"


def _written(value: object) -> str:
    if isinstance(value, str) or value is None:
        return f'"{LEARNED if value is None else value}"'
    return str(value).lower()


def default_toml() -> str:
    """Return the file that a new index gets: every setting at its default, commented out, with its meaning."""
    config = Config()
    lines = ["# Settings of this index. Remove the # before a line to change it.", ""]
    for section, names in SECTIONS.items():
        lines.append(f"[{section}]")
        lines += [f"# {name} = {_written(getattr(config, name))}" for name in names]
        lines.append("")
    lines += ["[rewards]", *(f"# {name} = {worth}" for name, worth in REWARDS.items()), ""]
    lines += ["[strategies]", f"# use = [{', '.join(repr(name) for name in STRATEGIES)}]".replace("'", '"'), ""]
    return "\n".join(lines)
