"""The consoles of small scenarios, line by line; the expected files beside this one are written by hand and say how each time is derived.

A change of a line needs a reason in the changelog under "Results change".
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sim.engine.replicate import replicate_alone
from sim.engine.site import Site
from sim.report.layout import clock
from sim.report.trace.consoles import as_records
from sim.scenario.load import load_scenario

HERE = Path(__file__).parent
SCENARIOS = HERE.parents[1] / "scenarios"
GOLDEN = sorted(file.stem for file in HERE.glob("*.yaml"))
CONSOLES = ("source", "target", "guest", "caller")

# Events of the published example in its order: where and what (vm2000.md 4.1); 8, 10 and 11 are not documented.
EVENTS = [
    ("caller", "/MIGRATE-VM VM-ID=12,SERVER-UNIT-NAME=ABGSE701"),
    ("source", "VMS2450 LIVE MIGRATION OF VM (12,VM12PROD) TO TARGET SU 'ABGSE701' STARTED"),
    ("guest", "ETMDR01 DYNAMIC RECONFIGURATION WITH FUNCTION 'MIGRATE' STARTED"),
    ("guest", "MCS1002 GLOBAL MSCF CONFIGURATION PARAMETER 'RECOVERY-START' CHANGED FROM '*AUTOMATIC' TO 'LOCKED'"),
    ("target", "VMS2430 LIVE MIGRATION OF VM (12,VM12PROD) FROM SOURCE SU 'ABGSE501' STARTED"),
    ("target", "VMS3050 VIRTUAL MACHINE (12,VM12PROD) CREATED"),
    ("target", "VMS4005 DEVICE 'CS' ASSIGNED TO VIRTUAL MACHINE (12,VM12PROD)"),
    ("source", "VMS2452 VM (12,VM12PROD) SUSPENDED AT LIVE MIGRATION TO TARGET SU 'ABGSE701'"),
    ("target", "VMS2432 VM (12,VM12PROD) RESUMED AT LIVE MIGRATION FROM SOURCE SU 'ABGSE501'"),
    ("target", "VMS2431 LIVE MIGRATION OF VM (12,VM12PROD) FROM SOURCE SU 'ABGSE501' COMPLETED"),
    ("source", "VMS4009 DEVICE 'CS' REMOVED FROM VIRTUAL MACHINE (12,VM12PROD)"),
    ("source", "VMS4024 VIRTUAL MACHINE (12,VM12PROD) TERMINATED"),
    ("source", "VMS2451 LIVE MIGRATION OF VM (12,VM12PROD) TO TARGET SU 'ABGSE701' COMPLETED"),
]


def shown(record: dict[str, Any]) -> str:
    """Return a message as the golden files have it: whole second, consoles without administrators, text."""
    time, _, _ = clock(float(round(record["time_s"]))).rpartition(".")
    consoles = " ".join(console for console in CONSOLES if console in record["consoles"])
    return f"{time}  {consoles:<6}  {record['text']}"


@pytest.mark.parametrize("name", GOLDEN)
def test_trace_is_what_was_derived_by_hand(name: str) -> None:
    loaded = load_scenario(HERE / f"{name}.yaml")
    replication = replicate_alone(Site.of(loaded.points[0]), 0)
    records = as_records(replication.journal.in_order())
    # The derived times are whole seconds but those of the devices, which are ninths: nothing is rounded from near a half.
    assert all(abs(record["time_s"] % 1 - 0.5) > 0.05 for record in records)
    written = (HERE / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    assert [shown(record) for record in records] == [line for line in written if not line.startswith("#")]


def test_there_is_a_golden_trace_of_each_kind() -> None:
    """A guard: the parametrised test is not empty, and every scenario has its trace."""
    assert GOLDEN == ["abort-390", "published-example", "x86-with-tape"]
    assert sorted(file.stem for file in HERE.glob("*.txt")) == GOLDEN


@pytest.fixture(scope="module")
def shipped() -> list[dict[str, Any]]:
    """Return what `migr trace` gives for the shipped example."""
    command = [sys.executable, "-m", "sim", "trace", str(SCENARIOS / "console-example.yaml"), "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    records: list[dict[str, Any]] = json.loads(done.stdout)
    return records


def test_shipped_example_shows_the_known_events_in_order(shipped: list[dict[str, Any]]) -> None:
    """The command and the twelve known events, each on its console; other devices stand between them."""
    printed = [(console, record["text"]) for record in shipped for console in record["consoles"] if console in CONSOLES]
    places = [printed.index(event) for event in EVENTS]
    assert places == sorted(places)
    others = {text.split()[0] for console, text in printed if (console, text) not in EVENTS}
    assert others == {"NBR0740", "VMS4005", "VMS4009"}


def test_shipped_example_keeps_the_order_facts(shipped: list[dict[str, Any]]) -> None:
    """vm2000.md 4.1: all VMS4005 before VMS2452, VMS2432 before any VMS4009, VMS2431 before VMS4009, VMS4024 and VMS2451."""
    ids = [record["id"] for record in shipped]
    assert max(place for place, each in enumerate(ids) if each == "VMS4005") < ids.index("VMS2452")
    assert ids.index("VMS2432") < ids.index("VMS2431") < ids.index("VMS4009")
    assert ids.index("VMS2431") < ids.index("VMS4024") < ids.index("VMS2451")


def test_shipped_example_takes_about_the_published_times(shipped: list[dict[str, Any]]) -> None:
    """One replication: set-up 3 s, transfer 16 s, stop 3 s, clean-up 2 s, each within 2 s; the medians are another test's."""
    at = {record["id"]: record["time_s"] for record in shipped}
    spans = [at["VMS4005"] - at["VMS2450"], at["VMS2452"] - at["VMS4005"], at["VMS2432"] - at["VMS2452"], at["VMS2451"] - at["VMS2432"]]
    assert spans == pytest.approx([3.0, 16.0, 3.0, 2.0], abs=2.0)
