"""The page as a whole: nothing of a scenario becomes markup, nothing is fetched, the same bytes each time, bounded size."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure as Canvas

from sim.experiment.run import Order, run
from sim.report.page.assembly import page, sections_of
from sim.report.page.blocks import MOST_ROWS, Cell, Figure, Heading, Listing, Prose, Section, Table, Tile, Tiles, Verdict
from sim.report.page.drawing import VARIABLES, Drawing, svg_of
from sim.report.page.source import Source, read_run, source_of
from sim.scenario.load import load_scenario, scenario_of

SCENARIOS = Path(__file__).parents[3] / "scenarios"
LARGEST = 1_500_000  # bytes
EVIL = "<script>alert(1)</script>"


class Tags(HTMLParser):
    """Collects what a browser would take for elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def quickstart_page(quickstart: Source) -> str:
    return page(quickstart)


def test_page_fetches_nothing_and_has_one_script_of_its_own(quickstart_page: str) -> None:
    tags = Tags(quickstart_page)
    assert len(tags.of("script")) == 1
    assert not {"link", "img", "iframe", "object", "embed", "audio", "video", "base"} & {tag for tag, _ in tags.elements}
    for tag, attributes in tags.elements:
        for name in ("href", "src", "xlink:href", "action"):
            assert (attributes.get(name) or "#").startswith("#"), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
    assert not re.search(r"@import|url\((?!#)", quickstart_page)


def test_ids_are_unique_and_every_anchor_leads_somewhere(quickstart_page: str) -> None:
    tags = Tags(quickstart_page)
    ids = [attributes["id"] or "" for _, attributes in tags.elements if "id" in attributes]
    assert sorted(ids) == sorted(set(ids))
    anchors = {(attributes.get("href") or "")[1:] for attributes in tags.of("a")}
    assert anchors <= set(ids)
    assert len(anchors) > 8


def test_every_figure_has_what_it_takes_to_read_it(quickstart: Source, night: Source, failing: Source, swept: Source) -> None:
    figures = [figure for source in (quickstart, night, failing, swept) for section in sections_of(source) for figure in section.figures]
    assert len(figures) > 40
    for figure in figures:
        assert len(figure.title.split()) >= 5, figure.key
        assert not figure.title.endswith((".", ":")), figure.title
        assert len(figure.alt) >= 40, figure.key
        assert re.search(r"\d", figure.alt), figure.key
        assert figure.reading.endswith("."), figure.key
        assert re.search(r"\d|nothing here is simulated", figure.sample), figure.key
        assert figure.numbers.rows, figure.key
        assert any(cell.value is not None for row in figure.numbers.shown for cell in row), figure.key


def test_sections_stand_in_the_order_answer_reasons_assumptions(night: Source) -> None:
    keys = [section.key for section in sections_of(night)]
    wanted = ["answer", "asked", "timing", "stop", "convergence", "network", "consoles", "trust", "failures", "assumptions", "provenance"]
    assert keys == wanted


def test_text_of_a_scenario_never_becomes_markup(tmp_path: Path) -> None:
    """Title, question, variant and command of a hostile scenario."""
    text = (SCENARIOS / "quickstart.yaml").read_text(encoding="utf-8")
    text = re.sub(r"title: .*", f"title: '{EVIL} &amp; `code` $x^2$ {{{{ 7 * 7 }}}}'", text)
    text = re.sub(r"question: .*", "question: '\"><img src=x onerror=alert(2)>'", text).replace("SU /390: {}", f"'{EVIL}': {{}}")
    (tmp_path / "evil.yaml").write_text(text, encoding="utf-8")
    folder, loaded = tmp_path / "out", load_scenario(tmp_path / "evil.yaml")
    run(Order(loaded, 40, folder, 1, 5, rounds=False, command=["migr", "run", EVIL]), lambda *_: None)
    made = page(source_of([read_run(str(folder), loaded)], [], f"migr report {EVIL}"))
    tags = Tags(made)
    assert len(tags.of("script")) == 1
    assert tags.of("img") == []
    assert "alert(1)" not in re.findall(r"<script>(.*?)</script>", made, re.DOTALL)[0]
    assert any(EVIL in word for word in tags.words)
    assert any("{{ 7 * 7 }}" in word for word in tags.words)
    assert any("$x^2$" in word for word in tags.words)


def test_vm_that_is_called_script_is_named_and_runs_nothing(quickstart: Source) -> None:
    """No scenario can have such a VM; wherever a page names one, in text, tables, figures, lists and traces, it stays text."""
    vm = "<script>"

    def draw(canvas: Canvas) -> None:
        axes = canvas.subplots()
        axes.barh([0], [1])
        axes.set_yticks([0], [vm])

    table = Table("t", (vm, "s"), ((vm, Cell(vm, 1.0)),), caption=vm)
    figure = Figure("f", f"{vm} takes longest", Drawing(draw), f'"{vm}', vm, f"`{vm}` n = 1", Table("n", ("a",), ((vm,),)))
    blocks = (
        *(Prose(f"{vm} and `{vm}`", "lead"), Heading(vm), Tiles((Tile(vm, vm, vm),)), table, figure),
        *(
            Verdict(f"p50(downtime of {vm}) <= 5 s", "met", vm, (vm,), (vm,)),
            Listing((vm,), vm),
            Listing((vm,), vm, console=True, folded=True),
        ),
    )
    made = page(quickstart, [Section("s", vm, blocks)])
    tags = Tags(made)
    assert len(tags.of("script")) == 1
    assert sum(vm in word for word in tags.words) >= 20
    assert [attributes["aria-label"] for attributes in tags.of("div") if attributes.get("role") == "img"] == [f'"{vm}']


