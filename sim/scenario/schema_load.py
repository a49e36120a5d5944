"""What a planner writes about loads: which memory a guest writes, how often, and when."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import model_validator

from sim.scenario.fields import (
    Clock,
    Entry,
    Frequency,
    Name,
    Number,
    NumberAbove0,
    Rate,
    Share,
    ShareAbove0,
    SizeOrShare,
    Theta,
    TimeAbove0,
    TupleReader,
    fault,
    one_of,
)

WAYS = ("profile", "curve", "working_set", "classes", "sweeps", "zipf")  # of writing a load
TOGETHER = ("classes", "sweeps", "zipf")  # the ways that one load may combine


class ClassSpec(Entry):
    """Pages that are rewritten equally often, at random."""

    size: SizeOrShare
    """How much memory, absolute or as a share of the VM's."""
    rewrites: Frequency
    """How often each page is rewritten, per second."""


class SweepSpec(Entry):
    """Memory that is written from front to back (sort, utility, batch)."""

    size: SizeOrShare
    """How much memory, absolute or as a share of the VM's."""
    rate: Rate
    """How fast it is written."""


class ZipfSpec(Entry):
    """Memory in which some pages are written far more often than others, as keys of a cache or a database are."""

    size: SizeOrShare
    """How much memory, absolute or as a share of the VM's."""
    rate: Rate
    """Page writes in bytes per second, over all pages together."""
    theta: Theta = 0.99
    """How uneven: the k-th most popular page is written in proportion to k^-theta; 0 is uniform, 0.99 usual for databases (YCSB)."""


class CurvePointSpec(Entry):
    """A point of a measured dirty curve."""

    window: TimeAbove0
    """Length of the observation."""
    dirty: SizeOrShare
    """Distinct memory written in it, absolute or as a share of the VM's."""


class WorkingSetSpec(Entry):
    """One set of pages, all written equally often."""

    size: SizeOrShare
    """The working set, absolute or as a share of the VM's memory."""
    rate: Rate
    """Page writes in bytes per second; each page is rewritten rate / size times a second."""


class BurstsSpec(Entry):
    """Times of higher activity."""

    share: ShareAbove0
    """Share of the time spent in bursts, below 100 %."""
    length: TimeAbove0
    """Mean length of a burst."""
    factor: NumberAbove0
    """Activity in a burst relative to the time outside."""

    @model_validator(mode="after")
    def _not_always(self) -> BurstsSpec:
        if self.share >= 1:
            raise fault("a share of 100 % leaves no time outside the bursts; write a share below 100 %")
        return self


class LoadSpec(Entry):
    """What a guest writes to its memory: exactly one of profile, curve, working_set, or any of classes, sweeps and zipf together."""

    profile: Name | None = None
    """A load of the catalogue; `migr profiles` lists them."""
    curve: Annotated[tuple[CurvePointSpec, ...] | None, TupleReader] = None
    """Measured points: distinct memory written in windows of growing length."""
    working_set: WorkingSetSpec | None = None
    """One set of pages and the rate at which it is written."""
    classes: Annotated[tuple[ClassSpec, ...] | None, TupleReader] = None
    """Sets of pages with their rewrites per second."""
    sweeps: Annotated[tuple[SweepSpec, ...] | None, TupleReader] = None
    """Sequential writers."""
    zipf: Annotated[tuple[ZipfSpec, ...] | None, TupleReader] = None
    """Writers that prefer some pages by a Zipf law."""
    bursts: BurstsSpec | None = None
    """Times of higher activity."""
    day: dict[Clock, Number] | None = None
    """Activity by clock time, each level holding until the next: {"00:00": 0.3, "08:00": 1.0}."""
    spread: Share | None = None
    """Coefficient of variation of the activity from migration to migration (lognormal, median 1)."""
    jitter: Number | None = None
    """Variation of the activity from round to round (standard deviation of its logarithm in a round of one second)."""
    measured: Annotated[Literal["tracked", "untracked"] | None, one_of("tracked", "untracked")] = None
    """Whether the curve was measured with write tracking on, so that its cost is in it already."""

    @model_validator(mode="after")
    def _one_way(self) -> LoadSpec:
        ways = [way for way in WAYS if getattr(self, way) is not None]
        if not ways:
            raise fault("says nothing about what is written; write one of profile, curve, working_set, classes, sweeps, zipf")
        if len(ways) > 1 and not set(ways) <= set(TOGETHER):
            raise fault(f"has {' and '.join(ways)}; keep one of them (only classes, sweeps and zipf go together)")
        for way in ways:
            if getattr(self, way) == ():
                raise fault(f"has an empty list of {way}; write at least one element")
        return self
