"""Every number of the report is that of the stored rows, of summary.json, or of the scenario; and its text says the same number."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from report.page import recomputed
from report.page.page_numbers import Cell, Page, Row, Table, Told, numbers_in
from report.page.sayable import pool_of
from report.page.stored_rows import Expected, Study, interval, payload, read_study, share
from sim.report.page.assembly import page
from sim.report.page.blocks import MOST_FOLDED
from sim.report.page.source import Source

Recompute = Callable[[Study, Row, Table], Expected]
Of = TypeVar("Of")

RUNS = {"quickstart": 200, "night-drain-390": 200, "link-drop-390": 100, "faster-network": 50}  # as the fixtures of the other tests

OF_STORED_ROWS: dict[str, Recompute] = {
    "answer": recomputed.compared,
    "timing-steps": recomputed.steps,
    "timing-makespan-bars": recomputed.bars,
    "timing-over-points": recomputed.over,
    "timing-reached": recomputed.reached,
    r"timing-(median|worst|median-worst)-p\d+-bars": recomputed.attempts,
    r"timing-phases-p\d+": recomputed.phases,
    r"downtime-(by-type|p\d+)-numbers": recomputed.downtimes,
    r"stop-parts(-p\d+)?-numbers": recomputed.stop_parts,
    r"longest-stops-p\d+": recomputed.longest,
    r"convergence-p\d+": recomputed.convergence,
    "sent-numbers": recomputed.sent,
    r"p\d+p\d+apart": recomputed.apart,
    r"p\d+p\d+sides": recomputed.sides,
    r"p\d+messages": recomputed.messages,
    r"p\d+failingmessages": recomputed.failing_messages,
    r"sweep\d+(knob\d+numbers|map\d+numbers|frontnumbers|points)": recomputed.swept,
    "known-within-numbers": recomputed.known,
    "laws": recomputed.laws,
    "repeated": recomputed.repeated,
    "failedoutcomesnumbers": recomputed.outcomes,
    "failedcostnumbers": recomputed.cost,
    "failedreasons": recomputed.reasons,
    "failedleft": recomputed.left,
    "failedfaults": recomputed.faults,
    r"failedpoints\d+": recomputed.arrivals,
}
NOT_RECOMPUTED = {
    r"p\d+(sketched|plan|units|networks|vms|loads)|askedvar(iants|ied)": "the scenario's own values",
    r"numbers-convergence-(curve|map)-p\d+": "simulated for the report",
    r"numbers-convergence-rounds-p\d+": "rounds are not stored: of the first replications, repeated; their last number is compared below",
    r"(link|cpu)(-p\d+)?-(numbers|use)": "use over time, of repeated replications; compared with its limits below",
    "assumed|intext|sources": "assumptions and sources",
    "provenance": "versions and commands",
    "words": "what words mean",
}
SAMPLE = 64  # replications that SimPy repeats for the report
CEILING = {"by", "clock time"}  # "over by 22:29:49": the next whole second, so that it is true


@dataclass(frozen=True)
class Report:
    """A report and what its folder stores."""

    page: Page
    study: Study
    source: Source
    rows: list[tuple[Table, Row, Expected]] = field(default_factory=list)


@pytest.fixture(scope="module", params=RUNS)
def report(request: pytest.FixtureRequest, ran: Callable[[str, int], tuple[Path, Source]]) -> Report:
    """The report of a small run, as its readers get it."""
    folder, source = ran(request.param, RUNS[request.param])
    return Report(Page(page(source)), read_study(folder, source.details[0].window_s), source)


def named(key: str, patterns: dict[str, Of]) -> Of | None:
    """Return what belongs to the table of this key, or None."""
    return next((found for pattern, found in patterns.items() if re.fullmatch(pattern, key)), None)


def expected(report: Report) -> list[tuple[Table, Row, Expected]]:
    """Return the rows of all tables of stored rows, with their numbers recomputed; once a report."""
    if not report.rows:
        for table in report.page.tables.values():
            recompute = named(table.key, OF_STORED_ROWS)
            report.rows.extend((table, row, recompute(report.study, row, table)) for row in table.rows if recompute is not None)
    return report.rows


def same(found: float | None, wanted: float | None) -> bool:
    """Whether two numbers are one up to the order in which times were added, 1e-11 s each."""
    return found is None and wanted is None if found is None or wanted is None else math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9)


def test_every_table_is_recomputed_or_named_as_not(report: Report) -> None:
    """A new table has to be added to one of the lists."""
    unknown = [key for key in report.page.tables if (named(key, OF_STORED_ROWS) is None) == (named(key, NOT_RECOMPUTED) is None)]

    assert unknown == []


def test_tables_of_stored_rows_are_those_of_the_parquet(report: Report) -> None:
    """Each number behind a cell; a number that nobody recomputed counts as wrong."""
    wrong = [
        (table.key, title, cell.value, numbers.get(title))
        for table, row, numbers in expected(report)
        for title, cell in row.items()
        if not same(cell.value, numbers.get(title))
    ]

    assert wrong == []


FROM_SUMMARY = {
    "answer": "longest stop, p99|all VMs over|within the window|.*, (median|p90)",
    "timing-steps": "begins|makespan .*|within the window.*",
    r"timing-phases-p\d+": ".*",
    r"downtime-p\d+-numbers": r"p\d+(, from|, to)?",
    r"stop-parts(-p\d+)?-numbers": ".*",
    r"convergence-p\d+": "rounds.*|sent over.*",
    "sent-numbers": ".*",
    r"sweep\d+(knob\d+numbers|map\d+numbers|frontnumbers|points)": "makespan.*|largest.*|every.*",
    "known-within-numbers": "estimate.*|replications",
    "failedoutcomesnumbers": "share.*",
    "failedcostnumbers": "time.*",
    "failedreasons": "of the.*|attempts",
    "failedleft": "of the.*|guest lost",
    "failedfaults": "of the.*|times|attempts.*",
    r"failedpoints\d+": "every.*",
}


def numbers_under(entry: object) -> Iterator[float]:
    """Yield all numbers of a part of summary.json; "never" is infinite."""
    if isinstance(entry, dict | list):
        for each in entry.values() if isinstance(entry, dict) else entry:
            yield from numbers_under(each)
    elif isinstance(entry, int | float) or entry == "never":
        yield math.inf if isinstance(entry, str) else float(entry)


def test_what_summary_json_has_is_on_the_page_bit_by_bit(report: Report) -> None:
    """No second way of computing it, and no rounding: the very numbers that `--json` and spreadsheets have."""
    known = {point.name: set(numbers_under(point.entry)) for point in report.study.points}
    wrong = []
    for table, row, numbers in expected(report):
        from_summary = named(table.key, FROM_SUMMARY)
        if from_summary is None:
            continue
        place = {name for name, entry in known.items() if all(value in entry for value in _values(row, from_summary))}
        wrong += [] if place else [(table.key, _values(row, from_summary), numbers)]

    assert wrong == []


def _values(row: Row, titles: str) -> list[float]:
    return [cell.value for title, cell in row.items() if cell.value is not None and re.fullmatch(titles, title)]


def says(cell: Cell, title: str) -> bool:
    """Whether the text of a cell is the number behind it, rounded to its last digit; times "by" which something is over are rounded up."""
    text, value = cell.text.strip(), cell.value
    if value is None or math.isinf(value):
        return value is None or text.startswith("never") or (text == "a VM stays" and value == math.inf)
    if text == "none":
        return value == 0.0
    told = next(iter(numbers_in(text)), None)
    if told is not None and told.kind == "clock" and title in CEILING:
        return value <= told.value < value + 1.0
    return told is not None and told.agrees(value)


def test_the_text_of_a_cell_is_its_number_rounded(report: Report) -> None:
    """In every table, those of the scenario and of repeated replications too."""
    cells = [(table.key, title, cell) for table in report.page.tables.values() for row in table.rows for title, cell in row.items()]

    assert [(key, title, cell.text, cell.value) for key, title, cell in cells if not says(cell, title)] == []
    assert sum(cell.value is not None for _, _, cell in cells) > 300


def ends_agree(text: str, ends: tuple[float | None, float | None], begin_s: float = 0.0) -> bool:
    """Whether "3:20 to 3:24 min", "22:29:47 to never", "22:29:47" for both ends, or "needs 368 replications" tells an interval."""
    if ends[0] is None or ends[1] is None:
        return text.startswith("needs ")
    told = iter(numbers_in(text))
    parts = [math.inf if part.startswith("never") else next(told) for part in text.split(" to ")]
    for part, end in zip((parts[0], parts[-1]), ends, strict=True):
        value = (end or 0.0) + begin_s
        if part == math.inf or isinstance(part, float):
            if value != math.inf:
                return False
        elif not (value <= part.value < value + 1.0 if part.kind == "clock" else part.agrees(value)):
            return False
    return True


def test_intervals_within_texts_are_those_of_the_parquet(report: Report) -> None:
    """The tables of the Time section have theirs in one cell with the estimate, or as clock times."""
    wrong = []
    for key in ("timing-steps", "timing-reached"):
        for row in report.page.tables[key].rows:
            point = report.study.named(row, key)
            if key == "timing-reached":
                told = [(row["95 % interval"].text, row["probability"].value or 0.0, point.begin_s)]
            else:
                texts = {q: row[f"makespan p{q} (95 %)"].text for q in (50, 90, 99)}
                told = [(text.partition("(")[2].removesuffix(")") or text, q / 100, 0.0) for q, text in texts.items()]
            wrong += [(text, q) for text, q, begin_s in told if not ends_agree(text, interval(point.makespans, q), begin_s)]

    assert wrong == []


def test_rows_are_complete_and_in_their_order(report: Report) -> None:
    """Bars add up to all that end, curves never fall, the longest stops are the longest, and every VM has its line."""
    whole = r"timing-(makespan-bars|over-points|reached|phases-p\d+)|longest-stops-p\d+|downtime-p\d+-numbers|convergence-p\d+"
    for key, table in report.page.tables.items():
        for name in {report.study.named(row, key).name for row in table.rows} if re.fullmatch(whole, key) else ():
            if len(table.rows) == MOST_FOLDED and name == report.study.named(table.rows[-1], key).name:
                continue  # cut off here; the page says how many rows it leaves out
            point = next(each for each in report.study.points if each.name == name)
            rows = [row for row in table.rows if report.study.named(row, key).name == name]
            if key == "timing-makespan-bars":
                assert math.isclose(sum(row["replications"].value or 0.0 for row in rows), float((point.makespans < math.inf).mean()))
            elif key == "timing-over-points":
                shares = [row["over by then"].value or 0.0 for row in rows]
                assert shares == sorted(shares)
                assert math.isclose(shares[-1], float((point.makespans < math.inf).mean()))
            elif key.startswith("longest-stops"):
                stops = sorted(point.done["downtime_s"].dropna(), reverse=True)
                assert [row["downtime"].value for row in rows] == stops[: len(rows)]
                assert len(rows) == min(10, len(stops))
            elif re.fullmatch(r"timing-phases-p\d+|downtime-p\d+-numbers|convergence-p\d+", key):
                running = point.done if "downtime" not in key else point.done.dropna(subset=["downtime_s"])
                assert {row["VM"].text for row in rows} == set(running["vm"])
            elif key == "timing-reached":
                assert [row["probability"].value for row in rows] == [0.5, 0.9, 0.95, 0.99]


def test_links_and_monitor_systems_are_never_used_beyond_what_they_can(report: Report) -> None:
    """Use over time comes from repeated replications; its bands are in their order."""
    tables = {key: table for key, table in report.page.tables.items() if re.fullmatch(r"(link|cpu)(-p\d+)?-(use|numbers)", key)}
    assert tables
    for key, table in tables.items():
        most = 1.0 if key.startswith("cpu") or key.endswith("use") else payload(report.study.named({}, key))
        for row in table.rows:
            if key.endswith("use"):
                values = [row[title].value or 0.0 for title in ("Busy, of the plan's time", "Mean use while busy", "Highest use")]
            else:
                values = [cell.value or 0.0 for title, cell in row.items() if title != "From"]
                assert all(values[at] <= values[at + 1] <= values[at + 2] for at in range(0, len(values), 3))
            assert all(0.0 <= value <= most * (1 + 1e-9) for value in values)


def test_repeated_rounds_are_as_many_as_the_stored_ones(report: Report) -> None:
    """Each number of rounds is there as often as the rows of these replications say: of all, or of the first with SimPy."""
    keys = [key for key in report.page.tables if key.startswith("numbers-convergence-rounds-")]
    assert keys
    for key in keys:
        rows, curve = report.page.tables[key].rows, report.page.tables[key.replace("rounds", "curve")].rows[0]
        (vm,) = [title.removeprefix("dirtied by ") for title in curve if title.startswith("dirtied by ")]
        done = report.study.named({}, key).done
        moves = done[done["vm"] == vm]
        assert rows[0]["median"].value == moves["touched_bytes"].iloc[0]
        counts = [row["migrations"].value for row in rows]
        if counts[0] == len(moves):
            assert counts == [(moves["rounds"] >= after).sum() for after in range(int(moves["rounds"].max()) + 1)]
        else:
            first = moves[moves["replication"] < SAMPLE]
            assert counts == [(first["rounds"] >= after).sum() for after in range(int(first["rounds"].max()) + 1)]


def test_the_map_holds_shares_and_times(report: Report) -> None:
    """It is simulated for the report: a downtime where not all are aborted, and none where all are."""
    for key, table in report.page.tables.items():
        for row in table.rows if "convergence-map" in key else ():
            aborted = row["aborted at the chase limit"].value
            assert aborted is not None
            assert 0.0 <= aborted <= 1.0
            assert (row["median downtime"].value is None) == (aborted == 1.0)


SAYING = {"answer", "timing", "stop"}
LEFT_OUT = "[0-9,]+ more rows are left out here"
TRIED = ".*(Computed for the (same|first) |For this objective that would change nothing)"  # compared with runs of their own in other tests
DECIDING = "About [0-9,]+ replications decide it"


def test_so_many_replications_would_decide(report: Report) -> None:
    """The same share of so many replications has an interval that does not hold the share that was asked for."""
    told = [numbers_in(sentence)[0].value for _, sentence in report.page.sentences if re.match(DECIDING, sentence)]
    shares = [
        each
        for point in report.study.points
        for each in point.entry["objectives"]
        if each["verdict"] == "undecided" and each["of"] == "share"
    ]

    for number, objective in zip(told, shares, strict=False):
        hits = round(number * objective["estimate"])
        ends = share("found", [True] * hits + [False] * (int(number) - hits))
        wanted = numbers_in(objective["objective"])[-1].value
        assert not (ends["found, from"] or 0.0) <= wanted <= (ends["found, to"] or 0.0)


def test_sentences_say_numbers_of_the_rows_or_of_the_scenario(report: Report) -> None:
    """In the sections that a manager reads; "by 22:29:49" is rounded up, and a share told in whole percent is rounded."""
    pool = pool_of(report.page, report.study, report.source, expected(report))
    told = [
        (sentence, each)
        for section, sentence in report.page.sentences
        if section in SAYING and not re.match(f"{DECIDING}|{LEFT_OUT}|{TRIED}", sentence)
        for each in numbers_in(sentence)
    ]
    wrong = [(sentence, each.text) for sentence, each in told if not is_known(each, pool[each.kind])]

    assert len(told) > 20
    assert wrong == []


def is_known(told: Told, values: list[float]) -> bool:
    """Whether a told number is one of these."""
    return any(told.agrees(value) or (told.kind == "clock" and value <= told.value < value + 1.0) for value in values)
