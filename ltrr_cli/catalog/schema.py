"""Which raw field plays which role: given by the user, or inferred from the names and contents of a sample."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING

from ltrr_cli.catalog import roles
from ltrr_cli.catalog.amounts import mark_of
from ltrr_cli.catalog.markup import is_html
from ltrr_cli.catalog.profile import profiles
from ltrr_cli.catalog.weights import weighings
from ltrr_cli.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from ltrr_cli.catalog.profile import Profile


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What the user says about roles: None leaves a role to inference, "" or () means that there is none."""

    id: str | None = None
    title: str | None = None
    text: tuple[str, ...] | None = None
    type: str | None = None
    popularity: str | None = None
    creator: str | None = None


INFER_ALL = Overrides()


def infer(
    records: Sequence[Mapping[str, object]], overrides: Overrides = INFER_ALL, *, like: Schema | None = None
) -> Schema:
    """Return the schema of a sample of raw records. The same sample gives the same schema.

    Where the records join others, that were read `like` this, the same fields mean the same, and its attributes come
    first: a few records alone may look otherwise.

    Raises:
        CatalogError: an override names a field that no record has.
    """
    found = profiles(records)
    for item in fields(overrides):
        value = getattr(overrides, item.name)
        for name in (value,) if isinstance(value, str) else value or ():
            if name and name not in found:
                have = ", ".join(found) or "none"
                raise _error(
                    f"no record has the field {name!r}, which is to be the {item.name}", f"the fields are: {have}"
                )

    before: dict[str, str] = {}  # why a field that has no role was not used, "" where it was
    if like is not None:
        before = dict.fromkeys(like.attributes, "") | {name: why for name, why in like.ignored if why != roles.EMPTY}
        overrides = _as_before(like, overrides, found)
    given = {name for name in (overrides.id, overrides.title, overrides.type, overrides.popularity) if name}
    given.update(overrides.text or ())
    free = {name: profile for name, profile in found.items() if name not in given and name not in before}

    def role(said: str | None, guess: str) -> str:
        chosen = guess if said is None else said
        free.pop(chosen, None)
        return chosen

    entity_id = role(overrides.id, roles.entity_id(free))
    title = role(overrides.title, roles.title(free))
    type_ = role(overrides.type, roles.type_(free))
    popularity = role(overrides.popularity, roles.popularity(free))
    text = roles.text(free) if overrides.text is None else overrides.text
    for name in text:
        free.pop(name, None)
    if overrides.title is None and not title:
        title = role(None, roles.title_by_content(free))
    creator = roles.creator(free) if overrides.creator is None else overrides.creator
    reasons = {
        name: roles.why_ignored(profile) for name, profile in free.items() if not _is_outer(name, profile, found)
    }
    reasons |= {name: why for name, why in before.items() if name not in given}
    weighing = {*weighings(records), *(like.weighted if like is not None else ())}
    names = dict.fromkeys([*before, *found])
    attributes = [name for name in names if name == creator or (name in reasons and not reasons[name])]
    if ALIASES not in names and any(_several(record.get(title)) for record in records):
        attributes.append(ALIASES)
    known = {*before, like.title, *like.text, like.type} if like is not None else set()
    texts = {name: found[name].written for name in (title, *text, type_, popularity, *attributes) if name in found}
    marks = {name: mark_of(name, some) for name, some in texts.items() if name not in (title, *text, type_, creator)}
    html = [name for name, some in texts.items() if name not in known and is_html(some)]
    if like is not None:
        marks |= dict(like.amounts)
        html += like.html
    return Schema(
        id=entity_id,
        title=title,
        text=tuple(text),
        type=type_,
        popularity=popularity,
        creator=creator,
        attributes=tuple(attributes),
        ignored=tuple((name, why) for name, why in reasons.items() if why and name != creator),
        weighted=tuple(name for name in attributes if name in weighing),
        amounts=tuple((name, mark) for name, mark in marks.items() if mark),
        html=tuple(html),
    )


def with_others(schema: Schema, samples: Sequence[Sequence[Mapping[str, object]]]) -> Schema:
    """Return the schema with the fields that play a role in those of several samples that lack its own.

    Songs have a title, and the artists in a file beside them a name.
    """
    also = dict(schema.also)
    fields_of = [{name for name, one in profiles(records).items() if one.present} for records in samples]
    for records, present in zip(samples, fields_of, strict=True):
        lacking = [role for role in ("title", "type", "popularity") if schema.field(role) not in {"", *present}]
        if records and lacking:
            own = infer(records)
            found = {own.field(role): role for role in lacking}
            also |= {name: role for name, role in found.items() if name in schema.attributes and name != schema.creator}
    text = schema.text
    if len(text) > 1 and all(len(some & {*text}) <= 1 for some in fields_of):  # no record has two of them
        also |= dict.fromkeys(text[1:], "text")
        text = text[:1]
    beside = {name for name, role in also.items() for some in fields_of if {name, schema.field(role)} <= some}
    return replace(
        schema,
        text=text,
        attributes=tuple(name for name in schema.attributes if name not in also or name in beside),
        also=tuple(also.items()),
    )


def _as_before(like: Schema, overrides: Overrides, found: Container[str]) -> Overrides:
    """Return what the user says, and where he says nothing the roles that fields of these records have in `like`."""
    roles_ = {item.name: getattr(overrides, item.name) for item in fields(overrides)}
    said = {name for value in roles_.values() for name in ((value,) if isinstance(value, str) else value or ())}
    for role in ("id", "title", "type", "popularity", "creator"):
        names = (like.field(role), *(name for name, played in like.also if played == role))
        if roles_[role] is None:
            roles_[role] = next((name for name in names if name in found and name not in said), None)
    text = tuple(name for name in like.text if name in found and name not in said)
    if overrides.text is None and text:
        roles_["text"] = text
    return Overrides(**roles_)


def _is_outer(name: str, profile: Profile, found: Iterable[str]) -> bool:
    """Tell whether a field is but an empty list or object whose inner fields others have."""
    return not profile.present and any(other.startswith(f"{name}.") for other in found)


def _several(value: object) -> bool:
    return isinstance(value, (list, tuple)) and len(value) > 1


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
