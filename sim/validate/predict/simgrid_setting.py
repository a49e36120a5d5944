"""What SimGrid makes of the parameters of a case: a rate, a latency and a dirty rate.

Source of every number: SimGrid 4.1, its network models and its plugin for live migrations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.validate.tables.measured_cases import SimgridCase

STOP_GOAL_S = 0.03  # max_downtime of the plugin
BUDGET_S = 1e7  # mig_timeout of the plugin: what stages 1 and 2 may take, seconds
TCP_GAMMA = 4194304.0  # network/TCP-gamma: the largest TCP window, bytes
BACKWARDS = 0.05  # network/crosstraffic: what a flow takes of the way back, as a share of its rate
LATENCY_FACTOR = {"CM02": 1.0, "LV08": 13.01}  # network/latency-factor: slow start
BANDWIDTH_FACTOR = {"CM02": 1.0, "LV08": 0.97}  # network/bandwidth-factor: headers


@dataclass(frozen=True, slots=True)
class Setting:
    """A migration as SimGrid's plugin sees it.

    Args:
        ram_B: R, what the first message carries, bytes.
        cap_B: W, what can be dirty at most, bytes.
        rate_Bps: B, rate of a message once it flows.
        latency_s: L, before a message flows; the acknowledgement at the end takes it too.
        dirty_Bps: w, bytes that the guest dirties per second.
    """

    ram_B: float
    cap_B: float
    rate_Bps: float
    latency_s: float
    dirty_Bps: float

    @classmethod
    def of(cls, case: SimgridCase) -> Setting:
        """Return the setting of a case."""
        return cls(
            ram_B=float(case.ram_B),
            cap_B=float(case.working_set_B),
            rate_Bps=_rate(case),
            latency_s=case.latency_s * LATENCY_FACTOR[case.net_model],
            dirty_Bps=_computed(case) * (case.mig_speed_Bps * case.intensity / case.host_flops),
        )

    def took(self, size_B: float) -> float:
        """Return how long a message takes, seconds."""
        return self.latency_s + size_B / self.rate_Bps


def _rate(case: SimgridCase) -> float:
    """Return min(max-min share of the link, migration speed, bound of TCP), bytes per second.

    The other flows are bounded by the link and by TCP alone, so none of them leaves more of the link to the migration than an equal
    share. The factor of the model is on what SimGrid shares out, not on the speed that the user sets; a speed of 0 sets none.
    """
    factor = BANDWIDTH_FACTOR[case.net_model]
    # Both directions of the link are one resource: each flow takes its rate and a share of it backwards.
    each = 1.0 + BACKWARDS if case.crosstraffic else 1.0
    share = factor * (case.link_Bps / (each * (1 + case.competing_flows)))
    # The bound holds the latency as given, before the factor of the model.
    tcp = factor * (TCP_GAMMA / (2.0 * case.latency_s)) if case.latency_s > 0.0 else math.inf
    return min(share, case.mig_speed_Bps or math.inf, tcp)


def _computed(case: SimgridCase) -> float:
    """Return the flops per second that the guest executes: what it asks for, at most an equal share of the core."""
    return case.host_flops * min(case.guest_cpu_util, 1.0 / (1 + case.cpu_hogs))
