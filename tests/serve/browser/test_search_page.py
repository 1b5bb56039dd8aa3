"""The page as people use it: by typing, by mouse, by keys alone, without scripts, on a telephone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

expect = pytest.importorskip("playwright.sync_api", reason="playwright").expect

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.serve.browser.conftest import Open, Site

RESULTS = "#list .hit"


def titles(page: Page) -> list[str]:
    return page.locator("#list .open").all_inner_texts()


def leads(page: Page, start: str) -> None:
    """Wait until the first result's title begins so."""
    expect(page.locator("#list .open").first).to_have_text(re.compile(f"^{start}"))


def query_of(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_answers_come_while_typing_and_only_what_stands_is_logged(visit: Open, site: Site) -> None:
    page = visit()
    before = site.impressions()
    page.locator("#q").press_sequentially("river ol", delay=20)
    leads(page, "River")
    assert site.impressions() == before
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url.endswith("/?q=river+ol"))
    page.locator("#q").press_sequentially("d", delay=20)
    leads(page, "River old")
    assert page.locator("#list mark").first.inner_text() == "River"
    assert site.impressions() == before + 1
    with page.expect_response(lambda one: "log=1" in one.url):  # it is left for a moment
        pass
    assert site.impressions() == before + 2


def test_an_answer_that_comes_late_is_not_shown(visit: Open) -> None:
    page = visit()
    held: list[Route] = []
    page.route(re.compile(r"/search\?q=garden&"), lambda route: held.append(route))  # noqa: PLW0108 – playwright marks what it is given
    page.locator("#q").fill("garden")
    page.wait_for_selector("body.slow")
    page.locator("#q").fill("winter")
    leads(page, "Winter")
    assert held
    for route in held:
        route.abort()
    assert titles(page)[0].startswith("Winter")
    assert page.title().startswith("winter")


def test_a_like_moves_the_ranking_at_once_and_the_page_says_so(visit: Open, site: Site) -> None:
    page = visit("/?q=mirror")
    third = page.locator(RESULTS).nth(2)
    name, entity = third.locator(".open").inner_text(), third.get_attribute("data-id")
    third.locator(".like").click()
    page.wait_for_selector("#notice:not(:empty)")
    assert f"“{name}” moved from 3 to 1" in page.locator("#notice").inner_text()
    first = page.locator(RESULTS).first
    assert first.get_attribute("data-id") == entity
    assert first.locator(".moved").inner_text() == "▲ 3 → 1"
    assert first.locator(".like").get_attribute("aria-pressed") == "true"
    (event,) = [one for one in site.events() if one.text == "mirror"]
    assert (event.action, event.entity_id, event.position) == ("like", entity, 3)
    assert titles(visit("/?q=mirror"))[0] == name  # whoever asks next


def test_a_like_is_taken_back_by_its_heart_the_notice_or_a_key(visit: Open, site: Site) -> None:
    page = visit("/?q=velvet")
    before = titles(page)
    entity = page.locator(RESULTS).nth(2).get_attribute("data-id")
    heart = page.locator(f"{RESULTS}[data-id='{entity}'] .like")
    notice = page.locator("#notice")
    for number in range(3):
        heart.click()
        expect(notice).to_contain_text("Learned from your like")
        expect(heart).to_have_attribute("aria-pressed", "true")
        assert [one.action for one in site.events() if one.text == "velvet"] == ["like"]
        (heart.click, page.get_by_role("button", name="Undo").click, lambda: page.keyboard.press("u"))[number]()
        expect(notice).to_contain_text("Taken back")
        expect(heart).to_have_attribute("aria-pressed", "false")
        assert [one for one in site.events() if one.text == "velvet"] == []
        assert titles(page) == before
    assert page.evaluate("document.activeElement !== document.body")  # who uses keys is not sent back to the start


def test_what_cannot_be_recorded_is_told_and_the_heart_is_empty(visit: Open) -> None:
    page = visit("/?q=copper")
    page.route("**/feedback", lambda route: route.fulfill(status=409, json={"detail": "the disk is full"}))
    heart = page.locator(f"{RESULTS} .like").first
    heart.click()
    expect(page.locator("#notice")).to_contain_text("the disk is full")
    expect(heart).to_have_attribute("aria-pressed", "false")


