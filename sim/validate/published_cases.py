"""Reads the rounds that papers and logs have published, and turns what is known after two of them into a scenario."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from importlib.resources import files

from scipy.optimize import brentq

from sim.model.load import PAGE
from sim.scenario.catalogue import policies
from sim.units import format_frequency, format_memory, format_rate, format_share

UNLIMITED = "1000 Gbit/s"  # of what no published figure limits
_SLOWEST = 1e-9  # r T of a set that is hardly written: D is proportional to the window there to nine digits
_FASTEST = 700.0  # r T of a set that is written all over: exp(-700) is the smallest that is no subnormal number


@dataclass(frozen=True, slots=True)
class PublishedRound:
    """A round as published; None where the source does not say.

    Args:
        number: which, from 1.
        live: the guest ran.
        sent, skipped, dirtied: pages sent, skipped because they were dirty again, and dirtied meanwhile.
        duration_s: seconds.
        source: where it is published.
    """

    number: int
    live: bool
    sent: float
    skipped: float | None
    dirtied: float | None
    duration_s: float | None
    source: str


@dataclass(frozen=True, slots=True)
class WorkingSet:
    """What two windows tell of a guest: one set of pages, written at random.

    Args:
        pages: n, whole pages; infinite where the second window has less than its share, so that nothing is written twice.
        rewrites: r, writes per page and second; for infinitely many pages, page writes per second.
    """

    pages: float
    rewrites: float

    def written(self) -> str:
        """Return the load as a scenario writes it."""
        if math.isinf(self.pages):
            return f"sweeps: [{{size: 100 %, rate: {format_rate(self.rewrites * PAGE)}}}]"
        return f"classes: [{{size: {format_memory(self.pages * PAGE)}, rewrites: {format_frequency(self.rewrites)}}}]"


@dataclass(frozen=True, slots=True)
class PublishedCase:
    """A published migration.

    Args:
        name: as in the table of rounds.
        title: for people.
        policy: rule that ended its pre-copy.
        skips: pages that are dirty again before their turn are skipped, in the first round too.
        unknowable: what the guest did that its first two rounds do not tell; empty where they tell all.
        rounds: as published.
    """

    name: str
    title: str
    policy: str
    skips: bool
    unknowable: str
    rounds: tuple[PublishedRound, ...]

    @property
    def live_rounds(self) -> int:
        """Number of rounds while the guest ran, those included of which the source gives no figures."""
        return max(each.number for each in self.rounds) - 1

    @property
    def memory_pages(self) -> float:
        """Pages that the first round dealt with."""
        return self.rounds[0].sent + (self.rounds[0].skipped or 0.0)

    def windows(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return (seconds, pages dirtied) of rounds 1 and 2; a duration that is not published follows from the rule's rates."""
        first, second = self.rounds[:2]
        first_s = first.duration_s or first.sent * PAGE / _rate_of(self.policy, "start_rate")
        dirtied = first.dirtied or 0.0
        second_s = second.duration_s or second.sent * PAGE / (dirtied * PAGE / first_s + _rate_of(self.policy, "rate_step"))
        return (first_s, dirtied), (second_s, second.dirtied or 0.0)

    def scenario(self) -> str:
        """Return the migration as a planner who knows rounds 1 and 2 would write it: no other figure, and no fixed times."""
        (first_s, _), (second_s, _) = windows = self.windows()
        first, second = (round_.sent * PAGE / took for round_, took in zip(self.rounds, (first_s, second_s), strict=False))
        touched = self.memory_pages
        memory_mib = math.ceil(touched * PAGE / 2**20)
        share = min(1.0, (touched + 0.5) * PAGE / (memory_mib * 2**20))  # half a page more: the share is cut to whole pages
        rates = f"sender: {UNLIMITED}" if self.policy == "clark" else f"sender: {format_rate(second)}, factor_first: {first / second!r}"
        skips = "skips_in_round_1: true, " if self.skips else ""
        nothing = ", ".join(f"{name}: 0 s" for name in _COSTS)
        return f"""schema: 1
title: {self.title}
networks:
  line: {{bandwidth: {UNLIMITED}, round_trip: 0 s, efficiency: 100 %}}
clusters:
  LAB:
    type: /390
    network: line
    policy: {self.policy}
    parameters: {{{rates}, receiver: {UNLIMITED}, factor_stopped: 1.0, {skips}
      throughput_spread: 0 %, page_header_bytes: 0, fault_cost: 0 s, {nothing}}}
    units: {{HOST1: {{memory: 64 GiB}}, HOST2: {{memory: 64 GiB}}}}
loads:
  guest: {{{working_set(*windows).written()}}}
vms:
  GUEST: {{su: HOST1, memory: {memory_mib} MiB, touched: {format_share(share)}, load: guest}}
plan:
  move: {{migrate: GUEST, to: HOST2}}
"""


