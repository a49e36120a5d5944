"""Section of the report: what was asked, as a sketch and as tables."""

from __future__ import annotations

from collections.abc import Iterator

from sim.report.layout import clock
from sim.report.page.blocks import Block, Cell, Figure, Heading, Prose, Section, Table
from sim.report.page.sections.asked.sketch import MOST_ARROWS, ends, sketch, units_drawn
from sim.report.page.sections.asked.tables import loads, networks, objectives, operations, plan, units, variants, varied, vms
from sim.report.page.sections.asked.words import words
from sim.report.page.source import Detail, Run, Source
from sim.units import show_memory, show_rate

NAMED = 12  # VMs that an alternative text names


def asked(source: Source) -> Section | None:
    """Return the section: of each run the world, the plan and what differs between its points; at last what the words of the page mean."""
    blocks = [block for run in source.runs for block in _of_run(source, run)]
    return Section("asked", "What was asked", [*blocks, words(source.runs[0].loaded.points)])


def _of_run(source: Source, run: Run) -> Iterator[Block]:
    details = [detail for detail in source.details if detail.run is run]
    if run.label:
        yield Heading(run.label)
    if run.label and run.loaded.scenario.question:  # of one run it stands above the answer
        yield Prose(run.loaded.scenario.question)
    if not details:
        yield Prose("No point of this run has results, so none is shown.", "note")
        return
    detail = details[0]
    if len(run.loaded.points) > 1:
        yield Prose(
            f"Sketch and tables show the point '{detail.called}'; the table of what is varied names the others."
            if run.swept
            else f"Sketch and tables show the variant '{detail.point.name}'; the table of variants says what differs in the others.",
            "soft",
        )
    yield _figure(detail)
    for other in details[1:]:
        if _shape(other) != _shape(detail):
            yield _figure(other)
            break  # one more is enough to see what a variant changes: the table of variants has the rest
    yield plan(detail)
    told = [each.point for each in details] if run.swept else run.loaded.points  # of a sweep those that are drawn: there may be thousands
    for listing in (objectives(run), *operations(told)):
        if listing is not None:
            yield listing
    yield from (table for table in (variants(run), varied(run)) if table is not None)
    yield from (units(detail), networks(detail), vms(detail), loads(detail))


def _shape(detail: Detail) -> tuple[object, ...]:
    """Return what the sketch shows beside types and speeds: points that share it need one sketch."""
    point = detail.point
    return (
        [(unit.name, unit.link, unit.memory_bytes) for unit in point.units],
        [(vm.name, vm.unit, vm.memory_bytes) for vm in point.vms],
        [(step.name, step.vm, step.drain, step.to, step.at_s) for step in point.steps],
    )


def _figure(detail: Detail) -> Figure:
    point = detail.point
    shown = units_drawn(point)
    more = [f"{len(shown)} of {len(point.units)} SUs are drawn, those of the plan first."] if len(shown) < len(point.units) else []
    more += [f"{MOST_ARROWS} of {len(point.steps)} steps are drawn."] if len(point.steps) > MOST_ARROWS else []
    return Figure(
        key=f"{detail.key}sketch",
        title=f"{detail.called}: {title_of(detail)}" if len(detail.run.loaded.points) > 1 else title_of(detail),
        drawing=sketch(point),
        alt=_alt(detail),
        reading=(
            "Each box is an SU, its area the memory: VMs by size (pale: not running), free memory (dotted edge), and hatched what the "
            "hypervisor or X2000 and the monitor VM keep. Arrows are steps of the plan, thick ones drain an SU."
        ),
        sample=" ".join(["As the scenario states it; nothing here is simulated.", *more, "Names that do not fit are in the table."]),
        numbers=_numbers(detail),
    )


def title_of(detail: Detail) -> str:
    """Return what the first step moves, from where, to where and over what; and how many steps follow."""
    point = detail.point
    if not point.steps:
        return f"{len(point.vms)} VMs on {len(point.units)} SUs, and no plan that moves them"
    step = point.steps[0]
    source, target = ends(point, step)
    moved = [vm for vm in point.vms if vm.name in {step.vm, *step.sequence} or (not step.vm and not step.sequence and vm.unit == source)]
    size = show_memory(sum(vm.memory_bytes for vm in moved))
    who = f"{len(moved)} VMs with {size} move" if len(moved) != 1 else f"{moved[0].name} with {size} moves"
    link = detail.site.links[detail.site.units[target].link]
    more = len(point.steps) - 1
    rest = f"; {more} more step{'s' * (more > 1)} follow{'s' * (more == 1)}" if more else ""
    carries = f"which carries {show_rate(link.payload_Bps)} for migrations"
    return f"{who} from {source} to {target} at {clock(step.at_s)[:-5]} over network {link.name}, {carries}{rest}"


def _alt(detail: Detail) -> str:
    """Return the sketch in words."""
    parts = []
    for unit in units_drawn(detail.point):
        names = [vm.name for vm in detail.point.vms if vm.unit == unit.name]
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        has = f"{', '.join(names[:NAMED])}{more}" if names else "no VM"
        parts.append(f"SU {unit.name} ({unit.su_type}, {show_memory(unit.memory_bytes)}, network {unit.link}) has {has}.")
    steps = [f"Step {step.name}: {' to '.join(ends(detail.point, step))}." for step in detail.point.steps[:MOST_ARROWS]]
    return " ".join([*parts, *steps])


def _numbers(detail: Detail) -> Table:
    """Return the memory of the SUs that are drawn: VMs, what the system keeps, what is free."""
    rows: list[list[Cell | str]] = []
    for unit in units_drawn(detail.point):
        guests = float(sum(vm.memory_bytes for vm in detail.point.vms if vm.unit == unit.name))
        sizes = (unit.memory_bytes, guests, unit.reserved_bytes, unit.memory_bytes - unit.reserved_bytes - guests)
        rows.append([unit.name, *(Cell(show_memory(size) if size >= 0.0 else "-", size) for size in sizes)])
    return Table(f"{detail.key}sketched", ("SU", "memory", "VMs", "kept by the system", "free"), rows)
