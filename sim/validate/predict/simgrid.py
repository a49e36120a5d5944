"""Predict what SimGrid's live migration gives: one replication of the policy `simgrid`, whose rates follow from the case."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.engine.journal import Journal
from sim.engine.replicate import replicate
from sim.engine.site import Site
from sim.errors import ModelError
from sim.model.draws import LAST, Draws
from sim.model.load import PAGE, Load
from sim.model.rounds import Policy
from sim.scenario.point import Cluster, Cost, Costs, Devices, Link, Point, Step, Unit, Vm
from sim.validate.predict.simgrid_chase import Chase, chase
from sim.validate.predict.simgrid_setting import BUDGET_S, STOP_GOAL_S, Setting
from sim.validate.tables.measured_cases import SimgridCase

POLICY = Policy("simgrid", stop_goal_s=STOP_GOAL_S)
COMPLETED, NONCONVERGED = "completed", "nonconverged"
NOTHING = Cost(0.0)


@dataclass(frozen=True, slots=True)
class SimgridPrediction:
    """What SimGrid is expected to give.

    Args:
        key: name of the row.
        outcome: "completed" or "nonconverged".
        reason: why it does not converge, one sentence; empty when it does.
        total_s: from the first message to the acknowledgement, seconds; NaN where it does not converge, like all that follows.
        downtime_s: duration of the last message, seconds.
        transfers: messages with memory in them, the last one included even when nothing is left to send.
        bytes_sent: bytes in them.
    """

    key: str
    outcome: str
    reason: str
    total_s: float
    downtime_s: float
    transfers: float
    bytes_sent: float


def predict_simgrid(case: SimgridCase) -> SimgridPrediction:
    """Return the prediction of a case.

    The engine simulates it, message by message, when it ends within as many messages as the engine numbers. That it does, is known
    before: the sizes of the messages follow from each other, and those that hardly change need not be walked.
    """
    setting = Setting.of(case)
    ahead = chase(setting)
    if ahead.endless:
        return SimgridPrediction(case.key, NONCONVERGED, ahead.endless, *[math.nan] * 4)
    if ahead.messages > LAST or ahead.took_s > BUDGET_S:
        return _worked_out(case.key, setting, ahead)
    return _simulated(case.key, setting)


def point_of(of: Setting) -> Point:
    """Return a world in which one VM migrates as in a setting: nothing but its messages takes time.

    A round trip comes before each message, so the latency is one; the acknowledgement is the clean-up. The guest writes new pages all
    the time up to its cap, as one sequential writer does.
    """
    costs = dict.fromkeys(Costs.__slots__, NOTHING) | {"cleanup": Cost(of.latency_s)}
    cluster = Cluster(
        name="C",
        su_type="x86",
        policy=POLICY,
        costs=Costs(**costs),
        sender_Bps=of.rate_Bps,
        receiver_Bps=of.rate_Bps,
        factor_first=1.0,
        factor_live=1.0,
        factor_stopped=1.0,
        throughput_sigma=0.0,
        page_header_bytes=0.0,
        fault_cost_s=0.0,
    )
    # Memory is given in whole units of 2 MiB: room for the part of one that a size of SimGrid may be.
    units = tuple(Unit(name, "C", "x86", "net", of.ram_B + 2**22, 0.0, 1.0, "", name) for name in ("SOURCE", "TARGET"))
    load = Load("linear", sweeps=((of.cap_B / PAGE, of.dirty_Bps / PAGE),))
    vm = Vm("VM", "SOURCE", 2, "RUNNING", of.ram_B, of.ram_B / PAGE, 1, load, Devices())
    step = Step("out", 0.0, "TARGET", vm="VM")
    return Point("", 1, (Link("net", of.rate_Bps, of.latency_s),), (cluster,), units, (vm,), (step,))


def _simulated(key: str, of: Setting) -> SimgridPrediction:
    """Return what the engine gives.

    Raises:
        ModelError: it gives up a migration that was found to end.
    """
    (move,) = replicate(Site.of(point_of(of)), Draws(1, 0, 1), 0, Journal()).moves
    times = move.started_s, move.stopped_s, move.resumed_s, move.ended_s
    if move.outcome != COMPLETED or None in times:
        raise ModelError(f"the case {key} of SimGrid ends by its message sizes, and {move.outcome} in the engine")
    started, stopped, resumed, ended = (time or 0.0 for time in times)
    return SimgridPrediction(key, COMPLETED, "", ended - started, resumed - stopped, move.rounds + 1.0, move.sent_bytes)


def _worked_out(key: str, of: Setting, ahead: Chase) -> SimgridPrediction:
    """Return what follows from the sizes of the messages alone."""
    downtime = of.took(ahead.rest_B)
    total = ahead.took_s + downtime + of.latency_s
    return SimgridPrediction(key, COMPLETED, "", total, downtime, ahead.messages + 1.0, ahead.sent_B + ahead.rest_B)
