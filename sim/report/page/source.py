"""What a report is made of: result folders as they were read, and of some of their points the details that figures need."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from sim.engine.replicate import Replication, replicate_alone
from sim.engine.site import Site
from sim.errors import ResultsError, UsageError
from sim.experiment.identity import fingerprint
from sim.experiment.probing.again import first_with_rounds
from sim.experiment.probing.effects import EFFECTS
from sim.experiment.probing.replay import compare_with_stored
from sim.experiment.probing.what_if import WhatIf
from sim.experiment.provenance import check_version
from sim.experiment.sources import SOURCES, facts_in, told
from sim.experiment.storage.contents import Contents
from sim.experiment.storage.reading import PointRows
from sim.experiment.storage.store import SUMMARY, Store
from sim.report.page.detailed import points_of_sweep
from sim.report.page.setting_words import combination
from sim.report.page.wholeness import check_facts, check_told, summary_in
from sim.results.checks import Laws, payloads
from sim.results.downtimes import Downtimes
from sim.results.extremes import Found, find, values_of
from sim.results.gathering import Counted, gather
from sim.scenario.facts import Fact
from sim.scenario.load import Loaded
from sim.scenario.objectives import Metric
from sim.scenario.point import Point
from sim.scenario.resolve import first_second, seconds_from_midnight
from sim.scenario.schema_plan import ScenarioSpec
from sim.scenario.sweep import variant_of

MOST_DETAILED = 4  # points of which all figures are drawn: two SU types, with and without something
SENSITIVITY = "sensitivity.json"


@dataclass(frozen=True)  # no slots: what several sections ask for is read once
class Run:
    """A result folder.

    Args:
        folder: as it was named.
        label: what people call it: nothing where the report has one run, else its title or folder.
        loaded: its scenario.
        facts: run.json.
        summary: summary.json.
        contents: the folder, listed.
    """

    folder: str
    label: str
    loaded: Loaded
    facts: dict[str, Any]
    summary: dict[str, Any]
    contents: Contents

    @property
    def key(self) -> str:
        """A word for keys of figures and tables of this folder; "" where the report has one run."""
        return f"r{zlib.crc32(self.label.encode()):08x}" if self.label else ""

    @property
    def swept(self) -> bool:
        """Whether its points differ by more than their variant."""
        return any(self.settings)

    @property
    def settings(self) -> list[dict[str, str]]:
        """What is varied at each point; the scenario that was stored has every point as a variant, so run.json has to say it."""
        return list(self.facts["settings"])

    @cached_property
    def repeatable(self) -> bool:
        """Whether this machine computes the same bits, so that a replication can be repeated."""
        return bool(self.facts.get("fingerprint") == fingerprint())

    @property
    def sensitivity(self) -> dict[str, Any] | None:
        """What `migr sweep --sensitivity` stored; None where it was not asked for."""
        return self._stored(SENSITIVITY)

    @property
    def effects(self) -> dict[str, Any] | None:
        """What `migr run --assumptions` stored; None where it was not asked for."""
        return self._stored(EFFECTS)

    @cached_property
    def sources(self) -> list[Fact]:
        """What its numbers rest on beside what the planner wrote; in an old folder only what its scenario still tells."""
        stored = self._stored(SOURCES)
        return told(self.loaded) if stored is None else facts_in(stored)

    def _stored(self, name: str) -> dict[str, Any] | None:
        content = self.contents.folder.read_bytes(name)
        try:
            return None if content is None else dict(json.loads(content))
        except (TypeError, ValueError) as error:
            raise ResultsError(f"{self.folder}/{name}: damaged ({error}); delete it and give the command that wrote it again") from error


@dataclass(frozen=True, slots=True)
class Gathered:
    """What one pass over all rows of a point counted.

    Args:
        counted: how many rows there are.
        downtimes: downtimes by step and VM, and the longest.
        laws: the laws that every row obeys, compared.
    """

    counted: Counted
    downtimes: Downtimes
    laws: Laws


@dataclass(frozen=True)  # no slots: as above
class Detail:
    """A point of which all figures are drawn.

    Args:
        run: the folder.
        place: its place among the points of the scenario.
        entry: of summary.json.
    """

    run: Run
    place: int
    entry: dict[str, Any]

    @property
    def called(self) -> str:
        """What people call its point: variant and varied values; "" where the run has one point only."""
        settings = self.entry["settings"] or {}
        return combination(variant_of(self.point.name, settings), settings).replace("`", "") if settings else self.point.name

    @property
    def name(self) -> str:
        """What people call it on a page that may have several runs; "" where the report has one point only."""
        return " / ".join(part for part in (self.run.label, self.called) if part)

    @property
    def key(self) -> str:
        """A word for keys of figures and tables: they are unique on the page."""
        return f"{self.run.key}p{self.place}"

    @property
    def point(self) -> Point:
        """The point."""
        return self.run.loaded.points[self.place]

    @property
    def spec(self) -> ScenarioSpec:
        """Its scenario, with every default written out."""
        return self.run.loaded.completed[self.place]

    @property
    def clock_from(self) -> int:
        """Second of the day from which its night counts: earlier clock times are of the next day."""
        return first_second(self.spec)

    @cached_property
    def site(self) -> Site:
        """The point, prepared."""
        return Site.of(self.point)

    @property
    def rows(self) -> PointRows:
        """Its stored rows, read chunk by chunk."""
        return PointRows(self.run.contents, self.place)

    @property
    def replications(self) -> int:
        """How many there are."""
        return int(self.entry["replications"])

    @property
    def window_s(self) -> tuple[float, float] | None:
        """Begin and end of the window, seconds since 00:00 of the first day; None where the scenario has none."""
        window = self.spec.window
        return None if window is None else (float(self.clock_from), float(seconds_from_midnight(window.until, self.clock_from)))

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines of its VMs in summary.json, in the order of the plan, without that of all together."""
        from sim.results.lines import ALL  # noqa: PLC0415 - a constant

        return [line for line in self.entry["migrations"] if line["vm"] != ALL]

    @cached_property
    def sample(self) -> tuple[int, dict[str, pa.Table]]:
        """How many of the first replications were computed again with their rounds, and their migrations, plans and rounds."""
        return first_with_rounds(self.site, self.entry["engine"], self.replications)

    @cached_property
    def what_if(self) -> WhatIf:
        """Its first replications with other values, each change computed when it is first asked for."""
        return WhatIf(self.run.loaded, self.place, *self.sample)

    @cached_property
    def gathered(self) -> Gathered:
        """What one pass over all its rows counted."""
        stored = self.rows.columns
        downtimes, laws = Downtimes(stored), Laws(stored, payloads(self.site))
        return Gathered(gather(self.rows, (downtimes, laws)), downtimes, laws)

    @cached_property
    def median(self) -> Found | None:
        """The replication at the median of the makespan of the plan; of the finite ones where some never end."""
        return self._found(0.5)

    @cached_property
    def worst(self) -> Found | None:
        """The replication with the longest makespan of the plan; of the finite ones where some never end."""
        return self._found(1.0)

    def _found(self, q: float) -> Found | None:
        if not self.entry["steps"]:
            return None  # a plan without a step has no makespan
        metric = Metric("makespan", "")
        return find(lambda: values_of(metric, self.rows), q, completed=True) or find(lambda: values_of(metric, self.rows), q)

    @cached_property
    def again(self) -> dict[int, Replication]:
        """The median and the worst replication repeated with SimPy, everything recorded; {} on a machine that rounds differently.

        Each is compared bit by bit with what is stored.

        Raises:
            ModelError: they differ.
        """
        if not self.run.repeatable:
            return {}
        numbers = {found.replication for found in (self.median, self.worst) if found is not None}
        return {number: self._again(number) for number in sorted(numbers)}

    def _again(self, number: int) -> Replication:
        replication = replicate_alone(self.site, number)
        compare_with_stored(self.run.contents, self.place, self.point.name, replication)
        return replication


