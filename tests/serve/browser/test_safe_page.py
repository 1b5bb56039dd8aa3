"""What the page must not do: run what a catalogue says, shut anybody out, jump about, or weigh much."""

from __future__ import annotations

import urllib.request
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.serve.browser.conftest import Open

HOSTILE = 5
WEIGHT = 60_000
"""Bytes of the page, its sheet and its scripts, uncompressed."""
_WATCH = """
window.shifts = [];
new PerformanceObserver(list => list.getEntries().forEach(e => e.hadRecentInput || window.shifts.push(e.value)))
  .observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("scripts", [True, False])
def test_what_a_catalogue_says_is_text(visit: Open, scripts: bool) -> None:
    page = visit("/?q=hostile", java_script_enabled=scripts)
    if scripts:  # drawn by the scripts too, not by the server alone
        page.locator("#q").fill("hostile words")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "words" in url)
        assert page.evaluate("window.hacked") is None
    shown = page.locator("#list .open").all_inner_texts()
    assert len([one for one in shown if one.startswith("Hostile")]) == HOSTILE
    assert any('<img src=x onerror="window.hacked=1">' in one for one in shown)
    assert any("</script><script>" in one for one in shown)
    assert any(r"\u202eevil" in one for one in shown)
    assert any("{{ 7 * 7 }}" in one for one in shown)
    assert page.locator("main img, main script, #facets img, #facets script").count() == 0
    assert not {"\x1b", "\u202e"} & set(page.locator("body").inner_text())


def test_a_hostile_entity_has_a_page_a_drawer_and_a_facet(visit: Open) -> None:
    page = visit("/?q=hostile")
    titles = page.locator("#list .open").all_inner_texts()
    for name in [one for one in titles if one.startswith("Hostile")]:
        link = page.locator("#list .open").get_by_text(name, exact=True).first
        link.click()
        page.wait_for_selector("#drawer dl")
        assert page.locator("#drawer h2").inner_text() == name
        page.keyboard.press("Escape")
        href = page.locator(".open").get_by_text(name, exact=True).first.get_attribute("href")
        own = visit(str(href))
        assert own.locator("h1").inner_text() == name
        assert own.evaluate("window.hacked") is None
    facet = page.locator("#facets a", has_text="<img")
    if facet.count():
        facet.first.click()
        page.wait_for_selector("#active a")
        assert page.locator("#list .hit").count() == 1


def test_words_in_an_address_are_text(visit: Open) -> None:
    attack = "%22%3E%3Cscript%3Ewindow.hacked=1%3C/script%3E"
    for path in (f"/?q={attack}", f"/?q=river&filter={attack}", f"/?user={attack}&q=x", f"/entity/{attack}"):
        page = visit(path)
        assert page.evaluate("window.hacked") is None
        assert page.locator("body > script:not([type='application/json'])").count() == 0


def _faults(page: Page, *rules: str) -> list[Any]:
    """Return what axe-core finds against WCAG 2.2, levels A and AA, and good practice; or against some rules only."""
    if not page.evaluate("'axe' in window"):
        page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("only => axe.run(document, {runOnly: only})", [*rules] or tags)
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_nobody_is_shut_out(visit: Open, scheme: str, width: int) -> None:
    pytest.importorskip("axe_playwright_python", reason="axe")
    rules = ["color-contrast"] if scheme == "dark" else []  # nothing else differs
    page = visit("/?q=lantern&filter=year+%3E+1900", color_scheme=scheme, width=width)
    page.wait_for_selector("#panel section")
    assert _faults(page, *rules) == []
    page.locator("#list .hit .like").nth(2).click()
    page.wait_for_selector("#notice:not(:empty)")
    page.locator("#list .hit .open").nth(1).click()
    page.wait_for_selector("#drawer dl")
    assert _faults(page, *rules) == []
    page.locator("#drawer [data-tab=why]").click()
    page.wait_for_selector("#drawer table")
    assert _faults(page, *rules) == []


@pytest.mark.parametrize(
    "path", ["/", "/?q=river&filter=year+%3E+3000", "/?filter=nonsense", "/entity/song%201%2F%C3%BC"]
)
def test_nobody_is_shut_out_elsewhere(visit: Open, path: str) -> None:
    pytest.importorskip("axe_playwright_python", reason="axe")
    assert _faults(visit(path)) == []
    assert _faults(visit(path, color_scheme="dark", width=360), "color-contrast") == []


def test_focus_is_visible_and_counts_are_announced(visit: Open) -> None:
    page = visit("/?q=river")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    style = "getComputedStyle(document.activeElement)"
    assert page.evaluate(f"{style}.outlineStyle") == "solid"
    assert page.locator("#count").get_attribute("role") == "status"
    assert page.locator("#notice").get_attribute("role") == "status"


def test_nothing_jumps(visit: Open) -> None:
    page = visit()
    page.add_init_script(_WATCH)
    page.reload()
    page.wait_for_selector("#panel section")
    page.locator("#q").press_sequentially("copper blue", delay=30)
    with page.expect_response(lambda one: "log=1" in one.url):
        pass
    page.locator("#list .hit .like").nth(2).click()
    page.wait_for_selector("#notice:not(:empty)")
    page.wait_for_timeout(700)
    assert sum(page.evaluate("window.shifts")) < 0.01


def test_it_is_light(visit: Open) -> None:
    page = visit("/?q=river")
    page.wait_for_selector("#panel section")
    loaded = set(page.evaluate("performance.getEntriesByType('resource').map(one => one.name)"))
    parts = {url for url in loaded if "/static/" in url} | {page.url}
    assert any(url.endswith("/panel.js") for url in parts)
    sizes = {}
    for url in parts:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 – our own server
            sizes[url] = len(answer.read())
    assert sum(sizes.values()) < WEIGHT, sizes
