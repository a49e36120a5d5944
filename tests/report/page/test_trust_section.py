"""The section on trust: widths, laws and repetitions recomputed with pandas, and what is said when something is amiss."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy.stats import binom

from sim.report.page.blocks import Cell, Heading, Listing, Prose, Section, Table
from sim.report.page.drawing import svg_of
from sim.report.page.sections.trust.figures import Known, known_times
from sim.report.page.sections.trust.section import INVARIANTS, LAWS, trust
from sim.report.page.source import Source, source_of

Ran = Callable[[str, int], tuple[Path, Source]]


def section_of(source: Source) -> Section:
    """Return the section, all of whose figures could be drawn."""
    section = trust(source)
    assert section is not None
    assert all(svg_of(figure.drawing, figure.key).startswith("<svg") for figure in section.figures)
    return section


def table(section: Section, key: str) -> pd.DataFrame:
    """Return the values of a table; the text where a cell has none."""
    tables = {block.key: block for block in section.blocks if isinstance(block, Table)}
    tables |= {figure.numbers.key: figure.numbers for figure in section.figures}
    rows = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in tables[key].rows]  # all, the page shows the first
    cells = [[cell.text if cell.value is None else cell.value for cell in row] for row in rows]
    return pd.DataFrame(cells, columns=list(tables[key].titles))


def prose(section: Section) -> str:
    """Return all paragraphs."""
    return "\n".join(block.text for block in section.blocks if isinstance(block, Prose))


def stored(source: Source, name: str) -> pd.DataFrame:
    """Return a table of the folder."""
    return pq.ParquetDataset(Path(source.runs[0].folder) / f"{name}.parquet").read().to_pandas()


def interval(values: pd.Series, q: float) -> tuple[float, float]:
    """Return the 95 % interval of a quantile by the binomial distribution of how many values lie below it, searched rank by rank."""
    n, ordered = len(values), values.sort_values().to_list()
    low = max(rank for rank in range(1, n + 1) if binom.cdf(rank - 1, n, q) <= 0.025)
    high = min(rank for rank in range(1, n + 1) if binom.sf(rank - 1, n, q) <= 0.025)
    return ordered[low - 1], ordered[high - 1]


def test_widths_are_those_of_intervals_recomputed_and_the_least_certain_comes_first(night: Source) -> None:
    found = table(section_of(night), "known-within-numbers").set_index("time")
    makespans = stored(night, "plans")["makespan_s"]
    migrations = stored(night, "migrations")
    samples = {"makespan": makespans} | {
        f"downtime of {vm}": of_vm for vm, of_vm in migrations.groupby("vm", observed=True)["downtime_s"] if of_vm.notna().all()
    }
    assert len(found) == 3 * len(samples)
    for what, values in samples.items():
        for name, q in (("p50", 0.5), ("p90", 0.9)):
            estimate = values.sort_values().iloc[math.ceil(len(values) * q) - 1]
            low, high = interval(values, q)
            row = found.loc[f"{name} of the {what}"]
            assert (row["estimate"], row["95 % from"], row["to"]) == (estimate, low, high)
            assert row["known to within"] == pytest.approx(max(estimate - low, high - estimate) / estimate, rel=1e-12)
            assert row["replications for half of that"] == 800
        assert found.loc[f"p99 of the {what}", "95 % from"] == "needs 368"  # 0.99^367 > 0.025 >= 0.99^368
    known = [value for value in found["known to within"] if value != "-"]
    assert known == sorted(known, reverse=True)


def test_the_least_certain_number_is_named(night: Source) -> None:
    section = section_of(night)
    found = table(section, "known-within-numbers")
    first = found.iloc[0]
    assert f"As far as chance goes, the least certain of the times is the {first['time']}" in prose(section)
    assert f"{100 * first['known to within']:.2g} %" in prose(section)
    assert "800 instead of 200" in prose(section)
    assert "12 of 36 times have too few replications" in prose(section)


def test_every_law_is_compared_on_every_row_and_its_closest_row_is_that_of_pandas(night: Source) -> None:
    rows, plans = stored(night, "migrations"), stored(night, "plans")
    found = table(section_of(night), "laws").set_index("law")
    assert list(found.index) == [text for text, _ in LAWS.values()]
    assert list(found["rows compared"]) == [2400, 2200, 2400, 2400, 200]
    assert set(found["verdict"]) == {"holds"}
    assert list(found["largest deviation"]) == [0.0] * 5
    closest = dict(zip(LAWS, found["closest row"], strict=True))
    assert closest["stop"] == (rows["downtime_s"] - rows["stopped_round_s"]).min()
    assert closest["bytes"] == (rows["sent_bytes"] - rows["touched_bytes"]).min()
    payload = night.details[0].point.links[0].payload_Bps
    took = rows["precopy_s"] - rows["handshake_s"].fillna(0.0) + rows["stopped_round_s"].fillna(0.0)
    assert closest["link"] == pytest.approx((took - rows["sent_bytes"] / payload).min(), abs=1e-9)
    together = rows.groupby("replication")["total_s"].sum()
    assert closest["step"] == pytest.approx(
        ((plans.set_index("replication")["ended_s"] - plans["at_s"].iloc[0]) - together).min(), abs=1e-9
    )


def test_the_repeated_replications_are_the_median_and_the_longest_of_the_makespans(night: Source) -> None:
    plans = stored(night, "plans").sort_values(["makespan_s", "replication"])
    found = table(section_of(night), "repeated")
    wanted = [plans.iloc[100 - 1], plans.iloc[-1]]
    assert list(found["replication"]) == [row["replication"] for row in wanted]
    assert list(found["makespan"]) == [row["makespan_s"] for row in wanted]
    assert list(found["equal rows: migrations"]) == [12, 12]
    assert list(found["steps"]) == [1, 1]
    messages = stored(night, "messages")["replication"].value_counts()
    assert list(found["messages"]) == [messages.get(row["replication"], "not stored") for row in wanted]


def test_who_checks_depends_on_the_engine(quickstart: Source, failing: Source) -> None:
    def told(source: Source) -> str:
        return " ".join(block.title for block in section_of(source).blocks if isinstance(block, Listing) and block.lines is INVARIANTS)

    assert "in the first one of every part, which is simulated event by event as well" in told(quickstart)
    assert "in every replication" not in told(quickstart)
    assert "in every replication that is simulated event by event" in told(failing)


def test_what_never_ends_has_no_width_and_is_told(failing: Source) -> None:
    section = section_of(failing)
    found = table(section, "known-within-numbers").set_index("time")
    plans = stored(failing, "plans")
    without = plans[plans["point"] == "no retry"]["makespan_s"]
    assert without.eq(math.inf).all()
    assert found.loc["p50 of the makespan (no retry)", "estimate"] == math.inf
    assert found.loc["p50 of the makespan (no retry)", "known to within"] == "-"
    assert "are without end or may be" in prose(section)


def test_points_are_told_apart_beside_the_figure(failing: Source) -> None:
    """Also those whose names begin alike."""
    section = section_of(failing)
    times = [each for detail in failing.details for each in known_times(detail, named=True)]
    assert len({each.label for each in times}) == len(times)
    assert "p50 of the downtime of DBPROD\nthree retries, rejected ones too" in {each.label for each in times}
    assert "times that have an interval, of " in section.figures[0].sample


def test_a_long_name_of_a_point_has_two_lines() -> None:
    name = "SU /390, networks.mcnpr.bandwidth=1 Gbit/s, vms.DBPROD.memory=8 GiB, vms.DBPROD.load=busy"
    label = Known(f"p50 of the makespan ({name})", 1.0, 0.5, 2.0, 10, None, name).label
    first, second, third = label.split("\n")
    assert (first, second) == ("p50 of the makespan", "SU /390, networks.mcnpr.bandwidth=1")
    assert third.startswith("Gbit/s, vms.DBPROD.memory=8 GiB")
    assert third.endswith("\u2026")


def test_too_few_replications_for_any_interval_are_told_in_place_of_the_figure(ran: Ran) -> None:
    section = section_of(ran("quickstart", 3)[1])
    assert section.figures == []
    assert "too few replications" in prose(section)
    assert "all have one from 368 replications on" in prose(section)


def fresh(source: Source, **changed: object) -> Source:
    """Return a source that shares nothing computed, with some fields of its run changed."""
    return source_of([replace(source.runs[0], **changed)], [], "")  # type: ignore[arg-type]  # the fields are of several types


def test_a_broken_law_is_said_aloud(night: Source) -> None:
    source = fresh(night)
    law = source.details[0].gathered.laws.compared[1]
    law.broken, law.smallest = 2, -0.5
    section = section_of(source)
    assert "does not hold in 2 rows" in prose(section)
    assert "no row breaks one" not in prose(section)
    row = table(section, "laws").iloc[1]
    assert (row["verdict"], row["largest deviation"]) == ("broken in 2 rows", 0.5)


def test_a_law_whose_columns_were_left_out_says_which(night: Source) -> None:
    source = fresh(night)
    law = source.details[0].gathered.laws.compared[0]
    law.lacking, law.rows = ("cleanup_s",), 0
    section = section_of(source)
    assert table(section, "laws")["verdict"][0] == "not compared: --columns left out cleanup_s"
    assert "4 laws that hold" in prose(section)


def test_missing_replications_are_named(night: Source) -> None:
    summary = {**night.runs[0].summary, "missing": [{"point": "", "replications": 1024}]}
    assert "Missing: 1,024 replications." in prose(section_of(fresh(night, summary=summary)))
    assert "None is missing here." in prose(section_of(night))


def test_a_machine_that_rounds_differently_compares_nothing_and_says_so(night: Source) -> None:
    section = section_of(fresh(night, facts={**night.runs[0].facts, "fingerprint": "another"}))
    assert "rounds differently from this one" in prose(section)
    assert not [block for block in section.blocks if isinstance(block, Table) and block.key == "repeated"]


def test_it_says_that_intervals_are_not_about_assumptions(night: Source) -> None:
    """Before all else, and in what people read without the text: heading and title."""
    section = section_of(night)
    heading, box, policy, chance = section.blocks[:4]
    assert isinstance(heading, Heading)
    assert isinstance(box, Prose)
    assert box.tone == "note"
    assert "Neither tells whether the assumptions are right" in box.text
    assert isinstance(policy, Prose)
    assert "VM2000's own policy on SU /390 is not published" in policy.text
    assert isinstance(chance, Heading)
    assert chance.text.endswith("given the assumptions")
    assert section.figures[0].title.startswith("Given the assumptions, chance leaves 24 of 36 times")


def test_names_of_engines_and_methods_come_once_behind_plain_words(night: Source, failing: Source) -> None:
    for source in (night, failing):
        section = section_of(source)
        text = prose(section)
        assert text.count("SimPy") == text.count("lockstep") == 1
        assert "simulates event by event (SimPy)" in text
        assert "computes many replications at once (lockstep)" in text
        assert section.figures[0].sample.endswith("whatever their distribution (order statistics).")


def test_without_points_in_detail_there_is_no_section(night: Source) -> None:
    assert trust(replace(night, details=())) is None
