"""The second section: the scenario as a sketch and as tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from report.page.conftest import Ran
from sim.report.page.blocks import Cell, Figure, Listing, Section, Table
from sim.report.page.drawing import svg_of
from sim.report.page.sections.asked.section import asked, title_of
from sim.report.page.sections.asked.sketch import Box, packed, sketch, units_drawn
from sim.report.page.sections.asked.tables import flattened, plan, varied
from sim.report.page.source import Source

GIB = 2.0**30


def of(source: Source) -> Section:
    """Return the section, which always has something to say."""
    section = asked(source)
    assert section is not None
    return section


def tables(source: Source) -> dict[str, Table]:
    """Return the tables by the last word of their keys."""
    found = [block for block in of(source).blocks if isinstance(block, Table)]
    return {
        name: table for table in found for name in ("networks", "units", "vms", "loads", "plan", "variants", "varied") if name in table.key
    }


def column(table: Table, title: str) -> list[float | str | None]:
    """Return a column: numbers where there are any."""
    place = list(table.titles).index(title)
    return [row[place].text if row[place].value is None else row[place].value for row in table.shown]


def test_the_tables_say_what_the_scenario_file_says(night: Source) -> None:
    """Numbers read off scenarios/night-drain-390.yaml by hand."""
    found = tables(night)

    assert column(found["networks"], "bandwidth") == [125e6]
    assert column(found["networks"], "left for migrations") == [0.94 * 125e6]
    assert column(found["units"], "memory") == [256 * GIB, 256 * GIB]
    assert column(found["units"], "memory of VMs") == [(32 + 20 + 4 * 16 + 2 * 12 + 3 * 8 + 4) * GIB, 0.0]
    assert dict(zip(column(found["vms"], "VM"), column(found["vms"], "state"), strict=True))["PRINT"] == "INIT-ONLY"
    assert set(column(found["vms"], "moved by")) == {"out"}
    assert column(found["plan"], "what") == ["drain ABGSE501"]
    assert "variants" not in found
    assert "varied" not in found


def test_devices_and_loads_are_words(night: Source) -> None:
    """DBPROD has 24 disks and two tapes; its load has a day, bursts and a spread."""
    found = tables(night)
    rows = {row[0].text: [cell.text for cell in row] for row in found["loads"].shown}

    assert "24 disks, 2 tapes" in column(found["vms"], "devices")
    assert rows["orders"][4] == "30 % from 00:00, 100 % from 08:00, 70 % from 21:00"
    assert rows["orders"][5] == "20 % of the time, 1.5 times as active"
    assert rows["idle"][4:] == ["the same all day", "none", "none"]


def test_variants_faults_and_sweeps_are_told(failing: Source, swept: Source, quickstart: Source) -> None:
    """What differs, by path; a sweep tells its values once instead of a line a point."""
    retries = dict(zip(column(tables(failing)["variants"], "variant"), column(tables(failing)["variants"], "differs by"), strict=True))
    listings = {block.title: list(block.lines) for block in of(failing).blocks if isinstance(block, Listing)}
    varied = {row[0].text: (row[1].value, row[2].text) for row in tables(swept)["varied"].shown}

    assert "plan.out.on_abort.retries = 3" in str(retries["three retries"])
    assert retries["line holds"] == "faults = none"
    assert listings["What goes wrong"][0].startswith("drop: 1 min after VM DBPROD enters the phase pre-copy")
    assert listings["What goes wrong"][0].endswith("('no retry', 'three retries', 'three retries, rejected ones too')")
    assert listings["Objectives"] == ["P(end of out <= 23:00) >= 95 %", "share(completed) >= 95 %"]
    assert varied == {"networks.mcnpr.bandwidth": (2.0, "1 Gbit/s, 10 Gbit/s"), "vms.DBPROD.memory": (3.0, "8 GiB, 16 GiB, 32 GiB")}
    own, other = column(tables(swept)["variants"], "differs by")
    assert own == "the scenario as it is"
    assert str(other).startswith("clusters.SE.type = x86; ")  # what a stored scenario has as defaults of SU x86 follows
    assert column(tables(quickstart)["variants"], "variant") == ["SU /390", "SU x86"]


def test_nested_settings_are_flattened() -> None:
    """Mappings become paths; an empty one says that there is none of it."""
    assert list(flattened({"a.b": 1, "c": {"d": "x", "e": {}}})) == ["a.b = 1", "c.d = x", "c.e = none"]


def test_the_title_is_derived_from_the_plan(night: Source, ran: Ran) -> None:
    """What moves, how much, from where to where, when, over what."""
    assert title_of(night.details[0]) == (
        "12 VMs with 168 GiB move from ABGSE501 to ABGSE701 at 22:00 over network mcnpr, which carries 118 MB/s for migrations"
    )
    assert title_of(ran("two-clusters", 50)[1].details[0]).endswith("; 1 more step follows")


def test_a_second_sketch_only_where_the_world_differs(quickstart: Source, ran: Ran) -> None:
    """Another SU type is not another world; another network of a cluster is."""
    sketches = [sum(isinstance(block, Figure) for block in of(source).blocks) for source in (quickstart, ran("two-clusters", 50)[1])]

    assert sketches == [1, 2]


def test_blocks_fill_the_box_in_proportion_and_do_not_overlap() -> None:
    """Areas are shares of the box; every block lies inside, and the sum of areas leaves no room for overlaps with gaps."""
    sizes = [32.0, 20.0, 16.0, 16.0, 12.0, 8.0, 4.0, 0.5]
    box = Box(1.0, 2.0, 3.0, 1.75)
    blocks = list(packed(sizes, box))

    for size, block in zip(sizes, blocks, strict=True):
        assert block.width * block.height == pytest.approx(size / sum(sizes) * 3.0 * 1.75)
        assert block.x >= 1.0 - 1e-9
        assert block.y >= 2.0 - 1e-9
        assert block.x + block.width <= 4.0 + 1e-9
        assert block.y + block.height <= 3.75 + 1e-9
    for place, one in enumerate(blocks):
        for other in blocks[:place]:
            apart = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
            above = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
            assert min(apart, above) <= 1e-9


def test_nothing_to_draw_is_no_error(night: Source) -> None:
    """No sizes, no blocks; no plan, no arrows; no VM, empty boxes."""
    point = night.details[0].point
    assert list(packed([], Box(0, 0, 1, 1))) == []
    for changed in (replace(point, steps=()), replace(point, steps=(), vms=())):
        assert svg_of(sketch(changed), "x").startswith("<svg")


def test_untrusted_names_are_drawn_as_text(night: Source) -> None:
    """A name with markup and mathematics in it stays what it is."""
    point = night.details[0].point
    wild = replace(point.vms[0], name="<b>$x$", memory_bytes=64 * GIB)
    svg = svg_of(sketch(replace(point, vms=(wild, *point.vms[1:]))), "x")

    assert "&lt;b&gt;$x$" in svg
    assert "<b>" not in svg


def test_many_units_are_bounded_and_those_of_the_plan_come_first(night: Source) -> None:
    """Twenty SUs: nine are drawn, source and target among them; 99 VMs make a small figure."""
    point = night.details[0].point
    units = tuple(replace(point.units[0], name=f"SU{number:02d}") for number in range(18)) + point.units
    vms = tuple(replace(point.vms[0], name=f"V{number}", index=number + 2) for number in range(97))
    drawn = [unit.name for unit in units_drawn(replace(point, units=units))]

    assert len(drawn) == 9
    assert drawn[:2] == ["ABGSE501", "ABGSE701"]
    assert len(svg_of(sketch(replace(point, vms=vms)), "x")) < 100_000


def test_the_sketch_is_the_same_each_time(night: Source) -> None:
    """Equal bytes, and the alternative text names the SUs with their VMs."""
    point = night.details[0].point
    figure = next(block for block in of(night).blocks if isinstance(block, Figure))

    assert svg_of(sketch(point), "x") == svg_of(sketch(point), "x")
    assert "SU ABGSE501 (/390, 256 GiB, network mcnpr) has APPL1" in figure.alt
    assert "SU ABGSE701 (/390, 256 GiB, network mcnpr) has no VM." in figure.alt
    assert [cell.value for cell in figure.numbers.shown[0][1:3]] == [256 * GIB, (32 + 20 + 64 + 24 + 24 + 4) * GIB]


def test_a_folder_that_was_read_back_tells_what_was_varied(swept: Source) -> None:
    """A stored scenario has every point as a variant; only run.json says which values were swept.

    Mutant: the settings of the loaded scenario, of which the table was empty.
    """
    run = swept.runs[0]
    again = replace(run, loaded=replace(run.loaded, settings=tuple({} for _ in run.loaded.points)))
    told = varied(again)
    assert told is not None
    assert [row[0] for row in told.rows] == list(run.facts["settings"][0])
    assert [row[1].value for row in told.rows if isinstance(row[1], Cell)] == [
        len({each[path] for each in run.facts["settings"]}) for path in run.facts["settings"][0]
    ]


def test_the_plan_says_when_the_window_is(night: Source, quickstart: Source) -> None:
    assert plan(night.details[0]).caption == "The plan; the window is from 22:00 to 02:00."
    assert plan(quickstart.details[0]).caption == "The plan; the scenario sets no window."


def test_words_are_explained_with_the_values_of_the_policies(night: Source, quickstart: Source) -> None:
    """The two numbers of A2 are those that the model's document gives; one row each however many points use the policy."""
    for source in (night, quickstart):
        table = of(source).blocks[-1]
        assert isinstance(table, Table)
        meanings = {row[0].text: row[1].text for row in table.shown}
        assert len(meanings) == len(table.rows)
        assert "[A2]" in meanings["stop goal"]
        assert "in 2 s" in meanings["stop goal"]
        assert "not published" in meanings["stop goal"]
        assert "within 5 min" in meanings["chase limit"]
