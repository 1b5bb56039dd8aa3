"""The API does what its own description says: schemathesis makes requests from it, good ones and bad ones.

LTRR_FUZZ=N makes N of each operation and kind, with other chance in each run, in place of the same few in `make test`.
"""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, reject, settings

from ltrr_cli.serve.openapi import openapi

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of its own dependencies
    import schemathesis
    from schemathesis import GenerationMode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.testclient import TestClient

FUZZ = int(os.environ.get("LTRR_FUZZ", "0"))
ROW = openapi(token=False)
SCHEMA = schemathesis.openapi.from_dict(ROW)
ASKED = [(path, method.upper()) for path, methods in ROW["paths"].items() for method in methods]

NOT_SAID = schemathesis.checks.CHECKS.get_by_names(["positive_data_acceptance"])
"""What no schema can say: which fields and values there are, how a filter is written, which answers were given."""


def unnamed(value: object, schema: Mapping[str, Any], at: str = "") -> list[str]:
    """Return the members of an answer that its schema does not name."""
    if isinstance(value, list):
        return [one for part in value for one in unnamed(part, schema.get("items", {}), at)]
    if not isinstance(value, dict) or "properties" not in schema:
        return []
    known = schema["properties"]
    missing = [f"{at}/{name}" for name in value if name not in known]
    inner = [one for name in value if name in known for one in unnamed(value[name], known[name], f"{at}/{name}")]
    return [*missing, *inner]


def test_every_member_of_an_answer_is_described(shared: TestClient, make_event: Callable[..., Any]) -> None:
    """What comes back has no member that the description does not name."""

    def check(response: Any, path: str, method: str = "get") -> Any:
        told = ROW["paths"][path][method]["responses"][str(response.status_code)]["content"]
        schema = told[response.headers["content-type"]]["schema"]
        schema = ROW["components"]["schemas"]["Problem"] if "$ref" in schema else schema
        assert unnamed(response.json(), schema) == []
        return response.json()

    asked = {"q": "summer love", "explain": "1", "highlight": "1", "facets": "genres", "filter": "genres = roc"}
    assert check(shared.get("/search", params=asked), "/search")["notes"]
    asked["filter"] = "year > 1900"
    answer = check(shared.get("/search", params=asked), "/search")
    assert check(shared.get("/search?q=sumer+lvoe"), "/search")["results"]
    query_id, first = answer["query_id"], answer["results"][0]["id"]
    check(shared.post("/feedback", json=make_event(query_id, first)), "/feedback", "post")
    refused = check(shared.post("/feedback", json=[make_event("none", first)] * 2), "/feedback", "post")
    assert refused["events"]
    check(shared.get("/explain", params={"query_id": query_id, "id": first}), "/explain")
    check(shared.get("/related", params={"id": first}), "/related")
    for path in ("/arms", "/health", "/complete?q=sum", "/understand?q=90s+rock"):
        check(shared.get(path), path.partition("?")[0])


def test_what_a_problem_refers_to_is_on_the_page(shared: TestClient, make_event: Callable[..., Any]) -> None:
    """Where a problem says what to read, the page has that place."""
    row = shared.post("/feedback", json=[make_event("none", "e00")]).json()
    place = row["next"].partition("#")[2]
    assert place
    assert f'id="{place}"' in shared.get("/docs").text


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "bad"])
@pytest.mark.parametrize(("path", "method"), ASKED)
def test_the_api_is_as_described(shared: TestClient, path: str, method: str, mode: GenerationMode) -> None:
    """Every status, type and body is one that the description names; no request is an error of the server."""
    operation = SCHEMA[path][method]
    if mode is GenerationMode.NEGATIVE and not (operation.query or operation.body):
        return  # nothing of it can be wrong

    @settings(
        max_examples=FUZZ or 10,
        derandomize=not FUZZ,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        asked = case.as_transport_kwargs(base_url="http://localhost")
        body = asked.pop("data", None)
        try:
            response = shared.request(**asked, **({} if body is None else {"content": body}))
        except httpx2.InvalidURL:
            reject()  # longer than any client sends
        assert response.status_code < 500, response.text
        assert str(response.status_code) in ROW["paths"][path][method.lower()]["responses"], response.text
        case.validate_response(response, excluded_checks=NOT_SAID)

    check()
