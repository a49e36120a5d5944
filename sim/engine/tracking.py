"""What a guest writes while its migration runs: the dirty bitmap of one attempt, read and cleared round by round."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.engine.site import Guest
from sim.engine.vm import Vm
from sim.errors import ModelError
from sim.model.activity import activity_integral, round_noise
from sim.model.dirtying import dirtied, linear_pages, tracked_activity
from sim.model.draws import Lane, Real, address
from sim.model.qemu import Source
from sim.scenario.point import Cluster


@dataclass(slots=True, eq=False)
class Tracking:
    """The dirty bitmap of one attempt.

    Args:
        vm: the VM.
        cluster: its SU cluster.
        lane: the random draws of the replication.
        migration, attempt: which attempt it is, to address its draws.
        level: factor of the load in this attempt.
        readings: how often the bitmap was read, `read_at` when last, seconds.
        exposure: activity over which the pages of the last reading were dirtied, seconds.
        qemu: the source side of a cluster that migrates as QEMU does; None under every other policy.
    """

    vm: Vm
    cluster: Cluster
    lane: Lane
    migration: int
    attempt: int
    level: float
    readings: int = 0
    read_at: float = 0.0
    exposure: float = 0.0
    qemu: Source | None = None

    @property
    def guest(self) -> Guest:
        """The VM of the point, prepared."""
        return self.vm.guest

    def activity(self, since: float, duration: float) -> float:
        """Return the integral of the guest's activity over an interval, before the noise of a round, seconds."""
        guest, lane = self.guest, self.lane
        bursts, stream = guest.load.bursts, guest.streams.burst
        return float(
            self.level
            * activity_integral(since, duration, guest.day_curve, bursts, self.vm.burst_shift, lambda slot: lane.uniform(stream, slot))
        )

    def reads_bitmap(self, now: float) -> None:
        """Read and clear the dirty bitmap: what is written from now on belongs to the next set."""
        self.readings += 1
        self.read_at = now

    def dirty(self, now: float) -> float:
        """Return the distinct pages that the guest has dirtied since its bitmap was read.

        Later calls after the same reading give as many or more: they use the same draws.
        """
        self.exposure = self._exposed(now)
        if self.cluster.policy.linear:
            return float(linear_pages(self.guest.curve, self.exposure))
        return float(dirtied(self.guest.curve, self.exposure, self._pages_draw()))

    def reads_dirty_log(self, now: float) -> None:
        """Let QEMU on the source read the bitmap: what the guest dirtied since the last reading waits to be sent too.

        Raises:
            ModelError: the cluster does not migrate as QEMU does.
        """
        source = self.qemu
        if source is None:
            raise ModelError(f"VM {self.vm.name}: the dirty log is read, but its cluster does not migrate as QEMU does")
        exposure = self._exposed(now, float(source.slowdown[0]))
        source.sync(np.zeros(1, dtype=np.intp), np.array([exposure]), np.array([now]), np.array([self._pages_draw()]))

    def final_set(self, now: float, page_bytes: float) -> tuple[float, float]:
        """Return the pages that are left to send when the guest stops, and their bytes."""
        if self.qemu is not None:
            self.reads_dirty_log(now)
            pages, size = self.qemu.final_set()
            return float(pages[0]), float(size[0])
        left = self.dirty(now) if self.readings else self.guest.spec.touched_pages
        return left, left * page_bytes

    def _exposed(self, now: float, slowdown: float = 1.0) -> float:
        """Return the activity over which the guest dirtied pages since its bitmap was read, seconds."""
        guest, load, duration = self.guest, self.guest.load, now - self.read_at
        exposure: Real = self.activity(self.read_at, duration) * slowdown
        if self.cluster.policy.linear:
            return float(exposure)
        if load.jitter:
            at = address(self.migration, self.attempt, self.readings)
            exposure = exposure * round_noise(load.jitter, duration, self.lane.normal(guest.streams.noise, at))
        if not load.tracked and self.cluster.fault_cost_s:
            exposure = tracked_activity(guest.curve, exposure, self.cluster.fault_cost_s / guest.spec.cpus)
        return float(exposure)

    def _pages_draw(self) -> float:
        """Return the draw of the pages that are dirtied from the last reading of the bitmap to the next."""
        return self.lane.normal(self.guest.streams.pages, address(self.migration, self.attempt, self.readings))