def test_a_click_opens_the_drawer_and_is_logged_with_the_time_spent(visit: Open, site: Site) -> None:
    page = visit("/?q=thunder")
    second = page.locator(RESULTS).nth(1)
    name, entity = second.locator(".open").inner_text(), second.get_attribute("data-id")
    second.locator(".open").click()
    drawer = page.locator("#drawer")
    assert drawer.locator("h2").inner_text() == name
    page.wait_for_selector("#drawer dl")
    assert "1 of" not in drawer.locator("dl").inner_text()
    page.wait_for_timeout(1100)  # the least time that counts as reading
    page.keyboard.press("Escape")
    assert not drawer.is_visible()
    page.locator(f"{RESULTS} .open").first.click()
    page.wait_for_selector("#drawer dl")
    page.wait_for_timeout(1100)
    page.goto(site.url + "/")  # with the drawer open: that ends the reading too
    page.wait_for_load_state("networkidle")
    click, view, *others = [one for one in site.events() if one.text == "thunder"]
    assert sorted(one.action for one in others) == ["click", "view"]
    assert (click.action, click.entity_id, click.position) == ("click", entity, 2)
    assert (view.action, view.entity_id, view.query_id, view.position) == ("view", entity, click.query_id, 2)
    assert 1 <= view.dwell < 60


def test_why_goes_from_strategies_to_expectations_to_features_and_weights(visit: Open) -> None:
    page = visit("/?q=candle")
    page.locator(f"{RESULTS} .why").first.click()
    arms, score = page.locator("#drawer table").nth(0), page.locator("#drawer table").nth(1)
    arms.wait_for()
    lexical = arms.locator("tbody tr", has_text="lexical").locator("td").all_inner_texts()
    assert re.fullmatch(r"\d+ of \d+", lexical[0])
    assert re.fullmatch(r"\d\.\d{3} ± \d\.\d{3}", lexical[1])
    rows = [row.split("\t") for row in score.locator("tbody tr").all_inner_texts()]
    for _, value, weight, part in rows[:3]:
        assert float(value) * float(weight) == pytest.approx(float(part), abs=0.002)
    total = float(score.locator("tfoot td").last.inner_text())
    assert sum(float(row[-1]) for row in rows) == pytest.approx(total, abs=0.01)
    assert "Policy version" in page.locator("#drawer").inner_text()


def test_the_panel_draws_what_was_learned(visit: Open) -> None:
    page = visit("/?q=harbor")
    page.wait_for_selector("#panel section")
    headings = page.locator("#panel h2").all_inner_texts()
    assert [one.lower() for one in headings] == ["reward per page", "regret", "strategies", "ranker's weights"]
    assert re.search(r"lexical \d+% · \d\.\d\d", page.locator("#panel svg").nth(-2).get_attribute("aria-label") or "")
    assert re.search(
        r"would have earned -?\d+\.\d more \(-?\d+\.\d to -?\d+\.\d\) in \d+ pages",
        page.locator("#panel").inner_text(),
    )
    reward = page.locator("#panel section").first
    before = reward.inner_text()
    page.locator(f"{RESULTS} .like").nth(1).click()
    expect(reward).not_to_have_text(before)


def test_keys_alone_do(visit: Open, site: Site) -> None:
    page = visit("/?q=winter")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("meadow")  # the old words were selected
    leads(page, "Meadow")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    name = page.evaluate("document.activeElement.textContent")
    assert name == titles(page)[1]
    page.keyboard.press("w")
    page.wait_for_selector("#drawer table")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.closest('.hit').querySelector('.open').textContent") == name
    page.keyboard.press("Enter")  # on what opened the drawer, the Why button
    page.wait_for_selector("#drawer table")
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    page.wait_for_selector("#notice:not(:empty)")
    assert [one.action for one in site.events() if one.text == "meadow"] == ["like"]
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "q"


def test_facets_narrow_and_can_be_taken_off(visit: Open) -> None:
    page = visit("/?q=river")
    page.locator("#facets a", has_text="folk & blues").click()
    page.wait_for_url(lambda url: "filter" in url)
    page.wait_for_selector("#active a")
    assert query_of(page)["filter"] == ['genre = "folk & blues"']
    assert page.locator(f"{RESULTS} .facts").all_inner_texts()
    assert all("folk & blues" in one for one in page.locator(f"{RESULTS} .facts").all_inner_texts())
    page.get_by_label("year from", exact=True).fill("1990")
    page.get_by_label("year from", exact=True).press("Enter")
    page.wait_for_selector("#active li:nth-child(2)")
    assert "year from 1990" in page.locator("#active").inner_text()
    page.get_by_label("Remove filter genre: folk & blues").click()
    page.wait_for_selector("#active li:only-child")
    assert query_of(page)["filter"] == ["year >= 1990"]