def test_same_results_give_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    """Workers, the order of sets and where the clock stands change nothing."""
    made = []
    for number, seed in ((1, "1"), (2, "2")):
        place = tmp_path / str(number)
        place.mkdir()
        shutil.copyfile(SCENARIOS / "quickstart.yaml", place / "quickstart.yaml")
        command = [sys.executable, "-m", "sim", "run", "quickstart.yaml", "--replications", "50", "--messages", "10"]
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(SCENARIOS.parent)}
        subprocess.run(command, cwd=place, env=environment, check=True, capture_output=True)
        (report,) = place.glob("reports/quickstart/*/report.html")  # beside the results, where no folder is named
        tables = {"migrations.parquet", "plans.parquet", "messages.parquet"}
        texts = {"run.json", "summary.json", "summary.csv", "scenario.resolved.yaml", "sources.json", "report.html"}
        assert {file.name for file in report.parent.iterdir()} == tables | texts
        made.append(report.read_bytes())
    assert made[0] == made[1]


def test_page_of_ninety_nine_vms_and_four_points_stays_small(tmp_path: Path) -> None:
    text = (SCENARIOS / "quickstart.yaml").read_text(encoding="utf-8")
    text = re.sub(
        r"  VM12PROD: .*",
        "  VM12PROD: {su: ABGSE501, index: 12, memory: 1 GiB}\n  V: {count: 97, su: ABGSE501, memory: 1 GiB, load: batch}",
        text.replace("memory: 64 GiB", "memory: 256 GiB"),
    )
    text = text.replace("migrate: VM12PROD", "drain: ABGSE501")
    text = text.replace(
        "  SU x86: {", "  a third: {networks.mcnpr.round_trip: 2 ms}\n  a fourth: {networks.mcnpr.round_trip: 3 ms}\n  SU x86: {"
    )
    loaded = scenario_of(text, "many.yaml")
    run(Order(loaded, 3, tmp_path / "out", 1, 1, rounds=False, command=["migr", "run"]), lambda *_: None)
    source = source_of([read_run(str(tmp_path / "out"), loaded)], [], "migr report")
    assert len(source.details) == 4
    assert len(source.details[0].lines()) == 98
    made = page(source)
    assert 100_000 < len(made.encode()) < LARGEST


class TestDrawing:
    def drawing(self) -> Drawing:
        def draw(canvas: Canvas) -> None:
            axes = canvas.subplots()
            axes.plot([0, 1], [0, 1], color="#0072b2")
            axes.set_title("<b>&$x_1$")
            axes.text(0.5, 0.5, "0.00123 #0072b2")
            axes.set_xlabel("time (s)")

        return Drawing(draw)

    def test_colours_become_variables_of_the_page(self) -> None:
        svg = svg_of(self.drawing(), "one")
        assert "stroke: var(--s1)" in svg
        markup = svg.replace("0.00123 #0072b2", "", 1)
        assert len(svg) - len(markup) == 15, "what people read stays as it is"
        assert not [colour for colour in VARIABLES if colour in markup.lower()]

    def test_text_is_escaped_and_no_formula(self) -> None:
        svg = svg_of(self.drawing(), "one")
        assert "&lt;b&gt;&amp;$x_1$" in svg
        assert "time (s)" in svg

    def test_same_bytes_and_ids_of_its_own(self) -> None:
        assert svg_of(self.drawing(), "one") == svg_of(self.drawing(), "one")
        ids = re.findall(r'\bid="([^"]+)"', svg_of(self.drawing(), "one"))
        assert ids
        assert all(each.startswith("one-") for each in ids)

    def test_settings_of_the_reader_change_nothing(self) -> None:
        """As a matplotlibrc in the home or working folder sets them."""
        plain = svg_of(self.drawing(), "one")
        with mpl.rc_context({"font.size": 20, "lines.linewidth": 9, "axes.grid": True, "path.sketch": (1, 100, 2)}):
            assert svg_of(self.drawing(), "one") == plain
            assert mpl.rcParams["font.size"] == 20, "they are the reader's again"

    def test_size_is_left_to_the_page(self) -> None:
        head = svg_of(self.drawing(), "one").split(">", 1)[0]
        assert "viewBox" in head
        assert " width=" not in head
        assert " height=" not in head


class TestTable:
    def test_rows_have_as_many_cells_as_titles(self) -> None:
        with pytest.raises(ValueError, match="table few: rows \\[1\\] do not have 2 cells"):
            Table("few", ("a", "b"), (("1", "2"), ("3",)))

    def test_long_tables_are_cut_and_say_by_how_much(self) -> None:
        table = Table("long", ("n",), [(Cell(str(number), number),) for number in range(MOST_ROWS + 7)])
        assert len(table.shown) == MOST_ROWS
        assert table.left_out == 7
        assert table.numeric == [True]


def test_keys_that_stand_twice_are_a_bug(monkeypatch: pytest.MonkeyPatch, quickstart: Source) -> None:
    def twice(_: Source) -> Section:
        table = Table("same", ("a",), (("1",),))
        return Section("twice", "Twice", (table, Figure("f", "t", TestDrawing().drawing(), "", "", "", table)))

    monkeypatch.setattr("sim.report.page.assembly.SECTIONS", (twice,))
    with pytest.raises(ValueError, match="same"):
        sections_of(quickstart)


def test_variant_that_is_named_twice_is_drawn_once(quickstart: Source) -> None:
    assert [detail.name for detail in source_of(quickstart.runs, ["SU x86", "SU x86"], "").details] == ["SU x86"]
