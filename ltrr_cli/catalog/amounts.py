"""Amounts: numbers that a catalogue writes as texts.

"$1,299.00", "1.299,00 €", "USD 12", "12,- kr", "₹1,20,000", and "from $5", which is the least of several; where the
field is called a price or a count, "12.50" or "1,204", too: elsewhere that may be a version, or a place on a map. A
field holds amounts if nine of ten of its texts do, in no more than one currency: prices in two of them cannot be
compared.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ltrr_cli.catalog import names
from ltrr_cli.catalog.literals import EXACT_DIGITS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_SPACES = " \u00a0\u202f"
_CODES = "USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|ZAR|TRY|KRW|SGD|HKD"
_SIGNS = r"(?:US|A|C|NZ|HK|R)?\$|[€£¥￥₹₽₩₺₴₫฿]|Rs\.?"
_WORDS = rf"{_CODES}|kr|zł|Kč"
_AMOUNT = re.compile(
    rf"(?P<least>[Ff]rom )?(?P<sign>[-+−]?)"
    rf"(?:(?P<before>{_SIGNS})[{_SPACES}]?|(?P<first>{_WORDS})[{_SPACES}])?(?P<inner>[-−]?)"
    rf"(?P<number>[0-9]+(?:[.,'’{_SPACES}][0-9]+)*)(?:(?P<none>[.,])[-–—])?"
    rf"(?:[{_SPACES}]?(?P<after>{_SIGNS}))?(?:[{_SPACES}](?P<last>{_WORDS}))?"
)
_SAME = {
    "USD": "$", "US$": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "￥": "¥", "INR": "₹", "Rs": "₹", "Rs.": "₹",
    "KRW": "₩", "TRY": "₺", "PLN": "zł", "CZK": "Kč", "A$": "AUD", "C$": "CAD", "NZ$": "NZD", "HK$": "HKD", "R$": "BRL",
}  # fmt: skip
"""Currencies that are written in two ways."""
_DOLLARS = frozenset(("AUD", "CAD", "NZD", "HKD", "SGD", "MXN"))
"""What "$" may mean where one of them stands behind: "$5.00 CAD"."""
_LONGEST = 40
_DECIMALS = re.compile(r"[.,](?:[0-9]{1,2}|[0-9]{4,})$")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}([.,])[0-9]{3}")
_INDIAN = re.compile(r"[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}")
POINT, COMMA = ".", ","


def amount(text: str, mark: str = "") -> float | None:
    """Return the number that a text writes, None if it writes none; `mark`, POINT or COMMA, stands before decimals.

    One that cannot be meant so is read with the other mark, where that leaves no doubt: "12,50" among "$1,299.00".
    Without a mark the text itself tells.
    """
    found = read_amount(text, mark)
    return None if found is None else found[0]


def read_amount(text: str, mark: str = "") -> tuple[float, str] | None:
    """Return the number that a text writes as `amount` does, and its currency, "" for none; None if it writes none."""
    parts = _parts(text)
    if parts is None:
        return None
    sign, number, unit = parts
    found = _value(sign, number, mark or _mark([number], currency=bool(unit)))
    return None if found is None else (found, unit)


def mark_of(name: str, texts: Collection[str]) -> str:
    """Return the mark before the decimals of a field's amounts, "" where it does not hold amounts."""
    found = [parts for parts in map(_parts, texts) if parts is not None]
    units = {unit for _, _, unit in found} - {""}
    if not found or len(units) > 1 or len(found) * 10 < len(texts) * 9:
        return ""
    mark = _mark([number for _, number, _ in found], currency=bool(units))
    numbers = [_value(sign, number, mark) for sign, number, _ in found]
    if sum(one is not None for one in numbers) * 10 < len(texts) * 9:
        return ""
    counted = not units and names.is_count(name) and all(one is None or one.is_integer() for one in numbers)
    return mark if units or counted or names.is_price(name) else ""


def currencies(texts: Collection[str]) -> list[str]:
    """Return the currencies of a field's texts, by name, if nine of ten are amounts; none where they are not."""
    found = [parts for parts in map(_parts, texts) if parts is not None]
    return sorted({unit for _, _, unit in found} - {""}) if len(found) * 10 >= len(texts) * 9 else []


def _mark(numbers: Sequence[str], *, currency: bool) -> str:
    """Return which mark stands before decimals.

    Where none has decimals, or all have three, which a currency hardly has, what stands before three digits is between
    thousands: "1.299 €" beside "999 €".
    """
    decimals = {match[0][0] for number in numbers if (match := _DECIMALS.search(number))}
    if decimals:
        return COMMA if decimals == {COMMA} else POINT
    between = {match[1] for number in numbers if (match := _THOUSANDS.fullmatch(number))}
    return COMMA if currency and between == {POINT} else POINT


def _parts(text: str) -> tuple[str, str, str] | None:
    """Return the sign, the digits with their marks, and the currency of an amount."""
    match = _AMOUNT.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if match is None or (match["sign"] and match["inner"]):
        return None
    written = [unit for part in ("before", "first", "after", "last") if (unit := match[part])]
    units = [*dict.fromkeys(_SAME.get(unit, unit) for unit in written)]
    if len(units) == 2 and units[0] == "$" and units[1] in _DOLLARS:
        units = units[1:]
    if len(units) > 1 or (match["least"] and not units):
        return None
    number = match["number"] + (f"{match['none']}00" if match["none"] else "")  # "5,-" is "5,00"
    return match["sign"] or match["inner"], number, units[0] if units else ""


def _grouped(number: str, mark: str) -> bool:
    """Tell whether thousands are marked, each the same way."""
    whole = number.partition(mark)[0]
    between = set(re.sub(r"[0-9]", "", whole))
    groups = re.split(r"[^0-9]", whole)
    return _INDIAN.fullmatch(whole) is not None or (
        len(between) == 1
        and 1 <= len(groups[0]) <= 3
        and groups[0] != "0"
        and all(len(group) == 3 for group in groups[1:])
    )


def _value(sign: str, number: str, mark: str) -> float | None:
    found = _number(sign, number, mark)
    other = COMMA if mark == POINT else POINT
    return _number(sign, number, other) if found is None and _DECIMALS.search(number) else found


def _number(sign: str, number: str, mark: str) -> float | None:
    whole, _, decimals = number.partition(mark)
    if (decimals and not decimals.isdecimal()) or not (whole.isdecimal() or _grouped(number, mark)):
        return None
    digits = "".join(filter(str.isdecimal, whole))
    if (len(digits) > 1 and digits[0] == "0") or len(digits) > EXACT_DIGITS:  # a code
        return None
    return float(f"{'-' if sign in {'-', '−'} else ''}{digits}.{decimals or '0'}")
