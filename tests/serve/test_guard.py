"""Who may ask: names, other sites' pages, tokens, rates; and the headers of everything that is sent."""

from __future__ import annotations

import re
import socket
from math import inf, nan
from typing import TYPE_CHECKING, Any

import pytest

from ltrr_cli.errors import UsageError
from ltrr_cli.serve.access import POLICY
from ltrr_cli.serve.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.testclient import TestClient

TOKEN = "a-token-of-enough-letters"  # noqa: S105 – of a test
PATHS = (
    "/",
    "/search?q=love",
    "/health",
    "/metrics",
    "/docs",
    "/docs.css",
    "/openapi.json",
    "/login",
    "/nothing",
    "/arms",
)


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", "[::1]", "10.0.0.7", "a.localhost"]
)
def test_addresses_and_own_names_are_let_in(shared: TestClient, host: str) -> None:
    """An address cannot be bound to another machine's name, so it is let in."""
    assert shared.get("/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.nip.io", "", "a b"]
)
def test_other_names_are_refused(shared: TestClient, host: str) -> None:
    """A stranger's name that points here (DNS rebinding) gets nothing, whatever the path."""
    for path in PATHS:
        response = shared.get(path, headers={"host": host})
        assert response.status_code == 421
        assert response.json()["type"] == "/docs#wrong-host"


