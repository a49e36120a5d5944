"""Columns of attempts that broke, against times worked out by hand: how long guests stood still, what failed attempts cost a step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.builders import XEN, cluster, point, unit, vm
from engine.observing import COSTS, PASS_S
from sim.columns import MIGRATIONS, OPERATOR_STEP, PLANS
from sim.engine.replicate import Replication, replicate_alone
from sim.engine.site import Site
from sim.results.tables import arrow, message_rows, migration_rows, plan_rows
from sim.scenario.point import Cost, Fault, OnAbort, Operator, Step

COMMAND_TO_SUSPENDED = 1.0 + 2.0 + 0.5 + 0.25 + PASS_S + 0.2  # check, set-up with 1 GiB and one device, one pass, handshake
STOP = 1.0 + 0.5  # state and resume: a guest that writes nothing has no last pages
ROLL_BACK = 3.0
PATIENCE = 10.0


def night(*faults: Fault, operators: tuple[Operator, ...] = (), on_abort: OnAbort | None = None, **of: Any) -> Replication:  # noqa: ANN401 - fields of Cluster
    """Return a replication of a drain of ONE and TWO, two SUs x86."""
    world = point(
        vm("ONE"),
        vm("TWO"),
        of=cluster("x86", XEN, costs=COSTS, **of),
        units=(unit("S1", "x86"), unit("S2", "x86")),
        steps=(Step("out", 0.0, "S2", drain="S1", order="", sequence=("ONE", "TWO"), on_abort=on_abort or OnAbort()),),
    )
    return replicate_alone(Site.of(replace(world, faults=faults, operators=operators)), 0)


def rows(replication: Replication) -> list[dict[str, Any]]:
    """Return the rows of the table of migrations."""
    return [dict(zip((column.name for column in MIGRATIONS), row, strict=True)) for row in migration_rows("", replication)]


def step_of(replication: Replication) -> dict[str, Any]:
    """Return the row of the only step."""
    (row,) = plan_rows("", replication)
    return dict(zip((column.name for column in PLANS), row, strict=True))


def dropped(phase: str, after_s: float = 0.0, lasts_s: float = 12.0) -> Fault:
    """Return a link that is lost in the first migration of ONE."""
    return Fault("drop", "link", "net", vm="ONE", phase=phase, after_s=after_s, lasts=Cost(lasts_s))


def test_guest_that_goes_on_on_the_source_stood_still_until_the_roll_back_was_over() -> None:
    """The link is waited for as long as patience lasts, then the roll-back takes its time; nothing was completed, so no downtime."""
    one = rows(night(dropped("stop")))[0]
    assert (one["outcome"], one["reason"], one["after_suspend"]) == ("aborted", "link-lost", "source-resumes")
    assert one["interruption_s"] == pytest.approx(PATIENCE + ROLL_BACK, abs=1e-9)
    assert (one["downtime_s"], one["total_s"]) == (None, None)


def test_guest_that_arrives_stood_still_for_its_downtime() -> None:
    one = rows(night())[0]
    assert one["interruption_s"] == one["downtime_s"] == pytest.approx(STOP, abs=1e-9)
    assert (one["outcome"], one["reason"], one["after_suspend"]) == ("completed", None, None)


@pytest.mark.parametrize(
    ("replication", "outcome"),
    [(night(dropped("pre-copy")), "aborted"), (night(dropped("stop"), after_suspend="lost"), "lost")],
    ids=["never suspended", "did not go on"],
)
def test_guest_that_never_stood_still_or_never_went_on_has_no_interruption(replication: Replication, outcome: str) -> None:
    one = rows(replication)[0]
    assert (one["outcome"], one["interruption_s"]) == (outcome, None)


def test_failed_attempt_costs_its_step_the_time_from_command_to_roll_back() -> None:
    step = step_of(night(dropped("stop")))
    assert step["failed_s"] == pytest.approx(COMMAND_TO_SUSPENDED + PATIENCE + ROLL_BACK, abs=1e-9)
    assert step["left_behind"] == 1


def test_pause_before_the_next_attempt_is_part_of_the_cost() -> None:
    """Lost 2 s after the begin of the pre-copy at 3.75 s, waited for, rolled back, tried again 50 s later with the link back."""
    step = step_of(night(dropped("pre-copy", 2.0, 60.0), on_abort=OnAbort(1, 50.0)))
    assert step["failed_s"] == pytest.approx(3.75 + 2.0 + PATIENCE + ROLL_BACK + 50.0, abs=1e-9)
    assert (step["left_behind"], step["attempts"]) == (0, 3)


def test_step_in_which_nothing_fails_has_no_cost() -> None:
    """A definition that is deleted later is a warning: nothing had to be done again."""
    found = night(Fault("store", "definitions", "S1", vm="TWO", phase="stop", lasts=Cost(30.0)))
    assert [row["outcome"] for row in rows(found)] == ["completed", "completed-with-warnings"]
    assert step_of(found)["failed_s"] == 0.0


def test_operators_commands_are_attempts_of_their_own_and_name_their_console() -> None:
    """TWO is commanded twice while ONE migrates: both are rejected, and the plan moves it all the same."""
    command = "/MIGRATE-VM VM-ID=TWO,SERVER-UNIT-NAME=S2"
    found = night(operators=(Operator(5.0, "S1", command), Operator(7.0, "S1", command)))
    by_operators = [row for row in rows(found) if row["step"] == OPERATOR_STEP]
    assert [(row["vm"], row["attempt"], row["console"], row["command_s"], row["outcome"]) for row in by_operators] == [
        ("TWO", 1, "S1", 5.0, "rejected"),
        ("TWO", 2, "S1", 7.0, "rejected"),
    ]
    assert [(row["vm"], row["console"], row["outcome"]) for row in rows(found) if row["step"] == "out"] == [
        ("ONE", "", "completed"),
        ("TWO", "", "completed"),
    ]
    assert step_of(found)["attempts"] == 2
    messages = arrow("messages", message_rows("", found)).to_pylist()
    assert [(line["time_s"], line["console"]) for line in messages if line["text"] == command] == [(5.0, "S1"), (7.0, "S1")]
    assert {line["console"] for line in messages if line["id"] == "VMS2450"} == {""}
