"""Lists and objects in cells as JSON or Python writes them: `["a"]`, `['a']`, `[{'id': 1, 'name': 'A'}]`, `[a, b]`."""

from __future__ import annotations

import ast
import json
import re
import warnings

_MAX_LENGTH = 1 << 16
_DEEPEST = 8
# Possessive throughout, so that no cell can make the search explode.
_STRING = r"""'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+\""""
_ITEM = re.compile(rf"{_STRING}|[^\s,'\"\[\](){{}}]++(?:[ ]++[^\s,'\"\[\](){{}}]++)*+", re.DOTALL)
_LIST = re.compile(rf"\[\s*+(?:(?:{_ITEM.pattern})\s*+(?:,\s*+|(?=\])))*+\]", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_WORD = r"None|True|False|nan|-?(?:\d++\.?\d*+|\.\d++)(?:[eE][+-]?\d++)?+"
_PART = re.compile(rf"\s*+({_STRING}|{_WORD}|[\[\]{{}}:,])\s*+", re.DOTALL | re.ASCII)
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*|(?=\.[0-9]))(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
EXACT_DIGITS = 15
"""Digits of a whole number that a float holds exactly, whichever they are."""
_SURE = re.compile(r"\s*(?:[\[{]\s*[\"'{]|\[\s*\]\s*$|\{\s*\}\s*$)")


def literal(cell: str) -> list[object] | dict[str, object] | None:
    """Return the list or object that a cell writes, None where it is no such, or a list of lists."""
    cell = cell.strip()
    if len(cell) > _MAX_LENGTH or cell[:1] + cell[-1:] not in {"[]", "{}"}:
        return None
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        value = _python(cell)
    if value is None and _LIST.fullmatch(cell):
        return [_item(item) for item in _ITEM.findall(cell, 1, len(cell) - 1)]
    if isinstance(value, list):
        return None if any(isinstance(item, list) for item in value) else value
    return value if isinstance(value, dict) and all(isinstance(key, str) for key in value) else None


def is_sure(cell: str) -> bool:
    """Tell whether a cell that is a list or an object can hardly be meant as a text, as `[sic]` may be."""
    return cell[-1:] in {"]", "}"} and _SURE.match(cell) is not None


def _python(cell: str) -> object:
    """Return what Python would read; None where it would not, or a cell nests deeper than eight lists and objects.

    Only its tokens are let through to `ast`, which a text without end of signs or brackets could exhaust.
    """
    parts, at, depth = [], 0, 0
    while at < len(cell):
        found = _PART.match(cell, at)
        if found is None:
            return None
        part, at = found[1], found.end()
        depth += (part in "[{") - (part in "]}")
        if depth > _DEEPEST:
            return None
        parts.append("None" if part == "nan" else part)
    try:
        with warnings.catch_warnings(action="ignore"):  # of escapes that Python does not know
            value: object = ast.literal_eval(" ".join(parts))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return value


def _item(item: str) -> object:
    if item[0] in "'\"":
        return _ESCAPE.sub(r"\1", item[1:-1])
    if item in ("None", "nan", "null"):
        return None
    return float(item) if NUMBER.fullmatch(item) and len(item) <= EXACT_DIGITS else item
