"""JSON that is laid out otherwise: one object around the list of the records, and objects written over several lines.

Exports of shops and answers of APIs are `{"count": 2, "items": [{…}, {…}]}`; `jq` and many programs indent.
"""

from __future__ import annotations

import json
import re

from ltrr_cli.catalog import names

_STRING = rb'"(?:[^"\\]|\\.)*+"'
_KEY = rb"(" + _STRING + rb")\s*+:\s*+"
_FLAT = rb"(?:" + _STRING + rb'|[^"{}\[\]])*+'
_VALUE = rb"(?:" + _STRING + rb"|[-+.\w]++|\{" + _FLAT + rb"\}|\[" + _FLAT + rb"\])"
_AROUND = re.compile(
    rb"\s*+\{\s*+(?:" + _STRING + rb"\s*+:\s*+" + _VALUE + rb"\s*+,\s*+)*+" + _KEY + rb"(?=\[\s*+\{)", re.DOTALL
)
"""All before the list: other members hold no objects within objects."""
_OPENED = re.compile(rb"\[[ \t\r]*\n")
_BEGUN = re.compile(rb"\{\s*(?:$|" + _STRING + rb"\s*:)", re.DOTALL)
_LINES = 20
_SINGLE = (*names.ID, *names.TITLE)


def is_indented(head: bytes) -> bool:
    """Tell whether the beginning of a file is an object over several lines, and not one a line."""
    first = [line.rstrip() for line in head.lstrip().split(b"\n", _LINES + 1)[:_LINES] if line.strip()]
    if len(first) < 2 or not _BEGUN.match(first[0]):
        return False
    whole = any(line.startswith(b"{") and line.endswith(b"}") for line in first)
    return not whole and sum(line.lstrip().startswith(b"{") for line in first) * 2 < len(first)


def around(head: bytes) -> tuple[str, int] | None:
    """Return the name of the list that holds the records, and the byte where it begins; None where there is none.

    An object with an id or a title is a record itself.
    """
    found = _AROUND.match(head)
    if found is None:
        return None
    several = b"\n" in head.strip()
    if several and not is_indented(head) and not _OPENED.match(head, found.end()):  # one object a line
        return None
    text = head.decode("utf-8", "replace")
    try:
        whole, end = json.JSONDecoder(strict=False).raw_decode(text.lstrip())
        if text.lstrip()[end:].strip():
            return None
    except (ValueError, RecursionError):  # it goes on behind what is looked at, or one of the records is broken
        try:
            whole = json.loads(head[: found.end()] + b"0}", strict=False)
        except ValueError:
            return None
    name = json.loads(found[1], strict=False)
    others = {names.normal(key) for key in whole if key != name}
    return None if others.intersection(_SINGLE) else (name, found.end())
