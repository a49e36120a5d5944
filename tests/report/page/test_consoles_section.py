"""What the section about consoles says, against the stored messages and the summary."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sim.experiment.storage.store import Store
from sim.report.page.blocks import Cell, Figure, Listing, Prose
from sim.report.page.drawing import svg_of
from sim.report.page.sections.consoles.section import MOST_LINES, consoles
from sim.report.page.source import Detail, Source

NAMES = ("first_low", "first_median", "first_high", "last_low", "last_median", "last_high")


def stored(detail: Detail, vm: str) -> pd.DataFrame:
    """Return the messages of the VM's migrations, each with the time since the VMS2450 of its replication."""
    frame = Store(detail.run.folder).frame("messages")
    frame = frame[(frame["point"] == detail.point.name) & (frame["vm"] == vm)].copy()
    starts = frame[frame["id"] == "VMS2450"].groupby("replication")["time_s"].first()
    frame["after_s"] = frame["time_s"] - frame["replication"].map(starts)
    return frame[frame["after_s"] >= 0]


def order_statistics(values: pd.Series) -> list[float]:
    """Return p5, median and p95 as values that occurred: X_(ceil(n q))."""
    ordered = sorted(values)
    return [ordered[int(np.ceil(round(len(ordered) * q, 9))) - 1] for q in (0.05, 0.5, 0.95)]


def changed(source: Source, *, messages: bool, fingerprint: str = "") -> Source:
    """Return a source whose run has no messages stored, or was computed on another machine."""
    run = source.runs[0]
    kept = {key: pieces for key, pieces in run.contents.pieces.items() if messages or key[0] != "messages"}
    facts = run.facts | ({"fingerprint": fingerprint} if fingerprint else {})
    run = replace(run, contents=replace(run.contents, pieces=kept), facts=facts)
    return replace(source, runs=(run,), details=tuple(Detail(run, detail.place, detail.entry) for detail in source.details))


def figures(source: Source) -> list[Figure]:
    section = consoles(source)
    assert section is not None
    return section.figures


def test_times_of_the_chart_are_those_of_the_stored_messages(quickstart: Source) -> None:
    for detail, figure in zip(quickstart.details, figures(quickstart), strict=True):
        messages = stored(detail, "VM12PROD")
        messages = messages[~messages["id"].isin(["NBR0740", "VMS2471", ""])]
        assert {row[0] for row in figure.numbers.rows} == set(messages["id"])
        for row in figure.numbers.rows:
            times = messages[messages["id"] == row[0]].groupby("replication")["after_s"]
            expected = order_statistics(times.min()) + order_statistics(times.max())
            shown = [cell.value for cell in row[4:10] if isinstance(cell, Cell)]
            assert shown == pytest.approx(expected, abs=1e-9), row[0]
            assert isinstance(row[2], Cell)
            assert row[2].value == times.size().max()


def test_title_says_the_pre_copy_and_the_stop_of_the_summary(quickstart: Source) -> None:
    medians = quickstart.details[0].entry["migrations"][0]["of_completed"]
    title = figures(quickstart)[0].title
    assert f"{medians['precopy_s']['p50']['value']:.2f} s of pre-copy" in title
    assert f"stands still for {medians['downtime_s']['p50']['value']:.2f} s" in title


def test_the_vm_is_that_of_the_first_objective_that_names_one(night: Source) -> None:
    named = [entry["objective"] for entry in night.details[0].entry["objectives"] if " of DBPROD" in entry["objective"]]
    assert named
    assert figures(night)[0].title.startswith("DBPROD: ")
    assert "the first objective" in figures(night)[0].reading


def test_without_objectives_it_is_the_vm_with_the_longest_total(night: Source) -> None:
    detail = night.details[0]
    totals = {line["vm"]: line["of_completed"]["total_s"]["p50"]["value"] for line in detail.lines()}
    bare = replace(detail, entry=detail.entry | {"objectives": []})
    assert figures(replace(night, details=(bare,)))[0].title.startswith(f"{max(totals, key=lambda vm: totals[vm])}: ")


def test_the_trace_is_that_of_the_median_replication(night: Source) -> None:
    section = consoles(night)
    assert section is not None
    listing = next(block for block in section.blocks if isinstance(block, Listing))
    detail = night.details[0]
    plans = Store(detail.run.folder).frame("plans")
    makespans = plans.groupby("replication")["makespan_s"].max()
    middle = makespans.sort_values().iloc[int(np.ceil(len(makespans) / 2)) - 1]
    number = makespans.index[makespans == middle][0]
    assert f"replication {number:,}" in listing.title
    assert len(listing.lines) <= MOST_LINES
    text = "\n".join(listing.lines)
    assert all(id_ in text for id_ in ("VMS2450", "VMS2452", "VMS2432", "VMS2451"))


def test_without_stored_messages_the_median_replication_is_drawn(swept: Source) -> None:
    drawn = figures(changed(swept, messages=False))
    assert len(drawn) == len(swept.details)
    for figure in drawn:
        assert figure.sample.startswith("n = 1: the median replication")
        assert "--messages" in figure.sample


