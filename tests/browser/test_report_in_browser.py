"""The report as Chromium shows it: nothing fetched, no error, everything to be seen on a screen, on a phone and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "reports" / "samples").glob("*.html"))
WIDTHS = (1280, 390)
Scheme = Literal["light", "dark"]
PAPER = 680  # CSS pixels between the margins of A4: (210 - 2 x 15) mm
LARGEST = 1_500_000  # bytes

SEEN = """() => [...document.querySelectorAll("figure svg")].map(svg => {
  const box = svg.getBoundingClientRect(), room = svg.parentElement.getBoundingClientRect();
  const drawn = svg.querySelectorAll("path, text, use, rect").length;
  return {key: svg.closest("figure").id, width: box.width, height: box.height, left: box.left, room: room.width, drawn};
})"""
SORT = """(table) => {
  const columns = [...table.tHead.rows[0].cells].map((_, place) => place);
  const place = columns.find(place => [...table.tBodies[0].rows].every(row => "value" in row.cells[place].dataset));
  if (place === undefined) return null;
  const values = () => [...table.tBodies[0].rows].map(row => Number(row.cells[place].dataset.value.replace("inf", "Infinity")));
  const button = table.tHead.rows[0].cells[place].querySelector("button");
  const before = values();
  button.click(); const up = values();
  button.click(); const down = values();
  return {before, up, down};
}"""


@contextmanager
def opened(
    browser: Browser, file: Path, width: int = 1280, *, scheme: Scheme = "light", scripts: bool = True, checked: bool = False
) -> Iterator[Page]:
    """Open a file in a fresh window; whatever it fetches or complains of fails the test.

    Args:
        browser: Chromium.
        file: the page.
        width: of the window, CSS pixels.
        scheme: light or dark.
        scripts: whether scripts run.
        checked: let a checker run in the page, which its own policy forbids.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts, bypass_csp=checked
    )
    told: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: told.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: told.append(f"error: {error}"))
    page.on("request", lambda request: told.append(f"request: {request.url}") if request.url != file.as_uri() else None)
    page.goto(file.as_uri())
    yield page
    page.wait_for_load_state("networkidle")
    context.close()
    assert told == []


def test_there_are_samples_of_a_run_and_of_a_drain() -> None:
    assert [file.stem for file in SAMPLES] == ["night-drain-390", "quickstart"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda file: file.stem)
class TestSample:
    def test_is_one_file_of_bounded_size(self, sample: Path) -> None:
        assert 50_000 < sample.stat().st_size < LARGEST

    @pytest.mark.parametrize("width", WIDTHS)
    def test_all_figures_are_to_be_seen(self, browser: Browser, sample: Path, width: int) -> None:
        with opened(browser, sample, width) as page:
            figures = page.evaluate(SEEN)
            assert len(figures) >= 10
            for figure in figures:
                assert figure["drawn"] > 5, figure
                assert figure["height"] > 80, figure
                assert figure["width"] >= min(600, figure["room"]) - 1, figure
                assert 0 <= figure["left"] <= width - figure["room"], figure
            # The page itself does not scroll sideways: figures and tables do so within their frames.
            assert page.evaluate("document.documentElement.scrollWidth") <= width

    def test_prints_on_a4(self, browser: Browser, sample: Path) -> None:
        with opened(browser, sample, PAPER) as page:
            page.emulate_media(media="print")
            figures = page.evaluate(SEEN)
            assert len(figures) >= 10
            for figure in figures:
                assert figure["height"] > 80, figure
                assert figure["left"] + figure["width"] <= PAPER + 1, figure
            printed = page.pdf(prefer_css_page_size=True)
            assert printed.startswith(b"%PDF")
            assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") >= 5

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", WIDTHS)
    def test_is_accessible(self, browser: Browser, axe: str, sample: Path, scheme: Scheme, width: int) -> None:
        with opened(browser, sample, width, scheme=scheme, checked=True) as page:
            page.evaluate(axe)
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            assert len(found["passes"]) > 20
            violations = [(each["id"], each["help"], [node["target"] for node in each["nodes"]][:3]) for each in found["violations"]]
            assert violations == []

    def test_tables_sort_by_the_numbers_behind_the_cells(self, browser: Browser, sample: Path) -> None:
        with opened(browser, sample) as page:
            page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
            sorted_tables = [found for table in page.query_selector_all("table.sortable") if (found := page.evaluate(SORT, table))]
            assert len(sorted_tables) >= 5
            for found in sorted_tables:
                assert found["up"] == sorted(found["before"])
                assert found["down"] == sorted(found["before"], reverse=True)

    def test_says_the_same_without_its_script(self, browser: Browser, sample: Path) -> None:
        texts = []
        for enabled in (True, False):
            with opened(browser, sample, scripts=enabled) as page:
                texts.append(" ".join(page.inner_text("main").split()))
                assert page.locator("figure svg").count() >= 10
        assert texts[0] == texts[1]

    def test_dark_and_light_have_grounds_of_their_own(self, browser: Browser, sample: Path) -> None:
        grounds = []
        schemes: tuple[Scheme, Scheme] = ("light", "dark")
        for scheme in schemes:
            with opened(browser, sample, scheme=scheme) as page:
                grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        light, dark = ([int(part) for part in ground[4:-1].split(",")] for ground in grounds)
        assert min(light) > 240
        assert max(dark) < 60


def test_a_filter_leaves_the_rows_that_have_the_word(browser: Browser) -> None:
    with opened(browser, SAMPLES[0]) as page:
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        field = page.query_selector("input.filter")
        assert field is not None
        table = page.evaluate_handle("field => field.nextElementSibling.querySelector('table')", field).as_element()
        assert table is not None
        rows = [row.inner_text() for row in table.query_selector_all("tbody tr")]
        word = rows[0].split()[0]
        field.fill(word)
        shown = [row.inner_text() for row in table.query_selector_all("tbody tr:not([hidden])")]
        assert shown == [row for row in rows if word.lower() in row.lower()]
        assert 0 < len(shown) < len(rows)
