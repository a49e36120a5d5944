"""The section of sweeps: its numbers against the stored rows, its rules against cases worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.report.page.assembly import page
from sim.report.page.blocks import MOST_ROWS, Figure, Prose, Table
from sim.report.page.drawing import drawn, svg_of
from sim.report.page.sections.sweeps.courses import title_of
from sim.report.page.sections.sweeps.front import front_figure, front_of
from sim.report.page.sections.sweeps.influence import influence_blocks
from sim.report.page.sections.sweeps.lines import knob_figure, lines_of, some
from sim.report.page.sections.sweeps.maps import cells_of, map_figure, pairs_of
from sim.report.page.sections.sweeps.points import explained, knob_of, swept_of, unbeaten
from sim.report.page.sections.sweeps.section import sweeps
from sim.report.page.source import Source


def stored(source: Source, name: str, place: int) -> pd.DataFrame:
    files = sorted((Path(source.runs[0].folder) / f"{name}.parquet").glob(f"point-{place:03d}-*.parquet"))
    return pd.concat([pd.read_parquet(file) for file in files])


def upper(values: pd.Series, q: float) -> float:
    """Return the smallest value that a share q does not exceed."""
    return float(np.sort(values)[math.ceil(round(len(values) * q, 9)) - 1])


def point(variant: str, settings: dict[str, str], makespan: float | str, downtime: float | str | None) -> dict[str, Any]:
    def quantiles(value: float | str) -> dict[str, Any]:
        return {name: {"value": value, "low": None, "high": None, "replications_needed": 36} for name in ("p50", "p90", "p99")}

    name = ", ".join([*([variant] if variant else []), *(f"{path}={text}" for path, text in settings.items())])
    return {
        "point": name,
        "settings": settings,
        "replications": 10,
        "completed": {"share": 1.0, "low": 0.7, "high": 1.0},
        "largest": {"downtime_s": quantiles(downtime) if downtime is not None else {}},
        "steps": [{"step": "out", "makespan_s": quantiles(makespan)}],
        "objectives": [],
    }


def tables_of(section_blocks: list[Any]) -> dict[str, Table]:
    found = {block.key: block for block in section_blocks if isinstance(block, Table)}
    return found | {block.numbers.key: block.numbers for block in section_blocks if isinstance(block, Figure)}


def test_table_of_points_is_what_pandas_computes_from_the_rows(swept: Source) -> None:
    section = sweeps(swept)
    assert section is not None
    table = tables_of(list(section.blocks))["sweep0points"]
    column = {title: place for place, title in enumerate(table.titles)}
    assert len(table.rows) == 12
    for place, row in enumerate(table.shown):
        makespans = stored(swept, "plans", place)["makespan_s"]
        stops = stored(swept, "migrations", place).groupby("replication")["downtime_s"].max()
        assert row[column["makespan p50"]].value == upper(makespans, 0.5)
        assert row[column["makespan p90"]].value == upper(makespans, 0.9)
        assert row[column["largest downtime p50"]].value == upper(stops, 0.5)
        assert row[column["largest downtime p99"]].value == upper(stops, 0.99)
        assert row[column["memory of DBPROD"]].value == [8, 16, 32][place % 3] * 2**30
        assert row[column["bandwidth of network mcnpr"]].value == [1e9, 10e9][place // 3 % 2] / 8


def test_every_figure_of_a_grid_is_there_and_is_drawn_the_same_twice(swept: Source) -> None:
    section = sweeps(swept)
    assert section is not None
    keys = [figure.key for figure in section.figures]
    assert keys == ["sweep0knob0", "sweep0knob1", "sweep0map0", "sweep0front"]
    for figure in section.figures:
        svg = svg_of(figure.drawing, figure.key)
        assert "n = 50 replications" in figure.sample
        assert len(svg) < 60_000
    assert svg == svg_of(section.figures[-1].drawing, section.figures[-1].key)


def test_a_line_joins_points_that_differ_in_one_setting_only() -> None:
    points = [point(v, {"a": a, "b": b}, 1.0, 1.0) for v in ("x", "y") for a in ("1 s", "2 s") for b in ("4 GiB", "2 GiB", "8 GiB")]
    found = swept_of(points)
    by_path = {knob.path: knob for knob in found.knobs}
    lines = {line.name: line.places.tolist() for line in lines_of(found, by_path["b"])}
    assert lines == {"x, 1 s": [1, 0, 2], "x, 2 s": [4, 3, 5], "y, 1 s": [7, 6, 8], "y, 2 s": [10, 9, 11]}
    assert len(lines_of(found, by_path["a"])) == 6


def test_values_are_in_the_order_of_their_numbers_and_many_become_ranges() -> None:
    few = knob_of("m", ("16 GiB", "512 MiB", "2 GiB", "512 MiB"))
    assert few.levels == ("512 MiB", "2 GiB", "16 GiB")
    assert few.level.tolist() == [2, 0, 1, 0]
    assert few.is_log
    many = knob_of("m", tuple(f"{number} s" for number in range(10, 0, -1)))
    assert many.levels == ("1-2 s", "3-4 s", "5-6 s", "7-8 s", "9-10 s")
    assert many.level.tolist() == [4, 4, 3, 3, 2, 2, 1, 1, 0, 0]
    mixed = knob_of("m", ("27306 MiB", "64 GiB", "8 GiB"))
    assert mixed.levels == ("8 GiB", "26.7 GiB", "64 GiB")
    sizes = (
        "8456 MiB",
        "21118 MiB",
        "27800 MiB",
        "35000 MiB",
        "46772 MiB",
        "51200 MiB",
        "56320 MiB",
        "60000 MiB",
        "65054 MiB",
        "61440 MiB",
    )
    assert knob_of("m", sizes).levels[0] == "8.26-20.6 GiB"  # 8456 / 1024 and 21118 / 1024
    assert knob_of("m", sizes).said(2) == "27.1 GiB"
    night = knob_of("plan.out.at", ("22:00", "23:00", "00:00"))
    assert night.levels == ("22:00", "23:00", "00:00")
    names = knob_of("p", tuple(f"n{number}" for number in range(10)))
    assert names.levels == (*(f"n{number}" for number in range(7)), "others")
    assert names.level.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 7, 7]


def test_an_axis_is_logarithmic_where_values_differ_by_equal_factors() -> None:
    assert knob_of("m", tuple(f"{2**number} s" for number in range(10))).is_log
    assert not knob_of("m", ("0.15 %", *(f"{number} %" for number in range(2, 40, 2)))).is_log
    assert knob_of("m", ("1 Gbit/s", "10 Gbit/s")).is_log


def test_units_stand_on_the_axis_and_lines_have_marks_in_a_legend() -> None:
    points = [point("", {"a": a, "b": b}, 90.0, 1.0) for a in ("1 Gbit/s", "10 Gbit/s") for b in ("<16 GiB>", "<32 GiB>")]
    found = swept_of(points)
    knob = next(knob for knob in found.knobs if knob.path == "a")
    with drawn(knob_figure(found, knob, "k", {}, "n").drawing) as canvas:
        assert [axes.get_xlabel() for axes in canvas.axes] == ["a, Gbit/s"] * 2
        assert [label.get_text() for label in canvas.axes[0].get_xticklabels()] == ["1", "10"]
        assert [text.get_text() for text in canvas.legends[0].get_texts()] == ["<16 GiB>", "<32 GiB>"]
        assert len({line.get_marker() for line in canvas.legends[0].get_lines()}) == 2


def test_of_several_steps_the_one_whose_makespan_is_drawn_is_named() -> None:
    points = [point("", {"a": a}, 90.0, 1.0) for a in ("1 s", "2 s")]
    for each in points:
        each["steps"].append(each["steps"][0] | {"step": "back", "makespan_s": {}})
    found = swept_of(points)
    with drawn(knob_figure(found, found.knobs[0], "k", {}, "n").drawing) as canvas:
        assert canvas.axes[0].get_title(loc="left") == "makespan of out: p50, p90"


def test_a_design_has_a_map_where_its_cells_have_enough_points() -> None:
    """Ranges of 5 times 5 cells, three settings: 60 points are 2.4 a cell, 120 are 4.8."""

    def maps_of(number: int) -> int:
        settings = [{"a": f"{n} s", "b": f"{n * 7 % number} GiB", "c": f"{n * 11 % number} %"} for n in range(1, number + 1)]
        return len(pairs_of(swept_of([point("", own, float(n + 1), None) for n, own in enumerate(settings)])))

    assert maps_of(60) == 0
    assert maps_of(120) > 0


def test_points_of_the_front_have_numbers_that_a_legend_explains() -> None:
    points = [point("", {"a": f"{number} s"}, float(number), 10.0 - number) for number in range(1, 4)]
    found = swept_of(points)
    figure = front_figure(found, "k", {}, "n")
    assert figure is not None
    with drawn(figure.drawing) as canvas:
        assert [text.get_text() for text in canvas.legends[0].get_texts()] == ["1  1 s", "2  2 s", "3  3 s"]
        assert [text.get_text() for text in canvas.axes[0].texts] == ["1", "2", "3"]


def test_a_setting_explains_all_nothing_or_half_of_the_differences() -> None:
    """Values 1 2 / 1 2: a explains everything, b nothing; ranks of 1 2 3 inf with a in (0 0 1 1): 4 of 5."""
    a, b = knob_of("a", ("1 s", "2 s", "1 s", "2 s")), knob_of("b", ("u", "u", "w", "w"))
    values = np.array([1.0, 2.0, 1.0, 2.0])
    assert explained(a, values, ("",) * 4) == pytest.approx(1.0)
    assert explained(b, values, ("",) * 4) == pytest.approx(0.0)
    assert explained(b, np.array([1.0, 2.0, 3.0, math.inf]), ("",) * 4) == pytest.approx(0.8)
    assert explained(a, np.array([1.0, 2.0, 100.0, 200.0]), ("x", "x", "y", "y")) == pytest.approx(1.0)
    assert explained(a, np.full(4, math.nan), ("",) * 4) == 0.0


def test_only_points_that_no_other_beats_are_on_the_front() -> None:
    first = np.array([1.0, 2.0, 3.0, 2.0, 1.0, math.inf, 0.5, 4.0])
    second = np.array([5.0, 3.0, 1.0, 4.0, 5.0, 0.1, math.nan, 1.0])
    assert np.flatnonzero(unbeaten(first, second)).tolist() == [0, 1, 2, 4]


def test_the_front_looks_at_each_variant_alone() -> None:
    points = [point(v, {"a": a}, m, d) for v, a, m, d in (("x", "1 s", 9.0, 9.0), ("x", "2 s", 8.0, 10.0), ("y", "1 s", 1.0, 1.0))]
    points.append(point("y", {"a": "2 s"}, 2.0, 2.0))
    assert front_of(swept_of(points)).tolist() == [1, 0, 2]


def test_a_cell_of_a_map_is_the_median_of_its_points_and_never_counts() -> None:
    """Five points a cell; of fewer the largest, since half of them would be worse than what the cell says."""
    settings = [{"a": a, "b": b, "c": c} for a in ("1 s", "2 s") for b in ("1 GiB", "2 GiB") for c in "uvwxy"]
    makespans: list[float | str] = [1.0, 3.0, 2.0, 0.5, 9.0, 5.0, "never", "never", "never", 1.0]
    makespans += [7.0, 7.0, 9.0, 1.0, 8.0, 4.0, 4.0, "never", "never", 3.0]
    found = swept_of([point("", own, makespan, None) for own, makespan in zip(settings, makespans, strict=True)])
    by_path = {knob.path: knob for knob in found.knobs}
    cells = cells_of(found, (by_path["a"], by_path["b"]), found.makespan[1], "")
    assert cells.tolist() == [[2.0, 7.0], [math.inf, 4.0]]
    few = swept_of([each for each in found.points if each["settings"]["c"] in "uv"])
    by_name = {knob.path: knob for knob in few.knobs}
    assert cells_of(few, (by_name["a"], by_name["b"]), few.makespan[1], "").tolist() == [[3.0, 7.0], [math.inf, 4.0]]
    assert "the largest of the points in its cell" in map_figure(few, (by_name["a"], by_name["b"]), "k", "n").sample
    figure = map_figure(found, (by_path["a"], by_path["b"]), "k", "n")
    assert figure.title == "Makespan p90 ranges from 2.00 s (1 s and 1 GiB) to never (1 s and 2 GiB)"
    assert "never" in svg_of(figure.drawing, "k")


@pytest.mark.parametrize("downtime", [None, "never", 2.0])
@pytest.mark.parametrize("makespan", ["never", 100.0])
def test_points_that_never_end_or_have_no_downtime_are_drawn(makespan: float | str, downtime: float | str | None) -> None:
    points = [point("", {"a": f"{number} GiB", "b": b}, makespan, downtime) for number in (1, 2, 3) for b in ("on", "off")]
    found = swept_of(points)
    for knob in found.knobs:
        figure = knob_figure(found, knob, "k", {"makespan": [(90.0, "objective")]}, "n")
        svg = svg_of(figure.drawing, "k")
        assert ("never" in svg) == ("never" in {makespan, downtime})
    front = front_figure(found, "f", {}, "n")
    assert (front is None) == (makespan == "never" or downtime in {None, "never"})


def test_ten_thousand_points_stay_small() -> None:
    draws = np.random.default_rng(1).uniform(1.0, 9.0, (10_000, 3))
    points = [point("", {"a": f"{one:.6f} GiB", "b": f"{two:.6f} s"}, one * two, three) for one, two, three in draws.tolist()]
    found = swept_of(points)
    assert len(some(len(points))) == 200
    figures = [knob_figure(found, knob, "k", {}, "n") for knob in found.knobs]
    figures += [map_figure(found, pair, "m", "n") for pair in pairs_of(found)]
    front = front_figure(found, "f", {}, "n")
    assert front is not None
    assert [knob.path for knob in found.knobs] in (["a", "b"], ["b", "a"])
    for figure in (*figures, front):
        assert len(svg_of(figure.drawing, "k")) < 80_000
        assert len(figure.numbers.rows) <= MOST_ROWS


def test_a_run_whose_points_are_variants_only_has_no_such_section(quickstart: Source) -> None:
    assert sweeps(quickstart) is None


def test_names_are_text_and_nothing_else(swept: Source) -> None:
    points = [point("<script>", {"$x$": f"{number} GiB", "{b}": b}, 1.0 + number, 2.0) for number in (1, 2) for b in ("<i>", "\\1")]
    found = swept_of(points)
    section = sweeps(swept)
    assert section is not None
    figures = [knob_figure(found, knob, f"k{number}", {}, "n") for number, knob in enumerate(found.knobs)]
    html = page(swept, [type(section)("sweeps", "Sweeps", figures)])
    assert "<i>" not in html
    assert "<script>:" not in html
    assert "$x$" in html


def influence(group: str, value: float, low: float, high: float) -> dict[str, Any]:
    estimate = {"value": value, "low": low, "high": high, "may_be_0": low <= 0.0 <= high}
    return {"group": group, "mu_star": estimate, "sigma": estimate}


def test_influences_are_drawn_with_their_numbers_and_what_may_be_nothing_is_said() -> None:
    influences = [influence("DB", 100.0, 90.0, 110.0), influence("net", 0.5, 0.0, 1.1)]
    output = {"output": "mean makespan", "unit": "s", "influences": influences, "why_none": "", "mean": 9.0, "least": 1.0, "most": 20.0}
    nothing = {"output": "mean downtime", "unit": "s", "influences": [], "why_none": "it is the same in all 12 points"}
    study = {"method": "morris", "samples": 4, "points": 12, "variants": [{"variant": "x86", "outputs": [output, nothing]}]}
    blocks = influence_blocks(study, "k", 50)
    said = [block.text for block in blocks if isinstance(block, Prose)]
    assert said == ["x86: mean downtime: no indices, it is the same in all 12 points."]
    (figure,) = [block for block in blocks if isinstance(block, Figure)]
    assert figure.title.startswith("x86: mean makespan: DB matters most")
    rows = figure.numbers.shown
    assert [row[2].value for row in rows] == [100.0, 0.5]
    assert [row[-1].text for row in rows] == ["no", "yes"]
    assert "4 trajectories, 12 points, 50 replications each" in figure.sample
    assert "DB" in svg_of(figure.drawing, "k")


def within(name: str, settings: dict[str, str], makespan: float, downtime: float) -> dict[str, Any]:
    """Return a point whose intervals are 1 % wide to each side."""
    found = point(name, settings, makespan, downtime)
    for spans in (found["largest"]["downtime_s"], found["steps"][0]["makespan_s"]):
        for each in spans.values():
            each |= {"low": 0.99 * each["value"], "high": 1.01 * each["value"]}
    return found


def test_a_title_tells_by_how_much_and_what_it_costs_and_mixes_no_other_settings() -> None:
    """Worked out by hand: the makespan falls by 50 s or 150 s, the stop grows by 1 s or by 2 s; never "100 s to 150 s"."""
    times = {("1 GiB", "1 Gbit/s"): (100.0, 3.0), ("1 GiB", "10 Gbit/s"): (50.0, 4.0)}
    times |= {("2 GiB", "1 Gbit/s"): (300.0, 3.0), ("2 GiB", "10 Gbit/s"): (150.0, 5.0)}
    points = [within("", {"vms.A.memory": m, "networks.n.bandwidth": b}, *each) for (m, b), each in times.items()]
    found = swept_of(points)
    by_path = {knob.path: knob for knob in found.knobs}
    assert title_of(found, by_path["networks.n.bandwidth"]) == (
        "Bandwidth of network n 10 Gbit/s instead of 1 Gbit/s: "
        "makespan p90 50.00 s to 2:30 min shorter, but largest downtime p99 1.00 to 2.00 s longer"
    )
    assert title_of(found, by_path["vms.A.memory"]) == (
        "Memory of A 2 GiB instead of 1 GiB: makespan p90 1:40 to 3:20 min longer, largest downtime p99 up to 1.00 s longer"
    )


def test_what_chance_may_explain_is_no_cost() -> None:
    """The intervals of 3.00 s and 3.02 s overlap: no "but", and the title says so."""
    points = [within("", {"a": a}, m, d) for a, m, d in (("1 s", 100.0, 3.0), ("2 s", 50.0, 3.02))]
    found = swept_of(points)
    assert title_of(found, found.knobs[0]).endswith("50.00 s shorter, largest downtime p99 0.02 s longer (within the intervals)")


def test_settings_are_in_the_order_of_what_the_objective_looks_at() -> None:
    """`a` alone decides the makespan, `b` the downtime."""
    for objective, order in (("P(makespan of out <= 2 s) >= 95 %", ["a", "b"]), ("p99(downtime) <= 2 s", ["b", "a"])):
        points = [point("", {"a": a, "b": b}, float(a[0]), float(b[0])) for a in ("1 s", "2 s") for b in ("3 s", "4 s")]
        for each in points:
            each["objectives"] = [{"objective": objective, "verdict": "met"}]
        assert [knob.path for knob in swept_of(points).knobs] == order


def test_shares_of_a_grid_are_told_with_what_is_left(swept: Source) -> None:
    """With pandas: ranks within a variant, and the variance of their means by setting."""
    rows = pd.DataFrame(
        [entry["settings"] | {"variant": entry["point"].split(", ")[0], "p90": entry["steps"][0]["makespan_s"]["p90"]["value"]}
         for entry in swept.runs[0].summary["points"]]
    )  # fmt: skip
    ranks = rows.groupby("variant")["p90"].rank()
    ranks -= ranks.groupby(rows["variant"]).transform("mean")
    shares = {
        path: float((ranks.groupby([rows["variant"], rows[path]]).transform("mean") ** 2).sum() / (ranks**2).sum())
        for path in ("vms.DBPROD.memory", "networks.mcnpr.bandwidth")
    }
    memory, bandwidth = (100.0 * share for share in shares.values())
    section = sweeps(swept)
    assert section is not None
    lead = section.blocks[0]
    assert isinstance(lead, Prose)
    assert f"memory of DBPROD matters most; it explains {memory:.0f} % of the differences within a variant" in lead.text
    assert f"bandwidth of network mcnpr {bandwidth:.0f} %, their interplay {100.0 - memory - bandwidth:.0f} %" in lead.text