@dataclass(frozen=True, slots=True)
class Source:
    """All that a report says comes from here.

    Args:
        runs: one folder or several.
        details: points of which all figures are drawn.
        command: what rebuilds the report.
    """

    runs: tuple[Run, ...]
    details: tuple[Detail, ...]
    command: str

    @property
    def title(self) -> str:
        """The title of the scenario, or of the first one."""
        return str(self.runs[0].summary.get("title") or self.runs[0].loaded.label)


def read_run(folder: str, loaded: Loaded, label: str = "") -> Run:
    """Return a result folder that `migr run` wrote.

    Args:
        folder: path or URL.
        loaded: its scenario.
        label: what people call it where there are several.

    Raises:
        ResultsError: it is not finished, was written by another version, or is damaged.
    """
    store = Store(folder)
    facts = check_version(store)
    check_facts(folder, facts)
    contents = store.contents()
    contents.check_whole()
    summary = summary_in(folder, store.at.read_bytes(SUMMARY), facts, contents)
    check_told(folder, loaded, summary, contents)
    return Run(folder, label, loaded, facts, summary, contents)


def source_of(runs: Sequence[Run], variants: Sequence[str], command: str) -> Source:
    """Return what a report is made of.

    Args:
        runs: the folders.
        variants: names of points whose details are wanted; none names the variants, of a sweep those of `points_of_sweep`.
        command: what rebuilds the report.

    Raises:
        UsageError: there is no such point, or more are named than are drawn.
    """
    each = max(1, MOST_DETAILED // len(runs))  # the page stays one that can be mailed
    named = list(dict.fromkeys(variants))
    if len(named) > each:
        of = "each of these results" if len(runs) > 1 else "a result"
        raise UsageError(
            f"--variant: {len(named)} are named, and of {of} at most {each} can be drawn; name fewer, the others in a second report"
        )
    return Source(tuple(runs), tuple(detail for run in runs for detail in _details(run, named)[:each]), command)


def _details(run: Run, variants: Sequence[str]) -> list[Detail]:
    names = [point.name for point in run.loaded.points]
    entries = {entry["point"]: entry for entry in run.summary["points"]}
    unknown = [name for name in variants if name not in entries]
    if unknown:
        known = ", ".join(f"'{name}'" for name in list(entries)[:12]) if any(entries) else "none: leave --variant away"
        raise UsageError(f"--variant '{unknown[0]}': {run.folder} has no such point; write one of {known}")
    chosen = list(variants) or (points_of_sweep(names, run.settings, entries) if run.swept else list(entries))
    return [Detail(run, names.index(name), entries[name]) for name in chosen[:MOST_DETAILED]]
