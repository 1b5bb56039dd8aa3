"""Further pages: they go on in the answer that was logged, and by the offset alone where none was."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from ltrr_cli.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from starlette.testclient import TestClient


def turn(client: TestClient, page: str) -> tuple[str, str]:
    """Follow a page's link to the next one; return its address and the page there."""
    link = re.search(r'<a rel="next" href="([^"]*)"', page)
    assert link, page
    address = unescape(link[1])
    response = client.get(address)
    assert response.status_code == 200, response.text
    return address, response.text


def ranks(page: str) -> list[int]:
    """Return the ranks on a page."""
    return list(map(int, re.findall(r'data-rank="(\d+)"', page)))


def ids(page: str) -> list[str]:
    """Return the entities on a page."""
    return re.findall(r'data-id="([^"]*)"', page)


def test_a_logged_answer_goes_on(serve: Callable[..., TestClient]) -> None:
    """The link names the answer, and the next page is of its list."""
    client = serve()
    first = client.get("/?q=love").text
    address, second = turn(client, first)
    assert "query_id=" in address
    assert ranks(second)[0] == 11
    assert not set(ids(first)) & set(ids(second))


def test_an_index_that_logs_nothing_is_paged_by_offset(
    serve: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was logged that the link could name; the pages still follow each other."""
    monkeypatch.setattr(Engine, "read_only", property(lambda _: True))
    client = serve()
    first = client.get("/?q=love").text
    address, second = turn(client, first)
    assert "offset=10" in address
    assert "query_id" not in address
    assert ranks(second)[0] == 11
    assert not set(ids(first)) & set(ids(second))
    assert '"logs": false' in second


def test_a_page_that_was_fetched_ahead_goes_on_by_offset(serve: Callable[..., TestClient]) -> None:
    """It was not logged, so its link names no answer; a further page that was keeps its answer's name."""
    client = serve()
    ahead = {"sec-purpose": "prefetch"}
    assert "query_id" not in turn(client, client.get("/?q=love", headers=ahead).text)[0]
    address, _ = turn(client, client.get("/?q=love").text)
    assert address.partition("query_id=")[2] in client.get(address, headers=ahead).text


def test_the_page_knows_what_was_added(serve: Callable[..., TestClient], index: Path, tmp_path: Path) -> None:
    """Entities that are added while it is served are counted at once."""
    client = serve()
    assert "Search 40 entities" in client.get("/").text
    (tmp_path / "more.jsonl").write_text('{"id": "new", "title": "Brand new"}\n')
    Engine.build(tmp_path / "more.jsonl", index, add=True)
    assert "Search 41 entities" in client.get("/").text
