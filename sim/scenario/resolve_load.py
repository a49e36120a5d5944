"""Turn a load into whole pages of one VM."""

from __future__ import annotations

import math

from sim.model.load import PAGE, Bursts, Load
from sim.model.zipf import zipf_classes, zipf_error
from sim.scenario.facts import FactList
from sim.scenario.schema_load import LoadSpec

Sets = tuple[tuple[float, float], ...]


def resolved_load(name: str, load: LoadSpec, vm: str, memory_bytes: float, touched: int, facts: FactList) -> Load:
    """Return the load in whole pages of a VM.

    Args:
        name: its name in the scenario or in the catalogue.
        load: the load without `profile`.
        vm: name of the VM, for the facts.
        memory_bytes: configured memory, of which shares are taken.
        touched: pages ever written; classes and sweeps are cut to fit, the slowest first; a curve is cut off there.
        facts: notes what was scaled.
    """
    written = [*_classes(load, memory_bytes), *_ranked(vm, load, memory_bytes, facts)]
    classes, sweeps = _fitted(vm, written, _sweeps(load, memory_bytes), touched, facts)
    return Load(
        name=name,
        classes=classes,
        sweeps=sweeps,
        curve=_curve(vm, load, memory_bytes, touched, facts),
        jitter=load.jitter or 0.0,
        tracked=load.measured == "tracked",
        bursts=None if load.bursts is None else Bursts(load.bursts.share, load.bursts.length, load.bursts.factor),
        day=tuple((float(second), level) for second, level in sorted((load.day or {}).items())),
        spread_sigma=math.sqrt(math.log1p((load.spread or 0.0) ** 2)),
    )


def _pages(size_bytes: float) -> int:
    return max(1, round(size_bytes / PAGE))


def _classes(load: LoadSpec, memory_bytes: float) -> list[tuple[int, float]]:
    result = [(_pages(entry.size.of(memory_bytes)), entry.rewrites) for entry in load.classes or ()]
    if load.working_set is not None:
        size = load.working_set.size.of(memory_bytes)
        result.append((_pages(size), load.working_set.rate / size))
    return result


def _ranked(vm: str, load: LoadSpec, memory_bytes: float, facts: FactList) -> list[tuple[int, float]]:
    """Return the classes that stand for Zipf laws, and note how well they do."""
    result: list[tuple[int, float]] = []
    for number, entry in enumerate(load.zipf or ()):
        law = _pages(entry.size.of(memory_bytes)), entry.rate / PAGE, entry.theta
        classes = zipf_classes(*law)
        text = f"zipf.{number}: {law[0]} pages in {len(classes)} classes, distinct pages within {zipf_error(classes, *law):.2%}"
        facts.derived(("vms", vm, "load"), text, f"Zipf law with theta {entry.theta:g}, windows of 1 ms to 1 h")
        result += [(round(pages), rewrites) for pages, rewrites in classes]
    return result


def _sweeps(load: LoadSpec, memory_bytes: float) -> list[tuple[int, float]]:
    return [(_pages(entry.size.of(memory_bytes)), entry.rate / PAGE) for entry in load.sweeps or ()]


def _fitted(vm: str, classes: list[tuple[int, float]], sweeps: list[tuple[int, float]], touched: int, facts: FactList) -> tuple[Sets, Sets]:
    """Return classes and sweeps within the touched pages: what is written most rarely gives way first."""
    wanted = sum(pages for pages, _ in [*classes, *sweeps])
    excess = wanted - touched
    if excess > 0:
        # Assumes [A17]: a smaller VM has the same hot pages and fewer of the others.
        facts.derived(("vms", vm, "load"), f"cut from {wanted} to {touched} pages", "the load does not fit into the touched memory", "A17")
    classes = _less(classes, excess)
    sweeps = _less(sweeps, sum(pages for pages, _ in [*classes, *sweeps]) - touched)
    return _as_floats(classes), _as_floats(sweeps)


def _less(sets: list[tuple[int, float]], excess: int) -> list[tuple[int, float]]:
    """Return the sets with so many pages fewer, the slowest first."""
    kept = []
    for pages, rate in sorted(sets, key=lambda entry: entry[1]):
        cut = min(pages, max(0, excess))
        excess -= cut
        kept.append((pages - cut, rate))
    return [entry for entry in kept if entry[0] > 0]


def _as_floats(sets: list[tuple[int, float]]) -> Sets:
    return tuple((float(pages), rate) for pages, rate in sets if pages > 0)


def _curve(vm: str, load: LoadSpec, memory_bytes: float, touched: int, facts: FactList) -> Sets:
    points = [(point.window, _pages(point.dirty.of(memory_bytes))) for point in load.curve or ()]
    if any(pages > touched for _, pages in points):
        facts.derived(("vms", vm, "load"), f"curve cut off at {touched} pages", "the load does not fit into the touched memory", "A17")
    return tuple((window, float(min(pages, touched))) for window, pages in points)
