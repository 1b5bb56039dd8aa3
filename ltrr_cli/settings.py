"""Where each setting's value comes from: a flag, the environment, the index's ltrr.toml, or the default, in this order.

Only settings of how a query is answered may come from outside the index. What is learned follows from the index alone,
or it would depend on who looks.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ltrr_cli.config import NAME, REWARDS, SECTIONS, Config, parse_config, read_config, with_line
from ltrr_cli.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ANSWERING = ("epsilon", "arms_ms", "timeout_ms", "popularity", "noise")
"""Settings that a flag or `LTRR_<NAME>` may override: they change answers, and nothing that is learned before."""
_PREFIX = "LTRR_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting: where it stands in ltrr.toml, its value, and who says so (`default`, a file, a variable, a flag)."""

    section: str
    name: str
    value: object
    source: str


def effective(
    config: Config, given: Mapping[str, float] | None = None, environment: Mapping[str, str] | None = None
) -> Config:
    """Return the settings with what the environment (by default this process's) and the caller override.

    Raises `ConfigError` for a value that is out of range, or a name that may not be overridden; `UsageError` for such a
    value among `given`.
    """
    changed: dict[str, Any] = {name: value for name, (value, _) in _overrides(given, environment).items()}
    return replace(config, **changed)


def settings(
    root: Path, given: Mapping[str, float] | None = None, environment: Mapping[str, str] | None = None
) -> list[Setting]:
    """Return every setting of an index, in the order of ltrr.toml, with its source. Raises `ConfigError`."""
    import tomllib

    config = read_config(root)
    path = root / NAME
    table = tomllib.loads(path.read_bytes().decode()) if path.exists() else {}
    over = _overrides(given, environment)
    found = []
    for section, names in SECTIONS.items():
        for name in names:
            written = name in table.get(section, {})
            value, source = over.get(name, (getattr(config, name), str(path) if written else "default"))
            found.append(Setting(section=section, name=name, value=value, source=source))
    for action, worth in config.rewards.items():
        written = action in table.get("rewards", {})
        source = str(path) if written else "default"
        found.append(Setting(section="rewards", name=action, value=worth, source=source))
    source = str(path) if "use" in table.get("strategies", {}) else "default"
    return [*found, Setting(section="strategies", name="use", value=list(config.strategies), source=source)]


def set_line(root: Path, name: str, value: str) -> str:
    """Return the text of ltrr.toml with `section.name`, or an unambiguous `name`, set; the rest is kept as it is.

    `value` is as in TOML; a bare word counts as a text. Raises `UsageError` if there is no such setting, or the value
    cannot be used, and `ConfigError` if the file is broken, or says it in a way that only its author can change.
    """
    import tomllib

    section, key = _place(name)
    path = root / NAME
    before = path.read_bytes().decode() if path.exists() else ""
    read_config(root)  # a file that is broken already is not made worse
    text = with_line(before, section, key, f"{_key(key)} = {_value(section, value)}")
    try:
        table = tomllib.loads(text)
    except ValueError as error:
        raise UsageError(f"{value[:80]!r} is no value for {section}.{key}", where=str(path), next=f"{error}") from error
    try:
        parse_config(table, where=f"{section}.{key}")
    except ConfigError as error:
        raise UsageError(error.what, where=error.where, next=error.next) from error
    wanted = tomllib.loads(f"x = {_value(section, value)}")["x"]
    if table.get(section, {}).get(key) != wanted:
        raise ConfigError(f"{section}.{key} cannot be written into this file", where=str(path), next="set it there")
    return text


def _place(name: str) -> tuple[str, str]:
    section, dot, key = name.partition(".")
    if not dot:
        section, key = next((part for part, names in SECTIONS.items() if name in names), ""), name
    if section in SECTIONS and key in SECTIONS[section]:
        return section, key
    if key and (section == "rewards" or (section, key) == ("strategies", "use")):
        return section, key
    if not dot and name in REWARDS:
        return "rewards", name
    known = ", ".join(one for names in SECTIONS.values() for one in names)
    raise UsageError(f"there is no setting {name!r}", next=f"known are {known}, rewards.ACTION and strategies.use")


def _value(section: str, value: str) -> str:
    """Return a value as TOML; `lexical,memory` is a list of strategies, and what is no TOML is a text."""
    import tomllib

    if section == "strategies" and not value.lstrip().startswith("["):
        return "[" + ", ".join(f'"{name.strip()}"' for name in value.split(",")) + "]"
    try:
        tomllib.loads(f"x = {value}")
    except ValueError:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if value.isprintable() else value
    return value


def _key(name: str) -> str:
    plain = all(char.isalnum() or char in "_-" for char in name) and name.isascii()
    return name if plain else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _overrides(
    given: Mapping[str, float] | None, environment: Mapping[str, str] | None
) -> dict[str, tuple[float, str]]:
    found: dict[str, tuple[float, str]] = {}
    around = os.environ if environment is None else environment
    for name in ANSWERING:
        variable = _PREFIX + name.upper()
        if text := around.get(variable, "").strip():
            try:
                number = float(text)
            except ValueError:
                raise ConfigError(f"expected a number, not {text[:80]!r}", where=variable) from None
            found[name] = (_checked(name, number, variable), variable)
    for name, value in (given or {}).items():
        if name not in ANSWERING:
            raise ConfigError(
                f"{name} cannot be set for a single run",
                next=f"set it in ltrr.toml; for a run there are {', '.join(ANSWERING)}",
            )
        try:
            found[name] = (_checked(name, value, f"--{name}"), "flag")
        except ConfigError as error:
            raise UsageError(error.what, where=error.where) from error
    return found


def _checked(name: str, value: float, where: str) -> float:
    return float(getattr(parse_config({"query": {name: value}}, where=where), name))
