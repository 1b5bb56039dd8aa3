"""Amounts: numbers that a catalogue writes as texts.

"$1,299.00", "1.299,00 €", "USD 12"; and, where the field is called a price or a count, "12.50" and "1,204": elsewhere
that may be a version, or a place on a map. A field holds amounts if nine of ten of its texts do, in no more than one
currency: prices in two of them cannot be compared.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ltrr_cli.catalog import names

if TYPE_CHECKING:
    from collections.abc import Iterable

_SPACES = " \u00a0\u202f"
_CODES = "usd|eur|gbp|chf|jpy|cny|inr|aud|cad|nzd|sek|nok|dkk|pln|czk|huf|brl|mxn|zar|try|krw|sgd|hkd"
_UNIT = rf"[$€£¥₹₽₩₺₴₫฿]|(?:us|a|c|nz|hk|s|r)\$|{_CODES}|kr|zł|kč"
_AMOUNT = re.compile(
    rf"(?P<sign>[-+]?)(?:(?P<before>{_UNIT})[{_SPACES}]?)?(?P<inner>-?)"
    rf"(?P<number>[0-9]+(?:[.,'’{_SPACES}][0-9]+)*)(?:[{_SPACES}]?(?P<after>{_UNIT}))?",
    re.IGNORECASE,
)
_LONGEST = 40
_EXACT_DIGITS = 15
_DECIMALS = re.compile(r"[.,][0-9]{1,2}$")
POINT, COMMA = ".", ","


def amount(text: str, mark: str) -> float | None:
    """Return the number that a text writes, None if it writes none; `mark`, POINT or COMMA, stands before decimals."""
    parts = _parts(text)
    return None if parts is None else _number(parts[0], parts[1], mark)


def mark_of(name: str, texts: Iterable[str]) -> str:
    """Return the mark before the decimals of a field's amounts, "" where it does not hold amounts."""
    found, units, count = [], set(), 0
    for count, text in enumerate(texts, 1):  # noqa: B007 – it is wanted at the end
        parts = _parts(text)
        if parts is not None:
            found.append(parts)
            units.add(parts[2])
    if not found or len(units - {""}) > 1 or len(found) * 10 < count * 9:
        return ""
    marked = {match[0][0] for _, number, _ in found if (match := _DECIMALS.search(number))}
    mark = COMMA if marked == {COMMA} else POINT
    numbers = [_number(sign, number, mark) for sign, number, _ in found]
    if sum(one is not None for one in numbers) * 10 < count * 9:
        return ""
    return mark if units - {""} or names.is_quantity(name) else ""


def _parts(text: str) -> tuple[str, str, str] | None:
    """Return the sign, the digits with their marks, and the currency of an amount."""
    match = _AMOUNT.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if match is None or (match["before"] and match["after"]) or (match["sign"] and match["inner"]):
        return None
    return match["sign"] or match["inner"], match["number"], (match["before"] or match["after"] or "").lower()


def _grouped(number: str, mark: str) -> bool:
    """Tell whether thousands are marked, each the same way."""
    whole = number.partition(mark)[0]
    between = set(re.sub(r"[0-9]", "", whole))
    groups = re.split(r"[^0-9]", whole)
    return len(between) == 1 and 1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])


def _number(sign: str, number: str, mark: str) -> float | None:
    whole, _, decimals = number.partition(mark)
    if (decimals and not decimals.isdecimal()) or not (whole.isdecimal() or _grouped(number, mark)):
        return None
    digits = "".join(filter(str.isdecimal, whole))
    if (len(digits) > 1 and digits[0] == "0") or len(digits) > _EXACT_DIGITS:  # a code
        return None
    return float(f"{'-' if sign == '-' else ''}{digits}.{decimals or '0'}")
