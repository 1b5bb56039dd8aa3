"""What the server sends before any script runs: statuses, forms of an entity, and what counts as asked."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.serve.browser.conftest import Site


def get(url: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 – our own server
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/?q=river", 200),
        ("/?q=", 200),
        ("/?filter=genre+%3D+rock", 200),
        ("/?filter=nonsense", 400),
        (f"/?q={'x' * 5000}", 400),
        ("/?offset=-3&q=river", 200),
        ("/?q=river&offset=10&query_id=none", 400),
        ("/entity/song%201%2F%C3%BC", 200),
        ("/entity/none", 404),
        ("/static/page.js", 200),
        ("/static/../routes.py", 404),
        ("/static/none.js", 404),
    ],
)
def test_every_address_has_its_status(site: Site, path: str, status: int) -> None:
    assert get(site.url + path)[0] == status


def test_what_a_browser_fetches_ahead_is_not_logged(site: Site) -> None:
    before = site.impressions()
    assert get(site.url + "/?q=river", **{"Sec-Purpose": "prefetch;prerender"})[0] == 200
    assert get(site.url + "/")[0] == 200  # nothing was asked
    assert site.impressions() == before
    assert get(site.url + "/?q=river")[0] == 200
    assert site.impressions() == before + 1


def test_an_entity_is_a_page_or_json(site: Site) -> None:
    path = "/entity/song%201%2F%C3%BC"
    status, text = get(site.url + path, Accept="application/json")
    found = json.loads(text)
    assert (status, found["id"], found["title"]) == (200, "song 1/ü", "River old")
    assert ["genre", ["jazz"]] in found["fields"]
    assert found["related"]
    assert "<h1>River old</h1>" in get(site.url + path, Accept="text/html")[1]
    assert get(site.url + "/entity/none", Accept="application/json") == (404, "null")
