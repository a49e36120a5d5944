"""The scenario as tables: networks, SUs, VMs, loads, plan, variants, objectives, faults, operators."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from sim.experiment.storage.store import RESOLVED
from sim.model.load import PAGE, Load
from sim.report.explain_operations import fault_text, operator_text
from sim.report.layout import clock
from sim.report.page.blocks import Cell, Listing, Table, share_cell
from sim.report.page.objective_words import time_limit
from sim.report.page.source import Detail, Run
from sim.scenario.point import Devices, Point, Step, Vm
from sim.scenario.sweep import variant_of
from sim.units import format_clock, format_rate, show_memory, show_rate, show_time

MOST_SET = 8  # settings of a variant that are told
LONG = 12  # rows: a longer table is folded
_RESTING = {"INIT-ONLY": "that is initialised and runs no guest", "DOWN": "whose guest has ended"}
_KINDS = (("disks", "disk"), ("tapes", "tape"), ("pav_aliases", "PAV alias"), ("local_disks", "local disk"), ("mu_disks", "MU disk"))


def networks(detail: Detail) -> Table:
    """Return the networks with what they carry for migrations."""
    specs = detail.spec.networks
    rows: list[list[Cell | str]] = []
    for link in detail.point.links:
        spec = specs[link.name]
        wide, other = spec.bandwidth or 0.0, spec.background or 0.0
        cells = [Cell(format_rate(wide), wide), Cell(format_rate(other), other), share_cell(spec.efficiency)]
        left = Cell(show_rate(link.payload_Bps), link.payload_Bps)
        rows.append([link.name, *cells, left, Cell(show_time(link.round_trip_s), link.round_trip_s)])
    titles = ("network", "bandwidth", "other traffic", "share for memory contents", "left for migrations", "round trip")
    caption = "The networks between the SUs: what each carries in one direction; packet headers take the rest of the bandwidth."
    return Table(f"{detail.key}networks", titles, rows, caption)


def units(detail: Detail) -> Table:
    """Return the SUs with the guests that they have at the start."""
    rows: list[list[Cell | str]] = []
    for unit in detail.point.units:
        cluster = detail.site.clusters[unit.cluster]
        guests = [vm.memory_bytes for vm in detail.point.vms if vm.unit == unit.name]
        memory = [_memory(value) for value in (unit.memory_bytes, unit.reserved_bytes, sum(guests))]
        speeds = [Cell(show_rate(rate), rate) for rate in (cluster.sender_Bps * unit.available, cluster.receiver_Bps * unit.available)]
        place = [unit.name, unit.cluster, unit.su_type, unit.server, unit.link]
        rows.append([*place, *memory, Cell(str(len(guests)), float(len(guests))), *speeds, cluster.policy.name])
    titles = (
        "SU",
        "cluster",
        "type",
        "SE server",
        "network",
        "memory",
        "kept by the system",
        "memory of VMs",
        "VMs",
        "sends",
        "receives",
        "policy",
    )
    caption = (
        "The Server Units: memory, how fast the monitor system (SU /390) or X2000 (SU x86) sends and receives, and the policy, "
        "by which it decides when to stop the guest."
    )
    return Table(f"{detail.key}units", titles, rows, caption, folded=len(rows) > LONG)


def vms(detail: Detail) -> Table:
    """Return the VMs in the order of their SUs."""
    rows = [_vm(detail, vm) for vm in sorted(detail.point.vms, key=lambda vm: (vm.unit, vm.index))]
    titles = ("VM", "SU", "index", "state", "memory", "touched", "CPUs", "load", "devices", "moved by")
    caption = (
        f"The {f'{len(rows)} VMs' if len(rows) > 1 else 'VM'} at the start; touched is the memory that was ever written, "
        "which is what a full pass sends"
        f"{_states(detail.point.vms)}."
    )
    return Table(f"{detail.key}vms", titles, rows, caption, folded=len(rows) > LONG)


def _states(vms: Sequence[Vm]) -> str:
    """Return what the states mean in which there is no guest to stop."""
    there = {vm.state for vm in vms}
    return "".join(f"; {state} is a VM {meaning}" for state, meaning in _RESTING.items() if state in there)


def _vm(detail: Detail, vm: Vm) -> list[Cell | str]:
    moved = [
        step.name for step in detail.point.steps if vm.name in {step.vm, *step.sequence} or (step.drain == vm.unit and not step.sequence)
    ]
    numbers = [_memory(vm.memory_bytes), _memory(vm.touched_pages * PAGE), Cell(str(vm.cpus), float(vm.cpus))]
    place: list[Cell | str] = [vm.name, vm.unit, Cell(str(vm.index), float(vm.index)), vm.state]
    return [*place, *numbers, vm.load.name, _devices(vm.devices), ", ".join(moved) or "-"]


def _devices(devices: Devices) -> str:
    counts = [(getattr(devices, field), word) for field, word in _KINDS]
    return ", ".join(f"{count} {word}{('es' if word.endswith('s') else 's') * (count > 1)}" for count, word in counts if count) or "-"


def loads(detail: Detail) -> Table:
    """Return what guests write under each load, for the largest VM that has it; of those that do not run nothing."""
    by_load: dict[str, Vm] = {}
    for vm in sorted(detail.point.vms, key=lambda vm: (-vm.touched_pages, vm.name)):
        by_load.setdefault(vm.load.name, vm)
    rows: list[list[Cell | str]] = []
    for name in sorted(by_load):
        load = detail.site.guests[by_load[name].name].load
        hot = sum(pages for pages, rewrites in load.classes if rewrites > 0.0) + sum(pages for pages, _ in load.sweeps)
        rate = sum(pages * rewrites for pages, rewrites in load.classes) + sum(rate for _, rate in load.sweeps)
        used = sum(1 for vm in detail.point.vms if vm.load.name == name)
        rows.append([name, Cell(str(used), float(used)), _memory(hot * PAGE), Cell(show_rate(rate * PAGE), rate * PAGE), *_course(load)])
    titles = ("load", "VMs", "memory that it writes", "page writes", "course of the day", "bursts", "spread")
    caption = (
        "What guests write at 100 % of the course of the day, for the largest VM that has each load; rewriting the same page counts again "
        "in page writes."
    )
    return Table(f"{detail.key}loads", titles, rows, caption, folded=len(rows) > LONG)


def _course(load: Load) -> list[str]:
    """Return day, bursts and spread of a load as text."""
    day = ", ".join(f"{100.0 * level:.0f} % from {format_clock(int(start))}" for start, level in load.day) or "the same all day"
    bursts = load.bursts
    often = f"{100.0 * bursts.share:.0f} % of the time, {bursts.factor:g} times as active" if bursts else "none"
    # Lognormal, median 1: two of three are within one sigma.
    low, high = math.exp(-load.spread_sigma), math.exp(load.spread_sigma)
    spread = f"{low:.2f} to {high:.2f} times as much in two of three migrations" if load.spread_sigma else "none"
    return [day, often, spread]


def plan(detail: Detail) -> Table:
    """Return the steps of the plan."""
    rows: list[list[Cell | str]] = [
        [step.name, Cell(clock(step.at_s)[:-2].removesuffix(":00"), step.at_s), *_step(step)] for step in detail.point.steps
    ]
    return Table(f"{detail.key}plan", ("step", "begins", "what", "to", "order", "after an abort"), rows, f"The plan{_window(detail)}.")


def _window(detail: Detail) -> str:
    """Return the window, as an addition to a sentence."""
    if detail.window_s is None:
        return "; the scenario sets no window"
    begin, end = (clock(each)[:-2].removesuffix(":00") for each in detail.window_s)
    return f"; the window is from {begin} to {end.removeprefix('+1 ')}"


def _step(step: Step) -> list[str]:
    order = step.order or ", ".join(step.sequence)
    again = step.on_abort
    wait = time_limit(again.wait_s)
    after = f"tries up to {again.retries} more times, {wait} later each" if again.retries > 1 else f"tries once more {wait} later"
    after = after if again.retries else "does not try again"
    after += " (rejections too)" if again.retry_rejected and again.retries else ""
    then = "goes on with the next VM" if again.then == "skip" else "ends the step"
    what = f"drain {step.drain}" if step.drain else f"migrate {step.vm}"
    # A step that moves one VM has no next one.
    return [what, step.to, order if step.drain else "-", f"{after}, then {then}" if step.drain else after]


def variants(run: Run) -> Table | None:
    """Return what differs between the variants; None where there are none."""
    written = run.loaded.document.content.get("variants")
    if not isinstance(written, dict) or not written:
        return None
    known: dict[str, list[str]] = {}
    base = {path: value for path, value in run.loaded.document.content.items() if path != "variants"}
    settings = {point.name: each for point, each in zip(run.loaded.points, run.settings, strict=True)}
    for point, paths in written.items():  # a swept run stores every point as a variant: of those of one variant one is enough
        swept = settings.get(point, {})
        known.setdefault(variant_of(point, swept), [text for text in _differing(paths, base) if text.split(" = ", 1)[0] not in swept])
    if not any(known):
        return None
    rows = [[name, _first(texts) or "the scenario as it is"] for name, texts in known.items()]
    return Table(f"{_key(run)}variants", ("variant", "differs by"), rows, "The variants; all share their random numbers.")


def varied(run: Run) -> Table | None:
    """Return the values that are swept; None where nothing is."""
    if not run.swept:
        return None
    values: dict[str, dict[str, None]] = {}
    for settings in run.settings:
        for path, value in settings.items():
            values.setdefault(path, {})[value] = None
    rows: list[list[Cell | str]] = [[path, Cell(str(len(known)), float(len(known))), _some(list(known))] for path, known in values.items()]
    return Table(f"{_key(run)}varied", ("varied", "values", "which"), rows, f"What is varied: {len(run.loaded.points)} points.")


def _first(texts: Sequence[str]) -> str:
    """Return the first settings of a variant, and how many more there are: a scenario that was stored has every default."""
    more = f"; and {len(texts) - MOST_SET} more, all in {RESOLVED}" if len(texts) > MOST_SET else ""
    return "; ".join(texts[:MOST_SET]) + more


def _differing(value: object, base: object) -> list[str]:
    """Return "path = value" for everything in which a variant differs from the scenario, what weighs most first: parameters last."""
    same = set(flattened(base))
    return sorted(
        (text for text in flattened(value) if text not in same),
        key=lambda text: (".parameters." in text, text.partition(" = ")[0].count(".")),
    )


def flattened(value: object, path: str = "") -> Iterator[str]:
    """Yield "path = value" for everything that a variant sets, as it is written."""
    if isinstance(value, Mapping) and value:
        for key, below in value.items():
            yield from flattened(below, f"{path}.{key}" if path else str(key))
    elif path:
        empty = "none" if value in ({}, []) else ""
        # As the scenario is written: a truth value is one of YAML.
        yield f"{path} = {empty or (str(value).lower() if isinstance(value, bool) else str(value))}"


def objectives(run: Run) -> Listing | None:
    """Return the objectives as they are written; None where there are none."""
    return Listing(list(run.loaded.scenario.objectives), "Objectives") if run.loaded.scenario.objectives else None


def operations(points: Sequence[Point]) -> list[Listing]:
    """Return what goes wrong and what operators type at these points, with their names where not all have it."""
    faults: dict[str, list[str]] = {}
    typed: dict[str, list[str]] = {}
    for point in points:
        types = {unit.name: unit.su_type for unit in point.units}
        for fault in point.faults:
            faults.setdefault(fault_text(fault, types.get(fault.place, "")), []).append(point.name)
        for operator in point.operators:
            typed.setdefault(operator_text(operator), []).append(point.name)
    titled = (("What goes wrong", faults), ("What operators type", typed))
    return [_listing(title, texts, len(points)) for title, texts in titled if texts]


def _listing(title: str, texts: Mapping[str, Sequence[str]], points: int) -> Listing:
    """Return texts with the points that have them, where these are not all; once in the title where it is the same for all texts."""
    named = {
        text: "" if len(set(names)) == points else f" ({_some([_quoted(name) for name in dict.fromkeys(names)])})"
        for text, names in texts.items()
    }
    everywhere = set(named.values())
    if len(named) > 1 and len(everywhere) == 1:
        return Listing(list(named), title + everywhere.pop(), folded=len(texts) > LONG)
    return Listing([text + names for text, names in named.items()], title, folded=len(texts) > LONG)


def _quoted(name: str) -> str:
    return f"'{name}'"


def _memory(size_bytes: float) -> Cell:
    return Cell(show_memory(size_bytes), float(size_bytes))


def _some(values: Sequence[str]) -> str:
    return ", ".join(values) if len(values) <= LONG else f"{', '.join(values[:3])}, ... {values[-1]}"


def _key(run: Run) -> str:
    return f"asked{run.key}"
