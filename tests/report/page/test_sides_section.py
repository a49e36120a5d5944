"""What the section about points side by side says, against pandas."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest

from sim.experiment.storage.store import Store
from sim.report.page.blocks import Cell, Listing, Prose, Section, Table
from sim.report.page.drawing import svg_of
from sim.report.page.sections.sides.chart import label_of, sides_drawing
from sim.report.page.sections.sides.section import sides
from sim.report.page.source import Source
from sim.results.compare import Better, Compared
from sim.results.differences import Difference

ARRIVING = {"line holds", "three retries, rejected ones too"}  # of the scenario whose line drops: all VMs arrive


def section_of(source: Source) -> Section:
    section = sides(source)
    assert section is not None
    return section


def rows_of(section: Section, number: int = 0) -> dict[tuple[str, str], list[float | str | None]]:
    table = [block for block in section.blocks if isinstance(block, Table)][number]
    found = {}
    for row in table.rows:
        cells = [cell.value if isinstance(cell, Cell) else cell for cell in row]
        found[str(cells[0]), str(cells[1])] = cells[2:]
    return found


def column(source: Source, name: str) -> pd.DataFrame:
    """Return a column of migrations, a column of the frame for each point."""
    frame = Store(source.runs[0].folder).frame("migrations")
    return frame.pivot_table(index="replication", columns="point", values=name, observed=True)


def middle(values: pd.Series) -> float:
    ordered = sorted(values)
    return float(ordered[math.ceil(len(ordered) / 2) - 1])


@pytest.mark.parametrize(("name", "quantity"), [("total_s", "total time"), ("downtime_s", "downtime")])
def test_medians_and_their_differences_are_those_of_pandas(quickstart: Source, name: str, quantity: str) -> None:
    frame = column(quickstart, name)
    first, second, difference, low, high, _ = rows_of(section_of(quickstart))["VM12PROD", quantity]
    apart = frame["SU x86"] - frame["SU /390"]
    assert (first, second) == (middle(frame["SU /390"]), middle(frame["SU x86"]))
    assert difference == pytest.approx(middle(apart), abs=1e-12)
    assert isinstance(low, float)
    assert isinstance(high, float)
    # 200 pairs: P(N < 87) <= 2.5 % for N ~ Binomial(200, 0.5), and P(N < 88) > 2.5 %; so the 86th and the 115th value, or one beside
    ordered = sorted(apart)
    assert ordered[84] <= low <= ordered[87]
    assert ordered[112] <= high <= ordered[115]


def test_who_is_better_follows_the_signs(quickstart: Source) -> None:
    for (_, quantity), row in rows_of(section_of(quickstart)).items():
        low, high, better = row[3], row[4], row[5]
        assert isinstance(low, float)
        assert isinstance(high, float)
        assert better == ("SU x86" if high < 0 else "SU /390" if low > 0 else "not told apart"), quantity


def test_title_names_the_su_types_where_they_differ(quickstart: Source, failing: Source) -> None:
    assert section_of(quickstart).title == "SU /390 against SU x86"
    assert section_of(failing).title == "Variants side by side"


def test_the_unpublished_policy_is_named_where_su_types_are_compared(quickstart: Source, failing: Source) -> None:
    said = [
        any("not published" in block.text for block in section_of(each).blocks if isinstance(block, Prose))
        for each in (quickstart, failing)
    ]
    assert said == [True, False]


def test_one_point_has_no_sides(night: Source, quickstart: Source) -> None:
    assert sides(night) is None
    assert sides(replace(quickstart, details=quickstart.details[:1])) is None


def test_each_other_point_is_set_against_the_first_one(failing: Source) -> None:
    assert len(section_of(failing).figures) == min(3, len(failing.details) - 1)


def test_a_step_that_never_ends_is_told_as_such(failing: Source) -> None:
    """Without a retry all VMs stay behind in the median replication."""
    plans = Store(failing.runs[0].folder).frame("plans")
    assert math.isinf(middle(plans[plans["point"] == "no retry"]["makespan_s"]))
    pair = replace(failing, details=tuple(detail for detail in failing.details if detail.name in {"line holds", "no retry"}))
    section = section_of(pair)
    assert isinstance(section.blocks[0], Prose)
    assert "never ends at the median" in section.blocks[0].text
    assert rows_of(section)["out", "makespan"][1] == math.inf
    svg_of(section.figures[0].drawing, "x")


def test_bytes_are_not_judged_where_one_side_brings_nobody_over(failing: Source) -> None:
    """Without a retry less is sent because nothing arrives; what is sent twice is judged where all arrive on both sides."""
    pair = replace(failing, details=tuple(detail for detail in failing.details if detail.name in {"line holds", "no retry"}))
    section = section_of(pair)
    first, second, *_, better = rows_of(section)["out", "bytes sent"]
    assert isinstance(first, float)
    assert isinstance(second, float)
    assert second < first
    assert better == "not judged"
    assert all(row[1] != "bytes sent" for row in section.figures[0].numbers.rows)
    arriving = replace(failing, details=tuple(detail for detail in failing.details if detail.name in ARRIVING))
    assert rows_of(section_of(arriving))["out", "bytes sent"][-1] == "line holds"


def test_settings_that_all_points_have_are_said_once(swept: Source) -> None:
    section = section_of(swept)
    assert isinstance(section.blocks[0], Prose)
    assert "bandwidth" in section.blocks[0].text
    assert all("bandwidth" not in figure.title for figure in section.figures)


def test_long_names_are_said_once_and_stand_as_su_types_or_letters(quickstart: Source, failing: Source) -> None:
    for source, names in ((quickstart, ["SU /390", "SU x86"]), (failing, ["A", "B", "C", "D"])):
        run = replace(source.runs[0], label="a title that is longer than any figure has room for")
        section = section_of(replace(source, details=tuple(replace(detail, run=run) for detail in source.details)))
        listing = section.blocks[0]
        assert isinstance(listing, Listing)
        assert list(listing.lines) == [f"{name}: {run.label} / {d.point.name}" for name, d in zip(names, source.details, strict=True)]
        assert all(run.label not in figure.title for figure in section.figures)


def compared(vm: str, difference: Difference, better: Better, quantity: str = "downtime") -> Compared:
    ends = {"p50": 1.0, "p99": 2.0}
    return Compared(quantity, "seconds", "out", vm, (5, 5), ends, ends, {"median": difference, "p99": difference}, better)


@pytest.mark.parametrize(
    ("difference", "seen"),
    [
        (Difference(-2.0, -3.0, -1.0), "\u22122.00 s"),
        (Difference(0.0, 0.0, 0.0), "the same"),
        (Difference(5.0, None, None, 6), "+5.00 s"),
        (Difference(math.inf, 1.0, math.inf), "never ends"),
        (Difference(-math.inf, -math.inf, -math.inf), "never ends"),
    ],
)
def test_every_kind_of_difference_is_drawn(difference: Difference, seen: str) -> None:
    better: Better = "equal" if difference.value == 0 else "untold"
    assert f">{seen}<" in svg_of(sides_drawing(("a", "<script>"), [compared("$X$", difference, better)]), "x")


def test_vms_of_two_steps_are_told_apart() -> None:
    one = compared("A", Difference(0.0, 0.0, 0.0), "equal")
    assert label_of(one, [one]) == "A"
    assert label_of(one, [one, replace(one, step="back")]) == "A (out)"
