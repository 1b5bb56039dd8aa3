"""Which raw field plays which role, and how its values are read."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from ltrr_cli.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Mapping


ALIASES = "aliases"
"""The attribute of an entity's further titles, where the catalogue gives it a list of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The role of every raw field; a field of a nested object is written `outer.inner`, and "" means none.

    `id` is "" where ids are made from the content of the records. `text` fields are joined by newlines, in order.
    `creator` names who made an entity (artist, author, brand …) and is one of the `attributes`, which hold all
    other usable fields in order of appearance, and `aliases` where titles are lists (all but the first); of those,
    `weighted` ones weigh their values. `amounts` are the attributes, or the popularity, whose texts are read as
    numbers, each with the mark before its decimals; fields in `html` are read as a browser shows them. `ignored` says
    of the rest why it is not used. `also` names fields that play a role (title, text …) in other parts of the index.
    """

    id: str
    title: str
    text: tuple[str, ...]
    type: str
    popularity: str
    creator: str
    attributes: tuple[str, ...]
    ignored: tuple[tuple[str, str], ...]
    weighted: tuple[str, ...] = ()
    amounts: tuple[tuple[str, str], ...] = ()
    html: tuple[str, ...] = ()
    also: tuple[tuple[str, str], ...] = ()

    def field(self, role: str) -> str:
        """Return the field that plays a role (id, title, text …), "" where none does, or several are the text."""
        if role == "text":
            return self.text[0] if len(self.text) == 1 else ""
        return str(getattr(self, role))

    def to_dict(self) -> dict[str, object]:
        """Return strings and lists only, as JSON and TOML hold them."""
        plain = asdict(self)
        plain["text"] = list(self.text)
        plain["attributes"] = list(self.attributes)
        plain["weighted"] = list(self.weighted)
        plain["html"] = list(self.html)
        plain["also"] = [list(pair) for pair in self.also]
        plain["ignored"] = [list(pair) for pair in self.ignored]
        plain["amounts"] = [list(pair) for pair in self.amounts]
        return plain

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Schema:
        """Read what `to_dict` wrote; a role that is not mentioned is empty.

        Raises:
            CatalogError: an unknown role, a value of the wrong kind, or a field named twice.
        """
        known = [item.name for item in fields(cls)]
        if unknown := sorted(set(values) - set(known)):
            raise _error(f"there is no role {unknown[0]!r}", f"the roles are {', '.join(known)}")
        single = {role: _text(values.get(role, ""), role) for role in ("id", "title", "type", "popularity", "creator")}
        ignored = _pairs(values.get("ignored", []), "ignored", "[field, why]")
        amounts = _pairs(values.get("amounts", []), "amounts", "[field, mark before decimals]")
        attributes = _texts(values.get("attributes", []), "attributes")
        text = _texts(values.get("text", []), "text")
        for role, names in (("attributes", attributes), ("text", text)):
            if twice := [name for name in names if names.count(name) > 1]:
                raise _error(f"{role}: {twice[0]!r} is named twice", "name it once")
        if single["creator"] and single["creator"] not in attributes:
            raise _error(f"creator: {single['creator']!r} is not one of the attributes", "add it to the attributes")
        return cls(
            id=single["id"],
            title=single["title"],
            text=text,
            type=single["type"],
            popularity=single["popularity"],
            creator=single["creator"],
            attributes=attributes,
            ignored=ignored,
            weighted=_texts(values.get("weighted", []), "weighted"),
            amounts=amounts,
            html=_texts(values.get("html", []), "html"),
            also=_pairs(values.get("also", []), "also", "[field, role]"),
        )


def _error(what: str, advice: str) -> CatalogError:
    return CatalogError(what, where="schema", next=advice)


def _text(value: object, role: str) -> str:
    if not isinstance(value, str):
        raise _error(f"{role}: must be the name of a field", 'write it in quotes; "" means none')
    return value


def _pairs(value: object, role: str, what: str) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, (list, tuple)):
        raise _error(f"{role}: must be a list of {what}", "correct it")
    pairs = [_texts(pair, role) for pair in value]
    if any(len(pair) != 2 for pair in pairs):
        raise _error(f"{role}: must be a list of {what}", "correct it")
    return tuple((first, second) for first, second in pairs)


def _texts(value: object, role: str) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise _error(f"{role}: must be a list", "write it in brackets")
    return tuple(_text(item, role) for item in value)