def test_a_name_that_is_allowed(serve: Callable[..., TestClient]) -> None:
    """--allow-host lets a name in."""
    assert serve(hosts=("search.example",)).get("/health", headers={"host": "Search.Example:80"}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "same-origin", "origin": "http://localhost"}, 200),
        ({"sec-fetch-site": "none", "sec-fetch-mode": "navigate"}, 200),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, 200),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, 403),
        ({"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://localhost:81"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_other_sites_may_link_and_no_more(shared: TestClient, headers: dict[str, str], status: int) -> None:
    """Another site's page may link here; it may not load, read or post anything."""
    response = shared.get("/search?q=love&log=0", headers=headers)
    assert response.status_code == status
    assert "access-control-allow-origin" not in response.headers


def test_another_site_cannot_post_by_a_form(shared: TestClient, make_event: Callable[..., Any]) -> None:
    """A form of another site can send text only, and by navigating: both are refused."""
    row = make_event("x", "y")
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert shared.post("/feedback", json=row, headers=headers).status_code == 403
    assert shared.post("/feedback", content="{}", headers={"content-type": "text/plain"}).status_code == 415


def test_cors_is_for_those_that_are_named(serve: Callable[..., TestClient]) -> None:
    """--cors lets a site's pages ask and read; others get no such header."""
    client = serve(cors=("https://shop.example",))
    shop, other = (
        {"origin": "https://shop.example", "sec-fetch-site": "cross-site"},
        {"origin": "https://other.example"},
    )
    response = client.get("/search?q=love&log=0", headers=shop)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "https://shop.example"
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type,authorization"}
    assert client.options("/feedback", headers={**shop, **asked}).status_code == 200
    refused = client.get("/search?q=love&log=0", headers=other)
    assert refused.status_code == 403
    assert refused.headers.get("access-control-allow-origin") != "https://other.example"


def test_without_the_token_nothing_is_told(serve: Callable[..., TestClient]) -> None:
    """All but health, documentation and login need the token; a wrong one is told from none."""
    client = serve(token=TOKEN)
    for path in (
        "/search?q=love",
        "/arms",
        "/metrics",
        "/complete?q=a",
        "/related?id=e00",
        "/nothing",
        "/entity/e00",
        "/",
    ):
        for shown in ("", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer é"):
            headers = {"authorization": shown.encode()} if shown else {}
            response = client.get(path, headers=headers)  # type: ignore[arg-type]
            assert response.status_code == 401, path
            assert response.headers["www-authenticate"].startswith("Bearer")
            assert "love" not in response.text
    assert client.post("/feedback", json={}).status_code == 401
    for path in ("/health", "/docs", "/openapi.json", "/login"):
        assert client.get(path).status_code == 200
    assert client.get("/search?q=love", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert client.get("/openapi.json").json()["components"]["securitySchemes"]


def test_a_browser_logs_in_once(serve: Callable[..., TestClient]) -> None:
    """A page without the token leads to the form and back; the cookie is no token, and of no use to scripts."""
    client = serve(token=TOKEN)
    away = client.get("/?q=love", headers={"accept": "text/html"})
    assert away.status_code == 303
    assert away.headers["location"] == "/login?next=/%3Fq%3Dlove"
    assert 'value="/?q=love"' in client.get(away.headers["location"]).text
    wrong = client.post("/login", data={"token": "wrong", "next": "/"})
    assert wrong.status_code == 401
    assert "set-cookie" not in wrong.headers
    right = client.post("/login", data={"token": TOKEN, "next": "/?q=love"})
    assert (right.status_code, right.headers["location"]) == (303, "/?q=love")
    cookie = right.headers["set-cookie"]
    assert TOKEN not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert client.get("/search?q=love&log=0").status_code == 200
    client.cookies.clear()
    assert client.post("/login", json={"token": TOKEN}).status_code == 204
    assert client.get("/arms").status_code == 200


@pytest.mark.parametrize(
    "after", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/\nx"]
)
def test_the_form_leads_nowhere_else(serve: Callable[..., TestClient], after: str) -> None:
    """After the form one is on this server still."""
    client = serve(token=TOKEN)
    assert client.post("/login", data={"token": TOKEN, "next": after}).headers["location"] == "/"
    assert "evil" not in client.get("/login", params={"next": after}).text


def test_the_form_escapes(serve: Callable[..., TestClient]) -> None:
    """What stands in the address does not run."""
    page = serve(token=TOKEN).get("/login", params={"next": "/'\"><script>alert(1)</script>"}).text
    assert "<script>alert" not in page


def test_too_many_requests_wait(serve: Callable[..., TestClient]) -> None:
    """Beyond two seconds' worth of requests a client is told how long to wait."""
    client = serve(rate=5)
    statuses = [client.get("/openapi.json").status_code for _ in range(30)]
    assert statuses[:10] == [200] * 10
    refused = client.get("/openapi.json")
    assert statuses.count(429) >= 10
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1


def test_guessing_a_token_is_slow(serve: Callable[..., TestClient]) -> None:
    """Wrong tokens cost twenty times as much: after forty a client has to wait."""
    client = serve(rate=1000, token=TOKEN)
    guesses = [client.get("/arms", headers={"authorization": "Bearer guess"}).status_code for _ in range(60)]
    assert guesses[0] == 401
    assert guesses[-1] == 429
    assert guesses.count(401) < 55


def test_every_answer_has_safe_headers(shared: TestClient) -> None:
    """Pages, JSON, problems and the like: nothing is loaded from elsewhere, framed, or kept."""
    for path in PATHS:
        headers = shared.get(path).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"]
        assert "server" not in headers
    assert "unsafe" not in POLICY


def test_pages_load_nothing_from_elsewhere(shared: TestClient) -> None:
    """No page names another server, and none has a script or a style in itself."""
    for path in ("/", "/?q=love", "/docs", "/login"):
        page = shared.get(path).text
        assert not re.findall(r"""(?:src|href|action)\s*=\s*["']?(?:https?:)?//""", page)
        assert not re.findall(
            r"<script(?![^>]*(?:\bsrc=|\btype=.application/json))[^>]*>|<style|\bon[a-z]+\s*=\s*[\"']", page
        )


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"host": "0.0.0.0"}, "must show a token"),  # noqa: S104 – refused
        ({"host": "search.example"}, "must show a token"),
        ({"host": "::"}, "must show a token"),
        ({"token": "short"}, "at least 16"),
        ({"token": "with a\nline and more"}, "at least 16"),
        ({"timeout": nan}, "--timeout: nan"),
        ({"timeout": 0.0}, "--timeout: 0"),
        ({"rate": nan}, "--rate: nan"),
        ({"rate": inf}, "--rate: inf"),
        ({"rate": -1.0}, "--rate: -1"),
        ({"host": "", "token": TOKEN}, "--host: ''"),
        ({"host": "a b", "token": TOKEN}, "--host: 'a b'"),
        ({"hosts": ("",)}, "--allow-host: ''"),
        ({"hosts": ("http://x y/",)}, "no name of a machine"),
        ({"hosts": ("search.example:8080",)}, "no name of a machine"),
        ({"cors": ("*",)}, "no origin"),
        ({"cors": ("https://shop.example/path",)}, "no origin"),
    ],
)
def test_unsafe_settings_are_refused(tmp_path: Path, settings: dict[str, Any], what: str) -> None:
    """An address that others reach needs a token, and a token some length."""
    with pytest.raises(UsageError, match=what):
        Settings(index=tmp_path, **settings).check()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"host": "::1"},
        {"host": "localhost"},
        {"host": "0.0.0.0", "token": TOKEN},  # noqa: S104
        {"rate": 0.0},
        {"hosts": ("search.example", "box-1_a")},
    ],
)
def test_safe_settings_pass(tmp_path: Path, settings: dict[str, Any]) -> None:
    """This machine alone needs no token."""
    Settings(index=tmp_path, **settings).check()


@pytest.mark.parametrize("names", [["localhost", "evil.example"], ["localhost", "localhost"], []])
def test_there_is_one_host(served: Callable[..., Any], names: list[str]) -> None:
    """A request with two Host headers, or none, is a bad one: a proxy might have looked at the other."""
    address = served("--workers", "1").wait()
    host, _, port = address.removeprefix("http://").partition(":")
    lines = ["GET /health HTTP/1.1", *(f"Host: {name}" for name in names), "Connection: close", "", ""]
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall("\r\n".join(lines).encode())
        told = b"".join(iter(lambda: line.recv(65536), b""))
    assert told.startswith(b"HTTP/1.1 400 ")
    assert f"{len(names)} Host headers".encode() in told