def test_addresses_can_be_shared_and_the_way_back_works(visit: Open) -> None:
    page = visit("/?q=river")
    first = titles(page)
    page.locator("#q").fill("winter")
    page.keyboard.press("Enter")
    leads(page, "Winter")
    page.locator("#pages [rel=next]").click()
    page.wait_for_selector("#list [data-rank='11']")
    further = titles(page)
    assert titles(visit(page.url.partition("//")[2].partition("/")[2].join(["/", ""]))) == further
    page.go_back()
    page.wait_for_selector("#list [data-rank='1']")
    page.go_back()
    expect(page.locator("#q")).to_have_value("river")
    leads(page, "River")
    assert set(titles(page)) & set(first)


def test_what_goes_on_is_offered_and_what_was_meant(visit: Open) -> None:
    page = visit()
    page.locator("#q").press_sequentially("garden g", delay=20)
    page.locator("#assist button", has_text="Garden golden").click()
    page.wait_for_url(lambda url: "q=Garden+golden" in url)
    leads(page, "Garden golden")
    page.locator("#q").fill("wintre")
    page.keyboard.press("Enter")
    page.locator("#assist a", has_text="winter").click()
    page.wait_for_url(lambda url: url.endswith("/?q=winter"))
    assert page.locator("#q").input_value() == "winter"


@pytest.mark.parametrize("scripts", [True, False])
def test_nothing_found_and_what_cannot_be_read_are_told_kindly(visit: Open, scripts: bool) -> None:
    page = visit("/?q=river&filter=year+%3E+3000", java_script_enabled=scripts)
    assert "Nothing found" in page.locator("#blank").inner_text()
    page.get_by_role("link", name="Remove the filters").click()
    page.wait_for_selector(RESULTS)
    assert "filter" not in page.url
    page = visit("/?q=river&filter=nonsense", java_script_enabled=scripts)
    assert page.get_by_role("alert").inner_text() == "This cannot be searched for."
    assert page.locator(RESULTS).count() == 0


def test_without_scripts_there_is_search_paging_and_filters(visit: Open, site: Site) -> None:
    page = visit(java_script_enabled=False)
    before = site.impressions()
    page.locator("#q").fill("river")
    page.locator("#q").press("Enter")
    assert titles(page)[0].startswith("River")
    assert not page.locator(".like").first.is_visible()
    first = titles(page)
    page.locator("#pages [rel=next]").click()
    assert page.locator(RESULTS).first.get_attribute("data-rank") == "11"
    assert not set(titles(page)) & set(first)
    assert site.impressions() == before + 1  # a further page belongs to the answer that it goes on with
    page = visit("/?q=river", java_script_enabled=False)
    page.locator("#facets a", has_text="jazz").click()
    assert all("jazz" in one for one in page.locator(f"{RESULTS} .facts").all_inner_texts())
    page.get_by_label("year to", exact=True).fill("1980")
    page.get_by_label("year to", exact=True).press("Enter")
    assert query_of(page)["most.year"] == ["1980"]
    assert page.locator("#active a").count() == 2
    page.locator("#list .open").first.click()
    assert page.locator("h1").inner_text().startswith("River")
    assert page.locator(".related a").count()


@pytest.mark.parametrize("width", [360, 768, 1440, 3840])
def test_every_width_holds_it(visit: Open, width: int) -> None:
    page = visit("/?q=river&filter=year+%3E+1950", width=width, height=900)
    page.wait_for_selector("#panel section")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box, hit = page.locator("#q").bounding_box(), page.locator(RESULTS).first.bounding_box()
    assert box is not None
    assert hit is not None
    assert hit["x"] >= 0
    assert hit["x"] + hit["width"] <= width
    assert box["width"] >= 200
    page.locator("#list .open").first.click()
    page.wait_for_selector("#drawer dl")
    drawer = page.locator("#drawer").bounding_box()
    assert drawer is not None
    assert drawer["x"] >= 0