def test_where_neither_is_there_the_section_says_how_to_get_messages(swept: Source) -> None:
    section = consoles(changed(swept, messages=False, fingerprint="another machine"))
    assert section is not None
    assert not section.figures
    assert any("--messages 200" in block.text for block in section.blocks if isinstance(block, Prose))


def test_on_another_machine_the_stored_lines_of_replication_0_are_shown(quickstart: Source) -> None:
    elsewhere = changed(quickstart, messages=True, fingerprint="another machine")
    section = consoles(elsewhere)
    assert section is not None
    listings = [block for block in section.blocks if isinstance(block, Listing)]
    for detail, listing in zip(elsewhere.details, listings, strict=True):
        frame = Store(detail.run.folder).frame("messages")
        expected = frame[(frame["point"] == detail.point.name) & (frame["replication"] == 0) & (frame["vm"] == "VM12PROD")]
        assert [line.endswith(text) for line, text in zip(listing.lines, expected["text"], strict=True)] == [True] * len(expected)


def test_a_vm_that_never_arrives_gets_a_sentence_and_the_chart_of_its_failing_attempt(failing: Source) -> None:
    """The line is lost after the first minute of pre-copy and 10 s of patience: 70 s after the last message before it."""
    detail = next(detail for detail in failing.details if detail.name == "no retry")
    section = consoles(replace(failing, details=(detail,)))
    assert section is not None
    assert any("brought over to its target" in block.text for block in section.blocks if isinstance(block, Prose))
    (figure,) = section.figures
    messages = stored(detail, "DBPROD")
    lost = messages[messages["text"].str.endswith("interrupted")].groupby("replication")["after_s"].first()
    assert figure.title.startswith("DBPROD, an attempt that fails: \u201cnetwork connection interrupted\u201d 1:1")
    assert f"n = {len(lost)}: " in figure.sample
    cells = {row[-1].text: row for row in figure.numbers.shown}
    row = next(row for text, row in cells.items() if text.endswith("interrupted"))
    assert [cell.value for cell in row[4:7]] == pytest.approx(order_statistics(lost), abs=1e-9)
    before = next(row for text, row in cells.items() if text.startswith("VMS4005"))
    assert row[5].value == pytest.approx((before[8].value or 0.0) + 70.0, abs=0.01)
    assert "no message for 1:10 min" in figure.alt


def test_failing_attempts_of_another_point_are_drawn_once(failing: Source) -> None:
    chosen = tuple(detail for detail in failing.details if detail.name in ("no retry", "three retries"))
    section = consoles(replace(failing, details=chosen))
    assert section is not None
    assert [figure.key.endswith("failing") for figure in section.figures] == [True, False]
    texts = [block.text for block in section.blocks if isinstance(block, Prose)]
    frame = Store(failing.runs[0].folder).frame("messages")
    rejected = frame[(frame["point"] == "three retries") & (frame["vm"] == "DBPROD") & (frame["id"] == "VMS2400")]["replication"].nunique()
    looked_at = frame["replication"].nunique()
    assert any("attempts that fail" in text and "\u201cno retry\u201d" in text for text in texts)
    assert any(f"in {rejected} of {looked_at} replications" in text and "VMS2400 [SU 'ABGSE701' not found]" in text for text in texts)


def test_the_sample_says_in_how_many_replications_the_vm_arrived(failing: Source) -> None:
    detail = next(detail for detail in failing.details if detail.name == "three retries")
    frame = Store(detail.run.folder).frame("messages")
    frame = frame[(frame["point"] == detail.name) & (frame["vm"] == "DBPROD")]
    arrived = frame[frame["id"] == "VMS2451"]["replication"].nunique()
    looked_at = frame["replication"].nunique()
    assert 0 < arrived < looked_at
    figure, _ = figures(replace(failing, details=(detail,)))
    assert (
        f"n = {arrived}: the first completed migration in each of {arrived} of {looked_at} replications with stored messages"
        in figure.sample
    )
    assert "\u201cx 13\u201d: 13 lines of one kind" in figure.reading


def test_a_point_that_never_ends_has_no_median_makespan(failing: Source) -> None:
    detail = next(detail for detail in failing.details if detail.name == "no retry")
    section = consoles(replace(failing, details=(detail,)))
    assert section is not None
    assert any(
        block.text.startswith("At the median the plan never comes to its end") for block in section.blocks if isinstance(block, Prose)
    )


def test_what_is_undocumented_is_said_of_the_types_that_are_shown(quickstart: Source) -> None:
    for number, (said, unsaid) in enumerate((("event 8", "two SUs x86"), ("two SUs x86", "event 8"))):
        section = consoles(replace(quickstart, details=quickstart.details[number : number + 1]))
        assert section is not None
        text = " ".join(block.text for block in section.blocks if isinstance(block, Prose))
        assert said in text
        assert unsaid not in text


def test_figures_are_the_same_bytes_each_time(quickstart: Source) -> None:
    figure = figures(quickstart)[0]
    first = svg_of(figure.drawing, figure.key)
    assert first == svg_of(figure.drawing, figure.key)
    assert "VMS4005 x 9" in first
