"""A sensitivity study: which points it needs, what their results are, and how much each varied input matters for them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np

from sim.errors import ResultsError, UsageError
from sim.experiment.storage.contents import Contents
from sim.experiment.storage.reading import PointRows
from sim.results.extremes import find, values_of
from sim.results.samples import migration_columns
from sim.results.sensitivity import METHODS, Influence, Method, Values, analyse, runs_of, sample
from sim.scenario.document import Document
from sim.scenario.load import Loaded
from sim.scenario.objectives import Metric
from sim.scenario.problems import Place
from sim.scenario.schema_sweep import MOST_POINTS
from sim.scenario.spans import spread
from sim.scenario.sweep import Sampling, generated, seed_of

By = Literal["vm", "path"]

FILE = "sensitivity.json"
BY: tuple[By, ...] = ("vm", "path")
METRICS = (Metric("makespan"), Metric("total"), Metric("downtime"))
NOT_MIGRATED = "share with a VM not migrated"
# Trajectories: Saltelli, Global Sensitivity Analysis (2008), 3.3, takes 4 to 10; twice that for intervals. Base samples: a power of two
# from which on the total indices of a few groups have intervals of some percent. Both are what --samples changes.
SAMPLES: dict[Method, int] = {"morris": 20, "sobol": 256}
FOR_P99 = 100  # replications below which the p99 is the largest value


@dataclass(slots=True)
class Study:
    """What is asked, and once the scenario is read the points of the answer.

    Args:
        method: of the analysis.
        samples: trajectories (morris) or base samples (sobol).
        by: inputs count together by VM, or each path for itself.
        paths: the ranged paths of the design.
        groups: the group of each.
        rows: coordinates of every evaluation, shape (rows, paths); several rows can be one point.
        seed: of the experiment.
    """

    method: Method
    samples: int
    by: By
    paths: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    rows: Values = field(default_factory=lambda: np.zeros((0, 0)))
    seed: int = 0

    def load(self, read: Callable[[Sampling], Loaded]) -> Loaded:
        """Return the scenario with the points that the study needs.

        Args:
            read: loads the scenario, with the points of its design chosen by what it is given.

        Raises:
            UsageError: the scenario has no ranges to study, fewer than two, or varies something else, too.
            ScenarioError: it has mistakes.
        """
        loaded = read(self._sampling)
        if not self.paths:
            raise UsageError(
                f"{loaded.label}: --sensitivity needs ranges; write 'design: {{lhs: 64, ranges: {{PATH: {{from: .., to: ..}}}}}}'"
            )
        others = sorted({path for settings in loaded.settings for path in settings} - set(self.paths))
        if others:
            raise UsageError(
                f"{loaded.label}: --sensitivity studies the ranges of 'design' and {', '.join(others)} is varied beside them; "
                "remove it from 'sweep' and --vary, or write it as a range of the design"
            )
        return loaded

    def _sampling(self, paths: Sequence[str], document: Document) -> Values:
        self.paths = list(paths)
        if len(paths) < 2:
            raise UsageError(
                f"--sensitivity compares ranges, and the design has only '{paths[0]}'; write a second one, or use `migr sweep` alone"
            )
        self.groups = grouped(paths, document) if self.by == "vm" else list(paths)
        if len(set(self.groups)) < 2:  # one VM: nothing to compare it with
            self.groups = list(paths)
        self.seed = seed_of(document)
        variants = document.content.get("variants")
        number = runs_of(self.method, self.groups, self.samples) * max(1, len(variants) if isinstance(variants, dict) else 1)
        if number > MOST_POINTS:
            raise UsageError(
                f"--samples {self.samples}: gives {number:,} points, and an experiment has at most {MOST_POINTS:,}; write fewer"
            )
        self.rows = sample(self.method, self.groups, self.samples, self.seed)
        return self.rows


def study_of(method: str, samples: int | None, by: str) -> Study:
    """Return the study that the command line asks for.

    Raises:
        UsageError: there is no such method, or the number of samples does not fit it.
    """
    known: dict[str, Method] = {"morris": "morris", "sobol": "sobol"}
    ways: dict[str, By] = {"vm": "vm", "path": "path"}
    if method not in known:
        raise UsageError(f"--sensitivity {method}: no such method; write {' or '.join(METHODS)}")
    if by not in ways:
        raise UsageError(f"--by {by}: no such way to group; write {' or '.join(BY)}")
    number = samples or SAMPLES[known[method]]
    if number < 2:
        raise UsageError(f"--samples {number}: an interval needs at least 2; write 2 or more")
    if method == "sobol" and number & (number - 1):
        below = 1 << (number.bit_length() - 1)
        raise UsageError(f"--samples {number}: Sobol' samples are even for powers of two only; write {below} or {2 * below}")
    return Study(known[method], number, ways[by])


def grouped(paths: Sequence[str], document: Document) -> list[str]:
    """Return the group of each path: its VM, the VM whose load alone it describes, or the path itself."""
    vms: Any = document.content.get("vms")
    loads = {name: entry.get("load") for name, entry in vms.items() if isinstance(entry, dict)} if isinstance(vms, dict) else {}
    return [_group(path, loads) for path in paths]


def _group(path: str, load_of: Mapping[str, object]) -> str:
    section, _, rest = path.partition(".")
    name = rest.partition(".")[0]
    if section == "vms" and name in load_of:
        return name
    if section == "loads":
        users = [vm for vm, load in load_of.items() if load == name]
        return users[0] if len(users) == 1 else f"load {name}"
    return path


def findings(study: Study, loaded: Loaded, contents: Contents) -> dict[str, Any]:
    """Return how much each group matters for each output, for every variant; as sensitivity.json has it.

    Args:
        study: with its points.
        loaded: what `study.load` returned.
        contents: the result folder, with all points computed.

    Raises:
        ResultsError: a point has no results.
    """
    evaluated = _evaluated(study, loaded)
    number = len(set(evaluated))
    names = list(loaded.scenario.variants) or [""]
    return {
        "method": study.method,
        "samples": study.samples,
        "points": number * len(names),
        "groups": {group: [path for path, own in zip(study.paths, study.groups, strict=True) if own == group] for group in study.groups},
        "ranges": {
            path: {"from": span.begin, "to": span.to, "scale": span.scale}
            for path, span in (loaded.scenario.design.ranges.items() if loaded.scenario.design is not None else ())
        },
        "variants": [
            {"variant": name, "outputs": _outputs(study, contents, [place * number + each for each in evaluated])}
            for place, name in enumerate(names)
        ],
    }


def _evaluated(study: Study, loaded: Loaded) -> list[int]:
    """Return for each row of the study the place of its point among the points of a variant."""
    design = loaded.scenario.design
    assert design is not None  # noqa: S101 - without ranges there is no study
    place = Place(0, 0, "")
    columns = []
    for position, (written, span) in enumerate(design.ranges.items()):
        path = tuple(written.split("."))
        columns.append([generated(path, value, place).text for value in spread(span, path, study.rows[:, position].tolist())])
    known: dict[tuple[str, ...], int] = {}
    return [known.setdefault(texts, len(known)) for texts in zip(*columns, strict=True)]


def _outputs(study: Study, contents: Contents, places: Sequence[int]) -> list[dict[str, Any]]:
    """Return the influences on every output of one variant."""
    found = {place: _results(contents, place) for place in dict.fromkeys(places)}
    outputs = []
    for name in dict.fromkeys(name for results in found.values() for name in results):
        values = np.array([found[place].get(name, np.nan) for place in places])
        unit = "share" if name == NOT_MIGRATED else "s"
        entry: dict[str, Any] = {"output": name, "unit": unit, "influences": [], "why_none": ""}
        if not np.isfinite(values).all():
            lacking = Counter(place for place, value in zip(places, values, strict=True) if not np.isfinite(value))
            entry["why_none"] = f"in {len(lacking)} of {len(found)} points it has no value: too few replications complete"
        elif values.min() == values.max():
            entry["why_none"] = f"it is the same in all {len(found)} points"
        else:
            entry["mean"], entry["least"], entry["most"] = float(values.mean()), float(values.min()), float(values.max())
            influences = analyse(study.method, study.groups, study.rows, values, study.seed)
            entry["influences"] = [_entry(influence) for influence in influences]
        outputs.append(entry)
    return outputs


def _results(contents: Contents, place: int) -> dict[str, float]:
    """Return the outputs of a point: means and p99 of the replications in which nothing was left, and the share of the others."""
    if ("migrations", place) not in contents.pieces:
        raise ResultsError(f"{contents.folder}: point {place} has no results; give the same command again")
    rows = PointRows(contents, place)
    lacking = sorted(migration_columns(METRICS) - rows.columns)
    if lacking:
        raise ResultsError(
            f"{contents.folder}: was stored without {', '.join(lacking)}, which a study looks at; name them in --columns, too"
        )
    results: dict[str, float] = {}
    for metric in METRICS:
        seen = _Seen()
        total = math.fsum(seen.ended(metric, rows))  # correctly rounded: the same however the rows are cut into chunks
        if seen.finite:
            results[f"mean {metric.name}"] = total / seen.finite
        if seen.finite >= FOR_P99 and (found := find(partial(values_of, metric, rows), 0.99, completed=True)) is not None:
            results[f"p99 {metric.name}"] = found.value
        results.setdefault(NOT_MIGRATED, 1.0 - seen.finite / seen.every)
    return results


@dataclass(slots=True)
class _Seen:
    """How many replications were seen, and in how many of them nothing was left."""

    every: int = 0
    finite: int = 0

    def ended(self, metric: Metric, rows: PointRows) -> Iterator[float]:
        """Yield the finite values of a metric, read chunk by chunk, and count."""
        for _, values in values_of(metric, rows):
            finite = values[np.isfinite(values)]
            self.every += len(values)
            self.finite += len(finite)
            yield from finite.tolist()


def _entry(influence: Influence) -> dict[str, Any]:
    return {
        "group": influence.group,
        **{name: {**asdict(estimate), "may_be_0": estimate.may_be_0} for name, estimate in influence.indices.items()},
    }
