"""The JSON object in a line of bytes, whatever the bytes are."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import orjson


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"not JSON: {constant}")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_LONG, _LONG_BELOW_0 = b"0" * 20, b"-" + b"0" * 19
"""So many digits in a row: perhaps an integer beyond 64 bits, which orjson would round."""


def parse_object(line: bytes) -> dict[str, Any]:
    """Return the JSON object that `line` holds; `ValueError` with the reason for anything else.

    NaN, which is no JSON, and nesting without end are refused too: a measured value that is not a number means that the
    log's writer went wrong. Of several members with one name the last counts, as in most readers of JSON (RFC 8259, 4).
    """
    try:
        digits = line.translate(_DIGITS)
        row = _patiently(line) if _LONG in digits or _LONG_BELOW_0 in digits else orjson.loads(line)
    except orjson.JSONDecodeError:
        row = _patiently(line)
    if not isinstance(row, dict):
        raise ValueError(f"a JSON object expected, found {type(row).__name__}")  # noqa: TRY004 – one error for all
    return row


def _patiently(line: bytes) -> Any:
    """Return what `line` holds, also where orjson refuses it: lone surrogates, numbers of any size."""
    try:
        return _DECODER.decode(_text(line))
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise ValueError("not usable JSON: nested too deep") from None


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        from ltrr_cli.catalog.lines import decoded  # which also knows surrogates written as UTF-8

        text = decoded(line)
        if text is None:
            raise ValueError("not UTF-8") from None
        return text
