"""From text to a filter expression.

    filter    = part { "or" part }
    part      = one { "and" one }
    one       = "not" one | "(" filter ")" | condition
    condition = field ( "=" | "!=" | ":" ) ( value | "(" value { "," value } ")" )
              | field [ ":" ] ( "<" | "<=" | ">" | ">=" ) value
              | field [ "not" ] "in" "(" value { "," value } ")"

Fields and values are words, or stand in quotes, single or double, in which a backslash keeps the next character.
Several words next to each other are one value; of a field of numbers, 1990-1995 is all from 1990 to 1995. Case does
not matter, nor do accents.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from ltrr_cli.errors import UsageError
from ltrr_cli.filters.expression import (
    COMPARISONS,
    WORDS,
    All,
    Condition,
    Either,
    Expression,
    Not,
    all_of,
    between,
    number_of,
)
from ltrr_cli.filters.names import NOTHING, field_named, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST = 8192
"""Characters of a filter at most."""
_DEEPEST = 50
_SHOWN = 24
"""Characters of a filter that an error shows."""
_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
    r"|(?P<sign>!=|<=|>=|==|[=<>:(),])"
    r"""|(?P<word>[^\s"'=<>!:(),](?:[^\s"=<>!:(),])*))""",
    re.DOTALL,
)
_SIGNS = ("=", "==", "!=", ":", *COMPARISONS)


class FilterError(UsageError):
    """A filter that cannot be read: `column` (from 0) says where in its `text`, and what stands there is shown."""

    def __init__(self, what: str, text: str, column: int, *, next: str = "") -> None:  # noqa: A002
        here = " ".join(text[column : column + _SHOWN].split())
        place = f"at {here}{'…' if column + _SHOWN < len(text) else ''}" if here else "at its end"
        super().__init__(what, where=f"filter, column {column + 1}, {place}", next=next)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int

    @property
    def word(self) -> str:
        """The word in lower case, "" for what is no word."""
        return self.text.lower() if self.kind == "word" else ""


def parse(text: str, fields: Mapping[str, bool], called: Mapping[str, str] = NOTHING) -> Expression | None:
    """Read a filter; None where there is none.

    `fields` names those that the catalogue has, and whether all of a field's values are numbers; `called` what the
    catalogue itself calls some of them. Raises `FilterError` for what is no filter, names a field that is not there, or
    compares numbers with a text.
    """
    if len(text) > MOST:
        raise FilterError(f"a filter has at most {MOST:,} characters, not {len(text):,}", text, MOST)
    if not text.strip():
        return None
    return _Parser(text, fields, called).all()


class _Parser:
    def __init__(self, text: str, fields: Mapping[str, bool], called: Mapping[str, str]) -> None:
        self._text, self._fields, self._called = text, fields, called
        self._tokens = self._cut()
        self._place = 0
        self._depth = 0

    def all(self) -> Expression:
        expression = self._or()
        if self._token.kind != "end":
            self._fail("expected and, or, or the end")
        return expression

    def _cut(self) -> list[_Token]:
        tokens, at = [], 0
        end = len(self._text.rstrip())
        while at < end:
            found = _TOKEN.match(self._text, at)
            kind = found.lastgroup if found else None
            if found is None or kind is None:
                at += len(self._text[at:]) - len(self._text[at:].lstrip())
                what = "a quote is opened and not closed" if self._text[at] in "\"'" else "this means nothing here"
                raise FilterError(what, self._text, at)
            written = found[kind]
            if kind == "string":
                written = re.sub(r"\\(.)", r"\1", written[1:-1], flags=re.DOTALL)
            tokens.append(_Token(kind, written, found.start(kind)))
            at = found.end()
        tokens.append(_Token("end", "", end))
        return tokens

    @property
    def _token(self) -> _Token:
        return self._tokens[self._place]

    def _next(self) -> _Token:
        token = self._token
        self._place += token.kind != "end"
        return token

    def _take(self, sign: str) -> bool:
        taken = self._token.kind == "sign" and self._token.text == sign
        self._place += taken
        return taken

    def _fail(self, what: str, token: _Token | None = None, *, next: str = "") -> NoReturn:  # noqa: A002
        raise FilterError(what, self._text, (token or self._token).column, next=next)

    def _or(self) -> Expression:
        parts = self._joined("or", self._and)
        return parts[0] if len(parts) == 1 else Either(parts)

    def _and(self) -> Expression:
        parts = self._joined("and", self._one)
        return parts[0] if len(parts) == 1 else all_of(*parts) or All(parts)

    def _joined(self, word: str, read: Callable[[], Expression]) -> tuple[Expression, ...]:
        parts = [read()]
        while self._token.word == word:
            self._next()
            parts.append(read())
        return tuple(dict.fromkeys(parts))

    def _one(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._fail(f"parentheses and nots nest at most {_DEEPEST} deep")
        if self._token.word == "not":
            self._next()
            inner = self._one()
            found: Expression = inner.part if isinstance(inner, Not) else Not(inner)
        elif self._take("("):
            found = self._or()
            if not self._take(")"):
                self._fail("expected )")
        else:
            found = self._condition()
        self._depth -= 1
        return found

    def _condition(self) -> Expression:
        token = self._next()
        if token.kind not in {"word", "string"} or token.word in WORDS:
            self._fail("expected a field, such as genre in genre = rock", token)
        operator = self._operator()
        field = field_named(token.text, self._fields, self._called)
        if field is None:
            near = nearest(token.text, self._fields)
            self._fail(f"there is no field {token.text[:80]!r}", token, next=f"fields: {', '.join(near)}")
        if operator in {"in", "not in"}:
            if not (self._token.kind == "sign" and self._token.text == "("):
                self._fail("expected ( after in")
            found: Expression = Condition(field, "=", self._values())
            return found if operator == "in" else Not(found)
        if operator in COMPARISONS:
            value = self._token
            word = self._value()
            if self._fields[field] and number_of(word) is None:
                self._fail(f"{field} holds numbers, and this is none", value)
            return Condition(field, operator, (word,))
        values = self._values()
        condition: Expression = Condition(field, ":" if operator == ":" else "=", values)
        if self._fields[field] and len(values) == 1:
            condition = between(field, values[0]) or condition
        return Not(condition) if operator == "!=" else condition

    def _operator(self) -> str:
        if self._token.word == "in":
            self._next()
            return "in"
        if self._token.word == "not" and self._tokens[self._place + 1].word == "in":
            self._place += 2
            return "not in"
        token = self._token
        if token.kind != "sign" or token.text not in _SIGNS:
            self._fail("expected one of = != : < <= > >= in", token)
        self._next()
        if token.text == ":" and self._token.kind == "sign" and self._token.text in {*COMPARISONS, "=", "!="}:
            return self._next().text
        return "=" if token.text == "==" else token.text

    def _values(self) -> tuple[str, ...]:
        """Read one value, or several in parentheses."""
        if not self._take("("):
            return (self._value(),)
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        if not self._take(")"):
            self._fail("expected , or )")
        return tuple(sorted(dict.fromkeys(values)))

    def _value(self) -> str:
        if self._token.kind == "string":
            return self._next().text
        words = []
        while self._token.kind == "word" and self._token.word not in {"and", "or"}:
            words.append(self._next())
        if not words:
            self._fail("expected a value")
        if len(words) > 1 and self._token.kind == "sign" and self._token.text in _SIGNS:
            self._fail("expected and, or", words[-1], next="join conditions with and, or")
        return " ".join(word.text for word in words)
