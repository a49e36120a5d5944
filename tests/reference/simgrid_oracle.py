"""SimGrid's live migration, message by message and in whole bytes: obvious, and written from its algorithm only.

Nothing is imported from `sim`. SimGrid moves no pages: a guest dirties bytes in proportion to what it computes, up to its
working set, and a message of n bytes takes a latency and n / rate seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

DOWNTIME_S = 0.03  # its default goal for the stop
BUDGET_S = 1e7  # of simulated time; a chase that takes longer never ends
LV08_LATENCY, LV08_BANDWIDTH = 13.01, 0.97  # factors of SimGrid's network model LV08; CM02 has none
TCP_WINDOW_B = 4_194_304  # network/TCP-gamma
CROSSTRAFFIC = 1.05  # both ways share a link: the acknowledgements take a twentieth


@dataclass(frozen=True, slots=True)
class Guest:
    """What is moved.

    Args:
        ram_B: all of its memory.
        working_set_B: what it can dirty at most.
        dirty_Bps: what it dirties a second.
    """

    ram_B: int
    working_set_B: int
    dirty_Bps: float

    def dirtied(self, seconds: float) -> int:
        """Return the bytes dirtied in an interval, whole ones."""
        return min(int(self.dirty_Bps * seconds), self.working_set_B)


@dataclass(frozen=True, slots=True)
class Path:
    """What carries it."""

    rate_Bps: float
    latency_s: float = 0.0

    def seconds(self, size_B: int) -> float:
        """Return how long a message takes."""
        return self.latency_s + size_B / self.rate_Bps


@dataclass(frozen=True, slots=True)
class Migration:
    """How it went: sizes of all messages, the last one sent with the guest stopped; no downtime when it never ends."""

    completed: bool
    total_s: float
    downtime_s: float
    messages_B: tuple[int, ...]


def migrate(guest: Guest, path: Path, goal_s: float = DOWNTIME_S) -> Migration:
    """Return one migration: all of the memory, then what was dirtied meanwhile, until the rest is small enough."""
    messages = [guest.ram_B]
    clock = lasted = path.seconds(guest.ram_B)
    dirty = guest.dirtied(lasted)
    while dirty > int(goal_s * messages[-1] / lasted):
        messages.append(dirty)
        lasted = path.seconds(dirty)
        clock += lasted
        if clock > BUDGET_S:
            return Migration(completed=False, total_s=inf, downtime_s=inf, messages_B=tuple(messages))
        dirty = guest.dirtied(lasted)
    downtime = path.seconds(dirty)
    return Migration(True, clock + downtime + path.latency_s, downtime, (*messages, dirty))


def guest_of(ram_B: int, working_set_B: int, intensity: float, mig_speed_Bps: float, cpu_util: float, hogs: int) -> Guest:
    """Return a guest by SimGrid's parameters: alone and busy it dirties `intensity` times the migration speed a second.

    With hogs on its core it gets an equal share of it, or what it wants where that is less.
    """
    return Guest(ram_B, working_set_B, intensity * mig_speed_Bps * min(cpu_util, 1.0 / (1 + hogs)))


def path_of(link_Bps: float, latency_s: float, model: str, flows: int, mig_speed_Bps: float, *, crosstraffic: bool) -> Path:
    """Return the path by SimGrid's parameters: `flows` others share the link evenly; the migration speed caps it."""
    if model == "LV08":
        tcp_Bps = LV08_BANDWIDTH * TCP_WINDOW_B / (2.0 * latency_s) if latency_s else inf
        link_Bps, latency_s = link_Bps * LV08_BANDWIDTH, latency_s * LV08_LATENCY
    else:
        tcp_Bps = TCP_WINDOW_B / (2.0 * latency_s) if latency_s else inf
    shared = link_Bps / (1 + flows) / (CROSSTRAFFIC if crosstraffic else 1.0)
    return Path(min(shared, mig_speed_Bps, tcp_Bps), latency_s)
