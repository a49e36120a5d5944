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
from sim.report.page.drawing import svg_of
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
        assert row[column["vms.DBPROD.memory"]].value == [8, 16, 32][place % 3] * 2**30
        assert row[column["networks.mcnpr.bandwidth"]].value == [1e9, 10e9][place // 3 % 2] / 8


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
    night = knob_of("plan.out.at", ("22:00", "23:00", "00:00"))
    assert night.levels == ("22:00", "23:00", "00:00")
    names = knob_of("p", tuple(f"n{number}" for number in range(10)))
    assert names.levels == (*(f"n{number}" for number in range(7)), "others")
    assert names.level.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 7, 7]


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
    settings = [{"a": a, "b": b, "c": c} for a in ("1 s", "2 s") for b in ("1 GiB", "2 GiB") for c in ("u", "v", "w")]
    makespans: list[float | str] = [1.0, 3.0, 2.0, 5.0, "never", "never", 7.0, 7.0, 9.0, 4.0, 4.0, "never"]
    found = swept_of([point("", own, makespan, None) for own, makespan in zip(settings, makespans, strict=True)])
    by_path = {knob.path: knob for knob in found.knobs}
    cells = cells_of(found, (by_path["a"], by_path["b"]), found.makespan[1], "")
    assert cells.tolist() == [[2.0, 7.0], [math.inf, 4.0]]
    figure = map_figure(found, (by_path["a"], by_path["b"]), "k", "n")
    assert figure.title == "Makespan p90: 2.00 s with 1 s and 1 GiB, never with 1 s and 2 GiB"
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
