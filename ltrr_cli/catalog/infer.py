"""Which raw field plays which role: given by the user, or inferred from the names and contents of a sample."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from ltrr_cli.catalog import roles
from ltrr_cli.catalog.amounts import currencies, mark_of
from ltrr_cli.catalog.markup import is_html
from ltrr_cli.catalog.profile import profiles
from ltrr_cli.catalog.schema import ALIASES, Schema
from ltrr_cli.catalog.weights import weighings
from ltrr_cli.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence

    from ltrr_cli.catalog.profile import Profile


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
    records: Sequence[Mapping[str, object]],
    overrides: Overrides = INFER_ALL,
    *,
    like: Schema | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Schema:
    """Return the schema of a sample of raw records. The same sample gives the same schema.

    Where the records join others, that were read `like` this, the same fields mean the same, and its attributes come
    first: a few records alone may look otherwise. `tell` takes remarks for the user.

    Raises:
        CatalogError: an override names a field that no record has.
    """
    found = profiles(records)
    _check(overrides, found)
    before: dict[str, str] = {}  # why a field that has no role was not used, "" where it was
    if like is not None:
        before = dict.fromkeys(like.attributes, "") | {name: why for name, why in like.ignored if why != roles.EMPTY}
        overrides = _as_before(like, overrides, found)
    played, free = _played(overrides, found, before)
    reasons = {
        name: roles.why_ignored(profile) for name, profile in free.items() if not _is_outer(name, profile, found)
    }
    reasons |= {name: why for name, why in before.items() if name not in _named(overrides)}
    names = dict.fromkeys([*before, *found])
    attributes = [name for name in names if name == played.creator or (name in reasons and not reasons[name])]
    if ALIASES not in names and any(_several(record.get(played.title)) for record in records):
        attributes.append(ALIASES)
    weighing = {*weighings(records), *(like.weighted if like is not None else ())}
    schema = replace(
        played,
        attributes=tuple(attributes),
        ignored=tuple((name, why) for name, why in reasons.items() if why and name != played.creator),
        weighted=tuple(name for name in attributes if name in weighing),
    )
    return _with_kinds(schema, found, like, tell)


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


def _check(overrides: Overrides, found: Collection[str]) -> None:
    """Refuse an override that names no field."""
    for item in fields(overrides):
        value = getattr(overrides, item.name)
        for name in (value,) if isinstance(value, str) else value or ():
            if name and name not in found:
                raise CatalogError(
                    f"no record has the field {name!r}, which is to be the {item.name}",
                    where="schema",
                    next=f"the fields are: {', '.join(found) or 'none'}",
                )


def _named(overrides: Overrides) -> set[str]:
    """Return the fields that play a role because it was said so; a creator is an attribute like others."""
    single = (overrides.id, overrides.title, overrides.type, overrides.popularity)
    return {name for name in (*single, *(overrides.text or ())) if name}


def _played(
    overrides: Overrides, found: Mapping[str, Profile], before: Container[str]
) -> tuple[Schema, dict[str, Profile]]:
    """Return a schema with the roles alone, and the fields that play none; those of `before` are given no other."""
    given = _named(overrides)
    free = {name: profile for name, profile in found.items() if name not in given and name not in before}

    def role(said: str | None, guess: Callable[[Mapping[str, Profile]], str]) -> str:
        chosen = guess(free) if said is None else said
        free.pop(chosen, None)
        return chosen

    entity_id = role(overrides.id, roles.entity_id)
    title = role(overrides.title, roles.title)
    type_ = role(overrides.type, roles.type_)
    popularity = role(overrides.popularity, roles.popularity)
    text = roles.text(free) if overrides.text is None else overrides.text
    for name in text:
        free.pop(name, None)
    if overrides.title is None and not title:
        title = role(None, roles.title_by_content)
    creator = roles.creator(free) if overrides.creator is None else overrides.creator
    played = Schema(
        id=entity_id,
        title=title,
        text=tuple(text),
        type=type_,
        popularity=popularity,
        creator=creator,
        attributes=(),
        ignored=(),
    )
    return played, free


def _with_kinds(
    schema: Schema, found: Mapping[str, Profile], like: Schema | None, tell: Callable[[str], None]
) -> Schema:
    """Return the schema with the fields whose texts are amounts, and those that are HTML."""
    prose = (schema.title, *schema.text, schema.type)
    names = (*prose, schema.popularity, *schema.attributes)
    texts = {name: found[name].written for name in names if name in found}
    able = {name: some for name, some in texts.items() if name not in {*prose, schema.creator}}
    marks = {name: mark_of(name, some) for name, some in able.items()}
    known: set[str] = set()
    if like is not None:
        marks |= dict(like.amounts)
        known = {*like.attributes, *(name for name, why in like.ignored if why != roles.EMPTY), *like.text}
        known |= {like.title, like.type}
    for name, some in able.items():
        if not marks[name] and len(several := currencies(some)) > 1:
            tell(
                f"{name}: amounts in several currencies ({', '.join(several)}) are compared as texts, letter by letter"
            )
    html = [name for name, some in texts.items() if name not in known and is_html(some)]
    return replace(
        schema,
        amounts=tuple((name, mark) for name, mark in marks.items() if mark),
        html=(*html, *(like.html if like is not None else ())),
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
