"""Hostile input: whatever comes is an answer or a problem, never an error of the server; what is shown is escaped."""

from __future__ import annotations

import json
from html import escape, unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ltrr_cli.wire.text import referenced, safe

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.testclient import TestClient

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["q", "k", "offset", "query_id", "filter", "type", "facets", "cap", "user", "seed", "context", "x"]
)
EVENT = st.fixed_dictionaries(
    {"action_name": ANY, "query_id": ANY, "event_attributes": st.fixed_dictionaries({"object": ANY}) | ANY},
    optional={"timestamp": ANY, "user_id": ANY, "session_id": ANY, "user_query": ANY},
)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _checked(response: Any) -> Any:
    """Return the JSON of a response that is an answer, or a problem of whoever asked."""
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["status"] == response.status_code
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in response.text)
    return response.json()


@FEW
@given(text=st.text(max_size=80))
def test_any_text_is_a_query(shared: TestClient, text: str) -> None:
    """Any text can be searched, completed and read, by GET and by POST, halves of characters too."""
    for path in ("/search", "/complete", "/understand"):
        _checked(shared.get(path, params={"q": text}))
    body = json.dumps({"q": text, "log": False}).encode()
    _checked(shared.post("/search", content=body, headers={"content-type": "application/json"}))


@FEW
@given(rows=st.lists(st.tuples(NAMES, st.text(max_size=20)), max_size=4))
def test_any_parameters(shared: TestClient, rows: list[tuple[str, Any]]) -> None:
    """Any values of any parameters are taken, or told."""
    for path in ("/search", "/explain", "/related", "/complete"):
        _checked(shared.get(path, params=rows))


@FEW
@given(value=st.dictionaries(NAMES | st.text(max_size=5), ANY, max_size=4) | ANY)
def test_any_json_is_a_body(shared: TestClient, value: Any) -> None:
    """Any JSON is a search, or a problem; so are any bytes."""
    _checked(shared.post("/search", json=value))


@FEW
@given(rows=st.lists(EVENT | ANY, max_size=4) | EVENT)
def test_any_json_is_feedback(shared: TestClient, rows: Any) -> None:
    """Any JSON is taken as events or refused, each for a reason."""
    told = _checked(shared.post("/feedback", json=rows))
    for one in told.get("events", ()):
        assert one["status"] != "refused" or one["reason"]


@FEW
@given(
    body=st.binary(max_size=200), kind=st.sampled_from(["application/json", "application/x-ndjson", "text/html", ""])
)
def test_any_bytes(shared: TestClient, body: bytes, kind: str) -> None:
    """Any bytes of any type are answered."""
    for path in ("/search", "/feedback"):
        _checked(shared.post(path, content=body, headers={"content-type": kind}))


@FEW
@given(
    path=st.text(alphabet=st.characters(codec="utf-8"), max_size=30),
    header=st.text(alphabet=st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=40),
)
def test_any_address_and_headers(shared: TestClient, path: str, header: str) -> None:
    """Any address is answered, and any cookie, type and token."""
    headers = {name: header.encode("latin-1") for name in ("cookie", "authorization", "accept", "sec-fetch-site")}
    response = shared.get("/nothing/" + quote(path), headers=headers)  # type: ignore[arg-type]
    assert response.status_code in (401, 403, 404, 405)


HOSTILE = "\x00\x1b[31m\u202eevil\x9b\u2028\t"


@pytest.mark.parametrize("name", ["q", "filter", "user", "query_id"])
def test_nothing_of_an_address_acts_unseen(shared: TestClient, name: str) -> None:
    """Control characters and marks of direction in an address stand nowhere in the page, error or not."""
    given = {"q": "love", name: f"love{HOSTILE}love", "offset": "10"}
    page = shared.get("/", params=given).text
    assert not [char for char in page if safe(char) not in (char, "")]
    if name == "q":
        assert "<title>love [31mevil love" in page
        assert 'type="search" value="love [31mevil love"' in page


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_hidden_field_holds_its_text(text: str) -> None:
    """What a form sends on is what it was given, also with control characters."""
    written = referenced(escape(text))
    assert not [char for char in written if safe(char) not in (char, "")]
    kept = "".join(char for char in text if char >= " " and not "\x7f" <= char <= "\x9f")
    assert unescape(referenced(escape(kept))) == kept  # Python reads the references of controls as nothing


def test_a_hostile_catalogue_is_shown_as_text(shared: TestClient, make_event: Callable[..., Any]) -> None:
    """Titles of HTML, scripts and terminal sequences are data in JSON, text on the page, and their ids work."""
    found = _checked(shared.get("/search?q=love&k=100&highlight=1"))
    evil = next(one for one in found["results"] if "evil" in one["id"])
    assert "<script>" in evil["title"]
    told = _checked(shared.post("/feedback", json=make_event(found["query_id"], evil["id"])))
    assert told["recorded"] == 1
    _checked(shared.get("/explain", params={"query_id": found["query_id"], "id": evil["id"]}))
    _checked(shared.get("/related", params={"id": evil["id"]}))
    for path in ("/?q=evil", "/?q=%3Cscript%3Ealert(2)%3C/script%3E", "/?q=love&filter=%3Cscript%3E"):
        page = shared.get(path).text
        assert "<script>alert" not in page
        assert "<i>evil" not in page
        assert "<u>song" not in page
        assert "\x1b" not in page
