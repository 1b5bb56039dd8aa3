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
    from starlette.testclient import TestClient

FUZZ = int(os.environ.get("LTRR_FUZZ", "0"))
ROW = openapi(token=False)
SCHEMA = schemathesis.openapi.from_dict(ROW)
ASKED = [(path, method.upper()) for path, methods in ROW["paths"].items() for method in methods]

NOT_SAID = schemathesis.checks.CHECKS.get_by_names(["positive_data_acceptance"])
"""What no schema can say: which fields and values there are, how a filter is written, which answers were given."""


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
