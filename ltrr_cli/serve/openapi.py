"""The API's own description: OpenAPI 3.1 for programs, a short page for people, both from the table of operations."""

from __future__ import annotations

from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from ltrr_cli import __version__
from ltrr_cli.serve.operations import OPERATIONS
from ltrr_cli.serve.problems import TITLES
from ltrr_cli.serve.schemas import EVENT, PROBLEM
from ltrr_cli.serve.settings import MAX_BODY, MAX_EVENTS

if TYPE_CHECKING:
    from ltrr_cli.serve.operations import Operation
    from ltrr_cli.serve.parameters import Parameter

STYLE = """body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 52rem; padding: 0 1rem; }
table { border-collapse: collapse; } td, th { padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; }
code, pre { font: 14px/1.4 ui-monospace, monospace; } pre { overflow-x: auto; padding: .6rem; background: #8882; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd; } a { color: #8bf; } }
"""


@cache
def openapi(*, token: bool) -> dict[str, Any]:
    """Return the OpenAPI document; `token`: one has to be shown."""
    asked = {_name(one): _asked(one) for one in OPERATIONS if one.parameters}
    components: dict[str, Any] = {"schemas": {"Problem": PROBLEM, "Event": EVENT, **asked}}
    if token:
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ltrr",
            "version": __version__,
            "description": "Local, learning search. Errors are RFC 9457 problem details. "
            + ("Without the token" if token else "Where the server is started with a token, without it")
            + " all but /health answer 401.",
        },
        "paths": {
            one.path: {method.lower(): _operation(one, method, token=token) for method in one.methods}
            for one in OPERATIONS
        },
        "components": components,
    }


def _operation(one: Operation, method: str, *, token: bool) -> dict[str, Any]:
    text = {"text/plain": {"schema": {"type": "string"}}}
    content = text if one.answer is None else {"application/json": {"schema": one.answer}}
    responses: dict[str, Any] = {"200": {"description": "what was asked for", "content": content}}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for kind in one.kinds:
        status, title = TITLES[kind]
        if kind != "no-token" or token:
            responses.setdefault(str(status), {"description": title, "content": problem})
    row: dict[str, Any] = {
        "operationId": f"{one.path.strip('/')}_{method.lower()}",
        "summary": one.about,
        "responses": responses,
    }
    if token and not one.open:
        row["security"] = [{"token": []}]
    if method == "GET" and one.parameters:
        row["parameters"] = [_parameter(one, parameter) for parameter in one.parameters]
    if method == "POST":
        row["requestBody"] = {"required": True, "content": _body(one)}
    return row


def _name(one: Operation) -> str:
    return one.path.strip("/").title()


def _asked(one: Operation) -> dict[str, Any]:
    """Return the schema of all that can be asked: the body of a POST, of which the parameters of a GET are members."""
    return {
        "type": "object",
        "properties": {part.name: {**part.schema(), "description": part.about} for part in one.parameters},
        "required": [part.name for part in one.parameters if part.needed],
        "additionalProperties": False,
    }


def _parameter(one: Operation, part: Parameter) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{_name(one)}/properties/{part.name}"}
    row: dict[str, Any] = {"name": part.name, "in": "query", "required": part.needed, "schema": schema}
    if part.kind == "list":
        row |= {"style": "form", "explode": not part.commas}
    return row


def _body(one: Operation) -> dict[str, Any]:
    if not one.parameters:
        event = {"$ref": "#/components/schemas/Event"}
        many = {"type": "array", "items": event, "maxItems": MAX_EVENTS}
        return {"application/json": {"schema": {"anyOf": [event, many]}}, "application/x-ndjson": {"schema": event}}
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{_name(one)}"}}}


def page() -> str:
    """Return the page for people."""
    parts = [_section(one) for one in OPERATIONS]
    kinds = "".join(
        f'<tr id="{kind}"><td>{status}</td><td><code>{kind}</code></td><td>{escape(title)}</td></tr>'
        for kind, (status, title) in TITLES.items()
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>ltrr: the API</title><link rel="stylesheet" href="/docs.css"></head><body><main><h1>ltrr: the API</h1>
<p>Version {escape(__version__)}. For programs: <a href="/openapi.json">openapi.json</a>. Where the server asks for a
token, send <code>Authorization: Bearer TOKEN</code>. A body has at most {MAX_BODY:,} bytes.</p>
{"".join(parts)}
<h2>Problems</h2><p>Errors are problem details (RFC 9457): <code>type</code>, <code>title</code>, <code>status</code>,
<code>detail</code>, and where they help <code>where</code> and <code>next</code>.</p><table>{kinds}</table>
</main></body></html>
"""


def _section(one: Operation) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(part.name)}</code></td><td>{part.kind}{', needed' if part.needed else ''}</td>"
        f"<td>{escape(part.about)}</td></tr>"
        for part in one.parameters
    )
    table = f"<table>{rows}</table>" if rows else ""
    call = f"<pre>curl http://127.0.0.1:8080{escape(one.example)}</pre>".replace("8080&#x27;", "8080")
    head = f'<h2 id="{escape(one.path)}">{" and ".join(one.methods)} {escape(one.path)}</h2>'
    return f"{head}<p>{escape(one.about)}</p>{table}{call}"
