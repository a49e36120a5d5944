"""The section on the stop: every number recomputed from the Parquet files with pandas, and all the cases in which there is none."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from sim.experiment.run import Order, run
from sim.report.page.blocks import Figure, Prose, Section, Table
from sim.report.page.drawing import svg_of
from sim.report.page.sections.stop.figures import Curve
from sim.report.page.sections.stop.section import stop, vm_figure
from sim.report.page.source import Source, read_run, source_of
from sim.results.summary import columns_needed
from sim.scenario.load import load_scenario

SCENARIOS = Path(__file__).parents[3] / "scenarios"
NEW = """\
schema: 1
networks: {n: {preset: mcnpr-10g}}
clusters: {SE: {type: /390, network: n, units: {ONE: {memory: 64 GiB}, TWO: {memory: 64 GiB}}}}
vms:
  "$X$": {su: ONE, memory: 1 GiB, load: idle}
  "A-#@$1": {su: ONE, memory: 1 GiB, load: idle}
plan: {out: {at: "22:00", drain: ONE, to: TWO}}
variants: {"it's <script>": {}, '{0} \\1': {}}
objectives: ["p99(downtime) <= 5 s"]
experiment: {replications: 4, seed: 7}
"""

Small = Callable[..., Source]


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """Return a function that runs a scenario and returns the source of its report."""

    def once(scenario: Path, replications: int, columns: tuple[str, ...] = ()) -> Source:
        folder, loaded = tmp_path / "run", load_scenario(scenario)
        run(Order(loaded, replications, folder, 1, 0, rounds=False, command=["migr"], columns=columns), lambda *_: None)
        return source_of([read_run(str(folder), loaded)], [], "migr report run")

    return once


def section_of(source: Source) -> Section:
    """Return the section, all of whose figures could be drawn."""
    section = stop(source)
    assert section is not None
    assert all(svg_of(figure.drawing, figure.key).startswith("<svg") for figure in section.figures)
    return section


def table(section: Section, key: str) -> pd.DataFrame:
    """Return the values of a table; the text where a cell has none."""
    tables = {block.key: block for block in section.blocks if isinstance(block, Table)}
    tables |= {figure.numbers.key: figure.numbers for figure in section.figures}
    cells = [[cell.text if cell.value is None else cell.value for cell in row] for row in tables[key].shown]
    return pd.DataFrame(cells, columns=list(tables[key].titles))


def figure(section: Section, key: str) -> Figure:
    """Return a figure."""
    return next(each for each in section.figures if each.key == key)


def prose(section: Section) -> str:
    """Return all paragraphs."""
    return "\n".join(block.text for block in section.blocks if isinstance(block, Prose))


def stored(source: Source, point: str = "") -> pd.DataFrame:
    """Return the migrations of a point that have a downtime."""
    rows = pq.ParquetDataset(Path(source.runs[0].folder) / "migrations.parquet").read().to_pandas()
    return rows[(rows["point"] == point) & rows["downtime_s"].notna()]


def order_statistic(values: pd.Series, q: float) -> float:
    """Return the smallest value that a share q does not exceed."""
    return float(values.sort_values().iloc[math.ceil(len(values) * q) - 1])


def test_the_numbers_by_vm_are_those_of_pandas(night: Source) -> None:
    rows = stored(night)
    found = table(section_of(night), "downtime-p0-numbers").set_index("VM")
    assert set(found.index) == set(rows["vm"])
    assert len(found) == 11  # PRINT does not run
    shares = [title for title in found.columns if title.startswith("up to ")]
    assert shares
    for vm in found.index:
        of_vm = rows.loc[rows["vm"] == vm, "downtime_s"]
        assert found.loc[vm, "stops"] == len(of_vm) == 200
        assert found.loc[vm, "p50"] == order_statistic(of_vm, 0.5)
        assert found.loc[vm, "p99"] == order_statistic(of_vm, 0.99)
        assert found.loc[vm, "longest"] == of_vm.max()
        for title in shares:
            assert found.loc[vm, title] == pytest.approx((of_vm <= float(title.split()[2])).mean(), abs=1e-12)
    assert list(found["p99"]) == sorted(found["p99"], reverse=True)


def test_the_title_names_the_vms_that_stand_still_longest_and_the_limit_is_drawn(night: Source) -> None:
    of_vms = stored(night).groupby("vm", observed=True)["downtime_s"].agg(lambda values: order_statistic(values, 0.99))
    section = section_of(night)
    drawn = figure(section, "downtime-p0")
    alike = of_vms[of_vms >= 0.95 * of_vms.max()]
    assert 1 < len(alike) <= 4
    names = drawn.title.partition(" stand still longest")[0].replace(" and ", ", ").split(", ")
    assert (set(names), names[0]) == (set(alike.index), of_vms.idxmax())
    others = of_vms.drop(alike.index)
    assert drawn.title.endswith(
        f"up to {of_vms.max():.2f} s in 99 of 100 migrations; the other {others.count()} VMs up to {others.max():.2f} s"
    )
    assert "objective 10 s for DBPROD" in svg_of(drawn.drawing, "x")


def test_the_parts_of_the_stop_are_medians(night: Source) -> None:
    rows = stored(night)
    rows = rows.assign(rest_s=rows["downtime_s"] - rows["stopped_round_s"])
    found = table(section_of(night), "stop-parts-p0-numbers").set_index("VM")
    titles = {
        "handshake p50": "handshake_s",
        "last round p50": "stopped_round_s",
        "state and resume p50": "rest_s",
        "downtime p50": "downtime_s",
    }
    assert len(found) == 11
    for vm in found.index:
        for title, column in titles.items():
            assert found.loc[vm, title] == order_statistic(rows.loc[rows["vm"] == vm, column], 0.5)


def test_the_ten_longest_stops_are_those_of_a_sort_with_a_command_for_each(night: Source) -> None:
    wanted = stored(night).sort_values(["downtime_s", "replication"], ascending=[False, True]).head(10)
    found = table(section_of(night), "longest-stops-p0")
    assert list(found["replication"]) == list(wanted["replication"])
    assert list(found["VM"]) == list(wanted["vm"])
    assert list(found["downtime"]) == list(wanted["downtime_s"])
    assert list(found["last round"]) == list(wanted["stopped_round_s"])
    assert list(found["handshake before"]) == list(wanted["handshake_s"])
    assert list(found["state and resume"]) == list(wanted["downtime_s"] - wanted["stopped_round_s"])
    folder, first = night.runs[0].folder, wanted.iloc[0]
    assert found["shown by"][0] == f"migr trace {folder} --replication {first['replication']} --vm {first['vm']}"


def test_a_guest_that_does_not_run_is_named(night: Source) -> None:
    assert "PRINT: the guest does not run" in prose(section_of(night))


def test_two_variants_with_a_vm_each_stand_in_one_figure_of_each_kind(quickstart: Source) -> None:
    section = section_of(quickstart)
    assert [each.key for each in section.figures] == ["downtime-by-type", "stop-parts"]
    found = table(section, "downtime-by-type-numbers").set_index("line")
    for name in ("SU /390", "SU x86"):
        rows = stored(quickstart, name)["downtime_s"]
        assert found.loc[name, "longest"] == rows.max()
        assert found.loc[name, "p50"] == order_statistic(rows, 0.5)
    longest = {name: f"{stored(quickstart, name)['downtime_s'].max():.2f} s" for name in ("SU /390", "SU x86")}
    assert figure(section, "downtime-by-type").title == (
        f"The longest stop takes {longest['SU /390']} with SU /390, and {longest['SU x86']} with SU x86"
    )
    assert shlex.split(table(section, "longest-stops-p1")["shown by"][0])[-2:] == ["--variant", "SU x86"]


def test_where_no_migration_was_completed_a_sentence_stands_in_place_of_figures(failing: Source) -> None:
    without = [detail for detail in failing.details if stored(failing, detail.name).empty]
    assert [detail.name for detail in without] == ["no retry"]
    text = prose(section_of(Source(failing.runs, tuple(without), "")))
    assert "No migration of a running guest was completed" in text
    assert "not brought over in any replication" in text


def test_a_column_that_was_not_stored_is_named(small: Small) -> None:
    section = section_of(small(SCENARIOS / "quickstart.yaml", 3, (*columns_needed([]), "total_s")))
    assert section.figures == []
    assert "`downtime_s` was not stored, `--columns` left it out" in prose(section)


def test_without_the_parts_the_downtime_is_told_all_the_same(small: Small) -> None:
    section = section_of(small(SCENARIOS / "quickstart.yaml", 3, (*columns_needed([]), "downtime_s")))
    assert [each.key for each in section.figures] == ["downtime-by-type"]
    assert "`stopped_round_s` was not stored" in prose(section)
    assert set(table(section, "longest-stops-p0")["last round"]) == {"-"}


def test_one_replication_is_enough_to_draw_and_its_title_claims_no_hundred(small: Small) -> None:
    section = section_of(small(SCENARIOS / "night-drain-390.yaml", 1))
    assert figure(section, "downtime-p0").title.split()[1:7] == ["has", "the", "longest", "of", "11", "stops:"]


def test_names_are_only_text(small: Small, tmp_path: Path) -> None:
    """A VM may be called $X$, a variant <script>: commands can be pasted, figures show the names as they are."""
    file = tmp_path / "new.yaml"
    file.write_text(NEW)
    section = section_of(small(file, 4))
    for place, variant in enumerate(("it's <script>", r"{0} \1")):
        commands = table(section, f"longest-stops-p{place}")["shown by"]
        assert {shlex.split(command)[6] for command in commands} == {"$X$", "A-#@$1"}
        assert {shlex.split(command)[-1] for command in commands} == {variant}
    drawn = svg_of(figure(section, "downtime-by-type").drawing, "x")
    assert "it's &lt;script&gt;" in drawn
    assert r"{0} \1" in drawn
    assert "<script" not in drawn
    assert ">$X$<" in svg_of(figure(section, "downtime-p0").drawing, "x")


def test_at_most_twelve_vms_are_drawn_and_all_are_in_the_table(night: Source) -> None:
    """Of 22 VMs the first twelve are drawn, which are the worst ones; no shipped scenario has as many."""
    downtimes = night.details[0].gathered.downtimes.distributions()
    curves = [Curve(f"VM{number}", next(iter(downtimes.values()))) for number in range(22)]
    made = vm_figure(night.details[0], curves)
    drawn = svg_of(made.drawing, "x")
    assert ">VM11<" in drawn
    assert ">VM12<" not in drawn
    assert len(made.numbers.rows) == 22
    assert "12 VMs with the longest p99 of 22" in made.sample


def test_without_points_in_detail_there_is_no_section(night: Source) -> None:
    assert stop(replace(night, details=())) is None
