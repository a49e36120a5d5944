"""The section of provenance: what run.json and the stored scenario say, and nothing that changes from page to page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sim.report.page.assembly import page
from sim.report.page.blocks import Listing, Prose, Table
from sim.report.page.sections import provenance as module
from sim.report.page.sections.provenance import provenance
from sim.report.page.source import Source


def facts_of(source: Source) -> dict[str, str]:
    section = provenance(source)
    assert section is not None
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    return {row[0].text: row[1].text for row in table.shown}


def test_facts_are_those_of_the_folder(night: Source) -> None:
    stored = json.loads((Path(night.runs[0].folder) / "run.json").read_text())
    found = facts_of(night)
    assert found["result folder"] == night.runs[0].folder
    assert found["command"] == "migr run night-drain-390"
    assert found["seed"] == str(stored["seed"])
    assert found["fingerprint of the arithmetic"] == stored["fingerprint"]
    assert stored["question"] in found.values()
    assert found["replications of a point"] == "200"
    assert found["missing"] == "nothing"
    assert f"numpy {stored['versions']['numpy']}" in found["libraries"]
    assert found["engine"].startswith("lockstep (no two transfers")


def test_the_stored_scenario_is_shown_folded_and_cut_where_it_is_long(night: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (Path(night.runs[0].folder) / "scenario.resolved.yaml").read_text().splitlines()
    section = provenance(night)
    assert section is not None
    (listing,) = [block for block in section.blocks if isinstance(block, Listing)]
    assert listing.folded
    assert listing.console
    assert list(listing.lines) == text[: module.MOST_LINES] + list(listing.lines)[module.MOST_LINES :]
    monkeypatch.setattr(module, "MOST_LINES", 3)
    section = provenance(night)
    assert section is not None
    (listing,) = [block for block in section.blocks if isinstance(block, Listing)]
    assert list(listing.lines) == [*text[:3], f"# {len(text) - 3:,} more lines are in scenario.resolved.yaml of the folder"]


def test_the_command_that_rebuilds_the_page_is_named(night: Source) -> None:
    section = provenance(night)
    assert section is not None
    first = section.blocks[0]
    assert isinstance(first, Prose)
    assert first.text.startswith("`migr report night-drain-390` writes this page again")
    assert page(night, [section]) == page(night, [provenance(night) or section])


def test_missing_replications_are_told(night: Source) -> None:
    run = night.runs[0]
    lacking = replace(run, summary={**run.summary, "missing": [{"point": "x", "replications": 1024}, {"point": "", "replications": 2}]})
    told = facts_of(replace(night, runs=(lacking,)))["missing"]
    assert told == "1,024 replications of x; 2 replications: their parts failed"


def test_several_runs_stand_side_by_side(night: Source, failing: Source) -> None:
    runs = tuple(replace(source.runs[0], label=label) for source, label in ((night, "one"), (failing, "two")))
    section = provenance(replace(night, runs=runs))
    assert section is not None
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    assert list(table.titles) == ["what", "one", "two"]
    seen = {row[0].text: [cell.text for cell in row[1:]] for row in table.shown}
    assert seen["points"] == ["1", str(len(failing.runs[0].summary["points"]))]