def working_set(longer: tuple[float, float], shorter: tuple[float, float]) -> WorkingSet:
    """Return the set whose D(A) = n (1 - exp(-r A)) goes through two points: two points tell two numbers and no more.

    Args:
        longer: (seconds, pages) of the longer window.
        shorter: of the shorter one. Where it has less than its share of the pages no set has such a curve; then nothing is taken to be
            written twice, and the rate is the one of the least relative squares.
    """
    (long_s, many), (short_s, few) = longer, shorter
    if few / many <= short_s / long_s:
        rate = (long_s / many + short_s / few) / ((long_s / many) ** 2 + (short_s / few) ** 2)
        return WorkingSet(math.inf, rate)

    def off(rewrites: float) -> float:
        return math.expm1(-rewrites * short_s) / math.expm1(-rewrites * long_s) - few / many

    rewrites = float(brentq(off, _SLOWEST / long_s, _FASTEST / short_s, xtol=1e-12))
    return WorkingSet(float(round(many / -math.expm1(-rewrites * long_s))), rewrites)


def published_cases() -> list[PublishedCase]:
    """Return the published migrations."""
    text = (files("sim.validate") / "cases" / "published_rounds.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return [
        PublishedCase(name, title, policy, skips, unknowable, tuple(_round(row) for row in rows if row["case"] == name))
        for name, (title, policy, skips, unknowable) in _CASES.items()
    ]


_COSTS = ("check", "setup", "setup_per_gib", "setup_per_device", "handshake", "state", "resume", "cleanup", "cleanup_per_device")

_CASES: dict[str, tuple[str, str, bool, str]] = {
    "xen-4.15": ("Xen 4.15, a guest that writes 8 GiB all the time", "xen", False, ""),
    "xend-128": (
        "Xen 3, a guest of 128 MiB",
        "xen-legacy",
        True,
        "the guest became calm: 3,447 pages in the 178 ms of round 3, 42 in the 12 ms of round 12, where a steady one writes 230 and more",
    ),
    "specweb99": (
        "Clark, a SPECweb99 server",
        "clark",
        False,
        "in windows below 5 s the guest wrote more than twice what those of 54 and 15 s tell; a small set written often hides in them",
    ),
    "quake3": (
        "Clark, a Quake 3 server",
        "clark",
        False,
        "no steady guest has these rounds: it wrote 1,100 new pages a second in round 1, 600 in round 2, 1,700 in round 4",
    ),
}


def _round(row: dict[str, str]) -> PublishedRound:
    def number(name: str) -> float | None:
        return float(row[name]) if row[name] else None

    return PublishedRound(
        number=int(row["round"]),
        live=row["phase"] == "live",
        sent=float(row["pages_sent"]),
        skipped=number("pages_skipped"),
        dirtied=number("pages_dirtied"),
        duration_s=number("duration_s"),
        source=row["source"],
    )


def _rate_of(policy: str, parameter: str) -> float:
    """Return a rate of a policy, bytes per second."""
    return float(policies()[policy].parameters[parameter].value)
